//! The sets of a namespace: names, ids, counts and settings.

use crate::config::{SetConfig, SetSettings};
use aerospike_wire::ResultCode;
use dashmap::DashMap;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Number of a set within its namespace, from 1 on in the order of creation.
pub type SetId = u16;

/// The id of records without a set.
pub const NO_SET: SetId = 0;

/// Most sets that a namespace can have (wire §22).
pub const MAX_SETS: usize = 4095;

/// Longest set name in bytes.
pub const MAX_SET_NAME: usize = 63;

/// One set.
#[derive(Debug)]
pub struct Set {
    /// The set's number.
    pub id: SetId,
    /// 1 to 63 bytes, any but NUL.
    pub name: Box<[u8]>,
    /// Records in the set, expired ones included until they are collected.
    pub objects: AtomicU64,
    /// Storage sizes of the records, rounded up to 16 bytes each.
    pub used_bytes: AtomicI64,
    /// Milliseconds since 2010 up to which the set was truncated last; 0 = never.
    pub truncate_lut: AtomicU64,
    /// What `set-config` can change.
    pub settings: SetSettings,
}

impl Set {
    fn new(id: SetId, name: &[u8], config: &SetConfig) -> Set {
        Set {
            id,
            name: name.into(),
            objects: AtomicU64::new(0),
            used_bytes: AtomicI64::new(0),
            truncate_lut: AtomicU64::new(0),
            settings: SetSettings::new(config),
        }
    }

    /// Whether the set takes no further record (`stop-writes-count`, `stop-writes-size`).
    pub fn is_full(&self) -> bool {
        let count = self.settings.stop_writes_count.load(Ordering::Relaxed);
        let size = self.settings.stop_writes_size.load(Ordering::Relaxed);
        (count != 0 && self.objects.load(Ordering::Relaxed) >= count)
            || (size != 0 && self.used_bytes.load(Ordering::Relaxed).max(0) as u64 >= size)
    }
}

/// All sets of a namespace. A set never goes away while the server runs.
pub struct Sets {
    /// Hashed quickly, for every command asks. There are too few sets for a flood of names that collide.
    ids: DashMap<Box<[u8]>, SetId, foldhash::fast::RandomState>,
    /// By id, read without a lock: every command on a record of a set comes here.
    slots: Box<[OnceLock<Box<Set>>]>,
    count: parking_lot::Mutex<usize>,
}

impl Sets {
    /// No set.
    pub fn new() -> Sets {
        Sets {
            // Few shards: sets are few, and each shard costs memory and start-up time.
            ids: DashMap::with_hasher_and_shard_amount(foldhash::fast::RandomState::default(), 4),
            slots: (0..=MAX_SETS).map(|_| OnceLock::new()).collect(),
            count: parking_lot::Mutex::new(0),
        }
    }

    /// Sets that have settings from the start. A name that a set cannot have is left out.
    pub fn with(configs: &[SetConfig]) -> Sets {
        let sets = Sets::new();
        for config in configs {
            let _ = sets.make(config.name.as_bytes(), config);
        }
        sets
    }

    /// The set of an id; `None` for [`NO_SET`].
    pub fn get(&self, id: SetId) -> Option<&Set> {
        self.slots.get(id as usize)?.get().map(|set| &**set)
    }

    /// The name of an id; empty for [`NO_SET`].
    pub fn name(&self, id: SetId) -> &[u8] {
        self.get(id).map_or(&[], |set| &set.name)
    }

    /// The set of a name.
    pub fn find(&self, name: &[u8]) -> Option<&Set> {
        self.ids.get(name).and_then(|id| self.get(*id))
    }

    /// The set of a name, made if it is new.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`] for a name that is too long or has a NUL, and when there are [`MAX_SETS`]
    /// (wire §22).
    pub fn find_or_create(&self, name: &[u8]) -> Result<&Set, ResultCode> {
        match self.find(name) {
            Some(set) => Ok(set),
            None => self.make(name, &SetConfig::default()),
        }
    }

    fn make(&self, name: &[u8], config: &SetConfig) -> Result<&Set, ResultCode> {
        if name.is_empty() || name.len() > MAX_SET_NAME || name.contains(&0) {
            return Err(ResultCode::PARAMETER);
        }
        let mut count = self.count.lock();
        if let Some(set) = self.find(name) {
            return Ok(set);
        }
        if *count == MAX_SETS {
            return Err(ResultCode::PARAMETER);
        }
        *count += 1;
        let id = *count as SetId;
        let set = self.slots[id as usize].get_or_init(|| Box::new(Set::new(id, name, config)));
        self.ids.insert(name.into(), id);
        Ok(set)
    }

    /// All sets in the order of creation.
    pub fn iter(&self) -> impl Iterator<Item = &Set> {
        self.slots.iter().skip(1).map_while(|slot| slot.get()).map(|set| &**set)
    }
}

impl Default for Sets {
    fn default() -> Self {
        Sets::new()
    }
}

impl fmt::Debug for Sets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
