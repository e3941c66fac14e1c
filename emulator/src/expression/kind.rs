//! Static types of expressions (expressions §3).

use aerospike_wire::{ParticleType, exp};

/// The type that every expression has before it is evaluated.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    /// No value.
    Nil,
    /// True, false or unknown.
    Bool,
    /// i64.
    Int,
    /// Bytes, UTF-8 by convention.
    String,
    /// A list.
    List,
    /// A map.
    Map,
    /// Bytes.
    Blob,
    /// f64.
    Float,
    /// GeoJSON.
    GeoJson,
    /// HyperLogLog.
    Hll,
    /// A loop variable declared with the end marker: never has a value.
    End,
    /// The result-remove op: no value, but an order to remove an element.
    Remove,
    /// A msgpack extension as a constant: wildcard, infinity.
    Extension,
}

impl Type {
    /// The type with an id on the wire, the end marker included.
    pub(super) fn from_id(id: i64) -> Option<Type> {
        Some(match id {
            exp::kind::NIL => Type::Nil,
            exp::kind::BOOL => Type::Bool,
            exp::kind::INT => Type::Int,
            exp::kind::STRING => Type::String,
            exp::kind::LIST => Type::List,
            exp::kind::MAP => Type::Map,
            exp::kind::BLOB => Type::Blob,
            exp::kind::FLOAT => Type::Float,
            exp::kind::GEOJSON => Type::GeoJson,
            exp::kind::HLL => Type::Hll,
            exp::kind::END => Type::End,
            _ => return None,
        })
    }

    /// The type of a bin or key that holds this particle type; `None` for those that no expression can name
    /// (a language's own blob, a vector).
    pub(super) fn of_particle(kind: ParticleType) -> Option<Type> {
        Some(match kind {
            ParticleType::NULL => Type::Nil,
            ParticleType::BOOL => Type::Bool,
            ParticleType::INTEGER => Type::Int,
            ParticleType::STRING => Type::String,
            ParticleType::LIST => Type::List,
            ParticleType::MAP => Type::Map,
            ParticleType::BLOB => Type::Blob,
            ParticleType::FLOAT => Type::Float,
            ParticleType::GEOJSON => Type::GeoJson,
            ParticleType::HLL => Type::Hll,
            _ => return None,
        })
    }

    /// The name that info commands use for the type (query §2.2).
    pub fn name(self) -> &'static str {
        match self {
            Type::Nil => "nil",
            Type::Bool => "bool",
            Type::Int => "numeric",
            Type::String => "string",
            Type::List => "list",
            Type::Map => "map",
            Type::Blob => "blob",
            Type::Float => "float",
            Type::GeoJson => "geojson",
            Type::Hll => "hll",
            Type::End | Type::Remove | Type::Extension => "unknown",
        }
    }
}
