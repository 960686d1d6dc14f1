//! The newest orders of each store, for the list that moves. Totals are not made from them: cells count orders.

use crate::tables::RowReader;
use changelog::{Change, Value};
use event::EventTime;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// Orders kept a store: ten times what a page shows.
const KEPT_MAX: usize = 500;
/// Departures remembered a store; a reader that missed more gets a snapshot.
const DEPARTURES_MAX: usize = 500;

/// An order as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The order id as sent, else an id of ours.
    pub key: Arc<str>,
    /// The order id as sent.
    pub order_id: Option<Arc<str>>,
    /// When it was placed.
    pub time: EventTime,
    /// What it brought in, ten-thousandths.
    pub revenue: i128,
    /// In this currency.
    pub currency: Arc<str>,
    /// Pieces, ten-thousandths.
    pub units: i128,
    /// Lines.
    pub items: i64,
    /// Country, as sent.
    pub country: Option<Arc<str>>,
    /// City, as sent.
    pub city: Option<Arc<str>>,
    /// The first line's product: its id as kept here, its name where one is known when the order is shown.
    pub first_item: Option<Arc<str>>,
}

/// Orders that changed after a batch.
#[derive(Debug, Default)]
pub(crate) struct OrderChanges {
    /// New or corrected, newest first.
    pub(crate) orders: Vec<Arc<Order>>,
    /// Keys of those that left the list because they are no orders any more.
    pub(crate) gone: Vec<Arc<str>>,
    /// Whether departures were forgotten that the reader has not seen.
    pub(crate) is_incomplete: bool,
}

/// The newest orders by store.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    stores: HashMap<Arc<str>, StoreOrders>,
}

#[derive(Debug, Default)]
struct StoreOrders {
    by_time: BTreeMap<(EventTime, Arc<str>), Kept>,
    times: HashMap<Arc<str>, EventTime>,
    gone: VecDeque<(u64, Arc<str>)>,
    forgotten_to: u64,
}

#[derive(Debug)]
struct Kept {
    order: Arc<Order>,
    version: i64,
    batch: u64,
}

impl Orders {
    /// Takes in a change; false where the row is none of an order.
    pub(crate) fn apply(&mut self, change: &Change, batch: u64) -> bool {
        let [Value::Text(store), Value::Text(key)] = &*change.key else {
            return false;
        };
        let orders = self.stores.entry(Arc::clone(store)).or_default();
        let Some(values) = &change.values else {
            orders.remove(key, change.version, batch);
            return true;
        };
        let Some(order) = read_order(key, values) else {
            return false;
        };
        orders.insert(order, change.version, batch);
        true
    }

    /// The newest orders of a store, newest first.
    pub(crate) fn newest(&self, store: &str, count: usize) -> Vec<Arc<Order>> {
        let newest = |orders: &StoreOrders| {
            let kept = orders.by_time.values().rev().take(count);
            kept.map(|kept| Arc::clone(&kept.order)).collect()
        };
        self.stores.get(store).map(newest).unwrap_or_default()
    }

    /// What changed among the newest orders after a batch.
    pub(crate) fn changed_since(&self, store: &str, batch: u64, count: usize) -> OrderChanges {
        let Some(orders) = self.stores.get(store) else {
            return OrderChanges::default();
        };
        let newest = orders.by_time.values().rev().take(count);
        let changed = newest.filter(|kept| kept.batch > batch);
        let gone = orders.gone.iter().filter(|(at, _)| *at > batch);
        OrderChanges {
            orders: changed.map(|kept| Arc::clone(&kept.order)).collect(),
            gone: gone.map(|(_, key)| Arc::clone(key)).collect(),
            is_incomplete: orders.forgotten_to > batch,
        }
    }
}

impl StoreOrders {
    fn insert(&mut self, order: Order, version: i64, batch: u64) {
        let key = Arc::clone(&order.key);
        if let Some(time) = self.times.get(&key) {
            let place = (*time, Arc::clone(&key));
            if self
                .by_time
                .get(&place)
                .is_some_and(|kept| version < kept.version)
            {
                return;
            }
            self.by_time.remove(&place);
        }
        self.times.insert(Arc::clone(&key), order.time);
        let kept = Kept {
            version,
            batch,
            order: Arc::new(order),
        };
        self.by_time.insert((kept.order.time, key), kept);
        if self.by_time.len() > KEPT_MAX
            && let Some(((_, oldest), _)) = self.by_time.pop_first()
        {
            self.times.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &Arc<str>, version: i64, batch: u64) {
        let Some(time) = self.times.get(key) else {
            return;
        };
        let place = (*time, Arc::clone(key));
        if self
            .by_time
            .get(&place)
            .is_some_and(|kept| version < kept.version)
        {
            return;
        }
        self.by_time.remove(&place);
        self.times.remove(key);
        self.gone.push_back((batch, place.1));
        if self.gone.len() > DEPARTURES_MAX
            && let Some((batch, _)) = self.gone.pop_front()
        {
            self.forgotten_to = batch;
        }
    }
}

fn read_order(key: &Arc<str>, values: &[Value]) -> Option<Order> {
    let mut row = RowReader(values);
    Some(Order {
        key: Arc::clone(key),
        time: EventTime(row.time()?),
        revenue: row.decimal()?,
        currency: row.text()?.clone(),
        units: row.decimal()?,
        items: row.int()?,
        country: row.text_or_null()?.cloned(),
        city: row.text_or_null()?.cloned(),
        first_item: row.text_or_null()?.cloned(),
        order_id: row.text_or_null()?.cloned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(key: &str, time: Option<i64>, version: i64) -> Change {
        let text = |text: &str| Value::Text(Arc::from(text));
        let values = time.map(|time| -> Box<[Value]> {
            let amounts = [
                Value::Time(time),
                Value::Decimal(version.into()),
                text("EUR"),
                Value::Decimal(1),
                Value::Int(1),
            ];
            let texts = [Value::Null, Value::Null, Value::Null, text(key)];
            amounts.into_iter().chain(texts).collect()
        });
        Change {
            table: "orders",
            key: Box::new([text("main"), text(key)]),
            values,
            version,
        }
    }

    fn shown(orders: &Orders, count: usize) -> String {
        let newest = orders.newest("main", count);
        let lines: Vec<String> = newest
            .iter()
            .map(|order| format!("{}@{}v{}", order.key, order.time.0, order.revenue))
            .collect();
        lines.join(" ")
    }

    #[test]
    fn the_newest_come_first_and_a_corrected_order_moves() {
        let mut orders = Orders::default();
        assert!(orders.apply(&change("a", Some(10), 1), 1));
        assert!(orders.apply(&change("b", Some(20), 1), 1));
        assert_eq!(shown(&orders, 9), "b@20v1 a@10v1");
        orders.apply(&change("a", Some(30), 3), 2);
        orders.apply(&change("a", Some(5), 2), 3);
        assert_eq!(shown(&orders, 1), "a@30v3");
        assert_eq!(shown(&orders, 9), "a@30v3 b@20v1");
    }

    #[test]
    fn a_cancelled_order_leaves_and_readers_are_told() {
        let mut orders = Orders::default();
        orders.apply(&change("a", Some(10), 1), 1);
        orders.apply(&change("b", Some(20), 1), 2);
        orders.apply(&change("a", None, 2), 3);
        let changes = orders.changed_since("main", 1, 50);
        assert_eq!(
            (changes.orders.len(), changes.gone, changes.is_incomplete),
            (1, vec![Arc::from("a")], false)
        );
        assert!(orders.changed_since("main", 3, 50).gone.is_empty());
    }

    #[test]
    fn only_the_newest_five_hundred_are_kept_whatever_the_order_of_arrival() {
        let mut orders = Orders::default();
        (0..700).for_each(|at| {
            assert!(orders.apply(&change(&format!("o{at}"), Some((at * 463) % 700), 1), 1))
        });
        let kept = orders.newest("main", 1_000);
        assert_eq!(
            (kept.len(), kept[0].time.0, kept[499].time.0),
            (KEPT_MAX, 699, 200)
        );
    }

    #[test]
    fn a_reader_who_missed_too_many_departures_learns_it() {
        let mut orders = Orders::default();
        for at in 0..600 {
            orders.apply(&change("a", Some(at), 1), 2 * at as u64 + 1);
            orders.apply(&change("a", None, 2), 2 * at as u64 + 2);
        }
        assert!(orders.changed_since("main", 1, 50).is_incomplete);
        assert!(!orders.changed_since("main", 1_000, 50).is_incomplete);
    }
}
