//! Service threads: one event loop each, connections kept for life.

use super::{DRAIN, Door, MAX_ADMIN_CONNECTIONS, Port, Server, connection};
use crate::config::Config;
use crate::control::fault::Verdict;
use crate::control::{Kind, Subject};
use socket2::{Domain, Protocol, Socket, Type};
use std::cell::Cell;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// How many service threads a configuration asks for.
pub fn thread_count(config: &Config) -> u32 {
    match config.service_threads {
        0 => std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4) as u32),
        count => count,
    }
}

/// A service thread as the acceptor sees it.
struct Worker {
    sockets: mpsc::UnboundedSender<(Door, TcpStream)>,
    connections: Arc<AtomicUsize>,
}

/// Starts the service threads; the first one accepts for all.
pub fn spawn_all(
    server: &Arc<Server>,
    listeners: Vec<(Door, TcpListener)>,
    stopping: &watch::Receiver<bool>,
) -> io::Result<Vec<JoinHandle<()>>> {
    let count = server.config.service_threads as usize;
    let (workers, inboxes): (Vec<_>, Vec<_>) = (0..count)
        .map(|_| {
            let (sockets, inbox) = mpsc::unbounded_channel();
            let connections = Arc::new(AtomicUsize::new(0));
            (Worker { sockets, connections: connections.clone() }, (inbox, connections))
        })
        .unzip();
    let mut acceptor = Some((listeners, Arc::<[Worker]>::from(workers)));
    let mut threads = Vec::with_capacity(count);
    for (index, (inbox, connections)) in inboxes.into_iter().enumerate() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(64)
            .thread_keep_alive(Duration::from_secs(2))
            .build()?;
        let (server, stopping) = (server.clone(), stopping.clone());
        let acceptor = acceptor.take();
        threads.push(std::thread::Builder::new().name(format!("service-{index}")).spawn(move || {
            let tasks = LocalSet::new();
            runtime.block_on(tasks.run_until(async move {
                if let Some((listeners, workers)) = acceptor {
                    for (door, listener) in listeners {
                        let accepting =
                            accept(server.clone(), door, listener, workers.clone(), stopping.clone());
                        tokio::task::spawn_local(accepting);
                    }
                }
                serve(server, inbox, connections, stopping).await;
            }));
        })?);
    }
    Ok(threads)
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
        if server.control.is_watching() && refuses(&server) {
            // Closed with a reset, which is what a refusal looks like to a client that has not sent anything yet.
            let _ = socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO));
            continue;
        }
        let port = door.port;
        let counts = server.connections.of(port);
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
            worker.sockets.send((door.clone(), socket)).is_ok()
        });
        if !sent {
            counts.closed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Whether a fault refuses a connection.
fn refuses(server: &Server) -> bool {
    let node = server.node.name();
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
    mut inbox: mpsc::UnboundedReceiver<(Door, TcpStream)>,
    connections: Arc<AtomicUsize>,
    mut stopping: watch::Receiver<bool>,
) {
    // Requests that outlive one turn of the event loop; a stop waits for them.
    let busy = Rc::new(Cell::new(0usize));
    loop {
        let socket = tokio::select! {
            socket = inbox.recv() => socket,
            _ = stopping.changed() => break,
        };
        let Some((door, socket)) = socket else { break };
        let (server, connections, busy) = (server.clone(), connections.clone(), busy.clone());
        tokio::task::spawn_local(async move {
            connection::serve(&server, &door, socket, &busy).await;
            server.connections.of(door.port).closed.fetch_add(1, Ordering::Relaxed);
            connections.fetch_sub(1, Ordering::Relaxed);
        });
    }
    let deadline = Instant::now() + DRAIN;
    let is_busy = || busy.get() > 0 || server.compute.is_busy();
    while is_busy() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    if is_busy() {
        server.jobs.abort_all();
        server.udfs.cancel();
    }
}
