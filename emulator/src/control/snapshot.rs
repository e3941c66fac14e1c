//! Snapshots of a whole server: records, sets, truncation, indexes, modules, users and roles.

use super::Refusal;
use super::value_json::{key_json, record_json};
use crate::security::SecuritySnapshot;
use crate::server::Server;
use crate::store::{NamespaceSnapshot, Record};
use crate::udf::UdfSnapshot;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most snapshots that are kept under names.
const MAX_NAMED: usize = 1000;

/// A server's data at one moment. Cheap to take and to hold: it shares what has not changed since.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Number of the server: a snapshot fits no other.
    server: u64,
    namespaces: Vec<NamespaceSnapshot>,
    modules: UdfSnapshot,
    security: Option<SecuritySnapshot>,
}

/// A record that differs between two snapshots.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The record's namespace.
    pub namespace: String,
    /// The record's set; empty for none.
    pub set: Vec<u8>,
    /// As it was; `None` = it was not there.
    pub before: Option<Record>,
    /// As it is; `None` = it is gone.
    pub after: Option<Record>,
}

impl Snapshot {
    /// The data of a server as it is now.
    pub fn take(server: &Server) -> Snapshot {
        Snapshot {
            server: server.control.number,
            namespaces: server.store.namespaces().iter().map(|namespace| namespace.snapshot()).collect(),
            modules: server.udfs.snapshot(),
            security: server.security.as_ref().map(|security| security.snapshot()),
        }
    }

    /// Makes a server's data what it was; how many records differed.
    ///
    /// # Errors
    /// [`Refusal`] for a snapshot of another server.
    pub fn restore(&self, server: &Server) -> Result<usize, Refusal> {
        self.check(server)?;
        server.udfs.restore(&self.modules);
        if let (Some(security), Some(then)) = (&server.security, &self.security) {
            security.restore(then);
        }
        let pairs = server.store.namespaces().iter().zip(&self.namespaces);
        Ok(pairs.map(|(namespace, then)| namespace.restore(then)).sum())
    }

    /// As [`Snapshot::restore`], but indexes, modules, users and roles stay as they are.
    ///
    /// # Errors
    /// [`Refusal`] for a snapshot of another server.
    pub fn restore_records(&self, server: &Server) -> Result<usize, Refusal> {
        self.check(server)?;
        let pairs = server.store.namespaces().iter().zip(&self.namespaces);
        Ok(pairs.map(|(namespace, then)| namespace.restore_records(then)).sum())
    }

    /// The records in which a later snapshot of the same server differs: those with other bins, another generation
    /// or void time, new ones, removed ones.
    ///
    /// # Errors
    /// [`Refusal`] for a snapshot of another server.
    pub fn differences(&self, later: &Snapshot, server: &Server) -> Result<Vec<Difference>, Refusal> {
        self.check(server)?;
        later.check(server)?;
        let mut found = Vec::new();
        let namespaces = server.store.namespaces().iter();
        for (namespace, (then, now)) in namespaces.zip(self.namespaces.iter().zip(&later.namespaces)) {
            then.changes(now, |(before, after)| {
                if !before.zip(after).is_some_and(|(before, after)| is_equal(before, after)) {
                    let set = before.or(after).map_or(0, |record| record.header().set);
                    found.push(Difference {
                        namespace: namespace.name().into(),
                        set: namespace.sets.name(set).into(),
                        before: before.cloned(),
                        after: after.cloned(),
                    });
                }
            });
        }
        Ok(found)
    }

    fn check(&self, server: &Server) -> Result<(), Refusal> {
        match self.server == server.control.number {
            true => Ok(()),
            false => Err(Refusal::new("the snapshot is of another emulator")),
        }
    }
}

/// Whether two versions of a record tell a client the same.
fn is_equal(a: &Record, b: &Record) -> bool {
    let (a_header, b_header) = (a.header(), b.header());
    a_header.generation == b_header.generation
        && a_header.void_time == b_header.void_time
        && a_header.set == b_header.set
        && a.key() == b.key()
        && a.encoded_bins() == b.encoded_bins()
}

impl Difference {
    /// As JSON: `before` and `after` are objects, or null.
    pub fn to_json(&self) -> Value {
        let record = self.before.as_ref().or(self.after.as_ref());
        let side = |record: &Option<Record>| record.as_ref().map_or(Value::Null, record_json);
        json!({
            "namespace": self.namespace,
            "set": String::from_utf8_lossy(&self.set),
            "key": record.and_then(Record::key).map_or(Value::Null, key_json),
            "digest": record.map(|record| record.header().digest.to_string()),
            "before": side(&self.before),
            "after": side(&self.after),
        })
    }
}

/// Snapshots under names, for clients that cannot hold one.
#[derive(Debug, Default)]
pub struct NamedSnapshots(Mutex<BTreeMap<String, Arc<Snapshot>>>);

impl NamedSnapshots {
    /// Keeps a snapshot; it replaces one of the same name.
    ///
    /// # Errors
    /// [`Refusal`] when there are too many.
    pub fn keep(&self, name: &str, snapshot: Snapshot) -> Result<(), Refusal> {
        let mut named = self.0.lock();
        if named.len() >= MAX_NAMED && !named.contains_key(name) {
            return Err(Refusal::new(format!("there are {MAX_NAMED} snapshots: drop some")));
        }
        named.insert(name.into(), Arc::new(snapshot));
        Ok(())
    }

    /// The snapshot of a name.
    ///
    /// # Errors
    /// [`Refusal`] when there is none.
    pub fn find(&self, name: &str) -> Result<Arc<Snapshot>, Refusal> {
        self.0.lock().get(name).cloned().ok_or_else(|| Refusal::new(format!("there is no snapshot '{name}'")))
    }

    /// Forgets a snapshot; whether there was one.
    pub fn forget(&self, name: &str) -> bool {
        self.0.lock().remove(name).is_some()
    }

    /// All names in alphabetical order.
    pub fn names(&self) -> Vec<String> {
        self.0.lock().keys().cloned().collect()
    }
}
