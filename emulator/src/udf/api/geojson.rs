//! `geojson` (lua §12).

use super::{World, callable, class};
use crate::udf::text::text;
use crate::udf::value::{GeoJson, Item};
use mlua::{Lua, UserDataMethods, Value};

/// Makes the class and the global `geojson` known.
pub fn install(lua: &Lua, world: &World) -> mlua::Result<()> {
    class::<GeoJson>(lua, "GeoJSON", |registry| {
        let shared = world.clone();
        registry.add_meta_method("__tostring", move |lua, value, ()| {
            lua.create_string(text(&Item::Geo(value.clone()), &shared.budget)?)
        });
    })?;
    let world = world.clone();
    let make = lua.create_function(move |lua, (_, content): (Value, Value)| {
        let Some(content) = lua.coerce_string(content)? else { return Ok(None) };
        world.budget.reserve(lua, content.as_bytes().len())?;
        Ok(Some(lua.create_any_userdata(GeoJson::new(&content.as_bytes(), world.budget.charge()))?))
    })?;
    callable(lua, "geojson", make)?;
    Ok(())
}
