//! Events that no shop should send, through the door to a running server: each is counted, or set aside with its reason,
//! whoever is sent beside it counts, and the law holds after every one and again after a kill.

use crate::shop::rows;
use crate::{dir, figure, program};
use serde_json::{Value, json};
use testkit::{Program, Server, now_micros, resident_bytes_max};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
/// A year of events every 20 minutes.
const YEAR_STEP: i64 = 20;
const YEAR_EVENTS: usize = 365 * 24 * 3;
/// A session lasts a day at most, and an event exactly at the cap still joins.
const DAY_EVENTS: usize = 24 * 3 + 1;
/// Beside as much as ordinary events take: caches, buffers and tables have steps.
const SPARE_BYTES: u64 = 64 << 20;
/// Lines of one request.
const LINES: usize = 500;

/// A server, and what was sent to it.
struct Shop {
    server: Server,
    sent: usize,
    neighbours: usize,
    set_aside: usize,
    began: i64,
}

impl Shop {
    fn open(program: &Program) -> Shop {
        Shop {
            server: program.up().expect("starts"),
            sent: 0,
            neighbours: 0,
            set_aside: 0,
            began: now_micros() - 120 * MINUTE,
        }
    }

    /// An event of this type, so many minutes after the shop opened.
    fn event(&self, id: &str, kind: &str, minute: i64, more: Value) -> Value {
        let time = self.began + minute * MINUTE;
        let mut event = json!({"event_id": id, "type": kind, "ts": time, "currency": "USD"});
        let fields = event.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("an object").clone());
        event
    }

    /// Sends an event between two ordinary ones, in one request. The law holds, and both neighbours count.
    fn offer(&mut self, event: &Value) {
        let mut neighbour = || {
            self.neighbours += 1;
            let id = format!("neighbour-{}", self.neighbours);
            let more = json!({"anonymous_id": id, "product_id": "neighbour"});
            let time = self.neighbours as i64;
            let kind = "item_view";
            let mut event = json!({"event_id": id, "type": kind, "ts": self.began + time});
            let fields = event.as_object_mut().expect("an object");
            fields.extend(more.as_object().expect("an object").clone());
            event
        };
        let lines = [neighbour(), event.clone(), neighbour()].map(|event| format!("{event}\n"));
        self.send(&lines);
        let views = self.number("item_views", json!({"product": ["neighbour"]}));
        assert_eq!(views, self.neighbours.to_string(), "beside {event}");
    }

    fn send(&mut self, lines: &[String]) {
        for lines in lines.chunks(LINES) {
            let answer = self.server.offer(lines.concat().into_bytes());
            let answer = answer.expect("answers");
            assert_eq!(answer.status, 202, "{answer:?}");
        }
        self.sent += lines.len();
        self.check_law();
    }

    /// All that was sent is counted, but for what was set aside.
    fn check_law(&self) {
        let audit = self.server.audit_of(self.sent as u64);
        let audit = audit.expect("the law holds");
        let counted = audit["counted"].as_u64().expect("a count") as usize;
        let set_aside = audit["quarantined"].as_u64().expect("a count") as usize;
        assert_eq!(counted + set_aside, self.sent, "{audit}");
    }

    fn check_counted(&mut self, event: &Value) {
        self.offer(event);
        let audit = self.server.audit().expect("the law holds");
        assert_eq!(audit["quarantined"], self.set_aside, "{event}: {audit}");
    }

    fn check_set_aside(&mut self, event: &Value, reason: &str) {
        self.offer(event);
        self.set_aside += 1;
        let audit = self.server.audit().expect("the law holds");
        assert_eq!(audit["quarantined"], self.set_aside, "{event}: {audit}");
        let page = self.server.get("/api/v1/quarantine?limit=1");
        let newest = page.expect("the quarantine")["data"][0].clone();
        assert_eq!(newest["reason"], reason, "{event}: {newest}");
        assert!(!newest["detail"].as_str().unwrap_or("").is_empty());
    }

    /// A metric of all time, as text.
    fn number(&self, metric: &str, filters: Value) -> String {
        let mut question = json!({"metrics": [metric]});
        if let Some((dimension, _)) = filters.as_object().and_then(|all| all.iter().next()) {
            question["dimensions"] = json!([dimension]);
            question["filters"] = filters;
        }
        let rows = self.server.query(&question).expect("answers");
        let row = rows.first();
        row.map_or_else(|| "0".to_owned(), |row| figure(row, metric))
    }

    fn check(&self, expected: &[(&str, &str)]) {
        for (metric, number) in expected {
            assert_eq!(self.number(metric, Value::Null), *number, "{metric}");
        }
    }

    /// What each rule found, by what it is about.
    fn alerts(&self, rule: &str) -> Vec<String> {
        let alerts = rows(&self.server, &format!("/api/v1/alerts?rule={rule}&"));
        let keys = alerts.iter().map(|alert| figure(&alert["subject"], "key"));
        keys.collect()
    }

    fn level(&self, product: &str) -> (String, String) {
        let path = format!("/api/v1/inventory?product={product}");
        let row = self.server.get(&path).expect("answers")["data"][0].clone();
        (figure(&row, "level"), figure(&row, "standing"))
    }
}

fn refund_before_its_order(shop: &mut Shop) {
    let refund = |order: &str| json!({"order_id": order, "refund_id": format!("of {order}"), "customer_id": "ann", "refund_amount": "5.00"});
    let order = |order: &str| json!({"order_id": order, "customer_id": "ann", "items": [{"product_id": "tea", "quantity": 2, "price": "10.00"}]});
    // One came first, the other is also dated before its order.
    shop.check_counted(&shop.event("r1", "refund", 20, refund("O1")));
    shop.check(&[("refunds", "1"), ("refund_amount", "5.00")]);
    shop.check(&[("refunded_orders", "0"), ("orders", "0")]);
    shop.check_counted(&shop.event("o1", "order", 10, order("O1")));
    shop.check_counted(&shop.event("r2", "refund", 5, refund("O2")));
    shop.check_counted(&shop.event("o2", "order", 15, order("O2")));
    shop.check(&[("orders", "2"), ("revenue", "40.00"), ("refunds", "2")]);
    shop.check(&[("refunded_orders", "2")]);
    shop.check(&[("refund_amount_by_order_date", "10.00")]);
}

fn order_without_a_cart(shop: &mut Shop) {
    // Those before had none either.
    shop.check(&[("orders_without_cart", "2"), ("carts_created", "0")]);
    let items = json!([{"product_id": "tea", "quantity": 1, "price": "10.00"}]);
    let order = json!({"order_id": "O3", "customer_id": "bob", "items": items});
    shop.check_counted(&shop.event("o3", "order", 30, order));
    shop.check(&[("orders", "3"), ("orders_without_cart", "3")]);
    shop.check(&[("revenue", "50.00"), ("carts_created", "0")]);
}

fn cart_without_a_visitor(shop: &mut Shop) {
    let items = json!([{"product_id": "tea", "quantity": 1, "price": "10.00"}]);
    let add = shop.event("c1", "cart_add", 31, json!({"items": items}));
    shop.check_counted(&add);
    shop.check(&[("cart_adds", "1"), ("carts_created", "0")]);
}

fn a_billion_pieces(shop: &mut Shop) {
    let items = json!([{"product_id": "sand", "quantity": 1_000_000_000_u64, "price": "0.01"}]);
    let add = json!({"anonymous_id": "carol", "items": items});
    shop.check_counted(&shop.event("c2", "cart_add", 40, add));
    shop.check(&[("carts_created", "1")]);
    let order = json!({"order_id": "O4", "anonymous_id": "carol", "items": items});
    shop.check_counted(&shop.event("o4", "order", 41, order));
    shop.check(&[
        ("orders", "4"),
        ("revenue", "10000050.00"),
        ("units", "1000000005"),
        ("carts_ordered", "1"),
    ]);
    assert_eq!(shop.alerts("unusual_quantity"), ["O4"]);
    assert_eq!(shop.alerts("high_value_order"), ["O4"]);
}

fn a_negative_price(shop: &mut Shop) {
    let items = json!([{"product_id": "tea", "quantity": 1, "price": "-1"}]);
    let order = json!({"order_id": "O5", "customer_id": "dan", "items": items});
    shop.check_set_aside(&shop.event("o5", "order", 50, order), "price_negative");
    let price = json!({"product_id": "tea", "old_price": "10.00", "new_price": "-1"});
    let change = shop.event("p1", "price_change", 51, price);
    shop.check_set_aside(&change, "price_negative");
    shop.check(&[("orders", "4"), ("revenue", "10000050.00")]);
}

fn a_negative_stock(shop: &mut Shop) {
    let stock = json!({"product_id": "milk", "stock_level": -5, "warehouse": "north"});
    shop.check_counted(&shop.event("s1", "stock_update", 60, stock));
    assert_eq!(shop.level("milk"), ("-5".into(), "out".into()));
    assert_eq!(shop.alerts("stock_out"), ["milk"]);
}

/// A year of views of the clock by these visitors.
fn year(shop: &mut Shop, visitor: impl Fn(usize) -> Value) {
    let event = |at: usize| {
        let minute = (at as i64 - YEAR_EVENTS as i64) * YEAR_STEP;
        let mut event = shop.event(&format!("year-{at}"), "item_view", minute, visitor(at));
        event["product_id"] = "clock".into();
        format!("{event}\n")
    };
    let lines: Vec<String> = (0..YEAR_EVENTS).map(event).collect();
    shop.send(&lines);
    let views = shop.number("item_views", json!({"product": ["clock"]}));
    assert_eq!(views, YEAR_EVENTS.to_string());
}

#[test]
fn what_no_shop_should_send_is_counted_or_set_aside_and_harms_no_neighbour() {
    let dir = dir();
    let program = program(&dir);
    let mut shop = Shop::open(&program);
    refund_before_its_order(&mut shop);
    order_without_a_cart(&mut shop);
    cart_without_a_visitor(&mut shop);
    a_billion_pieces(&mut shop);
    a_negative_price(&mut shop);
    a_negative_stock(&mut shop);

    let metrics = ["events", "orders", "revenue", "refund_amount_by_order_date"];
    let metrics = [&metrics[..], &["sessions", "carts_created", "units"]].concat();
    let told = |shop: &Shop| -> Vec<String> {
        let numbers = metrics.iter();
        numbers
            .map(|metric| shop.number(metric, Value::Null))
            .collect()
    };
    let before = told(&shop);
    let Shop { server, .. } = shop;
    server.kill().expect("is killed");
    let server = program.up().expect("starts again");
    server.wait_until_ready().expect("is ready");
    let shop = Shop { server, ..shop };
    shop.check_law();
    assert_eq!(told(&shop), before);
}

#[test]
fn a_session_open_for_a_year_is_cut_by_days_and_takes_no_more_memory_than_a_year_of_visitors() {
    let memory = |work: &dyn Fn(&mut Shop)| {
        let dir = dir();
        let mut shop = Shop::open(&program(&dir));
        work(&mut shop);
        resident_bytes_max(shop.server.pid()).expect("its memory")
    };
    let ordinary = memory(&|shop| {
        year(
            shop,
            |at| json!({ "anonymous_id": format!("visitor-{at}") }),
        )
    });
    let strange = memory(&|shop| {
        year(
            shop,
            |_| json!({"anonymous_id": "eve", "session_id": "a year"}),
        );
        let days = YEAR_EVENTS.div_ceil(DAY_EVENTS).to_string();
        shop.check(&[("sessions", &days), ("sessions_given", "1")]);
    });
    eprintln!(
        "memory: {} MiB, a year of visitors {} MiB",
        strange >> 20,
        ordinary >> 20
    );
    assert!(
        strange < ordinary + ordinary / 2 + SPARE_BYTES,
        "{strange} bytes, {ordinary} by ordinary visitors"
    );
}

#[test]
fn a_funnel_may_name_a_step_twice_and_then_asks_for_two_events() {
    let dir = dir();
    std::fs::create_dir_all(dir.path().join("data")).expect("a folder");
    let file = dir.path().join("shop.toml");
    let settings = "[[stores.main.funnels]]\nname = \"second look\"\nsteps = [\"item_view\", \"item_view\", \"order\"]\n";
    std::fs::write(&file, settings).expect("writes");
    let file = file.to_str().expect("a path");
    let server = program(&dir).start(["up", "--config", file]);
    let server = server.expect("starts");
    let began = now_micros() - 120 * MINUTE;
    let view = |who: &str, minute: i64| {
        let time = began + minute * MINUTE;
        let id = format!("{who}-{minute}");
        let event = json!({"event_id": id, "type": "item_view", "ts": time, "anonymous_id": who, "product_id": "tea"});
        format!("{event}\n")
    };
    let order = |who: &str, minute: i64| {
        let time = began + minute * MINUTE;
        let items = json!([{"product_id": "tea", "quantity": 1, "price": "1"}]);
        let event = json!({"event_id": format!("{who}-order"), "type": "order", "ts": time, "anonymous_id": who, "order_id": who, "currency": "USD", "items": items});
        format!("{event}\n")
    };
    // Ann looks once and buys; bob looks twice; carol looks twice and buys.
    let lines = [
        view("ann", 1),
        order("ann", 2),
        view("bob", 3),
        view("bob", 4),
        view("carol", 5),
        view("carol", 6),
        order("carol", 7),
    ];
    server.offer(lines.concat().into_bytes()).expect("taken in");
    server.audit_of(7).expect("the law holds");
    let told = server.get("/api/v1/funnel").expect("answers");
    let steps = told["data"][0]["steps"].as_array().expect("steps").clone();
    let units: Vec<String> = steps.iter().map(|step| figure(step, "units")).collect();
    assert_eq!(units, ["3", "2", "1"], "{told}");
}
