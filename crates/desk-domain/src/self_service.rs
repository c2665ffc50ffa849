//! Nobody serves himself or herself.

use crate::{
    case::Service,
    code::{Code, Message},
    id::OperatorId,
    person::PersonFacts,
    ruleset::RuleSet,
};

/// # Errors
/// `SELF_SERVICE_FORBIDDEN` where the person of the case is the clerk.
pub fn check(rules: &RuleSet, service: Service, person: &PersonFacts, clerk: &OperatorId) -> Result<(), Message> {
    if person.staff.as_ref() == Some(clerk) {
        return Err(rules.message(Some(service), Code::SelfServiceForbidden));
    }
    Ok(())
}
