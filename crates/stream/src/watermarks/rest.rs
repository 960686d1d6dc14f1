//! Watermarks at rest: all of them as bytes, and back. Which sources are idle follows from when they were raised.

use super::lag::Lags;
use super::{IDLE_AFTER, SourceKey, SourceTime, StoreTime, Watermarks};
use analytics::cell::NameId;
use checkpoint::{DecodeError, Decoder, Encoder};
use event::EventTime;

impl Watermarks {
    /// Everything, for a checkpoint. Ids of names are those given out until then.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut out = Encoder(out);
        encode_time(self.now, &mut out);
        encode_time(self.tick, &mut out);
        out.u64(self.stores.len() as u64);
        for (store, known) in &self.stores {
            out.u64(u64::from(store.0));
            encode_time(known.watermark, &mut out);
            encode_time(known.newest, &mut out);
            encode_time(known.history, &mut out);
        }
        self.lags.encode(&mut out);
        out.u64(self.sources.len() as u64);
        for (_, key) in self.idle.iter().chain(&self.live) {
            let Some(source) = self.sources.get(key) else {
                continue;
            };
            out.u64(u64::from(key.store.0));
            out.u64(u64::from(key.source.0));
            out.i64(source.watermark.0);
            out.i64(source.raised_at.0);
        }
    }

    /// What was encoded, with every row told as changed.
    pub fn decode(bytes: &[u8]) -> Result<Watermarks, DecodeError> {
        let mut read = Decoder::new(bytes);
        let mut watermarks = Watermarks {
            now: decode_time(&mut read)?,
            tick: decode_time(&mut read)?,
            ..Watermarks::default()
        };
        for _ in 0..read.count()? {
            let store = decode_id(&mut read)?;
            let known = StoreTime {
                watermark: decode_time(&mut read)?,
                newest: decode_time(&mut read)?,
                history: decode_time(&mut read)?,
                ..StoreTime::default()
            };
            watermarks.stores.insert(store, known);
            watermarks.changed.insert(store);
        }
        watermarks.lags = Lags::decode(&mut read)?;
        for _ in 0..read.count()? {
            let key = SourceKey {
                store: decode_id(&mut read)?,
                source: decode_id(&mut read)?,
            };
            let source = SourceTime {
                watermark: EventTime(read.i64()?),
                raised_at: EventTime(read.i64()?),
            };
            watermarks.put_back(key, source)?;
        }
        if read.is_empty() {
            Ok(watermarks)
        } else {
            Err(DecodeError::Unknown)
        }
    }

    fn put_back(&mut self, key: SourceKey, source: SourceTime) -> Result<(), DecodeError> {
        let is_idle = self.is_past(source.raised_at, IDLE_AFTER);
        let store = self.stores.get_mut(&key.store);
        let store = store.ok_or(DecodeError::Unknown)?;
        if is_idle {
            store.idle += 1;
            self.idle.insert((source.raised_at, key));
        } else {
            store.live.insert((source.watermark, key.source));
            self.live.insert((source.raised_at, key));
        }
        self.sources.insert(key, source);
        Ok(())
    }
}

fn encode_time(time: Option<EventTime>, out: &mut Encoder<'_>) {
    out.bool(time.is_some());
    out.i64(time.unwrap_or_default().0);
}

fn decode_time(read: &mut Decoder<'_>) -> Result<Option<EventTime>, DecodeError> {
    let is_there = read.bool()?;
    let time = EventTime(read.i64()?);
    Ok(is_there.then_some(time))
}

fn decode_id(read: &mut Decoder<'_>) -> Result<NameId, DecodeError> {
    let id = read.u32()?;
    Ok(NameId(id))
}
