//! The shapes in which a selection is returned (cdt §6).

use aerospike_wire::ParticleType;
use aerospike_wire::ResultCode;
use aerospike_wire::cdt::return_type::*;
use aerospike_wire::msgpack::{self, put_list_head, put_uint};
use aerospike_wire::particle::ParticleBuf;

use super::element::element_to_particle;
use super::select::{Numbers, Selection, Wanted};

/// Turns msgpack put together by `write` into a list value.
pub(crate) fn list(write: impl FnOnce(&mut Vec<u8>)) -> ParticleBuf {
    let mut out = Vec::new();
    write(&mut out);
    ParticleBuf::new(ParticleType::LIST, out)
}

/// A list that holds a piece of another list.
pub(crate) fn list_of_piece(count: u32, piece: &[u8]) -> ParticleBuf {
    list(|out| {
        out.reserve(5 + piece.len());
        put_list_head(out, count);
        out.extend_from_slice(piece);
    })
}

/// A number as a result.
pub(crate) fn integer(value: impl Into<i64>) -> Option<ParticleBuf> {
    Some(ParticleBuf::integer(value.into()))
}

/// A single element as a result; a nil one is none.
pub(crate) fn element(element: &[u8]) -> Option<ParticleBuf> {
    let particle = element_to_particle(element);
    (particle.kind != ParticleType::NULL).then_some(particle)
}

/// `[start, count]` of a run.
fn range(start: i64, count: u32) -> Option<ParticleBuf> {
    Some(list(|out| {
        put_list_head(out, 2);
        msgpack::put_int(out, start);
        put_uint(out, count as u64);
    }))
}

/// Numbers of a selection; `own` gives each element's own, in the order of the selection.
fn numbers(
    numbers: &Numbers,
    size: u32,
    reverse: bool,
    own: impl FnOnce() -> Result<Vec<u32>, ResultCode>,
) -> Result<ParticleBuf, ResultCode> {
    let run = |(start, count): (u32, u32)| {
        let start = if reverse { size - start - count } else { start };
        start..start + count
    };
    let single = |number: u32| if reverse { (size - 1).wrapping_sub(number) } else { number };
    let all: Vec<u32> = match numbers {
        Numbers::Run(start, count) => run((*start, *count)).collect(),
        Numbers::Around(start, count) => {
            let end = start + count;
            run((0, *start)).chain(run((end, size - end))).collect()
        }
        Numbers::Runs(runs) => runs.iter().flat_map(|at| run(*at)).collect(),
        Numbers::Each(each) => each.iter().map(|number| single(*number)).collect(),
        Numbers::OfElements => own()?.into_iter().map(single).collect(),
        Numbers::Undefined => return Err(ResultCode::OP_NOT_APPLICABLE),
    };
    Ok(list(|out| {
        put_list_head(out, all.len() as u32);
        all.iter().for_each(|number| put_uint(out, *number as u64));
    }))
}

fn run_of(numbers: &Numbers, size: u32, reverse: bool) -> Result<Option<ParticleBuf>, ResultCode> {
    match numbers {
        Numbers::Run(start, count) => {
            let start = if reverse { size - start - count } else { *start };
            Ok(range(start as i64, *count))
        }
        _ => Err(ResultCode::OP_NOT_APPLICABLE),
    }
}

/// What a container has to say beyond numbers.
pub(crate) trait Source {
    /// How many elements it has.
    fn size(&self) -> u32;
    /// The ranks of these elements.
    fn ranks(&self, indexes: &[u32]) -> Result<Vec<u32>, ResultCode>;
    /// The selected elements themselves, in the form that the return type asks for.
    fn elements(&self, selection: &Selection, kind: u16) -> Result<ParticleBuf, ResultCode>;
}

/// The result of an operation that may select many elements.
pub(crate) fn multi(
    source: &impl Source,
    selection: &Selection,
    wanted: Wanted,
) -> Result<Option<ParticleBuf>, ResultCode> {
    let size = source.size();
    let indexes = || Ok(selection.order.indexes(size));
    let ranks = || source.ranks(&selection.order.indexes(size));
    Ok(match wanted.kind {
        NONE => None,
        INDEX | REVERSE_INDEX => {
            Some(numbers(&selection.index, size, wanted.kind == REVERSE_INDEX, indexes)?)
        }
        RANK | REVERSE_RANK => Some(numbers(&selection.rank, size, wanted.kind == REVERSE_RANK, ranks)?),
        COUNT => integer(selection.count),
        EXISTS => Some(ParticleBuf::bool(selection.exists)),
        INDEX_RANGE | REVERSE_INDEX_RANGE => {
            run_of(&selection.index, size, wanted.kind == REVERSE_INDEX_RANGE)?
        }
        RANK_RANGE | REVERSE_RANK_RANGE => run_of(&selection.rank, size, wanted.kind == REVERSE_RANK_RANGE)?,
        kind => Some(source.elements(selection, kind)?),
    })
}

/// How a single element was looked for: that number can be returned as a range (cdt §6.7).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sought {
    Index,
    Rank,
    /// Both numbers are the same, as in an ordered list.
    Both,
}

/// The single element that was found.
pub(crate) struct Hit<R> {
    pub(crate) index: u32,
    /// Works out the rank.
    pub(crate) rank: R,
    pub(crate) sought: Sought,
}

/// The result of an operation that selects one element, which was found; `elements` makes results of the kinds that
/// return elements.
pub(crate) fn single_hit(
    size: u32,
    hit: Hit<impl FnOnce() -> Result<u32, ResultCode>>,
    kind: u16,
    elements: impl FnOnce(u32) -> Result<Option<ParticleBuf>, ResultCode>,
) -> Result<Option<ParticleBuf>, ResultCode> {
    let mirrored = |number: u32, reverse: bool| if reverse { size - 1 - number } else { number };
    Ok(match kind {
        NONE => None,
        INDEX | REVERSE_INDEX => integer(mirrored(hit.index, kind == REVERSE_INDEX)),
        RANK | REVERSE_RANK => integer(mirrored((hit.rank)()?, kind == REVERSE_RANK)),
        COUNT => integer(1),
        EXISTS => Some(ParticleBuf::bool(true)),
        INDEX_RANGE | REVERSE_INDEX_RANGE if hit.sought != Sought::Rank => {
            range(mirrored(hit.index, kind == REVERSE_INDEX_RANGE) as i64, 1)
        }
        RANK_RANGE | REVERSE_RANK_RANGE if hit.sought != Sought::Index => {
            range(mirrored((hit.rank)()?, kind == REVERSE_RANK_RANGE) as i64, 1)
        }
        INDEX_RANGE..=REVERSE_RANK_RANGE => return Err(ResultCode::OP_NOT_APPLICABLE),
        _ => elements(hit.index)?,
    })
}

/// The result of an operation that selects one element by key or value and found none; `place` is where it would
/// be, with −1 for nowhere.
pub(crate) fn single_miss(
    size: u32,
    place: impl FnOnce() -> Result<i64, ResultCode>,
    sought: Sought,
    kind: u16,
) -> Result<Option<ParticleBuf>, ResultCode> {
    let mirrored =
        |place: i64, reverse: bool| if reverse && place >= 0 { size as i64 - place } else { place };
    let map = |flags: u8| {
        let mut out = Vec::new();
        super::scan::put_map_head(&mut out, flags, 0);
        Some(ParticleBuf::new(ParticleType::MAP, out))
    };
    use aerospike_wire::cdt::order;
    Ok(match kind {
        INDEX..=REVERSE_RANK => integer(-1),
        COUNT => integer(0),
        EXISTS => Some(ParticleBuf::bool(false)),
        KEY_VALUE => map(order::PRESERVE_ORDER),
        UNORDERED_MAP => map(0),
        ORDERED_MAP => map(order::KEY_ORDERED),
        INDEX_RANGE | REVERSE_INDEX_RANGE if sought != Sought::Rank => {
            range(mirrored(place()?, kind == REVERSE_INDEX_RANGE), 0)
        }
        RANK_RANGE | REVERSE_RANK_RANGE if sought != Sought::Index => {
            range(mirrored(place()?, kind == REVERSE_RANK_RANGE), 0)
        }
        INDEX_RANGE..=REVERSE_RANK_RANGE => return Err(ResultCode::OP_NOT_APPLICABLE),
        _ => None,
    })
}
