//! Where expressions meet geometry.

use crate::geo;

/// The payload of a GeoJSON particle from its text; `None` if the text is not valid GeoJSON.
pub(super) fn geojson_particle(text: &[u8]) -> Option<Vec<u8>> {
    geo::particle(text).ok()
}

/// Whether one of two GeoJSON particles is a region and the other a point inside; `None` if either is malformed.
pub(super) fn geo_within(a: &[u8], b: &[u8]) -> Option<bool> {
    Some(geo::geometry(a).ok()?.matches(&geo::geometry(b).ok()?))
}
