//! The indexes of a namespace: their names, their states, and the hook through which they follow every change.

use super::definition::Definition;
use super::tree::{Entry, KeyRange, Tree};
use super::value::Keys;
use crate::store::{Record, SetId};
use aerospike_wire::PARTITIONS;
use arc_swap::ArcSwap;
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Most indexes in a namespace, those of sets not counted (query §2.1).
const MAX_INDEXES: usize = 256;
/// What an index takes at least, and the unit in which it grows (info §17).
const ARENA_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes that an entry takes in an ordered set that is two thirds full.
const ENTRY_BYTES: u64 = 48;
/// How long an estimate of how entries spread stays good.
const ESTIMATE_AGE: Duration = Duration::from_secs(3600);

/// Why an index was not made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CreateError {
    /// The name is taken by an index with another definition.
    #[error("'indexname' already exists with different definition")]
    NameTaken,
    /// There are as many indexes as a namespace can have.
    #[error("already at sindex definition limit")]
    TooMany,
}

/// What an index has counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Statistics {
    /// Entries; a record can have several.
    pub entries: usize,
    /// Bytes of memory.
    pub used_bytes: u64,
    /// Entries for each distinct value, estimated.
    pub entries_per_bval: u64,
    /// Entries for each record that has one, estimated.
    pub entries_per_rec: u64,
    /// How much of the namespace is indexed, 0 to 100.
    pub load_pct: usize,
    /// How long the building took, in milliseconds.
    pub load_time: u64,
}

/// One index.
#[derive(Debug)]
pub struct Index {
    name: Mutex<Arc<[u8]>>,
    /// What the index is about.
    pub definition: Definition,
    pub(super) tree: Tree,
    /// Partitions below this id are in the index. It moves only while the partition that it passes is locked,
    /// so a change in a partition knows for certain whether the builder has seen it.
    built_to: AtomicUsize,
    dropped: AtomicBool,
    load_time_ms: AtomicU64,
    estimate: Mutex<Option<Estimate>>,
    /// Whether the builder has ended, and who waits for it.
    ended: Mutex<bool>,
    end: Condvar,
}

#[derive(Clone, Copy, Debug)]
struct Estimate {
    made: Instant,
    entries_per_bval: u64,
    entries_per_rec: u64,
}

impl Index {
    fn new(name: &[u8], definition: Definition) -> Index {
        Index {
            name: Mutex::new(name.into()),
            definition,
            tree: Tree::new(),
            built_to: AtomicUsize::new(0),
            dropped: AtomicBool::new(false),
            load_time_ms: AtomicU64::new(0),
            estimate: Mutex::new(None),
            ended: Mutex::new(false),
            end: Condvar::new(),
        }
    }

    /// The index's name, any bytes but semicolons; it changes when the same definition is created under another one.
    pub fn name(&self) -> Arc<[u8]> {
        self.name.lock().clone()
    }

    /// Whether queries may use the index: every partition is in it.
    pub fn is_readable(&self) -> bool {
        self.built_to.load(Ordering::Acquire) == PARTITIONS
    }

    /// Whether the index was dropped while somebody still held it.
    pub fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Visits entries of a group of partitions; see [`Tree::visit`].
    pub fn visit(&self, group: usize, ranges: &[KeyRange], after: Option<Entry>, visit: impl FnMut(Entry)) {
        self.tree.visit(group, ranges, after, visit);
    }

    /// Bytes of memory that the index takes. An index of a set takes none while it is empty (query §3).
    pub fn used_bytes(&self) -> u64 {
        let used = (self.tree.count() as u64 * ENTRY_BYTES).next_multiple_of(ARENA_BYTES);
        if self.definition.is_membership() { used } else { used.max(ARENA_BYTES) }
    }

    /// What the index has counted.
    pub fn statistics(&self) -> Statistics {
        let entries = self.tree.count();
        let readable = self.is_readable();
        let estimate = readable.then(|| self.estimate());
        Statistics {
            entries,
            used_bytes: self.used_bytes(),
            entries_per_bval: estimate.map_or(0, |estimate| estimate.entries_per_bval),
            entries_per_rec: estimate.map_or(0, |estimate| estimate.entries_per_rec),
            load_pct: self.built_to.load(Ordering::Acquire) * 100 / PARTITIONS,
            load_time: self.load_time_ms.load(Ordering::Relaxed),
        }
    }

    fn estimate(&self) -> Estimate {
        let mut estimate = self.estimate.lock();
        match *estimate {
            Some(estimate) if estimate.made.elapsed() < ESTIMATE_AGE => estimate,
            _ => {
                let (entries_per_bval, entries_per_rec) = self.tree.spread();
                *estimate.insert(Estimate { made: Instant::now(), entries_per_bval, entries_per_rec })
            }
        }
    }

    /// Takes a partition into the index. Called with the partition locked, in the order of ids.
    pub(super) fn add_partition<'r>(&self, partition: usize, records: impl Iterator<Item = &'r Record>) {
        let mut entries = Vec::new();
        for record in records {
            let digest = record.header().digest;
            entries.extend(self.definition.keys(record).iter().map(|key| Entry { key: *key, digest }));
        }
        if !entries.is_empty() {
            entries.sort_unstable();
            self.tree.extend(partition, entries.into_iter());
        }
        self.built_to.store(partition + 1, Ordering::Release);
    }

    /// Tells everybody who waits that the builder has ended.
    pub(super) fn end_build(&self, took: Duration) {
        self.load_time_ms.store(took.as_millis() as u64, Ordering::Relaxed);
        *self.ended.lock() = true;
        self.end.notify_all();
    }

    /// Waits until the builder has ended.
    pub(super) fn wait(&self) {
        let mut ended = self.ended.lock();
        while !*ended {
            self.end.wait(&mut ended);
        }
    }

    /// Follows a change in a locked partition.
    fn follow(&self, old: Option<&Record>, new: Option<&Record>) {
        let Some(digest) = old.or(new).map(|record| record.header().digest) else { return };
        if digest.partition() >= self.built_to.load(Ordering::Acquire) {
            // The builder will find the partition as this change leaves it.
            return;
        }
        let covered = |record: &&Record| self.definition.covers(record);
        let (old, new) = (old.filter(covered), new.filter(covered));
        let keys = |record: Option<&Record>| record.map_or(Keys::new(), |r| self.definition.keys(r));
        match (old, new) {
            (None, None) => {}
            (Some(old), Some(new)) if self.definition.is_untouched(old, new) => {}
            (old, new) => self.tree.replace(&digest, &keys(old), &keys(new)),
        }
    }
}

/// All indexes of a namespace, in the order in which they are listed.
#[derive(Debug, Default)]
struct Listing {
    /// Indexes of values; a dropped one leaves its slot to the next that is created.
    slots: Vec<Option<Arc<Index>>>,
    /// Indexes of sets.
    memberships: Vec<Arc<Index>>,
}

impl Listing {
    fn iter(&self) -> impl Iterator<Item = &Arc<Index>> {
        self.slots.iter().flatten().chain(&self.memberships)
    }
}

/// The indexes of a namespace.
#[derive(Debug)]
pub struct Indexes {
    /// Whether there is any: all that a change has to look at when there is none.
    any: AtomicBool,
    listing: ArcSwap<Listing>,
    /// Held while indexes are made or dropped.
    changing: Mutex<()>,
}

impl Indexes {
    /// No index.
    pub fn new() -> Indexes {
        Indexes { any: AtomicBool::new(false), listing: ArcSwap::default(), changing: Mutex::new(()) }
    }

    /// Lets all indexes follow a change. Called with the record's partition locked.
    #[inline]
    pub fn follow(&self, old: Option<&Record>, new: Option<&Record>) {
        // The partition's lock orders this load: whoever built an index has locked the partition since.
        if self.any.load(Ordering::Relaxed) {
            self.listing.load().iter().for_each(|index| index.follow(old, new));
        }
    }

    /// All indexes in the order in which they are listed: by slot, those of sets last.
    pub fn all(&self) -> Vec<Arc<Index>> {
        self.listing.load().iter().cloned().collect()
    }

    /// The index of a name.
    pub fn by_name(&self, name: &[u8]) -> Option<Arc<Index>> {
        self.listing.load().iter().find(|index| *index.name() == *name).cloned()
    }

    /// The first index that a test accepts.
    pub fn find(&self, accepts: impl Fn(&Definition) -> bool) -> Option<Arc<Index>> {
        self.listing.load().iter().find(|index| accepts(&index.definition)).cloned()
    }

    /// The index of the records of a set, if there is a readable one.
    pub fn of_set(&self, set: SetId) -> Option<Arc<Index>> {
        let listing = self.listing.load();
        let mut of_set = listing.memberships.iter().filter(|index| index.definition.set == Some(set));
        of_set.find(|index| index.is_readable()).cloned()
    }

    /// How many indexes of values a set has.
    pub fn count_of_set(&self, set: SetId) -> usize {
        self.listing.load().slots.iter().flatten().filter(|index| index.definition.set == Some(set)).count()
    }

    /// Whether the records of a set are being indexed just now.
    pub fn is_populating(&self, set: SetId) -> bool {
        let listing = self.listing.load();
        listing.memberships.iter().any(|index| index.definition.set == Some(set) && !index.is_readable())
    }

    /// Registers an index, or finds the one of that definition and gives it this name. The second value tells
    /// whether it is new and has to be built.
    ///
    /// # Errors
    /// As [`CreateError`] tells; nothing has changed then.
    pub(super) fn register(
        &self,
        name: &[u8],
        definition: Definition,
    ) -> Result<(Arc<Index>, bool), CreateError> {
        let _guard = self.changing.lock();
        let listing = self.listing.load_full();
        if let Some(named) = listing.iter().find(|index| *index.name() == *name) {
            return match named.definition == definition {
                true => Ok((named.clone(), false)),
                false => Err(CreateError::NameTaken),
            };
        }
        if let Some(same) = listing.iter().find(|index| index.definition == definition) {
            *same.name.lock() = name.into();
            return Ok((same.clone(), false));
        }
        let membership = definition.is_membership();
        if !membership && listing.slots.iter().flatten().count() >= MAX_INDEXES {
            return Err(CreateError::TooMany);
        }
        let index = Arc::new(Index::new(name, definition));
        let mut changed = Listing { slots: listing.slots.clone(), memberships: listing.memberships.clone() };
        match changed.slots.iter_mut().find(|slot| slot.is_none()) {
            _ if membership => changed.memberships.push(index.clone()),
            Some(slot) => *slot = Some(index.clone()),
            None => changed.slots.push(Some(index.clone())),
        }
        self.any.store(true, Ordering::Relaxed);
        self.listing.store(Arc::new(changed));
        Ok((index, true))
    }

    /// Drops the index of a name and returns it.
    pub fn remove(&self, name: &[u8]) -> Option<Arc<Index>> {
        let _guard = self.changing.lock();
        let listing = self.listing.load_full();
        let index = listing.iter().find(|index| *index.name() == *name)?;
        index.dropped.store(true, Ordering::Relaxed);
        let differs = |other: &Arc<Index>| !Arc::ptr_eq(index, other);
        let mut changed = Listing {
            slots: listing.slots.iter().map(|slot| slot.clone().filter(differs)).collect(),
            memberships: listing.memberships.iter().filter(|other| differs(other)).cloned().collect(),
        };
        while changed.slots.last().is_some_and(Option::is_none) {
            changed.slots.pop();
        }
        self.any.store(changed.iter().next().is_some(), Ordering::Relaxed);
        self.listing.store(Arc::new(changed));
        Some(index.clone())
    }
}

impl Default for Indexes {
    fn default() -> Self {
        Indexes::new()
    }
}
