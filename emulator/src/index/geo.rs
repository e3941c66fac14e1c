//! GeoJSON in indexes: cells of the sphere as keys, exact tests on the records that they propose (query §9).
//!
//! A point is indexed under its leaf cell, a region under the cells of its covering. The ids of the leaf cells
//! within a cell are neighbours, so a query with a region looks at as many ranges as its covering has cells; one
//! with a point looks at the thirty cells that hold it.

use super::tree::{Key, KeyRange};
use crate::geo::{self, Geometry, QUERY_MAX_LEVEL, STORED_MAX_LEVEL};
use aerospike_wire::ResultCode;

/// A GeoJSON value as a record holds it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Stored<'a> {
    /// A bin's: flags, cells, text.
    Bin(&'a [u8]),
    /// Inside a list or map: the text alone.
    Element(&'a [u8]),
}

impl Stored<'_> {
    /// Visits the value's cells: one for a point, those of its covering for a region, none for text that is no
    /// GeoJSON.
    pub fn cells(&self, mut visit: impl FnMut(Key)) {
        let mut stored = match self {
            Stored::Bin(data) => geo::cells(data).peekable(),
            Stored::Element(_) => geo::cells(&[]).peekable(),
        };
        if stored.peek().is_some() {
            return stored.for_each(visit);
        }
        match self.geometry() {
            Ok(Geometry::Point(place)) => visit(place.cell_id()),
            Ok(Geometry::Region(region)) => {
                region.covering(STORED_MAX_LEVEL).unwrap_or_default().into_iter().for_each(visit);
            }
            Err(_) => {}
        }
    }

    fn geometry(&self) -> Result<Geometry, ResultCode> {
        match self {
            Stored::Bin(data) => geo::geometry(data),
            Stored::Element(text) => geo::parse(text),
        }
    }
}

/// The value of a geo query.
#[derive(Debug)]
pub struct Query {
    geometry: Geometry,
}

impl Query {
    /// Reads a query's GeoJSON text; with it, ascending and without overlap, the ranges of keys among which all
    /// matches are. `None` if it is no GeoJSON, or a region too great to be covered.
    pub fn parse(text: &[u8]) -> Option<(Query, Vec<KeyRange>)> {
        let geometry = geo::parse(text).ok()?;
        let mut ranges: Vec<KeyRange> = match &geometry {
            Geometry::Point(place) => {
                geo::cells_around(place.cell_id()).map(|cell| KeyRange { low: cell, high: cell }).collect()
            }
            Geometry::Region(region) => {
                let cells = region.covering(QUERY_MAX_LEVEL)?.into_iter().map(geo::leaves_of);
                cells.map(|leaves| KeyRange { low: *leaves.start(), high: *leaves.end() }).collect()
            }
        };
        ranges.sort_unstable_by_key(|range| range.low);
        Some((Query { geometry }, ranges))
    }

    /// Whether one of the two is a region and the other a point inside it.
    pub fn matches(&self, stored: &Stored<'_>) -> bool {
        stored.geometry().is_ok_and(|geometry| self.geometry.matches(&geometry))
    }
}
