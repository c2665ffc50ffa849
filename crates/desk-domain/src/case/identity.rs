//! S-01 身份核验, as a sub-machine of every service that needs to know who stands at the window: role, document, and what
//! the document says (keyed in, proved by its own rules, 原件 seen by the clerk).

use serde::{Deserialize, Serialize};

use super::{
    Answer, Input,
    context::{Cx, stale},
    fact::{Fact, Misplaced},
    paper::PaperFacts,
    question::{Ask, Choice, Field, FieldKind, Next, Question, Shown},
};
use crate::{
    code::{Code, Message},
    document::{CheckedNumber, Expiry},
    eligibility, mask, normalise,
    person::PersonFacts,
    ruleset::{Applicant, DocumentKind},
};

/// What has been asked so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    Role,
    Document { applicant: String },
    Papers { applicant: String, document: String },
}

/// One answer about the people at the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "identity", rename_all = "snake_case")]
pub enum IdentityFact {
    Role {
        applicant: String,
    },
    Document {
        document: String,
    },
    Papers {
        papers: Box<Papers>,
    },
    /// The clerk goes back one question.
    Back,
}

/// What the documents say, and what the clerk saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Papers {
    pub number: CheckedNumber,
    pub expiry: Option<Expiry>,
    /// 已核对原件
    pub original: bool,
    /// The holder's own page of the register was seen.
    pub page: bool,
    pub relation: Option<String>,
    pub agent: Option<AgentPapers>,
    /// The number came from the document's chip (读取); else it was typed (手工).
    #[serde(default)]
    pub read: bool,
}

impl Papers {
    /// Number of the document of whoever stands at the window.
    #[must_use]
    pub fn presenter(&self) -> &str {
        self.agent.as_ref().map_or(&self.number.number, |agent| &agent.number.number)
    }
}

/// Document of somebody who acts for the holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentPapers {
    pub document: String,
    pub number: CheckedNumber,
    pub expiry: Option<Expiry>,
    pub original: bool,
}

/// Everybody at the window is known by document; the centre has not been asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identified {
    pub applicant: String,
    pub document: String,
    pub papers: Papers,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityStep {
    Still(Identity),
    Done(Identified),
}

impl Identity {
    #[must_use]
    pub fn begin() -> Self {
        Self::Role
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Role => Question::new(
                "role",
                "谁来办理？",
                Ask::Choice { options: Choice::numbered(cx.rules.applicants.iter().map(|kind| (&*kind.id, &*kind.label))) },
            )
            .into(),
            Self::Document { .. } => Question::new(
                "document",
                "持卡人出示什么证件？",
                Ask::Choice {
                    options: Choice::numbered(
                        cx.documents()
                            .iter()
                            .map(|kind| (&*kind.id, &*kind.label))
                            .chain([(NO_DOCUMENT, "以上都没有，或只有复印件、照片")]),
                    ),
                },
            )
            .into(),
            Self::Papers { applicant, document } => Question::new(
                "papers",
                "核对证件",
                Ask::Form { fields: fields(cx, cx.rules.applicant(applicant), cx.rules.document(document)), submit: "核对".to_owned() },
            )
            .into(),
        }
    }

    /// # Errors
    /// What is wrong with the answer; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        let given = match (self, input) {
            (Self::Role, Input::Answer(Answer::Choose { option })) => {
                eligibility::role(cx.rules, cx.header.service, &option)?;
                IdentityFact::Role { applicant: option }
            }
            (Self::Document { .. }, Input::Answer(Answer::Choose { option })) => {
                if option == NO_DOCUMENT {
                    return Err(cx.refuse(Code::OriginalRequired).with("list", labels(cx)));
                }
                if !cx.documents().iter().any(|kind| kind.id == option) {
                    return Err(cx.refuse(Code::DocNotAccepted).with("list", labels(cx)));
                }
                IdentityFact::Document { document: option }
            }
            (Self::Papers { applicant, document }, Input::Answer(Answer::Fill { values })) => {
                let read = values.iter().any(|(field, value)| field == "read" && value == "yes");
                let request = request(&values, cx, applicant, document)?;
                let proven = cx.eligible(&request)?;
                IdentityFact::Papers {
                    papers: Box::new(Papers {
                        number: proven.holder,
                        expiry: request.holder.expiry,
                        original: request.holder.original,
                        page: request.holder.page,
                        read,
                        relation: request.relation,
                        agent: proven.agent.zip(request.agent).map(|(number, shown)| AgentPapers {
                            document: shown.kind,
                            number,
                            expiry: shown.expiry,
                            original: shown.original,
                        }),
                    }),
                }
            }
            (Self::Role | Self::Document { .. } | Self::Papers { .. }, _) => return Err(stale()),
        };
        Ok(Fact::Identity { given })
    }

    /// # Errors
    /// [`Misplaced`] where the fact does not belong here.
    pub fn apply(self, given: IdentityFact) -> Result<IdentityStep, Misplaced> {
        Ok(match (self, given) {
            (Self::Role, IdentityFact::Role { applicant }) => IdentityStep::Still(Self::Document { applicant }),
            (Self::Document { applicant }, IdentityFact::Document { document }) => {
                IdentityStep::Still(Self::Papers { applicant, document })
            }
            (Self::Papers { applicant, document }, IdentityFact::Papers { papers }) => {
                IdentityStep::Done(Identified { applicant, document, papers: *papers })
            }
            (Self::Document { .. }, IdentityFact::Back) => IdentityStep::Still(Self::Role),
            (Self::Papers { applicant, .. }, IdentityFact::Back) => IdentityStep::Still(Self::Document { applicant }),
            (Self::Role | Self::Document { .. } | Self::Papers { .. }, _) => {
                return Err(Misplaced { state: "identity", fact: "identity" });
            }
        })
    }
}

const NO_DOCUMENT: &str = "none";

fn labels(cx: &Cx<'_>) -> String {
    cx.documents().iter().map(|kind| kind.label.as_str()).collect::<Vec<_>>().join("、")
}

fn fields(cx: &Cx<'_>, applicant: Option<&Applicant>, document: Option<&DocumentKind>) -> Vec<Field> {
    let mut fields = vec![Field::new("number", "持卡人证件号码", FieldKind::IdNumber)];
    if document.is_some_and(|kind| kind.expires) {
        fields.push(Field::new("expiry", "证件有效期至", FieldKind::Date).hint("如 20330521；长期有效填“长期”"));
    }
    if document.is_some_and(|kind| kind.page) {
        fields.push(Field::new("page", "已核对持卡人本人页", FieldKind::Tick));
    }
    if document.is_some_and(|kind| kind.without_id_card) {
        fields.push(Field::new("no_id_card", "持卡人未办理身份证（申请人声明）", FieldKind::Tick));
    }
    fields.push(Field::new("original", "已核对原件", FieldKind::Tick));
    if let Some(applicant) = applicant {
        if !applicant.relations.is_empty() {
            fields.push(
                Field::new("relation", "与持卡人关系", FieldKind::Choice)
                    .options(Choice::numbered(applicant.relations.iter().map(|relation| (relation.as_str(), relation.as_str())))),
            );
        }
        if applicant.own_document {
            fields.push(
                Field::new("agent_document", "代办人证件", FieldKind::Choice)
                    .options(Choice::numbered(cx.documents().iter().map(|kind| (&*kind.id, &*kind.label)))),
            );
            fields.push(Field::new("agent_number", "代办人证件号码", FieldKind::IdNumber));
            fields.push(Field::new("agent_expiry", "代办人证件有效期至", FieldKind::Date).optional());
            fields.push(Field::new("agent_original", "已核对代办人证件原件", FieldKind::Tick));
        }
    }
    fields
}

/// What was typed, for the rules to judge.
fn request(values: &[(String, String)], cx: &Cx<'_>, applicant: &str, document: &str) -> Result<eligibility::Request, Message> {
    let value = |id: &str| values.iter().find(|(field, _)| field == id).map_or("", |(_, value)| value.trim());
    let ticked = |id: &str| matches!(value(id), "true" | "1" | "on" | "yes");
    let shown = |kind: &str, number: &str, expiry: &str, original: bool| {
        let expires = cx.rules.document(kind).is_some_and(|kind| kind.expires);
        Ok::<_, Message>(eligibility::Shown {
            kind: kind.to_owned(),
            number: number.to_owned(),
            expiry: if expires && !expiry.is_empty() { Some(normalise::expiry(expiry)?) } else { None },
            original,
            page: ticked("page"),
        })
    };
    let role = cx.rules.applicant(applicant);
    let relation = normalise::text(value("relation"));
    Ok(eligibility::Request {
        role: applicant.to_owned(),
        relation: (!relation.is_empty()).then_some(relation),
        holder: shown(document, value("number"), value("expiry"), ticked("original"))?,
        agent: if role.is_some_and(|role| role.own_document) && !value("agent_document").is_empty() {
            Some(shown(value("agent_document"), value("agent_number"), value("agent_expiry"), ticked("agent_original"))?)
        } else {
            None
        },
        // Who does not declare to have none is taken to have one.
        has_id_card: cx.rules.document(document).is_some_and(|kind| kind.without_id_card) && !ticked("no_id_card"),
        class: None,
    })
}

impl Identified {
    /// Does the document belong to the kind of person that the record shows?
    ///
    /// # Errors
    /// The document kind's own refusal, as `DOC_FOR_FOREIGNERS_ONLY`.
    pub fn suits(&self, person: &PersonFacts, cx: &Cx<'_>) -> Result<(), Message> {
        match cx.rules.document(&self.document) {
            Some(kind) => eligibility::belongs(cx.rules, cx.header.service, kind, person.class),
            None => Ok(()),
        }
    }

    #[must_use]
    pub fn strip(&self) -> Vec<Shown> {
        vec![Shown::plain("证件号", mask::id_number(&self.papers.number.number))]
    }

    pub fn on_paper(&self, facts: &mut PaperFacts) {
        facts.pair("证件号", mask::id_number(&self.papers.number.number));
        if let Some(relation) = &self.papers.relation {
            facts.pair("办理人关系", relation.clone());
        }
        facts.pair(
            "证件",
            match (self.papers.original, self.papers.read) {
                (true, true) => "已核对原件（读取）",
                (true, false) => "已核对原件",
                (false, _) => "未核对原件",
            },
        );
    }
}
