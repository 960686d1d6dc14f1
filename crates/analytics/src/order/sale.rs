//! One order or refund as numbers: its lines, what they are worth, and what it adds to which cells.

use super::{GivenBack, Part, Telling};
use crate::cell::{CubeId, Delta, Deltas, NameId, cubes};
use crate::ladder::Value;
use crate::names::{EventNames, ItemNames};
use crate::payment;
use crate::price::Traffic;
use crate::product::{PRODUCT_FIELDS_MAX, Sold};
use crate::sketch::{bucket, coupon};
use crate::stock::Goods;
use crate::tally::{Field, Tally};
use event::schema::{Amount, ItemAmount, ItemNumber, Text};
use event::{EventRef, EventTime, EventType, KeyKind, LineKind, Money, Quantity, key_hash};
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;

/// A line of an order or refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaleLine {
    /// Identifies the line within its order.
    pub line: i64,
    /// Product, fee or return.
    pub kind: LineKind,
    /// Names.
    pub names: ItemNames,
    /// Price of a piece after its own discount, where stated.
    pub unit_price: Option<Money>,
    /// Price of a piece before discount, where stated.
    pub list_price: Option<Money>,
    /// Pieces.
    pub quantity: Quantity,
    /// What was taken off the price of a piece.
    pub unit_discount: Money,
}

/// A line of an order with its part of the whole: what a product's shard needs of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineShare {
    /// The line.
    pub line: SaleLine,
    /// What it adds to the order's revenue, discounts taken off.
    pub revenue: i128,
    /// 1 at the first sold line of its product, else 0: an order with two lines of a product is one order of it.
    pub orders: i64,
}

/// An order or refund as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// When it was placed.
    pub time: EventTime,
    /// Names of the event that placed it.
    pub names: EventNames,
    /// Hash of the customer, for distinct counts.
    pub customer: Option<u64>,
    /// The customer's id, for histories of single customers.
    pub customer_id: Option<Arc<str>>,
    /// Discount on the order as a whole.
    pub discount: Money,
    /// The sender's own figure: revenue of an order without items, amount of a refund.
    pub stated: Option<Money>,
    /// Lines by line number.
    pub lines: Vec<SaleLine>,
    /// What was given back for the order; empty but in an order as it stands.
    pub given_back: GivenBack,
}

/// A line of the list of recent orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The store.
    pub store: NameId,
    /// Order id, else event id.
    pub key: String,
    /// The order id as sent.
    pub order_id: Option<String>,
    /// When it was placed.
    pub time: EventTime,
    /// Revenue in ten-thousandths.
    pub revenue: i128,
    /// Its currency.
    pub currency: NameId,
    /// Pieces.
    pub units: i128,
    /// Lines.
    pub items: usize,
    /// Country.
    pub country: NameId,
    /// City.
    pub city: NameId,
    /// Product of the first line.
    pub first_product: NameId,
    /// Whether the order was cancelled and so leaves the list.
    pub is_gone: bool,
}

impl SaleLine {
    /// What a line with positive price and quantity that is no return is worth.
    fn sold_value(&self) -> Option<i128> {
        let price = self.unit_price.filter(|price| price.0 > 0)?;
        let is_sold = self.quantity.0 > 0 && matches!(self.kind, LineKind::Product | LineKind::Fee);
        is_sold.then(|| price.times(self.quantity))
    }

    fn tally(&self, discount: i128) -> Tally {
        let mut tally = Tally::default();
        if let Some(value) = self.sold_value() {
            tally[Field::SoldLines] = 1;
            tally[Field::SoldValue] = value;
            tally[Field::Revenue] = value - discount;
            tally[Field::Discounts] = discount + self.unit_discount.times(self.quantity);
            if self.kind == LineKind::Fee {
                tally[Field::FeeLines] = 1;
                tally[Field::FeeValue] = value;
            } else {
                tally[Field::Units] = i128::from(self.quantity.0);
                tally[Field::Gross] = self
                    .list_price
                    .map_or(value, |price| price.times(self.quantity));
            }
        } else if self.quantity.0 > 0 && self.unit_price == Some(Money(0)) {
            tally[Field::ZeroPriceLines] = 1;
        }
        tally
    }

    fn returned_tally(&self) -> Tally {
        let mut tally = Tally::default();
        let quantity = Quantity(self.quantity.0.abs());
        tally[Field::ReturnLines] = 1;
        tally[Field::ReturnedUnits] = i128::from(quantity.0);
        tally[Field::RefundAmount] = self.unit_price.map_or(0, |price| price.times(quantity));
        tally
    }
}

impl Sale {
    /// Reads an order, update or refund.
    #[must_use]
    pub fn of(event: EventRef<'_>, names: &EventNames, items: &[ItemNames]) -> Sale {
        let line = |(at, (item, names)): (usize, (event::ItemRef<'_>, &ItemNames))| SaleLine {
            line: item.number(ItemNumber::Line).unwrap_or(at as i64),
            kind: item.kind(),
            names: *names,
            unit_price: item.unit_price(),
            list_price: item.amount(ItemAmount::ListPrice).map(Money),
            quantity: item.quantity(),
            unit_discount: item
                .amount(ItemAmount::UnitDiscount)
                .map_or(Money(0), Money),
        };
        let stated = event
            .amount(Amount::RefundAmount)
            .or_else(|| event.amount(Amount::Revenue))
            .or_else(|| event.amount(Amount::Total));
        Sale {
            time: event.time(),
            names: *names,
            customer: event
                .text(Text::CustomerId)
                .map(|id| key_hash(event.store(), KeyKind::Person, id.as_bytes())),
            customer_id: event.text(Text::CustomerId).map(Arc::from),
            discount: event.amount(Amount::Discount).unwrap_or_default(),
            stated,
            lines: event.items().zip(items).enumerate().map(line).collect(),
            given_back: GivenBack::default(),
        }
    }

    /// Takes in lines it does not have yet: the same order again, read when more of its rows were there.
    pub fn add_lines(&mut self, lines: Vec<SaleLine>) {
        for line in lines {
            if !self.lines.iter().any(|known| known.line == line.line) {
                self.lines.push(line);
            }
        }
    }

    /// Takes in a refund of the same id, read from other rows of a file: lines it does not have yet, and what they are
    /// worth. The earlier of both says when it was and whose it is.
    pub fn add_returned(&mut self, other: Sale, is_earlier: bool) {
        for line in other.lines {
            if self.lines.iter().any(|known| known.line == line.line) {
                continue;
            }
            let worth = line
                .unit_price
                .map_or(0, |price| price.times(line.quantity));
            self.stated = self.stated.and_then(|stated| {
                let stated = i128::from(stated.0) + worth.abs();
                i64::try_from(stated).ok().map(Money)
            });
            self.lines.push(line);
        }
        if is_earlier {
            (self.time, self.names) = (other.time, other.names);
            (self.customer, self.customer_id) = (other.customer, other.customer_id);
        }
    }

    /// Tallies line by line; the order's discount is spread over sold lines by value, so that parts add up to the whole exactly.
    fn line_tallies(&self) -> Vec<(ItemNames, Tally)> {
        let total: i128 = self.lines.iter().filter_map(SaleLine::sold_value).sum();
        let mut before: i128 = 0;
        let mut spread: i128 = 0;
        let tally = |line: &SaleLine| {
            let up_to = before + line.sold_value().unwrap_or(0);
            let discount_up_to = part(self.discount, up_to, total);
            let discount = discount_up_to - spread;
            (before, spread) = (up_to, discount_up_to);
            (line.names, line.tally(discount))
        };
        self.lines.iter().map(tally).collect()
    }

    /// The lines of an order, each with its part of the whole.
    #[must_use]
    pub fn shares(&self) -> Vec<LineShare> {
        self.shares_of(&self.line_tallies())
    }

    fn shares_of(&self, tallies: &[(ItemNames, Tally)]) -> Vec<LineShare> {
        let is_first = |at: usize| {
            let sold = |(names, tally): &&(ItemNames, Tally)| {
                tally[Field::SoldLines] > 0 && names.product == tallies[at].0.product
            };
            tallies[at].1[Field::SoldLines] > 0 && !tallies[..at].iter().any(|one| sold(&one))
        };
        let share = |(at, line): (usize, &SaleLine)| LineShare {
            line: *line,
            revenue: tallies[at].1[Field::Revenue],
            orders: i64::from(is_first(at)),
        };
        self.lines.iter().enumerate().map(share).collect()
    }

    /// The whole order's numbers.
    fn tally(&self, lines: &[(ItemNames, Tally)]) -> Tally {
        let mut whole = sum(lines.iter().map(|(_, tally)| tally));
        if self.lines.is_empty() {
            whole[Field::Revenue] = i128::from(self.stated.unwrap_or_default().0);
            whole[Field::Discounts] = i128::from(self.discount.0);
        }
        let has_value =
            whole[Field::SoldLines] > 0 || (self.lines.is_empty() && whole[Field::Revenue] > 0);
        whole[Field::Orders] = i128::from(has_value);
        whole[Field::FeeOnlyOrders] = i128::from(
            has_value
                && whole[Field::FeeLines] == whole[Field::SoldLines]
                && !self.lines.is_empty(),
        );
        whole
    }

    /// The numbers of the whole order, or of the whole refund.
    #[must_use]
    pub fn totals(&self, is_refund: bool) -> Tally {
        if is_refund {
            self.refund_tally(&self.returned_tallies())
        } else {
            self.tally(&self.line_tallies())
        }
    }

    fn returned_tallies(&self) -> Vec<(ItemNames, Tally)> {
        self.lines
            .iter()
            .map(|line| (line.names, line.returned_tally()))
            .collect()
    }

    fn refund_tally(&self, lines: &[(ItemNames, Tally)]) -> Tally {
        let mut whole = sum(lines.iter().map(|(_, tally)| tally));
        whole[Field::Refunds] = 1;
        if let Some(stated) = self.stated {
            whole[Field::RefundAmount] = i128::from(stated.0);
        }
        whole
    }

    /// Adds the order to its cells, or takes it back with sign −1; `told` takes what its products' shards learn of it.
    pub fn fold(&self, sign: i64, deltas: &mut Deltas, told: &mut Telling) {
        let lines = self.line_tallies();
        let whole = self.tally(&lines);
        let order_value = (whole[Field::Orders] > 0)
            .then(|| bucket(i64::try_from(whole[Field::Revenue]).unwrap_or(i64::MAX)));
        for (cube, value) in self.cells() {
            self.add(cube, value, &whole, order_value, sign, deltas);
        }
        for (category, tally) in by(&lines, |names| names.category) {
            let order_value = order_value.filter(|_| tally[Field::Orders] > 0);
            self.add(
                cubes::SALES_BY_CATEGORY,
                category,
                &tally,
                order_value,
                sign,
                deltas,
            );
        }
        for (product, tally) in by(&lines, |names| names.product) {
            self.tell_product(product, &tally, sign, told);
        }
        for share in self.shares_of(&lines) {
            let line = &share.line;
            let goods = Goods::of(EventType::Order, line.kind, line.quantity);
            self.tell_goods(line.names.product, goods, sign, told);
            if let Some(traffic) = Traffic::of_share(&share, self.time) {
                self.tell_traffic(line.names.product, traffic, sign, told);
            }
        }
        if whole[Field::Orders] > 0 {
            payment::count_order(self.time, &self.names, sign, deltas);
        }
        self.fold_given_back(whole[Field::Orders] > 0, sign, deltas);
    }

    /// Adds what was given back for the order to the cells of its date.
    fn fold_given_back(&self, is_order: bool, sign: i64, deltas: &mut Deltas) {
        let cells = |category: Option<NameId>| -> SmallVec<[(CubeId, NameId); 6]> {
            match category {
                Some(category) => smallvec![(cubes::SALES_BY_CATEGORY, category)],
                None => self.cells().collect(),
            }
        };
        let add = |delta: &mut Delta, cube: CubeId, field, number: i128| {
            let at = (cube.cube().fields.iter()).position(|known| *known == field);
            delta.sums[at.expect("cells of orders keep it")] += i128::from(sign) * number;
        };
        for part in &self.given_back.0 {
            for (cube, value) in cells(part.category) {
                let (store, time) = (self.names.store, self.time);
                let delta = deltas.at(cube, store, part.currency, value, time);
                add(delta, cube, Field::OrderRefunds, part.amount);
            }
        }
        for category in self.given_back.categories().filter(|_| is_order) {
            for (cube, value) in cells(category) {
                add(
                    self.delta(cube, value, deltas),
                    cube,
                    Field::RefundedOrders,
                    1,
                );
            }
        }
    }

    /// What this refund gives back: as a whole, and by category.
    #[must_use]
    pub fn gives_back(&self) -> GivenBack {
        let lines = self.returned_tallies();
        let part = |category, tally: &Tally| Part {
            currency: self.names.currency,
            category,
            refunds: 1,
            amount: tally[Field::RefundAmount],
        };
        let whole = part(None, &self.refund_tally(&lines));
        let categories = by(&lines, |names| names.category);
        let categories = categories
            .iter()
            .map(|(name, tally)| part(Some(*name), tally));
        GivenBack::of(std::iter::once(whole).chain(categories))
    }

    /// Adds a refund to its cells, or takes it back.
    pub fn fold_refund(&self, sign: i64, deltas: &mut Deltas, told: &mut Telling) {
        let lines = self.returned_tallies();
        let whole = self.refund_tally(&lines);
        for (cube, value) in self.cells() {
            self.add(cube, value, &whole, None, sign, deltas);
        }
        for (category, mut tally) in by(&lines, |names| names.category) {
            (tally[Field::Orders], tally[Field::Refunds]) = (0, 1);
            self.add(
                cubes::SALES_BY_CATEGORY,
                category,
                &tally,
                None,
                sign,
                deltas,
            );
        }
        for (product, mut tally) in by(&lines, |names| names.product) {
            tally[Field::Orders] = 0;
            self.tell_product(product, &tally, sign, told);
        }
        for line in &self.lines {
            let goods = Goods::of(EventType::Refund, line.kind, line.quantity);
            self.tell_goods(line.names.product, goods, sign, told);
        }
    }

    /// Counts the customer of an order of value. Distinct counts cannot be taken back, so every order event counts,
    /// whether it wins its order id or not: the answer then depends on the events alone.
    pub fn count_customer(&self, deltas: &mut Deltas) {
        let Some(customer) = self.customer.map(coupon) else {
            return;
        };
        let lines = self.line_tallies();
        if self.tally(&lines)[Field::Orders] == 0 {
            return;
        }
        let sold = by(&lines, |names| names.category)
            .into_iter()
            .filter(|(_, tally)| tally[Field::Orders] > 0);
        let categories = sold.map(|(category, _)| (cubes::SALES_BY_CATEGORY, category));
        for (cube, value) in self.cells().chain(categories) {
            let coupons = &mut self.delta(cube, value, deltas).coupons;
            coupons
                .iter_mut()
                .for_each(|coupons| coupons.push(customer));
        }
    }

    /// Cells of the whole order.
    fn cells(&self) -> impl Iterator<Item = (CubeId, NameId)> + use<> {
        let names = self.names;
        let cells = [
            (cubes::SALES, NameId(0)),
            (cubes::SALES_BY_COUNTRY, names.country),
            (cubes::SALES_BY_DEVICE, names.device),
            (cubes::SALES_BY_IDENTITY, names.identity),
            (cubes::SALES_BY_PAYMENT_METHOD, names.payment_method),
            (cubes::SALES_BY_COUPON, names.coupon),
        ];
        cells.into_iter()
    }

    fn delta<'d>(&self, cube: CubeId, value: NameId, deltas: &'d mut Deltas) -> &'d mut Delta {
        deltas.at(
            cube,
            self.names.store,
            self.names.currency,
            value,
            self.time,
        )
    }

    fn add(
        &self,
        cube: CubeId,
        value: NameId,
        tally: &Tally,
        order_value: Option<i32>,
        sign: i64,
        deltas: &mut Deltas,
    ) {
        let delta = self.delta(cube, value, deltas);
        for (sum, field) in delta.sums.iter_mut().zip(cube.cube().fields) {
            *sum += i128::from(sign) * tally[*field];
        }
        let order_value = order_value.filter(|_| cube.cube().has_order_value);
        delta
            .order_values
            .extend(order_value.map(|bucket| (bucket, sign)));
    }

    fn tell_product(&self, product: NameId, tally: &Tally, sign: i64, told: &mut Telling) {
        let mut sums = [0; PRODUCT_FIELDS_MAX];
        sums.iter_mut()
            .zip(cubes::SALES_BY_PRODUCT.cube().fields)
            .for_each(|(sum, field)| *sum = i128::from(sign) * tally[*field]);
        told.tell(self.sold(product), |sold| sold.add(&sums));
    }

    fn tell_goods(&self, product: NameId, goods: Option<Goods>, sign: i64, told: &mut Telling) {
        let Some(goods) = goods else { return };
        let goods = if sign < 0 { goods.taken_back() } else { goods };
        told.tell(self.sold(product), |sold| sold.goods.merge(&goods));
    }

    fn tell_traffic(&self, product: NameId, traffic: Traffic, sign: i64, told: &mut Telling) {
        let traffic = match sign < 0 {
            true => traffic.taken_back(),
            false => traffic,
        };
        told.tell(self.sold(product), |sold| sold.add_traffic(traffic));
    }

    /// Nothing yet of one of its products.
    fn sold(&self, product: NameId) -> Sold {
        let names = &self.names;
        Sold::nothing((names.store, product, names.currency), self.time)
    }

    /// The order in the list of recent orders.
    #[must_use]
    pub fn row(&self, key: &str, order_id: Option<&str>, is_gone: bool) -> OrderRow {
        let whole = self.tally(&self.line_tallies());
        OrderRow {
            store: self.names.store,
            key: key.to_owned(),
            order_id: order_id.map(str::to_owned),
            time: self.time,
            revenue: whole[Field::Revenue],
            currency: self.names.currency,
            units: whole[Field::Units],
            items: self.lines.len(),
            country: self.names.country,
            city: self.names.city,
            first_product: self
                .lines
                .first()
                .map_or(NameId(0), |line| line.names.product),
            is_gone: is_gone || whole[Field::Orders] == 0,
        }
    }
}

/// A discount's part at so much of the total value; all of it at the whole.
fn part(discount: Money, up_to: i128, total: i128) -> i128 {
    let discount = i128::from(discount.0);
    if total == 0 {
        return 0;
    }
    // Of absurd values, which alone are too large to multiply, the upper half is exact enough.
    let absurd = || discount * (up_to >> 64) / (total >> 64).max(1);
    let exact = discount.checked_mul(up_to).map(|product| product / total);
    exact.unwrap_or_else(absurd)
}

fn sum<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Tally {
    tallies.fold(Tally::default(), |mut sum, tally| {
        sum.add(tally);
        sum
    })
}

/// Groups lines by a name; a group with a sold line is part of one order.
fn by(lines: &[(ItemNames, Tally)], name: impl Fn(&ItemNames) -> NameId) -> Vec<(NameId, Tally)> {
    let mut groups: Vec<(NameId, Tally)> = Vec::with_capacity(lines.len());
    for (names, tally) in lines {
        let name = name(names);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => sum.add(tally),
            None => groups.push((name, *tally)),
        }
    }
    for (_, tally) in &mut groups {
        tally[Field::Orders] = i128::from(tally[Field::SoldLines] > 0);
    }
    groups
}
