//! S-30 补打: every paper of the day again, marked with the count. Other clerks' papers and other days' are a supervisor's.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use desk_domain::{
    case::{CaseHeader, Entry, Fact, Paper},
    code::{Code, Message},
    id::CaseId,
    posting::Balanced,
};

use crate::{
    desk::{Desk, Errand, Place},
    guide::paper_named,
    papers::{Setting, sheet_of},
    ports::{StoreFailure, Stored},
    session::Session,
};

/// The papers of one day, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Papers {
    pub day: NaiveDate,
    pub rows: Vec<PaperLine>,
    pub message: Option<Message>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaperLine {
    pub header: CaseHeader,
    pub paper: Paper,
    pub at: DateTime<Utc>,
    /// Times it came out; 0 while it waits for the printer.
    pub copies: u32,
}

impl Desk {
    /// Lists the papers of a day (`2026-11-24`), today's where none is named.
    pub(crate) async fn open_papers(&mut self, day: &str) -> Result<(), StoreFailure> {
        if !matches!(self.place, Place::Home { .. } | Place::Papers(_)) {
            return Ok(());
        }
        let today = self.today();
        let wanted = if day.trim().is_empty() { Some(today) } else { desk_domain::normalise::id_number(day).parse().ok() };
        let (day, message) = match wanted {
            None => (today, Some(Message::new(Code::FieldInvalid).with("field", "日期"))),
            Some(day) if day != today && !self.supervising() => (today, Some(Message::new(Code::RoleMissing))),
            Some(day) => (day, None),
        };
        let rows = self.papers_of(day).await?;
        self.place = Place::Papers(Box::new(Papers { day, rows, message }));
        Ok(())
    }

    fn supervising(&self) -> bool {
        self.session.as_ref().is_some_and(Session::supervisor)
    }

    async fn papers_of(&mut self, day: NaiveDate) -> Result<Vec<PaperLine>, StoreFailure> {
        let mut lines = Vec::new();
        for (header, _) in self.store.cases_of(day).await? {
            let rows = self.store.case(header.id).await?;
            lines.extend(prints(&rows).into_iter().map(|(paper, (copies, at))| PaperLine { header: header.clone(), paper, at, copies }));
        }
        lines.sort_by(|left, right| right.at.cmp(&left.at).then(left.paper.cmp(&right.paper)));
        Ok(lines)
    }

    /// Prints a paper of the list once more.
    pub(crate) async fn reprint(&mut self, id: &str) -> Result<(), StoreFailure> {
        let (Place::Papers(list), Some((case, paper))) = (&self.place, paper_named(id)) else {
            return Ok(());
        };
        let Some(line) = list.rows.iter().find(|line| line.header.id == case && line.paper == paper).cloned() else {
            return Ok(());
        };
        if self.calling(|errand| matches!(errand, Errand::Reprint { .. })) {
            return Ok(());
        }
        let own = self.session.as_ref().is_some_and(|session| session.operator == line.header.operator) && list.day == self.today();
        if !own && !self.supervising() {
            self.tell_papers(Message::new(Code::RoleMissing));
            return Ok(());
        }
        let sheet = match self.cases.get(&case) {
            Some(running) => self.rules_of(&running.header).map(|rules| sheet_of(running, paper, &self.setting(rules, line.copies))),
            None => {
                let running = self.rebuild(case, line.header.clone()).await?;
                self.rules_of(&running.header).map(|rules| sheet_of(&running, paper, &self.setting(rules, line.copies)))
            }
        };
        match sheet {
            Some(sheet) => self.print(Errand::Reprint { header: Box::new(line.header), paper, copy: line.copies.saturating_add(1) }, sheet),
            None => self.tell_papers(Message::new(Code::RuleSetInvalid).with("where", &line.header.rule_set)),
        }
        Ok(())
    }

    fn setting<'a>(&self, rules: &'a desk_domain::ruleset::RuleSet, again: u32) -> Setting<'a> {
        Setting { rules, at: self.now(), practice: self.practice, again }
    }

    fn tell_papers(&mut self, message: Message) {
        if let Place::Papers(list) = &mut self.place {
            list.message = Some(message);
        }
    }

    pub(crate) async fn reprinted(
        &mut self,
        header: CaseHeader,
        paper: Paper,
        copy: u32,
        end: Result<(), Message>,
    ) -> Result<(), StoreFailure> {
        if let Err(message) = end {
            self.tell_papers(message);
            return Ok(());
        }
        self.printed_beside(&header, paper, copy).await?;
        let told = Message::new(Code::PaperOut).with("paper", crate::papers::title(paper));
        let Place::Papers(list) = &self.place else {
            self.notice = Some(told);
            return Ok(());
        };
        let day = list.day;
        let rows = self.papers_of(day).await?;
        self.place = Place::Papers(Box::new(Papers { day, rows, message: Some(told) }));
        Ok(())
    }

    /// A paper came out while its case is elsewhere, or over.
    pub(crate) async fn printed_beside(&mut self, header: &CaseHeader, paper: Paper, copy: u32) -> Result<(), StoreFailure> {
        let fact = Fact::Printed { paper, copy };
        let row = self.draft(header, &Entry::Fact { fact: fact.clone() }, Balanced::none())?;
        self.append(vec![row], None).await?;
        if let Some(running) = self.cases.get_mut(&header.id)
            && running.case.is_beside(&fact)
            && let Ok(case) = running.case.clone().apply(fact)
        {
            running.case = case;
        }
        self.late_papers.retain(|waiting: &(CaseId, Paper)| *waiting != (header.id, paper));
        self.keep_late_papers().await
    }
}

/// Papers of a case with how often each came out and when last.
fn prints(rows: &[Stored]) -> BTreeMap<Paper, (u32, DateTime<Utc>)> {
    let mut papers = BTreeMap::new();
    for row in rows.iter().skip(1) {
        match serde_json::from_str::<Entry>(&row.payload) {
            Ok(Entry::Fact { fact: Fact::Printed { paper, copy } }) => {
                papers.insert(paper, (copy, row.header.at));
            }
            Ok(Entry::Fact { fact: Fact::PrintPending { paper, .. } }) => {
                papers.entry(paper).or_insert((0, row.header.at));
            }
            Ok(Entry::Fact { .. } | Entry::Intent { .. } | Entry::Trail { .. }) | Err(_) => {}
        }
    }
    papers
}
