//! The rule sets that ship with the product.

use desk_domain::{
    case::Service,
    closing,
    code::Code,
    ruleset::{RuleFile, RuleSets},
};

use crate::support;

#[test]
fn load_without_a_fault_and_hold_what_the_sources_say() {
    let sets = support::sets();
    let education = support::programme(&sets, "suzhou-education");
    let one_card = support::programme(&sets, "changzhou-one-card");
    let day = "2026-11-24".parse().expect("a day");
    let at_demo = sets.at_outlet(&desk_domain::id::OutletId::new("DEMO"), day);
    assert_eq!(at_demo.len(), 2);
    assert_eq!(education.outlets.iter().filter(|o| !o.synthetic).count(), 11);
    assert_eq!(education.rules.keys().filter(|id| id.starts_with("R-SZ-")).count(), 62);
    assert_eq!(one_card.rules.keys().filter(|id| id.starts_with("R-CZ-")).count(), 78);
    assert_eq!(one_card.hotlines.iter().filter(|h| h.id.starts_with("bank.")).count(), 15);
    for service in [Service::CardQuery, Service::ReissueLost, Service::Validation, Service::PasswordReset] {
        assert!(education.service(service).is_ok(), "{service:?}");
    }
    assert!(one_card.service(Service::RefundReadable).is_ok());
    let refused = education.service(Service::RefundReadable).expect_err("no refund of this purse");
    assert_eq!(refused.code, Code::OutletNotAuthorized);
}

/// Money moves to another card only where the programme's file says so.
#[test]
fn money_moves_to_another_card_only_where_the_file_allows_it() {
    let sets = support::sets();
    let refused = closing::transfer(support::programme(&sets, "changzhou-one-card"), None).expect_err("no transfer");
    assert_eq!((refused.code, refused.rule.map(|rule| rule.id)), (Code::TransferForbidden, Some("R-CZ-68".to_owned())));
    assert!(closing::transfer(support::programme(&sets, "suzhou-education"), None).is_err(), "without a purse there is nothing to move");
    let text = support::text("../examples/lakeside.toml");
    let third = RuleSets::load(&[RuleFile { name: "lakeside.toml", text: &text }]).expect("the example loads");
    assert!(closing::transfer(support::programme(&third, "lakeside"), None).is_ok());
}
