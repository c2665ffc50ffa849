//! A counter where several jobs come and go: the clerk begins what is asked for, leaves lying what only the line can move,
//! and comes back to it. Survives a power cut at any write.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use desk_app::view::{Act, AskView, CaseView, LineView, MessageView, Stage, View};

use crate::{
    clerk::{Clerk, Move, Waited},
    mortal_store::{Fuse, MortalStore},
    rig::Rig,
    script::Hands,
    shift::act_of,
    world::World,
};

/// More than any job needs, with every fault.
const MOST_VIEWS: u32 = 600;
/// Simulated time after which work counts as stuck.
const PATIENCE: Duration = Duration::from_secs(900);

/// Where the work came to rest.
#[derive(Debug, Clone)]
pub enum Rest {
    /// Nothing is left that can go on now; cases that wait stay on the list of the home screen.
    Home { waiting: usize },
    /// The service could not be begun.
    Blocked(MessageView),
    /// The script stopped here.
    Stopped(Box<CaseView>),
}

/// One desk, its clerk, and what the clerk has seen.
pub struct Counter {
    pub rig: Rig,
    pub hands: Hands,
    /// Last view of every case that was seen to end.
    pub ended: Vec<CaseView>,
    /// Papers, refusals and notes as they were told, by code.
    pub told: Vec<MessageView>,
    pub deaths: usize,
    clerk: Option<Clerk>,
    operator: String,
    fuse: Fuse,
    left: BTreeSet<String>,
}

impl Counter {
    /// # Errors
    /// Where the demonstration does not load.
    pub async fn at(world: &Arc<World>, number: u8, operator: &str) -> Result<Self, String> {
        Ok(Self {
            rig: Rig::at(world, number).await.map_err(|error| error.to_string())?,
            hands: Hands::default(),
            ended: Vec::new(),
            told: Vec::new(),
            deaths: 0,
            clerk: None,
            operator: operator.to_owned(),
            fuse: Fuse::sound(),
            left: BTreeSet::new(),
        })
    }

    /// The next life of the desk ends at `fuse`.
    pub fn arm(&mut self, fuse: Fuse) {
        self.kill();
        self.fuse = fuse;
    }

    /// The power fails now.
    pub fn kill(&mut self) {
        self.rig.kill();
        self.clerk = None;
        self.fuse = Fuse::sound();
    }

    /// Cases that were left lying may be taken up again.
    pub fn come_back(&mut self) {
        self.left.clear();
    }

    /// Another desk stands at this window: what the clerk remembers of the old one's cases is over.
    pub fn begin_again(&mut self) {
        self.kill();
        self.left.clear();
    }

    #[must_use]
    pub fn view(&self) -> Option<View> {
        self.clerk.as_ref().and_then(Clerk::view)
    }

    pub fn send(&self, act: Act) {
        if let Some(clerk) = &self.clerk {
            clerk.send(act);
        }
    }

    /// The clerk at the screen, the desk being started where it is not.
    ///
    /// # Errors
    /// Where the disk does not hold this desk's journal.
    pub fn clerk(&mut self) -> Result<&mut Clerk, Waited> {
        if self.clerk.is_none() {
            let fuse = self.fuse.clone();
            let started = self.rig.start_with(|store| Box::new(MortalStore::new(Box::new(store), &fuse)));
            self.clerk = Some(started.map_err(|error| Waited(format!("start: {error}")))?);
        }
        self.clerk.as_mut().ok_or_else(|| Waited("nobody at the screen".to_owned()))
    }

    /// Works by the usual script, living on after every power cut.
    ///
    /// # Errors
    /// [`Waited`] where the desk is blocked or stuck.
    pub async fn work(&mut self, service: Option<&str>) -> Result<Rest, Waited> {
        let mut hands = self.hands.clone();
        let tray = self.rig.tray.clone();
        let rest = self
            .work_with(service, |case| {
                // Written off after three tries: the card is not what it was when the case began.
                if case.question.id.ends_with("write_again.3") {
                    return Move::Choose("stop".to_owned());
                }
                hands.answer(case, &tray)
            })
            .await;
        self.hands = hands;
        rest
    }

    /// The same with another script for the questions of the cases.
    ///
    /// # Errors
    /// As [`Counter::work`].
    pub async fn work_with(&mut self, service: Option<&str>, mut script: impl FnMut(&CaseView) -> Move) -> Result<Rest, Waited> {
        let mut wanted = service.map(str::to_owned);
        let opened = self.opened();
        loop {
            let fuse = self.fuse.clone();
            let rest = tokio::select! {
                biased;
                () = fuse.blown() => None,
                rest = tokio::time::timeout(PATIENCE, self.toil(&mut wanted, &mut script)) => Some(rest),
            };
            match rest {
                Some(Ok(rest)) => return rest,
                Some(Err(_)) => return Err(Waited(format!("stuck: {:#?}", self.view().map(|view| view.stage)))),
                None => {
                    self.deaths += 1;
                    self.kill();
                    // What is on the disk is taken up again, not begun anew.
                    if self.opened() > opened {
                        wanted = None;
                    }
                    for _ in 0..8 {
                        tokio::task::yield_now().await;
                    }
                }
            }
        }
    }

    async fn toil(&mut self, wanted: &mut Option<String>, script: &mut impl FnMut(&CaseView) -> Move) -> Result<Rest, Waited> {
        let mut seen = None;
        let mut began = false;
        let mut asked = BTreeSet::new();
        for _ in 0..MOST_VIEWS {
            let view = self.clerk()?.until("anything new", |view| Some(view.revision) != seen).await?;
            seen = Some(view.revision);
            let offline = view.status.as_ref().is_some_and(|status| matches!(status.line, LineView::Offline { .. }));
            let password = format!("pass-{}", self.operator);
            let act = match &view.stage {
                Stage::Starting { .. } => None,
                Stage::Blocked { message } => return Err(Waited(format!("blocked: {}", message.code))),
                Stage::SignIn { busy, message } => {
                    self.hear(message.as_ref());
                    (!busy).then(|| Act::SignIn { operator: self.operator.clone(), password })
                }
                Stage::Locked { busy, .. } => (!busy).then_some(Act::Unlock { password }),
                Stage::DayOpen { busy, .. } => (!busy).then(|| Act::OpenDay { float: "500".to_owned(), blanks: "20".to_owned() }),
                Stage::Report(_)
                | Stage::OutletReport(_)
                | Stage::Office(_)
                | Stage::DayClose(_)
                | Stage::Papers(_)
                | Stage::Exceptions(_)
                | Stage::Doctor(_) => Some(Act::Home),
                Stage::Home(home) => {
                    let next = home.unfinished.iter().find(|left| !self.left.contains(&left.case));
                    match (next, wanted.as_ref()) {
                        (Some(left), _) => Some(Act::Resume { case: left.case.clone() }),
                        (None, None) => return Ok(Rest::Home { waiting: home.unfinished.len() }),
                        (None, Some(service)) => {
                            // Where two programmes have it, the one whose card the customer brings.
                            let purse = self.hands.card.as_ref().is_some_and(|card| card.starts_with("purse"));
                            let button = home
                                .services
                                .iter()
                                .filter(|button| button.service == *service)
                                .min_by_key(|button| button.programme.contains("one-card") != purse);
                            let button = button.ok_or_else(|| Waited(format!("no key for {service}")))?;
                            if let Some(message) = button.blocked.clone().or_else(|| home.message.clone().filter(|_| began)) {
                                *wanted = None;
                                self.told.push(message.clone());
                                return Ok(Rest::Blocked(message));
                            }
                            began = true;
                            // Nobody's card is left lying from the case before.
                            self.rig.tray.take_off();
                            Some(Act::Start { service: button.service.clone(), programme: button.programme.clone() })
                        }
                    }
                }
                Stage::Case(case) => {
                    if began {
                        *wanted = None;
                        began = false;
                    }
                    self.hear(case.message.as_ref());
                    let question = case.question.id.clone();
                    let waits = question.contains("wait_line");
                    match &case.question.ask {
                        AskView::Ended { .. } => {
                            self.ended.push((**case).clone());
                            self.left.insert(case.case.clone());
                            // The customer gets the card back.
                            self.rig.tray.take_off();
                            Some(Act::Home)
                        }
                        // The centre is still being asked: a key would be dropped.
                        AskView::Go { .. } if waits && !case.can_park => None,
                        AskView::Go { .. } if waits => {
                            // Asked for a second time, the desk has not found its line yet.
                            if offline || !asked.insert(case.case.clone()) {
                                self.left.insert(case.case.clone());
                            }
                            Some(Act::Go { question })
                        }
                        AskView::Again { message } if offline => {
                            self.hear(Some(message));
                            self.left.insert(case.case.clone());
                            Some(Act::Park { question })
                        }
                        AskView::Choice { .. }
                        | AskView::Form { .. }
                        | AskView::Go { .. }
                        | AskView::Act { .. }
                        | AskView::PutCard { .. }
                        | AskView::Authorise { .. }
                        | AskView::Busy { .. }
                        | AskView::Again { .. } => match script(case) {
                            Move::Stop => return Ok(Rest::Stopped(case.clone())),
                            Move::Park => {
                                self.left.insert(case.case.clone());
                                Some(Act::Park { question })
                            }
                            moved @ (Move::Choose(_)
                            | Move::Fill(_)
                            | Move::Go
                            | Move::Do
                            | Move::Authorise { .. }
                            | Move::Cancel
                            | Move::Wait) => act_of(case, moved),
                        },
                    }
                }
            };
            if let Some(act) = act {
                self.send(act);
            }
        }
        Err(Waited(format!("{MOST_VIEWS} views and no end: {:#?}", self.view().map(|view| view.stage))))
    }

    fn opened(&self) -> usize {
        self.rig.disk().map_or(0, |disk| disk.kinds().iter().filter(|kind| *kind == "opened").count())
    }

    fn hear(&mut self, message: Option<&MessageView>) {
        if let Some(message) = message
            && self.told.last() != Some(message)
        {
            self.told.push(message.clone());
        }
    }

    /// Waits until the line reads as wanted, as the clerk does who looks at the strip on top.
    ///
    /// # Errors
    /// [`Waited`].
    pub async fn until_line(&mut self, online: bool) -> Result<(), Waited> {
        self.clerk()?
            .until("the line", |view| view.status.as_ref().is_some_and(|status| matches!(status.line, LineView::Online) == online))
            .await
            .map(|_| ())
    }

    /// Signs in, opens the day, ends at home; then lets every row reach the centre.
    ///
    /// # Errors
    /// [`Waited`].
    pub async fn drain(&mut self) -> Result<(), Waited> {
        self.work(None).await?;
        self.clerk()?.until("everything sent up", |view| view.status.as_ref().is_some_and(|status| status.waiting == 0)).await.map(|_| ())
    }
}

/// Moves a card from one desk's tray to another's: it can lie at one place only.
pub fn carry(name: &str, from: &Rig, to: &Rig) {
    from.tray.take_off();
    if let Some(card) = from.tray.card(name) {
        to.tray.add(name, card);
    }
}
