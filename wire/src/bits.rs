//! The info bits of a message header (wire §5).

/// Bits of the first info byte: what is read.
pub mod info1 {
    /// The request contains a read.
    pub const READ: u8 = 0x01;
    /// Return all bins.
    pub const GET_ALL: u8 = 0x02;
    /// A query expected to return few records.
    pub const SHORT_QUERY: u8 = 0x04;
    /// The body is a batch request.
    pub const BATCH: u8 = 0x08;
    /// The write comes from cross-datacenter replication.
    pub const XDR: u8 = 0x10;
    /// Return metadata only; wins over [`GET_ALL`].
    pub const GET_NO_BINS: u8 = 0x20;
    /// Consult all replicas on a read.
    pub const CONSISTENCY_LEVEL_ALL: u8 = 0x40;
    /// The client takes a compressed reply.
    pub const COMPRESS_RESPONSE: u8 = 0x80;
}

/// Bits of the second info byte: what is written, and under which condition.
pub mod info2 {
    /// The request writes.
    pub const WRITE: u8 = 0x01;
    /// Delete the record; only together with [`WRITE`].
    pub const DELETE: u8 = 0x02;
    /// Write only if the generation is equal.
    pub const GENERATION: u8 = 0x04;
    /// Write only if the generation sent is greater than the stored one.
    pub const GENERATION_GT: u8 = 0x08;
    /// Leave a tombstone.
    pub const DURABLE_DELETE: u8 = 0x10;
    /// Fail if the record exists.
    pub const CREATE_ONLY: u8 = 0x20;
    /// A long query may relax consistency.
    pub const RELAX_AP_LONG_QUERY: u8 = 0x40;
    /// Return one result for each op.
    pub const RESPOND_ALL_OPS: u8 = 0x80;
}

/// Bits of the third info byte: replies' end marks, existence policies, read modes.
pub mod info3 {
    /// Last part of a reply of several parts.
    pub const LAST: u8 = 0x01;
    /// Answer once the master has written.
    pub const COMMIT_LEVEL_MASTER: u8 = 0x02;
    /// A query has finished a partition.
    pub const PARTITION_DONE: u8 = 0x04;
    /// Fail if the record is missing.
    pub const UPDATE_ONLY: u8 = 0x08;
    /// Drop all former bins first.
    pub const CREATE_OR_REPLACE: u8 = 0x10;
    /// Drop all former bins first; fail if the record is missing.
    pub const REPLACE_ONLY: u8 = 0x20;
    /// With [`SC_READ_RELAX`]: the mode of a strongly consistent read.
    pub const SC_READ_TYPE: u8 = 0x40;
    /// See [`SC_READ_TYPE`].
    pub const SC_READ_RELAX: u8 = 0x80;
}

/// Bits of the fourth info byte: multi-record transactions.
pub mod info4 {
    /// Verify the version of a record read in a transaction.
    pub const MRT_VERIFY_READ: u8 = 0x01;
    /// Make a transaction's write final.
    pub const MRT_ROLL_FORWARD: u8 = 0x02;
    /// Undo a transaction's write.
    pub const MRT_ROLL_BACK: u8 = 0x04;
    /// Only lock the record for the transaction.
    pub const MRT_ON_LOCKING_ONLY: u8 = 0x10;
}
