//! The protocol's epoch and the special values of a time to live (wire §19).

/// Seconds from the Unix epoch to 2010-01-01 00:00:00 UTC, where the protocol starts counting.
pub const EPOCH_UNIX_SECONDS: u64 = 1_262_304_000;

/// Longest time to live that a write may ask for: ten years, in seconds.
pub const MAX_TTL: u32 = 315_360_000;

/// TTL of a write: take the default of the set or namespace.
pub const TTL_DEFAULT: u32 = 0;
/// TTL of a write: keep the record's present void time.
pub const TTL_DONT_UPDATE: u32 = 0xFFFF_FFFE;
/// TTL of a write: never expire.
pub const TTL_NEVER: u32 = 0xFFFF_FFFF;

/// Touch percentage of a read: never touch.
pub const READ_TOUCH_NEVER: u32 = 0xFFFF_FFFF;
