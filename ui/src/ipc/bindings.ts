// Generated from crates/desk-app/src/view.rs; do not edit.
// UPDATE=1 cargo test --test it bindings

/**
 * What the window may ask for.
 */
export type Act = { "act": "signIn", operator: string, password: string, } | { "act": "unlock", password: string, } | { "act": "lock" } | { "act": "signOut" } | { "act": "openDay", float: string, blanks: string, } | { "act": "closeDay" } | { "act": "countDay", pieces: Array<[string, string]>, blanks: string, spoiled: string, reason: string, } | { "act": "printDay" } | { "act": "openHours" } | { "act": "depositCash", amount: string, slip: string, } | { "act": "start", service: string, programme: string, } | { "act": "choose", question: string, option: string, } | { "act": "fill", question: string, values: Array<[string, string]>, } | { "act": "go", question: string, } | { "act": "do", question: string, } | { "act": "authorise", question: string, supervisor: string, password: string, } | { "act": "park", question: string, } | { "act": "cancel", question: string, } | { "act": "resume", case: string, } | { "act": "home" } | { "act": "report" } | { "act": "printReport" } | { "act": "readAgain" } | { "act": "dismissNotice" };

export type AskView = { "ask": "choice", options: Array<OptionView>, } | { "ask": "form", fields: Array<FieldView>, submit: string, } | { "ask": "go", label: string, } | { "ask": "act", key: string, label: string, detail: Array<FigureView>, danger: boolean, } | { "ask": "putCard", what: string, wrong: MessageView | null, } | { "ask": "authorise", level: string, amount: string, reason: string, fields: Array<FieldView>, busy: boolean, } | { "ask": "busy", doing: string, moving: boolean, done: number, of: number, } | { "ask": "again", message: MessageView, } | { "ask": "ended", good: boolean, headline: string, figures: Array<FigureView>, giveBack: Array<string>, };

export type CardView = { programme: string, family: string,
/**
 * Masked, in groups of four.
 */
number: string, tail: string, validUntil: string | null,
/**
 * `valid`, `ending` (five days or fewer), `expired`, `none`
 */
validity: string, balance: string | null, log: Array<LogView>, warnings: Array<MessageView>, };

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
 * What the citizen should hear, in large type.
 */
say: string | null, papers: Array<PaperView>, canPark: boolean, canCancel: boolean, };

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
hints: Array<string>, today: Array<FigureView>, };

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

export type LogView = { at: string, kind: string, amount: string, place: string, };

/**
 * A code in the clerk's words; F1 shows rule and original phrase.
 */
export type MessageView = { code: string,
/**
 * `refuse`, `refer`, `warn`, `info`, `exception`
 */
kind: string, text: string, cause: string, remedy: string, rule: string | null, phrase: string | null, };

export type OptionView = {
/**
 * Sent back.
 */
id: string,
/**
 * Digit or function key.
 */
key: string, label: string, hint: string | null, };

export type PaperView = { title: string, printed: boolean, pending: boolean, };

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

export type ServiceButton = {
/**
 * `F3`
 */
key: string,
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

export type Stage = { "stage": "starting", doing: string, } | { "stage": "blocked", message: MessageView, } | { "stage": "signIn", message: MessageView | null, busy: boolean, } | { "stage": "locked", operator: string, message: MessageView | null, busy: boolean, } | { "stage": "dayOpen", day: string, expectedBlanks: number, message: MessageView | null, busy: boolean, } | { "stage": "dayClose" } & DayCloseView | { "stage": "home" } & HomeView | { "stage": "case" } & CaseView | { "stage": "report" } & ReportView;

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

export type TotalRow = { label: string, desk: string, centre: string, recomputed: string, equal: boolean, };

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
