//! What an expression sees of a record.

use aerospike_wire::{Digest, Particle};

/// A record's metadata, and the time (expressions §13).
///
/// Times count from the protocol's epoch, 2010-01-01 00:00:00 UTC.
pub trait Metadata {
    /// The record's digest.
    fn digest(&self) -> &Digest;
    /// Name of its set; empty without a set.
    fn set_name(&self) -> &[u8];
    /// When it expires, in seconds; 0 for never.
    fn void_time(&self) -> u32;
    /// When it was last written, in milliseconds.
    fn last_update(&self) -> u64;
    /// The present, in milliseconds.
    fn now(&self) -> u64;
    /// Its stored size in bytes, a multiple of 16.
    fn record_size(&self) -> u64;
    /// Whether its user key is stored with it.
    fn key_exists(&self) -> bool;
    /// Whether it is only the mark that a delete has left.
    fn is_tombstone(&self) -> bool {
        false
    }
}

/// A record with its bins and its key.
pub trait RecordView: Metadata {
    /// A bin's value, in the form that travels (integers in eight bytes); `None` if there is no such bin.
    fn bin(&self, name: &[u8]) -> Option<Particle<'_>>;
    /// The stored user key: its particle type and its bytes as they travel. `None` if none is stored.
    fn key(&self) -> Option<Particle<'_>>;
}
