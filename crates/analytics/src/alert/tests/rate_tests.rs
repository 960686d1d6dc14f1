//! Claims about rates: the same weekday and time, the days where weeks are few, noise, late minutes; and a referee that
//! reckons a whole series at once in floats.

use super::*;
use crate::person::Reach;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn desk_of(rate: Rate) -> StoreDesk {
    desk(vec![Rule::new(
        "rate",
        Severity::Critical,
        Condition::Rate(rate),
    )])
}

struct Series {
    rates: Rates,
    desk: StoreDesk,
    key: RateKey,
    standing: Standing,
}

impl Series {
    fn new(rate: Rate) -> Series {
        Series {
            rates: Rates::default(),
            desk: desk_of(rate),
            key: RateKey {
                store: STORE,
                rule: "rate".into(),
                currency: EUR,
            },
            standing: Standing::default(),
        }
    }

    fn add(&mut self, time: EventTime, sum: i128) -> Reach {
        self.rates.add(&self.key, &self.desk, time, sum)
    }

    /// Alerts as `36d 10:00-10:20 value usual`.
    fn settle(&mut self, watermark: EventTime) -> String {
        let mut out = Verdicts::default();
        self.rates.settle(&self.desk, watermark, &mut out);
        self.standing.take(out);
        let mut findings: Vec<&Finding> = self.standing.0.values().collect();
        findings.sort_by_key(|finding| finding.at);
        let said = findings.iter().map(|finding| {
            let until = finding.until.map_or("now".to_owned(), clock);
            let number = |figure| finding.evidence.number(figure).expect("in the evidence");
            let (value, usual) = (number(Figure::Value), number(Figure::Usual));
            let day = (finding.at.0 - at(0, 0, 0).0) / DAY;
            format!("{day}d {}-{until} {value} for {usual}", clock(finding.at))
        });
        said.collect::<Vec<_>>().join(" | ")
    }
}

fn clock(time: EventTime) -> String {
    let minutes = time.0.rem_euclid(DAY) / MINUTE;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Orders of five minutes as a shop has them: 40 at noon of workdays, 20 of weekends, 5 at night, and a little scatter.
fn usual(day: i64, step: i64) -> i128 {
    let is_day = (96..240).contains(&step);
    let base = match (is_day, day % 7 >= 5) {
        (false, _) => 5,
        (true, true) => 20,
        (true, false) => 40,
    };
    i128::from(base + (day * 31 + step * 17) % 5)
}

fn fill(series: &mut Series, days: std::ops::Range<i64>) {
    for day in days {
        for step in 0..288 {
            assert_eq!(
                series.add(at(day, 0, step * 5), usual(day, step)),
                Reach::Folded
            );
        }
    }
}

fn five_weeks(rate: Rate) -> Series {
    let mut series = Series::new(rate);
    fill(&mut series, 0..35);
    series
}

#[test]
fn five_usual_weeks_give_no_alert() {
    let mut series = five_weeks(Rate::of("orders", Direction::Either));
    assert_eq!(series.settle(at(35, 0, 0)), "");
}

#[test]
fn an_outage_is_one_alert_until_orders_come_again() {
    let mut series = five_weeks(Rate::of("orders", Direction::Either));
    for step in (0..288).filter(|step| !(126..130).contains(step)) {
        let _ = series.add(at(35, 0, step * 5), usual(35, step));
    }
    assert_eq!(series.settle(at(35, 10, 29)), "");
    assert_eq!(series.settle(at(35, 10, 35)), "35d 10:30-now 0 for 42");
    assert_eq!(series.settle(at(35, 12, 0)), "35d 10:30-10:50 0 for 42");
    // The minutes come late after all: it never was.
    for step in 126..130 {
        let _ = series.add(at(35, 0, step * 5), usual(35, step));
    }
    assert_eq!(series.settle(at(35, 12, 0)), "");
}

#[test]
fn a_weekend_is_measured_by_weekends_and_a_night_by_nights() {
    let mut series = five_weeks(Rate::of("orders", Direction::Either));
    // 60 orders may be on a Friday, where 42 are usual, and are too many on a Saturday.
    let _ = series.add(at(39, 12, 0), 60);
    let _ = series.add(at(40, 12, 0), 60);
    let said = series.settle(at(35, 0, 0));
    assert_eq!(said, "40d 12:00-now 60 for 22");
}

#[test]
fn too_many_fire_before_their_minutes_are_over_and_too_few_do_not() {
    let mut series = five_weeks(Rate::of("orders", Direction::Either));
    assert_eq!(series.settle(at(35, 0, 0)), "");
    let _ = series.add(at(35, 0, 2), 3);
    assert_eq!(series.settle(at(35, 0, 3)), "");
    let _ = series.add(at(35, 0, 3), 60);
    assert_eq!(series.settle(at(35, 0, 4)), "35d 00:00-now 63 for 7");
}

#[test]
fn a_storm_of_errors_where_hardly_any_are_usual_is_found_and_a_few_are_not() {
    let storm = |errors: i128| {
        let mut series = Series::new(Rate::of_type("payment_error", Direction::Above));
        for day in 0..30 {
            let _ = series.add(at(day, 9, 0), i128::from(day % 2));
        }
        let _ = series.add(at(30, 12, 0), errors);
        series.settle(at(30, 13, 0))
    };
    assert_eq!(storm(25), "30d 12:00-12:05 25 for 0");
    assert_eq!(storm(9), "");
}

#[test]
fn while_weeks_are_few_the_days_before_are_asked() {
    let mut series = Series::new(Rate::of("orders", Direction::Either));
    fill(&mut series, 0..4);
    assert_eq!(series.settle(at(4, 0, 0)), "");
    let _ = series.add(at(4, 0, 0), 400);
    assert_eq!(series.settle(at(4, 0, 5)), "4d 00:00-now 400 for 7");
    let mut series = Series::new(Rate::of("orders", Direction::Either));
    fill(&mut series, 0..2);
    let _ = series.add(at(2, 0, 0), 400);
    assert_eq!(series.settle(at(2, 0, 5)), "", "two days are no history");
}

#[test]
fn an_earlier_first_minute_that_comes_late_is_history_for_all_that_follow() {
    let mut series = Series::new(Rate::of_type("payment_error", Direction::Above));
    let _ = series.add(at(1, 9, 0), 1);
    let _ = series.add(at(3, 12, 0), 25);
    assert_eq!(series.settle(at(3, 13, 0)), "", "two days are known");
    let _ = series.add(at(0, 9, 0), 1);
    assert_eq!(series.settle(at(3, 13, 0)), "3d 12:00-12:05 25 for 0");
}

#[test]
fn revenue_that_stays_away_is_money_at_risk() {
    let rate = Rate {
        least: 100 * SCALE,
        ..Rate::of("revenue", Direction::Below)
    };
    let mut series = Series::new(rate);
    for day in 0..35 {
        for step in 0..288 {
            let _ = series.add(
                at(day, 0, step * 5),
                usual(day, step) * 50 * i128::from(SCALE),
            );
        }
    }
    assert_eq!(series.settle(at(35, 0, 0)), "");
    series.settle(at(35, 8, 20));
    let finding = series.standing.0.values().last().expect("an alert");
    let at_risk = finding.at_risk.expect("money");
    // Eight hours of nights at 7 orders are less than the limit apart by noise; from 8:00 on 42 orders of 50 stay away.
    assert_eq!(at_risk.currency, EUR);
    assert!(at_risk.amount >= money(4 * 40 * 50), "{at_risk:?}");
}

#[test]
fn flapping_within_an_hour_is_one_alert() {
    let mut series = five_weeks(Rate::of("orders", Direction::Either));
    for step in 0..132 {
        let orders = if step >= 120 && step % 3 == 0 {
            0
        } else {
            usual(35, step)
        };
        let _ = series.add(at(35, 0, step * 5), orders);
    }
    let said = series.settle(at(35, 11, 0));
    let of_ten: Vec<&str> = said
        .split(" | ")
        .filter(|one| one.contains("d 10:"))
        .collect();
    assert_eq!(of_ten, ["35d 10:00-10:50 0 for 42"]);
}

#[test]
fn sums_beyond_all_reason_do_not_overflow() {
    let mut series = five_weeks(Rate::of("orders", Direction::Either));
    let _ = series.add(at(35, 12, 0), i128::MAX);
    let _ = series.add(at(35, 12, 0), i128::MAX);
    let _ = series.add(at(35, 13, 0), i128::MIN);
    let said = series.settle(at(35, 14, 0));
    assert!(said.contains(&format!("{} for 42", i64::MAX)), "{said}");
}

#[test]
fn what_is_too_old_for_any_history_is_told_to_be_so() {
    let mut series = five_weeks(Rate::of("orders", Direction::Either));
    assert_eq!(series.add(at(-40, 0, 0), 1), Reach::BeyondReach);
    let kept: Vec<usize> = series
        .rates
        .kept
        .fresh()
        .map(|(_, state)| state.steps.len())
        .collect();
    assert_eq!(kept, [35 * 288]);
    assert_eq!(series.add(at(900, 0, 0), 1), Reach::Folded);
    let kept: Vec<usize> = series
        .rates
        .kept
        .fresh()
        .map(|(_, state)| state.steps.len())
        .collect();
    assert_eq!(kept, [1]);
}

/// Hours for steps, so that a month is small.
fn hourly() -> Rate {
    Rate {
        step_minutes: 60,
        weeks: 2,
        seasons_min: 2,
        least: 3,
        z_above: 2_500,
        ..Rate::of("orders", Direction::Either)
    }
}

const HOURS: i64 = 34 * 24;
const WATERMARK_HOURS: i64 = HOURS - 30;

/// Where an hour lies and what came in, as in a list.
fn hours() -> impl Strategy<Value = Vec<(i64, i128)>> {
    let count = prop_oneof![9 => 1_i128..6, 1 => 8_i128..60];
    prop::collection::vec((0..HOURS, count), 100..1_200)
}

fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 {
        return values[half];
    }
    (values[half - 1] + values[half]) / 2.0
}

/// The score of an hour by the documented formulas, in thousandths.
fn score(sums: &BTreeMap<i64, i128>, hour: i64) -> Option<f64> {
    let first = *sums.keys().next()?;
    let sum = |hour: i64| sums.get(&hour).copied().unwrap_or(0) as f64;
    let seasons = [vec![7, 14], vec![1, 2, 3, 4, 5, 6, 7]];
    let centres = seasons.iter().find_map(|season| {
        let known: Vec<i64> = season
            .iter()
            .map(|days| hour - 24 * days)
            .filter(|at| *at > first)
            .collect();
        (known.len() >= 2).then_some(known)
    })?;
    let mut history: Vec<f64> = centres
        .iter()
        .flat_map(|at| [sum(at - 1), sum(*at), sum(at + 1)])
        .collect();
    let median = middle(&mut history);
    if sum(hour) < 3.0 && median < 3.0 {
        return None;
    }
    let root = |value: f64| ((value + 0.375) * 1e6).sqrt().floor();
    let by_noise = 2.0 * (root(sum(hour)) - root(median));
    let mut deviations: Vec<f64> = history.iter().map(|other| (other - median).abs()).collect();
    let mean = deviations.iter().sum::<f64>() / deviations.len() as f64;
    let by_scatter = match middle(&mut deviations) {
        0.0 if mean == 0.0 => f64::INFINITY,
        0.0 => (sum(hour) - median) / (1.253_314 * mean) * 1_000.0,
        scatter => 0.6745 * (sum(hour) - median) / scatter * 1_000.0,
    };
    let by_scatter = (by_scatter + by_scatter.signum() * 1e-6).trunc();
    Some(if by_scatter.abs() < by_noise.abs() {
        by_scatter
    } else {
        by_noise
    })
}

/// Hours in which an alert begins, and where it ends, by going through all hours.
fn expected(sums: &BTreeMap<i64, i128>, from: i64) -> BTreeSet<(i64, Option<i64>)> {
    let mut found: Vec<(i64, Option<i64>)> = Vec::new();
    let mut is_on = false;
    for hour in 0..HOURS {
        let is_complete = hour < WATERMARK_HOURS;
        let is_known = is_complete || sums.contains_key(&hour);
        let score = score(sums, hour).filter(|score| is_known && (is_complete || *score > 0.0));
        let size = score.map_or(0.0, f64::abs);
        let until = (hour + 1 < WATERMARK_HOURS).then_some(hour + 1);
        is_on = match is_on {
            true if size > 1_250.0 => {
                found.last_mut().expect("is on").1 = until;
                true
            }
            _ if size > 2_500.0 => {
                found.push((hour, until));
                true
            }
            _ => false,
        };
    }
    found
        .into_iter()
        .filter(|(began, _)| *began >= from)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_series_says_the_same_in_every_order_of_arrival(hours in hours(), seed: u64) {
        let mut sums: BTreeMap<i64, i128> = BTreeMap::new();
        for (hour, count) in &hours {
            *sums.entry(*hour).or_default() += count;
        }
        let newest = sums.keys().next_back().copied().unwrap_or(0).max(WATERMARK_HOURS - 1);
        // The last two weeks are judged; a day of them may have begun before.
        let from = newest - 13 * 24;
        let expected = expected(&sums, from);
        let mut choices = Choices(seed);
        let mut arrivals = hours.clone();
        // What is taken back later.
        arrivals.extend(hours.iter().take(50).flat_map(|(hour, _)| [(*hour, 40), (*hour, -40)]));
        choices.shuffle(&mut arrivals);
        let (mut series, mut watermark) = (Series::new(hourly()), 0);
        for (hour, count) in arrivals {
            let _ = series.add(at(0, hour, 7), count);
            if choices.below(30) == 0 {
                watermark = (watermark + choices.below(100) as i64).min(WATERMARK_HOURS);
                series.settle(at(0, watermark, 0));
            }
        }
        series.settle(at(0, WATERMARK_HOURS, 0));
        let hour_of = |time: EventTime| (time.0 - at(0, 0, 0).0) / HOUR;
        let found = series.standing.0.values().map(|finding| (hour_of(finding.at), finding.until.map(hour_of)));
        let found: BTreeSet<_> = found.filter(|(began, _)| *began >= from).collect();
        prop_assert_eq!(found, expected);
    }
}
