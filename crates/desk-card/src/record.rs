//! Records of a purse's log (0x18) and of its journeys (0x1E). Whatever bytes a card gives, the parsers answer.

use chrono::NaiveDateTime;
use desk_domain::{card::LogRecord, money::Fen};

use crate::{bcd, tables};

/// Bytes of one log record.
pub const LOG_LENGTH: u8 = 23;
/// Bytes of one journey that carry a meaning; the last six are the issuer's own.
pub const TRIP_LENGTH: u8 = 48;

/// One record of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    pub record: LogRecord,
    /// Overdraft limit, balance after, or nothing: the issuer's choice. Three bytes as hexadecimal digits.
    pub issuers_own: String,
}

impl LogEntry {
    /// What the record did to the purse: a load adds, everything else takes.
    #[must_use]
    pub fn signed(&self) -> Fen {
        if is_load(self.record.kind) { self.record.amount } else { Fen(self.record.amount.0.saturating_neg()) }
    }
}

/// 01 and 02 load; the other types take from the purse or change nothing.
#[must_use]
pub fn is_load(kind: u8) -> bool {
    matches!(kind, 0x01 | 0x02)
}

/// One record of 23 bytes or more; none for an empty or short one.
#[must_use]
pub fn log_entry(bytes: &[u8]) -> Option<LogEntry> {
    let bytes = bytes.get(..usize::from(LOG_LENGTH)).filter(|bytes| !is_empty(bytes))?;
    Some(LogEntry {
        record: LogRecord {
            sequence: u16::from_be_bytes(*bytes.first_chunk::<2>()?),
            amount: fen(bytes.get(5..9)?)?,
            kind: *bytes.get(9)?,
            terminal: hex::encode_upper(bytes.get(10..16)?),
            at: bcd::date_time(bytes.get(16..23)?),
        },
        issuers_own: hex::encode_upper(bytes.get(2..5)?),
    })
}

/// One journey, or one part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trip {
    pub kind: u8,
    /// Eight bytes as hexadecimal digits.
    pub terminal: String,
    pub mode: u8,
    /// Seven bytes of the issuer's own coding as hexadecimal digits.
    pub line_and_station: String,
    pub amount: Fen,
    pub balance: Fen,
    /// Local time of the gate; absent where the record holds no real date.
    pub at: Option<NaiveDateTime>,
    /// Two bytes as hexadecimal digits.
    pub city: String,
    /// Eight bytes as hexadecimal digits.
    pub acquirer: String,
}

impl Trip {
    #[must_use]
    pub fn city_name(&self) -> Option<&'static str> {
        tables::city(&self.city)
    }

    #[must_use]
    pub fn line_name(&self) -> Option<&'static str> {
        tables::line(&self.city, &format!("{:02X}", self.mode), &self.line_and_station)
    }

    /// Entered and not left. 03 is an entry; on railways (mode 0A) 01 is.
    #[must_use]
    pub fn begins_journey(&self) -> bool {
        matches!((self.kind, self.mode), (0x03, _) | (0x01, 0x0A))
    }

    /// What happened, by the usual meaning of type and mode.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match (self.kind, self.mode) {
            (0x01, 0x0A) | (0x03, _) => "进站",
            (0x02, 0x0A) | (0x04, _) => "出站",
            (0x02 | 0x06 | 0x09, _) => "单次乘坐",
            (0x00 | 0x08, _) => "补票",
            (0x05, _) => "优惠乘坐",
            (0x07, _) => "服务台",
            _ => "其他",
        }
    }

    #[must_use]
    pub fn mode_name(&self) -> &'static str {
        match self.mode {
            0x01 => "轨道",
            0x02 => "公交",
            0x04 => "出租",
            0x0A => "铁路",
            0x0E => "云轨",
            0x13 => "换乘",
            0xFF => "商户",
            _ => "其他",
        }
    }
}

/// One journey of 42 bytes or more; none for an empty or short one.
#[must_use]
pub fn trip(bytes: &[u8]) -> Option<Trip> {
    let bytes = bytes.get(..bytes.len().min(usize::from(TRIP_LENGTH))).filter(|bytes| !is_empty(bytes))?;
    Some(Trip {
        kind: *bytes.first()?,
        terminal: hex::encode_upper(bytes.get(1..9)?),
        mode: *bytes.get(9)?,
        line_and_station: hex::encode_upper(bytes.get(10..17)?),
        amount: fen(bytes.get(17..21)?)?,
        balance: fen(bytes.get(21..25)?)?,
        at: bcd::date_time(bytes.get(25..32)?),
        city: hex::encode_upper(bytes.get(32..34)?),
        acquirer: hex::encode_upper(bytes.get(34..42)?),
    })
}

/// Type byte of a log record, by its usual meaning; the counter's own services read 03 as what they gave back.
#[must_use]
pub fn log_kind_name(kind: u8) -> &'static str {
    match kind {
        0x01 | 0x02 => "充值",
        0x03 => "退值",
        0x04 => "取现",
        0x05 | 0x06 => "消费",
        0x07 => "改透支限额",
        0x08 => "信用消费",
        0x09 => "复合消费",
        _ => "其他",
    }
}

fn is_empty(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0x00) || bytes.iter().all(|byte| *byte == 0xFF)
}

fn fen(bytes: &[u8]) -> Option<Fen> {
    Some(Fen(i64::from(u32::from_be_bytes(*bytes.first_chunk::<4>()?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_log_record() {
        let entry = log_entry(&hex::decode("042D000000000001F40930008900034020241229141740").unwrap()).unwrap();
        let record = &entry.record;
        assert_eq!((record.sequence, record.amount, record.kind), (1069, Fen(500), 9));
        assert_eq!((record.terminal.as_str(), entry.issuers_own.as_str()), ("300089000340", "000000"));
        assert_eq!(record.at.unwrap().to_string(), "2024-12-29 14:17:40");
        assert_eq!(entry.signed(), Fen(-500));
        assert_eq!(log_entry(&[0; 23]), None);
        assert_eq!(log_entry(&[0xFF; 23]), None);
        assert_eq!(log_entry(&[1; 22]), None);
    }

    #[test]
    fn a_published_journey() {
        let bytes =
            hex::decode("0400003000890003400108001900300000000001F400000E0120241229141740100001011000FFFFFFFF000000000000").unwrap();
        let trip = trip(&bytes).unwrap();
        assert_eq!((trip.kind, trip.mode, trip.amount, trip.balance), (4, 1, Fen(500), Fen(3585)));
        assert_eq!((trip.kind_name(), trip.mode_name(), trip.begins_journey()), ("出站", "轨道", false));
        assert_eq!((trip.terminal.as_str(), trip.acquirer.as_str()), ("0000300089000340", "01011000FFFFFFFF"));
        assert_eq!((trip.city.as_str(), trip.city_name()), ("1000", Some("北京")));
        assert_eq!(trip.at.unwrap().to_string(), "2024-12-29 14:17:40");
        assert_eq!(super::trip(&[0; 48]), None);
        assert_eq!(super::trip(bytes.get(..41).unwrap()), None);
        assert!(super::trip(bytes.get(..42).unwrap()).is_some());
    }

    proptest::proptest! {
        #[test]
        fn hostile_records_never_panic(bytes: Vec<u8>) {
            if let Some(entry) = log_entry(&bytes) {
                proptest::prop_assert!(entry.record.amount.0 >= 0);
                let _ = entry.signed();
                let _ = log_kind_name(entry.record.kind);
            }
            if let Some(trip) = trip(&bytes) {
                let _ = (trip.city_name(), trip.line_name(), trip.kind_name(), trip.mode_name());
            }
        }
    }
}
