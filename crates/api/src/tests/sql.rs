//! SQL at the counter: what is handed on, and how refusals look. The engine is a double that repeats what it was asked.

use super::*;
use crate::{NewKey, Scope};
use serde_json::json;

async fn ask(ask: Ask) -> Reply {
    Counter::new().ask(ask).await
}

#[tokio::test]
async fn a_statement_is_handed_on_as_json_or_as_text() {
    let body = json!({ "sql": "SELECT 1", "format": "csv" }).to_string();
    let reply = ask(Ask::post("/api/v1/sql", body)).await;
    assert_eq!(reply.text, "Csv of None: SELECT 1");
    assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8");
    let plain = Ask::post("/api/v1/sql", "SELECT 2").with("content-type", "text/plain");
    let reply = ask(plain.with(
        "accept",
        "text/html, application/vnd.apache.arrow.stream;q=0.9",
    ))
    .await;
    assert_eq!(reply.text, "Arrow of None: SELECT 2");
}

#[tokio::test]
async fn a_refusal_is_a_problem_with_the_code_of_postgresql() {
    let reply = ask(Ask::post(
        "/api/v1/sql",
        json!({ "sql": "DROP TABLE events" }).to_string(),
    ))
    .await;
    let problem = reply.json();
    assert_eq!(problem["sqlstate"], "25006");
    assert_eq!(problem["status"], 400);
    assert_eq!(problem["hint"], "ask with SELECT");
    let reply = ask(Ask::post("/api/v1/sql", "{}")).await;
    assert_eq!(reply.json()["code"], "invalid-json");
    let body = json!({ "sql": "SELECT 1", "format": "doc" }).to_string();
    let reply = ask(Ask::post("/api/v1/sql", body)).await;
    assert_eq!(reply.json()["code"], "invalid-query");
}

#[tokio::test]
async fn a_key_that_only_adds_events_asks_nothing_and_one_of_a_store_sees_that_store() {
    let counter = Counter::new();
    let post = || Ask::post("/api/v1/sql", json!({ "sql": "SELECT 1" }).to_string());
    let adding = counter.key(Scope::Ingest);
    let reply = counter.ask(post().with("x-api-key", &adding)).await;
    assert_eq!(reply.json()["code"], "scope-missing");
    let new = NewKey {
        name: "north".to_owned(),
        scope: Scope::Read,
        store: Some("north".to_owned()),
    };
    let of_store = counter.keys.create(&new).expect("a key");
    let reply = counter.ask(post().with("x-api-key", &of_store)).await;
    assert_eq!(reply.text, "Json of Some(\"north\"): SELECT 1");
}
