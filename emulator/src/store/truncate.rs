//! Truncation: removing all records up to a last-update time.

use super::Namespace;
use super::record::Record;
use super::sets::Set;
use std::sync::atomic::{AtomicU64, Ordering};

impl Namespace {
    /// Removes the records of a set, or of the whole namespace, last updated at or before a time in milliseconds
    /// since 2010. They are gone when this returns. Returns how many they were.
    pub fn truncate(&self, set: Option<&Set>, until_ms: u64) -> usize {
        self.mark(set).fetch_max(until_ms, Ordering::Relaxed);
        self.remove_updated(set, |last_update| last_update <= until_ms)
    }

    /// As [`Namespace::truncate`], for records last updated before a time that a client names.
    pub fn truncate_before(&self, set: Option<&Set>, before_ms: u64) -> usize {
        self.mark(set).fetch_max(before_ms, Ordering::Relaxed);
        self.remove_updated(set, |last_update| last_update < before_ms)
    }

    /// Forgets when a set, or the whole namespace, was truncated. Records that are gone stay gone.
    pub fn undo_truncate(&self, set: Option<&Set>) {
        self.mark(set).store(0, Ordering::Relaxed);
    }

    fn mark<'a>(&'a self, set: Option<&'a Set>) -> &'a AtomicU64 {
        set.map_or(&self.truncate_lut, |set| &set.truncate_lut)
    }

    /// Records that a transaction has locked stay (transactions §12).
    fn remove_updated(&self, set: Option<&Set>, doomed: impl Fn(u64) -> bool) -> usize {
        if set.is_some_and(|set| set.objects.load(Ordering::Relaxed) == 0) {
            return 0;
        }
        let id = set.map(|set| set.id);
        let is_doomed = |record: &Record| {
            let header = record.header();
            doomed(header.last_update)
                && id.is_none_or(|id| header.set == id)
                && !self.transactions.is_locked(&header.digest)
        };
        let count = self.partitions().iter().map(|partition| self.remove_all(partition, is_doomed)).sum();
        self.drop_tombstones(|tombstone| {
            doomed(tombstone.last_update) && id.is_none_or(|id| tombstone.set == id)
        });
        count
    }

    /// Removes the records of the set of a name, or all, whatever their last-update times, and leaves neither a mark
    /// nor an open transaction; how many they were.
    pub fn clear(&self, set: Option<&[u8]>) -> usize {
        let id = match set {
            None => None,
            Some(name) => match self.sets.find(name) {
                Some(set) => Some(set.id),
                None => return 0,
            },
        };
        let is_of = |set| id.is_none_or(|id| set == id);
        self.transactions.forget(is_of, id.is_none());
        self.drop_tombstones(|tombstone| is_of(tombstone.set));
        let doomed = |record: &Record| is_of(record.header().set);
        self.partitions().iter().map(|partition| self.remove_all(partition, doomed)).sum()
    }
}
