//! What the core has to tell, for Python's `logging`.
//!
//! The core's threads must never wait for the interpreter, so lines go into a queue of bounded length; a thread of
//! Python's takes them out. Until somebody asks for a level, nothing is kept and nothing is formatted.

use parking_lot::{Condvar, Mutex};
use pyo3::prelude::*;
use std::collections::VecDeque;
use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Lines that wait at most.
const MOST: usize = 4096;
/// No level: everything is dropped before it is formatted.
const OFF: i64 = -1;

static LEVEL: AtomicI64 = AtomicI64::new(OFF);
static DROPPED: AtomicU64 = AtomicU64::new(0);
static LINES: Mutex<VecDeque<(i64, &'static str, String)>> = Mutex::new(VecDeque::new());
static ARRIVED: Condvar = Condvar::new();

/// The API's number of a level.
fn number(level: &Level) -> i64 {
    match *level {
        Level::ERROR => 0,
        Level::WARN => 1,
        Level::INFO => 2,
        Level::DEBUG => 3,
        Level::TRACE => 4,
    }
}

struct Queue;

impl Subscriber for Queue {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("aerospike")
            && number(metadata.level()) <= LEVEL.load(Ordering::Relaxed)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let mut lines = LINES.lock();
        if lines.len() >= MOST {
            DROPPED.fetch_add(1, Ordering::Relaxed);
            return;
        }
        line.message.push_str(&line.fields);
        lines.push_back((number(event.metadata().level()), event.metadata().target(), line.message));
        drop(lines);
        ARRIVED.notify_one();
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An event's message, and its other fields behind it.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message.push_str(value),
            name => drop(write!(self.fields, " {name}={value}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => drop(write!(self.message, "{value:?}")),
            name => drop(write!(self.fields, " {name}={value:?}")),
        }
    }
}

/// Keeps lines of this level and more important ones from now on; -1: none.
#[pyfunction]
pub fn keep_logs(level: i64) {
    // Somebody else's subscriber, in a process that has one, goes first.
    let _ = tracing::subscriber::set_global_default(Queue);
    LEVEL.store(level, Ordering::Relaxed);
    tracing::callsite::rebuild_interest_cache();
}

/// The lines that have come, each with its level and origin; waits for the first, but no longer than this.
#[pyfunction]
pub fn take_logs(py: Python<'_>, milliseconds: u64) -> Vec<(i64, &'static str, String)> {
    py.detach(|| {
        let deadline = Instant::now() + Duration::from_millis(milliseconds);
        let mut lines = LINES.lock();
        while lines.is_empty() && !ARRIVED.wait_until(&mut lines, deadline).timed_out() {}
        lines.drain(..).collect()
    })
}

/// How many lines were lost because nobody took them in time.
#[pyfunction]
pub fn dropped_log_count() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}
