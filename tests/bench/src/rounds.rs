//! Throughput and CPU per operation, floor and emulator in turns.

use crate::load;
use crate::process::Server;
use crate::workloads::Workload;
use std::io;
use std::path::Path;
use std::time::Duration;

/// How long connections run before their measurement, so that buffers and caches are warm.
const WARM_UP: Duration = Duration::from_millis(150);

/// One workload over one number of connections.
pub struct Case {
    /// What runs.
    pub workload: &'static str,
    /// Over how many connections.
    pub connections: usize,
    /// See [`Workload::records_per_operation`].
    pub records_per_operation: u64,
    /// One entry for each round.
    pub floor: Vec<Turn>,
    /// One entry for each round.
    pub emulator: Vec<Turn>,
}

/// What one server did in one round.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Operations per second.
    pub throughput: f64,
    /// The server's CPU time for one operation, in microseconds.
    pub cpu: f64,
    /// Latency that half of the operations stayed below, in microseconds.
    pub median: u64,
    /// Latency that 99 of 100 operations stayed below, in microseconds.
    pub p99: u64,
}

/// Measures workloads over all their numbers of connections.
pub fn measure(
    program: &Path,
    workloads: &[&'static Workload],
    rounds: usize,
    duration: Duration,
) -> io::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for workload in workloads {
        let emulator = Server::emulator(program)?;
        load::fill(emulator.address, workload.fill)?;
        let floor = start_floor(&load::sample(emulator.address, workload)?)?;
        let mut of_workload: Vec<_> = workload
            .connections
            .iter()
            .map(|&connections| Case {
                workload: workload.name,
                connections,
                records_per_operation: workload.records_per_operation,
                floor: Vec::new(),
                emulator: Vec::new(),
            })
            .collect();
        for round in 0..rounds {
            eprint!("\r{}: round {} of {rounds}  ", workload.name, round + 1);
            for case in &mut of_workload {
                let turn = |server| turn(server, workload, case.connections, duration, round as u64);
                // Who goes first alternates: whatever drifts, drifts for both.
                if round % 2 == 0 {
                    case.floor.push(turn(&floor)?);
                    case.emulator.push(turn(&emulator)?);
                } else {
                    case.emulator.push(turn(&emulator)?);
                    case.floor.push(turn(&floor)?);
                }
            }
        }
        eprintln!();
        cases.append(&mut of_workload);
    }
    Ok(cases)
}

fn turn(
    server: &Server,
    workload: &Workload,
    connections: usize,
    duration: Duration,
    seed: u64,
) -> io::Result<Turn> {
    load::run(server.address, workload, connections, WARM_UP, seed)?;
    let (outcome, cpu) = load::run_counting_cpu(server, workload, connections, duration, seed + 1000)?;
    if outcome.errors > 0 {
        let total = outcome.operations;
        return Err(io::Error::other(format!(
            "{}: {} of {total} requests failed",
            workload.name, outcome.errors
        )));
    }
    Ok(Turn {
        throughput: outcome.operations as f64 / outcome.elapsed.as_secs_f64(),
        cpu,
        median: outcome.percentile(0.5),
        p99: outcome.percentile(0.99),
    })
}

fn start_floor(reply: &[u8]) -> io::Result<Server> {
    let path = std::env::temp_dir().join(format!("aerospike-bench-{}.reply", std::process::id()));
    std::fs::write(&path, reply)?;
    let arguments = ["floor".as_ref(), path.as_os_str()];
    let floor = Server::start(&std::env::current_exe()?, &arguments);
    let _ = std::fs::remove_file(&path);
    floor
}
