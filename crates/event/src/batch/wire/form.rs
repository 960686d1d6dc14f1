//! The forms a column may have, by the byte that names each. Lengths stand in place of offsets, steps in place of times, one
//! byte where one byte says it, and nothing where every row says the same.

/// Every value is the one that follows; of lengths, in one byte.
pub(super) const SAME: u8 = 0;
/// Numbers of this many bytes each.
pub(super) const BYTES_1: u8 = 1;
pub(super) const BYTES_2: u8 = 2;
pub(super) const BYTES_4: u8 = 4;
pub(super) const BYTES_8: u8 = 8;
/// Differences from one value to the next, seven bits a byte.
pub(super) const STEPS: u8 = 9;
/// A table of values, then a byte for each row.
pub(super) const TABLE: u8 = 10;
/// The texts of an earlier column of the same rows, whose place among them follows.
pub(super) const EARLIER: u8 = 11;
/// Texts follow: lengths, then bytes.
pub(super) const TEXTS: u8 = 12;
