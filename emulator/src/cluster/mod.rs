//! What each node tells its clients about the cluster.

use crate::config::Config;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// One node of the cluster.
#[derive(Debug)]
pub struct Node {
    /// The node's id.
    pub id: u64,
    /// Where the node listens.
    pub address: SocketAddr,
    /// Seeds of the heartbeat mesh as `host:port`; clients can add some and take them away again.
    pub seeds: Mutex<Vec<String>>,
    /// Whether the node has been asked to hand its partitions over at the next rebalance.
    pub pending_quiesce: AtomicBool,
    /// Rosters of namespaces with strong consistency, by name.
    pub rosters: Mutex<HashMap<String, Roster>>,
    balances: Mutex<Balance>,
    peers_generation: AtomicU64,
}

/// The state that a rebalance changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Balance {
    /// Changes whenever the cluster forms anew; 48 bits.
    pub cluster_key: u64,
    /// How often the cluster has formed.
    pub rebalance_generation: u64,
    /// Changes whenever the ownership of a partition may have; -1 would say that there is none yet.
    pub partition_generation: i64,
    /// When the cluster formed last.
    pub at: Instant,
}

/// The nodes that may own partitions of a namespace with strong consistency, as `node[@rack]` joined by commas.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Roster {
    /// Since the last rebalance; empty for none.
    pub current: String,
    /// From the next rebalance on; empty for none.
    pub pending: String,
}

impl Node {
    /// A node that listens on an address and is a cluster of its own.
    pub fn new(config: &Config, address: SocketAddr) -> Node {
        // Like the vendor's default: the port in front of a hardware address, here a made-up one.
        let derived = (address.port() as u64) << 48 | 0xae00_0000_0001;
        let id = config.node_id.unwrap_or(derived);
        Node {
            id,
            address,
            seeds: Mutex::new(config.mesh_seeds.clone()),
            pending_quiesce: AtomicBool::new(false),
            rosters: Mutex::default(),
            balances: Mutex::new(Balance {
                cluster_key: cluster_key(id, 1),
                rebalance_generation: 1,
                partition_generation: 0,
                at: Instant::now(),
            }),
            peers_generation: AtomicU64::new(0),
        }
    }

    /// The id as clients see it: upper-case hex without leading zeros.
    pub fn name(&self) -> String {
        format!("{:X}", self.id)
    }

    /// How the cluster formed last.
    pub fn balance(&self) -> Balance {
        *self.balances.lock()
    }

    /// Changes whenever the set of peers does.
    pub fn peers_generation(&self) -> u64 {
        self.peers_generation.load(Ordering::Relaxed)
    }

    /// How many nodes the cluster has.
    pub fn cluster_size(&self) -> usize {
        1
    }

    /// Lets the cluster form anew: a new key, generations move, pending rosters count.
    pub fn rebalance(&self) {
        let mut balance = self.balances.lock();
        let generation = balance.rebalance_generation + 1;
        *balance = Balance {
            cluster_key: cluster_key(self.id, generation),
            rebalance_generation: generation,
            partition_generation: balance.partition_generation + 1,
            at: Instant::now(),
        };
        for roster in self.rosters.lock().values_mut() {
            roster.current.clone_from(&roster.pending);
        }
    }
}

/// A key that looks like a real one: 48 bits, another for each time the cluster forms, never 0.
fn cluster_key(node: u64, generation: u64) -> u64 {
    // The finalizer of SplitMix64 spreads the few bits that differ.
    let mut key = node ^ generation.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    key = (key ^ key >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    key = (key ^ key >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((key ^ key >> 31) & 0xffff_ffff_ffff).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rebalance_moves_what_clients_watch() {
        let address = "127.0.0.1:3000".parse().unwrap();
        let node = Node::new(&Config { node_id: Some(0xa3500), ..Config::default() }, address);
        assert_eq!(node.name(), "A3500");
        let before = node.balance();
        assert_eq!((before.partition_generation, before.rebalance_generation), (0, 1));
        node.rebalance();
        let after = node.balance();
        assert_ne!(after.cluster_key, before.cluster_key);
        assert_eq!((after.partition_generation, after.rebalance_generation), (1, 2));
        assert_eq!(node.peers_generation(), 0);
    }
}
