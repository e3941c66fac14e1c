//! Finding a query's records: partition by partition in ascending order, each from its cursor on (query §7).
//!
//! Nothing stays locked while a visitor works. Of a partition the walk keeps its pointers as they were when it
//! came there; of an index the entries of one group of partitions.

use super::SetFilter;
use super::lookup::Indexed;
use super::targets::Targets;
use crate::index::{Entry, GROUP, GROUPS, Index, KeyRange, KeyType};
use crate::store::{NO_SET, Namespace, Partition, Record};
use aerospike_wire::{Digest, PARTITIONS};
use std::collections::HashSet;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

/// Where candidates come from.
#[derive(Debug)]
pub enum Source {
    /// Every record.
    Scan,
    /// The records of an indexed set.
    Members(Arc<Index>),
    /// An index of values.
    Index(Indexed),
}

impl Source {
    /// How to scan: through the index of the set if it has one.
    pub fn scan(namespace: &Namespace, set: SetFilter) -> Source {
        let index = match set {
            SetFilter::Only(set) => namespace.indexes.of_set(set),
            _ => None,
        };
        index.map_or(Source::Scan, Source::Members)
    }
}

/// What is done with the records found. Each call may end the walk with a value of its own.
pub trait Visitor {
    /// Why the visitor ended the walk.
    type End;

    /// Takes a live record of the right set that matches the where clause; `bval` is the value under which an
    /// index has it.
    fn record(&mut self, record: &Record, bval: Option<i64>) -> ControlFlow<Self::End>;

    /// Hears that all records of a partition have come. Its pointers are given back by then.
    fn partition_done(&mut self) -> ControlFlow<Self::End> {
        Continue(())
    }

    /// Hears how many of all partitions are behind the walk.
    fn passed(&mut self, partitions: usize) -> ControlFlow<Self::End>;
}

/// A walk over a namespace.
#[derive(Debug)]
pub struct Walk<'a> {
    /// The namespace.
    pub namespace: &'a Namespace,
    /// Which records count.
    pub set: SetFilter,
    /// Where they come from.
    pub source: Source,
    /// Which partitions, and from where on.
    pub targets: Targets,
}

/// All keys of an index.
const EVERYTHING: KeyRange = KeyRange { low: 0, high: u64::MAX };

impl Walk<'_> {
    /// Visits all records; the visitor's reason if it ended the walk.
    pub fn run<V: Visitor>(&self, visitor: &mut V) -> Option<V::End> {
        if self.finds_nothing() {
            return None;
        }
        match self.groups(visitor) {
            Break(end) => Some(end),
            Continue(()) => None,
        }
    }

    fn finds_nothing(&self) -> bool {
        self.set == SetFilter::Nothing || matches!(&self.source, Source::Index(indexed) if !indexed.fits())
    }

    fn groups<V: Visitor>(&self, visitor: &mut V) -> ControlFlow<V::End> {
        let mut proposed = Vec::new();
        for group in (0..GROUPS).filter(|group| self.targets.group(*group) != 0) {
            match &self.source {
                Source::Scan => {
                    for slot in (0..GROUP).filter(|slot| self.targets.group(group) >> slot & 1 != 0) {
                        self.scan_partition(group * GROUP + slot, visitor)?;
                        visitor.partition_done()?;
                    }
                }
                Source::Members(index) => {
                    self.propose(group, index, &[EVERYTHING], &mut proposed);
                    for proposed in proposed.chunk_by(is_same_partition) {
                        self.visit_members(proposed, visitor)?;
                        visitor.partition_done()?;
                    }
                }
                Source::Index(indexed) => {
                    self.propose(group, &indexed.index, indexed.predicate.ranges(), &mut proposed);
                    for proposed in proposed.chunk_by(is_same_partition) {
                        self.visit_proposed(proposed, indexed, visitor)?;
                        visitor.partition_done()?;
                    }
                }
            }
            visitor.passed((group + 1) * PARTITIONS / GROUPS)?;
        }
        Continue(())
    }

    /// Notes the entries of a group of partitions, by partition, each partition's in their order.
    fn propose(&self, group: usize, index: &Index, ranges: &[KeyRange], proposed: &mut Vec<Entry>) {
        proposed.clear();
        let wanted = self.targets.group(group);
        let is_wanted = |entry: &Entry| wanted >> (entry.digest.partition() % GROUP) & 1 != 0;
        // A scan's cursor has no value: it goes by digest, and backwards.
        if self.targets.cursors().is_empty() || matches!(self.source, Source::Members(_)) {
            index.visit(group, ranges, None, |entry| {
                if is_wanted(&entry) {
                    proposed.push(entry);
                }
            });
        } else {
            let cursors = self.cursors(group, index.definition.key_type);
            // Where all partitions are resumed, what lies in front of every cursor need not be looked at.
            let all_resume = (0..GROUP).all(|slot| wanted >> slot & 1 == 0 || cursors[slot].is_some());
            let start = if all_resume { cursors.iter().flatten().min().copied() } else { None };
            index.visit(group, ranges, start, |entry| {
                let cursor = cursors[entry.digest.partition() % GROUP];
                if is_wanted(&entry) && cursor.is_none_or(|cursor| entry > cursor) {
                    proposed.push(entry);
                }
            });
        }
        proposed.sort_by_key(|entry| entry.digest.partition());
    }

    /// The entries behind which the partitions of a group are to be resumed.
    fn cursors(&self, group: usize, key_type: KeyType) -> [Option<Entry>; GROUP] {
        let mut cursors = [None; GROUP];
        for cursor in self.targets.cursors() {
            let partition = cursor.digest.partition();
            if partition / GROUP == group {
                let entry = Entry { key: key_type.key_of(cursor.bval), digest: cursor.digest };
                cursors[partition % GROUP] = Some(entry);
            }
        }
        cursors
    }

    /// A partition's records as they are now.
    fn pointers(&self, partition: usize) -> Arc<Partition> {
        self.namespace.partitions()[partition].read().clone()
    }

    /// Whether a record is alive and of the right set.
    fn counts(&self, record: &Record, now: u32) -> bool {
        let of_set = match self.set {
            SetFilter::Any => true,
            SetFilter::Only(set) => record.header().set == set && set != NO_SET,
            SetFilter::Nothing => false,
        };
        of_set && !record.is_expired(now)
    }

    /// All records of a partition, by descending digest.
    fn scan_partition<V: Visitor>(&self, partition: usize, visitor: &mut V) -> ControlFlow<V::End> {
        let pointers = self.pointers(partition);
        if pointers.is_empty() {
            return Continue(());
        }
        let now = self.namespace.clock.now_seconds();
        let end = match self.targets.cursor(partition) {
            Some(cursor) => pointers.position(&cursor.digest).unwrap_or_else(|at| at),
            None => pointers.len(),
        };
        for record in pointers.records().take(end).rev() {
            if self.counts(record, now) {
                visitor.record(record, None)?;
            }
        }
        Continue(())
    }

    /// The records of an indexed set in one partition, in a scan's order.
    fn visit_members<V: Visitor>(&self, proposed: &[Entry], visitor: &mut V) -> ControlFlow<V::End> {
        let Some(partition) = partition_of(proposed) else { return Continue(()) };
        let pointers = self.pointers(partition);
        let now = self.namespace.clock.now_seconds();
        let cursor = self.targets.cursor(partition);
        for entry in proposed.iter().rev() {
            if cursor.is_some_and(|cursor| entry.digest >= cursor.digest) {
                continue;
            }
            if let Some(record) = pointers.get(&entry.digest).filter(|record| self.counts(record, now)) {
                visitor.record(record, None)?;
            }
        }
        Continue(())
    }

    /// The records of one partition that an index of values proposed and that do match, each once.
    fn visit_proposed<V: Visitor>(
        &self,
        proposed: &[Entry],
        indexed: &Indexed,
        visitor: &mut V,
    ) -> ControlFlow<V::End> {
        let Some(partition) = partition_of(proposed) else { return Continue(()) };
        let definition = &indexed.index.definition;
        let pointers = self.pointers(partition);
        let now = self.namespace.clock.now_seconds();
        let mut visited: Option<HashSet<Digest>> =
            (definition.has_many_keys() && proposed.len() > 1).then(HashSet::new);
        for entry in proposed {
            let Some(record) = pointers.get(&entry.digest).filter(|record| self.counts(record, now)) else {
                continue;
            };
            if visited.as_ref().is_some_and(|visited| visited.contains(&entry.digest)) {
                continue;
            }
            if !indexed.predicate.accepts(definition, record) {
                continue;
            }
            if let Some(visited) = &mut visited {
                visited.insert(entry.digest);
            }
            visitor.record(record, Some(definition.key_type.bval_of(entry.key)))?;
        }
        Continue(())
    }
}

fn partition_of(proposed: &[Entry]) -> Option<usize> {
    proposed.first().map(|entry| entry.digest.partition())
}

fn is_same_partition(first: &Entry, second: &Entry) -> bool {
    first.digest.partition() == second.digest.partition()
}
