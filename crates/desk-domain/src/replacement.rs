//! Replacement of a card that does not work (损坏换卡、质量换卡): which cause it is, and what that costs.

use serde::{Deserialize, Serialize};

use crate::{
    case::Service,
    code::{Code, Message},
    ruleset::{Fee, RuleSet},
};

/// What the customer says is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// 遗失: the lost card's own service.
    Lost,
    /// 人为损坏
    Damage,
    /// 质量问题
    Quality,
    /// Neither lost nor damaged; a new picture, say.
    Other,
}

/// How often the old card was tried on this reader, and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadTests {
    pub failed: u32,
    pub passed: u32,
}

/// Why a new card takes the place of an old one, with what proves it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "ground", rename_all = "snake_case")]
pub enum Ground {
    #[default]
    Lost,
    /// The causes that the clerk ticked, as the rule set names them.
    Damage {
        ticked: Vec<String>,
    },
    Quality {
        tests: ReadTests,
    },
}

impl Ground {
    #[must_use]
    pub fn service(&self) -> Service {
        match self {
            Self::Lost => Service::ReissueLost,
            Self::Damage { .. } => Service::ReplaceDamaged,
            Self::Quality { .. } => Service::ReplaceFaulty,
        }
    }

    #[must_use]
    pub fn is_lost(&self) -> bool {
        *self == Self::Lost
    }

    /// A damaged card may still answer; a faulty one was seen not to.
    #[must_use]
    pub fn readable(&self) -> bool {
        match self {
            Self::Damage { .. } => true,
            Self::Lost | Self::Quality { .. } => false,
        }
    }

    /// 断裂、弯折; 试读 3 次均无应答
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Lost => "遗失".to_owned(),
            Self::Damage { ticked } => ticked.join("、"),
            Self::Quality { tests } => format!("试读 {} 次均读不出", tests.failed),
        }
    }

    /// What [`decide`] looks at.
    #[must_use]
    pub fn facts(&self, service: Service, surrendered: bool) -> Facts<'_> {
        let (cause, ticked, tests): (_, &[String], _) = match self {
            Self::Lost => (Cause::Lost, &[], ReadTests::default()),
            Self::Damage { ticked } => (Cause::Damage, ticked, ReadTests::default()),
            Self::Quality { tests } => (Cause::Quality, &[], *tests),
        };
        Facts { service: Some(service), cause, ticked, tests, surrendered }
    }
}

/// Everything that the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Under whose table the messages are worded; none before a service was chosen.
    pub service: Option<Service>,
    pub cause: Cause,
    /// The causes of damage that the clerk ticked, as the rule set names them.
    pub ticked: &'a [String],
    pub tests: ReadTests,
    /// The old card stays here.
    pub surrendered: bool,
}

/// What the replacement costs, by which rule.
///
/// # Errors
/// Every reason why not: those of [`inspected`], `QUALITY_NOT_PROVEN`, `OLD_CARD_REQUIRED`, `OUTLET_NOT_AUTHORIZED` where
/// the programme replaces no cards this way.
pub fn decide<'a>(rules: &'a RuleSet, facts: Facts<'_>) -> Result<&'a Fee, Vec<Message>> {
    let message = |code| rules.message(facts.service, code);
    let Some(rule) = &rules.replacement else {
        return Err(vec![message(Code::OutletNotAuthorized).with("list", "无")]);
    };
    let mut reasons: Vec<Message> = inspected(rules, facts.service, facts.cause, facts.ticked).err().into_iter().collect();
    let fee = match facts.cause {
        Cause::Lost | Cause::Other => return Err(reasons),
        Cause::Damage => &rule.damage,
        Cause::Quality => {
            if facts.tests.passed > 0 || facts.tests.failed < rule.failed_reads {
                reasons.push(message(Code::QualityNotProven));
            }
            &rule.quality
        }
    };
    if !facts.surrendered {
        reasons.push(message(Code::OldCardRequired));
    }
    if reasons.is_empty() { Ok(fee) } else { Err(reasons) }
}

/// Does what is to be seen on the card fit what is asked for?
///
/// # Errors
/// `REASON_REQUIRED` where nothing or something unknown is ticked for a damaged card, `CAUSE_CONFLICT` where a cause is
/// ticked for a free one.
pub fn inspected(rules: &RuleSet, service: Option<Service>, cause: Cause, ticked: &[String]) -> Result<(), Message> {
    let Some(rule) = &rules.replacement else {
        return Err(rules.message(service, Code::OutletNotAuthorized).with("list", "无"));
    };
    let known = ticked.iter().all(|ticked| rule.causes.contains(ticked));
    match cause {
        Cause::Lost | Cause::Other => Err(rules.message(service, Code::ReasonRequired)),
        Cause::Damage if ticked.is_empty() || !known => Err(rules.message(service, Code::ReasonRequired)),
        Cause::Quality if !ticked.is_empty() => Err(rules.message(service, Code::CauseConflict).with("fee", rule.damage.amount)),
        Cause::Damage | Cause::Quality => Ok(()),
    }
}
