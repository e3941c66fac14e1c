//! The values that an index finds in a record, and their places in its order (query §4, §6.1).

use super::definition::{Definition, KeyType, Part, Source};
use super::tree::Key;
use super::{geo, hash};
use crate::store::Record;
use aerospike_wire::msgpack::{Reader, Token};
use aerospike_wire::{Particle, ParticleType};
use smallvec::SmallVec;

/// Longest string or blob that is indexed, in bytes.
pub const MAX_BYTES: usize = 2048;

/// The keys of one record, sorted, without duplicates.
pub type Keys = SmallVec<[Key; 4]>;

/// A value of the type that an index is on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value<'a> {
    /// An integer.
    Integer(i64),
    /// The bytes of a string or blob.
    Bytes(&'a [u8]),
    /// The text of a GeoJSON value, and its cells where the bin keeps them.
    Geo(geo::Stored<'a>),
}

/// The place of an integer: integers ascend as signed numbers.
pub const fn integer_key(value: i64) -> Key {
    value as u64 ^ 1 << 63
}

/// The place of a string or blob: the hashes of its bytes ascend as signed numbers.
pub fn bytes_key(bytes: &[u8]) -> Key {
    integer_key(hash::hash(bytes) as i64)
}

impl KeyType {
    /// The cursor ("bval") that stands for a key in replies.
    pub fn bval_of(self, key: Key) -> i64 {
        match self {
            KeyType::Geo => key as i64,
            _ => (key ^ 1 << 63) as i64,
        }
    }

    /// The key that a cursor stands for.
    pub fn key_of(self, bval: i64) -> Key {
        match self {
            KeyType::Geo => bval as u64,
            _ => integer_key(bval),
        }
    }
}

impl Definition {
    /// The keys of a record in this index; none for a record that it does not cover.
    pub fn keys(&self, record: &Record) -> Keys {
        let mut keys = Keys::new();
        if !self.covers(record) {
            return keys;
        }
        if self.is_membership() {
            keys.push(0);
            return keys;
        }
        self.each_value(record, &mut |value| match value {
            Value::Integer(value) => keys.push(integer_key(value)),
            Value::Bytes(bytes) => keys.push(bytes_key(bytes)),
            Value::Geo(stored) => stored.cells(|cell| keys.push(cell)),
        });
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Visits the values of a record that count for this index.
    pub fn each_value(&self, record: &Record, visit: &mut dyn FnMut(Value<'_>)) {
        match &self.source {
            Source::Bin { name, context } => {
                let Some(bin) = record.bin(name) else { return };
                match context {
                    None => self.of_particle(bin, visit),
                    Some(context) => {
                        if let Some(value) = context.resolve(bin) {
                            self.of_particle(value.as_particle(), visit);
                        }
                    }
                }
            }
            Source::Expression(expression) => {
                if let Some(value) = expression.value(record) {
                    self.of_particle(value.as_particle(), visit);
                }
            }
            Source::Membership => {}
        }
    }

    /// Whether an update of a record left everything alone that the index looks at.
    pub fn is_untouched(&self, old: &Record, new: &Record) -> bool {
        match &self.source {
            Source::Bin { name, .. } => old.bin(name) == new.bin(name),
            Source::Expression(_) => old.encoded_bins() == new.encoded_bins(),
            Source::Membership => true,
        }
    }

    fn of_particle(&self, particle: Particle<'_>, visit: &mut dyn FnMut(Value<'_>)) {
        match self.part {
            Part::Default => {
                let value = match (self.key_type, particle.kind) {
                    (KeyType::Numeric, ParticleType::INTEGER) => particle.as_integer().map(Value::Integer),
                    (KeyType::String, ParticleType::STRING) | (KeyType::Blob, ParticleType::BLOB) => {
                        indexable(particle.data)
                    }
                    (KeyType::Geo, ParticleType::GEOJSON) => {
                        Some(Value::Geo(geo::Stored::Bin(particle.data)))
                    }
                    _ => None,
                };
                value.into_iter().for_each(visit);
            }
            Part::List if particle.kind == ParticleType::LIST => self.of_collection(particle.data, visit),
            Part::MapKeys | Part::MapValues if particle.kind == ParticleType::MAP => {
                self.of_collection(particle.data, visit);
            }
            _ => {}
        }
    }

    /// Of the elements, keys or values of a packed list or map. Anything else has none.
    fn of_collection(&self, packed: &[u8], visit: &mut dyn FnMut(Value<'_>)) {
        let mut reader = Reader::new(packed);
        let (count, is_map) = match (reader.token(), self.part) {
            (Ok(Token::List(count)), Part::List) => (count, false),
            (Ok(Token::Map(count)), Part::MapKeys | Part::MapValues) => (count, true),
            _ => return,
        };
        for index in 0..count {
            let Ok(first) = reader.element() else { return };
            let element = match (is_map, reader) {
                (false, _) => first,
                (true, _) => {
                    let Ok(value) = reader.element() else { return };
                    if self.part == Part::MapKeys { first } else { value }
                }
            };
            // The order marker stands in front of the elements.
            let marks_order = index == 0 && matches!(Reader::new(first).token(), Ok(Token::Ext(..)));
            if marks_order {
                continue;
            }
            let token = Reader::new(element).token().ok();
            if let Some(value) = token.and_then(|token| self.of_token(token)) {
                visit(value);
            }
        }
    }

    fn of_token<'a>(&self, token: Token<'a>) -> Option<Value<'a>> {
        match (self.key_type, token) {
            (KeyType::Numeric, Token::Int(value)) => Some(Value::Integer(value)),
            (KeyType::Numeric, Token::Uint(value)) => Some(Value::Integer(value as i64)),
            (KeyType::String | KeyType::Blob | KeyType::Geo, Token::Raw([kind, bytes @ ..])) => {
                match (self.key_type, ParticleType(*kind)) {
                    (KeyType::String, ParticleType::STRING) | (KeyType::Blob, ParticleType::BLOB) => {
                        indexable(bytes)
                    }
                    (KeyType::Geo, ParticleType::GEOJSON) => Some(Value::Geo(geo::Stored::Element(bytes))),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn indexable(bytes: &[u8]) -> Option<Value<'_>> {
    (bytes.len() <= MAX_BYTES).then_some(Value::Bytes(bytes))
}
