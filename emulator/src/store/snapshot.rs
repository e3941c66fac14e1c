//! Snapshots of a namespace: pointer copies of its partitions, and the way back.

use super::partition::Partition;
use super::record::Record;
use super::sets::SetId;
use super::{NO_SET, Namespace};
use crate::index::{Definition, Index};
use std::cmp::Ordering::{Equal, Greater, Less};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A namespace as it was at one moment. Records and partitions are shared with the live store until that changes.
#[derive(Clone, Debug)]
pub struct NamespaceSnapshot {
    partitions: Box<[Arc<Partition>]>,
    truncate_lut: u64,
    /// Truncation marks of the sets there were.
    marks: Vec<(SetId, u64)>,
    indexes: Vec<(Arc<[u8]>, Definition)>,
}

/// A record before and after; at least one of the two is there.
pub type Change<'a> = (Option<&'a Record>, Option<&'a Record>);

impl NamespaceSnapshot {
    /// All records, partition by partition in the order of their digests.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.partitions.iter().flat_map(|partition| partition.records())
    }

    /// Visits what differs in a later snapshot of the same namespace. Partitions that both share cost a comparison
    /// of pointers.
    pub fn changes<'a>(&'a self, later: &'a NamespaceSnapshot, mut visit: impl FnMut(Change<'a>)) {
        for (old, new) in self.partitions.iter().zip(&later.partitions) {
            if !Arc::ptr_eq(old, new) {
                changes(old, new, &mut visit);
            }
        }
    }

    /// The indexes there were: names and definitions.
    pub fn indexes(&self) -> &[(Arc<[u8]>, Definition)] {
        &self.indexes
    }
}

/// Visits the records in which two versions of a partition differ.
fn changes<'a>(old: &'a Partition, new: &'a Partition, visit: &mut impl FnMut(Change<'a>)) {
    let (mut old, mut new) = (old.records().peekable(), new.records().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            // Most are: found out without a look into the records.
            (Some(a), Some(b)) if a.is_same(b) => {
                old.next();
                new.next();
                continue;
            }
            (Some(a), Some(b)) => a.header().digest.cmp(&b.header().digest),
            (Some(_), None) => Less,
            (None, Some(_)) => Greater,
            (None, None) => return,
        };
        match order {
            Less => visit((old.next(), None)),
            Greater => visit((None, new.next())),
            Equal => visit((old.next(), new.next())),
        }
    }
}

impl Namespace {
    /// The namespace as it is now: no change falls between two of its partitions.
    pub fn snapshot(&self) -> NamespaceSnapshot {
        // Nobody holds a partition while waiting for another one, so that holding all of them cannot block.
        let guards: Vec<_> = self.partitions().iter().map(|partition| partition.read()).collect();
        let partitions = guards.iter().map(|guard| Arc::clone(guard)).collect();
        let marks = self.sets.iter().map(|set| (set.id, set.truncate_lut.load(Relaxed))).collect();
        let truncate_lut = self.truncate_lut.load(Relaxed);
        drop(guards);
        let indexes = self.indexes.all();
        let indexes = indexes.iter().map(|index| (index.name(), index.definition.clone())).collect();
        NamespaceSnapshot { partitions, truncate_lut, marks, indexes }
    }

    /// Makes the namespace what it was; how many records differed. No command sees a part of it restored.
    ///
    /// The cost grows with the partitions that differ and the records that differ in them. Indexes follow; those
    /// that were dropped since are built anew.
    pub fn restore(&self, snapshot: &NamespaceSnapshot) -> usize {
        let was = |index: &Index| {
            let name = index.name();
            snapshot
                .indexes
                .iter()
                .any(|(known, definition)| *known == name && *definition == index.definition)
        };
        for index in self.indexes.all().iter().filter(|index| !was(index)) {
            self.indexes.remove(&index.name());
            self.switch_set_index(&index.definition, false);
        }
        let count = self.restore_records(snapshot);
        for (name, definition) in &snapshot.indexes {
            if self.indexes.by_name(name).is_none() {
                match self.create_index(name, definition.clone()) {
                    Ok(_) => self.switch_set_index(definition, true),
                    Err(error) => tracing::warn!(%error, "an index cannot be restored"),
                }
            }
        }
        count
    }

    /// As [`Namespace::restore`], but which indexes there are stays as it is.
    ///
    /// Open transactions end: their locks are gone, and a commit fails.
    pub fn restore_records(&self, snapshot: &NamespaceSnapshot) -> usize {
        // Freed when the partitions are free again.
        let mut former = Vec::new();
        let mut count = 0;
        let mut guards: Vec<_> = self.partitions().iter().map(|partition| partition.write()).collect();
        for (present, then) in guards.iter_mut().zip(&snapshot.partitions) {
            if Arc::ptr_eq(present, then) {
                continue;
            }
            changes(present, then, &mut |(old, new)| {
                self.account(old, new);
                count += 1;
            });
            self.tombstones.fetch_add(then.tombstones() as u64, Relaxed);
            self.tombstones.fetch_sub(present.tombstones() as u64, Relaxed);
            former.push(std::mem::replace(&mut **present, then.clone()));
        }
        // What open transactions have locked is not what it was.
        self.transactions.forget(|_| true, true);
        self.truncate_lut.store(snapshot.truncate_lut, Relaxed);
        for set in self.sets.iter() {
            let mark = snapshot.marks.iter().find(|(id, _)| *id == set.id).map_or(0, |(_, mark)| *mark);
            set.truncate_lut.store(mark, Relaxed);
        }
        drop(guards);
        drop(former);
        count
    }

    /// Lets the settings of a set say whether its records are indexed.
    fn switch_set_index(&self, definition: &Definition, is_on: bool) {
        let set = definition.set.filter(|_| definition.is_membership()).unwrap_or(NO_SET);
        if let Some(set) = self.sets.get(set) {
            set.settings.enable_index.store(is_on, Relaxed);
        }
    }
}
