// The kill storm: the real headless desk dies at every write of its journal, before and after the commit, at random
// moments, and with cards torn off the reader at every command of a write, amid the real centre, database, smart-card
// service and keyring. Each time it is started again and the case is carried to its end; then money, cards and books are
// counted. Runs inside `scripts/kill-storm`. Prints a table; fails on anything stuck, lost or doubled.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { Desk, Hands, Stuck } from './desk.mjs'
import { openTray } from './tray.mjs'
import { query, sleep } from './world.mjs'

const began = Date.now()
const only = process.argv.slice(2)
const EDUCATION = 'suzhou-education'
const PURSE = 'changzhou-one-card'
const BLANK = '0000000000000000'
const FLOAT = '90000'
const FEE = 2000
/** What one desk pays out here in fen; less than the rules of the programme allow one till a day. */
const MOST_PAID = 190_000

/** Wrong results. `kind`: stuck, lost, double. */
class Violation extends Error {
  constructor(kind, why) {
    super(why)
    this.kind = kind
  }
}
const expect = (kind, holds, why) => {
  if (!holds) throw new Violation(kind, why)
}

const table = new Map()
const complaints = []
/** Points that have no time left are told and counted as skipped. */
const SECONDS = Number(process.env.STORM_SECONDS ?? 900)
const late = (label, next) => {
  if (Date.now() - began < SECONDS * 1000) return false
  console.log(`SKIPPED ${label}, from ${next} on: ${SECONDS} s are over`)
  return true
}
const at = () => `${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s`
const row = (name) => {
  if (!table.has(name)) table.set(name, { points: 0, kills: 0, runs: 0, stuck: 0, lost: 0, double: 0 })
  return table.get(name)
}

const fen = (yuan) => Math.round(Number(yuan.replaceAll(',', '')) * 100)

/** Pupils of the demonstration data with nothing special about them, each taken once. */
let pupil = 100
async function nextPupil() {
  do pupil += 1
  while (pupil % 50 === 0)
  const id = `pupil-${String(pupil).padStart(4, '0')}`
  const [[number]] = await query(`SELECT id_number FROM persons WHERE person = '${id}'`)
  return { id, number }
}

/** One window: a desk, the reader in front of it, and the cards that its customers bring. */
class Window {
  constructor(index, reader) {
    Object.assign(this, { index, reader, name: `w${index}`, fresh: { blank: 0, pupil: 0 }, desks: [] })
  }

  async open() {
    if (this.reader) this.tray = await openTray(this.name, this.reader.endsWith('1') ? 35964 : 35963, this.cards())
    await this.newDesk()
  }

  /** Another desk in front of the same reader: one till pays out so much a day and no more. */
  async newDesk() {
    await this.desk?.quit()
    this.desk = new Desk(`${this.name}-${this.desks.length}`, this.reader ?? 'no reader')
    this.desks.push(this.desk)
    this.paid = 0
    await this.desk.enrol(`W${200 + this.index * 100 + this.desks.length}`)
    await this.up(false)
    await this.desk.openDay(FLOAT, '500')
    await this.desk.home()
  }

  cards() {
    const digits = (number, length) => String(number).padStart(length, '0')
    const education = (name, card_no, serial, valid_until, holder_class) => ({
      name, family: 'education', card_no, issuer: '99993050FFFFFFFF', serial, holder_class, balance_fen: 0, valid_until, person: '',
    })
    const purse = (name, family, resident, balance_fen) => {
      const card_no = `3104999${digits(1000 + resident, 12)}`
      return { name, family, card_no, issuer: '99993040FFFFFFFF', serial: card_no.slice(-16), holder_class: 1, balance_fen, valid_until: '2035-12-31', person: '' }
    }
    const at = 20 + this.index * 5
    this.purses = { unload: purse('unload', 'tunion-unload', at, 3650), rest: purse('rest', 'tunion-purchase', at + 1, 12800), high: purse('high', 'tunion-unload', at + 3, 26800) }
    this.purses.rest.resident = at + 1
    this.purses.high.person = `resident-${digits(at + 3, 4)}`
    const list = Object.values(this.purses).map(({ resident: _, ...card }) => card)
    for (let nth = 0; nth < 250; nth += 1) list.push(education(`blank-${nth}`, BLANK, `2150999${digits(800_000_000 + this.index * 1_000_000 + nth, 9)}`, '', 0))
    // Cards of pupils from 1000 on, whose validity has ended with October.
    for (let nth = 0; nth < 60; nth += 1) {
      const card_no = `2150999${digits(1000 + this.index * 100 + nth, 9)}`
      list.push(education(`pupil-${nth}`, card_no, card_no, '2026-10-31', 2))
    }
    return list
  }

  async prepare() {
    if (!this.purses) return
    await query(`UPDATE cards SET family = 'tunion-purchase' WHERE card_no = '${this.purses.rest.card_no}'`)
  }

  /** Starts the desk and signs the clerk in; leaves it at home, on the day's opening or on an unfinished case. */
  async up(faulty) {
    this.desk.start(faulty)
    const stage = await this.desk.signIn()
    if (stage === null) throw new Violation('stuck', `${this.name}: the desk does not come up (${this.desk.death}): ${this.desk.complaint}`)
    return stage
  }

  async till() {
    const view = await this.desk.until('till', (stage, whole) => stage.stage === 'home' && whole.status?.till)
    return fen(view.status.till)
  }
}

// What the counter does: what is brought, and what has to be true afterwards.
const purseRefund = (card, amount) => ({
  service: 'refund_readable',
  programme: PURSE,
  amount,
  write: 'agree',
  /** The customer has been at the kiosk: the card cannot lie here at the same time. */
  async before(window) {
    await window.tray.off()
    const { facts } = await window.tray.show(card)
    if (facts.balance_fen < amount) await window.tray.say(`load ${card} ${amount - facts.balance_fen}`)
  },
  async bring(window) {
    const { card_no, person } = window.purses[card]
    const number = person ? (await query(`SELECT id_number FROM persons WHERE person = '${person}'`))[0][0] : null
    return { card, card_no, number, settled: await settled(`purse:${card_no}`), till: await window.till() }
  },
  async done(window, { settled: before }) {
    return (await settled(`purse:${window.purses[card].card_no}`)) > before
  },
  async check(window, brought) {
    const { facts } = await window.tray.show(card)
    const now = await settled(`purse:${brought.card_no}`)
    const paid = brought.till - (await window.till())
    const said = `purse ${facts.balance_fen}, paid ${paid}, settled ${now - brought.settled}`
    expect('double', paid <= amount && now - brought.settled <= 1, said)
    expect('lost', paid === amount && now - brought.settled === 1 && facts.balance_fen === 0, said)
    const [[open]] = await query(`SELECT count(*) FROM claims WHERE right_key = 'purse:${brought.card_no}' AND state IN ('open', 'unknown')`)
    expect('stuck', open === '0', `${open} open claims of ${brought.card_no}`)
  },
})

const SERVICES = {
  'refund by unload': purseRefund('unload', 3650),
  'refund by purchase': purseRefund('rest', 12800),
  'refund above limit': purseRefund('high', 26800),
  'loss reissue': {
    service: 'reissue_lost',
    programme: EDUCATION,
    write: 'write',
    before: (window) => window.tray.off(),
    async bring(window) {
      const { id, number } = await nextPupil()
      const at = window.fresh.blank
      window.fresh.blank += 2
      return { id, number, role: 'parent', blanks: [`blank-${at}`, `blank-${at + 1}`], till: await window.till() }
    },
    done: async (window, { id }) => (await cardsOf(id)).active.length === 1 && (await cardsOf(id)).all === 2,
    async check(window, { id, blanks, till }) {
      const { active, all } = await cardsOf(id)
      const got = (await window.till()) - till
      const written = await Promise.all(blanks.map(async (blank) => (await window.tray.show(blank)).facts))
      const good = written.filter((facts) => !facts.blank && facts.number === active[0])
      const said = `${id}: active ${active}, cards ${all}, fee ${got}, blanks ${written.map((facts) => facts.number)}`
      expect('double', active.length <= 1 && got <= FEE, said)
      expect('lost', active.length === 1 && all === 2 && got === FEE && good.length === 1, said)
    },
  },
  validation: {
    service: 'validation',
    programme: EDUCATION,
    before: (window) => window.tray.off(),
    async bring(window) {
      const card = `pupil-${window.fresh.pupil}`
      window.fresh.pupil += 1
      return { card, till: await window.till() }
    },
    done: async (window, { card }) => (await window.tray.show(card)).facts.valid_until !== '2026-10-31',
    async check(window, { card, till }) {
      const { facts } = await window.tray.show(card)
      expect('lost', facts.valid_until > '2026-11-24', `${card} valid until ${facts.valid_until}`)
      const [[stored]] = await query(`SELECT valid_until FROM cards WHERE card_no = '${facts.number}'`)
      expect('lost', stored === facts.valid_until, `${card}: card ${facts.valid_until}, centre ${stored}`)
      expect('double', (await window.till()) === till, 'a validation costs nothing')
    },
  },
  'password reset': {
    service: 'password_reset',
    programme: EDUCATION,
    bring: async (window) => ({ ...(await nextPupil()), role: 'guardian', till: await window.till() }),
    done: async (_, { id }) => (await claimsOf(id)).settled === 1,
    async check(window, { id, till }) {
      const claims = await claimsOf(id)
      expect('double', claims.settled <= 1, `${id}: ${claims.settled} settled`)
      expect('lost', claims.settled === 1, `${id}: no reset settled`)
      expect('stuck', claims.open === 0, `${id}: ${claims.open} open claims`)
      expect('double', (await window.till()) === till, 'a reset costs nothing')
    },
  },
  'card query': {
    service: 'card_query',
    programme: PURSE,
    bring: async (window) => {
      // Whatever the last customer left on the reader would be read instead.
      await window.tray.off()
      return { card: 'unload', till: await window.till() }
    },
    // Nothing outside changes; the case either is there or has ended.
    done: async () => true,
    async check(window, { till }) {
      expect('double', (await window.till()) === till, 'a query costs nothing')
    },
  },
}

const settled = async (right) => Number((await query(`SELECT count(*) FROM claims WHERE right_key = '${right}' AND state = 'settled'`))[0][0])

async function cardsOf(person) {
  const rows = await query(`SELECT card_no, status::text FROM cards WHERE holder = '${person}'`)
  return { all: rows.length, active: rows.filter(([, status]) => /"?active"?/i.test(status)).map(([number]) => number) }
}

async function claimsOf(person) {
  const rows = await query(`SELECT state FROM claims WHERE claim::text LIKE '%${person}%'`)
  return { settled: rows.filter(([state]) => state === 'settled').length, open: rows.filter(([state]) => state === 'open' || state === 'unknown').length }
}

/** From wherever the desk stands after a restart to the end of the case and home. `maybeNew`: it may not have been opened. */
async function finish(window, service, brought, stage, maybeNew) {
  const { desk } = window
  let ended = null
  if (stage.stage === 'home' && stage.unfinished.length > 0) {
    desk.send({ act: 'resume', case: stage.unfinished[0].case })
    await desk.until('the unfinished case', (now) => now.stage === 'case')
    ended = await desk.carry(window.hands)
  } else if (stage.stage === 'case') {
    ended = await desk.carry(window.hands)
  } else if (stage.stage === 'home' && maybeNew && !(await service.done(window, brought))) {
    desk.send({ act: 'start', service: service.service, programme: service.programme })
    ended = await desk.carry(window.hands)
  } else {
    expect('lost', stage.stage === 'home', `the desk stands at ${desk.where()} after the restart`)
    expect('lost', await service.done(window, brought), 'the case is gone and its work is not done')
    return
  }
  expect('stuck', ended !== null, `the desk died on its own: ${desk.death} ${desk.complaint}`)
  expect('lost', ended.question.ask.good, `the case ended badly: ${JSON.stringify(ended.message)} ${JSON.stringify(ended.question.ask).slice(0, 300)}`)
}

async function settle(window, service, brought) {
  const view = await window.desk.home()
  expect('stuck', view.status.unfinished === 0, `${view.status.unfinished} cases left unfinished`)
  await service.check(window, brought)
}

/** Runs one point; what goes wrong is counted, and the window is brought back to where work can go on. */
async function point(name, label, window, run) {
  const line = row(name)
  const start = Date.now()
  try {
    const answer = await run(line)
    if (process.env.STORM_VERBOSE) console.log(`${at()}  ${window.desk.name}  ${name}, ${label}: ${Date.now() - start} ms`)
    return answer
  } catch (error) {
    const kind = error.kind ?? 'stuck'
    line[kind] += 1
    complaints.push(`${kind.toUpperCase()} ${name}, ${label}: ${error.message}${error instanceof Violation || error instanceof Stuck ? '' : error.stack}`)
    console.log(complaints.at(-1))
    await window.tray?.say('calm')
    if (!window.desk.gone) await window.desk.kill()
    const stage = await window.up(false)
    if (stage.stage === 'case') {
      await window.desk.carry(new Hands(window.tray, { card: 'unload', blanks: [`blank-${window.fresh.blank++}`] }), 20).catch(() => {})
      await window.desk.home().catch(() => window.newDesk())
    }
    return true
  }
}

async function begin(window, service, name) {
  await service.before?.(window)
  if (window.paid + (service.amount ?? 0) > MOST_PAID) {
    await window.newDesk()
    await window.desk.quit()
  }
  window.paid += service.amount ?? 0
  if (window.desk.gone) expect('stuck', (await window.up(true)).stage === 'home', `${name}: not at home`)
  // No order to die that an earlier case left over.
  window.desk.arm('before', 0)
  const brought = await service.bring(window)
  window.hands = new Hands(window.tray, brought)
  return brought
}

/** Dies at every write of the case. */
async function killEverywhere(window, name) {
  const service = SERVICES[name]
  for (let nth = 1, more = true; more; nth += 1) {
    if (late(name, `write ${nth}`)) return
    for (const side of more ? ['before', 'after'] : []) {
      more = await point(name, `${side} write ${nth}`, window, async (line) => {
        await window.desk.quit()
        const brought = await begin(window, service, name)
        window.desk.arm(side, nth)
        window.desk.send({ act: 'start', service: service.service, programme: service.programme })
        const ended = await window.desk.carry(window.hands)
        line.runs += 1
        if (ended !== null) {
          expect('lost', ended.question.ask.good, `the case ended badly: ${JSON.stringify(ended.message)}`)
          await settle(window, service, brought)
          return false
        }
        line.kills += 1
        if (side === 'before') line.points += 1
        await finish(window, service, brought, await window.up(false), nth === 1 && side === 'before')
        await settle(window, service, brought)
        return true
      })
      if (!more) break
    }
  }
}

/** SIGKILL at random moments from the write on. */
async function killAtRandom(window, name, times) {
  const service = SERVICES[name]
  const label = `${name}, SIGKILL`
  for (let nth = 1; nth <= times; nth += 1) {
    if (late(label, `number ${nth}`)) return
    await point(label, `number ${nth}`, window, async (line) => {
      const brought = await begin(window, service, name)
      const { desk } = window
      const delay = Math.floor((nth - 1 + Math.random()) * (700 / times))
      let struck = false
      window.hands.before[service.write] = async () => {
        if (struck) return
        struck = true
        setTimeout(() => desk.child.kill('SIGKILL'), delay)
      }
      // Every command of the card takes longer, so that most kills fall into the write.
      await window.tray.say('slow 12')
      desk.send({ act: 'start', service: service.service, programme: service.programme })
      await desk.carry(window.hands)
      if (!desk.gone) await Promise.race([desk.ended, sleep(1000)])
      await window.tray.say('calm')
      window.hands.before = {}
      line.runs += 1
      line.points += 1
      expect('stuck', desk.death === 'SIGKILL', `not killed: ${desk.death}`)
      line.kills += 1
      await finish(window, service, brought, await window.up(false), false)
      await settle(window, service, brought)
    })
  }
}

/** The card leaves the field at every command of the write, before and after executing it; it comes back. */
async function tearEverywhere(window, name, part = 0, parts = 1) {
  const service = SERVICES[name]
  const label = `${name}, torn`
  for (let nth = 1 + part, more = true; more; nth += parts) {
    if (late(label, `command ${nth}`)) return
    for (const side of ['before', 'after']) {
      more = await point(label, `${side} command ${nth}`, window, async (line) => {
        const brought = await begin(window, service, name)
        const { hands, desk, tray } = window
        let armed = false
        let torn = false
        hands.before[service.write] = async () => {
          if (!armed) await tray.say(`tear ${side} ${nth}`)
          armed = true
        }
        const answer = hands.answer.bind(hands)
        hands.answer = (stage, question, ask) => {
          torn ||= armed && ask.ask === 'putCard'
          return answer(stage, question, ask)
        }
        desk.send({ act: 'start', service: service.service, programme: service.programme })
        const ended = await desk.carry(hands)
        await tray.say('calm')
        expect('stuck', ended !== null, `the desk died on its own: ${desk.death} ${desk.complaint}`)
        expect('lost', ended.question.ask.good, `the case ended badly: ${JSON.stringify(ended.message)}`)
        line.runs += 1
        if (torn) {
          line.points += side === 'before'
          line.kills += 1
        }
        await settle(window, service, brought)
        return torn
      })
      if (!more) break
    }
  }
}

/** A new desk for every point: a day opens once. */
async function killDayOpen() {
  const name = 'sign-in and day open'
  for (let nth = 1, more = true; more; nth += 1) {
    for (const side of ['before', 'after']) {
      const window = { desk: new Desk(`day-${side}-${nth}`, 'no reader') }
      window.up = Window.prototype.up
      const { desk } = window
      await desk.enrol(`W${side === 'before' ? 50 + nth : 70 + nth}`)
      more = await point(name, `${side} write ${nth}`, window, async (line) => {
        desk.start(true)
        desk.arm(side, nth)
        if ((await desk.signIn()) !== null) await desk.openDay('500', '20')
        line.runs += 1
        const died = desk.gone
        if (died) {
          line.kills += 1
          line.points += side === 'before'
          const stage = await window.up(false)
          if (stage.stage === 'dayOpen') await desk.openDay('500', '20')
        }
        const view = await desk.until('home, all sent', (stage, whole) => stage.stage === 'home' && whole.status.waiting === 0)
        expect('double', view.status.till === '500.00' && view.status.blanks === 20, `till ${view.status.till}, blanks ${view.status.blanks}`)
        const device = /^device = "(.*)"/m.exec(readFileSync(join(desk.data, 'station.toml'), 'utf8'))[1]
        const [[opened]] = await query(`SELECT count(*) FROM journal WHERE device = '${device}' AND kind = 'day_opened'`)
        expect('double', opened === '1', `${opened} openings in the centre's journal`)
        return died
      })
      await desk.quit()
      if (!more) break
    }
  }
}

/** Desk, centre and recomputation side by side, as the supervisor reads them. */
async function books(window, desk) {
  await point('books', desk.name, window, async (line) => {
    line.runs += 1
    await desk.quit()
    desk.start(false)
    await desk.signIn('2001')
    desk.send({ act: 'report' })
    const view = await desk.until('the report', (stage) => stage.stage === 'report' && !stage.busy, 60)
    const { totals, exceptions } = view.stage
    desk.totals = totals
    for (const total of totals) expect('lost', total.desk === total.recomputed && total.desk === total.centre, `the books differ: ${JSON.stringify(total)}`)
    expect('stuck', exceptions.length === 0, `exceptions: ${exceptions}`)
    await desk.quit()
  })
}

async function worker(window, jobs) {
  for (let job = jobs.shift(); job; job = jobs.shift()) {
    const start = Date.now()
    await job.run(window)
    console.log(`${at()}  ${window.name}  ${job.name} (${((Date.now() - start) / 1000).toFixed(0)} s)`)
  }
}

const wanted = (name) => only.length === 0 || only.some((part) => name.includes(part))
const openClaims = async () => (await query("SELECT number FROM claims WHERE state IN ('open', 'unknown')")).flat()
// Two of another outlet wait for head office; nothing here touches them.
const undecided = new Set(await openClaims())
const windows = [new Window(0, 'Virtual PCD 00 00'), new Window(1, 'Virtual PCD 00 01'), new Window(2, null)]
await query('SELECT 1')
for (const window of windows) {
  await window.open()
  await window.prepare()
}
console.log(`${at()}  ${windows.length} windows open`)
const job = (name, run) => ({ name, run })
const withCards = [
  job('refund by unload, SIGKILL', (window) => killAtRandom(window, 'refund by unload', 12)),
  job('refund by unload', (window) => killEverywhere(window, 'refund by unload')),
  job('loss reissue, SIGKILL', (window) => killAtRandom(window, 'loss reissue', 8)),
  job('refund by unload, torn', (window) => tearEverywhere(window, 'refund by unload')),
  job('card query', (window) => killEverywhere(window, 'card query')),
  job('validation', (window) => killEverywhere(window, 'validation')),
  job('refund by purchase', (window) => killEverywhere(window, 'refund by purchase')),
  job('loss reissue', (window) => killEverywhere(window, 'loss reissue')),
  job('refund above limit', (window) => killEverywhere(window, 'refund above limit')),
  job('loss reissue, torn', (window) => tearEverywhere(window, 'loss reissue', 0, 2)),
  job('loss reissue, torn', (window) => tearEverywhere(window, 'loss reissue', 1, 2)),
].filter(({ name }) => wanted(name))
const withoutCards = [
  job('password reset', (window) => killEverywhere(window, 'password reset')),
  job('sign-in and day open', killDayOpen),
].filter(({ name }) => wanted(name))
await Promise.all([worker(windows[0], withCards), worker(windows[1], withCards), worker(windows[2], withoutCards)])
for (const window of windows) await window.desk.quit()
const desks = windows.flatMap((window) => window.desks)
for (const window of windows) for (const desk of window.desks) await books(window, desk)

await point('books', 'centre', windows[0], async (line) => {
  line.runs += 1
  const [[paid, cases]] = await query("SELECT count(*), count(DISTINCT case_id) FROM journal WHERE kind = 'fact.paid_out'")
  const [[claims]] = await query("SELECT count(*) FROM claims WHERE right_key LIKE 'purse:%' AND state = 'settled'")
  const now = await openClaims()
  const open = now.filter((number) => !undecided.has(number)).length
  console.log(`pay-outs ${paid} in ${cases} cases, purse claims settled ${claims}, claims open ${open}`)
  // Double entry: whatever moved, the centre's ledger sums to nothing, with the days opened under fire among it.
  const [[sum]] = await query('SELECT coalesce(sum(amount), 0) FROM postings')
  const [[tills]] = await query("SELECT coalesce(sum(amount), 0) FROM postings WHERE book = 'desk' AND account ->> 'account' = 'till'")
  console.log(`ledger: all postings sum to ${sum}, tills hold ${tills / 100}`)
  expect('lost', sum === '0', `the centre's ledger sums to ${sum}`)
  expect('double', paid === cases, 'a case paid twice')
  expect('lost', paid === claims, 'pay-outs and settled claims differ')
  expect('stuck', open === 0, 'open claims')
  expect('lost', now.length === open + undecided.size, "another outlet's claims ended")
})
console.log(`cards laid down again because they were mute: ${windows.map((window) => window.tray?.laidAgain ?? 0).reduce((a, b) => a + b)}`)
for (const window of windows) window.tray?.close()

console.log()
const columns = ['points', 'kills', 'runs', 'stuck', 'lost', 'double']
const print = (name, line) => console.log(`| ${name.padEnd(30)} | ${columns.map((column) => String(line[column]).padStart(6)).join(' | ')} |`)
print('point of death', Object.fromEntries(columns.map((column) => [column, column])))
const sum = row('all')
for (const [name, line] of table) {
  if (name === 'all') continue
  print(name, line)
  for (const column of columns) sum[column] += line[column]
  if (name !== 'books' && line.runs > 0 && line.kills === 0) complaints.push(`nothing was killed: ${name}`)
}
print('all', sum)
for (const complaint of complaints) console.log(complaint)
console.log(`kill storm: ${sum.kills} kills, ${sum.stuck} stuck, ${sum.lost} lost, ${sum.double} double, in ${((Date.now() - began) / 1000).toFixed(0)} s`)
process.exit(complaints.length === 0 && sum.kills > 0 ? 0 : 1)
