//! Monitors: which records a transaction has written, until when it has time, and whether it is committed
//! (transactions §4, §8).

use aerospike_wire::transaction::{MAX_WRITES, monitor_digest};
use aerospike_wire::{Digest, ResultCode};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};

/// How long the server waits behind a deadline before it ends a transaction. Until then records take no further write, but
/// a commit may still come (transactions §9, which leaves the length open).
pub const GRACE_MS: u64 = 2_000;

/// How long a monitor stays when its time is over: a client that aborts then still finds something to close.
const LINGER_MS: u64 = 60_000;

/// How far a transaction has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// It takes writes.
    Open,
    /// It is committed; its writes are being rolled forward.
    Forward,
    /// It has expired; its writes are being rolled back.
    Back,
}

/// What the server knows of a transaction that has written.
#[derive(Clone, Debug)]
pub struct Monitor {
    /// The transaction's id.
    pub id: u64,
    /// The records that it has announced to write.
    pub keys: BTreeSet<Digest>,
    /// Until when it may write, in milliseconds since 2010.
    pub deadline_ms: u64,
    /// How far it has come.
    pub phase: Phase,
}

impl Monitor {
    fn announced(&self) -> Announced {
        Announced { count: self.keys.len(), deadline_ms: self.deadline_ms }
    }

    /// Whether the server has ended it.
    fn is_over(&self, now_ms: u64) -> bool {
        self.deadline_ms + GRACE_MS < now_ms
    }

    /// Whether it can still come to a commit.
    ///
    /// # Errors
    /// Why not.
    fn check_open(&self, now_ms: u64) -> Result<(), ResultCode> {
        match self.phase {
            Phase::Forward => Err(ResultCode::MRT_COMMITTED),
            Phase::Open if !self.is_over(now_ms) => Ok(()),
            Phase::Open | Phase::Back => Err(ResultCode::MRT_EXPIRED),
        }
    }
}

/// What a client is told when it has announced records to write.
#[derive(Clone, Copy, Debug)]
pub struct Announced {
    /// How many the transaction has announced by now.
    pub count: usize,
    /// Until when it may write, in milliseconds since 2010.
    pub deadline_ms: u64,
}

/// The monitors of a namespace, by the digests of their records.
#[derive(Debug, Default)]
pub struct Monitors(Mutex<BTreeMap<Digest, Monitor>>);

impl Monitors {
    /// Begins a transaction.
    ///
    /// # Errors
    /// [`ResultCode::MRT_MONITOR_EXISTS`] if it has begun before; [`ResultCode::MRT_TOO_MANY_WRITES`].
    pub fn begin(&self, digest: Digest, monitor: Monitor) -> Result<Announced, ResultCode> {
        let mut monitors = self.0.lock();
        if monitors.contains_key(&digest) {
            return Err(ResultCode::MRT_MONITOR_EXISTS);
        }
        if monitor.keys.len() > MAX_WRITES {
            return Err(ResultCode::MRT_TOO_MANY_WRITES);
        }
        let announced = monitor.announced();
        monitors.insert(digest, monitor);
        Ok(announced)
    }

    /// Adds records to those that a transaction has announced to write.
    ///
    /// # Errors
    /// [`ResultCode::MRT_EXPIRED`] if there is no monitor or its time is over, the codes of its other phases, and
    /// [`ResultCode::MRT_TOO_MANY_WRITES`]; nothing is added then.
    pub fn add(&self, digest: &Digest, keys: BTreeSet<Digest>, now_ms: u64) -> Result<Announced, ResultCode> {
        let mut monitors = self.0.lock();
        let monitor = monitors.get_mut(digest).ok_or(ResultCode::MRT_EXPIRED)?;
        monitor.check_open(now_ms)?;
        let new = keys.iter().filter(|key| !monitor.keys.contains(*key)).count();
        if monitor.keys.len() + new > MAX_WRITES {
            return Err(ResultCode::MRT_TOO_MANY_WRITES);
        }
        monitor.keys.extend(keys);
        Ok(monitor.announced())
    }

    /// Commits a transaction: from now on the server would roll it forward.
    ///
    /// # Errors
    /// As [`Monitors::add`].
    pub fn mark(&self, digest: &Digest, now_ms: u64) -> Result<(), ResultCode> {
        let mut monitors = self.0.lock();
        let monitor = monitors.get_mut(digest).ok_or(ResultCode::MRT_EXPIRED)?;
        monitor.check_open(now_ms)?;
        monitor.phase = Phase::Forward;
        Ok(())
    }

    /// Until when a transaction may write, in milliseconds since 2010.
    ///
    /// # Errors
    /// As [`Monitors::add`].
    pub fn deadline(&self, digest: &Digest, now_ms: u64) -> Result<u64, ResultCode> {
        let monitors = self.0.lock();
        let monitor = monitors.get(digest).ok_or(ResultCode::MRT_EXPIRED)?;
        monitor.check_open(now_ms)?;
        match monitor.deadline_ms >= now_ms {
            true => Ok(monitor.deadline_ms),
            false => Err(ResultCode::MRT_EXPIRED),
        }
    }

    /// The monitor of a digest.
    pub fn get(&self, digest: &Digest) -> Option<Monitor> {
        self.0.lock().get(digest).cloned()
    }

    /// Forgets a monitor; whether there was one.
    pub fn close(&self, digest: &Digest) -> bool {
        self.0.lock().remove(digest).is_some()
    }

    /// How far a transaction has come; `None` if it has no monitor.
    pub fn phase(&self, transaction: u64) -> Option<Phase> {
        self.0.lock().get(&monitor_digest(transaction)).map(|monitor| monitor.phase)
    }

    /// How many transactions are under way.
    pub fn count(&self) -> usize {
        self.0.lock().values().filter(|monitor| monitor.phase != Phase::Back).count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }

    /// Ends the transactions whose deadlines have passed for good.
    pub(super) fn expire(&self, now_ms: u64) {
        for monitor in self.0.lock().values_mut() {
            if monitor.phase == Phase::Open && monitor.is_over(now_ms) {
                monitor.phase = Phase::Back;
            }
        }
    }

    /// Forgets the monitors whose deadlines have long passed.
    pub(super) fn remove_expired(&self, now_ms: u64) {
        self.0.lock().retain(|_, monitor| monitor.deadline_ms + LINGER_MS >= now_ms);
    }

    pub(super) fn clear(&self) {
        self.0.lock().clear();
    }
}
