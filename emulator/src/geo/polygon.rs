//! A shell and the holes in it.

use s2::cell::Cell;
use s2::point::Point;
use s2::rect::Rect;

use super::ring::Ring;
use super::window::{MARGIN, Window};

/// The inside of one ring without the insides of others.
#[derive(Clone, Debug)]
pub struct Polygon {
    shell: Ring,
    holes: Vec<Ring>,
}

impl Polygon {
    /// A polygon of a shell and any number of holes.
    pub fn new(shell: Ring, holes: Vec<Ring>) -> Polygon {
        Polygon { shell, holes }
    }

    /// Whether a point is inside.
    pub fn contains(&self, point: &Point) -> bool {
        self.shell.contains(point) && !self.holes.iter().any(|hole| hole.contains(point))
    }

    /// Whether a cell may have points in common.
    pub fn may_intersect(&self, cell: &Cell) -> bool {
        self.may_touch(cell) || self.contains(&cell.center())
    }

    /// Whether a cell is entirely inside; not so if that is uncertain.
    pub fn contains_cell(&self, cell: &Cell) -> bool {
        !self.may_touch(cell) && self.contains(&cell.center())
    }

    /// A range of latitudes and longitudes around it.
    pub fn bound(&self) -> Rect {
        self.shell.bound()
    }

    /// The sides of the shell and of the holes.
    pub fn edges(&self) -> impl Iterator<Item = (&Point, &Point)> {
        self.shell.edges().chain(self.holes.iter().flat_map(Ring::edges))
    }

    /// Whether a side comes so close to a cell that it may touch it.
    fn may_touch(&self, cell: &Cell) -> bool {
        let window = Window::around(cell, MARGIN);
        self.edges().any(|(from, to)| window.cut(from, to).is_some())
    }
}
