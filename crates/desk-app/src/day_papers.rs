//! Papers of a day close: 日结单, 现金盘点表, 库存核对表.

use desk_domain::{capitals::capitals, case::words, cash::DENOMINATIONS, money::Fen};

use crate::{
    day_close::{Booked, Close, signed},
    desk::Desk,
    ports::{Block, Sheet, SheetFormat},
    report::Report,
};

fn pair(label: &str, value: impl Into<String>) -> (String, String) {
    (label.to_owned(), value.into())
}

fn heads(heads: &[&str]) -> Vec<String> {
    heads.iter().map(|head| (*head).to_owned()).collect()
}

fn verdict(equal: bool) -> String {
    if equal { "相符" } else { "不符" }.to_owned()
}

impl Desk {
    /// The three papers of a closed day, marked 预日结 where the centre's sums are not there yet.
    pub(crate) fn day_sheets(&self, close: &Close, booked: &Booked, report: &Report) -> Vec<Sheet> {
        let provisional = report.centre.is_none();
        let sheet = |title: &str, stem: &str, blocks: Vec<Block>| {
            let mut marks = Vec::new();
            if provisional {
                marks.push("预日结".to_owned());
            }
            if close.forced {
                marks.push("强制轧账".to_owned());
            }
            if self.practice {
                marks.push("练习".to_owned());
            }
            let head = Block::Pairs {
                pairs: vec![
                    pair("营业日", close.day.to_string()),
                    pair("网点", self.outlet_name()),
                    pair("窗口", self.station.window.to_string()),
                    pair("柜员工号", close.whose.to_string()),
                    pair("清点人工号", booked.by.to_string()),
                    pair("清点时间", words::when(booked.at)),
                ],
            };
            let mut all = vec![head, Block::Rule];
            all.extend(blocks);
            if !booked.reason.is_empty() {
                all.push(Block::Text { lines: vec![format!("差异原因：{}", booked.reason)] });
            }
            all.push(Block::Signature { label: "柜员签字".to_owned() });
            all.push(Block::Signature { label: "主管签字".to_owned() });
            Sheet {
                title: title.to_owned(),
                issuer: self.outlet_name(),
                name: format!("{}-{}-{}-{}-{stem}", self.station.outlet, self.station.window, close.day, close.whose),
                format: SheetFormat::A4,
                blocks: all,
                marks,
                footer: vec![format!("打印时间 {}", words::when(self.now()))],
            }
        };
        vec![
            sheet("日结单", "day-close", self.close_blocks(report)),
            sheet("现金盘点表", "cash-count", cash_blocks(booked)),
            sheet("库存核对表", "stock-check", stock_blocks(booked)),
        ]
    }

    fn close_blocks(&self, report: &Report) -> Vec<Block> {
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
                let centre = total.centre.map_or_else(|| "—".to_owned(), |amount| amount.to_string());
                vec![total.label.clone(), total.desk.to_string(), centre, total.recomputed.to_string(), verdict(total.equal())]
            })
            .collect();
        let mut blocks = vec![
            Block::Table {
                head: heads(&["业务", "工号", "笔数", "拒办", "离线", "收", "付"]), rows: lines, right: vec![2, 3, 4, 5, 6]
            },
            Block::Table { head: heads(&["科目", "本机", "中心", "重算", "结论"]), rows: totals, right: vec![1, 2, 3] },
        ];
        if !report.exceptions.is_empty() {
            blocks.push(Block::Text { lines: report.exceptions.clone() });
        }
        blocks.push(Block::Pairs {
            pairs: vec![pair("流水序号", report.head.0.to_string()), pair("流水摘要", report.head.1.clone())]
        });
        blocks
    }
}

fn cash_blocks(booked: &Booked) -> Vec<Block> {
    let counted = booked.counted.cash.total().unwrap_or(Fen::ZERO);
    let rows = DENOMINATIONS
        .into_iter()
        .map(|of| {
            let pieces = booked.counted.cash.pieces(of);
            let amount = of.value.0.checked_mul(i64::from(pieces)).map_or(Fen::ZERO, Fen);
            vec![of.label.to_owned(), pieces.to_string(), amount.to_string()]
        })
        .collect();
    let difference = booked.expected.cash_over(&booked.counted);
    vec![
        Block::Table { head: heads(&["券别", "张（枚）", "金额"]), rows, right: vec![1, 2] },
        Block::Amount { label: "实点现金（交库）".to_owned(), figures: counted.to_string(), capitals: capitals(counted) },
        Block::Pairs {
            pairs: vec![
                pair("账面现金", booked.expected.cash.to_string()),
                pair("长款", if difference.is_positive() { difference } else { Fen::ZERO }.to_string()),
                pair("短款", if difference < Fen::ZERO { difference.negated() } else { Fen::ZERO }.to_string()),
                pair("差额", signed(difference)),
            ],
        },
    ]
}

fn stock_blocks(booked: &Booked) -> Vec<Block> {
    let row = |label: &str, counted: u32, expected: u32| {
        let difference = i64::from(counted) - i64::from(expected);
        vec![label.to_owned(), expected.to_string(), counted.to_string(), format!("{difference:+}"), verdict(difference == 0)]
    };
    vec![Block::Table {
        head: heads(&["品种", "账面", "实点", "差异", "结论"]),
        rows: vec![
            row("空白卡", booked.counted.blanks, booked.expected.blanks),
            row("坏卡", booked.counted.spoiled, booked.expected.spoiled),
        ],
        right: vec![1, 2, 3],
    }]
}
