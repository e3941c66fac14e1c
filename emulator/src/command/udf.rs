//! Calling a UDF on one record (lua §2 to §7).
//!
//! A call runs on the record as it is when the call begins, without any lock, and writes once, when the function
//! has returned: under the partition's lock, if the record is still the same. If it is not, the call is run again.

use super::transaction::{Part, View, blocked};
use super::{Ending, Failure, Origin, Reply, Request, expression, ttl, write};
use crate::store::{Counter, Namespace, Partition, Record, RecordHeader, Set, storage_size};
use crate::udf::{Call, CallResult, RecordState};
use aerospike_wire::bits::{info2, info3};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Message, Particle, ParticleType, ResultCode, field, op};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// Longest name of a module or a function (lua §2).
const MAX_NAME: usize = 127;
/// How long a call may run that does not say (lua §13).
const DEFAULT_LIMIT: Duration = Duration::from_secs(1);
/// How often a call is run on a record that keeps changing.
const MAX_RUNS: usize = 1000;

/// Name of the op that carries the function's value.
const SUCCESS: &[u8] = b"SUCCESS";
/// Name of the op that carries the text of a failure.
const FAILURE: &[u8] = b"FAILURE";

/// Runs a call and appends what the function returns.
pub fn run(request: &Request<'_>, reply: &mut Reply<'_>) -> Ending {
    let outcome = execute(request).unwrap_or_else(Outcome::failed);
    count(request, &outcome);
    if let Some(result) = &outcome.result {
        put_result(reply, result);
    }
    outcome.ending
}

/// Appends what a function came to.
pub fn put_result(reply: &mut Reply<'_>, result: &CallResult) {
    match result {
        Ok(value) => reply.op(op::READ, SUCCESS, value.as_particle()),
        Err(text) => reply.op(op::READ, FAILURE, Particle::new(ParticleType::STRING, text.as_bytes())),
    }
}

/// How a call ended.
struct Outcome {
    ending: Ending,
    /// What the function came to, if the call got so far and its write went well.
    result: Option<CallResult>,
    effect: Effect,
}

/// What a call did to its record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    None,
    Written,
    Removed,
}

impl Outcome {
    fn failed(failure: Failure) -> Outcome {
        Outcome { ending: failure, result: None, effect: Effect::None }
    }
}

/// The function that a message calls; `None` if it does not say so as it should.
pub fn call_of<'a>(message: &Message<'a>) -> Option<Call<'a>> {
    let name = |id| message.field(id).filter(|name| name.len() <= MAX_NAME);
    Some(Call {
        module: name(field::UDF_MODULE)?,
        function: name(field::UDF_FUNCTION)?,
        arguments: message.field(field::UDF_ARGUMENTS)?,
        limit: match message.header.timeout {
            0 => DEFAULT_LIMIT,
            ms => Duration::from_millis(ms as u64),
        },
    })
}

fn execute(request: &Request<'_>) -> Result<Outcome, Failure> {
    write::refuse_by_source(request)?;
    let call = call_of(&request.message).ok_or(Ending::bare(ResultCode::PARAMETER))?;
    let header = request.header();
    let policies = header.info2 & (info2::GENERATION | info2::GENERATION_GT | info2::CREATE_ONLY) != 0
        || header.info3 & (info3::UPDATE_ONLY | info3::CREATE_OR_REPLACE | info3::REPLACE_ONLY) != 0;
    if policies {
        return Err(Ending::bare(ResultCode::PARAMETER));
    }
    let part = Part::of(request)?;
    let name = request.namespace.name().as_bytes();
    let namespace = request.server.store.namespace(name).ok_or(Ending::bare(ResultCode::NAMESPACE))?;
    let locks = &request.server.udfs.locks;
    let address = std::ptr::from_ref(request.namespace).addr();
    let until = Instant::now() + call.limit;
    let lock = || locks.lock(address, request.digest, until).ok_or(Ending::bare(ResultCode::TIMEOUT));
    let mut held = if locks.is_any_held() { Some(lock()?) } else { None };
    for _ in 0..MAX_RUNS {
        if let Some(outcome) = (Attempt { request, namespace, part }).run(&call)? {
            return Ok(outcome);
        }
        if held.is_none() {
            held = Some(lock()?);
        }
        if Instant::now() > until {
            break;
        }
    }
    Err(Ending::bare(ResultCode::KEY_BUSY))
}

/// One run of a call.
struct Attempt<'r, 'a> {
    request: &'r Request<'a>,
    namespace: &'r Arc<Namespace>,
    part: Option<Part>,
}

impl Attempt<'_, '_> {
    /// Runs the function; `None` if the record has changed meanwhile.
    fn run(&self, call: &Call<'_>) -> Result<Option<Outcome>, Failure> {
        let request = self.request;
        let now = request.namespace.clock.now_seconds();
        let (view, stored) = {
            let partition = request.namespace.partition(&request.digest).read();
            let view = View::to_read(request, self.part, &partition, now)?;
            let stored = view.record(&partition, &request.digest).cloned();
            (view, stored)
        };
        let existing = stored.as_ref().filter(|record| !record.is_expired(now));
        if existing.is_none() && view.is_blocked() {
            return Err(blocked(request.namespace));
        }
        let done = self.check_record(existing).and_then(|()| self.call(call, stored.as_ref(), existing));
        match done {
            Ok(Some(outcome)) if outcome.effect == Effect::None => {
                Ok(Some(Outcome { ending: view.tell_version(outcome.ending), ..outcome }))
            }
            Ok(outcome) => Ok(outcome),
            Err(failure) => Err(view.tell_version(failure)),
        }
    }

    /// Runs the function on a record that it may run on, and writes what it did.
    fn call(
        &self,
        call: &Call<'_>,
        stored: Option<&Record>,
        existing: Option<&Record>,
    ) -> Result<Option<Outcome>, Failure> {
        let request = self.request;
        let namespace = self.namespace.clone();
        let mut state = Some(RecordState::new(namespace, request.digest, existing.cloned(), request.key()));
        let result = request.server.udfs.apply(call, &mut state);
        let end = |code| existing.map_or(Ending::bare(code), |record| Ending::of(code, record));
        let untouched = |code, result| {
            let outcome = Outcome { ending: end(code), result: Some(result), effect: Effect::None };
            Ok(Some(outcome))
        };
        match (state, result) {
            (Some(state), Ok(value)) if state.written => self.commit(stored, &state, value),
            (_, Ok(value)) => untouched(ResultCode::OK, Ok(value)),
            (_, Err(text)) => untouched(ResultCode::UDF_EXECUTION, Err(text)),
        }
    }

    /// What is checked of a record before the function runs, in the server's order.
    fn check_record(&self, existing: Option<&Record>) -> Result<(), Failure> {
        let request = self.request;
        let Some(record) = existing else {
            // What a query has found and is gone since is not created anew.
            return match request.origin {
                Origin::Query => Err(Ending::bare(ResultCode::NOT_FOUND)),
                Origin::Client | Origin::Batch | Origin::Direct => Ok(()),
            };
        };
        let fail = |code| Ending::of(code, record);
        if request.namespace.sets.name(record.header().set) != request.set {
            return Err(fail(ResultCode::PARAMETER));
        }
        expression::check_filter(request, record).map_err(fail)?;
        write::check_key(request.key(), record.key()).map_err(fail)
    }

    /// Writes what the function did; `None` if the record has changed meanwhile.
    fn commit(
        &self,
        stored: Option<&Record>,
        state: &RecordState,
        value: ParticleBuf,
    ) -> Result<Option<Outcome>, Failure> {
        let request = self.request;
        let mut partition = request.namespace.partition(&request.digest).write();
        let now_ms = request.namespace.clock.now_ms();
        let view = View::to_write(request, self.part, &partition, (now_ms / 1000) as u32)?;
        let position = partition.position(&request.digest);
        let present = view.record_at(&partition, position);
        let is_same = match (present, stored) {
            (Some(present), Some(stored)) => present.is_same(stored),
            (present, stored) => present.is_none() && stored.is_none(),
        };
        if !is_same {
            return Ok(None);
        }
        let existing = state.existing.as_ref();
        let fail = |code| existing.map_or(Ending::bare(code), |record| Ending::of(code, record));
        view.check_relock(request).map_err(fail)?;
        view.check_deadline(request.namespace, now_ms).map_err(fail)?;
        let write = Write { request, view: &view, now_ms, state };
        let (ending, effect) = write.apply(&mut partition, position).map_err(fail)?;
        Ok(Some(Outcome { ending, result: Some(Ok(value)), effect }))
    }
}

/// The write of what a function did.
struct Write<'r, 'a> {
    request: &'r Request<'a>,
    view: &'r View,
    now_ms: u64,
    state: &'r RecordState,
}

impl Write<'_, '_> {
    fn apply(
        &self,
        partition: &mut Arc<Partition>,
        position: Result<usize, usize>,
    ) -> Result<(Ending, Effect), ResultCode> {
        let Write { request, view, now_ms, state } = *self;
        let (namespace, existing) = (request.namespace, state.existing.as_ref());
        if let Some(code) = state.failure {
            return Err(code);
        }
        if namespace.stop_writes() {
            return Err(ResultCode::OUT_OF_SPACE);
        }
        let set = namespace.sets.find(request.set);
        let ttl = state.ttl.unwrap_or(request.header().ttl);
        let void_time = ttl::void_time(namespace, set, existing, ttl, (now_ms / 1000) as u32)?;
        let generation = view.next_generation(partition, existing, &request.digest);
        let bins = state.changed_bins();
        if bins.is_empty() {
            let existing = existing.ok_or(ResultCode::NOT_FOUND)?;
            view.remove(request, partition, position, existing, now_ms)?;
            let ending = Ending { generation, void_time, ..Ending::bare(ResultCode::OK) };
            return Ok((ending, Effect::Removed));
        }
        if existing.is_none() && set.is_some_and(Set::is_full) {
            return Err(ResultCode::FORBIDDEN);
        }
        let key = match state.drops_key {
            true => &[],
            false => existing.and_then(Record::key).or(request.key()).unwrap_or_default(),
        };
        let size = storage_size(void_time, request.set, key.len(), bins.len(), bins.named());
        if size > namespace.settings.max_record_size.load(Relaxed) as usize {
            namespace.stats.bump(Counter::FailRecordTooBig);
            return Err(ResultCode::RECORD_TOO_BIG);
        }
        let header = RecordHeader {
            digest: request.digest,
            generation,
            set: match request.set {
                [] => 0,
                name => namespace.sets.find_or_create(name)?.id,
            },
            void_time,
            n_bins: bins.len() as u16,
            key_size: key.len() as u32,
            storage_size: size as u32,
            value_indexes: bins.value_indexes(),
            last_update: now_ms,
        };
        let record = write::encode(header, key, &bins);
        let ending = Ending::of(ResultCode::OK, &record);
        view.put(request, partition, position, record)?;
        Ok((ending, Effect::Written))
    }
}

fn count(request: &Request<'_>, outcome: &Outcome) {
    use Counter::*;
    let stats = &request.namespace.stats;
    let [complete, error, filtered_out, read, written, removed, failed] = match request.origin {
        Origin::Client => [
            UdfComplete,
            UdfError,
            UdfFilteredOut,
            LangReadSuccess,
            LangWriteSuccess,
            LangDeleteSuccess,
            LangError,
        ],
        Origin::Batch => [
            BatchUdfComplete,
            BatchUdfError,
            BatchUdfFilteredOut,
            BatchLangReadSuccess,
            BatchLangWriteSuccess,
            BatchLangDeleteSuccess,
            BatchLangError,
        ],
        Origin::Direct => return,
        Origin::Query => [
            UdfSubComplete,
            UdfSubError,
            UdfSubFilteredOut,
            UdfSubReadSuccess,
            UdfSubWriteSuccess,
            UdfSubDeleteSuccess,
            UdfSubLangError,
        ],
    };
    stats.bump(match (outcome.ending.code, &outcome.result) {
        (ResultCode::FILTERED_OUT, _) => filtered_out,
        (_, None) => error,
        (_, Some(_)) => complete,
    });
    match (&outcome.result, outcome.effect) {
        (Some(Ok(_)), Effect::None) => stats.bump(read),
        (Some(Ok(_)), Effect::Written) => stats.bump(written),
        (Some(Ok(_)), Effect::Removed) => stats.bump(removed),
        (Some(Err(_)), _) => stats.bump(failed),
        (None, _) => {}
    }
}
