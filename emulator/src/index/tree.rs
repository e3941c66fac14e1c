//! The entries of an index: which value lies in which record, in the order in which queries answer.
//!
//! A query returns the partitions one after another, and within a partition by value, then by digest (query §7).
//! One ordered set for each partition would make every query look into 4,096 of them, however few its matches;
//! one for all partitions would have to be read whole before the first partition can be answered. Between the
//! two, partitions share an ordered set in [groups](GROUP) of 64: a query looks into 64 sets, and sorting what it
//! finds into partitions needs room for 1/64 of its matches.

use aerospike_wire::{Digest, PARTITIONS};
use parking_lot::RwLock;
use std::collections::BTreeSet;
use std::ops::Bound;

/// Partitions that share an ordered set.
pub const GROUP: usize = 64;
/// How many such groups there are.
pub const GROUPS: usize = PARTITIONS / GROUP;

/// Entries looked at to tell how entries spread over values and records.
const SAMPLE: u64 = 10_000;

/// A value's place in the order of an index; see [`super::value`] for what it is made of.
pub type Key = u64;

/// A value in a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Entry {
    /// The value's place in the order.
    pub key: Key,
    /// The record.
    pub digest: Digest,
}

/// An inclusive range of keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyRange {
    /// The lowest key.
    pub low: Key,
    /// The highest key.
    pub high: Key,
}

/// The entries of one index. All methods may be called from many threads at once.
#[derive(Debug)]
pub struct Tree {
    groups: Box<[RwLock<BTreeSet<Entry>>]>,
}

impl Tree {
    /// No entry.
    pub fn new() -> Tree {
        Tree { groups: (0..GROUPS).map(|_| RwLock::default()).collect() }
    }

    /// How many entries there are.
    pub fn count(&self) -> usize {
        self.groups.iter().map(|group| group.read().len()).sum()
    }

    /// Replaces a record's keys. Both slices are sorted and free of duplicates; a reader sees either all of the
    /// old keys or all of the new ones.
    pub fn replace(&self, digest: &Digest, old: &[Key], new: &[Key]) {
        if old == new {
            return;
        }
        let mut group = self.groups[digest.partition() / GROUP].write();
        for key in old.iter().filter(|key| new.binary_search(key).is_err()) {
            group.remove(&Entry { key: *key, digest: *digest });
        }
        for key in new.iter().filter(|key| old.binary_search(key).is_err()) {
            group.insert(Entry { key: *key, digest: *digest });
        }
    }

    /// Adds entries of one partition.
    pub fn extend(&self, partition: usize, entries: impl Iterator<Item = Entry>) {
        self.groups[partition / GROUP].write().extend(entries);
    }

    /// Entries for each distinct value and for each record, rounded; looked up in the first groups that have any.
    pub fn spread(&self) -> (u64, u64) {
        let (mut entries, mut values, mut records) = (0u64, BTreeSet::new(), BTreeSet::new());
        for group in self.groups.iter() {
            for entry in group.read().iter() {
                entries += 1;
                values.insert(entry.key);
                records.insert(entry.digest);
            }
            if entries >= SAMPLE {
                break;
            }
        }
        let per = |count: usize| (entries + count as u64 / 2).checked_div(count as u64).unwrap_or(0);
        (per(values.len()), per(records.len()))
    }

    /// Visits the entries of a group of partitions that lie behind `after` and in one of the ranges, in their
    /// order. The ranges ascend and do not overlap.
    ///
    /// The group stays locked meanwhile: `visit` only takes notes.
    pub fn visit(
        &self,
        group: usize,
        ranges: &[KeyRange],
        after: Option<Entry>,
        mut visit: impl FnMut(Entry),
    ) {
        let group = self.groups[group].read();
        let mut start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut next = 0;
        // Each turn of the outer loop leaps over a gap between ranges in which there are entries.
        while let Some(range) = ranges.get(next) {
            if !matches!(start, Bound::Excluded(after) if after.key >= range.low) {
                start = Bound::Included(Entry { key: range.low, digest: Digest([0; 20]) });
            }
            let mut beyond = None;
            for entry in group.range((start, Bound::Unbounded)) {
                while ranges.get(next).is_some_and(|range| range.high < entry.key) {
                    next += 1;
                }
                match ranges.get(next) {
                    Some(range) if range.low <= entry.key => visit(*entry),
                    Some(_) => {
                        beyond = Some(*entry);
                        break;
                    }
                    None => return,
                }
            }
            match beyond {
                // Entries lie between two ranges; the next range starts behind this one.
                Some(entry) => start = Bound::Excluded(entry),
                None => return,
            }
        }
    }
}

impl Default for Tree {
    fn default() -> Self {
        Tree::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn digest(tail: u8) -> Digest {
        let mut bytes = [0; 20];
        bytes[19] = tail;
        Digest(bytes)
    }

    fn ranges() -> impl Strategy<Value = Vec<KeyRange>> {
        prop::collection::btree_set(0u64..40, 0..8).prop_map(|edges| {
            let edges: Vec<_> = edges.into_iter().collect();
            edges.chunks_exact(2).map(|pair| KeyRange { low: pair[0], high: pair[1] }).collect()
        })
    }

    proptest! {
        #[test]
        fn visits_what_a_sorted_list_has(
            entries in prop::collection::btree_set((0u64..40, 0u8..3), 0..60),
            ranges in ranges(),
            after in prop::option::of((0u64..40, 0u8..3)),
        ) {
            let tree = Tree::new();
            tree.extend(0, entries.iter().map(|(key, tail)| Entry { key: *key, digest: digest(*tail) }));
            let after = after.map(|(key, tail)| Entry { key, digest: digest(tail) });
            let mut got = Vec::new();
            tree.visit(0, &ranges, after, |entry| got.push(entry));
            let expected: Vec<_> = entries
                .iter()
                .map(|(key, tail)| Entry { key: *key, digest: digest(*tail) })
                .filter(|entry| after.is_none_or(|after| *entry > after))
                .filter(|entry| ranges.iter().any(|r| (r.low..=r.high).contains(&entry.key)))
                .collect();
            prop_assert_eq!(got, expected);
        }

        #[test]
        fn replaces_only_what_differs(
            old in prop::collection::btree_set(0u64..12, 0..8),
            new in prop::collection::btree_set(0u64..12, 0..8),
        ) {
            let tree = Tree::new();
            let (old, new): (Vec<_>, Vec<_>) = (old.into_iter().collect(), new.into_iter().collect());
            let everything = [KeyRange { low: 0, high: u64::MAX }];
            let keys = |tree: &Tree| {
                let mut keys = Vec::new();
                tree.visit(0, &everything, None, |entry| keys.push(entry.key));
                keys
            };
            tree.replace(&digest(1), &[], &old);
            prop_assert_eq!(keys(&tree), old.clone());
            tree.replace(&digest(1), &old, &new);
            prop_assert_eq!(keys(&tree), new);
        }
    }
}
