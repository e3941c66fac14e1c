//! Operations on lists and maps: ids, return types, flags and context types (cdt §1, §6, §7, §8, §9).
//!
//! An operation travels as the value of a CDT_READ or CDT_MODIFY op: a msgpack array `[id, arguments…]`, or
//! `[CONTEXT, context, [id, arguments…]]`, or `[SELECT, path, flags…]`. Ids below [`FIRST_MAP_ID`] belong to
//! lists.

use crate::particle::{Particle, ParticleType};

/// The lowest id of a map operation; ids below are list operations.
pub const FIRST_MAP_ID: u64 = 64;
/// Not an operation but a wrapper: `[254, path, flags]` or `[254, path, flags, expression]` (cdt §10).
pub const SELECT: u64 = 254;
/// Not an operation but a wrapper: `[255, context, operation]` (cdt §9).
pub const CONTEXT: u64 = 255;
/// The most entries that a list of values or of keys to search for may have (cdt §14).
pub const MAX_SEARCH_ITEMS: u32 = 1_048_576;

/// List operations (cdt §7).
#[allow(missing_docs)] // the names say it; arguments are tabled in cdt §7
pub mod list {
    pub const SET_TYPE: u64 = 0;
    pub const APPEND: u64 = 1;
    pub const APPEND_ITEMS: u64 = 2;
    pub const INSERT: u64 = 3;
    pub const INSERT_ITEMS: u64 = 4;
    pub const POP: u64 = 5;
    pub const POP_RANGE: u64 = 6;
    pub const REMOVE: u64 = 7;
    pub const REMOVE_RANGE: u64 = 8;
    pub const SET: u64 = 9;
    pub const TRIM: u64 = 10;
    pub const CLEAR: u64 = 11;
    pub const INCREMENT: u64 = 12;
    pub const SORT: u64 = 13;
    pub const SIZE: u64 = 16;
    pub const GET: u64 = 17;
    pub const GET_RANGE: u64 = 18;
    pub const GET_BY_INDEX: u64 = 19;
    pub const GET_BY_VALUE: u64 = 20;
    pub const GET_BY_RANK: u64 = 21;
    pub const GET_ALL_BY_VALUE: u64 = 22;
    pub const GET_BY_VALUE_LIST: u64 = 23;
    pub const GET_BY_INDEX_RANGE: u64 = 24;
    pub const GET_BY_VALUE_INTERVAL: u64 = 25;
    pub const GET_BY_RANK_RANGE: u64 = 26;
    pub const GET_BY_VALUE_REL_RANK_RANGE: u64 = 27;
    pub const REMOVE_BY_INDEX: u64 = 32;
    pub const REMOVE_BY_VALUE: u64 = 33;
    pub const REMOVE_BY_RANK: u64 = 34;
    pub const REMOVE_ALL_BY_VALUE: u64 = 35;
    pub const REMOVE_BY_VALUE_LIST: u64 = 36;
    pub const REMOVE_BY_INDEX_RANGE: u64 = 37;
    pub const REMOVE_BY_VALUE_INTERVAL: u64 = 38;
    pub const REMOVE_BY_RANK_RANGE: u64 = 39;
    pub const REMOVE_BY_VALUE_REL_RANK_RANGE: u64 = 40;
}

/// Map operations (cdt §8).
#[allow(missing_docs)] // the names say it; arguments are tabled in cdt §8
pub mod map {
    pub const SET_TYPE: u64 = 64;
    pub const ADD: u64 = 65;
    pub const ADD_ITEMS: u64 = 66;
    pub const PUT: u64 = 67;
    pub const PUT_ITEMS: u64 = 68;
    pub const REPLACE: u64 = 69;
    pub const REPLACE_ITEMS: u64 = 70;
    pub const INCREMENT: u64 = 73;
    pub const DECREMENT: u64 = 74;
    pub const CLEAR: u64 = 75;
    pub const REMOVE_BY_KEY: u64 = 76;
    pub const REMOVE_BY_INDEX: u64 = 77;
    pub const REMOVE_BY_VALUE: u64 = 78;
    pub const REMOVE_BY_RANK: u64 = 79;
    pub const REMOVE_BY_KEY_LIST: u64 = 81;
    pub const REMOVE_ALL_BY_VALUE: u64 = 82;
    pub const REMOVE_BY_VALUE_LIST: u64 = 83;
    pub const REMOVE_BY_KEY_INTERVAL: u64 = 84;
    pub const REMOVE_BY_INDEX_RANGE: u64 = 85;
    pub const REMOVE_BY_VALUE_INTERVAL: u64 = 86;
    pub const REMOVE_BY_RANK_RANGE: u64 = 87;
    pub const REMOVE_BY_KEY_REL_INDEX_RANGE: u64 = 88;
    pub const REMOVE_BY_VALUE_REL_RANK_RANGE: u64 = 89;
    pub const SIZE: u64 = 96;
    pub const GET_BY_KEY: u64 = 97;
    pub const GET_BY_INDEX: u64 = 98;
    pub const GET_BY_VALUE: u64 = 99;
    pub const GET_BY_RANK: u64 = 100;
    pub const GET_ALL_BY_VALUE: u64 = 102;
    pub const GET_BY_KEY_INTERVAL: u64 = 103;
    pub const GET_BY_INDEX_RANGE: u64 = 104;
    pub const GET_BY_VALUE_INTERVAL: u64 = 105;
    pub const GET_BY_RANK_RANGE: u64 = 106;
    pub const GET_BY_KEY_LIST: u64 = 107;
    pub const GET_BY_VALUE_LIST: u64 = 108;
    pub const GET_BY_KEY_REL_INDEX_RANGE: u64 = 109;
    pub const GET_BY_VALUE_REL_RANK_RANGE: u64 = 110;
}

/// What a selecting operation returns about the elements it selects (cdt §6).
#[allow(missing_docs)] // the names say it; shapes are tabled in cdt §6.2
pub mod return_type {
    pub const NONE: u16 = 0;
    pub const INDEX: u16 = 1;
    pub const REVERSE_INDEX: u16 = 2;
    pub const RANK: u16 = 3;
    pub const REVERSE_RANK: u16 = 4;
    pub const COUNT: u16 = 5;
    pub const KEY: u16 = 6;
    pub const VALUE: u16 = 7;
    pub const KEY_VALUE: u16 = 8;
    /// `[start, count]` of the selected run of indexes; no client offers it (cdt §6.7).
    pub const INDEX_RANGE: u16 = 9;
    pub const REVERSE_INDEX_RANGE: u16 = 10;
    pub const RANK_RANGE: u16 = 11;
    pub const REVERSE_RANK_RANGE: u16 = 12;
    pub const EXISTS: u16 = 13;
    pub const UNORDERED_MAP: u16 = 16;
    pub const ORDERED_MAP: u16 = 17;
    /// Added to a return type: select everything else.
    pub const INVERTED: u64 = 0x10000;
}

/// Order flags: of a container's marker, of SET_TYPE and of the create arguments (cdt §3).
pub mod order {
    /// A list kept in order of its elements.
    pub const ORDERED: u8 = 0x01;
    /// A map kept in order of its keys.
    pub const KEY_ORDERED: u8 = 0x01;
    /// With [`KEY_ORDERED`]: values are ordered too.
    pub const VALUE_ORDERED: u8 = 0x02;
    /// In replies only: a map whose entries are to be kept in the order sent.
    pub const PRESERVE_ORDER: u8 = 0x08;
    /// The container's index is kept with it. Never sent to a client: nor is it part of a value at rest, where only
    /// key-value-ordered maps show that they have it.
    pub const PERSIST_INDEX: u8 = 0x10;
}

/// Where in a map's bytes the flags of its order marker stand, if it has one.
pub fn map_marker_position(map: Particle<'_>) -> Option<usize> {
    if map.kind != ParticleType::MAP {
        return None;
    }
    let head = match map.data.first()? {
        0x81..=0x8f => 1,
        0xde => 3,
        0xdf => 5,
        _ => return None,
    };
    matches!(map.data.get(head..head + 3)?, [0xc7, 0, _]).then_some(head + 2)
}

/// Write flags of list operations (cdt §7.3).
pub mod list_write {
    /// The value must not be in the list.
    pub const ADD_UNIQUE: u64 = 1;
    /// The index must not lie beyond the end.
    pub const INSERT_BOUNDED: u64 = 2;
    /// A violation of the flags above is no error: nothing happens.
    pub const NO_FAIL: u64 = 4;
    /// With NO_FAIL: acceptable items are stored, others dropped.
    pub const DO_PARTIAL: u64 = 8;
}

/// Write flags of map operations (cdt §8.2).
pub mod map_write {
    /// The key must not exist.
    pub const CREATE_ONLY: u64 = 1;
    /// The key must exist.
    pub const UPDATE_ONLY: u64 = 2;
    /// A violation of the flags above is no error: nothing happens.
    pub const NO_FAIL: u64 = 4;
    /// With NO_FAIL: acceptable entries are stored, others dropped.
    pub const DO_PARTIAL: u64 = 8;
}

/// Flags of list SORT (cdt §7.5).
pub mod sort {
    /// Highest first.
    pub const DESCENDING: u64 = 1;
    /// Of equal elements only the first stays.
    pub const DROP_DUPLICATES: u64 = 2;
}

/// Types of context entries: how one level of nesting is addressed (cdt §9.1).
pub mod context {
    /// Of whichever container is there, by index.
    pub const BY_INDEX: i64 = 0x00;
    /// Of whichever container is there, by rank.
    pub const BY_RANK: i64 = 0x01;
    /// Map value by key, untyped form.
    pub const BY_KEY: i64 = 0x02;
    /// Of whichever container is there, by value.
    pub const BY_VALUE: i64 = 0x03;
    /// In paths: all children, or those for which an expression is true.
    pub const EXPRESSION: i64 = 0x04;
    /// In paths: map values by a list of keys, untyped form.
    pub const BY_KEY_LIST: i64 = 0x0a;
    /// Added to one of the above: only lists.
    pub const LIST: i64 = 0x10;
    /// Added to one of the above: only maps.
    pub const MAP: i64 = 0x20;
    /// The create bits: which container to create where none is.
    pub const CREATE_MASK: i64 = 0x1c0;
    /// Create an unordered container.
    pub const CREATE_UNORDERED: i64 = 0x40;
    /// Create an unordered list, padded with nil, or a key-ordered map.
    pub const CREATE_PADDED: i64 = 0x80;
    /// Create an ordered list or a key-value-ordered map.
    pub const CREATE_ORDERED: i64 = 0xc0;
    /// Added to the create bits: keep the container's index.
    pub const CREATE_PERSIST: i64 = 0x100;
    /// In paths: an expression that restricts what the entry before it selects.
    pub const AND: i64 = 0x204;
}

/// Flags of a path operation (cdt §10.1).
pub mod select {
    /// The low bits: what to return, or to modify.
    pub const MODE_MASK: u64 = 0x0f;
    /// The container with only the selected branches.
    pub const MATCHING_TREE: u64 = 0;
    /// The selected values.
    pub const VALUES: u64 = 1;
    /// The selected values' map keys.
    pub const KEYS: u64 = 2;
    /// Map keys and values in turn.
    pub const KEYS_AND_VALUES: u64 = 3;
    /// Replace each selected value.
    pub const MODIFY: u64 = 4;
    /// Elements that an expression cannot judge are passed over.
    pub const NO_FAIL: u64 = 0x10;
    /// The most levels, AND filters included.
    pub const MAX_LEVELS: u32 = 64;
}
