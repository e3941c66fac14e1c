//! Finding a query's records: partition by partition in ascending order, each from its cursor on (query §7).
//!
//! Nothing stays locked while a visitor works. Of a partition the walk keeps its pointers as they were when it
//! came there; of an index the entries of sixteen partitions at most.

use super::SetFilter;
use super::lookup::Indexed;
use super::targets::{Cursor, Targets};
use crate::index::{Entry, GROUP, GROUPS, Index, KeyRange};
use crate::store::{NO_SET, Namespace, Partition, Record};
use aerospike_wire::Digest;
use std::collections::HashSet;
use std::ops::ControlFlow;
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

/// What is done with the records found. Each call may end the walk with a value of its own.
pub trait Visitor {
    /// Why the visitor ended the walk.
    type End;

    /// Takes a live record of the right set that matches the where clause; `bval` is the value under which an
    /// index has it.
    fn record(&mut self, record: &Record, bval: Option<i64>) -> ControlFlow<Self::End>;

    /// Hears that all records of a partition have come. Its pointers are given back by then.
    fn partition_done(&mut self, partition: usize) -> ControlFlow<Self::End>;
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
    /// Chooses how to scan: through the index of the set if it has one.
    pub fn scan(namespace: &Namespace, set: SetFilter) -> Source {
        let index = match set {
            SetFilter::Only(set) => namespace.indexes.of_set(set),
            _ => None,
        };
        index.map_or(Source::Scan, Source::Members)
    }

    /// Visits all records; the visitor's reason if it ended the walk.
    pub fn run<V: Visitor>(&self, visitor: &mut V) -> Option<V::End> {
        if self.finds_nothing() {
            return None;
        }
        match self.groups(visitor) {
            ControlFlow::Break(end) => Some(end),
            ControlFlow::Continue(()) => None,
        }
    }

    fn finds_nothing(&self) -> bool {
        self.set == SetFilter::Nothing || matches!(&self.source, Source::Index(indexed) if !indexed.fits())
    }

    fn groups<V: Visitor>(&self, visitor: &mut V) -> ControlFlow<V::End> {
        let mut proposed: [Vec<Entry>; GROUP] = Default::default();
        for group in (0..GROUPS).filter(|group| self.targets.group(*group) != 0) {
            match &self.source {
                Source::Scan => {}
                Source::Members(index) => self.propose(group, index, &[EVERYTHING], &mut proposed),
                Source::Index(indexed) => {
                    self.propose(group, &indexed.index, indexed.predicate.ranges(), &mut proposed);
                }
            }
            for (slot, proposed) in proposed.iter_mut().enumerate() {
                if self.targets.group(group) >> slot & 1 == 0 {
                    continue;
                }
                let partition = group * GROUP + slot;
                match &self.source {
                    Source::Scan => self.scan_partition(partition, visitor)?,
                    Source::Members(_) => self.visit_members(partition, proposed, visitor)?,
                    Source::Index(indexed) => self.visit_proposed(partition, proposed, indexed, visitor)?,
                }
                proposed.clear();
                visitor.partition_done(partition)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Notes the entries of a group of partitions, each partition's in their order.
    fn propose(&self, group: usize, index: &Index, ranges: &[KeyRange], proposed: &mut [Vec<Entry>; GROUP]) {
        let wanted = self.targets.group(group);
        let mut cursors = [None; GROUP];
        if let Source::Index(indexed) = &self.source {
            for (slot, cursor) in cursors.iter_mut().enumerate() {
                let key_of = |bval| indexed.index.definition.key_type.key_of(bval);
                let found = self.targets.cursor(group * GROUP + slot);
                *cursor = found.map(|at| Entry { key: key_of(at.bval), digest: at.digest });
            }
        }
        // Where all partitions are resumed, what lies in front of every cursor need not be looked at.
        let covered = || (0..GROUP).filter(|slot| wanted >> slot & 1 != 0);
        let start = match covered().all(|slot| cursors[slot].is_some()) {
            true => covered().filter_map(|slot| cursors[slot]).min(),
            false => None,
        };
        index.visit(group, ranges, start, |entry| {
            let slot = entry.digest.partition() % GROUP;
            if wanted >> slot & 1 != 0 && cursors[slot].is_none_or(|cursor| entry > cursor) {
                proposed[slot].push(entry);
            }
        });
    }

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
        ControlFlow::Continue(())
    }

    /// The records of an indexed set, in a scan's order.
    fn visit_members<V: Visitor>(
        &self,
        partition: usize,
        proposed: &[Entry],
        visitor: &mut V,
    ) -> ControlFlow<V::End> {
        if proposed.is_empty() {
            return ControlFlow::Continue(());
        }
        let pointers = self.pointers(partition);
        let now = self.namespace.clock.now_seconds();
        let cursor: Option<&Cursor> = self.targets.cursor(partition);
        for entry in proposed.iter().rev() {
            if cursor.is_some_and(|cursor| entry.digest >= cursor.digest) {
                continue;
            }
            if let Some(record) = pointers.get(&entry.digest).filter(|record| self.counts(record, now)) {
                visitor.record(record, None)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// The records that an index of values proposed and that do match, each once.
    fn visit_proposed<V: Visitor>(
        &self,
        partition: usize,
        proposed: &[Entry],
        indexed: &Indexed,
        visitor: &mut V,
    ) -> ControlFlow<V::End> {
        if proposed.is_empty() {
            return ControlFlow::Continue(());
        }
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
        ControlFlow::Continue(())
    }
}
