//! The extension module `aerospike_py._aerospike`: Python's side of the driver's core.
//!
//! Arguments are encoded straight into request bytes, and replies decoded straight into Python objects; nothing
//! in between is built. The waiting is done by `aerospike-client-core`.

mod aio;
mod batch;
mod client;
mod command;
mod config;
mod errors;
mod key;
mod names;
mod operation;
mod policy;
mod results;
mod session;
mod value;

use pyo3::prelude::*;

/// The extension module.
#[pymodule(gil_used = false)]
mod _aerospike {
    #[pymodule_export]
    use crate::aio::{AsyncClient, Attempt, LaneCallbacks};
    #[pymodule_export]
    use crate::batch::BatchSource;
    #[pymodule_export]
    use crate::client::Client;
    #[pymodule_export]
    use crate::session::after_fork_in_child;
}
