//! What a Python program gets done through each driver: this project's, the vendor's, and aerospike-py from PyPI.
//!
//! Each driver has an interpreter and an environment of its own (`tests/bench/drivers.py` runs there) and stays
//! connected to the one emulator; they take turns within each round.

use crate::process::Server;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The side of this that runs in the drivers' interpreters, seen from the repository's root.
const SCRIPT: &str = "tests/bench/drivers.py";

/// The interpreters that have a driver.
pub struct Pythons<'a> {
    /// With this project's driver.
    pub ours: &'a Path,
    /// With the vendor's `aerospike`.
    pub vendor: &'a Path,
    /// With `aerospike-py` from PyPI.
    pub aerospike_py: &'a Path,
}

/// One call, by all drivers that have it.
pub struct Comparison {
    /// The call, as the script names it.
    pub call: &'static str,
    /// How many times as fast as the best other driver ours should be, at least.
    pub target: Option<f64>,
    /// One entry for each round.
    pub ours: Vec<Turn>,
    /// The same of the other drivers, with their names.
    pub others: Vec<(&'static str, Vec<Turn>)>,
}

/// What one driver did in one round.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Calls per second.
    pub rate: f64,
    /// CPU time of the driver's process for one call, in microseconds.
    pub cpu: f64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Other {
    Vendor,
    AerospikePy,
}

impl Other {
    fn name(self) -> &'static str {
        match self {
            Other::Vendor => "aerospike",
            Other::AerospikePy => "aerospike-py",
        }
    }
}

struct Call {
    name: &'static str,
    target: Option<f64>,
    others: &'static [Other],
}

const CALLS: &[Call] = &[
    Call { name: "sync get", target: Some(1.15), others: &[Other::Vendor] },
    Call { name: "sync put", target: Some(1.15), others: &[Other::Vendor] },
    Call { name: "async get", target: Some(3.0), others: &[Other::AerospikePy] },
    Call { name: "async put", target: Some(3.0), others: &[Other::AerospikePy] },
    Call { name: "batch_read", target: Some(1.5), others: &[Other::Vendor, Other::AerospikePy] },
    Call { name: "batch_read, all bins used", target: None, others: &[Other::Vendor, Other::AerospikePy] },
];

/// Measures all calls whose names are wanted.
pub fn measure(
    program: &Path,
    pythons: &Pythons<'_>,
    wanted: impl Fn(&str) -> bool,
    rounds: usize,
    seconds: f64,
) -> io::Result<Vec<Comparison>> {
    let calls: Vec<_> = CALLS.iter().filter(|call| wanted(call.name)).collect();
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let emulator = Server::emulator(program)?;
    let mut ours = Driver::start(pythons.ours, "aerospike_py", &emulator)?;
    let mut vendor = Driver::start(pythons.vendor, "aerospike", &emulator)?;
    let mut aerospike_py = Driver::start(pythons.aerospike_py, "aerospike_py", &emulator)?;
    let mut comparisons = Vec::new();
    for call in calls {
        let others = call.others.iter().map(|other| (other.name(), Vec::new())).collect();
        let mut comparison = Comparison { call: call.name, target: call.target, ours: Vec::new(), others };
        for round in 0..rounds {
            eprint!("\r{}: round {} of {rounds}  ", call.name, round + 1);
            // Who goes first alternates: whatever drifts, drifts for all.
            if round % 2 == 0 {
                comparison.ours.push(ours.turn(call.name, seconds)?);
            }
            for (other, (_, turns)) in call.others.iter().zip(&mut comparison.others) {
                let driver = match other {
                    Other::Vendor => &mut vendor,
                    Other::AerospikePy => &mut aerospike_py,
                };
                turns.push(driver.turn(call.name, seconds)?);
            }
            if round % 2 == 1 {
                comparison.ours.push(ours.turn(call.name, seconds)?);
            }
        }
        eprintln!();
        comparisons.push(comparison);
    }
    Ok(comparisons)
}

/// An interpreter with a connected driver; ended when dropped.
struct Driver {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Driver {
    fn start(python: &Path, module: &str, server: &Server) -> io::Result<Driver> {
        let about = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot start {}: {error}", python.display()))
        };
        let mut child = Command::new(python)
            .args([SCRIPT, module, &server.address.ip().to_string(), &server.address.port().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(about)?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(about(io::Error::other("it has no pipes")));
        };
        let mut driver = Driver { child, orders, answers: BufReader::new(answers) };
        // Nothing may still be filling the server while another driver is measured.
        match driver.answer()?.as_str() {
            "ready" => Ok(driver),
            other => Err(about(io::Error::other(format!("{SCRIPT} {module} printed {other:?}")))),
        }
    }

    fn turn(&mut self, call: &str, seconds: f64) -> io::Result<Turn> {
        writeln!(self.orders, "{call} {seconds}")?;
        let answer = self.answer()?;
        let mut numbers = answer.split_whitespace().filter_map(|word| word.parse().ok());
        match (numbers.next(), numbers.next()) {
            (Some(rate), Some(cpu)) => Ok(Turn { rate, cpu }),
            _ => Err(io::Error::other(format!("{SCRIPT} failed at {call}: {answer:?}"))),
        }
    }

    fn answer(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
