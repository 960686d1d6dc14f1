//! Customers over HTTP: one by its id, and lists of those who bought most or came last. What their rows say is decided by
//! the line.

use super::inventory::named;
use super::segments;
use crate::app::App;
use crate::auth::store_of;
use crate::keys::Principal;
use crate::params::{Params, Window};
use crate::problem::{NOT_FOUND, Problem};
use crate::routes::queries::shortened;
use crate::wire::{Envelope, money, quantity, text, time};
use axum::Extension;
use axum::extract::{Path, State};
use event::time::SECOND;
use live::{Customer, CustomerCart, CustomerSort, LiveTables};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Rows of a page where none are asked for.
const PAGE_ROWS: usize = 100;

/// `?sort=&segment=&store=&limit=&cursor=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomersOf {
    sort: Option<String>,
    segment: Option<String>,
    store: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// `?store=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerOf {
    store: Option<String>,
}

impl CustomerOf {
    pub(super) fn store(&self) -> Option<&str> {
        self.store.as_deref()
    }
}

/// Customers of a store who ordered or filled a cart; those who brought in most come first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Params(asked): Params<CustomersOf>,
) -> Result<Envelope, Problem> {
    let limit = asked.limit.or(Some(PAGE_ROWS));
    let window = Window::read((None, None), (limit, asked.cursor.as_deref()))?;
    let sort = asked.sort.as_deref();
    let sort = sort.map(|name| named("sort", name, &CustomerSort::ALL));
    let sort = sort.transpose()?.unwrap_or_default();
    let store = store_of(&principal, asked.store.as_deref())?;
    let live = &app.state.live;
    let segment = asked.segment.as_deref();
    let segment = segment.map(|name| segments::read(name, &store, live));
    let mut list = live.customers(&store, sort);
    if let Some(segment) = segment.transpose()? {
        list = live.in_segment(&store, &segment, list);
    }
    let (page, next) = window.page(&list.customers);
    let rows = page.iter().map(|found| customer(&store, found, live));
    let mut envelope = Envelope {
        next,
        ..Envelope::new(rows.collect(), app.state.clock.now())
    };
    envelope.meta["total_rows"] = Value::from(list.customers.len());
    envelope.meta["partial"] = Value::from(list.is_partial);
    Ok(envelope)
}

/// One of them.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Path(id): Path<String>,
    Params(asked): Params<CustomerOf>,
) -> Result<Envelope, Problem> {
    let store = store_of(&principal, asked.store.as_deref())?;
    let live = &app.state.live;
    let found = live.customer(&store, &id).ok_or_else(|| {
        let detail = format!("no customer \"{id}\" has ordered or filled a cart in \"{store}\"");
        let hint = match live.is_short_of_customers() {
            true => "only the customers seen last are held here; it may be an older one",
            false => "GET /api/v1/customers lists those who did",
        };
        Problem::new(NOT_FOUND, shortened(&detail)).hint(hint)
    })?;
    let data = customer(&store, &found, live);
    Ok(Envelope::new(data, app.state.clock.now()))
}

fn customer(store: &str, row: &Customer, live: &LiveTables) -> Value {
    let amount = |amount: i128| money(amount, Some(&row.currency));
    let liked = &row.favourites;
    let name = liked.product.as_deref();
    let name = name.and_then(|product| live.product_name(store, product));
    json!({
        "store": store,
        "id": &*row.id,
        "first_seen": time(row.first_seen),
        "last_seen": time(row.last_seen),
        "orders": row.orders,
        "first_order": time(row.first_order),
        "last_order": time(row.last_order),
        "days_since_order": live.days_since_order(store, row),
        "mean_gap_s": row.mean_gap_micros.map(|gap| gap / SECOND),
        "units": quantity(row.units),
        "currency": &*row.currency,
        "orders_in_currency": row.own_orders,
        "revenue": amount(row.revenue),
        "net": amount(row.net),
        "refunded": amount(row.refunded),
        "average_order": row.order_value.map(amount),
        "sessions": row.sessions,
        "sessions_with_order": row.sessions_with_order,
        "bot_sessions": row.bot_sessions,
        "favourites": {
            "category": text(liked.category.as_ref()),
            "product": text(liked.product.as_ref()),
            "product_name": text(name.as_ref()),
            "device": text(liked.device.as_ref()),
            "hour": liked.hour,
            "day_of_week": liked.day_of_week,
        },
        "visitors": row.visitors,
        "rfm": segments::rfm(store, row, live),
        "cart": row.cart.as_ref().map(cart),
    })
}

fn cart(cart: &CustomerCart) -> Value {
    let currency = cart.currency.as_deref();
    json!({
        "state": &*cart.state,
        "changed": time(cart.changed),
        "pieces": quantity(cart.pieces),
        "value": cart.value.map(|value| money(value, currency)),
        "currency": text(cart.currency.as_ref()),
    })
}
