//! Values and records as JSON, and back.
//!
//! What JSON has itself is written as it is. All else is an object with one name that begins with `$`:
//!
//! | JSON | value |
//! |---|---|
//! | `{"$bytes": "AAr/"}` | a blob, in base64 |
//! | `{"$float": "nan"}` | a double that JSON cannot write: `nan`, `inf`, `-inf` |
//! | `{"$geojson": "…"}` | GeoJSON, as its text |
//! | `{"$hll": "…"}` | a HyperLogLog, in base64 |
//! | `{"$map": [[k, v], …], "order": "key"}` | a map whose keys are not all text, or with an order: `key`, `key-value` |
//! | `{"$list": […], "order": "ordered"}` | an ordered list |
//! | `{"$type": 9, "data": "…"}` | bytes of another particle type, in base64 |

use super::Refusal;
use crate::store::Record;
use aerospike_wire::value::{ListOrder, MapOrder};
use aerospike_wire::{ParticleType, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value as Json, json};

/// How deep lists and maps may nest in JSON.
const MAX_DEPTH: usize = 100;

/// A record: bins, generation, void time.
pub fn record_json(record: &Record) -> Json {
    let header = record.header();
    json!({"bins": bins_json(record), "generation": header.generation, "void_time": header.void_time})
}

/// A record's bins.
pub fn bins_json(record: &Record) -> Json {
    let bin = |bin: aerospike_wire::Op<'_>| {
        let value = Value::from_particle(bin.particle());
        (String::from_utf8_lossy(bin.name).into_owned(), value.map_or(Json::Null, |value| to_json(&value)))
    };
    Json::Object(record.bins().map(bin).collect())
}

/// A key, particle type byte first: a text, a number, or bytes.
pub fn key_json(key: &[u8]) -> Json {
    let Some((kind, bytes)) = key.split_first() else { return Json::Null };
    match (ParticleType(*kind), <[u8; 8]>::try_from(bytes), std::str::from_utf8(bytes)) {
        (ParticleType::STRING, _, Ok(text)) => text.into(),
        (ParticleType::INTEGER, Ok(bytes), _) => i64::from_be_bytes(bytes).into(),
        (ParticleType::BLOB, ..) => json!({"$bytes": STANDARD.encode(bytes)}),
        (kind, ..) => json!({"$type": kind.0, "data": STANDARD.encode(bytes)}),
    }
}

/// A value.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Nil | Value::Wildcard | Value::Infinity => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Uint(value) => (*value).into(),
        Value::Float(value) => match Number::from_f64(*value) {
            Some(number) => Json::Number(number),
            None if value.is_nan() => json!({"$float": "nan"}),
            None => json!({"$float": if *value > 0.0 { "inf" } else { "-inf" }}),
        },
        Value::String(text) => text.as_str().into(),
        Value::Blob(data) => json!({"$bytes": STANDARD.encode(data)}),
        Value::Raw(kind, data) => json!({"$type": kind.0, "data": STANDARD.encode(data)}),
        Value::Hll(data) => json!({"$hll": STANDARD.encode(data)}),
        Value::GeoJson(text) => json!({"$geojson": text}),
        Value::List(items, order) => {
            let items: Vec<_> = items.iter().map(to_json).collect();
            match order {
                ListOrder::Unordered => items.into(),
                ListOrder::Ordered => json!({"$list": items, "order": "ordered"}),
            }
        }
        Value::Map(entries, order) => map_json(entries, *order),
    }
}

fn map_json(entries: &[(Value, Value)], order: MapOrder) -> Json {
    let plain: Option<Map<String, Json>> = entries
        .iter()
        .map(|(key, value)| match key {
            Value::String(key) if !key.starts_with('$') => Some((key.clone(), to_json(value))),
            _ => None,
        })
        .collect();
    let order = match order {
        MapOrder::Unordered | MapOrder::Preserved => None,
        MapOrder::KeyOrdered => Some("key"),
        MapOrder::KeyValueOrdered => Some("key-value"),
    };
    match (plain, order) {
        (Some(plain), None) if plain.len() == entries.len() => Json::Object(plain),
        (_, order) => {
            let pairs: Vec<_> =
                entries.iter().map(|(key, value)| json!([to_json(key), to_json(value)])).collect();
            let mut object = Map::new();
            object.insert("$map".into(), pairs.into());
            if let Some(order) = order {
                object.insert("order".into(), order.into());
            }
            Json::Object(object)
        }
    }
}

/// Reads a value.
///
/// # Errors
/// [`Refusal`] for a tag that is not known or not used as above, and for what nests too deep.
pub fn from_json(json: &Json) -> Result<Value, Refusal> {
    read(json, MAX_DEPTH)
}

fn read(json: &Json, depth: usize) -> Result<Value, Refusal> {
    let depth = depth.checked_sub(1).ok_or_else(|| Refusal::new("a value nests too deep"))?;
    Ok(match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), ..) => Value::Int(value),
            (None, Some(value), _) => Value::Uint(value),
            (None, None, Some(value)) => Value::Float(value),
            _ => return Err(Refusal::new(format!("{number} is no number that can be kept"))),
        },
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::List(list(items, depth)?, ListOrder::Unordered),
        Json::Object(object) => match object.keys().find(|key| key.starts_with('$')) {
            Some(tag) => tagged(tag, object, depth)?,
            None => {
                let entry =
                    |(key, value): (&String, &Json)| Ok((Value::String(key.clone()), read(value, depth)?));
                let entries: Result<_, Refusal> = object.iter().map(entry).collect();
                Value::Map(entries?, MapOrder::Unordered)
            }
        },
    })
}

fn list(items: &[Json], depth: usize) -> Result<Vec<Value>, Refusal> {
    items.iter().map(|item| read(item, depth)).collect()
}

fn tagged(tag: &str, object: &Map<String, Json>, depth: usize) -> Result<Value, Refusal> {
    let bad = || Refusal::new(format!("'{tag}' is not used as it should be"));
    let known = |names: &[&str]| match object.keys().all(|key| key == tag || names.contains(&key.as_str())) {
        true => Ok(()),
        false => Err(bad()),
    };
    let value = &object[tag];
    let text = || value.as_str().ok_or_else(bad);
    let bytes = |text: &str| STANDARD.decode(text).map_err(|_| bad());
    let order = object.get("order").map(|order| order.as_str().ok_or_else(bad)).transpose()?;
    match tag {
        "$bytes" => known(&[]).and_then(|()| Ok(Value::Blob(bytes(text()?)?))),
        "$hll" => known(&[]).and_then(|()| Ok(Value::Hll(bytes(text()?)?))),
        "$geojson" => known(&[]).and_then(|()| Ok(Value::GeoJson(text()?.into()))),
        "$float" => known(&[]).and_then(|()| match text()? {
            "nan" => Ok(Value::Float(f64::NAN)),
            "inf" => Ok(Value::Float(f64::INFINITY)),
            "-inf" => Ok(Value::Float(f64::NEG_INFINITY)),
            _ => Err(bad()),
        }),
        "$type" => {
            known(&["data"])?;
            let kind = value.as_u64().and_then(|kind| u8::try_from(kind).ok()).map(ParticleType);
            let kind = kind.filter(|kind| kind.is_blob() || *kind == ParticleType::STRING).ok_or_else(bad)?;
            let data = object.get("data").and_then(Json::as_str).ok_or_else(bad)?;
            Ok(Value::Raw(kind, bytes(data)?))
        }
        "$list" => {
            known(&["order"])?;
            let order = match order {
                None => ListOrder::Unordered,
                Some("ordered") => ListOrder::Ordered,
                Some(_) => return Err(bad()),
            };
            Ok(Value::List(list(value.as_array().ok_or_else(bad)?, depth)?, order))
        }
        "$map" => {
            known(&["order"])?;
            let order = match order {
                None => MapOrder::Unordered,
                Some("key") => MapOrder::KeyOrdered,
                Some("key-value") => MapOrder::KeyValueOrdered,
                Some(_) => return Err(bad()),
            };
            let pair = |pair: &Json| match pair.as_array().map(Vec::as_slice) {
                Some([key, value]) => Ok((read(key, depth)?, read(value, depth)?)),
                _ => Err(bad()),
            };
            let entries: Result<_, Refusal> = value.as_array().ok_or_else(bad)?.iter().map(pair).collect();
            Ok(Value::Map(entries?, order))
        }
        _ => Err(Refusal::new(format!("there is no tag '{tag}'"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        let text = |text: &str| Value::String(text.into());
        let values = [
            Value::Bool(true),
            Value::Int(i64::MIN),
            Value::Float(0.5),
            Value::Float(3.0),
            Value::Float(f64::NEG_INFINITY),
            text("a\nb\u{1F600}"),
            Value::Blob(vec![0, 10, 255]),
            Value::Raw(ParticleType::PYTHON_BLOB, vec![1]),
            Value::Hll(vec![1, 2, 3]),
            Value::GeoJson("{}".into()),
            Value::List(vec![Value::Int(1), Value::Nil], ListOrder::Ordered),
            Value::Map(vec![(text("$a"), Value::Int(1))], MapOrder::Unordered),
            Value::Map(vec![(Value::Int(1), text("x"))], MapOrder::KeyOrdered),
            Value::Map(vec![(text("a"), Value::List(vec![], ListOrder::Unordered))], MapOrder::Unordered),
        ];
        for value in values {
            let json = to_json(&value).to_string();
            let back = from_json(&serde_json::from_str(&json).unwrap());
            assert_eq!(back, Ok(value), "{json}");
        }
        let nan = from_json(&to_json(&Value::Float(f64::NAN)));
        assert!(matches!(nan, Ok(Value::Float(value)) if value.is_nan()));
    }

    #[test]
    fn what_is_wrong_with_a_value() {
        let deep = "[".repeat(120) + &"]".repeat(120);
        for bad in [
            r#"{"$bytes": "!"}"#,
            r#"{"$bytes": 1}"#,
            r#"{"$fly": 1}"#,
            r#"{"$bytes": "", "x": 1}"#,
            r#"{"$map": [[1]]}"#,
            r#"{"$list": [], "order": "key"}"#,
            r#"{"$type": 20, "data": ""}"#,
            r#"{"$float": "x"}"#,
            &deep,
        ] {
            assert!(from_json(&serde_json::from_str(bad).unwrap()).is_err(), "{bad}");
        }
    }
}
