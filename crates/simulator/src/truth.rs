//! What the written events add up to, counted exactly while they are made. No sketches, no floats:
//! whoever reads the bytes must come to these numbers. Sessions and carts are not counted yet.

use crate::assortment::CATEGORIES;
use crate::catalogue::Line;
use crate::event::{Detail, SimEvent};
use crate::kind::Kind;
use crate::money::{Currency, Money};
use crate::number_set::NumberSet;
use crate::places::COUNTRIES;
use crate::time::Time;
use crate::write::{Format, lines_of, product_of};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::io;

/// Money by currency; sums of different currencies are no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts([Money; Currency::ALL.len()]);

impl Amounts {
    /// The amount of a currency.
    #[must_use]
    pub fn of(&self, currency: Currency) -> Money {
        self.0[currency as usize]
    }

    pub(crate) fn add(&mut self, currency: Currency, amount: Money) {
        self.0[currency as usize] += amount;
    }

    /// Decimal text by currency code; currencies without an amount are left out.
    pub(crate) fn to_json(self) -> Value {
        let stated = Currency::ALL
            .into_iter()
            .filter(|currency| self.of(*currency) != Money::ZERO);
        stated
            .map(|currency| {
                (
                    currency.code().to_owned(),
                    Value::from(self.of(currency).to_string()),
                )
            })
            .collect::<Map<_, _>>()
            .into()
    }
}

/// What was sold of something: a product, a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sold {
    /// Pieces.
    pub units: u64,
    /// Price times quantity, before the order's discount.
    pub value: Amounts,
}

impl Sold {
    fn add(&mut self, line: &Line, currency: Currency) {
        self.units += u64::from(line.quantity);
        self.value
            .add(currency, currency.price(line.product.price) * line.quantity);
    }
}

/// The totals of a category. Lines of item views and cart additions, not events, are what a category owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CategoryTruth {
    /// Product pages shown; 0 in the seed form, which has no word for them.
    pub item_views: u64,
    /// Times something of it was put into a cart.
    pub cart_adds: u64,
    /// What was sold of it.
    pub sold: Sold,
}

/// The totals of a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountryTruth {
    /// Events.
    pub events: u64,
    /// Orders.
    pub orders: u64,
    /// Sold value less discounts.
    pub revenue: Amounts,
}

/// Exact totals of all events observed, as they were written.
#[derive(Debug, Clone)]
pub struct Truth {
    format: Format,
    /// Lines written.
    pub events: u64,
    /// Time of the first and the last event.
    pub span: Option<(Time, Time)>,
    /// Orders; in the seed form each line is one.
    pub orders: u64,
    /// Pieces sold.
    pub units: u64,
    /// Price times quantity of everything sold.
    pub sold: Amounts,
    /// Sold value less discounts; the seed form knows no discounts.
    pub revenue: Amounts,
    /// Refunds.
    pub refunds: u64,
    /// Paid back.
    pub refunded: Amounts,
    by_kind: [u64; Kind::COUNT],
    by_category: Vec<CategoryTruth>,
    by_country: [CountryTruth; COUNTRIES.len()],
    by_product: HashMap<u32, Sold>,
    by_payment: BTreeMap<&'static str, u64>,
    visitors: NumberSet,
    visitors_by_day: BTreeMap<i64, NumberSet>,
    buyers: NumberSet,
}

impl Truth {
    /// Nothing yet; the form decides what an event is counted as.
    #[must_use]
    pub fn new(format: Format) -> Truth {
        Truth {
            format,
            events: 0,
            span: None,
            orders: 0,
            units: 0,
            sold: Amounts::default(),
            revenue: Amounts::default(),
            refunds: 0,
            refunded: Amounts::default(),
            by_kind: [0; Kind::COUNT],
            by_category: vec![CategoryTruth::default(); CATEGORIES.len()],
            by_country: [CountryTruth::default(); COUNTRIES.len()],
            by_product: HashMap::new(),
            by_payment: BTreeMap::new(),
            visitors: NumberSet::default(),
            visitors_by_day: BTreeMap::new(),
            buyers: NumberSet::default(),
        }
    }

    /// Counts an event that was written in this truth's form.
    pub fn observe(&mut self, event: &SimEvent<'_>) {
        match self.format {
            Format::Canonical => self.observe_canonical(event),
            Format::Seed => {
                (0..lines_of(event)).for_each(|index| self.observe_seed_line(event, index))
            }
        }
    }

    /// Events of a kind.
    #[must_use]
    pub fn events_of(&self, kind: Kind) -> u64 {
        self.by_kind[kind as usize]
    }

    /// The totals of a country, by its position in the list.
    #[must_use]
    pub fn country(&self, index: usize) -> CountryTruth {
        self.by_country[index]
    }

    /// The totals of a category, by its position in the assortment.
    #[must_use]
    pub fn category(&self, index: usize) -> CategoryTruth {
        self.by_category[index]
    }

    /// Distinct cookies; in the seed form distinct customer ids.
    #[must_use]
    pub fn visitors(&self) -> u64 {
        self.visitors.count()
    }

    /// Distinct customer ids with an order.
    #[must_use]
    pub fn buyers(&self) -> u64 {
        self.buyers.count()
    }

    fn observe_canonical(&mut self, event: &SimEvent<'_>) {
        self.observe_presence(event, event.kind, event.who.cookie());
        match event.detail {
            Detail::Order { bill, .. } => {
                event
                    .lines
                    .iter()
                    .for_each(|line| self.observe_sale(line, event.currency));
                self.observe_order(event, bill.revenue());
                self.observe_payment(event);
            }
            Detail::Refund { amount, .. } => {
                self.refunds += 1;
                self.refunded.add(event.currency, amount);
            }
            _ => event
                .lines
                .iter()
                .for_each(|line| self.observe_interest(event.kind, line)),
        }
    }

    fn observe_seed_line(&mut self, event: &SimEvent<'_>, index: usize) {
        let Some(kind) = event.kind.as_seed_reads() else {
            return;
        };
        self.observe_presence(event, kind, event.who.visitor.number);
        let line = product_of(event, index);
        if kind == Kind::Order {
            self.observe_sale(&line, event.currency);
            self.observe_order(
                event,
                event.currency.price(line.product.price) * line.quantity,
            );
            self.buyers.insert(event.who.visitor.number);
        } else {
            self.observe_interest(kind, &line);
        }
    }

    fn observe_presence(&mut self, event: &SimEvent<'_>, kind: Kind, visitor: u32) {
        self.events += 1;
        self.span = Some((self.span.map_or(event.time, |(first, _)| first), event.time));
        self.by_kind[kind as usize] += 1;
        self.by_country[event.who.visitor.country_index()].events += 1;
        self.visitors.insert(visitor);
        self.visitors_by_day
            .entry(event.time.day())
            .or_default()
            .insert(visitor);
    }

    fn observe_interest(&mut self, kind: Kind, line: &Line) {
        let category = &mut self.by_category[line.product.category_index()];
        match kind {
            Kind::ItemView => category.item_views += 1,
            Kind::CartAdd => category.cart_adds += 1,
            _ => {}
        }
    }

    fn observe_sale(&mut self, line: &Line, currency: Currency) {
        self.units += u64::from(line.quantity);
        self.sold
            .add(currency, currency.price(line.product.price) * line.quantity);
        self.by_category[line.product.category_index()]
            .sold
            .add(line, currency);
        self.by_product
            .entry(line.product.number)
            .or_default()
            .add(line, currency);
    }

    fn observe_order(&mut self, event: &SimEvent<'_>, revenue: Money) {
        self.orders += 1;
        self.revenue.add(event.currency, revenue);
        let country = &mut self.by_country[event.who.visitor.country_index()];
        country.orders += 1;
        country.revenue.add(event.currency, revenue);
    }

    fn observe_payment(&mut self, event: &SimEvent<'_>) {
        *self
            .by_payment
            .entry(event.who.visitor.payment.name())
            .or_default() += 1;
        if event.who.is_signed_in {
            self.buyers.insert(event.who.visitor.number);
        }
    }

    /// Everything as one JSON object. Money is decimal text by currency; keys without events are left out.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let kinds = Kind::ALL.iter().filter(|kind| self.events_of(**kind) > 0);
        let days = self.visitors_by_day.iter();
        json!({
            "format": self.format.name(),
            "events": self.events,
            "first_event": self.span.map(|(first, _)| first.utc_text()),
            "last_event": self.span.map(|(_, last)| last.utc_text()),
            "by_type": kinds.map(|kind| (kind.name().to_owned(), self.events_of(*kind).into())).collect::<Map<_, _>>(),
            "orders": self.orders,
            "units": self.units,
            "sold_value": self.sold.to_json(),
            "revenue": self.revenue.to_json(),
            "refunds": self.refunds,
            "refund_amount": self.refunded.to_json(),
            "visitors": self.visitors(),
            "visitors_by_day": days.map(|(day, set)| (Time::date_text(*day), set.count().into())).collect::<Map<_, _>>(),
            "customers_with_order": self.buyers(),
            "orders_by_payment_method": self.by_payment,
            "by_country": self.countries_json(),
            "by_category": self.categories_json(),
            "by_product": self.products_json(),
        })
    }

    /// Writes `to_json` with a line end.
    pub fn write_json(&self, out: &mut impl io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &self.to_json())?;
        out.write_all(b"\n")
    }

    fn countries_json(&self) -> Map<String, Value> {
        let named = COUNTRIES
            .iter()
            .zip(&self.by_country)
            .filter(|(_, totals)| totals.events > 0);
        let entry = |totals: &CountryTruth| json!({"events": totals.events, "orders": totals.orders, "revenue": totals.revenue.to_json()});
        named
            .map(|(country, totals)| (country.name.to_owned(), entry(totals)))
            .collect()
    }

    fn categories_json(&self) -> Map<String, Value> {
        let named = CATEGORIES
            .iter()
            .zip(&self.by_category)
            .filter(|(_, totals)| **totals != CategoryTruth::default());
        let entry = |totals: &CategoryTruth| {
            json!({
                "item_views": totals.item_views,
                "cart_adds": totals.cart_adds,
                "units": totals.sold.units,
                "sold_value": totals.sold.value.to_json(),
            })
        };
        named
            .map(|(category, totals)| (category.name.to_owned(), entry(totals)))
            .collect()
    }

    /// Products that were sold, by number.
    fn products_json(&self) -> Map<String, Value> {
        let sorted: BTreeMap<&u32, &Sold> = self.by_product.iter().collect();
        let entry = |sold: &Sold| json!({"units": sold.units, "sold_value": sold.value.to_json()});
        sorted
            .into_iter()
            .map(|(number, sold)| (format!("prod_{number}"), entry(sold)))
            .collect()
    }
}
