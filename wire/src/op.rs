//! Operation codes (wire §7).

/// Return a bin.
pub const READ: u8 = 1;
/// Set a bin; a null value removes it.
pub const WRITE: u8 = 2;
/// Read a list or map.
pub const CDT_READ: u8 = 3;
/// Change a list or map.
pub const CDT_MODIFY: u8 = 4;
/// Add to a number.
pub const INCR: u8 = 5;
/// Evaluate an expression.
pub const EXP_READ: u8 = 7;
/// Write the value of an expression.
pub const EXP_MODIFY: u8 = 8;
/// Append to a string or blob.
pub const APPEND: u8 = 9;
/// Prepend to a string or blob.
pub const PREPEND: u8 = 10;
/// Renew generation and time to live.
pub const TOUCH: u8 = 11;
/// Read bits of a blob.
pub const BITS_READ: u8 = 12;
/// Change bits of a blob.
pub const BITS_MODIFY: u8 = 13;
/// Remove all bins.
pub const DELETE_ALL: u8 = 14;
/// Read a HyperLogLog.
pub const HLL_READ: u8 = 15;
/// Change a HyperLogLog.
pub const HLL_MODIFY: u8 = 16;

/// Whether the code only reads.
pub const fn is_read(code: u8) -> bool {
    matches!(code, READ | CDT_READ | EXP_READ | BITS_READ | HLL_READ)
}
