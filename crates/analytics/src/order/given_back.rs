//! What was given back for an order: sums by currency, as a whole and by category. Refunds may come before their order and may
//! be taken back, so only sums are kept, which add up in any order.

use crate::cell::NameId;

/// What was given back for one order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GivenBack(
    /// In the order of category and currency; none in which nothing is left.
    pub Vec<Part>,
);

/// Of one currency; of the order as a whole, or of the lines of one category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The refund's own currency: money of one is never added to another's.
    pub currency: NameId,
    /// The category; nothing stands for the whole, name 0 for lines without one.
    pub category: Option<NameId>,
    /// How many refunds.
    pub refunds: i64,
    /// What they gave back.
    pub amount: i128,
}

impl Part {
    fn place(&self) -> (Option<NameId>, NameId) {
        (self.category, self.currency)
    }
}

impl GivenBack {
    /// All of these parts.
    #[must_use]
    pub fn of(parts: impl IntoIterator<Item = Part>) -> GivenBack {
        let mut all = GivenBack::default();
        parts.into_iter().for_each(|part| all.add_part(part));
        all
    }

    /// Adds a refund, or takes it back with sign −1.
    pub fn add(&mut self, refund: &GivenBack, sign: i64) {
        for part in &refund.0 {
            self.add_part(Part {
                refunds: sign * part.refunds,
                amount: i128::from(sign) * part.amount,
                ..*part
            });
        }
    }

    fn add_part(&mut self, part: Part) {
        match self.0.binary_search_by_key(&part.place(), Part::place) {
            Ok(at) => {
                let known = &mut self.0[at];
                known.refunds += part.refunds;
                known.amount += part.amount;
                if known.refunds == 0 {
                    self.0.remove(at);
                }
            }
            Err(at) => self.0.insert(at, part),
        }
    }

    /// The whole, and each category, of which anything was given back: once, however many currencies there are.
    pub fn categories(&self) -> impl Iterator<Item = Option<NameId>> {
        let same = |one: &Part, next: &Part| one.category == next.category;
        self.0.chunk_by(same).map(|parts| parts[0].category)
    }
}
