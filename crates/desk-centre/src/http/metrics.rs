//! What the centre counts of itself, in the text form that Prometheus reads. Labels are names of requests and codes;
//! never a desk's, a person's or a card's.

use std::time::Duration;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// How a request ended, as a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    request: &'static str,
    /// `ok`, the refusal's message code, or `busy`, `late`, `failed`.
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    why: &'static str,
}

/// The registry and what it holds.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Ended, Counter>,
    seconds: Histogram,
    turned_away: Family<Why, Counter>,
    connections: Gauge,
    database_open: Gauge,
    database_idle: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("carddesk_centre");
        let requests = Family::<Ended, Counter>::default();
        // 1 ms to 8 s, the time after which nobody waits.
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let turned_away = Family::<Why, Counter>::default();
        let (connections, database_open, database_idle) = (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register("requests", "Requests by kind and result", requests.clone());
        registry.register("request_seconds", "Time to an answer", seconds.clone());
        registry.register("turned_away", "Requests that were not looked at", turned_away.clone());
        registry.register("connections", "Connections of desks", connections.clone());
        registry.register("database_connections", "Connections to the database", database_open.clone());
        registry.register("database_connections_idle", "Connections to the database without work", database_idle.clone());
        Self { registry, requests, seconds, turned_away, connections, database_open, database_idle }
    }

    pub(crate) fn answered(&self, request: &'static str, result: &'static str, took: Duration) {
        self.requests.get_or_create(&Ended { request, result }).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn turned_away(&self, why: &'static str) {
        self.turned_away.get_or_create(&Why { why }).inc();
    }

    /// A connection that counts until it is dropped.
    pub(crate) fn connected(&self) -> Connected {
        self.connections.inc();
        Connected(self.connections.clone())
    }

    pub(crate) fn text(&self, database: (u32, u32)) -> String {
        self.database_open.set(i64::from(database.0));
        self.database_idle.set(i64::from(database.1));
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

pub(crate) struct Connected(Gauge);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}
