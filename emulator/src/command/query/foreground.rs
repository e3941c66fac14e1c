//! Queries that return records (query §5, §6).

use super::Query;
use super::filter::{Filter, Verdict};
use super::jobs::{ActiveJob, JobKind, Outcome};
use super::lookup;
use super::output::Output;
use super::projection::Projection;
use super::targets::Targets;
use super::throttle::{self, Throttle};
use super::walk::{Source, Visitor, Walk};
use crate::command::{Ending, Reply};
use crate::server::Gone;
use crate::store::{Counter, Record};
use aerospike_wire::bits::info3;
use aerospike_wire::{ResultCode, field};
use std::ops::ControlFlow::{self, Break, Continue};
use std::time::{Duration, Instant};

/// How long a short query may take when it does not say.
const SHORT_QUERY_TIME: Duration = Duration::from_secs(1);
/// Records after which a query looks whether it has been aborted or is out of time.
const CHECK_EVERY: u32 = 256;
/// A client that is kept waiting longer than this is sent what there is so far.
const SILENCE: Duration = Duration::from_millis(100);

/// Checks and runs a foreground query. The checks come in the order of query §5.7.
///
/// # Errors
/// The code with which the query is refused; nothing has been sent then.
pub fn run(query: &Query<'_>, output: &mut Output) -> Result<(), ResultCode> {
    if query.header().info3 & info3::PARTITION_DONE == 0 {
        return Err(ResultCode::UNSUPPORTED_FEATURE);
    }
    let set = query.set_filter()?;
    let records_per_second = query.records_per_second()?;
    let wanted = lookup::parse(query)?;
    let mut targets = Targets::parse(query, wanted.is_some())?.ok_or(ResultCode::UNSUPPORTED_FEATURE)?;
    let source = match wanted {
        Some(wanted) => Source::Index(lookup::find(query, wanted)?),
        None => Source::scan(query.namespace, set),
    };
    let socket_timeout = query.socket_timeout()?;
    let max_records = max_records(query)?;
    let filter = query.field(field::FILTER).map(Filter::build).transpose()?;
    let projection = Projection::parse(query)?;
    let job = match query.is_short() {
        true => None,
        false => {
            let kind = JobKind::Basic { partitions: targets.partitions, cursors: targets.cursors().len() };
            Some(query.start_job(kind, &source, records_per_second, socket_timeout, output.client())?)
        }
    };
    let time = match query.header().timeout {
        0 => SHORT_QUERY_TIME,
        milliseconds => Duration::from_millis(milliseconds as u64),
    };
    let counters = Counters::of(&source, query.is_short());
    let unavailable = targets.take_unavailable(query);
    let walk = Walk { namespace: query.namespace, set, source, targets };
    let mut reader = Reader {
        query,
        projection,
        filter,
        left: max_records,
        throttle: Throttle::new(records_per_second),
        deadline: query.is_short().then(|| Instant::now() + time),
        unchecked: 0,
        job,
        output,
    };
    let end = match refuse_partitions(reader.output, &unavailable) {
        Err(Gone) => Some(End::Gone),
        Ok(()) => walk.run(&mut reader),
    };
    reader.finish(end, counters);
    Ok(())
}

/// Tells the client which partitions it has to ask another node for (query §6).
fn refuse_partitions(output: &mut Output, partitions: &[usize]) -> Result<(), Gone> {
    partitions.iter().try_for_each(|partition| {
        output.message(|out| {
            let mut reply = Reply::record(out);
            reply.set_info3(info3::PARTITION_DONE);
            let generation = *partition as u16;
            reply.finish(Ending { generation, ..Ending::bare(ResultCode::UNAVAILABLE) });
            true
        })
    })
}

/// How many records to return at most; 0 on the wire means all.
fn max_records(query: &Query<'_>) -> Result<u64, ResultCode> {
    let Some(bytes) = query.field(field::MAX_RECORDS) else { return Ok(u64::MAX) };
    match bytes.try_into().map(u64::from_be_bytes) {
        Ok(0) => Ok(u64::MAX),
        Ok(count) => Ok(count),
        Err(_) => Err(ResultCode::PARAMETER),
    }
}

/// Why a foreground query ended early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// As many records as asked for have come.
    Complete,
    /// Somebody aborted the job.
    Aborted,
    /// A short query's time is over.
    OutOfTime,
    /// The client has disconnected.
    Gone,
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        End::Gone
    }
}

/// Where a foreground query is counted: complete, error, abort or timeout.
struct Counters([Counter; 3]);

impl Counters {
    fn of(source: &Source, is_short: bool) -> Counters {
        use Counter::*;
        Counters(match (matches!(source, Source::Index(_)), is_short) {
            (false, true) => [PiShortBasicComplete, PiShortBasicError, PiShortBasicTimeout],
            (false, false) => [PiLongBasicComplete, PiLongBasicError, PiLongBasicAbort],
            (true, true) => [SiShortBasicComplete, SiShortBasicError, SiShortBasicTimeout],
            (true, false) => [SiLongBasicComplete, SiLongBasicError, SiLongBasicAbort],
        })
    }
}

/// Sends the records that a walk finds.
struct Reader<'q, 'o> {
    query: &'q Query<'q>,
    projection: Projection<'q>,
    filter: Option<Filter>,
    /// How many records may still be returned.
    left: u64,
    throttle: Throttle,
    deadline: Option<Instant>,
    /// Records since abort and deadline were looked at.
    unchecked: u32,
    job: Option<ActiveJob<'q>>,
    output: &'o mut Output,
}

impl Reader<'_, '_> {
    fn check(&mut self) -> ControlFlow<End> {
        self.unchecked = 0;
        if self.job.as_ref().is_some_and(|job| job.is_aborted()) {
            return Break(End::Aborted);
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Break(End::OutOfTime);
        }
        Continue(())
    }

    /// Waits for the record's turn.
    fn wait(&mut self) -> ControlFlow<End> {
        let Some(wait) = self.throttle.take() else { return Continue(()) };
        if self.output.flushed().elapsed() + wait > SILENCE && self.output.flush().is_err() {
            return Break(End::Gone);
        }
        let job = self.job.as_ref();
        throttle::sleep(wait, || job.is_some_and(|job| job.is_aborted()));
        if let Some(job) = job {
            job.throttled(1);
        }
        self.check()
    }

    fn finish(mut self, end: Option<End>, counters: Counters) {
        let is_short = self.job.is_none();
        let code = match end {
            None | Some(End::Complete) => ResultCode::OK,
            Some(End::Aborted) => ResultCode::QUERY_ABORT,
            Some(End::OutOfTime) => ResultCode::TIMEOUT,
            Some(End::Gone) => ResultCode::SERVER,
        };
        let last = match end {
            Some(End::Gone) => Err(Gone),
            _ => self.output.end(code, !is_short),
        };
        // Who asks for the job once the reply has come finds it ended.
        let ended = self.job.take().map(|job| {
            job.sent(self.output.sent + last.as_ref().map_or(0, |last| last.len() as u64));
            job.finish(if end == Some(End::Aborted) { Outcome::UserAborted } else { Outcome::Ok })
        });
        let sent = last.and_then(|last| self.output.send(last));
        if let (Some(ended), Err(Gone)) = (ended, sent) {
            ended.amend(Outcome::ResponseError);
        }
        let [complete, error, cut_off] = counters.0;
        self.query.namespace.stats.bump(match (sent, code) {
            (Ok(()), ResultCode::OK) => complete,
            (Ok(()), _) => cut_off,
            (Err(Gone), _) => error,
        });
    }
}

impl Visitor for Reader<'_, '_> {
    type End = End;

    fn record(&mut self, record: &Record, bval: Option<i64>) -> ControlFlow<End> {
        self.unchecked += 1;
        if self.unchecked >= CHECK_EVERY {
            self.check()?;
        }
        let verdict = self
            .filter
            .as_ref()
            .map_or(Verdict::Passes, |filter| filter.verdict(self.query.namespace, record));
        if let Some(job) = &self.job {
            job.judged(verdict);
        }
        if verdict != Verdict::Passes {
            return Continue(());
        }
        self.wait()?;
        let (query, projection) = (self.query, &self.projection);
        let sent = self.output.message(|out| projection.write(query, record, bval, out));
        if sent.is_err() {
            return Break(End::Gone);
        }
        // A record that the projection drops counts as well (query §17).
        self.left -= 1;
        if self.left == 0 { Break(End::Complete) } else { Continue(()) }
    }

    fn passed(&mut self, partitions: usize) -> ControlFlow<End> {
        if let Some(job) = &self.job {
            job.passed(partitions);
        }
        self.check()
    }
}
