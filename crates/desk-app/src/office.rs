//! 中心处理台 and 规则发布, for head office in the same window: claims without an end over all outlets, and what desks work by.
//! Everything is done by the centre, with a second person; the desk asks, shows, and keeps a row of what was done here.

use chrono::NaiveDate;
use desk_domain::{
    code::{Code, Message},
    id::{CentreNumber, OperatorId, OutletId, ProgrammeId},
    normalise,
    ruleset::{Edition, EditionKind, Notice, Problem, days_file},
};
use desk_wire::{
    office::{Checked, Second, Undecided},
    v1::{Reply, Request, Secret},
};

use crate::{
    desk::{Desk, Errand, Place},
    loose::Loose,
    ports::{Answered, LinkFailure, StoreFailure},
    session::Session,
};

/// Which of the two screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Undecided,
    Rules,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Office {
    pub room: Room,
    /// None before the centre has answered.
    pub undecided: Option<Vec<Undecided>>,
    /// Rule files in the folder.
    pub files: Vec<String>,
    pub draft: Option<Draft>,
    /// What was done last.
    pub done: Option<String>,
    pub message: Option<Message>,
}

/// A file on its way to being published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub name: String,
    text: String,
    pub stage: DraftStage,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DraftStage {
    Checking,
    Faulty(Vec<Problem>),
    Good(Box<Checked>),
}

/// What the centre was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OfficeErrand {
    Check,
    Publish { second: OperatorId },
    GiveBack { reservation: CentreNumber, second: OperatorId },
    WriteOff { reservation: CentreNumber, second: OperatorId },
}

impl Desk {
    /// Opens a room, or shows the one on the screen anew.
    pub(crate) fn open_office(&mut self, room: &str) {
        let head_office = self.session.as_ref().is_some_and(Session::head_office);
        let before = match &self.place {
            Place::Office(office) => Some((**office).clone()),
            Place::Door(_) | Place::Home { .. } => None,
            Place::Starting
            | Place::Blocked(_)
            | Place::DayOpen { .. }
            | Place::DayClose(_)
            | Place::Case(_)
            | Place::Report(_)
            | Place::OutletReport(_)
            | Place::Papers(_)
            | Place::Exceptions(_)
            | Place::Doctor => return,
        };
        if !head_office {
            self.notice = Some(Message::new(Code::RoleMissing));
            return;
        }
        let fresh = Office { room: Room::Undecided, undecided: None, files: Vec::new(), draft: None, done: None, message: None };
        let before = before.unwrap_or(fresh);
        let room = match room {
            "undecided" => Room::Undecided,
            "rules" => Room::Rules,
            _ => before.room,
        };
        self.place = Place::Office(Box::new(Office { room, message: None, done: None, ..before }));
        self.look_office();
    }

    /// Asks for what the room shows.
    fn look_office(&mut self) {
        self.list_rule_files();
        if !self.calling(|errand| matches!(errand, Errand::Undecided)) {
            let id = self.draw();
            self.call(Errand::Undecided, id, Request::Undecided);
        }
    }

    fn office(&mut self) -> Option<&mut Office> {
        if let Place::Office(office) = &mut self.place { Some(office) } else { None }
    }

    pub(crate) fn office_busy(&self) -> bool {
        self.calling(|errand| matches!(errand, Errand::Office(_)))
    }

    fn say(&mut self, message: Message) {
        if let Some(office) = self.office() {
            office.done = None;
            office.message = Some(message);
        }
    }

    pub(crate) fn rule_files_listed(&mut self, names: Vec<String>) {
        if let Some(office) = self.office() {
            office.files = names;
        }
    }

    pub(crate) fn undecided_heard(&mut self, end: Result<Answered, LinkFailure>) {
        match end.map(|answered| answered.reply) {
            Ok(Reply::Undecided { undecided }) => {
                if let Some(office) = self.office() {
                    office.undecided = Some(undecided);
                }
            }
            Ok(Reply::Refused { message }) => self.say(message),
            Ok(_) => self.say(Message::new(Code::CentreGarbled)),
            Err(failure) => self.say(Message::new(failure.code)),
        }
    }

    pub(crate) fn check_file(&mut self, file: String) {
        if self.office_busy() || self.office().is_none() {
            return;
        }
        self.read_rule_file(file);
    }

    pub(crate) fn rule_file_read(&mut self, name: String, end: Result<String, Message>) {
        match end {
            Ok(text) => self.check(name, text),
            Err(message) => self.say(message),
        }
    }

    /// The centre checks: it knows every installation's outlets and what was published before.
    fn check(&mut self, name: String, text: String) {
        if self.office_busy() {
            return;
        }
        let Some(office) = self.office() else {
            return;
        };
        office.draft = Some(Draft { name: name.clone(), text: text.clone(), stage: DraftStage::Checking });
        office.message = None;
        office.done = None;
        let id = self.draw();
        self.call(Errand::Office(OfficeErrand::Check), id, Request::Publish { name, text, second: None });
    }

    pub(crate) fn check_day(&mut self, programme: &str, outlet: &str, date: &str, hours: String) {
        // 休: the outlet does not open.
        let hours = Some(normalise::text(&hours)).filter(|hours| hours != "休").unwrap_or_default();
        let notice = day(date, "日期").map(|date| Notice::Hours { outlet: OutletId::new(normalise::text(outlet)), date, hours });
        self.check_notice(programme, notice);
    }

    pub(crate) fn check_holiday(&mut self, programme: &str, name: &str, from: &str, to: &str) {
        let name = normalise::text(name);
        let notice = day(from, "第一天").and_then(|from| Ok(Notice::Holiday { name, from, to: day(to, "最后一天")? }));
        self.check_notice(programme, notice);
    }

    /// One more day, on top of what the last file of days of this programme says; in force from today.
    fn check_notice(&mut self, programme: &str, notice: Result<Notice, Message>) {
        let notice = match notice {
            Ok(notice) => notice,
            Err(message) => return self.say(message),
        };
        let programme = ProgrammeId::new(programme);
        let today = self.today();
        let of_days = |edition: &Edition| edition.kind == EditionKind::Days && edition.programme == programme;
        let before: Vec<_> = self.published.kept.iter().filter(|one| of_days(&one.edition)).collect();
        let effective = before.iter().map(|one| one.edition.effective).max().map_or(today, |last| last.max(today));
        let version = format!("D{}-{}", today.format("%Y%m%d"), before.len() + 1);
        let name = format!("{programme}-{version}.toml");
        let edition = Edition { kind: EditionKind::Days, programme, version, effective };
        let text = days_file(before.last().map(|last| last.text.as_str()), &edition, &notice);
        self.check(name, text);
    }

    pub(crate) fn drop_draft(&mut self) {
        if !self.office_busy()
            && let Some(office) = self.office()
        {
            office.draft = None;
            office.message = None;
        }
    }

    /// The second person's number and password, or what is missing.
    fn second(&mut self, second: &str, password: String) -> Option<Second> {
        let operator = OperatorId::new(normalise::id_number(second));
        if operator.as_str().is_empty() || password.is_empty() {
            self.say(Message::new(Code::FieldRequired).with("field", "复核人工号和密码"));
            return None;
        }
        Some(Second { operator, password: Secret(password) })
    }

    pub(crate) fn publish_draft(&mut self, second: &str, password: String) {
        if self.office_busy() {
            return;
        }
        let Some(draft) = self.office().and_then(|office| office.draft.clone()).filter(|draft| matches!(draft.stage, DraftStage::Good(_)))
        else {
            return;
        };
        let Some(second) = self.second(second, password) else {
            return;
        };
        let id = self.draw();
        let errand = OfficeErrand::Publish { second: second.operator.clone() };
        self.call(Errand::Office(errand), id, Request::Publish { name: draft.name, text: draft.text, second: Some(second) });
    }

    pub(crate) fn give_back(&mut self, reservation: &str, reason: String, second: &str, password: String) {
        if self.office_busy() || self.office().is_none() {
            return;
        }
        let Some(second) = self.second(second, password) else {
            return;
        };
        let reservation = CentreNumber::new(reservation);
        let id = self.draw();
        let errand = OfficeErrand::GiveBack { reservation: reservation.clone(), second: second.operator.clone() };
        self.call(Errand::Office(errand), id, Request::GiveBack { reservation, reason, second });
    }

    pub(crate) fn write_off(&mut self, reservation: &str, reason: String, second: &str, password: String) {
        if self.office_busy() || self.office().is_none() {
            return;
        }
        let Some(second) = self.second(second, password) else {
            return;
        };
        let reservation = CentreNumber::new(reservation);
        let id = self.draw();
        let errand = OfficeErrand::WriteOff { reservation: reservation.clone(), second: second.operator.clone() };
        self.call(Errand::Office(errand), id, Request::WriteOff { reservation, reason, second });
    }

    /// What the centre answered. Its refusal, or its silence, changes nothing here; done twice it answers the first number.
    pub(crate) async fn office_ended(&mut self, errand: OfficeErrand, end: Result<Answered, LinkFailure>) -> Result<(), StoreFailure> {
        match (errand, end.map(|answered| answered.reply)) {
            (OfficeErrand::Check, Ok(Reply::Checked { checked })) => self.draft_is(DraftStage::Good(checked)),
            (OfficeErrand::Check | OfficeErrand::Publish { .. }, Ok(Reply::Faulty { problems })) => {
                self.draft_is(DraftStage::Faulty(problems));
            }
            (OfficeErrand::Publish { second }, Ok(Reply::Published { publication })) => {
                let Edition { kind, programme, version, effective } = &publication.edition;
                let what = format!("发布{}", kind.label());
                let done = format!("已{what} {version}，自 {effective} 起");
                self.acted(second, what, format!("{programme} {version}"), publication.number.to_string()).await?;
                if let Some(office) = self.office() {
                    office.draft = None;
                    office.message = None;
                    office.done = Some(done);
                }
                self.ask_published();
            }
            (OfficeErrand::GiveBack { reservation, second }, Ok(Reply::Acted { number })) => {
                self.ended(second, "释放预约", &reservation, &number).await?;
            }
            (OfficeErrand::WriteOff { reservation, second }, Ok(Reply::Acted { number })) => {
                self.ended(second, "核销", &reservation, &number).await?;
            }
            (OfficeErrand::Check, Ok(Reply::Refused { message })) => {
                if let Some(office) = self.office() {
                    office.draft = None;
                }
                self.say(message);
            }
            (_, Ok(Reply::Refused { message })) => self.say(message),
            (_, Ok(_)) => self.say(Message::new(Code::CentreGarbled)),
            (OfficeErrand::Check, Err(failure)) => {
                if let Some(office) = self.office() {
                    office.draft = None;
                }
                self.say(Message::new(failure.code));
            }
            (_, Err(failure)) => self.say(Message::new(failure.code)),
        }
        Ok(())
    }

    async fn ended(
        &mut self,
        second: OperatorId,
        what: &str,
        reservation: &CentreNumber,
        number: &CentreNumber,
    ) -> Result<(), StoreFailure> {
        self.acted(second, what.to_owned(), reservation.to_string(), number.to_string()).await?;
        if let Some(office) = self.office() {
            office.message = None;
            office.done = Some(format!("已{what} {reservation}，编号 {number}"));
        }
        self.look_office();
        Ok(())
    }

    async fn acted(&mut self, second: OperatorId, what: String, subject: String, number: String) -> Result<(), StoreFailure> {
        let Some(operator) = self.session.as_ref().map(Session::name) else {
            return Ok(());
        };
        self.note(&Loose::OfficeActed { operator, second, what, subject, number }).await
    }

    fn draft_is(&mut self, stage: DraftStage) {
        if let Some(draft) = self.office().and_then(|office| office.draft.as_mut()) {
            draft.stage = stage;
        }
    }
}

fn day(text: &str, field: &str) -> Result<NaiveDate, Message> {
    normalise::date(text).ok_or_else(|| Message::new(Code::FieldRequired).with("field", format!("{field}（如 20261001）")))
}
