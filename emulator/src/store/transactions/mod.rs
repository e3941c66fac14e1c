//! Multi-record transactions as the server knows them (transactions §1): provisional records, which lock the ones that
//! they are to replace, and a monitor for each transaction.
//!
//! A lock is taken, looked at for a decision, and given up with the record's partition locked: who holds the partition
//! sees its locks stand still. Monitors have a lock of their own, taken last.

mod monitor;

pub use monitor::{Announced, Monitor, Phase};

use super::record::{Record, RecordHeader, next_generation};
use super::sets::SetId;
use super::{Counter, Namespace};
use aerospike_wire::Digest;
use dashmap::DashMap;
use monitor::{GRACE_MS, Monitors};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A record as a transaction has left it; until the transaction ends, nobody else can write the record.
#[derive(Clone, Debug)]
pub struct Lock {
    /// The transaction's id.
    pub transaction: u64,
    /// What the record is to become; `None` = it is to be deleted.
    pub record: Option<Record>,
    /// The generation of the last write, a delete included.
    pub generation: u16,
    /// The record's set.
    pub set: SetId,
    /// Until when the transaction may write, in milliseconds since 2010.
    pub deadline_ms: u64,
}

/// The transactions of a namespace.
#[derive(Debug)]
pub struct Transactions {
    locks: DashMap<Digest, Lock, foldhash::fast::RandomState>,
    /// How many locks there are; commands look at this alone while there is none.
    held: AtomicUsize,
    /// The monitors, by the digests of their records.
    pub monitors: Monitors,
}

impl Transactions {
    /// No transaction.
    pub fn new() -> Transactions {
        Transactions {
            locks: DashMap::with_hasher_and_shard_amount(foldhash::fast::RandomState::default(), 4),
            held: AtomicUsize::new(0),
            monitors: Monitors::default(),
        }
    }

    /// How many records are locked.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// The lock on a record. Sure to be up to date where the record's partition is locked.
    pub fn lock(&self, digest: &Digest) -> Option<Lock> {
        if self.held() == 0 { None } else { self.locks.get(digest).map(|lock| lock.clone()) }
    }

    /// Whether a record is locked.
    pub fn is_locked(&self, digest: &Digest) -> bool {
        self.held() != 0 && self.locks.contains_key(digest)
    }

    /// Takes a lock, or changes what it holds. Called with the partition locked.
    pub fn hold(&self, digest: Digest, lock: Lock) {
        if self.locks.insert(digest, lock).is_none() {
            self.held.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Gives up a lock that a transaction has.
    fn release(&self, digest: &Digest, transaction: u64) -> Option<Lock> {
        if self.held() == 0 {
            return None;
        }
        let (_, lock) = self.locks.remove_if(digest, |_, lock| lock.transaction == transaction)?;
        self.held.fetch_sub(1, Ordering::Relaxed);
        Some(lock)
    }

    /// Drops the locks in sets that `is_of` names, and all monitors too if asked: the data that they were about is gone.
    pub(super) fn forget(&self, is_of: impl Fn(SetId) -> bool, monitors: bool) {
        self.locks.retain(|_, lock| {
            let stays = !is_of(lock.set);
            if !stays {
                self.held.fetch_sub(1, Ordering::Relaxed);
            }
            stays
        });
        if monitors {
            self.monitors.clear();
        }
    }
}

impl Default for Transactions {
    fn default() -> Self {
        Transactions::new()
    }
}

/// How a transaction ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Roll {
    /// What it wrote becomes the record.
    Forward,
    /// The record stays.
    Back,
}

impl Namespace {
    /// Ends a transaction's part in one record; whether it had one. A roll is a write of its own: the generation counts
    /// on from that of the provisional record, whichever way it goes (transactions §13).
    pub fn roll(&self, digest: &Digest, transaction: u64, roll: Roll) -> bool {
        let mut partition = self.partition(digest).write();
        let Some(lock) = self.transactions.release(digest, transaction) else { return false };
        let now_ms = self.clock.now_ms();
        let generation = next_generation(lock.generation);
        let position = partition.position(digest);
        let remains = match roll {
            Roll::Forward => lock.record,
            Roll::Back => position.ok().and_then(|at| partition.at(at).cloned()),
        };
        match (remains, position) {
            (Some(record), _) => {
                let header = RecordHeader { generation, last_update: now_ms, ..*record.header() };
                self.put(&mut partition, position, record.with_header(header));
            }
            (None, Ok(at)) => self.bury(&mut partition, at, generation, now_ms),
            (None, Err(_)) => {}
        }
        true
    }

    /// Ends the transactions whose deadlines have passed for good: those that are committed forward, all others back
    /// (transactions §9).
    pub fn end_expired_transactions(&self) {
        let transactions = &self.transactions;
        if transactions.held() == 0 && transactions.monitors.is_empty() {
            return;
        }
        let now_ms = self.clock.now_ms();
        // From here on they take no further write.
        transactions.monitors.expire(now_ms);
        let expired: Vec<_> = transactions
            .locks
            .iter()
            .filter(|lock| lock.deadline_ms + GRACE_MS < now_ms)
            .map(|lock| (*lock.key(), lock.transaction))
            .collect();
        for (digest, transaction) in expired {
            let is_committed = transactions.monitors.phase(transaction) == Some(Phase::Forward);
            let (roll, counter) = match is_committed {
                true => (Roll::Forward, Counter::MrtMonitorRollForwardSuccess),
                false => (Roll::Back, Counter::MrtMonitorRollBackSuccess),
            };
            if self.roll(&digest, transaction, roll) {
                self.stats.bump(counter);
            }
        }
        transactions.monitors.remove_expired(now_ms);
    }
}
