//! How the case looks on screen and on paper.

use super::*;

impl TopUp {
    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Tapping => 0,
            Self::Read { .. } | Self::Offered { .. } => 1,
            Self::Paying { .. } => 2,
            Self::Reserving { .. } => 3,
            Self::Writing { .. } | Self::Releasing { .. } | Self::Returning { .. } | Self::ReturnedSlip { .. } => 4,
            Self::Settling { .. } => 5,
            Self::Receipting { .. } => STEPS.len(),
            Self::Closed { ending, last } => match (ending, last) {
                (Ending::Done, _) => STEPS.len(),
                (_, Last::Nothing) => 0,
                (_, Last::Purse(_)) => 1,
                (_, Last::Returned(_)) => 4,
                (_, Last::Held(_) | Last::Confirmed(_)) => 5,
            },
        };
        let mut strip = Vec::new();
        if let Some(purse) = self.purse() {
            strip.push(Shown::plain("卡号", masked_card(&purse.card.card_no)));
            strip.push(Shown::plain("充值前余额", yuan(purse.balance)));
        }
        if let Some(paid) = self.paid() {
            strip.push(Shown::toned("充值金额", yuan(paid.order.amount), Tone::Good));
            strip.push(Shown::plain("找零", yuan(paid.change)));
        }
        let say = match self {
            Self::Writing { writing, .. } if writing.in_doubt() => Some("请把刚才那张卡放回读卡器，查清之前请不要使用这张卡。".to_owned()),
            Self::Writing { .. } => Some("充值过程中请勿移动卡片。".to_owned()),
            Self::Returning { paid, .. } => Some(format!("这次没有充上，退还您 {} 元。", yuan(paid.order.amount))),
            Self::Paying { order } => Some(format!("请付 {} 元。", yuan(order.amount))),
            Self::Tapping
            | Self::Read { .. }
            | Self::Offered { .. }
            | Self::Reserving { .. }
            | Self::Releasing { .. }
            | Self::ReturnedSlip { .. }
            | Self::Settling { .. }
            | Self::Receipting { .. }
            | Self::Closed { .. } => None,
        };
        let mut result = Vec::new();
        if let Some(confirmed) = self.confirmed() {
            let order = &confirmed.held.paid.order;
            result.push(Shown::toned("已充金额", yuan(order.amount), Tone::Good));
            result.push(Shown::plain("卡内余额", balance_after(confirmed)));
            result.push(Shown::plain("中心确认号", confirmation(&confirmed.number)));
        }
        if let Self::Closed { last: Last::Returned(paid), .. } = self {
            result.push(Shown::toned("已退还现金", yuan(paid.order.amount), Tone::Warn));
        }
        Picture {
            progress: Progress { steps: STEPS, now },
            strip,
            say,
            result,
            give_back: if self.purse().is_some() { vec!["客户的卡".to_owned()] } else { Vec::new() },
            remark: None,
        }
    }

    /// What a paper of this case shows.
    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        if let Some(purse) = self.purse() {
            facts.pair("卡号", masked_card(&purse.card.card_no));
            facts.pair("充值前余额", yuan(purse.balance));
            if let Some(image) = &purse.card.purse {
                facts.pair("联机交易序号", image.online_counter.to_string());
            }
        }
        if let Some(paid) = self.paid() {
            facts.amount = Some(("充值金额".to_owned(), paid.order.amount));
            facts.pair("实收", yuan(paid.tendered));
            facts.pair("找零", yuan(paid.change));
            facts.pair("付款方式", "现金");
        }
        if let Some(confirmed) = self.confirmed() {
            facts.pair("充值后余额", balance_after(confirmed));
            facts.pair("中心确认号", confirmed.number.to_string());
        }
        match paper {
            Paper::Receipt => facts.texts.push("receipt.lines"),
            Paper::Voucher => {
                facts.line("本次没有充上，现金已全数退还客户。");
                facts.signature = Some("客户签字（已收到退款）".to_owned());
            }
            Paper::PendingSlip => {
                facts.line("写卡结果待查，款已收讫；请携原卡来本网点查清，查清前请勿使用该卡。");
                facts.signature = Some("客户签字".to_owned());
                facts.texts.push("pending.slip");
            }
            Paper::RefundVoucher
            | Paper::AcceptanceSlip
            | Paper::GuidanceSlip
            | Paper::Reversal
            | Paper::OneTimeNotice
            | Paper::ErrorList
            | Paper::BagLabel => {}
        }
        facts
    }
}

fn balance_after(confirmed: &Confirmed) -> String {
    confirmed.proof.after.purse.as_ref().map_or_else(String::new, |purse| yuan(purse.balance))
}
