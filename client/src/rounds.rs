//! Commands that go to several nodes, in rounds: batches and queries, as transports see them.

use crate::batch::{Batch, BatchRun, BatchStep, Part};
use crate::cluster::View;
use crate::error::{ErrorKind, Result};
use crate::query::QueryRun;
use crate::reply::{Expect, Inbox};
use crate::retry::Execution;
use std::time::Instant;

/// A command that goes to several nodes.
#[derive(Debug)]
pub enum Rounds {
    /// Many keys.
    Batch(Batch, Box<BatchRun>),
    /// Many partitions.
    Query(Box<QueryRun>),
}

impl Rounds {
    /// The retry loop that the rounds follow.
    pub fn run(&self) -> &Execution {
        match self {
            Rounds::Batch(_, run) => run.run(),
            Rounds::Query(run) => run.run(),
        }
    }

    /// When a part's reply is complete.
    pub fn expect(&self) -> Expect {
        match self {
            Rounds::Batch(..) => Expect::Rows,
            Rounds::Query(_) => Expect::Query,
        }
    }

    /// How many of a round's parts may be under way at the same time.
    pub fn width(&self, parts: usize) -> usize {
        let width = match self {
            Rounds::Batch(_, run) if run.policy().sequential => 1,
            Rounds::Batch(..) => parts,
            Rounds::Query(run) => match run.policy().max_concurrent_nodes {
                0 => parts,
                most => most.min(parts),
            },
        };
        width.max(1)
    }

    /// What comes next.
    pub fn next(&mut self, view: &View, racks: &[u32], now: Instant) -> BatchStep {
        match self {
            Rounds::Batch(batch, run) => run.next(batch, view, racks, now),
            Rounds::Query(run) => run.next(view, racks, now),
        }
    }

    /// Encodes the request of a part.
    ///
    /// # Errors
    /// An invalid argument when the frame is longer than a server accepts.
    pub fn encode(&self, part: &Part, out: &mut Vec<u8>) -> Result<()> {
        match self {
            Rounds::Batch(batch, run) => batch.encode(&part.rows, run.policy(), out),
            Rounds::Query(run) => run.encode(part, out),
        }
    }

    /// A part's reply is complete.
    ///
    /// # Errors
    /// The server's refusal of the part, which is the end of the command.
    pub fn done(&mut self, part: &Part, inbox: &Inbox) -> Result<()> {
        match self {
            Rounds::Batch(_, run) => run.done(part, inbox),
            Rounds::Query(run) => {
                run.rows(part, inbox);
                run.done(part, inbox)
            }
        }
    }

    /// A part failed.
    pub fn failed(&mut self, part: &Part, kind: ErrorKind) {
        match self {
            Rounds::Batch(_, run) => run.failed(part, kind),
            Rounds::Query(run) => run.failed(kind),
        }
    }
}
