//! A product's prices as rules of alerts look at them: one after the other, with what was sold at each.

use super::state::ProductPrices;
use crate::alert::PricePoint;
use event::Quantity;

impl ProductPrices {
    /// The prices that the shop told, in the canonical order. What was sold at one is counted by days.
    #[must_use]
    pub fn points(&self) -> Vec<PricePoint> {
        let changes: Vec<_> = self.changes.iter().collect();
        let point = |(at, (rank, change)): (usize, &(crate::session::Rank, &super::Change))| {
            let next_day = changes.get(at + 1).map(|(_, next)| next.day);
            let days = self.days.iter().filter(|(key, _)| {
                key.price == Some(change.new)
                    && key.day >= change.day
                    && next_day.is_none_or(|next| key.day <= next)
            });
            let sold: i128 = days.map(|(_, sums)| sums.units).sum();
            PricePoint {
                rank: change.rank.unwrap_or(*rank),
                price: change.new,
                before: change.old,
                sold: Quantity(i64::try_from(sold).unwrap_or(i64::MAX)),
            }
        };
        changes.iter().enumerate().map(point).collect()
    }
}
