// Every key of the program, once. Screens ask for a key by what it does; a test fails on doubles.

export type Place =
  'everywhere' | 'home' | 'case' | 'report' | 'papers' | 'exceptions' | 'doctor' | 'list' | 'office' | 'publishing' | 'outletReport'

export interface KeyRow {
  readonly chord: string
  readonly label: string
  readonly places: readonly Place[]
}

export const KEYS = {
  help: { chord: 'F1', label: '帮助·规则', places: ['everywhere'] },
  validation: { chord: 'F2', label: '增效', places: ['home'] },
  reissue: { chord: 'F3', label: '补卡', places: ['home'] },
  replacement: { chord: 'F4', label: '换卡', places: ['home'] },
  refund: { chord: 'F5', label: '退值·充值', places: ['home'] },
  password: { chord: 'F6', label: '密码·短信', places: ['home'] },
  query: { chord: 'F7', label: '查询', places: ['home'] },
  pickUp: { chord: 'F8', label: '领卡', places: ['home'] },
  report: { chord: 'F9', label: '主管·日报', places: ['home'] },
  closeDay: { chord: 'Ctrl+J', label: '日结', places: ['home', 'report'] },
  openHours: { chord: 'Ctrl+U', label: '延时营业', places: ['home'] },
  resume: { chord: 'F10', label: '恢复未完', places: ['home'] },
  park: { chord: 'F10', label: '挂起', places: ['case'] },
  papers: { chord: 'F11', label: '补打', places: ['home'] },
  notice: { chord: 'F11', label: '告知单', places: ['case'] },
  printReport: { chord: 'F11', label: '打印日报', places: ['report', 'outletReport'] },
  outletReport: { chord: 'Ctrl+O', label: '网点日报', places: ['report'] },
  ownReport: { chord: 'Ctrl+O', label: '本窗口日报', places: ['outletReport'] },
  dayBefore: { chord: 'Ctrl+N', label: '前一日', places: ['outletReport'] },
  officeUndecided: { chord: 'F2', label: '中心处理台', places: ['office', 'publishing'] },
  officeRules: { chord: 'F3', label: '规则发布', places: ['office', 'publishing'] },
  giveBack: { chord: 'F5', label: '释放预约', places: ['office'] },
  writeOff: { chord: 'F6', label: '核销', places: ['office'] },
  officeDay: { chord: 'F5', label: '营业时间', places: ['publishing'] },
  officeHoliday: { chord: 'F6', label: '节假日', places: ['publishing'] },
  exceptions: { chord: 'Ctrl+E', label: '异常', places: ['home'] },
  doctor: { chord: 'Ctrl+T', label: '读卡器', places: ['home'] },
  guide: { chord: 'Ctrl+G', label: '指引单', places: ['home'] },
  reveal: { chord: 'Ctrl+I', label: '查看全文', places: ['case'] },
  otherDay: { chord: 'Ctrl+O', label: '其他日期', places: ['papers'] },
  callNext: { chord: 'F12', label: '下一位', places: ['home'] },
  leaveCase: { chord: 'F12', label: '结束·下一位', places: ['case'] },
  leaveReport: { chord: 'F12', label: '回到首页', places: ['report', 'papers', 'exceptions', 'doctor', 'outletReport'] },
  back: { chord: 'Escape', label: '返回', places: ['everywhere'] },
  next: { chord: 'Enter', label: '下一步', places: ['everywhere'] },
  up: { chord: 'ArrowUp', label: '上一项', places: ['list'] },
  down: { chord: 'ArrowDown', label: '下一项', places: ['list'] },
  pageUp: { chord: 'PageUp', label: '上一页', places: ['list'] },
  pageDown: { chord: 'PageDown', label: '下一页', places: ['list'] },
  lock: { chord: 'Ctrl+L', label: '锁屏', places: ['everywhere'] },
  line: { chord: 'Ctrl+K', label: '线路', places: ['everywhere'] },
  readAgain: { chord: 'Ctrl+R', label: '重读卡片', places: ['home'] },
  signOut: { chord: 'Ctrl+Q', label: '签退', places: ['home', 'office', 'publishing'] },
  dismiss: { chord: 'Ctrl+D', label: '收起提示', places: ['everywhere'] },
  larger: { chord: 'Ctrl+=', label: '放大文字', places: ['everywhere'] },
  smaller: { chord: 'Ctrl+-', label: '缩小文字', places: ['everywhere'] },
  usual: { chord: 'Ctrl+0', label: '标准文字', places: ['everywhere'] },
  printScreen: { chord: 'Ctrl+P', label: '打印画面（不允许）', places: ['everywhere'] },
  saveScreen: { chord: 'Ctrl+S', label: '保存画面（不允许）', places: ['everywhere'] },
  theme: { chord: 'Ctrl+B', label: '明暗切换', places: ['everywhere'] },
} as const satisfies Record<string, KeyRow>

export type KeyName = keyof typeof KEYS

export const chordOf = (name: KeyName): string => KEYS[name].chord
export const labelOf = (name: KeyName): string => KEYS[name].label

/** Keys that pay out and cut cards are named by the desk; these may never be among them. */
export const NEVER_ACTS: ReadonlySet<string> = new Set(['Enter', 'Space', 'Escape', 'F1', 'F10', 'F12', 'Tab', ''])

/** Keys the web view would take for itself: reload, caret browsing, search, print, the menu. */
export const TAKEN_FROM_THE_WEB_VIEW: ReadonlySet<string> = new Set([
  ...Array.from({ length: 12 }, (_, at) => `F${at + 1}`),
  ...['E', 'I', 'R', 'P', 'F', 'G', 'S', 'L', 'K', 'D', 'Q', 'B', 'U', 'O', 'J', 'N', 'T', 'W', '=', '+', '-', '0'].map(
    (key) => `Ctrl+${key}`,
  ),
  'Ctrl+Shift+R',
  'Ctrl+Shift+I',
  'Shift+F10',
  'Alt+ArrowLeft',
  'Alt+ArrowRight',
])

/** `Ctrl+L`, `F5`, `Enter`, `7`. Full-width digits from an input method count as digits. */
export function chordFrom(event: KeyboardEvent): string {
  const raw = event.key === ' ' ? 'Space' : event.key
  const key = raw.length === 1 ? raw.normalize('NFKC').toUpperCase() : raw
  const symbol = key === '+' ? '=' : key
  const shift = event.shiftKey && key.length > 1 ? 'Shift+' : ''
  return `${event.ctrlKey ? 'Ctrl+' : ''}${event.altKey ? 'Alt+' : ''}${shift}${event.ctrlKey ? symbol : key}`
}

/** As printed on a key cap. */
export function capOf(chord: string): string {
  const caps: Record<string, string> = { Escape: 'Esc', ArrowUp: '↑', ArrowDown: '↓', Space: '空格' }
  return caps[chord] ?? chord
}

/** As `aria-keyshortcuts` wants it. */
export const ariaChord = (chord: string): string => chord.replace('Ctrl+', 'Control+')
