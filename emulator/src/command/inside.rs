//! Operations inside a bin's value: from the ops of a command to the functions that know the value.

use crate::collection::{self, Outcome, bits, hll};
use crate::expression::ElementExpressions;
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Op, Particle, ParticleType, ResultCode, op};

/// Reads inside a bin that exists.
///
/// # Errors
/// Those of the operation; [`ResultCode::INCOMPATIBLE_TYPE`] for a bit operation that is not sent as a blob
/// (bits §A1).
pub fn read(op: &Op<'_>, bin: Particle<'_>) -> Result<Option<ParticleBuf>, ResultCode> {
    match op.code {
        op::BITS_READ if op.kind != ParticleType::BLOB => Err(ResultCode::INCOMPATIBLE_TYPE),
        op::BITS_READ => bits::read(bin, op.data),
        op::HLL_READ => hll::read(bin, op.data),
        op::CDT_READ => collection::read(bin, op.data, &ElementExpressions::new()),
        _ => Err(ResultCode::PARAMETER),
    }
}

/// Changes the inside of a bin, a missing one included.
///
/// # Errors
/// As [`read`].
pub fn modify(op: &Op<'_>, bin: Option<Particle<'_>>) -> Result<Outcome, ResultCode> {
    match op.code {
        op::BITS_MODIFY if op.kind != ParticleType::BLOB => Err(ResultCode::INCOMPATIBLE_TYPE),
        op::BITS_MODIFY => bits::modify(bin, op.data),
        op::HLL_MODIFY => hll::modify(bin, op.data),
        op::CDT_MODIFY => collection::modify(bin, op.data, &ElementExpressions::new()),
        _ => Err(ResultCode::PARAMETER),
    }
}
