//! A ratio that is divided only when it is shown: whole numbers above and below. What they count is said where it is made.

/// Numerator and denominator, not reduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Ratio {
    /// Above the line.
    pub numerator: i128,
    /// Below the line; 0 means that there is no ratio.
    pub denominator: i128,
}

impl Ratio {
    /// The ratio, or nothing where it would be divided by zero.
    #[must_use]
    pub fn of(numerator: i128, denominator: i128) -> Option<Ratio> {
        (denominator != 0).then_some(Ratio {
            numerator,
            denominator,
        })
    }

    /// For showing.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        (self.denominator != 0).then(|| self.numerator as f64 / self.denominator as f64)
    }
}
