//! What an index is about: which records, which part of them, values of which type (query §2).

use super::context::Context;
use super::expression::IndexExpression;
use crate::store::{Record, SetId};

/// The type of value that an index is on; any other value is not in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyType {
    /// Integers.
    Numeric,
    /// Strings, by equality.
    String,
    /// Blobs, by equality.
    Blob,
    /// GeoJSON points and regions.
    Geo,
}

impl KeyType {
    /// The type of a name in any case, as `sindex-create` takes it.
    pub fn from_name(name: &str) -> Option<KeyType> {
        const ALL: [KeyType; 4] = [KeyType::Numeric, KeyType::String, KeyType::Blob, KeyType::Geo];
        ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// The name in the info protocol.
    pub fn name(self) -> &'static str {
        match self {
            KeyType::Numeric => "numeric",
            KeyType::String => "string",
            KeyType::Blob => "blob",
            KeyType::Geo => "geo2dsphere",
        }
    }
}

/// Which part of a bin is indexed; "index type" in the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The value itself.
    Default,
    /// Each element of a list.
    List,
    /// Each key of a map.
    MapKeys,
    /// Each value of a map.
    MapValues,
}

impl Part {
    const ALL: [Part; 4] = [Part::Default, Part::List, Part::MapKeys, Part::MapValues];

    /// The part of a name in any case, as `sindex-create` takes it.
    pub fn from_name(name: &str) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.name().eq_ignore_ascii_case(name))
    }

    /// The part of a number, as queries name it.
    pub fn from_wire(number: u8) -> Option<Part> {
        Part::ALL.get(number as usize).copied()
    }

    /// The name in the info protocol.
    pub fn name(self) -> &'static str {
        match self {
            Part::Default => "default",
            Part::List => "list",
            Part::MapKeys => "mapkeys",
            Part::MapValues => "mapvalues",
        }
    }
}

/// Where in a record the indexed values lie.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// A bin, or what a context finds in it.
    Bin {
        /// 1 to 15 bytes.
        name: Box<[u8]>,
        /// The way into the bin.
        context: Option<Context>,
    },
    /// The value of an expression.
    Expression(IndexExpression),
    /// No value: the index holds which records are in a set.
    Membership,
}

/// What an index is about. Two indexes of a namespace never share one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Definition {
    /// The set whose records are indexed; `None` = all records of the namespace.
    pub set: Option<SetId>,
    /// Where the values lie.
    pub source: Source,
    /// Which values count.
    pub key_type: KeyType,
    /// Which part of the source is indexed.
    pub part: Part,
}

impl Definition {
    /// The index that holds which records are in a set.
    pub fn membership(set: SetId) -> Definition {
        Definition {
            set: Some(set),
            source: Source::Membership,
            key_type: KeyType::Numeric,
            part: Part::Default,
        }
    }

    /// Whether the index holds which records are in a set, rather than values.
    pub fn is_membership(&self) -> bool {
        self.source == Source::Membership
    }

    /// Whether a record is of the set that the index is on.
    pub fn covers(&self, record: &Record) -> bool {
        self.set.is_none_or(|set| record.header().set == set)
    }

    /// Whether one record can have several entries.
    pub fn has_many_keys(&self) -> bool {
        self.part != Part::Default || self.key_type == KeyType::Geo
    }
}
