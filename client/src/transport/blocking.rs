//! Blocking sockets: the calling thread writes the request and reads the reply, nothing in between.

use super::stream::{Encryption, Stream};
use crate::admin::{Login, Welcome};
use crate::batch::{Batch, BatchRun, BatchStep, Part};
use crate::cluster::Cluster;
use crate::cluster::node::{Node, Permit};
use crate::error::{Error, ErrorKind};
use crate::policy::{BatchPolicy, Replica};
use crate::query::QueryRun;
use crate::reply::{Expect, Inbox};
use crate::retry::{Execution, Step};
use aerospike_wire::Message;
use aerospike_wire::proto::FrameType;
use std::io::{ErrorKind as Io, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A pooled connection that was idle for less than this is taken to be alive without a look.
pub(crate) const TRUSTED: Duration = Duration::from_millis(100);

/// How long a thread looks for its reply before it goes to sleep.
const WATCH: Duration = Duration::from_micros(50);
/// Most replies in a row that are waited for asleep after looking was in vain.
const MOST_PASSED: u32 = 256;

/// Where a command goes.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Namespace name.
    pub namespace: &'a str,
    /// Partition of the record.
    pub partition: usize,
    /// Replica policy.
    pub replica: Replica,
}

/// A socket with its inbox.
#[derive(Debug)]
pub struct Socket {
    stream: Stream<TcpStream>,
    inbox: Inbox,
    /// The timeout that the socket has been told.
    limit: Option<Duration>,
    watch: Watch,
}

/// When to look for a reply instead of sleeping until it comes.
///
/// To sleep and be woken costs more than what a server nearby needs for a command. So the thread looks for a moment,
/// and lets others run between two looks. Where replies take longer than that (a server far away, a busy machine),
/// it looks ever more rarely.
#[derive(Clone, Copy, Debug, Default)]
struct Watch {
    /// Replies to pass before the next look.
    left: u32,
    /// Replies passed since looking was in vain.
    passed: u32,
}

impl Watch {
    /// Whether to look for the next reply.
    fn begins(&mut self) -> bool {
        let begins = self.left == 0;
        self.left = self.left.saturating_sub(1);
        begins
    }

    fn ended(&mut self, was_in_vain: bool) {
        self.passed = if was_in_vain { (self.passed * 2).clamp(1, MOST_PASSED) } else { 0 };
        self.left = self.passed;
    }
}

impl Socket {
    /// Connects.
    ///
    /// # Errors
    /// A connection error.
    pub fn connect(
        address: SocketAddr,
        encryption: Option<&Encryption>,
        timeout: Duration,
    ) -> Result<Socket, ErrorKind> {
        let timeout = timeout.max(Duration::from_millis(1));
        let failed = |error| ErrorKind::Connection(format!("{address}: {error}"));
        let stream = TcpStream::connect_timeout(&address, timeout).map_err(failed)?;
        Socket::over(stream, address, encryption)
    }

    /// As [`Socket::connect`], but asks a second time, after this pause, where nobody listens: a server that is
    /// just starting, or being replaced, refuses for a moment only.
    ///
    /// # Errors
    /// A connection error.
    pub fn connect_again(
        address: SocketAddr,
        encryption: Option<&Encryption>,
        timeout: Duration,
        pause: Duration,
    ) -> Result<Socket, ErrorKind> {
        match TcpStream::connect_timeout(&address, timeout.max(Duration::from_millis(1))) {
            Ok(stream) => Socket::over(stream, address, encryption),
            Err(error) if error.kind() == Io::ConnectionRefused => {
                std::thread::sleep(pause);
                Socket::connect(address, encryption, timeout)
            }
            Err(error) => Err(ErrorKind::Connection(format!("{address}: {error}"))),
        }
    }

    fn over(
        stream: TcpStream,
        address: SocketAddr,
        encryption: Option<&Encryption>,
    ) -> Result<Socket, ErrorKind> {
        let failed = |error| ErrorKind::Connection(format!("{address}: {error}"));
        stream.set_nodelay(true).map_err(failed)?;
        let stream = Stream::new(stream, encryption)?;
        Ok(Socket { stream, inbox: Inbox::default(), limit: None, watch: Watch::default() })
    }

    /// Writes a request.
    ///
    /// # Errors
    /// A connection error, or `None` when the time is up.
    pub fn send(&mut self, request: &[u8]) -> Result<(), Option<ErrorKind>> {
        self.stream.write_all(request).map_err(broken)
    }

    /// Reads until the reply is complete or the deadline passes.
    ///
    /// # Errors
    /// A connection error, a malformed reply, or `None` when the time is up.
    pub fn receive(
        &mut self,
        expect: Expect,
        deadline: Option<Instant>,
    ) -> Result<&Inbox, Option<ErrorKind>> {
        self.inbox.expect(expect);
        let mut first = match self.watch.begins() {
            true => self.look().map_err(broken)?,
            false => None,
        };
        loop {
            let read = match first.take() {
                Some(count) => Ok(count),
                None => self.stream.read(self.inbox.space()),
            };
            let count = match read {
                Ok(0) => return Err(Some(ErrorKind::Connection("closed by the server".into()))),
                Ok(count) => count,
                Err(error) if error.kind() == Io::Interrupted => continue,
                Err(error) => return Err(broken(error)),
            };
            if self.inbox.filled(count).map_err(Some)? {
                return Ok(&self.inbox);
            }
            // A peer that sends drop by drop must not stretch the time with each drop.
            if let Some(deadline) = deadline {
                let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
                let left = left.ok_or(None)?;
                if self.limit.is_none_or(|limit| left < limit / 2) {
                    self.limit(Some(left)).map_err(Some)?;
                }
            }
        }
    }

    /// Looks for the beginning of a reply for a moment; how many bytes there were.
    fn look(&mut self) -> std::io::Result<Option<usize>> {
        self.stream.socket().set_nonblocking(true)?;
        let start = Instant::now();
        let found = loop {
            match self.stream.read(self.inbox.space()) {
                Err(error) if error.kind() == Io::WouldBlock => {}
                Err(error) if error.kind() == Io::Interrupted => {}
                read => break Some(read),
            }
            if start.elapsed() > WATCH {
                break None;
            }
            std::thread::yield_now();
        };
        self.stream.socket().set_nonblocking(false)?;
        self.watch.ended(found.is_none());
        found.transpose()
    }

    /// Bounds each single read and write.
    ///
    /// # Errors
    /// A connection error.
    pub fn limit(&mut self, limit: Option<Duration>) -> Result<(), ErrorKind> {
        if self.limit == limit {
            return Ok(());
        }
        let told = limit.map(|limit| limit.max(Duration::from_millis(1)));
        let socket = self.stream.socket();
        let set = socket.set_read_timeout(told).and_then(|()| socket.set_write_timeout(told));
        set.map_err(|error| ErrorKind::Connection(error.to_string()))?;
        self.limit = limit;
        Ok(())
    }

    /// Sends a request and reads its reply of one frame; its body.
    ///
    /// # Errors
    /// A connection error, which a timeout here is too.
    pub fn exchange(
        &mut self,
        request: &[u8],
        kind: FrameType,
        timeout: Duration,
    ) -> Result<&[u8], ErrorKind> {
        let late = |error: Option<ErrorKind>| {
            error.unwrap_or_else(|| {
                ErrorKind::Connection(format!("no reply within {} ms", timeout.as_millis()))
            })
        };
        self.limit(Some(timeout))?;
        self.send(request).map_err(late)?;
        let deadline = Instant::now().checked_add(timeout);
        Ok(self.receive(Expect::Frame(kind), deadline).map_err(late)?.body())
    }

    /// Whether the peer has neither closed the connection nor sent something unasked.
    fn is_quiet(&mut self) -> bool {
        // Read, not only looked at: encryption has messages of its own that mean nothing here.
        let quiet = |stream: &mut Stream<TcpStream>| {
            stream.socket().set_nonblocking(true)?;
            let looked = stream.read(&mut [0]);
            stream.socket().set_nonblocking(false)?;
            Ok::<_, std::io::Error>(matches!(looked, Err(error) if error.kind() == Io::WouldBlock))
        };
        quiet(&mut self.stream).unwrap_or(false)
    }
}

/// What an I/O error means: `None` for a timeout.
fn broken(error: std::io::Error) -> Option<ErrorKind> {
    match error.kind() {
        Io::WouldBlock | Io::TimedOut => None,
        _ => Some(ErrorKind::Connection(error.to_string())),
    }
}

/// Proves to a node who the client is.
///
/// # Errors
/// A connection error, or the server's refusal.
pub(crate) fn log_in(
    socket: &mut Socket,
    login: &Login,
    address: &str,
    timeout: Duration,
) -> Result<(), ErrorKind> {
    let mut hello = login.hello(address, Instant::now());
    loop {
        let reply = socket.exchange(&hello.frame, FrameType::Admin, timeout)?;
        match login.check(address, &hello, reply, Instant::now())? {
            Welcome::Ready => return Ok(()),
            Welcome::Again(next) => hello = next,
        }
    }
}

/// A socket to a node that counts towards the node's limit.
#[derive(Debug)]
pub struct Connection {
    socket: Socket,
    permit: Permit,
    used: Instant,
}

impl Connection {
    /// Opens a connection and authenticates it.
    ///
    /// # Errors
    /// A connection error, or the server's refusal.
    pub fn open(permit: Permit, cluster: &Cluster, timeout: Duration) -> Result<Connection, ErrorKind> {
        let node = permit.node();
        let mut socket = Socket::connect(node.socket(), node.encryption(), timeout)?;
        if let Some(login) = cluster.login() {
            log_in(&mut socket, login, node.address(), timeout)?;
        }
        Ok(Connection { socket, permit, used: Instant::now() })
    }

    /// The node at the other end.
    pub fn node(&self) -> &Arc<Node> {
        self.permit.node()
    }

    pub(crate) fn idle_since(&self) -> Instant {
        self.used
    }

    /// Whether a pooled connection can be expected to work.
    pub(crate) fn is_usable(&mut self, idle: Duration) -> bool {
        let unused = self.used.elapsed();
        unused < TRUSTED || (unused < idle && self.socket.is_quiet())
    }

    /// Puts a connection without an unread reply back into its pool.
    pub(crate) fn release(mut self) {
        self.used = Instant::now();
        let node = self.permit.node().clone();
        node.give_back(self);
    }
}

/// A complete reply; its connection goes back to the pool when this is dropped.
#[derive(Debug)]
pub struct Reply {
    connection: Option<Connection>,
    run: Execution,
}

impl Reply {
    /// The reply's bytes.
    pub fn inbox(&self) -> &Inbox {
        const EMPTY: &Inbox = &Inbox::EMPTY;
        self.connection.as_ref().map_or(EMPTY, |connection| &connection.socket.inbox)
    }

    /// The reply of a single-record command.
    ///
    /// # Errors
    /// The server's refusal, or a malformed reply.
    pub fn record(&self) -> Result<Message<'_>, Error> {
        let message = self.inbox().message()?;
        match aerospike_wire::ResultCode(message.header.result) {
            code if code.is_ok() => Ok(message),
            code => Err(self.run.error(ErrorKind::Server(code))),
        }
    }

    /// The run that led to the reply.
    pub fn run(&self) -> &Execution {
        &self.run
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.release();
        }
    }
}

/// Runs a command to its end.
///
/// # Errors
/// As the retry loop ends: timeout, connection error, no connection free, no node.
pub fn execute(
    cluster: &Cluster,
    target: Target<'_>,
    mut run: Execution,
    request: &[u8],
    expect: Expect,
) -> Result<Reply, Error> {
    let mut connection: Option<Connection> = None;
    let mut step = Step::Connect;
    loop {
        let done = match step {
            Step::Connect => connect(cluster, target, &run).map(|opened| {
                let next = run.connected(opened.node().address());
                connection = Some(opened);
                next
            }),
            Step::Send => match &mut connection {
                Some(connection) => {
                    run.sending();
                    send(connection, &run, request).map(|()| run.sent())
                }
                None => Err(Some(ErrorKind::Closed)),
            },
            Step::Receive => match &mut connection {
                Some(opened) => opened
                    .socket
                    .receive(expect, run.deadline())
                    .map(Inbox::result)
                    .map(|code| run.received(code, Instant::now())),
                None => Err(Some(ErrorKind::Closed)),
            },
            Step::Sleep(until) => {
                std::thread::sleep(until.saturating_duration_since(Instant::now()));
                Ok(run.slept(Instant::now()))
            }
            Step::Done(result) => return result.map(|()| Reply { connection, run }),
        };
        step = match done {
            Ok(next) => {
                if !matches!(next, Step::Send | Step::Receive | Step::Done(_)) {
                    // A retry after a complete reply: the connection is healthy.
                    if let Some(connection) = connection.take() {
                        connection.release();
                    }
                }
                next
            }
            Err(kind) => {
                // Dropped, not released: a late reply may still arrive on it.
                connection = None;
                let now = Instant::now();
                let kind = kind.unwrap_or_else(|| run.timed_out(now));
                run.failed(kind, now)
            }
        };
    }
}

/// Sends a request to one node and takes its reply; tried once.
///
/// # Errors
/// Timeout, connection error, no connection free; a result code is the caller's to look at.
pub fn ask(
    cluster: &Cluster,
    node: &Arc<Node>,
    mut run: Execution,
    request: &[u8],
    expect: Expect,
) -> Result<Reply, Error> {
    let mut attempt = || -> Result<Connection, Option<ErrorKind>> {
        let mut connection = connection_to(cluster, node, &run)?;
        run.connected(connection.node().address());
        run.sending();
        send(&mut connection, &run, request)?;
        connection.socket.receive(expect, run.deadline())?;
        Ok(connection)
    };
    match attempt() {
        Ok(connection) => Ok(Reply { connection: Some(connection), run }),
        Err(kind) => {
            let kind = kind.unwrap_or_else(|| run.timed_out(Instant::now()));
            Err(run.error(kind))
        }
    }
}

/// Gets a connection to the node that the attempt is for.
fn connect(cluster: &Cluster, target: Target<'_>, run: &Execution) -> Result<Connection, Option<ErrorKind>> {
    let view = cluster.view();
    let Target { namespace, partition, replica } = target;
    let node = view.locate(namespace, partition, replica, run.is_write(), run.attempt(), cluster.racks())?;
    connection_to(cluster, node, run)
}

/// Gets a connection to a node, from its pool or a new one.
pub(crate) fn connection_to(
    cluster: &Cluster,
    node: &Arc<Node>,
    run: &Execution,
) -> Result<Connection, Option<ErrorKind>> {
    match node.take(run.deadline())? {
        Ok(connection) => Ok(connection),
        Err(permit) => {
            let timeout = cluster.config().timeout;
            let left = run.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(None);
            }
            Ok(Connection::open(permit, cluster, left.map_or(timeout, |left| left.min(timeout)))?)
        }
    }
}

/// Tells the socket the attempt's time and writes the request.
pub(crate) fn send(
    connection: &mut Connection,
    run: &Execution,
    request: &[u8],
) -> Result<(), Option<ErrorKind>> {
    let limit = match run.attempt() {
        0 => run.first_limit(),
        _ => run.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now())),
    };
    connection.socket.limit(limit).map_err(Some)?;
    connection.socket.send(request)
}

/// The replies of a batch and the rows that none of them answers.
#[derive(Debug)]
pub struct BatchReply {
    replies: Vec<Reply>,
    run: BatchRun,
}

impl BatchReply {
    /// One reply per part that was answered.
    pub fn replies(&self) -> impl Iterator<Item = &Inbox> {
        self.replies.iter().map(Reply::inbox)
    }

    /// The books, with the rows that no reply answers.
    pub fn run(&self) -> &BatchRun {
        &self.run
    }
}

/// Runs a batch to its end. All nodes work at the same time: every part is written before the first reply is read,
/// unless the policy says otherwise. `request` is a buffer to encode into.
///
/// # Errors
/// The batch as a whole failed: nothing was answered, or a server refused its part.
pub fn execute_batch(
    cluster: &Cluster,
    batch: &Batch,
    policy: &BatchPolicy,
    request: &mut Vec<u8>,
) -> Result<BatchReply, Error> {
    let mut reply = BatchReply { replies: Vec::new(), run: BatchRun::new(batch, policy, Instant::now()) };
    loop {
        let view = cluster.view();
        match reply.run.next(batch, &view, cluster.racks(), Instant::now()) {
            BatchStep::Done(result) => return result.map(|()| reply),
            BatchStep::Sleep(until) => std::thread::sleep(until.saturating_duration_since(Instant::now())),
            BatchStep::Round(parts) => {
                let width = if policy.sequential { 1 } else { parts.len() };
                for parts in parts.chunks(width) {
                    round(cluster, batch, &mut reply, parts, request)?;
                }
            }
        }
    }
}

/// Writes some parts, then reads their replies.
fn round(
    cluster: &Cluster,
    batch: &Batch,
    reply: &mut BatchReply,
    parts: &[Part],
    request: &mut Vec<u8>,
) -> Result<(), Error> {
    let mut asked = Vec::with_capacity(parts.len());
    for part in parts {
        batch.encode(&part.rows, reply.run.policy(), request)?;
        let run = reply.run.run();
        let sent = connection_to(cluster, &part.node, run)
            .and_then(|mut connection| send(&mut connection, run, request).map(|()| connection));
        match sent {
            Ok(connection) => asked.push((part, connection)),
            Err(kind) => {
                let kind = kind.unwrap_or_else(|| run.timed_out(Instant::now()));
                reply.run.failed(part, kind);
            }
        }
    }
    for (part, mut connection) in asked {
        let run = reply.run.run();
        let received = connection.socket.receive(Expect::Rows, run.deadline()).map(|_| ());
        match received {
            Ok(()) => {
                let answer = Reply { connection: Some(connection), run: run.clone() };
                reply.run.done(part, answer.inbox())?;
                reply.replies.push(answer);
            }
            Err(kind) => {
                let kind = kind.unwrap_or_else(|| run.timed_out(Instant::now()));
                reply.run.failed(part, kind);
            }
        }
    }
    Ok(())
}

/// Runs a query to its end. `take` is given the rows as they come, some at a time, and says whether to go on.
/// `request` is a buffer to encode into.
///
/// # Errors
/// A server refused the query, or nodes failed more often than the policy allows.
pub fn execute_query(
    cluster: &Cluster,
    run: &mut QueryRun,
    request: &mut Vec<u8>,
    mut take: impl FnMut(&Inbox) -> bool,
) -> Result<(), Error> {
    loop {
        let view = cluster.view();
        match run.next(&view, cluster.racks(), Instant::now()) {
            BatchStep::Done(result) => return result,
            BatchStep::Sleep(until) => std::thread::sleep(until.saturating_duration_since(Instant::now())),
            BatchStep::Round(parts) => {
                let width = match run.policy().max_concurrent_nodes {
                    0 => parts.len(),
                    most => most.min(parts.len()),
                };
                for parts in parts.chunks(width.max(1)) {
                    if !query_round(cluster, run, parts, request, &mut take)? {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// Writes some parts' requests, then reads their replies; whether to go on.
fn query_round(
    cluster: &Cluster,
    run: &mut QueryRun,
    parts: &[Part],
    request: &mut Vec<u8>,
    take: &mut impl FnMut(&Inbox) -> bool,
) -> Result<bool, Error> {
    let mut asked = Vec::with_capacity(parts.len());
    for part in parts {
        run.encode(part, request)?;
        let sent = connection_to(cluster, &part.node, run.run())
            .and_then(|mut connection| send(&mut connection, run.run(), request).map(|()| connection));
        match sent {
            Ok(connection) => asked.push((part, connection)),
            Err(kind) => {
                let kind = kind.unwrap_or_else(|| run.run().timed_out(Instant::now()));
                run.failed(kind);
            }
        }
    }
    for (part, mut connection) in asked {
        match stream_rows(&mut connection.socket, run, part, take) {
            Ok(true) => {
                run.done(part, &connection.socket.inbox)?;
                connection.release();
            }
            // Whatever the servers still send is not waited for: the connections are closed.
            Ok(false) => return Ok(false),
            Err(kind) => {
                let kind = kind.unwrap_or_else(|| run.run().timed_out(Instant::now()));
                run.failed(kind);
            }
        }
    }
    Ok(true)
}

/// Reads a part's reply and hands its rows on; whether it was wanted to its end.
fn stream_rows(
    socket: &mut Socket,
    run: &mut QueryRun,
    part: &Part,
    take: &mut impl FnMut(&Inbox) -> bool,
) -> Result<bool, Option<ErrorKind>> {
    socket.inbox.expect(Expect::Query);
    loop {
        let count = match socket.stream.read(socket.inbox.space()) {
            Ok(0) => return Err(Some(ErrorKind::Connection("closed by the server".into()))),
            Ok(count) => count,
            Err(error) if error.kind() == Io::Interrupted => continue,
            Err(error) => return Err(broken(error)),
        };
        let complete = socket.inbox.filled(count).map_err(Some)?;
        if socket.inbox.n_rows() > 0 {
            run.rows(part, &socket.inbox);
            if !take(&socket.inbox) {
                return Ok(false);
            }
            socket.inbox.discard_rows();
        }
        if complete {
            return Ok(true);
        }
        if run.run().total_deadline().is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_in_vain_is_done_ever_more_rarely() {
        let mut watch = Watch::default();
        let mut looks = 0;
        for _ in 0..10_000 {
            if watch.begins() {
                looks += 1;
                watch.ended(true);
            }
        }
        assert!((30..60).contains(&looks), "{looks}");
        while !watch.begins() {}
        watch.ended(false);
        assert!((0..100).all(|_| watch.begins()));
    }
}
