// What the desk shows and the one way to ask it for something. Nothing is kept here but the newest view.
import { computed, ref, shallowRef } from 'vue'

import { kept } from './kept'
import { act as sendAct, currentView, onView, type Act, type View } from '../ipc'

const STARTING: View = { revision: -1, stage: { stage: 'starting', doing: '正在打开柜面程序' }, status: null, notice: null }

/** An act the desk silently dropped must not leave the window dead. */
const DROPPED_AFTER_MS = 1500

export const view = shallowRef<View>(STARTING)
export const sending = ref(false)
export const unreachable = ref(false)

export const stage = computed(() => view.value.stage)
export const status = computed(() => view.value.status)
export const offline = computed(() => view.value.status?.line.line === 'offline')
export const signedIn = computed(() => {
  const at = view.value.stage.stage
  return at !== 'starting' && at !== 'blocked' && at !== 'signIn' && at !== 'locked'
})

let release: ReturnType<typeof setTimeout> | undefined

function free(): void {
  clearTimeout(release)
  sending.value = false
}

export function show(next: View): void {
  // Events and the answer of the first question may cross; the newer revision wins.
  if (next.revision < view.value.revision) return
  view.value = kept(view.value, next)
  free()
}

/** Sends one act. While one is under way every other is dropped, so a double click is one click. */
export function send(act: Act): boolean {
  const urgent = act.act === 'lock' || act.act === 'dismissNotice'
  if (sending.value && !urgent) return false
  if (!urgent) sending.value = true
  sendAct(act)
    .then(() => {
      clearTimeout(release)
      if (!urgent) release = setTimeout(free, DROPPED_AFTER_MS)
    })
    .catch(() => {
      free()
      unreachable.value = true
    })
  return true
}

export async function connect(): Promise<void> {
  try {
    await onView(show)
    show(await currentView())
  } catch {
    unreachable.value = true
  }
}
