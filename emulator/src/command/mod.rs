//! What a client can ask: one file for each kind of request.
//!
//! A message takes one way: parsed, checked for what all kinds have in common, run, encoded. Commands on one
//! record are plain synchronous functions that run on the network thread, unless they call a function of a client.

mod batch;
mod compression;
mod delete;
pub mod expression;
pub mod info;
mod inside;
mod monitor;
mod operate;
pub mod query;
mod read;
mod reply;
mod scalar;
mod transaction;
mod ttl;
mod udf;
pub mod watch;
mod write;

use crate::cluster::Node;
use crate::control::Watching;
use crate::expression::Expression;
use crate::security::{Caller, enforce};
use crate::server::{FrameSink, Gone, Server, Session};
use crate::store::{Namespace, Record};
use aerospike_wire::bits::{info1, info2, info3};
use aerospike_wire::message::MESSAGE_HEADER_SIZE;
use aerospike_wire::proto::FrameType;
use aerospike_wire::{Digest, Header, Message, RecordVersion, ResultCode, field};
use bytes::BytesMut;
use std::borrow::Cow;
use std::net::SocketAddr;

pub use reply::Reply;

/// Most ops in one command (wire §24).
pub const MAX_OPS: usize = 32_768;
/// Most bins in one record (wire §24).
pub const MAX_BINS: usize = 32_767;
/// Longest bin name in bytes (wire §24).
pub const MAX_BIN_NAME: usize = 15;
/// A longer compressed body is inflated beside the network thread.
const INLINE_INFLATE: usize = 16 * 1024;

/// Where a command on one record came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A message of its own.
    Client,
    /// A row of a batch.
    Batch,
    /// A record that a query has found.
    Query,
    /// A test that sets data up without a client.
    Direct,
}

/// A command on one record, whatever way it came.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The server that it runs on.
    pub server: &'a Server,
    /// The record's namespace.
    pub namespace: &'a Namespace,
    /// The record's set; empty for none.
    pub set: &'a [u8],
    /// The record's digest.
    pub digest: Digest,
    /// Header, fields and ops.
    pub message: Message<'a>,
    /// Where it came from.
    pub origin: Origin,
    /// The filter of the batch that the command is a row of.
    pub batch_filter: Option<&'a Expression>,
}

impl<'a> Request<'a> {
    /// The message's header.
    pub fn header(&self) -> &Header {
        &self.message.header
    }

    /// The command's own filter, packed; it wins over that of its batch.
    pub fn filter(&self) -> Option<&'a [u8]> {
        self.message.field(field::FILTER)
    }

    /// The user key, particle type byte included.
    pub fn key(&self) -> Option<&'a [u8]> {
        self.message.field(field::KEY)
    }

    fn is_community(&self) -> bool {
        self.server.is_community()
    }
}

/// How a command on one record ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ending {
    /// The result code.
    pub code: ResultCode,
    /// The record's generation, or 0.
    pub generation: u16,
    /// The record's void time, or 0.
    pub void_time: u32,
    /// What a transaction has to remember of the record.
    pub version: Option<RecordVersion>,
}

impl Ending {
    /// An end that tells nothing of a record.
    pub const fn bare(code: ResultCode) -> Ending {
        Ending { code, generation: 0, void_time: 0, version: None }
    }

    /// An end that tells generation and void time of a record.
    pub fn of(code: ResultCode, record: &Record) -> Ending {
        let header = record.header();
        Ending { code, generation: header.generation, void_time: header.void_time, version: None }
    }
}

/// A failed command; kept apart from [`Ending`] so that `?` can carry it.
pub type Failure = Ending;

/// What remains to be done with a message after [`dispatch`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disposition {
    /// The reply is written.
    Done,
    /// The request runs beside the network thread, through [`run_offloaded`].
    Offload,
    /// The request calls a function of a client; the compute pool runs it, through [`run_call`].
    Call,
    /// The connection has to be closed without a reply.
    Close,
    /// A fault holds the request up, or is to do something to its reply.
    Hold,
}

/// Where a request has come to, and from whom.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// The server.
    pub server: &'a Server,
    /// The node of the cluster that it plays for this client.
    pub node: &'a Node,
    /// The client.
    pub caller: &'a Caller,
    /// What faults do to the request, and the log's notes of it.
    pub watch: Watching<'a>,
}

/// Runs a message and appends its reply, unless it takes so long that other connections of the thread would
/// wait for it (wire §12).
pub fn dispatch(at: At<'_>, body: &[u8], out: &mut BytesMut) -> Disposition {
    let At { server, caller, .. } = at;
    let header = match Header::parse(body) {
        Ok(header) => header,
        Err(error) => {
            refuse(out, error.into(), 0);
            return Disposition::Done;
        }
    };
    if let Err(code) = enforce::connection(server, caller) {
        refuse_stranger(out, code, &header);
        return Disposition::Done;
    }
    let start = out.len();
    if header.info1 & info1::BATCH != 0 {
        if !batch::runs_inline(server, body) {
            return Disposition::Offload;
        }
        batch::answer(at, header, body, &mut *out);
    } else {
        match run_message(at, header, body, out, Thread::Network) {
            Disposition::Done => {}
            elsewhere => return elsewhere,
        }
    }
    if compresses(server, &header) {
        compression::deflate(out, start);
    }
    Disposition::Done
}

/// Runs a compressed message and appends its reply; a long one is left to [`run_offloaded`].
pub fn dispatch_compressed(at: At<'_>, body: &[u8], out: &mut BytesMut) -> Disposition {
    if at.server.is_community() {
        refuse(out, ResultCode::ENTERPRISE_ONLY, 0);
    } else if body.len() > INLINE_INFLATE {
        return Disposition::Offload;
    } else {
        match compression::inflate(body) {
            Ok(message) => return dispatch(at, &message, out),
            Err(code) => refuse(out, code, 0),
        }
    }
    Disposition::Done
}

/// Runs a request that was not for the network thread, and sends its frames. The connection takes its next request
/// when `frames` is dropped.
pub fn run_offloaded(
    server: &Server,
    mut session: Session,
    watch: Watching<'_>,
    frame_type: FrameType,
    body: &[u8],
    frames: FrameSink,
) {
    let mut out = BytesMut::new();
    if frame_type == FrameType::Info {
        info::answer(server, &mut session, body, &mut out);
        // A client that has gone misses nothing.
        let _ = frames.send(out);
        return;
    }
    match unwrap_message(frame_type, body) {
        Err(code) => {
            note(watch, code);
            refuse(&mut out, code, 0);
            let _ = frames.send(out);
        }
        Ok((header, body)) => {
            let at = At { server, node: &session.node, caller: &session.caller, watch };
            if let Err(code) = enforce::connection(server, at.caller) {
                refuse_stranger(&mut out, code, &header);
                let _ = frames.send(out);
                return;
            }
            let compresses = compresses(server, &header);
            let mut frames = OffloadedFrames { sink: frames, client: session.peer, compresses };
            if header.info1 & info1::BATCH != 0 {
                return batch::answer(at, header, &body, &mut frames);
            }
            if run_message(at, header, &body, &mut out, Thread::Compute) == Disposition::Offload
                && let Ok((message, namespace)) = parse_message(server, header, &body)
            {
                let query = query::Query { server, node: at.node, namespace, message };
                return query::run(&query, at.caller, watch, frames);
            }
            let _ = frames.send(out);
        }
    }
}

/// Runs a message that calls a function, and appends its reply.
pub fn run_call(at: At<'_>, frame_type: FrameType, body: &[u8], out: &mut BytesMut) {
    let At { server, caller, watch, .. } = at;
    match unwrap_message(frame_type, body) {
        Err(code) => {
            note(watch, code);
            refuse(out, code, 0);
        }
        Ok((header, body)) => {
            if let Err(code) = enforce::connection(server, caller) {
                return refuse_stranger(out, code, &header);
            }
            run_message(at, header, &body, out, Thread::Compute);
            if compresses(server, &header) {
                compression::deflate(out, 0);
            }
        }
    }
}

/// Header and body of the message that a frame is, or holds compressed.
fn unwrap_message(frame_type: FrameType, body: &[u8]) -> Result<(Header, Cow<'_, [u8]>), ResultCode> {
    let body = compression::message_body(frame_type, body)?;
    Ok((Header::parse(&body)?, body))
}

/// Whether the client takes a compressed reply and the edition gives one.
fn compresses(server: &Server, header: &Header) -> bool {
    header.info1 & info1::COMPRESS_RESPONSE != 0 && !server.is_community()
}

/// Sends the frames of a request that runs beside the network thread, compressed if the client asked for it.
pub struct OffloadedFrames {
    sink: FrameSink,
    client: SocketAddr,
    compresses: bool,
}

impl OffloadedFrames {
    /// Sends one frame; where nothing is compressed, it may be several. Waits while the client is behind.
    ///
    /// # Errors
    /// [`Gone`] when the connection was closed.
    pub fn send(&self, mut frame: BytesMut) -> Result<(), Gone> {
        if self.compresses {
            compression::deflate(&mut frame, 0);
        }
        self.sink.send(frame)
    }

    /// Whether frames are compressed.
    pub fn compresses(&self) -> bool {
        self.compresses
    }

    /// The client's address.
    pub fn client(&self) -> SocketAddr {
        self.client
    }
}

impl batch::Frames for &mut OffloadedFrames {
    fn frame(&mut self, frame: BytesMut) -> Result<(), Gone> {
        self.send(frame)
    }
}

/// Parses a message and finds its namespace.
fn parse_message<'a>(
    server: &'a Server,
    header: Header,
    body: &'a [u8],
) -> Result<(Message<'a>, &'a Namespace), ResultCode> {
    let (message, rest) = Message::with_header(header, &body[MESSAGE_HEADER_SIZE..])?;
    if !rest.is_empty() {
        return Err(ResultCode::PARAMETER);
    }
    let name = message.field(field::NAMESPACE).ok_or(ResultCode::NAMESPACE)?;
    let namespace = server.store.namespace(name).ok_or(ResultCode::NAMESPACE)?;
    Ok((message, namespace))
}

/// Where a message runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Thread {
    /// Beside other connections, which must not wait.
    Network,
    /// On a thread of its own.
    Compute,
}

/// Runs a message that is no batch. A query is left to [`run_offloaded`], and a call of a function to [`run_call`]:
/// neither runs on a network thread.
fn run_message(at: At<'_>, header: Header, body: &[u8], out: &mut BytesMut, thread: Thread) -> Disposition {
    let At { server, node, caller, watch } = at;
    let refuse = |out: &mut BytesMut, code: ResultCode| {
        note(watch, code);
        refuse(out, code, 0);
        Disposition::Done
    };
    let (message, namespace) = match parse_message(server, header, body) {
        Ok(parsed) => parsed,
        Err(code) => return refuse(out, code),
    };
    let Some(digest) = message.field(field::DIGEST) else { return Disposition::Offload };
    let Some(digest) = Digest::from_slice(digest) else { return refuse(out, ResultCode::PARAMETER) };
    if thread == Thread::Network && calls_function(&message) {
        return Disposition::Call;
    }
    let set = message.field(field::SET).unwrap_or_default();
    if let Err(code) = enforce::record(server, caller, namespace.name().as_bytes(), set, &message) {
        return refuse(out, code);
    }
    if let Some(code) = watch.and_then(|watch| watch.verdict.code) {
        return refuse(out, code);
    }
    if node.is_particular()
        && let Err(code) = node.admit(namespace, digest.partition(), &message.header, false)
    {
        return refuse(out, code);
    }
    let request =
        Request { server, namespace, set, digest, message, origin: Origin::Client, batch_filter: None };
    let ending = run(&request, Reply::frame(out));
    note(watch, ending.code);
    Disposition::Done
}

/// Tells whoever watches how a request has ended.
fn note(watch: Watching<'_>, code: ResultCode) {
    if let Some(watch) = watch {
        watch.ended(code);
    }
}

/// Whether a message for one record calls a function.
fn calls_function(message: &Message<'_>) -> bool {
    message.header.info2 & (info2::WRITE | info2::DELETE) == info2::WRITE
        && message.field(field::UDF_MODULE).is_some()
}

/// Runs a command on one record, by its kind.
pub fn run(request: &Request<'_>, mut reply: Reply<'_>) -> Ending {
    let header = request.header();
    let ending = if monitor::is_meant(request) {
        monitor::run(request, &mut reply)
    } else if header.info2 & info2::WRITE != 0 {
        if header.info2 & info2::DELETE != 0 {
            delete::run(request)
        } else if calls_function(&request.message) {
            udf::run(request, &mut reply)
        } else {
            write::run(request, &mut reply)
        }
    } else if header.info1 & info1::READ != 0 {
        read::run(request, &mut reply)
    } else {
        Ending::bare(ResultCode::PARAMETER)
    };
    let void_time = request.namespace.clock.void_time_for_clients(ending.void_time);
    reply.finish(Ending { void_time, ..ending });
    ending
}

/// Appends a reply that has nothing but a result code.
fn refuse(out: &mut BytesMut, code: ResultCode, info3: u8) {
    let mut reply = Reply::frame(out);
    reply.set_info3(info3);
    reply.finish(Ending::bare(code));
}

/// Refuses whoever has not logged in: a batch gets the end mark alone (security §5).
fn refuse_stranger(out: &mut BytesMut, code: ResultCode, header: &Header) {
    let is_batch = header.info1 & info1::BATCH != 0;
    refuse(out, code, if is_batch { info3::LAST } else { 0 });
}

/// Checks a bin name (wire §24).
fn check_bin_name(name: &[u8]) -> Result<(), ResultCode> {
    if name.len() > MAX_BIN_NAME || name.contains(&0) { Err(ResultCode::BIN_NAME) } else { Ok(()) }
}

/// Whether a read or delete that names this set may have the record: naming none matches any (wire §22).
fn set_matches(request: &Request<'_>, record: &Record) -> bool {
    request.set.is_empty() || request.set == request.namespace.sets.name(record.header().set)
}

/// Whether the key sent, if any, is the one stored, if any (wire §21).
fn key_matches(request: &Request<'_>, record: &Record) -> bool {
    match (request.key(), record.key()) {
        (Some(sent), Some(stored)) => sent == stored,
        _ => true,
    }
}
