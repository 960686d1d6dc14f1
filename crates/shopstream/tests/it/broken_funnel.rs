//! Funnel breaks against a simulated shop, through the whole line: quiet while it runs as usual, and told where for two
//! hours nothing can be put into a cart; in order, and again shuffled and killed in the middle. `SHOPSTREAM_FUNNEL_SEEDS=3`
//! and `SHOPSTREAM_FUNNEL_EVENTS=200000` ask for more of it.

use crate::shop::{deliver, lines, rows, send, shuffle};
use crate::{dir, figure, number, program};
use simulator::Settings;
use std::collections::BTreeMap;
use testkit::Client;

const HOUR_MICROS: i64 = 3_600 * 1_000_000;
const DAYS: i64 = 2;
/// What cannot happen without a cart.
const OF_CARTS: [&str; 4] = ["cart_", "checkout_", "order", "payment_"];

/// A shop's lines with the hour in which each happened.
fn play(seed: u64, events: u64) -> Vec<(i64, Vec<u8>)> {
    let (bytes, _) = deliver((seed, events), DAYS, |usual| Settings {
        products: 300,
        customers: 20_000,
        ..usual
    });
    lines(&bytes)
        .map(|line| (hour(line), line.to_vec()))
        .collect()
}

fn field<'l>(line: &'l [u8], name: &str) -> &'l str {
    let line = std::str::from_utf8(line).expect("text");
    let start = line.find(name).expect("every line has it") + name.len();
    line[start..].split('"').next().expect("a text ends")
}

fn hour(line: &[u8]) -> i64 {
    let time: jiff::Timestamp = field(line, "\"ts\":\"").parse().expect("a time");
    time.as_microsecond().div_euclid(HOUR_MICROS)
}

fn kind(line: &[u8]) -> &str {
    field(line, "\"type\":\"")
}

/// The hour of the last half day, but for its end, in which most products are looked at.
fn busiest(lines: &[(i64, Vec<u8>)]) -> i64 {
    let last = lines.iter().map(|(hour, _)| *hour).max().expect("lines");
    let mut views: BTreeMap<i64, u64> = BTreeMap::new();
    for (hour, line) in lines {
        if (last - 14..last - 4).contains(hour) && kind(line) == "item_view" {
            *views.entry(*hour).or_default() += 1;
        }
    }
    let most = views.into_iter().max_by_key(|(_, views)| *views);
    most.expect("somebody looks").0
}

/// Step and first hour of each alert.
fn found(client: &Client) -> Vec<(String, i64)> {
    let alerts = rows(client, "/api/v1/alerts?rule=funnel_break&");
    let one = |alert: &serde_json::Value| {
        let at: jiff::Timestamp = figure(alert, "at").parse().expect("a time");
        let hour = at.as_microsecond().div_euclid(HOUR_MICROS);
        (figure(&alert["subject"], "key"), hour)
    };
    let mut found: Vec<(String, i64)> = alerts.iter().map(one).collect();
    found.sort();
    found
}

#[test]
fn a_shop_without_carts_for_two_hours_breaks_its_funnel_there_and_nowhere_else() {
    let events = number("SHOPSTREAM_FUNNEL_EVENTS", 130_000);
    for seed in 1..=number("SHOPSTREAM_FUNNEL_SEEDS", 1) {
        let lines = play(seed, events);
        let at = busiest(&lines);
        let is_possible = |(hour, line): &&(i64, Vec<u8>)| {
            let is_of_cart = OF_CARTS.iter().any(|of| kind(line).starts_with(of));
            !((at..at + 2).contains(hour) && is_of_cart)
        };
        let broken = lines.iter().filter(is_possible);
        let mut broken: Vec<Vec<u8>> = broken.map(|(_, line)| line.clone()).collect();
        let usual: Vec<Vec<u8>> = lines.into_iter().map(|(_, line)| line).collect();

        let dir = dir();
        let server = program(&dir).up().expect("starts");
        send(&server, &usual);
        server.audit_of(usual.len() as u64).expect("the law holds");
        assert_eq!(found(&server), [], "seed {seed}");
        drop(server);

        let dir = self::dir();
        let program = program(&dir);
        shuffle(&mut broken, seed);
        let (first, rest) = broken.split_at(broken.len() / 2);
        let server = program.up().expect("starts");
        send(&server, first);
        server.kill().expect("is killed");
        let server = program.up().expect("starts again");
        send(&server, rest);
        server.audit_of(broken.len() as u64).expect("the law holds");
        let expected = [("purchase:2".to_owned(), at)];
        assert_eq!(found(&server), expected, "seed {seed}");
        server.stop().expect("stops");
    }
}
