//! What a case does outside, and how that ends.

use super::*;

/// Something to be done outside. Its intent is in the journal before it begins and its outcome after it ends; after a
/// crash the intent alone says how to find out what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Wait for a card and read it. Harmless; repeated after a crash.
    ReadCard { expect: Option<CardImage> },
    /// See whether the card that lies there answers at all. Harmless; repeated after a crash.
    TryCard,
    /// Ask the centre for a person. Harmless.
    FindPerson { lookup: Lookup },
    /// Ask the centre for a card. Harmless.
    FindCard { lookup: Lookup },
    /// Ask the centre for a person, and the system that keeps a matter about it. Harmless.
    Inquire { lookup: Lookup, inquiry: Inquiry },
    /// Take a photo from the folder of what was brought. Harmless.
    TakePhoto { name: String },
    /// See which lists lie in the folder of what was brought. Harmless.
    FindLists,
    /// Take the rows of a list from this one on, with what lies under the names of their photos. Harmless.
    TakeRows {
        list: String,
        from: u32,
        /// What the file was before; another one is refused.
        sha256: Option<String>,
    },
    /// Send photos to the centre, one by one. Kept there under what they are: a repeat changes nothing.
    SendPhotos { photos: Vec<PhotoToSend> },
    /// Submit some rows of a unit's list. Repeated with the same request id for ever.
    SubmitRows { request: RequestId, portion: Box<Portion> },
    /// Ask the centre what is owed on a slip. Harmless.
    FindOwed { slip: Slip },
    /// Ask the centre which made cards lie here too long. Harmless.
    FindUncollected,
    /// Reserve the right. Repeated with the same request id for ever.
    Reserve { request: RequestId, claim: Claim, authorisation: Option<CentreNumber> },
    /// Give an unused reservation back. Repeated with the same request id.
    Release { request: RequestId, reservation: CentreNumber },
    /// Write the card; after a crash decided by the tear rule, never assumed.
    WriteCard { attempt: u32, reservation: CentreNumber, intent: WriteIntent },
    /// Decide a torn write from the same card. Changes nothing; repeated after a crash.
    ResolveWrite { attempt: u32, reservation: CentreNumber, intent: WriteIntent },
    /// Tell the centre of a write whose end is unknown, so that no other desk gets a MAC for the card.
    ReportUnknown { request: RequestId, reservation: CentreNumber, intent: WriteIntent },
    /// Settle the right. Repeated with the same request id for ever.
    Confirm { request: RequestId, reservation: CentreNumber, settlement: Settlement },
    /// Print one paper; repeated after a crash, marked as a reprint where it may have come out.
    Print { paper: Paper },
}

impl Effect {
    /// Stable name, part of the journal row's kind.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ReadCard { .. } => "read_card",
            Self::TryCard => "try_card",
            Self::FindPerson { .. } => "find_person",
            Self::FindCard { .. } => "find_card",
            Self::Inquire { .. } => "inquire",
            Self::FindOwed { .. } => "find_owed",
            Self::FindUncollected => "find_uncollected",
            Self::TakePhoto { .. } => "take_photo",
            Self::FindLists => "find_lists",
            Self::TakeRows { .. } => "take_rows",
            Self::SendPhotos { .. } => "send_photos",
            Self::SubmitRows { .. } => "submit_rows",
            Self::Reserve { .. } => "reserve",
            Self::Release { .. } => "release",
            Self::WriteCard { .. } => "write_card",
            Self::ResolveWrite { .. } => "resolve_write",
            Self::ReportUnknown { .. } => "report_unknown",
            Self::Confirm { .. } => "confirm",
            Self::Print { .. } => "print",
        }
    }

    /// Reading and asking change nothing and may be repeated without a trace; everything else is announced in the
    /// journal before it begins.
    #[must_use]
    pub fn needs_intent(&self) -> bool {
        match self {
            Self::ReadCard { .. }
            | Self::TryCard
            | Self::FindPerson { .. }
            | Self::FindCard { .. }
            | Self::Inquire { .. }
            | Self::FindOwed { .. }
            | Self::FindUncollected
            | Self::TakePhoto { .. }
            | Self::FindLists
            | Self::TakeRows { .. }
            | Self::ResolveWrite { .. } => false,
            Self::Reserve { .. }
            | Self::Release { .. }
            | Self::WriteCard { .. }
            | Self::ReportUnknown { .. }
            | Self::Confirm { .. }
            | Self::SendPhotos { .. }
            | Self::SubmitRows { .. }
            | Self::Print { .. } => true,
        }
    }

    /// Needs a card that answers on the reader.
    #[must_use]
    pub fn needs_card(&self) -> bool {
        match self {
            Self::ReadCard { .. } | Self::WriteCard { .. } | Self::ResolveWrite { .. } => true,
            Self::TryCard
            | Self::FindPerson { .. }
            | Self::FindCard { .. }
            | Self::Inquire { .. }
            | Self::FindOwed { .. }
            | Self::FindUncollected
            | Self::TakePhoto { .. }
            | Self::FindLists
            | Self::TakeRows { .. }
            | Self::SendPhotos { .. }
            | Self::SubmitRows { .. }
            | Self::Reserve { .. }
            | Self::Release { .. }
            | Self::ReportUnknown { .. }
            | Self::Confirm { .. }
            | Self::Print { .. } => false,
        }
    }

    /// Needs the centre.
    #[must_use]
    pub fn needs_line(&self) -> bool {
        match self {
            Self::FindPerson { .. }
            | Self::FindCard { .. }
            | Self::Inquire { .. }
            | Self::FindOwed { .. }
            | Self::FindUncollected
            | Self::Reserve { .. }
            | Self::Release { .. }
            | Self::ReportUnknown { .. }
            | Self::SendPhotos { .. }
            | Self::SubmitRows { .. }
            | Self::Confirm { .. } => true,
            Self::ReadCard { .. }
            | Self::TryCard
            | Self::TakePhoto { .. }
            | Self::FindLists
            | Self::TakeRows { .. }
            | Self::WriteCard { .. }
            | Self::ResolveWrite { .. }
            | Self::Print { .. } => false,
        }
    }
}

/// How an effect ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    CardRead {
        card: CardImage,
    },
    /// Why it gave no answer; nothing where it did.
    CardTried {
        failed: Option<Code>,
    },
    PersonFound {
        person: Box<PersonFacts>,
    },
    CardFound {
        card: Box<CardFacts>,
    },
    Inquired {
        person: Box<PersonFacts>,
        found: Inquired,
    },
    OwedFound {
        owed: Box<Owed>,
    },
    UncollectedFound {
        cards: Vec<Lying>,
    },
    PhotoTaken {
        taken: Box<Taken>,
    },
    ListsFound {
        lists: Vec<String>,
    },
    RowsTaken {
        part: Box<Part>,
    },
    /// All but these are at the centre.
    PhotosSent {
        lost: Vec<Lost>,
    },
    RowsSubmitted {
        results: Vec<RowResult>,
    },
    Reserved {
        reservation: Reservation,
    },
    Released,
    Write {
        end: WriteEnd,
    },
    Reported,
    Confirmed {
        number: CentreNumber,
    },
    Printed {
        copy: u32,
    },
    /// A definite no from the other side (a rule, a conflict): the effect did not happen and will not.
    Refused {
        message: Message,
    },
    /// Did not work and had no effect, or one that a repeat under the same id cannot double: may be tried again.
    Failed {
        message: Message,
    },
}
