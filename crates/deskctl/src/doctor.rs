//! `deskctl doctor`: what stands against the card readers of this computer, and what to do about it.
//!
//! Prints one JSON object: the service, every reader with what lies on it, how the desk's reader did on the last days where a
//! configuration is given, and the findings in the clerk's words. Exits with 0 where all is well, 1 where something is to be done,
//! 2 where the configuration or the desk's journal cannot be opened.

use std::{io::Write, path::PathBuf, process::ExitCode};

use chrono::{FixedOffset, NaiveDate, Utc};
use clap::Args;
use desk_compose::{config::Config, journal, passphrase};
use desk_domain::{
    code::{Code, Kind, Message},
    reader_health::ReaderHistory,
};
use desk_reader::{ReaderConfig, Seen, Survey, survey};
use serde_json::{Value, json};

#[derive(Args)]
pub struct Command {
    /// Configuration of the desk: which readers are its own, and how they did on the last days. The desk's program must not run.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Open file descriptor whose first line is the station's passphrase; otherwise the terminal is asked where one is needed.
    #[arg(long, value_name = "NUMBER", requires = "config")]
    passphrase_fd: Option<u32>,
}

pub fn run(command: &Command) -> ExitCode {
    let (object, exit) = match examine(command) {
        Ok((object, well)) => (object, u8::from(!well)),
        Err(message) => (of_message(&message), 2),
    };
    let Ok(text) = serde_json::to_string_pretty(&object) else {
        return ExitCode::FAILURE;
    };
    if writeln!(std::io::stdout(), "{text}").is_err() {
        return ExitCode::FAILURE;
    }
    ExitCode::from(exit)
}

/// What was found, and whether nothing is to be done.
fn examine(command: &Command) -> Result<(Value, bool), Message> {
    let (config, history) = match &command.config {
        None => (ReaderConfig::default(), None),
        Some(file) => {
            let config = Config::read(file)?;
            let readers =
                ReaderConfig { only: config.reader.only.clone(), ignore: config.reader.ignore.clone(), ..ReaderConfig::default() };
            let asked = passphrase::asked_from(command.passphrase_fd);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|_| Message::new(Code::Internal).with("where", "runtime"))?;
            (readers, Some(runtime.block_on(journal::reader_history(&config, asked))?))
        }
    };
    let surveyed = survey(&config);
    let against = against(&surveyed);
    let findings = history.clone().unwrap_or_default().findings(today(), against);
    let well = findings.iter().all(|finding| finding.code.kind() == Kind::Info);
    let readers: Vec<Value> = match &surveyed {
        Survey::NoService => Vec::new(),
        Survey::Readers(readers) => {
            readers.iter().map(|reader| json!({ "name": reader.name, "ours": reader.ours, "field": field(&reader.field) })).collect()
        }
    };
    let object = json!({
        "service": surveyed != Survey::NoService,
        "readers": readers,
        "days": history.as_ref().map(days),
        "findings": findings.iter().map(of_message).collect::<Vec<_>>(),
    });
    Ok((object, well))
}

/// What stands against the desk's readers at this moment; none where one of them can be used.
fn against(surveyed: &Survey) -> Option<Message> {
    let Survey::Readers(readers) = surveyed else {
        return Some(Message::new(Code::ReaderServiceDown));
    };
    let ours: Vec<&Seen> = readers.iter().filter(|reader| reader.ours).map(|reader| &reader.field).collect();
    let cards = ours.iter().filter(|seen| matches!(seen, Seen::Card { .. })).count();
    let code = if ours.iter().all(|seen| **seen == Seen::Unusable) {
        Code::ReaderMissing
    } else if cards > 1 {
        Code::TwoCards
    } else if ours.iter().any(|seen| matches!(seen, Seen::Card { in_use: true, .. })) {
        Code::ReaderInUse
    } else if ours.contains(&&Seen::Mute) {
        Code::CardMute
    } else {
        return None;
    };
    Some(Message::new(code))
}

fn field(seen: &Seen) -> Value {
    match seen {
        Seen::Unusable => json!("unusable"),
        Seen::Empty => json!("empty"),
        Seen::Mute => json!("mute"),
        Seen::Card { atr, in_use } => json!({ "atr": hex::encode_upper(atr), "in_use": in_use }),
    }
}

fn days(history: &ReaderHistory) -> Value {
    history
        .0
        .iter()
        .rev()
        .map(|(day, of)| {
            json!({
                "day": day, "tries": of.tries(), "failed": of.failed(), "mute": of.mute, "pulled": of.pulled, "in_use": of.in_use,
                "reader_gone": of.reader_gone, "service_gone": of.service_gone, "average_ms": of.average(),
            })
        })
        .collect()
}

fn of_message(message: &Message) -> Value {
    json!({ "code": message.code.as_str(), "text": message.text(), "cause": message.code.cause(), "remedy": message.code.remedy() })
}

/// The day at the counter.
#[expect(clippy::disallowed_methods, reason = "a tool at a terminal has no desk's clock")]
fn today() -> NaiveDate {
    let shanghai = FixedOffset::east_opt(8 * 3600).map(|offset| Utc::now().with_timezone(&offset).date_naive());
    shanghai.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use desk_reader::Surveyed;

    use super::*;

    fn seen(fields: &[(bool, Seen)]) -> Survey {
        Survey::Readers(
            fields.iter().map(|(ours, field)| Surveyed { name: "reader".to_owned(), ours: *ours, field: field.clone() }).collect(),
        )
    }

    #[test]
    fn what_stands_against_the_readers() {
        let card = |in_use| Seen::Card { atr: vec![0x3B], in_use };
        let code = |fields: &[(bool, Seen)]| against(&seen(fields)).map(|message| message.code);
        assert_eq!(against(&Survey::NoService).map(|message| message.code), Some(Code::ReaderServiceDown));
        assert_eq!(code(&[]), Some(Code::ReaderMissing));
        assert_eq!(code(&[(false, Seen::Empty)]), Some(Code::ReaderMissing), "not the desk's");
        assert_eq!(code(&[(true, Seen::Unusable)]), Some(Code::ReaderMissing));
        assert_eq!(code(&[(true, Seen::Mute)]), Some(Code::CardMute));
        assert_eq!(code(&[(true, card(true))]), Some(Code::ReaderInUse));
        assert_eq!(code(&[(true, card(false)), (true, card(false))]), Some(Code::TwoCards));
        assert_eq!(code(&[(true, Seen::Empty), (false, Seen::Mute)]), None);
        assert_eq!(code(&[(true, card(false))]), None);
    }
}
