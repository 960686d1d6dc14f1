//! Items of carts at rest: times as steps from the one before, all else as it is most often shortest.

use super::sessions::{read_rank, write_rank};
use analytics::cart::{CartId, CartItems, Facts, Item, Line, Lines, Place, What};
use analytics::cell::NameId;
use checkpoint::{DecodeError, Decoder, Encoder};
use event::{Money, Quantity};
use std::num::NonZeroU64;

const MOVED_ONE: u8 = 0;
const MOVED_MANY: u8 = 1;
const EMPTIED: u8 = 2;
const SAW: u8 = 3;
const ORDERED: u8 = 4;
const ORDERED_WITH_ID: u8 = 5;

/// Writes items as they follow one another.
pub fn write_list(items: &CartItems, out: &mut Encoder<'_>) {
    out.u64(items.0.len() as u64);
    let mut before = 0;
    for item in &items.0 {
        write_rank(&item.rank, &mut before, out);
        out.u64(item.cart.map_or(0, |cart| cart.0.get()));
        out.u64(u64::from(item.place.country.0));
        out.u64(u64::from(item.place.device.0));
        write_what(&item.what, out);
    }
}

fn write_what(what: &What, out: &mut Encoder<'_>) {
    match what {
        What::Moved(Lines::One(line)) => {
            out.u8(MOVED_ONE);
            write_line(line, out);
        }
        What::Moved(Lines::Many { lines, beyond }) => {
            out.u8(MOVED_MANY);
            out.u64(u64::from(*beyond));
            out.u64(lines.len() as u64);
            lines.iter().for_each(|line| write_line(line, out));
        }
        What::Emptied => out.u8(EMPTIED),
        What::Saw(facts) => {
            out.u8(SAW);
            out.u8(facts.0);
        }
        What::Ordered(None) => out.u8(ORDERED),
        What::Ordered(Some(id)) => {
            out.u8(ORDERED_WITH_ID);
            out.text(id);
        }
    }
}

fn write_line(line: &Line, out: &mut Encoder<'_>) {
    out.u64(u64::from(line.product.0));
    out.u64(u64::from(line.currency.0));
    out.i64(line.quantity.0);
    out.i64(line.price().map_or(-1, |price| price.0));
}

/// Reads [`write_list`].
pub fn read_list(read: &mut Decoder<'_>) -> Result<CartItems, DecodeError> {
    let mut before = 0;
    let items = (0..read.count()?).map(|_| read_item(&mut before, read));
    Ok(CartItems(items.collect::<Result<_, _>>()?))
}

fn read_item(before: &mut i64, read: &mut Decoder<'_>) -> Result<Item, DecodeError> {
    Ok(Item {
        rank: read_rank(before, read)?,
        cart: NonZeroU64::new(read.u64()?).map(CartId),
        place: Place {
            country: NameId(read.u32()?),
            device: NameId(read.u32()?),
        },
        what: read_what(read)?,
    })
}

fn read_what(read: &mut Decoder<'_>) -> Result<What, DecodeError> {
    Ok(match read.u8()? {
        MOVED_ONE => What::Moved(Lines::One(read_line(read)?)),
        MOVED_MANY => {
            let beyond = read.u32()?;
            let lines = (0..read.count()?).map(|_| read_line(read));
            let lines = lines.collect::<Result<_, _>>()?;
            What::Moved(Lines::Many { lines, beyond })
        }
        EMPTIED => What::Emptied,
        SAW => What::Saw(Facts(read.u8()?)),
        ORDERED => What::Ordered(None),
        ORDERED_WITH_ID => What::Ordered(Some(read.text()?.into())),
        _ => return Err(DecodeError::Unknown),
    })
}

fn read_line(read: &mut Decoder<'_>) -> Result<Line, DecodeError> {
    let names = (NameId(read.u32()?), NameId(read.u32()?));
    let (quantity, price) = (Quantity(read.i64()?), read.i64()?);
    let price = (price >= 0).then_some(Money(price));
    Line::new(names, quantity, price).ok_or(DecodeError::Unknown)
}
