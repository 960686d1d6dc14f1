//! Three estimators of a slope on logarithms, on plain numbers: midpoint, least squares, Poisson quasi-likelihood.
//! They know no days and no products; sums are made in the order of the points.

use event::Money;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// What was found, and where it lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slope {
    pub(super) value: f64,
    pub(super) interval: Option<(f64, f64)>,
}

impl Slope {
    /// A slope ± t(0.975, n − 2) times its error.
    fn with_error(value: f64, error: f64, count: usize) -> Option<Slope> {
        let half = t_quantile(count as f64 - 2.0).map(|quantile| quantile * error);
        let interval = half.map(|half| (value - half, value + half));
        let interval = interval.filter(|(low, _)| low.is_finite());
        value.is_finite().then_some(Slope { value, interval })
    }
}

/// (ΔQ ÷ mean Q) ÷ (ΔP ÷ mean P): the same whichever of the two came first (Allen's arc elasticity, 1933).
pub(super) fn midpoint((low, at_low): (Money, f64), (high, at_high): (Money, f64)) -> Option<f64> {
    let share = |from: f64, to: f64| (to - from) / ((to + from) / 2.0);
    let value = share(at_low, at_high) / share(low.0 as f64, high.0 as f64);
    value.is_finite().then_some(value)
}

/// The slope of ln units by least squares; its error is √(SSE ÷ (n − 2) ÷ Sxx).
pub(super) fn regression(points: &[(f64, f64)]) -> Option<Slope> {
    let count = points.len() as f64;
    let mean = |term: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(term).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(&|(x, _)| *x), mean(&|(_, units)| units.ln()));
    let sum = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
        let centred = points
            .iter()
            .map(|(x, units)| (x - mean_x, units.ln() - mean_y));
        centred.map(|(x, y)| term(x, y)).sum()
    };
    let spread = sum(&|x, _| x * x);
    let slope = sum(&|x, y| x * y) / spread;
    let unexplained = sum(&|x, y| (y - slope * x).powi(2));
    let error = (unexplained / (count - 2.0) / spread).sqrt();
    Slope::with_error(slope, error, points.len())
}

/// Newton's steps at most; the likelihood is concave, and about six are needed.
const STEPS_MAX: usize = 50;
/// No step changes the slope by more: far from the top Newton's are too long.
const STEP_MAX: f64 = 1.0;
/// A step that changes the slope by less is the last.
const STEP_MIN: f64 = 1e-12;

/// The slope of ln E(units) by Poisson quasi-likelihood. Its error is that of the model times the root of the dispersion,
/// Σ (units − expected)² ÷ expected ÷ (n − 2), for pieces are not bought one by one.
pub(super) fn poisson(points: &[(f64, f64)]) -> Option<Slope> {
    let mut slope = 0.0;
    let mut fit = PoissonFit::of(points, slope);
    for _ in 0..STEPS_MAX {
        let step = fit.pull / fit.spread;
        slope += step.clamp(-STEP_MAX, STEP_MAX);
        fit = PoissonFit::of(points, slope);
        if step.abs() < STEP_MIN {
            break;
        }
    }
    let dispersion = fit.unexplained / (points.len() as f64 - 2.0);
    Slope::with_error(slope, (dispersion / fit.spread).sqrt(), points.len())
}

/// How a slope fits.
struct PoissonFit {
    /// Derivative of the likelihood.
    pull: f64,
    /// Its curvature: the spread of prices, weighted by expected units.
    spread: f64,
    /// Σ (units − expected)² ÷ expected.
    unexplained: f64,
}

impl PoissonFit {
    /// The height of the curve follows from the slope: expected units add up to those that were sold.
    fn of(points: &[(f64, f64)], slope: f64) -> PoissonFit {
        let centre = points.iter().map(|(x, _)| x).sum::<f64>() / points.len() as f64;
        let mut expected: Vec<f64> = (points.iter())
            .map(|(x, _)| (slope * (x - centre)).exp())
            .collect();
        let all: f64 = points.iter().map(|(_, units)| units).sum();
        let height = all / expected.iter().sum::<f64>();
        expected.iter_mut().for_each(|units| *units *= height);
        let sum = |term: &dyn Fn(f64, f64, f64) -> f64| -> f64 {
            let fitted = points.iter().zip(&expected);
            fitted
                .map(|((x, units), expected)| term(*x, *units, *expected))
                .sum()
        };
        let mean = sum(&|x, _, expected| x * expected) / all;
        PoissonFit {
            pull: sum(&|x, units, _| (x - mean) * units),
            spread: sum(&|x, _, expected| (x - mean).powi(2) * expected),
            unexplained: sum(&|_, units, expected| (units - expected).powi(2) / expected),
        }
    }
}

/// The quantile of Student's t that leaves 2.5 % above it.
fn t_quantile(freedom: f64) -> Option<f64> {
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some(distribution.inverse_cdf(0.975))
}
