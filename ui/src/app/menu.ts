// Which services fit what was typed: the number, the pinyin initials, or the name itself.
import type { ServiceButton } from '../ipc'

/** As typed by a hurried hand: full-width digits, capitals, spaces. */
export const plainQuery = (typed: string): string => typed.normalize('NFKC').toLowerCase().replaceAll(/\s/g, '')

/** How well a service fits; 0 where it does not. */
export function fit(service: ServiceButton, query: string): number {
  if (query === '') return 0
  if (service.number === query) return 6
  if (service.initials.includes(query)) return 5
  if (service.number.startsWith(query)) return 4
  if (service.initials.some((one) => one.startsWith(query))) return 3
  if (service.label.toLowerCase().includes(query)) return 2
  if (service.initials.some((one) => one.includes(query))) return 1
  return 0
}

/** Everything that fits, best first; what cannot be begun now comes last, the card's own programme first. */
export function found(services: ServiceButton[], typed: string): ServiceButton[] {
  const query = plainQuery(typed)
  return services
    .map((service, at) => ({ service, at, score: fit(service, query) }))
    .filter((one) => one.score > 0)
    .sort(
      (a, b) =>
        b.score - a.score ||
        Number(b.service.ofCard) - Number(a.service.ofCard) ||
        Number(a.service.blocked !== null) - Number(b.service.blocked !== null) ||
        a.at - b.at,
    )
    .map((one) => one.service)
}

/** Digits and letters that look like the number of a person or a card, not like a service. */
export const looksLikeNumber = (typed: string): boolean => plainQuery(typed).replaceAll(/[^0-9]/g, '').length >= 4

/** Services of one key: those of the card on the reader where it has any, and those that can be begun before the others. */
export function ofKey(services: ServiceButton[], key: string): ServiceButton[] {
  const here = services.filter((service) => service.key === key)
  const own = here.filter((service) => service.ofCard)
  const pool = own.length > 0 ? own : here
  const open = pool.filter((service) => service.blocked === null)
  return open.length > 0 ? open : pool
}
