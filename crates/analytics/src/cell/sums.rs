//! What a cell holds: absolute sums and sketches, and the deltas that folds add to them. Which columns there are, the cube
//! declares.

use super::{Cube, Sums};
use crate::sketch::{Distinct, Quantiles};
use smallvec::smallvec;

/// What a fold adds to a cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Delta {
    /// In the order of the cube's fields.
    pub sums: Sums,
    /// Coupons for each of the cube's distinct counts.
    pub coupons: Vec<Vec<u32>>,
    /// Buckets of order values, with a weight that is negative where an order is taken back.
    pub order_values: Vec<(i32, i64)>,
}

impl Delta {
    /// Nothing, with room for the cube's columns.
    #[must_use]
    pub fn of(cube: &Cube) -> Delta {
        Delta {
            sums: smallvec![0; cube.fields.len()],
            coupons: vec![Vec::new(); cube.distincts.len()],
            order_values: Vec::new(),
        }
    }

    /// Takes in another delta of the same cube, as a coarser window does.
    pub fn absorb(&mut self, other: Delta) {
        self.sums
            .iter_mut()
            .zip(&other.sums)
            .for_each(|(sum, value)| *sum += *value);
        self.coupons
            .iter_mut()
            .zip(other.coupons)
            .for_each(|(coupons, more)| coupons.extend(more));
        self.order_values.extend(other.order_values);
    }
}

/// A result: absolute values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// In the order of the cube's fields.
    pub sums: Sums,
    /// Where the cube has any: the many product cells have none and stay small.
    pub sketches: Option<Box<Sketches>>,
}

/// A cell's summaries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sketches {
    /// One for each of the cube's distinct counts.
    pub distincts: Vec<Distinct>,
    /// Distribution of order values, where the cube keeps it.
    pub order_values: Option<Quantiles>,
}

impl Cell {
    /// An empty cell of the cube.
    #[must_use]
    pub fn of(cube: &Cube) -> Cell {
        let has_sketches = cube.has_order_value || !cube.distincts.is_empty();
        let sketches = || Sketches {
            distincts: vec![Distinct::default(); cube.distincts.len()],
            order_values: cube.has_order_value.then(Quantiles::default),
        };
        Cell {
            sums: smallvec![0; cube.fields.len()],
            sketches: has_sketches.then(|| Box::new(sketches())),
        }
    }

    /// Folds a delta in; coupons are sorted in place.
    pub fn apply(&mut self, delta: &mut Delta) {
        self.sums
            .iter_mut()
            .zip(&delta.sums)
            .for_each(|(sum, value)| *sum += value);
        let Some(sketches) = &mut self.sketches else {
            return;
        };
        sketches
            .distincts
            .iter_mut()
            .zip(&mut delta.coupons)
            .for_each(|(sketch, coupons)| sketch.insert(coupons));
        if let Some(order_values) = &mut sketches.order_values {
            delta
                .order_values
                .iter()
                .for_each(|(bucket, weight)| order_values.add(*bucket, *weight));
        }
    }

    /// Whether everything was taken back again.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sums.iter().all(|sum| *sum == 0)
            && self.sketches.as_deref().is_none_or(Sketches::is_empty)
    }
}

impl Cell {
    /// Takes in another cell of the same cube, as coarser windows and totals over currencies do.
    pub fn merge(&mut self, other: &Cell) {
        self.sums
            .iter_mut()
            .zip(&other.sums)
            .for_each(|(sum, value)| *sum += value);
        if let (Some(sketches), Some(others)) = (&mut self.sketches, &other.sketches) {
            sketches.merge(others);
        }
    }
}

impl Sketches {
    fn merge(&mut self, other: &Sketches) {
        self.distincts
            .iter_mut()
            .zip(&other.distincts)
            .for_each(|(sketch, other)| sketch.merge(other));
        if let (Some(order_values), Some(others)) = (&mut self.order_values, &other.order_values) {
            order_values.merge(others);
        }
    }

    fn is_empty(&self) -> bool {
        let has_order_values = self
            .order_values
            .as_ref()
            .is_some_and(|values| !values.is_empty());
        self.distincts.iter().all(Distinct::is_empty) && !has_order_values
    }
}
