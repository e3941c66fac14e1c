//! Points and regions on the Earth, taken as a sphere (query §9).
//!
//! GeoJSON becomes a [`Geometry`]. A point is the centre of its leaf cell of the S2 library's hierarchy, about a
//! centimetre wide, so that points on the same spot are the same; whether a region contains it is then exact.
//! Regions are also covered by a few cells each: what a stored value carries in front of its text, and what an
//! index over regions is made of.

mod covering;
mod geometry;
mod json;
mod outline;
mod particle;
mod polygon;
mod ring;
mod sphere;
#[cfg(test)]
mod tests;
mod window;

pub use covering::{MAX_CELLS, QUERY_MAX_LEVEL, STORED_MAX_LEVEL, cell_holding, cells_around, leaves_of};
pub use geometry::{Geometry, Location, Region};
pub use json::parse;
pub use particle::{cells, geometry, particle};

/// Metres that one radian spans.
pub const EARTH_RADIUS: f64 = 6_371_000.0;
