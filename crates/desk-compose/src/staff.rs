//! Staff cards, checked against the deployment's authority.

use chrono::{DateTime, Utc};
use desk_app::ports::StaffCards;
use desk_domain::{
    code::Message,
    staff::{StaffCard, StaffProof},
};

/// The authority's certificate, PEM.
pub struct OfAuthority(pub String);

impl StaffCards for OfAuthority {
    fn proven(&self, proof: &StaffProof, challenge: &[u8; 32], now: DateTime<Utc>) -> Result<StaffCard, Message> {
        desk_wire::staff::proven(&self.0, proof, challenge, now)
    }
}
