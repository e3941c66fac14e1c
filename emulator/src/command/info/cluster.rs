//! Partition ownership, generations, racks and rosters (info §9 to §11).

use super::parameters::MAX_NAMESPACE;
use super::{Answer, InfoError, Request};
use crate::cluster::{Node, Ownership, Roster};
use crate::store::Namespace;
use aerospike_wire::{PARTITIONS, ResultCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// Longest value of the numbers `size` and `max` (info §3).
const MAX_DIGITS: usize = 3;
/// Longest value of `nodes`: 256 nodes with their racks.
const MAX_NODES: usize = 256 * 25;

const NAMESPACE: &[&str] = &["namespace"];

/// `partition-generation`.
pub fn partition_generation(request: &mut Request<'_>) -> Answer {
    Ok(request.view().partition_generation.to_string().into())
}

/// `rebalance-generation`.
pub fn rebalance_generation(request: &mut Request<'_>) -> Answer {
    Ok(request.view().rebalance_generation.to_string().into())
}

/// `get-sl`: the nodes in the order of succession, the principal first; none if the node is in no cluster.
pub fn succession(request: &mut Request<'_>) -> Answer {
    let view = request.view();
    Ok(view.formation.as_ref().map_or(String::new(), |formed| names(&formed.members)).into())
}

fn names(ids: &[u64]) -> String {
    ids.iter().map(|id| format!("{id:X}")).collect::<Vec<_>>().join(",")
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
    let mut named = None;
    if !ignore && let Some(name) = parameters.find_raw(NAMESPACE, MAX_NAMESPACE)? {
        named = Some(request.server.store.namespace(name).ok_or_else(InfoError::namespace_not_found)?);
    }
    let view = request.view();
    let unstable = || InfoError::new(ResultCode::CLUSTER_KEY_MISMATCH, "unstable cluster");
    let formation = view.formation.as_ref().filter(|_| view.is_whole).ok_or_else(unstable)?;
    if size.is_some_and(|size| size != formation.members.len()) {
        return Err(InfoError::new(ResultCode::CLUSTER_KEY_MISMATCH, "cluster not specified size"));
    }
    let counts = |owned: &&Ownership| named.is_none_or(|namespace| namespace.name() == owned.name);
    let is_busy = |owned: &Ownership| !owned.condition.is_whole() || owned.moving().next().is_some();
    if !ignore && (view.partition_generation < 0 || formation.namespaces.iter().filter(counts).any(is_busy)) {
        return Err(unstable());
    }
    Ok(format!("{:X}", formation.key).into())
}

/// `replicas[:max=N]`: which partitions the node owns, with regimes.
pub fn replicas(request: &mut Request<'_>) -> Answer {
    let max = request.parameters.find(&["max"], MAX_DIGITS)?.map(str::parse::<usize>).transpose();
    let max = max.map_err(|_| InfoError::parameter("bad max"))?.unwrap_or(usize::MAX);
    ownership(request, max, |namespace, regime, count, maps| {
        format!("{}:{regime},{count}{maps}", namespace.name())
    })
}

/// `replicas-all`: as [`replicas`], without regimes.
pub fn replicas_all(request: &mut Request<'_>) -> Answer {
    ownership(request, usize::MAX, |namespace, _, count, maps| format!("{}:{count}{maps}", namespace.name()))
}

/// `replicas-master`: the partitions of which the node is master.
pub fn replicas_master(request: &mut Request<'_>) -> Answer {
    ownership(request, 1, |namespace, _, _, maps| {
        format!("{}:{}", namespace.name(), maps.trim_start_matches(','))
    })
}

/// One entry for each namespace: regime, the number of maps, and the maps in base64 with a comma in front of each.
/// A node that is in no cluster yet owns nothing, in one map (info §9).
fn ownership(
    request: &Request<'_>,
    max: usize,
    entry: impl Fn(&Namespace, u64, usize, &str) -> String,
) -> Answer {
    let (node, view) = (request.node(), request.view());
    let namespaces = request.server.store.namespaces().iter();
    let entries: Vec<_> = namespaces
        .map(|namespace| {
            let owned = view.ownership(namespace.name());
            let count = owned.map_or(1, |owned| owned.columns.len()).min(max);
            let bitmap = |column| owned.map_or([0; PARTITIONS / 8], |owned| owned.bitmap(column, node.index));
            let maps: String =
                (0..count).map(|column| format!(",{}", STANDARD.encode(bitmap(column)))).collect();
            entry(namespace, regime(owned), count, &maps)
        })
        .collect();
    Ok(entries.join(";").into())
}

/// 0 tells clients that a namespace is without strong consistency; else it rises with every rebalance.
fn regime(owned: Option<&Ownership>) -> u64 {
    owned.map_or(0, |owned| owned.regime)
}

/// `partition-info`: a header, then one item for each partition and namespace.
pub fn partitions(request: &mut Request<'_>) -> Answer {
    let (node, view) = (request.node(), request.view());
    let mut out = String::from(
        "namespace:partition:state:n_replicas:replica:succession:n_dupl:working_master:proxy_dst:emigrates:\
         lead_emigrates:immigrates:records:tombstones:regime:tree_id:version:final_version",
    );
    for namespace in request.server.store.namespaces() {
        let owned = view.ownership(namespace.name());
        for (id, partition) in namespace.partitions().iter().enumerate() {
            let place = Place::of(request, owned, node, view.key(), id);
            let records = if place.replica < 0 { 0 } else { partition.read().len() };
            // Writing to a string does not fail.
            let _ = write!(
                out,
                ";{}:{id}:{}:{}:{}:{}:0:{}:{}:{}:{}:{}:{records}:0:{}:{}:{}:{}",
                namespace.name(),
                place.state,
                owned.map_or(1, |owned| owned.columns.len()),
                place.replica,
                place.succession,
                place.working_master,
                place.proxy,
                place.emigrates,
                place.emigrates,
                place.immigrates,
                regime(owned),
                if place.replica < 0 { 3 } else { 1 },
                place.version,
                place.final_version,
            );
        }
    }
    Ok(out.into())
}

/// What `partition-info` tells of a partition.
struct Place {
    state: char,
    replica: i32,
    succession: usize,
    working_master: String,
    proxy: String,
    emigrates: u8,
    immigrates: u8,
    version: String,
    final_version: String,
}

impl Place {
    fn of(
        request: &Request<'_>,
        owned: Option<&Ownership>,
        node: &Node,
        key: u64,
        partition: usize,
    ) -> Place {
        let replica = owned.and_then(|owned| owned.replica(node.index, partition));
        let owner = |columns: &[Vec<u16>]| columns.first().and_then(|column| column.get(partition)).copied();
        let name = |index: u16| request.server.cluster.node(index).map_or("0".into(), |node| node.name());
        let holds = |columns: &[Vec<u16>]| columns.iter().any(|column| column[partition] == node.index);
        let will_hold = owned.is_some_and(|owned| holds(&owned.target));
        let is_served = owned.is_none_or(|owned| owned.condition.serves(partition));
        let version = |is_master: bool| format!("{key:012x}.0.{}p-", if is_master { 'm' } else { '-' });
        Place {
            state: match replica {
                _ if !is_served => 'X',
                Some(_) => 'S',
                None if will_hold => 'D',
                None => 'A',
            },
            replica: replica.map_or(-1, |replica| replica as i32),
            succession: replica.or(owned.map(|owned| owned.columns.len())).unwrap_or(0),
            working_master: if replica == Some(0) && is_served { node.name() } else { "0".into() },
            proxy: owned.and_then(|owned| owner(&owned.columns)).map_or("0".into(), name),
            emigrates: u8::from(replica.is_some() && !will_hold),
            immigrates: u8::from(replica.is_none() && will_hold),
            version: match replica {
                Some(replica) => version(replica == 0),
                None => "000000000000.0.-p-".into(),
            },
            final_version: version(owned.and_then(|owned| owner(&owned.target)) == Some(node.index)),
        }
    }
}

/// `rack-ids`: this node's rack in each namespace.
pub fn rack_ids(request: &mut Request<'_>) -> Answer {
    let namespaces = request.server.store.namespaces().iter();
    let entries: Vec<_> = namespaces.map(|ns| format!("{}:{}", ns.name(), request.node().rack(ns))).collect();
    Ok(entries.join(";").into())
}

/// The members of the cluster, the highest id first.
fn members(request: &Request<'_>) -> Vec<Arc<Node>> {
    let view = request.view();
    let mut nodes = request.server.cluster.nodes();
    nodes.retain(|node| view.formation.as_ref().is_some_and(|formed| formed.members.contains(&node.id)));
    nodes.sort_by_key(|node| std::cmp::Reverse(node.id));
    nodes
}

/// `racks:[namespace=N]`: the nodes of each rack.
pub fn racks(request: &mut Request<'_>) -> Answer {
    let members = members(request);
    per_namespace(request, |namespace| {
        let mut racks = BTreeMap::<u32, Vec<u64>>::new();
        members.iter().for_each(|node| racks.entry(node.rack(namespace)).or_default().push(node.id));
        let entries = |word: &str| {
            racks.iter().map(|(rack, ids)| format!("{word}_{rack}={}", names(ids))).collect::<Vec<_>>()
        };
        let mut entries_of_all = entries("rack");
        if namespace.is_strong() {
            entries_of_all.extend(entries("roster_rack"));
        }
        entries_of_all.join(":")
    })
}

/// `roster:[namespace=N]`.
pub fn roster(request: &mut Request<'_>) -> Answer {
    let server = request.server;
    let members = members(request);
    let or_null = |nodes: &str| if nodes.is_empty() { "null".to_owned() } else { nodes.to_owned() };
    per_namespace(request, |namespace| {
        let roster = server.cluster.rosters.lock().get(namespace.name()).cloned().unwrap_or_default();
        let observe = |node: &Arc<Node>| match node.rack(namespace) {
            0 => node.name(),
            rack => format!("{}@{rack}", node.name()),
        };
        let observed = match namespace.is_strong() {
            true => members.iter().map(observe).collect::<Vec<_>>().join(","),
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
    if !namespace.is_strong() {
        return Err(InfoError::parameter("namespace is not in strong-consistency mode"));
    }
    let mut rosters = request.server.cluster.rosters.lock();
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

/// `recluster:`: the cluster forms anew, if its principal is told so.
pub fn recluster(request: &mut Request<'_>) -> Answer {
    match request.view().principal() {
        0 => Err(InfoError::new(ResultCode::SERVER, "unknown")),
        id if id == request.node().id => {
            request.server.cluster.recluster();
            Ok("ok".into())
        }
        _ => Ok("ignored-by-non-principal".into()),
    }
}

/// `quiesce:`: the node is to hand its partitions over at the next rebalance, if there is another one to take
/// them.
pub fn quiesce(request: &mut Request<'_>) -> Answer {
    request.server.cluster.quiesce(request.node(), true);
    Ok("ok".into())
}

/// `quiesce-undo:`.
pub fn undo_quiesce(request: &mut Request<'_>) -> Answer {
    request.server.cluster.quiesce(request.node(), false);
    Ok("ok".into())
}

/// `revive:[namespace=N]`: dead partitions come back at the next rebalance.
pub fn revive(request: &mut Request<'_>) -> Answer {
    let cluster = &request.server.cluster;
    let store = &request.server.store;
    let revive = |namespace: &Arc<Namespace>| {
        cluster
            .revive(namespace.name())
            .map_err(|error| InfoError::new(ResultCode::SERVER, error.to_string()))
    };
    match request.parameters.find_raw(NAMESPACE, MAX_NAMESPACE)? {
        Some(name) => revive(store.namespace(name).ok_or_else(InfoError::namespace_not_found)?)?,
        None => store.namespaces().iter().try_for_each(revive)?,
    }
    Ok("ok".into())
}
