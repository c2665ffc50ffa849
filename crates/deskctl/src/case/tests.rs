use std::path::PathBuf;

use super::{situation::Situation, verdict::Word, *};

fn sets() -> RuleSets {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let files: Vec<PathBuf> =
        ["suzhou-education.toml", "changzhou-one-card.toml", "demonstration.toml"].iter().map(|name| rules.join(name)).collect();
    ruleset::load(&files).unwrap_or_else(|_| panic!("the rule sets that ship load"))
}

fn situation(text: &str) -> Situation {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn said(text: &str) -> verdict::Verdict {
    evaluate::evaluate(&sets(), &situation(text)).unwrap_or_else(|error| panic!("{error}"))
}

fn codes(verdict: &verdict::Verdict) -> Vec<&str> {
    verdict.messages.iter().map(|said| said.code.as_str()).collect()
}

const REISSUE: &str = r#""service": "S-05", "programme": "suzhou-education", "outlet": "DEMO", "moment": "2026-11-24 10:00""#;
const REFUND: &str = r#""service": "refund_readable", "programme": "changzhou-one-card", "outlet": "DEMO", "moment": "2026-11-24 10:00""#;

#[test]
fn an_ordinary_reissue_costs_its_fee_and_gives_receipt_and_voucher() {
    let verdict = said(&format!(
        r#"{{{REISSUE}, "applicant": {{"role": "parent", "relation": "父亲"}},
            "documents": [{{"kind": "resident_id", "number": "３２０５００２０１５０３１５００１２", "expires": "长期"}}]}}"#
    ));
    assert_eq!(verdict.verdict, Word::Allowed, "{:?}", verdict.messages);
    assert_eq!(verdict.fees.iter().map(|fee| fee.amount_fen).collect::<Vec<_>>(), [2000]);
    assert_eq!(verdict.papers, ["receipt", "voucher"]);
    assert_eq!(verdict.offline.class, "C");
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let verdict = said(&format!(
        r#"{{{REISSUE}, "applicant": {{"role": "neighbour"}},
            "documents": [{{"kind": "resident_id", "number": "320500201503150013", "original": false}}],
            "holder": {{"cards": [], "open_order": "WX0001"}}, "facts": {{"amount_fen": 1500}}}}"#
    ));
    assert_eq!(verdict.verdict, Word::Refused);
    let codes = codes(&verdict);
    for code in ["ID_CHECKSUM", "ORIGINAL_REQUIRED", "REISSUE_IN_PROGRESS", "FEE_FIXED"] {
        assert!(codes.contains(&code), "{code} in {codes:?}");
    }
    assert!(verdict.missing.len() >= 5, "{:?}", verdict.missing);
    assert_eq!(verdict.papers, ["one_time_notice"]);
    let by_rule = verdict.messages.iter().find(|said| said.code == "FEE_FIXED").unwrap();
    assert_eq!(by_rule.rule.as_deref(), Some("R-SZ-36"));
    assert!(by_rule.phrase.as_deref().is_some_and(|phrase| !phrase.is_empty()));
}

#[test]
fn a_refund_names_payout_and_who_must_agree() {
    let verdict = said(&format!(r#"{{{REFUND}, "card": {{"balance_fen": 3650, "issued_on": "2026-01-01"}}}}"#));
    assert_eq!((verdict.verdict, verdict.payout_fen), (Word::Allowed, Some(3650)), "{:?}", verdict.messages);
    assert!(verdict.authorisation.is_none() && verdict.fees.is_empty());
    let large = format!(r#"{REFUND}, "card": {{"balance_fen": 26800, "issued_on": "2026-01-01"}}"#);
    assert_eq!(codes(&said(&format!("{{{large}}}"))), ["IDENTITY_REQUIRED"]);
    let verdict = said(&format!(
        r#"{{{large}, "applicant": {{"role": "bearer"}},
            "documents": [{{"kind": "resident_id", "number": "34052419800101001x", "expires": "20351231"}}]}}"#
    ));
    assert_eq!(verdict.authorisation.map(|needed| needed.label), Some("值班主管"));
    let verdict = said(&format!(r#"{{{REFUND}, "card": {{"balance_fen": -300, "issued_on": "2026-01-01"}}}}"#));
    assert_eq!(codes(&verdict), ["OVERDRAFT_FIRST"]);
    let verdict = said(&format!(r#"{{{REFUND}, "line": "offline", "card": {{"balance_fen": 3650}}}}"#));
    assert_eq!((verdict.verdict, verdict.papers), (Word::AcceptedOffline, vec!["acceptance_slip"]));
}

#[test]
fn input_that_cannot_be_read_is_told_by_place_and_the_rest_is_answered() {
    let good = format!(r#"{{{REFUND}, "card": {{"balance_fen": 100}}}}"#);
    let found = situations(&format!("[{good}, {{\"service\": 1}}, {good}]"));
    assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert!(found[1].as_ref().unwrap_err().starts_with("item 2"));
    assert_eq!(situations(&format!("{good}\n{good}\n")).len(), 2);
    assert!(situations("").iter().all(Result::is_err));
    assert!(situations("nonsense").iter().all(Result::is_err));
    let unknown = situation(&good.replace("refund_readable", "S-99"));
    assert!(evaluate::evaluate(&sets(), &unknown).unwrap_err().contains("refund_readable (S-09)"));
    let nowhen = situation(&good.replace("2026-11-24 10:00", "soon"));
    assert!(evaluate::evaluate(&sets(), &nowhen).unwrap_err().starts_with("moment"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs it decides whether the file is written anew")]
fn the_schema_in_the_docs_is_the_schema() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/case-eval.schema.json");
    let now = format!("{}\n", schema());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap_or_default(), now, "write it anew with UPDATE=1");
}

/// Figures of speed belong to a bench; here only that ten thousand are no matter.
#[test]
fn ten_thousand_situations_are_answered() {
    let sets = sets();
    let text = format!(r#"{{{REFUND}, "card": {{"balance_fen": 3650}}}}"#);
    let batch = format!("[{}]", vec![text; 10_000].join(","));
    let answers = situations(&batch).into_iter().map(|situation| evaluate::evaluate(&sets, &situation.unwrap()).unwrap());
    assert_eq!(answers.filter(|verdict| verdict.verdict == Word::Allowed).count(), 10_000);
}
