//! Ladders at rest: what each rung holds, times as steps from the one before. What an entry means is known where it is written.

use analytics::ladder::{Coarse, Key, Ladder, Value};
use analytics::session::Rank;
use checkpoint::{DecodeError, Decoder, Encoder};
use event::{EventId, EventTime};

/// How the keys and the values of a ladder are written.
pub trait Entry<K, V> {
    /// Writes a key whose time is written already.
    fn write_key(key: K, out: &mut Encoder<'_>);
    /// Reads [`Entry::write_key`].
    fn read_key(time: EventTime, read: &mut Decoder<'_>) -> Result<K, DecodeError>;
    /// Writes a value, which may know its key.
    fn write_value(key: K, value: &V, out: &mut Encoder<'_>);
    /// Reads [`Entry::write_value`].
    fn read_value(key: K, read: &mut Decoder<'_>) -> Result<V, DecodeError>;
}

/// Writes a ladder.
pub fn write<E: Entry<K, V>, K: Key, V: Value>(ladder: &Ladder<K, V>, out: &mut Encoder<'_>) {
    out.u64(ladder.fine.len() as u64);
    let mut before = 0;
    for (key, value) in &ladder.fine {
        write_step(key.time().0, &mut before, out);
        E::write_key(*key, out);
        E::write_value(*key, value, out);
    }
    out.bool(ladder.coarse.is_some());
    if let Some(coarse) = &ladder.coarse {
        for rung in &coarse.rungs {
            out.u64(rung.len() as u64);
            for (start, value) in rung {
                write_step(*start, &mut before, out);
                E::write_value(K::first_of(EventTime(*start)), value, out);
            }
        }
        E::write_value(K::first_of(EventTime(i64::MIN)), &coarse.before, out);
    }
}

/// Reads [`write`].
pub fn read<E: Entry<K, V>, K: Key, V: Value>(
    read: &mut Decoder<'_>,
) -> Result<Ladder<K, V>, DecodeError> {
    let mut ladder = Ladder::default();
    let mut before = 0;
    let count = read.count()?;
    ladder.fine.reserve_exact(count);
    for _ in 0..count {
        let time = EventTime(read_step(&mut before, read)?);
        let key = E::read_key(time, read)?;
        ladder.fine.push_back((key, E::read_value(key, read)?));
    }
    if read.bool()? {
        let mut coarse = Coarse::default();
        for rung in &mut coarse.rungs {
            for _ in 0..read.count()? {
                let start = read_step(&mut before, read)?;
                let key = K::first_of(EventTime(start));
                rung.push_back((start, E::read_value(key, read)?));
            }
        }
        coarse.before = E::read_value(K::first_of(EventTime(i64::MIN)), read)?;
        ladder.coarse = Some(Box::new(coarse));
    }
    Ok(ladder)
}

fn write_step(time: i64, before: &mut i64, out: &mut Encoder<'_>) {
    out.i64(time.wrapping_sub(*before));
    *before = time;
}

fn read_step(before: &mut i64, read: &mut Decoder<'_>) -> Result<i64, DecodeError> {
    *before = before.wrapping_add(read.i64()?);
    Ok(*before)
}

/// Writes the place of an event without its time.
pub fn write_place(rank: Rank, out: &mut Encoder<'_>) {
    out.i64(rank.position);
    out.0.extend(rank.id.0.to_be_bytes()); // ids are random: no varint is shorter
}

/// Reads [`write_place`].
pub fn read_place(time: EventTime, read: &mut Decoder<'_>) -> Result<Rank, DecodeError> {
    let position = read.i64()?;
    let id = read.take(16)?.try_into();
    let id = EventId(u128::from_be_bytes(id.map_err(|_| DecodeError::Ended)?));
    Ok(Rank { time, position, id })
}

/// Writes whose an entry is: nobody's, that of its key, or that of another in its slot.
pub fn write_owner(key: Rank, owner: Option<Rank>, out: &mut Encoder<'_>) {
    match owner {
        None => out.u64(0),
        Some(owner) if owner == key => out.u64(1),
        Some(owner) => {
            out.u64(2);
            out.i64(owner.time.0);
            write_place(owner, out);
        }
    }
}

/// Reads [`write_owner`].
pub fn read_owner(key: Rank, read: &mut Decoder<'_>) -> Result<Option<Rank>, DecodeError> {
    match read.u64()? {
        0 => Ok(None),
        1 => Ok(Some(key)),
        2 => {
            let time = EventTime(read.i64()?);
            read_place(time, read).map(Some)
        }
        _ => Err(DecodeError::Unknown),
    }
}
