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
use desk_testkit::{clerk::Move, rig::Rig, script::Hands, world::World};

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
    let view = clerk
        .until("the document", |view| matches!(&view.stage, Stage::Case(case) if seen(case)))
        .await
        .expect("the form is filled");
    let Stage::Case(case) = view.stage else { unreachable!() };
    *case
}

fn value(case: &CaseView, id: &str) -> Option<String> {
    let AskView::Form { fields, .. } = &case.question.ask else {
        return None;
    };
    fields.iter().find(|field| field.id == id).map(|field| field.value.clone())
}
