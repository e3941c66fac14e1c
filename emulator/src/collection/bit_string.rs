//! Bytes read as one long string of bits, bit 0 being the most significant one of byte 0.
//!
//! Bit operations and HyperLogLog registers both lie in such strings.

/// How many bits one [`load`] or [`store`] moves at most.
pub const WORD: usize = 64;

/// The `count` low bits set.
pub const fn mask(count: usize) -> u64 {
    match count {
        0 => 0,
        WORD.. => u64::MAX,
        _ => (1 << count) - 1,
    }
}

/// Reads `count` bits from bit `at` on, right-aligned. `count` is at most [`WORD`]; bits behind the end are 0.
#[inline]
pub fn load(data: &[u8], at: usize, count: usize) -> u64 {
    let tail = data.get(at / 8..).unwrap_or(&[]);
    let lead = at % 8;
    if count == 0 {
        return 0;
    }
    if let (Some(chunk), true) = (tail.first_chunk(), lead + count <= WORD) {
        return u64::from_be_bytes(*chunk) << lead >> (WORD - count);
    }
    // The word is spread over nine bytes, or ends near the end of the data.
    let mut window = [0; 16];
    let size = tail.len().min(9);
    window[..size].copy_from_slice(&tail[..size]);
    (u128::from_be_bytes(window) << lead >> (128 - count)) as u64
}

/// Overwrites `count` bits from bit `at` on with the low bits of `value`. `count` is at most [`WORD`]; what falls
/// behind the end is dropped.
#[inline]
pub fn store(data: &mut [u8], at: usize, count: usize, value: u64) {
    let Some(tail) = data.get_mut(at / 8..) else { return };
    if count == 0 {
        return;
    }
    let room = 128 - at % 8 - count;
    let keep = !((mask(count) as u128) << room);
    let size = tail.len().min(9);
    let mut window = [0; 16];
    window[..size].copy_from_slice(&tail[..size]);
    let word = u128::from_be_bytes(window) & keep | ((value & mask(count)) as u128) << room;
    tail[..size].copy_from_slice(&word.to_be_bytes()[..size]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bits(data: &[u8]) -> Vec<bool> {
        data.iter().flat_map(|byte| (0..8).map(move |bit| byte >> (7 - bit) & 1 == 1)).collect()
    }

    proptest! {
        #[test]
        fn loads_what_the_bits_say(data in prop::collection::vec(any::<u8>(), 0..24), at in 0usize..200, count in 0usize..=64) {
            let bits = bits(&data);
            let expected = (at..at + count).fold(0, |sum, i| sum << 1 | bits.get(i).copied().unwrap_or(false) as u64);
            prop_assert_eq!(load(&data, at, count), expected);
        }

        #[test]
        fn stores_only_there(data in prop::collection::vec(any::<u8>(), 0..24), at in 0usize..200, count in 0usize..=64, value: u64) {
            let mut expected = bits(&data);
            for i in 0..count {
                if let Some(bit) = expected.get_mut(at + i) {
                    *bit = value >> (count - 1 - i) & 1 == 1;
                }
            }
            let mut data = data;
            store(&mut data, at, count, value);
            prop_assert_eq!(bits(&data), expected);
        }
    }
}
