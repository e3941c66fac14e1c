//! Expression dicts to the packed form that travels (python-api §14, expressions §2, §4).
//!
//! What builders made is checked here, before anything is sent; what only the server can see, types above all, is
//! left to it.

use crate::errors;
use crate::value::{put_packed, put_sorted_map, type_name};
use aerospike_wire::exp::{kind, op};
use aerospike_wire::{ParticleType, msgpack};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString};

/// How deep expressions may nest; a bound for the stack.
const MAX_DEPTH: usize = 256;

/// Whether an object names an expression; anything else as a filter is ignored, as documented.
pub fn is_expression(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    match value.cast::<PyDict>() {
        Ok(dict) => dict.contains(intern!(value.py(), "__expr__")),
        Err(_) => Ok(false),
    }
}

/// Packs an expression.
///
/// # Errors
/// `TypeError`, `ValueError`, `OverflowError` or `InvalidArgError`, as python-api §14 tables them.
pub fn pack(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let mut out = Vec::new();
    put(value, &mut out, 0)?;
    Ok(out)
}

/// One node of an expression.
struct Node<'a, 'py> {
    dict: &'a Bound<'py, PyDict>,
    depth: usize,
}

impl<'py> Node<'_, 'py> {
    fn field(&self, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let value = self.dict.get_item(PyString::intern(self.dict.py(), name))?;
        value.ok_or_else(|| PyValueError::new_err(format!("Expression missing required field: '{name}'")))
    }

    fn text(&self, name: &str) -> PyResult<String> {
        self.field(name)?.extract()
    }

    fn expression(&self, name: &str, out: &mut Vec<u8>) -> PyResult<()> {
        put(&self.field(name)?, out, self.depth + 1)
    }

    fn operands(&self) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let operands = self.field("exprs")?;
        match operands.cast::<PyList>() {
            Ok(list) => Ok(list.iter().collect()),
            Err(_) => operands.extract(),
        }
    }
}

fn head(out: &mut Vec<u8>, count: usize, id: i64) {
    msgpack::put_list_head(out, count as u32);
    msgpack::put_int(out, id);
}

fn put(value: &Bound<'_, PyAny>, out: &mut Vec<u8>, depth: usize) -> PyResult<()> {
    let Ok(dict) = value.cast::<PyDict>() else {
        let name = type_name(&value.get_type());
        return Err(PyTypeError::new_err(format!(
            "Expression must be a dict: '{name}' object is not an instance of 'dict'"
        )));
    };
    if depth > MAX_DEPTH {
        return Err(PyValueError::new_err(format!(
            "Expression nesting exceeds maximum depth of {MAX_DEPTH}"
        )));
    }
    let Some(name) = dict.get_item(intern!(dict.py(), "__expr__"))? else {
        return Err(PyValueError::new_err("Expression dict must have '__expr__' key"));
    };
    let name: String = name.extract()?;
    let node = Node { dict, depth };
    if name.ends_with("_val") || matches!(name.as_str(), "nil" | "infinity" | "wildcard") {
        return put_constant(&name, &node, out);
    }
    if let Some(kind) = bin_kind(&name) {
        head(out, 3, op::BIN);
        msgpack::put_int(out, kind);
        return put_bin_name(&node, out);
    }
    if let Some(id) = bare(&name) {
        head(out, 1, id);
        return Ok(());
    }
    if let Some((id, arity)) = variadic(&name) {
        return put_operands(&name, id, arity, &node, out);
    }
    match name.as_str() {
        "bin_exists" => {
            head(out, 3, op::NE);
            head(out, 2, op::BIN_TYPE);
            put_bin_name(&node, out)?;
            msgpack::put_int(out, ParticleType::NULL.0 as i64);
        }
        "bin_type" => {
            head(out, 2, op::BIN_TYPE);
            put_bin_name(&node, out)?;
        }
        "key" => {
            let kind: i64 = node.field("exp_type")?.extract()?;
            if !(kind::NIL..kind::END).contains(&kind) {
                return Err(PyValueError::new_err(format!("Invalid ExpType value: {kind}. Expected 0-9.")));
            }
            head(out, 2, op::KEY);
            msgpack::put_int(out, kind);
        }
        "digest_modulo" => {
            head(out, 2, op::DIGEST_MODULO);
            msgpack::put_int(out, node.field("modulo")?.extract()?);
        }
        "eq" | "ne" | "gt" | "ge" | "lt" | "le" | "geo_compare" => {
            head(out, 3, comparison(&name));
            node.expression("left", out)?;
            node.expression("right", out)?;
        }
        "not" => {
            head(out, 2, op::NOT);
            node.expression("expr", out)?;
        }
        "regex_compare" => {
            head(out, 4, op::REGEX);
            let flags = node.field("flags")?.extract()?;
            msgpack::put_int(out, flags);
            msgpack::put_raw(out, node.text("regex")?.as_bytes());
            node.expression("bin", out)?;
        }
        "var" => {
            head(out, 2, op::VAR);
            msgpack::put_raw(out, node.text("name")?.as_bytes());
        }
        "let" => put_let(&node, out)?,
        "def" => return Err(PyValueError::new_err("Expression 'def' is only possible inside of 'let'")),
        other => {
            return Err(PyValueError::new_err(format!(
                "Unknown expression type: '{other}'. Unknown expression op: '{other}'"
            )));
        }
    }
    Ok(())
}

/// Expressions without operands.
fn bare(name: &str) -> Option<i64> {
    Some(match name {
        "key_exists" => op::KEY_EXISTS,
        "set_name" => op::SET_NAME,
        "record_size" => op::RECORD_SIZE,
        "last_update" => op::LAST_UPDATE,
        "since_update" => op::SINCE_UPDATE,
        "void_time" => op::VOID_TIME,
        "ttl" => op::TTL,
        "is_tombstone" => op::IS_TOMBSTONE,
        "unknown" => op::UNKNOWN,
        _ => return None,
    })
}

/// Expressions over a list of operands, with their exact number where it is fixed.
fn variadic(name: &str) -> Option<(i64, Option<usize>)> {
    Some(match name {
        "and" => (op::AND, None),
        "or" => (op::OR, None),
        "xor" => (op::EXCLUSIVE, None),
        "num_add" => (op::ADD, None),
        "num_sub" => (op::SUB, None),
        "num_mul" => (op::MUL, None),
        "num_div" => (op::DIV, None),
        "num_mod" => (op::MOD, Some(2)),
        "num_pow" => (op::POW, Some(2)),
        "num_log" => (op::LOG, Some(2)),
        "num_abs" => (op::ABS, Some(1)),
        "num_floor" => (op::FLOOR, Some(1)),
        "num_ceil" => (op::CEIL, Some(1)),
        "to_int" => (op::TO_INT, Some(1)),
        "to_float" => (op::TO_FLOAT, Some(1)),
        "min" => (op::MIN, None),
        "max" => (op::MAX, None),
        "int_and" => (op::INT_AND, None),
        "int_or" => (op::INT_OR, None),
        "int_xor" => (op::INT_XOR, None),
        "int_not" => (op::INT_NOT, Some(1)),
        "int_count" => (op::INT_COUNT, Some(1)),
        "int_lshift" => (op::INT_LSHIFT, Some(2)),
        "int_rshift" => (op::INT_RSHIFT, Some(2)),
        "int_arshift" => (op::INT_ARSHIFT, Some(2)),
        "int_lscan" => (op::INT_LSCAN, Some(2)),
        "int_rscan" => (op::INT_RSCAN, Some(2)),
        "cond" => (op::COND, None),
        _ => return None,
    })
}

fn comparison(name: &str) -> i64 {
    match name {
        "eq" => op::EQ,
        "ne" => op::NE,
        "gt" => op::GT,
        "ge" => op::GE,
        "lt" => op::LT,
        "le" => op::LE,
        _ => op::GEO,
    }
}

fn bin_kind(name: &str) -> Option<i64> {
    Some(match name {
        "int_bin" => kind::INT,
        "float_bin" => kind::FLOAT,
        "string_bin" => kind::STRING,
        "bool_bin" => kind::BOOL,
        "blob_bin" => kind::BLOB,
        "list_bin" => kind::LIST,
        "map_bin" => kind::MAP,
        "geo_bin" => kind::GEOJSON,
        "hll_bin" => kind::HLL,
        _ => return None,
    })
}

fn put_bin_name(node: &Node<'_, '_>, out: &mut Vec<u8>) -> PyResult<()> {
    let name = node.text("name")?;
    if name.is_empty() {
        return Err(errors::invalid_argument("an expression's bin name must not be empty"));
    }
    msgpack::put_raw(out, name.as_bytes());
    Ok(())
}

fn put_operands(
    name: &str,
    id: i64,
    arity: Option<usize>,
    node: &Node<'_, '_>,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    let operands = node.operands()?;
    if operands.is_empty() {
        return Err(errors::invalid_argument(&format!("{name} requires at least one operand")));
    }
    if let Some(arity) = arity.filter(|arity| *arity != operands.len()) {
        let text = format!("{name} requires exactly {arity} operands, got {}", operands.len());
        return Err(errors::invalid_argument(&text));
    }
    // Of one operand these are that operand; the server wants two.
    if let ([only], "and" | "or" | "xor") = (&operands[..], name) {
        return put(only, out, node.depth + 1);
    }
    head(out, operands.len() + 1, id);
    for operand in &operands {
        put(operand, out, node.depth + 1)?;
    }
    Ok(())
}

/// `[LET, name, value, …, body]`.
fn put_let(node: &Node<'_, '_>, out: &mut Vec<u8>) -> PyResult<()> {
    let operands = node.operands()?;
    let Some((body, definitions)) = operands.split_last() else {
        return Err(errors::invalid_argument("let requires at least one operand"));
    };
    head(out, definitions.len() * 2 + 2, op::LET);
    for definition in definitions {
        let wrong = || PyValueError::new_err("let takes definitions (def_) and an expression behind them");
        let dict = definition.cast::<PyDict>().map_err(|_| wrong())?;
        let name = dict.get_item(intern!(dict.py(), "__expr__"))?;
        if !name.is_some_and(|name| name.eq("def").unwrap_or(false)) {
            return Err(wrong());
        }
        let definition = Node { dict, depth: node.depth };
        msgpack::put_raw(out, definition.text("name")?.as_bytes());
        definition.expression("value", out)?;
    }
    put(body, out, node.depth + 1)
}

fn put_constant(name: &str, node: &Node<'_, '_>, out: &mut Vec<u8>) -> PyResult<()> {
    match name {
        "nil" => msgpack::put_nil(out),
        "infinity" => msgpack::put_ext(out, 0xff, &[1]),
        "wildcard" => msgpack::put_ext(out, 0xff, &[0]),
        _ => return put_value(name, node, out),
    }
    Ok(())
}

fn put_value(name: &str, node: &Node<'_, '_>, out: &mut Vec<u8>) -> PyResult<()> {
    let value = node.field("val")?;
    let wrong = |wanted: &str| {
        let found = type_name(&value.get_type());
        PyTypeError::new_err(format!("{name} takes {wanted}: '{found}' object cannot be interpreted as one"))
    };
    match name {
        "int_val" if value.is_instance_of::<PyInt>() => put_packed_int(&value, out)?,
        "int_val" => return Err(wrong("an int")),
        "float_val" => {
            let number = value.is_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>();
            if !number {
                return Err(wrong("a float"));
            }
            msgpack::put_float64(out, value.extract()?);
        }
        "string_val" => {
            let text = value.cast::<PyString>().map_err(|_| wrong("a str"))?;
            msgpack::put_typed_raw(out, ParticleType::STRING.0, text.to_str()?.as_bytes());
        }
        "bool_val" => {
            let truth = value.cast::<PyBool>().map_err(|_| wrong("a bool"))?;
            msgpack::put_bool(out, truth.is_true());
        }
        "blob_val" => {
            let bytes = match (value.cast::<PyBytes>(), value.cast::<PyByteArray>()) {
                (Ok(bytes), _) => bytes.as_bytes().to_vec(),
                (_, Ok(bytes)) => bytes.to_vec(),
                _ => value.extract().map_err(|_| wrong("bytes"))?,
            };
            msgpack::put_typed_raw(out, ParticleType::BLOB.0, &bytes);
        }
        "geo_val" => {
            let text = value.cast::<PyString>().map_err(|_| wrong("a str"))?;
            msgpack::put_typed_raw(out, ParticleType::GEOJSON.0, text.to_str()?.as_bytes());
        }
        "list_val" => {
            if !value.is_instance_of::<PyList>() {
                return Err(wrong("a list"));
            }
            // An array without the quote would be an operation.
            head(out, 2, op::QUOTE);
            put_packed(out, &value, 0)?;
        }
        "map_val" => {
            let map = value.cast::<PyDict>().map_err(|_| wrong("a dict"))?;
            put_sorted_map(out, map, 1)?;
        }
        other => {
            return Err(PyValueError::new_err(format!(
                "Unknown expression type: '{other}'. Unknown expression op: '{other}'"
            )));
        }
    }
    Ok(())
}

fn put_packed_int(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    msgpack::put_int(out, crate::value::integer(value)?);
    Ok(())
}
