//! The files beside the balance: public file, number, holder class, journeys, log.

use desk_domain::code::{Code, Message};

use super::{At, Depth, End, Found, Journeys, ReadEnd, Reading, found::number_file};
use crate::{
    apdu::{self, Response},
    flow::Act,
    record::LOG_LENGTH,
};

impl Reading {
    pub(super) fn confirm(&mut self, found: Found) -> Act<End> {
        match &found.layout.public {
            // After another application was selected the file is out of reach.
            Some(public) if found.from_fci => {
                let command = apdu::read_binary(public.sfi, public.length);
                self.go(At::Confirming(found), command)
            }
            Some(_) | None => self.number(found),
        }
    }

    pub(super) fn confirmed(&mut self, mut found: Found, response: &Response) -> Act<End> {
        if response.sw.is_ok() {
            let facts = found.layout.facts(&response.data).filter(|_| found.layout.fits(&response.data));
            let same = facts.filter(|facts| {
                (&facts.image.card_no, &facts.image.issuer, &facts.image.serial)
                    == (&found.image.card_no, &found.image.issuer, &found.image.serial)
            });
            let Some(facts) = same else {
                // File and answer to SELECT name two cards.
                return Act::Done(Err(ReadEnd(Message::new(Code::CardRefused).with("sw", "9F0C"))));
            };
            found.image = facts.image;
        }
        self.number(found)
    }

    pub(super) fn number(&mut self, found: Found) -> Act<End> {
        match number_file(&found.layout) {
            Some(file) if !file.in_master_file => {
                let command = apdu::read_binary(file.sfi, file.length);
                self.go(At::Number(found), command)
            }
            Some(_) | None => self.holder_class(found),
        }
    }

    pub(super) fn take_number(&mut self, mut found: Found, response: &Response, then: fn(&mut Self, Found) -> Act<End>) -> Act<End> {
        let number = found.layout.public.as_ref().filter(|_| response.sw.is_ok()).and_then(|public| public.number.read(&response.data));
        match number {
            Some((card_no, _)) => {
                found.image.card_no = card_no;
                then(self, found)
            }
            None => Act::Done(Err(ReadEnd(if response.sw.is_ok() {
                Message::new(Code::CardFamilyUnknown).with("also", format!("像是：{}，但读不出卡号。", found.layout.title))
            } else {
                response.sw.refusal()
            }))),
        }
    }

    pub(super) fn holder_class(&mut self, found: Found) -> Act<End> {
        let elsewhere = match (&found.layout.holder_class, &found.layout.public) {
            (Some(place), Some(public)) if place.sfi != public.sfi => Some(place.sfi),
            (Some(_) | None, _) => None,
        };
        match elsewhere {
            Some(sfi) => self.go(At::HolderClass(found), apdu::read_binary(sfi, 0x00)),
            None => self.counters(found),
        }
    }

    pub(super) fn trips(&mut self, found: Found, record: u8) -> Act<End> {
        let most = match (self.depth, &found.layout.trip) {
            (Depth::Sight(Journeys::All), Some(trip)) => trip.records,
            // One that is open forbids a refund; nobody else asks.
            (Depth::Whole | Depth::Sight(Journeys::Newest), Some(_)) if found.image.purse.is_some() => 1,
            (Depth::Identity | Depth::Balance | Depth::Whole | Depth::Sight(_), _) => 0,
        };
        match &found.layout.trip {
            Some(trip) if record <= most => {
                let command = apdu::read_record(trip.sfi, record, 0x00);
                self.go(At::Trip { found, record }, command)
            }
            Some(_) | None => self.log(found, 1),
        }
    }

    pub(super) fn log(&mut self, found: Found, record: u8) -> Act<End> {
        match &found.layout.log {
            Some(log) if record <= log.records => {
                let command = apdu::read_record(log.sfi, record, LOG_LENGTH);
                self.go(At::Log { found, record }, command)
            }
            Some(_) | None => self.number_in_master_file(found),
        }
    }

    pub(super) fn number_in_master_file(&mut self, found: Found) -> Act<End> {
        match number_file(&found.layout) {
            Some(file) if file.in_master_file => self.go(At::SelectingMasterFile(found), apdu::select_file(&[0x3F, 0x00])),
            Some(_) | None => self.done(found),
        }
    }

    pub(super) fn done(&mut self, mut found: Found) -> Act<End> {
        found.image.log = found.log.iter().map(|entry| entry.record.clone()).collect();
        Act::Done(Ok(Box::new(found)))
    }
}
