//! `latencies` (info §22).
//!
//! The emulator does not time commands: every histogram is one that has had no data yet.

use super::{Answer, InfoError, Request};
use std::sync::atomic::Ordering::Relaxed;

/// Histograms of each namespace that are always kept.
const ALWAYS: [&str; 8] =
    ["read", "write", "udf", "batch-sub-read", "batch-sub-write", "batch-sub-udf", "pi-query", "si-query"];
/// Histograms of each namespace that are shown only by name.
const BY_NAME: [&str; 3] = ["read-touch", "re-repl", "proxy"];
/// Histograms that are several, each for a stage of a command.
const STAGES: [(&str, &[&str]); 6] = [
    ("benchmarks-read", &["start", "restart", "dup-res", "repl-ping", "local", "response"]),
    ("benchmarks-write", &["start", "restart", "dup-res", "master", "repl-write", "response"]),
    ("benchmarks-udf", &["start", "restart", "dup-res", "master", "repl-write", "response"]),
    (
        "benchmarks-batch-sub",
        &["prestart", "start", "restart", "dup-res", "repl-ping", "read-local", "response"],
    ),
    ("benchmarks-udf-sub", &["start", "restart", "dup-res", "master", "repl-write", "response"]),
    ("benchmarks-ops-sub", &["start", "restart", "dup-res", "master", "repl-write", "response"]),
];

/// `latencies:[hist=NAME]`.
pub fn latencies(request: &mut Request<'_>) -> Answer {
    let server = request.server;
    let names = match request.parameters.get("hist") {
        None => {
            let mut names = vec!["batch-index".to_owned()];
            for namespace in server.store.namespaces() {
                names.extend(ALWAYS.iter().map(|name| format!("{{{}}}-{name}", namespace.name())));
            }
            names
        }
        Some(name @ "batch-index") => vec![name.to_owned()],
        Some("info") if server.settings.enable_hist_info.load(Relaxed) => vec!["info".to_owned()],
        Some("benchmarks-fabric") => vec!["benchmarks-fabric".to_owned()],
        Some(name) => of_namespace(request, name).ok_or_else(|| InfoError::parameter("bad hist name"))?,
    };
    Ok(names.iter().map(|name| format!("{name}:")).collect::<Vec<_>>().join(";").into())
}

/// The histograms that `{namespace}-name` stands for.
fn of_namespace(request: &Request<'_>, text: &str) -> Option<Vec<String>> {
    let (namespace, name) = text.strip_prefix('{')?.split_once("}-")?;
    request.server.store.namespace(namespace.as_bytes())?;
    if ALWAYS.contains(&name) || BY_NAME.contains(&name) {
        return Some(vec![text.to_owned()]);
    }
    let (_, stages) = STAGES.iter().find(|(known, _)| *known == name)?;
    let short = name.strip_prefix("benchmarks-").unwrap_or(name);
    Some(stages.iter().map(|stage| format!("{{{namespace}}}-{short}-{stage}")).collect())
}
