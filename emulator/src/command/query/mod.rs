//! Scans and index queries: requests without a digest (query §5).
//!
//! | kind | file |
//! |---|---|
//! | foreground: records stream back | [`foreground`] |
//! | background: operations or a function run on each record | [`background`] |
//! | aggregation: records stream through a function | [`aggregation`] |
//!
//! All kinds find their records through [`walk`]: partition by partition, from one partition's pointers at a
//! time, so that a slow client holds neither a lock nor more than one partition's former state.

mod aggregation;
mod background;
mod filter;
mod foreground;
pub mod jobs;
mod lookup;
mod output;
mod projection;
mod targets;
mod throttle;
mod walk;

use super::OffloadedFrames;
use crate::cluster::Node;
use crate::control::Watching;
use crate::security::{Caller, Permission, QueryGuard, enforce};
use crate::server::{Gone, Server};
use crate::store::{Namespace, SetId};
use aerospike_wire::bits::{info1, info2};
use aerospike_wire::{Header, Message, ResultCode, field};
use jobs::{ActiveJob, JobKind, JobSpec};
use output::Output;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use walk::Source;

/// Longest set name that a query may carry, in bytes.
const MAX_SET_NAME: usize = 63;
/// `socket-timeout` of a query that names none, in milliseconds.
const DEFAULT_SOCKET_TIMEOUT: u32 = 10_000;

/// A query as it came in.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    /// The server that it runs on.
    pub server: &'a Server,
    /// The node that it has come to.
    pub node: &'a Node,
    /// The namespace asked.
    pub namespace: &'a Namespace,
    /// Header, fields and ops.
    pub message: Message<'a>,
}

/// What a query does with the records that it finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Returns them.
    Foreground,
    /// Runs the message's operations on each.
    BackgroundOps,
    /// Runs a function on each.
    BackgroundUdf,
    /// Streams them through a function.
    Aggregation,
}

/// Which records count, by their set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum SetFilter {
    /// All of the namespace.
    Any,
    /// Those of one set.
    Only(SetId),
    /// None: the set does not exist.
    Nothing,
}

/// Runs a query and sends its reply.
pub fn run(query: &Query<'_>, caller: &Caller, watch: Watching<'_>, frames: OffloadedFrames) {
    let mut output = Output::new(frames);
    let kind = query.kind().and_then(|kind| Ok((kind, query.permit(caller, kind)?)));
    let fault = watch.and_then(|watch| watch.verdict.code).map_or(Ok(()), Err);
    let kind = kind.and_then(|permitted| fault.map(|()| permitted));
    // Held until the query ends: it counts against the user's quotas.
    let (kind, _guard) = match kind {
        Ok((kind, guard)) => (Ok(kind), guard),
        Err(code) => (Err(code), None),
    };
    let result = match kind {
        Err(code) => Err(code),
        Ok(Kind::Foreground) => foreground::run(query, &mut output),
        Ok(kind @ (Kind::BackgroundOps | Kind::BackgroundUdf)) => {
            match background::prepare(query, kind, &output) {
                Ok(job) => {
                    // Accepted: the client hears that before the work begins, and its connection is free then. The
                    // work is done even if the client has gone.
                    let _: Result<(), Gone> =
                        output.end(ResultCode::OK, true).and_then(|accepted| output.send(accepted));
                    job.answered(output.sent);
                    drop(output);
                    return job.run();
                }
                Err(code) => Err(code),
            }
        }
        Ok(Kind::Aggregation) => aggregation::run(query, &mut output),
    };
    if let Some(watch) = watch {
        watch.ended(result.err().unwrap_or(ResultCode::OK));
    }
    if let Err(code) = result {
        // Whoever has gone misses nothing.
        let _: Result<(), Gone> = output.refuse(code);
    }
}

impl<'a> Query<'a> {
    fn header(&self) -> &Header {
        &self.message.header
    }

    fn field(&self, id: u8) -> Option<&'a [u8]> {
        self.message.field(id)
    }

    fn is_short(&self) -> bool {
        self.header().info1 & info1::SHORT_QUERY != 0
    }

    fn kind(&self) -> Result<Kind, ResultCode> {
        if self.field(field::UDF_MODULE).is_none() {
            let writes = self.header().info2 & info2::WRITE != 0;
            return Ok(if writes { Kind::BackgroundOps } else { Kind::Foreground });
        }
        match self.field(field::UDF_OP) {
            Some([1]) => Ok(Kind::Aggregation),
            Some([2]) => Ok(Kind::BackgroundUdf),
            _ => Err(ResultCode::PARAMETER),
        }
    }

    /// Whether a user may run the query (security §11).
    fn permit(&self, caller: &Caller, kind: Kind) -> Result<Option<QueryGuard>, ResultCode> {
        let (permission, writes) = match kind {
            Kind::Foreground => (Permission::Query, false),
            Kind::BackgroundOps => (Permission::OpsQuery, true),
            Kind::BackgroundUdf => (Permission::UdfQuery, true),
            Kind::Aggregation => (Permission::UdfQuery, false),
        };
        let set = self.field(field::SET).unwrap_or_default();
        // What is wrong with the field is told later, in its turn.
        let declared = self.field(field::RECORDS_PER_SECOND).and_then(|bytes| word(bytes).ok()).unwrap_or(0);
        let namespace = self.namespace.name().as_bytes();
        enforce::query(self.server, caller, namespace, set, permission, writes, declared)
    }

    /// Which records count by their set; an absent or empty name means all.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`] for a name that no set can have.
    fn set_filter(&self) -> Result<SetFilter, ResultCode> {
        match self.field(field::SET) {
            None | Some([]) => Ok(SetFilter::Any),
            Some(name) if name.len() > MAX_SET_NAME => Err(ResultCode::PARAMETER),
            Some(name) => {
                Ok(self.namespace.sets.find(name).map_or(SetFilter::Nothing, |set| SetFilter::Only(set.id)))
            }
        }
    }

    /// Records per second; 0 = unlimited.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`] for a field of a wrong size, and for a short query that has one.
    fn records_per_second(&self) -> Result<u32, ResultCode> {
        match self.field(field::RECORDS_PER_SECOND) {
            None => Ok(0),
            Some(_) if self.is_short() => Err(ResultCode::PARAMETER),
            Some(bytes) => word(bytes),
        }
    }

    /// Milliseconds that the client's socket may stall; 0 = any time.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`] for a field of a wrong size.
    fn socket_timeout(&self) -> Result<u32, ResultCode> {
        self.field(field::SOCKET_TIMEOUT).map_or(Ok(DEFAULT_SOCKET_TIMEOUT), word)
    }

    /// Enters the query as a job.
    ///
    /// # Errors
    /// As [`jobs::Jobs::start`].
    fn start_job(
        &self,
        kind: JobKind,
        source: &Source,
        records_per_second: u32,
        socket_timeout: u32,
        client: SocketAddr,
    ) -> Result<ActiveJob<'a>, ResultCode> {
        let settings = &self.server.settings;
        self.node.jobs.start(JobSpec {
            id: self.id(),
            kind,
            namespace: self.namespace.name(),
            set: self.field(field::SET).unwrap_or_default(),
            index: match source {
                Source::Index(indexed) => Some(indexed.index.name().to_vec()),
                Source::Scan | Source::Members(_) => None,
            },
            records_per_second,
            socket_timeout,
            client,
            max_active: settings.query_threads_limit.load(Relaxed),
            max_done: settings.query_max_done.load(Relaxed),
        })
    }

    /// The id that the client has given the query; 0 = none. Short payloads read as if zeros stood in front.
    fn id(&self) -> u64 {
        let bytes = self.field(field::QUERY_ID).unwrap_or_default();
        bytes.iter().take(8).fold(0, |id, byte| id << 8 | *byte as u64)
    }
}

fn word(bytes: &[u8]) -> Result<u32, ResultCode> {
    bytes.try_into().map(u32::from_be_bytes).map_err(|_| ResultCode::PARAMETER)
}
