use aerospike_wire::ResultCode;
use proptest::prelude::*;

use super::{
    EARTH_RADIUS, Geometry, Location, MAX_CELLS, QUERY_MAX_LEVEL, Region, STORED_MAX_LEVEL, cell_holding,
    cells, parse, particle,
};

const INVALID: ResultCode = ResultCode::GEO_INVALID_GEOJSON;

fn geometry(text: &str) -> Geometry {
    parse(text.as_bytes()).unwrap_or_else(|code| panic!("{code}: {text}"))
}

fn region(text: &str) -> Region {
    match geometry(text) {
        Geometry::Region(region) => region,
        point => panic!("{point:?}"),
    }
}

fn place(lng: f64, lat: f64) -> Location {
    Location::new(lng, lat).unwrap()
}

fn polygon(rings: &[&[(f64, f64)]]) -> String {
    let ring = |positions: &&[(f64, f64)]| {
        let positions = positions.iter().chain(positions.first());
        let positions: Vec<String> = positions.map(|(lng, lat)| format!("[{lng},{lat}]")).collect();
        format!("[{}]", positions.join(","))
    };
    let rings: Vec<String> = rings.iter().map(ring).collect();
    format!(r#"{{"type":"Polygon","coordinates":[{}]}}"#, rings.join(","))
}

fn circle(lng: f64, lat: f64, radius: f64) -> String {
    format!(r#"{{"type":"AeroCircle","coordinates":[[{lng},{lat}],{radius}]}}"#)
}

const BOX: &[(f64, f64)] = &[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)];

#[test]
fn what_is_accepted() {
    for text in [
        r#"{"type":"Point","coordinates":[180,-90]}"#,
        r#"{"coordinates":[1,2],"type":"Point","id":{"a":[1,2]}}"#,
        " \n{\t\"type\":\"Point\",\"coordinates\":[1e0,2]} ",
        r#"{"type":"Polygon","type":"Point","coordinates":[1,2]}"#,
        r#"{"type":"Polygon","coordinates":[]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,0],[1,1],[0,0]]]}"#,
        r#"{"type":"MultiPolygon","coordinates":[]}"#,
        r#"{"type":"MultiPolygon","coordinates":[[],[[[0,0],[1,0],[1,1],[0,0]]]]}"#,
        r#"{"type":"AeroCircle","coordinates":[[0,0],0]}"#,
        r#"{"type":"AeroCircle","coordinates":[[0,0],-5]}"#,
        r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{}}"#,
        r#"{"type":"Feature","geometry":{"type":"AeroCircle","coordinates":[[1,2],3]}}"#,
    ] {
        assert!(particle(text.as_bytes()).is_ok(), "{text}");
    }
}

#[test]
fn what_is_refused() {
    for text in [
        "",
        "x",
        "5",
        "null",
        "[1,2]",
        r#""Point""#,
        r#"{"type":"Point"}"#,
        r#"{"coordinates":[1,2]}"#,
        r#"{"type":5,"coordinates":[1,2]}"#,
        r#"{"type":"point","coordinates":[1,2]}"#,
        r#"{"type":"Point","coordinates":[1,2]"#,
        r#"{"type":"Point","coordinates":[1,2]}x"#,
        "{'type':'Point','coordinates':[1,2]}",
        r#"{"type":"Point","coordinates":[]}"#,
        r#"{"type":"Point","coordinates":[1]}"#,
        r#"{"type":"Point","coordinates":[1,2,3]}"#,
        r#"{"type":"Point","coordinates":["1",2]}"#,
        r#"{"type":"Point","coordinates":[null,2]}"#,
        r#"{"type":"Point","coordinates":[1e999,2]}"#,
        r#"{"type":"Point","coordinates":[180.0001,0]}"#,
        r#"{"type":"Point","coordinates":[-181,0]}"#,
        r#"{"type":"Point","coordinates":[0,90.0001]}"#,
        r#"{"type":"Polygon"}"#,
        r#"{"type":"Polygon","coordinates":[[]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,0]]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[0,0],[1,0],[0,0]]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[200,0],[1,1],[0,0]]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[2,0],[1,0],[1,1],[0,0]]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[180,0],[1,1],[0,0]]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,0]],[[1,1],[2,2],[2,1],[1,2],[1,1]]]}"#,
        r#"{"type":"MultiPolygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#,
        r#"{"type":"AeroCircle","coordinates":[[0,0]]}"#,
        r#"{"type":"AeroCircle","coordinates":[0,0,5]}"#,
        r#"{"type":"AeroCircle","coordinates":[[0,0],"5"]}"#,
        r#"{"type":"AeroCircle","coordinates":[[0,91],5]}"#,
        r#"{"type":"AeroCircle","coordinates":[[10,10],9000000]}"#,
        r#"{"type":"AeroCircle","coordinates":[[0,0],20000000.5]}"#,
        r#"{"type":"Feature"}"#,
        r#"{"type":"Feature","geometry":{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}}}"#,
        r#"{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}}"#,
        r#"{"type":"LineString","coordinates":[[1,2],[3,4]]}"#,
        r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#,
        r#"{"type":"FeatureCollection","features":[]}"#,
        r#"{"type":"GeometryCollection","geometries":[]}"#,
    ] {
        assert_eq!(particle(text.as_bytes()), Err(INVALID), "{text}");
    }
    assert_eq!(parse(&vec![b' '; (8 << 20) + 1]).err(), Some(ResultCode::RECORD_TOO_BIG));
}

#[test]
fn points_in_a_box() {
    let reversed: Vec<_> = BOX.iter().rev().copied().collect();
    let hole = &[(5.2, 5.2), (6.0, 5.2), (6.0, 6.0), (5.2, 6.0)][..];
    for (text, has_hole) in
        [(polygon(&[BOX]), false), (polygon(&[&reversed]), false), (polygon(&[BOX, hole]), true)]
    {
        let region = region(&text);
        // The top edge bows towards the pole, and of the edges the lower and the left one belong to the box.
        for (lng, lat) in [(5.0, 5.0), (5.0, 10.03), (0.0, 0.0), (5.0, 0.0), (0.0, 5.0), (5.0, 10.0)] {
            assert!(region.contains(&place(lng, lat)), "{lng} {lat} in {text}");
        }
        for (lng, lat) in [(10.0, 5.0), (10.0, 10.0), (20.0, 20.0), (-1.0, 5.0), (5.0, 10.04)] {
            assert!(!region.contains(&place(lng, lat)), "{lng} {lat} not in {text}");
        }
        assert_eq!(region.contains(&place(5.5, 5.5)), !has_hole);
    }
}

#[test]
fn points_in_odd_places() {
    let strip = region(&polygon(&[&[(179.0, -1.0), (-179.0, -1.0), (-179.0, 1.0), (179.0, 1.0)]]));
    for lng in [180.0, -180.0, 179.5, -179.5] {
        assert!(strip.contains(&place(lng, 0.0)));
    }
    assert!(!strip.contains(&place(0.0, 0.0)));
    // More than a hemisphere is taken as the rest of the sphere.
    let inverted = region(&polygon(&[&[
        (-100.0, -80.0),
        (0.0, -80.0),
        (100.0, -80.0),
        (100.0, 80.0),
        (0.0, 80.0),
        (-100.0, 80.0),
    ]]));
    assert!(inverted.contains(&place(180.0, 0.0)) && !inverted.contains(&place(0.0, 0.0)));
    for lat in [90.0, -90.0] {
        let triangle = region(&polygon(&[&[(0.0, lat / 1.2), (120.0, lat / 1.2), (-120.0, lat / 1.2)]]));
        let pole = region(&circle(0.0, lat, 1000.0));
        for region in [triangle, pole] {
            assert!(region.contains(&place(0.0, lat)) && region.contains(&place(137.0, lat)));
            assert!(!region.contains(&place(0.0, lat / 2.0)));
        }
    }
    let around = region(&circle(5.0, 5.0, 555_974.632));
    assert!(around.contains(&place(5.0, 0.0)));
    assert!(!region(&circle(5.0, 5.0, 555_973.633)).contains(&place(5.0, 0.0)));
    assert!(!region(&circle(5.0, 5.0, 0.0)).contains(&place(5.0, 5.0)));
    assert!(!region(&circle(5.0, 5.0, -5.0)).contains(&place(5.0, 5.0)));
}

#[test]
fn a_point_matches_regions_only() {
    let [point, other, inside] =
        [(5.0, 5.0), (20.0, 20.0), (5.0, 5.0)].map(|(lng, lat)| Geometry::Point(place(lng, lat)));
    let region = geometry(&polygon(&[BOX]));
    assert!(region.matches(&point) && point.matches(&region));
    assert!(!region.matches(&other) && !other.matches(&region));
    assert!(!point.matches(&inside) && !region.matches(&region));
    let two = r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]],[[[19,19],[21,19],[20,21],[19,19]]]]}"#;
    assert!(geometry(two).matches(&other) && !geometry(two).matches(&point));
}

#[test]
fn stored_points() {
    let text = br#"{"type":"Point","coordinates":[10.5,20]}"#;
    let data = particle(text).unwrap();
    assert_eq!(data[..11], [0, 0, 1, 0x11, 0x82, 0x87, 0x6c, 0x20, 0x0c, 0xc5, 0x7f]);
    assert_eq!(&data[11..], text);
    let one = particle(br#"{"type":"Point","coordinates":[1,1]}"#).unwrap();
    assert_eq!(cells(&one).collect::<Vec<_>>(), [0x1001441540804bd5]);
    let place = place(1.0, 1.0);
    for value in [&one[..], &[&[0; 3], &text[..]].concat()] {
        assert!(matches!(super::geometry(value), Ok(Geometry::Point(_))));
    }
    for value in [&[][..], &[0, 0], &[0, 0, 1, 0], &[0, 0, 0]] {
        assert_eq!(super::geometry(value).err(), Some(INVALID));
    }
    assert_eq!(Location::from_cell_id(place.cell_id()).unwrap().cell_id(), place.cell_id());
    assert!(Location::from_cell_id(0).is_none() && Location::from_cell_id(0x1000000000000000).is_none());
}

/// Cell ids, given without their trailing zeros.
fn ids(text: &str) -> Vec<u64> {
    text.split(' ').map(|id| u64::from_str_radix(id, 16).unwrap() << (64 - 4 * id.len())).collect()
}

#[test]
fn stored_regions() {
    let pole = r#"{"type":"Polygon","coordinates":[[[-8.953002432433,-86.506120279186],[61.020544369089,
        -85.245854614566],[141.997477073714,-87.477498871144],[-148.788257647951,-85.303263719984],[-82.176119812676,
        -86.414525995297],[-8.953002432433,-86.506120279186]]]}"#;
    let three_faces = r#"{"type":"Polygon","coordinates":[[[-27.470105029075,-1.096249260948],[-12.695096784336,
        55.107203745744],[59.506802166633,32.467131912288],[19.340652530682,-7.525104150033],
        [-27.470105029075,-1.096249260948]]]}"#;
    let two = polygon(&[&[(2.0, 0.0), (4.0, 0.0), (4.0, 2.0), (2.0, 2.0)]]);
    let strip = polygon(&[&[(179.0, -1.0), (-179.0, -1.0), (-179.0, 1.0), (179.0, 1.0)]]);
    for (text, expected) in [
        (&two[..], "10054 1005c 1007 1009 100a4 100bc 100d 100f 1aa0b 1aa74 1aa7c 1aa84"),
        (&polygon(&[BOX]), "0555555555555555 0fd 0fe4 0ffc 104 1a84 1a9c 1aa4 1aac"),
        (&strip, "6555 6fff 7001 7aab"),
        (pole, "a55 afe2c aff7 affc b01 baa5c baa7 baac bab4"),
        (three_faces, "054 05c 061 0c 14 19f 1b 3f 404 40c 47 49"),
        (&circle(43.99880677051328, 41.103788174323995, 3e6), "13 15 164 16c 39 3c4 3dc 3f 44"),
        (&circle(0.0, 0.0, 0.0), "0555555555555555 0fffffffffffffff 1000000000000001 1aaaaaaaaaaaaaab"),
        (&circle(135.0, -35.0, 889_559.4), "2ac 6ac aac"),
        (
            &circle(-122.0, 37.5, 1000.0),
            "808fb890b 808fb897 808fb89c 808fb8a4 808fb8a8b 808fb8af 808fb8b1 808fb8bc 808fc758c 808fc75f 808fc761 \
             808fc763",
        ),
    ] {
        let data = particle(text.as_bytes()).unwrap();
        assert_eq!(cells(&data).collect::<Vec<_>>(), ids(expected), "{text}");
        assert_eq!(data[0], 1);
        assert_eq!(aerospike_wire::particle::geojson_text(&data), Ok(text.as_bytes()));
    }
    let held = place(2.0256382866477916, 1.207200812100028).cell_id();
    let covering = region(&two).covering(STORED_MAX_LEVEL).unwrap();
    assert_eq!(cell_holding(&covering, held), Some(0x1007000000000000));
    assert_eq!(cell_holding(&covering, place(20.0, 20.0).cell_id()), None);
    assert_eq!(region(&circle(0.0, 0.0, -1.0)).covering(STORED_MAX_LEVEL), Some(vec![]));
}

#[test]
fn cells_of_a_cut_value_are_none() {
    assert_eq!(cells(&[]).count(), 0);
    assert_eq!(cells(&[1, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9]).collect::<Vec<_>>(), [0x0102030405060708]);
}

/// A unit vector, from degrees.
fn vector((lng, lat): (f64, f64)) -> [f64; 3] {
    let (lng, lat) = (lng.to_radians(), lat.to_radians());
    [lng.cos() * lat.cos(), lng.sin() * lat.cos(), lat.sin()]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|i| a[i] * b[i]).sum()
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The place at a distance (degrees) and in a direction (degrees) from another one.
fn travel(from: (f64, f64), direction: f64, distance: f64) -> (f64, f64) {
    let centre = vector(from);
    let (direction, distance) = (direction.to_radians(), distance.to_radians());
    let aside = if centre[2].abs() < 0.9 { [0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0] };
    let right = cross(aside, centre);
    let right = right.map(|x| x / dot(right, right).sqrt());
    let up = cross(centre, right);
    let [x, y, z] = [0, 1, 2].map(|i| {
        centre[i] * distance.cos() + (right[i] * direction.cos() + up[i] * direction.sin()) * distance.sin()
    });
    (y.atan2(x).to_degrees(), z.atan2(x.hypot(y)).to_degrees())
}

fn anywhere() -> impl Strategy<Value = (f64, f64)> {
    let special = prop::sample::select(vec![
        (0.0, 0.0),
        (0.0, 90.0),
        (0.0, -90.0),
        (180.0, 0.0),
        (45.0, 35.264),
        (179.9, 10.0),
        (90.0, 0.0),
        (-45.0, 60.0),
    ]);
    prop_oneof![special, (-180.0..180.0, -90.0..90.0)]
}

/// The centre of a polygon, and its corners in order around it: convex, if all are as far away.
fn rings(near: f64) -> impl Strategy<Value = ((f64, f64), Vec<(f64, f64)>)> {
    let size = prop_oneof![0.0001..1.0, 1.0..60.0];
    let corners = prop::collection::vec((0.0..1.0, near..=1.0), 3..24);
    (anywhere(), size, corners, any::<bool>()).prop_map(|(centre, size, corners, clockwise)| {
        let step = 360.0 / corners.len() as f64;
        let corner = |(at, (turn, far)): (usize, &(f64, f64))| {
            travel(centre, (at as f64 + 0.8 * turn) * step, far * size)
        };
        let mut ring: Vec<(f64, f64)> = corners.iter().enumerate().map(corner).collect();
        if !clockwise {
            ring.reverse();
        }
        (centre, ring)
    })
}

proptest! {
    #[test]
    fn a_convex_polygon_holds_what_is_on_the_inner_side_of_all_edges(
        (centre, ring) in rings(1.0), tries in prop::collection::vec((0.0..360.0, 0.0..70.0), 20), scale in 0.0..1.0,
    ) {
        let region = region(&polygon(&[&ring]));
        let corners: Vec<[f64; 3]> = ring.iter().copied().map(vector).collect();
        let sides: Vec<[f64; 3]> = (0..corners.len()).map(|i| cross(corners[i], corners[(i + 1) % corners.len()])).collect();
        let inner = dot(sides[0], vector(centre)).signum();
        // Unless corners are so far apart that the polygon does not hold its own centre.
        prop_assume!(sides.iter().all(|side| dot(*side, vector(centre)) * inner > 0.0));
        for (direction, distance) in tries {
            let at = travel(centre, direction, distance * scale * scale);
            let heights = sides.iter().map(|side| dot(*side, vector(at)) * inner / dot(*side, *side).sqrt());
            let height = heights.fold(f64::INFINITY, f64::min);
            // Places are only exact to about a centimetre.
            if height.abs() > 1e-8 {
                prop_assert_eq!(region.contains(&place(at.0, at.1)), height > 0.0);
            }
        }
    }

    #[test]
    fn a_circle_holds_what_is_near(centre in anywhere(), at in anywhere(), radius in 0.0f64..1e7, share in 0.0f64..2.0) {
        for at in [at, travel(centre, at.0, (radius * share / EARTH_RADIUS).to_degrees().min(179.0))] {
            let chord: f64 = (0..3).map(|i| (vector(at)[i] - vector(centre)[i]).powi(2)).sum::<f64>().sqrt();
            let distance = 2.0 * (chord / 2.0).min(1.0).asin() * EARTH_RADIUS;
            if (distance - radius).abs() > 0.1 {
                prop_assert_eq!(region(&circle(centre.0, centre.1, radius)).contains(&place(at.0, at.1)), distance < radius);
            }
        }
    }

    #[test]
    fn direction_and_first_corner_do_not_matter((_, ring) in rings(0.3), at in anywhere(), first in 0usize..24) {
        let mut other = ring.clone();
        other.rotate_left(first % ring.len());
        other.reverse();
        let (one, other) = (parse(polygon(&[&ring]).as_bytes()), parse(polygon(&[&other]).as_bytes()));
        prop_assert_eq!(one.is_ok(), other.is_ok());
        if let (Ok(one), Ok(other)) = (one, other) {
            let at = Geometry::Point(place(at.0, at.1));
            prop_assert_eq!(one.matches(&at), other.matches(&at));
        }
    }

    #[test]
    fn a_covering_covers((centre, ring) in rings(0.3), tries in prop::collection::vec((0.0..360.0, 0.0f64..1.0), 20), far in anywhere()) {
        let shell = polygon(&[&ring]);
        let half: Vec<(f64, f64)> = ring.iter().map(|corner| ((corner.0 + centre.0) / 2.0, (corner.1 + centre.1) / 2.0)).collect();
        let radius = 1e4 * ring[0].1.abs();
        for text in [shell, polygon(&[&ring, &half]), circle(centre.0, centre.1, radius)] {
            let Ok(Geometry::Region(region)) = parse(text.as_bytes()) else { continue };
            for level in [QUERY_MAX_LEVEL, STORED_MAX_LEVEL] {
                let Some(covering) = region.covering(level) else { continue };
                prop_assert!(covering.len() <= MAX_CELLS && covering.is_sorted());
                for place in tries.iter().map(|(direction, share)| travel(centre, *direction, 60.0 * share.powi(4))).chain([far]) {
                    let place = Location::new(place.0, place.1).unwrap();
                    if region.contains(&place) {
                        prop_assert!(cell_holding(&covering, place.cell_id()).is_some());
                    }
                }
            }
        }
    }

    #[test]
    fn any_positions_are_answered(
        kind in prop::sample::select(vec!["Point", "Polygon", "MultiPolygon", "AeroCircle"]),
        rings in prop::collection::vec(prop::collection::vec((-3i32..4, -2i32..3), 0..7), 0..3),
    ) {
        let rings: Vec<Vec<[f64; 2]>> =
            rings.iter().map(|ring| ring.iter().chain(ring.first()).map(|(x, y)| [*x as f64 * 60.0, *y as f64 * 45.0]).collect()).collect();
        for coordinates in [serde_json::json!(rings), serde_json::json!([rings]), serde_json::json!([rings.first().and_then(|r| r.first()), 1e6])] {
            let text = serde_json::json!({"type": kind, "coordinates": coordinates}).to_string();
            if let Ok(Geometry::Region(region)) = parse(text.as_bytes()) {
                let _ = region.covering(STORED_MAX_LEVEL);
                region.contains(&place(0.0, 0.0));
            }
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = particle(&bytes);
        let _ = super::geometry(&bytes);
    }
}
