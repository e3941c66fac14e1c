//! The load: a closed loop on one thread, one request under way on each connection.

use crate::process::Server;
use crate::workloads::{Random, Reply, Sink, Workload};
use aerospike_wire::bits::info3;
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use aerospike_wire::{Message, ResultCode};
use bytes::{Buf, BytesMut};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Latencies are counted by the microsecond up to this one, the last counting all above.
const SLOWEST: usize = 100_000;
/// How long a server may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a load measured.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Replies received.
    pub operations: u64,
    /// Replies that tell of a failure; that a record did not pass its filter is none.
    pub errors: u64,
    /// From the first request to the last reply counted.
    pub elapsed: Duration,
    latencies: Vec<u32>,
}

impl Outcome {
    /// The latency in microseconds that a share of the operations stayed below.
    pub fn percentile(&self, share: f64) -> u64 {
        let wanted = (self.operations as f64 * share) as u64;
        let mut seen = 0;
        for (microseconds, count) in self.latencies.iter().enumerate() {
            seen += u64::from(*count);
            if seen > wanted {
                return microseconds as u64;
            }
        }
        0
    }

    fn record(&mut self, latency: Duration) {
        self.operations += 1;
        self.latencies[(latency.as_micros() as usize).min(SLOWEST)] += 1;
    }
}

struct Connection {
    socket: TcpStream,
    /// The part of the request that the socket has not taken yet.
    output: BytesMut,
    /// The beginning of a frame whose rest is still to come.
    input: BytesMut,
    sent: Instant,
}

/// Runs a workload for a while on connections of its own.
pub fn run(
    address: SocketAddr,
    workload: &Workload,
    connections: usize,
    duration: Duration,
    seed: u64,
) -> io::Result<Outcome> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 256 * 1024];
    let mut random = Random(seed);
    let mut outcome = Outcome { latencies: vec![0; SLOWEST + 1], ..Outcome::default() };
    let mut all = Vec::with_capacity(connections);
    for token in 0..connections {
        let socket = std::net::TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let mut socket = TcpStream::from_std(socket);
        poll.registry().register(&mut socket, Token(token), Interest::READABLE | Interest::WRITABLE)?;
        all.push(Connection {
            socket,
            output: BytesMut::new(),
            input: BytesMut::new(),
            sent: Instant::now(),
        });
    }
    let started = Instant::now();
    for connection in &mut all {
        connection.request(workload, &mut random)?;
    }
    loop {
        match poll.poll(&mut events, Some(PATIENCE)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        if events.is_empty() {
            return Err(io::Error::new(ErrorKind::TimedOut, "the server does not answer"));
        }
        for event in &events {
            let connection = &mut all[event.token().0];
            connection.flush()?;
            while let Some(ok) = connection.reply(workload.reply, &mut buffer)? {
                outcome.errors += u64::from(!ok);
                outcome.record(connection.sent.elapsed());
                connection.request(workload, &mut random)?;
            }
        }
        outcome.elapsed = started.elapsed();
        if outcome.elapsed >= duration {
            return Ok(outcome);
        }
    }
}

/// Runs a workload for a while; with its outcome the server's CPU time for one operation, in microseconds.
pub fn run_counting_cpu(
    server: &Server,
    workload: &Workload,
    connections: usize,
    duration: Duration,
    seed: u64,
) -> io::Result<(Outcome, f64)> {
    let before = server.cpu()?;
    let outcome = run(server.address, workload, connections, duration, seed)?;
    let cpu = server.cpu()?.saturating_sub(before);
    let cost = cpu.as_secs_f64() * 1e6 / outcome.operations.max(1) as f64;
    Ok((outcome, cost))
}

impl Connection {
    fn request(&mut self, workload: &Workload, random: &mut Random) -> io::Result<()> {
        (workload.request)(&mut self.output, random);
        self.sent = Instant::now();
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            match self.socket.write(&self.output) {
                Ok(count) => self.output.advance(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads what is there; whether the reply that it completes was a success, or `None` when it is not complete.
    fn reply(&mut self, ends: Reply, buffer: &mut [u8]) -> io::Result<Option<bool>> {
        loop {
            let count = match self.socket.read(buffer) {
                Ok(0) => {
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server closed a connection"));
                }
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            };
            let ended = if self.input.is_empty() {
                let (used, ended) = take_frames(&buffer[..count], ends)?;
                self.input.extend_from_slice(&buffer[used..count]);
                ended
            } else {
                self.input.extend_from_slice(&buffer[..count]);
                let (used, ended) = take_frames(&self.input, ends)?;
                self.input.advance(used);
                ended
            };
            if ended.is_some() {
                return Ok(ended);
            }
        }
    }
}

/// Takes whole frames from the front, up to the end of a reply: how many bytes they were, and whether the reply
/// that ended was a success.
fn take_frames(bytes: &[u8], ends: Reply) -> io::Result<(usize, Option<bool>)> {
    let mut used = 0;
    while let Some((body, size)) = frame(&bytes[used..])? {
        used += size;
        if let Some(ok) = ended(ends, body)? {
            return Ok((used, Some(ok)));
        }
    }
    Ok((used, None))
}

/// The body of the frame in front, and the frame's size; `None` when it is not complete.
fn frame(bytes: &[u8]) -> io::Result<Option<(&[u8], usize)>> {
    let Some(head) = bytes.first_chunk::<HEADER_SIZE>() else { return Ok(None) };
    let head = ProtoHeader::parse(*head).map_err(bad_reply)?;
    if head.frame_type != FrameType::Message {
        return Err(bad_reply("a frame of another type than requests and replies have"));
    }
    let size = HEADER_SIZE + head.size;
    Ok(bytes.get(HEADER_SIZE..size).map(|body| (body, size)))
}

/// Whether a reply ends with this frame, and if so whether it was a success.
fn ended(ends: Reply, body: &[u8]) -> io::Result<Option<bool>> {
    let (mut message, mut rest) = Message::parse_prefix(body).map_err(bad_reply)?;
    if ends == Reply::OneFrame {
        return Ok(Some(succeeded(message.header.result)));
    }
    while !rest.is_empty() {
        (message, rest) = Message::parse_prefix(rest).map_err(bad_reply)?;
    }
    let last = message.header.info3 & info3::LAST != 0;
    Ok(last.then_some(succeeded(message.header.result)))
}

fn succeeded(result: u8) -> bool {
    [ResultCode::OK, ResultCode::FILTERED_OUT].contains(&ResultCode(result))
}

fn bad_reply(error: impl ToString) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("bad reply: {}", error.to_string()))
}

/// Sends the frames that fill a server, many under way at once.
pub fn fill(address: SocketAddr, frames: impl FnOnce(Sink<'_>)) -> io::Result<()> {
    const WINDOW: usize = 256;
    let mut socket = std::net::TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    let (mut window, mut waiting, mut done) = (BytesMut::new(), 0, Ok(()));
    let mut send = |frame: &BytesMut| {
        window.extend_from_slice(frame);
        waiting += 1;
        if waiting == WINDOW && done.is_ok() {
            done = exchange(&mut socket, &mut window, waiting);
            waiting = 0;
        }
    };
    frames(&mut send);
    done?;
    exchange(&mut socket, &mut window, waiting)
}

pub fn exchange(socket: &mut std::net::TcpStream, window: &mut BytesMut, count: usize) -> io::Result<()> {
    socket.write_all(window)?;
    window.clear();
    for _ in 0..count {
        let (frame_type, body) = read_frame(socket)?;
        let done = match frame_type {
            FrameType::Info => body.ends_with(b"\tok\n"),
            _ => body.get(5) == Some(&0),
        };
        if !done {
            return Err(io::Error::other("a request that fills the server fails"));
        }
    }
    Ok(())
}

fn read_frame(socket: &mut impl Read) -> io::Result<(FrameType, Vec<u8>)> {
    let mut head = [0; HEADER_SIZE];
    socket.read_exact(&mut head)?;
    let head = ProtoHeader::parse(head).map_err(bad_reply)?;
    let mut body = vec![0; head.size];
    socket.read_exact(&mut body)?;
    Ok((head.frame_type, body))
}

/// The whole reply of a server to one request of a workload, as the floor repeats it.
pub fn sample(address: SocketAddr, workload: &Workload) -> io::Result<Vec<u8>> {
    let mut request = BytesMut::new();
    (workload.request)(&mut request, &mut Random(1));
    let mut socket = std::net::TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.write_all(&request)?;
    read_reply(&mut socket, workload.reply)
}

pub fn read_reply(socket: &mut impl Read, ends: Reply) -> io::Result<Vec<u8>> {
    let mut reply = Vec::new();
    loop {
        let (frame_type, body) = read_frame(socket)?;
        reply.extend_from_slice(&ProtoHeader { frame_type, size: body.len() }.to_bytes());
        reply.extend_from_slice(&body);
        if ended(ends, &body)?.is_some() {
            return Ok(reply);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerospike_wire::Header;
    use aerospike_wire::message::FrameBuilder;

    fn reply(result: u8, info3: u8) -> BytesMut {
        let mut out = BytesMut::new();
        FrameBuilder::begin(&mut out, Header { result, info3, ..Header::default() }).finish();
        out
    }

    #[test]
    fn a_reply_ends_where_it_should() {
        let one = reply(0, 0);
        assert_eq!(take_frames(&one, Reply::OneFrame).unwrap(), (30, Some(true)));
        assert_eq!(take_frames(&one[..29], Reply::OneFrame).unwrap(), (0, None));
        assert_eq!(take_frames(&reply(2, 0), Reply::OneFrame).unwrap(), (30, Some(false)));
        assert_eq!(take_frames(&reply(27, 0), Reply::OneFrame).unwrap(), (30, Some(true)));
        let mut several = one.clone();
        several.extend_from_slice(&reply(0, info3::LAST));
        several.extend_from_slice(&one);
        assert_eq!(take_frames(&several, Reply::UntilLast).unwrap(), (60, Some(true)));
        assert_eq!(take_frames(&one, Reply::UntilLast).unwrap(), (30, None));
    }

    #[test]
    fn percentiles_count_operations() {
        let mut outcome = Outcome { latencies: vec![0; SLOWEST + 1], ..Outcome::default() };
        for microseconds in 0..100 {
            outcome.record(Duration::from_micros(microseconds));
        }
        assert_eq!((outcome.percentile(0.5), outcome.percentile(0.99)), (50, 99));
    }
}
