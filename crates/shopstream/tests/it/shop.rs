//! A simulated shop sent through the whole line: in order, and again shuffled, repeated and killed in the middle. What its truth
//! is, and whether it was found, is for each test to say.

use crate::{dir, program};
use serde_json::Value;
use simulator::{Delivery, Format, Limits, Mishaps, Rate, Settings, Terms, Time, TruthKept};
use testkit::{Client, now_micros};

pub(crate) const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;
/// Lines of one request; their bytes stay far below what the door takes.
const LINES_MAX: usize = 2_000;

/// Everything a shop sends in so many days that ended a day ago, and the delivery with its truth; `of` makes the usual shop
/// the one that is wanted.
pub(crate) fn deliver(
    (seed, events): (u64, u64),
    days: i64,
    of: impl FnOnce(Settings) -> Settings,
) -> (Vec<u8>, Delivery) {
    let began = Time((now_micros() - (days + 1) * DAY_MICROS) / DAY_MICROS * DAY_MICROS);
    let lasts = days * DAY_MICROS;
    let settings = of(Settings {
        rate: Rate::per_second(events as f64 * 1e6 / lasts as f64),
        ..Settings::new(seed, began)
    });
    let terms = Terms {
        format: Format::Canonical,
        mishaps: Mishaps::default(),
        limits: Limits {
            until: began.plus(lasts),
            ..Limits::default()
        },
        truth: TruthKept::Tables,
    };
    let mut delivery = Delivery::new(settings, terms).expect("such a shop can be");
    let mut bytes = Vec::new();
    while !delivery.is_over() {
        delivery.next(&mut bytes);
    }
    delivery.finish(&mut bytes);
    (bytes, delivery)
}

/// One by one, each with its end.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n')
}

pub(crate) fn send(client: &Client, lines: &[Vec<u8>]) {
    for chunk in lines.chunks(LINES_MAX) {
        let answer = client.offer(chunk.concat()).expect("answers");
        assert_eq!(answer.status, 202, "{answer:?}");
    }
}

/// All rows of a list, page by page.
pub(crate) fn rows(client: &Client, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("{path}limit=500&cursor={cursor}"));
        let page = page.expect("answers");
        all.extend(page["data"].as_array().expect("rows").iter().cloned());
        match page["page"]["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return all,
        }
    }
}

/// Another order, the same in every run.
pub(crate) fn shuffle(lines: &mut [Vec<u8>], seed: u64) {
    let mut state = seed;
    for at in (1..lines.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        lines.swap(at, (state >> 33) as usize % (at + 1));
    }
}

/// Sends the lines in order to one server, and shuffled and repeated to another that is killed half way; `check` looks at
/// both, and at the second once more after a stop.
pub(crate) fn check_in_any_order(lines: &mut [Vec<u8>], seed: u64, check: impl Fn(&Client)) {
    let all = lines.len();
    let dir = dir();
    let server = program(&dir).up().expect("starts");
    send(&server, lines);
    server.audit_of(all as u64).expect("the law holds");
    check(&server);
    drop(server);

    let dir = self::dir();
    let program = program(&dir);
    shuffle(lines, seed);
    let (first, rest) = lines.split_at(all / 2);
    let server = program.up().expect("starts");
    send(&server, first);
    server.kill().expect("is killed");
    let server = program.up().expect("starts again");
    // Some of what is sent now was sent before.
    let again = &first[first.len() / 2..];
    send(&server, again);
    send(&server, rest);
    server
        .audit_of((all + again.len()) as u64)
        .expect("the law holds");
    check(&server);
    server.stop().expect("stops");
    // What was told lies in the checkpoint.
    let server = program.up().expect("starts a third time");
    server.wait_until_ready().expect("is ready");
    check(&server);
}
