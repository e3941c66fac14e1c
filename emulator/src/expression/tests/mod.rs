//! The reference's vectors, and what must not happen.

mod limits;
mod paths;
mod semantics;
mod vectors;

use super::{Evaluation, Expression, Metadata, RecordView};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Digest, Particle, ParticleType, ResultCode, Value};
use std::collections::BTreeMap;

/// A record for tests.
pub(super) struct Row {
    pub bins: BTreeMap<&'static str, ParticleBuf>,
    pub key: Option<ParticleBuf>,
    pub digest: Digest,
    pub void_time: u32,
    pub set: &'static str,
}

/// The time of [`Row`]s, in milliseconds since 2010.
const NOW: u64 = 500_000_000_123;

impl Row {
    /// The record of expressions §24.
    pub fn reference() -> Row {
        let text = |text: &str| Value::String(text.into());
        let bins = [
            ("i", Value::Int(5)),
            ("f", Value::Float(1.5)),
            ("s", text("hello")),
            ("b", Value::Blob(vec![1, 2])),
            ("t", Value::Bool(true)),
            ("l", list([1, 2, 3])),
            ("m", Value::Map(vec![(text("a"), Value::Int(1))], Default::default())),
        ];
        Row {
            bins: bins.iter().map(|(name, value)| (*name, value.to_particle())).collect(),
            key: None,
            digest: Digest([0; 20]),
            void_time: 0,
            set: "",
        }
    }
}

impl Metadata for Row {
    fn digest(&self) -> &Digest {
        &self.digest
    }
    fn set_name(&self) -> &[u8] {
        self.set.as_bytes()
    }
    fn void_time(&self) -> u32 {
        self.void_time
    }
    fn last_update(&self) -> u64 {
        NOW - 1500
    }
    fn now(&self) -> u64 {
        NOW
    }
    fn record_size(&self) -> u64 {
        64
    }
    fn key_exists(&self) -> bool {
        self.key.is_some()
    }
}

impl RecordView for Row {
    fn bin(&self, name: &[u8]) -> Option<Particle<'_>> {
        self.bins.get(std::str::from_utf8(name).ok()?).map(ParticleBuf::as_particle)
    }
    fn key(&self) -> Option<Particle<'_>> {
        self.key.as_ref().map(ParticleBuf::as_particle)
    }
}

/// A list of integers.
pub(super) fn list<const N: usize>(items: [i64; N]) -> Value {
    Value::List(items.map(Value::Int).to_vec(), Default::default())
}

/// Bytes from hexadecimal; spaces do not count.
pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

/// What is expected of an expression.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Expect {
    /// Refused while it is decoded.
    E4,
    /// Unknown.
    U,
    Nil,
    Is(Value),
    /// The exact bytes of a result.
    Bytes(ParticleType, Vec<u8>),
}

pub(super) fn int(value: i64) -> Expect {
    Expect::Is(Value::Int(value))
}

pub(super) fn truth(value: bool) -> Expect {
    Expect::Is(Value::Bool(value))
}

/// The exact bytes of a list or other result.
pub(super) fn bytes(kind: ParticleType, text: &str) -> Expect {
    Expect::Bytes(kind, hex(text))
}

/// Evaluates every expression of a table against a record and compares.
#[track_caller]
pub(super) fn check(row: &Row, table: &[(&str, &str, Expect)]) {
    for (text, meaning, expected) in table {
        let actual = match Expression::decode(&hex(text)) {
            Err(code) => {
                assert_eq!(code, ResultCode::PARAMETER);
                Expect::E4
            }
            Ok(expression) => match (expression.evaluate(row), expected) {
                (Evaluation::Unknown, _) => Expect::U,
                (Evaluation::Nil, _) => Expect::Nil,
                (Evaluation::Value(value), Expect::Bytes(..)) => Expect::Bytes(value.kind, value.data),
                (Evaluation::Value(value), _) => {
                    Expect::Is(Value::from_particle(value.as_particle()).expect("a value"))
                }
            },
        };
        assert_eq!(actual, *expected, "{text}: {meaning}");
    }
}
