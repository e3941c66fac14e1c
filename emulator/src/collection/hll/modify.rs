//! HyperLogLog operations that change the sketch (hll §B2, §B9).

use aerospike_wire::hll_op::{
    ADD, FOLD, INIT, MAX_INDEX_AND_MINHASH_BITS, MAX_INDEX_BITS, MAX_MINHASH_BITS, MIN_INDEX_BITS,
    MIN_MINHASH_BITS, REFRESH_COUNT, SET_UNION, flags,
};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ParticleType, ResultCode};

use super::compare::{common_minhash_bits, common_shape, union};
use super::element::Elements;
use super::sketch::{Shape, Sketch, SketchBuf};
use super::sketches;
use crate::collection::Outcome;
use crate::collection::call::Call;

/// The argument that leaves a number of bits open.
const UNSET: i64 = -1;

enum Modify<'a> {
    Init(Bits),
    Add { elements: Elements<'a>, bits: Bits },
    SetUnion { given: Vec<Sketch<'a>> },
    RefreshCount,
    Fold { index_bits: Option<u8> },
}

/// Numbers of bits as asked for; `None` leaves one open.
#[derive(Clone, Copy)]
struct Bits {
    index: Option<u8>,
    minhash: Option<u8>,
}

impl Bits {
    fn parse(call: &mut Call<'_>) -> Result<Bits, ResultCode> {
        let index = if call.left() > 0 { index_bits(call)? } else { None };
        let minhash = if call.left() > 0 { minhash_bits(call)? } else { None };
        match (index, minhash) {
            (Some(index), Some(minhash)) if index + minhash > MAX_INDEX_AND_MINHASH_BITS => {
                Err(ResultCode::PARAMETER)
            }
            _ => Ok(Bits { index, minhash }),
        }
    }

    /// The shape asked for; what was left open comes from `bin`, or is 0 minhash bits.
    fn shape(self, bin: Option<Sketch<'_>>) -> Result<Shape, ResultCode> {
        let index = self.index.or(bin.map(|bin| bin.shape.index_bits()));
        let minhash = self.minhash.or(bin.map(|bin| bin.shape.minhash_bits()));
        index.and_then(|index| Shape::new(index, minhash.unwrap_or(0))).ok_or(ResultCode::OP_NOT_APPLICABLE)
    }
}

fn index_bits(call: &mut Call<'_>) -> Result<Option<u8>, ResultCode> {
    match call.int(UNSET, MAX_INDEX_BITS as i64)? {
        UNSET => Ok(None),
        bits if bits >= MIN_INDEX_BITS as i64 => Ok(Some(bits as u8)),
        _ => Err(ResultCode::PARAMETER),
    }
}

fn minhash_bits(call: &mut Call<'_>) -> Result<Option<u8>, ResultCode> {
    match call.int(UNSET, MAX_MINHASH_BITS as i64)? {
        UNSET => Ok(None),
        bits if bits == 0 || bits >= MIN_MINHASH_BITS as i64 => Ok(Some(bits as u8)),
        _ => Err(ResultCode::PARAMETER),
    }
}

impl<'a> Modify<'a> {
    /// Reads the arguments: the operation and its flags.
    fn parse(mut call: Call<'a>) -> Result<(Modify<'a>, u64), ResultCode> {
        let (modify, allowed) = match call.id {
            INIT => {
                let bits = Bits::parse(&mut call)?;
                (Modify::Init(bits), flags::CREATE_ONLY | flags::UPDATE_ONLY | flags::NO_FAIL)
            }
            ADD => {
                let elements = Elements::parse(call.element()?)?;
                let bits = Bits::parse(&mut call)?;
                (Modify::Add { elements, bits }, flags::CREATE_ONLY | flags::NO_FAIL)
            }
            SET_UNION => {
                let given = sketches(&mut call)?;
                let allowed = flags::CREATE_ONLY | flags::UPDATE_ONLY | flags::NO_FAIL | flags::ALLOW_FOLD;
                (Modify::SetUnion { given }, allowed)
            }
            REFRESH_COUNT => (Modify::RefreshCount, 0),
            _ => (Modify::Fold { index_bits: index_bits(&mut call)? }, 0),
        };
        let has_flags = matches!(modify, Modify::Init(_) | Modify::Add { .. } | Modify::SetUnion { .. });
        let flags = if has_flags { call.flags(allowed)? } else { 0 };
        call.end()?;
        const EXCLUSIVE: u64 = flags::CREATE_ONLY | flags::UPDATE_ONLY;
        if flags & EXCLUSIVE == EXCLUSIVE {
            return Err(ResultCode::PARAMETER);
        }
        Ok((modify, flags))
    }

    /// Whether the operation applies to a bin that exists or not.
    fn check_existence(&self, exists: bool, flags: u64) -> Result<(), ResultCode> {
        let needs_bin = matches!(self, Modify::RefreshCount | Modify::Fold { .. });
        if exists && flags & flags::CREATE_ONLY != 0 {
            Err(ResultCode::BIN_EXISTS)
        } else if !exists && (needs_bin || flags & flags::UPDATE_ONLY != 0) {
            Err(ResultCode::BIN_NOT_FOUND)
        } else {
            Ok(())
        }
    }
}

fn changed(sketch: SketchBuf) -> Outcome {
    Outcome::changed(sketch.into_particle())
}

fn add(bin: Option<Sketch<'_>>, elements: Elements<'_>, bits: Bits) -> Result<Outcome, ResultCode> {
    let mut sketch = match bin {
        Some(bin) => bin.into(),
        None => SketchBuf::empty(bits.shape(None)?),
    };
    let raised = elements.hashes().filter(|hash| sketch.add(*hash)).count();
    let result = Some(ParticleBuf::integer(raised as i64));
    let change = (raised > 0 || bin.is_none()).then(|| sketch.into_particle());
    Ok(Outcome { result, change })
}

fn set_union<'a>(
    bin: Option<Sketch<'a>>,
    mut all: Vec<Sketch<'a>>,
    allow_fold: bool,
) -> Result<Outcome, ResultCode> {
    let given = common_shape(&all).ok_or(ResultCode::PARAMETER)?;
    let Some(bin) = bin else { return Ok(changed(union(given, &all))) };
    let keeps_minhash =
        bin.shape.minhash_bits() == 0 || bin.shape.minhash_bits() == common_minhash_bits(&all);
    let fits = bin.shape.index_bits() <= given.index_bits() && keeps_minhash;
    if !fits && !allow_fold {
        return Err(ResultCode::OP_NOT_APPLICABLE);
    }
    all.push(bin);
    let shape = common_shape(&all).ok_or(ResultCode::PARAMETER)?;
    Ok(changed(union(shape, &all)))
}

fn fold(bin: Sketch<'_>, index_bits: Option<u8>) -> Result<Outcome, ResultCode> {
    let index_bits = index_bits.ok_or(ResultCode::OP_NOT_APPLICABLE)?;
    if bin.shape.minhash_bits() > 0 || index_bits > bin.shape.index_bits() {
        return Err(ResultCode::OP_NOT_APPLICABLE);
    }
    if index_bits == bin.shape.index_bits() {
        return Ok(Outcome::nothing());
    }
    Ok(changed(union(bin.shape.folded(index_bits), &[bin])))
}

/// Changes a sketch, a missing one included.
///
/// `op` is the msgpack list `[id, args…]`. Add and refresh count return an integer, the others nothing.
///
/// # Errors
/// [`ResultCode::PARAMETER`] for a bad operation or argument; [`ResultCode::INCOMPATIBLE_TYPE`] if the bin is no
/// sketch; [`ResultCode::BIN_EXISTS`] and [`ResultCode::BIN_NOT_FOUND`] for a bin the operation does not apply
/// to, where the no-fail flag gives an outcome without result and change instead;
/// [`ResultCode::OP_NOT_APPLICABLE`] for shapes that do not go together (hll §B9, §B10);
/// [`ResultCode::SERVER`] if the bin's bytes are no sketch.
pub fn modify(bin: Option<Particle<'_>>, op: &[u8]) -> Result<Outcome, ResultCode> {
    let call = Call::parse(op)?;
    if !(INIT..=FOLD).contains(&call.id) {
        return Err(ResultCode::PARAMETER);
    }
    if bin.is_some_and(|bin| bin.kind != ParticleType::HLL) {
        return Err(ResultCode::INCOMPATIBLE_TYPE);
    }
    let (modify, flags) = Modify::parse(call)?;
    let bin = bin.map(|bin| Sketch::parse(bin.data)).transpose().map_err(|_| ResultCode::SERVER)?;
    match modify.check_existence(bin.is_some(), flags) {
        Err(_) if flags & flags::NO_FAIL != 0 => return Ok(Outcome::nothing()),
        checked => checked?,
    }
    match (modify, bin) {
        (Modify::Init(bits), bin) => Ok(changed(SketchBuf::empty(bits.shape(bin)?))),
        (Modify::Add { elements, bits }, bin) => add(bin, elements, bits),
        (Modify::SetUnion { given }, bin) => set_union(bin, given, flags & flags::ALLOW_FOLD != 0),
        (Modify::RefreshCount, Some(bin)) => {
            let count = bin.count();
            let mut sketch = SketchBuf::from(bin);
            sketch.cache(count);
            let change = Some(sketch.into_particle());
            Ok(Outcome { result: Some(ParticleBuf::integer(count as i64)), change })
        }
        (Modify::Fold { index_bits }, Some(bin)) => fold(bin, index_bits),
        (Modify::RefreshCount | Modify::Fold { .. }, None) => Err(ResultCode::BIN_NOT_FOUND),
    }
}
