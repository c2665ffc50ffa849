// Generated from crates/desk-app/src/view.rs; do not edit.
// UPDATE=1 cargo test --test it bindings

/**
 * What the window may ask for.
 */
export type Act = { "act": "signIn", operator: string, password: string, } | { "act": "unlock", password: string, } | { "act": "signInByCard", pin: string, } | { "act": "lock" } | { "act": "signOut" } | { "act": "openDay", float: string, blanks: string, } | { "act": "closeDay" } | { "act": "countDay", pieces: Array<[string, string]>, blanks: string, spoiled: string, reason: string, } | { "act": "printDay" } | { "act": "openHours" } | { "act": "depositCash", amount: string, slip: string, } | { "act": "start", service: string, programme: string, } | { "act": "choose", question: string, option: string, } | { "act": "fill", question: string, values: Array<[string, string]>, } | { "act": "go", question: string, } | { "act": "do", question: string, } | { "act": "authorise", question: string, supervisor: string, password: string, } | { "act": "authoriseByCard", question: string, pin: string, } | { "act": "park", question: string, } | { "act": "cancel", question: string, } | { "act": "resume", case: string, } | { "act": "home" } | { "act": "report" } | { "act": "printReport" } | { "act": "readAgain" } | { "act": "notice", question: string, } | { "act": "guide", service: string, programme: string, } | { "act": "papers", day: string, } | { "act": "reprint", paper: string, } | { "act": "exceptions" } | { "act": "turnPage", question: string, page: number, } | { "act": "doctor" } | { "act": "outletReport", day: string, } | { "act": "printOutletReport" } | { "act": "office", room: string, } | { "act": "giveBack", reservation: string, reason: string, second: string, password: string, } | { "act": "writeOff", reservation: string, reason: string, second: string, password: string, } | { "act": "checkFile", file: string, } | { "act": "checkDay", programme: string, outlet: string, date: string, hours: string, } | { "act": "checkHoliday", programme: string, name: string, from: string, to: string, } | { "act": "publishDraft", second: string, password: string, } | { "act": "dropDraft" } | { "act": "attend", line: string, remedy: string, note: string, } | { "act": "reveal", question: string, reason: string, purpose: string, supervisor: string, password: string, } | { "act": "find", typed: string, } | { "act": "callNext" } | { "act": "mask" } | { "act": "export" } | { "act": "dismissNotice" };

/**
 * One more thing that stands against a case.
 */
export type AlsoView = { code: string, text: string, cause: string, remedy: string, rule: string | null, phrase: string | null, };

export type AskView = { "ask": "choice", options: Array<OptionView>, } | { "ask": "form", fields: Array<FieldView>, submit: string, } | { "ask": "go", label: string, } | { "ask": "act", key: string, label: string, detail: Array<FigureView>, danger: boolean, } | { "ask": "putCard", what: string, wrong: MessageView | null, } | { "ask": "authorise", level: string, amount: string, reason: string, fields: Array<FieldView>, busy: boolean, } | { "ask": "busy", doing: string, moving: boolean, done: number, of: number, } | { "ask": "again", message: MessageView, } | { "ask": "ended", good: boolean, headline: string, figures: Array<FigureView>, giveBack: Array<string>, };

export type CardView = { programme: string, family: string,
/**
 * Masked, in groups of four.
 */
number: string, tail: string, validUntil: string | null,
/**
 * `valid`, `ending` (five days or fewer), `expired`, `none`
 */
validity: string, balance: string | null,
/**
 * No public record proves the family's balance, or the card contradicts itself: 未验证.
 */
unverified: boolean,
/**
 * City that issued it, where the card tells it.
 */
city: string | null,
/**
 * The balances as the card tells them, where there are several.
 */
balances: Array<FigureView>, log: Array<LogView>,
/**
 * Where it was used; only for the eyes of who asks.
 */
trips: Array<TripView>, warnings: Array<MessageView>, };

/**
 * A running case.
 */
export type CaseView = { case: string, number: string, service: string, programme: string, offline: boolean, steps: Array<StepView>,
/**
 * Person and card of the case; never scrolls away.
 */
strip: Array<FigureView>, card: CardView | null, question: QuestionView,
/**
 * Why the last answer was not taken, or how the case ended.
 */
message: MessageView | null,
/**
 * A page of a unit's list.
 */
listing: ListingView | null,
/**
 * What the citizen should hear, in large type.
 */
say: string | null, papers: Array<PaperView>, canPark: boolean, canCancel: boolean,
/**
 * A one-time notice can be printed of what stands against the case.
 */
canNotice: boolean,
/**
 * 评价中, 已评 or 未评; absent where there is no rating device.
 */
rated: string | null,
/**
 * Masked text may be asked for; absent where nothing is masked.
 */
reveal: RevealView | null, };

export type CompareRow = { label: string, counted: string, expected: string,
/**
 * With its sign.
 */
difference: string, equal: boolean, };

/**
 * A clerk's day being closed: the counts first, the books beside them afterwards.
 */
export type DayCloseView = { day: string,
/**
 * Whose till is counted.
 */
operator: string,
/**
 * A supervisor counts another's till.
 */
forced: boolean,
/**
 * Notes and coins to be counted, largest first.
 */
denominations: Array<DenominationView>,
/**
 * Empty before something was counted; a reason is asked where a row differs.
 */
compared: Array<CompareRow>, closed: boolean,
/**
 * Closed without the centre's sums (预日结).
 */
provisional: boolean, totals: Array<TotalRow>, agree: boolean, journalHead: string, printed: boolean, message: MessageView | null, busy: boolean, };

export type DenominationView = {
/**
 * Value in fen; sent back with the pieces.
 */
id: string, label: string, };

export type DoctorDayView = {
/**
 * `2026-11-24`
 */
day: string, tries: number, failed: number, percent: string, mute: number, pulled: number, inUse: number,
/**
 * Times that reader or service went.
 */
gone: number, average: string, };

/**
 * The reader: what is to be said, and its last days, the newest first.
 */
export type DoctorView = {
/**
 * Name of the reader that was used last.
 */
reader: string | null, findings: Array<MessageView>, days: Array<DoctorDayView>, };

/**
 * A file that was checked.
 */
export type DraftView = { name: string,
/**
 * `checking`, `faulty`, `good`
 */
stage: string, figures: Array<FigureView>, problems: Array<ProblemRow>, };

export type ExceptionRow = {
/**
 * Sent back with [`Act::Attend`].
 */
id: string, kind: string, number: string, what: string, who: string, since: string, age: string,
/**
 * `plain`, `warn`, `bad`
 */
tone: string,
/**
 * What was done and said about it, newest last.
 */
notes: Array<string>,
/**
 * 重试, 联系客户, 转中心, 说明
 */
remedies: Array<OptionView>, };

/**
 * What has no result yet, and who must act (S-32).
 */
export type ExceptionsView = {
/**
 * Every list with its length, also the empty ones.
 */
lists: Array<FigureView>, rows: Array<ExceptionRow>, message: MessageView | null, busy: boolean, };

export type FieldView = { id: string, label: string,
/**
 * `idNumber`, `cardNumber`, `digits`, `amount`, `date`, `text`, `password`, `choice`, `tick`
 */
kind: string, value: string, options: Array<OptionView>, hint: string | null, required: boolean, error: string | null, };

export type FigureView = { label: string, value: string,
/**
 * `plain`, `good`, `warn`, `bad`
 */
tone: string, };

/**
 * The desk waits for a card or a key.
 */
export type HomeView = {
/**
 * The card in the field, read as soon as it lies there.
 */
card: CardView | null, reading: boolean, message: MessageView | null, services: Array<ServiceButton>, unfinished: Array<UnfinishedView>,
/**
 * Entitlements, hints (`21日起办理可续至下月底`), advice about the card.
 */
hints: Array<string>, today: Array<FigureView>,
/**
 * Lines of the exception list that somebody has to act on, as far as they are known without looking.
 */
exceptions: number,
/**
 * The queue's ticket at this window; absent where there is no queue system.
 */
ticket: TicketView | null, };

export type HourView = { hour: number, count: number,
/**
 * In fen, for the drawing only.
 */
moneyIn: number, moneyOut: number, };

export type LinePanelRow = { service: string,
/**
 * 可办 / 受理 / 不可办
 */
state: string, why: string, };

export type LineView = { "line": "online" } | { "line": "offline", since: string, panel: Array<LinePanelRow>, };

export type ListingRowView = { cells: Array<string>,
/**
 * `plain`, `good`, `warn`, `bad`
 */
tone: string, };

/**
 * A page of a long table; masked.
 */
export type ListingView = { head: Array<string>, rows: Array<ListingRowView>,
/**
 * From 0.
 */
page: number, pages: number,
/**
 * Rows of the whole table.
 */
total: number, };

export type LogView = { at: string, kind: string, amount: string, place: string, };

/**
 * A code in the clerk's words; F1 shows rule and original phrase.
 */
export type MessageView = { code: string,
/**
 * `refuse`, `refer`, `warn`, `info`, `exception`
 */
kind: string, text: string, cause: string, remedy: string, rule: string | null, phrase: string | null,
/**
 * Everything else that stands against it.
 */
also: Array<AlsoView>, };

export type OfficeProgramme = { id: string, name: string, version: string, outlets: Array<OptionView>, };

/**
 * 中心处理台 and 规则发布.
 */
export type OfficeView = {
/**
 * `undecided`, `rules`
 */
room: string,
/**
 * `2026-11-24`
 */
day: string, figures: Array<FigureView>, rows: Array<UndecidedRow>,
/**
 * Rule files in the folder.
 */
files: Array<string>, programmes: Array<OfficeProgramme>,
/**
 * The newest first.
 */
publications: Array<PublicationRow>, draft: DraftView | null,
/**
 * What was done last.
 */
done: string | null, message: MessageView | null, busy: boolean, };

export type OptionView = {
/**
 * Sent back.
 */
id: string,
/**
 * Digit or function key.
 */
key: string, label: string, hint: string | null, };

export type OutletLine = { label: string,
/**
 * One a window.
 */
cells: Array<string>, sum: string, };

/**
 * The day of the outlet, as the window shows it.
 */
export type OutletReportView = {
/**
 * `2026-11-24`
 */
day: string, outlet: string, figures: Array<FigureView>,
/**
 * Heads of the columns of `cells`.
 */
windows: Array<string>,
/**
 * Cases by service.
 */
services: Array<OutletLine>,
/**
 * Cash through the tills by kind: taken is positive, given negative.
 */
cash: Array<OutletLine>,
/**
 * Authorisations, differences, days opened and closed.
 */
events: Array<OutletLine>,
/**
 * By account, with the centre's ledger beside the sum.
 */
totals: Array<OutletTotal>, agree: boolean, printed: boolean, message: MessageView | null, busy: boolean, };

export type OutletTotal = { label: string, cells: Array<string>, sum: string, centre: string, equal: boolean, };

export type PaperRow = {
/**
 * Sent back with [`Act::Reprint`].
 */
id: string, title: string, number: string, service: string, operator: string, at: string,
/**
 * Times it came out; 0 while it waits for the printer.
 */
copies: number,
/**
 * This clerk may print it again.
 */
own: boolean, };

export type PaperView = { title: string, printed: boolean, pending: boolean, };

/**
 * The papers of a day, to be printed again.
 */
export type PapersView = {
/**
 * `2026-11-24`
 */
day: string, rows: Array<PaperRow>, message: MessageView | null, busy: boolean,
/**
 * May look at other days and print other clerks' papers.
 */
supervisor: boolean, };

export type ProblemRow = {
/**
 * `file:line`
 */
place: string, field: string, what: string, };

export type PublicationRow = { number: number, kind: string, programme: string, version: string, effective: string, people: string, at: string, state: string, };

/**
 * One question at a time. An answer names the question it answers; anything else is dropped, so a double click or a
 * key held down can never answer two.
 */
export type QuestionView = { id: string, title: string, help: string | null, ask: AskView, };

export type ReaderView = { "reader": "ready" } | { "reader": "cardPresent" } | { "reader": "trouble", message: MessageView, };

export type ReportLine = { service: string, operator: string, count: number, refused: number, offline: number, moneyIn: string, moneyOut: string, };

/**
 * The supervisor's day.
 */
export type ReportView = { day: string, outlet: string,
/**
 * Cases, in, out, net, float, till.
 */
figures: Array<FigureView>, lines: Array<ReportLine>,
/**
 * Desk, centre and recomputation side by side.
 */
totals: Array<TotalRow>, agree: boolean,
/**
 * Cases per hour, for the picture of the day.
 */
hours: Array<HourView>, exceptions: Array<string>, journalHead: string, printed: boolean, message: MessageView | null, busy: boolean, };

/**
 * Masked text, and what has to be said before it is shown (R-SZ-10, R-SZ-11).
 */
export type RevealView = { reasons: Array<string>,
/**
 * Empty where the programme names none.
 */
purposes: Array<string>, message: MessageView | null, busy: boolean,
/**
 * The full text, for a minute; empty while it is masked.
 */
shown: Array<FigureView>, };

export type ServiceButton = {
/**
 * `F3`; empty where the service is found by number or name only.
 */
key: string,
/**
 * Two digits that never change.
 */
number: string,
/**
 * First letters of the label in pinyin, by every reading.
 */
initials: Array<string>,
/**
 * Heading it stands under.
 */
group: string,
/**
 * Belongs to the programme of the card in the field.
 */
ofCard: boolean,
/**
 * Sent back with [`Act::Start`].
 */
service: string, programme: string,
/**
 * Its name, for people.
 */
programmeName: string, label: string,
/**
 * Empty where the service can be begun; else why not.
 */
blocked: MessageView | null,
/**
 * `离线受理` and the like.
 */
note: string | null, };

export type Stage = { "stage": "starting", doing: string, } | { "stage": "blocked", message: MessageView, } | { "stage": "signIn", message: MessageView | null, busy: boolean, } | { "stage": "locked", operator: string, message: MessageView | null, busy: boolean, } | { "stage": "dayOpen", day: string, expectedBlanks: number, message: MessageView | null,
/**
 * Which device failed its self-test; the day may be opened all the same.
 */
warning: MessageView | null,
/**
 * Every device of this window, and what it said of itself.
 */
devices: Array<FigureView>, busy: boolean, } | { "stage": "dayClose" } & DayCloseView | { "stage": "home" } & HomeView | { "stage": "case" } & CaseView | { "stage": "report" } & ReportView | { "stage": "papers" } & PapersView | { "stage": "exceptions" } & ExceptionsView | { "stage": "doctor" } & DoctorView | { "stage": "office" } & OfficeView | { "stage": "outletReport" } & OutletReportView;

/**
 * The strip on top: outlet, window, clerk, line, till.
 */
export type StatusView = { outlet: string, window: string, operator: string | null, supervisor: boolean,
/**
 * `2026-11-24 周二 10:03`
 */
clock: string, line: LineView, reader: ReaderView,
/**
 * `500.00`
 */
till: string | null, blanks: number | null,
/**
 * Unfinished cases.
 */
unfinished: number,
/**
 * Rows waiting for the centre.
 */
waiting: number, ruleSet: string, practice: boolean, };

export type StepView = { label: string,
/**
 * `done`, `now`, `next`
 */
state: string, };

export type TicketView = {
/**
 * `A012`; absent while nobody is called.
 */
number: string | null, service: string,
/**
 * Times it was called.
 */
calls: number, waiting: number, busy: boolean, };

export type TotalRow = { label: string, desk: string, centre: string, recomputed: string, equal: boolean, };

export type TripView = { at: string, kind: string,
/**
 * City and line, by name where it is public.
 */
place: string, amount: string, balance: string, };

/**
 * A claim without an end.
 */
export type UndecidedRow = {
/**
 * Sent back with [`crate::view::Act::GiveBack`] and [`crate::view::Act::WriteOff`].
 */
reservation: string,
/**
 * Business number of its case.
 */
number: string, service: string, place: string, operator: string, since: string, age: string,
/**
 * `plain`, `warn`, `bad`
 */
tone: string, amount: string,
/**
 * Last digits of the card.
 */
card: string, standing: string, canGiveBack: boolean, canWriteOff: boolean,
/**
 * Why neither is possible.
 */
whyNot: string, };

export type UnfinishedView = { case: string, number: string, service: string,
/**
 * What it waits for, in a few words.
 */
waits: string, since: string, urgent: boolean, };

/**
 * Everything on the screen.
 */
export type View = {
/**
 * Grows with every change.
 */
revision: number, stage: Stage,
/**
 * Absent before the desk knows where it stands.
 */
status: StatusView | null,
/**
 * A short note at the bottom (a late print, an upload), read out by the live region.
 */
notice: MessageView | null, };
