//! GeoJSON: whatever text a client sends is answered, and a stored value is read as what the text says.
//!
//! An input is two texts with a zero byte between them.

use aerospike_emulator::geo::{self, Geometry};

/// Runs one input.
pub fn run(input: &[u8]) {
    let mut texts = input.splitn(2, |byte| *byte == 0);
    let [first, second] =
        [texts.next(), texts.next()].map(|text| text.and_then(|text| geo::parse(text).ok()));
    let (Some(first), Some(second)) = (first, second) else { return };
    assert_eq!(first.matches(&second), second.matches(&first));
    for text in input.splitn(2, |byte| *byte == 0) {
        let Ok(value) = geo::particle(text) else { continue };
        let cells: Vec<u64> = geo::cells(&value).collect();
        assert!(cells.len() <= geo::MAX_CELLS && cells.is_sorted());
        for geometry in [&first, &second] {
            let (Ok(Geometry::Region(region)), Geometry::Point(place)) = (geo::geometry(&value), geometry)
            else {
                continue;
            };
            assert!(!region.contains(place) || geo::cell_holding(&cells, place.cell_id()).is_some());
        }
    }
}
