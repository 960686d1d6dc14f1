//! Plays a simulated shop in step with the clock: which events are due, as lines of its dialect.
//! `simulate` plays whole plans, with a truth; this is for demonstrations and measurements that need neither.

use runtime::UnixMicros;
use simulator::{Format, Shop, Time, write_event};

/// Most events handed out at once; a player that fell behind catches up in several steps.
const EVENTS_DUE_MAX: u64 = 5_000;

/// A shop and how much of it was played.
pub struct Player {
    shop: Shop,
    format: Format,
    played: u64,
}

impl Player {
    /// Plays this shop.
    pub fn new(shop: Shop, format: Format) -> Player {
        Player {
            shop,
            format,
            played: 0,
        }
    }

    /// Appends the next event as a line.
    pub fn next_line(&mut self, lines: &mut Vec<u8>) {
        let event = self.shop.next_event();
        write_event(&event, self.format, lines);
        self.played += 1;
    }

    /// Appends the events due by now, at most so many; returns how many.
    pub fn due(&mut self, now: UnixMicros, events_max: u64, lines: &mut Vec<u8>) -> u64 {
        let mut events = 0;
        while self.shop.next_time() <= Time(now.0) && events < events_max.min(EVENTS_DUE_MAX) {
            self.next_line(lines);
            events += 1;
        }
        events
    }

    /// Events played so far.
    pub fn played(&self) -> u64 {
        self.played
    }
}
