//! Reading and changing the configuration (info §21).

use super::parameters::{MAX_NAMESPACE, MAX_SET, Parameters};
use super::{Answer, InfoError, Request};
use crate::cluster::Node;
use crate::config::setting::{Change, Setting};
use crate::config::{NAMESPACE, NETWORK, SECURITY, SERVICE, SET, SecuritySettings};
use crate::server::Server;
use crate::store::Namespace;
use aerospike_wire::ResultCode;

/// Longest value of `context`.
const MAX_CONTEXT: usize = 63;

/// How many stripes a namespace in memory is divided into; clients see them, nothing depends on them.
pub const STRIPES: usize = 8;

/// A context that a command names.
enum Context<'a> {
    Service,
    Network,
    Namespace(&'a Namespace),
    Security(&'a SecuritySettings),
    /// What the emulator has no settings for.
    Empty,
}

/// `get-config[:context=C[;namespace=N]]`.
pub fn get(request: &mut Request<'_>) -> Answer {
    if request.parameters.text().is_empty() {
        return Ok([service(request), network(request)].concat().join(";").into());
    }
    Ok(match context(request, &["namespace", "id"])? {
        Context::Service => service(request),
        Context::Network => network(request),
        Context::Namespace(namespace) => namespace_lines(namespace, request.node()),
        Context::Security(settings) => lines(SECURITY, settings),
        Context::Empty => Vec::new(),
    }
    .join(";")
    .into())
}

/// `set-config:context=C[;namespace=N[;set=S]];key=value`.
pub fn set(request: &mut Request<'_>) -> Answer {
    let server = request.server;
    let parameters = &request.parameters;
    let changer = Changer { server, parameters, prefix: "", is_strong: false };
    let changed = match context(request, &["namespace", "id"])? {
        Context::Service => changer.apply(SERVICE, &server.settings),
        Context::Network => changer.apply(NETWORK, &server.settings),
        Context::Namespace(namespace) => {
            let is_strong = namespace.is_strong();
            let change = Changer { prefix: "storage-engine.", is_strong, ..changer };
            match parameters.find_raw(&["set"], MAX_SET)? {
                // A set comes into being by being named, but not by a mistake.
                Some(name) if change.is_right(SET) => {
                    let set = namespace.sets.find_or_create(name);
                    let set = set.map_err(|code| InfoError::new(code, "too many sets"))?;
                    change.apply(SET, &set.settings)
                }
                Some(_) => None,
                None => change.apply(NAMESPACE, &namespace.settings),
            }
        }
        Context::Security(settings) => changer.apply(SECURITY, settings),
        Context::Empty if server.is_community() => {
            return Err(InfoError::new(ResultCode::ENTERPRISE_ONLY, "enterprise only"));
        }
        Context::Empty => None,
    };
    match changed {
        Some(change) => {
            tracing::info!(%change, "configuration changed");
            Ok("ok".into())
        }
        None => Err(InfoError::parameter("invalid set-config parameter")),
    }
}

/// `get-stats:context=xdr[;dc=D]`: nothing is ever shipped to another cluster.
pub fn get_stats(request: &mut Request<'_>) -> Answer {
    match request.parameters.require(&["context"], MAX_CONTEXT)? {
        "xdr" => Ok(Vec::new()),
        _ => Err(InfoError::parameter("unknown context")),
    }
}

fn context<'a>(request: &Request<'a>, namespace: &[&str]) -> Result<Context<'a>, InfoError> {
    match request.parameters.require(&["context"], MAX_CONTEXT)? {
        "service" => Ok(Context::Service),
        "network" => Ok(Context::Network),
        "namespace" => {
            let name = request.parameters.require_raw(namespace, MAX_NAMESPACE)?;
            let namespace = request.server.store.namespace(name);
            namespace
                .map(|namespace| Context::Namespace(namespace))
                .ok_or_else(InfoError::namespace_not_found)
        }
        "security" => Ok(match &request.server.security {
            Some(security) => Context::Security(&security.settings),
            None => Context::Empty,
        }),
        "xdr" => Ok(Context::Empty),
        _ => Err(InfoError::parameter("invalid context")),
    }
}

/// Applies the one setting that a request changes: the first of the table that the request names; the order in
/// the request does not count (info §21).
#[derive(Clone, Copy)]
struct Changer<'a> {
    server: &'a Server,
    parameters: &'a Parameters<'a>,
    /// What the names in the table have in front and those in requests have not.
    prefix: &'static str,
    /// Whether it is about a namespace with strong consistency.
    is_strong: bool,
}

impl Changer<'_> {
    /// What was changed, for the log; `None` if there is no such setting or the value is wrong.
    fn apply<C, L>(&self, table: &'static [Setting<C, L>], live: &L) -> Option<String> {
        let (setting, value) = self.find(table)?;
        setting.apply(live, value).then(|| format!("{} {value}", setting.name))
    }

    fn is_right<C, L>(&self, table: &'static [Setting<C, L>]) -> bool {
        self.find(table).is_some_and(|(setting, value)| setting.kind.parse(value).is_some())
    }

    fn find<C, L>(&self, table: &'static [Setting<C, L>]) -> Option<(&'static Setting<C, L>, &str)> {
        let may_change = |setting: &&Setting<C, L>| match setting.change {
            Change::Fixed => false,
            Change::Live | Change::Own => true,
            Change::Enterprise => !self.server.is_community(),
            Change::Strong => self.is_strong,
        };
        table.iter().filter(may_change).find_map(|setting| {
            let name = setting.name.strip_prefix(self.prefix).unwrap_or(setting.name);
            Some((setting, self.parameters.get(name)?))
        })
    }
}

fn lines<C, L>(table: &'static [Setting<C, L>], live: &L) -> Vec<String> {
    table.iter().filter_map(|setting| setting.line(live)).collect()
}

/// Settings are those of all nodes; but some tell a node from the others.
fn service(request: &Request<'_>) -> Vec<String> {
    let mut lines = lines(SERVICE, &request.server.settings);
    replace(&mut lines, "node-id", &request.node().name());
    lines
}

fn replace(lines: &mut [String], name: &str, value: &str) {
    let is_it = |line: &&mut String| line.split_once('=').is_some_and(|(other, _)| other == name);
    if let Some(line) = lines.iter_mut().find(is_it) {
        *line = format!("{name}={value}");
    }
}

fn network(request: &Request<'_>) -> Vec<String> {
    let node = request.node();
    let mut lines = lines(NETWORK, &request.server.settings);
    if node.index > 0 {
        replace(&mut lines, "service.port", &node.address.port().to_string());
        replace(&mut lines, "service.tls-port", &node.tls_port.to_string());
    }
    let at = lines.iter().position(|line| line.starts_with("heartbeat.tls-name=")).map_or(0, |at| at + 1);
    let seeds = node.seeds.lock();
    lines.splice(at..at, seeds.iter().map(|seed| format!("heartbeat.mesh-seed-address-port={seed}")));
    lines
}

/// The configuration of a namespace, line by line.
pub fn namespace_lines(namespace: &Namespace, node: &Node) -> Vec<String> {
    let mut lines = lines(NAMESPACE, &namespace.settings);
    replace(&mut lines, "rack-id", &node.rack(namespace).to_string());
    let at = lines.iter().position(|line| line.starts_with("storage-engine=")).map_or(0, |at| at + 1);
    lines.splice(at..at, (0..STRIPES).map(|i| format!("storage-engine.stripe[{i}]=stripe-{i}")));
    lines
}
