//! UDFs: the modules that clients register, and Lua to run them.
//!
//! | module | subject |
//! |---|---|
//! | [`module`] | a module: source, compiled code |
//! | [`pool`], [`state`] | the Lua states of a module |
//! | [`api`] | what a function can call |
//! | [`value`], [`containers`] | lists, maps, bytes |
//! | [`codec`], [`text`] | their forms on the wire and as text |
//! | [`budget`], [`pattern`] | what a call may use |
//!
//! The part of the library that is written in Lua is in the directory `lua/` of the project.

mod api;
mod budget;
mod codec;
mod containers;
mod locks;
mod module;
mod pattern;
mod pool;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub use api::RecordState;
pub use locks::RecordLocks;
pub use module::{CompileError, decode};
pub use state::CallResult;

use crate::control::Clock;
use crate::store::{Namespace, Record};
use aerospike_wire::particle::ParticleBuf;
use dashmap::DashMap;
use module::{Module, Modules};
use parking_lot::{Mutex, RwLock};
use pool::Pool;
use state::{NO_MODULE, Settings, State};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// The UDF modules of a server.
#[derive(Debug)]
pub struct Udfs {
    settings: Settings,
    registered: RwLock<Registered>,
    /// By the name that requests use.
    pools: DashMap<String, Arc<Pool>>,
    /// The records that calls have locked.
    pub locks: RecordLocks,
}

/// The modules that were registered at one moment.
#[derive(Clone, Debug)]
pub struct UdfSnapshot(Registered);

#[derive(Clone, Debug, Default)]
struct Registered {
    modules: Modules,
    /// File names in the order in which they were first mentioned; they keep their place for good (lua §1.2).
    order: Vec<String>,
}

impl Registered {
    fn mention(&mut self, file: &str) {
        if !self.order.iter().any(|known| known == file) {
            self.order.push(file.to_owned());
        }
    }
}

impl Udfs {
    /// No module yet.
    pub fn new(is_unsafe: bool, seed: Option<u64>, clock: Arc<Clock>) -> Udfs {
        Udfs {
            settings: Settings { is_unsafe, seed, clock, is_stopping: Arc::default() },
            registered: RwLock::default(),
            pools: DashMap::with_shard_amount(4),
            locks: RecordLocks::default(),
        }
    }

    /// Registers a module, after its code was compiled and its top level run.
    ///
    /// # Errors
    /// [`CompileError`] with what Lua says.
    pub fn put(&self, file: &str, source: Vec<u8>, content: &str) -> Result<(), CompileError> {
        let module = Arc::new(Module::compile(file, source, content)?);
        let present = self.registered.read().modules.clone();
        State::new(&self.settings, &module, &present).map_err(|text| CompileError::of(&text))?;
        let mut registered = self.registered.write();
        registered.mention(file);
        let mut modules = HashMap::clone(&registered.modules);
        modules.insert(file.to_owned(), module.clone());
        registered.modules = Arc::new(modules);
        if is_callable(file) {
            let pool = Pool::new(self.settings.clone(), module.clone(), registered.modules.clone());
            self.pools.insert(module.name().to_owned(), Arc::new(pool));
        }
        Ok(())
    }

    /// Forgets a module, if it is there.
    pub fn remove(&self, file: &str) {
        let mut registered = self.registered.write();
        registered.mention(file);
        let mut modules = HashMap::clone(&registered.modules);
        if let Some(module) = modules.remove(file) {
            registered.modules = Arc::new(modules);
            self.pools.remove(module.name());
        }
    }

    /// A module by its file name.
    pub fn get(&self, file: &str) -> Option<Arc<Module>> {
        self.registered.read().modules.get(file).cloned()
    }

    /// The modules as they are now.
    pub fn snapshot(&self) -> UdfSnapshot {
        UdfSnapshot(self.registered.read().clone())
    }

    /// Registers the modules that there were, and no others.
    pub fn restore(&self, snapshot: &UdfSnapshot) {
        let mut registered = self.registered.write();
        if Arc::ptr_eq(&registered.modules, &snapshot.0.modules) {
            return;
        }
        let is_same = |file: &String, module: &Arc<Module>| {
            registered.modules.get(file).is_some_and(|present| Arc::ptr_eq(present, module))
        };
        let changed = snapshot.0.modules.iter().filter(|(file, module)| !is_same(file, module));
        for (file, module) in changed.filter(|(file, _)| is_callable(file)) {
            let pool = Pool::new(self.settings.clone(), module.clone(), snapshot.0.modules.clone());
            self.pools.insert(module.name().to_owned(), Arc::new(pool));
            tracing::debug!(file, "module restored");
        }
        for (file, module) in registered.modules.iter() {
            if !snapshot.0.modules.contains_key(file) {
                self.pools.remove(module.name());
            }
        }
        *registered = snapshot.0.clone();
    }

    /// All modules, in the order in which their names were first mentioned.
    pub fn list(&self) -> Vec<Arc<Module>> {
        let registered = self.registered.read();
        registered.order.iter().filter_map(|file| registered.modules.get(file).cloned()).collect()
    }

    /// Whether there is no module to call.
    pub fn is_empty(&self) -> bool {
        self.pools.is_empty()
    }

    /// Forgets all Lua states: modules see each other as they are now.
    pub fn clear_cache(&self) {
        let registered = self.registered.write();
        for mut pool in self.pools.iter_mut() {
            if let Some(module) = registered.modules.get(&format!("{}.lua", pool.key())) {
                let fresh = Pool::new(self.settings.clone(), module.clone(), registered.modules.clone());
                *pool.value_mut() = Arc::new(fresh);
            }
        }
    }

    /// Runs something on a state of a module.
    ///
    /// # Errors
    /// [`NO_MODULE`] when it is not registered or cannot be loaded.
    fn with_state<R>(&self, name: &[u8], act: impl FnOnce(&State) -> R) -> Result<R, String> {
        let name = std::str::from_utf8(name).map_err(|_| NO_MODULE)?;
        let pool = self.pools.get(name).map(|pool| pool.value().clone()).ok_or(NO_MODULE)?;
        let state = pool.take(&self.registered.read().modules).map_err(|problem| {
            tracing::warn!(module = name, problem, "cannot load module");
            NO_MODULE
        })?;
        let result = act(&state);
        pool.give_back(state);
        Ok(result)
    }

    /// Ends all calls, now and in future: the server is stopping.
    pub fn cancel(&self) {
        self.settings.is_stopping.store(true, Relaxed);
    }

    /// Runs a stream function on the records of a partition. Returns its values, and the text of its failure.
    pub fn stream(
        &self,
        call: &Call<'_>,
        namespace: &Arc<Namespace>,
        records: Vec<Record>,
    ) -> (Vec<ParticleBuf>, Result<(), String>) {
        let values = Arc::new(Mutex::new(Vec::new()));
        let sink = values.clone();
        let namespace = namespace.clone();
        let records = records.into_iter().map(move |record| {
            RecordState::new(namespace.clone(), record.header().digest, Some(record), None)
        });
        let emit = move |value| sink.lock().push(value);
        let result = self.with_state(call.module, |state| state.stream(call, records, emit));
        let values = std::mem::take(&mut *values.lock());
        (values, result.and_then(|result| result))
    }

    /// Runs a function on a record, which has what was done to it afterwards.
    pub fn apply(&self, call: &Call<'_>, record: &mut Option<RecordState>) -> CallResult {
        self.with_state(call.module, |state| state.apply(call, record))?
    }
}

/// Whether requests can call a module: a real server would find its file.
fn is_callable(file: &str) -> bool {
    file.ends_with(".lua") && !file.contains('/')
}

/// Which function to call, and how.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The module without `.lua`.
    pub module: &'a [u8],
    /// The function.
    pub function: &'a [u8],
    /// The arguments: a msgpack list.
    pub arguments: &'a [u8],
    /// How long it may run.
    pub limit: Duration,
}
