//! The asynchronous client.
//!
//! Each event loop that uses a client gets a reactor of its own. The reactor's descriptor is registered with the
//! loop as any socket is, so that one call back serves all commands whose replies have come since the last: no
//! thread is involved, no future is completed from outside its loop, and nothing waits for the interpreter lock.

pub mod lane;

use self::lane::{Goal, Lane, LaneCallbacks, Pending, settle, shut_down};
use crate::ask::Question;
use crate::batch::{self, BatchCommand, BatchShape};
use crate::command::{Command, Encoder, Shape};
use crate::config::{self, Config};
use crate::errors;
use crate::metrics::Timer;
use crate::query::QueryCommand;
use crate::session::{Lifecycle, Session};
use aerospike_client_core::Cluster;
use aerospike_client_core::reply::Expect;
use aerospike_client_core::retry::Execution;
use aerospike_client_core::transport::blocking::Target;
use aerospike_client_core::transport::reactor::Reactor;
use aerospike_wire::op;
use aerospike_wire::proto::FrameType;
use parking_lot::Mutex;
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyList;
use std::sync::Arc;
use std::time::Instant;

type Arg<'a, 'py> = &'a Bound<'py, PyAny>;
type Opt<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// Python's own helpers, looked up once.
struct Helpers {
    running_loop: Py<PyAny>,
    operation: Py<PyAny>,
    deferred: Py<PyAny>,
    connect: Py<PyAny>,
    close: Py<PyAny>,
    enter: Py<PyAny>,
    exit: Py<PyAny>,
    awaitable_list: Py<PyAny>,
}

impl Helpers {
    fn get(py: Python<'_>) -> PyResult<&'static Helpers> {
        static HELPERS: PyOnceLock<Helpers> = PyOnceLock::new();
        HELPERS.get_or_try_init(py, || {
            let module = py.import("aerospike_py._aio")?;
            let get = |name: &str| Ok::<_, PyErr>(module.getattr(name)?.unbind());
            Ok(Helpers {
                running_loop: py.import("asyncio")?.getattr("_get_running_loop")?.unbind(),
                operation: get("Operation")?,
                deferred: get("deferred")?,
                connect: get("connect")?,
                close: get("close")?,
                enter: get("enter")?,
                exit: get("leave")?,
                awaitable_list: get("AwaitableList")?,
            })
        })
    }
}

/// A connection to a cluster for `asyncio`, usable from any number of event loops.
#[pyclass(subclass, module = "aerospike_py._native", frozen)]
pub struct AsyncClient {
    config: Py<PyAny>,
    lifecycle: Arc<Lifecycle>,
    lanes: Mutex<Vec<Py<LaneCallbacks>>>,
}

impl AsyncClient {
    /// The lane of a loop, made when the loop is new here.
    fn lane<'py>(
        &self,
        event_loop: &Bound<'py, PyAny>,
        session: &Arc<Session>,
    ) -> PyResult<Bound<'py, LaneCallbacks>> {
        let py = event_loop.py();
        let known = {
            let lanes = self.lanes.lock();
            lanes
                .iter()
                .find(|callbacks| callbacks.get().is_for(event_loop, session))
                .map(|found| found.clone_ref(py))
        };
        if let Some(known) = known {
            return Ok(known.into_bound(py));
        }
        self.forget_closed(py)?;
        let reactor = Reactor::new()?;
        let lane = Arc::new(Lane {
            event_loop: event_loop.clone().unbind(),
            session: session.clone(),
            descriptor: reactor.descriptor(),
            reactor: Mutex::new(reactor),
            armed: Mutex::new(None),
        });
        let descriptor = lane.descriptor;
        let callbacks = Bound::new(py, LaneCallbacks { lane })?;
        let ready = callbacks.getattr(intern!(py, "ready"))?;
        event_loop.call_method1(intern!(py, "add_reader"), (descriptor, ready))?;
        let deadline = {
            let mut reactor = callbacks.get().lane.reactor.lock();
            reactor.open_minimum(session.cluster()?);
            reactor.next_deadline()
        };
        Lane::arm(&callbacks, deadline)?;
        self.lanes.lock().push(callbacks.clone().unbind());
        Ok(callbacks)
    }

    /// Lets go of lanes whose loops were closed.
    fn forget_closed(&self, py: Python<'_>) -> PyResult<()> {
        let lanes: Vec<Py<LaneCallbacks>> = self.lanes.lock().iter().map(|lane| lane.clone_ref(py)).collect();
        let mut open = Vec::new();
        for lane in lanes {
            let event_loop = lane.get().lane.event_loop.bind(py);
            if event_loop.call_method0(intern!(py, "is_closed"))?.is_truthy()? {
                lane.get().lane.reactor.lock().shut_down();
            } else {
                open.push(lane);
            }
        }
        let before = std::mem::replace(&mut *self.lanes.lock(), open);
        drop(before);
        Ok(())
    }

    /// Runs a command that `encode` makes; its future. Every error comes out of the future. `call` is the method that was
    /// called and its arguments: outside of a loop it is called anew once one runs.
    fn command<'py>(
        slf: &Bound<'py, Self>,
        call: (&str, impl IntoPyObject<'py>),
        connected_first: bool,
        encode: impl FnOnce(&mut Encoder<'_>) -> PyResult<Command<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else { return defer(slf, call) };
        let future = Helpers::get(py)?.operation.bind(py).call0()?;
        if let Err(error) = slf.get().submit(py, &event_loop, connected_first, &future, encode) {
            settle(py, &future, Err(error));
        }
        Ok(future)
    }

    fn submit<'py>(
        &self,
        py: Python<'py>,
        event_loop: &Bound<'py, PyAny>,
        connected_first: bool,
        future: &Bound<'py, PyAny>,
        encode: impl FnOnce(&mut Encoder<'_>) -> PyResult<Command<'py>>,
    ) -> PyResult<()> {
        let session = self.lifecycle.session();
        let session = if connected_first { Ok(session?) } else { session };
        let callbacks = session.as_ref().ok().map(|session| self.lane(event_loop, session)).transpose()?;
        let mut request = match &callbacks {
            Some(callbacks) => callbacks.get().lane.reactor.lock().buffer(),
            None => Vec::new(),
        };
        let bytes_as_blob = session.as_ref().is_ok_and(|session| session.bytes_as_blob);
        let command = encode(&mut Encoder { out: &mut request, bytes_as_blob })?;
        let session = session?;
        let cluster = session.cluster()?;
        let Some(callbacks) = callbacks else { return Err(crate::session::not_connected()) };
        let key = match command.shape {
            Shape::Nothing => None,
            _ => Some(command.key.to_object(py)?.unbind()),
        };
        let named = command.key.as_ref()?;
        let timer = Timer::start(command.name, named.namespace, named.set);
        let goal = Goal::One { shape: command.shape, key };
        let waiter = Pending { future: future.clone().unbind(), goal, timer };
        let target = Target {
            namespace: named.namespace,
            partition: named.digest.partition(),
            replica: command.policy.replica,
        };
        let run = Execution::new(&command.policy, command.write, Instant::now());
        let expect = Expect::Frame(FrameType::Message);
        let (done, deadline) = {
            let mut reactor = callbacks.get().lane.reactor.lock();
            reactor.submit(cluster, target, run, request, expect, waiter);
            (reactor.has_done().then(|| reactor.take_done()), reactor.next_deadline())
        };
        if let Some(done) = done {
            callbacks.get().lane.complete(py, done);
        }
        Lane::arm(&callbacks, deadline)
    }

    /// Hands something to the reactor of the loop; its future. Every error comes out of the future.
    fn start<'py>(
        &self,
        py: Python<'py>,
        event_loop: &Bound<'py, PyAny>,
        submit: impl FnOnce(&Session, &Cluster, &mut dyn FnMut(Submission<'_>), Py<PyAny>) -> PyResult<()>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let future = Helpers::get(py)?.operation.bind(py).call0()?;
        let begin = || {
            let session = self.lifecycle.session()?;
            let cluster = session.cluster()?;
            let callbacks = self.lane(event_loop, &session)?;
            let mut outcome = (None, None);
            let mut hand_over = |give: Submission<'_>| {
                let mut reactor = callbacks.get().lane.reactor.lock();
                give(&mut reactor);
                outcome = (reactor.has_done().then(|| reactor.take_done()), reactor.next_deadline());
            };
            submit(&session, cluster, &mut hand_over, future.clone().unbind())?;
            let (done, deadline) = outcome;
            if let Some(done) = done {
                callbacks.get().lane.complete(py, done);
            }
            Lane::arm(&callbacks, deadline)
        };
        if let Err(error) = begin() {
            settle(py, &future, Err(error));
        }
        Ok(future)
    }

    /// Runs a batch that `lay_out` makes; its future. For `call` see [`AsyncClient::command`].
    fn batch<'py>(
        slf: &Bound<'py, Self>,
        call: (&str, impl IntoPyObject<'py>),
        shape: BatchShape,
        lay_out: impl FnOnce(bool) -> PyResult<BatchCommand<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else { return defer(slf, call) };
        slf.get().start(py, &event_loop, |session, cluster, hand_over, future| {
            let mut command = lay_out(session.bytes_as_blob)?;
            let rows = std::mem::take(&mut command.batch);
            let (namespace, set) = rows.first_place().unwrap_or_default();
            let timer = Timer::start(command.name, namespace, set);
            let policy = command.policy;
            let goal = Goal::Many { shape, outcome: command.outcome() };
            let mut work = Some((rows, Pending { future, goal, timer }));
            hand_over(&mut |reactor| {
                if let Some((rows, waiter)) = work.take() {
                    reactor.submit_batch(cluster, rows, &policy, waiter);
                }
            });
            Ok(())
        })
    }
}

/// Gives something to a reactor.
type Submission<'a> = &'a mut dyn FnMut(&mut Reactor<Pending>);

impl Drop for AsyncClient {
    fn drop(&mut self) {
        let lanes = std::mem::take(self.lanes.get_mut());
        if !lanes.is_empty() {
            Python::attach(|py| shut_down(py, lanes));
        }
    }
}

/// The loop that runs this thread; `None` outside of one.
fn running<'py>(py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let event_loop = Helpers::get(py)?.running_loop.bind(py).call0()?;
    Ok((!event_loop.is_none()).then_some(event_loop))
}

/// A coroutine that calls the method once a loop runs.
fn defer<'py>(
    slf: &Bound<'py, AsyncClient>,
    (method, args): (&str, impl IntoPyObject<'py>),
) -> PyResult<Bound<'py, PyAny>> {
    let py = slf.py();
    Helpers::get(py)?.deferred.bind(py).call1((slf.getattr(method)?, args))
}

/// An attempt to connect; `run` blocks and is called in a thread of its own.
#[pyclass(module = "aerospike_py._native", frozen)]
pub struct Attempt {
    lifecycle: Arc<Lifecycle>,
    ticket: u64,
    config: Mutex<Option<Config>>,
}

#[pymethods]
impl Attempt {
    /// Connects.
    fn run(&self, py: Python<'_>) -> PyResult<()> {
        let config = self.config.lock().take();
        let Some(config) = config else { return Err(PyRuntimeError::new_err("an attempt runs once")) };
        py.detach(|| self.lifecycle.run(self.ticket, config)).map_err(errors::from_core)
    }

    /// Gives up: the client may be connected anew.
    fn abandon(&self) {
        self.lifecycle.abandon(self.ticket);
    }
}

#[pymethods]
impl AsyncClient {
    #[new]
    #[pyo3(signature = (config, *_args, **_kwargs))]
    fn new(config: Py<PyAny>, _args: Arg<'_, '_>, _kwargs: Option<Arg<'_, '_>>) -> AsyncClient {
        AsyncClient { config, lifecycle: Arc::new(Lifecycle::new()), lanes: Mutex::default() }
    }

    /// Starts an attempt to connect.
    #[pyo3(signature = (username=None, password=None))]
    fn _attempt(
        &self,
        py: Python<'_>,
        username: Option<String>,
        password: Option<String>,
    ) -> PyResult<Attempt> {
        let mut config = config::parse(self.config.bind(py), username, password)?;
        // Reactors open theirs.
        config.cluster.open_minimum = false;
        let ticket = self.lifecycle.begin()?;
        Ok(Attempt { lifecycle: self.lifecycle.clone(), ticket, config: Mutex::new(Some(config)) })
    }

    /// Closes; the coroutine around it has nothing left to wait for.
    fn _close(&self, py: Python<'_>) -> PyResult<()> {
        let session = self.lifecycle.close()?;
        if session.is_some() {
            let lanes = std::mem::take(&mut *self.lanes.lock());
            shut_down(py, lanes);
        }
        py.detach(|| drop(session));
        Ok(())
    }

    /// Runs a query; the list of its records.
    #[pyo3(signature = (namespace, set_name, bins, conditions, policy=None))]
    fn _query<'py>(
        &self,
        py: Python<'py>,
        namespace: &str,
        set_name: &str,
        bins: &Bound<'py, PyList>,
        conditions: &Bound<'py, PyList>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let event_loop = running(py)?.ok_or_else(|| PyRuntimeError::new_err("no running event loop"))?;
        self.start(py, &event_loop, |_, cluster, hand_over, future| {
            let command = QueryCommand::parse(namespace, set_name, bins, conditions, policy)?;
            let timer = Timer::start("query", namespace, set_name);
            let waiter = Pending { future, goal: Goal::Records { filter: command.filter }, timer };
            let mut work = Some((command.run, waiter));
            hand_over(&mut |reactor| {
                if let Some((run, waiter)) = work.take() {
                    reactor.submit_query(cluster, run, waiter);
                }
            });
            Ok(())
        })
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
        let event_loop = running(py)?.ok_or_else(|| PyRuntimeError::new_err("no running event loop"))?;
        self.start(py, &event_loop, |_, cluster, hand_over, future| {
            let question = Question::new(cluster, kind, node, timeout_ms)?;
            let goal = Goal::Answer { kind: question.kind, node: question.node.clone() };
            let mut work = Some((question, Pending { future, goal, timer: None }));
            hand_over(&mut |reactor| {
                if let Some((Question { node, run, expect, .. }, waiter)) = work.take() {
                    let mut buffer = reactor.buffer();
                    buffer.clear();
                    buffer.extend_from_slice(request);
                    reactor.submit_to(cluster, &node, run, buffer, expect, waiter);
                }
            });
            Ok(())
        })
    }

    /// The client itself, if it is connected.
    fn _held<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        slf.get().lifecycle.session()?;
        Ok(slf.clone())
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

    #[pyo3(signature = (username=None, password=None))]
    fn connect<'py>(
        slf: &Bound<'py, Self>,
        username: Opt<'_, 'py>,
        password: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        Helpers::get(py)?.connect.bind(py).call1((slf, username, password))
    }

    fn close<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        Helpers::get(py)?.close.bind(py).call1((slf,))
    }

    fn __aenter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        Helpers::get(py)?.enter.bind(py).call1((slf,))
    }

    #[pyo3(signature = (_exc_type=None, _exc_value=None, _traceback=None))]
    fn __aexit__<'py>(
        slf: &Bound<'py, Self>,
        _exc_type: Opt<'_, 'py>,
        _exc_value: Opt<'_, 'py>,
        _traceback: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        Helpers::get(py)?.exit.bind(py).call1((slf,))
    }

    fn is_connected(&self) -> bool {
        self.lifecycle.is_connected()
    }

    /// A list that can be awaited, too.
    fn get_node_names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let names = self.lifecycle.session()?.cluster()?.node_names();
        Helpers::get(py)?.awaitable_list.bind(py).call1((names,))
    }

    /// Writes bins of a record.
    #[pyo3(signature = (key, bins, meta=None, policy=None))]
    fn put<'py>(
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        bins: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // Arguments before the connection: a client that was never connected reports them, too.
        Self::command(slf, ("put", (key, bins, meta, policy)), false, |encoder| {
            encoder.put(key, bins, meta, policy)
        })
    }

    /// Reads a record with all its bins; ``(key, meta, bins)``.
    #[pyo3(signature = (key, policy=None))]
    fn get<'py>(
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::command(slf, ("get", (key, policy)), true, |encoder| encoder.get(key, policy, Shape::Record))
    }

    /// Reads some bins of a record; those that it does not have are missing from the answer.
    #[pyo3(signature = (key, bins, policy=None))]
    fn select<'py>(
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        bins: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::command(slf, ("select", (key, bins, policy)), true, |encoder| encoder.select(key, bins, policy))
    }

    /// Looks whether there is a record; ``(key, meta)``, with ``meta`` None if there is none.
    #[pyo3(signature = (key, policy=None))]
    fn exists<'py>(
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::command(slf, ("exists", (key, policy)), true, |encoder| encoder.get(key, policy, Shape::Exists))
    }

    /// Removes a record.
    #[pyo3(signature = (key, meta=None, policy=None))]
    fn remove<'py>(
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::command(slf, ("remove", (key, meta, policy)), true, |encoder| encoder.remove(key, meta, policy))
    }

    /// Renews a record's time to live and generation.
    #[pyo3(signature = (key, val=0, meta=None, policy=None))]
    fn touch<'py>(
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        val: u32,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::command(slf, ("touch", (key, val, meta, policy)), true, |encoder| {
            encoder.touch(key, val, meta, policy)
        })
    }

    /// Appends to a bin of text or bytes; record and bin are made if they are missing.
    #[pyo3(signature = (key, bin, val, meta=None, policy=None))]
    fn append<'py>(
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        bin: Arg<'_, 'py>,
        val: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::command(slf, ("append", (key, bin, val, meta, policy)), true, |encoder| {
            encoder.concatenate(op::APPEND, key, bin.extract()?, val, meta, policy)
        })
    }

    /// Puts something in front of a bin of text or bytes; record and bin are made if they are missing.
    #[pyo3(signature = (key, bin, val, meta=None, policy=None))]
    fn prepend<'py>(
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        bin: Arg<'_, 'py>,
        val: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::command(slf, ("prepend", (key, bin, val, meta, policy)), true, |encoder| {
            encoder.concatenate(op::PREPEND, key, bin.extract()?, val, meta, policy)
        })
    }

    /// Adds to a bin of a number; record and bin are made if they are missing.
    #[pyo3(signature = (key, bin, offset, meta=None, policy=None))]
    fn increment<'py>(
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        bin: Arg<'_, 'py>,
        offset: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::command(slf, ("increment", (key, bin, offset, meta, policy)), true, |encoder| {
            encoder.increment(key, bin.extract()?, offset, meta, policy)
        })
    }

    /// Removes bins of a record, and with its last bin the record.
    #[pyo3(signature = (key, bin_names, meta=None, policy=None))]
    fn remove_bin<'py>(
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        bin_names: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::command(slf, ("remove_bin", (key, bin_names, meta, policy)), true, |encoder| {
            encoder.remove_bin(key, bin_names, meta, policy)
        })
    }

    /// Carries out several operations on a record at once; what they read is in ``bins``.
    #[pyo3(signature = (key, ops, meta=None, policy=None))]
    fn operate<'py>(
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        ops: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::command(slf, ("operate", (key, ops, meta, policy)), true, |encoder| {
            encoder.operate(key, ops, meta, policy, Shape::Operated)
        })
    }

    /// Like :meth:`operate`, with one ``(bin, value)`` per operation that returned a value, in their order.
    #[pyo3(signature = (key, ops, meta=None, policy=None))]
    fn operate_ordered<'py>(
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        ops: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::command(slf, ("operate_ordered", (key, ops, meta, policy)), true, |encoder| {
            encoder.operate(key, ops, meta, policy, Shape::Ordered)
        })
    }

    /// Reads many records: a dict from user key to bins of those found, and ``batch_records`` with everything.
    #[pyo3(signature = (keys, bins=None, policy=None))]
    fn batch_read<'py>(
        slf: &Bound<'py, Self>,
        keys: Arg<'_, 'py>,
        bins: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::batch(slf, ("batch_read", (keys, bins, policy)), BatchShape::Read, |blob| {
            batch::read(keys, bins, policy, blob)
        })
    }

    /// Carries out the same operations on many records: a list of ``(key, meta, bins)``, and ``batch_records``.
    #[pyo3(signature = (keys, ops, policy=None))]
    fn batch_operate<'py>(
        slf: &Bound<'py, Self>,
        keys: Arg<'_, 'py>,
        ops: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::batch(slf, ("batch_operate", (keys, ops, policy)), BatchShape::Write, |blob| {
            batch::operate(keys, ops, policy, blob)
        })
    }

    /// Removes many records: a list of ``(key, meta, bins)``, and ``batch_records`` with their result codes.
    #[pyo3(signature = (keys, policy=None))]
    fn batch_remove<'py>(
        slf: &Bound<'py, Self>,
        keys: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::batch(slf, ("batch_remove", (keys, policy)), BatchShape::Write, |blob| {
            batch::remove(keys, policy, blob)
        })
    }

    /// Writes many records, each with bins of its own: ``(key, bins)`` or ``(key, bins, meta)``.
    #[pyo3(signature = (records, policy=None))]
    fn _batch_write<'py>(
        slf: &Bound<'py, Self>,
        records: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::batch(slf, ("_batch_write", (records, policy)), BatchShape::Write, |blob| {
            batch::write(records, policy, blob)
        })
    }

    /// Calls a function with many records: what it returned is in each one's bin ``SUCCESS``.
    #[pyo3(signature = (keys, module, function, args=None, policy=None))]
    fn batch_apply<'py>(
        slf: &Bound<'py, Self>,
        keys: Arg<'_, 'py>,
        module: &str,
        function: &str,
        args: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let lay_out = |blob| batch::apply(keys, (module, function), args, policy, blob);
        Self::batch(slf, ("batch_apply", (keys, module, function, args, policy)), BatchShape::Write, lay_out)
    }

    /// Calls a function with a record, where the record is; what it returned.
    #[pyo3(signature = (key, module, function, args=None, policy=None))]
    fn apply<'py>(
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        module: &str,
        function: &str,
        args: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::command(slf, ("apply", (key, module, function, args, policy)), true, |encoder| {
            encoder.apply(key, (module, function), args, policy)
        })
    }
}
