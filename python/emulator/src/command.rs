//! The console command.

use pyo3::prelude::*;
use std::ffi::OsString;

/// Runs the command line until a signal stops it; returns its exit status. The first argument is the command's
/// own name.
///
/// Signals are watched by the command itself: a handler of Python's would run only after it has returned.
#[pyfunction]
pub fn run_command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| aerospike_emulator::cli::run(arguments))
}

/// Makes throw-away certificates.
#[pyfunction]
pub fn tls_init(
    py: Python<'_>,
    directory: std::path::PathBuf,
    names: Vec<String>,
    user: &str,
) -> PyResult<()> {
    py.detach(|| aerospike_emulator::certificates::init(&directory, &names, user))
        .map_err(|error| crate::EmulatorError::new_err(error.to_string()))
}
