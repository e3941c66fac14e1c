//! The records by which clients keep their transactions: which records are written, whether the transaction is committed
//! (transactions §4, §8).
//!
//! Clients write to them as to any record; what they mean is read off their requests here, and nothing else is accepted.

use super::transaction::check_supported;
use super::{Ending, Failure, Reply, Request, read, write};
use crate::store::{Announced, Bins, Monitor, NO_SET, Phase, Record, RecordHeader};
use aerospike_wire::bits::{info1, info2};
use aerospike_wire::cdt::list;
use aerospike_wire::msgpack::{Malformed, Reader};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::transaction::{MONITOR_FORWARD, MONITOR_ID, MONITOR_KEYS, MONITOR_SET};
use aerospike_wire::value::ListOrder;
use aerospike_wire::{Digest, Op, Particle, ParticleType, ResultCode, Value, field, op};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;

/// Whether a request is about a monitor. To Community Edition its set is a set like any other (transactions §14).
pub fn is_meant(request: &Request<'_>) -> bool {
    *request.set == *MONITOR_SET && !request.is_community()
}

/// Runs a request on a monitor.
pub fn run(request: &Request<'_>, reply: &mut Reply<'_>) -> Ending {
    execute(request, reply).unwrap_or_else(|failure| failure)
}

fn execute(request: &Request<'_>, reply: &mut Reply<'_>) -> Result<Ending, Failure> {
    check_supported(request)?;
    let header = request.header();
    if header.info2 & info2::WRITE == 0 {
        return show(request, reply);
    }
    if header.info2 & info2::DELETE != 0 {
        return close(request).map_err(Ending::bare);
    }
    change(request, reply).map_err(Ending::bare)
}

/// Answers a read, as if the monitor were a record.
fn show(request: &Request<'_>, reply: &mut Reply<'_>) -> Result<Ending, Failure> {
    let monitor = request.namespace.transactions.monitors.get(&request.digest);
    let record =
        monitor.map(|monitor| record_of(request, &monitor)).ok_or(Ending::bare(ResultCode::NOT_FOUND))?;
    if request.header().info1 & info1::GET_NO_BINS == 0 {
        read::return_bins(request, &record, reply).map_err(|code| Ending::of(code, &record))?;
    }
    Ok(Ending::of(ResultCode::OK, &record))
}

fn record_of(request: &Request<'_>, monitor: &Monitor) -> Record {
    let keys = monitor.keys.iter().map(|key| Value::Blob(key.0.to_vec())).collect();
    let keys = Value::List(keys, ListOrder::Ordered).to_particle();
    let (id, forward) = (ParticleBuf::integer(monitor.id as i64), ParticleBuf::bool(true));
    let mut bins = Bins::default();
    bins.set(MONITOR_ID, id);
    bins.set(MONITOR_KEYS, keys);
    if monitor.phase == Phase::Forward {
        bins.set(MONITOR_FORWARD, forward);
    }
    let header = RecordHeader {
        digest: request.digest,
        generation: 1,
        set: NO_SET,
        void_time: deadline_seconds(monitor.deadline_ms),
        n_bins: bins.len() as u16,
        key_size: 0,
        storage_size: 0,
        value_indexes: 0,
        last_update: request.namespace.clock.now_ms(),
    };
    write::encode(header, &[], &bins)
}

/// Seconds since 2010; a whole second that has begun counts.
fn deadline_seconds(ms: u64) -> u32 {
    u32::try_from(ms.div_ceil(1000)).unwrap_or(u32::MAX)
}

fn close(request: &Request<'_>) -> Result<Ending, ResultCode> {
    write::refuse_expunge(request)?;
    match request.namespace.transactions.monitors.close(&request.digest) {
        true => Ok(Ending::bare(ResultCode::OK)),
        false => Err(ResultCode::NOT_FOUND),
    }
}

fn change(request: &Request<'_>, reply: &mut Reply<'_>) -> Result<Ending, ResultCode> {
    let (mut id, mut keys, mut forward) = (None, None, false);
    for op in request.message.ops() {
        match (op.code, op.name) {
            (op::WRITE, MONITOR_ID) => {
                id = Some(op.particle().as_integer().ok_or(ResultCode::PARAMETER)? as u64)
            }
            (op::WRITE, MONITOR_FORWARD) if op.kind == ParticleType::BOOL => forward = true,
            (op::CDT_MODIFY, MONITOR_KEYS) => {
                keys = Some(keys_of(&op).map_err(|Malformed| ResultCode::PARAMETER)?)
            }
            _ => return Err(ResultCode::PARAMETER),
        }
    }
    let namespace = request.namespace;
    let (monitors, now_ms) = (&namespace.transactions.monitors, namespace.clock.now_ms());
    let announced = match (id, keys, forward) {
        (None, None, true) => {
            monitors.mark(&request.digest, now_ms)?;
            return Ok(Ending::bare(ResultCode::OK));
        }
        (_, Some(_), false) if namespace.settings.disable_mrt_writes.load(Relaxed) => {
            return Err(ResultCode::FORBIDDEN);
        }
        (Some(id), Some(keys), false) => {
            let seconds = match request.header().ttl {
                0 => namespace.settings.mrt_duration.load(Relaxed),
                seconds => seconds,
            };
            let deadline_ms = now_ms + seconds as u64 * 1000;
            monitors.begin(request.digest, Monitor { id, keys, deadline_ms, phase: Phase::Open })?
        }
        (None, Some(keys), false) => monitors.add(&request.digest, keys, now_ms)?,
        _ => return Err(ResultCode::PARAMETER),
    };
    answer(request, announced, reply);
    Ok(Ending::bare(ResultCode::OK))
}

/// Tells the deadline, and how many records the transaction has announced.
fn answer(request: &Request<'_>, announced: Announced, reply: &mut Reply<'_>) {
    reply.field(field::MRT_DEADLINE, &deadline_seconds(announced.deadline_ms).to_le_bytes());
    let count = ParticleBuf::integer(announced.count as i64);
    for op in request.message.ops() {
        match op.name {
            MONITOR_KEYS => reply.op(op.code, op.name, count.as_particle()),
            _ if request.header().responds_all_ops() => reply.op(op.code, op.name, Particle::NULL),
            _ => {}
        }
    }
}

/// The digests that a list operation appends: one of them, or a list.
fn keys_of(op: &Op<'_>) -> Result<BTreeSet<Digest>, Malformed> {
    let mut reader = Reader::new(op.data);
    if reader.list()? < 2 {
        return Err(Malformed);
    }
    let count = match reader.int()? {
        code if code == list::APPEND as i64 => 1,
        code if code == list::APPEND_ITEMS as i64 => reader.list()?,
        _ => return Err(Malformed),
    };
    let digest = |payload: &[u8]| match payload {
        [kind, digest @ ..] if *kind == ParticleType::BLOB.0 => Digest::from_slice(digest),
        _ => None,
    };
    (0..count).map(|_| digest(reader.raw()?).ok_or(Malformed)).collect()
}
