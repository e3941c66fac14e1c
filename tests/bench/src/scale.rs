//! What size costs: memory by record and by connection, the cost of a read among few and many records, the longest
//! pause while a server grows, and how fast it is emptied.

use crate::load::{self, read_reply};
use crate::process::Server;
use crate::report::Figure;
use crate::workloads::{self, Random, Reply, VALUE_SIZE, Workload, queries};
use bytes::BytesMut;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const MILLION: u64 = 1_000_000;
const IDLE_CONNECTIONS: usize = 1000;
/// How often the probe reads a record.
const PROBE: Duration = Duration::from_millis(1);
/// What a record may cost beside its value, in bytes.
const OVERHEAD: f64 = 130.0;
const READ_TIME: Duration = Duration::from_millis(1500);

/// Reads among so many records.
const fn reads<const COUNT: u64>() -> Workload {
    Workload {
        name: "reads",
        records_per_operation: 1,
        connections: &[16],
        fill: |_| {},
        request: |out, random: &mut Random| workloads::get_one(out, random.below(COUNT)),
        reply: Reply::OneFrame,
    }
}

/// Fills a server to five million records and measures on the way.
pub fn measure(program: &Path, rounds: usize) -> io::Result<Vec<Figure>> {
    let server = start(program)?;
    let mut figures = vec![per_connection(&server)?];
    let idle = server.resident()?;
    let mut pauses = Vec::new();
    let mut grow = |from: u64, to: u64| -> io::Result<()> {
        pauses.push(fill(server.address, from, to)?);
        Ok(())
    };
    let per_record = |name, count: u64| -> io::Result<Figure> {
        let bytes = (server.resident()? - idle) as f64 / count as f64;
        Ok(Figure { name, unit: "B", target: Some(VALUE_SIZE as f64 + OVERHEAD), values: vec![bytes] })
    };
    let figure = |name, unit, target, values| Figure { name, unit, target, values };
    grow(0, 10_000)?;
    figures.push(figure("get among 10,000, CPU", "us", None, read(&server, &reads::<10_000>(), rounds)?));
    grow(10_000, MILLION)?;
    figures.push(per_record("memory by record of 100 B, 1,000,000", MILLION)?);
    figures.push(figure("get among 1,000,000, CPU", "us", None, read(&server, &reads::<MILLION>(), rounds)?));
    grow(MILLION, 5 * MILLION)?;
    figures.push(per_record("memory by record of 100 B, 5,000,000", 5 * MILLION)?);
    let among = read(&server, &reads::<{ 5 * MILLION }>(), rounds)?;
    figures.push(figure("get among 5,000,000, CPU", "us", None, among));
    figures.push(figure("longest pause of a read meanwhile", "ms", Some(50.0), pauses));
    figures.push(figure("truncate of 5,000,000", "ms", None, vec![truncate(&server)?]));
    Ok(figures)
}

/// A server with room for five million records: more than a namespace has by default.
fn start(program: &Path) -> io::Result<Server> {
    let path = std::env::temp_dir().join(format!("aerospike-bench-{}.conf", std::process::id()));
    std::fs::write(&path, "namespace test {\n  storage-engine memory {\n    data-size 8G\n  }\n}\n")?;
    let arguments = ["--port".as_ref(), "0".as_ref(), "--config-file".as_ref(), path.as_os_str()];
    let server = Server::start(program, &arguments);
    let _ = std::fs::remove_file(&path);
    server
}

/// What connections that do nothing cost.
fn per_connection(server: &Server) -> io::Result<Figure> {
    let before = server.resident()?;
    let mut request = BytesMut::new();
    workloads::get_one(&mut request, 0);
    let mut sockets = Vec::with_capacity(IDLE_CONNECTIONS);
    for _ in 0..IDLE_CONNECTIONS {
        let mut socket = TcpStream::connect(server.address)?;
        // One that was never used might not be there yet.
        socket.write_all(&request)?;
        read_reply(&mut socket, Reply::OneFrame)?;
        sockets.push(socket);
    }
    let bytes = server.resident()?.saturating_sub(before) as f64 / IDLE_CONNECTIONS as f64;
    Ok(Figure { name: "memory by idle connection", unit: "B", target: None, values: vec![bytes] })
}

/// Writes records while another connection reads; the longest read in milliseconds.
fn fill(address: SocketAddr, from: u64, to: u64) -> io::Result<f64> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let probe = scope.spawn(|| probe(address, &done));
        let filled = load::fill(address, |send| workloads::fill_many::<VALUE_SIZE>(send, from..to));
        done.store(true, Ordering::Relaxed);
        let slowest = probe.join().map_err(|_| io::Error::other("the probe has panicked"))?;
        filled.and(slowest)
    })
}

fn probe(address: SocketAddr, done: &AtomicBool) -> io::Result<f64> {
    let mut request = BytesMut::new();
    workloads::get_one(&mut request, 0);
    let mut socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    let mut slowest = Duration::ZERO;
    while !done.load(Ordering::Relaxed) {
        let start = Instant::now();
        socket.write_all(&request)?;
        read_reply(&mut socket, Reply::OneFrame)?;
        slowest = slowest.max(start.elapsed());
        std::thread::sleep(PROBE);
    }
    Ok(slowest.as_secs_f64() * 1e3)
}

/// The server's CPU time for one read, in microseconds.
fn read(server: &Server, workload: &Workload, rounds: usize) -> io::Result<Vec<f64>> {
    (0..rounds as u64)
        .map(|round| Ok(load::run_counting_cpu(server, workload, 16, READ_TIME, round)?.1))
        .collect()
}

fn truncate(server: &Server) -> io::Result<f64> {
    let mut request = BytesMut::new();
    queries::info(&mut request, "truncate-namespace:namespace=test");
    let mut socket = TcpStream::connect(server.address)?;
    let start = Instant::now();
    load::exchange(&mut socket, &mut request, 1)?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}
