//! The floor: a server that moves the bytes of requests and replies and does nothing else.

use aerospike_wire::proto::{HEADER_SIZE, ProtoHeader};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

const LISTENER: Token = Token(usize::MAX);

struct Connection {
    socket: TcpStream,
    /// The beginning of a frame whose rest is still to come.
    rest: Vec<u8>,
    /// What the client has not taken yet.
    output: Vec<u8>,
}

/// Answers each frame with the bytes of a file, until it is killed. Prints the address.
pub fn serve(reply: &Path) -> io::Result<()> {
    let reply = std::fs::read(reply)?;
    let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("floor ready on {}", listener.local_addr()?);
    let mut events = Events::with_capacity(1024);
    let mut connections: HashMap<usize, Connection> = HashMap::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut next = 0;
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut socket, _)) = listener.accept() {
                    socket.set_nodelay(true)?;
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut socket, Token(next), interest)?;
                    connections.insert(next, Connection { socket, rest: Vec::new(), output: Vec::new() });
                    next += 1;
                }
                continue;
            }
            let Some(connection) = connections.get_mut(&event.token().0) else { continue };
            if connection.serve(&reply, &mut buffer).is_err() {
                connections.remove(&event.token().0);
            }
        }
    }
}

impl Connection {
    fn serve(&mut self, reply: &[u8], buffer: &mut [u8]) -> io::Result<()> {
        loop {
            let count = match self.socket.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            };
            let frames = self.take_frames(&buffer[..count])?;
            match frames {
                // The common case, without a copy.
                1 if self.output.is_empty() => self.send(reply)?,
                _ => {
                    self.output.extend(std::iter::repeat_n(reply, frames).flatten());
                    self.send(&[])?;
                }
            }
            if count < buffer.len() {
                break;
            }
        }
        self.send(&[])
    }

    /// How many frames are complete with these bytes.
    fn take_frames(&mut self, fresh: &[u8]) -> io::Result<usize> {
        let joined: Vec<u8>;
        let mut bytes = fresh;
        if !self.rest.is_empty() {
            self.rest.extend_from_slice(fresh);
            joined = std::mem::take(&mut self.rest);
            bytes = &joined;
        }
        let mut frames = 0;
        while let Some(head) = bytes.first_chunk::<HEADER_SIZE>() {
            let head = ProtoHeader::parse(*head).map_err(|error| io::Error::other(error.to_string()))?;
            let Some(rest) = bytes.get(HEADER_SIZE + head.size..) else { break };
            bytes = rest;
            frames += 1;
        }
        self.rest = bytes.to_vec();
        Ok(frames)
    }

    /// Sends what waits, then `bytes`; what the client does not take now waits.
    fn send(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !self.output.is_empty() {
            match self.socket.write(&self.output) {
                Ok(count) => drop(self.output.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.output.extend_from_slice(bytes);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        while !bytes.is_empty() {
            match self.socket.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.output.extend_from_slice(bytes);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
