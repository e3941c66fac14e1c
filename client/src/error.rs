//! What can go wrong between a caller and a record.

use aerospike_wire::ResultCode;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A failed command: what failed, whether the write may have happened all the same, and where.
#[derive(Clone, Debug)]
pub struct Error {
    /// What failed.
    pub kind: ErrorKind,
    /// Whether a write may have been applied although it failed (wire §27).
    pub in_doubt: bool,
    /// Address of the last node tried.
    pub node: Option<Arc<str>>,
}

/// The ways to fail.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ErrorKind {
    /// The server refused the command.
    #[error("Server error: {}", server_name(*.0))]
    Server(ResultCode),
    /// No reply within the policy's time.
    #[error("Timeout: no reply within {} ms after {attempts} tries", .limit.as_millis())]
    Timeout {
        /// The limit that passed: total or socket timeout.
        limit: Duration,
        /// How often the command was tried.
        attempts: u32,
    },
    /// A socket could not be opened, or broke.
    #[error("Connection error: {0}")]
    Connection(String),
    /// The node's connections are all in use, and none came free in time.
    #[error("No more connections available: all {limit} connections of node {node} are in use")]
    NoMoreConnections {
        /// The node.
        node: Arc<str>,
        /// `max_conns_per_node`.
        limit: usize,
    },
    /// No node serves the key's partition.
    #[error("Invalid node: {0}")]
    InvalidNode(String),
    /// The caller's argument cannot be sent.
    #[error("Invalid argument: {0}")]
    InvalidArgument(String),
    /// The peer's bytes are not the protocol.
    #[error("Malformed reply: {0}")]
    Malformed(String),
    /// The cluster was closed while the command ran.
    #[error("Client is closed")]
    Closed,
}

impl Error {
    /// An error that happened before anything was sent.
    pub fn new(kind: ErrorKind) -> Error {
        Error { kind, in_doubt: false, node: None }
    }

    /// The server's code, if the server refused the command.
    pub fn result_code(&self) -> Option<ResultCode> {
        match self.kind {
            ErrorKind::Server(code) => Some(code),
            _ => None,
        }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Error {
        Error::new(kind)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ErrorKind::Server(code) = self.kind {
            let node = self.node.as_deref().unwrap_or("unknown");
            let doubt = if self.in_doubt { "True" } else { "False" };
            write!(f, "AEROSPIKE_ERR ({}): {}, In Doubt: {doubt}, Node: {node}", code.0, self.kind)?;
        } else {
            self.kind.fmt(f)?;
        }
        if self.in_doubt { f.write_str(" [in_doubt]") } else { Ok(()) }
    }
}

impl std::error::Error for Error {}

/// The words that users of the field's clients know a result code by; they grep their logs for them.
pub fn server_name(code: ResultCode) -> &'static str {
    match code {
        ResultCode::SERVER => "ServerError",
        ResultCode::NOT_FOUND => "KeyNotFoundError",
        ResultCode::GENERATION => "GenerationError",
        ResultCode::PARAMETER => "ParameterError",
        ResultCode::RECORD_EXISTS => "KeyExistsError",
        ResultCode::BIN_EXISTS => "BinExistsError",
        ResultCode::CLUSTER_KEY_MISMATCH => "ClusterKeyMismatch",
        ResultCode::OUT_OF_SPACE => "ServerMemError",
        ResultCode::TIMEOUT => "Timeout",
        ResultCode::UNAVAILABLE => "PartitionUnavailable",
        ResultCode::INCOMPATIBLE_TYPE => "BinTypeError",
        ResultCode::RECORD_TOO_BIG => "RecordTooBig",
        ResultCode::KEY_BUSY => "KeyBusy",
        ResultCode::QUERY_ABORT => "ScanAbort",
        ResultCode::UNSUPPORTED_FEATURE => "UnsupportedFeature",
        ResultCode::BIN_NOT_FOUND => "BinNotFound",
        ResultCode::DEVICE_OVERLOAD => "DeviceOverload",
        ResultCode::KEY_MISMATCH => "KeyMismatch",
        ResultCode::NAMESPACE => "InvalidNamespace",
        ResultCode::BIN_NAME => "BinNameTooLong",
        ResultCode::FORBIDDEN => "FailForbidden",
        ResultCode::ELEMENT_NOT_FOUND => "ElementNotFound",
        ResultCode::ELEMENT_EXISTS => "ElementExists",
        ResultCode::ENTERPRISE_ONLY => "EnterpriseOnly",
        ResultCode::OP_NOT_APPLICABLE => "OpNotApplicable",
        ResultCode::FILTERED_OUT => "FilteredOut",
        ResultCode::LOST_CONFLICT => "LostConflict",
        ResultCode::SEC_NOT_SUPPORTED => "SecurityNotSupported",
        ResultCode::SEC_NOT_ENABLED => "SecurityNotEnabled",
        ResultCode::SEC_USER => "InvalidUser",
        ResultCode::SEC_NOT_AUTHENTICATED => "NotAuthenticated",
        ResultCode::SEC_ROLE_VIOLATION => "RoleViolation",
        ResultCode::UDF_EXECUTION => "UdfBadResponse",
        ResultCode::BATCH_DISABLED => "BatchDisabled",
        ResultCode::BATCH_MAX_REQUESTS => "BatchMaxRequestsExceeded",
        ResultCode::BATCH_QUEUES_FULL => "BatchQueuesFull",
        ResultCode::GEO_INVALID_GEOJSON => "GeoInvalidGeojson",
        ResultCode::INDEX_FOUND => "IndexFound",
        ResultCode::INDEX_NOT_FOUND => "IndexNotFound",
        other => other.name().unwrap_or("Unknown"),
    }
}

/// Shorthand of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_error_reads_as_documented() {
        let mut error = Error::new(ErrorKind::Server(ResultCode::NOT_FOUND));
        error.node = Some("127.0.0.1:3000".into());
        let text = "AEROSPIKE_ERR (2): Server error: KeyNotFoundError, In Doubt: False, Node: 127.0.0.1:3000";
        assert_eq!(error.to_string(), text);
        error.in_doubt = true;
        assert_eq!(error.to_string(), text.replace("False", "True") + " [in_doubt]");
    }
}
