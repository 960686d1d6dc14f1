//! What the written events add up to, counted exactly while they are made. No sketches, no floats: whoever reads the
//! bytes must come to these numbers. Sessions, carts and single orders are the ledger's.

use crate::catalogue::Line;
use crate::event::SimEvent;
use crate::kind::Kind;
use crate::money::{Currency, Money};
use crate::number_set::NumberSet;
use crate::places::COUNTRIES;
use crate::time::Time;
use crate::write::{Format, Shown};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
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
    /// The name.
    pub name: &'static str,
    /// Product pages shown; 0 where the dialect has no word for them.
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
    /// Lines that count: each one or a part of an event.
    pub events: u64,
    /// Time of the first and the last event.
    pub span: Option<(Time, Time)>,
    /// Orders; in some dialects each line is one.
    pub orders: u64,
    /// Pieces sold.
    pub units: u64,
    /// Price times quantity of everything sold.
    pub sold: Amounts,
    /// What orders brought in, as the dialect says it: less discounts where it knows them, with postage where that is a line.
    pub revenue: Amounts,
    /// Refunds.
    pub refunds: u64,
    /// Paid back.
    pub refunded: Amounts,
    by_kind: [u64; Kind::COUNT],
    left_out: [u64; Kind::COUNT],
    by_bot: BTreeMap<&'static str, u64>,
    by_category: Vec<CategoryTruth>,
    by_country: [CountryTruth; COUNTRIES.len()],
    by_product: HashMap<u32, Sold>,
    by_payment: BTreeMap<&'static str, u64>,
    visitors: NumberSet,
    addresses: HashSet<u64>,
    /// Days that are over, with their distinct visitors; the set of the day under way is kept apart.
    visitors_by_day: BTreeMap<i64, u64>,
    today: Option<i64>,
    visitors_today: NumberSet,
    buyers: NumberSet,
    order_counted: u128,
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
            left_out: [0; Kind::COUNT],
            by_bot: BTreeMap::new(),
            by_category: Vec::new(),
            by_country: [CountryTruth::default(); COUNTRIES.len()],
            by_product: HashMap::new(),
            by_payment: BTreeMap::new(),
            visitors: NumberSet::default(),
            addresses: HashSet::new(),
            visitors_by_day: BTreeMap::new(),
            today: None,
            visitors_today: NumberSet::default(),
            buyers: NumberSet::default(),
            order_counted: 0,
        }
    }

    /// Counts an event that was written in this truth's dialect, or could not be. Events come in the order of time.
    pub fn observe(&mut self, event: &SimEvent<'_>) {
        let lines = self.format.lines_of(event);
        if lines == 0 {
            self.leave_out(event);
        }
        (0..lines).for_each(|index| self.observe_line(event, index));
    }

    /// Counts an event that the dialect has no word for.
    pub fn leave_out(&mut self, event: &SimEvent<'_>) {
        self.left_out[event.kind as usize] += 1;
    }

    /// Counts one line of an event, and its sums with it.
    pub fn observe_line(&mut self, event: &SimEvent<'_>, index: usize) {
        let Some(kind) = self.format.kind_of(event) else {
            return;
        };
        self.observe_presence(event, kind);
        let goods = self.format.goods_of(event, index);
        match kind {
            Kind::Order => {
                goods
                    .lines()
                    .iter()
                    .for_each(|line| self.observe_sale(line, event.currency));
                self.observe_order(event, index);
            }
            Kind::Refund => {
                self.refunds += u64::from(self.is_first_line_of(event));
                self.refunded
                    .add(event.currency, self.format.refunded_by(event, index));
            }
            _ => goods
                .lines()
                .iter()
                .for_each(|line| self.observe_interest(kind, line)),
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
        self.by_category.get(index).copied().unwrap_or_default()
    }

    /// Distinct visitors, as far as the dialect tells them apart: cookies, customers, or addresses with a browser.
    #[must_use]
    pub fn visitors(&self) -> u64 {
        self.visitors.count() + self.addresses.len() as u64
    }

    /// Distinct customer ids with an order.
    #[must_use]
    pub fn buyers(&self) -> u64 {
        self.buyers.count()
    }

    fn observe_presence(&mut self, event: &SimEvent<'_>, kind: Kind) {
        let time = self.format.time_of(event);
        self.events += 1;
        self.span = Some((self.span.map_or(time, |(first, _)| first), time));
        self.by_kind[kind as usize] += 1;
        if let Some(bot) = event.who.bot {
            *self.by_bot.entry(bot.name()).or_default() += 1;
        }
        if kind.has_visitor() {
            if self.format.has_country() {
                self.by_country[event.who.visitor.country_index()].events += 1;
            }
            self.observe_visitor(event, time);
        }
    }

    fn observe_visitor(&mut self, event: &SimEvent<'_>, time: Time) {
        let number = match self.format.shows() {
            Shown::Cookie => event.who.cookie(),
            Shown::Customer => event.who.visitor.number,
            Shown::Address => {
                self.addresses.extend(self.format.visitor_of(event));
                return;
            }
            Shown::Buyer if event.who.is_signed_in => event.who.visitor.number,
            Shown::Buyer => return,
        };
        self.visitors.insert(number);
        if self.today != Some(time.day()) {
            self.close_day();
            self.today = Some(time.day());
        }
        self.visitors_today.insert(number);
    }

    /// A day's set is not needed once the day is over: a year of days would be a gigabyte.
    fn close_day(&mut self) {
        let visitors = std::mem::take(&mut self.visitors_today);
        if let Some(day) = self.today.take() {
            *self.visitors_by_day.entry(day).or_default() += visitors.count();
        }
    }

    /// Several lines of one order are one order; where each line is an order, each is the first.
    fn is_first_line_of(&mut self, event: &SimEvent<'_>) -> bool {
        let is_first = self.format.splits_orders() || self.order_counted != event.id;
        self.order_counted = event.id;
        is_first
    }

    fn observe_interest(&mut self, kind: Kind, line: &Line) {
        let Some(category) = self.category_of(line) else {
            return;
        };
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
        if let Some(category) = self.category_of(line) {
            category.sold.add(line, currency);
        }
        self.by_product
            .entry(line.product.number)
            .or_default()
            .add(line, currency);
    }

    /// The totals of a product's category, where the dialect names it.
    fn category_of(&mut self, line: &Line) -> Option<&mut CategoryTruth> {
        if !self.format.has_category() {
            return None;
        }
        let index = line.product.category_index();
        if index >= self.by_category.len() {
            self.by_category
                .resize_with(index + 1, CategoryTruth::default);
        }
        let category = &mut self.by_category[index];
        category.name = line.product.category().name;
        Some(category)
    }

    fn observe_order(&mut self, event: &SimEvent<'_>, index: usize) {
        let orders = u64::from(self.is_first_line_of(event));
        let revenue = self.format.revenue_of(event, index);
        self.orders += orders;
        self.revenue.add(event.currency, revenue);
        if self.format.has_country() {
            let country = &mut self.by_country[event.who.visitor.country_index()];
            country.orders += orders;
            country.revenue.add(event.currency, revenue);
        }
        if self.format.has_discounts() {
            let method = event.who.visitor.payment.name();
            *self.by_payment.entry(method).or_default() += 1;
        }
        if event.who.is_signed_in || self.format.shows() == Shown::Customer {
            self.buyers.insert(event.who.visitor.number);
        }
    }

    /// Everything as one JSON object. Money is decimal text by currency; keys without events are left out.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let counted = |counts: &[u64; Kind::COUNT]| -> Map<String, Value> {
            let kinds = Kind::ALL
                .iter()
                .zip(counts)
                .filter(|(_, count)| **count > 0);
            kinds
                .map(|(kind, count)| (kind.name().to_owned(), (*count).into()))
                .collect()
        };
        let mut days = self.visitors_by_day.clone();
        if let Some(today) = self.today {
            *days.entry(today).or_default() += self.visitors_today.count();
        }
        json!({
            "format": self.format.name(),
            "events": self.events,
            "first_event": self.span.map(|(first, _)| first.utc_text()),
            "last_event": self.span.map(|(_, last)| last.utc_text()),
            "by_type": counted(&self.by_kind),
            "left_out": counted(&self.left_out),
            "bot_events": self.by_bot,
            "orders": self.orders,
            "units": self.units,
            "sold_value": self.sold.to_json(),
            "revenue": self.revenue.to_json(),
            "refunds": self.refunds,
            "refund_amount": self.refunded.to_json(),
            "visitors": self.visitors(),
            "visitors_by_day": days.into_iter().map(|(day, visitors)| (Time::date_text(day), visitors.into())).collect::<Map<_, _>>(),
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
        let named = self
            .by_category
            .iter()
            .filter(|totals| totals.item_views + totals.cart_adds + totals.sold.units > 0);
        let entry = |totals: &CategoryTruth| {
            json!({
                "item_views": totals.item_views,
                "cart_adds": totals.cart_adds,
                "units": totals.sold.units,
                "sold_value": totals.sold.value.to_json(),
            })
        };
        named
            .map(|totals| (totals.name.to_owned(), entry(totals)))
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
