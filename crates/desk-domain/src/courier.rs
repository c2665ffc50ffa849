//! A card that is sent (邮寄): what the counter takes for it.

use crate::{
    case::Service,
    code::{Code, Message},
    money::Fen,
    ruleset::{CourierRules, RuleSet},
};

/// The same without words: none where no cards are sent.
#[must_use]
pub fn due(rule: Option<&CourierRules>, mailed: bool) -> Option<Fen> {
    match rule {
        _ if !mailed => Some(Fen::ZERO),
        Some(rule) if rule.collect => Some(Fen::ZERO),
        Some(rule) => Some(rule.fee.amount),
        None => None,
    }
}

/// The charge of one order, however many cards are in it.
///
/// # Errors
/// `OUTLET_NOT_AUTHORIZED` where the programme sends no cards.
pub fn of(rules: &RuleSet, service: Option<Service>, mailed: bool) -> Result<Fen, Message> {
    match due(rules.courier.as_ref(), mailed) {
        Some(due) => Ok(due),
        None => Err(rules.message(service, Code::OutletNotAuthorized).with("list", "无")),
    }
}

/// Refuses any other amount.
///
/// # Errors
/// `COURIER_NOT_SELECTED` for money without an order, `EMS_COLLECT` where the addressee pays the post, `FEE_FIXED` with the
/// right amount.
pub fn fixed(rules: &RuleSet, service: Option<Service>, mailed: bool, amount: Fen) -> Result<(), Message> {
    let due = of(rules, service, mailed)?;
    if due == amount {
        return Ok(());
    }
    if !mailed {
        return Err(rules.message(service, Code::CourierNotSelected));
    }
    match &rules.courier {
        Some(rule) if !rule.collect => Err(rules.by_rule(Code::FeeFixed, &rule.fee.rule).with("fee", due)),
        Some(_) | None => Err(rules.message(service, Code::EmsCollect)),
    }
}
