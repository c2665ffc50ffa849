//! From the tap to the balance, over the same commands sent bare through the same service and the same reader.
//!
//! Run by `make bench` (`scripts/bench tap`), which gives it a smart-card service of its own. Each tap is read by the product and
//! by the bare loop, in turns which of them goes first. Printed: median and 99th percentile of both, their ratio, and how many
//! commands the balance takes.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench that cannot set the stage stops; its figures are what it is for"
)]

use std::{
    env,
    ffi::CString,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use desk_card::{
    LookAtCard, ReadCard,
    link::{Answer, CardReader, Presence},
    profile::Profiles,
    read::Journeys,
    transaction::{Reply, Step, Transaction},
};
use desk_cardsim::{
    CardRow, Seed, SimCard,
    vpcd::{Outcome, Power, VirtualCard, insert},
};
use desk_reader::{PcscReader, ReaderConfig};

const READER: &str = "Virtual PCD 00 00";
/// GET BALANCE of the usable money and of the limit within it: with both the balance stands.
const UNTIL_BALANCE: [[u8; 3]; 2] = [[0x80, 0x5C, 0x00], [0x80, 0x5C, 0x01]];

struct Laid(Mutex<SimCard>);

impl VirtualCard for Laid {
    fn atr(&self) -> Vec<u8> {
        self.0.lock().expect("card").atr()
    }

    fn mute(&self) -> bool {
        false
    }

    fn power(&self, power: Power) {
        let mut card = self.0.lock().expect("card");
        match power {
            Power::Off => card.power_off(),
            Power::On => card.power_on(),
            Power::Reset => card.reset(),
        }
    }

    fn command(&self, command: &[u8]) -> Outcome {
        Outcome::Answer(self.0.lock().expect("card").apdu(command))
    }
}

fn card() -> SimCard {
    let row = CardRow {
        name: String::new(),
        family: "tunion-unload".to_owned(),
        card_no: "3104999000000000101".to_owned(),
        issuer: "99993040FFFFFFFF".to_owned(),
        serial: "4999000000000101".to_owned(),
        holder_class: 2,
        balance_fen: 3650,
        valid_until: String::new(),
    };
    SimCard::make(&Seed(b"seed of the bench".to_vec()), &row).expect("card")
}

/// Times of one reading, from the opened card on.
#[derive(Debug, Clone, Copy)]
struct Taken {
    balance: Duration,
    whole: Duration,
}

/// The product's reading: what it said, and when the balance stood. `T` is what the reading ends with.
async fn by_product<T>(reader: &mut PcscReader, reading: &mut dyn Transaction<End = T>, said: &mut Vec<Vec<u8>>) -> (Taken, T) {
    let begun = Instant::now();
    assert!(matches!(reader.connect().await, Presence::Card { .. }), "one card");
    let mut balance = Duration::ZERO;
    let mut reply = Reply::Begin;
    loop {
        reply = match reading.step(reply) {
            Step::Send(command) => {
                let answer = reader.transmit(&command).await;
                assert!(matches!(answer, Answer::Response(_)), "the card stays");
                if UNTIL_BALANCE.iter().any(|wanted| command.starts_with(wanted)) {
                    balance = begun.elapsed();
                }
                said.push(command);
                Reply::Card(answer)
            }
            Step::AskIssuer(_) => unreachable!("a reading asks nobody"),
            Step::Done(end) => {
                let whole = begun.elapsed();
                reader.disconnect().await;
                return (Taken { balance, whole }, end);
            }
        };
    }
}

/// The same commands, bare.
fn by_loop(context: &pcsc::Context, name: &CString, commands: &[Vec<u8>]) -> Taken {
    let begun = Instant::now();
    let card = context.connect(name, pcsc::ShareMode::Shared, pcsc::Protocols::ANY).expect("card");
    let mut room = [0; 300];
    let mut balance = Duration::ZERO;
    for command in commands {
        card.transmit(command, &mut room).expect("answer");
        if UNTIL_BALANCE.iter().any(|wanted| command.starts_with(wanted)) {
            balance = begun.elapsed();
        }
    }
    let whole = begun.elapsed();
    card.disconnect(pcsc::Disposition::ResetCard).map_err(|(_, error)| error).expect("disconnect");
    Taken { balance, whole }
}

fn at(mut times: Vec<Duration>, percent: usize) -> f64 {
    times.sort();
    times.get((times.len() * percent / 100).min(times.len() - 1)).expect("times").as_secs_f64() * 1e3
}

fn print(what: &str, product: &[Duration], bare: &[Duration]) {
    let [p50, p99] = [50, 99].map(|percent| (at(product.to_vec(), percent), at(bare.to_vec(), percent)));
    println!(
        "{what:<34} median {:7.2} ms over {:7.2} ms = {:.2}   p99 {:7.2} ms over {:7.2} ms = {:.2}, {:+.2} ms",
        p50.0,
        p50.1,
        p50.0 / p50.1,
        p99.0,
        p99.1,
        p99.0 / p99.1,
        p99.0 - p99.1
    );
}

/// How long after a bare watcher the product hears of a card that is laid on.
async fn heard(reader: &mut PcscReader, port: SocketAddr, card: &Arc<Laid>, taps: usize) -> (Vec<Duration>, Vec<Duration>) {
    let (mut product, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..taps {
        let watcher = std::thread::spawn(|| {
            let context = pcsc::Context::establish(pcsc::Scope::User).expect("context");
            let mut states = [pcsc::ReaderState::new(CString::new(READER).expect("name"), pcsc::State::UNAWARE)];
            context.get_status_change(None, &mut states).expect("state");
            while !states.iter().any(|state| state.event_state().contains(pcsc::State::PRESENT)) {
                states.iter_mut().for_each(pcsc::ReaderState::sync_current_state);
                context.get_status_change(None, &mut states).expect("state");
            }
            Instant::now()
        });
        std::thread::sleep(Duration::from_millis(50));
        let laid = Instant::now();
        let there = insert(port, card.clone()).expect("slot");
        while !matches!(reader.changed(Duration::from_secs(5)).await, Presence::Card { .. }) {}
        product.push(laid.elapsed());
        bare.push(watcher.join().expect("watcher").duration_since(laid));
        drop(there);
        while reader.changed(Duration::from_secs(5)).await != Presence::Empty {}
    }
    (product, bare)
}

fn main() {
    let taps: usize = env::var("CARDDESK_BENCH_TAPS").ok().and_then(|text| text.parse().ok()).unwrap_or(400);
    let Some(port) = env::var("CARDDESK_VPCD_PORT").ok().and_then(|text| text.parse().ok()) else {
        println!("SKIPPED tap: needs scripts/isolated (run scripts/bench tap)");
        return;
    };
    let port = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        let profiles = Profiles::built_in().expect("families");
        let context = pcsc::Context::establish(pcsc::Scope::User).expect("context");
        let name = CString::new(READER).expect("name");
        let mut reader = PcscReader::start(ReaderConfig { only: vec![READER.to_owned()], ..ReaderConfig::default() }).expect("reader");
        let card = Arc::new(Laid(Mutex::new(card())));

        let (product, bare) = heard(&mut reader, port, &card, taps.div_ceil(10)).await;
        print("laid on, heard of", &product, &bare);

        let _there = insert(port, card.clone()).expect("slot");
        while !matches!(reader.changed(Duration::from_secs(5)).await, Presence::Card { .. }) {}
        let (mut product, mut bare): (Vec<Taken>, Vec<Taken>) = (Vec::new(), Vec::new());
        let mut commands = Vec::new();
        by_product(&mut reader, &mut ReadCard::new(&profiles), &mut commands).await.1.expect("a card");
        let until = commands.iter().rposition(|command| UNTIL_BALANCE.iter().any(|wanted| command.starts_with(wanted)));
        for tap in 0..taps {
            let mut again = Vec::new();
            if tap % 2 == 0 {
                bare.push(by_loop(&context, &name, &commands));
            }
            let (taken, end) = by_product(&mut reader, &mut ReadCard::new(&profiles), &mut again).await;
            assert_eq!(end.expect("a card").purse.expect("a purse").balance.0, 3650);
            assert_eq!(again, commands, "each tap says the same");
            product.push(taken);
            if tap % 2 == 1 {
                bare.push(by_loop(&context, &name, &commands));
            }
        }
        let of = |taken: &[Taken], part: fn(&Taken) -> Duration| taken.iter().map(part).collect::<Vec<_>>();
        println!("commands until the balance is known: {}; for the whole card: {}", until.map_or(0, |at| at + 1), commands.len());
        print("tap to balance", &of(&product, |taken| taken.balance), &of(&bare, |taken| taken.balance));
        print("tap to the whole card", &of(&product, |taken| taken.whole), &of(&bare, |taken| taken.whole));

        let mut commands = Vec::new();
        by_product(&mut reader, &mut LookAtCard::new(&profiles, Journeys::All), &mut commands).await.1.expect("a card");
        let (mut product, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..taps.div_ceil(4) {
            let (taken, end) = by_product(&mut reader, &mut LookAtCard::new(&profiles, Journeys::All), &mut Vec::new()).await;
            end.expect("a card");
            product.push(taken.whole);
            bare.push(by_loop(&context, &name, &commands).whole);
        }
        print(&format!("everything shown ({} commands)", commands.len()), &product, &bare);
        reader.close().await;
    });
}
