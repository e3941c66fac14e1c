//! Bit and HyperLogLog operations: whatever a client sends is answered, and no operation leaves a bin that the
//! next one cannot read.
//!
//! An input is a byte for the bin's kind, two bytes for its size, the bin, and the operation's payload.

use aerospike_emulator::collection::{bits, hll};
use aerospike_wire::{Particle, ParticleType};

/// Runs one input.
pub fn run(input: &[u8]) {
    let Some((&[kind, high, low], rest)) = input.split_first_chunk::<3>() else { return };
    let size = u16::from_be_bytes([high, low]) as usize;
    let Some((bin, op)) = rest.split_at_checked(size) else { return };
    match kind {
        0 => {
            let _ = bits::modify(None, op);
            let _ = hll::modify(None, op);
        }
        1 => {
            let bin = Particle::new(ParticleType::BLOB, bin);
            let _ = bits::read(bin, op);
            let _ = bits::modify(Some(bin), op);
        }
        _ => {
            let bin = Particle::new(ParticleType::HLL, bin);
            let _ = hll::read(bin, op);
            if let Ok(outcome) = hll::modify(Some(bin), op)
                && let Some(new) = outcome.change
            {
                assert!(hll::validate(&new.data).is_ok());
            }
        }
    }
}
