//! A recording as JSON. First it is read as a card would be; what no family explains is taken apart by command.

use desk_card::{
    LookAtCard,
    balance::{ShownBalance, four_bytes},
    code::{Code, Message},
    link::Answer,
    profile::Profiles,
    read::Journeys,
    record::{self, LogEntry, Trip},
    sight::{CardSight, Unread},
    tables, tlv,
    transaction::{Reply, Step, Transaction},
};
use serde_json::{Map, Value, json};

use crate::{
    card::{Nothing, invalid},
    recorded::{LooseFile, RecordedCard, Recording},
};

/// # Errors
/// Where nothing in the recording could be decoded: `TranscriptInvalid`, or why the card could not be read.
pub fn decode(profiles: &Profiles, recording: &Recording) -> Result<Value, Nothing> {
    let mut object = match look(profiles, recording) {
        Ok(sight) => of_sight(&sight),
        // Of some families nothing but their presence can be told (a citizen's social-security card).
        Err(Unread { present: Some((family, title)), .. }) if only_present(profiles, &family) => {
            let mut object = blank(Some(&family));
            put(&mut object, "title", json!(title));
            warn(&mut object, &Message::new(Code::CardForeign));
            object
        }
        Err(unread) => {
            let apart = taken_apart(recording);
            let loose = !recording.files.is_empty() || !recording.log.is_empty() || !recording.trips.is_empty();
            if apart.is_none() && !loose {
                return Err(nothing(&unread));
            }
            let mut object = apart.unwrap_or_else(|| blank(None));
            if !recording.exchanges.is_empty() {
                warn(&mut object, &unread.end.0);
                put(&mut object, "seen", seen(&unread));
            }
            object
        }
    };
    extend(&mut object, "records", recording.log.iter().filter_map(|bytes| record::log_entry(bytes)).map(|entry| of_log(&entry)));
    extend(&mut object, "trips", recording.trips.iter().filter_map(|bytes| record::trip(bytes)).map(|trip| of_trip(&trip)));
    if !recording.files.is_empty() {
        let files: Vec<_> = recording.files.iter().map(|file| of_file(profiles, file)).collect();
        put(&mut object, "files", Value::Array(files));
    }
    for message in &recording.warnings {
        warn(&mut object, message);
    }
    Ok(object)
}

fn only_present(profiles: &Profiles, family: &str) -> bool {
    profiles.layout(family).is_some_and(|layout| layout.public.is_none())
}

fn look(profiles: &Profiles, recording: &Recording) -> Result<CardSight, Unread> {
    let mut card = RecordedCard::new(&recording.exchanges);
    let mut look = LookAtCard::new(profiles, Journeys::All);
    let mut reply = Reply::Begin;
    loop {
        reply = match look.step(reply) {
            Step::Send(command) => Reply::Card(Answer::Response(card.answer(&command))),
            // A look asks nobody; the machine ends at the refusal.
            Step::AskIssuer(_) => Reply::IssuerRefused(Message::new(Code::Internal)),
            Step::Done(end) => return end,
        };
    }
}

/// Nothing was decoded: an unknown card says what it was asked, anything else why it ended.
pub fn nothing(unread: &Unread) -> Nothing {
    let message = if unread.end.code() == Code::CardMute { invalid("没有一条应答") } else { unread.end.0.clone() };
    Nothing { message, seen: Some(seen(unread)) }
}

fn seen(unread: &Unread) -> Value {
    let tried: Vec<_> =
        unread.tried.iter().map(|tried| json!({ "application": tried.name, "sw": format!("{:04X}", tried.sw.0) })).collect();
    json!({
        "family": unread.present.as_ref().map(|(family, _)| family),
        "title": unread.present.as_ref().map(|(_, title)| title),
        "tried": tried,
    })
}

fn blank(family: Option<&str>) -> Value {
    json!({
        "family": family, "title": null, "card_number": null, "issuer": null, "city": null,
        "valid_from": null, "valid_to": null, "balances": null, "balance_fen": null, "balance_verified": null,
        "records": [], "trips": [], "warnings": [],
    })
}

/// The object that `decode` and `read` print.
pub fn of_sight(sight: &CardSight) -> Value {
    let image = &sight.image;
    let mut object = blank(Some(&image.family));
    put(&mut object, "title", json!(sight.title));
    put(&mut object, "card_number", json!((!image.card_no.as_str().is_empty()).then(|| image.card_no.as_str())));
    // A family that keeps no issuer in its file has filler here.
    put(&mut object, "issuer", json!((image.issuer != "FFFFFFFFFFFFFFFF").then_some(&image.issuer)));
    put(&mut object, "city", sight.city.as_ref().map_or(Value::Null, |code| json!({ "code": code, "name": sight.city_name() })));
    put(&mut object, "valid_from", json!(image.valid_from.map(|day| day.to_string())));
    put(&mut object, "valid_to", json!(image.valid_until.map(|day| day.to_string())));
    put(&mut object, "holder_class", json!(image.holder_class));
    if let Some(balance) = &sight.balance {
        put_balance(&mut object, balance);
    }
    if let Some(purse) = &image.purse {
        put(&mut object, "counters", json!({ "online": purse.online_counter, "offline": purse.offline_counter }));
    }
    extend(&mut object, "records", sight.log.iter().map(of_log));
    extend(&mut object, "trips", sight.trips.iter().map(of_trip));
    for code in image.warnings.iter().chain(&sight.warnings) {
        warn(&mut object, &Message::new(*code));
    }
    object
}

fn put_balance(object: &mut Value, balance: &ShownBalance) {
    let [usable, limit, used, purse] = balance.parts;
    put(object, "balances", json!({ "usable_fen": usable, "overdraft_limit_fen": limit, "overdraft_used_fen": used, "purse_fen": purse }));
    put(object, "balance_fen", json!(balance.amount.0));
    put(object, "balance_verified", json!(balance.verified));
}

fn of_log(entry: &LogEntry) -> Value {
    let record = &entry.record;
    json!({
        "seq": record.sequence,
        "overdraft_or_issuer": entry.issuers_own,
        "amount_fen": record.amount.0,
        "amount_signed_fen": entry.signed().0,
        "type": format!("{:02X}", record.kind),
        "type_name": record::log_kind_name(record.kind),
        "terminal": record.terminal,
        "datetime": record.at.map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string()),
    })
}

fn of_trip(trip: &Trip) -> Value {
    json!({
        "type": format!("{:02X}", trip.kind),
        "type_name": trip.kind_name(),
        "mode": format!("{:02X}", trip.mode),
        "mode_name": trip.mode_name(),
        "terminal": trip.terminal,
        "line_and_station": trip.line_and_station,
        "line_name": trip.line_name(),
        "amount_fen": trip.amount.0,
        "balance_fen": trip.balance.0,
        "datetime": trip.at.map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string()),
        "city": trip.city,
        "city_name": trip.city_name(),
        "acquirer": trip.acquirer,
    })
}

/// Without a family: balances and records say what they are by the command that fetched them.
fn taken_apart(recording: &Recording) -> Option<Value> {
    let mut object = blank(None);
    let mut parts = [None; 4];
    let mut any = false;
    for exchange in &recording.exchanges {
        let Some(data) = exchange.answer.strip_suffix(&[0x90, 0x00]) else {
            continue;
        };
        match *exchange.command.as_slice() {
            [0x80, 0x5C, p1 @ 0..=3, ..] => {
                if let (Some(part), Some(fen)) = (parts.get_mut(usize::from(p1)), four_bytes(data)) {
                    *part = Some(fen);
                    any = true;
                }
            }
            [0x00, 0xB2, _, p2, ..] => {
                let (sfi, before) = (p2 >> 3, any);
                if sfi == 0x18 {
                    any |= extend(&mut object, "records", data.chunks(23).filter_map(record::log_entry).map(|entry| of_log(&entry)));
                } else if sfi == 0x1E {
                    any |= extend(&mut object, "trips", record::trip(data).iter().map(of_trip));
                }
                any |= before;
            }
            _ => {}
        }
    }
    if let Some(usable) = parts[0] {
        let amount = desk_card::money::Fen(i64::from(usable) - i64::from(parts[1].unwrap_or(0)));
        put_balance(&mut object, &ShownBalance { amount, verified: false, parts });
        warn(&mut object, &Message::new(Code::BalanceUnverified));
    }
    any.then_some(object)
}

/// A file of unknown origin: every family that it may be of, and what else is known by its identifier.
fn of_file(profiles: &Profiles, file: &LooseFile) -> Value {
    let mut told = json!({ "command": hex::encode_upper(&file.command) });
    let content = file.content.as_slice();
    match *file.command.as_slice() {
        [_, 0xA4, ..] => put(&mut told, "applications", Value::Array(tlv::find_all(content, 0x61).into_iter().map(application).collect())),
        [0x00, 0xB0, 0x97, ..] => put(&mut told, "kind", card_kind(content)),
        [0x00, 0xB0, p1, ..] if p1 & 0x80 != 0 => put(&mut told, "may_be", Value::Array(may_be(profiles, p1 & 0x1F, content))),
        [0x80, 0x5C, 0x05, ..] => {
            put(&mut told, "usable_fen", json!(four_bytes(content)));
            put(&mut told, "upper_limit_fen", json!(content.get(4..).and_then(four_bytes)));
        }
        [0x80, 0x5C, ..] => put(&mut told, "balance_fen", json!(four_bytes(content))),
        _ => {}
    }
    told
}

fn application(template: &[u8]) -> Value {
    json!({
        "aid": tlv::find(template, 0x4F).map(hex::encode_upper),
        "label": tlv::find(template, 0x50).map(|label| String::from_utf8_lossy(label).into_owned()),
        "priority": tlv::find(template, 0x87).and_then(|value| value.first().copied()),
    })
}

/// File 0x17 of a T-Union card.
fn card_kind(content: &[u8]) -> Value {
    let part = |from: usize, to: usize| content.get(from..to).map(hex::encode_upper);
    json!({
        "country": part(0, 4),
        "province": part(4, 6),
        "city": part(6, 8),
        "city_name": part(6, 8).and_then(|code| tables::city(&code)),
        "interop": part(8, 10),
        "card_kind": part(10, 11),
    })
}

fn may_be(profiles: &Profiles, sfi: u8, content: &[u8]) -> Vec<Value> {
    let fits = |length: u8| usize::from(length) == content.len();
    profiles
        .layouts()
        .filter(|layout| layout.public.as_ref().is_some_and(|public| public.sfi == sfi && fits(public.length)) && layout.fits(content))
        .filter_map(|layout| {
            let facts = layout.facts(content)?;
            let image = facts.image;
            Some(json!({
                "family": image.family,
                "df_name": hex::encode_upper(&layout.df_name.0),
                "card_number": image.card_no.as_str(),
                "issuer": image.issuer,
                "city": facts.city,
                "valid_from": image.valid_from.map(|day| day.to_string()),
                "valid_to": image.valid_until.map(|day| day.to_string()),
            }))
        })
        .collect()
}

fn members(object: &mut Value) -> Option<&mut Map<String, Value>> {
    object.as_object_mut()
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = members(object) {
        object.insert(name.to_owned(), value);
    }
}

/// Appends to a list; true where something came.
fn extend(object: &mut Value, name: &str, items: impl Iterator<Item = Value>) -> bool {
    let Some(list) = members(object).and_then(|object| object.get_mut(name)).and_then(Value::as_array_mut) else {
        return false;
    };
    let before = list.len();
    list.extend(items);
    list.len() > before
}

fn warn(object: &mut Value, message: &Message) {
    let told = json!({ "code": message.code.as_str(), "text": message.text() });
    extend(object, "warnings", std::iter::once(told));
}
