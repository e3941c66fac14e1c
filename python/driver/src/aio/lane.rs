//! The reactor of one event loop, and what becomes of the futures that wait for it.

use super::Helpers;
use crate::ask::{self, Kind};
use crate::batch::{BatchShape, Outcome};
use crate::command::{Shape, finish, is_answer};
use crate::errors;
use crate::metrics::Timer;
use crate::query::{PartitionFilter, each_record, note_progress};
use crate::session::Session;
use aerospike_client_core::ErrorKind;
use aerospike_client_core::cluster::Node;
use aerospike_client_core::query::QueryRun;
use aerospike_client_core::reply::Inbox;
use aerospike_client_core::retry::Execution;
use aerospike_client_core::transport::reactor::{Done, Reactor, Waiter};
use aerospike_wire::ResultCode;
use parking_lot::Mutex;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Instant;

/// What a future becomes.
pub(super) enum Goal {
    One { shape: Shape, key: Option<Py<PyAny>> },
    Many { shape: BatchShape, outcome: Outcome },
    Records { filter: Option<Py<PartitionFilter>> },
    Answer { kind: Kind, node: Arc<Node> },
}

/// A future and what it becomes.
pub struct Pending {
    pub(super) future: Py<PyAny>,
    pub(super) goal: Goal,
    pub(super) timer: Option<Timer>,
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
pub(super) struct Lane {
    pub(super) event_loop: Py<PyAny>,
    pub(super) session: Arc<Session>,
    pub(super) descriptor: RawFd,
    pub(super) reactor: Mutex<Reactor<Pending>>,
    /// When the loop calls back at the latest.
    pub(super) armed: Mutex<Armed>,
}

impl Lane {
    /// Completes the futures whose commands have ended. The reactor is not locked meanwhile: whatever Python does
    /// may lead back to it.
    pub(super) fn complete(&self, py: Python<'_>, done: Vec<Done<Pending>>) {
        let mut spent = Vec::new();
        for ended in done {
            let (future, timer, result) = match ended {
                Done::Reply { waiter: Pending { future, goal, timer }, inbox, run } => {
                    let result = one(py, goal, &inbox, &run);
                    spent.push(inbox);
                    (future, timer, result)
                }
                Done::Batch { waiter: Pending { future, goal, timer }, replies, run } => {
                    let result = many(py, goal, &replies, run.failures());
                    spent.extend(replies);
                    (future, timer, result)
                }
                Done::Query { waiter: Pending { future, goal, timer }, replies, run } => {
                    let result = records(py, goal, &replies, &run);
                    spent.extend(replies);
                    (future, timer, result)
                }
                Done::Failed { waiter: Pending { future, timer, .. }, error } => {
                    (future, timer, Err(errors::from_core(error)))
                }
            };
            if let Some(timer) = timer {
                timer.end(py, &result);
            }
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
    pub(super) fn arm(this: &Bound<'_, LaneCallbacks>, deadline: Option<Instant>) -> PyResult<()> {
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
pub(super) fn settle(py: Python<'_>, future: &Bound<'_, PyAny>, result: PyResult<Bound<'_, PyAny>>) {
    let _ = match result {
        Ok(value) => future.call_method1(intern!(py, "set_result"), (value,)),
        Err(error) => future.call_method1(intern!(py, "set_exception"), (error,)),
    };
}

fn one<'py>(py: Python<'py>, goal: Goal, inbox: &Inbox, run: &Execution) -> PyResult<Bound<'py, PyAny>> {
    let (shape, key) = match goal {
        Goal::One { shape, key } => (shape, key),
        Goal::Answer { kind, node } => return ask::finish(py, kind, &node, inbox, run),
        _ => return Err(errors::client("Malformed reply: one of another kind")),
    };
    let reply = inbox.message().and_then(|message| match ResultCode(message.header.result) {
        code if is_answer(shape, code) => Ok(message),
        code => Err(run.error(ErrorKind::Server(code))),
    });
    let key = || Ok(key.unwrap_or_else(|| py.None()).into_bound(py));
    finish(py, shape, key, reply)
}

fn records<'py>(
    py: Python<'py>,
    goal: Goal,
    replies: &[Inbox],
    run: &QueryRun,
) -> PyResult<Bound<'py, PyAny>> {
    let Goal::Records { filter } = goal else {
        return Err(errors::client("Malformed reply: one of another kind"));
    };
    let list = PyList::empty(py);
    for inbox in replies {
        each_record(py, run.namespace(), inbox, |record| list.append(record).map(|()| true))?;
    }
    note_progress(filter.as_ref(), run);
    Ok(list.into_any())
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
#[pyclass(module = "aerospike_py._native", frozen)]
pub struct LaneCallbacks {
    pub(super) lane: Arc<Lane>,
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

impl LaneCallbacks {
    pub(super) fn is_for(&self, event_loop: &Bound<'_, PyAny>, session: &Arc<Session>) -> bool {
        self.lane.event_loop.is(event_loop) && Arc::ptr_eq(&self.lane.session, session)
    }
}

/// Shuts lanes down, each in its own loop.
pub(super) fn shut_down(py: Python<'_>, lanes: Vec<Py<LaneCallbacks>>) {
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
