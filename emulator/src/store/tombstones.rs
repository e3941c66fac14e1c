//! Durable deletes: a record goes, a tombstone keeps its generation (transactions §19).

use super::Namespace;
use super::partition::{Partition, Tombstone};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

impl Namespace {
    /// Removes the record at a position found before under the same lock, for good: what is written under its digest
    /// later goes on from its generation.
    pub fn bury(&self, partition: &mut Arc<Partition>, position: usize, generation: u16, now_ms: u64) {
        let Some(header) = partition.at(position).map(|record| *record.header()) else { return };
        self.remove(partition, position);
        let tombstone = Tombstone { generation, last_update: now_ms, set: header.set };
        if !Arc::make_mut(partition).set_tombstone(&header.digest, Some(tombstone)) {
            self.tombstones.fetch_add(1, Relaxed);
        }
    }

    /// Drops the tombstones that are older than `tomb-raider-eligible-age`.
    pub fn raid_tombs(&self) {
        let age = self.settings.tomb_raider_eligible_age.load(Relaxed) as u64 * 1000;
        let before = self.clock.now_ms().saturating_sub(age);
        self.drop_tombstones(|tombstone| tombstone.last_update < before);
    }

    pub(super) fn drop_tombstones(&self, doomed: impl Fn(&Tombstone) -> bool) {
        if self.tombstones.load(Relaxed) == 0 {
            return;
        }
        for partition in self.partitions() {
            if partition.read().any_tombstone(&doomed) {
                let dropped = Arc::make_mut(&mut partition.write()).drop_tombstones(&doomed);
                self.tombstones.fetch_sub(dropped as u64, Relaxed);
            }
        }
    }
}
