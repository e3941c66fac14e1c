//! Which partitions are served: all of them, unless strong consistency or a test says otherwise.
//!
//! In a namespace with strong consistency a part of the cluster serves a partition if it has (as the vendor documents)
//!
//! - all copies of it that the roster foresees, or
//! - more than half of the roster's nodes, and at least one copy, or
//! - exactly half of the roster's nodes, and the roster's master.

use super::formation::PartitionSet;
use super::placement::{Candidate, place};

/// Partitions that are not served, by reason. Commands on them are answered with
/// [`ResultCode::UNAVAILABLE`](aerospike_wire::ResultCode::UNAVAILABLE).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Condition {
    /// Too few of the nodes that own them are there.
    pub unavailable: PartitionSet,
    /// Their data has been lost, for all that the cluster knows, until somebody revives them.
    pub dead: PartitionSet,
}

impl Condition {
    /// Whether a partition is served.
    pub fn serves(&self, partition: usize) -> bool {
        !self.unavailable.contains(partition) && !self.dead.contains(partition)
    }

    /// Whether all are.
    pub fn is_whole(&self) -> bool {
        self.unavailable.is_empty() && self.dead.is_empty()
    }
}

/// The partitions that some of a roster's nodes cannot serve.
///
/// `roster` are the nodes that the roster names, `present` the ids of those among them that are in this part of the
/// cluster.
pub fn unavailable(
    roster: &[Candidate],
    present: &[u64],
    factor: usize,
    active_rack: u32,
    salt: u64,
) -> PartitionSet {
    let here = |id: u64| present.contains(&id);
    let of_roster = roster.iter().filter(|node| here(node.id)).count();
    if of_roster == roster.len() {
        return PartitionSet::default();
    }
    let id_of = |index: u16| roster.iter().find(|node| node.index == index).map_or(0, |node| node.id);
    let columns = place(roster, factor, active_rack, salt);
    let serves = |partition: usize| {
        let mut copies = columns.iter().map(|column| here(id_of(column[partition])));
        let has_master = copies.clone().next().unwrap_or(false);
        copies.clone().all(|present| present)
            || 2 * of_roster > roster.len() && copies.any(|present| present)
            || 2 * of_roster == roster.len() && has_master
    };
    (0..aerospike_wire::PARTITIONS).filter(|partition| !serves(*partition)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerospike_wire::PARTITIONS;

    fn roster(count: u16) -> Vec<Candidate> {
        (0..count)
            .map(|index| Candidate { index, id: 100 + index as u64, rack: 0, quiesced: false })
            .collect()
    }

    #[test]
    fn a_majority_serves_what_it_has_a_copy_of() {
        let three = roster(3);
        assert!(unavailable(&three, &[100, 101, 102], 2, 0, 0).is_empty());
        assert!(
            unavailable(&three, &[100, 101], 2, 0, 0).is_empty(),
            "two of three have a copy of everything"
        );
        let alone = unavailable(&three, &[102], 2, 0, 0);
        assert_eq!(alone.len(), PARTITIONS, "one of three has nowhere all copies");
        let five = unavailable(&roster(5), &[100, 101, 102], 2, 0, 0);
        assert!((200..700).contains(&five.len()), "what only the other two have: {}", five.len());
    }

    #[test]
    fn one_half_serves_what_it_is_master_of() {
        let (two, columns) = (roster(2), place(&roster(2), 2, 0, 0));
        let left = unavailable(&two, &[100], 2, 0, 0);
        let right = unavailable(&two, &[101], 2, 0, 0);
        for (partition, master) in columns[0].iter().enumerate() {
            assert_eq!(left.contains(partition), *master == 1);
            assert_eq!(right.contains(partition), *master == 0);
        }
    }

    #[test]
    fn one_copy_alone_needs_its_node() {
        let lost = unavailable(&roster(3), &[100, 101], 1, 0, 0);
        let masters = &place(&roster(3), 1, 0, 0)[0];
        assert!((0..PARTITIONS).all(|partition| lost.contains(partition) == (masters[partition] == 2)));
    }
}
