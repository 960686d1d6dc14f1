//! Undone imports: over a real log, with checkpoints and restarts, the tables are those of a log in which the import
//! never was. Which import it is, and where in the log it is undone, is left to chance.

use super::harness::{Delivery, Frame, Tables, counted, differences, log, tables};
use super::readers::follow;
use super::shop::plans;
use event::EventTime;
use event::frame::{FrameBody, FrameBuilder};
use event::import::{ImportKey, ImportNote, ImportState};
use proptest::prelude::*;

const IMPORT: ImportKey = ImportKey(77);

/// Makes these frames part of the import.
fn imported(frame: &Frame) -> FrameBody {
    let mut body = frame.body.clone();
    body.notes.imports = (0..body.sources.len() as u32)
        .map(|source| ImportNote {
            source,
            key: IMPORT,
            began: EventTime(5),
            state: ImportState::Running,
            rows: 0,
            hash: 0,
            known: 0,
            is_live: false,
            settings: None,
        })
        .collect();
    body
}

fn undo() -> FrameBody {
    let mut builder = FrameBuilder::new();
    builder.undo(IMPORT);
    builder.finish()
}

/// Of tables that tell what came in, an undone import is part; all others must not know it. Cut points hang on the frames of
/// the log, which are others without it.
fn of_shop(tables: Tables) -> Tables {
    let mut tables = counted(tables);
    let arrivals = [
        "sources",
        "totals",
        "audit_hours",
        "quality",
        "rhythms",
        "imports",
        "watermarks",
        "rfm_cuts",
    ];
    tables.retain(|(table, _), _| !arrivals.contains(&table.as_str()));
    tables
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_undone_import_leaves_what_there_would_be_without_it(
        plan in plans(),
        frame_rows in 1..12_usize,
        (workers, is_imported) in (1..3_usize, prop::collection::vec(any::<bool>(), 40)),
        (undone_at, ends_at) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        let delivery = Delivery { frame_rows, ..Delivery::PLAIN };
        let told = plan.told();
        let frames = log(&told, delivery);
        let imported_at = |number: usize| is_imported[number % is_imported.len()];
        let undone_at = undone_at.index(frames.len() + 1);
        let mut bodies: Vec<FrameBody> = Vec::new();
        let mut kept = Vec::new();
        for (number, (frame, told)) in frames.iter().zip(told.chunks(frame_rows)).enumerate() {
            if number == undone_at {
                bodies.push(undo());
            }
            if imported_at(number) {
                bodies.push(imported(frame));
            } else {
                bodies.push(frame.body.clone());
                kept.extend_from_slice(told);
            }
        }
        if undone_at == frames.len() {
            bodies.push(undo());
        }
        let expected = match kept.as_slice() {
            [] => Tables::new(),
            kept => of_shop(tables(kept, Delivery::PLAIN)),
        };
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (first, rest) = bodies.split_at(ends_at.index(bodies.len() + 1));
        follow(dir.path(), workers, first);
        let (found, asking) = follow(dir.path(), workers, rest);
        prop_assert_eq!(differences(&of_shop(found), &expected), "");
        prop_assert_eq!(differences(&of_shop(asking.tables()), &expected), "");
    }
}
