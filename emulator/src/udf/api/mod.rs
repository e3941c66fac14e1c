//! What a UDF can call: the types and global tables of lua §5 to §12, as far as they are written in Rust.
//!
//! A function that is given something wrong raises an error that names the line that called it, as Lua's own
//! library does. mlua wraps errors of Rust functions; the Lua library makes strings of them again before a UDF
//! can see one.

mod aerospike;
mod bytes;
mod geojson;
mod iterator;
mod list;
mod map;
mod record;
mod strings;

pub use record::{Access, RecordHandle, RecordState};

use super::budget::{Budget, NO_MEMORY, TimeUp};
use super::codec::{DecodeError, EncodeError};
use super::containers::contains;
use super::value::{Bytes, GeoJson, Item, List, Map};
use mlua::{Lua, MultiValue, Table, UserDataRegistry, Value};
use std::sync::Arc;

/// What the functions of one Lua state share.
#[derive(Clone, Debug)]
pub struct World {
    /// The state's time and memory.
    pub budget: Arc<Budget>,
    /// The module that the state runs, for its log lines.
    pub module: Arc<str>,
    /// Milliseconds since 1970, by the server's clock.
    pub clock: Arc<crate::control::Clock>,
}

/// Makes types and tables known to a state.
///
/// # Errors
/// When Lua has no memory for them.
pub fn install(lua: &Lua, world: &World) -> mlua::Result<()> {
    list::install(lua, world)?;
    map::install(lua, world)?;
    bytes::install(lua, world)?;
    geojson::install(lua, world)?;
    iterator::install(lua)?;
    record::install(lua, world)?;
    aerospike::install(lua, world)?;
    strings::install(lua, world)
}

/// Raises an error at the line that called the running function.
pub fn raise(lua: &Lua, text: impl std::fmt::Display) -> mlua::Error {
    let place = lua.inspect_stack(1, |caller| {
        let line = caller.current_line()?;
        Some(format!("{}:{line}: ", caller.source().short_src?))
    });
    mlua::Error::runtime(format!("{}{text}", place.flatten().unwrap_or_default()))
}

/// Raises the error of an argument that is not what it should be.
pub fn bad_argument(lua: &Lua, index: usize, function: &str, problem: impl std::fmt::Display) -> mlua::Error {
    raise(lua, format_args!("bad argument #{index} to '{function}' ({problem})"))
}

/// Raises the error of an argument of a wrong type.
pub fn wrong_type(lua: &Lua, index: usize, function: &str, expected: &str, got: &Value) -> mlua::Error {
    bad_argument(lua, index, function, format_args!("{expected} expected, got {}", type_name(got)))
}

/// The name of a value's type in errors: that of its class, if it has one.
pub fn type_name(value: &Value) -> String {
    match value {
        Value::UserData(userdata) => match userdata.type_name() {
            Ok(name) => name.to_string_lossy(),
            Err(_) => "userdata".into(),
        },
        Value::Integer(_) => "number".into(),
        other => other.type_name().into(),
    }
}

/// The arguments of one call.
pub struct Arguments<'a> {
    /// The state.
    pub lua: &'a Lua,
    /// What the functions share.
    pub world: &'a World,
    /// The function's name, for errors.
    pub function: &'static str,
    values: MultiValue,
}

impl Arguments<'_> {
    /// How many there are, trailing nils included.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// The value of a 1-based argument, nil if it is missing.
    pub fn value(&self, index: usize) -> &Value {
        self.values.get(index - 1).unwrap_or(&Value::Nil)
    }

    /// The integer of an argument that may be missing; strings and floats that stand for one will do.
    pub fn integer(&self, index: usize) -> mlua::Result<Option<i64>> {
        integer(self.lua, self.value(index), index, self.function)
    }

    /// A string argument; numbers will do.
    pub fn string(&self, index: usize) -> mlua::Result<mlua::LuaString> {
        let value = self.value(index);
        match self.lua.coerce_string(value.clone())? {
            Some(text) => Ok(text),
            None => Err(wrong_type(self.lua, index, self.function, "string", value)),
        }
    }

    /// A list.
    pub fn list(&self, index: usize) -> mlua::Result<List> {
        self.object(index, "List")
    }

    /// A map.
    pub fn map(&self, index: usize) -> mlua::Result<Map> {
        self.object(index, "Map")
    }

    /// Bytes.
    pub fn bytes(&self, index: usize) -> mlua::Result<Bytes> {
        self.object(index, "Bytes")
    }

    /// An object of a class.
    pub fn object<T: Clone + 'static>(&self, index: usize, class: &str) -> mlua::Result<T> {
        match self.value(index) {
            Value::UserData(userdata) => match userdata.borrow_scoped(T::clone) {
                Ok(object) => Ok(object),
                Err(_) => Err(wrong_type(self.lua, index, self.function, class, self.value(index))),
            },
            other => Err(wrong_type(self.lua, index, self.function, "userdata", other)),
        }
    }

    /// Makes room for values that hold some bytes.
    pub fn reserve(&self, bytes: usize) -> mlua::Result<()> {
        self.world.budget.reserve(self.lua, bytes)
    }
}

/// Refuses to put an item where it would contain itself.
pub fn check_cycle(lua: &Lua, world: &World, item: &Item, container: usize) -> mlua::Result<()> {
    if item.is_container() && contains(item, container, &world.budget)? {
        return Err(raise(lua, "a list or map cannot contain itself"));
    }
    Ok(())
}

/// The integer that a value stands for; nil is none.
pub fn integer(lua: &Lua, value: &Value, index: usize, function: &str) -> mlua::Result<Option<i64>> {
    let converted = match value {
        Value::Nil => return Ok(None),
        Value::Integer(value) => return Ok(Some(*value)),
        Value::Number(_) | Value::String(_) => lua.coerce_integer(value.clone())?,
        _ => return Err(wrong_type(lua, index, function, "number", value)),
    };
    match converted {
        Some(value) => Ok(Some(value)),
        None if lua.coerce_number(value.clone())?.is_some() => {
            Err(bad_argument(lua, index, function, "number has no integer representation"))
        }
        None => Err(wrong_type(lua, index, function, "number", value)),
    }
}

/// Adds a function to a table.
fn function<F, R>(lua: &Lua, world: &World, table: &Table, name: &'static str, body: F) -> mlua::Result<()>
where
    F: Fn(&Arguments<'_>) -> mlua::Result<R> + Send + 'static,
    R: mlua::IntoLuaMulti,
{
    let world = world.clone();
    let function = lua.create_function(move |lua, values: MultiValue| {
        body(&Arguments { lua, world: &world, function: name, values })
    })?;
    table.raw_set(name, function)
}

/// Makes a class known, whose name errors tell.
fn class<T: 'static>(
    lua: &Lua,
    name: &'static str,
    methods: impl FnOnce(&mut UserDataRegistry<T>),
) -> mlua::Result<()> {
    use mlua::UserDataFields;
    lua.register_userdata_type(|registry| {
        registry.add_meta_field("__name", name);
        methods(registry);
    })
}

/// A global table that can be called.
fn callable(lua: &Lua, name: &str, call: mlua::Function) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let metatable = lua.create_table()?;
    metatable.raw_set("__call", call)?;
    table.set_metatable(Some(metatable))?;
    lua.globals().raw_set(name, &table)?;
    Ok(table)
}

/// The server's form of a Lua value; `None` for those that have none: tables, functions, records.
pub fn to_item(value: &Value) -> Option<Item> {
    Some(match value {
        Value::Nil => Item::Nil,
        Value::Boolean(value) => Item::Bool(*value),
        Value::Integer(value) => Item::Int(*value),
        Value::Number(value) => Item::Float(*value),
        Value::String(text) => Item::string(&text.as_bytes()),
        Value::UserData(userdata) => {
            if let Ok(list) = userdata.borrow_scoped(List::clone) {
                Item::List(list)
            } else if let Ok(map) = userdata.borrow_scoped(Map::clone) {
                Item::Map(map)
            } else if let Ok(bytes) = userdata.borrow_scoped(Bytes::clone) {
                Item::Bytes(bytes)
            } else {
                Item::Geo(userdata.borrow_scoped(GeoJson::clone).ok()?)
            }
        }
        _ => return None,
    })
}

/// The Lua value of the server's form.
///
/// # Errors
/// When Lua has no memory for it.
pub fn to_lua(lua: &Lua, item: &Item) -> mlua::Result<Value> {
    Ok(match item {
        Item::Nil => Value::Nil,
        Item::Bool(value) => Value::Boolean(*value),
        Item::Int(value) => Value::Integer(*value),
        Item::Float(value) => Value::Number(*value),
        Item::Str(text) => Value::String(lua.create_string(text)?),
        Item::Geo(geo) => Value::UserData(lua.create_any_userdata(geo.clone())?),
        Item::Bytes(bytes) => Value::UserData(lua.create_any_userdata(bytes.clone())?),
        Item::List(list) => Value::UserData(lua.create_any_userdata(list.clone())?),
        Item::Map(map) => Value::UserData(lua.create_any_userdata(map.clone())?),
    })
}

/// The text of an error for whoever sees it, without what mlua adds.
pub fn error_text(error: &mlua::Error) -> String {
    match error {
        mlua::Error::CallbackError { cause, .. } => error_text(cause),
        mlua::Error::RuntimeError(text) => {
            text.split_once("\nstack traceback:").map_or(text.as_str(), |(text, _)| text).to_owned()
        }
        mlua::Error::MemoryError(_) => NO_MEMORY.into(),
        mlua::Error::ExternalError(error) => error.to_string(),
        other => other.to_string(),
    }
}

impl From<TimeUp> for mlua::Error {
    fn from(error: TimeUp) -> Self {
        mlua::Error::external(error)
    }
}

impl From<EncodeError> for mlua::Error {
    fn from(error: EncodeError) -> Self {
        mlua::Error::runtime(error)
    }
}

impl From<DecodeError> for mlua::Error {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Memory(error) => error,
            other => mlua::Error::runtime(other),
        }
    }
}
