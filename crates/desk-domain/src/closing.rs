//! Giving up a card (退卡), or moving its money (转值): what stands in the way.

use crate::{
    case::Service,
    code::{Code, Message},
    ruleset::RuleSet,
};

/// Are all books back that were lent on this card?
///
/// # Errors
/// `LIBRARY_LOAN_OPEN`.
pub fn loans(rules: &RuleSet, service: Option<Service>, open: u32) -> Result<(), Message> {
    if open == 0 { Ok(()) } else { Err(rules.message(service, Code::LibraryLoanOpen)) }
}

/// May money go from one purse to another in this programme?
///
/// # Errors
/// `TRANSFER_FORBIDDEN`.
pub fn transfer(rules: &RuleSet, service: Option<Service>) -> Result<(), Message> {
    if rules.purse.as_ref().is_some_and(|purse| purse.transfer) { Ok(()) } else { Err(rules.message(service, Code::TransferForbidden)) }
}
