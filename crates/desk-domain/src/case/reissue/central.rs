//! The new card is made centrally (制卡) instead of being written here: how it is to be made and delivered, whom to reach, and
//! what follows on the fee. The old card dies as it does at the counter; nothing of value leaves the counter.

use super::*;
use crate::{
    centre_act::{CentreAct, Replacement},
    normalise,
    order::{Contact, Delivery, Way},
    reissue::CentralTerms,
    unit,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Central {
    Ordering {
        paid: Paid,
    },
    /// The old card goes into its bag.
    Bagging {
        ordered: Ordered,
    },
    Slip {
        ordered: Ordered,
    },
    Receipting {
        ordered: Ordered,
    },
}

/// The centre has ordered the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    pub paid: Paid,
    pub number: CentreNumber,
}

impl Ordered {
    fn subject(&self) -> &Subject {
        &self.paid.held.subject
    }

    /// Who left while the line was down has an acceptance slip of that case already.
    pub(super) fn slip(&self) -> Paper {
        if self.subject().accepted_at.is_some() { Paper::Voucher } else { Paper::AcceptanceSlip }
    }
}

impl Central {
    pub(super) fn next(&self, cx: &Cx<'_>) -> Next {
        Next::Do(match self {
            Self::Ordering { paid } => Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: paid.held.reservation.number.clone(),
                settlement: Settlement::Act,
            },
            Self::Bagging { .. } => Effect::Print { paper: Paper::BagLabel },
            Self::Slip { ordered } => Effect::Print { paper: ordered.slip() },
            Self::Receipting { .. } => Effect::Print { paper: Paper::Receipt },
        })
    }

    pub(super) fn decide(&self, input: Input) -> Result<Fact, Message> {
        match (self, input) {
            (Self::Ordering { paid }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: paid.held.reservation.on_confirm.clone() })
            }
            (Self::Ordering { .. }, Input::Outcome(Outcome::Refused { message })) => super::super::final_refusal(message),
            (Self::Bagging { .. }, Input::Outcome(outcome)) => super::super::printed(Paper::BagLabel, outcome),
            (Self::Slip { ordered }, Input::Outcome(outcome)) => super::super::printed(ordered.slip(), outcome),
            (Self::Receipting { .. }, Input::Outcome(outcome)) => super::super::printed(Paper::Receipt, outcome),
            (_, Input::Outcome(Outcome::Failed { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    /// The state of the whole case that the fact makes.
    pub(super) fn apply(self, fact: Fact) -> Result<Reissue, Misplaced> {
        let (state, name) = (self.name(), fact.name());
        Ok(match (self, fact) {
            (Self::Ordering { paid }, Fact::Confirmed { number, .. }) => {
                let subject = &paid.held.subject;
                let bagged = subject.asked.old.ground.is_lost() || subject.accepted_at.is_some();
                let ordered = Ordered { paid, number };
                Reissue::Central { central: if bagged { Self::Slip { ordered } } else { Self::Bagging { ordered } } }
            }
            (Self::Ordering { paid }, Fact::Refused { message }) => Reissue::give_back(paid, Ending::Refused { message }),
            (Self::Bagging { ordered }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Reissue::Central { central: Self::Slip { ordered } }
            }
            (Self::Slip { ordered }, Fact::Printed { .. } | Fact::PrintPending { .. }) if ordered.subject().due().is_positive() => {
                Reissue::Central { central: Self::Receipting { ordered } }
            }
            (Self::Slip { ordered } | Self::Receipting { ordered }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Reissue::Closed { last: Last::Ordered(Box::new(ordered)), ending: Ending::Done }
            }
            (Self::Ordering { .. } | Self::Bagging { .. } | Self::Slip { .. } | Self::Receipting { .. }, _) => {
                return Err(Misplaced { state, fact: name });
            }
        })
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Ordering { .. } => "reissue.ordering",
            Self::Bagging { .. } => "reissue.ordered_bagging",
            Self::Slip { .. } => "reissue.ordered_slip",
            Self::Receipting { .. } => "reissue.ordered_receipting",
        }
    }

    pub(super) fn paid(&self) -> &Paid {
        match self {
            Self::Ordering { paid } => paid,
            Self::Bagging { ordered } | Self::Slip { ordered } | Self::Receipting { ordered } => &ordered.paid,
        }
    }

    pub(super) fn ordered(&self) -> Option<&Ordered> {
        match self {
            Self::Ordering { .. } => None,
            Self::Bagging { ordered } | Self::Slip { ordered } | Self::Receipting { ordered } => Some(ordered),
        }
    }
}

/// Written here, or made centrally and picked up or sent.
pub(super) fn way(subject: &Subject) -> Question {
    let mut options = Vec::new();
    if subject.ways.not_here.is_none() {
        options.push((Way::Counter.as_str(), "当场写卡，立等可取".to_owned()));
    }
    if let Some(central) = &subject.ways.central {
        options.push((Way::PickUp.as_str(), "中心制卡，到本网点领卡".to_owned()));
        if let Some(courier) = &central.courier {
            options.push((Way::Courier.as_str(), format!("中心制卡，邮寄（{} {} 元/单）", courier.label, yuan(courier.amount))));
        }
    }
    Question::new("way", "新卡怎么制作？", Ask::Choice { options: Choice::numbered(options) })
}

pub(super) fn chosen(subject: &Subject, option: &str) -> Result<Fact, Message> {
    let way = Way::ALL.into_iter().find(|way| way.as_str() == option).ok_or_else(stale)?;
    match (way, &subject.ways.not_here, &subject.ways.central) {
        (Way::Counter, None, _) | (Way::PickUp, _, Some(_)) | (Way::Courier, _, Some(CentralTerms { courier: Some(_) })) => {
            Ok(Fact::WayChosen { way })
        }
        (Way::Counter, Some(message), _) => Err(message.clone()),
        (Way::PickUp | Way::Courier, _, _) => Err(stale()),
    }
}

/// Whom the centre tells that the card is there, and where it goes.
pub(super) fn contact(delivery: Delivery) -> Question {
    let mut fields = vec![Field::new("phone", "手机号码", FieldKind::Digits).hint("卡到网点或退回时发短信")];
    match delivery {
        Delivery::PickUp => {}
        Delivery::Courier => fields.push(Field::new("address", "邮寄地址", FieldKind::Text)),
    }
    Question::new("contact", delivery.label(), Ask::Form { fields, submit: "下一步".to_owned() })
}

/// # Errors
/// `FIELD_INVALID`, `FIELD_REQUIRED`.
pub fn reached(delivery: Delivery, values: &[(String, String)]) -> Result<Contact, Message> {
    let value = |id: &str| normalise::text(values.iter().find(|(field, _)| field == id).map_or("", |(_, value)| value.as_str()));
    let phone: String = value("phone").chars().filter(|c| !c.is_whitespace()).collect();
    if !unit::mobile(&phone) {
        return Err(Message::new(Code::FieldInvalid).with("field", "手机号码"));
    }
    let address = match delivery {
        Delivery::PickUp => String::new(),
        Delivery::Courier => value("address"),
    };
    if delivery == Delivery::Courier && address.is_empty() {
        return Err(Message::new(Code::FieldRequired).with("field", "邮寄地址"));
    }
    Ok(Contact { phone, address })
}

/// What the centre is asked for.
pub(super) fn claim(subject: &Subject, delivery: Delivery, contact: &Contact, cx: &Cx<'_>) -> Claim {
    Claim::Act {
        cell: subject.person.cell.clone(),
        programme: cx.header.programme.clone(),
        act: CentreAct::Replace(Box::new(Replacement {
            person: subject.person.person.clone(),
            old_card: subject.old_card.clone(),
            ground: subject.asked.old.ground.clone(),
            delivery,
            contact: contact.clone(),
            courier: subject.courier(),
            accepted_at: subject.accepted_at,
        })),
    }
}
