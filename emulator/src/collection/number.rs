//! Numbers in containers being incremented (cdt §7.4).

use aerospike_wire::ResultCode;
use aerospike_wire::msgpack::{self, Reader, Token};
use aerospike_wire::particle::ParticleBuf;

use super::operation::MALFORMED;

/// An integer or a float.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    /// Reads an element that is a number; unsigned integers beyond i64 wrap.
    pub(crate) fn of(element: &[u8]) -> Option<Number> {
        match Reader::new(element).token() {
            Ok(Token::Int(value)) => Some(Number::Int(value)),
            Ok(Token::Uint(value)) => Some(Number::Int(value as i64)),
            Ok(Token::Float32(value)) => Some(Number::Float(value as f64)),
            Ok(Token::Float64(value)) => Some(Number::Float(value)),
            _ => None,
        }
    }

    pub(crate) fn negated(self) -> Number {
        match self {
            Number::Int(value) => Number::Int(value.wrapping_neg()),
            Number::Float(value) => Number::Float(-value),
        }
    }

    pub(crate) fn to_element(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(9);
        match self {
            Number::Int(value) => msgpack::put_int(&mut out, value),
            Number::Float(value) => msgpack::put_float64(&mut out, value),
        }
        out
    }

    pub(crate) fn to_particle(self) -> ParticleBuf {
        match self {
            Number::Int(value) => ParticleBuf::integer(value),
            Number::Float(value) => ParticleBuf::float(value),
        }
    }

    fn to_float(self) -> f64 {
        match self {
            Number::Int(value) => value as f64,
            Number::Float(value) => value,
        }
    }

    /// The integer towards zero; what does not fit becomes the lowest one, as on the hardware of real servers.
    fn to_int(self) -> i64 {
        match self {
            Number::Int(value) => value,
            Number::Float(value) if value >= -(2f64.powi(63)) && value < 2f64.powi(63) => value as i64,
            Number::Float(_) => i64::MIN,
        }
    }
}

/// The amount to add; nil stands for none given.
///
/// # Errors
/// PARAMETER for what is neither number nor nil.
pub(crate) fn delta(element: &[u8]) -> Result<Option<Number>, ResultCode> {
    match Reader::new(element).token() {
        Ok(Token::Nil) => Ok(None),
        _ => Number::of(element).map(Some).ok_or(MALFORMED),
    }
}

/// A sum, of the type of the number that was there; 1 is added if no amount is given.
pub(crate) fn add(before: Option<Number>, delta: Option<Number>) -> Number {
    let delta = delta.unwrap_or(Number::Int(1));
    match before {
        None => delta,
        Some(Number::Int(value)) => Number::Int(value.wrapping_add(delta.to_int())),
        Some(Number::Float(value)) => Number::Float(value + delta.to_float()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums() {
        use Number::*;
        let rows = [
            (Some(Int(1)), Some(Int(2)), Int(3)),
            (Some(Int(i64::MAX)), Some(Int(1)), Int(i64::MIN)),
            (Some(Int(1)), Some(Float(2.7)), Int(3)),
            (Some(Int(1)), Some(Float(-2.9)), Int(-1)),
            (Some(Float(1.5)), Some(Int(2)), Float(3.5)),
            (Some(Float(1.5)), None, Float(2.5)),
            (Some(Int(1)), None, Int(2)),
            (None, Some(Float(2.5)), Float(2.5)),
            (None, None, Int(1)),
        ];
        for (before, delta, sum) in rows {
            assert_eq!(add(before, delta), sum, "{before:?} {delta:?}");
        }
    }
}
