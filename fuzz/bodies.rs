//! What each fuzz target does with its bytes. The ordinary tests replay the corpus through the same functions.

use std::sync::OnceLock;

use chrono::NaiveDate;
use desk_card::{
    LookAtCard, ReadCard, bcd,
    holder::name,
    layout::HolderLayout,
    link::Answer,
    profile::{Profiles, Span},
    read::Journeys,
    record, tlv,
    transaction::{Reply, Step, Transaction},
};
use desk_domain::{document, mrz, normalise, ruleset::NumberFormat};

#[path = "../crates/desk-reader/src/resident/frame.rs"]
mod frame;
#[path = "../crates/desk-reader/src/resident/text.rs"]
mod text;

/// BER-TLV: the first two bytes are the tag that is looked for.
pub fn objects(bytes: &[u8]) {
    let Some((tag, rest)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let tag = u16::from_be_bytes(*tag);
    let all = tlv::find_all(rest, tag);
    assert_eq!(tlv::find(rest, tag), all.first().copied());
    assert!(all.iter().all(|value| value.len() <= rest.len()));
}

/// Read once: an input takes microseconds, the families milliseconds.
fn families() -> Option<&'static Profiles> {
    static FAMILIES: OnceLock<Option<Profiles>> = OnceLock::new();
    FAMILIES.get_or_init(|| Profiles::built_in().ok()).as_ref()
}

/// Log, journeys, dates, holder's name, and the public file of every family.
pub fn records(bytes: &[u8]) {
    if let Some(entry) = record::log_entry(bytes) {
        assert!(entry.record.amount.0 >= 0 && entry.signed().0.abs() == entry.record.amount.0);
        assert!(!record::log_kind_name(entry.record.kind).is_empty());
    }
    if let Some(trip) = record::trip(bytes) {
        assert!(trip.amount.0 >= 0 && trip.balance.0 >= 0 && trip.city.len() == 4);
        assert!(!trip.kind_name().is_empty() && !trip.mode_name().is_empty());
        let _ = (trip.city_name(), trip.line_name());
    }
    if let Some(day) = bcd::date(bytes) {
        assert_eq!(bcd::pack_date(day).as_deref(), bytes.get(..4));
    }
    if let Some(at) = bcd::date_time(bytes) {
        assert_eq!(bcd::pack_date_time(at).as_deref(), bytes.get(..7));
    }
    let holder = HolderLayout { sfi: 0x16, length: 32, name: Span { at: 0, length: 20 } };
    assert!(name(&holder, bytes).chars().count() <= 20);
    if let Some(profiles) = families() {
        for layout in profiles.layouts().filter(|layout| layout.fits(bytes)) {
            if let Some(facts) = layout.facts(bytes) {
                assert!(facts.image.card_no.as_str().bytes().all(|digit| digit.is_ascii_digit()));
            }
        }
    }
}

/// A card that answers what the bytes say: each answer is a length byte and that many bytes; a length of FF is a card that
/// left. Both readings must end.
pub fn reading(bytes: &[u8]) {
    let Some(profiles) = families() else {
        return;
    };
    let mut answers = Answers(bytes);
    let mut look = LookAtCard::new(profiles, Journeys::All);
    drive(&mut look, &mut answers);
    let mut answers = Answers(bytes);
    let mut read = ReadCard::new(profiles);
    drive(&mut read, &mut answers);
}

/// More commands than any reading sends: all files, all records, each with its repeats.
const ENDLESS: u32 = 2000;

fn drive<E>(reading: &mut dyn Transaction<End = E>, answers: &mut Answers<'_>) {
    let mut reply = Reply::Begin;
    for _ in 0..ENDLESS {
        reply = match reading.step(reply) {
            Step::Send(_) => Reply::Card(answers.next()),
            Step::AskIssuer(_) => panic!("a reading asks nobody"),
            Step::Done(_) => return,
        };
    }
    panic!("the reading never ended");
}

struct Answers<'a>(&'a [u8]);

impl Answers<'_> {
    fn next(&mut self) -> Answer {
        let Some((&length, rest)) = self.0.split_first() else {
            return Answer::Response(vec![0x6A, 0x82]);
        };
        if length == 0xFF {
            self.0 = rest;
            return Answer::Lost;
        }
        let (answer, rest) = rest.split_at(usize::from(length).min(rest.len()));
        self.0 = rest;
        Answer::Response(answer.to_vec())
    }
}

/// What a clerk or a scanner types: numbers, zones, dates, names, cards. Whatever passes a check passes it again as it came out.
pub fn typed(bytes: &[u8]) {
    let raw = String::from_utf8_lossy(bytes);
    let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap_or_default();
    let formats = [NumberFormat::ResidentId, NumberFormat::HmtResidence, NumberFormat::ForeignResidence, NumberFormat::TravelDocument];
    for format in formats {
        if let Ok(checked) = document::check(&raw, format, today) {
            assert_eq!(document::check(&checked.number, format, today).map(|again| again.number), Ok(checked.number));
        }
    }
    let _ = document::check_any(&raw, today);
    if let Ok(zone) = mrz::check(&raw, today) {
        let _ = document::travel_kind(&zone.number);
    }
    let name = normalise::name(&raw);
    assert!(normalise::same_name(&name, &name));
    if let Ok(number) = normalise::card_number(&raw) {
        assert_eq!(normalise::card_number(&number), Ok(number));
    }
    let _ = (normalise::count(&raw, "张数"), normalise::date(&raw), normalise::expiry(&raw));
}

/// Bytes of the serial line of a reader of resident cards, and the text that its module deciphers.
pub fn resident(bytes: &[u8]) {
    match frame::receive(bytes) {
        frame::Received::More(missing) => assert!(missing > 0),
        frame::Received::Whole(reply) => {
            assert!(reply.data.len() < bytes.len());
            // Replies carry lengths before the text; it is looked for where the port looks for it.
            let _ = reply.data.get(4..4 + text::LENGTH).and_then(text::decode);
        }
        frame::Received::Garbled => {}
    }
    if let Some(read) = text::decode(bytes) {
        assert!(!read.name.is_empty() && !read.number.is_empty());
    }
}

/// A unit's list: nothing in it is more than the bound, nothing in it is run.
pub fn list(bytes: &[u8]) {
    if let Ok(rows) = desk_intake::list::parse(bytes, desk_intake::list::MOST_ROWS) {
        assert!(!rows.is_empty() && rows.len() <= desk_intake::list::MOST_ROWS);
    }
}

/// A photo with headers that lie: facts or a fault, within the bound of memory.
pub fn photo(bytes: &[u8]) {
    let _ = desk_intake::photo::facts(bytes, 230);
}
