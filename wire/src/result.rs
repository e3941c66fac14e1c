//! Result codes (wire §11).

use std::fmt;

/// The code with which a server answers a request.
///
/// An open set: newer servers may send codes that have no name here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResultCode(pub u8);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        impl ResultCode {
            $($(#[$doc])* pub const $name: ResultCode = ResultCode($code);)*

            /// The code's name in the field, if it has one.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// Success.
    OK = 0;
    /// Unknown server error; also a malformed list or map value.
    SERVER = 1;
    /// No such record.
    NOT_FOUND = 2;
    /// The generation policy failed.
    GENERATION = 3;
    /// Malformed or contradictory request.
    PARAMETER = 4;
    /// Create-only, and the record exists.
    RECORD_EXISTS = 5;
    /// Create-only, and the bin exists.
    BIN_EXISTS = 6;
    /// The partition moved meanwhile.
    CLUSTER_KEY_MISMATCH = 7;
    /// The namespace takes no more writes.
    OUT_OF_SPACE = 8;
    /// The deadline passed on the server.
    TIMEOUT = 9;
    /// The partition has no usable owner.
    UNAVAILABLE = 11;
    /// The operation does not fit the bin's type.
    INCOMPATIBLE_TYPE = 12;
    /// The record would exceed the namespace's maximum.
    RECORD_TOO_BIG = 13;
    /// Too many pending commands on one key.
    KEY_BUSY = 14;
    /// The query was aborted.
    QUERY_ABORT = 15;
    /// The server does not support the feature.
    UNSUPPORTED_FEATURE = 16;
    /// Update-only, and the bin is missing.
    BIN_NOT_FOUND = 17;
    /// The device cannot keep up.
    DEVICE_OVERLOAD = 18;
    /// The stored key differs from the one sent.
    KEY_MISMATCH = 19;
    /// Missing or unknown namespace.
    NAMESPACE = 20;
    /// Bad bin name.
    BIN_NAME = 21;
    /// The operation is forbidden at this time.
    FORBIDDEN = 22;
    /// No such element in the collection.
    ELEMENT_NOT_FOUND = 23;
    /// The element exists in the collection.
    ELEMENT_EXISTS = 24;
    /// Needs the Enterprise edition.
    ENTERPRISE_ONLY = 25;
    /// The operation cannot be applied to the value.
    OP_NOT_APPLICABLE = 26;
    /// The filter expression was not true.
    FILTERED_OUT = 27;
    /// A replicated write lost a conflict.
    LOST_CONFLICT = 28;
    /// A replicated write found the key busy.
    XDR_KEY_BUSY = 32;
    /// Last message of an admin reply.
    SEC_OK_LAST = 50;
    /// Security is not supported by this edition.
    SEC_NOT_SUPPORTED = 51;
    /// Security is not enabled.
    SEC_NOT_ENABLED = 52;
    /// Unknown security scheme.
    SEC_SCHEME = 53;
    /// Unknown admin command.
    SEC_COMMAND = 54;
    /// Malformed admin field.
    SEC_FIELD = 55;
    /// The command does not fit the connection's state.
    SEC_STATE = 56;
    /// Bad or unknown user.
    SEC_USER = 60;
    /// The user exists.
    SEC_USER_EXISTS = 61;
    /// Bad password.
    SEC_PASSWORD = 62;
    /// The password has expired.
    SEC_EXPIRED_PASSWORD = 63;
    /// The password may not be used again.
    SEC_FORBIDDEN_PASSWORD = 64;
    /// Bad credential.
    SEC_CREDENTIAL = 65;
    /// The session has expired.
    SEC_EXPIRED_SESSION = 66;
    /// Bad or unknown role.
    SEC_ROLE = 70;
    /// The role exists.
    SEC_ROLE_EXISTS = 71;
    /// Bad privilege.
    SEC_PRIVILEGE = 72;
    /// Bad whitelist.
    SEC_WHITELIST = 73;
    /// Quotas are not enabled.
    SEC_QUOTAS_NOT_ENABLED = 74;
    /// Bad quota.
    SEC_QUOTA = 75;
    /// The connection has not logged in.
    SEC_NOT_AUTHENTICATED = 80;
    /// The user's roles do not permit this.
    SEC_ROLE_VIOLATION = 81;
    /// The client's address is not on the whitelist.
    SEC_NOT_WHITELISTED = 82;
    /// The user's quota is used up.
    SEC_QUOTA_EXCEEDED = 83;
    /// External login, and no directory is configured.
    LDAP_NOT_CONFIGURED = 90;
    /// The directory cannot be set up.
    LDAP_SETUP = 91;
    /// The connection to the directory cannot be encrypted.
    LDAP_TLS_SETUP = 92;
    /// The directory refuses the user.
    LDAP_AUTHENTICATION = 93;
    /// The directory cannot be asked.
    LDAP_QUERY = 94;
    /// A UDF failed; the reply has a bin `FAILURE`.
    UDF_EXECUTION = 100;
    /// Blocked by another transaction.
    MRT_BLOCKED = 120;
    /// The record changed since the transaction read it.
    MRT_VERSION_MISMATCH = 121;
    /// The transaction's deadline has passed.
    MRT_EXPIRED = 122;
    /// Too many writes in one transaction.
    MRT_TOO_MANY_WRITES = 123;
    /// The transaction is committed.
    MRT_COMMITTED = 124;
    /// The transaction is aborted.
    MRT_ABORTED = 125;
    /// The record is already locked by the transaction.
    MRT_ALREADY_LOCKED = 126;
    /// The transaction's monitor exists.
    MRT_MONITOR_EXISTS = 127;
    /// Batches are switched off.
    BATCH_DISABLED = 150;
    /// More rows than the server allows.
    BATCH_MAX_REQUESTS = 151;
    /// All batch queues are full.
    BATCH_QUEUES_FULL = 152;
    /// Malformed GeoJSON.
    GEO_INVALID_GEOJSON = 160;
    /// The index exists.
    INDEX_FOUND = 200;
    /// No such index.
    INDEX_NOT_FOUND = 201;
    /// The index is not readable yet.
    INDEX_NOT_READABLE = 203;
    /// The namespace has as many indexes as it can.
    INDEX_MAX_COUNT = 206;
}

impl ResultCode {
    /// Whether the code means success.
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Debug for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} ({name})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

impl std::error::Error for ResultCode {}
