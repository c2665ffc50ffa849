//! One envelope in, one response out: who asks, was it asked before, what is it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use desk_domain::{
    code::{Code, Message},
    id::{CellId, DeviceId, SessionToken},
    ruleset::RuleSets,
};
use desk_wire::{
    publication::PublishingKey,
    v1::{Envelope, Reply, Request, Response, VERSION},
};

pub use crate::answer::Failure;
use crate::{
    answer::{Answer, Step, Stop, settle},
    number::{digest, local_day},
    policy::Policy,
    ports::{EcardPlatform, Entropy, KeyRelease, Passwords, StaffCards},
    publish::{InForce, in_force},
    record::{Device, FirstReply, Keep, RequestKey, Session},
    store::{CentreStore, Tx},
    upstream::Upstream,
};

/// Everything a centre is made of.
pub struct Parts {
    pub store: Box<dyn CentreStore>,
    pub keys: Box<dyn KeyRelease>,
    pub passwords: Box<dyn Passwords>,
    pub staff_cards: Box<dyn StaffCards>,
    pub platform: Box<dyn EcardPlatform>,
    pub upstream: Upstream,
    /// By the installation's own rule files; what was published since comes from the store.
    pub policy: Policy,
    /// The installation's own rule files.
    pub rules: RuleSets,
    pub publishing: PublishingKey,
    /// Key of digests (request bodies, session tokens, enrolment codes).
    pub secret: [u8; 32],
}

/// The centre. Stateless between requests: everything rests in the store.
pub struct Centre {
    pub(crate) parts: Parts,
    /// What the publications of the store come to; read anew with each publication and each day.
    in_force: Mutex<Option<Arc<InForce>>>,
}

/// One request in progress.
pub(crate) struct Call<'a> {
    pub parts: &'a Parts,
    pub policy: &'a Policy,
    /// Own files and publications.
    pub rules: &'a RuleSets,
    pub tx: &'a mut dyn Tx,
    pub envelope: &'a Envelope,
    pub device: Device,
    pub now: DateTime<Utc>,
    pub entropy: &'a mut dyn Entropy,
}

impl Centre {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { parts, in_force: Mutex::new(None) }
    }

    #[must_use]
    pub fn store(&self) -> &dyn CentreStore {
        self.parts.store.as_ref()
    }

    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Answers one request. `peer` is the device that the transport has authenticated.
    ///
    /// # Errors
    /// [`Failure`] where there is no answer: nothing was done, the same request may be repeated.
    pub async fn handle(
        &self,
        envelope: &Envelope,
        peer: &DeviceId,
        now: DateTime<Utc>,
        entropy: &mut dyn Entropy,
    ) -> Result<Response, Failure> {
        let respond = |reply| Response { version: VERSION, id: envelope.id, at: now, reply };
        if envelope.version != VERSION || envelope.device != *peer {
            return Ok(respond(refused(Code::DeviceUnknown)));
        }
        let mut tx = self.parts.store.begin().await?;
        let Some(device) = tx.device(&envelope.cell, &envelope.device).await? else {
            return Ok(respond(refused(Code::DeviceUnknown)));
        };
        if let Err(code) = admit(&device, envelope.generation) {
            return Ok(respond(refused(code)));
        }
        if envelope.request == Request::Ping {
            let published = tx.last_publication(&envelope.cell).await?;
            return Ok(respond(Reply::Pong { published }));
        }
        // Asked for ever by every desk, and the same to everybody: no reply is kept.
        if let Request::Publications { after } = envelope.request {
            let publications = tx.publications(&envelope.cell, after).await?;
            return Ok(respond(Reply::Publications { publications }));
        }

        let key = RequestKey { cell: envelope.cell.clone(), device: envelope.device.clone(), id: envelope.id };
        let body = self.body_digest(&envelope.request)?;
        if let Some(first) = tx.take_request(&key, &body).await? {
            if first.body != body {
                return Ok(respond(refused(Code::RequestChanged)));
            }
            let reply = serde_json::from_str(&first.reply).map_err(|_| Failure::Inconsistent("kept reply"))?;
            return Ok(respond(self.with_token(reply, envelope)));
        }

        let in_force = self.in_force(tx.as_mut(), &envelope.cell, now).await?;
        let InForce { policy, rules, .. } = in_force.as_ref();
        let mut call = Call { parts: &self.parts, policy, rules, tx: tx.as_mut(), envelope, device, now, entropy };
        let answer = settle(call.answer().await)?;
        let reply = match answer {
            Answer::Kept(reply, keep) => {
                let first = FirstReply { body, reply: serde_json::to_string(&reply).map_err(|_| Failure::Inconsistent("reply"))? };
                tx.keep_reply(&key, &first, keep, now).await?;
                reply
            }
            Answer::Passing(reply) => reply,
        };
        tx.commit().await?;
        Ok(respond(self.with_token(reply, envelope)))
    }

    /// Asks once more about everything of which one system did its part; how many came to an end.
    ///
    /// # Errors
    /// [`Failure`] where the store does not work; what was done before it stays done.
    pub async fn pursue(&self, now: DateTime<Utc>, entropy: &mut dyn Entropy) -> Result<u32, Failure> {
        let halves = self.parts.store.begin().await?.halves().await?;
        let mut ended = 0;
        for half in halves {
            let mut tx = self.parts.store.begin().await?;
            let Some(claim) = tx.claim(&half.reservation).await? else {
                return Err(Failure::Inconsistent("half-done claim"));
            };
            let Some(device) = tx.device(&claim.by.cell, &claim.by.device).await? else {
                return Err(Failure::Inconsistent("device of a claim"));
            };
            // In the name of the desk that began it.
            let envelope = Envelope {
                version: VERSION,
                cell: claim.by.cell.clone(),
                device: claim.by.device.clone(),
                generation: device.generation,
                id: desk_domain::id::Id128([0; 16]),
                session: None,
                sent_at: now,
                request: Request::Ping,
            };
            let in_force = self.in_force(tx.as_mut(), &envelope.cell, now).await?;
            let InForce { policy, rules, .. } = in_force.as_ref();
            let mut call = Call { parts: &self.parts, policy, rules, tx: tx.as_mut(), envelope: &envelope, device, now, entropy };
            match call.pursue(&half).await {
                Ok(true) => ended += 1,
                Ok(false) | Err(Stop::Refuse(_) | Stop::Wait(_)) => {}
                Err(Stop::Fail(failure)) => return Err(failure),
            }
            tx.commit().await?;
        }
        Ok(ended)
    }

    /// Own files and publications as they are in force now.
    async fn in_force(&self, tx: &mut dyn Tx, cell: &CellId, now: DateTime<Utc>) -> Result<Arc<InForce>, Failure> {
        let (published, day) = (tx.last_publication(cell).await?, local_day(now));
        let known = self.in_force.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.is_of(cell, published, day)) {
            return Ok(known);
        }
        let publications = if published > 0 { tx.publications(cell, 0).await? } else { Vec::new() };
        let fresh = Arc::new(in_force(&self.parts, cell, &publications, day)?);
        *self.in_force.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    fn body_digest(&self, request: &Request) -> Result<String, Failure> {
        let body = serde_json::to_string(request).map_err(|_| Failure::Inconsistent("request body"))?;
        Ok(digest(&self.parts.secret, "body", &[&body]))
    }

    /// The token of a sign-in is derived, not kept: a repeat gets the same one.
    fn with_token(&self, reply: Reply, envelope: &Envelope) -> Reply {
        if let Reply::SignedIn { operator, .. } = reply {
            Reply::SignedIn { session: session_token(&self.parts.secret, envelope), operator }
        } else {
            reply
        }
    }
}

fn refused(code: Code) -> Reply {
    Reply::Refused { message: Message::new(code) }
}

fn admit(device: &Device, generation: u32) -> Result<(), Code> {
    match generation.cmp(&device.generation) {
        std::cmp::Ordering::Less => Err(Code::DeviceRollback),
        std::cmp::Ordering::Greater => Err(Code::DeviceUnknown),
        std::cmp::Ordering::Equal if device.locked_at.is_some() => Err(Code::DeviceRollback),
        std::cmp::Ordering::Equal => Ok(()),
    }
}

pub(crate) fn session_token(secret: &[u8; 32], envelope: &Envelope) -> SessionToken {
    SessionToken::new(digest(secret, "session", &[envelope.cell.as_str(), envelope.device.as_str(), &envelope.id.to_string()]))
}

impl Call<'_> {
    async fn answer(&mut self) -> Step<Answer> {
        let envelope = self.envelope;
        match &envelope.request {
            Request::Ping => Ok(Answer::Passing(Reply::Pong { published: self.tx.last_publication(&envelope.cell).await? })),
            Request::SignIn { operator, password } => self.sign_in(operator, password).await,
            Request::SignInByCard { proof } => self.sign_in_by_card(proof).await,
            Request::SignOut => self.sign_out().await,
            Request::FindPerson { lookup, .. } => self.find_person(lookup).await,
            Request::FindCard { lookup, .. } => self.find_card(lookup).await,
            Request::Inquire { lookup, inquiry, .. } => self.inquire(lookup, *inquiry).await,
            Request::FindOwed { slip, .. } => self.find_owed(slip).await,
            Request::FindUncollected { programme, .. } => self.find_uncollected(programme).await,
            Request::Reserve { case, number, window, claim, authorisation } => {
                self.reserve(*case, number, window, claim, authorisation.as_ref()).await
            }
            Request::KeepPhoto { case, sha256, photo } => self.keep_photo(*case, sha256, photo).await,
            Request::SubmitRows { case, number, window, portion } => self.submit_rows(*case, number, window, portion).await,
            Request::Release { case, reservation } => self.release(*case, reservation).await,
            Request::Issuer { case, reservation, ask } => self.issuer(*case, reservation, ask).await,
            Request::ReportUnknown { case, reservation, intent } => self.report_unknown(*case, reservation, intent).await,
            Request::OpenWrite { card } => self.open_write(card).await,
            Request::DecideWrite { case, reservation, end } => self.decide_write(*case, reservation, end).await,
            Request::WriteEnd { case, reservation } => self.write_end(*case, reservation).await,
            Request::Confirm { case, reservation, settlement } => self.confirm(*case, reservation, settlement).await,
            Request::Authorise { case, supervisor, password, amount, reason } => {
                self.authorise(*case, supervisor, password, *amount, reason).await
            }
            Request::AuthoriseByCard { case, proof, amount, reason } => self.authorise_by_card(*case, proof, *amount, reason).await,
            Request::DayTotals { outlet, day, device } => self.day_totals(outlet, *day, device.as_ref()).await,
            Request::Upload { batch } => self.upload(batch).await,
            Request::Publications { after } => {
                let publications = self.tx.publications(&envelope.cell, *after).await?;
                Ok(Answer::Passing(Reply::Publications { publications }))
            }
            Request::Publish { name, text, second } => self.publish(name, text, second.as_ref()).await,
            Request::Undecided => self.undecided().await,
            Request::GiveBack { reservation, reason, second } => self.give_back(reservation, reason, second).await,
            Request::WriteOff { reservation, reason, second } => self.write_off(reservation, reason, second).await,
            Request::OutletDay { day } => self.outlet_day(*day).await,
        }
    }

    /// The session that the envelope names, where it is this desk's and still runs.
    pub(crate) async fn session(&mut self) -> Step<Session> {
        let not_signed_in = || Stop::Wait(Message::new(Code::NotSignedIn));
        let Some(token) = &self.envelope.session else {
            return Err(not_signed_in());
        };
        let token = digest(&self.parts.secret, "token", &[token.as_str()]);
        let session = self.tx.session(&self.envelope.cell, &token).await?;
        session
            .filter(|session| session.device == self.device.device && session.ended_at.is_none() && session.expires_at > self.now)
            .ok_or_else(not_signed_in)
    }

    pub(crate) fn kept(reply: Reply) -> Step<Answer> {
        Ok(Answer::Kept(reply, Keep::Always))
    }
}
