//! Second-person authorisation: when it is needed, and who may give it.

use crate::{
    case::Service,
    code::{Code, Message},
    id::OperatorId,
    money::Fen,
    ruleset::{Capability, Level, RuleSet},
};

/// The level that a service needs for an amount; none below the lowest limit. An amount equal to a limit needs none.
#[must_use]
pub fn needed(rules: &RuleSet, service: Service, amount: Fen) -> Option<Level> {
    let capability = Capability::from(service);
    rules.authorisation.limits.iter().filter(|limit| limit.capability == capability && amount > limit.above).map(|limit| limit.level).max()
}

/// May this person agree, who holds these levels, to a case of that clerk?
///
/// # Errors
/// `SELF_AUTH_FORBIDDEN` for the clerk's own case, `ROLE_MISSING` for too low a level.
pub fn may(rules: &RuleSet, service: Service, needed: Level, by: &OperatorId, holds: &[Level], clerk: &OperatorId) -> Result<(), Message> {
    if by == clerk {
        return Err(rules.message(Some(service), Code::SelfAuthForbidden));
    }
    if holds.iter().any(|level| *level >= needed) {
        return Ok(());
    }
    Err(rules.message(Some(service), Code::RoleMissing).with("level", needed.label()))
}
