//! Namespaces and sets (info §16) and the distributions of their records (info §22).

use super::namespace_stats::Copies;
use super::parameters::{MAX_NAMESPACE, MAX_SET};
use super::{Answer, InfoError, Request, config, namespace_stats};
use crate::cluster::Node;
use crate::config::SET;
use crate::store::{Namespace, Set, SetId};
use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;

/// `namespaces`.
pub fn names(request: &mut Request<'_>) -> Answer {
    let names: Vec<_> = request.server.store.namespaces().iter().map(|ns| ns.name()).collect();
    Ok(names.join(";").into())
}

/// `objects`: records of all namespaces.
pub fn objects(request: &mut Request<'_>) -> Answer {
    let namespaces = request.server.store.namespaces().iter();
    Ok(namespaces.map(|ns| Copies::of(ns, request.node()).total()).sum::<u64>().to_string().into())
}

/// `namespace/<name>`: statistics, then configuration.
pub fn namespace(request: &mut Request<'_>) -> Answer {
    let Some(namespace) = request.server.store.namespace(request.parameters.text()) else {
        return Ok("type=unknown".into());
    };
    let mut lines = namespace_stats::lines(request, namespace);
    lines.extend(config::namespace_lines(namespace, request.node()));
    Ok(lines.join(";").into())
}

/// `sets[/namespace[/set]]`: each set ends with a semicolon.
pub fn sets(request: &mut Request<'_>) -> Answer {
    let store = &request.server.store;
    let text = request.parameters.text();
    let mut out = Vec::new();
    if text.is_empty() {
        for namespace in store.namespaces() {
            let held = copies_by_set(namespace, request.node());
            namespace.sets.iter().for_each(|set| named_set(&mut out, namespace, set, held.as_ref()));
        }
        return Ok(out);
    }
    let mut parts = text.splitn(2, |byte| *byte == b'/');
    let Some(namespace) = store.namespace(parts.next().unwrap_or_default()) else {
        return Ok("ns_type=unknown".into());
    };
    let held = copies_by_set(namespace, request.node());
    match parts.next() {
        None | Some([]) => {
            namespace.sets.iter().for_each(|set| named_set(&mut out, namespace, set, held.as_ref()));
        }
        Some(name) => {
            if let Some(set) = namespace.sets.find(name) {
                set_lines(&mut out, namespace, set, held.as_ref());
            }
        }
    }
    Ok(out)
}

/// Records and bytes by set.
type SetCopies = HashMap<SetId, (u64, u64)>;

/// What a node holds of each set, if it does not hold everything.
fn copies_by_set(namespace: &Namespace, node: &Node) -> Option<SetCopies> {
    let view = node.view();
    if view.size() == 1 {
        return None;
    }
    let mut held = SetCopies::new();
    let owned = view.ownership(namespace.name());
    for (partition, records) in namespace.partitions().iter().enumerate() {
        if owned.is_some_and(|owned| owned.replica(node.index, partition).is_some()) {
            let records = records.read().clone();
            for record in records.records() {
                let (count, bytes) = held.entry(record.header().set).or_default();
                *count += 1;
                *bytes += record.header().storage_size as u64;
            }
        }
    }
    Some(held)
}

fn named_set(out: &mut Vec<u8>, namespace: &Namespace, set: &Set, held: Option<&SetCopies>) {
    out.extend_from_slice(format!("ns={}:set=", namespace.name()).as_bytes());
    out.extend_from_slice(&set.name);
    out.push(b':');
    set_lines(out, namespace, set, held);
}

fn set_lines(out: &mut Vec<u8>, namespace: &Namespace, set: &Set, held: Option<&SetCopies>) {
    let (objects, used) = match held {
        Some(held) => held.get(&set.id).copied().unwrap_or_default(),
        None => (set.objects.load(Relaxed), set.used_bytes.load(Relaxed).max(0) as u64),
    };
    let figures = [
        ("objects", objects.to_string()),
        ("tombstones", "0".into()),
        ("data_used_bytes", used.to_string()),
        ("truncate_lut", set.truncate_lut.load(Relaxed).to_string()),
        ("sindexes", namespace.indexes.count_of_set(set.id).to_string()),
        ("index_populating", namespace.indexes.is_populating(set.id).to_string()),
        ("truncating", "false".into()),
    ];
    let mut lines: Vec<_> = figures.iter().map(|(name, value)| format!("{name}={value}")).collect();
    lines.extend(SET.iter().filter_map(|setting| setting.line(&set.settings)));
    out.extend_from_slice(lines.join(":").as_bytes());
    out.push(b';');
}

/// `histogram:namespace=N;type=T[;set=S]`: empty until the first collection.
pub fn histogram(request: &mut Request<'_>) -> Answer {
    let parameters = &request.parameters;
    let name = parameters.require_raw(&["namespace"], MAX_NAMESPACE)?;
    let namespace = request.server.store.namespace(name).ok_or_else(InfoError::namespace_not_found)?;
    let kind = parameters.require(&["type"], MAX_NAMESPACE)?;
    let set = parameters.find_raw(&["set"], MAX_SET)?;
    let text = match kind {
        "ttl" => crate::store::Histogram::ttl,
        "object-size" => crate::store::Histogram::size,
        "object-size-linear" => crate::store::Histogram::size_linear,
        _ => return Err(InfoError::parameter("unknown hist name")),
    };
    let found = namespace.histograms.lock();
    let found = match (&*found, set) {
        (None, None) => return Ok(Vec::new()),
        (Some(found), None) => Some(&found.namespace),
        (found, Some(set)) => {
            let id = namespace.sets.find(set).map(|set| set.id);
            found.as_ref().zip(id).and_then(|(found, id)| found.sets.get(&id))
        }
    };
    Ok(found.map_or("hist-unavailable".into(), text).into())
}

/// `index-pressure`: memory of the index that is not in memory, which it always is.
pub fn index_pressure(request: &mut Request<'_>) -> Answer {
    let namespaces = request.server.store.namespaces().iter();
    Ok(namespaces.map(|ns| format!("{}:0:0", ns.name())).collect::<Vec<_>>().join(";").into())
}
