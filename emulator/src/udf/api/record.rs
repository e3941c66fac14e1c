//! The record object and the global table `record` (lua §5).
//!
//! Sets are kept beside the record until `aerospike:create` or `aerospike:update` takes them over; what these
//! have taken over is written once, when the function has returned.

use super::{Arguments, World, bad_argument, class, function, integer, raise, to_item, to_lua, wrong_type};
use crate::store::{Bins, Namespace, Record};
use crate::udf::budget::Charge;
use crate::udf::codec::{Decoder, bin_particle};
use crate::udf::value::{Bytes, Item};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Digest, ParticleType, ResultCode};
use mlua::{Lua, Table, UserDataMethods, Value};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Most bins that a UDF may give a record (lua §5).
pub const MAX_BINS: usize = 512;
/// Most bin names that one call may touch (lua §5).
const MAX_TOUCHED: usize = 1024;
/// Longest bin name in bytes.
const MAX_NAME: usize = crate::command::MAX_BIN_NAME;

/// Whether a function may change its record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// It may: record UDFs.
    Write,
    /// What it sets is forgotten: stream UDFs.
    Read,
}

/// A record as one call of a function sees it.
#[derive(Debug)]
pub struct RecordState {
    /// The record before the call.
    pub existing: Option<Record>,
    /// Its digest.
    pub digest: Digest,
    /// Its namespace.
    pub namespace: Arc<Namespace>,
    /// The key sent with the request, particle type byte included.
    sent_key: Option<Box<[u8]>>,
    /// Whether the function may change it.
    pub access: Access,
    /// Whether there is a record, as the function sees it.
    pub exists: bool,
    /// Whether the stored bins were removed and nothing was created since.
    pub removed: bool,
    /// Whether anything is to be written.
    pub written: bool,
    /// Whether the stored key is to be forgotten.
    pub drops_key: bool,
    /// The time to live that the next write is to use, as it travels.
    pub ttl: Option<u32>,
    /// Why the write must fail.
    pub failure: Option<ResultCode>,
    /// Whether the record's bins were removed.
    cleared: bool,
    /// What the write is to change behind that.
    changes: Vec<Change>,
    /// Bins that the function has read or set.
    touched: Vec<Touched>,
    charge: Option<Charge>,
}

/// A bin's new value, or its removal.
#[derive(Debug)]
struct Change {
    name: Box<[u8]>,
    value: Option<ParticleBuf>,
}

#[derive(Debug)]
struct Touched {
    name: Box<[u8]>,
    value: BinItem,
    /// Whether it was set since the last write.
    is_set: bool,
}

/// What a bin was set to.
#[derive(Clone, Debug)]
enum BinItem {
    Item(Item),
    /// The record itself: accepted here, refused by the write.
    Record,
}

impl RecordState {
    /// A record before a function has seen it, and the key sent for it, particle type byte included.
    pub fn new(
        namespace: Arc<Namespace>,
        digest: Digest,
        existing: Option<Record>,
        sent_key: Option<&[u8]>,
    ) -> Self {
        RecordState {
            exists: existing.is_some(),
            digest,
            namespace,
            sent_key: sent_key.map(Into::into),
            access: Access::Write,
            removed: false,
            written: false,
            drops_key: false,
            ttl: None,
            failure: None,
            cleared: false,
            changes: Vec::new(),
            touched: Vec::new(),
            charge: None,
            existing,
        }
    }

    /// Charges what the call holds to the budget of the state that runs it.
    pub fn charge_to(&mut self, charge: Charge) {
        self.charge = Some(charge);
    }

    /// The key stored or sent, particle type byte included.
    fn key(&self) -> Option<&[u8]> {
        self.existing.as_ref().and_then(Record::key).or(self.sent_key.as_deref())
    }

    /// The value of a bin as the function sees it.
    fn get(&mut self, lua: &Lua, world: &World, name: &[u8]) -> mlua::Result<Option<Item>> {
        if let Some(touched) = self.touched.iter().find(|touched| *touched.name == *name) {
            return Ok(match &touched.value {
                BinItem::Item(item) => Some(item.clone()),
                BinItem::Record => None,
            });
        }
        // What was changed was touched before.
        let stored = self.existing.as_ref().filter(|_| !self.cleared).and_then(|record| record.bin(name));
        let Some(stored) = stored else { return Ok(None) };
        let item = Decoder { lua, budget: &world.budget }.particle(stored)?;
        // A list or map that was read is the one that later reads see, changes included.
        if matches!(item, Item::List(_) | Item::Map(_) | Item::Bytes(_)) {
            self.touch(name, BinItem::Item(item.clone()), false);
        }
        Ok(Some(item))
    }

    fn touch(&mut self, name: &[u8], value: BinItem, is_set: bool) {
        let weight = match &value {
            BinItem::Item(item) => item.weight(),
            BinItem::Record => 0,
        };
        if let Some(charge) = &mut self.charge {
            charge.add(weight);
        }
        match self.touched.iter_mut().find(|touched| *touched.name == *name) {
            Some(touched) => {
                touched.value = value;
                touched.is_set = is_set;
            }
            None => self.touched.push(Touched { name: name.into(), value, is_set }),
        }
        if self.touched.len() > MAX_TOUCHED {
            self.failure = Some(ResultCode::BIN_NAME);
        }
    }

    /// How many bins are stored, pending sets not counted.
    pub fn stored_bins(&self) -> usize {
        let mut bins = self.bins();
        self.apply_to(&mut bins);
        bins.len()
    }

    /// The bins before the changes.
    fn bins(&self) -> Bins<'_> {
        match &self.existing {
            Some(record) if !self.cleared => Bins::of(record.bins(), record.header().value_indexes),
            _ => Bins::default(),
        }
    }

    fn apply_to<'a>(&'a self, bins: &mut Bins<'a>) {
        for change in &self.changes {
            match &change.value {
                Some(value) => bins.set(&change.name, value.as_particle()),
                None => bins.remove(&change.name),
            }
        }
    }

    /// The bins as the write is to store them.
    pub fn changed_bins(&self) -> Bins<'_> {
        let mut bins = self.bins();
        self.apply_to(&mut bins);
        bins
    }

    /// Takes over what was set. Returns whether that went well.
    pub fn take_over(&mut self) -> bool {
        self.written = true;
        for at in 0..self.touched.len() {
            if !std::mem::take(&mut self.touched[at].is_set) {
                continue;
            }
            match self.bin_value(&self.touched[at].value) {
                Ok(value) => self.change(self.touched[at].name.clone(), value),
                Err(code) => self.failure = Some(code),
            }
        }
        let stored = self.existing.as_ref().map_or(0, |record| record.header().n_bins as usize);
        if stored + self.changes.len() > MAX_BINS && self.stored_bins() > MAX_BINS {
            self.failure = Some(ResultCode::BIN_NAME);
        }
        let size = |change: &Change| change.value.as_ref().map_or(0, |value| value.data.len());
        let limit = self.namespace.settings.max_record_size.load(Relaxed) as usize;
        if self.changes.iter().map(size).sum::<usize>() > limit {
            self.failure = Some(ResultCode::RECORD_TOO_BIG);
        }
        self.failure.is_none()
    }

    /// The particle of a bin; `None` removes it.
    fn bin_value(&self, value: &BinItem) -> Result<Option<ParticleBuf>, ResultCode> {
        match (value, &self.charge) {
            (BinItem::Item(Item::Nil), _) => Ok(None),
            (BinItem::Item(item), Some(charge)) => {
                bin_particle(item, charge.budget()).map(Some).map_err(|_| ResultCode::RECORD_TOO_BIG)
            }
            (BinItem::Record, _) | (_, None) => Err(ResultCode::INCOMPATIBLE_TYPE),
        }
    }

    /// Notes a change. Of one bin, at most a removal and a value behind it are kept: their order tells the bin's
    /// place.
    fn change(&mut self, name: Box<[u8]>, value: Option<ParticleBuf>) {
        let former = self.changes.iter().rposition(|change| change.name == name);
        match (former, value) {
            (Some(at), Some(value)) if self.changes[at].value.is_some() => {
                self.changes[at].value = Some(value);
            }
            (_, Some(value)) => self.changes.push(Change { name, value: Some(value) }),
            (_, None) => {
                self.changes.retain(|change| change.name != name);
                self.changes.push(Change { name, value: None });
            }
        }
    }

    /// Removes all bins, those set and not yet taken over included.
    pub fn remove(&mut self) {
        self.cleared = true;
        self.changes.clear();
        self.touched.clear();
        self.removed = true;
        self.written = true;
    }
}

/// The record object: a handle, which a state that runs record UDFs makes once and fills for each call.
#[derive(Clone, Debug)]
pub struct RecordHandle(pub Arc<Mutex<Option<RecordState>>>);

impl RecordHandle {
    /// An object without a record behind it.
    pub fn empty() -> RecordHandle {
        RecordHandle(Arc::new(Mutex::new(None)))
    }

    /// Looks at the record, unless its call has ended.
    pub fn with<R>(&self, lua: &Lua, act: impl FnOnce(&mut RecordState) -> R) -> mlua::Result<R> {
        match self.0.lock().as_mut() {
            Some(state) => Ok(act(state)),
            None => Err(raise(lua, "the record's call has ended")),
        }
    }
}

/// Makes the class and the global `record` known.
pub fn install(lua: &Lua, world: &World) -> mlua::Result<()> {
    class::<RecordHandle>(lua, "Record", |registry| {
        let shared = world.clone();
        registry.add_meta_method("__index", move |lua, record, name: Value| {
            let Some(name) = bin_name(lua, name, "index")? else { return Ok(Value::Nil) };
            let item = record.with(lua, |state| state.get(lua, &shared, &name.as_bytes()))??;
            item.map_or(Ok(Value::Nil), |item| to_lua(lua, &item))
        });
        let shared = world.clone();
        registry.add_meta_method("__newindex", move |lua, record, (name, value): (Value, Value)| {
            let Some(name) = bin_name(lua, name, "newindex")? else { return Ok(()) };
            let value = match to_item(&value) {
                Some(item) => BinItem::Item(item),
                None if matches!(&value, Value::UserData(data) if data.is::<RecordHandle>()) => {
                    BinItem::Record
                }
                None => {
                    let name = name.to_string_lossy();
                    return Err(raise(lua, format_args!("can't set bin {name} to unsupported type")));
                }
            };
            if let BinItem::Item(item) = &value {
                shared.budget.reserve(lua, item.weight())?;
            }
            record.with(lua, |state| {
                if state.access == Access::Write {
                    state.touch(&name.as_bytes(), value, true);
                }
            })
        });
        registry.add_meta_function("__tostring", |_, record: mlua::AnyUserData| {
            Ok(format!("Record: {:?}", record.to_pointer()))
        });
    })?;
    let record = lua.create_table()?;
    lua.globals().raw_set("record", &record)?;
    install_facts(lua, world, &record)?;
    install_values(lua, world, &record)?;
    install_orders(lua, world, &record)
}

/// A bin's name; `None` for one that no bin can have.
fn bin_name(lua: &Lua, name: Value, function: &str) -> mlua::Result<Option<mlua::LuaString>> {
    let text = match name {
        Value::Nil => return Ok(None),
        Value::String(text) => text,
        Value::Integer(_) | Value::Number(_) => match lua.coerce_string(name)? {
            Some(text) => text,
            None => return Ok(None),
        },
        other => return Err(wrong_type(lua, 2, function, "string", &other)),
    };
    let fits = text.as_bytes().len() <= MAX_NAME && !text.as_bytes().contains(&0);
    Ok(fits.then_some(text))
}

/// Adds a getter that gives an integer.
fn number(
    lua: &Lua,
    world: &World,
    table: &Table,
    name: &'static str,
    get: impl Fn(&RecordState) -> i64 + Send + 'static,
) -> mlua::Result<()> {
    function(lua, world, table, name, move |call| of(call)?.with(call.lua, |state| get(state)))
}

fn of(call: &Arguments<'_>) -> mlua::Result<RecordHandle> {
    call.object(1, "Record")
}

/// Bytes that the stored record takes, in units of 16.
fn storage_size(state: &RecordState) -> i64 {
    state.existing.as_ref().map_or(0, |record| record.header().storage_size.next_multiple_of(16) as i64)
}

fn install_facts(lua: &Lua, world: &World, table: &Table) -> mlua::Result<()> {
    let header = |state: &RecordState| state.existing.as_ref().map(|record| *record.header());
    number(lua, world, table, "gen", move |state| header(state).map_or(0, |h| h.generation as i64))?;
    number(lua, world, table, "last_update_time", move |state| {
        header(state).map_or(0, |h| h.last_update as i64)
    })?;
    number(lua, world, table, "ttl", move |state| match header(state) {
        Some(header) if header.void_time != 0 => {
            header.void_time.saturating_sub(state.namespace.clock.now_seconds()) as i64
        }
        _ => 0,
    })?;
    number(lua, world, table, "numbins", |state| state.stored_bins() as i64)?;
    number(lua, world, table, "size", storage_size)?;
    number(lua, world, table, "memory_size", storage_size)?;
    // Namespaces are in memory.
    number(lua, world, table, "device_size", |_| 0)
}

fn install_values(lua: &Lua, world: &World, table: &Table) -> mlua::Result<()> {
    function(lua, world, table, "bin_names", |call| {
        let names: Option<Vec<Box<[u8]>>> = of(call)?.with(call.lua, |state| {
            state.existing.as_ref()?;
            Some(state.changed_bins().iter().map(|bin| bin.name.into()).collect())
        })?;
        let names = names.ok_or_else(|| raise(call.lua, "can't get bin names"))?;
        let texts =
            names.iter().map(|name| call.lua.create_string(name)).collect::<mlua::Result<Vec<_>>>()?;
        call.lua.create_sequence_from(texts)
    })?;
    function(lua, world, table, "setname", |call| {
        let set = of(call)?.with(call.lua, |state| {
            let record = state.existing.as_ref()?;
            let name = state.namespace.sets.name(record.header().set);
            (!name.is_empty()).then(|| name.to_vec())
        })?;
        set.map(|name| call.lua.create_string(name)).transpose()
    })?;
    function(lua, world, table, "key", |call| {
        let item = of(call)?.with(call.lua, |state| key_item(call, state))??;
        to_lua(call.lua, &item)
    })?;
    function(lua, world, table, "digest", |call| {
        let digest = of(call)?.with(call.lua, |state| state.digest)?;
        let charge = call.world.budget.charge();
        to_lua(call.lua, &Item::Bytes(Bytes::new(&digest.0, ParticleType::BLOB.0, charge)))
    })
}

/// The key stored, or the one sent.
fn key_item(call: &Arguments<'_>, state: &RecordState) -> mlua::Result<Item> {
    let Some([kind, data @ ..]) = state.key() else { return Ok(Item::Nil) };
    let decoder = Decoder { lua: call.lua, budget: &call.world.budget };
    let particle = aerospike_wire::Particle::new(ParticleType(*kind), data);
    Ok(decoder.particle(particle).unwrap_or_default())
}

fn install_orders(lua: &Lua, world: &World, table: &Table) -> mlua::Result<()> {
    function(lua, world, table, "set_ttl", |call| {
        let record = of(call)?;
        let ttl = integer(call.lua, call.value(2), 2, call.function)?.unwrap_or(0);
        // Out of range is out of range, however far; the write refuses it.
        let ttl = i32::try_from(ttl).unwrap_or(i32::MIN) as u32;
        record.with(call.lua, |state| state.ttl = Some(ttl))
    })?;
    function(lua, world, table, "drop_key", |call| of(call)?.with(call.lua, |state| state.drops_key = true))
}

/// Refuses what is no record, as the methods of `aerospike` do.
pub fn argument(call: &Arguments<'_>, index: usize) -> mlua::Result<RecordHandle> {
    match call.value(index) {
        Value::Nil => Err(bad_argument(call.lua, index, call.function, "Record expected, got no value")),
        _ => call.object(index, "Record"),
    }
}
