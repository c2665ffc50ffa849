//! Reading rule files: programmes, overlays that add outlets to them, and days that a notice decides otherwise.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use toml::de::DeTable;

use super::{
    Outlet, Problem, RuleFile, RuleSet, RuleSets, check,
    days::{self, Days},
    programme::{self, outlet},
    publish::{Edition, EditionKind},
    reader::{Report, Table},
};
use crate::id::ProgrammeId;

/// What a file says it is.
enum Kind {
    Programme,
    Outlets,
    Days,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        match name {
            "programme" => Some(Self::Programme),
            "outlets" => Some(Self::Outlets),
            "days" => Some(Self::Days),
            _ => None,
        }
    }
}

/// What one file holds.
enum Content {
    Programme(Box<RuleSet>),
    Overlay(Vec<Addition>),
    Days(Box<Days>),
}

/// An outlet of an overlay and the kinds that it has in each of its programmes: a counter can be several things.
struct Addition {
    outlet: Outlet,
    /// Programme, kinds, and where that is said.
    programmes: Vec<(ProgrammeId, Vec<String>, Place)>,
}

/// A position that a later check can still point to.
pub(super) struct Place {
    pub field: String,
    pub line: usize,
}

impl RuleSets {
    /// Reads programme files (`kind = "programme"`), adds the outlets of overlay files (`kind = "outlets"`) to them, and makes of
    /// each version one more for every file of days (`kind = "days"`): a version that a case has stored never changes.
    ///
    /// # Errors
    /// Every fault of every file, sorted by file and line; never empty.
    pub fn load(files: &[RuleFile<'_>]) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut sets: Vec<RuleSet> = Vec::new();
        let (mut overlays, mut notices) = (Vec::new(), Vec::new());
        for file in files {
            match read(file, &mut problems) {
                Some(Content::Programme(set)) => {
                    if sets.iter().any(|other| other.version == set.version) {
                        problems.push(problem(file.name, 1, "version", format!("版本 {} 已由另一文件定义", set.version)));
                    } else {
                        sets.push(*set);
                    }
                }
                Some(Content::Overlay(additions)) => overlays.push((file.name, additions)),
                Some(Content::Days(days)) => notices.push((file.name, *days)),
                None => {}
            }
        }
        // A faulty programme file would make every overlay look wrong as well.
        if problems.is_empty() {
            for (file, additions) in overlays {
                for addition in additions {
                    add(file, addition, &mut sets, &mut problems);
                }
            }
            sets = days::applied(sets, &notices, &mut problems);
        }
        if sets.is_empty() && problems.is_empty() {
            problems.push(problem("rules", 1, "", "没有任何发卡方案文件".to_owned()));
        }
        if problems.is_empty() {
            let files = files.iter().map(|file| (file.name.to_owned(), file.text.to_owned())).collect();
            Ok(Self { sets, files })
        } else {
            problems.sort();
            problems.dedup();
            Err(problems)
        }
    }

    /// The same files and some more, as if all of them had been read together.
    ///
    /// # Errors
    /// Every fault of every file, as [`RuleSets::load`] tells them.
    pub fn and(&self, more: &[RuleFile<'_>]) -> Result<Self, Vec<Problem>> {
        let own = self.files.iter().map(|(name, text)| RuleFile { name, text });
        Self::load(&own.chain(more.iter().copied()).collect::<Vec<_>>())
    }
}

/// What a file would publish, where it is whole by itself; outlets alone are an installation's own.
pub(super) fn edition(file: &RuleFile<'_>) -> Result<Edition, Vec<Problem>> {
    let mut problems = Vec::new();
    match read(file, &mut problems) {
        Some(Content::Programme(set)) => {
            Ok(Edition { kind: EditionKind::Programme, programme: set.programme, version: set.version, effective: set.effective })
        }
        Some(Content::Days(days)) => {
            Ok(Edition { kind: EditionKind::Days, programme: days.programme, version: days.version, effective: days.effective })
        }
        Some(Content::Overlay(_)) => Err(vec![problem(file.name, 1, "kind", "只能发布 programme 或 days".to_owned())]),
        None => {
            problems.sort();
            problems.dedup();
            Err(problems)
        }
    }
}

pub(super) fn problem(file: &str, line: usize, field: &str, what: String) -> Problem {
    Problem { file: file.to_owned(), line, field: field.to_owned(), what }
}

fn read(file: &RuleFile<'_>, problems: &mut Vec<Problem>) -> Option<Content> {
    let report = Report::new(file.name, file.text);
    let (document, errors) = DeTable::parse_recoverable(file.text);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        report.note(at, "", format!("TOML 语法错误：{}", error.message()));
    }
    let content = if errors.is_empty() {
        let root = Table::new(&report, document.get_ref(), String::new(), 0);
        root.read(|root| {
            match root.named("kind", &["programme", "outlets", "days"], Kind::of) {
                Some(Kind::Programme) => {
                    let set = programme::read(root);
                    check::set(root, &set);
                    Some(Content::Programme(Box::new(set)))
                }
                Some(Kind::Outlets) => Some(Content::Overlay(overlay(root, file.text))),
                Some(Kind::Days) => Some(Content::Days(Box::new(days::read(root, file.text)))),
                None => {
                    // Nothing else can be judged without knowing the kind.
                    root.entries(|_, _, _| None::<()>);
                    None
                }
            }
        })
    } else {
        None
    };
    let found = report.into_problems();
    let whole = found.is_empty();
    problems.extend(found);
    content.filter(|_| whole)
}

fn overlay(root: &Table<'_, '_>, text: &str) -> Vec<Addition> {
    root.text("name");
    root.each("outlets", |table| {
        let outlet = outlet(table, None, &BTreeMap::new());
        let programmes = table
            .need("programmes", |programmes| {
                programmes.entries(|programme, at, programmes| {
                    let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
                    let place = Place { field: programmes.field(programme), line };
                    let kinds = programmes.text_or_texts(programme);
                    Some((ProgrammeId::new(programme), kinds, place))
                })
            })
            .unwrap_or_default();
        Some(Addition { outlet, programmes })
    })
}

fn add(file: &str, addition: Addition, sets: &mut [RuleSet], problems: &mut Vec<Problem>) {
    for (programme, kinds, place) in addition.programmes {
        let fault = |what| problem(file, place.line, &place.field, what);
        let mut known = false;
        for set in sets.iter_mut().filter(|set| set.programme == programme) {
            known = true;
            let unknown: Vec<&String> = kinds.iter().filter(|kind| !set.outlet_kinds.iter().any(|of| of.id == **kind)).collect();
            if let Some(kind) = unknown.first() {
                problems.push(fault(format!("方案 {programme} 没有网点类型“{kind}”")));
                continue;
            }
            if set.outlet(&addition.outlet.id).is_some() {
                problems.push(fault(format!("网点 {} 已存在", addition.outlet.id)));
                continue;
            }
            let mut outlet = addition.outlet.clone();
            outlet.kind = kinds.first().cloned().unwrap_or_default();
            outlet.capabilities =
                set.outlet_kinds.iter().filter(|of| kinds.contains(&of.id)).flat_map(|of| of.capabilities.iter().copied()).collect();
            set.outlets.push(outlet);
        }
        if !known {
            problems.push(fault(format!("没有加载方案“{programme}”")));
        }
    }
}

/// A date that stands in where a file gave none; nothing is built from such a file.
pub(super) fn no_date() -> NaiveDate {
    NaiveDate::MIN
}
