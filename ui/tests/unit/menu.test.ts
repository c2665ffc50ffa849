import { describe, expect, it } from 'vitest'

import { fit, found, looksLikeNumber, ofKey, plainQuery } from '../../src/app/menu'
import { views } from '../fixtures/views'

const at = views.homeMany?.stage
const services = at?.stage === 'home' ? at.services : []
const names = (typed: string): string[] => found(services, typed).map((one) => one.label)

describe('finding a service', () => {
  it('knows number, initials and name, however they are typed', () => {
    expect(names('09')).toEqual(['不可读退值登记'])
    expect(names('０９')).toEqual(['不可读退值登记'])
    expect(names('MMCZ')).toEqual(['密码重置'])
    expect(names('换卡').sort()).toEqual(['信息变更换卡', '损坏换卡', '损坏换卡', '质量换卡'].sort())
    expect(names('zzzz')).toEqual([])
    expect(names(' ')).toEqual([])
  })
  it('puts the whole number before its beginning, and a beginning before a middle', () => {
    expect(names('1')[0]).toBe('月度增效')
    expect(names('cz')[0]).toBe('充值')
  })
  it('never gives two services of one programme the same number', () => {
    const all = services.map((one) => `${one.programme} ${one.number}`)
    expect(new Set(all).size).toBe(all.length)
  })
  it('tells the number of a person from a search', () => {
    expect(looksLikeNumber('3205')).toBe(true)
    expect(looksLikeNumber('09')).toBe(false)
    expect(looksLikeNumber('mmcz')).toBe(false)
  })
  it('lets the card choose between programmes, and what can be begun before what cannot', () => {
    expect(ofKey(services, 'F3')).toHaveLength(2)
    const one = services.map((service) => ({ ...service, ofCard: service.programme.includes('一卡通') }))
    expect(ofKey(one, 'F3').map((service) => service.programme)).toEqual(['江苏（示范）一卡通'])
    const blocked = services.map((service) => (service.label === '损坏换卡' ? { ...service, blocked: null } : service))
    expect(ofKey(blocked, 'F4').length).toBeGreaterThan(1)
  })
  it('makes nothing of an empty query', () => {
    expect(plainQuery(' Ｍ m ')).toBe('mm')
    for (const service of services) expect(fit(service, '')).toBe(0)
  })
})
