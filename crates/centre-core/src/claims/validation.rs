//! Monthly validation (增效): pays nothing, so repeating it is harmless; what counts is who is entitled and until when.

use chrono::NaiveDate;
use desk_domain::{
    card::CardImage,
    claim::Claim,
    code::{Code, Message},
    id::CaseId,
    posting::Balanced,
    validity::end_for,
};

use super::{Granted, Verdict, validity_right};
use crate::{
    answer::{Step, refuse, refuse_code, require},
    centre::Call,
    number::local_day,
    policy::Programme,
};

impl Call<'_> {
    pub(super) async fn check_validation(
        &mut self,
        programme: &Programme,
        case: CaseId,
        claim: &Claim,
        image: &CardImage,
        until: NaiveDate,
    ) -> Step<Verdict> {
        let card = self.usable_card(programme, claim, image, case).await?;
        let Some(rules) = programme.validity.as_ref().filter(|rules| rules.holder_classes.contains(&image.holder_class)) else {
            return refuse_code(Code::NotStudentCard);
        };
        if !self.entitled(&card).await? {
            return refuse_code(Code::NoLongerEntitled);
        }
        let right = validity_right(&card.card_no);
        let from = image.valid_until.map_or_else(|| "none".to_owned(), |date| date.to_string());
        let settled = self.tx.settled_count(&card.cell, &right, None).await?;
        let epoch = format!("end:{from}/{settled}");
        if let Some(held) = self.held(&card.cell, &right, &epoch, case, claim).await? {
            return Ok(Verdict::Held(held));
        }
        if let Some(end) = image.valid_until.filter(|end| *end >= until) {
            return refuse(Message::new(Code::AlreadyValidated).with("date", end));
        }
        // The desk computes the end by its own date; the centre's date is the one that counts.
        require(Some(until) <= end_for(rules, local_day(self.now)), Code::ClockUntrusted)?;
        Ok(Verdict::Granted(Granted { right, epoch, card_data: None, on_confirm: Balanced::none(), agreement: None }))
    }
}
