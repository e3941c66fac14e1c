//! Functions called as clients call them, without sockets.

mod library;
mod records;
mod sandbox;
mod strings;

use super::api::RecordState;
use super::{Call, Udfs};
use crate::config::NamespaceConfig;
use crate::control::Clock;
use crate::store::Namespace;
use aerospike_wire::{Digest, Value};
use std::sync::Arc;
use std::time::Duration;

/// A server's modules, with one of them registered.
struct Module {
    udfs: Udfs,
    namespace: Arc<Namespace>,
    limit: Duration,
}

impl Module {
    /// A module `t` in the sandbox.
    fn new(source: &str) -> Module {
        let clock = Arc::new(Clock::new());
        let module = Module {
            udfs: Udfs::new(false, None, clock.clone()),
            namespace: Arc::new(Namespace::new(&NamespaceConfig::new("test"), clock)),
            // Tests share the machine with others.
            limit: Duration::from_secs(60),
        };
        module.put("t.lua", source);
        module
    }

    fn put(&self, file: &str, source: &str) {
        self.udfs.put(file, source.into(), "").unwrap();
    }

    /// Calls a function on a record that does not exist.
    fn call(&self, function: &str, arguments: Vec<Value>) -> Result<Value, String> {
        let arguments = Value::List(arguments, Default::default()).to_msgpack();
        let call =
            Call { module: b"t", function: function.as_bytes(), arguments: &arguments, limit: self.limit };
        let mut record = Some(RecordState::new(self.namespace.clone(), Digest([7; 20]), None, None));
        let value = self.udfs.apply(&call, &mut record)?;
        Ok(Value::from_particle(value.as_particle()).unwrap())
    }
}

/// What a piece of Lua returns.
fn run(body: &str) -> Result<Value, String> {
    Module::new(&format!("function f(r)\n{body}\nend")).call("f", Vec::new())
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}
