//! Claims about histories: the robust z-score by published examples, trails of customers and products, whole store-days.

use super::*;
use crate::Quantiles;
use crate::bucket;
use crate::person::Reach;

fn spread(values: &[i64]) -> Spread {
    Spread::of(values.iter().copied(), Distance::Difference).expect("some values")
}

#[test]
fn the_middle_and_the_scatter_are_those_of_a_published_example() {
    // Wikipedia, "Median absolute deviation": 1, 1, 2, 2, 4, 6, 9 have the median 2 and the MAD 1.
    let spread = spread(&[9, 1, 4, 2, 6, 1, 2]);
    assert_eq!(
        (spread.median(), spread.deviation(), spread.count()),
        (2, 1, 7)
    );
    // By the formula of Iglewicz and Hoaglin: 0.6745 · (9 − 2) ÷ 1 = 4.7215, and 0.6745 · (1 − 2) ÷ 1.
    assert_eq!(spread.score(9), Some(4_721));
    assert_eq!(spread.score(1), Some(-674));
}

#[test]
fn where_most_values_are_equal_their_mean_deviation_takes_its_place() {
    // The list of stats.stackexchange.com/q/339932, by the formula given there: 90 ÷ (1.253314 · 11.25) = 6.38308.
    let spread = spread(&[10, 10, 10, 10, 10, 10, 10, 100]);
    assert_eq!(spread.deviation(), 0);
    assert_eq!(spread.score(100), Some(6_383));
}

#[test]
fn halves_of_even_counts_are_exact() {
    // 21 26 24 25 23 21 23 26 82 83: median 24.5, deviations 0.5 0.5 1.5 1.5 1.5 1.5 3.5 3.5 57.5 58.5, MAD 1.5.
    let spread = spread(&[21, 26, 24, 25, 23, 21, 23, 26, 82, 83]);
    assert_eq!(spread.median_twice(), 49);
    // 0.6745 · 57.5 ÷ 1.5 = 25.8558
    assert_eq!(spread.score(82), Some(25_855));
}

#[test]
fn equal_values_have_no_score_and_a_tenth_is_the_least_scatter() {
    let spread = spread(&[1_000; 20]);
    assert_eq!(spread.score(1_001), None);
    assert_eq!(spread.score_from(1_050, Distance::Difference, 10), 500);
    assert_eq!(spread.score_from(1_500, Distance::Difference, 10), 5_000);
    assert_eq!(Spread::of([], Distance::Difference), None);
}

#[test]
fn a_summary_gives_what_its_values_give_by_ratio_and_nearly_so_by_difference() {
    let values: Vec<i64> = (1..500).map(|at| at * at * 37 % 90_000).collect();
    let mut quantiles = Quantiles::default();
    values
        .iter()
        .for_each(|value| quantiles.add(bucket(*value), 1));
    let by_ratio = Spread::of(values.iter().copied(), Distance::Ratio);
    assert_eq!(Spread::of_quantiles(&quantiles, Distance::Ratio), by_ratio);
    let exact = Spread::of(values, Distance::Difference).expect("values");
    let rough = Spread::of_quantiles(&quantiles, Distance::Difference).expect("values");
    let near = |one: i64, other: i64| (one - other).abs() * 50 <= other;
    assert!(near(rough.median(), exact.median()) && near(rough.deviation(), exact.deviation()));
}

#[test]
fn by_ratio_a_doubling_counts_the_same_everywhere() {
    let step = |value: i64| Distance::Ratio.place(2 * value) - Distance::Ratio.place(value);
    assert_eq!([100_000, 777_777, 5_000_000_000].map(step), [64, 64, 64]);
    assert_eq!(Distance::Ratio.place(-500), -Distance::Ratio.place(500));
}

#[test]
fn absurd_values_do_not_overflow() {
    let spread = spread(&[i64::MIN, 0, 1, i64::MAX]);
    assert!(spread.score(i64::MAX).is_some());
    let tight = Spread::of([1, 1, 1, 2], Distance::Difference).expect("values");
    assert_eq!(tight.score(i64::MAX), Some(1_000_000_000));
    assert_eq!(tight.score(i64::MIN), Some(-1_000_000_000));
}

fn trail_key(kind: SubjectKind, key: &str) -> TrailKey {
    TrailKey {
        subject: subject(kind, key),
        currency: EUR,
    }
}

fn point(number: usize, value: i64) -> Point {
    Point {
        rank: rank(at(0, number as i64, 0), number as u128),
        order: format!("o{number}").into(),
        value: value * SCALE,
        worth: None,
    }
}

/// Orders of one customer, one an hour; `expected` are those unlike the ones before.
fn check(values: &[i64], expected: &[&str]) {
    let (mut trails, key) = (Trails::default(), trail_key(SubjectKind::Customer, "ann"));
    for (number, value) in values.iter().enumerate() {
        let point = point(number, *value);
        assert_eq!(
            trails.put(&key, &point.order.clone(), Some(point)),
            Reach::Folded
        );
    }
    let mut out = Verdicts::default();
    trails.settle(&desks(usual_desk()), &mut out);
    let mut standing = Standing::default();
    standing.take(out);
    assert_eq!(standing.subjects(), expected);
}

#[test]
fn an_order_far_above_the_customers_earlier_ones_is_found() {
    check(&[40, 55, 48, 60, 35, 52, 44, 58, 900], &["o8"]);
    check(&[40, 55, 48, 60, 35, 52, 44, 58, 90], &[]);
}

#[test]
fn few_orders_are_no_history() {
    check(&[40, 55, 48, 60, 35, 52, 44, 900], &[]);
    check(&[900], &[]);
}

#[test]
fn an_order_far_below_is_no_alert() {
    check(&[400, 550, 480, 600, 350, 520, 440, 580, 1], &[]);
}

#[test]
fn whoever_always_pays_the_same_may_pay_a_little_more() {
    check(&[10, 10, 10, 10, 10, 10, 10, 10, 11], &[]);
    check(&[10, 10, 10, 10, 10, 10, 10, 10, 20], &["o8"]);
}

#[test]
fn one_wild_order_does_not_hide_the_next() {
    check(
        &[40, 55, 48, 60, 35, 52, 44, 58, 900, 41, 950],
        &["o10", "o8"],
    );
}

#[test]
fn a_late_order_is_measured_and_others_are_measured_again() {
    let (mut trails, desks) = (Trails::default(), desks(usual_desk()));
    let key = trail_key(SubjectKind::Customer, "ann");
    let mut standing = Standing::default();
    let mut put = |number: usize, value: Option<i64>| {
        let point = value.map(|value| point(number, value));
        let _ = trails.put(&key, &format!("o{number}"), point);
        let mut out = Verdicts::default();
        trails.settle(&desks, &mut out);
        standing.take(out);
        standing.subjects().join(" ")
    };
    for (number, value) in [40, 55, 48, 60, 35, 52, 44].into_iter().enumerate() {
        assert_eq!(put(number, Some(value)), "");
    }
    assert_eq!(put(20, Some(900)), "", "seven orders are no history");
    assert_eq!(put(10, Some(50)), "o20", "an eighth came late");
    assert_eq!(put(10, None), "", "and was cancelled");
    assert_eq!(put(11, Some(51)), "o20", "fires again");
    assert_eq!(put(20, Some(60)), "", "was never so large");
}

#[test]
fn a_trail_is_bounded_and_what_comes_too_late_is_told_to_be_so() {
    let (mut trails, key) = (Trails::default(), trail_key(SubjectKind::Product, "tea"));
    for number in 0..POINTS_MAX + 10 {
        let point = point(number + 10, 2);
        assert_eq!(
            trails.put(&key, &point.order.clone(), Some(point)),
            Reach::Folded
        );
    }
    assert_eq!(
        trails.put(&key, "o3", Some(point(3, 2))),
        Reach::BeyondReach
    );
    assert_eq!(
        trails.put(&key, "o700", Some(point(700, 500))),
        Reach::Folded
    );
    let mut out = Verdicts::default();
    trails.settle(&desks(usual_desk()), &mut out);
    let mut standing = Standing::default();
    standing.take(out);
    assert_eq!(standing.subjects(), ["o700"]);
    assert_eq!(
        trails.kept.find(&key).map(|trail| trail.points.len()),
        Some(POINTS_MAX)
    );
}

fn daily_rule() -> StoreDesk {
    let unlike = Unlike {
        against: Against::Category,
        observations_min: 10,
        days: 7,
        ..Unlike::default()
    };
    desk(vec![Rule::new(
        "order_unlike_category",
        Severity::Info,
        Condition::Unlike(unlike),
    )])
}

struct Days {
    daily: Daily,
    desk: StoreDesk,
    standing: Standing,
    untold: Vec<Untold>,
}

impl Days {
    fn new() -> Days {
        Days {
            daily: Daily::default(),
            desk: daily_rule(),
            standing: Standing::default(),
            untold: Vec::new(),
        }
    }

    fn point(day: i64, number: u32, value: i64) -> Point {
        Point {
            rank: rank(at(day, 10, i64::from(number) % 600), u128::from(number)),
            order: format!("d{day}n{number}").into(),
            value: value * SCALE,
            worth: None,
        }
    }

    fn replace(&mut self, was: Option<&Point>, is: Option<&Point>) -> Reach {
        let key = DailyKey {
            subject: subject(SubjectKind::Category, "tea"),
            currency: EUR,
        };
        self.daily
            .replace(&key, &self.desk.calendar, Replaced { was, is })
    }

    fn settle(&mut self) -> String {
        let mut out = Verdicts::default();
        self.daily.settle(&desks(self.desk.clone()), &mut out);
        self.untold.append(&mut out.untold);
        self.standing.take(out);
        self.standing.subjects().join(" ")
    }
}

#[test]
fn an_order_is_measured_by_the_whole_days_before_and_not_by_its_own() {
    let mut days = Days::new();
    for number in 0..20 {
        let _ = days.replace(None, Some(&Days::point(0, number, 20 + i64::from(number))));
    }
    let _ = days.replace(None, Some(&Days::point(0, 30, 5_000)));
    assert_eq!(
        days.settle(),
        "",
        "nothing is known of the days before the first"
    );
    let _ = days.replace(None, Some(&Days::point(1, 1, 5_000)));
    let _ = days.replace(None, Some(&Days::point(1, 2, 40)));
    assert_eq!(days.settle(), "d1n1");
    // Twenty more of its own day change nothing.
    for number in 10..30 {
        let _ = days.replace(None, Some(&Days::point(1, number, 5_000)));
    }
    let fired = days.settle().split(' ').count();
    assert_eq!(fired, 21);
}

#[test]
fn a_late_order_of_an_earlier_day_judges_later_days_again() {
    let mut days = Days::new();
    for number in 0..9 {
        let _ = days.replace(None, Some(&Days::point(0, number, 20 + i64::from(number))));
    }
    let large = Days::point(3, 1, 5_000);
    let _ = days.replace(None, Some(&large));
    assert_eq!(days.settle(), "", "nine orders are no history");
    let late = Days::point(2, 1, 22);
    let _ = days.replace(None, Some(&late));
    assert_eq!(days.settle(), "d3n1");
    let _ = days.replace(Some(&late), None);
    assert_eq!(days.settle(), "", "the late one was cancelled");
    let _ = days.replace(None, Some(&late));
    let smaller = Days::point(3, 1, 30);
    let _ = days.replace(Some(&large), Some(&smaller));
    assert_eq!(days.settle(), "", "the large one turned out small");
}

#[test]
fn days_longer_ago_than_the_rule_says_do_not_count() {
    let mut days = Days::new();
    for number in 0..20 {
        let _ = days.replace(None, Some(&Days::point(0, number, 20)));
    }
    let _ = days.replace(None, Some(&Days::point(7, 1, 5_000)));
    let _ = days.replace(None, Some(&Days::point(8, 1, 5_000)));
    assert_eq!(days.settle(), "d7n1");
}

#[test]
fn a_days_largest_are_told_and_the_rest_is_counted() {
    let mut days = Days::new();
    for number in 0..20 {
        let _ = days.replace(None, Some(&Days::point(0, number, 20 + i64::from(number))));
    }
    for number in 0..1_000 {
        let _ = days.replace(
            None,
            Some(&Days::point(1, number, 5_000 + i64::from(number))),
        );
    }
    let told = days.settle();
    assert_eq!(told.split(' ').count(), CANDIDATES_MAX);
    assert!(told.contains("d1n999") && !told.contains("d1n1 "));
    assert_eq!(
        days.untold.last().map(|untold| untold.count),
        Some(1_000 - CANDIDATES_MAX as u64)
    );
}

#[test]
fn days_are_bounded_and_what_comes_too_late_is_told_to_be_so() {
    let mut days = Days::new();
    for day in 0..100 {
        assert_eq!(
            days.replace(None, Some(&Days::point(day, 1, 20))),
            Reach::Folded
        );
    }
    assert_eq!(
        days.replace(None, Some(&Days::point(10, 2, 20))),
        Reach::BeyondReach
    );
    let kept: Vec<usize> = days
        .daily
        .kept
        .fresh()
        .map(|(_, state)| state.days.len())
        .collect();
    assert_eq!(kept, [DAYS_MAX]);
}
