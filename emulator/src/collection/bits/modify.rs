//! Bit operations that change the blob (bits §A5–A8).

use aerospike_wire::bit_op::{
    ADD, AND, INSERT, LSHIFT, MAX_BITS, MAX_BYTES, NOT, OR, REMOVE, RESIZE, RSHIFT, SET, SET_INT, SUBTRACT,
    XOR, flags, integer_flags, resize_flags,
};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ParticleType, ResultCode};

use super::{OutOfRange, Span, region};
use crate::collection::Outcome;
use crate::collection::bit_string::{WORD, load, mask, store};
use crate::collection::call::Call;

/// No namespace can be configured to hold greater records (wire §24): a blob grown beyond is refused before it
/// is built, so that a short request cannot claim much memory.
const MAX_RECORD_SIZE: usize = 8 << 20;

enum Change<'a> {
    Resize { size: usize, flags: u64 },
    Insert { offset: i64, bytes: &'a [u8] },
    Remove { offset: i64, size: usize },
    Region(Span, RegionChange<'a>),
}

enum RegionChange<'a> {
    Combine(fn(u64, u64) -> u64, &'a [u8]),
    Not,
    ShiftLeft(usize),
    ShiftRight(usize),
    Add { operand: u64, subtract: bool, flags: u64 },
    SetInt(u64),
}

struct Modify<'a> {
    change: Change<'a>,
    flags: u64,
}

/// Why an operation does not change the blob.
enum Refusal {
    /// The command fails.
    Fails(ResultCode),
    /// The command fails, unless the operation has the no-fail flag.
    Forgivable(ResultCode),
}

impl<'a> Modify<'a> {
    fn parse(op: &'a [u8]) -> Result<Modify<'a>, ResultCode> {
        const EXISTING: u64 = flags::UPDATE_ONLY | flags::NO_FAIL;
        const CREATING: u64 = EXISTING | flags::CREATE_ONLY;
        const REGION: u64 = EXISTING | flags::PARTIAL;
        let mut call = Call::parse(op)?;
        let (change, allowed) = match call.id {
            RESIZE => {
                let size = call.size(0, MAX_BYTES)?;
                let op_flags = call.flags(CREATING)?;
                let flags = call
                    .flags(resize_flags::FROM_FRONT | resize_flags::GROW_ONLY | resize_flags::SHRINK_ONLY)?;
                exclusive(flags, resize_flags::GROW_ONLY | resize_flags::SHRINK_ONLY)?;
                return Modify::finish(call, Change::Resize { size, flags }, op_flags);
            }
            INSERT => {
                let offset = call.int(-MAX_BYTES, MAX_BYTES)?;
                let bytes = call.bytes()?;
                if bytes.is_empty() {
                    return Err(ResultCode::PARAMETER);
                }
                (Change::Insert { offset, bytes }, CREATING)
            }
            REMOVE => {
                let offset = call.int(-MAX_BYTES, MAX_BYTES)?;
                (Change::Remove { offset, size: call.size(1, MAX_BYTES)? }, REGION)
            }
            SET | OR | XOR | AND | NOT | LSHIFT | RSHIFT => {
                let span = Span::parse(&mut call, MAX_BITS)?;
                (Change::Region(span, RegionChange::parse(&mut call, span.size)?), REGION)
            }
            ADD | SUBTRACT => {
                let span = Span::parse(&mut call, WORD as i64)?;
                let operand = call.word()?;
                let subtract = call.id == SUBTRACT;
                let op_flags = call.flags(EXISTING)?;
                let flags =
                    call.flags(integer_flags::SIGNED | integer_flags::SATURATE | integer_flags::WRAP)?;
                exclusive(flags, integer_flags::SATURATE | integer_flags::WRAP)?;
                let change = Change::Region(span, RegionChange::Add { operand, subtract, flags });
                return Modify::finish(call, change, op_flags);
            }
            SET_INT => {
                let span = Span::parse(&mut call, WORD as i64)?;
                (Change::Region(span, RegionChange::SetInt(call.word()?)), EXISTING)
            }
            _ => return Err(ResultCode::PARAMETER),
        };
        let op_flags = call.flags(allowed)?;
        Modify::finish(call, change, op_flags)
    }

    fn finish(call: Call<'a>, change: Change<'a>, flags: u64) -> Result<Modify<'a>, ResultCode> {
        call.end()?;
        exclusive(flags, flags::CREATE_ONLY | flags::UPDATE_ONLY)?;
        Ok(Modify { change, flags })
    }

    fn has(&self, flag: u64) -> bool {
        self.flags & flag != 0
    }

    /// The blob to work on: the bin's, or an empty one if it is missing and the operation may create it.
    fn blob<'b>(&self, bin: Option<Particle<'b>>) -> Result<&'b [u8], Refusal> {
        let creates = matches!(self.change, Change::Resize { .. } | Change::Insert { .. });
        match bin {
            Some(_) if self.has(flags::CREATE_ONLY) => Err(Refusal::Forgivable(ResultCode::BIN_EXISTS)),
            Some(bin) if bin.kind != ParticleType::BLOB => Err(Refusal::Fails(ResultCode::INCOMPATIBLE_TYPE)),
            Some(bin) => Ok(bin.data),
            None if creates && !self.has(flags::UPDATE_ONLY) => Ok(&[]),
            None => Err(Refusal::Forgivable(ResultCode::BIN_NOT_FOUND)),
        }
    }

    /// The new blob; `None` if it is the old one.
    fn apply(&self, bin: Option<Particle<'_>>) -> Result<Option<Vec<u8>>, Refusal> {
        let data = self.blob(bin)?;
        match &self.change {
            Change::Resize { size, flags } => resize(data, *size, *flags),
            Change::Insert { offset, bytes } => insert(data, *offset, bytes).map(Some),
            Change::Remove { offset, size } => {
                remove(data, *offset, *size, self.has(flags::PARTIAL)).map(Some)
            }
            Change::Region(span, change) => {
                let bits = data.len() * 8;
                let (start, size) = match span.start(bits) {
                    Ok(start) => (start, span.size),
                    Err(OutOfRange::Across(start)) if self.has(flags::PARTIAL) => (start, bits - start),
                    Err(OutOfRange::Before) => return Err(Refusal::Fails(ResultCode::PARAMETER)),
                    Err(_) => return Err(Refusal::Forgivable(ResultCode::OP_NOT_APPLICABLE)),
                };
                let mut data = data.to_vec();
                change.apply(&mut data, start, size)?;
                Ok(Some(data))
            }
        }
    }
}

impl<'a> RegionChange<'a> {
    /// Reads the arguments between the region and the flags.
    fn parse(call: &mut Call<'a>, size: usize) -> Result<RegionChange<'a>, ResultCode> {
        let combine: fn(u64, u64) -> u64 = match call.id {
            NOT => return Ok(RegionChange::Not),
            LSHIFT => return Ok(RegionChange::ShiftLeft(call.size(0, MAX_BITS)?)),
            RSHIFT => return Ok(RegionChange::ShiftRight(call.size(0, MAX_BITS)?)),
            OR => |old, new| old | new,
            XOR => |old, new| old ^ new,
            AND => |old, new| old & new,
            _ => |_, new| new,
        };
        let bytes = call.bytes()?;
        if bytes.len() < size.div_ceil(8) {
            return Err(ResultCode::PARAMETER);
        }
        Ok(RegionChange::Combine(combine, bytes))
    }

    fn apply(&self, data: &mut [u8], start: usize, size: usize) -> Result<(), Refusal> {
        match *self {
            RegionChange::Combine(combine, other) => region::combine(data, start, size, other, combine),
            RegionChange::Not => region::invert(data, start, size),
            RegionChange::ShiftLeft(by) => region::shift_left(data, start, size, by),
            RegionChange::ShiftRight(by) => region::shift_right(data, start, size, by),
            RegionChange::Add { operand, subtract, flags } => {
                let sum = region::add(load(data, start, size), operand, size, subtract, flags)
                    .ok_or(Refusal::Forgivable(ResultCode::OP_NOT_APPLICABLE))?;
                store(data, start, size, sum);
            }
            RegionChange::SetInt(value) => store(data, start, size, value & mask(size)),
        }
        Ok(())
    }
}

fn exclusive(flags: u64, pair: u64) -> Result<(), ResultCode> {
    if flags & pair == pair { Err(ResultCode::PARAMETER) } else { Ok(()) }
}

/// Refuses a blob that no record can hold.
fn bounded(size: usize) -> Result<usize, Refusal> {
    match size {
        size if size >= MAX_BYTES as usize => Err(Refusal::Fails(ResultCode::PARAMETER)),
        size if size > MAX_RECORD_SIZE => Err(Refusal::Fails(ResultCode::RECORD_TOO_BIG)),
        size => Ok(size),
    }
}

fn resize(data: &[u8], size: usize, flags: u64) -> Result<Option<Vec<u8>>, Refusal> {
    let has = |flag| flags & flag != 0;
    let old = data.len();
    if size < old && has(resize_flags::GROW_ONLY) || size > old && has(resize_flags::SHRINK_ONLY) {
        return Err(Refusal::Forgivable(ResultCode::PARAMETER));
    }
    if size == old {
        return Ok(None);
    }
    let size = bounded(size)?;
    let mut resized = vec![0; size];
    let kept = old.min(size);
    if has(resize_flags::FROM_FRONT) {
        resized[size - kept..].copy_from_slice(&data[old - kept..]);
    } else {
        resized[..kept].copy_from_slice(&data[..kept]);
    }
    Ok(Some(resized))
}

/// Where a byte offset, negative from the end, points to.
fn byte_start(data: &[u8], offset: i64) -> Result<usize, Refusal> {
    let magnitude = offset.unsigned_abs() as usize;
    if offset >= 0 {
        return Ok(magnitude);
    }
    data.len().checked_sub(magnitude).ok_or(Refusal::Fails(ResultCode::PARAMETER))
}

fn insert(data: &[u8], offset: i64, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let start = byte_start(data, offset)?;
    let size = bounded(start.max(data.len()) + bytes.len())?;
    let (front, back) = data.split_at(start.min(data.len()));
    let mut grown = Vec::with_capacity(size);
    grown.extend_from_slice(front);
    grown.resize(start, 0);
    grown.extend_from_slice(bytes);
    grown.extend_from_slice(back);
    Ok(grown)
}

fn remove(data: &[u8], offset: i64, size: usize, partial: bool) -> Result<Vec<u8>, Refusal> {
    let start = byte_start(data, offset)?;
    let end = match start.checked_add(size) {
        Some(end) if end <= data.len() => end,
        _ if partial && start < data.len() => data.len(),
        _ => return Err(Refusal::Forgivable(ResultCode::PARAMETER)),
    };
    Ok([&data[..start], &data[end..]].concat())
}

/// Changes the bits of a bin, a missing one included. Nothing is ever returned.
///
/// `op` is the msgpack list `[id, args…]`.
///
/// # Errors
/// [`ResultCode::PARAMETER`] for a bad operation or argument, for what begins before the blob, and for a resize
/// or remove that does not fit; [`ResultCode::BIN_EXISTS`] and [`ResultCode::BIN_NOT_FOUND`] for a bin the
/// operation does not apply to; [`ResultCode::INCOMPATIBLE_TYPE`] if it is no blob;
/// [`ResultCode::OP_NOT_APPLICABLE`] for a region behind the end and for overflow;
/// [`ResultCode::RECORD_TOO_BIG`] for a blob that no record can hold. The no-fail flag turns some of them into
/// an outcome without a change (bits §A5, §A6).
pub fn modify(bin: Option<Particle<'_>>, op: &[u8]) -> Result<Outcome, ResultCode> {
    let modify = Modify::parse(op)?;
    match modify.apply(bin) {
        Ok(Some(data)) => Ok(Outcome::changed(ParticleBuf::new(ParticleType::BLOB, data))),
        Ok(None) => Ok(Outcome::nothing()),
        Err(Refusal::Forgivable(_)) if modify.has(flags::NO_FAIL) => Ok(Outcome::nothing()),
        Err(Refusal::Forgivable(code) | Refusal::Fails(code)) => Err(code),
    }
}
