//! How a card family is recognised and read. A family that the counter also writes has a [`Profile`] besides; one that is
//! only shown is a file with the table `show`, and nothing else of the program knows how to write it.

use chrono::NaiveDate;
use desk_domain::{card::CardImage, id::CardNo};
use serde::Deserialize;

use crate::{
    bcd,
    profile::{BalanceRule, LogProfile, Place, Profile, Span, TripProfile},
};

/// How one family is recognised and read; offsets in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub family: String,
    /// For people.
    pub title: String,
    /// The smaller, the earlier it is tried.
    #[serde(default = "last")]
    pub rank: u16,
    /// Name of the application; a card's own name may be longer.
    pub df_name: HexBytes,
    /// Selected by this two-byte identifier instead of its name.
    pub file_id: Option<HexBytes>,
    /// All must hold in the public file: tells families apart that share a name.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// Absent where only the presence of the application can be told.
    pub public: Option<PublicLayout>,
    pub holder_class: Option<Place>,
    pub balance: Option<BalanceLayout>,
    pub log: Option<LogProfile>,
    pub trip: Option<TripProfile>,
    pub holder: Option<HolderLayout>,
}

/// Bytes written as hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HexBytes(pub Vec<u8>);

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map(Self).map_err(serde::de::Error::custom)
    }
}

/// Bytes at a place of the public file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub at: u8,
    pub is: HexBytes,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicLayout {
    pub sfi: u8,
    pub length: u8,
    /// It lies in the master file, and is read before the application is selected.
    #[serde(default)]
    pub in_master_file: bool,
    /// The answer to SELECT holds the same bytes (9F0C).
    #[serde(default)]
    pub in_fci: bool,
    pub number: NumberLayout,
    pub issuer: Option<Span>,
    pub serial: Option<Span>,
    pub city: Option<Span>,
    /// Four bytes BCD.
    pub valid_from: Option<u8>,
    /// Four bytes BCD.
    pub valid_until: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberLayout {
    pub at: u8,
    pub length: u8,
    /// Leading digits that are not part of the number.
    #[serde(default)]
    pub drop_digits: u8,
    #[serde(default)]
    pub form: NumberForm,
    /// The number stands in this file and not in the public one.
    pub file: Option<NumberFile>,
}

/// How the printed number follows from the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberForm {
    /// Two digits a byte.
    #[default]
    Bcd,
    /// One binary number, the first byte the highest.
    BigEndian,
    /// One binary number, the last byte the highest.
    LittleEndian,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberFile {
    pub sfi: u8,
    pub length: u8,
    #[serde(default)]
    pub in_master_file: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceLayout {
    /// The purse lies in this application of the card, and its log too.
    pub application: Option<HexBytes>,
    /// Purse number of GET BALANCE: 1 passbook, 2 purse.
    pub purse: u8,
    pub rule: BalanceRule,
    /// A public record of a card with a known balance agrees with this rule. Otherwise the balance is shown as 未验证.
    pub verified: bool,
    /// What one unit of the card is worth, in fen.
    #[serde(default = "one")]
    pub times: u16,
    /// Taken off after that, in fen: a deposit that counts as balance on the card.
    #[serde(default)]
    pub minus: u32,
}

/// The holder's own data on the card; personal, so read only under a permit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolderLayout {
    pub sfi: u8,
    pub length: u8,
    /// Text in GBK.
    pub name: Span,
}

fn last() -> u16 {
    1000
}

fn one() -> u16 {
    1
}

/// What a family's file tells of one card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicFacts {
    pub image: CardImage,
    pub city: Option<String>,
}

impl Layout {
    /// How a written family is read.
    pub(crate) fn of(profile: &Profile) -> Self {
        let public = &profile.public;
        Self {
            family: profile.family.clone(),
            title: profile.title.clone(),
            rank: profile.rank,
            df_name: HexBytes(profile.df_name.clone()),
            file_id: None,
            when: profile.when.clone(),
            public: Some(PublicLayout {
                sfi: public.sfi,
                length: public.length,
                in_master_file: false,
                in_fci: public.in_fci,
                number: NumberLayout {
                    at: public.number.at,
                    length: public.number.length,
                    drop_digits: public.number.drop_digits,
                    form: NumberForm::Bcd,
                    file: None,
                },
                issuer: Some(public.issuer.clone()),
                serial: Some(public.serial.clone()),
                city: public.city.clone(),
                valid_from: Some(public.valid_from),
                valid_until: Some(public.valid_until),
            }),
            holder_class: Some(profile.holder_class.clone()),
            // A family that is written is one whose issuer has told how.
            balance: profile.purse.as_ref().map(|purse| BalanceLayout {
                application: None,
                purse: purse.purse,
                rule: purse.balance,
                verified: true,
                times: 1,
                minus: 0,
            }),
            log: profile.log.clone(),
            trip: profile.trip.clone(),
            holder: profile.holder.clone(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.family.is_empty() {
            return Err("family is empty");
        }
        if !(5..=16).contains(&self.df_name.0.len()) {
            return Err("df_name must have 5 to 16 bytes");
        }
        if self.file_id.as_ref().is_some_and(|id| id.0.len() != 2) {
            return Err("file_id has 2 bytes");
        }
        let sfi = |sfi: u8| (1..=30).contains(&sfi);
        if let Some(public) = &self.public {
            let fits = |at: u8, length: u8| u16::from(at) + u16::from(length) <= u16::from(public.length);
            let span = |span: &Option<Span>| span.as_ref().is_none_or(|span| fits(span.at, span.length));
            let date = |at: Option<u8>| at.is_none_or(|at| fits(at, 4));
            let number = &public.number;
            if !(number.file.is_some() || fits(number.at, number.length))
                || !span(&public.issuer)
                || !span(&public.serial)
                || !span(&public.city)
                || !date(public.valid_from)
                || !date(public.valid_until)
                || !self.when.iter().all(|when| u8::try_from(when.is.0.len()).is_ok_and(|length| fits(when.at, length)))
                || !self.holder_class.as_ref().is_none_or(|place| place.sfi != public.sfi || fits(place.at, 1))
            {
                return Err("public: a field lies outside the file");
            }
            if let Some(file) = &number.file
                && (!sfi(file.sfi) || u16::from(number.at) + u16::from(number.length) > u16::from(file.length))
            {
                return Err("public.number lies outside its file");
            }
            if number.length == 0 || u16::from(number.drop_digits) >= u16::from(number.length) * 2 {
                return Err("public.number: drop_digits leaves nothing");
            }
            if number.form != NumberForm::Bcd && (number.length > 8 || number.drop_digits != 0) {
                return Err("public.number: a binary number has 1 to 8 bytes and all its digits");
            }
            if public.city.as_ref().is_some_and(|city| city.length != 2) {
                return Err("public.city has 2 bytes");
            }
            if !sfi(public.sfi) {
                return Err("a short file identifier lies outside 1 to 30");
            }
        } else if !self.when.is_empty() || self.balance.is_some() || self.log.is_some() || self.trip.is_some() {
            return Err("without a public file nothing of the card is read");
        }
        if !self.holder_class.as_ref().is_none_or(|place| sfi(place.sfi))
            || !self.log.as_ref().is_none_or(|log| sfi(log.sfi))
            || !self.trip.as_ref().is_none_or(|trip| sfi(trip.sfi))
            || !self.holder.as_ref().is_none_or(|holder| sfi(holder.sfi))
        {
            return Err("a short file identifier lies outside 1 to 30");
        }
        if self.holder.as_ref().is_some_and(|holder| u16::from(holder.name.at) + u16::from(holder.name.length) > u16::from(holder.length)) {
            return Err("holder.name lies outside the file");
        }
        if self.balance.as_ref().is_some_and(|balance| !matches!(balance.purse, 1 | 2) || balance.times == 0) {
            return Err("balance.purse is 1 or 2, balance.times at least 1");
        }
        Ok(())
    }

    /// Whether the file is one of this family.
    #[must_use]
    pub fn fits(&self, file: &[u8]) -> bool {
        self.when.iter().all(|when| {
            let at = usize::from(when.at);
            file.get(at..at + when.is.0.len()) == Some(when.is.0.as_slice())
        })
    }

    /// Reads the public file into what of an image stands in it. None where it is too short or holds no number.
    #[must_use]
    pub fn facts(&self, file: &[u8]) -> Option<PublicFacts> {
        let public = self.public.as_ref()?;
        let number = &public.number;
        let (card_no, blank) = match number.file {
            Some(_) => (CardNo::new(""), false),
            None => number.read(file)?,
        };
        let part = |part: &Span| slice(file, part.at, part.length);
        let mut issuer = match &public.issuer {
            Some(issuer) => part(issuer)?.to_vec(),
            None => Vec::new(),
        };
        issuer.resize(8, 0xFF);
        let serial = match &public.serial {
            Some(serial) => part(serial)?,
            None => &[],
        };
        let date = |at: Option<u8>| -> Option<NaiveDate> { bcd::date(slice(file, at?, 4)?) };
        Some(PublicFacts {
            city: public.city.as_ref().and_then(part).map(hex::encode_upper),
            image: CardImage {
                family: self.family.clone(),
                card_no,
                issuer: hex::encode_upper(issuer),
                serial: hex::encode_upper(serial),
                holder_class: match &self.holder_class {
                    Some(place) if place.sfi == public.sfi => *file.get(usize::from(place.at))?,
                    Some(_) | None => 0,
                },
                valid_from: date(public.valid_from),
                valid_until: date(public.valid_until),
                purse: None,
                blank,
                log: Vec::new(),
                warnings: Vec::new(),
            },
        })
    }
}

impl NumberLayout {
    /// The number, and whether it is that of an unwritten blank. None where the bytes are no number.
    pub(crate) fn read(&self, file: &[u8]) -> Option<(CardNo, bool)> {
        let raw = slice(file, self.at, self.length)?;
        let empty = raw.iter().all(|byte| *byte == 0x00) || raw.iter().all(|byte| *byte == 0xFF);
        let binary = |bytes: &mut dyn Iterator<Item = &u8>| bytes.fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte)).to_string();
        let digits = match self.form {
            NumberForm::Bcd if empty => "0".repeat(raw.len() * 2),
            NumberForm::Bcd => bcd::digits(raw)?,
            NumberForm::BigEndian => binary(&mut raw.iter()),
            NumberForm::LittleEndian => binary(&mut raw.iter().rev()),
        };
        Some((CardNo::new(digits.get(usize::from(self.drop_digits)..)?), empty))
    }
}

fn slice(bytes: &[u8], at: u8, length: u8) -> Option<&[u8]> {
    bytes.get(usize::from(at)..usize::from(at) + usize::from(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(form: NumberForm, bytes: &str) -> Option<String> {
        let bytes = hex::decode(bytes).unwrap();
        let length = u8::try_from(bytes.len()).unwrap();
        let layout = NumberLayout { at: 0, length, drop_digits: 0, form, file: None };
        layout.read(&bytes).map(|(number, _)| number.as_str().to_owned())
    }

    #[test]
    fn numbers_in_every_form() {
        assert_eq!(number(NumberForm::Bcd, "12345678").as_deref(), Some("12345678"));
        assert_eq!(number(NumberForm::Bcd, "1234567A"), None);
        assert_eq!(number(NumberForm::BigEndian, "05060708").as_deref(), Some("84281096"));
        assert_eq!(number(NumberForm::LittleEndian, "05060708").as_deref(), Some("134678021"));
        assert_eq!(number(NumberForm::BigEndian, "FFFFFFFFFFFFFFFF").as_deref(), Some("18446744073709551615"));
        assert_eq!(number(NumberForm::Bcd, "FFFF").as_deref(), Some("0000"));
    }
}
