//! Commands that look into the server (info §22, §23).

use super::parameters::MAX_NAMESPACE;
use super::{Answer, InfoError, Request};
use crate::server::Server;
use crate::store::{Namespace, Record};
use aerospike_wire::{Digest, Particle, ParticleType, ResultCode};
use std::fmt::Write;
use std::sync::atomic::Ordering::Relaxed;

/// Modules whose metadata Community Edition has.
const SMD_MODULES: [&str; 4] = ["evict", "sindex", "truncate", "UDF"];
/// Modules whose metadata only Enterprise Edition has.
const ENTERPRISE_MODULES: [&str; 4] = ["masking", "roster", "security", "XDR"];

/// `health-stats`, `health-outliers`: what is measured of other nodes, of which there is none. When checking is
/// on, a reply without anything to report has no TAB (info §3).
pub fn health(request: &mut Request<'_>) -> Answer {
    request.without_tab = request.server.settings.enable_health_check.load(Relaxed);
    Ok(Vec::new())
}

/// `best-practices`: those of the vendor are about a host that a test does not have.
pub fn best_practices(_request: &mut Request<'_>) -> Answer {
    Ok("failed_best_practices=none".into())
}

/// `smd-info`: the state of the metadata that nodes share.
pub fn smd_info(request: &mut Request<'_>) -> Answer {
    let server = request.server;
    let view = request.view();
    let mut out = format!(
        "smd:n_pending_sets=0,n_events=0,n_nodes={},principal={:X},cluster_key={:X};",
        view.size(),
        view.principal(),
        view.key(),
    );
    for module in SMD_MODULES {
        let keys = smd_items(server, module).len();
        let _ = write!(out, "{module}:committed_key=0,committed_tid=0,n_keys={keys},state=pr;");
    }
    Ok(out.into())
}

/// `smd-show:module=M`: the metadata of one module.
pub fn smd_show(request: &mut Request<'_>) -> Answer {
    let module = request.parameters.require(&["module"], MAX_NAMESPACE)?;
    let one_of = |modules: &[&'static str]| modules.iter().find(|m| m.eq_ignore_ascii_case(module)).copied();
    if one_of(&ENTERPRISE_MODULES).is_some() && request.server.is_community() {
        return Err(InfoError::new(ResultCode::ENTERPRISE_ONLY, "enterprise only"));
    }
    let module = one_of(&SMD_MODULES).or_else(|| one_of(&ENTERPRISE_MODULES));
    let module = module.ok_or_else(|| InfoError::parameter("unknown 'module'"))?;
    let items = smd_items(request.server, module);
    if items.is_empty() { Ok("<empty>".into()) } else { Ok(items.join(&b';')) }
}

/// `key=value` of a module's metadata. UDF modules have none yet.
fn smd_items(server: &Server, module: &str) -> Vec<Vec<u8>> {
    let mut items = Vec::new();
    let namespaces = server.store.namespaces();
    match module {
        "sindex" => items = super::sindex::metadata(server),
        "truncate" => {
            for namespace in namespaces {
                let mut item = |set: Option<&[u8]>, lut: u64| {
                    if lut != 0 {
                        let mut text = namespace.name().as_bytes().to_vec();
                        text.extend(set.iter().flat_map(|set| [b"|", *set].concat()));
                        text.extend(format!("={lut}").into_bytes());
                        items.push(text);
                    }
                };
                item(None, namespace.truncate_lut.load(Relaxed));
                namespace.sets.iter().for_each(|set| item(Some(&set.name), set.truncate_lut.load(Relaxed)));
            }
        }
        "roster" => {
            let rosters = server.cluster.rosters.lock();
            items.extend(
                rosters.iter().map(|(name, roster)| format!("{name}={}", roster.pending).into_bytes()),
            );
        }
        _ => {}
    }
    items
}

/// `physical-devices:path=P`: records are on no device.
pub fn physical_devices(request: &mut Request<'_>) -> Answer {
    request.parameters.require_raw(&["path"], usize::MAX)?;
    Err(InfoError::new(ResultCode::NOT_FOUND, "no device info"))
}

/// `thread-traces`: the names of the threads; stacks cannot be had from within.
pub fn threads(_request: &mut Request<'_>) -> Answer {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    let names: Vec<_> = names.map(|name| name.trim_end().to_owned()).collect();
    Ok(names.join(";").into())
}

/// `debug-record:namespace=N;keyd=<40 hex>`.
pub fn record(request: &mut Request<'_>) -> Answer {
    show_record(request, true)
}

/// `debug-record-meta:…`: as [`record`], without values.
pub fn record_meta(request: &mut Request<'_>) -> Answer {
    show_record(request, false)
}

fn show_record(request: &Request<'_>, values: bool) -> Answer {
    let parameters = &request.parameters;
    let name = parameters.require_raw(&["namespace"], MAX_NAMESPACE)?;
    let namespace = request.server.store.namespace(name).ok_or_else(InfoError::namespace_not_found)?;
    let digest = parameters.raw("keyd").and_then(parse_digest).ok_or_else(|| InfoError::parameter("keyd"))?;
    if parameters.raw("mode").is_some() {
        // They show how a real server lays records out in memory and on devices.
        return Err(InfoError::new(ResultCode::UNSUPPORTED_FEATURE, "unsupported feature"));
    }
    let record = namespace.partition(&digest).read().get(&digest).cloned();
    let record = record.ok_or_else(|| InfoError::new(ResultCode::NOT_FOUND, "record not found"))?;
    Ok(describe(namespace, &record, values).into_bytes())
}

fn describe(namespace: &Namespace, record: &Record, values: bool) -> String {
    let header = record.header();
    let mut out = format!(
        "pid={};repl-ix=0;index=rc=1,tree-id=1,set-id={},set-name={},void-time={},last-update-time={},\
         generation={},key-stored={},storage-size={};n-bins={};bins=",
        header.digest.partition(),
        header.set,
        String::from_utf8_lossy(namespace.sets.name(header.set)),
        header.void_time,
        header.last_update,
        header.generation,
        record.key().is_some(),
        header.storage_size,
        header.n_bins,
    );
    for (index, bin) in record.bins().enumerate() {
        let colon = if index == 0 { "" } else { ":" };
        let particle = bin.particle();
        let name = String::from_utf8_lossy(bin.name);
        let _ = write!(out, "{colon}bin-name={name},type={}", particle.kind.0);
        if values {
            let _ = write!(out, ",value={}", value(particle));
        }
    }
    out
}

/// Numbers and text as such, the rest in hex.
fn value(particle: Particle<'_>) -> String {
    match (particle.kind, particle.as_integer(), std::str::from_utf8(particle.data)) {
        (ParticleType::INTEGER, Some(number), _) => number.to_string(),
        (ParticleType::STRING, _, Ok(text)) => text.to_owned(),
        _ => particle.data.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn parse_digest(hex: &[u8]) -> Option<Digest> {
    if hex.len() != 40 || !hex.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; 20];
    for (byte, pair) in bytes.iter_mut().zip(hex.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(Digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_forty_hex_digits() {
        let digest = parse_digest(b"000102030405060708090A0b0c0d0e0f10111213").unwrap();
        assert_eq!(digest.0, std::array::from_fn(|i| i as u8));
        assert!(parse_digest(b"00").is_none());
        assert!(parse_digest(&[b'+'; 40]).is_none());
    }
}
