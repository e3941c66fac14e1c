//! The synchronous client. The calling thread does all the work, detached from the interpreter while it waits.

use crate::ask::{self, Question};
use crate::batch::{self, BatchShape};
use crate::command::{self, Command, Encoder, Shape, finish};
use crate::config;
use crate::errors;
use crate::metrics::{Stages, Timer};
use crate::query;
use crate::session::{Lifecycle, Session};
use aerospike_client_core::reply::Expect;
use aerospike_client_core::retry::Execution;
use aerospike_client_core::transport::blocking::{self, Target};
use aerospike_wire::op;
use aerospike_wire::proto::FrameType;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyList};
use std::cell::Cell;
use std::time::Instant;

thread_local! {
    /// The request buffer of this thread; taken while it is in use.
    static REQUEST: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A buffer that was longer than this once is given back to the system.
const KEEP: usize = 1024 * 1024;

/// Runs something with this thread's request buffer.
pub fn with_buffer<R>(use_it: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let mut buffer = REQUEST.take();
    let result = use_it(&mut buffer);
    if buffer.capacity() <= KEEP {
        REQUEST.set(buffer);
    }
    result
}

/// A connection to a cluster, used from any number of threads.
#[pyclass(subclass, module = "aerospike_py._native", frozen)]
pub struct Client {
    config: Py<PyAny>,
    lifecycle: Lifecycle,
}

type Arg<'a, 'py> = &'a Bound<'py, PyAny>;
type Opt<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// Runs a command that `encode` makes.
fn run<'py>(
    py: Python<'py>,
    session: &Session,
    encode: impl FnOnce(&mut Encoder<'_>) -> PyResult<Command<'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    with_buffer(|out| {
        let mut stages = Stages::start();
        let command = encode(&mut Encoder { out, bytes_as_blob: session.bytes_as_blob })?;
        stages.ended(command.name, "encode");
        send(py, session, &command, out, stages)
    })
}

/// Sends an encoded command and makes its result.
fn send<'py>(
    py: Python<'py>,
    session: &Session,
    command: &Command<'py>,
    request: &[u8],
    mut stages: Stages,
) -> PyResult<Bound<'py, PyAny>> {
    let cluster = session.cluster()?;
    let key = command.key.as_ref()?;
    let timer = Timer::start(command.name, key.namespace, key.set);
    let _pass = session.enter(py, command.name)?;
    let target = Target {
        namespace: key.namespace,
        partition: key.digest.partition(),
        replica: command.policy.replica,
    };
    let (policy, write) = (command.policy, command.write);
    let reply = py.detach(|| {
        let run = Execution::new(&policy, write, Instant::now());
        blocking::execute(cluster, target, run, request, Expect::Frame(FrameType::Message))
    });
    stages.ended(command.name, "io");
    let result = reply.map_err(errors::from_core).and_then(|reply| {
        let message = match reply.inbox().result() {
            code if command::is_answer(command.shape, code) => reply.inbox().message(),
            _ => reply.record(),
        };
        finish(py, command.shape, || command.key.to_object(py), message)
    });
    stages.ended(command.name, "decode");
    if let Some(timer) = timer {
        timer.end(py, &result);
    }
    result
}

impl Client {
    fn command<'py>(
        &self,
        py: Python<'py>,
        encode: impl FnOnce(&mut Encoder<'_>) -> PyResult<Command<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        run(py, &*self.lifecycle.session()?, encode)
    }
}

#[pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (config, *_args, **_kwargs))]
    fn new(config: Py<PyAny>, _args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyAny>>) -> Client {
        Client { config, lifecycle: Lifecycle::new() }
    }

    #[pyo3(signature = (username=None, password=None))]
    fn connect<'py>(
        slf: Bound<'py, Self>,
        username: Option<String>,
        password: Option<String>,
    ) -> PyResult<Bound<'py, Self>> {
        let py = slf.py();
        let this = slf.get();
        let config = config::parse(this.config.bind(py), username, password)?;
        let ticket = this.lifecycle.begin()?;
        py.detach(|| this.lifecycle.run(ticket, config)).map_err(|error| {
            this.lifecycle.abandon(ticket);
            errors::from_core(error)
        })?;
        Ok(slf)
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let session = self.lifecycle.close()?;
        py.detach(|| drop(session));
        Ok(())
    }

    fn is_connected(&self) -> bool {
        self.lifecycle.is_connected()
    }

    fn get_node_names(&self) -> PyResult<Vec<String>> {
        Ok(self.lifecycle.session()?.cluster()?.node_names())
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (_exc_type=None, _exc_value=None, _traceback=None))]
    fn __exit__(
        slf: Bound<'_, Self>,
        _exc_type: Opt<'_, '_>,
        _exc_value: Opt<'_, '_>,
        _traceback: Opt<'_, '_>,
    ) -> PyResult<bool> {
        // Through the attribute, so that a subclass's own close() is what runs.
        slf.call_method0("close")?;
        Ok(false)
    }

    /// Writes bins of a record.
    ///
    /// Args:
    ///     key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
    ///     bins: names of at most 15 bytes, and values: None (removes), bool, int, float, str, bytes, list, dict.
    ///     meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
    ///     policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.
    ///
    /// Raises:
    ///     TypeError, ValueError, OverflowError: an argument that has no form on the wire; nothing was sent.
    ///     RecordExistsError, RecordNotFound, RecordGenerationError: the policy asked for another state of the record.
    #[pyo3(signature = (key, bins, meta=None, policy=None))]
    fn put<'py>(
        &self,
        py: Python<'py>,
        key: Arg<'_, 'py>,
        bins: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // Arguments before the connection: a client that was never connected reports them, too.
        let session = self.lifecycle.session();
        with_buffer(|out| {
            let bytes_as_blob = session.as_ref().is_ok_and(|session| session.bytes_as_blob);
            let mut stages = Stages::start();
            let command = Encoder { out, bytes_as_blob }.put(key, bins, meta, policy)?;
            stages.ended(command.name, "encode");
            send(py, &*session?, &command, out, stages)
        })
    }

    /// Reads a record with all its bins; ``(key, meta, bins)``.
    ///
    /// Args:
    ///     key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
    ///     policy: see :class:`aerospike_py.types.ReadPolicy`.
    ///
    /// Raises:
    ///     RecordNotFound: there is no such record.
    ///     FilteredOut: the policy's filter was not true for it.
    #[pyo3(signature = (key, policy=None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.command(py, |encoder| encoder.get(key, policy, Shape::Record))
    }

    /// Reads some bins of a record; those that it does not have are missing from the answer.
    ///
    /// Args:
    ///     key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
    ///     bins: names; at least one.
    ///     policy: see :class:`aerospike_py.types.ReadPolicy`.
    ///
    /// Raises:
    ///     RecordNotFound: there is no such record.
    #[pyo3(signature = (key, bins, policy=None))]
    fn select<'py>(
        &self,
        py: Python<'py>,
        key: Arg<'_, 'py>,
        bins: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.command(py, |encoder| encoder.select(key, bins, policy))
    }

    /// Looks whether there is a record; ``(key, meta)``, with ``meta`` None if there is none.
    ///
    /// Args:
    ///     key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
    ///     policy: see :class:`aerospike_py.types.ReadPolicy`.
    ///
    /// Raises:
    ///     FilteredOut: the policy's filter was not true for it.
    #[pyo3(signature = (key, policy=None))]
    fn exists<'py>(
        &self,
        py: Python<'py>,
        key: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.command(py, |encoder| encoder.get(key, policy, Shape::Exists))
    }

    /// Removes a record.
    ///
    /// Args:
    ///     key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
    ///     meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
    ///     policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.
    ///
    /// Raises:
    ///     RecordNotFound: there is no such record.
    ///     RecordGenerationError: it has another generation.
    #[pyo3(signature = (key, meta=None, policy=None))]
    fn remove<'py>(
        &self,
        py: Python<'py>,
        key: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.command(py, |encoder| encoder.remove(key, meta, policy))
    }

    /// Renews a record's time to live and generation.
    ///
    /// Args:
    ///     key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
    ///     val: seconds to live; 0 leaves it to ``policy``, ``meta``, or the namespace.
    ///     meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
    ///     policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.
    ///
    /// Raises:
    ///     RecordNotFound: there is no such record.
    ///     OverflowError: ``val`` is negative.
    #[pyo3(signature = (key, val=0, meta=None, policy=None))]
    fn touch<'py>(
        &self,
        py: Python<'py>,
        key: Arg<'_, 'py>,
        val: u32,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.command(py, |encoder| encoder.touch(key, val, meta, policy))
    }

    /// Appends to a bin of text or bytes; record and bin are made if they are missing.
    ///
    /// Args:
    ///     key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
    ///     bin: bin name.
    ///     val: what to append.
    ///     meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
    ///     policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.
    ///
    /// Raises:
    ///     BinTypeError: the bin has another type.
    #[pyo3(signature = (key, bin, val, meta=None, policy=None))]
    fn append<'py>(
        &self,
        py: Python<'py>,
        key: Arg<'_, 'py>,
        bin: &str,
        val: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.command(py, |encoder| encoder.concatenate(op::APPEND, key, bin, val, meta, policy))
    }

    /// Puts something in front of a bin of text or bytes; record and bin are made if they are missing.
    ///
    /// Args:
    ///     key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
    ///     bin: bin name.
    ///     val: what to put in front.
    ///     meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
    ///     policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.
    ///
    /// Raises:
    ///     BinTypeError: the bin has another type.
    #[pyo3(signature = (key, bin, val, meta=None, policy=None))]
    fn prepend<'py>(
        &self,
        py: Python<'py>,
        key: Arg<'_, 'py>,
        bin: &str,
        val: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.command(py, |encoder| encoder.concatenate(op::PREPEND, key, bin, val, meta, policy))
    }

    /// Adds to a bin of a number; record and bin are made if they are missing.
    ///
    /// Args:
    ///     key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
    ///     bin: bin name.
    ///     offset: int for a bin of an int, float for one of a float. Ints wrap at 64 bits.
    ///     meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
    ///     policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.
    ///
    /// Raises:
    ///     BinTypeError: the bin has another type.
    ///     TypeError: ``offset`` is not a number.
    #[pyo3(signature = (key, bin, offset, meta=None, policy=None))]
    fn increment<'py>(
        &self,
        py: Python<'py>,
        key: Arg<'_, 'py>,
        bin: &str,
        offset: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.command(py, |encoder| encoder.increment(key, bin, offset, meta, policy))
    }

    /// Removes bins of a record, and with its last bin the record.
    ///
    /// Args:
    ///     key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
    ///     bin_names: names; at least one. Unknown ones are no error.
    ///     meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
    ///     policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.
    ///
    /// Raises:
    ///     RecordNotFound: there is no such record.
    #[pyo3(signature = (key, bin_names, meta=None, policy=None))]
    fn remove_bin<'py>(
        &self,
        py: Python<'py>,
        key: Arg<'_, 'py>,
        bin_names: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.command(py, |encoder| encoder.remove_bin(key, bin_names, meta, policy))
    }

    /// Carries out several operations on a record at once; what they read is in ``bins``.
    ///
    /// Several values of one bin become a list, in the order of the operations.
    ///
    /// Args:
    ///     key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
    ///     ops: dicts with ``op`` (``OPERATOR_*``), ``bin`` and ``val``.
    ///     meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
    ///     policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.
    ///
    /// Raises:
    ///     TypeError, ValueError: not an operation; nothing was sent.
    ///     RecordNotFound: operations that only read, and there is no such record.
    #[pyo3(signature = (key, ops, meta=None, policy=None))]
    fn operate<'py>(
        &self,
        py: Python<'py>,
        key: Arg<'_, 'py>,
        ops: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.command(py, |encoder| encoder.operate(key, ops, meta, policy, Shape::Operated))
    }

    /// Like :meth:`operate`, with one ``(bin, value)`` per operation that returned a value, in their order.
    ///
    /// Args:
    ///     key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
    ///     ops: see :meth:`operate`.
    ///     meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
    ///     policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.
    ///
    /// Raises:
    ///     TypeError, ValueError: not an operation; nothing was sent.
    #[pyo3(signature = (key, ops, meta=None, policy=None))]
    fn operate_ordered<'py>(
        &self,
        py: Python<'py>,
        key: Arg<'_, 'py>,
        ops: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.command(py, |encoder| encoder.operate(key, ops, meta, policy, Shape::Ordered))
    }

    /// Reads many records: a dict from user key to bins of those found, and ``batch_records`` with everything.
    ///
    /// Args:
    ///     keys: keys, of any namespaces and sets.
    ///     bins: names, or None for all, or ``[]`` to look only whether the records exist.
    ///     policy: see :class:`aerospike_py.types.BatchPolicy`.
    ///
    /// Raises:
    ///     ClusterError: no key can be asked for, its namespace being unknown, say.
    ///     AerospikeTimeoutError: no answer at all in time.
    #[pyo3(signature = (keys, bins=None, policy=None))]
    fn batch_read<'py>(
        &self,
        py: Python<'py>,
        keys: Arg<'_, 'py>,
        bins: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let session = self.lifecycle.session()?;
        let command = batch::read(keys, bins, policy, session.bytes_as_blob)?;
        run_batch(py, &session, command, BatchShape::Read)
    }

    /// Carries out the same operations on many records: a list of ``(key, meta, bins)``, and ``batch_records``.
    ///
    /// Args:
    ///     keys: keys, of any namespaces and sets.
    ///     ops: see :meth:`operate`.
    ///     policy: see :class:`aerospike_py.types.BatchPolicy`.
    ///
    /// Raises:
    ///     ClusterError: no key can be asked for.
    #[pyo3(signature = (keys, ops, policy=None))]
    fn batch_operate<'py>(
        &self,
        py: Python<'py>,
        keys: Arg<'_, 'py>,
        ops: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let session = self.lifecycle.session()?;
        let command = batch::operate(keys, ops, policy, session.bytes_as_blob)?;
        run_batch(py, &session, command, BatchShape::Write)
    }

    /// Removes many records: a list of ``(key, meta, bins)``, and ``batch_records`` with their result codes.
    ///
    /// Args:
    ///     keys: keys, of any namespaces and sets.
    ///     policy: see :class:`aerospike_py.types.BatchPolicy`.
    ///
    /// Raises:
    ///     ClusterError: no key can be asked for.
    #[pyo3(signature = (keys, policy=None))]
    fn batch_remove<'py>(
        &self,
        py: Python<'py>,
        keys: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let session = self.lifecycle.session()?;
        let command = batch::remove(keys, policy, session.bytes_as_blob)?;
        run_batch(py, &session, command, BatchShape::Write)
    }

    /// Writes many records, each with bins of its own: ``(key, bins)`` or ``(key, bins, meta)``.
    #[pyo3(signature = (records, policy=None))]
    fn _batch_write<'py>(
        &self,
        py: Python<'py>,
        records: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let session = self.lifecycle.session()?;
        let command = batch::write(records, policy, session.bytes_as_blob)?;
        run_batch(py, &session, command, BatchShape::Write)
    }

    /// Calls a function with many records: what it returned is in each one's bin ``SUCCESS``.
    ///
    /// Args:
    ///     keys: keys, or tuples of a key and its :class:`aerospike_py.types.BatchUDFMeta`.
    ///     module: module name without its extension.
    ///     function: function name.
    ///     args: its arguments behind the record.
    ///     policy: see :class:`aerospike_py.types.BatchUDFPolicy`.
    ///
    /// Raises:
    ///     ClusterError: no key can be asked for.
    #[pyo3(signature = (keys, module, function, args=None, policy=None))]
    fn batch_apply<'py>(
        &self,
        py: Python<'py>,
        keys: Arg<'_, 'py>,
        module: &str,
        function: &str,
        args: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let session = self.lifecycle.session()?;
        let command = batch::apply(keys, (module, function), args, policy, session.bytes_as_blob)?;
        run_batch(py, &session, command, BatchShape::Write)
    }

    /// Calls a function with a record, where the record is; what it returned.
    ///
    /// Args:
    ///     key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
    ///     module: module name without its extension.
    ///     function: function name.
    ///     args: its arguments behind the record.
    ///     policy: see :class:`aerospike_py.types.WritePolicy`.
    ///
    /// Raises:
    ///     UDFError: the function failed, or there is no such function.
    ///     FilteredOut: the policy's filter was not true for the record.
    #[pyo3(signature = (key, module, function, args=None, policy=None))]
    fn apply<'py>(
        &self,
        py: Python<'py>,
        key: Arg<'_, 'py>,
        module: &str,
        function: &str,
        args: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.command(py, |encoder| encoder.apply(key, (module, function), args, policy))
    }

    /// Runs a query: the list of its records, or None with a callback, which is called with each until it returns
    /// False.
    #[pyo3(signature = (namespace, set_name, bins, conditions, policy=None, callback=None))]
    #[expect(clippy::too_many_arguments, reason = "Python's signature")]
    fn _query<'py>(
        &self,
        py: Python<'py>,
        namespace: &str,
        set_name: &str,
        bins: &Bound<'py, PyList>,
        conditions: &Bound<'py, PyList>,
        policy: Opt<'_, 'py>,
        callback: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let session = self.lifecycle.session()?;
        let cluster = session.cluster()?;
        let command = query::QueryCommand::parse(namespace, set_name, bins, conditions, policy)?;
        let (mut run, filter) = (command.run, command.filter);
        let list = PyList::empty(py).unbind();
        let callback = callback.map(|callback| callback.clone().unbind());
        let timer = Timer::start("query", namespace, set_name);
        // A callback may run operations that wait for what this one holds.
        let _pass = match callback {
            None => session.enter(py, "query")?,
            Some(_) => None,
        };
        let mut failed: Option<PyErr> = None;
        let result = py.detach(|| {
            // Its own buffer: the callback may run commands that use the thread's.
            let mut request = Vec::new();
            blocking::execute_query(cluster, &mut run, &mut request, |inbox| {
                Python::attach(|py| {
                    let taken = query::each_record(py, namespace, inbox, |record| match &callback {
                        None => list.bind(py).append(record).map(|()| true),
                        Some(callback) => Ok(!callback.bind(py).call1((record,))?.is(PyBool::new(py, false))),
                    });
                    taken.unwrap_or_else(|error| {
                        failed = Some(error);
                        false
                    })
                })
            })
        });
        let result = failed.map_or_else(|| result.map_err(errors::from_core), Err);
        if let Some(timer) = timer {
            timer.end(py, &result);
        }
        result?;
        query::note_progress(filter.as_ref(), &run);
        Ok(if callback.is_some() { py.None().into_bound(py) } else { list.into_bound(py).into_any() })
    }

    /// Sends a request to one node, by its name or to any; see `ask`.
    #[pyo3(signature = (kind, request, node=None, timeout_ms=0))]
    fn _ask<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        request: &[u8],
        node: Option<&str>,
        timeout_ms: u32,
    ) -> PyResult<Bound<'py, PyAny>> {
        let session = self.lifecycle.session()?;
        let cluster = session.cluster()?;
        let Question { kind, node, run, expect } = Question::new(cluster, kind, node, timeout_ms)?;
        let reply =
            py.detach(|| blocking::ask(cluster, &node, run, request, expect)).map_err(errors::from_core)?;
        ask::finish(py, kind, &node, reply.inbox(), reply.run())
    }

    /// A client on the same connection, which a `close()` of this one does not close.
    fn _held(&self, py: Python<'_>) -> PyResult<Client> {
        let session = self.lifecycle.session()?;
        Ok(Client { config: self.config.clone_ref(py), lifecycle: Lifecycle::holding(session) })
    }

    /// Who is logged in, and the hash of the password; None without a user.
    fn _identity(&self) -> PyResult<Option<(String, String)>> {
        self.lifecycle.session()?.identity()
    }

    /// Takes note of the changed password of the client's own user.
    fn _set_password(&self, hash: &str, password: &str) -> PyResult<()> {
        self.lifecycle.session()?.set_password(hash, password)
    }

    /// Names of the nodes.
    fn _nodes(&self) -> PyResult<Vec<String>> {
        Ok(self.lifecycle.session()?.cluster()?.node_names())
    }
}

/// Sends a batch and makes its result.
fn run_batch<'py>(
    py: Python<'py>,
    session: &Session,
    command: batch::BatchCommand<'py>,
    shape: BatchShape,
) -> PyResult<Bound<'py, PyAny>> {
    let cluster = session.cluster()?;
    let (namespace, set) = command.batch.first_place().unwrap_or_default();
    let timer = Timer::start(command.name, namespace, set);
    let _pass = session.enter(py, command.name)?;
    let run = || {
        let (rows, policy) = (&command.batch, &command.policy);
        let reply = with_buffer(|out| py.detach(|| blocking::execute_batch(cluster, rows, policy, out)));
        let reply = reply.map_err(errors::from_core)?;
        let mut outcome = command.outcome();
        for inbox in reply.replies() {
            outcome.take(py, inbox)?;
        }
        outcome.fail(reply.run().failures());
        outcome.finish(py, shape)
    };
    let result = run();
    if let Some(timer) = timer {
        timer.end(py, &result);
    }
    result
}
