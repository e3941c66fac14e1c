//! The cluster as the client sees it: nodes, partition owners, and the thread that keeps both up to date.

pub mod info;
pub mod node;
mod tend;
mod view;

pub use node::{Node, PoolLimits};
pub use view::View;

use crate::admin::Login;
use crate::error::{Error, ErrorKind};
use parking_lot::{Condvar, Mutex, RwLock};
use std::sync::Arc;
use std::time::Duration;

/// How to find a cluster and how to talk to it (python-api §2.1).
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// Hosts to ask first, any member of the cluster.
    pub hosts: Vec<(String, u16)>,
    /// The names that the hosts' certificates must have, where these are not the hosts' own.
    pub tls_names: Vec<Option<String>>,
    /// Encrypt all connections.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// Refuse nodes of a cluster with another name.
    pub cluster_name: Option<String>,
    /// Time for opening a connection and for each info request.
    pub timeout: Duration,
    /// Connections per node.
    pub limits: PoolLimits,
    /// Pause between two looks at the cluster.
    pub tend_interval: Duration,
    /// Take the addresses that nodes give out as their alternate ones.
    pub use_services_alternate: bool,
    /// The client's own racks, the preferred one first; empty: not rack-aware.
    pub racks: Vec<u32>,
    /// Who the client is.
    pub login: Option<Arc<Login>>,
    /// Let every pool of blocking connections hold its minimum from the start; reactors open theirs themselves.
    pub open_minimum: bool,
    /// Client name and version, as `user-agents` shows it (info §7).
    pub user_agent: String,
}

impl Default for ClusterConfig {
    fn default() -> ClusterConfig {
        ClusterConfig {
            hosts: Vec::new(),
            tls_names: Vec::new(),
            tls: None,
            cluster_name: None,
            timeout: Duration::from_secs(30),
            limits: PoolLimits { max: 256, min: 0, idle: Duration::from_secs(30) },
            tend_interval: Duration::from_secs(1),
            use_services_alternate: false,
            racks: Vec::new(),
            login: None,
            open_minimum: true,
            user_agent: concat!("rust-", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// A connected cluster. Dropping it stops the tending and closes what is idle.
#[derive(Debug)]
pub struct Cluster {
    shared: Arc<Shared>,
}

/// What the tending thread and the commands share.
#[derive(Debug)]
struct Shared {
    config: ClusterConfig,
    view: RwLock<Arc<View>>,
    closed: Mutex<bool>,
    wake: Condvar,
}

impl Cluster {
    /// Finds the cluster from its seeds and starts to tend it.
    ///
    /// # Errors
    /// A connection error when no seed answers as a member of the cluster.
    pub fn connect(config: ClusterConfig) -> Result<Cluster, Error> {
        if config.limits.max == 0 {
            let text = "max_conns_per_node is 0: no connection may be opened".to_owned();
            return Err(ErrorKind::Connection(text).into());
        }
        let shared = Arc::new(Shared {
            config,
            view: RwLock::default(),
            closed: Mutex::new(false),
            wake: Condvar::new(),
        });
        let cluster = Cluster { shared: shared.clone() };
        let mut tender = tend::Tender::new(shared);
        tender.connect(&cluster).map_err(ErrorKind::Connection)?;
        std::thread::Builder::new()
            .name("aerospike-tend".to_owned())
            .spawn(move || tender.run())
            .map_err(|error| ErrorKind::Connection(format!("no thread to tend the cluster: {error}")))?;
        Ok(cluster)
    }

    /// The present view.
    pub fn view(&self) -> Arc<View> {
        self.shared.view.read().clone()
    }

    /// The configuration.
    pub fn config(&self) -> &ClusterConfig {
        &self.shared.config
    }

    /// Who the client is.
    pub fn login(&self) -> Option<&Arc<Login>> {
        self.shared.config.login.as_ref()
    }

    /// The client's own racks.
    pub fn racks(&self) -> &[u32] {
        &self.shared.config.racks
    }

    /// Names of the nodes.
    pub fn node_names(&self) -> Vec<String> {
        self.view().nodes().map(|node| node.name().to_owned()).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        *self.shared.closed.lock() = true;
        self.shared.wake.notify_all();
        let view = self.view();
        view.nodes().for_each(|node| node.retire());
    }
}

impl Shared {
    /// Waits for the time of the next tend; whether the cluster was closed meanwhile.
    fn pause(&self) -> bool {
        let mut closed = self.closed.lock();
        if !*closed {
            self.wake.wait_for(&mut closed, self.config.tend_interval.max(Duration::from_millis(10)));
        }
        *closed
    }

    fn is_closed(&self) -> bool {
        *self.closed.lock()
    }
}
