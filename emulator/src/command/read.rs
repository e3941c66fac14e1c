//! Reading one record: all bins, some, none, or through read operations (wire §12, §13).

use super::operate::{self, Results};
use super::{Ending, Failure, MAX_OPS, Origin, Reply, Request, expression, key_matches, set_matches, ttl};
use crate::store::{Counter, Record};
use aerospike_wire::bits::{info1, info3, info4};
use aerospike_wire::{ResultCode, field};

/// Runs a read and appends what it returns.
pub fn run(request: &Request<'_>, reply: &mut Reply<'_>) -> Ending {
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
    let header = request.header();
    refuse_transactions(request)?;
    let partition = request.namespace.partition(&request.digest).read();
    let record = partition.get(&request.digest).ok_or(Ending::bare(ResultCode::NOT_FOUND))?;
    let fail = |code: ResultCode| Ending::of(code, record);
    if !set_matches(request, record) {
        return Err(fail(ResultCode::PARAMETER));
    }
    let now = request.namespace.clock.now_seconds();
    if record.is_expired(now) {
        return Err(fail(ResultCode::NOT_FOUND));
    }
    let touches = ttl::touches_on_read(request.namespace, record, header.ttl, now).map_err(fail)?;
    expression::check_filter(request, record).map_err(fail)?;
    if !key_matches(request, record) {
        return Err(fail(ResultCode::KEY_MISMATCH));
    }
    if header.info1 & info1::GET_NO_BINS == 0 {
        return_bins(request, record, reply).map_err(fail)?;
    }
    Ok((fail(ResultCode::OK), touches.then(|| record.clone())))
}

fn return_bins(request: &Request<'_>, record: &Record, reply: &mut Reply<'_>) -> Result<(), ResultCode> {
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

/// Refuses what only a transaction or a strongly consistent namespace could answer.
fn refuse_transactions(request: &Request<'_>) -> Result<(), Failure> {
    let header = request.header();
    let community = request.is_community();
    if request.message.field(field::MRT_ID).is_some() || header.info4 & info4::MRT_VERIFY_READ != 0 {
        return Err(Ending::bare(match community {
            true => ResultCode::ENTERPRISE_ONLY,
            false => ResultCode::UNSUPPORTED_FEATURE,
        }));
    }
    let linearizes = header.info3 & (info3::SC_READ_TYPE | info3::SC_READ_RELAX) == info3::SC_READ_TYPE;
    if linearizes && community {
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
