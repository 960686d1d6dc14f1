//! Time as a value that is handed in: the machine's, or one that a test sets by hand.
//! Time zones and calendars are not here.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// An instant of the wall clock: microseconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMicros(pub i64);

impl UnixMicros {
    /// Whole milliseconds since 1970, rounded down.
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since 1970, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Later by `span`; stays at the end of time instead of wrapping.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    /// Earlier by `span`; stays at the start of time instead of wrapping.
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros(span)))
    }

    /// How long after `earlier` this is, or nothing at all if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

/// RFC 3339 in UTC; the bare number where no calendar reaches.
impl fmt::Display for UnixMicros {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => write!(out, "{timestamp}"),
            Err(_) => write!(out, "{} µs", self.0),
        }
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// Where time comes from. Cloning is cheap, and clones tell the same time.
#[derive(Debug, Clone, Default)]
pub struct Clock(Source);

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    Machine,
    Simulated(watch::Receiver<Hands>),
}

#[derive(Debug, Clone, Copy)]
struct Hands {
    wall: UnixMicros,
    monotonic: Duration,
}

/// The origin of monotonic time; only differences mean anything.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that all others take"
)]
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock {
    /// The machine's clock.
    pub fn machine() -> Self {
        Self(Source::Machine)
    }

    /// A clock that stands still until the other half of the pair moves it.
    pub fn simulated(start: UnixMicros) -> (Self, SimulatedTime) {
        let hands = Hands {
            wall: start,
            monotonic: Duration::ZERO,
        };
        let (sender, receiver) = watch::channel(hands);
        (
            Self(Source::Simulated(receiver)),
            SimulatedTime(Arc::new(sender)),
        )
    }

    /// The wall clock; it may jump either way, so never measure with it.
    pub fn now(&self) -> UnixMicros {
        match &self.0 {
            Source::Machine => machine_now(),
            Source::Simulated(hands) => hands.borrow().wall,
        }
    }

    /// Time since some fixed origin that never goes back: for timeouts and durations.
    pub fn monotonic(&self) -> Duration {
        match &self.0 {
            Source::Machine => STARTED.elapsed(),
            Source::Simulated(hands) => hands.borrow().monotonic,
        }
    }

    /// Waits for `span` of monotonic time; with a simulated clock until it was advanced that far.
    pub async fn sleep(&self, span: Duration) {
        let Source::Simulated(hands) = &self.0 else {
            return tokio::time::sleep(span).await;
        };
        let mut hands = hands.clone();
        let wake_at = hands.borrow().monotonic.saturating_add(span);
        if hands
            .wait_for(|now| now.monotonic >= wake_at)
            .await
            .is_err()
        {
            // Nobody is left who could move the clock: this instant never comes.
            std::future::pending().await
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that all others take"
)]
fn machine_now() -> UnixMicros {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => UnixMicros(micros(since)),
        Err(before) => UnixMicros(-micros(before.duration())),
    }
}

/// The hand that moves a simulated clock.
#[derive(Debug, Clone)]
pub struct SimulatedTime(Arc<watch::Sender<Hands>>);

impl SimulatedTime {
    /// Lets time pass: wall clock and monotonic time move together, sleepers wake.
    pub fn advance(&self, span: Duration) {
        self.0.send_modify(|hands| {
            hands.wall = hands.wall.plus(span);
            hands.monotonic = hands.monotonic.saturating_add(span);
        });
    }

    /// Makes the wall clock jump, as an administrator does; monotonic time stays.
    pub fn set_wall(&self, wall: UnixMicros) {
        self.0.send_modify(|hands| hands.wall = wall);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_jump_does_not_touch_monotonic_time() {
        let (clock, time) = Clock::simulated(UnixMicros(1_000));
        time.advance(Duration::from_micros(500));
        time.set_wall(UnixMicros(7));
        assert_eq!(clock.now(), UnixMicros(7));
        assert_eq!(clock.monotonic(), Duration::from_micros(500));
    }

    #[test]
    fn clones_tell_the_same_time() {
        let (clock, time) = Clock::simulated(UnixMicros(0));
        let other = clock.clone();
        time.clone().advance(Duration::from_secs(3));
        assert_eq!(clock.now(), other.now());
        assert_eq!(other.now().seconds(), 3);
    }

    #[tokio::test]
    async fn a_simulated_sleep_ends_exactly_when_its_time_has_come() {
        let (clock, time) = Clock::simulated(UnixMicros(0));
        let mut sleep = Box::pin(clock.sleep(Duration::from_secs(2)));
        assert!(futures_poll(&mut sleep).await.is_none());
        time.advance(Duration::from_millis(1_999));
        assert!(futures_poll(&mut sleep).await.is_none());
        time.advance(Duration::from_millis(1));
        assert!(futures_poll(&mut sleep).await.is_some());
    }

    /// One poll, after everything that is ready had its turn.
    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        tokio::select! { biased; output = future => Some(output), () = std::future::ready(()) => None }
    }

    #[test]
    fn the_machine_clock_is_after_2026_and_monotonic_time_never_goes_back() {
        let clock = Clock::machine();
        assert!(
            clock.now() > UnixMicros(1_767_225_600_000_000),
            "{}",
            clock.now()
        );
        let first = clock.monotonic();
        assert!(clock.monotonic() >= first);
    }

    #[test]
    fn an_instant_prints_as_utc_and_arithmetic_saturates() {
        assert_eq!(UnixMicros(1_500_000).to_string(), "1970-01-01T00:00:01.5Z");
        assert_eq!(
            UnixMicros(i64::MAX).plus(Duration::from_secs(1)),
            UnixMicros(i64::MAX)
        );
        assert_eq!(UnixMicros(i64::MAX).to_string(), "9223372036854775807 µs");
        assert_eq!(UnixMicros(-1).millis(), -1);
        assert_eq!(UnixMicros(5).since(UnixMicros(9)), Duration::ZERO);
    }
}
