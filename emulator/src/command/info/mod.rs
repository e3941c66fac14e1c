//! The info protocol: text commands in, text out (info §1 to §3).

mod cluster;
mod identity;
mod parameters;

pub use parameters::Parameters;

use crate::server::{Server, Session};
use aerospike_wire::ResultCode;
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use bytes::{BufMut, BytesMut};
use std::sync::atomic::Ordering;

/// Longest command name; a longer one is unknown (info §2).
const MAX_NAME: usize = 31;

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
}

/// The text of a reply, or an error in the protocol's form.
pub type Answer = Result<String, InfoError>;

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
}

impl std::fmt::Display for InfoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            ResultCode::SERVER => write!(f, "ERROR::{}", self.text),
            code => write!(f, "ERROR:{}:{}", code.0, self.text),
        }
    }
}

/// Answers one info frame: every command in order, each echoed in front of its value.
pub fn answer(server: &Server, session: &mut Session, body: &[u8], out: &mut BytesMut) {
    let start = out.len();
    out.put_bytes(0, HEADER_SIZE);
    let mut rest = if body.is_empty() { SUMMARY.as_bytes() } else { body };
    // Text behind the last newline is not a command.
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let command = until_nul(&rest[..end]);
        rest = &rest[end + 1..];
        out.put_slice(command);
        out.put_u8(b'\t');
        match run(server, session, command) {
            Ok(text) => out.put_slice(text.as_bytes()),
            Err(error) => out.put_slice(error.to_string().as_bytes()),
        }
        out.put_u8(b'\n');
    }
    server.connections.info_complete.fetch_add(1, Ordering::Relaxed);
    let proto = ProtoHeader { frame_type: FrameType::Info, size: out.len() - start - HEADER_SIZE };
    out[start..start + HEADER_SIZE].copy_from_slice(&proto.to_bytes());
}

fn until_nul(command: &[u8]) -> &[u8] {
    command.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn run(server: &Server, session: &mut Session, command: &[u8]) -> Answer {
    let unknown = || InfoError::new(ResultCode::PARAMETER, "unrecognized command");
    let end = command.iter().position(|byte| matches!(byte, b':' | b'/' | b';')).unwrap_or(command.len());
    let (name, rest) = command.split_at(end);
    let parameters = Parameters::new(rest.get(1..).unwrap_or_default());
    let name = std::str::from_utf8(name).ok().filter(|name| name.len() <= MAX_NAME).ok_or_else(unknown)?;
    let mut request = Request { server, session, parameters };
    let family = [identity::run, cluster::run];
    family.iter().find_map(|run| run(name, &mut request)).unwrap_or_else(|| Err(unknown()))
}
