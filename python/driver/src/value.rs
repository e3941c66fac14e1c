//! Python values to bytes and back, without a value in between (python-api §4, wire §8, §9).

use crate::names::{self, Classes};
use aerospike_wire::cdt::order;
use aerospike_wire::msgpack::{self, Malformed, Reader, Token};
use aerospike_wire::particle::geojson_text;
use aerospike_wire::{Particle, ParticleType};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyType};
use std::cell::RefCell;
use std::cmp::Ordering;

/// How deep lists and dicts may nest in a value that is written.
const MAX_WRITE_DEPTH: usize = 64;
/// How deep they may nest in a value that is read; a bound for the stack.
const MAX_READ_DEPTH: usize = aerospike_wire::value::MAX_DEPTH;

/// What a Python object is to the protocol; subclasses count as their base.
enum Kind<'a, 'py> {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'a Bound<'py, PyString>),
    /// A subclass of str that says so.
    Geo(&'a Bound<'py, PyString>),
    Bytes(&'a Bound<'py, PyBytes>),
    ByteArray(&'a Bound<'py, PyByteArray>),
    List(&'a Bound<'py, PyList>),
    Dict(&'a Bound<'py, PyDict>),
}

impl<'a, 'py> Kind<'a, 'py> {
    fn of(value: &'a Bound<'py, PyAny>) -> PyResult<Kind<'a, 'py>> {
        // Exact types first, in the order of their frequency; then subclasses.
        if let Ok(text) = value.cast_exact::<PyString>() {
            return Ok(Kind::Str(text));
        }
        if value.is_exact_instance_of::<PyInt>() {
            return integer(value).map(Kind::Int);
        }
        if let Ok(number) = value.cast_exact::<PyFloat>() {
            return Ok(Kind::Float(number.value()));
        }
        if value.is_none() {
            return Ok(Kind::None);
        }
        if let Ok(truth) = value.cast_exact::<PyBool>() {
            return Ok(Kind::Bool(truth.is_true()));
        }
        if let Ok(list) = value.cast::<PyList>() {
            return Ok(Kind::List(list));
        }
        if let Ok(dict) = value.cast::<PyDict>() {
            return Ok(Kind::Dict(dict));
        }
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return Ok(Kind::Bytes(bytes));
        }
        if let Ok(bytes) = value.cast::<PyByteArray>() {
            return Ok(Kind::ByteArray(bytes));
        }
        if let Ok(text) = value.cast::<PyString>() {
            let geo = value.is_instance(Classes::get(value.py())?.geo.bind(value.py()))?;
            return Ok(if geo { Kind::Geo(text) } else { Kind::Str(text) });
        }
        if value.is_instance_of::<PyInt>() {
            return integer(value).map(Kind::Int);
        }
        if let Ok(number) = value.cast::<PyFloat>() {
            return Ok(Kind::Float(number.value()));
        }
        let text = format!("Unsupported type for Aerospike value: {}", type_name(&value.get_type()));
        Err(PyTypeError::new_err(text))
    }
}

/// A type's name, for messages.
pub fn type_name(class: &Bound<'_, PyType>) -> String {
    class.name().map_or_else(|_| "?".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A 64-bit integer; one of 2^63 to 2^64-1 wraps.
///
/// # Errors
/// `OverflowError` beyond 64 bits.
pub fn integer(value: &Bound<'_, PyAny>) -> PyResult<i64> {
    match value.extract::<i64>() {
        Ok(number) => Ok(number),
        // Beyond 63 bits: either it fits in 64, or the first error tells the truth.
        Err(error) => value.extract::<u64>().map(|number| number as i64).map_err(|_| error),
    }
}

/// Appends a value in the form in which ops carry it; its type.
///
/// # Errors
/// `TypeError` for what has no form, `OverflowError`, `UnicodeEncodeError`, `ValueError` for nesting too deep.
pub fn put_value(out: &mut Vec<u8>, value: &Bound<'_, PyAny>) -> PyResult<ParticleType> {
    Ok(match Kind::of(value)? {
        Kind::None => ParticleType::NULL,
        Kind::Bool(truth) => {
            out.push(truth as u8);
            ParticleType::BOOL
        }
        Kind::Int(number) => {
            out.extend_from_slice(&number.to_be_bytes());
            ParticleType::INTEGER
        }
        Kind::Float(number) => {
            out.extend_from_slice(&number.to_be_bytes());
            ParticleType::FLOAT
        }
        Kind::Str(text) => {
            out.extend_from_slice(text.to_str()?.as_bytes());
            ParticleType::STRING
        }
        Kind::Geo(text) => {
            // No flags, no cells: the server finds its own (query §9.1).
            out.extend_from_slice(&[0, 0, 0]);
            out.extend_from_slice(text.to_str()?.as_bytes());
            ParticleType::GEOJSON
        }
        Kind::Bytes(bytes) => {
            out.extend_from_slice(bytes.as_bytes());
            ParticleType::BLOB
        }
        Kind::ByteArray(bytes) => {
            out.extend_from_slice(&bytes.to_vec());
            ParticleType::BLOB
        }
        Kind::List(list) => {
            put_list(out, list, 1)?;
            ParticleType::LIST
        }
        Kind::Dict(dict) => {
            put_dict(out, dict, 1)?;
            ParticleType::MAP
        }
    })
}

/// Appends a value as msgpack, inside `depth` containers.
///
/// # Errors
/// As [`put_value`].
pub fn put_packed(out: &mut Vec<u8>, value: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    match Kind::of(value)? {
        Kind::None => msgpack::put_nil(out),
        Kind::Bool(truth) => msgpack::put_bool(out, truth),
        Kind::Int(number) => msgpack::put_int(out, number),
        Kind::Float(number) => msgpack::put_float64(out, number),
        Kind::Str(text) => msgpack::put_typed_raw(out, ParticleType::STRING.0, text.to_str()?.as_bytes()),
        Kind::Geo(text) => msgpack::put_typed_raw(out, ParticleType::GEOJSON.0, text.to_str()?.as_bytes()),
        Kind::Bytes(bytes) => msgpack::put_typed_raw(out, ParticleType::BLOB.0, bytes.as_bytes()),
        Kind::ByteArray(bytes) => msgpack::put_typed_raw(out, ParticleType::BLOB.0, &bytes.to_vec()),
        Kind::List(list) => put_list(out, list, depth + 1)?,
        Kind::Dict(dict) => put_dict(out, dict, depth + 1)?,
    }
    Ok(())
}

fn check_depth(depth: usize) -> PyResult<()> {
    if depth > MAX_WRITE_DEPTH {
        let text = format!("Value nesting exceeds maximum depth of {MAX_WRITE_DEPTH}");
        return Err(PyValueError::new_err(text));
    }
    Ok(())
}

fn put_list(out: &mut Vec<u8>, list: &Bound<'_, PyList>, depth: usize) -> PyResult<()> {
    check_depth(depth)?;
    let count = list.len();
    msgpack::put_list_head(out, count as u32);
    let mut written = 0;
    for item in list {
        put_packed(out, &item, depth)?;
        written += 1;
    }
    if written != count {
        // Another thread changed it; the head no longer tells the truth.
        return Err(PyValueError::new_err("list changed size while it was read"));
    }
    Ok(())
}

fn put_dict(out: &mut Vec<u8>, dict: &Bound<'_, PyDict>, depth: usize) -> PyResult<()> {
    check_depth(depth)?;
    msgpack::put_map_head(out, dict.len() as u32);
    // The dict hands its items to a shared closure; the borrow ends before the next one.
    let out = RefCell::new(out);
    dict.locked_for_each(|key, value| {
        let mut out = out.borrow_mut();
        put_map_key(&mut out, &key)?;
        put_packed(&mut out, &value, depth)
    })
}

/// Appends a dict, which is inside `depth - 1` others, as a map in the order of its keys, which is the only kind that expressions compare
/// (expressions §7).
///
/// # Errors
/// As [`put_value`].
pub fn put_sorted_map(out: &mut Vec<u8>, dict: &Bound<'_, PyDict>, depth: usize) -> PyResult<()> {
    check_depth(depth)?;
    let mut entries: Vec<(Vec<u8>, Vec<u8>)> = Vec::with_capacity(dict.len());
    for (key, value) in dict {
        let (mut name, mut packed) = (Vec::new(), Vec::new());
        put_map_key(&mut name, &key)?;
        match value.cast::<PyDict>() {
            Ok(inner) => put_sorted_map(&mut packed, inner, depth + 1)?,
            Err(_) => put_packed(&mut packed, &value, depth)?,
        }
        entries.push((name, packed));
    }
    entries.sort_by(|(one, _), (other, _)| compare_keys(one, other));
    if entries.is_empty() {
        msgpack::put_map_head(out, 0);
        return Ok(());
    }
    msgpack::put_map_head(out, entries.len() as u32 + 1);
    msgpack::put_ext(out, order::KEY_ORDERED, &[]);
    msgpack::put_nil(out);
    for (key, value) in entries {
        out.extend_from_slice(&key);
        out.extend_from_slice(&value);
    }
    Ok(())
}

/// The order of packed map keys: integers, strings, bytes (cdt §4).
fn compare_keys(one: &[u8], other: &[u8]) -> Ordering {
    let read = |key: &[u8]| match Reader::new(key).token() {
        Ok(Token::Int(number)) => (0, number, Vec::new()),
        Ok(Token::Uint(number)) => (0, number as i64, Vec::new()),
        Ok(Token::Raw(bytes)) => (1, 0, bytes.to_vec()),
        _ => (2, 0, key.to_vec()),
    };
    read(one).cmp(&read(other))
}

/// Map keys are integers, strings or bytes (wire §9).
fn put_map_key(out: &mut Vec<u8>, key: &Bound<'_, PyAny>) -> PyResult<()> {
    match Kind::of(key)? {
        Kind::Int(number) => msgpack::put_int(out, number),
        Kind::Str(text) => msgpack::put_typed_raw(out, ParticleType::STRING.0, text.to_str()?.as_bytes()),
        Kind::Bytes(bytes) => msgpack::put_typed_raw(out, ParticleType::BLOB.0, bytes.as_bytes()),
        _ => {
            let name = type_name(&key.get_type());
            return Err(PyTypeError::new_err(format!("Map keys must be int, str or bytes, not {name}")));
        }
    }
    Ok(())
}

/// A value that a server sent.
///
/// # Errors
/// `ClientError` for bytes that do not fit their type.
pub fn to_object<'py>(py: Python<'py>, value: Particle<'_>) -> PyResult<Bound<'py, PyAny>> {
    let data = value.data;
    Ok(match value.kind {
        ParticleType::STRING => text(py, data),
        ParticleType::INTEGER => match data.try_into() {
            Ok(bytes) => i64::from_be_bytes(bytes).into_pyobject(py)?.into_any(),
            Err(_) => return Err(malformed()),
        },
        ParticleType::FLOAT => match data.try_into() {
            Ok(bytes) => PyFloat::new(py, f64::from_be_bytes(bytes)).into_any(),
            Err(_) => return Err(malformed()),
        },
        ParticleType::LIST | ParticleType::MAP => unpack(py, data)?,
        ParticleType::BOOL => {
            PyBool::new(py, data.first().is_some_and(|byte| *byte != 0)).to_owned().into_any()
        }
        ParticleType::NULL => py.None().into_bound(py),
        ParticleType::GEOJSON => text(py, geojson_text(data).map_err(|_| malformed())?),
        _ => PyBytes::new(py, data).into_any(),
    })
}

/// A whole msgpack element that a server sent.
///
/// # Errors
/// `ClientError` for malformed bytes.
pub fn unpack<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let mut reader = Reader::new(bytes);
    let value = read(py, &mut reader, MAX_READ_DEPTH)?;
    if reader.is_empty() { Ok(value) } else { Err(malformed()) }
}

/// Text; bytes that are not UTF-8 stay bytes.
fn text<'py>(py: Python<'py>, data: &[u8]) -> Bound<'py, PyAny> {
    match std::str::from_utf8(data) {
        Ok(text) => PyString::new(py, text).into_any(),
        Err(_) => PyBytes::new(py, data).into_any(),
    }
}

fn malformed() -> PyErr {
    crate::errors::client("Malformed reply: a value does not fit its type")
}

fn bad<T>(result: Result<T, Malformed>) -> PyResult<T> {
    result.map_err(|_| malformed())
}

fn read<'py>(py: Python<'py>, reader: &mut Reader<'_>, depth: usize) -> PyResult<Bound<'py, PyAny>> {
    Ok(match bad(reader.token())? {
        Token::Nil => py.None().into_bound(py),
        Token::Bool(truth) => PyBool::new(py, truth).to_owned().into_any(),
        Token::Int(number) => number.into_pyobject(py)?.into_any(),
        Token::Uint(number) => number.into_pyobject(py)?.into_any(),
        Token::Float32(number) => PyFloat::new(py, number as f64).into_any(),
        Token::Float64(number) => PyFloat::new(py, number).into_any(),
        Token::Raw([kind, data @ ..]) if [ParticleType::STRING.0, ParticleType::GEOJSON.0].contains(kind) => {
            text(py, data)
        }
        Token::Raw([_, data @ ..]) => PyBytes::new(py, data).into_any(),
        Token::Raw([]) => PyBytes::new(py, &[]).into_any(),
        Token::List(count) => {
            let depth = depth.checked_sub(1).ok_or_else(malformed)?;
            let marked = matches!(reader.peek(), Ok(Token::Ext(_, &[]))) && count > 0;
            let list = PyList::empty(py);
            for at in 0..count {
                if at == 0 && marked {
                    bad(reader.token())?;
                } else {
                    list.append(read(py, reader, depth)?)?;
                }
            }
            list.into_any()
        }
        Token::Map(count) => {
            let depth = depth.checked_sub(1).ok_or_else(malformed)?;
            let marker = match reader.peek() {
                Ok(Token::Ext(flags, &[])) if count > 0 => Some(flags),
                _ => None,
            };
            let marked = marker.is_some();
            if marked {
                bad(reader.skip(2))?;
            }
            if marker.is_some_and(|flags| flags & order::PRESERVE_ORDER != 0) {
                // Selected entries, in the order of the selection (cdt §6.2).
                let list = PyList::empty(py);
                for _ in 1..count {
                    let key = read(py, reader, depth)?;
                    list.append((key, read(py, reader, depth)?))?;
                }
                return Ok(list.into_any());
            }
            let dict = PyDict::new(py);
            for _ in marked as u32..count {
                let key = match reader.peek() {
                    // Keys of maps repeat over records as bin names do.
                    Ok(Token::Raw([kind, name @ ..])) if *kind == ParticleType::STRING.0 => {
                        bad(reader.token())?;
                        names::short(py, name).unwrap_or_else(|| text(py, name))
                    }
                    _ => read(py, reader, depth)?,
                };
                dict.set_item(key, read(py, reader, depth)?)?;
            }
            dict.into_any()
        }
        // Wildcard and infinity have no counterpart in Python.
        Token::Ext(..) => py.None().into_bound(py),
    })
}
