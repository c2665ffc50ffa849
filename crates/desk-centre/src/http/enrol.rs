//! Enrolment: a one-time code and a certificate request against a client certificate. The same key may ask again with the
//! same code (its answer was lost); nobody else.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Extension, Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use centre_core::{number::digest, record::Device};
use desk_domain::{
    code::{Code, Message},
    journal::genesis,
};
use desk_wire::v1::{EnrolReply, EnrolRequest};

use super::App;
use crate::{
    authority::{DevicePublicKey, Peer, requested_key},
    enrol_code::normalised,
    fault::Fault,
};

pub(super) async fn enrol(State(app): State<Arc<App>>, Extension(from): Extension<IpAddr>, body: Bytes) -> Response {
    if !app.doors.lets_enrolment(from) {
        app.metrics.turned_away("enrolments");
        return super::too_many();
    }
    let Ok(request) = serde_json::from_slice::<EnrolRequest>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Some(key) = requested_key(&request.certificate_request) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match enrolled(&app, &request, &key).await {
        Ok(Some(reply)) => {
            tracing::info!(device = %reply.device, generation = reply.generation, "enrolled");
            Json(reply).into_response()
        }
        Ok(None) => {
            tracing::warn!("enrolment refused");
            (StatusCode::FORBIDDEN, Json(Message::new(Code::EnrolRefused))).into_response()
        }
        Err(fault) => {
            tracing::error!(%fault, "enrolment failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn enrolled(app: &App, request: &EnrolRequest, key: &DevicePublicKey) -> Result<Option<EnrolReply>, Fault> {
    let code = digest(&app.secrets.digest, "enrol", &[&normalised(&request.code.0)]);
    let mut tx = app.centre.store().begin().await?;
    let Some(mut enrolment) = tx.enrolment(&code).await? else {
        return Ok(None);
    };
    let public_key = key.hex();
    let now = app.clock.now();
    match &enrolment.used_by {
        Some(used_by) if *used_by == public_key => {}
        Some(_) => return Ok(None),
        None if enrolment.expires_at < now => return Ok(None),
        None => {
            let known = tx.lock_device(&enrolment.cell, &enrolment.device).await?;
            if known.is_some_and(|known| known.generation >= enrolment.generation) {
                return Ok(None);
            }
            tx.put_device(&Device {
                cell: enrolment.cell.clone(),
                device: enrolment.device.clone(),
                generation: enrolment.generation,
                outlet: enrolment.outlet.clone(),
                window: enrolment.window.clone(),
                terminal: enrolment.terminal.clone(),
                public_key: public_key.clone(),
                head: (0, genesis()),
                locked_at: None,
            })
            .await?;
            enrolment.used_by = Some(public_key);
            tx.put_enrolment(&enrolment).await?;
        }
    }
    let peer = Peer { cell: enrolment.cell.clone(), device: enrolment.device.clone(), generation: enrolment.generation };
    let certificate = app.secrets.authority.device(key, &peer).map_err(Fault::new)?;
    tx.commit().await?;
    Ok(Some(EnrolReply {
        cell: enrolment.cell,
        device: enrolment.device,
        generation: enrolment.generation,
        outlet: enrolment.outlet,
        window: enrolment.window,
        terminal: enrolment.terminal,
        certificate,
        identifier_key: app.secrets.identifier.clone(),
        publishing_key: app.secrets.publishing().public(),
    }))
}
