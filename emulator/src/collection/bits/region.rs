//! What operations do to a region of bits, a word at a time.
//!
//! Regions are given by first bit and size; callers have checked that they lie inside the data.

use std::cmp::min;

use aerospike_wire::bit_op::integer_flags;

use crate::collection::bit_string::{WORD, load, mask, store};

/// The words of a region of `size` bits, first to last: offset in the region and bits of the word.
fn words(size: usize) -> impl DoubleEndedIterator<Item = (usize, usize)> {
    (0..size.div_ceil(WORD)).map(move |word| (word * WORD, min(WORD, size - word * WORD)))
}

/// Copies a region out, left-aligned, with zeros behind it.
pub fn copy(data: &[u8], start: usize, size: usize) -> Vec<u8> {
    let mut out = vec![0; size.div_ceil(8)];
    for (at, count) in words(size) {
        store(&mut out, at, count, load(data, start + at, count));
    }
    out
}

/// How many ones a region has.
pub fn count_ones(data: &[u8], start: usize, size: usize) -> u64 {
    words(size).map(|(at, count)| load(data, start + at, count).count_ones() as u64).sum()
}

/// The place of a region's first bit equal to `wanted`.
pub fn first(data: &[u8], start: usize, size: usize, wanted: bool) -> Option<usize> {
    words(size).find_map(|(at, count)| {
        let hits = hits(data, start + at, count, wanted);
        (hits != 0).then(|| at + count - 1 - hits.ilog2() as usize)
    })
}

/// The place of a region's last bit equal to `wanted`.
pub fn last(data: &[u8], start: usize, size: usize, wanted: bool) -> Option<usize> {
    words(size).rev().find_map(|(at, count)| {
        let hits = hits(data, start + at, count, wanted);
        (hits != 0).then(|| at + count - 1 - hits.trailing_zeros() as usize)
    })
}

fn hits(data: &[u8], at: usize, count: usize, wanted: bool) -> u64 {
    let word = load(data, at, count);
    if wanted { word } else { !word & mask(count) }
}

/// Replaces a region's words by what `combine` makes of them and of the words at the same place of `other`.
pub fn combine(data: &mut [u8], start: usize, size: usize, other: &[u8], combine: impl Fn(u64, u64) -> u64) {
    for (at, count) in words(size) {
        let word = combine(load(data, start + at, count), load(other, at, count));
        store(data, start + at, count, word);
    }
}

/// Inverts a region.
pub fn invert(data: &mut [u8], start: usize, size: usize) {
    combine(data, start, size, &[], |word, _| !word);
}

/// Moves a region's bits `by` places towards its front; zeros follow. All of them fall out if `by` is its size
/// or more.
pub fn shift_left(data: &mut [u8], start: usize, size: usize, by: usize) {
    let kept = size.saturating_sub(by);
    for (at, count) in words(kept) {
        let word = load(data, start + at + by, count);
        store(data, start + at, count, word);
    }
    clear(data, start + kept, size - kept);
}

/// Moves a region's bits `by` places towards its end, with zeros in front.
pub fn shift_right(data: &mut [u8], start: usize, size: usize, by: usize) {
    let kept = size.saturating_sub(by);
    for (at, count) in words(kept).rev() {
        let word = load(data, start + at, count);
        store(data, start + at + by, count, word);
    }
    clear(data, start, size - kept);
}

fn clear(data: &mut [u8], start: usize, size: usize) {
    combine(data, start, size, &[], |_, _| 0);
}

/// Adds to an integer of `size` bits, or subtracts from it; `None` if that overflows and the flags (those of
/// [`integer_flags`]) neither saturate nor wrap.
///
/// The overflow tests are those of the protocol (bits §A8), odd ones included: the least signed value added to
/// itself is no overflow, but subtracted from -1 it is one.
pub fn add(value: u64, operand: u64, size: usize, subtract: bool, flags: u64) -> Option<u64> {
    let mask = mask(size);
    let operand = if subtract { operand.wrapping_neg() } else { operand } & mask;
    let sum = value.wrapping_add(operand) & mask;
    let bound = if flags & integer_flags::SIGNED != 0 {
        let greatest = mask >> 1;
        let [a, b, c] = [value, operand, sum].map(|word| sign_extend(word, size));
        if a > 0 && b > 0 && c < 0 {
            Some(greatest)
        } else if a < 0 && b < 0 && c > 0 {
            Some(greatest + 1)
        } else {
            None
        }
    } else if subtract {
        (sum > value).then_some(0)
    } else {
        (sum < value).then_some(mask)
    };
    match bound {
        None => Some(sum),
        Some(_) if flags & integer_flags::WRAP != 0 => Some(sum),
        Some(bound) if flags & integer_flags::SATURATE != 0 => Some(bound),
        Some(_) => None,
    }
}

/// Reads the low `size` bits (1 to 64) as two's complement.
pub fn sign_extend(word: u64, size: usize) -> i64 {
    let spare = WORD - size;
    ((word << spare) as i64) >> spare
}
