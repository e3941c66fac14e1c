//! One closed line: the shell of a polygon, or a hole in it.

use std::collections::HashSet;

use s2::edge_crossings::robust_cross_prod;
use s2::point::Point;
use s2::rect::Rect;
use s2::rect_bounder::RectBounder;

use super::sphere::{Turn, corner_contains_vertex, counts_as_crossing, cross, turn};

/// A closed line that neither crosses nor touches itself; its inside is the smaller part of the sphere.
#[derive(Clone, Debug)]
pub struct Ring {
    /// Each once, with the inside on the left.
    vertices: Vec<Point>,
    /// Whether the point from which crossings are counted is inside.
    origin_inside: bool,
}

impl Ring {
    /// A ring through these vertices, in either direction; the last one is joined to the first. `None` if there
    /// are fewer than three, if one occurs twice, if two neighbours lie opposite each other on the sphere, or if
    /// the line crosses itself.
    pub fn new(vertices: Vec<Point>) -> Option<Ring> {
        let mut ring = Ring { vertices, origin_inside: false };
        if ring.vertices.len() < 3 || !ring.is_simple() {
            return None;
        }
        // The turns add up to a full one less the area inside, which is at most half of the sphere's 4π.
        if ring.turning() < -1e-14 {
            ring.vertices.reverse();
        }
        let [before, vertex, after] = [0, 1, 2].map(|at| ring.vertices[at]);
        ring.origin_inside = ring.contains(&vertex) != corner_contains_vertex(&before, &vertex, &after);
        Some(ring)
    }

    /// The sides, in order.
    pub fn edges(&self) -> impl Iterator<Item = (&Point, &Point)> {
        self.vertices.iter().zip(self.vertices.iter().cycle().skip(1))
    }

    /// Whether a point is inside. Of several rings that surround a vertex or share a side, exactly one holds the
    /// points on it.
    pub fn contains(&self, point: &Point) -> bool {
        let origin = Point::origin();
        let crossings =
            self.edges().filter(|(from, to)| counts_as_crossing(&origin, point, from, to)).count();
        self.origin_inside != (crossings % 2 == 1)
    }

    /// A range of latitudes and longitudes around the inside.
    pub fn bound(&self) -> Rect {
        let mut bounder = RectBounder::new();
        self.vertices.iter().chain(self.vertices.first()).for_each(|vertex| bounder.add_point(vertex));
        let mut bound = bounder.get_bound();
        if self.contains(&Point::from_coords(0.0, 0.0, 1.0)) {
            bound.lat.hi = std::f64::consts::FRAC_PI_2;
            bound.lng = s2::s1::interval::FULL;
        }
        if bound.lng.is_full() && self.contains(&Point::from_coords(0.0, 0.0, -1.0)) {
            bound.lat.lo = -std::f64::consts::FRAC_PI_2;
        }
        bound
    }

    fn is_simple(&self) -> bool {
        // Negative zero is zero.
        let key = |p: &Point| [p.0.x, p.0.y, p.0.z].map(|x| (x + 0.0).to_bits());
        let mut seen = HashSet::with_capacity(self.vertices.len());
        self.vertices.iter().all(|vertex| seen.insert(key(vertex)))
            && self.edges().all(|(from, to)| *from != *to * -1.0)
            && !self.crosses_itself()
    }

    /// Looks for two sides that cross, among those whose boxes overlap.
    fn crosses_itself(&self) -> bool {
        let mut boxes: Vec<EdgeBox<'_>> = self.edges().map(|(from, to)| EdgeBox::new(from, to)).collect();
        boxes.sort_by(|a, b| a.low[0].total_cmp(&b.low[0]));
        let mut open: Vec<&EdgeBox<'_>> = Vec::new();
        for edge in &boxes {
            open.retain(|other| other.high[0] >= edge.low[0]);
            if open.iter().any(|other| other.overlaps(edge) && edge.crosses(other)) {
                return true;
            }
            open.push(edge);
        }
        false
    }

    /// The sum of all changes of direction, in radians, left turns counting positive.
    fn turning(&self) -> f64 {
        let count = self.vertices.len();
        (0..count)
            .map(|at| {
                let [a, b, c] = [at, at + 1, at + 2].map(|at| &self.vertices[at % count]);
                let angle = robust_cross_prod(a, b).0.angle(&robust_cross_prod(b, c).0).rad();
                if turn(a, b, c) == Turn::CounterClockwise { angle } else { -angle }
            })
            .sum()
    }
}

/// A side, and the box in space that it lies in.
struct EdgeBox<'a> {
    from: &'a Point,
    to: &'a Point,
    low: [f64; 3],
    high: [f64; 3],
}

impl EdgeBox<'_> {
    fn new<'a>(from: &'a Point, to: &'a Point) -> EdgeBox<'a> {
        // How far the arc rises above the straight line between its ends, and some rounding.
        let rise = 1.0 - 0.5 * (*from + *to).norm() + 1e-14;
        let pairs = [(from.0.x, to.0.x), (from.0.y, to.0.y), (from.0.z, to.0.z)];
        EdgeBox {
            from,
            to,
            low: pairs.map(|(a, b)| a.min(b) - rise),
            high: pairs.map(|(a, b)| a.max(b) + rise),
        }
    }

    fn overlaps(&self, other: &EdgeBox<'_>) -> bool {
        (0..3).all(|axis| self.low[axis] <= other.high[axis] && other.low[axis] <= self.high[axis])
    }

    fn crosses(&self, other: &EdgeBox<'_>) -> bool {
        cross(self.from, self.to, other.from, other.to)
    }
}
