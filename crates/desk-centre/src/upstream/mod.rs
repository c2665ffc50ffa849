//! Systems outside the centre: one client each behind the core's port, and a sandbox process for demonstration and tests.

pub mod ecard_platform;
pub mod ecard_sandbox;
