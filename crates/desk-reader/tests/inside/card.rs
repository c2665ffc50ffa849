//! A toy purse for the virtual reader: it answers what a test needs and errs where it is told to.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use desk_cardsim::vpcd::{Inserted, Outcome, Power, VirtualCard, insert};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The link goes before the debit is executed.
    TearBefore,
    /// The debit is executed, the answer lost.
    TearAfter,
    /// Executed, one byte comes back.
    OneByte,
    /// Executed, no answer ever.
    Silent,
    Slow(Duration),
}

struct State {
    balance: u32,
    fault: Option<Fault>,
    mute: bool,
    resets: u32,
}

pub struct TestCard(Mutex<State>);

impl TestCard {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { balance: 10_000, fault: None, mute: false, resets: 0 })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics within")
    }

    pub fn set_balance(&self, fen: u32) {
        self.state().balance = fen;
    }

    pub fn set_mute(&self, mute: bool) {
        self.state().mute = mute;
    }

    pub fn next_debit(&self, fault: Fault) {
        self.state().fault = Some(fault);
    }

    /// Ends of power and resets so far.
    pub fn resets(&self) -> u32 {
        self.state().resets
    }

    pub fn atr_bytes(&self) -> Vec<u8> {
        let history = b"TEST";
        let mut atr = vec![0x3B, 0x80 | 4, 0x80, 0x01];
        atr.extend(history);
        atr.push(atr.iter().skip(1).fold(0, |sum, byte| sum ^ byte));
        atr
    }
}

impl VirtualCard for TestCard {
    fn atr(&self) -> Vec<u8> {
        self.atr_bytes()
    }

    fn mute(&self) -> bool {
        self.state().mute
    }

    fn power(&self, power: Power) {
        match power {
            Power::Off | Power::Reset => self.state().resets += 1,
            Power::On => {}
        }
    }

    fn command(&self, command: &[u8]) -> Outcome {
        let ok = |data: &[u8]| Outcome::Answer([data, &[0x90, 0x00]].concat());
        match command.get(1) {
            Some(0x5C) => ok(&self.state().balance.to_be_bytes()),
            Some(0xCA) => ok(&vec![0xA5; usize::from(command[4])]),
            Some(0x54) => {
                let fault = self.state().fault.take();
                if fault == Some(Fault::TearBefore) {
                    return Outcome::Gone;
                }
                self.state().balance -= 100;
                match fault {
                    None | Some(Fault::TearBefore) => ok(&[]),
                    Some(Fault::TearAfter) => Outcome::Gone,
                    Some(Fault::OneByte) => Outcome::Answer(vec![0x90]),
                    Some(Fault::Silent) => Outcome::Silent,
                    Some(Fault::Slow(pause)) => {
                        std::thread::sleep(pause);
                        ok(&[])
                    }
                }
            }
            Some(_) | None => Outcome::Answer(vec![0x6D, 0x00]),
        }
    }
}

pub fn put(port: u16, card: &Arc<TestCard>) -> Inserted {
    let reader = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let card: Arc<dyn VirtualCard> = Arc::clone(card) as _;
    insert(reader, card).expect("the virtual reader listens")
}

pub fn reader_port() -> u16 {
    port("CARDDESK_VPCD_PORT")
}

pub fn second_port() -> u16 {
    port("CARDDESK_VPCD_PORT_2")
}

#[expect(clippy::disallowed_methods, reason = "scripts/isolated tells by the environment")]
fn port(variable: &str) -> u16 {
    std::env::var(variable).expect("set by scripts/isolated").parse().expect("a port")
}

/// Another program's connection to the card in the first reader.
pub fn hold(mode: pcsc::ShareMode) -> pcsc::Card {
    connect(mode).expect("connects")
}

/// Whether another program could open the card this way now.
pub fn share(mode: pcsc::ShareMode) -> Result<(), pcsc::Error> {
    connect(mode).map(drop)
}

fn connect(mode: pcsc::ShareMode) -> Result<pcsc::Card, pcsc::Error> {
    let context = pcsc::Context::establish(pcsc::Scope::User)?;
    context.connect(c"Virtual PCD 00 00", mode, pcsc::Protocols::ANY)
}
