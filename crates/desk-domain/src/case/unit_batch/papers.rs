//! What the unit's agent lays on the counter: the unit's certificate or letter, and the own document in the original.

use super::super::{
    context::{Cx, all, local},
    question::{Ask, Choice, Field, FieldKind, Question},
};
use crate::{
    code::{Code, Message},
    eligibility, hours, normalise, unit,
    unit_batch::Unit,
};

const CONSENT: &str = "单位已取得每位申请人同意，同步使用电子社保卡";
/// Characters of a unit's name; the longest registered ones stay below.
const LONGEST: usize = 100;

pub(super) fn question(cx: &Cx<'_>) -> Question {
    let kinds = cx.documents();
    let fields = vec![
        Field::new("unit", "单位名称", FieldKind::Text),
        Field::new("credit_code", "统一社会信用代码", FieldKind::Text).optional().hint("有信用代码证的录 18 位代码；只有委托书的不录"),
        Field::new("letter", "有单位授权委托书", FieldKind::Tick).optional(),
        Field::new("document", "经办人证件", FieldKind::Choice)
            .options(Choice::numbered(kinds.iter().map(|kind| (kind.id.as_str(), kind.label.as_str())))),
        Field::new("number", "经办人证件号码", FieldKind::IdNumber),
        Field::new("expiry", "证件有效期至", FieldKind::Date).optional().hint("如 20330521；长期有效填“长期”"),
        Field::new("original", "已核对经办人证件原件", FieldKind::Tick).optional(),
        Field::new("consent", CONSENT, FieldKind::Tick).optional(),
    ];
    Question::new("papers", "单位证明与经办人证件", Ask::Form { fields, submit: "核对".to_owned() })
}

/// Checks the unit's papers and its agent's document.
///
/// # Errors
/// Everything that is missing.
pub(super) fn shown(values: &[(String, String)], cx: &Cx<'_>) -> Result<Unit, Message> {
    let value = |id: &str| values.iter().find(|(field, _)| field == id).map_or("", |(_, value)| value.trim());
    let ticked = |id: &str| matches!(value(id), "true" | "1" | "on" | "yes");
    hours::offered(cx.rules, cx.header.service, &cx.header.outlet, local(cx.now))?;
    let mut missing = Vec::new();
    let name = normalise::text(value("unit"));
    if name.is_empty() {
        missing.push(Message::new(Code::FieldRequired).with("field", "单位名称"));
    } else if name.chars().count() > LONGEST || name.chars().any(char::is_control) {
        missing.push(Message::new(Code::FieldInvalid).with("field", "单位名称"));
    }
    let code = normalise::id_number(value("credit_code"));
    let papers =
        unit::Papers { credit_code: (!code.is_empty()).then_some(code), letter: ticked("letter"), agent_original: ticked("original") };
    if papers.credit_code.as_deref().is_some_and(|code| !unit::credit_code(code)) {
        // With a letter the unit is proved without it: then it is left out.
        missing.push(Message::new(Code::FieldInvalid).with("field", "统一社会信用代码"));
    }
    if let Err(message) = unit::papers(cx.rules, &papers) {
        missing.push(message);
    }
    let kind = value("document");
    let expires = cx.rules.document(kind).is_some_and(|kind| kind.expires);
    let expiry = match value("expiry") {
        typed if expires && !typed.is_empty() => match normalise::expiry(typed) {
            Ok(expiry) => Some(expiry),
            Err(message) => {
                missing.push(message);
                None
            }
        },
        _ => None,
    };
    let document = eligibility::Shown {
        kind: kind.to_owned(),
        number: value("number").to_owned(),
        expiry,
        // Told once, by the rule on a unit's papers.
        original: true,
        page: true,
    };
    let agent = eligibility::agent(cx.rules, cx.header.service, &document, cx.today()).map_err(|more| missing.extend(more)).ok();
    if !ticked("consent") {
        missing.push(cx.refuse(Code::ConsentRequired));
    }
    match agent {
        Some(agent) if missing.is_empty() => Ok(Unit {
            name,
            credit_code: papers.credit_code,
            letter: papers.letter,
            document: document.kind,
            agent,
            expiry,
            read: value("read") == "yes",
        }),
        Some(_) | None => Err(all(missing)),
    }
}
