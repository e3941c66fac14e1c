//! Versions of records, by which transactions notice that what they have read has changed (transactions §3).

use std::fmt;

/// Bits of the last-update time in a version.
const TIME_BITS: u32 = 40;

/// A record's last-update time and generation in seven bytes; clients give it back as they got it.
///
/// ```
/// use aerospike_wire::RecordVersion;
/// let version = RecordVersion::new(0x12_3456_7890, 3);
/// assert_eq!(version.0, [0x90, 0x78, 0x56, 0x34, 0x12, 0x03, 0x00]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RecordVersion(pub [u8; 7]);

impl RecordVersion {
    /// The version of a record that does not exist.
    pub const MISSING: RecordVersion = RecordVersion([0; 7]);

    /// The version of a record; `last_update` in milliseconds since 2010.
    pub const fn new(last_update: u64, generation: u16) -> RecordVersion {
        let time = last_update & ((1 << TIME_BITS) - 1);
        let [a, b, c, d, e, f, g, _] = (time | (generation as u64) << TIME_BITS).to_le_bytes();
        RecordVersion([a, b, c, d, e, f, g])
    }

    /// Takes the version from a field's payload; `None` unless it has exactly 7 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<RecordVersion> {
        bytes.try_into().ok().map(RecordVersion)
    }
}

impl fmt::Debug for RecordVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().rev().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
