// Light or dark, and the size of the text: the only things the window remembers, as they belong to the eyes at this desk.
import { ref } from 'vue'

const SIZES = ['100', '112', '125'] as const
type Size = (typeof SIZES)[number]
type Theme = 'auto' | 'light' | 'dark'

export const size = ref<Size>('100')
export const theme = ref<Theme>('auto')

function apply(): void {
  document.documentElement.dataset.size = size.value
  document.documentElement.dataset.theme = theme.value
  try {
    localStorage.setItem('display', `${size.value} ${theme.value}`)
  } catch {
    // A window without storage keeps the choice until it is closed.
  }
}

export function restoreDisplay(): void {
  let kept: string[] = []
  try {
    kept = (localStorage.getItem('display') ?? '').split(' ')
  } catch {
    kept = []
  }
  size.value = SIZES.find((one) => one === kept[0]) ?? '100'
  theme.value = kept[1] === 'light' || kept[1] === 'dark' ? kept[1] : 'auto'
  apply()
}

export function largerText(step: 1 | -1): void {
  const at = Math.min(SIZES.length - 1, Math.max(0, SIZES.indexOf(size.value) + step))
  size.value = SIZES[at] ?? '100'
  apply()
}

export function usualText(): void {
  size.value = '100'
  apply()
}

function isDark(): boolean {
  return theme.value === 'dark' || (theme.value === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches)
}

export function turnTheme(): void {
  theme.value = isDark() ? 'light' : 'dark'
  apply()
}
