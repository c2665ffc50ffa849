//! What the services of guidance differ in: the first question, what is asked of the centre, what the answer means and
//! what can be done about it.

use super::*;
use crate::{
    bank_function,
    case::{
        Service,
        context::local,
        words::{day, function, when},
    },
    centre_act::Matter,
    first_issue,
    function::{Function, FunctionFacts, FunctionState},
    inquiry::{CodeFacts, Inquiry, IssueFacts},
    loss, self_service, text_codes,
};

/// Which service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// S-03
    FirstIssue,
    /// S-14
    TemporaryLoss,
    /// S-19
    SmsDiagnosis,
}

/// Where the first question leads.
pub(super) enum Opening {
    Identify,
    Refer(Message),
    Slip,
    Refuse(Message),
}

/// What the rules made of the answer.
pub(super) struct Shows {
    pub says: Vec<Message>,
    pub figures: Vec<(String, String)>,
    pub offers: Vec<Offer>,
}

fn offer(id: &str, label: &str, then: Then) -> Offer {
    Offer { id: id.to_owned(), label: label.to_owned(), then }
}

impl Topic {
    #[must_use]
    pub fn service(self) -> Service {
        match self {
            Self::FirstIssue => Service::FirstIssue,
            Self::TemporaryLoss => Service::TemporaryLoss,
            Self::SmsDiagnosis => Service::SmsDiagnosis,
        }
    }

    /// A question comes before anybody shows a document.
    pub(super) fn opens(self) -> bool {
        match self {
            Self::TemporaryLoss => true,
            Self::FirstIssue | Self::SmsDiagnosis => false,
        }
    }

    pub(super) fn inquiry(self) -> Inquiry {
        match self {
            Self::FirstIssue => Inquiry::FirstIssue,
            Self::TemporaryLoss => Inquiry::Functions,
            Self::SmsDiagnosis => Inquiry::Codes,
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::FirstIssue => "首次制卡的进度",
            Self::TemporaryLoss => "当前挂失状态",
            Self::SmsDiagnosis => "验证码发送情况",
        }
    }

    pub(super) fn opening(self, cx: &Cx<'_>) -> Question {
        let mut options = vec![("social_security", "人社功能"), ("bank", "金融功能"), ("transit", "交通功能"), ("all", "全部功能一起挂失")];
        if !cx.offline_case() {
            options.push(("status", "核验身份，查三项功能的当前状态"));
        }
        Question::new("opening", "哪一项功能要临时挂失？", Ask::Choice { options: Choice::numbered(options) })
    }

    /// Nothing for an option that was not offered.
    pub(super) fn opened(self, option: &str, cx: &Cx<'_>) -> Option<Opening> {
        Some(match (self, option) {
            (Self::TemporaryLoss, "social_security") => Opening::Slip,
            (Self::TemporaryLoss, "bank") => Opening::Refer(loss::refer_bank(cx.rules, cx.header.service, None)),
            (Self::TemporaryLoss, "transit") => Opening::Refer(cx.refuse(Code::TransitNoLoss)),
            (Self::TemporaryLoss, "all") => Opening::Refuse(cx.refuse(Code::LossByFunction)),
            (Self::TemporaryLoss, "status") if !cx.offline_case() => Opening::Identify,
            (Self::TemporaryLoss | Self::FirstIssue | Self::SmsDiagnosis, _) => return None,
        })
    }

    /// # Errors
    /// Why the case ends here.
    pub(super) fn shows(self, person: &PersonFacts, found: &Inquired, cx: &Cx<'_>) -> Result<Shows, Message> {
        if person.programme != cx.rules.programme {
            return Err(cx.refuse(Code::ProfileMismatch));
        }
        match (self, found) {
            (Self::FirstIssue, Inquired::FirstIssue { issue }) => first_issue_shows(person, issue, cx),
            (Self::SmsDiagnosis, Inquired::Codes { codes }) => codes_show(person, codes, cx),
            (Self::TemporaryLoss, Inquired::Functions) => functions_show(person, cx),
            (Self::FirstIssue | Self::SmsDiagnosis | Self::TemporaryLoss, _) => Err(Message::new(Code::CentreGarbled)),
        }
    }

    /// What the customer is told after the centre did its act.
    pub(super) fn acted(self, subject: &Subject, number: &CentreNumber) -> Option<Message> {
        match self {
            // The rule's id and phrase came with what was told before.
            Self::FirstIssue => {
                let rule = subject.told.says.iter().find(|message| message.code == Code::InProduction).and_then(|said| said.rule.clone());
                Some(Message { rule, ..Message::new(Code::ProductionOverdue).with("no", number) })
            }
            Self::SmsDiagnosis | Self::TemporaryLoss => subject.told.says.first().cloned(),
        }
    }
}

fn first_issue_shows(person: &PersonFacts, issue: &IssueFacts, cx: &Cx<'_>) -> Result<Shows, Message> {
    let standing = first_issue::standing(cx.rules, person, issue, cx.today());
    let mut figures = vec![("进度".to_owned(), issue.state.label().to_owned())];
    if let Some(class) = issue.class {
        figures.push(("发卡对象".to_owned(), class.label().to_owned()));
    }
    if let Some(received) = issue.received_on {
        figures.push(("收到学校信息".to_owned(), day(received)));
    }
    if let Some(until) = standing.promised {
        let left = (until - cx.today()).num_days();
        let left = if left >= 0 { format!("还有 {left} 天") } else { format!("已超 {} 天", -left) };
        figures.push(("承诺日期".to_owned(), format!("{}（{left}）", day(until))));
    }
    if let Some(last) = issue.confirm_by {
        figures.push(("确认截止".to_owned(), day(last)));
    }
    figures.push((
        "提醒短信".to_owned(),
        issue.reminder.map_or_else(|| "未发送".to_owned(), |sent| format!("{} {}", when(sent.at), sent.delivery.label())),
    ));
    figures.push(("数据截至".to_owned(), when(issue.as_of)));
    let mut offers = Vec::new();
    if standing.overdue {
        let act = CentreAct::Ticket { person: person.person.clone(), matter: Matter::OverdueIssue };
        offers.push(offer("ticket", "已超承诺日期，登记催办", Then::Act { act }));
    }
    offers.push(offer("slip", "打印指引单", Then::Slip));
    if standing.confirmable {
        offers.push(offer("confirm", "家长要求柜面代为确认", Then::Refuse { message: cx.refuse(Code::ConfirmOnlyWechat) }));
    }
    offers.push(offer("change", "家长要求新增或修改学生信息", Then::Refer { message: cx.refuse(Code::NotAtCounter) }));
    offers.push(offer("done", "已告知，不打印", Then::Done));
    Ok(Shows { says: vec![standing.message], figures, offers })
}

fn codes_show(person: &PersonFacts, codes: &CodeFacts, cx: &Cx<'_>) -> Result<Shows, Message> {
    self_service::check(cx.rules, cx.header.service, person, cx.operator)?;
    let mut figures = vec![("预留手机".to_owned(), person.guardian_phone.clone().unwrap_or_else(|| "未登记".to_owned()))];
    figures.push((
        "最近一次".to_owned(),
        codes.last.map_or_else(|| "今日未发送".to_owned(), |sent| format!("{} {}", when(sent.at), sent.delivery.label())),
    ));
    figures.push(("今日已发".to_owned(), format!("{} 次", codes.today)));
    figures.push(("数据截至".to_owned(), when(codes.as_of)));
    let mut says = Vec::new();
    let mut offers = Vec::new();
    match text_codes::reachable(cx.rules, person, codes) {
        Err(message) => {
            says.push(message.clone());
            let act = CentreAct::Ticket { person: person.person.clone(), matter: Matter::GuardianContact };
            offers.push(offer("ticket", "监护人同意，发联系单给学校（不传新号码）", Then::Act { act }));
            offers.push(offer("school", "打印指引单，请家长自己联系学校", Then::Refer { message }));
        }
        Ok(()) => {
            says.push(cx.refuse(Code::TrySmsFirst));
            let then = match text_codes::resend(cx.rules, codes, cx.now) {
                Ok(()) => Then::Act { act: CentreAct::ResendCode { person: person.person.clone() } },
                Err(message) => Then::Refuse { message },
            };
            offers.push(offer("resend", "家长正在登录，补发一次验证码", then));
            offers.push(offer("received", "家长已收到验证码", Then::Done));
            offers.push(offer("school", "号码已变更或停用", Then::Refer { message: cx.refuse(Code::PhoneViaSchool) }));
            offers.push(offer("name", "登录页提示姓名不一致", Then::Refer { message: cx.refuse(Code::NameMismatch) }));
            offers.push(offer("document", "登录页提示证件号不一致", Then::Refer { message: cx.refuse(Code::TravelDocChanged) }));
            offers.push(offer("slip", "仍收不到，打印找回与重置的办法", Then::Slip));
        }
    }
    offers.push(offer("elsewhere", "家长要求发到别的号码", Then::Refuse { message: cx.refuse(Code::CodeOnlyToRegistered) }));
    Ok(Shows { says, figures, offers })
}

fn functions_show(person: &PersonFacts, cx: &Cx<'_>) -> Result<Shows, Message> {
    let Some(card) = person.cards.iter().find(|card| !card.functions.is_empty()) else {
        return Err(cx.refuse(Code::NoActiveCard));
    };
    let mut says = Vec::new();
    let mut figures: Vec<(String, String)> = card
        .functions
        .iter()
        .map(|facts| {
            let shown = function(facts);
            (shown.label, shown.value)
        })
        .collect();
    let social = card.function(Function::SocialSecurity);
    if let Some(until) = social.and_then(temporary_until) {
        says.push(cx.refuse(Code::TempLossUntil).with("time", when(until)));
        figures.push(("距自动解挂".to_owned(), countdown(until, cx)));
    }
    if card.formally_lost() && card.function(Function::Bank).is_none_or(|facts| facts.state.loss_channel().is_none()) {
        says.push(loss::bank_open(cx.rules, cx.header.service, card.bank()));
    }
    says.extend(bank_function::advice(cx.rules, Some(cx.header.service), card, cx.today()));
    let bank = loss::refer_bank(cx.rules, cx.header.service, card.bank());
    let offers = vec![
        offer("slip", "打印指引单", Then::Slip),
        offer("bank", "金融功能要临时挂失", Then::Refer { message: bank }),
        offer("transit", "交通功能要挂失", Then::Refer { message: cx.refuse(Code::TransitNoLoss) }),
        offer("prolong", "持卡人要求延长临时挂失", Then::Refuse { message: cx.refuse(Code::FormalLossFirst) }),
        offer(
            "password",
            "持卡人要求重置交通密码",
            Then::Refuse { message: loss::password(cx.rules, cx.header.service, Function::Transit, card.bank()) },
        ),
        offer("done", "已告知，不打印", Then::Done),
    ];
    Ok(Shows { says, figures, offers })
}

fn temporary_until(facts: &FunctionFacts) -> Option<chrono::DateTime<chrono::Utc>> {
    match &facts.state {
        FunctionState::TemporaryLoss { until, .. } => *until,
        FunctionState::NotOpened | FunctionState::Normal | FunctionState::FormalLoss { .. } | FunctionState::Closed => None,
    }
}

/// Whole days, hours and minutes that are left now; the keeper of the function ends it, never the counter.
fn countdown(until: chrono::DateTime<chrono::Utc>, cx: &Cx<'_>) -> String {
    let left = local(until) - local(cx.now);
    if left.num_seconds() <= 0 {
        return "期限已过，以人社系统为准".to_owned();
    }
    format!("{} 天 {} 小时 {} 分", left.num_days(), left.num_hours() % 24, left.num_minutes() % 60)
}
