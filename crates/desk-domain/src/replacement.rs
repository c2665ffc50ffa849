//! Replacement of a card that does not work (损坏换卡、质量换卡): which cause it is, and what that costs.

use serde::{Deserialize, Serialize};

use crate::{
    case::Service,
    code::{Code, Message},
    money::Fen,
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
/// Every reason why not: `REASON_REQUIRED` without a cause, `CAUSE_CONFLICT`, `QUALITY_NOT_PROVEN`, `OLD_CARD_REQUIRED`,
/// `OUTLET_NOT_AUTHORIZED` where the programme replaces no cards this way.
pub fn decide<'a>(rules: &'a RuleSet, facts: Facts<'_>) -> Result<&'a Fee, Vec<Message>> {
    let message = |code| rules.message(facts.service, code);
    let Some(rule) = &rules.replacement else {
        return Err(vec![message(Code::OutletNotAuthorized).with("list", "无")]);
    };
    let known = facts.ticked.iter().all(|ticked| rule.causes.contains(ticked));
    match facts.cause {
        Cause::Lost | Cause::Other => Err(vec![message(Code::ReasonRequired)]),
        Cause::Damage if facts.ticked.is_empty() || !known => Err(vec![message(Code::ReasonRequired)]),
        Cause::Damage => Ok(&rule.damage),
        Cause::Quality => {
            let mut reasons = Vec::new();
            if !facts.ticked.is_empty() {
                reasons.push(message(Code::CauseConflict).with("fee", rule.damage.amount));
            }
            if facts.tests.passed > 0 || facts.tests.failed < rule.failed_reads {
                reasons.push(message(Code::QualityNotProven));
            }
            if !facts.surrendered {
                reasons.push(message(Code::OldCardRequired));
            }
            if reasons.is_empty() { Ok(&rule.quality) } else { Err(reasons) }
        }
    }
}

/// Refuses any other amount than the one of the cause: one application is one card.
///
/// # Errors
/// `FEE_FIXED` with the right amount.
pub fn fixed(rules: &RuleSet, fee: &Fee, amount: Fen) -> Result<(), Message> {
    if fee.amount == amount { Ok(()) } else { Err(rules.by_rule(Code::FeeFixed, &fee.rule).with("fee", fee.amount)) }
}
