//! Iterators over lists and maps (lua §12).

use super::{class, to_lua, wrong_type};
use crate::udf::value::{Item, Key, List, Map};
use mlua::{AnyUserData, Function, Lua, MultiValue, Value};
use parking_lot::Mutex;

/// What of a map an iterator gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapPart {
    /// Keys and values.
    Entries,
    /// Keys.
    Keys,
    /// Values.
    Values,
}

/// A walk over a list or map that may change meanwhile.
#[derive(Debug)]
pub struct Iter {
    place: Mutex<Place>,
}

#[derive(Debug)]
enum Place {
    List { list: List, next: usize },
    Map { map: Map, last: Option<Key>, part: MapPart },
}

/// The function that moves an iterator on: one for each state.
struct Next(Function);

impl Iter {
    /// A walk over a list's items.
    pub fn over_list(list: List) -> Iter {
        Iter { place: Mutex::new(Place::List { list, next: 0 }) }
    }

    /// A walk over a map's entries in ascending order of their keys.
    pub fn over_map(map: Map, part: MapPart) -> Iter {
        Iter { place: Mutex::new(Place::Map { map, last: None, part }) }
    }

    /// What a generic `for` takes: a function and what it is called with.
    pub fn into_for(self, lua: &Lua) -> mlua::Result<(Function, AnyUserData)> {
        let next = lua.app_data_ref::<Next>().map(|next| next.0.clone());
        let next = next.ok_or_else(|| mlua::Error::runtime("no iterators in this state"))?;
        Ok((next, lua.create_any_userdata(self)?))
    }

    fn has_next(&self) -> bool {
        match &*self.place.lock() {
            Place::List { list, next } => *next < list.0.lock().len(),
            Place::Map { map, last, .. } => map.0.lock().after(last.as_ref()).is_some(),
        }
    }

    /// The next item, or entry; `None` behind the last.
    fn advance(&self) -> Option<(Item, Option<Item>)> {
        match &mut *self.place.lock() {
            Place::List { list, next } => {
                let item = list.0.lock().get(*next).cloned()?;
                *next += 1;
                Some((item, None))
            }
            Place::Map { map, last, part } => {
                let (key, value) = map.0.lock().after(last.as_ref()).map(|(k, v)| (k.clone(), v.clone()))?;
                *last = Some(key.clone());
                let charge = map.0.lock().charge();
                Some(match part {
                    MapPart::Entries => (key.into_item(charge), Some(value)),
                    MapPart::Keys => (key.into_item(charge), None),
                    MapPart::Values => (value, None),
                })
            }
        }
    }
}

/// Makes the class and the global `iterator` known.
pub fn install(lua: &Lua) -> mlua::Result<()> {
    class::<Iter>(lua, "Iterator", |_| {})?;
    let next = lua.create_function(|lua, it: Value| {
        let step = with(lua, &it, "next", Iter::advance)?;
        Ok(match step {
            None => MultiValue::from_iter([Value::Nil]),
            Some((first, None)) => MultiValue::from_iter([to_lua(lua, &first)?]),
            Some((first, Some(second))) => {
                MultiValue::from_iter([to_lua(lua, &first)?, to_lua(lua, &second)?])
            }
        })
    })?;
    lua.set_app_data(Next(next.clone()));
    let iterator = lua.create_table()?;
    iterator.raw_set("next", next)?;
    let has_next = lua.create_function(|lua, it: Value| with(lua, &it, "has_next", Iter::has_next))?;
    iterator.raw_set("has_next", has_next)?;
    lua.globals().raw_set("iterator", iterator)
}

fn with<R>(lua: &Lua, it: &Value, function: &str, act: impl FnOnce(&Iter) -> R) -> mlua::Result<R> {
    match it {
        Value::UserData(userdata) => {
            userdata.borrow_scoped(act).map_err(|_| wrong_type(lua, 1, function, "Iterator", it))
        }
        _ => Err(wrong_type(lua, 1, function, "userdata", it)),
    }
}
