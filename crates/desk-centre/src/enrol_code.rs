//! One-time codes for a place at a window. Asking again for the same window makes its next generation.

use centre_core::{number::digest, record::Enrolment, store::CentreStore};
use chrono::Duration;
use desk_domain::id::{CellId, DeviceId, OutletId, WindowId};

use crate::{
    clock::{Clock, random},
    fault::Fault,
};

/// Without I, L, O, U: read aloud and typed.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const HOURS: i64 = 24;

/// As typed by a person: case, spaces and hyphens do not count.
#[must_use]
pub fn normalised(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// Makes a code for a window; valid for a day, once.
///
/// # Errors
/// [`Fault`] where the store does not work.
pub async fn make(
    store: &dyn CentreStore,
    secret: &[u8; 32],
    cell: &CellId,
    outlet: &OutletId,
    window: &WindowId,
    clock: Clock,
) -> Result<String, Fault> {
    let code: Vec<char> =
        random::<16>().iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).map(|letter| char::from(*letter)).collect();
    let groups: Vec<String> = code.chunks(4).map(|group| group.iter().collect()).collect();
    let code = groups.join("-");
    let device = DeviceId::new(format!("{outlet}-{window}"));
    let mut tx = store.begin().await?;
    let known = tx.device(cell, &device).await?;
    let drawn = tx.draw(cell, "terminal").await?;
    let (generation, terminal) = match known {
        Some(known) => (known.generation + 1, known.terminal),
        None => (1, format!("{drawn:012}")),
    };
    tx.put_enrolment(&Enrolment {
        cell: cell.clone(),
        code: digest(secret, "enrol", &[&normalised(&code)]),
        device,
        generation,
        outlet: outlet.clone(),
        window: window.clone(),
        terminal,
        expires_at: clock.now() + Duration::hours(HOURS),
        used_by: None,
    })
    .await?;
    tx.commit().await?;
    Ok(code)
}
