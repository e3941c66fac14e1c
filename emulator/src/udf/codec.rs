//! Values of UDFs as particles and as msgpack, and the other way round (lua §8).

use super::budget::{Budget, NO_MEMORY, TimeUp, VALUE_MEMORY};
use super::value::{Bytes, GeoJson, Item, Key, List, MAX_DEPTH, Map};
use aerospike_wire::msgpack::{self, Malformed, Reader, Token};
use aerospike_wire::particle::{ParticleBuf, geojson_text};
use aerospike_wire::{Particle, ParticleType};
use mlua::Lua;
use std::sync::Arc;

/// Nesting deeper than [`MAX_DEPTH`].
pub const TOO_DEEP: &str = "value is nested too deeply";

/// Why a value cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not what they should be.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// Nesting deeper than [`MAX_DEPTH`].
    #[error("{TOO_DEEP}")]
    TooDeep,
    /// The state's memory does not hold it.
    #[error("{0}")]
    Memory(#[from] mlua::Error),
}

/// Makes values of a state from what travels.
pub struct Decoder<'a> {
    /// The state.
    pub lua: &'a Lua,
    /// Its budget.
    pub budget: &'a Arc<Budget>,
}

impl Decoder<'_> {
    /// A bin's value.
    ///
    /// # Errors
    /// As [`DecodeError`] tells.
    pub fn particle(&self, particle: Particle<'_>) -> Result<Item, DecodeError> {
        let data = particle.data;
        Ok(match particle.kind {
            ParticleType::NULL => Item::Nil,
            ParticleType::INTEGER => Item::Int(particle.as_integer().ok_or(Malformed)?),
            ParticleType::FLOAT => Item::Float(particle.as_float().ok_or(Malformed)?),
            ParticleType::BOOL => Item::Bool(*data.first().ok_or(Malformed)? != 0),
            ParticleType::GEOJSON => self.raw(particle.kind.0, geojson_text(data).map_err(|_| Malformed)?)?,
            ParticleType::LIST | ParticleType::MAP => {
                let mut reader = Reader::new(data);
                let item = self.element(&mut reader)?;
                if !reader.is_empty() {
                    return Err(Malformed.into());
                }
                item
            }
            kind => self.raw(kind.0, data)?,
        })
    }

    /// One element of msgpack.
    ///
    /// # Errors
    /// As [`DecodeError`] tells.
    pub fn element(&self, reader: &mut Reader<'_>) -> Result<Item, DecodeError> {
        self.nested(reader, MAX_DEPTH)
    }

    fn nested(&self, reader: &mut Reader<'_>, depth: usize) -> Result<Item, DecodeError> {
        Ok(match reader.token()? {
            Token::Nil | Token::Ext(..) => Item::Nil,
            Token::Bool(value) => Item::Bool(value),
            Token::Int(value) => Item::Int(value),
            Token::Uint(value) => Item::Int(value as i64),
            Token::Float32(value) => Item::Float(value as f64),
            Token::Float64(value) => Item::Float(value),
            Token::Raw([]) => self.raw(ParticleType::BLOB.0, &[])?,
            Token::Raw([kind, data @ ..]) => self.raw(*kind, data)?,
            Token::List(count) => self.list(reader, count, depth.checked_sub(1))?,
            Token::Map(count) => self.map(reader, count, depth.checked_sub(1))?,
        })
    }

    fn raw(&self, kind: u8, data: &[u8]) -> Result<Item, DecodeError> {
        self.budget.reserve(self.lua, data.len())?;
        Ok(match ParticleType(kind) {
            ParticleType::STRING => Item::Str(data.into()),
            ParticleType::GEOJSON => Item::Geo(GeoJson::new(data, self.budget.charge())),
            _ => Item::Bytes(Bytes::new(data, kind, self.budget.charge())),
        })
    }

    fn list(&self, reader: &mut Reader<'_>, count: u32, depth: Option<usize>) -> Result<Item, DecodeError> {
        let depth = depth.ok_or(DecodeError::TooDeep)?;
        let marked = take_marker(reader, count).is_some();
        let count = self.room(reader, count - marked as u32)?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(self.nested(reader, depth)?);
        }
        Ok(Item::List(List::new(items, self.budget.charge())))
    }

    fn map(&self, reader: &mut Reader<'_>, count: u32, depth: Option<usize>) -> Result<Item, DecodeError> {
        let depth = depth.ok_or(DecodeError::TooDeep)?;
        let marker = take_marker(reader, count);
        if marker.is_some() {
            reader.skip(1)?;
        }
        let count = self.room(reader, count - marker.is_some() as u32)?;
        let map = Map::new(self.budget.charge());
        map.0.lock().flags = marker.unwrap_or(0);
        for _ in 0..count {
            let key = self.nested(reader, depth)?;
            let value = self.nested(reader, depth)?;
            if let Some(key) = Key::of(&key) {
                map.0.lock().set(key, value);
            }
        }
        Ok(Item::Map(map))
    }

    /// Makes room for elements that have been announced. Each takes at least a byte, which unmasks false counts.
    fn room(&self, reader: &Reader<'_>, count: u32) -> Result<usize, DecodeError> {
        let count = count as usize;
        if count > reader.rest().len() {
            return Err(Malformed.into());
        }
        self.budget.reserve(self.lua, count * Item::Nil.weight())?;
        Ok(count)
    }
}

/// Takes the order marker off the front of a container's elements.
fn take_marker(reader: &mut Reader<'_>, count: u32) -> Option<u8> {
    match reader.peek() {
        Ok(Token::Ext(flags, &[])) if count > 0 => {
            let _ = reader.token();
            Some(flags)
        }
        _ => None,
    }
}

/// Why a value cannot travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EncodeError {
    /// Nesting deeper than [`MAX_DEPTH`].
    #[error("{TOO_DEEP}")]
    TooDeep,
    /// More bytes than a state's memory holds. Lists that share lists can grow without end when written out.
    #[error("{NO_MEMORY}")]
    TooLarge,
    /// Writing it out took too long.
    #[error(transparent)]
    TimeUp(#[from] TimeUp),
}

/// What becomes of the order flags of maps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderFlags {
    /// They are told, as in results.
    Keep,
    /// They are lost, as in bins (lua §8).
    Drop,
}

/// Bounds the writing of a value, in bytes, depth and time.
pub struct Bounds<'a> {
    budget: &'a Budget,
    elements: usize,
}

impl<'a> Bounds<'a> {
    /// Elements between two looks at the clock.
    const STRIDE: usize = 4096;

    /// The bounds of a budget.
    pub fn new(budget: &'a Budget) -> Bounds<'a> {
        Bounds { budget, elements: 0 }
    }

    /// Counts an element, behind so many bytes.
    ///
    /// # Errors
    /// [`EncodeError::TooLarge`], [`EncodeError::TimeUp`].
    pub fn element(&mut self, bytes: usize) -> Result<(), EncodeError> {
        self.elements += 1;
        if self.elements.is_multiple_of(Self::STRIDE) {
            self.budget.check()?;
        }
        if bytes > VALUE_MEMORY { Err(EncodeError::TooLarge) } else { Ok(()) }
    }
}

/// A value as a particle. Bytes become a blob, whatever their tag, as results do.
///
/// # Errors
/// As [`EncodeError`] tells.
pub fn particle(item: &Item, flags: OrderFlags, budget: &Budget) -> Result<ParticleBuf, EncodeError> {
    let new = |kind, data: &[u8]| ParticleBuf::new(kind, data.to_vec());
    Ok(match item {
        Item::Nil => new(ParticleType::NULL, &[]),
        Item::Bool(value) => ParticleBuf::bool(*value),
        Item::Int(value) => ParticleBuf::integer(*value),
        Item::Float(value) => ParticleBuf::float(*value),
        Item::Str(text) => new(ParticleType::STRING, text),
        Item::Geo(geo) => ParticleBuf::new(ParticleType::GEOJSON, [&[0, 0, 0], geo.text()].concat()),
        Item::Bytes(bytes) => new(ParticleType::BLOB, bytes.0.lock().as_slice()),
        Item::List(_) => ParticleBuf::new(ParticleType::LIST, packed(item, flags, budget)?),
        Item::Map(_) => ParticleBuf::new(ParticleType::MAP, packed(item, flags, budget)?),
    })
}

/// A value as the particle of a bin: bytes are stored as their tag says.
///
/// # Errors
/// As [`EncodeError`] tells.
pub fn bin_particle(item: &Item, budget: &Budget) -> Result<ParticleBuf, EncodeError> {
    let mut value = particle(item, OrderFlags::Drop, budget)?;
    match item {
        Item::Geo(geo) => {
            // What is no GeoJSON is stored as it is.
            if let Ok(data) = crate::geo::particle(geo.text()) {
                value.data = data;
            }
        }
        Item::Bytes(bytes) => {
            let tag = ParticleType(bytes.0.lock().tag);
            if tag.is_blob() || matches!(tag, ParticleType::STRING | ParticleType::HLL) {
                value.kind = tag;
            }
        }
        _ => {}
    }
    Ok(value)
}

/// A value as msgpack.
///
/// # Errors
/// As [`EncodeError`] tells.
pub fn packed(item: &Item, flags: OrderFlags, budget: &Budget) -> Result<Vec<u8>, EncodeError> {
    let mut packer = Packer { flags, bounds: Bounds::new(budget), out: Vec::new() };
    packer.pack(item, MAX_DEPTH)?;
    Ok(packer.out)
}

struct Packer<'a> {
    flags: OrderFlags,
    bounds: Bounds<'a>,
    out: Vec<u8>,
}

impl Packer<'_> {
    fn pack(&mut self, item: &Item, depth: usize) -> Result<(), EncodeError> {
        self.bounds.element(self.out.len())?;
        let out = &mut self.out;
        match item {
            Item::Nil => msgpack::put_nil(out),
            Item::Bool(value) => msgpack::put_bool(out, *value),
            Item::Int(value) => msgpack::put_int(out, *value),
            Item::Float(value) => msgpack::put_float64(out, *value),
            Item::Str(text) => msgpack::put_typed_raw(out, ParticleType::STRING.0, text),
            Item::Geo(geo) => msgpack::put_typed_raw(out, ParticleType::GEOJSON.0, geo.text()),
            Item::Bytes(bytes) => {
                let bytes = bytes.0.lock();
                msgpack::put_typed_raw(out, bytes.tag, bytes.as_slice());
            }
            Item::List(list) => {
                let depth = depth.checked_sub(1).ok_or(EncodeError::TooDeep)?;
                let data = list.0.lock();
                msgpack::put_list_head(out, data.len() as u32);
                for item in data.items() {
                    self.pack(item, depth)?;
                }
            }
            Item::Map(map) => {
                let depth = depth.checked_sub(1).ok_or(EncodeError::TooDeep)?;
                let data = map.0.lock();
                let marked = self.flags == OrderFlags::Keep && data.flags != 0;
                msgpack::put_map_head(out, data.len() as u32 + marked as u32);
                if marked {
                    msgpack::put_ext(out, data.flags, &[]);
                    msgpack::put_nil(out);
                }
                for (key, value) in data.entries() {
                    pack_key(key, &mut self.out);
                    self.pack(value, depth)?;
                }
            }
        }
        Ok(())
    }
}

fn pack_key(key: &Key, out: &mut Vec<u8>) {
    match key {
        Key::Int(value) => msgpack::put_int(out, *value),
        Key::Str(text) => msgpack::put_typed_raw(out, ParticleType::STRING.0, text),
        Key::Bytes(bytes, tag) => msgpack::put_typed_raw(out, *tag, bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerospike_wire::Value;
    use proptest::prelude::*;

    fn decode(bytes: &[u8]) -> Result<Item, DecodeError> {
        let (lua, budget) = (Lua::new(), Budget::new());
        Decoder { lua: &lua, budget: &budget }.element(&mut Reader::new(bytes))
    }

    /// lua §16, vectors 6 and 7.
    #[test]
    fn containers_travel_as_the_reference_says() {
        let budget = Budget::new();
        let list = |items| Item::List(List::new(items, budget.charge()));
        let items = vec![Item::Int(1), Item::string(b"a"), Item::Float(2.5), Item::Bool(true)];
        let bytes = packed(&list(items), OrderFlags::Keep, &Budget::new()).unwrap();
        assert_eq!(bytes, [0x94, 1, 0xa2, 3, b'a', 0xcb, 0x40, 4, 0, 0, 0, 0, 0, 0, 0xc3]);
        let map = Map::new(budget.charge());
        map.0.lock().set(Key::Str((*b"b").into()), list(vec![Item::Int(1)]));
        map.0.lock().set(Key::Str((*b"a").into()), Item::Int(1));
        let bytes = packed(&Item::Map(map), OrderFlags::Keep, &Budget::new()).unwrap();
        assert_eq!(bytes, [0x82, 0xa2, 3, b'a', 1, 0xa2, 3, b'b', 0x91, 1]);
    }

    #[test]
    fn order_flags_of_maps_reach_results_but_not_bins() {
        let marked = [0x82, 0xc7, 0, 3, 0xc0, 1, 2];
        let item = decode(&marked).unwrap();
        assert_eq!(packed(&item, OrderFlags::Keep, &Budget::new()).unwrap(), marked);
        assert_eq!(packed(&item, OrderFlags::Drop, &Budget::new()).unwrap(), [0x81, 1, 2]);
    }

    #[test]
    fn deep_nesting_is_refused_both_ways_and_drops_without_recursion() {
        let deep = [vec![0x91; 100_000], vec![0xc0]].concat();
        assert!(matches!(decode(&deep), Err(DecodeError::TooDeep)));
        let budget = Budget::new();
        let mut item = Item::Nil;
        for _ in 0..200_000 {
            item = Item::List(List::new(vec![item], budget.charge()));
        }
        assert_eq!(packed(&item, OrderFlags::Keep, &Budget::new()), Err(EncodeError::TooDeep));
        drop(item);
        assert_eq!(budget.charged(), 0);
    }

    #[test]
    fn shared_lists_do_not_explode() {
        let budget = Budget::new();
        let mut item = Item::Nil;
        for _ in 0..64 {
            item = Item::List(List::new(vec![item.clone(), item], budget.charge()));
        }
        assert_eq!(packed(&item, OrderFlags::Keep, &Budget::new()), Err(EncodeError::TooLarge));
    }

    proptest! {
        #[test]
        fn msgpack_that_decodes_encodes_to_the_same_value(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let Ok(item) = decode(&bytes) else { return Ok(()) };
            let again = packed(&item, OrderFlags::Drop, &Budget::new()).unwrap();
            let expected = packed(&decode(&again).unwrap(), OrderFlags::Drop, &Budget::new()).unwrap();
            prop_assert_eq!(&again, &expected);
            prop_assert!(Value::from_msgpack(&again).is_ok());
        }
    }
}
