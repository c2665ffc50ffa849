//! How the case looks on screen and on paper.

use super::*;

const STEPS_CENTRAL: &[&str] = &["核验身份", "核对登记", "收费", "提交制卡", "打印"];

impl Central {
    fn step(&self) -> usize {
        match self {
            Self::Ordering { .. } => 3,
            Self::Bagging { .. } | Self::Slip { .. } | Self::Receipting { .. } => 4,
        }
    }
}

impl Ordered {
    fn delivery(&self) -> &'static str {
        match &self.paid.held.subject.made {
            Made::Centrally { delivery, .. } => delivery.label(),
            Made::Here => "",
        }
    }

    /// Last day of the promise.
    fn promised(&self) -> Option<NaiveDate> {
        self.paid.held.reservation.due
    }

    fn on_paper(&self, facts: &mut PaperFacts) {
        let subject = &self.paid.held.subject;
        facts.pair("制卡订单号", confirmation(&self.number));
        facts.pair("领卡方式", self.delivery());
        if let Made::Centrally { delivery: Delivery::Courier, contact, .. } = &subject.made {
            facts.pair("邮寄地址", mask::address(&contact.address));
        }
        if let Made::Centrally { contact, .. } = &subject.made {
            facts.pair("联系电话", mask::phone(&contact.phone));
        }
        if let Some(last) = self.promised() {
            facts.pair("最迟完成", day(last));
        }
        match &subject.asked.old.ground {
            Ground::Lost => facts.line("原卡已作废。"),
            ground @ (Ground::Damage { .. } | Ground::Quality { .. }) => {
                facts.pair("换卡原因", ground.words());
                facts.line("原卡已作废，由网点收回。");
            }
        }
        facts.texts.push("reissue.central");
    }
}

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
            | Self::Choosing { .. }
            | Self::Contacting { .. }
            | Self::Warning { .. }
            | Self::Reserving { .. } => 1,
            Self::Paying { .. } => 2,
            Self::Blank { .. } => 3,
            Self::Ready { .. } | Self::Writing { .. } => 4,
            Self::Settling { .. } => 5,
            Self::Validating { .. } => 6,
            Self::Central { central } => central.step(),
            Self::Bagging { .. } | Self::Vouchering { .. } | Self::Receipting { .. } => 7,
            Self::MoneyBack { .. } | Self::Releasing { .. } => 3,
            Self::Closed { .. } => self.steps().len(),
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
            strip.extend(subject.courier_fee().map(|fee| Shown::plain(fee.label.clone(), yuan(fee.amount))));
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
        if let Some(ordered) = self.ordered() {
            result.push(Shown::toned("已提交制卡", ordered.delivery(), Tone::Good));
            result.extend(ordered.promised().map(|last| Shown::plain("最迟完成", day(last))));
            result.push(Shown::plain("已收", yuan(ordered.paid.held.subject.due())));
            result.push(Shown::plain("找零", yuan(ordered.paid.change)));
            result.push(Shown::plain("制卡订单号", confirmation(&ordered.number)));
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
        Picture { progress: Progress { steps: self.steps(), now }, strip, say: self.say(), result, give_back, remark: self.remark() }
    }

    fn steps(&self) -> &'static [&'static str] {
        match self.subject().map(|subject| &subject.made) {
            Some(Made::Centrally { .. }) => STEPS_CENTRAL,
            Some(Made::Here) | None => STEPS,
        }
    }

    fn remark(&self) -> Option<Message> {
        if let Self::Choosing { subject } = self {
            return subject.ways.not_here.clone();
        }
        match self.subject().map(|subject| &subject.made) {
            Some(Made::Centrally { told, .. }) => told.clone(),
            Some(Made::Here) | None => self.issued_now().and_then(|issued| issued.remark.clone()),
        }
    }

    /// It was handed in for nothing: no new card came of it, and it lies in no bag.
    fn old_card_goes_back(&self) -> bool {
        let bagged = self.ordered().is_some() || self.subject().is_some_and(|subject| subject.accepted_at.is_some());
        matches!(self, Self::Closed { .. }) && self.handed_in().is_some() && !bagged
    }

    fn say(&self) -> Option<String> {
        match self {
            Self::HandingIn { .. } => Some("请把旧卡交给我看一下。".to_owned()),
            Self::Warning { subject } if !subject.asked.old.ground.is_lost() => Some("换卡后旧卡马上作废，由我们收回。".to_owned()),
            Self::Warning { .. } => Some("补卡后旧卡马上作废，找到了也不能再用。".to_owned()),
            Self::Choosing { .. } => Some("新卡可以当场写，也可以由中心制作后来领或者邮寄。".to_owned()),
            Self::Contacting { delivery: Delivery::Courier, .. } => Some("请告诉我邮寄地址和手机号码。".to_owned()),
            Self::Contacting { delivery: Delivery::PickUp, .. } => Some("请告诉我手机号码。".to_owned()),
            Self::Paying { held } => Some(format!("{}。", held.subject.sum())),
            Self::Blank { paid, .. } if paid.change.is_positive() => Some(format!("找您 {} 元。", yuan(paid.change))),
            Self::Central { .. } | Self::Closed { last: Last::Ordered(_), .. } => self.promise(),
            Self::Writing { .. } => Some("正在写卡，请稍候。".to_owned()),
            Self::Validating { validation, .. } if validation.writing().is_some() => Some("正在写卡，请稍候。".to_owned()),
            Self::MoneyBack { paid, .. } => Some(format!("退还您 {} 元。", yuan(paid.held.subject.due()))),
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
            | Self::Validating { .. }
            | Self::Releasing { .. }
            | Self::Closed { .. } => None,
        }
    }

    /// What the customer hears of a card that is made centrally.
    fn promise(&self) -> Option<String> {
        let ordered = self.ordered()?;
        let when = ordered.promised().map(|last| format!("，最迟 {} 制好", day(last))).unwrap_or_default();
        Some(match &ordered.paid.held.subject.made {
            Made::Centrally { delivery: Delivery::Courier, .. } => format!("新卡由中心制作{when}后寄出，收到后请先增效。"),
            Made::Centrally { delivery: Delivery::PickUp, .. } | Made::Here => format!("新卡由中心制作{when}，到时发短信请您来领。"),
        })
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
                let paid = self.issued_now().map(|issued| &issued.paid).or_else(|| self.ordered().map(|ordered| &ordered.paid));
                if let Some(paid) = paid {
                    let subject = &paid.held.subject;
                    let lines = subject.lines();
                    if lines.len() > 1 {
                        for (label, amount) in &lines {
                            facts.pair(label, yuan(*amount));
                        }
                        facts.line(format!("{}。", subject.sum()));
                    }
                    let label = if let [(label, _)] = lines.as_slice() { (*label).to_owned() } else { "合计".to_owned() };
                    facts.amount = Some((label, subject.due()));
                    facts.pair("实收", yuan(paid.tendered));
                    facts.pair("找零", yuan(paid.change));
                    facts.pair("付款方式", "现金");
                }
                facts.texts.push("receipt.lines");
            }
            Paper::Voucher | Paper::AcceptanceSlip if self.ordered().is_some() => {
                if let Some(ordered) = self.ordered() {
                    ordered.on_paper(&mut facts);
                }
                facts.signature = Some("申请人签字".to_owned());
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
            Paper::RefundVoucher | Paper::PendingSlip | Paper::GuidanceSlip | Paper::Reversal | Paper::OneTimeNotice | Paper::ErrorList => {
            }
        }
        facts
    }
}
