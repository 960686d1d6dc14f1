//! The order of arrival does not matter: orders and minutes in every order, with detours, settled now and then, against a
//! referee that looks at the final list once and reckons in floats.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 {
        values[half]
    } else {
        (values[half - 1] + values[half]) / 2.0
    }
}

/// The z-score as the documents say it, of the same thousandths.
fn score(value: f64, history: &[f64]) -> Option<f64> {
    let middle = median(&mut history.to_vec());
    let mut deviations: Vec<f64> = history.iter().map(|other| (other - middle).abs()).collect();
    let mean = deviations.iter().sum::<f64>() / history.len() as f64;
    let scatter = median(&mut deviations);
    match (scatter, mean) {
        (0.0, 0.0) => None,
        (0.0, _) => Some((value - middle) / (1.253_314 * mean)),
        _ => Some(0.6745 * (value - middle) / scatter),
    }
}

#[derive(Debug, Clone, Copy)]
struct Order {
    number: usize,
    whose: usize,
    hour: i64,
    value: i64,
    is_detour: bool,
}

const WHOSE: [&str; 3] = ["ann", "bob", "eve"];

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let value = prop_oneof![8 => 20_i64..80, 1 => 200_i64..5_000];
    let order = (0..WHOSE.len(), 0_i64..400, value, prop::bool::weighted(0.1));
    prop::collection::vec(order, 0..120).prop_map(|orders| {
        let order = |(number, (whose, hour, value, is_detour))| Order {
            number,
            whose,
            hour,
            value,
            is_detour,
        };
        orders.into_iter().enumerate().map(order).collect()
    })
}

impl Order {
    fn point(&self) -> Point {
        Point {
            rank: rank(at(0, self.hour, 0), self.number as u128),
            order: format!("o{}", self.number).into(),
            value: self.value * SCALE,
            worth: None,
        }
    }

    fn key(&self) -> TrailKey {
        TrailKey {
            subject: subject(SubjectKind::Customer, WHOSE[self.whose]),
            currency: EUR,
        }
    }
}

fn rule(against: Against) -> StoreDesk {
    let unlike = Unlike {
        against,
        distance: Distance::Difference,
        observations_min: 5,
        days: 4,
        ..Unlike::default()
    };
    desk(vec![Rule::new(
        "unlike",
        Severity::Info,
        Condition::Unlike(unlike),
    )])
}

/// Whether a value is told, from the plain list of values before it.
fn is_unlike(value: i64, history: &[i64]) -> bool {
    let history: Vec<f64> = history.iter().map(|other| (other * SCALE) as f64).collect();
    if history.len() < 5 {
        return false;
    }
    let value = (value * SCALE) as f64;
    let middle = median(&mut history.clone());
    let from_a_tenth = (value - middle) / (middle / 10.0);
    let score = score(value, &history).map_or(from_a_tenth, |score| score.min(from_a_tenth));
    (score * 1_000.0 + 1e-6).trunc() > 4_000.0
}

fn expected_of_trails(orders: &[Order]) -> BTreeSet<String> {
    let mut expected = BTreeSet::new();
    for order in orders.iter().filter(|order| !order.is_detour) {
        let is_before = |other: &&Order| {
            !other.is_detour
                && other.whose == order.whose
                && (other.hour, other.number) < (order.hour, order.number)
        };
        let before: Vec<i64> = orders
            .iter()
            .filter(is_before)
            .map(|other| other.value)
            .collect();
        if is_unlike(order.value, &before) {
            expected.insert(format!("o{}", order.number));
        }
    }
    expected
}

fn expected_of_days(orders: &[Order]) -> BTreeSet<String> {
    let mut expected = BTreeSet::new();
    for order in orders.iter().filter(|order| !order.is_detour) {
        let day = order.hour / 24;
        let is_before = |other: &&Order| {
            !other.is_detour
                && other.whose == order.whose
                && (day - 4..day).contains(&(other.hour / 24))
        };
        let before: Vec<i64> = orders
            .iter()
            .filter(is_before)
            .map(|other| other.value)
            .collect();
        if is_unlike(order.value, &before) {
            expected.insert(format!("o{}", order.number));
        }
    }
    expected
}

fn found(standing: &Standing) -> BTreeSet<String> {
    standing.subjects().into_iter().map(str::to_owned).collect()
}

/// Each order with what becomes of it: put in, and a detour taken out again later.
fn arrivals(orders: &[Order], choices: &mut Choices) -> Vec<(Order, bool)> {
    let mut shuffled = orders.to_vec();
    choices.shuffle(&mut shuffled);
    let mut arrivals: Vec<(Order, bool)> = shuffled.iter().map(|order| (*order, true)).collect();
    for order in shuffled.iter().filter(|order| order.is_detour) {
        let put = arrivals
            .iter()
            .position(|(other, _)| other.number == order.number);
        let put = put.expect("it arrives") + 1;
        let at = put + choices.below(arrivals.len() - put + 1);
        arrivals.insert(at, (*order, false));
    }
    arrivals
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn trails_say_the_same_in_every_order_of_arrival(orders in orders(), seed: u64) {
        let desks = desks(rule(Against::Customer));
        let expected = expected_of_trails(&orders);
        let mut choices = Choices(seed);
        let (mut trails, mut standing, mut disk) = (Trails::default(), Standing::default(), Disk::new());
        for (order, is_put) in arrivals(&orders, &mut choices) {
            let point = order.point();
            disk.bring(&mut trails.kept, &order.key());
            let _ = trails.put(&order.key(), &point.order.clone(), is_put.then_some(point));
            if choices.below(4) == 0 {
                let mut out = Verdicts::default();
                trails.settle(&desks, &mut out);
                standing.take(out);
                if choices.below(4) == 0 {
                    disk.take(&mut trails.kept);
                }
            }
        }
        let mut out = Verdicts::default();
        trails.settle(&desks, &mut out);
        standing.take(out);
        prop_assert_eq!(found(&standing), expected);
    }

    #[test]
    fn the_whole_finding_is_the_same_and_not_only_whether_there_is_one(orders in orders(), seed: u64) {
        let desks = desks(rule(Against::Customer));
        let standing = |mut orders: Vec<Order>, seed| {
            orders.retain(|order| !order.is_detour);
            Choices(seed).shuffle(&mut orders);
            let (mut trails, mut standing) = (Trails::default(), Standing::default());
            for chunk in orders.chunks(1 + seed as usize % 9) {
                for order in chunk {
                    let point = order.point();
                    let _ = trails.put(&order.key(), &point.order.clone(), Some(point));
                }
                let mut out = Verdicts::default();
                trails.settle(&desks, &mut out);
                standing.take(out);
            }
            standing
        };
        prop_assert_eq!(standing(orders.clone(), seed), standing(orders, !seed));
    }

    #[test]
    fn days_say_the_same_in_every_order_of_arrival(orders in orders(), seed: u64) {
        let desk = rule(Against::Category);
        let expected = expected_of_days(&orders);
        // Histories of days are buckets: values that have one of their own make the answer exact.
        let exact: Vec<Order> = orders.iter().map(|order| Order { value: order.value.min(5_000), ..*order }).collect();
        let mut choices = Choices(seed);
        let (mut daily, mut standing) = (Daily::default(), Standing::default());
        for (order, is_put) in arrivals(&exact, &mut choices) {
            let key = DailyKey { subject: subject(SubjectKind::Category, WHOSE[order.whose]), currency: EUR };
            let point = order.point();
            let (was, is) = if is_put { (None, Some(&point)) } else { (Some(&point), None) };
            let _ = daily.replace(&key, &desk.calendar, Replaced { was, is });
            if choices.below(4) == 0 {
                let mut out = Verdicts::default();
                daily.settle(&desks(desk.clone()), &mut out);
                standing.take(out);
            }
        }
        let mut out = Verdicts::default();
        daily.settle(&desks(desk), &mut out);
        standing.take(out);
        let found = found(&standing);
        // A bucket is within 1 % of its values, so whoever is within 5 % of the limit may fall to either side.
        for order in found.symmetric_difference(&expected) {
            let number: usize = order[1..].parse().expect("a number");
            prop_assert!(is_close_call(&orders, number), "{}", order);
        }
    }

    #[test]
    fn a_book_says_the_same_in_every_order_of_arrival(count in 1_usize..150, seed: u64) {
        let desk = usual_desk();
        let findings: Vec<Finding> = (0..count).map(|number| {
            finding_at(&desk, &format!("o{number}"), at(0, number as i64 % 3, number as i64 % 7))
        }).collect();
        let drawers = |seed: u64| {
            let (mut choices, mut book, mut disk) = (Choices(seed), AlertBook::default(), Disk::new());
            let mut order: Vec<&Finding> = findings.iter().collect();
            choices.shuffle(&mut order);
            for finding in order {
                disk.bring(&mut book.kept, &AlertBook::drawer_of(finding));
                book.observe(first_told(finding));
                if choices.below(5) == 0 {
                    disk.take(&mut book.kept);
                }
            }
            disk.take(&mut book.kept);
            disk.0
        };
        prop_assert_eq!(drawers(seed), drawers(!seed));
    }
}

fn is_close_call(orders: &[Order], number: usize) -> bool {
    let order = orders[number];
    let told = |value: i64| {
        let mut changed = orders.to_vec();
        changed[number].value = value;
        expected_of_days(&changed).contains(&format!("o{number}"))
    };
    let margin = (order.value / 20).max(2);
    told(order.value - margin) != told(order.value + margin)
}
