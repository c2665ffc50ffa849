//! What a case is decided with: its header, the rule set it was begun under, and what is true at the desk now.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sha2::{Digest, Sha256};

use super::{
    CaseHeader, LineMode, OldCard,
    fact::{Authorisation, Fact, Moment},
};
use crate::{
    card::CardImage,
    code::{Code, Message},
    eligibility,
    id::{CaseId, CentreNumber, Id128, OperatorId, RequestId},
    money::Fen,
    offline, password_reset,
    person::{CardFacts, PersonFacts},
    posting::{Account, Balanced},
    refund::{self, HandlingFee},
    reissue,
    ruleset::{DocumentKind, FeeTaken, RuleSet},
    top_up, validation, validity,
};

/// Everything outside a case that its next step may depend on. Holds no effect and no choice.
#[derive(Debug, Clone, Copy)]
pub struct Cx<'a> {
    pub header: &'a CaseHeader,
    pub rules: &'a RuleSet,
    pub now: DateTime<Utc>,
    /// Who is at the window now; may differ from the one who opened the case.
    pub operator: &'a OperatorId,
    /// Terminal number of this desk, six bytes as hexadecimal digits.
    pub terminal: &'a str,
    /// Terminal transaction number for a write ordered now.
    pub sequence: u32,
    /// The clerk's till.
    pub till: Fen,
    /// Paid out by the clerk today.
    pub paid_out: Fen,
    pub blanks: u32,
    /// Cases accepted offline that still wait.
    pub accepted: u32,
    /// The line works now (the case's own mode is in its header).
    pub online: bool,
    pub clock_trusted: bool,
    /// The card that lay on the reader when the case was opened or last looked at.
    pub card_in_field: Option<&'a CardImage>,
}

impl Cx<'_> {
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment { at: self.now, terminal: self.terminal.to_owned(), sequence: self.sequence }
    }

    /// The local day on which the case is decided.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        local(self.now).date()
    }

    /// The same id for every repeat of this effect of this case.
    #[must_use]
    pub fn request(&self, effect: &str, attempt: u32) -> RequestId {
        request_id(self.header.id, effect, attempt)
    }

    #[must_use]
    pub fn offline_case(&self) -> bool {
        match self.header.line {
            LineMode::Online => false,
            LineMode::Offline => true,
        }
    }

    #[must_use]
    pub fn till_account(&self) -> Account {
        Account::Till { outlet: self.header.outlet.clone(), operator: self.operator.clone() }
    }

    /// Fee taken in cash.
    #[must_use]
    pub fn fee_in(&self, amount: Fen) -> Balanced {
        Balanced::transfer(self.fee_income(), self.till_account(), amount)
    }

    /// Money for a purse taken in cash; held until it is on the card.
    #[must_use]
    pub fn top_up_in(&self, amount: Fen) -> Balanced {
        Balanced::transfer(self.top_up_held(), self.till_account(), amount)
    }

    /// Money that did not reach the purse given back in cash.
    #[must_use]
    pub fn top_up_back(&self, amount: Fen) -> Balanced {
        Balanced::transfer(self.till_account(), self.top_up_held(), amount)
    }

    fn top_up_held(&self) -> Account {
        Account::TopUpHeld { programme: self.header.programme.clone() }
    }

    /// May the till take this much more?
    ///
    /// # Errors
    /// `TILL_FULL`.
    pub fn till_takes(&self, amount: Fen) -> Result<(), Message> {
        match self.till.plus(amount) {
            Ok(after) if after <= self.rules.till.most => Ok(()),
            Ok(_) | Err(_) => Err(self.refuse(Code::TillFull)),
        }
    }

    /// Fee given back in cash.
    #[must_use]
    pub fn fee_back(&self, amount: Fen) -> Balanced {
        Balanced::transfer(self.till_account(), self.fee_income(), amount)
    }

    /// Confirmed refund paid in cash.
    #[must_use]
    pub fn refund_out(&self, amount: Fen) -> Balanced {
        Balanced::transfer(self.till_account(), Account::RefundPayable { programme: self.header.programme.clone() }, amount)
    }

    /// The same, with the handling fee taken out of it or beside it.
    #[must_use]
    pub fn refund_out_less(&self, amount: Fen, fee: Option<HandlingFee>) -> Balanced {
        let out = self.refund_out(refund::paid(amount, fee));
        match fee {
            None => out,
            Some(HandlingFee { amount, taken: FeeTaken::Cash }) => out.and(self.fee_in(amount)),
            Some(HandlingFee { amount, taken: FeeTaken::Deducted }) => {
                out.and(Balanced::transfer(self.fee_income(), Account::RefundPayable { programme: self.header.programme.clone() }, amount))
            }
        }
    }

    fn fee_income(&self) -> Account {
        Account::FeeIncome { programme: self.header.programme.clone() }
    }

    /// Is there enough cash for this amount, and may this clerk still pay it out today?
    ///
    /// # Errors
    /// `TILL_SHORT`.
    pub fn till_holds(&self, amount: Fen) -> Result<(), Message> {
        let paid = self.paid_out.plus(amount).map_err(|_| self.refuse(Code::TillShort))?;
        if self.till < amount || paid > self.rules.till.paid_out {
            return Err(self.refuse(Code::TillShort));
        }
        Ok(())
    }

    /// May one more case be accepted while the line is down?
    ///
    /// # Errors
    /// `OFFLINE_LIMIT`.
    pub fn room_to_accept(&self) -> Result<(), Message> {
        offline::room(self.rules, self.accepted)
    }

    /// # Errors
    /// Why this card cannot be refunded; judged by the card alone where the centre said nothing yet.
    pub fn refund(&self, card: &CardImage, centre: Option<&CardFacts>) -> Result<refund::Terms, Message> {
        refund::decide(self.rules, refund::Facts { outlet: &self.header.outlet, at: local(self.now), card, centre })
    }

    /// The most that may be put onto this card now; judged by the card alone where the centre said nothing yet.
    ///
    /// # Errors
    /// Why nothing can be put onto it.
    pub fn top_up(&self, card: &CardImage, centre: Option<&CardFacts>) -> Result<Fen, Message> {
        top_up::decide(self.rules, top_up::Facts { outlet: &self.header.outlet, at: local(self.now), card, centre })
    }

    /// # Errors
    /// Why the card is not validated.
    pub fn validation(&self, card: &CardImage, centre: Option<&CardFacts>) -> Result<NaiveDate, Message> {
        validation::decide(
            self.rules,
            validation::Facts {
                outlet: &self.header.outlet,
                at: local(self.now),
                line: self.header.line,
                clock_trusted: self.clock_trusted,
                card,
                centre,
            },
        )
    }

    /// End of validity for a card that was written a moment ago.
    ///
    /// # Errors
    /// `CLOCK_UNTRUSTED`, or why writing would change nothing.
    pub fn validation_of_new(&self, card: &CardImage) -> Result<NaiveDate, Message> {
        if !self.clock_trusted {
            return Err(self.refuse(Code::ClockUntrusted));
        }
        validity::extend(self.rules, card.valid_until, self.today())
    }

    /// # Errors
    /// Why no new card is written, everything at once.
    pub fn reissue(&self, person: &PersonFacts, old: &OldCard) -> Result<reissue::Terms, Message> {
        reissue::decide(
            self.rules,
            reissue::Facts {
                outlet: &self.header.outlet,
                clerk: self.operator,
                at: local(self.now),
                line: LineMode::Online,
                person,
                ground: &old.ground,
                old_card: old.card_no.as_ref(),
                on_reader: self.card_in_field,
                blanks: self.blanks,
            },
        )
        .map_err(all)
    }

    /// # Errors
    /// Why the password is not reset, everything at once.
    pub fn password_reset(&self, person: &PersonFacts) -> Result<password_reset::Terms, Message> {
        password_reset::decide(self.rules, person, self.operator).map_err(all)
    }

    /// Checks role and documents.
    ///
    /// # Errors
    /// Everything that is missing.
    pub fn eligible(&self, request: &eligibility::Request) -> Result<eligibility::Proven, Message> {
        eligibility::check(self.rules, self.header.service, request, self.today()).map_err(all)
    }

    #[must_use]
    pub fn documents(&self) -> Vec<&DocumentKind> {
        eligibility::documents(self.rules, self.header.service)
    }

    /// Accepts a second person's agreement to exactly this amount.
    ///
    /// # Errors
    /// `SELF_AUTH_FORBIDDEN`, or `AUTHORISATION_REFUSED` for another amount.
    pub fn authorised(&self, by: OperatorId, number: CentreNumber, given: Fen, amount: Fen) -> Result<Fact, Message> {
        if by == self.header.operator || &by == self.operator {
            return Err(self.refuse(Code::SelfAuthForbidden));
        }
        if given != amount {
            return Err(self.refuse(Code::AuthorisationRefused).with("why", "金额不符"));
        }
        Ok(Fact::Authorised { authorisation: Authorisation { by, number, amount }, moment: self.moment() })
    }

    /// A message with this programme's rule id and phrase for the service.
    #[must_use]
    pub fn refuse(&self, code: Code) -> Message {
        self.rules.message(Some(self.header.service), code)
    }
}

/// Local time of the counter: Asia/Shanghai, which has no other offset in our time.
#[must_use]
pub fn local(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc() + chrono::TimeDelta::hours(8)
}

/// First 16 bytes of SHA-256 over case, effect and attempt: a replay makes the same id.
#[must_use]
pub fn request_id(case: CaseId, effect: &str, attempt: u32) -> RequestId {
    let mut hasher = Sha256::new();
    hasher.update(b"desk.request.1");
    hasher.update(case.0);
    hasher.update(attempt.to_be_bytes());
    hasher.update(effect.as_bytes());
    let digest = hasher.finalize();
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(digest) {
        *to = from;
    }
    Id128(id)
}

/// One message that carries all others.
#[must_use]
pub fn all(messages: Vec<Message>) -> Message {
    let mut messages = messages.into_iter();
    let Some(first) = messages.next() else {
        return Message::new(Code::Internal).with("where", "rules");
    };
    Message { also: messages.collect(), ..first }
}

/// The answer to an input that does not fit the question.
#[must_use]
pub fn stale() -> Message {
    Message::new(Code::StaleAnswer)
}
