//! Exported journals: what a check finds and what it lets pass.

use chrono::{Duration, TimeZone, Utc};
use desk_domain::{
    id::{OperatorId, OutletId},
    posting::Account,
};
use ed25519_dalek::{Signer, SigningKey};

use super::*;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// A journal of `rows` rows with a head signed for every tenth.
fn lines(rows: u64) -> Vec<Line> {
    let (cell, device) = (CellId::new("demo"), DeviceId::new("D1"));
    let mut made = vec![Line::Journal { format: FORMAT, cell: cell.clone(), device: device.clone(), generation: 2 }];
    let mut heads = Vec::new();
    let mut previous = genesis();
    for sequence in 1..=rows {
        let sealed = format!("payload {sequence}").into_bytes();
        let outlet = OutletId::new("DEMO");
        let till = Account::Till { outlet: outlet.clone(), operator: OperatorId::new("1001") };
        let header = RowHeader {
            cell: cell.clone(),
            device: device.clone(),
            generation: 2,
            sequence,
            at: Utc.with_ymd_and_hms(2026, 11, 24, 2, 0, 0).unwrap() + Duration::seconds(i64::try_from(sequence).unwrap()),
            case: None,
            kind: "float".to_owned(),
            code: None,
            postings: Balanced::transfer(Account::Vault { outlet }, till, Fen(100)),
            payload_hash: payload_hash(&sealed),
            previous,
        };
        previous = header.hash();
        if sequence % 10 == 0 {
            heads.push(Line::Head {
                sequence,
                hash: previous.clone(),
                suite: INTL.to_owned(),
                public_key: hex::encode(key().verifying_key().as_bytes()),
                signature: hex::encode(key().sign(previous.as_bytes()).to_bytes()),
                at: header.at,
            });
        }
        let sealed = (sequence % 7 != 0).then(|| hex::encode(sealed));
        made.push(Line::Row { header, sealed });
    }
    made.extend(heads);
    made
}

fn texts(lines: &[Line]) -> Vec<String> {
    lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect()
}

fn checked(lines: &[String]) -> Result<Sound, Unsound> {
    let mut check = Check::default();
    for line in lines {
        check.line(line)?;
    }
    check.end()
}

#[test]
fn a_sound_journal_is_counted() {
    let sound = checked(&texts(&lines(25))).unwrap();
    assert_eq!((sound.rows, sound.forgotten, sound.heads, sound.unsigned, sound.moved), (25, 3, 2, 5, Fen(2500)));
}

/// Every line left out, every two neighbours changed, and every digit of every text changed, one at a time.
#[test]
fn every_change_is_found() {
    let whole = texts(&lines(20));
    let good = checked(&whole).unwrap();
    let mut changes = 0;
    for at in 0..whole.len() {
        let mut without = whole.clone();
        without.remove(at);
        // The last lines may be missing: rows that nobody signed for, or a head less, are what they are.
        assert_ne!(checked(&without).ok().as_ref(), Some(&good), "line {at} left out");
        changes += 1;
    }
    for at in 0..20 {
        let mut swapped = whole.clone();
        swapped.swap(at, at + 1);
        assert!(checked(&swapped).is_err(), "lines {at} and {} changed places", at + 1);
        changes += 1;
    }
    for (at, line) in whole.iter().enumerate() {
        let digits: Vec<usize> = line.char_indices().filter(|(_, letter)| letter.is_ascii_digit()).map(|(place, _)| place).collect();
        for place in digits {
            let mut bytes = line.clone().into_bytes();
            bytes[place] = if bytes[place] == b'1' { b'2' } else { b'1' };
            let mut changed = whole.clone();
            changed[at] = String::from_utf8(bytes).unwrap();
            // When a head arrived is the centre's word; no device signs it.
            if at > 20 && place > line.find("\"at\"").unwrap() {
                continue;
            }
            assert!(checked(&changed).is_err(), "line {at}, place {place}: {}", changed[at]);
            changes += 1;
        }
    }
    println!("journal export: {changes} changes, each found");
    assert!(changes > 2_000, "{changes}");
}

#[test]
fn what_is_no_journal_is_told_apart_from_a_changed_one() {
    for text in ["", "{}", "[1]", "\u{0}", "{\"row\":{}}", "{\"journal\":{\"format\":2,\"cell\":\"a\",\"device\":\"b\",\"generation\":1}}"]
    {
        assert!(checked(&[text.to_owned()]).unwrap_err().is_unreadable(), "{text}");
    }
    assert!(checked(&[]).unwrap_err().is_unreadable());
    let mut changed = texts(&lines(3));
    changed.remove(2);
    assert!(!checked(&changed).unwrap_err().is_unreadable());
}
