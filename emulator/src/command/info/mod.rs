//! The info protocol: text commands in, text out (info §1 to §3).
//!
//! [`table`] lists all commands; each file beside it holds those of one subject.

mod addresses;
mod cluster;
mod config;
mod emulator;
mod identity;
mod inspect;
mod jobs;
mod latencies;
mod logs;
mod namespace_stats;
mod namespaces;
mod parameters;
mod permissions;
mod sindex;
mod statistics;
mod table;
#[cfg(test)]
mod tests;
mod truncate;
mod udf;

pub use logs::Levels;
pub use parameters::Parameters;
pub use table::{COMMANDS, Command};

use super::Disposition;
use crate::cluster::{Node, View};
use crate::security::{Permission, enforce};
use crate::server::{Server, Session};
use aerospike_wire::ResultCode;
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use bytes::{BufMut, BytesMut};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Longest command name; a longer one is unknown (info §2).
const MAX_NAME: usize = 31;

/// How much longer than its request a reply may become, in bytes. The longest single answer, `partition-info` of
/// 32 namespaces, takes less than an eighth of it.
const MAX_GROWTH: usize = 128 << 20;

/// What an empty request asks for (info §2).
const SUMMARY: &str = "features\nnode\ncompatibility-id\nedition\nbuild_ee_sha\nbuild_sha\nbuild_arch\nbuild_time\n\
    build_os\nbuild\nversion\nstatistics\nservices-alumni\nservices\npartition-generation\n";

/// An info command with its surroundings.
pub struct Request<'a> {
    /// The server asked.
    pub server: &'a Server,
    /// The connection that asks.
    pub session: &'a mut Session,
    /// What stands behind the command's name.
    pub parameters: Parameters<'a>,
    /// Set by the one kind of reply that has no TAB (info §3).
    pub without_tab: bool,
}

impl Request<'_> {
    /// The node asked.
    pub fn node(&self) -> &Arc<Node> {
        &self.session.node
    }

    /// What the node believes.
    pub fn view(&self) -> Arc<View> {
        self.session.node.view()
    }
}

/// The text of a reply, as bytes since a set's name may be any; or an error in the protocol's form.
pub type Answer = Result<Vec<u8>, InfoError>;

/// `ERROR:<code>:<text>`; the code is left out when it is 1 (info §3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InfoError {
    /// The result code.
    pub code: ResultCode,
    /// What is wrong.
    pub text: String,
}

impl InfoError {
    /// An error of a code with a text.
    pub fn new(code: ResultCode, text: impl Into<String>) -> InfoError {
        InfoError { code, text: text.into() }
    }

    /// [`ResultCode::PARAMETER`] with a text.
    pub fn parameter(text: impl Into<String>) -> InfoError {
        InfoError::new(ResultCode::PARAMETER, text)
    }

    /// What a command says of a namespace that does not exist.
    pub fn namespace_not_found() -> InfoError {
        InfoError::new(ResultCode::NAMESPACE, "namespace not found on node")
    }
}

impl std::fmt::Display for InfoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            ResultCode::SERVER => write!(f, "ERROR::{}", self.text),
            code => write!(f, "ERROR:{}:{}", code.0, self.text),
        }
    }
}

/// Commands that look at every record.
const LENGTHY: [&[u8]; 3] = [b"sindex-create", b"truncate", b"truncate-namespace"];
/// With more records than this, they run beside the network thread.
const MANY_RECORDS: u64 = 20_000;

/// Longest frame of such commands, in bytes: its reply certainly fits in a frame.
const MAX_LENGTHY: usize = 64 * 1024;

/// Whether a frame has nothing but commands that would hold other connections of the thread up.
pub fn takes_long(server: &Server, body: &[u8]) -> bool {
    // They wait, or go through all records.
    if body.starts_with(b"emulator-") || memchr::memmem::find(body, b"\nemulator-").is_some() {
        return true;
    }
    // Registering a module runs its top level.
    if body.starts_with(b"udf-put:") && memchr::memchr(b'\n', body) == Some(body.len() - 1) {
        return true;
    }
    let is_lengthy = |command: &[u8]| {
        let end = command.iter().position(|byte| matches!(byte, b':' | b'/' | b';')).unwrap_or(command.len());
        LENGTHY.contains(&&command[..end])
    };
    let Some(commands) = body.strip_suffix(b"\n").filter(|_| body.len() <= MAX_LENGTHY) else { return false };
    commands.split(|byte| *byte == b'\n').all(is_lengthy)
        && server.store.namespaces().iter().map(|ns| ns.objects.load(Ordering::Relaxed)).sum::<u64>()
            > MANY_RECORDS
}

/// Answers one info frame: every command in order, each echoed in front of its value. A frame that asks for more
/// than a reply can hold closes its connection.
pub fn answer(server: &Server, session: &mut Session, body: &[u8], out: &mut BytesMut) -> Disposition {
    let start = out.len();
    out.put_bytes(0, HEADER_SIZE);
    if let Err(code) = enforce::connection(server, &session.caller) {
        out.put_slice(format!("ERROR:{}:not authenticated\n", code.0).as_bytes());
        return finish(session, out, start);
    }
    let mut rest = if body.is_empty() { SUMMARY.as_bytes() } else { body };
    // Text behind the last newline is not a command.
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let command = until_nul(&rest[..end]);
        rest = &rest[end + 1..];
        out.put_slice(command);
        let (answer, without_tab) = run(server, session, command);
        if !without_tab {
            out.put_u8(b'\t');
        }
        match answer {
            Ok(text) => out.put_slice(&text),
            Err(error) => out.put_slice(error.to_string().as_bytes()),
        }
        out.put_u8(b'\n');
        if out.len() - start > body.len().saturating_add(MAX_GROWTH) {
            tracing::warn!(id = session.id, "an info request asks for too much");
            out.truncate(start);
            return Disposition::Close;
        }
    }
    finish(session, out, start)
}

/// Counts a frame and writes its size.
fn finish(session: &Session, out: &mut BytesMut, start: usize) -> Disposition {
    session.node.connections.info_complete.fetch_add(1, Ordering::Relaxed);
    let proto = ProtoHeader { frame_type: FrameType::Info, size: out.len() - start - HEADER_SIZE };
    out[start..start + HEADER_SIZE].copy_from_slice(&proto.to_bytes());
    Disposition::Done
}

fn until_nul(command: &[u8]) -> &[u8] {
    command.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The answer of one command, and whether it goes without the TAB in front.
fn run(server: &Server, session: &mut Session, command: &[u8]) -> (Answer, bool) {
    let end = command.iter().position(|byte| matches!(byte, b':' | b'/' | b';')).unwrap_or(command.len());
    let (name, rest) = command.split_at(end);
    let command = match Some(name).filter(|name| name.len() <= MAX_NAME).and_then(table::find) {
        Some(command) => command,
        None => return (Err(InfoError::parameter("unrecognized command")), false),
    };
    if command.is_deprecated() {
        session.node.connections.info_deprecated.fetch_add(1, Ordering::Relaxed);
    }
    if command.is_enterprise() && server.is_community() {
        return (Err(InfoError::new(ResultCode::ENTERPRISE_ONLY, "enterprise only")), false);
    }
    let parameters = Parameters::new(rest.get(1..).unwrap_or_default());
    if server.security.is_some()
        && let Err(error) = permit(server, session, name, &parameters)
    {
        return (Err(error), false);
    }
    let mut request = Request { server, session, parameters, without_tab: false };
    let answer = (command.run)(&mut request);
    (answer, request.without_tab)
}

/// Whether the connection's user may run a command (security §5).
fn permit(
    server: &Server,
    session: &Session,
    name: &[u8],
    parameters: &Parameters<'_>,
) -> Result<(), InfoError> {
    let permission = permissions::of(name);
    let part = |keys: [&str; 3]| keys.iter().find_map(|key| parameters.raw(key)).unwrap_or_default();
    let (namespace, set) = match permission {
        Permission::None => Default::default(),
        // A set that such a command does not take must not narrow what it does.
        _ if name.starts_with(b"truncate-namespace") => (part(["namespace", "ns", "id"]), &b""[..]),
        _ => (part(["namespace", "ns", "id"]), parameters.raw("set").unwrap_or_default()),
    };
    enforce::command(server, &session.caller, permission, namespace, set).map_err(|code| match code {
        ResultCode::SEC_NOT_AUTHENTICATED => InfoError::new(code, "not authenticated"),
        ResultCode::SEC_ROLE_VIOLATION => {
            let text = format!("role violation - requires permission '{}'", permission.name());
            InfoError::new(code, text)
        }
        code => InfoError::new(code, "unexpected security result"),
    })
}
