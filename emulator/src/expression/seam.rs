//! Where expressions meet geometry.

/// The payload of a GeoJSON particle from its text; `None` if the text is not valid GeoJSON.
pub(super) fn geojson_particle(text: &[u8]) -> Option<Vec<u8>> {
    Some([&[0; 3], text].concat())
}

/// Whether one of two GeoJSON particles is a region and the other a point inside; `None` if either is malformed.
pub(super) fn geo_within(_: &[u8], _: &[u8]) -> Option<bool> {
    None
}
