// The only file that speaks to the shell: two commands and one event.
import { invoke } from '@tauri-apps/api/core'
import { listen, type UnlistenFn } from '@tauri-apps/api/event'

import type { Act, View } from './bindings'

export type * from './bindings'

export function act(act: Act): Promise<void> {
  return invoke('act', { act })
}

/** Asked once, after the first paint: the desk starts with it. */
export function currentView(): Promise<View> {
  return invoke('current_view')
}

export function onView(show: (view: View) => void): Promise<UnlistenFn> {
  return listen<View>('view', (event) => show(event.payload))
}
