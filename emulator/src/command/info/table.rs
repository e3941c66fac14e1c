//! All info commands (info §5).

use super::{
    Answer, InfoError, Request, addresses, cluster, config, emulator, identity, inspect, jobs, latencies,
    logs, namespaces, sindex, statistics, truncate, udf,
};
use aerospike_wire::ResultCode;

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

/// What the emulator does not have.
fn unsupported(_request: &mut Request<'_>) -> Answer {
    Err(InfoError::new(ResultCode::UNSUPPORTED_FEATURE, "unsupported feature"))
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
    internal(plain("compatibility-id", |_| Ok(identity::COMPATIBILITY_ID.into()))),
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
    internal(plain("user-agent-set", identity::set_user_agent)),
    plain("user-agents", identity::user_agents),

    // Cluster (info §10, §11)
    plain("cluster-name", identity::cluster_name),
    internal(plain("cluster-stable", cluster::stable)),
    internal(plain("partition-generation", cluster::partition_generation)),
    internal(plain("rebalance-generation", cluster::rebalance_generation)),
    internal(plain("peers-generation", addresses::peers_generation)),
    plain("get-sl", cluster::succession),
    enterprise("racks", cluster::racks),
    internal(enterprise("rack-ids", cluster::rack_ids)),
    enterprise("roster", cluster::roster),
    enterprise("roster-set", cluster::set_roster),
    plain("recluster", cluster::recluster),
    enterprise("quiesce", cluster::quiesce),
    enterprise("quiesce-undo", cluster::undo_quiesce),
    enterprise("revive", cluster::revive),

    // Addresses (info §8)
    old("service", addresses::service),
    old("services", addresses::services),
    old("services-alternate", addresses::services_alternate),
    old("services-alumni", addresses::services_alumni),
    plain("services-alumni-reset", addresses::forget_alumni),
    internal(plain("service-clear-std", addresses::service)),
    internal(plain("service-clear-alt", addresses::service_alternate)),
    internal(enterprise("service-tls-std", addresses::service_tls)),
    internal(enterprise("service-tls-alt", addresses::service_tls_alternate)),
    internal(plain("peers-clear-std", addresses::peers)),
    internal(plain("peers-clear-alt", addresses::peers_alternate)),
    internal(enterprise("peers-tls-std", addresses::peers_tls)),
    internal(enterprise("peers-tls-alt", addresses::peers_tls_alternate)),
    internal(plain("alumni-clear-std", addresses::alumni)),
    internal(plain("alumni-clear-alt", addresses::alumni_alternate)),
    internal(enterprise("alumni-tls-std", addresses::alumni_tls)),
    internal(enterprise("alumni-tls-alt", addresses::alumni_tls_alternate)),
    internal(plain("admin-clear-std", addresses::admin)),
    internal(plain("admin-tls-std", addresses::none)),
    plain("endpoints", addresses::endpoints),
    old("mesh", addresses::mesh),
    old("mcast", addresses::multicast),
    plain("tip", addresses::tip),
    plain("tip-clear", addresses::tip_clear),

    // Partitions (info §9)
    internal(plain("replicas", cluster::replicas)),
    internal(old("replicas-all", cluster::replicas_all)),
    internal(old("replicas-master", cluster::replicas_master)),
    plain("partition-info", cluster::partitions),

    // Data (info §16, §24)
    plain("namespaces", namespaces::names),
    plain("namespace", namespaces::namespace),
    plain("sets", namespaces::sets),
    old("objects", namespaces::objects),
    plain("statistics", statistics::statistics),
    plain("histogram", namespaces::histogram),
    plain("index-pressure", namespaces::index_pressure),
    plain("debug-record", inspect::record),
    plain("debug-record-meta", inspect::record_meta),

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

    // Configuration (info §21)
    plain("get-config", config::get),
    old("config-get", config::get),
    plain("set-config", config::set),
    old("config-set", config::set),
    plain("get-stats", config::get_stats),

    // Observability (info §22, §23)
    plain("latencies", latencies::latencies),
    plain("log", logs::levels),
    plain("logs", logs::sinks),
    plain("log-set", logs::set),
    plain("set-log", logs::set),
    plain("log-message", logs::message),
    plain("health-stats", inspect::health),
    plain("health-outliers", inspect::health),
    plain("best-practices", inspect::best_practices),
    plain("smd-info", inspect::smd_info),
    plain("smd-show", inspect::smd_show),
    plain("physical-devices", inspect::physical_devices),
    plain("thread-traces", inspect::threads),
    plain("jem-stats", ok),
    plain("dump-cluster", logs::dump),
    plain("dump-fabric", logs::dump),
    plain("dump-hb", logs::dump),
    plain("dump-hlc", logs::dump),
    plain("dump-migrates", logs::dump),
    plain("dump-rw", logs::dump),
    plain("dump-skew", logs::dump),
    plain("dump-wb-summary", logs::dump_write_blocks),

    // What only an emulator has
    internal(plain("emulator-clock", emulator::clock)),
    internal(plain("emulator-fault", emulator::fault)),
    internal(plain("emulator-log", emulator::log)),
    internal(plain("emulator-node", emulator::node)),
    internal(plain("emulator-snapshot", emulator::snapshot)),
    internal(plain("emulator-data", emulator::data)),

    // What only Enterprise Edition has
    enterprise("masking", unsupported),
    enterprise("masking-show", |_| Ok(Vec::new())),
    enterprise("xdr-dc-state", unsupported),
    enterprise("xdr-get-filter", unsupported),
    enterprise("xdr-set-filter", unsupported),
];
