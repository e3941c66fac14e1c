//! `aerospike-emulator ctl`: sends one control command to a running emulator, and prints its answer.

use crate::security::PasswordHash;
use aerospike_wire::admin::{AdminHeader, command, field, put_field, put_frame};
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, BytesMut};
use clap::Args;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest answer, in bytes.
const MAX_ANSWER: usize = 1 << 30;

/// What to send, and to whom.
#[derive(Debug, Args)]
pub struct Options {
    /// Address of the emulator, as host:port
    address: String,
    /// What to control: clock, fault, log, snapshot, data, …
    word: String,
    /// Arguments, each a word or key=value; key=@FILE sends a file's content in base64
    arguments: Vec<String>,
    /// User to log in as, where security is on
    #[arg(long)]
    user: Option<String>,
    /// The user's password
    #[arg(long, default_value = "", requires = "user")]
    password: String,
}

/// Sends the command; its answer, and whether it is an error.
///
/// # Errors
/// One line for a person.
pub fn run(options: &Options) -> Result<(String, bool), String> {
    let arguments =
        options.arguments.iter().map(|argument| with_file(argument)).collect::<Result<Vec<_>, _>>()?;
    let command = format!("emulator-{}:{}", options.word, arguments.join(";"));
    if command.contains(['\n', '\0']) {
        return Err("an argument cannot have a line end or NUL in it".into());
    }
    let failed = |error: io::Error| format!("{}: {error}", options.address);
    let mut socket = connect(&options.address).map_err(failed)?;
    if let Some(user) = &options.user {
        log_in(&mut socket, user, &options.password).map_err(failed)?;
    }
    let mut frame = BytesMut::new();
    frame.put_slice(&ProtoHeader { frame_type: FrameType::Info, size: command.len() + 1 }.to_bytes());
    frame.put_slice(command.as_bytes());
    frame.put_u8(b'\n');
    socket.write_all(&frame).map_err(failed)?;
    let body = receive(&mut socket, FrameType::Info).map_err(failed)?;
    let text = String::from_utf8_lossy(&body);
    let answer = text.strip_prefix(command.as_str()).unwrap_or(&text).trim_matches(['\t', '\n']);
    Ok((answer.to_owned(), answer.starts_with("ERROR")))
}

/// An argument; of `key=@FILE` the value is the file's content in base64.
fn with_file(argument: &str) -> Result<String, String> {
    match argument.split_once("=@") {
        Some((key, path)) if !key.contains('=') => {
            let content = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
            Ok(format!("{key}={}", STANDARD.encode(content)))
        }
        _ => Ok(argument.into()),
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    use std::net::ToSocketAddrs;
    let mut last = io::Error::new(io::ErrorKind::InvalidInput, "no such address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn log_in(socket: &mut TcpStream, user: &str, password: &str) -> io::Result<()> {
    let hash = PasswordHash::of(password).map_err(io::Error::other)?;
    let mut fields = BytesMut::new();
    put_field(&mut fields, field::USER, user.as_bytes());
    put_field(&mut fields, field::CREDENTIAL, hash.as_bytes());
    let mut frame = BytesMut::new();
    let header = AdminHeader { command: command::LOGIN, n_fields: 2, ..AdminHeader::default() };
    put_frame(&mut frame, header, &fields);
    socket.write_all(&frame)?;
    let body = receive(socket, FrameType::Admin)?;
    match AdminHeader::parse(&body).map(|(header, _)| header.result) {
        Some(0) => Ok(()),
        Some(code) => Err(io::Error::other(format!("login refused: {}", aerospike_wire::ResultCode(code)))),
        None => Err(io::Error::other("no answer to the login")),
    }
}

fn receive(socket: &mut TcpStream, expected: FrameType) -> io::Result<Vec<u8>> {
    let mut head = [0; HEADER_SIZE];
    socket.read_exact(&mut head)?;
    let head = ProtoHeader::parse(head).map_err(io::Error::other)?;
    if head.frame_type != expected || head.size > MAX_ANSWER {
        return Err(io::Error::other("the server speaks another protocol"));
    }
    let mut body = Vec::new();
    socket.take(head.size as u64).read_to_end(&mut body)?;
    match body.len() == head.size {
        true => Ok(body),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
