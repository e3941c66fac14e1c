//! `map` (lua §10). `merge` and `diff` are written in Lua.

use super::iterator::{Iter, MapPart};
use super::{World, callable, check_cycle, class, function, to_item, to_lua};
use crate::udf::codec::{OrderFlags, packed};
use crate::udf::text::text;
use crate::udf::value::{Item, Key, Map};
use mlua::{Lua, UserDataMethods, Value};

/// Makes the class and the global `map` known.
pub fn install(lua: &Lua, world: &World) -> mlua::Result<()> {
    class::<Map>(lua, "Map", |registry| {
        registry.add_meta_method("__index", |lua, map, key: Value| {
            let Some(key) = to_key(&key) else { return Ok(Value::Nil) };
            let item = map.0.lock().get(&key).cloned();
            item.map_or(Ok(Value::Nil), |item| to_lua(lua, &item))
        });
        let shared = world.clone();
        registry.add_meta_method("__newindex", move |lua, map, (key, value): (Value, Value)| {
            let Some(key) = to_key(&key) else { return Ok(()) };
            match to_item(&value) {
                Some(item) => set(lua, &shared, map, key, item),
                None => {
                    map.0.lock().remove(&key);
                    Ok(())
                }
            }
        });
        registry.add_meta_method("__len", |_, map, ()| Ok(map.0.lock().len()));
        let shared = world.clone();
        registry.add_meta_method("__tostring", move |lua, map, ()| {
            lua.create_string(text(&Item::Map(map.clone()), &shared.budget)?)
        });
    })?;
    let shared = world.clone();
    let make = lua.create_function(move |lua, (_, content): (Value, Value)| {
        to_lua(lua, &Item::Map(from_table(lua, &shared, content)?))
    });
    let map = callable(lua, "map", make?)?;
    function(lua, world, &map, "size", |call| Ok(call.map(1)?.0.lock().len()))?;
    function(lua, world, &map, "remove", |call| {
        let map = call.map(1)?;
        if let Some(key) = to_key(call.value(2)) {
            map.0.lock().remove(&key);
        }
        Ok(())
    })?;
    let parts = [
        ("pairs", MapPart::Entries),
        ("iterator", MapPart::Entries),
        ("keys", MapPart::Keys),
        ("values", MapPart::Values),
    ];
    for (name, part) in parts {
        function(lua, world, &map, name, move |call| Iter::over_map(call.map(1)?, part).into_for(call.lua))?;
    }
    function(lua, world, &map, "clone", |call| {
        let (map, clone) = (call.map(1)?, empty(call.lua, call.world)?);
        call.world.budget.check_work(map.0.lock().len())?;
        for (key, value) in map.entries() {
            // Copies lose what is nil.
            if !matches!(value, Item::Nil) {
                set(call.lua, call.world, &clone, key, value)?;
            }
        }
        to_lua(call.lua, &Item::Map(clone))
    })?;
    function(lua, world, &map, "nbytes", |call| {
        Ok(packed(&Item::Map(call.map(1)?), OrderFlags::Keep, &call.world.budget)?.len())
    })?;
    function(lua, world, &map, "tostring", |call| {
        call.lua.create_string(text(&Item::Map(call.map(1)?), &call.world.budget)?)
    })?;
    for name in ["new", "create"] {
        function(lua, world, &map, name, |call| match call.integer(1)? {
            Some(1..) => to_lua(call.lua, &Item::Map(empty(call.lua, call.world)?)),
            _ => Ok(Value::Nil),
        })?;
    }
    Ok(())
}

fn to_key(value: &Value) -> Option<Key> {
    Key::of(&to_item(value)?)
}

fn empty(lua: &Lua, world: &World) -> mlua::Result<Map> {
    world.budget.reserve(lua, 0)?;
    Ok(Map::new(world.budget.charge()))
}

fn set(lua: &Lua, world: &World, map: &Map, key: Key, item: Item) -> mlua::Result<()> {
    world.budget.reserve(lua, key.weight() + item.weight())?;
    check_cycle(lua, world, &item, map.address())?;
    map.0.lock().set(key, item);
    Ok(())
}

/// `map{...}`: the pairs of a table whose key and value have a form; anything else gives an empty map.
fn from_table(lua: &Lua, world: &World, content: Value) -> mlua::Result<Map> {
    let map = empty(lua, world)?;
    if let Value::Table(table) = content {
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            if let (Some(key), Some(item)) = (to_key(&key), to_item(&value)) {
                set(lua, world, &map, key, item)?;
            }
        }
    }
    Ok(map)
}
