//! An in-memory server that speaks the Aerospike wire protocol, for tests.
//!
//! ```
//! use aerospike_emulator::{Emulator, config::Config};
//! let emulator = Emulator::start(Config { port: 0, ..Config::default() }).unwrap();
//! println!("clients connect to {}", emulator.address());
//! ```

pub mod certificates;
pub mod cli;
pub mod cluster;
pub mod collection;
pub mod command;
pub mod config;
pub mod config_file;
pub mod control;
mod ctl;
pub mod expression;
pub mod geo;
mod housekeeping;
pub mod index;
pub mod security;
pub mod server;
pub mod store;
mod udf;

use cluster::{Cluster, Node};
use config::Config;
use control::access::Access;
use control::fixture::{Fixture, Loaded};
use control::snapshot::Difference;
use control::{ClockControl, CommandLog, Faults, Refusal, Snapshot};
use server::{Running, Server, StartError};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
pub use store::UnknownNamespace;

/// A running emulator; dropping it stops it.
#[derive(Debug)]
pub struct Emulator {
    running: Running,
}

impl Emulator {
    /// Starts an emulator; it accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError`] when the port cannot be listened on or a thread cannot be started.
    pub fn start(config: Config) -> Result<Emulator, StartError> {
        Ok(Emulator { running: Running::start(config)? })
    }

    /// The address that it listens on: that of its first node.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// Its nodes, those that have stopped included; the first one has [`Emulator::address`].
    pub fn nodes(&self) -> Vec<Arc<Node>> {
        self.cluster().nodes()
    }

    /// What can happen to its nodes: see the methods of [`Cluster`].
    ///
    /// ```
    /// use aerospike_emulator::{Emulator, config::Config};
    /// use std::time::Duration;
    /// let emulator = Emulator::start(Config { port: 0, nodes: 3, ..Config::default() }).unwrap();
    /// let second = &emulator.nodes()[1];
    /// emulator.cluster().stop(second).unwrap();
    /// assert!(emulator.cluster().settle(Duration::from_secs(10)));
    /// assert_eq!(emulator.nodes()[0].view().size(), 2);
    /// ```
    pub fn cluster(&self) -> &Arc<Cluster> {
        &self.running.server().cluster
    }

    /// The port for TLS, if there is one; on the same address.
    pub fn tls_port(&self) -> Option<u16> {
        let config = &self.running.server().config;
        config.has_tls().then_some(config.tls_port)
    }

    /// The time of its records, sessions and quotas, to be moved.
    pub fn clock(&self) -> ClockControl<'_> {
        ClockControl::of(self.server())
    }

    /// The rules that disturb commands.
    pub fn faults(&self) -> &Faults {
        &self.server().control.faults
    }

    /// The log of commands; off until it is started.
    pub fn log(&self) -> &CommandLog {
        &self.server().control.log
    }

    /// All its data as it is now: records, sets, truncation, indexes, modules, users and roles. Takes milliseconds
    /// whatever their number.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::take(self.server())
    }

    /// Makes its data what it was; how many records differed. Takes as long as there are differences.
    ///
    /// # Errors
    /// [`Refusal`] for a snapshot of another emulator.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<usize, Refusal> {
        snapshot.restore(self.server())
    }

    /// The records that have changed since a snapshot; none, if a test has left everything alone.
    ///
    /// # Errors
    /// [`Refusal`] for a snapshot of another emulator.
    pub fn changes_since(&self, snapshot: &Snapshot) -> Result<Vec<Difference>, Refusal> {
        snapshot.differences(&self.snapshot(), self.server())
    }

    /// The seed that repeats what chance does in it.
    pub fn seed(&self) -> u64 {
        self.server().control.random.seed()
    }

    /// Its inside, for tools that look deeper.
    pub fn server(&self) -> &Arc<Server> {
        self.running.server()
    }

    /// Removes all records of a set, of a namespace, or of all namespaces, whatever their last-update times; how
    /// many they were. Unlike a client's truncation it leaves no mark that later writes are held against.
    ///
    /// # Errors
    /// [`UnknownNamespace`]. A set that does not exist has no records.
    pub fn truncate(&self, namespace: Option<&str>, set: Option<&str>) -> Result<usize, UnknownNamespace> {
        self.server().store.clear(namespace, set)
    }

    /// Its records, to be read and written without a client.
    pub fn data(&self) -> Access<'_> {
        Access::of(self.server())
    }

    /// Loads records, indexes and modules from a file: JSON, or a text backup of the vendor's; or from a directory of
    /// such backups.
    ///
    /// # Errors
    /// [`Refusal`] that says where the file is wrong; nothing has been loaded then.
    pub fn load(&self, path: &Path) -> Result<Loaded, Refusal> {
        let in_file = |refusal| Refusal::new(format!("{}: {refusal}", path.display()));
        Fixture::read(path)?.load(self.server()).map_err(in_file)
    }

    /// Saves records, indexes and modules to a file: a text backup if its name ends in `.asb`, else JSON.
    ///
    /// # Errors
    /// [`Refusal`] for an unknown namespace, and with the reason why the file cannot be written.
    pub fn save(&self, path: &Path, namespace: Option<&str>) -> Result<(), Refusal> {
        Fixture::of(self.server(), namespace)?.save(path)
    }

    /// Stops accepting, lets requests under way finish, closes all connections.
    pub fn stop(mut self) {
        self.running.stop();
    }
}
