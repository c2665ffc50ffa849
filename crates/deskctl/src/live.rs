//! The card on a reader of this computer.

use std::time::{Duration, Instant};

use desk_card::{
    LookAtCard, ReadEnd,
    code::{Code, Message},
    link::{Answer, CardReader, Presence},
    profile::Profiles,
    read::Journeys,
    sight::{CardSight, Unread},
    transaction::{Reply, Step, Transaction},
};
use desk_reader::{PcscReader, ReaderConfig};
use serde_json::{Value, json};

use crate::{card::Nothing, decoded};

/// # Errors
/// Why there is no card, or what was seen of one that could not be read.
pub fn read(profiles: &Profiles, reader: Option<&str>, wait: u64, exchanges: bool) -> Result<Value, Nothing> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Message::new(Code::Internal).with("where", error.kind()))?;
    runtime.block_on(async {
        let config = ReaderConfig { only: reader.map(str::to_owned).into_iter().collect(), ..ReaderConfig::default() };
        let mut reader = PcscReader::start(config).map_err(|_| Message::new(Code::ReaderServiceDown))?;
        let told = at_reader(&mut reader, profiles, Duration::from_secs(wait), exchanges).await;
        reader.close().await;
        told
    })
}

async fn at_reader(reader: &mut PcscReader, profiles: &Profiles, wait: Duration, exchanges: bool) -> Result<Value, Nothing> {
    let atr = card(reader, wait).await?;
    let mut said = Vec::new();
    let looked = look(reader, profiles, &mut said).await;
    reader.disconnect().await;
    let mut object = match looked {
        Ok(sight) => decoded::of_sight(&sight),
        Err(unread) => {
            let mut nothing = decoded::nothing(&unread);
            nothing.message = unread.end.0;
            if let Some(seen) = nothing.seen.as_mut().and_then(Value::as_object_mut) {
                seen.insert("atr".to_owned(), json!(hex::encode_upper(atr)));
                if exchanges {
                    seen.insert("exchanges".to_owned(), json!(said));
                }
            }
            return Err(nothing);
        }
    };
    if let Some(object) = object.as_object_mut() {
        object.insert("atr".to_owned(), json!(hex::encode_upper(atr)));
        if exchanges {
            object.insert("exchanges".to_owned(), json!(said));
        }
    }
    Ok(object)
}

/// Waits for one card and powers it; its ATR.
#[expect(clippy::disallowed_methods, reason = "the patience of a tool at a terminal")]
async fn card(reader: &mut PcscReader, wait: Duration) -> Result<Vec<u8>, Message> {
    let until = Instant::now() + wait;
    let mut presence = reader.presence().await;
    loop {
        if matches!(presence, Presence::Card { .. }) {
            presence = reader.connect().await;
        }
        if let Presence::Card { atr } = presence {
            return Ok(atr);
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ReadEnd::of_presence(&presence).map_or_else(|| Message::new(Code::CardMute), |end| end.0));
        }
        tokio::time::sleep(left.min(Duration::from_millis(100))).await;
        presence = reader.presence().await;
    }
}

async fn look(reader: &mut PcscReader, profiles: &Profiles, said: &mut Vec<[String; 2]>) -> Result<CardSight, Unread> {
    let mut look = LookAtCard::new(profiles, Journeys::All);
    let mut reply = Reply::Begin;
    loop {
        reply = match look.step(reply) {
            Step::Send(command) => {
                let answer = reader.transmit(&command).await;
                if let Answer::Response(bytes) = &answer {
                    said.push([hex::encode_upper(&command), hex::encode_upper(bytes)]);
                }
                Reply::Card(answer)
            }
            // A look asks nobody; the machine ends at the refusal.
            Step::AskIssuer(_) => Reply::IssuerRefused(Message::new(Code::Internal)),
            Step::Done(end) => return end,
        };
    }
}
