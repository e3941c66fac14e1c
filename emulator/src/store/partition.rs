//! A partition: records in the order of their digests.

use super::record::Record;
use super::sets::SetId;
use aerospike_wire::Digest;
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A partition behind its lock. The inner [`Arc`] makes a snapshot a pointer copy: the first change after one
/// copies the partition's pointers, never its records.
pub type PartitionLock = RwLock<Arc<Partition>>;

/// Records in ascending order of their digests.
///
/// Each entry carries the part of the digest that differs within a partition, so that a look-up interpolates
/// over one dense array and touches a record only to confirm it: digests are uniform, one or two cache lines
/// are read whatever the partition's size.
#[derive(Clone, Debug, Default)]
pub struct Partition {
    entries: Vec<Entry>,
    tombstones: BTreeMap<Digest, Tombstone>,
}

/// What a durable delete leaves behind, so that a record's generations never begin anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tombstone {
    /// The generation of the delete.
    pub generation: u16,
    /// Milliseconds since 2010 of the delete.
    pub last_update: u64,
    /// The set of the record that was deleted.
    pub set: SetId,
}

#[derive(Clone, Debug)]
struct Entry {
    rank: u64,
    record: Record,
}

/// Where a digest is, or would be.
pub type Position = Result<usize, usize>;

impl Partition {
    /// How many records there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The record of a digest.
    pub fn get(&self, digest: &Digest) -> Option<&Record> {
        self.position(digest).ok().map(|at| &self.entries[at].record)
    }

    /// The record at a position found before under the same lock.
    pub fn at(&self, position: usize) -> Option<&Record> {
        self.entries.get(position).map(|entry| &entry.record)
    }

    /// All records in ascending order of their digests.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &Record> + ExactSizeIterator {
        self.entries.iter().map(|entry| &entry.record)
    }

    /// The position of a digest, or where it would be inserted.
    pub fn position(&self, digest: &Digest) -> Position {
        let rank = rank(digest);
        let range = self.bracket(rank);
        let start = range.start;
        self.entries[range]
            .binary_search_by(|entry| {
                entry.rank.cmp(&rank).then_with(|| entry.record.header().digest.cmp(digest))
            })
            .map(|at| start + at)
            .map_err(|at| start + at)
    }

    /// Entries among which a rank must lie: guessed by interpolation and widened by galloping, so that digests
    /// that are not uniform cost a binary search and no more.
    fn bracket(&self, rank: u64) -> std::ops::Range<usize> {
        let len = self.entries.len();
        if len < 16 {
            return 0..len;
        }
        let guess = ((rank as u128 * len as u128) >> 64) as usize;
        let (mut low, mut step) = (guess, 4);
        while low > 0 && self.entries[low].rank >= rank {
            low = low.saturating_sub(step);
            step *= 2;
        }
        let (mut high, mut step) = (guess, 4);
        while high < len && self.entries[high].rank <= rank {
            high += step;
            step *= 2;
        }
        low..high.min(len)
    }

    /// Puts a record at a position found before under the same lock. Returns the one it replaces.
    pub(super) fn put(&mut self, position: Position, record: Record) -> Option<Record> {
        match position {
            Ok(at) => Some(std::mem::replace(&mut self.entries[at].record, record)),
            Err(at) => {
                // Grown by an eighth: doubling would waste up to as much as the index itself takes.
                if self.entries.len() == self.entries.capacity() {
                    self.entries.reserve_exact(4 + self.entries.len() / 8);
                }
                self.entries.insert(at, Entry { rank: rank(&record.header().digest), record });
                None
            }
        }
    }

    /// What a durable delete has left of a record that does not exist.
    pub fn tombstone(&self, digest: &Digest) -> Option<&Tombstone> {
        self.tombstones.get(digest)
    }

    /// How many tombstones there are.
    pub fn tombstones(&self) -> usize {
        self.tombstones.len()
    }

    /// Puts a tombstone, or takes one away; whether there was one.
    pub(super) fn set_tombstone(&mut self, digest: &Digest, tombstone: Option<Tombstone>) -> bool {
        match tombstone {
            Some(tombstone) => self.tombstones.insert(*digest, tombstone).is_some(),
            None => self.tombstones.remove(digest).is_some(),
        }
    }

    /// Takes away the tombstones that `doomed` names; how many they were.
    pub(super) fn drop_tombstones(&mut self, mut doomed: impl FnMut(&Tombstone) -> bool) -> usize {
        let before = self.tombstones.len();
        self.tombstones.retain(|_, tombstone| !doomed(tombstone));
        before - self.tombstones.len()
    }

    /// Whether `doomed` names any tombstone.
    pub(super) fn any_tombstone(&self, doomed: impl FnMut(&Tombstone) -> bool) -> bool {
        self.tombstones.values().any(doomed)
    }

    /// Takes out the record at a position found before under the same lock.
    pub(super) fn take(&mut self, at: usize) -> Record {
        self.entries.remove(at).record
    }

    /// Takes out all records that `doomed` names, in one pass.
    pub(super) fn take_all(&mut self, mut doomed: impl FnMut(&Record) -> bool) -> Vec<Record> {
        self.entries.extract_if(.., |entry| doomed(&entry.record)).map(|entry| entry.record).collect()
    }
}

/// The 64 bits of a digest behind its partition id, in the order of the digest's bytes: the high half of byte 1,
/// then bytes 2 to 9. Within a partition, the order of ranks is the order of digests as far as the bits reach.
fn rank(digest: &Digest) -> u64 {
    let bytes = &digest.0;
    let tail =
        u64::from_be_bytes([bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], bytes[8], bytes[9]]);
    ((bytes[1] >> 4) as u64) << 60 | tail >> 4
}

#[cfg(test)]
mod tests {
    use super::super::record::RecordHeader;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn record(digest: Digest, generation: u16) -> Record {
        let header = RecordHeader {
            digest,
            generation,
            set: 0,
            void_time: 0,
            n_bins: 0,
            key_size: 0,
            storage_size: 0,
            value_indexes: 0,
            last_update: 0,
        };
        Record::new(header, &[])
    }

    /// Digests of one partition: byte 0 and the low half of byte 1 are fixed. Few distinct bytes, so that ranks
    /// collide and distributions are skewed.
    fn digests() -> impl Strategy<Value = Digest> {
        let skewed = (0u8..4, prop::collection::vec(0u8..3, 18)).prop_map(|(high, tail)| (high << 4, tail));
        let uniform = (any::<u8>(), prop::collection::vec(any::<u8>(), 18)).prop_map(|(b, t)| (b & 0xf0, t));
        let same = prop::collection::vec(any::<u8>(), 3).prop_map(|end| {
            let mut tail = vec![7; 15];
            tail.extend(end);
            (0x70, tail)
        });
        prop_oneof![skewed, uniform, same].prop_map(|(high, tail)| {
            let mut bytes = [0; 20];
            bytes[1] = high | 0x5;
            bytes[2..].copy_from_slice(&tail);
            Digest(bytes)
        })
    }

    proptest! {
        #[test]
        fn behaves_like_a_sorted_map(
            steps in prop::collection::vec((digests(), any::<bool>(), 1u16..100), 0..300)
        ) {
            let mut partition = Partition::default();
            let mut model = BTreeMap::new();
            let mut known = Vec::new();
            for (index, (digest, remove, generation)) in steps.into_iter().enumerate() {
                // Every third step returns to a digest seen before.
                let digest = match known.get(index / 3) {
                    Some(old) if index % 3 == 0 => *old,
                    _ => digest,
                };
                known.push(digest);
                let position = partition.position(&digest);
                prop_assert_eq!(position.is_ok(), model.contains_key(&digest));
                match (position, remove) {
                    (Ok(at), true) => {
                        partition.take(at);
                        model.remove(&digest);
                    }
                    (position, _) => {
                        partition.put(position, record(digest, generation));
                        model.insert(digest, generation);
                    }
                }
            }
            let got: Vec<_> = partition.records().map(|r| (r.header().digest, r.header().generation)).collect();
            prop_assert_eq!(got, model.into_iter().collect::<Vec<_>>());
        }
    }
}
