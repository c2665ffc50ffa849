//! How much a purse may hold.

use crate::{
    code::{Code, Message},
    money::Fen,
    ruleset::RuleSet,
};

/// The balance after a top-up of `amount`, from a balance that was read a moment ago.
///
/// # Errors
/// `PURSE_CAP` with what still fits, `REFUND_UNSUPPORTED` where the programme has no purse, `AMOUNT_INVALID` for nothing or less.
pub fn room(rules: &RuleSet, balance: Fen, amount: Fen) -> Result<Fen, Message> {
    let cap = rules.purse.as_ref().ok_or_else(|| rules.message(None, Code::RefundUnsupported))?.cap;
    if !amount.is_positive() {
        return Err(Message::new(Code::AmountInvalid));
    }
    let out_of_range = |_| Message::new(Code::AmountInvalid);
    let after = balance.plus(amount).map_err(out_of_range)?;
    if after <= cap {
        return Ok(after);
    }
    let left = cap.minus(balance).map_err(out_of_range)?.max(Fen::ZERO);
    Err(rules.message(None, Code::PurseCap).with("cap", cap).with("x", left))
}
