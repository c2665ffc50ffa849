//! The initial password of the card platform: which number it is taken from, and its six characters. They leave this
//! module only into the hash.

use desk_domain::person::InitialPassword;

use crate::{policy::PasswordPolicy, record::Person};

const LENGTH: usize = 6;

/// Which number makes this person's initial password, or why none does.
pub(crate) fn source(person: &Person, rules: &PasswordPolicy) -> InitialPassword {
    match rules.initial(person.class) {
        InitialPassword::LastSixOfIdNumber | InitialPassword::NoIdOnRecord => {
            if last_six(person.id_number.as_deref()).is_some() {
                InitialPassword::LastSixOfIdNumber
            } else {
                InitialPassword::NoIdOnRecord
            }
        }
        InitialPassword::LastSixOfEcardNumber | InitialPassword::NoEcardNumber => {
            if last_six(person.ecard_number.as_deref()).is_some() {
                InitialPassword::LastSixOfEcardNumber
            } else {
                InitialPassword::NoEcardNumber
            }
        }
    }
}

/// The characters themselves; an X counts as one and is upper case.
pub(crate) fn initial(person: &Person, rules: &PasswordPolicy) -> Option<String> {
    match source(person, rules) {
        InitialPassword::LastSixOfIdNumber => last_six(person.id_number.as_deref()),
        InitialPassword::LastSixOfEcardNumber => last_six(person.ecard_number.as_deref()),
        InitialPassword::NoIdOnRecord | InitialPassword::NoEcardNumber => None,
    }
}

fn last_six(number: Option<&str>) -> Option<String> {
    let number: Vec<char> = number?.chars().collect();
    let from = number.len().checked_sub(LENGTH)?;
    Some(number.get(from..)?.iter().map(char::to_ascii_uppercase).collect())
}
