//! Orders and refunds at rest.

use super::RestError;
use analytics::cell::NameId;
use analytics::names::{EventNames, ItemNames};
use analytics::order::{GivenBack, OrderKey, OrderState, Part, Rank, Sale, SaleLine};
use checkpoint::{DecodeError, Decoder, Encoder};
use event::{EventId, EventTime, LineKind, Money, Quantity};
use std::sync::Arc;

/// The key of an order: kind, store, id.
pub fn key(key: &OrderKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(5 + key.id.len());
    bytes.push(key.kind as u8);
    bytes.extend(key.store.0.to_be_bytes());
    bytes.extend(key.id.as_bytes());
    bytes
}

/// Writes what is known of an order.
pub fn write(state: &OrderState, bytes: &mut Vec<u8>) {
    let mut out = Encoder(bytes);
    out.bool(state.placed.is_some());
    if let Some((rank, sale)) = &state.placed {
        write_rank(*rank, &mut out);
        write_sale(sale, &mut out);
    }
    out.u64(state.updates.len() as u64);
    for (rank, lines) in &state.updates {
        write_rank(*rank, &mut out);
        write_lines(lines, &mut out);
    }
    out.bool(state.cancelled.is_some());
    if let Some(rank) = state.cancelled {
        write_rank(rank, &mut out);
    }
    write_given_back(&state.given_back, &mut out);
}

/// Reads [`write`].
pub fn read(bytes: &[u8]) -> Result<OrderState, RestError> {
    read_state(&mut Decoder::new(bytes)).map_err(RestError::of("an order"))
}

fn read_state(read: &mut Decoder<'_>) -> Result<OrderState, DecodeError> {
    let mut state = OrderState::default();
    if read.bool()? {
        state.placed = Some((read_rank(read)?, read_sale(read)?));
    }
    for _ in 0..read.count()? {
        state.updates.push((read_rank(read)?, read_lines(read)?));
    }
    if read.bool()? {
        state.cancelled = Some(read_rank(read)?);
    }
    state.given_back = read_given_back(read)?;
    Ok(state)
}

fn write_given_back(given_back: &GivenBack, out: &mut Encoder<'_>) {
    out.u64(given_back.0.len() as u64);
    for part in &given_back.0 {
        out.u64(u64::from(part.currency.0));
        write_optional(part.category.map(|name| i64::from(name.0)), out);
        out.i64(part.refunds);
        out.i128(part.amount);
    }
}

fn read_given_back(read: &mut Decoder<'_>) -> Result<GivenBack, DecodeError> {
    let category = |number: i64| u32::try_from(number).map(NameId);
    let part = |read: &mut Decoder<'_>| {
        let currency = read_name(read)?;
        let category = read_optional(read)?.map(category).transpose();
        Ok(Part {
            currency,
            category: category.map_err(|_| DecodeError::Unknown)?,
            refunds: read.i64()?,
            amount: read.i128()?,
        })
    };
    let parts: Result<Vec<Part>, _> = (0..read.count()?).map(|_| part(read)).collect();
    parts.map(GivenBack)
}

fn write_rank((time, id): Rank, out: &mut Encoder<'_>) {
    out.i64(time.0);
    out.u128(id.0);
}

fn read_rank(read: &mut Decoder<'_>) -> Result<Rank, DecodeError> {
    Ok((EventTime(read.i64()?), EventId(read.u128()?)))
}

fn write_sale(sale: &Sale, out: &mut Encoder<'_>) {
    let names = &sale.names;
    out.i64(sale.time.0);
    for name in [
        names.store,
        names.kind,
        names.country,
        names.city,
        names.device,
        names.identity,
        names.currency,
        names.payment_method,
        names.coupon,
    ] {
        out.u64(u64::from(name.0));
    }
    write_optional(sale.customer.map(|customer| customer as i64), out);
    out.text(sale.customer_id.as_deref().unwrap_or_default());
    out.i64(sale.discount.0);
    write_optional(sale.stated.map(|money| money.0), out);
    write_lines(&sale.lines, out);
}

fn read_sale(read: &mut Decoder<'_>) -> Result<Sale, DecodeError> {
    Ok(Sale {
        time: EventTime(read.i64()?),
        names: EventNames {
            store: read_name(read)?,
            kind: read_name(read)?,
            country: read_name(read)?,
            city: read_name(read)?,
            device: read_name(read)?,
            identity: read_name(read)?,
            currency: read_name(read)?,
            payment_method: read_name(read)?,
            coupon: read_name(read)?,
        },
        customer: read_optional(read)?.map(|customer| customer as u64),
        customer_id: Some(read.text()?)
            .filter(|id| !id.is_empty())
            .map(Arc::from),
        discount: Money(read.i64()?),
        stated: read_optional(read)?.map(Money),
        lines: read_lines(read)?,
        given_back: GivenBack::default(),
    })
}

fn write_lines(lines: &[SaleLine], out: &mut Encoder<'_>) {
    out.u64(lines.len() as u64);
    for line in lines {
        out.i64(line.line);
        out.u64(line.kind as u64);
        out.u64(u64::from(line.names.product.0));
        out.u64(u64::from(line.names.category.0));
        write_optional(line.unit_price.map(|money| money.0), out);
        write_optional(line.list_price.map(|money| money.0), out);
        out.i64(line.quantity.0);
        out.i64(line.unit_discount.0);
    }
}

fn read_lines(read: &mut Decoder<'_>) -> Result<Vec<SaleLine>, DecodeError> {
    let line = |read: &mut Decoder<'_>| {
        Ok(SaleLine {
            line: read.i64()?,
            kind: read_kind(read)?,
            names: ItemNames {
                product: read_name(read)?,
                category: read_name(read)?,
            },
            unit_price: read_optional(read)?.map(Money),
            list_price: read_optional(read)?.map(Money),
            quantity: Quantity(read.i64()?),
            unit_discount: Money(read.i64()?),
        })
    };
    (0..read.count()?).map(|_| line(read)).collect()
}

fn read_kind(read: &mut Decoder<'_>) -> Result<LineKind, DecodeError> {
    let kinds = [
        LineKind::Product,
        LineKind::Fee,
        LineKind::Return,
        LineKind::WriteOff,
    ];
    let number = read.u64()?;
    let kind = kinds.into_iter().find(|kind| *kind as u64 == number);
    kind.ok_or(DecodeError::Unknown)
}

fn read_name(read: &mut Decoder<'_>) -> Result<NameId, DecodeError> {
    read.u32().map(NameId)
}

fn write_optional(number: Option<i64>, out: &mut Encoder<'_>) {
    out.bool(number.is_some());
    number.into_iter().for_each(|number| out.i64(number));
}

fn read_optional(read: &mut Decoder<'_>) -> Result<Option<i64>, DecodeError> {
    Ok(if read.bool()? {
        Some(read.i64()?)
    } else {
        None
    })
}
