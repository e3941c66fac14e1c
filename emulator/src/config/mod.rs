//! What a server is started with, and what of it can change while it runs.
//!
//! Every setting is declared once, in a table ([`SERVICE`], [`NETWORK`], [`NAMESPACE`], [`SET`]); the
//! configuration file, `get-config` and `set-config` are all driven by the tables. The defaults are those of the
//! vendor's container image. Settings that are about disks, threads or other nodes are kept and shown, and have
//! no effect.

mod namespace;
mod service;
mod set;
pub mod setting;

pub use namespace::{NAMESPACE, NamespaceConfig, NamespaceSettings};
pub use service::{Config, NETWORK, SERVICE, Settings};
pub use set::{SET, SetConfig, SetSettings};

/// Which of the vendor's editions the server answers as.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Edition {
    /// Refuses durable deletes, transactions, compression and security.
    Community,
    /// Supports what the emulator has of them.
    #[default]
    Enterprise,
}
