//! Day and week: how busy each clock is, and the curve of the whole shop that results.
//! A curve has the mean 1 over a week, so that a rhythm moves events about without adding any.

use crate::places::COUNTRIES;
use crate::random::Percents;
use crate::time::{HOUR_MICROS, Time};

/// Whether the rate follows the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rhythm {
    /// The asked rate at every hour; only the mix of countries follows the clocks. For live demonstrations and load.
    #[default]
    Steady,
    /// The asked rate is the mean of a week: quiet nights, busy evenings and Sundays. For files of history.
    DayAndWeek,
}

/// Relative demand by hour of the local clock: lowest at four, highest at eight in the evening.
const HOURS: [f64; 24] = [
    0.45, 0.28, 0.18, 0.14, 0.12, 0.16, 0.30, 0.52, 0.78, 0.98, 1.10, 1.18, 1.30, 1.24, 1.14, 1.12,
    1.16, 1.28, 1.46, 1.72, 1.92, 1.80, 1.36, 0.82,
];

/// Relative demand by day of the local week, Monday first.
const DAYS: [f64; 7] = [1.02, 0.96, 0.94, 0.95, 0.93, 1.02, 1.18];

const WEEK_HOURS: usize = 168;
const WEEK_MICROS: i64 = 168 * HOUR_MICROS;
/// 1970-01-05 was the first Monday.
const MONDAY_MICROS: i64 = 4 * 24 * HOUR_MICROS;

/// Demand where a clock shows this many hours ahead of UTC, against the busiest hour of the week.
pub(crate) fn wakefulness(time: Time, clock_hours: i8) -> f64 {
    let busiest = HOURS[20] * DAYS[6];
    at_local_hour(week_hour(time, clock_hours)) / busiest
}

fn at_local_hour(hour: usize) -> f64 {
    HOURS[hour % 24] * DAYS[hour / 24]
}

fn week_hour(time: Time, clock_hours: i8) -> usize {
    let local = time.0 - MONDAY_MICROS + i64::from(clock_hours) * HOUR_MICROS;
    (local.rem_euclid(WEEK_MICROS) / HOUR_MICROS) as usize
}

/// The demand of all countries together, hour by hour of a week in UTC.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    hours: Vec<f64>,
}

impl Curve {
    /// The curve of a public that lives in these countries by these percents.
    pub(crate) fn new(countries: &Percents) -> Curve {
        let mut percents = [0.0; COUNTRIES.len()];
        (0..100).for_each(|bits| percents[usize::from(countries.choose(bits))] += 1.0);
        let all_countries = |hour| all_countries(hour, &percents);
        let hours: Vec<f64> = (0..WEEK_HOURS).map(all_countries).collect();
        let mean = hours.iter().sum::<f64>() / WEEK_HOURS as f64;
        Curve {
            hours: hours.into_iter().map(|demand| demand / mean).collect(),
        }
    }

    /// Demand at a moment against the mean of a week; straight lines between the hours.
    pub(crate) fn at(&self, time: Time) -> f64 {
        let since_monday = (time.0 - MONDAY_MICROS).rem_euclid(WEEK_MICROS);
        let hour = (since_monday / HOUR_MICROS) as usize;
        let part = (since_monday % HOUR_MICROS) as f64 / HOUR_MICROS as f64;
        self.hours[hour] * (1.0 - part) + self.hours[(hour + 1) % WEEK_HOURS] * part
    }
}

fn all_countries(hour: usize, percents: &[f64; COUNTRIES.len()]) -> f64 {
    let local = |clock_hours: i8| {
        (hour as i64 + i64::from(clock_hours)).rem_euclid(WEEK_HOURS as i64) as usize
    };
    let country = |index: usize| {
        let cities = COUNTRIES[index].cities;
        let sum: f64 = cities
            .iter()
            .map(|city| at_local_hour(local(city.clock_hours)))
            .sum();
        sum / cities.len() as f64 * percents[index]
    };
    (0..COUNTRIES.len()).map(country).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demographics::Demographics;

    #[test]
    fn a_week_adds_no_events() {
        let curve = Curve::new(&Demographics::default().countries);
        let minutes = 7 * 24 * 60;
        let sum: f64 = (0..minutes)
            .map(|minute| curve.at(Time(minute * 60_000_000)))
            .sum();
        assert!((sum / minutes as f64 - 1.0).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn the_local_clock_decides_who_is_awake() {
        // 2025-03-05 12:00 UTC, a Wednesday: 21:00 in Tokyo, 13:00 in Berlin, 4:00 in Los Angeles.
        let noon = Time(1_741_176_000_000_000);
        let [tokyo, berlin, los_angeles] =
            [9, 1, -8].map(|clock_hours| wakefulness(noon, clock_hours));
        assert!(
            tokyo > berlin && berlin > 5.0 * los_angeles,
            "{tokyo} {berlin} {los_angeles}"
        );
    }
}
