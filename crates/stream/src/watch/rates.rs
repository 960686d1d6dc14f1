//! Rates under watch: which cells feed which rule, so that a delta is looked at once and most are passed over.

use super::{Known, Texts, Watch};
use crate::Store;
use analytics::alert::{Condition, Rate, RateKey, Rates, StoreDesk};
use analytics::catalogue::{Dimension, Reading};
use analytics::cell::{CUBES, CellKey, CubeId, Delta, NameId};
use analytics::tally::Field;
use analytics::window::Grain;
use std::sync::Arc;

/// Cells that feed a rule.
#[derive(Debug)]
struct Feed {
    cube: CubeId,
    column: usize,
    store: NameId,
    /// Of one value of the cube's dimension; unknown while nothing was named so.
    value: Option<(Arc<str>, Option<NameId>)>,
    rule: Arc<str>,
}

/// All of them.
#[derive(Debug)]
pub struct Feeds {
    all: Vec<Feed>,
    /// By number of the cube, whether any rule of any store is fed by it.
    wanted: [bool; CUBES.len()],
}

/// The values of dimensions that these stores' rules speak of.
pub fn values<'a>(stores: impl Iterator<Item = &'a Store>) -> impl Iterator<Item = Arc<str>> {
    let splits = stores
        .flat_map(rates)
        .filter_map(|rate| rate.split.as_ref());
    splits.map(|split| Arc::clone(&split.value))
}

fn rates(store: &Store) -> impl Iterator<Item = &Rate> {
    let conditions = store.rules.iter().map(|rule| &rule.condition);
    conditions.filter_map(Condition::rate)
}

impl Feeds {
    /// Knows which cubes these stores' rules want, and feeds none yet.
    pub fn of<'a>(stores: impl Iterator<Item = &'a Store>) -> Feeds {
        let mut wanted = [false; CUBES.len()];
        for (cube, _) in stores.flat_map(rates).filter_map(cube_of) {
            wanted[usize::from(cube.0)] = true;
        }
        let all = Vec::new();
        Feeds { all, wanted }
    }

    /// Adds the rules of a store.
    pub fn add(&mut self, desk: &StoreDesk, texts: &Texts) {
        for (rule, rate) in Rates::rules(desk) {
            let Some((cube, column)) = cube_of(rate) else {
                continue; // rules are checked where they are read
            };
            let value = rate.split.as_ref().map(|split| {
                let id = texts.get(&split.value).copied().flatten();
                (Arc::clone(&split.value), id)
            });
            self.all.push(Feed {
                cube,
                column,
                store: desk.store,
                value,
                rule: Arc::clone(&rule.name),
            });
        }
    }

    /// Looks again for values that had no number.
    pub fn learn(&mut self, texts: &Texts) {
        let values = self.all.iter_mut().filter_map(|feed| feed.value.as_mut());
        for (text, id) in values.filter(|(_, id)| id.is_none()) {
            *id = texts.get(text).copied().flatten();
        }
    }
}

/// The cube and column that a rule's minutes are read from.
fn cube_of(rate: &Rate) -> Option<(CubeId, usize)> {
    let Ok(Reading::Sum(field)) = rate.metric().map(|metric| metric.reading) else {
        return None;
    };
    let dimension = rate.split.as_ref().map(|split| &*split.dimension);
    minutes_of(field, dimension)
}

/// The cube that keeps a field by minutes, in all or by one dimension.
fn minutes_of(field: Field, dimension: Option<&str>) -> Option<(CubeId, usize)> {
    CubeId::all().find_map(|id| {
        let cube = id.cube();
        let is_meant =
            cube.dimension.map(Dimension::name) == dimension && cube.base == Grain::Minute;
        let column = cube.fields.iter().position(|known| *known == field)?;
        is_meant.then_some((id, column))
    })
}

impl Watch {
    pub(super) fn observe_delta(&mut self, (key, delta): &(CellKey, Delta), known: Known<'_>) {
        let cube = usize::from(key.cube.0);
        if !self.feeds.wanted.get(cube).is_some_and(|wanted| *wanted) {
            return;
        }
        // A store's feeds are made with its desk.
        if self.desk(key.store, known).is_none() {
            return;
        }
        let (desk, rates) = (&self.desk, &mut self.rates);
        let fed = self.feeds.all.iter().filter(|feed| {
            (feed.cube, feed.store) == (key.cube, key.store)
                && (feed.value.as_ref()).is_none_or(|(_, value)| *value == Some(key.value))
        });
        for feed in fed {
            let rate = RateKey {
                store: key.store,
                rule: Arc::clone(&feed.rule),
                currency: key.currency,
            };
            if let Some(desk) = desk.of(key.store) {
                let _ = rates.add(&rate, desk, key.window, delta.sums[feed.column]);
            }
        }
    }
}
