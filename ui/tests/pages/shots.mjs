// Pictures of every screen, to be looked at: node tests/pages/shots.mjs FOLDER [name…]
import { mkdir } from 'node:fs/promises'

import { open } from './browser.mjs'
import { loadViews } from './fixtures.mjs'

const [folder = 'shots', ...only] = process.argv.slice(2)
await mkdir(folder, { recursive: true })
const views = await loadViews()
const browser = await open()
const names = only.length > 0 ? only : Object.keys(views)
for (const name of names) {
  for (const [label, options] of [
    ['1366', { size: [1366, 768] }],
    ['1920', { size: [1920, 1080] }],
    ['1366-dark', { size: [1366, 768], dark: true }],
    ['1366-125', { size: [1366, 768], text: '125' }],
  ]) {
    if (process.env.ONLY && process.env.ONLY !== label) continue
    const page = await browser.page(views[name], options)
    await page.screenshot({ path: `${folder}/${name}-${label}.png` })
    await page.done()
  }
}
await browser.close()
