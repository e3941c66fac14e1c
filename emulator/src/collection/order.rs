//! The total order of values (cdt §4).

use std::cmp::Ordering;

use aerospike_wire::ParticleType;
use aerospike_wire::msgpack::{EXT_COMPARE, Reader, Token};
use smallvec::SmallVec;

use super::scan::marker;

/// Payload of the wildcard extension.
pub(crate) const WILDCARD: u8 = 0;
/// Payload of the infinity extension.
pub(crate) const INFINITY: u8 = 1;

/// The types in order, lowest first (cdt §4.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(crate) enum Class {
    Nil,
    False,
    True,
    Integer,
    /// An unsigned integer above `i64::MAX`.
    BigInteger,
    String,
    List,
    Map,
    /// Every raw value that is neither string nor GeoJSON.
    Blob,
    Float,
    GeoJson,
    Extension,
    Infinity,
    /// Equal to everything.
    Wildcard,
}

pub(crate) fn class(token: Token<'_>) -> Class {
    match token {
        Token::Nil => Class::Nil,
        Token::Bool(false) => Class::False,
        Token::Bool(true) => Class::True,
        Token::Int(_) => Class::Integer,
        Token::Uint(_) => Class::BigInteger,
        Token::Float32(_) | Token::Float64(_) => Class::Float,
        Token::Raw(payload) => match payload.first() {
            Some(&kind) if kind == ParticleType::STRING.0 => Class::String,
            Some(&kind) if kind == ParticleType::GEOJSON.0 => Class::GeoJson,
            _ => Class::Blob,
        },
        Token::List(_) => Class::List,
        Token::Map(_) => Class::Map,
        Token::Ext(EXT_COMPARE, [WILDCARD]) => Class::Wildcard,
        Token::Ext(EXT_COMPARE, [INFINITY]) => Class::Infinity,
        Token::Ext(..) => Class::Extension,
    }
}

fn float(token: Token<'_>) -> f64 {
    match token {
        Token::Float32(value) => value as f64,
        Token::Float64(value) => value,
        _ => 0.0,
    }
}

/// Compares two msgpack elements.
///
/// Order marks of lists and maps do not count, nor does the width of an encoding; a float32 equals the double of
/// the same value. A wildcard on either side ends the comparison: equal. Infinity is greater than everything. NaN
/// equals every float, so this is an order only among values without wildcard and NaN.
///
/// The bytes must be well-formed; where they are not, the answer is unspecified. Deep nesting costs no stack.
pub fn compare(a: &[u8], b: &[u8]) -> Ordering {
    match (a, b) {
        // Small integers, and short strings of one type: most of what is compared.
        ([a @ 0..=0x7f, ..], [b @ 0..=0x7f, ..]) => return a.cmp(b),
        ([head_a @ 0xa1..=0xbf, a @ ..], [head_b @ 0xa1..=0xbf, b @ ..]) => {
            let (size_a, size_b) = ((head_a & 0x1f) as usize, (head_b & 0x1f) as usize);
            if let (Some(a), Some(b)) = (a.get(..size_a), b.get(..size_b))
                && a[0] == b[0]
            {
                return a.cmp(b);
            }
        }
        _ => {}
    }
    let (mut a, mut b) = (Reader::new(a), Reader::new(b));
    let inside = match compare_next(&mut a, &mut b) {
        Step::Decided(ordering) => return ordering,
        Step::Equal => return Ordering::Equal,
        Step::Inside(lengths) => lengths,
    };
    // Elements left in the containers being compared, innermost last.
    let mut open: SmallVec<[(u64, u64); 8]> = SmallVec::new();
    open.push(inside);
    while let Some((left_a, left_b)) = open.last_mut() {
        match (*left_a, *left_b) {
            (0, 0) => {
                open.pop();
                continue;
            }
            (0, _) => return Ordering::Less,
            (_, 0) => return Ordering::Greater,
            _ => {}
        }
        *left_a -= 1;
        *left_b -= 1;
        match compare_next(&mut a, &mut b) {
            Step::Decided(ordering) => return ordering,
            Step::Equal => {}
            Step::Inside(lengths) => open.push(lengths),
        }
    }
    Ordering::Equal
}

/// Whether the element is a wildcard and nothing else.
pub(crate) fn is_wildcard(element: &[u8]) -> bool {
    matches!(Reader::new(element).token(), Ok(token) if class(token) == Class::Wildcard)
}

enum Step {
    /// The whole comparison is over.
    Decided(Ordering),
    /// Go on behind.
    Equal,
    /// Two containers of this many elements follow.
    Inside((u64, u64)),
}

#[inline]
fn compare_next(a: &mut Reader<'_>, b: &mut Reader<'_>) -> Step {
    let (Ok(token_a), Ok(token_b)) = (a.token(), b.token()) else {
        return Step::Decided(Ordering::Equal);
    };
    let (class_a, class_b) = (class(token_a), class(token_b));
    if class_a == Class::Wildcard || class_b == Class::Wildcard {
        return Step::Decided(Ordering::Equal);
    }
    if class_a != class_b {
        return Step::Decided(class_a.cmp(&class_b));
    }
    let ordering = match (token_a, token_b) {
        (Token::Int(x), Token::Int(y)) => x.cmp(&y),
        (Token::Uint(x), Token::Uint(y)) => x.cmp(&y),
        (Token::Raw(x), Token::Raw(y)) => x.cmp(y),
        (Token::Ext(kind_x, x), Token::Ext(kind_y, y)) => kind_x.cmp(&kind_y).then(x.cmp(y)),
        (Token::List(x), Token::List(y)) => {
            return Step::Inside((inside(a, x, 1) as u64, inside(b, y, 1) as u64));
        }
        (Token::Map(x), Token::Map(y)) => {
            let (x, y) = (inside(a, x, 2), inside(b, y, 2));
            if x != y {
                return Step::Decided(x.cmp(&y));
            }
            return Step::Inside((2 * x as u64, 2 * y as u64));
        }
        _ if class_a == Class::Float => {
            float(token_a).partial_cmp(&float(token_b)).unwrap_or(Ordering::Equal)
        }
        _ => Ordering::Equal,
    };
    if ordering == Ordering::Equal { Step::Equal } else { Step::Decided(ordering) }
}

/// Passes over a container's marker; how many elements or pairs are left.
fn inside(reader: &mut Reader<'_>, count: u32, stride: u64) -> u32 {
    if count > 0 && marker(*reader).is_some() && reader.skip(stride).is_ok() {
        return count - 1;
    }
    count
}

/// A stand-in for an element that decides most comparisons: the class, then a number in the order of the values.
///
/// Only [`SortKey::is_exact`] ones decide equality.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct SortKey {
    pub(crate) class: Class,
    pub(crate) prefix: u64,
}

/// Prefix of NaN; no other float has it.
const NAN_PREFIX: u64 = u64::MAX;

impl SortKey {
    #[inline]
    pub(crate) fn of(element: &[u8]) -> SortKey {
        const INTEGER: fn(i64) -> SortKey =
            |value| SortKey { class: Class::Integer, prefix: (value as u64) ^ (1 << 63) };
        match element {
            [value @ 0..=0x7f, ..] => INTEGER(*value as i64),
            [0xcc, value, ..] => INTEGER(*value as i64),
            [0xcd, a, b, ..] => INTEGER(u16::from_be_bytes([*a, *b]) as i64),
            [0xce, a, b, c, d, ..] => INTEGER(u32::from_be_bytes([*a, *b, *c, *d]) as i64),
            [0xa1..=0xbf, 3, text @ ..] => {
                let text = text.get(..(element[0] & 0x1f) as usize - 1).unwrap_or_default();
                SortKey { class: Class::String, prefix: bytes_prefix(text) }
            }
            _ => SortKey::of_any(element),
        }
    }

    fn of_any(element: &[u8]) -> SortKey {
        let mut reader = Reader::new(element);
        let Ok(token) = reader.token() else {
            return SortKey { class: Class::Wildcard, prefix: 0 };
        };
        let class = class(token);
        let prefix = match token {
            Token::Int(value) => (value as u64) ^ (1 << 63),
            Token::Uint(value) => value,
            // The type byte tells blobs apart, and only these.
            Token::Raw(payload) if class == Class::Blob => bytes_prefix(payload),
            Token::Raw(payload) => bytes_prefix(payload.get(1..).unwrap_or_default()),
            Token::Map(count) => inside(&mut reader, count, 2) as u64,
            Token::Float32(_) | Token::Float64(_) => float_prefix(float(token)),
            _ => 0,
        };
        SortKey { class, prefix }
    }

    /// Whether keys that are the same mean values that are equal.
    pub(crate) fn is_exact(self) -> bool {
        self.class <= Class::BigInteger || self.class == Class::Float || self.class == Class::Infinity
    }

    /// Whether the value is NaN, which equals every float.
    pub(crate) fn is_nan(self) -> bool {
        self.class == Class::Float && self.prefix == NAN_PREFIX
    }
}

/// The first eight bytes as a number; shorter ones are filled up with zeros.
fn bytes_prefix(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(chunk) => u64::from_be_bytes(*chunk),
        None => bytes.iter().enumerate().fold(0, |all, (i, byte)| all | (*byte as u64) << (56 - 8 * i)),
    }
}

/// A value that many elements are compared with.
pub(crate) struct Probe<'a> {
    value: &'a [u8],
    key: SortKey,
    /// Sort keys decide; not so for NaN, and for wildcards on the outside.
    plain: bool,
}

impl<'a> Probe<'a> {
    pub(crate) fn new(value: &'a [u8]) -> Probe<'a> {
        let key = SortKey::of(value);
        Probe { value, key, plain: key.class != Class::Wildcard && !key.is_nan() }
    }

    /// The value.
    pub(crate) fn value(&self) -> &'a [u8] {
        self.value
    }

    /// How an element compares with the value.
    #[inline]
    pub(crate) fn order_of(&self, element: &[u8]) -> Ordering {
        if self.plain {
            let key = SortKey::of(element);
            if key != self.key && key.class != Class::Wildcard && !key.is_nan() {
                return key.cmp(&self.key);
            }
            if key == self.key && key.is_exact() {
                return Ordering::Equal;
            }
        }
        compare(element, self.value)
    }
}

/// A number in the order of the floats; one for both zeros.
fn float_prefix(value: f64) -> u64 {
    if value.is_nan() {
        return NAN_PREFIX;
    }
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row is lower than the next (cdt §4.1, §4.2).
    const RISING: &[&[u8]] = &[
        &[0xc0],
        &[0xc2],
        &[0xc3],
        &[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0],
        &[0xff],
        &[0],
        &[0x7f],
        &[0xcf, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0],
        &[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0xa1, 3],
        &[0xa2, 3, 0x61],
        &[0xa3, 3, 0x61, 0],
        &[0xa9, 3, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61],
        &[0xa9, 3, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x62],
        &[0xa2, 3, 0x62],
        &[0x90],
        &[0x91, 1],
        &[0x92, 1, 0xc0],
        &[0x93, 1, 2, 3],
        &[0x92, 1, 9],
        &[0x92, 1, 0x91, 0],
        &[0x91, 2],
        &[0x80],
        &[0x81, 0xa2, 3, 0x61, 0],
        &[0x81, 0xa2, 3, 0x61, 1],
        &[0x81, 0xa2, 3, 0x62, 0],
        &[0x82, 0xa2, 3, 0x61, 0, 0xa2, 3, 0x62, 1],
        &[0xa0],
        &[0xa2, 1, 0x7a],
        &[0xa1, 4],
        &[0xa2, 4, 0x61],
        &[0xa2, 7, 0x61],
        &[0xcb, 0xff, 0xf0, 0, 0, 0, 0, 0, 0],
        &[0xca, 0xbf, 0x80, 0, 0],
        &[0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0],
        &[0xca, 0x3f, 0xc0, 0, 0],
        &[0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0],
        &[0xa2, 23, 0x7b],
        &[0xc7, 0, 9],
        &[0xd4, 0xff, 1],
    ];

    #[test]
    fn rising() {
        for (i, a) in RISING.iter().enumerate() {
            for (j, b) in RISING.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a:x?} {b:x?}");
                let (key_a, key_b) = (SortKey::of(a), SortKey::of(b));
                if key_a != key_b {
                    assert_eq!(key_a.cmp(&key_b), i.cmp(&j), "{a:x?} {b:x?}");
                } else if i != j {
                    assert!(!key_a.is_exact(), "{a:x?} {b:x?}");
                }
            }
        }
    }

    #[test]
    fn equal_in_spite_of_form() {
        let rows: [(&[u8], &[u8]); 6] = [
            (&[1], &[0xd1, 0, 1]),
            (&[0xca, 0x3f, 0xc0, 0, 0], &[0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]),
            (&[0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0], &[0xcb, 0, 0, 0, 0, 0, 0, 0, 0]),
            (&[0x93, 0xc7, 0, 1, 1, 2], &[0x92, 1, 2]),
            (&[0x82, 0xc7, 0, 1, 0xc0, 1, 2], &[0x81, 1, 2]),
            (&[0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0], &[0xcb, 0, 0, 0, 0, 0, 0, 0, 0]),
        ];
        for (a, b) in rows {
            assert_eq!(compare(a, b), Ordering::Equal, "{a:x?} {b:x?}");
            assert_eq!(compare(b, a), Ordering::Equal, "{a:x?} {b:x?}");
        }
    }

    #[test]
    fn a_wildcard_ends_the_comparison() {
        const ANY: [u8; 3] = [0xd4, 0xff, 0];
        let list = |items: &[&[u8]]| {
            let mut out = vec![0x90 | items.len() as u8];
            items.iter().for_each(|item| out.extend_from_slice(item));
            out
        };
        let pattern = list(&[&[1], &ANY, &[3]]);
        assert_eq!(compare(&pattern, &list(&[&[1], &[5], &[9]])), Ordering::Equal);
        assert_eq!(compare(&list(&[&[1]]), &pattern), Ordering::Less);
        assert_eq!(compare(&list(&[&[7]]), &list(&[&[7], &ANY])), Ordering::Less);
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let mut deep = vec![0x91; 1_000_000];
        deep.push(1);
        assert_eq!(compare(&deep, &deep), Ordering::Equal);
    }
}
