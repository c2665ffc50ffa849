//! From the states of readers to what the desk sees: one card, none, several, a mute one, no reader, no service.

use std::ffi::CString;

use desk_card::link::Presence;
use pcsc::State;

/// State of one of the desk's readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReaderSight {
    pub name: CString,
    pub field: Field,
    /// Steps with every insertion and removal, so that a quick swap of equal cards is a change.
    pub events: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    /// The reader is listed but cannot be used (unplugged this moment, taken by the system).
    Unusable,
    Empty,
    Mute,
    Card {
        atr: Vec<u8>,
    },
}

impl Field {
    pub(crate) fn of(state: State, atr: &[u8]) -> Self {
        if state.intersects(State::UNKNOWN | State::UNAVAILABLE | State::IGNORE) {
            Self::Unusable
        } else if !state.contains(State::PRESENT) {
            Self::Empty
        } else if state.contains(State::MUTE) || atr.is_empty() {
            Self::Mute
        } else {
            Self::Card { atr: atr.to_vec() }
        }
    }
}

/// What the watch last saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sight {
    NoService,
    Readers(Vec<ReaderSight>),
}

impl Sight {
    /// A card on more than one of the desk's readers is `Several`: which of them is meant nobody can tell.
    pub(crate) fn presence(&self) -> Presence {
        let Self::Readers(readers) = self else {
            return Presence::NoService;
        };
        let mut cards = readers.iter().filter_map(card_of);
        match (cards.next(), cards.next()) {
            (Some(_), Some(_)) => return Presence::Several,
            (Some((_, atr)), None) => return Presence::Card { atr: atr.to_vec() },
            (None, _) => {}
        }
        if readers.iter().any(|reader| reader.field == Field::Mute) {
            Presence::Mute
        } else if readers.iter().any(|reader| reader.field == Field::Empty) {
            Presence::Empty
        } else {
            Presence::NoReader
        }
    }

    /// The reader that holds the one card.
    pub(crate) fn card(&self) -> Option<&CString> {
        let Self::Readers(readers) = self else {
            return None;
        };
        let mut cards = readers.iter().filter_map(card_of);
        match (cards.next(), cards.next()) {
            (Some((name, _)), None) => Some(name),
            (Some(_), Some(_)) | (None, _) => None,
        }
    }
}

fn card_of(reader: &ReaderSight) -> Option<(&CString, &[u8])> {
    match &reader.field {
        Field::Card { atr } => Some((&reader.name, atr)),
        Field::Unusable | Field::Empty | Field::Mute => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATR: &[u8] = &[0x3B, 0x80, 0x80, 0x01, 0x01];

    fn sight(fields: &[Field]) -> Sight {
        Sight::Readers(
            fields
                .iter()
                .enumerate()
                .map(|(index, field)| ReaderSight {
                    name: CString::new(format!("reader {index}")).unwrap(),
                    field: field.clone(),
                    events: 0,
                })
                .collect(),
        )
    }

    fn card() -> Field {
        Field::Card { atr: ATR.to_vec() }
    }

    #[test]
    fn states_of_one_reader() {
        for (state, atr, field) in [
            (State::EMPTY, &[][..], Field::Empty),
            (State::EMPTY | State::CHANGED, &[][..], Field::Empty),
            (State::PRESENT | State::CHANGED, ATR, card()),
            (State::PRESENT | State::INUSE | State::EXCLUSIVE, ATR, card()),
            (State::PRESENT | State::MUTE, &[][..], Field::Mute),
            (State::PRESENT | State::MUTE, ATR, Field::Mute),
            (State::PRESENT, &[][..], Field::Mute),
            (State::UNKNOWN | State::CHANGED | State::IGNORE, &[][..], Field::Unusable),
            (State::UNAVAILABLE | State::CHANGED, &[][..], Field::Unusable),
        ] {
            assert_eq!(Field::of(state, atr), field, "{state:?}");
        }
    }

    #[test]
    fn presence_over_all_readers() {
        let atr = ATR.to_vec();
        for (fields, presence) in [
            (vec![], Presence::NoReader),
            (vec![Field::Unusable], Presence::NoReader),
            (vec![Field::Unusable, Field::Empty], Presence::Empty),
            (vec![Field::Empty, card()], Presence::Card { atr: atr.clone() }),
            (vec![Field::Mute, card()], Presence::Card { atr }),
            (vec![Field::Empty, Field::Mute], Presence::Mute),
            (vec![card(), Field::Empty, card()], Presence::Several),
        ] {
            assert_eq!(sight(&fields).presence(), presence, "{fields:?}");
        }
        assert_eq!(Sight::NoService.presence(), Presence::NoService);
    }

    #[test]
    fn only_a_single_card_is_chosen() {
        let one = sight(&[Field::Empty, card()]);
        assert_eq!(one.card().unwrap().to_str().unwrap(), "reader 1");
        assert!(sight(&[card(), card()]).card().is_none());
        assert!(sight(&[Field::Empty, Field::Mute]).card().is_none());
        assert!(Sight::NoService.card().is_none());
    }
}
