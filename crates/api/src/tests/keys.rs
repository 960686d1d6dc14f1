//! Who may do what: keys, scopes, stores, names of the server.

use super::*;
use crate::{ApiConfig, NewKey, Scope};
use std::net::{IpAddr, Ipv4Addr};

/// Every path that wants a key, with what a good request answers.
fn guarded() -> Vec<(Ask, Scope, u16)> {
    vec![
        (
            Ask::post("/api/v1/query", r#"{"metrics":["events"]}"#),
            Scope::Read,
            200,
        ),
        (Ask::get("/api/v1/audit"), Scope::Read, 200),
        (Ask::get("/api/v1/quality"), Scope::Read, 200),
        (Ask::get("/api/v1/quarantine"), Scope::Read, 200),
        (Ask::get("/api/v1/quarantine/1:2"), Scope::Read, 404),
        (Ask::get("/api/v1/imports"), Scope::Read, 200),
        (
            Ask::post("/api/v1/quarantine/replay", "{}"),
            Scope::Admin,
            200,
        ),
        (Ask::get("/api/v1/meta/metrics"), Scope::Read, 200),
        (Ask::post("/api/v1/events", "{}"), Scope::Ingest, 202),
        (
            Ask::post("/api/v1/imports?name=a.csv", "a\n1\n"),
            Scope::Admin,
            200,
        ),
    ]
}

#[tokio::test]
async fn every_path_of_the_api_wants_a_key() {
    let counter = Counter::new();
    let more = [
        Ask::get("/api/v1/stream"),
        Ask::get("/api/v1/session"),
        Ask::get("/api/v1/nowhere"),
        Ask::get("/api/v2"),
    ];
    for ask in guarded().into_iter().map(|(ask, ..)| ask).chain(more) {
        let path = ask.path.clone();
        assert_eq!(
            counter.ask_bare(ask).await.summary(),
            "401 key-missing",
            "{path}"
        );
    }
}

#[tokio::test]
async fn each_scope_opens_its_own_doors_and_admin_opens_all() {
    let counter = Counter::new();
    let keys = [Scope::Ingest, Scope::Read, Scope::Admin].map(|scope| (scope, counter.key(scope)));
    for (held, key) in keys {
        for (ask, wanted, status) in guarded() {
            let expected = if held == wanted || held == Scope::Admin {
                match status {
                    404 => "404 not-found".to_owned(),
                    status => status.to_string(),
                }
            } else {
                "403 scope-missing".to_owned()
            };
            counter.check(ask.with("x-api-key", &key), &expected).await;
        }
    }
}

#[tokio::test]
async fn a_key_comes_in_either_header() {
    let counter = Counter::new();
    let key = counter.keys.admin_key().to_owned();
    let audit = || Ask::get("/api/v1/audit");
    counter.check(audit().with("x-api-key", &key), "200").await;
    counter
        .check(
            audit().with("authorization", &format!("Bearer {key}")),
            "200",
        )
        .await;
    counter
        .check(
            audit().with("authorization", &format!("bearer {key}")),
            "200",
        )
        .await;
    counter
        .check(audit().with("authorization", &key), "401 key-unknown")
        .await;
    counter
        .check(
            audit().with("authorization", "Basic YTpi"),
            "401 key-unknown",
        )
        .await;
    counter
        .check(
            audit().with("x-api-key", "ss_admin_wrong"),
            "401 key-unknown",
        )
        .await;
    counter
        .check(audit().with("x-api-key", ""), "401 key-unknown")
        .await;
}

#[tokio::test]
async fn a_wrong_key_is_not_made_good_by_a_session() {
    let counter = Counter::new();
    let session = super::sessions::logged_in(&counter).await;
    let ask = Ask::get("/api/v1/audit").with("cookie", &session);
    counter
        .check(ask.with("x-api-key", "wrong"), "401 key-unknown")
        .await;
}

#[tokio::test]
async fn a_key_of_one_store_sees_and_fills_that_store_only() {
    let counter = Counter::new();
    let of_store = |scope| NewKey {
        name: format!("{scope:?} of berlin"),
        scope,
        store: Some("berlin".to_owned()),
    };
    let reader = counter.keys.create(&of_store(Scope::Read)).expect("a key");
    let query = |store: &str| {
        Ask::post(
            "/api/v1/query",
            format!(r#"{{"metrics":["events"],"store":"{store}"}}"#),
        )
    };
    counter
        .check(query("berlin").with("x-api-key", &reader), "200")
        .await;
    counter
        .check(
            query("main").with("x-api-key", &reader),
            "403 store-forbidden",
        )
        .await;
    counter
        .check(
            Ask::get("/api/v1/stream?store=main").with("x-api-key", &reader),
            "403 store-forbidden",
        )
        .await;
    let session = counter
        .ask(Ask::get("/api/v1/session").with("x-api-key", &reader))
        .await
        .json();
    assert_eq!(
        session["data"]["stores"],
        serde_json::json!([]),
        "berlin has no events yet, and main is none of its business"
    );

    let sender = counter
        .keys
        .create(&of_store(Scope::Ingest))
        .expect("a key");
    counter
        .check(
            Ask::post("/api/v1/events", "{}").with("x-api-key", &sender),
            "202",
        )
        .await;
    counter
        .check(
            Ask::post("/api/v1/events?store=main", "{}").with("x-api-key", &sender),
            "403 store-forbidden",
        )
        .await;
    let requests = counter.door.requests.lock();
    assert_eq!(
        requests
            .iter()
            .map(|request| request.source.store.as_str())
            .collect::<Vec<_>>(),
        ["berlin"]
    );
}

#[tokio::test]
async fn a_foreign_name_of_this_server_is_refused_everywhere() {
    let counter = Counter::new();
    for path in [
        "/",
        "/login?token=x",
        "/health/live",
        "/api/v1/audit",
        "/metrics",
    ] {
        counter
            .check(
                Ask::get(path).with("host", "evil.example"),
                "421 host-forbidden",
            )
            .await;
        assert_ne!(
            counter
                .ask(Ask::get(path).with("host", "127.0.0.1:51999"))
                .await
                .status,
            421,
            "{path}"
        );
    }
}

#[tokio::test]
async fn metrics_want_a_key_where_others_can_reach_them() {
    let loopback = Counter::new();
    assert_eq!(loopback.ask_bare(Ask::get("/metrics")).await.status, 200);
    let public = Counter::with(ApiConfig::default(), IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    assert_eq!(
        public.ask_bare(Ask::get("/metrics")).await.summary(),
        "401 key-missing"
    );
    let sender = public.key(Scope::Ingest);
    public
        .check(
            Ask::get("/metrics").with("x-api-key", &sender),
            "403 scope-missing",
        )
        .await;
    assert_eq!(
        public.ask(Ask::get("/metrics")).await.text,
        "shopstream_events_total 3\n"
    );
}
