//! The home screen: the card in the field, every service that can be asked for here, what is unfinished.
//!
//! A service is found by its key, by its number (which never changes), or by the initials of its name in pinyin.

use desk_domain::{
    case::Service,
    code::Message,
    offline,
    ruleset::{Capability, RuleSet},
    validity,
};
use pinyin::ToPinyinMulti;

use crate::{
    desk::{Desk, HomeCard},
    present::figure,
    run::{Running, service_name},
    view::{HomeView, ServiceButton, UnfinishedView},
};

/// Readings of one name that are kept: a character may be read in several ways.
const MOST_READINGS: usize = 12;

/// `遗失补卡` → `yzbk`, `yzbq`, …: first letters of every reading; other letters and digits stay as they are.
pub(crate) fn initials(label: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for character in label.chars() {
        let mut letters: Vec<char> = match character.to_pinyin_multi() {
            Some(readings) => readings.into_iter().filter_map(|reading| reading.plain().chars().next()).collect(),
            None if character.is_alphanumeric() => character.to_lowercase().collect(),
            None => continue,
        };
        letters.sort_unstable();
        letters.dedup();
        all = all.iter().flat_map(|before| letters.iter().map(move |letter| format!("{before}{letter}"))).take(MOST_READINGS).collect();
    }
    all.retain(|one| !one.is_empty());
    all
}

/// Two digits that stay with a service whatever else is offered.
pub(crate) fn number(capability: Capability) -> String {
    let at = Capability::ALL.iter().position(|known| *known == capability).map_or(0, |at| at + 1);
    format!("{at:02}")
}

/// Under which heading the service stands.
fn group(capability: Capability) -> &'static str {
    match capability.as_str().split('.').next() {
        Some("card") => "卡片",
        Some("purse") => "余额",
        Some("loss") => "挂失",
        Some("password" | "guardian" | "sms") => "密码·短信",
        Some("unit") => "单位",
        Some("stock") => "库存",
        Some("case") => "差错",
        Some(_) | None => "其他",
    }
}

impl Desk {
    pub(crate) fn home(&self, message: &Option<Message>) -> HomeView {
        let of_card = match &self.home_card {
            HomeCard::Read(sight) => self.rules.of_card(&sight.image, self.today()),
            HomeCard::None | HomeCard::Reading | HomeCard::Unreadable(_) => None,
        };
        let mut hints = Vec::new();
        if let Some(rules) = of_card {
            if let Some(of_validity) = &rules.validity
                && let Some(hint) = validity::hint(of_validity, self.today())
            {
                hints.push(hint.to_owned());
            }
            hints.extend(rules.text("entitlements").iter().cloned());
        }
        let mut unfinished: Vec<(&Running, UnfinishedView)> =
            self.unfinished().map(|(id, running)| (running, self.waiting_case(id, running))).collect();
        unfinished.sort_by_key(|(running, view)| (!view.urgent, running.header.opened_at));
        HomeView {
            card: match &self.home_card {
                HomeCard::Read(sight) => Some(self.card_seen(sight)),
                HomeCard::None | HomeCard::Reading | HomeCard::Unreadable(_) => None,
            },
            reading: matches!(self.home_card, HomeCard::Reading),
            message: match (message, &self.home_card) {
                (Some(message), _) | (None, HomeCard::Unreadable(message)) => Some(self.message(None, message)),
                (None, HomeCard::None | HomeCard::Reading | HomeCard::Read(_)) => None,
            },
            services: self.services(of_card),
            unfinished: unfinished.into_iter().map(|(_, view)| view).collect(),
            hints,
            today: vec![
                figure("尾箱", self.day.till.to_string(), "plain"),
                figure("空白卡", self.day.blanks.to_string(), "plain"),
                figure("待上传", self.waiting.to_string(), if self.waiting > 0 && !self.line.online() { "warn" } else { "plain" }),
            ],
            exceptions: self.open_exceptions_count(),
            ticket: self.ticket_view(),
        }
    }

    /// What this outlet's programmes offer, the card's own programme first.
    fn services(&self, of_card: Option<&RuleSet>) -> Vec<ServiceButton> {
        let mut programmes = self.rules.at_outlet(&self.station.outlet, self.today());
        programmes.sort_by_key(|rules| of_card.is_some_and(|of_card| of_card.programme != rules.programme));
        let mut buttons: Vec<ServiceButton> = Vec::new();
        for rules in programmes {
            for service in Service::ALL {
                let Ok(of_service) = rules.service(*service) else {
                    continue;
                };
                let name = service_name(*service);
                // Any card may be looked up: the card says whose query it is.
                if *service == Service::CardQuery && buttons.iter().any(|button| button.service == name) {
                    continue;
                }
                let accepts = matches!(offline::answer(rules, *service), offline::Answer::Records(_) | offline::Answer::Accepts(_));
                buttons.push(ServiceButton {
                    key: of_service.key.clone(),
                    number: number(of_service.capability),
                    initials: initials(&of_service.label),
                    group: group(of_service.capability).to_owned(),
                    of_card: of_card.is_some_and(|of_card| of_card.programme == rules.programme),
                    service: name,
                    programme: rules.programme.to_string(),
                    programme_name: rules.name.clone(),
                    label: of_service.label.clone(),
                    blocked: self.blocked(rules, *service).map(|message| self.message(Some(rules), &message)),
                    note: (!self.online() && accepts).then(|| "离线受理".to_owned()),
                });
            }
        }
        buttons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_know_every_reading() {
        assert!(initials("遗失补卡").contains(&"ysbk".to_owned()), "{:?}", initials("遗失补卡"));
        // 重 is read chong and zhong.
        for reading in ["mmzz", "mmcz"] {
            assert!(initials("密码重置").contains(&reading.to_owned()), "{:?}", initials("密码重置"));
        }
        assert!(initials("E卡通·查询").contains(&"ektcx".to_owned()));
        assert!(initials("").is_empty());
        assert!(initials("重重重重重重").len() <= MOST_READINGS);
    }

    #[test]
    fn numbers_are_two_digits_and_no_two_are_alike() {
        let numbers: std::collections::BTreeSet<String> = Capability::ALL.iter().map(|one| number(*one)).collect();
        assert_eq!(numbers.len(), Capability::ALL.len());
        assert!(numbers.iter().all(|one| one.len() == 2 && one != "00"));
        assert_eq!(number(Capability::CardQuery), "01");
    }

    #[test]
    fn every_capability_stands_under_a_heading_of_its_own_kind() {
        assert!(Capability::ALL.iter().all(|one| group(*one) != "其他"));
    }
}
