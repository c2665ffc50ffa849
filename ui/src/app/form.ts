// What is being typed. Lives as long as its question; a field the desk sets anew is taken over, the rest stays as typed.
import { reactive, watch } from 'vue'

import type { FieldView } from '../ipc'

/** How a ticked box is sent. */
export const TICKED = 'yes'

export function useTyped(fields: () => FieldView[]): Record<string, string> {
  const typed = reactive<Record<string, string>>({})
  const given: Record<string, string> = {}
  watch(
    fields,
    (next) => {
      for (const field of next) {
        if (given[field.id] !== field.value) typed[field.id] = field.value
        given[field.id] = field.value
      }
    },
    { immediate: true },
  )
  return typed
}

/** The first field that still lacks something: first one in error, else a required one that is empty. */
export function firstOpen(fields: FieldView[], typed: Record<string, string>): FieldView | undefined {
  return fields.find((field) => field.required && (typed[field.id] ?? '').trim() === '')
}
