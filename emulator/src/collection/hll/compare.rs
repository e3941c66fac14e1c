//! Union, intersection and similarity of several sketches (hll §B10).
//!
//! Sketches come in the order in which they were given, the bin's last.

use std::cmp::min;

use super::sketch::{Shape, Sketch, SketchBuf};

/// NaN as the server makes it from 0/0: with its sign bit set.
const NAN_OF_COUNTS: f64 = f64::from_bits(0xfff8_0000_0000_0000);
/// NaN as the server gives it for sketches without data.
const NAN_OF_EMPTY: f64 = f64::from_bits(0x7ff8_0000_0000_0000);

/// The minhash bits all sketches share; 0 if they differ.
pub fn common_minhash_bits(sketches: &[Sketch<'_>]) -> u8 {
    let mut all = sketches.iter().map(|sketch| sketch.shape.minhash_bits());
    let first = all.next().unwrap_or(0);
    if all.all(|bits| bits == first) { first } else { 0 }
}

/// The greatest shape into which all sketches fold; `None` without any.
pub fn common_shape(sketches: &[Sketch<'_>]) -> Option<Shape> {
    let smallest = sketches.iter().map(|sketch| sketch.shape).min_by_key(|shape| shape.index_bits())?;
    Some(match common_minhash_bits(sketches) {
        0 => smallest.without_minhash(),
        _ => smallest,
    })
}

/// The union of sketches in a shape into which all of them fold.
pub fn union(shape: Shape, sketches: &[Sketch<'_>]) -> SketchBuf {
    let mut union = SketchBuf::empty(shape);
    for sketch in sketches {
        union.merge(sketch);
    }
    union
}

/// The estimated number of distinct elements in all sketches together.
pub fn union_count(sketches: &[Sketch<'_>]) -> u64 {
    common_shape(sketches).map_or(0, |shape| union(shape, sketches).as_sketch().estimate())
}

/// The estimated number of distinct elements that all sketches have. Without minhashes in common that is
/// known for up to three sketches.
pub fn intersect_count(sketches: &[Sketch<'_>]) -> u64 {
    let all = union_count(sketches);
    if common_minhash_bits(sketches) != 0 {
        // NaN becomes 0.
        return (all as f64 * similarity(sketches)).round() as u64;
    }
    let count = |sketch: &Sketch<'_>| sketch.count() as i128;
    let common = match sketches {
        [one] => count(one),
        [a, b] => count(a) + count(b) - all as i128,
        [a, b, c] => {
            let pairs = [[*a, *b], [*b, *c], [*a, *c]].map(|pair| intersect_count(&pair) as i128);
            all as i128 - (count(a) + count(b) + count(c)) + pairs.iter().sum::<i128>()
        }
        _ => 0,
    };
    u64::try_from(common.max(0)).unwrap_or(u64::MAX)
}

/// The estimated Jaccard index of sketches: the size of their intersection over that of their union.
pub fn similarity(sketches: &[Sketch<'_>]) -> f64 {
    match common_shape(sketches) {
        Some(shape) if shape.minhash_bits() != 0 => similarity_by_minhash(shape, sketches),
        _ => match (intersect_count(sketches), union_count(sketches)) {
            (0, 0) => NAN_OF_COUNTS,
            (common, all) => common as f64 / all as f64,
        },
    }
}

fn similarity_by_minhash(shape: Shape, sketches: &[Sketch<'_>]) -> f64 {
    match sketches.iter().filter(|sketch| sketch.has_data()).count() {
        0 => return NAN_OF_EMPTY,
        filled if filled < sketches.len() => return 0.0,
        _ => {}
    }
    let filled = |sketch: &SketchBuf| sketch.as_sketch().values().filter(|value| *value != 0).count() as f64;
    let all = filled(&union(shape, sketches));
    let common = filled(&matching(shape, sketches));
    let chance = match sketches {
        [a, b] => expected_collisions(shape, a.count(), b.count()),
        _ => 0.0,
    };
    ((common - chance) / all).max(0.0)
}

/// The first sketch, with every register cleared that any other sketch has otherwise.
fn matching(shape: Shape, sketches: &[Sketch<'_>]) -> SketchBuf {
    let (first, others) = sketches.split_at(min(1, sketches.len()));
    let mut matching = union(shape, first);
    let last = shape.registers() - 1;
    for other in others {
        for (index, value) in other.values().enumerate() {
            if matching.as_sketch().register(index & last) != value {
                matching.set(index & last, 0);
            }
        }
    }
    matching
}

/// How many registers of two sketches are expected to be equal by chance, given their numbers of elements.
///
/// Y. W. Yu and G. M. Weber, "HyperMinHash: MinHash in LogLog space", 2017, with one term for each rank.
fn expected_collisions(shape: Shape, a: u64, b: u64) -> f64 {
    const RANKS: i32 = 64;
    let registers = shape.registers() as f64;
    let mut sum = 0.0;
    for rank in 1..=RANKS {
        let less = if rank == RANKS { 0.0 } else { 0.5f64.powi(rank) / registers };
        let more = 0.5f64.powi(rank - 1) / registers;
        let share = |count: u64| (1.0 - less).powf(count as f64) - (1.0 - more).powf(count as f64);
        sum += share(a) * share(b);
    }
    sum * registers / 2f64.powi(shape.minhash_bits() as i32)
}
