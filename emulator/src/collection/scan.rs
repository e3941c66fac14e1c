//! Walking over msgpack without decoding it: where elements end, where the elements of a container begin.

use std::cell::OnceCell;

use aerospike_wire::ResultCode;
use aerospike_wire::msgpack::{self, EXT_COMPARE, Reader, Token};

/// Total size of an element by its first byte; 0 where more bytes must be looked at. Heads of containers count
/// alone, without their elements.
const SIZE: [u8; 256] = {
    let mut size = [0; 256];
    let mut head = 0;
    while head < 256 {
        size[head] = match head as u8 {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => 1,
            raw @ 0xa0..=0xbf => raw - 0xa0 + 1,
            0xcc | 0xd0 => 2,
            0xcd | 0xd1 => 3,
            0xca | 0xce | 0xd2 => 5,
            0xcb | 0xcf | 0xd3 => 9,
            ext @ 0xd4..=0xd8 => 2 + (1 << (ext - 0xd4)),
            _ => 0,
        };
        head += 1;
    }
    size
};

/// Where the element that begins at `at` ends, and how many elements inside it follow from there on.
/// `None`: not msgpack, or its head is cut off. The end may lie beyond the bytes.
#[inline]
fn step(bytes: &[u8], at: usize) -> Option<(usize, u64)> {
    let head = *bytes.get(at)?;
    let size = SIZE[head as usize];
    if size != 0 {
        return Some((at + size as usize, 0));
    }
    let number = |width: usize| {
        let digits = bytes.get(at + 1..at + 1 + width)?;
        Some(digits.iter().fold(0usize, |number, digit| number << 8 | *digit as usize))
    };
    Some(match head {
        0x80..=0x8f => (at + 1, 2 * (head & 0x0f) as u64),
        0x90..=0x9f => (at + 1, (head & 0x0f) as u64),
        0xc4 | 0xd9 => (at + 2 + number(1)?, 0),
        0xc5 | 0xda => (at + 3 + number(2)?, 0),
        0xc6 | 0xdb => (at + 5 + number(4)?, 0),
        0xc7 => (at + 3 + number(1)?, 0),
        0xc8 => (at + 4 + number(2)?, 0),
        0xc9 => (at + 6 + number(4)?, 0),
        0xdc => (at + 3, number(2)? as u64),
        0xdd => (at + 5, number(4)? as u64),
        0xde => (at + 3, 2 * number(2)? as u64),
        0xdf => (at + 5, 2 * number(4)? as u64),
        _ => return None,
    })
}

/// Passes over `count` whole elements from `at` on; where they end. Deep nesting costs no stack.
pub(crate) fn skip(bytes: &[u8], at: usize, count: u64) -> Option<usize> {
    let (mut at, mut left) = (at, count);
    while left > 0 {
        let (next, inside) = step(bytes, at)?;
        at = next;
        left = left - 1 + inside;
        // Every element takes at least one byte: a count beyond that can be refused at once.
        if left > bytes.len().checked_sub(at)? as u64 {
            return None;
        }
    }
    (at <= bytes.len()).then_some(at)
}

/// Whether the bytes are exactly one well-formed element.
pub(crate) fn is_element(bytes: &[u8]) -> bool {
    skip(bytes, 0, 1) == Some(bytes.len())
}

/// Whether wildcard or infinity occur anywhere in a well-formed element.
pub(crate) fn has_comparison(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    while let Ok(token) = reader.token() {
        if matches!(token, Token::Ext(EXT_COMPARE, _)) {
            return true;
        }
    }
    false
}

/// Head and size of the element before.
///
/// Neighbours tend to have the same head, hence the same size. Comparing with the last head lets the processor go on
/// with the expected size instead of waiting for the one it has just read.
#[derive(Default)]
struct Likely {
    head: u8,
    /// 0: not known.
    size: usize,
}

impl Likely {
    /// Where the element that begins at `here` ends.
    #[inline]
    fn pass(&mut self, body: &[u8], here: usize) -> Option<usize> {
        let head = *body.get(here)?;
        if head == self.head && self.size != 0 {
            return Some(here + self.size);
        }
        let size = SIZE[head as usize] as usize;
        *self = Likely { head, size };
        if size != 0 { Some(here + size) } else { skip(body, here, 1) }
    }
}

/// The elements of a container: its bytes behind head and marker, and where each begins.
///
/// Keys and values of a map count as elements of their own.
#[derive(Debug)]
pub(crate) struct Elements<'a> {
    body: &'a [u8],
    /// One more than there are elements: the last is the end.
    at: Vec<u32>,
}

impl<'a> Elements<'a> {
    /// Finds `count` elements that must fill the body; `stride` is 2 for a map, whose keys look alike and whose
    /// values look alike.
    pub(crate) fn scan(body: &'a [u8], count: u32, stride: usize) -> Result<Elements<'a>, ResultCode> {
        Elements::find(body, count, stride).ok_or(ResultCode::SERVER)
    }

    fn find(body: &'a [u8], count: u32, stride: usize) -> Option<Elements<'a>> {
        if count as usize > body.len() || body.len() > u32::MAX as usize {
            return (count == 0 && body.is_empty()).then(|| Elements { body, at: vec![0] });
        }
        let mut at = vec![0; count as usize + 1];
        let (starts, end) = at.split_at_mut(count as usize);
        let mut here = 0;
        let mut last = [Likely::default(), Likely::default()];
        if stride == 2 {
            let [key, value] = &mut last;
            for pair in starts.chunks_mut(2) {
                for (start, likely) in pair.iter_mut().zip([&mut *key, &mut *value]) {
                    *start = here as u32;
                    here = likely.pass(body, here)?;
                }
            }
        } else {
            for start in starts {
                *start = here as u32;
                here = last[0].pass(body, here)?;
            }
        }
        end[0] = here as u32;
        (here == body.len()).then_some(Elements { body, at })
    }

    /// One element on its own.
    pub(crate) fn single(element: &'a [u8]) -> Elements<'a> {
        Elements { body: element, at: vec![0, element.len() as u32] }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u32 {
        (self.at.len() - 1) as u32
    }

    /// The bytes of element `i`.
    #[inline]
    pub(crate) fn get(&self, i: u32) -> &'a [u8] {
        self.span(i, i + 1)
    }

    /// The bytes of elements `from` to `to`, the latter excluded.
    #[inline]
    pub(crate) fn span(&self, from: u32, to: u32) -> &'a [u8] {
        &self.body[self.at[from as usize] as usize..self.at[to as usize] as usize]
    }

    /// All of them as a column.
    pub(crate) fn column(&self) -> Column<'_, 'a> {
        Column { elements: self, first: 0, stride: 1 }
    }

    /// Where element `i` begins in the body.
    pub(crate) fn position(&self, i: u32) -> usize {
        self.at[i as usize] as usize
    }
}

/// Every element of a list, or only the keys or only the values of a map.
#[derive(Clone, Copy)]
pub(crate) struct Column<'e, 'a> {
    elements: &'e Elements<'a>,
    first: u32,
    stride: u32,
}

impl<'a> Column<'_, 'a> {
    /// How many elements there are.
    pub(crate) fn len(&self) -> u32 {
        self.elements.len() / self.stride
    }

    /// The bytes of element `i`.
    #[inline]
    pub(crate) fn get(&self, i: u32) -> &'a [u8] {
        self.elements.get(i * self.stride + self.first)
    }

    /// All elements in turn.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.len()).map(|i| self.get(i))
    }
}

/// Splits a container into marker flags, count without the marker, and body.
///
/// The marker is an extension in front of the elements (cdt §3.1). Wildcard and infinity are extensions too, but
/// have a payload.
fn open(bytes: &[u8], map: bool) -> Option<(u8, u32, &[u8])> {
    let mut reader = Reader::new(bytes);
    let count = if map { reader.map() } else { reader.list() }.ok()?;
    if count > 0
        && let Some(flags) = marker(reader)
    {
        reader.token().ok()?;
        if map {
            reader.skip(1).ok()?;
        }
        return Some((flags, count - 1, reader.rest()));
    }
    Some((0, count, reader.rest()))
}

/// The flags of the order marker that the reader stands before, if it does.
pub(crate) fn marker(reader: Reader<'_>) -> Option<u8> {
    // Cheap for the usual case: few elements begin like an extension.
    if !matches!(reader.rest().first(), Some(0xc7..=0xc9 | 0xd4..=0xd8)) {
        return None;
    }
    match reader.peek() {
        Ok(Token::Ext(flags, payload)) if payload.is_empty() || flags != EXT_COMPARE => Some(flags),
        _ => None,
    }
}

/// A list: marker flags, size and elements, which are looked for when they are needed.
pub(crate) struct List<'a> {
    /// Bits of [`aerospike_wire::cdt::order`].
    pub(crate) flags: u8,
    /// How many elements there are, without the marker.
    pub(crate) count: u32,
    /// The elements' bytes.
    pub(crate) body: &'a [u8],
    elements: OnceCell<Elements<'a>>,
}

impl<'a> List<'a> {
    /// Opens the list that the bytes are.
    ///
    /// # Errors
    /// SERVER if they are no list.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<List<'a>, ResultCode> {
        let (flags, count, body) = open(bytes, false).ok_or(ResultCode::SERVER)?;
        Ok(List { flags, count, body, elements: OnceCell::new() })
    }

    /// A list without elements.
    pub(crate) fn empty(flags: u8) -> List<'static> {
        List { flags, count: 0, body: &[], elements: OnceCell::new() }
    }

    /// Whether the list keeps its elements in order.
    pub(crate) fn is_ordered(&self) -> bool {
        self.flags & aerospike_wire::cdt::order::ORDERED != 0
    }

    /// The elements; found once.
    pub(crate) fn elements(&self) -> Result<&Elements<'a>, ResultCode> {
        if let Some(elements) = self.elements.get() {
            return Ok(elements);
        }
        let elements = Elements::scan(self.body, self.count, 1)?;
        Ok(self.elements.get_or_init(|| elements))
    }

    /// The elements as a column.
    pub(crate) fn column(&self) -> Result<Column<'_, 'a>, ResultCode> {
        Ok(self.elements()?.column())
    }

    /// Where element `i` begins in the body; found without looking at the elements behind it.
    pub(crate) fn position(&self, i: u32) -> Result<usize, ResultCode> {
        match self.elements.get() {
            Some(elements) => Ok(elements.position(i)),
            None if i == self.count => Ok(self.body.len()),
            None => skip(self.body, 0, i as u64).ok_or(ResultCode::SERVER),
        }
    }

    /// The bytes of `count` elements from `start` on; found without looking at the elements behind them.
    pub(crate) fn window(&self, start: u32, count: u32) -> Result<&'a [u8], ResultCode> {
        let from = self.position(start)?;
        let to = match self.elements.get() {
            Some(elements) => elements.position(start + count),
            None if start + count == self.count => self.body.len(),
            None => skip(self.body, from, count as u64).ok_or(ResultCode::SERVER)?,
        };
        self.body.get(from..to).ok_or(ResultCode::SERVER)
    }
}

/// A map: marker flags, size and entries, which are looked for when they are needed.
pub(crate) struct Map<'a> {
    /// Bits of [`aerospike_wire::cdt::order`].
    pub(crate) flags: u8,
    /// How many entries there are, without the marker.
    pub(crate) count: u32,
    /// The entries' bytes: key, value, key, value …
    pub(crate) body: &'a [u8],
    elements: OnceCell<Elements<'a>>,
}

impl<'a> Map<'a> {
    /// Opens the map that the bytes are.
    ///
    /// # Errors
    /// SERVER if they are no map.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Map<'a>, ResultCode> {
        let (flags, count, body) = open(bytes, true).ok_or(ResultCode::SERVER)?;
        Ok(Map { flags, count, body, elements: OnceCell::new() })
    }

    /// A map without entries.
    pub(crate) fn empty(flags: u8) -> Map<'static> {
        Map { flags, count: 0, body: &[], elements: OnceCell::new() }
    }

    /// Whether the map says that it keeps its keys in order. All do; the others answer some questions otherwise.
    pub(crate) fn is_ordered(&self) -> bool {
        use aerospike_wire::cdt::order;
        self.flags & (order::KEY_ORDERED | order::VALUE_ORDERED) != 0
    }

    /// Whether the map keeps an index of its values (key-value-ordered and persisted): some replies then come in
    /// another order (cdt §6.6).
    pub(crate) fn has_value_index(&self) -> bool {
        use aerospike_wire::cdt::order;
        let all = order::KEY_ORDERED | order::VALUE_ORDERED | order::PERSIST_INDEX;
        self.flags & all == all
    }

    /// Keys and values in turn; found once.
    pub(crate) fn elements(&self) -> Result<&Elements<'a>, ResultCode> {
        if let Some(elements) = self.elements.get() {
            return Ok(elements);
        }
        let elements = Elements::scan(self.body, self.count.saturating_mul(2), 2)?;
        Ok(self.elements.get_or_init(|| elements))
    }

    /// The keys.
    pub(crate) fn keys(&self) -> Result<Column<'_, 'a>, ResultCode> {
        Ok(Column { elements: self.elements()?, first: 0, stride: 2 })
    }

    /// The values.
    pub(crate) fn values(&self) -> Result<Column<'_, 'a>, ResultCode> {
        Ok(Column { elements: self.elements()?, first: 1, stride: 2 })
    }

    /// The bytes of `count` entries from `start` on.
    pub(crate) fn window(&self, start: u32, count: u32) -> Result<&'a [u8], ResultCode> {
        Ok(self.elements()?.span(2 * start, 2 * (start + count)))
    }
}

/// Appends the head of a list and, for flags other than 0, its marker.
pub(crate) fn put_list_head(out: &mut Vec<u8>, flags: u8, count: u32) {
    msgpack::put_list_head(out, count + (flags != 0) as u32);
    if flags != 0 {
        msgpack::put_ext(out, flags, &[]);
    }
}

/// Appends the head of a map and, for flags other than 0, its marker.
pub(crate) fn put_map_head(out: &mut Vec<u8>, flags: u8, count: u32) {
    msgpack::put_map_head(out, count + (flags != 0) as u32);
    if flags != 0 {
        msgpack::put_ext(out, flags, &[]);
        msgpack::put_nil(out);
    }
}

/// A list of `count` elements put together from pieces that hold them.
pub(crate) fn list_of(flags: u8, count: u32, pieces: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_ROOM + pieces.iter().map(|piece| piece.len()).sum::<usize>());
    put_list_head(&mut out, flags, count);
    for piece in pieces {
        out.extend_from_slice(piece);
    }
    out
}

/// A map of `count` entries put together from pieces that hold them.
pub(crate) fn map_of(flags: u8, count: u32, pieces: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_ROOM + pieces.iter().map(|piece| piece.len()).sum::<usize>());
    put_map_head(&mut out, flags, count);
    for piece in pieces {
        out.extend_from_slice(piece);
    }
    out
}

/// What head and marker of a container take at most.
pub(crate) const HEAD_ROOM: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_marker_is_no_element() {
        let list = List::open(&[0x93, 0xc7, 0, 1, 1, 2]).unwrap();
        assert_eq!((list.flags, list.count, list.body), (1, 2, &[1u8, 2][..]));
        let map = Map::open(&[0x82, 0xc7, 0, 3, 0xc0, 1, 2]).unwrap();
        assert_eq!((map.flags, map.count, map.body), (3, 1, &[1u8, 2][..]));
    }

    #[test]
    fn a_wildcard_in_front_is_an_element() {
        let list = List::open(&[0x92, 0xd4, 0xff, 0, 1]).unwrap();
        assert_eq!((list.flags, list.count), (0, 2));
    }

    #[test]
    fn elements_of_mixed_sizes() {
        let body = [1, 0xa3, 3, 0x61, 0x62, 0x92, 1, 2, 0x92, 0x90, 2, 0xcd, 1, 0];
        let elements = Elements::scan(&body, 5, 1).unwrap();
        let sizes: Vec<usize> = (0..5).map(|i| elements.get(i).len()).collect();
        assert_eq!(sizes, [1, 4, 3, 3, 3]);
        assert!(Elements::scan(&body, 4, 1).is_err());
        assert!(Elements::scan(&body, 6, 1).is_err());
    }

    proptest! {
        #[test]
        fn skips_as_the_reader_does(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let theirs = Reader::new(&bytes).element().ok().map(<[u8]>::len);
            prop_assert_eq!(skip(&bytes, 0, 1), theirs);
        }

        #[test]
        fn finds_what_skipping_finds(bytes in prop::collection::vec(any::<u8>(), 0..60), count in 0u32..20,
                                     stride in 1usize..3) {
            let end = skip(&bytes, 0, count as u64);
            match Elements::scan(&bytes, count, stride) {
                Ok(elements) => {
                    prop_assert_eq!(end, Some(bytes.len()));
                    for i in 0..count {
                        prop_assert!(is_element(elements.get(i)));
                    }
                }
                Err(_) => prop_assert!(end != Some(bytes.len())),
            }
        }
    }
}
