//! What can go wrong between a reader and a card, planned by the number of the command.

/// A fault at one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Commands from now, 1 is the next.
    pub at: u32,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The card leaves before it executes the command.
    TearBefore,
    /// The card leaves after it has executed the command and before its answer arrives.
    TearAfter,
    /// The card stays; the command does not reach it.
    LoseCommand,
    /// The card stays and has executed the command; its answer does not arrive.
    LoseAnswer,
    /// The card stays and does not answer any more.
    Mute,
    /// The card executes, and these bytes arrive instead of its answer.
    Answer(Vec<u8>),
    /// Only so many bytes of the answer arrive.
    Cut(usize),
    /// Another card takes its place so fast that the reader does not notice, before the command is executed.
    Swap(String),
}
