//! Claims about conditions that hold for a while: stock, prices, storms, funnels, quarantine, lag, and what they leave.

use super::*;
use crate::session::{Act, Acts, Cuts, Entry, NEVER, Piece};
use event::EventType;

fn rule(name: &str, condition: Condition) -> Rule {
    Rule::new(name, Severity::Warning, condition)
}

/// `10:00-10:30 level 5`, told as `10:00-10:30` and the first number of its evidence.
fn said(findings: &[Finding]) -> String {
    let clock = |time: EventTime| {
        let minutes = (time.0 - at(0, 0, 0).0) / MINUTE;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    };
    let one = |finding: &Finding| {
        let until = finding.until.map_or("now".to_owned(), clock);
        let (figure, number) = finding.evidence.numbers[0];
        let number = match figure.unit() {
            Unit::Money | Unit::Quantity => number / SCALE,
            _ => number,
        };
        format!("{}-{until} {} {number}", clock(finding.at), figure.name())
    };
    findings.iter().map(one).collect::<Vec<_>>().join(" | ")
}

/// `00:00=50 01:00=5`: from when on there is how much; the last lasts.
fn timeline(text: &str) -> Vec<(EventTime, Option<EventTime>, i64)> {
    let points = text.split(' ').map(|point| {
        let (clock, value) = point.split_once('=').expect("a time and a value");
        let (hours, minutes) = clock.split_once(':').expect("a clock");
        let [hours, minutes, value] =
            [hours, minutes, value].map(|number| number.parse().expect("a number"));
        (at(0, hours, minutes), value)
    });
    let points: Vec<(EventTime, i64)> = points.collect();
    let next = |number: usize| points.get(number + 1).map(|(time, _)| *time);
    let spans = points
        .iter()
        .enumerate()
        .map(|(number, (time, value))| (*time, next(number), *value));
    spans.collect()
}

fn check_stock(condition: Condition, text: &str, expected: &str) {
    let sights = timeline(text)
        .into_iter()
        .map(|(from, until, level)| StockSight {
            from,
            until,
            level: pieces(level),
            cover_hours: Some(u32::try_from(level.max(0)).expect("a level") * 24),
            demand: 3,
            sold_a_day: None,
            lost: None,
            event: None,
        });
    let levels = Levels {
        sights: sights.collect(),
        price: None,
    };
    let product = subject(SubjectKind::Product, "tea");
    let rule = rule("stock", condition);
    let desk = desk(vec![rule.clone()]);
    let found = judge_stock(&desk, &rule, &product, &levels);
    assert_eq!(said(&found), expected);
}

fn low() -> Condition {
    Condition::LowStock(LowStock { below: pieces(10) })
}

fn out(demand_min: u64) -> Condition {
    Condition::OutOfStock(OutOfStock { demand_min })
}

#[test]
fn stock_below_the_limit_is_low_until_it_is_delivered() {
    check_stock(
        low(),
        "00:00=50 01:00=9 02:00=4 03:00=100",
        "01:00-03:00 level 4",
    );
    check_stock(low(), "00:00=10", "");
    check_stock(low(), "00:00=9", "00:00-now level 9");
}

#[test]
fn stock_around_the_limit_is_one_alert() {
    check_stock(
        low(),
        "00:00=9 00:10=10 00:20=9 00:30=11 05:00=9 06:00=12",
        "00:00-06:00 level 9",
    );
    // Delivered twice within the hour and low again: one; after it: two.
    check_stock(
        low(),
        "00:00=9 00:10=90 00:20=8 00:30=90",
        "00:00-00:30 level 8",
    );
    check_stock(
        low(),
        "00:00=9 00:10=90 01:20=8 01:30=90",
        "00:00-00:10 level 9 | 01:20-01:30 level 8",
    );
}

#[test]
fn what_is_out_is_out_and_no_longer_news_as_low() {
    check_stock(
        out(0),
        "00:00=50 01:00=0 02:00=-5 03:00=20",
        "01:00-03:00 level 0",
    );
    check_stock(
        low(),
        "00:00=50 01:00=5 02:00=0 03:00=20",
        "01:00-03:00 level 5",
    );
    check_stock(low(), "00:00=50 01:00=0 02:00=20", "");
}

#[test]
fn out_of_stock_matters_where_somebody_wants_it() {
    check_stock(out(3), "00:00=0", "00:00-now level 0");
    check_stock(out(4), "00:00=0", "");
}

#[test]
fn stock_that_does_not_last_until_a_delivery_is_told_in_time() {
    let short = Condition::ShortCover(ShortCover { lead_hours: 7 * 24 });
    check_stock(
        short.clone(),
        "00:00=30 01:00=6 02:00=30",
        "01:00-02:00 level 6",
    );
    check_stock(short, "00:00=7", "");
}

fn check_prices(text: &str, expected: &str) -> Vec<Finding> {
    let points = timeline(text)
        .into_iter()
        .zip(1..)
        .map(|((from, _, price), id)| PricePoint {
            rank: rank(from, id),
            price: money(price),
            before: None,
            sold: pieces(2),
        });
    let rule = rule(
        "price",
        Condition::PriceMistake(PriceMistake {
            times: 5,
            prices: 9,
        }),
    );
    let desk = desk(vec![rule.clone()]);
    let product = subject(SubjectKind::Product, "tea");
    let found = judge_prices(&desk, &rule, (&product, EUR), &points.collect::<Vec<_>>());
    assert_eq!(said(&found), expected);
    found
}

#[test]
fn a_price_of_a_hundredth_is_a_mistake_until_it_is_mended() {
    let found = check_prices("00:00=100 01:00=90 02:00=1 02:30=90", "02:00-02:30 price 1");
    // Two pieces at 1 instead of 90: of two prices the nearer counts.
    assert_eq!(found[0].at_risk.map(|risk| risk.amount), Some(money(178)));
    assert_eq!(found[0].evidence.events.as_slice(), [EventId(3)]);
}

#[test]
fn prices_move_by_less_than_the_limit_and_a_first_price_is_no_mistake() {
    check_prices("00:00=1", "");
    check_prices("00:00=100 01:00=21 02:00=90", "");
    check_prices("00:00=100 01:00=20 02:00=100", "01:00-02:00 price 20");
}

#[test]
fn too_dear_is_a_mistake_too_and_free_is_one() {
    let found = check_prices("00:00=100 01:00=10000 02:00=100", "01:00-02:00 price 10000");
    assert_eq!(found[0].at_risk, None);
    check_prices("00:00=100 01:00=0 02:00=100", "01:00-02:00 price 0");
    check_prices(
        "00:00=100 01:00=1 02:00=100 03:00=2 04:00=1 05:00=100",
        "01:00-02:00 price 1 | 03:00-05:00 price 1",
    );
    check_prices("00:00=0 01:00=0", "");
    check_prices("00:00=-1 01:00=-1", "");
}

#[test]
fn a_price_that_stood_for_a_week_is_the_price() {
    check_prices("00:00=100 01:00=1 02:00=2 03:00=100", "01:00-03:00 price 1");
    // After 171 hours both are prices.
    check_prices("00:00=100 01:00=1 172:00=100", "01:00-172:00 price 1");
    check_prices(
        "00:00=100 01:00=1 172:00=2 173:00=1",
        "01:00-172:00 price 1",
    );
    check_prices(
        "00:00=1 200:00=1 400:00=100 600:00=99",
        "400:00-600:00 price 100",
    );
}

#[test]
fn a_price_that_says_what_was_before_needs_no_history() {
    let point = PricePoint {
        rank: rank(at(0, 1, 0), 1),
        price: money(1),
        before: Some(money(100)),
        sold: pieces(0),
    };
    let rule = rule(
        "price",
        Condition::PriceMistake(PriceMistake {
            times: 5,
            prices: 9,
        }),
    );
    let desk = desk(vec![rule.clone()]);
    let product = subject(SubjectKind::Product, "tea");
    let found = judge_prices(&desk, &rule, (&product, EUR), &[point]);
    assert_eq!(said(&found), "01:00-now price 1");
}

#[test]
fn many_changes_of_one_price_are_few_alerts() {
    let flips: Vec<String> = (0..600)
        .map(|at| {
            format!(
                "{}:{:02}={}",
                at / 60,
                at % 60,
                if at % 2 == 0 { 100 } else { 1 }
            )
        })
        .collect();
    let rule = rule(
        "price",
        Condition::PriceMistake(PriceMistake {
            times: 5,
            prices: 9,
        }),
    );
    let desk = desk(vec![rule.clone()]);
    let points = timeline(&flips.join(" "))
        .into_iter()
        .zip(1..)
        .map(|((from, _, price), id)| PricePoint {
            rank: rank(from, id),
            price: money(price),
            before: None,
            sold: pieces(1),
        });
    let product = subject(SubjectKind::Product, "tea");
    let found = judge_prices(&desk, &rule, (&product, EUR), &points.collect::<Vec<_>>());
    assert!((1..=11).contains(&found.len()), "{}", found.len());
}

/// A piece of so many events at a second of the first hour.
fn piece(second: i64, lasts_s: i64, events: u32) -> Piece {
    let mut acts = Acts::of(EventType::PageView);
    acts.0[Act::Event as usize] = events;
    let time = EventTime(at(0, 10, 0).0 + second * 1_000_000);
    Piece {
        first: rank(time, u128::from(second.unsigned_abs())),
        last: EventTime(time.0 + lasts_s * 1_000_000),
        acts,
        entry: Entry::default(),
        given: None,
        cuts: Cuts::default(),
        viewed: NEVER,
        ordered: NEVER,
    }
}

fn check_bursts(pieces: &[Piece], expected: &str) {
    let rule = rule(
        "bots",
        Condition::BotStorm(BotStorm {
            events_a_minute_above: 60,
        }),
    );
    let desk = desk(vec![rule.clone()]);
    let visitor = subject(SubjectKind::Visitor, "v1");
    let found = judge_bursts(&desk, &rule, &visitor, &Burst::of(pieces));
    assert_eq!(said(&found), expected);
}

#[test]
fn more_than_a_person_can_do_in_a_minute_is_a_bot() {
    let every = |micros: i64, count: i64| {
        let piece = |at: i64| Piece {
            last: EventTime(self::at(0, 10, 0).0 + at * micros),
            first: rank(EventTime(self::at(0, 10, 0).0 + at * micros), 1),
            ..piece(0, 0, 1)
        };
        (0..count).map(piece).collect::<Vec<_>>()
    };
    // One every 0.7 s, for two minutes; one a second is the fastest person.
    check_bursts(&every(700_000, 172), "10:00-10:02 events 86");
    check_bursts(&every(1_000_000, 600), "");
    check_bursts(&[], "");
}

#[test]
fn a_piece_of_half_an_hour_is_taken_as_evenly_filled() {
    check_bursts(&[piece(0, 1_799, 600)], "");
    check_bursts(&[piece(0, 1_799, 6_000)], "10:00-10:01 events 200");
}

fn shares(list: &[(u64, u64)]) -> Vec<ShareOf> {
    let share = |(hour, (part, whole)): (usize, &(u64, u64))| ShareOf {
        from: at(0, hour as i64, 0),
        until: Some(at(0, hour as i64 + 1, 0)),
        part: *part,
        whole: *whole,
    };
    list.iter().enumerate().map(share).collect()
}

fn check_funnel(list: &[(u64, u64)], expected: &str) {
    let funnel = FunnelBreak {
        funnel: "checkout".into(),
        z_above: 4_000,
        entered_min: 50,
        observations_min: 5,
    };
    let rule = rule("funnel", Condition::FunnelBreak(funnel));
    let desk = desk(vec![rule.clone()]);
    let step = subject(SubjectKind::Funnel, "checkout 2");
    assert_eq!(
        said(&judge_funnel(&desk, &rule, &step, &shares(list))),
        expected
    );
}

const USUAL: [(u64, u64); 6] = [
    (30, 100),
    (35, 100),
    (28, 100),
    (31, 100),
    (27, 100),
    (33, 100),
];

#[test]
fn a_step_that_nobody_passes_any_more_breaks_the_funnel() {
    let with = |last: (u64, u64)| [USUAL.as_slice(), &[last]].concat();
    check_funnel(&with((2, 100)), "06:00-07:00 part 2");
    check_funnel(&with((25, 100)), "");
    check_funnel(&with((90, 100)), "");
    // Of few it may be chance.
    check_funnel(&with((0, 40)), "");
    check_funnel(&with((0, 0)), "");
}

#[test]
fn chance_alone_is_no_break_even_where_history_hardly_scatters() {
    let mut list = vec![(300_u64, 1_000_u64); 8];
    // 20 of 80 is 0.25 where 0.30 is usual: 1 standard deviation of chance, 0.051.
    list.push((20, 80));
    check_funnel(&list, "");
    list.push((5, 80));
    check_funnel(&list, "09:00-10:00 part 5");
}

#[test]
fn much_quarantine_is_told_and_a_few_events_are_not_judged() {
    let limit = QuarantineShare {
        above: 100,
        events_min: 100,
    };
    let rule = rule("quarantine", Condition::QuarantineShare(limit));
    let desk = desk(vec![rule.clone()]);
    let store = subject(SubjectKind::Store, "main");
    let stretch = |share: ShareOf| SetAside {
        share,
        reason: Some(("malformed_json".into(), share.part)),
    };
    let find = |list: &[(u64, u64)]| {
        let stretches: Vec<SetAside> = shares(list).into_iter().map(stretch).collect();
        judge_quarantine(&desk, &rule, &store, &stretches)
    };
    let found = |list: &[(u64, u64)]| said(&find(list));
    let with = find(&[(11, 1_000)])[0].with.clone();
    assert_eq!(with, Some(subject(SubjectKind::Reason, "malformed_json")));
    assert_eq!(
        found(&[(0, 1_000), (11, 1_000), (6, 1_000), (5, 1_000)]),
        "01:00-03:00 part 11"
    );
    assert_eq!(found(&[(10, 1_000), (99, 99)]), "");
    assert_eq!(
        found(&[(u64::MAX, u64::MAX)]),
        format!("00:00-01:00 part {}", i64::MAX)
    );
}

#[test]
fn lag_is_told_while_it_lasts() {
    let rule = rule(
        "lag",
        Condition::Lag(Lag {
            above_micros: 5 * MINUTE,
        }),
    );
    let desk = desk(vec![rule.clone()]);
    let store = subject(SubjectKind::Store, "main");
    let sights =
        timeline("00:00=1 00:01=6 00:02=4 00:03=2")
            .into_iter()
            .map(|(from, until, minutes)| LagSight {
                from,
                until,
                lag_micros: minutes * MINUTE,
            });
    let found = judge_lag(&desk, &rule, &store, &sights.collect::<Vec<_>>());
    assert_eq!(said(&found), format!("00:01-00:03 lag {}", 6 * MINUTE));
}

#[test]
fn spans_take_back_what_is_found_no_more_and_leave_what_is_out_of_sight() {
    let desk = usual_desk();
    let find = |hour| finding_at(&desk, &format!("o{hour}"), at(0, hour, 0));
    let scope = Scope {
        rule: "high_value_order".into(),
        subject: subject(SubjectKind::Product, "tea"),
    };
    let (mut spans, mut standing) = (Spans::default(), Standing::default());
    let mut tell = |from, hours: &[i64]| {
        let mut out = Verdicts::default();
        let findings = hours.iter().map(|hour| find(*hour)).collect();
        spans.tell(&scope, (at(0, from, 0), findings), &mut out);
        standing.take(out);
        standing.subjects().join(" ")
    };
    assert_eq!(tell(0, &[1, 2]), "o1 o2");
    assert_eq!(tell(0, &[2, 3]), "o2 o3");
    assert_eq!(tell(3, &[]), "o2");
    let other = Scope {
        subject: subject(SubjectKind::Product, "milk"),
        ..scope.clone()
    };
    spans.tell(&other, (at(0, 0, 0), Vec::new()), &mut Verdicts::default());
    assert!(
        !spans.kept.holds(&other),
        "nothing is kept of what never fired"
    );
}

#[test]
fn what_begins_near_is_no_episode() {
    let moment = |hour, level| Moment {
        from: at(0, hour, 0),
        until: Some(at(0, hour + 1, 0)),
        level,
        size: 1,
    };
    let near = [moment(0, Level::Near), moment(1, Level::Near)];
    assert_eq!(episodes(&near, HOUR), []);
    let then = [
        near[0],
        moment(1, Level::Breach),
        moment(2, Level::Near),
        moment(4, Level::Near),
    ];
    let found = episodes(&then, HOUR);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].from, found[0].until),
        (at(0, 1, 0), Some(at(0, 3, 0)))
    );
}
