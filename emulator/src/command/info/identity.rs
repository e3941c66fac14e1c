//! Who the server is (info §7).

use super::{Answer, InfoError, Request};
use crate::server::Server;
use aerospike_wire::ResultCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The release that the emulator answers as.
pub const BUILD: &str = "8.1.1.2";

/// Longest value of `user-agent-set` (info §7).
const MAX_USER_AGENT: usize = 87;

const FEATURES: &str = "batch-any;batch-index;blob-bits;cdt-index;cdt-list;cdt-map;cluster-stable;float;geo;\
    sindex-exists;peers;pipelining;pquery;pscans;query-show;relaxed-sc;replicas;replicas-all;replicas-master;\
    replicas-max;truncate-namespace;udf";

/// Runs an identity command, if the name is one.
pub fn run(name: &str, request: &mut Request<'_>) -> Option<Answer> {
    let server = request.server;
    Some(Ok(match name {
        "node" | "name" => server.node.name(),
        "build" => BUILD.into(),
        "edition" => edition(server).into(),
        "version" => format!("{} build {BUILD}", edition(server)),
        "features" => {
            if !request.session.told_user_agent {
                server
                    .user_agents
                    .lock()
                    .entry(request.session.id)
                    .or_insert_with(|| STANDARD.encode("unknown"));
            }
            FEATURES.into()
        }
        "compatibility-id" => "15".into(),
        "status" => "ok".into(),
        "partitions" => aerospike_wire::PARTITIONS.to_string(),
        "digests" => "RIPEMD160".into(),
        "cluster-name" => server.settings.cluster_name.lock().clone(),
        "connection" => "admin=false".into(),
        "user-agent-set" => return Some(set_user_agent(request)),
        "namespaces" => {
            let names: Vec<_> = server.store.namespaces().iter().map(|namespace| namespace.name()).collect();
            names.join(";")
        }
        _ => return None,
    }))
}

fn edition(server: &Server) -> &'static str {
    if server.is_community() { "Aerospike Community Edition" } else { "Aerospike Enterprise Edition" }
}

fn set_user_agent(request: &mut Request<'_>) -> Answer {
    let value = request.parameters.require(&["value"], MAX_USER_AGENT)?;
    let error = |text: &str| InfoError::new(ResultCode::PARAMETER, text);
    if request.session.told_user_agent {
        return Err(error("already set"));
    }
    STANDARD.decode(value).map_err(|_| error("'value' invalid base64"))?;
    request.session.told_user_agent = true;
    request.server.user_agents.lock().insert(request.session.id, value.into());
    Ok("ok".into())
}
