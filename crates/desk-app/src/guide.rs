//! 一次性告知单 and 指引单: everything that is missing at once, what to bring, what it costs, where to go and when, whom to
//! call, and the steps that follow.

use chrono::NaiveDateTime;
use desk_domain::{
    case::{CaseHeader, Entry, Fact, Next, Paper, Service, context::local, words},
    code::{Code, Kind, Message},
    eligibility, hours,
    id::{CaseId, OutletId, ProgrammeId},
    ruleset::{Capability, RuleSet},
};

use crate::{
    desk::{Desk, Errand, Place},
    loose::Loose,
    ports::{Block, Sheet, SheetFormat, StoreFailure},
    run::{Running, ending_message, service_named},
};

/// Most outlets that one slip names.
const MOST_PLACES: usize = 12;
/// Most that a notice names: what is missing is brought back here first.
const PLACES_OF_NOTICE: usize = 3;

fn text(lines: Vec<String>) -> Option<Block> {
    (!lines.is_empty()).then_some(Block::Text { lines })
}

/// Why not, numbered, each with its rule and the notice's own phrase.
fn reasons(rules: &RuleSet, messages: &[Message]) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, message) in (1..).zip(messages) {
        lines.push(format!("{number}. {}", rules.wording(message).text));
        if let Some(rule) = &message.rule {
            lines.push(format!("　依据 {}：{}", rule.id, rule.phrase));
        }
    }
    lines
}

/// The published list, which is also the most that anybody may ask for.
fn to_bring(rules: &RuleSet, service: Service) -> Vec<String> {
    let mut lines = Vec::new();
    let applicants = eligibility::applicants(rules, service);
    if !applicants.is_empty() {
        lines.push(format!("可办理人：{}", applicants.iter().map(|applicant| applicant.label.as_str()).collect::<Vec<_>>().join("、")));
    }
    let documents = eligibility::documents(rules, service);
    if !documents.is_empty() {
        lines
            .push(format!("须带证件原件（任选其一）：{}", documents.iter().map(|kind| kind.label.as_str()).collect::<Vec<_>>().join("、")));
    }
    if applicants.iter().any(|applicant| applicant.own_document) {
        lines.push("代办的，另带代办人本人的证件原件。".to_owned());
    }
    if let Ok(of_service) = rules.service(service) {
        lines.push(if of_service.fee.amount.is_positive() {
            format!("收费：{} {} 元", of_service.fee.label, of_service.fee.amount)
        } else {
            "收费：不收费".to_owned()
        });
    }
    lines
}

/// Outlets that do it, this one first, with today's hours and where they are.
fn places(rules: &RuleSet, capability: Capability, here: &OutletId, at: NaiveDateTime, most: usize) -> Vec<String> {
    let mut outlets: Vec<_> = rules.outlets.iter().filter(|outlet| outlet.capabilities.contains(&capability)).collect();
    outlets.sort_by_key(|outlet| (&outlet.id != here, hours::open(rules, outlet, at).is_err()));
    let left = outlets.len().saturating_sub(most);
    let mut lines: Vec<String> = outlets
        .into_iter()
        .take(most)
        .flat_map(|outlet| {
            let today = hours::on_day(outlet, &rules.holidays, at.date());
            [format!("{}　今日 {today}", outlet.name), format!("　{}", outlet.address)]
        })
        .collect();
    if left > 0 {
        lines.push(format!("另有 {left} 个网点，请致电查询。"));
    }
    lines
}

fn hotlines(rules: &RuleSet, at: NaiveDateTime) -> Vec<String> {
    rules
        .hotlines
        .iter()
        .map(|hotline| match hours::hotline_open(rules, hotline, at) {
            Ok(()) => format!("{} {}", hotline.label, hotline.phone),
            Err(closed) => format!("{} {}（{}）", hotline.label, hotline.phone, rules.wording(&closed).text),
        })
        .collect()
}

/// The body of a notice or a slip about one service.
pub(crate) fn blocks(rules: &RuleSet, service: Service, here: &OutletId, at: NaiveDateTime, messages: &[Message]) -> Vec<Block> {
    let capability = Capability::from(service);
    let most = if messages.iter().any(|message| elsewhere(message.code)) || messages.is_empty() { MOST_PLACES } else { PLACES_OF_NOTICE };
    let mut blocks = Vec::new();
    let mut part = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let mut all = vec![format!("【{title}】")];
            all.extend(lines);
            blocks.extend(text(all));
        }
    };
    part("不能办理的原因和所缺材料", reasons(rules, messages));
    part("办理本业务须知", to_bring(rules, service));
    part("办理步骤", rules.text(&format!("guide.{}", capability.as_str())).to_vec());
    if messages.is_empty() {
        part("电子卡", rules.text("ecard.steps").to_vec());
    }
    part("办理地点", places(rules, capability, here, at, most));
    part("咨询电话", hotlines(rules, at));
    blocks
}

/// Says that the way leads to another outlet.
fn elsewhere(code: Code) -> bool {
    matches!(code, Code::OutletNotAuthorized | Code::DirectOutletOnly | Code::OutsideHours | Code::HolidayClosed | Code::LunchBreak)
}

/// What the notice of this case says now: nothing where nothing stands against it.
fn refusals(running: &Running, next: &Next) -> Vec<Message> {
    let ending = match next {
        Next::Ended(ending) => ending_message(ending).cloned(),
        Next::Ask(_) | Next::Do(_) => None,
    };
    let shown = running.message.clone().or(ending).or_else(|| running.wrong_card.clone());
    shown.iter().flat_map(Message::each).filter(|message| matches!(message.code.kind(), Kind::Refuse | Kind::Refer)).cloned().collect()
}

pub(crate) fn can_notice(running: &Running, next: &Next) -> bool {
    !refusals(running, next).is_empty()
}

impl Desk {
    /// Prints the one-time notice of the case on the screen; what it says is on the disk first.
    pub(crate) async fn give_notice(&mut self, question: &str) -> Result<(), StoreFailure> {
        let Some((id, next)) = self.asked(question) else {
            return Ok(());
        };
        let Some(running) = self.cases.get(&id) else {
            return Ok(());
        };
        let messages = refusals(running, &next);
        if messages.is_empty() || self.calling(|errand| matches!(errand, Errand::LatePaper { case, .. } if *case == id)) {
            return Ok(());
        }
        let header = running.header.clone();
        let fact = Fact::NoticeGiven { messages };
        let row = self.draft(&header, &Entry::Fact { fact: fact.clone() }, desk_domain::posting::Balanced::none())?;
        self.append(vec![row], None).await?;
        if let Some(running) = self.cases.get_mut(&id)
            && let Ok(case) = running.case.clone().apply(fact)
        {
            running.case = case;
        }
        self.print_beside(id, Paper::OneTimeNotice).await
    }

    /// Prints what somebody has to know who asks for a service, without a case.
    pub(crate) async fn guide(&mut self, service: &str, programme: &str) -> Result<(), StoreFailure> {
        if !matches!(self.place, Place::Home { .. }) || self.calling(|errand| matches!(errand, Errand::Guidance)) {
            return Ok(());
        }
        let Some(service) = service_named(service) else {
            return Ok(());
        };
        let Some(rules) = self.rules.in_force(&ProgrammeId::new(programme), self.today()) else {
            return Ok(());
        };
        let messages: Vec<Message> = self.blocked(rules, service).into_iter().collect();
        let sheet = self.guidance_sheet(rules, service, &messages);
        let code = messages.first().map(|message| message.code);
        let programme = rules.programme.clone();
        self.note(&Loose::GuidanceGiven { service, programme, code }).await?;
        self.print(Errand::Guidance, sheet);
        Ok(())
    }

    fn guidance_sheet(&self, rules: &RuleSet, service: Service, messages: &[Message]) -> Sheet {
        let label = rules.service(service).map(|of_service| of_service.label.clone()).unwrap_or_default();
        let pair = |label: &str, value: String| (label.to_owned(), value);
        let mut all = vec![
            Block::Pairs {
                pairs: vec![
                    pair("业务", label),
                    pair("网点", self.outlet_name()),
                    pair("窗口", self.station.window.to_string()),
                    pair("时间", words::when(self.now())),
                ],
            },
            Block::Rule,
        ];
        all.extend(blocks(rules, service, &self.station.outlet, local(self.now()), messages));
        let stamp = local(self.now()).format("%Y%m%d%H%M%S");
        Sheet {
            title: crate::papers::title(Paper::GuidanceSlip).to_owned(),
            issuer: rules.issuer.clone(),
            name: format!("{}-{}-{stamp}-guidance", self.station.outlet, self.station.window),
            format: SheetFormat::Roll80,
            blocks: all,
            marks: if self.practice { vec!["练习".to_owned()] } else { Vec::new() },
            footer: vec![format!("规则版本 {}", rules.version)],
        }
    }

    pub(crate) fn guidance_printed(&mut self, end: Result<(), Message>) {
        self.notice = Some(match end {
            Ok(()) => Message::new(Code::PaperOut).with("paper", crate::papers::title(Paper::GuidanceSlip)),
            Err(message) => message,
        });
    }
}

/// The body of a case's own notice.
pub(crate) fn notice_blocks(rules: &RuleSet, header: &CaseHeader, at: NaiveDateTime, messages: &[Message]) -> Vec<Block> {
    let mut all = blocks(rules, header.service, &header.outlet, at, messages);
    all.push(Block::Text {
        lines: vec!["以上已一次性告知；补齐后凭本单办理。本单一式两份，申请人与网点各执一份。".to_owned()]
    });
    all.push(Block::Signature { label: "申请人签收".to_owned() });
    all
}

/// Case and paper of a row on the list of papers.
pub(crate) fn paper_named(id: &str) -> Option<(CaseId, Paper)> {
    let (case, paper) = id.split_once('/')?;
    let case = case.parse().ok()?;
    let paper = serde_json::from_value(serde_json::Value::String(paper.to_owned())).ok()?;
    Some((case, paper))
}

pub(crate) fn paper_id(case: CaseId, paper: Paper) -> String {
    let name = serde_json::to_value(paper).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
    format!("{case}/{name}")
}
