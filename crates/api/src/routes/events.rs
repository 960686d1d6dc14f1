//! Events over HTTP: the body is read and unpacked within bounds and handed to the door, whose receipt is the answer.

use crate::app::App;
use crate::auth::store_of;
use crate::body;
use crate::decompress::{Bounds, Encoding, decompress};
use crate::door::{DoorRequest, ItemOutcome, ItemResult, Receipt, Refused};
use crate::keys::Principal;
use crate::params::Params;
use crate::problem::{
    BODY_MISSING, BODY_TOO_LARGE, INTERNAL, INVALID_QUERY, LOG_FAILED, OVERLOADED, Problem,
    QUALITY_REFUSED, STOPPING,
};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use event::frame::SourceInfo;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Longest Idempotency-Key.
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
/// Bodies up to this size are unpacked where they are read; larger ones would hold up other requests.
const UNPACKED_IN_PLACE_MAX: usize = 64 << 10;

/// `?store=main`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreOf {
    store: Option<String>,
}

/// Takes events in.
pub(crate) async fn add(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Params(of): Params<StoreOf>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let store = store_of(&principal, of.store.as_deref())?;
    let idempotency_key = idempotency_key(&headers)?;
    let encoding = Encoding::of(&headers)?;
    let packed = body::read(&app, body, app.config.body_bytes_max).await?;
    let body = unpack(&app, packed, encoding).await?;
    if body.trim_ascii().is_empty() {
        return Err(Problem::new(BODY_MISSING, "the body holds no event"));
    }
    let source = SourceInfo {
        source: format!("http:{}", principal.key_id),
        name: principal.name.clone(),
        store,
    };
    let receipt = app
        .state
        .door
        .submit(DoorRequest {
            source,
            body,
            idempotency_key,
        })
        .await
        .map_err(refused)?;
    Ok((
        StatusCode::ACCEPTED,
        Json(json!({ "data": receipt_body(&receipt) })),
    )
        .into_response())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text.is_empty() || text.len() > IDEMPOTENCY_KEY_BYTES_MAX {
        let detail =
            format!("Idempotency-Key is no text of 1 to {IDEMPOTENCY_KEY_BYTES_MAX} characters");
        return Err(Problem::new(INVALID_QUERY, detail));
    }
    Ok(Some(text.to_owned()))
}

async fn unpack(app: &App, packed: Vec<u8>, encoding: Encoding) -> Result<Vec<u8>, Problem> {
    let bounds = Bounds {
        bytes_max: app.config.decompressed_bytes_max,
        ratio_max: app.config.decompression_ratio_max,
    };
    if encoding == Encoding::Plain || packed.len() <= UNPACKED_IN_PLACE_MAX {
        return decompress(packed, encoding, bounds);
    }
    let unpacked = tokio::task::spawn_blocking(move || decompress(packed, encoding, bounds)).await;
    unpacked.unwrap_or_else(|_| Err(Problem::new(INTERNAL, "the body could not be unpacked")))
}

/// The answer to what the door refused.
pub(crate) fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::Overloaded { retry_after_s } => {
            Problem::new(OVERLOADED, refused.to_string()).retry_after(retry_after_s.max(1))
        }
        Refused::Stopping => Problem::new(STOPPING, refused.to_string()).retry_after(5),
        Refused::LogFailed(ref cause) => {
            // The cause names files of this machine: it is for the operator, and /health/ready tells that there is one.
            tracing::error!(cause, "events are refused: the log cannot be written");
            Problem::new(LOG_FAILED, "the log cannot be written").retry_after(30)
        }
        Refused::Breach(_) => Problem::new(QUALITY_REFUSED, refused.to_string()),
        Refused::TooLarge => Problem::new(BODY_TOO_LARGE, refused.to_string()),
    }
}

fn receipt_body(receipt: &Receipt) -> Value {
    json!({
        "received": receipt.received,
        "accepted": receipt.accepted,
        "duplicate": receipt.duplicate,
        "quarantined": receipt.quarantined,
        "durability": receipt.durability,
        "dedupe": receipt.dedupe,
        "results": receipt.results.iter().map(result).collect::<Vec<_>>(),
    })
}

fn result(item: &ItemResult) -> Value {
    match &item.outcome {
        ItemOutcome::Accepted { event_id } => {
            json!({ "index": item.index, "status": "accepted", "event_id": event_id })
        }
        ItemOutcome::Duplicate { event_id } => {
            json!({ "index": item.index, "status": "duplicate", "event_id": event_id })
        }
        ItemOutcome::Quarantined { reason, detail } => {
            json!({ "index": item.index, "status": "quarantined", "reason": reason.code(), "detail": detail })
        }
    }
}
