//! Reading lists, and removing what was read (cdt §7.2).

use std::cmp::Ordering;

use aerospike_wire::cdt::{list, order, return_type};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{ParticleType, ResultCode, msgpack};

use super::operation::{MALFORMED, Operation};
use super::order::{Probe, compare, is_wildcard};
use super::rank::{Lookup, Ranking, count_below, lower_bound, partition, upper_bound};
use super::reply::{self, Hit, Sought, Source, element, integer, list_of_piece};
use super::scan::{List, list_of, put_list_head};
use super::select::{
    Multi, Numbers, Order, Positions, Query, Selecting, Selection, Single, Wanted, clip, clip_absolute, gaps,
    invert, mark, others, position, without,
};

/// Runs a reading operation.
pub(crate) fn read(list: &List<'_>, operation: &Operation<'_>) -> Result<Option<ParticleBuf>, ResultCode> {
    if operation.id == list::SIZE {
        return Ok(integer(list.count));
    }
    let selecting = Selecting::parse(operation)?.ok_or(MALFORMED)?;
    Ok(select(list, &selecting)?.0)
}

/// Runs a removing operation: result, and the list without what was selected, if anything was.
pub(crate) fn remove(
    list: &List<'_>,
    selecting: &Selecting<'_>,
) -> Result<(Option<ParticleBuf>, Option<Vec<u8>>), ResultCode> {
    let (result, selected) = select(list, selecting)?;
    let Some(order) = selected else { return Ok((result, None)) };
    Ok((result, without_selected(list, &order)?))
}

fn without_selected(list: &List<'_>, order: &Order) -> Result<Option<Vec<u8>>, ResultCode> {
    let flags_for = |count| if count == 0 { list.flags & !order::PERSIST_INDEX } else { list.flags };
    Ok(match order {
        Order::Window(_, 0) => None,
        Order::Window(start, count) => {
            let window = list.window(*start, *count)?;
            let from = list.position(*start)?;
            let left = list.count - count;
            let (front, back) = (&list.body[..from], &list.body[from + window.len()..]);
            Some(list_of(flags_for(left), left, &[front, back]))
        }
        Order::Around(start, count) => {
            Some(list_of(flags_for(*count), *count, &[list.window(*start, *count)?]))
        }
        Order::Picked(indexes) if indexes.is_empty() => None,
        Order::Picked(indexes) => {
            let marks = mark(indexes, list.count);
            let left = marks.iter().filter(|marked| !**marked).count() as u32;
            let mut out = Vec::with_capacity(super::scan::HEAD_ROOM + list.body.len());
            put_list_head(&mut out, flags_for(left), left);
            without(list.elements()?, &marks, 1, &mut out);
            Some(out)
        }
    })
}

/// The result of a selecting operation, and the selection itself unless a single element was not found.
fn select(
    list: &List<'_>,
    selecting: &Selecting<'_>,
) -> Result<(Option<ParticleBuf>, Option<Order>), ResultCode> {
    let wanted = selecting.wanted;
    wanted.check(false)?;
    match &selecting.query {
        Query::Single(single) => select_single(list, single, wanted),
        Query::Multi(multi) => {
            let selection = select_multi(list, multi, wanted)?;
            let result = reply::multi(list, &selection, wanted)?;
            Ok((result, Some(selection.order)))
        }
    }
}

fn select_single(
    list: &List<'_>,
    single: &Single<'_>,
    wanted: Wanted,
) -> Result<(Option<ParticleBuf>, Option<Order>), ResultCode> {
    if wanted.inverted {
        return Err(ResultCode::OP_NOT_APPLICABLE);
    }
    let kind = wanted.kind;
    let own_rank = |index: u32| Ok(list.ranks(&[index])?.first().copied().unwrap_or(0));
    let value_at = |index: u32| Ok(element(list.window(index, 1)?));
    let sought = |alone: Sought| if list.is_ordered() { Sought::Both } else { alone };
    let (index, result) = match single {
        Single::Index(at) => {
            let index = position(*at, list.count)?;
            let hit = Hit { index, rank: || own_rank(index), sought: sought(Sought::Index) };
            (index, reply::single_hit(list.count, hit, kind, value_at)?)
        }
        Single::Rank(at) => {
            let rank = position(*at, list.count)?;
            let index = index_of_rank(list, rank)?;
            let hit = Hit { index, rank: || Ok(rank), sought: sought(Sought::Rank) };
            (index, reply::single_hit(list.count, hit, kind, value_at)?)
        }
        Single::Value(value) => {
            let sought = sought(Sought::Rank);
            let Some(index) = index_of_value(list, value)? else {
                let place = || Ok(place_of(list, value)? as i64);
                return Ok((reply::single_miss(list.count, place, sought, kind)?, None));
            };
            let rank = || if list.is_ordered() { Ok(index) } else { own_rank(index) };
            (index, reply::single_hit(list.count, Hit { index, rank, sought }, kind, value_at)?)
        }
        Single::Key(_) => return Err(MALFORMED),
    };
    Ok((result, Some(Order::Window(index, 1))))
}

/// The index of the element of a rank.
pub(crate) fn index_of_rank(list: &List<'_>, rank: u32) -> Result<u32, ResultCode> {
    if list.is_ordered() {
        return Ok(rank);
    }
    Ranking::new(list.column()?).window(rank, 1).first().copied().ok_or(ResultCode::OP_NOT_APPLICABLE)
}

/// The lowest index of an element that equals the value.
pub(crate) fn index_of_value(list: &List<'_>, value: &[u8]) -> Result<Option<u32>, ResultCode> {
    let column = list.column()?;
    let probe = Probe::new(value);
    let equal = |index: &u32| probe.order_of(column.get(*index)) == Ordering::Equal;
    if list.is_ordered() {
        let index = lower_bound(column, value);
        return Ok((index < list.count).then_some(index).filter(equal));
    }
    Ok((0..list.count).find(equal))
}

/// How many elements are lower than the value.
fn place_of(list: &List<'_>, value: &[u8]) -> Result<u32, ResultCode> {
    let column = list.column()?;
    Ok(if list.is_ordered() { lower_bound(column, value) } else { count_below(column, value) })
}

fn select_multi(list: &List<'_>, multi: &Multi<'_>, wanted: Wanted) -> Result<Selection, ResultCode> {
    let size = list.count;
    match multi {
        Multi::IndexRange(start, count) => Ok(by_position(list, clip(*start, *count, size), wanted)),
        Multi::ValueList(items) if items.is_empty() => {
            let count = if wanted.inverted { size } else { 0 };
            Ok(Selection::window(0, count, Numbers::Run(0, count), Numbers::Run(0, count)))
        }
        Multi::ValueList(items) if list.is_ordered() => ordered_value_list(list, items, wanted),
        Multi::ValueList(items) => value_list(list, items, wanted),
        _ if list.is_ordered() => Ok(by_position(list, ordered_window(list, multi)?, wanted)),
        Multi::RankRange(start, count) => by_rank(list, clip(*start, *count, size), wanted),
        Multi::ValueRelative(value, rank, count) => {
            let start = count_below(list.column()?, value) as i128 + *rank as i128;
            by_rank(list, clip_absolute(start, *count, size), wanted)
        }
        Multi::AllByValue(value) => {
            let value = Probe::new(value);
            by_value(list, wanted, value.value(), |element| value.order_of(element).is_eq())
        }
        Multi::ValueInterval(begin, end) => {
            let (begin, end) = (Probe::new(begin), end.map(Probe::new));
            let below = |element: &[u8]| end.as_ref().is_none_or(|end| end.order_of(element).is_lt());
            by_value(list, wanted, begin.value(), |element| begin.order_of(element).is_ge() && below(element))
        }
        Multi::KeyList(_) | Multi::KeyInterval(..) | Multi::KeyRelative(..) => Err(MALFORMED),
    }
}

/// The window of an ordered list that holds what an operation selects by value or rank.
fn ordered_window(list: &List<'_>, multi: &Multi<'_>) -> Result<(u32, u32), ResultCode> {
    let column = list.column()?;
    Ok(match multi {
        Multi::AllByValue(value) => {
            let start = lower_bound(column, value);
            (start, upper_bound(column, value).saturating_sub(start))
        }
        Multi::ValueInterval(begin, end) => interval(column, begin, *end),
        Multi::RankRange(start, count) => clip(*start, *count, list.count),
        Multi::ValueRelative(value, rank, count) => {
            clip_absolute(lower_bound(column, value) as i128 + *rank as i128, *count, list.count)
        }
        _ => return Err(MALFORMED),
    })
}

/// The window of a column in order that lies between two values. From a wildcard on: nothing (cdt §5).
pub(crate) fn interval(sorted: super::scan::Column<'_, '_>, begin: &[u8], end: Option<&[u8]>) -> (u32, u32) {
    if is_wildcard(begin) {
        return (0, 0);
    }
    let start = lower_bound(sorted, begin);
    let end = end.map_or(sorted.len(), |end| lower_bound(sorted, end));
    (start, end.saturating_sub(start))
}

fn by_position(list: &List<'_>, window: (u32, u32), wanted: Wanted) -> Selection {
    let ordered = list.is_ordered();
    match invert(window, wanted.inverted, list.count) {
        Positions::Window(start, count) => {
            // The whole list in a row is reported without a look at the values.
            let run = ordered || count == list.count || count == 0;
            let rank = if run { Numbers::Run(start, count) } else { Numbers::OfElements };
            Selection::window(start, count, Numbers::Run(start, count), rank)
        }
        Positions::Around(start, count) => Selection {
            order: Order::Around(start, count),
            index: Numbers::Around(start, count),
            rank: if ordered { Numbers::Around(start, count) } else { Numbers::OfElements },
            count: list.count - count,
            exists: true,
        },
    }
}

fn by_rank(list: &List<'_>, (start, count): (u32, u32), wanted: Wanted) -> Result<Selection, ResultCode> {
    let picked = Ranking::new(list.column()?).window(start, count);
    if wanted.inverted {
        let exists = picked.is_empty() && list.count > 0;
        return Ok(all_but(list, &picked, Numbers::Around(start, count), exists));
    }
    if picked.is_empty() {
        return Ok(Selection::window(0, 0, Numbers::Run(0, 0), Numbers::Run(0, 0)));
    }
    let mut ascending = picked.clone();
    ascending.sort_unstable();
    Ok(Selection::picked(picked, Numbers::Each(ascending), Numbers::Run(start, count)))
}

/// The elements that `fits` in list order; `lowest` is not above any of them, but above those below them.
fn by_value(
    list: &List<'_>,
    wanted: Wanted,
    lowest: &[u8],
    fits: impl Fn(&[u8]) -> bool,
) -> Result<Selection, ResultCode> {
    let column = list.column()?;
    let picked: Vec<u32> = (0..list.count).filter(|i| fits(column.get(*i))).collect();
    let start = match wanted.kind {
        return_type::RANK..=return_type::REVERSE_RANK
        | return_type::RANK_RANGE..=return_type::REVERSE_RANK_RANGE => count_below(column, lowest),
        _ => 0,
    };
    // Where wildcards equal what is above other elements, the run may not fit: it is moved.
    let count = picked.len() as u32;
    let start = start.min(list.count - count);
    if wanted.inverted {
        let exists = picked.is_empty();
        return Ok(all_but(list, &picked, Numbers::Around(start, count), exists));
    }
    Ok(Selection::picked(picked, Numbers::OfElements, Numbers::Run(start, count)))
}

fn all_but(list: &List<'_>, picked: &[u32], rank: Numbers, exists: bool) -> Selection {
    let mut selection = Selection::picked(others(picked, list.count), Numbers::OfElements, rank);
    selection.exists = exists;
    selection
}

fn ordered_value_list(
    list: &List<'_>,
    items: &super::select::SearchItems<'_>,
    wanted: Wanted,
) -> Result<Selection, ResultCode> {
    let column = list.column()?;
    let mut groups = Vec::new();
    for item in items.column()?.iter() {
        let start = lower_bound(column, item);
        let count = upper_bound(column, item).saturating_sub(start);
        if count > 0 {
            groups.push((start, count));
        }
    }
    let marks = {
        let mut marks = vec![false; list.count as usize];
        for (start, count) in &groups {
            marks[*start as usize..(start + count) as usize].fill(true);
        }
        marks
    };
    if wanted.inverted {
        let left = (0..list.count).filter(|i| !marks[*i as usize]).collect();
        return Ok(Selection::picked(left, Numbers::OfElements, Numbers::OfElements));
    }
    // A value that is searched for twice is found twice, which a hostile list of items must not make too much of.
    let found: u64 = groups.iter().map(|(_, count)| *count as u64).sum();
    if found > MAX_REPEATED.max(list.count as u64) {
        return Err(ResultCode::RECORD_TOO_BIG);
    }
    let picked: Vec<u32> = groups.iter().flat_map(|(start, count)| *start..start + count).collect();
    let mut selection = Selection::picked(picked, Numbers::Runs(groups.clone()), Numbers::Runs(groups));
    selection.count = marks.iter().filter(|marked| **marked).count() as u32;
    Ok(selection)
}

/// How many elements a reply may hold when search items repeat them, and half of how many bytes.
pub(crate) const MAX_REPEATED: u64 = 8 << 20;

fn value_list(
    list: &List<'_>,
    items: &super::select::SearchItems<'_>,
    wanted: Wanted,
) -> Result<Selection, ResultCode> {
    let column = list.column()?;
    let lookup = Lookup::new(items.column()?, list.count);
    let keep = !wanted.inverted;
    let picked: Vec<u32> = (0..list.count).filter(|i| lookup.contains(column.get(*i)) == keep).collect();
    let rank = if wanted.ranks() {
        let groups = rank_groups(column, items.column()?, false)?;
        if wanted.inverted {
            Numbers::Runs(gaps(groups, list.count))
        } else {
            Numbers::Each(groups.into_iter().flat_map(|(start, count)| start..start + count).collect())
        }
    } else {
        Numbers::Undefined
    };
    Ok(Selection::picked(picked, Numbers::OfElements, rank))
}

/// The ranks that the elements equal to each search item have, by item; a repeated item counts at its last place,
/// or at each if `repeat`.
pub(crate) fn rank_groups(
    column: super::scan::Column<'_, '_>,
    items: super::scan::Column<'_, '_>,
    repeat: bool,
) -> Result<Vec<(u32, u32)>, ResultCode> {
    let sorted = Ranking::new(column).sorted();
    let bound = |item: &[u8], up_to: Ordering| {
        let probe = Probe::new(item);
        partition(column.len(), |i| {
            let ordering = probe.order_of(column.get(sorted[i as usize]));
            ordering.is_lt() || ordering == up_to
        })
    };
    let last = if repeat { vec![true; items.len() as usize] } else { last_places(items) };
    let groups: Vec<(u32, u32)> = items
        .iter()
        .zip(last)
        .filter(|(_, last)| *last)
        .map(|(item, _)| {
            let start = bound(item, Ordering::Less);
            (start, bound(item, Ordering::Equal).saturating_sub(start))
        })
        .filter(|(_, count)| *count > 0)
        .collect();
    // Only wildcards and repeated items can report an element more than once.
    let reported: u64 = groups.iter().map(|(_, count)| *count as u64).sum();
    if reported > MAX_REPEATED.max(column.len() as u64) {
        return Err(ResultCode::RECORD_TOO_BIG);
    }
    Ok(groups)
}

/// For every item whether no equal one follows.
pub(crate) fn last_places(items: super::scan::Column<'_, '_>) -> Vec<bool> {
    let sorted = Ranking::new(items).sorted();
    let mut last = vec![true; sorted.len()];
    for pair in sorted.windows(2) {
        last[pair[0] as usize] = compare(items.get(pair[0]), items.get(pair[1])) != Ordering::Equal;
    }
    last
}

impl Source for List<'_> {
    fn size(&self) -> u32 {
        self.count
    }

    /// Each element's rank is the lowest of those equal to it.
    fn ranks(&self, indexes: &[u32]) -> Result<Vec<u32>, ResultCode> {
        if self.is_ordered() {
            return Ok(indexes.to_vec());
        }
        let column = self.column()?;
        if indexes.len() <= 4 {
            return Ok(indexes.iter().map(|i| count_below(column, column.get(*i))).collect());
        }
        let ranks = Ranking::new(column).lowest_ranks();
        Ok(indexes.iter().map(|i| ranks[*i as usize]).collect())
    }

    fn elements(&self, selection: &Selection, _kind: u16) -> Result<ParticleBuf, ResultCode> {
        Ok(match &selection.order {
            Order::Window(start, count) => list_of_piece(*count, self.window(*start, *count)?),
            Order::Around(start, count) => {
                let window = self.window(*start, *count)?;
                let from = self.position(*start)?;
                let pieces = [&self.body[..from], &self.body[from + window.len()..]];
                ParticleBuf::new(ParticleType::LIST, list_of(0, self.count - count, &pieces))
            }
            Order::Picked(indexes) => {
                let elements = self.elements()?;
                let size = indexes.iter().map(|i| elements.get(*i).len()).sum::<usize>();
                if indexes.len() > self.count as usize && size as u64 > 2 * MAX_REPEATED {
                    return Err(ResultCode::RECORD_TOO_BIG);
                }
                reply::list(|out| {
                    out.reserve(5 + size);
                    msgpack::put_list_head(out, indexes.len() as u32);
                    indexes.iter().for_each(|i| out.extend_from_slice(elements.get(*i)));
                })
            }
        })
    }
}
