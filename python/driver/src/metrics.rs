//! How long operations take, as Prometheus histograms (python-api §17).
//!
//! A series is found once per thread for operations that follow each other on the same set, so that an operation
//! costs two looks at the clock and three additions.

use parking_lot::Mutex;
use pyo3::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Upper bounds of the buckets, in microseconds.
const BOUNDS: [u64; 16] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];
/// Sets are the user's to choose: what comes after this many series is counted without its set.
const MOST_SERIES: usize = 4096;

static ENABLED: AtomicBool = AtomicBool::new(true);
static STAGES: AtomicBool = AtomicBool::new(false);
static SERIES: Mutex<BTreeMap<Labels, Arc<Series>>> = Mutex::new(BTreeMap::new());
/// By stage and operation; stages that are none of an operation's parts have an empty one.
static STAGE_SERIES: Mutex<BTreeMap<(String, String), Histogram>> = Mutex::new(BTreeMap::new());

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Labels {
    operation: &'static str,
    namespace: String,
    set: String,
    error: String,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
}

impl Histogram {
    fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let at = BOUNDS.iter().position(|bound| micros <= *bound).unwrap_or(BOUNDS.len());
        self.buckets[at].fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    fn write(&self, out: &mut String, name: &str, labels: &str) {
        let mut total = 0;
        for (at, bucket) in self.buckets.iter().enumerate() {
            total += bucket.load(Ordering::Relaxed);
            let bound = BOUNDS.get(at).map_or("+Inf".to_owned(), |bound| format!("{}", *bound as f64 / 1e6));
            let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {total}");
        }
        let seconds = self.nanos.load(Ordering::Relaxed) as f64 / 1e9;
        let _ = writeln!(out, "{name}_sum{{{labels}}} {seconds}\n{name}_count{{{labels}}} {total}");
    }
}

#[derive(Debug)]
struct Series {
    labels: Labels,
    histogram: Histogram,
}

fn series(labels: Labels) -> Arc<Series> {
    let mut all = SERIES.lock();
    let labels = match all.len() < MOST_SERIES || all.contains_key(&labels) {
        true => labels,
        false => Labels { set: String::new(), namespace: String::new(), ..labels },
    };
    let made = || Arc::new(Series { labels: labels.clone(), histogram: Histogram::default() });
    all.entry(labels.clone()).or_insert_with(made).clone()
}

thread_local! {
    /// The series of this thread's last operation.
    static LAST: RefCell<Option<Arc<Series>>> = const { RefCell::new(None) };
}

/// An operation under way.
#[derive(Debug)]
pub struct Timer {
    started: Instant,
    series: Arc<Series>,
}

impl Timer {
    /// Starts to time an operation, if metrics are wanted.
    pub fn start(operation: &'static str, namespace: &str, set: &str) -> Option<Timer> {
        if !ENABLED.load(Ordering::Relaxed) {
            return None;
        }
        let series = LAST.with_borrow_mut(|last| {
            let same = |series: &&Arc<Series>| {
                let labels = &series.labels;
                labels.operation == operation && labels.set == set && labels.namespace == namespace
            };
            if let Some(series) = last.as_ref().filter(same) {
                return series.clone();
            }
            let labels = Labels {
                operation,
                namespace: namespace.to_owned(),
                set: set.to_owned(),
                error: String::new(),
            };
            let found = self::series(labels);
            *last = Some(found.clone());
            found
        });
        Some(Timer { started: Instant::now(), series })
    }

    /// The operation has ended.
    pub fn end<T>(self, py: Python<'_>, result: &PyResult<T>) {
        let took = self.started.elapsed();
        match result {
            Ok(_) => self.series.histogram.record(took),
            Err(error) => {
                let name =
                    error.get_type(py).name().map_or_else(|_| "Error".to_owned(), |name| name.to_string());
                let labels = Labels { error: name, ..self.series.labels.clone() };
                series(labels).histogram.record(took);
            }
        }
    }
}

/// Times the parts of operations, if that is wanted.
#[derive(Debug)]
pub struct Stages(Option<Instant>);

impl Stages {
    /// Starts with the first part of an operation.
    pub fn start() -> Stages {
        Stages(STAGES.load(Ordering::Relaxed).then(Instant::now))
    }

    /// A part has ended, and the next begins.
    pub fn ended(&mut self, operation: &'static str, stage: &'static str) {
        if let Some(started) = &mut self.0 {
            let now = Instant::now();
            add_stage(stage, operation, now - *started);
            *started = now;
        }
    }
}

fn add_stage(stage: &str, operation: &str, took: Duration) {
    let mut all = STAGE_SERIES.lock();
    let known = all.len() < MOST_SERIES;
    let key = (stage.to_owned(), operation.to_owned());
    if let Some(histogram) = all.get(&key) {
        histogram.record(took);
    } else if known {
        all.entry(key).or_default().record(took);
    }
}

/// Adds to a stage that is not a part of one operation.
#[pyfunction]
pub fn record_stage(stage: &str, seconds: f64) {
    if let Ok(took) = Duration::try_from_secs_f64(seconds) {
        add_stage(stage, "", took);
    }
}

/// Forgets what was measured; for tests.
#[pyfunction]
pub fn clear_metrics() {
    SERIES.lock().clear();
    STAGE_SERIES.lock().clear();
    LAST.with_borrow_mut(|last| *last = None);
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// All metrics in Prometheus' text form.
#[pyfunction]
pub fn get_metrics() -> String {
    let mut out = String::new();
    let name = "db_client_operation_duration_seconds";
    let _ = writeln!(out, "# HELP {name} Duration of database client operations.\n# TYPE {name} histogram");
    let all: Vec<Arc<Series>> = SERIES.lock().values().cloned().collect();
    for series in all.iter().filter(|series| series.histogram.count() > 0) {
        let Labels { operation, namespace, set, error } = &series.labels;
        let labels = format!(
            "db_system_name=\"aerospike\",db_namespace=\"{}\",db_collection_name=\"{}\",\
             db_operation_name=\"{operation}\",error_type=\"{}\"",
            escaped(namespace),
            escaped(set),
            escaped(error),
        );
        series.histogram.write(&mut out, name, &labels);
    }
    let name = "db_client_internal_stage_seconds";
    let _ = writeln!(out, "# HELP {name} Duration of the parts of operations.\n# TYPE {name} histogram");
    for ((stage, operation), histogram) in STAGE_SERIES.lock().iter() {
        let mut labels = format!("db_system_name=\"aerospike\",stage=\"{}\"", escaped(stage));
        if !operation.is_empty() {
            let _ = write!(labels, ",db_operation_name=\"{operation}\"");
        }
        histogram.write(&mut out, name, &labels);
    }
    out.push_str("# EOF\n");
    out
}

/// Switches the timing of operations on or off.
#[pyfunction]
pub fn set_metrics_enabled(enabled: bool) {
    ENABLED.store(enabled, Ordering::Relaxed);
}

/// Whether operations are timed.
#[pyfunction]
pub fn is_metrics_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

/// Switches the timing of the parts of operations on or off.
#[pyfunction]
pub fn set_internal_stage_metrics_enabled(enabled: bool) {
    STAGES.store(enabled, Ordering::Relaxed);
}

/// Whether the parts of operations are timed.
#[pyfunction]
pub fn is_internal_stage_metrics_enabled() -> bool {
    STAGES.load(Ordering::Relaxed)
}
