//! A day of event time compressed into seconds or minutes: repeats, late events, a till that was offline for weeks, senders
//! whose clocks are wrong. The law holds at every simulated minute, and the figures are the simulator's own.
//! `SHOPSTREAM_DAY_EVENTS=1000000` makes it as long as `cargo xtask soak --day` wants it.

use crate::{dir, figure, number, program};
use serde_json::{Value, json};
use simulator::{
    Amounts, Currency, Delivery, Format, Kind, Limits, Mishaps, Rate, Settings, Terms, Time, Truth,
};
use testkit::{Client, now_micros};

const MINUTE_MICROS: i64 = 60_000_000;
const HOUR_MICROS: i64 = 60 * MINUTE_MICROS;
const DAY_MICROS: i64 = 24 * HOUR_MICROS;
const MINUTES: i64 = 24 * 60;
/// Lines of one request; their bytes stay far below what the door takes.
const LINES_MAX: usize = 2_000;

/// Who sends, by the name of the key.
const SHOP: &str = "shop";
const OFFLINE_TILL: &str = "offline-till";
const CLOCK_AHEAD: &str = "clock-ahead";
const CLOCK_BACK: &str = "clock-back";

/// Part of a day's events, and how it comes in.
struct Sender {
    key: String,
    delivery: Delivery,
    /// When its first line is sent, and how long its events take to be sent, against how long they took to happen.
    sent_from: Time,
    speed: f64,
    began: Time,
    /// Lines that were sent.
    lines: u64,
}

/// How a sender differs from others.
struct Story {
    seed: u64,
    began: Time,
    lasts_micros: i64,
    /// Sent within this stretch of the day.
    sent: (Time, Time),
    events: f64,
    mishaps: Mishaps,
}

impl Sender {
    fn new(key: String, story: Story) -> Sender {
        let seconds = story.lasts_micros as f64 / 1e6;
        let settings = Settings {
            rate: Rate::per_second(story.events / seconds),
            ..Settings::new(story.seed, story.began)
        };
        let limits = Limits {
            until: story.began.plus(story.lasts_micros),
            ..Limits::default()
        };
        let terms = Terms {
            format: Format::Canonical,
            mishaps: story.mishaps,
            limits,
            ..Terms::default()
        };
        let (from, to) = story.sent;
        Sender {
            key,
            delivery: Delivery::new(settings, terms).expect("such a shop can be"),
            sent_from: from,
            speed: story.lasts_micros as f64 / (to.0 - from.0) as f64,
            began: story.began,
            lines: 0,
        }
    }

    /// Sends what is due at this moment of the day.
    fn send_until(&mut self, now: Time, client: &Client) {
        if now <= self.sent_from {
            return;
        }
        let told = ((now.0 - self.sent_from.0) as f64 * self.speed) as i64;
        let happened = self.began.plus(told);
        let mut lines = Vec::new();
        while self.delivery.next_time() < happened && !self.delivery.is_over() {
            self.delivery.next(&mut lines);
        }
        self.post(&lines, client);
    }

    fn finish(&mut self, client: &Client) {
        let mut lines = Vec::new();
        self.delivery.finish(&mut lines);
        self.post(&lines, client);
    }

    fn post(&mut self, bytes: &[u8], client: &Client) {
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        for chunk in lines.chunks(LINES_MAX) {
            let answer = client.offer_as(&self.key, chunk.concat()).expect("answers");
            assert_eq!(answer.status, 202, "{answer:?}");
        }
        self.lines += lines.len() as u64;
    }
}

fn senders(day: Time, events: f64, keys: &[String]) -> Vec<Sender> {
    let base = 10 * number("SHOPSTREAM_SEED", 0);
    let mishaps = Mishaps {
        late: 0.05,
        late_seconds_max: 20.0 * 3_600.0,
        repeats: 0.05,
        broken: 0.0,
    };
    let whole_day = (day, day.plus(DAY_MICROS));
    let story = |seed, began: Time, lasts_micros, sent, share: f64| Story {
        seed: base + seed,
        began,
        lasts_micros,
        sent,
        events: events * share,
        mishaps,
    };
    let (noon, hour) = (day.plus(DAY_MICROS / 2), |hours| hours * HOUR_MICROS);
    let keep = |index: usize, story| Sender::new(keys[index].clone(), story);
    vec![
        keep(0, story(1, day, DAY_MICROS, whole_day, 0.955)),
        // What it sold in forty days comes in within eight hours.
        keep(
            1,
            story(
                2,
                day.plus(-40 * DAY_MICROS),
                40 * DAY_MICROS,
                (day.plus(hour(6)), day.plus(hour(14))),
                0.02,
            ),
        ),
        keep(
            2,
            story(3, day.plus(365 * DAY_MICROS), DAY_MICROS, whole_day, 0.01),
        ),
        // At noon its clock is put back by three hours.
        keep(3, story(4, day, hour(12), (day, noon), 0.0075)),
        keep(
            3,
            story(
                5,
                day.plus(hour(9)),
                hour(12),
                (noon, day.plus(DAY_MICROS)),
                0.0075,
            ),
        ),
    ]
}

#[test]
fn a_day_of_repeats_late_events_and_wrong_clocks_obeys_the_law_at_every_minute() {
    let events = number("SHOPSTREAM_DAY_EVENTS", 50_000);
    let dir = dir();
    let program = program(&dir);
    let names = [SHOP, OFFLINE_TILL, CLOCK_AHEAD, CLOCK_BACK].map(str::to_owned);
    let keys = program.add_keys(&names).expect("keys");
    let server = program.up().expect("starts");
    // Whole minutes, and over: nothing but the clock that is ahead lies in the future.
    let day = Time((now_micros() - DAY_MICROS - HOUR_MICROS) / MINUTE_MICROS * MINUTE_MICROS);
    let mut senders = senders(day, events as f64, &keys);
    for minute in 1..=MINUTES {
        let now = day.plus(minute * MINUTE_MICROS);
        senders
            .iter_mut()
            .for_each(|sender| sender.send_until(now, &server));
        check_minute(&server, &Apart::of(&senders, &keys[2]), minute);
        if minute % 240 == 0 {
            eprintln!("day: {minute} of {MINUTES} minutes");
        }
    }
    senders.iter_mut().for_each(|sender| sender.finish(&server));
    let apart = Apart::of(&senders, &keys[2]);
    check_day(&server, &apart);
    server.kill().expect("is killed");
    check_day(&program.up().expect("starts again"), &apart);
}

/// What was sent: lines of the clock that is ahead, lines of all others, and the truth about these.
struct Apart<'a> {
    ahead_lines: u64,
    right_lines: u64,
    truths: Vec<&'a Truth>,
}

impl Apart<'_> {
    fn of<'a>(senders: &'a [Sender], key_ahead: &str) -> Apart<'a> {
        let (ahead, right): (Vec<_>, Vec<_>) =
            senders.iter().partition(|sender| sender.key == key_ahead);
        let lines = |senders: &[&Sender]| senders.iter().map(|sender| sender.lines).sum();
        Apart {
            ahead_lines: lines(&ahead),
            right_lines: lines(&right),
            truths: right.iter().map(|sender| sender.delivery.truth()).collect(),
        }
    }

    fn total(&self, of: impl Fn(&Truth) -> u64) -> u64 {
        self.truths.iter().map(|truth| of(truth)).sum()
    }

    /// In ten-thousandths, as money is kept.
    fn money(&self, of: fn(&Truth) -> &Amounts) -> i64 {
        let usd = self
            .truths
            .iter()
            .map(|truth| of(truth).of(Currency::Usd).0);
        usd.sum()
    }
}

/// Every line that was acknowledged is accounted for at once; of those set aside some may not be shown yet.
fn check_minute(client: &Client, sent: &Apart<'_>, minute: i64) {
    let audit = client.audit();
    let audit = audit.unwrap_or_else(|error| panic!("minute {minute}: {error}"));
    let of = |name: &str| audit[name].as_u64().expect("a count");
    let accounted = of("accepted") + of("duplicate");
    assert_eq!(accounted, sent.right_lines, "minute {minute}: {audit}");
    let is_possible = of("quarantined") <= sent.ahead_lines;
    assert!(is_possible, "minute {minute}: {audit}");
}

fn check_day(client: &Client, sent: &Apart<'_>) {
    let received = sent.ahead_lines + sent.right_lines;
    let audit = client.audit_of(received).expect("the law holds");
    let events = sent.total(|truth| truth.events);
    let reasons = json!({ "time_in_future": sent.ahead_lines });
    assert_eq!(audit["quarantined_by_reason"], reasons);
    assert_eq!(audit["counted"], events);
    assert_eq!(audit["duplicate"], sent.right_lines - events);
    for kind in Kind::ALL {
        let events = sent.total(|truth| truth.events_of(*kind));
        assert_eq!(events_of(client, kind.name()), events, "{}", kind.name());
    }
    let pieces = sent.total(|truth| truth.units) as i64 * 10_000;
    check_figure(client, "orders", sent.total(|truth| truth.orders) as i64);
    check_figure(client, "refunds", sent.total(|truth| truth.refunds) as i64);
    check_figure(client, "units", pieces);
    check_figure(client, "revenue", sent.money(|truth| &truth.revenue));
    check_figure(client, "sold_value", sent.money(|truth| &truth.sold));
    check_figure(client, "refund_amount", sent.money(|truth| &truth.refunded));
}

/// Counts as they are, money and pieces in ten-thousandths.
fn check_figure(client: &Client, metric: &str, expected: i64) {
    let rows = client
        .query(&json!({"metrics": [metric]}))
        .expect("answers");
    let [row] = &rows[..] else {
        panic!("one currency: {rows:?}")
    };
    let count = row[metric].as_i64();
    let found = count.unwrap_or_else(|| ten_thousandths(&figure(row, metric)));
    assert_eq!(found, expected, "{metric}");
}

fn events_of(client: &Client, kind: &str) -> u64 {
    let question =
        json!({"metrics": ["events"], "dimensions": ["type"], "filters": {"type": [kind]}});
    let rows = client.query(&question).expect("answers");
    rows.iter()
        .filter_map(|row: &Value| row["events"].as_u64())
        .sum()
}

/// `12.5` is 125,000.
fn ten_thousandths(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<4}").parse().expect("a decimal")
}
