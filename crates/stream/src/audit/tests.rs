//! The law under releases and runs of imports: it holds after every frame, and nothing counts twice.

use super::*;
use analytics::cell::NameId;
use changelog::Value;
use event::check::CheckContext;
use event::frame::{FrameBody, FrameBuilder, KeptRejection, SourceInfo, SourceTally};
use event::import::{FrameNotes, ImportKey, ImportNote, ImportSettings, ImportState, Release};
use event::time::{HOUR, SECOND};
use event::{Event, EventBatchBuilder, EventId, EventTime, EventType};

const SOURCE: NameId = NameId(1);
const RUN: NameId = NameId(2);
const STORE: NameId = NameId(3);

/// The audit of a frame of which only the tallies matter.
fn observe(audit: &mut Audit, frame: &FrameSide) {
    audit.observe(frame, &EventBatchBuilder::default().finish());
}

fn tally(received: u64, accepted: u64) -> SourceTally {
    SourceTally {
        info: SourceInfo {
            source: "file:1".to_owned(),
            name: "orders.csv".to_owned(),
            store: "main".to_owned(),
        },
        rows: received,
        received,
        accepted,
        quarantined: received - accepted,
        span: None,
    }
}

fn side(number: u64, id: NameId, tally: SourceTally, notes: FrameNotes) -> FrameSide {
    let rejected = Rejected {
        source: 0,
        position: 7,
        received: EventTime(1),
        rejection: Rejection::new(Reason::PriceInvalid, "price = \"x\""),
        bytes: b"x".to_vec(),
    };
    FrameSide {
        number,
        rejected: vec![rejected; usize::try_from(tally.quarantined).expect("a few")],
        sources: vec![FrameSource {
            id,
            store: STORE,
            tally,
        }],
        notes,
        first_offset: number * 100,
    }
}

fn note(state: ImportState, known: u64) -> FrameNotes {
    let note = ImportNote {
        source: 0,
        key: ImportKey(9),
        began: EventTime(5),
        state,
        rows: 10,
        hash: 0,
        known,
        settings: Some(ImportSettings::default()),
        is_live: false,
    };
    FrameNotes {
        imports: vec![note],
        ..FrameNotes::default()
    }
}

fn release(ids: &[(u64, u32)], import: Option<ImportKey>) -> FrameNotes {
    let release = |(frame, index): &(u64, u32)| Release {
        id: QuarantineId {
            frame: *frame,
            index: *index,
        },
        source: 0,
        reason: Reason::PriceInvalid,
        import,
    };
    FrameNotes {
        releases: ids.iter().map(release).collect(),
        ..FrameNotes::default()
    }
}

fn judge(audit: &mut Audit, counted: u64, duplicates: u64, of: NameId) {
    let key = AuditKey {
        source: of,
        store: STORE,
        minute: 0,
    };
    let mut verdicts = Verdicts::default();
    (0..counted).for_each(|_| verdicts.counted.add(key));
    (0..duplicates).for_each(|_| verdicts.duplicates.add(key));
    audit.judge(&verdicts, &[]);
}

/// `received accepted duplicate quarantined` of all, of the source, and of the import if there is one.
fn told(audit: &mut Audit) -> String {
    let changes = audit.take_changes(1);
    let ints = |table: &str, from: usize| {
        let row = changes.iter().find(|change| change.table == table)?;
        let numbers = row.values.as_deref()?[from..from + 4].iter();
        let numbers: Vec<String> = numbers
            .map(|value| match value {
                Value::Int(number) => number.to_string(),
                other => format!("{other:?}"),
            })
            .collect();
        Some(numbers.join(" "))
    };
    let all = ints("totals", 0).expect("totals are always told");
    let parts = [Some(all), ints("sources", 2), ints("imports", 8)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" | ")
}

#[test]
fn a_release_moves_an_event_from_the_quarantined_to_the_accepted() {
    let mut audit = Audit::default();
    observe(
        &mut audit,
        &side(0, SOURCE, tally(5, 3), FrameNotes::default()),
    );
    judge(&mut audit, 3, 0, SOURCE);
    assert_eq!(told(&mut audit), "5 3 0 2 | 5 3 0 2");
    observe(
        &mut audit,
        &side(1, SOURCE, tally(0, 0), release(&[(0, 1)], None)),
    );
    judge(&mut audit, 1, 0, SOURCE);
    assert_eq!(told(&mut audit), "5 4 0 1 | 5 4 0 1");
}

#[test]
fn a_released_event_that_was_there_already_is_a_duplicate() {
    let mut audit = Audit::default();
    observe(
        &mut audit,
        &side(0, SOURCE, tally(5, 3), FrameNotes::default()),
    );
    observe(
        &mut audit,
        &side(1, SOURCE, tally(0, 0), release(&[(0, 1)], None)),
    );
    judge(&mut audit, 3, 1, SOURCE);
    assert_eq!(told(&mut audit), "5 3 1 1 | 5 3 1 1");
}

#[test]
fn a_release_that_stands_in_the_log_twice_keeps_the_law() {
    let mut audit = Audit::default();
    observe(
        &mut audit,
        &side(0, SOURCE, tally(5, 3), FrameNotes::default()),
    );
    observe(
        &mut audit,
        &side(1, SOURCE, tally(0, 0), release(&[(0, 1)], None)),
    );
    observe(
        &mut audit,
        &side(2, SOURCE, tally(0, 0), release(&[(0, 1)], None)),
    );
    judge(&mut audit, 4, 1, SOURCE);
    assert_eq!(told(&mut audit), "6 4 1 1 | 6 4 1 1");
}

#[test]
fn a_released_rejection_is_no_longer_shown() {
    let mut audit = Audit::default();
    observe(
        &mut audit,
        &side(0, SOURCE, tally(2, 0), FrameNotes::default()),
    );
    audit.take_changes(1);
    observe(
        &mut audit,
        &side(1, SOURCE, tally(0, 0), release(&[(0, 1)], None)),
    );
    let gone: Vec<Change> = (audit.take_changes(2).into_iter())
        .filter(|change| change.table == REJECTIONS)
        .collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(
        (&*gone[0].key, &gone[0].values),
        (&[Value::Int(0), Value::Int(1)][..], &None)
    );
}

#[test]
fn an_import_adds_up_over_its_frames_its_repeats_and_what_it_passed_over() {
    let mut audit = Audit::default();
    observe(
        &mut audit,
        &side(0, RUN, tally(5, 4), note(ImportState::Running, 0)),
    );
    observe(
        &mut audit,
        &side(1, RUN, tally(3, 3), note(ImportState::Complete, 10)),
    );
    judge(&mut audit, 5, 2, RUN);
    assert_eq!(told(&mut audit), "8 5 2 1 | 8 5 2 1 | 18 5 12 1");
    observe(
        &mut audit,
        &side(
            2,
            SOURCE,
            tally(0, 0),
            release(&[(0, 0)], Some(ImportKey(9))),
        ),
    );
    judge(&mut audit, 1, 0, SOURCE);
    assert_eq!(told(&mut audit), "8 6 2 0 | 8 6 2 0 | 18 6 12 0");
}

#[test]
fn imports_are_numbered_in_the_order_of_the_log() {
    let mut audit = Audit::default();
    let mut second = note(ImportState::Complete, 0);
    second.imports[0].key = ImportKey(3);
    observe(
        &mut audit,
        &side(0, RUN, tally(1, 1), note(ImportState::Complete, 0)),
    );
    observe(&mut audit, &side(1, RUN, tally(1, 1), second));
    let mut numbers: Vec<Value> = (audit.take_changes(1).into_iter())
        .filter(|change| change.table == "imports")
        .map(|change| change.key[0].clone())
        .collect();
    numbers.sort_by_key(|number| format!("{number:?}"));
    assert_eq!(numbers, [Value::Int(1), Value::Int(2)]);
}

/// Hours of a source, `hour received accepted duplicate quarantined counted`.
fn hours(audit: &mut Audit) -> Vec<String> {
    let changes = audit.take_changes(1);
    let rows = changes
        .iter()
        .filter(|change| change.table == "audit_hours");
    let line = |change: &Change| {
        let hour = match change.key[2] {
            Value::Time(time) => (time / HOUR).to_string(),
            _ => "before".to_owned(),
        };
        let counts = change.values.iter().flatten().skip(1).take(5);
        let counts = counts.map(|value| match value {
            Value::Int(count) => format!(" {count}"),
            other => format!("{other:?}"),
        });
        hour + &counts.collect::<String>()
    };
    rows.map(line).collect()
}

#[test]
fn a_release_moves_the_numbers_of_the_hour_in_which_its_event_came_in_first() {
    let info = tally(0, 0).info;
    let mut builder = FrameBuilder::new();
    let source = builder.open_source(&info);
    let came = EventTime(5 * HOUR + 7);
    for position in 0..2 {
        let rejection = Rejection::new(Reason::PriceInvalid, "price = \"x\"");
        builder.reject(source, position, came, rejection, b"x");
    }
    let mut audit = Audit::default();
    let frame = |number: u64, body: &FrameBody| FrameSide {
        number,
        sources: (body.sources.iter())
            .map(|tally| FrameSource {
                id: SOURCE,
                store: STORE,
                tally: tally.clone(),
            })
            .collect(),
        rejected: body.rejected.clone(),
        notes: body.notes.clone(),
        first_offset: 0,
    };
    let refused = builder.finish();
    audit.observe(&frame(0, &refused), &refused.events);
    assert_eq!(hours(&mut audit), ["5 2 0 0 2 0"]);
    let source = builder.open_source(&info);
    let mut event = Event::new(EventType::PageView);
    event.id = Some(EventId(1));
    event.time = Some(EventTime(SECOND * 1_000_000_000));
    let kept = KeptRejection {
        id: QuarantineId { frame: 0, index: 1 },
        reason: Reason::PriceInvalid,
        received: came,
        import: None,
    };
    let now = CheckContext {
        received: EventTime(SECOND * 2_000_000_000),
    };
    builder
        .release(source, &event, &kept, now)
        .expect("a sound event");
    let released = builder.finish();
    audit.observe(&frame(1, &released), &released.events);
    let mut verdicts = Verdicts::default();
    verdicts.counted.add(AuditKey {
        source: SOURCE,
        store: STORE,
        minute: 5 * 60,
    });
    audit.judge(&verdicts, &[]);
    assert_eq!(hours(&mut audit), ["5 2 1 0 1 1"]);
}

#[test]
fn late_events_wait_in_their_hour_until_their_day_was_folded_again() {
    let mut audit = Audit::default();
    observe(
        &mut audit,
        &side(0, SOURCE, tally(3, 3), FrameNotes::default()),
    );
    let key = AuditKey {
        source: SOURCE,
        store: STORE,
        minute: 0,
    };
    let mut verdicts = Verdicts::default();
    verdicts.counted.add(key);
    (0..2).for_each(|_| verdicts.late.add(key));
    audit.judge(&verdicts, &[]);
    let late = |audit: &mut Audit| {
        let changes = audit.take_changes(1);
        let totals = changes.iter().find(|change| change.table == "totals");
        let values = totals
            .and_then(|totals| totals.values.clone())
            .expect("totals");
        (values[4].clone(), values[5].clone())
    };
    assert_eq!(late(&mut audit), (Value::Int(1), Value::Int(2)));
    audit.settle_late(&verdicts.late);
    assert_eq!(late(&mut audit), (Value::Int(3), Value::Int(0)));
}
