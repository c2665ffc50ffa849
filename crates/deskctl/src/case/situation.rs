//! What stands at the counter: the input of `deskctl case eval`. What is left out is an ordinary case in order.

use std::collections::BTreeMap;

use desk_domain::{
    application::{PurseSeen, Wish},
    card::RefundMethod,
    function::Function,
    inquiry::{Delivery, IssueClass, IssueState},
    person::{HolderClass, InitialPassword},
    replacement::ReadTests,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// One situation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Situation {
    /// Neutral name (`refund_readable`), capability (`purse.refund`) or number of the service (`S-09`).
    pub service: String,
    /// Programme, where the rule files hold more than one; else the only one of them.
    #[serde(default)]
    pub programme: Option<String>,
    /// Id of the outlet.
    pub outlet: String,
    /// Local time `YYYY-MM-DD HH:MM`, or RFC 3339.
    pub moment: String,
    #[serde(default)]
    pub line: Line,
    /// False where the desk's clock is not to be trusted.
    #[serde(default = "yes")]
    pub clock_trusted: bool,
    /// Number of the clerk.
    #[serde(default = "clerk")]
    pub operator: String,
    /// Who asks. Without it nobody's identity is checked, and services that need one say so.
    #[serde(default)]
    pub applicant: Option<Applicant>,
    /// Documents on the counter.
    #[serde(default)]
    pub documents: Vec<Document>,
    #[serde(default)]
    pub holder: Holder,
    #[serde(default)]
    pub card: Card,
    #[serde(default)]
    pub facts: Facts,
}

fn yes() -> bool {
    true
}

fn clerk() -> String {
    "1001".to_owned()
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    #[default]
    Online,
    Offline,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Applicant {
    /// Id of an applicant of the rule set (`parent`, `guardian`, `holder`, `agent`, …).
    pub role: String,
    /// Relation to the holder, where the role asks for one.
    #[serde(default)]
    pub relation: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    #[default]
    Holder,
    Agent,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    #[serde(default)]
    pub of: Whose,
    /// Id of a document kind of the rule set (`resident_id`, `household_register`, …).
    pub kind: String,
    /// As typed: full-width characters, spaces and a small x are taken.
    pub number: String,
    /// Last day of validity `YYYY-MM-DD`, or `长期`; left out where the kind has none.
    #[serde(default)]
    pub expires: Option<String>,
    /// False for a copy or a picture.
    #[serde(default = "yes")]
    pub original: bool,
    /// The holder's own page of the register was seen.
    #[serde(default = "yes")]
    pub own_page: bool,
}

/// What the centre's record says of the holder.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Holder {
    #[schemars(with = "Option<String>")]
    pub class: Option<HolderClass>,
    /// Has a resident identity card, though something else was shown.
    pub has_id_card: bool,
    /// False for a pupil who has left or graduated.
    pub entitled: bool,
    /// Status of each card: `active`, `stock`, `lost`, `blacklisted`, `replaced`, `closed`.
    pub cards: Vec<String>,
    /// Number of an open order of another channel.
    pub open_order: Option<String>,
    /// A usable mobile number of the first guardian is on record.
    pub phone_on_record: bool,
    /// Password resets in the window of the programme.
    pub recent_resets: u32,
    #[schemars(with = "Option<String>")]
    pub initial_password: Option<InitialPassword>,
    /// The holder works here, under this number.
    pub staff: Option<String>,
}

impl Default for Holder {
    fn default() -> Self {
        Self {
            class: None,
            has_id_card: false,
            entitled: true,
            cards: vec!["active".to_owned()],
            open_order: None,
            phone_on_record: true,
            recent_resets: 0,
            initial_password: None,
            staff: None,
        }
    }
}

/// The card, as read and as the centre knows it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Card {
    /// Name of a card family; the programme's first where left out.
    pub family: Option<String>,
    /// Issuer identification, hexadecimal digits.
    pub issuer: Option<String>,
    /// Card type byte.
    pub holder_class: u8,
    /// `YYYY-MM-DD`
    pub valid_until: Option<String>,
    /// Net of any overdraft; may be negative.
    pub balance_fen: i64,
    /// False for a card without a purse.
    pub purse: bool,
    #[schemars(with = "Option<String>")]
    pub refund_method: Option<RefundMethod>,
    pub incomplete_trip: bool,
    pub blank: bool,
    /// At the centre: `active`, `stock`, `lost`, `blacklisted`, `replaced`, `closed`.
    pub status: String,
    /// Day of sale, `YYYY-MM-DD`.
    pub issued_on: Option<String>,
    pub transit_open: bool,
    /// Number of a case that holds the card in suspense.
    pub suspended_by: Option<String>,
    /// Functions with a state of their own, as their keepers say.
    pub functions: Vec<FunctionGiven>,
    /// The card on the reader is none of the holder's.
    pub of_somebody_else: bool,
}

/// One function of the card.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FunctionGiven {
    #[schemars(with = "String")]
    pub function: Function,
    /// `normal`, `not_opened`, `temporary_loss`, `formal_loss`, `closed`.
    pub state: String,
    /// Where the loss was reported: `online`, `counter`, the id of a bank (`bank.…`) or of a hotline.
    #[serde(default)]
    pub channel: Option<String>,
    /// End of a temporary loss, local time `YYYY-MM-DD HH:MM`.
    #[serde(default)]
    pub until: Option<String>,
    /// Id of the bank that keeps the bank function.
    #[serde(default)]
    pub bank: Option<String>,
}

impl Default for Card {
    fn default() -> Self {
        Self {
            family: None,
            issuer: None,
            holder_class: 2,
            valid_until: None,
            balance_fen: 0,
            purse: true,
            refund_method: None,
            incomplete_trip: false,
            blank: false,
            status: "active".to_owned(),
            issued_on: None,
            transit_open: true,
            suspended_by: None,
            functions: Vec::new(),
            of_somebody_else: false,
        }
    }
}

/// What else the decision may look at.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Facts {
    /// Answers of the decision tree, question → option.
    pub answers: BTreeMap<String, String>,
    /// An amount that was named: a fee asked for, or part of a refund.
    pub amount_fen: Option<i64>,
    /// Blank cards of the window.
    pub blanks: u32,
    /// Cases accepted offline that still wait on this desk.
    pub accepted_offline: u32,
    /// The card said to be lost lies on the reader.
    pub card_on_reader: bool,
    /// Causes of damage that are to be seen on the old card, as the rule set names them.
    pub damage: Vec<String>,
    /// How often the old card was tried on the reader.
    #[schemars(with = "BTreeMap<String, u32>")]
    pub read_tests: ReadTests,
    /// The old card stays here.
    pub surrendered: bool,
    /// What a card that is made centrally is wanted for.
    #[schemars(with = "Option<String>")]
    pub wish: Option<Wish>,
    /// What was seen of the old card's purse.
    #[schemars(with = "Option<String>")]
    pub purse_seen: Option<PurseSeen>,
    /// The holder agrees to the electronic card.
    pub consent: bool,
    /// A benefit is paid to the account of the old card.
    pub benefits: bool,
    /// Id of the bank that is chosen for a new card.
    pub bank: Option<String>,
    /// A photo is on file at the centre.
    pub photo_on_file: bool,
    /// A photo was brought.
    pub photo_brought: bool,
    /// State of the holder's order: `in_production`, `ready`, `sent`, `returned`, `sent_back`, `handed_over`.
    pub order: Option<String>,
    /// Functions whose loss is reported; social security and bank where left out.
    #[schemars(with = "Option<Vec<String>>")]
    pub functions: Option<Vec<Function>>,
    /// What the customer asks for, by the id of the choice at the window.
    pub asks: Option<String>,
    /// Books on loan.
    pub loans: u32,
    /// What is owed for a card that gave no answer.
    pub owed: Option<OwedGiven>,
    /// Progress of a first card.
    pub issue: Option<IssueGiven>,
    /// Codes sent to the registered phone.
    pub codes: CodesGiven,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwedGiven {
    /// `YYYY-MM-DD`
    pub from: String,
    /// Left out while clearing does not know.
    #[serde(default)]
    pub amount_fen: Option<i64>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueGiven {
    #[schemars(with = "String")]
    pub state: IssueState,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub class: Option<IssueClass>,
    /// `YYYY-MM-DD`
    #[serde(default)]
    pub received_on: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CodesGiven {
    pub today: u32,
    /// Seconds since the last one.
    pub seconds_ago: Option<u32>,
    #[schemars(with = "Option<String>")]
    pub delivery: Option<Delivery>,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            answers: BTreeMap::new(),
            amount_fen: None,
            blanks: 20,
            accepted_offline: 0,
            card_on_reader: false,
            damage: Vec::new(),
            read_tests: ReadTests::default(),
            surrendered: true,
            wish: None,
            purse_seen: None,
            consent: true,
            benefits: false,
            bank: None,
            photo_on_file: false,
            photo_brought: true,
            order: None,
            functions: None,
            asks: None,
            loans: 0,
            owed: None,
            issue: None,
            codes: CodesGiven::default(),
        }
    }
}
