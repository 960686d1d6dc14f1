//! The audit against a plain recount of the test's own list of events: by source, store and hour of receipt, and in all;
//! and the same when the audit goes through bytes on its way.

use super::*;
use crate::{Line, Results, StreamConfig};
use analytics::cell::NameId;
use changelog::Value;
use event::check::CheckContext;
use event::frame::{FrameBody, FrameBuilder, SourceInfo};
use event::schema::Text;
use event::time::{HOUR, MINUTE};
use event::{Event, EventId, EventTime, EventType};
use ledger::HOURS_KEPT;
use proptest::prelude::*;

/// Noon, so that minutes do not begin at an hour.
const START: i64 = 1_600_000_000_000_000;

/// One thing that comes in.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    source: usize,
    store: usize,
    /// Minutes after the one before.
    after: i64,
    id: u8,
    /// Another content under the same id.
    is_other: bool,
    is_broken: bool,
    ends_frame: bool,
}

fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let after = prop_oneof![6 => Just(0), 3 => Just(1), 2 => Just(59), 1 => Just(20 * 24 * 60)];
    let arrival = (
        0..3_usize,
        0..2_usize,
        after,
        0..12_u8,
        (0..4_u8, 0..6_u8, 0..3_u8),
    );
    let arrival = arrival.prop_map(
        |(source, store, after, id, (other, broken, ends))| Arrival {
            source,
            store,
            after,
            id,
            is_other: other == 0,
            is_broken: broken == 0,
            ends_frame: ends == 0,
        },
    );
    prop::collection::vec(arrival, 1..80)
}

const SOURCES: [&str; 3] = ["http:a", "http:b", "file:c"];
const STORES: [&str; 2] = ["main", "other"];

fn event(arrival: &Arrival) -> Event<'static> {
    let mut event = Event::new(EventType::PageView);
    event.id = Some(EventId(u128::from(arrival.id) + 1));
    event.time = Some(EventTime(START - i64::from(arrival.is_other) * MINUTE));
    event.set_text(Text::CustomerId, format!("customer {}", arrival.id));
    event
}

/// What was received when, as frames.
fn frames(arrivals: &[Arrival]) -> Vec<FrameBody> {
    let mut builder = FrameBuilder::new();
    let mut frames = Vec::new();
    let mut now = EventTime(START);
    for arrival in arrivals {
        now.0 += arrival.after * MINUTE;
        let source = builder.open_source(&SourceInfo {
            source: SOURCES[arrival.source].to_owned(),
            name: "a name".to_owned(),
            store: STORES[arrival.store].to_owned(),
        });
        if arrival.is_broken {
            let rejection = Rejection::new(Reason::MalformedJson, "no JSON");
            builder.reject(source, 0, now, rejection, b"{");
        } else {
            let context = CheckContext { received: now };
            builder
                .offer(source, &event(arrival), b"", context)
                .expect("a sound event");
        }
        if arrival.ends_frame {
            frames.push(builder.finish());
        }
    }
    if !builder.is_empty() {
        frames.push(builder.finish());
    }
    frames
}

/// Source, store, and the hour; none for hours that are no longer told one by one.
type LineOf = (String, String, Option<i64>);
/// `rows received accepted duplicate quarantined counted late retracted`
type Counts = [i64; 8];

/// The plain recount: the first of an id stays, the same again is a repeat, another one is set aside.
fn recount(arrivals: &[Arrival]) -> BTreeMap<LineOf, Counts> {
    let mut seen = BTreeMap::new();
    let mut told: BTreeMap<LineOf, Counts> = BTreeMap::new();
    let end: i64 = START / MINUTE + arrivals.iter().map(|arrival| arrival.after).sum::<i64>();
    let oldest = end.div_euclid(60) - i64::from(HOURS_KEPT) + 1;
    let mut now = START / MINUTE;
    for arrival in arrivals {
        now += arrival.after;
        let hour = Some(now.div_euclid(60)).filter(|hour| *hour >= oldest);
        let key = (
            SOURCES[arrival.source].to_owned(),
            STORES[arrival.store].to_owned(),
            hour,
        );
        let [_, received, accepted, duplicate, quarantined, counted, ..] =
            told.entry(key).or_default();
        *received += 1;
        if arrival.is_broken {
            *quarantined += 1;
            continue;
        }
        match seen.insert((arrival.store, arrival.id), arrival.is_other) {
            None => {
                *accepted += 1;
                *counted += 1;
            }
            Some(known) => {
                seen.insert((arrival.store, arrival.id), known);
                *if known == arrival.is_other {
                    duplicate
                } else {
                    quarantined
                } += 1;
            }
        }
    }
    told
}

/// Rows by table and key, as a reader of the changelog has them.
type View = BTreeMap<(&'static str, Vec<Value>), Vec<Value>>;

fn follow(view: &mut View, changes: Vec<Change>) {
    for change in changes {
        let key = (change.table, change.key.to_vec());
        match change.values {
            Some(values) => drop(view.insert(key, values.to_vec())),
            None => drop(view.remove(&key)),
        }
    }
}

fn hours(view: &View) -> BTreeMap<LineOf, Counts> {
    let rows = view
        .iter()
        .filter(|((table, _), _)| *table == "audit_hours");
    let text = |value: &Value| match value {
        Value::Text(text) => text.to_string(),
        other => panic!("{other:?}"),
    };
    let line = |((_, key), values): (&(&'static str, Vec<Value>), &Vec<Value>)| {
        let hour = match key[2] {
            Value::Time(time) => Some(time / HOUR),
            _ => None,
        };
        ((text(&key[0]), text(&key[1]), hour), counts(values))
    };
    rows.map(line).collect()
}

fn counts(values: &[Value]) -> Counts {
    std::array::from_fn(|at| match values[at] {
        Value::Int(count) => count,
        ref other => panic!("{other:?}"),
    })
}

fn sum<'a>(lines: impl Iterator<Item = &'a Counts>) -> Counts {
    lines.fold([0; 8], |sum, line| {
        std::array::from_fn(|at| sum[at] + line[at])
    })
}

/// Every line, every source and the totals are what the recount says, and each line obeys the law by itself.
fn check(view: &View, arrivals: &[Arrival]) -> Result<(), TestCaseError> {
    let (found, expected) = (hours(view), recount(arrivals));
    for (
        line,
        [
            _,
            received,
            accepted,
            duplicate,
            quarantined,
            counted,
            late,
            _,
        ],
    ) in &found
    {
        prop_assert_eq!(*received, accepted + duplicate + quarantined, "{:?}", line);
        prop_assert_eq!(*accepted, counted + late, "{:?}", line);
    }
    prop_assert_eq!(&found, &expected);
    for ((_, key), values) in view.iter().filter(|((table, _), _)| *table == "sources") {
        let of_source = expected.iter().filter(|((source, store, _), _)| {
            key[0] == Value::Text(source.as_str().into())
                && key[1] == Value::Text(store.as_str().into())
        });
        prop_assert_eq!(
            counts(&values[1..]),
            sum(of_source.map(|(_, counts)| counts))
        );
    }
    let totals: Vec<Value> = (sum(expected.values()).into_iter().skip(1))
        .map(Value::Int)
        .collect();
    prop_assert_eq!(&view[&("totals", Vec::new())][..], &totals[..]);
    Ok(())
}

/// What the line tells, with these many frames a round and rounds a harvest.
fn tell(arrivals: &[Arrival], workers: usize, frames_a_round: usize, rounds: usize) -> View {
    let spawn = |name: String, work: Box<dyn FnOnce() + Send>| {
        runtime::NamedThread::spawn(name, work).map(drop)
    };
    let config = StreamConfig {
        workers,
        ..StreamConfig::default()
    };
    let mut line = Line::start(&config, &spawn).expect("starts");
    let mut results = Results::new(config.stores);
    let mut view = View::new();
    let mut offset = 0;
    let frames: Vec<(u64, FrameBody)> = (0..).zip(frames(arrivals)).collect();
    for (round, chunk) in frames.chunks(frames_a_round).enumerate() {
        for (number, body) in chunk {
            let events = body.events.len() as u64;
            line.push(*number, offset, body.clone());
            offset += events;
        }
        line.fold(|_| ()).expect("folds");
        if round % rounds == rounds - 1 {
            follow(
                &mut view,
                results
                    .apply(line.harvest().expect("harvests"))
                    .expect("all in memory")
                    .changes,
            );
        }
    }
    follow(
        &mut view,
        results
            .apply(line.harvest().expect("harvests"))
            .expect("all in memory")
            .changes,
    );
    let mut snapshot = View::new();
    follow(
        &mut snapshot,
        results.snapshot().expect("all in memory").changes,
    );
    assert_eq!(
        hours(&view),
        hours(&snapshot),
        "who joins late sees the same hours"
    );
    view
}

/// Observes frames without shards, every accepted event being counted.
fn observe(audit: &mut Audit, number: u64, body: FrameBody) {
    let id = |at: usize| NameId(at as u32 + 1);
    let place = |names: &[&str], name: &str| {
        names
            .iter()
            .position(|known| *known == name)
            .expect("known")
    };
    let frame = FrameSide {
        number,
        sources: (body.sources.into_iter())
            .map(|tally| FrameSource {
                id: id(place(&SOURCES, &tally.info.source)),
                store: id(10 + place(&STORES, &tally.info.store)),
                tally,
            })
            .collect(),
        rejected: body.rejected,
        notes: body.notes,
        first_offset: number * 100,
    };
    audit.observe(&frame, &body.events);
    let mut verdicts = Verdicts::default();
    for event in body.events.events() {
        let key = AuditKey {
            source: id(place(
                &SOURCES,
                event.label(Label::Source).expect("stamped"),
            )),
            store: id(10 + place(&STORES, event.store())),
            minute: minute_of(EventTime(
                event.number(Number::TimeReceived).expect("stamped"),
            )),
        };
        match event.id().0 % 3 {
            0 => verdicts.duplicates.add(key),
            1 => verdicts.late.add(key),
            _ => verdicts.counted.add(key),
        }
    }
    audit.judge(&verdicts, &[]);
}

fn encoded(audit: &Audit) -> Vec<u8> {
    let mut bytes = Vec::new();
    audit.encode(&mut bytes);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_line_of_the_audit_is_what_a_recount_of_the_list_says(
        arrivals in arrivals(), (workers, frames_a_round, rounds) in (1..4_usize, 1..5_usize, 1..3_usize),
    ) {
        check(&tell(&arrivals, workers, frames_a_round, rounds), &arrivals)?;
    }

    #[test]
    fn an_audit_that_went_through_bytes_goes_on_as_if_nothing_had_been(
        arrivals in arrivals(), cut in any::<prop::sample::Index>(),
    ) {
        let frames = frames(&arrivals);
        let cut = cut.index(frames.len() + 1);
        let (mut whole, mut view, mut again) = (Audit::default(), View::new(), View::new());
        let mut second = None;
        for (number, body) in (0..).zip(frames) {
            if number == cut as u64 {
                second = Some(Audit::decode(&encoded(&whole)).expect("its own bytes"));
            }
            observe(&mut whole, number, body.clone());
            follow(&mut view, whole.take_changes(1));
            if let Some(second) = &mut second {
                observe(second, number, body);
                follow(&mut again, second.take_changes(1));
            }
        }
        let mut second = match second {
            Some(second) => second,
            None => Audit::decode(&encoded(&whole)).expect("its own bytes"),
        };
        follow(&mut again, second.take_changes(1));
        prop_assert_eq!(encoded(&second), encoded(&whole));
        prop_assert_eq!(again, view);
    }

    #[test]
    fn damaged_bytes_are_refused_without_a_panic(
        arrivals in arrivals(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut audit = Audit::default();
        (0..).zip(frames(&arrivals)).for_each(|(number, body)| observe(&mut audit, number, body));
        let mut bytes = encoded(&audit);
        let cut = at.index(bytes.len());
        prop_assert!(Audit::decode(&bytes[..cut]).is_err());
        bytes[cut] = byte;
        let _ = Audit::decode(&bytes);
    }
}
