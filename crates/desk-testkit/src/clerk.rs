//! A scripted clerk: looks at the view, answers the question that is asked, and nothing else.

use std::{sync::Arc, time::Duration};

use desk_app::{
    DeskHandle,
    view::{Act, AskView, CaseView, Stage, View},
};
use tokio::sync::watch;

use crate::screen::CapturedScreen;

/// One answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    Choose(String),
    Fill(Vec<(String, String)>),
    Go,
    /// The named key.
    Do,
    Authorise {
        supervisor: String,
        password: String,
    },
    Park,
    Cancel,
    /// Nothing to answer: the desk goes on by itself.
    Wait,
    /// The script ends here.
    Stop,
}

pub struct Clerk {
    handle: DeskHandle,
    views: watch::Receiver<Option<View>>,
    patience: Duration,
}

/// What the clerk waited for in vain, with the last stage seen.
#[derive(Debug)]
pub struct Waited(pub String);

impl Clerk {
    #[must_use]
    pub fn at(handle: DeskHandle, screen: &Arc<CapturedScreen>) -> Self {
        Self { handle, views: screen.watch(), patience: Duration::from_secs(300) }
    }

    /// A second pair of eyes on the same screen.
    #[must_use]
    pub fn beside(&self) -> Self {
        Self { handle: self.handle.clone(), views: self.views.clone(), patience: self.patience }
    }

    pub fn send(&self, act: Act) {
        self.handle.send(act);
    }

    #[must_use]
    pub fn view(&self) -> Option<View> {
        self.views.borrow().clone()
    }

    /// Waits for a view that fits.
    ///
    /// # Errors
    /// [`Waited`] after the clerk's patience.
    pub async fn until(&mut self, what: &str, fits: impl Fn(&View) -> bool) -> Result<View, Waited> {
        let found = tokio::time::timeout(self.patience, async {
            loop {
                let seen = self.views.borrow_and_update().clone();
                if let Some(view) = seen.filter(|view| fits(view)) {
                    return Some(view);
                }
                self.views.changed().await.ok()?;
            }
        })
        .await;
        match found {
            Ok(Some(view)) => Ok(view),
            Ok(None) => Err(Waited(format!("{what}: the desk is gone"))),
            Err(_) => Err(Waited(format!("{what}: last seen {:#?}", self.view().map(|view| view.stage)))),
        }
    }

    /// # Errors
    /// [`Waited`].
    pub async fn sign_in(&mut self, operator: &str, password: &str) -> Result<View, Waited> {
        self.until("sign-in screen", |view| matches!(&view.stage, Stage::SignIn { busy: false, .. })).await?;
        self.send(Act::SignIn { operator: operator.to_owned(), password: password.to_owned() });
        self.until("signed in", |view| !matches!(&view.stage, Stage::SignIn { .. } | Stage::Starting { .. })).await
    }

    /// Opens the day where it is not open yet.
    ///
    /// # Errors
    /// [`Waited`].
    pub async fn open_day(&mut self, float: &str, blanks: &str) -> Result<View, Waited> {
        let view = self.until("a stage", |_| true).await?;
        if matches!(view.stage, Stage::DayOpen { .. }) {
            self.send(Act::OpenDay { float: float.to_owned(), blanks: blanks.to_owned() });
        }
        self.until("day open", |view| matches!(&view.stage, Stage::Home(_) | Stage::Case(_))).await
    }

    /// Answers questions by `script` until it stops or the case ends; answers the last case view.
    ///
    /// # Errors
    /// [`Waited`], also when the same question comes back unchanged after 40 answers.
    pub async fn drive(&mut self, mut script: impl FnMut(&CaseView) -> Move) -> Result<CaseView, Waited> {
        let mut answered: Option<(String, u32)> = None;
        let mut answers = 0;
        loop {
            let last = answered.clone();
            let view = self
                .until("the next question", |view| match &view.stage {
                    Stage::Case(case) => last.as_ref() != Some(&(case.question.id.clone(), view.revision)),
                    Stage::Home(_) => true,
                    Stage::Starting { .. }
                    | Stage::Blocked { .. }
                    | Stage::SignIn { .. }
                    | Stage::Locked { .. }
                    | Stage::DayOpen { .. }
                    | Stage::DayClose(_)
                    | Stage::Report(_)
                    | Stage::Papers(_)
                    | Stage::Exceptions(_)
                    | Stage::Doctor(_)
                    | Stage::Office(_)
                    | Stage::OutletReport(_) => false,
                })
                .await?;
            let Stage::Case(case) = &view.stage else {
                return Err(Waited("the case left the screen".into()));
            };
            if matches!(case.question.ask, AskView::Ended { .. }) {
                return Ok((**case).clone());
            }
            answered = Some((case.question.id.clone(), view.revision));
            let question = case.question.id.clone();
            let act = match script(case) {
                Move::Choose(option) => Act::Choose { question, option },
                Move::Fill(values) => Act::Fill { question, values },
                Move::Go => Act::Go { question },
                Move::Do => Act::Do { question },
                Move::Authorise { supervisor, password } => Act::Authorise { question, supervisor, password },
                Move::Park => Act::Park { question },
                Move::Cancel => Act::Cancel { question },
                Move::Wait => continue,
                Move::Stop => return Ok((**case).clone()),
            };
            answers += 1;
            if answers > 80 {
                return Err(Waited(format!("80 answers and no end: {:#?}", case.question)));
            }
            self.send(act);
        }
    }
}
