//! Server-sent events: a snapshot, then deltas, until the reader goes or the server stops.

use crate::app::App;
use crate::auth::store_of;
use crate::keys::Principal;
use crate::params::Params;
use crate::problem::Problem;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::Deserialize;
use std::sync::Arc;

/// `?store=main`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamOf {
    store: Option<String>,
}

/// Follows a store. A browser that comes back with Last-Event-ID gets a new snapshot, which holds all it missed.
pub(crate) async fn stream(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Params(of): Params<StreamOf>,
) -> Result<Response, Problem> {
    let store = store_of(&principal, of.store.as_deref())?;
    let messages = app
        .hub
        .read(&store)?
        .take_until(app.stop.clone().cancelled_owned());
    // Proxies that gather answers before they pass them on would hold back what is meant for now.
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(messages)).into_response())
}
