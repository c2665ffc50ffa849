//! What a good clerk answers, service by service: enough to carry any case from wherever it stands to its end.

use desk_app::view::{AskView, CaseView, FieldView};
use desk_cardsim::SimTray;

use crate::{
    clerk::Move,
    world::{PUPIL, RESIDENT_CARD, SLIP},
};

/// Which cards lie where when the desk asks for one.
#[derive(Debug, Clone)]
pub struct Hands {
    /// Card that the customer brings.
    pub card: Option<String>,
    /// Blanks in the drawer, next one first.
    pub blanks: Vec<String>,
    pub supervisor: (String, String),
    /// Number of the document that is shown.
    pub number: String,
    /// Number of the slip that is shown.
    pub slip: String,
    /// How a new card is to be made.
    pub way: &'static str,
}

impl Default for Hands {
    fn default() -> Self {
        Self {
            card: None,
            blanks: vec!["blank-1".into(), "blank-2".into(), "blank-3".into()],
            supervisor: ("2001".into(), "pass-2001".into()),
            number: PUPIL.to_owned(),
            slip: SLIP.to_owned(),
            way: "counter",
        }
    }
}

impl Hands {
    #[must_use]
    pub fn with_card(name: &str) -> Self {
        Self { card: Some(name.to_owned()), ..Self::default() }
    }

    /// Answers one question, laying cards on the reader where the desk asks for one.
    pub fn answer(&mut self, case: &CaseView, tray: &SimTray) -> Move {
        match &case.question.ask {
            AskView::Choice { options } => {
                let way = [self.way];
                let wanted = if case.question.id.contains("way") { &way[..] } else { choice(&case.question.id, &case.service) };
                wanted
                    .iter()
                    .find_map(|id| options.iter().find(|option| option.id == *id))
                    .or_else(|| options.first())
                    .map_or(Move::Wait, |option| Move::Choose(option.id.clone()))
            }
            AskView::Form { fields, .. } => {
                let spotless = case.service.contains("质量");
                let worn_out = case.question.id.contains("old_card");
                let answer = |field: &FieldView| match field.id.as_str() {
                    cause if cause.starts_with("cause.") && spotless => "false".to_owned(),
                    "card_no" | "card_no_again" if case.service.contains("不可读") => RESIDENT_CARD.to_owned(),
                    "illegible" if case.service.contains("不可读") => "false".to_owned(),
                    "illegible" if worn_out => "true".to_owned(),
                    "slip" => self.slip.clone(),
                    _ => value(field, &self.number),
                };
                Move::Fill(fields.iter().map(|field| (field.id.clone(), answer(field))).collect())
            }
            AskView::Go { .. } | AskView::Again { .. } => Move::Go,
            // A faulty card gives no answer wherever it lies.
            AskView::Act { .. } if case.question.id.contains("test.") => {
                tray.take_off();
                Move::Do
            }
            AskView::Act { .. } => Move::Do,
            AskView::PutCard { .. } => {
                self.lay_card(case, tray);
                Move::Wait
            }
            AskView::Authorise { .. } => {
                let (supervisor, password) = self.supervisor.clone();
                Move::Authorise { supervisor, password }
            }
            AskView::Busy { .. } => Move::Wait,
            AskView::Ended { .. } => Move::Stop,
        }
    }

    fn lay_card(&mut self, case: &CaseView, tray: &SimTray) {
        // The new card of a reissue comes from the drawer; every other case has the customer's card.
        let name = match &self.card {
            Some(card) => Some(card.clone()),
            None if case.question.id.contains("blank") || self.blanks.len() == 3 => self.blanks.first().cloned(),
            None => self.blanks.first().cloned(),
        };
        if let Some(name) = name {
            tray.put(&name);
        }
    }
}

/// The options that lead on, by question.
fn choice(question: &str, service: &str) -> &'static [&'static str] {
    let name = question.split('.').find(|part| part.bytes().any(|byte| !byte.is_ascii_digit()));
    match name.unwrap_or(question) {
        "role" if service.contains("退卡") => &["guardian"],
        "role" if service.contains("密码") || service.contains("验证码") => &["guardian"],
        "role"
            if service.contains("挂失")
                || service.contains("解挂")
                || service.contains("领回")
                || service.contains("领卡")
                || service.contains("申领") =>
        {
            &["holder"]
        }
        "role" => &["bearer", "parent", "holder"],
        "wish" => &["first"],
        "card_here" => &["here", "left"],
        "document" => &["resident_id", "resident-id", "id_card"],
        "blank_again" => &["next"],
        "write_again" => &["again"],
        "validate" => &["now"],
        "accept_offline" => &["accept"],
        "tree" => &["yes", "no_code", "not_received", "tried"],
        _ => &[],
    }
}

fn value(field: &FieldView, number: &str) -> String {
    match (field.id.as_str(), field.kind.as_str()) {
        ("number", _) => number.to_owned(),
        ("first", _) => "2150999000020001".to_owned(),
        ("last", _) => "2150999000020010".to_owned(),
        ("count", _) => "10".to_owned(),
        ("phone", _) => "13800000040".to_owned(),
        ("photo", _) => "good.jpg".to_owned(),
        ("address", _) => "虚构路1号".to_owned(),
        ("unit", _) => "示例单位".to_owned(),
        ("credit_code", _) => "91350100M000100Y43".to_owned(),
        ("illegible", _) => "false".to_owned(),
        ("expiry" | "agent_expiry", _) => "20351231".to_owned(),
        ("tendered" | "amount", _) => "50".to_owned(),
        (_, "tick") => "true".to_owned(),
        (_, "choice") => field.options.first().map(|option| option.id.clone()).unwrap_or_default(),
        _ => String::new(),
    }
}
