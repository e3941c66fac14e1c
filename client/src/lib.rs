//! The driver's core: what a client of an Aerospike cluster does, without a language binding.
//!
//! Commands and the retry loop know nothing about sockets. A command encodes its request once and decodes its
//! reply; [`retry::Execution`] says what to do next (connect, send, receive, sleep, done) and is told what came
//! of it. Two transports obey it:
//!
//! | module | subject |
//! |---|---|
//! | [`key`], [`policy`], [`error`] | what a caller passes in and gets back |
//! | [`request`], [`reply`] | bytes out, bytes in |
//! | [`batch`], [`query`], [`rounds`] | many keys, many partitions: split by node, several reply frames |
//! | [`admin`] | logins, users, roles |
//! | [`retry`] | the retry loop as a state machine |
//! | [`cluster`] | discovery, tending, peers, partition map, connection limits |
//! | [`transport::blocking`] | one thread, one socket, one write and one read per command |
//! | [`transport::reactor`] | many commands on non-blocking sockets behind one pollable descriptor |
//!
//! Sections such as "wire §9" or "info §12" name the functional reference that this project is built from.

pub mod admin;
pub mod batch;
pub mod cluster;
pub mod error;
pub mod key;
pub mod policy;
pub mod query;
pub mod reply;
pub mod request;
pub mod retry;
pub mod rounds;
pub mod transport;

pub use cluster::{Cluster, ClusterConfig};
pub use error::{Error, ErrorKind};
pub use key::{Key, UserKey};
