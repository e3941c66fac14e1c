//! Secondary indexes (info §17).
//!
//! The server has no index yet: lists are empty, an index is never there, and creating one is refused. The
//! requests themselves are checked in full.

use super::parameters::{MAX_NAMESPACE, MAX_SET};
use super::{Answer, InfoError, Request};
use aerospike_wire::ResultCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Longest value of `indexname` (info §3).
const MAX_INDEX: usize = 63;
/// Longest value of `bin`.
const MAX_BIN: usize = 15;
/// Longest value of a parameter that only has to fit the request.
const UNBOUNDED: usize = usize::MAX;

const NAMESPACE: &[&str] = &["namespace", "ns"];
const INDEX: &[&str] = &["indexname"];

/// `sindex-list[:namespace=N][;b64=true]`.
pub fn list(request: &mut Request<'_>) -> Answer {
    // Each error comes twice, joined by a semicolon (info §3).
    let twice = |error: InfoError| Ok(format!("{error};{error}").into());
    match request.parameters.find(NAMESPACE, MAX_NAMESPACE) {
        Ok(Some(name)) if request.server.store.namespace(name.as_bytes()).is_none() => {
            return twice(InfoError::namespace_not_found());
        }
        Ok(_) => {}
        Err(error) => return twice(error),
    }
    match request.parameters.get("b64") {
        None | Some("true") => Ok(Vec::new()),
        Some(_) => Err(InfoError::parameter("bad b64")),
    }
}

/// `sindex[/namespace[/index]]`: the old spelling of list and statistics.
pub fn legacy(request: &mut Request<'_>) -> Answer {
    let text = request.parameters.text();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut parts = text.splitn(2, |byte| *byte == b'/');
    let namespace = parts.next().unwrap_or_default();
    if request.server.store.namespace(namespace).is_none() {
        return Ok("ns_type=unknown".into());
    }
    match parts.next() {
        Some(_) => Err(no_index()),
        None => Ok(Vec::new()),
    }
}

/// `sindex-stat:namespace=N;indexname=I`.
pub fn stat(request: &mut Request<'_>) -> Answer {
    Ok(named(request, |known| {
        if known { no_index().to_string() } else { InfoError::namespace_not_found().to_string() }
    }))
}

/// `sindex-exists:namespace=N;indexname=I`.
pub fn exists(request: &mut Request<'_>) -> Answer {
    Ok(named(
        request,
        |known| if known { "false".into() } else { InfoError::namespace_not_found().to_string() },
    ))
}

/// `sindex-delete:namespace=N;indexname=I[;set=S]`: fine also where there is nothing to delete.
pub fn delete(request: &mut Request<'_>) -> Answer {
    Ok(named(request, |_| "ok".into()))
}

/// The answer of a command on one index. Each parameter that is wrong says so, and only a wrong namespace keeps
/// the command's own answer from following (info §3).
fn named(request: &Request<'_>, answer: impl FnOnce(bool) -> String) -> Vec<u8> {
    let index = request.parameters.require_raw(INDEX, MAX_INDEX).err();
    let mut out = index.map_or(String::new(), |error| error.to_string());
    match request.parameters.require_raw(NAMESPACE, MAX_NAMESPACE) {
        Ok(name) => out += &answer(request.server.store.namespace(name).is_some()),
        Err(error) => out += &error.to_string(),
    }
    out.into()
}

/// `sindex-create:…`: parameters are checked in this order: index name, namespace, set, kind of collection,
/// context, type, bin.
pub fn create(request: &mut Request<'_>) -> Answer {
    let parameters = &request.parameters;
    parameters.require_raw(INDEX, MAX_INDEX)?;
    let namespace = parameters.require_raw(NAMESPACE, MAX_NAMESPACE)?;
    parameters.find_raw(&["set"], MAX_SET)?;
    if let Some(kind) = parameters.find_raw(&["indextype"], UNBOUNDED)? {
        one_of(kind, &["default", "list", "mapkeys", "mapvalues"]).ok_or_else(|| {
            InfoError::parameter("bad 'indextype' - must be one of 'default', 'list', 'mapkeys', 'mapvalues'")
        })?;
    }
    if let Some(context) = parameters.find_raw(&["context"], UNBOUNDED)? {
        STANDARD.decode(context).map_err(|_| InfoError::parameter("'context' invalid base64"))?;
    }
    let data = parameters.find_raw(&["indexdata"], UNBOUNDED)?;
    let kind = parameters.find_raw(&["type"], UNBOUNDED)?;
    let (bin, kind) = match (data, kind) {
        (None, None) => return Err(InfoError::parameter("both 'indexdata' and 'type' are missing")),
        (Some(_), Some(_)) => return Err(InfoError::parameter("both 'indexdata' and 'type' are specified")),
        (Some(data), None) => {
            let mut parts = data.splitn(2, |byte| *byte == b',');
            (parts.next(), parts.next().unwrap_or_default())
        }
        (None, Some(kind)) => (None, kind),
    };
    one_of(kind, &["numeric", "string", "blob", "geo2dsphere"]).ok_or_else(|| {
        InfoError::parameter("bad 'type' - must be one of 'numeric', 'string', 'blob', 'geo2dsphere'")
    })?;
    if bin.is_some_and(|bin| bin.len() > MAX_BIN) {
        return Err(InfoError::parameter("'indexdata' bin name too long"));
    }
    if bin.is_none()
        && parameters.find_raw(&["bin"], MAX_BIN)?.is_none()
        && parameters.find_raw(&["exp"], UNBOUNDED)?.is_none()
    {
        return Err(InfoError::parameter("both 'bin' and 'exp' are missing"));
    }
    if request.server.store.namespace(namespace).is_none() {
        // Accepted as metadata; there is nothing to build.
        return Ok("ok".into());
    }
    Err(InfoError::new(ResultCode::UNSUPPORTED_FEATURE, "unsupported feature"))
}

/// Which of the words it is, in any case.
fn one_of(value: &[u8], words: &[&'static str]) -> Option<&'static str> {
    words.iter().find(|word| value.eq_ignore_ascii_case(word.as_bytes())).copied()
}

fn no_index() -> InfoError {
    InfoError::new(ResultCode::INDEX_NOT_FOUND, "no index")
}
