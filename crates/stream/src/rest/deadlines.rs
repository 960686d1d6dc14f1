//! Deadlines at rest: up to when rows have been told, and when time alone will change whose; written whole.

use super::RestError;
use super::people::{read_kind, write_kind};
use analytics::cell::NameId;
use analytics::person::{AsOf, PersonKey};
use checkpoint::{DecodeError, Decoder, Encoder};
use event::EventTime;

/// A person and when its rows change.
pub type Deadline = (EventTime, PersonKey);

/// Writes all of them.
pub fn write(as_of: &AsOf, deadlines: &[Deadline]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut out = Encoder(&mut bytes);
    out.u64(as_of.len() as u64);
    for (store, time) in as_of {
        out.u64(u64::from(store.0));
        out.i64(time.0);
    }
    out.u64(deadlines.len() as u64);
    for (time, person) in deadlines {
        out.i64(time.0);
        out.u64(u64::from(person.store.0));
        write_kind(person.kind, &mut out);
        out.text(&person.id);
    }
    bytes
}

/// Reads [`write`].
pub fn read(bytes: &[u8]) -> Result<(AsOf, Vec<Deadline>), RestError> {
    read_all(&mut Decoder::new(bytes)).map_err(RestError::of("the deadlines"))
}

fn read_all(read: &mut Decoder<'_>) -> Result<(AsOf, Vec<Deadline>), DecodeError> {
    let as_of = (0..read.count()?).map(|_| Ok((NameId(read.u32()?), EventTime(read.i64()?))));
    let as_of = as_of.collect::<Result<AsOf, DecodeError>>()?;
    let deadlines = (0..read.count()?).map(|_| {
        let time = EventTime(read.i64()?);
        let store = NameId(read.u32()?);
        let (kind, id) = (read_kind(read)?, read.text()?.into());
        Ok((time, PersonKey { store, kind, id }))
    });
    let deadlines = deadlines.collect::<Result<_, DecodeError>>()?;
    Ok((as_of, deadlines))
}
