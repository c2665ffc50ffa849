// One listener for the whole window. Screens lay their keys over each other as layers; the uppermost that knows a key
// takes it, and a dialog lets nothing through.
import { computed, onBeforeUnmount, shallowReactive } from 'vue'

import { chordFrom, NEVER_ACTS, TAKEN_FROM_THE_WEB_VIEW } from './keys'

export interface Binding {
  chord: string
  /** Shown in the key bar; without it the key works unseen. */
  label?: string
  run: () => void
}

/** The one next step, at the bottom right. */
export interface NextStep {
  label: string
  run: () => void
  disabled?: boolean
  /** Submits this form instead, so that the browser's own form rules apply. */
  form?: string
}

/** An act on a named key, shown in the place of the next step. Neither Enter nor a click does it. */
export interface NamedAct {
  chord: string
  label: string
  danger: boolean
  run: () => void
}

export interface Layer {
  modal?: boolean
  bindings?: () => Binding[]
  next?: () => NextStep | null
  act?: () => NamedAct | null
}

const layers = shallowReactive<Layer[]>([])

export function useLayer(layer: Layer): void {
  layers.push(layer)
  onBeforeUnmount(() => {
    const at = layers.indexOf(layer)
    if (at >= 0) layers.splice(at, 1)
  })
}

function fromTheTop(): Layer[] {
  const seen: Layer[] = []
  for (let at = layers.length - 1; at >= 0; at -= 1) {
    const layer = layers[at]
    if (!layer) continue
    seen.push(layer)
    if (layer.modal) break
  }
  return seen
}

function below(): Layer[] {
  return [...layers].filter((layer) => !layer.modal).reverse()
}

export const nextStep = computed(
  () =>
    below()
      .map((layer) => layer.next?.() ?? null)
      .find((step) => step !== null) ?? null,
)
export const namedAct = computed(
  () =>
    below()
      .map((layer) => layer.act?.() ?? null)
      .find((act) => act !== null) ?? null,
)
export const shownKeys = computed(() => {
  const known = new Set<string>()
  return below()
    .flatMap((layer) => layer.bindings?.() ?? [])
    .filter((binding) => binding.label !== undefined && !known.has(binding.chord) && known.add(binding.chord))
})

function isTextBox(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && !['radio', 'checkbox', 'button'].includes(target.type)
}

function isOwnActor(target: EventTarget | null): boolean {
  return target instanceof HTMLButtonElement
}

function find(chord: string): (() => void) | null {
  for (const layer of fromTheTop()) {
    const act = layer.act?.()
    if (act && act.chord === chord && !NEVER_ACTS.has(chord)) return act.run
    const binding = layer.bindings?.().find((one) => one.chord === chord)
    if (binding) return binding.run
    const next = layer.next?.()
    if (next && chord === 'Enter' && !next.disabled) return next.run
  }
  return null
}

export function handle(event: KeyboardEvent): void {
  // A key that belongs to the input method is not ours. WebKitGTK sends 229 before it says that it composes.
  if (event.isComposing || event.keyCode === 229) return
  const chord = chordFrom(event)
  const acting = chord === 'Enter' || chord === 'Escape' || chord === 'Space' || /^(F\d+|Ctrl\+.)$/.test(chord) || !isTextBox(event.target)
  if (TAKEN_FROM_THE_WEB_VIEW.has(chord)) event.preventDefault()
  // A key held down acts once.
  if (event.repeat && acting && !chord.startsWith('Arrow') && chord !== 'Tab' && !(chord === 'Space' && isTextBox(event.target))) {
    event.preventDefault()
    event.stopPropagation()
    return
  }
  // A button that has the focus answers Enter itself.
  if (chord === 'Enter' && isOwnActor(event.target)) return
  if (/^\d$/.test(chord) && isTextBox(event.target)) return
  const run = find(chord)
  if (!run) return
  event.preventDefault()
  event.stopPropagation()
  run()
}

export function listenToKeys(target: Window): void {
  target.addEventListener('keydown', handle, { capture: true })
  target.addEventListener('contextmenu', (event) => event.preventDefault())
}
