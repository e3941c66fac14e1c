//! What the members of a cluster agree on: its key, its members, and who owns which partition.

use super::availability::Condition;
use aerospike_wire::PARTITIONS;
use std::time::Instant;

/// A cluster as its members see it. It never changes: a migration publishes the next one.
#[derive(Clone, Debug)]
pub struct Formation {
    /// Changes whenever the cluster forms anew; 48 bits, never 0.
    pub key: u64,
    /// Ids of the members, descending: the order of succession. The first is the principal.
    pub members: Vec<u64>,
    /// When the cluster formed.
    pub at: Instant,
    /// How many members have handed their partitions over.
    pub quiesced: Vec<u64>,
    /// Partition owners, in the order of the namespaces.
    pub namespaces: Vec<Ownership>,
}

impl Formation {
    /// The partitions of a namespace.
    pub fn of(&self, namespace: &str) -> Option<(usize, &Ownership)> {
        self.namespaces.iter().enumerate().find(|(_, ownership)| ownership.name == namespace)
    }

    /// How many partitions of all namespaces have still to move.
    pub fn remaining(&self) -> usize {
        self.namespaces.iter().map(|ownership| ownership.moving().count()).sum()
    }

    /// As [`Formation::remaining`], those that move from or to one node.
    pub fn remaining_of(&self, node: u16) -> usize {
        self.namespaces.iter().map(|ownership| ownership.remaining_of(node)).sum()
    }

    /// Whether some partition is not served.
    pub fn has_gaps(&self) -> bool {
        self.namespaces.iter().any(|ownership| !ownership.condition.is_whole())
    }
}

/// Who owns the partitions of a namespace, by the nodes' numbers.
#[derive(Clone, Debug)]
pub struct Ownership {
    /// The namespace's name.
    pub name: String,
    /// 0 without strong consistency; else it rises whenever the cluster forms.
    pub regime: u64,
    /// Owners now: masters, then a column for each further copy.
    pub columns: Vec<Vec<u16>>,
    /// Owners once everything has moved.
    pub target: Vec<Vec<u16>>,
    /// Which partitions are not served.
    pub condition: Condition,
}

impl Ownership {
    /// The replica that a node is of a partition: 0 is the master.
    pub fn replica(&self, node: u16, partition: usize) -> Option<usize> {
        self.columns.iter().position(|column| column.get(partition) == Some(&node))
    }

    /// Whether a node can answer for a partition, as master or replica.
    pub fn serves(&self, node: u16, partition: usize) -> bool {
        self.condition.serves(partition) && self.replica(node, partition).is_some()
    }

    /// Whether a node is a partition's master, and the partition is served.
    pub fn is_master(&self, node: u16, partition: usize) -> bool {
        let is_master = self.columns.first().is_some_and(|masters| masters.get(partition) == Some(&node));
        is_master && self.condition.serves(partition)
    }

    /// The bitmap of a column: the partitions that a node owns in it (info §9).
    pub fn bitmap(&self, column: usize, node: u16) -> [u8; PARTITIONS / 8] {
        let mut bitmap = [0; PARTITIONS / 8];
        for (partition, owner) in self.columns.get(column).into_iter().flatten().enumerate() {
            if *owner == node && self.condition.serves(partition) {
                bitmap[partition >> 3] |= 0x80 >> (partition & 7);
            }
        }
        bitmap
    }

    /// Partitions that have still to move.
    pub fn moving(&self) -> impl Iterator<Item = usize> {
        (0..PARTITIONS).filter(|partition| self.is_moving(*partition))
    }

    fn is_moving(&self, partition: usize) -> bool {
        self.columns.iter().zip(&self.target).any(|(now, then)| now[partition] != then[partition])
    }

    fn remaining_of(&self, node: u16) -> usize {
        let concerns = |partition: &usize| {
            self.columns.iter().chain(&self.target).any(|column| column[*partition] == node)
        };
        self.moving().filter(concerns).count()
    }

    /// Gives a partition to the owners that it is to have.
    pub fn settle(&mut self, partition: usize) {
        for (now, then) in self.columns.iter_mut().zip(&self.target) {
            now[partition] = then[partition];
        }
    }
}

/// A set of partitions.
#[derive(Clone, PartialEq, Eq)]
pub struct PartitionSet([u64; PARTITIONS / 64]);

impl Default for PartitionSet {
    fn default() -> PartitionSet {
        PartitionSet([0; PARTITIONS / 64])
    }
}

impl std::fmt::Debug for PartitionSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PartitionSet({} partitions)", self.len())
    }
}

impl PartitionSet {
    /// Whether a partition is in the set.
    pub fn contains(&self, partition: usize) -> bool {
        self.0.get(partition / 64).is_some_and(|word| word >> (partition % 64) & 1 != 0)
    }

    /// Adds a partition; what is none is ignored.
    pub fn insert(&mut self, partition: usize) {
        if let Some(word) = self.0.get_mut(partition / 64) {
            *word |= 1 << (partition % 64);
        }
    }

    /// Takes a partition out.
    pub fn remove(&mut self, partition: usize) {
        if let Some(word) = self.0.get_mut(partition / 64) {
            *word &= !(1 << (partition % 64));
        }
    }

    /// How many partitions are in the set.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// All partitions of the set, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        (0..PARTITIONS).filter(|partition| self.contains(*partition))
    }

    /// Reads `all`, or ids and ranges joined by commas, such as `0-99,512`.
    pub fn parse(text: &str) -> Option<PartitionSet> {
        let mut set = PartitionSet::default();
        let id = |text: &str| text.trim().parse::<usize>().ok().filter(|id| *id < PARTITIONS);
        for part in text.split(',') {
            let (first, last) = match (part.trim(), part.split_once('-')) {
                ("all", _) => (0, PARTITIONS - 1),
                (_, Some((first, last))) => (id(first)?, id(last)?),
                (one, None) => (id(one)?, id(one)?),
            };
            if first > last {
                return None;
            }
            (first..=last).for_each(|partition| set.insert(partition));
        }
        Some(set)
    }
}

impl FromIterator<usize> for PartitionSet {
    fn from_iter<I: IntoIterator<Item = usize>>(partitions: I) -> PartitionSet {
        let mut set = PartitionSet::default();
        partitions.into_iter().for_each(|partition| set.insert(partition));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// info §9: even partitions are 0xAA bytes.
    #[test]
    fn bitmaps_count_from_the_highest_bit() {
        let masters: Vec<u16> = (0..PARTITIONS).map(|partition| partition as u16 % 2).collect();
        let ownership = Ownership {
            name: "test".into(),
            regime: 0,
            columns: vec![masters.clone()],
            target: vec![masters],
            condition: Condition::default(),
        };
        assert_eq!(ownership.bitmap(0, 0), [0xaa; 512]);
        assert_eq!(ownership.bitmap(0, 1), [0x55; 512]);
        assert_eq!(ownership.bitmap(1, 0), [0; 512]);
        assert!(ownership.is_master(1, 3) && !ownership.is_master(0, 3));
        assert_eq!(ownership.replica(0, 4), Some(0));
    }

    #[test]
    fn sets_of_partitions_are_read_from_text() {
        let set = PartitionSet::parse("0-2,4095").unwrap();
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 1, 2, 4095]);
        assert_eq!(PartitionSet::parse("all").unwrap().len(), PARTITIONS);
        for bad in ["", "4096", "3-1", "x", "1,,2", "1-"] {
            assert!(PartitionSet::parse(bad).is_none(), "{bad:?}");
        }
    }
}
