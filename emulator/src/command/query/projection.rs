//! What of each record a foreground query returns (query §5.6).

use super::Query;
use crate::command::operate::{self, Results};
use crate::command::{Ending, MAX_BIN_NAME, Origin, Reply, Request};
use crate::store::Record;
use aerospike_wire::bits::info1;
use aerospike_wire::{ResultCode, field, op};
use bytes::BytesMut;

/// What of each record is returned.
#[derive(Debug)]
pub enum Projection<'a> {
    /// Metadata only.
    NoBins,
    /// All bins as they are stored.
    AllBins,
    /// What the message's read ops give.
    Ops,
    /// The bins of these names.
    Names(Vec<&'a [u8]>),
}

impl<'a> Projection<'a> {
    /// Reads bin list and ops of a foreground query; only op codes and the length of names are checked.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`] for ops that do not only read, overlong names, ops beside a bin list.
    pub fn parse(query: &Query<'a>) -> Result<Projection<'a>, ResultCode> {
        if query.header().info1 & info1::GET_NO_BINS != 0 {
            return Ok(Projection::NoBins);
        }
        let mut ops = query.message.ops();
        match (query.field(field::QUERY_BINS), query.message.n_ops()) {
            (Some(_), 1..) => Err(ResultCode::PARAMETER),
            (Some(list), 0) => Ok(Projection::Names(bin_names(list)?)),
            (None, 0) => Ok(Projection::AllBins),
            (None, _) => match ops.all(|op| op::is_read(op.code) && op.name.len() <= MAX_BIN_NAME) {
                true => Ok(Projection::Ops),
                false => Err(ResultCode::PARAMETER),
            },
        }
    }

    /// Appends a record's message. Returns `false` when the record has nothing to return, or an op failed: what
    /// was appended is to be taken back then.
    pub fn write(&self, query: &Query<'_>, record: &Record, bval: Option<i64>, out: &mut BytesMut) -> bool {
        let header = record.header();
        let mut reply = Reply::record(out);
        reply.field(field::NAMESPACE, query.namespace.name().as_bytes());
        reply.field(field::DIGEST, &header.digest.0);
        let set = query.namespace.sets.name(header.set);
        if !set.is_empty() {
            reply.field(field::SET, set);
        }
        if let Some(key) = record.key() {
            reply.field(field::KEY, key);
        }
        if let Some(bval) = bval {
            reply.field(field::BVALS, &bval.to_le_bytes());
        }
        let has_values = match self {
            Projection::NoBins => {
                reply.set_info1(info1::GET_NO_BINS);
                true
            }
            Projection::AllBins => {
                reply.stored_bins(header.n_bins, record.encoded_bins());
                true
            }
            Projection::Ops => read_ops(query, record, set, &mut reply),
            Projection::Names(names) => {
                for name in names {
                    if let Some(value) = record.bin(name) {
                        reply.op(op::READ, name, value);
                    }
                }
                reply.has_ops()
            }
        };
        let ending = Ending::of(ResultCode::OK, record);
        let void_time = query.namespace.clock.void_time_for_clients(ending.void_time);
        reply.finish(Ending { void_time, ..ending });
        has_values
    }
}

fn read_ops(query: &Query<'_>, record: &Record, set: &[u8], reply: &mut Reply<'_>) -> bool {
    let request = Request {
        server: query.server,
        namespace: query.namespace,
        set,
        digest: record.header().digest,
        message: query.message,
        origin: Origin::Query,
        batch_filter: None,
    };
    let mut results = Results { reply, all: query.header().responds_all_ops(), writes: false };
    operate::read_ops(&request, record, &mut results).is_ok() && reply.has_ops()
}

/// Reads the names of an old bin list: a count, then each with its length.
fn bin_names(list: &[u8]) -> Result<Vec<&[u8]>, ResultCode> {
    let Some((count, mut rest)) = list.split_first() else { return Ok(Vec::new()) };
    let mut names = Vec::with_capacity(*count as usize);
    for _ in 0..*count {
        let (len, behind) = rest.split_first().ok_or(ResultCode::PARAMETER)?;
        let (name, behind) = behind.split_at_checked(*len as usize).ok_or(ResultCode::PARAMETER)?;
        names.push(name);
        rest = behind;
    }
    Ok(names)
}
