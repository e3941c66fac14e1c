//! A node, and what it believes about its cluster.

use super::formation::{Formation, Ownership};
use crate::command::query::jobs::Jobs;
use crate::server::ConnectionCounts;
use crate::store::Namespace;
use aerospike_wire::bits::{info1, info2, info3};
use aerospike_wire::{Header, ResultCode};
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// Stands for a node that does not answer at all.
const HANGS: u32 = u32::MAX;
/// Stands for the rack that the namespace's settings name.
const RACK_OF_NAMESPACE: u32 = u32::MAX;

/// How long a stop waits for threads that are busy with a request.
const CLOSING: Duration = Duration::from_secs(1);

/// One node of the cluster.
#[derive(Debug)]
pub struct Node {
    /// The node's id.
    pub id: u64,
    /// The node's number: its place in the cluster's list.
    pub index: u16,
    /// Where the node listens.
    pub address: SocketAddr,
    /// Where it listens for TLS, at the same address; 0 = nowhere.
    pub tls_port: u16,
    /// Seeds of the heartbeat mesh as `host:port`; clients can add some and take them away again.
    pub seeds: Mutex<Vec<String>>,
    /// Whether the node has been asked to hand its partitions over at the next rebalance.
    pub pending_quiesce: AtomicBool,
    /// What connections to the node have been counted.
    pub connections: ConnectionCounts,
    /// Base64 user agents of open connections, by connection id.
    pub user_agents: Mutex<HashMap<u64, String>>,
    /// Long queries, under way or ended.
    pub jobs: Jobs,
    /// Commands that the node has passed on to the owners of their records, by namespace.
    proxied: Vec<Proxied>,
    rack: AtomicU32,
    started: Mutex<Instant>,
    view: RwLock<Arc<View>>,
    /// Whether requests have to be looked at: there are other nodes, or something is not served.
    is_particular: AtomicBool,
    /// Milliseconds before each answer; or [`HANGS`].
    hold: AtomicU32,
    released: Notify,
    /// Whether the node's ports are open.
    open: AtomicBool,
    /// What accepts for the node and what serves its connections.
    tasks: Mutex<HashMap<u64, AbortHandle>>,
}

/// Commands passed on, in one namespace.
#[derive(Debug, Default)]
struct Proxied {
    single: AtomicU64,
    rows: AtomicU64,
}

/// Whether a node answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hold {
    /// At once.
    Free,
    /// After a while.
    Slow(Duration),
    /// Not until somebody lets it go on.
    Hangs,
}

/// What a node believes. It never changes: a node that learns something gets another one.
#[derive(Clone, Debug)]
pub struct View {
    /// The cluster; `None` as long as the node is an orphan.
    pub formation: Option<Arc<Formation>>,
    /// Whether the cluster is as it should be, as far as heartbeats tell.
    pub is_whole: bool,
    /// Changes whenever the set of peers or their addresses do.
    pub peers_generation: u64,
    /// Changes whenever the ownership of a partition may have; -1 as long as the node owns nothing.
    pub partition_generation: i64,
    /// How often the node has taken part in a rebalance.
    pub rebalance_generation: u64,
    /// Other nodes, those that have left included.
    pub peers: Vec<Peer>,
}

/// Another node, as a node knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer {
    /// Its number.
    pub index: u16,
    /// Which of its lives: it is another process after a restart.
    pub life: u32,
    /// Whether it is there.
    pub state: PeerState,
    /// The peers generation in which the entry changed last.
    pub changed: u64,
}

/// Whether a peer is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PeerState {
    /// It is, but its addresses are not known yet.
    Arriving,
    /// It is.
    Listed,
    /// It was.
    Departed,
}

impl Default for View {
    /// That of a node that has just started: an orphan.
    fn default() -> View {
        View {
            formation: None,
            is_whole: false,
            peers_generation: 0,
            partition_generation: -1,
            rebalance_generation: 0,
            peers: Vec::new(),
        }
    }
}

impl View {
    /// How many nodes the cluster has; 0 = the node is in none.
    pub fn size(&self) -> usize {
        self.formation.as_ref().map_or(0, |formation| formation.members.len())
    }

    /// The cluster's key; 0 = the node is in none.
    pub fn key(&self) -> u64 {
        self.formation.as_ref().map_or(0, |formation| formation.key)
    }

    /// The principal's id; 0 = the node is in no cluster.
    pub fn principal(&self) -> u64 {
        self.formation.as_ref().and_then(|formation| formation.members.first()).copied().unwrap_or(0)
    }

    /// Whether the node owns partitions and the cluster works as it should.
    pub fn is_member(&self) -> bool {
        self.formation.is_some() && self.is_whole
    }

    /// The owners of a namespace's partitions, as far as the node takes part in it.
    pub fn ownership(&self, namespace: &str) -> Option<&Ownership> {
        if self.partition_generation < 0 {
            return None;
        }
        Some(self.formation.as_ref()?.of(namespace)?.1)
    }

    /// The peers that are there with known addresses.
    pub fn listed(&self) -> impl Iterator<Item = &Peer> {
        self.peers.iter().filter(|peer| peer.state == PeerState::Listed)
    }
}

impl Node {
    /// A node that is in no cluster yet, its ports closed.
    pub fn new(id: u64, index: u16, address: SocketAddr, tls_port: u16, namespaces: usize) -> Node {
        Node {
            id,
            index,
            address,
            tls_port,
            seeds: Mutex::default(),
            pending_quiesce: AtomicBool::new(false),
            connections: ConnectionCounts::default(),
            user_agents: Mutex::default(),
            jobs: Jobs::default(),
            proxied: (0..namespaces).map(|_| Proxied::default()).collect(),
            rack: AtomicU32::new(RACK_OF_NAMESPACE),
            started: Mutex::new(Instant::now()),
            view: RwLock::default(),
            is_particular: AtomicBool::new(true),
            hold: AtomicU32::new(0),
            released: Notify::new(),
            open: AtomicBool::new(true),
            tasks: Mutex::default(),
        }
    }

    /// The id that the vendor's default looks like: the port in front of a hardware address, here a made-up one.
    pub fn default_id(port: u16) -> u64 {
        (port as u64) << 48 | 0xae00_0000_0001
    }

    /// The id as clients see it: upper-case hex without leading zeros.
    pub fn name(&self) -> String {
        format!("{:X}", self.id)
    }

    /// What the node believes now.
    pub fn view(&self) -> Arc<View> {
        self.view.read().clone()
    }

    /// Gives the node another view.
    pub(super) fn publish(&self, view: View) {
        let is_particular = view.size() != 1
            || view.partition_generation < 0
            || view.formation.as_ref().is_some_and(|formation| formation.has_gaps());
        let mut place = self.view.write();
        *place = Arc::new(view);
        self.is_particular.store(is_particular, Ordering::Relaxed);
    }

    /// The rack of the node in a namespace.
    pub fn rack(&self, namespace: &Namespace) -> u32 {
        match self.rack.load(Ordering::Relaxed) {
            RACK_OF_NAMESPACE => namespace.settings.rack_id.load(Ordering::Relaxed),
            rack => rack,
        }
    }

    /// Puts the node in a rack, whatever the namespaces' settings name.
    pub(super) fn set_rack(&self, rack: u32) {
        self.rack.store(rack, Ordering::Relaxed);
    }

    /// How long the node's present life has lasted.
    pub fn uptime(&self) -> Duration {
        self.started.lock().elapsed()
    }

    // ---------------------------------------------------------------- requests

    /// Whether the node has to look at requests before it runs them. A node that is a cluster of its own has not.
    pub fn is_particular(&self) -> bool {
        self.is_particular.load(Ordering::Relaxed)
    }

    /// Whether the node takes a command on one record. What belongs to another node is passed on to it: with one
    /// store, that is counted and needs nothing else.
    ///
    /// # Errors
    /// [`ResultCode::UNAVAILABLE`] when the node is in no cluster, or nobody serves the partition.
    #[inline(never)] // a node that is a cluster of its own never comes here
    pub fn admit(
        &self,
        namespace: &Namespace,
        partition: usize,
        header: &Header,
        is_row: bool,
    ) -> Result<(), ResultCode> {
        let view = self.view();
        let formation = view.formation.as_ref().filter(|_| view.partition_generation >= 0);
        let (at, ownership) =
            formation.and_then(|formation| formation.of(namespace.name())).ok_or(ResultCode::UNAVAILABLE)?;
        if !ownership.condition.serves(partition) && !reads_unavailable(header) {
            return Err(ResultCode::UNAVAILABLE);
        }
        if ownership.replica(self.index, partition).is_none()
            && let Some(proxied) = self.proxied.get(at)
        {
            let count = if is_row { &proxied.rows } else { &proxied.single };
            count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether the node answers a query for a partition: as its master or a replica, if it is served.
    pub fn serves(&self, namespace: &Namespace, partition: usize) -> bool {
        self.view().ownership(namespace.name()).is_some_and(|owned| owned.serves(self.index, partition))
    }

    /// Commands on single records, and rows of batches, that were passed on in the namespace of a number.
    pub fn proxied(&self, namespace: usize) -> (u64, u64) {
        self.proxied.get(namespace).map_or((0, 0), |proxied| {
            (proxied.single.load(Ordering::Relaxed), proxied.rows.load(Ordering::Relaxed))
        })
    }

    // ---------------------------------------------------------------- ports and connections

    /// Whether the node answers.
    pub fn hold(&self) -> Hold {
        match self.hold.load(Ordering::Acquire) {
            0 => Hold::Free,
            HANGS => Hold::Hangs,
            milliseconds => Hold::Slow(Duration::from_millis(milliseconds as u64)),
        }
    }

    /// Whether the node answers at once.
    pub fn is_prompt(&self) -> bool {
        self.hold.load(Ordering::Relaxed) == 0
    }

    pub(super) fn set_hold(&self, hold: Hold) {
        let value = match hold {
            Hold::Free => 0,
            Hold::Hangs => HANGS,
            Hold::Slow(delay) => delay.as_millis().min(HANGS as u128 - 1) as u32,
        };
        self.hold.store(value, Ordering::Release);
        self.released.notify_waiters();
    }

    /// Waits as long as the node is slow or hangs.
    pub async fn wait_until_prompt(&self) {
        loop {
            let released = self.released.notified();
            tokio::pin!(released);
            released.as_mut().enable();
            match self.hold() {
                Hold::Free => return,
                Hold::Slow(delay) => return tokio::time::sleep(delay).await,
                Hold::Hangs => released.await,
            }
        }
    }

    /// Waits as long as the node hangs.
    pub async fn wait_while_hanging(&self) {
        loop {
            let released = self.released.notified();
            tokio::pin!(released);
            released.as_mut().enable();
            match self.hold() {
                Hold::Hangs => released.await,
                _ => return,
            }
        }
    }

    /// Whether the node's ports are open.
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Enters a task that ends when the node stops. Returns `false`, and ends it, if the node has stopped already.
    pub fn enter(&self, number: u64, task: AbortHandle) -> bool {
        let mut tasks = self.tasks.lock();
        if !self.is_open() {
            task.abort();
            return false;
        }
        tasks.insert(number, task);
        true
    }

    /// Forgets a task that has ended.
    pub fn leave(&self, number: u64) {
        self.tasks.lock().remove(&number);
    }

    /// Closes the node's ports and connections; waits until the threads that serve them have done so. Then it ends its
    /// jobs, none of which can tell its client of that any more: a node that goes away says nothing.
    pub(super) fn close(&self) {
        {
            let tasks = self.tasks.lock();
            self.open.store(false, Ordering::Release);
            tasks.values().for_each(AbortHandle::abort);
        }
        self.set_hold(Hold::Free);
        let deadline = Instant::now() + CLOSING;
        while !self.tasks.lock().is_empty() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.jobs.abort_all();
    }

    /// Begins another life: the node knows nobody, and its ports may open.
    pub(super) fn revive(&self) {
        *self.started.lock() = Instant::now();
        self.jobs.forget();
        self.pending_quiesce.store(false, Ordering::Relaxed);
        self.publish(View::default());
        self.open.store(true, Ordering::Release);
    }
}

/// Whether a command reads and takes what is not up to date or not certain (transactions §19).
fn reads_unavailable(header: &Header) -> bool {
    let mode = info3::SC_READ_TYPE | info3::SC_READ_RELAX;
    header.info1 & info1::READ != 0 && header.info2 & info2::WRITE == 0 && header.info3 & mode == mode
}

#[cfg(test)]
mod tests {
    use super::Node;
    use crate::command::query::jobs::{JobKind, JobSpec};
    use std::time::Duration;

    /// Else a client might be told that its query was aborted, instead of seeing the end of the connection.
    #[test]
    fn connections_end_before_the_jobs_that_feed_them() {
        let node = Node::new(0xa1, 0, "127.0.0.1:3000".parse().unwrap(), 0, 1);
        let spec = JobSpec {
            id: 0,
            kind: JobKind::Basic { partitions: 1, cursors: 0 },
            namespace: "test",
            set: b"",
            index: None,
            records_per_second: 0,
            socket_timeout: 0,
            client: "127.0.0.1:40000".parse().unwrap(),
            max_active: 1,
            max_done: 1,
        };
        let job = node.jobs.start(spec).unwrap();
        // A connection whose thread has other things to do at the moment.
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert!(node.enter(1, runtime.spawn(std::future::pending::<()>()).abort_handle()));
        std::thread::scope(|scope| {
            let closing = scope.spawn(|| node.close());
            std::thread::sleep(Duration::from_millis(30));
            assert!(!closing.is_finished() && !job.is_aborted());
            node.leave(1);
            closing.join().unwrap();
        });
        assert!(job.is_aborted() && !node.is_open());
    }
}
