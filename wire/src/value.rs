//! Owned values, for clients and tests.
//!
//! The server never builds these: it works on the bytes that travel.

use crate::msgpack::{self, Malformed, Reader, Token};
use crate::particle::{Particle, ParticleBuf, ParticleType, geojson_text};

/// How deep lists and maps may nest in a [`Value`]; deeper ones are refused, so that dropping one is safe.
pub const MAX_DEPTH: usize = 512;

/// Order of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ListOrder {
    /// As inserted.
    #[default]
    Unordered,
    /// Sorted by value.
    Ordered,
}

/// Order of a map.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MapOrder {
    /// Not declared; servers return it sorted by key.
    #[default]
    Unordered,
    /// Sorted by key.
    KeyOrdered,
    /// Sorted by key, with an index by value.
    KeyValueOrdered,
    /// As sent; servers mark results this way when entry order carries meaning.
    Preserved,
}

impl MapOrder {
    const fn flags(self) -> u8 {
        match self {
            MapOrder::Unordered => 0,
            MapOrder::KeyOrdered => 1,
            MapOrder::KeyValueOrdered => 3,
            MapOrder::Preserved => 8,
        }
    }

    const fn from_flags(flags: u8) -> MapOrder {
        match (flags & 0x08 != 0, flags & 0x03) {
            (true, _) => MapOrder::Preserved,
            (false, 3) => MapOrder::KeyValueOrdered,
            (false, 1) => MapOrder::KeyOrdered,
            (false, _) => MapOrder::Unordered,
        }
    }
}

/// A value of a bin, or of an element inside a list or map.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Value {
    /// No value.
    #[default]
    Nil,
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer above `i64::MAX`; inside lists and maps only.
    Uint(u64),
    /// A double.
    Float(f64),
    /// Text; bytes that are not UTF-8 are kept in [`Value::Raw`].
    String(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// Bytes of another particle type: a language's own blob, a vector, a string that is not UTF-8.
    Raw(ParticleType, Vec<u8>),
    /// HyperLogLog bytes.
    Hll(Vec<u8>),
    /// GeoJSON text.
    GeoJson(String),
    /// A list.
    List(Vec<Value>, ListOrder),
    /// A map; entries in the order in which they travel.
    Map(Vec<(Value, Value)>, MapOrder),
    /// Compares equal to anything; in arguments of comparisons only.
    Wildcard,
    /// Compares greater than anything; in arguments of comparisons only.
    Infinity,
}

impl Value {
    /// The value as the payload of an op.
    ///
    /// [`Value::Uint`], [`Value::Wildcard`] and [`Value::Infinity`] have no form of their own there: the first
    /// wraps to a signed integer, the others become null.
    pub fn to_particle(&self) -> ParticleBuf {
        let bytes = |kind: ParticleType, data: &[u8]| ParticleBuf::new(kind, data.to_vec());
        match self {
            Value::Nil | Value::Wildcard | Value::Infinity => bytes(ParticleType::NULL, &[]),
            Value::Bool(value) => ParticleBuf::bool(*value),
            Value::Int(value) => ParticleBuf::integer(*value),
            Value::Uint(value) => ParticleBuf::integer(*value as i64),
            Value::Float(value) => ParticleBuf::float(*value),
            Value::String(text) => bytes(ParticleType::STRING, text.as_bytes()),
            Value::Blob(data) => bytes(ParticleType::BLOB, data),
            // Text that is no UTF-8 lies behind flags and cells too.
            Value::Raw(ParticleType::GEOJSON, text) => geojson_particle(text),
            Value::Raw(kind, data) => bytes(*kind, data),
            Value::Hll(data) => bytes(ParticleType::HLL, data),
            Value::GeoJson(text) => geojson_particle(text.as_bytes()),
            Value::List(..) => ParticleBuf::new(ParticleType::LIST, self.to_msgpack()),
            Value::Map(..) => ParticleBuf::new(ParticleType::MAP, self.to_msgpack()),
        }
    }

    /// Reads the payload of an op.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes do not fit the type, or nest deeper than [`MAX_DEPTH`].
    pub fn from_particle(particle: Particle<'_>) -> Result<Value, Malformed> {
        let data = particle.data;
        Ok(match particle.kind {
            ParticleType::NULL => Value::Nil,
            ParticleType::INTEGER => Value::Int(i64::from_be_bytes(data.try_into().map_err(|_| Malformed)?)),
            ParticleType::FLOAT => Value::Float(f64::from_be_bytes(data.try_into().map_err(|_| Malformed)?)),
            ParticleType::BOOL => Value::Bool(*data.first().ok_or(Malformed)? != 0),
            ParticleType::GEOJSON => Value::geojson(geojson_text(data).map_err(|_| Malformed)?),
            ParticleType::LIST | ParticleType::MAP => match Value::from_msgpack(data)? {
                value @ (Value::List(..) | Value::Map(..)) => value,
                _ => return Err(Malformed),
            },
            kind => Value::from_bytes(kind, data),
        })
    }

    fn geojson(text: &[u8]) -> Value {
        match std::str::from_utf8(text) {
            Ok(text) => Value::GeoJson(text.to_owned()),
            Err(_) => Value::Raw(ParticleType::GEOJSON, text.to_vec()),
        }
    }

    fn from_bytes(kind: ParticleType, data: &[u8]) -> Value {
        match kind {
            ParticleType::STRING => match std::str::from_utf8(data) {
                Ok(text) => Value::String(text.to_owned()),
                Err(_) => Value::Raw(kind, data.to_vec()),
            },
            ParticleType::BLOB => Value::Blob(data.to_vec()),
            ParticleType::HLL => Value::Hll(data.to_vec()),
            ParticleType::GEOJSON => Value::geojson(data),
            kind => Value::Raw(kind, data.to_vec()),
        }
    }

    /// The value as msgpack.
    pub fn to_msgpack(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put_msgpack(&mut out);
        out
    }

    /// Appends the value as msgpack.
    pub fn put_msgpack(&self, out: &mut Vec<u8>) {
        match self {
            Value::Nil => msgpack::put_nil(out),
            Value::Bool(value) => msgpack::put_bool(out, *value),
            Value::Int(value) => msgpack::put_int(out, *value),
            Value::Uint(value) => msgpack::put_uint(out, *value),
            Value::Float(value) => msgpack::put_float64(out, *value),
            Value::String(text) => msgpack::put_typed_raw(out, ParticleType::STRING.0, text.as_bytes()),
            Value::Blob(data) => msgpack::put_typed_raw(out, ParticleType::BLOB.0, data),
            Value::Raw(kind, data) => msgpack::put_typed_raw(out, kind.0, data),
            Value::Hll(data) => msgpack::put_typed_raw(out, ParticleType::HLL.0, data),
            Value::GeoJson(text) => msgpack::put_typed_raw(out, ParticleType::GEOJSON.0, text.as_bytes()),
            Value::List(items, order) => {
                let ordered = *order == ListOrder::Ordered;
                msgpack::put_list_head(out, items.len() as u32 + ordered as u32);
                if ordered {
                    msgpack::put_ext(out, 1, &[]);
                }
                items.iter().for_each(|item| item.put_msgpack(out));
            }
            Value::Map(entries, order) => {
                let flags = order.flags();
                msgpack::put_map_head(out, entries.len() as u32 + (flags != 0) as u32);
                if flags != 0 {
                    msgpack::put_ext(out, flags, &[]);
                    msgpack::put_nil(out);
                }
                for (key, value) in entries {
                    key.put_msgpack(out);
                    value.put_msgpack(out);
                }
            }
            Value::Wildcard => msgpack::put_ext(out, msgpack::EXT_COMPARE, &[0]),
            Value::Infinity => msgpack::put_ext(out, msgpack::EXT_COMPARE, &[1]),
        }
    }

    /// Reads exactly one msgpack element.
    ///
    /// # Errors
    /// [`Malformed`], also for trailing bytes and for nesting deeper than [`MAX_DEPTH`].
    pub fn from_msgpack(bytes: &[u8]) -> Result<Value, Malformed> {
        let mut reader = Reader::new(bytes);
        let value = Value::read_msgpack(&mut reader)?;
        if reader.is_empty() { Ok(value) } else { Err(Malformed) }
    }

    /// Reads one msgpack element from a reader.
    ///
    /// # Errors
    /// [`Malformed`], also for nesting deeper than [`MAX_DEPTH`].
    pub fn read_msgpack(reader: &mut Reader<'_>) -> Result<Value, Malformed> {
        read(reader, MAX_DEPTH)
    }
}

/// The payload of a GeoJSON bin that has no cells: flags, a count of zero, the text.
fn geojson_particle(text: &[u8]) -> ParticleBuf {
    let mut data = vec![0, 0, 0];
    data.extend_from_slice(text);
    ParticleBuf::new(ParticleType::GEOJSON, data)
}

fn read(reader: &mut Reader<'_>, depth: usize) -> Result<Value, Malformed> {
    Ok(match reader.token()? {
        Token::Nil => Value::Nil,
        Token::Bool(value) => Value::Bool(value),
        Token::Int(value) => Value::Int(value),
        Token::Uint(value) => Value::Uint(value),
        Token::Float32(value) => Value::Float(value as f64),
        Token::Float64(value) => Value::Float(value),
        Token::Raw([]) => Value::Blob(Vec::new()),
        Token::Raw([kind, data @ ..]) => Value::from_bytes(ParticleType(*kind), data),
        Token::List(count) => read_list(reader, count, depth.checked_sub(1).ok_or(Malformed)?)?,
        Token::Map(count) => read_map(reader, count, depth.checked_sub(1).ok_or(Malformed)?)?,
        Token::Ext(msgpack::EXT_COMPARE, [0]) => Value::Wildcard,
        Token::Ext(msgpack::EXT_COMPARE, [1]) => Value::Infinity,
        Token::Ext(..) => return Err(Malformed),
    })
}

/// Takes the order marker off the front of a container's elements; its flags.
fn take_marker(reader: &mut Reader<'_>, count: u32) -> Option<u8> {
    match reader.peek() {
        Ok(Token::Ext(flags, &[])) if count > 0 => {
            let _ = reader.token();
            Some(flags)
        }
        _ => None,
    }
}

fn read_list(reader: &mut Reader<'_>, count: u32, depth: usize) -> Result<Value, Malformed> {
    let marker = take_marker(reader, count);
    let order = if marker.unwrap_or(0) & 1 != 0 { ListOrder::Ordered } else { ListOrder::Unordered };
    let count = count - marker.is_some() as u32;
    // An element takes at least a byte, which bounds what a false count can reserve.
    let mut items = Vec::with_capacity((count as usize).min(reader.rest().len()));
    for _ in 0..count {
        items.push(read(reader, depth)?);
    }
    Ok(Value::List(items, order))
}

fn read_map(reader: &mut Reader<'_>, count: u32, depth: usize) -> Result<Value, Malformed> {
    let marker = take_marker(reader, count);
    if marker.is_some() {
        reader.skip(1)?;
    }
    let count = count - marker.is_some() as u32;
    let mut entries = Vec::with_capacity((count as usize).min(reader.rest().len() / 2));
    for _ in 0..count {
        let key = read(reader, depth)?;
        entries.push((key, read(reader, depth)?));
    }
    Ok(Value::Map(entries, MapOrder::from_flags(marker.unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Nil),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            ((i64::MAX as u64 + 1)..=u64::MAX).prop_map(Value::Uint),
            any::<f64>().prop_filter("NaN is unequal to itself", |x| !x.is_nan()).prop_map(Value::Float),
            ".{0,40}".prop_map(Value::String),
            prop::collection::vec(any::<u8>(), 0..300).prop_map(Value::Blob),
            prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Hll),
            "[a-z]{0,20}".prop_map(Value::GeoJson),
            Just(Value::Wildcard),
            Just(Value::Infinity),
        ];
        leaf.prop_recursive(4, 64, 20, |inner| {
            let list_order = prop_oneof![Just(ListOrder::Unordered), Just(ListOrder::Ordered)];
            let map_order = prop_oneof![
                Just(MapOrder::Unordered),
                Just(MapOrder::KeyOrdered),
                Just(MapOrder::KeyValueOrdered),
                Just(MapOrder::Preserved)
            ];
            prop_oneof![
                (prop::collection::vec(inner.clone(), 0..20), list_order)
                    .prop_map(|(i, o)| Value::List(i, o)),
                (prop::collection::vec((inner.clone(), inner), 0..20), map_order)
                    .prop_map(|(e, o)| Value::Map(e, o)),
            ]
        })
    }

    proptest! {
        #[test]
        fn msgpack_survives(value in values()) {
            prop_assert_eq!(Value::from_msgpack(&value.to_msgpack()), Ok(value));
        }

        #[test]
        fn particles_survive(value in values()) {
            let expected = match value.clone() {
                Value::Uint(value) => Value::Int(value as i64),
                Value::Wildcard | Value::Infinity => Value::Nil,
                other => other,
            };
            let particle = value.to_particle();
            prop_assert_eq!(Value::from_particle(particle.as_particle()), Ok(expected));
        }

        #[test]
        fn arbitrary_bytes_never_panic(kind in any::<u8>(), bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Value::from_particle(Particle::new(ParticleType(kind), &bytes));
            let _ = Value::from_msgpack(&bytes);
        }
    }

    #[test]
    fn endless_nesting_is_refused() {
        let mut bytes = vec![0x91; 100_000];
        bytes.push(0xc0);
        assert_eq!(Value::from_msgpack(&bytes), Err(Malformed));
    }
}
