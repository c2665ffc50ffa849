//! Whose card is it that is out of use for the time being? Its application refuses everything but still shows the public
//! file when it is selected.

use std::sync::Arc;

use desk_domain::{card::BlockState, id::CardNo};

use crate::{
    block::{Looking, Sight},
    flow::{Act, Event, Flow, Wired},
    profile::{Profile, Profiles},
    transaction::{Reply, Step, Transaction},
};

/// The number of a card whose application is blocked for the time being; none where no known application is. Changes
/// nothing on the card.
pub struct ReadLocked(Wired<Asking>);

impl ReadLocked {
    #[must_use]
    pub fn new(profiles: &Profiles) -> Self {
        Self(Wired::new(Asking { left: profiles.blockable(), looking: None }))
    }
}

impl Transaction for ReadLocked {
    type End = Option<CardNo>;

    fn step(&mut self, reply: Reply) -> Step<Self::End> {
        self.0.step(reply)
    }
}

struct Asking {
    left: Vec<Arc<Profile>>,
    looking: Option<Looking>,
}

impl Flow for Asking {
    type End = Option<CardNo>;

    fn next(&mut self, event: Event) -> Act<Self::End> {
        if let Some(mut looking) = self.looking.take() {
            match looking.next(event) {
                Act::Send(command) => {
                    self.looking = Some(looking);
                    return Act::Send(command);
                }
                Act::Done(Sight::Known { seen, state: BlockState::Temporary }) => return Act::Done(Some(seen.card_no)),
                Act::Ask(_) | Act::Done(Sight::Gone) => return Act::Done(None),
                Act::Done(Sight::Known { .. } | Sight::Dead(_) | Sight::Foreign) => {}
            }
        }
        match self.left.pop() {
            None => Act::Done(None),
            Some(profile) => {
                let (looking, command) = Looking::begin(&profile);
                self.looking = Some(looking);
                Act::Send(command)
            }
        }
    }
}
