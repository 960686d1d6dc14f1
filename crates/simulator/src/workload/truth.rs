//! What a reader of workload W must come to: every line accounted for, every sum exact.

use crate::assortment::CATEGORIES;
use crate::event::SimEvent;
use crate::fault::Fault;
use crate::kind::Kind;
use crate::money::{Currency, Money};
use crate::number_set::NumberSet;
use crate::places::COUNTRIES;
use crate::time::{MINUTE_MICROS, Time};
use crate::write::product_of;
use serde_json::{Map, Value, json};
use std::io;

/// Exact totals of a workload. `lines = unique_valid + duplicates + invalid`; all others count unique valid events.
#[derive(Debug, Clone)]
pub struct WTruth {
    /// Lines in the file.
    pub lines: u64,
    /// Bytes in the file.
    pub bytes: u64,
    /// Valid events, repetitions not counted.
    pub unique_valid: u64,
    /// Lines that repeat an earlier one byte by byte.
    pub duplicates: u64,
    /// Lines that must be set aside.
    pub invalid: u64,
    /// Lines, repetitions included, that are older than a line before them. Broken lines have no say in the order.
    pub out_of_order: u64,
    /// How far the oldest of these lies behind the newest line before it.
    pub disorder_micros_max: i64,
    /// Events of kind order.
    pub purchases: u64,
    /// Pieces bought.
    pub units: u64,
    /// Price times quantity of everything bought, in dollars.
    pub revenue: Money,
    first_minute: i64,
    newest: Time,
    by_fault: [u64; Fault::ALL.len()],
    by_kind: [u64; Kind::COUNT],
    events_by_category: Vec<u64>,
    revenue_by_category: Vec<Money>,
    events_by_country: [u64; COUNTRIES.len()],
    events_by_minute: Vec<u64>,
    customers: NumberSet,
    buyers: NumberSet,
    products: NumberSet,
}

impl WTruth {
    pub(super) fn new(start: Time) -> WTruth {
        WTruth {
            lines: 0,
            bytes: 0,
            unique_valid: 0,
            duplicates: 0,
            invalid: 0,
            out_of_order: 0,
            disorder_micros_max: 0,
            purchases: 0,
            units: 0,
            revenue: Money::ZERO,
            first_minute: start.minute(),
            newest: start,
            by_fault: [0; Fault::ALL.len()],
            by_kind: [0; Kind::COUNT],
            events_by_category: vec![0; CATEGORIES.len()],
            revenue_by_category: vec![Money::ZERO; CATEGORIES.len()],
            events_by_country: [0; COUNTRIES.len()],
            events_by_minute: Vec::new(),
            customers: NumberSet::default(),
            buyers: NumberSet::default(),
            products: NumberSet::default(),
        }
    }

    /// Distinct customer ids.
    #[must_use]
    pub fn customers(&self) -> u64 {
        self.customers.count()
    }

    /// Distinct customer ids with a purchase.
    #[must_use]
    pub fn buyers(&self) -> u64 {
        self.buyers.count()
    }

    /// Distinct products.
    #[must_use]
    pub fn products(&self) -> u64 {
        self.products.count()
    }

    /// Events of a kind, as the seed's words are read.
    #[must_use]
    pub fn events_of(&self, kind: Kind) -> u64 {
        self.by_kind[kind as usize]
    }

    /// Lines with this fault.
    #[must_use]
    pub fn invalid_by(&self, fault: Fault) -> u64 {
        self.by_fault[fault as usize]
    }

    pub(super) fn count_line(&mut self, bytes: usize) {
        self.lines += 1;
        self.bytes += bytes as u64;
    }

    /// Notes the place of a readable line in the order of the file.
    pub(super) fn count_order(&mut self, time: Time) {
        if time < self.newest {
            self.out_of_order += 1;
            self.disorder_micros_max = self.disorder_micros_max.max(self.newest.0 - time.0);
        }
        self.newest = self.newest.max(time);
    }

    pub(super) fn count_invalid(&mut self, fault: Fault) {
        self.invalid += 1;
        self.by_fault[fault as usize] += 1;
    }

    pub(super) fn count_duplicates(&mut self, lines: u64) {
        self.duplicates += lines;
    }

    pub(super) fn count_valid(&mut self, event: &SimEvent<'_>, index: usize) {
        let kind = event
            .kind
            .as_seed_reads()
            .expect("only kinds with a seed name are written");
        let line = product_of(event, index);
        let category = line.product.category_index();
        self.unique_valid += 1;
        self.by_kind[kind as usize] += 1;
        self.events_by_category[category] += 1;
        self.events_by_country[event.who.visitor.country_index()] += 1;
        let minute = (event.time.minute() - self.first_minute).max(0) as usize;
        if minute >= self.events_by_minute.len() {
            self.events_by_minute.resize(minute + 1, 0);
        }
        self.events_by_minute[minute] += 1;
        self.customers.insert(event.who.visitor.number);
        self.products.insert(line.product.number);
        if kind == Kind::Order {
            let value = event.currency.price(line.product.price) * line.quantity;
            self.purchases += 1;
            self.units += u64::from(line.quantity);
            self.revenue += value;
            self.revenue_by_category[category] += value;
            self.buyers.insert(event.who.visitor.number);
        }
    }

    /// Everything as one JSON object; money is decimal text, minutes are the times they begin at, zeros are left out.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let fault = |(fault, count): (&Fault, u64)| (fault.name(), count);
        let kind = |(kind, count): (&Kind, u64)| (kind.name(), count);
        json!({
            "lines": self.lines,
            "bytes": self.bytes,
            "unique_valid": self.unique_valid,
            "duplicates": self.duplicates,
            "invalid": self.invalid,
            "out_of_order": self.out_of_order,
            "disorder_micros_max": self.disorder_micros_max,
            "invalid_by_fault": counts(Fault::ALL.iter().zip(self.by_fault).map(fault)),
            "by_type": counts(Kind::ALL.iter().zip(self.by_kind).map(kind)),
            "purchases": self.purchases,
            "units": self.units,
            "currency": Currency::Usd.code(),
            "revenue": self.revenue.to_string(),
            "distinct_customers": self.customers(),
            "distinct_buyers": self.buyers(),
            "distinct_products": self.products(),
            "events_by_category": counts(category_names().zip(self.events_by_category.iter().copied())),
            "revenue_by_category": self.revenues_json(),
            "events_by_country": counts(COUNTRIES.iter().map(|country| country.name).zip(self.events_by_country)),
            "events_by_minute": self.minutes_json(),
        })
    }

    /// Writes `to_json` with a line end.
    pub fn write_json(&self, out: &mut impl io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &self.to_json())?;
        out.write_all(b"\n")
    }

    fn revenues_json(&self) -> Map<String, Value> {
        let sold = category_names()
            .zip(&self.revenue_by_category)
            .filter(|(_, revenue)| **revenue != Money::ZERO);
        sold.map(|(name, revenue)| (name.to_owned(), revenue.to_string().into()))
            .collect()
    }

    fn minutes_json(&self) -> Map<String, Value> {
        let text =
            |minute: usize| Time((self.first_minute + minute as i64) * MINUTE_MICROS).utc_text();
        let busy = self
            .events_by_minute
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0);
        busy.map(|(minute, count)| (text(minute), (*count).into()))
            .collect()
    }
}

fn category_names() -> impl Iterator<Item = &'static str> {
    CATEGORIES.iter().map(|category| category.name)
}

fn counts(named: impl Iterator<Item = (&'static str, u64)>) -> Map<String, Value> {
    named
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| (name.to_owned(), count.into()))
        .collect()
}
