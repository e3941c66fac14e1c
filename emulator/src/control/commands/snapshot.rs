//! `emulator-snapshot:take[=NAME]`, `restore[=NAME]`, `drop[=NAME]`, `diff[=NAME][;to=NAME]`, or nothing: all names.

use super::{Answer, done};
use crate::control::snapshot::Snapshot;
use crate::control::{Arguments, Refusal};
use crate::server::Server;
use serde_json::Value;
use std::sync::Arc;

/// The snapshot that is meant where none is named.
const DEFAULT: &str = "default";

pub fn run(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let named = |key: &str| -> Result<Option<&str>, Refusal> {
        Ok(arguments.text(key)?.or_else(|| arguments.word(key).then_some(DEFAULT)))
    };
    let (take, restore) = (named("take")?, named("restore")?);
    let (forget, diff) = (named("drop")?, named("diff")?);
    let to = arguments.text("to")?;
    arguments.finish()?;
    let snapshots = &server.control.snapshots;
    match (take, restore, forget, diff) {
        (Some(name), None, None, None) => {
            snapshots.keep(name, Snapshot::take(server))?;
            done()
        }
        (None, Some(name), None, None) => Ok(Value::from(snapshots.find(name)?.restore(server)?)),
        (None, None, Some(name), None) if snapshots.forget(name) => done(),
        (None, None, Some(name), None) => Err(Refusal::new(format!("there is no snapshot '{name}'"))),
        (None, None, None, Some(name)) => {
            let later = match to {
                Some(to) => snapshots.find(to)?,
                None => Arc::new(Snapshot::take(server)),
            };
            let differences = snapshots.find(name)?.differences(&later, server)?;
            Ok(differences.iter().map(|difference| difference.to_json()).collect())
        }
        (None, None, None, None) => Ok(Value::from(snapshots.names())),
        _ => Err(Refusal::new("one at a time: take, restore, drop or diff")),
    }
}
