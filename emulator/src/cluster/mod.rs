//! Several nodes in one process: what each tells its clients about the cluster, and what can happen to it.
//!
//! There is one store. A node is a port with a view: who else there is, who owns which partition. So nothing is
//! ever lost or copied when nodes come and go; what changes is what they say and which requests they refuse.
//!
//! | file | subject |
//! |---|---|
//! | [`node`] | a node, and what it believes |
//! | [`formation`] | what the members of a cluster agree on: key, members, partition owners |
//! | [`placement`] | which nodes are to own a partition |
//! | [`availability`] | which partitions a part of a strongly consistent cluster may serve |
//! | [`events`] | what can happen |
//! | [`conductor`] | the steps that follow it, in time (info §13) |

mod availability;
mod conductor;
mod events;
mod formation;
mod node;
mod placement;

pub use availability::Condition;
pub use conductor::{Cluster, Doors, Listeners};
pub use events::{ClusterError, Fate, MAX_NODES, NodeState};
pub use formation::{Formation, Ownership, PartitionSet};
pub use node::{Hold, Node, Peer, PeerState, View};

/// The nodes that may own partitions of a namespace with strong consistency, as `node[@rack]` joined by commas.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Roster {
    /// Since the last rebalance; empty for none.
    pub current: String,
    /// From the next rebalance on; empty for none.
    pub pending: String,
}

/// Spreads what differs in few bits over all of them (the finalizer of SplitMix64).
fn mix(mut key: u64) -> u64 {
    key = (key ^ key >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    key = (key ^ key >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ key >> 31
}
