//! Sessions and carts against the simulator's truth, through the whole line: three shops, in order, and again shuffled,
//! repeated and killed in the middle. The truth knows visitors by their cookies, so the lines name no customers.

use crate::shop::{DAY_MICROS, check_in_any_order, deliver, lines};
use crate::{figure, number};
use serde_json::{Value, json};
use simulator::{Settings, Table};
use std::collections::{BTreeMap, BTreeSet};
use testkit::Client;

const DAYS: i64 = 3;
const SLOT_MICROS: i64 = 300 * 1_000_000;

/// Three days of a shop: its lines and how many there were of each thing.
struct Played {
    lines: Vec<Vec<u8>>,
    truth: BTreeMap<&'static str, i64>,
}

fn play(seed: u64, events: u64) -> Played {
    let (bytes, mut delivery) = deliver((seed, events), DAYS, |usual| Settings {
        products: 300,
        customers: 2_000,
        ..usual
    });
    let ledger = delivery.ledger_mut().expect("tables are kept");
    let mut table = |table| String::from_utf8(ledger.take(table)).expect("text");
    let (sessions, carts) = (table(Table::Sessions), table(Table::Carts));
    Played {
        lines: lines(&bytes).map(nameless).collect(),
        truth: truth((&sessions, &carts), &refunds(&bytes)),
    }
}

/// The line of a visitor whom nobody knows by name.
fn nameless(line: &[u8]) -> Vec<u8> {
    let mut event: Value = serde_json::from_slice(line).expect("an object");
    let fields = event.as_object_mut().expect("an object");
    fields.retain(|name, _| !name.starts_with("customer"));
    let mut line = serde_json::to_vec(&event).expect("writes");
    line.push(b'\n');
    line
}

/// By whom and when something was given back: the simulator takes that for a visit, but it is the shop that does it.
fn refunds(bytes: &[u8]) -> BTreeSet<(String, String)> {
    let lines = std::str::from_utf8(bytes).expect("text").lines();
    let refunds = lines.filter(|line| line.contains("\"refund\""));
    let event = |line| serde_json::from_str::<Value>(line).expect("an object");
    let refunds = refunds.map(event);
    refunds
        .map(|event| (figure(&event, "anonymous_id"), figure(&event, "ts")))
        .collect()
}

fn truth(
    (sessions, carts): (&str, &str),
    refunds: &BTreeSet<(String, String)>,
) -> BTreeMap<&'static str, i64> {
    let mut truth = BTreeMap::new();
    let mut count = |name, is_so| *truth.entry(name).or_insert(0) += i64::from(is_so);
    let mut begun: BTreeMap<&str, i64> = BTreeMap::new();
    // visitor,started,ended,events,item_views,cart_adds,orders,bot
    for line in sessions.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let (started, ended) = (micros(columns[1]), micros(columns[2]));
        let before = begun.insert(columns[0], started);
        // The cap cuts between stretches of five minutes: what a program does in the rest of one is no other session.
        let is_rest = before.is_some_and(|before| {
            let slot = |time: i64| time.div_euclid(SLOT_MICROS);
            slot(started) == slot(before + DAY_MICROS) && slot(ended) == slot(started)
        });
        let at = (columns[0].to_owned(), columns[1].to_owned());
        let is_refund = columns[3] == "1" && refunds.contains(&at);
        let is_visit = columns[3] != columns[6] && !is_rest && !is_refund;
        count("sessions", is_visit);
        count("sessions_with_cart", is_visit && columns[5] != "0");
        count("sessions_with_order", is_visit && columns[6] != "0");
    }
    // visitor,created,last_activity,adds,removes,units,outcome,order_id
    for line in carts.lines().skip(1) {
        let outcome = line.split(',').nth(6).expect("an outcome");
        count("carts_created", true);
        count("carts_ordered", outcome == "ordered");
        count("carts_recovered", outcome == "recovered");
        count("carts_emptied", outcome == "emptied");
        count("carts_not_ordered", outcome == "not_ordered");
    }
    truth
}

fn micros(text: &str) -> i64 {
    let time: jiff::Timestamp = text.parse().expect("a time");
    time.as_microsecond()
}

const METRICS: [&str; 9] = [
    "sessions",
    "sessions_with_cart",
    "sessions_with_order",
    "carts_created",
    "carts_ordered",
    "carts_recovered",
    "carts_emptied",
    "carts_open",
    "carts_abandoned",
];

fn check(client: &Client, truth: &BTreeMap<&str, i64>) {
    let question = json!({ "metrics": METRICS });
    let answer = client.query(&question).expect("answers");
    let row = &answer[0];
    let count = |name| figure(row, name).parse::<i64>().expect("a count");
    let mut found: BTreeMap<&str, i64> = METRICS.iter().map(|name| (*name, count(name))).collect();
    let open = found.remove("carts_open").expect("asked");
    let abandoned = found.remove("carts_abandoned").expect("asked");
    found.insert("carts_not_ordered", open + abandoned);
    assert_eq!(&found, truth);
}

#[test]
fn sessions_and_carts_are_the_simulators_in_any_order() {
    let events = number("SHOPSTREAM_BEHAVIOUR_EVENTS", 12_000);
    for seed in 1..=3 {
        let Played { mut lines, truth } = play(seed, events);
        check_in_any_order(&mut lines, seed, |client| check(client, &truth));
    }
}
