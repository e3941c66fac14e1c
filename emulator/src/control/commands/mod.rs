//! The facilities as text: a word for each, arguments, an answer in JSON.
//!
//! Info commands `emulator-<word>:…`, the command line's `ctl` and the Python package all come here.

mod clock;
mod data;
mod fault;
mod log;
mod node;
mod snapshot;

use super::{Arguments, Refusal};
use crate::server::Server;
use serde_json::Value;

/// What a command answers.
pub type Answer = Result<Value, Refusal>;

/// Words with what runs them.
const WORDS: &[(&str, Run)] = &[
    ("clock", clock::run),
    ("data", data::run),
    ("fault", fault::run),
    ("log", log::run),
    ("node", node::run),
    ("snapshot", snapshot::run),
];

type Run = fn(&Server, &Arguments<'_>) -> Answer;

/// Runs a command.
///
/// # Errors
/// [`Refusal`] when there is no such word, an argument is wrong, or it cannot be done; nothing is changed then.
pub fn run(server: &Server, word: &str, arguments: &Arguments<'_>) -> Answer {
    let known = WORDS.iter().find(|(known, _)| *known == word);
    let (_, run) = known.ok_or_else(|| Refusal::new(format!("there is no control command '{word}'")))?;
    run(server, arguments)
}

/// What a command answers that has nothing to tell.
fn done() -> Answer {
    Ok(Value::from("ok"))
}
