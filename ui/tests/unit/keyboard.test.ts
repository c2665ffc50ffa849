import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'

import { listenToKeys, useLayer, type Layer } from '../../src/app/keyboard'

const mounted: VueWrapper[] = []
function lay(layer: Layer, html: () => ReturnType<typeof h> = () => h('div')): VueWrapper {
  const wrapper = mount(
    defineComponent({
      setup() {
        useLayer(layer)
        return html
      },
    }),
    { attachTo: document.body },
  )
  mounted.push(wrapper)
  return wrapper
}
function press(key: string, init: KeyboardEventInit & { keyCode?: number } = {}, target: EventTarget = document.body): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init })
  if (init.keyCode !== undefined) Object.defineProperty(event, 'keyCode', { value: init.keyCode })
  target.dispatchEvent(event)
  return event
}

beforeAll(() => listenToKeys(window))
afterEach(() => {
  while (mounted.length > 0) mounted.pop()?.unmount()
})

describe('layers', () => {
  it('gives a key to the uppermost layer that knows it', () => {
    const below = vi.fn()
    const above = vi.fn()
    lay({
      bindings: () => [
        { chord: 'F9', run: below },
        { chord: 'F7', run: below },
      ],
    })
    lay({ bindings: () => [{ chord: 'F9', run: above }] })
    press('F9')
    expect(above).toHaveBeenCalledOnce()
    expect(below).not.toHaveBeenCalled()
    press('F7')
    expect(below).toHaveBeenCalledOnce()
  })

  it('lets nothing through a dialog', () => {
    const pay = vi.fn()
    const go = vi.fn()
    lay({ act: () => ({ chord: 'F5', label: '付款', danger: true, run: pay }), next: () => ({ label: '下一步', run: go }) })
    lay({ modal: true, bindings: () => [] })
    press('F5')
    press('Enter')
    expect(pay).not.toHaveBeenCalled()
    expect(go).not.toHaveBeenCalled()
  })
})

describe('a named act', () => {
  it('is done by its key and by nothing else', () => {
    const pay = vi.fn()
    lay({ act: () => ({ chord: 'F5', label: '付款', danger: true, run: pay }) })
    for (const key of ['Enter', ' ', 'Escape', 'F4', '5']) press(key)
    expect(pay).not.toHaveBeenCalled()
    press('F5')
    expect(pay).toHaveBeenCalledOnce()
  })

  it('is not done by a key held down', () => {
    const pay = vi.fn()
    lay({ act: () => ({ chord: 'F5', label: '付款', danger: true, run: pay }) })
    for (let at = 0; at < 20; at += 1) press('F5', { repeat: true })
    expect(pay).not.toHaveBeenCalled()
  })

  it('is refused when the desk names Enter as its key', () => {
    const pay = vi.fn()
    lay({ act: () => ({ chord: 'Enter', label: '付款', danger: true, run: pay }) })
    press('Enter')
    expect(pay).not.toHaveBeenCalled()
  })
})

describe('the next step', () => {
  it('takes Enter once, and not while it is held', () => {
    const go = vi.fn()
    lay({ next: () => ({ label: '下一步', run: go }) })
    press('Enter')
    press('Enter', { repeat: true })
    press('Enter', { repeat: true })
    expect(go).toHaveBeenCalledOnce()
  })

  it('leaves Enter to a button that has the focus, but not when held', () => {
    const go = vi.fn()
    const wrapper = lay({ next: () => ({ label: '下一步', run: go }) }, () => h('button', '别的'))
    expect(press('Enter', {}, wrapper.element).defaultPrevented).toBe(false)
    expect(press('Enter', { repeat: true }, wrapper.element).defaultPrevented).toBe(true)
    expect(go).not.toHaveBeenCalled()
  })

  it('does nothing while it is disabled', () => {
    const go = vi.fn()
    lay({ next: () => ({ label: '下一步', run: go, disabled: true }) })
    press('Enter')
    expect(go).not.toHaveBeenCalled()
  })
})

describe('typing', () => {
  it('leaves every key of a composition alone', () => {
    const go = vi.fn()
    lay({ next: () => ({ label: '下一步', run: go }), bindings: () => [{ chord: '1', run: go }] })
    press('Enter', { isComposing: true })
    press('Enter', { keyCode: 229 })
    press('1', { keyCode: 229 })
    expect(go).not.toHaveBeenCalled()
  })

  it('does not take digits out of a text box', () => {
    const choose = vi.fn()
    const wrapper = lay({ bindings: () => [{ chord: '1', run: choose }] }, () => h('input', { type: 'text' }))
    press('1', {}, wrapper.element)
    expect(choose).not.toHaveBeenCalled()
    press('1')
    expect(choose).toHaveBeenCalledOnce()
  })

  it('lets a letter be held down in a text box', () => {
    const wrapper = lay({}, () => h('input', { type: 'text' }))
    expect(press('a', { repeat: true }, wrapper.element).defaultPrevented).toBe(false)
    expect(press('Backspace', { repeat: true }, wrapper.element).defaultPrevented).toBe(false)
  })

  it('keeps reload and the like from the web view', () => {
    for (const [key, init] of [
      ['F5', {}],
      ['r', { ctrlKey: true }],
      ['F7', {}],
      ['p', { ctrlKey: true }],
    ] as const) {
      expect(press(key, init).defaultPrevented).toBe(true)
    }
  })
})
