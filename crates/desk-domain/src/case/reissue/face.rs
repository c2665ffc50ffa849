//! How the case looks on screen and on paper.

use super::*;

impl Reissue {
    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Identifying { .. } => 0,
            Self::HandingIn { .. }
            | Self::Finding { .. }
            | Self::AcceptedSlip { .. }
            | Self::AcceptedBag { .. }
            | Self::Accepted { .. }
            | Self::Warning { .. }
            | Self::Reserving { .. } => 1,
            Self::Paying { .. } => 2,
            Self::Blank { .. } => 3,
            Self::Ready { .. } | Self::Writing { .. } => 4,
            Self::Settling { .. } => 5,
            Self::Handing { .. }
            | Self::ReservingValidation { .. }
            | Self::Validating { .. }
            | Self::ReleasingValidation { .. }
            | Self::SettlingValidation { .. } => 6,
            Self::Bagging { .. } | Self::Vouchering { .. } | Self::Receipting { .. } => 7,
            Self::MoneyBack { .. } | Self::Releasing { .. } => 3,
            Self::Closed { .. } => STEPS.len(),
        };
        let mut strip = Vec::new();
        if let Some(subject) = self.subject() {
            strip.push(Shown::plain("姓名", mask::name(&subject.person.name)));
            if !subject.person.school.is_empty() {
                strip.push(Shown::plain("学校", subject.person.school.clone()));
            }
        }
        if let Some(who) = self.who() {
            strip.extend(who.strip());
        }
        if let Some(asked) = self.asked().filter(|asked| !asked.old.ground.is_lost()) {
            strip.push(Shown::plain("换卡原因", asked.old.ground.words()));
        }
        if let Some(subject) = self.subject() {
            strip.push(Shown::toned("旧卡尾号", subject.old_card.tail(), Tone::Warn));
            strip.push(Shown::plain(subject.fee_label.clone(), yuan(subject.fee)));
        }
        let mut result = Vec::new();
        if let Some(issued) = self.issued_now() {
            result.push(Shown::toned("新卡", masked_card(&issued.card.card_no), Tone::Good));
            if let Some(until) = issued.validated {
                result.push(Shown::toned("有效期至", day(until), Tone::Good));
            }
            result.push(Shown::plain("已收", yuan(issued.paid.held.subject.fee)));
            result.push(Shown::plain("找零", yuan(issued.paid.change)));
            result.push(Shown::plain("中心确认号", confirmation(&issued.number)));
        }
        let mut give_back = Vec::new();
        if self.who().is_some() {
            give_back.push("证件原件".to_owned());
        }
        if self.issued_now().is_some() {
            give_back.push("新卡".to_owned());
        } else if self.old_card_goes_back() {
            give_back.push("旧卡".to_owned());
        }
        Picture {
            progress: Progress { steps: STEPS, now },
            strip,
            say: self.say(),
            result,
            give_back,
            remark: self.issued_now().and_then(|issued| issued.remark.clone()),
        }
    }

    /// It was handed in for nothing: no new card came of it, and it lies in no bag.
    fn old_card_goes_back(&self) -> bool {
        let bagged = self.subject().is_some_and(|subject| subject.accepted_at.is_some());
        matches!(self, Self::Closed { .. }) && self.handed_in().is_some() && !bagged
    }

    fn say(&self) -> Option<String> {
        match self {
            Self::HandingIn { .. } => Some("请把旧卡交给我看一下。".to_owned()),
            Self::Warning { subject } if !subject.asked.old.ground.is_lost() => Some("换卡后旧卡马上作废，由我们收回。".to_owned()),
            Self::Warning { .. } => Some("补卡后旧卡马上作废，找到了也不能再用。".to_owned()),
            Self::Paying { held } => Some(format!("{} {} 元。", held.subject.fee_label, yuan(held.subject.fee))),
            Self::Blank { paid, .. } if paid.change.is_positive() => Some(format!("找您 {} 元。", yuan(paid.change))),
            Self::Writing { .. } | Self::Validating { .. } => Some("正在写卡，请稍候。".to_owned()),
            Self::MoneyBack { paid, .. } => Some(format!("退还您 {} 元。", yuan(paid.held.subject.fee))),
            Self::AcceptedSlip { .. } | Self::AcceptedBag { .. } | Self::Accepted { .. } => {
                Some("离线受理，尚未生效；请保留回执，领卡时再收费。".to_owned())
            }
            Self::Bagging { .. } | Self::Vouchering { .. } | Self::Receipting { .. } => Some("新卡已启用，请核对后签字。".to_owned()),
            Self::Identifying { .. }
            | Self::Finding { .. }
            | Self::Reserving { .. }
            | Self::Blank { .. }
            | Self::Ready { .. }
            | Self::Settling { .. }
            | Self::Handing { .. }
            | Self::ReservingValidation { .. }
            | Self::ReleasingValidation { .. }
            | Self::SettlingValidation { .. }
            | Self::Releasing { .. }
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
        if let Some(subject) = self.subject() {
            facts.pair("旧卡号", mask::card_on_paper(subject.old_card.as_str()));
        }
        if let Some(issued) = self.issued_now() {
            facts.pair("新卡号", mask::card_on_paper(issued.card.card_no.as_str()));
            facts.pair("中心确认号", confirmation(&issued.number));
        }
        match paper {
            Paper::Receipt => {
                if let Some(issued) = self.issued_now() {
                    let subject = &issued.paid.held.subject;
                    facts.amount = Some((subject.fee_label.clone(), subject.fee));
                    facts.pair("实收", yuan(issued.paid.tendered));
                    facts.pair("找零", yuan(issued.paid.change));
                    facts.pair("付款方式", "现金");
                }
                facts.texts.push("receipt.lines");
            }
            Paper::Voucher => {
                if let Some(issued) = self.issued_now() {
                    match issued.validated {
                        Some(until) => facts.pair("有效期至", day(until)),
                        None => facts.line("新卡尚未增效。"),
                    }
                }
                match self.asked().map(|asked| &asked.old.ground).filter(|ground| !ground.is_lost()) {
                    Some(ground) => {
                        facts.pair("换卡原因", ground.words());
                        facts.line("原卡已作废，由网点收回。");
                    }
                    None => facts.line("原卡已作废。"),
                }
                facts.texts.push("reissue.voucher");
                facts.signature = Some("申请人签字".to_owned());
            }
            Paper::AcceptanceSlip => {
                if let Self::AcceptedSlip { at, .. } | Self::AcceptedBag { at, .. } | Self::Accepted { at, .. } = self {
                    facts.pair("受理时间", when(*at));
                }
                match self.handed_in() {
                    Some(kept) => {
                        let tail = kept.card_no.map_or_else(|| "无法辨认".to_owned(), |number| number.tail().to_owned());
                        facts.pair("收存旧卡尾号", tail);
                        facts.line("未收费，领卡时按原因收费；不受理的凭本单取回旧卡。");
                    }
                    None => facts.line("未收费，领卡时收取工本费。"),
                }
                facts.texts.push("offline.slip");
                facts.signature = Some("申请人签字".to_owned());
            }
            Paper::BagLabel => {
                let mut label = PaperFacts::default();
                if let Some(kept) = self.handed_in() {
                    kept.on_label(&mut label);
                }
                return label;
            }
            Paper::RefundVoucher | Paper::PendingSlip | Paper::GuidanceSlip | Paper::OneTimeNotice => {}
        }
        facts
    }
}
