//! What an operation selects, and how the selection is numbered (cdt §5, §6).

use aerospike_wire::ResultCode;
use aerospike_wire::cdt::{self, MAX_SEARCH_ITEMS, list, map, return_type};

use super::operation::{Arguments, MALFORMED, Operation};
use super::scan::{Elements, List};

/// One element, or none.
pub(crate) enum Single<'a> {
    Index(i64),
    Rank(i64),
    /// The first that equals it.
    Value(&'a [u8]),
    Key(&'a [u8]),
}

/// Any number of elements.
pub(crate) enum Multi<'a> {
    IndexRange(i64, u64),
    RankRange(i64, u64),
    AllByValue(&'a [u8]),
    ValueList(SearchItems<'a>),
    ValueInterval(&'a [u8], Option<&'a [u8]>),
    /// Ranks relative to that of a value.
    ValueRelative(&'a [u8], i64, u64),
    KeyList(SearchItems<'a>),
    KeyInterval(&'a [u8], Option<&'a [u8]>),
    /// Indexes relative to that of a key.
    KeyRelative(&'a [u8], i64, u64),
}

pub(crate) enum Query<'a> {
    Single(Single<'a>),
    Multi(Multi<'a>),
}

/// A selecting operation.
pub(crate) struct Selecting<'a> {
    pub(crate) query: Query<'a>,
    pub(crate) wanted: Wanted,
}

/// A return type that exists, and whether everything else is to be selected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wanted {
    pub(crate) kind: u16,
    pub(crate) inverted: bool,
}

impl Wanted {
    pub(crate) const fn plain(kind: u16) -> Wanted {
        Wanted { kind, inverted: false }
    }

    /// Reads the argument; bits that mean nothing are ignored.
    fn parse(word: u64) -> Wanted {
        Wanted { kind: word as u16, inverted: word & return_type::INVERTED != 0 }
    }

    /// Fails for what does not exist, or not for lists.
    pub(crate) fn check(self, for_maps: bool) -> Result<(), ResultCode> {
        use return_type::*;
        match self.kind {
            NONE..=COUNT | VALUE | INDEX_RANGE..=EXISTS => Ok(()),
            KEY | KEY_VALUE | UNORDERED_MAP | ORDERED_MAP if for_maps => Ok(()),
            _ => Err(ResultCode::OP_NOT_APPLICABLE),
        }
    }

    /// Whether ranks are wanted.
    pub(crate) fn ranks(self) -> bool {
        matches!(self.kind, return_type::RANK | return_type::REVERSE_RANK)
    }
}

/// The values or keys to search for, out of a list.
pub(crate) struct SearchItems<'a> {
    list: List<'a>,
}

impl<'a> SearchItems<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<SearchItems<'a>, ResultCode> {
        let list = List::open(bytes).map_err(|_| MALFORMED)?;
        if list.count > MAX_SEARCH_ITEMS {
            return Err(MALFORMED);
        }
        list.elements().map_err(|_| MALFORMED)?;
        Ok(SearchItems { list })
    }

    pub(crate) fn column(&self) -> Result<super::scan::Column<'_, 'a>, ResultCode> {
        self.list.column()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.count == 0
    }
}

impl<'a> Selecting<'a> {
    /// Reads a reading or removing operation that selects; `None` if it is another one.
    ///
    /// # Errors
    /// PARAMETER for arguments of wrong number or type.
    pub(crate) fn parse(operation: &Operation<'a>) -> Result<Option<Selecting<'a>>, ResultCode> {
        use Multi::*;
        use Single::*;
        let one = |query| Query::Single(query);
        let many = |query| Query::Multi(query);
        // The old operations by position have a return type of their own.
        if let Some((wanted, least, most)) = by_position(operation.id) {
            let mut arguments = operation.arguments(least, most)?;
            let index = arguments.int()?;
            let query = match most {
                1 => one(Index(index)),
                _ => many(IndexRange(index, arguments.number()?)),
            };
            return Ok(Some(Selecting { query, wanted }));
        }
        let start = |least, most| -> Result<(Wanted, Arguments<'a>), ResultCode> {
            let mut arguments = operation.arguments(least, most)?;
            Ok((Wanted::parse(arguments.word()?), arguments))
        };
        let (wanted, query) = match operation.id {
            list::GET_BY_INDEX | list::REMOVE_BY_INDEX | map::GET_BY_INDEX | map::REMOVE_BY_INDEX => {
                let (wanted, mut arguments) = start(2, 2)?;
                (wanted, one(Index(arguments.int()?)))
            }
            list::GET_BY_RANK | list::REMOVE_BY_RANK | map::GET_BY_RANK | map::REMOVE_BY_RANK => {
                let (wanted, mut arguments) = start(2, 2)?;
                (wanted, one(Rank(arguments.int()?)))
            }
            list::GET_BY_VALUE | list::REMOVE_BY_VALUE | map::GET_BY_VALUE | map::REMOVE_BY_VALUE => {
                let (wanted, mut arguments) = start(2, 2)?;
                (wanted, one(Value(arguments.element()?)))
            }
            map::GET_BY_KEY | map::REMOVE_BY_KEY => {
                let (wanted, mut arguments) = start(2, 2)?;
                (wanted, one(Key(arguments.element()?)))
            }
            list::GET_ALL_BY_VALUE
            | list::REMOVE_ALL_BY_VALUE
            | map::GET_ALL_BY_VALUE
            | map::REMOVE_ALL_BY_VALUE => {
                let (wanted, mut arguments) = start(2, 2)?;
                (wanted, many(AllByValue(arguments.element()?)))
            }
            list::GET_BY_VALUE_LIST
            | list::REMOVE_BY_VALUE_LIST
            | map::GET_BY_VALUE_LIST
            | map::REMOVE_BY_VALUE_LIST => {
                let (wanted, mut arguments) = start(2, 2)?;
                (wanted, many(ValueList(SearchItems::parse(arguments.list()?)?)))
            }
            map::GET_BY_KEY_LIST | map::REMOVE_BY_KEY_LIST => {
                let (wanted, mut arguments) = start(2, 2)?;
                (wanted, many(KeyList(SearchItems::parse(arguments.list()?)?)))
            }
            list::GET_BY_INDEX_RANGE
            | list::REMOVE_BY_INDEX_RANGE
            | map::GET_BY_INDEX_RANGE
            | map::REMOVE_BY_INDEX_RANGE => {
                let (wanted, mut arguments) = start(2, 3)?;
                (wanted, many(IndexRange(arguments.int()?, arguments.number()?)))
            }
            list::GET_BY_RANK_RANGE
            | list::REMOVE_BY_RANK_RANGE
            | map::GET_BY_RANK_RANGE
            | map::REMOVE_BY_RANK_RANGE => {
                let (wanted, mut arguments) = start(2, 3)?;
                (wanted, many(RankRange(arguments.int()?, arguments.number()?)))
            }
            list::GET_BY_VALUE_INTERVAL
            | list::REMOVE_BY_VALUE_INTERVAL
            | map::GET_BY_VALUE_INTERVAL
            | map::REMOVE_BY_VALUE_INTERVAL => {
                let (wanted, mut arguments) = start(2, 3)?;
                (wanted, many(ValueInterval(arguments.element()?, arguments.optional_element()?)))
            }
            map::GET_BY_KEY_INTERVAL | map::REMOVE_BY_KEY_INTERVAL => {
                let (wanted, mut arguments) = start(2, 3)?;
                (wanted, many(KeyInterval(arguments.element()?, arguments.optional_element()?)))
            }
            list::GET_BY_VALUE_REL_RANK_RANGE
            | list::REMOVE_BY_VALUE_REL_RANK_RANGE
            | map::GET_BY_VALUE_REL_RANK_RANGE
            | map::REMOVE_BY_VALUE_REL_RANK_RANGE => {
                let (wanted, mut arguments) = start(3, 4)?;
                (wanted, many(ValueRelative(arguments.element()?, arguments.int()?, arguments.number()?)))
            }
            map::GET_BY_KEY_REL_INDEX_RANGE | map::REMOVE_BY_KEY_REL_INDEX_RANGE => {
                let (wanted, mut arguments) = start(3, 4)?;
                (wanted, many(KeyRelative(arguments.element()?, arguments.int()?, arguments.number()?)))
            }
            _ => return Ok(None),
        };
        Ok(Some(Selecting { query, wanted }))
    }
}

/// The list operations that take a position and no return type: what they return, and how many arguments.
fn by_position(id: u64) -> Option<(Wanted, u32, u32)> {
    let everything_else = Wanted { kind: return_type::COUNT, inverted: true };
    Some(match id {
        list::GET | list::POP => (Wanted::plain(return_type::VALUE), 1, 1),
        list::REMOVE => (Wanted::plain(return_type::COUNT), 1, 1),
        list::GET_RANGE | list::POP_RANGE => (Wanted::plain(return_type::VALUE), 1, 2),
        list::REMOVE_RANGE => (Wanted::plain(return_type::COUNT), 1, 2),
        list::TRIM => (everything_else, 2, 2),
        _ => return None,
    })
}

/// Whether the id is one of a reading operation.
pub(crate) fn is_read(id: u64) -> bool {
    matches!(id,
        list::SIZE..=list::GET_BY_VALUE_REL_RANK_RANGE
        | map::SIZE..=map::GET_BY_RANK
        | map::GET_ALL_BY_VALUE..=map::GET_BY_VALUE_REL_RANK_RANGE
        | cdt::SELECT
        | cdt::CONTEXT)
}

/// Whether the id is one of an operation that removes and so has nothing to do where nothing is (cdt §1.5).
pub(crate) fn is_removal(id: u64) -> bool {
    matches!(id,
        list::POP..=list::REMOVE_RANGE
        | list::TRIM
        | list::CLEAR
        | list::REMOVE_BY_INDEX..=list::REMOVE_BY_VALUE_REL_RANK_RANGE
        | map::CLEAR..=map::REMOVE_BY_RANK
        | map::REMOVE_BY_KEY_LIST..=map::REMOVE_BY_VALUE_REL_RANK_RANGE)
}

/// The element that a position addresses, counted from the end if negative.
///
/// # Errors
/// OP_NOT_APPLICABLE if there is none.
pub(crate) fn position(at: i64, size: u32) -> Result<u32, ResultCode> {
    let at = if at < 0 { at.saturating_add(size as i64) } else { at };
    if (0..size as i64).contains(&at) { Ok(at as u32) } else { Err(ResultCode::OP_NOT_APPLICABLE) }
}

/// Clips a range to the container: where it begins and how many elements it has (cdt §5). An empty one begins at 0.
pub(crate) fn clip(start: i64, count: u64, size: u32) -> (u32, u32) {
    let start = if start < 0 { start as i128 + size as i128 } else { start as i128 };
    clip_absolute(start, count, size)
}

/// As [`clip`], with a start that does not count from the end: what lies before the first element uses up the
/// count.
pub(crate) fn clip_absolute(start: i128, count: u64, size: u32) -> (u32, u32) {
    let end = (start + count as i128).clamp(0, size as i128);
    let start = start.clamp(0, size as i128);
    if end <= start { (0, 0) } else { (start as u32, (end - start) as u32) }
}

/// Which elements, in the order in which their values are returned.
pub(crate) enum Order {
    /// `start`, `count`.
    Window(u32, u32),
    /// All but `count` from `start` on.
    Around(u32, u32),
    Picked(Vec<u32>),
}

impl Order {
    /// The indexes in turn, of `size` elements.
    pub(crate) fn indexes(&self, size: u32) -> Vec<u32> {
        match self {
            Order::Window(start, count) => (*start..start + count).collect(),
            Order::Around(start, count) => (0..*start).chain(start + count..size).collect(),
            Order::Picked(indexes) => indexes.clone(),
        }
    }
}

/// How a selection is numbered by index or by rank.
pub(crate) enum Numbers {
    /// `start`, `count`. Counted from the other end it is the mirrored run, ascending as well.
    Run(u32, u32),
    /// All but `count` from `start` on: two runs.
    Around(u32, u32),
    /// Several runs, each mirrored by itself.
    Runs(Vec<(u32, u32)>),
    /// Each number is mirrored by itself.
    Each(Vec<u32>),
    /// Each element's own number, in the order of the selection.
    OfElements,
    /// Cannot be asked.
    Undefined,
}

/// What an operation selects.
pub(crate) struct Selection {
    pub(crate) order: Order,
    pub(crate) index: Numbers,
    pub(crate) rank: Numbers,
    /// How many elements, none counted twice.
    pub(crate) count: u32,
    /// What EXISTS answers, which does not always follow from the count (cdt §6.6).
    pub(crate) exists: bool,
}

impl Selection {
    pub(crate) fn window(start: u32, count: u32, index: Numbers, rank: Numbers) -> Selection {
        Selection { order: Order::Window(start, count), index, rank, count, exists: count > 0 }
    }

    pub(crate) fn picked(indexes: Vec<u32>, index: Numbers, rank: Numbers) -> Selection {
        let count = indexes.len() as u32;
        Selection { order: Order::Picked(indexes), index, rank, count, exists: count > 0 }
    }
}

/// A window of positions, or all the others.
#[derive(Clone, Copy)]
pub(crate) enum Positions {
    Window(u32, u32),
    Around(u32, u32),
}

/// Turns a window around if asked to. Without a window, or with one at either end, what is left is a window again
/// (cdt §6.4.1).
pub(crate) fn invert((start, count): (u32, u32), inverted: bool, size: u32) -> Positions {
    if !inverted {
        Positions::Window(start, count)
    } else if count == 0 {
        Positions::Window(0, size)
    } else if start == 0 {
        Positions::Window(count, size - count)
    } else if start + count == size {
        Positions::Window(0, start)
    } else {
        Positions::Around(start, count)
    }
}

/// The indexes that are not among the picked ones.
pub(crate) fn others(picked: &[u32], size: u32) -> Vec<u32> {
    let marks = mark(picked, size);
    (0..size).filter(|i| !marks[*i as usize]).collect()
}

/// Marks the picked indexes among all.
pub(crate) fn mark(picked: &[u32], size: u32) -> Vec<bool> {
    let mut marks = vec![false; size as usize];
    for index in picked {
        marks[*index as usize] = true;
    }
    marks
}

/// The runs between groups of numbers, which need not be in order.
pub(crate) fn gaps(mut groups: Vec<(u32, u32)>, size: u32) -> Vec<(u32, u32)> {
    groups.sort_unstable();
    let mut gaps = Vec::new();
    let mut here = 0;
    for (start, count) in groups {
        if start > here {
            gaps.push((here, start - here));
        }
        here = here.max(start + count);
    }
    if here < size {
        gaps.push((here, size - here));
    }
    gaps
}

/// The bytes of a list's or map's elements without those marked; `stride` elements belong to one mark.
pub(crate) fn without(elements: &Elements<'_>, marks: &[bool], stride: u32, out: &mut Vec<u8>) {
    let mut from = 0;
    for (i, marked) in marks.iter().enumerate() {
        if *marked {
            let i = i as u32;
            out.extend_from_slice(elements.span(from * stride, i * stride));
            from = i + 1;
        }
    }
    out.extend_from_slice(elements.span(from * stride, elements.len()));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// cdt §5.
    #[test]
    fn clipping() {
        let rows = [
            ((-2, 5), (3, 2)),
            ((-9, 3), (0, 0)),
            ((-9, 8), (0, 4)),
            ((-9, 9), (0, 5)),
            ((-9, u32::MAX as u64), (0, 5)),
            ((5, 0), (0, 0)),
            ((7, 1), (0, 0)),
            ((1, 2), (1, 2)),
            ((1, u64::MAX), (1, 4)),
            ((i64::MIN, u64::MAX), (0, 5)),
            ((i64::MAX, u64::MAX), (0, 0)),
        ];
        for ((start, count), window) in rows {
            assert_eq!(clip(start, count, 5), window, "{start} {count}");
        }
    }

    #[test]
    fn gaps_between_groups() {
        assert_eq!(gaps(vec![(4, 2), (1, 1), (1, 1)], 8), [(0, 1), (2, 2), (6, 2)]);
        assert_eq!(gaps(vec![], 3), [(0, 3)]);
        assert_eq!(gaps(vec![(0, 3)], 3), []);
    }
}
