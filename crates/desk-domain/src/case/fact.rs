//! Facts: what has become true in a case. A case is the sum of its facts; the journal holds them in order.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{
    ApplicationTerms, Direction, Faulty, GuidanceTerms, HandBackTerms, KeptFor, LossTerms, Moved, Paper, Ready, context::local,
    identity::IdentityFact,
};
use crate::{
    application::{PurseSeen, Wish},
    booked::Booked,
    card::{CardImage, TearEvidence, Terminal, WriteProof},
    claim::Reservation,
    code::{Code, Message},
    function::Function,
    id::{CardNo, CaseNumber, CentreNumber, OperatorId},
    money::Fen,
    order::{Contact, Form, Photo, Returned, Uncollected, Way},
    person::{CardFacts, PersonFacts},
    photo::Seen,
    posting::Balanced,
    refund::HandlingFee,
    refund_unreadable::Owed,
    reissue::Ways,
    replacement::Ground,
    reversal::{Mistake, OldPaper},
    ruleset::Level,
    unit_batch::{Lost, RowResult, Unit},
};

/// The moment from which a card write takes its time and its running number, so that a replay makes the same intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    pub at: DateTime<Utc>,
    /// Terminal number, six bytes as hexadecimal digits.
    pub terminal: String,
    /// Terminal transaction number.
    pub sequence: u32,
}

impl Moment {
    /// The desk as the card will record it.
    #[must_use]
    pub fn terminal(&self) -> Terminal {
        Terminal { number: self.terminal.clone(), sequence: self.sequence, at: local(self.at) }
    }
}

/// A second person's agreement: one case, one amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorisation {
    pub by: OperatorId,
    pub number: CentreNumber,
    pub amount: Fen,
}

/// Where an answer of the decision tree leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "leads", rename_all = "snake_case")]
pub enum Leads {
    On,
    Refer {
        message: Message,
    },
    /// The tree is done.
    Through,
}

/// What the rules said when the person became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "terms", rename_all = "snake_case")]
pub enum PersonTerms {
    Reissue {
        old_card: CardNo,
        fee: Fen,
        fee_label: String,
        /// The new card is validated before it is handed over.
        validate: bool,
        /// Where it can be made; a journal of before knows the counter only.
        #[serde(default)]
        ways: Ways,
    },
    PasswordReset {
        /// What the initial password is, in words and never in digits.
        words: String,
        /// Why a second person must agree.
        warning: Option<Message>,
    },
    /// What is known, and what can be done about it.
    Guidance(Box<GuidanceTerms>),
    Loss(LossTerms),
    HandBack(HandBackTerms),
    Application(ApplicationTerms),
    SendAgain(Returned),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A card was read and may go on.
    CardRead {
        card: CardImage,
    },
    /// The centre knows the card and nothing stands against the service.
    CardKnown {
        card: Box<CardFacts>,
        /// End of validity that a write would bring, where the service writes one.
        until: Option<NaiveDate>,
        /// Handling fee, where the service takes one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fee: Option<HandlingFee>,
        authorise: Option<Level>,
        moment: Moment,
    },
    /// What the card itself says stands alone: the centre was not asked (offline) or does not know the card.
    CardAlone {
        message: Option<Message>,
    },
    /// One answer about the people and documents at the window.
    Identity {
        given: IdentityFact,
    },
    /// One answer of the decision tree.
    TreeAnswered {
        question: String,
        option: String,
        leads: Leads,
    },
    /// The centre knows the person and nothing stands against the service.
    PersonKnown {
        person: Box<PersonFacts>,
        terms: PersonTerms,
        authorise: Option<Level>,
        moment: Moment,
    },
    /// The customer agreed to what the clerk read out.
    Agreed {
        authorise: Option<Level>,
        /// The bearer's identity has to be recorded first.
        identify: bool,
        moment: Moment,
    },
    Authorised {
        authorisation: Authorisation,
        moment: Moment,
    },
    /// Taken in while the line is down; no effect before the centre says so.
    AcceptedOffline {
        at: DateTime<Utc>,
        /// The card stays at the outlet in a bag with this case's number.
        card_kept: bool,
    },
    Reserved {
        reservation: Reservation,
        moment: Moment,
    },
    Released,
    /// How much is to be put onto the purse.
    AmountChosen {
        amount: Fen,
    },
    /// Fee, or money for a purse, taken in cash.
    MoneyIn {
        fee: Fen,
        tendered: Fen,
        change: Fen,
        postings: Balanced,
    },
    /// Fee given back in the same case.
    MoneyBack {
        amount: Fen,
        postings: Balanced,
    },
    /// An unwritten blank lies on the reader.
    BlankRead {
        card: CardImage,
    },
    /// The clerk pressed the named key for a card write.
    WriteOrdered {
        moment: Moment,
    },
    Written {
        proof: WriteProof,
    },
    NotWritten {
        reason: Code,
    },
    WriteUnknown {
        evidence: TearEvidence,
    },
    /// The same write once more.
    WriteAgain {
        moment: Moment,
    },
    WriteAbandoned,
    /// The customer left while the end of the write was unknown.
    LeftUnknown,
    UnknownReported,
    /// The blank cannot be used any more and goes to the bad stock.
    BlankSpoiled {
        reason: Code,
    },
    Confirmed {
        number: CentreNumber,
        postings: Balanced,
    },
    /// The clerk wants the new card validated now, up to this day.
    ValidationWanted {
        until: NaiveDate,
    },
    /// The new card leaves without validation.
    ValidationLeft {
        message: Option<Message>,
    },
    /// The customer signed the voucher.
    Signed,
    PaidOut {
        amount: Fen,
        postings: Balanced,
    },
    Printed {
        paper: Paper,
        copy: u32,
    },
    /// The paper could not be printed now; the case stands.
    PrintPending {
        paper: Paper,
        code: Code,
    },
    /// The functions that are to be reported lost, one by one.
    FunctionsChosen {
        functions: Vec<Function>,
    },
    /// One of two systems did its part; the other does not show it yet.
    HalfDone {
        message: Message,
    },
    /// The other system is asked once more.
    AskedAgain {
        moment: Moment,
    },
    KeptFor {
        why: KeptFor,
    },
    /// What is wrong with the old card, as far as it can be seen.
    GroundGiven {
        ground: Ground,
    },
    /// The clerk wants the old card tried.
    TestOrdered,
    /// The old card was tried and gave no answer.
    ReadTested {
        failed: Option<Code>,
        /// No further test is needed.
        enough: bool,
    },
    /// The card can be read: it is put on the reader.
    ToBeTapped,
    /// This card lies in the bag with the case's number; none where nothing of it can be read.
    CardKept {
        card_no: Option<CardNo>,
    },
    StockWay {
        direction: Direction,
    },
    /// Count and numbers differ; somebody with the right to has to agree.
    StockDiffers {
        moved: Moved,
    },
    /// Blanks changed hands.
    StockMoved {
        moved: Moved,
    },
    /// The customer gets everything that is missing in writing, once (一次性告知). Changes no state.
    NoticeGiven {
        messages: Vec<Message>,
    },
    /// The centre knows the slip, and what is owed on it.
    OwedKnown {
        owed: Box<Owed>,
        amount: Fen,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fee: Option<HandlingFee>,
        authorise: Option<Level>,
        moment: Moment,
    },
    /// Which slip the customer brought.
    SlipGiven {
        number: CaseNumber,
    },
    /// What lies at the outlet longer than it should.
    UncollectedKnown {
        cards: Vec<Uncollected>,
    },
    /// This one goes back to the centre.
    SentBackChosen {
        order: CentreNumber,
    },
    /// How the new card is made, and how the holder gets it.
    WayChosen {
        way: Way,
    },
    /// Whom the centre reaches about the card, and where it goes.
    ContactGiven {
        contact: Contact,
        /// What the customer has to hear.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<Message>,
    },
    WishGiven {
        wish: Wish,
    },
    /// What is known of the money on the card that is given up.
    PurseSeen {
        purse: PurseSeen,
    },
    FormFilled {
        form: Form,
        /// What the applicant has to hear.
        told: Vec<Message>,
        /// A photo is needed.
        photo: bool,
    },
    PhotoNamed {
        name: String,
        seen: Seen,
    },
    /// Everything that is wrong with the file.
    PhotoRefused {
        messages: Vec<Message>,
    },
    PhotoTaken {
        photo: Photo,
    },
    /// Which movement of the purse is taken back, or written once more.
    MovementChosen {
        of: Box<Booked>,
        authorise: Option<Level>,
        moment: Moment,
    },
    /// What was mistaken about it.
    MistakeNamed {
        mistake: Mistake,
    },
    /// It cannot be taken back here any more: the centre corrects it on a slip.
    CorrectionDue {
        of: Box<Booked>,
        message: Message,
    },
    /// What became of the customer's paper of the business that was taken back.
    OldPaperSeen {
        old: OldPaper,
    },
    /// Accepted without the line, and taken back before the centre heard of it.
    Withdrawn {
        at: DateTime<Utc>,
        by: OperatorId,
    },
    /// The papers of the unit and its agent are complete.
    UnitKnown {
        unit: Box<Unit>,
    },
    /// Lists in the folder.
    ListsFound {
        lists: Vec<String>,
    },
    ListChosen {
        list: String,
    },
    /// It is no list, or not the one that was begun.
    ListRefused {
        message: Message,
    },
    /// Some more rows of the list: each stands or is refused.
    RowsChecked {
        sha256: String,
        /// Rows of the whole list.
        total: u32,
        ready: Vec<Ready>,
        refused: Vec<Faulty>,
    },
    AnotherList,
    /// The unit takes the list back, with everything that is wrong with it.
    ListReturned,
    /// The photos of the next rows are at the centre, but for these.
    PhotosSent {
        lost: Vec<Lost>,
    },
    /// What became of the rows that were sent.
    RowsSubmitted {
        results: Vec<RowResult>,
    },
    /// Everything was shown; nothing more to do.
    Shown {
        message: Option<Message>,
    },
    Refused {
        message: Message,
    },
    /// Somebody else does it; a slip says who.
    Referred {
        message: Message,
    },
    Cancelled,
}

impl Fact {
    /// Stable name, part of the journal row's kind.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::CardRead { .. } => "card_read",
            Self::CardKnown { .. } => "card_known",
            Self::CardAlone { .. } => "card_alone",
            Self::Identity { .. } => "identity",
            Self::TreeAnswered { .. } => "tree_answered",
            Self::PersonKnown { .. } => "person_known",
            Self::Agreed { .. } => "agreed",
            Self::Authorised { .. } => "authorised",
            Self::AcceptedOffline { .. } => "accepted_offline",
            Self::Reserved { .. } => "reserved",
            Self::Released => "released",
            Self::AmountChosen { .. } => "amount_chosen",
            Self::MoneyIn { .. } => "money_in",
            Self::MoneyBack { .. } => "money_back",
            Self::BlankRead { .. } => "blank_read",
            Self::WriteOrdered { .. } => "write_ordered",
            Self::Written { .. } => "written",
            Self::NotWritten { .. } => "not_written",
            Self::WriteUnknown { .. } => "write_unknown",
            Self::WriteAgain { .. } => "write_again",
            Self::WriteAbandoned => "write_abandoned",
            Self::LeftUnknown => "left_unknown",
            Self::UnknownReported => "unknown_reported",
            Self::BlankSpoiled { .. } => "blank_spoiled",
            Self::Confirmed { .. } => "confirmed",
            Self::ValidationWanted { .. } => "validation_wanted",
            Self::ValidationLeft { .. } => "validation_left",
            Self::Signed => "signed",
            Self::PaidOut { .. } => "paid_out",
            Self::Printed { .. } => "printed",
            Self::PrintPending { .. } => "print_pending",
            Self::FunctionsChosen { .. } => "functions_chosen",
            Self::HalfDone { .. } => "half_done",
            Self::AskedAgain { .. } => "asked_again",
            Self::KeptFor { .. } => "kept_for",
            Self::GroundGiven { .. } => "ground_given",
            Self::TestOrdered => "test_ordered",
            Self::ReadTested { .. } => "read_tested",
            Self::ToBeTapped => "to_be_tapped",
            Self::CardKept { .. } => "card_kept",
            Self::StockWay { .. } => "stock_way",
            Self::StockDiffers { .. } => "stock_differs",
            Self::StockMoved { .. } => "stock_moved",
            Self::NoticeGiven { .. } => "notice_given",
            Self::OwedKnown { .. } => "owed_known",
            Self::SlipGiven { .. } => "slip_given",
            Self::UncollectedKnown { .. } => "uncollected_known",
            Self::SentBackChosen { .. } => "sent_back_chosen",
            Self::WayChosen { .. } => "way_chosen",
            Self::ContactGiven { .. } => "contact_given",
            Self::WishGiven { .. } => "wish_given",
            Self::PurseSeen { .. } => "purse_seen",
            Self::FormFilled { .. } => "form_filled",
            Self::PhotoNamed { .. } => "photo_named",
            Self::PhotoRefused { .. } => "photo_refused",
            Self::PhotoTaken { .. } => "photo_taken",
            Self::MovementChosen { .. } => "movement_chosen",
            Self::MistakeNamed { .. } => "mistake_named",
            Self::CorrectionDue { .. } => "correction_due",
            Self::OldPaperSeen { .. } => "old_paper_seen",
            Self::Withdrawn { .. } => "withdrawn",
            Self::UnitKnown { .. } => "unit_known",
            Self::ListsFound { .. } => "lists_found",
            Self::ListChosen { .. } => "list_chosen",
            Self::ListRefused { .. } => "list_refused",
            Self::RowsChecked { .. } => "rows_checked",
            Self::AnotherList => "another_list",
            Self::ListReturned => "list_returned",
            Self::PhotosSent { .. } => "photos_sent",
            Self::RowsSubmitted { .. } => "rows_submitted",
            Self::Shown { .. } => "shown",
            Self::Refused { .. } => "refused",
            Self::Referred { .. } => "referred",
            Self::Cancelled => "cancelled",
        }
    }

    /// The money that moves with this fact.
    #[must_use]
    pub fn postings(&self) -> Balanced {
        match self {
            Self::MoneyIn { postings, .. }
            | Self::MoneyBack { postings, .. }
            | Self::Confirmed { postings, .. }
            | Self::PaidOut { postings, .. } => postings.clone(),
            Self::CardRead { .. }
            | Self::CardKnown { .. }
            | Self::CardAlone { .. }
            | Self::Identity { .. }
            | Self::TreeAnswered { .. }
            | Self::PersonKnown { .. }
            | Self::Agreed { .. }
            | Self::Authorised { .. }
            | Self::AcceptedOffline { .. }
            | Self::Reserved { .. }
            | Self::Released
            | Self::AmountChosen { .. }
            | Self::BlankRead { .. }
            | Self::WriteOrdered { .. }
            | Self::Written { .. }
            | Self::NotWritten { .. }
            | Self::WriteUnknown { .. }
            | Self::WriteAgain { .. }
            | Self::WriteAbandoned
            | Self::LeftUnknown
            | Self::UnknownReported
            | Self::BlankSpoiled { .. }
            | Self::ValidationWanted { .. }
            | Self::ValidationLeft { .. }
            | Self::Signed
            | Self::Printed { .. }
            | Self::PrintPending { .. }
            | Self::FunctionsChosen { .. }
            | Self::HalfDone { .. }
            | Self::AskedAgain { .. }
            | Self::KeptFor { .. }
            | Self::GroundGiven { .. }
            | Self::TestOrdered
            | Self::ReadTested { .. }
            | Self::ToBeTapped
            | Self::CardKept { .. }
            | Self::StockWay { .. }
            | Self::StockDiffers { .. }
            | Self::StockMoved { .. }
            | Self::NoticeGiven { .. }
            | Self::OwedKnown { .. }
            | Self::SlipGiven { .. }
            | Self::UncollectedKnown { .. }
            | Self::SentBackChosen { .. }
            | Self::WayChosen { .. }
            | Self::ContactGiven { .. }
            | Self::WishGiven { .. }
            | Self::PurseSeen { .. }
            | Self::FormFilled { .. }
            | Self::PhotoNamed { .. }
            | Self::PhotoRefused { .. }
            | Self::PhotoTaken { .. }
            | Self::MovementChosen { .. }
            | Self::MistakeNamed { .. }
            | Self::CorrectionDue { .. }
            | Self::OldPaperSeen { .. }
            | Self::Withdrawn { .. }
            | Self::UnitKnown { .. }
            | Self::ListsFound { .. }
            | Self::ListChosen { .. }
            | Self::ListRefused { .. }
            | Self::RowsChecked { .. }
            | Self::AnotherList
            | Self::ListReturned
            | Self::PhotosSent { .. }
            | Self::RowsSubmitted { .. }
            | Self::Shown { .. }
            | Self::Refused { .. }
            | Self::Referred { .. }
            | Self::Cancelled => Balanced::none(),
        }
    }

    /// The code for the journal header, where the fact is a refusal or an error.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { message }
            | Self::Referred { message }
            | Self::HalfDone { message }
            | Self::CorrectionDue { message, .. }
            | Self::ListRefused { message } => Some(message.code),
            Self::ListReturned => Some(Code::UnitListFaulty),
            Self::StockDiffers { .. } => Some(Code::StockDiff),
            Self::NotWritten { reason } | Self::BlankSpoiled { reason } => Some(*reason),
            Self::WriteUnknown { .. } | Self::LeftUnknown | Self::UnknownReported => Some(Code::WriteUnknown),
            Self::PrintPending { code, .. } => Some(*code),
            Self::ReadTested { failed, .. } => *failed,
            Self::NoticeGiven { messages } | Self::PhotoRefused { messages } => messages.first().map(|message| message.code),
            Self::AcceptedOffline { .. } => Some(Code::OfflineAccepted),
            Self::Shown { message } | Self::ValidationLeft { message } => message.as_ref().map(|message| message.code),
            Self::CardRead { .. }
            | Self::CardKnown { .. }
            | Self::CardAlone { .. }
            | Self::Identity { .. }
            | Self::TreeAnswered { .. }
            | Self::PersonKnown { .. }
            | Self::Agreed { .. }
            | Self::Authorised { .. }
            | Self::Reserved { .. }
            | Self::Released
            | Self::AmountChosen { .. }
            | Self::MoneyIn { .. }
            | Self::MoneyBack { .. }
            | Self::BlankRead { .. }
            | Self::WriteOrdered { .. }
            | Self::Written { .. }
            | Self::WriteAgain { .. }
            | Self::WriteAbandoned
            | Self::Confirmed { .. }
            | Self::ValidationWanted { .. }
            | Self::Signed
            | Self::PaidOut { .. }
            | Self::Printed { .. }
            | Self::FunctionsChosen { .. }
            | Self::AskedAgain { .. }
            | Self::KeptFor { .. }
            | Self::GroundGiven { .. }
            | Self::TestOrdered
            | Self::ToBeTapped
            | Self::CardKept { .. }
            | Self::StockWay { .. }
            | Self::StockMoved { .. }
            | Self::OwedKnown { .. }
            | Self::SlipGiven { .. }
            | Self::UncollectedKnown { .. }
            | Self::SentBackChosen { .. }
            | Self::WayChosen { .. }
            | Self::ContactGiven { .. }
            | Self::WishGiven { .. }
            | Self::PurseSeen { .. }
            | Self::FormFilled { .. }
            | Self::PhotoNamed { .. }
            | Self::PhotoTaken { .. }
            | Self::MovementChosen { .. }
            | Self::MistakeNamed { .. }
            | Self::OldPaperSeen { .. }
            | Self::Withdrawn { .. }
            | Self::UnitKnown { .. }
            | Self::ListsFound { .. }
            | Self::ListChosen { .. }
            | Self::RowsChecked { .. }
            | Self::AnotherList
            | Self::PhotosSent { .. }
            | Self::RowsSubmitted { .. }
            | Self::Cancelled => None,
        }
    }
}

/// A fact that does not belong to the state it was applied to: a broken journal or a programming error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fact} does not belong to {state}")]
pub struct Misplaced {
    pub state: &'static str,
    pub fact: &'static str,
}
