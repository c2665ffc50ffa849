//! Password reset: the decision tree before it, and what must be true of the person.

use crate::{
    case::Service,
    code::{Code, Message},
    id::OperatorId,
    person::{InitialPassword, PersonFacts},
    ruleset::{Branch, Level, RuleSet, TreeQuestion},
    self_service,
};

/// Where the tree stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeStep {
    /// A question, with its texts filled in.
    Ask(TreeQuestion),
    /// Somebody else does it; a slip is printed.
    Refer(Message),
    /// The tree is done: identity check and reset.
    Reset,
}

/// What will be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// A second person must agree, and what to tell why.
    pub authorise: Option<(Level, Message)>,
    pub initial: InitialPassword,
    /// What the slip says the password is: words, never digits.
    pub words: String,
    pub must_change: bool,
}

/// The next step after these answers (question id, option id), in any order.
///
/// `phone` is the masked number of the first guardian, where the person is known already; titles hold `{phone}`.
///
/// # Errors
/// `OUTLET_NOT_AUTHORIZED` where the programme has no password, `FIELD_INVALID` for an answer that was not offered.
pub fn next(rules: &RuleSet, phone: Option<&str>, answers: &[(String, String)]) -> Result<TreeStep, Message> {
    let service = Service::PasswordReset;
    rules.service(service)?;
    let questions = rules.password.as_ref().map_or(&[][..], |password| password.questions.as_slice());
    let mut current = questions.first();
    // Each question is asked at most once, so a file with a ring of questions ends too.
    for _ in 0..=questions.len() {
        let Some(question) = current else {
            return Ok(TreeStep::Reset);
        };
        let Some((_, given)) = answers.iter().find(|(id, _)| *id == question.id) else {
            return Ok(TreeStep::Ask(with_phone(question, phone)));
        };
        let chosen = question
            .options
            .iter()
            .find(|option| option.id == *given)
            .ok_or_else(|| Message::new(Code::FieldInvalid).with("field", &question.title))?;
        match &chosen.then {
            Branch::Refer(code) => return Ok(TreeStep::Refer(rules.message(Some(service), *code))),
            Branch::Pass => return Ok(TreeStep::Reset),
            Branch::Ask(id) => current = questions.iter().find(|question| question.id == *id),
        }
    }
    Ok(TreeStep::Reset)
}

fn with_phone(question: &TreeQuestion, phone: Option<&str>) -> TreeQuestion {
    let shown = phone.unwrap_or("预留手机号");
    TreeQuestion {
        title: question.title.replace("{phone}", shown),
        help: question.help.as_ref().map(|help| help.replace("{phone}", shown)),
        ..question.clone()
    }
}

/// What the centre's record of the person says.
///
/// # Errors
/// Every reason why not: `SELF_SERVICE_FORBIDDEN`, `PHONE_VIA_SCHOOL`, `NO_ID_ON_RECORD`, `NO_ECARD_NO`.
pub fn decide(rules: &RuleSet, person: &PersonFacts, clerk: &OperatorId) -> Result<Terms, Vec<Message>> {
    let service = Service::PasswordReset;
    let message = |code| rules.message(Some(service), code);
    rules.service(service).map_err(|message| vec![message])?;
    let Some(rule) = &rules.password else {
        return Err(vec![message(Code::OutletNotAuthorized).with("list", "无")]);
    };
    if person.programme != rules.programme {
        return Err(vec![message(Code::ProfileMismatch)]);
    }
    let mut reasons = Vec::new();
    if let Err(message) = self_service::check(rules, service, person, clerk) {
        reasons.push(message);
    }
    if person.guardian_phone.is_none() {
        reasons.push(message(Code::PhoneViaSchool));
    }
    let words = match person.initial_password {
        InitialPassword::LastSixOfIdNumber => rule.words_id_number.clone(),
        InitialPassword::LastSixOfEcardNumber => rule.words_ecard_number.clone(),
        InitialPassword::NoIdOnRecord => {
            reasons.push(message(Code::NoIdOnRecord));
            String::new()
        }
        InitialPassword::NoEcardNumber => {
            reasons.push(message(Code::NoEcardNo));
            String::new()
        }
    };
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let often = person.recent_resets >= rule.free_resets;
    Ok(Terms {
        authorise: often.then(|| {
            let why = message(Code::ResetTooOften).with("days", rule.window_days).with("n", person.recent_resets);
            (rule.authorise, why)
        }),
        initial: person.initial_password,
        words,
        must_change: rule.must_change,
    })
}
