//! `emulator-fault:add;action=…`, `remove=ID`, `clear`, or nothing: all rules.

use super::{Answer, done};
use crate::control::{Arguments, Fault, Refusal};
use crate::server::Server;
use serde_json::Value;

pub fn run(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let faults = &server.control.faults;
    if arguments.word("add") {
        let fault = Fault::from_arguments(arguments)?;
        arguments.finish()?;
        return Ok(Value::from(faults.add(fault)));
    }
    let remove = arguments.parse::<u64>("remove", "the number of a rule")?;
    let clear = arguments.word("clear");
    arguments.word("list");
    arguments.finish()?;
    match remove {
        Some(id) if faults.remove(id) => done(),
        Some(id) => Err(Refusal::new(format!("there is no rule {id}"))),
        None if clear => Ok(Value::from(faults.clear())),
        None => Ok(faults.list()),
    }
}
