//! What an index query asks for (query §5.3, §9.3).

use super::definition::{Definition, KeyType};
use super::geo;
use super::tree::KeyRange;
use super::value::{MAX_BYTES, Value, bytes_key, integer_key};
use crate::store::Record;
use aerospike_wire::ParticleType;
use std::ops::RangeInclusive;

/// A range that no index can be asked for; a server answers `PARAMETER`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("bad index range")]
pub struct PredicateError;

/// Longest GeoJSON text of a query in bytes, plus one.
const MAX_GEO: usize = 1_048_576;

/// A condition on the values of an index.
#[derive(Debug)]
pub struct Predicate {
    key_type: KeyType,
    ranges: Vec<KeyRange>,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Integer(RangeInclusive<i64>),
    Bytes(Box<[u8]>),
    Geo(geo::Query),
}

impl Predicate {
    /// Builds the condition that lies in an index range: a particle type and the two ends. Of strings, blobs and
    /// GeoJSON only the first end counts.
    ///
    /// # Errors
    /// [`PredicateError`] for another type, ends of a wrong size or order, a string or blob of
    /// 2048 bytes or more, GeoJSON that is no point or region.
    pub fn new(kind: ParticleType, start: &[u8], end: &[u8]) -> Result<Predicate, PredicateError> {
        match kind {
            ParticleType::INTEGER => {
                let integer =
                    |bytes: &[u8]| bytes.try_into().map(i64::from_be_bytes).map_err(|_| PredicateError);
                Predicate::between(integer(start)?, integer(end)?)
            }
            ParticleType::STRING => Predicate::equal(KeyType::String, start),
            ParticleType::BLOB => Predicate::equal(KeyType::Blob, start),
            ParticleType::GEOJSON if (1..MAX_GEO).contains(&start.len()) => {
                let (query, ranges) = geo::Query::parse(start).ok_or(PredicateError)?;
                Ok(Predicate { key_type: KeyType::Geo, ranges, test: Test::Geo(query) })
            }
            _ => Err(PredicateError),
        }
    }

    /// Integers from `low` to `high`, both included.
    ///
    /// # Errors
    /// [`PredicateError`] when there is none between.
    pub fn between(low: i64, high: i64) -> Result<Predicate, PredicateError> {
        if low > high {
            return Err(PredicateError);
        }
        let range = KeyRange { low: integer_key(low), high: integer_key(high) };
        Ok(Predicate { key_type: KeyType::Numeric, ranges: vec![range], test: Test::Integer(low..=high) })
    }

    /// A string or blob of exactly these bytes.
    ///
    /// # Errors
    /// [`PredicateError`] for 2048 bytes or more.
    pub fn equal(key_type: KeyType, bytes: &[u8]) -> Result<Predicate, PredicateError> {
        if bytes.len() >= MAX_BYTES {
            return Err(PredicateError);
        }
        let key = bytes_key(bytes);
        let ranges = vec![KeyRange { low: key, high: key }];
        Ok(Predicate { key_type, ranges, test: Test::Bytes(bytes.into()) })
    }

    /// The type of index that can answer.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The ranges of keys among which all matches are, ascending, without overlap.
    pub fn ranges(&self) -> &[KeyRange] {
        &self.ranges
    }

    /// Whether a record that the index proposed does match.
    pub fn accepts(&self, definition: &Definition, record: &Record) -> bool {
        if !definition.covers(record) {
            return false;
        }
        let mut matches = false;
        definition.each_value(record, &mut |value| {
            matches = matches
                || match (&self.test, value) {
                    (Test::Integer(range), Value::Integer(value)) => range.contains(&value),
                    (Test::Bytes(wanted), Value::Bytes(bytes)) => **wanted == *bytes,
                    (Test::Geo(query), Value::Geo(stored)) => query.matches(&stored),
                    _ => false,
                };
        });
        matches
    }
}
