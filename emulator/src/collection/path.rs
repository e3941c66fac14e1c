//! Path operations: reading and changing many nested elements at once (cdt §10).

use std::cell::Cell;
use std::cmp::Ordering;

use aerospike_wire::cdt::{context as ctx, select};
use aerospike_wire::msgpack::{self, Reader, Token};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ParticleType, ResultCode};

use super::canonical::{Unstorable, canonical_element};
use super::operation::{MALFORMED, Operation};
use super::order::compare;
use super::outcome::Outcome;
use super::rank::{Lookup, Ranking};
use super::scan::{Elements, HEAD_ROOM, List, Map, put_list_head, put_map_head};
use super::select::{SearchItems, position};
use super::{list, map};

/// What the expressions of a path are evaluated against: one element of a container, which they know as their loop
/// variables (cdt §10.2). All of it is msgpack.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The element's key, in a map.
    pub key: Option<&'a [u8]>,
    /// The element.
    pub value: &'a [u8],
    /// Where it stands, in a list.
    pub index: Option<u32>,
}

/// What becomes of a selected element.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Transformed {
    /// This element takes its place. It need not be in the form that is stored.
    Value(Vec<u8>),
    /// It goes, in a map together with its key.
    Removed,
    /// The expression has no value for it.
    Unknown,
}

/// Evaluates the expressions in a path. Implemented where expressions are; this room only knows their bytes.
pub trait PathExpressions {
    /// An expression made ready.
    type Expression;

    /// Makes an expression ready, once per operation.
    ///
    /// # Errors
    /// PARAMETER for one that is malformed.
    fn build(&self, packed: &[u8]) -> Result<Self::Expression, ResultCode>;

    /// Whether an item is selected; `None` if that is unknown. What is no truth value selects nothing.
    fn test(&self, expression: &Self::Expression, item: &Item<'_>) -> Option<bool>;

    /// The value that an item is to have.
    fn transform(&self, expression: &Self::Expression, item: &Item<'_>) -> Transformed;
}

/// Refuses every expression: for paths in places where none can be evaluated, and for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoExpressions;

impl PathExpressions for NoExpressions {
    type Expression = std::convert::Infallible;

    fn build(&self, _packed: &[u8]) -> Result<Self::Expression, ResultCode> {
        Err(ResultCode::UNSUPPORTED_FEATURE)
    }

    fn test(&self, expression: &Self::Expression, _item: &Item<'_>) -> Option<bool> {
        match *expression {}
    }

    fn transform(&self, expression: &Self::Expression, _item: &Item<'_>) -> Transformed {
        match *expression {}
    }
}

/// The most bytes of new values: more than a record may have.
const MAX_NEW_BYTES: usize = 8 << 20;

/// Which children of a container one level of a path selects.
enum Selector<'a, E> {
    Index(i64),
    Rank(i64),
    Key(&'a [u8]),
    Value(&'a [u8]),
    All,
    Filter(E),
    Keys(SearchItems<'a>),
}

/// One level of a path.
struct Level<'a, E> {
    selector: Selector<'a, E>,
    /// [`ctx::LIST`] or [`ctx::MAP`]: only that kind; 0: either.
    kind: i64,
    /// Has create bits, which maps do not bear.
    creates: bool,
    /// A further condition.
    and: Option<E>,
}

/// A path operation taken apart.
struct Path<'a, E> {
    levels: Vec<Level<'a, E>>,
    mode: u64,
    no_fail: bool,
    transform: Option<E>,
}

impl<'a, E> Path<'a, E> {
    fn parse(
        operation: &Operation<'a>,
        expressions: &impl PathExpressions<Expression = E>,
    ) -> Result<Path<'a, E>, ResultCode> {
        let mut arguments = operation.arguments(2, 3)?;
        let path = arguments.element()?;
        let flags = arguments.word()?;
        let mode = flags & select::MODE_MASK;
        let modifies = mode == select::MODIFY;
        if mode > select::MODIFY || operation.count() != 2 + modifies as u32 {
            return Err(MALFORMED);
        }
        let levels = parse_levels(path, expressions)?;
        let transform = arguments.optional_element()?.map(|packed| expressions.build(packed)).transpose()?;
        Ok(Path { levels, mode, no_fail: flags & select::NO_FAIL != 0, transform })
    }
}

fn parse_levels<'a, E>(
    path: &'a [u8],
    expressions: &impl PathExpressions<Expression = E>,
) -> Result<Vec<Level<'a, E>>, ResultCode> {
    let mut reader = Reader::new(path);
    let count = reader.list().map_err(|_| MALFORMED)?;
    if count == 0 || count % 2 != 0 || count / 2 > select::MAX_LEVELS {
        return Err(MALFORMED);
    }
    let mut levels: Vec<Level<'a, E>> = Vec::new();
    for _ in 0..count / 2 {
        let kind = reader.int().map_err(|_| MALFORMED)?;
        let value = reader.element().map_err(|_| MALFORMED)?;
        if kind == ctx::AND {
            let level = levels.last_mut().ok_or(MALFORMED)?;
            if level.and.is_some() || matches!(level.selector, Selector::All | Selector::Filter(_)) {
                return Err(MALFORMED);
            }
            // A condition that is always true restricts nothing.
            match condition(value, expressions)? {
                Selector::Filter(filter) => level.and = Some(filter),
                _ => continue,
            }
        } else {
            levels.push(parse_level(kind, value, expressions)?);
        }
    }
    Ok(levels)
}

fn parse_level<'a, E>(
    kind: i64,
    value: &'a [u8],
    expressions: &impl PathExpressions<Expression = E>,
) -> Result<Level<'a, E>, ResultCode> {
    let int = || Reader::new(value).int().map_err(|_| MALFORMED);
    let base = kind & !ctx::CREATE_MASK;
    let selector = match base & 0x0f {
        ctx::BY_INDEX => Selector::Index(int()?),
        ctx::BY_RANK => Selector::Rank(int()?),
        ctx::BY_KEY => Selector::Key(value),
        ctx::BY_VALUE => Selector::Value(value),
        ctx::EXPRESSION => condition(value, expressions)?,
        ctx::BY_KEY_LIST => Selector::Keys(SearchItems::parse(value)?),
        _ => return Err(MALFORMED),
    };
    let only = base & !0x0f;
    let for_keys = matches!(selector, Selector::Key(_) | Selector::Keys(_));
    if !matches!(only, 0 | ctx::LIST | ctx::MAP) || for_keys && only == ctx::LIST {
        return Err(MALFORMED);
    }
    Ok(Level { selector, kind: only, creates: kind & ctx::CREATE_MASK != 0, and: None })
}

/// True, or an expression.
fn condition<'a, E>(
    value: &[u8],
    expressions: &impl PathExpressions<Expression = E>,
) -> Result<Selector<'a, E>, ResultCode> {
    match Reader::new(value).token() {
        Ok(Token::Bool(true)) => Ok(Selector::All),
        Ok(Token::List(_)) => Ok(Selector::Filter(expressions.build(value)?)),
        _ => Err(MALFORMED),
    }
}

/// Runs a path operation that reads.
pub(crate) fn read<P: PathExpressions>(
    bin: Particle<'_>,
    operation: &Operation<'_>,
    expressions: &P,
) -> Result<Option<ParticleBuf>, ResultCode> {
    check_bin(bin)?;
    let path = Path::parse(operation, expressions)?;
    if path.mode == select::MODIFY {
        return Err(MALFORMED);
    }
    Walk { path, expressions, made: Cell::new(0) }.select(bin).map(Some)
}

/// Runs a path operation that may modify.
pub(crate) fn modify<P: PathExpressions>(
    bin: Particle<'_>,
    operation: &Operation<'_>,
    expressions: &P,
) -> Result<Outcome, ResultCode> {
    check_bin(bin)?;
    let path = Path::parse(operation, expressions)?;
    let walk = Walk { path, expressions, made: Cell::new(0) };
    if walk.path.mode != select::MODIFY {
        return Ok(Outcome { result: Some(walk.select(bin)?), change: None });
    }
    let change = walk.rebuild(0, bin.data, &mut 0)?;
    Ok(Outcome { result: None, change: change.map(|data| ParticleBuf::new(bin.kind, data)) })
}

fn check_bin(bin: Particle<'_>) -> Result<(), ResultCode> {
    match bin.kind {
        ParticleType::LIST | ParticleType::MAP => Ok(()),
        _ => Err(ResultCode::INCOMPATIBLE_TYPE),
    }
}

/// A container on the way.
enum Container<'a> {
    List(List<'a>),
    Map(Map<'a>),
}

impl<'a> Container<'a> {
    /// `None` for a scalar.
    fn open(element: &'a [u8]) -> Result<Option<Container<'a>>, ResultCode> {
        Ok(match Reader::new(element).token() {
            Ok(Token::List(_)) => Some(Container::List(List::open(element)?)),
            Ok(Token::Map(_)) => Some(Container::Map(Map::open(element)?)),
            _ => None,
        })
    }

    fn count(&self) -> u32 {
        match self {
            Container::List(list) => list.count,
            Container::Map(map) => map.count,
        }
    }

    fn elements(&self) -> Result<&Elements<'a>, ResultCode> {
        match self {
            Container::List(list) => list.elements(),
            Container::Map(map) => map.elements(),
        }
    }

    fn item(&self, i: u32) -> Result<Item<'a>, ResultCode> {
        let elements = self.elements()?;
        Ok(match self {
            Container::List(_) => Item { key: None, value: elements.get(i), index: Some(i) },
            Container::Map(_) => {
                Item { key: Some(elements.get(2 * i)), value: elements.get(2 * i + 1), index: None }
            }
        })
    }

    /// The children that a selector means, filters aside, in the container's order.
    fn children<E>(&self, selector: &Selector<'_, E>) -> Result<Vec<u32>, ResultCode> {
        let size = self.count();
        let of_value = |value: &[u8]| -> Result<Vec<u32>, ResultCode> {
            let all = (0..size).map(|i| Ok((i, self.item(i)?.value)));
            let all: Result<Vec<_>, ResultCode> = all.collect();
            let equal = all?.into_iter().filter(|(_, element)| compare(element, value) == Ordering::Equal);
            Ok(equal.map(|(i, _)| i).collect())
        };
        Ok(match (selector, self) {
            (Selector::All | Selector::Filter(_), _) => (0..size).collect(),
            (Selector::Index(index), _) => position(*index, size).ok().into_iter().collect(),
            (Selector::Rank(rank), container) => match (position(*rank, size), container) {
                (Ok(rank), Container::List(list)) => vec![list::index_of_rank(list, rank)?],
                (Ok(rank), Container::Map(map)) => vec![map::index_of_rank(map, rank)?],
                (Err(_), _) => Vec::new(),
            },
            (Selector::Value(value), _) => of_value(value)?,
            (Selector::Key(key), Container::Map(map)) => {
                map::index_of_key(map, key)?.ok().into_iter().collect()
            }
            (Selector::Keys(keys), Container::Map(map)) => {
                let lookup = Lookup::new(keys.column()?, size);
                let column = map.keys()?;
                (0..size).filter(|i| lookup.contains(column.get(*i))).collect()
            }
            (Selector::Key(_) | Selector::Keys(_), Container::List(_)) => return Err(MALFORMED),
        })
    }
}

/// A path being followed. The recursion ends with the path, which has at most [`select::MAX_LEVELS`] levels.
struct Walk<'a, 'p, P: PathExpressions> {
    path: Path<'a, P::Expression>,
    expressions: &'p P,
    /// How many bytes the new elements take so far.
    made: Cell<usize>,
}

/// Most bytes that new elements may take together: no record holds more (cdt §14). One constant can stand for any
/// number of elements.
const MAX_MADE: usize = 8 << 20;

impl<P: PathExpressions> Walk<'_, '_, P> {
    fn is_last(&self, level: usize) -> bool {
        level + 1 == self.path.levels.len()
    }

    /// Whether a level can be applied to a container that is not empty.
    fn check(&self, level: usize, container: &Container<'_>) -> Result<(), ResultCode> {
        let level = &self.path.levels[level];
        let fits = match container {
            Container::List(_) => level.kind != ctx::MAP,
            Container::Map(_) => level.kind != ctx::LIST && !level.creates,
        };
        if fits { Ok(()) } else { Err(MALFORMED) }
    }

    /// The children that a level selects before its conditions.
    fn children(&self, level: usize, container: &Container<'_>) -> Result<Vec<u32>, ResultCode> {
        if container.count() == 0 {
            return Ok(Vec::new());
        }
        self.check(level, container)?;
        match container.children(&self.path.levels[level].selector) {
            Err(MALFORMED) if self.path.no_fail => Ok(Vec::new()),
            children => children,
        }
    }

    /// Whether the conditions of a level hold for an item.
    fn holds(&self, level: usize, item: &Item<'_>) -> Result<bool, ResultCode> {
        let level = &self.path.levels[level];
        let judge = |expression: &P::Expression, lenient: bool| match self.expressions.test(expression, item)
        {
            Some(holds) => Ok(holds),
            None if lenient || self.path.no_fail => Ok(false),
            None => Err(MALFORMED),
        };
        if let Selector::Filter(filter) = &level.selector {
            return judge(filter, false);
        }
        let lenient = matches!(level.selector, Selector::Index(_) | Selector::Rank(_));
        level.and.as_ref().map_or(Ok(true), |and| judge(and, lenient))
    }

    fn select(&self, bin: Particle<'_>) -> Result<ParticleBuf, ResultCode> {
        if self.path.mode == select::MATCHING_TREE {
            return Ok(ParticleBuf::new(bin.kind, self.tree(0, bin.data)?));
        }
        let mut found = Found { count: 0, bytes: Vec::new() };
        self.collect(0, bin.data, &mut found)?;
        let mut data = Vec::with_capacity(HEAD_ROOM + found.bytes.len());
        msgpack::put_list_head(&mut data, found.count);
        data.extend_from_slice(&found.bytes);
        Ok(ParticleBuf::new(ParticleType::LIST, data))
    }

    /// A copy of the element with only the selected branches.
    fn tree(&self, level: usize, element: &[u8]) -> Result<Vec<u8>, ResultCode> {
        let Some(container) = Container::open(element)? else { return Ok(element.to_vec()) };
        if container.count() == 0 {
            return Ok(element.to_vec());
        }
        let (mut count, mut body) = (0, Vec::new());
        for i in self.children(level, &container)? {
            let item = container.item(i)?;
            if !self.holds(level, &item)? {
                continue;
            }
            count += 1;
            body.extend_from_slice(item.key.unwrap_or_default());
            if self.is_last(level) {
                body.extend_from_slice(item.value);
            } else {
                body.extend_from_slice(&self.tree(level + 1, item.value)?);
            }
        }
        let mut out = Vec::with_capacity(HEAD_ROOM + body.len());
        match container {
            Container::List(_) => put_list_head(&mut out, 0, count),
            Container::Map(_) => put_map_head(&mut out, 0, count),
        }
        out.extend_from_slice(&body);
        Ok(out)
    }

    /// Gathers what is selected at the last level.
    fn collect(&self, level: usize, element: &[u8], found: &mut Found) -> Result<(), ResultCode> {
        let Some(container) = Container::open(element)? else { return Ok(()) };
        let keys = self.path.mode != select::VALUES;
        if self.is_last(level)
            && keys
            && let Container::List(list) = &container
        {
            // An ordered list is not noticed to be empty.
            let nothing = self.path.no_fail || list.count == 0 && !list.is_ordered();
            return if nothing { Ok(()) } else { Err(ResultCode::INCOMPATIBLE_TYPE) };
        }
        for i in self.children(level, &container)? {
            let item = container.item(i)?;
            if !self.holds(level, &item)? {
                continue;
            }
            if !self.is_last(level) {
                self.collect(level + 1, item.value, found)?;
                continue;
            }
            if keys {
                found.push(item.key.unwrap_or_default());
            }
            if self.path.mode != select::KEYS {
                found.push(item.value);
            }
        }
        Ok(())
    }

    /// The element with all selected ones below it replaced or removed; `None` if nothing is selected.
    /// `made` counts the bytes of new values: a large one for many elements must not exhaust the memory.
    fn rebuild(&self, level: usize, element: &[u8], made: &mut usize) -> Result<Option<Vec<u8>>, ResultCode> {
        let Some(container) = Container::open(element)? else { return Ok(None) };
        // What the changed children become, by rising index; nothing: they go.
        let mut changes: Vec<(u32, Option<Vec<u8>>)> = Vec::new();
        for i in self.children(level, &container)? {
            let item = container.item(i)?;
            if !self.holds(level, &item)? {
                continue;
            }
            let change = if self.is_last(level) {
                let change = self.transform(&item)?;
                *made += change.as_ref().and_then(Option::as_ref).map_or(0, Vec::len);
                if *made > MAX_NEW_BYTES {
                    return Err(ResultCode::RECORD_TOO_BIG);
                }
                change
            } else {
                self.rebuild(level + 1, item.value, made)?.map(Some)
            };
            changes.extend(change.map(|change| (i, change)));
        }
        if changes.is_empty() { Ok(None) } else { replace(&container, &changes).map(Some) }
    }

    /// The new value of a selected item, nothing for one that goes; `None` if it stays as it is.
    fn transform(&self, item: &Item<'_>) -> Result<Option<Option<Vec<u8>>>, ResultCode> {
        let Some(expression) = &self.path.transform else { return Err(MALFORMED) };
        match self.expressions.transform(expression, item) {
            Transformed::Removed => Ok(Some(None)),
            Transformed::Unknown if self.path.no_fail => Ok(None),
            Transformed::Unknown => Err(ResultCode::SERVER),
            Transformed::Value(value) => {
                self.made.set(self.made.get() + value.len());
                if self.made.get() > MAX_MADE {
                    return Err(ResultCode::RECORD_TOO_BIG);
                }
                match canonical_element(&value) {
                    Ok(value) => Ok(Some(Some(value.into_owned()))),
                    Err(Unstorable::Comparison) => Err(ResultCode::INCOMPATIBLE_TYPE),
                    Err(_) => Err(MALFORMED),
                }
            }
        }
    }
}

/// What a reading path has gathered.
struct Found {
    count: u32,
    bytes: Vec<u8>,
}

impl Found {
    fn push(&mut self, element: &[u8]) {
        self.count += 1;
        self.bytes.extend_from_slice(element);
    }
}

/// A container with some of its children replaced or removed. Order marks stay; an ordered list is sorted again.
fn replace(container: &Container<'_>, changes: &[(u32, Option<Vec<u8>>)]) -> Result<Vec<u8>, ResultCode> {
    let elements = container.elements()?;
    let size = container.count();
    let stride = if matches!(container, Container::Map(_)) { 2 } else { 1 };
    let mut body = Vec::new();
    let (mut count, mut from) = (size, 0);
    for (i, change) in changes {
        body.extend_from_slice(elements.span(from * stride, i * stride));
        from = i + 1;
        match change {
            Some(value) => {
                body.extend_from_slice(container.item(*i)?.key.unwrap_or_default());
                body.extend_from_slice(value);
            }
            None => count -= 1,
        }
    }
    body.extend_from_slice(elements.span(from * stride, size * stride));
    let mut out = Vec::with_capacity(HEAD_ROOM + body.len());
    match container {
        Container::List(list) => {
            put_list_head(&mut out, list.flags, count);
            if list.is_ordered() {
                let elements = Elements::scan(&body, count, 1)?;
                let sorted = Ranking::new(elements.column()).sorted();
                sorted.iter().for_each(|i| out.extend_from_slice(elements.get(*i)));
                return Ok(out);
            }
        }
        Container::Map(map) => put_map_head(&mut out, map.flags, count),
    }
    out.extend_from_slice(&body);
    Ok(out)
}
