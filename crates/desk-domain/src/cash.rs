//! Cash as it is counted: pieces of each denomination, and what a till's count does to the books.

use serde::{Deserialize, Serialize};

use crate::{
    code::{Code, Message},
    id::{OperatorId, OutletId},
    money::{Fen, Overflow},
    normalise,
    posting::{Account, Balanced},
};

/// Notes and coins of the renminbi in circulation, largest first.
pub const DENOMINATIONS: [Denomination; 11] = [
    Denomination { value: Fen(10_000), label: "100元" },
    Denomination { value: Fen(5_000), label: "50元" },
    Denomination { value: Fen(2_000), label: "20元" },
    Denomination { value: Fen(1_000), label: "10元" },
    Denomination { value: Fen(500), label: "5元" },
    Denomination { value: Fen(100), label: "1元" },
    Denomination { value: Fen(50), label: "5角" },
    Denomination { value: Fen(10), label: "1角" },
    Denomination { value: Fen(5), label: "5分" },
    Denomination { value: Fen(2), label: "2分" },
    Denomination { value: Fen(1), label: "1分" },
];

/// One note or coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denomination {
    pub value: Fen,
    pub label: &'static str,
}

impl Denomination {
    /// Its value in fen, as forms and journals write it.
    #[must_use]
    pub fn id(self) -> String {
        self.value.0.to_string()
    }
}

/// Pieces by denomination, largest first; what was not counted is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CashCount(Vec<Pieces>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Pieces {
    value: Fen,
    pieces: u32,
}

impl CashCount {
    /// Reads pieces as typed, by [`Denomination::id`]; an empty field is none.
    ///
    /// # Errors
    /// `FIELD_INVALID` for a denomination that does not exist or a number that is none.
    pub fn typed(pieces: &[(String, String)]) -> Result<Self, Message> {
        let mut count: Vec<Pieces> = Vec::new();
        for (id, typed) in pieces {
            let Some(known) = DENOMINATIONS.into_iter().find(|known| known.id() == *id) else {
                return Err(Message::new(Code::FieldInvalid).with("field", "券别"));
            };
            if normalise::text(typed).is_empty() {
                continue;
            }
            let number = normalise::count(typed, known.label)?;
            if count.iter().any(|counted| counted.value == known.value) {
                return Err(Message::new(Code::FieldInvalid).with("field", known.label));
            }
            if number > 0 {
                count.push(Pieces { value: known.value, pieces: number });
            }
        }
        count.sort_by_key(|counted| std::cmp::Reverse(counted.value));
        Ok(Self(count))
    }

    #[must_use]
    pub fn pieces(&self, of: Denomination) -> u32 {
        self.0.iter().find(|counted| counted.value == of.value).map_or(0, |counted| counted.pieces)
    }

    /// # Errors
    /// [`Overflow`] when the sum does not fit.
    pub fn total(&self) -> Result<Fen, Overflow> {
        self.0
            .iter()
            .try_fold(Fen::ZERO, |sum, counted| sum.plus(counted.value.0.checked_mul(i64::from(counted.pieces)).map(Fen).ok_or(Overflow)?))
    }
}

/// What a till's count does to the books: a difference is booked for what it is, long and short each on its own account
/// (P-43), and what was counted goes into the vault.
#[must_use]
pub fn handed_over(outlet: &OutletId, operator: &OperatorId, system: Fen, counted: Fen) -> Balanced {
    let till = || Account::Till { outlet: outlet.clone(), operator: operator.clone() };
    let difference = match counted.minus(system) {
        Ok(more) if more.is_positive() => Balanced::transfer(Account::CashOver { outlet: outlet.clone() }, till(), more),
        Ok(less) if less < Fen::ZERO => Balanced::transfer(till(), Account::CashShort { outlet: outlet.clone() }, less.negated()),
        Ok(_) | Err(_) => Balanced::none(),
    };
    if counted == Fen::ZERO {
        return difference;
    }
    difference.and(Balanced::transfer(till(), Account::Vault { outlet: outlet.clone() }, counted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(id, typed)| ((*id).to_owned(), (*typed).to_owned())).collect()
    }

    #[test]
    fn pieces_as_typed() {
        let count = CashCount::typed(&pieces(&[("10000", "４"), ("5000", "1"), ("50", "１"), ("1", ""), ("2000", "0")])).unwrap();
        assert_eq!(count.total(), Ok(Fen(45_050)));
        let text = serde_json::to_string(&count).unwrap();
        assert_eq!(serde_json::from_str::<CashCount>(&text).unwrap(), count);
        assert_eq!(CashCount::typed(&[]).unwrap().total(), Ok(Fen::ZERO));
        for wrong in [[("300", "1")].as_slice(), &[("100", "-1")], &[("100", "1.5")], &[("100", "1"), ("100", "2")]] {
            assert!(CashCount::typed(&pieces(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn long_and_short_stand_on_accounts_of_their_own_and_the_till_is_empty() {
        let (outlet, operator) = (OutletId::new("O"), OperatorId::new("1"));
        let till = Account::Till { outlet: outlet.clone(), operator: operator.clone() };
        for (system, counted) in [(50_000, 50_000), (46_350, 46_340), (46_350, 46_400), (0, 0), (0, 100), (100, 0), (-50, 0), (1, 2)] {
            let postings = handed_over(&outlet, &operator, Fen(system), Fen(counted));
            let sum = |account: &Account| -> i64 {
                postings.lines().iter().filter(|line| line.account == *account).map(|line| line.amount.0).sum()
            };
            assert_eq!(postings.lines().iter().map(|line| line.amount.0).sum::<i64>(), 0);
            assert_eq!(sum(&till), -system, "the till is not empty");
            assert_eq!(sum(&Account::Vault { outlet: outlet.clone() }), counted);
            assert_eq!(sum(&Account::CashOver { outlet: outlet.clone() }), -(counted - system).max(0));
            assert_eq!(sum(&Account::CashShort { outlet: outlet.clone() }), (system - counted).max(0));
        }
    }
}
