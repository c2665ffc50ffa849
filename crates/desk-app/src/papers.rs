//! From the facts of a case to a sheet: masked, with amounts in capitals, case number, hotline and marks.
//!
//! A paper that could not be printed never undoes a case: it waits here and is tried again until it comes out.

use desk_domain::{
    capitals::capitals,
    case::{Entry, Fact, LineMode, Paper, context, words},
    code::Message,
    id::CaseId,
    ruleset::RuleSet,
};

use crate::{
    desk::{Desk, Errand},
    ports::{Block, Sheet, SheetFormat, StoreFailure},
    run::Running,
};

/// Durable value: papers that have not come out yet.
const PENDING: &str = "papers.pending";
/// Durable value: papers that were sent to the printer and of which nobody knows whether they came out.
const TRYING: &str = "papers.trying";
/// Pause between two tries at a late paper, in seconds of the monotonic clock.
const PAUSE_SECONDS: u64 = 30;

#[must_use]
pub(crate) fn title(paper: Paper) -> &'static str {
    match paper {
        Paper::Receipt => "收据",
        Paper::Voucher => "业务凭证",
        Paper::RefundVoucher => "退款凭证",
        Paper::AcceptanceSlip => "受理单",
        Paper::PendingSlip => "待查单",
        Paper::GuidanceSlip => "指引单",
        Paper::BagLabel => "坏卡袋签",
        Paper::Reversal => "冲正凭证",
        Paper::OneTimeNotice => "一次性告知单",
        Paper::ErrorList => "错误清单",
    }
}

fn stem(paper: Paper) -> &'static str {
    match paper {
        Paper::Receipt => "receipt",
        Paper::Voucher => "voucher",
        Paper::RefundVoucher => "refund-voucher",
        Paper::AcceptanceSlip => "acceptance-slip",
        Paper::PendingSlip => "pending-slip",
        Paper::GuidanceSlip => "guidance-slip",
        Paper::BagLabel => "bag-label",
        Paper::Reversal => "reversal",
        Paper::OneTimeNotice => "one-time-notice",
        Paper::ErrorList => "error-list",
    }
}

/// Everything but the case's own facts.
pub(crate) struct Setting<'a> {
    pub rules: &'a RuleSet,
    pub at: chrono::DateTime<chrono::Utc>,
    pub practice: bool,
    /// How often it came out before, or may have.
    pub again: u32,
}

pub(crate) fn sheet_of(running: &Running, paper: Paper, setting: &Setting<'_>) -> Sheet {
    let header = &running.header;
    let facts = running.case.paper(paper);
    let rules = setting.rules;
    let outlet = rules.outlet(&header.outlet);
    let pair = |label: &str, value: String| (label.to_owned(), value);
    let mut blocks = vec![
        Block::Pairs {
            pairs: vec![
                pair("业务单号", header.number.to_string()),
                pair("业务", rules.service(header.service).map(|service| service.label.clone()).unwrap_or_default()),
                pair("网点", outlet.map_or_else(|| header.outlet.to_string(), |outlet| outlet.name.clone())),
                pair("窗口", header.window.to_string()),
                pair("经办工号", header.operator.to_string()),
                pair("时间", words::when(setting.at)),
                pair(
                    "方式",
                    match header.line {
                        LineMode::Online => "联网办理",
                        LineMode::Offline => "离线受理",
                    }
                    .to_owned(),
                ),
            ],
        },
        Block::Rule,
    ];
    if !facts.pairs.is_empty() {
        blocks.push(Block::Pairs { pairs: facts.pairs });
    }
    if let Some((label, amount)) = facts.amount {
        blocks.push(Block::Amount { label, figures: amount.to_string(), capitals: capitals(amount) });
    }
    let mut lines = facts.lines;
    for name in facts.texts {
        lines.extend(rules.text(name).iter().cloned());
    }
    if !lines.is_empty() {
        blocks.push(Block::Rule);
        blocks.push(Block::Text { lines });
    }
    if let Some(label) = facts.signature {
        blocks.push(Block::Signature { label });
    }
    if paper == Paper::OneTimeNotice {
        blocks.extend(crate::guide::notice_blocks(rules, header, context::local(setting.at), running.case.noticed()));
    }
    blocks.push(Block::Code { text: header.number.to_string() });
    let mut marks = Vec::new();
    if header.line == LineMode::Offline && paper == Paper::AcceptanceSlip {
        marks.push("离线受理".to_owned());
    }
    if paper == Paper::Reversal {
        marks.push("红字冲正".to_owned());
    }
    if setting.again > 0 {
        marks.push(format!("补打 第{}次", setting.again));
    }
    if setting.practice {
        marks.push("练习".to_owned());
    }
    let mut footer = Vec::new();
    if let Some(hotline) = rules.hotline() {
        footer.push(format!("{} {}", hotline.label, hotline.phone));
    }
    footer.push(format!("规则版本 {}", header.rule_set));
    Sheet {
        title: title(paper).to_owned(),
        issuer: rules.issuer.clone(),
        name: format!("{}-{}", header.number, stem(paper)),
        // A list may have thousands of lines.
        format: if paper == Paper::ErrorList { SheetFormat::A4 } else { SheetFormat::Roll80 },
        blocks,
        marks,
        footer,
    }
}

impl Desk {
    pub(crate) fn sheet(&self, id: CaseId, paper: Paper, again: u32) -> Option<Sheet> {
        let running = self.cases.get(&id)?;
        let rules = self.rules_of(&running.header)?;
        Some(sheet_of(running, paper, &Setting { rules, at: self.now(), practice: self.practice, again }))
    }

    /// A paper that just failed joins the waiting ones.
    pub(crate) async fn late_papers_of(&mut self, id: CaseId, entry: &Entry) -> Result<(), StoreFailure> {
        if let Entry::Fact { fact: Fact::PrintPending { paper, .. } } = entry {
            self.late_papers.push((id, *paper));
            self.late_paper_tried = self.clock.monotonic().as_secs();
            return self.keep_late_papers().await;
        }
        Ok(())
    }

    pub(crate) async fn keep_late_papers(&mut self) -> Result<(), StoreFailure> {
        let text = crate::run::json(&self.late_papers)?;
        self.store.remember(PENDING, &text).await
    }

    pub(crate) async fn recall_late_papers(&mut self) -> Result<(), StoreFailure> {
        if let Some(text) = self.store.recall(PENDING).await? {
            self.late_papers = serde_json::from_str(&text).unwrap_or_default();
        }
        Ok(())
    }

    pub(crate) async fn print_late_papers(&mut self) -> Result<(), StoreFailure> {
        let now = self.clock.monotonic().as_secs();
        let Some((id, paper)) = self.late_papers.first().copied() else {
            return Ok(());
        };
        if now.saturating_sub(self.late_paper_tried) < PAUSE_SECONDS
            || self.session.is_none()
            || self.calling(|errand| matches!(errand, Errand::LatePaper { .. }))
        {
            return Ok(());
        }
        self.late_paper_tried = now;
        self.print_late(id, paper).await
    }

    /// A paper beside the course of its case: it waits like any other until it came out.
    pub(crate) async fn print_beside(&mut self, id: CaseId, paper: Paper) -> Result<(), StoreFailure> {
        if !self.late_papers.contains(&(id, paper)) {
            self.late_papers.push((id, paper));
            self.keep_late_papers().await?;
        }
        if self.calling(|errand| matches!(errand, Errand::LatePaper { .. })) {
            return Ok(());
        }
        self.late_paper_tried = self.clock.monotonic().as_secs();
        self.print_late(id, paper).await
    }

    async fn print_late(&mut self, id: CaseId, paper: Paper) -> Result<(), StoreFailure> {
        let again = u32::from(self.trying().await?.contains(&(id, paper)));
        let sheet = match self.sheet(id, paper, again) {
            Some(sheet) => Some(sheet),
            None => self.sheet_of_closed(id, paper, again).await?,
        };
        match sheet {
            Some(sheet) => {
                self.may_be_out(id, paper).await?;
                self.print(Errand::LatePaper { case: id, paper, again: again > 0 }, sheet);
            }
            None => {
                self.late_papers.retain(|waiting| *waiting != (id, paper));
                self.keep_late_papers().await?;
            }
        }
        Ok(())
    }

    async fn sheet_of_closed(&mut self, id: CaseId, paper: Paper, again: u32) -> Result<Option<Sheet>, StoreFailure> {
        let Some(header) = self.header_of(id).await? else {
            return Ok(None);
        };
        let running = self.rebuild(id, header).await?;
        let rules = self.rules_of(&running.header);
        Ok(rules.map(|rules| sheet_of(&running, paper, &Setting { rules, at: self.now(), practice: self.practice, again })))
    }

    pub(crate) async fn late_paper_ended(
        &mut self,
        id: CaseId,
        paper: Paper,
        again: bool,
        end: Result<(), Message>,
    ) -> Result<(), StoreFailure> {
        if let Err(message) = end {
            self.notice = Some(message);
            // This copy did not come out; one before it may have.
            return if again { Ok(()) } else { self.tried(id, paper).await };
        }
        match self.header_of(id).await? {
            Some(header) => self.printed_beside(&header, paper, 1).await?,
            None => {
                self.late_papers.retain(|waiting| *waiting != (id, paper));
                self.keep_late_papers().await?;
            }
        }
        self.tried(id, paper).await
    }

    /// Papers that were sent to the printer and of which nobody knows whether they came out: the next copy is marked.
    async fn trying(&mut self) -> Result<Vec<(CaseId, Paper)>, StoreFailure> {
        Ok(self.store.recall(TRYING).await?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// This paper may have come out, and its next copy is marked.
    pub(crate) async fn may_be_out(&mut self, id: CaseId, paper: Paper) -> Result<(), StoreFailure> {
        let mut trying = self.trying().await?;
        if !trying.contains(&(id, paper)) {
            trying.push((id, paper));
            self.store.remember(TRYING, &crate::run::json(&trying)?).await?;
        }
        Ok(())
    }

    async fn tried(&mut self, id: CaseId, paper: Paper) -> Result<(), StoreFailure> {
        let mut trying = self.trying().await?;
        trying.retain(|waiting| *waiting != (id, paper));
        self.store.remember(TRYING, &crate::run::json(&trying)?).await
    }
}
