//! One node: its address, its racks, and how many connections it may have.

use crate::error::ErrorKind;
use crate::transport::blocking::Connection;
use crate::transport::stream::Encryption;
use parking_lot::{Condvar, Mutex};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many connections a node may have and how long unused ones live (python-api §2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolLimits {
    /// Most connections at a time, those in use included.
    pub max: usize,
    /// Unused connections that trimming leaves open.
    pub min: usize,
    /// Unused connections are closed after this time.
    pub idle: Duration,
}

/// A server of the cluster.
#[derive(Debug)]
pub struct Node {
    name: String,
    address: Arc<str>,
    socket: SocketAddr,
    encryption: Option<Encryption>,
    limits: PoolLimits,
    /// Connections open or being opened, by any transport.
    open: AtomicUsize,
    idle: Mutex<Vec<Connection>>,
    /// Signalled when a connection comes back or its place comes free, if somebody waits.
    freed: Condvar,
    waiting: AtomicUsize,
    active: AtomicBool,
    racks: Mutex<Vec<(String, u32)>>,
}

impl Node {
    pub(super) fn new(
        name: String,
        socket: SocketAddr,
        encryption: Option<Encryption>,
        limits: PoolLimits,
    ) -> Arc<Node> {
        Arc::new(Node {
            name,
            address: socket.to_string().into(),
            socket,
            encryption,
            limits,
            open: AtomicUsize::new(0),
            idle: Mutex::default(),
            freed: Condvar::new(),
            waiting: AtomicUsize::new(0),
            active: AtomicBool::new(true),
            racks: Mutex::default(),
        })
    }

    #[cfg(test)]
    pub(crate) fn for_test(name: &str) -> Arc<Node> {
        let limits = PoolLimits { max: 2, min: 0, idle: Duration::from_secs(30) };
        Node::new(name.into(), ([127, 0, 0, 1], 1).into(), None, limits)
    }

    /// Node id.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `host:port`, for messages.
    pub fn address(&self) -> &Arc<str> {
        &self.address
    }

    /// Where to connect.
    pub fn socket(&self) -> SocketAddr {
        self.socket
    }

    /// How its connections are encrypted, if they are.
    pub fn encryption(&self) -> Option<&Encryption> {
        self.encryption.as_ref()
    }

    /// The pool's limits.
    pub fn limits(&self) -> PoolLimits {
        self.limits
    }

    /// Whether the node is still part of the cluster.
    pub fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }

    /// Connections open or being opened.
    pub fn open_connections(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    pub(super) fn retire(&self) {
        self.active.store(false, Ordering::Relaxed);
        self.drop_idle();
    }

    /// Closes all unused connections.
    pub(super) fn drop_idle(&self) {
        // Closed outside the lock: each gives its place back.
        let closed = std::mem::take(&mut *self.idle.lock());
        drop(closed);
    }

    /// Closes connections that were not used for the idle time, the oldest first, down to the minimum.
    pub(super) fn trim_idle(&self, now: Instant) {
        let mut idle = self.idle.lock();
        let spare = idle.len().saturating_sub(self.limits.min);
        let old = idle
            .iter()
            .take(spare)
            .take_while(|connection| connection.idle_since() + self.limits.idle < now)
            .count();
        let closed: Vec<Connection> = idle.drain(..old).collect();
        drop(idle);
        drop(closed);
    }

    /// How many connections are missing to the minimum.
    pub(crate) fn lacking(&self) -> usize {
        self.limits.min.min(self.limits.max).saturating_sub(self.open_connections())
    }

    /// The rack that the node is in, per namespace.
    pub fn rack(&self, namespace: &str) -> Option<u32> {
        self.racks.lock().iter().find(|(name, _)| name == namespace).map(|(_, rack)| *rack)
    }

    pub(super) fn set_racks(&self, racks: Vec<(String, u32)>) {
        *self.racks.lock() = racks;
    }

    /// Takes a place for a new connection, if there is one.
    pub fn reserve(self: &Arc<Node>) -> Option<Permit> {
        let below = |open| (open < self.limits.max).then_some(open + 1);
        self.open.fetch_update(Ordering::AcqRel, Ordering::Relaxed, below).ok()?;
        Some(Permit(self.clone()))
    }

    /// An unused connection, or a place for a new one; waits for either until the deadline.
    ///
    /// # Errors
    /// No more connections, when the deadline passes.
    pub(crate) fn take(
        self: &Arc<Node>,
        deadline: Option<Instant>,
    ) -> Result<Result<Connection, Permit>, ErrorKind> {
        loop {
            let taken = self.idle.lock().pop();
            if let Some(mut connection) = taken {
                if connection.is_usable(self.limits.idle) {
                    return Ok(Ok(connection));
                }
                continue;
            }
            if let Some(permit) = self.reserve() {
                return Ok(Err(permit));
            }
            self.wait(deadline)?;
        }
    }

    fn wait(&self, deadline: Option<Instant>) -> Result<(), ErrorKind> {
        let mut idle = self.idle.lock();
        self.waiting.fetch_add(1, Ordering::SeqCst);
        // Looked at again now that those who free something see that somebody waits.
        let mut timed_out = false;
        if idle.is_empty() && self.open.load(Ordering::SeqCst) >= self.limits.max {
            timed_out = match deadline {
                Some(deadline) => self.freed.wait_until(&mut idle, deadline).timed_out(),
                None => {
                    self.freed.wait(&mut idle);
                    false
                }
            };
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        if timed_out && idle.is_empty() {
            return Err(ErrorKind::NoMoreConnections { node: self.address.clone(), limit: self.limits.max });
        }
        Ok(())
    }

    /// Puts a healthy connection back.
    pub(crate) fn give_back(&self, connection: Connection) {
        if !self.is_active() {
            return;
        }
        self.idle.lock().push(connection);
        self.wake_one();
    }

    fn wake_one(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            // The lock orders this after the waiter's last look.
            let _idle = self.idle.lock();
            self.freed.notify_one();
        }
    }
}

/// The right to have one connection open; given back when dropped.
#[derive(Debug)]
pub struct Permit(Arc<Node>);

impl Permit {
    /// The node it is good for.
    pub fn node(&self) -> &Arc<Node> {
        &self.0
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
        self.0.wake_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_and_come_back() {
        let node = Node::for_test("A");
        let first = node.reserve().unwrap();
        let second = node.reserve().unwrap();
        assert!(node.reserve().is_none());
        let soon = Some(Instant::now() + Duration::from_millis(20));
        assert!(matches!(node.take(soon), Err(ErrorKind::NoMoreConnections { limit: 2, .. })));
        drop(first);
        assert!(matches!(node.take(soon), Ok(Err(_))));
        drop(second);
        assert_eq!(node.open_connections(), 0);
    }

    #[test]
    fn a_waiting_thread_gets_the_place() {
        let node = Node::for_test("A");
        let permits = [node.reserve().unwrap(), node.reserve().unwrap()];
        let waiter = std::thread::spawn({
            let node = node.clone();
            move || node.take(Some(Instant::now() + Duration::from_secs(10))).is_ok()
        });
        std::thread::sleep(Duration::from_millis(30));
        drop(permits);
        assert!(waiter.join().unwrap());
    }
}
