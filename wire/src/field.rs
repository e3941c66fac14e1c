//! Ids of message fields (wire §6). A field travels as `u32 size, u8 id, payload` with `size = 1 + payload`.

/// Namespace name, 1 to 31 bytes.
pub const NAMESPACE: u8 = 0;
/// Set name, 0 to 63 bytes.
pub const SET: u8 = 1;
/// User key: one particle type byte, then the key as hashed.
pub const KEY: u8 = 2;
/// Version of a record inside a transaction, 7 bytes little-endian.
pub const RECORD_VERSION: u8 = 3;
/// Digest of 20 bytes. A message without one is a query.
pub const DIGEST: u8 = 4;
/// Transaction id, 8 bytes little-endian.
pub const MRT_ID: u8 = 5;
/// Transaction deadline, u32 little-endian.
pub const MRT_DEADLINE: u8 = 6;
/// Query or background job id, u64.
pub const QUERY_ID: u8 = 7;
/// Socket timeout of a query in milliseconds, u32.
pub const SOCKET_TIMEOUT: u8 = 9;
/// Records per second of a query, u32.
pub const RECORDS_PER_SECOND: u8 = 10;
/// Partition ids, u16 little-endian each.
pub const PARTITION_IDS: u8 = 11;
/// Digests to resume after, 20 bytes each.
pub const DIGESTS: u8 = 12;
/// Upper bound of the records to return, u64.
pub const MAX_RECORDS: u8 = 13;
/// Last-update time in milliseconds, u64; replicated writes only.
pub const LAST_UPDATE_TIME: u8 = 14;
/// Index values to resume after, i64 little-endian each.
pub const BVALS: u8 = 15;
/// Secondary index name.
pub const INDEX_NAME: u8 = 21;
/// Range of an index query.
pub const INDEX_RANGE: u8 = 22;
/// msgpack context of the indexed element.
pub const INDEX_CONTEXT: u8 = 23;
/// Packed expression of the index.
pub const INDEX_EXPRESSION: u8 = 24;
/// Collection part that is indexed, u8.
pub const INDEX_TYPE: u8 = 26;
/// UDF module without its extension.
pub const UDF_MODULE: u8 = 30;
/// UDF function.
pub const UDF_FUNCTION: u8 = 31;
/// UDF arguments as a msgpack list.
pub const UDF_ARGUMENTS: u8 = 32;
/// Kind of a UDF query, u8: 0 record, 1 aggregation, 2 background.
pub const UDF_OP: u8 = 33;
/// Bin names of an old query.
pub const QUERY_BINS: u8 = 40;
/// Rows of a batch.
pub const BATCH: u8 = 41;
/// Rows of a batch, older id.
pub const BATCH_WITH_SET: u8 = 42;
/// Packed filter expression.
pub const FILTER: u8 = 43;
