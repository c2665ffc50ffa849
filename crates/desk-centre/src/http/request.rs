//! The one request endpoint. What goes wrong inside says nothing outside but a status.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response as HttpResponse},
};
use desk_wire::v1::{Envelope, Reply, Response};

use super::{ANSWER, App};
use crate::{authority::Peer, clock::SystemEntropy};

/// How often a request is tried again that others were in the way of.
const TRIES: u32 = 8;

pub(super) async fn health() -> StatusCode {
    StatusCode::OK
}

pub(super) async fn answer(State(app): State<Arc<App>>, Extension(peer): Extension<Option<Peer>>, body: Bytes) -> HttpResponse {
    let Some(peer) = peer else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let Ok(envelope) = serde_json::from_slice::<Envelope>(&body) else {
        tracing::info!(device = %peer.device, "request cannot be read");
        return StatusCode::BAD_REQUEST.into_response();
    };
    if envelope.cell != peer.cell || envelope.device != peer.device || envelope.generation != peer.generation {
        tracing::warn!(device = %peer.device, "envelope and certificate differ");
        return StatusCode::FORBIDDEN.into_response();
    }
    if !app.doors.lets_desk(&peer.device) {
        app.metrics.turned_away("desk");
        tracing::warn!(device = %peer.device, "desk asks too much");
        return super::too_many();
    }
    let begun = tokio::time::Instant::now();
    let answered = tokio::time::timeout(ANSWER, tried(&app, &peer, &envelope)).await;
    let elapsed = begun.elapsed();
    let took = elapsed.as_millis();
    let (name, id) = (envelope.request.name(), envelope.id);
    match answered {
        Ok(Ok(response)) => {
            let code = refusal(&response.reply);
            app.metrics.answered(name, code.unwrap_or("ok"), elapsed);
            tracing::info!(device = %peer.device, request = name, %id, took_ms = took, code, "answered");
            Json(response).into_response()
        }
        Ok(Err(failure)) => {
            let busy = failure.is_busy();
            app.metrics.answered(name, if busy { "busy" } else { "failed" }, elapsed);
            tracing::error!(device = %peer.device, request = name, %id, took_ms = took, %failure, "no answer");
            let status = if busy { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
            status.into_response()
        }
        Err(_) => {
            app.metrics.answered(name, "late", elapsed);
            tracing::error!(device = %peer.device, request = name, %id, took_ms = took, "took too long");
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
    }
}

async fn tried(app: &App, peer: &Peer, envelope: &Envelope) -> Result<Response, centre_core::Failure> {
    let mut tries = 0;
    loop {
        let now = app.clock.now();
        let result = app.centre.handle(envelope, &peer.device, now, &mut SystemEntropy).await;
        match result {
            Err(failure) if failure.is_busy() && tries < TRIES => {
                tries += 1;
                let [jitter] = crate::clock::random::<1>();
                let pause = 4 * u64::from(tries) + u64::from(jitter) / 16;
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            other => return other,
        }
    }
}

fn refusal(reply: &Reply) -> Option<&'static str> {
    if let Reply::Refused { message } = reply { Some(message.code.as_str()) } else { None }
}
