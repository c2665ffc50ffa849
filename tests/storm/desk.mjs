// The headless desk as a process, and a clerk in front of it who answers what the desk asks and nothing else.
import { spawn } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { call, sleep } from './world.mjs'

const { CARDDESK_BIN: bin, CARDDESK_WORK: work } = process.env

/** The desk did not come to where it should be. */
export class Stuck extends Error {}

export class Desk {
  constructor(name, reader) {
    this.name = name
    this.config = join(work, `desk-${name}.toml`)
    this.orders = join(work, `orders-${name}`)
    this.starts = 0
    const plain = readFileSync(join(work, 'desk.toml'), 'utf8')
    writeFileSync(this.config, plain.replace('data_dir = "desk"', `data_dir = "data-${name}"`).replace(/only = .*/, `only = ["${reader}"]`))
    this.data = join(work, `data-${name}`)
  }

  /** Makes it a desk of the centre. */
  async enrol(window) {
    const code = await call(`${bin}/desk-centre`, ['enrol-code', '--config', join(work, 'centre.toml'), '--outlet', 'DEMO', '--window', window])
    await call(`${bin}/desk-headless`, ['enrol', '--config', this.config, '--code', code])
  }

  /** `faulty`: takes orders to die (see `arm`); otherwise the desk as it ships. */
  start(faulty) {
    rmSync(this.orders, { force: true })
    this.starts += 1
    this.view = null
    this.complaint = ''
    const child = faulty
      ? spawn(`${bin}/desk-headless-faulty`, [this.config, '9', 'armed-by', this.orders])
      : spawn(`${bin}/desk-headless`, ['run', '--config', this.config])
    this.child = child
    this.gone = false
    child.stdin.on('error', () => {})
    child.stderr.on('data', (text) => (this.complaint += text))
    this.ended = new Promise((done) => child.on('close', (code, signal) => {
      this.gone = true
      this.death = signal ?? code
      this.wake?.()
      done()
    }))
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.view = JSON.parse(line)
      this.wake?.()
    })
  }

  arm(side, nth) {
    // In one step: the desk must never read half an order.
    writeFileSync(`${this.orders}.new`, `${side} ${nth}`)
    renameSync(`${this.orders}.new`, this.orders)
  }

  send(act) {
    this.child.stdin.write(`${JSON.stringify(act)}\n`)
  }

  changed(milliseconds) {
    return new Promise((done) => {
      const timer = setTimeout(done, milliseconds)
      this.wake = () => {
        clearTimeout(timer)
        this.wake = null
        done()
      }
    })
  }

  /** Waits for a view that fits; null when the process ended instead. */
  async until(what, fits, seconds = 30) {
    const deadline = Date.now() + seconds * 1000
    for (;;) {
      if (this.view && fits(this.view.stage, this.view)) return this.view
      if (this.gone) return null
      if (Date.now() > deadline) throw new Stuck(`${this.name}: waited for ${what}, stands at ${this.where()}`)
      await this.changed(500)
    }
  }

  where() {
    const stage = this.view?.stage
    return stage?.stage === 'case' ? `${stage.service} ${stage.question.id} ${JSON.stringify(stage.question.ask).slice(0, 300)} ${JSON.stringify(stage.message)?.slice(0, 200)}` : JSON.stringify(stage)?.slice(0, 400)
  }

  /** Answers the stage after the sign-in, or null when the process died over it. */
  async signIn(operator = '1001') {
    if (!(await this.until('sign-in screen', (stage) => stage.stage === 'signIn' && !stage.busy))) return null
    this.send({ act: 'signIn', operator, password: `demo-${operator}` })
    const view = await this.until('signed in', (stage) => stage.stage !== 'starting' && !(stage.stage === 'signIn' && (stage.busy || !stage.message)))
    if (view?.stage.stage === 'signIn') throw new Stuck(`${this.name}: ${operator} is not let in: ${JSON.stringify(view.stage.message)}`)
    return view?.stage ?? null
  }

  /** Counts the drawer; again where the count differs from the system's, which books the difference. */
  async openDay(float, blanks) {
    for (let times = 0; times < 5; times += 1) {
      // The same counts within a second are the same press, not a second count.
      if (times > 0) await new Promise((done) => setTimeout(done, 1300))
      const { revision } = this.view
      this.send({ act: 'openDay', float, blanks })
      const view = await this.until('day open', (stage, whole) => stage.stage === 'home' || stage.stage === 'case' || (whole.revision > revision && stage.message !== null))
      if (view === null || view.stage.stage !== 'dayOpen') return view
    }
    throw new Stuck(`${this.name}: the day does not open: ${this.where()}`)
  }

  async home() {
    if (this.view.stage.stage === 'case') this.send({ act: 'home' })
    return this.until('home', (stage) => stage.stage === 'home')
  }

  /** Carries the case on the screen to its end. Answers its last view, or null when the process died. */
  async carry(hands, seconds = 30) {
    const deadline = Date.now() + seconds * 1000
    let answered = null
    let at = 0
    let answers = 0
    let failures = 0
    for (;;) {
      if (this.gone) return null
      if (Date.now() > deadline) throw new Stuck(`${this.name}: the case does not end: ${this.where()}`)
      const stage = this.view?.stage
      if (stage?.stage === 'locked' && !stage.busy) {
        this.send({ act: 'unlock', password: 'demo-1001' })
        await this.changed(1000)
        continue
      }
      if (stage?.stage !== 'case') {
        await this.changed(500)
        continue
      }
      const { id: question, ask } = stage.question
      if (ask.ask === 'ended') return stage
      const key = `${question} ${ask.ask}`
      // The desk drops an answer to a question that is gone; one that came too early is given again.
      if (ask.ask === 'busy' || (key === answered && Date.now() - at < 1500)) {
        await this.changed(300)
        continue
      }
      if (ask.ask === 'again' && (failures += 1) > 20) throw new Stuck(`${this.name}: an effect fails for ever: ${this.where()}`)
      if ((answers += 1) > 120) throw new Stuck(`${this.name}: 120 answers and no end: ${this.where()}`)
      answered = key
      at = Date.now()
      const act = await hands.answer(stage, question, ask)
      if (act) this.send({ ...act, question })
    }
  }

  /** The process is killed as by a power cut. */
  async kill() {
    this.child.kill('SIGKILL')
    await this.ended
  }

  async quit() {
    if (this.gone) return
    this.child.stdin.end()
    await Promise.race([this.ended, sleep(3000)])
    if (!this.gone) await this.kill()
  }
}

/** What a clerk with the right papers answers. */
export class Hands {
  constructor(tray, { card = null, blanks = [], number = null, role = null, before = {} }) {
    Object.assign(this, { tray, card, blanks, number, role, before })
  }

  async answer(stage, question, ask) {
    const name = question.replace(/^\d+\./, '').replace(/[._]\d+$/, '')
    await this.before[name]?.()
    switch (ask.ask) {
      case 'choice':
        return { act: 'choose', option: (ask.options.find(({ id }) => [this.role, 'resident_id'].includes(id)) ?? ask.options[0]).id }
      case 'form':
        return { act: 'fill', values: ask.fields.map((field) => [field.id, this.value(field)]) }
      case 'go':
      case 'again':
        return { act: 'go' }
      case 'act':
        return { act: 'do' }
      case 'authorise':
        return ask.busy ? null : { act: 'authorise', supervisor: '2001', password: 'demo-2001' }
      case 'putCard':
        if (ask.wrong?.code === 'CARD_MUTE') {
          // As the message says: take it off and lay it down again.
          this.tray.laidAgain += 1
          await this.tray.off()
          await sleep(300)
        } else if (ask.wrong && this.blanks.length > 1) {
          // A card that the desk does not take for the new one is put aside, the next comes from the drawer.
          this.blanks.shift()
        }
        await this.tray.put(this.card ?? this.blanks[0])
        return null
      default:
        throw new Error(`no answer to ${ask.ask}`)
    }
  }

  value({ id, kind, options }) {
    if (id === 'number') return this.number
    if (id === 'expiry' || id === 'agent_expiry') return '20351231'
    if (id === 'tendered') return '50'
    if (kind === 'tick') return 'true'
    return options[0]?.id ?? ''
  }
}
