//! Days by the clock of a shop: the partitions of every table that is kept by time.

use event::EventTime;
use event::derive::day_number;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The time zone of each shop.
pub type Zones = Arc<dyn Fn(&str) -> TimeZone + Send + Sync>;

/// One day of one shop.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StoreDay {
    pub store: Arc<str>,
    /// Days since 1970-01-01.
    pub day: i64,
}

impl StoreDay {
    /// The day as readers write it: `2026-10-24`.
    pub(crate) fn date(&self) -> String {
        let first = Date::constant(1970, 1, 1);
        let date = first.checked_add(self.day.days());
        date.map_or_else(|_| self.day.to_string(), |date| date.to_string())
    }
}

/// Finds the day of an instant; the day found last is asked first, since neighbours are mostly of one day.
pub(crate) struct Days {
    zones: Zones,
    last: BTreeMap<Arc<str>, Known>,
}

struct Known {
    zone: TimeZone,
    day: i64,
    from: EventTime,
    to: EventTime,
}

impl Days {
    pub(crate) fn new(zones: Zones) -> Days {
        Days {
            zones,
            last: BTreeMap::new(),
        }
    }

    /// The store's name as it is kept, and the day.
    pub(crate) fn of(&mut self, store: &str, time: EventTime) -> StoreDay {
        let name = match self.last.get_key_value(store) {
            Some((name, known)) if known.from <= time && time < known.to => {
                return StoreDay {
                    store: Arc::clone(name),
                    day: known.day,
                };
            }
            Some((name, _)) => Arc::clone(name),
            None => store.into(),
        };
        let zone = match self.last.remove(&name) {
            Some(known) => known.zone,
            None => (self.zones)(store),
        };
        let day = day_number(time, &zone);
        let (from, to) = stretch(time, &zone);
        let known = Known {
            zone,
            day,
            from,
            to,
        };
        self.last.insert(Arc::clone(&name), known);
        StoreDay { store: name, day }
    }
}

/// A quarter of an hour around an instant in which no day ends; the instant alone where the zone's days end within one.
fn stretch(time: EventTime, zone: &TimeZone) -> (EventTime, EventTime) {
    const QUARTER: i64 = 15 * event::time::MINUTE;
    let from = EventTime(time.0.div_euclid(QUARTER) * QUARTER);
    let to = EventTime(from.0.saturating_add(QUARTER));
    match day_number(from, zone) == day_number(EventTime(to.0 - 1), zone) {
        true => (from, to),
        false => (time, EventTime(time.0.saturating_add(1))),
    }
}
