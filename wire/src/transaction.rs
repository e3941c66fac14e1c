//! Multi-record transactions: versions of records, and the records by which clients keep track (transactions §3, §4).

use crate::digest::Digest;
use crate::particle::ParticleType;
use std::fmt;

/// The set of monitors: a record for each transaction, which tells what it has written.
pub const MONITOR_SET: &[u8; 8] = b"<ERO~MRT";
/// A monitor's bin with the transaction's id.
pub const MONITOR_ID: &[u8] = b"id";
/// A monitor's bin with the digests of the records written.
pub const MONITOR_KEYS: &[u8] = b"keyds";
/// A monitor's bin that is there once the transaction is committed.
pub const MONITOR_FORWARD: &[u8] = b"fwd";
/// Most records that a transaction can write (transactions §1).
pub const MAX_WRITES: usize = 4096;

/// The digest of a transaction's monitor.
pub fn monitor_digest(id: u64) -> Digest {
    Digest::of(MONITOR_SET, ParticleType::INTEGER.0, &id.to_be_bytes())
}

/// The id of a transaction, from a field's payload; `None` unless that has 8 bytes that are not all zero.
pub fn id_from_slice(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_le_bytes).filter(|id| *id != 0)
}

/// Bits of the last-update time in a version.
const TIME_BITS: u32 = 40;

/// A record's last-update time and generation in seven bytes; clients give it back as they got it.
///
/// ```
/// use aerospike_wire::transaction::RecordVersion;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// transactions §17: the digest of the monitor of the worked frames.
    #[test]
    fn monitor_of_the_reference() {
        let digest = monitor_digest(0x9d47_0fdf_ab18_320a).to_string();
        assert_eq!(digest, "61eb69a57f1f029927bb62f60662fcd706b1d014");
        assert_eq!(
            id_from_slice(&[0x0a, 0x32, 0x18, 0xab, 0xdf, 0x0f, 0x47, 0x9d]),
            Some(0x9d47_0fdf_ab18_320a)
        );
    }
}
