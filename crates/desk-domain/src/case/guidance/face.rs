//! How the case looks on screen and on paper.

use super::*;
use crate::case::words::confirmation;

const STEPS: &[&str] = &["问清情况", "核验身份", "查询情况", "告知处理", "打印指引单"];

impl Guidance {
    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match &self.at {
            At::Opening => 0,
            At::Identifying { .. } => 1,
            At::Finding { .. } => 2,
            At::Showing { .. } | At::Reserving { .. } | At::Settling { .. } => 3,
            At::Slip { .. } => 4,
            At::Closed { .. } => STEPS.len(),
        };
        let mut strip = self.who().map(Identified::strip).unwrap_or_default();
        let mut say = None;
        let mut remark = None;
        if let Some(subject) = self.subject() {
            strip.insert(0, Shown::plain("姓名", mask::name(&subject.person.name)));
            if !subject.person.school.is_empty() {
                strip.push(Shown::plain("学校", subject.person.school.clone()));
            }
            strip.extend(subject.told.figures.iter().map(|(label, value)| Shown::plain(label.clone(), value.clone())));
            remark = subject.told.says.first().cloned();
            say = remark.as_ref().map(Message::text);
        }
        let mut result = Vec::new();
        if let Some(told) = self.told() {
            if let Some(message) = &told.message {
                say = Some(message.text());
                remark = Some(message.clone());
            }
            if let Some(number) = &told.number {
                result.push(Shown::toned("登记单号", confirmation(number), Tone::Good));
            }
        }
        Picture {
            progress: Progress { steps: STEPS, now },
            strip,
            say,
            result,
            give_back: self.who().map(|_| vec!["证件原件".to_owned()]).unwrap_or_default(),
            remark,
        }
    }

    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        if paper != Paper::GuidanceSlip {
            return facts;
        }
        facts.pair("事项", self.topic.title());
        if let Some(subject) = self.subject() {
            facts.pair("姓名", mask::name(&subject.person.name));
            subject.who.on_paper(&mut facts);
            for (label, value) in &subject.told.figures {
                facts.pair(label, value.clone());
            }
        }
        if let Some(told) = self.told() {
            if let Some(number) = &told.number {
                facts.pair("登记单号", confirmation(number));
            }
            if let Some(message) = &told.message {
                facts.line(message.text());
            }
        }
        facts.texts.extend(self.topic.texts());
        facts
    }
}

impl Topic {
    /// What the programme's file has to say on the slip.
    fn texts(self) -> &'static [&'static str] {
        match self {
            Self::FirstIssue => &["first_issue.steps"],
            Self::TemporaryLoss => &["loss.temporary", "loss.lines"],
            Self::SmsDiagnosis => &["password.guidance", "password.routes"],
        }
    }
}
