//! Ticks: frames of the log that say how late it is, so that time passes in a quiet shop too. A tick is appended only
//! while every live source stands at its end; what follows from it is decided by whoever reads the log.

use crate::door::{DoorQueue, EncodeError, FrameMaker};
use crate::watch::WatchStatus;
use event::EventTime;
use event::frame::FrameBuilder;
use event::time::DISORDER;
use eventlog::{EventLog, LogError, LogWriter, Remedy};
use runtime::{CancellationToken, Clock};
use std::sync::Arc;
use std::time::Duration;

/// A look whether a tick is due.
const LOOK: Duration = Duration::from_secs(1);
/// The shop is busy while an event came within this time: then every look may bring a tick.
const BUSY: Duration = Duration::from_secs(120);
/// Ticks of a quiet shop. Each is a sync of the disk, which should sleep at night: 1,900 from ten to six, not 29,000.
const QUIET_INTERVAL: Duration = Duration::from_secs(15);

/// Why there are no more ticks.
#[derive(Debug, thiserror::Error)]
pub enum TickError {
    /// The log has failed.
    #[error("append a tick")]
    Log(#[from] LogError),
    /// A frame with nothing but a time cannot be made: a defect.
    #[error("make a tick")]
    Encode(#[from] EncodeError),
}

/// Appends ticks.
pub struct Ticks {
    log: Arc<EventLog>,
    writer: LogWriter,
    door: DoorQueue,
    folders: Option<WatchStatus>,
    clock: Clock,
    maker: FrameMaker,
    pace: Pace,
}

impl Ticks {
    /// Ticks after the newest there is. Events come by this door and from these folders.
    #[must_use]
    pub fn new(
        log: &Arc<EventLog>,
        (door, folders): (DoorQueue, Option<WatchStatus>),
        newest: Option<EventTime>,
        clock: Clock,
    ) -> Ticks {
        Ticks {
            writer: log.writer(),
            pace: Pace::after(newest, log.end()),
            log: Arc::clone(log),
            door,
            folders,
            clock,
            maker: FrameMaker::default(),
        }
    }

    /// Looks once a second until the process stops.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), TickError> {
        let clock = self.clock.clone();
        loop {
            match self.look().await {
                Err(TickError::Log(LogError::Closed)) => return Ok(()),
                Err(TickError::Log(error)) if error.remedy() == Remedy::Retry => {
                    // Whoever brings events hears of it; time stands still with them.
                    tracing::debug!(%error, "a tick has to wait");
                }
                looked => drop(looked?),
            }
            let slept = stop.run_until_cancelled(clock.sleep(LOOK)).await;
            if slept.is_none() {
                return Ok(());
            }
        }
    }

    /// Appends a tick if one is due, and returns its time once it is durable.
    pub async fn look(&mut self) -> Result<Option<EventTime>, TickError> {
        // What waits at the log beside these is an import, for which time does not wait.
        let is_at_end =
            self.door.is_empty() && (self.folders.as_ref()).is_none_or(WatchStatus::is_at_end);
        let look = Look {
            now: self.clock.monotonic(),
            wall: EventTime(self.clock.now().0),
            log_end: self.log.end(),
            is_at_end,
        };
        let Some(tick) = self.pace.due(look) else {
            return Ok(None);
        };
        let mut body = FrameBuilder::new().finish();
        body.notes.tick = Some(tick);
        self.writer.append(self.maker.make(&body)?).await?;
        self.pace.appended(tick, look.now);
        Ok(Some(tick))
    }
}

/// What is seen when somebody looks.
#[derive(Debug, Clone, Copy)]
struct Look {
    now: Duration,
    wall: EventTime,
    /// Rows in the log: events came where it has grown.
    log_end: u64,
    is_at_end: bool,
}

/// When a tick is due, and which; it has no clock of its own.
#[derive(Debug)]
struct Pace {
    newest: Option<EventTime>,
    log_end: u64,
    event_at: Option<Duration>,
    tick_at: Option<Duration>,
}

impl Pace {
    fn after(newest: Option<EventTime>, log_end: u64) -> Pace {
        Pace {
            newest,
            log_end,
            event_at: None,
            tick_at: None,
        }
    }

    /// None comes before the first event, none behind the one before, and so none while the clock stands there.
    fn due(&mut self, look: Look) -> Option<EventTime> {
        if look.log_end > self.log_end {
            (self.log_end, self.event_at) = (look.log_end, Some(look.now));
        }
        let is_busy = self.event_at.is_some_and(|at| look.now < at + BUSY);
        let is_paused = !is_busy && (self.tick_at).is_some_and(|at| look.now < at + QUIET_INTERVAL);
        if look.log_end == 0 || !look.is_at_end || is_paused {
            return None;
        }
        let tick = EventTime(look.wall.0.saturating_sub(DISORDER));
        Some(tick).filter(|tick| self.newest.is_none_or(|newest| *tick > newest))
    }

    fn appended(&mut self, tick: EventTime, now: Duration) {
        (self.newest, self.tick_at) = (Some(tick), Some(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::time::SECOND;

    /// Looks, as `second: rows`, with `busy` where a source is not at its end and `clock N` where the wall clock shows
    /// something else than the second; the ticks that come of them, in seconds of the wall clock.
    fn check(newest: Option<i64>, looks: &str, expected: &str) {
        let newest = newest.map(|second| EventTime((second - 30) * SECOND));
        let mut pace = Pace::after(newest, 0);
        let mut ticks = Vec::new();
        for look in looks.split(" | ") {
            let words: Vec<&str> = look.split([' ', ':']).filter(|it| !it.is_empty()).collect();
            let number = |word: &str| word.parse::<i64>().expect("a number");
            let wall = match words.iter().position(|word| *word == "clock") {
                Some(at) => number(words[at + 1]),
                None => number(words[0]),
            };
            let now = Duration::from_secs(number(words[0]) as u64);
            let look = Look {
                now,
                wall: EventTime(wall * SECOND),
                log_end: number(words[1]) as u64,
                is_at_end: !words.contains(&"busy"),
            };
            if let Some(tick) = pace.due(look) {
                pace.appended(tick, now);
                ticks.push((tick.0 / SECOND + 30).to_string());
            }
        }
        assert_eq!(ticks.join(" "), expected, "{looks}");
    }

    #[test]
    fn a_busy_shop_has_a_tick_a_second_and_a_quiet_one_every_fifteen() {
        check(None, "1: 5 | 2: 5 | 3: 7 | 4: 7", "1 2 3 4");
        check(
            None,
            "1: 5 | 120: 5 | 121: 5 | 134: 5 | 135: 5 | 136: 5 | 150: 5 | 151: 6 | 152: 6",
            "1 120 135 150 151 152",
        );
    }

    #[test]
    fn a_shop_without_events_has_no_ticks() {
        check(None, "1: 0 | 20: 0 | 40: 1 | 41: 1", "40 41");
    }

    #[test]
    fn no_tick_passes_events_that_are_on_their_way() {
        check(None, "1: 5 | 2: 5 busy | 3: 6 busy | 4: 9", "1 4");
    }

    #[test]
    fn ticks_never_go_back_and_wait_for_a_clock_that_did() {
        check(
            None,
            "9: 5 | 10: 5 clock 4 | 11: 5 clock 9 | 12: 5 clock 10",
            "9 10",
        );
        check(Some(100), "99: 5 | 100: 5 | 101: 5", "101");
    }
}
