//! What a line loss leaves: the class of a service and the answer to the clerk.

use crate::{
    case::Service,
    code::{Code, Message},
    ruleset::{OfflineClass, RuleSet},
};

/// What may be begun now without the centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Class A.
    Works,
    /// Class B: recorded here now, known to the centre later; recording it at two places does no harm.
    Records(Message),
    /// Class C: accepted with a slip; what the slip says.
    Accepts(Message),
    /// Class D.
    Refused(Message),
}

/// A step that is never done without the centre, whatever the service's class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    PayOut,
    HandOutCard,
    WriteCard,
    ResetPassword,
}

/// The answer for a service.
#[must_use]
pub fn answer(rules: &RuleSet, service: Service) -> Answer {
    match rules.service(service) {
        Err(message) => Answer::Refused(message),
        Ok(of_service) => match of_service.offline {
            OfflineClass::Full => Answer::Works,
            // Written by the centre's keys: without them the class leaves nothing but the way to the machines.
            OfflineClass::Records if service == Service::Validation => Answer::Refused(effect_refused(rules, service)),
            OfflineClass::Records => Answer::Records(rules.message(Some(service), Code::OfflineAccepted)),
            OfflineClass::Accept => Answer::Accepts(rules.message(Some(service), Code::OfflineAccepted)),
            OfflineClass::Forbidden => Answer::Refused(effect_refused(rules, service)),
        },
    }
}

/// The refusal of a service's own effect: validation points to the machines, all others say why.
fn effect_refused(rules: &RuleSet, service: Service) -> Message {
    let why = rules.service(service).map_or("", |of_service| of_service.offline_why.as_str());
    if service == Service::Validation {
        return rules.message(Some(service), Code::OfflineValidation);
    }
    if matches!(service, Service::TopUp | Service::Rewrite) {
        return rules.message(Some(service), Code::OnlineOnly);
    }
    rules.message(Some(service), Code::OfflineNotAccepted).with("why", why)
}

/// The refusal of a step that needs the centre (class D).
#[must_use]
pub fn step_refused(rules: &RuleSet, service: Service, step: Step) -> Message {
    let why = match step {
        Step::PayOut => "付款须有中心确认号，请待线路恢复后付款。",
        Step::HandOutCard => "发出新卡须有中心确认号，请待线路恢复后办理。",
        Step::WriteCard => "写卡须由中心密钥服务计算，请待线路恢复后写卡。",
        Step::ResetPassword => "密码由中心重置，请待线路恢复或拨打热线。",
    };
    rules.message(Some(service), Code::OfflineNotAccepted).with("why", why)
}

/// Is the blacklist of this desk young enough to write cards by? `age` in whole hours.
///
/// # Errors
/// `BLACKLIST_STALE` from the rule set's hours on.
pub fn blacklist(rules: &RuleSet, age: u32) -> Result<(), Message> {
    if age < rules.offline.blacklist_stop_hours {
        return Ok(());
    }
    Err(rules.message(None, Code::BlacklistStale).with("h", age))
}

/// May one more case be accepted?
///
/// # Errors
/// `OFFLINE_LIMIT` when the desk holds as many as the rule set allows.
pub fn room(rules: &RuleSet, accepted: u32) -> Result<(), Message> {
    if accepted < rules.offline.accepted {
        return Ok(());
    }
    Err(rules.message(None, Code::OfflineLimit).with("limit", rules.offline.accepted))
}
