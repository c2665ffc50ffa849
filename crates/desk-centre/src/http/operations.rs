//! For those who run the centre: is it up, can it work, what has it done. Plain HTTP on an address of the inside; shows
//! nothing of any desk, person or card.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};

use super::App;

pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/live", get(|| async { StatusCode::OK }))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(app)
}

/// 200 where the database takes writes, else 503: a balancer sends desks elsewhere.
async fn ready(State(app): State<Arc<App>>) -> StatusCode {
    if app.store.is_writable().await { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, TEXT)], app.metrics.text(app.store.connections()))
}
