import { describe, expect, it } from 'vitest'

import { capOf, chordFrom, KEYS, NEVER_ACTS, TAKEN_FROM_THE_WEB_VIEW, type KeyRow } from '../../src/app/keys'
import { views } from '../fixtures/views'

const rows = Object.values(KEYS) as KeyRow[]

describe('the key table', () => {
  it('gives no key two meanings in one place', () => {
    for (const row of rows) {
      for (const place of row.places) {
        const others = rows.filter(
          (other) =>
            other !== row &&
            other.chord === row.chord &&
            (other.places.includes(place) || other.places.includes('everywhere') || place === 'everywhere'),
        )
        expect(
          others.map((other) => other.label),
          `${row.chord} ${row.label} in ${place}`,
        ).toEqual([])
      }
    }
  })

  it('holds the plan of the counter', () => {
    const plan: Record<string, string> = {
      F1: '帮助',
      F2: '增效',
      F3: '补卡',
      F4: '换卡',
      F5: '退值',
      F6: '密码',
      F7: '查询',
      F9: '主管',
      Escape: '返回',
      Enter: '下一步',
      'Ctrl+L': '锁屏',
    }
    for (const [chord, label] of Object.entries(plan)) {
      expect(rows.find((row) => row.chord === chord)?.label).toContain(label)
    }
    expect(rows.filter((row) => row.chord === 'F10').map((row) => row.label)).toEqual(['恢复未完', '挂起'])
    expect(rows.filter((row) => row.chord === 'F12').length).toBe(3)
  })

  it('takes every key of its own away from the web view', () => {
    for (const row of rows.filter((one) => /^(F\d+|Ctrl\+.)$/.test(one.chord))) {
      expect(TAKEN_FROM_THE_WEB_VIEW.has(row.chord), row.chord).toBe(true)
    }
  })

  it('never lets Enter, the space bar, Esc or a key of the frame be the key of a pay-out', () => {
    for (const chord of ['Enter', 'Space', 'Escape', 'F1', 'F10', 'F12', 'Tab']) expect(NEVER_ACTS.has(chord)).toBe(true)
    for (const view of Object.values(views)) {
      if (view.stage.stage === 'case' && view.stage.question.ask.ask === 'act')
        expect(NEVER_ACTS.has(view.stage.question.ask.key)).toBe(false)
    }
  })
})

describe('naming a key', () => {
  const press = (init: KeyboardEventInit) => chordFrom(new KeyboardEvent('keydown', init))
  it('knows letters, function keys and the space bar', () => {
    expect(press({ key: 'l', ctrlKey: true })).toBe('Ctrl+L')
    expect(press({ key: 'F5' })).toBe('F5')
    expect(press({ key: ' ' })).toBe('Space')
    expect(press({ key: '+', ctrlKey: true, shiftKey: true })).toBe('Ctrl+=')
    expect(press({ key: 'R', ctrlKey: true, shiftKey: true })).toBe('Ctrl+R')
  })
  it('reads a full-width digit as a digit', () => {
    expect(press({ key: '３' })).toBe('3')
  })
  it('prints caps', () => {
    expect(capOf('Escape')).toBe('Esc')
    expect(capOf('F5')).toBe('F5')
  })
})
