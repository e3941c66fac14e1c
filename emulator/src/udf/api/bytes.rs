//! `bytes` (lua §11).

use super::{Arguments, World, callable, class, function, integer, to_lua};
use crate::udf::containers::BytesData;
use crate::udf::text::text;
use crate::udf::value::{Bytes, Item};
use mlua::{Lua, MultiValue, Table, UserDataMethods, Value};
use parking_lot::Mutex;
use std::sync::Arc;

/// Longest value; positions behind it are out of range.
const MAX_SIZE: usize = 16 * 1024 * 1024;
/// Bytes of the longest variable-length integer.
const MAX_VAR_INT: usize = 10;

/// Makes the class and the global `bytes` known.
pub fn install(lua: &Lua, world: &World) -> mlua::Result<()> {
    class::<Bytes>(lua, "Bytes", |registry| {
        registry.add_meta_method("__index", |lua, bytes, position: Value| {
            let at = integer(lua, &position, 2, "index")?.and_then(position_of);
            Ok(at.and_then(|at| bytes.0.lock().as_slice().get(at).copied()))
        });
        let shared = world.clone();
        registry.add_meta_method("__newindex", move |lua, bytes, (position, value): (Value, Value)| {
            let position = integer(lua, &position, 2, "newindex")?;
            let value = integer(lua, &value, 3, "newindex")?;
            if let (Some(at), Some(value)) = (position.and_then(position_of), value.and_then(byte_of)) {
                write(lua, &shared, bytes, at, &[value])?;
            }
            Ok(())
        });
        // In the release being emulated the length operator always gives this.
        registry.add_meta_method("__len", |_, _, ()| Ok(0));
        let shared = world.clone();
        registry.add_meta_method("__tostring", move |lua, bytes, ()| {
            shared.budget.check_work(bytes.0.lock().size())?;
            lua.create_string(text(&Item::Bytes(bytes.clone()), &shared.budget)?)
        });
    })?;
    let shared = world.clone();
    let make = lua.create_function(move |lua, (_, capacity): (Value, Value)| {
        let capacity = integer(lua, &capacity, 1, "bytes")?.unwrap_or(0);
        let capacity = usize::try_from(capacity).unwrap_or(0).min(MAX_SIZE);
        shared.budget.reserve(lua, capacity)?;
        let data = BytesData::with_capacity(capacity, shared.budget.charge());
        to_lua(lua, &Item::Bytes(Bytes(Arc::new(Mutex::new(data)))))
    })?;
    let bytes = callable(lua, "bytes", make)?;
    install_integers(lua, world, &bytes)?;
    install_strings(lua, world, &bytes)?;
    install_var_ints(lua, world, &bytes)?;
    install_properties(lua, world, &bytes)
}

/// The 0-based position of a 1-based one; `None` when it is out of range.
fn position_of(position: i64) -> Option<usize> {
    usize::try_from(position).ok()?.checked_sub(1).filter(|at| *at < MAX_SIZE)
}

fn byte_of(value: i64) -> Option<u8> {
    u8::try_from(value).ok()
}

/// Writes at a 0-based position; whether it fits.
fn write(lua: &Lua, world: &World, bytes: &Bytes, at: usize, data: &[u8]) -> mlua::Result<bool> {
    world.budget.check_work(data.len())?;
    let end = at.saturating_add(data.len());
    if end > MAX_SIZE {
        return Ok(false);
    }
    let capacity = bytes.0.lock().capacity();
    world.budget.reserve(lua, end.saturating_sub(capacity))?;
    bytes.0.lock().write(at, data);
    Ok(true)
}

/// Width and byte order of a number.
#[derive(Clone, Copy)]
struct Layout {
    size: usize,
    little_endian: bool,
}

impl Layout {
    /// A number's bytes; `None` if it does not fit. A byte is unsigned, wider ones are signed.
    fn encode(self, value: i64) -> Option<Vec<u8>> {
        let mut data = match self.size {
            1 => vec![byte_of(value)?],
            2 => i16::try_from(value).ok()?.to_be_bytes().to_vec(),
            4 => i32::try_from(value).ok()?.to_be_bytes().to_vec(),
            _ => value.to_be_bytes().to_vec(),
        };
        if self.little_endian {
            data.reverse();
        }
        Some(data)
    }

    fn decode(self, data: &[u8]) -> i64 {
        let fold = |value: u64, byte: &u8| value << 8 | *byte as u64;
        let value = match self.little_endian {
            false => data.iter().fold(0, fold),
            true => data.iter().rev().fold(0, fold),
        };
        match self.size {
            1 => value as i64,
            2 => value as i16 as i64,
            4 => value as i32 as i64,
            _ => value as i64,
        }
    }
}

/// The integer layouts and the names of their functions: get, set, append.
const LAYOUTS: [(&str, &str, &str, Layout); 10] = [
    layout("get_byte", "set_byte", "append_byte", 1, false),
    layout("get_int16", "set_int16", "append_int16", 2, false),
    layout("get_int16_be", "set_int16_be", "append_int16_be", 2, false),
    layout("get_int16_le", "set_int16_le", "append_int16_le", 2, true),
    layout("get_int32", "set_int32", "append_int32", 4, false),
    layout("get_int32_be", "set_int32_be", "append_int32_be", 4, false),
    layout("get_int32_le", "set_int32_le", "append_int32_le", 4, true),
    layout("get_int64", "set_int64", "append_int64", 8, false),
    layout("get_int64_be", "set_int64_be", "append_int64_be", 8, false),
    layout("get_int64_le", "set_int64_le", "append_int64_le", 8, true),
];

const fn layout(
    get: &'static str,
    set: &'static str,
    append: &'static str,
    size: usize,
    little_endian: bool,
) -> (&'static str, &'static str, &'static str, Layout) {
    (get, set, append, Layout { size, little_endian })
}

fn install_integers(lua: &Lua, world: &World, bytes: &Table) -> mlua::Result<()> {
    for (get, set, append, layout) in LAYOUTS {
        function(lua, world, bytes, get, move |call| {
            let bytes = call.bytes(1)?;
            let at = call.integer(2)?.and_then(position_of);
            let data = bytes.0.lock();
            let found = at.and_then(|at| data.as_slice().get(at..at + layout.size));
            // Out of range there is nothing, not even nil.
            Ok(found.map(|data| layout.decode(data)).map(Value::Integer).into_iter().collect::<MultiValue>())
        })?;
        function(lua, world, bytes, set, move |call| {
            let bytes = call.bytes(1)?;
            let (position, value) = (call.integer(2)?, call.integer(3)?);
            let data = value.filter(|_| call.count() == 3).and_then(|value| layout.encode(value));
            match (position.and_then(position_of), data) {
                (Some(at), Some(data)) => write(call.lua, call.world, &bytes, at, &data),
                _ => Ok(false),
            }
        })?;
        function(lua, world, bytes, append, move |call| {
            let bytes = call.bytes(1)?;
            let value = call.integer(2)?.filter(|_| call.count() == 2);
            let at = bytes.0.lock().size();
            match value.and_then(|value| layout.encode(value)) {
                Some(data) => write(call.lua, call.world, &bytes, at, &data),
                None => Ok(false),
            }
        })?;
    }
    Ok(())
}

fn install_strings(lua: &Lua, world: &World, bytes: &Table) -> mlua::Result<()> {
    function(lua, world, bytes, "append_string", |call| {
        let bytes = call.bytes(1)?;
        let text = call.string(2)?;
        if call.count() != 2 || text.as_bytes().is_empty() {
            return Ok(false);
        }
        let at = bytes.0.lock().size();
        write(call.lua, call.world, &bytes, at, &text.as_bytes())
    })?;
    function(lua, world, bytes, "set_string", |call| {
        let bytes = call.bytes(1)?;
        let at = call.integer(2)?.and_then(position_of);
        let text = call.string(3)?;
        match at {
            Some(at) if call.count() == 3 => write(call.lua, call.world, &bytes, at, &text.as_bytes()),
            _ => Ok(false),
        }
    })?;
    function(lua, world, bytes, "append_bytes", |call| {
        let bytes = call.bytes(1)?;
        let at = bytes.0.lock().size();
        write_from(call, &bytes, Some(at), 2)
    })?;
    function(lua, world, bytes, "set_bytes", |call| {
        let bytes = call.bytes(1)?;
        let at = call.integer(2)?.and_then(position_of);
        write_from(call, &bytes, at, 3)
    })?;
    function(lua, world, bytes, "get_string", |call| {
        let found = read(call)?;
        found.map(|data| call.lua.create_string(data)).transpose()
    })?;
    function(lua, world, bytes, "get_bytes", |call| {
        let Some(data) = read(call)? else { return Ok(Value::Nil) };
        let tag = aerospike_wire::ParticleType::BLOB.0;
        to_lua(call.lua, &Item::Bytes(Bytes::new(&data, tag, call.world.budget.charge())))
    })
}

/// Copies the first bytes of another value: arguments `from` (the other) and `from + 1` (how many).
fn write_from(call: &Arguments<'_>, bytes: &Bytes, at: Option<usize>, from: usize) -> mlua::Result<bool> {
    let source = call.bytes(from)?;
    let count = call.integer(from + 1)?.and_then(|count| usize::try_from(count).ok());
    match (at, count) {
        (Some(at), Some(count)) if call.count() == from + 1 => {
            let source = source.0.lock().as_slice().iter().take(count).copied().collect::<Vec<_>>();
            write(call.lua, call.world, bytes, at, &source)
        }
        _ => Ok(false),
    }
}

/// The bytes that position and count, arguments 2 and 3, name: as many of them as there are.
fn read(call: &Arguments<'_>) -> mlua::Result<Option<Vec<u8>>> {
    let bytes = call.bytes(1)?;
    let at = call.integer(2)?.and_then(position_of);
    let count = call.integer(3)?.and_then(|count| usize::try_from(count).ok());
    let data = bytes.0.lock();
    let (Some(at), Some(count)) = (at, count) else { return Ok(None) };
    call.world.budget.check_work(count)?;
    call.reserve(count.min(data.size()))?;
    Ok(data.as_slice().get(at..).map(|rest| rest[..count.min(rest.len())].to_vec()))
}

fn install_var_ints(lua: &Lua, world: &World, bytes: &Table) -> mlua::Result<()> {
    function(lua, world, bytes, "append_var_int", |call| {
        let bytes = call.bytes(1)?;
        let Some(value) = call.integer(2)? else { return Ok(0) };
        let data = encode_var_int(value as u32);
        call.reserve(data.len())?;
        // What is appended can be read back, but does not count.
        let mut target = bytes.0.lock();
        let at = target.size();
        target.write_behind(at, &data);
        Ok(data.len())
    })?;
    function(lua, world, bytes, "set_var_int", |call| {
        let bytes = call.bytes(1)?;
        let at = call.integer(2)?.and_then(position_of);
        let (Some(at), Some(value)) = (at, call.integer(3)?) else { return Ok(0) };
        let data = encode_var_int(value as u32);
        Ok(if write(call.lua, call.world, &bytes, at, &data)? { data.len() } else { 0 })
    })?;
    function(lua, world, bytes, "get_var_int", |call| {
        let bytes = call.bytes(1)?;
        let at = call.integer(2)?.and_then(position_of);
        let data = bytes.0.lock();
        let Some(at) = at else { return Ok((None, None)) };
        let mut value = 0u64;
        for count in 0..MAX_VAR_INT {
            let Some([byte]) = data.peek(at + count, 1) else { break };
            value |= ((byte & 0x7f) as u64).checked_shl(7 * count as u32).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok((Some(value as i64), Some(count as i64 + 1)));
            }
        }
        Ok((None, None))
    })
}

/// Seven bits to a byte, the low ones first.
fn encode_var_int(mut value: u32) -> Vec<u8> {
    let mut data = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            data.push(byte);
            return data;
        }
        data.push(byte | 0x80);
    }
}

fn install_properties(lua: &Lua, world: &World, bytes: &Table) -> mlua::Result<()> {
    function(lua, world, bytes, "size", |call| Ok(call.bytes(1)?.0.lock().size()))?;
    function(lua, world, bytes, "set_size", |call| {
        // It only tells whether the value can hold so much without growing.
        let bytes = call.bytes(1)?;
        let size = call.integer(2)?.and_then(|size| usize::try_from(size).ok());
        Ok(size.is_some_and(|size| size <= bytes.0.lock().capacity()))
    })?;
    function(lua, world, bytes, "get_type", |call| Ok(call.bytes(1)?.0.lock().tag))?;
    function(lua, world, bytes, "set_type", |call| {
        let bytes = call.bytes(1)?;
        if let Some(tag) = call.integer(2)? {
            bytes.0.lock().tag = tag as u8;
        }
        Ok(())
    })
}
