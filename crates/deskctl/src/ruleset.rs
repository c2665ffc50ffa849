//! `deskctl ruleset`: checks rule files and tells what a programme says.
//!
//! `check` exits with 0 where every file is good, 1 where one has faults (one line each on standard output, with file, line
//! and field), 2 where a file cannot be read.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;
use desk_domain::ruleset::{Problem, RuleFile, RuleSets};

mod explain;

#[derive(Subcommand)]
pub enum Command {
    /// Checks rule files as a desk would load them: all of them together, so that a file of outlets finds its programme.
    Check {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Print the faults as JSON, one object a line: file, line, field, what.
        #[arg(long)]
        json: bool,
    },
    /// Tells what a programme says, as a clerk would want to read it.
    Explain {
        /// The programme's file, and files of outlets where there are some.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// Why rule sets could not be loaded.
pub enum NotLoaded {
    Unreadable(String),
    Faulty(Vec<Problem>),
}

/// Reads and loads rule files together.
pub fn load(files: &[PathBuf]) -> Result<RuleSets, NotLoaded> {
    let texts = files
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file).map_err(|error| NotLoaded::Unreadable(format!("{}: {error}", file.display())))?;
            Ok((name(file), text))
        })
        .collect::<Result<Vec<(String, String)>, NotLoaded>>()?;
    let files: Vec<RuleFile<'_>> = texts.iter().map(|(name, text)| RuleFile { name, text }).collect();
    RuleSets::load(&files).map_err(NotLoaded::Faulty)
}

fn name(file: &Path) -> String {
    file.display().to_string()
}

pub fn run(command: &Command) -> ExitCode {
    match command {
        Command::Check { files, json } => check(files, *json),
        Command::Explain { files } => match load(files) {
            Ok(sets) => said(&sets.all().iter().map(explain::text).collect::<Vec<_>>().join("\n")),
            Err(failure) => not_loaded(failure, false),
        },
    }
}

fn check(files: &[PathBuf], json: bool) -> ExitCode {
    match load(files) {
        Err(failure) => not_loaded(failure, json),
        Ok(sets) if json => {
            let known: Vec<serde_json::Value> = sets
                .all()
                .iter()
                .map(|set| {
                    serde_json::json!({
                        "programme": set.programme, "version": set.version, "effective": set.effective,
                        "rules": set.rules.len(), "services": set.services.len(), "outlets": set.outlets.len(),
                    })
                })
                .collect();
            said(&known.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        }
        Ok(sets) => said(
            &sets
                .all()
                .iter()
                .map(|set| {
                    format!(
                        "{}（{}）版本 {}，自 {} 起：{} 条规则，{} 项业务，{} 个网点",
                        set.name,
                        set.programme,
                        set.version,
                        set.effective,
                        set.rules.len(),
                        set.services.len(),
                        set.outlets.len()
                    )
                })
                .collect::<Vec<_>>()
                .join("\n"),
        ),
    }
}

/// Tells why, and how to exit for it.
pub fn not_loaded(failure: NotLoaded, json: bool) -> ExitCode {
    match failure {
        NotLoaded::Unreadable(what) => {
            let _nobody_listens = writeln!(std::io::stderr(), "{what}");
            ExitCode::from(2)
        }
        NotLoaded::Faulty(problems) => {
            let lines: Vec<String> = problems
                .iter()
                .map(|problem| {
                    if json {
                        serde_json::json!({
                            "file": problem.file, "line": problem.line, "field": problem.field, "what": problem.what,
                        })
                        .to_string()
                    } else {
                        format!("{}:{}:{}: {}", problem.file, problem.line, problem.field, problem.what)
                    }
                })
                .collect();
            let _nobody_listens = writeln!(std::io::stdout(), "{}", lines.join("\n"));
            ExitCode::from(1)
        }
    }
}

fn said(text: &str) -> ExitCode {
    if writeln!(std::io::stdout(), "{}", text.trim_end()).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
