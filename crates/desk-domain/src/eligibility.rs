//! Who may ask for a service, and with which document: everything that is missing is told at once.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    age,
    case::Service,
    code::{Code, Message},
    document::{self, CheckedNumber, Expiry, NumberForm},
    normalise,
    person::HolderClass,
    ruleset::{Applicant, DocumentKind, RuleSet, ServiceRules},
};

/// A document as it lies on the counter.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Id of a document kind of the rule set.
    pub kind: String,
    /// As typed or as read by the device.
    pub number: String,
    /// Absent where the kind has no end of validity, or where it was not given.
    pub expiry: Option<Expiry>,
    /// The clerk holds the original, no copy and no picture of it.
    pub original: bool,
    /// The holder's own page of the register was seen.
    pub page: bool,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown")
            .field("kind", &self.kind)
            .field("original", &self.original)
            .field("page", &self.page)
            .finish_non_exhaustive()
    }
}

/// Who asks, for whom, and what was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Id of an applicant role of the rule set; anybody else is refused.
    pub role: String,
    /// Relation to the holder, where the role asks for one.
    pub relation: Option<String>,
    /// The holder's document.
    pub holder: Shown,
    /// The agent's own document, where the role asks for one.
    pub agent: Option<Shown>,
    /// The holder has a resident identity card, though something else was shown.
    pub has_id_card: bool,
    /// Whose documents the holder's are, where the clerk or the centre said so; else the number tells.
    #[serde(default)]
    pub class: Option<HolderClass>,
}

/// What the documents proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    pub holder: CheckedNumber,
    /// Whose kind of document it is; absent where the kind is open to several and the number says nothing.
    pub class: Option<HolderClass>,
    /// Full years, where the number holds the birth date.
    pub age: Option<u32>,
    pub agent: Option<CheckedNumber>,
}

/// The roles that may ask for a service, in the order of the rule set.
#[must_use]
pub fn applicants(rules: &RuleSet, service: Service) -> Vec<&Applicant> {
    rules
        .service(service)
        .map_or_else(|_| Vec::new(), |of_service| of_service.applicants.iter().filter_map(|id| rules.applicant(id)).collect())
}

/// The document kinds that are enough for a service, in the order of the rule set.
#[must_use]
pub fn documents(rules: &RuleSet, service: Service) -> Vec<&DocumentKind> {
    rules.service(service).map_or_else(|_| Vec::new(), |of_service| kinds(rules, of_service))
}

fn kinds<'a>(rules: &'a RuleSet, service: &ServiceRules) -> Vec<&'a DocumentKind> {
    service.documents.iter().filter_map(|id| rules.document(id)).collect()
}

/// Checks the role alone, so that the clerk hears it before any document is asked for.
///
/// # Errors
/// `APPLICANT_NOT_ALLOWED` or what the service's table puts in its place (`GUARDIAN_REQUIRED`, `HOLDER_IN_PERSON`).
pub fn role<'a>(rules: &'a RuleSet, service: Service, role: &str) -> Result<&'a Applicant, Message> {
    let of_service = rules.service(service)?;
    of_service.applicants.iter().any(|id| id == role).then(|| rules.applicant(role)).flatten().ok_or_else(|| {
        let list: Vec<&str> = applicants(rules, service).into_iter().map(|applicant| applicant.label.as_str()).collect();
        rules.message(Some(service), of_service.applicant_refusal).with("list", list.join("、"))
    })
}

/// Checks role, relation and documents.
///
/// # Errors
/// Every reason why not, in the order in which a clerk would tell them; never empty.
pub fn check(rules: &RuleSet, service: Service, request: &Request, today: NaiveDate) -> Result<Proven, Vec<Message>> {
    let of_service = rules.service(service).map_err(|message| vec![message])?;
    let mut missing = Vec::new();
    let applicant = role(rules, service, &request.role).map_err(|message| missing.push(message)).ok();
    if let Some(applicant) = applicant
        && !applicant.relations.is_empty()
        && !request.relation.as_ref().is_some_and(|relation| applicant.relations.contains(relation))
    {
        missing.push(Message::new(Code::FieldRequired).with("field", "与持卡人关系"));
    }
    let holder = Subject { rules, service, of_service, today, has_id_card: request.has_id_card, class: request.class };
    let proven = holder.document(&request.holder, &mut missing);
    // What was said of the holder says nothing of the agent.
    let other = Subject { has_id_card: false, class: None, ..holder };
    let mut agent = None;
    if applicant.is_some_and(|applicant| applicant.own_document) {
        match &request.agent {
            None => missing.push(rules.message(Some(service), Code::AgentBothOriginals)),
            Some(shown) if !shown.original => {
                missing.push(rules.message(Some(service), Code::AgentBothOriginals));
            }
            Some(shown) => {
                agent = other.document(shown, &mut missing).map(|(number, _)| number);
                let same = agent.as_ref().zip(proven.as_ref());
                if same.is_some_and(|(agent, (holder, _))| agent.number == holder.number) {
                    missing.push(rules.message(Some(service), Code::AgentBothOriginals));
                }
            }
        }
    }
    match proven {
        Some((number, class)) if missing.is_empty() => {
            Ok(Proven { age: number.birth.map(|birth| age::full_years(birth, today)), holder: number, class, agent })
        }
        Some(_) | None => Err(missing),
    }
}

/// A message about a kind of document, with the rule that names the kind.
fn of_kind(rules: &RuleSet, service: Service, kind: &DocumentKind, code: Code) -> Message {
    if kind.rule.is_empty() { rules.message(Some(service), code) } else { rules.by_rule(code, &kind.rule) }
}

/// Is the document one that people of this class show?
///
/// # Errors
/// The kind's own refusal.
pub fn belongs(rules: &RuleSet, service: Service, kind: &DocumentKind, class: HolderClass) -> Result<(), Message> {
    if kind.persons.contains(&class) {
        return Ok(());
    }
    let list = documents(rules, service).into_iter().map(|kind| kind.label.as_str()).collect::<Vec<_>>().join("、");
    Err(of_kind(rules, service, kind, kind.wrong_person).with("list", list))
}

/// The name that a document's chip states, beside the name on record of the same number. The number decides, and the clerk looks
/// at the name (P-38): rare characters and dots are written in more than one way.
#[must_use]
pub fn name_differs(rules: &RuleSet, service: Service, read: &str, on_record: &str) -> Option<Message> {
    let differs = !read.is_empty() && !on_record.is_empty() && !normalise::same_name(read, on_record);
    differs.then(|| rules.message(Some(service), Code::NameDiffers))
}

/// Checks the document of somebody who is no holder: the agent of a unit.
///
/// # Errors
/// Every reason why it is not enough; never empty.
pub fn agent(rules: &RuleSet, service: Service, shown: &Shown, today: NaiveDate) -> Result<CheckedNumber, Vec<Message>> {
    let of_service = rules.service(service).map_err(|message| vec![message])?;
    let mut missing = Vec::new();
    let subject = Subject { rules, service, of_service, today, has_id_card: false, class: None };
    let proven = subject.document(shown, &mut missing);
    match proven {
        Some((number, _)) if missing.is_empty() => Ok(number),
        Some(_) | None => Err(missing),
    }
}

/// One document of one person, checked for one service.
#[derive(Clone, Copy)]
struct Subject<'a> {
    rules: &'a RuleSet,
    service: Service,
    of_service: &'a ServiceRules,
    today: NaiveDate,
    has_id_card: bool,
    class: Option<HolderClass>,
}

impl Subject<'_> {
    fn message(&self, code: Code) -> Message {
        self.rules.message(Some(self.service), code)
    }

    fn list(&self) -> String {
        kinds(self.rules, self.of_service).iter().map(|kind| kind.label.as_str()).collect::<Vec<_>>().join("、")
    }

    fn document(&self, shown: &Shown, missing: &mut Vec<Message>) -> Option<(CheckedNumber, Option<HolderClass>)> {
        let Some(kind) = kinds(self.rules, self.of_service).into_iter().find(|kind| kind.id == shown.kind) else {
            missing.push(self.message(Code::DocNotAccepted).with("list", self.list()));
            return None;
        };
        let by_kind = |code| of_kind(self.rules, self.service, kind, code);
        let before = missing.len();
        if !shown.original {
            missing.push(self.message(Code::OriginalRequired).with("list", self.list()));
        }
        if kind.page && !shown.page {
            missing.push(self.message(Code::RegisterPageRequired).with("list", self.list()));
        }
        if kind.expires {
            match shown.expiry {
                Some(expiry) if expiry.covers(self.today) => {}
                Some(Expiry::Until(last)) => {
                    missing.push(by_kind(kind.expired).with("date", last));
                }
                Some(Expiry::LongTerm) | None => {
                    missing.push(Message::new(Code::FieldRequired).with("field", "有效期限"));
                }
            }
        }
        let number = document::check(&shown.number, kind.number, self.today).map_err(|message| missing.push(message)).ok()?;
        if number.form == NumberForm::Mainland
            && let Some(expiry) = shown.expiry.filter(|_| kind.expires)
            && let Err(message) = document::plausible_expiry(expiry, self.today)
        {
            missing.push(message);
        }
        let by_number = number.form.class();
        let class = self.class.or(by_number).or(match kind.persons.as_slice() {
            [only] => Some(*only),
            _ => None,
        });
        let not_theirs =
            [self.class, by_number].into_iter().flatten().find_map(|class| belongs(self.rules, self.service, kind, class).err());
        // A permit is told from a passport by its number's build.
        let not_theirs = not_theirs
            .or_else(|| (!document::belongs(&number, &kind.persons)).then(|| by_kind(kind.wrong_person).with("list", self.list())));
        missing.extend(not_theirs);
        let too_old = kind.below_age.zip(number.birth).is_some_and(|(below, birth)| age::full_years(birth, self.today) >= below);
        if too_old || (kind.without_id_card && self.has_id_card) {
            missing.push(by_kind(Code::HukouNotAccepted));
        }
        (missing.len() == before).then_some((number, class))
    }
}
