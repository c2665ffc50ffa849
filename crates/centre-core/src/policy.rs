//! What the centre needs of the rule sets and of its own settings.

use std::collections::{BTreeMap, BTreeSet};

use desk_domain::{
    case::Service,
    id::{CellId, OutletId, ProgrammeId},
    money::Fen,
    person::{HolderClass, InitialPassword},
    ruleset::{BackOffice, Capability, CourierRules, FirstIssueRules, Level, ProductionRules, RuleSet, SmsRules, ValidityRules},
};
use desk_wire::v1::Role;

/// Settings of one centre.
#[derive(Debug, Clone)]
pub struct Policy {
    pub programmes: BTreeMap<ProgrammeId, Programme>,
    /// Wrong passwords in a row that lock an operator.
    pub wrong_passwords: u32,
    pub session_hours: u32,
    /// How long a desk may let an operator in without line.
    pub offline_hours: u32,
    /// How long a second person's agreement holds.
    pub authorisation_minutes: u32,
}

/// One card programme as the centre applies it.
#[derive(Debug, Clone)]
pub struct Programme {
    pub cell: CellId,
    /// What each outlet may do for this programme.
    pub outlets: BTreeMap<OutletId, BTreeSet<Service>>,
    /// Refunds above an amount need this role; in rising order.
    pub refund_limits: Vec<(Fen, Role)>,
    /// Refund on the day of sale.
    pub same_day_refund: bool,
    /// The transit function must have been opened before a refund.
    pub transit_open: bool,
    /// Refund of purses that a counter can only put out of use, where the programme has it.
    pub back_office: Option<BackOffice>,
    /// Refund of cards that give no answer, where the programme has it.
    pub unreadable: Option<Unreadable>,
    /// Most that a purse may hold, where the programme has purses.
    pub purse_cap: Option<Fen>,
    /// First digits of a new card's number; the rest is drawn.
    pub card_prefix: String,
    /// Digits of a card number.
    pub card_digits: usize,
    /// Monthly validation, where the programme has it.
    pub validity: Option<ValidityRules>,
    pub password: Option<PasswordPolicy>,
    /// Outlets that are branches of a bank, with the bank's line.
    pub banks: BTreeMap<OutletId, String>,
    pub first_issue: Option<FirstIssueRules>,
    pub sms: Option<SmsRules>,
    /// Cards that are made in place of others, where the programme has it.
    pub production: Option<ProductionRules>,
    /// Cards that are sent, where the programme has it.
    pub courier: Option<CourierRules>,
}

/// When a card that gives no answer is paid, and who must agree to taking it in.
#[derive(Debug, Clone, Copy)]
pub struct Unreadable {
    pub days: u32,
    pub remote_days: u32,
    pub authorise: Role,
}

#[derive(Debug, Clone)]
pub struct PasswordPolicy {
    pub domestic: InitialPassword,
    pub hmt: InitialPassword,
    pub foreign: InitialPassword,
    /// Resets within the window that need nobody's agreement.
    pub free_resets: u32,
    pub window_days: u32,
    pub authorise: Role,
}

impl PasswordPolicy {
    #[must_use]
    pub fn initial(&self, class: HolderClass) -> InitialPassword {
        match class {
            HolderClass::Domestic => self.domestic,
            HolderClass::Hmt => self.hmt,
            HolderClass::Foreign => self.foreign,
        }
    }
}

/// Which numbers new cards get; a setting of the centre, not of the programme's rules.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbering {
    /// First digits.
    pub prefix: String,
    /// Digits in all.
    pub digits: usize,
}

impl Programme {
    /// What a rule set says, as the centre applies it.
    #[must_use]
    pub fn of(rules: &RuleSet, numbering: &Numbering) -> Self {
        let outlets = rules
            .outlets
            .iter()
            .map(|outlet| {
                let services =
                    Service::ALL.iter().copied().filter(|service| outlet.capabilities.contains(&Capability::from(*service))).collect();
                (outlet.id.clone(), services)
            })
            .collect();
        let mut refund_limits: Vec<(Fen, Role)> = rules
            .authorisation
            .limits
            .iter()
            .filter(|limit| limit.capability == Capability::PurseRefund)
            .map(|limit| (limit.above, role(limit.level)))
            .collect();
        refund_limits.sort();
        Self {
            cell: rules.cell.clone(),
            outlets,
            refund_limits,
            same_day_refund: rules.purse.as_ref().is_none_or(|purse| purse.same_day),
            transit_open: rules.purse.as_ref().is_some_and(|purse| purse.transit_open),
            back_office: rules.purse.as_ref().and_then(|purse| purse.back_office),
            unreadable: rules.purse.as_ref().and_then(|purse| purse.unreadable).map(|rule| Unreadable {
                days: rule.days,
                remote_days: rule.remote_days,
                authorise: role(rule.authorise),
            }),
            purse_cap: rules.purse.as_ref().map(|purse| purse.cap),
            card_prefix: numbering.prefix.clone(),
            card_digits: numbering.digits,
            validity: rules.validity.clone(),
            password: rules.password.as_ref().map(|password| PasswordPolicy {
                domestic: password.domestic,
                hmt: password.hmt,
                foreign: password.foreign,
                free_resets: password.free_resets,
                window_days: password.window_days,
                authorise: role(password.authorise),
            }),
            banks: rules.outlets.iter().filter_map(|outlet| Some((outlet.id.clone(), outlet.bank.clone()?))).collect(),
            first_issue: rules.first_issue.clone(),
            sms: rules.sms.clone(),
            production: rules.production,
            courier: rules.courier.clone(),
        }
    }
}

fn role(level: Level) -> Role {
    match level {
        Level::Supervisor => Role::Supervisor,
        Level::Manager => Role::Manager,
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self { programmes: BTreeMap::new(), wrong_passwords: 5, session_hours: 12, offline_hours: 72, authorisation_minutes: 5 }
    }
}

impl Programme {
    /// The role whose agreement a refund of this amount needs.
    #[must_use]
    pub fn refund_level(&self, amount: Fen) -> Option<Role> {
        self.refund_limits.iter().filter(|(above, _)| amount > *above).map(|(_, role)| *role).max()
    }
}
