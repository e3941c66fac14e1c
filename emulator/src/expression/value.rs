//! Values during evaluation.

use super::kind::Type;
use aerospike_wire::msgpack::{self, Reader, Token};
use aerospike_wire::{Particle, ParticleType, particle::ParticleBuf, particle::geojson_text};
use std::rc::Rc;

/// Bytes that lie in the record or in the expression, or that were made during evaluation. Cloning never copies
/// them.
#[derive(Clone, Debug)]
pub(super) enum Data<'a> {
    Borrowed(&'a [u8]),
    Made(Rc<Vec<u8>>),
}

impl std::ops::Deref for Data<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Data::Borrowed(bytes) => bytes,
            Data::Made(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for Data<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Data::Made(Rc::new(bytes))
    }
}

/// What a sub-expression evaluates to, unless it is unknown.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(Data<'a>),
    Blob(Data<'a>),
    Hll(Data<'a>),
    /// The payload of a particle: flags, cells, text.
    GeoJson(Data<'a>),
    /// msgpack.
    List(Data<'a>),
    /// msgpack.
    Map(Data<'a>),
    /// A msgpack extension, as a constant of its own.
    Extension(Data<'a>),
    /// The order to remove an element.
    Remove,
}

impl<'a> Value<'a> {
    /// The type of the value itself, which a call on nil can make differ from the static one.
    pub fn kind(&self) -> Type {
        match self {
            Value::Nil => Type::Nil,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Float(_) => Type::Float,
            Value::String(_) => Type::String,
            Value::Blob(_) => Type::Blob,
            Value::Hll(_) => Type::Hll,
            Value::GeoJson(_) => Type::GeoJson,
            Value::List(_) => Type::List,
            Value::Map(_) => Type::Map,
            Value::Extension(_) => Type::Extension,
            Value::Remove => Type::Remove,
        }
    }

    /// The value of a bin or key; `None` for types that no expression can name, and for payloads that do not fit
    /// their type.
    pub fn from_particle(particle: Particle<'a>) -> Option<Value<'a>> {
        Value::from_parts(particle.kind, Data::Borrowed(particle.data))
    }

    /// As [`Value::from_particle`], of an owned value.
    pub fn from_particle_buf(particle: ParticleBuf) -> Option<Value<'a>> {
        Value::from_parts(particle.kind, particle.data.into())
    }

    fn from_parts(kind: ParticleType, data: Data<'a>) -> Option<Value<'a>> {
        Some(match Type::of_particle(kind)? {
            Type::Nil => Value::Nil,
            Type::Bool => Value::Bool(*data.first()? != 0),
            Type::Int => Value::Int(i64::from_be_bytes(data[..].try_into().ok()?)),
            Type::Float => Value::Float(f64::from_be_bytes(data[..].try_into().ok()?)),
            Type::String => Value::String(data),
            Type::Blob => Value::Blob(data),
            Type::Hll => Value::Hll(data),
            Type::GeoJson => Value::GeoJson(data),
            Type::List => Value::List(data),
            Type::Map => Value::Map(data),
            Type::End | Type::Remove | Type::Extension => return None,
        })
    }

    /// The value of one msgpack element inside a list or map; `None` for elements that no expression can name.
    pub fn from_element(element: &'a [u8]) -> Option<Value<'a>> {
        Some(match Reader::new(element).token().ok()? {
            Token::Nil => Value::Nil,
            Token::Bool(value) => Value::Bool(value),
            Token::Int(value) => Value::Int(value),
            Token::Uint(value) => Value::Int(value as i64),
            Token::Float32(value) => Value::Float(value.into()),
            Token::Float64(value) => Value::Float(value),
            Token::Raw([kind, payload @ ..]) => match ParticleType(*kind) {
                ParticleType::STRING => Value::String(Data::Borrowed(payload)),
                ParticleType::HLL => Value::Hll(Data::Borrowed(payload)),
                ParticleType::GEOJSON => Value::geojson(payload),
                ParticleType::JAVA_BLOB | ParticleType::PYTHON_BLOB => return None,
                _ => Value::Blob(Data::Borrowed(payload)),
            },
            Token::Raw([]) => Value::Blob(Data::Borrowed(&[])),
            Token::List(_) => Value::List(Data::Borrowed(element)),
            Token::Map(_) => Value::Map(Data::Borrowed(element)),
            Token::Ext(..) => return None,
        })
    }

    /// GeoJSON from its text, without cells.
    pub fn geojson(text: &[u8]) -> Value<'a> {
        Value::GeoJson([&[0; 3], text].concat().into())
    }

    /// Appends the value as a msgpack element, as arguments of calls and elements of lists hold it; `false` if it
    /// has no such form.
    #[must_use]
    pub fn put_element(&self, out: &mut Vec<u8>) -> bool {
        let mut typed = |kind: ParticleType, data: &[u8]| msgpack::put_typed_raw(out, kind.0, data);
        match self {
            Value::Nil => msgpack::put_nil(out),
            Value::Bool(value) => msgpack::put_bool(out, *value),
            Value::Int(value) => msgpack::put_int(out, *value),
            Value::Float(value) => msgpack::put_float64(out, *value),
            Value::String(data) => typed(ParticleType::STRING, data),
            Value::Blob(data) => typed(ParticleType::BLOB, data),
            Value::Hll(data) => typed(ParticleType::HLL, data),
            Value::GeoJson(data) => match geojson_text(data) {
                Ok(text) => typed(ParticleType::GEOJSON, text),
                Err(_) => return false,
            },
            Value::List(data) | Value::Map(data) | Value::Extension(data) => out.extend_from_slice(data),
            Value::Remove => return false,
        }
        true
    }

    /// Borrows the value as a particle; scalars, which are held unpacked, are written into `buffer`. `None` for
    /// nil and for what is no value.
    pub fn as_particle<'b>(&'b self, buffer: &'b mut [u8; 8]) -> Option<Particle<'b>> {
        let scalar = |kind, buffer: &'b mut [u8; 8], bytes: [u8; 8]| {
            *buffer = bytes;
            Particle::new(kind, buffer)
        };
        Some(match self {
            Value::Nil | Value::Remove | Value::Extension(_) => return None,
            Value::Bool(value) => {
                buffer[0] = *value as u8;
                Particle::new(ParticleType::BOOL, &buffer[..1])
            }
            Value::Int(value) => scalar(ParticleType::INTEGER, buffer, value.to_be_bytes()),
            Value::Float(value) => scalar(ParticleType::FLOAT, buffer, value.to_be_bytes()),
            Value::String(data) => Particle::new(ParticleType::STRING, data),
            Value::Blob(data) => Particle::new(ParticleType::BLOB, data),
            Value::Hll(data) => Particle::new(ParticleType::HLL, data),
            Value::GeoJson(data) => Particle::new(ParticleType::GEOJSON, data),
            Value::List(data) => Particle::new(ParticleType::LIST, data),
            Value::Map(data) => Particle::new(ParticleType::MAP, data),
        })
    }

    /// The value on its own; `None` for nil and for what is no value.
    pub fn into_particle(self) -> Option<ParticleBuf> {
        self.as_particle(&mut [0; 8]).map(ParticleBuf::from)
    }
}
