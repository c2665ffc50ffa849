//! Fees come from the rule set and are never typed.

use crate::{
    case::Service,
    code::{Code, Message},
    money::Fen,
    ruleset::{Fee, RuleSet},
};

/// What the service costs (for one card).
///
/// # Errors
/// `OUTLET_NOT_AUTHORIZED` where the programme has no such service.
pub fn of(rules: &RuleSet, service: Service) -> Result<&Fee, Message> {
    rules.service(service).map(|service| &service.fee)
}

/// Refuses any other amount than the one of the rule set.
///
/// # Errors
/// `FEE_FIXED` with the right amount.
pub fn fixed(rules: &RuleSet, service: Service, amount: Fen) -> Result<(), Message> {
    exactly(rules, service, of(rules, service)?, amount)
}

/// Refuses any other amount than this fee.
///
/// # Errors
/// `FEE_FIXED` with the right amount.
pub fn exactly(rules: &RuleSet, service: Service, fee: &Fee, amount: Fen) -> Result<(), Message> {
    if fee.amount == amount {
        return Ok(());
    }
    let message = if fee.rule.is_empty() { rules.message(Some(service), Code::FeeFixed) } else { rules.by_rule(Code::FeeFixed, &fee.rule) };
    Err(message.with("fee", fee.amount))
}

/// Change for cash that was handed over.
///
/// # Errors
/// `CASH_TENDERED_SHORT` with what is missing, `AMOUNT_INVALID` for an amount out of range.
pub fn change(due: Fen, tendered: Fen) -> Result<Fen, Message> {
    let change = tendered.minus(due).map_err(|_| Message::new(Code::AmountInvalid))?;
    if change < Fen::ZERO {
        return Err(Message::new(Code::CashTenderedShort).with("x", change.negated()));
    }
    Ok(change)
}
