//! UDF modules (lua §1). These commands have errors of a form of their own.

use super::{Answer, Request};
use crate::udf::{CompileError, decode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// Longest file name.
const MAX_NAME: usize = 127;
/// Largest module, in bytes.
const MAX_SIZE: usize = 1024 * 1024;
/// Most digits of a length.
const MAX_DIGITS: usize = 10;

/// `udf-list`: every module, in the order in which the names were first mentioned.
pub fn list(request: &mut Request<'_>) -> Answer {
    let mut text = String::new();
    for module in request.server.udfs.list() {
        // Writing to a string cannot fail.
        let _ = write!(text, "filename={},hash={},type=LUA;", module.file(), module.hash());
    }
    Ok(text.into())
}

/// `udf-get:filename=F`.
pub fn get(request: &mut Request<'_>) -> Answer {
    let Some(name) = file_name(request) else { return Ok("error=invalid_filename".into()) };
    // A name with a directory is listed, but a real server has no such file.
    match request.server.udfs.get(name).filter(|_| !name.contains('/')) {
        Some(module) => Ok(format!("type=LUA;content={};", module.content()).into()),
        None => Ok("error=not_found".into()),
    }
}

/// `udf-remove:filename=F`: fine also for a module that is not there.
pub fn remove(request: &mut Request<'_>) -> Answer {
    let Some(name) = file_name(request) else { return Ok("error=invalid_filename".into()) };
    request.server.udfs.remove(name);
    Ok("ok".into())
}

/// `udf-clear-cache`.
pub fn clear_cache(request: &mut Request<'_>) -> Answer {
    request.server.udfs.clear_cache();
    Ok("ok".into())
}

/// `udf-put:filename=F;content=B64;content-len=L;udf-type=LUA;`.
pub fn put(request: &mut Request<'_>) -> Answer {
    let answer = match check(request) {
        Err(word) => format!("error={word}"),
        Ok(upload) => match request.server.udfs.put(upload.file, upload.source, upload.content) {
            Ok(()) => "ok".into(),
            Err(CompileError { file, line, message }) => {
                let message = STANDARD.encode(message);
                format!("error=compile_error;file={file};line={line};message={message}")
            }
        },
    };
    Ok(answer.into())
}

fn file_name<'a>(request: &Request<'a>) -> Option<&'a str> {
    request.parameters.get("filename").filter(|name| name.len() <= MAX_NAME)
}

/// A module as it was sent.
struct Upload<'a> {
    file: &'a str,
    source: Vec<u8>,
    content: &'a str,
}

/// Checks in the order of the server: name, length given, language, length, content, size, encoding.
fn check<'a>(request: &Request<'a>) -> Result<Upload<'a>, &'static str> {
    let parameters = &request.parameters;
    let file = file_name(request).filter(|name| has_extension(name)).ok_or("invalid_filename")?;
    let length =
        parameters.get("content-len").filter(|text| text.len() <= MAX_DIGITS).ok_or("invalid_content_len")?;
    if parameters.raw("udf-type").is_some_and(|kind| kind != b"LUA") {
        return Err("invalid_udf_type");
    }
    let length = match length {
        "" => 0,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().unwrap_or(usize::MAX),
        _ => return Err("invalid_content_len"),
    };
    if length % 4 != 0 {
        return Err("invalid_content_len");
    }
    let content = parameters.raw("content").filter(|content| content.len() == length);
    let content = content.ok_or("invalid_content")?;
    if length / 4 * 3 > MAX_SIZE {
        return Err("invalid_udf_content_len,>1M");
    }
    let content = std::str::from_utf8(content).map_err(|_| "invalid_base64_content")?;
    let source = decode(content).ok_or("invalid_base64_content")?;
    Ok(Upload { file, source, content })
}

/// Whether a name has a dot, not first, and something behind it.
fn has_extension(name: &str) -> bool {
    name.find('.').is_some_and(|dot| dot > 0 && dot + 1 < name.len())
}
