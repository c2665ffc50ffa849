//! The key service: answers what card transactions ask, and releases nothing that it has not checked.

use chrono::NaiveDateTime;
use desk_card::{
    apdu, bcd,
    code::{Code, Message},
    issuer::{CardKeySource, IssuerAnswer, IssuerRequest, LineKey, Proof},
    money::Fen,
    profile::{LinePurpose, PinProfile, ProfileError, Profiles},
};
use subtle::ConstantTimeEq;

use crate::{
    cipher::Block,
    key::{DoubleKey, MasterKeys, Purpose},
    mac::{self, Mac},
    release::{ReleaseKind, ReleaseRecord},
};

/// Computes and checks card MACs.
pub struct KeyService {
    keys: MasterKeys,
    profiles: Profiles,
}

/// The only algorithm whose purse sessions are known: two-key triple DES. 04 and the like (SM4) are refused.
const TRIPLE_DES: u8 = 0x00;
const KEY_VERSION: u8 = 0x01;
const UNLOAD: u8 = 0x03;
/// The largest balance of a purse, in fen.
const MOST: i64 = 0x7FFF_FFFF;
const PURCHASE: u8 = 0x06;

impl KeyService {
    /// Over the card families that ship with the program.
    ///
    /// # Errors
    /// [`ProfileError`]; a test keeps the shipped files free of it.
    pub fn new(keys: MasterKeys) -> Result<Self, ProfileError> {
        Ok(Self { keys, profiles: Profiles::built_in()? })
    }

    /// Over other card families.
    #[must_use]
    pub fn with_profiles(keys: MasterKeys, profiles: Profiles) -> Self {
        Self { keys, profiles }
    }

    /// Answers one request. `releases` are the recorded releases of this card (others are ignored); only a proof check
    /// looks at them. That the request belongs to an open reservation is the caller's check; what a line MAC is asked
    /// for tells [`KeyService::line_purpose`].
    ///
    /// # Errors
    /// `CardMacWrong` (MAC1 of the card), `KeyAlgorithmUnsupported`, `CardLineUnknown` (not a command of the counter),
    /// `CardFamilyUnknown` or `FieldInvalid`.
    pub fn answer(&self, ask: &IssuerRequest, releases: &[ReleaseRecord]) -> Result<IssuerAnswer, Message> {
        match ask {
            IssuerRequest::Load {
                card,
                purse,
                algorithm,
                key_version,
                random,
                online_counter,
                old_balance,
                amount,
                terminal,
                mac1,
                at,
            } => {
                known_algorithm(*algorithm, *key_version)?;
                if old_balance.plus(*amount).ok().filter(|after| after.0 <= MOST).is_none() {
                    return Err(invalid("amount"));
                }
                let key = self.key(card, Purpose::Load)?;
                let session = mac::online_session(&key, bytes(random, "random")?, *online_counter);
                let released = online_mac(&session, load_type(*purse)?, *old_balance, *amount, terminal, mac1, *at)?;
                Ok(mac_answer(released, *at))
            }
            IssuerRequest::Unload { card, algorithm, key_version, random, online_counter, old_balance, amount, terminal, mac1, at } => {
                known_algorithm(*algorithm, *key_version)?;
                let key = self.key(card, Purpose::Unload)?;
                let session = mac::online_session(&key, bytes(random, "random")?, *online_counter);
                let released = online_mac(&session, UNLOAD, *old_balance, *amount, terminal, mac1, *at)?;
                Ok(mac_answer(released, *at))
            }
            IssuerRequest::Purchase {
                card,
                algorithm,
                key_version,
                random,
                offline_counter,
                amount,
                terminal,
                terminal_sequence,
                at,
                old_balance,
            } => {
                known_algorithm(*algorithm, *key_version)?;
                if amount > old_balance {
                    return Err(invalid("amount"));
                }
                let key = self.key(card, Purpose::Purchase)?;
                let session = mac::offline_session(&key, bytes(random, "random")?, *offline_counter, *terminal_sequence);
                let released = mac::mac(
                    &session,
                    &[&fen(*amount)?[..], &[PURCHASE], &bytes::<6>(terminal, "terminal")?[..], &time(*at)?[..]].concat(),
                );
                Ok(mac_answer(released, *at))
            }
            IssuerRequest::LineMac { card, key: LineKey::Maintenance, challenge, header, data } => {
                self.line_purpose(ask)?;
                let challenge =
                    hex::decode(challenge).ok().filter(|challenge| matches!(challenge.len(), 4 | 8)).ok_or_else(|| invalid("challenge"))?;
                let mut command = bytes::<5>(header, "header")?.to_vec();
                command.extend(hex::decode(data).map_err(|_| invalid("data"))?);
                let key = self.key(card, Purpose::Maintenance)?;
                // A line MAC carries no time.
                Ok(mac_answer(mac::line(&key, &challenge, &command), NaiveDateTime::default()))
            }
            IssuerRequest::Block { card, to, challenge, chip: _ } => {
                let profile = self.profiles.find(&card.family).ok_or_else(|| Message::new(Code::CardFamilyUnknown))?;
                let Some(block) = &profile.block else {
                    return Err(Message::new(Code::CardLineUnknown));
                };
                let challenge = hex::decode(challenge)
                    .ok()
                    .filter(|challenge| challenge.len() == usize::from(block.challenge))
                    .ok_or_else(|| invalid("challenge"))?;
                let key = self.key(card, Purpose::Maintenance)?;
                Ok(mac_answer(mac::line(&key, &challenge, &apdu::block_header(*to)), NaiveDateTime::default()))
            }
            IssuerRequest::PinReload { card, pin } => {
                self.with_pin(card)?;
                Ok(mac_answer(mac::tac(&self.key(card, Purpose::PinReload)?, &pin.bytes()), NaiveDateTime::default()))
            }
            IssuerRequest::PinUnblock { card, challenge, pin } => {
                let slot = self.with_pin(card)?;
                let challenge = hex::decode(challenge)
                    .ok()
                    .filter(|challenge| challenge.len() == usize::from(slot.challenge))
                    .ok_or_else(|| invalid("challenge"))?;
                let key = self.key(card, Purpose::PinUnblock)?;
                let mut data = mac::encipher_line(&key, &pin.bytes()).filter(|data| data.len() == 8).ok_or_else(|| invalid("pin"))?;
                data.extend(mac::line(&key, &challenge, &[&apdu::UNBLOCK_PIN[..], &data].concat()));
                Ok(IssuerAnswer::Protected { data: hex::encode_upper(data) })
            }
            // Whose a release was knows the record of releases, which is the caller's.
            IssuerRequest::CheckStep { .. } | IssuerRequest::CheckChip { .. } => Err(Message::new(Code::KeySourceInvalid)),
            IssuerRequest::CheckProof { card, proof } => Ok(IssuerAnswer::Checked { genuine: self.genuine(card, proof, releases)? }),
        }
    }

    /// What a line MAC is asked for, so that the caller can hold it against its reservation; none for other requests.
    ///
    /// # Errors
    /// `CardLineUnknown` where the command is none that the card family's transactions send.
    pub fn line_purpose(&self, ask: &IssuerRequest) -> Result<Option<LinePurpose>, Message> {
        match ask {
            IssuerRequest::LineMac { card, header, data, .. } => {
                let profile = self.profiles.find(&card.family).ok_or_else(|| Message::new(Code::CardFamilyUnknown))?;
                let data = hex::decode(data).map_err(|_| invalid("data"))?;
                profile.recognise(bytes(header, "header")?, &data).map(Some).ok_or_else(|| Message::new(Code::CardLineUnknown))
            }
            IssuerRequest::Load { .. }
            | IssuerRequest::Unload { .. }
            | IssuerRequest::Purchase { .. }
            | IssuerRequest::Block { .. }
            | IssuerRequest::PinReload { .. }
            | IssuerRequest::PinUnblock { .. }
            | IssuerRequest::CheckProof { .. }
            | IssuerRequest::CheckStep { .. }
            | IssuerRequest::CheckChip { .. } => Ok(None),
        }
    }

    /// Checks the proof of a settled write (TAC of a load, MAC3 of an unload, TAC of a purchase; hexadecimal digits) against the release
    /// that it must belong to.
    ///
    /// # Errors
    /// `FieldInvalid` where a field is malformed.
    pub fn settles(&self, release: &ReleaseRecord, proof: &str) -> Result<bool, Message> {
        let expected = match release.kind {
            ReleaseKind::Load { purse } => self.load_tac(release, purse)?,
            ReleaseKind::Unload => self.mac3(release)?,
            ReleaseKind::Purchase { terminal_sequence } => {
                self.purchase_tac(&release.card, release.amount, &release.terminal, terminal_sequence, release.at)?
            }
        };
        Ok(same(&expected, &bytes(proof, "proof")?))
    }

    /// A proof is genuine when a MAC was released for this transaction and the card's proof follows from it.
    fn genuine(&self, card: &CardKeySource, proof: &Proof, releases: &[ReleaseRecord]) -> Result<bool, Message> {
        let of_card = releases.iter().filter(|release| {
            release.card.family == card.family
                && release.card.issuer.eq_ignore_ascii_case(&card.issuer)
                && release.card.serial.eq_ignore_ascii_case(&card.serial)
        });
        match proof {
            Proof::Load { online_counter_after, amount, terminal, at, tac } => {
                let claimed = bytes(tac, "tac")?;
                let mut genuine = false;
                for release in of_card.filter(|release| {
                    release.counter.checked_add(1) == Some(*online_counter_after)
                        && release.amount == *amount
                        && release.terminal.eq_ignore_ascii_case(terminal)
                        && release.at == *at
                }) {
                    if let ReleaseKind::Load { purse } = release.kind {
                        genuine |= same(&self.load_tac(release, purse)?, &claimed);
                    }
                }
                Ok(genuine)
            }
            Proof::Unload { online_counter_after, amount, terminal, at, mac3 } => {
                let claimed = bytes(mac3, "mac3")?;
                let mut genuine = false;
                for release in of_card.filter(|release| {
                    release.kind == ReleaseKind::Unload
                        && release.counter.checked_add(1) == Some(*online_counter_after)
                        && release.amount == *amount
                        && release.terminal.eq_ignore_ascii_case(terminal)
                        && release.at == *at
                }) {
                    genuine |= same(&self.mac3(release)?, &claimed);
                }
                Ok(genuine)
            }
            Proof::Purchase { offline_counter_after, amount, terminal, terminal_sequence, at, mac2, tac } => {
                // The TAC does not cover the counter; MAC2, under the session key of random and counter, does.
                let claimed = bytes(mac2, "mac2")?;
                let tac_holds = same(&self.purchase_tac(card, *amount, terminal, *terminal_sequence, *at)?, &bytes(tac, "tac")?);
                let mut genuine = false;
                for release in of_card.filter(|release| {
                    release.kind == ReleaseKind::Purchase { terminal_sequence: *terminal_sequence }
                        && release.counter.checked_add(1) == Some(*offline_counter_after)
                        && release.amount == *amount
                        && release.terminal.eq_ignore_ascii_case(terminal)
                        && release.at == *at
                }) {
                    let key = self.key(&release.card, Purpose::Purchase)?;
                    let session = mac::offline_session(&key, bytes(&release.random, "random")?, release.counter, *terminal_sequence);
                    genuine |= same(&mac::mac(&session, &fen(release.amount)?), &claimed);
                }
                Ok(tac_holds && genuine)
            }
        }
    }

    /// TAC of a load: new balance, counter before, amount, type, terminal, time.
    fn load_tac(&self, release: &ReleaseRecord, purse: u8) -> Result<Mac, Message> {
        let key = self.key(&release.card, Purpose::Tac)?;
        let after = release.old_balance.plus(release.amount).map_err(|_| invalid("amount"))?;
        Ok(mac::tac(
            &key,
            &[
                &fen(after)?[..],
                &release.counter.to_be_bytes()[..],
                &fen(release.amount)?[..],
                &[load_type(purse)?],
                &bytes::<6>(&release.terminal, "terminal")?[..],
                &time(release.at)?[..],
            ]
            .concat(),
        ))
    }

    /// MAC3: new balance, counter before, amount, type, terminal, time under the session key.
    fn mac3(&self, release: &ReleaseRecord) -> Result<Mac, Message> {
        let key = self.key(&release.card, Purpose::Unload)?;
        let session = mac::online_session(&key, bytes(&release.random, "random")?, release.counter);
        let left = release.old_balance.minus(release.amount).map_err(|_| invalid("amount"))?;
        Ok(mac::mac(
            &session,
            &[
                &fen(left)?[..],
                &release.counter.to_be_bytes()[..],
                &fen(release.amount)?[..],
                &[UNLOAD],
                &bytes::<6>(&release.terminal, "terminal")?[..],
                &time(release.at)?[..],
            ]
            .concat(),
        ))
    }

    fn purchase_tac(
        &self,
        card: &CardKeySource,
        amount: Fen,
        terminal: &str,
        terminal_sequence: u32,
        at: NaiveDateTime,
    ) -> Result<Mac, Message> {
        let key = self.key(card, Purpose::Tac)?;
        Ok(mac::tac(
            &key,
            &[&fen(amount)?[..], &[PURCHASE], &bytes::<6>(terminal, "terminal")?[..], &terminal_sequence.to_be_bytes()[..], &time(at)?[..]]
                .concat(),
        ))
    }

    /// The PIN of this card's family.
    fn with_pin(&self, card: &CardKeySource) -> Result<&PinProfile, Message> {
        let profile = self.profiles.find(&card.family).ok_or_else(|| Message::new(Code::CardFamilyUnknown))?;
        profile.pin.as_ref().ok_or_else(|| Message::new(Code::CardLineUnknown))
    }

    fn key(&self, card: &CardKeySource, purpose: Purpose) -> Result<DoubleKey, Message> {
        if self.profiles.find(&card.family).is_none() {
            return Err(Message::new(Code::CardFamilyUnknown));
        }
        self.keys.of_card(card, purpose).ok_or_else(|| invalid("card"))
    }
}

/// Checks the card's MAC1 of a load or an unload and answers MAC2.
fn online_mac(session: &Block, kind: u8, old: Fen, amount: Fen, terminal: &str, mac1: &str, at: NaiveDateTime) -> Result<Mac, Message> {
    let (old, amount) = (fen(old)?, fen(amount)?);
    let terminal = bytes::<6>(terminal, "terminal")?;
    let expected = mac::mac(session, &[&old[..], &amount[..], &[kind], &terminal[..]].concat());
    if !same(&expected, &bytes(mac1, "mac1")?) {
        return Err(Message::new(Code::CardMacWrong));
    }
    let time = time(at)?;
    Ok(mac::mac(session, &[&amount[..], &[kind], &terminal[..], &time[..]].concat()))
}

/// Transaction type of a load into this purse.
fn load_type(purse: u8) -> Result<u8, Message> {
    match purse {
        1 | 2 => Ok(purse),
        _ => Err(invalid("purse")),
    }
}

fn known_algorithm(algorithm: u8, version: u8) -> Result<(), Message> {
    if algorithm == TRIPLE_DES && version == KEY_VERSION {
        return Ok(());
    }
    Err(Message::new(Code::KeyAlgorithmUnsupported).with("algorithm", format!("{algorithm:02X}")).with("version", format!("{version:02X}")))
}

fn mac_answer(mac: Mac, at: NaiveDateTime) -> IssuerAnswer {
    IssuerAnswer::Mac { mac: hex::encode_upper(mac), at }
}

fn same(a: &Mac, b: &Mac) -> bool {
    a.ct_eq(b).into()
}

fn invalid(field: &str) -> Message {
    Message::new(Code::FieldInvalid).with("field", field)
}

fn bytes<const N: usize>(digits: &str, field: &str) -> Result<[u8; N], Message> {
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| invalid(field))?;
    Ok(bytes)
}

fn fen(amount: Fen) -> Result<[u8; 4], Message> {
    u32::try_from(amount.0).map(u32::to_be_bytes).map_err(|_| invalid("amount"))
}

fn time(at: NaiveDateTime) -> Result<Vec<u8>, Message> {
    bcd::pack_date_time(at).ok_or_else(|| invalid("at"))
}
