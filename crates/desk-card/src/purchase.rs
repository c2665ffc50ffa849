//! Brings a purse to zero by a purchase of all that is left, where the card refuses unload.

use chrono::NaiveDateTime;
use desk_domain::{
    card::{CardImage, RefundMethod, Terminal, WriteEnd},
    code::{Code, Message},
    issuer::{CounterLine, IssuerRequest, Proof},
    money::Fen,
};

use crate::{
    apdu::{self, Initialize},
    flow::Wired,
    profile::{Profiles, key_source},
    purse::{DoMovement, Method, Movement, Opened, Plan},
    transaction::{Reply, Step, Transaction},
};

/// Checks the card, INITIALIZE FOR PURCHASE, MAC1 from the key service, DEBIT FOR PURCHASE, reads back. The proof of a
/// written end is the TAC, its counter the offline counter after the step.
pub struct PurchaseOfRest(Wired<DoMovement>);

impl PurchaseOfRest {
    /// # Errors
    /// A [`Message`] where the family is not refunded so or `amount` is not all that the purse holds.
    pub fn new(profiles: &Profiles, before: &CardImage, amount: Fen, terminal: &Terminal) -> Result<Self, Message> {
        Ok(Self(Wired::new(DoMovement::new(method(profiles, before, amount, terminal)?))))
    }
}

impl Transaction for PurchaseOfRest {
    type End = WriteEnd;

    fn step(&mut self, reply: Reply) -> Step<WriteEnd> {
        self.0.step(reply)
    }
}

pub fn method(profiles: &Profiles, before: &CardImage, amount: Fen, terminal: &Terminal) -> Result<Method, Message> {
    let plan = Plan::of_rest(profiles, before, amount, terminal)?;
    if plan.purse.refund_method != RefundMethod::PurchaseOfRest {
        return Err(Message::new(Code::RefundUnsupported));
    }
    Ok(Box::new(ByPurchase { plan }))
}

struct ByPurchase {
    plan: Plan,
}

impl Movement for ByPurchase {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn kind(&self) -> u8 {
        if self.plan.purse.purse == 1 { 0x05 } else { 0x06 }
    }

    fn line(&self) -> CounterLine {
        CounterLine::Offline
    }

    fn balance_after(&self) -> Fen {
        Fen::ZERO
    }

    fn possible(&self, old_balance: u32) -> bool {
        old_balance >= self.plan.amount_bytes
    }

    fn unsupported(&self) -> Code {
        Code::RefundUnsupported
    }

    fn initialize(&self) -> Vec<u8> {
        apdu::initialize(
            Initialize::Purchase,
            self.plan.purse.purse,
            self.plan.purse.purchase_key,
            self.plan.amount_bytes,
            self.plan.terminal_number,
        )
    }

    /// Balance 4, offline counter 2, overdraft limit 3, key version 1, algorithm 1, random 4.
    fn opened(&self, data: &[u8]) -> Option<Opened> {
        let data = data.first_chunk::<15>()?;
        Some(Opened {
            old_balance: u32::from_be_bytes(*data.first_chunk()?) & 0x7FFF_FFFF,
            counter: u16::from_be_bytes(*data.get(4..)?.first_chunk()?),
            key_version: *data.get(9)?,
            algorithm: *data.get(10)?,
            random: hex::encode_upper(data.get(11..15)?),
            mac1: String::new(),
        })
    }

    fn request(&self, opened: &Opened) -> IssuerRequest {
        IssuerRequest::Purchase {
            card: key_source(&self.plan.before),
            algorithm: opened.algorithm,
            key_version: opened.key_version,
            random: opened.random.clone(),
            offline_counter: opened.counter,
            old_balance: Fen(i64::from(opened.old_balance)),
            amount: self.plan.amount,
            terminal: self.plan.terminal.number.clone(),
            terminal_sequence: self.plan.terminal.sequence,
            at: self.plan.terminal.at,
        }
    }

    fn commit(&self, at: NaiveDateTime, mac: [u8; 4]) -> Option<Vec<u8>> {
        apdu::debit_for_purchase(self.plan.terminal.sequence, at, mac)
    }

    /// TAC, then MAC2.
    fn proof_of_commit(&self, data: &[u8]) -> Option<String> {
        (data.len() == 8).then(|| data.get(..4).map(hex::encode_upper)).flatten()
    }

    /// MAC2, then TAC: the reverse of the commit's answer.
    fn proof_of_slot(&self, data: &[u8], counter_after: u16) -> Option<(Proof, String)> {
        let tac = hex::encode_upper(data.get(4..8)?);
        let proof = Proof::Purchase {
            offline_counter_after: counter_after,
            amount: self.plan.amount,
            terminal: self.plan.terminal.number.clone(),
            terminal_sequence: self.plan.terminal.sequence,
            at: self.plan.terminal.at,
            mac2: hex::encode_upper(data.get(..4)?),
            tac: tac.clone(),
        };
        Some((proof, tac))
    }
}
