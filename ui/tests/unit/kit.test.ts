import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { nextTick, ref } from 'vue'

import { firstOpen, TICKED, useTyped } from '../../src/app/form'
import type { FieldView, HourView } from '../../src/ipc/bindings'
import CardFace from '../../src/kit/CardFace.vue'
import ChoiceList from '../../src/kit/ChoiceList.vue'
import DayPicture from '../../src/kit/DayPicture.vue'
import Field from '../../src/kit/Field.vue'
import Notice from '../../src/kit/Notice.vue'
import RadioRow from '../../src/kit/RadioRow.vue'
import TextInput from '../../src/kit/TextInput.vue'
import Tick from '../../src/kit/Tick.vue'
import FieldRow from '../../src/screens/ask/FieldRow.vue'
import { pupilCard, refusal } from '../fixtures/views'

const field = (over: Partial<FieldView> = {}): FieldView => ({
  id: 'number',
  label: '号码',
  kind: 'digits',
  value: '',
  options: [],
  hint: null,
  required: true,
  error: null,
  ...over,
})
const options = [
  { id: 'a', key: '1', label: '甲', hint: null },
  { id: 'b', key: '2', label: '乙', hint: '提示' },
]

describe('Field', () => {
  it('ties label, hint and error to the input', () => {
    const wrapper = mount(Field, {
      props: { label: '证件号码', hint: '18 位', error: '位数不够', required: true },
      slots: {
        default: `<template #default="slot"><input :id="slot.id" :aria-describedby="slot.described" :aria-invalid="slot.invalid" /></template>`,
      },
    })
    const input = wrapper.get('input')
    expect(wrapper.get('label').attributes('for')).toBe(input.attributes('id'))
    const said = input
      .attributes('aria-describedby')
      ?.split(' ')
      .map((id) => wrapper.get(`[id="${id}"]`).text())
    expect(said).toEqual(['位数不够', '18 位'])
    expect(input.attributes('aria-invalid')).toBe('true')
  })
})

describe('TextInput', () => {
  it('passes on what is typed as it is typed', async () => {
    const wrapper = mount(TextInput, { props: { modelValue: '', kind: 'digits' } })
    await wrapper.get('input').setValue('３２０５ｘ')
    expect(wrapper.emitted('update:modelValue')).toEqual([['３２０５ｘ']])
  })
  it('hides a password and remembers nothing', () => {
    const input = mount(TextInput, { props: { modelValue: 'x', kind: 'password' } }).get('input')
    expect(input.attributes('type')).toBe('password')
    expect(input.attributes('autocomplete')).toBe('off')
  })
})

describe('FieldRow', () => {
  it('shows a number in its printed groups, in plain digits', () => {
    const wrapper = mount(FieldRow, { props: { field: field({ kind: 'idNumber' }), modelValue: '３２０５０８20150307001x' } })
    expect(wrapper.get('.aside').text()).toBe('320508 20150307 001x　18 位')
    expect((wrapper.get('input').element as HTMLInputElement).value).toBe('３２０５０８20150307001x')
  })
  it('takes every kind of field', () => {
    const made = (kind: string) => mount(FieldRow, { props: { field: field({ kind, options }), modelValue: '' } }).html()
    expect(made('amount')).toContain('元')
    expect(made('password')).toContain('type="password"')
    expect(made('date')).toContain('八位数字')
    expect(made('tick')).toContain('type="checkbox"')
    expect(made('choice')).toContain('type="radio"')
    expect(made('text')).toContain('type="text"')
    expect(made('cardNumber')).toContain('inputmode="numeric"')
  })
  it('sends a tick as the agreed word', async () => {
    const wrapper = mount(FieldRow, { props: { field: field({ kind: 'tick' }), modelValue: '' } })
    await wrapper.get('input').setValue(true)
    expect(wrapper.emitted('update:modelValue')).toEqual([[TICKED]])
  })
})

describe('RadioRow and Tick', () => {
  it('chooses by digit', async () => {
    const wrapper = mount(RadioRow, { props: { label: '关系', options, modelValue: '' } })
    await wrapper.get('fieldset').trigger('keydown', { key: '2' })
    expect(wrapper.emitted('update:modelValue')).toEqual([['b']])
  })
  it('does not choose while composing', async () => {
    const wrapper = mount(RadioRow, { props: { label: '关系', options, modelValue: '' } })
    await wrapper.get('fieldset').trigger('keydown', { key: '2', isComposing: true })
    expect(wrapper.emitted('update:modelValue')).toBeUndefined()
  })
  it('says its error', () => {
    const wrapper = mount(Tick, { props: { label: '已核对原件', modelValue: false, error: '请核对' } })
    expect(wrapper.get(`[id="${wrapper.get('input').attributes('aria-describedby')}"]`).text()).toBe('请核对')
  })
})

describe('ChoiceList', () => {
  it('puts the focus on the first and chooses by click', async () => {
    const wrapper = mount(ChoiceList, { props: { options, label: '选' }, attachTo: document.body })
    await nextTick()
    await nextTick()
    expect(document.activeElement?.textContent).toContain('甲')
    await wrapper.findAll('button')[1]?.trigger('click')
    expect(wrapper.emitted('choose')).toEqual([['b']])
    wrapper.unmount()
  })
})

describe('Notice', () => {
  it('shows text, remedy, code and rule, and its kind in words', () => {
    const text = mount(Notice, { props: { message: refusal } }).text()
    for (const part of ['不能办理', refusal.text, refusal.remedy, refusal.code, 'R-SZ-48']) expect(text).toContain(part)
  })
})

describe('CardFace', () => {
  it('says validity in words, not in colour alone', () => {
    const said = (validity: string) => mount(CardFace, { props: { card: pupilCard(validity, '2026-11-28') } }).text()
    expect(said('valid')).toContain('有效')
    expect(said('ending')).toContain('即将到期')
    expect(said('expired')).toContain('已过期')
  })
})

describe('DayPicture', () => {
  it('draws one bar an hour, the highest the tallest, and says the same in words', () => {
    const hours: HourView[] = [
      { hour: 9, count: 2, moneyIn: 2000, moneyOut: 0 },
      { hour: 10, count: 4, moneyIn: 0, moneyOut: 3655 },
    ]
    const wrapper = mount(DayPicture, { props: { hours } })
    const heights = wrapper.findAll('rect.cases').map((bar) => Number(bar.attributes('height')))
    expect(heights[1]).toBeCloseTo((heights[0] ?? 0) * 2)
    expect(wrapper.get('svg').attributes('aria-label')).toContain('10时 4笔，收 0.00，退 36.55')
    expect(wrapper.html()).not.toContain('style=')
  })
})

describe('what is typed', () => {
  it('stays when the same question comes back with an error', async () => {
    const fields = ref([field({ id: 'a' }), field({ id: 'b' })])
    const typed = useTyped(() => fields.value)
    typed.a = '12'
    typed.b = '34'
    fields.value = [field({ id: 'a', error: '不对' }), field({ id: 'b', value: '99' })]
    await nextTick()
    expect(typed).toEqual({ a: '12', b: '99' })
  })
  it('names the first required field that is empty', () => {
    const fields = [field({ id: 'a', required: false }), field({ id: 'b' }), field({ id: 'c' })]
    expect(firstOpen(fields, { a: '', b: ' ', c: '' })?.id).toBe('b')
    expect(firstOpen(fields, { a: '', b: '1', c: '2' })).toBeUndefined()
  })
})
