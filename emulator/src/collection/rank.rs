//! Searching and ranking the elements of a container by value (cdt §5, §6.5).

use std::cmp::Ordering;

use super::order::{Class, Probe, SortKey, compare};
use super::scan::{Column, has_comparison};

/// How many elements are lower than `value`, in a column in order.
pub(crate) fn lower_bound(sorted: Column<'_, '_>, value: &[u8]) -> u32 {
    let probe = Probe::new(value);
    partition(sorted.len(), |i| probe.order_of(sorted.get(i)) == Ordering::Less)
}

/// How many elements are lower than `value` or equal to it, in a column in order.
pub(crate) fn upper_bound(sorted: Column<'_, '_>, value: &[u8]) -> u32 {
    let probe = Probe::new(value);
    partition(sorted.len(), |i| probe.order_of(sorted.get(i)) != Ordering::Greater)
}

/// The first of `0..count` that `before` denies.
pub(crate) fn partition(count: u32, before: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// How many elements are lower than `value`, in a column in any order.
pub(crate) fn count_below(column: Column<'_, '_>, value: &[u8]) -> u32 {
    let probe = Probe::new(value);
    column.iter().filter(|element| probe.order_of(element) == Ordering::Less).count() as u32
}

/// An element's place among its fellows: sort key, then index, in one number.
type Slot = u128;

fn slot(key: SortKey, index: u32) -> Slot {
    (key.class as u128) << 96 | (key.prefix as u128) << 32 | index as u128
}

/// The elements of a column, ready to be compared often.
pub(crate) struct Ranking<'e, 'a> {
    column: Column<'e, 'a>,
    slots: Vec<Slot>,
    /// Sort keys decide every comparison, equality included.
    exact: bool,
    /// The elements have an order for sure: there is no NaN and no wildcard, not even inside. Only then may the
    /// standard library sort them.
    total: bool,
}

impl<'e, 'a> Ranking<'e, 'a> {
    /// Looks at every element once.
    pub(crate) fn new(column: Column<'e, 'a>) -> Ranking<'e, 'a> {
        let (mut exact, mut total) = (true, true);
        let mut slots = Vec::with_capacity(column.len() as usize);
        for (index, element) in column.iter().enumerate() {
            let key = SortKey::of(element);
            exact &= key.is_exact() && !key.is_nan();
            total &= key.class < Class::Extension
                && !matches!(key.class, Class::List | Class::Map)
                && !key.is_nan();
            slots.push(slot(key, index as u32));
        }
        Ranking { column, slots, exact, total }
    }

    #[inline]
    fn compare(&self, a: Slot, b: Slot) -> Ordering {
        let keys = (a >> 32).cmp(&(b >> 32));
        if self.exact {
            return keys;
        }
        let (class_a, class_b) = ((a >> 96) as u8, (b >> 96) as u8);
        let decided = class_a != class_b
            || keys != Ordering::Equal && class_a != Class::Wildcard as u8 && class_a != Class::Float as u8;
        if decided && class_a.max(class_b) != Class::Wildcard as u8 {
            return keys;
        }
        compare(self.column.get(a as u32), self.column.get(b as u32))
    }

    /// The indexes in order of their elements, equal ones by index.
    pub(crate) fn sorted(mut self) -> Vec<u32> {
        self.sort();
        self.slots.iter().map(|slot| *slot as u32).collect()
    }

    fn sort(&mut self) {
        if self.exact {
            return self.slots.sort_unstable();
        }
        // With NaN or wildcards inside, the elements have no order, and the standard library may refuse to sort
        // them. Merging does not mind.
        let mut from = std::mem::take(&mut self.slots);
        if from.is_sorted_by(|a, b| self.compare(*a, *b) != Ordering::Greater) {
            self.slots = from;
            return;
        }
        let mut to = vec![0; from.len()];
        let mut width = 1;
        while width < from.len() {
            for (from, to) in from.chunks(2 * width).zip(to.chunks_mut(2 * width)) {
                let (left, right) = from.split_at(width.min(from.len()));
                let (mut l, mut r) = (0, 0);
                for place in to {
                    let take_left = r == right.len()
                        || l < left.len() && self.compare(left[l], right[r]) != Ordering::Greater;
                    if take_left {
                        *place = left[l];
                        l += 1;
                    } else {
                        *place = right[r];
                        r += 1;
                    }
                }
            }
            std::mem::swap(&mut from, &mut to);
            width *= 2;
        }
        self.slots = from;
    }

    /// Of every element the lowest rank of those equal to it, by index.
    pub(crate) fn lowest_ranks(mut self) -> Vec<u32> {
        self.numbered().into_iter().map(|slot| (slot >> 32) as u32).collect()
    }

    /// For every element whether an equal one stands before it.
    pub(crate) fn repeats(mut self) -> Vec<bool> {
        self.sort();
        let mut repeats = vec![false; self.slots.len()];
        for pair in self.slots.windows(2) {
            repeats[pair[1] as u32 as usize] = self.compare(pair[0], pair[1]) == Ordering::Equal;
        }
        repeats
    }

    /// The indexes of the elements with the ranks `start` to `start + count`, in the order in which a partial heap
    /// sort finds them (cdt §6.5): highest first if the window is nearer to the low end, else lowest first. The
    /// same sort decides which of equal elements are meant.
    pub(crate) fn window(mut self, start: u32, count: u32) -> Vec<u32> {
        let size = self.slots.len();
        let (start, count) = (start as usize, count as usize);
        if count == 0 || start + count > size {
            return Vec::new();
        }
        let above = size - start - count;
        let lowest_on_top = start <= above;
        let taken = count + start.min(above);
        let mut slots = std::mem::take(&mut self.slots);
        // To take many of elements that are slow to compare, it pays to put numbers in their place first.
        if self.total && !self.exact && taken > size / 8 {
            self.slots = slots;
            slots = self.numbered();
            self.exact = true;
        }
        match (self.exact, lowest_on_top) {
            (true, true) => partial_sort(&mut slots, taken, |a, b| a >> 32 < b >> 32),
            (true, false) => partial_sort(&mut slots, taken, |a, b| a >> 32 > b >> 32),
            (false, true) => partial_sort(&mut slots, taken, |a, b| self.compare(a, b) == Ordering::Less),
            (false, false) => partial_sort(&mut slots, taken, |a, b| self.compare(a, b) == Ordering::Greater),
        }
        slots[size - taken..size - taken + count].iter().map(|slot| *slot as u32).collect()
    }

    /// Slots in the original sequence whose sort key is the lowest rank of the element.
    fn numbered(&mut self) -> Vec<Slot> {
        self.sort();
        let mut numbered = vec![0; self.slots.len()];
        let mut first = 0;
        for (rank, slot) in self.slots.iter().enumerate() {
            if rank > 0 && self.compare(self.slots[rank - 1], *slot) != Ordering::Equal {
                first = rank as Slot;
            }
            let index = *slot as u32;
            numbered[index as usize] = first << 32 | index as Slot;
        }
        numbered
    }

    /// The indexes of the elements with the ranks `start` to `start + count`, lowest first, where equal elements
    /// rank by index.
    pub(crate) fn ranked(mut self, start: u32, count: u32) -> Vec<u32> {
        let (start, end) = (start as usize, (start + count) as usize);
        if count == 0 || end > self.slots.len() {
            return Vec::new();
        }
        let mut slots = std::mem::take(&mut self.slots);
        if self.exact {
            sort_window(&mut slots, start, end, Slot::cmp);
        } else if self.total {
            let by_index = |a: &Slot, b: &Slot| (*a as u32).cmp(&(*b as u32));
            sort_window(&mut slots, start, end, |a, b| self.compare(*a, *b).then_with(|| by_index(a, b)));
        } else {
            self.slots = slots;
            self.sort();
            slots = self.slots;
        }
        slots[start..end].iter().map(|slot| *slot as u32).collect()
    }
}

/// Brings those slots to their places that belong into a window.
fn sort_window(slots: &mut [Slot], start: usize, end: usize, order: impl Fn(&Slot, &Slot) -> Ordering) {
    if slots.is_sorted_by(|a, b| order(a, b) == Ordering::Less) {
        return;
    }
    let mut part = slots;
    if end < part.len() {
        part = part.select_nth_unstable_by(end, &order).0;
    }
    if start > 0 {
        part.select_nth_unstable_by(start, &order);
    }
    part[start..].sort_unstable_by(&order);
}

/// Takes the best slot off a heap `taken` times and puts it where the heap then ends.
fn partial_sort(slots: &mut [Slot], taken: usize, better: impl Fn(Slot, Slot) -> bool) {
    for parent in (0..slots.len() / 2).rev() {
        sift(slots, parent, slots[parent], &better);
    }
    for end in (slots.len() - taken..slots.len()).rev() {
        let sinking = slots[end];
        slots[end] = slots[0];
        if end > 0 {
            sift(&mut slots[..end], 0, sinking, &better);
        }
    }
}

/// Puts a slot in its place at `hole` or below.
fn sift(heap: &mut [Slot], mut hole: usize, sinking: Slot, better: &impl Fn(Slot, Slot) -> bool) {
    loop {
        let mut child = 2 * hole + 1;
        if child >= heap.len() {
            break;
        }
        if child + 1 < heap.len() {
            child += better(heap[child + 1], heap[child]) as usize;
        }
        if !better(heap[child], sinking) {
            break;
        }
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = sinking;
}

/// A set of values to look elements up in.
pub(crate) enum Lookup<'e, 'a> {
    /// Few values, or such without an order: each is tried.
    Each(Column<'e, 'a>),
    /// Their indexes in order.
    Sorted(Column<'e, 'a>, Vec<u32>),
}

impl<'e, 'a> Lookup<'e, 'a> {
    /// Gets ready to look up about `times` elements.
    ///
    /// Values with wildcards are searched for in order like all others, though they have none: a wildcard among
    /// several values then matches only what the search happens to compare with it, as in the real server.
    pub(crate) fn new(values: Column<'e, 'a>, times: u32) -> Lookup<'e, 'a> {
        let few = values.len() < 4 || times < 4;
        if few && !values.iter().any(has_comparison) {
            return Lookup::Each(values);
        }
        let ranking = Ranking::new(values);
        if ranking.slots.iter().any(|slot| *slot >> 96 == Class::Float as u128) && !ranking.exact {
            // NaN may be among them: it equals every float, which no order can express.
            return Lookup::Each(values);
        }
        Lookup::Sorted(values, ranking.sorted())
    }

    /// Whether a value equal to the element is there.
    pub(crate) fn contains(&self, element: &[u8]) -> bool {
        match self {
            Lookup::Each(values) => values.iter().any(|value| compare(element, value) == Ordering::Equal),
            Lookup::Sorted(values, order) => {
                let probe = Probe::new(element);
                let (mut low, mut high) = (0, order.len());
                while low < high {
                    let middle = low + (high - low) / 2;
                    match probe.order_of(values.get(order[middle])) {
                        Ordering::Less => low = middle + 1,
                        Ordering::Greater => high = middle,
                        Ordering::Equal => return true,
                    }
                }
                false
            }
        }
    }
}
