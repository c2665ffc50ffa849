//! Systems outside the centre: one client each behind the core's port, and a sandbox process for demonstration and tests.

mod caller;
pub mod ecard_platform;
pub mod ecard_sandbox;
pub mod neighbour_sandbox;
pub mod neighbours;
