//! Record, batch and query messages: a 22-byte header, fields, ops (wire §4, §6, §7).
//!
//! Parsing borrows from the frame's body and allocates nothing; what it returns has been checked to lie
//! within the body. Encoding appends to a [`BytesMut`].

use crate::bits::info2;
use crate::field;
use crate::particle::{Particle, ParticleType};
use crate::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use crate::result::ResultCode;
use bytes::{BufMut, BytesMut};

/// Length of a message header in bytes.
pub const MESSAGE_HEADER_SIZE: usize = 22;
/// Length of an op in front of its name and value: size, code, particle type, flags, name length.
pub const OP_HEADER_SIZE: usize = 8;

/// Why a message body is refused; a server answers [`ResultCode::PARAMETER`] (wire §3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseError {
    /// The body ends before what its counts and sizes announce.
    #[error("message is truncated")]
    Truncated,
    /// A field's size word is zero.
    #[error("field of size zero")]
    EmptyField,
    /// An op's size word is too small for its header, name and timestamp.
    #[error("op size too small")]
    OpSize,
    /// Bytes are left behind the last op.
    #[error("trailing bytes after the last op")]
    Trailing,
}

impl From<ParseError> for ResultCode {
    fn from(_: ParseError) -> Self {
        ResultCode::PARAMETER
    }
}

/// The fixed part of a message, in a request or in a reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Header {
    /// See [`crate::bits::info1`].
    pub info1: u8,
    /// See [`crate::bits::info2`].
    pub info2: u8,
    /// See [`crate::bits::info3`].
    pub info3: u8,
    /// See [`crate::bits::info4`].
    pub info4: u8,
    /// Result code; zero in requests.
    pub result: u8,
    /// Generation to compare, or the record's.
    pub generation: u32,
    /// Write: time to live. Read: touch percentage. Reply: void time.
    pub ttl: u32,
    /// Timeout in milliseconds; in batch rows of a reply the row's index.
    pub timeout: u32,
    /// How many fields follow.
    pub n_fields: u16,
    /// How many ops follow the fields.
    pub n_ops: u16,
}

impl Header {
    /// Reads the header from the start of a body. The body's own header-size byte is ignored, as servers do.
    pub fn parse(body: &[u8]) -> Result<Header, ParseError> {
        let bytes: &[u8; MESSAGE_HEADER_SIZE] = body.first_chunk().ok_or(ParseError::Truncated)?;
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let half = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        Ok(Header {
            info1: bytes[1],
            info2: bytes[2],
            info3: bytes[3],
            info4: bytes[4],
            result: bytes[5],
            generation: word(6),
            ttl: word(10),
            timeout: word(14),
            n_fields: half(18),
            n_ops: half(20),
        })
    }

    /// The header's bytes.
    pub fn to_bytes(&self) -> [u8; MESSAGE_HEADER_SIZE] {
        let mut bytes = [0; MESSAGE_HEADER_SIZE];
        bytes[0] = MESSAGE_HEADER_SIZE as u8;
        bytes[1] = self.info1;
        bytes[2] = self.info2;
        bytes[3] = self.info3;
        bytes[4] = self.info4;
        bytes[5] = self.result;
        bytes[6..10].copy_from_slice(&self.generation.to_be_bytes());
        bytes[10..14].copy_from_slice(&self.ttl.to_be_bytes());
        bytes[14..18].copy_from_slice(&self.timeout.to_be_bytes());
        bytes[18..20].copy_from_slice(&self.n_fields.to_be_bytes());
        bytes[20..22].copy_from_slice(&self.n_ops.to_be_bytes());
        bytes
    }

    /// Whether the client wants one result for each op.
    pub fn responds_all_ops(&self) -> bool {
        self.info2 & info2::RESPOND_ALL_OPS != 0
    }
}

/// A parsed message that borrows from the frame's body.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The fixed part.
    pub header: Header,
    fields: &'a [u8],
    ops: &'a [u8],
    /// One bit for each field that is there, by its id modulo 64: most questions are about fields that are not.
    present: u64,
}

impl<'a> Message<'a> {
    /// Parses a whole body: header, fields, ops, and nothing behind them.
    ///
    /// # Errors
    /// [`ParseError`] when a size or count does not fit the body.
    pub fn parse(body: &'a [u8]) -> Result<Message<'a>, ParseError> {
        let (message, rest) = Message::parse_prefix(body)?;
        if rest.is_empty() { Ok(message) } else { Err(ParseError::Trailing) }
    }

    /// Parses one message from the front of `body` and returns what lies behind it, as replies of several
    /// records need it.
    ///
    /// # Errors
    /// As [`Message::parse`], without [`ParseError::Trailing`].
    pub fn parse_prefix(body: &'a [u8]) -> Result<(Message<'a>, &'a [u8]), ParseError> {
        let header = Header::parse(body)?;
        let rest = &body[MESSAGE_HEADER_SIZE..];
        Message::with_header(header, rest)
    }

    /// Parses the fields and ops that `header` announces from the front of `body`; batch rows, whose headers
    /// travel in a form of their own, come in through here.
    ///
    /// # Errors
    /// As [`Message::parse_prefix`].
    pub fn with_header(header: Header, body: &'a [u8]) -> Result<(Message<'a>, &'a [u8]), ParseError> {
        let (mut rest, mut present) = (body, 0);
        for _ in 0..header.n_fields {
            let (field, behind) = take_field(rest)?;
            present |= bit(field.id);
            rest = behind;
        }
        let (fields, mut rest) = body.split_at(body.len() - rest.len());
        let ops = rest;
        for _ in 0..header.n_ops {
            rest = take_op(rest)?.1;
        }
        let (ops, rest) = ops.split_at(ops.len() - rest.len());
        Ok((Message { header, fields, ops, present }, rest))
    }

    /// The same fields and ops under another header.
    pub fn replace_header(self, header: Header) -> Message<'a> {
        Message { header, ..self }
    }

    /// All fields in the order sent.
    pub fn fields(&self) -> Fields<'a> {
        Fields { rest: self.fields }
    }

    /// The payload of the first field with this id.
    #[inline]
    pub fn field(&self, id: u8) -> Option<&'a [u8]> {
        if self.present & bit(id) == 0 {
            return None;
        }
        self.fields().find(|field| field.id == id).map(|field| field.data)
    }

    /// All ops in the order sent.
    pub fn ops(&self) -> Ops<'a> {
        Ops { rest: self.ops }
    }

    /// How many ops there are.
    pub fn n_ops(&self) -> usize {
        self.header.n_ops as usize
    }
}

/// Where a field is noted as present.
const fn bit(id: u8) -> u64 {
    1 << (id % 64)
}

/// One field of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    /// See [`crate::field`].
    pub id: u8,
    /// The payload.
    pub data: &'a [u8],
}

/// Iterates over fields that [`Message::parse`] has checked.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let (field, rest) = take_field(self.rest).ok()?;
        self.rest = rest;
        Some(field)
    }
}

/// Takes one field from the front of `bytes`; returns it and what follows.
///
/// # Errors
/// [`ParseError::Truncated`] or [`ParseError::EmptyField`].
pub fn take_field(bytes: &[u8]) -> Result<(Field<'_>, &[u8]), ParseError> {
    let size = u32::from_be_bytes(*bytes.first_chunk().ok_or(ParseError::Truncated)?) as usize;
    if size == 0 {
        return Err(ParseError::EmptyField);
    }
    if bytes.len() - 4 < size {
        return Err(ParseError::Truncated);
    }
    let (field, rest) = bytes[4..].split_at(size);
    Ok((Field { id: field[0], data: &field[1..] }, rest))
}

/// One op of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Op<'a> {
    /// See [`crate::op`].
    pub code: u8,
    /// The value's type.
    pub kind: ParticleType,
    /// Bit 0: a timestamp lay in front of the value.
    pub flags: u8,
    /// Bin name.
    pub name: &'a [u8],
    /// The value's bytes.
    pub data: &'a [u8],
}

impl<'a> Op<'a> {
    /// The op's value.
    pub fn particle(&self) -> Particle<'a> {
        Particle { kind: self.kind, data: self.data }
    }
}

/// Iterates over ops that [`Message::parse`] has checked.
#[derive(Clone, Debug)]
pub struct Ops<'a> {
    rest: &'a [u8],
}

impl<'a> Ops<'a> {
    /// Iterates over ops that lie back to back, as records store their bins.
    ///
    /// The iteration ends at the first op that does not parse.
    pub fn new(bytes: &'a [u8]) -> Ops<'a> {
        Ops { rest: bytes }
    }
}

impl<'a> Iterator for Ops<'a> {
    type Item = Op<'a>;

    fn next(&mut self) -> Option<Op<'a>> {
        let (op, rest) = take_op(self.rest).ok()?;
        self.rest = rest;
        Some(op)
    }
}

/// Takes one op from the front of `bytes`; returns it and what follows.
///
/// # Errors
/// [`ParseError::Truncated`] or [`ParseError::OpSize`].
pub fn take_op(bytes: &[u8]) -> Result<(Op<'_>, &[u8]), ParseError> {
    let head: &[u8; OP_HEADER_SIZE] = bytes.first_chunk().ok_or(ParseError::Truncated)?;
    let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let [code, kind, flags, name_size] = [head[4], head[5], head[6], head[7]];
    let stamp = if flags & 1 != 0 { 8 } else { 0 };
    let value_at = OP_HEADER_SIZE + name_size as usize + stamp;
    if size + 4 < value_at {
        return Err(ParseError::OpSize);
    }
    if bytes.len() < size + 4 {
        return Err(ParseError::Truncated);
    }
    let (op, rest) = bytes.split_at(size + 4);
    let name = &op[OP_HEADER_SIZE..OP_HEADER_SIZE + name_size as usize];
    Ok((Op { code, kind: ParticleType(kind), flags, name, data: &op[value_at..] }, rest))
}

/// Appends a field.
pub fn put_field(out: &mut BytesMut, id: u8, data: &[u8]) {
    out.reserve(5 + data.len());
    out.put_u32(1 + data.len() as u32);
    out.put_u8(id);
    out.put_slice(data);
}

/// The eight bytes in front of an op's name.
pub fn op_header(code: u8, kind: ParticleType, name_len: usize, data_len: usize) -> [u8; OP_HEADER_SIZE] {
    let size = (4 + name_len + data_len) as u32;
    let [a, b, c, d] = size.to_be_bytes();
    [a, b, c, d, code, kind.0, 0, name_len as u8]
}

/// Appends an op. The name has at most 255 bytes.
pub fn put_op(out: &mut BytesMut, code: u8, name: &[u8], value: Particle<'_>) {
    out.reserve(OP_HEADER_SIZE + name.len() + value.data.len());
    out.put_slice(&op_header(code, value.kind, name.len(), value.data.len()));
    out.put_slice(name);
    out.put_slice(value.data);
}

/// Builds one message frame in place: opened with placeholders, closed with the real sizes and counts.
///
/// ```
/// use aerospike_wire::{message::FrameBuilder, field, op, Header, Particle, ParticleType};
/// let mut out = bytes::BytesMut::new();
/// let mut frame = FrameBuilder::begin(&mut out, Header::default());
/// frame.field(field::NAMESPACE, b"test");
/// frame.op(op::READ, b"bin", Particle::NULL);
/// frame.finish();
/// assert_eq!(out.len(), 8 + 22 + 9 + 11);
/// ```
pub struct FrameBuilder<'a> {
    out: &'a mut BytesMut,
    start: usize,
    header: Header,
}

impl<'a> FrameBuilder<'a> {
    /// Opens a frame at the end of `out`. The counts in `header` are counted anew.
    pub fn begin(out: &'a mut BytesMut, header: Header) -> FrameBuilder<'a> {
        let start = out.len();
        out.put_bytes(0, HEADER_SIZE + MESSAGE_HEADER_SIZE);
        FrameBuilder { out, start, header: Header { n_fields: 0, n_ops: 0, ..header } }
    }

    /// Appends a field; all fields come before the first op.
    pub fn field(&mut self, id: u8, data: &[u8]) {
        put_field(self.out, id, data);
        self.header.n_fields += 1;
    }

    /// Appends the fields that name a record.
    pub fn record(&mut self, namespace: &[u8], set: &[u8], digest: &[u8; 20]) {
        self.field(field::NAMESPACE, namespace);
        if !set.is_empty() {
            self.field(field::SET, set);
        }
        self.field(field::DIGEST, digest);
    }

    /// Appends an op.
    pub fn op(&mut self, code: u8, name: &[u8], value: Particle<'_>) {
        put_op(self.out, code, name, value);
        self.header.n_ops += 1;
    }

    /// Writes sizes and counts into their places.
    pub fn finish(self) {
        let size = self.out.len() - self.start - HEADER_SIZE;
        let proto = ProtoHeader { frame_type: FrameType::Message, size };
        let (head, _) = self.out[self.start..].split_at_mut(HEADER_SIZE + MESSAGE_HEADER_SIZE);
        head[..HEADER_SIZE].copy_from_slice(&proto.to_bytes());
        head[HEADER_SIZE..].copy_from_slice(&self.header.to_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op;
    use proptest::prelude::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text
            .bytes()
            .filter(u8::is_ascii_hexdigit)
            .map(|c| (c as char).to_digit(16).unwrap() as u8)
            .collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    /// wire §28.1, byte for byte.
    #[test]
    fn put_request_of_the_reference() {
        let mut out = BytesMut::new();
        let header = Header { info2: info2::WRITE, timeout: 1000, ..Header::default() };
        let digest = hex("b747f5854d0b33259928d0cfab7fad81d6abfbf6");
        let mut frame = FrameBuilder::begin(&mut out, header);
        frame.record(b"test", b"demo", digest.as_slice().try_into().unwrap());
        frame.op(op::WRITE, b"a", Particle::new(ParticleType::INTEGER, &7i64.to_be_bytes()));
        frame.op(op::WRITE, b"b", Particle::new(ParticleType::STRING, b"hi"));
        frame.finish();
        let expected = hex(concat!(
            "0203 00000000005d 160001000000 00000000 00000000 000003e8 0003 0002",
            "00000005 00 74657374 00000005 01 64656d6f",
            "00000015 04 b747f5854d0b33259928d0cfab7fad81d6abfbf6",
            "0000000d 02 01 00 01 61 0000000000000007 00000007 02 03 00 01 62 6869"
        ));
        assert_eq!(out, expected);
    }

    #[test]
    fn malformed_bodies_are_refused() {
        let with = |n_fields: u16, n_ops: u16, tail: &[u8]| {
            let mut body = Header { n_fields, n_ops, ..Header::default() }.to_bytes().to_vec();
            body.extend_from_slice(tail);
            Message::parse(&body).map(|_| ()).unwrap_err()
        };
        assert_eq!(Message::parse(&[0; 21]).unwrap_err(), ParseError::Truncated);
        assert_eq!(with(1, 0, &[]), ParseError::Truncated);
        assert_eq!(with(1, 0, &[0, 0, 0, 0, 0]), ParseError::EmptyField);
        assert_eq!(with(1, 0, &[0, 0, 0, 3, 0, 0]), ParseError::Truncated);
        assert_eq!(with(0, 0, &[0]), ParseError::Trailing);
        assert_eq!(with(0, 1, &[0, 0, 0, 3, 1, 0, 0, 0]), ParseError::OpSize);
        assert_eq!(with(0, 1, &[0, 0, 0, 4, 1, 0, 0, 1, 65]), ParseError::OpSize);
        assert_eq!(with(0, 1, &[0, 0, 0, 4, 1, 0, 1, 0]), ParseError::OpSize);
        assert_eq!(with(0, 1, &[0, 0, 0, 9, 1, 0, 0, 0, 1]), ParseError::Truncated);
        assert_eq!(with(0, 1, &[0xff; 8]), ParseError::Truncated);
    }

    #[test]
    fn a_timestamp_shifts_the_value() {
        let body = [0, 0, 0, 14, 2, 1, 1, 1, b'a', 9, 9, 9, 9, 9, 9, 9, 9, 5];
        let (op, rest) = take_op(&body).unwrap();
        assert_eq!((op.name, op.data, rest.len()), (&b"a"[..], &[5u8][..], 0));
    }

    proptest! {
        #[test]
        fn encode_then_parse_is_identity(
            info in any::<[u8; 4]>(), generation in any::<u32>(), ttl in any::<u32>(), timeout in any::<u32>(),
            fields in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..40)), 0..8),
            ops in prop::collection::vec((any::<u8>(), any::<u8>(), prop::collection::vec(any::<u8>(), 0..20),
                                          prop::collection::vec(any::<u8>(), 0..40)), 0..8),
        ) {
            let [info1, info2, info3, info4] = info;
            let header = Header { info1, info2, info3, info4, generation, ttl, timeout, ..Header::default() };
            let mut out = BytesMut::new();
            let mut frame = FrameBuilder::begin(&mut out, header);
            fields.iter().for_each(|(id, data)| frame.field(*id, data));
            ops.iter().for_each(|(code, kind, name, data)|
                frame.op(*code, name, Particle::new(ParticleType(*kind), data)));
            frame.finish();
            let proto = ProtoHeader::parse(*out.first_chunk().unwrap()).unwrap();
            prop_assert_eq!(proto.size, out.len() - HEADER_SIZE);
            let message = Message::parse(&out[HEADER_SIZE..]).unwrap();
            let counted = Header { n_fields: fields.len() as u16, n_ops: ops.len() as u16, ..header };
            prop_assert_eq!(message.header, counted);
            for id in 0..=u8::MAX {
                let first = fields.iter().find(|(other, _)| *other == id).map(|(_, data)| &data[..]);
                prop_assert_eq!(message.field(id), first);
            }
            let got: Vec<_> = message.fields().map(|f| (f.id, f.data.to_vec())).collect();
            prop_assert_eq!(got, fields);
            let got: Vec<_> = message.ops().map(|o| (o.code, o.kind.0, o.name.to_vec(), o.data.to_vec())).collect();
            prop_assert_eq!(got, ops);
        }

        #[test]
        fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(message) = Message::parse(&body) {
                prop_assert_eq!(message.fields().count(), message.header.n_fields as usize);
                prop_assert_eq!(message.ops().count(), message.n_ops());
            }
        }

        /// Arbitrary counts and sizes behind a plausible header, so that the walk gets further in.
        #[test]
        fn plausible_bytes_never_panic(
            n_fields in 0u16..4, n_ops in 0u16..4,
            parts in prop::collection::vec((0u32..12, prop::collection::vec(any::<u8>(), 0..12)), 0..8),
        ) {
            let mut body = Header { n_fields, n_ops, ..Header::default() }.to_bytes().to_vec();
            for (size, bytes) in parts {
                body.extend_from_slice(&size.to_be_bytes());
                body.extend_from_slice(&bytes);
            }
            if let Ok(message) = Message::parse(&body) {
                prop_assert_eq!(message.fields().count(), n_fields as usize);
                prop_assert_eq!(message.ops().count(), n_ops as usize);
            }
        }
    }
}
