//! Where nodes can be reached (info §8).

use super::{Answer, InfoError, Request};
use crate::cluster::{Node, Peer, PeerState};
use aerospike_wire::ResultCode;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The port that lists of peers leave out, whatever ports are in use (info §8).
const DEFAULT_PORT: u16 = 3000;

/// Longest value of `host`.
const MAX_HOST: usize = 255;
/// Longest value of `port`.
const MAX_PORT: usize = 15;

/// Which of a node's addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Clear,
    ClearAlternate,
    Tls,
    TlsAlternate,
}

/// Where a node can be reached, if it can be in that way: the configured address, else the one that this client
/// reached. Configured ports are the first node's; those of the others follow.
fn address_of(request: &Request<'_>, node: &Node, family: Family) -> Option<(String, u16)> {
    let config = &request.server.config;
    let port = |configured: u16, own: u16| match configured {
        0 => own,
        port => port.wrapping_add(node.index),
    };
    let own = node.address.port();
    let reached = || canonical(request.session.local).ip().to_string();
    let standard = || config.advertise.clone().unwrap_or_else(reached);
    let alternate = || config.alternate_access_address.clone();
    match family {
        Family::Clear => Some((standard(), port(config.access_port, own))),
        Family::ClearAlternate => Some((alternate()?, port(config.alternate_access_port, own))),
        _ if node.tls_port == 0 => None,
        Family::Tls => Some((standard(), port(config.tls_access_port, node.tls_port))),
        Family::TlsAlternate => Some((alternate()?, port(config.tls_alternate_access_port, node.tls_port))),
    }
}

fn own(request: &Request<'_>, family: Family) -> Answer {
    let address = address_of(request, request.node(), family);
    Ok(address.map_or(String::new(), |(host, port)| endpoint(&host, port)).into())
}

/// `service-clear-std`: the address that clients can reach.
pub fn service(request: &mut Request<'_>) -> Answer {
    own(request, Family::Clear)
}

/// `service-clear-alt`: the configured alternate address, if there is one.
pub fn service_alternate(request: &mut Request<'_>) -> Answer {
    own(request, Family::ClearAlternate)
}

/// `service-tls-std`: as [`service`], for the TLS port; empty when there is none.
pub fn service_tls(request: &mut Request<'_>) -> Answer {
    own(request, Family::Tls)
}

/// `service-tls-alt`: as [`service_alternate`], for the TLS port.
pub fn service_tls_alternate(request: &mut Request<'_>) -> Answer {
    own(request, Family::TlsAlternate)
}

/// The other nodes that a list shows: those that are there; with `departed`, those that were, too.
fn others(request: &Request<'_>, departed: bool) -> Vec<(Peer, Arc<Node>)> {
    let view = request.view();
    let shown = view.peers.iter().filter(|peer| match peer.state {
        PeerState::Arriving => false,
        PeerState::Listed => true,
        PeerState::Departed => departed,
    });
    let mut others: Vec<_> =
        shown.filter_map(|peer| Some((*peer, request.server.cluster.node(peer.index)?))).collect();
    others.sort_by_key(|(peer, _)| peer.index);
    others
}

/// `peers-…:[generation=G]` and `alumni-…`: generation, default port, the other nodes; with a generation, those
/// whose entries changed after it (info §8).
fn list(request: &Request<'_>, family: Family, alumni: bool) -> Answer {
    let view = request.view();
    let tls_name = match family {
        Family::Tls | Family::TlsAlternate => request.server.config.tls_name.as_str(),
        Family::Clear | Family::ClearAlternate => "",
    };
    let since = request.parameters.text().strip_prefix(b"generation=".as_slice());
    let since = since.and_then(|text| std::str::from_utf8(text).ok()?.split(';').next()?.parse::<u64>().ok());
    let mut entries = Vec::new();
    for (peer, node) in others(request, alumni || since.is_some()) {
        if since.is_some_and(|since| peer.changed <= since) {
            continue;
        }
        let has_gone = peer.state == PeerState::Departed && !alumni && since != Some(0);
        match address_of(request, &node, family) {
            _ if has_gone => entries.push(format!("[{},{tls_name},]", node.name())),
            Some((host, port)) => {
                let address = endpoint(&host, port);
                let address = match port {
                    DEFAULT_PORT => address.strip_suffix(":3000").unwrap_or(&address),
                    _ => &address,
                };
                entries.push(format!("[{},{tls_name},[{address}]]", node.name()));
            }
            // Who has no such address is not in the list.
            None => {}
        }
    }
    Ok(format!("{},{DEFAULT_PORT},[{}]", view.peers_generation, entries.join(",")).into())
}

/// `peers-clear-std`.
pub fn peers(request: &mut Request<'_>) -> Answer {
    list(request, Family::Clear, false)
}

/// `peers-clear-alt`.
pub fn peers_alternate(request: &mut Request<'_>) -> Answer {
    list(request, Family::ClearAlternate, false)
}

/// `peers-tls-std`.
pub fn peers_tls(request: &mut Request<'_>) -> Answer {
    list(request, Family::Tls, false)
}

/// `peers-tls-alt`.
pub fn peers_tls_alternate(request: &mut Request<'_>) -> Answer {
    list(request, Family::TlsAlternate, false)
}

/// `alumni-clear-std`.
pub fn alumni(request: &mut Request<'_>) -> Answer {
    list(request, Family::Clear, true)
}

/// `alumni-clear-alt`.
pub fn alumni_alternate(request: &mut Request<'_>) -> Answer {
    list(request, Family::ClearAlternate, true)
}

/// `alumni-tls-std`.
pub fn alumni_tls(request: &mut Request<'_>) -> Answer {
    list(request, Family::Tls, true)
}

/// `alumni-tls-alt`.
pub fn alumni_tls_alternate(request: &mut Request<'_>) -> Answer {
    list(request, Family::TlsAlternate, true)
}

/// `peers-generation`.
pub fn peers_generation(request: &mut Request<'_>) -> Answer {
    Ok(request.view().peers_generation.to_string().into())
}

/// Addresses of the other nodes with ports, joined by semicolons.
fn addresses(request: &Request<'_>, family: Family, departed: bool) -> Answer {
    let nodes = others(request, departed);
    let addresses = nodes.iter().filter_map(|(_, node)| address_of(request, node, family));
    Ok(addresses.map(|(host, port)| endpoint(&host, port)).collect::<Vec<_>>().join(";").into())
}

/// `services`.
pub fn services(request: &mut Request<'_>) -> Answer {
    addresses(request, Family::Clear, false)
}

/// `services-alternate`.
pub fn services_alternate(request: &mut Request<'_>) -> Answer {
    addresses(request, Family::ClearAlternate, false)
}

/// `services-alumni`.
pub fn services_alumni(request: &mut Request<'_>) -> Answer {
    addresses(request, Family::Clear, true)
}

/// `services-alumni-reset`: forgets nodes that have left.
pub fn forget_alumni(request: &mut Request<'_>) -> Answer {
    request.server.cluster.forget_departed(request.node());
    Ok("ok".into())
}

/// What is always empty.
pub fn none(_request: &mut Request<'_>) -> Answer {
    Ok(Vec::new())
}

/// `admin-clear-std`: the port for administration.
pub fn admin(request: &mut Request<'_>) -> Answer {
    Ok(request.server.admin_address.map_or(String::new(), |address| address.to_string()).into())
}

/// `endpoints`: all addresses and ports, for people.
pub fn endpoints(request: &mut Request<'_>) -> Answer {
    let config = &request.server.config;
    let node = request.node();
    let (own, own_tls) = (node.address.port(), node.tls_port);
    let port_or = |port: u16| if port == 0 { own } else { port.wrapping_add(node.index) };
    let tls_port_or = |port: u16| if port == 0 { own_tls } else { port.wrapping_add(node.index) };
    let if_tls = |host: String| if config.has_tls() { host } else { "null".into() };
    let or_null = |host: &Option<String>| host.clone().unwrap_or_else(|| "null".into());
    let access = config.advertise.clone();
    let access = access.unwrap_or_else(|| canonical(request.session.local).ip().to_string());
    let admin = request.server.admin_address.map_or("null".into(), |address| address.ip().to_string());
    let lines = [
        ("service.port", own.to_string()),
        ("service.addresses", config.bind.to_string()),
        ("service.access-port", port_or(config.access_port).to_string()),
        ("service.access-addresses", access.clone()),
        ("service.alternate-access-port", port_or(config.alternate_access_port).to_string()),
        ("service.alternate-access-addresses", or_null(&config.alternate_access_address)),
        ("service.tls-port", own_tls.to_string()),
        ("service.tls-addresses", if_tls(config.bind.to_string())),
        ("service.tls-access-port", tls_port_or(config.tls_access_port).to_string()),
        ("service.tls-access-addresses", if_tls(access.clone())),
        ("service.tls-alternate-access-port", tls_port_or(config.tls_alternate_access_port).to_string()),
        ("service.tls-alternate-access-addresses", if_tls(or_null(&config.alternate_access_address))),
        ("admin.port", config.admin_port.to_string()),
        ("admin.addresses", admin),
        ("admin.tls-port", "0".into()),
        ("admin.tls-addresses", "null".into()),
        ("heartbeat.port", config.heartbeat_port.to_string()),
        ("heartbeat.addresses", config.heartbeat_address.clone()),
        ("heartbeat.tls-port", "0".into()),
        ("heartbeat.tls-addresses", "null".into()),
        ("fabric.port", config.fabric_port.to_string()),
        ("fabric.addresses", config.fabric_address.clone()),
        ("fabric.tls-port", "0".into()),
        ("fabric.tls-addresses", "null".into()),
    ];
    let mut lines: Vec<_> = lines.iter().map(|(name, value)| format!("{name}={value}")).collect();
    for (room, port) in [("heartbeat", config.heartbeat_port), ("fabric", config.fabric_port)] {
        for (_, peer) in others(request, false) {
            let address = endpoint(&peer.address.ip().to_string(), port);
            lines.push(format!("{room}.peer=node-id={}:endpoint={address}:endpoint-tls=", peer.name()));
        }
    }
    Ok(lines.join(";").into())
}

/// `mesh`: where heartbeats would arrive.
pub fn mesh(request: &mut Request<'_>) -> Answer {
    heartbeat(request, "mesh")
}

/// `mcast`: as [`mesh`], for the other way of finding nodes.
pub fn multicast(request: &mut Request<'_>) -> Answer {
    heartbeat(request, "multicast")
}

/// In the wrong mode the text names the mode asked for (info §8).
fn heartbeat(request: &Request<'_>, mode: &str) -> Answer {
    let config = &request.server.config;
    if config.heartbeat_mode != mode {
        return Err(InfoError::parameter(format!("heartbeat is in {mode} mode")));
    }
    let host = match config.heartbeat_address.as_str() {
        "any" => config.bind.to_string(),
        host => host.to_owned(),
    };
    Ok(endpoint(&host, config.heartbeat_port).into())
}

/// `tip:host=H;port=P[;tls=false]`: adds a seed, reachable or not.
pub fn tip(request: &mut Request<'_>) -> Answer {
    let host = request.parameters.require(&["host"], MAX_HOST)?;
    let port = request.parameters.require(&["port"], MAX_PORT)?;
    let port: u16 = port.parse().map_err(|_| InfoError::parameter("'port' must be an integer"))?;
    let seed = endpoint(host, port);
    let mut seeds = request.node().seeds.lock();
    if !seeds.contains(&seed) {
        if seeds.len() >= MAX_SEEDS {
            return Err(InfoError::new(ResultCode::SERVER, "too many seeds"));
        }
        seeds.push(seed);
    }
    Ok("ok".into())
}

/// A bound, since the list lives as long as the server.
const MAX_SEEDS: usize = 256;

/// `tip-clear:host-port-list=H:P,…`: forgets seeds.
pub fn tip_clear(request: &mut Request<'_>) -> Answer {
    let list = request.parameters.require(&["host-port-list"], usize::MAX)?;
    let mut seeds = request.node().seeds.lock();
    let (mut cleared, mut missing, mut malformed) = (0, 0, false);
    for entry in list.split(',') {
        if entry.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
            malformed = true;
            continue;
        }
        match seeds.iter().position(|seed| seed == entry) {
            Some(at) => {
                seeds.remove(at);
                cleared += 1;
            }
            None => missing += 1,
        }
    }
    if malformed || missing > 0 {
        let text = format!("{cleared} cleared, {missing} not found");
        return Err(InfoError::new(ResultCode::SERVER, text));
    }
    Ok("ok".into())
}

/// `host:port`, an IPv6 address in brackets.
fn endpoint(host: &str, port: u16) -> String {
    match host.parse::<IpAddr>() {
        Ok(address) => SocketAddr::new(address, port).to_string(),
        Err(_) => format!("{host}:{port}"),
    }
}

/// A socket that listens for both families shows IPv4 clients in the form of the other.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_of_both_families() {
        assert_eq!(endpoint("10.0.0.1", 3000), "10.0.0.1:3000");
        assert_eq!(endpoint("::1", 3000), "[::1]:3000");
        assert_eq!(endpoint("db.example", 4000), "db.example:4000");
        let mapped = "[::ffff:127.0.0.1]:3000".parse().unwrap();
        assert_eq!(canonical(mapped).to_string(), "127.0.0.1:3000");
    }
}
