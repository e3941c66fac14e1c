//! The command log: a ring of the last commands, to be asked.

mod entry;

pub use entry::{Entry, MAX_NAMESPACE, MAX_SET, MAX_TEXT, op_name, shortened};

use super::{Arguments, InUse, Pattern, Refusal};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many commands are kept unless something else is asked for.
pub const DEFAULT_CAPACITY: usize = 10_000;
/// Most commands that can be kept.
pub const MAX_CAPACITY: usize = 1_000_000;

/// The log of a server; off until it is started.
#[derive(Debug)]
pub struct CommandLog {
    in_use: Arc<InUse>,
    ring: Mutex<Ring>,
    /// A command came in, or the server stops.
    news: Condvar,
}

#[derive(Debug)]
struct Ring {
    entries: VecDeque<Arc<Entry>>,
    capacity: usize,
    /// Number of the last command.
    last: u64,
    is_closed: bool,
}

/// A question to the log.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Which commands.
    pub pattern: Pattern,
    /// Only those answered with this result code.
    pub code: Option<u8>,
    /// Only those numbered higher.
    pub after: u64,
    /// Only those numbered as high at most.
    pub until: Option<u64>,
}

impl Question {
    /// Reads a pattern, `code`, `after` and `until`.
    ///
    /// # Errors
    /// [`Refusal`] that names what is wrong.
    pub fn from_arguments(arguments: &Arguments<'_>) -> Result<Question, Refusal> {
        Ok(Question {
            pattern: Pattern::from_arguments(arguments)?,
            code: arguments.parse("code", "a result code")?,
            after: arguments.parse("after", "a number")?.unwrap_or(0),
            until: arguments.parse("until", "a number")?,
        })
    }

    fn accepts(&self, entry: &Entry) -> bool {
        entry.number > self.after
            && self.until.is_none_or(|until| entry.number <= until)
            && self.code.is_none_or(|code| entry.code == code)
            && self.pattern.matches(&entry.subject())
    }
}

impl CommandLog {
    /// A log that is off.
    pub(super) fn new(in_use: Arc<InUse>) -> CommandLog {
        let ring = Ring { entries: VecDeque::new(), capacity: DEFAULT_CAPACITY, last: 0, is_closed: false };
        CommandLog { in_use, ring: Mutex::new(ring), news: Condvar::new() }
    }

    /// Begins to log, or goes on; keeps at most so many commands.
    pub fn start(&self, capacity: usize) {
        let mut ring = self.ring.lock();
        ring.capacity = capacity.clamp(1, MAX_CAPACITY);
        while ring.entries.len() > ring.capacity {
            ring.entries.pop_front();
        }
        self.in_use.set(InUse::LOG, true);
    }

    /// Ends logging; what was logged can still be asked for.
    pub fn stop(&self) {
        self.in_use.set(InUse::LOG, false);
    }

    /// Whether commands are logged.
    pub fn is_on(&self) -> bool {
        self.in_use.has(InUse::LOG)
    }

    /// Forgets all commands; numbers go on.
    pub fn clear(&self) {
        self.ring.lock().entries = VecDeque::new();
    }

    /// The number of the last command so far.
    pub fn last(&self) -> u64 {
        self.ring.lock().last
    }

    /// Commands that a question is about, oldest first.
    pub fn entries(&self, question: &Question) -> Vec<Arc<Entry>> {
        self.ring.lock().entries.iter().filter(|entry| question.accepts(entry)).cloned().collect()
    }

    /// How many commands a question is about.
    pub fn count(&self, question: &Question) -> usize {
        self.ring.lock().entries.iter().filter(|entry| question.accepts(entry)).count()
    }

    /// The first command that a question is about; waits for one if there is none yet.
    pub fn wait(&self, question: &Question, at_most: Duration) -> Option<Arc<Entry>> {
        let until = Instant::now().checked_add(at_most)?;
        let mut ring = self.ring.lock();
        loop {
            if let Some(entry) = ring.entries.iter().find(|entry| question.accepts(entry)) {
                return Some(entry.clone());
            }
            if ring.is_closed || self.news.wait_until(&mut ring, until).timed_out() {
                return None;
            }
        }
    }

    /// Takes commands in.
    pub(super) fn add(&self, entries: impl IntoIterator<Item = Entry>) {
        let mut ring = self.ring.lock();
        for mut entry in entries {
            ring.last += 1;
            entry.number = ring.last;
            while ring.entries.len() >= ring.capacity {
                ring.entries.pop_front();
            }
            ring.entries.push_back(Arc::new(entry));
        }
        drop(ring);
        self.news.notify_all();
    }

    /// Lets everybody go who waits: the server stops.
    pub(crate) fn close(&self) {
        self.ring.lock().is_closed = true;
        self.news.notify_all();
    }
}
