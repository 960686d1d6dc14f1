//! Why carts died, as stock and prices know it: a hand-made morning in which one shelf is emptied and one price rises while
//! things lie in carts, before and after they are abandoned.

use crate::{dir, program};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::{Client, now_micros};

const MINUTE: i64 = 60_000_000;

/// Events of a morning that began three hours ago.
struct Morning {
    began: i64,
    lines: Vec<u8>,
    count: u64,
}

impl Morning {
    fn new() -> Morning {
        Morning {
            began: now_micros() - 180 * MINUTE,
            lines: Vec::new(),
            count: 0,
        }
    }

    fn tell(&mut self, minute: i64, kind: &str, mut rest: Value) {
        self.count += 1;
        rest["event_id"] = json!(format!("e{}", self.count));
        rest["type"] = json!(kind);
        rest["ts"] = json!(self.began + minute * MINUTE);
        self.lines.extend(format!("{rest}\n").into_bytes());
    }

    fn add(&mut self, minute: i64, who: &str, product: &str, price: &str) {
        let item = json!({ "product_id": product, "quantity": 1, "price": price });
        let rest = json!({ "customer_id": who, "currency": "USD", "items": [item] });
        self.tell(minute, "cart_add", rest);
    }

    fn stock(&mut self, minute: i64, product: &str, level: i64) {
        let rest = json!({ "stock_level": level, "items": [{ "product_id": product }] });
        self.tell(minute, "stock_update", rest);
    }

    fn price(&mut self, minute: i64, product: &str, (old, new): (&str, &str)) {
        let items = json!([{ "product_id": product }]);
        let rest = json!({ "old_price": old, "new_price": new, "currency": "USD", "items": items });
        self.tell(minute, "price_change", rest);
    }

    fn send(&mut self, client: &Client) {
        let answer = client.offer(std::mem::take(&mut self.lines));
        assert_eq!(answer.expect("answers").status, 202);
        client.audit_of(self.count).expect("the law holds");
    }
}

/// Whose cart died of what, and how many carts each reason has by the summary.
fn why(client: &Client) -> (BTreeMap<String, String>, BTreeMap<String, u64>) {
    let path = "/api/v1/carts?state=abandoned,recovered";
    let list = client.get(path).expect("answers");
    let carts = list["data"].as_array().expect("carts").iter();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let carts = carts.map(|cart| {
        let reasons = cart["reasons"].as_array().expect("a list").iter();
        let reasons: Vec<String> = reasons.map(text).collect();
        (text(&cart["person"]["id"]), reasons.join(" "))
    });
    let sums = list["meta"]["summary"]["reasons"].as_array();
    let sums = sums.expect("sums").iter();
    let sums = sums.map(|sum| {
        (
            text(&sum["reason"]),
            sum["carts"].as_u64().expect("a count"),
        )
    });
    (carts.collect(), sums.collect())
}

fn told<T: Clone>(pairs: &[(&str, T)]) -> BTreeMap<String, T> {
    let pairs = pairs.iter().cloned();
    pairs.map(|(key, value)| (key.to_owned(), value)).collect()
}

#[test]
fn a_cart_died_of_an_empty_shelf_or_a_risen_price_only_if_it_was_so_while_it_waited() {
    let mut day = Morning::new();
    day.stock(0, "lamp", 5);
    day.stock(0, "cup", 5);
    // The lamp is out from 30 to 50, the cup from 95 on.
    day.add(10, "ann", "lamp", "10.00");
    day.stock(30, "lamp", 0);
    day.add(40, "bob", "lamp", "10.00");
    day.stock(50, "lamp", 9);
    day.add(55, "cid", "lamp", "10.00");
    day.add(20, "dan", "cup", "4.00");
    day.stock(95, "cup", 0);
    // The vase costs 20 until 70, then 25; from 100 on it costs 15. The tray falls in price.
    day.add(30, "eve", "vase", "20.00");
    day.price(70, "vase", ("20.00", "25.00"));
    day.add(75, "fay", "vase", "25.00");
    day.price(100, "vase", ("25.00", "15.00"));
    day.add(5, "gus", "vase", "20.00");
    day.add(30, "hal", "tray", "8.00");
    day.price(60, "tray", ("8.00", "7.00"));
    // Whatever was shown in the cart was dearer than the list price even after it rose.
    day.add(30, "ida", "vase", "30.00");
    day.tell(178, "page_view", json!({ "anonymous_id": "somebody" }));

    let dir = dir();
    let program = program(&dir);
    let server = program.up().expect("starts");
    day.send(&server);
    let (carts, sums) = why(&server);
    let mut expected = told(&[
        ("ann", "out_of_stock".to_owned()),
        ("bob", "out_of_stock".to_owned()),
        ("cid", "none".to_owned()),
        ("dan", "none".to_owned()),
        ("eve", "price_risen".to_owned()),
        ("fay", "none".to_owned()),
        ("gus", "none".to_owned()),
        ("hal", "none".to_owned()),
        ("ida", "none".to_owned()),
    ]);
    assert_eq!(carts, expected);
    let counts = [("none", 6), ("out_of_stock", 2), ("price_risen", 1)];
    assert_eq!(sums, told(&counts));

    // A report that comes late is heard, and a restart forgets nothing.
    day.stock(25, "cup", 0);
    day.stock(26, "cup", 5);
    day.send(&server);
    expected.insert("dan".to_owned(), "out_of_stock".to_owned());
    assert_eq!(why(&server).0, expected);
    server.kill().expect("is killed");
    let server = program.up().expect("starts");
    server.audit_of(day.count).expect("the law holds");
    assert_eq!(why(&server).0, expected);
}
