// Every service of the menu in the real window, by keyboard alone: found by its number, begun, and taken to its end or to
// its first refusal with the demonstration tray. What cannot be begun here must say why and give a guidance slip; what
// refuses must name its code and give a one-time notice. Runs inside `scripts/run --services`.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

import { openWindow, sleep } from './driver.mjs'
import { handsAt, person, question, tray } from './hands.mjs'

const { CARDDESK_BIN: bin, CARDDESK_OUT: out, CARDDESK_WORK: work, CARDDESK_ENROL_CODE: code } = process.env
const axe = readFileSync(new URL('../../ui/node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const began = Date.now()
const MOST_MS = 320_000
/** More questions than any service asks on its usual way. */
const MOST_ANSWERS = 40
const findings = []
const results = []
let desk
let hands

const screen = async () => ({ ...(await desk.at()), text: (await desk.text('main')).replaceAll(/\s+/g, ' ') })
const refusal = () =>
  desk.run(`const n = document.querySelector('main .notice.bad, main .notice.warn'); return n ? n.dataset.code : null`)
const keyBar = () => desk.run(`return [...document.querySelectorAll('footer [aria-keyshortcuts]')].map((key) => key.getAttribute('aria-keyshortcuts'))`)

/** Fields of the form on the screen: id and kind. */
const fields = () =>
  desk.run(`return [...document.querySelectorAll('main [data-field]')].map((row) => { const input = row.querySelector('input'); return { id: row.dataset.field, kind: input?.type === 'checkbox' ? 'tick' : input?.type === 'radio' ? 'choice' : 'text', label: row.innerText, filled: input?.type === 'checkbox' || input?.type === 'radio' ? row.querySelector('input:checked') !== null : (input?.value ?? '') !== '' } })`)

/** What a careful clerk types into a field, from documents and things in order. */
function typed(field, holder, service) {
  const { id, label } = field
  if (/expiry|until/.test(id) || label.includes('有效期')) return '20351231'
  if (id === 'supervisor') return '2001'
  if (id === 'password') return 'demo-2001'
  if (/agent.*number|number.*agent/.test(id)) return person('resident-0003').number
  if (/card/.test(id)) return CARDS[service.service] ?? (service.programme.includes('education') ? PUPILS_CARD : WORN)
  if (id === 'photo') return '0001.jpg'
  if (id === 'unit') return '示例单位'
  if (id === 'credit_code') return '91350100M000100Y43'
  if (/number|holder|id_/.test(id) && !/phone|bag|slip/.test(id)) return holder
  if (/phone|mobile/.test(id) || label.includes('手机')) return '13800005678'
  if (/address/.test(id) || label.includes('地址')) return '虚构路1号'
  if (/name/.test(id) || label.includes('姓名')) return '测试甲'
  if (/tendered|amount|cash|fee/.test(id) || label.includes('元')) return '100'
  if (/date|day|birth/.test(id) || label.includes('日期')) return '20261124'
  return '1'
}

/** What is ticked only where it is so. */
const unticked = (service, { id, label }) => id === 'illegible' || label.includes('PIN') || (id.startsWith('cause.') && service.service === 'replace_faulty')

async function fill(holder, service) {
  const { revision } = await desk.at()
  for (const field of await fields()) {
    if (field.filled || unticked(service, field)) continue
    await desk.focusField(field.id)
    if (field.kind === 'tick') await desk.press('Space')
    else if (field.kind === 'choice') await desk.press('1')
    else await desk.type(typed(field, holder, service))
  }
  await desk.press('Enter')
  await desk.waitPast(revision, 8000).catch(() => {})
}

/** Presses a key where the desk may also move on by itself. */
async function give(chord) {
  const { revision } = await desk.at()
  await desk.press(chord)
  await desk.waitPast(revision, 8000).catch(() => {})
}

/** Leaves the case: cancelled where that is allowed, else parked. */
async function leave() {
  for (const chords of [['F12', 'F12'], ['F10'], ['Enter'], ['Escape']]) {
    for (const chord of chords) {
      await desk.press(chord)
      await sleep(350)
    }
    const at = await desk.at()
    if (at.stage === 'home') return true
    if (at.ask === 'ended') {
      await give('Enter')
      if ((await desk.at()).stage === 'home') return true
    }
  }
  return (await desk.at()).stage === 'home'
}

/** Who is served by whom: the holder in person, or a guardian; else whoever stands first. */
async function roleKey(service) {
  const wanted = service.programme.includes('education') && service.service !== 'found_card_back' ? '监护人' : '本人'
  if (FIRST_COMES.includes(service.service)) return '1'
  if (service.programme.includes('education') && PUPILS_COME.includes(service.service)) return '1'
  const keys = await desk.run(`return [...document.querySelectorAll('main .choices button')].map((one) => ({ key: one.getAttribute('aria-keyshortcuts'), text: one.innerText }))`)
  return keys.find((one) => new RegExp(`(^|\\s)${wanted}$`, 'm').test(one.text.trim()))?.key ?? '1'
}

/** Answers question after question until the case ends, refuses, or asks the same thing again. */
async function drive(service, cards, holder) {
  let blanks = 1
  let card = 0
  let last = ''
  let same = 0
  let busy = 0
  for (let answers = 0; answers < MOST_ANSWERS; ) {
    const at = await desk.at()
    if (at.stage !== 'case') return `left to ${at.stage}`
    if (at.ask === 'busy' || at.sending === 'true') {
      await sleep(60)
      busy += 1
      if (busy > 400) return 'busy'
      continue
    }
    busy = 0
    if (at.ask === 'ended') return 'ended'
    same = at.question === last ? same + 1 : 0
    last = at.question
    const message = await refusal()
    if (message && same > 0 && at.ask !== 'putCard') return `refused ${message}`
    // A form that lacks something keeps the focus where it lacks it; a card may have to be put on several times.
    if (same > (at.ask === 'putCard' ? 8 : 3)) return `stuck at ${question(at)}`
    // Every question of the services, for whoever wants to see them all.
    if (process.env.CARDDESK_LOOK && same === 0) await hands.look('services', `${service.number}-${service.service}-${question(at).replaceAll(/[^a-z_]/g, '')}`, false)
    switch (at.ask) {
      case 'choice':
        await give(question(at).includes('role') ? await roleKey(service) : question(at) === 'way' ? (service.way ?? '1') : '1')
        break
      case 'form':
        await fill(holder, service)
        break
      case 'go':
        if (question(at).includes('wait_line')) return 'waits for the line'
        await give('Enter')
        break
      case 'authorise':
        await fill(holder, service)
        break
      case 'act': {
        const chord = await desk.run(`return document.querySelector('[data-named-act] kbd')?.innerText ?? null`)
        await give(chord)
        break
      }
      case 'again':
        if (same > 2) return `again ${await refusal()}`
        await give('Enter')
        break
      case 'putCard': {
        const text = (await screen()).text
        if (message && same > 6) return `refused ${message}`
        await tray('off')
        await sleep(150)
        await tray(`put ${text.includes('空白卡') ? `blank-${blanks}` : (cards[card % cards.length] ?? cards[0])}`)
        if (text.includes('空白卡')) blanks = Math.min(3, blanks + 1)
        else card += 1
        await sleep(900)
        break
      }
      default:
        return `unknown question ${at.ask}`
    }
    answers += 1
  }
  return 'too many questions'
}

/** Types the number and, where two programmes have it, goes down to the wanted one. */
async function pick(service) {
  await desk.type(service.number)
  await sleep(120)
  for (let at = 0; at < 6; at += 1) {
    const here = await desk.run(`const one = document.querySelector('[role=option][aria-selected=true]'); return one ? { ...one.dataset } : null`)
    if (here && here.service === service.service && here.programme === service.programme) return here
    await desk.press('ArrowDown')
    await sleep(60)
  }
  throw new Error(`number ${service.number} does not lead to ${service.service} of ${service.programme}`)
}

async function one(service) {
  const name = `${service.number}-${service.programme}-${service.service}${service.as ?? ''}`
  const start = Date.now()
  BEFORE[service.service]?.()
  await tray('off')
  await hands.until('@home')
  await sleep(200)
  const here = await pick(service)
  if (here.blocked) {
    const why = await desk.text('main .why')
    assert.ok(why.length > 10, `${name}: says not why it cannot be begun`)
    await hands.look('services', name, false)
    await give('Ctrl+G')
    await desk.waitText('aside.note', '已打印', 15_000)
    await give('Ctrl+D')
    await desk.press('Escape')
    return { name, end: `blocked ${here.blocked}`, ms: Date.now() - start }
  }
  await give('Enter')
  await hands.until('')
  await hands.look('services', name, false)
  const purse = service.programme.includes('one-card')
  const usual = purse ? ['purse-unload', 'purse-above-limit', 'purse-empty'] : ['education-expired', 'education-current']
  const cards = LAID[`${service.service} ${purse ? 'purse' : 'pupil'}`] ?? usual
  const holder = service.holder ?? COMES[`${service.service} ${purse ? 'purse' : 'pupil'}`] ?? (purse ? resident : pupil)
  let end = await drive(service, cards, holder)
  if ((await desk.at()).ask === 'ended') {
    const good = await desk.run(`return document.querySelector('[data-good]')?.dataset.good`)
    const said = good === 'true' ? null : await refusal()
    assert.ok(good === 'true' || said, `${name}: ended badly without a code: ${(await screen()).text.slice(0, 300)}`)
    end = good === 'true' ? 'done' : `ended ${said}`
  }
  await hands.look('services', `${name}-end`, false)
  assert.ok(!/^(stuck|unknown|too many|busy|left)/.test(end), `${name}: ${end}: ${(await screen()).text.slice(0, 400)}`)
  if (/refused|ended/.test(end) && (await keyBar()).includes('F11')) {
    await give('F11')
    await desk.waitText('main', '一次性告知单', 15_000)
    end += ', notice printed'
  }
  if ((await desk.at()).ask === 'ended') await give('Enter')
  if ((await desk.at()).stage !== 'home') assert.ok(await leave(), `${name}: cannot be left: ${(await screen()).text.slice(0, 300)}`)
  return { name, end, ms: Date.now() - start }
}

async function main() {
  const done = spawnSync(`${bin}/desk-headless`, ['enrol', '--config', `${work}/desk.toml`, '--code', code], { encoding: 'utf8' })
  assert.equal(done.status, 0, done.stderr)
  desk = await openWindow(`${bin}/carddesk`, { args: ['--config', `${work}/desk.toml`] })
  await desk.size(1366, 768)
  hands = handsAt(desk, { out, axe, findings })
  await hands.signIn('1001', 'demo-1001')
  await hands.look('services', '00-menu')
  const services = await desk.run(`return [...document.querySelectorAll('[role=option]')].map((one) => ({ ...one.dataset, label: one.innerText.replaceAll(/\\s+/g, ' ') }))`)
  assert.ok(services.length >= 5, `only ${services.length} services in the menu`)
  // A new card that is made centrally, and one that is sent, beside the one that is written on the spot.
  const again = services.flatMap((service) => (WAYS[`${service.service}`] ?? []).map((way) => ({ ...service, ...way })))
  for (const service of [...services, ...again]) {
    const result = await one(service)
    results.push(result)
    console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${result.name}: ${result.end}  (${result.ms} ms)`)
  }

  await give('F11')
  await hands.until('@papers')
  await hands.look('services', 'papers')
  const before = readdirSync(`${out}/papers`).length
  await desk.press('Enter')
  await desk.waitText('main', '已打印', 15_000)
  assert.ok(readdirSync(`${out}/papers`).length >= before, 'a paper was printed again')
  await give('Escape')
  await hands.until('@home')
  await give('Ctrl+E')
  await hands.until('@exceptions')
  await hands.look('services', 'exceptions')
  await give('Escape')
  await hands.until('@home')

  assert.deepEqual(findings, [], 'findings of axe and layout')
  const took = Date.now() - began
  assert.ok(took <= MOST_MS, `took ${took} ms, allowed are ${MOST_MS}`)
  const good = results.filter((one) => one.end === 'done').length
  const blocked = results.filter((one) => one.end.startsWith('blocked')).length
  console.log(`services: ${results.length}, to the good end: ${good}, refused by a rule: ${results.length - good - blocked}, not here: ${blocked}`)
  assert.ok(good >= 4, 'the usual services come to their good end')
}

/** The same service once more, another way: key of the choice, who comes, name. */
const WAYS = {
  reissue_lost: [
    { way: '2', holder: person('pupil-0013').number, as: '-made' },
    { way: '3', holder: person('pupil-0014').number, as: '-sent' },
  ],
}
/** The desk at the next window took money for the card that was topped up last, and died: its load is on the books and not on the card. */
function loadOfADeadDesk() {
  const insert = `INSERT INTO claims
    SELECT cell, 'R-DEAD-DESK', right_key, 'counter:' || ((claim->'card'->'purse'->>'online_counter')::int + 1), 'open', repeat('5a', 16),
      jsonb_set(jsonb_set(claim, '{card,purse,online_counter}', to_jsonb((claim->'card'->'purse'->>'online_counter')::int + 1)),
        '{card,purse,balance}', to_jsonb((claim->'card'->'purse'->>'balance')::int + (claim->>'amount')::int)),
      jsonb_set(reservation, '{number}', '"R-DEAD-DESK"'),
      claimant || jsonb_build_object('case', repeat('5a', 16), 'case_number', 'DEMO20261124W0990001', 'device', 'desk-99', 'window', 'W99'),
      reserved_at + interval '1 second', '{"state": "open"}', NULL
    FROM claims WHERE claim->>'right' = 'top_up' AND state = 'settled' ORDER BY reserved_at DESC LIMIT 1`
  execFileSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', process.env.DATABASE_URL, '-c', insert], { encoding: 'utf8' })
}
const BEFORE = { rewrite: loadOfADeadDesk }

/** A card that gives no answer any more. */
const WORN = '3104999000000001014'
/** Services that whoever stands first in the list may ask for. */
const FIRST_COMES = ['refund_readable', 'refund_unreadable', 'refund_due', 'reissue_lost', 'replace_damaged', 'replace_faulty', 'first_issue', 'temporary_loss']
/** Services that pupils themselves may ask for. */
const PUPILS_COME = ['pick_up', 'send_again']
/** Who comes for what nobody else could get. */
const CARDS = { replace_damaged: '2150999000000011', replace_faulty: '2150999000000012' }
const LAID = { 'pick_up purse': ['purse-made'], 'pick_up pupil': ['education-made'], 'loss_release purse': ['purse-lost'] }
const PUPILS_CARD = '2150999000000010'
const COMES = {
  'pick_up purse': person('resident-0030').number,
  'pick_up pupil': person('pupil-0024').number,
  'send_again pupil': person('pupil-0025').number,
  'application purse': person('resident-0031').number,
  'replace_damaged pupil': person('pupil-0011').number,
  'replace_faulty pupil': person('pupil-0012').number,
  'loss_release purse': person('resident-0012').number,
  'card_return pupil': person('pupil-0002').number,
  'card_return purse': person('resident-0001').number,
}
const pupil = person('pupil-0010').number
const resident = person('resident-0002').number

try {
  await main()
  console.log(`all services done in ${((Date.now() - began) / 1000).toFixed(1)} s`)
} catch (error) {
  console.error(error)
  await desk?.picture(`${out}/services/failed.png`).catch(() => {})
  process.exitCode = 1
} finally {
  await desk?.close().catch(() => {})
}
process.exit(process.exitCode ?? 0)
