//! Sign-in, lock-out and sign-out.

use chrono::Duration;
use desk_domain::{
    code::{Code, Message},
    id::{OperatorId, SessionToken},
    staff::{self, StaffProof, StaffPurpose},
};
use desk_wire::v1::{Operator, Reply, Secret};

use crate::{
    answer::{Answer, Step, Stop},
    centre::{Call, session_token},
    number::digest,
    record::{Keep, OperatorRecord, Session},
};

/// Checked where there is no such operator, so that an unknown number takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

impl Call<'_> {
    pub(crate) async fn sign_in(&mut self, operator: &OperatorId, password: &Secret) -> Step<Answer> {
        let record = match self.proven_operator(operator, password).await? {
            Ok(record) => record,
            Err(message) => return Self::kept(Reply::Refused { message }),
        };
        self.let_in(record).await
    }

    pub(crate) async fn sign_in_by_card(&mut self, proof: &StaffProof) -> Step<Answer> {
        match self.proven_by_card(proof, &StaffPurpose::SignIn).await? {
            Ok(record) => self.let_in(record).await,
            Err(message) => Self::kept(Reply::Refused { message }),
        }
    }

    async fn let_in(&mut self, record: OperatorRecord) -> Step<Answer> {
        let token = session_token(&self.parts.secret, self.envelope);
        let policy = self.policy;
        self.tx
            .put_session(&Session {
                cell: self.envelope.cell.clone(),
                token: digest(&self.parts.secret, "token", &[token.as_str()]),
                device: self.device.device.clone(),
                operator: record.operator.clone(),
                expires_at: self.now + Duration::hours(i64::from(policy.session_hours)),
                ended_at: None,
            })
            .await?;
        Self::kept(Reply::SignedIn {
            // Filled in on the way out, so that no token is kept.
            session: SessionToken::new(""),
            operator: Operator {
                id: record.operator,
                roles: record.roles,
                offline_verifier: record.offline_verifier,
                offline_until: self.now + Duration::hours(i64::from(policy.offline_hours)),
                staff_card: record.staff_card,
            },
        })
    }

    /// The operator whose password this is; a wrong one is counted, and the fifth in a row locks.
    pub(crate) async fn proven_operator(&mut self, operator: &OperatorId, password: &Secret) -> Step<Result<OperatorRecord, Message>> {
        let record = self.tx.operator(&self.envelope.cell, operator).await?;
        let Some(mut record) = record else {
            self.parts.passwords.matches(&password.0, NOBODY).await;
            return Ok(Err(Message::new(Code::PasswordWrong)));
        };
        if record.locked_at.is_some() {
            return Ok(Err(Message::new(Code::OperatorLocked)));
        }
        if self.parts.passwords.matches(&password.0, &record.password).await {
            if record.failures > 0 {
                record.failures = 0;
                self.tx.put_operator(&record).await?;
            }
            return Ok(Ok(record));
        }
        record.failures = record.failures.saturating_add(1);
        let locks = record.failures >= self.policy.wrong_passwords;
        if locks {
            record.locked_at = Some(self.now);
        }
        self.tx.put_operator(&record).await?;
        Ok(Err(Message::new(if locks { Code::OperatorLocked } else { Code::PasswordWrong })))
    }

    /// The operator whose staff card signed this request. Tries at the PIN are counted by the card itself.
    pub(crate) async fn proven_by_card(&mut self, proof: &StaffProof, purpose: &StaffPurpose) -> Step<Result<OperatorRecord, Message>> {
        let challenge = staff::challenge(&self.envelope.cell, &self.device.device, &self.envelope.id, purpose);
        let card = match self.parts.staff_cards.proven(proof, &challenge, self.now) {
            Ok(card) => card,
            Err(message) => return Ok(Err(message)),
        };
        let record = self.tx.operator(&self.envelope.cell, &card.operator).await?;
        Ok(match record {
            Some(record) if record.staff_card.as_deref() == Some(&card.serial) => match record.locked_at {
                None => Ok(record),
                Some(_) => Err(Message::new(Code::OperatorLocked)),
            },
            Some(_) | None => Err(Message::new(Code::StaffCardRevoked)),
        })
    }

    pub(crate) async fn sign_out(&mut self) -> Step<Answer> {
        match self.session().await {
            Ok(mut session) => {
                session.ended_at = Some(self.now);
                self.tx.put_session(&session).await?;
            }
            // Signed out already, or never in: the same to whoever asks.
            Err(Stop::Wait(_)) => {}
            Err(stop) => return Err(stop),
        }
        Ok(Answer::Kept(Reply::SignedOut, Keep::Always))
    }
}
