//! The guard against DNS rebinding: a foreign name that points at this machine must not reach the server through a browser.

use crate::app::App;
use crate::problem::{HOST_FORBIDDEN, Problem};
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

const LOOPBACK_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Names a server may be called by.
#[derive(Debug, Clone, Default)]
pub(crate) struct HostNames {
    names: Vec<String>,
    is_open: bool,
}

impl HostNames {
    /// On loopback the loopback names and those given; elsewhere those given, or any if none are.
    pub(crate) fn new(is_loopback: bool, given: &[String]) -> HostNames {
        let own = if is_loopback {
            &LOOPBACK_NAMES[..]
        } else {
            &[]
        };
        let names = own
            .iter()
            .map(|name| (*name).to_owned())
            .chain(given.iter().map(|name| name.to_lowercase()));
        HostNames {
            names: names.collect(),
            is_open: !is_loopback && given.is_empty(),
        }
    }

    fn allow(&self, host: &str) -> bool {
        let name = without_port(host).to_lowercase();
        self.is_open || self.names.contains(&name)
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons of a bare IPv6 address are none of a port: it stands in brackets.
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') =>
        {
            name
        }
        _ => host,
    }
}

/// Lets a request pass that names this server.
pub(crate) async fn guard(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let header = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = header
        .or_else(|| {
            request
                .uri()
                .authority()
                .map(|authority| authority.as_str())
        })
        .unwrap_or_default();
    if app.hosts.allow(host) {
        return Ok(next.run(request).await);
    }
    let shown: String = host.chars().take(100).collect();
    Err(Problem::new(
        HOST_FORBIDDEN,
        format!("this server does not answer to the name \"{shown}\""),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(is_loopback: bool, given: &[&str], host: &str, allowed: bool) {
        let given: Vec<String> = given.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(
            HostNames::new(is_loopback, &given).allow(host),
            allowed,
            "{host}"
        );
    }

    #[test]
    fn on_loopback_only_loopback_names_are_answered() {
        check(true, &[], "localhost:8000", true);
        check(true, &[], "LOCALHOST", true);
        check(true, &[], "127.0.0.1:51234", true);
        check(true, &[], "[::1]:8000", true);
        check(true, &[], "[::1]", true);
        check(true, &[], "evil.example:8000", false);
        check(true, &[], "localhost.evil.example", false);
        check(true, &[], "127.0.0.1.evil.example:8000", false);
        check(true, &[], "localhost:80:evil", false);
        check(true, &[], "", false);
    }

    #[test]
    fn further_names_are_allowed_by_configuration() {
        check(true, &["Shop.Local"], "shop.local:8000", true);
        check(false, &[], "anything.example", true);
        check(false, &["shop.example"], "other.example", false);
    }
}
