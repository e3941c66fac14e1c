//! A small client for tests: frames out, messages in, nothing hidden.
#![allow(dead_code)] // each test file uses a part of it

pub mod query;

use aerospike_emulator::Emulator;
use aerospike_emulator::config::{Config, Edition, NamespaceConfig};
use aerospike_wire::bits::{info1, info2};
use aerospike_wire::message::FrameBuilder;
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use aerospike_wire::{Digest, Header, Message, Particle, ParticleType, ResultCode, Value, op};
use bytes::{BufMut, BytesMut};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A server of the Community edition with the namespaces `test` and `bar`, on a free port.
pub fn community() -> Emulator {
    start(|config| config.edition = Edition::Community)
}

/// A server on a free port, configured further by `change`.
pub fn start(change: impl FnOnce(&mut Config)) -> Emulator {
    let test = NamespaceConfig { nsup_period: 1, ..NamespaceConfig::new("test") };
    let mut config =
        Config { port: 0, namespaces: vec![test, NamespaceConfig::new("bar")], ..Config::default() };
    change(&mut config);
    Emulator::start(config).expect("a server on a free port")
}

/// A connection to a server.
pub struct Client {
    /// The socket, for tests that go beneath the frames.
    pub socket: TcpStream,
}

/// One message of a reply, owned.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub header: Header,
    pub fields: Vec<(u8, Vec<u8>)>,
    pub bins: Vec<(String, Value)>,
}

impl Reply {
    pub fn code(&self) -> ResultCode {
        ResultCode(self.header.result)
    }

    pub fn field(&self, id: u8) -> Option<&[u8]> {
        self.fields.iter().find(|(other, _)| *other == id).map(|(_, data)| &data[..])
    }

    pub fn bin(&self, name: &str) -> Option<&Value> {
        self.bins.iter().find(|(bin, _)| bin == name).map(|(_, value)| value)
    }
}

impl Client {
    pub fn connect(emulator: &Emulator) -> Client {
        let socket = TcpStream::connect(emulator.address()).expect("the server accepts");
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Client { socket }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).expect("the server reads");
    }

    /// Reads one frame; `None` when the server has closed the connection.
    pub fn receive(&mut self) -> Option<(FrameType, Vec<u8>)> {
        let mut head = [0; HEADER_SIZE];
        self.socket.read_exact(&mut head).ok()?;
        let head = ProtoHeader::parse(head).expect("a frame header");
        let mut body = vec![0; head.size];
        self.socket.read_exact(&mut body).ok()?;
        Some((head.frame_type, body))
    }

    /// Reads the one message of a single-record reply.
    pub fn reply(&mut self) -> Reply {
        let (frame_type, body) = self.receive().expect("a reply");
        assert_eq!(frame_type, FrameType::Message);
        let message = Message::parse(&body).expect("one message");
        owned(&message)
    }

    /// Sends a frame and reads a single-record reply.
    pub fn call(&mut self, frame: &[u8]) -> Reply {
        self.send(frame);
        self.reply()
    }

    /// Reads the frames of a batch up to the end mark: rows, and the end mark's code.
    pub fn rows(&mut self) -> (Vec<Reply>, ResultCode) {
        let mut rows = Vec::new();
        loop {
            let (frame_type, body) = self.receive().expect("a frame");
            assert_eq!(frame_type, FrameType::Message);
            let mut rest = &body[..];
            while !rest.is_empty() {
                let (message, behind) = Message::parse_prefix(rest).expect("whole rows");
                rest = behind;
                let reply = owned(&message);
                if reply.header.info3 & aerospike_wire::bits::info3::LAST != 0 {
                    assert!(rest.is_empty(), "the end mark stands alone at the end");
                    return (rows, reply.code());
                }
                rows.push(reply);
            }
        }
    }

    /// Sends info commands; the reply's text.
    pub fn info(&mut self, commands: &str) -> String {
        self.try_info(commands).expect("an info reply")
    }

    /// Sends info commands; `None` when the server closes the connection instead of answering.
    pub fn try_info(&mut self, commands: &str) -> Option<String> {
        let mut frame = BytesMut::new();
        frame.put_slice(&ProtoHeader { frame_type: FrameType::Info, size: commands.len() }.to_bytes());
        frame.put_slice(commands.as_bytes());
        self.socket.write_all(&frame).ok()?;
        let (frame_type, body) = self.receive()?;
        assert_eq!(frame_type, FrameType::Info);
        Some(String::from_utf8(body).expect("text"))
    }

    /// Whether the server has closed the connection; waits for it to do so or to answer something.
    pub fn is_closed(&mut self) -> bool {
        match self.socket.read(&mut [0; 1]) {
            Ok(count) => count == 0,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}

fn owned(message: &Message<'_>) -> Reply {
    let bins = message
        .ops()
        .map(|op| {
            let name = String::from_utf8_lossy(op.name).into_owned();
            (name, Value::from_particle(op.particle()).expect("a value"))
        })
        .collect();
    let fields = message.fields().map(|field| (field.id, field.data.to_vec())).collect();
    Reply { header: message.header, fields, bins }
}

/// The digest of a string key in the set that the tests use.
pub fn digest(key: &str) -> Digest {
    Digest::of(b"set", ParticleType::STRING.0, key.as_bytes())
}

/// A frame on one record of `test`, set `set`.
pub fn frame(header: Header, key: &str, ops: &[(u8, &str, Value)]) -> Vec<u8> {
    frame_with(header, key, &[], ops)
}

/// As [`frame`], with more fields.
pub fn frame_with(header: Header, key: &str, fields: &[(u8, Vec<u8>)], ops: &[(u8, &str, Value)]) -> Vec<u8> {
    let mut out = BytesMut::new();
    let mut frame = FrameBuilder::begin(&mut out, header);
    frame.record(b"test", b"set", &digest(key).0);
    fields.iter().for_each(|(id, data)| frame.field(*id, data));
    for (code, name, value) in ops {
        let particle = value.to_particle();
        frame.op(*code, name.as_bytes(), particle.as_particle());
    }
    frame.finish();
    out.to_vec()
}

/// Writes one bin.
pub fn put(key: &str, bin: &str, value: Value) -> Vec<u8> {
    frame(Header { info2: info2::WRITE, ..Header::default() }, key, &[(op::WRITE, bin, value)])
}

/// Adds to one bin.
pub fn increment(key: &str, bin: &str, by: i64) -> Vec<u8> {
    frame(Header { info2: info2::WRITE, ..Header::default() }, key, &[(op::INCR, bin, Value::Int(by))])
}

/// Reads all bins.
pub fn get(key: &str) -> Vec<u8> {
    frame(Header { info1: info1::READ | info1::GET_ALL, ..Header::default() }, key, &[])
}

/// A batch of rows that were encoded by [`row`] or [`repeat`].
pub fn batch(flags: u8, rows: &[Vec<u8>]) -> Vec<u8> {
    batch_of(rows.len() as u32, flags, rows)
}

/// A batch that announces any number of rows.
pub fn batch_of(count: u32, flags: u8, rows: &[Vec<u8>]) -> Vec<u8> {
    let mut body = count.to_be_bytes().to_vec();
    body.push(flags);
    rows.iter().for_each(|row| body.extend_from_slice(row));
    let mut out = BytesMut::new();
    let mut frame = FrameBuilder::begin(&mut out, Header { info1: info1::BATCH, ..Header::default() });
    frame.field(aerospike_wire::field::BATCH, &body);
    frame.finish();
    out.to_vec()
}

/// A full row of a batch.
pub fn row(index: u32, key: &str, header: Header, ops: &[(u8, &str, Value)]) -> Vec<u8> {
    let mut row = index.to_be_bytes().to_vec();
    row.extend_from_slice(&digest(key).0);
    row.extend_from_slice(&[0x0e, header.info1, header.info2, header.info3]);
    row.extend_from_slice(&(header.generation as u16).to_be_bytes());
    row.extend_from_slice(&header.ttl.to_be_bytes());
    row.extend_from_slice(&2u16.to_be_bytes());
    row.extend_from_slice(&(ops.len() as u16).to_be_bytes());
    let mut out = BytesMut::new();
    aerospike_wire::message::put_field(&mut out, aerospike_wire::field::NAMESPACE, b"test");
    aerospike_wire::message::put_field(&mut out, aerospike_wire::field::SET, b"set");
    for (code, name, value) in ops {
        let particle = value.to_particle();
        aerospike_wire::message::put_op(&mut out, *code, name.as_bytes(), particle.as_particle());
    }
    row.extend_from_slice(&out);
    row
}

/// A row that repeats the one before it for another key.
pub fn repeat(index: u32, key: &str) -> Vec<u8> {
    let mut row = index.to_be_bytes().to_vec();
    row.extend_from_slice(&digest(key).0);
    row.push(1);
    row
}

/// A particle of a type, for values that [`Value`] cannot express.
pub fn particle(kind: u8, data: &[u8]) -> Particle<'_> {
    Particle::new(ParticleType(kind), data)
}
