//! Results as rows of the changelog: cells, orders and products with their names in place of ids.

pub mod alerts;
pub mod customers;
pub mod inventory;
pub mod scores;

use analytics::cart;
use analytics::cell::{Cell, CellKey, Cube, NameId};
use analytics::order::OrderRow;
use analytics::person::{CartRow, SessionRow, Standing};
use analytics::session::{Act, Session};
use analytics::tally::Scale;
use changelog::{Change, Value};
use event::EventTime;
use std::sync::Arc;

/// A name without an id of its own is nothing stated.
pub fn name(names: &[Arc<str>], id: NameId) -> Value {
    if id == NameId(0) {
        Value::Null
    } else {
        Value::text(names.get(id.0 as usize))
    }
}

/// Key of a cell's row; `value` is the dimension's value, already named.
pub fn cell_key(
    cube: &Cube,
    names: &[Arc<str>],
    key: &CellKey,
    grain: &Arc<str>,
    value: Value,
) -> Box<[Value]> {
    let mut columns = Vec::with_capacity(5);
    columns.push(name(names, key.store));
    columns.push(Value::Text(Arc::clone(grain)));
    columns.push(Value::Time(key.window.0));
    if cube.dimension.is_some() {
        columns.push(value);
    }
    if cube.has_currency {
        columns.push(name(names, key.currency));
    }
    columns.into()
}

/// Values of a cell's row; a cell from which everything was taken back has none.
pub fn cell_values(cube: &Cube, cell: &Cell) -> Option<Box<[Value]>> {
    if cell.is_empty() {
        return None;
    }
    let sums = cell
        .sums
        .iter()
        .zip(cube.fields)
        .map(|(sum, field)| match field.scale() {
            Scale::Count => Value::Int(i64::try_from(*sum).unwrap_or(i64::MAX)),
            Scale::Money | Scale::Quantity | Scale::Duration => Value::Decimal(*sum),
        });
    let sketches = cell.sketches.as_deref();
    let distincts = (sketches.iter())
        .flat_map(|sketches| &sketches.distincts)
        .map(|sketch| Value::Sketch(sketch.to_bytes().into()));
    let order_values = (sketches.iter())
        .flat_map(|sketches| &sketches.order_values)
        .map(|sketch| Value::Sketch(sketch.to_bytes().into()));
    Some(sums.chain(distincts).chain(order_values).collect())
}

/// A row of the list of recent orders.
pub fn order(row: &OrderRow, names: &[Arc<str>], first_product: Value, version: i64) -> Change {
    let values = (!row.is_gone).then(|| {
        let order_id = row
            .order_id
            .as_deref()
            .map_or(Value::Null, |id| Value::Text(Arc::from(id)));
        Box::from([
            Value::Time(row.time.0),
            Value::Decimal(row.revenue),
            name(names, row.currency),
            Value::Decimal(row.units),
            Value::Int(row.items as i64),
            name(names, row.country),
            name(names, row.city),
            first_product,
            order_id,
        ])
    });
    let key = Box::from([
        name(names, row.store),
        Value::Text(Arc::from(row.key.as_str())),
    ]);
    Change {
        table: "orders",
        key,
        values,
        version,
    }
}

/// A row of the list of recent sessions; what is no visit is no row.
pub fn session(row: &SessionRow, names: &[Arc<str>], version: i64) -> Change {
    let (session, into) = match &row.change.after {
        Some(Standing::Own(session)) => (Some(session), None),
        Some(Standing::Merged { into, session }) => (Some(session), Some(into)),
        None => (None, None),
    };
    let session = session.filter(|session| session.is_visit());
    let given = row
        .change
        .given
        .map(|given| Arc::from(format!("{:016x}", given.0)));
    let key = Box::from([
        name(names, row.person.store),
        Value::Text(Arc::from(row.person.kind.name())),
        Value::Text(Arc::clone(&row.person.id)),
        Value::Time(row.change.start.0),
        given.map_or(Value::Null, Value::Text),
    ]);
    Change {
        table: "sessions",
        key,
        values: session.map(|session| session_values(session, into, names)),
        version,
    }
}

fn session_values(session: &Session, into: Option<&Arc<str>>, names: &[Arc<str>]) -> Box<[Value]> {
    let count = |act| Value::Int(i64::from(session.0.acts[act]));
    Box::from([
        Value::Time(session.last().0),
        count(Act::Event),
        Value::Int(i64::from(session.views())),
        count(Act::CartAdd),
        count(Act::Checkout),
        count(Act::Order),
        Value::Int(i64::from(session.is_bounce())),
        name(names, session.0.entry.country),
        name(names, session.0.entry.device),
        name(names, session.0.entry.channel),
        into.map_or(Value::Null, |into| Value::Text(Arc::clone(into))),
        name(names, session.0.entry.campaign),
        name(names, session.0.entry.landing),
        name(names, session.0.entry.referrer),
    ])
}

/// A row of the list of recent carts; checkouts and orders without a cart are only counted.
pub fn cart(
    row: &CartRow,
    names: &[Arc<str>],
    product: impl Fn(NameId) -> Value,
    version: i64,
) -> Option<Change> {
    let either = row.change.after.as_ref().or(row.change.before.as_ref());
    let created = either?.cart()?.created;
    let key = Box::from([
        name(names, row.person.store),
        Value::Text(Arc::from(row.person.kind.name())),
        Value::Text(Arc::clone(&row.person.id)),
        Value::Time(created.time.0),
        Value::Text(Arc::from(created.id.to_string())),
    ]);
    let cart = row.change.after.as_ref().and_then(cart::Row::cart);
    Some(Change {
        table: "carts",
        key,
        values: cart.map(|cart| cart_values(cart, names, product)),
        version,
    })
}

fn cart_values(
    cart: &cart::Cart,
    names: &[Arc<str>],
    product: impl Fn(NameId) -> Value,
) -> Box<[Value]> {
    let values = cart.values();
    // Of equal values the last by name: numbers of names hang on who came first.
    let worth = values.iter().max_by_key(|(currency, value)| {
        let name = names.get(currency.0 as usize);
        (*value, name)
    });
    let order = (cart.purchase.as_ref()).and_then(|purchase| purchase.id.clone());
    let bought_at = cart.purchase.as_ref().map(|purchase| purchase.at.time);
    let time = |time: Option<EventTime>| time.map_or(Value::Null, |time| Value::Time(time.0));
    let seen = cart::Fact::ALL.into_iter();
    let seen: Vec<&str> = (seen.filter(|fact| cart.facts.has(*fact)))
        .map(cart::Fact::name)
        .collect();
    let mut columns = vec![
        Value::Text(Arc::from(cart.state.name())),
        Value::Time(cart.last.0),
        time(cart.emptied.or(bought_at)),
        Value::Int(i64::from(cart.adds)),
        Value::Int(i64::from(cart.removes)),
        Value::Int(i64::from(cart.returns)),
        Value::Decimal(cart.quantity()),
        worth.map_or(Value::Null, |(_, value)| Value::Decimal(*value)),
        worth.map_or(Value::Null, |(currency, _)| name(names, *currency)),
        name(names, cart.place.country),
        name(names, cart.place.device),
        Value::Text(Arc::from(seen.join(","))),
        order.map_or(Value::Null, Value::Text),
        Value::Int(cart.lines.len() as i64 + i64::from(cart.lines_beyond)),
    ];
    for line in cart.lines.iter().take(CART_LINES_TOLD) {
        let price = line.price;
        columns.extend([
            product(line.product),
            Value::Decimal(i128::from(line.quantity.0)),
            price.map_or(Value::Null, |price| Value::Decimal(i128::from(price.0))),
            name(names, line.currency),
            Value::Time(line.added.0),
        ]);
    }
    columns.into()
}

/// Lines of a cart that its row tells; five columns each, behind those of the cart.
const CART_LINES_TOLD: usize = 10;
