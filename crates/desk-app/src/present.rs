//! State to view: everything the window shows, formatted, masked and in Chinese.

use chrono::{DateTime, Datelike, Utc};
use desk_card::{read::ReadEnd, record::Trip, sight::CardSight};
use desk_domain::{
    card::CardImage,
    case::{
        Effect, Ending, LineMode, Next, PaperState, Picture, Question, Service,
        context::local,
        question::{Ask, Choice, Field, Shown},
        words,
    },
    cash::DENOMINATIONS,
    code::{Code, Kind, Message},
    id::CaseId,
    mask,
    money::Fen,
    offline,
    ruleset::RuleSet,
    validity,
};

use crate::{
    batch::PAGE,
    day_close::{Close, CloseStage, Counted, Expected, Papers, signed},
    desk::{Desk, Place},
    guide, papers,
    report::Report,
    run::{Running, ending_message, service_name},
    session::{Door, Session},
    view::{
        AlsoView, AskView, CardView, CaseView, CompareRow, DayCloseView, DenominationView, FieldView, FigureView, HourView, LinePanelRow,
        LineView, ListingRowView, ListingView, LogView, MessageView, OptionView, PaperView, QuestionView, ReaderView, ReportLine,
        ReportView, Stage, StatusView, StepView, TotalRow, TripView, UnfinishedView, View,
    },
};

/// APDUs of a usual write: what progress is measured against.
const USUAL_APDUS: u32 = 12;

impl Desk {
    pub(crate) fn show(&mut self) {
        self.revision = self.revision.wrapping_add(1);
        let view = View {
            revision: self.revision,
            stage: self.stage(),
            status: self.status(),
            notice: self.notice.as_ref().map(|message| self.message(None, message)),
        };
        self.screen.show(view);
    }

    /// What a tick may change on the screen.
    pub(crate) fn glance(&self) -> (Place, String, bool, u32, bool, Option<Code>) {
        (
            self.place.clone(),
            clock(self.now()),
            self.line.online(),
            self.waiting,
            self.clock_trust.trusted(self.now()),
            self.notice.as_ref().map(|notice| notice.code),
        )
    }

    pub(crate) fn message(&self, rules: Option<&RuleSet>, message: &Message) -> MessageView {
        let wording = rules.map_or_else(
            || desk_domain::ruleset::Wording {
                text: message.text(),
                cause: message.code.cause().to_owned(),
                remedy: message.code.remedy().to_owned(),
            },
            |rules| rules.wording(message),
        );
        MessageView {
            code: message.code.as_str().to_owned(),
            kind: match message.code.kind() {
                Kind::Refuse => "refuse",
                Kind::Refer => "refer",
                Kind::Warn => "warn",
                Kind::Info => "info",
                Kind::Exception => "exception",
            }
            .to_owned(),
            text: wording.text,
            cause: wording.cause,
            remedy: wording.remedy,
            rule: message.rule.as_ref().map(|rule| rule.id.clone()),
            phrase: message.rule.as_ref().map(|rule| rule.phrase.clone()),
            also: message
                .also
                .iter()
                .map(|also| {
                    let MessageView { code, text, cause, remedy, rule, phrase, .. } = self.message(rules, also);
                    AlsoView { code, text, cause, remedy, rule, phrase }
                })
                .collect(),
        }
    }

    pub(crate) fn plain(&self, message: &Option<Message>) -> Option<MessageView> {
        message.as_ref().map(|message| self.message(None, message))
    }

    fn stage(&self) -> Stage {
        match &self.place {
            Place::Starting => Stage::Starting { doing: "正在读取本机流水".to_owned() },
            Place::Blocked(message) => Stage::Blocked { message: self.message(None, message) },
            Place::Door(door) => self.door(door),
            Place::DayOpen { message, .. } => Stage::DayOpen {
                day: words::day(self.day.date),
                expected_blanks: self.day.blanks,
                message: self.plain(message),
                warning: self.plain(&self.device_warning()),
                devices: self.devices_view(),
                busy: false,
            },
            Place::DayClose(close) => Stage::DayClose(Box::new(self.day_close(close))),
            Place::Home { message } => Stage::Home(self.home(message)),
            Place::Case(id) => match self.cases.get(id) {
                Some(running) => Stage::Case(Box::new(self.case(*id, running))),
                None => Stage::Home(self.home(&None)),
            },
            Place::Report(report) => Stage::Report(Box::new(self.report(report))),
            Place::Papers(papers) => Stage::Papers(Box::new(self.papers_view(papers))),
            Place::Doctor => Stage::Doctor(Box::new(self.doctor_view())),
            Place::Office(office) => Stage::Office(Box::new(self.office_view(office))),
            Place::OutletReport(report) => Stage::OutletReport(Box::new(self.outlet_report_view(report))),
            Place::Exceptions(exceptions) => Stage::Exceptions(Box::new(self.exceptions_view(exceptions))),
        }
    }

    fn door(&self, door: &Door) -> Stage {
        let message = self.plain(&door.message);
        let busy = door.knocking.is_some();
        match &door.locked {
            Some(locked) => Stage::Locked { operator: locked.operator.to_string(), message, busy },
            None => Stage::SignIn { message, busy },
        }
    }

    pub(crate) fn outlet_name(&self) -> String {
        self.rules
            .at_outlet(&self.station.outlet, self.today())
            .first()
            .and_then(|rules| rules.outlet(&self.station.outlet))
            .map_or_else(|| self.station.outlet.to_string(), |outlet| outlet.name.clone())
    }

    pub(crate) fn service_label(&self, service: Service) -> String {
        self.rules
            .current(self.today())
            .into_iter()
            .find_map(|rules| rules.service(service).ok())
            .map_or_else(|| service_name(service), |rules| rules.label.clone())
    }

    fn status(&self) -> Option<StatusView> {
        if matches!(self.place, Place::Starting) {
            return None;
        }
        let session = self.session.as_ref();
        Some(StatusView {
            outlet: self.outlet_name(),
            window: self.station.window.to_string(),
            operator: session.map(|session| session.operator.to_string()),
            supervisor: session.is_some_and(Session::supervisor),
            clock: clock(self.now()),
            line: match self.line.lost_since() {
                None => LineView::Online,
                Some(since) => LineView::Offline { since: words::when(since), panel: self.panel() },
            },
            reader: match self.reader_trouble().map(ReadEnd).or_else(|| ReadEnd::of_presence(&self.presence)) {
                None => ReaderView::CardPresent,
                Some(ReadEnd(message)) if message.code == Code::NoCard => ReaderView::Ready,
                Some(ReadEnd(message)) => ReaderView::Trouble { message: self.message(None, &message) },
            },
            till: (session.is_some() && self.day.open).then(|| self.day.till.to_string()),
            blanks: (session.is_some() && self.day.open).then_some(self.day.blanks),
            unfinished: u32::try_from(self.unfinished().count()).unwrap_or(u32::MAX),
            waiting: self.waiting,
            rule_set: self
                .rules
                .at_outlet(&self.station.outlet, self.today())
                .iter()
                .map(|rules| rules.version.as_str())
                .collect::<Vec<_>>()
                .join(" · "),
            practice: self.practice,
        })
    }

    fn panel(&self) -> Vec<LinePanelRow> {
        let mut rows = Vec::new();
        for rules in self.rules.at_outlet(&self.station.outlet, self.today()) {
            for service in Service::ALL {
                let Ok(of_service) = rules.service(*service) else {
                    continue;
                };
                let (state, why) = match offline::answer(rules, *service) {
                    offline::Answer::Works => ("可办", String::new()),
                    offline::Answer::Accepts(_) => ("受理", of_service.offline_why.clone()),
                    offline::Answer::Records(_) => ("登记", of_service.offline_why.clone()),
                    offline::Answer::Refused(message) => ("不可办", rules.wording(&message).text),
                };
                rows.push(LinePanelRow { service: format!("{} · {}", of_service.label, rules.name), state: state.to_owned(), why });
            }
        }
        rows
    }

    /// Cases on the list of the home screen, oldest first.
    pub(crate) fn unfinished(&self) -> impl Iterator<Item = (CaseId, &Running)> {
        self.cases.iter().filter(|(id, _)| self.front() != Some(**id)).map(|(id, running)| (*id, running))
    }

    pub(crate) fn waiting_case(&self, id: CaseId, running: &Running) -> UnfinishedView {
        let in_doubt = running.case.writing().is_some();
        let waits = match self.next_of(id) {
            _ if running.busy => "正在办理".to_owned(),
            Some(Next::Ask(question)) => question.title,
            Some(Next::Do(effect)) if effect.needs_card() && in_doubt => "等待原卡放回读卡器".to_owned(),
            Some(Next::Do(effect)) if effect.needs_card() => "等待放卡".to_owned(),
            Some(Next::Do(effect)) if effect.needs_line() => "等待中心答复".to_owned(),
            Some(Next::Do(Effect::TryCard)) => "等待试读旧卡".to_owned(),
            Some(Next::Do(_)) => "等待打印".to_owned(),
            Some(Next::Ended(_)) | None => "待收尾".to_owned(),
        };
        UnfinishedView {
            case: id.to_string(),
            number: running.header.number.to_string(),
            service: self.service_label(running.header.service),
            waits,
            since: words::when(running.header.opened_at),
            urgent: in_doubt,
        }
    }

    pub(crate) fn card(&self, card: &CardImage) -> CardView {
        let rules = self.rules.of_card(card, self.today());
        let state = rules
            .and_then(|rules| rules.validity.as_ref())
            .filter(|_| card.valid_until.is_some() || card.purse.is_none())
            .map(|rules| validity::shown(rules, card.valid_until, self.today()));
        CardView {
            programme: rules.map(|rules| rules.name.clone()).unwrap_or_default(),
            family: self.profiles.find(&card.family).map_or_else(String::new, |profile| profile.title.clone()),
            number: if card.blank { "空白卡".to_owned() } else { mask::card_on_screen(card.card_no.as_str()) },
            tail: card.card_no.tail().to_owned(),
            valid_until: card.valid_until.map(|until| until.to_string()),
            validity: match state {
                Some(validity::Shown::Valid) => "valid",
                Some(validity::Shown::Ending) => "ending",
                Some(validity::Shown::Expired) => "expired",
                Some(validity::Shown::None) | None => "none",
            }
            .to_owned(),
            balance: card.purse.as_ref().map(|purse| purse.balance.to_string()),
            unverified: false,
            city: None,
            balances: Vec::new(),
            trips: Vec::new(),
            log: card
                .log
                .iter()
                .map(|record| LogView {
                    at: record.at.map(|at| at.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default(),
                    kind: log_kind(record.kind).to_owned(),
                    amount: record.amount.to_string(),
                    place: record.terminal.clone(),
                })
                .collect(),
            warnings: card.warnings.iter().map(|code| self.message(rules, &Message::new(*code))).collect(),
        }
    }

    /// The same with everything that the card shows beyond what a case keeps.
    pub(crate) fn card_seen(&self, sight: &CardSight) -> CardView {
        let rules = self.rules.of_card(&sight.image, self.today());
        let mut view = self.card(&sight.image);
        view.family.clone_from(&sight.title);
        view.city = sight.city.as_ref().map(|code| sight.city_name().unwrap_or(code).to_owned());
        if let Some(balance) = &sight.balance {
            const NAMES: [&str; 4] = ["可用额", "透支额度", "已透支", "钱包余额"];
            view.balance = Some(balance.amount.to_string());
            view.unverified = !balance.verified;
            let told = NAMES.into_iter().zip(balance.parts);
            view.balances = told.filter_map(|(name, part)| Some(figure(name, Fen(part?.into()).to_string(), "plain"))).collect();
            if view.balances.len() < 2 {
                view.balances.clear();
            }
        }
        view.log = sight
            .log
            .iter()
            .map(|entry| LogView {
                at: entry.record.at.map(|at| at.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default(),
                kind: log_kind(entry.record.kind).to_owned(),
                amount: entry.signed().to_string(),
                place: entry.record.terminal.clone(),
            })
            .collect();
        view.trips = sight.trips.iter().map(trip).collect();
        let foreign = (rules.is_none() && !sight.image.blank).then_some(Code::CardForeign);
        view.warnings = foreign
            .into_iter()
            .chain(sight.image.warnings.iter().copied())
            .chain(sight.warnings.iter().copied())
            .map(|code| self.message(rules, &Message::new(code)))
            .collect();
        view
    }

    fn case(&self, id: CaseId, running: &Running) -> CaseView {
        let rules = self.rules_of(&running.header);
        let picture = running.case.picture();
        let next = self.next_of(id);
        let question = match &next {
            Some(next) => self.question(id, running, next, &picture),
            None => QuestionView {
                id: String::new(),
                title: "规则文件缺失".to_owned(),
                help: None,
                ask: AskView::Again {
                    message: self.message(None, &Message::new(Code::RuleSetInvalid).with("where", &running.header.rule_set)),
                },
            },
        };
        let ending = match &next {
            Some(Next::Ended(ending)) => ending_message(ending).cloned(),
            Some(Next::Ask(_) | Next::Do(_)) | None => None,
        };
        let differs = running.name_differs.clone().filter(|_| !matches!(next, Some(Next::Ended(_))));
        let message = running.message.clone().or(ending).or(differs).or_else(|| picture.remark.clone());
        let resting = !running.busy && !running.authorising;
        let cancellable = match &next {
            Some(Next::Ask(_)) => running.case.state_allows_cancel(),
            Some(Next::Do(
                Effect::ReadCard { .. }
                | Effect::TryCard
                | Effect::WriteCard { .. }
                | Effect::ResolveWrite { .. }
                | Effect::FindCard { .. }
                | Effect::FindPerson { .. }
                | Effect::Inquire { .. }
                | Effect::FindOwed { .. }
                | Effect::FindUncollected
                | Effect::FindLists
                | Effect::TakeRows { .. },
            )) => !running.case.writing().is_some_and(desk_domain::case::Writing::suspended),
            Some(
                Next::Do(
                    Effect::Reserve { .. }
                    | Effect::Release { .. }
                    | Effect::ReportUnknown { .. }
                    | Effect::Confirm { .. }
                    | Effect::TakePhoto { .. }
                    | Effect::SendPhotos { .. }
                    | Effect::SubmitRows { .. }
                    | Effect::Print { .. },
                )
                | Next::Ended(_),
            )
            | None => false,
        };
        CaseView {
            case: id.to_string(),
            number: running.header.number.to_string(),
            service: rules
                .and_then(|rules| rules.service(running.header.service).ok())
                .map(|service| service.label.clone())
                .unwrap_or_default(),
            programme: rules.map(|rules| rules.name.clone()).unwrap_or_default(),
            offline: running.header.line == LineMode::Offline,
            steps: steps(&picture),
            strip: picture.strip.iter().map(shown).collect(),
            card: match (&running.sight, running.case.card()) {
                (Some(sight), Some(card)) if sight.image.card_no == card.card_no => Some(self.card_seen(sight)),
                (_, card) => card.map(|card| self.card(card)),
            },
            question,
            message: message.map(|message| self.message(rules, &message)),
            listing: listing(running),
            say: picture.say,
            papers: running
                .case
                .papers()
                .iter()
                .map(|(paper, state)| PaperView {
                    title: papers::title(*paper).to_owned(),
                    printed: matches!(state, PaperState::Printed { .. }),
                    pending: matches!(state, PaperState::Pending),
                })
                .collect(),
            can_park: resting && !matches!(next, Some(Next::Ended(_))),
            can_cancel: resting && cancellable,
            rated: self.rating_shown(id),
            can_notice: next.as_ref().is_some_and(|next| guide::can_notice(running, next)),
            reveal: self.reveal_view(running, rules),
        }
    }

    fn question(&self, id: CaseId, running: &Running, next: &Next, picture: &Picture) -> QuestionView {
        let rules = self.rules_of(&running.header);
        let (title, help, ask) = match next {
            Next::Ask(question) => (question.title.clone(), question.help.clone().filter(|help| !help.is_empty()), ask(question, running)),
            Next::Do(effect) => {
                let (title, ask) = self.doing(effect, running, rules);
                (title, None, ask)
            }
            Next::Ended(ending) => {
                let headline = headline(ending).to_owned();
                let ask = AskView::Ended {
                    good: matches!(ending, Ending::Done),
                    headline: headline.clone(),
                    figures: picture.result.iter().map(shown).collect(),
                    give_back: picture.give_back.clone(),
                };
                (headline, None, ask)
            }
        };
        QuestionView { id: self.question_id(id, next), title, help, ask }
    }

    fn doing(&self, effect: &Effect, running: &Running, rules: Option<&RuleSet>) -> (String, AskView) {
        if let Some(message) = &running.stalled {
            return ("没有办成，可以再试".to_owned(), AskView::Again { message: self.message(rules, message) });
        }
        if effect.needs_card() && !running.busy {
            let what = what_card(effect, running);
            return (
                what.clone(),
                AskView::PutCard { what, wrong: self.card_trouble(running).map(|message| self.message(rules, &message)) },
            );
        }
        let asking_again = running.tries > 0 || (running.left_over && effect.needs_line());
        let doing = match effect {
            _ if asking_again => Code::AskingServer.text(),
            Effect::ReadCard { .. } => "正在读卡",
            Effect::TryCard => "正在试读旧卡",
            Effect::FindPerson { .. } => "正在向中心查询登记",
            Effect::FindCard { .. } => "正在向中心查询卡片",
            Effect::Inquire { .. } => "正在向中心和相关系统查询",
            Effect::FindOwed { .. } => "正在向中心和清算系统查询",
            Effect::FindUncollected => "正在向中心查询待领的卡",
            Effect::TakePhoto { .. } => "正在检查照片",
            Effect::FindLists => "正在查找名单",
            Effect::TakeRows { .. } => "正在逐行检查名单和照片",
            Effect::SendPhotos { .. } => "正在提交照片",
            Effect::SubmitRows { .. } => "正在逐行提交",
            Effect::Reserve { .. } => "正在向中心预留",
            Effect::Release { .. } => "正在撤销预留",
            Effect::WriteCard { .. } => "正在写卡，请勿移动卡片",
            Effect::ResolveWrite { .. } => "正在核对写卡结果，请勿移动卡片",
            Effect::ReportUnknown { .. } => "正在向中心报告待查",
            Effect::Confirm { .. } => "正在等待中心确认",
            Effect::Print { .. } => "正在打印",
        };
        let moving = matches!(effect, Effect::WriteCard { .. } | Effect::ResolveWrite { .. });
        (
            doing.to_owned(),
            AskView::Busy {
                doing: doing.to_owned(),
                moving,
                done: running.apdus,
                of: if effect.needs_card() { running.apdus.max(USUAL_APDUS) } else { 0 },
            },
        )
    }

    fn card_trouble(&self, running: &Running) -> Option<Message> {
        self.reader_trouble().or_else(|| running.wrong_card.clone())
    }

    fn day_close(&self, close: &Close) -> DayCloseView {
        let compare = |counted: &Counted, expected: &Expected| {
            let cash = counted.cash.total().unwrap_or(Fen::ZERO);
            let pieces = |label: &str, counted: u32, expected: u32| CompareRow {
                label: label.to_owned(),
                counted: counted.to_string(),
                expected: expected.to_string(),
                difference: format!("{:+}", i64::from(counted) - i64::from(expected)),
                equal: counted == expected,
            };
            vec![
                CompareRow {
                    label: "现金".to_owned(),
                    counted: cash.to_string(),
                    expected: expected.cash.to_string(),
                    difference: signed(expected.cash_over(counted)),
                    equal: cash == expected.cash,
                },
                pieces("空白卡", counted.blanks, expected.blanks),
                pieces("坏卡", counted.spoiled, expected.spoiled),
            ]
        };
        let mut view = DayCloseView {
            day: words::day(close.day),
            operator: close.whose.to_string(),
            forced: close.forced,
            denominations: DENOMINATIONS
                .iter()
                .map(|denomination| DenominationView { id: denomination.id(), label: denomination.label.to_owned() })
                .collect(),
            compared: Vec::new(),
            closed: false,
            provisional: false,
            totals: Vec::new(),
            agree: false,
            journal_head: String::new(),
            printed: false,
            message: self.plain(&close.message),
            busy: false,
        };
        match &close.stage {
            CloseStage::Counting { compared } => {
                view.compared = compared.as_ref().map(|compared| compare(&compared.counted, &compared.expected)).unwrap_or_default();
            }
            CloseStage::Closed { booked, report, papers } => {
                view.compared = compare(&booked.counted, &booked.expected);
                view.closed = true;
                view.provisional = report.centre.is_none() && !report.waiting;
                view.totals = total_rows(report);
                view.agree = report.agrees() && report.centre.is_some();
                view.journal_head = format!("{} · {}", report.head.0, report.head.1);
                view.printed = *papers == Papers::Printed;
                view.message = self.plain(&report.message);
                view.busy = report.waiting || matches!(papers, Papers::Printing(_));
            }
        }
        view
    }

    fn report(&self, report: &Report) -> ReportView {
        let busy = report.waiting;
        ReportView {
            day: words::day(report.day),
            outlet: self.outlet_name(),
            figures: vec![
                figure("业务笔数", report.cases().to_string(), "plain"),
                figure("收入现金", report.money_in().to_string(), "good"),
                figure("付出现金", report.money_out().to_string(), "warn"),
                figure("净额", report.money_in().minus(report.money_out()).unwrap_or(Fen::ZERO).to_string(), "plain"),
                figure("备用金", report.float().to_string(), "plain"),
                figure("尾箱余额", report.till().to_string(), "plain"),
                figure("补打", report.reprints.to_string(), "plain"),
                figure("查看全文", report.reveals.to_string(), "plain"),
                figure("无据查询", report.lookups.to_string(), if report.lookups > 0 { "warn" } else { "plain" }),
            ],
            lines: report
                .lines
                .iter()
                .map(|line| ReportLine {
                    service: self.service_label(line.service),
                    operator: line.operator.to_string(),
                    count: line.count,
                    refused: line.refused,
                    offline: line.offline,
                    money_in: line.money_in.to_string(),
                    money_out: line.money_out.to_string(),
                })
                .collect(),
            totals: total_rows(report),
            agree: report.agrees() && report.centre.is_some(),
            hours: report
                .hours
                .iter()
                .map(|(hour, figures)| HourView {
                    hour: *hour,
                    count: figures.count,
                    money_in: figures.money_in.0,
                    money_out: figures.money_out.0,
                })
                .collect(),
            exceptions: report.exceptions.clone(),
            journal_head: format!("{} · {}", report.head.0, report.head.1),
            printed: report.printed,
            message: self.plain(&report.message),
            busy,
        }
    }
}

fn total_rows(report: &Report) -> Vec<TotalRow> {
    report
        .totals()
        .into_iter()
        .map(|total| TotalRow {
            desk: total.desk.to_string(),
            centre: total.centre.map_or_else(|| "—".to_owned(), |amount| amount.to_string()),
            recomputed: total.recomputed.to_string(),
            equal: total.equal(),
            label: total.label,
        })
        .collect()
}

fn what_card(effect: &Effect, running: &Running) -> String {
    match effect {
        // A new card comes from the drawer; the number of an old one is read before it.
        Effect::ReadCard { .. } if running.case.takes_blank() => "请放上一张空白卡".to_owned(),
        Effect::WriteCard { intent, .. } | Effect::ResolveWrite { intent, .. } => {
            if intent.before().blank {
                "请放回刚才那张空白卡".to_owned()
            } else {
                format!("请放回原卡（尾号 {}）", intent.before().card_no.tail())
            }
        }
        Effect::ReadCard { .. }
        | Effect::TryCard
        | Effect::FindPerson { .. }
        | Effect::FindCard { .. }
        | Effect::Inquire { .. }
        | Effect::FindOwed { .. }
        | Effect::FindUncollected
        | Effect::TakePhoto { .. }
        | Effect::FindLists
        | Effect::TakeRows { .. }
        | Effect::SendPhotos { .. }
        | Effect::SubmitRows { .. }
        | Effect::Reserve { .. }
        | Effect::Release { .. }
        | Effect::ReportUnknown { .. }
        | Effect::Confirm { .. }
        | Effect::Print { .. } => "请放上客户的卡".to_owned(),
    }
}

fn ask(question: &Question, running: &Running) -> AskView {
    match &question.ask {
        Ask::Choice { options } => AskView::Choice { options: options.iter().map(option).collect() },
        Ask::Form { fields, submit } => {
            AskView::Form { fields: fields.iter().map(|field| form_field(field, running)).collect(), submit: submit.clone() }
        }
        Ask::Go { label } => AskView::Go { label: label.clone() },
        Ask::Act { key, label, detail } => {
            AskView::Act { key: (*key).to_owned(), label: label.clone(), detail: detail.iter().map(shown).collect(), danger: true }
        }
        Ask::Authorise { level, amount, reason } => AskView::Authorise {
            level: level.label().to_owned(),
            amount: amount.to_string(),
            reason: reason.clone(),
            fields: Vec::new(),
            busy: running.authorising,
        },
        Ask::WaitForLine => AskView::Go { label: "挂起，先办下一位".to_owned() },
    }
}

fn option(choice: &Choice) -> OptionView {
    OptionView { id: choice.id.clone(), key: choice.key.clone(), label: choice.label.clone(), hint: choice.hint.clone() }
}

fn form_field(field: &Field, running: &Running) -> FieldView {
    // The message names the field it is about by its label.
    let error = running
        .message
        .as_ref()
        .filter(|message| message.params.iter().any(|(name, value)| name == "field" && *value == field.label))
        .map(Message::text);
    let (value, beside) = crate::documents::filled(running, &field.id).unwrap_or_default();
    FieldView {
        id: field.id.clone(),
        label: field.label.clone(),
        kind: field.kind.as_str().to_owned(),
        value,
        options: field.options.iter().map(option).collect(),
        hint: beside.or_else(|| field.hint.clone()),
        required: field.required,
        error,
    }
}

/// A page of a unit's rows; a page beyond the end is the last one.
fn listing(running: &Running) -> Option<ListingView> {
    let total = running.case.listing(0, 0)?.total;
    let pages = total.div_ceil(PAGE).max(1);
    let page = running.page.min(pages - 1);
    let listing = running.case.listing(page * PAGE, PAGE)?;
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Some(ListingView {
        head: listing.head.iter().map(|label| (*label).to_owned()).collect(),
        rows: listing.rows.into_iter().map(|row| ListingRowView { cells: row.cells, tone: row.tone.as_str().to_owned() }).collect(),
        page: number(page),
        pages: number(pages),
        total: number(total),
    })
}

fn headline(ending: &Ending) -> &'static str {
    match ending {
        Ending::Done => "办理完成",
        Ending::Refused { .. } => "不能办理",
        Ending::Referred { .. } => "请到其他渠道办理",
        Ending::Cancelled => "已取消",
        Ending::Withdrawn => "已撤回",
        Ending::Suspended { .. } => "待查",
    }
}

fn steps(picture: &Picture) -> Vec<StepView> {
    picture
        .progress
        .steps
        .iter()
        .enumerate()
        .map(|(at, label)| StepView {
            label: (*label).to_owned(),
            state: match at.cmp(&picture.progress.now) {
                std::cmp::Ordering::Less => "done",
                std::cmp::Ordering::Equal => "now",
                std::cmp::Ordering::Greater => "next",
            }
            .to_owned(),
        })
        .collect()
}

fn shown(shown: &Shown) -> FigureView {
    figure(&shown.label, shown.value.clone(), shown.tone.as_str())
}

pub(crate) fn figure(label: &str, value: String, tone: &str) -> FigureView {
    FigureView { label: label.to_owned(), value, tone: tone.to_owned() }
}

/// Type byte of a log record, by its usual meaning.
fn trip(trip: &Trip) -> TripView {
    let city = trip.city_name().unwrap_or(&trip.city);
    TripView {
        at: trip.at.map(|at| at.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default(),
        kind: format!("{} {}", trip.mode_name(), trip.kind_name()).trim().to_owned(),
        place: trip.line_name().map_or_else(|| city.to_owned(), |line| format!("{city} {line}")),
        amount: trip.amount.to_string(),
        balance: trip.balance.to_string(),
    }
}

fn log_kind(kind: u8) -> &'static str {
    match kind {
        0x01 | 0x02 => "充值",
        0x03 => "退值",
        0x05 | 0x06 => "消费",
        0x09 => "复合消费",
        _ => "其他",
    }
}

/// `2026-11-24 周二 10:03`
fn clock(at: DateTime<Utc>) -> String {
    const DAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
    let at = local(at);
    let weekday = usize::try_from(at.weekday().num_days_from_monday()).ok().and_then(|index| DAYS.get(index)).unwrap_or(&"");
    format!("{} 周{weekday} {}", at.format("%Y-%m-%d"), at.format("%H:%M"))
}
