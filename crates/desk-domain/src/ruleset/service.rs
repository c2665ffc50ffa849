//! What a programme says about one service, and the parts of a rule set that only some services use.

use std::collections::BTreeMap;

use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{
    card::BlockState,
    code::Code,
    money::Fen,
    person::{HolderClass, InitialPassword},
    ruleset::Capability,
};

/// One service of a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRules {
    pub capability: Capability,
    /// Chinese name on buttons and papers.
    pub label: String,
    /// Function key on the home screen (`F3`); empty where the service is found by name or number only.
    pub key: String,
    /// Ids of [`Applicant`]s who may ask for it. Empty: nobody is asked who he or she is (bearer).
    pub applicants: Vec<String>,
    /// Ids of [`DocumentKind`]s, any one of which is enough. Empty: none is asked for.
    pub documents: Vec<String>,
    /// What anybody else than an applicant is answered.
    pub applicant_refusal: Code,
    /// What an outlet without the capability answers.
    pub outlet_refusal: Code,
    pub fee: Fee,
    pub offline: OfflineClass,
    /// Why it is limited offline, in the clerk's words.
    pub offline_why: String,
    /// Rule ids and texts of codes in this service; the programme's own table comes after it.
    pub messages: BTreeMap<Code, CodeRule>,
}

/// What the counter takes for one card or one case; never typed by the clerk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    pub amount: Fen,
    /// Line on the receipt (补卡工本费).
    pub label: String,
    pub rule: String,
}

/// What a line loss leaves of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfflineClass {
    /// A: works fully.
    Full,
    /// B: records only; the effect itself needs the centre.
    Records,
    /// C: accepted with a slip, takes effect when the centre says so.
    Accept,
    /// D: refused.
    Forbidden,
}

/// Who asks for a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicant {
    pub id: String,
    pub label: String,
    /// The relation to the holder is asked and recorded; empty where there is none to ask.
    pub relations: Vec<String>,
    /// Shows an identity document of his or her own beside the holder's (代办).
    pub own_document: bool,
}

/// A kind of identity document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentKind {
    pub id: String,
    pub label: String,
    pub number: NumberFormat,
    /// Has an end of validity that must not have passed.
    pub expires: bool,
    /// The holder's own page must be seen (户口簿).
    pub page: bool,
    /// Whose document it is.
    pub persons: Vec<HolderClass>,
    /// Only for holders below this full age.
    pub below_age: Option<u32>,
    /// Only for holders who have no resident identity card.
    pub without_id_card: bool,
    /// What an expired one answers.
    pub expired: Code,
    /// What a person answers to whom this kind does not belong.
    pub wrong_person: Code,
    pub rule: String,
}

/// How the number of a document is built and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberFormat {
    /// Mainland number, 18 characters (MOD 11-2) or the old 15 digits.
    ResidentId,
    /// 18 digits beginning 81, 82 or 83.
    HmtResidence,
    /// 18 digits beginning 9, or the old 3 letters and 12 digits.
    ForeignResidence,
    /// Letters and digits, 5 to 15.
    TravelDocument,
}

/// Answer of a rule set to a code: rule id, and its own words where it has some.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeRule {
    pub rule: Option<String>,
    pub text: Option<String>,
    pub cause: Option<String>,
    pub remedy: Option<String>,
}

/// A message code of the programme itself (`programme.*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCode {
    pub text: String,
    pub cause: String,
    pub remedy: String,
    pub rule: String,
}

/// A rule of the source documents: the phrase as printed, and a note where it is our reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub phrase: String,
    /// True where the phrase implies the rule, or the source is silent and this is a proposal.
    pub derived: bool,
}

/// Monthly validation (增效).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidityRules {
    /// Validated up to this day of a month: until the end of it; later: until the end of the next.
    pub boundary_day: u32,
    /// From this day up to the boundary the hint is shown.
    pub hint_from: u32,
    pub hint: String,
    /// The end is shown in amber when it is this many days off, or fewer.
    pub amber_days: u32,
    /// An end later than the computed one by more months than this is an anomaly.
    pub ahead_months: u32,
    /// Card type bytes that are validated.
    pub holder_classes: Vec<u8>,
    /// A new card is validated before it is handed over.
    pub new_card: bool,
}

/// How the handling fee of a refund is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeTaken {
    /// Out of what the purse held.
    #[default]
    Deducted,
    /// In cash, beside the whole amount.
    Cash,
}

/// The purse and its refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurseRules {
    /// Most that a card may hold.
    pub cap: Fen,
    /// Handling fee of a refund.
    pub refund_fee: Fen,
    pub refund_fee_taken: FeeTaken,
    /// A card may be refunded on the day it was sold.
    pub same_day: bool,
    /// The transit function must have been opened.
    pub transit_open: bool,
    /// Above this amount the bearer's identity is recorded.
    pub identity_above: Fen,
    /// Full amount only.
    pub full_only: bool,
    /// Least that may be put on at once.
    pub top_up_least: Fen,
    /// Amounts are whole multiples of this.
    pub top_up_step: Fen,
    /// Money may be moved to another card.
    pub transfer: bool,
    /// Beginnings of the numbers of terminals at home, hexadecimal digits; empty: nobody asks where a journey was.
    pub home_terminals: Vec<String>,
    /// Refund of a purse that the counter can only put out of use; absent where such a purse is not refunded.
    pub back_office: Option<BackOffice>,
    pub unreadable: Option<UnreadableRules>,
}

/// Refund of a card that gives no answer: it stays here, and clearing says what it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadableRules {
    /// Tries on the reader, all without an answer.
    pub failed_reads: u32,
    /// Calendar days until it is paid.
    pub days: u32,
    /// The same where the card was used out of town, whose journeys reach clearing later.
    pub remote_days: u32,
    /// Who must agree.
    pub authorise: Level,
}

/// The purse is put out of use at the counter, and its balance is paid by the back office later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOffice {
    pub block: BlockState,
    /// Calendar days until it is paid: journeys may reach clearing that late.
    pub days: u32,
}

/// Loss reissue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReissueRules {
    /// A formal loss report must come first.
    pub formal_loss_first: bool,
    /// Years of validity written onto a new card.
    pub card_years: u32,
}

/// Replacement of a card that does not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplacementRules {
    /// Causes of damage that a clerk can tick, in their words.
    pub causes: Vec<String>,
    /// So many tries have to fail, and none succeed, before a fault of the card is believed.
    pub failed_reads: u32,
    /// For a damaged card.
    pub damage: Fee,
    /// For a card that was faulty from the beginning.
    pub quality: Fee,
}

/// A card that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourierRules {
    /// Of one order.
    pub fee: Fee,
    /// The addressee pays the post; the counter takes nothing.
    pub collect: bool,
}

/// Cards that are made centrally.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductionRules {
    /// Calendar days in which a card that takes the place of another is promised.
    pub days: u32,
    /// Days after which a made card that nobody picked up stands on the outlet's list.
    pub list_days: u32,
    /// Days after which it goes back to the centre.
    pub return_days: u32,
}

impl ProductionRules {
    /// Last day of the promise for an order of this day.
    #[must_use]
    pub fn promised(&self, ordered: NaiveDate) -> Option<NaiveDate> {
        ordered.checked_add_days(Days::new(u64::from(self.days)))
    }
}

/// The bank's part of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankFunctionRules {
    /// Years from the day of issue in which it works over a counter.
    pub years: u32,
    /// Months before that from which the holder is told.
    pub remind_months: u32,
    /// Rule by which only the holder has it opened.
    pub activation_rule: String,
}

/// Photo of an applicant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoRules {
    /// Needed from this full age on.
    pub from_age: u32,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Dots per inch.
    pub dpi: u32,
    /// Shortest file, in bytes.
    pub least_bytes: u32,
    /// Longest file, in bytes.
    pub most_bytes: u32,
    /// A border pixel is white from this red, green and blue on.
    pub white_from: u32,
    /// Of a hundred border pixels, how many are white at least.
    pub white_share: u32,
}

/// Lists that units bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitRules {
    /// People in one list.
    pub most_rows: u32,
}

/// The promise of a first card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstIssueRules {
    /// Calendar months after the school's submission was received, held to the month's end; then days.
    pub months: u32,
    pub days: u32,
}

impl FirstIssueRules {
    /// Last day of the promise for a submission received on this day.
    #[must_use]
    pub fn promised(&self, received: NaiveDate) -> Option<NaiveDate> {
        received.checked_add_months(Months::new(self.months))?.checked_add_days(Days::new(u64::from(self.days)))
    }
}

/// Codes by text message that the counter may have sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsRules {
    pub interval_seconds: u32,
    pub per_day: u32,
}

/// The password of the programme's platform, which the centre resets and nobody at the counter sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordRules {
    pub domestic: InitialPassword,
    pub hmt: InitialPassword,
    pub foreign: InitialPassword,
    pub must_change: bool,
    /// Resets within the window that need nobody's agreement.
    pub free_resets: u32,
    pub window_days: u32,
    pub authorise: Level,
    /// First question first.
    pub questions: Vec<TreeQuestion>,
    /// What the slip says the initial password is, in words and never in digits.
    pub words_id_number: String,
    pub words_ecard_number: String,
}

impl PasswordRules {
    /// The number that a holder's initial password is taken from.
    #[must_use]
    pub fn initial(&self, class: HolderClass) -> InitialPassword {
        match class {
            HolderClass::Domestic => self.domestic,
            HolderClass::Hmt => self.hmt,
            HolderClass::Foreign => self.foreign,
        }
    }
}

/// A question of a decision tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeQuestion {
    pub id: String,
    /// May hold `{phone}`.
    pub title: String,
    pub help: Option<String>,
    pub options: Vec<TreeOption>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeOption {
    pub id: String,
    pub label: String,
    pub then: Branch,
}

/// Where an answer leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Branch {
    /// To the question of this id.
    Ask(String),
    Refer(Code),
    /// The tree is done; the service goes on.
    Pass,
}

/// Level of a second person's agreement (授权).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 值班主管
    Supervisor,
    /// 网点负责人
    Manager,
}

impl Level {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Supervisor => "值班主管",
            Self::Manager => "网点负责人",
        }
    }
}

/// Amounts above which a service needs agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorisationRules {
    pub limits: Vec<AuthorisationLimit>,
    /// How long one agreement holds.
    pub minutes: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorisationLimit {
    pub capability: Capability,
    pub above: Fen,
    pub level: Level,
}

/// Limits of work without the centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineLimits {
    /// Accepted cases (class C) per desk.
    pub accepted: u32,
    /// Hours of sign-in by cached verifier.
    pub sign_in_hours: u32,
    /// Hours since the centre's last time, after which the clock is not trusted.
    pub clock_hours: u32,
    pub clock_drift_seconds: u32,
    /// A step back of more than this makes the clock untrusted.
    pub clock_back_seconds: u32,
    pub blacklist_warn_hours: u32,
    pub blacklist_stop_hours: u32,
}

/// Limits of a till.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TillRules {
    /// Most that may lie in a till.
    pub most: Fen,
    /// Most that one clerk pays out in a day.
    pub paid_out: Fen,
}

/// Which cards belong to the programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFamily {
    /// Name of a card profile.
    pub family: String,
    /// Beginnings of the issuer identification, hexadecimal digits in upper case; empty: any.
    pub issuers: Vec<String>,
}
