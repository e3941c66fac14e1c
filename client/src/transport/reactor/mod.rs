//! Many commands at a time on non-blocking sockets, without a thread of their own.
//!
//! A reactor is driven by whoever owns the event loop: its descriptor ([`Reactor::descriptor`]) becomes readable
//! when any of its sockets is ready, and [`Reactor::turn`] then does all the work there is. So one wake-up of the
//! loop serves every command that has an answer waiting, nothing is handed between threads, and no lock is
//! contended. [`Reactor::next_deadline`] tells when to call it even if nothing becomes ready.
//!
//! Each connection carries one command at a time. A connection whose reply was not read to its end is closed,
//! never pooled: a command that nobody waits for any more runs to its end, or to its deadline.

mod rounds;
mod socket;

use self::rounds::Running;
use self::socket::{Phase, Progress, Socket, connected};
use super::blocking::Target;
use super::stream::Stream;
use crate::batch::{BatchRun, Part};
use crate::cluster::Cluster;
use crate::cluster::node::{Node, Permit};
use crate::error::{Error, ErrorKind};
use crate::policy::Replica;
use crate::query::QueryRun;
use crate::reply::{Expect, Inbox};
use crate::retry::{Execution, Step};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use std::collections::VecDeque;
use std::io::ErrorKind as Io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Events taken from the system at once.
const EVENTS: usize = 512;
/// Buffers kept for the next commands.
const SPARE: usize = 512;
/// How often a command that waits for a place looks again, where the places are taken by other reactors.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Somebody who waits for a command.
pub trait Waiter {
    /// Whether nobody waits any more; a command that is not sent yet is then not sent at all.
    fn is_gone(&self) -> bool;
}

/// A command that has ended.
#[derive(Debug)]
pub enum Done<W> {
    /// A complete reply; see [`Execution::error`] for what its result code means.
    Reply {
        /// Who waits.
        waiter: W,
        /// The reply.
        inbox: Inbox,
        /// The run that led to it.
        run: Execution,
    },
    /// A batch whose rows are settled.
    Batch {
        /// Who waits.
        waiter: W,
        /// One reply per part that was answered.
        replies: Vec<Inbox>,
        /// The books, with the rows that no reply answers.
        run: Box<BatchRun>,
    },
    /// A query that has been read to its end, or to its limit.
    Query {
        /// Who waits.
        waiter: W,
        /// One reply per part that was answered.
        replies: Vec<Inbox>,
        /// The books, with how far each partition has been read.
        run: Box<QueryRun>,
    },
    /// No reply.
    Failed {
        /// Who waits.
        waiter: W,
        /// Why.
        error: Error,
    },
}

/// Where a job goes.
enum Route {
    Partition { namespace: Box<str>, partition: usize, replica: Replica },
    Node(Arc<Node>),
}

/// Whose job it is.
enum Owner<W> {
    Waiter(W),
    /// A part of the batch with this number.
    Part(usize, Part),
}

/// One request on its way.
struct Job<W> {
    request: Vec<u8>,
    expect: Expect,
    run: Execution,
    route: Route,
    owner: Owner<W>,
}

/// The sockets to one node.
struct Pool<W> {
    node: Arc<Node>,
    idle: Vec<usize>,
    waiting: VecDeque<Job<W>>,
    /// Sockets of this reactor to the node, idle ones included.
    sockets: usize,
}

/// See the module's text.
pub struct Reactor<W> {
    poll: Poll,
    events: Events,
    sockets: Slab<Socket<W>>,
    pools: Vec<Pool<W>>,
    sleeping: Vec<(Instant, Job<W>)>,
    batches: Slab<Running<W>>,
    done: Vec<Done<W>>,
    /// No deadline lies before this one.
    deadline: Option<Instant>,
    inboxes: Vec<Inbox>,
    requests: Vec<Vec<u8>>,
    closed: bool,
}

impl<W: Waiter> Reactor<W> {
    /// A reactor without sockets.
    ///
    /// # Errors
    /// The system's, if it gives no descriptor.
    pub fn new() -> std::io::Result<Reactor<W>> {
        Ok(Reactor {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
            sockets: Slab::new(),
            pools: Vec::new(),
            sleeping: Vec::new(),
            batches: Slab::new(),
            done: Vec::new(),
            deadline: None,
            inboxes: Vec::new(),
            requests: Vec::new(),
            closed: false,
        })
    }

    /// The descriptor that becomes readable when there is something to do.
    #[cfg(unix)]
    pub fn descriptor(&self) -> std::os::fd::RawFd {
        std::os::fd::AsRawFd::as_raw_fd(&self.poll)
    }

    /// A buffer to encode a request into; it comes back by itself.
    pub fn buffer(&mut self) -> Vec<u8> {
        self.requests.pop().unwrap_or_default()
    }

    /// Gives a reply's buffer back.
    pub fn recycle(&mut self, inbox: Inbox) {
        if self.inboxes.len() < SPARE {
            self.inboxes.push(inbox);
        }
    }

    fn recycle_request(&mut self, request: Vec<u8>) {
        if self.requests.len() < SPARE && request.capacity() <= 64 * 1024 {
            self.requests.push(request);
        }
    }

    /// The commands that have ended since the last look.
    pub fn take_done(&mut self) -> Vec<Done<W>> {
        std::mem::take(&mut self.done)
    }

    /// Whether [`Reactor::take_done`] has anything to give.
    pub fn has_done(&self) -> bool {
        !self.done.is_empty()
    }

    /// When to call [`Reactor::turn`] at the latest; `None` when nothing is under way.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Connections open or being opened by this reactor.
    pub fn connections(&self) -> usize {
        self.sockets.len()
    }

    /// Starts a command on one record. What can be done without waiting is done at once.
    pub fn submit(
        &mut self,
        cluster: &Cluster,
        target: Target<'_>,
        run: Execution,
        request: Vec<u8>,
        expect: Expect,
        waiter: W,
    ) {
        let route = Route::Partition {
            namespace: target.namespace.into(),
            partition: target.partition,
            replica: target.replica,
        };
        self.start(cluster, Job { request, expect, run, route, owner: Owner::Waiter(waiter) });
    }

    /// Starts a command on a certain node. What [`Step`] would try again is tried again on the same node.
    pub fn submit_to(
        &mut self,
        cluster: &Cluster,
        node: &Arc<Node>,
        run: Execution,
        request: Vec<u8>,
        expect: Expect,
        waiter: W,
    ) {
        let route = Route::Node(node.clone());
        self.start(cluster, Job { request, expect, run, route, owner: Owner::Waiter(waiter) });
    }

    /// Opens the connections that each node is to have at least.
    pub fn open_minimum(&mut self, cluster: &Cluster) {
        for node in cluster.view().nodes() {
            for _ in 0..node.lacking() {
                let Some(permit) = node.reserve() else { break };
                self.open(cluster, permit, None);
            }
        }
    }

    /// Does all the work that is ready, and ends what is over its time.
    ///
    /// # Errors
    /// The system's, if its queue of events cannot be read.
    pub fn turn(&mut self, cluster: &Cluster) -> std::io::Result<()> {
        loop {
            match self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
                Ok(()) => {}
                Err(error) if error.kind() == Io::Interrupted => continue,
                Err(error) => return Err(error),
            }
            let ready: Vec<usize> = self.events.iter().map(|event| event.token().0).collect();
            for key in &ready {
                self.ready(cluster, *key);
            }
            if ready.len() < EVENTS {
                break;
            }
        }
        let now = Instant::now();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.expire(cluster, now);
        }
        Ok(())
    }

    /// Ends everything: commands under way fail, sockets are closed.
    pub fn shut_down(&mut self) {
        self.closed = true;
        let jobs: Vec<Job<W>> = self
            .pools
            .iter_mut()
            .flat_map(|pool| pool.waiting.drain(..))
            .chain(self.sleeping.drain(..).map(|(_, job)| job))
            .collect();
        let keys: Vec<usize> = self.sockets.iter().map(|(key, _)| key).collect();
        let open: Vec<Job<W>> = keys.into_iter().filter_map(|key| self.close(key)).collect();
        for job in jobs.into_iter().chain(open) {
            if let Owner::Waiter(waiter) = job.owner {
                self.done.push(Done::Failed { waiter, error: job.run.error(ErrorKind::Closed) });
            }
        }
        for mut running in std::mem::take(&mut self.batches).into_iter().map(|(_, running)| running) {
            self.done.extend(running.give_up(ErrorKind::Closed));
        }
        self.pools.clear();
        self.deadline = None;
    }

    fn note(&mut self, deadline: Option<Instant>) {
        self.deadline = [self.deadline, deadline].into_iter().flatten().min();
    }

    /// First attempt, or the next one.
    fn start(&mut self, cluster: &Cluster, job: Job<W>) {
        let located = match &job.route {
            Route::Node(node) => Ok(node.clone()),
            Route::Partition { namespace, partition, replica } => cluster
                .view()
                .locate(
                    namespace,
                    *partition,
                    *replica,
                    job.run.is_write(),
                    job.run.attempt(),
                    cluster.racks(),
                )
                .cloned(),
        };
        match located {
            Ok(node) if !self.closed => self.start_on(cluster, &node, job),
            Ok(_) => self.attempt_failed(cluster, job, ErrorKind::Closed),
            Err(kind) => self.attempt_failed(cluster, job, kind),
        }
    }

    fn start_on(&mut self, cluster: &Cluster, node: &Arc<Node>, job: Job<W>) {
        let at = self.pool_of(node);
        while let Some(key) = self.pools[at].idle.pop() {
            if self.sockets.get_mut(key).is_some_and(Socket::is_usable) {
                return self.assign(cluster, key, job);
            }
            self.close(key);
        }
        match node.reserve() {
            Some(permit) => self.open(cluster, permit, Some(job)),
            None => {
                self.note(job.run.deadline());
                if self.pools[at].sockets == 0 {
                    self.note(Some(Instant::now() + LOOK_AGAIN));
                }
                self.pools[at].waiting.push_back(job);
            }
        }
    }

    fn pool_of(&mut self, node: &Arc<Node>) -> usize {
        if let Some(at) = self.pools.iter().position(|pool| Arc::ptr_eq(&pool.node, node)) {
            return at;
        }
        self.pools.retain(|pool| pool.node.is_active() || pool.sockets > 0 || !pool.waiting.is_empty());
        self.pools.push(Pool { node: node.clone(), idle: Vec::new(), waiting: VecDeque::new(), sockets: 0 });
        self.pools.len() - 1
    }

    /// Opens a connection, for a job or for the pool.
    fn open(&mut self, cluster: &Cluster, permit: Permit, job: Option<Job<W>>) {
        let address = permit.node().socket();
        let opened = TcpStream::connect(address).and_then(|mut stream| {
            stream.set_nodelay(true)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            let token = Token(self.sockets.vacant_key());
            self.poll.registry().register(&mut stream, token, interest)?;
            Ok(stream)
        });
        let opened = opened
            .map_err(|error| ErrorKind::Connection(format!("{address}: {error}")))
            .and_then(|stream| Stream::new(stream, permit.node().encryption()));
        match opened {
            Ok(stream) => {
                let at = self.pool_of(permit.node());
                self.pools[at].sockets += 1;
                let now = Instant::now();
                self.note(job.as_ref().and_then(|job| job.run.deadline()));
                self.note(now.checked_add(cluster.config().timeout));
                let hello = cluster.login().map(|login| login.hello(permit.node().address(), now));
                self.sockets.insert(Socket {
                    stream,
                    permit,
                    inbox: self.inboxes.pop().unwrap_or_default(),
                    phase: Phase::Connecting,
                    since: now,
                    hello,
                    job,
                });
            }
            Err(kind) => {
                drop(permit);
                if let Some(job) = job {
                    self.attempt_failed(cluster, job, kind);
                }
            }
        }
    }

    /// Gives an idle connection a job and writes what can be written.
    fn assign(&mut self, cluster: &Cluster, key: usize, mut job: Job<W>) {
        let Some(socket) = self.sockets.get_mut(key) else {
            return self.attempt_failed(cluster, job, ErrorKind::Closed);
        };
        job.run.connected(socket.permit.node().address());
        if matches!(job.owner, Owner::Waiter(_)) {
            // The rounds of a batch count for themselves.
            job.run.sending();
        }
        let deadline = job.run.deadline();
        socket.inbox.expect(job.expect);
        socket.job = Some(job);
        socket.phase = Phase::Sending(0);
        self.note(deadline);
        self.progress(cluster, key);
    }

    /// A socket may have something to do.
    fn ready(&mut self, cluster: &Cluster, key: usize) {
        let Some(socket) = self.sockets.get_mut(key) else { return };
        if socket.phase == Phase::Connecting {
            match connected(socket.stream.socket()) {
                Ok(false) => return,
                Ok(true) if socket.greet() => {}
                Ok(true) => return self.opened(cluster, key),
                Err(error) => {
                    let text = format!("{}: {error}", socket.permit.node().address());
                    return self.broken(cluster, key, ErrorKind::Connection(text));
                }
            }
        }
        self.progress(cluster, key);
    }

    /// A new connection is ready for its first job.
    fn opened(&mut self, cluster: &Cluster, key: usize) {
        let job = self.sockets.get_mut(key).and_then(|socket| {
            socket.phase = Phase::Idle;
            socket.job.take()
        });
        match job {
            Some(job) if !job.is_gone() => return self.assign(cluster, key, job),
            Some(job) => self.unheard(job),
            None => {}
        }
        self.release(cluster, key);
    }

    /// Writes and reads what can be written and read.
    fn progress(&mut self, cluster: &Cluster, key: usize) {
        let Some(socket) = self.sockets.get_mut(key) else { return };
        match socket.progress() {
            Ok(Progress::Waiting) => {}
            Ok(Progress::Replied) if matches!(socket.phase, Phase::Hello(_)) => {
                match cluster.login().map_or(Ok(true), |login| socket.welcomed(login)) {
                    Ok(true) => self.opened(cluster, key),
                    Ok(false) => {
                        socket.greet();
                        self.progress(cluster, key);
                    }
                    Err(kind) => self.broken(cluster, key, kind),
                }
            }
            Ok(Progress::Replied) => self.replied(cluster, key),
            Err(kind) => self.broken(cluster, key, kind),
        }
    }

    /// The reply is complete: the connection is free, the job at its end or at its next attempt.
    fn replied(&mut self, cluster: &Cluster, key: usize) {
        let Some(socket) = self.sockets.get_mut(key) else { return };
        let spare = self.inboxes.pop().unwrap_or_default();
        let inbox = std::mem::replace(&mut socket.inbox, spare);
        let job = socket.job.take();
        self.release(cluster, key);
        let Some(Job { request, expect, mut run, route, owner }) = job else { return };
        match owner {
            Owner::Waiter(waiter) => match run.received(inbox.result(), Instant::now()) {
                Step::Done(_) => {
                    self.recycle_request(request);
                    self.done.push(Done::Reply { waiter, inbox, run });
                }
                step => {
                    self.recycle(inbox);
                    let owner = Owner::Waiter(waiter);
                    self.again(step, Job { request, expect, run, route, owner });
                }
            },
            Owner::Part(number, part) => {
                self.recycle_request(request);
                self.part_replied(cluster, number, &part, inbox);
            }
        }
    }

    /// A connection is useless: it is closed, and its job's attempt has failed.
    fn broken(&mut self, cluster: &Cluster, key: usize, kind: ErrorKind) {
        let node = self.sockets.get(key).map(|socket| socket.permit.node().clone());
        if let Some(job) = self.close(key) {
            self.attempt_failed(cluster, job, kind);
        }
        if let Some(node) = node {
            self.serve(cluster, &node);
        }
    }

    fn attempt_failed(&mut self, cluster: &Cluster, mut job: Job<W>, kind: ErrorKind) {
        match job.owner {
            Owner::Waiter(waiter) => match job.run.failed(kind, Instant::now()) {
                Step::Done(result) => {
                    self.recycle_request(job.request);
                    let error = result.err().unwrap_or_else(|| ErrorKind::Closed.into());
                    self.done.push(Done::Failed { waiter, error });
                }
                step => {
                    job.owner = Owner::Waiter(waiter);
                    self.again(step, job);
                }
            },
            Owner::Part(number, part) => {
                self.recycle_request(job.request);
                self.part_failed(cluster, number, &part, kind);
            }
        }
    }

    /// The next attempt of a job: never at once, so that attempts that fail at once leave the loop its turn.
    fn again(&mut self, step: Step, job: Job<W>) {
        let until = match step {
            Step::Sleep(until) => until,
            _ => Instant::now(),
        };
        self.note(Some(until));
        self.sleeping.push((until, job));
    }

    /// Puts a connection without an unread reply back into its pool.
    fn release(&mut self, cluster: &Cluster, key: usize) {
        let Some(socket) = self.sockets.get_mut(key) else { return };
        socket.phase = Phase::Idle;
        socket.since = Instant::now();
        let node = socket.permit.node().clone();
        if !node.is_active() || self.closed {
            self.close(key);
            return;
        }
        let at = self.pool_of(&node);
        self.note(self.sockets[key].since.checked_add(node.limits().idle));
        self.pools[at].idle.push(key);
        if !self.pools[at].waiting.is_empty() {
            self.serve(cluster, &node);
        }
    }

    /// Gives the places that came free to those who wait.
    fn serve(&mut self, cluster: &Cluster, node: &Arc<Node>) {
        let at = self.pool_of(node);
        for _ in 0..self.pools[at].waiting.len() {
            let free = !self.pools[at].idle.is_empty() || node.open_connections() < node.limits().max;
            if !free {
                return;
            }
            let Some(job) = self.pools[at].waiting.pop_front() else { return };
            if job.is_gone() {
                self.unheard(job);
            } else {
                self.start_on(cluster, node, job);
            }
        }
    }

    /// Ends a job that nobody waits for. It is handed back as any other: who made the waiter drops it, too.
    fn unheard(&mut self, job: Job<W>) {
        if let Owner::Waiter(waiter) = job.owner {
            self.done.push(Done::Failed { waiter, error: job.run.error(ErrorKind::Closed) });
        }
    }

    /// Closes a connection; its job, if it had one.
    fn close(&mut self, key: usize) -> Option<Job<W>> {
        let mut socket = self.sockets.try_remove(key)?;
        // A forked child may hold the same socket open: closing alone would leave it registered.
        let _ = self.poll.registry().deregister(socket.stream.socket_mut());
        if let Some(pool) = self.pools.iter_mut().find(|pool| Arc::ptr_eq(&pool.node, socket.permit.node())) {
            pool.sockets -= 1;
            pool.idle.retain(|idle| *idle != key);
        }
        socket.job.take()
    }

    /// Ends what is over its time, closes what was idle for too long, and finds the next deadline.
    fn expire(&mut self, cluster: &Cluster, now: Instant) {
        self.deadline = None;
        let overdue = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        let timeout = cluster.config().timeout;
        let late: Vec<usize> = self
            .sockets
            .iter()
            .filter(|(_, socket)| overdue(socket.deadline(timeout)))
            .map(|(key, _)| key)
            .collect();
        for key in late {
            let Some(socket) = self.sockets.get(key) else { continue };
            match &socket.job {
                Some(job) => {
                    let kind = job.run.timed_out(now);
                    self.broken(cluster, key, kind);
                }
                None => self.close_idle(key),
            }
        }
        let mut jobs = Vec::new();
        for pool in &mut self.pools {
            let (node, limit) = (pool.node.address().clone(), pool.node.limits().max);
            for _ in 0..pool.waiting.len() {
                let Some(job) = pool.waiting.pop_front() else { break };
                if overdue(job.run.deadline()) {
                    jobs.push((job, ErrorKind::NoMoreConnections { node: node.clone(), limit }));
                } else {
                    pool.waiting.push_back(job);
                }
            }
        }
        for (job, kind) in jobs {
            self.attempt_failed(cluster, job, kind);
        }
        let nodes: Vec<Arc<Node>> =
            self.pools.iter().filter(|pool| !pool.waiting.is_empty()).map(|pool| pool.node.clone()).collect();
        nodes.iter().for_each(|node| self.serve(cluster, node));
        let (awake, asleep) =
            std::mem::take(&mut self.sleeping).into_iter().partition(|(until, _)| *until <= now);
        self.sleeping = asleep;
        let awake: Vec<(Instant, Job<W>)> = awake;
        for (_, mut job) in awake {
            job.run.slept(now);
            self.start(cluster, job);
        }
        let rested: Vec<usize> = self
            .batches
            .iter()
            .filter(|(_, running)| overdue(running.until))
            .map(|(number, _)| number)
            .collect();
        for number in rested {
            self.advance(cluster, number);
        }
        self.find_deadline(timeout);
    }

    /// Closes a connection that was idle for too long, unless it is one of those to keep.
    fn close_idle(&mut self, key: usize) {
        let Some(socket) = self.sockets.get_mut(key) else { return };
        let node = socket.permit.node().clone();
        if node.is_active() && node.open_connections() <= node.limits().min {
            socket.since = Instant::now();
        } else {
            self.close(key);
        }
    }

    fn find_deadline(&mut self, timeout: Duration) {
        let sockets = self.sockets.iter().filter_map(|(_, socket)| socket.deadline(timeout));
        let waiting = self.pools.iter().flat_map(|pool| &pool.waiting).filter_map(|job| job.run.deadline());
        let sleeping = self.sleeping.iter().map(|(until, _)| *until);
        let batches = self.batches.iter().filter_map(|(_, running)| running.until);
        let starving = self.pools.iter().any(|pool| pool.sockets == 0 && !pool.waiting.is_empty());
        let look = starving.then(|| Instant::now() + LOOK_AGAIN);
        let soonest = sockets.chain(waiting).chain(sleeping).chain(batches).chain(look).min();
        self.note(soonest);
    }
}

impl<W: Waiter> Job<W> {
    /// Whether nobody waits for it.
    fn is_gone(&self) -> bool {
        match &self.owner {
            Owner::Waiter(waiter) => waiter.is_gone(),
            Owner::Part(..) => false,
        }
    }
}
