//! Claims about RFM: cut points as other programs have them, equal values, counts that add up in any order, and segments.
//! Expected numbers are those of NumPy's `quantile`, and of `qcut` of pandas 3.1, for the same twelve customers.

use super::*;
use proptest::prelude::*;

const TODAY: Day = Day(20_000);
const RECENCIES: [i64; 12] = [0, 1, 1, 3, 5, 8, 8, 13, 21, 21, 34, 40];
const FREQUENCIES: [u64; 12] = [9, 7, 4, 4, 3, 2, 2, 2, 1, 1, 1, 1];
/// In hundredths.
const MONEY: [i64; 12] = [
    12_050, 8_800, 6_125, 30_000, 4_500, 4_500, 2_000, 1_999, 7_500, 1_250, -300, 800,
];

fn customers() -> Vec<Values> {
    let values = |at: usize| Values {
        last: Day(TODAY.0 - RECENCIES[at]),
        frequency: FREQUENCIES[at],
        monetary: MONEY[at],
    };
    (0..12).map(values).collect()
}

fn counts(customers: &[Values]) -> Counts {
    let mut counts = Counts::default();
    customers
        .iter()
        .for_each(|one| counts.change(None, Some(one)));
    counts
}

fn cut(rules: &Rules) -> CutPoints {
    CutPoints::of(&counts(&customers()), rules, TODAY).expect("somebody ordered")
}

fn scores(cuts: &CutPoints) -> [Vec<u8>; 3] {
    let scored: Vec<Scores> = customers().iter().map(|one| cuts.scores(one)).collect();
    [
        scored.iter().map(|one| one.recency).collect(),
        scored.iter().map(|one| one.frequency).collect(),
        scored.iter().map(|one| one.monetary).collect(),
    ]
}

fn with(method: Method, boundary: Boundary) -> Rules {
    let cutting = Cutting::Quantiles(method);
    Rules {
        recency: cutting,
        frequency: cutting,
        monetary: cutting,
        boundary,
    }
}

#[test]
fn fifths_are_cut_on_the_line_between_two_values() {
    let cuts = cut(&Rules::default());
    // 1.4, 6.2, 11, 21 days; 1, 2, 2.6, 4 orders; 13.998, 30, 54.75, 85.4 in money.
    assert_eq!(cuts.recency, Cuts([7, 31, 55, 105].map(Fifths)));
    assert_eq!(cuts.frequency, Cuts([5, 10, 13, 20].map(Fifths)));
    assert_eq!(
        cuts.monetary,
        Cuts([6_999, 15_000, 27_375, 42_700].map(Fifths))
    );
}

#[test]
fn customers_are_scored_as_qcut_scores_them() {
    let [recency, frequency, monetary] = scores(&cut(&Rules::default()));
    assert_eq!(recency, [5, 5, 5, 4, 4, 3, 3, 2, 2, 2, 1, 1]);
    assert_eq!(frequency, [5, 5, 4, 4, 4, 2, 2, 2, 1, 1, 1, 1]);
    assert_eq!(monetary, [5, 5, 4, 5, 3, 3, 2, 2, 4, 1, 1, 1]);
}

#[test]
fn a_value_on_a_cut_point_can_belong_to_either_side() {
    let [recency, frequency, _] = scores(&cut(&with(Method::Linear, Boundary::Larger)));
    assert_eq!(recency, [5, 5, 5, 4, 4, 3, 3, 2, 1, 1, 1, 1]);
    assert_eq!(frequency, [5, 5, 5, 5, 4, 3, 3, 3, 2, 2, 2, 2]);
}

#[test]
fn nearest_ranks_are_values_that_somebody_has() {
    let cuts = cut(&with(Method::NearestRank, Boundary::Smaller));
    assert_eq!(cuts.recency.0, [1, 5, 13, 21].map(Fifths::whole));
    assert_eq!(cuts.frequency.0, [1, 2, 3, 4].map(Fifths::whole));
    assert_eq!(
        cuts.monetary.0,
        [1_250, 2_000, 6_125, 8_800].map(Fifths::whole)
    );
}

#[test]
fn given_points_need_no_customers() {
    let rules = Rules {
        recency: Cutting::Given([7, 30, 90, 180]),
        frequency: Cutting::Given([1, 2, 4, 8]),
        monetary: Cutting::Given([1_000, 5_000, 10_000, 20_000]),
        boundary: Boundary::Smaller,
    };
    assert_eq!(rules.check(), Ok(()));
    let cuts = CutPoints::of(&Counts::default(), &rules, TODAY).expect("all points are given");
    let one = Values {
        last: Day(TODAY.0 - 30),
        frequency: 8,
        monetary: 20_001,
    };
    let expected = Scores {
        recency: 4,
        frequency: 4,
        monetary: 5,
    };
    assert_eq!(cuts.scores(&one), expected);
    let wrong = Rules {
        frequency: Cutting::Given([1, 3, 2, 4]),
        ..rules
    };
    let error = wrong.check().expect_err("they do not ascend");
    assert_eq!(
        error.to_string(),
        "the cut points of frequency do not ascend"
    );
}

#[test]
fn ties_by_id_fill_every_fifth() {
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let values: Vec<(i64, &str)> = FREQUENCIES.iter().map(|one| *one as i64).zip(ids).collect();
    assert_eq!(by_rank(&values), [5, 5, 4, 5, 4, 2, 3, 3, 1, 1, 1, 2]);
    assert_eq!(by_rank(&[]), Vec::<u8>::new());
    assert_eq!(by_rank(&[(7, "a")]), [1]);
}

#[test]
fn nobody_has_no_cut_points_and_one_customer_has() {
    assert_eq!(
        CutPoints::of(&Counts::default(), &Rules::default(), TODAY),
        None
    );
    let one = customers()[0];
    let cuts = CutPoints::of(&counts(&[one]), &Rules::default(), TODAY).expect("one is enough");
    let expected = Scores {
        recency: 5,
        frequency: 1,
        monetary: 1,
    };
    assert_eq!(cuts.scores(&one), expected);
}

#[test]
fn cut_points_stand_for_the_day_while_values_move() {
    let mut now = customers();
    let mut counts = counts(&now);
    let cuts = CutPoints::of(&counts, &Rules::default(), TODAY).expect("somebody ordered");
    // The last of them orders today and becomes one of the best; tomorrow's cut points know it.
    let better = Values {
        last: Day(TODAY.0 + 1),
        frequency: 8,
        monetary: 90_000,
    };
    assert_eq!(cuts.scores(&now[11]).recency, 1);
    counts.change(Some(&now[11]), Some(&better));
    now[11] = better;
    let best = Scores {
        recency: 5,
        frequency: 5,
        monetary: 5,
    };
    assert_eq!(cuts.scores(&better), best);
    let tomorrow = Day(TODAY.0 + 1);
    let next = CutPoints::of(&counts, &Rules::default(), tomorrow).expect("somebody ordered");
    assert_ne!(next.monetary, cuts.monetary);
    assert_eq!(next.scores(&better), best);
}

#[test]
fn a_customer_who_is_taken_back_leaves_nothing() {
    let mut counts = Counts::default();
    let all = customers();
    all.iter().for_each(|one| counts.change(None, Some(one)));
    all.iter().for_each(|one| counts.change(Some(one), None));
    assert_eq!(counts, Counts::default());
}

#[test]
fn too_many_amounts_lose_digits_and_no_customer() {
    let mut counts = Counts::with_money_values(60_000);
    let amount = |number: i64| 1_000_000 + number * 977;
    let one = |number| Values {
        last: TODAY,
        frequency: 1,
        monetary: amount(number),
    };
    (0..100_000).for_each(|number| counts.change(None, Some(&one(number))));
    assert_eq!(counts.customers(), 100_000);
    assert!(counts.money().len() <= 60_000 && counts.money_bits() == 15);
    let cuts = CutPoints::of(&counts, &Rules::default(), TODAY).expect("somebody ordered");
    for (cut, fifth) in cuts.monetary.0.iter().zip(1..) {
        let exact = amount(0) as f64 + 99_999.0 * 977.0 * f64::from(fifth) / 5.0;
        let error = (cut.value() / exact - 1.0).abs();
        assert!(error < 1.0 / 16_384.0, "{fifth}: {error}");
    }
    // What is taken back is found again, however coarse.
    (0..100_000).for_each(|number| counts.change(Some(&one(number)), None));
    assert_eq!((counts.customers(), counts.money().len()), (0, 0));
}

#[test]
fn absurd_values_are_survived() {
    let absurd = [i64::MIN, -1, 0, i64::MAX].map(|value| Values {
        last: Day(value),
        frequency: value.unsigned_abs(),
        monetary: value,
    });
    for money_values_max in [0, 1, 100] {
        let mut counts = Counts::with_money_values(money_values_max);
        absurd.iter().for_each(|one| counts.change(None, Some(one)));
        let cuts = CutPoints::of(&counts, &Rules::default(), TODAY).expect("somebody ordered");
        absurd
            .iter()
            .for_each(|one| assert!((1..=5).contains(&cuts.scores(one).monetary)));
    }
}

#[test]
fn each_of_the_25_cells_is_one_segment() {
    let segments = Segments::default();
    let of = |recency, frequency| {
        segments.of(Some(Scores {
            recency,
            frequency,
            monetary: 3,
        }))
    };
    // Rows from recency 5 down, columns from frequency 1 up, as the table in the documentation says.
    let expected = "New Customers,Potential Loyalists,Potential Loyalists,Champions,Champions\n\
         Promising,Potential Loyalists,Potential Loyalists,Loyal Customers,Loyal Customers\n\
         About to Sleep,About to Sleep,Need Attention,Loyal Customers,Loyal Customers\n\
         Hibernating,Hibernating,At Risk,At Risk,Can't Lose Them\n\
         Hibernating,Hibernating,At Risk,At Risk,Can't Lose Them";
    let row = |recency| {
        [1, 2, 3, 4, 5]
            .map(|frequency| of(recency, frequency))
            .join(",")
    };
    assert_eq!([5, 4, 3, 2, 1].map(row).join("\n"), expected);
    assert_eq!(segments.of(None), "Prospects");
    assert_eq!(segments.names().count(), 11);
}

fn rule(name: &str, recency: (u8, u8), frequency: (u8, u8)) -> SegmentRule {
    SegmentRule {
        name: name.to_owned(),
        recency,
        frequency,
    }
}

#[test]
fn a_table_of_ones_own_must_hold_each_cell_once() {
    let good = [
        rule("gone", (1, 2), (1, 5)),
        rule("here", (3, 5), (2, 5)),
        rule("new", (3, 5), (1, 1)),
    ];
    let segments = Segments::new(&good).expect("each cell once");
    assert_eq!(
        segments.names().collect::<Vec<_>>(),
        ["gone", "here", "new", "Prospects"]
    );
    let error = |rules: &[SegmentRule]| Segments::new(rules).expect_err("no table").to_string();
    assert_eq!(error(&good[..2]), "recency 3, frequency 1 is in no segment");
    let twice = [good.as_slice(), &[rule("more", (5, 5), (5, 5))]].concat();
    assert_eq!(
        error(&twice),
        "recency 5, frequency 5 is both `here` and `more`"
    );
    for (recency, frequency) in [((0, 2), (1, 5)), ((2, 1), (1, 5)), ((1, 5), (1, 6))] {
        let error = error(&[rule("odd", recency, frequency)]);
        assert_eq!(
            error,
            "segment `odd` has scores that are not from 1 to 5 in ascending order"
        );
    }
}

#[test]
fn recency_changes_at_the_stores_midnight() {
    let zone = jiff::tz::TimeZone::get("America/New_York").expect("a zone of the database");
    let calendar = Calendar::new(zone);
    let time = |text| EventTime::parse(text, &jiff::tz::TimeZone::UTC).expect("a time");
    let order = Day::of(time("2026-03-07T23:30:00-05:00"), &calendar);
    // The day in between has 23 hours.
    for (text, days) in [
        ("2026-03-07T23:59:59-05:00", 0),
        ("2026-03-08T00:00:00-05:00", 1),
        ("2026-03-09T00:00:00-04:00", 2),
    ] {
        assert_eq!(Day::of(time(text), &calendar).since(order), days, "{text}");
    }
}

/// Sorts all values and takes the two around the place, in exact fractions: another way to the same number.
fn plain_cuts(mut values: Vec<i64>) -> Vec<(i128, i128)> {
    values.sort_unstable();
    let last = values.len() - 1;
    let cut = |fifth: usize| {
        let (low, rest) = (last * fifth / 5, last * fifth % 5);
        let (one, other) = (
            i128::from(values[low]),
            i128::from(values[(low + 1).min(last)]),
        );
        (one * (5 - rest as i128) + other * rest as i128, 5)
    };
    [1, 2, 3, 4].map(cut).to_vec()
}

proptest! {
    #[test]
    fn counts_by_any_shards_in_any_order_cut_as_the_sorted_list_does(
        steps in prop::collection::vec((0..20_usize, 0..30_i64, 1..6_u64, -40..90_i64), 1..120),
        homes in 1..5_usize,
        turn in 0..1_000_usize,
    ) {
        let mut customers: [Option<Values>; 20] = [None; 20];
        let mut shards = vec![Counts::default(); homes];
        for (who, day, frequency, monetary) in steps {
            let values = Values { last: Day(TODAY.0 - day), frequency, monetary };
            shards[who % homes].change(customers[who].as_ref(), Some(&values));
            customers[who] = Some(values);
        }
        let first = turn % homes;
        shards.rotate_left(first);
        let mut merged = Counts::default();
        shards.iter().for_each(|shard| merged.merge(shard));
        let cuts = CutPoints::of(&merged, &Rules::default(), TODAY).expect("somebody ordered");
        let of = |value: fn(&Values) -> i64| plain_cuts(customers.iter().flatten().map(value).collect());
        let said = |cuts: &Cuts| cuts.0.map(|cut| (cut.0, 5)).to_vec();
        prop_assert_eq!(said(&cuts.recency), of(|one| TODAY.0 - one.last.0));
        prop_assert_eq!(said(&cuts.frequency), of(|one| one.frequency as i64));
        prop_assert_eq!(said(&cuts.monetary), of(|one| one.monetary));
        let held = |counts: &Counts| Counts::from_parts(
            [counts.last_days().clone(), counts.frequencies().clone(), counts.money().clone()],
            counts.money_bits(),
        );
        prop_assert_eq!(held(&merged), merged);
    }
}

proptest! {
    #[test]
    fn a_point_told_as_the_whole_value_next_to_it_parts_whole_values_alike(
        point in -1_000_i128..1_000,
        value in -300_i64..300,
    ) {
        for (_, boundary) in Boundary::ALL {
            let exact = Cuts([Fifths(point); 4]);
            let told = Fifths::whole(Fifths(point).parting(boundary) as i64);
            prop_assert_eq!(
                Cuts([told; 4]).fifth(value, boundary),
                exact.fifth(value, boundary)
            );
        }
    }
}
