//! Pieces of sessions at rest: times as steps from the one before, counts and names as varints.

use analytics::cell::NameId;
use analytics::session::{Acts, CampaignId, Cuts, Entry, GivenId, NEVER, Piece, Rank};
use checkpoint::{DecodeError, Decoder, Encoder};
use event::{EventId, EventTime};
use std::num::{NonZeroU32, NonZeroU64};

/// Writes pieces as they follow one another.
pub fn write_list(pieces: &[Piece], out: &mut Encoder<'_>) {
    out.u64(pieces.len() as u64);
    let mut before = 0;
    for piece in pieces {
        write_rank(&piece.first, &mut before, out);
        out.i64(piece.last.0.wrapping_sub(before));
        let counts = piece.acts.0.iter();
        counts.for_each(|count| out.u64(u64::from(*count)));
        let names = names(piece.entry);
        names.iter().for_each(|name| out.u64(u64::from(name.0)));
        out.u64(piece.given.map_or(0, |given| given.0.get()));
        out.i64(i64::from(piece.cuts.day));
        let campaign = piece.cuts.campaign.map_or(0, |id| id.0.get());
        out.u64(u64::from(campaign));
        for when in [piece.viewed, piece.ordered] {
            out.bool(when != NEVER);
            if when != NEVER {
                out.i64(when.0.wrapping_sub(before));
            }
        }
    }
}

/// Writes a place in the canonical order, its time as a step from the one before.
pub fn write_rank(rank: &Rank, before: &mut i64, out: &mut Encoder<'_>) {
    out.i64(rank.time.0.wrapping_sub(*before));
    *before = rank.time.0;
    out.i64(rank.position);
    out.0.extend(rank.id.0.to_be_bytes()); // ids are random: no varint is shorter
}

/// Reads [`write_rank`].
pub fn read_rank(before: &mut i64, read: &mut Decoder<'_>) -> Result<Rank, DecodeError> {
    *before = before.wrapping_add(read.i64()?);
    Ok(Rank {
        time: EventTime(*before),
        position: read.i64()?,
        id: read_id(read)?,
    })
}

/// Reads [`write_list`].
pub fn read_list(read: &mut Decoder<'_>) -> Result<Vec<Piece>, DecodeError> {
    let mut before = 0;
    (0..read.count()?)
        .map(|_| read_piece(&mut before, read))
        .collect()
}

fn read_piece(before: &mut i64, read: &mut Decoder<'_>) -> Result<Piece, DecodeError> {
    let first = read_rank(before, read)?;
    let last = EventTime(first.time.0.wrapping_add(read.i64()?));
    let mut acts = Acts::default();
    for count in &mut acts.0 {
        *count = read.u32()?;
    }
    Ok(Piece {
        first,
        last,
        acts,
        entry: read_entry(read)?,
        given: NonZeroU64::new(read.u64()?).map(GivenId),
        cuts: read_cuts(read)?,
        viewed: read_when(first.time.0, read)?,
        ordered: read_when(first.time.0, read)?,
    })
}

fn read_cuts(read: &mut Decoder<'_>) -> Result<Cuts, DecodeError> {
    Ok(Cuts {
        day: i32::try_from(read.i64()?).map_err(|_| DecodeError::Unknown)?,
        campaign: NonZeroU32::new(read.u32()?).map(CampaignId),
    })
}

fn read_when(time: i64, read: &mut Decoder<'_>) -> Result<EventTime, DecodeError> {
    Ok(match read.bool()? {
        true => EventTime(time.wrapping_add(read.i64()?)),
        false => NEVER,
    })
}

fn read_id(read: &mut Decoder<'_>) -> Result<EventId, DecodeError> {
    let bytes = read.take(16)?.try_into();
    let bytes = bytes.map_err(|_| DecodeError::Ended)?;
    Ok(EventId(u128::from_be_bytes(bytes)))
}

/// In the order in which they are written.
fn names(entry: Entry) -> [NameId; 6] {
    let Entry {
        country,
        device,
        channel,
        campaign,
        referrer,
        landing,
    } = entry;
    [country, device, channel, campaign, referrer, landing]
}

fn read_entry(read: &mut Decoder<'_>) -> Result<Entry, DecodeError> {
    let mut name = || read.u32().map(NameId);
    Ok(Entry {
        country: name()?,
        device: name()?,
        channel: name()?,
        campaign: name()?,
        referrer: name()?,
        landing: name()?,
    })
}
