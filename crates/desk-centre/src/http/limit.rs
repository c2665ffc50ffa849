//! How much one desk may ask, and how often one address may try an enrolment code. A desk that is turned away has had
//! nothing done and asks again.

use std::{net::IpAddr, num::NonZeroU32};

use desk_domain::id::DeviceId;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::Limits;

pub(crate) struct Doors {
    desks: DefaultKeyedRateLimiter<DeviceId>,
    enrolments: DefaultKeyedRateLimiter<IpAddr>,
}

impl Doors {
    pub(crate) fn new(limits: &Limits) -> Self {
        let count = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self {
            desks: RateLimiter::keyed(Quota::per_second(count(limits.desk_per_second)).allow_burst(count(limits.desk_burst))),
            enrolments: RateLimiter::keyed(Quota::per_minute(count(limits.enrol_per_minute))),
        }
    }

    pub(crate) fn lets_desk(&self, device: &DeviceId) -> bool {
        self.desks.check_key(device).is_ok()
    }

    pub(crate) fn lets_enrolment(&self, address: IpAddr) -> bool {
        // Addresses that stopped asking are forgotten, or the table grows with every stranger.
        if self.enrolments.len() > 10_000 {
            self.enrolments.retain_recent();
        }
        self.enrolments.check_key(&address).is_ok()
    }
}
