//! What a card answers about its money: up to four balances that must agree.

use desk_domain::money::Fen;

use crate::{
    apdu::{self, Response},
    layout::BalanceLayout,
    profile::BalanceRule,
};

/// The answers so far, in the order of P1: 00 usable, 01 overdraft limit, 02 overdraft used, 03 purse proper. None where the
/// card lacks one; that is no error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Balances {
    parts: Vec<Option<u32>>,
    cash: Option<u64>,
}

/// A balance as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownBalance {
    /// Net of any overdraft in use; may be negative.
    pub amount: Fen,
    /// No public record proves the rule by which the amount follows, or the card contradicts itself.
    pub verified: bool,
    /// As the card tells them, the top bit masked; P1 = 00 to 03.
    pub parts: [Option<u32>; 4],
}

/// Bit 31 is no money.
const MONEY: u32 = 0x7FFF_FFFF;

impl Balances {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.cash.is_none()
    }

    /// The next question to the card; none when all was asked.
    #[must_use]
    pub fn next(&self, layout: &BalanceLayout) -> Option<Vec<u8>> {
        let asked = u8::try_from(self.parts.len()).ok()?;
        let (wanted, command) = match layout.rule {
            BalanceRule::Plain => (1, apdu::get_balance(asked, layout.purse)),
            BalanceRule::WithOverdraft => (4, apdu::get_balance(asked, layout.purse)),
            BalanceRule::Cash => (1, apdu::get_data(0x9F79)),
        };
        (asked < wanted).then_some(command)
    }

    pub fn hear(&mut self, layout: &BalanceLayout, response: &Response) {
        let answer = Some(response.data.as_slice()).filter(|_| response.sw.is_ok());
        match layout.rule {
            BalanceRule::Plain | BalanceRule::WithOverdraft => self.parts.push(answer.and_then(four_bytes)),
            BalanceRule::Cash => {
                self.cash = answer.and_then(cash);
                self.parts.push(None);
            }
        }
    }

    /// Net of overdraft, in fen; none where the card contradicts itself or told nothing.
    #[must_use]
    pub fn net(&self, layout: &BalanceLayout) -> Option<Fen> {
        let net = self.usable(layout)?;
        match (self.part(2), self.part(3)) {
            (Some(used), Some(proper)) if proper - used != self.part(0)? - self.part(1).unwrap_or(0) => None,
            (Some(_) | None, _) => Some(net),
        }
    }

    /// What is shown even where the parts disagree.
    #[must_use]
    pub fn shown(&self, layout: &BalanceLayout) -> Option<ShownBalance> {
        let part = |index: usize| self.parts.get(index).copied().flatten();
        Some(ShownBalance {
            amount: self.usable(layout)?,
            verified: layout.verified && self.net(layout).is_some(),
            parts: [part(0), part(1), part(2), part(3)],
        })
    }

    fn usable(&self, layout: &BalanceLayout) -> Option<Fen> {
        let units = match layout.rule {
            BalanceRule::Plain => self.part(0)?,
            BalanceRule::WithOverdraft => self.part(0)? - self.part(1).unwrap_or(0),
            BalanceRule::Cash => i64::try_from(self.cash?).ok()?,
        };
        Some(Fen(units.checked_mul(i64::from(layout.times))?.checked_sub(i64::from(layout.minus))?))
    }

    fn part(&self, index: usize) -> Option<i64> {
        self.parts.get(index).copied().flatten().map(i64::from)
    }
}

/// Answer to GET BALANCE, in fen.
#[must_use]
pub fn four_bytes(data: &[u8]) -> Option<u32> {
    data.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes) & MONEY)
}

/// Answer to GET DATA 9F79: twelve digits, in fen.
fn cash(data: &[u8]) -> Option<u64> {
    crate::bcd::digits(crate::tlv::find(data, 0x9F79)?.get(..6)?)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Sw;

    fn layout(rule: BalanceRule) -> BalanceLayout {
        BalanceLayout { application: None, purse: 2, rule, verified: true, times: 1, minus: 0 }
    }

    fn heard(layout: &BalanceLayout, answers: &[Option<&str>]) -> Balances {
        let mut balances = Balances::default();
        for answer in answers {
            let sw = if answer.is_some() { Sw::OK } else { Sw(0x6A86) };
            balances.hear(layout, &Response { data: hex::decode(answer.unwrap_or_default()).unwrap(), sw });
        }
        balances
    }

    #[test]
    fn balances_of_logged_cards() {
        let rule = layout(BalanceRule::WithOverdraft);
        let net = |answers: &[Option<&str>]| heard(&rule, answers).net(&rule).map(|fen| fen.0);
        assert_eq!(net(&[Some("00000320"), Some("00000320")]), Some(0));
        assert_eq!(net(&[Some("000002E4"), Some("00000000"), None, None]), Some(740));
        assert_eq!(net(&[Some("000001F4"), Some("00000320"), Some("0000012C"), Some("00000000")]), Some(-300));
        assert_eq!(net(&[Some("8000164E"), None, None, None]), Some(5710));
        assert_eq!(net(&[None]), None);
        assert_eq!(net(&[Some("0000")]), None);
    }

    #[test]
    fn parts_that_disagree_are_shown_and_prove_nothing() {
        let rule = layout(BalanceRule::WithOverdraft);
        let balances = heard(&rule, &[Some("000001F4"), Some("00000320"), Some("00000000"), Some("000001F4")]);
        assert_eq!(balances.net(&rule), None);
        let shown = balances.shown(&rule).unwrap();
        assert_eq!((shown.amount, shown.verified, shown.parts), (Fen(-300), false, [Some(500), Some(800), Some(0), Some(500)]));
    }

    #[test]
    fn units_deposit_and_electronic_cash() {
        let macau = BalanceLayout { times: 10, minus: 1000, verified: false, ..layout(BalanceRule::Plain) };
        let shown = heard(&macau, &[Some("000001F4")]).shown(&macau).unwrap();
        assert_eq!((shown.amount, shown.verified), (Fen(4000), false));
        let rule = layout(BalanceRule::Cash);
        assert_eq!(Balances::default().next(&rule).map(hex::encode_upper).as_deref(), Some("80CA9F7900"));
        let balances = heard(&rule, &[Some("9F7906000000001234")]);
        assert_eq!((balances.net(&rule), balances.next(&rule)), (Some(Fen(1234)), None));
        assert_eq!(heard(&rule, &[Some("9F790600000000123A")]).net(&rule), None);
    }
}
