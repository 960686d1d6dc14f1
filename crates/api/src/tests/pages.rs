//! What needs no key: the dashboard's files, health, the pages of errors; and what all answers have in common.

use super::*;
use crate::problem::KINDS;
use std::sync::atomic::Ordering;

#[tokio::test]
async fn the_page_is_served_at_its_root_and_at_deep_links() {
    let counter = Counter::new();
    let root = counter.ask_bare(Ask::get("/")).await;
    assert_eq!(
        (root.status, root.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    assert_eq!(
        counter.ask_bare(Ask::get("/live?range=15m")).await.bytes,
        root.bytes
    );
    assert_eq!(
        counter.ask_bare(Ask::get("/index.html")).await.bytes,
        root.bytes
    );
    assert_eq!(counter.ask_bare(Ask::of("HEAD", "/")).await.status, 200);
}

#[tokio::test]
async fn a_file_that_does_not_exist_is_not_the_page() {
    let counter = Counter::new();
    for path in [
        "/assets/gone.js",
        "/assets/gone",
        "/favicon.ico",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
    ] {
        counter.check(Ask::get(path), "404 not-found").await;
    }
    counter
        .check(Ask::post("/", ""), "405 method-not-allowed")
        .await;
}

#[tokio::test]
async fn a_file_that_a_browser_has_is_not_sent_again() {
    let counter = Counter::new();
    let first = counter.ask_bare(Ask::get("/")).await;
    assert_eq!(first.header("cache-control"), "no-cache");
    let again = counter
        .ask_bare(Ask::get("/").with("if-none-match", first.header("etag")))
        .await;
    assert_eq!(
        (again.status, again.bytes.len(), again.header("etag")),
        (304, 0, first.header("etag"))
    );
    let other = counter
        .ask_bare(Ask::get("/").with("if-none-match", "\"another\""))
        .await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn files_are_packed_for_who_can_unpack_them() {
    let counter = Counter::new();
    let plain = counter.ask_bare(Ask::get("/")).await;
    let packed = counter
        .ask_bare(Ask::get("/").with("accept-encoding", "br, gzip;q=0.8"))
        .await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(
        &mut flate2::read::GzDecoder::new(&packed.bytes[..]),
        &mut unpacked,
    )
    .expect("gzip");
    assert_eq!(unpacked, plain.bytes);
    let refused = counter
        .ask_bare(Ask::get("/").with("accept-encoding", "gzip;q=0"))
        .await;
    assert_eq!(
        (
            refused.header("content-encoding"),
            plain.header("content-encoding")
        ),
        ("", "")
    );
}

#[tokio::test]
async fn every_answer_keeps_browsers_from_being_misused() {
    let counter = Counter::new();
    for path in [
        "/",
        "/health/live",
        "/api/v1/audit",
        "/nowhere.js",
        "/docs/errors",
    ] {
        let reply = counter.ask(Ask::get(path)).await;
        let policy = reply.header("content-security-policy");
        assert!(
            policy.starts_with(
                "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
            ),
            "{path}"
        );
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("script-src"),
            "{policy}"
        );
        assert_eq!(
            (
                reply.header("x-content-type-options"),
                reply.header("x-trace-id").len()
            ),
            ("nosniff", 32),
            "{path}"
        );
    }
    assert_eq!(
        counter
            .ask(Ask::get("/api/v1/audit"))
            .await
            .header("cache-control"),
        "no-store"
    );
}

#[tokio::test]
async fn a_problem_says_what_why_and_how_to_mend_it() {
    let counter = Counter::new();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let reply = counter
        .ask_bare(Ask::get("/api/v1/audit").with("traceparent", trace))
        .await;
    let expected = serde_json::json!({
        "type": "/docs/errors/key-missing", "title": "A key is needed", "status": 401,
        "detail": "the request carries neither a key nor a session",
        "hint": "Send the key in the header X-API-Key, or as Authorization: Bearer. It lies in DATA/keys/admin.key.",
        "trace_id": "0af7651916cd43dd8448eb211c80319c", "code": "key-missing",
    });
    assert_eq!(
        (reply.header("content-type"), reply.json()),
        ("application/problem+json", expected)
    );
    assert_eq!(
        reply.header("x-trace-id"),
        "0af7651916cd43dd8448eb211c80319c"
    );
    assert!(reply.header("www-authenticate").starts_with("Bearer"));
}

#[tokio::test]
async fn every_code_has_its_page() {
    let counter = Counter::new();
    let list = counter.ask_bare(Ask::get("/docs/errors")).await.text;
    for kind in KINDS {
        let page = counter
            .ask_bare(Ask::get(&format!("/docs/errors/{}", kind.code)))
            .await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, "text/html; charset=utf-8")
        );
        assert!(
            page.text.contains(kind.remedy) && list.contains(kind.code),
            "{}",
            kind.code
        );
    }
    counter
        .check(Ask::get("/docs/errors/%3Cscript%3E"), "404 not-found")
        .await;
    counter
        .check(Ask::get("/docs/errors/%ff"), "404 not-found")
        .await;
}

#[tokio::test]
async fn wrong_methods_and_paths_are_problems_too() {
    let counter = Counter::new();
    counter
        .check(Ask::get("/api/v1/query"), "405 method-not-allowed")
        .await;
    counter
        .check(Ask::of("PUT", "/api/v1/events"), "405 method-not-allowed")
        .await;
    counter
        .check(Ask::get("/api/v1/nowhere"), "404 not-found")
        .await;
    counter
        .check(Ask::get("/api/v1/stream?shop=main"), "422 invalid-query")
        .await;
}

#[tokio::test]
async fn health_says_which_part_is_not_ready() {
    let counter = Counter::new();
    assert_eq!(
        counter.ask_bare(Ask::get("/health/live")).await.text,
        r#"{"status":"live"}"#
    );
    let ready = counter.ask_bare(Ask::get("/health/ready")).await;
    assert_eq!(
        (ready.status, ready.text.as_str()),
        (
            200,
            r#"{"status":"ready","checks":{"log":"ok","stream":"ok"}}"#
        )
    );
    counter.ready.store(false, Ordering::Relaxed);
    let waiting = counter.ask_bare(Ask::get("/health/ready")).await;
    assert_eq!(
        (waiting.status, waiting.text.as_str()),
        (
            503,
            r#"{"status":"not ready","checks":{"log":"ok","stream":"replaying 45 %"}}"#
        )
    );
}
