//! Replies as the objects that callers get.

use crate::names::{self, Classes};
use crate::value::to_object;
use aerospike_client_core::reply::ttl_seconds;
use aerospike_wire::{Header, Message, ParticleType};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since the Unix epoch.
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Generation and seconds to live.
pub fn meta<'py>(py: Python<'py>, header: &Header, now: u64) -> PyResult<Bound<'py, PyAny>> {
    meta_of(py, header.generation, ttl_seconds(header.ttl, now))
}

/// The same, from numbers.
pub fn meta_of(py: Python<'_>, generation: u32, ttl: u32) -> PyResult<Bound<'_, PyAny>> {
    let classes = Classes::get(py)?;
    classes.make(py, &classes.meta, (generation, ttl))
}

/// The bins of a read: each name once.
pub fn bins<'py>(py: Python<'py>, message: &Message<'_>) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for op in message.ops() {
        if op.kind != ParticleType::NULL {
            dict.set_item(names::bin(py, op.name), to_object(py, op.particle())?)?;
        }
    }
    Ok(dict)
}

/// The results of operations by bin: several values of one bin become a list, in the order of the operations.
pub fn operated<'py>(py: Python<'py>, message: &Message<'_>) -> PyResult<Bound<'py, PyDict>> {
    let mut values: Vec<(&[u8], Vec<Bound<'py, PyAny>>)> = Vec::new();
    for op in message.ops().filter(|op| op.kind != ParticleType::NULL) {
        let value = to_object(py, op.particle())?;
        match values.iter_mut().find(|(name, _)| *name == op.name) {
            Some((_, values)) => values.push(value),
            None => values.push((op.name, vec![value])),
        }
    }
    let dict = PyDict::new(py);
    for (name, mut values) in values {
        let value = match values.len() {
            1 => values.swap_remove(0),
            _ => PyList::new(py, values)?.into_any(),
        };
        dict.set_item(names::bin(py, name), value)?;
    }
    Ok(dict)
}

/// The results of operations one by one, those without a value left out.
pub fn ordered<'py>(py: Python<'py>, message: &Message<'_>) -> PyResult<Bound<'py, PyList>> {
    let classes = Classes::get(py)?;
    let list = PyList::empty(py);
    for op in message.ops().filter(|op| op.kind != ParticleType::NULL) {
        let value = to_object(py, op.particle())?;
        list.append(classes.make(py, &classes.bin, (names::bin(py, op.name), value))?)?;
    }
    Ok(list)
}

/// `Record(key, meta, bins)`.
pub fn record<'py>(
    py: Python<'py>,
    key: &Bound<'py, PyAny>,
    meta: &Bound<'py, PyAny>,
    bins: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let classes = Classes::get(py)?;
    classes.make(py, &classes.record, (key, meta, bins))
}
