//! Few cells that together hold a region (query §9.4).
//!
//! The same cells as the region coverer of the S2 library finds: it starts with the cells around the region and
//! divides the greatest ones, as long as there are not too many.

use s2::cell::Cell;
use s2::cellid::CellID;
use s2::region::Region as Cover;
use std::ops::RangeInclusive;

/// How many cells a covering has at most.
pub const MAX_CELLS: usize = 12;
/// The greatest level of the cells that cover a stored region: leaf cells.
pub const STORED_MAX_LEVEL: u8 = 30;
/// The greatest level of the cells that cover the region of a query.
pub const QUERY_MAX_LEVEL: u8 = 20;
/// The least level: no whole face of the cube.
const MIN_LEVEL: u8 = 1;

/// Covers a region; `None` if that takes more than [`MAX_CELLS`] cells.
pub fn cover(region: &impl Cover, max_level: u8) -> Option<Vec<u64>> {
    let mut coverer = Coverer { region, max_level, results: Vec::new(), queue: Queue::default() };
    for cell in merged(region.cell_union_bound(), 0) {
        if let Some(candidate) = coverer.candidate(Cell::from(cell)) {
            coverer.add(candidate);
        }
    }
    coverer.divide();
    let cells = merged(coverer.results, MIN_LEVEL);
    (cells.len() <= MAX_CELLS).then(|| cells.iter().map(|cell| cell.0).collect())
}

/// The cell among those of a covering, in order, that holds a leaf cell.
pub fn cell_holding(covering: &[u64], leaf: u64) -> Option<u64> {
    let at = covering.partition_point(|cell| CellID(*cell).range_max().0 < leaf);
    covering.get(at).copied().filter(|cell| CellID(*cell).range_min().0 <= leaf)
}

/// The leaf cells within a cell: their ids are neighbours.
pub fn leaves_of(cell: u64) -> RangeInclusive<u64> {
    let cell = CellID(cell);
    cell.range_min().0..=cell.range_max().0
}

/// The cells of a covering's levels that hold a leaf cell, itself included.
pub fn cells_around(leaf: u64) -> impl Iterator<Item = u64> {
    (MIN_LEVEL as u64..=STORED_MAX_LEVEL as u64).map(move |level| CellID(leaf).parent(level).0)
}

/// A cell that may touch the region.
struct Candidate {
    cell: Cell,
    /// Not to be divided further.
    is_final: bool,
}

struct Coverer<'a, R> {
    region: &'a R,
    max_level: u8,
    results: Vec<CellID>,
    queue: Queue,
}

impl<R: Cover> Coverer<'_, R> {
    fn candidate(&self, cell: Cell) -> Option<Candidate> {
        if !self.region.intersects_cell(&cell) {
            return None;
        }
        let is_final =
            cell.level() >= MIN_LEVEL && (cell.level() >= self.max_level || self.region.contains_cell(&cell));
        Some(Candidate { cell, is_final })
    }

    /// Takes a candidate as a result, or into the queue of those that may be divided.
    fn add(&mut self, candidate: Candidate) {
        if candidate.is_final {
            return self.results.push(candidate.cell.id);
        }
        let children: Vec<Candidate> = candidate
            .cell
            .children()
            .into_iter()
            .flatten()
            .filter_map(|child| self.candidate(child))
            .collect();
        let finals = children.iter().filter(|child| child.is_final).count();
        let level = candidate.cell.level();
        if finals == 4 && level >= MIN_LEVEL {
            self.results.push(candidate.cell.id);
        } else if !children.is_empty() {
            let priority = -(16 * level as i32 + 4 * children.len() as i32 + finals as i32);
            self.queue.push(Entry { priority, cell: candidate.cell, children });
        }
    }

    /// Divides what is in the queue, greatest cells first, until the results are complete.
    fn divide(&mut self) {
        while let Some(Entry { cell, children, .. }) = self.queue.pop() {
            let cells = self.results.len() + self.queue.entries.len() + children.len();
            if cell.level() < MIN_LEVEL || children.len() == 1 || cells <= MAX_CELLS {
                children.into_iter().for_each(|child| self.add(child));
            } else {
                self.results.push(cell.id);
            }
        }
    }
}

/// A cell that can be divided.
struct Entry {
    priority: i32,
    cell: Cell,
    /// The parts of the cell that may touch the region.
    children: Vec<Candidate>,
}

/// A binary heap, the highest priority first. Which of several entries of equal priority comes first follows
/// from the steps below; the cells of a covering depend on it, so that no other heap will do.
#[derive(Default)]
struct Queue {
    entries: Vec<Entry>,
}

impl Queue {
    fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
        self.rise(self.entries.len() - 1);
    }

    fn pop(&mut self) -> Option<Entry> {
        let last = self.entries.len().checked_sub(1)?;
        self.entries.swap(0, last);
        let first = self.entries.pop();
        // The entry that was last sinks to a leaf, past children of any priority, and rises from there.
        let mut at = 0;
        loop {
            let [left, right] = [2 * at + 1, 2 * at + 2];
            let child = if right < last {
                if self.priority(right) < self.priority(left) { left } else { right }
            } else if left < last {
                left
            } else {
                break;
            };
            self.entries.swap(at, child);
            at = child;
        }
        if at < last {
            self.rise(at);
        }
        first
    }

    /// Moves an entry towards the root, past those of lower priority.
    fn rise(&mut self, mut at: usize) {
        while at > 0 && self.priority((at - 1) / 2) < self.priority(at) {
            self.entries.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    fn priority(&self, at: usize) -> i32 {
        self.entries[at].priority
    }
}

/// Sorts cells, none of which holds another, and replaces four that make up a whole cell by that one, as long as
/// its level is not less than `min_level`.
fn merged(mut cells: Vec<CellID>, min_level: u8) -> Vec<CellID> {
    cells.sort_by_key(|cell| cell.0);
    cells.dedup();
    let mut merged: Vec<CellID> = Vec::with_capacity(cells.len());
    for cell in cells {
        merged.push(cell);
        while let Some(&last) = merged.last()
            && last.level() > min_level as u64
            && merged.ends_with(&last.immediate_parent().children())
        {
            merged.truncate(merged.len() - 4);
            merged.push(last.immediate_parent());
        }
    }
    merged
}
