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
        let cost = |server| {
            load::run_counting_cpu(server, workload, CONNECTIONS, duration, round).map(|(_, cost)| cost)
        };
        let (one, two) = (cost(&servers[0])?, cost(&servers[1])?);
        ratios.push(two / one);
    }
    Ok(vec![Figure {
        name: "CPU of a get, 2 service threads against 1",
        unit: "x",
        target: Some(1.15),
        values: ratios,
    }])
}
