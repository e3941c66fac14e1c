//! The insides of lists, maps and bytes.
//!
//! Each is charged for what it holds, and gives the charge back when it is dropped.

use super::budget::{Budget, Charge, TimeUp};
use super::value::{Item, Key, List, Map};
use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

/// The items of a list.
#[derive(Debug)]
pub struct ListData {
    items: Vec<Item>,
    /// How many of the items are lists or maps.
    nested: usize,
    charge: Charge,
}

impl ListData {
    /// A list of items. The caller has made sure that the budget has room.
    pub fn new(items: Vec<Item>, mut charge: Charge) -> ListData {
        charge.add(items.iter().map(Item::weight).sum());
        let nested = items.iter().filter(|item| item.is_container()).count();
        ListData { items, nested, charge }
    }

    /// All items.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// The item at a 0-based position.
    pub fn get(&self, at: usize) -> Option<&Item> {
        self.items.get(at)
    }

    fn joined(&mut self, item: &Item) {
        self.charge.add(item.weight());
        self.nested += item.is_container() as usize;
    }

    fn left(&mut self, item: &Item) {
        self.charge.subtract(item.weight());
        self.nested -= item.is_container() as usize;
    }

    /// Replaces the item at a 0-based position, padding with nil up to it.
    pub fn set(&mut self, at: usize, item: Item) {
        self.pad(at + 1);
        let old = std::mem::replace(&mut self.items[at], Item::Nil);
        self.left(&old);
        self.joined(&item);
        self.items[at] = item;
    }

    /// Inserts in front of a 0-based position, padding with nil up to it.
    pub fn insert(&mut self, at: usize, item: Item) {
        self.pad(at);
        self.joined(&item);
        self.items.insert(at, item);
    }

    /// Appends an item.
    pub fn push(&mut self, item: Item) {
        self.joined(&item);
        self.items.push(item);
    }

    /// Removes the item at a 0-based position, if there is one.
    pub fn remove(&mut self, at: usize) {
        if at < self.items.len() {
            let item = self.items.remove(at);
            self.left(&item);
        }
    }

    /// Cuts the list to a length.
    pub fn truncate(&mut self, len: usize) {
        while self.items.len() > len {
            if let Some(item) = self.items.pop() {
                self.left(&item);
            }
        }
    }

    fn pad(&mut self, len: usize) {
        while self.items.len() < len {
            self.push(Item::Nil);
        }
    }
}

impl Drop for ListData {
    fn drop(&mut self) {
        if self.nested > 0 {
            drop_deep(std::mem::take(&mut self.items));
        }
    }
}

/// The entries of a map, in ascending order of their keys.
#[derive(Debug)]
pub struct MapData {
    entries: BTreeMap<Key, Item>,
    nested: usize,
    /// Order flags that the map came with; results carry them on (lua §8).
    pub flags: u8,
    charge: Charge,
}

impl MapData {
    /// An empty map.
    pub fn new(charge: Charge) -> MapData {
        MapData { entries: BTreeMap::new(), nested: 0, flags: 0, charge }
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = (&Key, &Item)> {
        self.entries.iter()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The value of a key.
    pub fn get(&self, key: &Key) -> Option<&Item> {
        self.entries.get(key)
    }

    /// The first entry behind a key, or the first of all.
    pub fn after(&self, key: Option<&Key>) -> Option<(&Key, &Item)> {
        match key {
            None => self.entries.iter().next(),
            Some(key) => self.entries.range((Bound::Excluded(key), Bound::Unbounded)).next(),
        }
    }

    /// An empty charge on the budget that this map is charged to.
    pub fn charge(&self) -> Charge {
        self.charge.sibling()
    }

    /// Sets the value of a key.
    pub fn set(&mut self, key: Key, item: Item) {
        self.charge.add(key.weight() + item.weight());
        self.nested += item.is_container() as usize;
        let weight = key.weight();
        if let Some(old) = self.entries.insert(key, item) {
            self.charge.subtract(weight + old.weight());
            self.nested -= old.is_container() as usize;
        }
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &Key) {
        if let Some(old) = self.entries.remove(key) {
            self.charge.subtract(key.weight() + old.weight());
            self.nested -= old.is_container() as usize;
        }
    }
}

impl Drop for MapData {
    fn drop(&mut self) {
        if self.nested > 0 {
            drop_deep(std::mem::take(&mut self.entries).into_values().collect());
        }
    }
}

/// Drops containers within containers without recursion, however deep they nest.
fn drop_deep(mut items: Vec<Item>) {
    while let Some(item) = items.pop() {
        match item {
            Item::List(list) => {
                if let Some(data) = Arc::into_inner(list.0) {
                    let mut data = data.into_inner();
                    data.nested = 0;
                    items.append(&mut data.items);
                }
            }
            Item::Map(map) => {
                if let Some(data) = Arc::into_inner(map.0) {
                    let mut data = data.into_inner();
                    data.nested = 0;
                    items.extend(std::mem::take(&mut data.entries).into_values());
                }
            }
            _ => {}
        }
    }
}

/// Whether putting `item` into the container at `address` would make the container a part of itself.
///
/// # Errors
/// [`TimeUp`] when looking through the item takes too long.
pub fn contains(item: &Item, address: usize, budget: &Budget) -> Result<bool, TimeUp> {
    let mut seen = HashSet::new();
    let mut open = vec![item.clone()];
    while let Some(item) = open.pop() {
        let here = item_address(&item);
        if here == address {
            return Ok(true);
        }
        // Flat containers, the usual ones, are not looked through.
        match item {
            Item::List(list) => {
                let data = list.0.lock();
                if data.nested > 0 && seen.insert(here) {
                    budget.check_work(data.items.len() + seen.len())?;
                    open.extend(data.items.iter().filter(|item| item.is_container()).cloned());
                }
            }
            Item::Map(map) => {
                let data = map.0.lock();
                if data.nested > 0 && seen.insert(here) {
                    budget.check_work(data.entries.len() + seen.len())?;
                    open.extend(data.entries.values().filter(|item| item.is_container()).cloned());
                }
            }
            _ => {}
        }
    }
    Ok(false)
}

fn item_address(item: &Item) -> usize {
    match item {
        Item::List(list) => list.address(),
        Item::Map(map) => map.address(),
        _ => 0,
    }
}

impl List {
    /// What tells this list from all others alive.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }
}

impl Map {
    /// What tells this map from all others alive.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }
}

/// A value of the type `bytes`: a buffer, of which the front counts.
#[derive(Debug)]
pub struct BytesData {
    buffer: Vec<u8>,
    size: usize,
    /// The particle type that it is stored as (lua §8).
    pub tag: u8,
    charge: Charge,
}

impl BytesData {
    /// Bytes that exist.
    pub fn new(data: &[u8], tag: u8, mut charge: Charge) -> BytesData {
        charge.add(data.len());
        BytesData { buffer: data.to_vec(), size: data.len(), tag, charge }
    }

    /// No bytes yet, but room for some.
    pub fn with_capacity(capacity: usize, mut charge: Charge) -> BytesData {
        charge.add(capacity);
        BytesData { buffer: vec![0; capacity], size: 0, tag: aerospike_wire::ParticleType::BLOB.0, charge }
    }

    /// How many bytes count.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many bytes the buffer can hold as it is.
    pub fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// The bytes that count.
    pub fn as_slice(&self) -> &[u8] {
        &self.buffer[..self.size]
    }

    /// `count` bytes from a 0-based position, also such as do not count.
    pub fn peek(&self, at: usize, count: usize) -> Option<&[u8]> {
        self.buffer.get(at..at.checked_add(count)?)
    }

    /// Writes at a 0-based position; the bytes up to the end of what was written count from now on.
    pub fn write(&mut self, at: usize, data: &[u8]) {
        self.write_behind(at, data);
        self.size = self.size.max(at + data.len());
    }

    /// Writes at a 0-based position without making more bytes count.
    pub fn write_behind(&mut self, at: usize, data: &[u8]) {
        let end = at + data.len();
        if end > self.buffer.len() {
            self.charge.add(end - self.buffer.len());
            self.buffer.resize(end, 0);
        }
        self.buffer[at..end].copy_from_slice(data);
    }
}
