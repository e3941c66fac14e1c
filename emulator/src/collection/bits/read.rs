//! Bit operations that only read (bits §A9).

use aerospike_wire::bit_op::{COUNT, GET, GET_INT, LSCAN, MAX_BITS, RSCAN, integer_flags};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ParticleType, ResultCode};

use super::{OutOfRange, Span, region};
use crate::collection::bit_string::{WORD, load};
use crate::collection::call::Call;

enum Read {
    Get,
    Count,
    FirstOf(bool),
    LastOf(bool),
    GetInt { signed: bool },
}

impl Read {
    fn parse(op: &[u8]) -> Result<(Read, Span), ResultCode> {
        let mut call = Call::parse(op)?;
        let most = if call.id == GET_INT { WORD as i64 } else { MAX_BITS };
        if !(GET..=GET_INT).contains(&call.id) {
            return Err(ResultCode::PARAMETER);
        }
        let span = Span::parse(&mut call, most)?;
        let read = match call.id {
            GET => Read::Get,
            COUNT => Read::Count,
            LSCAN => Read::FirstOf(call.bool()?),
            RSCAN => Read::LastOf(call.bool()?),
            _ => Read::GetInt { signed: call.flags(integer_flags::SIGNED)? != 0 },
        };
        call.end()?;
        Ok((read, span))
    }
}

/// Reads bits of a bin. A missing bin has no value, whatever the operation; callers answer for it.
///
/// `op` is the msgpack list `[id, args…]`. The result is always there.
///
/// # Errors
/// [`ResultCode::PARAMETER`] for a bad operation or argument and for a region that begins before the blob,
/// [`ResultCode::INCOMPATIBLE_TYPE`] if the bin is no blob, [`ResultCode::OP_NOT_APPLICABLE`] if the region ends
/// behind it.
pub fn read(bin: Particle<'_>, op: &[u8]) -> Result<Option<ParticleBuf>, ResultCode> {
    let (read, span) = Read::parse(op)?;
    if bin.kind != ParticleType::BLOB {
        return Err(ResultCode::INCOMPATIBLE_TYPE);
    }
    let data = bin.data;
    let size = span.size;
    let start = span.start(data.len() * 8).map_err(|out| match out {
        OutOfRange::Before => ResultCode::PARAMETER,
        OutOfRange::Behind | OutOfRange::Across(_) => ResultCode::OP_NOT_APPLICABLE,
    })?;
    let place = |at: Option<usize>| at.map_or(-1, |at| at as i64);
    let result = match read {
        Read::Get => return Ok(Some(ParticleBuf::new(ParticleType::BLOB, region::copy(data, start, size)))),
        Read::Count => region::count_ones(data, start, size) as i64,
        Read::FirstOf(wanted) => place(region::first(data, start, size, wanted)),
        Read::LastOf(wanted) => match region::last(data, start, size, wanted) {
            Some(at) => at as i64,
            // The scan goes on to the front of the region's first byte, so that a bit may be found before it.
            None => {
                let lead = start % 8;
                region::last(data, start - lead, lead, wanted).map_or(-1, |at| at as i64 - lead as i64)
            }
        },
        Read::GetInt { signed } => {
            let word = load(data, start, size);
            if signed { region::sign_extend(word, size) } else { word as i64 }
        }
    };
    Ok(Some(ParticleBuf::integer(result)))
}
