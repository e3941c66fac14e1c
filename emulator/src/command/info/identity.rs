//! Who the server is (info §7).

use super::{Answer, COMMANDS, InfoError, Request};
use crate::server::{Port, Server};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::atomic::Ordering;

/// The release that the emulator answers as.
pub const BUILD: &str = "8.1.1.2";

/// Tells apart servers that cannot form a cluster.
pub const COMPATIBILITY_ID: &str = "15";

/// Builds are reproducible: they carry neither the time nor the commit of their making.
const BUILD_TIME: &str = "Thu Jan  1 00:00:00 UTC 1970";
const BUILD_SHA: &str = "0000000000000000000000000000000000000000";

/// Longest value of `user-agent-set`, and how much of it can be used (info §3).
const MAX_USER_AGENT: usize = 87;

const FEATURES: &str = "batch-any;batch-index;blob-bits;cdt-index;cdt-list;cdt-map;cluster-stable;float;geo;\
    sindex-exists;peers;pipelining;pquery;pscans;query-show;relaxed-sc;replicas;replicas-all;replicas-master;\
    replicas-max;truncate-namespace;udf";

/// What the vendor's licence file would allow, as far as the emulator has it.
const FEATURE_KEY: &str = "asdb-change-notification=false;asdb-cluster-nodes-limit=0;asdb-compression=false;\
    asdb-encryption-at-rest=false;asdb-flash-index=false;asdb-ldap=false;asdb-pmem=false;asdb-rack-aware=true;\
    asdb-secrets=false;asdb-strong-consistency=true;asdb-vault=false;asdb-xdr=false";

/// `node`, `name`: the node's id in upper-case hex.
pub fn node(request: &mut Request<'_>) -> Answer {
    Ok(request.node().name().into())
}

/// `build`: the release in four parts.
pub fn build(_request: &mut Request<'_>) -> Answer {
    Ok(BUILD.into())
}

/// `edition`.
pub fn edition(request: &mut Request<'_>) -> Answer {
    Ok(edition_name(request.server).into())
}

/// `version`: edition and build.
pub fn version(request: &mut Request<'_>) -> Answer {
    Ok(format!("{} build {BUILD}", edition_name(request.server)).into())
}

/// `release`: all of the above and the host.
pub fn release(request: &mut Request<'_>) -> Answer {
    let mut text = format!(
        "edition={};version={BUILD};os={};arch={};sha={BUILD_SHA}",
        edition_name(request.server),
        std::env::consts::OS,
        std::env::consts::ARCH,
    );
    if !request.server.is_community() {
        text += &format!(";ee-sha={BUILD_SHA}");
    }
    Ok(text.into())
}

/// `build_os`: the operating system that the emulator was built for.
pub fn build_os(_request: &mut Request<'_>) -> Answer {
    Ok(std::env::consts::OS.into())
}

/// `build_arch`: the processor that the emulator was built for.
pub fn build_arch(_request: &mut Request<'_>) -> Answer {
    Ok(std::env::consts::ARCH.into())
}

/// `build_sha`.
pub fn build_sha(_request: &mut Request<'_>) -> Answer {
    Ok(BUILD_SHA.into())
}

/// `build_ee_sha`: empty on Community Edition.
pub fn build_ee_sha(request: &mut Request<'_>) -> Answer {
    Ok(if request.server.is_community() { "" } else { BUILD_SHA }.into())
}

/// `build_time`.
pub fn build_time(_request: &mut Request<'_>) -> Answer {
    Ok(BUILD_TIME.into())
}

/// `features`: what clients look for. Who asks and never tells a user agent counts as unknown.
pub fn features(request: &mut Request<'_>) -> Answer {
    if !request.session.told_user_agent && request.session.port == Port::Service {
        let mut agents = request.session.node.user_agents.lock();
        agents.entry(request.session.id).or_insert_with(|| STANDARD.encode("unknown"));
    }
    let mut features = FEATURES.to_owned();
    if let Some(security) = &request.server.security {
        features.push_str(";security");
        if security.settings.enable_quotas.load(Ordering::Relaxed) {
            features.push_str(";quotas");
        }
    }
    Ok(features.into())
}

/// `feature-key` (Enterprise Edition).
pub fn feature_key(_request: &mut Request<'_>) -> Answer {
    Ok(FEATURE_KEY.into())
}

/// `connection`: what kind of port the connection came through.
pub fn connection(request: &mut Request<'_>) -> Answer {
    Ok(format!("admin={}", request.session.port == Port::Admin).into())
}

/// `help`: the names of the commands that people use.
pub fn help(request: &mut Request<'_>) -> Answer {
    let community = request.server.is_community();
    let shown = COMMANDS.iter().filter(|command| !command.is_internal());
    let shown = shown.filter(|command| !(community && command.is_enterprise()));
    Ok(shown.map(|command| command.name).collect::<Vec<_>>().join(";").into())
}

/// `cluster-name`.
pub fn cluster_name(request: &mut Request<'_>) -> Answer {
    Ok(request.server.settings.cluster_name.lock().clone().into())
}

/// `user-agent-set:value=<base64>`: once on each connection.
pub fn set_user_agent(request: &mut Request<'_>) -> Answer {
    let value = request.parameters.require(&["value"], MAX_USER_AGENT)?;
    if request.session.told_user_agent {
        return Err(InfoError::parameter("already set"));
    }
    STANDARD.decode(value).map_err(|_| InfoError::parameter("'value' invalid base64"))?;
    request.session.told_user_agent = true;
    if request.session.port == Port::Service {
        request.session.node.user_agents.lock().insert(request.session.id, value.into());
    }
    Ok("ok".into())
}

/// `user-agents`: how many open connections told each user agent.
pub fn user_agents(request: &mut Request<'_>) -> Answer {
    let mut counts = std::collections::BTreeMap::new();
    for agent in request.session.node.user_agents.lock().values() {
        *counts.entry(agent.clone()).or_insert(0u64) += 1;
    }
    let entries = counts.iter().map(|(agent, count)| format!("user-agent={agent}:count={count};"));
    Ok(entries.collect::<String>().into())
}

fn edition_name(server: &Server) -> &'static str {
    if server.is_community() { "Aerospike Community Edition" } else { "Aerospike Enterprise Edition" }
}
