//! How the case looks on screen and on paper.

use super::*;

impl Application {
    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Wishing => 0,
            Self::Identifying { .. } => 1,
            Self::Finding { .. } => 2,
            Self::Purse { .. } | Self::Tapping { .. } => 3,
            Self::Filling { .. } => 4,
            Self::Picturing { .. } | Self::Looking { .. } => 5,
            Self::Reviewing { .. } => 6,
            Self::AcceptedSlip { .. } | Self::Accepted { .. } | Self::Reserving { .. } | Self::Settling { .. } => 7,
            Self::Slip { .. } => 8,
            Self::Closed { .. } => STEPS.len(),
        };
        let mut strip = Vec::new();
        if let Some(record) = self.known().and_then(|known| known.record.as_deref()) {
            strip.push(Shown::plain("姓名", mask::name(&record.person.name)));
        }
        if let Some(asked) = self.asked() {
            strip.push(Shown::plain("办理", asked.wish.label()));
            strip.extend(asked.who.strip());
        }
        if let Self::Filling { purse: PurseSeen::Holds(balance), .. } = self {
            strip.push(Shown::plain("交通余额", yuan(*balance)));
        }
        let mut result = Vec::new();
        if let (Some(ready), Some(number)) = (self.ready(), self.number()) {
            result.push(Shown::toned("已提交", ready.filled.known.asked.wish.label(), Tone::Good));
            result.push(Shown::plain("制卡订单号", confirmation(number)));
            result.push(Shown::plain("领卡方式", ready.filled.form.delivery.label()));
        }
        let told = self.filled().map(|filled| filled.told.as_slice()).unwrap_or_default();
        Picture {
            progress: Progress { steps: STEPS, now },
            strip,
            say: self.say(),
            result,
            give_back: if self.asked().is_some() { vec!["证件原件".to_owned()] } else { Vec::new() },
            remark: told.split_first().map(|(first, also)| Message { also: also.to_vec(), ..first.clone() }),
        }
    }

    fn say(&self) -> Option<String> {
        match self {
            Self::Filling { .. } => Some("请选择合作银行，核对手机号码。".to_owned()),
            Self::Picturing { .. } | Self::Looking { .. } => Some("请提供电子照片。".to_owned()),
            Self::Reviewing { .. } => Some("请核对资料，没有问题请签字。".to_owned()),
            Self::Slip { .. } | Self::Closed { last: Last::Ordered(..), .. } => {
                Some("已提交制卡，请保留受理单；领卡后请本人到银行激活金融功能。".to_owned())
            }
            Self::AcceptedSlip { .. } | Self::Accepted { .. } => Some("离线受理，尚未提交；线路恢复后由中心审核。".to_owned()),
            Self::Wishing
            | Self::Identifying { .. }
            | Self::Finding { .. }
            | Self::Purse { .. }
            | Self::Tapping { .. }
            | Self::Reserving { .. }
            | Self::Settling { .. }
            | Self::Closed { .. } => None,
        }
    }

    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        let (Paper::AcceptanceSlip, Some(ready)) = (paper, self.ready()) else {
            return facts;
        };
        let filled = &ready.filled;
        if let Some(record) = &filled.known.record {
            facts.pair("姓名", mask::name(&record.person.name));
        }
        filled.known.asked.who.on_paper(&mut facts);
        facts.pair("办理", filled.known.asked.wish.label());
        facts.pair("领卡方式", filled.form.delivery.label());
        facts.pair("电子社保卡", if filled.form.consent { "同意同步使用" } else { "不同意" });
        facts.pair("照片", if ready.photo.is_some() { "已提供" } else { "系统已有或无需提供" });
        match (self.number(), self) {
            (Some(number), _) => facts.pair("制卡订单号", confirmation(number)),
            (None, Self::AcceptedSlip { at, .. } | Self::Accepted { at, .. }) => {
                facts.pair("受理时间", when(*at));
                facts.texts.push("offline.slip");
            }
            (None, _) => {}
        }
        if let Some(card) = filled.known.record.as_ref().and_then(|record| held(&record.person))
            && filled.known.asked.wish != Wish::First
        {
            facts.pair("原卡", mask::card_on_paper(card.card_no.as_str()));
            facts.pair("原卡发卡日期", day(card.issued_on));
        }
        for told in &filled.told {
            facts.line(told.text());
        }
        facts.texts.push("application.checklist");
        facts.signature = Some("申请人（代办人）签字".to_owned());
        facts
    }
}
