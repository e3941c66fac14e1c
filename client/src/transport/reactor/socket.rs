//! One connection of a reactor: what it is doing, and what it can do next.

use super::Job;
use crate::admin::{Hello, Login, Welcome};
use crate::cluster::node::Permit;
use crate::error::ErrorKind;
use crate::reply::{Expect, Inbox};
use crate::transport::blocking::TRUSTED;
use crate::transport::stream::Stream;
use aerospike_wire::proto::FrameType;
use mio::net::TcpStream;
use std::io::{ErrorKind as Io, Read, Write};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    Connecting,
    /// The authentication is sent up to here, or wholly.
    Hello(usize),
    /// The request is sent up to here.
    Sending(usize),
    Receiving,
    Idle,
}

pub(super) struct Socket<W> {
    pub(super) stream: Stream<TcpStream>,
    pub(super) permit: Permit,
    pub(super) inbox: Inbox,
    pub(super) phase: Phase,
    pub(super) since: Instant,
    /// What the server is told first, if anything.
    pub(super) hello: Option<Hello>,
    pub(super) job: Option<Job<W>>,
}

/// What a socket could do.
pub(super) enum Progress {
    Waiting,
    Replied,
}

impl<W> Socket<W> {
    /// When something has to have happened.
    pub(super) fn deadline(&self, connect_timeout: Duration) -> Option<Instant> {
        let own = match self.phase {
            Phase::Connecting | Phase::Hello(_) => self.since.checked_add(connect_timeout),
            Phase::Idle => self.since.checked_add(self.permit.node().limits().idle),
            Phase::Sending(_) | Phase::Receiving => None,
        };
        let job = self.job.as_ref().and_then(|job| job.run.deadline());
        [own, job].into_iter().flatten().min()
    }

    /// Whether an idle connection can be expected to work.
    pub(super) fn is_usable(&mut self) -> bool {
        let unused = self.since.elapsed();
        unused < TRUSTED || (unused < self.permit.node().limits().idle && self.progress().is_ok())
    }

    /// Starts to say who the client is; whether there is anything to say.
    pub(super) fn greet(&mut self) -> bool {
        if self.hello.is_none() {
            return false;
        }
        self.inbox.expect(Expect::Frame(FrameType::Admin));
        self.phase = Phase::Hello(0);
        true
    }

    /// Judges the answer to the hello; whether the connection may be used, or another hello comes first.
    pub(super) fn welcomed(&mut self, login: &Login) -> Result<bool, ErrorKind> {
        let Some(hello) = self.hello.take() else { return Ok(true) };
        match login.check(self.permit.node().address(), &hello, self.inbox.body(), Instant::now())? {
            Welcome::Ready => Ok(true),
            Welcome::Again(next) => {
                self.hello = Some(next);
                Ok(false)
            }
        }
    }

    pub(super) fn progress(&mut self) -> Result<Progress, ErrorKind> {
        match self.phase {
            Phase::Connecting => Ok(Progress::Waiting),
            Phase::Idle => {
                // Nothing is under way here: bytes or an end mean that the connection is of no more use.
                match self.stream.read(&mut [0]) {
                    Err(error) if error.kind() == Io::WouldBlock => Ok(Progress::Waiting),
                    _ => Err(ErrorKind::Connection("closed by the server".into())),
                }
            }
            Phase::Hello(sent) => {
                let hello = self.hello.as_ref().map_or(&[][..], |hello| &hello.frame);
                if let Some(left) = hello.get(sent..).filter(|left| !left.is_empty()) {
                    self.phase = Phase::Hello(sent + write(&mut self.stream, left)?);
                }
                self.read()
            }
            Phase::Sending(sent) => {
                let request = self.job.as_ref().map_or(&[][..], |job| &job.request);
                let left = request.get(sent..).unwrap_or_default();
                let sent = sent + write(&mut self.stream, left)?;
                if sent < request.len() {
                    self.phase = Phase::Sending(sent);
                    return Ok(Progress::Waiting);
                }
                // So does encryption, which has messages of its own.
                let in_pieces = left.len() < request.len() || matches!(self.stream, Stream::Tls(_));
                self.phase = Phase::Receiving;
                // The answer will announce itself; only one to a half-sent request may have done so already.
                if in_pieces { self.read() } else { Ok(Progress::Waiting) }
            }
            Phase::Receiving => self.read(),
        }
    }

    /// Reads until the reply is complete or nothing is left.
    fn read(&mut self) -> Result<Progress, ErrorKind> {
        loop {
            match self.stream.read(self.inbox.space()) {
                Ok(0) => return Err(ErrorKind::Connection("closed by the server".into())),
                Ok(count) => {
                    if let Some(job) = self.job.as_mut().filter(|job| job.expect == Expect::Query) {
                        // Its socket timeout bounds silences, not the whole.
                        job.run.heard(Instant::now());
                    }
                    if self.inbox.filled(count)? {
                        return Ok(Progress::Replied);
                    }
                }
                Err(error) if error.kind() == Io::WouldBlock => return Ok(Progress::Waiting),
                Err(error) if error.kind() == Io::Interrupted => {}
                Err(error) => return Err(ErrorKind::Connection(error.to_string())),
            }
        }
    }
}

/// Writes what the socket takes; how much.
fn write(stream: &mut Stream<TcpStream>, bytes: &[u8]) -> Result<usize, ErrorKind> {
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(&bytes[sent..]) {
            Ok(0) => return Err(ErrorKind::Connection("closed by the server".into())),
            Ok(count) => sent += count,
            Err(error) if error.kind() == Io::WouldBlock => break,
            Err(error) if error.kind() == Io::Interrupted => {}
            Err(error) => return Err(ErrorKind::Connection(error.to_string())),
        }
    }
    Ok(sent)
}

/// Whether a connection being opened is open.
pub(super) fn connected(stream: &TcpStream) -> std::io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == Io::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}
