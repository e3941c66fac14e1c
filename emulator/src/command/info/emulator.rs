//! What only an emulator has: `emulator-<word>:…`, answered in JSON.

use super::{Answer, InfoError, Request};
use crate::control::{Arguments, commands};

/// `emulator-clock`.
pub fn clock(request: &mut Request<'_>) -> Answer {
    run(request, "clock")
}

/// `emulator-fault`.
pub fn fault(request: &mut Request<'_>) -> Answer {
    run(request, "fault")
}

/// `emulator-log`.
pub fn log(request: &mut Request<'_>) -> Answer {
    run(request, "log")
}

/// `emulator-node`.
pub fn node(request: &mut Request<'_>) -> Answer {
    run(request, "node")
}

/// `emulator-snapshot`.
pub fn snapshot(request: &mut Request<'_>) -> Answer {
    run(request, "snapshot")
}

/// `emulator-data`.
pub fn data(request: &mut Request<'_>) -> Answer {
    run(request, "data")
}

fn run(request: &Request<'_>, word: &str) -> Answer {
    let arguments = Arguments::from_text(request.parameters.text());
    let answer = commands::run(request.server, word, &arguments);
    answer.map(|answer| text(&answer)).map_err(|refusal| InfoError::parameter(refusal.to_string()))
}

/// An answer as it travels: JSON, but a text as it is.
pub fn text(answer: &serde_json::Value) -> Vec<u8> {
    match answer {
        serde_json::Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    }
}
