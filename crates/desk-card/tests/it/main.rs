//! Card transactions against the simulator and the key service.

mod bench;
mod cards;
mod tears;
