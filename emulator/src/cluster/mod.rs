//! What each node tells its clients about the cluster.

use crate::config::Config;
use std::net::SocketAddr;

/// One node of the cluster.
#[derive(Debug)]
pub struct Node {
    /// The node's id.
    pub id: u64,
    /// Where the node listens.
    pub address: SocketAddr,
}

impl Node {
    /// A node that listens on an address.
    pub fn new(config: &Config, address: SocketAddr) -> Node {
        // Like the vendor's default: the port in front of a hardware address, here a made-up one.
        let derived = (address.port() as u64) << 48 | 0xae00_0000_0001;
        Node { id: config.node_id.unwrap_or(derived), address }
    }

    /// The id as clients see it: upper-case hex without leading zeros.
    pub fn name(&self) -> String {
        format!("{:X}", self.id)
    }
}
