//! Takes money off a purse by DEBIT FOR UNLOAD (圈提): all of it for a refund, a part for a reversal.

use chrono::NaiveDateTime;
use desk_domain::{
    card::{CardImage, Terminal, WriteEnd},
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

/// Checks the card, INITIALIZE FOR UNLOAD, MAC2 from the key service (which checks MAC1), DEBIT FOR UNLOAD, reads back.
/// The proof of a written end is MAC3, its counter the online counter after the step.
pub struct Unload(Wired<DoMovement>);

impl Unload {
    /// # Errors
    /// A [`Message`] where the family has no unload or the purse holds less than `amount`.
    pub fn new(profiles: &Profiles, before: &CardImage, amount: Fen, terminal: &Terminal) -> Result<Self, Message> {
        Ok(Self(Wired::new(DoMovement::new(method(profiles, before, amount, terminal)?))))
    }
}

impl Transaction for Unload {
    type End = WriteEnd;

    fn step(&mut self, reply: Reply) -> Step<WriteEnd> {
        self.0.step(reply)
    }
}

pub fn method(profiles: &Profiles, before: &CardImage, amount: Fen, terminal: &Terminal) -> Result<Method, Message> {
    let plan = Plan::new(profiles, before, amount, terminal, Code::RefundUnsupported)?;
    let left = plan.purse_before.balance.minus(amount).ok().filter(|left| *left >= Fen::ZERO);
    let left = left.ok_or_else(|| Message::new(Code::AmountInvalid))?;
    let (Some(key), Some(purse)) = (plan.purse.unload_key, plan.purse.unload_purse) else {
        return Err(Message::new(Code::RefundUnsupported));
    };
    Ok(Box::new(ByUnload { plan, left, key, purse }))
}

struct ByUnload {
    plan: Plan,
    /// What stays in the purse.
    left: Fen,
    key: u8,
    purse: u8,
}

impl Movement for ByUnload {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn kind(&self) -> u8 {
        0x03
    }

    fn line(&self) -> CounterLine {
        CounterLine::Online
    }

    fn balance_after(&self) -> Fen {
        self.left
    }

    fn possible(&self, old_balance: u32) -> bool {
        old_balance >= self.plan.amount_bytes
    }

    fn unsupported(&self) -> Code {
        Code::RefundUnsupported
    }

    fn initialize(&self) -> Vec<u8> {
        apdu::initialize(Initialize::Unload, self.purse, self.key, self.plan.amount_bytes, self.plan.terminal_number)
    }

    fn opened(&self, data: &[u8]) -> Option<Opened> {
        Opened::online(data)
    }

    fn request(&self, opened: &Opened) -> IssuerRequest {
        IssuerRequest::Unload {
            card: key_source(&self.plan.before),
            algorithm: opened.algorithm,
            key_version: opened.key_version,
            random: opened.random.clone(),
            online_counter: opened.counter,
            old_balance: Fen(i64::from(opened.old_balance)),
            amount: self.plan.amount,
            terminal: self.plan.terminal.number.clone(),
            mac1: opened.mac1.clone(),
            at: self.plan.terminal.at,
        }
    }

    fn commit(&self, at: NaiveDateTime, mac: [u8; 4]) -> Option<Vec<u8>> {
        apdu::debit_for_unload(at, mac)
    }

    fn proof_of_commit(&self, data: &[u8]) -> Option<String> {
        (data.len() == 4).then(|| hex::encode_upper(data))
    }

    /// MAC3 first, then four zeros.
    fn proof_of_slot(&self, data: &[u8], counter_after: u16) -> Option<(Proof, String)> {
        let mac3 = hex::encode_upper(data.get(..4)?);
        let proof = Proof::Unload {
            online_counter_after: counter_after,
            amount: self.plan.amount,
            terminal: self.plan.terminal.number.clone(),
            at: self.plan.terminal.at,
            mac3: mac3.clone(),
        };
        Some((proof, mac3))
    }
}
