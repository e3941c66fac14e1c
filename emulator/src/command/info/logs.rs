//! The server's log as info commands see it (info §22).
//!
//! There is one sink, the standard error stream. What the emulator itself writes is chosen when it starts; the
//! levels here are kept and shown.

use super::{Answer, InfoError, Request};
use crate::server::Server;
use aerospike_wire::ResultCode;
use parking_lot::Mutex;
use std::collections::HashMap;

/// The contexts that have a level of their own.
#[rustfmt::skip]
const CONTEXTS: [&str; 65] = [
    "misc", "alloc", "arenax", "hardware", "jem", "msg", "os", "secrets", "socket", "tls", "vault", "vmapx", "xmem",
    "aggr", "appeal", "as", "audit", "batch", "batch-sub", "bin", "config", "clustering", "drv-mem", "drv-pmem",
    "drv-ssd", "exchange", "exp", "fabric", "flat", "geo", "hb", "health", "hlc", "index", "info", "info-command",
    "key-busy", "migrate", "mrt-audit", "mrt-monitor", "namespace", "nsup", "particle", "partition", "proto", "proxy",
    "proxy-divert", "query", "record", "roster", "rw", "rw-client", "security", "service", "service-list", "sindex",
    "skew", "smd", "storage", "truncate", "tsvc", "udf", "xdr", "xdr-client", "masking",
];

const LEVELS: [&str; 5] = ["CRITICAL", "WARNING", "INFO", "DEBUG", "DETAIL"];

/// Levels that differ from `INFO`, by context.
pub type Levels = Mutex<HashMap<&'static str, &'static str>>;

/// `logs`: the sinks by number.
pub fn sinks(_request: &mut Request<'_>) -> Answer {
    Ok("0:stderr".into())
}

/// `log[/sink[/context]]`: the levels of a sink.
pub fn levels(request: &mut Request<'_>) -> Answer {
    let text = std::str::from_utf8(request.parameters.text()).unwrap_or("?");
    let (sink, context) = match text.split_once('/') {
        Some((sink, context)) => (sink, Some(context)),
        None => (text, None),
    };
    if !sink.is_empty() {
        let sink: i64 = sink.parse().map_err(|_| InfoError::parameter("bad sink-id"))?;
        if sink != 0 {
            return Err(InfoError::new(ResultCode::SERVER, "bad-id"));
        }
    }
    match context {
        None => Ok(CONTEXTS.map(|context| line(request.server, context)).join(";").into()),
        Some(context) => {
            let known = CONTEXTS.iter().find(|known| **known == context);
            let known = known.ok_or_else(|| InfoError::new(ResultCode::SERVER, "bad-context"))?;
            Ok(line(request.server, known).into())
        }
    }
}

fn line(server: &Server, context: &str) -> String {
    format!("{context}:{}", server.log_levels.lock().get(context).unwrap_or(&"INFO"))
}

/// `log-set:id=0;<context>=<level>`; `any` stands for all contexts.
pub fn set(request: &mut Request<'_>) -> Answer {
    let parameters = &request.parameters;
    let id = parameters.get("id").ok_or_else(|| InfoError::parameter("missing id"))?;
    if id.parse::<i64>() != Ok(0) {
        return Err(InfoError::parameter("bad id"));
    }
    let others: Vec<_> = parameters.pairs().filter(|(key, _)| *key != b"id").collect();
    if others.is_empty() {
        return Err(InfoError::parameter("missing context"));
    }
    let chosen = |key: &[u8]| match key {
        b"any" => CONTEXTS.to_vec(),
        key => CONTEXTS.iter().filter(|context| context.as_bytes() == key).copied().collect(),
    };
    let (contexts, level) = others
        .into_iter()
        .map(|(key, level)| (chosen(key), level))
        .find(|(contexts, _)| !contexts.is_empty())
        .ok_or_else(|| InfoError::parameter("bad parameter"))?;
    let level = LEVELS.iter().find(|known| level.eq_ignore_ascii_case(known.as_bytes()));
    let level = *level.ok_or_else(|| InfoError::parameter("bad level"))?;
    let mut levels = request.server.log_levels.lock();
    levels.extend(contexts.into_iter().map(|context| (context, level)));
    Ok("ok".into())
}

/// `log-message:message=…[;who=…]`: writes to the log.
pub fn message(request: &mut Request<'_>) -> Answer {
    let message = request.parameters.require(&["message"], usize::MAX)?;
    let who = request.parameters.get("who").unwrap_or_default();
    tracing::info!(who, "{message}");
    Ok(Vec::new())
}

/// `dump-…:[verbose=true|false]`: what a person would look for, written to the log.
pub fn dump(request: &mut Request<'_>) -> Answer {
    match request.parameters.get("verbose") {
        None | Some("true" | "false") => {}
        Some(_) => return Err(InfoError::parameter("'verbose' may be either 'true' or 'false'")),
    }
    let server = request.server;
    let view = request.view();
    tracing::info!(
        node = request.node().name(),
        size = view.size(),
        key = format!("{:X}", view.key()),
        rebalances = view.rebalance_generation,
        "dump: cluster"
    );
    for namespace in server.store.namespaces() {
        let objects = namespace.objects.load(std::sync::atomic::Ordering::Relaxed);
        tracing::info!(namespace = namespace.name(), objects, "dump: namespace");
    }
    Ok("ok".into())
}

/// `dump-wb-summary:namespace=N`.
pub fn dump_write_blocks(request: &mut Request<'_>) -> Answer {
    let name = request.parameters.require_raw(&["namespace", "ns"], super::parameters::MAX_NAMESPACE)?;
    request.server.store.namespace(name).ok_or_else(InfoError::namespace_not_found)?;
    dump(request)
}
