//! Sockets and threads: bytes in, bytes out.
//!
//! Each service thread runs a single-threaded runtime of its own and keeps the connections that it was given for
//! life: a command runs on the thread that read it, without hand-over, lock or wake-up in between.

mod call;
mod compute;
mod connection;
mod host;
mod offload;
mod tls;
mod watched;
mod worker;

pub use connection::Session;
pub use host::Host;
pub use offload::{FrameSink, Gone};
pub use tls::TlsError;

use crate::cluster::{Cluster, Doors as _, Listeners, MAX_NODES, Node};
pub use crate::config::Settings;
use crate::config::{Config, Edition};
use crate::control::{Clock, Control};
use crate::security::{self, Security};
use crate::store::Store;
use crate::udf::Udfs;
use compute::Compute;
use parking_lot::Mutex;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

/// How long a stop waits for requests that are under way.
const DRAIN: Duration = Duration::from_secs(2);

/// What all threads of a server share.
#[derive(Debug)]
pub struct Server {
    /// What the server was started with.
    pub config: Config,
    /// The time of records, sessions and quotas.
    pub clock: Arc<Clock>,
    /// What only an emulator has.
    pub control: Control,
    /// The namespaces.
    pub store: Store,
    /// Where the port for administration listens, if there is one.
    pub admin_address: Option<SocketAddr>,
    /// The nodes that this server is.
    pub cluster: Arc<Cluster>,
    /// Users and roles; `None` when security is off.
    pub security: Option<Security>,
    /// Settings that can change while the server runs.
    pub settings: Settings,
    /// What batches have been counted.
    pub batches: BatchCounts,
    /// Levels of the log's contexts, as `log-set` left them.
    pub log_levels: crate::command::info::Levels,
    /// The UDF modules.
    pub udfs: Udfs,
    /// The threads that run UDFs.
    pub compute: Compute,
}

/// A port that listens, and how its connections speak.
#[derive(Clone)]
struct Door {
    /// Whose it is.
    node: Arc<Node>,
    port: Port,
    /// Set where clients speak TLS.
    tls: Option<Arc<rustls::ServerConfig>>,
}

/// Which of a server's ports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Port {
    /// Takes all requests.
    Service,
    /// Takes info and admin requests alone (info §4).
    Admin,
}

/// Most connections of the port for administration (info §4).
pub const MAX_ADMIN_CONNECTIONS: u64 = 100;

/// Connections of one port.
#[derive(Debug, Default)]
pub struct PortCounts {
    /// Connections accepted so far.
    pub opened: AtomicU64,
    /// Connections closed so far, by either side.
    pub closed: AtomicU64,
}

impl PortCounts {
    /// Connections open now.
    pub fn open(&self) -> u64 {
        let closed = self.closed.load(Ordering::Relaxed);
        self.opened.load(Ordering::Relaxed).saturating_sub(closed)
    }
}

/// Counts of client connections and what came through them.
#[derive(Debug, Default)]
pub struct ConnectionCounts {
    /// Connections of the service port.
    pub service: PortCounts,
    /// Connections of the port for administration.
    pub admin: PortCounts,
    /// Connections closed for idleness.
    pub reaped: AtomicU64,
    /// Info commands answered that are deprecated.
    pub info_deprecated: AtomicU64,
    /// Info requests answered.
    pub info_complete: AtomicU64,
    /// Frames that could not be parsed.
    pub demarshal_error: AtomicU64,
}

/// Counts of batches.
#[derive(Debug, Default)]
pub struct BatchCounts {
    /// Batches received.
    pub initiate: AtomicU64,
    /// Batches that ran.
    pub complete: AtomicU64,
    /// Batches refused as malformed or too large.
    pub error: AtomicU64,
}

impl ConnectionCounts {
    /// The counts of a port.
    pub fn of(&self, port: Port) -> &PortCounts {
        match port {
            Port::Service => &self.service,
            Port::Admin => &self.admin,
        }
    }
}

impl Server {
    /// A server of one node with empty namespaces that serves no socket yet.
    ///
    /// # Errors
    /// [`StartError::Security`].
    pub fn new(config: Config, address: SocketAddr) -> Result<Server, StartError> {
        let tls_port = config.tls_port;
        Server::with_nodes(config, &[(address, tls_port)])
    }

    /// A server of nodes that are to listen on these addresses and TLS ports, the first at least.
    fn with_nodes(config: Config, places: &[(SocketAddr, u16)]) -> Result<Server, StartError> {
        let clock = Arc::new(Clock::new());
        let security = config.security.as_ref().map(|config| Security::new(config, &clock)).transpose()?;
        let store = Store::new(&config, &clock);
        let cluster = Arc::new(Cluster::new(&config, store.namespaces()));
        cluster.found(&config, places);
        // From here on the configuration says what was chosen where it left a choice.
        let (port, tls_port) =
            places.first().map_or((0, 0), |(address, tls_port)| (address.port(), *tls_port));
        let config = Config {
            port,
            tls_port,
            node_id: cluster.node(0).map(|node| node.id),
            service_threads: worker::thread_count(&config),
            ..config
        };
        Ok(Server {
            store,
            cluster,
            security,
            admin_address: admin_address(&config),
            clock: clock.clone(),
            control: Control::new(config.seed),
            settings: Settings::new(&config),
            batches: BatchCounts::default(),
            log_levels: Mutex::default(),
            udfs: Udfs::new(config.lua_unsafe, config.seed, clock.clone()),
            compute: Compute::new(std::thread::available_parallelism().map_or(2, usize::from)),
            config,
        })
    }

    /// Whether the server answers as Community Edition.
    pub fn is_community(&self) -> bool {
        self.config.edition == Edition::Community
    }
}

/// Where a node listens: its address, and its port for TLS or 0.
fn place_of(listeners: &Listeners) -> io::Result<(SocketAddr, u16)> {
    let tls_port =
        listeners.tls.as_ref().map(|tls| tls.local_addr()).transpose()?.map_or(0, |tls| tls.port());
    Ok((listeners.clear.local_addr()?, tls_port))
}

/// Where the port for administration is to listen, if there is to be one.
fn admin_address(config: &Config) -> Option<SocketAddr> {
    let host = config.admin_address.as_ref().and_then(|host| host.parse().ok()).unwrap_or(config.bind);
    (config.admin_port != 0).then(|| SocketAddr::new(host, config.admin_port))
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// A thread or its event loop could not be started.
    #[error("cannot start a service thread: {0}")]
    Thread(io::Error),
    /// The TLS port cannot be opened.
    #[error("TLS: {0}")]
    Tls(#[from] tls::TlsError),
    /// Users or roles are not possible.
    #[error("security: {0}")]
    Security(#[from] security::SetupError),
    /// So many nodes are not possible.
    #[error("a cluster has 1 to {MAX_NODES} nodes, not {0}")]
    Nodes(u32),
    /// A part was asked of an edition that does not have it.
    #[error("'{0}' is enterprise-only")]
    Edition(&'static str),
}

/// A running server; dropping it stops it.
#[derive(Debug)]
pub struct Running {
    server: Arc<Server>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    housekeeper: Option<JoinHandle<()>>,
    stopped: Arc<AtomicBool>,
}

impl Running {
    /// Binds the port and starts the threads; connections are accepted when this returns.
    ///
    /// # Errors
    /// As [`StartError`] tells.
    pub fn start(config: Config) -> Result<Running, StartError> {
        let enterprise = [
            (config.security.is_some(), "security"),
            (config.has_tls(), "tls"),
            (config.namespaces.iter().any(|ns| ns.strong_consistency), "strong-consistency"),
        ];
        if let Some((_, part)) = enterprise.iter().find(|(asked, _)| *asked)
            && config.edition == Edition::Community
        {
            return Err(StartError::Edition(part));
        }
        if !(1..=MAX_NODES as u32).contains(&config.nodes) {
            return Err(StartError::Nodes(config.nodes));
        }
        let tls = tls::server_config(&config)?;
        let mut listeners = Vec::new();
        let mut places = Vec::new();
        for number in 0..config.nodes as u16 {
            // The nodes' ports follow each other.
            let following = |port: u16| if port == 0 { 0 } else { port.wrapping_add(number) };
            let wanted = SocketAddr::new(config.bind, following(config.port));
            let tls_port = tls.is_some().then(|| following(config.tls_port));
            let fail = |(address, source)| StartError::Listen { address, source };
            let (opened, place) = worker::listen_all(wanted, tls_port)
                .and_then(|opened| {
                    let place = place_of(&opened).map_err(|error| (wanted, error))?;
                    Ok((opened, place))
                })
                .map_err(fail)?;
            places.push(place);
            listeners.push(opened);
        }
        let admin = match admin_address(&config) {
            Some(address) => {
                let listen = |source| StartError::Listen { address, source };
                Some(worker::listen(address).map_err(listen)?)
            }
            None => None,
        };
        let server = Arc::new(Server::with_nodes(config, &places)?);
        let (stop, stopping) = watch::channel(false);
        let (threads, doors) = worker::spawn_all(&server, tls, &stopping).map_err(StartError::Thread)?;
        let nodes = server.cluster.nodes();
        for (node, listeners) in nodes.iter().zip(listeners) {
            doors.open(node, listeners);
        }
        if let (Some(node), Some(admin)) = (nodes.first(), admin) {
            doors.open_admin(node, admin);
        }
        server.cluster.attach(Box::new(doors));
        let stopped = Arc::new(AtomicBool::new(false));
        let housekeeper = {
            let (server, stopped) = (server.clone(), stopped.clone());
            let thread = std::thread::Builder::new().name("housekeeper".into());
            thread.spawn(move || crate::housekeeping::run(&server, &stopped)).map_err(StartError::Thread)?
        };
        let address = places.first().map_or(SocketAddr::new(server.config.bind, 0), |(address, _)| *address);
        Ok(Running { server, address, stop, threads, housekeeper: Some(housekeeper), stopped })
    }

    /// The address that the server's first node listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the server's threads share.
    pub fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// Stops accepting, lets requests under way finish, closes all connections, ends all threads.
    pub fn stop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        self.server.cluster.close();
        self.server.control.log.close();
        self.server.cluster.nodes().iter().for_each(|node| node.jobs.close());
        let _ = self.stop.send(true);
        if let Some(housekeeper) = self.housekeeper.take() {
            housekeeper.thread().unpark();
            let _ = housekeeper.join();
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        self.server.udfs.cancel();
        self.server.compute.close();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}
