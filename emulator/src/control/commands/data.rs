//! `emulator-data:get`, `put`, `remove`, `count`, `sets`, `dump`, `load`, `export`, `truncate`: records without a
//! client's commands.
//!
//! A record is named by `namespace`, `set` and `key`, a number if it reads as one, or `key-text`, always a
//! text, or `key-bytes`. `put`
//! takes the bins as `bins-base64`, an object in JSON in base64, since semicolons separate arguments, or as `bins` where
//! it has none. `load` takes a whole file in base64; `export` gives one.

use super::{Answer, done};
use crate::control::access::{Access, Key};
use crate::control::fixture::{Fixture, Format};
use crate::control::value_json::from_json;
use crate::control::{Arguments, Refusal};
use crate::server::Server;
use aerospike_wire::time::{TTL_DEFAULT, TTL_NEVER};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub fn run(server: &Server, arguments: &Arguments<'_>) -> Answer {
    const WORDS: [(&str, super::Run); 8] = [
        ("get", get),
        ("put", put),
        ("remove", remove),
        ("count", count),
        ("sets", sets),
        ("dump", dump),
        ("export", export),
        ("truncate", truncate),
    ];
    if arguments.bytes("load").is_some() {
        return load(server, arguments);
    }
    match WORDS.iter().find(|(word, _)| arguments.word(word)) {
        Some((_, run)) => run(server, arguments),
        None => Err(Refusal::new("one of: get, put, remove, count, sets, dump, load=…, export, truncate")),
    }
}

/// Namespace, set and key of a record.
fn record<'a>(arguments: &Arguments<'a>) -> Result<(&'a str, &'a str, Key), Refusal> {
    let key = match (arguments.text("key")?, arguments.text("key-text")?, arguments.bytes("key-bytes")) {
        (Some(text), None, None) => text.parse::<i64>().map_or_else(|_| Key::from(text), Key::Int),
        (None, Some(text), None) => Key::from(text),
        (None, None, Some(bytes)) => Key::from(bytes),
        _ => return Err(Refusal::new("'key=…' is missing, or there is more than one key")),
    };
    Ok((arguments.required("namespace")?, arguments.text("set")?.unwrap_or_default(), key))
}

fn get(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let (namespace, set, key) = record(arguments)?;
    arguments.finish()?;
    let record = Access::of(server).record(namespace, set, &key)?;
    let now = server.clock.now_seconds();
    Ok(record.map_or(Value::Null, |record| {
        let header = record.header();
        json!({
            "bins": crate::control::value_json::bins_json(&record),
            "generation": header.generation,
            "ttl": (header.void_time != 0).then(|| header.void_time.saturating_sub(now)),
        })
    }))
}

fn put(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let (namespace, set, key) = record(arguments)?;
    let bad = |error: &dyn std::fmt::Display| Refusal::new(format!("the bins: {error}"));
    let text = match (arguments.bytes("bins"), arguments.bytes("bins-base64")) {
        (Some(text), None) => text.to_vec(),
        (None, Some(text)) => STANDARD.decode(text).map_err(|error| bad(&error))?,
        _ => return Err(Refusal::new("'bins=…' is missing, or there is 'bins-base64' as well")),
    };
    let ttl = match arguments.text("ttl")? {
        None => TTL_DEFAULT,
        Some("never") => TTL_NEVER,
        Some(_) => arguments.parse("ttl", "seconds, or never")?.unwrap_or(TTL_DEFAULT),
    };
    arguments.finish()?;
    let json: Value = serde_json::from_slice(&text).map_err(|error| bad(&error))?;
    let Value::Object(object) = json else { return Err(bad(&"they are no object")) };
    let mut bins = Vec::new();
    for (name, json) in &object {
        bins.push((name.as_str(), from_json(json)?));
    }
    Access::of(server).put(namespace, set, &key, &bins, ttl)?;
    done()
}

fn remove(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let (namespace, set, key) = record(arguments)?;
    arguments.finish()?;
    Ok(Value::from(Access::of(server).remove(namespace, set, &key)?))
}

fn count(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let (namespace, set) = (arguments.required("namespace")?, arguments.text("set")?);
    arguments.finish()?;
    Ok(Value::from(Access::of(server).count(namespace, set)?))
}

fn sets(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let namespace = arguments.required("namespace")?;
    arguments.finish()?;
    let sets = Access::of(server).sets(namespace)?;
    Ok(Value::Object(sets.into_iter().map(|(name, count)| (name, Value::from(count))).collect()))
}

fn dump(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let namespace = arguments.required("namespace")?;
    arguments.finish()?;
    Access::of(server).dump_json(namespace)
}

fn load(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let encoded = arguments.bytes("load").unwrap_or_default();
    arguments.finish()?;
    let text = STANDARD.decode(encoded).map_err(|_| Refusal::new("'load' takes a file in base64"))?;
    let loaded = Fixture::parse(&text)?.load(server)?;
    Ok(json!({
        "records": loaded.records,
        "expired": loaded.expired,
        "empty": loaded.empty,
        "indexes": loaded.indexes,
        "modules": loaded.modules,
    }))
}

fn export(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let namespace = arguments.text("namespace")?;
    let format = match arguments.text("format")? {
        None | Some("json") => Format::Json,
        Some("asb") => Format::Backup,
        Some(other) => {
            return Err(Refusal::new(format!("there is no format '{other}'; there are json, asb")));
        }
    };
    arguments.finish()?;
    Ok(Value::from(STANDARD.encode(Fixture::of(server, namespace)?.to_text(format))))
}

fn truncate(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let (namespace, set) = (arguments.text("namespace")?, arguments.text("set")?);
    arguments.finish()?;
    let count = server.store.clear(namespace, set);
    count.map(Value::from).map_err(|error| Refusal::new(error.to_string()))
}
