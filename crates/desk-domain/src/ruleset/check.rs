//! What must hold across the tables of a programme file: ids unique, references known, rules cited.

use std::collections::BTreeSet;

use super::{Branch, Capability, RuleSet, ServiceRules, reader::Table};
use crate::code::Code;

/// Notes every reference to something that the file does not hold.
pub(super) fn set(root: &Table<'_, '_>, set: &RuleSet) {
    unique(root, "outlet_kinds", set.outlet_kinds.iter().map(|kind| kind.id.as_str()));
    unique(root, "outlets", set.outlets.iter().map(|outlet| outlet.id.as_str()));
    unique(root, "applicants", set.applicants.iter().map(|applicant| applicant.id.as_str()));
    unique(root, "documents", set.documents.iter().map(|kind| kind.id.as_str()));
    unique(root, "hotlines", set.hotlines.iter().map(|hotline| hotline.id.as_str()));
    unique(root, "services", set.services.iter().map(|service| service.capability.as_str()));
    if set.hotlines.is_empty() {
        root.fault("hotlines", "至少一个热线，印在每张凭证上");
    }
    if set.card_families.is_empty() {
        root.fault("card_families", "至少一个卡族");
    }
    for (index, outlet) in set.outlets.iter().enumerate() {
        let field = format!("outlets[{}]", index + 1);
        if !outlet.kind.is_empty() && !set.outlet_kinds.iter().any(|kind| kind.id == outlet.kind) {
            root.fault_in(&field, "outlets", index, "kind", format!("没有网点类型“{}”", outlet.kind));
        }
        cited(root, set, &field, "outlets", index, &outlet.rule);
    }
    for (index, kind) in set.documents.iter().enumerate() {
        cited(root, set, &format!("documents[{}]", index + 1), "documents", index, &kind.rule);
    }
    for (index, hotline) in set.hotlines.iter().enumerate() {
        cited(root, set, &format!("hotlines[{}]", index + 1), "hotlines", index, &hotline.rule);
    }
    for (index, service) in set.services.iter().enumerate() {
        of_service(root, set, index, service);
    }
    for (code, entry) in &set.messages {
        if let Some(rule) = &entry.rule
            && !set.rules.contains_key(rule)
        {
            root.fault_under("messages", code.as_str(), format!("没有规则“{rule}”"));
        }
        placeholders(root, *code, entry.text.as_deref());
    }
    for (name, own) in &set.own_codes {
        if !set.rules.contains_key(&own.rule) {
            root.fault_under("codes", name, format!("没有规则“{}”", own.rule));
        }
    }
    tree(root, set);
    let by_rule = |table: &str, key: &str, rule: &str| {
        if !rule.is_empty() && !set.rules.contains_key(rule) {
            root.fault_under(table, key, format!("没有规则“{rule}”"));
        }
    };
    if let Some(replacement) = &set.replacement {
        by_rule("replacement", "damage", &replacement.damage.rule);
        by_rule("replacement", "quality", &replacement.quality.rule);
    }
    if let Some(courier) = &set.courier {
        by_rule("courier", "fee", &courier.fee.rule);
    }
    if let Some(bank) = &set.bank_function {
        by_rule("bank_function", "activation_rule", &bank.activation_rule);
    }
    // One amount, cited with its rule by the service and taken by the case.
    let refund = set.services.iter().find(|service| service.capability == Capability::PurseRefund);
    if let (Some(purse), Some(refund)) = (&set.purse, refund)
        && purse.refund_fee != refund.fee.amount
    {
        root.fault_under("purse", "refund_fee_fen", "须与服务 purse.refund 的 fee 相同".to_owned());
    }
    if let Some(photo) = &set.photo
        && photo.least_bytes > photo.most_bytes
    {
        root.fault_under("photo", "least_bytes", "须不大于 most_bytes".to_owned());
    }
    if let Some(validity) = &set.validity
        && validity.boundary_day > 0
        && validity.hint_from > validity.boundary_day
    {
        root.fault_under("validity", "hint_from", "须不晚于 boundary_day".to_owned());
    }
    if set.offline.blacklist_stop_hours > 0 && set.offline.blacklist_warn_hours > set.offline.blacklist_stop_hours {
        root.fault_under("offline", "blacklist_warn_hours", "须不大于 blacklist_stop_hours".to_owned());
    }
}

fn unique<'a>(root: &Table<'_, '_>, key: &str, ids: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for (index, id) in ids.enumerate() {
        if !id.is_empty() && !seen.insert(id) {
            let field = format!("{key}[{}]", index + 1);
            root.fault_in(&field, key, index, "id", format!("“{id}”重复"));
        }
    }
}

fn cited(root: &Table<'_, '_>, set: &RuleSet, field: &str, key: &str, index: usize, rule: &str) {
    if !rule.is_empty() && !set.rules.contains_key(rule) {
        root.fault_in(field, key, index, "rule", format!("没有规则“{rule}”"));
    }
}

fn of_service(root: &Table<'_, '_>, set: &RuleSet, index: usize, service: &ServiceRules) {
    let field = format!("services[{}]", index + 1);
    let note = |key: &str, what: String| root.fault_in(&field, "services", index, key, what);
    for id in &service.applicants {
        if set.applicant(id).is_none() {
            note("applicants", format!("没有申请人“{id}”"));
        }
    }
    for id in &service.documents {
        if set.document(id).is_none() {
            note("documents", format!("没有证件“{id}”"));
        }
    }
    if !service.fee.rule.is_empty() && !set.rules.contains_key(&service.fee.rule) {
        note("fee", format!("没有规则“{}”", service.fee.rule));
    }
    for (code, entry) in &service.messages {
        if let Some(rule) = &entry.rule
            && !set.rules.contains_key(rule)
        {
            note("messages", format!("{}：没有规则“{rule}”", code.as_str()));
        }
        if entry.text.is_some() && entry.rule.is_none() {
            note("messages", format!("{}：服务内的文本须同时写明 rule", code.as_str()));
        }
    }
    let needs = match service.capability {
        Capability::CardReissue => set.reissue.is_none().then_some("reissue"),
        Capability::PurseRefund | Capability::PurseTopUp | Capability::CardRewrite => set.purse.is_none().then_some("purse"),
        Capability::PurseRefundUnreadable | Capability::PursePayout => {
            set.purse.as_ref().is_none_or(|purse| purse.unreadable.is_none()).then_some("purse.unreadable")
        }
        Capability::CardReplace | Capability::CardReplaceQuality => set.replacement.is_none().then_some("replacement"),
        Capability::CardValidate => set.validity.is_none().then_some("validity"),
        Capability::PasswordReset => set.password.is_none().then_some("password"),
        Capability::CardIssueStatus => set.first_issue.is_none().then_some("first_issue"),
        Capability::UnitBatch => set.unit.is_none().then_some("unit"),
        Capability::SmsDiagnosis => set.sms.is_none().then_some("sms"),
        Capability::CardSendAgain => set.courier.is_none().then_some("courier"),
        Capability::CardUncollected => set.production.is_none().then_some("production"),
        Capability::CardQuery
        | Capability::CardApply
        | Capability::CardReplaceInformation
        | Capability::PurseTransfer
        | Capability::LossTemporary
        | Capability::LossFormal
        | Capability::LossRelease
        | Capability::GuardianPhone
        | Capability::CardReturn
        | Capability::CardPickUp
        | Capability::CardFound
        | Capability::CardFoundReturn
        | Capability::CardBag
        | Capability::StockBlank
        | Capability::CaseReverse => None,
    };
    if let Some(needs) = needs {
        note("capability", format!("该服务需要 [{needs}] 一节"));
    }
}

/// A text may only use the parameters that its code comes with.
fn placeholders(root: &Table<'_, '_>, code: Code, text: Option<&str>) {
    let Some(text) = text else { return };
    for name in names_in(text) {
        if !names_in(code.text()).contains(&name) {
            root.fault_under("messages", code.as_str(), format!("文本中的 {{{name}}} 没有值"));
        }
    }
}

fn names_in(text: &str) -> Vec<&str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect()
}

fn tree(root: &Table<'_, '_>, set: &RuleSet) {
    let Some(password) = &set.password else {
        return;
    };
    let questions = &password.questions;
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for question in questions {
        let name = question.id.as_str();
        if !seen.insert(name) {
            root.fault_under("password", "questions", format!("问题“{name}”重复"));
        }
        if question.options.is_empty() {
            root.fault_under("password", "questions", format!("问题“{name}”没有选项"));
        }
        for option in &question.options {
            if let Branch::Ask(next) = &option.then {
                // Forward only, so that the tree ends.
                let forward = questions.iter().skip_while(|other| other.id != question.id).skip(1).any(|other| other.id == *next);
                if !forward {
                    let what = format!("问题“{name}”指向“{next}”，须是其后的问题");
                    root.fault_under("password", "questions", what);
                }
            }
        }
    }
}
