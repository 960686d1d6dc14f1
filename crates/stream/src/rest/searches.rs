//! Searches at rest: times as steps from the one before.

use super::sessions::{read_rank, write_rank};
use analytics::cell::NameId;
use analytics::search::{Found, Search, Searches};
use analytics::session::GivenId;
use checkpoint::{DecodeError, Decoder, Encoder};
use std::num::NonZeroU64;

/// In the order of their numbers at rest.
const FOUND: [Found; 3] = [Found::Unknown, Found::Nothing, Found::Something];

/// Writes searches as they follow one another.
pub fn write_list(searches: &Searches, out: &mut Encoder<'_>) {
    out.u64(searches.0.len() as u64);
    let mut before = 0;
    for search in &searches.0 {
        write_rank(&search.rank, &mut before, out);
        out.u64(u64::from(search.term.0));
        out.u8(search.found as u8);
        out.u64(search.given.map_or(0, |given| given.0.get()));
    }
}

/// Reads [`write_list`].
pub fn read_list(read: &mut Decoder<'_>) -> Result<Searches, DecodeError> {
    let mut before = 0;
    let searches = (0..read.count()?).map(|_| read_search(&mut before, read));
    Ok(Searches(searches.collect::<Result<_, _>>()?))
}

fn read_search(before: &mut i64, read: &mut Decoder<'_>) -> Result<Search, DecodeError> {
    let rank = read_rank(before, read)?;
    let term = NameId(read.u32()?);
    let found = FOUND.get(usize::from(read.u8()?));
    Ok(Search {
        rank,
        term,
        found: *found.ok_or(DecodeError::Unknown)?,
        given: NonZeroU64::new(read.u64()?).map(GivenId),
    })
}
