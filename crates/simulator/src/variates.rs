//! Random quantities of known distributions, and the logarithm and exponential they need, written out.
//! The library's `ln` and `exp` differ between platforms in the last bit, and the bytes of a seed must not.

use crate::random::Random;

const LN_2: f64 = std::f64::consts::LN_2;

/// Natural logarithm of a positive number, by `ln(m) = 2 artanh((m - 1) / (m + 1))` on a mantissa near 1.
pub(crate) fn ln(value: f64) -> f64 {
    debug_assert!(value > 0.0);
    let bits = value.to_bits();
    let mut exponent = ((bits >> 52) & 0x7FF) as i64 - 1_023;
    let mut mantissa = f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000);
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    // |ratio| is at most 0.172: twelve terms reach 1e-19.
    let mut sum = 0.0;
    for term in (0..12).rev() {
        sum = sum * square + 1.0 / f64::from(2 * term + 1);
    }
    2.0 * ratio * sum + exponent as f64 * LN_2
}

/// e to the power of a number between -700 and 700.
pub(crate) fn exp(value: f64) -> f64 {
    let value = value.clamp(-700.0, 700.0);
    let twos = (value / LN_2).round();
    let rest = value - twos * LN_2;
    // |rest| is at most 0.347: sixteen terms reach 1e-20.
    let mut sum = 1.0;
    for term in (1..=16).rev() {
        sum = 1.0 + sum * rest / f64::from(term);
    }
    sum * f64::from_bits(((twos as i64 + 1_023) as u64) << 52)
}

/// A positive number to any power.
pub(crate) fn power(base: f64, exponent: f64) -> f64 {
    exp(exponent * ln(base))
}

/// A waiting time with this mean.
pub(crate) fn exponential(mean: f64, random: &mut Random) -> f64 {
    -mean * ln(1.0 - random.unit())
}

/// A normal number by Marsaglia's polar method.
fn normal(random: &mut Random) -> f64 {
    loop {
        let (left, right) = (2.0 * random.unit() - 1.0, 2.0 * random.unit() - 1.0);
        let square = left * left + right * right;
        if square > 0.0 && square < 1.0 {
            return left * (-2.0 * ln(square) / square).sqrt();
        }
    }
}

/// Gamma with this shape and rate 1, by the method of Marsaglia and Tsang.
pub(crate) fn gamma(shape: f64, random: &mut Random) -> f64 {
    if shape < 1.0 {
        let boost = power(1.0 - random.unit(), 1.0 / shape);
        return gamma(shape + 1.0, random) * boost;
    }
    let third = shape - 1.0 / 3.0;
    let spread = 1.0 / (9.0 * third).sqrt();
    loop {
        let drawn = normal(random);
        let cube = 1.0 + spread * drawn;
        if cube <= 0.0 {
            continue;
        }
        let cube = cube * cube * cube;
        let accepted =
            ln(1.0 - random.unit()) < 0.5 * drawn * drawn + third * (1.0 - cube + ln(cube));
        if accepted {
            return third * cube;
        }
    }
}

/// Beta: the share of one gamma in two.
pub(crate) fn beta(left: f64, right: f64, random: &mut Random) -> f64 {
    let (left, right) = (gamma(left, random), gamma(right, random));
    left / (left + right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_agree_with_the_library() {
        for value in [1e-9, 0.1, 0.5, 0.999, 1.0, 1.5, 2.0, 10.0, 12_345.678, 1e12] {
            assert!(
                (ln(value) - value.ln()).abs() < 1e-13 * (1.0 + value.ln().abs()),
                "ln {value}"
            );
        }
        for value in [-30.0, -1.0, -0.1, 0.0, 0.3, 1.0, 25.0] {
            assert!(
                (exp(value) / value.exp() - 1.0).abs() < 1e-13,
                "exp {value}"
            );
        }
    }

    /// Mean and variance of many draws.
    fn moments(mut draw: impl FnMut(&mut Random) -> f64) -> (f64, f64) {
        let mut random = Random::seeded(11);
        let drawn: Vec<f64> = (0..200_000).map(|_| draw(&mut random)).collect();
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        let squares: f64 = drawn
            .iter()
            .map(|value| (value - mean) * (value - mean))
            .sum();
        (mean, squares / drawn.len() as f64)
    }

    fn check(drawn: (f64, f64), mean: f64, variance: f64) {
        assert!(
            (drawn.0 / mean - 1.0).abs() < 0.02,
            "mean {} for {mean}",
            drawn.0
        );
        assert!(
            (drawn.1 / variance - 1.0).abs() < 0.06,
            "variance {} for {variance}",
            drawn.1
        );
    }

    #[test]
    fn draws_have_the_moments_of_their_distribution() {
        check(moments(|random| exponential(3.0, random)), 3.0, 9.0);
        check(moments(|random| gamma(2.5, random)), 2.5, 2.5);
        check(moments(|random| gamma(0.25, random)), 0.25, 0.25);
        // a / (a + b) and ab / ((a + b)^2 (a + b + 1))
        check(
            moments(|random| beta(0.8, 2.4, random)),
            0.25,
            1.92 / (10.24 * 4.2),
        );
    }
}
