//! Whether the process lives and is ready, and its numbers for Prometheus. These want no key on loopback.

use crate::app::App;
use crate::auth::identify;
use crate::keys::Scope;
use crate::metrics;
use crate::problem::{Problem, SCOPE_MISSING};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use event::EventTime;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The process answers.
pub(crate) async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// Whether every part can serve.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    let readiness = (app.state.readiness)();
    let checks: Map<String, Value> = readiness
        .checks
        .iter()
        .map(|(name, says)| ((*name).to_owned(), Value::from(says.as_str())))
        .collect();
    let (code, status) = if readiness.is_ready {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    };
    (code, Json(json!({ "status": status, "checks": checks })))
}

/// The page a Prometheus server reads.
pub(crate) async fn metrics(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !app.is_loopback && !identify(&app, &headers, &method)?.may(Scope::Read) {
        return Err(Problem::new(SCOPE_MISSING, "metrics want the scope read"));
    }
    metrics::watermarks(&app.state.live, EventTime(app.state.clock.now().0));
    let page = (app.state.render_metrics)();
    Ok((
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        page,
    )
        .into_response())
}
