//! Readers of resident identity cards: a certified module (SAM) speaks GA 450 on a serial line. What the module deciphers
//! is taken as it says; nothing here can open a chip without it.

mod frame;
mod serial;
mod text;

pub use serial::{SerialIdReader, SerialLine};
