//! Long queries as jobs: listed, polled, aborted (query §12).

use super::filter::Verdict;
use aerospike_wire::{PARTITIONS, ResultCode};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

/// What a job does, and what its line in the list ends with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JobKind {
    /// Returns records.
    Basic {
        /// Partitions asked for from their start.
        partitions: usize,
        /// Partitions asked for from a cursor on.
        cursors: usize,
    },
    /// Runs operations on records.
    BackgroundOps,
    /// Runs a function on each record.
    BackgroundUdf(UdfName),
    /// Streams records through a function.
    Aggregation,
}

/// The function that a job runs, as the request names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UdfName {
    /// The module without `.lua`.
    pub module: Vec<u8>,
    /// The function.
    pub function: Vec<u8>,
}

impl JobKind {
    /// Whether nobody waits for the job's results.
    fn is_background(&self) -> bool {
        matches!(self, JobKind::BackgroundOps | JobKind::BackgroundUdf(_))
    }
}

/// What a job is started with.
#[derive(Debug)]
pub struct JobSpec<'a> {
    /// The client's id for it; 0 = none.
    pub id: u64,
    /// What it does.
    pub kind: JobKind,
    /// The namespace asked.
    pub namespace: &'a str,
    /// The set asked; empty for none.
    pub set: &'a [u8],
    /// The name of the index used.
    pub index: Option<Vec<u8>>,
    /// Records per second; 0 = unlimited.
    pub records_per_second: u32,
    /// Milliseconds that the client's socket may stall.
    pub socket_timeout: u32,
    /// Who asked.
    pub client: SocketAddr,
    /// How many jobs may run at once (`query-threads-limit`; here each has one thread).
    pub max_active: u32,
    /// How many jobs are remembered after their end (`query-max-done`).
    pub max_done: u32,
}

/// How a job ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It did all that it should.
    Ok,
    /// Somebody aborted it.
    UserAborted,
    /// The client did not take its records.
    ResponseError,
    /// It went down with the server.
    Unknown,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::UserAborted => "user-aborted",
            Outcome::ResponseError => "abandoned-response-error",
            Outcome::Unknown => "abandoned-unknown",
        }
    }
}

/// A long query, under way or ended.
#[derive(Debug)]
pub struct Job {
    id: u64,
    kind: JobKind,
    namespace: String,
    set: Vec<u8>,
    index: Option<Vec<u8>>,
    records_per_second: u32,
    socket_timeout: u32,
    client: SocketAddr,
    max_done: usize,
    started: Instant,
    ended: Mutex<Option<(Instant, Outcome)>>,
    aborted: AtomicBool,
    /// Partitions passed.
    progress: AtomicUsize,
    throttled: AtomicU64,
    filtered_by_metadata: AtomicU64,
    filtered_by_bins: AtomicU64,
    succeeded: AtomicU64,
    failed: AtomicU64,
    sent: AtomicU64,
}

impl Job {
    fn new(id: u64, spec: JobSpec<'_>) -> Job {
        Job {
            id,
            kind: spec.kind,
            namespace: spec.namespace.into(),
            set: spec.set.into(),
            index: spec.index,
            records_per_second: spec.records_per_second,
            socket_timeout: spec.socket_timeout,
            client: spec.client,
            max_done: spec.max_done as usize,
            started: Instant::now(),
            ended: Mutex::new(None),
            aborted: AtomicBool::new(false),
            progress: AtomicUsize::new(0),
            throttled: AtomicU64::new(0),
            filtered_by_metadata: AtomicU64::new(0),
            filtered_by_bins: AtomicU64::new(0),
            succeeded: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            sent: AtomicU64::new(0),
        }
    }

    /// The job's line in the list: `key=value` joined by `:`. Names may hold any bytes.
    pub fn line(&self) -> Vec<u8> {
        let ended = *self.ended.lock();
        let until = ended.map_or_else(Instant::now, |(at, _)| at);
        let mut line = format!("trid={}:ns={}", self.id, self.namespace).into_bytes();
        let mut put = |key: &str, value: &[u8]| {
            line.extend_from_slice(b":");
            line.extend_from_slice(key.as_bytes());
            line.extend_from_slice(b"=");
            line.extend_from_slice(value);
        };
        let text = |value: &dyn std::fmt::Display| value.to_string().into_bytes();
        let count = |counter: &AtomicU64| text(&counter.load(Relaxed));
        if !self.set.is_empty() {
            put("set", &self.set);
        }
        if let Some(index) = &self.index {
            put("sindex-name", index);
        }
        if let JobKind::Basic { partitions, cursors } = self.kind {
            put("n-pids-requested", &text(&partitions));
            put("n-keyds-requested", &text(&cursors));
        }
        put("rps", &text(&self.records_per_second));
        put("active-threads", if ended.is_some() { b"0" } else { b"1" });
        let status = ended.map_or("active(ok)".into(), |(_, outcome)| format!("done({})", outcome.name()));
        put("status", status.as_bytes());
        let progress = match ended {
            Some(_) => 100.0,
            None => self.progress.load(Relaxed) as f64 * 100.0 / PARTITIONS as f64,
        };
        put("job-progress", &text(&format_args!("{progress:.2}")));
        put("run-time", &text(&until.duration_since(self.started).as_millis()));
        put("time-since-done", &text(&ended.map_or(0, |(at, _)| at.elapsed().as_millis())));
        put("recs-throttled", &count(&self.throttled));
        put("recs-filtered-meta", &count(&self.filtered_by_metadata));
        put("recs-filtered-bins", &count(&self.filtered_by_bins));
        put("recs-succeeded", &count(&self.succeeded));
        put("recs-failed", &count(&self.failed));
        put("from", &text(&format_args!("{}+{}", self.client.ip(), self.client.port())));
        put("job-type", self.type_name().as_bytes());
        put("net-io-bytes", &count(&self.sent));
        if !self.kind.is_background() {
            put("net-io-time", b"0");
        }
        put("socket-timeout", &text(&self.socket_timeout));
        match &self.kind {
            JobKind::BackgroundOps => put("ops-active", b"0"),
            JobKind::BackgroundUdf(name) => {
                put("udf-filename", &name.module);
                put("udf-function", &name.function);
                put("udf-active", b"0");
            }
            _ => {}
        }
        line
    }

    /// Tells that a job ended otherwise than it seemed.
    pub fn amend(&self, outcome: Outcome) {
        if let Some((_, ended)) = &mut *self.ended.lock() {
            *ended = outcome;
        }
    }

    fn type_name(&self) -> &'static str {
        match self.kind {
            JobKind::Basic { .. } => "basic",
            JobKind::BackgroundOps => "background-ops",
            JobKind::BackgroundUdf(_) => "background-udf",
            JobKind::Aggregation => "aggregation",
        }
    }
}

/// A job under way, held by whoever runs it.
#[derive(Debug)]
pub struct ActiveJob<'s> {
    job: Arc<Job>,
    jobs: &'s Jobs,
}

impl ActiveJob<'_> {
    /// Whether somebody wants the job to end.
    pub fn is_aborted(&self) -> bool {
        self.job.aborted.load(Relaxed)
    }

    /// Counts what a filter said of a record; one that passes is a success unless [`ActiveJob::failed`] follows.
    pub fn judged(&self, verdict: Verdict) {
        let counter = match verdict {
            Verdict::Passes => &self.job.succeeded,
            Verdict::FilteredByMetadata => &self.job.filtered_by_metadata,
            Verdict::FilteredByBins => &self.job.filtered_by_bins,
        };
        // Nobody else writes these counters.
        counter.store(counter.load(Relaxed) + 1, Relaxed);
    }

    /// Counts records that were streamed through a function.
    pub fn streamed(&self, count: u64) {
        self.job.succeeded.fetch_add(count, Relaxed);
    }

    /// Counts a record that could not be worked on.
    pub fn failed(&self) {
        self.job.failed.fetch_add(1, Relaxed);
    }

    /// Counts records that had to wait for their turn.
    pub fn throttled(&self, count: u64) {
        self.job.throttled.fetch_add(count, Relaxed);
    }

    /// Notes how many of all partitions are done.
    pub fn passed(&self, partitions: usize) {
        self.job.progress.store(partitions, Relaxed);
    }

    /// Notes how many bytes the client was sent.
    pub fn sent(&self, bytes: u64) {
        self.job.sent.store(bytes, Relaxed);
    }

    /// Ends the job.
    pub fn finish(self, outcome: Outcome) -> Arc<Job> {
        self.jobs.end(&self.job, outcome);
        self.job.clone()
    }
}

impl Drop for ActiveJob<'_> {
    fn drop(&mut self) {
        // Only a job that nobody finished is still without an end here.
        self.jobs.end(&self.job, Outcome::Unknown);
    }
}

/// The jobs of a node.
#[derive(Debug, Default)]
pub struct Jobs {
    table: Mutex<Table>,
    next_id: AtomicU32,
}

#[derive(Debug, Default)]
struct Table {
    /// Under way, oldest first.
    active: Vec<Arc<Job>>,
    /// Ended, oldest first.
    done: VecDeque<Arc<Job>>,
    /// The server is stopping: no job starts any more.
    closed: bool,
}

impl Jobs {
    /// Enters a job.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`] when its id is that of a job under way or remembered,
    /// [`ResultCode::FORBIDDEN`] when too many jobs run.
    pub fn start(&self, spec: JobSpec<'_>) -> Result<ActiveJob<'_>, ResultCode> {
        let mut table = self.table.lock();
        let is_known = |id: u64| table.active.iter().chain(&table.done).any(|job| job.id == id);
        let id = match spec.id {
            0 => loop {
                let id = self.next_id.fetch_add(1, Relaxed).wrapping_add(1) as u64;
                if id != 0 && !is_known(id) {
                    break id;
                }
            },
            id if is_known(id) => return Err(ResultCode::PARAMETER),
            id => id,
        };
        if table.active.len() >= spec.max_active as usize {
            return Err(ResultCode::FORBIDDEN);
        }
        let job = Arc::new(Job::new(id, spec));
        if table.closed && job.kind.is_background() {
            job.aborted.store(true, Relaxed);
        }
        table.active.push(job.clone());
        Ok(ActiveJob { job, jobs: self })
    }

    fn end(&self, job: &Arc<Job>, outcome: Outcome) {
        let mut table = self.table.lock();
        let Some(at) = table.active.iter().position(|active| Arc::ptr_eq(active, job)) else { return };
        *job.ended.lock() = Some((Instant::now(), outcome));
        let ended = table.active.remove(at);
        table.done.push_back(ended);
        let surplus = table.done.len().saturating_sub(job.max_done);
        table.done.drain(..surplus);
    }

    /// All jobs: those under way, then those that have ended, newest first each.
    pub fn all(&self) -> Vec<Arc<Job>> {
        let table = self.table.lock();
        table.active.iter().rev().chain(table.done.iter().rev()).cloned().collect()
    }

    /// The job of an id.
    pub fn find(&self, id: u64) -> Option<Arc<Job>> {
        self.all().into_iter().find(|job| job.id == id)
    }

    /// Tells a job under way to end; whether there was one of that id.
    pub fn abort(&self, id: u64) -> bool {
        let table = self.table.lock();
        let job = table.active.iter().find(|job| job.id == id);
        job.inspect(|job| job.aborted.store(true, Relaxed)).is_some()
    }

    /// Tells all jobs under way to end; how many there were.
    pub fn abort_all(&self) -> usize {
        let table = self.table.lock();
        table.active.iter().for_each(|job| job.aborted.store(true, Relaxed));
        table.active.len()
    }

    /// Forgets the jobs that have ended.
    pub fn forget(&self) {
        self.table.lock().done.clear();
    }

    /// How many jobs are under way.
    pub fn active(&self) -> usize {
        self.table.lock().active.len()
    }

    /// Tells all jobs in the background to end, now and in future: the server is stopping, and nobody waits for
    /// them.
    pub fn close(&self) {
        let mut table = self.table.lock();
        table.closed = true;
        let background = table.active.iter().filter(|job| job.kind.is_background());
        background.for_each(|job| job.aborted.store(true, Relaxed));
    }
}
