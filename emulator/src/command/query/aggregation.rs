//! Queries that stream records through a function (query §11, lua §14).
//!
//! The function is called once for each partition that has candidates; each call's values are one frame.

use super::jobs::{ActiveJob, JobKind, Outcome};
use super::lookup;
use super::output::Output;
use super::targets::Targets;
use super::throttle::{self, Throttle};
use super::walk::{Source, Visitor, Walk};
use super::{Query, SetFilter};
use crate::command::{Ending, Reply, udf};
use crate::server::Gone;
use crate::store::{Counter, Namespace, Record};
use crate::udf::{Call, CallResult};
use aerospike_wire::{ResultCode, field};
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

/// What a stream's failure says in front of Lua's own text (query §11).
const FAILURE: &str = "UDF: Execution Error 2 : ";

/// Checks and runs an aggregation.
///
/// # Errors
/// The code with which the query is refused; nothing has been sent then.
pub fn run(query: &Query<'_>, output: &mut Output) -> Result<(), ResultCode> {
    let (set, source) = check(query)?;
    let call = udf::call_of(&query.message).ok_or(ResultCode::PARAMETER)?;
    let name = query.namespace.name().as_bytes();
    let namespace = query.server.store.namespace(name).ok_or(ResultCode::NAMESPACE)?;
    let records_per_second = query.records_per_second()?;
    let timeout = query.socket_timeout()?;
    let job = query.start_job(JobKind::Aggregation, &source, records_per_second, timeout, output.client())?;
    let by_index = matches!(source, Source::Index(_));
    let walk = Walk { namespace: query.namespace, set, source, targets: Targets::mastered(query) };
    let mut streamer = Streamer {
        query,
        call,
        namespace,
        found: Vec::new(),
        throttle: Throttle::new(records_per_second),
        job,
        output,
    };
    let end = walk.run(&mut streamer);
    streamer.finish(end, by_index);
    Ok(())
}

/// Checks an aggregation in the order of query §5.7.
fn check(query: &Query<'_>) -> Result<(SetFilter, Source), ResultCode> {
    if query.is_short() {
        return Err(ResultCode::PARAMETER);
    }
    if query.field(field::FILTER).is_some() {
        return Err(ResultCode::UNSUPPORTED_FEATURE);
    }
    query.records_per_second()?;
    let wanted = lookup::parse(query)?;
    let set = query.set_filter()?;
    if set == SetFilter::Nothing {
        return Err(ResultCode::NOT_FOUND);
    }
    let source = match wanted {
        Some(wanted) => Source::Index(lookup::find(query, wanted)?),
        None => Source::scan(query.namespace, set),
    };
    query.socket_timeout()?;
    Ok((set, source))
}

/// Why an aggregation ended early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// Somebody aborted it.
    Aborted,
    /// The function failed.
    Failed,
    /// The client has disconnected.
    Gone,
}

/// Streams the records that a walk finds through the function.
struct Streamer<'q, 'a> {
    query: &'q Query<'a>,
    call: Call<'a>,
    namespace: &'a Arc<Namespace>,
    /// Records of the partition that is being walked.
    found: Vec<Record>,
    throttle: Throttle,
    job: ActiveJob<'a>,
    output: &'q mut Output,
}

impl Streamer<'_, '_> {
    /// Sends a value, or the text of a failure, as a message of its own.
    fn send(&mut self, result: &CallResult) -> Result<(), Gone> {
        self.output.message(|out| {
            let mut reply = Reply::record(out);
            udf::put_result(&mut reply, result);
            reply.finish(Ending::bare(ResultCode::OK));
            true
        })
    }

    /// Calls the function on the records of a partition.
    fn call(&mut self) -> ControlFlow<End> {
        let records = std::mem::take(&mut self.found);
        let count = records.len();
        let (values, result) = self.query.server.udfs.stream(&self.call, self.namespace, records);
        for value in values {
            if self.send(&Ok(value)).is_err() {
                return Break(End::Gone);
            }
        }
        match result {
            Ok(()) => self.job.streamed(count as u64),
            Err(problem) => {
                // A module that cannot be loaded has a text of its own, the same for all kinds of calls.
                let text = match problem.starts_with("UDF: ") {
                    true => problem,
                    false => format!("{FAILURE}{problem}"),
                };
                let sent = self.send(&Err(text));
                return Break(if sent.is_ok() { End::Failed } else { End::Gone });
            }
        }
        if self.output.flush().is_err() { Break(End::Gone) } else { Continue(()) }
    }

    fn finish(self, end: Option<End>, by_index: bool) {
        use Counter::*;
        let [complete, error, abort] = match by_index {
            true => [SiAggregationComplete, SiAggregationError, SiAggregationAbort],
            false => [PiAggregationComplete, PiAggregationError, PiAggregationAbort],
        };
        let (code, outcome, counter) = match end {
            None => (ResultCode::OK, Outcome::Ok, complete),
            Some(End::Aborted) => (ResultCode::QUERY_ABORT, Outcome::UserAborted, abort),
            Some(End::Failed) => (ResultCode::SERVER, Outcome::Unknown, error),
            Some(End::Gone) => (ResultCode::OK, Outcome::ResponseError, error),
        };
        let last = self.output.end(code, true);
        self.query.namespace.stats.bump(counter);
        self.job.sent(self.output.sent + last.as_ref().map_or(0, |last| last.len() as u64));
        // Whoever has the end of the reply finds the job among those that have ended.
        self.job.finish(outcome);
        if let (Ok(last), true) = (last, end != Some(End::Gone)) {
            // Whoever has gone misses nothing.
            let _: Result<(), Gone> = self.output.send(last);
        }
    }
}

impl Visitor for Streamer<'_, '_> {
    type End = End;

    fn record(&mut self, record: &Record, _bval: Option<i64>) -> ControlFlow<End> {
        if let Some(wait) = self.throttle.take() {
            throttle::sleep(wait, || self.job.is_aborted());
            self.job.throttled(1);
        }
        self.found.push(record.clone());
        if self.job.is_aborted() { Break(End::Aborted) } else { Continue(()) }
    }

    fn partition_done(&mut self) -> ControlFlow<End> {
        if self.job.is_aborted() {
            return Break(End::Aborted);
        }
        if self.found.is_empty() { Continue(()) } else { self.call() }
    }

    fn passed(&mut self, partitions: usize) -> ControlFlow<End> {
        self.job.passed(partitions);
        if self.job.is_aborted() { Break(End::Aborted) } else { Continue(()) }
    }
}
