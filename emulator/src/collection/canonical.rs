//! Checking and rewriting what is stored (cdt §2.2, §2.3; wire §9).
//!
//! Every value that enters a list or map is brought into the one form that rests and travels: shortest encodings,
//! every map in order of its keys, no meaningless markers.

use std::borrow::Cow;
use std::cmp::Ordering;

use aerospike_wire::cdt::order;
use aerospike_wire::msgpack::{self, EXT_COMPARE, Reader, Token};
use aerospike_wire::{ParticleType, ResultCode};

use super::order::compare;
use super::scan::{self, put_list_head, put_map_head};

/// Why a value cannot be stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unstorable {
    /// The bytes are not one whole msgpack element.
    #[error("malformed msgpack")]
    Malformed,
    /// Wildcard and infinity only compare.
    #[error("wildcard or infinity in a value to store")]
    Comparison,
    /// Map keys are integers, strings and blobs.
    #[error("map key of a type that is not allowed")]
    Key,
    /// A key occurs twice in a map.
    #[error("duplicate map key")]
    DuplicateKey,
    /// A list or map claims an order that it does not have.
    #[error("elements out of the order that is claimed")]
    Order,
}

/// How a bin's list travels in a WRITE op: checks it and returns the form to store.
///
/// # Errors
/// SERVER, as wire §9 demands, for a value that cannot be stored or is no list.
pub fn canonical_list(data: &[u8]) -> Result<Cow<'_, [u8]>, ResultCode> {
    canonical_bin(data, |token| matches!(token, Token::List(_)))
}

/// As [`canonical_list`], for a bin's map.
///
/// # Errors
/// SERVER, as wire §9 demands, for a value that cannot be stored or is no map.
pub fn canonical_map(data: &[u8]) -> Result<Cow<'_, [u8]>, ResultCode> {
    canonical_bin(data, |token| matches!(token, Token::Map(_)))
}

fn canonical_bin(data: &[u8], fits: impl Fn(Token<'_>) -> bool) -> Result<Cow<'_, [u8]>, ResultCode> {
    match Reader::new(data).token() {
        Ok(token) if fits(token) => {}
        _ => return Err(ResultCode::SERVER),
    }
    Ok(Canonical::new(data, true)?.rewrite()?)
}

/// A value to be stored inside a list or map.
///
/// # Errors
/// Why it cannot be stored.
pub fn canonical_element(element: &[u8]) -> Result<Cow<'_, [u8]>, Unstorable> {
    // Most are scalars in their shortest form already.
    match element {
        [0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff] => return Ok(Cow::Borrowed(element)),
        [head @ 0xa0..=0xbf, payload @ ..] if payload.len() == (head & 0x1f) as usize => {
            return Ok(Cow::Borrowed(element));
        }
        _ => {}
    }
    Canonical::new(element, false)?.rewrite()
}

/// A value to be stored as the key of a map.
///
/// # Errors
/// Why it cannot be stored.
pub fn canonical_key(element: &[u8]) -> Result<Cow<'_, [u8]>, Unstorable> {
    let key = canonical_element(element)?;
    match Reader::new(&key).token() {
        Ok(token) if is_key(token) => Ok(key),
        _ => Err(Unstorable::Key),
    }
}

fn is_key(token: Token<'_>) -> bool {
    match token {
        Token::Int(_) | Token::Uint(_) => true,
        Token::Raw([kind, ..]) => *kind == ParticleType::STRING.0 || *kind == ParticleType::BLOB.0,
        _ => false,
    }
}

/// The marker flags that a stored list keeps. The index bit shows nowhere in lists.
pub(crate) fn list_flags(flags: u8, keep_index: bool) -> u8 {
    let index = if keep_index { order::PERSIST_INDEX } else { 0 };
    if flags & order::ORDERED != 0 { flags & (order::ORDERED | index) } else { 0 }
}

/// The marker flags that a stored map keeps.
pub(crate) fn map_flags(flags: u8, keep_index: bool) -> u8 {
    let index = if keep_index { order::PERSIST_INDEX } else { 0 };
    let ordered = order::KEY_ORDERED | order::VALUE_ORDERED;
    if flags & ordered != 0 { flags & (ordered | index) } else { 0 }
}

/// The span of an element in the bytes.
type Span = (usize, usize);

struct Entry {
    key: Span,
    value: Span,
    /// How many maps begin before the value: the number of the first one in it.
    maps_before: usize,
}

struct MapShape {
    flags: u8,
    /// Where its entries stand among all.
    first: usize,
    count: usize,
    end: usize,
    /// How many maps begin before its end.
    maps_before_end: usize,
}

/// A value with all its maps found, checked and put in order.
///
/// Two passes, neither of which recurses: the first finds out, the second writes, if there is anything to write.
/// Each takes time in proportion to the bytes, however they nest.
struct Canonical<'a> {
    bytes: &'a [u8],
    /// Keep the index bit of the outermost container.
    keep_index: bool,
    /// In the order in which they begin.
    maps: Vec<MapShape>,
    entries: Vec<Entry>,
    /// The bytes are what is to be stored.
    clean: bool,
}

/// A container in the course of the first pass.
enum Open {
    List { left: u32 },
    Map { number: usize, done: usize },
}

impl<'a> Canonical<'a> {
    fn new(bytes: &'a [u8], keep_index: bool) -> Result<Canonical<'a>, Unstorable> {
        if !scan::is_element(bytes) {
            return Err(Unstorable::Malformed);
        }
        let mut canonical =
            Canonical { bytes, keep_index, maps: Vec::new(), entries: Vec::new(), clean: true };
        canonical.survey()?;
        Ok(canonical)
    }

    fn survey(&mut self) -> Result<(), Unstorable> {
        let mut reader = Reader::new(self.bytes);
        let mut open: Vec<Open> = Vec::new();
        open.extend(self.survey_next(&mut reader, true)?);
        while let Some(container) = open.last_mut() {
            match container {
                Open::List { left: 0 } => {
                    open.pop();
                }
                Open::List { left } => {
                    *left -= 1;
                    open.extend(self.survey_next(&mut reader, false)?);
                }
                Open::Map { number, done } => {
                    let (number, here) = (*number, reader.position());
                    let MapShape { first, count, .. } = self.maps[number];
                    if *done > 0 {
                        self.entries[first + *done - 1].value.1 = here;
                    }
                    if *done == count {
                        self.maps[number].end = here;
                        self.maps[number].maps_before_end = self.maps.len();
                        self.arrange(number)?;
                        open.pop();
                        continue;
                    }
                    let entry = first + *done;
                    *done += 1;
                    self.survey_key(&mut reader)?;
                    let value = reader.position();
                    self.entries[entry] =
                        Entry { key: (here, value), value: (value, value), maps_before: self.maps.len() };
                    open.extend(self.survey_next(&mut reader, false)?);
                }
            }
        }
        Ok(())
    }

    fn survey_key(&mut self, reader: &mut Reader<'_>) -> Result<(), Unstorable> {
        let head = reader.rest().first().copied();
        let token = reader.token().map_err(|_| Unstorable::Malformed)?;
        if !is_key(token) {
            return Err(Unstorable::Key);
        }
        self.clean &= is_shortest(head, token);
        Ok(())
    }

    /// Reads an element's head; if it is a container's, the first pass goes on inside.
    fn survey_next(&mut self, reader: &mut Reader<'_>, outermost: bool) -> Result<Option<Open>, Unstorable> {
        let head = reader.rest().first().copied();
        let token = reader.token().map_err(|_| Unstorable::Malformed)?;
        self.clean &= is_shortest(head, token);
        let keep_index = outermost && self.keep_index;
        Ok(match token {
            Token::List(mut left) => {
                if left > 0 && scan::marker(*reader).is_some() {
                    // Order is checked as the list is written.
                    self.clean = false;
                    left -= 1;
                    reader.token().map_err(|_| Unstorable::Malformed)?;
                }
                Some(Open::List { left })
            }
            Token::Map(pairs) => {
                let (mut count, mut flags) = (pairs as usize, 0);
                if count > 0
                    && let Some(marker) = scan::marker(*reader)
                {
                    flags = map_flags(marker, keep_index);
                    // Dropping flags changes the bytes; so may the way the marker is written.
                    self.clean &= flags == marker && reader.rest().starts_with(&[0xc7, 0, flags, 0xc0]);
                    count -= 1;
                    reader.skip(2).map_err(|_| Unstorable::Malformed)?;
                }
                let first = self.entries.len();
                // The bytes are well-formed, so an entry stands for at least two of them.
                self.entries.extend((0..count).map(|_| Entry { key: (0, 0), value: (0, 0), maps_before: 0 }));
                self.maps.push(MapShape { flags, first, count, end: 0, maps_before_end: 0 });
                Some(Open::Map { number: self.maps.len() - 1, done: 0 })
            }
            Token::Ext(EXT_COMPARE, [_]) => return Err(Unstorable::Comparison),
            _ => None,
        })
    }

    /// Puts a map's entries in order of their keys.
    fn arrange(&mut self, number: usize) -> Result<(), Unstorable> {
        let MapShape { flags, first, count, .. } = self.maps[number];
        let entries = &mut self.entries[first..first + count];
        let bytes = self.bytes;
        let order_of = |a: &Entry, b: &Entry| compare(&bytes[a.key.0..a.key.1], &bytes[b.key.0..b.key.1]);
        if !entries.is_sorted_by(|a, b| order_of(a, b) == Ordering::Less) {
            entries.sort_by(order_of);
            if entries.windows(2).any(|pair| order_of(&pair[0], &pair[1]) == Ordering::Equal) {
                return Err(Unstorable::DuplicateKey);
            }
            if flags & order::KEY_ORDERED != 0 {
                return Err(Unstorable::Order);
            }
            self.clean = false;
        }
        Ok(())
    }

    /// The form to store.
    fn rewrite(self) -> Result<Cow<'a, [u8]>, Unstorable> {
        if self.clean {
            return Ok(Cow::Borrowed(self.bytes));
        }
        let mut out = Vec::with_capacity(self.bytes.len());
        let mut place = Place { at: 0, maps_before: 0 };
        let mut open: Vec<Writing> = Vec::new();
        open.extend(self.write_next(&mut place, &mut out)?);
        while let Some(container) = open.last_mut() {
            match container {
                Writing::List { left, sequence } => {
                    if let Some(sequence) = sequence {
                        sequence.check(&out)?;
                    }
                    if *left == 0 {
                        open.pop();
                        continue;
                    }
                    *left -= 1;
                    open.extend(self.write_next(&mut place, &mut out)?);
                }
                Writing::Map { number, done } => {
                    let map = &self.maps[*number];
                    if *done == map.count {
                        place = Place { at: map.end, maps_before: map.maps_before_end };
                        open.pop();
                        continue;
                    }
                    let entry = &self.entries[map.first + *done];
                    *done += 1;
                    place = Place { at: entry.key.0, maps_before: entry.maps_before };
                    self.write_next(&mut place, &mut out)?;
                    place.at = entry.value.0;
                    open.extend(self.write_next(&mut place, &mut out)?);
                }
            }
        }
        Ok(Cow::Owned(out))
    }

    fn write_next(&self, place: &mut Place, out: &mut Vec<u8>) -> Result<Option<Writing>, Unstorable> {
        let mut reader = Reader::new(&self.bytes[place.at..]);
        let token = reader.token().map_err(|_| Unstorable::Malformed)?;
        let inside = match token {
            Token::List(mut left) => {
                let mut flags = 0;
                if left > 0
                    && let Some(marker) = scan::marker(reader)
                {
                    flags = list_flags(marker, false);
                    left -= 1;
                    reader.token().map_err(|_| Unstorable::Malformed)?;
                }
                put_list_head(out, flags, left);
                let sequence = (flags != 0).then_some(Sequence { before: None, begun: out.len() });
                Some(Writing::List { left, sequence })
            }
            Token::Map(_) => {
                let map = &self.maps[place.maps_before];
                put_map_head(out, map.flags, map.count as u32);
                place.maps_before += 1;
                Some(Writing::Map { number: place.maps_before - 1, done: 0 })
            }
            scalar => {
                msgpack::put_token(out, scalar);
                None
            }
        };
        place.at += reader.position();
        Ok(inside)
    }
}

/// Where the second pass reads.
struct Place {
    at: usize,
    maps_before: usize,
}

/// A container in the course of the second pass.
enum Writing {
    List { left: u32, sequence: Option<Sequence> },
    Map { number: usize, done: usize },
}

/// The last two elements written to an ordered list.
struct Sequence {
    before: Option<usize>,
    begun: usize,
}

impl Sequence {
    /// To be called when an element is complete, and once before the first.
    fn check(&mut self, out: &[u8]) -> Result<(), Unstorable> {
        if self.begun == out.len() {
            return Ok(());
        }
        if let Some(before) = self.before
            && compare(&out[before..self.begun], &out[self.begun..]) == Ordering::Greater
        {
            return Err(Unstorable::Order);
        }
        self.before = Some(self.begun);
        self.begun = out.len();
        Ok(())
    }
}

/// Whether an element with this first byte has the shortest form of its value.
fn is_shortest(head: Option<u8>, token: Token<'_>) -> bool {
    match (head.unwrap_or(0), token) {
        (0xc4..=0xc6, _) => false,
        (0xcc, Token::Int(value)) => value >= 0x80,
        (0xcd, Token::Int(value)) => value >= 0x100,
        (0xce, Token::Int(value)) => value >= 0x1_0000,
        (0xcf, Token::Int(value)) => value >= 0x1_0000_0000,
        (0xd0, Token::Int(value)) => value < -32,
        (0xd1, Token::Int(value)) => value < i8::MIN as i64,
        (0xd2, Token::Int(value)) => value < i16::MIN as i64,
        (0xd3, Token::Int(value)) => value < i32::MIN as i64,
        (0xd9, Token::Raw(payload)) => payload.len() >= 32,
        (0xda, Token::Raw(payload)) => payload.len() >= 0x100,
        (0xdb, Token::Raw(payload)) => payload.len() >= 0x1_0000,
        (0xdc | 0xde, Token::List(count) | Token::Map(count)) => count >= 16,
        (0xdd | 0xdf, Token::List(count) | Token::Map(count)) => count >= 0x1_0000,
        (0xc7, Token::Ext(_, payload)) => !matches!(payload.len(), 1 | 2 | 4 | 8 | 16),
        (0xc8, Token::Ext(_, payload)) => payload.len() >= 0x100,
        (0xc9, Token::Ext(_, payload)) => payload.len() >= 0x1_0000,
        _ => true,
    }
}

impl From<Unstorable> for ResultCode {
    /// The code for a value in a bin write; as an operation's argument it is PARAMETER instead (cdt §2.3).
    fn from(_: Unstorable) -> ResultCode {
        ResultCode::SERVER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// Input → stored, as an element and as a bin alike (cdt §2.2, wire §9).
    #[test]
    fn rewritten() {
        let rows = [
            ("91cd0001", "9101"),
            ("91d1ffff", "91ff"),
            ("dc00020102", "920102"),
            ("91c403036263", "91a3036263"),
            ("dc0002 cd0005 d9030361 62", "9205a3036162"),
            ("91c4020361", "91a20361"),
            ("91d30000000000000005", "9105"),
            ("91d3ffffffffffffffff", "91ff"),
            ("91d200010000", "91ce00010000"),
            ("dd0000000101", "9101"),
            ("91ca3fc00000", "91ca3fc00000"),
            ("92c7000101", "92c7000101"),
            ("93c700000102", "920102"),
            ("93c700080102", "920102"),
            ("93c700020102", "920102"),
            ("93c700040102", "920102"),
            ("9201c70001", "9201c70001"),
            ("9201c7010501", "9201d40501"),
            ("83a2036302a2036101a2036202", "83a2036101a2036202a2036302"),
            ("8202010102", "8201020201"),
            ("83a2036201a2036102 0503", "830503a2036102a2036201"),
            ("83c70008c002010102", "8201020201"),
            ("83c70000c002010102", "8201020201"),
            ("83c70001c001010201", "83c70001c001010201"),
            ("83c70009c001010201", "83c70001c001010201"),
            ("83c70003c001010201", "83c70003c001010201"),
            ("83c70002c002010101", "83c70002c001010201"),
            // Nested: sorted at every depth, and the index bit goes.
            ("9182 0282 02010100 0101", "9182 01010282 01000201"),
            ("9192c7001101", "9192c7000101"),
            ("9182c70011c00101", "9182c70001c00101"),
            ("8201 82 0201 0102 0082 04010301", "8200 82 0301 0401 0182 0102 0201"),
        ];
        for (input, stored) in rows {
            let (input, stored) = (hex(input), hex(stored));
            assert_eq!(canonical_element(&input).as_deref(), Ok(&stored[..]), "{input:x?}");
            let as_bin = if input[0] & 0xf0 == 0x80 { canonical_map } else { canonical_list };
            assert_eq!(as_bin(&input).as_deref(), Ok(&stored[..]), "{input:x?}");
        }
    }

    #[test]
    fn a_map_keeps_the_index_bit_of_its_order() {
        assert_eq!(canonical_list(&hex("92c7001101")).as_deref(), Ok(&hex("92c7000101")[..]));
        assert_eq!(canonical_map(&hex("82c70013c00101")).as_deref(), Ok(&hex("82c70013c00101")[..]));
        assert_eq!(canonical_map(&hex("82c70010c00101")).as_deref(), Ok(&hex("810101")[..]));
        // Ends the process of a real server (cdt §15).
        assert_eq!(canonical_list(&hex("92c7001001")).as_deref(), Ok(&hex("9101")[..]));
    }

    /// cdt §2.3.
    #[test]
    fn refused() {
        let rows = [
            ("", Unstorable::Malformed),
            ("91", Unstorable::Malformed),
            ("910101", Unstorable::Malformed),
            ("91c1", Unstorable::Malformed),
            ("ddffffffff", Unstorable::Malformed),
            ("8201010102", Unstorable::DuplicateKey),
            ("8201 01 cd0001 02", Unstorable::DuplicateKey),
            ("83c70001c002010101", Unstorable::Order),
            ("83c70011c002010101", Unstorable::Order),
            ("93c700010201", Unstorable::Order),
            ("91 93c700010201", Unstorable::Order),
            ("81c001", Unstorable::Key),
            ("81c301", Unstorable::Key),
            ("81cb000000000000000001", Unstorable::Key),
            ("819001", Unstorable::Key),
            ("818001", Unstorable::Key),
            ("81a2177b01", Unstorable::Key),
            ("81a2077b01", Unstorable::Key),
            ("81a001", Unstorable::Key),
            ("91d4ff00", Unstorable::Comparison),
            ("91d4ff01", Unstorable::Comparison),
            ("81 01 91d4ff01", Unstorable::Comparison),
        ];
        for (input, error) in rows {
            let input = hex(input);
            assert_eq!(canonical_element(&input), Err(error), "{input:x?}");
            assert_eq!(canonical_list(&input), Err(ResultCode::SERVER));
            assert_eq!(canonical_map(&input), Err(ResultCode::SERVER));
        }
        assert_eq!(canonical_list(&hex("80")), Err(ResultCode::SERVER));
        assert_eq!(canonical_map(&hex("90")), Err(ResultCode::SERVER));
    }

    #[test]
    fn deep_nesting_costs_neither_stack_nor_time() {
        let depth = 100_000;
        let mut lists = vec![0x91; depth];
        lists.push(1);
        assert_eq!(canonical_list(&lists).as_deref(), Ok(&lists[..]));
        // Maps with their entries in the wrong order: 2 → the next map, 1 → 0.
        let mut maps = [0x82, 2].repeat(depth);
        maps.push(0xc0);
        maps.extend([1, 0].repeat(depth));
        let mut sorted = [0x82, 1, 0, 2].repeat(depth);
        sorted.push(0xc0);
        assert_eq!(canonical_map(&maps).as_deref(), Ok(&sorted[..]));
        // Ordered lists of two: the next list, a map.
        let mut ordered = [0x93, 0xc7, 0, 1].repeat(depth);
        ordered.push(1);
        ordered.extend(std::iter::once(2).chain(std::iter::repeat_n(0x80, depth - 1)));
        assert!(canonical_list(&ordered).is_ok());
    }
}
