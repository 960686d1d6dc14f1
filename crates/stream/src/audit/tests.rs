//! The law under releases and runs of imports: it holds after every frame, and nothing counts twice.

use super::*;
use analytics::cell::NameId;
use changelog::Value;
use event::frame::{SourceInfo, SourceTally};
use event::import::{FrameNotes, ImportKey, ImportNote, ImportSettings, ImportState, Release};
use event::{EventBatchBuilder, EventTime};

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
