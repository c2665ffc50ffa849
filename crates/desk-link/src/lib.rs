//! The desk's line to the centre: HTTPS with the device's own certificate, enrolment, and the device's signature.

mod client;
mod device;
mod enrol;
mod failure;
mod trust;

pub use client::{HttpsLink, Line};
pub use device::{DeviceKey, DeviceSigner};
pub use enrol::{EnrolFailure, Enrolled, certificate_request, enrol};
pub use trust::{Trust, TrustFailure};
