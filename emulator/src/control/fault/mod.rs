//! Faults: rules with a pattern and an action, counted, listed, removed, expiring.

mod rule;

pub use rule::{Action, Fault, ReplyFault};

use super::{InUse, Random, Subject};
use aerospike_wire::ResultCode;
use parking_lot::Mutex;
use rule::Rule;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Most rules that a server has.
const MAX_RULES: usize = 1000;

/// The rules of a server, in the order in which they were added.
#[derive(Debug)]
pub struct Faults {
    rules: Mutex<Rules>,
    in_use: Arc<InUse>,
    random: Arc<Random>,
}

#[derive(Debug, Default)]
struct Rules {
    list: Vec<Rule>,
    last_id: u64,
}

/// What the rules do to one request.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// How long it waits before it runs.
    pub delay: Duration,
    /// What it is answered instead of being run.
    pub code: Option<ResultCode>,
    /// What rows of a batch are answered instead of being run: position, code.
    pub rows: Vec<(u32, ResultCode)>,
    /// The connection is closed before it runs.
    pub closes_before: bool,
    /// A connection is refused.
    pub refuses: bool,
    /// What becomes of the reply.
    pub reply: ReplyFault,
    /// The names of the actions, for the log.
    pub actions: Vec<&'static str>,
}

impl Verdict {
    /// Whether the request cannot be answered at once and as a whole.
    pub fn is_held(&self) -> bool {
        !self.delay.is_zero() || self.closes_before || self.reply != ReplyFault::Whole
    }
}

impl Faults {
    pub(super) fn new(in_use: Arc<InUse>, random: Arc<Random>) -> Faults {
        Faults { rules: Mutex::default(), in_use, random }
    }

    /// Adds a rule; its number. Of more than a thousand rules the oldest goes.
    pub fn add(&self, fault: Fault) -> u64 {
        let mut rules = self.rules.lock();
        if rules.list.len() == MAX_RULES {
            rules.list.remove(0);
        }
        rules.last_id += 1;
        let id = rules.last_id;
        rules.list.push(Rule::new(id, fault));
        self.in_use.set(InUse::FAULTS, true);
        id
    }

    /// Removes a rule; whether there was one.
    pub fn remove(&self, id: u64) -> bool {
        let mut rules = self.rules.lock();
        let before = rules.list.len();
        rules.list.retain(|rule| rule.id != id);
        self.in_use.set(InUse::FAULTS, !rules.list.is_empty());
        rules.list.len() < before
    }

    /// Removes all rules; how many they were.
    pub fn clear(&self) -> usize {
        let mut rules = self.rules.lock();
        self.in_use.set(InUse::FAULTS, false);
        std::mem::take(&mut rules.list).len()
    }

    /// How many commands a rule has matched, and to how many of them it has been applied.
    pub fn counts(&self, id: u64) -> Option<(u64, u64)> {
        let rules = self.rules.lock();
        rules.list.iter().find(|rule| rule.id == id).map(|rule| (rule.seen, rule.hits))
    }

    /// All rules with their counts, as JSON.
    pub fn list(&self) -> Value {
        self.rules.lock().list.iter().map(Rule::describe).collect()
    }

    /// Whether there is any rule.
    pub fn is_any(&self) -> bool {
        self.in_use.has(InUse::FAULTS)
    }

    /// Applies all rules to a command, in order: delays add up, of other actions the first of its sort counts.
    /// `row` is its position if it is a row of a batch.
    pub fn judge(&self, subject: &Subject<'_>, row: Option<u32>, verdict: &mut Verdict) {
        for rule in &mut self.rules.lock().list {
            if rule.strikes(subject, &self.random) {
                rule.fault.action.apply(row, verdict);
            }
        }
    }
}
