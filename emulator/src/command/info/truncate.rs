//! Truncation and eviction (info §19).

use super::parameters::{MAX_NAMESPACE, MAX_SET};
use super::{Answer, InfoError, Request};
use crate::store::{Namespace, Set};
use aerospike_wire::time::EPOCH_UNIX_SECONDS;

/// Longest value of `lut` (info §3).
const MAX_LUT: usize = 23;

const NAMESPACE: &[&str] = &["namespace"];

/// `truncate:namespace=N;set=S[;lut=T]`.
pub fn set(request: &mut Request<'_>) -> Answer {
    let name = request.parameters.require_raw(NAMESPACE, MAX_NAMESPACE)?;
    let set = request.parameters.require_raw(&["set"], MAX_SET)?;
    let until = lut(request)?;
    if let Some(namespace) = request.server.store.namespace(name)
        && let Some(set) = namespace.sets.find(set)
    {
        let count = truncate(namespace, Some(set), until);
        tracing::info!(namespace = namespace.name(), count, "set truncated");
    }
    Ok("ok".into())
}

/// `truncate-namespace:namespace=N[;lut=T]`.
pub fn namespace(request: &mut Request<'_>) -> Answer {
    let name = whole_namespace(request)?;
    let until = lut(request)?;
    if let Some(namespace) = request.server.store.namespace(name) {
        let count = truncate(namespace, None, until);
        tracing::info!(namespace = namespace.name(), count, "namespace truncated");
    }
    Ok("ok".into())
}

/// `truncate-undo:namespace=N;set=S`: forgets the mark; records that are gone stay gone.
pub fn undo_set(request: &mut Request<'_>) -> Answer {
    let name = request.parameters.require_raw(NAMESPACE, MAX_NAMESPACE)?;
    let set = request.parameters.require_raw(&["set"], MAX_SET)?;
    if let Some(namespace) = request.server.store.namespace(name)
        && let Some(set) = namespace.sets.find(set)
    {
        namespace.undo_truncate(Some(set));
    }
    Ok("ok".into())
}

/// `truncate-namespace-undo:namespace=N`.
pub fn undo_namespace(request: &mut Request<'_>) -> Answer {
    let name = whole_namespace(request)?;
    if let Some(namespace) = request.server.store.namespace(name) {
        namespace.undo_truncate(None);
    }
    Ok("ok".into())
}

/// `eviction-reset:namespace=N[;ttl=s]`: nothing is ever evicted, so there is nothing to forget.
pub fn eviction_reset(request: &mut Request<'_>) -> Answer {
    request.parameters.require_raw(NAMESPACE, MAX_NAMESPACE)?;
    Ok("ok".into())
}

fn whole_namespace<'a>(request: &Request<'a>) -> Result<&'a [u8], InfoError> {
    let name = request.parameters.require_raw(NAMESPACE, MAX_NAMESPACE)?;
    match request.parameters.raw("set") {
        Some(_) => Err(InfoError::parameter("unexpected set name")),
        None => Ok(name),
    }
}

/// Before which last-update time records go; `None` = all that exist now.
fn lut(request: &Request<'_>) -> Result<Option<u64>, InfoError> {
    match request.parameters.find(&["lut"], MAX_LUT)? {
        None => Ok(None),
        Some(text) => last_update(text, request.server.clock.unix_ms()).map(Some),
    }
}

fn truncate(namespace: &Namespace, set: Option<&Set>, before: Option<u64>) -> usize {
    match before {
        Some(before) => namespace.truncate_before(set, before),
        // Records of this very millisecond are among those that exist.
        None => namespace.truncate(set, namespace.clock.now_ms()),
    }
}

/// Milliseconds since 2010 of a `lut` in nanoseconds since 1970.
fn last_update(text: &str, now_unix_ms: u64) -> Result<u64, InfoError> {
    let unix_ms = parse_c_integer(text) / 1_000_000;
    if unix_ms > now_unix_ms {
        return Err(InfoError::parameter("would truncate in the future"));
    }
    match unix_ms.saturating_sub(EPOCH_UNIX_SECONDS * 1000) {
        0 => Err(InfoError::parameter("would truncate to 0")),
        lut => Ok(lut),
    }
}

/// A number as the C library reads it: decimal, `0x` hexadecimal or `0` octal, as far as it goes; 0 for none.
/// What does not fit becomes the greatest number.
fn parse_c_integer(text: &str) -> u64 {
    let text = text.trim_start();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = match (lower.strip_prefix("0x"), lower.strip_prefix('0')) {
        (Some(hex), _) => (hex, 16),
        (None, Some(octal)) => (octal, 8),
        (None, None) => (lower.as_str(), 10),
    };
    let mut value: u64 = 0;
    for digit in digits.chars().map_while(|c| c.to_digit(radix)) {
        match value.checked_mul(radix as u64).and_then(|value| value.checked_add(digit as u64)) {
            Some(next) => value = next,
            None => return u64::MAX,
        }
    }
    if negative { value.wrapping_neg() } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// info §19: decimal, hex or octal; too early and too late are refused.
    #[test]
    fn lut_is_read_like_the_server_reads_it() {
        let now = 1_800_000_000_000;
        let read = |text: &str| last_update(text, now).map_err(|error| error.to_string());
        assert_eq!(read("1262304001000000000"), Ok(1000));
        assert_eq!(read("0x11849ACD0A28CA00"), Ok(1000));
        assert_eq!(read("0106044654641212145000"), Ok(1000));
        for early in ["0", "1", "abc", "1262304000999999"] {
            assert_eq!(read(early), Err("ERROR:4:would truncate to 0".into()), "{early}");
        }
        for late in ["1800000000001000000", "9999999999999999999", "99999999999999999999", "-1"] {
            assert_eq!(read(late), Err("ERROR:4:would truncate in the future".into()), "{late}");
        }
        assert_eq!(read("1800000000000999999"), Ok(now - 1_262_304_000_000));
    }
}
