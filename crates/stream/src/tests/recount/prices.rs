//! Prices counted a second time: every day of every product in a list, every side of a change looked up day by day. It knows
//! no ladders and nothing of how days are kept. How elastic demand is is recounted beside the formulas.

use super::super::harness::Told;
use super::super::shop::STORES;
use super::{Numbers, add, currency, day, goods, number, rank, text};
use changelog::Value;
use event::schema::{Amount, ItemAmount, ItemText, Number};
use event::{Event, EventTime, EventType};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Views, carts, orders, pieces, revenue.
type Sums = [i128; 5];

type Place = (i64, i64, u128);

#[derive(Default)]
struct Product {
    days: BTreeMap<(Date, i128), Sums>,
    /// Old price and new price, by time, place in the source and id.
    changes: Vec<(Place, Option<i128>, i128)>,
    /// The last day on which the shop told a change, though it may have been none.
    told_on: Option<Date>,
}

struct Turn {
    at: i64,
    day: Date,
    is_at_midnight: bool,
    old: Option<i128>,
    new: i128,
}

pub(super) fn count_prices(events: &[&Told], numbers: &mut Numbers) {
    for ((store, id, currency), product) in products(events) {
        let turns = product.turns(&store);
        if let Some(price) = product.price(&turns) {
            let (source, count) = (product.source(), turns.len());
            let row = format!("{store} price {id} {currency}: {price} {source}, {count} changes");
            add(numbers, row, 1);
        }
        for at in 0..turns.len() {
            let turn = &turns[at];
            let (before, after) = (product.before(&turns, at), product.after(&turns, at));
            let old = turn.old.map_or("?".to_owned(), |old| old.to_string());
            let row = format!(
                "{store} price change {id} {currency} {}: {old}>{} {before:?} {after:?}",
                turn.at, turn.new
            );
            add(numbers, row, 1);
        }
    }
}

fn products(events: &[&Told]) -> BTreeMap<(String, String, String), Product> {
    let mut all: BTreeMap<(String, String, String), Product> = BTreeMap::new();
    for (store, event) in events {
        let sums = match event.kind {
            EventType::ItemView => [1, 0, 0, 0, 0],
            EventType::CartAdd | EventType::WishlistToCart => [0, 1, 0, 0, 0],
            EventType::PriceChange => {
                tell_change(store, event, &mut all);
                continue;
            }
            _ => continue,
        };
        let time = event.time.expect("set");
        for item in &event.items {
            let id = item.text(ItemText::ProductId).expect("set").to_owned();
            let price = i128::from(item.amount(ItemAmount::UnitPrice).expect("set"));
            let key = ((*store).to_owned(), id, currency(store, event));
            put(all.entry(key).or_default(), (day(store, time), price), sums);
        }
    }
    for line in goods::sold(events).into_iter().filter(|line| !line.is_fee) {
        let place = (day(&line.store, line.time), line.price);
        let sums = [0, 0, line.orders, line.pieces, line.revenue];
        let product = all.entry((line.store, line.product, line.currency));
        put(product.or_default(), place, sums);
    }
    all
}

fn put(product: &mut Product, place: (Date, i128), sums: Sums) {
    let known = product.days.entry(place).or_default();
    known
        .iter_mut()
        .zip(sums)
        .for_each(|(known, sum)| *known += sum);
}

fn tell_change(
    store: &str,
    event: &Event<'static>,
    all: &mut BTreeMap<(String, String, String), Product>,
) {
    let (time, id) = rank(event);
    let place = (
        time.0,
        event.number(Number::SourcePosition).expect("set"),
        id.0,
    );
    let old = event.amount(Amount::OldPrice).map(i128::from);
    let new = i128::from(event.amount(Amount::NewPrice).expect("set"));
    for product in goods::products(event) {
        let key = (store.to_owned(), product, currency(store, event));
        let known = all.entry(key).or_default();
        known.changes.push((place, old, new));
        known.told_on = known.told_on.max(Some(day(store, time)));
    }
}

fn start_of(store: &str, day: Date) -> i64 {
    let (_, zone, _) = STORES
        .iter()
        .find(|known| known.0 == store)
        .expect("a store");
    let zoned = day
        .to_zoned(TimeZone::get(zone).expect("a zone"))
        .expect("a day");
    zoned.timestamp().as_microsecond()
}

impl Product {
    fn source(&self) -> &'static str {
        if self.changes.is_empty() {
            "observed"
        } else {
            "told"
        }
    }

    /// The price of each day: that at which most was sold, then seen, then the lowest.
    fn observed(&self) -> Vec<(Date, i128)> {
        let mut days: BTreeMap<Date, Vec<(i128, i128, i128)>> = BTreeMap::new();
        for ((day, price), sums) in self.days.iter().filter(|((_, price), _)| *price > 0) {
            let weight = (sums[3], sums[0] + sums[1], -price);
            days.entry(*day).or_default().push(weight);
        }
        let best = |prices: Vec<(i128, i128, i128)>| -prices.into_iter().max().expect("one").2;
        days.into_iter()
            .map(|(day, prices)| (day, best(prices)))
            .collect()
    }

    fn turns(&self, store: &str) -> Vec<Turn> {
        let mut turns: Vec<Turn> = Vec::new();
        let mut changes = self.changes.clone();
        changes.sort();
        for ((at, ..), old, new) in changes {
            if let Some(last) = turns.last_mut().filter(|last| last.at == at) {
                last.new = new;
                continue;
            }
            let day = day(store, EventTime(at));
            turns.push(Turn {
                at,
                day,
                is_at_midnight: start_of(store, day) == at,
                old,
                new,
            });
        }
        if self.changes.is_empty() {
            for pair in self.observed().windows(2) {
                turns.push(Turn {
                    at: start_of(store, pair[1].0),
                    day: pair[1].0,
                    is_at_midnight: true,
                    old: Some(pair[0].1),
                    new: pair[1].1,
                });
            }
        }
        let mut known = None;
        turns.retain_mut(|turn| {
            turn.old = known.or(turn.old);
            known = Some(turn.new);
            turn.old != known
        });
        turns
    }

    fn price(&self, turns: &[Turn]) -> Option<i128> {
        let told = || self.changes.iter().max().map(|(_, _, new)| *new);
        let seen = || self.observed().last().map(|(_, price)| *price);
        turns
            .last()
            .map(|turn| turn.new)
            .or_else(told)
            .or_else(seen)
    }

    fn sum(&self, day: Date) -> Sums {
        let mut sums = Sums::default();
        for ((known, _), added) in &self.days {
            if *known == day {
                sums.iter_mut()
                    .zip(added)
                    .for_each(|(sum, added)| *sum += added);
            }
        }
        sums
    }

    /// First and last day of which anything is known; the last is not over.
    fn known(&self, turns: &[Turn]) -> (Date, Date) {
        let seen = || self.days.keys().map(|(day, _)| *day);
        let first = seen().chain(turns.first().map(|turn| turn.day)).min();
        let last = seen().chain(self.told_on).max();
        (first.expect("known"), last.expect("known"))
    }

    fn before(&self, turns: &[Turn], at: usize) -> (i64, Sums) {
        let (first, today) = self.known(turns);
        let is_other = |day: Date| {
            let earlier = turns[..at].iter();
            earlier
                .clone()
                .any(|turn| turn.day > day || turn.day == day && !turn.is_at_midnight)
        };
        let mut side = (0, Sums::default());
        for back in 1..=7_i64 {
            let day = turns[at].day.checked_sub(back.days()).expect("a day");
            if day < first || is_other(day) {
                break;
            }
            if day < today {
                self.count(day, &mut side);
            }
        }
        side
    }

    fn after(&self, turns: &[Turn], at: usize) -> (i64, Sums) {
        let (_, today) = self.known(turns);
        let mut side = (0, Sums::default());
        let skipped = i64::from(!turns[at].is_at_midnight);
        for on in skipped..skipped + 7 {
            let day = turns[at].day.checked_add(on.days()).expect("a day");
            if day >= today || turns.get(at + 1).is_some_and(|next| next.day <= day) {
                break;
            }
            self.count(day, &mut side);
        }
        side
    }

    fn count(&self, day: Date, side: &mut (i64, Sums)) {
        side.0 += 1;
        let sums = self.sum(day);
        side.1
            .iter_mut()
            .zip(sums)
            .for_each(|(sum, added)| *sum += added);
    }
}

/// A row as the recount says it.
pub(super) fn row(table: &str, key: &[Value], values: &[Value]) -> String {
    let (store, product, currency) = (text(&key[0]), text(&key[1]), text(&key[2]));
    if table == "prices" {
        let (price, source) = (number(&values[0]), text(&values[2]));
        let changes = number(&values[3]);
        return format!("{store} price {product} {currency}: {price} {source}, {changes} changes");
    }
    let Value::Time(at) = key[3] else {
        panic!("a change has a time: {key:?}")
    };
    let old = match &values[0] {
        Value::Null => "?".to_owned(),
        old => number(old).to_string(),
    };
    let side = |from: usize| {
        let sum = |column: usize| number(&values[from + column]);
        (sum(0) as i64, [sum(1), sum(2), sum(3), sum(5), sum(6)])
    };
    let new = number(&values[1]);
    format!(
        "{store} price change {product} {currency} {at}: {old}>{new} {:?} {:?}",
        side(3),
        side(10)
    )
}
