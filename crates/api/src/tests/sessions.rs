//! Sessions of the dashboard: login links, keys, cookies, and the guard against forged requests.

use super::*;
use crate::{ApiConfig, Scope, Tls};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// The cookie of a new session.
pub(super) async fn logged_in(counter: &Counter) -> String {
    let path = format!("/login?token={}", counter.keys.login_token());
    let reply = counter.ask_bare(Ask::get(&path)).await;
    reply
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn a_login_link_works_once() {
    let counter = Counter::new();
    let path = format!("/login?token={}", counter.keys.login_token());
    let preview = counter.ask_bare(Ask::of("HEAD", &path)).await;
    assert_eq!(
        (preview.status, preview.header("set-cookie")),
        (204, ""),
        "a preview does not use the link up"
    );
    let first = counter.ask_bare(Ask::get(&path)).await;
    assert_eq!((first.status, first.header("location")), (303, "/"));
    let cookie = first.header("set-cookie");
    assert!(
        cookie.starts_with("ss_session=")
            && cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"),
        "{cookie}"
    );
    let second = counter.ask_bare(Ask::get(&path)).await;
    assert_eq!(
        (
            second.status,
            second.header("location"),
            second.header("set-cookie")
        ),
        (303, "/?login=expired", "")
    );
}

#[tokio::test]
async fn a_link_that_is_wrong_late_or_empty_leads_to_the_login_page() {
    let counter = Counter::new();
    let late = format!("/login?token={}", counter.keys.login_token());
    counter.time.advance(Duration::from_secs(601));
    for path in [&late, "/login?token=guess", "/login"] {
        assert_eq!(
            counter.ask_bare(Ask::get(path)).await.header("location"),
            "/?login=expired",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_session_asks_questions_and_says_what_it_may() {
    let counter = Counter::new();
    let cookie = logged_in(&counter).await;
    let session = counter
        .ask_bare(Ask::get("/api/v1/session").with("cookie", &cookie))
        .await;
    assert_eq!(
        session.json()["data"],
        serde_json::json!({ "scopes": ["admin"], "stores": ["main"] })
    );
    let beside_others = format!("theme=dark; ss_session=of-another-port; {cookie}");
    counter
        .check(
            Ask::get("/api/v1/audit").with("cookie", &beside_others),
            "200",
        )
        .await;
    counter
        .check(
            Ask::get("/api/v1/audit").with("cookie", "ss_session=guess"),
            "401 key-unknown",
        )
        .await;
    counter
        .check(
            Ask::get("/api/v1/audit").with("cookie", "theme=dark"),
            "401 key-missing",
        )
        .await;
}

#[tokio::test]
async fn a_key_opens_a_session() {
    let counter = Counter::new();
    let form = |key: &str| {
        Ask::post(
            "/api/v1/session",
            serde_json::json!({ "key": key }).to_string(),
        )
    };
    let reply = counter
        .ask_bare(form(&format!(" {}\n", counter.keys.admin_key())))
        .await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    let cookie = reply
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned();
    counter
        .check(Ask::get("/api/v1/audit").with("cookie", &cookie), "200")
        .await;
    assert_eq!(
        counter.ask_bare(form("ss_admin_wrong")).await.summary(),
        "401 key-unknown"
    );
    let sender = counter.key(Scope::Ingest);
    assert_eq!(
        counter.ask_bare(form(&sender)).await.summary(),
        "403 scope-missing"
    );
    assert_eq!(
        counter
            .ask_bare(Ask::post("/api/v1/session", "{\"kee\":1}"))
            .await
            .summary(),
        "422 invalid-query"
    );
    assert_eq!(
        counter
            .ask_bare(Ask::post("/api/v1/session", "key=x"))
            .await
            .summary(),
        "400 invalid-json"
    );
}

#[tokio::test]
async fn a_closed_session_is_none() {
    let counter = Counter::new();
    let cookie = logged_in(&counter).await;
    let close = || Ask::of("DELETE", "/api/v1/session").with("cookie", &cookie);
    counter.check(close(), "403 forgery-guard").await;
    let reply = counter
        .ask_bare(close().with("x-requested-with", "shopstream"))
        .await;
    assert_eq!(reply.status, 204);
    assert!(
        reply
            .header("set-cookie")
            .starts_with("ss_session=; Max-Age=0")
    );
    counter
        .check(
            Ask::get("/api/v1/session").with("cookie", &cookie),
            "401 key-unknown",
        )
        .await;
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing() {
    let counter = Counter::new();
    let cookie = logged_in(&counter).await;
    let query = || Ask::post("/api/v1/query", r#"{"metrics":["events"]}"#);
    counter
        .check(query().with("cookie", &cookie), "403 forgery-guard")
        .await;
    counter
        .check(
            query()
                .with("cookie", &cookie)
                .with("x-requested-with", "XMLHttpRequest"),
            "403 forgery-guard",
        )
        .await;
    counter
        .check(
            query()
                .with("cookie", &cookie)
                .with("x-requested-with", "shopstream"),
            "200",
        )
        .await;
    counter
        .check(
            Ask::post("/api/v1/events", "{}").with("cookie", &cookie),
            "403 forgery-guard",
        )
        .await;
    assert!(counter.door.requests.lock().is_empty());
}

#[tokio::test]
async fn behind_a_proxy_with_tls_the_cookie_is_secure() {
    let config = ApiConfig {
        tls: Tls::TerminatedByProxy,
        ..ApiConfig::default()
    };
    let counter = Counter::with(config, IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let path = format!("/login?token={}", counter.keys.login_token());
    assert!(
        counter
            .ask_bare(Ask::get(&path))
            .await
            .header("set-cookie")
            .ends_with("; Secure")
    );
}
