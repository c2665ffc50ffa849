//! Cases put to the command line: allowed, refused, and everything missing at once.

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

/// Each further service: what passes, and what each change brings.
#[test]
fn every_service_is_answered_with_what_its_own_decision_says() {
    let person =
        r#""applicant": {"role": "holder"}, "documents": [{"kind": "resident_id", "number": "34052419800101001x", "expires": "长期"}]"#;
    let guardian = r#""applicant": {"role": "guardian", "relation": "父亲"}, "documents": [{"kind": "resident_id", "number": "320500201503150012", "expires": "长期"}]"#;
    let parent = guardian.replace("guardian", "parent");
    let bearer = person.replace("\"holder\"", "\"bearer\"");
    let functions = |state: &str, channel: &str| {
        format!(
            r#""functions": [{{"function": "social_security", "state": "{state}", "channel": "{channel}"}},
                {{"function": "bank", "state": "{state}", "channel": "{channel}", "bank": "bank.ICBC"}}, {{"function": "transit", "state": "normal"}}]"#
        )
    };
    let (fine, here, other) = (functions("normal", ""), functions("formal_loss", "bank.ICBC"), functions("formal_loss", "bank.CCB"));
    let ask = |service: &str, programme: &str, more: &str| {
        said(&format!(r#"{{"service": "{service}", "programme": "{programme}", "outlet": "DEMO", "moment": "2026-11-24 10:00", {more}}}"#))
    };
    let (purse, education) = ("changzhou-one-card", "suzhou-education");
    let rows = [
        ("application", purse, format!(r#"{person}, "card": {{{here}}}, "facts": {{"wish": "lost"}}"#), ""),
        ("application", purse, format!(r#"{person}, "card": {{{fine}}}, "facts": {{"wish": "lost"}}"#), "FORMAL_LOSS_FIRST"),
        ("application", purse, format!(r#"{person}, "card": {{{fine}}}, "facts": {{"wish": "first"}}"#), "PROVINCIAL_CARD_EXISTS"),
        (
            "application",
            purse,
            format!(r#"{person}, "holder": {{"cards": []}}, "facts": {{"wish": "first", "bank": "bank.NONE"}}"#),
            "BANK_NOT_COOPERATING",
        ),
        (
            "application",
            purse,
            format!(r#"{person}, "holder": {{"cards": []}}, "facts": {{"wish": "first", "photo_brought": false}}"#),
            "PHOTO_REQUIRED",
        ),
        ("application", purse, format!(r#"{person}, "holder": {{"cards": []}}, "facts": {{"wish": "first", "photo_on_file": true}}"#), ""),
        ("formal_loss", purse, format!(r#"{person}, "card": {{{fine}}}"#), ""),
        ("formal_loss", purse, format!(r#"{person}, "card": {{{}}}"#, fine.replace("ICBC", "CCB")), "WRONG_BANK"),
        ("formal_loss", purse, format!(r#"{person}, "card": {{{fine}}}, "facts": {{"functions": ["transit"]}}"#), "TRANSIT_NO_LOSS"),
        ("loss_release", purse, format!(r#"{person}, "card": {{{here}}}"#), ""),
        ("loss_release", purse, format!(r#"{person}, "card": {{{other}}}"#), "RELEASE_ORIGINAL_CHANNEL"),
        ("loss_release", purse, format!(r#"{person}, "card": {{{here}, "of_somebody_else": true}}"#), "CARD_NOT_PRESENT"),
        ("temporary_loss", purse, format!(r#"{person}, "card": {{{fine}}}"#), ""),
        ("temporary_loss", purse, format!(r#"{person}, "facts": {{"asks": "opening.all"}}"#), "LOSS_BY_FUNCTION"),
        ("temporary_loss", purse, format!(r#"{person}, "facts": {{"asks": "opening.transit"}}"#), "TRANSIT_NO_LOSS"),
        ("temporary_loss", purse, format!(r#"{person}, "card": {{{fine}}}, "facts": {{"asks": "password"}}"#), "NO_TRANSIT_PASSWORD"),
        ("pick_up", purse, format!(r#"{person}, "facts": {{"order": "ready"}}"#), ""),
        ("pick_up", purse, format!(r#"{person}, "facts": {{"order": "sent"}}"#), "ORDER_SENT"),
        ("pick_up", purse, person.to_owned(), "ORDER_UNKNOWN"),
        ("pick_up", purse, format!(r#"{person}, "card": {{"of_somebody_else": true}}, "facts": {{"order": "ready"}}"#), "WRONG_CARD"),
        ("refund_due", purse, format!(r#"{bearer}, "facts": {{"owed": {{"from": "2026-11-20", "amount_fen": 3650}}}}"#), ""),
        (
            "refund_due",
            purse,
            format!(r#"{person}, "facts": {{"owed": {{"from": "2026-11-25", "amount_fen": 3650}}}}"#),
            "PAYOUT_NOT_READY",
        ),
        ("refund_due", purse, format!(r#"{bearer}, "facts": {{"owed": {{"from": "2026-11-20"}}}}"#), "PAYOUT_NOT_READY"),
        ("card_return", education, guardian.to_owned(), ""),
        ("card_return", education, format!(r#"{guardian}, "facts": {{"loans": 1}}"#), "LIBRARY_LOAN_OPEN"),
        ("card_return", education, format!(r#"{guardian}, "card": {{"of_somebody_else": true}}"#), "WRONG_HOLDER"),
        ("found_card_back", education, parent.clone(), ""),
        ("found_card_back", education, format!(r#"{parent}, "holder": {{"cards": ["closed"]}}"#), "CARD_NOT_IN_USE"),
        (
            "first_issue",
            education,
            format!(
                r#"{parent}, "holder": {{"cards": []}}, "facts": {{"issue": {{"state": "confirmed", "class": "first_grade", "received_on": "2026-11-20"}}}}"#
            ),
            "",
        ),
        (
            "first_issue",
            education,
            format!(r#"{parent}, "holder": {{"cards": []}}, "facts": {{"issue": {{"state": "not_submitted", "class": "first_grade"}}}}"#),
            "NOT_SUBMITTED",
        ),
        (
            "first_issue",
            education,
            format!(r#"{parent}, "facts": {{"issue": {{"state": "confirmed", "class": "first_grade"}}}}"#),
            "ACTIVE_CARD_EXISTS",
        ),
        ("sms_diagnosis", education, format!(r#"{guardian}, "facts": {{"asks": "elsewhere"}}"#), "CODE_ONLY_TO_REGISTERED"),
        (
            "sms_diagnosis",
            education,
            format!(r#"{guardian}, "facts": {{"asks": "resend", "codes": {{"today": 5, "seconds_ago": 600, "delivery": "delivered"}}}}"#),
            "CODE_TOO_OFTEN",
        ),
        ("guardian_phone", education, parent.clone(), "PHONE_VIA_SCHOOL"),
    ];
    for (service, programme, more, expected) in &rows {
        let verdict = ask(service, programme, more);
        let found = codes(&verdict);
        if expected.is_empty() {
            assert_ne!(verdict.verdict, Word::Refused, "{service} {more}: {found:?}");
        } else {
            assert!(found.contains(expected), "{service} {more}: {found:?}, not {expected}");
            assert_ne!(verdict.verdict, Word::Allowed, "{service} {more}: {found:?}");
        }
    }
    let payout = ask("refund_due", purse, &format!(r#"{bearer}, "facts": {{"owed": {{"from": "2026-11-20", "amount_fen": 3650}}}}"#));
    assert_eq!(payout.payout_fen, Some(3650));
}

/// A programme that no line of Rust knows: its fees, caps, documents, hours, validity and words come from one file.
#[test]
fn a_third_programme_is_one_file() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/lakeside.toml");
    let lakeside = ruleset::load(&[file]).unwrap_or_else(|_| panic!("the example loads"));
    let said = |text: &str| evaluate::evaluate(&lakeside, &situation(text)).unwrap_or_else(|error| panic!("{error}"));
    let tuesday =
        |service: &str, more: &str| format!(r#"{{"service": "{service}", "outlet": "LH1", "moment": "2026-11-24 10:30", {more}}}"#);
    let person =
        r#""applicant": {"role": "holder"}, "documents": [{"kind": "resident_id", "number": "34052419800101001x", "expires": "长期"}]"#;
    let licence = r#""applicant": {"role": "neighbour", "relation": "配偶"},
        "documents": [{"kind": "fishing_licence", "number": "LH123456"},
                      {"of": "agent", "kind": "resident_id", "number": "34052419800101001x", "expires": "长期"}]"#;
    let card = r#""card": {"holder_class": 1, "balance_fen": 8001, "issued_on": "2026-11-24", "valid_until": "2026-10-31"}"#;

    let reissue = said(&tuesday("card.reissue", licence));
    assert_eq!((reissue.verdict, reissue.fees[0].amount_fen, reissue.fees[0].rule.as_deref()), (Word::Allowed, 880, Some("R-LH-03")));
    let register = person.replace("resident_id", "household_register");
    let refused = said(&tuesday("card.reissue", &register));
    assert!(codes(&refused).contains(&"DOC_NOT_ACCEPTED"), "{:?}", codes(&refused));

    // Sold today, transit never opened: here that is no matter; eighty yuan and a fen needs the manager.
    let refund = said(&tuesday("purse.refund", &format!("{person}, {card}")));
    assert_eq!((refund.verdict, refund.payout_fen), (Word::Allowed, Some(7901)), "{:?}", refund.messages);
    assert_eq!(refund.authorisation.map(|needed| needed.label), Some("网点负责人"));
    let offline = said(&tuesday("purse.refund", &format!(r#"{person}, {card}, "line": "offline""#)));
    assert_eq!((offline.verdict, offline.offline.class), (Word::Refused, "D"));

    // Validated up to the fifth: until the end of the month; from the sixth: until the end of the next.
    for (day, until) in [("2026-12-05", "2026-12-31"), ("2026-12-08", "2027-01-31")] {
        let text = format!(r#"{{"service": "S-13", "outlet": "LH1", "moment": "{day} 10:30", {card}}}"#);
        assert_eq!(said(&text).valid_until.map(|day| day.to_string()).as_deref(), Some(until));
    }
    let pupil = card.replace("\"holder_class\": 1", "\"holder_class\": 2");
    let not_ours = said(&tuesday("S-13", &pupil));
    assert_eq!(not_ours.messages[0].text, "该卡种不需要年检。");
    assert_eq!(not_ours.messages[0].rule.as_deref(), Some("R-LH-07"));

    for (moment, code) in [("2026-11-23 10:30", "OUTSIDE_HOURS"), ("2026-11-24 13:30", "LUNCH_BREAK")] {
        let text = format!(r#"{{"service": "S-02", "outlet": "LH1", "moment": "{moment}"}}"#);
        assert_eq!(codes(&said(&text)), [code]);
    }
    let boat = said(&format!(r#"{{"service": "card.reissue", "outlet": "LH2", "moment": "2026-11-28 10:00", {person}}}"#));
    assert_eq!((codes(&boat)[0], boat.messages[0].rule.as_deref()), ("OUTLET_NOT_AUTHORIZED", Some("R-LH-02")));

    // Words of its own codes.
    let set = &lakeside.all()[0];
    let own = verdict::Said::of(set, &set.own("programme.one_boat").with("n", 3));
    assert_eq!((own.code.as_str(), own.text.as_str()), ("programme.one_boat", "服务船每次只办一人（3 人在等）。"));
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
