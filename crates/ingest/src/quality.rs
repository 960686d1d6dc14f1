//! Thresholds: how much of a batch may be set aside before somebody is told, or the batch is ended.

use serde::{Deserialize, Serialize};

/// What is set aside of a batch at most. A batch is an import, or a request over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QualityConfig {
    /// Share of the events that may be set aside, from 0 to 1; nothing is watched where it is not given.
    pub rejected_share_max: Option<f64>,
    /// Batches with fewer events are not judged: one bad row of three is no verdict.
    pub rows_min: u64,
    /// `warn`: the batch is taken, the breach is told. `stop`: an import ends there, a request is refused whole.
    pub on_breach: OnBreach,
}

/// What follows a breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnBreach {
    /// It is told.
    #[default]
    Warn,
    /// The batch ends.
    Stop,
}

impl Default for QualityConfig {
    fn default() -> Self {
        QualityConfig {
            rejected_share_max: None,
            rows_min: 100,
            on_breach: OnBreach::Warn,
        }
    }
}

/// More was set aside than allowed.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{quarantined} of {received} events were set aside, and {} % is the most allowed", percent(*.share_max))]
pub struct Breach {
    /// Events judged.
    pub received: u64,
    /// Of these, set aside.
    pub quarantined: u64,
    /// The share allowed.
    pub share_max: f64,
}

fn percent(share: f64) -> f64 {
    (share * 10_000.0).round() / 100.0
}

impl QualityConfig {
    /// Whether a breach ends a batch.
    #[must_use]
    pub fn stops(&self) -> bool {
        self.rejected_share_max.is_some() && self.on_breach == OnBreach::Stop
    }

    /// The breach, if there is one.
    #[must_use]
    pub fn judge(&self, received: u64, quarantined: u64) -> Option<Breach> {
        let share_max = self.rejected_share_max?;
        let is_enough = received >= self.rows_min.max(1);
        let is_breach = is_enough && quarantined as f64 > share_max * received as f64;
        is_breach.then_some(Breach {
            received,
            quarantined,
            share_max,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(received: u64, quarantined: u64, expected: Option<&str>) {
        let quality = QualityConfig {
            rejected_share_max: Some(0.05),
            ..QualityConfig::default()
        };
        let breach = quality.judge(received, quarantined);
        assert_eq!(
            breach.map(|breach| breach.to_string()).as_deref(),
            expected,
            "{quarantined} of {received}"
        );
    }

    #[test]
    fn a_share_is_judged_once_there_are_rows_enough() {
        check(99, 99, None);
        check(100, 5, None);
        check(
            100,
            6,
            Some("6 of 100 events were set aside, and 5 % is the most allowed"),
        );
        assert_eq!(QualityConfig::default().judge(1_000, 1_000), None);
    }
}
