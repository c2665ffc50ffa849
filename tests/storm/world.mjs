// What the storm knows of the world outside the desk: the centre's database, waiting, programs that run to their end.
import { execFile } from 'node:child_process'

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds))

export const call = (program, args) =>
  new Promise((done, failed) => {
    execFile(program, args, { encoding: 'utf8', maxBuffer: 1 << 26 }, (error, out, complaint) =>
      error ? failed(new Error(`${program} ${args[0]}: ${complaint || error.message}`)) : done(out.trim()),
    )
  })

/** Rows of a query as arrays of text. */
export async function query(sql) {
  const out = await call('psql', ['-XAtq', '-F', '\t', process.env.DATABASE_URL, '-c', sql])
  return out === '' ? [] : out.split('\n').map((row) => row.split('\t'))
}
