//! Every file of the corpora, spoiled at random, through every decoder: nothing panics, nothing is lost, what is kept is JSON.
//! The seed is fixed and a failure names its case, so that it can be run again alone.

use super::{JsonDialect, Objects, detect, read_body_as};
use crate::dialect::{Decoding, Intake};
use crate::schema::Text;
use crate::{Currency, Event, Rejection};
use jiff::tz::TimeZone;
use std::fs;
use std::path::Path;

const CASES: u64 = 2_000;
const SEED: u64 = 20_251_121;
/// Files are cut to so many bytes first: a case should cost a millisecond.
const CASE_BYTES_MAX: usize = 4_096;

/// SplitMix64, after Steele, Lea and Flood: enough to spoil bytes with, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`, or 0 where that is 0.
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % (bound.max(1) as u64)) as usize
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let (one, other) = (self.below(length + 1), self.below(length + 1));
        one.min(other)..one.max(other)
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut paths = Vec::new();
    for dialect in ["json", "seed_shop", "ga4", "segment", "snowplow"] {
        let entries =
            fs::read_dir(folder.join(dialect)).expect("the corpus lies beside the sources");
        paths.extend(entries.map(|entry| entry.expect("readable").path()));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "in"));
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read(path).expect("readable"))
        .filter(|bytes| !bytes.is_empty())
        .collect()
}

/// Lines from somewhere in a file.
fn excerpt(random: &mut Random, file: &[u8]) -> Vec<u8> {
    let from = random.below(file.len());
    let start = file[..from]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    file[start..file.len().min(start + CASE_BYTES_MAX)].to_vec()
}

/// Signs that mean something to a reader of JSON stand where they hurt more often than chance would put them there.
const SIGNS: &[u8] = b"{}[]\":,\\\n\0 -.0eE\xFF\xED";

fn spoil(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    match random.below(6) {
        0 => {
            let at = random.below(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            let at = random.below(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte = SIGNS[random.below(SIGNS.len())];
            }
        }
        2 => bytes.truncate(random.below(bytes.len() + 1)),
        3 => {
            let range = random.range(bytes.len());
            bytes.drain(range);
        }
        4 => {
            let range = random.range(bytes.len());
            let copy = bytes[range].to_vec();
            let at = random.below(bytes.len() + 1);
            bytes.splice(at..at, copy);
        }
        _ => {
            let piece = other[random.range(other.len())].to_vec();
            let range = random.range(bytes.len());
            bytes.splice(range, piece);
        }
    }
}

#[derive(Default)]
struct Outcomes(Vec<Option<String>>);

impl Intake for Outcomes {
    fn take(&mut self, event: &mut Event<'_>, raw: &[u8]) {
        let extra = event.text(Text::Extra).unwrap_or("{}");
        let kept = serde_json::from_str::<serde_json::Value>(extra);
        // A number the standard allows may be too large for this reader; everything else must be JSON to it too.
        let is_json = kept
            .as_ref()
            .err()
            .is_none_or(|error| error.to_string().contains("out of range"));
        assert!(is_json, "{extra}");
        assert!(!raw.is_empty());
        self.0.push(Some(crate::dialect::trace::describe(event)));
    }

    fn refuse(&mut self, _: i64, rejection: Rejection, _: &[u8]) {
        assert!(!rejection.detail.is_empty());
        self.0.push(None);
    }
}

fn check_case(case: u64, bytes: &[u8]) {
    let decoding = Decoding {
        source: "test",
        store: "main",
        zone: &TimeZone::UTC,
        currency: &Currency::USD,
    };
    let found = detect(bytes, true);
    assert!(!found.evidence.is_empty());
    for dialect in [
        JsonDialect::Canonical,
        JsonDialect::Ga4,
        JsonDialect::Segment,
        JsonDialect::Snowplow,
    ] {
        let mut body = Outcomes::default();
        read_body_as(
            dialect,
            bytes,
            &decoding,
            &mut crate::dialect::json::Habits::default(),
            &mut body,
        );
        assert!(body.0.len() <= bytes.len(), "case {case} of seed {SEED}");
        let mut file = Outcomes::default();
        let read = Objects::of(dialect).read(bytes, true, usize::MAX, &decoding, &mut file);
        assert_eq!(read.consumed, bytes.len(), "case {case} of seed {SEED}");
        assert_eq!(read.events, file.0.len(), "case {case} of seed {SEED}");
        let without_position = |outcomes: &Outcomes| outcomes.0.clone();
        assert_eq!(
            without_position(&body),
            without_position(&file),
            "case {case} of seed {SEED} as {}",
            dialect.name()
        );
    }
}

#[test]
fn a_spoiled_corpus_never_panics_and_never_loses_a_byte() {
    let corpus = corpus();
    let mut random = Random(SEED);
    for case in 0..CASES {
        let file = &corpus[random.below(corpus.len())];
        let other = &corpus[random.below(corpus.len())];
        let mut bytes = excerpt(&mut random, file);
        for _ in 0..=random.below(4) {
            spoil(&mut random, &mut bytes, other);
        }
        check_case(case, &bytes);
    }
}
