//! One command as it was logged.

use crate::control::kind::Kind;
use crate::control::pattern::Subject;
use crate::control::value_json::key_json;
use aerospike_wire::transaction::id_from_slice;
use aerospike_wire::{Digest, Message, ResultCode, field, op};
use serde_json::{Value, json};

/// Most bins and operations that an entry tells.
const MAX_OPS: usize = 64;
/// Most bytes of an info request that an entry tells.
pub const MAX_TEXT: usize = 256;

/// Most bytes of a namespace's name: one more than it can have, so that a longer one is none that exists.
pub const MAX_NAMESPACE: usize = 32;
/// Most bytes of a set's name, as [`MAX_NAMESPACE`].
pub const MAX_SET: usize = 64;
/// Most bytes of a key that an entry tells.
const MAX_KEY: usize = 1024;
/// Most bytes of a bin's name, as [`MAX_NAMESPACE`].
const MAX_BIN: usize = 16;

/// The first bytes of what a client has sent: a log must not grow with it.
pub fn shortened(bytes: &[u8], most: usize) -> Vec<u8> {
    bytes[..bytes.len().min(most)].to_vec()
}

fn text(bytes: &[u8], most: usize) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(most)]).into_owned()
}

/// A command.
#[derive(Clone, Debug)]
pub struct Entry {
    /// From 1 on, in the order in which commands ended.
    pub number: u64,
    /// When it arrived, in milliseconds since 1970 by the server's clock.
    pub time_ms: u64,
    /// Number of the connection.
    pub connection: u64,
    /// Who asked; empty without security.
    pub user: Vec<u8>,
    /// The node that was asked.
    pub node: String,
    /// What it was.
    pub kind: Kind,
    /// Whether it may have changed data.
    pub writes: bool,
    /// Whether it was a row of a batch.
    pub in_batch: bool,
    /// The namespace; empty for none.
    pub namespace: Vec<u8>,
    /// The set; empty for none.
    pub set: Vec<u8>,
    /// The record, for commands on one.
    pub digest: Option<Digest>,
    /// The record's key, if it was sent: particle type, then bytes.
    pub key: Option<Vec<u8>>,
    /// The transaction that it belonged to.
    pub transaction: Option<u64>,
    /// Operations with the names of their bins, in order.
    pub operations: Vec<(&'static str, String)>,
    /// The text of an info request.
    pub text: String,
    /// The result code that was answered; of info requests 0.
    pub code: u8,
    /// Bytes of the reply; of rows of batches 0.
    pub bytes: u64,
    /// How long it took from its arrival until its reply was there, in microseconds.
    pub duration_us: u64,
    /// What faults did to it.
    pub faults: Vec<&'static str>,
}

impl Entry {
    /// What a message tells.
    pub fn describe(&mut self, message: &Message<'_>) {
        self.key = message.field(field::KEY).map(|key| shortened(key, MAX_KEY));
        self.transaction = message.field(field::MRT_ID).and_then(id_from_slice);
        let ops = message.ops().take(MAX_OPS);
        self.operations = ops.map(|op| (op_name(op.code), text(op.name, MAX_BIN))).collect();
        if let Some(function) = message.field(field::UDF_FUNCTION) {
            self.text = text(function, MAX_TEXT);
        }
    }

    /// What patterns look at.
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            kind: self.kind,
            writes: self.writes,
            in_batch: self.in_batch,
            namespace: &self.namespace,
            set: &self.set,
            digest: self.digest,
            user: &self.user,
            node: &self.node,
        }
    }

    /// The entry as JSON.
    pub fn to_json(&self) -> Value {
        let text = |bytes: &[u8]| text(bytes, bytes.len());
        let mut bins: Vec<&str> = Vec::new();
        for (_, bin) in self.operations.iter().filter(|(_, bin)| !bin.is_empty()) {
            if !bins.contains(&bin.as_str()) {
                bins.push(bin);
            }
        }
        let operations: Vec<_> = self.operations.iter().map(|(name, _)| *name).collect();
        json!({
            "number": self.number,
            "time_ms": self.time_ms,
            "connection": self.connection,
            "user": text(&self.user),
            "node": self.node,
            "kind": self.kind.name(),
            "in_batch": self.in_batch,
            "namespace": text(&self.namespace),
            "set": text(&self.set),
            "key": self.key.as_deref().map_or(Value::Null, key_json),
            "digest": self.digest.map(|digest| digest.to_string()),
            "transaction": self.transaction,
            "bins": bins,
            "operations": operations,
            "text": self.text,
            "code": self.code,
            "result": ResultCode(self.code).name(),
            "bytes": self.bytes,
            "duration_us": self.duration_us,
            "faults": self.faults,
        })
    }
}

/// The name of an operation.
pub fn op_name(code: u8) -> &'static str {
    match code {
        op::READ => "read",
        op::WRITE => "write",
        op::CDT_READ => "cdt-read",
        op::CDT_MODIFY => "cdt-modify",
        op::INCR => "add",
        op::EXP_READ => "exp-read",
        op::EXP_MODIFY => "exp-write",
        op::APPEND => "append",
        op::PREPEND => "prepend",
        op::TOUCH => "touch",
        op::BITS_READ => "bits-read",
        op::BITS_MODIFY => "bits-modify",
        op::DELETE_ALL => "delete",
        op::HLL_READ => "hll-read",
        op::HLL_MODIFY => "hll-modify",
        _ => "unknown",
    }
}
