//! Deleting one record (wire §12, §18).

use super::{Ending, Failure, Origin, Request, expression, key_matches, set_matches, write};
use crate::store::Counter;
use aerospike_wire::ResultCode;
use aerospike_wire::bits::info2;

/// Runs a delete. Its replies never tell generation or void time.
pub fn run(request: &Request<'_>) -> Ending {
    let code = execute(request).err().map_or(ResultCode::OK, |failure| failure.code);
    count(request, code);
    Ending::bare(code)
}

fn execute(request: &Request<'_>) -> Result<(), Failure> {
    write::refuse_by_source(request)?;
    if request.header().info2 & info2::DURABLE_DELETE != 0 && request.is_community() {
        return Err(Ending::bare(ResultCode::ENTERPRISE_ONLY));
    }
    write::refuse_expunge(request)?;
    let mut partition = request.namespace.partition(&request.digest).write();
    let position = partition.position(&request.digest);
    // An expired record that was not collected yet can still be deleted.
    let found = position.ok().and_then(|at| partition.at(at).map(|record| (at, record)));
    let (at, record) = found.ok_or(Ending::bare(ResultCode::NOT_FOUND))?;
    if !set_matches(request, record) {
        return Err(Ending::bare(ResultCode::PARAMETER));
    }
    if !write::generation_permits(request.header(), record.header().generation) {
        request.namespace.stats.bump(Counter::FailGeneration);
        return Err(Ending::bare(ResultCode::GENERATION));
    }
    expression::check_filter(request, record).map_err(Ending::bare)?;
    if !key_matches(request, record) {
        return Err(Ending::bare(ResultCode::KEY_MISMATCH));
    }
    request.namespace.remove(&mut partition, at);
    Ok(())
}

fn count(request: &Request<'_>, code: ResultCode) {
    use Counter::*;
    let [success, not_found, filtered_out, error] = match request.origin {
        // Queries delete through the write path.
        Origin::Query | Origin::Direct => return,
        Origin::Client => [DeleteSuccess, DeleteNotFound, DeleteFilteredOut, DeleteError],
        Origin::Batch => [BatchDeleteSuccess, BatchDeleteNotFound, BatchDeleteFilteredOut, BatchDeleteError],
    };
    request.namespace.stats.bump(match code {
        ResultCode::OK => success,
        ResultCode::NOT_FOUND => not_found,
        ResultCode::FILTERED_OUT => filtered_out,
        _ => error,
    });
}
