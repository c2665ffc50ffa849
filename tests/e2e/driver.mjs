// A WebDriver client of its own, without dependencies: opens the real window through WebKitWebDriver, presses keys as a
// clerk does, reads what is on the screen and takes pictures. Everything it starts it also ends.
import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import net from 'node:net'

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'
const NATIVE = process.env.WEBKIT_WEBDRIVER ?? '/usr/bin/WebKitWebDriver'
const CALL_MS = 60_000

/** Key names of the page as WebDriver code points. */
const KEYS = {
  Enter: '\uE007', Tab: '\uE004', Escape: '\uE00C', Backspace: '\uE003', Delete: '\uE017', Space: ' ',
  ArrowUp: '\uE013', ArrowDown: '\uE015', ArrowLeft: '\uE012', ArrowRight: '\uE014', Home: '\uE011', End: '\uE010',
  Ctrl: '\uE009', Shift: '\uE008', Alt: '\uE00A',
  ...Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`F${at + 1}`, String.fromCharCode(0xe031 + at)])),
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

function freePort() {
  return new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

async function call(method, url, body) {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body ? JSON.stringify(body) : undefined,
    signal: AbortSignal.timeout(CALL_MS),
  })
  const { value } = await answer.json()
  if (answer.status >= 400) throw new Error(`${method} ${new URL(url).pathname}: ${value?.error}: ${value?.message}`)
  return value
}

/**
 * Starts the program in a window of its own. Needs a display (`DISPLAY`); WebKit's driver starts the program.
 * Do not set WEBKIT_DISABLE_COMPOSITING_MODE or WEBKIT_DISABLE_DMABUF_RENDERER: pictures then hang.
 */
export async function openWindow(program, { args = [], env = {} } = {}) {
  const port = await freePort()
  const driver = spawn(NATIVE, [`--port=${port}`, '--host=127.0.0.1'], {
    stdio: ['ignore', 'ignore', process.env.DRIVER_LOG ? 'inherit' : 'ignore'],
    env: { ...process.env, TAURI_AUTOMATION: 'true', TAURI_WEBVIEW_AUTOMATION: 'true', ...env },
    detached: true,
  })
  const stop = () => {
    try {
      process.kill(-driver.pid, 'SIGTERM')
    } catch {
      // It has ended by itself.
    }
  }
  try {
    const base = `http://127.0.0.1:${port}`
    for (let tries = 0; ; tries += 1) {
      try {
        await call('GET', `${base}/status`)
        break
      } catch (error) {
        if (tries > 200) throw new Error(`the driver did not start: ${error.message}`)
        await sleep(50)
      }
    }
    const session = await call('POST', `${base}/session`, {
      capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { binary: program, args } } },
    })
    return new DeskWindow(`${base}/session/${session.sessionId}`, stop)
  } catch (error) {
    stop()
    throw error
  }
}

export class DeskWindow {
  #base
  #stop

  constructor(base, stop) {
    this.#base = base
    this.#stop = stop
  }

  post(path, body = {}) {
    return call('POST', this.#base + path, body)
  }

  run(script, ...args) {
    return this.post('/execute/sync', { script, args })
  }

  /** `press('F5')`, `press('Ctrl+L')`, `press('3')`: one key down and up, through the browser's own input. */
  async press(chord) {
    const keys = chord.split('+').map((name) => KEYS[name] ?? (name.length === 1 ? name.toLowerCase() : undefined))
    if (keys.includes(undefined)) throw new Error(`no such key: ${chord}`)
    const actions = [...keys.map((value) => ({ type: 'keyDown', value })), ...keys.toReversed().map((value) => ({ type: 'keyUp', value }))]
    await this.post('/actions', { actions: [{ type: 'key', id: 'keyboard', actions }] })
  }

  /** Types into whatever has the focus, key by key. */
  async type(text) {
    const actions = [...text].flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ])
    await this.post('/actions', { actions: [{ type: 'key', id: 'keyboard', actions }] })
  }

  /** Where the desk stands: the hooks on the page's main element. */
  at() {
    return this.run(`const m = document.querySelector('main'); return m ? { ...m.dataset } : null`)
  }

  /** Waits until the desk stands where it is wanted: `{ stage: 'case', question: 'pay' }`. */
  async waitAt(wanted, ms = 20_000) {
    const began = Date.now()
    let last = null
    for (;;) {
      last = await this.at()
      if (last && Object.entries(wanted).every(([name, value]) => last[name] === value)) return last
      if (Date.now() - began > ms) {
        const text = (await this.text('body')).replaceAll(/\s+/g, ' ').slice(0, 400)
        throw new Error(`wanted ${JSON.stringify(wanted)}, stands at ${JSON.stringify(last)}: ${text}`)
      }
      await sleep(60)
    }
  }

  /** Waits for the view after the given revision. */
  async waitPast(revision, ms = 20_000) {
    const began = Date.now()
    for (;;) {
      const at = await this.at()
      if (at && Number(at.revision) > Number(revision)) return at
      if (Date.now() - began > ms) throw new Error(`nothing came after view ${revision}`)
      await sleep(40)
    }
  }

  /** Text as seen on the screen. */
  text(css) {
    return this.run(`return document.querySelector(arguments[0])?.innerText ?? ''`, css)
  }

  async waitText(css, wanted, ms = 20_000) {
    const began = Date.now()
    for (;;) {
      const text = await this.text(css)
      if (text.includes(wanted)) return text
      if (Date.now() - began > ms) throw new Error(`wanted “${wanted}” in ${css}, there is: ${text.slice(0, 400)}`)
      await sleep(60)
    }
  }

  exists(css) {
    return this.run(`return document.querySelector(arguments[0]) !== null`, css)
  }

  /** The field that has the focus, by its `data-field`. */
  focusedField() {
    return this.run(`return document.activeElement?.closest('[data-field]')?.dataset.field ?? null`)
  }

  async focusField(id) {
    await this.run(`document.querySelector('[data-field="' + arguments[0] + '"] input')?.focus()`, id)
  }

  /** Two frames: without them a picture may show the frame before the last change. */
  settle() {
    return this.post('/execute/async', {
      script: `const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)))`,
      args: [],
    })
  }

  async picture(file) {
    await this.settle()
    await mkdir(new URL('.', `file://${file.startsWith('/') ? '' : `${process.cwd()}/`}${file}`), { recursive: true })
    await writeFile(file, Buffer.from(await call('GET', `${this.#base}/screenshot`), 'base64'))
  }

  async size(width, height) {
    await this.post('/window/rect', { x: 0, y: 0, width, height })
  }

  /** Runs axe on the page; its source is given, as the page loads nothing from outside. */
  async findings(axeSource) {
    await this.run(axeSource)
    return this.post('/execute/async', {
      script: `const done = arguments[arguments.length - 1]; window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }).then((r) => done(r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target).join(' | '))), (e) => done(['axe failed: ' + e]))`,
      args: [],
    })
  }

  async close() {
    try {
      await call('DELETE', this.#base)
    } finally {
      this.#stop()
    }
  }
}
