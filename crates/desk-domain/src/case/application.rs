//! S-04 申领·换领, and S-05, S-06, S-08 of a programme whose cards are made centrally (补卡、换卡): wish, person, what is on record, the
//! purse of the card that is given up, the form, the photo, the applicant's signature; then the centre orders the card.
//! Nothing is paid and nothing is written here. The card is picked up or sent later.

mod face;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Answer, Effect, Ending, Input, LineMode, Outcome, Paper, Writing,
    context::{Cx, all, local, stale},
    fact::{Fact, Misplaced, PersonTerms},
    identity::{Identified, Identity, IdentityStep},
    paper::PaperFacts,
    question::{Ask, Choice, Field, FieldKind, Next, Picture, Progress, Question, Shown, Tone},
    words::{confirmation, day, when, yuan},
};
use crate::{
    application::{self, PurseSeen, Wish},
    card::CardImage,
    centre_act::{CentreAct, Order},
    claim::{Claim, Reservation, Settlement},
    closing,
    code::{Code, Message},
    hours,
    id::CentreNumber,
    inquiry::{Inquired, Inquiry},
    mask, normalise,
    order::{self, Contact, Delivery, Form},
    person::{CardFacts, CardStatus, Lookup, PersonFacts},
    photo::{self, Seen, Taken},
    self_service, unit,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Application {
    Wishing,
    Identifying {
        wish: Wish,
        identity: Identity,
    },
    Finding {
        asked: Asked,
    },
    /// What does the purse of the card that is given up hold?
    Purse {
        known: Known,
    },
    Tapping {
        known: Known,
    },
    Filling {
        known: Known,
        purse: PurseSeen,
    },
    Picturing {
        filled: Filled,
    },
    Looking {
        filled: Filled,
        name: String,
        seen: Seen,
    },
    Reviewing {
        ready: Ready,
    },
    AcceptedSlip {
        ready: Ready,
        at: DateTime<Utc>,
    },
    Accepted {
        ready: Ready,
        at: DateTime<Utc>,
    },
    Reserving {
        ready: Ready,
    },
    Settling {
        ready: Ready,
        reservation: Reservation,
    },
    Slip {
        ready: Ready,
        number: CentreNumber,
    },
    Closed {
        last: Last,
        ending: Ending,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub wish: Wish,
    pub who: Identified,
}

/// What is on record; without the line, nothing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub asked: Asked,
    pub record: Option<Box<Record>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub person: PersonFacts,
    photo_on_file: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    pub known: Known,
    purse: PurseSeen,
    pub form: Form,
    told: Vec<Message>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    pub filled: Filled,
    photo: Option<order::Photo>,
    /// Set where the case was accepted without the line.
    accepted_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Last {
    Nothing,
    Asked(Box<Asked>),
    Ordered(Box<Ready>, CentreNumber),
}

/// What the rules said when the person became known, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationTerms {
    pub photo_on_file: bool,
}

const STEPS: &[&str] = &["申领类型", "核验身份", "核对登记", "交通余额", "填写资料", "照片", "签字", "提交", "打印"];
const TOLD: &str = "已告知：遗失卡的交通余额不能退还";

impl Application {
    #[must_use]
    pub fn begin() -> Self {
        Self::Wishing
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Wishing => Question::new(
                "wish",
                "办理哪一种？",
                Ask::Choice { options: Choice::numbered(Wish::ALL.map(|wish| (wish.as_str(), wish.label()))) },
            )
            .into(),
            Self::Identifying { identity, .. } => identity.next(cx),
            Self::Finding { asked } => match cx.header.line {
                LineMode::Online => Next::Do(inquire(asked, cx)),
                LineMode::Offline => Question::new(
                    "accept_offline",
                    "离线：现在查不到登记",
                    Ask::Choice {
                        options: Choice::numbered([("accept", "先收资料，线路恢复后由中心审核"), ("later", "改日再来，不受理")]),
                    },
                )
                .into(),
            },
            Self::Purse { .. } => Question::new(
                "purse",
                "旧卡的交通功能：把卡放上读卡器读余额",
                Ask::Choice {
                    options: Choice::numbered([
                        ("tap", "旧卡在这里，读余额"),
                        ("unreadable", "读不出"),
                        ("no_mark", "旧卡没有非接触标志"),
                        ("closed", "已在直营网点退值，有退值凭证"),
                        ("transfer", "客户要求把余额转到新卡"),
                    ]),
                },
            )
            .into(),
            Self::Tapping { .. } => Next::Do(Effect::ReadCard { expect: None }),
            Self::Filling { known, .. } => form(known.asked.wish, cx).into(),
            Self::Picturing { filled } => Question::new(
                "photo",
                "申请人照片（358×441 像素、350 dpi、白底、JPG）",
                Ask::Form {
                    fields: vec![
                        Field::new("photo", "照片文件名", FieldKind::Text).hint("照片放在收件文件夹里；录文件名，如 0001.jpg"),
                        Field::new("clothes", "未着制式服装或白色上衣", FieldKind::Tick).optional(),
                        Field::new("glasses", "常戴眼镜的已戴眼镜", FieldKind::Tick).optional(),
                        Field::new("natural", "近期、清晰、神态自然、无畸变", FieldKind::Tick).optional(),
                    ],
                    submit: "检查照片".to_owned(),
                },
            )
            .help(if filled.known.record.is_some() { "系统没有该人员的照片。".to_owned() } else { String::new() })
            .into(),
            Self::Looking { name, .. } => Next::Do(Effect::TakePhoto { name: name.clone() }),
            Self::Reviewing { ready } => Question::new(
                "sign",
                format!("{}：请申请人核对资料并签字", ready.filled.known.asked.wish.label()),
                Ask::Go { label: "申请人已签字，提交".to_owned() },
            )
            .help(ready.filled.told.iter().map(Message::text).collect::<Vec<_>>().join(" "))
            .into(),
            Self::AcceptedSlip { .. } | Self::Slip { .. } => Next::Do(Effect::Print { paper: Paper::AcceptanceSlip }),
            Self::Accepted { ready, .. } => {
                if cx.online {
                    Next::Do(inquire(&ready.filled.known.asked, cx))
                } else {
                    Question::new("wait_line", "已离线受理，等待线路恢复", Ask::WaitForLine).into()
                }
            }
            Self::Reserving { ready } => match &ready.filled.known.record {
                Some(record) => Next::Do(Effect::Reserve {
                    request: cx.request("reserve", 1),
                    claim: Claim::Act {
                        cell: record.person.cell.clone(),
                        programme: cx.header.programme.clone(),
                        act: CentreAct::Order(Box::new(Order {
                            person: record.person.person.clone(),
                            wish: ready.filled.known.asked.wish,
                            form: ready.filled.form.clone(),
                            photo: ready.photo.clone(),
                            purse: ready.filled.purse,
                            accepted_at: ready.accepted_at,
                        })),
                    },
                    authorisation: None,
                }),
                // The record was there when this state was entered.
                None => Next::Do(inquire(&ready.filled.known.asked, cx)),
            },
            Self::Settling { reservation, .. } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: reservation.number.clone(),
                settlement: Settlement::Act,
            }),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (
                Self::Wishing
                | Self::Identifying { .. }
                | Self::Finding { .. }
                | Self::Purse { .. }
                | Self::Tapping { .. }
                | Self::Filling { .. }
                | Self::Picturing { .. }
                | Self::Reviewing { .. }
                | Self::Accepted { .. },
                Input::Answer(Answer::Cancel),
            ) => Ok(Fact::Cancelled),
            (Self::Wishing, Input::Answer(Answer::Choose { option })) => wished(&option, cx),
            (Self::Identifying { identity, .. }, input) => identity.decide(input, cx),
            (Self::Finding { .. }, Input::Answer(Answer::Choose { option })) if cx.offline_case() => match option.as_str() {
                "accept" => {
                    cx.room_to_accept()?;
                    Ok(Fact::CardAlone { message: None })
                }
                "later" => Ok(Fact::Cancelled),
                _ => Err(stale()),
            },
            (Self::Finding { asked }, Input::Outcome(Outcome::Inquired { person, found: Inquired::Orders { orders, photo_on_file } })) => {
                // Consent and purse are asked for later: here, whether it can come to that at all.
                let standing = standing(asked.wish, &person, &orders, PurseSeen::Closed, (true, false), cx);
                Ok(known(standing.map(|_| ()), person, photo_on_file, cx))
            }
            (
                Self::Accepted { ready, .. },
                Input::Outcome(Outcome::Inquired { person, found: Inquired::Orders { orders, photo_on_file } }),
            ) => {
                let form = &ready.filled.form;
                let wish = ready.filled.known.asked.wish;
                let standing = standing(wish, &person, &orders, ready.filled.purse, (form.consent, form.benefits), cx);
                Ok(known(standing.map(|_| ()), person, photo_on_file, cx))
            }
            // Nobody is on record under this number: of other people than mainland residents it is not the one that counts.
            (Self::Finding { asked }, Input::Outcome(Outcome::Refused { message })) if message.code == Code::PersonNotFound => {
                let form = asked.who.papers.number.form;
                let told = application::social_security_number(cx.rules, Some(cx.header.service), form).err();
                Ok(super::no(told.unwrap_or(message)))
            }
            (
                Self::Finding { .. } | Self::Accepted { .. } | Self::Reserving { .. } | Self::Settling { .. },
                Input::Outcome(Outcome::Refused { message }),
            ) => super::final_refusal(message),
            (Self::Purse { known }, Input::Answer(Answer::Choose { option })) => purse(known.asked.wish, &option, cx),
            (Self::Tapping { known }, Input::Outcome(Outcome::CardRead { card })) => tapped(known, &card, cx),
            (Self::Filling { known, purse }, Input::Answer(Answer::Fill { values })) => filled(known, *purse, &values, cx),
            (Self::Picturing { .. }, Input::Answer(Answer::Fill { values })) => pictured(&values, cx),
            (Self::Looking { .. }, Input::Outcome(Outcome::PhotoTaken { taken })) => Ok(looked(*taken, cx)),
            (Self::Looking { .. }, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => {
                Ok(Fact::PhotoRefused { messages: vec![message] })
            }
            (Self::Reviewing { .. }, Input::Answer(Answer::Go)) => Ok(match cx.header.line {
                LineMode::Online => Fact::Signed,
                LineMode::Offline => Fact::AcceptedOffline { at: cx.now, card_kept: false },
            }),
            (Self::AcceptedSlip { .. } | Self::Slip { .. }, Input::Outcome(outcome)) => super::printed(Paper::AcceptanceSlip, outcome),
            (Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Settling { reservation, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: reservation.on_confirm.clone() })
            }
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    /// # Errors
    /// [`Misplaced`] where the fact does not belong to this state.
    pub fn apply(self, fact: Fact) -> Result<Self, Misplaced> {
        let state = self.name();
        let name = fact.name();
        let misplaced = || Misplaced { state, fact: name };
        let close = |last, fact| super::ending_of(fact).map(|ending| Self::Closed { last, ending }).ok_or_else(misplaced);
        Ok(match (self, fact) {
            (Self::Wishing, Fact::WishGiven { wish }) => Self::Identifying { wish, identity: Identity::begin() },
            (Self::Identifying { wish, identity }, Fact::Identity { given }) => match identity.apply(given)? {
                IdentityStep::Still(identity) => Self::Identifying { wish, identity },
                IdentityStep::Done(who) => Self::Finding { asked: Asked { wish, who } },
            },
            (Self::Finding { asked }, Fact::CardAlone { .. }) => {
                let known = Known { asked, record: None };
                if known.asked.wish.replaces() { Self::Purse { known } } else { Self::Filling { known, purse: PurseSeen::NotOpened } }
            }
            (Self::Finding { asked }, Fact::PersonKnown { person, terms: PersonTerms::Application(terms), .. }) => {
                let record = Record { person: *person, photo_on_file: terms.photo_on_file };
                let open = record.held().is_some_and(|card| card.transit_open);
                let known = Known { asked, record: Some(Box::new(record)) };
                if known.asked.wish.replaces() && open {
                    Self::Purse { known }
                } else {
                    Self::Filling { known, purse: PurseSeen::NotOpened }
                }
            }
            (Self::Purse { known }, Fact::ToBeTapped) => Self::Tapping { known },
            (Self::Purse { known } | Self::Tapping { known }, Fact::PurseSeen { purse }) => Self::Filling { known, purse },
            (Self::Filling { known, purse }, Fact::FormFilled { form, told, photo }) => {
                let filled = Filled { known, purse, form, told };
                if photo { Self::Picturing { filled } } else { Self::Reviewing { ready: Ready { filled, photo: None, accepted_at: None } } }
            }
            (Self::Picturing { filled }, Fact::PhotoNamed { name, seen }) => Self::Looking { filled, name, seen },
            (Self::Looking { filled, .. }, Fact::PhotoRefused { messages }) => {
                let told = messages.into_iter().collect();
                Self::Picturing { filled: Filled { told, ..filled } }
            }
            (Self::Looking { filled, .. }, Fact::PhotoTaken { photo }) => {
                Self::Reviewing { ready: Ready { filled, photo: Some(photo), accepted_at: None } }
            }
            (Self::Reviewing { ready }, Fact::Signed) => Self::Reserving { ready },
            (Self::Reviewing { ready }, Fact::AcceptedOffline { at, .. }) => Self::AcceptedSlip { ready, at },
            (Self::AcceptedSlip { ready, at }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::Accepted { ready, at },
            (Self::Accepted { mut ready, at }, Fact::PersonKnown { person, terms: PersonTerms::Application(terms), .. }) => {
                ready.accepted_at = Some(at);
                ready.filled.known.record = Some(Box::new(Record { person: *person, photo_on_file: terms.photo_on_file }));
                Self::Reserving { ready }
            }
            (Self::Reserving { ready }, Fact::Reserved { reservation, .. }) => Self::Settling { ready, reservation },
            (Self::Settling { ready, .. }, Fact::Confirmed { number, .. }) => {
                // Who left while the line was down has a slip.
                if ready.accepted_at.is_some() { Self::done(ready, number) } else { Self::Slip { ready, number } }
            }
            (Self::Slip { ready, number }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::done(ready, number),
            (Self::Wishing | Self::Identifying { .. }, fact) => close(Last::Nothing, fact)?,
            (Self::Finding { asked }, fact) => close(Last::Asked(Box::new(asked)), fact)?,
            (Self::Purse { known } | Self::Tapping { known } | Self::Filling { known, .. }, fact) => {
                close(Last::Asked(Box::new(known.asked)), fact)?
            }
            (Self::Picturing { filled }, fact) => close(Last::Asked(Box::new(filled.known.asked)), fact)?,
            (Self::Reviewing { ready } | Self::Accepted { ready, .. } | Self::Reserving { ready } | Self::Settling { ready, .. }, fact) => {
                close(Last::Asked(Box::new(ready.filled.known.asked)), fact)?
            }
            (Self::Looking { .. } | Self::AcceptedSlip { .. } | Self::Slip { .. } | Self::Closed { .. }, _) => return Err(misplaced()),
        })
    }

    fn done(ready: Ready, number: CentreNumber) -> Self {
        Self::Closed { last: Last::Ordered(Box::new(ready), number), ending: Ending::Done }
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Wishing => "application.wishing",
            Self::Identifying { .. } => "application.identifying",
            Self::Finding { .. } => "application.finding",
            Self::Purse { .. } => "application.purse",
            Self::Tapping { .. } => "application.tapping",
            Self::Filling { .. } => "application.filling",
            Self::Picturing { .. } => "application.picturing",
            Self::Looking { .. } => "application.looking",
            Self::Reviewing { .. } => "application.reviewing",
            Self::AcceptedSlip { .. } => "application.accepted_slip",
            Self::Accepted { .. } => "application.accepted",
            Self::Reserving { .. } => "application.reserving",
            Self::Settling { .. } => "application.settling",
            Self::Slip { .. } => "application.slip",
            Self::Closed { .. } => "application.closed",
        }
    }

    #[must_use]
    pub fn waits_for_line(&self) -> bool {
        matches!(self, Self::AcceptedSlip { .. } | Self::Accepted { .. })
    }

    #[must_use]
    pub fn card(&self) -> Option<&CardImage> {
        None
    }

    #[must_use]
    pub fn writing(&self) -> Option<&Writing> {
        None
    }

    fn ready(&self) -> Option<&Ready> {
        match self {
            Self::Reviewing { ready }
            | Self::AcceptedSlip { ready, .. }
            | Self::Accepted { ready, .. }
            | Self::Reserving { ready }
            | Self::Settling { ready, .. }
            | Self::Slip { ready, .. } => Some(ready),
            Self::Closed { last: Last::Ordered(ready, _), .. } => Some(ready),
            Self::Wishing
            | Self::Identifying { .. }
            | Self::Finding { .. }
            | Self::Purse { .. }
            | Self::Tapping { .. }
            | Self::Filling { .. }
            | Self::Picturing { .. }
            | Self::Looking { .. }
            | Self::Closed { .. } => None,
        }
    }

    fn filled(&self) -> Option<&Filled> {
        if let Self::Picturing { filled } | Self::Looking { filled, .. } = self {
            return Some(filled);
        }
        self.ready().map(|ready| &ready.filled)
    }

    fn known(&self) -> Option<&Known> {
        if let Self::Purse { known } | Self::Tapping { known } | Self::Filling { known, .. } = self {
            return Some(known);
        }
        self.filled().map(|filled| &filled.known)
    }

    fn asked(&self) -> Option<&Asked> {
        if let Self::Finding { asked } = self {
            return Some(asked);
        }
        if let Self::Closed { last: Last::Asked(asked), .. } = self {
            return Some(asked);
        }
        self.known().map(|known| &known.asked)
    }

    pub(super) fn who(&self) -> Option<&Identified> {
        self.asked().map(|asked| &asked.who)
    }

    fn number(&self) -> Option<&CentreNumber> {
        if let Self::Slip { number, .. } | Self::Closed { last: Last::Ordered(_, number), .. } = self { Some(number) } else { None }
    }
}

impl Record {
    /// The card of this kind that the person has.
    fn held(&self) -> Option<&CardFacts> {
        held(&self.person)
    }
}

fn held(person: &PersonFacts) -> Option<&CardFacts> {
    let live = |card: &&CardFacts| !card.functions.is_empty() && matches!(card.status, CardStatus::Active | CardStatus::Lost);
    person.cards.iter().find(live)
}

fn wished(option: &str, cx: &Cx<'_>) -> Result<Fact, Message> {
    let wish = Wish::ALL.into_iter().find(|wish| wish.as_str() == option).ok_or_else(stale)?;
    match wish {
        // Nobody needs a new card for that, whoever it is.
        Wish::MovedInside | Wish::MovedAway => {
            let facts = application::Facts {
                service: Some(cx.header.service),
                wish,
                online: false,
                held: None,
                purse: PurseSeen::NotOpened,
                consent: true,
                benefits: false,
            };
            Ok(match application::decide(cx.rules, facts) {
                Ok(_) => Fact::WishGiven { wish },
                Err(reasons) => super::no(all(reasons)),
            })
        }
        Wish::First | Wish::Exchange | Wish::Lost | Wish::Information | Wish::Damage | Wish::Expiry => Ok(Fact::WishGiven { wish }),
    }
}

/// Everything that the rules say of this wish of this person.
fn standing(
    wish: Wish,
    person: &PersonFacts,
    orders: &[order::OrderFacts],
    purse: PurseSeen,
    (consent, benefits): (bool, bool),
    cx: &Cx<'_>,
) -> Result<Vec<Message>, Vec<Message>> {
    let service = cx.header.service;
    hours::offered(cx.rules, service, &cx.header.outlet, local(cx.now)).map_err(|message| vec![message])?;
    if person.programme != cx.rules.programme {
        return Err(vec![cx.refuse(Code::ProfileMismatch)]);
    }
    let mut reasons = Vec::new();
    reasons.extend(self_service::check(cx.rules, service, person, cx.operator).err());
    if let Some(order) = order::open(orders) {
        reasons.push(cx.refuse(Code::ReissueInProgress).with("no", &order.number));
    }
    let card = held(person);
    let closed = card.is_some_and(|card| !card.transit_open);
    let purse = if closed { PurseSeen::Closed } else { purse };
    let facts = application::Facts { service: Some(service), wish, online: false, held: card, purse, consent, benefits };
    match application::decide(cx.rules, facts) {
        Ok(told) if reasons.is_empty() => Ok(told),
        Ok(_) => Err(reasons),
        Err(more) => Err(reasons.into_iter().chain(more).collect()),
    }
}

fn known(standing: Result<(), Vec<Message>>, person: Box<PersonFacts>, photo_on_file: bool, cx: &Cx<'_>) -> Fact {
    match standing {
        Ok(()) => Fact::PersonKnown {
            person,
            terms: PersonTerms::Application(ApplicationTerms { photo_on_file }),
            authorise: None,
            moment: cx.moment(),
        },
        Err(reasons) => super::no(all(reasons)),
    }
}

fn purse(wish: Wish, option: &str, cx: &Cx<'_>) -> Result<Fact, Message> {
    match option {
        "tap" => Ok(Fact::ToBeTapped),
        "unreadable" => {
            application::emptied(cx.rules, Some(cx.header.service), PurseSeen::Unreadable)?;
            Ok(Fact::PurseSeen { purse: PurseSeen::Unreadable })
        }
        // A card of the old kind is not damaged for giving no answer: it is exchanged.
        "no_mark" if wish == Wish::Damage => {
            application::contactless(cx.rules, Some(cx.header.service), false)?;
            Err(stale())
        }
        "no_mark" => Ok(Fact::PurseSeen { purse: PurseSeen::NotOpened }),
        "transfer" => {
            closing::transfer(cx.rules, Some(cx.header.service))?;
            // Where it may be moved, that is another service; here the purse has to be empty.
            Err(cx.refuse(Code::BalanceUnknown))
        }
        "closed" => Ok(Fact::PurseSeen { purse: PurseSeen::Closed }),
        _ => Err(stale()),
    }
}

fn tapped(known: &Known, card: &CardImage, cx: &Cx<'_>) -> Result<Fact, Message> {
    if card.blank || !cx.rules.owns(card) {
        return Err(cx.refuse(Code::ProfileMismatch));
    }
    let expected = known.record.as_deref().and_then(Record::held);
    if let Some(expected) = expected.filter(|expected| expected.card_no != card.card_no) {
        return Err(cx.refuse(Code::WrongCard).with("a", expected.card_no.tail()).with("b", card.card_no.tail()));
    }
    let purse = card.purse.as_ref().map_or(PurseSeen::NotOpened, |purse| PurseSeen::Holds(purse.balance));
    match application::emptied(cx.rules, Some(cx.header.service), purse) {
        Ok(()) => Ok(Fact::PurseSeen { purse }),
        Err(message) => Ok(Fact::Refused { message }),
    }
}

fn form(wish: Wish, cx: &Cx<'_>) -> Question {
    let banks = order::banks(cx.rules).map(|bank| (bank.id.as_str(), bank.label.as_str()));
    let deliveries =
        [Delivery::PickUp, Delivery::Courier].map(|way| (if way == Delivery::PickUp { "pick_up" } else { "courier" }, way.label()));
    let mut fields = vec![
        Field::new("bank", "合作银行", FieldKind::Choice).options(Choice::numbered(banks)),
        Field::new("phone", "手机号码", FieldKind::Digits),
        Field::new("delivery", "领卡方式", FieldKind::Choice).options(Choice::numbered(deliveries)),
        Field::new("address", "邮寄地址", FieldKind::Text).optional().hint("选择邮寄时填写"),
        Field::new("consent", "本人同意同步使用电子社保卡", FieldKind::Tick).optional(),
    ];
    if wish.replaces() || wish == Wish::Lost {
        fields.push(Field::new("benefits", "养老金等待遇发到原卡账户", FieldKind::Tick).optional());
    }
    if wish == Wish::Lost {
        fields.push(Field::new("told", TOLD, FieldKind::Tick));
    }
    Question::new("form", "填写申领资料", Ask::Form { fields, submit: "下一步".to_owned() })
}

fn filled(known: &Known, purse: PurseSeen, values: &[(String, String)], cx: &Cx<'_>) -> Result<Fact, Message> {
    let value = |id: &str| normalise::text(values.iter().find(|(field, _)| field == id).map_or("", |(_, value)| value.as_str()));
    let ticked = |id: &str| matches!(value(id).as_str(), "true" | "1" | "on" | "yes");
    let required = |field: &str| Message::new(Code::FieldRequired).with("field", field);
    let invalid = |field: &str| Message::new(Code::FieldInvalid).with("field", field);
    let asked = &known.asked;
    if asked.wish == Wish::Lost && !ticked("told") {
        return Err(required(TOLD));
    }
    let bank = value("bank");
    order::bank(cx.rules, &bank)?;
    let phone: String = value("phone").chars().filter(|c| !c.is_whitespace()).collect();
    if !unit::mobile(&phone) {
        return Err(invalid("手机号码"));
    }
    let delivery = match value("delivery").as_str() {
        "courier" => Delivery::Courier,
        "pick_up" | "" => Delivery::PickUp,
        _ => return Err(invalid("领卡方式")),
    };
    let address = value("address");
    if delivery == Delivery::Courier && address.is_empty() {
        return Err(required("邮寄地址"));
    }
    let form = Form { bank, contact: Contact { phone, address }, delivery, consent: ticked("consent"), benefits: ticked("benefits") };
    let mut told = match &known.record {
        Some(record) => {
            let standing = standing(asked.wish, &record.person, &[], purse, (form.consent, form.benefits), cx);
            standing.map_err(all)?
        }
        None if form.consent => Vec::new(),
        None => return Err(cx.refuse(Code::ConsentRequired)),
    };
    if form.delivery == Delivery::Courier && cx.rules.courier.as_ref().is_some_and(|rule| rule.collect) {
        told.push(cx.refuse(Code::EmsCollect));
    }
    let birth = known.record.as_ref().and_then(|record| record.person.birth).or(asked.who.papers.number.birth);
    let on_file = known.record.as_ref().is_some_and(|record| record.photo_on_file);
    if on_file {
        told.push(photo::on_file(cx.rules));
    }
    let photo = !on_file && birth.is_none_or(|birth| photo::needed(cx.rules, birth, cx.today(), false).is_err());
    Ok(Fact::FormFilled { form, told, photo })
}

fn pictured(values: &[(String, String)], cx: &Cx<'_>) -> Result<Fact, Message> {
    let value = |id: &str| values.iter().find(|(field, _)| field == id).map_or("", |(_, value)| value.trim());
    let ticked = |id: &str| matches!(value(id), "true" | "1" | "on" | "yes");
    let name = normalise::text(value("photo"));
    if name.is_empty() {
        return Err(cx.refuse(Code::PhotoRequired));
    }
    let seen = Seen { clothes: ticked("clothes"), glasses: ticked("glasses"), natural: ticked("natural") };
    let defects = photo::seen(cx.rules, seen);
    if !defects.is_empty() {
        return Err(all(defects));
    }
    Ok(Fact::PhotoNamed { name, seen })
}

/// All defects of the file at once.
fn looked(taken: Taken, cx: &Cx<'_>) -> Fact {
    let verdict = photo::check(cx.rules, &taken.facts);
    if verdict.defects.is_empty() { Fact::PhotoTaken { photo: taken.photo } } else { Fact::PhotoRefused { messages: verdict.defects } }
}

fn inquire(asked: &Asked, cx: &Cx<'_>) -> Effect {
    let number = asked.who.papers.number.number.clone();
    Effect::Inquire { lookup: Lookup::IdNumber { programme: cx.header.programme.clone(), number }, inquiry: Inquiry::Orders }
}
