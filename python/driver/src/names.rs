//! Names that come back again and again: bin names, keys of maps, classes of results.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple, PyType};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Longest name that is remembered: that of a bin.
const LONGEST: usize = 15;
/// Names remembered per thread.
const MOST: usize = 4096;

/// A name of at most 15 bytes with its length in the last one.
type Packed = u128;

#[derive(Default)]
struct PackedHasher(u64);

impl Hasher for PackedHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u128(&mut self, value: u128) {
        self.mix(value as u64);
        self.mix((value >> 64) as u64);
    }
}

impl PackedHasher {
    /// Good enough for names that the user chose: the map is bounded, and a bad spread costs time only.
    fn mix(&mut self, word: u64) {
        let product = (self.0 ^ word) as u128 * 0x9E37_79B9_7F4A_7C15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

type Names = HashMap<Packed, Py<PyString>, BuildHasherDefault<PackedHasher>>;

thread_local! {
    static NAMES: RefCell<Names> = RefCell::default();
}

/// A bin name as a Python string, the same object each time.
pub fn bin<'py>(py: Python<'py>, name: &[u8]) -> Bound<'py, PyAny> {
    short(py, name).unwrap_or_else(|| PyString::new(py, &String::from_utf8_lossy(name)).into_any())
}

/// A remembered string; `None` for one that is too long or not UTF-8.
pub fn short<'py>(py: Python<'py>, name: &[u8]) -> Option<Bound<'py, PyAny>> {
    if name.len() > LONGEST {
        return None;
    }
    let mut bytes = [0; 16];
    bytes[..name.len()].copy_from_slice(name);
    bytes[15] = name.len() as u8;
    let packed = Packed::from_le_bytes(bytes);
    let known = NAMES.with_borrow(|names| names.get(&packed).map(|name| name.clone_ref(py)));
    if let Some(known) = known {
        return Some(known.into_bound(py).into_any());
    }
    // Made while nothing is borrowed: making an object may run anything.
    let made = PyString::intern(py, std::str::from_utf8(name).ok()?);
    let kept = made.clone().unbind();
    let full = NAMES.with_borrow_mut(|names| {
        let full = if names.len() >= MOST { std::mem::take(names) } else { Names::default() };
        names.insert(packed, kept);
        full
    });
    drop(full);
    Some(made.into_any())
}

/// Classes of results, and how to make a named tuple without running Python code.
pub struct Classes {
    new: Py<PyAny>,
    /// `AerospikeKey(namespace, set_name, user_key, digest)`.
    pub key: Py<PyType>,
    /// `RecordMetadata(gen, ttl)`.
    pub meta: Py<PyType>,
    /// `Record(key, meta, bins)`.
    pub record: Py<PyType>,
    /// `ExistsResult(key, meta)`.
    pub exists: Py<PyType>,
    /// `BinTuple(name, value)`.
    pub bin: Py<PyType>,
    /// `OperateOrderedResult(key, meta, ordered_bins)`.
    pub ordered: Py<PyType>,
    /// `BatchRecord(key, result, record, in_doubt)`.
    pub batch_record: Py<PyType>,
    /// `GeoJSON(text)`.
    pub geo: Py<PyType>,
    /// `BatchRecords(source)`.
    pub batch_records: Py<PyType>,
    /// `BatchWriteResult(records)`.
    pub batch_write: Py<PyType>,
}

impl Classes {
    /// The classes; they live as long as the interpreter.
    pub fn get(py: Python<'_>) -> PyResult<&'static Classes> {
        static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();
        CLASSES.get_or_try_init(py, || {
            let module = py.import("aerospike_py.types")?;
            let class = |name: &str| Ok::<_, PyErr>(module.getattr(name)?.cast_into::<PyType>()?.unbind());
            Ok(Classes {
                new: py.get_type::<PyTuple>().getattr("__new__")?.unbind(),
                key: class("AerospikeKey")?,
                meta: class("RecordMetadata")?,
                record: class("Record")?,
                exists: class("ExistsResult")?,
                bin: class("BinTuple")?,
                ordered: class("OperateOrderedResult")?,
                batch_record: class("BatchRecord")?,
                geo: class("GeoJSON")?,
                batch_records: class("BatchRecords")?,
                batch_write: class("BatchWriteResult")?,
            })
        })
    }

    /// A named tuple of one of the classes.
    pub fn make<'py>(
        &self,
        py: Python<'py>,
        class: &Py<PyType>,
        items: impl IntoPyObject<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.new.bind(py).call1((class.bind(py), items))
    }
}
