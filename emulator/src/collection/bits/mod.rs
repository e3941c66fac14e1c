//! Operations on the bits of a blob (bits §A1–A10).
//!
//! A blob is one string of bits, bit 0 being the most significant one of byte 0; a region is some bits of it,
//! given by offset and size.

mod modify;
mod read;
mod region;
#[cfg(test)]
mod tests;

pub use modify::modify;
pub use read::read;

use aerospike_wire::ResultCode;
use aerospike_wire::bit_op::MAX_BITS;

use super::call::Call;

/// Where an operation works: a bit offset, negative from the end, and a number of bits.
#[derive(Clone, Copy, Debug)]
struct Span {
    offset: i64,
    size: usize,
}

/// A [`Span`] that reaches beyond the bits that exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum OutOfRange {
    /// Begins before the first bit.
    Before,
    /// Begins behind the last bit.
    Behind,
    /// Begins at this bit, but ends behind the last one.
    Across(usize),
}

impl Span {
    /// Reads offset and size of a region of at most `most` bits.
    fn parse(call: &mut Call<'_>, most: i64) -> Result<Span, ResultCode> {
        Ok(Span { offset: call.int(-MAX_BITS, MAX_BITS)?, size: call.size(1, most)? })
    }

    /// The first bit in a string of `count` bits, if the whole span lies inside.
    fn start(self, count: usize) -> Result<usize, OutOfRange> {
        let magnitude = self.offset.unsigned_abs() as usize;
        let start =
            if self.offset < 0 { count.checked_sub(magnitude).ok_or(OutOfRange::Before)? } else { magnitude };
        match count.checked_sub(start) {
            None | Some(0) => Err(OutOfRange::Behind),
            Some(room) if room < self.size => Err(OutOfRange::Across(start)),
            Some(_) => Ok(start),
        }
    }
}
