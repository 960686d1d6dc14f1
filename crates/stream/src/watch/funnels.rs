//! Funnels under watch: the cells of their steps feed the rules that speak of them.

use super::{Known, Watch};
use crate::Store;
use analytics::alert::{BreakKey, Condition, FunnelBreak, Rule};
use analytics::catalogue::Dimension;
use analytics::cell::{CellKey, CubeId, Delta};
use analytics::tally::Field;
use std::sync::Arc;

/// The cube and column that tell how many units reached a step, if any rule of these stores wants to know.
pub fn steps<'a>(mut stores: impl Iterator<Item = &'a Store>) -> Option<(CubeId, usize)> {
    let is_meant = |rule: &Rule| matches!(rule.condition, Condition::FunnelBreak(_));
    if !stores.any(|store| store.rules.iter().any(is_meant)) {
        return None;
    }
    CubeId::all().find_map(|id| {
        let cube = id.cube();
        let is_meant = cube.dimension == Some(Dimension::FunnelStep);
        let is_units = |field: &Field| *field == Field::FunnelUnits;
        let column = cube.fields.iter().position(is_units)?;
        is_meant.then_some((id, column))
    })
}

impl Watch {
    /// Takes in how many more units reached a step, if a rule speaks of its funnel.
    pub(super) fn observe_steps(&mut self, (key, delta): &(CellKey, Delta), known: Known<'_>) {
        let Some((_, column)) = self.steps.filter(|(cube, _)| *cube == key.cube) else {
            return;
        };
        let units = i64::try_from(delta.sums[column]).unwrap_or(0);
        let name = known.name(key.value);
        let Some((funnel, step)) = read_step(&name).filter(|_| units != 0) else {
            return;
        };
        let Some(desk) = self.desk(key.store, known).cloned() else {
            return;
        };
        let is_of = |rule: &FunnelBreak| *rule.funnel == *funnel;
        for rule in desk.rules.iter() {
            let is_meant = matches!(&rule.condition, Condition::FunnelBreak(rule) if is_of(rule));
            if is_meant {
                let key_of_rule = BreakKey {
                    store: key.store,
                    rule: Arc::clone(&rule.name),
                };
                self.breaks.add(&key_of_rule, (key.window, step), units);
            }
        }
    }
}

/// `purchase:2` is the second step of `purchase`; counted from 0.
fn read_step(name: &str) -> Option<(&str, usize)> {
    let (funnel, step) = name.rsplit_once(':')?;
    let step: usize = step.parse().ok()?;
    Some((funnel, step.checked_sub(1)?))
}
