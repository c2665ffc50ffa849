// What has not changed keeps its identity.
import { expect, test } from 'vitest'

import { kept } from '../../src/app/kept'

const view = () => ({ revision: 1, stage: { fields: [{ id: 'number', error: null as string | null }], message: null }, clock: '10:00' })

test('an equal view is the view before', () => {
  const before = view()
  expect(kept(before, view())).toBe(before)
})

test('a tick of the clock leaves the question what it was', () => {
  const before = view()
  const next = kept(before, { ...view(), revision: 2, clock: '10:01' })
  expect(next).not.toBe(before)
  expect(next.stage).toBe(before.stage)
  expect(next.clock).toBe('10:01')
})

test('a change below is seen above, and only there', () => {
  const before = view()
  const changed = view()
  changed.stage.fields[0]!.error = '校验位错误'
  const next = kept(before, changed)
  expect(next.stage).not.toBe(before.stage)
  expect(next.stage.fields[0]!.error).toBe('校验位错误')
})

test('arrays grow and shrink', () => {
  expect(kept([1, 2], [1])).toEqual([1])
  expect(kept([1], [1, 2])).toEqual([1, 2])
  expect(kept<unknown>([], {})).toEqual({})
})
