//! Locks on single records, for calls that would otherwise get in each other's way.
//!
//! A call runs on the record as it was and is run again if the record has changed meanwhile. That costs nothing as
//! long as calls are short. A call that has lost that race locks its record; those that come later wait for it.

use aerospike_wire::Digest;
use parking_lot::{Condvar, Mutex};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// A record: its namespace's address, and its digest.
type Name = (usize, Digest);

/// The records that are locked.
#[derive(Debug, Default)]
pub struct RecordLocks {
    locked: Mutex<HashSet<Name>>,
    freed: Condvar,
    count: AtomicUsize,
}

impl RecordLocks {
    /// Whether any record is locked.
    pub fn is_any_held(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Locks a record, waiting for it until some time; `None` when the time has come.
    pub fn lock(&self, namespace: usize, digest: Digest, until: Instant) -> Option<RecordLock<'_>> {
        let name = (namespace, digest);
        let mut locked = self.locked.lock();
        while !locked.insert(name) {
            if self.freed.wait_until(&mut locked, until).timed_out() {
                return None;
            }
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        Some(RecordLock { locks: self, name })
    }
}

/// A locked record, until this is dropped.
#[derive(Debug)]
pub struct RecordLock<'a> {
    locks: &'a RecordLocks,
    name: Name,
}

impl Drop for RecordLock<'_> {
    fn drop(&mut self) {
        self.locks.locked.lock().remove(&self.name);
        self.locks.count.fetch_sub(1, Ordering::Relaxed);
        self.locks.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_lock_excludes_its_record_alone() {
        let locks = RecordLocks::default();
        let (a, b) = (Digest([1; 20]), Digest([2; 20]));
        let soon = || Instant::now() + Duration::from_millis(20);
        let held = locks.lock(7, a, soon());
        assert!(held.is_some() && locks.is_any_held());
        assert!(locks.lock(7, a, soon()).is_none());
        assert!(locks.lock(8, a, soon()).is_some() && locks.lock(7, b, soon()).is_some());
        drop(held);
        assert!(locks.lock(7, a, soon()).is_some());
        assert!(!locks.is_any_held());
    }
}
