//! What a customer's home knows of its orders, at rest: part of a person's row.

use super::people::{read_version, write_version};
use analytics::cell::NameId;
use analytics::customer::{
    Amounts, Base, Favourite, HourOfWeek, Ledger, OrderId, OrderSummary, OrderTold, Pick, PickKind,
    Totals,
};
use checkpoint::{DecodeError, Decoder, Encoder};
use event::{EventTime, Money, Quantity};
use std::cmp::Reverse;

/// Writes orders and what older ones add up to.
pub fn write_ledger(ledger: &Ledger, out: &mut Encoder<'_>) {
    out.u64(ledger.orders().len() as u64);
    for told in ledger.orders() {
        write_told(told, out);
    }
    out.bool(ledger.base().is_some());
    if let Some(base) = ledger.base() {
        write_base(base, out);
    }
}

/// Reads [`write_ledger`].
pub fn read_ledger(read: &mut Decoder<'_>) -> Result<Ledger, DecodeError> {
    let orders = (0..read.count()?).map(|_| read_told(read));
    let orders = orders.collect::<Result<_, _>>()?;
    let base = read.bool()?.then(|| read_base(read)).transpose()?;
    Ok(Ledger::from_parts(orders, base.map(Box::new)))
}

fn write_told(told: &OrderTold, out: &mut Encoder<'_>) {
    out.u64(told.order.0);
    out.i64(told.time.0);
    write_version(told.version, out);
    out.bool(told.what.is_some());
    let Some(what) = &told.what else { return };
    out.bool(what.is_order);
    out.u8(what.hour.0);
    out.u64(what.currency.0.into());
    for amount in [what.revenue.0, what.net.0, what.refunded.0, what.units.0] {
        out.i64(amount);
    }
    out.u64(what.picks.len() as u64);
    for pick in &what.picks {
        write_kind(pick.kind, out);
        out.u64(pick.name.0.into());
        out.i64(pick.units.0);
    }
}

fn read_told(read: &mut Decoder<'_>) -> Result<OrderTold, DecodeError> {
    Ok(OrderTold {
        order: OrderId(read.u64()?),
        time: EventTime(read.i64()?),
        version: read_version(read)?,
        what: read.bool()?.then(|| read_summary(read)).transpose()?,
    })
}

fn read_summary(read: &mut Decoder<'_>) -> Result<OrderSummary, DecodeError> {
    Ok(OrderSummary {
        is_order: read.bool()?,
        hour: HourOfWeek(read.u8()?),
        currency: NameId(read.u32()?),
        revenue: Money(read.i64()?),
        net: Money(read.i64()?),
        refunded: Money(read.i64()?),
        units: Quantity(read.i64()?),
        picks: (0..read.count()?)
            .map(|_| read_pick(read))
            .collect::<Result<_, _>>()?,
    })
}

fn read_pick(read: &mut Decoder<'_>) -> Result<Pick, DecodeError> {
    Ok(Pick {
        kind: read_kind(read)?,
        name: NameId(read.u32()?),
        units: Quantity(read.i64()?),
    })
}

fn write_kind(kind: PickKind, out: &mut Encoder<'_>) {
    out.bool(kind == PickKind::Category);
}

fn read_kind(read: &mut Decoder<'_>) -> Result<PickKind, DecodeError> {
    Ok(if read.bool()? {
        PickKind::Category
    } else {
        PickKind::Product
    })
}

fn write_base(base: &Base, out: &mut Encoder<'_>) {
    write_totals(&base.totals, out);
    out.u64(base.folded.len() as u64);
    base.folded
        .iter()
        .for_each(|place| write_place(*place, out));
    out.bool(base.floor.is_some());
    base.floor.iter().for_each(|place| write_place(*place, out));
}

fn read_base(read: &mut Decoder<'_>) -> Result<Base, DecodeError> {
    Ok(Base {
        totals: read_totals(read)?,
        folded: (0..read.count()?)
            .map(|_| read_place(read))
            .collect::<Result<_, _>>()?,
        floor: read.bool()?.then(|| read_place(read)).transpose()?,
    })
}

fn write_place((time, order): (EventTime, OrderId), out: &mut Encoder<'_>) {
    out.i64(time.0);
    out.u64(order.0);
}

fn read_place(read: &mut Decoder<'_>) -> Result<(EventTime, OrderId), DecodeError> {
    Ok((EventTime(read.i64()?), OrderId(read.u64()?)))
}

fn write_totals(totals: &Totals, out: &mut Encoder<'_>) {
    out.u64(totals.orders);
    write_time(totals.first, out);
    write_time(totals.last, out);
    out.i128(totals.units);
    out.u64(totals.amounts.len() as u64);
    for amounts in &totals.amounts {
        out.u64(amounts.currency.0.into());
        out.u64(amounts.orders);
        for amount in [amounts.revenue, amounts.net, amounts.refunded] {
            out.i128(amount);
        }
    }
    totals
        .hours
        .iter()
        .for_each(|orders| out.u64((*orders).into()));
    out.u64(totals.favourites.len() as u64);
    for favourite in &totals.favourites {
        write_kind(favourite.kind, out);
        out.u64(favourite.name.0.into());
        out.i128(favourite.units);
        let (time, order, Reverse(place)) = favourite.last;
        write_place((time, order), out);
        out.u8(place);
    }
}

fn read_totals(read: &mut Decoder<'_>) -> Result<Totals, DecodeError> {
    Ok(Totals {
        orders: read.u64()?,
        first: read_time(read)?,
        last: read_time(read)?,
        units: read.i128()?,
        amounts: (0..read.count()?)
            .map(|_| read_amounts(read))
            .collect::<Result<_, _>>()?,
        hours: {
            let mut hours = Box::new([0; HourOfWeek::COUNT]);
            for orders in hours.iter_mut() {
                *orders = read.u32()?;
            }
            hours
        },
        favourites: (0..read.count()?)
            .map(|_| read_favourite(read))
            .collect::<Result<_, _>>()?,
    })
}

fn read_amounts(read: &mut Decoder<'_>) -> Result<Amounts, DecodeError> {
    Ok(Amounts {
        currency: NameId(read.u32()?),
        orders: read.u64()?,
        revenue: read.i128()?,
        net: read.i128()?,
        refunded: read.i128()?,
    })
}

fn read_favourite(read: &mut Decoder<'_>) -> Result<Favourite, DecodeError> {
    let (kind, name, units) = (read_kind(read)?, NameId(read.u32()?), read.i128()?);
    let (time, order) = read_place(read)?;
    Ok(Favourite {
        kind,
        name,
        units,
        last: (time, order, Reverse(read.u8()?)),
    })
}

fn write_time(time: Option<EventTime>, out: &mut Encoder<'_>) {
    out.bool(time.is_some());
    time.iter().for_each(|time| out.i64(time.0));
}

fn read_time(read: &mut Decoder<'_>) -> Result<Option<EventTime>, DecodeError> {
    Ok(match read.bool()? {
        true => Some(EventTime(read.i64()?)),
        false => None,
    })
}

/// Ledgers of any content, for whoever tests what is written of a person.
#[cfg(test)]
pub mod any_ledgers {
    use super::*;
    use analytics::customer::Limits;
    use analytics::person::Version;
    use proptest::prelude::*;

    fn summaries() -> impl Strategy<Value = OrderSummary> {
        let pick = (any::<bool>(), any::<u32>(), -(1_i64 << 50)..1 << 50);
        let pick = pick.prop_map(|(is_product, name, units)| Pick {
            kind: match is_product {
                true => PickKind::Product,
                false => PickKind::Category,
            },
            name: NameId(name),
            units: Quantity(units),
        });
        let picks = prop::collection::vec(pick, 0..3);
        let all = (
            any::<bool>(),
            0..168_u8,
            any::<u32>(),
            any::<[i64; 4]>(),
            picks,
        );
        all.prop_map(|(is_order, hour, currency, amounts, picks)| OrderSummary {
            is_order,
            hour: HourOfWeek(hour),
            currency: NameId(currency),
            revenue: Money(amounts[0]),
            net: Money(amounts[1]),
            refunded: Money(amounts[2]),
            units: Quantity(amounts[3]),
            picks: picks.into_iter().collect(),
        })
    }

    /// Of any orders; the older ones are one sum and some of those beyond all reach.
    pub fn ledgers() -> impl Strategy<Value = Ledger> {
        let told = (any::<(u64, i64, u64, u32)>(), prop::option::of(summaries()));
        let told = told.prop_map(|((order, time, offset, step), what)| OrderTold {
            order: OrderId(order),
            time: EventTime(time),
            version: Version { offset, step },
            what,
        });
        prop::collection::vec(told, 0..8).prop_map(|all| {
            let limits = Limits {
                orders_max: 3,
                folded_max: 2,
            };
            let mut ledger = Ledger::default();
            for told in all {
                let _ = ledger.take(told, &limits);
            }
            ledger
        })
    }
}
