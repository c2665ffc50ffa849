//! Numbers and digests that the centre gives out: drawn from the caller's randomness, or keyed by the centre's secret.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Utc};
use desk_domain::id::CentreNumber;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::ports::Entropy;

/// Without I, L, O, U: read aloud and typed from paper.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const SHANGHAI_SECONDS: i32 = 8 * 3600;

/// A centre number: kind, local date, ten characters of 50 random bits, for example `Q261124-7F3K09ZQ4M`.
pub(crate) fn centre_number(kind: char, now: DateTime<Utc>, entropy: &mut dyn Entropy) -> CentreNumber {
    let mut bytes = [0; 10];
    entropy.fill(&mut bytes);
    let text: String = bytes.iter().map(|byte| char::from(ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'0'))).collect();
    let day = local_day(now);
    CentreNumber::new(format!("{kind}{:02}{:02}{:02}-{text}", day.year().rem_euclid(100), day.month(), day.day()))
}

/// A number that is always the same for the same parts: kind, thirteen characters of 65 derived bits.
pub(crate) fn derived_number(kind: char, secret: &[u8; 32], parts: &[&str]) -> CentreNumber {
    let digest = digest(secret, "number", parts);
    let pairs = digest.as_bytes().chunks(2).take(13);
    let text: String = pairs
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()).unwrap_or_default())
        .map(|byte| char::from(ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'0')))
        .collect();
    CentreNumber::new(format!("{kind}-{text}"))
}

/// Business day (UTC+8) of a moment.
#[must_use]
pub fn local_day(at: DateTime<Utc>) -> NaiveDate {
    match FixedOffset::east_opt(SHANGHAI_SECONDS) {
        Some(zone) => at.with_timezone(&zone).date_naive(),
        None => at.date_naive(),
    }
}

/// Keyed digest under the centre's secret; `purpose` keeps uses apart.
#[must_use]
pub fn digest(secret: &[u8; 32], purpose: &str, parts: &[&str]) -> String {
    // HMAC takes a key of any length; the type says otherwise.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        return String::new();
    };
    for part in std::iter::once(&purpose).chain(parts) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    hex::encode(mac.finalize().into_bytes())
}
