//! Tiers of price: Low, Medium and High, with bounds a shop sets for each category. Bounds are exact amounts in the
//! store's currency; a price in another currency has no tier here, since no rate is known.

use crate::event::{Event, Item, LineKind};
use crate::schema::{Amount, ItemAmount, ItemLabel, Label};
use crate::{Currency, Money};
use std::collections::BTreeMap;

/// A tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Below `medium_from`.
    Low,
    /// From `medium_from`, below `high_from`.
    Medium,
    /// From `high_from`.
    High,
}

impl Tier {
    const ALL: [Tier; 3] = [Tier::Low, Tier::Medium, Tier::High];

    /// The value of the column `price_category`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Tier::Low => "Low",
            Tier::Medium => "Medium",
            Tier::High => "High",
        }
    }
}

/// Where a tier begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TierBounds {
    /// The least price that is `Medium`.
    pub medium_from: Money,
    /// The least price that is `High`.
    pub high_from: Money,
}

impl Default for TierBounds {
    fn default() -> Self {
        TierBounds {
            medium_from: Money(50 * crate::SCALE),
            high_from: Money(200 * crate::SCALE),
        }
    }
}

impl TierBounds {
    /// The tier of a price.
    #[must_use]
    pub fn tier(self, price: Money) -> Tier {
        if price >= self.high_from {
            Tier::High
        } else if price >= self.medium_from {
            Tier::Medium
        } else {
            Tier::Low
        }
    }
}

/// Why bounds are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceTiersError {
    /// Prices below zero do not exist.
    #[error("a tier begins below zero")]
    Negative,
    /// No price could be `Medium`.
    #[error("high_from lies below medium_from")]
    Swapped,
}

/// The bounds of every category.
#[derive(Debug, Clone, Default)]
pub struct PriceTiers {
    default: TierBounds,
    by_category: BTreeMap<String, TierBounds>,
}

impl PriceTiers {
    /// These bounds for everything.
    pub fn new(default: TierBounds) -> Result<PriceTiers, PriceTiersError> {
        Ok(PriceTiers {
            default: checked(default)?,
            by_category: BTreeMap::new(),
        })
    }

    /// Other bounds for a category and all below it, written as in `category_path`.
    pub fn set(&mut self, category: &str, bounds: TierBounds) -> Result<(), PriceTiersError> {
        self.by_category
            .insert(category.to_owned(), checked(bounds)?);
        Ok(())
    }

    /// The bounds of a category: its own, else those of the nearest category above it.
    #[must_use]
    pub fn bounds(&self, category: Option<&str>) -> TierBounds {
        let mut path = category.filter(|_| !self.by_category.is_empty());
        while let Some(category) = path {
            if let Some(bounds) = self.by_category.get(category) {
                return *bounds;
            }
            path = category.rsplit_once('/').map(|(above, _)| above);
        }
        self.default
    }

    pub(super) fn settle(&self, event: &mut Event<'_>, currency: &Currency) {
        let tier = match event.label(Label::PriceCategory) {
            // A sender's `low` and our `Low` are one tier.
            Some(given) => {
                let is_given = |tier: &Tier| tier.name().eq_ignore_ascii_case(given);
                let known = Tier::ALL.into_iter().find(is_given);
                known.filter(|tier| tier.name() != given)
            }
            None => self.tier_of(event, currency),
        };
        if let Some(tier) = tier {
            event.set_label(Label::PriceCategory, tier.name());
        }
    }

    /// The tier that all priced goods of the event share; an order of cheap and dear things has none.
    fn tier_of(&self, event: &Event<'_>, currency: &Currency) -> Option<Tier> {
        let mut shared = None;
        let goods = event
            .items
            .iter()
            .filter(|item| item.kind() != LineKind::Fee);
        for item in goods {
            let Some(tier) = self.tier_of_item(event, item, currency) else {
                continue;
            };
            if shared.is_some_and(|known| known != tier) {
                return None;
            }
            shared = Some(tier);
        }
        shared.or_else(|| self.tier_of_change(event, currency))
    }

    fn tier_of_item(
        &self,
        event: &Event<'_>,
        item: &Item<'_>,
        currency: &Currency,
    ) -> Option<Tier> {
        let price = item.amount(ItemAmount::UnitPrice)?;
        let stated = (item.label(ItemLabel::Currency)).or_else(|| event.label(Label::Currency));
        let bounds = || self.bounds(item.label(ItemLabel::CategoryPath));
        is_in(stated, currency).then(|| bounds().tier(Money(price)))
    }

    /// A change of price names its product in a line without price: the new price is the event's.
    fn tier_of_change(&self, event: &Event<'_>, currency: &Currency) -> Option<Tier> {
        let price = event.amount(Amount::NewPrice)?;
        let category = event.items.first();
        let category = category.and_then(|item| item.label(ItemLabel::CategoryPath));
        is_in(event.label(Label::Currency), currency)
            .then(|| self.bounds(category).tier(Money(price)))
    }
}

/// Whether an amount is in the store's currency: it is where the sender names none.
fn is_in(stated: Option<&str>, currency: &Currency) -> bool {
    stated.is_none_or(|code| code.eq_ignore_ascii_case(currency.as_str()))
}

fn checked(bounds: TierBounds) -> Result<TierBounds, PriceTiersError> {
    if bounds.medium_from.0 < 0 {
        return Err(PriceTiersError::Negative);
    }
    if bounds.high_from < bounds.medium_from {
        return Err(PriceTiersError::Swapped);
    }
    Ok(bounds)
}
