//! Publishing rule sets and days: checked like any rule file, agreed by a second person, signed, and never changed again.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use desk_domain::{
    code::{Code, Message},
    id::{CellId, ProgrammeId},
    ruleset::{Edition, NotPublished, Problem, RuleFile, RuleSet, RuleSets},
};
use desk_wire::{
    office::{Checked, Second},
    publication::Publication,
    v1::Reply,
};

use crate::{
    answer::{Answer, Failure, Step, Stop},
    centre::{Call, Parts},
    number::{centre_number, local_day},
    policy::{Numbering, Policy, Programme},
    record::{OfficeAct, OfficeWhat},
};

/// Longest text of a rule file, in bytes.
const LONGEST: usize = 1 << 20;

/// Rules and policy that the publications of one cell come to on one day.
pub(crate) struct InForce {
    of: (CellId, u64, NaiveDate),
    pub policy: Policy,
    pub rules: RuleSets,
}

impl InForce {
    pub fn is_of(&self, cell: &CellId, published: u64, day: NaiveDate) -> bool {
        self.of == (cell.clone(), published, day)
    }
}

/// # Errors
/// [`Failure::Inconsistent`] where a publication does not load any more, which was checked before it was published.
pub(crate) fn in_force(parts: &Parts, cell: &CellId, publications: &[Publication], day: NaiveDate) -> Result<InForce, Failure> {
    let files: Vec<RuleFile<'_>> = publications.iter().map(|one| RuleFile { name: &one.name, text: &one.text }).collect();
    let rules = if files.is_empty() {
        parts.rules.clone()
    } else {
        parts.rules.and(&files).map_err(|_| Failure::Inconsistent("a publication does not load"))?
    };
    let mut policy = parts.policy.clone();
    let published: BTreeSet<&ProgrammeId> = publications.iter().map(|one| &one.edition.programme).collect();
    for programme in published {
        let Some(set) = rules.in_force(programme, day) else {
            continue;
        };
        let numbers = policy.programmes.get(programme).map_or(Numbering { prefix: String::new(), digits: 0 }, |known| Numbering {
            prefix: known.card_prefix.clone(),
            digits: known.card_digits,
        });
        policy.programmes.insert(programme.clone(), Programme::of(set, &numbers));
    }
    let last = publications.last().map_or(0, |last| last.number);
    Ok(InForce { of: (cell.clone(), last, day), policy, rules })
}

impl Call<'_> {
    /// Checks a file; with a second person publishes it.
    pub(crate) async fn publish(&mut self, name: &str, text: &str, second: Option<&Second>) -> Step<Answer> {
        let session = self.head_office().await?;
        if text.len() > LONGEST {
            let problem = Problem { file: name.to_owned(), line: 1, field: String::new(), what: "文件太长".to_owned() };
            return Ok(Answer::Passing(Reply::Faulty { problems: vec![problem] }));
        }
        let published = self.tx.publications(&self.envelope.cell, 0).await?;
        let editions: Vec<Edition> = published.iter().map(|one| one.edition.clone()).collect();
        let today = local_day(self.now);
        let (edition, together) = match self.rules.publish(RuleFile { name, text }, &editions, today) {
            Ok(checked) => checked,
            Err(NotPublished::Faulty(problems)) => return Ok(Answer::Passing(Reply::Faulty { problems })),
            Err(NotPublished::Refused(message)) => return Err(Stop::Wait(message)),
        };
        let Some(second) = second else {
            let checked = checked(&edition, &together, self.rules.in_force(&edition.programme, today));
            return Ok(Answer::Passing(Reply::Checked { checked: Box::new(checked) }));
        };
        let second = match self.second(&session, second).await? {
            Ok(second) => second,
            Err(message) => return Self::kept(Reply::Refused { message }),
        };
        let publication = self.parts.publishing.sign(Publication {
            cell: self.envelope.cell.clone(),
            number: published.last().map_or(0, |last| last.number) + 1,
            edition,
            name: name.to_owned(),
            text: text.to_owned(),
            published_by: session.operator.clone(),
            approved_by: second.operator.clone(),
            at: self.now,
            signature: String::new(),
        });
        self.tx.add_publication(&publication).await?;
        self.tx
            .add_office_act(&OfficeAct {
                cell: publication.cell.clone(),
                number: centre_number('H', self.now, self.entropy),
                what: OfficeWhat::Published { publication: publication.number },
                operator: session.operator,
                second: second.operator,
                reason: publication.edition.version.clone(),
                device: self.device.device.clone(),
                at: self.now,
            })
            .await?;
        tracing::info!(number = publication.number, version = publication.edition.version, "published");
        Self::kept(Reply::Published { publication: Box::new(publication) })
    }
}

/// What the second person is shown: the programme as it will be.
fn checked(edition: &Edition, together: &RuleSets, before: Option<&RuleSet>) -> Checked {
    let after = together.all().iter().rfind(|set| set.programme == edition.programme);
    let count = |of: fn(&RuleSet) -> usize| after.map_or(0, |set| u32::try_from(of(set)).unwrap_or(u32::MAX));
    Checked {
        edition: edition.clone(),
        programme_name: after.map(|set| set.name.clone()).unwrap_or_default(),
        in_force: before.map(|set| set.version.clone()),
        rules: count(|set| set.rules.len()),
        services: count(|set| set.services.len()),
        outlets: count(|set| set.outlets.len()),
        holidays: count(|set| set.holidays.off.len()),
        overrides: count(|set| set.outlets.iter().map(|outlet| outlet.overrides.len()).sum()),
    }
}

/// A reason that says something.
pub(crate) fn given(reason: &str) -> Step<String> {
    let reason: String = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if reason.is_empty() { Err(Stop::Wait(Message::new(Code::FieldRequired).with("field", "原因"))) } else { Ok(reason) }
}
