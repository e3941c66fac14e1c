//! Key tuples (python-api §3).

use crate::names::Classes;
use crate::value::{integer, type_name};
use aerospike_client_core::key::{KeyRef, UserKeyRef};
use aerospike_wire::Digest;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyInt, PyList, PyString, PyTuple};

/// The user key of a tuple, in the form in which it is hashed.
enum Chosen<'py> {
    Int(i64),
    Str(Bound<'py, PyString>),
    /// Bytes that hash as a string does, as the field's Python clients do it.
    BytesAsStr(Bound<'py, PyBytes>),
    Bytes(Bound<'py, PyBytes>),
    ByteArray(Vec<u8>),
    Missing,
}

/// A key that a caller passed.
pub struct KeyArg<'py> {
    namespace: Bound<'py, PyString>,
    set: Bound<'py, PyString>,
    user_key: Bound<'py, PyAny>,
    chosen: Chosen<'py>,
    digest: Digest,
}

impl<'py> KeyArg<'py> {
    /// Takes a key tuple apart and hashes it.
    ///
    /// # Errors
    /// `TypeError`, `ValueError` or `OverflowError`, as python-api §3 tables them.
    pub fn parse(key: &Bound<'py, PyAny>, bytes_as_blob: bool) -> PyResult<KeyArg<'py>> {
        let Ok(key) = key.cast::<PyTuple>() else {
            let name = type_name(&key.get_type());
            return Err(PyTypeError::new_err(format!(
                "key must be a tuple (namespace, set, user_key): '{name}' object is not an instance of 'tuple'"
            )));
        };
        let length = key.len();
        if length < 3 {
            let text = "Key tuple must have at least 3 elements: (namespace, set, key)";
            return Err(PyValueError::new_err(text));
        }
        if length > 4 {
            let text =
                format!("Key tuple must have 3 or 4 elements (namespace, set, key[, digest]), got {length}");
            return Err(PyValueError::new_err(text));
        }
        let namespace = name(key.get_item(0)?, "namespace")?;
        let set = name(key.get_item(1)?, "set")?;
        let user_key = key.get_item(2)?;
        let given = if length == 4 { digest(&key.get_item(3)?)? } else { None };
        let chosen = Chosen::parse(&user_key, bytes_as_blob)?;
        let digest = match (given, chosen.as_ref()?) {
            (Some(digest), _) => digest,
            (None, Some(user_key)) => user_key.digest(set.to_str()?.as_bytes()),
            (None, None) => {
                return Err(PyValueError::new_err("Invalid key: neither a user key nor a digest is given"));
            }
        };
        Ok(KeyArg { namespace, set, user_key, chosen, digest })
    }

    /// The key as the core takes it.
    pub fn as_ref(&self) -> PyResult<KeyRef<'_>> {
        Ok(KeyRef {
            namespace: self.namespace.to_str()?,
            set: self.set.to_str()?,
            user_key: self.chosen.as_ref()?,
            digest: self.digest,
        })
    }

    /// The digest.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Namespace and set, as passed.
    pub fn place(&self) -> (&Bound<'py, PyString>, &Bound<'py, PyString>) {
        (&self.namespace, &self.set)
    }

    /// The key as results carry it.
    pub fn to_object(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        key_object(py, self.namespace.as_any(), self.set.as_any(), &self.user_key, &self.digest)
    }
}

/// A key as results carry it.
pub fn key_object<'py>(
    py: Python<'py>,
    namespace: &Bound<'py, PyAny>,
    set: &Bound<'py, PyAny>,
    user_key: &Bound<'py, PyAny>,
    digest: &Digest,
) -> PyResult<Bound<'py, PyAny>> {
    let classes = Classes::get(py)?;
    classes.make(py, &classes.key, (namespace, set, user_key, PyBytes::new(py, &digest.0)))
}

impl<'py> Chosen<'py> {
    fn parse(user_key: &Bound<'py, PyAny>, bytes_as_blob: bool) -> PyResult<Chosen<'py>> {
        if let Ok(text) = user_key.cast::<PyString>() {
            return Ok(Chosen::Str(text.clone()));
        }
        if user_key.is_instance_of::<PyInt>() && !user_key.is_instance_of::<PyBool>() {
            return integer(user_key).map(Chosen::Int);
        }
        if let Ok(bytes) = user_key.cast::<PyBytes>() {
            let bytes = bytes.clone();
            return Ok(if bytes_as_blob { Chosen::Bytes(bytes) } else { Chosen::BytesAsStr(bytes) });
        }
        if let Ok(bytes) = user_key.cast::<PyByteArray>() {
            return Ok(Chosen::ByteArray(bytes.to_vec()));
        }
        if user_key.is_none() {
            return Ok(Chosen::Missing);
        }
        let text =
            format!("Invalid key: {} is not supported as a key value", type_name(&user_key.get_type()));
        Err(PyValueError::new_err(text))
    }

    fn as_ref(&self) -> PyResult<Option<UserKeyRef<'_>>> {
        Ok(Some(match self {
            Chosen::Int(value) => UserKeyRef::Int(*value),
            Chosen::Str(text) => UserKeyRef::String(text.to_str()?.as_bytes()),
            Chosen::BytesAsStr(bytes) => UserKeyRef::String(bytes.as_bytes()),
            Chosen::Bytes(bytes) => UserKeyRef::Blob(bytes.as_bytes()),
            Chosen::ByteArray(bytes) => UserKeyRef::Blob(bytes),
            Chosen::Missing => return Ok(None),
        }))
    }
}

fn name<'py>(value: Bound<'py, PyAny>, what: &str) -> PyResult<Bound<'py, PyString>> {
    value.cast_into::<PyString>().map_err(|error| {
        let name = type_name(&error.into_inner().get_type());
        PyTypeError::new_err(format!("{what} of a key: '{name}' object is not an instance of 'str'"))
    })
}

/// The fourth element: None, or 20 bytes in one of three forms.
fn digest(value: &Bound<'_, PyAny>) -> PyResult<Option<Digest>> {
    if value.is_none() {
        return Ok(None);
    }
    let bytes: Vec<u8> = if let Ok(bytes) = value.cast::<PyBytes>() {
        bytes.as_bytes().to_vec()
    } else if let Ok(bytes) = value.cast::<PyByteArray>() {
        bytes.to_vec()
    } else if let Ok(list) = value.cast::<PyList>() {
        list.extract()?
    } else {
        let name = type_name(&value.get_type());
        return Err(PyTypeError::new_err(format!(
            "Key digest must be bytes, bytearray or a list of ints, not {name}"
        )));
    };
    match Digest::from_slice(&bytes) {
        Some(digest) => Ok(Some(digest)),
        None => {
            let text = format!("Key digest must be exactly 20 bytes, got {}", bytes.len());
            Err(PyValueError::new_err(text))
        }
    }
}
