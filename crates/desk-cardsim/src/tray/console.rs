//! The text commands of the tray: one line in, one line out. An answer begins with `ok` or `no`.
//!
//! ```text
//! list                     all cards, what lies where, and the armed faults, as one JSON object
//! show NAME                one card as JSON
//! put NAME [SLOT]          lays the card on the reader (slot 1, or 2 for the second reader), in place of what lay there
//! off [SLOT]               takes the card off (all readers without a slot)
//! tear before|after N      the card leaves the field at the N-th command from now, before or after executing it
//! answer N HEX             at the N-th command from now these bytes arrive instead of the card's answer
//! block NAME HOW           somebody takes the card out of use or back: open, temporary, permanent, card
//! mute on|off              cards put on the reader give no answer to reset
//! slow MS                  every command takes this many milliseconds longer
//! calm                     no faults any more
//! load NAME FEN [TIME]     a kiosk somewhere tops the purse up (at TIME by its clock)
//! quit                     ends the program without an answer; the cards keep what they hold
//! ```

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use chrono::NaiveDateTime;
use desk_card::card::BlockState;
use serde_json::{Value, json};

use super::{FieldCard, Side, Tray};
use crate::{
    kiosk,
    tray::Faults,
    vpcd::{self, Inserted, VirtualCard},
};

/// What the program does after a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Answer(String),
    Quit,
}

/// A tray and the readers that its cards can lie on.
pub struct Console {
    tray: Tray,
    faults: Arc<Faults>,
    /// Port of the first reader; the second listens at the next one.
    port: u16,
    placed: BTreeMap<u8, Placed>,
    /// Ticks until a card may come where another one left: the virtual reader looks every 400 ms, and a swap in between would
    /// hand an open session from one card to the other, which no hand can do.
    settling: u8,
}

/// Length of a tick. Whoever owns the console calls [`Console::tick`] when nothing was said for this long.
pub const TICK: Duration = Duration::from_millis(300);
const SETTLED_AFTER: u8 = 3;
/// The kiosk's clock where nobody tells it the time: the morning of the demonstration day.
const KIOSK_TIME: &str = "2026-11-24T09:30:00";

struct Placed {
    card: Arc<FieldCard>,
    name: String,
    /// None while the reader is away (its service is being restarted).
    inserted: Option<Inserted>,
}

impl Console {
    #[must_use]
    pub fn new(tray: Tray, faults: Arc<Faults>, port: u16) -> Self {
        Self { tray, faults, port, placed: BTreeMap::new(), settling: 0 }
    }

    /// Obeys one line.
    pub fn hear(&mut self, line: &str) -> Heard {
        self.look_after();
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match words.as_slice() {
            ["list"] => Ok(self.list()),
            ["show", name] => self.show(name),
            ["put", name] => self.put(name, "1"),
            ["put", name, slot] => self.put(name, slot),
            ["off"] => {
                self.take_off(|_, _| true);
                Ok(Value::Null)
            }
            ["off", slot] => slot_of(slot).map(|slot| {
                self.take_off(|at, _| at == slot);
                Value::Null
            }),
            ["tear", side, nth] => self.tear(side, nth),
            ["answer", nth, hex] => self.garble(nth, hex),
            ["block", name, how] => self.block(name, how),
            ["mute", "on"] => {
                self.faults.set_mute(true);
                Ok(Value::Null)
            }
            ["mute", "off"] => {
                self.faults.set_mute(false);
                Ok(Value::Null)
            }
            ["slow", milliseconds] => match milliseconds.parse() {
                Ok(milliseconds) => {
                    self.faults.set_slow(milliseconds);
                    Ok(Value::Null)
                }
                Err(_) => Err("milliseconds are a number".to_owned()),
            },
            ["calm"] => {
                self.faults.clear();
                Ok(Value::Null)
            }
            ["load", name, fen] => self.load(name, fen, KIOSK_TIME),
            ["load", name, fen, at] => self.load(name, fen, at),
            ["quit"] => return Heard::Quit,
            [] => Err("nothing said".to_owned()),
            [command, ..] => Err(format!("not understood: {command}")),
        };
        Heard::Answer(match answer {
            Ok(Value::Null) => "ok".to_owned(),
            Ok(value) => format!("ok {value}"),
            Err(why) => format!("no {why}"),
        })
    }

    /// A [`TICK`] has passed.
    pub fn tick(&mut self) {
        self.settling = self.settling.saturating_sub(1);
        self.look_after();
    }

    /// A torn card has left the field; one whose reader went away and came back still lies there.
    fn look_after(&mut self) {
        self.take_off(|_, placed| placed.card.torn());
        for (slot, placed) in &mut self.placed {
            if placed.inserted.as_ref().is_some_and(Inserted::present) {
                continue;
            }
            placed.inserted = None;
            let card: Arc<dyn VirtualCard> = Arc::clone(&placed.card) as _;
            placed.inserted = vpcd::insert(address(self.port, *slot), card).ok();
        }
    }

    fn take_off(&mut self, mut which: impl FnMut(u8, &Placed) -> bool) {
        let before = self.placed.len();
        self.placed.retain(|slot, placed| !which(*slot, placed));
        if self.placed.len() < before {
            self.settling = SETTLED_AFTER;
        }
    }

    fn find(&self, name: &str) -> Result<&Arc<FieldCard>, String> {
        self.tray.card(name).ok_or_else(|| format!("no card of this name: {name}"))
    }

    fn put(&mut self, name: &str, slot: &str) -> Result<Value, String> {
        let slot = slot_of(slot)?;
        let card = Arc::clone(self.find(name)?);
        // The same card cannot lie on two readers, nor two cards on one.
        self.take_off(|at, placed| at == slot || placed.name == name);
        std::thread::sleep(TICK * u32::from(self.settling));
        self.settling = 0;
        card.placed();
        let face: Arc<dyn VirtualCard> = Arc::clone(&card) as _;
        let inserted = vpcd::insert(address(self.port, slot), face).map_err(|error| format!("no reader: {error}"))?;
        self.placed.insert(slot, Placed { card, name: name.to_owned(), inserted: Some(inserted) });
        Ok(Value::Null)
    }

    fn tear(&self, side: &str, nth: &str) -> Result<Value, String> {
        let side = match side {
            "before" => Side::Before,
            "after" => Side::After,
            _ => return Err("before or after".to_owned()),
        };
        match nth.parse() {
            Ok(nth) if nth >= 1 => {
                self.faults.tear(side, nth);
                Ok(Value::Null)
            }
            Ok(_) | Err(_) => Err("commands are counted from 1".to_owned()),
        }
    }

    fn garble(&self, nth: &str, answer: &str) -> Result<Value, String> {
        let answer = hex::decode(answer).map_err(|_| "an answer is hexadecimal digits".to_owned())?;
        match nth.parse() {
            Ok(nth) if nth >= 1 => {
                self.faults.garble(nth, answer);
                Ok(Value::Null)
            }
            Ok(_) | Err(_) => Err("commands are counted from 1".to_owned()),
        }
    }

    fn block(&self, name: &str, how: &str) -> Result<Value, String> {
        let state = match how {
            "open" => BlockState::Open,
            "temporary" => BlockState::Temporary,
            "permanent" => BlockState::Permanent,
            "card" => BlockState::Card,
            _ => return Err("open, temporary, permanent or card".to_owned()),
        };
        self.find(name)?.change(|card| card.set_block(state)).map_err(|error| format!("card not kept: {error}"))?;
        Ok(Value::Null)
    }

    fn load(&self, name: &str, fen: &str, at: &str) -> Result<Value, String> {
        let card = self.find(name)?;
        let fen: u32 = fen.parse().map_err(|_| "fen are a whole number".to_owned())?;
        let at: NaiveDateTime = at.parse().map_err(|_| "times look like 2026-11-24T09:30:00".to_owned())?;
        card.change(|card| kiosk::top_up(card, fen, at))
            .map_err(|error| format!("card not kept: {error}"))?
            .map_err(|refused| format!("the kiosk was refused: {refused}"))?;
        Ok(json!({ "balance_fen": card.facts().balance_fen }))
    }

    fn list(&self) -> Value {
        let cards: Vec<Value> = self.tray.in_order().into_iter().map(|card| self.describe(card)).collect();
        let armed = self.faults.armed().map(|(side, nth)| {
            let side = match side {
                Side::Before => "before",
                Side::After => "after",
            };
            json!({ "side": side, "in_commands": nth })
        });
        json!({
            "cards": cards,
            "tear": armed,
            "mute": self.faults.mute(),
            "slow_ms": self.faults.slow_ms(),
        })
    }

    fn show(&self, name: &str) -> Result<Value, String> {
        self.find(name).map(|card| self.describe(card))
    }

    fn describe(&self, card: &FieldCard) -> Value {
        let row = card.row();
        let slot = self.placed.iter().find(|(_, placed)| placed.name == row.name).map(|(slot, placed)| (*slot, placed.inserted.is_some()));
        json!({
            "name": row.name,
            "family": row.family,
            "facts": card.facts(),
            "slot": slot.map(|(slot, _)| slot),
            "reader_there": slot.map(|(_, there)| there),
            "torn": card.torn(),
            "commands": card.commands(),
        })
    }
}

fn slot_of(text: &str) -> Result<u8, String> {
    match text {
        "1" => Ok(1),
        "2" => Ok(2),
        _ => Err("slots are 1 and 2".to_owned()),
    }
}

fn address(port: u16, slot: u8) -> SocketAddr {
    let port = port.saturating_add(u16::from(slot.saturating_sub(1)));
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
