//! How the case looks on screen and on paper.

use super::*;

impl Reversal {
    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Asking => 0,
            Self::Tapping => 1,
            Self::Read { .. } | Self::Listing { .. } | Self::Correcting { .. } => 2,
            Self::Naming { .. } => 3,
            Self::Authorising { .. } | Self::Reserving { .. } => 4,
            Self::Writing { .. } | Self::Releasing { .. } => 5,
            Self::Settling { .. } => 6,
            Self::Returning { .. } => 7,
            Self::TakingBack { .. } => 8,
            Self::Slip { .. } => 9,
            Self::Closed { last, .. } => match last {
                Last::Nothing => 0,
                Last::Card(_) => 2,
                Last::Chosen(_) => 3,
                Last::Held(_) => 5,
                Last::Done(..) => STEPS.len(),
            },
        };
        let mut strip = self.card().map(purse_card).unwrap_or_default();
        if let Some(chosen) = self.chosen() {
            strip.push(Shown::plain("原业务单号", chosen.of.case.to_string()));
            strip.push(Shown::toned("冲正金额", yuan(chosen.of.amount), Tone::Bad));
        }
        let say = match self {
            Self::Writing { writing, .. } if writing.in_doubt() => Some("请把刚才那张卡放回读卡器，查清之前请不要使用这张卡。".to_owned()),
            Self::Writing { .. } => Some("正在从卡内退出，请勿移动卡片。".to_owned()),
            Self::Returning { confirmed } => Some(format!("退还您 {} 元，请当面点清。", yuan(confirmed.held.amount()))),
            Self::TakingBack { .. } => Some("请把原来的收据交给我。".to_owned()),
            Self::Asking
            | Self::Tapping
            | Self::Read { .. }
            | Self::Listing { .. }
            | Self::Naming { .. }
            | Self::Authorising { .. }
            | Self::Reserving { .. }
            | Self::Releasing { .. }
            | Self::Settling { .. }
            | Self::Slip { .. }
            | Self::Correcting { .. }
            | Self::Closed { .. } => None,
        };
        let mut result = Vec::new();
        if let Some(confirmed) = self.confirmed() {
            result.push(Shown::toned("已冲正金额", yuan(confirmed.held.amount()), Tone::Bad));
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
            facts.pair("原业务", chosen.of.kind.label());
            facts.pair("原业务时间", when(chosen.of.at));
            facts.amount = Some(("冲正金额（红字）".to_owned(), chosen.of.amount));
        }
        match paper {
            Paper::Reversal => {
                if let Some(held) = self.held() {
                    facts.pair("冲正原因", held.named.mistake.label());
                    facts.pair("授权工号", held.authorisation.by.to_string());
                }
                if let Some(confirmed) = self.confirmed() {
                    facts.pair("退款方式", "现金");
                    facts.pair("冲正后余额", confirmed.proof.after.purse.as_ref().map_or_else(String::new, |purse| yuan(purse.balance)));
                    facts.pair("中心确认号", confirmation(&confirmed.number));
                }
                if let Self::Slip { old, .. } | Self::Closed { last: Last::Done(_, old), .. } = self {
                    facts.pair("原收据", old.label());
                }
                facts.line("原业务作废，款项已退还客户；本凭证不得再冲正。");
                facts.signature = Some("客户签字（已收到退款）".to_owned());
            }
            Paper::GuidanceSlip => {
                if let Self::Correcting { message, .. } = self {
                    facts.pair("答复", message.text());
                } else if let Self::Closed { ending: Ending::Refused { message }, .. } = self {
                    facts.pair("答复", message.text());
                }
                facts.line("差错更正单：本窗口不能冲正，交中心核对后更正；款项以中心答复为准。");
                facts.signature = Some("客户签字".to_owned());
            }
            Paper::PendingSlip => {
                facts.line("写卡结果待查，查清前不退款；请携原卡来本网点查清，查清前请勿使用该卡。");
                facts.signature = Some("客户签字".to_owned());
                facts.texts.push("pending.slip");
            }
            Paper::Receipt
            | Paper::Voucher
            | Paper::RefundVoucher
            | Paper::AcceptanceSlip
            | Paper::BagLabel
            | Paper::OneTimeNotice
            | Paper::ErrorList => {}
        }
        facts
    }
}
