//! One clerk's shift for one job: looks at whatever the desk shows, does the one thing that leads on, and takes a job that
//! a power cut interrupted up again from the home screen.

use std::time::Duration;

use desk_app::view::{Act, AskView, CaseView, LineView, ReportView, Stage, View};

use desk_domain::order::Way;

use crate::{
    clerk::{Clerk, Move, Waited},
    earlier::PUT_ON,
    rig::Rig,
    script::Hands,
    world::{BLOCKED_CLEARED, BLOCKED_SLIP, LOSER, NEWCOMER},
};

/// Something a customer comes for, with the card that he or she brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    pub name: &'static str,
    /// Empty: the day is opened and nobody comes.
    pub service: &'static str,
    pub card: Option<&'static str>,
    /// Card numbers or people whose right is at stake, as the centre names rights.
    pub right: Option<&'static str>,
    /// Fen paid out.
    pub out: i64,
    /// Fen taken in.
    pub fee: i64,
}

/// Every service, and the opening of the day.
pub const JOBS: [Job; 35] = [
    Job { name: "day open", service: "", card: None, right: None, out: 0, fee: 0 },
    Job {
        name: "refund, unload",
        service: "refund_readable",
        card: Some("purse-unload"),
        right: Some("purse:3104999000000000101"),
        out: 3_650,
        fee: 0,
    },
    Job {
        name: "refund, purchase of rest",
        service: "refund_readable",
        card: Some("purse-refuses-unload"),
        right: Some("purse:3104999000000000202"),
        out: 12_800,
        fee: 0,
    },
    Job {
        name: "refund above the limit",
        service: "refund_readable",
        card: Some("purse-above-limit"),
        right: Some("purse:3104999000000000103"),
        out: 26_800,
        fee: 0,
    },
    Job { name: "reissue", service: "reissue_lost", card: None, right: Some("reissue:pupil-0001"), out: 0, fee: 2_000 },
    Job {
        name: "validation",
        service: "validation",
        card: Some("education-current"),
        right: Some("validity:2150999000000001"),
        out: 0,
        fee: 0,
    },
    Job { name: "password reset", service: "password_reset", card: None, right: Some("password:pupil-0001"), out: 0, fee: 0 },
    Job { name: "card query", service: "card_query", card: Some("education-current"), right: None, out: 0, fee: 0 },
    Job { name: "temporary loss", service: "temporary_loss", card: None, right: None, out: 0, fee: 0 },
    Job { name: "formal loss", service: "formal_loss", card: None, right: Some("loss:3104999000000000101"), out: 0, fee: 0 },
    Job {
        name: "release of loss",
        service: "loss_release",
        card: Some("purse-lost"),
        right: Some("loss:3104999000000000105"),
        out: 0,
        fee: 0,
    },
    Job { name: "first issue", service: "first_issue", card: None, right: None, out: 0, fee: 0 },
    Job { name: "text codes", service: "sms_diagnosis", card: None, right: Some("code:pupil-0001"), out: 0, fee: 0 },
    Job {
        name: "found card",
        service: "found_card",
        card: Some("education-current"),
        right: Some("found:2150999000000001"),
        out: 0,
        fee: 0,
    },
    Job { name: "bad card", service: "bad_card", card: Some("education-current"), right: None, out: 0, fee: 0 },
    Job { name: "blank stock", service: "blank_stock", card: None, right: None, out: 0, fee: 0 },
    Job { name: "top-up", service: "top_up", card: Some("purse-unload"), right: Some("purse:3104999000000000101"), out: 0, fee: 5_000 },
    Job {
        name: "refund, block then back office",
        service: "refund_readable",
        card: Some(ONLY_BLOCKS),
        right: Some("purse:3104999000000000303"),
        out: 0,
        fee: 0,
    },
    Job { name: "damaged card", service: "replace_damaged", card: None, right: Some("reissue:pupil-0001"), out: 0, fee: 2_000 },
    Job { name: "faulty card", service: "replace_faulty", card: None, right: Some("reissue:pupil-0001"), out: 0, fee: 0 },
    Job { name: "refund, no answer", service: "refund_unreadable", card: None, right: Some("purse:3104999000000000101"), out: 0, fee: 0 },
    Job { name: "application", service: "application", card: None, right: Some("order:resident-0040"), out: 0, fee: 0 },
    Job { name: "pick-up", service: "pick_up", card: Some("purse-made"), right: Some("made:R-MADE"), out: 0, fee: 0 },
    Job {
        name: "card given up",
        service: "card_return",
        card: Some("education-current"),
        right: Some("card:2150999000000001"),
        out: 0,
        fee: 0,
    },
    Job { name: "refund due", service: "refund_due", card: None, right: Some("payout:R-OWED"), out: 4_520, fee: 0 },
    Job {
        name: "refund due of a purse that only blocks",
        service: "refund_due",
        card: None,
        right: Some("payout:R-BLOCKED"),
        out: 5_200,
        fee: 0,
    },
    Job { name: "reissue, made centrally", service: "reissue_lost", card: None, right: Some("reissue:pupil-0001"), out: 0, fee: 2_000 },
    Job { name: "reissue, sent", service: "reissue_lost", card: None, right: Some("reissue:pupil-0001"), out: 0, fee: 3_200 },
    Job {
        name: "damaged card, made centrally",
        service: "replace_damaged",
        card: None,
        right: Some("reissue:pupil-0001"),
        out: 0,
        fee: 2_000,
    },
    Job { name: "pick-up, validated", service: "pick_up", card: Some("education-made"), right: Some("made:R-PUPIL-MADE"), out: 0, fee: 0 },
    Job { name: "sent again", service: "send_again", card: None, right: Some("made:R-PUPIL-BACK"), out: 0, fee: 1_200 },
    Job { name: "nobody came", service: "uncollected", card: None, right: Some("made:R-PUPIL-OLD"), out: 0, fee: 0 },
    Job {
        name: "reversal",
        service: "reversal",
        card: Some("purse-unload"),
        right: Some("purse:3104999000000000101"),
        out: 0,
        fee: -PUT_ON,
    },
    Job { name: "re-write", service: "rewrite", card: Some("purse-unload"), right: Some("purse:3104999000000000101"), out: 0, fee: 0 },
    Job { name: "unit batch", service: "unit_batch", card: None, right: None, out: 0, fee: 0 },
];

/// Card of a purse that the counter can only put out of use.
const ONLY_BLOCKS: &str = "purse-only-blocks";

impl Job {
    /// Fen that the back office owes afterwards.
    #[must_use]
    pub fn later(&self) -> i64 {
        if self.card == Some(ONLY_BLOCKS) && self.service == "refund_readable" { 5_600 } else { 0 }
    }

    /// The new card is made centrally, where the service makes one.
    #[must_use]
    pub fn way(&self) -> Way {
        if self.name.ends_with("sent") {
            Way::Courier
        } else if self.name.ends_with("centrally") {
            Way::PickUp
        } else {
            Way::Counter
        }
    }

    /// Two programmes have the service: is this the one that the job is about?
    fn wants(&self, programme: &str) -> bool {
        let of_pupils = self.right.is_some_and(|right| right.contains("R-PUPIL"));
        match self.service {
            "pick_up" | "send_again" | "uncollected" => programme.contains("education") == of_pupils,
            _ => true,
        }
    }

    /// Movements of the same right that were settled before.
    #[must_use]
    pub fn before(&self) -> u32 {
        u32::from(self.service == "reversal")
    }

    #[must_use]
    pub fn hands(&self) -> Hands {
        let mut hands = self.card.map_or_else(Hands::default, Hands::with_card);
        hands.way = self.way().as_str();
        match self.service {
            "loss_release" | "pick_up" => LOSER.clone_into(&mut hands.number),
            "refund_due" if self.out == BLOCKED_CLEARED.0 => BLOCKED_SLIP.clone_into(&mut hands.slip),
            "application" | "send_again" => NEWCOMER.clone_into(&mut hands.number),
            _ => {}
        }
        hands
    }
}

/// How the clerk works.
pub struct Shift<'a> {
    pub job: &'a Job,
    pub rig: &'a Rig,
    pub hands: Hands,
    /// Every act is sent so often, as a nervous finger does.
    pub clicks: u32,
    /// Acts of before are sent again after each new one.
    pub stale: bool,
    /// Time the clerk takes for each act, in which uploads and pings go on.
    pub pace: Duration,
    sent: Vec<Act>,
}

/// More than any job needs, with every fault.
const MOST_ACTS: u32 = 1_500;
/// Simulated time after which a job counts as stuck.
const PATIENCE: Duration = Duration::from_secs(3_600);

impl<'a> Shift<'a> {
    #[must_use]
    pub fn new(job: &'a Job, rig: &'a Rig) -> Self {
        Self { job, rig, hands: job.hands(), clicks: 1, stale: false, pace: Duration::ZERO, sent: Vec::new() }
    }

    /// From the sign-in screen to the home screen after the job's end; answers the last view of the case, where a case
    /// was seen to end.
    ///
    /// # Errors
    /// [`Waited`] where the desk is blocked, gone or stuck.
    pub async fn work(&mut self, clerk: &mut Clerk) -> Result<Option<CaseView>, Waited> {
        let mut hands = self.hands.clone();
        let tray = self.rig.tray.clone();
        let end = self.work_with(clerk, |case| hands.answer(case, &tray)).await;
        self.hands = hands;
        end
    }

    /// The same with another script for the questions of the case.
    ///
    /// # Errors
    /// As [`Shift::work`].
    pub async fn work_with(&mut self, clerk: &mut Clerk, script: impl FnMut(&CaseView) -> Move) -> Result<Option<CaseView>, Waited> {
        match tokio::time::timeout(PATIENCE, self.toil(clerk, script)).await {
            Ok(end) => end,
            Err(_) => Err(Waited(format!("stuck: {}", place(clerk)))),
        }
    }

    async fn toil(&mut self, clerk: &mut Clerk, mut script: impl FnMut(&CaseView) -> Move) -> Result<Option<CaseView>, Waited> {
        let mut seen = None;
        let mut ended = None;
        for _ in 0..MOST_ACTS {
            let view = clerk.until("anything new", |view| Some(view.revision) != seen).await?;
            seen = Some(view.revision);
            let act = match &view.stage {
                Stage::Starting { .. } => None,
                Stage::Blocked { message } => return Err(Waited(format!("blocked: {}", message.code))),
                Stage::SignIn { busy, .. } => {
                    (!busy).then(|| Act::SignIn { operator: "1001".to_owned(), password: "pass-1001".to_owned() })
                }
                Stage::Locked { busy, .. } => (!busy).then(|| Act::Unlock { password: "pass-1001".to_owned() }),
                Stage::DayOpen { busy, .. } => (!busy).then(|| Act::OpenDay { float: "500".to_owned(), blanks: "20".to_owned() }),
                Stage::Report(_)
                | Stage::OutletReport(_)
                | Stage::Office(_)
                | Stage::DayClose(_)
                | Stage::Papers(_)
                | Stage::Exceptions(_)
                | Stage::Doctor(_) => Some(Act::Home),
                Stage::Home(home) => match home.unfinished.first() {
                    Some(left) => Some(Act::Resume { case: left.case.clone() }),
                    None if self.served() => return Ok(ended),
                    // Nobody comes for a job that needs the line while it is down.
                    None if view.status.as_ref().is_some_and(|status| status.line != LineView::Online) => None,
                    None => home
                        .services
                        .iter()
                        .filter(|button| button.service == self.job.service && self.job.wants(&button.programme))
                        // Where two programmes have it, the one whose card the customer brings.
                        .min_by_key(|button| {
                            button.programme.contains("one-card") != self.job.card.is_some_and(|card| card.starts_with("purse"))
                        })
                        .map(|button| Act::Start { service: button.service.clone(), programme: button.programme.clone() }),
                },
                Stage::Case(case) if matches!(case.question.ask, AskView::Ended { .. }) => {
                    ended = Some((**case).clone());
                    Some(Act::Home)
                }
                Stage::Case(case) => {
                    let moved = script(case);
                    if moved == Move::Stop {
                        return Ok(Some((**case).clone()));
                    }
                    act_of(case, moved)
                }
            };
            if let Some(act) = act {
                if !self.pace.is_zero() {
                    tokio::time::sleep(self.pace).await;
                }
                self.send(clerk, act);
            }
        }
        Err(Waited(format!("{MOST_ACTS} views and no end: {}", place(clerk))))
    }

    fn send(&mut self, clerk: &Clerk, act: Act) {
        for _ in 0..self.clicks {
            clerk.send(act.clone());
        }
        if self.stale {
            for old in &self.sent {
                clerk.send(old.clone());
            }
            let again = matches!(act, Act::SignIn { .. } | Act::Unlock { .. } | Act::Home | Act::Start { .. } | Act::Resume { .. });
            if !again {
                self.sent.push(act);
            }
        }
    }

    /// A case was opened, and none is left.
    fn served(&self) -> bool {
        let kinds = self.rig.disk().map(|disk| disk.kinds()).unwrap_or_default();
        self.job.service.is_empty() || kinds.iter().any(|kind| kind == "opened")
    }
}

/// Where the desk stands, in one line.
fn place(clerk: &Clerk) -> String {
    match clerk.view().map(|view| view.stage) {
        Some(Stage::Case(case)) => format!("{:?}, message {:?}", case.question, case.message.map(|message| message.code)),
        stage => format!("{stage:?}"),
    }
}

/// The act that makes a move on the question of this view.
#[must_use]
pub fn act_of(case: &CaseView, moved: Move) -> Option<Act> {
    let question = case.question.id.clone();
    match moved {
        Move::Choose(option) => Some(Act::Choose { question, option }),
        Move::Fill(values) => Some(Act::Fill { question, values }),
        Move::Go => Some(Act::Go { question }),
        Move::Do => Some(Act::Do { question }),
        Move::Authorise { supervisor, password } => Some(Act::Authorise { question, supervisor, password }),
        Move::Park => Some(Act::Park { question }),
        Move::Cancel => Some(Act::Cancel { question }),
        Move::Wait | Move::Stop => None,
    }
}

/// The supervisor comes to the desk and asks for the day: everything is sent up, and all three sums are there.
///
/// # Errors
/// [`Waited`] where the report does not come.
pub async fn report(clerk: &mut Clerk) -> Result<ReportView, Waited> {
    let work = async {
        let mut seen = None;
        loop {
            let view: View = clerk.until("anything new", |view| Some(view.revision) != seen).await?;
            seen = Some(view.revision);
            let supervisor = view.status.as_ref().is_some_and(|status| status.supervisor);
            match &view.stage {
                Stage::SignIn { busy: false, .. } => {
                    clerk.send(Act::SignIn { operator: "2001".to_owned(), password: "pass-2001".to_owned() });
                }
                Stage::Locked { busy: false, .. } => clerk.send(Act::SignOut),
                Stage::DayOpen { .. } | Stage::Home(_) if supervisor => clerk.send(Act::Report),
                Stage::DayOpen { .. } | Stage::Home(_) => clerk.send(Act::SignOut),
                Stage::Case(_) | Stage::DayClose(_) => clerk.send(Act::Home),
                Stage::Report(report) if !report.busy => return Ok((**report).clone()),
                Stage::Report(_)
                | Stage::Papers(_)
                | Stage::Exceptions(_)
                | Stage::Doctor(_)
                | Stage::Office(_)
                | Stage::OutletReport(_)
                | Stage::Starting { .. }
                | Stage::Blocked { .. }
                | Stage::SignIn { .. }
                | Stage::Locked { .. } => {}
            }
        }
    };
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(report) => report,
        Err(_) => Err(Waited("no report".to_owned())),
    }
}
