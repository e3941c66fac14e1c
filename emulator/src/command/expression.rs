//! What filters and expression operations see of a record (expressions §13, §19 to §21).

use super::Request;
use crate::expression::{Expression, Metadata, RecordView};
use crate::store::{Bins, Namespace, Record};
use aerospike_wire::{Digest, Particle, ParticleType, ResultCode};

/// What the server rounds stored sizes up to, in bytes.
const STORAGE_UNIT: u64 = 16;

/// A record as it is stored.
pub struct StoredRecord<'a> {
    record: &'a Record,
    namespace: &'a Namespace,
    now_ms: u64,
}

impl<'a> StoredRecord<'a> {
    /// A record of a namespace, now.
    pub fn new(namespace: &'a Namespace, record: &'a Record) -> StoredRecord<'a> {
        StoredRecord { record, namespace, now_ms: namespace.clock.now_ms() }
    }
}

impl Metadata for StoredRecord<'_> {
    fn digest(&self) -> &Digest {
        &self.record.header().digest
    }

    fn set_name(&self) -> &[u8] {
        self.namespace.sets.name(self.record.header().set)
    }

    fn void_time(&self) -> u32 {
        self.record.header().void_time
    }

    fn last_update(&self) -> u64 {
        self.record.header().last_update
    }

    fn now(&self) -> u64 {
        self.now_ms
    }

    fn record_size(&self) -> u64 {
        u64::from(self.record.header().storage_size).next_multiple_of(STORAGE_UNIT)
    }

    fn key_exists(&self) -> bool {
        self.record.key().is_some()
    }
}

impl RecordView for StoredRecord<'_> {
    fn bin(&self, name: &[u8]) -> Option<Particle<'_>> {
        self.record.bin(name)
    }

    fn key(&self) -> Option<Particle<'_>> {
        self.record.key().and_then(key_particle)
    }
}

/// What stays the same for all operations of one write.
pub struct WriteContext<'a> {
    /// Digest and set.
    pub request: &'a Request<'a>,
    /// The record before the write; `None` if the write creates it.
    pub existing: Option<&'a Record>,
    /// The void time that the record will have.
    pub void_time: u32,
    /// The time of the write, in milliseconds since 2010.
    pub now_ms: u64,
}

/// A record in the middle of a write: its bins as the operations before have left them, its times as they will
/// be, key and size as they were.
pub struct WorkingRecord<'v, 'a> {
    /// The write.
    pub context: &'v WriteContext<'a>,
    /// The bins so far.
    pub bins: &'v Bins<'a>,
}

impl Metadata for WorkingRecord<'_, '_> {
    fn digest(&self) -> &Digest {
        &self.context.request.digest
    }

    fn set_name(&self) -> &[u8] {
        self.context.request.set
    }

    fn void_time(&self) -> u32 {
        self.context.void_time
    }

    fn last_update(&self) -> u64 {
        self.context.now_ms
    }

    fn now(&self) -> u64 {
        self.context.now_ms
    }

    fn record_size(&self) -> u64 {
        let stored = self.context.existing.map_or(0, |record| record.header().storage_size);
        u64::from(stored).next_multiple_of(STORAGE_UNIT).max(STORAGE_UNIT)
    }

    fn key_exists(&self) -> bool {
        self.context.existing.is_some_and(|record| record.key().is_some())
    }
}

impl RecordView for WorkingRecord<'_, '_> {
    fn bin(&self, name: &[u8]) -> Option<Particle<'_>> {
        self.bins.get(name)
    }

    fn key(&self) -> Option<Particle<'_>> {
        self.context.existing?.key().and_then(key_particle)
    }
}

/// A stored key, particle type byte in front, as a value.
fn key_particle(key: &[u8]) -> Option<Particle<'_>> {
    let (kind, data) = key.split_first()?;
    Some(Particle::new(ParticleType(*kind), data))
}

/// Tests the filter of a command on a record that exists; without a filter every record passes.
///
/// # Errors
/// [`ResultCode::PARAMETER`] for a malformed filter, [`ResultCode::FILTERED_OUT`] when it is not true.
pub fn check_filter(request: &Request<'_>, record: &Record) -> Result<(), ResultCode> {
    match (request.filter(), request.batch_filter) {
        (Some(own), _) => passes(&Expression::decode_filter(own)?, request.namespace, record),
        (None, Some(shared)) => passes(shared, request.namespace, record),
        (None, None) => Ok(()),
    }
}

/// Tests a filter on a record: by its metadata if these tell, else with its bins.
///
/// # Errors
/// [`ResultCode::FILTERED_OUT`] when the filter is not true.
pub fn passes(filter: &Expression, namespace: &Namespace, record: &Record) -> Result<(), ResultCode> {
    let view = StoredRecord::new(namespace, record);
    let uses = filter.uses();
    let by_metadata = if uses.metadata || uses.digest { filter.metadata_verdict(&view) } else { None };
    if by_metadata.unwrap_or_else(|| filter.matches(&view)) { Ok(()) } else { Err(ResultCode::FILTERED_OUT) }
}
