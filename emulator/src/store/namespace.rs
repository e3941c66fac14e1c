//! A namespace: partitions, sets, settings, counters; the one gate for every change.

use super::histogram::Histograms;
use super::partition::{Partition, PartitionLock, Position};
use super::record::Record;
use super::sets::Sets;
use super::stats::Stats;
use super::transactions::Transactions;
use crate::config::{NamespaceConfig, NamespaceSettings};
use crate::control::Clock;
use crate::index::Indexes;
use aerospike_wire::{Digest, PARTITIONS};
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Instant;

/// Seconds that a transaction has if neither its client nor the configuration says (transactions §9).
const DEFAULT_MRT_DURATION: u32 = 10;

/// A namespace and all that it holds.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    partitions: Box<[PartitionLock]>,
    /// The namespace's sets.
    pub sets: Sets,
    /// Multi-record transactions that are under way.
    pub transactions: Transactions,
    /// The namespace's secondary indexes.
    pub indexes: Indexes,
    /// What `set-config` can change while the server runs.
    pub settings: NamespaceSettings,
    /// What the namespace has counted.
    pub stats: Stats,
    /// The time of the namespace's records.
    pub clock: Arc<Clock>,
    /// Records, expired ones included until they are collected.
    pub objects: AtomicU64,
    /// What durable deletes have left.
    pub tombstones: AtomicU64,
    /// Storage sizes of all records, rounded up to 16 bytes each.
    pub used_bytes: AtomicI64,
    /// Milliseconds since 2010 up to which the namespace was truncated last; 0 = never.
    pub truncate_lut: AtomicU64,
    /// What the last collection of expired records found.
    pub nsup: NsupCycle,
    /// What the last collection of distributions found.
    pub histograms: Mutex<Option<Histograms>>,
}

/// A collection of expired records.
#[derive(Debug, Default)]
pub struct NsupCycle {
    /// Records there were.
    pub total: AtomicU64,
    /// Records that had expired.
    pub deleted: AtomicU64,
    /// Records that never expire.
    pub non_expirable: AtomicU64,
    /// How long it took, in whole seconds.
    pub duration_seconds: AtomicU64,
}

impl NsupCycle {
    /// The share of records that had expired, in percent.
    pub fn deleted_pct(&self) -> f64 {
        let total = self.total.load(Ordering::Relaxed).max(1);
        self.deleted.load(Ordering::Relaxed) as f64 * 100.0 / total as f64
    }
}

impl Namespace {
    /// An empty namespace.
    pub fn new(config: &NamespaceConfig, clock: Arc<Clock>) -> Namespace {
        let settings = NamespaceSettings::new(config);
        if config.strong_consistency && config.mrt_duration == 0 {
            settings.mrt_duration.store(DEFAULT_MRT_DURATION, Ordering::Relaxed);
        }
        // All partitions share one empty body until they are first written.
        let empty = Arc::new(Partition::default());
        Namespace {
            name: config.name.clone(),
            partitions: (0..PARTITIONS).map(|_| RwLock::new(empty.clone())).collect(),
            sets: Sets::with(&config.sets),
            transactions: Transactions::new(),
            indexes: Indexes::new(),
            settings,
            stats: Stats::new(),
            clock,
            objects: AtomicU64::new(0),
            tombstones: AtomicU64::new(0),
            used_bytes: AtomicI64::new(0),
            truncate_lut: AtomicU64::new(0),
            nsup: NsupCycle::default(),
            histograms: Mutex::default(),
        }
    }

    /// The namespace's name, 1 to 31 bytes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the namespace is in strong-consistency mode.
    pub fn is_strong(&self) -> bool {
        self.settings.strong_consistency.load(Ordering::Relaxed)
    }

    /// The partition that a digest belongs to.
    pub fn partition(&self, digest: &Digest) -> &PartitionLock {
        &self.partitions[digest.partition()]
    }

    /// All partitions in the order of their ids.
    pub fn partitions(&self) -> &[PartitionLock] {
        &self.partitions
    }

    /// Puts a record at a position found before under the same lock; with [`Namespace::remove`],
    /// [`Namespace::remove_all`] and what is built on them the only way to change a partition's records.
    pub fn put(&self, partition: &mut Arc<Partition>, position: Position, record: Record) {
        let partition = Arc::make_mut(partition);
        if partition.tombstones() > 0 && partition.set_tombstone(&record.header().digest, None) {
            self.tombstones.fetch_sub(1, Ordering::Relaxed);
        }
        let old = partition.put(position, record.clone());
        self.account(old.as_ref(), Some(&record));
    }

    /// Removes the record at a position found before under the same lock.
    pub fn remove(&self, partition: &mut Arc<Partition>, position: usize) {
        let old = Arc::make_mut(partition).take(position);
        self.account(Some(&old), None);
    }

    /// Removes all records of a partition that `doomed` names; how many they were.
    pub fn remove_all(&self, partition: &PartitionLock, mut doomed: impl FnMut(&Record) -> bool) -> usize {
        // Most partitions have nothing to remove: find that out beside other readers.
        if !partition.read().records().any(&mut doomed) {
            return 0;
        }
        let mut partition = partition.write();
        let removed = Arc::make_mut(&mut partition).take_all(doomed);
        removed.iter().for_each(|record| self.account(Some(record), None));
        removed.len()
    }

    /// What follows from a record taking another's place. Called with the partition locked.
    pub(super) fn account(&self, old: Option<&Record>, new: Option<&Record>) {
        self.indexes.follow(old, new);
        let bytes = |record: Option<&Record>| record.map_or(0, |r| stored_bytes(r.header().storage_size));
        let growth = bytes(new) - bytes(old);
        if growth != 0 {
            self.used_bytes.fetch_add(growth, Ordering::Relaxed);
        }
        let set_of = |record: Option<&Record>| record.map_or(0, |r| r.header().set);
        let (old_set, new_set) = (set_of(old), set_of(new));
        if old.is_some() == new.is_some() && old_set == new_set {
            if let (Some(set), true) = (self.sets.get(new_set), growth != 0) {
                set.used_bytes.fetch_add(growth, Ordering::Relaxed);
            }
            return;
        }
        if let Some(set) = self.sets.get(old_set) {
            set.objects.fetch_sub(1, Ordering::Relaxed);
            set.used_bytes.fetch_sub(bytes(old), Ordering::Relaxed);
        }
        if let Some(set) = self.sets.get(new_set) {
            set.objects.fetch_add(1, Ordering::Relaxed);
            set.used_bytes.fetch_add(bytes(new), Ordering::Relaxed);
        }
        match (old, new) {
            (None, Some(_)) => self.objects.fetch_add(1, Ordering::Relaxed),
            (Some(_), None) => self.objects.fetch_sub(1, Ordering::Relaxed),
            _ => 0,
        };
    }

    /// Whether the namespace takes no more writes because its data fills the share of `data-size` that
    /// `stop-writes-used-pct` allows.
    pub fn stop_writes(&self) -> bool {
        let pct = self.settings.stop_writes_used_pct.load(Ordering::Relaxed) as u64;
        let limit = self.settings.data_size.load(Ordering::Relaxed) / 100 * pct;
        pct != 0 && self.used_bytes.load(Ordering::Relaxed).max(0) as u64 > limit
    }

    /// Removes what has expired; how many records that were.
    pub fn reap(&self) -> usize {
        let started = Instant::now();
        let now = self.clock.now_seconds();
        let expired =
            |record: &Record| record.is_expired(now) && !self.transactions.is_locked(&record.header().digest);
        let (mut total, mut non_expirable, mut count) = (0, 0, 0);
        for partition in &self.partitions {
            let mut any_expired = false;
            for record in partition.read().records() {
                total += 1;
                non_expirable += (record.header().void_time == 0) as u64;
                any_expired |= expired(record);
            }
            if any_expired {
                count += self.remove_all(partition, expired);
            }
        }
        self.stats.add(super::Counter::ExpiredObjects, count as u64);
        self.nsup.total.store(total, Ordering::Relaxed);
        self.nsup.deleted.store(count as u64, Ordering::Relaxed);
        self.nsup.non_expirable.store(non_expirable, Ordering::Relaxed);
        self.nsup.duration_seconds.store(started.elapsed().as_secs(), Ordering::Relaxed);
        count
    }
}

/// Storage comes in units of 16 bytes.
pub(super) fn stored_bytes(size: u32) -> i64 {
    (size as i64 + 15) / 16 * 16
}
