//! The supervisor's day of the whole outlet: every window beside the others, the sum of the windows beside the centre's ledger.
//! Everything is a sum over postings; a window counts with what it has sent.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use desk_domain::{
    case::{Service, words},
    code::{Code, Message},
    id::ProgrammeId,
    money::Fen,
    normalise,
    posting::{Account, Posting},
};
use desk_wire::{
    outlet_day::{OutletDay, WindowDay},
    v1::{Reply, Request},
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    desk::{Desk, Errand, Place},
    loose::Loose,
    ports::{Answered, Block, LinkFailure, Period, Sheet, SheetFormat, StoreFailure},
    present::figure,
    report::{account_label, add},
    session::Session,
    view::{FigureView, MessageView},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutletReport {
    pub day: NaiveDate,
    /// This window's own sums, as its journal has them.
    own: BTreeMap<Account, Fen>,
    pub centre: Option<OutletDay>,
    pub printed: bool,
    pub message: Option<Message>,
    /// The journal is on its way to the centre, or the centre is being asked.
    pub waiting: bool,
}

/// The day of the outlet, as the window shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OutletReportView {
    /// `2026-11-24`
    pub day: String,
    pub outlet: String,
    pub figures: Vec<FigureView>,
    /// Heads of the columns of `cells`.
    pub windows: Vec<String>,
    /// Cases by service.
    pub services: Vec<OutletLine>,
    /// Cash through the tills by kind: taken is positive, given negative.
    pub cash: Vec<OutletLine>,
    /// Authorisations, differences, days opened and closed.
    pub events: Vec<OutletLine>,
    /// By account, with the centre's ledger beside the sum.
    pub totals: Vec<OutletTotal>,
    pub agree: bool,
    pub printed: bool,
    pub message: Option<MessageView>,
    pub busy: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OutletLine {
    pub label: String,
    /// One a window.
    pub cells: Vec<String>,
    pub sum: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OutletTotal {
    pub label: String,
    pub cells: Vec<String>,
    pub sum: String,
    pub centre: String,
    pub equal: bool,
}

/// An account over all windows.
struct Total {
    account: Account,
    cells: Vec<Fen>,
    sum: Option<Fen>,
    centre: Fen,
    /// This window's column is what its own journal says.
    own: bool,
}

impl Total {
    fn equal(&self) -> bool {
        self.sum == Some(self.centre) && self.own
    }
}

fn sums(postings: &[Posting]) -> BTreeMap<Account, Fen> {
    let mut all = BTreeMap::new();
    for posting in postings {
        add(&mut all, posting);
    }
    all
}

/// A kind of row that moves cash, in the supervisor's words.
fn cash_label(kind: &str) -> String {
    match kind {
        "fact.money_in" => "收款",
        "fact.money_back" => "退回客户",
        "fact.paid_out" => "付出退值",
        "day_opened" => "领备用金",
        "day_closed" => "轧账交回",
        other => other,
    }
    .to_owned()
}

impl Desk {
    pub(crate) async fn open_outlet_report(&mut self, day: &str) -> Result<(), StoreFailure> {
        if !matches!(self.place, Place::Home { .. } | Place::Report(_) | Place::OutletReport(_)) {
            return Ok(());
        }
        if !self.session.as_ref().is_some_and(Session::supervisor) {
            self.notice = Some(Message::new(Code::RoleMissing));
            return Ok(());
        }
        let day = normalise::text(day).parse().unwrap_or_else(|_| self.today());
        let mut own = BTreeMap::new();
        for movement in self.store.movements(Period { day }).await? {
            add(&mut own, &movement.posting);
        }
        let waiting = self.online();
        let message = (!waiting).then(|| Message::new(Code::CentreUnreachable));
        self.place = Place::OutletReport(Box::new(OutletReport { day, own, centre: None, printed: false, message, waiting }));
        self.upload().await?;
        self.outlet_report_goes_on();
        Ok(())
    }

    /// Once this window has sent everything, the centre can be asked for all of them.
    pub(crate) fn outlet_report_goes_on(&mut self) {
        let Place::OutletReport(report) = &self.place else {
            return;
        };
        if !report.waiting || self.waiting > 0 || self.calling(|errand| matches!(errand, Errand::OutletDay)) {
            return;
        }
        let request = Request::OutletDay { day: report.day };
        let id = self.draw();
        self.call(Errand::OutletDay, id, request);
    }

    pub(crate) fn outlet_report_stops(&mut self, message: &Message) {
        if let Place::OutletReport(report) = &mut self.place
            && report.waiting
        {
            report.waiting = false;
            report.message = Some(message.clone());
        }
    }

    pub(crate) async fn outlet_day_heard(&mut self, end: Result<Answered, LinkFailure>) -> Result<(), StoreFailure> {
        let Place::OutletReport(report) = &self.place else {
            return Ok(());
        };
        // What this window has done since the screen was opened was sent as well.
        let day = report.day;
        let mut own = BTreeMap::new();
        for movement in self.store.movements(Period { day }).await? {
            add(&mut own, &movement.posting);
        }
        let device = self.station.device.clone();
        let Place::OutletReport(report) = &mut self.place else {
            return Ok(());
        };
        report.own = own;
        report.waiting = false;
        match end.map(|answered| answered.reply) {
            Ok(Reply::OutletDay { day: centre }) if centre.day == report.day => {
                report.centre = Some(*centre);
                let differing = report.totals(&device).iter().filter(|total| !total.equal()).count();
                report.message = (differing > 0).then(|| Message::new(Code::ServerDiff).with("n", differing));
            }
            // Of a day that was asked for before this one.
            Ok(Reply::OutletDay { .. }) => {
                report.waiting = true;
                self.outlet_report_goes_on();
            }
            Ok(Reply::Refused { message }) => report.message = Some(message),
            Ok(_) => report.message = Some(Message::new(Code::CentreGarbled)),
            Err(failure) => report.message = Some(Message::new(failure.code)),
        }
        Ok(())
    }

    pub(crate) fn outlet_report_view(&self, report: &OutletReport) -> OutletReportView {
        let programmes = self.programme_names();
        let windows = report.windows();
        let totals = report.totals(&self.station.device);
        let number = |of: fn(&WindowDay) -> u32| windows.iter().map(of).sum::<u32>();
        let cash = |of: fn(&desk_wire::outlet_day::CashLine) -> Fen| {
            Fen::sum(windows.iter().flat_map(|window| &window.cash).filter(|line| line.kind.starts_with("fact.")).map(of))
        };
        let mut figures = Vec::new();
        if let Some(centre) = &report.centre {
            figures = vec![
                figure("窗口数", windows.len().to_string(), "plain"),
                figure("业务笔数", number(|window| window.cases).to_string(), "plain"),
                figure("收入现金", shown(cash(|line| line.taken).ok()), "plain"),
                figure("付出现金", shown(cash(|line| line.given).ok()), "plain"),
                figure("中心确认退值", centre.settled_refunds.to_string(), "plain"),
                figure("授权", number(|window| window.authorisations).to_string(), "plain"),
                figure("清点差异", number(|window| window.differences).to_string(), "plain"),
            ];
        }
        OutletReportView {
            day: report.day.to_string(),
            outlet: self.outlet_name(),
            figures,
            windows: windows.iter().map(|window| window.window.to_string()).collect(),
            services: self.service_lines(windows),
            cash: cash_lines(windows),
            events: event_lines(windows),
            agree: report.centre.is_some() && totals.iter().all(Total::equal),
            totals: totals
                .into_iter()
                .map(|total| OutletTotal {
                    label: account_label(&programmes, &total.account),
                    equal: total.equal(),
                    cells: total.cells.iter().map(ToString::to_string).collect(),
                    sum: shown(total.sum),
                    centre: total.centre.to_string(),
                })
                .collect(),
            printed: report.printed,
            message: self.plain(&report.message),
            busy: report.waiting || self.calling(|errand| matches!(errand, Errand::OutletPaper)),
        }
    }

    fn programme_names(&self) -> BTreeMap<ProgrammeId, String> {
        self.rules.current(self.today()).into_iter().map(|rules| (rules.programme.clone(), rules.name.clone())).collect()
    }

    fn service_lines(&self, windows: &[WindowDay]) -> Vec<OutletLine> {
        let services: BTreeSet<Service> = windows.iter().flat_map(|window| &window.services).map(|(service, _)| *service).collect();
        let of = |window: &WindowDay, service: Service| {
            window.services.iter().filter(|(known, _)| *known == service).map(|(_, count)| *count).sum::<u32>()
        };
        let mut lines: Vec<OutletLine> =
            services.into_iter().map(|service| counted(&self.service_label(service), windows, |window| of(window, service))).collect();
        // Cases whose payload is forgotten still count.
        let unnamed = |window: &WindowDay| window.cases.saturating_sub(window.services.iter().map(|(_, count)| *count).sum());
        if windows.iter().any(|window| unnamed(window) > 0) {
            lines.push(counted("已过保留期", windows, unnamed));
        }
        lines
    }

    pub(crate) fn print_outlet_report(&mut self) {
        if let Place::OutletReport(report) = &self.place
            && report.centre.is_some()
            && !report.waiting
            && !self.calling(|errand| matches!(errand, Errand::OutletPaper))
        {
            let sheet = self.outlet_sheet(report);
            self.print(Errand::OutletPaper, sheet);
        }
    }

    pub(crate) async fn outlet_report_printed(&mut self, end: Result<(), Message>) -> Result<(), StoreFailure> {
        let Some(operator) = self.session.as_ref().map(Session::name) else {
            return Ok(());
        };
        match end {
            Ok(()) => {
                let mut day = self.today();
                if let Place::OutletReport(report) = &mut self.place {
                    report.printed = true;
                    day = report.day;
                }
                self.note(&Loose::OutletReportPrinted { operator, day }).await
            }
            Err(message) => {
                self.notice = Some(message);
                Ok(())
            }
        }
    }

    fn outlet_sheet(&self, report: &OutletReport) -> Sheet {
        let view = self.outlet_report_view(report);
        let head = |first: &str, last: &[&str]| {
            let last = last.iter().map(|text| (*text).to_owned());
            std::iter::once(first.to_owned()).chain(view.windows.clone()).chain(last).collect::<Vec<_>>()
        };
        let right: Vec<usize> = (1..=view.windows.len() + 1).collect();
        let table = |first: &str, lines: &[OutletLine]| {
            let row = |line: &OutletLine| {
                std::iter::once(line.label.clone()).chain(line.cells.clone()).chain(std::iter::once(line.sum.clone())).collect()
            };
            Block::Table { head: head(first, &["合计"]), rows: lines.iter().map(row).collect(), right: right.clone() }
        };
        let totals = view
            .totals
            .iter()
            .map(|total| {
                let verdict = if total.equal { "相符" } else { "不符" }.to_owned();
                std::iter::once(total.label.clone())
                    .chain(total.cells.clone())
                    .chain([total.sum.clone(), total.centre.clone(), verdict])
                    .collect()
            })
            .collect();
        let mut pairs = vec![("营业日".to_owned(), view.day.clone()), ("网点".to_owned(), view.outlet.clone())];
        pairs.extend(view.figures.iter().map(|shown| (shown.label.clone(), shown.value.clone())));
        Sheet {
            title: "网点日报".to_owned(),
            issuer: view.outlet.clone(),
            name: format!("{}-{}-outlet-report", self.station.outlet, report.day),
            format: SheetFormat::A4,
            blocks: vec![
                Block::Pairs { pairs },
                table("业务", &view.services),
                table("现金", &view.cash),
                table("事项", &view.events),
                Block::Table {
                    head: head("科目", &["合计", "中心", "结论"]), rows: totals, right: (1..=view.windows.len() + 2).collect()
                },
                Block::Pairs { pairs: vec![("打印时间".to_owned(), words::when(self.now()))] },
                Block::Signature { label: "主管签字".to_owned() },
            ],
            marks: if self.practice { vec!["练习".to_owned()] } else { Vec::new() },
            footer: Vec::new(),
        }
    }
}

impl OutletReport {
    fn windows(&self) -> &[WindowDay] {
        self.centre.as_ref().map_or(&[], |centre| centre.windows.as_slice())
    }

    /// Every account that a window, the centre or this window's own journal knows.
    fn totals(&self, device: &desk_domain::id::DeviceId) -> Vec<Total> {
        let Some(centre) = &self.centre else {
            return Vec::new();
        };
        let ledger = sums(&centre.ledger);
        let windows: Vec<BTreeMap<Account, Fen>> = centre.windows.iter().map(|window| sums(&window.totals)).collect();
        let mine = centre.windows.iter().zip(&windows).find(|(window, _)| window.device == *device).map(|(_, sums)| sums);
        let accounts: BTreeSet<&Account> = windows.iter().flat_map(BTreeMap::keys).chain(ledger.keys()).chain(self.own.keys()).collect();
        let of = |sums: &BTreeMap<Account, Fen>, account| sums.get(account).copied().unwrap_or(Fen::ZERO);
        accounts
            .into_iter()
            .map(|account| {
                let cells: Vec<Fen> = windows.iter().map(|sums| of(sums, account)).collect();
                Total {
                    account: account.clone(),
                    sum: Fen::sum(cells.iter().copied()).ok(),
                    cells,
                    centre: of(&ledger, account),
                    own: mine.map_or(Fen::ZERO, |sums| of(sums, account)) == of(&self.own, account),
                }
            })
            .collect()
    }
}

fn shown(amount: Option<Fen>) -> String {
    amount.map_or_else(|| "—".to_owned(), |amount| amount.to_string())
}

fn counted(label: &str, windows: &[WindowDay], of: impl Fn(&WindowDay) -> u32) -> OutletLine {
    let cells: Vec<u32> = windows.iter().map(of).collect();
    OutletLine {
        label: label.to_owned(),
        sum: cells.iter().sum::<u32>().to_string(),
        cells: cells.iter().map(ToString::to_string).collect(),
    }
}

fn event_lines(windows: &[WindowDay]) -> Vec<OutletLine> {
    vec![
        counted("授权", windows, |window| window.authorisations),
        counted("清点差异", windows, |window| window.differences),
        counted("日始", windows, |window| window.opened),
        counted("轧账", windows, |window| window.closed),
    ]
}

fn cash_lines(windows: &[WindowDay]) -> Vec<OutletLine> {
    let kinds: BTreeSet<&str> = windows.iter().flat_map(|window| &window.cash).map(|line| line.kind.as_str()).collect();
    kinds
        .into_iter()
        .map(|kind| {
            let net = |window: &WindowDay| {
                window.cash.iter().filter(|line| line.kind == kind).try_fold(Fen::ZERO, |sum, line| sum.plus(line.taken)?.minus(line.given))
            };
            let cells: Vec<Option<Fen>> = windows.iter().map(|window| net(window).ok()).collect();
            let sum = cells.iter().copied().collect::<Option<Vec<Fen>>>().and_then(|cells| Fen::sum(cells).ok());
            OutletLine { label: cash_label(kind), cells: cells.into_iter().map(shown).collect(), sum: shown(sum) }
        })
        .collect()
}
