//! Settings of the server as a whole: the service and network contexts.

use super::setting::Kind::{Address, Host, NodeId, Number, Seconds, Switch, Text, Word};
use super::setting::settings;
use super::{ClientAuth, Edition, NamespaceConfig, SecurityConfig, TlsConfig};
use std::net::{IpAddr, Ipv4Addr};

/// Any number of 32 bits.
const ANY: std::ops::RangeInclusive<u64> = 0..=u32::MAX as u64;
const PORT: std::ops::RangeInclusive<u64> = 0..=u16::MAX as u64;
/// How many threads a setting can ask for.
const THREADS: std::ops::RangeInclusive<u64> = 1..=256;
/// Longest path or name in a setting.
const TEXT: usize = 1024;

settings! {
    /// Configuration of a server.
    config Config {
        /// The edition to answer as.
        edition: Edition = Edition::default(),
        /// The namespaces, in order.
        namespaces: Vec<NamespaceConfig> = vec![NamespaceConfig {
            default_ttl: 30 * 24 * 60 * 60,
            nsup_period: 120,
            ..NamespaceConfig::new("test")
        }],
        /// How many nodes the server is.
        nodes: u32 = 1,
        /// Racks of the nodes, from the first on; nodes without one here are in the rack that a namespace names.
        racks: Vec<u32> = Vec::new(),
        /// How long the steps after a cluster's events take, in percent of what they take in a real one (info §13).
        cluster_pace: u32 = 10,
        /// Whether UDFs may reach outside of the server: files, processes, the environment.
        lua_unsafe: bool = false,
        /// Where all chance but that of tokens and keys begins; without one, every run differs.
        seed: Option<u64> = None,
        /// `heartbeat.mesh-seed-address-port`, each as `host:port`; shown and otherwise unused.
        mesh_seeds: Vec<String> = Vec::new(),
        /// Users, roles and sessions; `None` switches security off.
        security: Option<SecurityConfig> = None,
        /// The `tls` blocks of the network context.
        tls: Vec<TlsConfig> = Vec::new(),
        /// Whether clients show certificates on the TLS port.
        tls_clients: ClientAuth = ClientAuth::default(),
    }

    /// Settings of the server, as it runs with them.
    live Settings;

    /// The service context (info §26).
    table SERVICE {
        advertise_ipv6: bool = false, "advertise-ipv6", Switch, Live;
        auto_pin: String = "none".into(), "auto-pin", Word(&["none", "cpu", "numa", "adq"]), Fixed;
        batch_index_threads: u32 = cores(), "batch-index-threads", Number(THREADS), Live;
        batch_max_buffers_per_queue: u32 = 255, "batch-max-buffers-per-queue", Number(ANY), Live;
        /// Most rows in a batch; 0 = unlimited.
        batch_max_requests: u32 = 0, "batch-max-requests", Number(ANY), Live;
        batch_max_unused_buffers: u32 = 256, "batch-max-unused-buffers", Number(ANY), Live;
        cgroup_mem_tracking: bool = false, "cgroup-mem-tracking", Switch, Fixed;
        /// What clients that are given a cluster name compare it with.
        cluster_name: String = "docker".into(), "cluster-name", Text(64), Live;
        debug_allocations: bool = false, "debug-allocations", Switch, Fixed;
        /// Whether UDFs are refused.
        disable_udf_execution: bool = false, "disable-udf-execution", Switch, Live;
        enable_benchmarks_fabric: bool = false, "enable-benchmarks-fabric", Switch, Live;
        /// Whether `health-stats` and `health-outliers` answer.
        enable_health_check: bool = false, "enable-health-check", Switch, Live;
        enable_hist_info: bool = false, "enable-hist-info", Switch, Live;
        enforce_best_practices: bool = false, "enforce-best-practices", Switch, Fixed;
        indent_allocations: bool = false, "indent-allocations", Switch, Fixed;
        info_max_ms: u32 = 10_000, "info-max-ms", Number(500..=10_000), Live;
        info_threads: u32 = 16, "info-threads", Number(THREADS), Live;
        keep_caps_ssd_health: bool = false, "keep-caps-ssd-health", Switch, Fixed;
        log_local_time: bool = false, "log-local-time", Switch, Fixed;
        log_millis: bool = false, "log-millis", Switch, Fixed;
        /// Unit of `latencies`.
        microsecond_histograms: bool = false, "microsecond-histograms", Switch, Fixed;
        migrate_fill_delay: u32 = 0, "migrate-fill-delay", Seconds(ANY), Enterprise;
        migrate_max_num_incoming: u32 = 4, "migrate-max-num-incoming", Number(0..=256), Live;
        migrate_threads: u32 = 1, "migrate-threads", Number(0..=100), Live;
        min_cluster_size: u32 = 1, "min-cluster-size", Number(0..=256), Live;
        /// The node's id; `None` derives one from the port.
        node_id: Option<u64> = None, "node-id", NodeId, Fixed;
        node_id_interface: String = "null".into(), "node-id-interface", Text(TEXT), Fixed;
        os_group_perms: bool = false, "os-group-perms", Switch, Fixed;
        pidfile: String = "null".into(), "pidfile", Text(TEXT), Fixed;
        poison_allocations: bool = false, "poison-allocations", Switch, Fixed;
        /// Milliseconds after which an idle connection is closed; 0 = never.
        proto_fd_idle_ms: u32 = 0, "proto-fd-idle-ms", Number(ANY), Live;
        /// Most client connections.
        proto_fd_max: u32 = 15_000, "proto-fd-max", Number(1..=i32::MAX as u64), Live;
        quarantine_allocations: u32 = 0, "quarantine-allocations", Number(ANY), Fixed;
        /// How many finished queries are remembered.
        query_max_done: u32 = 100, "query-max-done", Number(0..=1000), Live;
        query_threads_limit: u32 = 128, "query-threads-limit", Number(1..=1024), Live;
        run_as_daemon: bool = false, "run-as-daemon", Switch, Fixed;
        secrets_address_port: String = "null".into(), "secrets-address-port", Text(TEXT), Fixed;
        secrets_tls_context: String = "null".into(), "secrets-tls-context", Text(TEXT), Fixed;
        secrets_uds_path: String = "null".into(), "secrets-uds-path", Text(TEXT), Fixed;
        /// Threads that serve connections; 0 = one for every two cores, four at most.
        service_threads: u32 = 0, "service-threads", Number(THREADS), Fixed;
        /// When the making of an index is answered: once queries can use it, or at once, as a real server does.
        sindex_build: String = "foreground".into(), "sindex-build", Word(&["foreground", "background"]), Own;
        sindex_builder_threads: u32 = 4, "sindex-builder-threads", Number(1..=32), Live;
        sindex_gc_period: u32 = 10, "sindex-gc-period", Seconds(ANY), Live;
        stay_quiesced: bool = false, "stay-quiesced", Switch, Fixed;
        /// Seconds that `latencies` looks back.
        ticker_interval: u32 = 10, "ticker-interval", Seconds(1..=u32::MAX as u64), Live;
        tls_refresh_period: u32 = 0, "tls-refresh-period", Seconds(ANY), Enterprise;
        transaction_max_ms: u32 = 1000, "transaction-max-ms", Number(ANY), Live;
        transaction_retry_ms: u32 = 1002, "transaction-retry-ms", Number(1..=u32::MAX as u64), Live;
        vault_ca: String = "null".into(), "vault-ca", Text(TEXT), Fixed;
        vault_namespace: String = "null".into(), "vault-namespace", Text(TEXT), Fixed;
        vault_path: String = "null".into(), "vault-path", Text(TEXT), Fixed;
        vault_token_file: String = "null".into(), "vault-token-file", Text(TEXT), Fixed;
        vault_url: String = "null".into(), "vault-url", Text(TEXT), Fixed;
        work_directory: String = "null".into(), "work-directory", Text(TEXT), Fixed;
    }

    /// The network context (info §26).
    table NETWORK {
        /// Port to listen on; 0 = any free one.
        port: u16 = 3000, "service.port", Number(PORT), Fixed;
        /// Address to listen on.
        bind: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST), "service.address", Address, Fixed;
        /// Port given to clients; 0 = the one listened on.
        access_port: u16 = 0, "service.access-port", Number(PORT), Fixed;
        /// Address given to clients; `None` = the one that the client reached.
        advertise: Option<String> = None, "service.access-address", Host, Fixed;
        /// Port given to clients that ask for alternate addresses; 0 = the one listened on.
        alternate_access_port: u16 = 0, "service.alternate-access-port", Number(PORT), Fixed;
        /// Address given to clients that ask for alternate addresses; `None` = there is none.
        alternate_access_address: Option<String> = None, "service.alternate-access-address", Host, Fixed;
        tls_port: u16 = 0, "service.tls-port", Number(PORT), Fixed;
        tls_access_port: u16 = 0, "service.tls-access-port", Number(PORT), Fixed;
        tls_alternate_access_port: u16 = 0, "service.tls-alternate-access-port", Number(PORT), Fixed;
        tls_name: String = "null".into(), "service.tls-name", Text(TEXT), Fixed;
        disable_localhost: bool = false, "service.disable-localhost", Switch, Fixed;
        /// Port for administration; 0 = none.
        admin_port: u16 = 0, "admin.port", Number(PORT), Fixed;
        /// Address of the port for administration; `None` = that of the service.
        admin_address: Option<String> = None, "admin.address", Address, Fixed;
        admin_tls_port: u16 = 0, "admin.tls-port", Number(PORT), Fixed;
        admin_tls_name: String = "null".into(), "admin.tls-name", Text(TEXT), Fixed;
        admin_disable_localhost: bool = false, "admin.disable-localhost", Switch, Fixed;
        heartbeat_mode: String = "mesh".into(), "heartbeat.mode", Word(&["mesh", "multicast"]), Fixed;
        heartbeat_address: String = "any".into(), "heartbeat.address", Text(TEXT), Fixed;
        heartbeat_port: u16 = 3002, "heartbeat.port", Number(PORT), Fixed;
        heartbeat_tls_port: u16 = 0, "heartbeat.tls-port", Number(PORT), Fixed;
        heartbeat_tls_name: String = "null".into(), "heartbeat.tls-name", Text(TEXT), Fixed;
        heartbeat_interval: u32 = 150, "heartbeat.interval", Number(50..=600_000), Live;
        heartbeat_timeout: u32 = 10, "heartbeat.timeout", Number(3..=u32::MAX as u64), Live;
        heartbeat_connect_timeout_ms: u32 = 500, "heartbeat.connect-timeout-ms", Number(ANY), Live;
        heartbeat_mtu: u32 = 65_536, "heartbeat.mtu", Number(ANY), Live;
        heartbeat_protocol: String = "v3".into(), "heartbeat.protocol", Word(&["none", "v3"]), Live;
        fabric_address: String = "any".into(), "fabric.address", Text(TEXT), Fixed;
        fabric_tls_port: u16 = 0, "fabric.tls-port", Number(PORT), Fixed;
        fabric_tls_name: String = "null".into(), "fabric.tls-name", Text(TEXT), Fixed;
        fabric_channel_bulk_fds: u32 = 2, "fabric.channel-bulk-fds", Number(1..=128), Fixed;
        fabric_channel_bulk_recv_threads: u32 = 4, "fabric.channel-bulk-recv-threads", Number(1..=128), Live;
        fabric_channel_ctrl_fds: u32 = 1, "fabric.channel-ctrl-fds", Number(1..=128), Fixed;
        fabric_channel_ctrl_recv_threads: u32 = 4, "fabric.channel-ctrl-recv-threads", Number(1..=128), Live;
        fabric_channel_meta_fds: u32 = 1, "fabric.channel-meta-fds", Number(1..=128), Fixed;
        fabric_channel_meta_recv_threads: u32 = 4, "fabric.channel-meta-recv-threads", Number(1..=128), Live;
        fabric_channel_rw_fds: u32 = 8, "fabric.channel-rw-fds", Number(1..=128), Fixed;
        fabric_channel_rw_recv_pools: u32 = 1, "fabric.channel-rw-recv-pools", Number(1..=16), Fixed;
        fabric_channel_rw_recv_threads: u32 = 16, "fabric.channel-rw-recv-threads", Number(1..=128), Live;
        fabric_keepalive_enabled: bool = true, "fabric.keepalive-enabled", Switch, Fixed;
        fabric_keepalive_intvl: u32 = 1, "fabric.keepalive-intvl", Number(ANY), Fixed;
        fabric_keepalive_probes: u32 = 10, "fabric.keepalive-probes", Number(ANY), Fixed;
        fabric_keepalive_time: u32 = 1, "fabric.keepalive-time", Number(ANY), Fixed;
        fabric_latency_max_ms: u32 = 5, "fabric.latency-max-ms", Number(0..=1000), Fixed;
        fabric_port: u16 = 3001, "fabric.port", Number(PORT), Fixed;
        fabric_recv_rearm_threshold: u32 = 1024, "fabric.recv-rearm-threshold", Number(0..=1_048_576), Live;
        fabric_send_threads: u32 = 8, "fabric.send-threads", Number(1..=128), Fixed;
    }
}

/// Processors that the process may use.
fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32)
}
