//! From the facts of a case to a sheet: masked, with amounts in capitals, case number, hotline and marks.
//!
//! A paper that could not be printed never undoes a case: it waits here and is tried again until it comes out.

use desk_domain::{
    capitals::capitals,
    case::{Entry, Fact, LineMode, Paper, words},
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
    }
}

/// Everything but the case's own facts.
pub(crate) struct Setting<'a> {
    pub rules: &'a RuleSet,
    pub at: chrono::DateTime<chrono::Utc>,
    pub practice: bool,
    /// May have come out before.
    pub reprint: bool,
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
    blocks.push(Block::Code { text: header.number.to_string() });
    let mut marks = Vec::new();
    if header.line == LineMode::Offline && paper == Paper::AcceptanceSlip {
        marks.push("离线受理".to_owned());
    }
    if setting.reprint {
        marks.push("补打 第1次".to_owned());
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
        format: SheetFormat::Roll80,
        blocks,
        marks,
        footer,
    }
}

impl Desk {
    pub(crate) fn sheet(&self, id: CaseId, paper: Paper, reprint: bool) -> Option<Sheet> {
        let running = self.cases.get(&id)?;
        let rules = self.rules_of(&running.header)?;
        Some(sheet_of(running, paper, &Setting { rules, at: self.now(), practice: self.practice, reprint }))
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

    async fn keep_late_papers(&mut self) -> Result<(), StoreFailure> {
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
        let sheet = match self.sheet(id, paper, false) {
            Some(sheet) => Some(sheet),
            None => self.sheet_of_closed(id, paper).await?,
        };
        match sheet {
            Some(sheet) => self.print(Errand::LatePaper { case: id, paper }, sheet),
            None => {
                self.late_papers.remove(0);
                self.keep_late_papers().await?;
            }
        }
        Ok(())
    }

    async fn sheet_of_closed(&mut self, id: CaseId, paper: Paper) -> Result<Option<Sheet>, StoreFailure> {
        for (header, _) in self.store.cases_of(self.today()).await? {
            if header.id == id {
                let running = self.rebuild(id, header).await?;
                let rules = self.rules_of(&running.header);
                return Ok(rules
                    .map(|rules| sheet_of(&running, paper, &Setting { rules, at: self.now(), practice: self.practice, reprint: false })));
            }
        }
        Ok(None)
    }

    pub(crate) async fn late_paper_ended(&mut self, id: CaseId, paper: Paper, end: Result<(), Message>) -> Result<(), StoreFailure> {
        if end.is_err() {
            return Ok(());
        }
        let header = match self.cases.get(&id) {
            Some(running) => Some(running.header.clone()),
            None => self.store.cases_of(self.today()).await?.into_iter().map(|(header, _)| header).find(|header| header.id == id),
        };
        if let Some(header) = header {
            let fact = Fact::Printed { paper, copy: 1 };
            let row = self.draft(&header, &Entry::Fact { fact: fact.clone() }, desk_domain::posting::Balanced::none())?;
            self.append(vec![row], None).await?;
            if let Some(running) = self.cases.get_mut(&id)
                && let Ok(case) = running.case.clone().apply(fact)
            {
                running.case = case;
            }
        }
        self.late_papers.retain(|waiting| *waiting != (id, paper));
        self.keep_late_papers().await
    }
}
