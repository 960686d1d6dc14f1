//! Everything without a route of its own: the dashboard's files and deep links, and paths of the API that lead nowhere.

use crate::app::App;
use crate::auth::identify;
use crate::dashboard;
use crate::problem::{METHOD_NOT_ALLOWED, NOT_FOUND, Problem};
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use std::sync::Arc;

/// Serves the dashboard; below `/api/` a key comes first, so that nobody without one learns which paths exist.
pub(crate) async fn fallback(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, Problem> {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") {
        identify(&app, request.headers(), request.method())?;
        return Err(Problem::new(NOT_FOUND, "the API has no such path"));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Problem::new(METHOD_NOT_ALLOWED, "pages are read with GET"));
    }
    dashboard::serve(path, request.headers())
        .ok_or_else(|| Problem::new(NOT_FOUND, "the dashboard has no such file"))
}

/// The path exists, but not with this method.
pub(crate) async fn not_this_method(method: Method) -> Problem {
    Problem::new(
        METHOD_NOT_ALLOWED,
        format!("the path has no method {method}"),
    )
}
