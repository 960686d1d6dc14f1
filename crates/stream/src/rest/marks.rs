//! Marks of funnels at rest: times as steps from the one before, steps and worth as varints.

use super::sessions::{read_rank, write_rank};
use analytics::cell::NameId;
use analytics::funnel::{Mark, Marks, Steps};
use analytics::session::GivenId;
use checkpoint::{DecodeError, Decoder, Encoder};
use event::Money;
use std::num::NonZeroU64;

/// Writes marks as they follow one another.
pub fn write_list(marks: &Marks, out: &mut Encoder<'_>) {
    out.u64(marks.0.len() as u64);
    let mut before = 0;
    for mark in &marks.0 {
        write_rank(&mark.rank, &mut before, out);
        out.u64(mark.steps.0);
        out.i64(mark.value.0);
        out.u64(u64::from(mark.currency.0));
        out.u64(mark.given.map_or(0, |given| given.0.get()));
        out.u64(u64::from(mark.foreign));
    }
}

/// Reads [`write_list`].
pub fn read_list(read: &mut Decoder<'_>) -> Result<Marks, DecodeError> {
    let mut before = 0;
    let marks = (0..read.count()?).map(|_| read_mark(&mut before, read));
    Ok(Marks(marks.collect::<Result<_, _>>()?))
}

fn read_mark(before: &mut i64, read: &mut Decoder<'_>) -> Result<Mark, DecodeError> {
    Ok(Mark {
        rank: read_rank(before, read)?,
        steps: Steps(read.u64()?),
        value: Money(read.i64()?),
        currency: NameId(read.u32()?),
        given: NonZeroU64::new(read.u64()?).map(GivenId),
        foreign: u16::try_from(read.u64()?).map_err(|_| DecodeError::Unknown)?,
    })
}
