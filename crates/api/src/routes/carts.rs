//! The newest carts: whose, what lies in them, what became of them, and why those that were abandoned may have been.

use super::queries::{did_you_mean, shortened};
use crate::app::App;
use crate::auth::store_of;
use crate::keys::Principal;
use crate::params::{Params, Window};
use crate::problem::{INVALID_QUERY, Problem};
use crate::wire::{Envelope, money, text, time};
use analytics::cart::{Reason, State as CartState};
use axum::Extension;
use axum::extract::State;
use event::format_decimal;
use live::{CARTS_MAX, Cart, CartLine, CartList, CartOrder, LiveTables};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// `?state=open,abandoned&sort=created|value&store=&limit=&cursor=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CartsOf {
    state: Option<String>,
    sort: Option<String>,
    store: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// A row a cart; and what all carts asked for, on this page or not, come to.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Params(asked): Params<CartsOf>,
) -> Result<Envelope, Problem> {
    let window = Window::read((None, None), (asked.limit, asked.cursor.as_deref()))?;
    let states = read_states(asked.state.as_deref().unwrap_or_default())?;
    let order = read_order(asked.sort.as_deref())?;
    let store = store_of(&principal, asked.store.as_deref())?;
    let live = &app.state.live;
    let list = live.carts(&store, &states, order);
    let (page, next) = window.page(&list.carts);
    let named = page.iter().map(|cart| live.with_names(&store, cart));
    let why = |cart: &Cart| reasons(&store, cart, live);
    let data = named.map(|found| cart(&found, &why(&found))).collect();
    let as_of = app.state.clock.now();
    let meta = json!({
        "as_of": as_of.to_string(),
        "watermark": time(live.watermark(&store)),
        "timezone": live.stores().get(&store).zone_name(),
        "total_rows": list.carts.len(),
        "cut": list.is_cut,
        "kept_max": CARTS_MAX,
        "since": time(list.since),
        "summary": summary(&list, why),
    });
    Ok(Envelope { data, meta, next })
}

fn read_states(text: &str) -> Result<Vec<CartState>, Problem> {
    let words = text.split(',').map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(read_state)
        .collect()
}

fn read_state(word: &str) -> Result<CartState, Problem> {
    let found = CartState::ALL
        .into_iter()
        .find(|state| state.name() == word);
    let names = CartState::ALL.map(CartState::name);
    found.ok_or_else(|| {
        let all = format!("use {}", names.join(", "));
        Problem::new(
            INVALID_QUERY,
            format!("no cart is ever \"{}\"", shortened(word)),
        )
        .hint(did_you_mean(word, names.into_iter(), &all))
    })
}

fn read_order(word: Option<&str>) -> Result<CartOrder, Problem> {
    match word.unwrap_or("created") {
        "created" => Ok(CartOrder::Created),
        "value" => Ok(CartOrder::Value),
        other => Err(Problem::new(
            INVALID_QUERY,
            format!("carts are not ordered by \"{}\"", shortened(other)),
        )
        .hint(did_you_mean(
            other,
            ["created", "value"].into_iter(),
            "use created or value",
        ))),
    }
}

fn cart(cart: &Cart, reasons: &[&str]) -> Value {
    json!({
        "person": { "kind": &*cart.person_kind, "id": &*cart.person },
        "state": cart.state.name(),
        "created": cart.created.to_string(),
        "changed": cart.changed.to_string(),
        "ended": time(cart.ended),
        "value": amount(cart.value, cart.currency.as_ref()),
        "currency": text(cart.currency.as_ref()),
        "pieces": format_decimal(cart.pieces, 0),
        "adds": cart.adds,
        "removes": cart.removes,
        "returns": cart.returns,
        "reached_checkout": cart.has_checkout,
        "reasons": reasons,
        "country": text(cart.country.as_ref()),
        "device": text(cart.device.as_ref()),
        "order_id": text(cart.order_id.as_ref()),
        "line_count": cart.lines_count,
        "lines": cart.lines.iter().map(line).collect::<Vec<_>>(),
    })
}

fn line(line: &CartLine) -> Value {
    json!({
        "product_id": text(line.product.as_ref()),
        "product_name": text(line.product_name.as_ref()),
        "quantity": format_decimal(line.quantity, 0),
        "price": amount(line.price, line.currency.as_ref()),
        "currency": text(line.currency.as_ref()),
        "added": line.added.to_string(),
    })
}

fn amount(amount: Option<i128>, currency: Option<&Arc<str>>) -> Value {
    amount.map_or(Value::Null, |amount| {
        money(amount, currency.map(|code| &**code))
    })
}

/// Names of what happened; that nothing is known is said only of carts that were abandoned.
fn reasons(store: &str, cart: &Cart, live: &LiveTables) -> Vec<&'static str> {
    let known = live.cart_reasons(store, cart);
    if known.is_empty() && cart.was_abandoned() {
        vec![Reason::NONE]
    } else {
        known.iter().map(|reason| reason.name()).collect()
    }
}

/// Carts and their worth by currency.
#[derive(Default)]
struct Tally<'a> {
    carts: u64,
    values: BTreeMap<&'a str, i128>,
}

impl<'a> Tally<'a> {
    fn add(&mut self, cart: &'a Cart) {
        self.carts += 1;
        if let (Some(currency), Some(value)) = (cart.currency.as_deref(), cart.value) {
            *self.values.entry(currency).or_default() += value;
        }
    }

    fn values(&self) -> Vec<Value> {
        let value = |(code, value): (&&str, &i128)| json!({ "currency": code, "value": money(*value, Some(code)) });
        self.values.iter().map(value).collect()
    }
}

/// All carts asked for by state and by reason; a cart with two reasons counts under both.
fn summary(list: &CartList, reasons: impl Fn(&Cart) -> Vec<&'static str>) -> Value {
    let mut by_state: BTreeMap<CartState, Tally<'_>> = BTreeMap::new();
    let mut by_reason: BTreeMap<&str, Tally<'_>> = BTreeMap::new();
    for cart in &list.carts {
        by_state.entry(cart.state).or_default().add(cart);
        for reason in reasons(cart) {
            by_reason.entry(reason).or_default().add(cart);
        }
    }
    let state = |(state, tally): (&CartState, &Tally<'_>)| json!({ "state": state.name(), "carts": tally.carts, "values": tally.values() });
    let reason = |(reason, tally): (&&str, &Tally<'_>)| json!({ "reason": reason, "carts": tally.carts, "values": tally.values() });
    json!({
        "states": by_state.iter().map(state).collect::<Vec<_>>(),
        "reasons": by_reason.iter().map(reason).collect::<Vec<_>>(),
    })
}
