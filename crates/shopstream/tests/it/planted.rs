//! Alerts against the simulator's truth, through the whole line: what its default thresholds find in three shops is what
//! fires here, no more and no less, in order, and again shuffled, repeated and killed in the middle.

use crate::shop::{check_in_any_order, deliver, lines, rows};
use crate::{figure, number};
use simulator::{AnomalyKind, AnomalyRates, Settings, Story, SupplyRules, Table};
use std::collections::{BTreeMap, BTreeSet};
use testkit::Client;

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
    let mut anomalies = AnomalyRates::default();
    assert!(anomalies.set(AnomalyKind::UnusualQuantity, 2.0));
    assert!(anomalies.set(AnomalyKind::StockOut, 1.0));
    let (bytes, mut delivery) = deliver((seed, events), DAYS, |usual| Settings {
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
        ..usual
    });
    let ledger = delivery.ledger_mut().expect("tables are kept");
    let table = String::from_utf8(ledger.take(Table::Alerts)).expect("text");
    let mut truth = Subjects::new();
    // rule,time,subject,value
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let subjects = truth.entry(columns[0].to_owned()).or_default();
        subjects.insert(columns[2].to_owned());
    }
    Played {
        lines: lines(&bytes).map(<[u8]>::to_vec).collect(),
        truth,
        table,
    }
}

fn check(client: &Client, truth: &Subjects) {
    let mut found = Subjects::new();
    for rule in truth.keys() {
        let alerts = rows(client, &format!("/api/v1/alerts?rule={rule}&"));
        let subjects = alerts.iter().map(|alert| figure(&alert["subject"], "key"));
        found.insert(rule.clone(), subjects.collect());
    }
    for (rule, truth) in truth {
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
        assert!(played.truth.len() >= 3, "{:?}", played.truth.keys());
        let truth = played.truth;
        check_in_any_order(&mut played.lines, seed, |client| check(client, &truth));
    }
}
