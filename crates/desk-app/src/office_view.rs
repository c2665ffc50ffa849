//! What head office sees.

use desk_domain::{case::words, ruleset::EditionKind};
use desk_wire::{
    office::{Checked, Standing, Undecided},
    publication::Publication,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    desk::Desk,
    exceptions::age,
    office::{Draft, DraftStage, Office, Room},
    present::figure,
    view::{FigureView, MessageView, OptionView},
};

/// 中心处理台 and 规则发布.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfficeView {
    /// `undecided`, `rules`
    pub room: String,
    /// `2026-11-24`
    pub day: String,
    pub figures: Vec<FigureView>,
    pub rows: Vec<UndecidedRow>,
    /// Rule files in the folder.
    pub files: Vec<String>,
    pub programmes: Vec<OfficeProgramme>,
    /// The newest first.
    pub publications: Vec<PublicationRow>,
    pub draft: Option<DraftView>,
    /// What was done last.
    pub done: Option<String>,
    pub message: Option<MessageView>,
    pub busy: bool,
}

/// A claim without an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UndecidedRow {
    /// Sent back with [`crate::view::Act::GiveBack`] and [`crate::view::Act::WriteOff`].
    pub reservation: String,
    /// Business number of its case.
    pub number: String,
    pub service: String,
    pub place: String,
    pub operator: String,
    pub since: String,
    pub age: String,
    /// `plain`, `warn`, `bad`
    pub tone: String,
    pub amount: String,
    /// Last digits of the card.
    pub card: String,
    pub standing: String,
    pub can_give_back: bool,
    pub can_write_off: bool,
    /// Why neither is possible.
    pub why_not: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfficeProgramme {
    pub id: String,
    pub name: String,
    pub version: String,
    pub outlets: Vec<OptionView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PublicationRow {
    #[ts(type = "number")]
    pub number: u64,
    pub kind: String,
    pub programme: String,
    pub version: String,
    pub effective: String,
    pub people: String,
    pub at: String,
    pub state: String,
}

/// A file that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DraftView {
    pub name: String,
    /// `checking`, `faulty`, `good`
    pub stage: String,
    pub figures: Vec<FigureView>,
    pub problems: Vec<ProblemRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProblemRow {
    /// `file:line`
    pub place: String,
    pub field: String,
    pub what: String,
}

impl Desk {
    pub(crate) fn office_view(&self, office: &Office) -> OfficeView {
        let undecided = office.undecided.as_deref().unwrap_or_default();
        let count = |holds: fn(&Standing) -> bool| undecided.iter().filter(|one| holds(&one.standing)).count();
        let figures = match &office.undecided {
            None => vec![figure("未决", "正在查询".to_owned(), "plain")],
            Some(_) => vec![
                figure("灰记录", count(|standing| matches!(standing, Standing::Unknown)).to_string(), "plain"),
                figure("可能已写卡", count(|standing| matches!(standing, Standing::MayHaveActed)).to_string(), "plain"),
                figure("未动卡的预约", count(|standing| matches!(standing, Standing::Untouched)).to_string(), "plain"),
                figure("已核销待原卡", count(|standing| matches!(standing, Standing::WrittenOff { .. })).to_string(), "plain"),
            ],
        };
        OfficeView {
            room: match office.room {
                Room::Undecided => "undecided",
                Room::Rules => "rules",
            }
            .to_owned(),
            day: self.today().to_string(),
            figures,
            rows: undecided.iter().map(|one| self.undecided_row(one)).collect(),
            files: office.files.clone(),
            programmes: self.office_programmes(),
            publications: self.published.kept.iter().rev().map(|one| self.publication_row(one)).collect(),
            draft: office.draft.as_ref().map(draft),
            done: office.done.clone(),
            message: self.plain(&office.message),
            busy: self.office_busy(),
        }
    }

    fn undecided_row(&self, one: &Undecided) -> UndecidedRow {
        let (age, tone) = age(one.since, self.now());
        let (standing, can_give_back, can_write_off, why_not) = match &one.standing {
            Standing::Untouched => ("已预约，未动卡".to_owned(), true, false, ""),
            Standing::MayHaveActed => ("可能已写卡或已通知外部".to_owned(), false, false, "不能证明没有写卡，等原窗口或原卡核对"),
            Standing::Unknown if one.amount.is_some() => ("灰记录，待原卡核对".to_owned(), false, true, ""),
            Standing::Unknown => ("灰记录，待原卡核对".to_owned(), false, false, "没有资金挂账，等原卡核对"),
            Standing::WrittenOff { number } => (format!("已核销 {number}"), false, false, "已核销，原卡出现后自动冲回"),
        };
        let outlet = self.rules.current(self.today()).into_iter().find_map(|rules| rules.outlet(&one.outlet));
        UndecidedRow {
            reservation: one.reservation.to_string(),
            number: one.case_number.to_string(),
            service: self.service_label(one.service),
            place: format!("{} {}", outlet.map_or(one.outlet.as_str(), |outlet| outlet.name.as_str()), one.window),
            operator: one.operator.to_string(),
            since: words::when(one.since),
            age,
            tone: tone.to_owned(),
            amount: one.amount.map(|amount| amount.to_string()).unwrap_or_default(),
            card: one.card_tail.as_ref().map(|tail| format!("…{tail}")).unwrap_or_default(),
            standing,
            can_give_back,
            can_write_off,
            why_not: why_not.to_owned(),
        }
    }

    fn office_programmes(&self) -> Vec<OfficeProgramme> {
        self.rules
            .current(self.today())
            .into_iter()
            .map(|rules| OfficeProgramme {
                id: rules.programme.to_string(),
                name: rules.name.clone(),
                version: rules.version.clone(),
                outlets: rules
                    .outlets
                    .iter()
                    .map(|outlet| OptionView {
                        id: outlet.id.to_string(),
                        key: String::new(),
                        label: format!("{} {}", outlet.id, outlet.name),
                        hint: None,
                    })
                    .collect(),
            })
            .collect()
    }

    fn publication_row(&self, one: &Publication) -> PublicationRow {
        let edition = &one.edition;
        let in_force = self.rules.in_force(&edition.programme, self.today());
        let is_part = in_force.is_some_and(|set| match edition.kind {
            EditionKind::Programme => set.version.split('+').next() == Some(edition.version.as_str()),
            EditionKind::Days => set.version.split('+').nth(1) == Some(edition.version.as_str()),
        });
        let state = if is_part {
            "生效中"
        } else if edition.effective > self.today() {
            "待生效"
        } else {
            "已被取代"
        };
        PublicationRow {
            number: one.number,
            kind: edition.kind.label().to_owned(),
            programme: in_force.map_or_else(|| edition.programme.to_string(), |set| set.name.clone()),
            version: edition.version.clone(),
            effective: edition.effective.to_string(),
            people: format!("{} · 复核 {}", one.published_by, one.approved_by),
            at: words::when(one.at),
            state: state.to_owned(),
        }
    }
}

fn draft(draft: &Draft) -> DraftView {
    let (stage, figures, problems) = match &draft.stage {
        DraftStage::Checking => ("checking", Vec::new(), Vec::new()),
        DraftStage::Faulty(problems) => ("faulty", Vec::new(), problems.clone()),
        DraftStage::Good(checked) => ("good", good(checked), Vec::new()),
    };
    DraftView {
        name: draft.name.clone(),
        stage: stage.to_owned(),
        figures,
        problems: problems
            .into_iter()
            .map(|problem| ProblemRow { place: format!("{}:{}", problem.file, problem.line), field: problem.field, what: problem.what })
            .collect(),
    }
}

fn good(checked: &Checked) -> Vec<FigureView> {
    let plain = |label: &str, value: String| figure(label, value, "plain");
    vec![
        plain("内容", checked.edition.kind.label().to_owned()),
        plain("方案", checked.programme_name.clone()),
        plain("版本", checked.edition.version.clone()),
        plain("生效日", checked.edition.effective.to_string()),
        plain("现行版本", checked.in_force.clone().unwrap_or_else(|| "无".to_owned())),
        plain("规则条数", checked.rules.to_string()),
        plain("业务项数", checked.services.to_string()),
        plain("网点数", checked.outlets.to_string()),
        plain("节假日天数", checked.holidays.to_string()),
        plain("临时营业日", checked.overrides.to_string()),
    ]
}
