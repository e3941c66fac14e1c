//! Queries that change records and return none (query §10).

use super::filter::{Filter, Verdict};
use super::jobs::{ActiveJob, JobKind, Outcome, UdfName};
use super::lookup;
use super::output::Output;
use super::targets::Targets;
use super::throttle::{self, Throttle};
use super::walk::{Source, Visitor, Walk};
use super::{Kind, Query, SetFilter};
use crate::command::{Origin, Reply, Request, udf, write};
use crate::store::{Counter, Record, SetId};
use aerospike_wire::bits::{info1, info2, info3};
use aerospike_wire::message::Message;
use aerospike_wire::{Digest, Header, ResultCode, field, op};
use bytes::BytesMut;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::atomic::Ordering::Relaxed;

/// What the checks of a background query have found out.
struct Checked {
    set: SetFilter,
    source: Source,
    records_per_second: u32,
}

/// Checks a background query in the order of query §5.7.
fn checked(query: &Query<'_>, kind: Kind) -> Result<Checked, ResultCode> {
    const BAD: ResultCode = ResultCode::PARAMETER;
    if query.is_short() {
        return Err(BAD);
    }
    let set = query.set_filter()?;
    let records_per_second = query.records_per_second()?;
    let wanted = lookup::parse(query)?;
    if set == SetFilter::Nothing {
        return Err(ResultCode::NOT_FOUND);
    }
    if records_per_second > query.namespace.settings.background_query_max_rps.load(Relaxed) {
        return Err(BAD);
    }
    let source = match wanted {
        Some(wanted) => Source::Index(lookup::find(query, wanted)?),
        None => Source::scan(query.namespace, set),
    };
    query.field(field::FILTER).map(Filter::build).transpose()?;
    match kind {
        Kind::BackgroundOps => check_ops(query)?,
        _ if query.field(field::UDF_FUNCTION).is_none() => return Err(BAD),
        _ if query.field(field::UDF_ARGUMENTS).is_none() => return Err(BAD),
        _ => {}
    }
    Ok(Checked { set, source, records_per_second })
}

/// Only ops that write, at least one of them. Operands are not looked at before a record is.
fn check_ops(query: &Query<'_>) -> Result<(), ResultCode> {
    let reads = query.header().info1 & info1::READ != 0 || query.message.ops().any(|op| op::is_read(op.code));
    if query.message.n_ops() == 0 || reads || query.field(field::QUERY_BINS).is_some() {
        return Err(ResultCode::PARAMETER);
    }
    Ok(())
}

/// A background query that was accepted.
pub struct Background<'a> {
    walk: Walk<'a>,
    writer: Writer<'a>,
    by_index: bool,
}

/// Checks a background query and enters its job.
///
/// # Errors
/// The code with which the query is refused.
pub fn prepare<'a>(query: &Query<'a>, kind: Kind, output: &Output) -> Result<Background<'a>, ResultCode> {
    let Checked { set, source, records_per_second } = checked(query, kind)?;
    let job_kind = match kind {
        Kind::BackgroundUdf => JobKind::BackgroundUdf(UdfName {
            module: query.field(field::UDF_MODULE).unwrap_or_default().into(),
            function: query.field(field::UDF_FUNCTION).unwrap_or_default().into(),
        }),
        _ => JobKind::BackgroundOps,
    };
    // A job that names no rate is shown with the highest, and runs as fast as it can.
    let shown_rate = match records_per_second {
        0 => query.namespace.settings.background_query_max_rps.load(Relaxed),
        rate => rate,
    };
    let timeout = query.socket_timeout().unwrap_or(super::DEFAULT_SOCKET_TIMEOUT);
    let job = query.start_job(job_kind, &source, shown_rate, timeout, output.client())?;
    let header = query.header();
    // Each record is written as by a client that may only update; functions are called on existing records anyway.
    let header = Header {
        info1: 0,
        info2: info2::WRITE | header.info2 & info2::DURABLE_DELETE,
        info3: if kind == Kind::BackgroundUdf { 0 } else { info3::UPDATE_ONLY },
        ttl: header.ttl,
        n_fields: header.n_fields,
        n_ops: header.n_ops,
        ..Header::default()
    };
    let by_index = matches!(source, Source::Index(_));
    Ok(Background {
        walk: Walk { namespace: query.namespace, set, source, targets: Targets::mastered(query) },
        writer: Writer {
            query: *query,
            message: query.message.replace_header(header),
            throttle: Throttle::new(records_per_second),
            found: Vec::new(),
            scratch: BytesMut::new(),
            calls: kind == Kind::BackgroundUdf,
            job,
        },
        by_index,
    })
}

impl Background<'_> {
    /// Notes how many bytes the client was sent.
    pub fn answered(&self, sent: u64) {
        self.writer.job.sent(sent);
    }

    /// Does the work.
    pub fn run(mut self) {
        let aborted = self.walk.run(&mut self.writer).is_some();
        let (complete, abort) = match (self.by_index, self.writer.calls) {
            (true, false) => (Counter::SiOpsBackgroundComplete, Counter::SiOpsBackgroundAbort),
            (false, false) => (Counter::PiOpsBackgroundComplete, Counter::PiOpsBackgroundAbort),
            (true, true) => (Counter::SiUdfBackgroundComplete, Counter::SiUdfBackgroundAbort),
            (false, true) => (Counter::PiUdfBackgroundComplete, Counter::PiUdfBackgroundAbort),
        };
        self.walk.namespace.stats.bump(if aborted { abort } else { complete });
        self.writer.job.finish(if aborted { Outcome::UserAborted } else { Outcome::Ok });
    }
}

/// Writes to the records that a walk finds.
struct Writer<'a> {
    query: Query<'a>,
    /// The query's ops under the header of a single write.
    message: Message<'a>,
    throttle: Throttle,
    /// Records of the partition that is being walked.
    found: Vec<(Digest, SetId)>,
    scratch: BytesMut,
    /// Whether a function is called instead of running ops.
    calls: bool,
    job: ActiveJob<'a>,
}

/// The job was aborted.
struct Aborted;

impl Writer<'_> {
    fn write(&mut self, digest: Digest, set: SetId) {
        let request = Request {
            server: self.query.server,
            namespace: self.query.namespace,
            set: self.query.namespace.sets.name(set),
            digest,
            message: self.message,
            origin: Origin::Query,
            batch_filter: None,
        };
        self.scratch.clear();
        let mut reply = Reply::frame(&mut self.scratch);
        let ending = match self.calls {
            true => udf::run(&request, &mut reply),
            false => write::run(&request, &mut reply),
        };
        match ending.code {
            ResultCode::OK => self.job.judged(Verdict::Passes),
            ResultCode::FILTERED_OUT => self.job.judged(Verdict::FilteredByBins),
            // Gone since it was found.
            ResultCode::NOT_FOUND => {}
            _ => self.job.failed(),
        }
    }
}

impl Visitor for Writer<'_> {
    type End = Aborted;

    fn record(&mut self, record: &Record, _bval: Option<i64>) -> ControlFlow<Aborted> {
        let header = record.header();
        self.found.push((header.digest, header.set));
        Continue(())
    }

    /// The partition is written to only now that the walk has given its pointers back: nothing need be copied.
    fn partition_done(&mut self) -> ControlFlow<Aborted> {
        for (digest, set) in std::mem::take(&mut self.found) {
            if let Some(wait) = self.throttle.take() {
                throttle::sleep(wait, || self.job.is_aborted());
                self.job.throttled(1);
            }
            if self.job.is_aborted() {
                return Break(Aborted);
            }
            self.write(digest, set);
        }
        Continue(())
    }

    fn passed(&mut self, partitions: usize) -> ControlFlow<Aborted> {
        self.job.passed(partitions);
        if self.job.is_aborted() { Break(Aborted) } else { Continue(()) }
    }
}
