//! An in-memory server that speaks the Aerospike wire protocol, for tests.
//!
//! ```
//! use aerospike_emulator::{Emulator, config::Config};
//! let emulator = Emulator::start(Config { port: 0, ..Config::default() }).unwrap();
//! println!("clients connect to {}", emulator.address());
//! ```

pub mod cli;
pub mod cluster;
pub mod collection;
pub mod command;
pub mod config;
pub mod config_file;
pub mod control;
pub mod expression;
mod housekeeping;
pub mod server;
pub mod store;

use config::Config;
use control::Clock;
use server::{Running, Server, StartError};
use std::net::SocketAddr;
use std::sync::Arc;

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

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// The time of its records.
    pub fn clock(&self) -> &Arc<Clock> {
        &self.running.server().clock
    }

    /// Its inside, for tools that look deeper.
    pub fn server(&self) -> &Arc<Server> {
        self.running.server()
    }

    /// Stops accepting, lets requests under way finish, closes all connections.
    pub fn stop(mut self) {
        self.running.stop();
    }
}
