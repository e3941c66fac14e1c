//! Query jobs (query §12, info §20).

use super::{Answer, InfoError, Request};
use aerospike_wire::ResultCode;

/// Longest id of a job in bytes (info §3).
const MAX_ID: usize = 25;

const ID: &[&str] = &["id", "trid"];

/// `query-show[:id=n]`.
pub fn show(request: &mut Request<'_>) -> Answer {
    let jobs = &request.node().jobs;
    match request.parameters.find_raw(ID, MAX_ID)? {
        None => Ok(jobs.all().iter().map(|job| job.line()).collect::<Vec<_>>().join(&b';')),
        Some(id) => match jobs.find(parse_id(id)?) {
            Some(job) => Ok(job.line()),
            None => Err(InfoError::new(ResultCode::NOT_FOUND, "job not found")),
        },
    }
}

/// `query-abort:id=n`.
pub fn abort(request: &mut Request<'_>) -> Answer {
    let id = parse_id(request.parameters.require_raw(ID, MAX_ID)?)?;
    match request.node().jobs.abort(id) {
        true => Ok("ok".into()),
        false => Err(InfoError::new(ResultCode::NOT_FOUND, "id not active")),
    }
}

/// `query-abort-all:`.
pub fn abort_all(request: &mut Request<'_>) -> Answer {
    Ok(format!("number-of-queries-killed:{}", request.node().jobs.abort_all()).into())
}

/// Reads an id: decimal, hexadecimal behind `0x`, octal behind `0`. Zero is no id.
fn parse_id(text: &[u8]) -> Result<u64, InfoError> {
    let parse = |text: &str| match (text.strip_prefix("0x").or(text.strip_prefix("0X")), text) {
        (Some(digits), _) => u64::from_str_radix(digits, 16).ok(),
        (None, text) if text.starts_with('0') => u64::from_str_radix(text, 8).ok(),
        (None, text) => text.parse().ok(),
    };
    let id = std::str::from_utf8(text).ok().and_then(parse);
    id.filter(|id| *id != 0).ok_or_else(|| InfoError::parameter("bad id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ids_in_three_bases() {
        assert_eq!(parse_id(b"16"), Ok(16));
        assert_eq!(parse_id(b"0x10"), Ok(16));
        assert_eq!(parse_id(b"020"), Ok(16));
        assert_eq!(parse_id(b"18446744073709551615"), Ok(u64::MAX));
        for bad in [&b"0"[..], b"abc", b"0x", b"-1", b"1 ", b""] {
            assert!(parse_id(bad).is_err(), "{bad:?}");
        }
    }
}
