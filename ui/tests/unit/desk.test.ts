import { beforeEach, describe, expect, it, vi } from 'vitest'

import type { View } from '../../src/ipc/bindings'
import { views } from '../fixtures/views'

const sent: unknown[] = []
let push: (view: View) => void = () => undefined
vi.mock('../../src/ipc', () => ({
  act: (act: unknown) => {
    sent.push(act)
    return Promise.resolve()
  },
  currentView: () => Promise.resolve(views.home),
  onView: (show: (view: View) => void) => {
    push = show
    return Promise.resolve(() => undefined)
  },
}))

const { announcement } = await import('../../src/app/announce')
const desk = await import('../../src/app/desk')

describe('the desk behind the window', () => {
  beforeEach(async () => {
    sent.length = 0
    await desk.connect()
  })

  it('sends one act of twenty clicks', () => {
    for (let at = 0; at < 20; at += 1) desk.send({ act: 'start', service: 'cardQuery', programme: 'x' })
    expect(sent.length).toBe(1)
    desk.show({ ...(views.home as View), revision: 9000 })
    desk.send({ act: 'readAgain' })
    expect(sent.length).toBe(2)
    desk.show({ ...(views.home as View), revision: 9001 })
  })

  it('always lets the clerk lock the screen', () => {
    desk.send({ act: 'readAgain' })
    desk.send({ act: 'lock' })
    expect(sent).toContainEqual({ act: 'lock' })
  })

  it('never goes back to an older view', () => {
    push({ ...(views.home as View), revision: 9100 })
    push({ ...(views.locked as View), revision: 9099 })
    expect(desk.stage.value.stage).toBe('home')
  })
})

describe('the live region', () => {
  it('has something to say on every screen', () => {
    for (const [name, view] of Object.entries(views)) expect(announcement(view), name).not.toBe('')
  })
  it('reads the key of a pay-out and what is given back', () => {
    expect(announcement(views.act as View)).toContain('按 F5 付现金 36.50 元')
    expect(announcement(views.ended as View)).toContain('请归还：市民卡、退款凭证')
  })
})
