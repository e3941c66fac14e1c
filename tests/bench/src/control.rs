//! What only an emulator has: how long snapshots take, and what the command log costs.

use crate::load;
use crate::process::Server;
use crate::report::Figure;
use crate::workloads;
use aerospike_emulator::Emulator;
use aerospike_emulator::config::{Config, NamespaceConfig};
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use bytes::{BufMut, BytesMut};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

const TRIES: usize = 5;
const CONNECTIONS: usize = 16;

/// Names of the figures for a number of records: a snapshot; its restoration with 0, 1 and 100 % changed.
type Names = [&'static str; 4];

const FEW: Names = [
    "snapshot of 100,000",
    "restore of 100,000, none changed",
    "restore of 100,000, 1 % changed",
    "restore of 100,000, all changed",
];
const MANY: Names = [
    "snapshot of 1,000,000",
    "restore of 1,000,000, none changed",
    "restore of 1,000,000, 1 % changed",
    "restore of 1,000,000, all changed",
];

/// Times snapshots and restorations.
pub fn snapshots() -> io::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (count, names, target) in [(100_000, FEW, Some(10.0)), (1_000_000, MANY, None)] {
        let times = times(count)?;
        for (index, (name, values)) in names.into_iter().zip(times).enumerate() {
            let target = target.filter(|_| index < 2);
            figures.push(Figure { name, unit: "ms", target, values });
        }
    }
    Ok(figures)
}

/// Milliseconds: of a snapshot; of restorations with 0, 1 and 100 % changed.
fn times(count: u64) -> io::Result<[Vec<f64>; 4]> {
    let test = NamespaceConfig { data_size: 8 << 30, ..NamespaceConfig::new("test") };
    let config = Config { port: 0, namespaces: vec![test], ..Config::default() };
    let emulator = Emulator::start(config).map_err(io::Error::other)?;
    write(emulator.address(), 0..count)?;
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..TRIES {
        let start = Instant::now();
        let snapshot = emulator.snapshot();
        times[0].push(milliseconds(start));
        for (step, changed) in [(1, 0), (2, count / 100), (3, count)] {
            // Changed records are spread over all partitions, as those of a test would be.
            write(emulator.address(), 0..changed)?;
            let start = Instant::now();
            let restored = emulator.restore(&snapshot).map_err(io::Error::other)?;
            times[step].push(milliseconds(start));
            if restored as u64 != changed {
                return Err(io::Error::other(format!("{restored} of {changed} records restored")));
            }
        }
    }
    Ok(times)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn write(address: SocketAddr, numbers: std::ops::Range<u64>) -> io::Result<()> {
    load::fill(address, |send| {
        let mut frame = BytesMut::new();
        for number in numbers {
            frame.clear();
            workloads::put(&mut frame, number);
            send(&frame);
        }
    })
}

/// Reads with the log off and on in turns: throughput and CPU with it on, against those with it off.
pub fn log(program: &Path, rounds: usize, duration: Duration) -> io::Result<Vec<Figure>> {
    let Some(workload) = workloads::all().find(|workload| workload.name == "get") else {
        return Ok(Vec::new());
    };
    let server = Server::emulator(program)?;
    load::fill(server.address, workload.fill)?;
    let (mut rates, mut costs) = ([const { Vec::new() }; 2], [const { Vec::new() }; 2]);
    for round in 0..rounds as u64 {
        for (index, command) in ["emulator-log:stop", "emulator-log:start"].into_iter().enumerate() {
            info(server.address, command)?;
            let (outcome, cost) = load::run_counting_cpu(&server, workload, CONNECTIONS, duration, round)?;
            rates[index].push(outcome.operations.max(1) as f64 / outcome.elapsed.as_secs_f64());
            costs[index].push(cost);
        }
    }
    let ratio = |pair: &[Vec<f64>; 2]| pair[1].iter().zip(&pair[0]).map(|(on, off)| on / off).collect();
    let figure = |name, unit, values| Figure { name, unit, target: None, values };
    Ok(vec![
        figure("gets with the log on, of those with it off", "x", ratio(&rates)),
        figure("CPU of a get with the log off", "us", costs[0].clone()),
        figure("CPU of a get with the log on", "us", costs[1].clone()),
    ])
}

/// Sends an info command.
fn info(address: SocketAddr, command: &str) -> io::Result<()> {
    let mut socket = TcpStream::connect(address)?;
    let mut frame = BytesMut::new();
    frame.put_slice(&ProtoHeader { frame_type: FrameType::Info, size: command.len() + 1 }.to_bytes());
    frame.put_slice(command.as_bytes());
    frame.put_u8(b'\n');
    socket.write_all(&frame)?;
    let mut head = [0; HEADER_SIZE];
    socket.read_exact(&mut head)?;
    let head = ProtoHeader::parse(head).map_err(io::Error::other)?;
    let mut answer = vec![0; head.size];
    socket.read_exact(&mut answer)?;
    match String::from_utf8_lossy(&answer).contains("ERROR") {
        true => Err(io::Error::other(format!("{command} is refused"))),
        false => Ok(()),
    }
}
