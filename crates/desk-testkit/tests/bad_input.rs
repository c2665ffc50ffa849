//! What goes wrong at a counter: bad papers, bad cards, bad passwords, a bad line. Each is told by its code with text, cause
//! and remedy, nothing is lost by it, and the job goes on to its good end.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a proof ends where its scene cannot be set, and prints its figures")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use desk_app::view::{Act, AskView, CaseView, MessageView, Stage};
use desk_cardsim::{SimTray, faults::What};
use desk_domain::ruleset::{RuleFile, RuleSets};
use desk_testkit::{
    books::after_good_end,
    clerk::{Clerk, Move},
    link_faults::LineFault,
    rig::Rig,
    script::Hands,
    shift::{JOBS, Job, Shift, report},
    tally::Tally,
    world::World,
};
use desk_wire::v1::Request;

/// Late papers and uploads have had their time by then.
const LATER: Duration = Duration::from_secs(70);
const UNLOAD: usize = 1;
const REISSUE: usize = 4;
const VALIDATION: usize = 5;
const PASSWORD: usize = 6;

/// What is done wrong, once.
#[derive(Clone, Copy)]
enum Bad {
    /// A field of the first form that has it.
    Field(&'static str, &'static str),
    /// An option of the question of this name.
    Option(&'static str, &'static str),
    /// What the reader meets when a card is asked for first.
    Reader(fn(&SimTray)),
    /// The same between the centre's word and the write.
    Write(fn(&SimTray)),
    /// Calls in a row from the reservation on; all calls where the centre has lost its database.
    Line(LineFault, usize, bool),
    Printer,
    /// So many wrong passwords of an operator.
    Passwords(&'static str, usize),
    ClockBack,
    Clicks,
}

struct Item {
    name: &'static str,
    job: usize,
    bad: Bad,
    /// Any of these has to be told; where the question itself says it, its words after `ask:`; none where nothing is to be said.
    codes: &'static [&'static str],
}

const fn item(name: &'static str, job: usize, bad: Bad, codes: &'static [&'static str]) -> Item {
    Item { name, job, bad, codes }
}

const ITEMS: [Item; 31] = [
    item("wrong check digit", REISSUE, Bad::Field("number", "320500201503150011"), &["ID_CHECKSUM"]),
    item("impossible birth date", REISSUE, Bad::Field("number", "320500201502300015"), &["ID_BIRTH_INVALID"]),
    item("expired ID", REISSUE, Bad::Field("expiry", "20200101"), &["ID_EXPIRED"]),
    item("photocopy: original not ticked", REISSUE, Bad::Field("original", ""), &["ORIGINAL_REQUIRED"]),
    item("photocopy: nothing else", PASSWORD, Bad::Option("document", "none"), &["ORIGINAL_REQUIRED"]),
    item("wrong applicant, reissue", REISSUE, Bad::Option("role", "guardian"), &["APPLICANT_NOT_ALLOWED"]),
    item("wrong applicant, password", PASSWORD, Bad::Option("role", "holder"), &["GUARDIAN_REQUIRED"]),
    item("wrong card at the write, purse", UNLOAD, Bad::Write(|tray| _ = tray.put("purse-empty")), &["WRONG_CARD"]),
    item("wrong card at the write, validity", VALIDATION, Bad::Write(|tray| _ = tray.put("education-expired")), &["WRONG_CARD"]),
    item("no card at first", UNLOAD, Bad::Reader(SimTray::take_off), &["ask:请放上客户的卡"]),
    item("no card at the write", UNLOAD, Bad::Write(SimTray::take_off), &["ask:请放回原卡"]),
    item("two cards", UNLOAD, Bad::Reader(SimTray::put_several), &["TWO_CARDS"]),
    item("two cards at the write", UNLOAD, Bad::Write(SimTray::put_several), &["TWO_CARDS"]),
    item("mute card", UNLOAD, Bad::Reader(SimTray::put_mute), &["CARD_MUTE"]),
    item("card pulled early", UNLOAD, Bad::Write(|tray| tray.plan(3, What::TearBefore)), &["ask:没有写入：卡片移开过早"]),
    item("card pulled before its answer", UNLOAD, Bad::Write(|tray| tray.plan(4, What::TearAfter)), &["ask:没有写入：卡片移开过早"]),
    item("unknown card family", UNLOAD, Bad::Reader(|tray| _ = tray.put("unknown-family")), &["CARD_FAMILY_UNKNOWN"]),
    item("reader unplugged", UNLOAD, Bad::Reader(SimTray::unplug), &["READER_MISSING", "READER_LOST"]),
    item("reader unplugged at the write", UNLOAD, Bad::Write(SimTray::unplug), &["READER_MISSING", "READER_LOST"]),
    item("reader service down", VALIDATION, Bad::Reader(SimTray::stop_service), &["READER_SERVICE_DOWN"]),
    item("printer missing", UNLOAD, Bad::Printer, &["PRINTER_MISSING"]),
    item("wrong password", UNLOAD, Bad::Passwords("1001", 1), &["PASSWORD_WRONG"]),
    item("locked operator", UNLOAD, Bad::Passwords("1002", 12), &["OPERATOR_LOCKED"]),
    item("clock set back", VALIDATION, Bad::ClockBack, &["CLOCK_UNTRUSTED"]),
    item("centre answers 500", UNLOAD, Bad::Line(LineFault::CentreError, 4, false), &["CENTRE_ERROR"]),
    item("centre answers garbage", UNLOAD, Bad::Line(LineFault::Garbled, 4, false), &["CENTRE_GARBLED"]),
    item("centre late, not asked", UNLOAD, Bad::Line(LineFault::RequestLost, 4, false), &["CENTRE_LATE"]),
    item("centre late, done", UNLOAD, Bad::Line(LineFault::AnswerLost, 4, false), &["CENTRE_LATE"]),
    item("database gone, refund", UNLOAD, Bad::Line(LineFault::CentreError, 12, true), &["CENTRE_ERROR", "CENTRE_UNREACHABLE"]),
    item("database gone, reissue", REISSUE, Bad::Line(LineFault::CentreError, 12, true), &["CENTRE_ERROR", "CENTRE_UNREACHABLE"]),
    item("double click", UNLOAD, Bad::Clicks, &[]),
];

/// Every message that the screen showed, by code.
type Heard = Arc<Mutex<BTreeMap<String, MessageView>>>;

/// Messages wherever they stand in what is shown.
fn collect(shown: &serde_json::Value, heard: &Heard) {
    if let Ok(message) = serde_json::from_value::<MessageView>(shown.clone()) {
        heard.lock().expect("heard").insert(message.code.clone(), message);
    }
    match shown {
        serde_json::Value::Array(parts) => parts.iter().for_each(|part| collect(part, heard)),
        serde_json::Value::Object(parts) => parts.values().for_each(|part| collect(part, heard)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) | serde_json::Value::String(_) => {}
    }
}

fn listen(clerk: &Clerk, heard: &Heard) {
    let (mut eyes, heard) = (clerk.beside(), Arc::clone(heard));
    tokio::spawn(async move {
        let mut seen = None;
        while let Ok(view) = eyes.until("anything new", |view| Some(view.revision) != seen).await {
            seen = Some(view.revision);
            collect(&serde_json::to_value(&view).expect("a view"), &heard);
        }
    });
}

/// Chinese text, cause and remedy, with every place filled in.
fn plain(message: &MessageView) -> bool {
    let chinese = |text: &str| text.chars().any(|sign| ('\u{4E00}'..='\u{9FFF}').contains(&sign)) && !text.contains(['{', '}']);
    !message.code.is_empty() && [&message.text, &message.cause, &message.remedy].into_iter().all(|text| chinese(text))
}

fn arm_line(item: &Item, rig: &Rig, met: &Arc<AtomicUsize>) {
    let (bad, tray, met, armed) = (item.bad, rig.tray.clone(), Arc::clone(met), AtomicBool::new(false));
    let mut left = 0;
    rig.line.plan(move |request: &Request| {
        let now = matches!(request, Request::Reserve { .. }) && !armed.swap(true, Ordering::SeqCst);
        if let Bad::Write(trouble) = bad
            && now
        {
            trouble(&tray);
            met.fetch_add(1, Ordering::SeqCst);
        }
        let Bad::Line(fault, times, all) = bad else { return LineFault::None };
        if now {
            left = times;
        }
        if left == 0 || (!all && matches!(request, Request::Ping)) {
            return LineFault::None;
        }
        left -= 1;
        met.fetch_add(1, Ordering::SeqCst);
        fault
    });
}

/// The wrong answer to this question, where it is the one to be got wrong.
fn wrong_answer(bad: Bad, case: &CaseView, hands: &mut Hands, tray: &SimTray, world: &World) -> Option<Move> {
    match (bad, &case.question.ask) {
        (Bad::Field(id, value), AskView::Form { fields, .. }) if fields.iter().any(|field| field.id == id) => {
            let Move::Fill(mut values) = hands.answer(case, tray) else { return None };
            values.iter_mut().filter(|(field, _)| field == id).for_each(|(_, text)| value.clone_into(text));
            Some(Move::Fill(values))
        }
        (Bad::Option(question, id), AskView::Choice { options }) if case.question.id.contains(question) => {
            options.iter().any(|option| option.id == id).then(|| Move::Choose(id.to_owned()))
        }
        (Bad::Reader(trouble), AskView::PutCard { .. }) => {
            trouble(tray);
            Some(Move::Wait)
        }
        (Bad::ClockBack, AskView::PutCard { .. }) => {
            world.clock.set_off(TimeDelta::minutes(-10));
            Some(Move::Wait)
        }
        _ => None,
    }
}

/// At the sign-in screen before the job.
async fn passwords(clerk: &mut Clerk, operator: &str, times: usize) -> Result<(), String> {
    for _ in 0..times {
        let ready = clerk.until("sign-in", |view| matches!(view.stage, Stage::SignIn { busy: false, .. })).await;
        let before = ready.map_err(|waited| waited.0)?.revision;
        clerk.send(Act::SignIn { operator: operator.to_owned(), password: "wrong".to_owned() });
        let told = |stage: &Stage| matches!(stage, Stage::SignIn { busy: false, message: Some(_) });
        clerk.until("a word", |view| view.revision > before && told(&view.stage)).await.map_err(|waited| waited.0)?;
    }
    Ok(())
}

async fn try_item(item: &Item) -> Vec<String> {
    let job: &Job = &JOBS[item.job];
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let (heard, met) = (Heard::default(), Arc::new(AtomicUsize::new(0)));
    arm_line(item, &rig, &met);
    let mut clerk = rig.start().expect("disk");
    listen(&clerk, &heard);
    let mut wrong = Vec::new();
    if let Bad::Passwords(operator, times) = item.bad {
        met.fetch_add(times, Ordering::SeqCst);
        wrong.extend(passwords(&mut clerk, operator, times).await.err());
    }
    rig.papers.set_missing(matches!(item.bad, Bad::Printer));
    let (mut hands, tray, mut missed, mut asked) = (job.hands(), rig.tray.clone(), false, String::new());
    let mut shift = Shift::new(job, &rig);
    shift.pace = Duration::from_millis(700);
    if matches!(item.bad, Bad::Clicks) {
        shift.clicks = 2;
    }
    let done = shift
        .work_with(&mut clerk, |case| {
            collect(&serde_json::to_value(case).expect("a case"), &heard);
            asked.push_str(&case.question.title);
            if !missed && let Some(moved) = wrong_answer(item.bad, case, &mut hands, &tray, &world) {
                missed = true;
                met.fetch_add(1, Ordering::SeqCst);
                return moved;
            }
            hands.answer(case, &tray)
        })
        .await;
    wrong.extend(done.err().map(|waited| waited.0));
    if met.load(Ordering::SeqCst) == 0 && !matches!(item.bad, Bad::Printer | Bad::Clicks) {
        wrong.push("the trouble did not come".to_owned());
    }
    tokio::time::sleep(LATER).await;
    rig.papers.set_missing(false);
    tokio::time::sleep(LATER).await;
    let told = heard.lock().expect("heard").clone();
    let said = |code: &&str| code.strip_prefix("ask:").map_or_else(|| told.contains_key(*code), |words| asked.contains(words));
    if !item.codes.is_empty() && !item.codes.iter().any(said) {
        wrong.push(format!("told {:?}, not {:?}", told.keys(), item.codes));
    }
    wrong.extend(told.values().filter(|message| !plain(message)).map(|message| format!("not plain: {message:?}")));
    let mut clerk = rig.start().expect("disk");
    match report(&mut clerk).await {
        Ok(view) => {
            wrong.extend(after_good_end(job, &world, &rig, &view).await);
            if item.job != VALIDATION && rig.papers.sheets().is_empty() {
                wrong.push("no paper ever came out".to_owned());
            }
        }
        Err(waited) => wrong.push(waited.0),
    }
    println!("  {:<36} {}", item.name, if wrong.is_empty() { "told, and went on" } else { "VIOLATED" });
    wrong
}

#[tokio::test(start_paused = true)]
async fn every_bad_input_is_told_and_loses_nothing() {
    let mut tally = Tally::new("bad input", &[]);
    for item in &ITEMS {
        tally.points += 1;
        let wrong = try_item(item).await;
        tally.case(item.name, wrong);
    }
    println!("bad input: {} items, violations {}", tally.cases, tally.violations.len());
    assert!(tally.holds(), "{tally}\n{:#?}", tally.violations);
}

/// A rule set with a mistake is not taken, and the place of the mistake is named.
#[test]
fn a_malformed_rule_set_is_refused_by_file_and_place() {
    let good = include_str!("../../../rules/suzhou-education.toml");
    let load = |text: &str| RuleSets::load(&[RuleFile { name: "suzhou-education.toml", text }]);
    let broken = [
        format!("{good}\n[[applicants"),
        good.replacen("fen = 2000", "fen = \"zwanzig\"", 1),
        good.replacen("applicants = [\"holder\", \"parent\"]", "applicants = [\"holder\", \"stranger\"]", 1),
    ];
    for text in broken {
        assert_ne!(text, good);
        let Err(problems) = load(&text) else { panic!("a mistake was taken") };
        assert!(problems.iter().any(|problem| problem.to_string().contains("suzhou-education.toml")), "{problems:?}");
    }
}
