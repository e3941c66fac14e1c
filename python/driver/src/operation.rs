//! Operation dicts (python-api §7).

use crate::collection;
use crate::errors::Failure;
use crate::value::{integer, put_value, type_name};
use aerospike_client_core::request::put_op;
use aerospike_wire::{ParticleType, op};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

/// Codes of `op` that are not the protocol's own.
mod code {
    pub const READ: i64 = 1;
    pub const WRITE: i64 = 2;
    pub const INCR: i64 = 5;
    pub const APPEND: i64 = 9;
    pub const PREPEND: i64 = 10;
    pub const TOUCH: i64 = 11;
    pub const DELETE: i64 = 12;
    /// The number that the documentation gives for a delete.
    pub const DELETE_DOCUMENTED: i64 = 14;
}

/// What a list of operations does.
#[derive(Clone, Copy, Default, Debug)]
pub struct Effect {
    /// How many operations there are.
    pub count: usize,
    /// Any of them reads.
    pub reads: bool,
    /// Any of them writes.
    pub writes: bool,
    /// One of them reads all bins.
    pub read_all: bool,
}

/// Encodes a list of operation dicts.
///
/// # Errors
/// `TypeError` or `ValueError` for what is not an operation; those of values.
pub fn put_operations(ops: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<Effect> {
    let Ok(ops) = ops.cast::<PyList>() else {
        let name = type_name(&ops.get_type());
        return Err(PyTypeError::new_err(format!(
            "ops must be a list: '{name}' object is not an instance of 'list'"
        )));
    };
    let mut effect = Effect::default();
    for operation in ops {
        let Ok(operation) = operation.cast::<PyDict>() else {
            let name = type_name(&operation.get_type());
            let text = format!("an operation must be a dict: '{name}' object is not an instance of 'dict'");
            return Err(PyTypeError::new_err(text));
        };
        put_operation(operation, out, &mut effect)?;
    }
    Ok(effect)
}

fn put_operation(operation: &Bound<'_, PyDict>, out: &mut Vec<u8>, effect: &mut Effect) -> PyResult<()> {
    let py = operation.py();
    let Some(code) = operation.get_item(intern!(py, "op"))? else {
        return Err(PyValueError::new_err("Operation must have 'op' key"));
    };
    let code: i64 = code.extract()?;
    let bin: Option<Bound<'_, PyString>> = match operation.get_item(intern!(py, "bin"))? {
        Some(bin) if !bin.is_none() => Some(bin.cast_into()?),
        _ => None,
    };
    let name = bin.as_ref().map(|bin| bin.to_str()).transpose()?;
    let needed =
        |what: &str| name.ok_or_else(|| PyValueError::new_err(format!("{what} operation requires 'bin'")));
    let value = operation.get_item(intern!(py, "val"))?.filter(|value| !value.is_none());
    if collection::LISTS.contains(&code)
        || collection::MAPS.contains(&code)
        || collection::SKETCHES.contains(&code)
        || collection::is_bits(code)
    {
        return collection::put_operation(code, name, operation, out, effect);
    }
    let (wire_code, name) = match code {
        code::READ => (op::READ, name.unwrap_or_default()),
        code::WRITE => (op::WRITE, needed("Write")?),
        code::INCR => (op::INCR, needed("Increment")?),
        code::APPEND => (op::APPEND, needed("Append")?),
        code::PREPEND => (op::PREPEND, needed("Prepend")?),
        code::TOUCH => (op::TOUCH, ""),
        code::DELETE | code::DELETE_DOCUMENTED => (op::DELETE_ALL, ""),
        other => return Err(PyValueError::new_err(format!("Unsupported operation code: {other}"))),
    };
    effect.count += 1;
    if wire_code == op::READ {
        effect.reads = true;
        effect.read_all |= bin.is_none();
    } else {
        effect.writes = true;
    }
    put_op(out, wire_code, name.as_bytes(), |out| -> Result<ParticleType, Failure> {
        Ok(match (wire_code, &value) {
            (op::WRITE, Some(value)) => put_value(out, value)?,
            (op::INCR, Some(value)) => put_number(out, value)?,
            (op::INCR, None) => {
                out.extend_from_slice(&1i64.to_be_bytes());
                ParticleType::INTEGER
            }
            (op::APPEND | op::PREPEND, Some(value)) => put_value(out, value)?,
            (op::APPEND | op::PREPEND, None) => ParticleType::STRING,
            _ => ParticleType::NULL,
        })
    })?;
    Ok(())
}

/// Appends the operand of an increment.
///
/// # Errors
/// `TypeError` for anything but an int or a float, `OverflowError`.
pub fn put_number(out: &mut Vec<u8>, value: &Bound<'_, PyAny>) -> PyResult<ParticleType> {
    if let Ok(number) = value.cast::<PyFloat>() {
        out.extend_from_slice(&number.value().to_be_bytes());
        return Ok(ParticleType::FLOAT);
    }
    if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
        out.extend_from_slice(&integer(value)?.to_be_bytes());
        return Ok(ParticleType::INTEGER);
    }
    let name = type_name(&value.get_type());
    Err(PyTypeError::new_err(format!("An increment must be an int or a float, not {name}")))
}
