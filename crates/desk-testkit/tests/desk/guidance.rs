//! Menu, one-time notice, guidance, reprint, exceptions, and what is masked: what stands beside the cases.

use std::time::Duration;

use desk_app::{
    ports::{Block, Rating, Sheet},
    view::{Act, AskView, CaseView, ExceptionsView, HomeView, PapersView, Stage, View},
};
use desk_cardsim::faults::What;
use desk_testkit::clerk::Move;

use crate::world::{EDUCATION, PURSE, Window, World, case_on_screen, good, willing};

fn text_of(sheet: &Sheet) -> String {
    let blocks = sheet.blocks.iter().map(|block| match block {
        Block::Text { lines } => lines.join("\n"),
        Block::Pairs { pairs } => pairs.iter().map(|(label, value)| format!("{label} {value}")).collect::<Vec<_>>().join("\n"),
        other => format!("{other:?}"),
    });
    format!("{}\n{}\n{}", sheet.title, sheet.marks.join(" "), blocks.collect::<Vec<_>>().join("\n"))
}

fn sheets(world: &World, title: &str) -> Vec<String> {
    world.paper.sheets.lock().unwrap().iter().filter(|sheet| sheet.title == title).map(text_of).collect()
}

async fn home(window: &mut Window) -> HomeView {
    let view = window.clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.unwrap();
    let Stage::Home(home) = view.stage else { unreachable!() };
    home
}

async fn papers(window: &mut Window, what: &str, fits: impl Fn(&PapersView) -> bool) -> PapersView {
    let view = window.clerk.until(what, |view| matches!(&view.stage, Stage::Papers(list) if fits(list))).await.unwrap();
    let Stage::Papers(list) = view.stage else { unreachable!() };
    *list
}

async fn exceptions(window: &mut Window, what: &str, fits: impl Fn(&ExceptionsView) -> bool) -> ExceptionsView {
    let view = window.clerk.until(what, |view| matches!(&view.stage, Stage::Exceptions(list) if fits(list))).await.unwrap();
    let Stage::Exceptions(list) = view.stage else { unreachable!() };
    *list
}

/// Brings a loss reissue to the refusal of its papers: a copy of an expired card with a wrong check digit.
async fn refused_papers(window: &mut Window) -> CaseView {
    window.begin("reissue_lost", EDUCATION).await;
    window
        .clerk
        .drive(|view| match &view.question.ask {
            AskView::Choice { options } => Move::Choose(options[0].id.clone()),
            AskView::Form { .. } if view.message.is_some() => Move::Stop,
            AskView::Form { fields, .. } => Move::Fill(
                fields
                    .iter()
                    .map(|field| {
                        let value = match field.id.as_str() {
                            "number" => "320500201503150013",
                            "expiry" => "20200101",
                            _ => "",
                        };
                        (field.id.clone(), value.to_owned())
                    })
                    .collect(),
            ),
            _ => Move::Wait,
        })
        .await
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_menu_offers_every_service_with_key_number_and_initials() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    let all = home(&mut window).await;
    let of = |home: &HomeView, service: &str| home.services.iter().find(|button| button.service == service).cloned().unwrap();
    let lost = of(&all, "reissue_lost");
    assert!(lost.initials.contains(&"ysbk".to_owned()), "{lost:?}");
    assert_eq!((lost.key.as_str(), lost.group.as_str(), lost.of_card), ("F3", "卡片", false));
    assert_eq!(of(&all, "guardian_phone").key, "", "found by number and name");
    let mut seen: Vec<(String, String)> = all.services.iter().map(|one| (one.programme.clone(), one.number.clone())).collect();
    let before = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), before, "a number names one service of a programme");
    // The card's own programme comes first.
    world.tray.put("purse");
    let view = window.clerk.until("card", |view| matches!(&view.stage, Stage::Home(home) if home.card.is_some())).await.unwrap();
    let Stage::Home(with_card) = view.stage else { unreachable!() };
    assert!(with_card.services[0].of_card && with_card.services[0].programme == PURSE, "{:?}", with_card.services[0]);
    assert!(with_card.services.iter().any(|one| !one.of_card), "the others stay reachable");
}

#[tokio::test(start_paused = true)]
async fn everything_that_is_missing_is_told_and_printed_at_once() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    let view = refused_papers(&mut window).await;
    let message = view.message.clone().unwrap();
    let own = (message.code.clone(), message.text.clone(), message.rule.clone());
    let also = message.also.iter().map(|one| (one.code.clone(), one.text.clone(), one.rule.clone()));
    let told: Vec<(String, String, Option<String>)> = std::iter::once(own).chain(also).collect();
    for code in ["ORIGINAL_REQUIRED", "ID_CHECKSUM"] {
        assert!(told.iter().any(|(said, _, _)| said == code), "{told:?}");
    }
    assert!(view.can_notice);
    window.handle.send(Act::Notice { question: view.question.id.clone() });
    window
        .clerk
        .until("printed", |view| {
            case_on_screen(view).is_some_and(|case| case.papers.iter().any(|paper| paper.title == "一次性告知单" && paper.printed))
        })
        .await
        .unwrap();
    let notices = sheets(&world, "一次性告知单");
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    for (_, text, rule) in &told {
        assert!(notice.contains(text.as_str()), "{text} is not on {notice}");
        assert!(rule.as_ref().is_none_or(|rule| notice.contains(rule.as_str())), "{rule:?} is not on {notice}");
    }
    for wanted in ["学生身份证", "户口簿", "20.00 元", "演示服务中心", "今日 08:30-17:00", "0512-962026", "一、", "联网办理"]
    {
        assert!(notice.contains(wanted), "{wanted} is not on {notice}");
    }
    // The question is still there, and so is the case after a power cut.
    assert_eq!(case_on_screen(&window.clerk.view().unwrap()).unwrap().question.id, view.question.id);
    assert_eq!(world.count("fact.notice_given"), 1);
    window.kill().await;
    let mut window = world.start();
    window.clerk.sign_in("1001", "pass-1001").await.unwrap();
    let view = window.clerk.until("the case again", |view| case_on_screen(view).is_some()).await.unwrap();
    let case = case_on_screen(&view).unwrap();
    assert!(case.papers.iter().any(|paper| paper.title == "一次性告知单" && paper.printed));
    let end = window.clerk.drive(willing(&world.tray, "blank-1")).await.unwrap();
    assert!(good(&end), "{end:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_notice_without_paper_waits_and_holds_nothing_up() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    let view = refused_papers(&mut window).await;
    *world.paper.out.lock().unwrap() = true;
    window.handle.send(Act::Notice { question: view.question.id.clone() });
    window.clerk.until("told", |view| view.notice.as_ref().is_some_and(|notice| notice.code == "PRINTER_MISSING")).await.unwrap();
    let end = window.clerk.drive(willing(&world.tray, "blank-1")).await.unwrap();
    assert!(good(&end), "{end:#?}");
    window.handle.send(Act::Home);
    assert!(home(&mut window).await.exceptions >= 1);
    window.handle.send(Act::Exceptions);
    let list = exceptions(&mut window, "a paper waits", |list| list.rows.iter().any(|row| row.kind == "打印未完成")).await;
    let row = list.rows.iter().find(|row| row.kind == "打印未完成" && row.what.contains("一次性告知单")).unwrap().clone();
    *world.paper.out.lock().unwrap() = false;
    window.handle.send(Act::Attend { line: row.id.clone(), remedy: "retry".to_owned(), note: String::new() });
    for _ in 0..200 {
        if !sheets(&world, "一次性告知单").is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(sheets(&world, "一次性告知单").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slip_says_what_to_bring_and_where_without_a_case() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    home(&mut window).await;
    window.handle.send(Act::Guide { service: "refund_readable".to_owned(), programme: PURSE.to_owned() });
    window.clerk.until("printed", |view| view.notice.as_ref().is_some_and(|notice| notice.code == "PAPER_OUT")).await.unwrap();
    let slips = sheets(&world, "指引单");
    let [slip] = slips.as_slice() else { panic!("{slips:?}") };
    for wanted in ["市民卡直营网点退值", "换卡", "注销", "激活", "0519-85175888", "电子社保卡", "一一对应"] {
        assert!(slip.contains(wanted), "{wanted} is not on {slip}");
    }
    assert_eq!(world.count("guidance_given"), 1);
    assert_eq!(world.count("opened"), 0, "no case");
}

#[tokio::test(start_paused = true)]
async fn a_guardians_phone_is_changed_by_the_school() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    window.begin("guardian_phone", EDUCATION).await;
    let end = window.clerk.drive(willing(&world.tray, "pupil")).await.unwrap();
    assert_eq!(end.message.as_ref().unwrap().code, "PHONE_VIA_SCHOOL");
    assert_eq!(end.message.unwrap().rule.as_deref(), Some("R-SZ-22"));
    let slips = sheets(&world, "指引单");
    assert!(slips[0].contains("添加或修改第一监护人联系方式") && slips[0].contains("号码已变更"), "{slips:?}");
}

#[tokio::test(start_paused = true)]
async fn a_paper_is_printed_again_with_its_count() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    window.begin("reissue_lost", EDUCATION).await;
    let end = window.clerk.drive(willing(&world.tray, "blank-1")).await.unwrap();
    assert!(good(&end));
    window.handle.send(Act::Home);
    home(&mut window).await;
    window.handle.send(Act::Papers { day: String::new() });
    let list = papers(&mut window, "papers", |list| list.rows.len() == 2).await;
    let receipt = list.rows.iter().find(|row| row.title == "收据").unwrap().clone();
    assert_eq!((receipt.copies, receipt.own), (1, true));
    for time in 1_u32..=2 {
        window.handle.send(Act::Reprint { paper: receipt.id.clone() });
        papers(&mut window, "counted", |list| list.rows.iter().any(|row| row.id == receipt.id && row.copies == time + 1)).await;
        let printed = sheets(&world, "收据");
        assert!(printed.last().unwrap().contains(&format!("补打 第{time}次")), "{printed:?}");
        assert_eq!(printed.len(), usize::try_from(time).unwrap() + 1);
    }
    assert!(!sheets(&world, "收据")[0].contains("补打"));
    // A printer that is out counts nothing.
    *world.paper.out.lock().unwrap() = true;
    window.handle.send(Act::Reprint { paper: receipt.id.clone() });
    let list = papers(&mut window, "refused", |list| list.message.as_ref().is_some_and(|told| told.code == "PRINTER_MISSING")).await;
    assert!(list.rows.iter().any(|row| row.id == receipt.id && row.copies == 3));
    *world.paper.out.lock().unwrap() = false;
    // The count survives; another clerk needs a supervisor.
    window.kill().await;
    let mut window = world.start();
    window.clerk.sign_in("1002", "pass-1002").await.unwrap();
    window.clerk.open_day("500", "19").await.unwrap();
    window.handle.send(Act::Papers { day: String::new() });
    let list = papers(&mut window, "papers", |list| list.rows.len() == 2).await;
    assert!(list.rows.iter().all(|row| !row.own));
    window.handle.send(Act::Reprint { paper: receipt.id.clone() });
    papers(&mut window, "no", |list| list.message.as_ref().is_some_and(|told| told.code == "ROLE_MISSING")).await;
    window.handle.send(Act::Papers { day: "2026-11-23".to_owned() });
    papers(&mut window, "no other day", |list| list.message.as_ref().is_some_and(|told| told.code == "ROLE_MISSING")).await;
    window.handle.send(Act::SignOut);
    window.clerk.sign_in("2001", "pass-2001").await.unwrap();
    window.handle.send(Act::Papers { day: "2026-11-24".to_owned() });
    let list = papers(&mut window, "papers", |list| list.rows.len() == 2).await;
    assert!(list.rows.iter().all(|row| row.own));
    window.handle.send(Act::Reprint { paper: receipt.id.clone() });
    papers(&mut window, "counted", |list| list.rows.iter().any(|row| row.id == receipt.id && row.copies == 4)).await;
    assert!(sheets(&world, "收据").last().unwrap().contains("补打 第3次"));
    // The day's report counts what was printed again.
    window.handle.send(Act::Home);
    home(&mut window).await;
    window.handle.send(Act::Report);
    let view = window.clerk.until("report", |view| matches!(&view.stage, Stage::Report(report) if !report.busy)).await.unwrap();
    let Stage::Report(report) = view.stage else { unreachable!() };
    assert!(report.figures.iter().any(|figure| figure.label == "补打" && figure.value == "3"), "{:?}", report.figures);
}

/// Tears the given command after the customer agreed, takes the card away for good, and looks at the list.
async fn left_with_the_card(world: &mut World, at: u32) -> (Window, ExceptionsView) {
    let mut window = world.open().await;
    window.begin("refund_readable", PURSE).await;
    let tray = world.tray.clone();
    let mut usual = willing(&world.tray, "purse");
    let mut armed = false;
    let view = window
        .clerk
        .drive(|view| match &view.question.ask {
            AskView::PutCard { .. } if armed => Move::Stop,
            _ => {
                if view.question.id.ends_with("agree") && !armed {
                    armed = true;
                    tray.plan(at, What::TearAfter);
                }
                usual(view)
            }
        })
        .await
        .unwrap();
    world.tray.take_off();
    if view.can_cancel {
        window.handle.send(Act::Cancel { question: view.question.id.clone() });
    } else {
        window.handle.send(Act::Park { question: view.question.id.clone() });
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    if let Some(case) = window.clerk.view().as_ref().and_then(case_on_screen) {
        window.handle.send(Act::Park { question: case.question.id.clone() });
    }
    window.handle.send(Act::Home);
    home(&mut window).await;
    window.handle.send(Act::Exceptions);
    let list = exceptions(&mut window, "the list", |_| true).await;
    (window, list)
}

#[tokio::test(start_paused = true)]
async fn an_unknown_write_stands_on_the_list_until_it_is_known() {
    let mut found = false;
    for at in 1..=24 {
        let mut world = World::new().await;
        let (mut window, list) = left_with_the_card(&mut world, at).await;
        assert_eq!(list.lists.len(), 9, "every list is named, also the empty ones");
        let Some(row) = list.rows.iter().find(|row| row.kind == "灰记录").cloned() else {
            window.kill().await;
            continue;
        };
        found = true;
        assert!(row.who.contains("主管"), "{row:?}");
        let attend = |remedy: &str, note: &str| Act::Attend { line: row.id.clone(), remedy: remedy.to_owned(), note: note.to_owned() };
        window.handle.send(attend("explain", " "));
        exceptions(&mut window, "words", |list| list.message.as_ref().is_some_and(|told| told.code == "FIELD_REQUIRED")).await;
        assert_eq!(world.count("exception_attended"), 0);
        window.handle.send(attend("explain", "客户已离开，原卡未带回"));
        let noted = |list: &ExceptionsView| {
            list.rows.iter().any(|one| one.id == row.id && one.notes.iter().any(|note| note.contains("客户已离开")))
        };
        exceptions(&mut window, "a word stays and takes no line away", noted).await;
        // Words survive the night; the card that comes back ends the case and the line.
        window.kill().await;
        let mut window = world.start();
        window.clerk.sign_in("1001", "pass-1001").await.unwrap();
        window.clerk.until("a stage", |view| matches!(view.stage, Stage::Case(_) | Stage::Home(_))).await.unwrap();
        window.handle.send(Act::Home);
        home(&mut window).await;
        window.handle.send(Act::Exceptions);
        exceptions(&mut window, "still there", noted).await;
        world.tray.put("purse");
        window.handle.send(attend("retry", ""));
        let end = window.clerk.drive(willing(&world.tray, "purse")).await.unwrap();
        assert!(good(&end), "{end:#?}");
        window.handle.send(Act::Home);
        home(&mut window).await;
        window.handle.send(Act::Exceptions);
        exceptions(&mut window, "gone with its result", |list| list.rows.iter().all(|one| one.kind != "灰记录")).await;
        break;
    }
    assert!(found, "no command left an unknown write");
}

#[tokio::test(start_paused = true)]
async fn full_text_needs_a_reason_a_purpose_and_a_second_person_and_hides_again() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    window.begin("reissue_lost", EDUCATION).await;
    let mut usual = willing(&world.tray, "blank-1");
    let view = window
        .clerk
        .drive(|view| if view.reveal.is_some() && matches!(view.question.ask, AskView::Go { .. }) { Move::Stop } else { usual(view) })
        .await
        .unwrap();
    let offered = view.reveal.clone().unwrap();
    assert!(!offered.reasons.is_empty() && !offered.purposes.is_empty() && offered.shown.is_empty());
    assert!(!format!("{view:?}").contains("测·试"), "masked by default");
    let question = view.question.id.clone();
    let ask = |reason: &str, purpose: &str, supervisor: &str, password: &str| Act::Reveal {
        question: question.clone(),
        reason: reason.to_owned(),
        purpose: purpose.to_owned(),
        supervisor: supervisor.to_owned(),
        password: password.to_owned(),
    };
    let (reason, purpose) = (offered.reasons[0].as_str(), offered.purposes[0].as_str());
    for (act, code) in [
        (ask("", purpose, "2001", "pass-2001"), "REVEAL_REASON_REQUIRED"),
        (ask("好奇", purpose, "2001", "pass-2001"), "REVEAL_REASON_REQUIRED"),
        (ask(reason, "", "2001", "pass-2001"), "PURPOSE_REQUIRED"),
        (ask(reason, purpose, "1001", "pass-1001"), "SELF_AUTH_FORBIDDEN"),
        (ask(reason, purpose, "2001", "wrong"), "PASSWORD_WRONG"),
        (ask(reason, purpose, "1002", "pass-1002"), "ROLE_MISSING"),
    ] {
        window.handle.send(act);
        let told = |view: &View| {
            let reveal = case_on_screen(view).and_then(|case| case.reveal.clone());
            reveal.is_some_and(|reveal| reveal.message.is_some_and(|message| message.code == code) && reveal.shown.is_empty())
        };
        window.clerk.until(code, told).await.unwrap();
    }
    assert_eq!(world.count("revealed"), 0);
    window.handle.send(ask(reason, purpose, "2001", "pass-2001"));
    let shown = |view: &View| case_on_screen(view).and_then(|case| case.reveal.as_ref()).is_some_and(|reveal| !reveal.shown.is_empty());
    let view = window.clerk.until("shown", shown).await.unwrap();
    let figures = case_on_screen(&view).unwrap().reveal.clone().unwrap().shown;
    assert!(figures.iter().any(|figure| figure.label == "姓名" && figure.value == "测·试"), "{figures:?}");
    assert_eq!(world.count("revealed"), 1, "on the disk before it is on the screen");
    window.clerk.until("masked again", |view| !shown(view)).await.unwrap();
    // Nobody copies the screen, and that somebody tried is on record.
    window.handle.send(Act::Export);
    let view = window.clerk.until("refused", |view| view.notice.is_some()).await.unwrap();
    let notice = view.notice.unwrap();
    assert_eq!((notice.code.as_str(), notice.rule.as_deref()), ("EXPORT_FORBIDDEN", Some("R-SZ-10")));
    assert_eq!(world.count("export_refused"), 1);
    let journal = format!("{:?}", world.disk.kinds());
    assert!(!journal.contains("测·试"));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_looked_up_without_a_case() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    home(&mut window).await;
    for (typed, code) in [("3205", "QUERY_TOO_WIDE"), ("320500201503150012", "PURPOSE_REQUIRED")] {
        window.handle.send(Act::Find { typed: typed.to_owned() });
        window
            .clerk
            .until(code, |view| matches!(&view.stage, Stage::Home(home) if home.message.as_ref().is_some_and(|told| told.code == code)))
            .await
            .unwrap();
    }
    assert_eq!(world.count("lookup_refused"), 2);
    window.handle.send(Act::SignOut);
    window.clerk.sign_in("2001", "pass-2001").await.unwrap();
    window.handle.send(Act::Report);
    let view = window.clerk.until("report", |view| matches!(&view.stage, Stage::Report(report) if !report.busy)).await.unwrap();
    let Stage::Report(report) = view.stage else { unreachable!() };
    assert!(report.figures.iter().any(|figure| figure.label == "无据查询" && figure.value == "2"), "{:?}", report.figures);
}

#[tokio::test(start_paused = true)]
async fn tickets_are_called_three_times_join_their_cases_and_every_case_is_rated_once() {
    let mut world = World::new().await;
    world.hall.install();
    for number in ["A001", "A002"] {
        world.hall.wait_in_line(number, "卡业务");
    }
    world.hall.will_rate(Rating::Level(5));
    let mut window = world.open().await;
    let called = |number: &'static str, calls: u32| {
        move |view: &View| {
            matches!(&view.stage, Stage::Home(home)
                if home.ticket.as_ref().is_some_and(|ticket| ticket.number.as_deref() == Some(number) && ticket.calls == calls && !ticket.busy))
        }
    };
    home(&mut window).await;
    // Nobody comes for the first.
    for calls in 1..=3 {
        window.handle.send(Act::CallNext);
        window.clerk.until("called", called("A001", calls)).await.unwrap();
    }
    window.handle.send(Act::CallNext);
    window.clerk.until("the next", called("A002", 1)).await.unwrap();
    assert_eq!(world.hall.called(), ["A001", "A001", "A001", "A002"]);
    assert_eq!((world.count("ticket_called"), world.count("ticket_skipped")), (4, 1));
    // The second is served; the case is rated once, and the clerk sees only that it was.
    world.tray.put("pupil");
    window.begin("validation", EDUCATION).await;
    let end = window.clerk.drive(willing(&world.tray, "pupil")).await.unwrap();
    assert!(good(&end));
    let rated = |view: &View| case_on_screen(view).is_some_and(|case| case.rated.as_deref() == Some("已评"));
    let view = window.clerk.until("rated", rated).await.unwrap();
    assert!(!format!("{:?}", case_on_screen(&view)).contains("不满意"));
    assert_eq!(world.hall.asked(), std::slice::from_ref(&end.number));
    assert_eq!((world.count("ticket_served"), world.count("rated")), (1, 1));
    window.handle.send(Act::Home);
    home(&mut window).await;
    // A card that still lies there is given back first.
    window.handle.send(Act::CallNext);
    let left = |view: &View| matches!(&view.stage, Stage::Home(home) if home.message.as_ref().is_some_and(|told| told.code == "CARD_LEFT"));
    window.clerk.until("card left", left).await.unwrap();
    world.tray.take_off();
    tokio::time::sleep(Duration::from_secs(2)).await;
    window.handle.send(Act::CallNext);
    window.clerk.until("nobody", |view| view.notice.as_ref().is_some_and(|notice| notice.code == "NOBODY_WAITS")).await.unwrap();
    assert_eq!(world.count("ticket_skipped"), 1, "who was served is not passed over");
    world.hall.break_down(true);
    window.handle.send(Act::CallNext);
    window.clerk.until("broken", |view| view.notice.as_ref().is_some_and(|notice| notice.code == "DEVICE_FAIL")).await.unwrap();
    // The level is for the supervisor, who has to call back.
    window.handle.send(Act::Exceptions);
    let list = exceptions(&mut window, "the clerk's list", |_| true).await;
    assert!(list.rows.iter().all(|row| row.kind != "不满意"), "{list:?}");
    window.handle.send(Act::Home);
    home(&mut window).await;
    window.handle.send(Act::SignOut);
    window.clerk.sign_in("2001", "pass-2001").await.unwrap();
    window.handle.send(Act::Exceptions);
    let list = exceptions(&mut window, "the supervisor's list", |list| list.rows.iter().any(|row| row.kind == "不满意")).await;
    assert!(list.rows.iter().any(|row| row.number == end.number));
}

#[tokio::test(start_paused = true)]
async fn a_window_without_queue_and_rating_works_just_the_same() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    assert!(home(&mut window).await.ticket.is_none());
    window.handle.send(Act::CallNext);
    world.tray.put("pupil");
    window.begin("validation", EDUCATION).await;
    let end = window.clerk.drive(willing(&world.tray, "pupil")).await.unwrap();
    assert!(good(&end) && end.rated.is_none());
    assert!(world.hall.called().is_empty() && world.hall.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_character_without_glyph_is_told_while_its_paper_comes_out() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    *world.paper.missing.lock().unwrap() = Some("𠅤".to_owned());
    window.begin("reissue_lost", EDUCATION).await;
    let end = window.clerk.drive(willing(&world.tray, "blank-1")).await.unwrap();
    assert!(good(&end));
    let notice = window.clerk.view().unwrap().notice.unwrap();
    assert_eq!(notice.code, "PAPER_GLYPH_MISSING");
    assert!(notice.text.contains('𠅤'), "{notice:?}");
    assert_eq!(world.titles().len(), 2, "the papers came out all the same");
}
