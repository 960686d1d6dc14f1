//! What a row adds to the numbers: step by step, so that a way that led further than before adds only what is new.

use super::{Funnels, Period, Row};
use crate::cell::{CUBES, CubeId, Deltas, NameId, column, cubes};
use crate::tally::Field;
use event::EventTime;

/// Microseconds in the unit of [`crate::tally::Scale::Duration`].
const DURATION_UNIT_MICROS: i64 = event::time::SECOND / event::SCALE;
const COLUMNS: usize = CUBES[cubes::FUNNELS.0 as usize].fields.len();

/// What one step of a row counts.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Counted {
    entered: EventTime,
    sums: [i128; COLUMNS],
    value: i128,
    currency: NameId,
}

impl Funnels {
    /// Counts what a row is now in place of what it was before. Both have the same key.
    pub fn count(
        &self,
        store: NameId,
        (before, after): (Option<&Row>, Option<&Row>),
        deltas: &mut Deltas,
    ) {
        let funnel = before.or(after).and_then(|row| self.funnel(row.funnel));
        let names = funnel.map(|funnel| &funnel.steps[..]).unwrap_or_default();
        for (step, name) in names.iter().enumerate() {
            let counted = |row: Option<&Row>| row.and_then(|row| counted(row, step));
            let (old, new) = (counted(before), counted(after));
            if old == new {
                continue;
            }
            for (counted, sign) in [(old, -1), (new, 1)] {
                if let Some(counted) = counted {
                    counted.tell((store, *name), sign, deltas);
                }
            }
        }
    }
}

fn counted(row: &Row, step: usize) -> Option<Counted> {
    let reached = row.steps.get(step)?;
    let is_ever = row.period == Period::Ever;
    let is_once_for_all = is_ever || matches!(row.period, Period::Session { .. });
    let before = step
        .checked_sub(1)
        .map_or(reached.done, |before| row.steps[before].done);
    let micros = reached.done.0.saturating_sub(before.0);
    let mut sums = [0; COLUMNS];
    let mut set = |field, value| sums[column(cubes::FUNNELS, field)] = value;
    set(Field::FunnelUnitsEver, i128::from(is_once_for_all));
    if !is_ever {
        set(Field::FunnelUnits, 1);
        set(Field::FunnelTime, i128::from(micros / DURATION_UNIT_MICROS));
    }
    Some(Counted {
        entered: row.entered,
        sums,
        value: if is_ever {
            0
        } else {
            i128::from(reached.value.0)
        },
        currency: reached.currency,
    })
}

impl Counted {
    fn tell(&self, (store, step): (NameId, NameId), sign: i128, deltas: &mut Deltas) {
        let mut add = |cube: CubeId, currency, sums: &[i128]| {
            let delta = deltas.at(cube, store, currency, step, self.entered);
            let columns = delta.sums.iter_mut().zip(sums);
            columns.for_each(|(column, sum)| *column += sign * sum);
        };
        add(cubes::FUNNELS, NameId(0), &self.sums);
        if self.value != 0 {
            add(cubes::FUNNEL_VALUES, self.currency, &[self.value]);
        }
    }
}
