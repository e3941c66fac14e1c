//! The where clause: what an index query asks for, and of which index (query §5.3, §5.4).

use super::{Query, SetFilter};
use crate::index::{Context, Index, KeyType, Part, Predicate, Source};
use crate::store::{NO_SET, SetId};
use aerospike_wire::{ParticleType, ResultCode, field};
use std::sync::Arc;

const MAX_INDEX_NAME: usize = 63;
const MAX_BIN_NAME: usize = 15;

/// A where clause that was read; the index is not looked up yet.
#[derive(Debug)]
pub struct Lookup<'a> {
    by: By<'a>,
    predicate: Predicate,
}

/// How the index is named.
#[derive(Debug)]
enum By<'a> {
    Name(&'a [u8]),
    Definition {
        source: SourceRef<'a>,
        /// `None` = a number that no index has.
        part: Option<Part>,
    },
}

#[derive(Debug)]
enum SourceRef<'a> {
    Bin { name: &'a [u8], context: Option<Context> },
    Expression(&'a [u8]),
}

impl Indexed {
    /// Whether the index can have what is asked for; one that was named may be of another type. Strings and blobs
    /// of equal bytes are the same to an index.
    pub fn fits(&self) -> bool {
        use KeyType::{Blob, String};
        match (self.index.definition.key_type, self.predicate.key_type()) {
            (String | Blob, String | Blob) => true,
            (indexed, wanted) => indexed == wanted,
        }
    }
}

impl SourceRef<'_> {
    fn is_of(&self, source: &Source) -> bool {
        match (self, source) {
            (SourceRef::Bin { name, context }, Source::Bin { name: indexed, context: way }) => {
                **name == **indexed && context == way
            }
            (SourceRef::Expression(packed), Source::Expression(indexed)) => *packed == indexed.as_bytes(),
            _ => false,
        }
    }
}

/// The index that answers a query, and the condition on its values.
#[derive(Debug)]
pub struct Indexed {
    /// The index.
    pub index: Arc<Index>,
    /// The condition.
    pub predicate: Predicate,
}

/// Reads the where clause; `None` when the query has none.
///
/// # Errors
/// [`ResultCode::PARAMETER`] for anything malformed or contradictory.
pub fn parse<'a>(query: &Query<'a>) -> Result<Option<Lookup<'a>>, ResultCode> {
    const BAD: ResultCode = ResultCode::PARAMETER;
    let Some(range) = query.field(field::INDEX_RANGE) else { return Ok(None) };
    let (bin, predicate) = parse_range(range).ok_or(BAD)?;
    let name = query.field(field::INDEX_NAME);
    let expression = query.field(field::INDEX_EXPRESSION);
    let context = query.field(field::INDEX_CONTEXT);
    let part = query.field(field::INDEX_TYPE);
    if part.is_some_and(<[u8]>::is_empty) {
        return Err(BAD);
    }
    let by = match (name, expression, bin) {
        (Some(name), None, []) if context.is_none() && (1..=MAX_INDEX_NAME).contains(&name.len()) => {
            By::Name(name)
        }
        (None, Some(packed), []) if context.is_none() => {
            By::Definition { source: SourceRef::Expression(packed), part: part_of(part) }
        }
        (None, None, [_, ..]) => {
            let context = context.map(Context::parse).transpose().map_err(|_| BAD)?;
            By::Definition { source: SourceRef::Bin { name: bin, context }, part: part_of(part) }
        }
        _ => return Err(BAD),
    };
    Ok(Some(Lookup { by, predicate }))
}

fn part_of(number: Option<&[u8]>) -> Option<Part> {
    match number {
        None => Some(Part::Default),
        Some(bytes) => bytes.first().and_then(|number| Part::from_wire(*number)),
    }
}

/// Reads field 22: one range, the bin's name (empty when the index is named otherwise), its type, its ends.
fn parse_range(range: &[u8]) -> Option<(&[u8], Predicate)> {
    let [1, name_len, rest @ ..] = range else { return None };
    let name_len = *name_len as usize;
    if name_len > MAX_BIN_NAME {
        return None;
    }
    let (name, rest) = rest.split_at_checked(name_len)?;
    let (kind, rest) = rest.split_first()?;
    let kind = ParticleType(*kind);
    let (start, rest) = sized(rest)?;
    // Strings, blobs and GeoJSON have no range: what follows their value is not read.
    let end = if kind == ParticleType::INTEGER { sized(rest)?.0 } else { start };
    Predicate::new(kind, start, end).ok().map(|predicate| (name, predicate))
}

fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_be_bytes(*size) as usize)
}

/// Finds the index of a where clause: by name in the namespace; by definition on the query's set, else on none.
///
/// # Errors
/// [`ResultCode::INDEX_NOT_FOUND`], or [`ResultCode::INDEX_NOT_READABLE`] while it is built.
pub fn find(query: &Query<'_>, lookup: Lookup<'_>) -> Result<Indexed, ResultCode> {
    let indexes = &query.namespace.indexes;
    let Lookup { by, predicate } = lookup;
    let index = match by {
        // An index of a set has no values to ask for.
        By::Name(name) => indexes.by_name(name).filter(|index| !index.definition.is_membership()),
        By::Definition { source, part } => {
            let on = |set: Option<SetId>| {
                indexes.find(|definition| {
                    definition.set == set
                        && Some(definition.part) == part
                        && definition.key_type == predicate.key_type()
                        && source.is_of(&definition.source)
                })
            };
            match query.set_filter()? {
                SetFilter::Only(set) if set != NO_SET => on(Some(set)).or_else(|| on(None)),
                _ => on(None),
            }
        }
    };
    let index = index.ok_or(ResultCode::INDEX_NOT_FOUND)?;
    if !index.is_readable() {
        return Err(ResultCode::INDEX_NOT_READABLE);
    }
    Ok(Indexed { index, predicate })
}
