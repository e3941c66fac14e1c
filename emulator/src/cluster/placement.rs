//! Which nodes are to own a partition: a function of the partition and the members alone, so that a node that comes
//! back gets what it had (info §9).

use super::mix;
use aerospike_wire::PARTITIONS;

/// A node that can own partitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The node's number.
    pub index: u16,
    /// The node's id.
    pub id: u64,
    /// The node's rack in the namespace.
    pub rack: u32,
    /// Whether the node is to own only what nobody else can.
    pub quiesced: bool,
}

/// Owners of all partitions, column by column: masters first. There are `factor` columns, or as many as candidates.
///
/// Each partition draws the candidates in an order of its own. Copies go to different racks as far as there are
/// any; masters to `active_rack`, unless that is 0.
pub fn place(candidates: &[Candidate], factor: usize, active_rack: u32, salt: u64) -> Vec<Vec<u16>> {
    let columns = factor.min(candidates.len());
    let mut owners = vec![Vec::with_capacity(PARTITIONS); columns];
    let mut order = candidates.to_vec();
    for partition in 0..PARTITIONS as u64 {
        let draw = |id: u64| mix(mix(id ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(partition));
        order.sort_by_key(|candidate| {
            let passive = active_rack != 0 && candidate.rack != active_rack;
            (candidate.quiesced, passive, draw(candidate.id), candidate.id)
        });
        spread_over_racks(&mut order, columns);
        for (column, owner) in owners.iter_mut().zip(&order) {
            column.push(owner.index);
        }
    }
    owners
}

/// Moves candidates of racks that have no copy yet in front of others.
fn spread_over_racks(order: &mut [Candidate], columns: usize) {
    for at in 1..columns {
        let (placed, rest) = order.split_at_mut(at);
        let is_new = |candidate: &Candidate| {
            !candidate.quiesced && placed.iter().all(|other| other.rack != candidate.rack)
        };
        if let Some(found) = rest.iter().position(is_new) {
            rest[..=found].rotate_right(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(racks: &[u32]) -> Vec<Candidate> {
        let of = |(index, rack): (usize, &u32)| Candidate {
            index: index as u16,
            id: 0xa3500 + 0x20 * index as u64,
            rack: *rack,
            quiesced: false,
        };
        racks.iter().enumerate().map(of).collect()
    }

    #[test]
    fn every_column_is_a_full_cover_in_even_shares() {
        let owners = place(&candidates(&[0, 0, 0]), 2, 0, 0);
        assert_eq!(owners.len(), 2);
        for column in &owners {
            assert_eq!(column.len(), PARTITIONS);
            for node in 0..3 {
                let share = column.iter().filter(|owner| **owner == node).count();
                assert!((1200..1550).contains(&share), "node {node} has {share}");
            }
        }
        assert!(owners[0].iter().zip(&owners[1]).all(|(master, replica)| master != replica));
    }

    #[test]
    fn no_more_columns_than_nodes() {
        assert_eq!(place(&candidates(&[0]), 2, 0, 0), [vec![0; PARTITIONS]]);
        assert!(place(&[], 2, 0, 0).is_empty());
    }

    /// A node that leaves hands over what it had, and nothing else moves.
    #[test]
    fn the_others_keep_their_order() {
        let three = candidates(&[0, 0, 0]);
        let (before, after) = (place(&three, 3, 0, 0), place(&three[..2], 2, 0, 0));
        for partition in 0..PARTITIONS {
            let left: Vec<_> =
                before.iter().map(|column| column[partition]).filter(|owner| *owner != 2).collect();
            assert_eq!(left, [after[0][partition], after[1][partition]]);
        }
        assert_ne!(place(&three, 2, 0, 1), place(&three, 2, 0, 0), "another salt, another map");
    }

    #[test]
    fn a_quiesced_node_owns_what_nobody_else_can() {
        let mut three = candidates(&[0, 0, 0]);
        three[1].quiesced = true;
        assert!(place(&three, 2, 0, 0).iter().flatten().all(|owner| *owner != 1));
        let columns = place(&three[..2], 2, 0, 0);
        assert_eq!(columns, [vec![0; PARTITIONS], vec![1; PARTITIONS]]);
    }

    #[test]
    fn copies_are_in_different_racks() {
        let four = candidates(&[1, 1, 2, 2]);
        let owners = place(&four, 2, 0, 0);
        let rack = |index: u16| four[index as usize].rack;
        assert!(owners[0].iter().zip(&owners[1]).all(|(master, replica)| rack(*master) != rack(*replica)));
        let owners = place(&four, 2, 2, 0);
        assert!(owners[0].iter().all(|master| rack(*master) == 2));
        assert!(owners[1].iter().all(|replica| rack(*replica) == 1));
    }
}
