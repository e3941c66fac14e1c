//! Partition ownership, generations, racks and rosters (info §9 to §11).

use super::parameters::MAX_NAMESPACE;
use super::{Answer, InfoError, Request};
use crate::cluster::Roster;
use crate::server::Server;
use crate::store::Namespace;
use aerospike_wire::{PARTITIONS, ResultCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;
use std::sync::atomic::Ordering;

/// Longest value of the numbers `size` and `max` (info §3).
const MAX_DIGITS: usize = 3;
/// Longest value of `nodes`: 256 nodes with their racks.
const MAX_NODES: usize = 256 * 25;

const NAMESPACE: &[&str] = &["namespace"];

/// `partition-generation`.
pub fn partition_generation(request: &mut Request<'_>) -> Answer {
    Ok(request.server.node.balance().partition_generation.to_string().into())
}

/// `rebalance-generation`.
pub fn rebalance_generation(request: &mut Request<'_>) -> Answer {
    Ok(request.server.node.balance().rebalance_generation.to_string().into())
}

/// `get-sl`: the nodes in the order of succession, the principal first.
pub fn succession(request: &mut Request<'_>) -> Answer {
    Ok(request.server.node.name().into())
}

/// `cluster-stable:[size=n];[ignore-migrations=bool];[namespace=ns]`: the cluster key, which changes whenever the
/// cluster does.
pub fn stable(request: &mut Request<'_>) -> Answer {
    let parameters = &request.parameters;
    let size = parameters.find(&["size"], MAX_DIGITS)?.map(str::parse::<usize>).transpose();
    let size = size.map_err(|_| InfoError::parameter("bad size"))?;
    let ignore = match parameters.find(&["ignore-migrations"], MAX_NAMESPACE)? {
        Some("true") => true,
        Some("false") | None => false,
        Some(_) => return Err(InfoError::parameter("bad ignore migrations")),
    };
    if !ignore && let Some(name) = parameters.find_raw(NAMESPACE, MAX_NAMESPACE)? {
        request.server.store.namespace(name).ok_or_else(InfoError::namespace_not_found)?;
    }
    let node = &request.server.node;
    if size.is_some_and(|size| size != node.cluster_size()) {
        return Err(InfoError::new(ResultCode::CLUSTER_KEY_MISMATCH, "cluster not specified size"));
    }
    Ok(format!("{:X}", node.balance().cluster_key).into())
}

/// `replicas[:max=N]`: which partitions the node owns, with regimes.
pub fn replicas(request: &mut Request<'_>) -> Answer {
    let max = request.parameters.find(&["max"], MAX_DIGITS)?.map(str::parse::<usize>).transpose();
    let max = max.map_err(|_| InfoError::parameter("bad max"))?.unwrap_or(usize::MAX);
    ownership(request.server, max, |server, namespace, count, maps| {
        format!("{}:{},{count}{maps}", namespace.name(), regime(server, namespace))
    })
}

/// `replicas-all`: as [`replicas`], without regimes.
pub fn replicas_all(request: &mut Request<'_>) -> Answer {
    ownership(request.server, usize::MAX, |_, namespace, count, maps| {
        format!("{}:{count}{maps}", namespace.name())
    })
}

/// `replicas-master`: the partitions of which the node is master.
pub fn replicas_master(request: &mut Request<'_>) -> Answer {
    ownership(request.server, 1, |_, namespace, _, maps| {
        format!("{}:{}", namespace.name(), maps.trim_start_matches(','))
    })
}

/// One entry for each namespace: the number of maps, and the maps in base64 with a comma in front of each.
/// One node is master of every partition and replica of none.
fn ownership(
    server: &Server,
    max: usize,
    entry: impl Fn(&Server, &Namespace, usize, &str) -> String,
) -> Answer {
    let all = format!(",{}", STANDARD.encode([0xff; PARTITIONS / 8]));
    let count = server.node.cluster_size().min(max);
    let maps = all.repeat(count);
    let entries: Vec<_> =
        server.store.namespaces().iter().map(|namespace| entry(server, namespace, count, &maps)).collect();
    Ok(entries.join(";").into())
}

/// 0 tells clients that a namespace is without strong consistency; else it rises with every rebalance.
fn regime(server: &Server, namespace: &Namespace) -> u64 {
    match namespace.settings.strong_consistency.load(Ordering::Relaxed) {
        true => server.node.balance().rebalance_generation,
        false => 0,
    }
}

/// `partition-info`: a header, then one item for each partition and namespace.
pub fn partitions(request: &mut Request<'_>) -> Answer {
    let server = request.server;
    let node = server.node.name();
    let version = format!("{:x}.0.mp-", server.node.balance().cluster_key);
    let mut out = String::from(
        "namespace:partition:state:n_replicas:replica:succession:n_dupl:working_master:proxy_dst:emigrates:\
         lead_emigrates:immigrates:records:tombstones:regime:tree_id:version:final_version",
    );
    for namespace in server.store.namespaces() {
        let name = namespace.name();
        let regime = regime(server, namespace);
        for (id, partition) in namespace.partitions().iter().enumerate() {
            let records = partition.read().len();
            // Writing to a string does not fail.
            let _ = write!(
                out,
                ";{name}:{id}:S:1:0:0:0:{node}:{node}:0:0:0:{records}:0:{regime}:1:{version}:{version}"
            );
        }
    }
    Ok(out.into())
}

/// `rack-ids`: this node's rack in each namespace.
pub fn rack_ids(request: &mut Request<'_>) -> Answer {
    let namespaces = request.server.store.namespaces().iter();
    let entries: Vec<_> = namespaces.map(|ns| format!("{}:{}", ns.name(), rack(ns))).collect();
    Ok(entries.join(";").into())
}

/// `racks:[namespace=N]`: the nodes of each rack.
pub fn racks(request: &mut Request<'_>) -> Answer {
    let node = request.server.node.name();
    per_namespace(request, |namespace| {
        let mut text = format!("rack_{}={node}", rack(namespace));
        if namespace.settings.strong_consistency.load(Ordering::Relaxed) {
            text += &format!(":roster_rack_{}={node}", rack(namespace));
        }
        text
    })
}

fn rack(namespace: &Namespace) -> u32 {
    namespace.settings.rack_id.load(Ordering::Relaxed)
}

/// `roster:[namespace=N]`.
pub fn roster(request: &mut Request<'_>) -> Answer {
    let server = request.server;
    let or_null = |nodes: &str| if nodes.is_empty() { "null".to_owned() } else { nodes.to_owned() };
    per_namespace(request, |namespace| {
        let roster = server.node.rosters.lock().get(namespace.name()).cloned().unwrap_or_default();
        let observed = match namespace.settings.strong_consistency.load(Ordering::Relaxed) {
            true => server.node.name(),
            false => String::new(),
        };
        format!(
            "roster={}:pending_roster={}:observed_nodes={}",
            or_null(&roster.current),
            or_null(&roster.pending),
            or_null(&observed)
        )
    })
}

/// `roster-set:namespace=N;nodes=…`: counts from the next rebalance on.
pub fn set_roster(request: &mut Request<'_>) -> Answer {
    let name = request.parameters.require_raw(NAMESPACE, MAX_NAMESPACE)?;
    let namespace = request.server.store.namespace(name).ok_or_else(InfoError::namespace_not_found)?;
    let nodes = request.parameters.require(&["nodes"], MAX_NODES)?;
    if !namespace.settings.strong_consistency.load(Ordering::Relaxed) {
        return Err(InfoError::parameter("namespace is not in strong-consistency mode"));
    }
    let mut rosters = request.server.node.rosters.lock();
    let roster: &mut Roster = rosters.entry(namespace.name().to_owned()).or_default();
    roster.pending = if nodes == "null" { String::new() } else { nodes.to_owned() };
    Ok("ok".into())
}

/// One answer for the namespace named, or one for each with its name in front.
fn per_namespace(request: &Request<'_>, text: impl Fn(&Namespace) -> String) -> Answer {
    let store = &request.server.store;
    if let Some(name) = request.parameters.find_raw(NAMESPACE, MAX_NAMESPACE)? {
        let namespace = store.namespace(name).ok_or_else(InfoError::namespace_not_found)?;
        return Ok(text(namespace).into());
    }
    let entries: Vec<_> =
        store.namespaces().iter().map(|ns| format!("ns={}:{}", ns.name(), text(ns))).collect();
    Ok(entries.join(";").into())
}

/// `recluster:`: the cluster forms anew.
pub fn recluster(request: &mut Request<'_>) -> Answer {
    request.server.node.rebalance();
    Ok("ok".into())
}

/// `quiesce:`: the node is to hand its partitions over at the next rebalance, if there is another one to take
/// them.
pub fn quiesce(request: &mut Request<'_>) -> Answer {
    request.server.node.pending_quiesce.store(true, Ordering::Relaxed);
    Ok("ok".into())
}

/// `quiesce-undo:`.
pub fn undo_quiesce(request: &mut Request<'_>) -> Answer {
    request.server.node.pending_quiesce.store(false, Ordering::Relaxed);
    Ok("ok".into())
}

/// `revive:[namespace=N]`: no partition is ever dead.
pub fn revive(request: &mut Request<'_>) -> Answer {
    if let Some(name) = request.parameters.find_raw(NAMESPACE, MAX_NAMESPACE)? {
        request.server.store.namespace(name).ok_or_else(InfoError::namespace_not_found)?;
    }
    Ok("ok".into())
}
