//! The Aerospike wire protocol without I/O.
//!
//! Both ends speak through this crate: the emulator parses requests and writes replies with it, the driver
//! does the reverse. Nothing here opens a socket or owns a record.
//!
//! | module | subject |
//! |---|---|
//! | [`proto`] | the 8-byte header in front of every frame |
//! | [`message`] | record, batch and query messages: header, fields, ops |
//! | [`bits`] | the info bits of a message header |
//! | [`admin`] | admin frames: login, users and roles |
//! | [`batch`] | the flags of a batch and of its rows |
//! | [`field`], [`op`], [`particle`] | ids of fields, operations and value types |
//! | [`bit_op`], [`hll_op`] | ids and flags of the operations inside blobs and HyperLogLogs |
//! | [`cdt`] | ids and flags of list and map operations |
//! | [`exp`] | codes of expressions |
//! | [`msgpack`] | the protocol's msgpack flavour |
//! | [`value`] | owned values, for clients and tests |
//! | [`digest`] | record digests and partition ids |
//! | [`result`] | result codes |
//! | [`time`] | the protocol's epoch and its times to live |
//! | [`transaction`] | versions of records, monitors of transactions |
//!
//! Sections such as "wire §9" in the documentation name the functional reference of the protocol that this
//! project is built from.

pub mod admin;
pub mod batch;
pub mod bit_op;
pub mod bits;
pub mod cdt;
pub mod digest;
pub mod exp;
pub mod field;
pub mod hll_op;
pub mod message;
pub mod msgpack;
pub mod op;
pub mod particle;
pub mod proto;
pub mod result;
pub mod time;
pub mod transaction;
pub mod value;

pub use digest::{Digest, PARTITIONS};
pub use message::{Field, Header, Message, Op};
pub use particle::{Particle, ParticleType};
pub use result::ResultCode;
pub use transaction::RecordVersion;
pub use value::Value;
