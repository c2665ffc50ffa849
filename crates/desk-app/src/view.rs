//! The whole view model that the window shows, and the acts it may send. The window holds no state of its own but what
//! is being typed.
//!
//! Amounts come formatted (`36.50`), times in Asia/Shanghai, names and numbers masked. Types are exported to TypeScript.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use crate::{
    office_view::{DraftView, OfficeProgramme, OfficeView, ProblemRow, PublicationRow, UndecidedRow},
    outlet_report::{OutletLine, OutletReportView, OutletTotal},
};

/// Everything on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// Grows with every change.
    pub revision: u32,
    pub stage: Stage,
    /// Absent before the desk knows where it stands.
    pub status: Option<StatusView>,
    /// A short note at the bottom (a late print, an upload), read out by the live region.
    pub notice: Option<MessageView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "stage", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Stage {
    Starting {
        doing: String,
    },
    /// Something the desk cannot start without.
    Blocked {
        message: MessageView,
    },
    SignIn {
        message: Option<MessageView>,
        busy: bool,
    },
    /// Locked by the clerk or by idling; the same person comes back with the password.
    Locked {
        operator: String,
        message: Option<MessageView>,
        busy: bool,
    },
    DayOpen {
        day: String,
        expected_blanks: u32,
        message: Option<MessageView>,
        /// Which device failed its self-test; the day may be opened all the same.
        warning: Option<MessageView>,
        /// Every device of this window, and what it said of itself.
        devices: Vec<FigureView>,
        busy: bool,
    },
    DayClose(Box<DayCloseView>),
    Home(HomeView),
    Case(Box<CaseView>),
    Report(Box<ReportView>),
    Papers(Box<PapersView>),
    Exceptions(Box<ExceptionsView>),
    Doctor(Box<DoctorView>),
    Office(Box<OfficeView>),
    OutletReport(Box<OutletReportView>),
}

/// The strip on top: outlet, window, clerk, line, till.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StatusView {
    pub outlet: String,
    pub window: String,
    pub operator: Option<String>,
    pub supervisor: bool,
    /// `2026-11-24 周二 10:03`
    pub clock: String,
    pub line: LineView,
    pub reader: ReaderView,
    /// `500.00`
    pub till: Option<String>,
    pub blanks: Option<u32>,
    /// Unfinished cases.
    pub unfinished: u32,
    /// Rows waiting for the centre.
    pub waiting: u32,
    pub rule_set: String,
    pub practice: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "line", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LineView {
    Online,
    /// With what works now and what does not.
    Offline {
        since: String,
        panel: Vec<LinePanelRow>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LinePanelRow {
    pub service: String,
    /// 可办 / 受理 / 不可办
    pub state: String,
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "reader", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ReaderView {
    Ready,
    CardPresent,
    Trouble { message: MessageView },
}

/// The desk waits for a card or a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HomeView {
    /// The card in the field, read as soon as it lies there.
    pub card: Option<CardView>,
    pub reading: bool,
    pub message: Option<MessageView>,
    pub services: Vec<ServiceButton>,
    pub unfinished: Vec<UnfinishedView>,
    /// Entitlements, hints (`21日起办理可续至下月底`), advice about the card.
    pub hints: Vec<String>,
    pub today: Vec<FigureView>,
    /// Lines of the exception list that somebody has to act on, as far as they are known without looking.
    pub exceptions: u32,
    /// The queue's ticket at this window; absent where there is no queue system.
    pub ticket: Option<TicketView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TicketView {
    /// `A012`; absent while nobody is called.
    pub number: Option<String>,
    pub service: String,
    /// Times it was called.
    pub calls: u32,
    pub waiting: u32,
    pub busy: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServiceButton {
    /// `F3`; empty where the service is found by number or name only.
    pub key: String,
    /// Two digits that never change.
    pub number: String,
    /// First letters of the label in pinyin, by every reading.
    pub initials: Vec<String>,
    /// Heading it stands under.
    pub group: String,
    /// Belongs to the programme of the card in the field.
    pub of_card: bool,
    /// Sent back with [`Act::Start`].
    pub service: String,
    pub programme: String,
    /// Its name, for people.
    pub programme_name: String,
    pub label: String,
    /// Empty where the service can be begun; else why not.
    pub blocked: Option<MessageView>,
    /// `离线受理` and the like.
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UnfinishedView {
    pub case: String,
    pub number: String,
    pub service: String,
    /// What it waits for, in a few words.
    pub waits: String,
    pub since: String,
    pub urgent: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CardView {
    pub programme: String,
    pub family: String,
    /// Masked, in groups of four.
    pub number: String,
    pub tail: String,
    pub valid_until: Option<String>,
    /// `valid`, `ending` (five days or fewer), `expired`, `none`
    pub validity: String,
    pub balance: Option<String>,
    /// No public record proves the family's balance, or the card contradicts itself: 未验证.
    pub unverified: bool,
    /// City that issued it, where the card tells it.
    pub city: Option<String>,
    /// The balances as the card tells them, where there are several.
    pub balances: Vec<FigureView>,
    pub log: Vec<LogView>,
    /// Where it was used; only for the eyes of who asks.
    pub trips: Vec<TripView>,
    pub warnings: Vec<MessageView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TripView {
    pub at: String,
    pub kind: String,
    /// City and line, by name where it is public.
    pub place: String,
    pub amount: String,
    pub balance: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogView {
    pub at: String,
    pub kind: String,
    pub amount: String,
    pub place: String,
}

/// A running case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CaseView {
    pub case: String,
    pub number: String,
    pub service: String,
    pub programme: String,
    pub offline: bool,
    pub steps: Vec<StepView>,
    /// Person and card of the case; never scrolls away.
    pub strip: Vec<FigureView>,
    pub card: Option<CardView>,
    pub question: QuestionView,
    /// Why the last answer was not taken, or how the case ended.
    pub message: Option<MessageView>,
    /// A page of a unit's list.
    pub listing: Option<ListingView>,
    /// What the citizen should hear, in large type.
    pub say: Option<String>,
    pub papers: Vec<PaperView>,
    pub can_park: bool,
    pub can_cancel: bool,
    /// A one-time notice can be printed of what stands against the case.
    pub can_notice: bool,
    /// 评价中, 已评 or 未评; absent where there is no rating device.
    pub rated: Option<String>,
    /// Masked text may be asked for; absent where nothing is masked.
    pub reveal: Option<RevealView>,
}

/// A page of a long table; masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListingView {
    pub head: Vec<String>,
    pub rows: Vec<ListingRowView>,
    /// From 0.
    pub page: u32,
    pub pages: u32,
    /// Rows of the whole table.
    pub total: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListingRowView {
    pub cells: Vec<String>,
    /// `plain`, `good`, `warn`, `bad`
    pub tone: String,
}

/// Masked text, and what has to be said before it is shown (R-SZ-10, R-SZ-11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RevealView {
    pub reasons: Vec<String>,
    /// Empty where the programme names none.
    pub purposes: Vec<String>,
    pub message: Option<MessageView>,
    pub busy: bool,
    /// The full text, for a minute; empty while it is masked.
    pub shown: Vec<FigureView>,
}

/// The reader: what is to be said, and its last days, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DoctorView {
    /// Name of the reader that was used last.
    pub reader: Option<String>,
    pub findings: Vec<MessageView>,
    pub days: Vec<DoctorDayView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DoctorDayView {
    /// `2026-11-24`
    pub day: String,
    pub tries: u32,
    pub failed: u32,
    pub percent: String,
    pub mute: u32,
    pub pulled: u32,
    pub in_use: u32,
    /// Times that reader or service went.
    pub gone: u32,
    pub average: String,
}

/// The papers of a day, to be printed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PapersView {
    /// `2026-11-24`
    pub day: String,
    pub rows: Vec<PaperRow>,
    pub message: Option<MessageView>,
    pub busy: bool,
    /// May look at other days and print other clerks' papers.
    pub supervisor: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PaperRow {
    /// Sent back with [`Act::Reprint`].
    pub id: String,
    pub title: String,
    pub number: String,
    pub service: String,
    pub operator: String,
    pub at: String,
    /// Times it came out; 0 while it waits for the printer.
    pub copies: u32,
    /// This clerk may print it again.
    pub own: bool,
}

/// What has no result yet, and who must act (S-32).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionsView {
    /// Every list with its length, also the empty ones.
    pub lists: Vec<FigureView>,
    pub rows: Vec<ExceptionRow>,
    pub message: Option<MessageView>,
    pub busy: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionRow {
    /// Sent back with [`Act::Attend`].
    pub id: String,
    pub kind: String,
    pub number: String,
    pub what: String,
    pub who: String,
    pub since: String,
    pub age: String,
    /// `plain`, `warn`, `bad`
    pub tone: String,
    /// What was done and said about it, newest last.
    pub notes: Vec<String>,
    /// 重试, 联系客户, 转中心, 说明
    pub remedies: Vec<OptionView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    pub label: String,
    /// `done`, `now`, `next`
    pub state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FigureView {
    pub label: String,
    pub value: String,
    /// `plain`, `good`, `warn`, `bad`
    pub tone: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PaperView {
    pub title: String,
    pub printed: bool,
    pub pending: bool,
}

/// One question at a time. An answer names the question it answers; anything else is dropped, so a double click or a
/// key held down can never answer two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct QuestionView {
    pub id: String,
    pub title: String,
    pub help: Option<String>,
    pub ask: AskView,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "ask", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AskView {
    /// Digits choose; Enter takes the highlighted one.
    Choice {
        options: Vec<OptionView>,
    },
    Form {
        fields: Vec<FieldView>,
        submit: String,
    },
    /// Enter goes on.
    Go {
        label: String,
    },
    /// Only the named key acts; Enter does nothing.
    Act {
        key: String,
        label: String,
        detail: Vec<FigureView>,
        danger: bool,
    },
    /// Put a card on the reader; goes on by itself.
    PutCard {
        what: String,
        wrong: Option<MessageView>,
    },
    /// A second person signs.
    Authorise {
        level: String,
        amount: String,
        reason: String,
        fields: Vec<FieldView>,
        busy: bool,
    },
    /// Work in progress; `moving` is the red “do not move the card”.
    Busy {
        doing: String,
        moving: bool,
        done: u32,
        of: u32,
    },
    /// The effect failed; Enter tries again.
    Again {
        message: MessageView,
    },
    /// The case ended; Enter goes home.
    Ended {
        good: bool,
        headline: String,
        figures: Vec<FigureView>,
        give_back: Vec<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OptionView {
    /// Sent back.
    pub id: String,
    /// Digit or function key.
    pub key: String,
    pub label: String,
    pub hint: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FieldView {
    pub id: String,
    pub label: String,
    /// `idNumber`, `cardNumber`, `digits`, `amount`, `date`, `text`, `password`, `choice`, `tick`
    pub kind: String,
    pub value: String,
    pub options: Vec<OptionView>,
    pub hint: Option<String>,
    pub required: bool,
    pub error: Option<String>,
}

/// A code in the clerk's words; F1 shows rule and original phrase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    pub code: String,
    /// `refuse`, `refer`, `warn`, `info`, `exception`
    pub kind: String,
    pub text: String,
    pub cause: String,
    pub remedy: String,
    pub rule: Option<String>,
    pub phrase: Option<String>,
    /// Everything else that stands against it.
    pub also: Vec<AlsoView>,
}

/// One more thing that stands against a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AlsoView {
    pub code: String,
    pub text: String,
    pub cause: String,
    pub remedy: String,
    pub rule: Option<String>,
    pub phrase: Option<String>,
}

/// A clerk's day being closed: the counts first, the books beside them afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DayCloseView {
    pub day: String,
    /// Whose till is counted.
    pub operator: String,
    /// A supervisor counts another's till.
    pub forced: bool,
    /// Notes and coins to be counted, largest first.
    pub denominations: Vec<DenominationView>,
    /// Empty before something was counted; a reason is asked where a row differs.
    pub compared: Vec<CompareRow>,
    pub closed: bool,
    /// Closed without the centre's sums (预日结).
    pub provisional: bool,
    pub totals: Vec<TotalRow>,
    pub agree: bool,
    pub journal_head: String,
    pub printed: bool,
    pub message: Option<MessageView>,
    pub busy: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DenominationView {
    /// Value in fen; sent back with the pieces.
    pub id: String,
    pub label: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CompareRow {
    pub label: String,
    pub counted: String,
    pub expected: String,
    /// With its sign.
    pub difference: String,
    pub equal: bool,
}

/// The supervisor's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReportView {
    pub day: String,
    pub outlet: String,
    /// Cases, in, out, net, float, till.
    pub figures: Vec<FigureView>,
    pub lines: Vec<ReportLine>,
    /// Desk, centre and recomputation side by side.
    pub totals: Vec<TotalRow>,
    pub agree: bool,
    /// Cases per hour, for the picture of the day.
    pub hours: Vec<HourView>,
    pub exceptions: Vec<String>,
    pub journal_head: String,
    pub printed: bool,
    pub message: Option<MessageView>,
    pub busy: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReportLine {
    pub service: String,
    pub operator: String,
    pub count: u32,
    pub refused: u32,
    pub offline: u32,
    pub money_in: String,
    pub money_out: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TotalRow {
    pub label: String,
    pub desk: String,
    pub centre: String,
    pub recomputed: String,
    pub equal: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HourView {
    pub hour: u32,
    pub count: u32,
    /// In fen, for the drawing only.
    #[ts(type = "number")]
    pub money_in: i64,
    #[ts(type = "number")]
    pub money_out: i64,
}

/// What the window may ask for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "act", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Act {
    SignIn {
        operator: String,
        password: String,
    },
    Unlock {
        password: String,
    },
    /// The staff card on the reader, at the door: signs in, or unlocks where it is the same person's.
    SignInByCard {
        pin: String,
    },
    Lock,
    SignOut,
    /// Float in yuan as typed, counted blanks as typed.
    OpenDay {
        float: String,
        blanks: String,
    },
    /// Begins the day close, or shows the one that was made.
    CloseDay,
    /// Pieces by denomination, blanks and spoiled cards as typed; a reason where they differ from the books.
    CountDay {
        pieces: Vec<(String, String)>,
        blanks: String,
        spoiled: String,
        reason: String,
    },
    PrintDay,
    /// A supervisor lets the window work outside the outlet's hours today.
    OpenHours,
    /// Cash of the outlet goes to the bank: yuan and number of the bank's slip, as typed.
    DepositCash {
        amount: String,
        slip: String,
    },
    Start {
        service: String,
        programme: String,
    },
    /// Choice by option id.
    Choose {
        question: String,
        option: String,
    },
    Fill {
        question: String,
        values: Vec<(String, String)>,
    },
    Go {
        question: String,
    },
    /// The named key was pressed.
    Do {
        question: String,
    },
    Authorise {
        question: String,
        supervisor: String,
        password: String,
    },
    /// The supervisor's staff card on the reader.
    AuthoriseByCard {
        question: String,
        pin: String,
    },
    Park {
        question: String,
    },
    Cancel {
        question: String,
    },
    Resume {
        case: String,
    },
    Home,
    Report,
    PrintReport,
    /// Reads the card in the field again.
    ReadAgain,
    /// Prints what is missing, everything at once.
    Notice {
        question: String,
    },
    /// Prints what somebody has to know who asks for this service.
    Guide {
        service: String,
        programme: String,
    },
    /// Papers of a day (`2026-11-24`; empty: today).
    Papers {
        day: String,
    },
    Reprint {
        paper: String,
    },
    Exceptions,
    /// Another page of the list on the screen, from 0.
    TurnPage {
        question: String,
        page: u32,
    },
    /// How the reader does.
    Doctor,
    /// The outlet's day, all windows (`2026-11-24`; empty: today).
    OutletReport {
        day: String,
    },
    PrintOutletReport,
    /// Head office: `undecided`, `rules`; empty: the one on the screen, anew.
    Office {
        room: String,
    },
    GiveBack {
        reservation: String,
        reason: String,
        second: String,
        password: String,
    },
    WriteOff {
        reservation: String,
        reason: String,
        second: String,
        password: String,
    },
    /// A rule file of the folder.
    CheckFile {
        file: String,
    },
    /// Hours of one day at one outlet (`09:00-12:00 13:00-16:00`; empty: closed).
    CheckDay {
        programme: String,
        outlet: String,
        date: String,
        hours: String,
    },
    /// A statutory holiday, both days included.
    CheckHoliday {
        programme: String,
        name: String,
        from: String,
        to: String,
    },
    /// What was checked, with a second person.
    PublishDraft {
        second: String,
        password: String,
    },
    DropDraft,
    Attend {
        line: String,
        remedy: String,
        note: String,
    },
    Reveal {
        question: String,
        reason: String,
        purpose: String,
        supervisor: String,
        password: String,
    },
    /// A number typed where services are looked for.
    Find {
        typed: String,
    },
    /// 下一位: calls the next ticket, or the same one again.
    CallNext,
    /// Masks again what was revealed.
    Mask,
    /// Somebody tried to copy, save or print the screen.
    Export,
    DismissNotice,
}

impl std::fmt::Debug for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Act(…)")
    }
}
