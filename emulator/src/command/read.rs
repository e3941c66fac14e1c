//! Reading one record: all bins, some, none, or through read operations (wire §12, §13).

use super::operate::{self, Results};
use super::transaction::{self, Part, View};
use super::{Ending, Failure, MAX_OPS, Origin, Reply, Request, expression, key_matches, set_matches, ttl};
use crate::store::{Counter, Record};
use aerospike_wire::ResultCode;
use aerospike_wire::bits::{info1, info3};

/// Runs a read and appends what it returns.
pub fn run(request: &Request<'_>, reply: &mut Reply<'_>) -> Ending {
    if transaction::is_verify(request) {
        return transaction::verify(request);
    }
    let ending = match execute(request, reply) {
        Ok((ending, touched)) => {
            if let Some(record) = touched {
                ttl::touch(request.namespace, &record);
            }
            ending
        }
        Err(failure) => failure,
    };
    count(request, ending.code);
    ending
}

/// Returns how the read ended, and the record if it has to be touched.
fn execute(request: &Request<'_>, reply: &mut Reply<'_>) -> Result<(Ending, Option<Record>), Failure> {
    let part = Part::of(request)?;
    refuse_linearized(request)?;
    let partition = request.namespace.partition(&request.digest).read();
    let now = request.namespace.clock.now_seconds();
    let view = View::to_read(request, part, &partition, now)?;
    let Some(record) = view.record(&partition, &request.digest) else {
        return Err(view.tell_version(Ending::bare(ResultCode::NOT_FOUND)));
    };
    match read(request, record, now, reply) {
        Ok(touches) => {
            // To touch a record is to change what a transaction has just read.
            let touches = touches && !view.is_member() && !view.is_blocked();
            Ok((view.tell_version(Ending::of(ResultCode::OK, record)), touches.then(|| record.clone())))
        }
        Err(code) => Err(view.tell_version(Ending::of(code, record))),
    }
}

/// Appends what a read returns of a record; whether the record has to be touched.
#[inline]
fn read(request: &Request<'_>, record: &Record, now: u32, reply: &mut Reply<'_>) -> Result<bool, ResultCode> {
    let header = request.header();
    if !set_matches(request, record) {
        return Err(ResultCode::PARAMETER);
    }
    if record.is_expired(now) {
        return Err(ResultCode::NOT_FOUND);
    }
    let touches = ttl::touches_on_read(request.namespace, record, header.ttl, now)?;
    expression::check_filter(request, record)?;
    if !key_matches(request, record) {
        return Err(ResultCode::KEY_MISMATCH);
    }
    if header.info1 & info1::GET_NO_BINS == 0 {
        return_bins(request, record, reply)?;
    }
    Ok(touches)
}

/// Appends the bins that a read asks for.
pub fn return_bins(request: &Request<'_>, record: &Record, reply: &mut Reply<'_>) -> Result<(), ResultCode> {
    let n_ops = request.message.n_ops();
    if n_ops > MAX_OPS {
        return Err(ResultCode::PARAMETER);
    }
    let header = request.header();
    if header.info1 & info1::GET_ALL != 0 {
        reply.stored_bins(record.header().n_bins, record.encoded_bins());
        return Ok(());
    }
    if n_ops == 0 {
        return Err(ResultCode::PARAMETER);
    }
    let mut results = Results { reply, all: header.responds_all_ops(), writes: false };
    operate::read_ops(request, record, &mut results)
}

/// Refuses what only a strongly consistent namespace could answer.
fn refuse_linearized(request: &Request<'_>) -> Result<(), Failure> {
    let header = request.header();
    let linearizes = header.info3 & (info3::SC_READ_TYPE | info3::SC_READ_RELAX) == info3::SC_READ_TYPE;
    if linearizes && request.is_community() {
        return Err(Ending::bare(ResultCode::ENTERPRISE_ONLY));
    }
    Ok(())
}

fn count(request: &Request<'_>, code: ResultCode) {
    use Counter::*;
    let [success, not_found, filtered_out, error] = match request.origin {
        // Queries count themselves, not the records that they return.
        Origin::Query | Origin::Direct => return,
        Origin::Client => [ReadSuccess, ReadNotFound, ReadFilteredOut, ReadError],
        Origin::Batch => [BatchReadSuccess, BatchReadNotFound, BatchReadFilteredOut, BatchReadError],
    };
    request.namespace.stats.bump(match code {
        ResultCode::OK => success,
        ResultCode::NOT_FOUND => not_found,
        ResultCode::FILTERED_OUT => filtered_out,
        _ => error,
    });
}
