//! S-32 同步与异常: what waits, was refused, conflicts, is unknown, or was not printed. Each line says who must act and since
//! when; nothing leaves the list without a result or somebody's written explanation.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Utc};
use desk_domain::{
    case::{CaseHeader, Ending, LineMode, Paper, words},
    code::{Code, Message},
    id::CaseId,
};

use crate::{
    desk::{Desk, Errand, Place},
    loose::Loose,
    ports::{Block, Rating, Sheet, SheetFormat, StoreFailure},
    session::Session,
};

/// How far back the desk looks; what is older lies at the centre alone.
const DAYS_BACK: u64 = 7;
/// A queue older than this is marked, and marked in red, in hours (domain §3.0.6).
const OLD_HOURS: [i64; 2] = [24, 48];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exceptions {
    pub lines: Vec<ExceptionLine>,
    pub message: Option<Message>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExceptionLine {
    /// Stable, so that an explanation finds its line again: kind and case number.
    pub id: String,
    pub kind: ExceptionKind,
    pub number: String,
    pub what: String,
    pub since: DateTime<Utc>,
    pub case: Option<CaseHeader>,
    pub paper: Option<Paper>,
    /// What somebody wrote about it, newest last: when, who, what.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ExceptionKind {
    Unknown,
    Conflict,
    Refused,
    LossNotSynced,
    MigrationPending,
    CashDifference,
    PaperPending,
    /// 不满意: to be called back.
    Dissatisfied,
    Waiting,
}

impl ExceptionKind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Unknown,
        Self::Conflict,
        Self::Refused,
        Self::LossNotSynced,
        Self::MigrationPending,
        Self::CashDifference,
        Self::PaperPending,
        Self::Dissatisfied,
        Self::Waiting,
    ];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Unknown => "灰记录",
            Self::Conflict => "冲突",
            Self::Refused => "被拒",
            Self::LossNotSynced => "挂失未同步",
            Self::MigrationPending => "迁移未完成",
            Self::CashDifference => "现金差异",
            Self::PaperPending => "打印未完成",
            Self::Dissatisfied => "不满意",
            Self::Waiting => "待上传",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
            Self::LossNotSynced => "loss",
            Self::MigrationPending => "migration",
            Self::CashDifference => "cash",
            Self::PaperPending => "paper",
            Self::Dissatisfied => "rating",
            Self::Waiting => "waiting",
        }
    }

    /// Who must act.
    pub(crate) fn who(self) -> &'static str {
        match self {
            Self::Unknown => "值班主管 → 中心",
            Self::Conflict | Self::Refused => "经办柜员（联系客户）",
            Self::LossNotSynced | Self::Dissatisfied => "值班主管",
            Self::MigrationPending => "中心",
            Self::CashDifference => "网点负责人",
            Self::PaperPending => "经办柜员",
            Self::Waiting => "本机自动",
        }
    }

    /// The buttons of the line, by what they do.
    pub(crate) fn remedies(self) -> &'static [Remedy] {
        match self {
            Self::Unknown | Self::LossNotSynced | Self::MigrationPending => &[Remedy::Retry, Remedy::ToCentre, Remedy::Explain],
            Self::Dissatisfied => &[Remedy::Explain],
            Self::Conflict | Self::Refused => &[Remedy::CallBack, Remedy::ToCentre, Remedy::Explain],
            Self::CashDifference => &[Remedy::ToCentre, Remedy::Explain],
            Self::PaperPending => &[Remedy::Retry, Remedy::Explain],
            Self::Waiting => &[Remedy::Retry],
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    Retry,
    CallBack,
    ToCentre,
    Explain,
}

impl Remedy {
    pub(crate) const ALL: [Self; 4] = [Self::Retry, Self::CallBack, Self::ToCentre, Self::Explain];

    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::CallBack => "call",
            Self::ToCentre => "centre",
            Self::Explain => "explain",
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Retry => "重试",
            Self::CallBack => "联系客户",
            Self::ToCentre => "转中心",
            Self::Explain => "说明",
        }
    }
}

/// `3 小时`, `2 天`, and how loudly to say it.
pub(crate) fn age(since: DateTime<Utc>, now: DateTime<Utc>) -> (String, &'static str) {
    let passed = now.signed_duration_since(since);
    let text = match (passed.num_days(), passed.num_hours(), passed.num_minutes()) {
        (0, 0, minutes) => format!("{} 分钟", minutes.max(0)),
        (0, hours, _) => format!("{hours} 小时"),
        (days, _, _) => format!("{days} 天"),
    };
    let [amber, red] = OLD_HOURS;
    let tone = if passed.num_hours() >= red {
        "bad"
    } else if passed.num_hours() >= amber {
        "warn"
    } else {
        "plain"
    };
    (text, tone)
}

/// The list an ended case belongs to, if any.
fn kind_of_ending(header: &CaseHeader, ending: &Ending) -> Option<(ExceptionKind, Message)> {
    match ending {
        Ending::Suspended { message } => Some((ExceptionKind::Unknown, message.clone())),
        Ending::Refused { message } if message.code == Code::ClaimConflict => Some((ExceptionKind::Conflict, message.clone())),
        // Accepted while the line was down, and the centre then said no: the customer has to be told.
        Ending::Refused { message } if header.line == LineMode::Offline => Some((ExceptionKind::Refused, message.clone())),
        Ending::Refused { message } | Ending::Referred { message } => kind_of_code(message.code).map(|kind| (kind, message.clone())),
        Ending::Done | Ending::Cancelled | Ending::Withdrawn => None,
    }
}

fn kind_of_code(code: Code) -> Option<ExceptionKind> {
    if code == Code::LossNotSynced {
        Some(ExceptionKind::LossNotSynced)
    } else if code == Code::HrMigrationPending {
        Some(ExceptionKind::MigrationPending)
    } else if matches!(code, Code::RewriteNotAllowed | Code::ReversalNotSameDay) {
        // What the counter may not put right, somebody else has to.
        Some(ExceptionKind::Refused)
    } else if matches!(code, Code::CashDiff | Code::StockDiff) {
        Some(ExceptionKind::CashDifference)
    } else {
        None
    }
}

impl Desk {
    pub(crate) async fn open_exceptions(&mut self) -> Result<(), StoreFailure> {
        if matches!(self.place, Place::Home { .. } | Place::Exceptions(_)) {
            self.list_exceptions(None).await?;
        }
        Ok(())
    }

    async fn list_exceptions(&mut self, message: Option<Message>) -> Result<(), StoreFailure> {
        let lines = self.exceptions().await?;
        self.place = Place::Exceptions(Box::new(Exceptions { lines, message }));
        Ok(())
    }

    /// Cases and papers that are known without a look at the disk: what the home screen counts.
    pub(crate) fn open_exceptions_count(&self) -> u32 {
        let unknown = self.cases.values().filter(|running| running.case.writing().is_some_and(|writing| writing.suspended())).count();
        u32::try_from(unknown + self.late_papers.len()).unwrap_or(u32::MAX)
    }

    async fn exceptions(&mut self) -> Result<Vec<ExceptionLine>, StoreFailure> {
        let today = self.today();
        let supervisor = self.session.as_ref().is_some_and(Session::supervisor);
        let mut lines: Vec<ExceptionLine> = Vec::new();
        let mut notes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for back in (0..=DAYS_BACK).rev() {
            let Some(day) = today.checked_sub_days(Days::new(back)) else {
                continue;
            };
            for row in self.store.loose(day).await? {
                let code = row.header.code.as_deref().and_then(|name| Code::ALL.iter().copied().find(|code| code.as_str() == name));
                if let Some(code) = code
                    && let Some(kind) = kind_of_code(code)
                {
                    let number = format!("{day} 流水 {}", row.header.sequence);
                    lines.push(line(kind, number, code.text().to_owned(), row.header.at, None, None));
                }
                // Only a supervisor hears of a level, never the clerk whom it is about.
                if supervisor && let Ok(Loose::Rated { case, rating: Rating::Level(level @ 4..) }) = serde_json::from_str(&row.payload) {
                    let what = if level == 4 { "不满意，请回访" } else { "非常不满意，请回访" };
                    lines.push(line(ExceptionKind::Dissatisfied, case, what.to_owned(), row.header.at, None, None));
                }
                if let Ok(Loose::ExceptionAttended { line, operator, remedy, note }) = serde_json::from_str(&row.payload) {
                    let said = if note.is_empty() { remedy } else { format!("{remedy}：{note}") };
                    notes.entry(line).or_default().push(format!("{} {operator} {said}", words::when(row.header.at)));
                }
            }
            for (header, ending) in self.store.cases_of(day).await? {
                if let Some((kind, message)) = ending.as_ref().and_then(|ending| kind_of_ending(&header, ending)) {
                    let what = format!("{} · {}", self.service_label(header.service), self.worded(&header, &message));
                    lines.push(line(kind, header.number.to_string(), what, header.opened_at, Some(header), None));
                }
            }
        }
        for running in self.cases.values() {
            let picture = running.case.picture();
            let of_remark = picture.remark.as_ref().and_then(|message| kind_of_code(message.code));
            let kind =
                if running.case.writing().is_some_and(|writing| writing.suspended()) { Some(ExceptionKind::Unknown) } else { of_remark };
            if let Some(kind) = kind {
                let header = running.header.clone();
                let what = format!("{} · 待原卡放回核对", self.service_label(header.service));
                let what = if kind == ExceptionKind::Unknown {
                    what
                } else {
                    picture.remark.as_ref().map(|message| self.worded(&header, message)).unwrap_or_default()
                };
                lines.push(line(kind, header.number.to_string(), what, header.opened_at, Some(header), None));
            }
        }
        for (id, paper) in self.late_papers.clone() {
            if let Some(header) = self.header_of(id).await? {
                let what = format!("{} · {}", self.service_label(header.service), crate::papers::title(paper));
                lines.push(line(ExceptionKind::PaperPending, header.number.to_string(), what, header.opened_at, Some(header), Some(paper)));
            }
        }
        if self.waiting > 0 {
            let since = self.line.lost_since().unwrap_or_else(|| self.now());
            let what = if self.line.online() { "正在上传" } else { "线路恢复后自动上传" };
            lines.push(line(ExceptionKind::Waiting, format!("{} 条流水", self.waiting), what.to_owned(), since, None, None));
        }
        for line in &mut lines {
            line.notes = notes.remove(&line.id).unwrap_or_default();
        }
        lines.sort_by(|left, right| left.kind.cmp(&right.kind).then(left.since.cmp(&right.since)));
        Ok(lines)
    }

    fn worded(&self, header: &CaseHeader, message: &Message) -> String {
        self.rules_of(header).map_or_else(|| message.text(), |rules| rules.wording(message).text)
    }

    /// Header of a case of the last days, running or over.
    pub(crate) async fn header_of(&mut self, id: CaseId) -> Result<Option<CaseHeader>, StoreFailure> {
        if let Some(running) = self.cases.get(&id) {
            return Ok(Some(running.header.clone()));
        }
        for back in 0..=DAYS_BACK {
            let Some(day) = self.today().checked_sub_days(Days::new(back)) else {
                continue;
            };
            if let Some((header, _)) = self.store.cases_of(day).await?.into_iter().find(|(header, _)| header.id == id) {
                return Ok(Some(header));
            }
        }
        Ok(None)
    }

    /// One of a line's buttons.
    pub(crate) async fn attend(&mut self, id: &str, remedy: &str, note: &str) -> Result<(), StoreFailure> {
        let Place::Exceptions(list) = &self.place else {
            return Ok(());
        };
        let Some(line) = list.lines.iter().find(|line| line.id == id).cloned() else {
            return Ok(());
        };
        let Some(remedy) = line.kind.remedies().iter().copied().find(|known| known.id() == remedy) else {
            return Ok(());
        };
        let note = note.trim();
        if remedy == Remedy::Explain && note.is_empty() {
            return self.list_exceptions(Some(Message::new(Code::FieldRequired).with("field", "说明"))).await;
        }
        let closes_money = remedy == Remedy::Explain && line.kind == ExceptionKind::CashDifference;
        if closes_money && !self.session.as_ref().is_some_and(Session::supervisor) {
            return self.list_exceptions(Some(Message::new(Code::RoleMissing))).await;
        }
        if remedy != Remedy::Retry
            && let Some(operator) = self.session.as_ref().map(|session| session.operator.clone())
        {
            let attended =
                Loose::ExceptionAttended { line: line.id.clone(), operator, remedy: remedy.label().to_owned(), note: note.to_owned() };
            self.note(&attended).await?;
        }
        match remedy {
            Remedy::Retry => return self.try_line_again(&line).await,
            Remedy::CallBack => self.call_back(&line).await?,
            Remedy::ToCentre | Remedy::Explain => {}
        }
        self.list_exceptions(None).await
    }

    async fn try_line_again(&mut self, line: &ExceptionLine) -> Result<(), StoreFailure> {
        match (line.kind, &line.case) {
            (ExceptionKind::PaperPending, Some(header)) => {
                if let Some(paper) = line.paper {
                    self.print_beside(header.id, paper).await?;
                }
                self.list_exceptions(None).await
            }
            (_, Some(header)) if self.cases.contains_key(&header.id) => {
                let id = header.id.to_string();
                self.place = Place::Home { message: None };
                self.resume_case(&id).await
            }
            (
                ExceptionKind::Unknown
                | ExceptionKind::Conflict
                | ExceptionKind::Refused
                | ExceptionKind::LossNotSynced
                | ExceptionKind::MigrationPending
                | ExceptionKind::CashDifference
                | ExceptionKind::PaperPending
                | ExceptionKind::Dissatisfied
                | ExceptionKind::Waiting,
                _,
            ) => {
                self.upload().await?;
                self.list_exceptions(None).await
            }
        }
    }

    /// The slip to call by: masked, with the text for the customer.
    async fn call_back(&mut self, line: &ExceptionLine) -> Result<(), StoreFailure> {
        let Some(header) = line.case.clone() else {
            return Ok(());
        };
        let strip = match self.cases.get(&header.id) {
            Some(running) => running.case.picture().strip,
            None => self.rebuild(header.id, header.clone()).await?.case.picture().strip,
        };
        let mut pairs = vec![
            ("业务单号".to_owned(), header.number.to_string()),
            ("业务".to_owned(), self.service_label(header.service)),
            ("受理时间".to_owned(), words::when(header.opened_at)),
            ("经办工号".to_owned(), header.operator.to_string()),
        ];
        pairs.extend(strip.into_iter().map(|shown| (shown.label, shown.value)));
        let sheet = Sheet {
            title: "回访单".to_owned(),
            issuer: self.outlet_name(),
            name: format!("{}-call-back", header.number),
            format: SheetFormat::Roll80,
            blocks: vec![
                Block::Pairs { pairs },
                Block::Rule,
                Block::Text {
                    lines: vec!["请告诉客户：".to_owned(), line.what.clone(), "本次受理未收取费用的，不需要退款。".to_owned()]
                },
                Block::Signature { label: "回访人及结果".to_owned() },
            ],
            marks: if self.practice { vec!["练习".to_owned()] } else { Vec::new() },
            footer: Vec::new(),
        };
        self.print(Errand::Guidance, sheet);
        Ok(())
    }
}

fn line(
    kind: ExceptionKind,
    number: String,
    what: String,
    since: DateTime<Utc>,
    case: Option<CaseHeader>,
    paper: Option<Paper>,
) -> ExceptionLine {
    let of_paper = paper.map(crate::papers::title).unwrap_or_default();
    let id = format!("{}:{number}{of_paper}", kind.name());
    ExceptionLine { id, kind, number, what, since, case, paper, notes: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_is_told_in_the_largest_unit_and_turns_amber_and_red() {
        let now = DateTime::UNIX_EPOCH + chrono::TimeDelta::days(100);
        let ago = |minutes| age(now - chrono::TimeDelta::minutes(minutes), now);
        assert_eq!(ago(0), ("0 分钟".to_owned(), "plain"));
        assert_eq!(ago(59), ("59 分钟".to_owned(), "plain"));
        assert_eq!(ago(60), ("1 小时".to_owned(), "plain"));
        assert_eq!(ago(24 * 60), ("1 天".to_owned(), "warn"));
        assert_eq!(ago(47 * 60 + 59), ("1 天".to_owned(), "warn"));
        assert_eq!(ago(48 * 60), ("2 天".to_owned(), "bad"));
        // A clock that went back makes nothing older.
        assert_eq!(ago(-30), ("0 分钟".to_owned(), "plain"));
    }

    #[test]
    fn every_line_has_somebody_who_acts_and_something_to_do() {
        for kind in ExceptionKind::ALL {
            assert!(!kind.who().is_empty() && !kind.remedies().is_empty(), "{kind:?}");
        }
    }
}
