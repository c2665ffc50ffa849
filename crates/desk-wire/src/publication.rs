//! What the centre publishes to every desk: the text of a rule file, who published it and who agreed, under one signature.
//!
//! Publications of a cell are numbered from 1 without gaps, and the number is signed as well: nothing can be left out, put in
//! between or brought again.

use chrono::{DateTime, Utc};
use desk_domain::{
    code::{Code, Message},
    id::{CellId, OperatorId},
    ruleset::Edition,
};
use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::suite::signed;

/// First line of what is signed: no other signature of this key means the same.
const PURPOSE: &str = "carddesk publication 1";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    pub cell: CellId,
    /// From 1, without gaps.
    pub number: u64,
    #[serde(flatten)]
    pub edition: Edition,
    /// Name of the file, for messages.
    pub name: String,
    /// TOML, as it was checked.
    pub text: String,
    pub published_by: OperatorId,
    /// Never the same person.
    pub approved_by: OperatorId,
    pub at: DateTime<Utc>,
    /// Ed25519, 64 bytes as hexadecimal digits.
    pub signature: String,
}

impl Publication {
    /// What the signature is over: every field on a line of its own, the text by its SHA-256.
    #[must_use]
    pub fn signed(&self) -> String {
        let Edition { kind, programme, version, effective } = &self.edition;
        [
            PURPOSE,
            self.cell.as_str(),
            &self.number.to_string(),
            kind.as_str(),
            programme.as_str(),
            version,
            &effective.to_string(),
            &self.name,
            &hex::encode(Sha256::digest(self.text.as_bytes())),
            self.published_by.as_str(),
            self.approved_by.as_str(),
            &self.at.timestamp_micros().to_string(),
        ]
        .map(|line| line.replace(['\r', '\n'], " "))
        .join("\n")
    }

    /// Is this what the holder of the publishing key (32 bytes as hexadecimal digits) has signed?
    ///
    /// # Errors
    /// `RULE_SET_SIGNATURE_WRONG`.
    pub fn verify(&self, key: &str) -> Result<(), Message> {
        if signed(key, &self.signed(), &self.signature) {
            Ok(())
        } else {
            Err(Message::new(Code::RuleSetSignatureWrong).with("version", &self.edition.version))
        }
    }
}

/// The publishing key. No `Debug`.
pub struct PublishingKey(SigningKey);

impl PublishingKey {
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// 32 bytes as hexadecimal digits: what desks know since enrolment.
    #[must_use]
    pub fn public(&self) -> String {
        hex::encode(self.0.verifying_key().as_bytes())
    }

    /// The publication with its signature.
    #[must_use]
    pub fn sign(&self, mut publication: Publication) -> Publication {
        publication.signature = hex::encode(self.0.sign(publication.signed().as_bytes()).to_bytes());
        publication
    }
}

#[cfg(test)]
mod tests {
    use desk_domain::{id::ProgrammeId, ruleset::EditionKind};

    use super::*;

    fn signed() -> (PublishingKey, Publication) {
        let key = PublishingKey::from_seed(&[7; 32]);
        let publication = key.sign(Publication {
            cell: CellId::new("main"),
            number: 1,
            edition: Edition {
                kind: EditionKind::Programme,
                programme: ProgrammeId::new("p"),
                version: "P-2".to_owned(),
                effective: "2026-12-01".parse().unwrap(),
            },
            name: "p.toml".to_owned(),
            text: "kind = \"programme\"".to_owned(),
            published_by: OperatorId::new("9001"),
            approved_by: OperatorId::new("9002"),
            at: DateTime::UNIX_EPOCH,
            signature: String::new(),
        });
        (key, publication)
    }

    #[test]
    fn whatever_is_changed_breaks_the_signature() {
        let (key, good) = signed();
        good.verify(&key.public()).unwrap();
        let changes: [fn(&mut Publication); 10] = [
            |changed| changed.cell = CellId::new("other"),
            |changed| changed.number = 2,
            |changed| changed.edition.kind = EditionKind::Days,
            |changed| changed.edition.version = "P-3".to_owned(),
            |changed| changed.edition.effective = "2026-12-02".parse().unwrap(),
            |changed| changed.text.push('\n'),
            |changed| changed.name = "q.toml".to_owned(),
            |changed| changed.approved_by = changed.published_by.clone(),
            |changed| changed.at += chrono::TimeDelta::seconds(1),
            |changed| changed.signature = changed.signature.replace(|digit: char| digit.is_ascii_digit(), "a"),
        ];
        for (index, change) in changes.into_iter().enumerate() {
            let mut changed = good.clone();
            change(&mut changed);
            let refused = changed.verify(&key.public()).unwrap_err();
            assert_eq!(refused.code, Code::RuleSetSignatureWrong, "{index}");
        }
        let other = PublishingKey::from_seed(&[8; 32]);
        for key in [other.public(), String::new(), "zz".to_owned()] {
            assert_eq!(good.verify(&key).unwrap_err().code, Code::RuleSetSignatureWrong);
        }
    }

    #[test]
    fn it_travels_whole() {
        let (_, good) = signed();
        let text = serde_json::to_string(&good).unwrap();
        assert_eq!(serde_json::from_str::<Publication>(&text).unwrap(), good);
    }
}
