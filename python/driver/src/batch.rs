//! Batches: lists of keys to rows, rows to results (python-api §10).

use crate::errors::{self, Failure};
use crate::key::{KeyArg, key_object};
use crate::names::Classes;
use crate::operation::put_operations;
use crate::policy::{self, Options};
use crate::results;
use crate::value::type_name;
use aerospike_client_core::batch::{Batch, Body, RowFailure, row_index};
use aerospike_client_core::policy::BatchPolicy;
use aerospike_client_core::reply::{Inbox, ttl_seconds};
use aerospike_client_core::request::put_op;
use aerospike_wire::bits::info1;
use aerospike_wire::{Digest, ParticleType, ResultCode, op};
use pyo3::exceptions::PyTypeError;
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
    lay_out(keys, &options, policy, body, blob, false)
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
    lay_out(keys, &options, policy, body.map_err(errors::from_core)?, blob, true)
}

/// `batch_remove`.
pub fn remove<'py>(keys: Arg<'_, 'py>, options: Opt<'_, 'py>, blob: bool) -> PyResult<BatchCommand<'py>> {
    let options = Options::parse(options)?;
    let (policy, write) = policy::batch(keys.py(), &options)?;
    lay_out(keys, &options, policy, Body::remove(&write), blob, true)
}

/// One row per key, all with the same body.
fn lay_out<'py>(
    keys: Arg<'_, 'py>,
    options: &Options<'_>,
    policy: BatchPolicy,
    body: Body,
    bytes_as_blob: bool,
    operated: bool,
) -> PyResult<BatchCommand<'py>> {
    let Ok(keys) = keys.cast::<PyList>() else {
        let name = type_name(&keys.get_type());
        return Err(PyTypeError::new_err(format!(
            "keys must be a list: '{name}' object is not an instance of 'list'"
        )));
    };
    let mut batch = Batch::with_capacity(keys.len());
    batch.filter(policy::filter(keys.py(), options)?);
    let body = batch.body(body);
    let mut known = Vec::with_capacity(keys.len());
    let mut last: Option<(KeyArg<'py>, u32)> = None;
    for key in keys {
        let parsed = KeyArg::parse(&key, bytes_as_blob)?;
        let place = match &last {
            // Keys of one batch mostly share the very objects for namespace and set.
            Some((other, place)) if same_place(other, &parsed) => *place,
            _ => {
                let key = parsed.as_ref()?;
                batch.place(key.namespace, key.set)
            }
        };
        batch.row(parsed.digest(), parsed.as_ref()?.user_key, place, body);
        known.push((key, parsed.digest()));
        last = Some((parsed, place));
    }
    Ok(BatchCommand { batch, policy, keys: known, operated })
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
#[pyclass(module = "aerospike_py._aerospike", frozen)]
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
