//! `emulator-log:start[;capacity=N]`, `stop`, `clear`, `status`; with a pattern: `count`, `wait[;timeout=SPAN]`, or
//! nothing: the commands themselves, with `last=N` only the last of them.

use super::{Answer, done};
use crate::control::log::{DEFAULT_CAPACITY, Question};
use crate::control::{Arguments, Refusal, parse_duration};
use crate::server::Server;
use serde_json::{Value, json};
use std::time::Duration;

/// Longest time to wait for a command.
const MAX_WAIT: Duration = Duration::from_secs(600);

pub fn run(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let log = &server.control.log;
    if arguments.word("start") {
        let capacity = arguments.parse::<usize>("capacity", "a number of commands")?;
        arguments.finish()?;
        log.start(capacity.unwrap_or(DEFAULT_CAPACITY));
        return Ok(Value::from(log.last()));
    }
    for (word, act) in [("stop", 0), ("clear", 1), ("status", 2)] {
        if arguments.word(word) {
            arguments.finish()?;
            match act {
                0 => log.stop(),
                1 => log.clear(),
                _ => return Ok(json!({"on": log.is_on(), "last": log.last()})),
            }
            return done();
        }
    }
    let (count, wait) = (arguments.word("count"), arguments.word("wait"));
    let timeout = arguments.text("timeout")?.map(parse_duration).transpose()?;
    let last = arguments.parse::<usize>("last", "a number of commands")?;
    let question = Question::from_arguments(arguments)?;
    arguments.finish()?;
    if count {
        return Ok(Value::from(log.count(&question)));
    }
    if wait {
        if !log.is_on() {
            return Err(Refusal::new("the log is off: there is nothing to wait for"));
        }
        let timeout = timeout.unwrap_or(Duration::from_secs(10)).min(MAX_WAIT);
        let found = log.wait(&question, timeout);
        return found.map(|entry| entry.to_json()).ok_or_else(|| {
            Refusal::new(format!("no such command has come within {} s", timeout.as_secs_f64()))
        });
    }
    let entries = log.entries(&question);
    let skipped = entries.len() - last.unwrap_or(entries.len()).min(entries.len());
    Ok(entries[skipped..].iter().map(|entry| entry.to_json()).collect())
}
