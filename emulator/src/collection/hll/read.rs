//! HyperLogLog operations that only read (hll §B2, §B9).

use aerospike_wire::hll_op::{
    DESCRIBE, GET_COUNT, GET_INTERSECT_COUNT, GET_SIMILARITY, GET_UNION, GET_UNION_COUNT, MAY_CONTAIN,
};
use aerospike_wire::msgpack::{put_list_head, put_uint};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ParticleType, ResultCode};

use super::compare::{common_minhash_bits, common_shape, intersect_count, similarity, union, union_count};
use super::element::Elements;
use super::sketch::Sketch;
use super::sketches;
use crate::collection::call::Call;

/// How many sketches can be given where minhashes do not tell which elements they share.
const MAX_GIVEN: usize = 2;

enum Read<'a> {
    Count,
    Union(Vec<Sketch<'a>>),
    UnionCount(Vec<Sketch<'a>>),
    IntersectCount(Vec<Sketch<'a>>),
    Similarity(Vec<Sketch<'a>>),
    Describe,
    MayContain(Elements<'a>),
}

impl<'a> Read<'a> {
    fn parse(mut call: Call<'a>) -> Result<Read<'a>, ResultCode> {
        let read = match call.id {
            GET_COUNT => Read::Count,
            GET_UNION => Read::Union(sketches(&mut call)?),
            GET_UNION_COUNT => Read::UnionCount(sketches(&mut call)?),
            GET_INTERSECT_COUNT => Read::IntersectCount(comparable(sketches(&mut call)?)?),
            GET_SIMILARITY => Read::Similarity(comparable(sketches(&mut call)?)?),
            DESCRIBE => Read::Describe,
            _ => Read::MayContain(Elements::parse(call.element()?)?),
        };
        call.end()?;
        Ok(read)
    }
}

fn comparable(given: Vec<Sketch<'_>>) -> Result<Vec<Sketch<'_>>, ResultCode> {
    if given.len() > MAX_GIVEN && common_minhash_bits(&given) == 0 {
        return Err(ResultCode::PARAMETER);
    }
    Ok(given)
}

/// The sketches to compare, the bin's last.
fn compared<'a>(mut given: Vec<Sketch<'a>>, bin: Sketch<'a>) -> Result<Vec<Sketch<'a>>, ResultCode> {
    let differs = common_minhash_bits(&given) != bin.shape.minhash_bits();
    if given.len() > MAX_GIVEN && differs {
        return Err(ResultCode::OP_NOT_APPLICABLE);
    }
    given.push(bin);
    Ok(given)
}

fn with<'a>(mut given: Vec<Sketch<'a>>, bin: Sketch<'a>) -> Vec<Sketch<'a>> {
    given.push(bin);
    given
}

/// Reads from a sketch. A missing bin has no value, whatever the operation; callers answer for it.
///
/// `op` is the msgpack list `[id, args…]`. The result is always there: integers for counts and for "may
/// contain" (1 or 0), a float, a sketch, or a list.
///
/// # Errors
/// [`ResultCode::PARAMETER`] for a bad operation or argument, [`ResultCode::INCOMPATIBLE_TYPE`] if the bin is no
/// sketch, [`ResultCode::OP_NOT_APPLICABLE`] for more than three sketches that do not all keep minhashes of one
/// size, [`ResultCode::SERVER`] if the bin's bytes are no sketch.
pub fn read(bin: Particle<'_>, op: &[u8]) -> Result<Option<ParticleBuf>, ResultCode> {
    let call = Call::parse(op)?;
    if !(GET_COUNT..=MAY_CONTAIN).contains(&call.id) {
        return Err(ResultCode::PARAMETER);
    }
    if bin.kind != ParticleType::HLL {
        return Err(ResultCode::INCOMPATIBLE_TYPE);
    }
    let read = Read::parse(call)?;
    let bin = Sketch::parse(bin.data).map_err(|_| ResultCode::SERVER)?;
    let count = |count: u64| ParticleBuf::integer(count as i64);
    Ok(Some(match read {
        Read::Count => count(bin.count()),
        Read::Union(given) => {
            let all = with(given, bin);
            union(common_shape(&all).unwrap_or(bin.shape), &all).into_particle()
        }
        Read::UnionCount(given) => count(union_count(&with(given, bin))),
        Read::IntersectCount(given) => count(intersect_count(&compared(given, bin)?)),
        Read::Similarity(given) => ParticleBuf::float(similarity(&compared(given, bin)?)),
        Read::Describe => {
            let mut list = Vec::new();
            put_list_head(&mut list, 2);
            put_uint(&mut list, bin.shape.index_bits() as u64);
            put_uint(&mut list, bin.shape.minhash_bits() as u64);
            ParticleBuf::new(ParticleType::LIST, list)
        }
        Read::MayContain(elements) => count(elements.hashes().all(|hash| bin.may_contain(hash)) as u64),
    }))
}
