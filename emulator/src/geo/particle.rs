//! GeoJSON as bins hold it and as it travels: flags, cells, text (query §9.1).

use aerospike_wire::ResultCode;
use aerospike_wire::particle::geojson_text;

use super::covering::STORED_MAX_LEVEL;
use super::geometry::{Geometry, Location};
use super::json::parse;

/// The flag of a value that is a region.
const REGION: u8 = 0x01;

/// Makes the value that a bin holds of GeoJSON text: a byte of flags, the number of cells, the cells, and the text
/// as it is. A point has its leaf cell, a region those that cover it.
///
/// # Errors
/// As [`parse`]; [`ResultCode::GEO_INVALID_GEOJSON`] also for a region too great to be covered.
pub fn particle(text: &[u8]) -> Result<Vec<u8>, ResultCode> {
    let (flags, cells) = match parse(text)? {
        Geometry::Point(place) => (0, vec![place.cell_id()]),
        Geometry::Region(region) => {
            (REGION, region.covering(STORED_MAX_LEVEL).ok_or(ResultCode::GEO_INVALID_GEOJSON)?)
        }
    };
    let mut data = Vec::with_capacity(3 + 8 * cells.len() + text.len());
    data.push(flags);
    data.extend_from_slice(&(cells.len() as u16).to_be_bytes());
    cells.iter().for_each(|cell| data.extend_from_slice(&cell.to_be_bytes()));
    data.extend_from_slice(text);
    Ok(data)
}

/// What a GeoJSON value describes, with or without cells in front of the text.
///
/// # Errors
/// As [`parse`]; [`ResultCode::GEO_INVALID_GEOJSON`] also if flags and cells do not fit in the value.
pub fn geometry(data: &[u8]) -> Result<Geometry, ResultCode> {
    let text = geojson_text(data)?;
    let mut cells = cells(data);
    if let (Some(cell), None) = (cells.next(), cells.next())
        && data.first().is_some_and(|flags| flags & REGION == 0)
        && let Some(place) = Location::from_cell_id(cell)
    {
        return Ok(Geometry::Point(place));
    }
    parse(text)
}

/// The cells of a value that a bin holds; none if the value has been cut short.
pub fn cells(data: &[u8]) -> impl Iterator<Item = u64> {
    let (count, behind) = match data {
        [_, high, low, behind @ ..] => (u16::from_be_bytes([*high, *low]) as usize, behind),
        _ => (0, data),
    };
    behind.as_chunks().0.iter().take(count).map(|cell| u64::from_be_bytes(*cell))
}
