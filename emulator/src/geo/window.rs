//! Arcs seen through a cell: in the plane of a face of the cube around the sphere they are straight.

use s2::cell::Cell;
use s2::point::Point;

/// What rounding may make of the place where an arc is, in units of a face.
pub const MARGIN: f64 =
    (9.0 * std::f64::consts::FRAC_1_SQRT_2 + 3.0 * std::f64::consts::SQRT_2) * f64::EPSILON;

/// A cell with a margin, as the four planes through the centre of the sphere that bound it.
pub struct Window {
    face: u8,
    low: [f64; 2],
    high: [f64; 2],
}

impl Window {
    /// A cell, and `margin` around it.
    pub fn around(cell: &Cell, margin: f64) -> Window {
        let uv = cell.bound_uv();
        Window {
            face: cell.face(),
            low: [uv.x.lo - margin, uv.y.lo - margin],
            high: [uv.x.hi + margin, uv.y.hi + margin],
        }
    }

    /// The ends of the part of an arc that lies between the planes, on the face; `None` if no part does. The
    /// straight line between the arc's ends passes between the planes exactly if the arc does, so that line is
    /// cut.
    pub fn cut(&self, from: &Point, to: &Point) -> Option<[[f64; 2]; 2]> {
        let [from, to] = [from, to].map(|point| on_face(self.face, point));
        let (mut start, mut end) = (0.0, 1.0);
        for axis in 0..2 {
            for (sign, bound) in [(1.0, self.low[axis]), (-1.0, self.high[axis])] {
                // Positive on the inner side of the plane.
                let [a, b] = [&from, &to].map(|point| sign * (point[axis] - bound * point[2]));
                match (a >= 0.0, b >= 0.0) {
                    (true, true) => {}
                    (false, false) => return None,
                    (true, false) => end = f64::min(end, a / (a - b)),
                    (false, true) => start = f64::max(start, a / (a - b)),
                }
            }
        }
        let at = |share: f64| {
            let [right, up, out] = [0, 1, 2].map(|axis| from[axis] + share * (to[axis] - from[axis]));
            [right / out, up / out]
        };
        (start <= end).then(|| [at(start), at(end)])
    }
}

/// A point in the axes of a face: right, up, and out of the face.
fn on_face(face: u8, point: &Point) -> [f64; 3] {
    let (x, y, z) = (point.0.x, point.0.y, point.0.z);
    match face {
        0 => [y, z, x],
        1 => [-x, z, y],
        2 => [-x, -y, z],
        3 => [-z, -y, -x],
        4 => [-z, x, -y],
        _ => [y, x, -z],
    }
}
