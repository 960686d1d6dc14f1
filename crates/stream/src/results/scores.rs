//! How many customers of each store have which value, and the cut points that are fixed of it once a day. Counts are not kept
//! for themselves: after a restart they follow from the customers' rows.

use super::Results;
use super::inventory::TABLES;
use crate::days::Begun;
use crate::publish::{customers, scores as rows};
use analytics::cell::NameId;
use analytics::customer::rfm::{Counts, CutPoints, Day};
use analytics::window::Calendar;
use changelog::{Change, Value};
use checkpoint::{DecodeError, Decoder, Encoder};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Counts and the newest cut points, by the store's name.
#[derive(Debug, Default)]
pub struct Scored(BTreeMap<Arc<str>, StoreScored>);

#[derive(Debug, Default)]
struct StoreScored {
    counts: Counts,
    told: Option<(CutPoints, i64)>,
}

impl Results {
    /// Customers moved from value to value; then the days of some stores began, whose cut points are fixed of that.
    pub(super) fn tell_scores(
        &mut self,
        moved: &[(NameId, Counts)],
        begun: &[Begun],
    ) -> Vec<Change> {
        for (store, counts) in moved {
            let store = self.store_name(*store);
            let scored = self.scored.0.entry(store).or_default();
            scored.counts.merge(counts);
        }
        let changes: Vec<Change> = (begun.iter()).filter_map(|begun| self.fix(begun)).collect();
        for change in &changes {
            self.inventory.remember(change);
        }
        changes
    }

    /// Nothing where nobody ordered, or where these very points stand.
    fn fix(&mut self, begun: &Begun) -> Option<Change> {
        let name = self.store_name(begun.store);
        let store = self.stores.get(&name);
        let scored = self.scored.0.entry(Arc::clone(&name)).or_default();
        let day = Day::of(begun.as_of, &Calendar::new(store.zone));
        let cuts = CutPoints::of(&scored.counts, &store.rfm, day)?;
        let customers = scored.counts.customers();
        if scored.told.replace((cuts, customers)) == Some((cuts, customers)) {
            return None;
        }
        let values = rows::values(&cuts, customers, store.currency.as_str());
        Some(self.row(TABLES[7], rows::key(&name, day), Some(values)))
    }

    fn store_name(&self, store: NameId) -> Arc<str> {
        let name = self.names.get(store.0 as usize);
        name.map_or_else(|| Arc::from("main"), Arc::clone)
    }
}

impl Scored {
    /// Only how exact the amounts are that are counted; all else stands in the customers' rows.
    pub(super) fn write(&self, out: &mut Encoder<'_>) {
        out.u64(self.0.len() as u64);
        for (store, scored) in &self.0 {
            out.text(store);
            out.u64(scored.counts.money_bits().into());
        }
    }

    /// Reads [`Scored::write`].
    pub(super) fn read(read: &mut Decoder<'_>) -> Result<Scored, DecodeError> {
        let mut stores = BTreeMap::new();
        for _ in 0..read.count()? {
            let store = Arc::from(read.text()?);
            let scored = StoreScored {
                counts: Counts::from_parts(Default::default(), read.u32()?),
                told: None,
            };
            stores.insert(store, scored);
        }
        Ok(Scored(stores))
    }

    /// Counts the customers among these rows; each is to come once.
    pub(super) fn learn(&mut self, rows: &[Change], results: &Results) {
        let mut calendars: BTreeMap<&str, Calendar> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.table == TABLES[6]) {
            let (Some(Value::Text(store)), Some(values)) = (row.key.first(), &row.values) else {
                continue;
            };
            let calendar = calendars
                .entry(store)
                .or_insert_with(|| Calendar::new(results.stores.get(store).zone));
            let values = customers::scored(values, calendar);
            let scored = self.0.entry(Arc::clone(store)).or_default();
            scored.counts.change(None, values.as_ref());
        }
    }
}
