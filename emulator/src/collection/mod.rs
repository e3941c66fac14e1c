//! Operations inside a bin's value: pure functions from value and operation to value and result.
//!
//! None of them knows of records, sets or policies; the rooms that do call them: single-record commands,
//! batches, queries and expressions alike.

mod bit_string;
pub mod bits;
mod call;
pub mod hll;
mod outcome;

pub use outcome::Outcome;
