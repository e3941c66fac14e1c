//! Whole requests against a server with a record in it: messages, batches, compressed messages, info commands.
//!
//! The first byte says what kind of frame the rest is the body of.

use aerospike_emulator::command::{self, At, Disposition, info};
use aerospike_emulator::config::{Config, Edition, NamespaceConfig};
use aerospike_emulator::security::Caller;
use aerospike_emulator::server::{FrameSink, Port, Server, Session};
use aerospike_wire::proto::FrameType;
use bytes::BytesMut;
use std::cell::OnceCell;
use std::net::SocketAddr;

/// More frames than the reply to any input can have: a row takes 25 bytes of input, a frame holds several rows.
const DEPTH: usize = 1 << 16;

thread_local! {
    static SERVER: OnceCell<Server> = const { OnceCell::new() };
}

/// Runs one input.
pub fn run(data: &[u8]) {
    let Some((kind, body)) = data.split_first() else { return };
    SERVER.with(|server| {
        let address = SocketAddr::from(([127, 0, 0, 1], 3000));
        let config = || {
            let mut config = Config { edition: Edition::Enterprise, ..Config::default() };
            let strong = NamespaceConfig { strong_consistency: true, ..NamespaceConfig::new("strong") };
            config.namespaces.push(strong);
            config
        };
        let server = server.get_or_init(|| Server::new(config(), address).expect("a server without sockets"));
        answer(server, address, *kind, body);
    });
}

fn answer(server: &Server, address: SocketAddr, kind: u8, body: &[u8]) {
    let mut out = BytesMut::new();
    let mut session = Session {
        id: 1,
        node: server.cluster.node(0).expect("the server's node"),
        peer: address,
        local: address,
        port: Port::Service,
        told_user_agent: false,
        caller: Caller::stranger(address.ip()),
        certificate: None,
    };
    let (node, caller) = (session.node.clone(), session.caller.clone());
    let at = At { server, node: &node, caller: &caller, watch: None };
    let (frame_type, disposition) = match kind % 3 {
        0 => (FrameType::Message, command::dispatch(at, body, &mut out)),
        1 => (FrameType::Compressed, command::dispatch_compressed(at, body, &mut out)),
        _ => (FrameType::Info, info::answer(server, &mut session, body, &mut out)),
    };
    if disposition == Disposition::Offload {
        // The receiver only has to be there: DEPTH frames fit without anyone taking them.
        let (sink, _frames) = FrameSink::channel(DEPTH);
        command::run_offloaded(server, session, None, frame_type, body, sink);
    }
}
