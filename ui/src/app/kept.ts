// Views arrive whole, many times a minute; most of each is as it was. What has not changed keeps its identity, so that
// only what did change is drawn, moves the focus or is read aloud: a tick of the clock must not disturb who types.

export function kept<T>(before: T, next: T): T {
  if (Object.is(before, next)) return before
  if (typeof before !== 'object' || typeof next !== 'object' || before === null || next === null) return next
  if (Array.isArray(before) !== Array.isArray(next)) return next
  const old = before as Record<string, unknown>
  const fresh = next as Record<string, unknown>
  const names = Object.keys(fresh)
  let same = names.length === Object.keys(old).length
  for (const name of names) {
    const value = kept(old[name], fresh[name])
    fresh[name] = value
    same &&= name in old && Object.is(value, old[name])
  }
  return same ? before : next
}
