//! Alerts through the whole line: a large order fires, a person answers, and the answer outlives kills, restarts and a
//! log that is folded again; and what is set aside, broken or wanted and not there is told with its figures.

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

/// The only alert of a rule.
fn alert_of(server: &Client, rule: &str) -> Value {
    let path = format!("/api/v1/alerts?rule={rule}");
    let list = server.get(&path).expect("alerts are told");
    assert_eq!(list["meta"]["total_rows"], json!(1), "{list}");
    list["data"][0].clone()
}

fn evidence(alert: &Value) -> String {
    let numbers = alert["evidence"].as_array().expect("evidence").iter();
    let said = numbers.map(|number| {
        let value = number["value"].to_string();
        format!(
            "{}={}",
            number["name"].as_str().unwrap_or("?"),
            value.trim_matches('"')
        )
    });
    said.collect::<Vec<_>>().join(" ")
}

#[test]
fn much_that_is_set_aside_is_told_with_its_reason_and_again_after_a_kill() {
    let dir = dir();
    let program = program(&dir);
    let server = program.up().expect("starts");
    // Nothing of this store is ever accepted, so it never names its currency.
    let bad = (0..98).map(|_| "{\"type\": \"item_view\"}\n".to_owned());
    let worse = (0..2).map(|_| "nonsense\n".to_owned());
    let lines: String = bad.chain(worse).collect();
    server.offer(lines.into_bytes()).expect("is taken in");
    server.audit_of(100).expect("the law holds");
    let fired = alert_of(&server, "quarantine_share");
    assert_eq!(fired["subject"]["key"], json!("main"));
    assert_eq!(fired["with"]["kind"], json!("reason"));
    assert_eq!(fired["with"]["key"], json!("time_missing"));
    assert_eq!(
        evidence(&fired),
        "part=100 whole=100 limit=0.01 top_reason=98"
    );
    server.kill().expect("is killed");
    let server = program.up().expect("starts");
    server.wait_until_ready().expect("is ready");
    let again = alert_of(&server, "quarantine_share");
    assert_eq!(again, fired);
    server.stop().expect("stops");
}

#[test]
fn a_stock_out_tells_what_it_costs() {
    let dir = dir();
    let program = program(&dir);
    let server = program.up().expect("starts");
    let began = now_micros() - 10 * 3_600_000_000;
    let at = |minute: i64| began + minute * 60_000_000;
    let stock = |id: &str, minute, level| json!({"event_id": id, "type": "stock_update", "ts": at(minute), "product_id": "tea", "stock_level": level});
    let view = |number: i64, minute| json!({"event_id": format!("v{number}"), "type": "item_view", "ts": at(minute), "anonymous_id": format!("v{number}"), "product_id": "tea"});
    let item = json!({"product_id": "tea", "quantity": "4", "price": "12.50"});
    let order = json!({"event_id": "o", "type": "order", "ts": at(40), "customer_id": "ann", "order_id": "o", "currency": "USD", "items": [item]});
    // Ten saw it in stock and four pieces were bought; five saw an empty shelf and would have bought two.
    let mut events = vec![stock("s1", 0, 4)];
    events.extend((0..10).map(|number| view(number, 10 + number)));
    events.push(order);
    events.extend((10..15).map(|number| view(number, 50 + number)));
    events.push(stock("s2", 120, 100));
    // In any order, and the price comes last.
    events.rotate_left(12);
    for event in &events {
        server
            .offer(format!("{event}\n").into_bytes())
            .expect("is taken in");
    }
    server.audit_of(18).expect("the law holds");
    let told = alert_of(&server, "stock_out");
    assert_eq!(
        told["at_risk"],
        json!({"amount": "25.00", "currency": "USD"}),
        "{told}"
    );
    assert_eq!(
        evidence(&told),
        "level=0 demand=5 sold_a_day=4 missing=2 price=12.50"
    );
    server.stop().expect("stops");
}
