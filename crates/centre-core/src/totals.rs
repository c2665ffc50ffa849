//! What the centre's ledger holds for a business day of the desk's own outlet.

use chrono::NaiveDate;
use desk_domain::{
    code::Code,
    id::{DeviceId, OutletId},
};
use desk_wire::v1::Reply;

use crate::{
    answer::{Answer, Step, require},
    centre::Call,
};

impl Call<'_> {
    pub(crate) async fn day_totals(&mut self, outlet: &OutletId, day: NaiveDate, device: Option<&DeviceId>) -> Step<Answer> {
        self.session().await?;
        require(*outlet == self.device.outlet, Code::OutletNotAuthorized)?;
        let totals = self.tx.totals(&self.envelope.cell, outlet, day, device).await?;
        Self::kept(Reply::DayTotals { totals: totals.postings, cases: totals.cases, settled_refunds: totals.settled_refunds })
    }
}
