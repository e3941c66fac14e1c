//! Which side of which arc: the exact predicates that everything else stands on.
//!
//! Points are unit vectors. No three of them ever count as lying on one great circle: where they do, each is
//! taken as moved by a tiny amount of its own, always the same one, so that all answers fit together (H.
//! Edelsbrunner and E. Mücke, "Simulation of simplicity", 1990).

use std::cmp::Ordering;

use robust::{Coord, Coord3D, orient2d, orient3d};
use s2::point::Point;

/// The side of an arc that a point lies on, or the sense in which three points turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// To the right.
    Clockwise,
    /// Two of the points are the same.
    None,
    /// To the left.
    CounterClockwise,
}

impl Turn {
    fn of(determinant: f64) -> Turn {
        match determinant.partial_cmp(&0.0) {
            Some(Ordering::Greater) => Turn::CounterClockwise,
            Some(Ordering::Less) => Turn::Clockwise,
            _ => Turn::None,
        }
    }

    fn reversed(self) -> Turn {
        match self {
            Turn::Clockwise => Turn::CounterClockwise,
            Turn::None => Turn::None,
            Turn::CounterClockwise => Turn::Clockwise,
        }
    }
}

/// How three points turn, seen from outside the sphere. [`Turn::None`] only if two of them are equal.
pub fn turn(a: &Point, b: &Point, c: &Point) -> Turn {
    let [x, y, z] = [a, b, c].map(|p| Coord3D { x: p.0.x, y: p.0.y, z: p.0.z });
    // The function's sense is that of a point below the plane.
    match Turn::of(orient3d(x, y, z, Coord3D { x: 0.0, y: 0.0, z: 0.0 })) {
        Turn::None => turn_when_collinear(a, b, c),
        turn => turn,
    }
}

/// The sign that the determinant of three collinear points gets once each has been moved: the sign of its first
/// minor that is not zero, in the order of how much the moves matter.
fn turn_when_collinear(a: &Point, b: &Point, c: &Point) -> Turn {
    if a == b || b == c || c == a {
        return Turn::None;
    }
    let mut points = [a, b, c];
    let mut swaps = 0;
    for (i, j) in [(0, 1), (1, 2), (0, 1)] {
        if compare(points[i], points[j]) == Ordering::Greater {
            points.swap(i, j);
            swaps += 1;
        }
    }
    let [a, b, c] = points.map(|p| [p.0.x, p.0.y, p.0.z]);
    let minor = |p: [f64; 3], q: [f64; 3], i: usize, j: usize| {
        let [p, q] = [p, q].map(|r| Coord { x: r[i], y: r[j] });
        orient2d(p, q, Coord { x: 0.0, y: 0.0 })
    };
    let minors = [
        minor(b, c, 0, 1),
        minor(b, c, 2, 0),
        minor(b, c, 1, 2),
        minor(c, a, 0, 1),
        c[0],
        -c[1],
        minor(c, a, 2, 0),
        c[2],
        minor(a, b, 0, 1),
        -b[0],
        b[1],
        a[0],
    ];
    let sign = minors.into_iter().map(Turn::of).find(|sign| *sign != Turn::None);
    let sign = sign.unwrap_or(Turn::CounterClockwise);
    if swaps % 2 == 0 { sign } else { sign.reversed() }
}

fn compare(a: &Point, b: &Point) -> Ordering {
    let keys = |p: &Point| [p.0.x, p.0.y, p.0.z];
    keys(a).partial_cmp(&keys(b)).unwrap_or(Ordering::Equal)
}

/// Whether `a`, `b` and `c` are met in this order going counter-clockwise around `centre`.
pub fn in_order(a: &Point, b: &Point, c: &Point, centre: &Point) -> bool {
    let turns = [
        turn(b, centre, a) != Turn::Clockwise,
        turn(c, centre, b) != Turn::Clockwise,
        turn(a, centre, c) == Turn::CounterClockwise,
    ];
    turns.iter().filter(|turn| **turn).count() >= 2
}

/// Whether two arcs cross in a point inside both.
pub fn cross(a: &Point, b: &Point, c: &Point, d: &Point) -> bool {
    if [a, b].iter().any(|p| *p == c || *p == d) {
        return false;
    }
    let side = turn(a, b, d);
    side != Turn::None
        && turn(a, b, c) == side.reversed()
        && turn(c, d, b) == side.reversed()
        && turn(c, d, a) == side
}

/// Whether the step from `a` to `b` counts as a crossing of the arc `cd`, for telling the inside from the
/// outside by counting: as [`cross`], and by a fixed rule where the arcs share an end.
pub fn counts_as_crossing(a: &Point, b: &Point, c: &Point, d: &Point) -> bool {
    if a == b || c == d {
        false
    } else if a == c {
        b == d || in_order(&a.ortho(), d, b, a)
    } else if a == d {
        b == c || in_order(&a.ortho(), c, b, a)
    } else if b == c {
        in_order(&b.ortho(), d, a, b)
    } else if b == d {
        in_order(&b.ortho(), c, a, b)
    } else {
        cross(a, b, c, d)
    }
}

/// Whether the corner `abc`, with the inside on the left, contains its vertex `b`. Of several corners that share
/// a vertex and together surround it, exactly one does.
pub fn corner_contains_vertex(a: &Point, b: &Point, c: &Point) -> bool {
    !in_order(&b.ortho(), c, a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use s2::latlng::LatLng;

    fn at(lng: f64, lat: f64) -> Point {
        Point::from(LatLng::from_degrees(lat, lng))
    }

    #[test]
    fn senses() {
        assert_eq!(turn(&at(0.0, 0.0), &at(10.0, 0.0), &at(5.0, 5.0)), Turn::CounterClockwise);
        assert_eq!(turn(&at(0.0, 0.0), &at(10.0, 0.0), &at(5.0, -5.0)), Turn::Clockwise);
        assert!(cross(&at(0.0, 0.0), &at(1.0, 1.0), &at(1.0, 0.0), &at(0.0, 1.0)));
        assert!(!cross(&at(0.0, 0.0), &at(1.0, 1.0), &at(1.0, 0.0), &at(2.0, 1.0)));
        // Crossing on the other side of the sphere is none.
        assert!(!cross(&at(0.0, 0.0), &at(1.0, 1.0), &at(181.0, 0.0), &at(180.0, -1.0)));
        assert!(in_order(&at(1.0, 0.0), &at(0.0, 1.0), &at(-1.0, 0.0), &at(0.0, 0.0)));
        assert!(!in_order(&at(-1.0, 0.0), &at(0.0, 1.0), &at(1.0, 0.0), &at(0.0, 0.0)));
    }

    /// Points that often lie on one great circle, or are the same.
    fn points() -> impl Strategy<Value = Point> {
        prop_oneof![
            (-3i32..3, -3i32..3, -3i32..3)
                .prop_filter("no direction", |p| *p != (0, 0, 0))
                .prop_map(|(x, y, z)| Point::from_coords(x as f64, y as f64, z as f64)),
            (-180i32..180).prop_map(|lng| at(lng as f64, 0.0)),
            (-180.0..180.0, -90.0..90.0).prop_map(|(lng, lat)| at(lng, lat)),
        ]
    }

    proptest! {
        #[test]
        fn turns_are_consistent(a in points(), b in points(), c in points()) {
            let abc = turn(&a, &b, &c);
            prop_assert_eq!(abc, turn(&b, &c, &a));
            prop_assert_eq!(abc, turn(&c, &b, &a).reversed());
            prop_assert_eq!(abc == Turn::None, a == b || b == c || c == a);
        }

        #[test]
        fn crossings_are_consistent(a in points(), b in points(), c in points(), d in points()) {
            prop_assert_eq!(cross(&a, &b, &c, &d), cross(&b, &a, &c, &d));
            prop_assert_eq!(cross(&a, &b, &c, &d), cross(&c, &d, &a, &b));
            prop_assert_eq!(counts_as_crossing(&a, &b, &c, &d), counts_as_crossing(&b, &a, &d, &c));
        }

        #[test]
        fn a_vertex_belongs_to_one_of_the_corners_around_it(b in points(), a in points(), c in points(), d in points()) {
            let distinct = a != b && a != c && a != d && b != c && b != d && c != d;
            prop_assume!(distinct);
            let (first, second) = if in_order(&a, &c, &d, &b) { (c, d) } else { (d, c) };
            // Corners with the inside on the left follow each other clockwise: from one neighbour to the one before.
            let corners = [(first, a), (second, first), (a, second)];
            let holders = corners.iter().filter(|(from, to)| corner_contains_vertex(from, &b, to)).count();
            prop_assert_eq!(holders, 1);
        }
    }
}
