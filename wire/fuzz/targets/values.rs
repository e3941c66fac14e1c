//! Values as msgpack and as the payload of an op: what can be read can be written, and reads the same again.
//!
//! An input is a particle type and a payload.

use aerospike_wire::msgpack::Reader;
use aerospike_wire::{Particle, ParticleType, Value};

/// Runs one input.
pub fn run(input: &[u8]) {
    let Some((&kind, data)) = input.split_first() else { return };
    // Bytes are compared instead of values: not-a-number is unequal to itself.
    if let Ok(value) = Value::from_msgpack(data) {
        let written = value.to_msgpack();
        let again = Value::from_msgpack(&written).expect("what was written can be read");
        assert_eq!(again.to_msgpack(), written);
    }
    if let Ok(value) = Value::from_particle(Particle::new(ParticleType(kind), data)) {
        let written = value.to_particle();
        let again = Value::from_particle(written.as_particle()).expect("what was written can be read");
        assert_eq!(again.to_particle().as_particle(), written.as_particle());
    }
    let mut reader = Reader::new(data);
    while let Ok(element) = reader.element() {
        assert!(!element.is_empty());
    }
}
