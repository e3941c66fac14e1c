//! How many elements the registers stand for (hll §B8).
//!
//! O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6.

/// Ranks that six bits can hold.
const RANKS: usize = 64;

/// The estimated number of distinct elements, given the rank of every register.
pub fn estimate(index_bits: u8, ranks: impl Iterator<Item = usize>) -> u64 {
    let mut counts = [0u32; RANKS];
    for rank in ranks {
        counts[rank % RANKS] += 1;
    }
    let registers = (1u32 << index_bits) as f64;
    // No register holds the greatest rank of the paper, 64, so that its term for full registers is 0.
    let mut z = 0.0;
    for count in counts[1..].iter().rev() {
        z = 0.5 * (z + *count as f64);
    }
    z += registers * sigma(counts[0] as f64 / registers);
    (alpha(index_bits, registers) * registers * registers / z).round() as u64
}

/// The bias correction.
fn alpha(index_bits: u8, registers: f64) -> f64 {
    match index_bits {
        4 => 0.673,
        5 => 0.697,
        6 => 0.709,
        _ => 0.7213 / (1.0 + 1.079 / registers),
    }
}

/// The share of registers that are empty, as the estimate counts it; infinite if all are.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let previous = z;
        z += x * y;
        y += y;
        if z == previous {
            return z;
        }
    }
}
