// @vitest-environment node
// Rules of the house that no compiler knows.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))
const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => (statSync(join(folder, name)).isDirectory() ? files(join(folder, name)) : [join(folder, name)]))
const sources = files(SRC).map((path) => ({ path: path.slice(SRC.length + 1), text: readFileSync(path, 'utf8') }))

describe('the house', () => {
  it('speaks to the shell in one file only', () => {
    const speakers = sources.filter((file) => file.text.includes('@tauri-apps/api')).map((file) => file.path)
    expect(speakers).toEqual(['ipc/index.ts'])
  })
  it('writes no style into an element and no markup from strings', () => {
    for (const file of sources) expect(/\sstyle="|v-html|innerHTML/.test(file.text), file.path).toBe(false)
  })
  it('keeps files to one room', () => {
    // What is generated is one list, however long.
    const written = sources.filter((file) => file.path !== 'ipc/bindings.ts')
    for (const file of written) expect(file.text.split('\n').length, file.path).toBeLessThan(500)
  })
  it('names no key but in the key table', () => {
    for (const file of sources.filter((one) => one.path !== 'app/keys.ts' && one.path !== 'ipc/bindings.ts')) {
      expect(/chord: '(F\d+|Ctrl)/.test(file.text), file.path).toBe(false)
    }
  })
  it('keeps no names or numbers in the web view', () => {
    const keepers = sources
      .filter((file) => /localStorage|sessionStorage|indexedDB|document\.cookie/.test(file.text))
      .map((file) => file.path)
    expect(keepers).toEqual(['app/display.ts'])
  })
})
