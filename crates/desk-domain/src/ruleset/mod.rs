//! A card programme as data: versioned rule sets, read from TOML and checked before use.
//!
//! A third programme needs a new file and no new code. A case stores the version of the rule set that it was begun under
//! and is decided by that version to its end.

mod capability;
mod check;
mod days;
mod load;
mod outlet;
mod problem;
mod programme;
mod publish;
mod reader;
mod service;

use std::collections::BTreeMap;

use chrono::NaiveDate;

pub use self::{
    capability::Capability,
    outlet::{HolidayMode, Holidays, Hotline, Outlet, OutletKind, Session, Weekly},
    problem::Problem,
    publish::{Edition, EditionKind, NotPublished, Notice, days_file},
    service::{
        Applicant, AuthorisationLimit, AuthorisationRules, BackOffice, BankFunctionRules, Branch, CardFamily, CodeRule, CourierRules,
        DocumentKind, Fee, FeeTaken, FirstIssueRules, Level, NumberFormat, OfflineClass, OfflineLimits, OwnCode, PasswordRules, PhotoRules,
        ProductionRules, PurseRules, ReissueRules, ReplacementRules, Rule, ServiceRules, SmsRules, TillRules, TreeOption, TreeQuestion,
        UnitRules, UnreadableRules, ValidityRules,
    },
};
use crate::{
    card::CardImage,
    case::Service,
    code::{Code, Message},
    id::{CellId, OutletId, ProgrammeId},
};

/// One version of one programme's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSet {
    /// Stored by every case, for example `SZ-2025-08-25`.
    pub version: String,
    pub programme: ProgrammeId,
    /// First local day on which new cases are begun under this version.
    pub effective: NaiveDate,
    /// Home cell of the programme's rights.
    pub cell: CellId,
    /// 发卡方案 by name.
    pub name: String,
    /// Body that every receipt names.
    pub issuer: String,
    pub card_families: Vec<CardFamily>,
    pub hotlines: Vec<Hotline>,
    pub outlet_kinds: Vec<OutletKind>,
    pub outlets: Vec<Outlet>,
    pub holidays: Holidays,
    pub applicants: Vec<Applicant>,
    pub documents: Vec<DocumentKind>,
    pub services: Vec<ServiceRules>,
    pub purse: Option<PurseRules>,
    pub validity: Option<ValidityRules>,
    pub reissue: Option<ReissueRules>,
    pub photo: Option<PhotoRules>,
    /// Lists of units, where the programme takes them.
    pub unit: Option<UnitRules>,
    pub replacement: Option<ReplacementRules>,
    pub courier: Option<CourierRules>,
    pub production: Option<ProductionRules>,
    pub bank_function: Option<BankFunctionRules>,
    pub password: Option<PasswordRules>,
    pub first_issue: Option<FirstIssueRules>,
    pub sms: Option<SmsRules>,
    pub authorisation: AuthorisationRules,
    pub offline: OfflineLimits,
    pub till: TillRules,
    /// Lines for papers and screens by name (see [`TEXT_NAMES`]).
    pub texts: BTreeMap<String, Vec<String>>,
    /// Rule ids and words of codes in every service.
    pub messages: BTreeMap<Code, CodeRule>,
    /// The programme's own codes, by name (`programme.*`).
    pub own_codes: BTreeMap<String, OwnCode>,
    /// Rule id → original phrase.
    pub rules: BTreeMap<String, Rule>,
}

/// Names of the texts that papers and screens look up; a rule file may give no others but `guide.` and a capability: what
/// somebody has to do who asks for that service, step by step, printed on notices and guidance slips.
pub const TEXT_NAMES: &[&str] = &[
    "entitlements",
    "receipt.lines",
    "reissue.warning",
    "reissue.central",
    "reissue.voucher",
    "reissue.channels",
    "refund.agree",
    "refund.later",
    "refund.unreadable",
    "application.checklist",
    "unit.slip",
    "unit.errors",
    "refund.next_steps",
    "validation.where",
    "password.slip",
    "password.routes",
    "password.guidance",
    "offline.slip",
    "pending.slip",
    "purposes",
    "first_issue.steps",
    "loss.temporary",
    "loss.lines",
    "loss.voucher",
    "loss.offline",
    "reveal.reasons",
    "ecard.steps",
];

/// The words in which a message is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    pub text: String,
    pub cause: String,
    pub remedy: String,
}

impl RuleSet {
    /// What the programme says about a service, or that it does not know the service.
    ///
    /// # Errors
    /// `OUTLET_NOT_AUTHORIZED` where the programme has no such service.
    pub fn service(&self, service: Service) -> Result<&ServiceRules, Message> {
        let capability = Capability::from(service);
        self.services
            .iter()
            .find(|rules| rules.capability == capability)
            .ok_or_else(|| self.message(None, Code::OutletNotAuthorized).with("list", "无"))
    }

    #[must_use]
    pub fn outlet(&self, id: &OutletId) -> Option<&Outlet> {
        self.outlets.iter().find(|outlet| &outlet.id == id)
    }

    #[must_use]
    pub fn document(&self, id: &str) -> Option<&DocumentKind> {
        self.documents.iter().find(|kind| kind.id == id)
    }

    #[must_use]
    pub fn applicant(&self, id: &str) -> Option<&Applicant> {
        self.applicants.iter().find(|applicant| applicant.id == id)
    }

    /// The hotline printed on papers: the first of the file.
    #[must_use]
    pub fn hotline(&self) -> Option<&Hotline> {
        self.hotlines.first()
    }

    #[must_use]
    pub fn text(&self, name: &str) -> &[String] {
        self.texts.get(name).map_or(&[], Vec::as_slice)
    }

    /// A message with the rule id and phrase that this rule set gives to its code (in this service, where one is named).
    #[must_use]
    pub fn message(&self, service: Option<Service>, code: Code) -> Message {
        let of_service = service
            .and_then(|service| {
                let capability = Capability::from(service);
                self.services.iter().find(|rules| rules.capability == capability)
            })
            .and_then(|rules| rules.messages.get(&code));
        let rule = of_service.and_then(|entry| entry.rule.as_deref()).or_else(|| self.messages.get(&code)?.rule.as_deref());
        match rule {
            Some(id) => self.by_rule(code, id),
            None => Message::new(code),
        }
    }

    /// A message by a named rule of this rule set.
    #[must_use]
    pub fn by_rule(&self, code: Code, rule: &str) -> Message {
        match self.rules.get(rule) {
            Some(found) => Message::new(code).by_rule(rule, &found.phrase),
            None => Message::new(code),
        }
    }

    /// A message of the programme's own code (`programme.*`), carried by [`Code::Programme`].
    #[must_use]
    pub fn own(&self, name: &str) -> Message {
        match self.own_codes.get(name) {
            Some(own) => self.by_rule(Code::Programme, &own.rule).with("code", name),
            None => Message::new(Code::Internal).with("where", name),
        }
    }

    /// The words of a message: this programme's own where it has some, else the catalogue's.
    #[must_use]
    pub fn wording(&self, message: &Message) -> Wording {
        let fill = |text: &str| fill(text, &message.params);
        if message.code == Code::Programme
            && let Some(own) = message.params.iter().find(|(name, _)| name == "code").and_then(|(_, name)| self.own_codes.get(name))
        {
            return Wording { text: fill(&own.text), cause: fill(&own.cause), remedy: fill(&own.remedy) };
        }
        let of_rule = message.rule.as_ref().and_then(|rule| {
            self.services
                .iter()
                .filter_map(|service| service.messages.get(&message.code))
                .find(|entry| entry.rule.as_deref() == Some(&rule.id))
        });
        let general = self.messages.get(&message.code);
        let pick = |part: fn(&CodeRule) -> Option<&String>, catalogue: &str| {
            let own = of_rule.and_then(part).or_else(|| general.and_then(part));
            fill(own.map_or(catalogue, String::as_str))
        };
        Wording {
            text: pick(|entry| entry.text.as_ref(), message.code.text()),
            cause: pick(|entry| entry.cause.as_ref(), message.code.cause()),
            remedy: pick(|entry| entry.remedy.as_ref(), message.code.remedy()),
        }
    }

    /// Does this card belong to the programme?
    #[must_use]
    pub fn owns(&self, card: &CardImage) -> bool {
        self.card_families.iter().any(|known| {
            known.family == card.family
                && (known.issuers.is_empty() || known.issuers.iter().any(|prefix| card.issuer.starts_with(prefix.as_str())))
        })
    }
}

fn fill(text: &str, params: &[(String, String)]) -> String {
    params.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// Every rule set that a desk or a centre has loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleSets {
    sets: Vec<RuleSet>,
    /// What they were read from, name and text in order: published files are read on top of it.
    files: Vec<(String, String)>,
}

impl RuleSets {
    #[must_use]
    pub fn all(&self) -> &[RuleSet] {
        &self.sets
    }

    /// The rule set by its version, as a case stores it.
    #[must_use]
    pub fn version(&self, version: &str) -> Option<&RuleSet> {
        self.sets.iter().find(|set| set.version == version)
    }

    /// The newest version of the programme in force on a local day.
    #[must_use]
    pub fn in_force(&self, programme: &ProgrammeId, day: NaiveDate) -> Option<&RuleSet> {
        self.sets.iter().filter(|set| &set.programme == programme && set.effective <= day).max_by_key(|set| set.effective)
    }

    /// One rule set in force per programme, in the order of the files.
    #[must_use]
    pub fn current(&self, day: NaiveDate) -> Vec<&RuleSet> {
        let mut seen: Vec<&ProgrammeId> = Vec::new();
        for set in &self.sets {
            if !seen.contains(&&set.programme) {
                seen.push(&set.programme);
            }
        }
        seen.into_iter().filter_map(|programme| self.in_force(programme, day)).collect()
    }

    /// The rule sets in force that this outlet works under.
    #[must_use]
    pub fn at_outlet(&self, outlet: &OutletId, day: NaiveDate) -> Vec<&RuleSet> {
        self.current(day).into_iter().filter(|set| set.outlet(outlet).is_some()).collect()
    }

    /// The programme in force that owns a card.
    #[must_use]
    pub fn of_card(&self, card: &CardImage, day: NaiveDate) -> Option<&RuleSet> {
        self.current(day).into_iter().find(|set| set.owns(card))
    }
}

/// A rule file as it was read: name for messages, and text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleFile<'a> {
    pub name: &'a str,
    pub text: &'a str,
}
