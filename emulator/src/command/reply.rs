//! Replies on one record, encoded straight into the connection's output buffer.

use super::Ending;
use aerospike_wire::message::{MESSAGE_HEADER_SIZE, put_field, put_op};
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use aerospike_wire::{Header, Particle, RecordVersion, field, op};
use bytes::{BufMut, BytesMut};

/// A reply under construction: results first, sizes and result code when it is finished.
pub struct Reply<'a> {
    out: &'a mut BytesMut,
    /// Where the message header stands in `out`.
    start: usize,
    kind: Kind,
    info1: u8,
    info3: u8,
    n_fields: u16,
    n_ops: u16,
}

#[derive(Clone, Copy)]
enum Kind {
    Frame,
    Row { index: u32, reads: bool },
    Record,
}

impl<'a> Reply<'a> {
    /// A reply in a frame of its own.
    pub fn frame(out: &'a mut BytesMut) -> Reply<'a> {
        out.put_bytes(0, HEADER_SIZE + MESSAGE_HEADER_SIZE);
        let start = out.len() - MESSAGE_HEADER_SIZE;
        Reply::begin(out, start, Kind::Frame)
    }

    /// A row of a batch's reply. Rows that read say op code 1 whatever the op was (wire §25.3).
    pub fn row(out: &'a mut BytesMut, index: u32, reads: bool) -> Reply<'a> {
        out.put_bytes(0, MESSAGE_HEADER_SIZE);
        let start = out.len() - MESSAGE_HEADER_SIZE;
        Reply::begin(out, start, Kind::Row { index, reads })
    }

    /// A message among others in a frame that the caller opens and closes.
    pub fn record(out: &'a mut BytesMut) -> Reply<'a> {
        out.put_bytes(0, MESSAGE_HEADER_SIZE);
        let start = out.len() - MESSAGE_HEADER_SIZE;
        Reply::begin(out, start, Kind::Record)
    }

    fn begin(out: &'a mut BytesMut, start: usize, kind: Kind) -> Reply<'a> {
        Reply { out, start, kind, info1: 0, info3: 0, n_fields: 0, n_ops: 0 }
    }

    /// Sets the first info byte of the reply.
    pub fn set_info1(&mut self, bits: u8) {
        self.info1 = bits;
    }

    /// Sets the third info byte of the reply.
    pub fn set_info3(&mut self, bits: u8) {
        self.info3 = bits;
    }

    /// Appends a field; all fields come before the first result.
    pub fn field(&mut self, id: u8, data: &[u8]) {
        put_field(self.out, id, data);
        self.n_fields += 1;
    }

    /// Whether any result has been appended.
    pub fn has_ops(&self) -> bool {
        self.n_ops > 0
    }

    /// Appends the result of an op.
    pub fn op(&mut self, code: u8, name: &[u8], value: Particle<'_>) {
        let code = match self.kind {
            Kind::Row { reads: true, .. } => op::READ,
            _ => code,
        };
        put_op(self.out, code, name, value);
        self.n_ops = self.n_ops.wrapping_add(1);
    }

    /// Appends all bins of a record as they are stored.
    pub fn stored_bins(&mut self, count: u16, encoded: &[u8]) {
        self.out.put_slice(encoded);
        self.n_ops = self.n_ops.wrapping_add(count);
    }

    /// Bytes of results so far.
    pub fn size(&self) -> usize {
        self.out.len() - self.start - MESSAGE_HEADER_SIZE
    }

    /// Puts a record's version in front of everything else: it is known last.
    fn put_version(&mut self, version: RecordVersion) {
        let before = self.out.len();
        put_field(self.out, field::RECORD_VERSION, &version.0);
        let size = self.out.len() - before;
        self.out[self.start + MESSAGE_HEADER_SIZE..].rotate_right(size);
        self.n_fields += 1;
    }

    /// Writes header and sizes. A failed command returns no results, whatever was appended before.
    pub fn finish(mut self, ending: Ending) {
        if !ending.code.is_ok() && !ending.code.keeps_results() {
            self.out.truncate(self.start + MESSAGE_HEADER_SIZE);
            self.n_fields = 0;
            self.n_ops = 0;
        }
        if let Some(version) = ending.version {
            self.put_version(version);
        }
        let header = Header {
            info1: self.info1,
            info3: self.info3,
            result: ending.code.0,
            generation: ending.generation as u32,
            ttl: ending.void_time,
            timeout: match self.kind {
                Kind::Row { index, .. } => index,
                Kind::Frame | Kind::Record => 0,
            },
            n_fields: self.n_fields,
            n_ops: self.n_ops,
            ..Header::default()
        };
        let end = self.start + MESSAGE_HEADER_SIZE;
        self.out[self.start..end].copy_from_slice(&header.to_bytes());
        if let Kind::Frame = self.kind {
            let size = self.out.len() - self.start;
            let proto = ProtoHeader { frame_type: FrameType::Message, size };
            self.out[self.start - HEADER_SIZE..self.start].copy_from_slice(&proto.to_bytes());
        }
    }
}

trait KeepsResults {
    fn keeps_results(&self) -> bool;
}

impl KeepsResults for aerospike_wire::ResultCode {
    /// A failed UDF tells its error in a bin.
    fn keeps_results(&self) -> bool {
        *self == aerospike_wire::ResultCode::UDF_EXECUTION
    }
}
