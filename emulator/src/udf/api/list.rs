//! `list` (lua §9).

use super::iterator::Iter;
use super::{
    Arguments, World, callable, check_cycle, class, function, integer, raise, to_item, to_lua, wrong_type,
};
use crate::udf::codec::{OrderFlags, packed};
use crate::udf::text::text;
use crate::udf::value::{Item, List};
use mlua::{Lua, Table, UserDataMethods, Value};

/// Longest list; a position behind it is an error and not a reason to fill memory with nil.
const MAX_ITEMS: usize = 16 * 1024 * 1024;

/// Makes the class and the global `list` known.
pub fn install(lua: &Lua, world: &World) -> mlua::Result<()> {
    class::<List>(lua, "List", |registry| {
        registry.add_meta_method("__index", index);
        let shared = world.clone();
        registry.add_meta_method("__newindex", move |lua, list, (position, value): (Value, Value)| {
            let Some(at) = integer(lua, &position, 2, "newindex")? else { return Ok(()) };
            match at {
                0 => Ok(()),
                1.. => match to_item(&value) {
                    Some(item) => set(lua, &shared, list, at as usize - 1, item),
                    None => Ok(()),
                },
                // The server being emulated does not survive this.
                _ => Err(raise(lua, format_args!("bad list position {at}"))),
            }
        });
        registry.add_meta_method("__len", |_, list, ()| Ok(list.0.lock().len()));
        let shared = world.clone();
        registry.add_meta_method("__tostring", move |lua, list, ()| {
            lua.create_string(text(&Item::List(list.clone()), &shared.budget)?)
        });
    })?;
    let shared = world.clone();
    let make = lua.create_function(move |lua, (_, content): (Value, Value)| {
        to_lua(lua, &Item::List(from_table(lua, &shared, content)?))
    });
    let list = callable(lua, "list", make?)?;
    install_changes(lua, world, &list)?;
    install_copies(lua, world, &list)
}

fn index(lua: &Lua, list: &List, position: Value) -> mlua::Result<Value> {
    let at = match position {
        Value::Integer(at) => Some(at),
        Value::String(_) => return Err(wrong_type(lua, 2, "index", "number", &position)),
        other => integer(lua, &other, 2, "index")?,
    };
    let at = at.and_then(|at| usize::try_from(at).ok()).and_then(|at| at.checked_sub(1));
    let item = at.and_then(|at| list.0.lock().get(at).cloned());
    item.map_or(Ok(Value::Nil), |item| to_lua(lua, &item))
}

/// Checks that a list can grow to a length.
fn grow(lua: &Lua, world: &World, list: &List, len: usize, item: &Item) -> mlua::Result<()> {
    let now = list.0.lock().len();
    if len > MAX_ITEMS {
        return Err(raise(lua, crate::udf::budget::NO_MEMORY));
    }
    world.budget.check_work(now)?;
    world.budget.reserve(lua, len.saturating_sub(now) * Item::Nil.weight() + item.weight())?;
    check_cycle(lua, world, item, list.address())
}

fn set(lua: &Lua, world: &World, list: &List, at: usize, item: Item) -> mlua::Result<()> {
    grow(lua, world, list, at.saturating_add(1), &item)?;
    list.0.lock().set(at, item);
    Ok(())
}

/// `list{...}`: the array part of a table, without its nils; anything else gives an empty list.
fn from_table(lua: &Lua, world: &World, content: Value) -> mlua::Result<List> {
    let mut items = Vec::new();
    if let Value::Table(table) = content {
        let len = table.raw_len();
        world.budget.reserve(lua, len * Item::Nil.weight())?;
        for at in 1..=len {
            match table.raw_get(at)? {
                Value::Nil => {}
                value => items.push(to_item(&value).unwrap_or_default()),
            }
        }
    }
    made(lua, world, items)
}

/// A new list of items.
fn made(lua: &Lua, world: &World, items: Vec<Item>) -> mlua::Result<List> {
    world.budget.check_work(items.len())?;
    world.budget.reserve(lua, items.iter().map(Item::weight).sum())?;
    Ok(List::new(items, world.budget.charge()))
}

/// A new list as the value that a function returns.
fn returned(call: &Arguments<'_>, items: Vec<Item>) -> mlua::Result<Value> {
    to_lua(call.lua, &Item::List(made(call.lua, call.world, items)?))
}

/// Functions that change their list.
fn install_changes(lua: &Lua, world: &World, list: &Table) -> mlua::Result<()> {
    function(lua, world, list, "append", |call| {
        let list = call.list(1)?;
        // Nothing at all is not nil: `list.append(l, f())` appends nothing if f returns nothing.
        if let (2.., Some(item)) = (call.count(), to_item(call.value(2))) {
            let len = list.0.lock().len();
            grow(call.lua, call.world, &list, len + 1, &item)?;
            list.0.lock().push(item);
        }
        Ok(())
    })?;
    function(lua, world, list, "prepend", |call| {
        let list = call.list(1)?;
        if let (2.., Some(item)) = (call.count(), to_item(call.value(2))) {
            let len = list.0.lock().len();
            grow(call.lua, call.world, &list, len + 1, &item)?;
            list.0.lock().insert(0, item);
        }
        Ok(())
    })?;
    function(lua, world, list, "insert", |call| {
        let list = call.list(1)?;
        let at = call.integer(2)?.unwrap_or(0);
        if let (1.., 3.., Some(item)) = (at, call.count(), to_item(call.value(3))) {
            let at = at as usize - 1;
            let len = list.0.lock().len();
            grow(call.lua, call.world, &list, len.max(at).saturating_add(1), &item)?;
            list.0.lock().insert(at, item);
        }
        Ok(())
    })?;
    function(lua, world, list, "remove", |call| {
        let list = call.list(1)?;
        if let Some(at @ 1..) = call.integer(2)? {
            list.0.lock().remove(at as usize - 1);
        }
        Ok(())
    })?;
    function(lua, world, list, "trim", |call| {
        let list = call.list(1)?;
        if let Some(at @ 1..) = call.integer(2)? {
            list.0.lock().truncate(at as usize - 1);
        }
        Ok(())
    })?;
    function(lua, world, list, "concat", |call| {
        let list = call.list(1)?;
        let items = call.list(2)?.items();
        call.reserve(items.iter().map(Item::weight).sum())?;
        for item in &items {
            check_cycle(call.lua, call.world, item, list.address())?;
        }
        let mut list = list.0.lock();
        items.into_iter().for_each(|item| list.push(item));
        Ok(())
    })
}

/// Functions that leave their list as it is.
fn install_copies(lua: &Lua, world: &World, list: &Table) -> mlua::Result<()> {
    function(lua, world, list, "size", |call| Ok(call.list(1)?.0.lock().len()))?;
    function(lua, world, list, "iterator", |call| Iter::over_list(call.list(1)?).into_for(call.lua))?;
    function(lua, world, list, "nbytes", |call| {
        Ok(packed(&Item::List(call.list(1)?), OrderFlags::Keep, &call.world.budget)?.len())
    })?;
    function(lua, world, list, "tostring", |call| {
        call.lua.create_string(text(&Item::List(call.list(1)?), &call.world.budget)?)
    })?;
    function(lua, world, list, "clone", |call| returned(call, until_nil(call.list(1)?.items())))?;
    function(lua, world, list, "merge", |call| {
        let mut items = until_nil(call.list(1)?.items());
        items.append(&mut until_nil(call.list(2)?.items()));
        returned(call, items)
    })?;
    function(lua, world, list, "take", |call| {
        let items = call.list(1)?.items();
        match call.integer(2)? {
            Some(count @ 1..) => returned(call, items.into_iter().take(count as usize).collect()),
            _ => Ok(Value::Nil),
        }
    })?;
    function(lua, world, list, "drop", |call| {
        let items = call.list(1)?.items();
        match call.integer(2)? {
            Some(count @ 1..) => returned(call, items.into_iter().skip(count as usize).collect()),
            _ => Ok(Value::Nil),
        }
    })?;
    for name in ["new", "create"] {
        function(lua, world, list, name, |call| match call.integer(1)? {
            Some(0..) => returned(call, Vec::new()),
            _ => Ok(Value::Nil),
        })?;
    }
    Ok(())
}

/// Copies end at the first nil, as iteration does.
fn until_nil(mut items: Vec<Item>) -> Vec<Item> {
    let end = items.iter().position(|item| matches!(item, Item::Nil)).unwrap_or(items.len());
    items.truncate(end);
    items
}
