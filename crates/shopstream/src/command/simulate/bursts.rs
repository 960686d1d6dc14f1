//! Bursts: a shop that is busy for a while, then quiet for a while, several times.

use super::cannot_read;
use crate::exit::Problem;
use std::time::Duration;

/// Busy, quiet, and again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bursts {
    /// Events a second while it is busy.
    pub rate: f64,
    busy: Duration,
    quiet: Duration,
    times: u32,
}

impl Bursts {
    /// `2000:10s:10s:10`.
    pub fn parse(text: &str) -> Result<Bursts, Problem> {
        let mend = || {
            cannot_read(
                "--burst",
                text,
                "write it as RATE:FOR:PAUSE:TIMES, such as 2000:10s:10s:10",
            )
        };
        let parts: Vec<&str> = text.split(':').collect();
        let [rate, busy, quiet, times] = parts.as_slice() else {
            return Err(mend());
        };
        let seconds = |text: &str| {
            let number: f64 = text.strip_suffix('s')?.parse().ok()?;
            Duration::try_from_secs_f64(number).ok()
        };
        let rate: f64 = rate.parse().map_err(|_| mend())?;
        let bursts = Bursts {
            rate,
            busy: seconds(busy).ok_or_else(mend)?,
            quiet: seconds(quiet).ok_or_else(mend)?,
            times: times.parse().map_err(|_| mend())?,
        };
        if bursts.busy.is_zero() || rate.is_nan() || rate <= 0.0 {
            return Err(mend());
        }
        Ok(bursts)
    }

    /// The first busy moment at this time or later; none when the last burst is over.
    pub fn busy_from(&self, since_start: Duration) -> Option<Duration> {
        let period = (self.busy + self.quiet).as_nanos();
        let number = since_start.as_nanos() / period;
        let within = since_start.as_nanos() % period;
        let is_busy = within < self.busy.as_nanos();
        let burst = if is_busy { number } else { number + 1 };
        if burst >= u128::from(self.times) {
            return None;
        }
        if is_busy {
            return Some(since_start);
        }
        u64::try_from(burst * period).ok().map(Duration::from_nanos)
    }

    /// How long it takes, with its pauses.
    pub fn lasts(&self) -> Duration {
        (self.busy + self.quiet) * self.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_are_busy_then_quiet_and_end() {
        let bursts = Bursts::parse("2000:10s:5s:2").expect("well written");
        let at = |second: u64| {
            bursts
                .busy_from(Duration::from_secs(second))
                .map(|time| time.as_secs())
        };
        let times = [at(0), at(9), at(10), at(15), at(24), at(25), at(30)];
        assert_eq!(
            times,
            [Some(0), Some(9), Some(15), Some(15), Some(24), None, None]
        );
        assert_eq!(bursts.lasts(), Duration::from_secs(30));
    }

    #[test]
    fn what_is_no_burst_is_refused() {
        for text in [
            "2000",
            "2000:10:5s:2",
            "x:10s:5s:2",
            "2000:0s:5s:2",
            "-1:1s:1s:1",
            "2000:1e300s:1s:1",
        ] {
            assert!(Bursts::parse(text).is_err(), "{text}");
        }
    }
}
