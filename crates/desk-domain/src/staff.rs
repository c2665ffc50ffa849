//! The card of a member of staff: what it proves, and for what. The PIN goes to the card and nowhere else.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    id::{CaseId, CellId, DeviceId, OperatorId, RequestId},
    money::Fen,
};

/// What a staff card gives after its PIN: its certificate (DER) and its signature (ECDSA on P-256 over the challenge, 64 bytes),
/// hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffProof {
    pub certificate: String,
    pub signature: String,
}

/// Whose card it is, once certificate and signature were checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffCard {
    pub operator: OperatorId,
    /// Serial number of the certificate, hexadecimal digits. The centre knows one valid card a person.
    pub serial: String,
}

/// What the signature is for. One signature, one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaffPurpose {
    SignIn,
    Authorise { case: CaseId, amount: Fen },
}

/// What the card signs: bound to cell, desk, request and purpose, so that a signature serves once and for one thing. The
/// request's id is new each time, and the centre answers an id once.
#[must_use]
pub fn challenge(cell: &CellId, device: &DeviceId, request: &RequestId, purpose: &StaffPurpose) -> [u8; 32] {
    let purpose = match purpose {
        StaffPurpose::SignIn => "sign_in".to_owned(),
        StaffPurpose::Authorise { case, amount } => format!("authorise/{case}/{}", amount.0),
    };
    let mut hasher = Sha256::new();
    for field in ["carddesk/staff/1", cell.as_str(), device.as_str(), &request.to_string(), &purpose] {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field.as_bytes());
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id128;

    #[test]
    fn every_field_counts() {
        let (cell, device) = (CellId::new("cell"), DeviceId::new("desk"));
        let of = |request: u8, purpose: &StaffPurpose| challenge(&cell, &device, &Id128([request; 16]), purpose);
        let authorise = |case: u8, amount: i64| StaffPurpose::Authorise { case: Id128([case; 16]), amount: Fen(amount) };
        let all = [
            of(1, &StaffPurpose::SignIn),
            of(2, &StaffPurpose::SignIn),
            of(1, &authorise(1, 100)),
            of(1, &authorise(2, 100)),
            of(1, &authorise(1, 101)),
            challenge(&CellId::new("cel"), &DeviceId::new("ldesk"), &Id128([1; 16]), &StaffPurpose::SignIn),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
