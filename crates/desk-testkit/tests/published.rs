//! Rule sets and days that the centre publishes reach a running desk between cases, are believed by their signature alone, and
//! are still there after a restart and without the line. Head office works in the same window.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot set the stage fails; of the screens it looks for one"
)]

use std::sync::Arc;

use async_trait::async_trait;
use desk_app::{
    ports::{Intake, NoIntake},
    view::{Act, Stage, View},
};
use desk_domain::{
    code::{Code, Message},
    id::{CellId, OperatorId, ProgrammeId},
    photo::Taken,
    ruleset::{Edition, EditionKind},
    unit::{PhotoFile, Row},
};
use desk_testkit::{
    books::Journal,
    clerk::Clerk,
    mortal_store::{Cut, Fuse, MortalStore},
    rig::Rig,
    stations::publishing,
    world::{COUNTER, World},
};
use desk_wire::publication::{Publication, PublishingKey};

const RULES: &str = include_str!("../../../rules/suzhou-education.toml");
const PROGRAMME: &str = "suzhou-education";
const OLD: &str = "SZ-2025-08-25";
const NEW: &str = "SZ-2026-11-24";

/// The shipped file as a new version, in force from the tests' day on.
fn rules(version: &str) -> String {
    RULES.replacen(OLD, version, 1).replacen("effective = 2025-08-25", "effective = 2026-11-24", 1)
}

/// The demonstration's outlet is closed today.
fn closed_today() -> String {
    format!(
        "kind = \"days\"\nprogramme = \"{PROGRAMME}\"\nversion = \"D1\"\neffective = 2026-11-24\n\n[[days]]\noutlet = \"DEMO\"\n\
         date = 2026-11-24\nhours = []\n"
    )
}

fn signed(key: &PublishingKey, number: u64, kind: EditionKind, version: &str, text: String) -> Publication {
    key.sign(Publication {
        cell: CellId::new(COUNTER),
        number,
        edition: Edition {
            kind,
            programme: ProgrammeId::new(PROGRAMME),
            version: version.to_owned(),
            effective: "2026-11-24".parse().expect("date"),
        },
        name: format!("{version}.toml"),
        text,
        published_by: OperatorId::new("9001"),
        approved_by: OperatorId::new("9002"),
        at: desk_testkit::stations::ten_o_clock(),
        signature: String::new(),
    })
}

async fn publish(world: &World, publication: Publication) {
    let centre = world.centre();
    let mut tx = centre.store().begin().await.expect("begin");
    tx.add_publication(&publication).await.expect("published");
    tx.commit().await.expect("commit");
}

fn versions(view: &View) -> String {
    view.status.as_ref().map(|status| status.rule_set.clone()).unwrap_or_default()
}

async fn home(clerk: &mut Clerk) -> View {
    clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home")
}

async fn open(rig: &mut Rig) -> Clerk {
    let mut clerk = rig.start().expect("the disk is this desk's");
    clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    clerk.open_day("500", "20").await.expect("day open");
    home(&mut clerk).await;
    clerk
}

fn start(view: &View, service: &str) -> Act {
    let Stage::Home(home) = &view.stage else { panic!("not at home") };
    let button = home.services.iter().find(|button| button.service == service).expect("service");
    Act::Start { service: button.service.clone(), programme: button.programme.clone() }
}

fn has(versions: &str, version: &str) -> bool {
    versions.split(" · ").any(|known| known == version)
}

#[tokio::test(start_paused = true)]
async fn a_new_version_is_in_force_between_cases_and_an_open_case_keeps_its_own() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig).await;
    let view = home(&mut clerk).await;
    assert!(has(&versions(&view), OLD), "{}", versions(&view));
    // A case is open while the new version comes.
    clerk.send(start(&view, "password_reset"));
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case");
    publish(&world, signed(&publishing(), 1, EditionKind::Programme, NEW, rules(NEW))).await;
    let journal = |kind: &'static str| {
        let (rig, world) = (&rig, &world);
        async move { Journal::of(rig, world).await.expect("journal").count(kind) }
    };
    let waited =
        clerk.until("the version has come", |view| view.status.as_ref().is_some_and(|status| status.clock.contains("10:01"))).await;
    let view = waited.expect("a minute passes");
    assert!(matches!(view.stage, Stage::Case(_)) && has(&versions(&view), OLD) && !has(&versions(&view), NEW), "{}", versions(&view));
    assert_eq!(journal("rules_taken").await, 1);
    let Stage::Case(case) = &view.stage else { panic!("the case") };
    clerk.send(Act::Park { question: case.question.id.clone() });
    let view = clerk.until("the new version", |view| has(&versions(view), NEW)).await.expect("between cases");
    assert!(!has(&versions(&view), OLD));
    // The next case is begun under it; the parked one goes on under its own.
    clerk.send(start(&view, "password_reset"));
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case");
    let disk = rig.disk().expect("disk");
    let mut store = desk_testkit::memory_store::MemoryStore::open(disk.image(), &rig.station, 99).expect("disk");
    let begun: Vec<String> = {
        use desk_app::ports::Store as _;
        store.unfinished().await.expect("cases").into_iter().map(|header| header.rule_set).collect()
    };
    assert_eq!(begun, [OLD, NEW]);
}

#[tokio::test(start_paused = true)]
async fn what_was_published_is_there_after_a_restart_and_without_the_line() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig).await;
    publish(&world, signed(&publishing(), 1, EditionKind::Programme, NEW, rules(NEW))).await;
    clerk.until("the new version", |view| has(&versions(view), NEW)).await.expect("taken");
    publish(&world, signed(&publishing(), 2, EditionKind::Days, "D1", closed_today())).await;
    let both = format!("{NEW}+D1");
    let view = clerk.until("the days", |view| has(&versions(view), &both)).await.expect("taken");
    // The outlet is closed today by notice: nothing of this programme is begun.
    let Stage::Home(home) = &view.stage else { panic!("home") };
    let blocked = home.services.iter().find(|button| button.service == "password_reset").expect("service").blocked.clone();
    assert_eq!(blocked.expect("closed").code, "OUTSIDE_HOURS");
    rig.kill();
    rig.line.set_down(true);
    let mut clerk = rig.start().expect("disk");
    clerk.sign_in("1001", "pass-1001").await.expect("signed in offline");
    let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    assert!(has(&versions(&view), &both), "{}", versions(&view));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_signature_or_a_damaged_text_is_refused_and_the_old_version_stays() {
    let good = || signed(&publishing(), 1, EditionKind::Programme, NEW, rules(NEW));
    let forged = signed(&PublishingKey::from_seed(&[1; 32]), 1, EditionKind::Programme, NEW, rules(NEW));
    let mut damaged = good();
    damaged.text = damaged.text.replacen("boundary_day = 20", "boundary_day = 19", 1);
    let elsewhere = publishing().sign(Publication { cell: CellId::new("elsewhere"), ..good() });
    let unloadable =
        signed(&publishing(), 1, EditionKind::Programme, NEW, rules(NEW).replacen("boundary_day = 20", "boundary_day = 31", 1));
    for (mut bad, code) in [
        (forged, "RULE_SET_SIGNATURE_WRONG"),
        (damaged, "RULE_SET_SIGNATURE_WRONG"),
        (elsewhere, "RULE_SET_SIGNATURE_WRONG"),
        (unloadable, "RULE_SET_INVALID"),
    ] {
        let world = Arc::new(World::demonstration().await.expect("world"));
        let mut rig = Rig::at(&world, 1).await.expect("rig");
        let mut clerk = open(&mut rig).await;
        // The centre's table says that it is of this cell; what was signed says otherwise.
        bad.cell = CellId::new(COUNTER);
        publish(&world, bad).await;
        let view = clerk.until("refused", |view| view.notice.as_ref().is_some_and(|notice| notice.code == code)).await.expect(code);
        assert!(has(&versions(&view), OLD) && !has(&versions(&view), NEW));
        let journal = Journal::of(&rig, &world).await.expect("journal");
        assert_eq!((journal.count("rules_refused"), journal.count("rules_taken")), (1, 0), "{code}");
        // It is asked for again, and told once.
        clerk.send(Act::DismissNotice);
        clerk.until("later", |view| view.status.as_ref().is_some_and(|status| status.clock.contains("10:03"))).await.expect("later");
        let journal = Journal::of(&rig, &world).await.expect("journal");
        assert_eq!(journal.count("rules_refused"), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn killed_at_every_write_a_version_is_taken_once() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    publish(&world, signed(&publishing(), 1, EditionKind::Programme, NEW, rules(NEW))).await;
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let fuse = Fuse::sound();
    let mut clerk = rig.start_with(|store| Box::new(MortalStore::new(Box::new(store), &fuse))).expect("disk");
    clerk.until("the new version", |view| has(&versions(view), NEW)).await.expect("taken");
    let writes = fuse.writes();
    let of_rules: Vec<usize> =
        (1..).zip(&writes).filter(|(_, what)| what.starts_with("remember.rules.") || *what == "rules_taken").map(|(at, _)| at).collect();
    assert_eq!(of_rules.len(), 3, "{writes:?}");
    rig.kill();
    let mut desk = 2;
    for at in of_rules {
        for cut in [Cut::Before, Cut::After] {
            let mut rig = Rig::at(&world, desk).await.expect("rig");
            desk += 1;
            let fuse = Fuse::at(at, cut);
            let _dying = rig.start_with(|store| Box::new(MortalStore::new(Box::new(store), &fuse))).expect("disk");
            fuse.blown().await;
            rig.kill();
            let mut clerk = rig.start().expect("disk");
            clerk.until("the new version", |view| has(&versions(view), NEW)).await.expect("taken");
            rig.kill();
            rig.line.set_down(true);
            let mut clerk = rig.start().expect("disk");
            let view = clerk.until("signed out", |view| matches!(view.stage, Stage::SignIn { .. })).await.expect("started");
            assert!(has(&versions(&view), NEW), "write {at}, {cut:?}");
        }
    }
}

/// A folder with one rule file.
struct Folder(String);

#[async_trait]
impl Intake for Folder {
    async fn photo(&self, _name: &str, _white_from: u32, _dpi: u16) -> Result<Taken, Message> {
        Err(Message::new(Code::PhotoFileMissing))
    }

    async fn lists(&self, most: usize) -> Result<Vec<String>, Message> {
        NoIntake.lists(most).await
    }

    async fn list(&self, name: &str, most_rows: usize) -> Result<(Vec<Row>, String), Message> {
        NoIntake.list(name, most_rows).await
    }

    async fn photo_files(&self, names: Vec<String>, white_from: u32, dpi: u16) -> Vec<(PhotoFile, Option<String>)> {
        NoIntake.photo_files(names, white_from, dpi).await
    }

    async fn rule_files(&self) -> Vec<String> {
        vec!["next.toml".to_owned()]
    }

    async fn rule_file(&self, name: &str) -> Result<String, Message> {
        if name == "next.toml" { Ok(self.0.clone()) } else { Err(Message::new(Code::RuleFileMissing).with("file", name)) }
    }
}

fn office(view: &View) -> Option<&desk_app::view::OfficeView> {
    match &view.stage {
        Stage::Office(office) => Some(office),
        _ => None,
    }
}

async fn until_office(clerk: &mut Clerk, what: &str, fits: impl Fn(&desk_app::view::OfficeView) -> bool) -> desk_app::view::OfficeView {
    let view = clerk.until(what, |view| office(view).is_some_and(&fits)).await.expect(what);
    office(&view).cloned().expect("office")
}

fn publish_draft(second: &str) -> Act {
    Act::PublishDraft { second: second.to_owned(), password: format!("pass-{second}") }
}

#[tokio::test(start_paused = true)]
async fn head_office_publishes_at_a_window_and_another_desk_works_by_it() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut counter = Rig::at(&world, 2).await.expect("rig");
    let mut clerk = open(&mut counter).await;
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    rig.intake = Arc::new(Folder(rules(NEW)));
    let mut head = rig.start().expect("disk");
    let view = head.sign_in("9001", "pass-9001").await.expect("signed in");
    // No counter menu: the two rooms of head office.
    assert!(matches!(view.stage, Stage::Office(_)), "{:?}", view.stage);
    head.send(Act::Home);
    head.send(Act::Office { room: "rules".to_owned() });
    until_office(&mut head, "files", |office| office.room == "rules" && office.files == ["next.toml"]).await;
    head.send(Act::CheckFile { file: "none.toml".to_owned() });
    until_office(&mut head, "missing", |office| office.message.as_ref().is_some_and(|said| said.code == "RULE_FILE_MISSING")).await;
    head.send(Act::CheckFile { file: "next.toml".to_owned() });
    until_office(&mut head, "good", |office| office.draft.as_ref().is_some_and(|draft| draft.stage == "good")).await;
    head.send(publish_draft("9001"));
    until_office(&mut head, "not alone", |office| office.message.as_ref().is_some_and(|said| said.code == "SELF_AUTH_FORBIDDEN")).await;
    head.send(publish_draft("2001"));
    until_office(&mut head, "no role", |office| office.message.as_ref().is_some_and(|said| said.code == "ROLE_MISSING")).await;
    head.send(publish_draft("9002"));
    let done = until_office(&mut head, "published", |office| office.done.is_some() && office.publications.len() == 1).await;
    assert_eq!((done.publications[0].version.as_str(), done.publications[0].state.as_str()), (NEW, "生效中"));
    clerk.until("the new version", |view| has(&versions(view), NEW)).await.expect("taken");
    // The same file is no newer version.
    head.send(Act::CheckFile { file: "next.toml".to_owned() });
    until_office(&mut head, "older", |office| office.message.as_ref().is_some_and(|said| said.code == "RULE_SET_OLDER")).await;
    // A day at an outlet, and a holiday, by form.
    head.send(Act::CheckDay {
        programme: PROGRAMME.to_owned(),
        outlet: "NONE".to_owned(),
        date: "20261124".to_owned(),
        hours: "09:00-09:30".to_owned(),
    });
    let faulty = until_office(&mut head, "faulty", |office| office.draft.as_ref().is_some_and(|draft| draft.stage == "faulty")).await;
    assert!(faulty.draft.expect("draft").problems[0].what.contains("NONE"));
    head.send(Act::CheckDay {
        programme: PROGRAMME.to_owned(),
        outlet: "DEMO".to_owned(),
        date: "20261124".to_owned(),
        hours: "09:00-09:30".to_owned(),
    });
    until_office(&mut head, "good", |office| office.draft.as_ref().is_some_and(|draft| draft.stage == "good")).await;
    head.send(publish_draft("9002"));
    until_office(&mut head, "published", |office| office.publications.len() == 2).await;
    head.send(Act::CheckHoliday {
        programme: PROGRAMME.to_owned(),
        name: "测试节".to_owned(),
        from: "2027-01-01".to_owned(),
        to: "2027-01-03".to_owned(),
    });
    let good = until_office(&mut head, "good", |office| office.draft.as_ref().is_some_and(|draft| draft.stage == "good")).await;
    let figures = good.draft.expect("draft").figures;
    // What the file before said is still in it.
    assert!(figures.iter().any(|figure| figure.label == "临时营业日" && figure.value != "0"), "{figures:?}");
    head.send(publish_draft("9002"));
    until_office(&mut head, "published", |office| office.publications.len() == 3).await;
    let view = clerk.until("three", |view| versions(view).contains("D20261124-2")).await.expect("taken");
    let Stage::Home(home) = &view.stage else { panic!("home") };
    assert!(
        home.services
            .iter()
            .any(|button| button.programme == PROGRAMME && button.blocked.as_ref().is_some_and(|why| why.code == "OUTSIDE_HOURS"))
    );
    let journal = Journal::of(&rig, &world).await.expect("journal");
    assert_eq!((journal.count("office_acted"), journal.count("rules_taken")), (3, 3));
    // A clerk has no such rooms.
    clerk.send(Act::Office { room: "rules".to_owned() });
    clerk.until("refused", |view| view.notice.as_ref().is_some_and(|notice| notice.code == "ROLE_MISSING")).await.expect("refused");
}

#[tokio::test(start_paused = true)]
async fn a_reservation_whose_desk_is_gone_is_given_back_by_two() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    // The desk dies with the reservation, before the card is touched.
    let mut counter = Rig::at(&world, 2).await.expect("rig");
    let reserved = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let fuse = {
        let reserved = Arc::clone(&reserved);
        Fuse::when(move || reserved.load(std::sync::atomic::Ordering::SeqCst), Cut::Before)
    };
    counter.line.plan(move |request| {
        if matches!(request, desk_wire::v1::Request::Reserve { .. }) {
            reserved.store(true, std::sync::atomic::Ordering::SeqCst);
        }
        desk_testkit::link_faults::LineFault::None
    });
    let mut clerk = counter.start_with(|store| Box::new(MortalStore::new(Box::new(store), &fuse))).expect("disk");
    clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    clerk.open_day("500", "20").await.expect("day open");
    let view = home(&mut clerk).await;
    clerk.send(start(&view, "refund_readable"));
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case");
    let mut hands = desk_testkit::script::Hands::with_card("purse-unload");
    let tray = counter.tray.clone();
    tokio::select! {
        end = clerk.drive(|case| hands.answer(case, &tray)) => panic!("the refund ended: {end:?}"),
        () = fuse.blown() => {}
    }
    counter.kill();
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut head = rig.start().expect("disk");
    head.sign_in("9001", "pass-9001").await.expect("signed in");
    let view = until_office(&mut head, "the claim", |office| office.rows.len() == 1).await;
    let row = view.rows[0].clone();
    let give = |second: &str, reason: &str| Act::GiveBack {
        reservation: row.reservation.clone(),
        reason: reason.to_owned(),
        second: second.to_owned(),
        password: format!("pass-{second}"),
    };
    head.send(give("9001", "设备报废"));
    until_office(&mut head, "not alone", |office| office.message.is_some()).await;
    head.send(give("9002", "设备报废"));
    assert!(row.can_give_back, "{row:?}");
    let done = until_office(&mut head, "given back", |office| office.done.is_some() && office.rows.is_empty()).await;
    assert!(done.message.is_none());
    let journal = Journal::of(&rig, &world).await.expect("journal");
    assert_eq!(journal.count("office_acted"), 1);
    // The desk comes back: its case cannot go on to the card, and nothing is paid.
    rig.kill();
    let mut clerk = counter.start().expect("disk");
    clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case");
    let mut hands = desk_testkit::script::Hands::with_card("purse-unload");
    // However it ends, nobody is paid under a reservation that was given back.
    let _ended = clerk.drive(|case| hands.answer(case, &tray)).await;
    let journal = Journal::of(&counter, &world).await.expect("journal");
    assert_eq!(journal.till(), 50_000);
}
