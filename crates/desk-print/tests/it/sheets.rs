//! Papers as the counter makes them, with synthetic people, and the parts every test needs.

use std::{
    path::Path,
    process::Command,
    sync::{Arc, OnceLock},
    time::Duration,
};

use chrono::{DateTime, TimeZone, Utc};
use desk_app::ports::{Block, Clock, Sheet, SheetFormat};
use desk_print::{Typeface, default_fonts};

pub fn face() -> Arc<Typeface> {
    static FACE: OnceLock<Arc<Typeface>> = OnceLock::new();
    Arc::clone(FACE.get_or_init(|| Arc::new(Typeface::open(&default_fonts(Path::new("."))).expect("a Chinese font is installed"))))
}

pub fn at() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 24, 2, 0, 0).unwrap()
}

/// A clock that stands; its monotonic side runs with the tests' own runtime.
pub struct StandingClock(tokio::time::Instant);

impl StandingClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(tokio::time::Instant::now()))
    }
}

#[async_trait::async_trait]
impl Clock for StandingClock {
    fn now(&self) -> DateTime<Utc> {
        at()
    }
    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

pub fn text_of(pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paper.pdf");
    std::fs::write(&path, pdf).unwrap();
    let output = Command::new("pdftotext").arg("-layout").arg(&path).arg("-").output().expect("poppler-utils is installed");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "poppler has nothing to complain about");
    String::from_utf8(output.stdout).unwrap()
}

fn pairs(pairs: &[(&str, &str)]) -> Block {
    Block::Pairs { pairs: pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect() }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn sheet(title: &str, name: &str, format: SheetFormat, blocks: Vec<Block>) -> Sheet {
    Sheet {
        title: title.to_owned(),
        issuer: "示范市民卡服务中心".to_owned(),
        name: name.to_owned(),
        format,
        blocks,
        marks: Vec::new(),
        footer: strings(&["服务热线 400-000-0000", "请当面点清钱款，妥善保管凭证。"]),
    }
}

const NUMBER: &str = "DEMO-01-20261124-1-0007";

fn place() -> Block {
    pairs(&[("网点", "示范网点（综合受理）"), ("窗口", "3 号"), ("工号", "1001"), ("时间", "2026-11-24 10:00:00"), ("业务单号", NUMBER)])
}

pub fn receipt() -> Sheet {
    sheet(
        "收据",
        "DEMO-01-20261124-1-0007-receipt",
        SheetFormat::Roll80,
        vec![
            place(),
            Block::Rule,
            pairs(&[("业务", "挂失补卡"), ("申请人", "张*𬭎"), ("新卡尾号", "4417")]),
            Block::Amount { label: "实收工本费".into(), figures: "￥20.00".into(), capitals: "人民币贰拾元整".into() },
            pairs(&[("收现金", "50.00 元"), ("找零", "30.00 元"), ("受理方式", "联机")]),
            Block::Code { text: NUMBER.into() },
        ],
    )
}

pub fn refund() -> Sheet {
    sheet(
        "退款凭证",
        "DEMO-01-20261124-1-0007-refund",
        SheetFormat::Roll80,
        vec![
            place(),
            Block::Rule,
            pairs(&[
                ("业务", "一卡通可读退值"),
                ("持卡人", "买买提·艾*"),
                ("卡号", "**** **** **** 2158"),
                ("退值前余额", "268.00 元"),
                ("退值后余额", "0.00 元"),
                ("中心确认号", "C-20261124-000031"),
                ("授权人", "2001（主管）"),
                ("退款依据", "卡内余额须一次全额退清；退值后该卡交通功能即行终止，不可恢复。"),
            ]),
            Block::Amount { label: "退款金额".into(), figures: "￥268.00".into(), capitals: "人民币贰佰陆拾捌元整".into() },
            Block::Text { lines: strings(&["本人已核对以上内容并收到上述现金。"]) },
            Block::Signature { label: "领款人签名".into() },
            Block::Code { text: NUMBER.into() },
        ],
    )
}

pub fn voucher() -> Sheet {
    sheet(
        "业务凭证",
        "DEMO-01-20261124-1-0007-voucher",
        SheetFormat::A4,
        vec![
            Block::Code { text: NUMBER.into() },
            place(),
            Block::Rule,
            pairs(&[
                ("业务", "挂失补卡"),
                ("学生", "欧阳*㛃"),
                ("证件号码", "3205**********001X"),
                ("申请人", "䶮*𠅤（监护人，母亲）"),
                ("已验证件", "居民身份证原件、户口簿原件"),
                ("旧卡尾号", "0038（已作废）"),
                ("新卡尾号", "4417"),
                ("增效至", "2027-08-31"),
                ("中心确认号", "C-20261124-000030"),
                (
                    "说明",
                    "旧卡自补办之时起作废，找回后亦不能再用；新卡请妥善保管，勿弯折、勿靠近强磁场，如遇读取失败请携卡到任一综合受理网点检测。",
                ),
            ]),
            Block::Amount { label: "工本费".into(), figures: "￥20.00".into(), capitals: "人民币贰拾元整".into() },
            Block::Text { lines: strings(&["本人确认上述内容属实，已领取新卡。"]) },
            Block::Signature { label: "申请人签名（代办人签本人姓名）".into() },
        ],
    )
}

pub fn slip() -> Sheet {
    let mut sheet = sheet(
        "受理单",
        "DEMO-01-20261124-1-0008-slip",
        SheetFormat::Roll80,
        vec![
            place(),
            Block::Rule,
            pairs(&[("业务", "密码重置"), ("学生", "王*堃"), ("受理方式", "离线受理，未生效")]),
            Block::Text { lines: strings(&["网络恢复后由中心处理，结果以中心确认为准。本单不是付款凭证。"]) },
            Block::Signature { label: "申请人签名".into() },
            Block::Code { text: NUMBER.into() },
        ],
    );
    sheet.marks = strings(&["离线受理", "补打 第1次", "练习"]);
    sheet
}

pub fn report(cases: usize) -> Sheet {
    let rows = (0..cases)
        .map(|n| {
            let service = ["挂失补卡", "一卡通可读退值", "月度增效", "密码重置", "卡片查询"][n % 5];
            vec![
                format!("{}", n + 1),
                format!("DEMO-01-20261124-1-{:04}", n + 1),
                format!("{:02}:{:02}", 9 + n / 30, n * 2 % 60),
                "1001".to_owned(),
                service.to_owned(),
                if n % 5 == 0 { "20.00".to_owned() } else { String::new() },
                if n % 5 == 1 { format!("{}.50", 30 + n * 7) } else { String::new() },
                "办结".to_owned(),
            ]
        })
        .collect();
    let mut sheet = sheet(
        "日结单",
        "DEMO-01-20261124-day",
        SheetFormat::A4,
        vec![
            pairs(&[("网点", "示范网点（综合受理）"), ("窗口", "3 号"), ("营业日", "2026-11-24（星期二）"), ("日结人", "2001（主管）")]),
            Block::Rule,
            Block::Table {
                head: strings(&["科目", "期初", "收入", "支出", "期末"]),
                rows: vec![
                    strings(&["尾箱现金（元）", "500.00", "40.00", "304.50", "235.50"]),
                    strings(&["空白卡（张）", "50", "0", "2", "48"]),
                ],
                right: vec![1, 2, 3, 4],
            },
            Block::Bars {
                title: "各时段办理笔数".into(),
                bars: vec![
                    ("09 时".into(), 4),
                    ("10 时".into(), 17),
                    ("11 时".into(), 9),
                    ("13 时".into(), 0),
                    ("14 时".into(), 6),
                    ("尾箱净额".into(), -3),
                ],
            },
            Block::Table {
                head: strings(&["序", "业务单号", "时间", "工号", "业务", "收（元）", "退（元）", "结果"]),
                rows,
                right: vec![0, 5, 6],
            },
            Block::Amount {
                label: "应缴现金".into(), figures: "￥235.50".into(), capitals: "人民币贰佰叁拾伍元伍角整".into()
            },
            pairs(&[("流水末号", "412"), ("流水摘要", "9f3c1e7a5b60d24f88c1d37e2a6b9950c4e8f1a23d5b7096e4c2a1f0b8d6e573")]),
            Block::Signature { label: "营业员签名".into() },
            Block::Signature { label: "主管签名".into() },
        ],
    );
    sheet.footer = strings(&["桌面、中心、逐笔重算三方合计一致"]);
    sheet
}
