//! People who do not exist: numbers of a region that no authority has, names made of test words and rare characters,
//! telephones of one reserved block. The same number gives the same person every time.

use centre_core::{
    neighbours::KeptCard,
    number::local_day,
    record::{Card, Person},
    upstream::{IssueRecord, MadeCard},
};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc};
use desk_domain::{
    document::check_character,
    function::{Function, FunctionFacts, FunctionState, LossChannel},
    id::{CardNo, CellId, OperatorId, PersonId, ProgrammeId},
    inquiry::{Delivery, IssueClass, IssueState, Sent},
    money::Fen,
    person::{CardStatus, HolderClass},
};

use super::issued_on;

pub const PUPILS: u32 = 2000;
pub const RESIDENTS: u32 = 2000;
/// First digits of cards written at the counter.
pub(super) const NEW_PUPIL_CARDS: &str = "215099901";
pub(super) const PUPIL_CARD_DIGITS: usize = 16;

/// No province has the code 10.
const PUPIL_REGION: &str = "109901";
const RESIDENT_REGION: &str = "109902";
/// The form of a residence permit, with a region that is not in use.
const HMT_REGION: &str = "819900";

const SURNAMES: [&str; 12] = ["试", "测", "样", "例", "虚", "拟", "演", "示", "𬭎", "䶮", "㛃", "阿依"];
const GIVEN: [&str; 16] =
    ["甲", "乙", "丙", "丁", "一一", "二二", "三三", "四四", "𬭎", "䶮", "㛃", "明示", "样本", "·测试", "·示例", "小样"];
const SCHOOLS: [&str; 5] = ["示例第一小学", "示例第二小学", "虚构实验小学", "样本中学", "演示外国语学校"];

#[must_use]
pub fn pupil_id(number: u32) -> PersonId {
    PersonId::new(format!("pupil-{number:04}"))
}

#[must_use]
pub fn resident_id(number: u32) -> PersonId {
    PersonId::new(format!("resident-{number:04}"))
}

pub(super) fn ecard_number(number: u32) -> String {
    format!("99{number:08}")
}

fn name(number: u32) -> String {
    let pick = |list: &[&'static str], at: u32| {
        let index = usize::try_from(at).unwrap_or_default() % list.len();
        list.get(index).copied().unwrap_or_default()
    };
    format!("{}{}", pick(&SURNAMES, number), pick(&GIVEN, number / 12 + number))
}

fn numbered(region: &str, birth: NaiveDate, order: u32) -> String {
    let body = format!("{region}{}{order:03}", birth.format("%Y%m%d"));
    let check = check_character(&body).unwrap_or('0');
    format!("{body}{check}")
}

fn birth(first_year: i32, number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(first_year, 1, 1)
        .and_then(|day| day.checked_add_days(Days::new(u64::from(number * 37 % 2900))))
        .unwrap_or_default()
}

/// Identity number of pupil `number`: region 109901, a real day, a right check digit.
#[must_use]
pub fn id_number(number: u32) -> String {
    numbered(PUPIL_REGION, birth(2012, number), number % 1000)
}

/// A few of the first have something special:
/// 3 has no number on record, 4 is a foreign pupil, 5 holds a residence permit, 6 has left school, 7 has an open order of
/// another channel, 8 is the child record of clerk 1001 (nobody serves himself), 9 has no E-card number.
pub(super) fn pupil(number: u32, cell: &CellId, programme: &ProgrammeId) -> Person {
    let class = match number {
        4 => HolderClass::Foreign,
        5 => HolderClass::Hmt,
        _ => HolderClass::Domestic,
    };
    let born = birth(2012, number);
    let id_number = match number {
        3 => None,
        4 => Some(format!("TEST{number:05}")),
        5 => Some(numbered(HMT_REGION, born, number)),
        _ => Some(id_number(number)),
    };
    let name = name(number);
    Person {
        cell: cell.clone(),
        person: pupil_id(number),
        programme: programme.clone(),
        guardian_name: Some(format!("{name}家长")),
        name,
        id_number,
        ecard_number: (number != 9).then(|| ecard_number(number)),
        birth: Some(born),
        class,
        school: school(number),
        guardian_phone: (!number.is_multiple_of(50)).then(|| format!("1380000{number:04}")),
        open_order: (number == 7).then(|| "WX-DEMO-0007".to_owned()),
        entitled: number != 6,
        staff: (number == 8).then(|| OperatorId::new("1001")),
    }
}

fn school(number: u32) -> String {
    let index = usize::try_from(number).unwrap_or_default() % SCHOOLS.len();
    let school = SCHOOLS.get(index).copied().unwrap_or_default();
    format!("{school} {}年级{}班", number % 6 + 1, number % 4 + 1)
}

/// These have no card yet: each stands at another step of the first issue.
pub(super) const WITHOUT_CARD: std::ops::RangeInclusive<u32> = 1991..=1998;

/// What the issuer's register says of those, in order: nothing submitted; to be confirmed; time to confirm over; in
/// production; overdue; on its way to the school; not entitled to a first card; sent back.
pub(super) fn first_issues(today: NaiveDate, now: DateTime<Utc>) -> Vec<(PersonId, IssueRecord)> {
    let day = |days: i64| today.checked_add_signed(TimeDelta::days(days)).unwrap_or(today);
    let record = |state, received: i64, confirm: i64| IssueRecord {
        state,
        class: Some(IssueClass::FirstGrade),
        received_on: Some(day(received)),
        confirm_by: Some(day(confirm)),
        reminder: Some(Sent { at: now - TimeDelta::days(2), delivery: Delivery::Delivered }),
    };
    vec![
        (pupil_id(1992), record(IssueState::Reminded, -5, 5)),
        (pupil_id(1993), record(IssueState::Reminded, -30, -3)),
        (pupil_id(1994), record(IssueState::InProduction, -20, -10)),
        (pupil_id(1995), record(IssueState::InProduction, -60, -50)),
        (pupil_id(1996), record(IssueState::Shipped, -40, -30)),
        (pupil_id(1997), IssueRecord { class: None, ..record(IssueState::Submitted, -5, 5) }),
        (pupil_id(1998), record(IssueState::Rejected, -5, 5)),
    ]
}

/// Codes that were sent, and how sending to a person ends.
type Codes = (Vec<(PersonId, Sent)>, Vec<(PersonId, Delivery)>);

/// Codes by text message: 20's are blocked, 21's number does not exist any more.
pub(super) fn codes(now: DateTime<Utc>) -> Codes {
    let of = [(20, Delivery::Blocked), (21, Delivery::NoSuchNumber)];
    let at = now - TimeDelta::hours(1);
    (
        of.map(|(number, delivery)| (pupil_id(number), Sent { at, delivery })).to_vec(),
        of.map(|(number, delivery)| (pupil_id(number), delivery)).to_vec(),
    )
}

/// The same functions as their keepers hold them.
pub(super) fn kept(functions: &[FunctionFacts]) -> Option<KeptCard> {
    let state = |function| functions.iter().find(|facts| facts.function == function).map(|facts| facts.state.clone());
    Some(KeptCard { social_security: state(Function::SocialSecurity)?, bank: state(Function::Bank)?, held_back: None })
}

pub(super) fn pupil_card_no(number: u32) -> CardNo {
    CardNo::new(format!("2150999{number:09}"))
}

/// The same for pupils.
pub(super) fn pupil_plastic(number: u32) -> MadeCard {
    let card_no = format!("2150999{:09}", 900_000 + number);
    MadeCard { card_no: CardNo::new(&card_no), family: "education".to_owned(), issuer: "99993050FFFFFFFF".to_owned(), serial: card_no }
}

/// Plastic at production, numbered apart from every card that anybody has.
pub(super) fn plastic(number: u32) -> MadeCard {
    let card_no = format!("3104999{:012}", 900_000 + number);
    let serial = card_no.get(3..).unwrap_or_default().to_owned();
    MadeCard { card_no: CardNo::new(card_no), family: "tunion-unload".to_owned(), issuer: "99993040FFFFFFFF".to_owned(), serial }
}

pub(super) fn resident_card_no(number: u32) -> CardNo {
    CardNo::new(format!("3104999{:012}", 1000 + number))
}

pub(super) fn pupil_card(number: u32, person: &Person, today: NaiveDate) -> Option<Card> {
    if WITHOUT_CARD.contains(&number) {
        return None;
    }
    let card_no = pupil_card_no(number).0;
    Some(Card {
        cell: person.cell.clone(),
        card_no: CardNo::new(&card_no),
        programme: person.programme.clone(),
        family: "education".to_owned(),
        issuer: "99993050FFFFFFFF".to_owned(),
        serial: card_no,
        holder_class: 2,
        status: CardStatus::Active,
        issued_on: issued_on(today),
        valid_until: today.with_day(1).and_then(|first| first.pred_opt()),
        transit_open: false,
        last_balance: None,
        last_online_counter: None,
        holder: Some(person.person.clone()),
        suspended: None,
        functions: Vec::new(),
    })
}

pub(super) fn resident(number: u32, cell: &CellId, programme: &ProgrammeId) -> Person {
    let born = birth(1950 + i32::try_from(number % 50).unwrap_or_default(), number);
    Person {
        cell: cell.clone(),
        person: resident_id(number),
        programme: programme.clone(),
        name: name(number + 5),
        id_number: Some(numbered(RESIDENT_REGION, born, number % 1000)),
        ecard_number: None,
        birth: Some(born),
        class: HolderClass::Domestic,
        school: String::new(),
        guardian_name: None,
        guardian_phone: None,
        open_order: None,
        entitled: true,
        staff: (number == 3).then(|| OperatorId::new("1002")),
    }
}

/// Comes for a first card.
pub(super) const NEVER_HAD_ONE: u32 = 31;

/// A unit comes with a list of these; they never had a card either.
pub(super) const OF_A_UNIT: std::ops::RangeInclusive<u32> = 41..=52;

/// The first two residents, and the one who lost a card of the tray, have cards of the tray only.
pub(super) fn resident_card(number: u32, person: &Person, banks: &[String], now: DateTime<Utc>) -> Option<Card> {
    if number < 3 || number == 12 || number == NEVER_HAD_ONE || OF_A_UNIT.contains(&number) {
        return None;
    }
    let card_no = resident_card_no(number).0;
    let serial = card_no.get(card_no.len() - 16..)?.to_owned();
    Some(Card {
        cell: person.cell.clone(),
        card_no: CardNo::new(&card_no),
        programme: person.programme.clone(),
        family: "tunion-unload".to_owned(),
        issuer: "99993040FFFFFFFF".to_owned(),
        serial,
        holder_class: 1,
        status: if number.is_multiple_of(97) { CardStatus::Lost } else { CardStatus::Active },
        issued_on: resident_issued_on(number, local_day(now)),
        valid_until: None,
        transit_open: !number.is_multiple_of(11),
        last_balance: Some(Fen(i64::from(number * 53 % 20_000))),
        last_online_counter: None,
        holder: Some(person.person.clone()),
        suspended: None,
        functions: functions(number, banks, now),
    })
}

/// A few cards are near or past the ten years of their bank function.
fn resident_issued_on(number: u32, today: NaiveDate) -> NaiveDate {
    let months = match number {
        15 => 119,
        16 => 121,
        _ => return issued_on(today),
    };
    today.checked_sub_months(Months::new(months)).unwrap_or(today)
}

/// Social security and bank. A few of the first have something special:
/// 10 has a temporary loss by telephone that runs three days more, 11 a formal loss on the web of social security alone,
/// 12 a formal loss of both at the card's bank, 13 a bank function that was never activated. Every 97th lost the card.
pub(super) fn functions(number: u32, banks: &[String], now: DateTime<Utc>) -> Vec<FunctionFacts> {
    let index = usize::try_from(number).unwrap_or_default() % banks.len().max(1);
    let bank = banks.get(index).cloned();
    let since = now - TimeDelta::days(4);
    let at_bank = || LossChannel::Bank { bank: bank.clone().unwrap_or_default() };
    let (social, of_bank) = match number {
        10 => (
            FunctionState::TemporaryLoss {
                channel: LossChannel::Hotline { line: "hr".to_owned() },
                since,
                until: Some(since + TimeDelta::days(7)),
            },
            FunctionState::Normal,
        ),
        11 => (FunctionState::FormalLoss { channel: LossChannel::Online, since }, FunctionState::Normal),
        13 => (FunctionState::Normal, FunctionState::NotOpened),
        number if number == 12 || (number > 0 && number.is_multiple_of(97)) => {
            (FunctionState::FormalLoss { channel: at_bank(), since }, FunctionState::FormalLoss { channel: at_bank(), since })
        }
        _ => (FunctionState::Normal, FunctionState::Normal),
    };
    vec![
        FunctionFacts { function: Function::SocialSecurity, state: social, bank: None, as_of: now },
        FunctionFacts { function: Function::Bank, state: of_bank, bank, as_of: now },
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use desk_domain::{document, ruleset::NumberFormat};

    use super::*;

    #[test]
    fn everybody_is_somebody_else_and_passes_the_checks() {
        let (cell, programme) = (CellId::new("c"), ProgrammeId::new("p"));
        let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let now = today.and_hms_opt(2, 0, 0).unwrap().and_utc();
        let banks = ["bank.A".to_owned(), "bank.B".to_owned()];
        let mut numbers = BTreeSet::new();
        let mut cards = BTreeSet::new();
        let mut names = String::new();
        let pupils = (1..=PUPILS).map(|number| {
            let person = pupil(number, &cell, &programme);
            (pupil_card(number, &person, today), person)
        });
        let residents = (3..=RESIDENTS).map(|number| {
            let person = resident(number, &cell, &programme);
            (resident_card(number, &person, &banks, now), person)
        });
        let all: Vec<_> = pupils.chain(residents).collect();
        assert_eq!(all.iter().filter(|(card, _)| card.is_none()).count(), WITHOUT_CARD.count() + OF_A_UNIT.count() + 2);
        for (card, person) in all {
            if let Some(card) = card {
                assert!(cards.insert(card.serial));
            }
            if person.class == HolderClass::Domestic
                && let Some(number) = &person.id_number
            {
                let checked = document::check(number, NumberFormat::ResidentId, today);
                assert_eq!(checked.unwrap().birth, person.birth);
            }
            if let Some(number) = person.id_number {
                assert!(numbers.insert(number));
            }
            names.push_str(&person.name);
        }
        for rare in ['𬭎', '䶮', '㛃', '·'] {
            assert!(names.contains(rare), "{rare}");
        }
    }
}
