//! Writing one record: policies, operations, and the record that comes of them (wire §12, §14 to §17).

use super::expression::{self, WriteContext};
use super::operate::{self, Results};
use super::transaction::{self, Part, View};
use super::{Ending, Failure, MAX_BINS, MAX_OPS, Origin, Reply, Request, check_bin_name, ttl};
use crate::store::{Bins, Counter, MAX_SET_NAME, MAX_SETS, Partition, Record, RecordHeader, storage_size};
use aerospike_wire::bits::{info1, info2, info3};
use aerospike_wire::{Header, Op, ParticleType, ResultCode, op};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Runs a write and appends what its operations return.
pub fn run(request: &Request<'_>, reply: &mut Reply<'_>) -> Ending {
    if let Some(roll) = transaction::roll_of(request) {
        return transaction::roll(request, roll);
    }
    let ending = execute(request, reply).unwrap_or_else(|failure| failure);
    count(request, ending.code);
    ending
}

fn execute(request: &Request<'_>, reply: &mut Reply<'_>) -> Result<Ending, Failure> {
    refuse_by_source(request)?;
    refuse_by_state(request)?;
    check_ops(request).map_err(Ending::bare)?;
    let part = Part::of(request)?;

    let mut partition = request.namespace.partition(&request.digest).write();
    let now_ms = request.namespace.clock.now_ms();
    let view = View::to_write(request, part, &partition, (now_ms / 1000) as u32)?;
    let write = Write { request, view: &view, now_ms, replaces: replaces(request.header()) };
    let position = partition.position(&request.digest);
    // Sharing the old record costs a counter and frees the partition for the change below.
    let stored = view.record_at(&partition, position).cloned();
    let existing = stored.as_ref().filter(|record| !record.is_expired((now_ms / 1000) as u32));
    let done = write
        .check_policies(stored.as_ref(), existing)
        .and_then(|()| write.apply(&mut partition, position, existing, reply));
    done.map_err(|failure| view.tell_version(failure))
}

/// A write whose request has passed the checks that need no record.
struct Write<'r, 'a> {
    request: &'r Request<'a>,
    view: &'r View,
    now_ms: u64,
    /// Whether all former bins are dropped first.
    replaces: bool,
}

impl Write<'_, '_> {
    /// Existence, generation, set, filter and key, in the server's order. `existing` is `stored` unless that
    /// has expired.
    fn check_policies(&self, stored: Option<&Record>, existing: Option<&Record>) -> Result<(), Failure> {
        let request = self.request;
        let header = request.header();
        let touches = request.message.ops().any(|op| op.code == op::TOUCH);
        let must_exist = touches || header.info3 & (info3::UPDATE_ONLY | info3::REPLACE_ONLY) != 0;
        if must_exist && existing.is_none() {
            let code = ResultCode::NOT_FOUND;
            return Err(stored.map_or(Ending::bare(code), |record| Ending::of(code, record)));
        }
        let fail = |code| existing.map_or(Ending::bare(code), |record| Ending::of(code, record));
        if header.info2 & info2::CREATE_ONLY != 0 && existing.is_some() {
            return Err(fail(ResultCode::RECORD_EXISTS));
        }
        self.view.check_relock(request).map_err(fail)?;
        if !generation_permits(header, existing.map_or(0, |record| record.header().generation)) {
            request.namespace.stats.bump(Counter::FailGeneration);
            return Err(fail(ResultCode::GENERATION));
        }
        if existing.is_none() {
            self.check_new_set().map_err(fail)?;
        }
        self.view.check_deadline(request.namespace, self.now_ms).map_err(fail)?;
        if let Some(record) = existing {
            if request.namespace.sets.name(record.header().set) != request.set {
                return Err(fail(ResultCode::PARAMETER));
            }
            expression::check_filter(request, record).map_err(fail)?;
        }
        check_key(request.key(), existing.and_then(Record::key)).map_err(fail)
    }

    /// Whether a new record may join its set (wire §22).
    fn check_new_set(&self) -> Result<(), ResultCode> {
        let (name, sets) = (self.request.set, &self.request.namespace.sets);
        if name.is_empty() {
            return Ok(());
        }
        match sets.find(name) {
            Some(set) if set.is_full() => Err(ResultCode::FORBIDDEN),
            Some(_) => Ok(()),
            None if name.len() > MAX_SET_NAME || name.contains(&0) => Err(ResultCode::PARAMETER),
            None if sets.get(MAX_SETS as u16).is_some() => Err(ResultCode::PARAMETER),
            None => Ok(()),
        }
    }

    /// Runs the operations and puts the new record in the old one's place.
    fn apply(
        &self,
        partition: &mut Arc<Partition>,
        position: Result<usize, usize>,
        existing: Option<&Record>,
        reply: &mut Reply<'_>,
    ) -> Result<Ending, Failure> {
        let request = self.request;
        let (namespace, header) = (request.namespace, request.header());
        let fail = |code| existing.map_or(Ending::bare(code), |record| Ending::of(code, record));
        let set = namespace.sets.find(request.set);
        let void_time = ttl::void_time(namespace, set, existing, header.ttl, (self.now_ms / 1000) as u32)
            .map_err(fail)?;

        let mut bins = match existing {
            Some(record) if !self.replaces => Bins::of(record.bins(), record.header().value_indexes),
            _ => Bins::default(),
        };
        let mut results = Results { reply, all: header.responds_all_ops(), writes: true };
        let context = WriteContext { request, existing, void_time, now_ms: self.now_ms };
        operate::write_ops(&context, &mut bins, &mut results).map_err(fail)?;

        if bins.len() > MAX_BINS {
            return Err(fail(ResultCode::PARAMETER));
        }
        if bins.is_empty() {
            return self.end_without_bins(partition, position, existing).map_err(fail);
        }
        let key = existing.and_then(Record::key).or(request.key()).unwrap_or_default();
        let size = storage_size(void_time, request.set, key.len(), bins.len(), bins.named());
        if size > namespace.settings.max_record_size.load(Relaxed) as usize {
            namespace.stats.bump(Counter::FailRecordTooBig);
            return Err(fail(ResultCode::RECORD_TOO_BIG));
        }
        let set = match request.set {
            [] => 0,
            name => namespace.sets.find_or_create(name).map_err(fail)?.id,
        };
        let record_header = RecordHeader {
            digest: request.digest,
            generation: self.view.next_generation(partition, existing, &request.digest),
            set,
            void_time,
            n_bins: bins.len() as u16,
            key_size: key.len() as u32,
            storage_size: size as u32,
            value_indexes: bins.value_indexes(),
            last_update: self.now_ms,
        };
        let record = encode(record_header, key, &bins);
        let ending = Ending::of(ResultCode::OK, &record);
        self.view.put(request, partition, position, record).map_err(fail)?;
        Ok(ending)
    }

    /// What a write that leaves no bins does (wire §12, write 16).
    fn end_without_bins(
        &self,
        partition: &mut Arc<Partition>,
        position: Result<usize, usize>,
        existing: Option<&Record>,
    ) -> Result<Ending, ResultCode> {
        let header = self.request.header();
        let durable = header.info2 & info2::DURABLE_DELETE != 0 && self.request.is_community();
        if existing.is_none() && header.info1 & info1::XDR != 0 {
            return if durable { Err(ResultCode::ENTERPRISE_ONLY) } else { Ok(Ending::bare(ResultCode::OK)) };
        }
        let Some(existing) = existing.filter(|_| !self.replaces) else { return Err(ResultCode::NOT_FOUND) };
        if durable {
            return Err(ResultCode::ENTERPRISE_ONLY);
        }
        self.view.remove(self.request, partition, position, existing, self.now_ms)?;
        self.request.namespace.stats.bump(Counter::DeletedLastBin);
        Ok(Ending::bare(ResultCode::OK))
    }
}

/// Encodes key and bins behind each other and makes the record of them.
pub fn encode(header: RecordHeader, key: &[u8], bins: &Bins<'_>) -> Record {
    thread_local! {
        static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.clear();
        scratch.extend_from_slice(key);
        bins.encode(scratch);
        let record = Record::new(header, scratch);
        // One huge record must not hold its size for good.
        if scratch.capacity() > 256 * 1024 {
            *scratch = Vec::new();
        }
        record
    })
}

/// Whether all former bins are dropped first.
fn replaces(header: &Header) -> bool {
    header.info3 & (info3::CREATE_OR_REPLACE | info3::REPLACE_ONLY) != 0
}

/// Whether the generation policy lets a write or delete pass; 0 stands for a missing record (wire §17).
pub fn generation_permits(header: &Header, stored: u16) -> bool {
    if header.info2 & info2::GENERATION != 0 {
        header.generation == stored as u32
    } else if header.info2 & info2::GENERATION_GT != 0 {
        header.generation > stored as u32
    } else {
        true
    }
}

/// Checks the key sent against the one stored, then its form (wire §21).
pub fn check_key(sent: Option<&[u8]>, stored: Option<&[u8]>) -> Result<(), ResultCode> {
    let Some(sent) = sent else { return Ok(()) };
    if stored.is_some_and(|stored| stored != sent) {
        return Err(ResultCode::KEY_MISMATCH);
    }
    match sent {
        [] => Err(ResultCode::UNSUPPORTED_FEATURE),
        [kind, key @ ..] if *kind == ParticleType::INTEGER.0 && key.len() != 8 => {
            Err(ResultCode::UNSUPPORTED_FEATURE)
        }
        _ => Ok(()),
    }
}

/// Refuses writes from the source that the namespace is set to reject.
pub fn refuse_by_source(request: &Request<'_>) -> Result<(), Failure> {
    let settings = &request.namespace.settings;
    let rejects = match request.header().info1 & info1::XDR {
        0 => &settings.reject_non_xdr_writes,
        _ => &settings.reject_xdr_writes,
    };
    if rejects.load(Relaxed) { Err(Ending::bare(ResultCode::FORBIDDEN)) } else { Ok(()) }
}

/// Refuses to remove a record of a namespace with strong consistency unless that is to last (transactions §19).
pub fn refuse_expunge(request: &Request<'_>) -> Result<(), ResultCode> {
    let is_durable = request.header().info2 & info2::DURABLE_DELETE != 0;
    let may_expunge = request.namespace.settings.strong_consistency_allow_expunge.load(Relaxed);
    match request.namespace.is_strong() && !is_durable && !may_expunge {
        true => Err(ResultCode::FORBIDDEN),
        false => Ok(()),
    }
}

fn refuse_by_state(request: &Request<'_>) -> Result<(), Failure> {
    if request.namespace.stop_writes() {
        return Err(Ending::bare(ResultCode::OUT_OF_SPACE));
    }
    if request.set.is_empty() && request.namespace.settings.disallow_null_setname.load(Relaxed) {
        return Err(Ending::bare(ResultCode::PARAMETER));
    }
    Ok(())
}

/// Checks the operations as far as that needs no record (wire §12, write 4).
fn check_ops(request: &Request<'_>) -> Result<(), ResultCode> {
    let (message, header) = (&request.message, request.header());
    if message.n_ops() == 0 || message.n_ops() > MAX_OPS {
        return Err(ResultCode::PARAMETER);
    }
    let gets_all = header.info1 & info1::GET_ALL != 0;
    let replaces = replaces(header);
    let (mut reads, mut read_all, mut others_return) = (false, false, false);
    for op in message.ops() {
        if op.code != op::TOUCH {
            check_bin_name(op.name)?;
        }
        if replaces && !allowed_with_replace(&op) {
            return Err(ResultCode::PARAMETER);
        }
        reads |= op::is_read(op.code);
        if op.code == op::READ && op.name.is_empty() && gets_all {
            if read_all || header.responds_all_ops() {
                return Err(ResultCode::PARAMETER);
            }
            read_all = true;
        } else {
            others_return |= returns_value(op.code);
        }
    }
    let sound =
        (!reads || header.info1 & info1::READ != 0) && gets_all == read_all && !(read_all && others_return);
    if sound { Ok(()) } else { Err(ResultCode::PARAMETER) }
}

/// wire §16.
fn allowed_with_replace(op: &Op<'_>) -> bool {
    match op.code {
        op::WRITE => op.kind != ParticleType::NULL,
        op::TOUCH | op::INCR | op::APPEND | op::PREPEND | op::DELETE_ALL => false,
        op::CDT_MODIFY | op::BITS_MODIFY | op::HLL_MODIFY => false,
        _ => true,
    }
}

/// Ops that may return a value and so cannot stand beside a read of all bins (wire §15).
fn returns_value(code: u8) -> bool {
    op::is_read(code) || matches!(code, op::CDT_MODIFY | op::HLL_MODIFY)
}

fn count(request: &Request<'_>, code: ResultCode) {
    use Counter::*;
    let [success, filtered_out, error] = match request.origin {
        Origin::Client => [WriteSuccess, WriteFilteredOut, WriteError],
        Origin::Batch => [BatchWriteSuccess, BatchWriteFilteredOut, BatchWriteError],
        // No client has asked.
        Origin::Direct => return,
        Origin::Query => [OpsSubWriteSuccess, OpsSubWriteFilteredOut, OpsSubWriteError],
    };
    request.namespace.stats.bump(match code {
        ResultCode::OK => success,
        ResultCode::FILTERED_OUT => filtered_out,
        _ => error,
    });
}
