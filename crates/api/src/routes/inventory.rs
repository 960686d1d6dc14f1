//! Stock and prices over HTTP: products that are out or low, and what changes of prices did. What the rows say is decided
//! by the line.

use crate::app::App;
use crate::keys::Principal;
use crate::params::{Params, Window, store_seen};
use crate::problem::{INVALID_QUERY, Problem};
use crate::routes::queries::{did_you_mean, shortened};
use crate::wire::{self, Envelope, money, quantity};
use analytics::stock::Standing;
use axum::Extension;
use axum::extract::State;
use event::SCALE;
use live::{
    LiveTables, PriceChange, PriceChangeQuestion, PriceSide, StockItem, StockQuestion, StockSort,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Rows of a page where none are asked for.
const PAGE_ROWS: usize = 100;

/// `?standing=&product=&store=&sort=&limit=&cursor=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockOf {
    standing: Option<String>,
    product: Option<String>,
    store: Option<String>,
    sort: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Products and how they stand; those of which most was lost come first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Params(asked): Params<StockOf>,
) -> Result<Envelope, Problem> {
    let limit = asked.limit.or(Some(PAGE_ROWS));
    let window = Window::read((None, None), (limit, asked.cursor.as_deref()))?;
    let standings = Standing::ALL.map(|standing| (standing.name(), standing));
    let standing = asked.standing.as_deref();
    let sort = asked.sort.as_deref();
    let question = StockQuestion {
        store: store_seen(&principal, asked.store.as_deref())?,
        product: asked.product,
        standing: standing
            .map(|name| named("standing", name, &standings))
            .transpose()?,
        sort: (sort
            .map(|name| named("sort", name, &StockSort::ALL))
            .transpose()?)
        .unwrap_or_default(),
    };
    let live = &app.state.live;
    let list = live.stock(&question);
    let (page, next) = window.page(&list.items);
    let mut envelope = Envelope {
        next,
        ..Envelope::new(
            page.iter().map(|item| stock(item, live)).collect(),
            app.state.clock.now(),
        )
    };
    envelope.meta["total_rows"] = Value::from(list.items.len());
    envelope.meta["partial"] = Value::from(list.is_partial);
    Ok(envelope)
}

/// What is called so.
pub(super) fn named<T: Copy>(what: &str, name: &str, known: &[(&str, T)]) -> Result<T, Problem> {
    let found = known.iter().find(|(known, _)| *known == name);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let detail = format!("no {what} is called \"{name}\"");
        let all = format!("use {}", names.join(", "));
        let hint = did_you_mean(name, names.into_iter(), &all);
        Problem::new(INVALID_QUERY, shortened(&detail)).hint(hint)
    })
}

fn stock(item: &StockItem, live: &LiveTables) -> Value {
    let now = live.store_now(&item.store);
    let seconds = |micros: i64| micros / event::time::SECOND;
    json!({
        "store": &*item.store,
        "product": &*item.product,
        "name": name(live, &item.store, &item.product),
        "standing": item.standing.name(),
        "since": wire::time(item.since),
        "level": quantity(item.level),
        "basis": &*item.basis,
        "estimated": &*item.basis != "reports",
        "reported_at": wire::time(item.reported_at),
        "gone_since_report": quantity(item.gone_since_report),
        "warehouses": item.warehouses,
        "set_aside": item.set_aside,
        "as_of": item.as_of.to_string(),
        "looked_from": item.looked_from.to_string(),
        "velocity_per_day": quantity(item.velocity(now)),
        "days_of_cover": item.days_of_cover(now).map(|days| rounded(days, 1_000)),
        "lost_demand": item.lost.map(|lost| rounded(lost, 100)),
        "in_stock_s": seconds(item.micros.in_stock),
        "out_s": seconds(item.micros.out),
        "low_s": seconds(item.micros.low),
        "times_out": item.times_out,
        "views_in_stock": item.views[0],
        "views_out": item.views[1],
        "cart_adds_in_stock": item.cart_adds[0],
        "cart_adds_out": item.cart_adds[1],
        "sold_in_stock": quantity(item.sold[0]),
        "sold_out": quantity(item.sold[1]),
        "units_sold": quantity(item.goods[0]),
        "units_returned": quantity(item.goods[1]),
        "units_written_off": quantity(item.goods[2]),
    })
}

fn name(live: &LiveTables, store: &str, product: &str) -> Value {
    let name = live.product_name(store, product);
    name.map_or(Value::Null, |name| Value::from(&*name))
}

/// An estimate is told as precisely as it is meant.
fn rounded(amount: i128, step: i128) -> String {
    let steps = amount.saturating_add(step / 2).div_euclid(step);
    event::format_decimal(steps.saturating_mul(step), 0)
}

/// `?product=&store=&from=&to=&limit=&cursor=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangesOf {
    product: Option<String>,
    store: Option<String>,
    from: Option<String>,
    to: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Changes of prices, newest first, with the days before and after them.
pub(crate) async fn price_changes(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Params(asked): Params<ChangesOf>,
) -> Result<Envelope, Problem> {
    let limit = asked.limit.or(Some(PAGE_ROWS));
    let window = Window::read(
        (asked.from.as_deref(), asked.to.as_deref()),
        (limit, asked.cursor.as_deref()),
    )?;
    let question = PriceChangeQuestion {
        store: store_seen(&principal, asked.store.as_deref())?,
        product: asked.product,
        from: window.from,
        to: window.to,
    };
    let live = &app.state.live;
    let changes = live.price_changes(&question);
    let (page, next) = window.page(&changes);
    let rows = page.iter().map(|change| price_change(change, live));
    let mut envelope = Envelope {
        next,
        ..Envelope::new(rows.collect(), app.state.clock.now())
    };
    envelope.meta["total_rows"] = Value::from(changes.len());
    Ok(envelope)
}

fn price_change(change: &PriceChange, live: &LiveTables) -> Value {
    let currency = Some(&*change.currency);
    let elasticity = live.elasticity(change).map(|found| {
        json!({
            "value": rounded(found.value, 100),
            "low": found.interval.map(|(low, _)| rounded(low, 100)),
            "high": found.interval.map(|(_, high)| rounded(high, 100)),
            "method": &*found.method,
            "observations": found.observations,
            "confounded": found.is_confounded,
        })
    });
    json!({
        "store": &*change.store,
        "product": &*change.product,
        "name": name(live, &change.store, &change.product),
        "currency": &*change.currency,
        "at": change.at.to_string(),
        "old_price": change.old.map(|old| money(old, currency)),
        "new_price": money(change.new, currency),
        "source": &*change.source,
        "before": side(&change.before, currency),
        "after": side(&change.after, currency),
        "elasticity": elasticity,
    })
}

fn side(side: &PriceSide, currency: Option<&str>) -> Value {
    let scale = i128::from(SCALE);
    let a_day = |amount: i128| amount.checked_div(side.days.into());
    let conversion = i128::from(side.orders).saturating_mul(scale);
    json!({
        "days": side.days,
        "views": side.views,
        "cart_adds": side.cart_adds,
        "orders": side.orders,
        "promoted": side.promoted,
        "units": quantity(side.units),
        "revenue": money(side.revenue, currency),
        "conversion": conversion.checked_div(side.views.into()).map(quantity),
        "units_per_day": a_day(side.units).map(quantity),
        "revenue_per_day": a_day(side.revenue).map(|revenue| money(revenue, currency)),
    })
}
