//! State to view of the lists beside the cases: papers of a day, exceptions, masked text.

use desk_domain::{case::words, privacy, ruleset::RuleSet};

use crate::{
    desk::{Desk, Errand},
    exceptions::{self, ExceptionKind, Exceptions, Remedy},
    guide::paper_id,
    papers,
    present::figure,
    reprint::Papers,
    reveal,
    run::Running,
    session::Session,
    view::{ExceptionRow, ExceptionsView, OptionView, PaperRow, PapersView, RevealView},
};

impl Desk {
    pub(crate) fn papers_view(&self, list: &Papers) -> PapersView {
        let session = self.session.as_ref();
        let supervisor = session.is_some_and(Session::supervisor);
        let today = list.day == self.today();
        PapersView {
            day: list.day.to_string(),
            rows: list
                .rows
                .iter()
                .map(|line| PaperRow {
                    id: paper_id(line.header.id, line.paper),
                    title: papers::title(line.paper).to_owned(),
                    number: line.header.number.to_string(),
                    service: self.service_label(line.header.service),
                    operator: line.header.operator.to_string(),
                    at: words::when(line.at),
                    copies: line.copies,
                    own: supervisor || (today && session.is_some_and(|session| session.operator == line.header.operator)),
                })
                .collect(),
            message: self.plain(&list.message),
            busy: self.calling(|errand| matches!(errand, Errand::Reprint { .. })),
            supervisor,
        }
    }

    pub(crate) fn exceptions_view(&self, list: &Exceptions) -> ExceptionsView {
        let count = |kind| list.lines.iter().filter(|line| line.kind == kind).count();
        ExceptionsView {
            lists: ExceptionKind::ALL
                .into_iter()
                .map(|kind| {
                    let urgent = matches!(kind, ExceptionKind::Unknown | ExceptionKind::Conflict);
                    let tone = match (count(kind), urgent) {
                        (0, _) => "plain",
                        (_, true) => "bad",
                        (_, false) => "warn",
                    };
                    figure(kind.label(), count(kind).to_string(), tone)
                })
                .collect(),
            rows: list
                .lines
                .iter()
                .map(|line| {
                    let (age, tone) = exceptions::age(line.since, self.now());
                    ExceptionRow {
                        id: line.id.clone(),
                        kind: line.kind.label().to_owned(),
                        number: line.number.clone(),
                        what: line.what.clone(),
                        who: line.kind.who().to_owned(),
                        since: words::when(line.since),
                        age,
                        tone: tone.to_owned(),
                        notes: line.notes.clone(),
                        remedies: Remedy::ALL
                            .iter()
                            .zip(1_u32..)
                            .filter(|(remedy, _)| line.kind.remedies().contains(remedy))
                            .map(|(remedy, key)| OptionView {
                                id: remedy.id().to_owned(),
                                key: key.to_string(),
                                label: remedy.label().to_owned(),
                                hint: None,
                            })
                            .collect(),
                    }
                })
                .collect(),
            message: self.plain(&list.message),
            busy: self.calling(|errand| matches!(errand, Errand::LatePaper { .. } | Errand::Guidance | Errand::Upload)),
        }
    }

    pub(crate) fn reveal_view(&self, running: &Running, rules: Option<&RuleSet>) -> Option<RevealView> {
        let masked = reveal::masked(running);
        let rules = rules.filter(|_| !masked.is_empty())?;
        let open = running.reveal.until.is_some_and(|until| self.clock.monotonic() < until);
        Some(RevealView {
            reasons: privacy::reasons(rules).to_vec(),
            purposes: rules.text("purposes").to_vec(),
            message: running.reveal.message.as_ref().map(|message| self.message(Some(rules), message)),
            busy: running.reveal.asking,
            shown: if open { masked.into_iter().map(|(label, text)| figure(label, text, "plain")).collect() } else { Vec::new() },
        })
    }
}
