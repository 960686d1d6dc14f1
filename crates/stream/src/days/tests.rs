//! Claims about days: logs in words, and with which of their frames the cut points of `main` are due, as of which second.
//! Every log is told twice, once with a checkpoint after every frame.

use super::*;
use crate::names::Names;
use crate::round::FrameSource;
use event::check::CheckContext;
use event::frame::{FrameBody, FrameBuilder, SourceInfo};
use event::import::{FrameNotes, ImportNote};
use event::schema::Number;
use event::{Event, EventId, EventType};
use jiff::tz::TimeZone;

/// 2023-11-15, one hour before midnight.
const START: i64 = 1_700_089_200 * SECOND;
const MIDNIGHT: i64 = 3_600;

/// `tick 70`, or `100 95` for an event of second 95 that came at second 100; before it `import` or `end` where a person
/// loads it, and with `end` it is the last of its file.
fn frame(words: &str) -> FrameBody {
    let at = |word: &str| EventTime(START + word.parse::<i64>().expect("a second") * SECOND);
    let mut builder = FrameBuilder::new();
    if let Some(tick) = words.strip_prefix("tick ") {
        let mut body = builder.finish();
        body.notes.tick = Some(at(tick));
        return body;
    }
    let words: Vec<&str> = words.split_whitespace().collect();
    let [kind @ .., received, time] = words.as_slice() else {
        panic!("two words at least")
    };
    let source = builder.open_source(&SourceInfo {
        source: "web".to_owned(),
        name: "web".to_owned(),
        store: "main".to_owned(),
    });
    let mut event = Event::new(EventType::PageView);
    event.id = Some(EventId(1));
    event.time = Some(at(time));
    event.set_number(Number::SourcePosition, 1);
    let received = at(received);
    builder
        .offer(source, &event, b"{}", CheckContext { received })
        .expect("a sound event");
    let note = kind.first().map(|kind| ImportNote {
        source: source.number(),
        key: ImportKey(1),
        began: received,
        state: match *kind {
            "end" => ImportState::Complete,
            _ => ImportState::Running,
        },
        rows: 1,
        hash: 0,
        known: 0,
        settings: None,
        is_live: false,
    });
    FrameBody {
        notes: FrameNotes {
            imports: note.into_iter().collect(),
            ..FrameNotes::default()
        },
        ..builder.finish()
    }
}

fn check_without(undone: &[u64], log: &[&str], expected: &str) {
    let undone: BTreeSet<ImportKey> = undone.iter().copied().map(ImportKey).collect();
    for rests_after_each in [false, true] {
        let (mut names, mut days) = (Names::default(), Days::default());
        let mut told = Vec::new();
        for (number, words) in (0..).zip(log) {
            let body = frame(words);
            let source = |tally: event::frame::SourceTally| FrameSource {
                id: names.id(&tally.info.source),
                store: names.id(&tally.info.store),
                tally,
            };
            let side = FrameSide {
                number,
                sources: body.sources.into_iter().map(source).collect(),
                rejected: body.rejected,
                notes: body.notes,
                first_offset: 0,
            };
            let begun = days.look((&side, &body.events), &undone, |_| {
                Calendar::new(TimeZone::UTC)
            });
            let due = begun.iter().map(|begun| {
                let second = (begun.as_of.0 - START) / SECOND;
                format!("{words} as of {second}")
            });
            told.extend(due);
            days.fold(&begun);
            if rests_after_each {
                let watermarks = days.ahead.clone();
                days = Days::decode(&days.encode(), &watermarks).expect("just written");
            }
        }
        assert_eq!(
            told.join(" | "),
            expected,
            "{log:?}, rests: {rests_after_each}"
        );
    }
}

fn check(log: &[&str], expected: &str) {
    check_without(&[], log, expected);
}

#[test]
fn a_store_that_is_heard_for_the_first_time_is_due_at_once_and_while_young_every_ten_seconds() {
    check(
        &["100 100", "105 105", "109 109", "110 110", "112 112"],
        "100 100 as of 70 | 110 110 as of 80",
    );
    // Time passes by ticks as well; they say that everything half a minute before is told.
    check(
        &["100 100", "tick 75", "tick 85"],
        "100 100 as of 70 | tick 85 as of 85",
    );
}

#[test]
fn an_old_store_is_due_once_a_day_when_its_watermark_passes_midnight() {
    let day = MIDNIGHT + 24 * 3_600;
    let log = [
        "0 0".to_owned(),
        format!("{day} {day}"),
        format!("{} {}", day + 29, day + 29),
        format!("{} {}", day + 30, day + 30),
        format!("{} {}", day + 300, day + 300),
        format!("tick {}", day + 24 * 3_600 - 1),
        format!("tick {}", day + 24 * 3_600),
        format!("tick {}", day + 24 * 3_600 + 900),
    ];
    let log: Vec<&str> = log.iter().map(String::as_str).collect();
    let (second, third) = (day + 30, day + 24 * 3_600);
    let expected = [
        "0 0 as of -30".to_owned(),
        format!("{day} {day} as of {}", day - 30),
        format!("{second} {second} as of {day}"),
        format!("tick {third} as of {third}"),
    ];
    check(&log, &expected.join(" | "));
}

#[test]
fn days_that_are_sent_at_once_are_due_together_when_a_pause_is_over() {
    let old = -90 * 86_400;
    let log: Vec<String> = (0..5)
        .map(|day| format!("{day} {}", old + day * 86_400))
        .chain(["11 5".to_owned()])
        .collect();
    let log: Vec<&str> = log.iter().map(String::as_str).collect();
    check(
        &log,
        &format!("0 {old} as of {} | 11 5 as of -25", old - 30),
    );
}

#[test]
fn an_import_is_due_when_it_ends_and_not_in_the_middle() {
    check(
        &["import 0 -900", "import 1 -800", "end 2 -700"],
        "end 2 -700 as of -700",
    );
    check(
        &["100 100", "import 101 -900", "end 102 -700"],
        "100 100 as of 70 | end 102 -700 as of 70",
    );
}

#[test]
fn an_import_that_was_undone_is_due_never() {
    check_without(&[1], &["import 0 -900", "end 2 -700"], "");
}
