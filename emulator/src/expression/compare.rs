//! Order of lists and maps in comparisons of expressions (expressions §7, §10).
//!
//! It is the order of elements inside collections with one difference: as long as maps must be ordered, meeting
//! an unordered one makes the whole comparison unknown.

use aerospike_wire::ParticleType;
use aerospike_wire::msgpack::{EXT_COMPARE, Malformed, Reader, Token};
use std::cmp::Ordering;

/// What an unordered map does to a comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Maps {
    /// It makes the result unknown.
    MustBeOrdered,
    /// It is compared entry by entry in stored order.
    AsStored,
}

/// Compares two msgpack elements; `None` is unknown. Deep nesting costs no stack.
pub(super) fn compare(a: &[u8], b: &[u8], maps: Maps) -> Option<Ordering> {
    let (mut a, mut b) = (Reader::new(a), Reader::new(b));
    // Containers that are being compared: how many elements are left of their common length, and what decides
    // when these are all equal.
    let mut open: Vec<(u64, Ordering)> = vec![(1, Ordering::Equal)];
    loop {
        let (left, by_length) = open.last_mut()?;
        if *left == 0 {
            if by_length.is_ne() {
                return Some(*by_length);
            }
            open.pop();
            if open.is_empty() {
                return Some(Ordering::Equal);
            }
            continue;
        }
        *left -= 1;
        let (x, y) = (Head::read(&mut a).ok()?, Head::read(&mut b).ok()?);
        if maps == Maps::MustBeOrdered && (x.is_unordered_map() || y.is_unordered_map()) {
            return None;
        }
        match (x, y) {
            (Head::Wildcard, _) | (_, Head::Wildcard) => return Some(Ordering::Equal),
            (Head::List(x), Head::List(y)) => open.push((x.min(y) as u64, x.cmp(&y))),
            (Head::Map { pairs: x, .. }, Head::Map { pairs: y, .. }) => match x.cmp(&y) {
                Ordering::Equal => open.push((2 * x as u64, Ordering::Equal)),
                order => return Some(order),
            },
            (x, y) => match x.compare_scalar(&y) {
                Ordering::Equal => {}
                order => return Some(order),
            },
        }
    }
}

/// The front of an element: a scalar, or a container without its order marker.
#[derive(Clone, Copy)]
enum Head<'a> {
    Nil,
    Bool(bool),
    Int(i128),
    String(&'a [u8]),
    List(u32),
    Map {
        pairs: u32,
        ordered: bool,
    },
    /// With its type byte.
    Blob(&'a [u8]),
    Float(f64),
    GeoJson(&'a [u8]),
    Extension(u8, &'a [u8]),
    Infinity,
    Wildcard,
}

impl<'a> Head<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Head<'a>, Malformed> {
        Ok(match reader.token()? {
            Token::Nil => Head::Nil,
            Token::Bool(value) => Head::Bool(value),
            Token::Int(value) => Head::Int(value.into()),
            Token::Uint(value) => Head::Int(value.into()),
            Token::Float32(value) => Head::Float(value.into()),
            Token::Float64(value) => Head::Float(value),
            Token::Raw(payload) => match payload.first() {
                Some(&kind) if kind == ParticleType::STRING.0 => Head::String(payload),
                Some(&kind) if kind == ParticleType::GEOJSON.0 => Head::GeoJson(payload),
                _ => Head::Blob(payload),
            },
            Token::List(count) => {
                let marked = take_marker(reader, count).is_some();
                Head::List(count - marked as u32)
            }
            Token::Map(pairs) => match take_marker(reader, pairs) {
                Some(flags) => {
                    reader.skip(1)?;
                    Head::Map { pairs: pairs - 1, ordered: flags & 1 != 0 }
                }
                None => Head::Map { pairs, ordered: pairs == 0 },
            },
            Token::Ext(EXT_COMPARE, [0]) => Head::Wildcard,
            Token::Ext(EXT_COMPARE, [1]) => Head::Infinity,
            Token::Ext(kind, payload) => Head::Extension(kind, payload),
        })
    }

    fn is_unordered_map(&self) -> bool {
        matches!(self, Head::Map { ordered: false, .. })
    }

    fn rank(&self) -> u8 {
        match self {
            Head::Nil => 0,
            Head::Bool(false) => 1,
            Head::Bool(true) => 2,
            Head::Int(_) => 3,
            Head::String(_) => 4,
            Head::List(_) => 5,
            Head::Map { .. } => 6,
            Head::Blob(_) => 7,
            Head::Float(_) => 8,
            Head::GeoJson(_) => 9,
            Head::Extension(..) => 10,
            Head::Infinity => 11,
            Head::Wildcard => 12,
        }
    }

    fn compare_scalar(&self, other: &Head<'_>) -> Ordering {
        match (self, other) {
            (Head::Int(x), Head::Int(y)) => x.cmp(y),
            // A NaN equals every float inside a collection (cdt §4.2).
            (Head::Float(x), Head::Float(y)) => x.partial_cmp(y).unwrap_or(Ordering::Equal),
            (Head::String(x), Head::String(y))
            | (Head::Blob(x), Head::Blob(y))
            | (Head::GeoJson(x), Head::GeoJson(y)) => x.cmp(y),
            (Head::Extension(k, x), Head::Extension(l, y)) => (k, x).cmp(&(l, y)),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

/// Takes a container's order marker, or in a map the marker's key, off the front of its elements.
fn take_marker(reader: &mut Reader<'_>, count: u32) -> Option<u8> {
    match reader.peek() {
        Ok(Token::Ext(flags, [])) if count > 0 => {
            let _ = reader.token();
            Some(flags)
        }
        _ => None,
    }
}
