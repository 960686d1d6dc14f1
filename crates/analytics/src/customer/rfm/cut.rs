//! Where fifths of the customers are cut, and the scores that follow. In integers: a cut point lies between two values by
//! fifths of the way, so that the answer is the same on every machine.

use super::counts::{Counts, Distribution};
use super::{Day, Scores, Values};

/// Scores.
const FIFTHS: i128 = 5;

/// How a quantile is taken from sorted values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// On the line between the two values around it: type 7 of Hyndman and Fan, the usual one of NumPy, pandas and R.
    #[default]
    Linear,
    /// The value at or below which so many lie: type 1, SQL's `percentile_disc`.
    NearestRank,
}

/// By what values are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cutting {
    /// Fifths of the customers.
    Quantiles(Method),
    /// Points that are given, ascending: days, orders, or ten-thousandths of money.
    Given([i64; 4]),
}

impl Default for Cutting {
    fn default() -> Self {
        Cutting::Quantiles(Method::default())
    }
}

/// To which side a value belongs that lies exactly on a cut point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Boundary {
    /// To the smaller values, as `qcut` and `cut` of pandas have it.
    #[default]
    Smaller,
    /// To the larger values.
    Larger,
}

impl Boundary {
    /// Each by its name.
    pub const ALL: [(&str, Boundary); 2] =
        [("smaller", Boundary::Smaller), ("larger", Boundary::Larger)];

    /// As it is told.
    #[must_use]
    pub fn name(self) -> &'static str {
        Boundary::ALL[self as usize].0
    }
}

/// How a store scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// Days since the last order; few are good.
    pub recency: Cutting,
    /// Orders.
    pub frequency: Cutting,
    /// Money.
    pub monetary: Cutting,
    /// For all three.
    pub boundary: Boundary,
}

/// Why rules cannot be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// A point lies below the one before.
    #[error("the cut points of {0} do not ascend")]
    NotAscending(&'static str),
}

impl Rules {
    /// Whether the rules can be meant.
    pub fn check(&self) -> Result<(), RulesError> {
        for (cutting, name) in [
            (self.recency, "recency"),
            (self.frequency, "frequency"),
            (self.monetary, "monetary"),
        ] {
            if let Cutting::Given(points) = cutting
                && !points.is_sorted()
            {
                return Err(RulesError::NotAscending(name));
            }
        }
        Ok(())
    }
}

/// A number of fifths: a cut point between two whole values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fifths(pub i128);

impl Fifths {
    /// So many wholes.
    #[must_use]
    pub fn whole(value: i64) -> Fifths {
        Fifths(i128::from(value) * FIFTHS)
    }

    /// For showing.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0 as f64 / FIFTHS as f64
    }
}

impl Fifths {
    /// The whole value next to it that parts whole values as this point does.
    #[must_use]
    pub fn parting(self, boundary: Boundary) -> i128 {
        match boundary {
            Boundary::Smaller => self.0.div_euclid(FIFTHS),
            Boundary::Larger => -(-self.0).div_euclid(FIFTHS),
        }
    }
}

/// The four points between five scores, ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cuts(pub [Fifths; 4]);

impl Cuts {
    /// Nothing where nobody has a value and no points are given.
    fn of(distribution: &Distribution, cutting: Cutting) -> Option<Cuts> {
        match cutting {
            Cutting::Given(points) => Some(Cuts(points.map(Fifths::whole))),
            Cutting::Quantiles(method) => {
                let sorted = Sorted::of(distribution)?;
                Some(Cuts(
                    [1, 2, 3, 4].map(|fifth| sorted.quantile(fifth, method)),
                ))
            }
        }
    }

    /// In which fifth a value lies, 1 = the smallest. Equal values lie in the same one; where many customers have the same
    /// value some fifths are empty.
    #[must_use]
    pub fn fifth(&self, value: i64, boundary: Boundary) -> u8 {
        let value = Fifths::whole(value);
        let is_below = |cut: &&Fifths| match boundary {
            Boundary::Smaller => **cut < value,
            Boundary::Larger => **cut <= value,
        };
        1 + self.0.iter().filter(is_below).count() as u8
    }
}

/// Values in their order, each as often as customers have it, with what stands before them.
struct Sorted {
    /// A value and the customers up to and with it.
    up_to: Vec<(i64, i128)>,
}

impl Sorted {
    fn of(distribution: &Distribution) -> Option<Sorted> {
        let mut sum = 0;
        // A difference that is still on its way can leave a value below zero for a moment.
        let held = distribution.iter().filter(|(_, count)| *count > 0);
        let up_to: Vec<(i64, i128)> = held
            .map(|(value, count)| {
                sum += i128::from(count);
                (value, sum)
            })
            .collect();
        (sum > 0).then_some(Sorted { up_to })
    }

    fn customers(&self) -> i128 {
        self.up_to.last().map_or(0, |(_, sum)| *sum)
    }

    /// The value of a place, from 0; of the last one beyond it.
    fn at(&self, place: i128) -> i64 {
        let at = self.up_to.partition_point(|(_, sum)| *sum <= place);
        let last = self.up_to.len() - 1;
        self.up_to[at.min(last)].0
    }

    fn quantile(&self, fifth: i128, method: Method) -> Fifths {
        let customers = self.customers();
        match method {
            Method::Linear => {
                let way = (customers - 1) * fifth;
                let (place, rest) = (way / FIFTHS, way % FIFTHS);
                let [low, high] = [place, place + 1].map(|place| i128::from(self.at(place)));
                Fifths(low * FIFTHS + (high - low) * rest)
            }
            Method::NearestRank => {
                let rank = (customers * fifth + FIFTHS - 1) / FIFTHS;
                Fifths::whole(self.at(rank - 1))
            }
        }
    }
}

/// The cut points of one store-day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutPoints {
    /// The day they are for; recency is counted up to it.
    pub day: Day,
    /// Of days since the last order, ascending: the smallest fifth scores 5.
    pub recency: Cuts,
    /// Of orders.
    pub frequency: Cuts,
    /// Of money.
    pub monetary: Cuts,
    /// Where a value on a cut point belongs.
    pub boundary: Boundary,
}

impl CutPoints {
    /// Fixes the cut points of a day; nothing where nobody has ordered and not all points are given.
    #[must_use]
    pub fn of(counts: &Counts, rules: &Rules, day: Day) -> Option<CutPoints> {
        Some(CutPoints {
            day,
            recency: Cuts::of(&counts.recencies(day), rules.recency)?,
            frequency: Cuts::of(counts.frequencies(), rules.frequency)?,
            monetary: Cuts::of(counts.money(), rules.monetary)?,
            boundary: rules.boundary,
        })
    }

    /// A customer's scores under these cut points.
    #[must_use]
    pub fn scores(&self, values: &Values) -> Scores {
        let fifth = |cuts: &Cuts, value| cuts.fifth(value, self.boundary);
        let frequency = i64::try_from(values.frequency).unwrap_or(i64::MAX);
        Scores {
            recency: 6 - fifth(&self.recency, self.day.since(values.last)),
            frequency: fifth(&self.frequency, frequency),
            monetary: fifth(&self.monetary, values.monetary),
        }
    }
}

/// Fifths by rank, where equal values do not share one: ties go by id, as tables made with `rank(method="first")` have it.
/// This needs all customers at once, so it is for reports and not for live scores. Comes back in the order of `values`.
#[must_use]
pub fn by_rank(values: &[(i64, &str)]) -> Vec<u8> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|at| values[*at]);
    let gaps = values.len() as i128 - 1;
    let mut fifths = vec![1; values.len()];
    for (place, at) in (0_i128..).zip(order) {
        // The cut points of the ranks 0 to n − 1 lie at fifths of n − 1.
        let cuts = (1..FIFTHS).filter(|fifth| gaps * fifth < place * FIFTHS);
        fifths[at] = 1 + cuts.count() as u8;
    }
    fifths
}
