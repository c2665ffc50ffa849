//! Desk, simulator and centre in one process; faults and scenarios; never in a shipped program.

pub mod books;
pub mod clerk;
pub mod clock;
pub mod counter;
pub mod earlier;
pub mod entropy;
pub mod faulty_store;
pub mod fleet;
pub mod folder;
pub mod hall;
pub mod link_faults;
pub mod memory_store;
pub mod mortal_store;
pub mod rig;
pub mod screen;
pub mod script;
pub mod shift;
pub mod stations;
pub mod tally;
pub mod world;
