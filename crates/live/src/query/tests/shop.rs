//! A shop whose rows are made by hand: facts of single minutes, merged into every coarser window as the line would.

use crate::query::{Answer, Figure};
use crate::{LiveTables, Store, Stores};
use analytics::cell::{Cell, CubeId, cubes};
use analytics::tally::{Field, Scale};
use analytics::window::{Calendar, Grain};
use analytics::{bucket, coupon};
use changelog::{Change, ChangeBatch, Outlet, Progress, Value};
use event::time::MINUTE;
use event::{Currency, EventTime, format_decimal, parse_decimal};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

/// The fact of one moment: what it adds to one cell of a cube's finest windows.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) cube: CubeId,
    pub(super) time: EventTime,
    pub(super) value: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) cell: Cell,
}

/// Cube, grain, window, value, currency.
type RowKey = (u8, Grain, EventTime, Option<String>, Option<String>);

/// Live tables fed by hand.
pub(super) struct Shop {
    pub(super) live: LiveTables,
    calendar: Calendar,
    facts: Vec<Fact>,
    products: BTreeMap<String, String>,
}

/// A time of the tests, in UTC.
pub(super) fn at(text: &str) -> EventTime {
    EventTime::parse(text, &TimeZone::UTC).expect("a time")
}

pub(super) fn day(number: usize) -> String {
    format!("2026-03-{number:02}")
}

impl Shop {
    pub(super) fn new(zone: TimeZone) -> Shop {
        let store = Store {
            zone: zone.clone(),
            currency: Currency::parse("EUR").expect("known"),
            ..Store::default()
        };
        let stores = Stores {
            default: store,
            named: BTreeMap::new(),
        };
        Shop {
            live: LiveTables::new(stores),
            calendar: Calendar::new(zone),
            facts: Vec::new(),
            products: BTreeMap::new(),
        }
    }

    pub(super) fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    pub(super) fn sale(&mut self, time: &str, category: &str, currency: &str, numbers: &str) {
        for (cube, value) in [(cubes::SALES, ""), (cubes::SALES_BY_CATEGORY, category)] {
            self.add(cube, time, value, currency, numbers);
        }
    }

    pub(super) fn product_sale(
        &mut self,
        time: &str,
        product: &str,
        currency: &str,
        numbers: &str,
    ) {
        self.add(cubes::SALES_BY_PRODUCT, time, product, currency, numbers);
    }

    pub(super) fn activity(&mut self, time: &str, category: &str, numbers: &str, visitors: &str) {
        for (cube, value) in [
            (cubes::ACTIVITY, ""),
            (cubes::ACTIVITY_BY_CATEGORY, category),
        ] {
            self.add(cube, time, value, "", numbers);
            let fact = self.facts.last_mut().expect("just added");
            let mut coupons: Vec<u32> = visitors.split_whitespace().map(coupon_of).collect();
            let sketches = fact.cell.sketches.as_deref_mut().expect("sketches");
            sketches.distincts[0].insert(&mut coupons);
        }
    }

    pub(super) fn second(&mut self, time: &str, kind: &str, events: i64) {
        self.add(
            cubes::PULSE_BY_TYPE,
            time,
            kind,
            "",
            &format!("events={events}"),
        );
        self.add(cubes::ACTIVITY, time, "", "", &format!("events={events}"));
    }

    pub(super) fn name_product(&mut self, product: &str, name: &str) {
        self.products.insert(product.to_owned(), name.to_owned());
    }

    pub(super) fn add_fact(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    fn add(&mut self, cube: CubeId, time: &str, value: &str, currency: &str, numbers: &str) {
        let declaration = cube.cube();
        let mut cell = Cell::of(declaration);
        for number in numbers.split_whitespace() {
            let (name, text) = number.split_once('=').expect("name=number");
            let field = declaration
                .fields
                .iter()
                .position(|field| field.name() == name);
            let Some(at) = field else { continue };
            let decimal = parse_decimal(text.as_bytes()).expect("a number").value;
            cell.sums[at] = match declaration.fields[at].scale() {
                Scale::Count => i128::from(decimal / event::SCALE),
                _ => i128::from(decimal),
            };
        }
        let stated = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        self.facts.push(Fact {
            cube,
            time: at(time),
            value: stated(value),
            currency: stated(currency),
            cell,
        });
    }

    /// Publishes every row as it stands, in every grain, as one batch.
    pub(super) fn publish(&mut self) {
        let mut cells: BTreeMap<RowKey, Cell> = BTreeMap::new();
        for fact in &self.facts {
            let cube = fact.cube.cube();
            for grain in cube.grains {
                let window = self.calendar.window_start(*grain, fact.time);
                let key = (
                    fact.cube.0,
                    *grain,
                    window,
                    fact.value.clone(),
                    fact.currency.clone(),
                );
                cells
                    .entry(key)
                    .or_insert_with(|| Cell::of(cube))
                    .merge(&fact.cell);
            }
        }
        let rows = cells
            .iter()
            .map(|((cube, grain, window, value, currency), cell)| {
                change(
                    CubeId(*cube),
                    *grain,
                    *window,
                    (value.as_deref(), currency.as_deref()),
                    cell,
                )
            });
        let products = self.products.iter().map(|(product, name)| Change {
            table: "products",
            key: Box::new([text("main"), text(product)]),
            values: Some(Box::new([text(name)])),
            version: 1,
        });
        let times = self.facts.iter().map(|fact| fact.time.0);
        let event_times = times.clone().min().zip(times.max());
        let progress = Progress {
            offset: self.facts.len() as u64,
            event_times,
        };
        let batch = ChangeBatch {
            changes: rows.chain(products).collect(),
            progress,
        };
        self.live.feed().apply(&batch);
        assert_eq!(self.live.refused_rows(), 0);
    }

    /// Says how far a store's sources are.
    pub(super) fn tell_watermark(&self, store: &str, watermark: EventTime) {
        let change = Change {
            table: "watermarks",
            key: Box::new([text(store)]),
            values: Some(Box::new([
                Value::Time(watermark.0),
                Value::Int(1),
                Value::Int(0),
            ])),
            version: 1,
        };
        let batch = ChangeBatch {
            changes: vec![change],
            progress: self.live.progress(),
        };
        self.live.feed().apply(&batch);
    }
}

fn text(text: &str) -> Value {
    Value::Text(Arc::from(text))
}

/// A row as the line publishes it.
fn change(
    id: CubeId,
    grain: Grain,
    window: EventTime,
    of: (Option<&str>, Option<&str>),
    cell: &Cell,
) -> Change {
    let cube = id.cube();
    let mut key = vec![text("main"), text(grain.name()), Value::Time(window.0)];
    if cube.dimension.is_some() {
        key.push(of.0.map_or(Value::Null, text));
    }
    if cube.has_currency {
        key.push(of.1.map_or(Value::Null, text));
    }
    let sum = |(field, sum): (&Field, &i128)| match field.scale() {
        Scale::Count => Value::Int(i64::try_from(*sum).expect("small")),
        _ => Value::Decimal(*sum),
    };
    let sums = cube.fields.iter().zip(&cell.sums).map(sum);
    let sketches = cell.sketches.as_deref();
    let distincts = (sketches.iter())
        .flat_map(|sketches| &sketches.distincts)
        .map(|sketch| Value::Sketch(Arc::from(sketch.to_bytes())));
    let order_values = (sketches.iter())
        .flat_map(|sketches| &sketches.order_values)
        .map(|sketch| Value::Sketch(Arc::from(sketch.to_bytes())));
    let values = sums.chain(distincts).chain(order_values).collect();
    Change {
        table: cube.table,
        key: key.into(),
        values: Some(values),
        version: 1,
    }
}

/// The coupon of a visitor's name.
pub(super) fn coupon_of(visitor: impl Hash) -> u32 {
    coupon(foldhash::fast::FixedState::default().hash_one(visitor))
}

/// The bucket of an order's value in ten-thousandths.
pub(super) fn bucket_of(value: i64) -> i32 {
    bucket(value)
}

/// Rows as text: window, value (`?` where it is not stated), currency, numbers.
pub(super) fn shown(answer: &Answer) -> Vec<String> {
    let has_dimension = answer
        .columns
        .iter()
        .any(|column| column.kind == "dimension");
    let figures = answer
        .columns
        .iter()
        .filter(|column| !matches!(column.kind, "time" | "dimension" | "currency"));
    let figures: Vec<_> = figures.collect();
    let row = |row: &crate::query::AnswerRow| {
        let window = row.window.map(window_shown);
        let value = has_dimension.then(|| row.value.as_deref().unwrap_or("?").to_owned());
        let currency = row.currency.as_deref().map(str::to_owned);
        let numbers = figures.iter().zip(&row.figures).map(|(column, figure)| {
            let digits = if column.kind == "money" { 2 } else { 0 };
            match figure {
                Figure::Nothing => format!("{}=-", column.name),
                Figure::Count(count) => format!("{}={count}", column.name),
                Figure::Decimal(amount) => {
                    format!("{}={}", column.name, format_decimal(*amount, digits))
                }
            }
        });
        let parts: Vec<String> = window
            .into_iter()
            .chain(value)
            .chain(currency)
            .chain(numbers)
            .collect();
        parts.join(" ")
    };
    answer.rows.iter().map(row).collect()
}

/// `03-02T11:59`, with seconds where there are any.
fn window_shown(window: EventTime) -> String {
    let text = window.to_string();
    let end = if window.0 % MINUTE == 0 { 16 } else { 19 };
    text[5..end].to_owned()
}
