//! Contexts: the way from a bin to a container inside it (cdt §9).

use aerospike_wire::cdt::{context as ctx, order};
use aerospike_wire::msgpack::{self, Reader, Token};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ParticleType, ResultCode};

use super::canonical::{canonical_element, list_flags, map_flags};
use super::element::element_to_particle;
use super::list_modify::{insert_ordered, replace_ordered};
use super::operation::MALFORMED;
use super::scan::{self, List, Map, list_of, map_of};
use super::select::position;
use super::{list, map};

const NOT_APPLICABLE: ResultCode = ResultCode::OP_NOT_APPLICABLE;

/// One level of a context.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// Context type, create bits included.
    kind: i64,
    /// Index, rank, key or value; not checked yet.
    value: &'a [u8],
}

impl<'a> Entry<'a> {
    /// How the level is addressed: the type without create bits.
    fn base(&self) -> i64 {
        self.kind & !ctx::CREATE_MASK
    }

    fn creates(&self) -> bool {
        self.kind & ctx::CREATE_MASK != 0
    }

    /// Which container to create, of the three kinds.
    fn create_bits(&self) -> i64 {
        self.kind & ctx::CREATE_ORDERED
    }

    fn int(&self) -> Result<i64, ResultCode> {
        Reader::new(self.value).int().map_err(|_| NOT_APPLICABLE)
    }

    /// Marker flags of the container that the entry creates.
    fn created_flags(&self, for_bin: bool) -> u8 {
        let persist = if self.kind & ctx::CREATE_PERSIST != 0 { order::PERSIST_INDEX } else { 0 };
        match (self.base(), self.create_bits()) {
            (ctx::LIST, ctx::CREATE_ORDERED) => list_flags(order::ORDERED, false),
            (ctx::LIST, _) => 0,
            (_, ctx::CREATE_ORDERED) => {
                map_flags(order::KEY_ORDERED | order::VALUE_ORDERED | persist, for_bin)
            }
            (_, ctx::CREATE_PADDED) => map_flags(order::KEY_ORDERED | persist, for_bin),
            _ => 0,
        }
    }
}

/// Map value by key, and the other full types that create.
const MAP_BY_KEY: i64 = ctx::MAP | ctx::BY_KEY;
const LIST_BY_INDEX: i64 = ctx::LIST | ctx::BY_INDEX;
const LIST_BY_RANK: i64 = ctx::LIST | ctx::BY_RANK;
const LIST_BY_VALUE: i64 = ctx::LIST | ctx::BY_VALUE;
const MAP_BY_INDEX: i64 = ctx::MAP | ctx::BY_INDEX;
const MAP_BY_RANK: i64 = ctx::MAP | ctx::BY_RANK;
const MAP_BY_VALUE: i64 = ctx::MAP | ctx::BY_VALUE;

/// A whole context.
pub(crate) struct Context<'a> {
    entries: Vec<Entry<'a>>,
}

impl<'a> Context<'a> {
    /// Reads `[type, value, …]`.
    ///
    /// # Errors
    /// PARAMETER unless it is an array of one or more pairs whose types are integers.
    pub(crate) fn parse(reader: &mut Reader<'a>) -> Result<Context<'a>, ResultCode> {
        let count = reader.list().map_err(|_| MALFORMED)?;
        if count == 0 || count % 2 != 0 {
            return Err(MALFORMED);
        }
        let mut entries = Vec::with_capacity((count as usize / 2).min(reader.rest().len()));
        for _ in 0..count / 2 {
            let kind = reader.int().map_err(|_| MALFORMED)?;
            let value = reader.element().map_err(|_| MALFORMED)?;
            entries.push(Entry { kind, value });
        }
        Ok(Context { entries })
    }

    /// Whether a value in it has wildcard or infinity.
    pub(crate) fn has_comparison(&self) -> bool {
        let by_value = |entry: &&Entry<'_>| entry.base() & 0x0f == ctx::BY_VALUE;
        self.entries.iter().filter(by_value).any(|entry| scan::has_comparison(entry.value))
    }
}

/// A part of the bin's bytes.
type Span = (usize, usize);

/// An ordered list that lies around the addressed element: what changes inside may change its place.
struct OrderedList {
    span: Span,
    index: u32,
    element: Span,
}

/// Where a context leads.
pub(crate) struct Walk<'a> {
    bin: &'a [u8],
    ordered: Vec<OrderedList>,
    target: Target<'a>,
}

enum Target<'a> {
    Found(Span),
    /// A level is missing, and can be created: in the container of this span.
    Missing {
        container: Span,
        place: Place,
        entry: Entry<'a>,
        rest: Vec<Entry<'a>>,
    },
}

/// Where a new element goes.
enum Place {
    /// Behind the last element of a list, with so much padding between.
    Append(u32),
    /// Into an ordered list.
    Ordered,
    /// Into a map, at this index.
    Key(u32),
}

enum Located {
    At(u32, Span),
    Missing(Place),
}

impl<'a> Walk<'a> {
    /// Follows a context from a bin's list or map. `create`: missing levels may be created.
    ///
    /// # Errors
    /// OP_NOT_APPLICABLE where it leads nowhere.
    pub(crate) fn new(bin: &'a [u8], context: &Context<'a>, create: bool) -> Result<Walk<'a>, ResultCode> {
        let mut span = (0, bin.len());
        let mut ordered = Vec::new();
        for (level, entry) in context.entries.iter().enumerate() {
            let container = bin.get(span.0..span.1).ok_or(ResultCode::SERVER)?;
            match locate(container, entry)? {
                Located::At(index, (from, to)) => {
                    let element = (span.0 + from, span.0 + to);
                    if matches!(List::open(container), Ok(list) if list.is_ordered()) {
                        ordered.push(OrderedList { span, index, element });
                    }
                    span = element;
                }
                Located::Missing(_) if !create => return Err(NOT_APPLICABLE),
                Located::Missing(place) => {
                    let rest = context.entries[level + 1..].to_vec();
                    rest.iter().try_for_each(|entry| check_creatable(entry, false))?;
                    let target = Target::Missing { container: span, place, entry: *entry, rest };
                    return Ok(Walk { bin, ordered, target });
                }
            }
        }
        Ok(Walk { bin, ordered, target: Target::Found(span) })
    }

    /// The element that is there; `None` if it would have to be created.
    pub(crate) fn found(&self) -> Option<&'a [u8]> {
        match self.target {
            Target::Found((from, to)) => self.bin.get(from..to),
            Target::Missing { .. } => None,
        }
    }

    /// The bin with another element there.
    pub(crate) fn replace(self, element: &[u8]) -> Result<Vec<u8>, ResultCode> {
        let (mut span, mut bytes) = match &self.target {
            Target::Found(span) => (*span, element.to_vec()),
            Target::Missing { container, place, entry, rest } => {
                let created = wrap(element, rest, false)?;
                let old = self.bin.get(container.0..container.1).ok_or(ResultCode::SERVER)?;
                (*container, insert(old, place, entry, &created)?)
            }
        };
        for around in self.ordered.iter().rev() {
            let (from, to) = around.element;
            let parts = [&self.bin[from..span.0], &bytes, &self.bin[span.1..to]];
            let list = List::open(&self.bin[around.span.0..around.span.1])?;
            bytes = replace_ordered(&list, around.index, &parts.concat())?;
            span = around.span;
        }
        Ok([&self.bin[..span.0], &bytes, &self.bin[span.1..]].concat())
    }
}

/// Creates a bin around an element, by a context that leads through nothing that is there.
///
/// # Errors
/// OP_NOT_APPLICABLE if the context cannot create.
pub(crate) fn create_bin(context: &Context<'_>, element: &[u8]) -> Result<ParticleBuf, ResultCode> {
    let bytes = wrap(element, &context.entries, true)?;
    let kind = match context.entries.first() {
        Some(entry) if entry.base() == LIST_BY_INDEX => ParticleType::LIST,
        _ => ParticleType::MAP,
    };
    Ok(ParticleBuf::new(kind, bytes))
}

/// Whether a context can create a bin.
///
/// # Errors
/// OP_NOT_APPLICABLE if not.
pub(crate) fn check_creates_bin(context: &Context<'_>) -> Result<(), ResultCode> {
    let [first, rest @ ..] = &context.entries[..] else { return Err(NOT_APPLICABLE) };
    if !first.creates() {
        return Err(NOT_APPLICABLE);
    }
    check_creatable(first, true)?;
    rest.iter().try_for_each(|entry| check_creatable(entry, false))
}

/// Whether the container of an entry can be created, with an element where the entry wants it.
fn check_creatable(entry: &Entry<'_>, for_bin: bool) -> Result<(), ResultCode> {
    if !for_bin && entry.kind & ctx::CREATE_PERSIST != 0 {
        return Err(NOT_APPLICABLE);
    }
    match entry.base() {
        MAP_BY_KEY => canonical_element(entry.value).map(|_| ()).map_err(|_| NOT_APPLICABLE),
        LIST_BY_INDEX => padding_of(entry).map(|_| ()),
        _ => Err(NOT_APPLICABLE),
    }
}

/// How much padding a list needs that an entry creates.
fn padding_of(entry: &Entry<'_>) -> Result<u32, ResultCode> {
    let index = entry.int()?;
    let bits = entry.create_bits();
    match index {
        0 | -1 => Ok(0),
        // Before the first element there is nothing (a real server ends here, cdt §15).
        ..-1 => Err(NOT_APPLICABLE),
        _ if bits == ctx::CREATE_PADDED => padding(index),
        _ if bits == ctx::CREATE_ORDERED => Ok(0),
        _ if entry.kind & ctx::CREATE_PERSIST != 0 => Ok(0),
        _ => Err(NOT_APPLICABLE),
    }
}

/// The most bytes that padding may add: more than a record may have.
const MAX_PADDING: i64 = 8 << 20;

fn padding(elements: i64) -> Result<u32, ResultCode> {
    if elements > MAX_PADDING { Err(ResultCode::RECORD_TOO_BIG) } else { Ok(elements as u32) }
}

/// Creates the containers of all entries around an element, innermost first.
fn wrap(element: &[u8], entries: &[Entry<'_>], for_bin: bool) -> Result<Vec<u8>, ResultCode> {
    let mut bytes = element.to_vec();
    let mut padded = 0;
    for (level, entry) in entries.iter().enumerate().rev() {
        let flags = entry.created_flags(for_bin && level == 0);
        bytes = if entry.base() == LIST_BY_INDEX {
            let padding = padding_of(entry)?;
            padded += padding as i64;
            if padded > MAX_PADDING {
                return Err(ResultCode::RECORD_TOO_BIG);
            }
            let nils = vec![0xc0; padding as usize];
            list_of(flags, padding + 1, &[&nils, &bytes])
        } else {
            let key = canonical_element(entry.value).map_err(|_| NOT_APPLICABLE)?;
            map_of(flags, 1, &[&key, &bytes])
        };
    }
    Ok(bytes)
}

/// A container with a new element.
fn insert(container: &[u8], place: &Place, entry: &Entry<'_>, element: &[u8]) -> Result<Vec<u8>, ResultCode> {
    match place {
        Place::Append(padding) => {
            let list = List::open(container)?;
            let nils = vec![0xc0; *padding as usize];
            Ok(list_of(list.flags, list.count + padding + 1, &[list.body, &nils, element]))
        }
        Place::Ordered => insert_ordered(&List::open(container)?, element),
        Place::Key(at) => {
            let key = canonical_element(entry.value).map_err(|_| NOT_APPLICABLE)?;
            Ok(super::map_modify::with_entry(&Map::open(container)?, Err(*at), &key, element)?.1)
        }
    }
}

/// Finds the element that an entry addresses in a container; its span is relative to the container.
fn locate(container: &[u8], entry: &Entry<'_>) -> Result<Located, ResultCode> {
    // The untyped forms take what is there, but cannot create.
    let base = match entry.base() {
        untyped @ ctx::BY_INDEX..=ctx::BY_VALUE if !entry.creates() => match Reader::new(container).token() {
            Ok(Token::List(_)) => untyped | ctx::LIST,
            _ => untyped | ctx::MAP,
        },
        base => base,
    };
    match base {
        LIST_BY_INDEX | LIST_BY_RANK | LIST_BY_VALUE => {
            let list = List::open(container).map_err(|_| NOT_APPLICABLE)?;
            locate_in_list(container, &list, base, entry)
        }
        MAP_BY_INDEX | MAP_BY_RANK | MAP_BY_VALUE | MAP_BY_KEY => {
            let map = Map::open(container).map_err(|_| NOT_APPLICABLE)?;
            locate_in_map(container, &map, base, entry)
        }
        _ => Err(NOT_APPLICABLE),
    }
}

fn locate_in_list(
    container: &[u8],
    list: &List<'_>,
    base: i64,
    entry: &Entry<'_>,
) -> Result<Located, ResultCode> {
    let at = if base == LIST_BY_VALUE {
        list::index_of_value(list, entry.value)?.ok_or(NOT_APPLICABLE)?
    } else {
        let wanted = entry.int()?;
        match position(wanted, list.count) {
            Ok(at) if base == LIST_BY_RANK => list::index_of_rank(list, at)?,
            Ok(at) => at,
            Err(_) => return Ok(Located::Missing(place_in_list(list, base, wanted, entry)?)),
        }
    };
    let element = list.window(at, 1)?;
    let from = container.len() - list.body.len() + list.position(at)?;
    Ok(Located::At(at, (from, from + element.len())))
}

/// Where an element goes that an index or rank beyond the end addresses.
fn place_in_list(list: &List<'_>, base: i64, wanted: i64, entry: &Entry<'_>) -> Result<Place, ResultCode> {
    let size = list.count as i64;
    // On an empty list −1 is the first place.
    let wanted = if size == 0 && wanted == -1 { 0 } else { wanted };
    if !entry.creates() || wanted < size {
        return Err(NOT_APPLICABLE);
    }
    if list.is_ordered() {
        return Ok(Place::Ordered);
    }
    match base {
        LIST_BY_INDEX if wanted == size => Ok(Place::Append(0)),
        LIST_BY_INDEX if entry.create_bits() == ctx::CREATE_PADDED => {
            Ok(Place::Append(padding(wanted - size)?))
        }
        _ => Err(NOT_APPLICABLE),
    }
}

fn locate_in_map(
    container: &[u8],
    map: &Map<'_>,
    base: i64,
    entry: &Entry<'_>,
) -> Result<Located, ResultCode> {
    let at = match base {
        MAP_BY_KEY => match map::index_of_key(map, entry.value)? {
            Ok(at) => at,
            Err(at) if entry.creates() && canonical_element(entry.value).is_ok() => {
                return Ok(Located::Missing(Place::Key(at)));
            }
            Err(_) => return Err(NOT_APPLICABLE),
        },
        MAP_BY_VALUE => map::index_of_value(map, entry.value)?.ok_or(NOT_APPLICABLE)?,
        MAP_BY_RANK => map::index_of_rank(map, position(entry.int()?, map.count)?)?,
        _ => position(entry.int()?, map.count)?,
    };
    let elements = map.elements()?;
    let offset = container.len() - map.body.len();
    let (from, to) = (elements.position(2 * at + 1), elements.position(2 * at + 2));
    Ok(Located::At(at, (offset + from, offset + to)))
}

/// The element that a context leads to, as a value: what secondary indexes with a context hold, and expressions
/// look at.
///
/// `None` if it leads nowhere, or the bin is neither list nor map.
///
/// # Errors
/// PARAMETER if the bytes are no context.
pub fn resolve(bin: Particle<'_>, context: &[u8]) -> Result<Option<ParticleBuf>, ResultCode> {
    let context = Context::parse(&mut Reader::new(context))?;
    if !matches!(bin.kind, ParticleType::LIST | ParticleType::MAP) {
        return Ok(None);
    }
    match Walk::new(bin.data, &context, false) {
        Ok(walk) => Ok(walk.found().map(element_to_particle)),
        Err(_) => Ok(None),
    }
}

/// Why a secondary index cannot have a context (query §2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidContext {
    /// Not an array of pairs, or an entry that indexes do not know.
    #[error("invalid cdt context")]
    Malformed,
    /// Something in it has a shorter encoding.
    #[error("not normalized msgpack")]
    NotNormalized,
}

/// Checks the context of an index definition. Only plain entries are accepted: no create bits, no filters.
///
/// # Errors
/// What is wrong with it.
pub fn check_index_context(bytes: &[u8]) -> Result<(), InvalidContext> {
    let mut reader = Reader::new(bytes);
    let context = Context::parse(&mut reader).map_err(|_| InvalidContext::Malformed)?;
    if !reader.is_empty() || !context.entries.iter().all(|entry| name(entry.kind).is_some()) {
        return Err(InvalidContext::Malformed);
    }
    let mut normalized = Vec::with_capacity(bytes.len());
    let mut reader = Reader::new(bytes);
    while let Ok(token) = reader.token() {
        msgpack::put_token(&mut normalized, token);
    }
    if normalized == bytes { Ok(()) } else { Err(InvalidContext::NotNormalized) }
}

/// What a plain entry is called in the text form of a context (query §3).
fn name(kind: i64) -> Option<&'static str> {
    Some(match kind {
        ctx::BY_INDEX => "index",
        ctx::BY_RANK => "rank",
        ctx::BY_KEY => "key",
        ctx::BY_VALUE => "value",
        LIST_BY_INDEX => "list_index",
        LIST_BY_RANK => "list_rank",
        LIST_BY_VALUE => "list_value",
        MAP_BY_INDEX => "map_index",
        MAP_BY_RANK => "map_rank",
        MAP_BY_KEY => "map_key",
        MAP_BY_VALUE => "map_value",
        _ => return None,
    })
}

/// The text form of a context in index listings, such as `[[map_key(<string#1>), list_index(0)]` (query §3; the
/// uneven brackets are the real server's). `None` if [`check_index_context`] refuses it.
pub fn describe(bytes: &[u8]) -> Option<String> {
    check_index_context(bytes).ok()?;
    let context = Context::parse(&mut Reader::new(bytes)).ok()?;
    let entries: Option<Vec<String>> = context
        .entries
        .iter()
        .map(|entry| Some(format!("{}({})", name(entry.kind)?, describe_value(entry.value))))
        .collect();
    Some(format!("[[{}]", entries?.join(", ")))
}

/// A value in such texts: numbers as they are, of everything longer only kind and size.
pub fn describe_value(element: &[u8]) -> String {
    match Reader::new(element).token() {
        Ok(Token::Nil) => "nil".into(),
        Ok(Token::Bool(value)) => value.to_string(),
        Ok(Token::Int(value)) => value.to_string(),
        Ok(Token::Uint(value)) => (value as i64).to_string(),
        Ok(Token::Float32(value)) => format!("{:.6}", value as f64),
        Ok(Token::Float64(value)) => format!("{value:.6}"),
        Ok(Token::Raw(payload)) => {
            let kind = match super::order::class(Token::Raw(payload)) {
                super::order::Class::String => "string",
                super::order::Class::GeoJson => "geojson",
                _ => "blob",
            };
            format!("<{kind}#{}>", payload.len().saturating_sub(1))
        }
        Ok(Token::List(count)) => format!("<list#{count}>"),
        Ok(Token::Map(count)) => format!("<map#{count}>"),
        Ok(Token::Ext(..)) | Err(_) => "<ext>".into(),
    }
}
