//! Card families as data: where each keeps its number, validity and purse, and how it is written. Files in `profiles/`.

use std::sync::Arc;

use chrono::NaiveDate;
use desk_domain::{
    card::{CardData, CardImage, HolderName, RefundMethod},
    id::CardNo,
    issuer::CardKeySource,
};
use serde::Deserialize;

use crate::{
    bcd,
    layout::{Condition, HolderLayout, Layout},
};

/// What a profile file says wrongly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("card profile {file}: {what}")]
pub struct ProfileError {
    pub file: String,
    pub what: String,
}

/// The card families that a desk knows. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Profiles(Arc<Families>);

#[derive(Debug, Default)]
struct Families {
    written: Vec<Arc<Profile>>,
    /// Written and shown ones, in the order in which they are tried.
    layouts: Vec<Arc<Layout>>,
    applications: Vec<Application>,
}

/// One way to ask a card for an application; families that share a name share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Application {
    pub df_name: Vec<u8>,
    pub file_id: Option<Vec<u8>>,
    /// File of the master file that must be there before the application is asked for: identifier and length.
    pub before: Option<(u8, u8)>,
}

/// A file of `profiles/`: the table `show` tells a family that is only read.
#[derive(Deserialize)]
struct Kind {
    show: Option<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShownFile {
    show: Layout,
}

/// One card family that the counter writes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub family: String,
    /// For people.
    pub title: String,
    /// Name of the application, hexadecimal digits; a card's own name may be longer.
    #[serde(deserialize_with = "hex_bytes")]
    pub df_name: Vec<u8>,
    /// The smaller, the earlier it is tried.
    #[serde(default = "first")]
    pub rank: u16,
    /// All must hold in the public file: tells families apart that share a name.
    #[serde(default)]
    pub when: Vec<Condition>,
    pub public: PublicFile,
    pub holder_class: Place,
    pub purse: Option<PurseProfile>,
    pub log: Option<LogProfile>,
    pub trip: Option<TripProfile>,
    pub holder: Option<HolderLayout>,
    pub line: Option<LineProfile>,
    pub block: Option<BlockProfile>,
    pub pin: Option<PinProfile>,
}

/// Layout of the public file; offsets in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicFile {
    pub sfi: u8,
    pub length: u8,
    /// The answer to SELECT holds the same bytes (9F0C).
    #[serde(default)]
    pub in_fci: bool,
    pub number: NumberField,
    /// First input of diversification; padded with FF to eight bytes.
    pub issuer: Span,
    /// Second input of diversification.
    pub serial: Span,
    pub city: Option<Span>,
    /// Four bytes BCD.
    pub valid_from: u8,
    /// Four bytes BCD.
    pub valid_until: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberField {
    pub at: u8,
    pub length: u8,
    /// Leading digits that are not part of the number.
    pub drop_digits: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    pub at: u8,
    pub length: u8,
}

/// One byte of a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub sfi: u8,
    pub at: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurseProfile {
    /// Purse number of the commands: 1 passbook, 2 purse.
    pub purse: u8,
    pub balance: BalanceRule,
    pub refund_method: RefundMethod,
    pub load_key: u8,
    pub purchase_key: u8,
    pub unload_key: Option<u8>,
    /// Purse number that INITIALIZE FOR UNLOAD wants; the usual 1 is the passbook.
    pub unload_purse: Option<u8>,
}

/// What GET BALANCE answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BalanceRule {
    /// The purse alone.
    Plain,
    /// Usable money with an overdraft limit in it; P1 = 01, 02, 03 tell the parts where the card knows them.
    WithOverdraft,
    /// Electronic cash: GET DATA 9F79, twelve digits.
    Cash,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogProfile {
    pub sfi: u8,
    pub records: u8,
}

/// File of journeys, record 1 the newest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TripProfile {
    pub sfi: u8,
    #[serde(default = "thirty")]
    pub records: u8,
}

/// What may be written into the public file under the maintenance key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineProfile {
    /// Bytes of challenge: 4 or 8.
    pub challenge: u8,
    pub validity: bool,
    pub personalise: bool,
    #[serde(default)]
    pub holder_class: bool,
    /// The name in the holder's file.
    #[serde(default)]
    pub holder: bool,
}

/// The card's own PIN.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinProfile {
    /// Number of the PIN in VERIFY.
    pub id: u8,
    /// Bytes of challenge for PIN UNBLOCK: 4 or 8.
    pub challenge: u8,
}

/// How the application is put out of use, under the maintenance key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockProfile {
    /// Bytes of challenge: 4 or 8.
    pub challenge: u8,
}

/// One write into the public file, or into the holder's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineWrite {
    pub offset: u8,
    pub data: Vec<u8>,
    pub what: LinePurpose,
}

/// What a protected write is for, so that the key service's caller can hold it against the reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinePurpose {
    ValidUntil(NaiveDate),
    Dates {
        from: NaiveDate,
        until: NaiveDate,
    },
    HolderClass(u8),
    /// The last write of a personalising: it makes a card of a blank.
    Number(CardNo),
    /// The name in the holder's file.
    Holder(HolderName),
}

fn hex_bytes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    hex::decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn thirty() -> u8 {
    30
}

fn first() -> u16 {
    10
}

/// Every file of `profiles/`.
pub const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/profiles.rs"));

impl Profiles {
    /// Reads profiles from (file name, TOML text).
    ///
    /// # Errors
    /// [`ProfileError`] names the file and what is wrong in it.
    pub fn load<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ProfileError> {
        let mut families = Families::default();
        for (file, text) in texts {
            let wrong = |what: String| ProfileError { file: file.to_owned(), what };
            let kind: Kind = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
            let layout = if kind.show.is_some() {
                toml::from_str::<ShownFile>(text).map_err(|error| wrong(error.to_string()))?.show
            } else {
                let profile: Profile = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
                profile.check().map_err(|what| wrong(what.to_owned()))?;
                let layout = Layout::of(&profile);
                families.written.push(Arc::new(profile));
                layout
            };
            layout.check().map_err(|what| wrong(what.to_owned()))?;
            if families.layouts.iter().any(|known| known.family == layout.family) {
                return Err(wrong(format!("family {} stands twice", layout.family)));
            }
            if families.layouts.iter().any(|known| known.df_name == layout.df_name && known.when == layout.when) {
                return Err(wrong("another family has the same df_name and the same conditions".to_owned()));
            }
            families.layouts.push(Arc::new(layout));
        }
        families.layouts.sort_by_key(|layout| (layout.rank, layout.df_name.0.len()));
        for layout in &families.layouts {
            let application = Application {
                df_name: layout.df_name.0.clone(),
                file_id: layout.file_id.as_ref().map(|id| id.0.clone()),
                before: layout.public.as_ref().filter(|public| public.in_master_file).map(|public| (public.sfi, public.length)),
            };
            // A card answers to the beginning of its name, so a longer name needs no question of its own.
            let asked = |known: &Application| {
                known == &application
                    || (application.file_id.is_none() && known.file_id.is_none() && application.df_name.starts_with(&known.df_name))
            };
            if !families.applications.iter().any(asked) {
                families.applications.push(application);
            }
        }
        Ok(Self(Arc::new(families)))
    }

    /// The families that ship with the program.
    ///
    /// # Errors
    /// [`ProfileError`]; a test keeps the shipped files free of it.
    pub fn built_in() -> Result<Self, ProfileError> {
        Self::load(SHIPPED.iter().copied())
    }

    /// A family that the counter writes.
    #[must_use]
    pub fn find(&self, family: &str) -> Option<&Profile> {
        self.0.written.iter().find(|profile| profile.family == family).map(AsRef::as_ref)
    }

    pub(crate) fn shared(&self, family: &str) -> Option<Arc<Profile>> {
        self.0.written.iter().find(|profile| profile.family == family).cloned()
    }

    /// Families that the counter can put out of use.
    pub(crate) fn blockable(&self) -> Vec<Arc<Profile>> {
        self.0.written.iter().filter(|profile| profile.block.is_some()).cloned().collect()
    }

    /// How any family is read.
    #[must_use]
    pub fn layout(&self, family: &str) -> Option<&Layout> {
        self.0.layouts.iter().find(|layout| layout.family == family).map(AsRef::as_ref)
    }

    /// All families, in the order in which they are tried.
    pub fn layouts(&self) -> impl Iterator<Item = &Layout> {
        self.0.layouts.iter().map(AsRef::as_ref)
    }

    /// Applications to ask for, in order.
    pub(crate) fn application(&self, attempt: usize) -> Option<&Application> {
        self.0.applications.get(attempt)
    }

    /// The families that an application may be, the most particular first: the longest name, then the most conditions.
    pub(crate) fn of_application(&self, asked: &Application, name: Option<&[u8]>) -> Vec<Arc<Layout>> {
        let by_name = |name: &[u8]| -> Vec<Arc<Layout>> {
            let mut found: Vec<_> =
                self.0.layouts.iter().filter(|layout| layout.file_id.is_none() && name.starts_with(&layout.df_name.0)).cloned().collect();
            found.sort_by_key(|layout| std::cmp::Reverse((layout.df_name.0.len(), layout.when.len())));
            found
        };
        if asked.file_id.is_some() {
            let of_file = |layout: &Arc<Layout>| layout.file_id.as_ref().map(|id| &id.0) == asked.file_id.as_ref();
            return self.0.layouts.iter().filter(|layout| of_file(layout)).cloned().collect();
        }
        let found = by_name(name.unwrap_or(&asked.df_name));
        if found.is_empty() { by_name(&asked.df_name) } else { found }
    }
}

impl Profile {
    fn check(&self) -> Result<(), &'static str> {
        if self.family.is_empty() {
            return Err("family is empty");
        }
        if !(5..=16).contains(&self.df_name.len()) {
            return Err("df_name must have 5 to 16 bytes");
        }
        let public = &self.public;
        let fits = |at: u8, length: u8| u16::from(at) + u16::from(length) <= u16::from(public.length);
        if !fits(public.number.at, public.number.length)
            || !fits(public.issuer.at, public.issuer.length)
            || !fits(public.serial.at, public.serial.length)
            || !fits(public.valid_from, 4)
            || !fits(public.valid_until, 4)
            || (self.holder_class.sfi == public.sfi && !fits(self.holder_class.at, 1))
        {
            return Err("public: a field lies outside the file");
        }
        if public.serial.length != 8 || !(1..=8).contains(&public.issuer.length) {
            return Err("public: serial has 8 bytes, issuer 1 to 8");
        }
        if u16::from(public.number.drop_digits) >= u16::from(public.number.length) * 2 {
            return Err("public.number: drop_digits leaves nothing");
        }
        let sfi = |sfi: u8| (1..=30).contains(&sfi);
        if !sfi(public.sfi)
            || !sfi(self.holder_class.sfi)
            || !self.log.as_ref().is_none_or(|log| sfi(log.sfi))
            || !self.trip.as_ref().is_none_or(|trip| sfi(trip.sfi))
        {
            return Err("a short file identifier lies outside 1 to 30");
        }
        if let Some(purse) = &self.purse {
            if !matches!(purse.purse, 1 | 2) {
                return Err("purse.purse is 1 or 2");
            }
            let unload = purse.unload_key.is_some() && purse.unload_purse.is_some();
            if unload != (purse.refund_method == RefundMethod::Unload) {
                return Err("purse: unload_key and unload_purse belong to refund_method unload");
            }
        }
        if self.block.as_ref().is_some_and(|block| !matches!(block.challenge, 4 | 8)) {
            return Err("block.challenge is 4 or 8");
        }
        if self.pin.as_ref().is_some_and(|pin| !matches!(pin.challenge, 4 | 8)) {
            return Err("pin.challenge is 4 or 8");
        }
        if let Some(line) = &self.line {
            if line.holder && self.holder.is_none() {
                return Err("line.holder needs the holder's file");
            }
            if !matches!(line.challenge, 4 | 8) {
                return Err("line.challenge is 4 or 8");
            }
            if line.personalise && self.holder_class.sfi != public.sfi {
                return Err("line.personalise needs the holder class in the public file");
            }
            if line.personalise && !public.number.drop_digits.is_multiple_of(2) {
                return Err("line.personalise needs a number of whole bytes");
            }
        }
        Ok(())
    }

    /// The write that moves the end of validity; none where the family has no such write.
    #[must_use]
    pub fn validity_write(&self, until: NaiveDate) -> Option<LineWrite> {
        self.line.as_ref().filter(|line| line.validity)?;
        Some(LineWrite { offset: self.public.valid_until, data: bcd::pack_date(until)?, what: LinePurpose::ValidUntil(until) })
    }

    /// The write that changes the holder class; none where the class does not stand in a file that a counter writes.
    #[must_use]
    pub fn class_write(&self, class: u8) -> Option<LineWrite> {
        self.line.as_ref().filter(|line| line.holder_class && self.holder_class.sfi == self.public.sfi)?;
        Some(LineWrite { offset: self.holder_class.at, data: vec![class], what: LinePurpose::HolderClass(class) })
    }

    /// The write of a name into the holder's file, filled up with zeros; none where it does not fit, is empty or has a
    /// character that GBK lacks.
    #[must_use]
    pub fn holder_write(&self, name: &HolderName) -> Option<LineWrite> {
        self.line.as_ref().filter(|line| line.holder)?;
        let field = &self.holder.as_ref()?.name;
        let (text, _, lacking) = encoding_rs::GBK.encode(&name.0);
        if lacking || text.is_empty() || text.len() > usize::from(field.length) {
            return None;
        }
        let mut data = text.into_owned();
        data.resize(usize::from(field.length), 0x00);
        Some(LineWrite { offset: field.at, data, what: LinePurpose::Holder(name.clone()) })
    }

    /// The writes that make a card of a blank, the number last: until it stands there the card is still a blank. None
    /// where the family is not written at a counter or the data do not fit.
    #[must_use]
    pub fn personalise_writes(&self, data: &CardData) -> Option<Vec<LineWrite>> {
        self.line.as_ref().filter(|line| line.personalise)?;
        let public = &self.public;
        let number = bcd::pack(data.card_no.as_str())
            .filter(|number| number.len() == usize::from(public.number.length))
            .filter(|number| number.iter().any(|byte| *byte != 0))?;
        let from = bcd::pack_date(data.valid_from)?;
        let until = bcd::pack_date(data.valid_until)?;
        let mut writes = if public.valid_until == public.valid_from + 4 {
            vec![LineWrite {
                offset: public.valid_from,
                data: [from, until].concat(),
                what: LinePurpose::Dates { from: data.valid_from, until: data.valid_until },
            }]
        } else {
            return None;
        };
        writes.push(LineWrite {
            offset: self.holder_class.at,
            data: vec![data.holder_class],
            what: LinePurpose::HolderClass(data.holder_class),
        });
        writes.push(LineWrite { offset: public.number.at, data: number, what: LinePurpose::Number(data.card_no.clone()) });
        Some(writes)
    }

    /// Recognises a protected command that this family's transactions send. Anything else is none, and gets no MAC.
    #[must_use]
    pub fn recognise(&self, header: [u8; 5], data: &[u8]) -> Option<LinePurpose> {
        let line = self.line.as_ref()?;
        let public = &self.public;
        let [0x04, 0xD6, p1, offset, length] = header else {
            return None;
        };
        if let Some(holder) = self.holder.as_ref().filter(|holder| line.holder && p1 == 0x80 | holder.sfi) {
            let whole = offset == holder.name.at && data.len() == usize::from(holder.name.length) && usize::from(length) == data.len() + 4;
            let name = HolderName(crate::holder::text(data));
            return (whole && self.holder_write(&name)?.data == data).then_some(LinePurpose::Holder(name));
        }
        if p1 != 0x80 | public.sfi || usize::from(length) != data.len().checked_add(4)? {
            return None;
        }
        if line.validity && offset == public.valid_until && data.len() == 4 {
            return bcd::date(data).map(LinePurpose::ValidUntil);
        }
        if (line.personalise || line.holder_class)
            && offset == self.holder_class.at
            && let &[class] = data
        {
            return Some(LinePurpose::HolderClass(class));
        }
        if !line.personalise {
            return None;
        }
        if offset == public.valid_from && data.len() == 8 {
            return Some(LinePurpose::Dates { from: bcd::date(data)?, until: bcd::date(data.get(4..)?)? });
        }
        if offset == public.number.at && data.len() == usize::from(public.number.length) {
            return bcd::digits(data).map(|digits| LinePurpose::Number(CardNo(digits)));
        }
        None
    }

    /// Reads the public file into what of an image stands in it. None where it is no card of this family.
    pub(crate) fn image(&self, file: &[u8]) -> Option<CardImage> {
        let layout = Layout::of(self);
        layout.facts(file).filter(|_| layout.fits(file)).map(|facts| facts.image)
    }
}

/// Names a card towards the key service.
#[must_use]
pub fn key_source(image: &CardImage) -> CardKeySource {
    CardKeySource {
        family: image.family.clone(),
        card_no: image.card_no.clone(),
        issuer: image.issuer.clone(),
        serial: image.serial.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_profiles_load() {
        let profiles = Profiles::built_in().unwrap();
        assert_eq!(profiles.find("tunion-purchase").unwrap().purse.as_ref().unwrap().refund_method, RefundMethod::PurchaseOfRest);
        assert!(profiles.find("nothing").is_none());
    }

    #[test]
    fn the_most_particular_family_stands_first() {
        let profiles = Profiles::built_in().unwrap();
        let asked = profiles.application(0).unwrap();
        let families = |name: &str| -> Vec<String> {
            profiles.of_application(asked, Some(&hex::decode(name).unwrap())).iter().map(|layout| layout.family.clone()).collect()
        };
        assert_eq!(families("A000000632010105"), ["tunion-unload", "tunion"]);
        assert_eq!(families("A00000063201010599990002").first().map(String::as_str), Some("tunion-purchase"));
        assert_eq!(families("A000000632010105100091560000"), ["tunion-unload", "tunion"], "a city's longer name");
    }

    #[test]
    fn errors_name_the_file_and_the_place() {
        let text = include_str!("../profiles/education.toml");
        let load = |text: &str| Profiles::load([("x.toml", text)]).unwrap_err();
        let error = load(&text.replace("sfi = 0x15", "sfi = \"a\""));
        assert_eq!(error.file, "x.toml");
        assert!(error.what.contains("line"), "{}", error.what);
        assert!(load(&text.replace("valid_until = 24", "valid_until = 27")).what.contains("outside"));
        assert!(load(&text.replace("challenge = 4", "challenge = 5")).what.contains("challenge"));
        assert!(load(&text.replace("family =", "famly =")).what.contains("famly"));
        assert!(Profiles::load([("a", text), ("b", text)]).unwrap_err().what.contains("twice"));
    }

    #[test]
    fn only_the_counters_own_writes_are_recognised() {
        let profiles = Profiles::built_in().unwrap();
        let education = profiles.find("education").unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
        let data = CardData { card_no: CardNo::new("2150999000000123"), holder_class: 2, valid_from: day, valid_until: day };
        let mut writes = education.personalise_writes(&data).unwrap();
        writes.push(education.validity_write(day).unwrap());
        for write in writes {
            let header = crate::apdu::update_binary_header(0x15, write.offset, &write.data).unwrap();
            assert_eq!(education.recognise(header, &write.data), Some(write.what));
        }
        let refused = |header: [u8; 5], data: &[u8]| education.recognise(header, data).is_none();
        assert!(refused([0x84, 0x1E, 0x00, 0x00, 0x04], &[]));
        assert!(refused([0x04, 0xD6, 0x95, 12, 12], &[1; 8]));
        assert!(refused([0x04, 0xD6, 0x95, 24, 9], &[0x20, 0x26, 0x11, 0x30]));
        assert!(refused([0x04, 0xD6, 0x96, 24, 8], &[0x20, 0x26, 0x11, 0x30]));
        let other = profiles.find("tunion-unload").unwrap();
        assert!(other.validity_write(day).is_none());
        assert!(other.recognise([0x04, 0xD6, 0x95, 24, 8], &[0x20, 0x26, 0x11, 0x30]).is_none());
    }
}
