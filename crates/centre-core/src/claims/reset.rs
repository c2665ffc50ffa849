//! Password reset: one at a time for a person, and never over a change that another channel made meanwhile.

use chrono::{DateTime, Duration, Utc};
use desk_domain::{
    claim::Claim,
    code::{Code, Message},
    id::{CaseId, OperatorId, PersonId},
    money::Fen,
    person::InitialPassword,
    posting::Balanced,
};

use super::{Granted, Verdict, conflict, local, password_right};
use crate::{
    answer::{Step, refuse, refuse_code},
    centre::Call,
    password::source,
    policy::Programme,
    record::ClaimState,
};

impl Call<'_> {
    pub(super) async fn check_reset(
        &mut self,
        programme: &Programme,
        case: CaseId,
        claim: &Claim,
        person: &PersonId,
        accepted_at: DateTime<Utc>,
        operator: &OperatorId,
    ) -> Step<Verdict> {
        let Some(rules) = &programme.password else {
            return refuse_code(Code::OutletNotAuthorized);
        };
        let person = self.served_person(programme, claim, person, operator).await?;
        let right = password_right(&person.person);
        let resets = self.tx.settled_count(&person.cell, &right, None).await?;
        let epoch = format!("reset:{resets}");
        if let Some(held) = self.held(&person.cell, &right, &epoch, case, claim).await? {
            return Ok(Verdict::Held(held));
        }
        match source(&person, rules) {
            InitialPassword::LastSixOfIdNumber | InitialPassword::LastSixOfEcardNumber => {}
            InitialPassword::NoIdOnRecord => return refuse_code(Code::NoIdOnRecord),
            InitialPassword::NoEcardNumber => return refuse_code(Code::NoEcardNo),
        }
        let Some(account) = &person.ecard_number else {
            return refuse_code(Code::NoEcardNo);
        };
        let changed = self.parts.platform.last_change(account).await?;
        if let Some(at) = changed.filter(|at| *at > accepted_at) {
            // Where a desk did it, it is named; else another channel was there.
            let last = format!("reset:{}", resets.saturating_sub(1));
            let by_desk = self.tx.settled_claim(&person.cell, &right, &last).await?;
            let by_desk = by_desk.filter(|settled| matches!(settled.state, ClaimState::Settled { at, .. } if at > accepted_at));
            return refuse(by_desk.map_or_else(|| changed_since(at), |settled| conflict(&settled)));
        }
        let since = self.now - Duration::days(i64::from(rules.window_days));
        let recent = self.tx.settled_count(&person.cell, &right, Some(since)).await?;
        Ok(Verdict::Granted(Granted {
            right,
            epoch,
            card_data: None,
            on_confirm: Balanced::none(),
            agreement: (recent >= rules.free_resets).then_some((Fen::ZERO, rules.authorise)),
        }))
    }
}

/// Another channel (hotline, WeChat) was there first.
pub(crate) fn changed_since(at: DateTime<Utc>) -> Message {
    Message::new(Code::ClaimConflict).with("outlet", "其他渠道").with("window", "").with("time", local(at)).with("no", "—")
}
