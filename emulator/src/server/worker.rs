//! Service threads: one event loop each, connections kept for life.

use super::{DRAIN, Door, MAX_ADMIN_CONNECTIONS, Port, Server, connection};
use crate::cluster::{Doors, Listeners, Node};
use crate::config::Config;
use crate::control::fault::Verdict;
use crate::control::{Kind, Subject};
use socket2::{Domain, Protocol, Socket, Type};
use std::cell::Cell;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;
use tokio::time::Instant;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 4096;

/// Opens the listening socket.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restarted server must get its port back while old connections linger.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Opens the listening sockets of a node.
///
/// # Errors
/// The system's, with the address.
pub fn listen_all(address: SocketAddr, tls_port: Option<u16>) -> Result<Listeners, (SocketAddr, io::Error)> {
    let open = |address| listen(address).map_err(|error| (address, error));
    let clear = open(address)?;
    let tls = tls_port.map(|port| open(SocketAddr::new(address.ip(), port))).transpose()?;
    Ok(Listeners { clear, tls })
}

/// How many service threads a configuration asks for: when it leaves that open, one for every two cores, four at most.
///
/// The other half is for the clients, which run on the same machine wherever this server is used: a service thread more
/// takes a core from them, and a wake-up that finds fewer requests costs each of these more.
pub fn thread_count(config: &Config) -> u32 {
    match config.service_threads {
        0 => std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).clamp(1, 4) as u32),
        count => count,
    }
}

/// A service thread as others see it.
#[derive(Debug)]
struct Worker {
    inbox: mpsc::UnboundedSender<Inbound>,
    connections: Arc<AtomicUsize>,
}

/// What a service thread is given to do.
enum Inbound {
    /// A connection to be served.
    Connection(Door, TcpStream),
    /// A socket to accept connections from, for all threads.
    Listener(Door, TcpListener, Arc<[Worker]>),
}

/// The service threads, as the cluster opens ports on them.
#[derive(Debug)]
pub struct ServiceThreads {
    workers: Arc<[Worker]>,
    tls: Option<Arc<rustls::ServerConfig>>,
}

impl ServiceThreads {
    /// Accepts connections for administration from now on.
    pub fn open_admin(&self, node: &Arc<Node>, listener: TcpListener) {
        self.accept(Door { node: node.clone(), port: Port::Admin, tls: None }, listener);
    }

    /// The first thread accepts for all.
    fn accept(&self, door: Door, listener: TcpListener) {
        if let Some(first) = self.workers.first() {
            // A thread that has ended belongs to a server that has stopped.
            let _ = first.inbox.send(Inbound::Listener(door, listener, self.workers.clone()));
        }
    }
}

impl Doors for ServiceThreads {
    fn listen(
        &self,
        address: SocketAddr,
        tls_port: Option<u16>,
    ) -> Result<Listeners, (SocketAddr, io::Error)> {
        listen_all(address, tls_port)
    }

    fn open(&self, node: &Arc<Node>, listeners: Listeners) {
        let door = Door { node: node.clone(), port: Port::Service, tls: None };
        if let Some(tls) = listeners.tls {
            self.accept(Door { tls: self.tls.clone(), ..door.clone() }, tls);
        }
        self.accept(door, listeners.clear);
    }
}

/// Starts the service threads.
pub fn spawn_all(
    server: &Arc<Server>,
    tls: Option<Arc<rustls::ServerConfig>>,
    stopping: &watch::Receiver<bool>,
) -> io::Result<(Vec<JoinHandle<()>>, ServiceThreads)> {
    let count = server.config.service_threads as usize;
    let (workers, inboxes): (Vec<_>, Vec<_>) = (0..count)
        .map(|_| {
            let (sender, inbox) = mpsc::unbounded_channel();
            let connections = Arc::new(AtomicUsize::new(0));
            (Worker { inbox: sender, connections: connections.clone() }, (inbox, connections))
        })
        .unzip();
    let mut threads = Vec::with_capacity(count);
    for (index, (inbox, connections)) in inboxes.into_iter().enumerate() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(64)
            .thread_keep_alive(Duration::from_secs(2))
            .build()?;
        let (server, stopping) = (server.clone(), stopping.clone());
        threads.push(std::thread::Builder::new().name(format!("service-{index}")).spawn(move || {
            let tasks = LocalSet::new();
            runtime.block_on(tasks.run_until(serve(server, inbox, connections, stopping)));
        })?);
    }
    Ok((threads, ServiceThreads { workers: workers.into(), tls }))
}

/// Accepts connections and hands each to the thread that has the fewest.
async fn accept(
    server: Arc<Server>,
    door: Door,
    listener: TcpListener,
    workers: Arc<[Worker]>,
    mut stopping: watch::Receiver<bool>,
) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "cannot watch the listening socket"),
    };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.changed() => return,
        };
        let socket = match accepted.and_then(|(socket, _)| socket.into_std()) {
            Ok(socket) => socket,
            Err(error) => {
                // Out of descriptors, most likely: wait for some to be closed.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        if server.control.is_watching() && refuses(&server, &door) {
            // Closed with a reset, which is what a refusal looks like to a client that has not sent anything yet.
            let _ = socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO));
            continue;
        }
        let port = door.port;
        let counts = door.node.connections.of(port);
        let most = match port {
            Port::Service => server.settings.proto_fd_max.load(Ordering::Relaxed) as u64,
            Port::Admin => MAX_ADMIN_CONNECTIONS,
        };
        if counts.open() >= most {
            tracing::warn!(?port, most, "connection refused: there are as many as there may be");
            continue;
        }
        counts.opened.fetch_add(1, Ordering::Relaxed);
        let least = workers.iter().min_by_key(|worker| worker.connections.load(Ordering::Relaxed));
        let sent = least.is_some_and(|worker| {
            worker.connections.fetch_add(1, Ordering::Relaxed);
            worker.inbox.send(Inbound::Connection(door.clone(), socket)).is_ok()
        });
        if !sent {
            counts.closed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Whether a fault refuses a connection.
fn refuses(server: &Server, door: &Door) -> bool {
    let node = door.node.name();
    let subject = Subject {
        kind: Kind::Connect,
        writes: false,
        in_batch: false,
        namespace: &[],
        set: &[],
        digest: None,
        user: &[],
        node: &node,
    };
    let mut verdict = Verdict::default();
    server.control.faults.judge(&subject, None, &mut verdict);
    verdict.refuses
}

/// Serves the connections of one thread until the server stops.
async fn serve(
    server: Arc<Server>,
    mut inbox: mpsc::UnboundedReceiver<Inbound>,
    connections: Arc<AtomicUsize>,
    mut stopping: watch::Receiver<bool>,
) {
    // Requests that outlive one turn of the event loop; a stop waits for them.
    let busy = Rc::new(Cell::new(0usize));
    loop {
        let inbound = tokio::select! {
            inbound = inbox.recv() => inbound,
            _ = stopping.changed() => break,
        };
        match inbound {
            None => break,
            Some(Inbound::Listener(door, listener, workers)) => {
                let stopping = stopping.clone();
                spawn_for(&door, accept(server.clone(), door.clone(), listener, workers, stopping), || {});
            }
            Some(Inbound::Connection(door, socket)) => {
                let (server, busy) = (server.clone(), busy.clone());
                let (node, connections) = (door.node.clone(), connections.clone());
                let port = door.port;
                let closed = move || {
                    node.connections.of(port).closed.fetch_add(1, Ordering::Relaxed);
                    connections.fetch_sub(1, Ordering::Relaxed);
                };
                let serving_door = door.clone();
                let serving = async move { connection::serve(&server, &serving_door, socket, &busy).await };
                spawn_for(&door, serving, closed);
            }
        }
    }
    let deadline = Instant::now() + DRAIN;
    let is_busy = || busy.get() > 0 || server.compute.is_busy();
    while is_busy() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    if is_busy() {
        server.cluster.nodes().iter().for_each(|node| {
            node.jobs.abort_all();
        });
        server.udfs.cancel();
    }
}

/// Runs a task of this thread that ends with its node, unless it is about administration: that port stays open.
fn spawn_for(door: &Door, task: impl Future<Output = ()> + 'static, ended: impl FnOnce() + 'static) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let end = End { node: door.node.clone(), number, ended: Some(ended) };
    let task = tokio::task::spawn_local(async move {
        // Dropped behind the task, whether that has come to its end or is cut off.
        let _end = end;
        task.await;
    });
    if door.port == Port::Service {
        door.node.enter(number, task.abort_handle());
    }
}

/// Does what remains at the end of a task.
struct End<F: FnOnce()> {
    node: Arc<Node>,
    number: u64,
    ended: Option<F>,
}

impl<F: FnOnce()> Drop for End<F> {
    fn drop(&mut self) {
        if let Some(ended) = self.ended.take() {
            ended();
        }
        self.node.leave(self.number);
    }
}
