//! A list or map taken apart, one level deep.

use super::super::compare::{Maps, compare};
use super::super::view::Element;
use aerospike_wire::ResultCode;
use aerospike_wire::msgpack::{Malformed, Reader, Token};
use std::cmp::Ordering;

/// What a container is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    List,
    Map,
}

/// A list or map and its children, all as msgpack.
pub(super) struct Container<'a> {
    pub kind: Kind,
    /// Flags of the order marker, if there is one.
    pub marker: Option<u8>,
    pub children: Vec<Child<'a>>,
}

/// An element of a list, or an entry of a map.
#[derive(Clone, Copy)]
pub(super) struct Child<'a> {
    pub key: Option<&'a [u8]>,
    pub value: &'a [u8],
}

impl<'a> Container<'a> {
    /// Takes an element apart; `None` if it is a scalar.
    ///
    /// # Errors
    /// [`ResultCode::SERVER`] for what is no msgpack; a stored value always is.
    pub fn parse(element: &'a [u8]) -> Result<Option<Container<'a>>, ResultCode> {
        Container::read(element).map_err(|_| ResultCode::SERVER)
    }

    fn read(element: &'a [u8]) -> Result<Option<Container<'a>>, Malformed> {
        let mut reader = Reader::new(element);
        let (kind, count) = match reader.token()? {
            Token::List(count) => (Kind::List, count),
            Token::Map(count) => (Kind::Map, count),
            _ => return Ok(None),
        };
        let marker = match reader.peek() {
            Ok(Token::Ext(flags, [])) if count > 0 => {
                reader.skip(1 + (kind == Kind::Map) as u64)?;
                Some(flags)
            }
            _ => None,
        };
        let count = count - marker.is_some() as u32;
        // A child takes at least a byte, which bounds what a false count can reserve.
        let mut children = Vec::with_capacity((count as usize).min(reader.rest().len()));
        for _ in 0..count {
            let key = if kind == Kind::Map { Some(reader.element()?) } else { None };
            children.push(Child { key, value: reader.element()? });
        }
        Ok(Some(Container { kind, marker, children }))
    }

    /// Whether the elements are kept sorted.
    pub fn is_ordered(&self) -> bool {
        self.marker.is_some_and(|flags| flags & 1 != 0)
    }

    /// The position that an index or rank means; negative ones count from the end.
    pub fn position(&self, index: i64) -> Option<usize> {
        let count = self.children.len() as i64;
        let index = if index < 0 { index.checked_add(count)? } else { index };
        if (0..count).contains(&index) { Some(index as usize) } else { None }
    }

    /// Position of the child of a rank, which must be below the number of children.
    pub fn by_rank(&self, rank: usize) -> usize {
        let mut positions: Vec<usize> = (0..self.children.len()).collect();
        let order =
            |a: &usize, b: &usize| order(self.children[*a].value, self.children[*b].value).then(a.cmp(b));
        *positions.select_nth_unstable_by(rank, order).1
    }

    /// Whether a map's entry has a key.
    pub fn has_key(&self, position: usize, key: &[u8]) -> bool {
        self.children[position].key.is_some_and(|own| equal(own, key))
    }

    /// A child as expressions see it.
    pub fn element(&self, position: usize) -> Element<'a> {
        let Child { key, value } = self.children[position];
        let index = if self.kind == Kind::List { Some(position as i64) } else { None };
        Element { key, index, value }
    }
}

/// The order of elements in collections (cdt §4).
pub(super) fn order(a: &[u8], b: &[u8]) -> Ordering {
    compare(a, b, Maps::AsStored).unwrap_or(Ordering::Equal)
}

/// Whether two elements are equal, wildcards included.
pub(super) fn equal(a: &[u8], b: &[u8]) -> bool {
    order(a, b).is_eq()
}
