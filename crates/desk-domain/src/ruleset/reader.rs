//! Walks the tables of a TOML document and notes every fault with its line and field, instead of stopping at the first.
//!
//! A faulty value is replaced by an empty one so that the walk goes on; nothing is built from a file with faults.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    ops::RangeInclusive,
};

use chrono::{NaiveDate, NaiveTime};
use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Problem, Session, Weekly};
use crate::money::Fen;

/// Faults of one file.
pub(super) struct Report<'a> {
    file: &'a str,
    text: &'a str,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Report<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, problems: RefCell::default() }
    }

    /// Notes a fault at a byte position of the file.
    pub(super) fn note(&self, at: usize, field: &str, what: impl Into<String>) {
        let line = 1 + self.text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        self.problems.borrow_mut().push(Problem { file: self.file.to_owned(), line, field: field.to_owned(), what: what.into() });
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// One table, and which of its keys have been asked for.
pub(super) struct Table<'r, 'd> {
    pub(super) report: &'r Report<'r>,
    table: &'d DeTable<'d>,
    path: String,
    /// Where the table begins, for what is missing in it.
    at: usize,
    taken: RefCell<BTreeSet<String>>,
    /// Every key has been looked at by name (a map with free keys).
    open: Cell<bool>,
}

impl<'r, 'd> Table<'r, 'd> {
    pub(super) fn new(report: &'r Report<'r>, table: &'d DeTable<'d>, path: String, at: usize) -> Self {
        Self { report, table, path, at, taken: RefCell::default(), open: Cell::new(false) }
    }

    /// Reads the whole table and notes the keys that nobody asked for.
    pub(super) fn read<T>(self, build: impl FnOnce(&Self) -> T) -> T {
        let built = build(&self);
        if !self.open.get() {
            let taken = self.taken.borrow();
            for (key, _) in self.table.iter() {
                if !taken.contains(key.get_ref().as_ref()) {
                    self.report.note(key.span().start, &self.field(key.get_ref()), "未知的项目，请检查拼写");
                }
            }
        }
        built
    }

    pub(super) fn field(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn take(&self, key: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.taken.borrow_mut().insert(key.to_owned());
        self.table.get(key)
    }

    /// Where a key stands, or where its table begins.
    pub(super) fn position(&self, key: &str) -> usize {
        self.table.get(key).map_or(self.at, |value| value.span().start)
    }

    /// Notes a fault at a key.
    pub(super) fn fault(&self, key: &str, what: impl Into<String>) {
        self.report.note(self.position(key), &self.field(key), what);
    }

    /// Notes a fault at a key of one entry of an array of tables.
    pub(super) fn fault_in(&self, field: &str, list: &str, index: usize, key: &str, what: String) {
        let entry = self.table.get(list).and_then(|list| list.get_ref().as_array()).and_then(|list| list.get(index));
        let at = entry.map_or(self.at, |entry| {
            entry.get_ref().as_table().and_then(|table| table.get(key)).map_or(entry.span().start, |value| value.span().start)
        });
        self.report.note(at, &format!("{field}.{key}"), what);
    }

    /// Notes a fault at a key of a table under this one.
    pub(super) fn fault_under(&self, table: &str, key: &str, what: String) {
        let at = self.table.get(table).map_or(self.at, |table| {
            table.get_ref().as_table().and_then(|table| table.get_key_value(key)).map_or(table.span().start, |(key, _)| key.span().start)
        });
        self.report.note(at, &format!("{table}.{key}"), what);
    }

    fn required(&self, key: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        let value = self.take(key);
        if value.is_none() {
            self.fault(key, "缺少必填项");
        }
        value
    }

    pub(super) fn text(&self, key: &str) -> String {
        self.required(key).and_then(|value| self.as_text(key, value)).unwrap_or_default()
    }

    pub(super) fn optional(&self, key: &str) -> Option<String> {
        self.take(key).and_then(|value| self.as_text(key, value))
    }

    /// One text, or a list of at least one.
    pub(super) fn text_or_texts(&self, key: &str) -> Vec<String> {
        let Some(value) = self.required(key) else {
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            return self.as_text(key, value).into_iter().collect();
        };
        if list.is_empty() {
            self.fault(key, "不能为空");
        }
        list.iter().filter_map(|entry| self.as_text(key, entry)).collect()
    }

    fn as_text(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        match value.get_ref().as_str() {
            None => {
                self.wrong_type(key, value, "文字");
                None
            }
            Some(text) if text.trim().is_empty() => {
                self.fault(key, "不能为空");
                None
            }
            Some(text) => Some(text.to_owned()),
        }
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        self.report.note(value.span().start, &self.field(key), format!("应为{wanted}，实际是 {}", kind_name(value.get_ref())));
    }

    /// Texts of an optional list, each with its position.
    pub(super) fn texts_at(&self, key: &str) -> Vec<(String, usize)> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "列表");
            return Vec::new();
        };
        list.iter()
            .filter_map(|entry| {
                let text = self.as_text(key, entry)?;
                Some((text, entry.span().start))
            })
            .collect()
    }

    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        self.texts_at(key).into_iter().map(|(text, _)| text).collect()
    }

    pub(super) fn number(&self, key: &str, range: RangeInclusive<u32>) -> u32 {
        self.required(key).and_then(|value| self.as_number(key, value, range)).unwrap_or_default()
    }

    pub(super) fn number_or(&self, key: &str, range: RangeInclusive<u32>, default: u32) -> u32 {
        self.take(key).map_or(Some(default), |value| self.as_number(key, value, range)).unwrap_or_default()
    }

    pub(super) fn optional_number(&self, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        self.take(key).and_then(|value| self.as_number(key, value, range))
    }

    pub(super) fn numbers(&self, key: &str, range: RangeInclusive<u32>) -> Vec<u32> {
        let Some(value) = self.required(key) else {
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "列表");
            return Vec::new();
        };
        list.iter().filter_map(|entry| self.as_number(key, entry, range.clone())).collect()
    }

    fn as_number(&self, key: &str, value: &Spanned<DeValue<'_>>, range: RangeInclusive<u32>) -> Option<u32> {
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_type(key, value, "整数");
            return None;
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number.and_then(|number| u32::try_from(number).ok());
        let inside = number.filter(|number| range.contains(number));
        if inside.is_none() {
            self.report.note(value.span().start, &self.field(key), format!("超出范围（{}～{}）", range.start(), range.end()));
        }
        inside
    }

    /// An amount in fen, from 0 to 100,000 yuan.
    pub(super) fn fen(&self, key: &str) -> Fen {
        Fen(i64::from(self.number(key, 0..=10_000_000)))
    }

    pub(super) fn fen_or(&self, key: &str, default: u32) -> Fen {
        Fen(i64::from(self.number_or(key, 0..=10_000_000, default)))
    }

    pub(super) fn flag(&self, key: &str, default: bool) -> bool {
        let Some(value) = self.take(key) else {
            return default;
        };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(key, value, "是否（true 或 false）");
            default
        })
    }

    pub(super) fn date(&self, key: &str) -> Option<NaiveDate> {
        self.required(key).and_then(|value| self.as_date(key, value))
    }

    pub(super) fn dates(&self, key: &str) -> Vec<NaiveDate> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "列表");
            return Vec::new();
        };
        list.iter().filter_map(|entry| self.as_date(key, entry)).collect()
    }

    fn as_date(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<NaiveDate> {
        let found = value.get_ref().as_datetime().and_then(|moment| {
            let date = moment.date.filter(|_| moment.time.is_none())?;
            NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
        });
        if found.is_none() {
            self.wrong_type(key, value, "日期（如 2026-10-01）");
        }
        found
    }

    /// A required text that must be one of the known names.
    pub(super) fn named<T>(&self, key: &str, known: &[&str], find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = self.required(key)?;
        let text = self.as_text(key, value)?;
        self.find(key, value.span().start, &text, known, find)
    }

    pub(super) fn named_or<T>(&self, key: &str, known: &[&str], find: impl Fn(&str) -> Option<T>, default: T) -> T {
        if self.table.contains_key(key) { self.named(key, known, find).unwrap_or(default) } else { default }
    }

    /// A list of known names; empty where the key is absent.
    pub(super) fn names<T>(&self, key: &str, known: &[&str], find: impl Fn(&str) -> Option<T>) -> Vec<T> {
        self.texts_at(key).into_iter().filter_map(|(text, at)| self.find(key, at, &text, known, &find)).collect()
    }

    fn find<T>(&self, key: &str, at: usize, text: &str, known: &[&str], find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let found = find(text);
        if found.is_none() {
            let list = if known.is_empty() { String::new() } else { format!("，可用：{}", known.join("、")) };
            self.report.note(at, &self.field(key), format!("未知的值“{text}”{list}"));
        }
        found
    }

    /// A table under a key, if it is there.
    pub(super) fn sub<T>(&self, key: &str, build: impl FnOnce(&Table<'r, 'd>) -> T) -> Option<T> {
        let value = self.take(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, value, "表");
            return None;
        };
        let at = value.span().start;
        Some(Table::new(self.report, table, self.field(key), at).read(build))
    }

    /// A table that must be there.
    pub(super) fn need<T>(&self, key: &str, build: impl FnOnce(&Table<'r, 'd>) -> T) -> Option<T> {
        self.required(key)?;
        self.sub(key, build)
    }

    /// Every table of an array of tables; none where the key is absent.
    pub(super) fn each<T>(&self, key: &str, mut build: impl FnMut(&Table<'r, 'd>) -> Option<T>) -> Vec<T> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "列表");
            return Vec::new();
        };
        list.iter()
            .enumerate()
            .filter_map(|(index, entry)| {
                let path = format!("{}[{}]", self.field(key), index + 1);
                let Some(table) = entry.get_ref().as_table() else {
                    self.report.note(entry.span().start, &path, "应为表");
                    return None;
                };
                Table::new(self.report, table, path, entry.span().start).read(&mut build)
            })
            .collect()
    }

    /// Every key of a table with free keys; `build` gets the key, its position, and this table to read the value from.
    pub(super) fn entries<T>(&self, mut build: impl FnMut(&str, usize, &Self) -> Option<T>) -> Vec<T> {
        self.open.set(true);
        let keys: Vec<(String, usize)> = self.table.iter().map(|(key, _)| (key.get_ref().to_string(), key.span().start)).collect();
        keys.into_iter().filter_map(|(key, at)| build(&key, at, self)).collect()
    }

    /// Sessions of a list like `["08:30-11:30", "13:00-17:00"]`, in order and apart.
    pub(super) fn sessions(&self, key: &str) -> Vec<Session> {
        let mut sessions: Vec<Session> = Vec::new();
        for (text, at) in self.texts_at(key) {
            let Some(session) = session(&text) else {
                let what = format!("“{text}”不是时段，应如 08:30-17:00，且止晚于起");
                self.report.note(at, &self.field(key), what);
                continue;
            };
            if sessions.last().is_some_and(|last| session.from < last.to) {
                self.report.note(at, &self.field(key), "时段须先后有序、互不重叠");
            }
            sessions.push(session);
        }
        sessions
    }

    /// A table from days (`1-6`, `7`; 1 is Monday) to sessions.
    pub(super) fn weekly(&self, key: &str) -> Option<Weekly> {
        self.sub(key, |days| {
            let mut weekly = Weekly::default();
            let mut seen = BTreeSet::new();
            days.entries(|days_key, at, table| {
                let sessions = table.sessions(days_key);
                let Some(range) = day_range(days_key) else {
                    let what = "应为星期，1～7 或如 1-5（1 为星期一）";
                    self.report.note(at, &table.field(days_key), what);
                    return None::<()>;
                };
                for day in range {
                    if !seen.insert(day) {
                        let what = format!("星期 {} 重复", day + 1);
                        self.report.note(at, &table.field(days_key), what);
                    }
                    if let Some(slot) = weekly.0.get_mut(day) {
                        slot.clone_from(&sessions);
                    }
                }
                None
            });
            weekly
        })
    }
}

fn session(text: &str) -> Option<Session> {
    let (from, to) = text.split_once('-')?;
    let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
    let session = Session { from: time(from)?, to: time(to)? };
    (session.from < session.to).then_some(session)
}

/// Zero-based days of `3` or `1-5`.
fn day_range(text: &str) -> Option<RangeInclusive<usize>> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let day = |text: &str| text.parse::<usize>().ok().filter(|day| (1..=7).contains(day));
    let (from, to) = (day(from)?, day(to)?);
    (from <= to).then(|| from - 1..=to - 1)
}

fn kind_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "文字",
        DeValue::Integer(_) => "整数",
        DeValue::Float(_) => "小数",
        DeValue::Boolean(_) => "是否",
        DeValue::Datetime(_) => "日期时间",
        DeValue::Array(_) => "列表",
        DeValue::Table(_) => "表",
    }
}
