//! What is typed: every number is the same in full width, in small letters and with spaces.

use super::*;

/// The same in full width, in small letters, and with spaces where people put them.
fn as_typed(value: &str, kind: question::FieldKind) -> String {
    let wide = |c: char| match c {
        '!'..='~' => char::from_u32(u32::from(c.to_ascii_lowercase()) + 0xFEE0).unwrap(),
        other => other,
    };
    let text: Vec<char> = value.chars().map(wide).collect();
    let (head, tail) = text.split_at(text.len() / 2);
    let (head, tail): (String, String) = (head.iter().collect(), tail.iter().collect());
    match kind {
        question::FieldKind::IdNumber | question::FieldKind::CardNumber | question::FieldKind::Digits => format!("　{head} {tail} "),
        question::FieldKind::Amount
        | question::FieldKind::Date
        | question::FieldKind::Text
        | question::FieldKind::Password
        | question::FieldKind::Choice
        | question::FieldKind::Tick => format!("　{head}{tail} "),
    }
}

fn of_number(kind: question::FieldKind) -> bool {
    use question::FieldKind as Kind;
    matches!(kind, Kind::IdNumber | Kind::CardNumber | Kind::Digits | Kind::Amount | Kind::Date)
}

#[test]
fn every_number_is_the_same_however_it_is_typed() {
    let mut seen = std::collections::BTreeSet::new();
    for service in Service::ALL {
        let mut table = Table::new(*service, LineMode::Online);
        for _ in 0..60 {
            let question = match table.next() {
                Next::Ended(_) => break,
                Next::Do(effect) => {
                    table.take(Input::Outcome(table.well(&effect))).unwrap();
                    continue;
                }
                Next::Ask(question) => question,
            };
            let answer = table.willing(&question);
            if let (question::Ask::Form { fields, .. }, Answer::Fill { values }) = (&question.ask, &answer) {
                let kind = |id: &str| fields.iter().find(|field| field.id == id).map(|field| field.kind).filter(|kind| of_number(*kind));
                let with = |change: &dyn Fn(&str, question::FieldKind) -> String| {
                    let changed = values.iter().map(|(id, value)| {
                        let changed = kind(id).filter(|_| !value.is_empty()).map_or_else(|| value.clone(), |kind| change(value, kind));
                        (id.clone(), changed)
                    });
                    let input = Input::Answer(Answer::Fill { values: changed.collect() });
                    table.cx(|cx| table.case.decide(input, cx))
                };
                let plain = with(&|value, _| crate::normalise::text(value));
                assert!(plain.is_ok(), "{service:?} {}: {plain:?}", question.id);
                assert_eq!(with(&as_typed), plain, "{service:?} {}", question.id);
                let filled = values.iter().filter(|(id, value)| kind(id).is_some() && !value.is_empty());
                seen.extend(filled.map(|(id, _)| format!("{service:?}.{}.{id}", question.id)));
            }
            if table.answer(answer).is_err() {
                break;
            }
        }
    }
    println!("number fields at the window: {}", seen.len());
    assert!(seen.len() >= 30, "{seen:#?}");
}
