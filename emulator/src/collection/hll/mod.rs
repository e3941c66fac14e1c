//! Operations on HyperLogLog sketches (hll §B1–B13).
//!
//! A sketch estimates how many distinct elements were added to it. The first bits of an element's hash choose
//! a register, which keeps the greatest rank seen; with minhash bits it also keeps part of the hash of the
//! element that had it, from which similarities of sketches are estimated better than from counts.

mod compare;
mod element;
mod estimate;
mod modify;
mod read;
mod sketch;
#[cfg(test)]
mod tests;

pub use modify::modify;
pub use read::read;

use aerospike_wire::ResultCode;
use aerospike_wire::msgpack::{Reader, Token};

use super::call::Call;
use sketch::Sketch;

/// Checks the bytes of a sketch that a client writes as a whole value: header and exact size.
///
/// # Errors
/// [`ResultCode::PARAMETER`].
pub fn validate(data: &[u8]) -> Result<(), ResultCode> {
    Sketch::parse(data).map(|_| ())
}

/// Reads an argument that is a sketch or a list of sketches: strings or bins, whatever their particle type
/// bytes say. (Expressions pass another bin without a list around it.)
fn sketches<'a>(call: &mut Call<'a>) -> Result<Vec<Sketch<'a>>, ResultCode> {
    let mut reader = Reader::new(call.element()?);
    let sketch = |token| match token {
        Ok(Token::Raw([_, data @ ..])) => Sketch::parse(data),
        _ => Err(ResultCode::PARAMETER),
    };
    match reader.token() {
        Ok(Token::List(count @ 1..)) => (0..count).map(|_| sketch(reader.token())).collect(),
        one @ Ok(Token::Raw(_)) => Ok(vec![sketch(one)?]),
        _ => Err(ResultCode::PARAMETER),
    }
}
