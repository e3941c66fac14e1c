//! Where nodes can be reached (info §8).

use super::{Answer, InfoError, Request};
use aerospike_wire::ResultCode;
use std::net::{IpAddr, SocketAddr};

/// The port that lists of peers leave out, whatever ports are in use (info §8).
const DEFAULT_PORT: u16 = 3000;

/// Longest value of `host`.
const MAX_HOST: usize = 255;
/// Longest value of `port`.
const MAX_PORT: usize = 15;

/// `service-clear-std`: the address that clients can reach: the configured one, else the one that this client
/// reached.
pub fn service(request: &mut Request<'_>) -> Answer {
    Ok(own(request).into())
}

fn own(request: &Request<'_>) -> String {
    let config = &request.server.config;
    let port = if config.access_port == 0 { config.port } else { config.access_port };
    match &config.advertise {
        Some(host) => endpoint(host, port),
        None => SocketAddr::new(canonical(request.session.local).ip(), port).to_string(),
    }
}

/// `service-clear-alt`: the configured alternate address, if there is one.
pub fn service_alternate(request: &mut Request<'_>) -> Answer {
    let config = &request.server.config;
    let port = if config.alternate_access_port == 0 { config.port } else { config.alternate_access_port };
    Ok(config.alternate_access_address.as_ref().map_or(String::new(), |host| endpoint(host, port)).into())
}

/// `service-tls-std`: as [`service`], for the TLS port; empty when there is none.
pub fn service_tls(request: &mut Request<'_>) -> Answer {
    let config = &request.server.config;
    if !config.has_tls() {
        return Ok(Vec::new());
    }
    let port = if config.tls_access_port == 0 { config.tls_port } else { config.tls_access_port };
    Ok(match &config.advertise {
        Some(host) => endpoint(host, port),
        None => SocketAddr::new(canonical(request.session.local).ip(), port).to_string(),
    }
    .into())
}

/// `service-tls-alt`: as [`service_alternate`], for the TLS port.
pub fn service_tls_alternate(request: &mut Request<'_>) -> Answer {
    let config = &request.server.config;
    let port = match config.tls_alternate_access_port {
        0 => config.tls_port,
        port => port,
    };
    let host = config.alternate_access_address.as_ref().filter(|_| config.has_tls());
    Ok(host.map_or(String::new(), |host| endpoint(host, port)).into())
}

/// `peers-…` and `alumni-…`: generation, default port, the other nodes.
pub fn peers(request: &mut Request<'_>) -> Answer {
    Ok(format!("{},{DEFAULT_PORT},[]", request.server.node.peers_generation()).into())
}

/// `peers-generation`.
pub fn peers_generation(request: &mut Request<'_>) -> Answer {
    Ok(request.server.node.peers_generation().to_string().into())
}

/// Lists of other nodes' addresses: there is no other node.
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
    let port_or = |port: u16| if port == 0 { config.port } else { port };
    let tls_port_or = |port: u16| if port == 0 { config.tls_port } else { port };
    let if_tls = |host: String| if config.has_tls() { host } else { "null".into() };
    let or_null = |host: &Option<String>| host.clone().unwrap_or_else(|| "null".into());
    let access = config.advertise.clone();
    let access = access.unwrap_or_else(|| canonical(request.session.local).ip().to_string());
    let admin = request.server.admin_address.map_or("null".into(), |address| address.ip().to_string());
    let lines = [
        ("service.port", config.port.to_string()),
        ("service.addresses", config.bind.to_string()),
        ("service.access-port", port_or(config.access_port).to_string()),
        ("service.access-addresses", access.clone()),
        ("service.alternate-access-port", port_or(config.alternate_access_port).to_string()),
        ("service.alternate-access-addresses", or_null(&config.alternate_access_address)),
        ("service.tls-port", config.tls_port.to_string()),
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
    let lines: Vec<_> = lines.iter().map(|(name, value)| format!("{name}={value}")).collect();
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
    let mut seeds = request.server.node.seeds.lock();
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
    let mut seeds = request.server.node.seeds.lock();
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
