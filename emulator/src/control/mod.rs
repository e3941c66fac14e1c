//! What only an emulator has: a clock that tests can move.

mod clock;

pub use clock::Clock;
