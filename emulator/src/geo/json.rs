//! GeoJSON, as far as it is understood (query §9.2).

use aerospike_wire::ResultCode;
use s2::point::Point;
use serde_json::{Map, Value};

use super::geometry::{Geometry, Location, Region, vertex};
use super::polygon::Polygon;
use super::ring::Ring;

/// No namespace can be configured to hold greater records (wire §24), and parsed text takes many times the room
/// that it took as text.
const MAX_TEXT: usize = 8 << 20;

/// Reads a geometry from GeoJSON text: `Point`, `Polygon`, `MultiPolygon`, the vendor's own `AeroCircle`, or a
/// `Feature` with one of them. Members beside those are passed over.
///
/// # Errors
/// [`ResultCode::GEO_INVALID_GEOJSON`] for anything else, for places beyond the poles or 180 degrees of longitude,
/// and for rings that are open, too short, or cross themselves; [`ResultCode::RECORD_TOO_BIG`] for text that no
/// record can hold.
pub fn parse(text: &[u8]) -> Result<Geometry, ResultCode> {
    if text.len() > MAX_TEXT {
        return Err(ResultCode::RECORD_TOO_BIG);
    }
    let value = serde_json::from_slice(text).map_err(|_| ResultCode::GEO_INVALID_GEOJSON)?;
    object(&value).and_then(feature).ok_or(ResultCode::GEO_INVALID_GEOJSON)
}

fn object(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object()
}

fn feature(object: &Map<String, Value>) -> Option<Geometry> {
    match object.get("type")?.as_str()? {
        "Feature" => geometry(object.get("geometry")?.as_object()?),
        _ => geometry(object),
    }
}

fn geometry(object: &Map<String, Value>) -> Option<Geometry> {
    let kind = object.get("type")?.as_str()?;
    let coordinates = object.get("coordinates")?.as_array()?;
    Some(match kind {
        "Point" => {
            let (lng, lat) = position(coordinates)?;
            Geometry::Point(Location::new(lng, lat)?)
        }
        "Polygon" => Geometry::Region(match polygon(coordinates)? {
            Some(polygon) => Region::polygon(polygon),
            None => Region::union(Vec::new()),
        }),
        "MultiPolygon" => {
            let polygons: Option<Vec<_>> =
                coordinates.iter().map(|rings| polygon(rings.as_array()?)).collect();
            Geometry::Region(Region::union(polygons?.into_iter().flatten().collect()))
        }
        "AeroCircle" => {
            let [centre, radius] = coordinates.as_slice() else { return None };
            Geometry::Region(Region::circle(point(centre)?, radius.as_f64()?))
        }
        _ => return None,
    })
}

/// A longitude and a latitude.
fn position(coordinates: &[Value]) -> Option<(f64, f64)> {
    let [lng, lat] = coordinates else { return None };
    Some((lng.as_f64()?, lat.as_f64()?))
}

fn point(coordinates: &Value) -> Option<Point> {
    let (lng, lat) = position(coordinates.as_array()?)?;
    vertex(lng, lat)
}

/// A shell and holes; `Some(None)` if there is not even a shell, and so nothing inside.
fn polygon(rings: &[Value]) -> Option<Option<Polygon>> {
    let mut rings = rings.iter().map(|positions| ring(positions.as_array()?));
    let Some(shell) = rings.next() else { return Some(None) };
    let shell = shell?;
    Some(Some(Polygon::new(shell, rings.collect::<Option<_>>()?)))
}

/// A closed line: the last position is the first one again. A position may be repeated at once.
fn ring(positions: &[Value]) -> Option<Ring> {
    let mut vertices = positions.iter().map(point).collect::<Option<Vec<_>>>()?;
    vertices.dedup();
    let (first, last) = (vertices.first()?, vertices.last()?);
    if vertices.len() < 4 || first != last {
        return None;
    }
    vertices.pop();
    Ring::new(vertices)
}
