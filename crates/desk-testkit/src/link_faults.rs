//! A line that loses requests, loses answers, repeats and goes down, in front of any [`CentreLink`].

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use desk_app::ports::{Answered, CentreLink, LinkFailure};
use desk_domain::{
    code::Code,
    id::{RequestId, SessionToken},
};
use desk_wire::v1::Request;

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFault {
    None,
    /// The request never arrives.
    RequestLost,
    /// The centre does it and the answer never arrives.
    AnswerLost,
    /// The centre hears it twice; the second answer counts.
    Repeated,
    /// The centre answers with an internal error before it does anything.
    CentreError,
    /// The answer is not a message.
    Garbled,
}

type Plan = Box<dyn FnMut(&Request) -> LineFault + Send>;

pub struct FaultyLine {
    inner: Arc<dyn CentreLink>,
    down: AtomicBool,
    plan: Mutex<Plan>,
}

impl FaultyLine {
    #[must_use]
    pub fn new(inner: Arc<dyn CentreLink>) -> Self {
        Self { inner, down: AtomicBool::new(false), plan: Mutex::new(Box::new(|_| LineFault::None)) }
    }

    /// While down, no request arrives.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Decides the fate of every call from now on.
    pub fn plan(&self, plan: impl FnMut(&Request) -> LineFault + Send + 'static) {
        if let Ok(mut slot) = self.plan.lock() {
            *slot = Box::new(plan);
        }
    }
}

fn failure(code: Code, detail: &str) -> LinkFailure {
    LinkFailure { code, detail: detail.to_owned() }
}

#[async_trait]
impl CentreLink for FaultyLine {
    async fn call(&self, id: RequestId, session: Option<&SessionToken>, request: &Request) -> Result<Answered, LinkFailure> {
        if self.down.load(Ordering::SeqCst) {
            return Err(failure(Code::CentreUnreachable, "line down"));
        }
        let fault = self.plan.lock().map(|mut plan| plan(request)).unwrap_or(LineFault::None);
        match fault {
            LineFault::None => self.inner.call(id, session, request).await,
            LineFault::RequestLost => Err(failure(Code::CentreLate, "request lost")),
            LineFault::AnswerLost => {
                let _lost = self.inner.call(id, session, request).await;
                Err(failure(Code::CentreLate, "answer lost"))
            }
            LineFault::Repeated => {
                let _first = self.inner.call(id, session, request).await;
                self.inner.call(id, session, request).await
            }
            LineFault::CentreError => Err(failure(Code::CentreError, "500")),
            LineFault::Garbled => Err(failure(Code::CentreGarbled, "not a message")),
        }
    }
}
