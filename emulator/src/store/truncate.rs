//! Truncation: removing all records up to a last-update time.

use super::Namespace;
use super::record::Record;
use super::sets::Set;
use std::sync::atomic::Ordering;

impl Namespace {
    /// Removes the records of a set, or of the whole namespace, last updated at or before a time in milliseconds
    /// since 2010. They are gone when this returns.
    pub fn truncate(&self, set: Option<&Set>, until_ms: u64) -> usize {
        let mark = set.map_or(&self.truncate_lut, |set| &set.truncate_lut);
        mark.fetch_max(until_ms, Ordering::Relaxed);
        if set.is_some_and(|set| set.objects.load(Ordering::Relaxed) == 0) {
            return 0;
        }
        let id = set.map(|set| set.id);
        let doomed = |record: &Record| {
            let header = record.header();
            header.last_update <= until_ms && id.is_none_or(|id| header.set == id)
        };
        self.partitions().iter().map(|partition| self.remove_all(partition, doomed)).sum()
    }

    /// Removes the records of the set of a name, or all, whatever their last-update times, and leaves no mark;
    /// how many they were.
    pub fn clear(&self, set: Option<&[u8]>) -> usize {
        let id = match set {
            None => None,
            Some(name) => match self.sets.find(name) {
                Some(set) => Some(set.id),
                None => return 0,
            },
        };
        let doomed = |record: &Record| id.is_none_or(|id| record.header().set == id);
        self.partitions().iter().map(|partition| self.remove_all(partition, doomed)).sum()
    }
}
