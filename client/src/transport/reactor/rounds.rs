//! Batches and queries: a reactor's jobs that go to several nodes.

use super::{Done, Job, Owner, Reactor, Route, Waiter};
use crate::batch::{Batch, BatchRun, BatchStep, Part};
use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind};
use crate::policy::BatchPolicy;
use crate::query::QueryRun;
use crate::reply::Inbox;
use crate::rounds::Rounds;
use std::collections::VecDeque;
use std::time::Instant;

/// A batch or query on its way.
pub(super) struct Running<W> {
    rounds: Rounds,
    replies: Vec<Inbox>,
    /// Parts under way.
    parts: usize,
    /// Parts that wait for their turn where not all may be under way at the same time.
    later: VecDeque<Part>,
    pub(super) until: Option<Instant>,
    pub(super) waiter: Option<W>,
}

impl<W> Running<W> {
    /// Takes the one who waits, and the error of what ends before its time.
    pub(super) fn give_up(&mut self, kind: ErrorKind) -> Option<Done<W>> {
        let waiter = self.waiter.take()?;
        Some(Done::Failed { waiter, error: self.rounds.run().error(kind) })
    }
}

impl<W: Waiter> Reactor<W> {
    /// Starts a batch.
    pub fn submit_batch(&mut self, cluster: &Cluster, batch: Batch, policy: &BatchPolicy, waiter: W) {
        let run = Box::new(BatchRun::new(&batch, policy, Instant::now()));
        self.submit_rounds(cluster, Rounds::Batch(batch, run), waiter);
    }

    /// Starts a query.
    pub fn submit_query(&mut self, cluster: &Cluster, run: QueryRun, waiter: W) {
        self.submit_rounds(cluster, Rounds::Query(Box::new(run)), waiter);
    }

    fn submit_rounds(&mut self, cluster: &Cluster, rounds: Rounds, waiter: W) {
        let number = self.batches.insert(Running {
            rounds,
            replies: Vec::new(),
            parts: 0,
            later: VecDeque::new(),
            until: None,
            waiter: Some(waiter),
        });
        self.advance(cluster, number);
    }

    /// The next round of a batch.
    pub(super) fn advance(&mut self, cluster: &Cluster, number: usize) {
        let view = cluster.view();
        let Some(running) = self.batches.get_mut(number) else { return };
        running.until = None;
        match running.rounds.next(&view, cluster.racks(), Instant::now()) {
            BatchStep::Sleep(until) => {
                running.until = Some(until);
                self.note(Some(until));
            }
            BatchStep::Done(result) => {
                let Some(mut running) = self.batches.try_remove(number) else { return };
                let Some(waiter) = running.waiter.take() else { return };
                self.done.push(match result {
                    Ok(()) => match running.rounds {
                        Rounds::Batch(_, run) => Done::Batch { waiter, replies: running.replies, run },
                        Rounds::Query(run) => Done::Query { waiter, replies: running.replies, run },
                    },
                    Err(error) => Done::Failed { waiter, error },
                });
            }
            BatchStep::Round(parts) => {
                let width = running.rounds.width(parts.len());
                let mut parts = VecDeque::from(parts);
                let first: Vec<Part> = parts.drain(..width.min(parts.len())).collect();
                running.later = parts;
                // All counted before the first can end.
                running.parts = first.len();
                for part in first {
                    self.start_part(cluster, number, part);
                }
            }
        }
    }

    fn start_part(&mut self, cluster: &Cluster, number: usize, part: Part) {
        let mut request = self.buffer();
        let Some(running) = self.batches.get_mut(number) else { return };
        match running.rounds.encode(&part, &mut request) {
            Ok(()) => {
                let run = running.rounds.run().clone();
                let expect = running.rounds.expect();
                let route = Route::Node(part.node.clone());
                let owner = Owner::Part(number, part);
                self.start(cluster, Job { request, expect, run, route, owner });
            }
            Err(error) => {
                self.batch_failed(number, error);
                self.part_ended(cluster, number);
            }
        }
    }

    /// The batch as a whole failed; its other parts run to their end unheard.
    fn batch_failed(&mut self, number: usize, error: Error) {
        let waiter = self.batches.get_mut(number).and_then(|running| running.waiter.take());
        if let Some(waiter) = waiter {
            self.done.push(Done::Failed { waiter, error });
        }
    }

    /// A part failed: its rows stay open for the next round.
    pub(super) fn part_failed(&mut self, cluster: &Cluster, number: usize, part: &Part, kind: ErrorKind) {
        if let Some(running) = self.batches.get_mut(number) {
            running.rounds.failed(part, kind);
            self.part_ended(cluster, number);
        }
    }

    /// A part's reply is complete.
    pub(super) fn part_replied(&mut self, cluster: &Cluster, number: usize, part: &Part, inbox: Inbox) {
        let Some(running) = self.batches.get_mut(number) else { return };
        match running.rounds.done(part, &inbox) {
            Ok(()) => running.replies.push(inbox),
            Err(error) => self.batch_failed(number, error),
        }
        self.part_ended(cluster, number);
    }

    fn part_ended(&mut self, cluster: &Cluster, number: usize) {
        let Some(running) = self.batches.get_mut(number) else { return };
        running.parts -= 1;
        if running.parts > 0 {
            return;
        }
        if running.waiter.is_none() {
            self.batches.remove(number);
            return;
        }
        match running.later.pop_front() {
            Some(part) => {
                running.parts = 1;
                self.start_part(cluster, number, part);
            }
            None => self.advance(cluster, number),
        }
    }
}
