//! One client connection: frames in, replies out, strictly in order.
//!
//! Reading goes through a buffer that all connections of a thread share, so that an idle connection costs no
//! buffer; only what is left of an incomplete frame, or what a slow client has not taken yet, is kept for it.

use super::call::Call;
use super::tls::Stream;
use super::{Door, Port, Server};
use crate::cluster::Node;
use crate::command::{self, At, Disposition};
use crate::control::{Watch, Watching};
use crate::security::{self, Caller};
use aerospike_wire::ResultCode;
use aerospike_wire::admin::AdminHeader;
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use bytes::{Buf, Bytes, BytesMut};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::ReadBuf;
use tokio::time::{Instant, timeout};

/// Bytes read at once.
const READ_SIZE: usize = 64 * 1024;
/// Replies are sent before more requests are taken when this many bytes wait.
const FLUSH_SIZE: usize = 256 * 1024;
/// How long a client may refuse to take a reply (wire §1).
const SEND_STALL: Duration = Duration::from_secs(10);

thread_local! {
    static INPUT: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_SIZE]);
    static OUTPUT: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

/// What a connection remembers between requests.
#[derive(Clone, Debug)]
pub struct Session {
    /// Number of the connection, unique while the process lives.
    pub id: u64,
    /// The node that the client came to.
    pub node: Arc<Node>,
    /// The port that the client came through.
    pub port: Port,
    /// The client's address.
    pub peer: SocketAddr,
    /// The server's address as the client reached it.
    pub local: SocketAddr,
    /// Whether the client has told its user agent.
    pub told_user_agent: bool,
    /// Who the client has shown to be.
    pub caller: Caller,
    /// The common name in the certificate that the client has shown, if it has.
    pub certificate: Option<String>,
}

/// Serves a connection until either side closes it.
pub async fn serve(server: &Arc<Server>, door: &Door, socket: std::net::TcpStream, busy: &Cell<usize>) {
    let connection = match Connection::new(server, door, socket, busy) {
        Ok(connection) => connection,
        Err(error) => return tracing::debug!(%error, "connection lost before it was served"),
    };
    let (id, peer) = (connection.session.id, connection.session.peer);
    tracing::debug!(id, %peer, "connected");
    match connection.run().await {
        Ok(()) => tracing::debug!(id, "closed"),
        Err(error) => tracing::debug!(id, %error, "closed"),
    }
}

pub(super) struct Connection<'a> {
    pub(super) server: &'a Arc<Server>,
    stream: Stream,
    pub(super) session: Session,
    /// An incomplete frame.
    input: BytesMut,
    /// What the client has not taken yet.
    pub(super) output: BytesMut,
    /// A call that sends its reply itself.
    pending: Option<Arc<Call>>,
    /// What goes with a request that this thread has not answered at once.
    pub(super) watch: Option<Arc<Watch>>,
    pub(super) busy: &'a Cell<usize>,
    last_request: Instant,
}

/// What the bytes read so far call for.
enum Step {
    /// More bytes.
    Read,
    /// The replies to be sent before more requests are taken.
    Flush,
    /// A node that is slow or hangs: the bytes wait.
    Pause,
    /// A request that runs beside the network thread.
    Offload(FrameType, Bytes),
    /// A function to be called by the compute pool.
    Call(FrameType, Bytes),
    /// A request that a fault is about.
    Hold(FrameType, Bytes),
    /// The end of the connection, once the replies are sent.
    Close,
}

impl<'a> Connection<'a> {
    fn new(
        server: &'a Arc<Server>,
        door: &Door,
        socket: std::net::TcpStream,
        busy: &'a Cell<usize>,
    ) -> io::Result<Connection<'a>> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        socket.set_nodelay(true)?;
        let peer = socket.peer_addr()?;
        let session = Session {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            node: door.node.clone(),
            port: door.port,
            peer,
            local: socket.local_addr()?,
            told_user_agent: false,
            caller: Caller::stranger(peer.ip()),
            certificate: None,
        };
        Ok(Connection {
            server,
            stream: Stream::new(socket, door.tls.as_ref())?,
            session,
            input: BytesMut::new(),
            output: BytesMut::new(),
            pending: None,
            watch: None,
            busy,
            last_request: Instant::now(),
        })
    }

    async fn run(mut self) -> io::Result<()> {
        loop {
            if let Some(call) = self.pending.take() {
                self.await_call(&call).await?;
            }
            let mut step = self.read().await?;
            loop {
                self.flush().await?;
                match step {
                    Step::Read => break,
                    Step::Close => return self.close(),
                    Step::Flush => {}
                    Step::Pause => self.session.node.wait_until_prompt().await,
                    Step::Offload(frame_type, body) => {
                        let watch = self.watch.take();
                        if self.offload(frame_type, body, watch).await?.is_break() {
                            return self.close();
                        }
                    }
                    Step::Hold(frame_type, body) => {
                        if self.hold(frame_type, body).await?.is_break() {
                            return self.close();
                        }
                    }
                    Step::Call(frame_type, body) if self.watch.is_some() => {
                        let watch = self.watch.take();
                        if self.watched_call(frame_type, body, watch).await?.is_break() {
                            return self.close();
                        }
                    }
                    Step::Call(frame_type, body) => {
                        let call = self.begin_call(frame_type, body);
                        if self.input.is_empty() {
                            // The client waits for its reply, which needs nobody here.
                            self.pending = Some(call);
                            break;
                        }
                        self.end_call(&call).await?;
                    }
                }
                step = self.resume()?;
            }
        }
    }

    fn close(&mut self) -> io::Result<()> {
        self.stream.close();
        Ok(())
    }

    /// Waits for bytes, and answers what is complete.
    async fn read(&mut self) -> io::Result<Step> {
        let idle_ms = self.server.settings.proto_fd_idle_ms.load(Ordering::Relaxed);
        if idle_ms == 0 {
            return poll_fn(|cx| self.poll_read(cx)).await;
        }
        // A half-received frame does not protect a connection: the time runs from the last request on.
        let deadline = self.last_request + Duration::from_millis(idle_ms as u64);
        match tokio::time::timeout_at(deadline, poll_fn(|cx| self.poll_read(cx))).await {
            Ok(step) => step,
            Err(_) => {
                self.session.node.connections.reaped.fetch_add(1, Ordering::Relaxed);
                Ok(Step::Close)
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Step>> {
        INPUT.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            ready!(self.stream.poll_read(cx, &mut buffer))?;
            let fresh = buffer.filled();
            if fresh.is_empty() {
                return Poll::Ready(Ok(Step::Close));
            }
            if !self.session.node.is_prompt() && self.session.port == Port::Service {
                self.input.extend_from_slice(fresh);
                return Poll::Ready(Ok(Step::Pause));
            }
            if !self.input.is_empty() {
                self.input.extend_from_slice(fresh);
                return Poll::Ready(self.resume());
            }
            let (used, step) = self.answer_all(fresh)?;
            self.input.extend_from_slice(&fresh[used..]);
            Poll::Ready(Ok(step))
        })
    }

    /// Answers what is complete of the bytes kept.
    fn resume(&mut self) -> io::Result<Step> {
        let input = std::mem::take(&mut self.input);
        let (used, step) = self.answer_all(&input)?;
        self.input = input;
        self.input.advance(used);
        if self.input.is_empty() {
            // An idle connection keeps no buffer.
            self.input = BytesMut::new();
        }
        Ok(step)
    }

    /// Answers the complete frames in `input`; how many bytes they took, and what comes next.
    fn answer_all(&mut self, input: &[u8]) -> io::Result<(usize, Step)> {
        OUTPUT.with_borrow_mut(|out| {
            let mut used = 0;
            let step = loop {
                let rest = &input[used..];
                let Some(head) = rest.first_chunk() else { break Step::Read };
                let head = match ProtoHeader::parse(*head) {
                    Ok(head) => head,
                    Err(error) => {
                        tracing::debug!(id = self.session.id, %error, "bad frame");
                        self.session.node.connections.demarshal_error.fetch_add(1, Ordering::Relaxed);
                        break Step::Close;
                    }
                };
                let Some(body) = rest.get(HEADER_SIZE..HEADER_SIZE + head.size) else { break Step::Read };
                used += HEADER_SIZE + head.size;
                let administrative = matches!(head.frame_type, FrameType::Info | FrameType::Admin);
                if self.session.port == Port::Admin && !administrative {
                    break Step::Close;
                }
                match self.answer(head.frame_type, body, out) {
                    Disposition::Done if out.len() >= FLUSH_SIZE => break Step::Flush,
                    Disposition::Done => {}
                    Disposition::Offload => {
                        break Step::Offload(head.frame_type, Bytes::copy_from_slice(body));
                    }
                    Disposition::Call => break Step::Call(head.frame_type, Bytes::copy_from_slice(body)),
                    Disposition::Hold => break Step::Hold(head.frame_type, Bytes::copy_from_slice(body)),
                    Disposition::Close => break Step::Close,
                }
            };
            self.send(out)?;
            Ok((used, step))
        })
    }

    fn answer(&mut self, frame_type: FrameType, body: &[u8], out: &mut BytesMut) -> Disposition {
        if self.server.settings.proto_fd_idle_ms.load(Ordering::Relaxed) != 0 {
            self.last_request = Instant::now();
        }
        if self.server.control.is_watching() {
            return self.answer_watched(frame_type, body, out);
        }
        self.run_request(frame_type, body, None, out)
    }

    /// Where its requests come to.
    fn at<'w>(&'w self, watch: Watching<'w>) -> At<'w> {
        At { server: self.server, node: &self.session.node, caller: &self.session.caller, watch }
    }

    /// Answers a request, or says that this is not the place to do so.
    pub(super) fn run_request(
        &mut self,
        frame_type: FrameType,
        body: &[u8],
        watch: Watching<'_>,
        out: &mut BytesMut,
    ) -> Disposition {
        match frame_type {
            FrameType::Message => command::dispatch(self.at(watch), body, out),
            FrameType::Info if command::info::takes_long(self.server, body) => Disposition::Offload,
            FrameType::Info => command::info::answer(self.server, &mut self.session, body, out),
            FrameType::Admin => {
                if self.session.certificate.is_none() {
                    self.session.certificate = self.stream.client_name();
                }
                let start = out.len();
                security::admin::answer(self.server, &mut self.session, body, out);
                if let Some(watch) = watch {
                    let header = AdminHeader::parse(out.get(start + HEADER_SIZE..).unwrap_or_default());
                    watch.ended(ResultCode(header.map_or(0, |(header, _)| header.result)));
                }
                Disposition::Done
            }
            FrameType::Compressed => command::dispatch_compressed(self.at(watch), body, out),
            // A server without replication leaves such frames unanswered (wire §2).
            FrameType::Xdr => Disposition::Done,
        }
    }

    /// Sends as much as the socket takes at once; keeps the rest.
    fn send(&mut self, out: &mut BytesMut) -> io::Result<()> {
        let mut sent = 0;
        if self.output.is_empty() {
            while sent < out.len() {
                match self.stream.try_write(&out[sent..]) {
                    Ok(count) => sent += count,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => {
                        out.clear();
                        return Err(error);
                    }
                }
            }
        }
        self.output.extend_from_slice(&out[sent..]);
        out.clear();
        if out.capacity() > 4 * FLUSH_SIZE {
            *out = BytesMut::new();
        }
        Ok(())
    }

    /// Waits until the client has taken everything.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        loop {
            let sent = match self.output.is_empty() {
                true => self.stream.try_flush().map(|()| 0),
                false => self.stream.try_write(&self.output),
            };
            match sent {
                Ok(_) if self.output.is_empty() => break,
                Ok(count) => self.output.advance(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    timeout(SEND_STALL, self.stream.writable())
                        .await
                        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "client does not read"))??;
                }
                Err(error) => return Err(error),
            }
        }
        if self.output.capacity() > 0 {
            self.output = BytesMut::new();
        }
        Ok(())
    }

    /// Hands a call of a function over to the compute pool.
    fn begin_call(&self, frame_type: FrameType, body: Bytes) -> Arc<Call> {
        let (call, answering) = Call::begin(self.stream.shared().cloned());
        let (server, node) = (self.server.clone(), self.session.node.clone());
        let caller = self.session.caller.clone();
        self.server.compute.run(move || {
            let mut reply = BytesMut::new();
            let at = At { server: &server, node: &node, caller: &caller, watch: None };
            command::run_call(at, frame_type, &body, &mut reply);
            answering.answer(reply);
        });
        call
    }

    /// Waits until the client sends more, or the call has left something to send.
    async fn await_call(&mut self, call: &Call) -> io::Result<()> {
        let idles = self.server.settings.proto_fd_idle_ms.load(Ordering::Relaxed) != 0;
        if let Some(socket) = self.stream.shared().filter(|_| !idles) {
            tokio::select! {
                readable = socket.readable() => readable?,
                () = call.wants_attention() => {}
            }
        }
        self.end_call(call).await
    }

    /// Waits for the end of a call, and sends what is left of its reply.
    async fn end_call(&mut self, call: &Call) -> io::Result<()> {
        self.output = call.ended().await?;
        self.flush().await
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.session.node.user_agents.lock().remove(&self.session.id);
        if !self.session.node.is_open() && self.session.port == Port::Service {
            self.stream.reset();
        }
    }
}
