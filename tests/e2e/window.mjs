// The real program in its real window, as far as it comes without a desk behind it: it opens, paints, names what is
// missing, takes keys, and has no way out of its own pages. `node tests/e2e/window.mjs PROGRAM [PICTURE]`
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openWindow } from './driver.mjs'

const [program = 'target/debug/carddesk', picture] = process.argv.slice(2)
const home = await mkdtemp(join(tmpdir(), 'carddesk-window-'))
let window
try {
  const began = Date.now()
  window = await openWindow(program, { args: ['--config', join(home, 'missing.toml')], env: { XDG_CONFIG_HOME: home, XDG_DATA_HOME: home } })
  await window.waitAt({ stage: 'blocked' })
  console.log(`ok blocked desk shown after ${Date.now() - began} ms`)
  assert.match(await window.text('main'), /柜台暂不能使用/)
  await window.press('F1')
  await window.waitText('dialog[open]', '帮助与规则')
  await window.press('Escape')
  assert.equal(await window.exists('dialog[open]'), false)
  console.log('ok F1 and Esc reach the page')
  await window.press('F5')
  await window.press('Ctrl+R')
  assert.equal((await window.at()).stage, 'blocked', 'no reload')
  // Neither markup nor the shell's own interface gives more than the two commands.
  const refused = await window.post('/execute/async', {
    script: `const done = arguments[arguments.length - 1]; window.__TAURI_INTERNALS__.invoke('plugin:window|close').then(() => done('allowed'), (e) => done('refused ' + e))`,
    args: [],
  })
  assert.match(refused, /^refused/)
  await window.run(`location.href = 'https://example.invalid/'`)
  await window.settle()
  assert.equal((await window.at())?.stage, 'blocked', 'no way out of our own pages')
  console.log('ok no other command, no navigation')
  if (picture) await window.picture(picture)
} finally {
  await window?.close().catch((error) => console.log(`closing: ${error.message}`))
  await rm(home, { recursive: true, force: true })
}
