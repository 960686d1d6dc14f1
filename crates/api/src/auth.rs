//! Who asks, and whether they may: a key in a header, or the session cookie of the dashboard.

use crate::app::App;
use crate::keys::{Principal, Scope};
use crate::problem::{
    FORGERY_GUARD, KEY_MISSING, KEY_UNKNOWN, Problem, SCOPE_MISSING, STORE_FORBIDDEN,
};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

/// The cookie that holds a session's token.
pub(crate) const COOKIE: &str = "ss_session";

/// What a group of routes asks of a key.
#[derive(Clone)]
pub(crate) struct Need {
    pub(crate) app: Arc<App>,
    /// The scope; nothing means that any key will do.
    pub(crate) scope: Option<Scope>,
}

/// Lets a request pass whose key has the scope; handlers find the principal in its extensions.
pub(crate) async fn require(
    State(need): State<Need>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let principal = identify(&need.app, request.headers(), request.method())?;
    if let Some(scope) = need.scope.filter(|scope| !principal.may(*scope)) {
        let detail = format!(
            "the key \"{}\" does not have the scope {}",
            principal.name,
            scope.name()
        );
        return Err(Problem::new(SCOPE_MISSING, detail));
    }
    request.extensions_mut().insert(Arc::new(principal));
    Ok(next.run(request).await)
}

/// Who asks; a key wins over a cookie, and a wrong key is not made good by one.
pub(crate) fn identify(
    app: &App,
    headers: &HeaderMap,
    method: &Method,
) -> Result<Principal, Problem> {
    if let Some(key) = presented_key(headers) {
        let known = app.state.keys.authenticate(key);
        return known.ok_or_else(|| {
            Problem::new(
                KEY_UNKNOWN,
                "no key of this server is the one that was sent",
            )
        });
    }
    let mut tokens = session_tokens(headers).peekable();
    if tokens.peek().is_none() {
        return Err(Problem::new(
            KEY_MISSING,
            "the request carries neither a key nor a session",
        ));
    }
    let session = tokens.find_map(|token| app.state.keys.session(token));
    let principal = session.ok_or_else(|| {
        Problem::new(
            KEY_UNKNOWN,
            "the session has ended, or was never one of this server",
        )
    })?;
    let is_reading = matches!(*method, Method::GET | Method::HEAD);
    if is_reading
        || headers
            .get("x-requested-with")
            .is_some_and(|value| value == "shopstream")
    {
        Ok(principal)
    } else {
        Err(Problem::new(
            FORGERY_GUARD,
            "a request with the session's cookie lacks the header X-Requested-With: shopstream",
        ))
    }
}

fn presented_key(headers: &HeaderMap) -> Option<&str> {
    // A header that is no text is a key all the same, and an unknown one.
    let text = |name| {
        headers
            .get(name)
            .map(|value: &header::HeaderValue| value.to_str().unwrap_or_default().trim())
    };
    let bearer = |text: &'_ str| {
        text.split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .is_some()
    };
    text("x-api-key").or_else(|| {
        let authorization = text("authorization")?;
        if bearer(authorization) {
            authorization.split_once(' ').map(|(_, key)| key.trim())
        } else {
            Some("")
        }
    })
}

/// Tokens of the session cookie; servers on other ports of this machine may have set one of the same name.
pub(crate) fn session_tokens(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let cookies = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let pairs = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .filter(|(name, _)| *name == COOKIE)
        .map(|(_, token)| token)
}

/// The store a request is about, where the key is good for it.
pub(crate) fn store_of(principal: &Principal, asked: Option<&str>) -> Result<String, Problem> {
    let store = asked
        .or(principal.store.as_deref())
        .unwrap_or(crate::wire::DEFAULT_STORE);
    if principal.may_see(store) {
        Ok(store.to_owned())
    } else {
        Err(Problem::new(
            STORE_FORBIDDEN,
            format!(
                "the key \"{}\" is for another store than \"{store}\"",
                principal.name
            ),
        ))
    }
}
