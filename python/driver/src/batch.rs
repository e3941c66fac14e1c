//! Batches: lists of keys to rows, rows to results (python-api §10).

use crate::command::{checked_bin, pack_arguments};
use crate::errors::{self, Failure};
use crate::key::{KeyArg, key_object};
use crate::names::Classes;
use crate::operation::put_operations;
use crate::policy::{self, Options};
use crate::results;
use crate::value::{put_value, type_name};
use aerospike_client_core::batch::{Batch, Body, RowFailure, row_index};
use aerospike_client_core::policy::{BatchPolicy, WritePolicy};
use aerospike_client_core::reply::{Inbox, ttl_seconds};
use aerospike_client_core::request::put_op;
use aerospike_wire::bits::info1;
use aerospike_wire::{Digest, ParticleType, ResultCode, field, op};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySequence, PyString, PyTuple};

type Arg<'a, 'py> = &'a Bound<'py, PyAny>;
type Opt<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// Which object a batch's result is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchShape {
    /// `BatchRecords`.
    Read,
    /// `BatchWriteResult`.
    Write,
}

/// A batch whose rows are laid out.
pub struct BatchCommand<'py> {
    /// The rows.
    pub batch: Batch,
    /// Time, retries, flags.
    pub policy: BatchPolicy,
    keys: Vec<(Bound<'py, PyAny>, Digest)>,
    operated: bool,
    /// Its name in metrics.
    pub name: &'static str,
}

/// `batch_read`.
pub fn read<'py>(
    keys: Arg<'_, 'py>,
    bins: Opt<'_, 'py>,
    options: Opt<'_, 'py>,
    blob: bool,
) -> PyResult<BatchCommand<'py>> {
    let options = Options::parse(options)?;
    let (policy, _) = policy::batch(keys.py(), &options)?;
    let mut ops = Vec::new();
    let (mut bits, mut count) = (info1::GET_ALL, 0);
    if let Some(bins) = bins.filter(|bins| !bins.is_none()) {
        let named = bins.cast::<PySequence>().ok().filter(|_| !bins.is_instance_of::<PyString>());
        let Some(named) = named else {
            let name = type_name(&bins.get_type());
            return Err(PyTypeError::new_err(format!("bins must be a list of str or None, not {name}")));
        };
        count = named.len()?;
        // No bin at all asks whether the records exist.
        bits = if count == 0 { info1::GET_NO_BINS } else { 0 };
        for at in 0..count {
            let bin = named.get_item(at)?.cast_into::<PyString>()?;
            put_op(&mut ops, op::READ, bin.to_str()?.as_bytes(), |_| Ok::<_, Failure>(ParticleType::NULL))?;
        }
    }
    let body = Body::read(&policy.base, bits, 0, ops, count).map_err(errors::from_core)?;
    lay_out(keys, &options, policy, body, blob, false, "batch_read")
}

/// `batch_operate`.
pub fn operate<'py>(
    keys: Arg<'_, 'py>,
    ops: Arg<'_, 'py>,
    options: Opt<'_, 'py>,
    blob: bool,
) -> PyResult<BatchCommand<'py>> {
    let options = Options::parse(options)?;
    let (policy, write) = policy::batch(keys.py(), &options)?;
    let mut encoded = Vec::new();
    let effect = put_operations(ops, &mut encoded)?;
    let read_all = if effect.read_all { info1::GET_ALL } else { 0 };
    let body = if effect.writes {
        let reads = if effect.reads { info1::READ | read_all } else { 0 };
        Body::write(&write, reads, 0, encoded, effect.count)
    } else {
        // Without any operation there is nothing to do but to look whether the record is there.
        let bits = if effect.count == 0 { info1::GET_NO_BINS } else { read_all };
        Body::read(&policy.base, bits, 0, encoded, effect.count)
    };
    lay_out(keys, &options, policy, body.map_err(errors::from_core)?, blob, true, "batch_operate")
}

/// `batch_remove`: keys, or tuples of a key and its meta.
pub fn remove<'py>(keys: Arg<'_, 'py>, options: Opt<'_, 'py>, blob: bool) -> PyResult<BatchCommand<'py>> {
    let options = Options::parse(options)?;
    let (policy, write) = policy::batch(keys.py(), &options)?;
    let py = keys.py();
    let mut rows = Rows::new(py, keys, &options, blob)?;
    let common = rows.batch.body(Body::remove(&write));
    for item in list(keys, "keys")? {
        match with_meta(&item)? {
            Some((key, meta)) => {
                let write = policy::row(py, &options, &Options::parse(Some(&meta))?)?;
                let body = rows.batch.body(Body::remove(&write));
                rows.add(key, body)?;
            }
            None => rows.add(item, common)?,
        }
    }
    Ok(rows.finish(policy, true, "batch_remove"))
}

/// `batch_write`: tuples of a key, its bins and its meta.
pub fn write<'py>(records: Arg<'_, 'py>, options: Opt<'_, 'py>, blob: bool) -> PyResult<BatchCommand<'py>> {
    let py = records.py();
    let options = Options::parse(options)?;
    let (policy, common) = policy::batch(py, &options)?;
    let mut rows = Rows::new(py, records, &options, blob)?;
    for record in list(records, "records")? {
        let Ok(record) = record.cast_into::<PyTuple>() else {
            return Err(PyTypeError::new_err(
                "each record of batch_write must be a tuple (key, bins) or (key, bins, meta)",
            ));
        };
        if record.len() < 2 {
            let text = format!("a record of batch_write must have at least 2 elements, got {}", record.len());
            return Err(PyValueError::new_err(text));
        }
        let bins = record.get_item(1)?;
        let Ok(bins) = bins.cast::<PyDict>() else {
            let text = format!("bins of a record must be a dict, got {}", type_name(&bins.get_type()));
            return Err(PyTypeError::new_err(text));
        };
        let write = match record.get_item(2).ok().filter(|meta| !meta.is_none()) {
            Some(meta) => {
                if !meta.is_instance_of::<PyDict>() && !meta.hasattr("keys")? {
                    let name = type_name(&meta.get_type());
                    return Err(PyTypeError::new_err(format!("meta element must be a dict, got {name}")));
                }
                policy::row(py, &options, &Options::parse(Some(&meta))?)?
            }
            None => common,
        };
        let mut ops = Vec::new();
        for (name, value) in bins {
            let name = name.cast::<PyString>()?;
            let name = checked_bin(name.to_str()?)?;
            put_op(&mut ops, op::WRITE, name.as_bytes(), |out| put_value(out, &value).map_err(Failure))?;
        }
        let body = Body::write(&write, 0, 0, ops, bins.len()).map_err(errors::from_core)?;
        let body = rows.batch.body(body);
        rows.add(record.get_item(0)?, body)?;
    }
    Ok(rows.finish(policy, false, "batch_write"))
}

/// `batch_apply`: a function for each key; a key's meta may name another one.
pub fn apply<'py>(
    keys: Arg<'_, 'py>,
    function: (&str, &str),
    args: Opt<'_, 'py>,
    options: Opt<'_, 'py>,
    blob: bool,
) -> PyResult<BatchCommand<'py>> {
    let py = keys.py();
    let options = Options::parse(options)?;
    let (policy, write) = policy::batch(py, &options)?;
    let arguments = pack_arguments(args)?;
    let mut rows = Rows::new(py, keys, &options, blob)?;
    let body_of = |write: &WritePolicy, module: &str, name: &str, arguments: &[u8]| {
        let mut body = Body::write(write, 0, 0, Vec::new(), 0)?;
        body.field(field::UDF_MODULE, module.as_bytes());
        body.field(field::UDF_FUNCTION, name.as_bytes());
        body.field(field::UDF_ARGUMENTS, arguments);
        Ok(body)
    };
    let common = body_of(&write, function.0, function.1, &arguments).map_err(errors::from_core)?;
    let common = rows.batch.body(common);
    for item in list(keys, "keys")? {
        let Some((key, meta)) = with_meta(&item)? else {
            rows.add(item, common)?;
            continue;
        };
        let meta = Options::parse(Some(&meta))?;
        let text = |name: &str| -> PyResult<Option<String>> {
            meta.item(&PyString::new(py, name))?.map(|value| value.extract()).transpose()
        };
        let (module, name) = (text("module")?, text("function")?);
        let own = meta.item(&PyString::new(py, "args"))?;
        let own = own.map(|args| pack_arguments(Some(&args))).transpose()?;
        let write = policy::row(py, &options, &meta)?;
        let body = body_of(
            &write,
            module.as_deref().unwrap_or(function.0),
            name.as_deref().unwrap_or(function.1),
            own.as_deref().unwrap_or(&arguments),
        );
        let body = rows.batch.body(body.map_err(errors::from_core)?);
        rows.add(key, body)?;
    }
    Ok(rows.finish(policy, false, "batch_apply"))
}

/// A tuple of a key and its meta, if an item of a list of keys is one.
fn with_meta<'py>(item: &Bound<'py, PyAny>) -> PyResult<Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
    let Ok(item) = item.cast::<PyTuple>() else { return Ok(None) };
    if item.len() != 2 || !item.get_item(0)?.is_instance_of::<PyTuple>() {
        return Ok(None);
    }
    Ok(Some((item.get_item(0)?, item.get_item(1)?)))
}

fn list<'a, 'py>(items: &'a Bound<'py, PyAny>, what: &str) -> PyResult<&'a Bound<'py, PyList>> {
    items.cast::<PyList>().map_err(|_| {
        let name = type_name(&items.get_type());
        PyTypeError::new_err(format!("{what} must be a list: '{name}' object is not an instance of 'list'"))
    })
}

/// One row per key, all with the same body.
fn lay_out<'py>(
    keys: Arg<'_, 'py>,
    options: &Options<'py>,
    policy: BatchPolicy,
    body: Body,
    bytes_as_blob: bool,
    operated: bool,
    name: &'static str,
) -> PyResult<BatchCommand<'py>> {
    let mut rows = Rows::new(keys.py(), keys, options, bytes_as_blob)?;
    let body = rows.batch.body(body);
    for key in list(keys, "keys")? {
        rows.add(key, body)?;
    }
    Ok(rows.finish(policy, operated, name))
}

/// Rows as they are added.
struct Rows<'py> {
    batch: Batch,
    known: Vec<(Bound<'py, PyAny>, Digest)>,
    last: Option<(KeyArg<'py>, u32)>,
    bytes_as_blob: bool,
}

impl<'py> Rows<'py> {
    fn new(
        py: Python<'py>,
        items: &Bound<'py, PyAny>,
        options: &Options<'py>,
        bytes_as_blob: bool,
    ) -> PyResult<Rows<'py>> {
        let count = items.len().unwrap_or(0);
        let mut batch = Batch::with_capacity(count);
        batch.filter(policy::filter(py, options)?);
        Ok(Rows { batch, known: Vec::with_capacity(count), last: None, bytes_as_blob })
    }

    fn add(&mut self, key: Bound<'py, PyAny>, body: u32) -> PyResult<()> {
        let parsed = KeyArg::parse(&key, self.bytes_as_blob)?;
        let place = match &self.last {
            // Keys of one batch mostly share the very objects for namespace and set.
            Some((other, place)) if same_place(other, &parsed) => *place,
            _ => {
                let key = parsed.as_ref()?;
                self.batch.place(key.namespace, key.set)
            }
        };
        self.batch.row(parsed.digest(), parsed.as_ref()?.user_key, place, body);
        self.known.push((key, parsed.digest()));
        self.last = Some((parsed, place));
        Ok(())
    }

    fn finish(self, policy: BatchPolicy, operated: bool, name: &'static str) -> BatchCommand<'py> {
        BatchCommand { batch: self.batch, policy, keys: self.known, operated, name }
    }
}

fn same_place(one: &KeyArg<'_>, other: &KeyArg<'_>) -> bool {
    one.place().0.is(other.place().0) && one.place().1.is(other.place().1)
}

impl<'py> BatchCommand<'py> {
    /// Where results go, once there are some.
    pub fn outcome(self) -> Outcome {
        let failed = Row { result: ResultCode::NOT_FOUND.0 as i32, ..Row::default() };
        Outcome {
            rows: std::iter::repeat_with(|| failed.clone()).take(self.keys.len()).collect(),
            keys: self.keys.into_iter().map(|(key, digest)| (key.unbind(), digest)).collect(),
            operated: self.operated,
        }
    }
}

/// What became of one key.
#[derive(Default)]
struct Row {
    result: i32,
    in_doubt: bool,
    generation: u32,
    ttl: u32,
    bins: Option<Py<PyDict>>,
}

impl Clone for Row {
    /// Of rows without bins, which is how they start.
    fn clone(&self) -> Row {
        Row { bins: None, ..*self }
    }
}

/// The results of a batch, as they come in.
pub struct Outcome {
    keys: Vec<(Py<PyAny>, Digest)>,
    rows: Vec<Row>,
    operated: bool,
}

impl Outcome {
    /// Takes the rows of a reply.
    ///
    /// # Errors
    /// `ClientError` for a malformed value.
    pub fn take(&mut self, py: Python<'_>, inbox: &Inbox) -> PyResult<()> {
        let now = results::unix_now();
        for message in inbox.rows() {
            let Some(index) = row_index(&message, self.rows.len()) else { continue };
            let header = message.header;
            let bins = match header.result {
                0 if self.operated => Some(results::operated(py, &message)?.unbind()),
                0 => Some(results::bins(py, &message)?.unbind()),
                // A function that failed says why in a bin.
                100 if message.n_ops() > 0 => Some(results::bins(py, &message)?.unbind()),
                _ => None,
            };
            self.rows[index] = Row {
                result: header.result as i32,
                in_doubt: false,
                generation: header.generation,
                ttl: ttl_seconds(header.ttl, now),
                bins,
            };
        }
        Ok(())
    }

    /// Takes the rows that no reply answers.
    pub fn fail(&mut self, failures: &[(u32, RowFailure)]) {
        for (index, failure) in failures {
            if let Some(row) = self.rows.get_mut(*index as usize) {
                *row = Row { result: failure.code, in_doubt: failure.in_doubt, ..Row::default() };
            }
        }
    }

    /// The result object.
    ///
    /// # Errors
    /// Those of making objects.
    pub fn finish(self, py: Python<'_>, shape: BatchShape) -> PyResult<Bound<'_, PyAny>> {
        let classes = Classes::get(py)?;
        if shape == BatchShape::Write {
            return classes.batch_write.bind(py).call1((self.records(py)?,));
        }
        let found: Vec<(Bound<'_, PyAny>, Bound<'_, PyDict>)> = self
            .keys
            .iter()
            .zip(&self.rows)
            .filter_map(|((key, _), row)| Some((key, row.bins.as_ref()?)))
            .map(|(key, bins)| Ok((key.bind(py).cast::<PyTuple>()?.get_item(2)?, bins.bind(py).clone())))
            .collect::<PyResult<_>>()?;
        let source = Bound::new(py, BatchSource { outcome: self })?;
        let records = classes.batch_records.bind(py).call1((source,))?;
        let dict = records.cast::<PyDict>()?;
        for (user_key, bins) in found {
            // Keys that are only a digest, or not hashable, are in the list alone.
            if !user_key.is_none() && user_key.hash().is_ok() {
                dict.set_item(user_key, bins)?;
            }
        }
        Ok(records)
    }

    /// One `BatchRecord` per key.
    fn records<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let classes = Classes::get(py)?;
        let list = PyList::empty(py);
        for ((key, digest), row) in self.keys.iter().zip(&self.rows) {
            let key = key.bind(py).cast::<PyTuple>()?;
            let key = key_object(py, &key.get_item(0)?, &key.get_item(1)?, &key.get_item(2)?, digest)?;
            let record = match &row.bins {
                Some(bins) => {
                    let meta = results::meta_of(py, row.generation, row.ttl)?;
                    results::record(py, &key, &meta, bins.bind(py).as_any())?
                }
                None => py.None().into_bound(py),
            };
            list.append(classes.make(py, &classes.batch_record, (key, row.result, record, row.in_doubt))?)?;
        }
        Ok(list)
    }
}

/// Keeps the rows of a `BatchRecords` until somebody asks for the list.
#[pyclass(module = "aerospike_py._native", frozen)]
pub struct BatchSource {
    outcome: Outcome,
}

#[pymethods]
impl BatchSource {
    /// One `BatchRecord` per key, in the order of the request.
    fn records<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.outcome.records(py)
    }
}
