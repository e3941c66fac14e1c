//! Secondary indexes: made, dropped, listed, polled (query §2, §3; info §17).

use super::parameters::{MAX_NAMESPACE, MAX_SET};
use super::{Answer, InfoError, Request};
use crate::index::{Context, CreateError, Definition, Index, IndexExpression, KeyType, Part, Source};
use crate::server::Server;
use crate::store::{Namespace, SetId};
use aerospike_wire::ResultCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Longest value of `indexname` in bytes.
const MAX_INDEX: usize = 63;
/// Longest value of `bin`.
const MAX_BIN: usize = 15;
/// Longest value of `indexdata`: a bin, a comma, a type.
const MAX_INDEX_DATA: usize = 27;
/// Longest value of `type`.
const MAX_TYPE: usize = 11;
/// Longest value of `indextype`.
const MAX_INDEX_TYPE: usize = 9;
/// Longest value of `context`, in base64.
const MAX_CONTEXT: usize = 2047;
/// Longest value of `exp`, in base64.
const MAX_EXPRESSION: usize = 16_383;

const NAMESPACE: &[&str] = &["namespace", "ns"];
const INDEX: &[&str] = &["indexname"];

/// `sindex-list[:namespace=N][;b64=true]`.
pub fn list(request: &mut Request<'_>) -> Answer {
    // Each error comes twice, joined by a semicolon (info §3).
    let twice = |error: InfoError| Ok(format!("{error};{error}").into());
    let name = match request.parameters.find_raw(NAMESPACE, MAX_NAMESPACE) {
        Ok(name) => name,
        Err(error) => return twice(error),
    };
    let namespaces = match name {
        None => request.server.store.namespaces().iter().collect(),
        Some(name) => match request.server.store.namespace(name) {
            Some(namespace) => vec![namespace],
            None => return twice(InfoError::namespace_not_found()),
        },
    };
    let base64 = match request.parameters.raw("b64") {
        None | Some(b"false") => false,
        Some(b"true") => true,
        Some(_) => return Err(InfoError::parameter("bad b64")),
    };
    Ok(lines(&namespaces, base64, true))
}

/// `sindex[/namespace[/index]]`: the old spelling of list and statistics.
pub fn legacy(request: &mut Request<'_>) -> Answer {
    let text = request.parameters.text();
    if text.is_empty() {
        let all: Vec<_> = request.server.store.namespaces().iter().collect();
        return Ok(lines(&all, false, false));
    }
    let mut parts = text.splitn(2, |byte| *byte == b'/');
    let namespace = parts.next().unwrap_or_default();
    let Some(namespace) = request.server.store.namespace(namespace) else {
        return Ok("ns_type=unknown".into());
    };
    match parts.next() {
        Some(index) => statistics(namespace, index).map(String::into_bytes),
        None => Ok(lines(&[namespace], false, false)),
    }
}

/// The entries of all indexes, joined by semicolons.
fn lines(namespaces: &[&Arc<Namespace>], base64: bool, with_sets: bool) -> Vec<u8> {
    let mut lines = Vec::new();
    for namespace in namespaces {
        let indexes = namespace.indexes.all();
        let shown = indexes.iter().filter(|index| with_sets || !index.definition.is_membership());
        lines.extend(shown.map(|index| line(namespace, index, base64)));
    }
    lines.join(&b';')
}

/// One index: `key=value` joined by colons. Names may hold any bytes.
fn line(namespace: &Namespace, index: &Index, base64: bool) -> Vec<u8> {
    let definition = &index.definition;
    let set = definition.set.map_or(&b"null"[..], |set| namespace.sets.name(set));
    let mut line = format!("ns={}:indexname=", namespace.name()).into_bytes();
    line.extend_from_slice(&index.name());
    line.extend_from_slice(b":set=");
    line.extend_from_slice(set);
    let null = || "null".to_string();
    let encoded = |packed: &[u8]| STANDARD.encode(packed);
    let (bin, context, expression) = match &definition.source {
        Source::Membership => {
            line.extend_from_slice(b":indextype=set");
            return line;
        }
        Source::Bin { name, context } => {
            let text = |context: &Context| if base64 { encoded(context.as_bytes()) } else { context.text() };
            (&name[..], context.as_ref().map_or_else(null, text), null())
        }
        Source::Expression(expression) => {
            let text = if base64 { encoded(expression.as_bytes()) } else { expression.text() };
            (&b"null"[..], null(), text)
        }
    };
    line.extend_from_slice(b":bin=");
    line.extend_from_slice(bin);
    let rest = format!(
        ":type={}:indextype={}:context={context}:exp={expression}:state={}",
        definition.key_type.name(),
        definition.part.name(),
        if index.is_readable() { "RW" } else { "WO" },
    );
    line.extend_from_slice(rest.as_bytes());
    line
}

/// The indexes as metadata: `namespace|set|source|part|type=name` (info §23).
pub fn metadata(server: &Server) -> Vec<Vec<u8>> {
    let mut items = Vec::new();
    for namespace in server.store.namespaces() {
        for index in namespace.indexes.all() {
            let definition = &index.definition;
            let source = match &definition.source {
                Source::Membership => continue,
                Source::Bin { name, context: None } => name.to_vec(),
                Source::Bin { name, context: Some(context) } => {
                    let context = STANDARD.encode(context.as_bytes());
                    [&name[..], b"|c", context.as_bytes()].concat()
                }
                Source::Expression(expression) => {
                    format!("|e{}", STANDARD.encode(expression.as_bytes())).into()
                }
            };
            let part = match definition.part {
                Part::Default => b".",
                Part::List => b"L",
                Part::MapKeys => b"K",
                Part::MapValues => b"V",
            };
            let kind = match definition.key_type {
                KeyType::Numeric => b"I",
                KeyType::String => b"S",
                KeyType::Blob => b"B",
                KeyType::Geo => b"G",
            };
            let set = definition.set.map_or(&b""[..], |set| namespace.sets.name(set));
            let key = [namespace.name().as_bytes(), set, &source, part, kind].join(&b'|');
            items.push([&key[..], b"=", &index.name()].concat());
        }
    }
    items
}

/// `sindex-stat:namespace=N;indexname=I`.
pub fn stat(request: &mut Request<'_>) -> Answer {
    Ok(named(request, |namespace, index| match namespace {
        None => InfoError::namespace_not_found().to_string(),
        Some(namespace) => statistics(namespace, index).unwrap_or_else(|error| error.to_string()),
    }))
}

fn statistics(namespace: &Namespace, index: &[u8]) -> Result<String, InfoError> {
    let no_index = || InfoError::new(ResultCode::INDEX_NOT_FOUND, "no index");
    let index = namespace.indexes.by_name(index).ok_or_else(no_index)?;
    let counted = index.statistics();
    if index.definition.is_membership() {
        return Ok(format!(
            "entries={};used_bytes={};load_pct={}",
            counted.entries, counted.used_bytes, counted.load_pct
        ));
    }
    Ok(format!(
        "entries={};used_bytes={};entries_per_bval={};entries_per_rec={};load_pct={};load_time={};stat_gc_recs=0",
        counted.entries,
        counted.used_bytes,
        counted.entries_per_bval,
        counted.entries_per_rec,
        counted.load_pct,
        counted.load_time,
    ))
}

/// `sindex-exists:namespace=N;indexname=I`.
pub fn exists(request: &mut Request<'_>) -> Answer {
    Ok(named(request, |namespace, index| match namespace {
        None => InfoError::namespace_not_found().to_string(),
        Some(namespace) => namespace.indexes.by_name(index).is_some().to_string(),
    }))
}

/// `sindex-delete:namespace=N;indexname=I[;set=S]`: fine also where there is nothing to delete.
pub fn delete(request: &mut Request<'_>) -> Answer {
    Ok(named(request, |namespace, index| {
        if let Some(namespace) = namespace
            && let Some(removed) = namespace.indexes.remove(index)
        {
            let set = removed.definition.set.filter(|_| removed.definition.is_membership());
            if let Some(set) = set.and_then(|set| namespace.sets.get(set)) {
                set.settings.enable_index.store(false, Relaxed);
            }
            tracing::info!(namespace = namespace.name(), index = %index.escape_ascii(), "index dropped");
        }
        "ok".into()
    }))
}

/// The answer of a command on one index. Each parameter that is wrong says so, and only a wrong namespace keeps
/// the command's own answer from following (info §3); no index has the empty name that stands for a wrong one.
fn named(request: &Request<'_>, answer: impl FnOnce(Option<&Namespace>, &[u8]) -> String) -> Vec<u8> {
    let index = request.parameters.require_raw(INDEX, MAX_INDEX);
    let mut out = index.as_ref().err().map_or(String::new(), InfoError::to_string);
    match request.parameters.require_raw(NAMESPACE, MAX_NAMESPACE) {
        Ok(name) => {
            let namespace = request.server.store.namespace(name);
            out += &answer(namespace.map(|namespace| &**namespace), index.unwrap_or_default());
        }
        Err(error) => out += &error.to_string(),
    }
    out.into()
}

/// `sindex-create:…`: makes an index; the answer comes when queries can use it.
pub fn create(request: &mut Request<'_>) -> Answer {
    let parameters = &request.parameters;
    let index = parameters.require_raw(INDEX, MAX_INDEX)?;
    let namespace = parameters.require_raw(NAMESPACE, MAX_NAMESPACE)?;
    let kind = parameters.find_raw(&["indextype"], MAX_INDEX_TYPE);
    let is_of_set = matches!(kind, Ok(Some(kind)) if kind.eq_ignore_ascii_case(b"set"));
    if is_of_set {
        return create_of_set(request, index, namespace);
    }
    let set = parameters.find_raw(&["set"], MAX_SET)?;
    let parsed = parse(request)?;
    // Which namespaces there are is not looked at; nor is a name refused that cannot be listed.
    let Some(namespace) = request.server.store.namespace(namespace) else { return Ok("ok".into()) };
    if set.is_some_and(unlistable) || matches!(&parsed.source, Source::Bin { name, .. } if unlistable(name)) {
        return Ok("ok".into());
    }
    let Ok(set) = set_id(namespace, set) else { return Ok("ok".into()) };
    let Parsed { source, key_type, part } = parsed;
    register(request, namespace, index, Definition { set, source, key_type, part })
}

/// Names with a bar are accepted, but make no index.
fn unlistable(name: &[u8]) -> bool {
    name.contains(&b'|')
}

fn set_id(namespace: &Namespace, set: Option<&[u8]>) -> Result<Option<SetId>, ResultCode> {
    set.map(|set| namespace.sets.find_or_create(set).map(|set| set.id)).transpose()
}

/// `sindex-create:…;indextype=set`: an index of the records of a set.
fn create_of_set(request: &Request<'_>, index: &[u8], namespace: &[u8]) -> Answer {
    let parameters = &request.parameters;
    let set = parameters.require_raw(&["set"], MAX_SET)?;
    for key in ["bin", "type", "exp", "context", "indexdata"] {
        if parameters.raw(key).is_some() {
            return Err(InfoError::parameter(format!("{key} parameter is not supported for set index")));
        }
    }
    let not_found = || InfoError::parameter("namespace not found");
    let namespace = request.server.store.namespace(namespace).ok_or_else(not_found)?;
    let set = namespace.sets.find_or_create(set);
    let set = set.map_err(|_| InfoError::parameter("failed to get/create set"))?;
    let answer = register(request, namespace, index, Definition::membership(set.id))?;
    set.settings.enable_index.store(true, Relaxed);
    Ok(answer)
}

fn register(
    request: &Request<'_>,
    namespace: &Arc<Namespace>,
    name: &[u8],
    definition: Definition,
) -> Answer {
    let in_background = *request.server.settings.sindex_build.lock() == "background";
    let created = match in_background {
        true => namespace.create_index_in_background(name, definition),
        false => namespace.create_index(name, definition),
    };
    match created {
        Ok(_) => {
            tracing::info!(namespace = namespace.name(), index = %name.escape_ascii(), "index created");
            Ok("ok".into())
        }
        Err(error) => {
            let code = match error {
                CreateError::NameTaken => ResultCode::INDEX_FOUND,
                CreateError::TooMany => ResultCode::INDEX_MAX_COUNT,
            };
            Err(InfoError::new(code, error.to_string()))
        }
    }
}

/// What `sindex-create` says of an index beside its set.
struct Parsed {
    source: Source,
    key_type: KeyType,
    part: Part,
}

/// Reads the parameters in the order in which a server looks at them (query §2).
fn parse(request: &Request<'_>) -> Result<Parsed, InfoError> {
    let error = |text: &str| InfoError::parameter(text);
    let parameters = &request.parameters;
    let context = parameters.find_raw(&["context"], MAX_CONTEXT)?.map(parse_context).transpose()?;
    let part = match parameters.find_raw(&["indextype"], MAX_INDEX_TYPE)? {
        None => Part::Default,
        Some(kind) => text(kind).and_then(Part::from_name).ok_or_else(|| {
            error("bad 'indextype' - must be one of 'default', 'list', 'mapkeys', 'mapvalues'")
        })?,
    };
    let data = parameters.find_raw(&["indexdata"], MAX_INDEX_DATA)?;
    let (bin, key_type) = match (data, parameters.find_raw(&["type"], MAX_TYPE)?) {
        (None, None) => return Err(error("both 'indexdata' and 'type' are missing")),
        (Some(_), Some(_)) => return Err(error("both 'indexdata' and 'type' are specified")),
        (Some(data), None) => parse_data(data).map(|(bin, key_type)| (Some(bin), key_type))?,
        (None, Some(name)) => {
            let bad = "bad 'type' - must be one of 'numeric', 'string', 'blob', 'geo2dsphere'";
            let key_type = text(name).and_then(KeyType::from_name).ok_or_else(|| error(bad))?;
            (parameters.find_raw(&["bin"], MAX_BIN)?, key_type)
        }
    };
    let packed = parameters.find_raw(&["exp"], MAX_EXPRESSION)?;
    let source = match (bin, packed) {
        (None, None) => return Err(error("both 'bin' and 'exp' are missing")),
        (Some(_), Some(_)) => return Err(error("both 'bin' and 'exp' are specified")),
        (None, Some(_)) if context.is_some() => {
            return Err(error("both 'context' and 'exp' are specified"));
        }
        (None, Some(packed)) => {
            let packed = STANDARD.decode(packed).map_err(|_| error("bad 'exp'"))?;
            let expression = IndexExpression::parse(&packed, key_type, part);
            Source::Expression(expression.map_err(|bad| error(&bad.to_string()))?)
        }
        (Some(bin), None) => Source::Bin { name: bin.into(), context },
    };
    if (part, key_type) == (Part::MapKeys, KeyType::Geo) {
        return Err(error(
            "bad 'indexdata' bin type for 'indextype' 'mapkeys' - must be one of 'numeric', 'string', 'blob'",
        ));
    }
    Ok(Parsed { source, key_type, part })
}

/// Reads the old form `<bin>,<type>`.
fn parse_data(data: &[u8]) -> Result<(&[u8], KeyType), InfoError> {
    let error = |text: &str| InfoError::parameter(text);
    let mut parts = data.splitn(2, |byte| *byte == b',');
    let bin = parts.next().unwrap_or_default();
    let kind = parts.next().ok_or_else(|| error("'indexdata' missing bin type"))?;
    if bin.is_empty() {
        return Err(error("'indexdata' missing bin name"));
    }
    if bin.len() > MAX_BIN {
        return Err(error("'indexdata' bin name too long"));
    }
    let key_type = text(kind).and_then(KeyType::from_name).ok_or_else(|| {
        error("bad 'indexdata' bin type - must be one of 'numeric', 'string', 'blob', 'geo2dsphere'")
    })?;
    Ok((bin, key_type))
}

fn parse_context(base64: &[u8]) -> Result<Context, InfoError> {
    let packed = STANDARD.decode(base64).map_err(|_| InfoError::parameter("'context' invalid base64"))?;
    Context::parse(&packed).map_err(|bad| InfoError::parameter(format!("'context' {bad}")))
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
