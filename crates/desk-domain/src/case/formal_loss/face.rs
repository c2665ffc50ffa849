//! How the case looks on screen and on paper.

use super::*;

const STEPS: &[&str] = &["核验身份", "选择功能", "核对状态", "银行挂失", "人社同步", "打印凭证"];

impl FormalLoss {
    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Identifying { .. } => 0,
            Self::Choosing { .. } => 1,
            Self::Finding { .. } | Self::AcceptedSlip { .. } | Self::Accepted { .. } | Self::Reviewing { .. } | Self::Referring { .. } => 2,
            Self::Reserving { .. } | Self::Settling { .. } => 3,
            Self::HalfSlip { .. } | Self::Half { .. } => 4,
            Self::Vouchering { .. } => 5,
            Self::Closed { .. } => STEPS.len(),
        };
        let mut strip = self.who().map(Identified::strip).unwrap_or_default();
        if let Some(asked) = self.asked() {
            strip.push(Shown::plain("挂失功能", names(&asked.functions)));
        }
        let mut remark = self.half_done().cloned();
        if let Some(subject) = self.subject() {
            strip.insert(0, Shown::plain("姓名", mask::name(&subject.person.name)));
            strip.push(Shown::toned("卡尾号", subject.terms.card_no.tail(), Tone::Warn));
            let card = subject.person.cards.iter().find(|card| card.card_no == subject.terms.card_no);
            strip.extend(card.into_iter().flat_map(|card| card.functions.iter().map(function)));
            if remark.is_none() && self.number().is_some() {
                remark = subject.terms.told.first().cloned();
            }
        }
        let mut result = Vec::new();
        if let (Some(number), Some(subject)) = (self.number(), self.subject()) {
            result.push(Shown::toned("已正式挂失", names(&subject.terms.functions), Tone::Good));
            result.push(Shown::plain("中心确认号", confirmation(number)));
        }
        Picture {
            progress: Progress { steps: STEPS, now },
            strip,
            say: self.say(),
            result,
            give_back: self.who().map(|_| vec!["证件原件".to_owned()]).unwrap_or_default(),
            remark,
        }
    }

    fn say(&self) -> Option<String> {
        match self {
            Self::Reviewing { subject } => Some(format!("将为您正式挂失{}，找到卡后请到原途径解挂。", names(&subject.terms.functions))),
            Self::HalfSlip { .. } | Self::Half { .. } => Some("银行已挂失，人社系统还没有显示，请稍候，先不要离开。".to_owned()),
            Self::AcceptedSlip { .. } | Self::Accepted { .. } => Some("挂失还没有生效，请同时拨打回执上的电话办理临时挂失。".to_owned()),
            Self::Vouchering { .. } => Some("已正式挂失，请核对后签字。".to_owned()),
            Self::Identifying { .. }
            | Self::Choosing { .. }
            | Self::Finding { .. }
            | Self::Reserving { .. }
            | Self::Settling { .. }
            | Self::Referring { .. }
            | Self::Closed { .. } => None,
        }
    }

    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        if let Some(subject) = self.subject() {
            facts.pair("姓名", mask::name(&subject.person.name));
        }
        if let Some(who) = self.who() {
            who.on_paper(&mut facts);
        }
        if let Some(asked) = self.asked() {
            facts.pair("申请挂失", names(&asked.functions));
        }
        if let Some(subject) = self.subject() {
            facts.pair("卡号", mask::card_on_paper(subject.terms.card_no.as_str()));
        }
        match paper {
            Paper::Voucher => {
                if let (Some(number), Some(subject)) = (self.number(), self.subject()) {
                    facts.pair("办理结果", format!("已正式挂失：{}", names(&subject.terms.functions)));
                    facts.pair("中心确认号", confirmation(number));
                    for message in &subject.terms.told {
                        facts.line(message.text());
                    }
                }
                facts.texts.push("loss.voucher");
                facts.signature = Some("持卡人签字".to_owned());
            }
            // Both as they are.
            Paper::PendingSlip => {
                facts.pair("银行状态", "已正式挂失");
                facts.pair("人社状态", "未同步");
                if let Some(message) = self.half_done() {
                    facts.line(message.text());
                }
                facts.signature = Some("持卡人签字".to_owned());
            }
            Paper::AcceptanceSlip => {
                if let Self::AcceptedSlip { at, .. } | Self::Accepted { at, .. } = self {
                    facts.pair("受理时间", when(*at));
                }
                facts.texts.push("loss.offline");
                facts.texts.push("loss.lines");
                facts.signature = Some("持卡人签字".to_owned());
            }
            Paper::GuidanceSlip => {
                if let Self::Referring { message, .. } | Self::Closed { last: Last::Referred(message), .. } = self {
                    facts.pair("答复", message.text());
                }
                facts.texts.push("loss.lines");
            }
            Paper::Receipt | Paper::RefundVoucher | Paper::BagLabel | Paper::Reversal | Paper::OneTimeNotice | Paper::ErrorList => {}
        }
        facts
    }
}
