//! How the case looks on screen and on paper.

use super::super::words::when;
use super::{
    super::question::{Listing, ListingRow, Progress},
    *,
};

const STEPS: &[&str] = &["单位与经办人", "选择名单", "逐行检查", "预览签字", "提交", "打印"];
const HEAD: &[&str] = &["行", "姓名", "证件号码", "结果"];

impl UnitBatch {
    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Presenting => 0,
            Self::Looking { .. } | Self::Choosing { .. } => 1,
            Self::Checking { .. } => 2,
            Self::Preview { .. } => 3,
            Self::AcceptedSlip { .. } | Self::Accepted { .. } | Self::Sending { .. } | Self::Submitting { .. } => 4,
            Self::Slip { .. } | Self::Errors { .. } => 5,
            Self::Closed { .. } => STEPS.len(),
        };
        let mut strip = Vec::new();
        if let Some(unit) = self.unit() {
            strip.push(Shown::plain("单位", unit.name.clone()));
            strip.push(Shown::plain("经办人证件号", mask::id_number(&unit.agent.number)));
        }
        let mut result = Vec::new();
        if let Some(batch) = self.batch() {
            strip.push(Shown::plain("名单", batch.list.clone()));
            match self {
                Self::Checking { .. } => {
                    let total = batch.read.as_ref().map_or_else(|| "…".to_owned(), |(_, total)| total.to_string());
                    strip.push(Shown::plain("已检查", format!("{} / {total}", batch.checked())));
                }
                Self::Sending { .. } | Self::Submitting { .. } => {
                    strip.push(Shown::plain("已提交", format!("{} / {}", batch.results.len(), batch.ready.len())));
                }
                Self::Presenting
                | Self::Looking { .. }
                | Self::Choosing { .. }
                | Self::Preview { .. }
                | Self::AcceptedSlip { .. }
                | Self::Accepted { .. }
                | Self::Slip { .. }
                | Self::Errors { .. }
                | Self::Closed { .. } => {}
            }
            let tone = |bad: bool| if bad { Tone::Warn } else { Tone::Good };
            result.push(Shown::toned("已提交制卡", format!("{} 人", batch.ordered()), tone(batch.ordered() == 0)));
            result.push(Shown::toned("未受理", format!("{} 行", batch.faults()), tone(batch.faults() > 0)));
        }
        Picture {
            progress: Progress { steps: STEPS, now },
            strip,
            say: self.say(),
            result,
            give_back: if self.unit().is_some() { vec!["单位证明和经办人证件原件".to_owned()] } else { Vec::new() },
            remark: if let Self::Looking { told, .. } | Self::Choosing { told, .. } = self { told.clone() } else { None },
        }
    }

    fn say(&self) -> Option<String> {
        match self {
            Self::Preview { batch } if batch.refused.is_empty() => Some("名单已逐行检查，没有错误，请经办人签字。".to_owned()),
            Self::Preview { .. } => Some("有错的行不提交，错误清单会打印给您；可受理的行请经办人签字。".to_owned()),
            Self::AcceptedSlip { .. } | Self::Accepted { .. } => Some("离线受理，尚未提交；线路恢复后由中心逐行审核。".to_owned()),
            Self::Slip { .. } | Self::Errors { .. } | Self::Closed { .. } => {
                self.batch().filter(|batch| batch.ordered() > 0).map(|_| "已提交制卡，请保留受理单；制好后凭证件领卡。".to_owned())
            }
            Self::Presenting
            | Self::Looking { .. }
            | Self::Choosing { .. }
            | Self::Checking { .. }
            | Self::Sending { .. }
            | Self::Submitting { .. } => None,
        }
    }

    /// The rows, the faulty ones first, each with what became of it; `from` and `most` cut a page out.
    #[must_use]
    pub fn listing(&self, from: usize, most: usize) -> Option<Listing> {
        let batch = match self {
            Self::Checking { .. } => None,
            Self::Presenting
            | Self::Looking { .. }
            | Self::Choosing { .. }
            | Self::Preview { .. }
            | Self::AcceptedSlip { .. }
            | Self::Accepted { .. }
            | Self::Sending { .. }
            | Self::Submitting { .. }
            | Self::Slip { .. }
            | Self::Errors { .. }
            | Self::Closed { .. } => self.batch(),
        }?;
        let faulty = batch.refused.iter().map(|faulty| ListingRow {
            cells: vec![faulty.line.to_string(), faulty.who.clone(), "—".to_owned(), texts(&faulty.messages)],
            tone: Tone::Bad,
        });
        let results = batch.results.iter().map(Some).chain(std::iter::repeat(None));
        let ready = batch.ready.iter().zip(results).map(|(ready, result)| {
            let (text, tone) = match result {
                None => ("可受理".to_owned(), Tone::Plain),
                Some(RowResult::Ordered { order, warning: None, .. }) => (format!("已提交 {order}"), Tone::Good),
                Some(RowResult::Ordered { order, warning: Some(warning), .. }) => {
                    (format!("已提交 {order}；{}", warning.text()), Tone::Warn)
                }
                Some(RowResult::Refused { message, .. }) => (texts(std::slice::from_ref(message)), Tone::Bad),
            };
            let row = &ready.row;
            ListingRow { cells: vec![row.line.to_string(), mask::name(&row.name), mask::id_number(&row.number), text], tone }
        });
        Some(Listing {
            head: HEAD,
            total: batch.refused.len() + batch.ready.len(),
            rows: faulty.chain(ready).skip(from).take(most).collect(),
        })
    }

    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        let Some(batch) = self.batch() else {
            return facts;
        };
        let unit = &batch.unit;
        facts.pair("单位", unit.name.clone());
        if let Some(code) = &unit.credit_code {
            facts.pair("统一社会信用代码", code.clone());
        }
        facts.pair("授权委托书", if unit.letter { "有" } else { "无" });
        facts.pair("经办人证件号", mask::id_number(&unit.agent.number));
        facts.pair("证件", if unit.read { "已核对原件（读取）" } else { "已核对原件" });
        facts.pair("名单", batch.list.clone());
        facts.pair("名单行数", (batch.ready.len() + batch.refused.len()).to_string());
        match paper {
            Paper::AcceptanceSlip => {
                if let Self::AcceptedSlip { at, .. } | Self::Accepted { at, .. } = self {
                    facts.pair("可受理", format!("{} 行", batch.ready.len()));
                    facts.pair("有错", format!("{} 行", batch.refused.len()));
                    facts.pair("受理时间", when(*at));
                    facts.line("离线受理，尚未提交；线路恢复后由中心逐行审核，请保留本单。");
                } else {
                    facts.pair("已提交制卡", format!("{} 人", batch.ordered()));
                    facts.pair("未受理", format!("{} 行，见错误清单", batch.faults()));
                }
                facts.texts.push("unit.slip");
                facts.signature = Some("经办人签字".to_owned());
            }
            Paper::ErrorList => {
                facts.pair("已提交制卡", format!("{} 人", batch.ordered()));
                facts.pair("未受理", format!("{} 行", batch.faults()));
                errors(batch, &mut facts);
                facts.texts.push("unit.errors");
            }
            Paper::Receipt
            | Paper::Voucher
            | Paper::RefundVoucher
            | Paper::PendingSlip
            | Paper::GuidanceSlip
            | Paper::BagLabel
            | Paper::Reversal
            | Paper::OneTimeNotice => {}
        }
        facts
    }
}

/// By line of the list, with code and text; nothing of anybody.
fn errors(batch: &Batch, facts: &mut PaperFacts) {
    let mut lines: Vec<(u64, &Message, &str)> = Vec::new();
    for faulty in &batch.refused {
        lines.extend(faulty.messages.iter().map(|message| (faulty.line, message, "")));
    }
    for result in &batch.results {
        match result {
            RowResult::Refused { line, message } => lines.push((*line, message, "")),
            RowResult::Ordered { line, warning: Some(warning), .. } => lines.push((*line, warning, "（已提交）")),
            RowResult::Ordered { .. } => {}
        }
    }
    // Stable: the faults of one row stay in the order in which a clerk would tell them.
    lines.sort_by_key(|(line, ..)| *line);
    for (line, message, note) in lines {
        facts.line(format!("第 {line} 行　{}　{}{note}", message.code.as_str(), message.text()));
    }
}

fn texts(messages: &[Message]) -> String {
    messages
        .iter()
        .flat_map(Message::each)
        .map(|message| format!("{} {}", message.code.as_str(), message.text()))
        .collect::<Vec<_>>()
        .join("；")
}
