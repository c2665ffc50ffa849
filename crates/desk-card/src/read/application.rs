//! Which application lies there, and of which family: each is asked for until one shows a public file that some family knows.

use std::sync::Arc;

use desk_domain::code::{Code, Message};

use super::{At, End, Found, ReadEnd, Reading};
use crate::{
    apdu::{self, Response},
    balance::Balances,
    flow::Act,
    layout::Layout,
    profile::Application,
    sight::Tried,
    status::Sw,
    tlv,
};

impl Reading {
    pub(super) fn ask_for(&mut self, attempt: usize) -> Act<End> {
        match self.profiles.application(attempt).cloned() {
            Some(Application { before: Some((sfi, length)), .. }) => self.go(At::MasterFile { attempt }, apdu::read_binary(sfi, length)),
            Some(application) => self.select(attempt, &application, None),
            None => Act::Done(Err(self.failed.take().unwrap_or_else(|| self.unknown()))),
        }
    }

    pub(super) fn unknown(&self) -> ReadEnd {
        let seen = match &self.present {
            Some(layout) => format!("卡内有：{}。", layout.title),
            None => format!("试过 {} 种应用，卡内都没有。", self.tried.len()),
        };
        ReadEnd(Message::new(Code::CardFamilyUnknown).with("also", seen))
    }

    pub(super) fn select(&mut self, attempt: usize, application: &Application, file: Option<Vec<u8>>) -> Act<End> {
        let command = application.file_id.as_ref().map_or_else(|| apdu::select(&application.df_name), |id| apdu::select_file(id));
        self.go(At::Selecting { attempt, file }, command)
    }

    pub(super) fn selected(&mut self, attempt: usize, file: Option<Vec<u8>>, response: Response) -> Act<End> {
        let Some(asked) = self.profiles.application(attempt).cloned() else {
            return self.ask_for(attempt + 1);
        };
        self.tried.push(Tried { name: hex::encode_upper(asked.file_id.as_ref().unwrap_or(&asked.df_name)), sw: response.sw });
        let locked = matches!(response.sw, Sw::APPLICATION_LOCKED | Sw(0x6283));
        if response.sw == Sw::APPLICATION_DEAD || (locked && !response.data.is_empty()) {
            return Act::Done(Err(ReadEnd(response.sw.refusal())));
        }
        if !response.sw.is_ok() {
            return self.ask_for(attempt + 1);
        }
        let candidates = self.profiles.of_application(&asked, tlv::find(&response.data, 0x84));
        let Some(first) = candidates.first().cloned() else {
            return self.ask_for(attempt + 1);
        };
        let Some(public) = &first.public else {
            self.present.get_or_insert(first);
            return self.ask_for(attempt + 1);
        };
        if let Some(file) = file {
            return match self.choose(&candidates, &file) {
                Some(found) => self.begin(found),
                None => self.ask_for(attempt + 1),
            };
        }
        let shown = tlv::find(&response.data, 0x9F0C).filter(|shown| public.in_fci && shown.len() >= usize::from(public.length));
        if let Some(mut found) = shown.and_then(|shown| self.choose(&candidates, shown)) {
            found.from_fci = true;
            return self.begin(found);
        }
        let command = apdu::read_binary(public.sfi, public.length);
        self.go(At::PublicFile { attempt, candidates, fci: response.data }, command)
    }

    /// The most particular family whose conditions hold and whose number can be read.
    pub(super) fn choose(&self, candidates: &[Arc<Layout>], file: &[u8]) -> Option<Found> {
        candidates.iter().filter(|layout| layout.fits(file)).find_map(|layout| {
            let facts = layout.facts(file)?;
            Some(Found {
                profile: self.profiles.shared(&layout.family),
                layout: layout.clone(),
                image: facts.image,
                city: facts.city,
                from_fci: false,
                balances: Balances::default(),
                log: Vec::new(),
                trips: Vec::new(),
                warnings: Vec::new(),
            })
        })
    }

    pub(super) fn public_file(&mut self, attempt: usize, candidates: &[Arc<Layout>], fci: &[u8], response: &Response) -> Act<End> {
        // Some cards keep the file to themselves and show its content in the FCI only.
        let file = if response.sw.is_ok() { Some(response.data.as_slice()) } else { tlv::find(fci, 0x9F0C) };
        match file.and_then(|file| self.choose(candidates, file)) {
            Some(found) => self.begin(found),
            None => {
                if !response.sw.is_ok() && self.failed.is_none() {
                    self.failed = Some(ReadEnd(response.sw.refusal()));
                }
                self.ask_for(attempt + 1)
            }
        }
    }
}
