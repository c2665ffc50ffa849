//! Second-person authorisation: one case, one amount, five minutes, never one's own case.

use chrono::Duration;
use desk_domain::{
    code::{Code, Message},
    id::{CaseId, CentreNumber, OperatorId},
    money::Fen,
    staff::{StaffProof, StaffPurpose},
};
use desk_wire::v1::{Reply, Role, Secret};

use crate::{
    answer::{Answer, Step, refuse, require},
    centre::Call,
    number::centre_number,
    record::{Authorisation, OperatorRecord, Session},
};

impl Call<'_> {
    pub(crate) async fn authorise(
        &mut self,
        case: CaseId,
        supervisor: &OperatorId,
        password: &Secret,
        amount: Fen,
        reason: &str,
    ) -> Step<Answer> {
        let session = self.session().await?;
        require(amount >= Fen::ZERO, Code::AmountInvalid)?;
        require(session.operator != *supervisor, Code::SelfAuthForbidden)?;
        match self.proven_operator(supervisor, password).await? {
            Ok(record) => self.authorised(case, session, record, amount, reason).await,
            Err(message) => Self::kept(Reply::Refused { message }),
        }
    }

    pub(crate) async fn authorise_by_card(&mut self, case: CaseId, proof: &StaffProof, amount: Fen, reason: &str) -> Step<Answer> {
        let session = self.session().await?;
        require(amount >= Fen::ZERO, Code::AmountInvalid)?;
        let record = match self.proven_by_card(proof, &StaffPurpose::Authorise { case, amount }).await? {
            Ok(record) => record,
            Err(message) => return Self::kept(Reply::Refused { message }),
        };
        require(session.operator != record.operator, Code::SelfAuthForbidden)?;
        self.authorised(case, session, record, amount, reason).await
    }

    async fn authorised(&mut self, case: CaseId, session: Session, record: OperatorRecord, amount: Fen, reason: &str) -> Step<Answer> {
        let Some(role) = record.roles.iter().copied().max() else {
            return Self::kept(Reply::Refused { message: Message::new(Code::RoleMissing) });
        };
        // The claim is checked against its own programme; here only what none would take is refused.
        let needed =
            self.policy.programmes.values().filter_map(|programme| programme.refund_level(amount)).min().unwrap_or(Role::Supervisor);
        require(role >= needed, Code::RoleMissing)?;
        let number = centre_number('A', self.now, self.entropy);
        self.tx
            .put_authorisation(&Authorisation {
                cell: self.envelope.cell.clone(),
                number: number.clone(),
                case,
                amount,
                supervisor: record.operator,
                role,
                operator: session.operator,
                reason: reason.to_owned(),
                at: self.now,
                used_for: None,
            })
            .await?;
        Self::kept(Reply::Authorised { number })
    }

    /// Uses up an authorisation for a claim of this case, this amount and at least this role.
    pub(crate) async fn spend_authorisation(
        &mut self,
        number: Option<&CentreNumber>,
        case: CaseId,
        amount: Fen,
        needed: Role,
        reservation: &CentreNumber,
    ) -> Step<()> {
        let missing = || Message::new(Code::AuthorisationNeeded).with("level", label(needed));
        let Some(number) = number else {
            return refuse(missing());
        };
        let found = self.tx.authorisation(&self.envelope.cell, number).await?;
        let Some(mut found) = found else {
            return refuse(missing());
        };
        let holds_until = found.at + Duration::minutes(i64::from(self.policy.authorisation_minutes));
        let why = if found.case != case || found.amount != amount {
            Some("授权的业务单或金额不符")
        } else if found.role < needed {
            Some("授权人级别不够")
        } else if found.used_for.is_some() {
            Some("授权已使用")
        } else if self.now > holds_until {
            Some("授权已过期")
        } else {
            None
        };
        if let Some(why) = why {
            return refuse(Message::new(Code::AuthorisationRefused).with("why", why));
        }
        found.used_for = Some(reservation.clone());
        self.tx.put_authorisation(&found).await?;
        Ok(())
    }
}

fn label(role: Role) -> &'static str {
    match role {
        Role::HeadOffice => "中心人员",
        Role::Clerk => "柜员",
        Role::Supervisor => "值班主管",
        Role::Manager => "网点负责人",
    }
}
