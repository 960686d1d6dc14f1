//! Mergeable summaries: distinct counts and quantiles whose answer depends on the set of values alone,
//! not on their order, their split or how often parts were merged.

mod distinct;
mod quantiles;

pub use distinct::{Coupon, Distinct, coupon};
pub(crate) use quantiles::middle;
pub use quantiles::{Quantiles, bucket};

/// Bytes that are no sketch of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a sketch of this kind")]
pub struct SketchError;
