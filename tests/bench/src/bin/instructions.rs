//! Runs requests of one kind within this process, for a tool that counts what [`measured_requests`] executes.
//!
//! Instructions, unlike times, are the same on a busy machine and on an idle one.

use aerospike_bench::workloads::{self, Random, Workload};
use aerospike_emulator::command::{self, At, Disposition, info};
use aerospike_emulator::config::Config;
use aerospike_emulator::security::Caller;
use aerospike_emulator::server::{FrameSink, Port, Server, Session};
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use bytes::BytesMut;
use clap::Parser;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

/// Frames of a reply that may wait: more than any reply has.
const DEPTH: usize = 4096;
/// Requests before the counted ones, so that what is done once has been done.
const WARM_UP: u32 = 20;

/// Runs requests of one kind within this process.
#[derive(Debug, Parser)]
struct Options {
    /// The workload's name
    workload: String,
    /// How many requests are counted
    #[arg(default_value_t = 500)]
    count: u32,
}

fn main() -> io::Result<()> {
    let options = Options::parse();
    let workload = workloads::all()
        .find(|workload| workload.name == options.workload)
        .ok_or_else(|| io::Error::other(format!("there is no workload '{}'", options.workload)))?;
    let server = Server::new(Config::default(), SocketAddr::from((Ipv4Addr::LOCALHOST, 3000)));
    let mut run = Run::new(server.map_err(io::Error::other)?)?;
    (workload.fill)(&mut |frame| run.answer(frame));
    let mut random = Random(1);
    let warm_up = requests(workload, &mut random, WARM_UP);
    warm_up_requests(&mut run, &warm_up);
    let counted = requests(workload, &mut random, options.count);
    measured_requests(&mut run, &counted);
    Ok(())
}

fn requests(workload: &Workload, random: &mut Random, count: u32) -> Vec<BytesMut> {
    let request = |_| {
        let mut frame = BytesMut::new();
        (workload.request)(&mut frame, random);
        frame
    };
    (0..count).map(request).collect()
}

fn warm_up_requests(run: &mut Run, frames: &[BytesMut]) {
    frames.iter().for_each(|frame| run.answer(frame));
}

/// What is counted.
#[inline(never)]
fn measured_requests(run: &mut Run, frames: &[BytesMut]) {
    frames.iter().for_each(|frame| run.answer(frame));
}

struct Run {
    server: Server,
    session: Session,
    out: BytesMut,
}

impl Run {
    /// Without a connection.
    fn new(server: Server) -> io::Result<Run> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 3000));
        let node = server.cluster.node(0).ok_or_else(|| io::Error::other("a server has a node"))?;
        let session = Session {
            id: 1,
            node,
            port: Port::Service,
            peer: address,
            local: address,
            told_user_agent: false,
            caller: Caller::stranger(address.ip()),
            certificate: None,
        };
        Ok(Run { server, session, out: BytesMut::new() })
    }

    /// Answers one frame as a connection would, but for the socket.
    fn answer(&mut self, frame: &BytesMut) {
        self.out.clear();
        let Some(head) = frame.first_chunk().and_then(|head| ProtoHeader::parse(*head).ok()) else { return };
        let body = &frame[HEADER_SIZE..];
        if head.frame_type == FrameType::Info {
            info::answer(&self.server, &mut self.session, body, &mut self.out);
            return;
        }
        let Session { node, caller, .. } = &self.session;
        let at = At { server: &self.server, node, caller, watch: None };
        match command::dispatch(at, body, &mut self.out) {
            Disposition::Call => command::run_call(at, head.frame_type, body, &mut self.out),
            Disposition::Offload => {
                let (sink, mut frames) = FrameSink::channel(DEPTH);
                let session = self.session.clone();
                command::run_offloaded(&self.server, session, None, head.frame_type, body, sink);
                while frames.try_recv().is_ok() {}
            }
            Disposition::Done | Disposition::Close | Disposition::Hold => {}
        }
    }
}
