//! The command line, shared by the binary and the Python package's console command.

use crate::Emulator;
use crate::certificates;
use crate::config::{Config, Edition};
use crate::config_file;
use crate::ctl;
use clap::{Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// An in-memory server that speaks the Aerospike wire protocol, for tests.
///
/// With no options it answers like the vendor's container image: cluster "docker", namespace "test", records
/// that live 30 days, port 3000 on the loopback address. Nothing is written to disk.
#[derive(Debug, Parser)]
#[command(name = "aerospike-emulator", version, args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// Port to listen on; 0 picks a free one, which is printed [default: 3000]
    #[arg(long, short)]
    port: Option<u16>,
    /// Address to listen on; 0.0.0.0 opens the server to the network [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<IpAddr>,
    /// Host name or address, and port if it differs, given to clients [default: the address they reached]
    #[arg(long, value_name = "HOST[:PORT]")]
    advertise: Option<String>,
    /// Edition whose answers to give [default: enterprise]
    #[arg(long, value_enum)]
    edition: Option<EditionName>,
    /// Configuration in the vendor's syntax (aerospike.conf); flags win over it
    #[arg(long, value_name = "FILE")]
    config_file: Option<PathBuf>,
    /// Namespace to serve instead of "test" or those of the file; may be repeated
    #[arg(long = "namespace", value_name = "NAME")]
    namespaces: Vec<String>,
    /// Strong consistency in all namespaces, which transactions need
    #[arg(long)]
    strong_consistency: bool,
    /// Nodes of the cluster; their ports follow each other
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    nodes: u32,
    /// Racks of the nodes, in their order [default: the rack that a namespace's configuration names]
    #[arg(long, value_name = "RACK,…", value_delimiter = ',')]
    racks: Vec<u32>,
    /// How long nodes take to learn of a cluster's changes, in percent of what they take in a real cluster
    #[arg(long, value_name = "PERCENT", default_value_t = 10)]
    cluster_pace: u32,
    /// Write the port to this file once connections are accepted; those of several nodes line by line
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// Switch users and roles on; the first user is admin with the password admin
    #[arg(long)]
    security: bool,
    /// Open a TLS port too, with the certificates that `tls-init` has made in this directory
    #[arg(long, value_name = "DIR")]
    tls_dir: Option<PathBuf>,
    /// Port for TLS; 0 picks a free one, which is printed
    #[arg(long, value_name = "PORT", requires = "tls_dir")]
    tls_port: Option<u16>,
    /// Threads that serve connections [default: one for every two cores, four at most]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    service_threads: Option<u32>,
    /// Give UDFs all of Lua's libraries, as the vendor's server does: files, processes, the environment
    #[arg(long)]
    lua_unsafe: bool,
    /// Where chance begins, so that a run can be repeated; tokens and keys stay secret
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Load records, indexes and modules before the port is told: JSON, a text backup of the vendor's, or a directory of
    /// such backups; may be repeated
    #[arg(long = "load", value_name = "FILE")]
    loads: Vec<PathBuf>,
    /// Save records, indexes and modules when the server is stopped: a text backup if the name ends in .asb, else JSON
    #[arg(long, value_name = "FILE")]
    save_on_exit: Option<PathBuf>,
    /// What to log: error, warn, info, debug, trace, or a filter such as "info,aerospike_emulator::server=debug"
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: String,
    /// Form of the log, which goes to the standard error stream
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormat,
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
enum Command {
    /// Make throw-away certificates for tests: an authority, a server, a client
    TlsInit {
        /// Where the files go: ca.pem, server.pem, server.key, client.pem, client.key
        directory: PathBuf,
        /// Host name or address of the server, or the TLS name that clients are given; may be repeated
        #[arg(long = "name", value_name = "NAME", default_values = ["localhost", "127.0.0.1", "::1"])]
        names: Vec<String>,
        /// User in the client's certificate, for PKI login
        #[arg(long, default_value = "admin")]
        user: String,
    },
    /// Control a running emulator: move its clock, inject faults, read its log, restore snapshots
    ///
    /// Sends the info command emulator-WORD:ARGUMENTS and prints the answer; exits with 1 if that is an error.
    /// For example: ctl localhost:3000 clock advance=60
    Ctl(ctl::Options),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EditionName {
    Community,
    Enterprise,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// Runs the command until a signal stops it.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    run(arguments).into()
}

/// As [`main`]; returns the exit status as a number, for a caller that is not a Rust program.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let options = match Options::try_parse_from(arguments) {
        Ok(options) => options,
        Err(error) => {
            let _ = error.print();
            return error.exit_code() as u8;
        }
    };
    let done = match &options.command {
        Some(Command::TlsInit { directory, names, user }) => {
            certificates::init(directory, names, user).map_err(|error| error.to_string())
        }
        Some(Command::Ctl(options)) => match ctl::run(options) {
            Ok((answer, is_error)) => {
                // Nobody may be reading.
                let _ = writeln!(std::io::stdout(), "{answer}");
                return is_error as u8;
            }
            Err(error) => Err(error),
        },
        None => serve(options),
    };
    match done {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("aerospike-emulator: {error}");
            1
        }
    }
}

fn serve(options: Options) -> Result<(), String> {
    start_log(&options)?;
    let config = configure(&options)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    // Installed before the port opens: whoever sees it open may send a signal at once.
    let mut signals =
        runtime.block_on(async { Signals::new() }).map_err(|error| format!("no signals: {error}"))?;
    let emulator = Emulator::start(config).map_err(|error| error.to_string())?;
    for path in &options.loads {
        let loaded = emulator.load(path).map_err(|error| error.to_string())?;
        tracing::info!(path = %path.display(), ?loaded, "loaded");
    }
    let address = emulator.address();
    if let Some(path) = &options.port_file {
        let ports: Vec<_> = emulator.nodes().iter().map(|node| node.address.port().to_string()).collect();
        write_ports(path, &ports.join("\n"))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    // Nobody may be reading.
    let tls = emulator.tls_port().map_or(String::new(), |port| format!(", TLS on port {port}"));
    let others: String =
        emulator.nodes().iter().skip(1).map(|node| format!(" and {}", node.address)).collect();
    let _ = writeln!(std::io::stdout(), "aerospike-emulator ready on {address}{others}{tls}");
    let signal = runtime.block_on(signals.wait());
    tracing::info!(signal, "stopping");
    let saved = options.save_on_exit.as_ref().map_or(Ok(()), |path| emulator.save(path, None));
    emulator.stop();
    saved.map_err(|error| error.to_string())
}

/// Writes the ports so that whoever waits for the file never sees it half written.
fn write_ports(path: &Path, ports: &str) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let unfinished = path.with_file_name(name);
    std::fs::write(&unfinished, format!("{ports}\n"))?;
    std::fs::rename(&unfinished, path).inspect_err(|_| {
        let _ = std::fs::remove_file(&unfinished);
    })
}

fn start_log(options: &Options) -> Result<(), String> {
    let filter = EnvFilter::try_new(&options.log).map_err(|error| format!("bad log level: {error}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match options.log_format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    started.map_err(|error| format!("cannot log: {error}"))
}

fn configure(options: &Options) -> Result<Config, String> {
    let mut config = Config::default();
    if let Some(path) = &options.config_file {
        for warning in config_file::load(path, &mut config).map_err(|error| error.to_string())? {
            tracing::warn!("{warning}");
        }
    }
    if !options.namespaces.is_empty() {
        config.serve(&options.namespaces)?;
    }
    if let Some(port) = options.port {
        config.port = port;
    }
    if let Some(bind) = options.bind {
        config.bind = bind;
    }
    if let Some(edition) = options.edition {
        config.edition = match edition {
            EditionName::Community => Edition::Community,
            EditionName::Enterprise => Edition::Enterprise,
        };
    }
    if options.strong_consistency {
        config.use_strong_consistency();
    }
    config.nodes = options.nodes;
    config.racks.clone_from(&options.racks);
    config.cluster_pace = options.cluster_pace;
    config.lua_unsafe = options.lua_unsafe;
    config.seed = options.seed;
    if let Some(threads) = options.service_threads {
        config.service_threads = threads;
    }
    if let Some(directory) = &options.tls_dir {
        config.use_tls_directory(directory);
        config.tls_port = options.tls_port.unwrap_or(config.tls_port);
    }
    if options.security {
        config.security.get_or_insert_default();
    }
    if let Some(address) = &options.advertise {
        config.advertise_as(address)?;
    }
    Ok(config)
}

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}
