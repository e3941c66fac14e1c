//! A request that is watched: because a fault may be due, or because commands are logged.
//!
//! One is made when a request has been parsed and its client is known; it goes with the request and ends with it.

use super::fault::Verdict;
use super::log::{Entry, MAX_SET, shortened};
use super::{Control, Kind};
use aerospike_wire::{Digest, Message, ResultCode};
use parking_lot::Mutex;
use std::time::Instant;

/// Most rows of one batch that are logged.
const MAX_ROWS: usize = 10_000;

/// What goes with a request: nothing, as long as neither faults nor the log are in use.
pub type Watching<'a> = Option<&'a Watch>;

/// A watched request.
#[derive(Debug)]
pub struct Watch {
    /// What faults do to it.
    pub verdict: Verdict,
    started: Instant,
    /// What the log is to be told; `None` when it is off.
    logged: Option<Mutex<Logged>>,
}

#[derive(Debug)]
struct Logged {
    entry: Entry,
    rows: Vec<Entry>,
}

impl Watch {
    /// Begins to watch; `entry` tells the log what is asked.
    pub fn begin(verdict: Verdict, entry: Option<Entry>) -> Watch {
        let logged = entry.map(|entry| Mutex::new(Logged { entry, rows: Vec::new() }));
        Watch { verdict, started: Instant::now(), logged }
    }

    /// What a row of a batch is answered instead of being run.
    pub fn code_of_row(&self, row: u32) -> Option<ResultCode> {
        // In the order of positions, and of rules for one position: the first rule counts.
        let at = self.verdict.rows.partition_point(|(position, _)| *position < row);
        self.verdict.rows.get(at).filter(|(position, _)| *position == row).map(|(_, code)| *code)
    }

    /// Notes the result.
    pub fn ended(&self, code: ResultCode) {
        if let Some(logged) = &self.logged {
            logged.lock().entry.code = code.0;
        }
    }

    /// Notes the result of a row of a batch.
    pub fn row_ended(
        &self,
        namespace: &[u8],
        set: &[u8],
        digest: Digest,
        message: &Message<'_>,
        code: ResultCode,
    ) {
        let Some(logged) = &self.logged else { return };
        let mut logged = logged.lock();
        if logged.rows.len() == MAX_ROWS {
            return;
        }
        let mut entry = Entry {
            kind: Kind::of_record(message),
            writes: super::writes(&message.header),
            in_batch: true,
            namespace: namespace.into(),
            set: shortened(set, MAX_SET),
            digest: Some(digest),
            code: code.0,
            faults: Vec::new(),
            ..logged.entry.clone()
        };
        entry.describe(message);
        logged.rows.push(entry);
    }

    /// The request has ended with so many bytes of reply: the log is told.
    pub fn finish(&self, control: &Control, bytes: usize) {
        let Some(logged) = &self.logged else { return };
        let mut logged = logged.lock();
        let duration_us = self.started.elapsed().as_micros() as u64;
        let mut entry = logged.entry.clone();
        entry.bytes = bytes as u64;
        entry.faults = self.verdict.actions.clone();
        let rows = std::mem::take(&mut logged.rows);
        let entries = std::iter::once(entry).chain(rows);
        control.log.add(entries.map(|entry| Entry { duration_us, ..entry }));
    }
}
