//! Values as a UDF holds them: scalars, and lists, maps and bytes that are shared by reference (lua §8).
//!
//! What a function stores in a list is the list's own; what it takes out of it is the same object again, so that
//! a nested list can be changed in place. No container can come to contain itself: every traversal ends, and
//! dropping one never leaks.

use super::budget::Charge;
use super::containers::{BytesData, ListData, MapData};
use parking_lot::Mutex;
use std::cmp::Ordering;
use std::sync::Arc;

/// How deep lists and maps may nest. Deeper ones are refused: traversals recurse.
pub const MAX_DEPTH: usize = 512;

/// What an element costs beside its own bytes; see [`Item::weight`].
const ELEMENT_WEIGHT: usize = 32;

/// An element of a list, a value of a map, a bin.
#[derive(Clone, Debug, Default)]
pub enum Item {
    /// No value.
    #[default]
    Nil,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// Text, any bytes.
    Str(Arc<[u8]>),
    /// GeoJSON text, not validated.
    Geo(GeoJson),
    /// Bytes with a type tag.
    Bytes(Bytes),
    /// A list.
    List(List),
    /// A map.
    Map(Map),
}

impl Item {
    /// A string, cut at its first NUL as the server being emulated does (lua §8).
    pub fn string(bytes: &[u8]) -> Item {
        let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
        Item::Str(bytes[..end].into())
    }

    /// Bytes that it stands for in the memory budget. Containers are charged where they are made.
    pub fn weight(&self) -> usize {
        ELEMENT_WEIGHT
            + match self {
                Item::Str(text) => text.len(),
                _ => 0,
            }
    }

    /// Whether it is a list or a map.
    pub fn is_container(&self) -> bool {
        matches!(self, Item::List(_) | Item::Map(_))
    }
}

/// A list, shared by reference.
#[derive(Clone, Debug)]
pub struct List(pub Arc<Mutex<ListData>>);

/// A map, shared by reference.
#[derive(Clone, Debug)]
pub struct Map(pub Arc<Mutex<MapData>>);

/// Bytes, shared by reference.
#[derive(Clone, Debug)]
pub struct Bytes(pub Arc<Mutex<BytesData>>);

/// GeoJSON text, shared.
#[derive(Clone, Debug)]
pub struct GeoJson(Arc<(Box<[u8]>, Charge)>);

impl GeoJson {
    /// A text, charged to a budget.
    pub fn new(text: &[u8], mut charge: Charge) -> GeoJson {
        charge.add(text.len());
        GeoJson(Arc::new((text.into(), charge)))
    }

    /// The text.
    pub fn text(&self) -> &[u8] {
        &self.0.0
    }
}

impl List {
    /// A list of items, charged to a budget.
    pub fn new(items: Vec<Item>, charge: Charge) -> List {
        List(Arc::new(Mutex::new(ListData::new(items, charge))))
    }

    /// The items, shared; the lock is not held afterwards.
    pub fn items(&self) -> Vec<Item> {
        self.0.lock().items().to_vec()
    }
}

impl Map {
    /// An empty map, charged to a budget.
    pub fn new(charge: Charge) -> Map {
        Map(Arc::new(Mutex::new(MapData::new(charge))))
    }

    /// The entries in ascending order of their keys, shared; the lock is not held afterwards.
    pub fn entries(&self) -> Vec<(Key, Item)> {
        self.0.lock().entries().map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

impl Bytes {
    /// Bytes with a type tag, charged to a budget.
    pub fn new(data: &[u8], tag: u8, charge: Charge) -> Bytes {
        Bytes(Arc::new(Mutex::new(BytesData::new(data, tag, charge))))
    }
}

/// A key of a map. The order of variants is the order of iteration (lua §10).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Key {
    /// An integer.
    Int(i64),
    /// Text, any bytes.
    Str(Arc<[u8]>),
    /// Bytes and their type tag.
    Bytes(Arc<[u8]>, u8),
}

impl Key {
    /// The key that a value stands for; `None` for types that cannot be keys.
    pub fn of(item: &Item) -> Option<Key> {
        match item {
            Item::Int(value) => Some(Key::Int(*value)),
            Item::Str(text) => Some(Key::Str(text.clone())),
            Item::Bytes(bytes) => {
                let bytes = bytes.0.lock();
                Some(Key::Bytes(bytes.as_slice().into(), bytes.tag))
            }
            _ => None,
        }
    }

    /// The value that it is; bytes become bytes of their own.
    pub fn into_item(self, charge: Charge) -> Item {
        match self {
            Key::Int(value) => Item::Int(value),
            Key::Str(text) => Item::Str(text),
            Key::Bytes(bytes, tag) => Item::Bytes(Bytes::new(&bytes, tag, charge)),
        }
    }

    /// Bytes that it stands for in the memory budget.
    pub fn weight(&self) -> usize {
        ELEMENT_WEIGHT
            + match self {
                Key::Int(_) => 0,
                Key::Str(bytes) | Key::Bytes(bytes, _) => bytes.len(),
            }
    }

    fn rank(&self) -> (u8, &[u8]) {
        match self {
            Key::Int(_) => (0, &[]),
            Key::Str(bytes) => (1, bytes),
            Key::Bytes(bytes, _) => (2, bytes),
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        match (self, other) {
            (Key::Int(a), Key::Int(b)) => a.cmp(b),
            (Key::Bytes(a, tag), Key::Bytes(b, other_tag)) => a.cmp(b).then(tag.cmp(other_tag)),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
