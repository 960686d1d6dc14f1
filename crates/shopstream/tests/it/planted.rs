//! Alerts against the simulator's truth, through the whole line: what its default thresholds find in three shops is what
//! fires here, no more and no less, in order, and again shuffled, repeated and killed in the middle.

use super::stock::{rows, send, shuffle};
use crate::{dir, figure, number, program};
use simulator::{
    AnomalyKind, AnomalyRates, Delivery, Format, Limits, Mishaps, Rate, Settings, Story,
    SupplyRules, Table, Terms, Time, TruthKept,
};
use std::collections::{BTreeMap, BTreeSet};
use testkit::{Client, now_micros};

const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;
const DAYS: i64 = 12;

/// By rule, what it is about: orders, or products.
pub(super) type Subjects = BTreeMap<String, BTreeSet<String>>;

pub(super) struct Played {
    pub(super) lines: Vec<Vec<u8>>,
    pub(super) truth: Subjects,
    /// The truth as it is written: rule, time, subject, value.
    pub(super) table: String,
}

pub(super) fn play(seed: u64, events: u64) -> Played {
    let began = Time((now_micros() - (DAYS + 1) * DAY_MICROS) / DAY_MICROS * DAY_MICROS);
    let lasts = DAYS * DAY_MICROS;
    let mut anomalies = AnomalyRates::default();
    assert!(anomalies.set(AnomalyKind::UnusualQuantity, 2.0));
    assert!(anomalies.set(AnomalyKind::StockOut, 1.0));
    let settings = Settings {
        rate: Rate::per_second(events as f64 * 1e6 / lasts as f64),
        products: 150,
        customers: 5_000,
        story: Story {
            supply: Some(SupplyRules {
                opening_units_max: 40,
                delivery_units: 20,
                reorder_units: 8,
                report_units: 3,
                ..SupplyRules::default()
            }),
            anomalies,
            ..Story::default()
        },
        ..Settings::new(seed, began)
    };
    let terms = Terms {
        format: Format::Canonical,
        mishaps: Mishaps::default(),
        limits: Limits {
            until: began.plus(lasts),
            ..Limits::default()
        },
        truth: TruthKept::Tables,
    };
    let mut delivery = Delivery::new(settings, terms).expect("such a shop can be");
    let mut bytes = Vec::new();
    while !delivery.is_over() {
        delivery.next(&mut bytes);
    }
    delivery.finish(&mut bytes);
    let ledger = delivery.ledger_mut().expect("tables are kept");
    let table = String::from_utf8(ledger.take(Table::Alerts)).expect("text");
    let mut truth = Subjects::new();
    // rule,time,subject,value
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let subjects = truth.entry(columns[0].to_owned()).or_default();
        subjects.insert(columns[2].to_owned());
    }
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    Played {
        lines: lines.map(<[u8]>::to_vec).collect(),
        truth,
        table,
    }
}

fn check(client: &Client, played: &Played) {
    let mut found = Subjects::new();
    for rule in played.truth.keys() {
        let alerts = rows(client, &format!("/api/v1/alerts?rule={rule}&"));
        let subjects = alerts.iter().map(|alert| figure(&alert["subject"], "key"));
        found.insert(rule.clone(), subjects.collect());
    }
    for (rule, truth) in &played.truth {
        let found = &found[rule];
        let missed: Vec<_> = truth.difference(found).collect();
        let wrong: Vec<_> = found.difference(truth).collect();
        let counts = (truth.len(), found.len());
        assert!(
            missed.is_empty() && wrong.is_empty(),
            "{rule} {counts:?}: missed {missed:?}, wrong {wrong:?}"
        );
    }
}

#[test]
fn what_the_simulator_knows_to_be_worth_an_alert_fires_in_any_order() {
    let events = number("SHOPSTREAM_ALERT_EVENTS", 20_000);
    for seed in 1..=3 {
        let mut played = play(seed, events);
        let all = played.lines.len();
        assert!(played.truth.len() >= 3, "{:?}", played.truth.keys());
        let dir = dir();
        let server = program(&dir).up().expect("starts");
        send(&server, &played.lines);
        server.audit_of(all as u64).expect("the law holds");
        check(&server, &played);
        drop(server);

        let dir = self::dir();
        let program = program(&dir);
        shuffle(&mut played.lines, seed);
        let (first, rest) = played.lines.split_at(all / 2);
        let server = program.up().expect("starts");
        send(&server, first);
        server.kill().expect("is killed");
        let server = program.up().expect("starts again");
        // Some of what is sent now was sent before.
        send(&server, &first[all / 4..]);
        send(&server, rest);
        let sent = (all + first.len() - all / 4) as u64;
        server.audit_of(sent).expect("the law holds");
        check(&server, &played);
        server.stop().expect("stops");
    }
}
