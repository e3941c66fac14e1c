//! The operations of a command, in order, and what each returns (wire §13 to §15).

use super::expression::{StoredRecord, WorkingRecord, WriteContext};
use super::{Reply, Request, check_bin_name, inside, scalar};
use crate::expression::operation::{BinChange, ExpModify, ExpRead};
use crate::store::{BinValue, Bins, Record};
use aerospike_wire::bits::info1;
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Op, Particle, ParticleType, ResultCode, op};

/// Where the operations of one command put their results.
pub struct Results<'r, 'o> {
    /// The reply.
    pub reply: &'r mut Reply<'o>,
    /// Whether every op returns a result, an empty one if it has none.
    pub all: bool,
    /// Whether the command writes.
    pub writes: bool,
}

impl Results<'_, '_> {
    /// Returns a value, or nothing.
    pub fn push(&mut self, op: &Op<'_>, value: Option<Particle<'_>>) {
        match value {
            Some(value) => self.reply.op(op.code, op.name, value),
            None if self.all => self.reply.op(op.code, op.name, Particle::NULL),
            None => {}
        }
    }
}

/// Reads inside a bin and returns what is there; a missing bin has nothing, whatever the operation.
fn push_read(
    results: &mut Results<'_, '_>,
    op: &Op<'_>,
    bin: Option<Particle<'_>>,
) -> Result<(), ResultCode> {
    let value = bin.map(|bin| inside::read(op, bin)).transpose()?.flatten();
    push_result(results, op, bin.is_some(), value);
    Ok(())
}

/// Returns the result of a read on a value that may be missing. A command that writes tells an empty result even
/// when it was not asked to tell all (wire §15).
fn push_result(results: &mut Results<'_, '_>, op: &Op<'_>, exists: bool, value: Option<ParticleBuf>) {
    let nothing = (exists && results.writes).then_some(Particle::NULL);
    results.push(op, value.as_ref().map(ParticleBuf::as_particle).or(nothing));
}

/// Runs the ops of a command that only reads.
///
/// # Errors
/// The code of the first op that fails.
pub fn read_ops(
    request: &Request<'_>,
    record: &Record,
    results: &mut Results<'_, '_>,
) -> Result<(), ResultCode> {
    for op in request.message.ops() {
        check_bin_name(op.name)?;
        match op.code {
            op::READ => results.push(&op, record.bin(op.name)),
            op::BITS_READ | op::HLL_READ => push_read(results, &op, record.bin(op.name))?,
            op::CDT_READ => {
                let bin = record.collection(op.name);
                push_read(results, &op, bin.as_ref().map(BinValue::as_particle))?;
            }
            op::EXP_READ => {
                let view = StoredRecord::new(request.namespace, record);
                let value = ExpRead::decode(op.data)?.run(&view)?;
                push_result(results, &op, true, value);
            }
            _ => return Err(ResultCode::PARAMETER),
        }
    }
    Ok(())
}

/// Runs the ops of a command that writes; each sees what those before it did.
///
/// # Errors
/// The code of the first op that fails; the caller drops `bins` then.
pub fn write_ops<'a>(
    context: &WriteContext<'a>,
    bins: &mut Bins<'a>,
    results: &mut Results<'_, '_>,
) -> Result<(), ResultCode> {
    let request = context.request;
    let gets_all = request.header().info1 & info1::GET_ALL != 0;
    for op in request.message.ops() {
        match op.code {
            op::READ if gets_all && op.name.is_empty() => {
                bins.named().for_each(|(name, value)| results.reply.op(op::READ, name, value));
            }
            op::READ => results.push(&op, bins.get(op.name)),
            op::WRITE => {
                match op.kind {
                    ParticleType::NULL => bins.remove(op.name),
                    _ => bins.set(op.name, scalar::value_of(op.particle())?),
                }
                results.push(&op, None);
            }
            op::INCR | op::APPEND | op::PREPEND => {
                if !op.kind.is_storable() {
                    return Err(ResultCode::PARAMETER);
                }
                let value = match bins.get(op.name) {
                    None => scalar::value_of(op.particle())?,
                    Some(old) if op.code == op::INCR => scalar::increment(old, op.particle())?.into(),
                    Some(old) => scalar::concatenate(old, op.particle(), op.code == op::PREPEND)?.into(),
                };
                bins.set(op.name, value);
                results.push(&op, None);
            }
            op::TOUCH => {}
            op::DELETE_ALL => {
                bins.clear();
                results.push(&op, None);
            }
            op::BITS_READ | op::HLL_READ => push_read(results, &op, bins.get(op.name))?,
            op::CDT_READ => {
                let bin = bins.collection(op.name);
                push_read(results, &op, bin.as_ref().map(BinValue::as_particle))?;
            }
            op::BITS_MODIFY | op::HLL_MODIFY | op::CDT_MODIFY => {
                let bin = bins.collection(op.name);
                let outcome = inside::modify(&op, bin.as_ref().map(BinValue::as_particle))?;
                if let Some(value) = outcome.change {
                    bins.set(op.name, value);
                }
                results.push(&op, outcome.result.as_ref().map(ParticleBuf::as_particle));
            }
            op::EXP_READ => {
                let value = ExpRead::decode(op.data)?.run(&WorkingRecord { context, bins })?;
                push_result(results, &op, true, value);
            }
            op::EXP_MODIFY => {
                match ExpModify::decode(op.data)?.run(&WorkingRecord { context, bins }, op.name)? {
                    BinChange::None => {}
                    BinChange::Set(value) => bins.set(op.name, value),
                    BinChange::Delete => bins.remove(op.name),
                }
                results.push(&op, None);
            }
            _ => return Err(ResultCode::PARAMETER),
        }
    }
    Ok(())
}
