// The main job in the real window, by keyboard alone: sign in, float, identity check and loss reissue, refund, refund above
// the limit, password reset, daily report. Runs inside `scripts/run`, which starts everything around it. Prints every step
// with its time, leaves pictures and papers in out/, and fails where desk, centre and recomputation differ or axe finds
// anything.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'

import { openWindow, sleep } from './driver.mjs'
import { handsAt, person, question, tray } from './hands.mjs'

const { CARDDESK_BIN: bin, CARDDESK_OUT: out, CARDDESK_WORK: work, CARDDESK_ENROL_CODE: code } = process.env
const axe = readFileSync(new URL('../../ui/node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const began = Date.now()
const findings = []
let desk
let hands

const look = (name) => hands.look('screens', name)
const until = (...names) => hands.until(...names)
const press = (chord) => hands.press(chord)

async function step(name, act) {
  const start = Date.now()
  await act()
  console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${name}  (${Date.now() - start} ms)`)
}

/** Answers questions as they come, each once, until the one named `last` is asked. */
async function walk(last, answers) {
  const names = [last, ...Object.keys(answers)]
  let handled = ''
  for (;;) {
    const at = await until(...names)
    if (question(at).startsWith(last)) return
    if (at.question === handled || at.ask === 'busy') {
      await sleep(50)
      continue
    }
    handled = at.question
    const name = Object.keys(answers).find((start) => question(at).startsWith(start))
    await answers[name](at)
  }
}

async function ended() {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    const at = await desk.at()
    if (at?.stage === 'case' && at.ask === 'ended') {
      const text = (await desk.text('main')).replaceAll(/\s+/g, ' ')
      assert.equal(await desk.run(`return document.querySelector('[data-good]')?.dataset.good`), 'true', `the case ended badly: ${text.slice(0, 600)}`)
      return text
    }
    await sleep(50)
  }
  await desk.picture(`${out}/screens/failed.png`)
  throw new Error(`the case does not end: ${JSON.stringify(await desk.at())} ${(await desk.text('main')).replaceAll(/\s+/g, ' ').slice(0, 500)}`)
}

async function choose(label) {
  const key = await desk.run(
    `for (const row of document.querySelectorAll('main li, main [role=option], main button, main label')) { const text = row.innerText || ''; if (text.includes(arguments[0])) { const digit = text.match(/[1-9]/); if (digit) return digit[0] } } return null`,
    label,
  )
  assert.ok(key, `no option “${label}” in: ${(await desk.text('main')).slice(0, 400)}`)
  await press(key)
}

/** Fills the form on the screen: text is typed, a tick takes Space, a choice its digit. */
async function fill(values) {
  for (const [field, value] of Object.entries(values)) {
    await desk.focusField(field)
    if (value === true) await desk.press('Space')
    else await desk.type(value)
  }
  const { revision } = await desk.at()
  await desk.press('Enter')
  await desk.waitPast(revision)
}

async function enrol() {
  const done = spawnSync(`${bin}/desk-headless`, ['enrol', '--config', `${work}/desk.toml`, '--code', code], { encoding: 'utf8' })
  assert.equal(done.status, 0, done.stderr)
}

async function main() {
  await step('enrol the desk (keys into the Secret Service)', enrol)
  await step('open the window', async () => {
    desk = await openWindow(`${bin}/carddesk`, { args: ['--config', `${work}/desk.toml`] })
    hands = handsAt(desk, { out, axe, findings })
    await desk.size(1920, 1080)
    await until('@signIn')
  })
  await look('01-sign-in')
  await step('a wrong password is refused', async () => {
    await desk.type('1001')
    await desk.press('Enter')
    await desk.type('wrong')
    await desk.press('Enter')
    await desk.waitText('main', '密码')
    await sleep(300)
  })
  await step('sign in as clerk 1001', async () => {
    await desk.run(`for (const input of document.querySelectorAll('main input')) { input.value = ''; input.dispatchEvent(new Event('input')) } document.querySelector('main input').focus()`)
    await desk.type('1001')
    await desk.press('Enter')
    await desk.type('demo-1001')
    await desk.press('Enter')
    await until('@dayOpen')
  })
  await look('02-day-open')
  await step('float 500.00 and counted blanks (full-width digits)', async () => {
    const blanks = (await desk.text('main')).match(/(\d+)\s*张/)?.[1] ?? '20'
    await desk.type('５００．００')
    await desk.press('Enter')
    await desk.type(blanks)
    await desk.press('Enter')
    await until('@home')
  })
  await look('03-home')

  await step('identity check and loss reissue: pupil, parent, household register refused, identity card accepted', async () => {
    await press('F3')
    await until('role')
    await choose('家长')
    await until('document')
    await look('04-reissue-document')
    await choose('身份证')
    await until('papers')
    await fill({ number: pupil.wrong, expiry: '20351231', original: true, relation: '1' })
    await desk.waitText('main', '校验')
    await look('05-reissue-wrong-check-digit')
    await desk.focusField('number')
    await desk.press('Ctrl+A')
    await fill({ number: pupil.number })
    await until('way')
    await look('06-reissue-way')
    await press('1')
    await until('warn')
    await look('06-reissue-warning')
    await press('Enter')
    await until('fee')
    await look('07-reissue-fee')
    await fill({ tendered: '50' })
    await until('read_card', 'write')
    await look('08-reissue-blank')
    await tray('put blank-1')
    await until('write')
    await look('09-reissue-write')
    const before = await desk.at()
    await desk.press('Enter')
    await sleep(400)
    assert.equal((await desk.at()).question, before.question, 'Enter must not write a card')
    await press('F3')
    await until('validate')
    await press('1')
    await ended()
    await look('10-reissue-done')
    await tray('off')
    await press('Enter')
    await until('@home')
  })

  await step('card on the reader: validity is shown by itself', async () => {
    await tray('put education-expired')
    await desk.waitText('main', '2026')
    await look('11-home-card')
  })
  await step('monthly validation on F2', async () => {
    await press('F2')
    await ended()
    await look('12-validated')
    await tray('off')
    await press('Enter')
    await until('@home')
  })

  await step('refund 36.50 by unload, paid on F5 and never on Enter', async () => {
    await tray('put purse-unload')
    await desk.waitText('main', '36.50')
    await press('F5')
    await until('agree')
    await look('13-refund-agree')
    await press('Enter')
    await until('sign')
    await press('Enter')
    await until('pay')
    await look('14-refund-pay')
    const before = await desk.at()
    await desk.press('Enter')
    await sleep(400)
    assert.equal((await desk.at()).question, before.question, 'Enter must not pay')
    await press('F5')
    await ended()
    await look('15-refund-done')
    await tray('off')
    await press('Enter')
    await until('@home')
  })

  await step('refund 268.00 above the limit: identity, authorised by the staff card of 2001', async () => {
    await tray('put purse-above-limit')
    await desk.waitText('main', '268.00')
    await press('F5')
    await walk('sign', {
      agree: () => press('Enter'),
      role: () => press('1'),
      document: () => press('1'),
      papers: () => fill({ number: resident, expiry: '20351231', original: true }),
      authorise: async () => {
        await look('16-authorise')
        // One reader: the citizen's card off, the supervisor's on, the same card back.
        await tray('put staff-2001')
        await sleep(1500)
        await fill({ card_pin: '200100' })
        const patience = Date.now() + 10_000
        while (question(await desk.at()).startsWith('authorise')) {
          assert.ok(Date.now() < patience, `not authorised: ${(await desk.text('main')).replaceAll(/\s+/g, ' ').slice(0, 400)}`)
          await sleep(50)
        }
        await tray('put purse-above-limit')
      },
    })
    await press('Enter')
    await until('pay')
    await press('F5')
    await ended()
    await look('17-refund-above-limit-done')
    await tray('off')
    await press('Enter')
    await until('@home')
  })

  await step('password reset: decision tree, guardian, original', async () => {
    await press('F6')
    await walk('confirm', {
      tree: async (at) => {
        if (at.question.includes('sms')) await look('18-password-tree')
        await press(at.ask === 'choice' ? '1' : 'Enter')
      },
      role: () => choose('监护人'),
      document: () => choose('身份证'),
      papers: () => fill({ number: pupil.number, expiry: '20351231', original: true, relation: '1' }),
    })
    await look('19-password-confirm')
    await press('Enter')
    await ended()
    await look('20-password-done')
    await press('Enter')
    await until('@home')
  })

  await step('the initial password lets the pupil in once at the E-card platform, then must change', async () => {
    const platform = readFileSync(`${work}/platform`, 'utf8').trim()
    const logIn = async () => {
      const answer = await fetch(`${platform}/v1/log-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ account: pupil.account, password: pupil.number.slice(-6) }),
      })
      const said = await answer.json()
      return said.result ?? said
    }
    assert.equal(await logIn(), 'must_change')
    assert.equal(await logIn(), 'refused')
  })

  await step('how the reader does', async () => {
    await desk.press('Ctrl+T')
    await until('@doctor')
    await look('22-doctor')
    await desk.press('Escape')
    await until('@home')
  })

  await step('head office: an unknown write is written off and an untouched reservation given back, by two', async () => {
    const act = async (key, done) => {
      await desk.press(key)
      await sleep(300)
      await desk.type('device scrapped')
      await desk.press('Enter')
      await desk.type('9002')
      await desk.press('Enter')
      await desk.type('demo-9002')
      await desk.press('Enter')
      await desk.waitText('main', done)
    }
    await desk.press('Ctrl+Q')
    await until('@signIn')
    await desk.type('9001')
    await desk.press('Enter')
    await desk.type('demo-9001')
    await desk.press('Enter')
    await until('@office')
    await desk.waitText('main', 'R-DEMO-0061')
    await look('23-undecided')
    await act('F6', '已核销 R-DEMO-0061')
    await desk.press('ArrowDown')
    await desk.waitText('main', 'R-DEMO-0060')
    await act('F5', '已释放预约 R-DEMO-0060')
    await look('24-undecided-done')
  })

  await step('head office: a faulty file is told by line, the next version is published by two', async () => {
    await desk.press('F3')
    await desk.waitText('main', 'next-rules.toml')
    await desk.press('Enter')
    await desk.waitText('main', 'validity.boundary_day')
    await look('25-rules-faulty')
    await desk.press('ArrowDown')
    await desk.press('Enter')
    await desk.waitText('main', 'SZ-2026-11-24')
    await look('26-rules-good')
    await desk.press('Enter')
    await sleep(300)
    await desk.type('9002')
    await desk.press('Enter')
    await desk.type('demo-9002')
    await desk.press('Enter')
    await desk.waitText('main', '生效中')
    await look('27-rules-published')
    await desk.press('F5')
    await sleep(300)
    await desk.press('1')
    await desk.press('Enter')
    await desk.type('DEMO')
    await desk.press('Enter')
    await desk.type('20270101')
    await desk.press('Enter')
    await desk.type('09:00-12:00')
    await look('28-rules-day')
    await desk.press('Enter')
    await desk.waitText('main', '临时营业日')
    await desk.press('Enter')
    await sleep(300)
    await desk.type('9002')
    await desk.press('Enter')
    await desk.type('demo-9002')
    await desk.press('Enter')
    await desk.waitText('main', '已发布节假日与临时营业时间')
    await desk.waitText('main', 'D20261124-1，自 2026-11-24 起')
    await desk.press('Ctrl+Q')
    await until('@signIn')
  })

  await step('supervisor reads the daily report', async () => {
    await desk.press('Ctrl+Q')
    await until('@signIn')
    await desk.type('2001')
    await desk.press('Enter')
    await desk.type('demo-2001')
    await desk.press('Enter')
    await until('@home', '@dayOpen')
    if ((await desk.at()).stage === 'dayOpen') {
      const blanks = (await desk.text('main')).match(/(\d+)\s*张/)?.[1] ?? '0'
      await desk.type('500')
      await desk.press('Enter')
      await desk.type(blanks)
      await desk.press('Enter')
      await until('@home')
    }
    await desk.press('F9')
    await until('@report')
    await desk.waitText('main', '304.50')
    await sleep(800)
    await look('21-report')
    await desk.press('F11')
    await sleep(1500)
    await desk.press('Ctrl+O')
    await until('@outletReport')
    await desk.waitText('main', '各窗口与中心相符')
    await look('29-outlet-report')
    await desk.press('F11')
    await desk.waitText('main', '已打印')
    await desk.press('Ctrl+O')
    await until('@report')
    await desk.waitText('main', '三方相符')
    await sleep(500)
  })

  const text = (await desk.text('main')).replaceAll(/\s+/g, ' ')
  const papers = readdirSync(`${out}/papers`).filter((name) => name.endsWith('.pdf'))
  writeFileSync(`${out}/report.txt`, text)
  for (const paper of papers) execFileSync('pdftotext', ['-layout', `${out}/papers/${paper}`, `${out}/papers/${paper.replace('.pdf', '.txt')}`])
  const totals = await desk.run(`return [...document.querySelectorAll('.totals tbody tr')].map((row) => { const [total, desk, centre, recomputed] = [...row.children].map((cell) => cell.innerText.trim()); return { total, desk, centre, recomputed } })`)
  console.log(`papers: ${papers.length} PDF files in ${out}/papers`)
  assert.ok(papers.length >= 7, `papers: ${papers}`)
  assert.ok(totals.length >= 3, 'the report shows its totals')
  for (const total of totals) {
    console.log(`total  ${total.total}: desk ${total.desk}  centre ${total.centre}  recomputed ${total.recomputed}`)
    assert.equal(total.desk, total.centre, `${total.total}: desk and centre differ`)
    assert.equal(total.desk, total.recomputed, `${total.total}: desk and recomputation differ`)
  }
  assert.deepEqual(findings, [], 'findings of axe and layout')
  console.log(`axe: no finding on ${readdirSync(`${out}/screens`).filter((name) => name.endsWith('-1366x768.png')).length} screens`)
}

const pupil = person('pupil-0010')
const resident = person('resident-0002').number
pupil.wrong = pupil.number.slice(0, 17) + (pupil.number.endsWith('X') ? '0' : pupil.number.endsWith('1') ? '2' : '1')

try {
  await main()
  console.log(`main job done in ${((Date.now() - began) / 1000).toFixed(1)} s`)
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await desk?.close().catch(() => {})
}
process.exit(process.exitCode ?? 0)
