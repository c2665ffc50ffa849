//! How the case looks on screen and on paper.

use super::*;

impl RefundReadable {
    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Tapping => 0,
            Self::Read { .. } | Self::Offered { .. } | Self::Identifying { .. } | Self::Authorising { .. } => 1,
            Self::AcceptedSlip { .. } | Self::Accepted { .. } | Self::Reserving { .. } => 2,
            Self::Writing { .. } | Self::Releasing { .. } => 3,
            Self::Settling { .. } => 4,
            Self::Vouchering { .. } | Self::Signing { .. } => 5,
            Self::Paying { .. } => 6,
            Self::Receipting { .. } => STEPS.len(),
            Self::PromiseSlip { .. } | Self::PromiseSigning { .. } => 5,
            Self::Closed { ending, last } => match (ending, last) {
                (Ending::Done, _) => STEPS.len(),
                (_, Last::Nothing) => 0,
                (_, Last::Purse(_)) => 1,
                (_, Last::Held(_)) => 3,
                (_, Last::Confirmed(_) | Last::Promised(_)) => 6,
            },
        };
        let steps = if self.purse().is_some_and(Purse::paid_later) { STEPS_PAID_LATER } else { STEPS };
        let mut strip = Vec::new();
        if let Some(purse) = self.purse() {
            strip.push(Shown::plain("卡号", masked_card(&purse.card.card_no)));
            strip.push(Shown::toned("退值金额", yuan(purse.amount), Tone::Good));
        }
        if let Some(held) = self.held() {
            strip.push(Shown::plain("预留号", confirmation(&held.reservation.number)));
        }
        let amount = self.purse().map(|purse| yuan(purse.amount)).unwrap_or_default();
        let say = match self {
            Self::Offered { purse, .. } if purse.paid_later() => {
                Some(format!("您的卡内还有 {amount} 元。这张卡要先锁定，余额核算后退还，锁定后不能再乘车。"))
            }
            Self::Offered { purse, .. } if purse.fee.is_some() => {
                Some(format!("您的卡内还有 {amount} 元，{}，卡片请您保留。", of_fee(purse)))
            }
            Self::Offered { .. } => Some(format!("您的卡内还有 {amount} 元，将全部以现金退还，卡片请您保留。")),
            Self::Read { .. } => None,
            Self::Writing { writing, .. } if writing.in_doubt() => Some("请把刚才那张卡放回读卡器，结果查清之前不能付款。".to_owned()),
            Self::Writing { .. } => Some("请勿移动卡片。".to_owned()),
            Self::PromiseSlip { promised } | Self::PromiseSigning { promised } => {
                Some(format!("卡片已锁定，{} 起凭受理单领款，请保留受理单。", day(promised.later.from)))
            }
            Self::Signing { .. } => Some("请在退款凭证上签字。".to_owned()),
            Self::Paying { confirmed } => Some(format!("请当面点清 {} 元。", yuan(confirmed.held.purse.paid()))),
            Self::AcceptedSlip { .. } | Self::Accepted { .. } => Some("离线受理，尚未生效；请保留回执，线路恢复后通知您。".to_owned()),
            Self::Tapping
            | Self::Identifying { .. }
            | Self::Authorising { .. }
            | Self::Reserving { .. }
            | Self::Releasing { .. }
            | Self::Settling { .. }
            | Self::Vouchering { .. }
            | Self::Receipting { .. }
            | Self::Closed { .. } => None,
        };
        let mut result = Vec::new();
        if let Some(confirmed) = self.confirmed() {
            result.push(Shown::toned("已退金额", yuan(confirmed.held.purse.paid()), Tone::Good));
            result.extend(confirmed.held.purse.fee.map(fee_shown));
            result.push(Shown::plain("卡内余额", yuan(Fen::ZERO)));
            result.push(Shown::plain("中心确认号", confirmation(&confirmed.number)));
        }
        if let Some(promised) = self.promised() {
            result.push(Shown::plain("卡内余额（以清算为准）", yuan(promised.held.purse.amount)));
            result.push(Shown::toned("付款日期", format!("{} 起", day(promised.later.from)), Tone::Good));
            result.push(Shown::plain("中心确认号", confirmation(&promised.number)));
        }
        Picture {
            progress: Progress { steps, now: now.min(steps.len()) },
            strip,
            say,
            result,
            give_back: if self.purse().is_some() && !self.waits_for_line() { vec!["客户的卡".to_owned()] } else { Vec::new() },
            remark: None,
        }
    }

    #[must_use]
    pub fn waits_for_line(&self) -> bool {
        matches!(self, Self::AcceptedSlip { .. } | Self::Accepted { .. })
    }

    /// What a paper of this case shows.
    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        if let Some(purse) = self.purse() {
            facts.pair("卡号", masked_card(&purse.card.card_no));
            facts.pair("退值前余额", yuan(purse.amount));
            if let Some(fee) = purse.fee {
                let shown = fee_shown(fee);
                facts.pair(if self.promised().is_some() { "手续费（领款时收）" } else { &shown.label }, shown.value);
            }
            facts.amount = Some(("退值金额".to_owned(), if self.promised().is_some() { purse.amount } else { purse.paid() }));
            if let Some(bearer) = &purse.bearer {
                bearer.on_paper(&mut facts);
            }
            if let Some(image) = &purse.card.purse {
                facts.pair("联机交易序号", image.online_counter.to_string());
            }
        }
        if let Some(held) = self.held() {
            facts.pair("预留号", held.reservation.number.to_string());
            if let Some(given) = &held.authorisation {
                facts.pair("授权人工号", given.by.to_string());
                facts.pair("授权号", given.number.to_string());
            }
        }
        if let Some(confirmed) = self.confirmed() {
            facts.pair("退值后余额", yuan(Fen::ZERO));
            facts.pair("中心确认号", confirmed.number.to_string());
        }
        match paper {
            Paper::RefundVoucher => {
                facts.signature = Some("客户签字（已核对金额）".to_owned());
                facts.texts.push("refund.next_steps");
            }
            Paper::Receipt => facts.pair("付款方式", "现金"),
            Paper::AcceptanceSlip if self.promised().is_some() => {
                if let Some(promised) = self.promised() {
                    facts.pair("中心确认号", promised.number.to_string());
                    facts.pair("付款日期", format!("{} 起", day(promised.later.from)));
                }
                facts.line("卡片已锁定，本次未付款；余额以清算为准。");
                facts.signature = Some("客户签字".to_owned());
                facts.texts.push("refund.later");
            }
            Paper::AcceptanceSlip => {
                if let Self::AcceptedSlip { at, .. } | Self::Accepted { at, .. } = self {
                    facts.pair("受理时间", when(*at));
                }
                facts.line("卡片已装袋留存，袋号同业务单号。");
                facts.signature = Some("客户签字".to_owned());
                facts.texts.push("offline.slip");
            }
            Paper::PendingSlip => {
                facts.line("写卡结果待查，尚未付款；请携原卡来本网点查清。");
                facts.signature = Some("客户签字".to_owned());
                facts.texts.push("pending.slip");
            }
            Paper::Voucher | Paper::GuidanceSlip | Paper::BagLabel | Paper::Reversal | Paper::OneTimeNotice | Paper::ErrorList => {}
        }
        facts
    }
}
