//! Query jobs (info §20).
//!
//! No query runs as a job yet: none is shown, and none can be aborted.

use super::{Answer, InfoError, Request};
use aerospike_wire::ResultCode;

/// Longest id of a job: the decimal digits of 64 bits, with room for a sign or prefix (info §3).
const MAX_ID: usize = 25;

const ID: &[&str] = &["id", "trid"];

/// `query-show[:id=n]`.
pub fn show(request: &mut Request<'_>) -> Answer {
    match request.parameters.find(ID, MAX_ID)? {
        None => Ok(Vec::new()),
        Some(id) => {
            parse_id(id)?;
            Err(InfoError::new(ResultCode::NOT_FOUND, "job not found"))
        }
    }
}

/// `query-abort:id=n`.
pub fn abort(request: &mut Request<'_>) -> Answer {
    parse_id(request.parameters.require(ID, MAX_ID)?)?;
    Err(InfoError::new(ResultCode::NOT_FOUND, "id not active"))
}

/// `query-abort-all:`.
pub fn abort_all(_request: &mut Request<'_>) -> Answer {
    Ok("number-of-queries-killed:0".into())
}

fn parse_id(text: &str) -> Result<u64, InfoError> {
    text.parse().ok().filter(|id| *id != 0).ok_or_else(|| InfoError::new(ResultCode::PARAMETER, "bad id"))
}
