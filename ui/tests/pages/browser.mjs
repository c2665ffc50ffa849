// Opens the built pages in Chromium with a stand-in for the shell: it shows the views it is given and keeps every act.
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import { chromium } from 'playwright-core'

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url))
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css' }
/** As in tauri.conf.json; the page must live under it here too. */
const conf = JSON.parse(await readFile(new URL('../../../tauri.conf.json', import.meta.url), 'utf8'))
const CSP = conf.app.security.csp

/** What Tauri puts into the page, with the two commands and the one event answered by the test. */
function standIn(first) {
  const callbacks = new Map()
  let next = 0
  let listener = null
  window.__acts = []
  window.__show = (view) => callbacks.get(listener)?.({ event: 'view', id: 1, payload: view })
  window.__TAURI_EVENT_PLUGIN_INTERNALS__ = { unregisterListener: () => undefined }
  window.__TAURI_INTERNALS__ = {
    metadata: { currentWindow: { label: 'main' }, currentWebview: { label: 'main', windowLabel: 'main' } },
    transformCallback(callback) {
      next += 1
      callbacks.set(next, callback)
      return next
    },
    unregisterCallback: (id) => callbacks.delete(id),
    async invoke(command, args) {
      if (command === 'plugin:event|listen') {
        listener = args.handler
        return 1
      }
      if (command === 'current_view') return first
      if (command === 'act') {
        window.__acts.push(args.act)
        return null
      }
      throw new Error(`no command ${command}`)
    },
  }
}

export async function open() {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://x').pathname
    if (path === '/favicon.ico') return void response.writeHead(204).end()
    const name = path === '/' ? 'index.html' : path.slice(1)
    try {
      if (name.includes('..')) throw new Error('outside')
      const body = await readFile(DIST + name)
      response.writeHead(200, {
        'content-type': TYPES[name.split('.').pop()] ?? 'application/octet-stream',
        'content-security-policy': CSP.replace("frame-ancestors 'none'", ''),
      })
      response.end(body)
    } catch {
      response.writeHead(404)
      response.end()
    }
  }).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const address = `http://127.0.0.1:${server.address().port}/`
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'],
  })

  return {
    async page(view, { size = [1366, 768], dark = false, text = '100' } = {}) {
      const context = await browser.newContext({
        viewport: { width: size[0], height: size[1] },
        colorScheme: dark ? 'dark' : 'light',
        bypassCSP: false,
        reducedMotion: 'reduce',
      })
      const page = await context.newPage()
      page.faults = []
      page.on('pageerror', (error) => page.faults.push(String(error)))
      page.on('console', (message) => message.type() === 'error' && page.faults.push(message.text()))
      await page.addInitScript((size) => localStorage.setItem('display', `${size} auto`), text)
      await page.addInitScript(standIn, view)
      await page.goto(address)
      await page.waitForFunction((revision) => document.querySelector('main')?.dataset.revision === String(revision), view.revision)
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
      page.show = async (next) => {
        await page.evaluate((one) => window.__show(one), next)
        await page.waitForFunction((revision) => document.querySelector('main')?.dataset.revision === String(revision), next.revision)
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
      }
      page.acts = () => page.evaluate(() => window.__acts)
      page.done = () => context.close()
      return page
    },
    async close() {
      await browser.close()
      server.close()
    },
  }
}
