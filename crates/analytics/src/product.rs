//! What an event or an order tells a product's shard: one movement for each product, which moves its cell, its stock and its
//! prices together. Most are views, so a movement is small and what is rare is boxed.

use crate::cell::{CubeId, Deltas, NameId, column, cubes};
use crate::names::{EventNames, ItemNames};
use crate::price::{Change, PriceKey, Sums, Traffic};
use crate::stock::{Feed, Goods, Interest, StockKey};
use crate::tally::Field;
use event::{EventRef, EventTime, EventType, ItemRef, Money};
use smallvec::SmallVec;

/// Columns of the widest product cube.
pub const PRODUCT_FIELDS_MAX: usize = 6;

/// What is told to the home of a product.
#[derive(Debug, Clone, PartialEq)]
pub enum ProductMovement {
    /// Somebody wanted it.
    Seen(Seen),
    /// Pieces were lost.
    WrittenOff(WrittenOff),
    /// An order or a refund is new, or another than before.
    Sold(Box<Sold>),
    /// The shop says how much there is.
    Stocked(Box<(StockKey, Feed)>),
    /// The shop says what it costs.
    Priced(Box<(PriceKey, Change)>),
}

impl ProductMovement {
    /// Which product's home is told; ids of products are of one store.
    #[must_use]
    pub fn product(&self) -> NameId {
        self.key().product
    }

    /// What the product is kept under.
    #[must_use]
    pub fn key(&self) -> StockKey {
        let key = |store, product| StockKey { store, product };
        match self {
            ProductMovement::Seen(seen) => key(seen.store, seen.product),
            ProductMovement::WrittenOff(lost) => key(lost.store, lost.product),
            ProductMovement::Sold(sold) => key(sold.store, sold.product),
            ProductMovement::Stocked(stocked) => stocked.0,
            ProductMovement::Priced(priced) => priced.0.stock(),
        }
    }

    /// Adds to the product's cell what the movement adds there.
    pub fn count(&self, deltas: &mut Deltas) {
        match self {
            ProductMovement::Seen(seen) => seen.count(deltas),
            ProductMovement::Sold(sold) => sold.count(deltas),
            _ => {}
        }
    }
}

/// How a visitor showed that a product is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Its page was shown.
    Viewed,
    /// It went into a cart.
    Added,
    /// It went from a list of wishes into a cart; cells count the add of the shop's own button only.
    AddedFromWishes,
}

impl Wanted {
    /// What an event shows for each of its products.
    #[must_use]
    pub fn of(kind: EventType) -> Option<Wanted> {
        match kind {
            EventType::ItemView => Some(Wanted::Viewed),
            EventType::CartAdd => Some(Wanted::Added),
            EventType::WishlistToCart => Some(Wanted::AddedFromWishes),
            _ => None,
        }
    }
}

/// A visitor wanted a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The store.
    pub store: NameId,
    /// The product.
    pub product: NameId,
    /// The currency of the price.
    pub currency: NameId,
    /// When.
    pub time: EventTime,
    /// The price that was shown.
    pub price: Option<Money>,
    /// Whether that is below the list price.
    pub is_promoted: bool,
    /// How.
    pub how: Wanted,
}

impl Seen {
    /// What one item of an event tells its product; nothing where there is none or the event shows no interest.
    #[must_use]
    pub fn of(
        event: EventRef<'_>,
        names: &EventNames,
        (item, item_names): (ItemRef<'_>, &ItemNames),
    ) -> Option<Seen> {
        let how = Wanted::of(event.kind())?;
        if item_names.product == NameId(0) {
            return None;
        }
        let price = item.unit_price();
        Some(Seen {
            store: names.store,
            product: item_names.product,
            currency: names.currency,
            time: event.time(),
            price,
            is_promoted: crate::price::is_promoted(price, item),
            how,
        })
    }

    /// What it means for the stock.
    #[must_use]
    pub fn interest(&self) -> Interest {
        let is_view = self.how == Wanted::Viewed;
        Interest {
            views: u32::from(is_view),
            cart_adds: u32::from(!is_view),
        }
    }

    /// What it means for prices.
    #[must_use]
    pub fn traffic(&self, day: EventTime) -> Traffic {
        let is_view = self.how == Wanted::Viewed;
        let sums = Sums {
            views: i64::from(is_view),
            cart_adds: i64::from(!is_view),
            promoted: i64::from(self.is_promoted),
            ..Sums::default()
        };
        Traffic {
            day,
            price: self.price,
            sums,
        }
    }

    fn count(&self, deltas: &mut Deltas) {
        let at = match self.how {
            Wanted::Viewed => PRODUCT_VIEWS,
            Wanted::Added => PRODUCT_ADDS,
            Wanted::AddedFromWishes => return,
        };
        let (cube, none) = (cubes::ACTIVITY_BY_PRODUCT, NameId(0));
        let delta = deltas.at(cube, self.store, none, self.product, self.time);
        delta.sums[at] += 1;
    }
}

const PRODUCT_VIEWS: usize = column(cubes::ACTIVITY_BY_PRODUCT, Field::ItemViews);
const PRODUCT_ADDS: usize = column(cubes::ACTIVITY_BY_PRODUCT, Field::CartAdds);

/// Pieces that were lost, broken or stolen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenOff {
    /// The store.
    pub store: NameId,
    /// The product.
    pub product: NameId,
    /// When.
    pub time: EventTime,
    /// How many, in ten-thousandths.
    pub pieces: i64,
}

impl WrittenOff {
    /// The goods that are gone.
    #[must_use]
    pub fn goods(&self) -> Goods {
        Goods {
            written_off: i128::from(self.pieces),
            ..Goods::default()
        }
    }
}

/// How an order or a refund of a product differs from what it said before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sold {
    /// The store.
    pub store: NameId,
    /// The product.
    pub product: NameId,
    /// The currency.
    pub currency: NameId,
    /// When it was sold or given back.
    pub time: EventTime,
    /// Added to its cell, in the order of the cube's fields.
    pub sums: [i128; PRODUCT_FIELDS_MAX],
    /// Pieces that went and came.
    pub goods: Goods,
    /// What was sold at which price; when the day began is for the product's home to say.
    pub at_prices: SmallVec<[Traffic; 1]>,
}

impl Sold {
    /// Nothing yet, of a store's product in a currency.
    pub(crate) fn nothing(
        (store, product, currency): (NameId, NameId, NameId),
        time: EventTime,
    ) -> Sold {
        Sold {
            store,
            product,
            currency,
            time,
            sums: [0; PRODUCT_FIELDS_MAX],
            goods: Goods::default(),
            at_prices: SmallVec::new(),
        }
    }

    /// Whether both are told of the same product, time and currency.
    pub(crate) fn is_of_same(&self, other: &Sold) -> bool {
        let key = |sold: &Sold| (sold.store, sold.product, sold.currency, sold.time);
        key(self) == key(other)
    }

    pub(crate) fn add(&mut self, sums: &[i128; PRODUCT_FIELDS_MAX]) {
        let all = self.sums.iter_mut().zip(sums);
        all.for_each(|(sum, value)| *sum += value);
    }

    pub(crate) fn add_traffic(&mut self, traffic: Traffic) {
        let same = |known: &&mut Traffic| known.price == traffic.price;
        match self.at_prices.iter_mut().find(same) {
            Some(known) => known.sums += traffic.sums,
            None => self.at_prices.push(traffic),
        }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        let is_nothing = |traffic: &Traffic| traffic.sums == Sums::default();
        self.sums == [0; PRODUCT_FIELDS_MAX]
            && self.goods == Goods::default()
            && self.at_prices.iter().all(is_nothing)
    }

    /// The price and the product it is one of.
    #[must_use]
    pub fn price_key(&self) -> PriceKey {
        PriceKey {
            store: self.store,
            product: self.product,
            currency: self.currency,
        }
    }

    fn count(&self, deltas: &mut Deltas) {
        let cube: CubeId = cubes::SALES_BY_PRODUCT;
        let delta = deltas.at(cube, self.store, self.currency, self.product, self.time);
        let sums = delta.sums.iter_mut().zip(self.sums);
        sums.for_each(|(sum, value)| *sum += value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movement_is_small() {
        assert!(size_of::<ProductMovement>() <= 48);
    }
}
