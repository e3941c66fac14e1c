//! The global object `aerospike` (lua §6), and the log.

use super::record::{Access, argument};
use super::{Arguments, World, function, wrong_type};
use aerospike_wire::ResultCode;
use aerospike_wire::time::{MAX_TTL, TTL_DONT_UPDATE, TTL_NEVER};
use mlua::{Lua, LuaString, Table, UserDataFields, Value};

/// What the functions of `aerospike` return (lua §6).
mod status {
    pub const OK: i64 = 0;
    /// `create`: there is one already. `remove`: there is none. Anything, in a stream: it may not.
    pub const REFUSED: i64 = 1;
    /// The write will fail.
    pub const FAILED: i64 = -1;
    /// `update`: there is no record.
    pub const MISSING: i64 = -2;
    /// What `set_context` answers.
    pub const CONTEXT: i64 = 2;
}

/// The type of the global object; there is one.
#[derive(Clone, Copy, Debug)]
struct Aerospike;

/// Makes the class and the global `aerospike` known.
pub fn install(lua: &Lua, world: &World) -> mlua::Result<()> {
    let methods = lua.create_table()?;
    install_changes(lua, world, &methods)?;
    method(lua, world, &methods, "exists", |call| argument(call, 2)?.with(call.lua, |record| record.exists))?;
    let access =
        |call: &Arguments<'_>| call.lua.app_data_ref::<Access>().map_or(Access::Write, |access| *access);
    method(lua, world, &methods, "get_current_time", move |call| {
        Ok(if access(call) == Access::Write { call.world.clock.unix_ms() as i64 } else { 0 })
    })?;
    method(lua, world, &methods, "log", |call| {
        let text = call.string(3)?.to_string_lossy();
        log(call.world, call.integer(2)?.unwrap_or(0), &text);
        Ok(())
    })?;
    method(lua, world, &methods, "set_context", |_| Ok(status::CONTEXT))?;
    method(lua, world, &methods, "get_config", |_| Ok(status::OK))?;
    lua.register_userdata_type::<Aerospike>(|registry| {
        registry.add_meta_field("__name", "Aerospike");
        registry.add_meta_field("__index", methods);
    })?;
    lua.globals().raw_set("aerospike", lua.create_any_userdata(Aerospike)?)?;
    let world = world.clone();
    let write = lua.create_function(move |_, (level, text): (i64, LuaString)| {
        log(&world, level, &text.to_string_lossy());
        Ok(())
    })?;
    lua.set_named_registry_value("log", write)
}

/// Adds a method; called with a dot instead of a colon it complains of its first argument.
fn method<F, R>(lua: &Lua, world: &World, table: &Table, name: &'static str, body: F) -> mlua::Result<()>
where
    F: Fn(&Arguments<'_>) -> mlua::Result<R> + Send + 'static,
    R: mlua::IntoLuaMulti,
{
    function(lua, world, table, name, move |call| {
        match call.value(1) {
            Value::UserData(object) if object.is::<Aerospike>() => {}
            other => return Err(wrong_type(call.lua, 1, call.function, "Aerospike", other)),
        }
        body(call)
    })
}

fn install_changes(lua: &Lua, world: &World, methods: &Table) -> mlua::Result<()> {
    method(lua, world, methods, "create", |call| {
        argument(call, 2)?.with(call.lua, |record| {
            if record.access == Access::Read || (record.exists && !record.removed) {
                return status::REFUSED;
            }
            record.exists = true;
            record.removed = false;
            written(record)
        })
    })?;
    method(lua, world, methods, "update", |call| {
        argument(call, 2)?.with(call.lua, |record| {
            if record.access == Access::Read {
                return status::REFUSED;
            }
            if !record.exists {
                return status::MISSING;
            }
            record.removed = false;
            written(record)
        })
    })?;
    method(lua, world, methods, "remove", |call| {
        argument(call, 2)?.with(call.lua, |record| {
            if record.access == Access::Read || !record.exists {
                return status::REFUSED;
            }
            record.remove();
            status::OK
        })
    })
}

/// Takes over what was set on a record.
fn written(record: &mut super::RecordState) -> i64 {
    // A time to live out of range spoils the write, also if a later one would be fine.
    if let Some(ttl) = record.ttl
        && ttl > MAX_TTL
        && !matches!(ttl, TTL_DONT_UPDATE | TTL_NEVER)
    {
        record.failure = Some(ResultCode::PARAMETER);
    }
    if record.take_over() { status::OK } else { status::FAILED }
}

/// Writes a line of the server's log, with the name of the module.
fn log(world: &World, level: i64, text: &str) {
    let module = &*world.module;
    match level {
        1 => tracing::warn!(target: "aerospike_emulator::udf", module, "{text}"),
        2 => tracing::info!(target: "aerospike_emulator::udf", module, "{text}"),
        3 => tracing::debug!(target: "aerospike_emulator::udf", module, "{text}"),
        _ => tracing::trace!(target: "aerospike_emulator::udf", module, "{text}"),
    }
}
