//! How far answers lie behind events: a store's newest live event against its watermark, minute by minute of the log's own
//! time. A lag that did not last for a whole minute is none; how long is too long is for the rules of alerts.

use analytics::alert::LagSight;
use analytics::cell::NameId;
use checkpoint::{DecodeError, Decoder, Encoder};
use event::EventTime;
use event::time::MINUTE;
use std::collections::BTreeMap;

/// Less than this is no lag: half a minute is what sources are allowed for.
const LAG_MIN: i64 = MINUTE;

/// A minute in which a store lags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lagging {
    minute: i64,
    least_micros: i64,
    /// Whether it lagged already when the minute began.
    is_whole: bool,
}

/// Stores that lag, and minutes that are over.
#[derive(Debug, Clone, Default)]
pub struct Lags {
    lagging: BTreeMap<NameId, Lagging>,
    over: Vec<(NameId, LagSight)>,
}

impl Lags {
    /// A record came: so far a store lies behind its events.
    pub fn observe(&mut self, store: NameId, now: EventTime, lag_micros: i64) {
        let minute = now.0.div_euclid(MINUTE);
        let before = self.lagging.get(&store).copied();
        if let Some(known) = before.filter(|known| known.minute == minute) {
            let least_micros = known.least_micros.min(lag_micros);
            self.lagging.insert(
                store,
                Lagging {
                    least_micros,
                    ..known
                },
            );
            return;
        }
        if let Some(known) = before {
            self.end(store, known, minute);
        }
        if lag_micros < LAG_MIN {
            self.lagging.remove(&store);
            return;
        }
        let lagging = Lagging {
            minute,
            least_micros: lag_micros,
            is_whole: before.is_some_and(|known| known.least_micros >= LAG_MIN),
        };
        self.lagging.insert(store, lagging);
    }

    /// Whether a store lagged when it was last looked at.
    pub fn stores(&self) -> Vec<NameId> {
        self.lagging.keys().copied().collect()
    }

    /// Between two records nothing moves, so a minute's lag lasts until the next record's.
    fn end(&mut self, store: NameId, known: Lagging, minute: i64) {
        if known.is_whole && known.least_micros >= LAG_MIN {
            let sight = LagSight {
                from: EventTime(known.minute * MINUTE),
                until: Some(EventTime(minute * MINUTE)),
                lag_micros: known.least_micros,
            };
            self.over.push((store, sight));
        }
    }

    /// Minutes that ended since this was last asked, in their order.
    pub fn take(&mut self) -> Vec<(NameId, LagSight)> {
        std::mem::take(&mut self.over)
    }

    /// Everything but what is to be taken: a checkpoint is made when all was.
    pub fn encode(&self, out: &mut Encoder<'_>) {
        out.u64(self.lagging.len() as u64);
        for (store, lagging) in &self.lagging {
            out.u64(u64::from(store.0));
            out.i64(lagging.minute);
            out.i64(lagging.least_micros);
            out.bool(lagging.is_whole);
        }
    }

    /// What was encoded.
    pub fn decode(read: &mut Decoder<'_>) -> Result<Lags, DecodeError> {
        let mut lags = Lags::default();
        for _ in 0..read.count()? {
            let store = NameId(read.u32()?);
            let lagging = Lagging {
                minute: read.i64()?,
                least_micros: read.i64()?,
                is_whole: read.bool()?,
            };
            lags.lagging.insert(store, lagging);
        }
        Ok(lags)
    }
}
