//! How a shop scores its customers, as it writes it down: how fifths are cut, points of its own, segments of its own.

use crate::exit::Problem;
use analytics::customer::rfm::{Boundary, Cutting, Method, Rules, SegmentRule, Segments};
use serde::{Deserialize, Serialize};

const POINTS: usize = 4;

/// How customers are scored. A change of anything but the segments counts all of them again from the log.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RfmSettings {
    /// Where fifths of the customers are cut.
    pub method: MethodSetting,
    /// To which side a value belongs that lies on a cut point.
    pub boundary: BoundarySetting,
    /// Four points of days since the last order in place of fifths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recency_days: Vec<i64>,
    /// Four points of orders in place of fifths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frequency: Vec<i64>,
    /// Four points of money in place of fifths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub monetary: Vec<AmountSetting>,
    /// Names for scores; the usual ones where the list is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentSettings>,
}

/// Where fifths are cut.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodSetting {
    /// On the line between two values.
    #[default]
    Linear,
    /// At a value that somebody has.
    Nearest,
}

/// To which side a value on a cut point belongs.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoundarySetting {
    /// To the smaller ones.
    #[default]
    Smaller,
    /// To the larger ones.
    Larger,
}

/// An amount: a number, or decimal text such as `"49.90"`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AmountSetting {
    /// Whole units.
    Whole(i64),
    /// With a fraction.
    Fraction(f64),
    /// As text.
    Text(String),
}

/// A rectangle of scores and its name; a name may have several.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentSettings {
    /// The segment's name.
    pub name: String,
    /// Recency scores from the first to the second.
    pub recency: (u8, u8),
    /// Frequency scores from the first to the second.
    pub frequency: (u8, u8),
}

impl RfmSettings {
    /// Whether customers can be scored so.
    pub fn check(&self, store: &str) -> Result<(), Problem> {
        let refused = |what: String| {
            Problem::usage(
                format!("stores.{store}.rfm: {what}"),
                "docs/customers.md tells how customers are scored",
            )
        };
        self.rules().map(drop).map_err(refused)?;
        let segments = self.table();
        segments.map(drop).map_err(refused)
    }

    /// The rules, or why they cannot be meant.
    pub fn rules(&self) -> Result<Rules, String> {
        let amounts = self.monetary.iter().map(AmountSetting::amount);
        let amounts = amounts.collect::<Result<Vec<i64>, String>>()?;
        let rules = Rules {
            recency: self.cutting("recency_days", &self.recency_days)?,
            frequency: self.cutting("frequency", &self.frequency)?,
            monetary: self.cutting("monetary", &amounts)?,
            boundary: match self.boundary {
                BoundarySetting::Smaller => Boundary::Smaller,
                BoundarySetting::Larger => Boundary::Larger,
            },
        };
        rules.check().map_err(|error| error.to_string())?;
        Ok(rules)
    }

    fn cutting(&self, name: &str, given: &[i64]) -> Result<Cutting, String> {
        if given.is_empty() {
            return Ok(Cutting::Quantiles(match self.method {
                MethodSetting::Linear => Method::Linear,
                MethodSetting::Nearest => Method::NearestRank,
            }));
        }
        let points = <[i64; POINTS]>::try_from(given);
        points.map(Cutting::Given).map_err(|_| {
            let count = given.len();
            format!("{name} has {count} points; five scores are parted by {POINTS}")
        })
    }

    /// The segments, or why they cannot be meant.
    pub fn table(&self) -> Result<Segments, String> {
        if self.segments.is_empty() {
            return Ok(Segments::default());
        }
        let rule = |segment: &SegmentSettings| SegmentRule {
            name: segment.name.clone(),
            recency: segment.recency,
            frequency: segment.frequency,
        };
        let rules: Vec<SegmentRule> = self.segments.iter().map(rule).collect();
        Segments::new(&rules).map_err(|error| error.to_string())
    }
}

impl AmountSetting {
    fn amount(&self) -> Result<i64, String> {
        // The shortest text of a number is the one that was written.
        let text = match self {
            AmountSetting::Whole(amount) => amount.to_string(),
            AmountSetting::Fraction(amount) => amount.to_string(),
            AmountSetting::Text(text) => text.clone(),
        };
        let read = event::parse_decimal(text.as_bytes());
        read.map(|read| read.value)
            .map_err(|_| format!("monetary: `{text}` is no amount; write it as 49.90"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the settings say, or why they are refused.
    fn check(toml: &str, expected: &str) {
        use figment::providers::{Format, Toml};
        let read = figment::Figment::from(Toml::string(toml)).extract::<RfmSettings>();
        let found = match read {
            Err(error) => error.to_string(),
            Ok(settings) => match settings.check("main") {
                Err(problem) => problem.what,
                Ok(()) => {
                    let rules = settings.rules().expect("checked");
                    format!("{:?} {:?}", rules.monetary, rules.boundary)
                }
            },
        };
        assert!(found.contains(expected), "{toml}: {found}");
    }

    #[test]
    fn nothing_said_is_fifths_on_the_line_and_a_value_on_a_point_with_the_smaller() {
        check("", "Quantiles(Linear) Smaller");
        check(
            "method = 'nearest'\nboundary = 'larger'",
            "Quantiles(NearestRank) Larger",
        );
    }

    #[test]
    fn points_of_money_are_whole_fractional_or_text_and_ascend() {
        check(
            "monetary = [10, 20.5, '30.25', 40]",
            "Given([100000, 205000, 302500, 400000])",
        );
        check(
            "monetary = [10, 20, 30]",
            "monetary has 3 points; five scores are parted by 4",
        );
        check(
            "frequency = [4, 3, 2, 1]",
            "the cut points of frequency do not ascend",
        );
        check("monetary = [1, 2, 3, 'much']", "`much` is no amount");
    }

    #[test]
    fn a_table_of_segments_holds_each_cell_once() {
        let half = "[[segments]]\nname = 'lately'\nrecency = [4, 5]\nfrequency = [1, 5]\n";
        check(half, "recency 1, frequency 1 is in no segment");
        let other = half.replace("lately", "long ago").replace("4, 5", "1, 3");
        check(&format!("{half}{other}"), "Quantiles(Linear)");
        let twice = other.replace("1, 3", "1, 4");
        check(
            &format!("{half}{twice}"),
            "recency 4, frequency 1 is both `lately` and `long ago`",
        );
    }
}
