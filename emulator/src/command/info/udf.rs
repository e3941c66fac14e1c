//! UDF modules (info §18).
//!
//! The server has no module yet: the list is empty and a module is never there. What `udf-put` is given is
//! checked as far as it can be without the language; then it is refused.

use super::{Answer, InfoError, Request};
use aerospike_wire::ResultCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// `udf-list`.
pub fn list(_request: &mut Request<'_>) -> Answer {
    Ok(Vec::new())
}

/// `udf-get:filename=F`.
pub fn get(request: &mut Request<'_>) -> Answer {
    match request.parameters.raw("filename") {
        Some(_) => Ok("error=not_found".into()),
        None => Ok("error=invalid_filename".into()),
    }
}

/// `udf-remove:filename=F`: fine also for a module that is not there, even for an empty name.
pub fn remove(request: &mut Request<'_>) -> Answer {
    match request.parameters.raw("filename") {
        Some(_) => Ok("ok".into()),
        None => Ok("error=invalid_filename".into()),
    }
}

/// `udf-put:filename=F;content=B64;content-len=L;udf-type=LUA;`.
pub fn put(request: &mut Request<'_>) -> Answer {
    match check(request) {
        Ok(()) => Err(InfoError::new(ResultCode::UNSUPPORTED_FEATURE, "unsupported feature")),
        Err(word) => Ok(format!("error={word}").into()),
    }
}

/// Checks in the order of the server: name, length given, language, length, content.
fn check(request: &Request<'_>) -> Result<(), &'static str> {
    let parameters = &request.parameters;
    if !parameters.raw("filename").is_some_and(|name| name.ends_with(b".lua")) {
        return Err("invalid_filename");
    }
    let length = parameters.get("content-len").ok_or("invalid_content_len")?;
    if parameters.raw("udf-type").is_some_and(|kind| kind != b"LUA") {
        return Err("invalid_udf_type");
    }
    let length =
        length.parse::<usize>().ok().filter(|length| length % 4 == 0).ok_or("invalid_content_len")?;
    let content = parameters.raw("content").filter(|content| content.len() == length);
    let content = STANDARD.decode(content.ok_or("invalid_content")?).map_err(|_| "invalid_base64_content")?;
    if content.is_empty() { Err("invalid_base64_content") } else { Ok(()) }
}

/// `udf-clear-cache`.
pub fn clear_cache(_request: &mut Request<'_>) -> Answer {
    Ok("ok".into())
}
