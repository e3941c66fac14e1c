//! Changing lists (cdt §7.1, §7.3, §7.4, §7.5).

use std::cmp::Ordering;

use aerospike_wire::ResultCode;
use aerospike_wire::cdt::{list, list_write, order, sort};
use aerospike_wire::particle::ParticleBuf;

use super::list::remove;
use super::number::{self, Number};
use super::operation::{Arguments, MALFORMED, Operation};
use super::order::{Probe, compare};
use super::rank::{Lookup, Ranking, lower_bound, upper_bound};
use super::reply::integer;
use super::scan::{Elements, HEAD_ROOM, List, list_of, put_list_head};
use super::select::{Selecting, position};

/// What a modify operation does to a container.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) result: Option<ParticleBuf>,
    /// The new container; `None` if it stays as it is.
    pub(crate) change: Option<Vec<u8>>,
    /// A no-fail flag stopped the operation.
    pub(crate) stopped: bool,
}

impl Done {
    pub(crate) fn changed(result: Option<ParticleBuf>, change: Vec<u8>) -> Done {
        Done { result, change: Some(change), stopped: false }
    }

    pub(crate) fn unchanged(result: Option<ParticleBuf>) -> Done {
        Done { result, change: None, stopped: false }
    }

    fn stopped(result: Option<ParticleBuf>) -> Done {
        Done { result, change: None, stopped: true }
    }
}

/// The most bytes that padding may add: more than a record may have.
const MAX_PADDING: u32 = 8 << 20;
/// The first index that is out of the question; beyond it the answer is another one (cdt §7.1).
const INDEX_LIMIT: i64 = i32::MAX as i64;
const NIL: u8 = 0xc0;

/// Runs a modifying operation. `nested`: the list lies in another container.
pub(crate) fn modify(list: &List<'_>, operation: &Operation<'_>, nested: bool) -> Result<Done, ResultCode> {
    match operation.id {
        list::SET_TYPE => set_type(list, operation.arguments(1, 1)?, nested),
        list::APPEND => {
            let mut arguments = operation.arguments(1, 3)?;
            let value = arguments.value()?;
            let (_, flags) = (arguments.flags()?, arguments.flags()?);
            append(list, &Elements::single(&value), flags)
        }
        list::APPEND_ITEMS => {
            let mut arguments = operation.arguments(1, 3)?;
            let items = arguments.values()?;
            let (_, flags) = (arguments.flags()?, arguments.flags()?);
            append(list, List::open(&items)?.elements()?, flags)
        }
        list::INSERT => {
            let mut arguments = operation.arguments(2, 3)?;
            let index = arguments.int()?;
            let value = arguments.value()?;
            insert(list, index, &Elements::single(&value), arguments.flags()?)
        }
        list::INSERT_ITEMS => {
            let mut arguments = operation.arguments(2, 3)?;
            let index = arguments.int()?;
            let items = arguments.values()?;
            insert(list, index, List::open(&items)?.elements()?, arguments.flags()?)
        }
        list::SET => {
            let mut arguments = operation.arguments(2, 3)?;
            let index = arguments.int()?;
            let value = arguments.value()?;
            set(list, index, &value, arguments.flags()?)
        }
        list::INCREMENT => {
            let mut arguments = operation.arguments(1, 4)?;
            let index = arguments.int()?;
            let delta = arguments.optional_element()?;
            let (_, flags) = (arguments.flags()?, arguments.flags()?);
            increment(list, index, delta, flags)
        }
        list::SORT => sort(list, operation.arguments(0, 1)?.flags()?),
        list::CLEAR => Ok(clear(list)),
        _ => {
            let selecting = Selecting::parse(operation)?.ok_or(MALFORMED)?;
            let (result, change) = remove(list, &selecting)?;
            Ok(Done { result, change, stopped: false })
        }
    }
}

fn clear(list: &List<'_>) -> Done {
    let emptied = list_of(list.flags & !order::PERSIST_INDEX, 0, &[]);
    if list.count == 0 { Done::unchanged(None) } else { Done::changed(None, emptied) }
}

/// Checks the flags of SET_TYPE; only the low byte counts.
pub(crate) fn type_flags(mut arguments: Arguments<'_>, allowed: u8, nested: bool) -> Result<u8, ResultCode> {
    let flags = arguments.word()? as u8;
    if flags & !(allowed | order::PERSIST_INDEX) != 0 {
        return Err(ResultCode::OP_NOT_APPLICABLE);
    }
    Ok(if nested { flags & !order::PERSIST_INDEX } else { flags })
}

fn set_type(list: &List<'_>, arguments: Arguments<'_>, nested: bool) -> Result<Done, ResultCode> {
    let flags = super::canonical::list_flags(type_flags(arguments, order::ORDERED, nested)?, false);
    if flags == list.flags {
        return Ok(Done::unchanged(None));
    }
    let change = if flags & order::ORDERED != 0 && !list.is_ordered() {
        let sorted = Ranking::new(list.column()?).sorted();
        gather(flags, list.elements()?, &sorted)
    } else {
        list_of(flags, list.count, &[list.body])
    };
    Ok(Done::changed(None, change))
}

/// A list of some elements of another one.
fn gather(flags: u8, elements: &Elements<'_>, indexes: &[u32]) -> Vec<u8> {
    let size: usize = indexes.iter().map(|i| elements.get(*i).len()).sum();
    let mut out = Vec::with_capacity(HEAD_ROOM + size);
    put_list_head(&mut out, flags, indexes.len() as u32);
    indexes.iter().for_each(|i| out.extend_from_slice(elements.get(*i)));
    out
}

/// Which of the items ADD_UNIQUE lets in; `None` if a no-fail flag makes nothing of a conflict.
fn unique_items(list: &List<'_>, items: &Elements<'_>, flags: u64) -> Result<Option<Vec<u32>>, ResultCode> {
    let column = items.column();
    let existing = Lookup::new(list.column()?, items.len());
    let exists: Vec<bool> = column.iter().map(|item| existing.contains(item)).collect();
    let repeats = Ranking::new(column).repeats();
    let (conflict_exists, conflict_repeats) = (ResultCode::ELEMENT_EXISTS, ResultCode::OP_NOT_APPLICABLE);
    let conflict = if list.is_ordered() && repeats.contains(&true) {
        Some(conflict_repeats)
    } else {
        exists.iter().zip(&repeats).find_map(|(exists, repeats)| match (exists, repeats) {
            (true, _) => Some(conflict_exists),
            (false, true) => Some(conflict_repeats),
            (false, false) => None,
        })
    };
    let Some(conflict) = conflict else { return Ok(Some((0..items.len()).collect())) };
    if flags & list_write::NO_FAIL == 0 {
        return Err(conflict);
    }
    if flags & list_write::DO_PARTIAL == 0 {
        return Ok(None);
    }
    Ok(Some((0..items.len()).filter(|i| !exists[*i as usize] && !repeats[*i as usize]).collect()))
}

/// APPEND and APPEND_ITEMS: at the end, or where the order wants the items.
fn append(list: &List<'_>, items: &Elements<'_>, flags: u64) -> Result<Done, ResultCode> {
    let kept;
    let mut items = items;
    let holder;
    if flags & list_write::ADD_UNIQUE != 0 {
        let Some(unique) = unique_items(list, items, flags)? else {
            return Ok(Done::stopped(integer(list.count)));
        };
        if unique.len() < items.len() as usize {
            kept = concat(items, &unique);
            holder = Elements::scan(&kept, unique.len() as u32, 1)?;
            items = &holder;
        }
    }
    if items.len() == 0 {
        return Ok(Done::unchanged(integer(list.count)));
    }
    let count = list.count + items.len();
    let change = if list.is_ordered() {
        merge(list, items)?
    } else {
        list_of(list.flags, count, &[list.body, items.span(0, items.len())])
    };
    Ok(Done::changed(integer(count), change))
}

fn concat(elements: &Elements<'_>, indexes: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    indexes.iter().for_each(|i| out.extend_from_slice(elements.get(*i)));
    out
}

/// An ordered list with items put where they belong, behind those equal to them.
fn merge(list: &List<'_>, items: &Elements<'_>) -> Result<Vec<u8>, ResultCode> {
    let column = list.column()?;
    let elements = list.elements()?;
    let sorted = Ranking::new(items.column()).sorted();
    let added = items.span(0, items.len()).len();
    let mut out = Vec::with_capacity(HEAD_ROOM + list.body.len() + added);
    put_list_head(&mut out, list.flags, list.count + items.len());
    let mut from = 0;
    for i in sorted {
        let item = items.get(i);
        let at = upper_bound(column, item).max(from);
        out.extend_from_slice(elements.span(from, at));
        out.extend_from_slice(item);
        from = at;
    }
    out.extend_from_slice(elements.span(from, list.count));
    Ok(out)
}

/// Where an index leads that may lie beyond the end.
enum Target {
    /// At an element or right behind the last.
    At(u32),
    /// Behind the end, with so much padding between.
    Padded(u32),
    /// INSERT_BOUNDED and NO_FAIL: nothing is to be done.
    Stopped,
}

fn target(list: &List<'_>, index: i64, flags: u64) -> Result<Target, ResultCode> {
    let size = list.count as i64;
    let at = if index < 0 { index.saturating_add(size) } else { index };
    if at < 0 {
        return Err(ResultCode::OP_NOT_APPLICABLE);
    }
    if at <= size {
        return Ok(Target::At(at as u32));
    }
    if flags & list_write::INSERT_BOUNDED != 0 {
        return match flags & list_write::NO_FAIL {
            0 => Err(ResultCode::OP_NOT_APPLICABLE),
            _ => Ok(Target::Stopped),
        };
    }
    match at.cmp(&INDEX_LIMIT) {
        Ordering::Less => {}
        Ordering::Equal => return Err(MALFORMED),
        Ordering::Greater => return Err(ResultCode::OP_NOT_APPLICABLE),
    }
    let padding = (at - size) as u32;
    if padding > MAX_PADDING { Err(ResultCode::RECORD_TOO_BIG) } else { Ok(Target::Padded(padding)) }
}

/// INSERT and INSERT_ITEMS.
fn insert(list: &List<'_>, index: i64, items: &Elements<'_>, flags: u64) -> Result<Done, ResultCode> {
    if list.is_ordered() {
        return Err(ResultCode::OP_NOT_APPLICABLE);
    }
    if items.len() == 0 {
        return Ok(Done::unchanged(integer(list.count)));
    }
    let target = target(list, index, flags)?;
    if matches!(target, Target::Stopped) {
        return Ok(Done::stopped(integer(list.count)));
    }
    let kept;
    let mut count = items.len();
    let mut added = items.span(0, count);
    if flags & list_write::ADD_UNIQUE != 0 {
        let Some(unique) = unique_items(list, items, flags)? else {
            return Ok(Done::stopped(integer(list.count)));
        };
        if unique.is_empty() {
            return Ok(Done::unchanged(integer(list.count)));
        }
        count = unique.len() as u32;
        kept = concat(items, &unique);
        added = &kept;
    }
    let (size, change) = match target {
        Target::At(at) => {
            let (front, back) = list.body.split_at(list.position(at)?);
            let size = list.count + count;
            (size, list_of(list.flags, size, &[front, added, back]))
        }
        Target::Padded(padding) => {
            let size = list.count + padding + count;
            (size, list_of(list.flags, size, &[list.body, &vec![NIL; padding as usize], added]))
        }
        Target::Stopped => return Ok(Done::stopped(integer(list.count))),
    };
    Ok(Done::changed(integer(size), change))
}

/// Whether another element equals the value.
fn exists_elsewhere(list: &List<'_>, value: &[u8], here: u32) -> Result<bool, ResultCode> {
    let column = list.column()?;
    let probe = Probe::new(value);
    Ok((0..list.count).any(|i| i != here && probe.order_of(column.get(i)) == Ordering::Equal))
}

fn set(list: &List<'_>, index: i64, value: &[u8], flags: u64) -> Result<Done, ResultCode> {
    if list.is_ordered() {
        return Err(ResultCode::OP_NOT_APPLICABLE);
    }
    let target = target(list, index, flags)?;
    if flags & list_write::ADD_UNIQUE != 0 {
        let here = if let Target::At(at) = target { at } else { list.count };
        if exists_elsewhere(list, value, here)? {
            return match flags & list_write::NO_FAIL {
                0 => Err(ResultCode::ELEMENT_EXISTS),
                _ => Ok(Done::stopped(None)),
            };
        }
    }
    Ok(match put_at(list, &target, value)? {
        Some(change) => Done::changed(None, change),
        None => Done::stopped(None),
    })
}

/// An unordered list with an element replaced or added.
fn put_at(list: &List<'_>, target: &Target, value: &[u8]) -> Result<Option<Vec<u8>>, ResultCode> {
    Ok(Some(match *target {
        Target::At(at) if at < list.count => {
            let from = list.position(at)?;
            let to = from + list.window(at, 1)?.len();
            list_of(list.flags, list.count, &[&list.body[..from], value, &list.body[to..]])
        }
        Target::At(_) => list_of(list.flags, list.count + 1, &[list.body, value]),
        Target::Padded(padding) => {
            let pieces = [list.body, &vec![NIL; padding as usize], value];
            list_of(list.flags, list.count + padding + 1, &pieces)
        }
        Target::Stopped => return Ok(None),
    }))
}

fn increment(list: &List<'_>, index: i64, delta: Option<&[u8]>, flags: u64) -> Result<Done, ResultCode> {
    if index < -(list.count as i64) {
        return Err(ResultCode::OP_NOT_APPLICABLE);
    }
    let delta = delta.map(number::delta).transpose()?.flatten();
    let at = position(index, list.count).ok();
    let before = match at {
        Some(at) => Some(Number::of(list.window(at, 1)?).ok_or(MALFORMED)?),
        None => None,
    };
    let sum = number::add(before, delta);
    let element = sum.to_element();
    let target = match at {
        Some(at) => Target::At(at),
        None if list.is_ordered() && index > list.count as i64 => return Err(ResultCode::OP_NOT_APPLICABLE),
        None => target(list, index, flags)?,
    };
    if flags & list_write::ADD_UNIQUE != 0 && exists_elsewhere(list, &element, at.unwrap_or(list.count))? {
        return match flags & list_write::NO_FAIL {
            0 => Err(ResultCode::ELEMENT_EXISTS),
            // The number that the element does not have is returned all the same.
            _ => Ok(Done::stopped(Some(sum.to_particle()))),
        };
    }
    let change = match (&target, at) {
        (Target::Stopped, _) => return Ok(Done::stopped(Some(sum.to_particle()))),
        (_, Some(at)) if list.is_ordered() => replace_ordered(list, at, &element)?,
        (_, None) if list.is_ordered() => merge(list, &Elements::single(&element))?,
        _ => put_at(list, &target, &element)?.unwrap_or_default(),
    };
    Ok(Done::changed(Some(sum.to_particle()), change))
}

/// An ordered list with an element replaced, which then may stand elsewhere.
pub(crate) fn replace_ordered(list: &List<'_>, at: u32, element: &[u8]) -> Result<Vec<u8>, ResultCode> {
    let elements = list.elements()?;
    let front = elements.span(0, at);
    let back = elements.span(at + 1, list.count);
    let rest = list_of(list.flags, list.count - 1, &[front, back]);
    insert_ordered(&List::open(&rest)?, element)
}

/// An ordered list with one element more, in front of those equal to it.
pub(crate) fn insert_ordered(list: &List<'_>, element: &[u8]) -> Result<Vec<u8>, ResultCode> {
    let elements = list.elements()?;
    let at = lower_bound(list.column()?, element);
    let pieces = [elements.span(0, at), element, elements.span(at, list.count)];
    Ok(list_of(list.flags, list.count + 1, &pieces))
}

fn sort(list: &List<'_>, flags: u64) -> Result<Done, ResultCode> {
    let (descending, distinct) = (flags & sort::DESCENDING != 0, flags & sort::DROP_DUPLICATES != 0);
    if descending && distinct && !list.is_ordered() && list.count > 1 {
        return Err(MALFORMED);
    }
    if list.count < 2 {
        return Ok(Done::unchanged(None));
    }
    let column = list.column()?;
    let mut sorted: Vec<u32> =
        if list.is_ordered() { (0..list.count).collect() } else { Ranking::new(column).sorted() };
    if distinct {
        sorted.dedup_by(|next, kept| compare(column.get(*next), column.get(*kept)) == Ordering::Equal);
    }
    if descending && !list.is_ordered() {
        sorted.reverse();
    }
    if sorted.len() == list.count as usize && sorted.is_sorted() {
        return Ok(Done::unchanged(None));
    }
    Ok(Done::changed(None, gather(list.flags, list.elements()?, &sorted)))
}
