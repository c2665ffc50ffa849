// What a clerk's hands do in every journey: cards onto the tray, keys on the question of the screen, pictures at both sizes.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import net from 'node:net'
import { join } from 'node:path'

import { sleep } from './driver.mjs'

/** The question on the screen, without the number of its step. */
export const question = (at) => (at.question ?? '').replace(/^\d+\./, '')

/** One line to the tray of cards: what a hand does. */
export function tray(line) {
  return new Promise((done, failed) => {
    const socket = net.createConnection(join(process.env.CARDDESK_WORK, 'tray.sock'), () => socket.write(`${line}\n`))
    let answer = ''
    socket.on('data', (bytes) => {
      answer += bytes
      if (!answer.includes('\n')) return
      socket.destroy()
      answer.startsWith('ok') ? done(answer.slice(3).trim()) : failed(new Error(`${line}: ${answer.trim()}`))
    })
    socket.on('error', failed)
  })
}

/** A plainly synthetic person of the demonstration data, read where the centre keeps it. */
export function person(id) {
  const query = `SELECT id_number, ecard_number FROM persons WHERE person = '${id}'`
  const row = execFileSync('psql', ['-XAtq', process.env.DATABASE_URL, '-c', query], { encoding: 'utf8' })
  const [number, account] = row.trim().split('|')
  assert.ok(number, `no ${id} in the demonstration data`)
  return { number, account }
}

/** Hands at one window; `findings` collects what axe and the layout have to say. */
export function handsAt(desk, { out, axe, findings }) {
  /** A picture of the screen at the counter's size, and what axe says of it; at both sizes where wanted. */
  async function look(folder, name, both = true) {
    await desk.size(1366, 768)
    await desk.picture(`${out}/${folder}/${name}-1366x768.png`)
    for (const finding of await desk.findings(axe)) findings.push(`${name}: ${finding}`)
    const scrolls = await desk.run(
      'return document.documentElement.scrollHeight > window.innerHeight + 1 || document.documentElement.scrollWidth > window.innerWidth + 1',
    )
    if (scrolls) findings.push(`${name}: the page scrolls at 1366×768`)
    if (!both) return
    await desk.size(1920, 1080)
    await desk.picture(`${out}/${folder}/${name}-1920x1080.png`)
  }

  /** Waits for one of the named questions (or any stage given as `@home`). */
  async function until(...names) {
    const deadline = Date.now() + 40_000
    let last
    while (Date.now() < deadline) {
      last = await desk.at()
      if (last && names.some((name) => (name.startsWith('@') ? last.stage === name.slice(1) : last.stage === 'case' && question(last).startsWith(name)))) return last
      if (last?.stage === 'case' && last.ask === 'ended' && !names.includes('ended')) break
      await sleep(50)
    }
    await desk.picture(`${out}/screens/failed.png`)
    throw new Error(`waited for ${names.join(' or ')}, stands at ${JSON.stringify(last)}: ${(await desk.text('main')).replaceAll(/\s+/g, ' ').slice(0, 500)}`)
  }

  /** Presses a key on the question on the screen and waits until the desk has moved on. */
  async function press(chord) {
    const { revision } = await desk.at()
    await desk.press(chord)
    await desk.waitPast(revision)
  }

  /** From the sign-in screen to the home screen, the day opened with what the system expects. */
  async function signIn(operator, password) {
    await until('@signIn')
    await desk.type(operator)
    await desk.press('Enter')
    await desk.type(password)
    await desk.press('Enter')
    const { stage } = await until('@home', '@dayOpen')
    if (stage === 'home') return
    const blanks = (await desk.text('main')).match(/(\d+)\s*张/)?.[1] ?? '20'
    await desk.type('500')
    await desk.press('Enter')
    await desk.type(blanks)
    await desk.press('Enter')
    await until('@home')
  }

  return { look, until, press, signIn }
}
