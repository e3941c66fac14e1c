//! The hash by which strings and blobs are ordered in an index (query §6.1).
//!
//! wyhash, final version 3, with its default secret words. Clients carry the hash of the last record that they
//! received back to the server as a cursor, so it has to be exactly this one.

const SEED: u64 = 0x0002_9fbb_14cc_886f;
const SECRET: [u64; 4] =
    [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3, 0x5899_65cc_7537_4cc3];

/// The hash of a string's or blob's bytes.
pub fn hash(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    let mut seed = SEED ^ SECRET[0];
    let (a, b) = match len {
        0 => (0, 0),
        1..=3 => {
            let at = |index: usize| bytes[index] as u64;
            (at(0) << 16 | at(len / 2) << 8 | at(len - 1), 0)
        }
        4..=16 => {
            let middle = (len >> 3) << 2;
            let pair = |first, second| word32(bytes, first) << 32 | word32(bytes, second);
            (pair(0, middle), pair(len - 4, len - 4 - middle))
        }
        _ => {
            let mut at = 0;
            if len > 48 {
                let mut lanes = [seed; 3];
                while len - at > 48 {
                    for (lane, state) in lanes.iter_mut().enumerate() {
                        let (first, second) = (word64(bytes, at), word64(bytes, at + 8));
                        *state = mix(first ^ SECRET[lane + 1], second ^ *state);
                        at += 16;
                    }
                }
                seed = lanes[0] ^ lanes[1] ^ lanes[2];
            }
            while len - at > 16 {
                seed = mix(word64(bytes, at) ^ SECRET[1], word64(bytes, at + 8) ^ seed);
                at += 16;
            }
            (word64(bytes, len - 16), word64(bytes, len - 8))
        }
    };
    mix(SECRET[1] ^ len as u64, mix(a ^ SECRET[1], b ^ seed))
}

/// Folds the 128-bit product of two words.
fn mix(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// Four bytes at a place that the caller knows to be within.
fn word32(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 4].iter().rev().fold(0, |word, byte| word << 8 | *byte as u64)
}

/// Eight bytes at a place that the caller knows to be within.
fn word64(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8].iter().rev().fold(0, |word, byte| word << 8 | *byte as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// query §6.1.
    #[test]
    fn vectors() {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXY".repeat(2);
        let rows: [(&[u8], u64); 10] = [
            (b"", 0xda34_2175_7d70_ae2d),
            (b"a", 0x4bf8_3415_1406_79a0),
            (b"b", 0xc15c_6441_9ea7_841e),
            (b"abc", 0x6074_58b7_2cd1_ff16),
            (b"abcd", 0x505e_05b1_4a85_0dd9),
            (b"abcdefgh", 0x240f_4277_1268_8b3a),
            (b"0123456789abcdef", 0x5016_f26e_adeb_900c),
            (b"0123456789abcdefg", 0xebda_3b3a_cbbd_7bb8),
            (&[b'x'; 48], 0x66db_12e2_6961_3e7e),
            (&alphabet, 0xdaf1_b50b_dd25_f2fb),
        ];
        for (bytes, expected) in rows {
            assert_eq!(hash(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
