//! The newest carts of each store by what became of them, as lists to look into. Totals are not made from them: cells count carts.

use crate::tables::{LiveTables, RowReader};
use analytics::cart::{Fact, Reason, State, Waited};
use changelog::{Change, Value};
use event::EventTime;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Carts kept a store and state, the newest by when they began. By state, because in a busy shop the newest thousand of all
/// are minutes old, and none of them can be abandoned yet.
pub const CARTS_MAX: usize = 1_000;
/// Columns of a line in a cart's row.
const LINE_COLUMNS: usize = 5;

/// A cart as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cart {
    /// What the person is known by: `customer`, `visitor`, `session` or `event`.
    pub person_kind: Arc<str>,
    /// And its id.
    pub person: Arc<str>,
    /// When the first thing was put in.
    pub created: EventTime,
    /// When something was last put in or taken out.
    pub changed: EventTime,
    /// When it was emptied or ordered, if it was.
    pub ended: Option<EventTime>,
    /// What became of it.
    pub state: State,
    /// Events that put something in.
    pub adds: i64,
    /// Events that took something out.
    pub removes: i64,
    /// How often somebody came back to it when it had been abandoned.
    pub returns: i64,
    /// Pieces, ten-thousandths.
    pub pieces: i128,
    /// What lies in it at the prices at which it was put in, ten-thousandths; of several currencies the largest sum.
    pub value: Option<i128>,
    /// In this currency.
    pub currency: Option<Arc<str>>,
    /// Country of the first event.
    pub country: Option<Arc<str>>,
    /// Device of the first event.
    pub device: Option<Arc<str>>,
    /// Whether checkout was reached since something was last put in.
    pub has_checkout: bool,
    /// What else was seen since then.
    seen: Vec<Reason>,
    /// The order's id, where an order with one bought it.
    pub order_id: Option<Arc<str>>,
    /// Lines it has; not all of them are told.
    pub lines_count: i64,
    /// The first of its lines.
    pub lines: Vec<CartLine>,
}

/// Pieces of one product at one price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartLine {
    /// The product's id, where the shop names one.
    pub product: Option<Arc<str>>,
    /// Its name, where one is known when the cart is shown.
    pub product_name: Option<Arc<str>>,
    /// Pieces, ten-thousandths.
    pub quantity: i128,
    /// What one cost when it was put in.
    pub price: Option<i128>,
    /// In this currency.
    pub currency: Option<Arc<str>>,
    /// When it was last put in.
    pub added: EventTime,
}

impl Cart {
    /// Whether it is abandoned, or had been when it was bought after all.
    #[must_use]
    pub fn was_abandoned(&self) -> bool {
        matches!(self.state, State::Abandoned | State::Recovered)
    }
}

/// By what a list of carts is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CartOrder {
    /// The newest first.
    #[default]
    Created,
    /// The dearest first: those in the store's currency, then others by currency, then those without a known price.
    Value,
}

/// A store's list of carts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CartList {
    /// Those asked for, in the order asked for.
    pub carts: Vec<Arc<Cart>>,
    /// Whether there were more than are kept: then these are the newest.
    pub is_cut: bool,
    /// The oldest of them began at this time.
    pub since: Option<EventTime>,
}

impl LiveTables {
    /// The newest carts of a store that are in one of these states, or in any where none is named.
    #[must_use]
    pub fn carts(&self, store: &str, states: &[State], order: CartOrder) -> CartList {
        let settings = self.stores().get(store);
        let last_open = self.store_now(store).0;
        let last_open = EventTime(last_open.saturating_sub(settings.carts.idle_micros));
        let mut list = self.shared.carts.read().list(store, states, last_open);
        if order == CartOrder::Value {
            let own = settings.currency;
            list.carts.sort_by_cached_key(|cart| {
                let other = (cart.currency.clone()).filter(|code| **code != *own.as_str());
                (cart.value.is_none(), other, Reverse(cart.value))
            });
        }
        list
    }

    /// What happened to a cart before it was abandoned; nothing where it never was, or where nothing is known. Stock and
    /// prices are asked when the cart is, so that a report that comes late is heard: of the lines that its row tells.
    #[must_use]
    pub fn cart_reasons(&self, store: &str, cart: &Cart) -> Vec<Reason> {
        if !cart.was_abandoned() {
            return Vec::new();
        }
        let idle = self.stores().get(store).carts.idle_micros;
        let abandoned_at = EventTime(cart.changed.0.saturating_add(idle));
        let store: Arc<str> = Arc::from(store);
        let inventory = self.shared.inventory.read();
        let mut reasons = cart.seen.clone();
        for line in &cart.lines {
            let Some(product) = &line.product else {
                continue;
            };
            let waited = Waited {
                added: line.added,
                price: line.price,
                until: abandoned_at,
            };
            let key = (Arc::clone(&store), Arc::clone(product));
            if waited.was_out(|from, until| inventory.was_out(&key, from, until)) {
                reasons.push(Reason::OutOfStock);
            }
            let currency = line.currency.clone().unwrap_or_else(|| Arc::from(""));
            let of = [Arc::clone(&store), Arc::clone(product), currency];
            if waited.has_risen(|at| inventory.price_at(&of, at)) {
                reasons.push(Reason::PriceRisen);
            }
        }
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    }

    /// A cart with the names that its products have now: names may follow later than products.
    #[must_use]
    pub fn with_names(&self, store: &str, cart: &Cart) -> Cart {
        let (texts, products) = (self.shared.texts.read(), self.shared.products.read());
        let name = |line: &CartLine| {
            let product = texts.find(line.product.as_deref()?)?;
            products.get(&(texts.find(store)?, product)).cloned()
        };
        let named = |line: &CartLine| CartLine {
            product_name: name(line),
            ..line.clone()
        };
        Cart {
            lines: cart.lines.iter().map(named).collect(),
            ..cart.clone()
        }
    }
}

/// The newest carts by store.
#[derive(Debug, Default)]
pub(crate) struct Carts {
    stores: HashMap<Arc<str>, StoreCarts>,
}

/// By when a cart began, then by its whole key.
type CartKey = (EventTime, Box<[Value]>);

/// A store's carts; each stands in the list of its state.
#[derive(Debug, Default)]
struct StoreCarts {
    states: HashMap<Box<[Value]>, State>,
    lists: [StateCarts; State::ALL.len()],
}

#[derive(Debug, Default)]
struct StateCarts {
    carts: BTreeMap<CartKey, (Arc<Cart>, i64)>,
    is_cut: bool,
}

impl Carts {
    /// Takes in a change; false where the row is none of a cart.
    pub(crate) fn apply(&mut self, change: &Change) -> bool {
        let [
            Value::Text(store),
            Value::Text(kind),
            Value::Text(person),
            Value::Time(created),
            Value::Text(_),
        ] = &*change.key
        else {
            return false;
        };
        let created = EventTime(*created);
        let cart = match change.values.as_deref() {
            Some(values) => match read_cart((kind, person), created, values) {
                Some(cart) => Some(cart),
                None => return false,
            },
            None => None,
        };
        let carts = self.stores.entry(Arc::clone(store)).or_default();
        let key = (created, change.key.clone());
        if carts.take_out(&key, change.version)
            && let Some(cart) = cart
        {
            carts.put_in(key, cart, change.version);
        }
        true
    }

    /// Those in one of these states, newest first; an open one that did not change since `last_open` is open no more,
    /// and its row is on its way or was lost in a flood.
    fn list(&self, store: &str, states: &[State], last_open: EventTime) -> CartList {
        let Some(carts) = self.stores.get(store) else {
            return CartList::default();
        };
        let mut list = CartList::default();
        let wanted = |state: &State| states.is_empty() || states.contains(state);
        for state in State::ALL.into_iter().filter(wanted) {
            let found = &carts.lists[state as usize];
            let stands = |cart: &&Arc<Cart>| state != State::Open || cart.changed >= last_open;
            let kept = found.carts.values().map(|(cart, _)| cart);
            list.carts.extend(kept.filter(stands).cloned());
            list.is_cut |= found.is_cut;
        }
        list.carts.sort_by_key(|cart| Reverse(cart.created));
        list.since = list.carts.last().map(|cart| cart.created);
        list
    }
}

impl StoreCarts {
    /// Takes a cart out of the list where it stands; false where a newer row of it stands there.
    fn take_out(&mut self, key: &CartKey, version: i64) -> bool {
        let Some(state) = self.states.get(&key.1) else {
            return true;
        };
        let list = &mut self.lists[*state as usize].carts;
        if list.get(key).is_some_and(|(_, known)| version < *known) {
            return false;
        }
        list.remove(key);
        self.states.remove(&key.1);
        true
    }

    fn put_in(&mut self, key: CartKey, cart: Cart, version: i64) {
        let list = &mut self.lists[cart.state as usize];
        self.states.insert(key.1.clone(), cart.state);
        list.carts.insert(key, (Arc::new(cart), version));
        if list.carts.len() > CARTS_MAX
            && let Some(((_, oldest), _)) = list.carts.pop_first()
        {
            self.states.remove(&oldest);
            list.is_cut = true;
        }
    }
}

fn read_cart(
    (kind, person): (&Arc<str>, &Arc<str>),
    created: EventTime,
    values: &[Value],
) -> Option<Cart> {
    let mut row = RowReader(values);
    let state = row.text()?;
    let state = State::ALL
        .into_iter()
        .find(|known| known.name() == &**state)?;
    let (changed, ended) = (EventTime(row.time()?), row.time_or_null()?);
    let (adds, removes, returns) = (row.int()?, row.int()?, row.int()?);
    let (pieces, value) = (row.decimal()?, row.decimal_or_null()?);
    let currency = row.text_or_null()?.cloned();
    let (country, device) = (row.text_or_null()?.cloned(), row.text_or_null()?.cloned());
    let facts = row.text()?;
    let has = |name: &str| facts.split(',').any(|fact| fact == name);
    let seen = Reason::ALL.into_iter().filter(|seen| has(seen.name()));
    let (order_id, lines_count) = (row.text_or_null()?.cloned(), row.int()?);
    let lines = row.0.chunks(LINE_COLUMNS).map(read_line);
    Some(Cart {
        person_kind: Arc::clone(kind),
        person: Arc::clone(person),
        created,
        changed,
        ended,
        state,
        adds,
        removes,
        returns,
        pieces,
        value,
        currency,
        country,
        device,
        has_checkout: has(Fact::Checkout.name()),
        seen: seen.collect(),
        order_id,
        lines_count,
        lines: lines.collect::<Option<_>>()?,
    })
}

fn read_line(columns: &[Value]) -> Option<CartLine> {
    let mut row = RowReader(columns);
    Some(CartLine {
        product: row.text_or_null()?.cloned(),
        product_name: None,
        quantity: row.decimal()?,
        price: row.decimal_or_null()?,
        currency: row.text_or_null()?.cloned(),
        added: EventTime(row.time()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stores::Stores;

    fn text(text: &str) -> Value {
        Value::Text(Arc::from(text))
    }

    /// `state value` as a cart of this person, or nothing where it is gone.
    fn change(person: &str, created: i64, is: Option<(&str, Option<i128>, &str)>) -> Change {
        let values = is.map(|(state, value, facts)| -> Box<[Value]> {
            let currency = value.map_or(Value::Null, |_| text("USD"));
            let lamp = [text("lamp"), Value::Decimal(20_000), Value::Null];
            let cart = [
                text(state),
                Value::Time(created + 1),
                Value::Null,
                Value::Int(1),
                Value::Int(0),
                Value::Int(0),
                Value::Decimal(20_000),
                value.map_or(Value::Null, Value::Decimal),
                currency.clone(),
                Value::Null,
                text("mobile"),
                text(facts),
                Value::Null,
                Value::Int(1),
            ];
            let line = lamp.into_iter().chain([currency, Value::Time(created)]);
            cart.into_iter().chain(line).collect()
        });
        let names = [text("main"), text("visitor"), text(person)];
        let event = [Value::Time(created), text("e1")];
        Change {
            table: "carts",
            key: names.into_iter().chain(event).collect(),
            values,
            version: 5,
        }
    }

    fn live(changes: &[Change]) -> LiveTables {
        let live = LiveTables::new(Stores::default());
        let mut carts = live.shared.carts.write();
        assert!(changes.iter().all(|change| carts.apply(change)));
        drop(carts);
        live
    }

    fn shown(list: &CartList) -> String {
        let carts = list.carts.iter();
        let carts = carts.map(|cart| format!("{} {}", cart.person, cart.state.name()));
        carts.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_newest_come_first_and_are_chosen_by_state() {
        let live = live(&[
            change("ann", 10, Some(("open", None, ""))),
            change("bob", 30, Some(("abandoned", None, ""))),
            change("cid", 20, Some(("open", None, ""))),
        ]);
        let all = live.carts("main", &[], CartOrder::Created);
        assert_eq!(shown(&all), "bob abandoned, cid open, ann open");
        assert_eq!((all.is_cut, all.since), (false, Some(EventTime(10))));
        let open = live.carts("main", &[State::Open], CartOrder::Created);
        assert_eq!(shown(&open), "cid open, ann open");
        let other = live.carts("other", &[], CartOrder::Created);
        assert_eq!(other, CartList::default());
    }

    #[test]
    fn the_dearest_come_first_and_those_of_unknown_worth_last() {
        let live = live(&[
            change("ann", 10, Some(("open", None, ""))),
            change("bob", 20, Some(("open", Some(5), ""))),
            change("cid", 30, Some(("open", Some(-1), ""))),
            change("dan", 40, Some(("open", Some(9), ""))),
        ]);
        let list = live.carts("main", &[], CartOrder::Value);
        assert_eq!(shown(&list), "dan open, bob open, cid open, ann open");
    }

    #[test]
    fn a_cart_changes_its_state_goes_with_its_person_and_an_older_row_changes_nothing() {
        let mut late = change("ann", 10, Some(("open", None, "")));
        late.version = 4;
        let live = live(&[
            change("ann", 10, Some(("abandoned", None, ""))),
            late,
            change("bob", 20, Some(("open", None, ""))),
            change("bob", 20, None),
        ]);
        let list = live.carts("main", &[], CartOrder::Created);
        assert_eq!(shown(&list), "ann abandoned");
    }

    #[test]
    fn only_a_cart_that_was_abandoned_has_reasons() {
        let facts = "checkout,shipping_shown,payment_error";
        let live = live(&[
            change("ann", 10, Some(("abandoned", None, facts))),
            change("bob", 20, Some(("open", None, facts))),
            change("cid", 30, Some(("recovered", None, ""))),
        ]);
        let list = live.carts("main", &[], CartOrder::Created);
        let reasons = list.carts.iter();
        let reasons: Vec<_> = reasons
            .map(|cart| live.cart_reasons("main", cart))
            .collect();
        let seen = vec![Reason::PaymentError, Reason::ShippingShown];
        assert_eq!(reasons, [Vec::new(), Vec::new(), seen]);
        assert!(list.carts[1].has_checkout && !list.carts[0].has_checkout);
    }

    #[test]
    fn only_the_newest_thousand_of_a_state_are_kept_whatever_the_order_of_arrival() {
        let mut changes: Vec<Change> = (0..1_300)
            .map(|at| change("ann", (at * 463) % 1_300, Some(("open", None, ""))))
            .collect();
        changes.push(change("bob", -5, Some(("abandoned", None, ""))));
        let live = live(&changes);
        let open = live.carts("main", &[State::Open], CartOrder::Created);
        let since = Some(EventTime(300));
        assert_eq!(
            (open.carts.len(), open.is_cut, open.since),
            (CARTS_MAX, true, since)
        );
        let abandoned = live.carts("main", &[State::Abandoned], CartOrder::Created);
        assert_eq!(
            (shown(&abandoned).as_str(), abandoned.is_cut),
            ("bob abandoned", false)
        );
    }

    #[test]
    fn an_open_cart_whose_hour_is_over_is_open_no_more_even_if_nobody_said_so() {
        let mut carts = Carts::default();
        assert!(carts.apply(&change("ann", 10, Some(("open", None, "")))));
        let open = |last_open| carts.list("main", &[State::Open], EventTime(last_open));
        assert_eq!(open(11).carts.len(), 1);
        assert_eq!(open(12).carts.len(), 0);
    }

    #[test]
    fn a_row_of_another_form_is_refused() {
        let mut carts = Carts::default();
        let mut short = change("ann", 10, Some(("open", None, "")));
        let values = short.values.as_deref().unwrap_or_default();
        short.values = Some(values[..16].into());
        assert!(!carts.apply(&short));
        assert!(!carts.apply(&change("ann", 10, Some(("lost", None, "")))));
        let left = carts.list("main", &[], EventTime(i64::MIN));
        assert!(left.carts.is_empty());
    }
}
