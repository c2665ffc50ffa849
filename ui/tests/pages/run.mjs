// Every screen in a real browser, under the real content policy: axe, no page scroll, and the work done by keyboard alone.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

import { open } from './browser.mjs'
import { loadViews } from './fixtures.mjs'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const views = await loadViews()
const browser = await open()
const only = process.argv[2]
let passed = 0
const failed = []

async function check(name, run) {
  if (only && !name.includes(only)) return
  try {
    await run()
    passed += 1
  } catch (error) {
    failed.push(name)
    console.log(`FAIL ${name}\n  ${error.message.split('\n').slice(0, 12).join('\n  ')}`)
  }
}

async function findings(page) {
  // Through the debugger, not through a script element: the page's policy stays as it is.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  return page.evaluate(async () => {
    const result = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
    return result.violations.map(
      (one) =>
        `${one.id}: ${one.nodes
          .map((node) => `${node.target} ${node.any[0]?.message ?? ''}`)
          .slice(0, 3)
          .join(' | ')}`,
    )
  })
}

const scrolls = (page) =>
  page.evaluate(() => {
    const root = document.documentElement
    const bar = document.querySelector('footer').getBoundingClientRect()
    return {
      wide: root.scrollWidth > innerWidth,
      high: root.scrollHeight > innerHeight,
      bar: Math.round(bar.bottom) === innerHeight && bar.left === 0 && Math.round(bar.right) === innerWidth,
    }
  })

const LOOKS = [
  ['1366', { size: [1366, 768] }],
  ['1366 dark', { size: [1366, 768], dark: true }],
  ['1366 125 %', { size: [1366, 768], text: '125' }],
  ['1920', { size: [1920, 1080] }],
  ['1920 dark 125 %', { size: [1920, 1080], dark: true, text: '125' }],
]
let revision = 100000
const next = (view, change = {}) => ({ ...structuredClone(view), ...change, revision: (revision += 1) })

for (const [label, options] of LOOKS) {
  const page = await browser.page(views.starting, options)
  for (const [name, view] of Object.entries(views)) {
    await check(`look: ${name} ${label}`, async () => {
      page.faults.length = 0
      await page.show(next(view))
      assert.deepEqual(await findings(page), [], 'axe')
      assert.deepEqual(await scrolls(page), { wide: false, high: false, bar: true }, 'page scroll')
      assert.deepEqual(page.faults, [], 'page faults')
      const at = await page.evaluate(() => ({ ...document.querySelector('main').dataset }))
      assert.equal(at.stage, view.stage.stage)
      if (view.stage.stage === 'case') {
        assert.equal(at.question, view.stage.question.id)
        assert.equal(at.ask, view.stage.question.ask.ask)
      }
    })
  }
  await page.done()
}

/** Runs one keyboard journey on a view. */
async function journey(name, view, run) {
  await check(`keys: ${name}`, async () => {
    const page = await browser.page(view)
    try {
      await run(page, page.keyboard)
      assert.deepEqual(page.faults, [])
    } finally {
      await page.done()
    }
  })
}

await journey('sign in', views.signIn, async (page, keys) => {
  await keys.type('1001')
  await keys.press('Enter')
  await keys.type('geheim')
  await keys.press('Enter')
  assert.deepEqual(await page.acts(), [{ act: 'signIn', operator: '1001', password: 'geheim' }])
  assert.equal(await page.inputValue('input[type=password]'), '', 'the password is not kept')
})
await journey('sign in again after a wrong password', views.signIn, async (page, keys) => {
  await keys.type('1001')
  await keys.press('Tab')
  await keys.type('x')
  await keys.press('Enter')
  await page.show(next(views.signInWrong))
  await keys.type('y')
  await keys.press('Enter')
  assert.deepEqual((await page.acts())[1], { act: 'signIn', operator: '1001', password: 'y' })
})
await journey('unlock', views.locked, async (page, keys) => {
  await keys.type('geheim')
  await keys.press('Enter')
  assert.deepEqual(await page.acts(), [{ act: 'unlock', password: 'geheim' }])
})
await journey('open the day, full-width digits as typed', views.dayOpen, async (page, keys) => {
  await keys.insertText('５００')
  await keys.press('Enter')
  await keys.insertText('40')
  await keys.press('Enter')
  assert.deepEqual(await page.acts(), [{ act: 'openDay', float: '５００', blanks: '40' }])
})
await journey('find a service by its initials, its number and its name', views.homeMany, async (page, keys) => {
  await keys.type('mmcz')
  await keys.press('Enter')
  await page.show(next(views.homeMany))
  await keys.insertText('０９')
  await keys.press('Enter')
  await page.show(next(views.homeMany))
  await keys.insertText('拾获')
  await keys.press('Enter')
  assert.deepEqual(
    (await page.acts()).map((act) => act.service),
    ['passwordReset', 'refundUnreadable', 'cardFound'],
  )
  assert.equal(await page.inputValue('input.find'), '', 'nothing typed is left behind')
})
await journey('two programmes under one number: arrows choose', views.homeMany, async (page, keys) => {
  await keys.type('ysbk')
  assert.equal(await page.locator('[role=option]').count(), 2)
  assert.deepEqual(await findings(page), [])
  await keys.press('ArrowDown')
  await keys.press('Enter')
  assert.deepEqual(await page.acts(), [{ act: 'start', service: 'reissueLost', programme: '江苏（示范）一卡通' }])
})
await journey('with a card only its own services stand there, the others are typed for', views.homeManyCard, async (page, keys) => {
  const programmes = await page.evaluate(() => [...document.querySelectorAll('[role=option]')].map((one) => one.dataset.programme))
  assert.deepEqual([...new Set(programmes)], ['江苏（示范）一卡通'])
  await keys.press('F3')
  assert.deepEqual(await page.acts(), [{ act: 'start', service: 'reissueLost', programme: '江苏（示范）一卡通' }], 'the card chooses')
  await page.show(next(views.homeManyCard))
  await keys.type('ydzx')
  await keys.press('Enter')
  assert.equal((await page.acts()).at(-1).service, 'validation')
})
await journey('a number typed on the home screen is no search for people', views.homeMany, async (page, keys) => {
  await keys.type('320500')
  await keys.press('Enter')
  assert.deepEqual(await page.acts(), [{ act: 'find', typed: '320500' }])
})
await journey('a guidance slip of the service in hand', views.homeMany, async (page, keys) => {
  await keys.press('Control+g')
  assert.deepEqual(await page.acts(), [], 'of none while none is in hand')
  await keys.type('tkzx')
  await keys.press('Control+g')
  assert.deepEqual(await page.acts(), [{ act: 'guide', service: 'cardReturn', programme: '江苏（示范）一卡通' }])
  await keys.press('Escape')
  assert.equal(await page.inputValue('input.find'), '')
})
await journey('the reader by Ctrl+T, and back', views.home, async (page, keys) => {
  await keys.press('Control+t')
  await page.show(next(views.doctor))
  assert.deepEqual(await findings(page), [])
  await keys.press('Escape')
  assert.deepEqual(await page.acts(), [{ act: 'doctor' }, { act: 'home' }])
})
await journey('papers again by Enter, and back', views.home, async (page, keys) => {
  await keys.press('F11')
  await page.show(next(views.papers))
  await keys.press('ArrowDown')
  await keys.press('Enter')
  await page.show(next(views.papers))
  await keys.press('Control+o')
  await page.waitForSelector('dialog[open]')
  assert.deepEqual(await findings(page), [])
  await keys.press('Control+a')
  await keys.type('20261123')
  await keys.press('Enter')
  await page.show(next(views.papers))
  await keys.press('Escape')
  assert.deepEqual(await page.acts(), [
    { act: 'papers', day: '' },
    { act: 'reprint', paper: 'c-业务凭证/x' },
    { act: 'papers', day: '20261123' },
    { act: 'home' },
  ])
})
await journey('the next ticket is called', views.homeMany, async (page, keys) => {
  await keys.press('F12')
  assert.deepEqual(await page.acts(), [{ act: 'callNext' }])
})
await journey('the exception list by keyboard alone', views.home, async (page, keys) => {
  await keys.press('Control+e')
  await page.show(next(views.exceptions))
  await keys.press('ArrowDown')
  await keys.press('2')
  await page.show(next(views.exceptions))
  await keys.press('4')
  await page.waitForSelector('dialog[open]')
  assert.deepEqual(await findings(page), [])
  await keys.press('Enter')
  await keys.insertText('已电话告知')
  await keys.press('Enter')
  const acts = await page.acts()
  assert.deepEqual(
    acts.map((act) => [act.act, act.remedy ?? '', act.note ?? '']),
    [
      ['exceptions', '', ''],
      ['attend', 'call', ''],
      ['attend', 'explain', '已电话告知'],
    ],
  )
  assert.ok(acts.at(-1).line.startsWith('冲突'))
})
await journey('a reservation is given back by two of head office', views.officeUndecided, async (page, keys) => {
  await keys.press('F5')
  assert.equal(await page.$('dialog[open]'), null, 'the first line cannot be given back')
  await keys.press('ArrowDown')
  await keys.press('F5')
  await page.waitForSelector('dialog[open]')
  assert.deepEqual(await findings(page), [])
  await keys.insertText('设备报废')
  await keys.press('Enter')
  await keys.type('9002')
  await keys.press('Enter')
  await keys.type('zweite')
  await keys.press('Enter')
  assert.deepEqual(await page.acts(), [
    { act: 'giveBack', reservation: 'R-DEMO220261124W01000007', reason: '设备报废', second: '9002', password: 'zweite' },
  ])
})
await journey('a rule file is checked, and published by two', views.officeRules, async (page, keys) => {
  await keys.press('ArrowDown')
  await keys.press('Enter')
  await page.show(next(views.officeGood))
  await keys.press('Enter')
  await page.waitForSelector('dialog[open]')
  await keys.type('9002')
  await keys.press('Enter')
  await keys.type('zweite')
  await keys.press('Enter')
  assert.deepEqual(await page.acts(), [
    { act: 'checkFile', file: 'suzhou-education-2026-12.toml' },
    { act: 'publishDraft', second: '9002', password: 'zweite' },
  ])
})
await journey('hours of one day by keyboard alone', views.officeRules, async (page, keys) => {
  await keys.press('F5')
  await page.waitForSelector('dialog[open]')
  assert.deepEqual(await findings(page), [])
  await keys.press('1')
  await keys.press('Enter')
  await keys.type('DEMO')
  await keys.press('Enter')
  await keys.type('20270101')
  await keys.press('Enter')
  await keys.type('09:00-12:00')
  await keys.press('Enter')
  assert.deepEqual(await page.acts(), [
    { act: 'checkDay', programme: 'suzhou-education', outlet: 'DEMO', date: '20270101', hours: '09:00-12:00' },
  ])
})
await journey('a one-time notice with everything that is missing', views.refused, async (page, keys) => {
  const text = await page.textContent('.notice')
  for (const part of ['复印件/照片无效', '校验位错误']) assert.ok(text.includes(part), part)
  await keys.press('F11')
  assert.deepEqual(await page.acts(), [{ act: 'notice', question: 'original' }])
})
await journey('full text: reason, purpose, second person; hidden again at will', views.revealable, async (page, keys) => {
  await keys.press('Control+i')
  await page.waitForSelector('dialog[open]')
  assert.deepEqual(await findings(page), [])
  await keys.press('2')
  await keys.press('Enter')
  await keys.press('1')
  await keys.press('Enter')
  await keys.type('2001')
  await keys.press('Enter')
  await keys.type('zweite')
  await keys.press('Enter')
  await page.show(next(views.revealed))
  assert.equal(await page.$('dialog[open]'), null)
  assert.ok((await page.textContent('[data-full-text]')).includes('欧阳·示例'))
  await keys.press('Control+i')
  assert.deepEqual(await page.acts(), [
    { act: 'reveal', question: 'warn', reason: '核对卡号', purpose: '教学管理', supervisor: '2001', password: 'zweite' },
    { act: 'mask' },
  ])
})
await journey('the screen is neither printed nor saved', views.home, async (page, keys) => {
  await keys.press('Control+p')
  await page.show(next(views.home))
  await keys.press('Control+s')
  assert.deepEqual(await page.acts(), [{ act: 'export' }, { act: 'export' }])
})
await journey('begin a service by its key', views.homePurse, async (page, keys) => {
  await keys.press('F5')
  assert.deepEqual(await page.acts(), [{ act: 'start', service: 'refundReadable', programme: '江苏（示范）一卡通' }])
  assert.equal(await page.evaluate(() => performance.getEntriesByType('navigation').length), 1, 'F5 does not reload')
})
await journey('one key for two programmes asks which', views.home, async (page, keys) => {
  await keys.press('F7')
  await page.waitForSelector('dialog[open]')
  assert.deepEqual(await findings(page), [])
  await keys.press('F5')
  assert.deepEqual(await page.acts(), [], 'nothing below a dialog')
  await keys.press('2')
  assert.deepEqual(await page.acts(), [{ act: 'start', service: 'cardQuery', programme: '江苏（示范）一卡通' }])
})
await journey('a blocked service explains itself', views.homeOffline, async (page, keys) => {
  await keys.press('F5')
  await page.waitForSelector('[data-code=OUTLET_NOT_AUTHORIZED]')
  assert.deepEqual(await page.acts(), [])
  assert.deepEqual(await findings(page), [])
})
await journey('resume an unfinished case', views.homeBusyDay, async (page, keys) => {
  await keys.press('F10')
  await page.waitForSelector('dialog[open]')
  await keys.press('ArrowDown')
  await keys.press('Enter')
  assert.deepEqual(await page.acts(), [{ act: 'resume', case: 'c-2' }])
})
await journey('report, lock, read again', views.home, async (page, keys) => {
  await keys.press('F9')
  await page.show(next(views.home))
  await keys.press('Control+l')
  await page.show(next(views.home))
  await keys.press('Control+r')
  assert.deepEqual(
    (await page.acts()).map((act) => act.act),
    ['report', 'lock', 'readAgain'],
  )
})
await journey('F1 shows rule and original phrase', views.refused, async (page, keys) => {
  await keys.press('F1')
  const text = await page.textContent('dialog[open]')
  for (const part of ['R-SZ-48', 'ORIGINAL_REQUIRED', '补换卡时须提供学生身份证原件或户口簿原件', '本业务须当面核对证件原件'])
    assert.ok(text.includes(part), part)
  assert.deepEqual(await findings(page), [])
  await keys.press('Escape')
  assert.equal(await page.$('dialog[open]'), null)
  assert.deepEqual(await page.acts(), [], 'Esc closed the help, not the case')
})
await journey('the line panel', views.homeOffline, async (page, keys) => {
  await keys.press('Control+k')
  const text = await page.textContent('dialog[open]')
  assert.ok(text.includes('付款须有中心确认号'))
  assert.deepEqual(await findings(page), [])
})
await journey('choose by digit', views.choice, async (page, keys) => {
  await keys.press('2')
  assert.deepEqual(await page.acts(), [{ act: 'choose', question: 'agree', option: 'no' }])
})
await journey('choose by arrow and Enter, once however long it is held', views.choice, async (page, keys) => {
  await keys.press('ArrowDown')
  await keys.press('ArrowUp')
  for (let at = 0; at < 20; at += 1) await keys.down('Enter')
  assert.deepEqual(await page.acts(), [{ act: 'choose', question: 'agree', option: 'yes' }])
})
await journey('a double click answers once', views.choice, async (page) => {
  await page.dblclick('.choice >> nth=0')
  assert.equal((await page.acts()).length, 1)
})
await journey('a form by keyboard alone', views.form, async (page, keys) => {
  await keys.insertText('３２０５０８20150307001ｘ')
  await keys.press('Enter')
  await keys.type('20351231')
  await keys.press('Enter')
  await keys.press('3')
  await keys.press('Enter')
  assert.equal((await page.acts()).length, 0, 'the tick is never made by Enter')
  await keys.press('Space')
  await keys.press('Enter')
  assert.deepEqual(await page.acts(), [
    {
      act: 'fill',
      question: 'identity',
      values: [
        ['number', '３２０５０８20150307001ｘ'],
        ['until', '20351231'],
        ['relation', 'mother'],
        ['original', 'yes'],
      ],
    },
  ])
})
await journey('a box left empty on purpose goes to the desk, which refuses', views.form, async (page, keys) => {
  await page.show(next(views.formMixed))
  await page.show(next(views.form))
  await keys.type('320508201503070012')
  await keys.press('Enter')
  await keys.type('20351231')
  await keys.press('Enter')
  await keys.press('1')
  await keys.press('Enter')
  await keys.press('Enter')
  assert.deepEqual((await page.acts()).at(-1).values.at(-1), ['original', ''])
})
await journey('a wrong field takes the focus and keeps the rest', views.form, async (page, keys) => {
  await keys.type('1')
  await keys.press('Tab')
  await keys.type('20351231')
  await page.show(next(views.formWrong))
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-invalid')), 'true')
  assert.equal(await page.inputValue('[data-field=until] input'), '20351231')
})
await journey('nothing happens while an input method composes', views.form, async (page) => {
  for (const init of [{ isComposing: true }, { keyCode: 229 }]) {
    await page.evaluate(
      (one) =>
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...one })),
      init,
    )
  }
  assert.deepEqual(await page.acts(), [])
  assert.equal(await page.evaluate(() => document.activeElement.closest('[data-field]').dataset.field), 'number', 'the focus stays')
})
await journey('Enter goes on once', views.go, async (page, keys) => {
  for (let at = 0; at < 20; at += 1) await keys.down('Enter')
  assert.deepEqual(await page.acts(), [{ act: 'go', question: 'change' }])
})
await journey('a pay-out: not Enter, not the space bar, not a click, only its key, and once', views.act, async (page, keys) => {
  await keys.press('Enter')
  await keys.press('Space')
  for (let at = 0; at < 12; at += 1) {
    await keys.press('Tab')
    const on = await page.evaluate(() => (document.activeElement === document.body ? '' : document.activeElement.textContent))
    assert.ok(!on.includes('付现金 36.50'), `the act cannot take the focus: ${on}`)
  }
  await page.click('[data-named-act]')
  await page.dblclick('[data-named-act]')
  await page.click('.act .how')
  assert.deepEqual(await page.acts(), [])
  for (let at = 0; at < 20; at += 1) await keys.down('F5')
  assert.deepEqual(await page.acts(), [{ act: 'do', question: 'pay' }])
})
await journey('a key held since the last question does not pay', views.go, async (page, keys) => {
  await keys.down('F5')
  await page.show(next(views.act))
  await keys.down('F5')
  await keys.down('F5')
  assert.deepEqual(await page.acts(), [])
})
await journey('Enter held since the last question does not go on', views.choice, async (page, keys) => {
  await keys.down('Enter')
  await page.show(next(views.go))
  await keys.down('Enter')
  await keys.down('Enter')
  assert.deepEqual(
    (await page.acts()).map((act) => act.act),
    ['choose'],
  )
})
await journey('park, and leave only after being asked', views.choice, async (page, keys) => {
  await keys.press('Escape')
  await page.waitForSelector('dialog[open]')
  assert.deepEqual(await findings(page), [])
  await keys.press('Enter')
  await keys.press('Escape')
  assert.deepEqual(
    (await page.acts()).filter((act) => act.act === 'cancel'),
    [],
    'Enter does not cancel a case',
  )
  await page.show(next(views.choice))
  await keys.press('F12')
  await keys.press('F12')
  assert.deepEqual((await page.acts()).at(-1), { act: 'cancel', question: 'agree' })
  await page.show(next(views.choice))
  await keys.press('F10')
  assert.deepEqual((await page.acts()).at(-1), { act: 'park', question: 'agree' })
})
await journey('a case that cannot be left says so', views.act, async (page, keys) => {
  await keys.press('Escape')
  await page.waitForSelector('.held')
  assert.deepEqual(await page.acts(), [])
})
await journey('a second person authorises', views.authorise, async (page, keys) => {
  await keys.type('2001')
  await keys.press('Enter')
  await keys.type('zweite')
  await keys.press('Enter')
  assert.deepEqual(await page.acts(), [{ act: 'authorise', question: 'authorise', supervisor: '2001', password: 'zweite' }])
  assert.equal(await page.inputValue('input[type=password]'), '')
})
await journey('try again', views.again, async (page, keys) => {
  await keys.press('Enter')
  assert.deepEqual(await page.acts(), [{ act: 'go', question: 'confirm' }])
})
await journey('the end, then the next citizen', views.ended, async (page, keys) => {
  await keys.press('F12')
  assert.deepEqual(await page.acts(), [{ act: 'home' }])
  await page.show(next(views.home))
  assert.equal(await page.getAttribute('main', 'data-stage'), 'home')
})
await journey('print the report and go back', views.report, async (page, keys) => {
  await keys.press('Enter')
  await page.show(next(views.reportDiffers))
  await keys.press('Escape')
  assert.deepEqual(await page.acts(), [{ act: 'printReport' }, { act: 'home' }])
})
await journey('text size and theme', views.home, async (page, keys) => {
  await keys.press('Control+=')
  await keys.press('Control+=')
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize), '20px')
  await keys.press('Control+b')
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
})
await journey('the live region is one and speaks', views.home, async (page) => {
  assert.equal(await page.locator('[aria-live], [role=alert], [role=status]').count(), 1)
  await page.show(next(views.refused))
  assert.ok((await page.textContent('[aria-live]')).includes('复印件/照片无效'))
})
await journey('a message takes the focus where nothing is typed', views.act, async (page) => {
  const change = next(views.again)
  change.stage.message = views.refused.stage.message
  await page.show(change)
  assert.equal(await page.evaluate(() => document.activeElement.dataset.code), 'ORIGINAL_REQUIRED')
})

await browser.close()
console.log(`${passed} passed, ${failed.length} failed`)
process.exit(failed.length === 0 ? 0 : 1)
