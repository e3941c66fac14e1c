//! One Lua state: the interpreter, the library that every UDF sees, and one module's code.

use super::Call;
use super::api::{self, Access, RecordHandle, RecordState, World, error_text, to_item, to_lua};
use super::budget::{Budget, LUA_MEMORY, NO_MEMORY};
use super::codec::{Decoder, EncodeError, OrderFlags, particle};
use super::module::{Module, Modules};
use crate::control::Clock;
use aerospike_wire::msgpack::Reader;
use aerospike_wire::particle::ParticleBuf;
use mlua::chunk::ChunkMode;
use mlua::{AnyUserData, Function, Lua, LuaOptions, MultiValue, StdLib, Table, Value, Variadic};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The Lua library, file by file: its name in errors, and its text.
///
/// Without a mark in front, a chunk's name is shown as `[string "name"]`.
const LIBRARY: [(&str, &str); 3] = [
    ("guard.lua", include_str!("../../../lua/guard.lua")),
    ("library.lua", include_str!("../../../lua/library.lua")),
    ("aerospike.lua", include_str!("../../../lua/aerospike.lua")),
];

/// How long the top level of a module may run.
const LOAD_LIMIT: Duration = Duration::from_secs(1);

/// A state that has grown beyond this is not kept.
const SOUND_MEMORY: usize = 16 * 1024 * 1024;

/// What a failure says when the module is not registered or cannot be loaded (lua §4).
pub const NO_MODULE: &str = "UDF: Execution Error 1";
/// What a failure says when the module has no such function (lua §4).
pub const NO_FUNCTION: &str = "function not found";
/// What a failure says when the error is not a text (lua §4).
const NO_TEXT: &str = "result value type unexpected";
/// What a failure says when the result cannot travel.
const NO_RESULT: &str = "result cannot be returned";

/// What all states of a server have in common.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether the libraries that reach outside of the server are there.
    pub is_unsafe: bool,
    /// What `math.random` of every state begins with.
    pub seed: Option<u64>,
    /// The time of records.
    pub clock: Arc<Clock>,
    /// Whether calls are to end.
    pub is_stopping: Arc<AtomicBool>,
}

/// What a call came to: the function's value, or the text of its failure.
pub type CallResult = Result<ParticleBuf, String>;

/// A Lua state that has loaded a module.
#[derive(Debug)]
pub struct State {
    lua: Lua,
    world: World,
    /// Runs a function on a record.
    run_record: Function,
    /// Runs a function on a stream.
    run_stream: Function,
    record: RecordHandle,
    /// The record object that functions are given.
    record_object: AnyUserData,
}

impl State {
    /// A state with a module's code loaded and its top level run. `modules` are those that `require` finds.
    ///
    /// # Errors
    /// The text of the error that ended the load.
    pub fn new(settings: &Settings, module: &Module, modules: &Modules) -> Result<State, String> {
        let state = State::bare(settings, module.name(), modules).map_err(|error| error_text(&error))?;
        state.world.budget.begin(LOAD_LIMIT);
        let loaded =
            state.lua.load(module.code()).set_name(module.chunk_name()).set_mode(ChunkMode::Binary).exec();
        state.world.budget.end();
        match loaded {
            Ok(()) => Ok(state),
            Err(error) => Err(state.failure(&error)),
        }
    }

    /// A state without a module.
    fn bare(settings: &Settings, name: &str, modules: &Modules) -> mlua::Result<State> {
        let libraries = match settings.is_unsafe {
            true => StdLib::ALL_SAFE,
            false => {
                StdLib::COROUTINE | StdLib::TABLE | StdLib::STRING | StdLib::UTF8 | StdLib::MATH | StdLib::OS
            }
        };
        let lua = Lua::new_with(libraries, LuaOptions::default())?;
        let budget = Budget::stopped_by(settings.is_stopping.clone());
        budget.watch(&lua)?;
        let world = World { budget, module: name.into(), clock: settings.clock.clone() };
        if let Some(seed) = settings.seed {
            let math: Table = lua.globals().raw_get("math")?;
            math.raw_get::<Function>("randomseed")?.call::<()>(seed as i64)?;
        }
        api::install(&lua, &world)?;
        let native = natives(&lua, &world, settings, modules)?;
        let mut runner = Value::Nil;
        for ((name, _), code) in LIBRARY.iter().zip(library_code()?) {
            runner = lua.load(&code[..]).set_name(*name).set_mode(ChunkMode::Binary).call(&native)?;
        }
        let runner: Table = lua.unpack(runner)?;
        let record = RecordHandle::empty();
        Ok(State {
            run_record: runner.raw_get("record")?,
            run_stream: runner.raw_get("stream")?,
            record_object: lua.create_any_userdata(record.clone())?,
            record,
            world,
            lua,
        })
    }

    /// Runs a function on a record, which has what was done to it afterwards.
    pub fn apply(&self, call: &Call<'_>, record: &mut Option<RecordState>) -> CallResult {
        if let Some(record) = record {
            record.charge_to(self.world.budget.charge());
        }
        // The record object is made once; while a function runs, the record is behind it.
        std::mem::swap(&mut *self.record.0.lock(), record);
        self.world.budget.begin(call.limit);
        let result = self.run(call);
        self.world.budget.end();
        std::mem::swap(&mut *self.record.0.lock(), record);
        result
    }

    fn run(&self, call: &Call<'_>) -> CallResult {
        let arguments = self.arguments(call.arguments);
        let ended = self.lua.create_string(call.function).and_then(|name| {
            let given = (name, &self.record_object, arguments);
            self.run_record.call::<(bool, Value, Value)>(given)
        });
        match ended {
            Ok((false, ..)) => Err(NO_FUNCTION.into()),
            Ok((true, ok, value)) => self.outcome(&ok, &value),
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// The value of a finished call, or the text of its failure.
    fn outcome(&self, ok: &Value, value: &Value) -> CallResult {
        if let Value::Boolean(true) = ok {
            // What has no form in the server is returned as nothing.
            let item = to_item(value).unwrap_or_default();
            return particle(&item, OrderFlags::Keep, &self.world.budget).map_err(|error| match error {
                EncodeError::TimeUp(error) => error.to_string(),
                error => format!("{NO_RESULT}: {error}"),
            });
        }
        Err(match value {
            Value::String(text) => text.to_string_lossy(),
            Value::Error(error) => self.failure(error),
            _ => NO_TEXT.into(),
        })
    }

    /// The text of an error that ended a call.
    fn failure(&self, error: &mlua::Error) -> String {
        if self.world.budget.is_exhausted() {
            return super::budget::TimeUp.to_string();
        }
        error_text(error)
    }

    /// The arguments of a call; what is not a list gives none, what is broken ends them (lua §2).
    fn arguments(&self, packed: &[u8]) -> Variadic<Value> {
        let decoder = Decoder { lua: &self.lua, budget: &self.world.budget };
        let mut reader = Reader::new(packed);
        let mut values = Variadic::new();
        for _ in 0..reader.list().unwrap_or(0) {
            let value = decoder.element(&mut reader).ok().and_then(|item| to_lua(&self.lua, &item).ok());
            let Some(value) = value else { break };
            values.push(value);
        }
        values
    }

    /// Runs a function on the records of a partition, and hands over its values until that fails.
    ///
    /// # Errors
    /// The text of the failure.
    pub fn stream(
        &self,
        call: &Call<'_>,
        mut records: impl Iterator<Item = RecordState> + Send + 'static,
        emit: impl Fn(ParticleBuf) + Send + 'static,
    ) -> Result<(), String> {
        self.lua.set_app_data(Access::Read);
        self.world.budget.begin(call.limit);
        let budget = self.world.budget.clone();
        let source = self.lua.create_function_mut(move |lua, ()| {
            let Some(mut record) = records.next() else { return Ok(None) };
            record.access = Access::Read;
            record.charge_to(budget.charge());
            let handle = RecordHandle::empty();
            *handle.0.lock() = Some(record);
            lua.create_any_userdata(handle).map(Some)
        });
        let budget = self.world.budget.clone();
        let sink = self.lua.create_function(move |_, value: Value| {
            let item = match (to_item(&value), &value) {
                (Some(item), _) => item,
                // A table ends its stream; other things without a form are nothing.
                (None, Value::Table(_)) => return Ok(false),
                (None, _) => Default::default(),
            };
            emit(particle(&item, OrderFlags::Keep, &budget)?);
            Ok(true)
        });
        let ended = source.and_then(|source| {
            let sink = sink?;
            let name = self.lua.create_string(call.function)?;
            let arguments = self.arguments(call.arguments);
            self.run_stream.call::<(bool, Value, Value)>((name, source, sink, arguments))
        });
        self.world.budget.end();
        self.lua.remove_app_data::<Access>();
        match ended {
            Ok((false, ..)) => Err(NO_FUNCTION.into()),
            Ok((true, Value::Boolean(true), _)) => Ok(()),
            Ok((true, ok, value)) => self.outcome(&ok, &value).map(drop),
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// Whether the state may run another call: one that has used up its budget or grown large is not worth keeping.
    pub fn is_sound(&self) -> bool {
        !self.world.budget.is_exhausted() && self.lua.used_memory() < SOUND_MEMORY
    }
}

/// What the Lua library is given that UDFs are not.
fn natives(lua: &Lua, world: &World, settings: &Settings, modules: &Modules) -> mlua::Result<Table> {
    let native = lua.create_table()?;
    native.raw_set("unsafe", settings.is_unsafe)?;
    native.raw_set("log", lua.named_registry_value::<Function>("log")?)?;
    let budget = world.budget.clone();
    native.raw_set("check", lua.create_function(move |_, ()| Ok(budget.check()?))?)?;
    let budget = world.budget.clone();
    native.raw_set("exhausted", lua.create_function(move |_, ()| Ok(budget.is_exhausted()))?)?;
    native.raw_set("text", lua.create_function(|lua, value: Value| visible(lua, value))?)?;
    let budget = world.budget.clone();
    let seen = lua.create_function(move |lua, value: Value| {
        budget.check()?;
        visible(lua, value)
    })?;
    native.raw_set("seen", seen)?;
    let modules = modules.clone();
    let module = lua.create_function(move |lua, name: String| {
        let path = Module::path(&format!("{name}.lua"));
        match modules.get(&format!("{name}.lua")) {
            Some(module) => Ok((Some(lua.create_string(module.source())?), path)),
            None => Ok((None, path)),
        }
    })?;
    native.raw_set("module", module)?;
    let class = lua.create_function(|_, values: MultiValue| match values.front() {
        Some(Value::UserData(userdata)) => userdata.type_name().map(Some),
        _ => Ok(None),
    })?;
    native.raw_set("class", class)?;
    Ok(native)
}

/// What a UDF sees of an error that it has caught.
fn visible(lua: &Lua, value: Value) -> mlua::Result<Value> {
    match value {
        Value::Error(error) => Ok(Value::String(lua.create_string(error_text(&error))?)),
        other => Ok(other),
    }
}

/// The library's code, compiled once for all states.
fn library_code() -> mlua::Result<&'static [Vec<u8>]> {
    static CODE: OnceLock<Result<Vec<Vec<u8>>, String>> = OnceLock::new();
    let code =
        CODE.get_or_init(|| LIBRARY.iter().map(|(name, text)| compile(text.as_bytes(), name)).collect());
    code.as_deref().map_err(mlua::Error::runtime)
}

/// Compiles a module's text; what comes of it is loaded into each of its states.
///
/// # Errors
/// The compiler's message.
pub fn compile(source: &[u8], chunk_name: &str) -> Result<Vec<u8>, String> {
    let lua = Lua::new_with(StdLib::NONE, LuaOptions::default()).map_err(|error| error.to_string())?;
    let limited = lua.set_memory_limit(LUA_MEMORY);
    let chunk = lua.load(source).set_name(chunk_name).set_mode(ChunkMode::Text);
    match limited.and_then(|_| chunk.into_function()) {
        Ok(function) => Ok(function.dump(false)),
        Err(mlua::Error::SyntaxError { message, .. }) => Err(message),
        Err(mlua::Error::MemoryError(_)) => Err(NO_MEMORY.into()),
        Err(error) => Err(error_text(&error)),
    }
}
