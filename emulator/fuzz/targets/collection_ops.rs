//! List and map operations, paths and contexts: whatever a client sends is answered, and what an operation leaves
//! can be worked on by the next one.
//!
//! An input is a byte for the bin's kind (0 none, 1 list, 2 map), two bytes for its size, the bin, and the
//! operation's payload.

use aerospike_emulator::collection::{
    canonical_list, canonical_map, element_to_particle, modify, particle_to_element, read,
};
use aerospike_emulator::expression::ElementExpressions;
use aerospike_wire::msgpack::Reader;
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ParticleType};

/// Runs one input.
pub fn run(input: &[u8]) {
    let Some((&[kind, high, low], rest)) = input.split_first_chunk::<3>() else { return };
    let size = u16::from_be_bytes([high, low]) as usize;
    let Some((bin, op)) = rest.split_at_checked(size) else { return };
    let bin = match kind {
        0 => None,
        1 => canonical_list(bin).ok().map(|data| ParticleBuf::new(ParticleType::LIST, data.into_owned())),
        2 => canonical_map(bin).ok().map(|data| ParticleBuf::new(ParticleType::MAP, data.into_owned())),
        _ => return,
    };
    if kind != 0 && bin.is_none() {
        return;
    }
    let expressions = ElementExpressions::new();
    let particle = bin.as_ref().map(ParticleBuf::as_particle);
    if let Some(particle) = particle {
        check(read(particle, op, &expressions).ok().flatten());
    }
    let Ok(outcome) = modify(particle, op, &expressions) else { return };
    check(outcome.result);
    check(outcome.change.clone());
    // Once more on what it has left.
    if let Some(changed) = outcome.change {
        let _ = read(changed.as_particle(), op, &expressions);
        let _ = modify(Some(changed.as_particle()), op, &expressions);
    }
}

/// A list or map must be one whole element, and any value survives becoming one.
fn check(value: Option<ParticleBuf>) {
    let Some(value) = value else { return };
    let mut element = Vec::new();
    particle_to_element(value.as_particle(), &mut element);
    assert_eq!(Reader::new(&element).element(), Ok(&element[..]));
    let again = element_to_particle(&element);
    if matches!(value.kind, ParticleType::LIST | ParticleType::MAP) {
        assert_eq!(again.as_particle(), Particle::new(value.kind, &value.data));
    }
}
