//! Operations inside a bin's value: pure functions from value and operation to value and result.
//!
//! None of them knows of records, sets or policies; the rooms that do call them: single-record commands, batches,
//! queries and expressions alike. Nothing here decodes a list or map into a tree: operations look for what they
//! need in the msgpack bytes and put the new bytes together from pieces of the old ones.
//!
//! | module | subject |
//! |---|---|
//! | `operation` | ids and arguments |
//! | `select` | which elements an operation means: positions, values, ranks, keys |
//! | `reply` | return types |
//! | `list`, `list_modify`, `map`, `map_modify`, `number` | the operations |
//! | [`context`] | the way into nested containers |
//! | [`path`] | many nested elements at once |
//! | [`order`], `rank` | comparing, sorting, ranking |
//! | [`canonical`] | what may be stored, and in which form |
//! | [`element`] | between elements and bin values |
//! | [`bits`], [`hll`], `bit_string`, `call` | operations inside blobs and HyperLogLogs |
//! | `scan` | finding elements in bytes |

mod bit_string;
pub mod bits;
mod call;
pub mod canonical;
pub mod context;
pub mod element;
pub mod hll;
mod list;
mod list_modify;
mod map;
mod map_modify;
mod number;
mod operation;
pub mod order;
mod outcome;
pub mod path;
mod rank;
mod reply;
mod scan;
mod select;
#[cfg(test)]
mod tests;

use aerospike_wire::cdt::{self, list as list_op, map as map_op};
use aerospike_wire::msgpack::{Reader, Token};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ParticleType, ResultCode};

pub use canonical::{canonical_list, canonical_map};
pub use element::{element_to_particle, particle_to_element};
pub use outcome::Outcome;
pub use path::PathExpressions;

use context::{Context, Walk};
use list_modify::Done;
use operation::{MALFORMED, Operation};
use scan::{List, Map};

/// Runs a CDT_READ on a bin that exists. On a missing bin it is a success without result, whatever the operation
/// (cdt §1.5).
///
/// `op` is the value of the op; `expressions` evaluates those of a path operation. A map that keeps an index of its
/// values has the bit for it in its marker, here and in what [`modify`] makes; [`visible`] takes it off.
///
/// # Errors
/// INCOMPATIBLE_TYPE if the bin or the addressed element is not the container that the operation is for;
/// PARAMETER for a malformed operation, an unknown or modifying one; OP_NOT_APPLICABLE for positions that do not
/// exist, for return types that cannot be had and for contexts that lead nowhere.
pub fn read(
    bin: Particle<'_>,
    op: &[u8],
    expressions: &impl PathExpressions,
) -> Result<Option<ParticleBuf>, ResultCode> {
    let operation = Operation::parse(op)?;
    match operation.id {
        cdt::SELECT => path::read(bin, &operation, expressions),
        cdt::CONTEXT => {
            let (context, inner) = open_context(&operation)?;
            let walk = Walk::new(container_of(bin)?, &context, false)?;
            let element = walk.found().ok_or(ResultCode::OP_NOT_APPLICABLE)?;
            read_container(element, &inner_operation(element, inner)?)
        }
        _ => {
            check_family(bin, &operation)?;
            read_container(bin.data, &operation)
        }
    }
}

/// Runs a CDT_MODIFY. `bin` is `None` if there is no such bin.
///
/// `op` is the value of the op; `expressions` evaluates those of a path operation.
///
/// # Errors
/// As [`read`]; in addition ELEMENT_EXISTS and ELEMENT_NOT_FOUND as write flags demand, and RECORD_TOO_BIG where
/// padding alone would exceed every record. After an error nothing is to be changed.
pub fn modify(
    bin: Option<Particle<'_>>,
    op: &[u8],
    expressions: &impl PathExpressions,
) -> Result<Outcome, ResultCode> {
    let operation = Operation::parse(op)?;
    let Some(bin) = bin else {
        return match operation.id {
            cdt::SELECT => Err(ResultCode::INCOMPATIBLE_TYPE),
            cdt::CONTEXT => {
                let (context, inner) = open_context(&operation)?;
                modify_missing_level(Level::Bin(&context), &context, inner)
            }
            _ => {
                let done = modify_missing(&operation, Missing::Bin)?;
                let kind = if operation.is_for_maps() { ParticleType::MAP } else { ParticleType::LIST };
                let change = done.change.map(|data| ParticleBuf::new(kind, data));
                Ok(Outcome { result: done.result, change })
            }
        };
    };
    let kind = bin.kind;
    let of_kind = |data| ParticleBuf::new(kind, data);
    match operation.id {
        cdt::SELECT => path::modify(bin, &operation, expressions),
        cdt::CONTEXT => {
            let (context, inner) = open_context(&operation)?;
            let walk = Walk::new(container_of(bin)?, &context, true)?;
            let Some(element) = walk.found() else {
                return modify_missing_level(Level::Element(walk, kind), &context, inner);
            };
            let mut inner = inner_operation(element, inner)?;
            inner.no_values = context.has_comparison();
            let done = modify_container(element, &inner, true)?;
            let change = done.change.map(|element| walk.replace(&element)).transpose()?;
            Ok(Outcome { result: done.result, change: change.map(of_kind) })
        }
        _ => {
            check_family(bin, &operation)?;
            let done = modify_container(bin.data, &operation, false)?;
            Ok(Outcome { result: done.result, change: done.change.map(of_kind) })
        }
    }
}

/// A value without the index bit, as it leaves the server.
pub fn visible(mut result: ParticleBuf) -> ParticleBuf {
    if let Some(at) = cdt::map_marker_position(result.as_particle()) {
        result.data[at] &= !cdt::order::PERSIST_INDEX;
    }
    result
}

/// Context and inner operation of `[255, context, operation]`; the latter is not looked at yet.
fn open_context<'a>(operation: &Operation<'a>) -> Result<(Context<'a>, &'a [u8]), ResultCode> {
    let mut arguments = operation.arguments(2, 2)?;
    let context = Context::parse(&mut Reader::new(arguments.element()?))?;
    Ok((context, arguments.rest()))
}

/// A bin's bytes if it has a context to follow.
fn container_of(bin: Particle<'_>) -> Result<&[u8], ResultCode> {
    match bin.kind {
        ParticleType::LIST | ParticleType::MAP => Ok(bin.data),
        _ => Err(MALFORMED),
    }
}

/// Reads the operation behind a context, which must fit the addressed element.
fn inner_operation<'a>(element: &[u8], inner: &'a [u8]) -> Result<Operation<'a>, ResultCode> {
    let operation = Operation::parse(inner)?;
    let fits = match Reader::new(element).token() {
        Ok(Token::List(_)) => !operation.is_for_maps(),
        Ok(Token::Map(_)) => operation.is_for_maps(),
        _ => false,
    };
    let wrapper = matches!(operation.id, cdt::SELECT | cdt::CONTEXT);
    if fits && !wrapper { Ok(operation) } else { Err(ResultCode::INCOMPATIBLE_TYPE) }
}

fn check_family(bin: Particle<'_>, operation: &Operation<'_>) -> Result<(), ResultCode> {
    let fits = match bin.kind {
        ParticleType::LIST => !operation.is_for_maps(),
        ParticleType::MAP => operation.is_for_maps(),
        _ => false,
    };
    if fits { Ok(()) } else { Err(ResultCode::INCOMPATIBLE_TYPE) }
}

fn read_container(container: &[u8], operation: &Operation<'_>) -> Result<Option<ParticleBuf>, ResultCode> {
    if !select::is_read(operation.id) {
        return Err(MALFORMED);
    }
    match operation.is_for_maps() {
        true => map::read(&Map::open(container)?, operation),
        false => list::read(&List::open(container)?, operation),
    }
}

fn modify_container(container: &[u8], operation: &Operation<'_>, nested: bool) -> Result<Done, ResultCode> {
    if select::is_read(operation.id) {
        return Err(MALFORMED);
    }
    match operation.is_for_maps() {
        true => map_modify::modify(&Map::open(container)?, operation, nested),
        false => list_modify::modify(&List::open(container)?, operation, nested),
    }
}

/// What is missing around a container that an operation would have to create.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// The bin, which is to be that container.
    Bin,
    /// The bin, which is to hold it somewhere inside.
    BinAround,
    /// Only a level inside the bin.
    Level,
}

/// Where a level is missing.
enum Level<'c, 'a> {
    Bin(&'c Context<'a>),
    Element(Walk<'a>, ParticleType),
}

/// Runs the operation behind a context that leads to nothing yet.
fn modify_missing_level(
    level: Level<'_, '_>,
    context: &Context<'_>,
    inner: &[u8],
) -> Result<Outcome, ResultCode> {
    let missing = match &level {
        Level::Bin(context) => {
            context::check_creates_bin(context)?;
            Missing::BinAround
        }
        Level::Element(..) => Missing::Level,
    };
    let mut operation = Operation::parse(inner)?;
    if matches!(operation.id, cdt::SELECT | cdt::CONTEXT) {
        return Err(ResultCode::INCOMPATIBLE_TYPE);
    }
    operation.no_values = context.has_comparison();
    let done = modify_missing(&operation, missing)?;
    let Some(element) = done.change else {
        return Ok(Outcome { result: done.result, change: None });
    };
    let change = match level {
        Level::Bin(context) => context::create_bin(context, &element)?,
        Level::Element(walk, kind) => ParticleBuf::new(kind, walk.replace(&element)?),
    };
    Ok(Outcome { result: done.result, change: Some(change) })
}

/// Runs an operation on a container that is not there (cdt §1.5, §11; §9.3 for nested ones).
fn modify_missing(operation: &Operation<'_>, missing: Missing) -> Result<Done, ResultCode> {
    let id = operation.id;
    if select::is_removal(id) {
        return Ok(Done::default());
    }
    match id {
        list_op::SORT if missing == Missing::Level => return Ok(Done::default()),
        list_op::SORT => return Err(ResultCode::INCOMPATIBLE_TYPE),
        map_op::REPLACE_ITEMS => return Err(ResultCode::ELEMENT_NOT_FOUND),
        list_op::SET_TYPE..=list_op::INSERT_ITEMS | list_op::SET | list_op::INCREMENT => {}
        map_op::SET_TYPE..=map_op::REPLACE | map_op::INCREMENT | map_op::DECREMENT => {}
        _ => return Err(MALFORMED),
    }
    let flags = created_flags(operation, missing);
    // The flags of SET_TYPE are checked by the operation itself.
    let (mut done, empty) = if operation.is_for_maps() {
        let flags = canonical::map_flags(flags, true);
        let map = Map::empty(flags);
        (map_modify::modify(&map, operation, missing != Missing::Bin)?, scan::map_of(flags, 0, &[]))
    } else {
        let flags = canonical::list_flags(flags, missing == Missing::BinAround);
        let list = List::empty(flags);
        (list_modify::modify(&list, operation, missing != Missing::Bin)?, scan::list_of(flags, 0, &[]))
    };
    if done.stopped && missing != Missing::Bin {
        // Of what is stopped only those report a size that store a single thing or many.
        let sized =
            matches!(id, list_op::INSERT | list_op::INSERT_ITEMS | list_op::APPEND..=list_op::APPEND_ITEMS)
                || operation.is_for_maps();
        return Ok(Done { result: done.result.filter(|_| sized), change: None, stopped: true });
    }
    if done.change.is_none() || id == list_op::SET_TYPE || id == map_op::SET_TYPE {
        done.change = Some(empty);
    }
    Ok(done)
}

/// The order flags with which an operation creates its container.
fn created_flags(operation: &Operation<'_>, missing: Missing) -> u8 {
    // Where the create flags stand among the arguments.
    let at = match operation.id {
        list_op::SET_TYPE | map_op::SET_TYPE => 0,
        list_op::APPEND | list_op::APPEND_ITEMS | map_op::ADD_ITEMS | map_op::PUT_ITEMS => 1,
        list_op::INCREMENT | map_op::ADD | map_op::PUT | map_op::INCREMENT | map_op::DECREMENT => 2,
        _ => return 0,
    };
    let Ok(mut arguments) = operation.arguments(at + 1, u32::MAX) else { return 0 };
    let mut first = None;
    for _ in 0..at {
        let argument = arguments.element().unwrap_or_default();
        first.get_or_insert(argument);
    }
    let flags = arguments.word().unwrap_or(0) as u8;
    let keep_index = match missing {
        Missing::Bin => true,
        Missing::Level => false,
        // An oddity of the real server: with a new bin around it the bit stays where it has no use (cdt §3.1).
        Missing::BinAround => match operation.id {
            map_op::SET_TYPE => true,
            map_op::PUT_ITEMS => Map::open(first.unwrap_or_default()).is_ok_and(|items| items.count == 0),
            _ => !operation.is_for_maps(),
        },
    };
    if keep_index { flags } else { flags & !cdt::order::PERSIST_INDEX }
}
