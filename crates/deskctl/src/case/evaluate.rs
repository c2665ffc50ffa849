//! Situation in, verdict out: the same decisions that a case at the window takes, all of them at once.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use desk_domain::{
    authorise, begin,
    card::{CardImage, PurseImage, RefundMethod},
    case::{LineMode, Service, context::local},
    code::{Code, Kind, Message},
    eligibility, fee,
    id::{CardNo, CellId, OperatorId, OutletId, PersonId, ProgrammeId},
    money::Fen,
    normalise, offline, password_reset,
    person::{CardFacts, CardStatus, HolderClass, InitialPassword, PersonFacts},
    refund, refund_unreadable, reissue,
    replacement::{self, Ground},
    reversal, rewrite,
    ruleset::{Capability, Fee, Level, RuleSet, RuleSets},
    top_up, validation,
};

use super::{
    inquired::function,
    situation::{Line, Situation, Whose},
    verdict::{Authorisation, FeeLine, Offline, Said, Verdict, Word, class},
};

/// A number that no card carries; decisions look at none.
pub(super) const CARD: &str = "9999000000000017";
const OTHER_CARD: &str = "9999000000000033";

/// # Errors
/// What in the situation cannot be read; never a refusal.
pub fn evaluate(sets: &RuleSets, situation: &Situation) -> Result<Verdict, String> {
    let at = moment(&situation.moment)?;
    let rules = programme(sets, situation, at.date())?;
    let service = service(&situation.service)?;
    let outlet = OutletId::new(&situation.outlet);
    let mut weighing = Weighing { rules, service, at, outlet, situation, messages: Vec::new(), terms: Terms::default() };
    weighing.place();
    weighing.people()?;
    weighing.matter()?;
    Ok(weighing.verdict())
}

/// What the decision came to beside its messages.
#[derive(Default)]
pub(super) struct Terms {
    pub(super) payout: Option<Fen>,
    /// The back office pays it.
    later: bool,
    until: Option<NaiveDate>,
    pub(super) authorise: Option<(Level, Option<String>)>,
    fee: Option<Fee>,
}

pub(super) struct Weighing<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) service: Service,
    pub(super) at: NaiveDateTime,
    pub(super) outlet: OutletId,
    pub(super) situation: &'a Situation,
    messages: Vec<Message>,
    pub(super) terms: Terms,
}

impl Weighing<'_> {
    pub(super) fn say(&mut self, message: Message) {
        if !self.messages.contains(&message) {
            self.messages.push(message);
        }
    }

    pub(super) fn heed<T>(&mut self, decided: Result<T, Message>) -> Option<T> {
        decided.map_err(|message| self.say(message)).ok()
    }

    pub(super) fn heed_all<T>(&mut self, decided: Result<T, Vec<Message>>) -> Option<T> {
        decided.map_err(|messages| messages.into_iter().for_each(|message| self.say(message))).ok()
    }

    /// Outlet, hours, and whether the line carries the service.
    fn place(&mut self) {
        let (rules, service, at) = (self.rules, self.service, self.at);
        let line = self.line();
        let here = begin::Here { outlet: &self.outlet, at, line, beyond_hours: false };
        begin::against(rules, service, here).into_iter().for_each(|message| self.say(message));
        if line == LineMode::Offline && matches!(offline::answer(rules, service), offline::Answer::Records(_) | offline::Answer::Accepts(_))
        {
            self.heed(offline::room(rules, self.situation.facts.accepted_offline));
        }
    }

    pub(super) fn line(&self) -> LineMode {
        match self.situation.line {
            Line::Online => LineMode::Online,
            Line::Offline => LineMode::Offline,
        }
    }

    /// Who asks, and with which documents.
    fn people(&mut self) -> Result<(), String> {
        let (rules, service) = (self.rules, self.service);
        let Ok(of_service) = rules.service(service) else {
            return Ok(());
        };
        if of_service.applicants.is_empty() {
            return Ok(());
        }
        let Some(applicant) = &self.situation.applicant else {
            // A bearer is asked who he is only above an amount; the refund itself says so.
            if service == Service::RefundReadable {
                return Ok(());
            }
            self.say(rules.message(Some(service), Code::IdentityRequired));
            return Ok(());
        };
        if of_service.documents.is_empty() {
            self.heed(eligibility::role(rules, service, &applicant.role).map(|_| ()));
            return Ok(());
        }
        let Some(holder) = self.shown(Whose::Holder)? else {
            self.heed(eligibility::role(rules, service, &applicant.role).map(|_| ()));
            let list: Vec<&str> = eligibility::documents(rules, service).into_iter().map(|kind| kind.label.as_str()).collect();
            self.say(rules.message(Some(service), Code::OriginalRequired).with("list", list.join("、")));
            return Ok(());
        };
        let request = eligibility::Request {
            role: applicant.role.clone(),
            relation: applicant.relation.clone(),
            holder,
            agent: self.shown(Whose::Agent)?,
            has_id_card: self.situation.holder.has_id_card,
            class: self.situation.holder.class,
        };
        self.heed_all(eligibility::check(rules, service, &request, self.at.date()).map(|_| ()));
        Ok(())
    }

    fn shown(&self, of: Whose) -> Result<Option<eligibility::Shown>, String> {
        let Some(document) = self.situation.documents.iter().find(|document| document.of == of) else {
            return Ok(None);
        };
        let expiry = document.expires.as_deref().map(|text| normalise::expiry(text).map_err(|_| format!("expires: {text}"))).transpose()?;
        Ok(Some(eligibility::Shown {
            kind: document.kind.clone(),
            number: document.number.clone(),
            expiry,
            original: document.original,
            page: document.own_page,
        }))
    }

    /// What the service itself looks at.
    fn matter(&mut self) -> Result<(), String> {
        let (rules, service, at) = (self.rules, self.service, self.at);
        let situation = self.situation;
        let card = card(rules, situation)?;
        let centre = centre(rules, situation, &situation.card.status)?;
        let outlet = self.outlet.clone();
        let clerk = OperatorId::new(&situation.operator);
        let line = self.line();
        let asked = situation.facts.amount_fen.map(Fen);
        if service == Service::RefundReadable {
            let known = (situation.line == Line::Online).then_some(&centre);
            let decided = refund::decide(rules, refund::Facts { outlet: &outlet, at, card: &card, centre: known });
            if let Some(terms) = self.heed(decided) {
                if let Some(asked) = asked {
                    self.heed(refund::full_amount(rules, &terms, asked));
                }
                if terms.identify && situation.applicant.is_none() {
                    self.say(rules.message(Some(service), Code::IdentityRequired));
                }
                self.terms.payout = Some(terms.payout);
                self.terms.later = terms.method == RefundMethod::BlockThenBackOffice;
                self.terms.authorise = terms.authorise.map(|level| (level, None));
            }
            return Ok(());
        }
        if service == Service::RefundUnreadable {
            if situation.facts.read_tests.passed > 0 {
                self.say(rules.message(Some(service), Code::CardReadable));
            }
            let decided = refund_unreadable::take_in(rules, &outlet, at, &centre);
            self.terms.authorise = self.heed(decided).map(|level| (level, None));
            return Ok(());
        }
        if service == Service::TopUp {
            let known = (situation.line == Line::Online).then_some(&centre);
            self.heed(top_up::decide(rules, top_up::Facts { outlet: &outlet, at, card: &card, centre: known }));
            if let (Some(asked), Some(purse)) = (asked, &card.purse) {
                self.heed(top_up::amount(rules, purse.balance, &asked.to_string()));
            }
            return Ok(());
        }
        let known = (situation.line == Line::Online).then_some(&centre);
        if service == Service::Reversal {
            let facts = reversal::Facts { outlet: &outlet, at, clerk: &clerk, card: &card, centre: known };
            self.terms.authorise = self.heed(reversal::card(rules, facts)).map(|()| (Level::Supervisor, None));
            return Ok(());
        }
        if service == Service::Rewrite {
            self.heed(rewrite::card(rules, rewrite::Facts { outlet: &outlet, at, clerk: &clerk, card: &card, centre: known }));
            return Ok(());
        }
        if service == Service::Validation {
            let facts = validation::Facts {
                outlet: &outlet,
                at,
                line,
                clock_trusted: situation.clock_trusted,
                card: &card,
                centre: (situation.line == Line::Online).then_some(&centre),
            };
            self.terms.until = self.heed(validation::decide(rules, facts));
            return Ok(());
        }
        let ground = self.ground();
        if let Some(ground) = &ground {
            let person = person(rules, situation)?;
            if !ground.is_lost() {
                self.terms.fee = self.heed_all(replacement::decide(rules, ground.facts(service, situation.facts.surrendered))).cloned();
            }
            let facts = reissue::Facts {
                outlet: &outlet,
                clerk: &clerk,
                at,
                line,
                person: &person,
                ground,
                old_card: None,
                on_reader: situation.facts.card_on_reader.then_some(&card),
                blanks: situation.facts.blanks,
            };
            self.heed_all(reissue::decide(rules, facts).map(|_| ()));
        }
        if service == Service::PasswordReset {
            self.reset(&person(rules, situation)?, &clerk);
        }
        if ground.is_none_or(|ground| ground.is_lost()) {
            self.terms.fee = fee::of(rules, service).ok().cloned();
        }
        if let Some(asked) = asked {
            match &self.terms.fee {
                Some(fee) => self.heed(fee::exactly(rules, service, fee, asked)),
                None => None,
            };
            self.terms.authorise = authorise::needed(rules, service, asked).map(|level| (level, None));
        }
        self.inquired()
    }

    /// Why a new card is asked for, where the service makes one.
    fn ground(&self) -> Option<Ground> {
        let facts = &self.situation.facts;
        [Ground::Lost, Ground::Damage { ticked: facts.damage.clone() }, Ground::Quality { tests: facts.read_tests }]
            .into_iter()
            .find(|ground| ground.service() == self.service)
    }

    fn reset(&mut self, person: &PersonFacts, clerk: &OperatorId) {
        let rules = self.rules;
        let answers: Vec<(String, String)> = self.situation.facts.answers.clone().into_iter().collect();
        match password_reset::next(rules, person.guardian_phone.as_deref(), &answers) {
            Ok(password_reset::TreeStep::Refer(message)) | Err(message) => self.say(message),
            // Nothing was answered yet: the record alone decides.
            Ok(password_reset::TreeStep::Ask(_) | password_reset::TreeStep::Reset) => {}
        }
        if let Some(terms) = self.heed_all(password_reset::decide(rules, person, clerk)) {
            self.terms.authorise = terms.authorise.map(|(level, why)| (level, Some(rules.wording(&why).text)));
        }
    }

    fn verdict(self) -> Verdict {
        let (rules, service) = (self.rules, self.service);
        let stops = |message: &&Message| match message.code.kind() {
            Kind::Refuse | Kind::Exception => true,
            // Outside hours and the like may be read and gone past.
            Kind::Refer | Kind::Warn | Kind::Info => false,
        };
        let refers = self.messages.iter().any(|message| message.code.kind() == Kind::Refer);
        let unchanged = self.messages.iter().any(|message| message.code == Code::AlreadyValidated);
        let word = if self.messages.iter().any(|message| stops(&message)) {
            Word::Refused
        } else if refers {
            Word::Referred
        } else if self.situation.line == Line::Offline
            && matches!(offline::answer(rules, service), offline::Answer::Records(_) | offline::Answer::Accepts(_))
        {
            Word::AcceptedOffline
        } else {
            Word::Allowed
        };
        let said: Vec<Said> = self.messages.iter().map(|message| Said::of(rules, message)).collect();
        let missing =
            said.iter().filter(|said| matches!(said.kind, Kind::Refuse | Kind::Exception)).map(|said| said.text.clone()).collect();
        let of_service = rules.service(service).ok();
        let fee = self.terms.fee.filter(|_| matches!(word, Word::Allowed | Word::AcceptedOffline));
        let paid = fee.as_ref().is_some_and(|fee| fee.amount.is_positive());
        let fees = fee
            .filter(|fee| fee.amount.is_positive())
            .map(|fee| FeeLine {
                label: fee.label.clone(),
                amount_fen: fee.amount.0,
                rule: Some(fee.rule.clone()).filter(|rule| !rule.is_empty()),
            })
            .into_iter()
            .collect();
        let offline_message = match offline::answer(rules, service) {
            offline::Answer::Works => None,
            offline::Answer::Records(message) | offline::Answer::Accepts(message) | offline::Answer::Refused(message) => {
                Some(Said::of(rules, &message))
            }
        };
        let decided = matches!(word, Word::Allowed | Word::AcceptedOffline) && !unchanged;
        Verdict {
            verdict: word,
            service: name(service),
            programme: rules.programme.as_str().to_owned(),
            version: rules.version.clone(),
            messages: said,
            missing,
            fees,
            papers: papers(service, word, paid, self.terms.later),
            offline: Offline { class: of_service.map_or("D", |of_service| class(of_service.offline)), message: offline_message },
            authorisation: self.terms.authorise.filter(|_| decided).map(|(level, why)| Authorisation { level, label: level.label(), why }),
            payout_fen: self.terms.payout.filter(|_| decided).map(|amount| amount.0),
            valid_until: self.terms.until,
        }
    }
}

/// Names of papers that come out at this end of a case.
fn papers(service: Service, word: Word, paid: bool, later: bool) -> Vec<&'static str> {
    match word {
        Word::Refused => vec!["one_time_notice"],
        Word::Referred => vec!["guidance_slip"],
        Word::AcceptedOffline => vec!["acceptance_slip"],
        Word::Allowed if service == Service::RefundReadable && later => vec!["acceptance_slip"],
        Word::Allowed if service == Service::RefundReadable => vec!["refund_voucher"],
        Word::Allowed if service == Service::RefundUnreadable => vec!["bag_label", "acceptance_slip"],
        Word::Allowed if service == Service::TopUp => vec!["receipt"],
        Word::Allowed if service == Service::Reversal => vec!["reversal"],
        Word::Allowed if service == Service::CardQuery || service == Service::Validation => Vec::new(),
        Word::Allowed if paid => vec!["receipt", "voucher"],
        Word::Allowed => vec!["voucher"],
    }
}

fn moment(text: &str) -> Result<NaiveDateTime, String> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(local(at.to_utc()));
    }
    ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok())
        .ok_or_else(|| format!("moment: {text}: neither YYYY-MM-DD HH:MM nor RFC 3339"))
}

fn programme<'a>(sets: &'a RuleSets, situation: &Situation, day: NaiveDate) -> Result<&'a RuleSet, String> {
    if let Some(programme) = &situation.programme {
        return sets.in_force(&ProgrammeId::new(programme), day).ok_or_else(|| format!("programme: {programme} is not in force on {day}"));
    }
    match sets.current(day).as_slice() {
        [only] => Ok(only),
        [] => Err(format!("moment: no programme is in force on {day}")),
        several => {
            // The outlet may know only one of them.
            let outlet = OutletId::new(&situation.outlet);
            let here: Vec<&&RuleSet> = several.iter().filter(|set| set.outlet(&outlet).is_some()).collect();
            match here.as_slice() {
                [only] => Ok(only),
                _ => Err("programme: the rule files hold several; name one".to_owned()),
            }
        }
    }
}

/// The name that files and journals give it.
fn name(service: Service) -> String {
    serde_json::to_value(service).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn service(text: &str) -> Result<Service, String> {
    let wanted = text.trim();
    let known = |service: &Service| {
        name(*service) == wanted
            || service.number().eq_ignore_ascii_case(wanted)
            || Capability::named(wanted).is_some_and(|capability| capability == Capability::from(*service))
    };
    Service::ALL.iter().copied().find(known).ok_or_else(|| {
        let names: Vec<String> = Service::ALL.iter().map(|service| format!("{} ({})", name(*service), service.number())).collect();
        format!("service: {text} is none of {}", names.join(", "))
    })
}

pub(super) fn date(field: &str, text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| format!("{field}: {text}: not YYYY-MM-DD"))
}

pub(super) fn card(rules: &RuleSet, situation: &Situation) -> Result<CardImage, String> {
    let given = &situation.card;
    let of_programme = rules.card_families.first();
    let family = given.family.clone().or_else(|| of_programme.map(|known| known.family.clone())).unwrap_or_default();
    let issuer = rules.card_families.iter().find(|known| known.family == family).and_then(|known| known.issuers.first().cloned());
    let issuer = given.issuer.clone().or(issuer).unwrap_or_default().to_uppercase();
    Ok(CardImage {
        family,
        card_no: CardNo::new(if given.of_somebody_else { OTHER_CARD } else { CARD }),
        issuer: format!("{issuer:F<16}"),
        serial: CARD.to_owned(),
        holder_class: given.holder_class,
        valid_from: None,
        valid_until: given.valid_until.as_deref().map(|text| date("card.valid_until", text)).transpose()?,
        purse: given.purse.then(|| PurseImage {
            balance: Fen(given.balance_fen),
            online_counter: 1,
            offline_counter: 1,
            refund_method: given.refund_method.unwrap_or(RefundMethod::Unload),
            incomplete_trip: given.incomplete_trip,
        }),
        blank: given.blank,
        log: Vec::new(),
        warnings: Vec::new(),
    })
}

pub(super) fn centre(rules: &RuleSet, situation: &Situation, status: &str) -> Result<CardFacts, String> {
    let given = &situation.card;
    Ok(CardFacts {
        cell: CellId::new("eval"),
        programme: rules.programme.clone(),
        card_no: CardNo::new(CARD),
        status: match status {
            "active" => CardStatus::Active,
            "stock" => CardStatus::Stock,
            "lost" => CardStatus::Lost,
            "blacklisted" => CardStatus::Blacklisted,
            "replaced" => CardStatus::Replaced { by_tail: "0028".to_owned() },
            "closed" => CardStatus::Closed,
            other => return Err(format!("card.status: {other}")),
        },
        issued_on: given.issued_on.as_deref().map_or(Ok(NaiveDate::MIN), |text| date("card.issued_on", text))?,
        transit_open: given.transit_open,
        booked: Vec::new(),
        suspended_by: given.suspended_by.clone(),
        last_balance: None,
        holder: None,
        entitled: situation.holder.entitled,
        functions: given.functions.iter().map(|given| function(given, situation)).collect::<Result<_, _>>()?,
    })
}

pub(super) fn person(rules: &RuleSet, situation: &Situation) -> Result<PersonFacts, String> {
    let given = &situation.holder;
    let class = given.class.unwrap_or(HolderClass::Domestic);
    let usual = rules.password.as_ref().map_or(InitialPassword::LastSixOfIdNumber, |password| password.initial(class));
    Ok(PersonFacts {
        cell: CellId::new("eval"),
        person: PersonId::new("eval"),
        programme: rules.programme.clone(),
        name: String::new(),
        id_tail: String::new(),
        birth: None,
        class,
        school: String::new(),
        cards: given.cards.iter().map(|status| centre(rules, situation, status)).collect::<Result<_, _>>()?,
        guardian_phone: given.phone_on_record.then(|| "138****5678".to_owned()),
        open_order: given.open_order.clone(),
        recent_resets: given.recent_resets,
        initial_password: given.initial_password.unwrap_or(usual),
        entitled: given.entitled,
        staff: given.staff.as_deref().map(OperatorId::new),
    })
}
