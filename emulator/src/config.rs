//! What a server is started with. The defaults are those of the vendor's container image.

use std::net::{IpAddr, Ipv4Addr};

/// Which of the vendor's editions the server answers as.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Edition {
    /// Refuses durable deletes, transactions, compression and security.
    Community,
    /// Supports what the emulator has of them.
    #[default]
    Enterprise,
}

/// Configuration of a server.
#[derive(Clone, Debug)]
pub struct Config {
    /// The edition to answer as.
    pub edition: Edition,
    /// `cluster-name`.
    pub cluster_name: String,
    /// Upper-case hex without leading zeros; `None` derives one from the port.
    pub node_id: Option<u64>,
    /// Address to listen on.
    pub bind: IpAddr,
    /// Port to listen on; 0 = any free one.
    pub port: u16,
    /// Address given to clients; `None` = the one that the client reached.
    pub advertise: Option<String>,
    /// Threads that serve connections; 0 = one for each core, four at most.
    pub service_threads: usize,
    /// Most client connections (`proto-fd-max`).
    pub proto_fd_max: u32,
    /// Milliseconds after which an idle connection is closed; 0 = never (`proto-fd-idle-ms`).
    pub proto_fd_idle_ms: u32,
    /// Most rows in a batch; 0 = unlimited (`batch-max-requests`).
    pub batch_max_requests: u32,
    /// The namespaces, in order.
    pub namespaces: Vec<NamespaceConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            edition: Edition::default(),
            cluster_name: "docker".into(),
            node_id: None,
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 3000,
            advertise: None,
            service_threads: 0,
            proto_fd_max: 15_000,
            proto_fd_idle_ms: 0,
            batch_max_requests: 0,
            namespaces: vec![NamespaceConfig {
                default_ttl: 30 * 24 * 60 * 60,
                nsup_period: 120,
                ..NamespaceConfig::new("test")
            }],
        }
    }
}

/// Configuration of a namespace; the fields have the names of the vendor's configuration reference.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NamespaceConfig {
    pub name: String,
    pub replication_factor: u32,
    pub default_ttl: u32,
    pub default_read_touch_ttl_pct: u32,
    pub nsup_period: u32,
    pub allow_ttl_without_nsup: bool,
    pub apply_ttl_reductions: bool,
    pub max_record_size: u32,
    pub disallow_null_setname: bool,
    pub reject_xdr_writes: bool,
    pub reject_non_xdr_writes: bool,
    pub data_size: u64,
    pub stop_writes_used_pct: u32,
}

impl NamespaceConfig {
    /// A namespace with the server's own defaults.
    pub fn new(name: impl Into<String>) -> NamespaceConfig {
        NamespaceConfig {
            name: name.into(),
            replication_factor: 1,
            default_ttl: 0,
            default_read_touch_ttl_pct: 0,
            nsup_period: 0,
            allow_ttl_without_nsup: false,
            apply_ttl_reductions: true,
            max_record_size: 1024 * 1024,
            disallow_null_setname: false,
            reject_xdr_writes: false,
            reject_non_xdr_writes: false,
            data_size: 1024 * 1024 * 1024,
            stop_writes_used_pct: 70,
        }
    }
}
