//! The cluster as its clients see it: addresses, peers, partition ownership, generations (info §8 to §10).

use super::{Answer, Request};
use aerospike_wire::PARTITIONS;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// `service-clear-std`: the address that clients can reach: the configured one, else the one that this client
/// reached.
pub fn service(request: &mut Request<'_>) -> Answer {
    let server = request.server;
    Ok(match &server.config.advertise {
        Some(host) => format!("{host}:{}", server.node.address.port()),
        None => request.session.local.to_string(),
    }
    .into())
}

/// `replicas`: one node owns every partition.
pub fn replicas(request: &mut Request<'_>) -> Answer {
    let all = STANDARD.encode([0xff; PARTITIONS / 8]);
    let namespaces = request.server.store.namespaces();
    let entries: Vec<_> = namespaces.iter().map(|ns| format!("{}:0,1,{all}", ns.name())).collect();
    Ok(entries.join(";").into())
}
