//! GeoJSON in indexes: cells of the sphere as keys, exact tests on the records they propose (query §9).

use super::tree::{Key, KeyRange};

/// A GeoJSON value as a record holds it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Stored<'a> {
    text: &'a [u8],
}

impl<'a> Stored<'a> {
    /// A bin's value.
    pub fn of_particle(data: &'a [u8]) -> Option<Stored<'a>> {
        aerospike_wire::particle::geojson_text(data).ok().map(|text| Stored { text })
    }

    /// A value inside a list or map.
    pub fn of_text(text: &'a [u8]) -> Stored<'a> {
        Stored { text }
    }

    /// Visits the value's cells: one for a point, those of its covering for a region.
    pub fn cells(&self, _visit: impl FnMut(Key)) {}
}

/// The value of a geo query.
#[derive(Debug)]
pub struct Query;

impl Query {
    /// Reads a query's GeoJSON text.
    pub fn parse(_text: &[u8]) -> Option<Query> {
        None
    }

    /// Ranges of cells among which all matches are.
    pub fn ranges(&self) -> Vec<KeyRange> {
        Vec::new()
    }

    /// The exact test.
    pub fn matches(&self, _stored: &Stored<'_>, _key: Key) -> bool {
        false
    }
}
