//! Operations inside of bins: lists, maps, bits, HyperLogLog (python-api §8, §9, §17).
//!
//! An operation dict becomes the msgpack list `[id, arguments…]` that travels as an op's value (cdt §1, bits §A1,
//! hll §B1). The codes in the dicts are the API's own; the ids on the wire are the protocol's.

use crate::errors::Failure;
use crate::operation::Effect;
use crate::value::{integer, put_packed, type_name};
use aerospike_client_core::request::put_op;
use aerospike_wire::cdt::{self, return_type as returns};
use aerospike_wire::{ParticleType, bit_op, hll_op, msgpack, op};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyInt, PyList, PySequence, PyString, PyTuple};

/// Codes of list operations.
pub const LISTS: std::ops::RangeInclusive<i64> = 1001..=1031;
/// Codes of map operations.
pub const MAPS: std::ops::RangeInclusive<i64> = 2001..=2027;
/// Codes of HyperLogLog operations.
pub const SKETCHES: std::ops::RangeInclusive<i64> = 3001..=3010;

/// Whether a code is one of bit operations.
pub fn is_bits(code: i64) -> bool {
    matches!(code, 4001..=4013 | 4050..=4054)
}

/// An operation dict with typed access to its entries.
struct Entries<'a, 'py>(&'a Bound<'py, PyDict>);

impl<'py> Entries<'_, 'py> {
    /// An entry; None counts as missing.
    fn item(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.0.get_item(PyString::intern(self.0.py(), name))?.filter(|value| !value.is_none()))
    }

    fn needed(&self, name: &str) -> PyResult<Bound<'py, PyAny>> {
        self.item(name)?.ok_or_else(|| PyValueError::new_err(format!("Operation requires '{name}'")))
    }

    /// An entry that may be None but not missing.
    fn present(&self, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let value = self.0.get_item(PyString::intern(self.0.py(), name))?;
        value.ok_or_else(|| PyValueError::new_err(format!("Operation requires '{name}'")))
    }

    fn int(&self, name: &str) -> PyResult<i64> {
        self.needed(name)?.extract()
    }

    fn int_or(&self, name: &str, default: i64) -> PyResult<i64> {
        self.item(name)?.map_or(Ok(default), |value| value.extract())
    }

    fn rank(&self) -> PyResult<i64> {
        match self.item("rank")? {
            Some(rank) => rank.extract(),
            None => self.int("index"),
        }
    }

    /// What an operation on selected elements returns; `last` is the highest number that has a meaning.
    fn return_type(&self, map: bool) -> PyResult<i64> {
        let code = self.int("return_type")?;
        let plain = code & !(returns::INVERTED as i64);
        let known = match plain {
            0..=5 | 7 | 13 => true,
            6 | 8 | 16 | 17 => map,
            _ => false,
        };
        if known { Ok(code) } else { Err(PyValueError::new_err(format!("Invalid return_type: {code}"))) }
    }

    fn count(&self) -> PyResult<Option<i64>> {
        self.item("count")?.map(|count| count.extract()).transpose()
    }

    /// A policy dict, or none.
    fn policy(&self, name: &str) -> PyResult<Option<Bound<'py, PyDict>>> {
        let Some(policy) = self.item(name)? else { return Ok(None) };
        match policy.cast_into::<PyDict>() {
            Ok(policy) => Ok(Some(policy)),
            Err(error) => {
                let found = type_name(&error.into_inner().get_type());
                Err(PyTypeError::new_err(format!("{name} must be a dict, not {found}")))
            }
        }
    }
}

fn number_in(policy: &Bound<'_, PyDict>, name: &str) -> PyResult<i64> {
    match policy.get_item(name)?.filter(|value| !value.is_none()) {
        Some(value) => value.extract(),
        None => Ok(0),
    }
}

/// Writes one msgpack list whose length is known at its end.
struct Packer<'o> {
    out: &'o mut Vec<u8>,
    head: usize,
    count: u8,
}

impl<'o> Packer<'o> {
    fn new(out: &'o mut Vec<u8>, id: i64) -> Packer<'o> {
        let head = out.len();
        // No operation has more than fourteen arguments: the head is one byte.
        out.push(0x90);
        let mut packer = Packer { out, head, count: 0 };
        packer.int(id);
        packer
    }

    fn int(&mut self, value: i64) {
        msgpack::put_int(self.out, value);
        self.count += 1;
    }

    fn value(&mut self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        put_packed(self.out, value, 0)?;
        self.count += 1;
        Ok(())
    }

    /// A value that is a list; anything else becomes a list of itself.
    fn list(&mut self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if value.cast::<PyList>().is_ok() {
            return self.value(value);
        }
        msgpack::put_list_head(self.out, 1);
        self.value(value)
    }

    fn optional(&mut self, value: Option<i64>) {
        if let Some(value) = value {
            self.int(value);
        }
    }

    fn finish(self) {
        self.out[self.head] |= self.count & 0x0f;
    }
}

/// Writes an operation's list.
type Put = fn(i64, &Entries<'_, '_>, &mut Vec<u8>) -> PyResult<()>;

/// Encodes an operation; its code is known to be one of this module's.
///
/// # Errors
/// `TypeError`, `ValueError` or `OverflowError` for operands that have no form on the wire.
pub fn put_operation(
    code: i64,
    bin: Option<&str>,
    operation: &Bound<'_, PyDict>,
    out: &mut Vec<u8>,
    effect: &mut Effect,
) -> PyResult<()> {
    let bin = bin.ok_or_else(|| PyValueError::new_err("Collection operation requires 'bin'"))?;
    let entries = Entries(operation);
    let (wire, put): (u8, Put) = match code {
        code if LISTS.contains(&code) => {
            (if list_reads(code) { op::CDT_READ } else { op::CDT_MODIFY }, put_list)
        }
        code if MAPS.contains(&code) => (if code >= 2017 { op::CDT_READ } else { op::CDT_MODIFY }, put_map),
        code if SKETCHES.contains(&code) => {
            (if (3003..=3008).contains(&code) { op::HLL_READ } else { op::HLL_MODIFY }, put_sketch)
        }
        code => (if code >= 4050 { op::BITS_READ } else { op::BITS_MODIFY }, put_bits),
    };
    effect.count += 1;
    let reads = matches!(wire, op::CDT_READ | op::HLL_READ | op::BITS_READ);
    effect.reads |= reads;
    effect.writes |= !reads;
    put_op(out, wire, bin.as_bytes(), |out| -> Result<ParticleType, Failure> {
        if LISTS.contains(&code) || MAPS.contains(&code) {
            put_context(&entries, out)?;
        }
        put(code, &entries, out)?;
        Ok(ParticleType::BLOB)
    })?;
    Ok(())
}

/// The wrapper that leads into nested containers: `[255, [type, value, …], operation]`.
fn put_context(entries: &Entries<'_, '_>, out: &mut Vec<u8>) -> PyResult<()> {
    let Some(context) = entries.item("ctx")? else { return Ok(()) };
    let wrong = || PyTypeError::new_err("ctx must be a list of tuples (type, value)");
    let context = context.cast::<PySequence>().map_err(|_| wrong())?;
    let steps = context.len()?;
    if steps == 0 {
        return Ok(());
    }
    msgpack::put_list_head(out, 3);
    msgpack::put_uint(out, cdt::CONTEXT);
    msgpack::put_list_head(out, steps as u32 * 2);
    for at in 0..steps {
        let step = context.get_item(at)?;
        let step = step.cast::<PyTuple>().map_err(|_| wrong())?;
        if step.len() != 2 {
            return Err(wrong());
        }
        msgpack::put_int(out, step.get_item(0)?.extract()?);
        put_packed(out, &step.get_item(1)?, 0)?;
    }
    Ok(())
}

fn list_reads(code: i64) -> bool {
    matches!(code, 1012..=1021)
}

fn put_list(code: i64, entries: &Entries<'_, '_>, out: &mut Vec<u8>) -> PyResult<()> {
    use cdt::list;
    let id = match code {
        1001 => list::APPEND,
        1002 => list::APPEND_ITEMS,
        1003 => list::INSERT,
        1004 => list::INSERT_ITEMS,
        1005 => list::POP,
        1006 => list::POP_RANGE,
        1007 => list::REMOVE,
        1008 => list::REMOVE_RANGE,
        1009 => list::SET,
        1010 => list::TRIM,
        1011 => list::CLEAR,
        1012 => list::SIZE,
        1013 => list::GET,
        1014 => list::GET_RANGE,
        1015 => list::GET_ALL_BY_VALUE,
        1016 => list::GET_BY_INDEX,
        1017 => list::GET_BY_INDEX_RANGE,
        1018 => list::GET_BY_RANK,
        1019 => list::GET_BY_RANK_RANGE,
        1020 => list::GET_BY_VALUE_LIST,
        1021 => list::GET_BY_VALUE_INTERVAL,
        1022 => list::REMOVE_ALL_BY_VALUE,
        1023 => list::REMOVE_BY_VALUE_LIST,
        1024 => list::REMOVE_BY_VALUE_INTERVAL,
        1025 => list::REMOVE_BY_INDEX,
        1026 => list::REMOVE_BY_INDEX_RANGE,
        1027 => list::REMOVE_BY_RANK,
        1028 => list::REMOVE_BY_RANK_RANGE,
        1029 => list::INCREMENT,
        1030 => list::SORT,
        _ => list::SET_TYPE,
    };
    let nothing = entries.0.py().None().into_bound(entries.0.py());
    let value = || Ok::<_, PyErr>(entries.item("val")?.unwrap_or_else(|| nothing.clone()));
    let policy = || -> PyResult<Option<(i64, i64)>> {
        let Some(policy) = entries.policy("list_policy")? else { return Ok(None) };
        Ok(Some((number_in(&policy, "order")?, number_in(&policy, "flags")?)))
    };
    let mut packer = Packer::new(out, id as i64);
    match code {
        1001 | 1002 => {
            if code == 1001 {
                packer.value(&value()?)?
            } else {
                packer.list(&value()?)?
            }
            if let Some((order, flags)) = policy()? {
                packer.int(order);
                packer.int(flags);
            }
        }
        1003 | 1004 => {
            packer.int(entries.int("index")?);
            if code == 1003 {
                packer.value(&value()?)?
            } else {
                packer.list(&value()?)?
            }
            packer.optional(policy()?.map(|(_, flags)| flags));
        }
        1005 | 1007 | 1013 => packer.int(entries.int("index")?),
        1006 | 1008 | 1014 => {
            packer.int(entries.int("index")?);
            packer.int(entries.int_or("count", 1)?);
        }
        1009 => {
            packer.int(entries.int("index")?);
            packer.value(&value()?)?;
            packer.optional(policy()?.map(|(_, flags)| flags));
        }
        1010 => {
            packer.int(entries.int("index")?);
            packer.int(entries.int_or("count", 0)?);
        }
        1011 | 1012 => {}
        1029 => {
            packer.int(entries.int("index")?);
            put_delta(&mut packer, entries.item("val")?, "list_increment")?;
            if let Some((order, flags)) = policy()? {
                packer.int(order);
                packer.int(flags);
            }
        }
        1030 => match entries.int_or("val", 0)? {
            flags @ 0..=3 => packer.int(flags),
            other => return Err(PyValueError::new_err(format!("Invalid list sort flags: {other}"))),
        },
        1031 => match entries.int_or("val", 0)? {
            order @ 0..=1 => packer.int(order),
            other => return Err(PyValueError::new_err(format!("Invalid list order: {other}"))),
        },
        _ => put_selection(code, SELECT_LIST, entries, &mut packer, false)?,
    }
    packer.finish();
    Ok(())
}

/// How elements are selected.
#[derive(Clone, Copy)]
enum By {
    Value,
    Values,
    Values2,
    Key,
    Index,
    IndexRange,
    Rank,
    RankRange,
}

const SELECT_LIST: fn(i64) -> By = |code| match code {
    1015 | 1022 => By::Value,
    1020 | 1023 => By::Values,
    1021 | 1024 => By::Values2,
    1016 | 1025 => By::Index,
    1017 | 1026 => By::IndexRange,
    1018 | 1027 => By::Rank,
    _ => By::RankRange,
};

const SELECT_MAP: fn(i64) -> By = |code| match code {
    2007 | 2018 => By::Key,
    2010 | 2020 => By::Value,
    2008 | 2011 | 2026 | 2027 => By::Values,
    2009 | 2012 | 2019 | 2021 => By::Values2,
    2013 | 2022 => By::Index,
    2014 | 2023 => By::IndexRange,
    2015 | 2024 => By::Rank,
    _ => By::RankRange,
};

/// The arguments of operations that get or remove selected elements.
fn put_selection(
    code: i64,
    by: fn(i64) -> By,
    entries: &Entries<'_, '_>,
    packer: &mut Packer<'_>,
    map: bool,
) -> PyResult<()> {
    packer.int(entries.return_type(map)?);
    match by(code) {
        By::Value => packer.value(&entries.present("val")?)?,
        By::Values => packer.list(&entries.present("val")?)?,
        By::Values2 => {
            packer.value(&entries.present("val")?)?;
            // Without an end: to the last one.
            if let Some(end) = entries.item("val_end")? {
                packer.value(&end)?;
            }
        }
        By::Key => packer.value(&entries.present("map_key")?)?,
        By::Index => packer.int(entries.int("index")?),
        By::IndexRange => {
            packer.int(entries.int("index")?);
            packer.optional(entries.count()?);
        }
        By::Rank => packer.int(entries.rank()?),
        By::RankRange => {
            packer.int(entries.rank()?);
            packer.optional(entries.count()?);
        }
    }
    Ok(())
}

/// What is added to a number.
fn put_delta(packer: &mut Packer<'_>, value: Option<Bound<'_, PyAny>>, what: &str) -> PyResult<()> {
    let Some(value) = value else {
        packer.int(1);
        return Ok(());
    };
    let number = value.is_instance_of::<pyo3::types::PyFloat>()
        || (value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>());
    if !number {
        let name = type_name(&value.get_type());
        return Err(PyValueError::new_err(format!("{what} requires a number as 'val', not {name}")));
    }
    packer.value(&value)
}

fn put_map(code: i64, entries: &Entries<'_, '_>, out: &mut Vec<u8>) -> PyResult<()> {
    use cdt::map;
    let id = match code {
        2001 => map::SET_TYPE,
        2002 => map::PUT,
        2003 => map::PUT_ITEMS,
        2004 => map::INCREMENT,
        2005 => map::DECREMENT,
        2006 => map::CLEAR,
        2007 => map::REMOVE_BY_KEY,
        2008 => map::REMOVE_BY_KEY_LIST,
        2009 => map::REMOVE_BY_KEY_INTERVAL,
        2010 => map::REMOVE_ALL_BY_VALUE,
        2011 => map::REMOVE_BY_VALUE_LIST,
        2012 => map::REMOVE_BY_VALUE_INTERVAL,
        2013 => map::REMOVE_BY_INDEX,
        2014 => map::REMOVE_BY_INDEX_RANGE,
        2015 => map::REMOVE_BY_RANK,
        2016 => map::REMOVE_BY_RANK_RANGE,
        2017 => map::SIZE,
        2018 => map::GET_BY_KEY,
        2019 => map::GET_BY_KEY_INTERVAL,
        2020 => map::GET_ALL_BY_VALUE,
        2021 => map::GET_BY_VALUE_INTERVAL,
        2022 => map::GET_BY_INDEX,
        2023 => map::GET_BY_INDEX_RANGE,
        2024 => map::GET_BY_RANK,
        2025 => map::GET_BY_RANK_RANGE,
        2026 => map::GET_BY_KEY_LIST,
        _ => map::GET_BY_VALUE_LIST,
    };
    // Order and write flags of the policy; any order that is not one means unordered.
    let policy = || -> PyResult<Option<(i64, i64)>> {
        let Some(policy) = entries.policy("map_policy")? else { return Ok(None) };
        let mode = match number_in(&policy, "write_mode")? {
            1 => cdt::map_write::CREATE_ONLY as i64,
            2 => cdt::map_write::UPDATE_ONLY as i64,
            _ => 0,
        };
        Ok(Some((map_order(number_in(&policy, "order")?), mode)))
    };
    let mut packer = Packer::new(out, id as i64);
    match code {
        2001 => packer.int(map_order(entries.int_or("val", 0)?)),
        2002 => {
            packer.value(&entries.present("map_key")?)?;
            match entries.item("val")? {
                Some(value) => packer.value(&value)?,
                None => packer.value(&entries.0.py().None().into_bound(entries.0.py()))?,
            }
            if let Some((order, flags)) = policy()? {
                packer.int(order);
                packer.int(flags);
            }
        }
        2003 => {
            let items = entries.item("val")?.filter(|items| items.is_instance_of::<PyDict>());
            let items = items.ok_or_else(|| PyValueError::new_err("map_put_items requires a dict value"))?;
            packer.value(&items)?;
            if let Some((order, flags)) = policy()? {
                packer.int(order);
                packer.int(flags);
            }
        }
        2004 | 2005 => {
            packer.value(&entries.present("map_key")?)?;
            put_delta(&mut packer, entries.item("val")?, "map_increment")?;
            packer.optional(policy()?.map(|(order, _)| order));
        }
        2006 | 2017 => {}
        _ => put_selection(code, SELECT_MAP, entries, &mut packer, true)?,
    }
    packer.finish();
    Ok(())
}

fn map_order(code: i64) -> i64 {
    match code {
        1 => cdt::order::KEY_ORDERED as i64,
        3 => (cdt::order::KEY_ORDERED | cdt::order::VALUE_ORDERED) as i64,
        _ => 0,
    }
}

fn put_sketch(code: i64, entries: &Entries<'_, '_>, out: &mut Vec<u8>) -> PyResult<()> {
    let id = match code {
        3001 => hll_op::INIT,
        3002 => hll_op::ADD,
        3003 => hll_op::GET_COUNT,
        3004 => hll_op::GET_UNION,
        3005 => hll_op::GET_UNION_COUNT,
        3006 => hll_op::GET_INTERSECT_COUNT,
        3007 => hll_op::GET_SIMILARITY,
        3008 => hll_op::DESCRIBE,
        3009 => hll_op::FOLD,
        _ => hll_op::SET_UNION,
    };
    let flags = || -> PyResult<i64> {
        entries.policy("hll_policy")?.map_or(Ok(0), |policy| number_in(&policy, "flags"))
    };
    let mut packer = Packer::new(out, id);
    match code {
        3001 | 3002 => {
            if code == 3002 {
                packer.list(&entries.needed("val")?)?;
            }
            // Absent bits: the sketch has some already.
            packer.int(entries.int_or("index_bit_count", -1)?);
            packer.int(entries.int_or("minhash_bit_count", -1)?);
            packer.int(flags()?);
        }
        3010 => {
            put_sketches(&mut packer, &entries.needed("val")?)?;
            packer.int(flags()?);
        }
        3004..=3007 => put_sketches(&mut packer, &entries.needed("val")?)?,
        3009 => packer.int(entries.int("index_bit_count")?),
        _ => {}
    }
    packer.finish();
    Ok(())
}

/// A list of sketches, each as bytes that a read returned; or one.
fn put_sketches(packer: &mut Packer<'_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let one = PyList::new(value.py(), [value])?;
    let list = value.cast::<PyList>().unwrap_or(&one);
    msgpack::put_list_head(packer.out, list.len() as u32);
    for sketch in list {
        msgpack::put_typed_raw(packer.out, ParticleType::HLL.0, &bytes(&sketch, "a sketch")?);
    }
    packer.count += 1;
    Ok(())
}

fn bytes(value: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<u8>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    if let Ok(bytes) = value.cast::<PyByteArray>() {
        return Ok(bytes.to_vec());
    }
    let name = type_name(&value.get_type());
    Err(PyTypeError::new_err(format!("{what} must be bytes, not {name}")))
}

fn put_bits(code: i64, entries: &Entries<'_, '_>, out: &mut Vec<u8>) -> PyResult<()> {
    let id = if code >= 4050 { bit_op::GET + (code - 4050) } else { code - 4001 };
    let flags = entries.int_or("bit_policy", 0)?;
    let mut packer = Packer::new(out, id);
    match code {
        4001 => {
            packer.int(entries.int("byte_size")?);
            packer.int(flags);
            packer.int(entries.int_or("resize_flags", 0)?);
        }
        4002 => {
            packer.int(entries.int("byte_offset")?);
            packer.value(&entries.needed("val")?)?;
            packer.int(flags);
        }
        4003 => {
            packer.int(entries.int("byte_offset")?);
            packer.int(entries.int("byte_size")?);
            packer.int(flags);
        }
        _ => {
            packer.int(entries.int("bit_offset")?);
            packer.int(entries.int("bit_size")?);
            match code {
                4004..=4007 => packer.value(&entries.needed("val")?)?,
                4009 | 4010 => packer.int(entries.int("shift")?),
                4011..=4013 => packer.int(integer(&entries.needed("val")?)?),
                4052 | 4053 => {
                    let wanted: bool = entries.needed("val")?.is_truthy()?;
                    msgpack::put_bool(packer.out, wanted);
                    packer.count += 1;
                }
                _ => {}
            }
            let signed = match entries.item("signed")? {
                Some(signed) if signed.is_truthy()? => bit_op::integer_flags::SIGNED as i64,
                _ => 0,
            };
            match code {
                4011 | 4012 => {
                    packer.int(flags);
                    packer.int(entries.int_or("action", 0)? | signed);
                }
                4004..=4013 => packer.int(flags),
                4054 => packer.int(signed),
                _ => {}
            }
        }
    }
    packer.finish();
    Ok(())
}
