//! Puts money onto a purse by CREDIT FOR LOAD (圈存).

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

/// Checks the card, INITIALIZE FOR LOAD, MAC2 from the key service (which checks MAC1), CREDIT FOR LOAD, reads back. The
/// proof of a written end is the TAC, its counter the online counter after the step.
pub struct Load(Wired<DoMovement>);

impl Load {
    /// # Errors
    /// A [`Message`] where the card has no purse or `amount` is nothing that it can take.
    pub fn new(profiles: &Profiles, before: &CardImage, amount: Fen, terminal: &Terminal) -> Result<Self, Message> {
        Ok(Self(Wired::new(DoMovement::new(method(profiles, before, amount, terminal)?))))
    }
}

impl Transaction for Load {
    type End = WriteEnd;

    fn step(&mut self, reply: Reply) -> Step<WriteEnd> {
        self.0.step(reply)
    }
}

pub fn method(profiles: &Profiles, before: &CardImage, amount: Fen, terminal: &Terminal) -> Result<Method, Message> {
    let plan = Plan::new(profiles, before, amount, terminal, Code::ProfileMismatch)?;
    let after = plan.purse_before.balance.plus(amount).map_err(|_| Message::new(Code::AmountInvalid))?;
    Ok(Box::new(ByLoad { plan, after }))
}

struct ByLoad {
    plan: Plan,
    after: Fen,
}

impl Movement for ByLoad {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn kind(&self) -> u8 {
        if self.plan.purse.purse == 1 { 0x01 } else { 0x02 }
    }

    fn line(&self) -> CounterLine {
        CounterLine::Online
    }

    fn balance_after(&self) -> Fen {
        self.after
    }

    fn possible(&self, old_balance: u32) -> bool {
        i32::try_from(old_balance)
            .ok()
            .zip(i32::try_from(self.plan.amount_bytes).ok())
            .is_some_and(|(old, more)| old.checked_add(more).is_some())
    }

    fn unsupported(&self) -> Code {
        Code::ProfileMismatch
    }

    fn initialize(&self) -> Vec<u8> {
        let purse = &self.plan.purse;
        apdu::initialize(Initialize::Load, purse.purse, purse.load_key, self.plan.amount_bytes, self.plan.terminal_number)
    }

    fn opened(&self, data: &[u8]) -> Option<Opened> {
        Opened::online(data)
    }

    fn request(&self, opened: &Opened) -> IssuerRequest {
        IssuerRequest::Load {
            card: key_source(&self.plan.before),
            purse: self.plan.purse.purse,
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
        apdu::credit_for_load(at, mac)
    }

    fn proof_of_commit(&self, data: &[u8]) -> Option<String> {
        (data.len() == 4).then(|| hex::encode_upper(data))
    }

    /// Four zeros, then the TAC; some cards answer the TAC alone.
    fn proof_of_slot(&self, data: &[u8], counter_after: u16) -> Option<(Proof, String)> {
        let tac = hex::encode_upper(match data.len() {
            4 => data,
            _ => data.get(4..8)?,
        });
        let proof = Proof::Load {
            online_counter_after: counter_after,
            amount: self.plan.amount,
            terminal: self.plan.terminal.number.clone(),
            at: self.plan.terminal.at,
            tac: tac.clone(),
        };
        Some((proof, tac))
    }
}
