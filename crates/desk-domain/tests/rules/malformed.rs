//! Malformed rule sets: every kind of fault is told with its line and field, and all of them at once.

use desk_domain::ruleset::{Problem, RuleFile, RuleSets};

use crate::support;

fn load(text: &str) -> Vec<Problem> {
    RuleSets::load(&[RuleFile { name: "test.toml", text }]).err().unwrap_or_default()
}

fn file<'a>(name: &'a str, text: &'a str) -> RuleFile<'a> {
    RuleFile { name, text }
}

/// The shipped file with one change; the line on which the change stands; and what must be said there.
fn changed(file: &str, from: &str, to: &str) -> (String, usize) {
    let text = support::text(file);
    let at = text.find(from).unwrap_or_else(|| panic!("{file} does not hold {from}"));
    let line = 1 + text[..at].matches('\n').count();
    (text.replacen(from, to, 1), line)
}

#[test]
fn every_kind_of_fault_has_its_line_and_field() {
    let education = "suzhou-education.toml";
    let one_card = "changzhou-one-card.toml";
    // File, old text, new text, lines below the change, field, part of the message.
    let faults: &[(&str, &str, &str, usize, &str, &str)] = &[
        (education, "kind = \"programme\"", "kind = \"city\"", 0, "kind", "未知的值“city”"),
        (education, "effective = 2025-08-25", "effective = 2025-08-25\ncolour = \"red\"", 1, "colour", "未知的项目"),
        (education, "boundary_day = 20", "boundary_day = 20\nboundry = 3", 1, "validity.boundry", "未知的项目"),
        (education, "boundary_day = 20", "boundary_day = 31", 0, "validity.boundary_day", "超出范围（1～27）"),
        (education, "boundary_day = 20", "boundary_day = -1", 0, "validity.boundary_day", "超出范围"),
        (education, "boundary_day = 20", "boundary_day = \"20\"", 0, "validity.boundary_day", "应为整数，实际是 文字"),
        (education, "hint_from = 15", "hint_from = 25", 0, "validity.hint_from", "须不晚于"),
        (education, "effective = 2025-08-25", "effective = \"2025-08-25\"", 0, "effective", "应为日期"),
        (education, "effective = 2025-08-25", "effective = 2025-08-25T10:00:00", 0, "effective", "应为日期"),
        (education, "issuer = \"苏州市教育E卡通管理培训中心\"", "issuer = \"\"", 0, "issuer", "不能为空"),
        (
            education,
            "holiday = \"separate_notice\"",
            "holiday = \"maybe\"",
            0,
            "outlets[1].holiday",
            "未知的值“maybe”，可用：separate_notice、closed、open",
        ),
        (education, "id = \"XH\"", "id = \"GJX\"", 0, "outlets[2].id", "“GJX”重复"),
        (
            education,
            "hours = { \"1-6\" = [\"08:30-17:00\"] }",
            "hours = { \"1-8\" = [\"08:30-17:00\"] }",
            0,
            "outlets[1].hours.1-8",
            "应为星期",
        ),
        (
            education,
            "hours = { \"1-6\" = [\"08:30-17:00\"] }",
            "hours = { \"1-6\" = [\"17:00-08:30\"] }",
            0,
            "outlets[1].hours.1-6",
            "不是时段",
        ),
        (
            education,
            "hours = { \"1-6\" = [\"08:30-17:00\"] }",
            "hours = { \"1-6\" = [\"08:30-12:00\", \"11:00-17:00\"] }",
            0,
            "outlets[1].hours.1-6",
            "互不重叠",
        ),
        (
            education,
            "hours = { \"1-6\" = [\"08:30-17:00\"] }",
            "hours = { \"1-6\" = [\"08:30-17:00\"], \"3\" = [] }",
            0,
            "outlets[1].hours.3",
            "星期 3 重复",
        ),
        (education, "kind = \"training_centre\"\nhours", "kind = \"school\"\nhours", 0, "outlets[11].kind", "没有网点类型“school”"),
        (education, "rule = \"R-SZ-41\"", "rule = \"R-SZ-99\"", 0, "outlets[1].rule", "没有规则“R-SZ-99”"),
        (education, "to = 2026-01-03", "to = 2025-01-03", 0, "holidays[1].to", "须不早于"),
        (education, "number = \"resident_id\"", "number = \"library\"", 0, "documents[1].number", "未知的值“library”"),
        (education, "persons = [\"domestic\"]", "persons = []", 0, "documents[1].persons", "至少一类人员"),
        (education, "persons = [\"domestic\"]", "persons = [\"martian\"]", 0, "documents[1].persons", "未知的值“martian”"),
        (education, "expired = \"ID_EXPIRED\"", "expired = \"ID_OLD\"", 0, "documents[1].expired", "未知的值“ID_OLD”"),
        (
            education,
            "applicants = [\"holder\", \"parent\"]",
            "applicants = [\"holder\", \"uncle\"]",
            0,
            "services[2].applicants",
            "没有申请人“uncle”",
        ),
        (education, "documents = [\"resident_id\",", "documents = [\"licence\",", 0, "services[2].documents", "没有证件“licence”"),
        (education, "offline = \"full\"", "offline = \"always\"", 0, "services[1].offline", "未知的值“always”"),
        (education, "capability = \"card.query\"", "capability = \"card.fly\"", 0, "services[1].capability", "未知的值“card.fly”"),
        (education, "fee = { fen = 2000,", "fee = { fen = 20.00,", 0, "services[2].fee.fen", "应为整数，实际是 小数"),
        (education, "rule = \"R-SZ-36\" }\noffline", "rule = \"R-SZ-00\" }\noffline", 0, "services[2].fee", "没有规则“R-SZ-00”"),
        (education, "must_change = true", "must_change = \"yes\"", 0, "password.must_change", "应为是否"),
        (
            education,
            "domestic = \"last_six_of_id_number\"",
            "domestic = \"birthday\"",
            0,
            "password.initial.domestic",
            "未知的值“birthday”",
        ),
        (education, "ask = \"phone_in_use\"", "ask = \"phone_on_record\"", 0, "password.questions", "须是其后的问题"),
        (
            education,
            "refer = \"TRY_SMS_FIRST\"",
            "refer = \"TRY_MAIL\"",
            0,
            "password.questions[3].options[2].refer",
            "未知的代码“TRY_MAIL”",
        ),
        (
            education,
            "refer = \"TRY_SMS_FIRST\"",
            "refer = \"TRY_SMS_FIRST\"\npass = true",
            0,
            "password.questions[3].options[2]",
            "须且只能给出",
        ),
        (education, "ALREADY_VALIDATED = {", "ALREADY_DONE = {", 0, "messages.ALREADY_DONE", "未知的代码“ALREADY_DONE”"),
        (
            education,
            "ALREADY_VALIDATED = { rule = \"R-SZ-29\" }",
            "ALREADY_VALIDATED = { rule = \"R-SZ-29\", text = \"至 {end}\" }",
            0,
            "messages.ALREADY_VALIDATED",
            "{end} 没有值",
        ),
        (
            education,
            "VALIDITY_AHEAD = { rule = \"R-SZ-29\" }",
            "VALIDITY_AHEAD = { rule = \"R-29\" }",
            0,
            "messages.VALIDITY_AHEAD",
            "没有规则“R-29”",
        ),
        (education, "entitlements = [", "entitlement = [", 0, "texts.entitlement", "未知的文本"),
        (education, "entitlements = [", "entitlements = [7, ", 0, "texts.entitlements", "应为文字，实际是 整数"),
        (education, "blacklist_warn_hours = 24", "blacklist_warn_hours = 100", 0, "offline.blacklist_warn_hours", "须不大于"),
        (education, "most_fen = 500_000", "most_fen = 0", 0, "till.most_fen", "超出范围（1～10000000）"),
        (education, "[validity]", "[unknown]", 0, "unknown", "未知的项目"),
        (one_card, "level = \"supervisor\"", "level = \"clerk\"", 0, "authorisation.limits[1].level", "未知的值“clerk”"),
        (one_card, "refund_fee_fen = 0", "refund_fee_fen = 100", 0, "purse.refund_fee_fen", "须与服务 purse.refund 的 fee 相同"),
        (one_card, "least_bytes = 15360", "least_bytes = 102401", 0, "photo.least_bytes", "须不大于"),
        (one_card, "activation_rule = \"R-CZ-59\"", "activation_rule = \"R-59\"", 0, "bank_function.activation_rule", "没有规则“R-59”"),
        (education, "failed_reads = 3", "failed_reads = 0", 0, "replacement.failed_reads", "超出范围（1～20）"),
        (one_card, "cap_fen = 100_000", "cap_fen = 999_999_999", 0, "purse.cap_fen", "超出范围"),
        (one_card, "cap_fen = 100_000", "cap_fen = 100_000\ncap_fen = 1", 1, "", "TOML 语法错误"),
        (one_card, "[purse]", "[purse", 0, "", "TOML 语法错误"),
        (
            one_card,
            "[messages]",
            "[codes]\n\"city.x\" = { text = \"甲\", cause = \"乙\", remedy = \"丙\", rule = \"P-44\" }\n\n[messages]",
            1,
            "codes.city.x",
            "须以 programme. 开头",
        ),
        (
            one_card,
            "[messages]",
            "[codes]\n\"programme.x\" = { text = \"甲\", cause = \"乙\", rule = \"P-44\" }\n\n[messages]",
            1,
            "codes.programme.x.remedy",
            "缺少必填项",
        ),
        (
            one_card,
            "[messages]",
            "[codes]\n\"programme.x\" = { text = \"甲\", cause = \"乙\", remedy = \"丙\", rule = \"P-99\" }\n\n[messages]",
            1,
            "codes.programme.x",
            "没有规则“P-99”",
        ),
    ];
    let mut missed = Vec::new();
    for (file, from, to, below, field, what) in faults {
        let (text, line) = changed(file, from, to);
        let problems = load(&text);
        let found = problems.iter().any(|problem| {
            let near = if *field == "password.questions" || field.ends_with("options[2]") {
                // A tree is judged as a whole, an option where it begins.
                true
            } else {
                problem.line == line + below
            };
            near && problem.file == "test.toml" && problem.field.starts_with(field) && problem.what.contains(what)
        });
        if !found {
            let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
            missed.push(format!("{from} → {to} (line {}): {field} {what}\n  said: {}", line + below, said.join("\n        ")));
        }
    }
    eprintln!("malformed rule sets: {} kinds of faults run", faults.len());
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn missing_parts_are_named() {
    for (from, field) in [
        ("version = \"SZ-2025-08-25\"\n", "version"),
        ("programme = \"suzhou-education\"\n", "programme"),
        ("cell = \"320500\"\n", "cell"),
        ("phone = \"0512-962026\"\n", "hotlines[1].phone"),
        ("hours = { \"1-6\" = [\"08:30-17:00\"] }\n", "outlets[1].hours"),
        ("label = \"卡查询\"\n", "services[1].label"),
        ("[reissue]\ncard_years = 9\n", "services[2].capability"),
        ("minutes = 5\n", "authorisation.minutes"),
        ("words_id_number = \"学生身份证号后六位（末位X为大写）\"\n", "password.words_id_number"),
    ] {
        let (text, _) = changed("suzhou-education.toml", from, "");
        let problems = load(&text);
        assert!(problems.iter().any(|problem| problem.field == field), "{field}: {problems:?}");
    }
}

#[test]
fn all_faults_of_all_files_come_at_once_in_order() {
    let (first, _) = changed("suzhou-education.toml", "boundary_day = 20", "boundary_day = 99");
    let first = first.replacen("amber_days = 5", "amber_days = \"few\"", 1).replacen("minutes = 5", "minute = 5", 1);
    let (second, _) = changed("changzhou-one-card.toml", "cap_fen = 100_000", "cap = 100_000");
    let problems =
        RuleSets::load(&[RuleFile { name: "a.toml", text: &first }, RuleFile { name: "b.toml", text: &second }]).expect_err("faults");
    let fields: Vec<(&str, &str)> = problems.iter().map(|problem| (problem.file.as_str(), problem.field.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("a.toml", "validity.boundary_day"),
            ("a.toml", "validity.amber_days"),
            ("a.toml", "authorisation.minutes"),
            ("a.toml", "authorisation.minute"),
            ("b.toml", "purse.cap_fen"),
            ("b.toml", "purse.cap"),
        ]
    );
    let shown = problems[0].to_string();
    assert!(shown.starts_with("a.toml 第 ") && shown.contains("行 validity.boundary_day：超出范围"), "{shown}");
    assert!(problems[0].message().text().starts_with("规则文件有误：a.toml 第 "));
}

#[test]
fn overlays_and_versions_are_checked_against_each_other() {
    let education = support::text("suzhou-education.toml");
    let faults = |overlay: &str| {
        RuleSets::load(&[file("a.toml", &education), file("o.toml", overlay)])
            .expect_err("faults")
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let overlay = |id: &str, programmes: &str| {
        format!(
            "kind = \"outlets\"\nname = \"x\"\n[[outlets]]\nid = \"{id}\"\nname = \"x\"\naddress = \"x\"\nhours = {{}}\nholiday = \"open\"\n[outlets.programmes]\n{programmes}\n"
        )
    };
    assert_eq!(
        faults(&overlay("X1", "other-city = \"direct\"")),
        ["o.toml 第 10 行 outlets[1].programmes.other-city：没有加载方案“other-city”"]
    );
    assert_eq!(
        faults(&overlay("X1", "suzhou-education = \"kiosk\"")),
        ["o.toml 第 10 行 outlets[1].programmes.suzhou-education：方案 suzhou-education 没有网点类型“kiosk”"]
    );
    assert_eq!(
        faults(&overlay("GJX", "suzhou-education = \"centre\"")),
        ["o.toml 第 10 行 outlets[1].programmes.suzhou-education：网点 GJX 已存在"]
    );
    let twice = RuleSets::load(&[file("a.toml", &education), file("b.toml", &education)]).expect_err("one version twice");
    assert!(twice[0].what.contains("SZ-2025-08-25"));
    assert!(RuleSets::load(&[]).is_err());
    assert!(RuleSets::load(&[file("junk.toml", "\u{0}\u{1}[[[")]).is_err());
}

#[test]
fn a_later_version_takes_effect_on_its_day_and_a_third_programme_is_only_a_file() {
    let education = support::text("suzhou-education.toml");
    let later = education
        .replacen("version = \"SZ-2025-08-25\"", "version = \"SZ-2027\"", 1)
        .replacen("effective = 2025-08-25", "effective = 2027-01-01", 1)
        .replacen("fen = 2000", "fen = 1500", 1);
    let third = education
        .replacen("version = \"SZ-2025-08-25\"", "version = \"T-1\"", 1)
        .replacen("programme = \"suzhou-education\"", "programme = \"third-city\"", 1)
        .replacen("family = \"education\"", "family = \"third\"\nissuers = [\"9998\"]", 1)
        .replacen(
            "[messages]",
            "[codes]\n\"programme.sibling\" = { text = \"兄弟姐妹须分别办理（{n} 人）。\", cause = \"一次一卡。\", remedy = \"分开办理。\", rule = \"R-SZ-39\" }\n\n[messages]",
            1,
        );
    let sets = RuleSets::load(&[
        RuleFile { name: "a.toml", text: &education },
        RuleFile { name: "b.toml", text: &later },
        RuleFile { name: "c.toml", text: &third },
    ])
    .expect("three files");
    let programme = desk_domain::id::ProgrammeId::new("suzhou-education");
    let on = |day: &str| sets.in_force(&programme, day.parse().expect("a day")).map(|set| set.version.clone());
    assert_eq!(on("2025-08-24"), None);
    assert_eq!(on("2026-12-31").as_deref(), Some("SZ-2025-08-25"));
    assert_eq!(on("2027-01-01").as_deref(), Some("SZ-2027"));
    let current = sets.current("2027-06-01".parse().expect("a day"));
    assert_eq!(current.len(), 2);
    // A case keeps the version that it began under.
    assert!(sets.version("SZ-2025-08-25").is_some());
    let message = sets.all()[2].own("programme.sibling").with("n", 2);
    let wording = sets.all()[2].wording(&message);
    assert_eq!(wording.text, "兄弟姐妹须分别办理（2 人）。");
    assert_eq!(message.rule.map(|rule| rule.id).as_deref(), Some("R-SZ-39"));
}
