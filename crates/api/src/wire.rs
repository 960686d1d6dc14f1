//! How answers are written: the envelope, times, money as decimal text, rows of queries, orders.

use axum::Json;
use axum::response::{IntoResponse, Response};
use event::{Currency, EventTime, format_decimal};
use live::query::{Answer, AnswerRow, Column, Figure};
use live::{Order, PulseSecond};
use runtime::UnixMicros;
use serde_json::{Map, Value, json};

/// The store of whoever names none.
pub(crate) const DEFAULT_STORE: &str = "main";

/// `{data, meta, page}`.
pub(crate) struct Envelope {
    pub(crate) data: Value,
    pub(crate) meta: Value,
    pub(crate) next: Option<String>,
}

impl Envelope {
    pub(crate) fn new(data: Value, as_of: UnixMicros) -> Envelope {
        Envelope {
            data,
            meta: json!({ "as_of": as_of.to_string() }),
            next: None,
        }
    }
}

impl IntoResponse for Envelope {
    fn into_response(self) -> Response {
        Json(json!({ "data": self.data, "meta": self.meta, "page": { "next": self.next } }))
            .into_response()
    }
}

/// RFC 3339 in UTC, or null.
pub(crate) fn time(time: Option<EventTime>) -> Value {
    time.map_or(Value::Null, |time| Value::String(time.to_string()))
}

/// Text, or null.
pub(crate) fn text(text: Option<&std::sync::Arc<str>>) -> Value {
    text.map_or(Value::Null, |text| Value::from(&**text))
}

/// Money in its currency's own digits, more where they are not zero.
pub(crate) fn money(amount: i128, currency: Option<&str>) -> Value {
    let digits = currency
        .and_then(Currency::parse)
        .map_or(2, Currency::digits);
    Value::String(format_decimal(amount, digits))
}

/// Pieces, with as many digits as they have.
pub(crate) fn quantity(amount: i128) -> String {
    format_decimal(amount, 0)
}

fn figure(figure: Figure, kind: &str, currency: Option<&str>) -> Value {
    match figure {
        Figure::Nothing => Value::Null,
        Figure::Count(count) => {
            i64::try_from(count).map_or_else(|_| Value::String(count.to_string()), Value::from)
        }
        Figure::Decimal(amount) if kind == "money" => money(amount, currency),
        Figure::Decimal(amount) => Value::String(format_decimal(amount, 0)),
    }
}

/// An answer in its envelope.
pub(crate) fn answer(answer: &Answer, as_of: UnixMicros) -> Envelope {
    let rows = answer
        .rows
        .iter()
        .map(|row| Value::Object(self::row(row, &answer.columns)));
    let range = answer
        .range
        .map(|(from, to)| json!({ "from": from.to_string(), "to": to.to_string() }));
    let column = |column: &Column| json!({ "name": column.name, "kind": column.kind, "unit": column.unit, "label": column.label });
    let meta = json!({
        "columns": answer.columns.iter().map(column).collect::<Vec<_>>(),
        "range": range,
        "as_of": as_of.to_string(),
        "watermark": time(answer.watermark),
        "newest_event": time(answer.newest),
        "oldest_event": time(answer.oldest),
        "partial": answer.is_partial,
        "timezone": answer.zone,
        "grain": answer.grain.name(),
        "total_rows": answer.total_rows,
    });
    Envelope {
        data: rows.collect(),
        meta,
        next: answer.next_offset.map(|offset| offset.to_string()),
    }
}

fn row(row: &AnswerRow, columns: &[Column]) -> Map<String, Value> {
    let currency = row.currency.as_deref();
    let mut figures = row.figures.iter();
    let cell = |column: &Column| {
        let value = match (column.kind, column.name.as_str()) {
            ("time", "window_end") => time(row.window_end),
            ("time", _) => time(row.window),
            ("currency", _) => text(row.currency.as_ref()),
            ("dimension", "product_name") => text(row.product_name.as_ref()),
            ("dimension", _) => text(row.value.as_ref()),
            (kind, _) => figures
                .next()
                .map_or(Value::Null, |number| figure(*number, kind, currency)),
        };
        (column.name.clone(), value)
    };
    columns.iter().map(cell).collect()
}

/// An order as the ticker shows it.
pub(crate) fn order(order: &Order) -> Value {
    json!({
        "order_id": order.order_id.as_deref().unwrap_or(&order.key),
        "time": order.time.to_string(),
        "revenue": money(order.revenue, Some(&order.currency)),
        "currency": &*order.currency,
        "units": format_decimal(order.units, 0),
        "items": order.items,
        "country": text(order.country.as_ref()),
        "city": text(order.city.as_ref()),
        "first_item": text(order.first_item.as_ref()),
    })
}

/// A second of the pulse.
pub(crate) fn second(second: &PulseSecond) -> Value {
    let counts: Map<String, Value> = second
        .counts
        .iter()
        .map(|(kind, count)| (kind.to_string(), Value::from(*count)))
        .collect();
    json!({ "t": second.start.to_string(), "counts": counts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_its_currencys_digits_and_more_where_they_are_not_zero() {
        let shown = |amount, currency| money(amount, Some(currency)).as_str().map(str::to_owned);
        assert_eq!(shown(125_000, "EUR"), Some("12.50".to_owned()));
        assert_eq!(shown(10, "EUR"), Some("0.001".to_owned()));
        assert_eq!(shown(1_000_000, "JPY"), Some("100".to_owned()));
        assert_eq!(shown(15_000, "KWD"), Some("1.500".to_owned()));
    }

    #[test]
    fn counts_are_numbers_and_quantities_are_text() {
        assert_eq!(figure(Figure::Count(3), "count", None), json!(3));
        assert_eq!(
            figure(Figure::Decimal(25_000), "quantity", None),
            json!("2.5")
        );
        assert_eq!(figure(Figure::Nothing, "money", None), Value::Null);
        assert_eq!(
            figure(Figure::Count(i128::MAX), "count", None),
            json!(i128::MAX.to_string())
        );
    }
}
