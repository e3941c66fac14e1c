//! Expressions: whatever bytes arrive are refused or evaluated, and metadata never tell otherwise than the whole
//! record does.
//!
//! An input is one expression, as a filter holds it; it is evaluated against a record that has a bin of every type.

use aerospike_emulator::expression::operation::{ExpModify, ExpRead};
use aerospike_emulator::expression::{Expression, Metadata, RecordView};
use aerospike_wire::{Digest, Particle, ParticleType};

/// A record with bins named after their types' first letters.
struct Row(Digest);

impl Metadata for Row {
    fn digest(&self) -> &Digest {
        &self.0
    }
    fn set_name(&self) -> &[u8] {
        b"set"
    }
    fn void_time(&self) -> u32 {
        500_000_100
    }
    fn last_update(&self) -> u64 {
        499_999_000_000
    }
    fn now(&self) -> u64 {
        500_000_000_000
    }
    fn record_size(&self) -> u64 {
        256
    }
    fn key_exists(&self) -> bool {
        true
    }
}

impl RecordView for Row {
    fn bin(&self, name: &[u8]) -> Option<Particle<'_>> {
        let (kind, data): (_, &[u8]) = match name {
            b"i" => (ParticleType::INTEGER, &[0, 0, 0, 0, 0, 0, 0, 5]),
            b"f" => (ParticleType::FLOAT, &[0x3f, 0xf8, 0, 0, 0, 0, 0, 0]),
            b"t" => (ParticleType::BOOL, &[1]),
            b"s" => (ParticleType::STRING, b"hello"),
            b"b" => (ParticleType::BLOB, &[1, 2, 3, 4]),
            b"l" => (ParticleType::LIST, &[0x94, 1, 0x92, 5, 9, 0xa2, 3, b'a', 0xc0]),
            b"o" => (ParticleType::LIST, &[0x94, 0xc7, 0, 1, 1, 2, 3]),
            b"m" => (ParticleType::MAP, &[0x82, 0xa2, 3, b'a', 1, 0xa2, 3, b'b', 0x92, 1, 2]),
            b"k" => (ParticleType::MAP, &[0x82, 0xc7, 0, 1, 0xc0, 0xa2, 3, b'a', 1]),
            b"g" => (ParticleType::GEOJSON, b"\0\0\0{\"type\":\"Point\",\"coordinates\":[1,1]}"),
            b"h" => {
                (ParticleType::HLL, &[0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            }
            _ => return None,
        };
        Some(Particle::new(kind, data))
    }
    fn key(&self) -> Option<Particle<'_>> {
        Some(Particle::new(ParticleType::STRING, b"key"))
    }
}

/// Runs one input.
pub fn run(input: &[u8]) {
    let row = Row(Digest([7; 20]));
    if let Ok(expression) = Expression::decode(input) {
        let full = expression.test(&row);
        if let Some(verdict) = expression.metadata_verdict(&row) {
            assert_eq!(full, Some(verdict));
        }
        let _ = expression.evaluate(&row);
    }
    if let Ok(read) = ExpRead::decode(input) {
        let _ = read.run(&row);
    }
    if let Ok(modify) = ExpModify::decode(input) {
        let _ = modify.run(&row, b"i");
    }
}
