//! Replies on one record, encoded straight into the connection's output buffer.

use super::Ending;
use aerospike_wire::message::{MESSAGE_HEADER_SIZE, put_op};
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use aerospike_wire::{Header, Particle, op};
use bytes::{BufMut, BytesMut};

/// A reply under construction: results first, sizes and result code when it is finished.
pub struct Reply<'a> {
    out: &'a mut BytesMut,
    /// Where the message header stands in `out`.
    start: usize,
    kind: Kind,
    info3: u8,
    n_ops: u16,
}

#[derive(Clone, Copy)]
enum Kind {
    Frame,
    Row { index: u32, reads: bool },
}

impl<'a> Reply<'a> {
    /// A reply in a frame of its own.
    pub fn frame(out: &'a mut BytesMut) -> Reply<'a> {
        out.put_bytes(0, HEADER_SIZE + MESSAGE_HEADER_SIZE);
        let start = out.len() - MESSAGE_HEADER_SIZE;
        Reply { out, start, kind: Kind::Frame, info3: 0, n_ops: 0 }
    }

    /// A row of a batch's reply. Rows that read say op code 1 whatever the op was (wire §25.3).
    pub fn row(out: &'a mut BytesMut, index: u32, reads: bool) -> Reply<'a> {
        out.put_bytes(0, MESSAGE_HEADER_SIZE);
        let start = out.len() - MESSAGE_HEADER_SIZE;
        Reply { out, start, kind: Kind::Row { index, reads }, info3: 0, n_ops: 0 }
    }

    /// Sets the third info byte of the reply.
    pub fn set_info3(&mut self, bits: u8) {
        self.info3 = bits;
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

    /// Writes header and sizes. A failed command returns no results, whatever was appended before.
    pub fn finish(mut self, ending: Ending) {
        if !ending.code.is_ok() && !ending.code.keeps_results() {
            self.out.truncate(self.start + MESSAGE_HEADER_SIZE);
            self.n_ops = 0;
        }
        let header = Header {
            info3: self.info3,
            result: ending.code.0,
            generation: ending.generation as u32,
            ttl: ending.void_time,
            timeout: match self.kind {
                Kind::Row { index, .. } => index,
                Kind::Frame => 0,
            },
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
