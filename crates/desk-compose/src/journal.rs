//! A desk's journal without its desk, for support: opened as the desk opens it, read, and closed.

use chrono::NaiveDate;
use desk_app::{
    doctor::READER_HISTORY,
    ports::{Store, Stored},
};
use desk_domain::{
    case::CaseHeader,
    code::{Code, Message},
    id::CaseNumber,
    reader_health::ReaderHistory,
};

use crate::{
    compose::{load_secrets, open_store},
    config::Config,
    passphrase::Passphrase,
    station::StationFile,
};

/// The header of a case and its rows, oldest first; none where this desk has no such case.
///
/// # Errors
/// What keeps the desk itself from starting: `NOT_ENROLLED`, `STORE_KEY_MISSING`, `STORE_IN_USE` while the desk's program runs,
/// `STORE_MISSING`, `STORE_BROKEN`, …
pub async fn case(
    config: &Config,
    passphrase: Box<dyn Passphrase>,
    number: &CaseNumber,
) -> Result<Option<(CaseHeader, Vec<Stored>)>, Message> {
    let mut store = opened(config, passphrase).await?;
    find(store.as_mut(), number).await.map_err(|failure| Message::new(failure.code))
}

/// How the desk's reader did on the last days.
///
/// # Errors
/// As [`case`].
pub async fn reader_history(config: &Config, passphrase: Box<dyn Passphrase>) -> Result<ReaderHistory, Message> {
    let mut store = opened(config, passphrase).await?;
    let kept = store.recall(READER_HISTORY).await.map_err(|failure| Message::new(failure.code))?;
    Ok(kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

async fn opened(config: &Config, mut passphrase: Box<dyn Passphrase>) -> Result<Box<dyn Store>, Message> {
    let file = StationFile::read(&config.data_dir)?;
    let secrets = load_secrets(config.data_dir.clone(), move |place, folder| place.load(folder, passphrase.as_mut())).await?;
    let station = file.station(secrets.identifier_key()?);
    open_store(config, &station, &secrets).await
}

async fn find(store: &mut dyn Store, number: &CaseNumber) -> Result<Option<(CaseHeader, Vec<Stored>)>, desk_app::ports::StoreFailure> {
    for day in days(number.as_str()) {
        let of_day = store.cases_of(day).await?;
        if let Some((header, _)) = of_day.into_iter().find(|(header, _)| header.number == *number) {
            let rows = store.case(header.id).await?;
            return Ok(Some((header, rows)));
        }
    }
    Ok(None)
}

/// Every day that eight digits of the number may be; one of them is the case's.
fn days(number: &str) -> impl Iterator<Item = NaiveDate> {
    let starts = 0..number.len().saturating_sub(7);
    starts.filter_map(|from| NaiveDate::parse_from_str(number.get(from..from + 8)?, "%Y%m%d").ok())
}

/// The message where a desk has no case of this number.
#[must_use]
pub fn no_such_case() -> Message {
    Message::new(Code::CaseNotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_stands_in_the_number() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        assert!(days("DEMO2026112401100001").any(|found| found == day));
        assert!(days("DEMO202611240110F0001").any(|found| found == day));
        assert_eq!(no_such_case().code, Code::CaseNotFound);
        assert_eq!(days("").count() + days("2026112").count() + days("测试").count(), 0);
    }
}
