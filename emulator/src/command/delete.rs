//! Deleting one record (wire §12, §18).

use super::transaction::{Part, View};
use super::{Ending, Failure, Origin, Request, expression, key_matches, set_matches, write};
use crate::store::{Counter, Record};
use aerospike_wire::ResultCode;
use aerospike_wire::bits::info2;

/// Runs a delete. Its replies never tell generation or void time.
pub fn run(request: &Request<'_>) -> Ending {
    let ending = execute(request).err().unwrap_or(Ending::bare(ResultCode::OK));
    count(request, ending.code);
    ending
}

fn execute(request: &Request<'_>) -> Result<(), Failure> {
    write::refuse_by_source(request)?;
    if request.header().info2 & info2::DURABLE_DELETE != 0 && request.is_community() {
        return Err(Ending::bare(ResultCode::ENTERPRISE_ONLY));
    }
    // Community Edition looks at no transaction here (transactions §14).
    let part = if request.is_community() { None } else { Part::of(request)? };
    write::refuse_expunge(request).map_err(Ending::bare)?;
    let mut partition = request.namespace.partition(&request.digest).write();
    let now_ms = request.namespace.clock.now_ms();
    let view = View::to_write(request, part, &partition, (now_ms / 1000) as u32)?;
    let position = partition.position(&request.digest);
    // An expired record that was not collected yet can still be deleted.
    let existing = view.record_at(&partition, position).cloned();
    let done = existing.ok_or(ResultCode::NOT_FOUND).and_then(|record| {
        check(request, &view, &record, now_ms)?;
        view.remove(request, &mut partition, position, &record, now_ms)
    });
    done.map_err(|code| view.tell_version(Ending::bare(code)))
}

/// What is checked of a record before it is deleted, in the server's order.
fn check(request: &Request<'_>, view: &View, record: &Record, now_ms: u64) -> Result<(), ResultCode> {
    view.check_relock(request)?;
    if !set_matches(request, record) {
        return Err(ResultCode::PARAMETER);
    }
    if !write::generation_permits(request.header(), record.header().generation) {
        request.namespace.stats.bump(Counter::FailGeneration);
        return Err(ResultCode::GENERATION);
    }
    view.check_deadline(request.namespace, now_ms)?;
    expression::check_filter(request, record)?;
    if key_matches(request, record) { Ok(()) } else { Err(ResultCode::KEY_MISMATCH) }
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
