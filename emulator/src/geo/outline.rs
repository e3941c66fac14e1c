//! The cells at which the covering of a polygon starts.
//!
//! They are those of the S2 library, which takes them from the index of sides that it keeps for every polygon. The
//! index divides the sphere into cells with few sides each; cells without sides are left out unless they are
//! inside the polygon.

use s2::cell::Cell;
use s2::cellid::{CellID, MAX_LEVEL, MAX_SIZE, NUM_FACES};
use s2::metric::AVG_EDGEMETRIC;
use s2::point::Point;

use super::polygon::Polygon;
use super::window::Window;

/// A cell of the index is divided if it has more sides than this that are shorter than the cell is wide.
const MAX_SHORT_SIDES: usize = 10;
/// The margin in which a side still belongs to a cell of the index, in units of a face.
const PADDING: f64 = 2.0 * (9.0 * std::f64::consts::FRAC_1_SQRT_2 + 2.25) * f64::EPSILON;

/// A few cells around a polygon: on each face of the cube the smallest one that holds the polygon's cells of the
/// index there; if there is but one face, the same for each quarter of that smallest cell.
pub fn outline(polygon: &Polygon) -> Vec<CellID> {
    let index = index(polygon);
    let (Some(first), Some(last)) = (index.first(), index.last()) else { return Vec::new() };
    if first == last {
        return vec![*first];
    }
    let level = first.common_ancestor_level(last).map_or(0, |level| level + 1);
    index
        .chunk_by(|a, b| a.parent(level) == b.parent(level))
        .filter_map(|part| Some(smallest(part.first()?, part.last()?)))
        .collect()
}

/// The smallest cell that holds two cells of one face.
fn smallest(first: &CellID, last: &CellID) -> CellID {
    match first.common_ancestor_level(last) {
        Some(level) if first != last => first.parent(level),
        _ => *first,
    }
}

/// The cells of the index, in order.
fn index(polygon: &Polygon) -> Vec<CellID> {
    let sides: Vec<Side<'_>> = polygon.edges().map(|(from, to)| Side::new(from, to)).collect();
    let mut index = Index { polygon, cells: Vec::new() };
    for face in 0..NUM_FACES as u64 {
        index.add_face(CellID::from_face(face), &sides);
    }
    index.cells.sort_by_key(|cell| cell.0);
    index.cells
}

#[derive(Clone, Copy)]
struct Side<'a> {
    from: &'a Point,
    to: &'a Point,
    /// At this level and beyond, cells are not wider than the side is long.
    level: u64,
}

impl Side<'_> {
    fn new<'a>(from: &'a Point, to: &'a Point) -> Side<'a> {
        Side { from, to, level: AVG_EDGEMETRIC.min_level((*from - *to).norm()) }
    }
}

struct Index<'a> {
    polygon: &'a Polygon,
    cells: Vec<CellID>,
}

impl Index<'_> {
    fn add_face(&mut self, face: CellID, sides: &[Side<'_>]) {
        let window = Window::around(&Cell::from(face), PADDING);
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        let mut here = Vec::new();
        for side in sides {
            let Some(ends) = window.cut(side.from, side.to) else { continue };
            for end in ends {
                low = [0, 1].map(|axis| low[axis].min(end[axis]));
                high = [0, 1].map(|axis| high[axis].max(end[axis]));
            }
            here.push(*side);
        }
        let mut cell = if here.is_empty() { face } else { around(face.face(), low, high) };
        self.add(Cell::from(cell), &here);
        // All sides lie in the cell, so that the rest of the face is inside the polygon or outside.
        while !cell.is_face() {
            let parent = cell.immediate_parent();
            let others = parent.children().into_iter().filter(|child| *child != cell);
            let inside = others.filter(|child| self.polygon.contains(&Point::from(child)));
            self.cells.extend(inside);
            cell = parent;
        }
    }

    /// Adds a cell, or parts of it, given the sides that it has.
    fn add(&mut self, cell: Cell, sides: &[Side<'_>]) {
        let short = sides.iter().filter(|side| (cell.level() as u64) < side.level).count();
        if short <= MAX_SHORT_SIDES {
            if !sides.is_empty() || self.polygon.contains(&cell.center()) {
                self.cells.push(cell.id);
            }
            return;
        }
        for child in cell.children().into_iter().flatten() {
            let window = Window::around(&child, PADDING);
            let here: Vec<Side<'_>> =
                sides.iter().filter(|side| window.cut(side.from, side.to).is_some()).copied().collect();
            self.add(child, &here);
        }
    }
}

/// The smallest cell of a face that holds a rectangle on it.
fn around(face: u8, low: [f64; 2], high: [f64; 2]) -> CellID {
    let place = |on_face: f64| {
        // Cells are of more even size in these units: 0 to 1 across the face.
        let across = if on_face >= 0.0 {
            0.5 * (1.0 + 3.0 * on_face).sqrt()
        } else {
            1.0 - 0.5 * (1.0 - 3.0 * on_face).sqrt()
        };
        ((across * MAX_SIZE as f64) as i64).clamp(0, MAX_SIZE as i64 - 1) as i32
    };
    let low = low.map(|x| place(x - PADDING));
    let high = high.map(|x| place(x + PADDING));
    let differing = (low[0] ^ high[0]) | (low[1] ^ high[1]);
    let level = MAX_LEVEL - (i32::BITS - differing.leading_zeros()) as u64;
    CellID::from_face_ij(face, low[0], low[1]).parent(level)
}
