//! Alerts through the whole line: a large order fires, a person answers, and the answer outlives kills, restarts and a
//! log that is folded again.

use crate::{dir, program};
use serde_json::{Value, json};
use testkit::{Client, now_micros};

/// An order of a customer for this many dollars.
fn order(id: &str, dollars: u32) -> String {
    let item = json!({ "product_id": "clock", "quantity": "1", "price": dollars.to_string() });
    let event = json!({
        "event_id": id, "type": "order", "ts": now_micros(), "customer_id": "ann",
        "order_id": id, "currency": "USD", "items": [item],
    });
    format!("{event}\n")
}

fn alert(server: &Client) -> Value {
    let path = "/api/v1/alerts?rule=high_value_order";
    let list = server.get(path).expect("alerts are told");
    assert_eq!(list["meta"]["total_rows"], json!(1), "{list}");
    list["data"][0].clone()
}

fn told(alert: &Value) -> String {
    let by = |name: &str| alert[name]["by"].as_str().unwrap_or("nobody").to_owned();
    let state = alert["state"].as_str().unwrap_or("?");
    format!("{state} {} {}", by("acknowledged"), by("resolved"))
}

#[test]
fn an_answer_to_an_alert_outlives_a_kill_and_a_log_folded_again() {
    let dir = dir();
    let program = program(&dir);
    let server = program.up().expect("starts");
    let events = [order("A1", 1_200), order("A2", 900)].concat();
    server.offer(events.into_bytes()).expect("is taken in");
    server.audit_of(2).expect("is counted");
    let fired = alert(&server);
    assert_eq!(told(&fired), "firing nobody nobody");
    assert_eq!(fired["subject"]["key"], json!("A1"));
    let number = |at: usize| fired["evidence"][at]["value"].clone();
    assert_eq!((number(0), number(1)), (json!("1200.00"), json!("1000.00")));

    let id = fired["id"].as_str().expect("an id").to_owned();
    let answer = |server: &Client, how: &str| {
        let path = format!("/api/v1/alerts/{id}/{how}");
        server.post(&path, "").expect("is written down")["data"].clone()
    };
    let seen = answer(&server, "acknowledge");
    assert_eq!(told(&seen), "acknowledged admin nobody");
    assert_eq!(answer(&server, "acknowledge"), seen, "it is known already");

    server.kill().expect("is killed");
    let server = program.up().expect("starts");
    // What people did are frames without events: only readiness waits for those.
    server.wait_until_ready().expect("is ready");
    assert_eq!(alert(&server), seen);
    assert_eq!(told(&answer(&server, "resolve")), "resolved admin admin");

    let file = "order_id,ts_event,product_id,quantity,unit_price,customer_id\nB1,2026-01-02 03:04:05,p1,1,2.00,u1\n";
    let (status, text) = server
        .send(
            "POST",
            "/api/v1/imports?name=old.csv",
            &[("X-API-Key", server.key())],
            file.as_bytes().to_vec(),
        )
        .expect("is loaded");
    assert_eq!(status, 200, "{text}");
    let imports = server.get("/api/v1/imports").expect("a list")["data"].clone();
    let import = imports[0]["id"].clone();
    server
        .post(&format!("/api/v1/imports/{import}/undo"), "")
        .expect("is undone");
    assert_eq!(told(&alert(&server)), "resolved admin admin");
    server.stop().expect("stops");
}
