//! Failures of the core as Python exceptions (python-api §15).

use aerospike_client_core::{Error, ErrorKind};
use aerospike_wire::ResultCode;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

/// An exception class of `aerospike_py.exception`, by name.
fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || py.import("aerospike_py.exception").map(Bound::unbind))?;
    module.bind(py).getattr(PyString::intern(py, name))
}

/// An exception with a message and the attributes that all of them carry.
fn exception(py: Python<'_>, name: &str, text: &str, code: i32, in_doubt: bool) -> PyErr {
    let build = || {
        let error = class(py, name)?.call1((text,))?;
        error.setattr(intern!(py, "result_code"), code)?;
        error.setattr(intern!(py, "in_doubt"), in_doubt)?;
        PyResult::Ok(error)
    };
    build().map_or_else(|failure| failure, PyErr::from_value)
}

/// A `ClientError`.
pub fn client(text: &str) -> PyErr {
    Python::attach(|py| exception(py, "ClientError", text, -1, false))
}

/// A `BackpressureError`.
pub fn backpressure(text: &str) -> PyErr {
    Python::attach(|py| exception(py, "BackpressureError", text, -1, false))
}

/// An `InvalidArgError`.
pub fn invalid_argument(text: &str) -> PyErr {
    Python::attach(|py| exception(py, "InvalidArgError", &format!("Invalid argument: {text}"), -1, false))
}

/// The error of a bin name that no server would take.
pub fn bin_name(text: &str) -> PyErr {
    Python::attach(|py| exception(py, "_BinNameArgumentError", text, ResultCode::BIN_NAME.0 as i32, false))
}

/// The error of a function that failed, with what it says.
pub fn function(text: &str) -> PyErr {
    let code = ResultCode::UDF_EXECUTION.0 as i32;
    let text = format!("AEROSPIKE_ERR ({code}): UDF Bad Response: {text}");
    Python::attach(|py| exception(py, "_FunctionError", &text, code, false))
}

/// The class for a result code.
pub fn class_of_code(code: ResultCode) -> &'static str {
    match code {
        ResultCode::NOT_FOUND => "RecordNotFound",
        ResultCode::GENERATION => "RecordGenerationError",
        ResultCode::RECORD_EXISTS => "RecordExistsError",
        ResultCode::BIN_EXISTS => "BinExistsError",
        ResultCode::INCOMPATIBLE_TYPE => "BinTypeError",
        ResultCode::RECORD_TOO_BIG => "RecordTooBig",
        ResultCode::BIN_NOT_FOUND => "BinNotFound",
        ResultCode::BIN_NAME => "BinNameError",
        ResultCode::ELEMENT_NOT_FOUND | ResultCode::ELEMENT_EXISTS => "RecordError",
        ResultCode::FILTERED_OUT => "FilteredOut",
        ResultCode::QUERY_ABORT | ResultCode(210) => "QueryAbortedError",
        ResultCode::INDEX_FOUND => "IndexFoundError",
        ResultCode::INDEX_NOT_FOUND => "IndexNotFound",
        ResultCode::UDF_EXECUTION => "UDFError",
        ResultCode::TIMEOUT | ResultCode(212) => "AerospikeTimeoutError",
        ResultCode(51..=56 | 60..=66 | 70..=75 | 80..=83 | 90..=94) => "AdminError",
        _ => "ServerError",
    }
}

/// A failure of the core.
pub fn from_core(error: Error) -> PyErr {
    let (class, code) = match &error.kind {
        ErrorKind::Server(code) => (class_of_code(*code), code.0 as i32),
        ErrorKind::Timeout { .. } => ("AerospikeTimeoutError", -1),
        ErrorKind::Connection(_) | ErrorKind::NoMoreConnections { .. } | ErrorKind::InvalidNode(_) => {
            ("ClusterError", -1)
        }
        ErrorKind::InvalidArgument(_) => ("InvalidArgError", -1),
        ErrorKind::Malformed(_) | ErrorKind::Closed => ("ClientError", -1),
    };
    Python::attach(|py| exception(py, class, &error.to_string(), code, error.in_doubt))
}

/// Lets encoders mix failures of the core with those of Python.
pub struct Failure(pub PyErr);

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure(from_core(error))
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Failure {
        Failure(error)
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> PyErr {
        failure.0
    }
}
