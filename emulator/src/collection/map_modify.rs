//! Changing maps (cdt §8.1, §8.2).

use aerospike_wire::ResultCode;
use aerospike_wire::cdt::{map, map_write, order};

use super::list_modify::{Done, type_flags};
use super::map::{index_of_key, remove};
use super::number::{self, Number};
use super::operation::{MALFORMED, Operation};
use super::reply::integer;
use super::scan::{Elements, HEAD_ROOM, Map, map_of, put_map_head};
use super::select::Selecting;

/// Runs a modifying operation. `nested`: the map lies in another container.
pub(crate) fn modify(map: &Map<'_>, operation: &Operation<'_>, nested: bool) -> Result<Done, ResultCode> {
    let policy = match operation.id {
        map::ADD | map::ADD_ITEMS => map_write::CREATE_ONLY,
        map::REPLACE | map::REPLACE_ITEMS => map_write::UPDATE_ONLY,
        _ => 0,
    };
    match operation.id {
        map::SET_TYPE => {
            let allowed = order::KEY_ORDERED | order::VALUE_ORDERED;
            let flags = type_flags(operation.arguments(1, 1)?, allowed, nested)?;
            let flags = super::canonical::map_flags(flags, true);
            if flags == map.flags {
                return Ok(Done::unchanged(None));
            }
            Ok(Done::changed(None, map_of(flags, map.count, &[map.body])))
        }
        map::ADD | map::PUT | map::REPLACE => {
            let most = match operation.id {
                map::ADD => 3,
                map::PUT => 4,
                _ => 2,
            };
            let mut arguments = operation.arguments(2, most)?;
            let (key, value) = (arguments.key()?, arguments.value()?);
            let (_, flags) = (arguments.flags()?, arguments.flags()?);
            put(map, &key, &value, flags | policy)
        }
        map::ADD_ITEMS | map::PUT_ITEMS | map::REPLACE_ITEMS => {
            let most = match operation.id {
                map::ADD_ITEMS => 2,
                map::PUT_ITEMS => 3,
                _ => 1,
            };
            let mut arguments = operation.arguments(1, most)?;
            let entries = arguments.entries()?;
            let (_, flags) = (arguments.flags()?, arguments.flags()?);
            put_items(map, &Map::open(&entries)?, flags | policy)
        }
        map::INCREMENT | map::DECREMENT => {
            let mut arguments = operation.arguments(1, 3)?;
            let key = arguments.key()?;
            let delta = match arguments.optional_element()? {
                Some(delta) => number::delta(delta)?,
                None => None,
            };
            arguments.flags()?;
            let delta = delta.unwrap_or(Number::Int(1));
            let delta = if operation.id == map::DECREMENT { delta.negated() } else { delta };
            increment(map, &key, delta)
        }
        map::CLEAR if map.count == 0 => Ok(Done::unchanged(None)),
        map::CLEAR => Ok(Done::changed(None, map_of(map.flags, 0, &[]))),
        _ => {
            let selecting = Selecting::parse(operation)?.ok_or(MALFORMED)?;
            let (result, change) = remove(map, &selecting)?;
            Ok(Done { result, change, stopped: false })
        }
    }
}

/// What the write flags have against a key that exists or not.
fn conflict(exists: bool, flags: u64) -> Option<ResultCode> {
    match exists {
        true if flags & map_write::CREATE_ONLY != 0 => Some(ResultCode::ELEMENT_EXISTS),
        false if flags & map_write::UPDATE_ONLY != 0 => Some(ResultCode::ELEMENT_NOT_FOUND),
        _ => None,
    }
}

fn put(map: &Map<'_>, key: &[u8], value: &[u8], flags: u64) -> Result<Done, ResultCode> {
    let found = index_of_key(map, key)?;
    if let Some(code) = conflict(found.is_ok(), flags) {
        return stop(map, code, flags);
    }
    let (count, change) = with_entry(map, found, key, value)?;
    Ok(Done::changed(integer(count), change))
}

fn stop(map: &Map<'_>, code: ResultCode, flags: u64) -> Result<Done, ResultCode> {
    if flags & map_write::NO_FAIL == 0 {
        return Err(code);
    }
    Ok(Done { result: integer(map.count), change: None, stopped: true })
}

/// The map with an entry replaced or added: its new size and bytes.
pub(crate) fn with_entry(
    map: &Map<'_>,
    found: Result<u32, u32>,
    key: &[u8],
    value: &[u8],
) -> Result<(u32, Vec<u8>), ResultCode> {
    let (from, to) = match found {
        Ok(at) => (at, at + 1),
        Err(at) => (at, at),
    };
    let count = map.count + (from == to) as u32;
    let pieces = [map.window(0, from)?, key, value, map.window(to, map.count - to)?];
    Ok((count, map_of(map.flags, count, &pieces)))
}

fn put_items(map: &Map<'_>, entries: &Map<'_>, mut flags: u64) -> Result<Done, ResultCode> {
    let partial = flags & map_write::NO_FAIL != 0 && flags & map_write::DO_PARTIAL != 0;
    if partial && map.count == 0 {
        // An oddity of the real server: with nothing to update, everything is stored.
        flags &= !map_write::UPDATE_ONLY;
    }
    let keys = entries.keys()?;
    // Both maps are in order of their keys: they are merged.
    let mut merge = Merge { size: map.count, added: entries.elements()?, out: Vec::new(), count: 0, from: 0 };
    merge.out.reserve(map.body.len() + entries.body.len());
    let elements = map.elements()?;
    for (i, key) in keys.iter().enumerate() {
        let found = index_of_key(map, key)?;
        match conflict(found.is_ok(), flags) {
            None => merge.put(elements, i as u32, found),
            Some(_) if partial => {}
            Some(code) => return stop(map, code, flags),
        }
    }
    let unchanged = merge.from == 0 && merge.count == 0;
    let (count, body) = merge.finish(elements);
    if unchanged {
        return Ok(Done::unchanged(integer(map.count)));
    }
    let mut change = Vec::with_capacity(HEAD_ROOM + body.len());
    put_map_head(&mut change, map.flags, count);
    change.extend_from_slice(&body);
    Ok(Done::changed(integer(count), change))
}

/// A map being written from its old entries and new ones.
struct Merge<'m> {
    /// How many old entries there are.
    size: u32,
    added: &'m Elements<'m>,
    out: Vec<u8>,
    /// How many entries have been written.
    count: u32,
    /// The first old entry that has not been passed yet.
    from: u32,
}

impl Merge<'_> {
    fn put(&mut self, old: &Elements<'_>, i: u32, found: Result<u32, u32>) {
        let at = found.unwrap_or_else(|at| at).max(self.from);
        self.out.extend_from_slice(old.span(2 * self.from, 2 * at));
        self.out.extend_from_slice(self.added.span(2 * i, 2 * i + 2));
        self.count += at - self.from + 1;
        self.from = at + found.is_ok() as u32;
    }

    fn finish(mut self, old: &Elements<'_>) -> (u32, Vec<u8>) {
        self.out.extend_from_slice(old.span(2 * self.from, old.len()));
        (self.count + self.size - self.from, self.out)
    }
}

fn increment(map: &Map<'_>, key: &[u8], delta: Number) -> Result<Done, ResultCode> {
    let found = index_of_key(map, key)?;
    let before = match found {
        Ok(at) => Some(Number::of(map.values()?.get(at)).ok_or(MALFORMED)?),
        Err(_) => None,
    };
    let sum = number::add(before, Some(delta));
    let (_, change) = with_entry(map, found, key, &sum.to_element())?;
    Ok(Done::changed(Some(sum.to_particle()), change))
}
