//! Records: one allocation each, immutable, with the bins in the form in which they travel.
//!
//! A record's payload is its stored key followed by its bins as read ops, back to back. Returning all bins is
//! one memory copy, and a snapshot shares records with the live store.

use super::bins::{BinValue, has_bit, with_index_bit};
use super::sets::SetId;
use aerospike_wire::message::Ops;
use aerospike_wire::{Digest, Particle, ParticleType};
use std::fmt;
use triomphe::ThinArc;

/// What a record has beside its key and its bins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordHeader {
    /// The record's name in its partition.
    pub digest: Digest,
    /// 1 to 65535.
    pub generation: u16,
    /// The set, or [`super::NO_SET`].
    pub set: SetId,
    /// Seconds since 2010 when the record expires; 0 = never.
    pub void_time: u32,
    /// How many bins the payload holds.
    pub n_bins: u16,
    /// Bytes of the stored key at the front of the payload, particle type byte included; 0 = no key stored.
    pub key_size: u32,
    /// Bytes that a real server would use for the record; see [`storage_size`].
    pub storage_size: u32,
    /// Which bins are maps that keep an index of their values; see [`super::Bins::value_indexes`].
    pub value_indexes: u32,
    /// Milliseconds since 2010 of the last write or touch.
    pub last_update: u64,
}

/// An immutable record; cloning shares it.
#[derive(Clone)]
pub struct Record(ThinArc<RecordHeader, u8>);

impl Record {
    /// Makes a record from its header and payload: key, then bins as read ops.
    pub fn new(header: RecordHeader, payload: &[u8]) -> Record {
        Record(ThinArc::from_header_and_slice(header, payload))
    }

    /// What the record has beside key and bins.
    pub fn header(&self) -> &RecordHeader {
        &self.0.header.header
    }

    /// The stored key: one particle type byte, then the key as hashed.
    pub fn key(&self) -> Option<&[u8]> {
        let size = self.header().key_size as usize;
        (size > 0).then(|| &self.0.slice[..size])
    }

    /// All bins as read ops, back to back, in the order in which they were created.
    pub fn encoded_bins(&self) -> &[u8] {
        &self.0.slice[self.header().key_size as usize..]
    }

    /// The bins, one by one.
    pub fn bins(&self) -> Ops<'_> {
        Ops::new(self.encoded_bins())
    }

    /// The value of a bin.
    pub fn bin(&self, name: &[u8]) -> Option<Particle<'_>> {
        self.bins().find(|bin| bin.name == name).map(|bin| bin.particle())
    }

    /// The value of a bin as list and map operations want it.
    pub fn collection(&self, name: &[u8]) -> Option<BinValue<'_>> {
        let (i, bin) = self.bins().enumerate().find(|(_, bin)| bin.name == name)?;
        Some(with_index_bit(bin.particle(), has_bit(self.header().value_indexes, i)))
    }

    /// Whether the record has expired at a time in seconds since 2010. During the second equal to its void time
    /// it still lives (wire §19).
    pub fn is_expired(&self, now_seconds: u32) -> bool {
        let void_time = self.header().void_time;
        void_time != 0 && void_time < now_seconds
    }

    /// The same record under another header.
    pub fn with_header(&self, header: RecordHeader) -> Record {
        Record::new(header, &self.0.slice)
    }

    /// Whether two handles share one record.
    pub fn is_same(&self, other: &Record) -> bool {
        ThinArc::as_ptr(&self.0) == ThinArc::as_ptr(&other.0)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("header", self.header()).finish_non_exhaustive()
    }
}

/// 1 to 65535, then 1 again (wire §17).
pub fn next_generation(generation: u16) -> u16 {
    generation.checked_add(1).unwrap_or(1)
}

/// Bytes that a real server uses for a record; what `max-record-size` bounds (wire §24).
pub fn storage_size<'a>(
    void_time: u32,
    set_name: &[u8],
    key_size: usize,
    n_bins: usize,
    bins: impl Iterator<Item = (&'a [u8], Particle<'a>)>,
) -> usize {
    let mut size = 35 + 4;
    if void_time != 0 {
        size += 4;
    }
    if !set_name.is_empty() {
        size += 1 + set_name.len();
    }
    if key_size != 0 {
        size += varint_size(key_size) + key_size;
    }
    size += varint_size(n_bins);
    size + bins.map(|(name, value)| 1 + name.len() + particle_size(value)).sum::<usize>()
}

fn varint_size(value: usize) -> usize {
    match value {
        0..128 => 1,
        128..16384 => 2,
        16384..2_097_152 => 3,
        _ => 4,
    }
}

fn particle_size(value: Particle<'_>) -> usize {
    match value.kind {
        ParticleType::INTEGER => {
            let value = value.as_integer().unwrap_or(-1) as u64;
            2 + match value {
                0..=0xff => 1,
                0x100..=0xffff => 2,
                0x1_0000..=0xffff_ffff => 4,
                _ => 8,
            }
        }
        ParticleType::FLOAT => 9,
        ParticleType::BOOL => 2,
        _ => 5 + value.data.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// wire §24: the largest blobs that fit in a record of 1 MiB.
    #[test]
    fn sizes_of_the_reference() {
        let blob = vec![0; 1_048_528];
        let size = |set: &[u8], key: usize, name: &'static [u8], data: usize| {
            let value = Particle::new(ParticleType::BLOB, &blob[..data]);
            storage_size(0, set, key, 1, std::iter::once((name, value)))
        };
        assert_eq!(size(b"ws", 0, b"b", 1_048_526), 1_048_576);
        assert_eq!(size(b"ws", 4, b"b", 1_048_521), 1_048_576);
        assert_eq!(size(b"", 0, b"bb", 1_048_528), 1_048_576);
    }
}
