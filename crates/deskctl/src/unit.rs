//! `deskctl unit check LIST`: checks a unit's list and its photos before a window takes them.
//!
//! Prints one JSON object for each row that is refused, with everything that stands against it, and one with the counts; no
//! name and no number of anybody. Exits with 0 where every row can be submitted, 1 where one cannot, 2 where the list or the
//! rules cannot be read.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use desk_domain::{
    code::Message,
    ruleset::RuleSet,
    unit::{self, PhotoFile},
};
use desk_intake::{list, photo};
use serde_json::json;

use crate::ruleset::{load, not_loaded};

#[derive(Subcommand)]
pub enum Command {
    /// Checks a list (CSV or XLSX) row by row; every fault of every row at once.
    Check(Check),
}

#[derive(Args)]
pub struct Check {
    /// The programme's rule file.
    #[arg(long, value_name = "FILE")]
    ruleset: PathBuf,
    /// Folder of the photos that the list names.
    #[arg(long, value_name = "FOLDER")]
    photos: Option<PathBuf>,
    /// Day of the application; ages are counted on it.
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: NaiveDate,
    #[arg(value_name = "LIST")]
    list: PathBuf,
}

pub fn run(command: &Command) -> ExitCode {
    let Command::Check(check) = command;
    let sets = match load(std::slice::from_ref(&check.ruleset)) {
        Ok(sets) => sets,
        Err(failure) => {
            not_loaded(failure, true);
            return ExitCode::from(2);
        }
    };
    let Some(rules) = sets.all().first() else {
        let _nobody_listens = writeln!(io::stderr(), "{}: no programme", check.ruleset.display());
        return ExitCode::from(2);
    };
    let mut out = io::stdout().lock();
    match checked(check, rules, &mut out) {
        Ok(exit) => ExitCode::from(exit),
        Err(_) => ExitCode::FAILURE,
    }
}

fn checked(check: &Check, rules: &RuleSet, out: &mut impl Write) -> io::Result<u8> {
    let most = rules.unit.as_ref().map_or(list::MOST_ROWS, |unit| usize::try_from(unit.most_rows).unwrap_or(list::MOST_ROWS));
    let rows = match list::read(&check.list, most) {
        Ok(rows) => rows,
        Err(message) => {
            writeln!(out, "{}", json!({ "list": said(rules, &message) }))?;
            return Ok(2);
        }
    };
    let white_from = rules.photo.as_ref().map_or(u32::from(u8::MAX), |photo| photo.white_from);
    let checked = unit::check(rules, check.on, &rows, |name| {
        check.photos.as_ref().map_or(PhotoFile::Missing, |folder| photo::find(folder, name, white_from))
    });
    for refused in &checked.refused {
        let messages: Vec<_> = refused.messages.iter().map(|message| said(rules, message)).collect();
        writeln!(out, "{}", json!({ "line": refused.line, "refused": messages }))?;
    }
    let correct_dpi = checked.ready.iter().filter(|ready| ready.correct_dpi).count();
    let counts = json!({
        "rows": rows.len(), "ready": checked.ready.len(), "refused": checked.refused.len(), "resolution_to_correct": correct_dpi,
    });
    writeln!(out, "{counts}")?;
    Ok(u8::from(!checked.refused.is_empty()))
}

fn said(rules: &RuleSet, message: &Message) -> serde_json::Value {
    json!({
        "code": message.code.as_str(),
        "text": rules.wording(message).text,
        "rule": message.rule.as_ref().map(|rule| rule.id.as_str()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_two_thousand_rows_is_told_row_by_row_without_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("list.csv");
        let mut text = "姓名,证件类型,证件号码,出生日期,手机号码,银行,照片\n".to_owned();
        for serial in 0..2_000 {
            let born = NaiveDate::from_ymd_opt(1980, 1, 1 + serial % 28).unwrap();
            let body = format!("199{:03}{}{:03}", serial / 28, born.format("%Y%m%d"), serial % 1_000);
            let last = desk_domain::document::check_character(&body).unwrap();
            let phone = if serial == 7 { "=1+1" } else { "13900000000" };
            text += &format!("测试甲,resident_id,{body}{last},{born},{phone},ICBC,{serial}.jpg\n");
        }
        std::fs::write(&list, text).unwrap();
        let good = concat!(env!("CARGO_MANIFEST_DIR"), "/../desk-intake/tests/photos/good.jpg");
        for serial in (0..2_000).filter(|serial| *serial != 9) {
            std::fs::hard_link(good, folder.path().join(format!("{serial}.jpg")))
                .or_else(|_| std::fs::copy(good, folder.path().join(format!("{serial}.jpg"))).map(|_| ()))
                .unwrap();
        }
        let ruleset = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/changzhou-one-card.toml"));
        let sets = load(std::slice::from_ref(&ruleset)).ok().unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let check = Check { ruleset, photos: Some(folder.path().into()), on: day, list };
        let mut out = Vec::new();
        assert_eq!(checked(&check, &sets.all()[0], &mut out).unwrap(), 1);
        let out = String::from_utf8(out).unwrap();
        let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3, "{out}");
        assert_eq!((&lines[0]["line"], &lines[0]["refused"][0]["code"]), (&json!(9), &json!("CELL_FORMULA")));
        assert_eq!((&lines[1]["line"], &lines[1]["refused"][0]["code"]), (&json!(11), &json!("PHOTO_FILE_MISSING")));
        assert_eq!(lines[2], json!({ "rows": 2_000, "ready": 1_998, "refused": 2, "resolution_to_correct": 0 }));
        assert!(!out.contains("测试") && !out.contains("1980"), "{out}");
    }
}
