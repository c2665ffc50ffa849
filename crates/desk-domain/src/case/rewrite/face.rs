//! How the case looks on screen and on paper.

use super::*;

impl Rewrite {
    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Tapping => 0,
            Self::Read { .. } | Self::Listing { .. } => 1,
            Self::Authorising { .. } => 2,
            Self::Reserving { .. } => 3,
            Self::Writing { .. } | Self::Releasing { .. } => 4,
            Self::Settling { .. } => 5,
            Self::Vouchering { .. } => STEPS.len(),
            Self::Closed { last, .. } => match last {
                Last::Nothing => 0,
                Last::Card(_) => 1,
                Last::Chosen(_) => 2,
                Last::Held(_) => 4,
                Last::Confirmed(_) => STEPS.len(),
            },
        };
        let mut strip = self.card().map(purse_card).unwrap_or_default();
        if let Some(chosen) = self.chosen() {
            strip.push(Shown::plain("原业务单号", chosen.of.case.to_string()));
            strip.push(Shown::toned("补写金额", yuan(chosen.of.amount), Tone::Good));
        }
        let say = match self {
            Self::Writing { writing, .. } if writing.in_doubt() => Some("请把刚才那张卡放回读卡器，查清之前请不要使用这张卡。".to_owned()),
            Self::Writing { .. } => Some("正在补写，请勿移动卡片；不再收款。".to_owned()),
            Self::Tapping
            | Self::Read { .. }
            | Self::Listing { .. }
            | Self::Authorising { .. }
            | Self::Reserving { .. }
            | Self::Releasing { .. }
            | Self::Settling { .. }
            | Self::Vouchering { .. }
            | Self::Closed { .. } => None,
        };
        let mut result = Vec::new();
        if let Some(confirmed) = self.confirmed() {
            result.push(Shown::toned("已补写金额", yuan(confirmed.held.chosen.of.amount), Tone::Good));
            result.extend(confirmed.proof.after.purse.as_ref().map(|purse| Shown::plain("卡内余额", yuan(purse.balance))));
            result.push(Shown::plain("中心确认号", confirmation(&confirmed.number)));
        }
        Picture {
            progress: Progress { steps: STEPS, now },
            strip,
            say,
            result,
            give_back: if self.card().is_some() { vec!["客户的卡".to_owned()] } else { Vec::new() },
            remark: None,
        }
    }

    /// What a paper of this case shows.
    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        if let Some(card) = self.card() {
            facts.pair("卡号", masked_card(&card.card_no));
        }
        if let Some(chosen) = self.chosen() {
            facts.pair("原业务单号", chosen.of.case.to_string());
            facts.pair("原收款时间", when(chosen.of.at));
            facts.amount = Some(("补写金额".to_owned(), chosen.of.amount));
        }
        if let Some(held) = self.held() {
            facts.pair("补写令牌", held.token.number.to_string());
        }
        match paper {
            Paper::Voucher => {
                if let Some(confirmed) = self.confirmed() {
                    facts.pair("补写后余额", confirmed.proof.after.purse.as_ref().map_or_else(String::new, |purse| yuan(purse.balance)));
                    facts.pair("中心确认号", confirmation(&confirmed.number));
                }
                facts.line("补写卡不收款；原业务单款项已写入本卡。");
                facts.signature = Some("客户签字".to_owned());
            }
            Paper::PendingSlip => {
                facts.line("补写结果待查，款项仍在中心；请携原卡来本网点查清，查清前请勿使用该卡。");
                facts.signature = Some("客户签字".to_owned());
                facts.texts.push("pending.slip");
            }
            Paper::Receipt
            | Paper::RefundVoucher
            | Paper::AcceptanceSlip
            | Paper::GuidanceSlip
            | Paper::BagLabel
            | Paper::Reversal
            | Paper::OneTimeNotice
            | Paper::ErrorList => {}
        }
        facts
    }
}
