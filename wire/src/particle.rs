//! Particle types: the kinds of value a bin can hold (wire §8).

use crate::result::ResultCode;

/// The type byte of a value.
///
/// An open set on purpose: type bytes come from outside and travel through unchanged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ParticleType(pub u8);

#[allow(missing_docs)] // the names say it; payloads are tabled in wire §8
impl ParticleType {
    /// No value: a bin delete in a request, an empty result in a reply.
    pub const NULL: ParticleType = ParticleType(0);
    /// i64, eight bytes big-endian.
    pub const INTEGER: ParticleType = ParticleType(1);
    /// IEEE-754 double, eight bytes big-endian.
    pub const FLOAT: ParticleType = ParticleType(2);
    /// Bytes, UTF-8 by convention.
    pub const STRING: ParticleType = ParticleType(3);
    /// Bytes.
    pub const BLOB: ParticleType = ParticleType(4);
    pub const JAVA_BLOB: ParticleType = ParticleType(7);
    pub const CSHARP_BLOB: ParticleType = ParticleType(8);
    pub const PYTHON_BLOB: ParticleType = ParticleType(9);
    pub const RUBY_BLOB: ParticleType = ParticleType(10);
    pub const PHP_BLOB: ParticleType = ParticleType(11);
    pub const ERLANG_BLOB: ParticleType = ParticleType(12);
    pub const VECTOR: ParticleType = ParticleType(16);
    /// One byte, 0 or 1.
    pub const BOOL: ParticleType = ParticleType(17);
    /// HyperLogLog: flags, index bits, minhash bits, cached count, registers.
    pub const HLL: ParticleType = ParticleType(18);
    /// msgpack map.
    pub const MAP: ParticleType = ParticleType(19);
    /// msgpack list.
    pub const LIST: ParticleType = ParticleType(20);
    /// Flags, cell count, cells, JSON text.
    pub const GEOJSON: ParticleType = ParticleType(23);

    /// Whether a bin may hold this type.
    pub const fn is_storable(self) -> bool {
        matches!(self.0, 1..=4 | 7..=12 | 16..=20 | 23)
    }

    /// Whether this is one of the plain byte types: blob, a language's blob, vector.
    pub const fn is_blob(self) -> bool {
        matches!(self.0, 4 | 7..=12 | 16)
    }
}

/// A value as it lies in a message or in a record: its type and its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Particle<'a> {
    /// What the bytes mean.
    pub kind: ParticleType,
    /// The payload, in the form that travels.
    pub data: &'a [u8],
}

impl<'a> Particle<'a> {
    /// The empty value.
    pub const NULL: Particle<'static> = Particle { kind: ParticleType::NULL, data: &[] };

    /// A value of a type.
    pub const fn new(kind: ParticleType, data: &'a [u8]) -> Particle<'a> {
        Particle { kind, data }
    }

    /// The value of an integer particle of eight bytes, as records hold them.
    pub fn as_integer(&self) -> Option<i64> {
        if self.kind != ParticleType::INTEGER {
            return None;
        }
        self.data.try_into().ok().map(i64::from_be_bytes)
    }

    /// The value of a float particle.
    pub fn as_float(&self) -> Option<f64> {
        if self.kind != ParticleType::FLOAT {
            return None;
        }
        self.data.try_into().ok().map(f64::from_be_bytes)
    }

    /// The JSON text of a GeoJSON particle, behind its header and cells.
    pub fn as_geojson(&self) -> Option<&'a [u8]> {
        if self.kind != ParticleType::GEOJSON {
            return None;
        }
        geojson_text(self.data).ok()
    }
}

/// An owned [`Particle`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParticleBuf {
    /// What the bytes mean.
    pub kind: ParticleType,
    /// The payload, in the form that travels.
    pub data: Vec<u8>,
}

impl ParticleBuf {
    /// A value of a type.
    pub fn new(kind: ParticleType, data: Vec<u8>) -> ParticleBuf {
        ParticleBuf { kind, data }
    }

    /// An integer, in its eight bytes.
    pub fn integer(value: i64) -> ParticleBuf {
        ParticleBuf { kind: ParticleType::INTEGER, data: value.to_be_bytes().to_vec() }
    }

    /// A float, in its eight bytes.
    pub fn float(value: f64) -> ParticleBuf {
        ParticleBuf { kind: ParticleType::FLOAT, data: value.to_be_bytes().to_vec() }
    }

    /// A bool, in its one byte.
    pub fn bool(value: bool) -> ParticleBuf {
        ParticleBuf { kind: ParticleType::BOOL, data: vec![value as u8] }
    }

    /// The same value, borrowed.
    pub fn as_particle(&self) -> Particle<'_> {
        Particle { kind: self.kind, data: &self.data }
    }
}

impl From<Particle<'_>> for ParticleBuf {
    fn from(particle: Particle<'_>) -> Self {
        ParticleBuf { kind: particle.kind, data: particle.data.to_vec() }
    }
}

/// Cuts the header (flags, cell count, cells) off a GeoJSON payload.
///
/// # Errors
/// [`ResultCode::GEO_INVALID_GEOJSON`] if the header does not fit in the payload.
pub fn geojson_text(data: &[u8]) -> Result<&[u8], ResultCode> {
    let cells = match data {
        [_, high, low, ..] => u16::from_be_bytes([*high, *low]) as usize,
        _ => return Err(ResultCode::GEO_INVALID_GEOJSON),
    };
    data.get(3 + 8 * cells..).ok_or(ResultCode::GEO_INVALID_GEOJSON)
}
