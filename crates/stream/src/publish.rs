//! Results as rows of the changelog: cells, orders and products with their names in place of ids.

use analytics::cell::{Cell, CellKey, Cube, NameId};
use analytics::order::OrderRow;
use analytics::tally::Scale;
use changelog::{Change, Value};
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
            Scale::Money | Scale::Quantity => Value::Decimal(*sum),
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
