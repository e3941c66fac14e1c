//! Bit operations on blobs: their ids, their flags, the bounds of their arguments (bits §A2–A4).
//!
//! An operation travels as the msgpack list `[id, args…]` in a [`crate::op::BITS_READ`] or
//! [`crate::op::BITS_MODIFY`] op.

/// Give the blob another size.
pub const RESIZE: i64 = 0;
/// Put bytes between the blob's bytes.
pub const INSERT: i64 = 1;
/// Take bytes out.
pub const REMOVE: i64 = 2;
/// Overwrite a region.
pub const SET: i64 = 3;
/// Combine a region by OR.
pub const OR: i64 = 4;
/// Combine a region by exclusive OR.
pub const XOR: i64 = 5;
/// Combine a region by AND.
pub const AND: i64 = 6;
/// Invert a region.
pub const NOT: i64 = 7;
/// Shift a region towards its front.
pub const LSHIFT: i64 = 8;
/// Shift a region towards its end.
pub const RSHIFT: i64 = 9;
/// Add to a region read as an integer.
pub const ADD: i64 = 10;
/// Subtract from a region read as an integer.
pub const SUBTRACT: i64 = 11;
/// Overwrite a region with an integer.
pub const SET_INT: i64 = 12;
/// A region's bits.
pub const GET: i64 = 50;
/// How many of a region's bits are ones.
pub const COUNT: i64 = 51;
/// Where a region's first bit of a kind is.
pub const LSCAN: i64 = 52;
/// Where a region's last bit of a kind is.
pub const RSCAN: i64 = 53;
/// A region read as an integer.
pub const GET_INT: i64 = 54;

/// When an operation applies, and what becomes of its failure.
pub mod flags {
    /// Fail if the bin exists.
    pub const CREATE_ONLY: u64 = 1;
    /// Fail if the bin is missing.
    pub const UPDATE_ONLY: u64 = 2;
    /// Do nothing instead of failing.
    pub const NO_FAIL: u64 = 4;
    /// Act on the part of the region that exists.
    pub const PARTIAL: u64 = 8;
}

/// How [`RESIZE`] behaves.
pub mod resize_flags {
    /// Add or remove bytes at the front.
    pub const FROM_FRONT: u64 = 1;
    /// Fail rather than shrink.
    pub const GROW_ONLY: u64 = 2;
    /// Fail rather than grow.
    pub const SHRINK_ONLY: u64 = 4;
}

/// How integers are read, and what happens beyond their range.
pub mod integer_flags {
    /// Two's complement rather than unsigned; the only flag of [`super::GET_INT`].
    pub const SIGNED: u64 = 1;
    /// On overflow store the bound.
    pub const SATURATE: u64 = 2;
    /// On overflow wrap around.
    pub const WRAP: u64 = 4;
}

/// Greatest byte offset and byte size; a blob must stay below it.
pub const MAX_BYTES: i64 = 128 << 20;
/// Greatest bit offset, bit size and shift.
pub const MAX_BITS: i64 = MAX_BYTES * 8;
