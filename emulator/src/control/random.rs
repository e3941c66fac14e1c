//! Chance that can be repeated.
//!
//! Session tokens and keys do not come from here, but from the operating system.

use std::sync::atomic::{AtomicU64, Ordering};

/// A source of numbers that are random enough for tests: the same seed gives the same numbers.
#[derive(Debug)]
pub struct Random {
    seed: u64,
    state: AtomicU64,
}

impl Random {
    /// A source with a seed; without one, the operating system gives it.
    pub fn new(seed: Option<u64>) -> Random {
        let seed = seed.unwrap_or_else(|| getrandom::u64().unwrap_or(0x5eed));
        Random { seed, state: AtomicU64::new(seed) }
    }

    /// The seed that repeats this run.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// 64 bits (SplitMix64).
    pub fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, but not including, 1.
    pub fn fraction(&self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself() {
        let (a, b) = (Random::new(Some(7)), Random::new(Some(7)));
        let numbers = |source: &Random| (0..5).map(|_| source.next()).collect::<Vec<_>>();
        assert_eq!(numbers(&a), numbers(&b));
        assert_ne!(numbers(&a), numbers(&Random::new(Some(8))));
        assert!((0..1000).map(|_| a.fraction()).all(|part| (0.0..1.0).contains(&part)));
    }
}
