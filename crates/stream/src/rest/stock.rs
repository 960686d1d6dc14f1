//! A product's stock at rest: lanes of its warehouses, goods and interest. Its prices lie beside it.

use super::ladders::{self, Entry, read_owner, read_place, write_owner, write_place};
use analytics::cell::NameId;
use analytics::session::Rank;
use analytics::stock::{Goods, Interest, Lane, Moved, ProductStock, Report, Warehouse};
use checkpoint::{DecodeError, Decoder, Encoder};
use event::{EventTime, Quantity};

/// Writes what is known of a product's stock.
pub fn write(state: &ProductStock, out: &mut Encoder<'_>) {
    out.u64(state.lanes.len() as u64);
    for lane in &state.lanes {
        out.u64(lane.warehouse.hash);
        out.u64(u64::from(lane.warehouse.name.0));
        out.u64(lane.told);
        ladders::write::<Reports, _, _>(&lane.reports, out);
        ladders::write::<Changes, _, _>(&lane.changes, out);
    }
    ladders::write::<GoodsEntries, _, _>(&state.goods, out);
    ladders::write::<InterestEntries, _, _>(&state.interest, out);
    out.u64(state.set_aside);
}

/// Reads [`write`].
pub fn read(read: &mut Decoder<'_>) -> Result<ProductStock, DecodeError> {
    let lanes = (0..read.count()?).map(|_| read_lane(read));
    Ok(ProductStock {
        lanes: lanes.collect::<Result<_, _>>()?,
        goods: ladders::read::<GoodsEntries, _, _>(read)?,
        interest: ladders::read::<InterestEntries, _, _>(read)?,
        set_aside: read.u64()?,
    })
}

fn read_lane(read: &mut Decoder<'_>) -> Result<Lane, DecodeError> {
    Ok(Lane {
        warehouse: Warehouse {
            hash: read.u64()?,
            name: NameId(read.u32()?),
        },
        told: read.u64()?,
        reports: ladders::read::<Reports, _, _>(read)?,
        changes: ladders::read::<Changes, _, _>(read)?,
    })
}

struct Reports;

impl Entry<Rank, Report> for Reports {
    fn write_key(key: Rank, out: &mut Encoder<'_>) {
        write_place(key, out);
    }

    fn read_key(time: EventTime, read: &mut Decoder<'_>) -> Result<Rank, DecodeError> {
        read_place(time, read)
    }

    fn write_value(key: Rank, report: &Report, out: &mut Encoder<'_>) {
        write_owner(key, report.rank, out);
        out.i64(report.level.0);
    }

    fn read_value(key: Rank, read: &mut Decoder<'_>) -> Result<Report, DecodeError> {
        Ok(Report {
            rank: read_owner(key, read)?,
            level: Quantity(read.i64()?),
        })
    }
}

struct Changes;

impl Entry<Rank, Moved> for Changes {
    fn write_key(key: Rank, out: &mut Encoder<'_>) {
        write_place(key, out);
    }

    fn read_key(time: EventTime, read: &mut Decoder<'_>) -> Result<Rank, DecodeError> {
        read_place(time, read)
    }

    fn write_value(_: Rank, moved: &Moved, out: &mut Encoder<'_>) {
        out.i128(moved.0);
    }

    fn read_value(_: Rank, read: &mut Decoder<'_>) -> Result<Moved, DecodeError> {
        read.i128().map(Moved)
    }
}

struct GoodsEntries;

impl Entry<EventTime, Goods> for GoodsEntries {
    fn write_key(_: EventTime, _: &mut Encoder<'_>) {}

    fn read_key(time: EventTime, _: &mut Decoder<'_>) -> Result<EventTime, DecodeError> {
        Ok(time)
    }

    fn write_value(_: EventTime, goods: &Goods, out: &mut Encoder<'_>) {
        out.i128(goods.sold);
        out.i128(goods.returned);
        out.i128(goods.written_off);
    }

    fn read_value(_: EventTime, read: &mut Decoder<'_>) -> Result<Goods, DecodeError> {
        Ok(Goods {
            sold: read.i128()?,
            returned: read.i128()?,
            written_off: read.i128()?,
        })
    }
}

struct InterestEntries;

impl Entry<EventTime, Interest> for InterestEntries {
    fn write_key(_: EventTime, _: &mut Encoder<'_>) {}

    fn read_key(time: EventTime, _: &mut Decoder<'_>) -> Result<EventTime, DecodeError> {
        Ok(time)
    }

    fn write_value(_: EventTime, interest: &Interest, out: &mut Encoder<'_>) {
        out.u64(u64::from(interest.views));
        out.u64(u64::from(interest.cart_adds));
    }

    fn read_value(_: EventTime, read: &mut Decoder<'_>) -> Result<Interest, DecodeError> {
        Ok(Interest {
            views: read.u32()?,
            cart_adds: read.u32()?,
        })
    }
}
