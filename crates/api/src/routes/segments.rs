//! Segments over HTTP: what customers of like scores come to, and how a customer's scores are written. Where the points lie
//! that cut customers into fifths is decided by the line.

use super::customers::CustomerOf;
use super::inventory::named;
use crate::app::App;
use crate::auth::store_of;
use crate::keys::Principal;
use crate::params::Params;
use crate::problem::Problem;
use crate::wire::{Envelope, money, text};
use axum::Extension;
use axum::extract::State;
use jiff::civil;
use live::{Customer, LiveTables, SegmentFigures, SegmentList, StoreCuts};
use serde_json::{Value, json};
use std::sync::Arc;

/// Why somebody who ordered has no scores.
const NO_CUTS: &str = "no cut points yet: they are fixed within seconds of the first orders that come live, at the end of \
     an import, and then at the store's midnight";
/// Why somebody else has none.
const NO_ORDER: &str = "never ordered";

/// What each segment of a store comes to.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Params(asked): Params<CustomerOf>,
) -> Result<Envelope, Problem> {
    let store = store_of(&principal, asked.store())?;
    let live = &app.state.live;
    let (list, cuts) = (live.segments(&store), live.cut_points(&store));
    let currency = live.stores().get(&store).currency;
    let currency = currency.as_str();
    let all = Total::of(&list);
    let rows = list.segments.iter().map(|row| segment(row, &all, currency));
    let mut envelope = Envelope::new(rows.collect(), app.state.clock.now());
    envelope.meta["store"] = Value::from(store.as_str());
    envelope.meta["currency"] = Value::from(currency);
    envelope.meta["customers"] = Value::from(all.customers);
    envelope.meta["unscored"] = Value::from(list.unscored);
    envelope.meta["partial"] = Value::from(list.is_partial);
    envelope.meta["cuts"] = cuts.as_deref().map_or(Value::Null, points);
    envelope.meta["reason"] = match cuts {
        None => Value::from(NO_CUTS),
        Some(_) => Value::Null,
    };
    Ok(envelope)
}

/// Of all segments together; customers without scores are among them.
struct Total {
    customers: i64,
    revenue: i128,
}

impl Total {
    fn of(list: &SegmentList) -> Total {
        let customers: i64 = list.segments.iter().map(|row| row.customers).sum();
        Total {
            customers: customers + list.unscored,
            revenue: list.segments.iter().map(|row| row.revenue).sum(),
        }
    }
}

fn segment(row: &SegmentFigures, all: &Total, currency: &str) -> Value {
    let mean = |sum: i128| ratio(sum, row.customers.into());
    json!({
        "segment": &*row.name,
        "customers": row.customers,
        "share": ratio(row.customers.into(), all.customers.into()),
        "orders": row.orders,
        "mean_orders": mean(row.orders.into()),
        "revenue": money(row.revenue, Some(currency)),
        "revenue_share": ratio(row.revenue, all.revenue),
        "net": money(row.net, Some(currency)),
        "mean_net": match row.customers {
            0 => Value::Null,
            customers => money(row.net.div_euclid(customers.into()), Some(currency)),
        },
    })
}

/// For showing; nothing of nothing.
fn ratio(part: i128, whole: i128) -> Value {
    match whole {
        0 => Value::Null,
        whole => Value::from(part as f64 / whole as f64),
    }
}

/// The points that stand, each dimension's from the least.
fn points(cuts: &StoreCuts) -> Value {
    let points = &cuts.points;
    let plain = |cuts: &analytics::customer::rfm::Cuts| cuts.0.map(|cut| cut.value());
    let amounts = (points.monetary.0).map(|cut| {
        let amount = cut.parting(points.boundary);
        money(amount, Some(&cuts.currency))
    });
    json!({
        "day": date(points.day.0),
        "customers": cuts.customers,
        "boundary": points.boundary.name(),
        "recency_days": plain(&points.recency),
        "frequency": plain(&points.frequency),
        "monetary": amounts,
    })
}

fn date(days: i64) -> Value {
    let span = jiff::Span::new().try_days(days);
    let date = span.and_then(|span| civil::date(1970, 1, 1).checked_add(span));
    date.map_or(Value::Null, |date| Value::from(date.to_string()))
}

/// By what a customer is scored, how, and where it belongs; or why not.
pub(super) fn rfm(store: &str, row: &Customer, live: &LiveTables) -> Value {
    let rfm = live.rfm(store, row);
    let reason = match (&rfm.scores, rfm.recency_days) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(NO_CUTS),
        (None, None) => Some(NO_ORDER),
    };
    json!({
        "recency_days": rfm.recency_days,
        "frequency": rfm.frequency,
        "monetary": money(rfm.monetary, Some(&row.currency)),
        "scores": rfm.scores.map(|scores| json!({
            "r": scores.recency,
            "f": scores.frequency,
            "m": scores.monetary,
        })),
        "segment": text(rfm.segment.as_ref()),
        "reason": reason,
    })
}

/// The segment of this name, however it is written.
pub(super) fn read(name: &str, store: &str, live: &LiveTables) -> Result<String, Problem> {
    let segments = &live.stores().get(store).segments;
    let known = segments
        .names()
        .find(|known| known.eq_ignore_ascii_case(name));
    if let Some(known) = known {
        return Ok(known.to_owned());
    }
    let names: Vec<(&str, &str)> = segments.names().map(|name| (name, name)).collect();
    named("segment", name, &names).map(str::to_owned)
}
