//! What only an emulator has: a clock that tests can move, snapshots, faults, a log of commands.
//!
//! | file | subject |
//! |---|---|
//! | [`clock`] | the time of records, sessions and quotas |
//! | [`random`] | a source of chance that can be seeded |
//! | [`commands`] | all of it as text: `emulator-…` info commands, the `ctl` command, the Python package |
//!
//! Each facility is a type with methods, reached through [`crate::Emulator`].

mod arguments;
pub mod clock;
pub mod commands;
mod duration;
mod random;

pub use arguments::{Arguments, Refusal};
pub use clock::{Clock, ClockControl};
pub use duration::parse_duration;
pub use random::Random;

/// The facilities of one server.
#[derive(Debug)]
pub struct Control {
    /// Where chance comes from.
    pub random: Random,
}

impl Control {
    /// Nothing watched, nothing kept.
    pub fn new(seed: Option<u64>) -> Control {
        Control { random: Random::new(seed) }
    }
}
