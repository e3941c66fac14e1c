//! Values as writes send them, and arithmetic on them (wire §8, §14).

use crate::collection::{canonical_list, canonical_map, hll};
use crate::geo;
use crate::store::BinValue;
use aerospike_wire::particle::{ParticleBuf, geojson_text};
use aerospike_wire::{Particle, ParticleType, ResultCode};
use std::borrow::Cow;

/// Checks a value that a bin is to hold, and brings it into the form in which bins hold it.
///
/// # Errors
/// By type, as wire §8 tables them.
pub fn value_of(sent: Particle<'_>) -> Result<BinValue<'_>, ResultCode> {
    match sent.kind {
        ParticleType::INTEGER => match sent.data.len() {
            8 => Ok(sent.into()),
            _ => Ok(ParticleBuf::integer(integer_operand(sent.data)?).into()),
        },
        ParticleType::FLOAT if sent.data.len() == 8 => Ok(sent.into()),
        ParticleType::BOOL if matches!(sent.data, [0 | 1]) => Ok(sent.into()),
        ParticleType::STRING => Ok(sent.into()),
        kind if kind.is_blob() => Ok(sent.into()),
        ParticleType::HLL => hll::validate(sent.data).map(|()| sent.into()),
        ParticleType::LIST => Ok(bin_value(sent.kind, canonical_list(sent.data)?)),
        ParticleType::MAP => Ok(bin_value(sent.kind, canonical_map(sent.data)?)),
        ParticleType::GEOJSON => {
            Ok(ParticleBuf::new(ParticleType::GEOJSON, geo::particle(geojson_text(sent.data)?)?).into())
        }
        _ => Err(ResultCode::PARAMETER),
    }
}

fn bin_value(kind: ParticleType, data: Cow<'_, [u8]>) -> BinValue<'_> {
    match data {
        Cow::Borrowed(data) => Particle::new(kind, data).into(),
        Cow::Owned(data) => ParticleBuf::new(kind, data).into(),
    }
}

/// An integer of 1, 2, 4 or 8 bytes; short ones are zero-extended.
fn integer_operand(data: &[u8]) -> Result<i64, ResultCode> {
    Ok(match data.len() {
        1 => data[0] as i64,
        2 | 4 | 8 => data.iter().fold(0u64, |value, byte| value << 8 | *byte as u64) as i64,
        _ => return Err(ResultCode::PARAMETER),
    })
}

/// Adds a number to a bin.
///
/// # Errors
/// [`ResultCode::INCOMPATIBLE_TYPE`] unless both are integers or both floats, [`ResultCode::SERVER`] for a
/// GeoJSON bin, [`ResultCode::PARAMETER`] for an operand of a wrong size.
pub fn increment(bin: Particle<'_>, operand: Particle<'_>) -> Result<ParticleBuf, ResultCode> {
    match (bin.kind, operand.kind) {
        (ParticleType::GEOJSON, _) => Err(ResultCode::SERVER),
        (ParticleType::INTEGER, ParticleType::INTEGER) => {
            let value = bin.as_integer().ok_or(ResultCode::SERVER)?;
            if operand.data.len() == 16 {
                // The memcache form: a decrement stops at zero.
                let delta = integer_operand(&operand.data[..8])?;
                let sum = value.wrapping_add(delta);
                let below = delta < 0 && (value as u64) < delta.unsigned_abs();
                return Ok(ParticleBuf::integer(if below { 0 } else { sum }));
            }
            Ok(ParticleBuf::integer(value.wrapping_add(integer_operand(operand.data)?)))
        }
        (ParticleType::FLOAT, ParticleType::FLOAT) => {
            let value = bin.as_float().ok_or(ResultCode::SERVER)?;
            Ok(ParticleBuf::float(value + operand.as_float().ok_or(ResultCode::PARAMETER)?))
        }
        _ => Err(ResultCode::INCOMPATIBLE_TYPE),
    }
}

/// Appends to a string or blob, or prepends.
///
/// # Errors
/// [`ResultCode::SERVER`] for a GeoJSON bin, [`ResultCode::INCOMPATIBLE_TYPE`] unless both are of the same
/// string or blob type.
pub fn concatenate(
    bin: Particle<'_>,
    operand: Particle<'_>,
    in_front: bool,
) -> Result<ParticleBuf, ResultCode> {
    if bin.kind == ParticleType::GEOJSON {
        return Err(ResultCode::SERVER);
    }
    let fits = bin.kind == ParticleType::STRING || bin.kind.is_blob();
    if !fits || bin.kind != operand.kind {
        return Err(ResultCode::INCOMPATIBLE_TYPE);
    }
    let (first, second) = if in_front { (operand.data, bin.data) } else { (bin.data, operand.data) };
    Ok(ParticleBuf::new(bin.kind, [first, second].concat()))
}
