//! HyperLogLog operations: their ids, their flags, and the shapes a sketch may have (hll §B2–B5).
//!
//! An operation travels as the msgpack list `[id, args…]` in a [`crate::op::HLL_READ`] or
//! [`crate::op::HLL_MODIFY`] op.

/// Create an empty sketch, or empty one.
pub const INIT: i64 = 0;
/// Add elements.
pub const ADD: i64 = 1;
/// Unite with other sketches.
pub const SET_UNION: i64 = 2;
/// Store the estimate in the sketch.
pub const REFRESH_COUNT: i64 = 3;
/// Use fewer index bits.
pub const FOLD: i64 = 4;
/// The estimated number of elements.
pub const GET_COUNT: i64 = 50;
/// The union with other sketches.
pub const GET_UNION: i64 = 51;
/// The estimated size of the union.
pub const GET_UNION_COUNT: i64 = 52;
/// The estimated size of the intersection.
pub const GET_INTERSECT_COUNT: i64 = 53;
/// The estimated Jaccard index.
pub const GET_SIMILARITY: i64 = 54;
/// Index bits and minhash bits.
pub const DESCRIBE: i64 = 55;
/// Whether elements may have been added.
pub const MAY_CONTAIN: i64 = 56;

/// When an operation applies, and what becomes of its failure.
pub mod flags {
    /// Fail if the bin exists.
    pub const CREATE_ONLY: u64 = 1;
    /// Fail if the bin is missing.
    pub const UPDATE_ONLY: u64 = 2;
    /// Do nothing instead of failing for one of the above.
    pub const NO_FAIL: u64 = 4;
    /// [`super::SET_UNION`] may give the sketch a smaller shape.
    pub const ALLOW_FOLD: u64 = 8;
}

/// Fewest index bits.
pub const MIN_INDEX_BITS: u8 = 4;
/// Most index bits.
pub const MAX_INDEX_BITS: u8 = 16;
/// Fewest minhash bits, if there are any.
pub const MIN_MINHASH_BITS: u8 = 4;
/// Most minhash bits.
pub const MAX_MINHASH_BITS: u8 = 51;
/// Index bits and minhash bits come out of one half of the hash.
pub const MAX_INDEX_AND_MINHASH_BITS: u8 = 64;
/// Bits of a register that hold the rank; the minhash follows them.
pub const RANK_BITS: u8 = 6;
/// Bytes in front of the registers: flags, index bits, minhash bits, cached count.
pub const HEADER_SIZE: usize = 11;
