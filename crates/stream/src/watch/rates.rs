//! Rates under watch: which cells feed which rule, so that a delta is looked at once and most are passed over.

use super::{Known, Watch};
use analytics::alert::{RateKey, Rates, StoreDesk};
use analytics::catalogue::{Dimension, Reading};
use analytics::cell::{CUBES, CellKey, CubeId, Delta, NameId};
use analytics::tally::Field;
use analytics::window::Grain;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
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
#[derive(Debug, Default)]
pub struct Feeds {
    all: Vec<Feed>,
    /// By number of the cube, whether any feed is of it.
    wanted: Vec<bool>,
}

impl Feeds {
    /// Adds the rules of a store.
    pub fn add(&mut self, desk: &StoreDesk, ids: &HashMap<Arc<str>, NameId, FixedState>) {
        for (rule, rate) in Rates::rules(desk) {
            let Ok(Reading::Sum(field)) = rate.metric().map(|metric| metric.reading) else {
                continue; // rules are checked where they are read
            };
            let split = rate.split.as_ref();
            let Some((cube, column)) = cube_of(field, split.map(|split| &*split.dimension)) else {
                continue;
            };
            let value =
                split.map(|split| (Arc::clone(&split.value), ids.get(&split.value).copied()));
            self.wanted.resize(CUBES.len(), false);
            self.wanted[usize::from(cube.0)] = true;
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
    pub fn learn(&mut self, ids: &HashMap<Arc<str>, NameId, FixedState>) {
        let values = self.all.iter_mut().filter_map(|feed| feed.value.as_mut());
        for (text, id) in values.filter(|(_, id)| id.is_none()) {
            *id = ids.get(text).copied();
        }
    }
}

/// The cube that keeps a field by minutes, in all or by one dimension.
fn cube_of(field: Field, dimension: Option<&str>) -> Option<(CubeId, usize)> {
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
        // A store's feeds are made with its desk.
        if self.desk(key.store, known).is_none() {
            return;
        }
        let cube = usize::from(key.cube.0);
        if !self.feeds.wanted.get(cube).is_some_and(|wanted| *wanted) {
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
