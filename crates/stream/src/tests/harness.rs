//! Drives a line as the reader of a log would, frame by frame, and keeps what a follower of its changes sees.
//! Which events there are, and what must come of them, is not known here.

use super::shop::STORES;
use crate::{Harvest, Line, Results, Store, Stores, StreamConfig};
use analytics::alert::{Condition, Rule, usual_rules};
use analytics::session::Rules;
use changelog::{Change, Value};
use event::check::CheckContext;
use event::frame::{FrameBody, FrameBuilder, SourceInfo};
use event::{Currency, Event, EventTime, Money, Quantity, SCALE};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Rows by table and key.
pub(super) type Tables = BTreeMap<(String, Vec<Value>), Vec<Value>>;

/// An event and the store it belongs to.
pub(super) type Told = (&'static str, Event<'static>);

/// How events reach the shards; no number may depend on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery {
    pub(super) workers: usize,
    pub(super) frame_rows: usize,
    pub(super) frames_a_round: usize,
}

impl Delivery {
    /// Everything at once, in one thread.
    pub(super) const PLAIN: Delivery = Delivery {
        workers: 1,
        frame_rows: usize::MAX,
        frames_a_round: 1,
    };
}

/// A frame of the log.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) number: u64,
    pub(super) first_offset: u64,
    pub(super) body: FrameBody,
}

/// The log these events are written to, in this order.
pub(super) fn log(events: &[Told], delivery: Delivery) -> Vec<Frame> {
    log_received(events, delivery, |_| EventTime(i64::MAX / 2))
}

/// The same, with a moment of receipt for each frame's number; it must not be before the events'.
pub(super) fn log_received(
    events: &[Told],
    delivery: Delivery,
    received: impl Fn(u64) -> EventTime,
) -> Vec<Frame> {
    let mut builder = FrameBuilder::new();
    let mut first_offset = 0;
    let mut frames = Vec::new();
    for (number, chunk) in (0..).zip(events.chunks(delivery.frame_rows)) {
        for (store, event) in chunk {
            let info = SourceInfo {
                source: format!("source of {store}"),
                name: "s".into(),
                store: (*store).into(),
            };
            let source = builder.open_source(&info);
            let received = received(number);
            builder
                .offer(source, event, b"", CheckContext { received })
                .expect("a sound event");
        }
        frames.push(Frame {
            number,
            first_offset,
            body: builder.finish(),
        });
        first_offset += chunk.len() as u64;
    }
    frames
}

pub(super) fn stores() -> Stores {
    let store = |(name, zone, currency): &(&str, &str, &str)| {
        let store = Store {
            zone: TimeZone::get(zone).expect("a zone of the database"),
            currency: Currency::parse(currency).expect("a code"),
            // A plain recount knows no slots.
            sessions: Rules {
                slot_micros: 1,
                ends_at_midnight: *name == "north",
                campaign_begins_one: *name == "south",
                ..Rules::default()
            },
            rules: rules(),
            ..Store::default()
        };
        ((*name).to_owned(), store)
    };
    Stores(STORES.iter().map(store).collect())
}

/// The usual rules with limits that such small shops reach. Not those of rates: they judge two weeks, and these shops tell of
/// March and October at once.
fn rules() -> Vec<Rule> {
    let mut rules = usual_rules();
    rules.retain(|rule| rule.condition.rate().is_none());
    for rule in &mut rules {
        match &mut rule.condition {
            Condition::HighValue(limit) => limit.above = HIGH_VALUE,
            Condition::UnusualQuantity(limit) => limit.above = Quantity(2 * SCALE),
            Condition::Unlike(unlike) => (unlike.observations_min, unlike.z_above) = (2, 100),
            _ => {}
        }
    }
    rules
}

/// Orders above this are worth an alert.
pub(super) const HIGH_VALUE: Money = Money(60_000);

/// A line and whoever follows it.
pub(super) struct Run {
    pub(super) line: Line,
    pub(super) results: Results,
    pub(super) view: Tables,
    pub(super) frames_a_round: usize,
}

impl Run {
    pub(super) fn start(delivery: Delivery) -> Run {
        let config = StreamConfig {
            workers: delivery.workers,
            stores: stores(),
            ..StreamConfig::default()
        };
        let spawn = |name: String, work: Box<dyn FnOnce() + Send>| {
            runtime::NamedThread::spawn(name, work).map(drop)
        };
        Run {
            line: Line::start(&config, &spawn).expect("starts"),
            results: Results::new(config.stores),
            view: Tables::new(),
            frames_a_round: delivery.frames_a_round,
        }
    }

    /// Folds frames, a few a round, and publishes after each.
    pub(super) fn read(&mut self, frames: &[Frame]) {
        let rounds = frames.chunks(self.frames_a_round);
        let last = rounds.len();
        for (number, round) in (1..).zip(rounds) {
            for frame in round {
                self.line
                    .push(frame.number, frame.first_offset, frame.body.clone());
                if self.line.is_round_full() {
                    self.fold();
                }
            }
            self.fold();
            // Before the last one rows of products may wait.
            let harvest = match number == last {
                true => self.line.harvest(),
                false => self.line.harvest_behind(),
            };
            self.publish(harvest.expect("harvests"));
        }
    }

    fn fold(&mut self) {
        if self.line.has_round() {
            self.line.fold(|_| ()).expect("folds");
        }
        if self.line.is_harvest_due() {
            let harvest = self.line.harvest_behind();
            self.publish(harvest.expect("harvests"));
        }
    }

    fn publish(&mut self, harvest: Harvest) {
        let changes = self.results.apply(harvest).expect("all in memory").changes;
        (changes.into_iter()).for_each(|change| upsert(&mut self.view, change));
    }

    /// The final tables, after the law was checked against the number of events in the log.
    pub(super) fn end(self, sent: usize) -> Tables {
        let mut snapshot = Tables::new();
        let rows = self.results.snapshot().expect("all in memory").changes;
        rows.into_iter()
            .for_each(|change| upsert(&mut snapshot, change));
        let differ = differences(&self.view, &snapshot);
        assert_eq!(
            differ, "",
            "who follows from the start and who joins late see the same"
        );
        check_law(&self.view, sent);
        let mut view = self.view;
        // Tallies say how often something came, which repetition is meant to change, and watermarks when. Cut points are
        // fixed of what had come by then, so they follow from the log and not from the set of its events.
        let of_arrivals = [
            "sources",
            "totals",
            "audit_hours",
            "quality",
            "rhythms",
            "watermarks",
            "ticks",
            "rfm_cuts",
        ];
        view.retain(|(table, _), _| !of_arrivals.contains(&table.as_str()));
        view
    }
}

/// The tables of these events in this order.
pub(super) fn tables(events: &[Told], delivery: Delivery) -> Tables {
    let mut run = Run::start(delivery);
    run.read(&log(events, delivery));
    run.end(events.len())
}

/// What the tables say of time.
pub(super) fn of_time(tables: &Tables) -> Tables {
    let rows = tables.iter();
    let rows = rows.filter(|((table, _), _)| ["watermarks", "ticks"].contains(&table.as_str()));
    rows.map(|(key, values)| (key.clone(), values.clone()))
        .collect()
}

/// What the tables say of cut points.
pub(super) fn of_scores(tables: &Tables) -> Tables {
    let rows = tables.iter().filter(|((table, _), _)| table == "rfm_cuts");
    rows.map(|(key, values)| (key.clone(), values.clone()))
        .collect()
}

/// Tables without what tells of events set aside: their number is how often they came.
pub(super) fn counted(mut tables: Tables) -> Tables {
    tables.retain(|(table, _), _| !table.starts_with("quarantine"));
    tables
}

/// The first rows that differ, one a line.
pub(super) fn differences(found: &Tables, expected: &Tables) -> String {
    let keys: std::collections::BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    let differs = |key: &&&(String, Vec<Value>)| found.get(**key) != expected.get(**key);
    let line = |key: &(String, Vec<Value>)| {
        format!(
            "{key:?}: {:?}, expected {:?}\n",
            found.get(key),
            expected.get(key)
        )
    };
    keys.iter()
        .filter(differs)
        .take(4)
        .map(|key| line(key))
        .collect()
}

pub(super) fn upsert(view: &mut Tables, change: Change) {
    let key = (change.table.to_owned(), change.key.to_vec());
    match change.values {
        Some(values) => drop(view.insert(key, values.to_vec())),
        None => drop(view.remove(&key)),
    }
}

/// received = accepted + duplicate + quarantined; accepted = counted + late.
fn check_law(view: &Tables, sent: usize) {
    let count = |value: &Value| match value {
        Value::Int(count) => *count,
        other => panic!("totals are counts, not {other:?}"),
    };
    let totals = &view[&("totals".to_owned(), Vec::new())];
    let totals: Vec<i64> = totals.iter().map(count).collect();
    let [
        received,
        accepted,
        duplicate,
        quarantined,
        counted,
        late,
        retracted,
    ] = totals.try_into().expect("seven totals");
    assert_eq!(received, sent as i64);
    assert_eq!(received, accepted + duplicate + quarantined);
    assert_eq!(accepted, counted + late + retracted);
}
