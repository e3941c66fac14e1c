//! The native half of the Python package `aerospike_emulator`.
//!
//! Python code above it (`aerospike_emulator/_emulator.py`) keeps the life cycle and the documentation for users;
//! here is only what needs Rust: reading options, running a server, the command line. No call holds the
//! interpreter's lock while it waits.

mod command;
mod options;
mod server;

use pyo3::prelude::*;

pyo3::create_exception!(
    aerospike_emulator,
    EmulatorError,
    pyo3::exceptions::PyRuntimeError,
    "The emulator could not start, does not run, or belongs to the parent of this forked process."
);

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::EmulatorError;
    #[pymodule_export]
    use super::command::run_command;
    #[pymodule_export]
    use super::command::tls_init;
    #[pymodule_export]
    use super::options::Config;
    #[pymodule_export]
    use super::server::Server;
    #[pymodule_export]
    use super::server::Snapshot;
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
