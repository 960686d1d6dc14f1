//! Claims about watermarks: logs in words, and what each store's row says at their end. Every log is told twice, once
//! with a checkpoint after every frame.

use super::*;
use event::check::CheckContext;
use event::frame::{FrameBody, FrameBuilder, SourceInfo};
use event::import::{ImportNote, ImportState};
use event::schema::Number;
use event::time::HOUR;
use event::{Event, EventId, EventType};

const START: i64 = 1_700_000_000 * SECOND;
const YEAR: i64 = 365 * 86_400;

fn at(second: i64) -> EventTime {
    EventTime(START + second * SECOND)
}

/// A log and what it says of time.
#[derive(Default)]
struct Told {
    names: Names,
    watermarks: Watermarks,
    number: u64,
    rows: BTreeMap<String, String>,
    rests_after_each: bool,
    /// Minutes in which a store lay behind, `main 40-100 630`.
    lags: Vec<String>,
}

impl Told {
    fn tell(&mut self, body: FrameBody) {
        let named = |names: &mut Names, tally: event::frame::SourceTally| FrameSource {
            id: names.id(&tally.info.source),
            store: names.id(&tally.info.store),
            tally,
        };
        let sources = (body.sources.into_iter())
            .map(|tally| named(&mut self.names, tally))
            .collect();
        let side = FrameSide {
            number: self.number,
            sources,
            rejected: body.rejected,
            notes: body.notes,
            first_offset: 0,
        };
        self.number += 1;
        (self.watermarks).observe(&side, &body.events, &BTreeSet::new());
        for (store, sight) in self.watermarks.take_lags() {
            let second = |time: EventTime| (time.0 - START) / SECOND;
            let (from, until) = (second(sight.from), sight.until.map(second));
            let (until, lag) = (until.expect("it is over"), sight.lag_micros / SECOND);
            let store = self.names.name(store);
            self.lags.push(format!("{store} {from}-{until} {lag}"));
        }
        if self.rests_after_each {
            let mut bytes = Vec::new();
            self.watermarks.encode(&mut bytes);
            self.watermarks = Watermarks::decode(&bytes).expect("just written");
        }
        for change in self.watermarks.take_changes(&self.names, 1) {
            let second = |value: &Value| match value {
                Value::Time(time) => ((time - START) / SECOND).to_string(),
                Value::Int(count) => count.to_string(),
                _ => "-".to_owned(),
            };
            let values: Vec<String> = change.values.iter().flatten().map(second).collect();
            let store = change.key.first().map_or("tick", |store| match store {
                Value::Text(store) => store,
                _ => "?",
            });
            self.rows.insert(store.to_owned(), values.join(" "));
        }
    }

    fn shown(&self) -> String {
        let stores = self.rows.iter().filter(|(store, _)| *store != "tick");
        let stores = stores.map(|(store, values)| format!("{store} {values}"));
        stores.collect::<Vec<_>>().join(" | ")
    }
}

/// A frame in words: `tick 70`, or parts such as `100 web 95` (received, source, event time) parted by commas; a source
/// may name its store, `north/web`, and begin with `import:`, `folder:` or `release:`.
fn frame(words: &str) -> FrameBody {
    let mut builder = FrameBuilder::new();
    if let Some(tick) = words.strip_prefix("tick ") {
        let mut body = builder.finish();
        body.notes.tick = Some(at(tick.parse().expect("a second")));
        return body;
    }
    let mut notes = event::import::FrameNotes::default();
    for (number, part) in (1..).zip(words.split(", ")) {
        let words: Vec<&str> = part.split_whitespace().collect();
        let [received, source, time] = words[..] else {
            panic!("three words, not {part}")
        };
        let second = |word: &str| word.parse::<i64>().expect("a second");
        let (kind, name) = source.split_once(':').unwrap_or(("", source));
        let (store, name) = name.split_once('/').unwrap_or(("main", name));
        let source = builder.open_source(&SourceInfo {
            source: format!("http:{name}"),
            name: name.to_owned(),
            store: store.to_owned(),
        });
        let mut event = Event::new(EventType::PageView);
        event.id = Some(EventId(number));
        event.time = Some(at(second(time)));
        event.set_number(Number::SourcePosition, 1);
        let received = at(second(received));
        // What is refused is part of the frame too.
        let _ = builder.offer(source, &event, b"{}", CheckContext { received });
        let import = |is_live| ImportNote {
            source: source.number(),
            key: ImportKey(1),
            began: received,
            state: ImportState::Running,
            rows: 1,
            hash: 0,
            known: 0,
            settings: None,
            is_live,
        };
        match kind {
            "import" => notes.imports.push(import(false)),
            "folder" => notes.imports.push(import(true)),
            "release" => notes.releases.push(event::import::Release {
                id: event::import::QuarantineId { frame: 0, index: 0 },
                source: source.number(),
                reason: event::Reason::PriceInvalid,
                import: None,
            }),
            _ => {}
        }
    }
    FrameBody {
        notes,
        ..builder.finish()
    }
}

/// What each store says at the end of a log: watermark, live and idle sources.
fn check(log: &[&str], expected: &str) {
    for rests_after_each in [false, true] {
        let mut told = Told {
            rests_after_each,
            ..Told::default()
        };
        log.iter().for_each(|words| told.tell(frame(words)));
        assert_eq!(told.shown(), expected, "{log:?} {rests_after_each}");
    }
}

#[test]
fn a_watermark_follows_the_newest_event_by_half_a_minute() {
    check(&["100 web 95"], "main 65 1 0");
    check(&["100 web 95", "101 web 99", "102 web 40"], "main 69 1 0");
    check(&["100 web 95, 100 web 97, 101 web 90"], "main 67 1 0");
}

#[test]
fn a_store_waits_for_the_last_of_its_sources_and_for_no_other_stores() {
    let log = ["100 web 95, 100 till 80, 100 north/web 99"];
    check(&log, "main 50 2 0 | north 69 1 0");
    check(&["100 web 95", "101 till 80", "102 till 98"], "main 65 2 0");
}

#[test]
fn a_store_that_is_told_by_another_source_too_never_falls() {
    check(&["100 web 95", "101 till 20"], "main 65 2 0");
}

#[test]
fn a_silent_source_holds_the_others_up_for_a_minute_and_no_longer() {
    let log = ["100 web 95, 100 till 95", "160 web 160"];
    check(&log, "main 65 2 0");
    let log = ["100 web 95, 100 till 95", "160 web 160", "161 web 161"];
    check(&log, "main 131 1 1");
    let other_store = ["100 web 95, 100 till 95", "120 web 119", "170 north/web 99"];
    check(&other_store, "main 89 1 1 | north 69 1 0");
}

#[test]
fn a_source_that_comes_back_is_waited_for_again() {
    let log = [
        "100 web 95, 100 till 95",
        "200 web 200",
        "210 till 209",
        "211 web 211",
    ];
    check(&log, "main 179 2 0");
}

#[test]
fn a_clock_a_year_ahead_moves_nothing_and_stalls_nothing() {
    let ahead = |second: i64| format!("{second} till {}", second + YEAR);
    check(&["100 web 95", &ahead(101)], "main 65 1 0");
    check(&[&ahead(101)], "main - 0 0");
    let log = [
        "100 web 95, 100 till 90",
        &format!("130 web 129, {}", ahead(130)),
        &format!("170 web 169, {}", ahead(170)),
    ];
    check(&log, "main 139 1 1");
}

#[test]
fn a_clock_that_is_a_little_ahead_takes_no_watermark_past_the_moment_of_receipt() {
    check(&["100 web 340"], "main 70 1 0");
}

#[test]
fn a_clock_that_jumps_back_lowers_nothing_and_holds_up_others_for_a_minute() {
    let log = ["100 web 95, 100 till 98", "110 till -3500", "120 web 119"];
    check(&log, "main 68 2 0");
    let log = [
        "100 web 95, 100 till 98",
        "130 till -3480, 130 web 129",
        "165 till -3440, 165 web 164",
    ];
    check(&log, "main 134 1 1");
}

#[test]
fn a_servers_clock_that_is_set_back_makes_nobody_idle() {
    let log = [
        "9000 web 8995, 9000 till 8995",
        "100 web 99",
        "101 till 100",
    ];
    check(&log, "main 8965 2 0");
    let log = [&log[..], &["9031 web 9030, 9031 till 9031"]].concat();
    check(&log, "main 9000 2 0");
}

#[test]
fn ticks_lift_every_store_and_never_lower_one() {
    check(&["100 web 95", "tick 80"], "main 80 1 0");
    check(&["100 web 95", "tick 40"], "main 65 1 0");
    check(&["tick 80", "tick 70", "100 web 60"], "main 80 1 0");
    check(
        &["100 web 95, 100 north/web 10", "tick 131"],
        "main 131 0 1 | north 131 0 1",
    );
}

#[test]
fn what_a_person_loads_is_history_and_what_a_watched_folder_brings_is_not() {
    check(&["100 import:web 95"], "main - 0 0");
    check(&["100 import:web 95", "tick 90"], "main 90 0 0");
    check(&["100 web 95", "900 import:old 50"], "main 65 1 0");
    check(&["100 web 95", "101 release:web 99"], "main 65 1 0");
    check(&["100 folder:drop 95"], "main 65 1 0");
}

#[test]
fn sources_are_forgotten_after_a_silent_day() {
    let day = DAY / SECOND;
    let tick = |second: i64| format!("tick {}", second - 30);
    let log = ["100 web 95", &tick(100 + day)];
    check(&log, &format!("main {} 0 1", 70 + day));
    let log = ["100 web 95", &tick(101 + day)];
    check(&log, &format!("main {} 0 0", 71 + day));
}

#[test]
fn of_too_many_sources_those_go_that_are_silent_the_longest() {
    let mut told = Told::default();
    for source in 0..SOURCES_MAX as i64 + 500 {
        let second = 100 + source / 1_000;
        told.tell(frame(&format!("{second} s{source} {second}")));
    }
    assert_eq!(told.watermarks.sources.len(), SOURCES_MAX);
    assert_eq!(told.watermarks.live.len(), SOURCES_MAX);
    // The oldest half thousand is gone, so the rest of their second is waited for.
    assert_eq!(told.shown(), format!("main 70 {SOURCES_MAX} 0"));
    told.tell(frame("111 s0 111"));
    assert_eq!(told.watermarks.sources.len(), SOURCES_MAX);
}

#[test]
fn ten_thousand_stores_are_bounded_too_and_those_beyond_stall_nobody() {
    let mut told = Told::default();
    for store in 0..SOURCES_MAX + 5 {
        told.tell(frame(&format!("100 s{store}/web 100")));
    }
    assert_eq!(told.watermarks.stores.len(), SOURCES_MAX);
    assert_eq!(told.rows["s0"], "70 1 0");
    assert!(!told.rows.contains_key("s10004"));
}

#[test]
fn bytes_that_are_cut_are_an_error_and_no_panic() {
    let mut told = Told::default();
    for words in ["100 web 95, 100 till 80", "tick 300", "301 web 301"] {
        told.tell(frame(words));
    }
    let mut bytes = Vec::new();
    told.watermarks.encode(&mut bytes);
    for end in 0..bytes.len() {
        assert!(Watermarks::decode(&bytes[..end]).is_err(), "{end}");
    }
}

#[test]
fn a_night_of_ticks_tells_the_evening() {
    let mut told = Told::default();
    told.tell(frame("100 web 100, 100 till 99"));
    for tick in (0..HOUR / SECOND).step_by(15) {
        told.tell(frame(&format!("tick {}", 71 + tick)));
    }
    assert_eq!(told.shown(), "main 3656 0 2");
}

/// Minutes in which stores lay behind their events. Whole minutes begin at second 40 of these logs.
fn check_lags(log: &[&str], expected: &[&str]) {
    assert_eq!(START / SECOND % 60, 20);
    for rests_after_each in [false, true] {
        let mut told = Told {
            rests_after_each,
            ..Told::default()
        };
        log.iter().for_each(|words| told.tell(frame(words)));
        assert_eq!(told.lags, expected, "{log:?} {rests_after_each}");
    }
}

const BEHIND: [&str; 9] = [
    "0 web 0, 0 till -600",
    "20 web 20, 20 till -580",
    "40 web 40, 40 till -560",
    "60 web 60, 60 till -540",
    "80 web 80, 80 till -520",
    "100 web 100, 100 till -500",
    "120 web 120, 120 till -480",
    "140 web 140, 140 till -460",
    "160 web 160, 160 till -440",
];

#[test]
fn a_store_lags_while_one_source_is_behind_the_others() {
    check_lags(&BEHIND, &["main 40-100 630", "main 100-160 630"]);
    // Half a minute is allowed for.
    let alone = BEHIND.map(|words| words.split(',').next().unwrap_or(words));
    check_lags(&alone, &[]);
}

#[test]
fn old_events_alone_are_history_and_no_lag() {
    check_lags(
        &[
            "0 web -9000",
            "50 web -8000",
            "110 web -7000",
            "170 web -6900",
        ],
        &[],
    );
}

#[test]
fn a_tick_ends_a_lag_and_what_did_not_last_for_a_minute_is_none() {
    let mut log = BEHIND.to_vec();
    // Written half a minute after what it tells.
    log.insert(7, "tick 100");
    check_lags(&log, &["main 40-100 630"]);
    log.truncate(4);
    log.push("tick 65");
    log.push("tick 200");
    check_lags(&log, &[]);
}

#[test]
fn between_two_records_a_lag_lasts() {
    let mut log = BEHIND.to_vec();
    log.truncate(6);
    log.push("400 web 400, 400 till -300");
    check_lags(&log, &["main 40-100 630", "main 100-400 630"]);
}
