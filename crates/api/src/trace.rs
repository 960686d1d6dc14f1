//! The outermost layer: gives every request a trace id, turns problems into answers, catches panics, counts and logs.
//! It also sets the headers that keep browsers from being misused.

use crate::app::App;
use crate::keys::random_hex;
use crate::metrics;
use crate::problem::{INTERNAL, Problem};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// Where the trace id stands in answers.
const TRACE_HEADER: HeaderName = HeaderName::from_static("x-trace-id");
/// The page needs its own scripts, styles in elements, and small pictures in the style sheet; nothing from elsewhere.
const CONTENT_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                              object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The id under which a request is found in the log.
#[derive(Debug, Clone)]
pub(crate) struct TraceId(pub(crate) Arc<str>);

/// Runs a request within a trace.
pub(crate) async fn trace(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = app.state.clock.monotonic();
    let trace_id = TraceId(trace_id(request.headers()));
    request.extensions_mut().insert(trace_id.clone());
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("other", |path| path.as_str())
        .to_owned();
    let caught = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = caught.unwrap_or_else(|_| {
        tracing::error!(%method, route, trace_id = &*trace_id.0, "a handler panicked");
        Problem::new(INTERNAL, "the request could not be finished").to_response(&trace_id.0)
    });
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = problem.to_response(&trace_id.0);
    }
    set_headers(response.headers_mut(), &trace_id);
    let (status, elapsed) = (
        response.status().as_u16(),
        app.state.clock.monotonic().saturating_sub(started),
    );
    metrics::answered(&route, status, elapsed);
    if status >= 500 {
        tracing::warn!(%method, route, status, trace_id = &*trace_id.0, elapsed_ms = elapsed.as_millis(), "request failed");
    } else {
        tracing::debug!(%method, route, status, trace_id = &*trace_id.0, elapsed_ms = elapsed.as_millis(), "answered");
    }
    response
}

/// The trace a caller is already in, by the W3C header; else a new one.
fn trace_id(headers: &HeaderMap) -> Arc<str> {
    let given = headers
        .get("traceparent")
        .and_then(|value| value.to_str().ok());
    let id = given
        .and_then(|text| text.split('-').nth(1))
        .filter(|id| is_trace_id(id));
    id.map_or_else(|| Arc::from(random_hex::<16>()), Arc::from)
}

fn is_trace_id(id: &str) -> bool {
    id.len() == 32
        && id
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && id.bytes().any(|byte| byte != b'0')
}

fn set_headers(headers: &mut HeaderMap, trace_id: &TraceId) {
    if let Ok(value) = HeaderValue::from_str(&trace_id.0) {
        headers.insert(TRACE_HEADER, value);
    }
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONTENT_POLICY),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}
