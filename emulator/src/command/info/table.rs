//! All info commands (info §5).

use super::{Answer, Request, cluster, identity, jobs, sindex, truncate, udf};

/// A command and what runs it.
pub struct Command {
    /// The name in front of the first `:`, `/` or `;`.
    pub name: &'static str,
    /// Answers it.
    pub run: fn(&mut Request<'_>) -> Answer,
    kind: Kind,
    internal: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Deprecated,
    Enterprise,
}

type Run = fn(&mut Request<'_>) -> Answer;

const fn plain(name: &'static str, run: Run) -> Command {
    Command { name, run, kind: Kind::Plain, internal: false }
}

/// Works, and is counted in `deprecated_requests`.
const fn old(name: &'static str, run: Run) -> Command {
    Command { name, run, kind: Kind::Deprecated, internal: false }
}

/// Refused on Community Edition before its parameters are looked at.
const fn enterprise(name: &'static str, run: Run) -> Command {
    Command { name, run, kind: Kind::Enterprise, internal: false }
}

/// Of use to clients alone: `help` leaves it out.
const fn internal(command: Command) -> Command {
    Command { internal: true, ..command }
}

impl Command {
    /// Whether the command is counted in `deprecated_requests`.
    pub fn is_deprecated(&self) -> bool {
        self.kind == Kind::Deprecated
    }

    /// Whether Community Edition refuses the command.
    pub fn is_enterprise(&self) -> bool {
        self.kind == Kind::Enterprise
    }

    /// Whether the command is of use to clients alone.
    pub fn is_internal(&self) -> bool {
        self.internal
    }
}

/// The command of a name.
pub fn find(name: &[u8]) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name.as_bytes() == name)
}

fn ok(_request: &mut Request<'_>) -> Answer {
    Ok("ok".into())
}

/// All commands, by subject.
#[rustfmt::skip]
pub const COMMANDS: &[Command] = &[
    // Identity (info §7)
    plain("node", identity::node),
    old("name", identity::node),
    plain("build", identity::build),
    old("version", identity::version),
    old("edition", identity::edition),
    plain("release", identity::release),
    internal(old("features", identity::features)),
    internal(plain("compatibility-id", |_| Ok("15".into()))),
    old("build_arch", identity::build_arch),
    old("build_os", identity::build_os),
    old("build_sha", identity::build_sha),
    old("build_ee_sha", identity::build_ee_sha),
    old("build_time", identity::build_time),
    plain("status", ok),
    enterprise("feature-key", identity::feature_key),
    old("digests", |_| Ok("RIPEMD160".into())),
    internal(old("partitions", |_| Ok(aerospike_wire::PARTITIONS.to_string().into()))),
    plain("connection", identity::connection),
    plain("help", identity::help),
    plain("cluster-name", identity::cluster_name),
    internal(plain("user-agent-set", identity::set_user_agent)),
    plain("user-agents", identity::user_agents),
    plain("namespaces", |request| {
        let names: Vec<_> = request.server.store.namespaces().iter().map(|ns| ns.name()).collect();
        Ok(names.join(";").into())
    }),

    // Cluster (info §8 to §11)
    internal(plain("service-clear-std", cluster::service)),
    old("service", cluster::service),
    internal(plain("service-clear-alt", |_| Ok(Vec::new()))),
    old("services", |_| Ok(Vec::new())),
    old("services-alternate", |_| Ok(Vec::new())),
    old("services-alumni", |_| Ok(Vec::new())),
    internal(plain("peers-clear-std", |_| Ok("0,3000,[]".into()))),
    internal(plain("peers-clear-alt", |_| Ok("0,3000,[]".into()))),
    internal(plain("alumni-clear-std", |_| Ok("0,3000,[]".into()))),
    internal(plain("alumni-clear-alt", |_| Ok("0,3000,[]".into()))),
    internal(plain("peers-generation", |_| Ok("0".into()))),
    internal(plain("partition-generation", |_| Ok("0".into()))),
    internal(plain("rebalance-generation", |_| Ok("1".into()))),
    internal(plain("replicas", cluster::replicas)),

    // Secondary indexes (info §17)
    old("sindex", sindex::legacy),
    plain("sindex-list", sindex::list),
    plain("sindex-stat", sindex::stat),
    plain("sindex-exists", sindex::exists),
    plain("sindex-create", sindex::create),
    plain("sindex-delete", sindex::delete),

    // UDF modules (info §18)
    plain("udf-list", udf::list),
    plain("udf-get", udf::get),
    plain("udf-put", udf::put),
    plain("udf-remove", udf::remove),
    plain("udf-clear-cache", udf::clear_cache),

    // Truncation and eviction (info §19)
    plain("truncate", truncate::set),
    plain("truncate-undo", truncate::undo_set),
    plain("truncate-namespace", truncate::namespace),
    plain("truncate-namespace-undo", truncate::undo_namespace),
    plain("eviction-reset", truncate::eviction_reset),

    // Query jobs (info §20)
    plain("query-show", jobs::show),
    plain("query-abort", jobs::abort),
    plain("query-abort-all", jobs::abort_all),
];
