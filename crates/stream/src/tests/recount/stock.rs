//! Stock counted a second time: for each product all that was ever said of it in a list, asked instant by instant. It knows
//! no ladders, no lanes and no sweeps.

use super::super::harness::Told;
use super::{Numbers, add, goods, number, text};
use changelog::Value;
use event::schema::{Amount, ItemAmount, ItemLabel, ItemText, Label, Number};
use event::time::{DAY, MINUTE};
use event::{Event, EventType};
use std::collections::{BTreeMap, BTreeSet};

/// Time, place in the source, id.
type Place = (i64, i64, u128);

#[derive(Default)]
struct Product {
    levels: Vec<(Place, String, i128)>,
    changes: Vec<(Place, String, i128)>,
    /// Sold, brought back, written off.
    goods: Vec<(i64, [i128; 3])>,
    /// Views and carts.
    interest: Vec<(i64, [i128; 2])>,
}

pub(super) fn count_stock(events: &[&Told], numbers: &mut Numbers) {
    for ((store, id), mut product) in products(events) {
        if product.levels.is_empty() && product.changes.is_empty() {
            product.interest.clear();
        }
        let warehouses = product.warehouses();
        for warehouse in &warehouses {
            let level = product.level_in(warehouse, i64::MAX);
            let told = product.told(warehouse);
            let row = format!("{store} stock {id} in {warehouse}: {level}, told {told}");
            add(numbers, row, 1);
        }
        if let Some(row) = product.row() {
            add(numbers, format!("{store} inventory {id}: {row}"), 1);
        }
    }
}

fn products(events: &[&Told]) -> BTreeMap<(String, String), Product> {
    let mut all: BTreeMap<(String, String), Product> = BTreeMap::new();
    for (store, event) in events {
        for item in &event.items {
            let id = item.text(ItemText::ProductId).expect("set").to_owned();
            let product = all.entry(((*store).to_owned(), id)).or_default();
            let time = place(event).0;
            let minute = time.div_euclid(MINUTE) * MINUTE;
            match event.kind {
                EventType::ItemView => product.interest.push((minute, [1, 0])),
                EventType::CartAdd | EventType::WishlistToCart => {
                    product.interest.push((minute, [0, 1]));
                }
                EventType::StockUpdate if item.label(ItemLabel::Kind) == Some("write_off") => {
                    let pieces = item.amount(ItemAmount::Quantity).expect("set");
                    product.goods.push((time, [0, 0, pieces.into()]));
                }
                _ => {}
            }
        }
        if event.kind == EventType::StockUpdate {
            for id in goods::products(event) {
                let product = all.entry(((*store).to_owned(), id)).or_default();
                let warehouse = event.label(Label::Warehouse).unwrap_or("-").to_owned();
                let said = |column| event.amount(column).map(i128::from);
                match (said(Amount::StockLevel), said(Amount::StockDelta)) {
                    (Some(level), _) => product.levels.push((place(event), warehouse, level)),
                    (None, Some(by)) if by != 0 => {
                        product.changes.push((place(event), warehouse, by));
                    }
                    _ => {}
                }
            }
        }
    }
    let mut moved = |lines: Vec<goods::Line>, at: usize| {
        for line in lines.into_iter().filter(|line| !line.is_fee) {
            let mut pieces = [0; 3];
            pieces[at] = line.pieces;
            let product = all.entry((line.store, line.product)).or_default();
            product.goods.push((line.time.0, pieces));
        }
    };
    moved(goods::sold(events), 0);
    moved(goods::returned(events), 1);
    all
}

fn place(event: &Event<'static>) -> Place {
    let position = event.number(Number::SourcePosition).expect("set");
    let id = event.id.expect("set").0;
    (event.time.expect("set").0, position, id)
}

impl Product {
    fn warehouses(&self) -> BTreeSet<String> {
        let said = self.levels.iter().chain(&self.changes);
        said.map(|(_, warehouse, _)| warehouse.clone()).collect()
    }

    fn told(&self, warehouse: &str) -> usize {
        let said = self.levels.iter().chain(&self.changes);
        said.filter(|(_, known, _)| known == warehouse).count()
    }

    /// The last level of a warehouse as of a time, and changes after it.
    fn level_in(&self, warehouse: &str, at: i64) -> i128 {
        let is_of =
            |(place, known, _): &&(Place, String, i128)| known == warehouse && place.0 <= at;
        let last = self.levels.iter().filter(is_of).max();
        let since = last.map(|(place, ..)| *place);
        let changes = self.changes.iter().filter(is_of);
        let later = changes.filter(|(place, ..)| since.is_none_or(|since| *place > since));
        last.map_or(0, |(_, _, level)| *level) + later.map(|(_, _, by)| by).sum::<i128>()
    }

    fn newest_report(&self, at: i64) -> Option<i64> {
        let times = self.levels.iter().map(|(place, ..)| place.0);
        times.filter(|time| *time <= at).max()
    }

    fn gone_since_report(&self, at: i64) -> i128 {
        if !self.changes.is_empty() {
            return 0;
        }
        let since = self.newest_report(at).unwrap_or(i64::MIN);
        let later = self
            .goods
            .iter()
            .filter(|(time, _)| *time > since && *time <= at);
        later.map(|(_, pieces)| pieces[0] + pieces[2]).sum()
    }

    /// The level at the end of an instant, once the shop said something.
    fn level(&self, at: i64) -> Option<i128> {
        let said = self.levels.iter().chain(&self.changes);
        let first = said.map(|(place, ..)| place.0).min()?;
        let all: i128 = (self.warehouses().iter())
            .map(|warehouse| self.level_in(warehouse, at))
            .sum();
        (first <= at).then(|| all - self.gone_since_report(at))
    }

    fn judged_from(&self) -> Option<i64> {
        let first_level = self.levels.iter().map(|(place, ..)| place.0).min();
        let first_change = self.changes.iter().min().filter(|(_, _, by)| *by > 0);
        first_level.or(first_change.map(|(place, ..)| place.0))
    }

    fn standing(&self, at: i64) -> &'static str {
        match self.level(at) {
            Some(level) if self.judged_from().is_some_and(|from| at >= from) => match level {
                ..=0 => "out",
                1..100_000 => "low",
                _ => "in_stock",
            },
            _ => "unknown",
        }
    }

    /// Instants at which anything happened.
    fn instants(&self) -> BTreeSet<i64> {
        let said = self.levels.iter().chain(&self.changes);
        let goods = self.goods.iter().map(|(time, _)| *time);
        let interest = self.interest.iter().map(|(time, _)| *time);
        (said.map(|(place, ..)| place.0))
            .chain(goods)
            .chain(interest)
            .collect()
    }

    fn row(&self) -> Option<String> {
        let instants = self.instants();
        let (first, as_of) = (*instants.first()?, *instants.last()?);
        let floor = as_of - 28 * DAY;
        let mut sums = [0; 3];
        for (_, pieces) in &self.goods {
            sums.iter_mut()
                .zip(pieces)
                .for_each(|(sum, pieces)| *sum += pieces);
        }
        let basis = match (self.levels.is_empty(), self.changes.is_empty()) {
            (false, _) => "reports",
            (_, false) => "changes",
            _ => "goods",
        };
        let balance = sums[1] - sums[0] - sums[2];
        let level = self.level(as_of).unwrap_or(balance);
        let mut bounds: Vec<i64> = instants.range(first.max(floor)..).copied().collect();
        bounds.insert(0, first.max(floor));
        let out = |pair: &&[i64]| self.standing(pair[0]) == "out";
        let spans = bounds.windows(2).filter(out);
        let out_micros: i64 = spans.map(|pair| pair[1] - pair[0]).sum();
        let [inside, outside] = self.demand(floor);
        let standing = self.standing(as_of);
        Some(format!(
            "{level} {basis} {standing} as of {as_of}, out {out_micros}, in {inside:?}, out {outside:?}, all {sums:?}"
        ))
    }

    /// Views, carts and sales while not out, and while out.
    fn demand(&self, floor: i64) -> [[i128; 3]; 2] {
        let mut demand = [[0; 3]; 2];
        let mut count = |time: i64, added: [i128; 3]| {
            if time > floor {
                let side = &mut demand[usize::from(self.standing(time - 1) == "out")];
                side.iter_mut()
                    .zip(added)
                    .for_each(|(sum, added)| *sum += added);
            }
        };
        for (time, [views, carts]) in &self.interest {
            count(*time, [*views, *carts, 0]);
        }
        for (time, [sold, ..]) in &self.goods {
            count(*time, [0, 0, *sold]);
        }
        demand
    }
}

/// A row as the recount says it.
pub(super) fn row(table: &str, key: &[Value], values: &[Value]) -> String {
    let (store, product) = (text(&key[0]), text(&key[1]));
    let at = |column: usize| number(&values[column]);
    if table == "stock" {
        let (warehouse, level, told) = (text(&key[2]), at(0), at(2));
        return format!("{store} stock {product} in {warehouse}: {level}, told {told}");
    }
    let Value::Time(as_of) = values[0] else {
        panic!("a row is as of a time: {values:?}")
    };
    let (level, basis, standing) = (at(1), text(&values[2]), text(&values[3]));
    let (inside, outside) = ([at(14), at(16), at(18)], [at(15), at(17), at(19)]);
    let all = [at(22), at(23), at(24)];
    format!(
        "{store} inventory {product}: {level} {basis} {standing} as of {as_of}, out {}, in {inside:?}, out {outside:?}, all {all:?}",
        at(11)
    )
}
