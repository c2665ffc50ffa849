//! Codes by text message: why none arrives, and whether another may be sent.

use chrono::{DateTime, Utc};

use crate::{
    case::Service,
    code::{Code, Message},
    inquiry::{CodeFacts, Delivery},
    person::PersonFacts,
    ruleset::RuleSet,
};

/// Is there a number that codes can go to?
///
/// # Errors
/// `PHONE_VIA_SCHOOL`.
pub fn reachable(rules: &RuleSet, person: &PersonFacts, codes: &CodeFacts) -> Result<(), Message> {
    let gone = codes.last.is_some_and(|last| last.delivery == Delivery::NoSuchNumber);
    if person.guardian_phone.is_none() || gone {
        return Err(rules.message(Some(Service::SmsDiagnosis), Code::PhoneViaSchool));
    }
    Ok(())
}

/// May another code be sent now?
///
/// # Errors
/// `CODE_TOO_OFTEN` with what stands in the way.
pub fn resend(rules: &RuleSet, codes: &CodeFacts, now: DateTime<Utc>) -> Result<(), Message> {
    let message = |why: String| rules.message(Some(Service::SmsDiagnosis), Code::CodeTooOften).with("why", why);
    let Some(rule) = &rules.sms else {
        return Err(message("本方案不在柜面补发".to_owned()));
    };
    if codes.today >= rule.per_day {
        return Err(message(format!("今日已发 {} 次，已到上限", codes.today)));
    }
    let waited = codes.last.map(|last| (now - last.at).num_seconds());
    match waited {
        Some(waited) if waited < i64::from(rule.interval_seconds) => {
            Err(message(format!("请 {} 秒后再发", i64::from(rule.interval_seconds) - waited.max(0))))
        }
        Some(_) | None => Ok(()),
    }
}
