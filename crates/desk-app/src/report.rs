//! The daily report: what the journal says, what the centre says, and a recomputation of everything from the entries.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Timelike};
use desk_domain::{
    case::{Case, CaseHeader, Ending, Entry, Fact, LineMode, Service, context::local, words},
    code::{Code, Message},
    id::{OperatorId, ProgrammeId},
    money::Fen,
    posting::{Account, Posting},
};
use desk_wire::v1::{Reply, Request};

use crate::{
    day_close::CloseStage,
    desk::{Desk, Errand, Place},
    loose::Loose,
    ports::{Answered, Block, LinkFailure, Period, Sheet, SheetFormat, StoreFailure, Stored},
};

/// The day as the supervisor sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub day: NaiveDate,
    /// Programmes by their names, for people.
    pub programmes: BTreeMap<ProgrammeId, String>,
    pub lines: Vec<Line>,
    /// By account: what the postings of the journal sum to.
    pub desk: BTreeMap<Account, Fen>,
    /// By account: what replaying every entry makes.
    pub recomputed: BTreeMap<Account, Fen>,
    /// By account: what the centre's ledger says, once it answered.
    pub centre: Option<BTreeMap<Account, Fen>>,
    pub hours: BTreeMap<u32, Hour>,
    pub exceptions: Vec<String>,
    /// Papers of the day's cases that came out once more.
    pub reprints: u32,
    /// Masked text shown in full, and people looked for without a case: numbers, no accusation.
    pub reveals: u32,
    pub lookups: u32,
    pub head: (u64, String),
    pub printed: bool,
    pub message: Option<Message>,
    /// The journal is on its way to the centre, or the centre is being asked.
    pub waiting: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub service: Service,
    pub operator: OperatorId,
    pub count: u32,
    pub refused: u32,
    pub offline: u32,
    pub money_in: Fen,
    pub money_out: Fen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Hour {
    pub count: u32,
    pub money_in: Fen,
    pub money_out: Fen,
}

impl Report {
    pub(crate) fn money_in(&self) -> Fen {
        Fen::sum(self.lines.iter().map(|line| line.money_in)).unwrap_or(Fen::ZERO)
    }

    pub(crate) fn money_out(&self) -> Fen {
        Fen::sum(self.lines.iter().map(|line| line.money_out)).unwrap_or(Fen::ZERO)
    }

    pub(crate) fn cases(&self) -> u32 {
        self.lines.iter().map(|line| line.count).sum()
    }

    pub(crate) fn till(&self) -> Fen {
        let tills = self.desk.iter().filter(|(account, _)| matches!(account, Account::Till { .. })).map(|(_, amount)| *amount);
        Fen::sum(tills).unwrap_or(Fen::ZERO)
    }

    pub(crate) fn float(&self) -> Fen {
        let vaults = self.desk.iter().filter(|(account, _)| matches!(account, Account::Vault { .. })).map(|(_, amount)| amount.negated());
        Fen::sum(vaults).unwrap_or(Fen::ZERO)
    }

    /// Every account that anybody knows, with the three sums side by side.
    pub(crate) fn totals(&self) -> Vec<Total> {
        let mut accounts: Vec<&Account> =
            self.desk.keys().chain(self.recomputed.keys()).chain(self.centre.iter().flat_map(BTreeMap::keys)).collect();
        accounts.sort();
        accounts.dedup();
        let of = |sums: &BTreeMap<Account, Fen>, account| sums.get(account).copied().unwrap_or(Fen::ZERO);
        accounts
            .into_iter()
            .map(|account| Total {
                label: self.label(account),
                desk: of(&self.desk, account),
                recomputed: of(&self.recomputed, account),
                centre: self.centre.as_ref().map(|sums| of(sums, account)),
            })
            .collect()
    }

    fn label(&self, account: &Account) -> String {
        account_label(&self.programmes, account)
    }

    pub(crate) fn agrees(&self) -> bool {
        self.totals().iter().all(Total::equal)
    }
}

/// An account for people.
pub(crate) fn account_label(programmes: &BTreeMap<ProgrammeId, String>, account: &Account) -> String {
    let of =
        |what: &str, programme: &ProgrammeId| format!("{what} {}", programmes.get(programme).map_or(programme.as_str(), String::as_str));
    match account {
        Account::Till { operator, .. } => format!("尾箱 {operator}"),
        Account::Vault { .. } => "备用金".to_owned(),
        Account::FeeIncome { programme } => of("工本费收入", programme),
        Account::PurseFloat { programme } => of("电子钱包备付", programme),
        Account::RefundPayable { programme } => of("应付退值", programme),
        Account::PayoutDue { programme } => of("后台待付退值", programme),
        Account::IssuerBank { programme } => of("发卡方账户", programme),
        Account::TopUpHeld { programme } => of("待充值款", programme),
        Account::Suspense { programme } => of("待查", programme),
        Account::WrittenOff { programme } => of("待查核销", programme),
        Account::CashOver { .. } => "长款".to_owned(),
        Account::CashShort { .. } => "短款".to_owned(),
        Account::Bank { .. } => "解款".to_owned(),
    }
}

pub(crate) struct Total {
    pub label: String,
    pub desk: Fen,
    pub recomputed: Fen,
    pub centre: Option<Fen>,
}

impl Total {
    pub(crate) fn equal(&self) -> bool {
        self.desk == self.recomputed && self.centre == Some(self.desk)
    }
}

pub(crate) fn add(sums: &mut BTreeMap<Account, Fen>, posting: &Posting) {
    let sum = sums.entry(posting.account.clone()).or_default();
    *sum = sum.plus(posting.amount).unwrap_or(*sum);
}

impl Desk {
    pub(crate) async fn open_report(&mut self) -> Result<(), StoreFailure> {
        let here = matches!(self.place, Place::Home { .. } | Place::DayOpen { .. } | Place::Report(_) | Place::OutletReport(_));
        if !here {
            return Ok(());
        }
        if !self.session.as_ref().is_some_and(crate::session::Session::supervisor) {
            self.notice = Some(Message::new(Code::RoleMissing));
            return Ok(());
        }
        let mut report = self.compute_report().await?;
        report.waiting = self.online();
        if !report.waiting {
            report.message = Some(Message::new(Code::CentreUnreachable));
        }
        self.place = Place::Report(Box::new(report));
        self.upload().await?;
        self.report_goes_on();
        Ok(())
    }

    pub(crate) async fn compute_report(&mut self) -> Result<Report, StoreFailure> {
        let day = self.today();
        let programmes = self.rules.current(self.today()).into_iter().map(|rules| (rules.programme.clone(), rules.name.clone())).collect();
        let mut report = Report {
            programmes,
            day,
            lines: Vec::new(),
            desk: BTreeMap::new(),
            recomputed: BTreeMap::new(),
            centre: None,
            hours: BTreeMap::new(),
            exceptions: Vec::new(),
            reprints: 0,
            reveals: 0,
            lookups: 0,
            head: self.store.head().await?,
            printed: false,
            message: None,
            waiting: false,
        };
        for movement in self.store.movements(Period { day }).await? {
            add(&mut report.desk, &movement.posting);
            // What the citizen gives or gets goes through the till; the float is the outlet's own money.
            if movement.case.is_some() && matches!(movement.posting.account, Account::Till { .. }) {
                let hour = report.hours.entry(local(movement.at).hour()).or_default();
                if movement.posting.amount.is_positive() {
                    hour.money_in = hour.money_in.plus(movement.posting.amount).unwrap_or(hour.money_in);
                } else {
                    hour.money_out = hour.money_out.minus(movement.posting.amount).unwrap_or(hour.money_out);
                }
            }
        }
        for row in self.store.loose(day).await? {
            if let Ok(loose) = serde_json::from_str::<Loose>(&row.payload) {
                report.reveals += u32::from(matches!(loose, Loose::Revealed { .. }));
                report.lookups += u32::from(matches!(loose, Loose::LookupRefused { .. } | Loose::ExportRefused { .. }));
                for posting in loose.postings().lines() {
                    add(&mut report.recomputed, posting);
                }
            }
        }
        let mut lines: BTreeMap<(Service, OperatorId), Line> = BTreeMap::new();
        for (header, ending) in self.store.cases_of(day).await? {
            let rows = self.store.case(header.id).await?;
            let (money_in, money_out) = recompute(&header, &rows, day, &mut report);
            let line = lines.entry((header.service, header.operator.clone())).or_insert_with(|| Line {
                service: header.service,
                operator: header.operator.clone(),
                count: 0,
                refused: 0,
                offline: 0,
                money_in: Fen::ZERO,
                money_out: Fen::ZERO,
            });
            let cancelled = matches!(ending, Some(Ending::Cancelled | Ending::Withdrawn));
            line.count += u32::from(!cancelled);
            line.refused += u32::from(matches!(ending, Some(Ending::Refused { .. } | Ending::Referred { .. })));
            line.offline += u32::from(header.line == LineMode::Offline);
            line.money_in = line.money_in.plus(money_in).unwrap_or(line.money_in);
            line.money_out = line.money_out.plus(money_out).unwrap_or(line.money_out);
            let hour = report.hours.entry(local(header.opened_at).hour()).or_default();
            hour.count += u32::from(!cancelled);
            match &ending {
                None => report.exceptions.push(format!("{} 未办结", header.number)),
                Some(Ending::Suspended { message }) => {
                    report.exceptions.push(format!("{} 待查：{}", header.number, message.text()));
                }
                Some(Ending::Done | Ending::Refused { .. } | Ending::Referred { .. } | Ending::Cancelled | Ending::Withdrawn) => {}
            }
        }
        report.lines = lines.into_values().collect();
        for (_, paper) in &self.late_papers {
            report.exceptions.push(format!("{} 待打印", crate::papers::title(*paper)));
        }
        Ok(report)
    }

    /// The sums on the screen: the supervisor's, or those of a day that was closed.
    fn report_in_front(&self) -> Option<&Report> {
        match &self.place {
            Place::Report(report) => Some(report),
            Place::DayClose(close) => match &close.stage {
                CloseStage::Closed { report, .. } => Some(report),
                CloseStage::Counting { .. } => None,
            },
            Place::Starting
            | Place::Blocked(_)
            | Place::Door(_)
            | Place::DayOpen { .. }
            | Place::Home { .. }
            | Place::Case(_)
            | Place::Papers(_)
            | Place::Exceptions(_)
            | Place::Office(_)
            | Place::OutletReport(_)
            | Place::Doctor => None,
        }
    }

    fn report_in_front_mut(&mut self) -> Option<&mut Report> {
        match &mut self.place {
            Place::Report(report) => Some(report),
            Place::DayClose(close) => match &mut close.stage {
                CloseStage::Closed { report, .. } => Some(report),
                CloseStage::Counting { .. } => None,
            },
            Place::Starting
            | Place::Blocked(_)
            | Place::Door(_)
            | Place::DayOpen { .. }
            | Place::Home { .. }
            | Place::Case(_)
            | Place::Papers(_)
            | Place::Exceptions(_)
            | Place::Office(_)
            | Place::OutletReport(_)
            | Place::Doctor => None,
        }
    }

    /// Once nothing waits any more, the centre can be asked for its own sums.
    pub(crate) fn report_goes_on(&mut self) {
        self.outlet_report_goes_on();
        let Some(report) = self.report_in_front() else {
            return;
        };
        if !report.waiting || self.waiting > 0 || self.calling(|errand| matches!(errand, Errand::DayTotals)) {
            return;
        }
        let request =
            Request::DayTotals { outlet: self.station.outlet.clone(), day: report.day, device: Some(self.station.device.clone()) };
        let id = self.draw();
        self.call(Errand::DayTotals, id, request);
    }

    pub(crate) fn report_stops(&mut self, message: &Message) {
        self.outlet_report_stops(message);
        if let Some(report) = self.report_in_front_mut().filter(|report| report.waiting) {
            report.waiting = false;
            report.message = Some(message.clone());
        }
    }

    pub(crate) fn day_totals_ended(&mut self, end: Result<Answered, LinkFailure>) {
        let Some(report) = self.report_in_front_mut() else {
            return;
        };
        report.waiting = false;
        match end.map(|answered| answered.reply) {
            Ok(Reply::DayTotals { totals, .. }) => {
                let mut centre = BTreeMap::new();
                for posting in &totals {
                    add(&mut centre, posting);
                }
                report.centre = Some(centre);
                let differing = report.totals().iter().filter(|total| !total.equal()).count();
                report.message = (differing > 0).then(|| Message::new(Code::ServerDiff).with("n", differing));
            }
            Ok(Reply::Refused { message }) => report.message = Some(message),
            Ok(_) => report.message = Some(Message::new(Code::CentreGarbled)),
            Err(failure) => report.message = Some(Message::new(failure.code)),
        }
    }

    pub(crate) fn print_report(&mut self) -> Result<(), StoreFailure> {
        if let Place::Report(report) = &self.place
            && !report.waiting
            && !self.calling(|errand| matches!(errand, Errand::ReportPaper))
        {
            let sheet = self.report_sheet(report);
            self.print(Errand::ReportPaper, sheet);
        }
        Ok(())
    }

    pub(crate) async fn report_printed(&mut self, end: Result<(), Message>) -> Result<(), StoreFailure> {
        let Some(operator) = self.session.as_ref().map(crate::session::Session::name) else {
            return Ok(());
        };
        match end {
            Ok(()) => {
                if let Place::Report(report) = &mut self.place {
                    report.printed = true;
                }
                self.note(&Loose::ReportPrinted { operator }).await
            }
            Err(message) => {
                self.notice = Some(message);
                Ok(())
            }
        }
    }

    fn report_sheet(&self, report: &Report) -> Sheet {
        let pair = |label: &str, value: String| (label.to_owned(), value);
        let outlet = self.outlet_name();
        let lines = report
            .lines
            .iter()
            .map(|line| {
                vec![
                    self.service_label(line.service),
                    line.operator.to_string(),
                    line.count.to_string(),
                    line.refused.to_string(),
                    line.offline.to_string(),
                    line.money_in.to_string(),
                    line.money_out.to_string(),
                ]
            })
            .collect();
        let totals = report
            .totals()
            .into_iter()
            .map(|total| {
                vec![
                    total.label.clone(),
                    total.desk.to_string(),
                    total.centre.map_or_else(|| "—".to_owned(), |amount| amount.to_string()),
                    total.recomputed.to_string(),
                    if total.equal() { "相符" } else { "不符" }.to_owned(),
                ]
            })
            .collect();
        let heads = |heads: &[&str]| heads.iter().map(|head| (*head).to_owned()).collect();
        let mut blocks = vec![
            Block::Pairs {
                pairs: vec![
                    pair("营业日", report.day.to_string()),
                    pair("网点", outlet.clone()),
                    pair("窗口", self.station.window.to_string()),
                    pair("业务笔数", report.cases().to_string()),
                    pair("收入现金", report.money_in().to_string()),
                    pair("付出现金", report.money_out().to_string()),
                    pair("备用金", report.float().to_string()),
                    pair("尾箱余额", report.till().to_string()),
                    pair("补打张数", report.reprints.to_string()),
                    pair("查看全文", report.reveals.to_string()),
                    pair("无据查询或导出", report.lookups.to_string()),
                ],
            },
            Block::Table {
                head: heads(&["业务", "工号", "笔数", "拒办", "离线", "收", "付"]), rows: lines, right: vec![2, 3, 4, 5, 6]
            },
            Block::Bars {
                title: "各时段业务笔数".to_owned(),
                bars: report.hours.iter().map(|(hour, figures)| (format!("{hour}时"), i64::from(figures.count))).collect(),
            },
            Block::Table { head: heads(&["科目", "本机", "中心", "重算", "结论"]), rows: totals, right: vec![1, 2, 3] },
        ];
        if !report.exceptions.is_empty() {
            blocks.push(Block::Text { lines: report.exceptions.clone() });
        }
        blocks.push(Block::Pairs {
            pairs: vec![
                pair("流水序号", report.head.0.to_string()),
                pair("流水摘要", report.head.1.clone()),
                pair("打印时间", words::when(self.now())),
            ],
        });
        blocks.push(Block::Signature { label: "主管签字".to_owned() });
        Sheet {
            title: "日结报表".to_owned(),
            issuer: outlet,
            name: format!("{}-{}-{}-daily-report", self.station.outlet, self.station.window, report.day),
            format: SheetFormat::A4,
            blocks,
            marks: if self.practice { vec!["练习".to_owned()] } else { Vec::new() },
            footer: Vec::new(),
        }
    }
}

/// Replays one case: its postings of the day anew from its facts, checked for belonging together.
fn recompute(header: &CaseHeader, rows: &[Stored], day: NaiveDate, report: &mut Report) -> (Fen, Fen) {
    let (mut money_in, mut money_out) = (Fen::ZERO, Fen::ZERO);
    let mut case = Case::open(header.service);
    for row in rows.iter().skip(1) {
        let fact = match serde_json::from_str::<Entry>(&row.payload) {
            Ok(Entry::Fact { fact }) => fact,
            Ok(Entry::Intent { .. } | Entry::Trail { .. }) => continue,
            Err(_) => {
                report.exceptions.push(format!("{} 流水无法读取", header.number));
                break;
            }
        };
        if row.day == day {
            report.reprints += u32::from(matches!(fact, Fact::Printed { copy: 2.., .. }));
            for posting in fact.postings().lines() {
                add(&mut report.recomputed, posting);
                if matches!(posting.account, Account::Till { .. }) {
                    if posting.amount.is_positive() {
                        money_in = money_in.plus(posting.amount).unwrap_or(money_in);
                    } else {
                        money_out = money_out.minus(posting.amount).unwrap_or(money_out);
                    }
                }
            }
        }
        let late = matches!(fact, Fact::Printed { .. });
        match case.clone().apply(fact) {
            Ok(next) => case = next,
            Err(_) if late => {}
            Err(misplaced) => {
                report.exceptions.push(format!("{} 流水重放不符：{misplaced}", header.number));
                break;
            }
        }
    }
    (money_in, money_out)
}
