//! What was said to a card and what it answered, for support. Nothing personal stands in it: PINs, the holder's file, journeys
//! and all but the last digits of card numbers are masked before it is written down.

use serde::{Deserialize, Serialize};

/// One command and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchanged {
    /// Milliseconds since the job with the card began.
    pub at: u32,
    /// Milliseconds until the answer.
    pub took: u32,
    /// Hexadecimal digits; `*` where masked.
    pub command: String,
    /// The same, status word included; absent where no answer came.
    pub answer: Option<String>,
}

/// Exchanges that one row of the journal holds at most; of more the first and the last are kept.
pub const MOST: usize = 400;
/// So many of them are the first.
const FIRST: usize = 100;

/// Adds exchanges within the bound.
pub fn extend(trail: &mut Vec<Exchanged>, more: impl IntoIterator<Item = Exchanged>) {
    for exchanged in more {
        if trail.len() >= MOST {
            trail.remove(FIRST);
        }
        trail.push(exchanged);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_are_kept() {
        let mut trail = Vec::new();
        extend(&mut trail, (0..1000).map(|at| Exchanged { at, took: 1, command: String::new(), answer: None }));
        let kept: Vec<u32> = trail.iter().map(|exchanged| exchanged.at).collect();
        assert_eq!((kept.len(), kept[99], kept[100], kept[399]), (MOST, 99, 700, 999));
    }
}
