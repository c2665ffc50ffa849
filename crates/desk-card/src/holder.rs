//! The holder's own data on a card. They are personal: nobody reads them without a permit, and a permit comes only from an
//! identity check.

use std::sync::Arc;

use desk_domain::{
    card::{CardImage, HolderPermit},
    code::{Code, Message},
};

use crate::{
    apdu::{self, Response},
    flow::{Act, Event, Flow, Wired},
    layout::{HolderLayout, Layout},
    profile::Profiles,
    purse::same_card,
    read::{Depth, ReadEnd, Reading},
    transaction::{Reply, Step, Transaction},
};

/// What the holder's file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderFile {
    /// As written by the issuer, without filler; empty where none stands there.
    pub name: String,
}

/// Reads the holder's file of the card that was read before.
///
/// Ends with `WrongCard` where another card lies there, `ProfileMismatch` where the family has no such file, `CardRefused`
/// where the card keeps it to itself, and with whatever ends a reading.
pub struct ReadHolder(Wired<Flowing>);

impl ReadHolder {
    #[must_use]
    pub fn new(profiles: &Profiles, card: &CardImage, _permit: HolderPermit) -> Self {
        let layout = profiles.layout(&card.family).cloned().map(Arc::new);
        let reading = Reading::new(profiles, Depth::Identity);
        Self(Wired::new(Flowing { card: card.clone(), layout, at: At::Reading(reading) }))
    }
}

impl Transaction for ReadHolder {
    type End = Result<HolderFile, ReadEnd>;

    fn step(&mut self, reply: Reply) -> Step<Self::End> {
        self.0.step(reply)
    }
}

struct Flowing {
    card: CardImage,
    layout: Option<Arc<Layout>>,
    at: At,
}

enum At {
    Reading(Reading),
    File(HolderLayout),
    Over,
}

type End = Result<HolderFile, ReadEnd>;

fn ends(message: Message) -> Act<End> {
    Act::Done(Err(ReadEnd(message)))
}

impl Flowing {
    fn read(&mut self, read: Result<CardImage, ReadEnd>) -> Act<End> {
        match read {
            Err(end) => Act::Done(Err(end)),
            Ok(seen) if !same_card(&self.card, &seen) => {
                ends(Message::new(Code::WrongCard).with("a", self.card.card_no.tail()).with("b", seen.card_no.tail()))
            }
            Ok(_) => match self.layout.as_ref().and_then(|layout| layout.holder.clone()) {
                None => ends(Message::new(Code::ProfileMismatch)),
                Some(holder) => {
                    let command = apdu::read_binary(holder.sfi, holder.length);
                    self.at = At::File(holder);
                    Act::Send(command)
                }
            },
        }
    }
}

fn parse(holder: &HolderLayout, response: &Response) -> End {
    if !response.sw.is_ok() {
        return Err(ReadEnd(response.sw.refusal()));
    }
    Ok(HolderFile { name: name(holder, &response.data) })
}

/// Text in GBK up to the first filler; what is no GBK is shown as a replacement mark, never guessed.
#[must_use]
pub fn name(holder: &HolderLayout, file: &[u8]) -> String {
    let field = file.iter().skip(usize::from(holder.name.at)).take(usize::from(holder.name.length));
    text(&field.copied().collect::<Vec<u8>>())
}

pub(crate) fn text(field: &[u8]) -> String {
    let text: Vec<u8> = field.iter().copied().take_while(|byte| !matches!(byte, 0x00 | 0xFF)).collect();
    encoding_rs::GBK.decode_without_bom_handling(&text).0.trim().to_owned()
}

impl Flow for Flowing {
    type End = End;

    fn next(&mut self, event: Event) -> Act<End> {
        match (std::mem::replace(&mut self.at, At::Over), event) {
            (At::Reading(mut reading), event) => match reading.next(event) {
                Act::Done(read) => self.read(read),
                Act::Send(command) => {
                    self.at = At::Reading(reading);
                    Act::Send(command)
                }
                Act::Ask(_) => ends(Message::new(Code::CardPulled)),
            },
            (At::File(holder), Event::Card(response)) => Act::Done(parse(&holder, &response)),
            (At::File(_) | At::Over, _) => ends(Message::new(Code::CardPulled)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Span;

    fn layout() -> HolderLayout {
        HolderLayout { sfi: 0x16, length: 32, name: Span { at: 0, length: 20 } }
    }

    #[test]
    fn a_name_in_gbk_with_filler() {
        let mut file = vec![0xCD, 0xF5, 0xD2, 0xBB];
        file.resize(32, 0x00);
        assert_eq!(name(&layout(), &file), "王一");
        assert_eq!(name(&layout(), &[0xFF; 32]), "");
        assert_eq!(name(&layout(), b"WANG YI  "), "WANG YI");
        assert_eq!(name(&layout(), &[0x81]), "\u{FFFD}");
    }

    proptest::proptest! {
        #[test]
        fn hostile_holder_files_never_panic(bytes: Vec<u8>) {
            proptest::prop_assert!(name(&layout(), &bytes).chars().count() <= 20);
        }
    }
}
