//! Imports in parts: limits, runs that go on where others ended, files that grew or changed, too much set aside.

use super::*;
use crate::file::FileOptions;
use crate::{OnBreach, milestones};
use eventlog::{EventLog, LogConfig};
use std::io::{self, Cursor};

/// Hears everything and says nothing.
pub(crate) struct Quiet;

impl ImportListener for Quiet {
    fn guess(&mut self, _: &[String]) {}
    fn frame(&mut self, _: &FrameBody) {}
    fn progress(&mut self, _: &ImportCounts) -> bool {
        true
    }
}

struct Shop {
    log: EventLog,
    _dir: tempfile::TempDir,
}

impl Shop {
    fn new() -> Shop {
        let dir = tempfile::tempdir().expect("a folder");
        let config = LogConfig {
            segment_bytes: 1 << 20,
            ..LogConfig::new(dir.path().join("log"))
        };
        Shop {
            log: EventLog::open(config).expect("a log"),
            _dir: dir,
        }
    }

    /// `state: rows read, events accepted, set aside, known`
    fn import(&self, file: &str, wishes: &Wishes) -> String {
        let read: Box<dyn Read + Send> = if wishes.breaks {
            Box::new(Cursor::new(file.to_owned()).chain(Broken))
        } else {
            Box::new(Cursor::new(file.to_owned()))
        };
        let writer = self.log.writer();
        let known =
            |source: &str, settings: &ImportSettings| milestones(&self.log, 0, source, settings);
        let plan = ImportPlan {
            rows_max: wishes.rows_max,
            quality: QualityConfig {
                rejected_share_max: wishes.share_max,
                rows_min: 10,
                on_breach: OnBreach::Stop,
            },
            milestones: &known,
            ..ImportPlan::new(Some(&writer), &wishes.clock)
        };
        let mut options = FileOptions::new("f.csv", "main");
        options.map = wishes.map.clone();
        match import_as(read, options, &plan, &mut Quiet) {
            Ok(counts) => told(&counts),
            Err(error) => error.to_string(),
        }
    }

    /// Ids of accepted events, as often as they stand in the log.
    fn ids(&self) -> Vec<u128> {
        let mut ids: Vec<u128> = self
            .bodies()
            .iter()
            .flat_map(|body| {
                body.events
                    .events()
                    .map(|event| event.id().0)
                    .collect::<Vec<_>>()
            })
            .collect();
        ids.sort_unstable();
        ids
    }

    fn bodies(&self) -> Vec<FrameBody> {
        let mut reader = self.log.reader(0);
        let mut bodies = Vec::new();
        while let Some(frame) = reader.try_next().expect("the log is read") {
            bodies.push(FrameBody::decode(frame.payload.into()).expect("a frame of ours"));
        }
        bodies
    }
}

fn told(counts: &ImportCounts) -> String {
    format!(
        "{}: {} rows, {} accepted, {} set aside, {} known",
        counts.state.name(),
        counts.rows,
        counts.accepted,
        counts.quarantined,
        counts.known
    )
}

struct Wishes {
    clock: Clock,
    rows_max: Option<u64>,
    share_max: Option<f64>,
    map: Vec<(String, String)>,
    breaks: bool,
}

fn all() -> Wishes {
    Wishes {
        clock: Clock::machine(),
        rows_max: None,
        share_max: None,
        map: Vec::new(),
        breaks: false,
    }
}

fn first(rows: u64) -> Wishes {
    Wishes {
        rows_max: Some(rows),
        ..all()
    }
}

/// A connection that breaks.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the cable is out"))
    }
}

/// Views, of which every `bad`th has no time.
fn views(rows: usize, bad: usize) -> String {
    let row = |at: usize| {
        let time = if at.is_multiple_of(bad) {
            "soon"
        } else {
            "2026-01-02T03:04:05Z"
        };
        format!("view,{time},u{at},p{}\n", at % 7)
    };
    let rows: String = (1..=rows).map(row).collect();
    format!("type,ts,user_id,product_id\n{rows}")
}

const NEVER: usize = usize::MAX;

/// Orders of three lines each.
fn orders(count: usize) -> String {
    let line = |at: usize, line: usize| format!("A{at},2026-01-02 03:04:05,p{line},1,2.50,u{at}\n");
    let rows: String = (0..count)
        .flat_map(|at| (0..3).map(move |number| line(at, number)))
        .collect();
    format!("order_id,ts_event,product_id,quantity,unit_price,customer_id\n{rows}")
}

fn check(file: &str, runs: &[(Wishes, &str)], events: usize) {
    let shop = Shop::new();
    for (wishes, expected) in runs {
        assert_eq!(shop.import(file, wishes), *expected);
    }
    let ids = shop.ids();
    let mut once = ids.clone();
    once.dedup();
    assert_eq!(
        (ids.len(), once.len()),
        (events, events),
        "each event stands in the log once"
    );
}

#[test]
fn a_limited_import_goes_on_where_it_ended() {
    check(
        &views(10_000, NEVER),
        &[
            (
                first(1_000),
                "limited: 1000 rows, 1000 accepted, 0 set aside, 0 known",
            ),
            (
                first(1_000),
                "limited: 1000 rows, 0 accepted, 0 set aside, 1000 known",
            ),
            (
                first(6_000),
                "limited: 6000 rows, 5000 accepted, 0 set aside, 1000 known",
            ),
            (
                all(),
                "complete: 10000 rows, 4000 accepted, 0 set aside, 6000 known",
            ),
            (
                all(),
                "complete: 10000 rows, 0 accepted, 0 set aside, 10000 known",
            ),
        ],
        10_000,
    );
}

#[test]
fn a_limit_never_parts_an_order() {
    check(
        &orders(2_000),
        &[
            (
                first(100),
                "limited: 102 rows, 34 accepted, 0 set aside, 0 known",
            ),
            (
                all(),
                "complete: 6000 rows, 1966 accepted, 0 set aside, 34 known",
            ),
            (
                all(),
                "complete: 6000 rows, 0 accepted, 0 set aside, 2000 known",
            ),
        ],
        2_000,
    );
}

#[test]
fn frames_that_are_full_of_lines_end_where_they_ended_before() {
    check(
        &orders(14_000),
        &[
            (
                all(),
                "complete: 42000 rows, 14000 accepted, 0 set aside, 0 known",
            ),
            (
                all(),
                "complete: 42000 rows, 0 accepted, 0 set aside, 14000 known",
            ),
        ],
        14_000,
    );
}

#[test]
fn what_was_set_aside_is_not_set_aside_twice() {
    check(
        &views(9_000, 10),
        &[
            (
                first(5_000),
                "limited: 5000 rows, 4500 accepted, 500 set aside, 0 known",
            ),
            (
                all(),
                "complete: 9000 rows, 3600 accepted, 400 set aside, 5000 known",
            ),
        ],
        8_100,
    );
}

#[test]
fn a_limit_beyond_the_end_reads_the_whole_file() {
    check(
        &views(10, NEVER),
        &[(
            first(11),
            "complete: 10 rows, 10 accepted, 0 set aside, 0 known",
        )],
        10,
    );
}

#[test]
fn a_file_that_grew_brings_only_what_is_new() {
    let shop = Shop::new();
    let grown = views(9_500, NEVER);
    let end = grown.len() - "view,2026-01-02T03:04:05Z,u9500,p1\n".len() * 500;
    let before = &grown[..grown[..end].rfind('\n').expect("a line end") + 1];
    let rows = before.lines().count() - 1;
    shop.import(before, &all());
    let expected = format!(
        "complete: 9500 rows, {} accepted, 0 set aside, {rows} known",
        9_500 - rows
    );
    assert_eq!(shop.import(&grown, &all()), expected);
}

#[test]
fn a_changed_beginning_or_another_mapping_is_read_anew() {
    let shop = Shop::new();
    let file = views(6_000, NEVER);
    shop.import(&file, &all());
    let changed = file.replacen("u3,", "u3x,", 1);
    assert_eq!(
        shop.import(&changed, &all()),
        "complete: 6000 rows, 6000 accepted, 0 set aside, 0 known"
    );
    let mapped = Wishes {
        map: vec![("user_id".to_owned(), "anonymous_id".to_owned())],
        ..all()
    };
    assert_eq!(
        shop.import(&file, &mapped),
        "complete: 6000 rows, 6000 accepted, 0 set aside, 0 known"
    );
}

#[test]
fn too_much_set_aside_ends_an_import_that_may_go_on_later() {
    let strict = Wishes {
        share_max: Some(0.05),
        ..all()
    };
    let lax = Wishes {
        share_max: Some(0.5),
        ..all()
    };
    check(
        &views(9_000, 10),
        &[
            (
                strict,
                "stopped: 4096 rows, 3687 accepted, 409 set aside, 0 known",
            ),
            (
                lax,
                "complete: 9000 rows, 4413 accepted, 491 set aside, 4096 known",
            ),
        ],
        8_100,
    );
}

#[test]
fn a_file_that_breaks_keeps_what_was_read_and_says_so_in_the_log() {
    let shop = Shop::new();
    let broken = Wishes {
        breaks: true,
        ..all()
    };
    let said = shop.import(&views(60_000, NEVER), &broken);
    assert!(said.contains("reading stopped after 60000 rows"), "{said}");
    assert_eq!(shop.ids().len(), 60_000);
    let last = shop.bodies().pop().expect("a frame");
    assert_eq!(last.notes.imports[0].state, ImportState::Failed);
    assert_eq!(
        shop.import(&views(60_000, NEVER), &all()),
        "complete: 60000 rows, 0 accepted, 0 set aside, 60000 known"
    );
}
