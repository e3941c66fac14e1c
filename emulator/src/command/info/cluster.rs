//! The cluster as its clients see it: addresses, peers, partition ownership, generations (info §8 to §10).

use super::{Answer, Request};
use crate::server::{Server, Session};
use aerospike_wire::PARTITIONS;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Runs a cluster command, if the name is one.
pub fn run(name: &str, request: &mut Request<'_>) -> Option<Answer> {
    Some(Ok(match name {
        "service-clear-std" | "service" => service(request.server, request.session),
        "service-clear-alt" | "services" | "services-alternate" | "services-alumni" => String::new(),
        "peers-clear-std" | "peers-clear-alt" | "alumni-clear-std" | "alumni-clear-alt" => "0,3000,[]".into(),
        "peers-generation" | "partition-generation" => "0".into(),
        "rebalance-generation" => "1".into(),
        "replicas" => replicas(request.server),
        _ => return None,
    }))
}

/// The address that clients can reach: the configured one, else the one that this client reached.
fn service(server: &Server, session: &Session) -> String {
    match &server.config.advertise {
        Some(host) => format!("{host}:{}", server.node.address.port()),
        None => session.local.to_string(),
    }
}

/// One node owns every partition.
fn replicas(server: &Server) -> String {
    let all = STANDARD.encode([0xff; PARTITIONS / 8]);
    let entries: Vec<_> =
        server.store.namespaces().iter().map(|namespace| format!("{}:0,1,{all}", namespace.name())).collect();
    entries.join(";")
}
