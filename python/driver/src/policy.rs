//! Policy and meta dicts (python-api §5). Nothing is built when a caller passes none.

use crate::errors;
use crate::expression;
use crate::value::type_name;
use aerospike_client_core::policy::{BatchPolicy, Exists, Generation, Policy, Replica, WritePolicy};
use aerospike_client_core::query::{Duration as QueryDuration, QueryPolicy};
use aerospike_wire::time;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};
use std::time::Duration;

/// A policy or meta argument: a dict, another mapping, record metadata, or None.
pub struct Options<'py>(Option<Bound<'py, PyDict>>);

impl<'py> Options<'py> {
    /// Takes an argument.
    ///
    /// # Errors
    /// `TypeError` for anything that is no mapping.
    pub fn parse(value: Option<&Bound<'py, PyAny>>) -> PyResult<Options<'py>> {
        let Some(value) = value.filter(|value| !value.is_none()) else { return Ok(Options(None)) };
        if let Ok(dict) = value.cast::<PyDict>() {
            return Ok(Options(Some(dict.clone())));
        }
        // Metadata of a record is a tuple that reads like a mapping.
        if value.cast::<PyMapping>().is_ok() || value.hasattr(intern!(value.py(), "keys"))? {
            let dict = value.py().get_type::<PyDict>().call1((value,))?;
            return Ok(Options(Some(dict.cast_into()?)));
        }
        let name = type_name(&value.get_type());
        Err(PyTypeError::new_err(format!(
            "meta and policy must be dicts: '{name}' object is not an instance of 'dict'"
        )))
    }

    fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|dict| dict.is_empty())
    }

    /// An entry of the dict.
    ///
    /// # Errors
    /// Those of Python.
    pub fn item(&self, name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.0 {
            Some(dict) => dict.get_item(name),
            None => Ok(None),
        }
    }

    /// A value, if its name is there; a wrong type or range is the conversion's own error.
    fn get<T>(&self, name: &Bound<'py, PyString>) -> PyResult<Option<T>>
    where
        T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
    {
        self.item(name)?.map(|value| value.extract()).transpose()
    }

    fn millis(&self, name: &Bound<'py, PyString>, default: Duration) -> PyResult<Duration> {
        Ok(self.get::<u32>(name)?.map_or(default, |millis| Duration::from_millis(millis as u64)))
    }
}

/// The `filter_expression` of a policy, packed. Anything but a dict that names an expression is ignored, as
/// documented.
///
/// # Errors
/// As [`expression::pack`].
pub fn filter(py: Python<'_>, policy: &Options<'_>) -> PyResult<Option<Vec<u8>>> {
    let Some(dict) = &policy.0 else { return Ok(None) };
    let Some(value) = dict.get_item(intern!(py, "filter_expression"))? else { return Ok(None) };
    expression::is_expression(&value)?.then(|| expression::pack(&value)).transpose()
}

fn base(py: Python<'_>, options: &Options<'_>, defaults: Policy) -> PyResult<Policy> {
    if options.is_empty() {
        return Ok(defaults);
    }
    let retries = options.get::<usize>(intern!(py, "max_retries"))?;
    let touch = options.get::<i64>(intern!(py, "read_touch_ttl_percent"))?;
    if let Some(percent) = touch.filter(|percent| !(-1..=100).contains(percent)) {
        let text = format!("read_touch_ttl_percent must be -1, 0 or 1 to 100, got {percent}");
        return Err(errors::invalid_argument(&text));
    }
    // A reply that comes after its timeout is not waited for: the connection is closed instead.
    options.get::<u32>(intern!(py, "timeout_delay"))?;
    Ok(Policy {
        socket_timeout: options.millis(intern!(py, "socket_timeout"), defaults.socket_timeout)?,
        total_timeout: options.millis(intern!(py, "total_timeout"), defaults.total_timeout)?,
        max_retries: retries.map_or(defaults.max_retries, |count| u32::try_from(count).unwrap_or(u32::MAX)),
        sleep_between_retries: options
            .millis(intern!(py, "sleep_between_retries"), defaults.sleep_between_retries)?,
        replica: match options.get::<i64>(intern!(py, "replica"))? {
            Some(0) => Replica::Master,
            Some(2) => Replica::PreferRack,
            Some(_) => Replica::Sequence,
            None => defaults.replica,
        },
        read_mode_ap_all: options
            .get::<i64>(intern!(py, "read_mode_ap"))?
            .map_or(defaults.read_mode_ap_all, |mode| mode == 1),
        read_touch_ttl_percent: touch.map_or(defaults.read_touch_ttl_percent, |percent| percent as i32),
    })
}

/// The policy of a read.
///
/// # Errors
/// `TypeError`, `OverflowError`, `InvalidArgError`.
pub fn read(py: Python<'_>, options: &Options<'_>) -> PyResult<Policy> {
    base(py, options, Policy::default())
}

/// The policy of a write; a value in the policy wins over the same value in meta.
///
/// # Errors
/// As [`read`].
pub fn write(py: Python<'_>, options: &Options<'_>, meta: &Options<'_>) -> PyResult<WritePolicy> {
    let defaults = WritePolicy::default();
    if options.is_empty() && meta.is_empty() {
        return Ok(defaults);
    }
    let number = |name: &Bound<'_, PyString>| -> PyResult<Option<i64>> {
        let given = options.get::<i64>(name)?;
        let other = meta.get::<i64>(name)?;
        Ok(given.or(other))
    };
    let durable = intern!(py, "durable_delete");
    let (durable_delete, meta_durable) = (options.get::<bool>(durable)?, meta.get::<bool>(durable)?);
    Ok(WritePolicy {
        base: base(py, options, defaults.base)?,
        exists: match number(intern!(py, "exists"))? {
            Some(1) => Exists::UpdateOnly,
            Some(2) => Exists::Replace,
            Some(3) => Exists::ReplaceOnly,
            Some(4) => Exists::CreateOnly,
            _ => Exists::Update,
        },
        generation: generation(options.get::<i64>(intern!(py, "gen"))?, meta.get::<u32>(intern!(py, "gen"))?),
        ttl: number(intern!(py, "ttl"))?.map_or(Ok(time::TTL_DEFAULT), ttl)?,
        send_key: number(intern!(py, "key"))? == Some(1),
        commit_master: number(intern!(py, "commit_level"))? == Some(1),
        durable_delete: durable_delete.or(meta_durable).unwrap_or(false),
    })
}

/// A generation policy and an expected generation: the number alone means equality (python-api §5.1).
fn generation(policy: Option<i64>, expected: Option<u32>) -> Generation {
    match (policy, expected) {
        (None, None) => Generation::Ignore,
        (None, Some(number)) => Generation::Equal(number),
        (Some(1), number) => Generation::Equal(number.unwrap_or(0)),
        (Some(2), number) => Generation::Greater(number.unwrap_or(0)),
        (Some(_), _) => Generation::Ignore,
    }
}

/// A time to live as it travels.
fn ttl(seconds: i64) -> PyResult<u32> {
    match seconds {
        -1 => Ok(time::TTL_NEVER),
        -2 => Ok(time::TTL_DONT_UPDATE),
        // The client's default, which is to leave it to the namespace.
        -3 => Ok(time::TTL_DEFAULT),
        _ => u32::try_from(seconds).map_err(|_| {
            errors::invalid_argument(&format!("ttl must be -3 to {} seconds, got {seconds}", u32::MAX))
        }),
    }
}

/// The policy of a query.
///
/// # Errors
/// As [`read`].
pub fn query(py: Python<'_>, options: &Options<'_>) -> PyResult<QueryPolicy> {
    let defaults = QueryPolicy::default();
    if options.is_empty() {
        return Ok(defaults);
    }
    options.get::<usize>(intern!(py, "record_queue_size"))?;
    Ok(QueryPolicy {
        base: base(py, options, defaults.base)?,
        max_records: options.get(intern!(py, "max_records"))?.unwrap_or(0),
        records_per_second: options.get(intern!(py, "records_per_second"))?.unwrap_or(0),
        max_concurrent_nodes: options.get(intern!(py, "max_concurrent_nodes"))?.unwrap_or(0),
        duration: match options.get::<i64>(intern!(py, "expected_duration"))? {
            Some(1) => QueryDuration::Short,
            Some(2) => QueryDuration::LongRelaxed,
            _ => QueryDuration::Long,
        },
        no_bins: options.get::<bool>(intern!(py, "include_bin_data"))? == Some(false),
    })
}

/// The policy of one row of a batch; a value in its meta wins over the same value in the batch's policy.
///
/// # Errors
/// As [`read`].
pub fn row<'py>(py: Python<'py>, policy: &Options<'py>, meta: &Options<'py>) -> PyResult<WritePolicy> {
    if meta.is_empty() {
        return write(py, policy, meta);
    }
    // Without a generation policy of its own, a row's generation means equality.
    let merged = PyDict::new(py);
    for dict in [&policy.0, &meta.0].into_iter().flatten() {
        merged.update(dict.as_mapping())?;
    }
    if let Some(number) = meta.item(intern!(py, "gen"))? {
        merged.del_item(intern!(py, "gen"))?;
        let expected = PyDict::new(py);
        expected.set_item(intern!(py, "gen"), number)?;
        return write(py, &Options(Some(merged)), &Options(Some(expected)));
    }
    write(py, &Options(Some(merged)), &Options(None))
}

/// The policies of a batch: that of the batch, and that of its writing rows.
///
/// # Errors
/// As [`read`].
pub fn batch(py: Python<'_>, options: &Options<'_>) -> PyResult<(BatchPolicy, WritePolicy)> {
    let defaults = BatchPolicy::default();
    if options.is_empty() {
        return Ok((defaults, WritePolicy::default()));
    }
    let flag = |name: &Bound<'_, PyString>, default: bool| -> PyResult<bool> {
        Ok(options.get::<bool>(name)?.unwrap_or(default))
    };
    let policy = BatchPolicy {
        base: base(py, options, defaults.base)?,
        allow_inline: flag(intern!(py, "allow_inline"), defaults.allow_inline)?,
        allow_inline_ssd: flag(intern!(py, "allow_inline_ssd"), defaults.allow_inline_ssd)?,
        respond_all_keys: flag(intern!(py, "respond_all_keys"), defaults.respond_all_keys)?,
        sequential: options.get::<i64>(intern!(py, "concurrency"))? == Some(0),
    };
    Ok((policy, write(py, options, &Options(None))?))
}
