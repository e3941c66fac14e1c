//! The asynchronous client.
//!
//! Each event loop that uses a client gets a reactor of its own. The reactor's descriptor is registered with the
//! loop as any socket is, so that one call back serves all commands whose replies have come since the last: no
//! thread is involved, no future is completed from outside its loop, and nothing waits for the interpreter lock.

use crate::batch::{self, BatchCommand, BatchShape, Outcome};
use crate::command::{Command, Encoder, Shape, finish};
use crate::config::{self, Config};
use crate::errors;
use crate::session::{Lifecycle, Session};
use aerospike_client_core::ErrorKind;
use aerospike_client_core::reply::{Expect, Inbox};
use aerospike_client_core::retry::Execution;
use aerospike_client_core::transport::blocking::Target;
use aerospike_client_core::transport::reactor::{Done, Reactor, Waiter};
use aerospike_wire::proto::FrameType;
use aerospike_wire::{ResultCode, op};
use parking_lot::Mutex;
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use std::os::fd::RawFd;
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

/// What a future becomes.
enum Goal {
    One { shape: Shape, key: Option<Py<PyAny>> },
    Many { shape: BatchShape, outcome: Outcome },
}

/// A future and what it becomes.
pub struct Pending {
    future: Py<PyAny>,
    goal: Goal,
}

impl Waiter for Pending {
    fn is_gone(&self) -> bool {
        Python::attach(|py| {
            let done = self.future.bind(py).call_method0(intern!(py, "done"));
            done.and_then(|done| done.is_truthy()).unwrap_or(false)
        })
    }
}

/// When a loop calls back, and its handle for that.
type Armed = Option<(Instant, Option<Py<PyAny>>)>;

/// The reactor of one event loop.
struct Lane {
    event_loop: Py<PyAny>,
    session: Arc<Session>,
    descriptor: RawFd,
    reactor: Mutex<Reactor<Pending>>,
    /// When the loop calls back at the latest.
    armed: Mutex<Armed>,
}

impl Lane {
    /// Completes the futures whose commands have ended. The reactor is not locked meanwhile: whatever Python does
    /// may lead back to it.
    fn complete(&self, py: Python<'_>, done: Vec<Done<Pending>>) {
        let mut spent = Vec::new();
        for ended in done {
            let (future, result) = match ended {
                Done::Reply { waiter, inbox, run } => {
                    let result = one(py, waiter.goal, &inbox, &run);
                    spent.push(inbox);
                    (waiter.future, result)
                }
                Done::Batch { waiter, replies, run } => {
                    let result = many(py, waiter.goal, &replies, run.failures());
                    spent.extend(replies);
                    (waiter.future, result)
                }
                Done::Failed { waiter, error } => (waiter.future, Err(errors::from_core(error))),
            };
            settle(py, future.bind(py), result);
        }
        if !spent.is_empty() {
            let mut reactor = self.reactor.lock();
            spent.into_iter().for_each(|inbox| reactor.recycle(inbox));
        }
    }

    /// Lets the reactor work and completes what has ended.
    fn turn(this: &Bound<'_, LaneCallbacks>) -> PyResult<()> {
        let py = this.py();
        let lane = &this.get().lane;
        let (done, deadline) = {
            let mut reactor = lane.reactor.lock();
            reactor.turn(lane.session.cluster()?)?;
            (reactor.take_done(), reactor.next_deadline())
        };
        lane.complete(py, done);
        Lane::arm(this, deadline)
    }

    /// Makes the loop call back at a deadline, unless it will anyway.
    fn arm(this: &Bound<'_, LaneCallbacks>, deadline: Option<Instant>) -> PyResult<()> {
        let lane = &this.get().lane;
        let Some(deadline) = deadline else { return Ok(()) };
        {
            let mut armed = lane.armed.lock();
            if armed.as_ref().is_some_and(|(armed, _)| *armed <= deadline) {
                return Ok(());
            }
            *armed = Some((deadline, None));
        }
        let py = this.py();
        // A little late rather than early: an early call would find nothing to do and be repeated.
        let delay = deadline.saturating_duration_since(Instant::now()).as_secs_f64() + 0.0002;
        let tick = this.getattr(intern!(py, "tick"))?;
        let handle = lane.event_loop.bind(py).call_method1(intern!(py, "call_later"), (delay, tick))?;
        let former = lane.armed.lock().replace((deadline, Some(handle.unbind())));
        cancel(py, former);
        Ok(())
    }
}

/// Takes a call back from the loop.
fn cancel(py: Python<'_>, armed: Armed) {
    if let Some((_, Some(handle))) = armed {
        let _ = handle.bind(py).call_method0(intern!(py, "cancel"));
    }
}

/// Sets a future's result; nobody minds one that was cancelled or whose loop is closed.
fn settle(py: Python<'_>, future: &Bound<'_, PyAny>, result: PyResult<Bound<'_, PyAny>>) {
    let _ = match result {
        Ok(value) => future.call_method1(intern!(py, "set_result"), (value,)),
        Err(error) => future.call_method1(intern!(py, "set_exception"), (error,)),
    };
}

fn one<'py>(py: Python<'py>, goal: Goal, inbox: &Inbox, run: &Execution) -> PyResult<Bound<'py, PyAny>> {
    let Goal::One { shape, key } = goal else { return Err(errors::client("Malformed reply: not a batch's")) };
    let reply = inbox.message().and_then(|message| match ResultCode(message.header.result) {
        code if code.is_ok() => Ok(message),
        code => Err(run.error(ErrorKind::Server(code))),
    });
    let key = || Ok(key.unwrap_or_else(|| py.None()).into_bound(py));
    finish(py, shape, key, reply)
}

fn many<'py>(
    py: Python<'py>,
    goal: Goal,
    replies: &[Inbox],
    failures: &[(u32, aerospike_client_core::batch::RowFailure)],
) -> PyResult<Bound<'py, PyAny>> {
    let Goal::Many { shape, mut outcome } = goal else {
        return Err(errors::client("Malformed reply: a batch's"));
    };
    for inbox in replies {
        outcome.take(py, inbox)?;
    }
    outcome.fail(failures);
    outcome.finish(py, shape)
}

/// What an event loop calls.
#[pyclass(module = "aerospike_py._aerospike", frozen)]
pub struct LaneCallbacks {
    lane: Arc<Lane>,
}

#[pymethods]
impl LaneCallbacks {
    /// The descriptor is readable.
    fn ready(slf: &Bound<'_, Self>) -> PyResult<()> {
        Lane::turn(slf)
    }

    /// A deadline has come.
    fn tick(slf: &Bound<'_, Self>) -> PyResult<()> {
        let fired = slf.get().lane.armed.lock().take();
        drop(fired);
        Lane::turn(slf)
    }

    /// The client was closed: commands under way fail, and the loop hears no more.
    fn shut_down(slf: &Bound<'_, Self>) {
        let py = slf.py();
        let lane = &slf.get().lane;
        let done = {
            let mut reactor = lane.reactor.lock();
            reactor.shut_down();
            reactor.take_done()
        };
        let _ = lane.event_loop.bind(py).call_method1(intern!(py, "remove_reader"), (lane.descriptor,));
        let armed = lane.armed.lock().take();
        // The loop's handle holds the lane, and the lane the cluster.
        cancel(py, armed);
        lane.complete(py, done);
    }
}

/// A connection to a cluster for `asyncio`, usable from any number of event loops.
#[pyclass(subclass, module = "aerospike_py._aerospike", frozen)]
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

    /// Runs a command that `encode` makes; its future. Every error comes out of the future.
    fn command<'py>(
        &self,
        py: Python<'py>,
        event_loop: &Bound<'py, PyAny>,
        connected_first: bool,
        encode: impl FnOnce(&mut Encoder<'_>) -> PyResult<Command<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let future = Helpers::get(py)?.operation.bind(py).call0()?;
        if let Err(error) = self.submit(py, event_loop, connected_first, &future, encode) {
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
        let waiter =
            Pending { future: future.clone().unbind(), goal: Goal::One { shape: command.shape, key } };
        let named = command.key.as_ref()?;
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

    /// Runs a batch that `lay_out` makes; its future.
    fn batch<'py>(
        &self,
        py: Python<'py>,
        event_loop: &Bound<'py, PyAny>,
        shape: BatchShape,
        lay_out: impl FnOnce(bool) -> PyResult<BatchCommand<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let future = Helpers::get(py)?.operation.bind(py).call0()?;
        let submit = || {
            let session = self.lifecycle.session()?;
            let cluster = session.cluster()?;
            let callbacks = self.lane(event_loop, &session)?;
            let mut command = lay_out(session.bytes_as_blob)?;
            let rows = std::mem::take(&mut command.batch);
            let policy = command.policy;
            let goal = Goal::Many { shape, outcome: command.outcome() };
            let waiter = Pending { future: future.clone().unbind(), goal };
            let (done, deadline) = {
                let mut reactor = callbacks.get().lane.reactor.lock();
                reactor.submit_batch(cluster, rows, &policy, waiter);
                (reactor.has_done().then(|| reactor.take_done()), reactor.next_deadline())
            };
            if let Some(done) = done {
                callbacks.get().lane.complete(py, done);
            }
            Lane::arm(&callbacks, deadline)
        };
        if let Err(error) = submit() {
            settle(py, &future, Err(error));
        }
        Ok(future)
    }
}

impl LaneCallbacks {
    fn is_for(&self, event_loop: &Bound<'_, PyAny>, session: &Arc<Session>) -> bool {
        self.lane.event_loop.is(event_loop) && Arc::ptr_eq(&self.lane.session, session)
    }
}

impl Drop for AsyncClient {
    fn drop(&mut self) {
        let lanes = std::mem::take(self.lanes.get_mut());
        if !lanes.is_empty() {
            Python::attach(|py| shut_down(py, lanes));
        }
    }
}

/// Shuts lanes down, each in its own loop.
fn shut_down(py: Python<'_>, lanes: Vec<Py<LaneCallbacks>>) {
    let running = Helpers::get(py).and_then(|helpers| helpers.running_loop.bind(py).call0()).ok();
    for lane in lanes {
        let event_loop = lane.get().lane.event_loop.bind(py);
        let here = running.as_ref().is_some_and(|running| running.is(event_loop));
        let Ok(shut_down) = lane.bind(py).getattr(intern!(py, "shut_down")) else { continue };
        let _ = match here {
            true => shut_down.call0(),
            // A loop that is closed takes no calls, and needs none: it hears nothing any more.
            false => event_loop.call_method1(intern!(py, "call_soon_threadsafe"), (shut_down,)),
        };
    }
}

/// The loop that runs this thread; `None` outside of one.
fn running<'py>(py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let event_loop = Helpers::get(py)?.running_loop.bind(py).call0()?;
    Ok((!event_loop.is_none()).then_some(event_loop))
}

/// A coroutine that calls the method once a loop runs.
fn defer<'py, A>(slf: &Bound<'py, AsyncClient>, method: &str, args: A) -> PyResult<Bound<'py, PyAny>>
where
    A: IntoPyObject<'py>,
{
    let py = slf.py();
    Helpers::get(py)?.deferred.bind(py).call1((slf.getattr(method)?, args))
}

/// An attempt to connect; `run` blocks and is called in a thread of its own.
#[pyclass(module = "aerospike_py._aerospike", frozen)]
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
        let config = config::parse(self.config.bind(py), username, password)?;
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
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        bins: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "put", (key, bins, meta, policy));
        };
        // Arguments before the connection: a client that was never connected reports them, too.
        slf.get().command(py, &event_loop, false, |encoder| encoder.put(key, bins, meta, policy))
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
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "get", (key, policy));
        };
        slf.get().command(py, &event_loop, true, |encoder| encoder.get(key, policy, Shape::Record))
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
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        bins: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "select", (key, bins, policy));
        };
        slf.get().command(py, &event_loop, true, |encoder| encoder.select(key, bins, policy))
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
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "exists", (key, policy));
        };
        slf.get().command(py, &event_loop, true, |encoder| encoder.get(key, policy, Shape::Exists))
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
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "remove", (key, meta, policy));
        };
        slf.get().command(py, &event_loop, true, |encoder| encoder.remove(key, meta, policy))
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
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        val: u32,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "touch", (key, val, meta, policy));
        };
        slf.get().command(py, &event_loop, true, |encoder| encoder.touch(key, val, meta, policy))
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
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        bin: Arg<'_, 'py>,
        val: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "append", (key, bin, val, meta, policy));
        };
        slf.get().command(py, &event_loop, true, |encoder| {
            encoder.concatenate(op::APPEND, key, bin.extract()?, val, meta, policy)
        })
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
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        bin: Arg<'_, 'py>,
        val: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "prepend", (key, bin, val, meta, policy));
        };
        slf.get().command(py, &event_loop, true, |encoder| {
            encoder.concatenate(op::PREPEND, key, bin.extract()?, val, meta, policy)
        })
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
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        bin: Arg<'_, 'py>,
        offset: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "increment", (key, bin, offset, meta, policy));
        };
        slf.get().command(py, &event_loop, true, |encoder| {
            encoder.increment(key, bin.extract()?, offset, meta, policy)
        })
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
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        bin_names: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "remove_bin", (key, bin_names, meta, policy));
        };
        slf.get().command(py, &event_loop, true, |encoder| encoder.remove_bin(key, bin_names, meta, policy))
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
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        ops: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "operate", (key, ops, meta, policy));
        };
        slf.get().command(py, &event_loop, true, |encoder| {
            encoder.operate(key, ops, meta, policy, Shape::Operated)
        })
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
        slf: &Bound<'py, Self>,
        key: Arg<'_, 'py>,
        ops: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "operate_ordered", (key, ops, meta, policy));
        };
        slf.get()
            .command(py, &event_loop, true, |encoder| encoder.operate(key, ops, meta, policy, Shape::Ordered))
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
        slf: &Bound<'py, Self>,
        keys: Arg<'_, 'py>,
        bins: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "batch_read", (keys, bins, policy));
        };
        slf.get().batch(py, &event_loop, BatchShape::Read, |blob| batch::read(keys, bins, policy, blob))
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
        slf: &Bound<'py, Self>,
        keys: Arg<'_, 'py>,
        ops: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "batch_operate", (keys, ops, policy));
        };
        slf.get().batch(py, &event_loop, BatchShape::Write, |blob| batch::operate(keys, ops, policy, blob))
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
        slf: &Bound<'py, Self>,
        keys: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(event_loop) = running(py)? else {
            return defer(slf, "batch_remove", (keys, policy));
        };
        slf.get().batch(py, &event_loop, BatchShape::Write, |blob| batch::remove(keys, policy, blob))
    }
}
