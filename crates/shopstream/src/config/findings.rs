//! Settings of findings: above what something about the data is told. What is judged how is `analytics::quality`'s.

use crate::exit::Problem;
use analytics::quality::Thresholds;
use serde::{Deserialize, Serialize};

/// Above what something about the data is told. Nothing is refused by it: that is `quality` and `checks`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FindingSettings {
    /// Rise of a field's share of empty values over its own average, from 0 to 1: 0.2 is 20 points.
    pub null_rise_max: f64,
    /// Share of events set aside because of one field, from 0 to 1.
    pub invalid_share_max: f64,
    /// Share of events that came before, from 0 to 1.
    pub duplicate_share_max: f64,
    /// Fewer events than this are not judged.
    pub rows_min: u64,
    /// A source is silent after so many seconds without an event at the earliest.
    pub silence_s_min: u32,
    /// And after so many of its usual pauses.
    pub silence_pauses_max: u32,
}

impl Default for FindingSettings {
    fn default() -> Self {
        let Thresholds {
            null_rise_max,
            invalid_share_max,
            duplicate_share_max,
            rows_min,
            silence_s_min,
            silence_pauses_max,
        } = Thresholds::default();
        let share = |ten_thousandths: u32| f64::from(ten_thousandths) / 10_000.0;
        FindingSettings {
            null_rise_max: share(null_rise_max),
            invalid_share_max: share(invalid_share_max),
            duplicate_share_max: share(duplicate_share_max),
            rows_min,
            silence_s_min,
            silence_pauses_max,
        }
    }
}

impl FindingSettings {
    /// Says which setting makes no sense.
    pub fn check(&self) -> Result<(), Problem> {
        let shares = [
            ("null_rise_max", self.null_rise_max),
            ("invalid_share_max", self.invalid_share_max),
            ("duplicate_share_max", self.duplicate_share_max),
        ];
        match shares
            .iter()
            .find(|(_, share)| !(0.0..=1.0).contains(share))
        {
            Some((name, _)) => Err(Problem::usage(
                format!("findings.{name} must lie between 0 and 1"),
                "0.01 is one per cent; 1 tells nothing",
            )),
            None => Ok(()),
        }
    }

    /// As the counter wants them.
    pub fn thresholds(&self) -> Thresholds {
        let ten_thousandths = |share: f64| (share * 10_000.0).round() as u32;
        Thresholds {
            null_rise_max: ten_thousandths(self.null_rise_max),
            invalid_share_max: ten_thousandths(self.invalid_share_max),
            duplicate_share_max: ten_thousandths(self.duplicate_share_max),
            rows_min: self.rows_min,
            silence_s_min: self.silence_s_min,
            silence_pauses_max: self.silence_pauses_max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_rules() {
        let settings = FindingSettings::default();
        assert_eq!(settings.thresholds(), Thresholds::default());
        assert!(settings.check().is_ok());
    }

    #[test]
    fn a_share_is_no_per_cent() {
        let settings = FindingSettings {
            invalid_share_max: 5.0,
            ..FindingSettings::default()
        };
        let refused = settings.check().expect_err("five is no share");
        assert_eq!(
            refused.what,
            "findings.invalid_share_max must lie between 0 and 1"
        );
    }
}
