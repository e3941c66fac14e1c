//! Codes of expressions (expressions §3, §4, §17, §20, §21).
//!
//! An expression is msgpack: an array whose first element is an op id, or a constant.

/// Op ids (expressions §4).
#[allow(missing_docs)] // the names say it; arguments and results are tabled in the reference
pub mod op {
    pub const UNKNOWN: i64 = 0;
    pub const EQ: i64 = 1;
    pub const NE: i64 = 2;
    pub const GT: i64 = 3;
    pub const GE: i64 = 4;
    pub const LT: i64 = 5;
    pub const LE: i64 = 6;
    pub const REGEX: i64 = 7;
    pub const GEO: i64 = 8;
    pub const IN_LIST: i64 = 9;
    pub const AND: i64 = 16;
    pub const OR: i64 = 17;
    pub const NOT: i64 = 18;
    pub const EXCLUSIVE: i64 = 19;
    pub const ADD: i64 = 20;
    pub const SUB: i64 = 21;
    pub const MUL: i64 = 22;
    pub const DIV: i64 = 23;
    pub const POW: i64 = 24;
    pub const LOG: i64 = 25;
    pub const MOD: i64 = 26;
    pub const ABS: i64 = 27;
    pub const FLOOR: i64 = 28;
    pub const CEIL: i64 = 29;
    pub const TO_INT: i64 = 30;
    pub const TO_FLOAT: i64 = 31;
    pub const INT_AND: i64 = 32;
    pub const INT_OR: i64 = 33;
    pub const INT_XOR: i64 = 34;
    pub const INT_NOT: i64 = 35;
    pub const INT_LSHIFT: i64 = 36;
    pub const INT_RSHIFT: i64 = 37;
    pub const INT_ARSHIFT: i64 = 38;
    pub const INT_COUNT: i64 = 39;
    pub const INT_LSCAN: i64 = 40;
    pub const INT_RSCAN: i64 = 41;
    pub const MIN: i64 = 50;
    pub const MAX: i64 = 51;
    pub const DIGEST_MODULO: i64 = 64;
    pub const DEVICE_SIZE: i64 = 65;
    pub const LAST_UPDATE: i64 = 66;
    pub const SINCE_UPDATE: i64 = 67;
    pub const VOID_TIME: i64 = 68;
    pub const TTL: i64 = 69;
    pub const SET_NAME: i64 = 70;
    pub const KEY_EXISTS: i64 = 71;
    pub const IS_TOMBSTONE: i64 = 72;
    pub const MEMORY_SIZE: i64 = 73;
    pub const RECORD_SIZE: i64 = 74;
    pub const KEY: i64 = 80;
    pub const BIN: i64 = 81;
    pub const BIN_TYPE: i64 = 82;
    /// As the value of a path modification: remove the element.
    pub const RESULT_REMOVE: i64 = 100;
    pub const MAP_KEYS: i64 = 101;
    pub const MAP_VALUES: i64 = 102;
    /// Key, value or index of the element that a path expression is looking at.
    pub const LOOP_VARIABLE: i64 = 122;
    pub const COND: i64 = 123;
    pub const VAR: i64 = 124;
    pub const LET: i64 = 125;
    pub const QUOTE: i64 = 126;
    pub const CALL: i64 = 127;
}

/// Type ids, as bins, keys, loop variables and calls declare them (expressions §3).
#[allow(missing_docs)] // the names say it
pub mod kind {
    pub const NIL: i64 = 0;
    pub const BOOL: i64 = 1;
    pub const INT: i64 = 2;
    pub const STRING: i64 = 3;
    pub const LIST: i64 = 4;
    pub const MAP: i64 = 5;
    pub const BLOB: i64 = 6;
    pub const FLOAT: i64 = 7;
    pub const GEOJSON: i64 = 8;
    pub const HLL: i64 = 9;
    /// Not a type: ends the list.
    pub const END: i64 = 10;
}

/// What a loop variable stands for (expressions §18).
pub mod loop_variable {
    /// The map key.
    pub const KEY: i64 = 0;
    /// The value.
    pub const VALUE: i64 = 1;
    /// The list index.
    pub const INDEX: i64 = 2;
}

/// System ids of a call (expressions §17).
pub mod system {
    /// Lists and maps.
    pub const CDT: i64 = 0;
    /// Bits of a blob.
    pub const BITS: i64 = 1;
    /// HyperLogLog.
    pub const HLL: i64 = 2;
    /// Added for an op that modifies; the result is the modified value.
    pub const MODIFY: i64 = 0x40;
}

/// Bits of a regex op's flags, by what they do in a server (expressions §8). Clients call the third NOSUB.
pub mod regex {
    /// Extended syntax.
    pub const EXTENDED: i64 = 1;
    /// Ignore case.
    pub const ICASE: i64 = 2;
    /// `.` and negated brackets do not match a newline, `^` and `$` match at line ends.
    pub const NEWLINE: i64 = 4;
}

/// Flags of the ops EXP_READ and EXP_MODIFY (expressions §20, §21).
pub mod flags {
    /// EXP_MODIFY: fail if the bin exists.
    pub const CREATE_ONLY: u64 = 1;
    /// EXP_MODIFY: fail if the bin is missing.
    pub const UPDATE_ONLY: u64 = 2;
    /// EXP_MODIFY: a nil result deletes the bin.
    pub const ALLOW_DELETE: u64 = 4;
    /// EXP_MODIFY: what the policy forbids is left undone without a failure.
    pub const POLICY_NO_FAIL: u64 = 8;
    /// An unknown result is no failure.
    pub const EVAL_NO_FAIL: u64 = 16;
}
