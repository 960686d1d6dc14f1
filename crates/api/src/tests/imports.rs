//! Files over HTTP: lines of progress, the last line, and uploads that break.

use super::counter::{at, text};
use super::*;
use axum::body::{Body, Bytes};
use changelog::{Change, Value as Cellar};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::io;

fn lines(reply: &Reply) -> Vec<Value> {
    reply
        .text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_loaded_and_the_last_line_sums_up() {
    let counter = Counter::new();
    let path = "/api/v1/imports?name=/home/ann/orders.csv&dialect=csv&map=InvoiceNo%3Dorder_id,Quantity=quantity&map_type=view=item_view&check=true";
    let reply = counter
        .ask(Ask::post(path, "a\nb\nc\n").with("content-length", "6"))
        .await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, "application/x-ndjson")
    );
    let last = lines(&reply).pop().expect("a line");
    assert_eq!(
        (
            &last["done"]["name"],
            &last["done"]["rows"],
            &last["done"]["accepted"]
        ),
        (&json!("orders.csv"), &json!(3), &json!(3))
    );
    let uploads = counter.door.uploads.lock();
    assert_eq!(
        *uploads,
        [
            "orders.csv main csv [(\"InvoiceNo\", \"order_id\"), (\"Quantity\", \"quantity\")] [(\"view\", \"item_view\")] check=true bytes=Some(6)"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_flows_through_without_being_kept() {
    let counter = Counter::new();
    // 32 MiB in pieces: more than any body the server takes at once.
    let pieces =
        stream::iter((0..512).map(|_| Ok::<_, io::Error>(Bytes::from(vec![b'\n'; 65_536]))));
    let reply = counter
        .ask(Ask::post("/api/v1/imports", Body::from_stream(pieces)))
        .await;
    assert_eq!(
        lines(&reply).pop().expect("a line")["done"]["rows"],
        json!(512 * 65_536)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_is_a_problem_in_the_last_line() {
    let counter = Counter::new();
    let pieces = stream::iter([
        Ok(Bytes::from_static(b"a\nb")),
        Err(io::Error::other("the connection broke")),
    ]);
    let reply = counter
        .ask(Ask::post("/api/v1/imports", Body::from_stream(pieces)))
        .await;
    let last = lines(&reply).pop().expect("a line");
    assert_eq!(
        (
            reply.status,
            &last["problem"]["code"],
            &last["problem"]["detail"]
        ),
        (
            200,
            &json!("overloaded"),
            &json!("the body broke off before its end")
        )
    );
    assert_eq!(
        last["problem"]["trace_id"],
        json!(reply.header("x-trace-id"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_file_of_the_dialect_are_a_problem_to_mend() {
    let counter = Counter::new();
    let reply = counter
        .ask(Ask::post("/api/v1/imports", vec![0xff, 0xfe, 0xfd]))
        .await;
    assert_eq!(
        lines(&reply).pop().expect("a line")["problem"]["code"],
        json!("import-refused")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_panics_is_a_problem_and_gives_its_place_back() {
    let counter = Counter::new();
    for _ in 0..3 {
        let reply = counter
            .ask(Ask::post("/api/v1/imports?name=panic.csv", "a\n"))
            .await;
        assert_eq!(
            lines(&reply).pop().expect("a line")["problem"]["code"],
            json!("internal")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_imports_than_places_are_asked_to_come_again() {
    let counter = Counter::new();
    let key = counter.keys.admin_key().to_owned();
    let endless = || Body::from_stream(stream::pending::<Result<Bytes, io::Error>>());
    let start = || {
        Ask::post("/api/v1/imports", endless())
            .with("x-api-key", &key)
            .request()
    };
    let first = counter.send(start()).await;
    let second = counter.send(start()).await;
    assert_eq!(
        (first.status().as_u16(), second.status().as_u16()),
        (200, 200)
    );
    counter
        .check(Ask::post("/api/v1/imports", "a\n"), "503 busy")
        .await;
    // The client goes away: the door hears of it, ends, and the place is free again.
    drop((first, second));
    while counter.app.imports.available_permits() < 2 {
        tokio::task::yield_now().await;
    }
    counter
        .check(Ask::post("/api/v1/imports", "a\n"), "200")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_once_a_second_at_most() {
    let counter = Counter::new();
    let time = counter.time.clone();
    let pieces = stream::iter(["a\n", "b\n"]).map(move |piece| {
        time.advance(std::time::Duration::from_secs(1));
        Ok::<_, io::Error>(Bytes::from_static(piece.as_bytes()))
    });
    let reply = counter
        .ask(Ask::post("/api/v1/imports", Body::from_stream(pieces)))
        .await;
    let lines = lines(&reply);
    assert_eq!(
        (lines.len(), &lines[0]["progress"]["rows"]),
        (2, &json!(2)),
        "{}",
        reply.text
    );
    let quick = counter.ask(Ask::post("/api/v1/imports", "a\n")).await;
    assert_eq!(quick.text.lines().count(), 1, "{}", quick.text);
}

#[tokio::test]
async fn parameters_of_an_import_are_checked_before_it_starts() {
    let counter = Counter::new();
    counter
        .check(
            Ask::post("/api/v1/imports?map=InvoiceNo", "a\n"),
            "422 invalid-query",
        )
        .await;
    counter
        .check(
            Ask::post("/api/v1/imports?check=perhaps", "a\n"),
            "422 invalid-query",
        )
        .await;
    counter
        .check(
            Ask::post("/api/v1/imports?nam=orders.csv", "a\n"),
            "422 invalid-query",
        )
        .await;
    assert!(counter.door.uploads.lock().is_empty());
}

fn import_row(number: i64, source: &str, state: &str) -> Change {
    let texts = [source, "orders.csv", "main", "order_csv", "till", state].map(text);
    let numbers = [8, 7, 5, 1, 1, 0].map(Cellar::Int);
    let values = (texts.into_iter())
        .chain([Cellar::Time(at("2026-03-02").0)])
        .chain(numbers)
        .chain([text("00000000000000aa")]);
    Change {
        table: "imports",
        key: Box::new([Cellar::Int(number)]),
        values: Some(values.collect()),
        version: 1,
    }
}

#[tokio::test]
async fn imports_are_listed_and_one_whose_process_died_says_so() {
    let counter = Counter::new();
    counter.publish(vec![
        import_row(1, "file:a", "complete"),
        import_row(2, "file:b", "running"),
        import_row(3, "file:busy", "running"),
    ]);
    let listed = counter.ask(Ask::get("/api/v1/imports")).await.json();
    let states: Vec<&Value> = (listed["data"].as_array().expect("rows").iter())
        .map(|import| &import["state"])
        .collect();
    assert_eq!(states, ["running", "broken off", "complete"]);
    assert_eq!(
        listed["data"][2],
        json!({
            "id": 1, "name": "orders.csv", "source": "file:a", "store": "main", "began_at": "2026-03-02T00:00:00Z",
            "dialect": "order_csv", "mapping": "till", "state": "complete",
            "rows": 8, "received": 7, "accepted": 5, "duplicate": 1, "quarantined": 1,
        })
    );
}

#[tokio::test]
async fn a_limit_is_a_number_of_rows() {
    let counter = Counter::new();
    for wrong in ["0", "-1", "many", ""] {
        let path = format!("/api/v1/imports?limit={wrong}");
        counter
            .check(Ask::post(&path, "a\n"), "422 invalid-query")
            .await;
    }
}

#[tokio::test]
async fn a_replay_tells_what_it_came_to_and_keeps_our_failures_to_the_log() {
    let counter = Counter::new();
    let body = r#"{"ids":["1:2"],"mapping":{"dialect":"orders","map":{"EP":"unit_price"}}}"#;
    let reply = counter
        .ask(Ask::post("/api/v1/quarantine/replay", body))
        .await
        .json();
    assert_eq!(
        (&reply["data"]["released"], &reply["data"]["refused"]),
        (&json!(2), &json!({ "price_invalid": 1 }))
    );
    let asked = counter.door.replays.lock().pop().expect("a replay");
    assert_eq!(asked.ids, ["1:2"]);
    let mapping = asked.mapping.expect("a mapping");
    assert_eq!(mapping.map["EP"], "unit_price");
    let failed = counter
        .ask(Ask::post(
            "/api/v1/quarantine/replay",
            r#"{"reason":"defect"}"#,
        ))
        .await;
    assert_eq!(failed.summary(), "500 internal");
    assert!(!failed.text.contains("secret"), "{}", failed.text);
    for (body, expected) in [
        ("", "400 body-missing"),
        (r#"{"id":1}"#, "422 invalid-query"),
    ] {
        let ask = Ask::post("/api/v1/quarantine/replay", body);
        counter.check(ask, expected).await;
    }
}
