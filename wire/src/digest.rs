//! Record digests and partition ids (wire §10).

use ripemd::{Digest as _, Ripemd160};
use std::fmt;

/// How many partitions a namespace has.
pub const PARTITIONS: usize = 4096;

/// The 20-byte hash by which a record is found.
///
/// Ordered byte by byte, as scans order records within a partition.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 20]);

impl Digest {
    /// Hashes a set name and a typed key.
    ///
    /// `key_type` is the particle type of the key (integer, string or blob); `key` holds its bytes as they
    /// travel: eight bytes big-endian for an integer. The namespace is not part of the hash.
    pub fn of(set: &[u8], key_type: u8, key: &[u8]) -> Digest {
        let mut hash = Ripemd160::new();
        hash.update(set);
        hash.update([key_type]);
        hash.update(key);
        Digest(hash.finalize().into())
    }

    /// Takes the digest from a field's payload; `None` unless it has exactly 20 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Digest> {
        bytes.try_into().ok().map(Digest)
    }

    /// The partition, 0 to 4095, that the record lives in.
    pub const fn partition(&self) -> usize {
        self.0[0] as usize | ((self.0[1] & 0x0f) as usize) << 8
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// wire §10: set, key type, key bytes, digest, partition.
    #[test]
    fn vectors() {
        let five = 5i64.to_be_bytes();
        let rows: [(&str, u8, &[u8], &str, usize); 5] = [
            ("ws", 3, b"a", "6cc6eec4a40890e971728adcc093c19305a822ed", 1644),
            ("ws", 1, &five, "792938a2714c73661cadccf8574f716ec3f7b5f6", 2425),
            ("ws", 4, &[1, 2], "16f235c32c2119cea93ec6358b3f0fe504c1dcf4", 534),
            ("", 3, b"a", "79e55340ff2911fc794c49ec2a8175bd9d7ca04c", 1401),
            ("demo", 3, b"k1", "b747f5854d0b33259928d0cfab7fad81d6abfbf6", 1975),
        ];
        for (set, key_type, key, hex, partition) in rows {
            let digest = Digest::of(set.as_bytes(), key_type, key);
            assert_eq!(digest.to_string(), hex);
            assert_eq!(digest.partition(), partition);
        }
    }
}
