//! Customers as they were told last: whose row is asked for, and lists of those who bought most or came last.
//! What a row says is decided by the line; only what passes with time alone is added here.

use crate::tables::{LiveTables, RowReader};
use changelog::{Change, Value};
use event::EventTime;
use event::derive::day_number;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

/// Customers whose rows are held, about 600 bytes each. Of more the newest seen stay.
const CUSTOMERS_MAX: usize = 100_000;
/// What is let go of at once, so that it need not be sought for each customer.
const LET_GO_SHARE: usize = 8;

/// A customer. Quantities and money are in ten-thousandths, money is in the store's own currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The id as sent.
    pub id: Arc<str>,
    /// The first event known of it.
    pub first_seen: Option<EventTime>,
    /// The last one.
    pub last_seen: Option<EventTime>,
    /// Orders that count, in whatever currency.
    pub orders: i64,
    /// When the first was.
    pub first_order: Option<EventTime>,
    /// When the last was.
    pub last_order: Option<EventTime>,
    /// From one order to the next, in the mean.
    pub mean_gap_micros: Option<i64>,
    /// Pieces bought.
    pub units: i128,
    /// The store's own.
    pub currency: Arc<str>,
    /// What orders in it brought in.
    pub revenue: i128,
    /// Without fees, minus what was given back.
    pub net: i128,
    /// What was given back.
    pub refunded: i128,
    /// Revenue by order.
    pub order_value: Option<i128>,
    /// Orders in the store's own currency.
    pub own_orders: i64,
    /// Visits, of its visitors too.
    pub sessions: i64,
    /// Those with an order.
    pub sessions_with_order: i64,
    /// Those that are a program's.
    pub bot_sessions: i64,
    /// What it likes.
    pub favourites: CustomerFavourites,
    /// Visitors that are this customer.
    pub visitors: i64,
    /// What lies in its newest cart.
    pub cart: Option<CustomerCart>,
}

/// What a customer comes for, with and at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomerFavourites {
    /// Of which most pieces were bought.
    pub category: Option<Arc<str>>,
    /// Of which most pieces were bought.
    pub product: Option<Arc<str>>,
    /// Of most sessions.
    pub device: Option<Arc<str>>,
    /// Of most orders, by the store's clock.
    pub hour: Option<i64>,
    /// Of most orders, 1 = Monday.
    pub day_of_week: Option<i64>,
}

/// A cart that is neither bought nor emptied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerCart {
    /// `open` or `abandoned`.
    pub state: Arc<str>,
    /// When it last moved.
    pub changed: Option<EventTime>,
    /// Pieces.
    pub pieces: i128,
    /// What lies in it; of several currencies the largest sum.
    pub value: Option<i128>,
    /// In this currency.
    pub currency: Option<Arc<str>>,
}

impl Customer {
    fn read(change: &Change) -> Option<(Arc<str>, Customer)> {
        let mut key = RowReader(&change.key);
        let mut row = RowReader(change.values.as_deref()?);
        let (store, id) = (key.text()?.clone(), key.text()?.clone());
        let customer = Customer {
            id,
            first_seen: row.time_or_null()?,
            last_seen: row.time_or_null()?,
            orders: row.int()?,
            first_order: row.time_or_null()?,
            last_order: row.time_or_null()?,
            mean_gap_micros: row.int_or_null()?,
            units: row.decimal()?,
            currency: row.text()?.clone(),
            revenue: row.decimal()?,
            net: row.decimal()?,
            refunded: row.decimal()?,
            order_value: row.decimal_or_null()?,
            own_orders: row.int()?,
            sessions: row.int()?,
            sessions_with_order: row.int()?,
            bot_sessions: row.int()?,
            favourites: CustomerFavourites {
                category: row.text_or_null()?.cloned(),
                product: row.text_or_null()?.cloned(),
                device: row.text_or_null()?.cloned(),
                hour: row.int_or_null()?,
                day_of_week: row.int_or_null()?,
            },
            visitors: row.int()?,
            cart: read_cart(&mut row)?,
        };
        Some((store, customer))
    }
}

fn read_cart(row: &mut RowReader<'_>) -> Option<Option<CustomerCart>> {
    let Some(state) = row.text_or_null()? else {
        return Some(None);
    };
    Some(Some(CustomerCart {
        state: state.clone(),
        changed: row.time_or_null()?,
        pieces: row.decimal()?,
        value: row.decimal_or_null()?,
        currency: row.text_or_null()?.cloned(),
    }))
}

/// What a list of customers is sorted by; most, or last, comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CustomerSort {
    /// In the store's own currency.
    #[default]
    Revenue,
    /// Number of orders.
    Orders,
    /// The last event.
    LastSeen,
}

impl CustomerSort {
    /// Every order, by its name.
    pub const ALL: [(&str, CustomerSort); 3] = [
        ("revenue", CustomerSort::Revenue),
        ("orders", CustomerSort::Orders),
        ("last_seen", CustomerSort::LastSeen),
    ];
}

/// Customers of a store.
#[derive(Debug, Clone, Default)]
pub struct CustomerList {
    /// In the order that was asked for.
    pub customers: Vec<Arc<Customer>>,
    /// Whether there are more than are held: those seen longest ago are missing.
    pub is_partial: bool,
}

/// Rows of customers.
#[derive(Debug, Default)]
pub(crate) struct Customers {
    rows: HashMap<(Arc<str>, Arc<str>), Arc<Customer>>,
    is_partial: bool,
}

impl Customers {
    /// Takes in a row; false where it does not have the form of its table.
    pub(crate) fn apply(&mut self, change: &Change) -> bool {
        if change.values.is_some() {
            let Some((store, customer)) = Customer::read(change) else {
                return false;
            };
            let key = (store, Arc::clone(&customer.id));
            self.rows.insert(key, Arc::new(customer));
            if self.rows.len() > CUSTOMERS_MAX {
                self.let_go(CUSTOMERS_MAX - CUSTOMERS_MAX / LET_GO_SHARE);
            }
        } else if let [Value::Text(store), Value::Text(id)] = &*change.key {
            self.rows.remove(&(Arc::clone(store), Arc::clone(id)));
        } else {
            return false;
        }
        true
    }

    fn let_go(&mut self, kept_max: usize) {
        let mut seen: Vec<_> = self.rows.values().map(|row| row.last_seen).collect();
        let at = seen.len().saturating_sub(kept_max);
        let oldest = *seen.select_nth_unstable(at).1;
        self.rows.retain(|_, row| row.last_seen >= oldest);
        self.is_partial = true;
    }

    fn of(&self, store: &str) -> impl Iterator<Item = &Arc<Customer>> {
        let rows = self.rows.iter().filter(move |((of, _), _)| **of == *store);
        rows.map(|(_, row)| row)
    }

    fn list(&self, store: &str, sort: CustomerSort) -> CustomerList {
        let mut customers: Vec<_> = self.of(store).cloned().collect();
        let rank = |row: &Customer| match sort {
            CustomerSort::Revenue => row.revenue,
            CustomerSort::Orders => row.orders.into(),
            CustomerSort::LastSeen => row.last_seen.map_or(i128::MIN, |time| time.0.into()),
        };
        customers.sort_by(|one, other| {
            let place = |row: &Customer| (Reverse(rank(row)), Reverse(row.last_seen));
            (place(one), &one.id).cmp(&(place(other), &other.id))
        });
        CustomerList {
            customers,
            is_partial: self.is_partial,
        }
    }
}

impl LiveTables {
    /// A customer of a store, if its row is held.
    #[must_use]
    pub fn customer(&self, store: &str, id: &str) -> Option<Arc<Customer>> {
        let customers = self.shared.customers.read();
        let key = (Arc::from(store), Arc::from(id));
        customers.rows.get(&key).cloned()
    }

    /// Customers of a store.
    #[must_use]
    pub fn customers(&self, store: &str, sort: CustomerSort) -> CustomerList {
        self.shared.customers.read().list(store, sort)
    }

    /// Customers of a store that are held, in no order.
    pub(crate) fn customers_held(&self, store: &str) -> CustomerList {
        let customers = self.shared.customers.read();
        CustomerList {
            customers: customers.of(store).cloned().collect(),
            is_partial: customers.is_partial,
        }
    }

    /// Whether there are more customers than are held.
    #[must_use]
    pub fn is_short_of_customers(&self) -> bool {
        self.shared.customers.read().is_partial
    }

    /// Days of the store's calendar since the customer's last order, as of now in the store; 0 on the day itself.
    #[must_use]
    pub fn days_since_order(&self, store: &str, customer: &Customer) -> Option<i64> {
        let zone = &self.stores().get(store).zone;
        let last = customer.last_order?;
        let now = self.store_now(store).max(last);
        Some(day_number(now, zone) - day_number(last, zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(
        id: &str,
        last_seen: i64,
        orders: i64,
        revenue: i128,
    ) -> ((Arc<str>, Arc<str>), Arc<Customer>) {
        let customer = Customer {
            id: Arc::from(id),
            first_seen: None,
            last_seen: Some(EventTime(last_seen)),
            orders,
            first_order: None,
            last_order: None,
            mean_gap_micros: None,
            units: 0,
            currency: Arc::from("EUR"),
            revenue,
            net: revenue,
            refunded: 0,
            order_value: None,
            own_orders: orders,
            sessions: 0,
            sessions_with_order: 0,
            bot_sessions: 0,
            favourites: CustomerFavourites::default(),
            visitors: 0,
            cart: None,
        };
        ((Arc::from("main"), Arc::from(id)), Arc::new(customer))
    }

    fn check(customers: &Customers, sort: CustomerSort, expected: &str) {
        let list = customers.list("main", sort);
        let ids: Vec<&str> = list.customers.iter().map(|row| &*row.id).collect();
        assert_eq!(ids.join(" "), expected, "by {sort:?}");
    }

    #[test]
    fn lists_begin_with_most_and_of_too_many_the_newest_seen_stay() {
        let rows = [
            row("ann", 3, 1, 90),
            row("bob", 9, 4, 50),
            row("cyd", 5, 4, 70),
        ];
        let mut customers = Customers {
            rows: rows.into_iter().collect(),
            is_partial: false,
        };
        check(&customers, CustomerSort::Revenue, "ann cyd bob");
        check(&customers, CustomerSort::Orders, "bob cyd ann");
        check(&customers, CustomerSort::LastSeen, "bob cyd ann");
        assert!(
            customers
                .list("other", CustomerSort::Revenue)
                .customers
                .is_empty()
        );
        customers.let_go(2);
        check(&customers, CustomerSort::Revenue, "cyd bob");
        assert!(
            customers.is_partial,
            "who asks is told that some are missing"
        );
    }
}
