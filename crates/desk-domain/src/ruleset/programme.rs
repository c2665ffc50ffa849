//! Builds a rule set from the tables of a programme file.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Applicant, AuthorisationLimit, AuthorisationRules, BackOffice, BankFunctionRules, Branch, Capability, CardFamily, CodeRule,
    CourierRules, DocumentKind, Fee, FeeTaken, FirstIssueRules, HolidayMode, Holidays, Hotline, Level, NumberFormat, OfflineClass,
    OfflineLimits, Outlet, OutletKind, OwnCode, PasswordRules, PhotoRules, ProductionRules, PurseRules, ReissueRules, ReplacementRules,
    Rule, RuleSet, ServiceRules, SmsRules, TEXT_NAMES, TillRules, TreeOption, TreeQuestion, UnitRules, UnreadableRules, ValidityRules,
    Weekly, load::no_date, reader::Table,
};
use crate::{
    card::BlockState,
    code::Code,
    id::{CellId, OutletId, ProgrammeId},
    money::Fen,
    person::{HolderClass, InitialPassword},
};

pub(super) fn read(root: &Table<'_, '_>) -> RuleSet {
    let outlet_kinds = root.each("outlet_kinds", |table| {
        Some(OutletKind { id: table.text("id"), label: table.text("label"), capabilities: capabilities(table) })
    });
    let of_kind: BTreeMap<String, BTreeSet<Capability>> =
        outlet_kinds.iter().map(|kind| (kind.id.clone(), kind.capabilities.clone())).collect();
    RuleSet {
        version: root.text("version"),
        programme: ProgrammeId::new(root.text("programme")),
        effective: root.date("effective").unwrap_or_else(no_date),
        cell: CellId::new(root.text("cell")),
        name: root.text("name"),
        issuer: root.text("issuer"),
        card_families: root
            .each("card_families", |table| Some(CardFamily { family: table.text("family"), issuers: table.texts("issuers") })),
        hotlines: root.each("hotlines", |table| Some(hotline(table))),
        outlets: root.each("outlets", |table| {
            let kind = table.text("kind");
            Some(outlet(table, Some(kind), &of_kind))
        }),
        outlet_kinds,
        holidays: holidays(root),
        applicants: root.each("applicants", |table| {
            Some(Applicant {
                id: table.text("id"),
                label: table.text("label"),
                relations: table.texts("relations"),
                own_document: table.flag("own_document", false),
            })
        }),
        documents: root.each("documents", |table| document(table)),
        services: root.each("services", |table| service(table)),
        purse: root.sub("purse", |table| PurseRules {
            cap: table.fen("cap_fen"),
            refund_fee: table.fen("refund_fee_fen"),
            refund_fee_taken: table.named_or(
                "refund_fee_taken",
                &["deducted", "cash"],
                |name| match name {
                    "deducted" => Some(FeeTaken::Deducted),
                    "cash" => Some(FeeTaken::Cash),
                    _ => None,
                },
                FeeTaken::Deducted,
            ),
            same_day: table.flag("refund_on_day_of_sale", false),
            transit_open: table.flag("transit_must_be_open", true),
            identity_above: table.fen("identity_above_fen"),
            full_only: table.flag("full_amount_only", true),
            top_up_least: table.fen_or("top_up_least_fen", 1_000),
            top_up_step: table.fen_or("top_up_step_fen", 1_000),
            transfer: table.flag("transfer", false),
            home_terminals: table.texts("home_terminals"),
            back_office: table.sub("back_office", back_office),
            unreadable: table.sub("unreadable", |table| UnreadableRules {
                failed_reads: table.number("failed_reads", 1..=20),
                days: table.number("days", 1..=60),
                remote_days: table.number("remote_days", 1..=90),
                authorise: level(table, "authorise"),
            }),
        }),
        validity: root.sub("validity", validity),
        reissue: root.sub("reissue", |table| ReissueRules {
            formal_loss_first: table.flag("formal_loss_first", false),
            card_years: table.number("card_years", 1..=20),
        }),
        photo: root.sub("photo", photo),
        unit: root.sub("unit", |table| UnitRules { most_rows: table.number("most_rows", 1..=2_000) }),
        replacement: root.sub("replacement", |table| ReplacementRules {
            causes: table.texts("causes"),
            failed_reads: table.number("failed_reads", 1..=20),
            damage: table.need("damage", fee).unwrap_or(NO_FEE),
            quality: table.need("quality", fee).unwrap_or(NO_FEE),
        }),
        courier: root
            .sub("courier", |table| CourierRules { fee: table.need("fee", fee).unwrap_or(NO_FEE), collect: table.flag("collect", false) }),
        production: root.sub("production", |table| {
            let rules = ProductionRules {
                days: table.number("days", 1..=90),
                list_days: table.number("list_days", 1..=365),
                return_days: table.number("return_days", 1..=730),
            };
            if rules.return_days <= rules.list_days {
                table.fault("return_days", "须大于 list_days");
            }
            rules
        }),
        bank_function: root.sub("bank_function", |table| BankFunctionRules {
            years: table.number("years", 1..=50),
            remind_months: table.number("remind_months", 0..=60),
            activation_rule: table.text("activation_rule"),
        }),
        password: root.sub("password", password),
        first_issue: root
            .sub("first_issue", |table| FirstIssueRules { months: table.number("months", 0..=12), days: table.number("days", 0..=31) }),
        sms: root.sub("sms", |table| SmsRules {
            interval_seconds: table.number("interval_seconds", 1..=3_600),
            per_day: table.number("per_day", 1..=100),
        }),
        authorisation: root
            .need("authorisation", |table| AuthorisationRules {
                minutes: table.number("minutes", 1..=60),
                limits: table.each("limits", |limit| {
                    Some(AuthorisationLimit {
                        capability: capability(limit, "capability")?,
                        above: limit.fen("above_fen"),
                        level: level(limit, "level"),
                    })
                }),
            })
            .unwrap_or(AuthorisationRules { limits: Vec::new(), minutes: 0 }),
        offline: root.need("offline", offline).unwrap_or(NO_OFFLINE),
        till: root
            .need("till", |table| TillRules {
                most: Fen(i64::from(table.number("most_fen", 1..=10_000_000))),
                paid_out: table.fen("paid_out_fen"),
            })
            .unwrap_or(TillRules { most: Fen::ZERO, paid_out: Fen::ZERO }),
        texts: root
            .sub("texts", |table| {
                table.entries(|name, at, table| {
                    let guides = name.strip_prefix("guide.").and_then(Capability::named).is_some();
                    if !guides && !TEXT_NAMES.contains(&name) {
                        let what = format!("未知的文本，可用：{}", TEXT_NAMES.join("、"));
                        table.report.note(at, &table.field(name), what);
                    }
                    Some((name.to_owned(), table.texts(name)))
                })
            })
            .unwrap_or_default()
            .into_iter()
            .collect(),
        messages: messages(root),
        own_codes: root
            .sub("codes", |table| {
                table.entries(|name, at, table| {
                    if !name.starts_with("programme.") {
                        let what = "方案自有代码须以 programme. 开头";
                        table.report.note(at, &table.field(name), what);
                    }
                    let own = table.sub(name, |own| OwnCode {
                        text: own.text("text"),
                        cause: own.text("cause"),
                        remedy: own.text("remedy"),
                        rule: own.text("rule"),
                    })?;
                    Some((name.to_owned(), own))
                })
            })
            .unwrap_or_default()
            .into_iter()
            .collect(),
        rules: root
            .need("rules", |table| {
                table.entries(|id, _, table| {
                    let rule = table.sub(id, |rule| Rule { phrase: rule.text("phrase"), derived: rule.flag("derived", false) })?;
                    Some((id.to_owned(), rule))
                })
            })
            .unwrap_or_default()
            .into_iter()
            .collect(),
    }
}

/// An outlet; an overlay's has no kind of its own, as it has one in each of its programmes.
pub(super) fn outlet(table: &Table<'_, '_>, kind: Option<String>, of_kind: &BTreeMap<String, BTreeSet<Capability>>) -> Outlet {
    let kind = kind.unwrap_or_default();
    Outlet {
        id: OutletId::new(table.text("id")),
        name: table.text("name"),
        address: table.text("address"),
        weekly: weekly(table),
        holiday: table
            .named("holiday", &["separate_notice", "closed", "open"], |mode| match mode {
                "separate_notice" => Some(HolidayMode::SeparateNotice),
                "closed" => Some(HolidayMode::Closed),
                "open" => Some(HolidayMode::Open),
                _ => None,
            })
            .unwrap_or(HolidayMode::Closed),
        overrides: table
            .each("overrides", |day| {
                let date = day.date("date")?;
                Some((date, day.sessions("hours")))
            })
            .into_iter()
            .collect(),
        capabilities: of_kind.get(&kind).cloned().unwrap_or_default(),
        kind,
        bank: table.optional("bank"),
        counter_writing: table.flag("counter_writing", false),
        till_float: table.fen_or("till_float_fen", 0),
        blanks: table.number_or("blanks", 0..=10_000, 0),
        rule: table.optional("rule").unwrap_or_default(),
        synthetic: table.flag("synthetic", false),
    }
}

fn back_office(table: &Table<'_, '_>) -> BackOffice {
    let block = table.named("block", &["temporary", "permanent"], |name| match name {
        "temporary" => Some(BlockState::Temporary),
        "permanent" => Some(BlockState::Permanent),
        _ => None,
    });
    BackOffice { block: block.unwrap_or(BlockState::Temporary), days: table.number("days", 1..=60) }
}

fn weekly(table: &Table<'_, '_>) -> Weekly {
    let weekly = table.weekly("hours");
    if weekly.is_none() {
        table.fault("hours", "缺少营业时间");
    }
    weekly.unwrap_or_default()
}

fn hotline(table: &Table<'_, '_>) -> Hotline {
    Hotline {
        id: table.text("id"),
        label: table.text("label"),
        phone: table.text("phone"),
        weekly: table.weekly("hours"),
        rule: table.optional("rule").unwrap_or_default(),
    }
}

pub(super) fn holidays(root: &Table<'_, '_>) -> Holidays {
    let mut holidays = Holidays::default();
    root.each("holidays", |table| {
        let name = table.text("name");
        holidays.make_up.extend(table.dates("make_up"));
        let (from, to) = (table.date("from")?, table.date("to")?);
        if to < from || (to - from).num_days() > 31 {
            table.fault("to", "须不早于 from，且不超过 31 天");
            return None;
        }
        let days = from.iter_days().take_while(|day| *day <= to);
        holidays.off.extend(days.map(|day| (day, name.clone())));
        Some(())
    });
    holidays
}

fn document(table: &Table<'_, '_>) -> Option<DocumentKind> {
    let persons = table.names("persons", &["domestic", "hmt", "foreign"], |name| match name {
        "domestic" => Some(HolderClass::Domestic),
        "hmt" => Some(HolderClass::Hmt),
        "foreign" => Some(HolderClass::Foreign),
        _ => None,
    });
    if persons.is_empty() {
        table.fault("persons", "至少一类人员");
    }
    let number = table.named("number", &["resident_id", "hmt_residence", "foreign_residence", "travel_document"], |name| match name {
        "resident_id" => Some(NumberFormat::ResidentId),
        "hmt_residence" => Some(NumberFormat::HmtResidence),
        "foreign_residence" => Some(NumberFormat::ForeignResidence),
        "travel_document" => Some(NumberFormat::TravelDocument),
        _ => None,
    });
    Some(DocumentKind {
        id: table.text("id"),
        label: table.text("label"),
        number: number.unwrap_or(NumberFormat::ResidentId),
        expires: table.flag("expires", true),
        page: table.flag("page", false),
        persons,
        below_age: table.optional_number("below_age", 1..=120),
        without_id_card: table.flag("without_id_card", false),
        expired: code_or(table, "expired", Code::DocExpired),
        wrong_person: code_or(table, "wrong_person", Code::DocNotAccepted),
        rule: table.optional("rule").unwrap_or_default(),
    })
}

fn service(table: &Table<'_, '_>) -> Option<ServiceRules> {
    let capability = capability(table, "capability");
    let offline = table.named("offline", &["full", "records", "accept", "forbidden"], |name| match name {
        "full" => Some(OfflineClass::Full),
        "records" => Some(OfflineClass::Records),
        "accept" => Some(OfflineClass::Accept),
        "forbidden" => Some(OfflineClass::Forbidden),
        _ => None,
    });
    let rules = ServiceRules {
        capability: Capability::CardQuery,
        label: table.text("label"),
        key: table.optional("key").unwrap_or_default(),
        applicants: table.texts("applicants"),
        documents: table.texts("documents"),
        applicant_refusal: code_or(table, "applicant_refusal", Code::ApplicantNotAllowed),
        outlet_refusal: code_or(table, "outlet_refusal", Code::OutletNotAuthorized),
        fee: table.sub("fee", fee).unwrap_or(NO_FEE),
        offline: offline.unwrap_or(OfflineClass::Forbidden),
        offline_why: table.text("offline_why"),
        messages: messages(table),
    };
    Some(ServiceRules { capability: capability?, ..rules })
}

fn validity(table: &Table<'_, '_>) -> ValidityRules {
    ValidityRules {
        boundary_day: table.number("boundary_day", 1..=27),
        hint_from: table.number("hint_from", 1..=27),
        hint: table.text("hint"),
        amber_days: table.number("amber_days", 0..=31),
        ahead_months: table.number("ahead_months", 0..=12),
        holder_classes: table.numbers("holder_classes", 0..=255).into_iter().filter_map(|class| u8::try_from(class).ok()).collect(),
        new_card: table.flag("new_card", false),
    }
}

fn password(table: &Table<'_, '_>) -> PasswordRules {
    let (domestic, hmt, foreign) = table
        .need("initial", |initial| {
            let of = |key| {
                initial
                    .named(key, &["last_six_of_id_number", "last_six_of_ecard_number"], |name| match name {
                        "last_six_of_id_number" => Some(InitialPassword::LastSixOfIdNumber),
                        "last_six_of_ecard_number" => Some(InitialPassword::LastSixOfEcardNumber),
                        _ => None,
                    })
                    .unwrap_or(InitialPassword::NoIdOnRecord)
            };
            (of("domestic"), of("hmt"), of("foreign"))
        })
        .unwrap_or((InitialPassword::NoIdOnRecord, InitialPassword::NoIdOnRecord, InitialPassword::NoIdOnRecord));
    PasswordRules {
        domestic,
        hmt,
        foreign,
        must_change: table.flag("must_change", true),
        free_resets: table.number("free_resets", 0..=100),
        window_days: table.number("window_days", 1..=366),
        authorise: level(table, "authorise"),
        questions: table.each("questions", |question| {
            Some(TreeQuestion {
                id: question.text("id"),
                title: question.text("title"),
                help: question.optional("help"),
                options: question.each("options", |option| {
                    Some(TreeOption { id: option.text("id"), label: option.text("label"), then: branch(option)? })
                }),
            })
        }),
        words_id_number: table.text("words_id_number"),
        words_ecard_number: table.text("words_ecard_number"),
    }
}

/// One of `ask`, `refer`, `pass`.
fn branch(option: &Table<'_, '_>) -> Option<Branch> {
    let ask = option.optional("ask");
    let refer = option.optional("refer");
    let pass = option.flag("pass", false);
    match (ask, refer, pass) {
        (Some(id), None, false) => Some(Branch::Ask(id)),
        (None, Some(name), false) => {
            let code = code_named(&name);
            if code.is_none() {
                option.fault("refer", format!("未知的代码“{name}”"));
            }
            code.map(Branch::Refer)
        }
        (None, None, true) => Some(Branch::Pass),
        (_, _, _) => {
            option.fault("id", "须且只能给出 ask、refer、pass 之一");
            None
        }
    }
}

const NO_FEE: Fee = Fee { amount: Fen::ZERO, label: String::new(), rule: String::new() };

const NO_OFFLINE: OfflineLimits = OfflineLimits {
    accepted: 0,
    sign_in_hours: 0,
    clock_hours: 0,
    clock_drift_seconds: 0,
    clock_back_seconds: 0,
    blacklist_warn_hours: 0,
    blacklist_stop_hours: 0,
};

fn offline(table: &Table<'_, '_>) -> OfflineLimits {
    OfflineLimits {
        accepted: table.number("accepted", 0..=10_000),
        sign_in_hours: table.number("sign_in_hours", 0..=168),
        clock_hours: table.number("clock_hours", 1..=168),
        clock_drift_seconds: table.number("clock_drift_seconds", 1..=3_600),
        clock_back_seconds: table.number("clock_back_seconds", 1..=3_600),
        blacklist_warn_hours: table.number("blacklist_warn_hours", 1..=720),
        blacklist_stop_hours: table.number("blacklist_stop_hours", 1..=720),
    }
}

fn fee(table: &Table<'_, '_>) -> Fee {
    Fee { amount: table.fen("fen"), label: table.text("label"), rule: table.optional("rule").unwrap_or_default() }
}

fn photo(table: &Table<'_, '_>) -> PhotoRules {
    let rules = PhotoRules {
        from_age: table.number("from_age", 0..=150),
        width: table.number("width", 1..=2_048),
        height: table.number("height", 1..=2_048),
        dpi: table.number("dpi", 1..=2_400),
        least_bytes: table.number("least_bytes", 0..=1_048_576),
        most_bytes: table.number("most_bytes", 1..=1_048_576),
        white_from: table.number("white_from", 1..=255),
        white_share: table.number("white_share", 0..=100),
    };
    if rules.least_bytes > rules.most_bytes {
        table.fault("least_bytes", "须不大于 most_bytes");
    }
    rules
}

fn messages(table: &Table<'_, '_>) -> BTreeMap<Code, CodeRule> {
    table
        .sub("messages", |messages| {
            messages.entries(|name, at, messages| {
                let entry = messages.sub(name, |entry| CodeRule {
                    rule: entry.optional("rule"),
                    text: entry.optional("text"),
                    cause: entry.optional("cause"),
                    remedy: entry.optional("remedy"),
                });
                let code = code_named(name);
                if code.is_none() {
                    let what = format!("未知的代码“{name}”");
                    messages.report.note(at, &messages.field(name), what);
                }
                Some((code?, entry?))
            })
        })
        .unwrap_or_default()
        .into_iter()
        .collect()
}

fn capabilities(table: &Table<'_, '_>) -> BTreeSet<Capability> {
    table.names("capabilities", &[], Capability::named).into_iter().collect()
}

fn capability(table: &Table<'_, '_>, key: &str) -> Option<Capability> {
    table.named(key, &[], Capability::named)
}

fn level(table: &Table<'_, '_>, key: &str) -> Level {
    table
        .named(key, &["supervisor", "manager"], |name| match name {
            "supervisor" => Some(Level::Supervisor),
            "manager" => Some(Level::Manager),
            _ => None,
        })
        .unwrap_or(Level::Manager)
}

fn code_or(table: &Table<'_, '_>, key: &str, default: Code) -> Code {
    table.named_or(key, &[], code_named, default)
}

fn code_named(name: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.as_str() == name)
}
