//! Sessions of the dashboard: by a link that works once, or by a key.

use crate::app::App;
use crate::auth::{COOKIE, identify, session_tokens};
use crate::body::read_json;
use crate::config::Tls;
use crate::keys::Scope;
use crate::params::Params;
use crate::problem::{KEY_UNKNOWN, Problem, SCOPE_MISSING};
use crate::wire::{DEFAULT_STORE, Envelope};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// `?token=…`
#[derive(Deserialize)]
pub(crate) struct LoginLink {
    #[serde(default)]
    token: String,
}

/// `{"key": "ss_…"}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyForm {
    key: String,
}

/// Turns a login link into a session.
pub(crate) async fn log_in(
    State(app): State<Arc<App>>,
    method: Method,
    Params(link): Params<LoginLink>,
) -> Response {
    if method == Method::HEAD {
        // Somebody previews the link: it must still be good when it is opened.
        return StatusCode::NO_CONTENT.into_response();
    }
    match app.state.keys.redeem(&link.token) {
        Some(token) => (
            StatusCode::SEE_OTHER,
            [
                (header::LOCATION, "/".to_owned()),
                (header::SET_COOKIE, cookie(&app, &token)),
            ],
        )
            .into_response(),
        None => (
            StatusCode::SEE_OTHER,
            [(header::LOCATION, "/?login=expired")],
        )
            .into_response(),
    }
}

/// Turns a key into a session.
pub(crate) async fn open(State(app): State<Arc<App>>, body: Body) -> Result<Response, Problem> {
    let form: KeyForm = read_json(&app, body).await?;
    let principal = app.state.keys.authenticate(form.key.trim());
    let principal = principal.ok_or_else(|| {
        Problem::new(
            KEY_UNKNOWN,
            "no key of this server is the one that was sent",
        )
    })?;
    if !principal.may(Scope::Read) {
        return Err(Problem::new(
            SCOPE_MISSING,
            "the dashboard wants a key of the scope read or admin",
        ));
    }
    let token = app.state.keys.open_session(principal);
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, cookie(&app, &token))],
    )
        .into_response())
}

/// What the session, or key, may do.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Envelope, Problem> {
    let principal = identify(&app, &headers, &Method::GET)?;
    let mut stores = app.state.live.store_names();
    if !stores.iter().any(|store| store == DEFAULT_STORE) {
        stores.insert(0, DEFAULT_STORE.to_owned());
    }
    stores.retain(|store| principal.may_see(store));
    let scopes: Vec<&str> = principal.scopes.iter().map(|scope| scope.name()).collect();
    Ok(Envelope::new(
        json!({ "scopes": scopes, "stores": stores }),
        app.state.clock.now(),
    ))
}

/// Ends the session.
pub(crate) async fn close(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    identify(&app, &headers, &Method::DELETE)?;
    session_tokens(&headers).for_each(|token| app.state.keys.close_session(token));
    let forgotten = format!("{COOKIE}=; Max-Age=0; HttpOnly; SameSite=Strict; Path=/");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, forgotten)]).into_response())
}

fn cookie(app: &App, token: &str) -> String {
    let secure = if app.config.tls == Tls::TerminatedByProxy {
        "; Secure"
    } else {
        ""
    };
    format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/{secure}")
}
