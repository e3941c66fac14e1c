//! Times to live: what a write asks for, and touching on read (wire §19, §20).

use crate::store::{Counter, Namespace, Record, Set};
use aerospike_wire::ResultCode;
use aerospike_wire::time::{MAX_TTL, READ_TOUCH_NEVER, TTL_DEFAULT, TTL_DONT_UPDATE, TTL_NEVER};
use std::sync::atomic::Ordering::Relaxed;

/// The void time that a write gives its record.
///
/// `set` is the record's set, if it exists already; `existing` the record before the write.
///
/// # Errors
/// [`ResultCode::PARAMETER`] for a TTL out of range, [`ResultCode::FORBIDDEN`] for one that the namespace does
/// not allow because nothing would ever collect the record.
pub fn void_time(
    namespace: &Namespace,
    set: Option<&Set>,
    existing: Option<&Record>,
    ttl: u32,
    now_seconds: u32,
) -> Result<u32, ResultCode> {
    let settings = &namespace.settings;
    let ttl = match (ttl, existing) {
        (TTL_DONT_UPDATE, Some(record)) => return Ok(record.header().void_time),
        (TTL_DONT_UPDATE | TTL_DEFAULT, _) => {
            match set.map_or(0, |set| set.settings.default_ttl.load(Relaxed)) {
                0 => settings.default_ttl.load(Relaxed),
                ttl => ttl,
            }
        }
        (ttl, _) => ttl,
    };
    let asked = match ttl {
        0 | TTL_NEVER => 0,
        ttl if ttl > MAX_TTL => return Err(ResultCode::PARAMETER),
        ttl => {
            if settings.nsup_period.load(Relaxed) == 0 && !settings.allow_ttl_without_nsup.load(Relaxed) {
                return Err(ResultCode::FORBIDDEN);
            }
            now_seconds.saturating_add(ttl)
        }
    };
    let Some(former) = existing.map(|record| record.header().void_time) else { return Ok(asked) };
    let reduces = (former == 0) != (asked == 0) || asked < former;
    if reduces && settings.apply_ttl_reductions.load(Relaxed) {
        namespace.stats.bump(Counter::TtlReductionsApplied);
    } else if reduces {
        namespace.stats.bump(Counter::TtlReductionsIgnored);
        return Ok(former);
    }
    Ok(asked)
}

/// Whether a read should touch its record.
///
/// # Errors
/// [`ResultCode::PARAMETER`] for a percentage out of range, on a record that can expire.
pub fn touches_on_read(
    namespace: &Namespace,
    record: &Record,
    percent: u32,
    now_seconds: u32,
) -> Result<bool, ResultCode> {
    let header = record.header();
    if header.void_time == 0 {
        return Ok(false);
    }
    let set_default = || {
        namespace.sets.get(header.set).map_or(0, |set| set.settings.default_read_touch_ttl_pct.load(Relaxed))
    };
    let percent = match percent {
        0 => match set_default() {
            0 => namespace.settings.default_read_touch_ttl_pct.load(Relaxed),
            percent => percent,
        },
        percent => percent,
    };
    match percent {
        0 | READ_TOUCH_NEVER => Ok(false),
        1..=100 => {
            let written_ttl = written_ttl(record) as u64;
            let share = (written_ttl * percent as u64 / 100) as u32;
            Ok(now_seconds >= header.void_time.saturating_sub(share))
        }
        _ => Err(ResultCode::PARAMETER),
    }
}

/// Gives a record that was read the time to live of its last write anew. The generation stays.
pub fn touch(namespace: &Namespace, record: &Record) {
    let digest = record.header().digest;
    let mut partition = namespace.partition(&digest).write();
    let position = partition.position(&digest);
    let Some(present) = position.ok().and_then(|at| partition.at(at)) else { return };
    // A write that came between has renewed the record itself.
    if !present.is_same(record) {
        return;
    }
    let now_ms = namespace.clock.now_ms();
    let void_time = ((now_ms / 1000) as u32).saturating_add(written_ttl(record));
    if void_time > record.header().void_time {
        let mut header = *record.header();
        header.void_time = void_time;
        header.last_update = now_ms;
        namespace.put(&mut partition, position, record.with_header(header));
        namespace.stats.bump(Counter::ReadTouchSuccess);
    }
}

/// The time to live that the last write gave the record, in seconds.
fn written_ttl(record: &Record) -> u32 {
    let header = record.header();
    header.void_time.saturating_sub((header.last_update / 1000) as u32)
}
