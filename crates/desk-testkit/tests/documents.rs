//! A document laid on its reader while the clerk is asked for one fills the form; what is typed instead counts as typed.

#![expect(clippy::expect_used, reason = "a test that cannot set the stage fails")]

use std::{collections::VecDeque, sync::Arc};

use async_trait::async_trait;
use desk_app::{
    ports::IdReader,
    view::{Act, AskView, CaseView, Stage},
};
use desk_domain::{
    code::{Code, Message},
    document::Expiry,
    read_document::{ChipLayout, ReadDocument},
};
use desk_testkit::{
    clerk::{Clerk, Move},
    rig::Rig,
    script::Hands,
    world::{PUPIL, World},
};

/// Gives one end after the other, then nothing lies there.
struct Laid(VecDeque<Result<ReadDocument, Message>>);

#[async_trait]
impl IdReader for Laid {
    fn present(&self) -> bool {
        true
    }

    async fn read(&mut self) -> Result<ReadDocument, Message> {
        self.0.pop_front().unwrap_or_else(|| Err(Message::new(Code::IdReaderNoCard)))
    }

    async fn module(&mut self) -> Result<(), Message> {
        Ok(())
    }
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("a day")
}

fn document(number: &str, from: &str, expiry: Expiry) -> ReadDocument {
    ReadDocument {
        layout: ChipLayout::Citizen,
        number: number.to_owned(),
        name: "欧阳某".to_owned(),
        birth: day("1980-01-01"),
        from: day(from),
        expiry,
    }
}

/// The identity form of a lost card's reissue, as soon as `seen` holds of it.
async fn form(laid: Vec<Result<ReadDocument, Message>>, seen: impl Fn(&CaseView) -> bool) -> CaseView {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    rig.id_reader = Some(Box::new(Laid(laid.into())));
    let mut clerk = open(&mut rig).await;
    let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    let Stage::Home(home) = &view.stage else { unreachable!() };
    let button = home.services.iter().find(|button| button.service == "reissue_lost").expect("button");
    clerk.send(Act::Start { service: button.service.clone(), programme: button.programme.clone() });
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case opens");
    let mut hands = Hands::default();
    clerk
        .drive(|case| if case.question.id.ends_with(".papers") { Move::Stop } else { hands.answer(case, &rig.tray) })
        .await
        .expect("the form");
    let view =
        clerk.until("the document", |view| matches!(&view.stage, Stage::Case(case) if seen(case))).await.expect("the form is filled");
    let Stage::Case(case) = view.stage else { unreachable!() };
    *case
}

fn value(case: &CaseView, id: &str) -> Option<String> {
    let AskView::Form { fields, .. } = &case.question.ask else {
        return None;
    };
    fields.iter().find(|field| field.id == id).map(|field| field.value.clone())
}

async fn open(rig: &mut Rig) -> Clerk {
    let mut clerk = rig.start().expect("the disk is this desk's");
    clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    clerk.open_day("500", "20").await.expect("day open");
    clerk
}

#[tokio::test(start_paused = true)]
async fn a_document_fills_the_form() {
    let read = document("34052419800101001X", "2016-03-01", Expiry::Until(day("2036-03-01")));
    let case = form(vec![Err(Message::new(Code::IdReaderNoCard)), Ok(read)], |case| value(case, "number") != Some(String::new())).await;
    assert_eq!(value(&case, "number").as_deref(), Some("34052419800101001X"));
    assert_eq!(case.message, None);
}

#[tokio::test(start_paused = true)]
async fn a_validity_that_no_card_has_is_told() {
    let odd = document("34052419800101001X", "2016-03-01", Expiry::LongTerm);
    let case = form(vec![Ok(odd)], |case| case.message.is_some()).await;
    assert_eq!(case.message.map(|message| message.code), Some("ID_VALIDITY_ODD".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_chip_that_cannot_be_read_leaves_typing() {
    let refused = Message::new(Code::IdReaderRefused).with("sw", "31");
    let case = form(vec![Err(refused.clone()), Err(refused)], |case| case.message.is_some()).await;
    let message = case.message.clone().expect("told");
    assert_eq!(message.code, "ID_READER_REFUSED");
    assert!(message.text.contains("31"), "{}", message.text);
    assert_eq!(value(&case, "number").as_deref(), Some(""), "nothing is made up");
}

/// What the clerk is told once the centre has said who it is, where the chip states this name.
async fn told_after(name: &str) -> Option<String> {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut read = document(PUPIL, "2024-03-01", Expiry::Until(day("2029-03-01")));
    name.clone_into(&mut read.name);
    read.birth = day("2015-03-15");
    rig.id_reader = Some(Box::new(Laid(vec![Ok(read)].into())));
    let mut clerk = open(&mut rig).await;
    let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    let Stage::Home(home) = &view.stage else { unreachable!() };
    let button = home.services.iter().find(|button| button.service == "reissue_lost").expect("button");
    clerk.send(Act::Start { service: button.service.clone(), programme: button.programme.clone() });
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case opens");
    let mut hands = Hands::default();
    let mut filled = false;
    clerk
        .drive(|case| {
            let papers = case.question.id.ends_with(".papers");
            if papers && value(case, "number").as_deref() == Some("") {
                return Move::Wait;
            }
            filled |= papers;
            let asks = !matches!(case.question.ask, AskView::Busy { .. });
            if filled && !papers && asks { Move::Stop } else { hands.answer(case, &rig.tray) }
        })
        .await
        .expect("the person is known");
    let view = clerk.view().expect("a view");
    let Stage::Case(case) = view.stage else { unreachable!() };
    case.message.map(|message| message.code)
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_not_the_one_on_record_is_told_and_stops_nothing() {
    assert_eq!(told_after("测·试改").await.as_deref(), Some("NAME_DIFFERS"));
    // Rare characters and dots are written in more than one way: the same name all the same.
    assert_eq!(told_after("测・试𬭎").await, None);
}
