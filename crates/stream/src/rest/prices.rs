//! A product's prices in one currency at rest: changes that were told, and sums by day and price.

use super::ladders::{self, Entry, read_owner, read_place, write_owner, write_place};
use analytics::price::{Change, DayKey, Days, ProductPrices, Sums};
use analytics::session::Rank;
use checkpoint::{DecodeError, Decoder, Encoder};
use event::{EventTime, Money};

/// Writes what is known of a product's prices.
pub fn write(state: &ProductPrices, out: &mut Encoder<'_>) {
    ladders::write::<Changes, _, _>(&state.changes, out);
    out.u64(state.days.sums.len() as u64);
    let mut before = 0;
    for (key, sums) in &state.days.sums {
        out.i64(key.day.0.wrapping_sub(before));
        before = key.day.0;
        write_price(key.price, out);
        write_sums(sums, out);
    }
    write_sums(&state.days.before, out);
    out.i64(state.set_aside);
}

/// Reads [`write`].
pub fn read(read: &mut Decoder<'_>) -> Result<ProductPrices, DecodeError> {
    let changes = ladders::read::<Changes, _, _>(read)?;
    let mut days = Days::default();
    let count = read.count()?;
    days.sums.reserve_exact(count);
    let mut before: i64 = 0;
    for _ in 0..count {
        before = before.wrapping_add(read.i64()?);
        let key = DayKey {
            day: EventTime(before),
            price: read_price(read)?,
        };
        days.sums.push_back((key, read_sums(read)?));
    }
    days.before = read_sums(read)?;
    Ok(ProductPrices {
        changes,
        days,
        set_aside: read.i64()?,
    })
}

fn write_price(price: Option<Money>, out: &mut Encoder<'_>) {
    out.bool(price.is_some());
    price.into_iter().for_each(|price| out.i64(price.0));
}

fn read_price(read: &mut Decoder<'_>) -> Result<Option<Money>, DecodeError> {
    let is_there = read.bool()?;
    is_there.then(|| read.i64().map(Money)).transpose()
}

fn write_sums(sums: &Sums, out: &mut Encoder<'_>) {
    let counts = [sums.views, sums.cart_adds, sums.orders, sums.promoted];
    counts.into_iter().for_each(|count| out.i64(count));
    out.i128(sums.units);
    out.i128(sums.revenue);
}

fn read_sums(read: &mut Decoder<'_>) -> Result<Sums, DecodeError> {
    Ok(Sums {
        views: read.i64()?,
        cart_adds: read.i64()?,
        orders: read.i64()?,
        promoted: read.i64()?,
        units: read.i128()?,
        revenue: read.i128()?,
    })
}

struct Changes;

impl Entry<Rank, Change> for Changes {
    fn write_key(key: Rank, out: &mut Encoder<'_>) {
        write_place(key, out);
    }

    fn read_key(time: EventTime, read: &mut Decoder<'_>) -> Result<Rank, DecodeError> {
        read_place(time, read)
    }

    fn write_value(key: Rank, change: &Change, out: &mut Encoder<'_>) {
        write_owner(key, change.rank, out);
        out.i64(change.day.0);
        write_price(change.old, out);
        out.i64(change.new.0);
    }

    fn read_value(key: Rank, read: &mut Decoder<'_>) -> Result<Change, DecodeError> {
        Ok(Change {
            rank: read_owner(key, read)?,
            day: EventTime(read.i64()?),
            old: read_price(read)?,
            new: Money(read.i64()?),
        })
    }
}
