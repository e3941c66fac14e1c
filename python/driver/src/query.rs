//! Queries and scans (python-api §11): statements from their arguments, rows to records.

use crate::command::checked_bin;
use crate::errors::{self, Failure};
use crate::key::key_object;
use crate::operation::put_operations;
use crate::policy::{self, Options};
use crate::results;
use crate::value::{integer, to_object, type_name};
use aerospike_client_core::query::{
    Action, Function, Partitions, QueryRun, Statement, Where, background, is_record,
};
use aerospike_client_core::reply::Inbox;
use aerospike_client_core::request::put_op;
use aerospike_wire::{Digest, Message, Particle, ParticleType, field, op};
use parking_lot::Mutex;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyList, PyString, PyTuple};
use std::time::Instant;

/// Which partitions a query reads, and how far it has read them.
#[pyclass(module = "aerospike_py", frozen)]
pub struct PartitionFilter {
    partitions: Mutex<Partitions>,
}

#[pymethods]
impl PartitionFilter {
    /// Whether a query with ``max_records`` has read all that it could.
    #[getter]
    fn done(&self) -> bool {
        self.partitions.lock().is_done()
    }

    /// Starts again from the first record.
    fn reset(&self) {
        self.partitions.lock().reset();
    }

    fn __repr__(&self) -> String {
        let partitions = self.partitions.lock();
        format!("PartitionFilter(begin={}, count={})", partitions.begin(), partitions.count())
    }
}

/// All partitions.
#[pyfunction]
pub fn partition_filter_all() -> PartitionFilter {
    PartitionFilter { partitions: Mutex::new(Partitions::all()) }
}

/// One partition, 0 to 4095.
#[pyfunction]
pub fn partition_filter_by_id(partition_id: usize) -> PyResult<PartitionFilter> {
    match Partitions::range(partition_id, 1) {
        Some(partitions) => Ok(PartitionFilter { partitions: Mutex::new(partitions) }),
        None => Err(PyValueError::new_err(format!("partition_id must be in [0, 4095], got {partition_id}"))),
    }
}

/// Partitions from ``begin`` on.
#[pyfunction]
pub fn partition_filter_by_range(begin: usize, count: usize) -> PyResult<PartitionFilter> {
    match Partitions::range(begin, count) {
        Some(partitions) => Ok(PartitionFilter { partitions: Mutex::new(partitions) }),
        None => Err(PyValueError::new_err(format!(
            "partition filter: begin + count must be at most 4096, got begin={begin}, count={count}"
        ))),
    }
}

/// A query that can run.
pub struct QueryCommand {
    /// Its books.
    pub run: QueryRun,
    /// Where to note how far it came.
    pub filter: Option<Py<PartitionFilter>>,
}

impl QueryCommand {
    /// From the arguments of a query object.
    ///
    /// # Errors
    /// `TypeError`, `InvalidArgError`.
    pub fn parse(
        namespace: &str,
        set: &str,
        bins: &Bound<'_, PyList>,
        conditions: &Bound<'_, PyList>,
        options: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<QueryCommand> {
        let py = bins.py();
        let options = Options::parse(options)?;
        let policy = policy::query(py, &options)?;
        let mut statement = statement(namespace, set, conditions, &options)?;
        for bin in bins {
            let bin = bin.cast::<PyString>()?;
            put_op(&mut statement.ops, op::READ, bin.to_str()?.as_bytes(), |_| {
                Ok::<_, Failure>(ParticleType::NULL)
            })?;
            statement.n_ops += 1;
        }
        let filter = match options.item(intern!(py, "partition_filter"))?.filter(|filter| !filter.is_none()) {
            Some(filter) => Some(filter.cast_into::<PartitionFilter>().map_err(|error| {
                let name = type_name(&error.into_inner().get_type());
                PyTypeError::new_err(format!("partition_filter must be a PartitionFilter, not {name}"))
            })?),
            None => None,
        };
        let mut partitions =
            filter.as_ref().map_or_else(Partitions::all, |filter| filter.get().partitions.lock().clone());
        if partitions.count() == 0 {
            return Err(errors::invalid_argument("the partition filter has no partition"));
        }
        if policy.max_records == 0 {
            // Only pages go on where the last one ended.
            partitions.reset();
        }
        let filter = filter.filter(|_| policy.max_records > 0).map(Bound::unbind);
        Ok(QueryCommand { run: QueryRun::new(statement, &policy, partitions, Instant::now()), filter })
    }
}

/// Notes in a partition filter how far a query came.
pub fn note_progress(filter: Option<&Py<PartitionFilter>>, run: &QueryRun) {
    if let Some(filter) = filter {
        *filter.get().partitions.lock() = run.partitions().clone();
    }
}

fn statement(
    namespace: &str,
    set: &str,
    conditions: &Bound<'_, PyList>,
    options: &Options<'_>,
) -> PyResult<Statement> {
    if conditions.len() > 1 {
        return Err(errors::invalid_argument("Too many filter expressions: a query takes one predicate"));
    }
    let condition = conditions.iter().next().map(|predicate| condition(&predicate)).transpose()?;
    Ok(Statement {
        namespace: namespace.to_owned(),
        set: set.to_owned(),
        condition,
        filter: policy::filter(conditions.py(), options)?,
        ..Statement::default()
    })
}

/// Checks a predicate as `where` does.
///
/// # Errors
/// `TypeError` for anything but a tuple, `InvalidArgError` for one that is no predicate.
#[pyfunction]
pub fn check_predicate(predicate: &Bound<'_, PyAny>) -> PyResult<()> {
    condition(predicate).map(|_| ())
}

fn condition(predicate: &Bound<'_, PyAny>) -> PyResult<Where> {
    let Ok(tuple) = predicate.cast::<PyTuple>() else {
        let name = type_name(&predicate.get_type());
        return Err(PyTypeError::new_err(format!(
            "a predicate must be a tuple: '{name}' object is not an instance of 'tuple'"
        )));
    };
    let kind = tuple.get_item(0).ok().and_then(|kind| kind.extract::<String>().ok());
    let kind = kind.ok_or_else(|| errors::invalid_argument("a predicate begins with its kind"))?;
    let operand = |at: usize| {
        let missing = |_| errors::invalid_argument(&format!("predicate '{kind}' lacks operands"));
        tuple.get_item(at).map_err(missing)
    };
    let bin = || -> PyResult<String> {
        let name: String = operand(1)?.extract()?;
        checked_bin(&name).map(str::to_owned)
    };
    let geo = |text: String| -> PyResult<Where> {
        let bytes = text.into_bytes();
        Ok(Where {
            bin: bin()?,
            index_type: 0,
            kind: ParticleType::GEOJSON,
            begin: bytes.clone(),
            end: bytes,
        })
    };
    match kind.as_str() {
        "equals" => equality(&kind, bin()?, 0, &operand(2)?),
        "between" => {
            let (begin, end) = (operand(2)?, operand(3)?);
            let number = |value: &Bound<'_, PyAny>| -> PyResult<Vec<u8>> {
                if !value.is_instance_of::<PyInt>() || value.is_instance_of::<PyBool>() {
                    let name = type_name(&value.get_type());
                    return Err(errors::invalid_argument(&format!("'between' takes ints, not {name}")));
                }
                Ok(integer(value)?.to_be_bytes().to_vec())
            };
            let (begin, end) = (number(&begin)?, number(&end)?);
            Ok(Where { bin: bin()?, index_type: 0, kind: ParticleType::INTEGER, begin, end })
        }
        "contains" => {
            let index_type: i64 = operand(2)?.extract()?;
            let known = u8::try_from(index_type).ok().filter(|index_type| *index_type <= 3);
            let known = known
                .ok_or_else(|| errors::invalid_argument(&format!("Unknown index type: {index_type}")))?;
            equality(&kind, bin()?, known, &operand(3)?)
        }
        "geo_within_geojson_region" | "geo_contains_geojson_point" | "geo_contains_point" => {
            geo(operand(2)?.extract()?)
        }
        "geo_within_radius" => {
            let number = |at| -> PyResult<f64> { operand(at)?.extract() };
            let (latitude, longitude, radius) = (number(2)?, number(3)?, number(4)?);
            geo(format!(
                "{{\"type\":\"AeroCircle\",\"coordinates\":[[{longitude:?},{latitude:?}],{radius:?}]}}"
            ))
        }
        other => Err(errors::invalid_argument(&format!("Unknown predicate type: {other}"))),
    }
}

fn equality(kind: &str, bin: String, index_type: u8, value: &Bound<'_, PyAny>) -> PyResult<Where> {
    let (particle, bytes) = if let Ok(text) = value.cast::<PyString>() {
        (ParticleType::STRING, text.to_str()?.as_bytes().to_vec())
    } else if let Ok(bytes) = value.cast::<PyBytes>() {
        (ParticleType::BLOB, bytes.as_bytes().to_vec())
    } else if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
        (ParticleType::INTEGER, integer(value)?.to_be_bytes().to_vec())
    } else {
        let name = type_name(&value.get_type());
        return Err(errors::invalid_argument(&format!("'{kind}' takes an int, a str or bytes, not {name}")));
    };
    Ok(Where { bin, index_type, kind: particle, begin: bytes.clone(), end: bytes })
}

/// The request that starts a background query on a node.
///
/// # Errors
/// As [`QueryCommand::parse`], and those of operations.
#[pyfunction]
#[pyo3(signature = (namespace, set_name, conditions, ops, function, query_id, policy=None))]
#[expect(clippy::too_many_arguments, reason = "Python's signature")]
pub fn background_request<'py>(
    py: Python<'py>,
    namespace: &str,
    set_name: &str,
    conditions: &Bound<'py, PyList>,
    ops: &Bound<'py, PyAny>,
    function: Option<(String, String, Bound<'py, PyAny>)>,
    query_id: u64,
    policy: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let options = Options::parse(policy)?;
    let statement = statement(namespace, set_name, conditions, &options)?;
    let action = match function {
        Some((module, name, arguments)) => {
            let arguments = crate::command::pack_arguments(Some(&arguments))?;
            Action::Function(Function { module, name, arguments })
        }
        None => {
            let mut out = Vec::new();
            let effect = put_operations(ops, &mut out)?;
            Action::Ops(out, effect.count)
        }
    };
    let rate = policy::query(py, &options)?.records_per_second;
    let ttl = policy::write(py, &options, &Options::parse(None)?)?.ttl;
    let frame = background(&statement, &action, query_id, rate, ttl).map_err(errors::from_core)?;
    Ok(PyBytes::new(py, &frame))
}

/// A number that no other query has.
#[pyfunction]
pub fn new_query_id() -> u64 {
    // Job ids travel as text too, where some tools take them for signed.
    aerospike_client_core::query::query_id() >> 1
}

/// Hands each record of some rows on, until told to stop; whether to go on.
///
/// # Errors
/// `ClientError` for a malformed value; those of `take`.
pub fn each_record<'py>(
    py: Python<'py>,
    namespace: &str,
    inbox: &Inbox,
    mut take: impl FnMut(Bound<'py, PyAny>) -> PyResult<bool>,
) -> PyResult<bool> {
    let now = results::unix_now();
    let namespace = PyString::intern(py, namespace).into_any();
    for row in inbox.rows().filter(is_record) {
        let meta = results::meta(py, &row.header, now)?;
        let bins = results::bins(py, &row)?;
        let record = results::record(py, &key_of(py, &namespace, &row)?, &meta, bins.as_any())?;
        if !take(record)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The key of a row: the user's part of it only where it was stored.
fn key_of<'py>(
    py: Python<'py>,
    namespace: &Bound<'py, PyAny>,
    row: &Message<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    let set = row.field(field::SET).unwrap_or_default();
    let set = crate::names::short(py, set)
        .unwrap_or_else(|| PyString::new(py, &String::from_utf8_lossy(set)).into_any());
    let digest = row.field(field::DIGEST).and_then(Digest::from_slice).unwrap_or(Digest([0; 20]));
    let user_key = match row.field(field::KEY).and_then(<[u8]>::split_first) {
        Some((kind, data)) => to_object(py, Particle { kind: ParticleType(*kind), data })?,
        None => py.None().into_bound(py),
    };
    key_object(py, namespace, &set, &user_key, &digest)
}
