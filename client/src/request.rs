//! Requests: message frames written in place into a reusable buffer (wire §4–§7).
//!
//! A request is encoded once and outlives its retries; nothing in it depends on the connection.

use crate::error::{Error, ErrorKind};
use crate::key::KeyRef;
use crate::policy::{Exists, Generation, Policy, WritePolicy};
use aerospike_wire::bits::{info1, info2, info3};
use aerospike_wire::message::{MESSAGE_HEADER_SIZE, OP_HEADER_SIZE, op_header};
use aerospike_wire::proto::{FrameType, HEADER_SIZE, MAX_BODY_SIZE, ProtoHeader};
use aerospike_wire::{Header, ParticleType, Value, field};

/// Longest bin name in bytes (wire §24).
pub const MAX_BIN_NAME: usize = 15;

/// The header of a read: `info1` tells what is read besides [`info1::READ`].
pub fn read_header(policy: &Policy, info1_bits: u8) -> Header {
    Header {
        info1: info1::READ | info1_bits | consistency(policy),
        ttl: policy.read_touch_ttl_percent as u32,
        timeout: policy.server_timeout(),
        ..Header::default()
    }
}

/// The header of a write.
pub fn write_header(policy: &WritePolicy) -> Header {
    let bits = WriteBits::of(policy);
    Header {
        info2: bits.info2,
        info3: bits.info3,
        generation: bits.generation,
        ttl: policy.ttl,
        timeout: policy.base.server_timeout(),
        ..Header::default()
    }
}

fn consistency(policy: &Policy) -> u8 {
    if policy.read_mode_ap_all { info1::CONSISTENCY_LEVEL_ALL } else { 0 }
}

/// A write policy as info bits and generation; single commands and batch rows share it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriteBits {
    pub(crate) info2: u8,
    pub(crate) info3: u8,
    pub(crate) generation: u32,
}

impl WriteBits {
    pub(crate) fn of(policy: &WritePolicy) -> WriteBits {
        let (exists2, exists3) = match policy.exists {
            Exists::Update => (0, 0),
            Exists::UpdateOnly => (0, info3::UPDATE_ONLY),
            Exists::Replace => (0, info3::CREATE_OR_REPLACE),
            Exists::ReplaceOnly => (0, info3::REPLACE_ONLY),
            Exists::CreateOnly => (info2::CREATE_ONLY, 0),
        };
        let (generation2, generation) = match policy.generation {
            Generation::Ignore => (0, 0),
            Generation::Equal(number) => (info2::GENERATION, number),
            Generation::Greater(number) => (info2::GENERATION_GT, number),
        };
        let durable = if policy.durable_delete { info2::DURABLE_DELETE } else { 0 };
        let commit = if policy.commit_master { info3::COMMIT_LEVEL_MASTER } else { 0 };
        WriteBits {
            info2: info2::WRITE | exists2 | generation2 | durable,
            info3: exists3 | commit,
            generation,
        }
    }
}

/// Appends a field.
pub fn put_field(out: &mut Vec<u8>, id: u8, data: &[u8]) {
    out.reserve(5 + data.len());
    out.extend_from_slice(&(1 + data.len() as u32).to_be_bytes());
    out.push(id);
    out.extend_from_slice(data);
}

/// Appends an op whose value `fill` writes in place; `fill` returns the value's type.
///
/// # Errors
/// Those of `fill`, and an invalid argument for a name longer than a byte can count.
pub fn put_op<E: From<Error>>(
    out: &mut Vec<u8>,
    code: u8,
    name: &[u8],
    fill: impl FnOnce(&mut Vec<u8>) -> Result<ParticleType, E>,
) -> Result<(), E> {
    if name.len() > u8::MAX as usize {
        let text = format!("a bin name of {} bytes exceeds the {MAX_BIN_NAME}-byte limit", name.len());
        return Err(Error::new(ErrorKind::InvalidArgument(text)).into());
    }
    let start = out.len();
    out.extend_from_slice(&[0; OP_HEADER_SIZE]);
    out.extend_from_slice(name);
    let value_at = out.len();
    let kind = fill(out)?;
    let head = op_header(code, kind, name.len(), out.len() - value_at);
    out[start..start + OP_HEADER_SIZE].copy_from_slice(&head);
    Ok(())
}

/// Appends a value in the form in which ops carry it; returns its type.
pub fn put_value(out: &mut Vec<u8>, value: &Value) -> ParticleType {
    let particle = value.to_particle();
    out.extend_from_slice(&particle.data);
    particle.kind
}

/// Writes one message frame: opened with placeholders, closed with the real sizes and counts.
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    header: Header,
    n_fields: usize,
    n_ops: usize,
}

impl<'a> Writer<'a> {
    /// Empties `out` and opens a frame in it.
    pub fn begin(out: &'a mut Vec<u8>, header: Header) -> Writer<'a> {
        out.clear();
        out.resize(HEADER_SIZE + MESSAGE_HEADER_SIZE, 0);
        Writer { out, header, n_fields: 0, n_ops: 0 }
    }

    /// Appends a field; all fields come before the first op.
    pub fn field(&mut self, id: u8, data: &[u8]) {
        put_field(self.out, id, data);
        self.n_fields += 1;
    }

    /// Appends the fields that name a record, with the user key if it is to be stored or checked.
    pub fn record(&mut self, key: &KeyRef<'_>, send_key: bool) {
        self.field(field::NAMESPACE, key.namespace.as_bytes());
        if !key.set.is_empty() {
            self.field(field::SET, key.set.as_bytes());
        }
        self.field(field::DIGEST, &key.digest.0);
        if let Some(user_key) = key.user_key.filter(|_| send_key) {
            put_key_field(self.out, &user_key);
            self.n_fields += 1;
        }
    }

    /// Appends a packed filter expression, if there is one.
    pub fn filter(&mut self, filter: Option<&[u8]>) {
        if let Some(filter) = filter {
            self.field(field::FILTER, filter);
        }
    }

    /// Appends an op without a value.
    ///
    /// # Errors
    /// As [`put_op`].
    pub fn bare_op(&mut self, code: u8, name: &[u8]) -> Result<(), Error> {
        self.op(code, name, |_| Ok(ParticleType::NULL))
    }

    /// Appends an op; see [`put_op`].
    ///
    /// # Errors
    /// As [`put_op`].
    pub fn op<E: From<Error>>(
        &mut self,
        code: u8,
        name: &[u8],
        fill: impl FnOnce(&mut Vec<u8>) -> Result<ParticleType, E>,
    ) -> Result<(), E> {
        self.n_ops += 1;
        put_op(self.out, code, name, fill)
    }

    /// Lets `fill` append any number of ops and tell how many.
    ///
    /// # Errors
    /// Those of `fill`.
    pub fn ops<E>(&mut self, fill: impl FnOnce(&mut Vec<u8>) -> Result<usize, E>) -> Result<(), E> {
        self.n_ops += fill(self.out)?;
        Ok(())
    }

    /// The header, for what is known only after the ops.
    pub fn header(&mut self) -> &mut Header {
        &mut self.header
    }

    /// Writes sizes and counts into their places.
    ///
    /// # Errors
    /// An invalid argument when the frame is longer than a server accepts, or has more ops than it can count.
    pub fn finish(self) -> Result<(), Error> {
        let size = self.out.len() - HEADER_SIZE;
        if size > MAX_BODY_SIZE {
            let text = format!("a request of {size} bytes exceeds the limit of {MAX_BODY_SIZE}");
            return Err(ErrorKind::InvalidArgument(text).into());
        }
        let count = |count: usize| {
            u16::try_from(count).map_err(|_| {
                ErrorKind::InvalidArgument(format!("{count} operations exceed the limit of 32768"))
            })
        };
        let header = Header { n_fields: count(self.n_fields)?, n_ops: count(self.n_ops)?, ..self.header };
        let proto = ProtoHeader { frame_type: FrameType::Message, size };
        self.out[..HEADER_SIZE].copy_from_slice(&proto.to_bytes());
        self.out[HEADER_SIZE..HEADER_SIZE + MESSAGE_HEADER_SIZE].copy_from_slice(&header.to_bytes());
        Ok(())
    }
}

/// Appends a user key as its field: type byte, then the key as hashed.
pub(crate) fn put_key_field(out: &mut Vec<u8>, key: &crate::key::UserKeyRef<'_>) {
    key.with_bytes(|kind, bytes| {
        out.extend_from_slice(&(2 + bytes.len() as u32).to_be_bytes());
        out.extend_from_slice(&[field::KEY, kind]);
        out.extend_from_slice(bytes);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Key, UserKey};
    use aerospike_wire::{Message, op};
    use std::time::Duration;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text
            .bytes()
            .filter(u8::is_ascii_hexdigit)
            .map(|c| (c as char).to_digit(16).unwrap() as u8)
            .collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    fn k1() -> Key {
        Key::new("test", "demo", UserKey::String("k1".into()))
    }

    fn write(frame: &mut Writer<'_>, name: &str, value: Value) {
        frame.op::<Error>(op::WRITE, name.as_bytes(), |out| Ok(put_value(out, &value))).unwrap();
    }

    /// wire §28.1, byte for byte.
    #[test]
    fn put_request_of_the_reference() {
        let mut out = Vec::new();
        let mut frame = Writer::begin(&mut out, write_header(&WritePolicy::default()));
        frame.record(&k1().as_ref(), false);
        write(&mut frame, "a", Value::Int(7));
        write(&mut frame, "b", Value::String("hi".into()));
        frame.finish().unwrap();
        let expected = concat!(
            "0203 00000000005d 160001000000 00000000 00000000 000003e8 0003 0002",
            "00000005 00 74657374 00000005 01 64656d6f",
            "00000015 04 b747f5854d0b33259928d0cfab7fad81d6abfbf6",
            "0000000d 02 01 00 01 61 0000000000000007 00000007 02 03 00 01 62 6869"
        );
        assert_eq!(out, hex(expected));
    }

    /// wire §28.2, byte for byte.
    #[test]
    fn get_request_of_the_reference() {
        let mut out = vec![9; 500];
        let mut frame = Writer::begin(&mut out, read_header(&Policy::default(), info1::GET_ALL));
        frame.record(&k1().as_ref(), false);
        frame.finish().unwrap();
        let expected = concat!(
            "02 03 000000000041  16 03 00 00 00 00 00000000 00000000 000003e8 0003 0000",
            "00000005 00 74657374  00000005 01 64656d6f",
            "00000015 04 b747f5854d0b33259928d0cfab7fad81d6abfbf6"
        );
        assert_eq!(out, hex(expected));
    }

    #[test]
    fn policies_become_bits() {
        let policy = WritePolicy {
            base: Policy { total_timeout: Duration::ZERO, ..Policy::default() },
            exists: Exists::ReplaceOnly,
            generation: Generation::Greater(9),
            ttl: u32::MAX,
            send_key: true,
            commit_master: true,
            durable_delete: true,
        };
        let mut out = Vec::new();
        let mut frame = Writer::begin(&mut out, write_header(&policy));
        frame.record(&Key::new("test", "", UserKey::Int(-2)).as_ref(), policy.send_key);
        frame.bare_op(op::TOUCH, b"").unwrap();
        frame.finish().unwrap();
        let message = Message::parse(&out[HEADER_SIZE..]).unwrap();
        assert_eq!(message.header.info2, info2::WRITE | info2::GENERATION_GT | info2::DURABLE_DELETE);
        assert_eq!(message.header.info3, info3::REPLACE_ONLY | info3::COMMIT_LEVEL_MASTER);
        let words = (message.header.generation, message.header.ttl, message.header.timeout);
        assert_eq!(words, (9, u32::MAX, 0));
        assert_eq!(message.field(field::SET), None);
        assert_eq!(message.field(field::KEY), Some(&hex("01 fffffffffffffffe")[..]));
        let exists = |exists| WriteBits::of(&WritePolicy { exists, ..WritePolicy::default() });
        assert_eq!(exists(Exists::CreateOnly).info2, info2::WRITE | info2::CREATE_ONLY);
        assert_eq!(exists(Exists::UpdateOnly).info3, info3::UPDATE_ONLY);
        assert_eq!(exists(Exists::Replace).info3, info3::CREATE_OR_REPLACE);
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let mut out = Vec::new();
        let mut frame = Writer::begin(&mut out, Header::default());
        assert!(matches!(
            frame.bare_op(op::READ, &[b'x'; 256]).unwrap_err().kind,
            ErrorKind::InvalidArgument(_)
        ));
        let mut frame = Writer::begin(&mut out, Header::default());
        frame.ops::<Error>(|_| Ok(65_536)).unwrap();
        assert!(matches!(frame.finish().unwrap_err().kind, ErrorKind::InvalidArgument(_)));
    }
}
