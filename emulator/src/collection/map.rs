//! Reading maps, and removing what was read (cdt §8.3).

use std::cmp::Ordering;

use aerospike_wire::cdt::{map, order, return_type};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{ParticleType, ResultCode, msgpack};

use super::list::{interval, last_places, rank_groups};
use super::operation::{MALFORMED, Operation};
use super::order::{Probe, compare};
use super::rank::{Lookup, Ranking, count_below, lower_bound, upper_bound};
use super::reply::{self, Hit, Sought, Source, element, integer};
use super::scan::{HEAD_ROOM, Map, map_of, put_map_head};
use super::select::{
    Multi, Numbers, Order, Positions, Query, SearchItems, Selecting, Selection, Single, Wanted, clip,
    clip_absolute, gaps, invert, mark, others, position, without,
};

/// Runs a reading operation.
pub(crate) fn read(map: &Map<'_>, operation: &Operation<'_>) -> Result<Option<ParticleBuf>, ResultCode> {
    if operation.id == map::SIZE {
        return Ok(integer(map.count));
    }
    let selecting = Selecting::parse(operation)?.ok_or(MALFORMED)?;
    Ok(select(map, &selecting)?.0)
}

/// Runs a removing operation: result, and the map without what was selected, if anything was.
pub(crate) fn remove(
    map: &Map<'_>,
    selecting: &Selecting<'_>,
) -> Result<(Option<ParticleBuf>, Option<Vec<u8>>), ResultCode> {
    let (result, selected) = select(map, selecting)?;
    let Some(order) = selected else { return Ok((result, None)) };
    Ok((result, without_selected(map, &order)?))
}

fn without_selected(map: &Map<'_>, order: &Order) -> Result<Option<Vec<u8>>, ResultCode> {
    Ok(match order {
        Order::Window(_, 0) => None,
        Order::Window(start, count) => {
            let end = start + count;
            let pieces = [map.window(0, *start)?, map.window(end, map.count - end)?];
            Some(map_of(map.flags, map.count - count, &pieces))
        }
        Order::Around(start, count) => Some(map_of(map.flags, *count, &[map.window(*start, *count)?])),
        Order::Picked(indexes) if indexes.is_empty() => None,
        Order::Picked(indexes) => {
            let marks = mark(indexes, map.count);
            let left = marks.iter().filter(|marked| !**marked).count() as u32;
            let mut out = Vec::with_capacity(HEAD_ROOM + map.body.len());
            put_map_head(&mut out, map.flags, left);
            without(map.elements()?, &marks, 2, &mut out);
            Some(out)
        }
    })
}

/// The result of a selecting operation, and the selection itself unless a single element was not found.
fn select(
    map: &Map<'_>,
    selecting: &Selecting<'_>,
) -> Result<(Option<ParticleBuf>, Option<Order>), ResultCode> {
    let wanted = selecting.wanted;
    match &selecting.query {
        // An empty list of values is the one thing that return types which do not exist are not refused for.
        Query::Multi(Multi::ValueList(items))
            if items.is_empty() && !wanted.inverted && wanted.check(true).is_err() =>
        {
            return Ok((None, None));
        }
        _ => wanted.check(true)?,
    }
    match &selecting.query {
        Query::Single(single) => select_single(map, single, wanted),
        Query::Multi(multi) => {
            let selection = select_multi(map, multi, wanted)?;
            let result = reply::multi(map, &selection, wanted)?;
            Ok((result, Some(selection.order)))
        }
    }
}

fn select_single(
    map: &Map<'_>,
    single: &Single<'_>,
    wanted: Wanted,
) -> Result<(Option<ParticleBuf>, Option<Order>), ResultCode> {
    let kind = wanted.kind;
    if wanted.inverted {
        // A missing key of an ordered map is found out first.
        if let Single::Key(key) = single
            && map.is_ordered()
            && index_of_key(map, key)?.is_err()
        {
            return Ok((reply::single_miss(map.count, || Ok(-1), Sought::Index, kind)?, None));
        }
        return Err(ResultCode::OP_NOT_APPLICABLE);
    }
    let own_rank = |index: u32| Ok(map.ranks(&[index])?.first().copied().unwrap_or(0));
    let entry = |index: u32| entry(map, index, kind);
    let (index, result) = match single {
        Single::Index(at) => {
            let index = position(*at, map.count)?;
            let hit = Hit { index, rank: || own_rank(index), sought: Sought::Index };
            (index, reply::single_hit(map.count, hit, kind, entry)?)
        }
        Single::Key(key) => {
            let Ok(index) = index_of_key(map, key)? else {
                return Ok((reply::single_miss(map.count, || Ok(-1), Sought::Index, kind)?, None));
            };
            let hit = Hit { index, rank: || own_rank(index), sought: Sought::Index };
            (index, reply::single_hit(map.count, hit, kind, entry)?)
        }
        Single::Rank(at) => {
            let rank = position(*at, map.count)?;
            let index = index_of_rank(map, rank)?;
            let hit = Hit { index, rank: || Ok(rank), sought: Sought::Rank };
            (index, reply::single_hit(map.count, hit, kind, entry)?)
        }
        Single::Value(value) => {
            let Some(index) = index_of_value(map, value)? else {
                let place = || Ok(count_below(map.values()?, value) as i64);
                return Ok((reply::single_miss(map.count, place, Sought::Rank, kind)?, None));
            };
            let hit = Hit { index, rank: || own_rank(index), sought: Sought::Rank };
            (index, reply::single_hit(map.count, hit, kind, entry)?)
        }
    };
    Ok((result, Some(Order::Window(index, 1))))
}

/// The index of the entry with this key, or where it would be.
pub(crate) fn index_of_key(map: &Map<'_>, key: &[u8]) -> Result<Result<u32, u32>, ResultCode> {
    let keys = map.keys()?;
    let at = lower_bound(keys, key);
    let found = at < map.count && compare(keys.get(at), key) == Ordering::Equal;
    Ok(if found { Ok(at) } else { Err(at) })
}

/// The index of the entry with the value of a rank; equal values rank by key.
pub(crate) fn index_of_rank(map: &Map<'_>, rank: u32) -> Result<u32, ResultCode> {
    let found = Ranking::new(map.values()?).ranked(rank, 1);
    found.first().copied().ok_or(ResultCode::OP_NOT_APPLICABLE)
}

/// The lowest index of an entry with a value that equals this one.
pub(crate) fn index_of_value(map: &Map<'_>, value: &[u8]) -> Result<Option<u32>, ResultCode> {
    let values = map.values()?;
    let probe = Probe::new(value);
    Ok((0..map.count).find(|i| probe.order_of(values.get(*i)) == Ordering::Equal))
}

/// A single entry, or part of it, as a result.
fn entry(map: &Map<'_>, index: u32, kind: u16) -> Result<Option<ParticleBuf>, ResultCode> {
    let elements = map.elements()?;
    Ok(match kind {
        return_type::KEY => element(elements.get(2 * index)),
        return_type::VALUE => element(elements.get(2 * index + 1)),
        _ => {
            let data = map_of(map_flags_of(kind), 1, &[map.window(index, 1)?]);
            Some(ParticleBuf::new(ParticleType::MAP, data))
        }
    })
}

/// The marker flags of the map that a return type asks for.
fn map_flags_of(kind: u16) -> u8 {
    match kind {
        return_type::KEY_VALUE => order::PRESERVE_ORDER,
        return_type::ORDERED_MAP => order::KEY_ORDERED,
        _ => 0,
    }
}

fn select_multi(map: &Map<'_>, multi: &Multi<'_>, wanted: Wanted) -> Result<Selection, ResultCode> {
    let size = map.count;
    match multi {
        Multi::IndexRange(start, count) => Ok(by_position(map, clip(*start, *count, size), wanted)),
        Multi::KeyRelative(key, index, count) => {
            let start = lower_bound(map.keys()?, key) as i128 + *index as i128;
            Ok(by_position(map, clip_absolute(start, *count, size), wanted))
        }
        Multi::KeyInterval(begin, end) if map.is_ordered() => {
            Ok(by_position(map, interval(map.keys()?, begin, *end), wanted))
        }
        Multi::KeyInterval(begin, end) => key_interval(map, begin, *end, wanted),
        Multi::KeyList(items) => key_list(map, items, wanted),
        Multi::RankRange(start, count) => by_rank(map, clip(*start, *count, size), wanted),
        Multi::ValueRelative(value, rank, count) => {
            let start = count_below(map.values()?, value) as i128 + *rank as i128;
            by_rank(map, clip_absolute(start, *count, size), wanted)
        }
        Multi::AllByValue(value) => {
            let value = Probe::new(value);
            by_value(map, wanted, value.value(), |element| value.order_of(element).is_eq())
        }
        Multi::ValueInterval(begin, end) => {
            let (begin, end) = (Probe::new(begin), end.map(Probe::new));
            let below = |element: &[u8]| end.as_ref().is_none_or(|end| end.order_of(element).is_lt());
            by_value(map, wanted, begin.value(), |element| begin.order_of(element).is_ge() && below(element))
        }
        Multi::ValueList(items) => value_list(map, items, wanted),
    }
}

fn by_position(map: &Map<'_>, window: (u32, u32), wanted: Wanted) -> Selection {
    match invert(window, wanted.inverted, map.count) {
        Positions::Window(start, count) => {
            // The whole map in a row is reported without a look at the values.
            let rank = if count == map.count { Numbers::Run(start, count) } else { Numbers::OfElements };
            Selection::window(start, count, Numbers::Run(start, count), rank)
        }
        Positions::Around(start, count) => Selection {
            order: Order::Around(start, count),
            index: Numbers::Around(start, count),
            rank: Numbers::OfElements,
            count: map.count - count,
            exists: map.is_ordered(),
        },
    }
}

/// A key interval of an unordered map: what it selects is never taken for a range of indexes.
fn key_interval(
    map: &Map<'_>,
    begin: &[u8],
    end: Option<&[u8]>,
    wanted: Wanted,
) -> Result<Selection, ResultCode> {
    let keys = map.keys()?;
    let start = lower_bound(keys, begin);
    let end = end.map_or(map.count, |end| lower_bound(keys, end));
    let count = end.saturating_sub(start);
    if !wanted.inverted {
        return Ok(Selection::window(start, count, Numbers::Run(start, count), Numbers::OfElements));
    }
    Ok(Selection {
        order: Order::Around(start, count),
        index: Numbers::Around(start, count),
        rank: Numbers::OfElements,
        count: map.count - count,
        exists: count == 0,
    })
}

fn key_list(map: &Map<'_>, items: &SearchItems<'_>, wanted: Wanted) -> Result<Selection, ResultCode> {
    let keys = map.keys()?;
    if items.is_empty() {
        let count = if wanted.inverted { map.count } else { 0 };
        return Ok(Selection::window(0, count, Numbers::Run(0, count), Numbers::Undefined));
    }
    let column = items.column()?;
    let once = !map.is_ordered();
    let wanted_items = if once { last_places(column) } else { vec![true; column.len() as usize] };
    let mut marks = vec![false; map.count as usize];
    let mut groups = Vec::new();
    for (key, wanted) in column.iter().zip(wanted_items) {
        if !wanted {
            continue;
        }
        let start = lower_bound(keys, key);
        let count = upper_bound(keys, key).saturating_sub(start);
        if count > 0 {
            marks[start as usize..(start + count) as usize].fill(true);
            groups.push((start, count));
        }
    }
    if wanted.inverted {
        let left = (0..map.count).filter(|i| !marks[*i as usize]).collect();
        let index = if once { Numbers::Runs(gaps(groups, map.count)) } else { Numbers::OfElements };
        return Ok(Selection::picked(left, index, Numbers::Undefined));
    }
    let found = (0..map.count).filter(|i| marks[*i as usize]).collect();
    let index = Numbers::Each(flat(&groups)?);
    Ok(Selection::picked(found, index, Numbers::Undefined))
}

/// The numbers of all groups. Only wildcards can make them many more than there are elements and items.
fn flat(groups: &[(u32, u32)]) -> Result<Vec<u32>, ResultCode> {
    let total: u64 = groups.iter().map(|(_, count)| *count as u64).sum();
    if total > super::list::MAX_REPEATED {
        return Err(ResultCode::RECORD_TOO_BIG);
    }
    Ok(groups.iter().flat_map(|(start, count)| *start..start + count).collect())
}

fn by_rank(map: &Map<'_>, window: (u32, u32), wanted: Wanted) -> Result<Selection, ResultCode> {
    let ranking = Ranking::new(map.values()?);
    match invert(window, wanted.inverted, map.count) {
        Positions::Window(start, count) => {
            let picked = ranking.ranked(start, count);
            Ok(Selection::picked(picked, Numbers::OfElements, Numbers::Run(start, count)))
        }
        Positions::Around(start, count) => {
            let left = others(&ranking.ranked(start, count), map.count);
            let mut selection = Selection::picked(left, Numbers::OfElements, Numbers::Around(start, count));
            selection.exists = false;
            Ok(selection)
        }
    }
}

/// The entries whose values `fits`; `lowest` is not above any of them, but above those below them.
fn by_value(
    map: &Map<'_>,
    wanted: Wanted,
    lowest: &[u8],
    fits: impl Fn(&[u8]) -> bool,
) -> Result<Selection, ResultCode> {
    let values = map.values()?;
    let mut picked: Vec<u32> = (0..map.count).filter(|i| fits(values.get(*i))).collect();
    let count = picked.len() as u32;
    let start = match wanted.kind {
        return_type::RANK..=return_type::REVERSE_RANK
        | return_type::RANK_RANGE..=return_type::REVERSE_RANK_RANGE => count_below(values, lowest),
        _ => 0,
    };
    // Where wildcards equal what is above other elements, the run may not fit: it is moved.
    let start = start.min(map.count - count);
    if !wanted.inverted {
        if map.has_value_index() {
            picked.sort_by(|a, b| compare(values.get(*a), values.get(*b)).then(a.cmp(b)));
        }
        return Ok(Selection::picked(picked, Numbers::OfElements, Numbers::Run(start, count)));
    }
    if count == 0 {
        let all = Numbers::Run(0, map.count);
        let index = if map.has_value_index() { Numbers::OfElements } else { Numbers::Run(0, map.count) };
        return Ok(Selection::window(0, map.count, index, all));
    }
    let mut selection =
        Selection::picked(others(&picked, map.count), Numbers::OfElements, Numbers::Around(start, count));
    selection.exists = false;
    Ok(selection)
}

fn value_list(map: &Map<'_>, items: &SearchItems<'_>, wanted: Wanted) -> Result<Selection, ResultCode> {
    let indexed = map.has_value_index();
    if items.is_empty() {
        let count = if wanted.inverted { map.count } else { 0 };
        let numbers = || if indexed { Numbers::OfElements } else { Numbers::Run(0, count) };
        return Ok(Selection::window(0, count, numbers(), numbers()));
    }
    let values = map.values()?;
    let column = items.column()?;
    let lookup = Lookup::new(column, map.count);
    let keep = !wanted.inverted;
    let picked: Vec<u32> = (0..map.count).filter(|i| lookup.contains(values.get(*i)) == keep).collect();
    let mut index = Numbers::OfElements;
    let mut rank = Numbers::Undefined;
    if wanted.inverted && indexed {
        rank = Numbers::OfElements;
    } else if indexed {
        let groups = rank_groups(values, column, true)?;
        if matches!(wanted.kind, return_type::INDEX | return_type::REVERSE_INDEX) {
            let sorted = Ranking::new(values).sorted();
            index = Numbers::Each(flat(&groups)?.into_iter().map(|rank| sorted[rank as usize]).collect());
        }
        rank = Numbers::Runs(groups);
    } else if wanted.ranks() {
        // In a map of one entry repeated items are not noticed.
        let groups = rank_groups(values, column, map.count == 1)?;
        rank = match wanted.inverted {
            true => Numbers::Runs(gaps(groups, map.count)),
            false => Numbers::Each(flat(&groups)?),
        };
    }
    Ok(Selection::picked(picked, index, rank))
}

impl Source for Map<'_> {
    fn size(&self) -> u32 {
        self.count
    }

    /// Each entry has a rank of its own: equal values rank by key.
    fn ranks(&self, indexes: &[u32]) -> Result<Vec<u32>, ResultCode> {
        let values = self.values()?;
        if let [index] = indexes {
            let value = Probe::new(values.get(*index));
            let lower = |i: &u32| match value.order_of(values.get(*i)) {
                Ordering::Less => true,
                Ordering::Equal => i < index,
                Ordering::Greater => false,
            };
            return Ok(vec![(0..self.count).filter(lower).count() as u32]);
        }
        let sorted = Ranking::new(values).sorted();
        let mut ranks = vec![0; sorted.len()];
        for (rank, index) in sorted.iter().enumerate() {
            ranks[*index as usize] = rank as u32;
        }
        Ok(indexes.iter().map(|i| ranks[*i as usize]).collect())
    }

    fn elements(&self, selection: &Selection, kind: u16) -> Result<ParticleBuf, ResultCode> {
        let elements = self.elements()?;
        let mut indexes = selection.order.indexes(self.count);
        if matches!(kind, return_type::KEY | return_type::VALUE) {
            let part = (kind == return_type::VALUE) as u32;
            return Ok(reply::list(|out| {
                msgpack::put_list_head(out, indexes.len() as u32);
                indexes.iter().for_each(|i| out.extend_from_slice(elements.get(2 * i + part)));
            }));
        }
        if kind == return_type::ORDERED_MAP {
            indexes.sort_unstable();
        }
        let mut out = Vec::new();
        put_map_head(&mut out, map_flags_of(kind), indexes.len() as u32);
        indexes.iter().for_each(|i| out.extend_from_slice(elements.span(2 * i, 2 * i + 2)));
        Ok(ParticleBuf::new(ParticleType::MAP, out))
    }
}
