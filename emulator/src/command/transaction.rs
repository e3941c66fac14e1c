//! What a command on one record has to do with transactions (transactions §7, §8).
//!
//! A command sees a record through a [`View`]: outside of transactions that is the committed record, inside the one
//! that its own transaction has left there. What the command changes goes back through the same view.

use super::{Ending, Failure, Request, write};
use crate::store::{Counter, Lock, Namespace, Partition, Phase, Record, Roll, next_generation};
use aerospike_wire::bits::{info2, info4};
use aerospike_wire::transaction::{id_from_slice, monitor_digest};
use aerospike_wire::{Digest, RecordVersion, ResultCode, field};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// The transaction that a command belongs to, and what its client remembers of the record.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    id: u64,
    version: Option<RecordVersion>,
}

impl Part {
    /// What the fields of a request say; `None` outside of transactions.
    ///
    /// # Errors
    /// Where there are no transactions, the code that says so; [`ResultCode::PARAMETER`] for fields of wrong sizes.
    #[inline]
    pub fn of(request: &Request<'_>) -> Result<Option<Part>, Failure> {
        match request.message.field(field::MRT_ID) {
            None => Ok(None),
            Some(id) => Part::parse(request, id).map(Some),
        }
    }

    fn parse(request: &Request<'_>, id: &[u8]) -> Result<Part, Failure> {
        check_supported(request)?;
        let malformed = || Ending::bare(ResultCode::PARAMETER);
        let id = id_from_slice(id).ok_or_else(malformed)?;
        let version = match request.message.field(field::RECORD_VERSION) {
            Some(version) => Some(RecordVersion::from_slice(version).ok_or_else(malformed)?),
            None => None,
        };
        Ok(Part { id, version })
    }
}

/// Refuses what only a namespace with strong consistency can do (transactions §14).
pub fn check_supported(request: &Request<'_>) -> Result<(), Failure> {
    match (request.is_community(), request.namespace.is_strong()) {
        (true, _) => Err(Ending::bare(ResultCode::ENTERPRISE_ONLY)),
        (false, false) => Err(Ending::bare(ResultCode::UNSUPPORTED_FEATURE)),
        (false, true) => Ok(()),
    }
}

/// A record as a command sees it. Made and used with the record's partition locked.
#[derive(Debug, Default)]
pub struct View {
    /// Apart from the view itself, which every command outside of transactions has as well.
    member: Option<Box<Member>>,
    /// Whether another transaction has locked the record; only reads get that far then.
    is_blocked: bool,
}

/// What a command of a transaction knows.
#[derive(Debug)]
struct Member {
    id: u64,
    /// What the transaction has left of the record before, and holds the lock for.
    lock: Option<Lock>,
    /// The version of the committed record.
    committed: RecordVersion,
}

impl View {
    /// What a read sees, or a call before it writes. One outside of transactions sees past locks.
    ///
    /// # Errors
    /// [`ResultCode::MRT_BLOCKED`] where another transaction has the lock, [`ResultCode::MRT_VERSION_MISMATCH`] where the
    /// record is not what the client remembers.
    #[inline]
    pub fn to_read(
        request: &Request<'_>,
        part: Option<Part>,
        partition: &Partition,
        now_seconds: u32,
    ) -> Result<View, Failure> {
        match part {
            None => {
                let is_blocked = request.namespace.transactions.is_locked(&request.digest);
                Ok(View { member: None, is_blocked })
            }
            Some(part) => {
                let member = Member::of(request, part, partition, now_seconds)?;
                Ok(View { member: Some(Box::new(member)), is_blocked: false })
            }
        }
    }

    /// What a write sees, which no lock of another transaction lets pass.
    ///
    /// # Errors
    /// As [`View::to_read`].
    pub fn to_write(
        request: &Request<'_>,
        part: Option<Part>,
        partition: &Partition,
        now_seconds: u32,
    ) -> Result<View, Failure> {
        let view = View::to_read(request, part, partition, now_seconds)?;
        if view.is_blocked { Err(blocked(request.namespace)) } else { Ok(view) }
    }

    /// Whether another transaction has locked the record.
    pub fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// Whether the command belongs to a transaction.
    pub fn is_member(&self) -> bool {
        self.member.is_some()
    }

    /// The record, an expired one included.
    pub fn record<'v>(&'v self, partition: &'v Partition, digest: &Digest) -> Option<&'v Record> {
        match self.lock() {
            Some(lock) => lock.record.as_ref(),
            None => partition.get(digest),
        }
    }

    /// As [`View::record`], where the record's position is known.
    pub fn record_at<'v>(
        &'v self,
        partition: &'v Partition,
        position: Result<usize, usize>,
    ) -> Option<&'v Record> {
        match self.lock() {
            Some(lock) => lock.record.as_ref(),
            None => position.ok().and_then(|at| partition.at(at)),
        }
    }

    fn lock(&self) -> Option<&Lock> {
        self.member.as_ref()?.lock.as_ref()
    }

    /// Adds what the client has to remember to what the reply tells: the version of a record that the command has read,
    /// or has judged by and not locked.
    pub fn tell_version(&self, ending: Ending) -> Ending {
        let Some(member) = &self.member else { return ending };
        let is_told = member.lock.is_none() && !is_about_transactions(ending.code);
        Ending { version: is_told.then_some(member.committed), ..ending }
    }

    /// Refuses a write that is only to take a lock, if the transaction has it already.
    ///
    /// # Errors
    /// [`ResultCode::MRT_ALREADY_LOCKED`].
    pub fn check_relock(&self, request: &Request<'_>) -> Result<(), ResultCode> {
        match request.header().info4 & info4::MRT_ON_LOCKING_ONLY != 0 && self.lock().is_some() {
            true => Err(ResultCode::MRT_ALREADY_LOCKED),
            false => Ok(()),
        }
    }

    /// Whether the write's transaction, if it has one, may still write.
    ///
    /// # Errors
    /// [`ResultCode::MRT_EXPIRED`] and the like; [`ResultCode::FORBIDDEN`] where new writes are switched off
    /// (`disable-mrt-writes`).
    pub fn check_deadline(&self, namespace: &Namespace, now_ms: u64) -> Result<(), ResultCode> {
        let Some(member) = &self.member else { return Ok(()) };
        if member.lock.is_none() && namespace.settings.disable_mrt_writes.load(Relaxed) {
            return Err(ResultCode::FORBIDDEN);
        }
        namespace.transactions.monitors.deadline(&monitor_digest(member.id), now_ms).map(|_| ())
    }

    /// The generation that a write gives the record.
    pub fn next_generation(&self, partition: &Partition, existing: Option<&Record>, digest: &Digest) -> u16 {
        match (self.lock(), existing) {
            (Some(lock), _) => next_generation(lock.generation),
            (None, Some(record)) => next_generation(record.header().generation),
            // What was deleted durably goes on from there.
            (None, None) => partition.tombstone(digest).map_or(1, |tomb| next_generation(tomb.generation)),
        }
    }

    /// Puts the record that a write has made in the place of the one that it saw.
    ///
    /// # Errors
    /// As [`View::check_deadline`].
    pub fn put(
        &self,
        request: &Request<'_>,
        partition: &mut Arc<Partition>,
        position: Result<usize, usize>,
        record: Record,
    ) -> Result<(), ResultCode> {
        let header = *record.header();
        match &self.member {
            None => request.namespace.put(partition, position, record),
            Some(member) => {
                let lock = member.lock_of(
                    request,
                    Some(record),
                    header.generation,
                    header.set,
                    header.last_update,
                )?;
                request.namespace.transactions.hold(request.digest, lock);
            }
        }
        Ok(())
    }

    /// Deletes the record that a write saw: for good if the request says so (transactions §19).
    ///
    /// # Errors
    /// [`ResultCode::FORBIDDEN`] where only durable deletes are allowed, and as [`View::check_deadline`].
    pub fn remove(
        &self,
        request: &Request<'_>,
        partition: &mut Arc<Partition>,
        position: Result<usize, usize>,
        existing: &Record,
        now_ms: u64,
    ) -> Result<(), ResultCode> {
        let Request { namespace, digest, .. } = request;
        write::refuse_expunge(request)?;
        let is_durable = request.header().info2 & info2::DURABLE_DELETE != 0 && !request.is_community();
        let generation = self.next_generation(partition, Some(existing), digest);
        match (&self.member, position) {
            (Some(member), _) => {
                let lock = member.lock_of(request, None, generation, existing.header().set, now_ms)?;
                namespace.transactions.hold(*digest, lock);
            }
            (None, Ok(at)) if is_durable => namespace.bury(partition, at, generation, now_ms),
            (None, Ok(at)) => namespace.remove(partition, at),
            (None, Err(_)) => {}
        }
        Ok(())
    }
}

impl Member {
    fn of(
        request: &Request<'_>,
        part: Part,
        partition: &Partition,
        now_seconds: u32,
    ) -> Result<Member, Failure> {
        let Request { namespace, digest, .. } = request;
        let lock = namespace.transactions.lock(digest);
        if lock.as_ref().is_some_and(|lock| lock.transaction != part.id) {
            return Err(blocked(namespace));
        }
        let committed = version(partition, digest, now_seconds);
        if lock.is_none() && part.version.is_some_and(|known| known != committed) {
            namespace.stats.bump(Counter::FailMrtVersionMismatch);
            return Err(Ending::bare(ResultCode::MRT_VERSION_MISMATCH));
        }
        Ok(Member { id: part.id, lock, committed })
    }

    fn lock_of(
        &self,
        request: &Request<'_>,
        record: Option<Record>,
        generation: u16,
        set: u16,
        now_ms: u64,
    ) -> Result<Lock, ResultCode> {
        let monitors = &request.namespace.transactions.monitors;
        let deadline_ms = monitors.deadline(&monitor_digest(self.id), now_ms)?;
        Ok(Lock { transaction: self.id, record, generation, set, deadline_ms })
    }
}

/// The end of a command that another transaction's lock stops.
pub fn blocked(namespace: &Namespace) -> Failure {
    namespace.stats.bump(Counter::FailMrtBlocked);
    Ending::bare(ResultCode::MRT_BLOCKED)
}

/// Whether a code is about the transaction, and tells nothing of the record.
fn is_about_transactions(code: ResultCode) -> bool {
    (ResultCode::MRT_BLOCKED..=ResultCode::MRT_MONITOR_EXISTS).contains(&code)
}

/// The version of the committed record, or of what a durable delete has left of it.
fn version(partition: &Partition, digest: &Digest, now_seconds: u32) -> RecordVersion {
    match (partition.get(digest), partition.tombstone(digest)) {
        (Some(record), _) if !record.is_expired(now_seconds) => {
            RecordVersion::new(record.header().last_update, record.header().generation)
        }
        (_, Some(tombstone)) => RecordVersion::new(tombstone.last_update, tombstone.generation),
        _ => RecordVersion::MISSING,
    }
}

/// Whether a read is the one by which a client finds out, at commit, that a record is as it has seen it.
pub fn is_verify(request: &Request<'_>) -> bool {
    request.header().info4 & info4::MRT_VERIFY_READ != 0
}

/// Compares a record's version with the one that the client remembers.
pub fn verify(request: &Request<'_>) -> Ending {
    let code = check_version(request).err().map_or(ResultCode::OK, |failure| failure.code);
    request.namespace.stats.bump(match code {
        ResultCode::OK => Counter::MrtVerifyReadSuccess,
        _ => Counter::MrtVerifyReadError,
    });
    Ending::bare(code)
}

fn check_version(request: &Request<'_>) -> Result<(), Failure> {
    check_supported(request)?;
    let Request { namespace, digest, .. } = request;
    let known = request.message.field(field::RECORD_VERSION).and_then(RecordVersion::from_slice);
    let known = known.ok_or(Ending::bare(ResultCode::PARAMETER))?;
    let partition = namespace.partition(digest).read();
    if namespace.transactions.is_locked(digest) {
        return Err(blocked(namespace));
    }
    if version(&partition, digest, namespace.clock.now_seconds()) != known {
        namespace.stats.bump(Counter::FailMrtVersionMismatch);
        return Err(Ending::bare(ResultCode::MRT_VERSION_MISMATCH));
    }
    Ok(())
}

/// How a write ends its transaction's part in the record, if that is what it is for.
pub fn roll_of(request: &Request<'_>) -> Option<Roll> {
    let info4 = request.header().info4;
    if info4 & info4::MRT_ROLL_FORWARD != 0 {
        Some(Roll::Forward)
    } else if info4 & info4::MRT_ROLL_BACK != 0 {
        Some(Roll::Back)
    } else {
        None
    }
}

/// Rolls a record forward or back. Whoever has no lock on it has nothing to roll, and is told that all is well.
pub fn roll(request: &Request<'_>, roll: Roll) -> Ending {
    let code = try_roll(request, roll).err().map_or(ResultCode::OK, |failure| failure.code);
    request.namespace.stats.bump(match (roll, code) {
        (Roll::Forward, ResultCode::OK) => Counter::MrtRollForwardSuccess,
        (Roll::Forward, _) => Counter::MrtRollForwardError,
        (Roll::Back, ResultCode::OK) => Counter::MrtRollBackSuccess,
        (Roll::Back, _) => Counter::MrtRollBackError,
    });
    Ending::bare(code)
}

fn try_roll(request: &Request<'_>, roll: Roll) -> Result<(), Failure> {
    check_supported(request)?;
    let part = Part::of(request)?.ok_or(Ending::bare(ResultCode::PARAMETER))?;
    let namespace = request.namespace;
    // A commit stands, whatever comes behind it.
    if roll == Roll::Back && namespace.transactions.monitors.phase(part.id) == Some(Phase::Forward) {
        return Err(Ending::bare(ResultCode::MRT_COMMITTED));
    }
    namespace.roll(&request.digest, part.id, roll);
    Ok(())
}
