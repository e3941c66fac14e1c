//! Measures the emulator: start-up, memory, throughput, CPU per operation; and the Python drivers through it.
//!
//! Servers run in processes of their own, behind real sockets. Each throughput stands beside that of the floor in
//! the same run: a server (`floor`) that answers the same requests with the same bytes and does nothing else. The
//! machine's speed moves both, so the ratio holds where absolute figures do not. Floor and emulator take turns
//! within each round; a figure is the median over the rounds, with its lowest and highest beside it.

mod control;
mod drivers;
mod embedded;
mod floor;
mod load;
mod process;
mod queries;
mod report;
mod rounds;
mod scale;
mod startup;
mod threads;

use aerospike_bench::workloads;
use clap::{Parser, Subcommand};
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Measures the emulator beside a floor that does nothing but move the bytes.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// The emulator's binary
    #[arg(long, default_value = "target/release/aerospike-emulator")]
    server: PathBuf,
    /// A Python interpreter that has this project's two packages, for the embedded start and the drivers
    #[arg(long)]
    python: Option<PathBuf>,
    /// A Python interpreter that has the vendor's client, for the drivers
    #[arg(long)]
    vendor_python: Option<PathBuf>,
    /// A Python interpreter that has aerospike-py from PyPI, for the drivers
    #[arg(long)]
    aerospike_py_python: Option<PathBuf>,
    /// Rounds; each figure is the median over them
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds that each workload runs in each round, on the floor and on the emulator, or in each driver
    #[arg(long, default_value_t = 0.6)]
    seconds: f64,
    /// Only measurements whose names contain this: start, queries, threads, scale, a workload's or a driver call's name
    #[arg(long)]
    only: Option<String>,
    /// Folder for the results as JSON
    #[arg(long, default_value = "tests/bench/results")]
    results: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the floor: answers each request frame with the bytes of a file (used by the measurement itself)
    #[command(hide = true)]
    Floor {
        /// The whole reply to one request
        reply: PathBuf,
    },
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match &options.command {
        Some(Command::Floor { reply }) => floor::serve(reply),
        None => measure(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("aerospike-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> io::Result<()> {
    let wanted = |name: &str| options.only.as_ref().is_none_or(|only| name.contains(only));
    let mut report = report::Report::default();
    if wanted("start") {
        report.figures(startup::measure(&options.server)?);
        match &options.python {
            Some(python) => report.figures(embedded::measure(python)?),
            None => println!("embedded start: not measured, --python is not given"),
        }
    }
    if wanted("queries") {
        report.figures(queries::measure(&options.server)?);
    }
    if wanted("threads") {
        let duration = Duration::from_secs_f64(options.seconds);
        report.figures(threads::measure(&options.server, options.rounds, duration)?);
    }
    if wanted("scale") {
        report.figures(scale::measure(&options.server, options.rounds)?);
    }
    if wanted("snapshots") {
        report.figures(control::snapshots()?);
    }
    if wanted("log") {
        let duration = Duration::from_secs_f64(options.seconds);
        report.figures(control::log(&options.server, options.rounds, duration)?);
    }
    let workloads: Vec<_> = workloads::all().filter(|workload| wanted(workload.name)).collect();
    if !workloads.is_empty() {
        let duration = Duration::from_secs_f64(options.seconds);
        report.cases(rounds::measure(&options.server, &workloads, options.rounds, duration)?);
    }
    match (&options.python, &options.vendor_python, &options.aerospike_py_python) {
        (Some(ours), Some(vendor), Some(aerospike_py)) => {
            let pythons = drivers::Pythons { ours, vendor, aerospike_py };
            let (rounds, seconds) = (options.rounds, options.seconds);
            report.comparisons(drivers::measure(&options.server, &pythons, wanted, rounds, seconds)?);
        }
        _ => println!("drivers: not measured, their three interpreters are not given"),
    }
    report.write(&options.results)
}
