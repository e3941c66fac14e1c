//! What a second service thread costs: CPU time by operation with two beside one.

use crate::load;
use crate::process::Server;
use crate::report::Figure;
use crate::workloads;
use std::io;
use std::path::Path;
use std::time::Duration;

const CONNECTIONS: usize = 64;

/// Reads on two servers in turns; each round's ratio.
pub fn measure(program: &Path, rounds: usize, duration: Duration) -> io::Result<Vec<Figure>> {
    let Some(workload) = workloads::all().find(|workload| workload.name == "get") else {
        return Ok(Vec::new());
    };
    let start = |threads| -> io::Result<Server> {
        let server = Server::start(program, &["--port", "0", "--service-threads", threads])?;
        load::fill(server.address, workload.fill)?;
        Ok(server)
    };
    let servers = [start("1")?, start("2")?];
    let mut ratios = Vec::with_capacity(rounds);
    for round in 0..rounds as u64 {
        let mut cost = [0.0; 2];
        for (server, cost) in servers.iter().zip(&mut cost) {
            let before = server.cpu()?;
            let outcome = load::run(server.address, workload, CONNECTIONS, duration, round)?;
            let cpu = server.cpu()?.saturating_sub(before);
            *cost = cpu.as_secs_f64() / outcome.operations.max(1) as f64;
        }
        ratios.push(cost[1] / cost[0]);
    }
    Ok(vec![Figure {
        name: "CPU of a get, 2 service threads against 1",
        unit: "x",
        target: Some(1.15),
        values: ratios,
    }])
}
