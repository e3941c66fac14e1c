//! What only an emulator has: a clock that tests can move, snapshots, faults, a log of commands.
//!
//! | file | subject |
//! |---|---|
//! | [`clock`] | the time of records, sessions and quotas |
//! | [`fault`] | rules that delay, refuse, cut or drop |
//! | [`log`] | the last commands |
//! | [`snapshot`] | all data at one moment, and the way back |
//! | [`access`] | records without a client |
//! | [`fixture`] | data from files and to files |
//! | [`value_json`] | values as JSON |
//! | [`kind`], [`pattern`] | which commands a fault or a question to the log is about |
//! | [`watch`] | a request that faults or the log have to do with |
//! | [`random`] | a source of chance that can be seeded |
//! | [`commands`] | all of it as text: `emulator-…` info commands, the `ctl` command, the Python package |
//!
//! Each facility is a type with methods, reached through [`crate::Emulator`].

pub mod access;
mod arguments;
pub mod clock;
pub mod commands;
mod duration;
pub mod fault;
pub mod fixture;
pub mod kind;
pub mod log;
pub mod pattern;
mod random;
pub mod snapshot;
pub mod value_json;
pub mod watch;

pub use arguments::{Arguments, Refusal};
pub use clock::{Clock, ClockControl};
pub use duration::parse_duration;
pub use fault::{Action, Fault, Faults};
pub use kind::{Kind, Kinds};
pub use log::CommandLog;
pub use pattern::{Pattern, Subject};
pub use random::Random;
pub use snapshot::Snapshot;
pub use watch::{Watch, Watching};

use aerospike_wire::Header;
use aerospike_wire::bits::info2;
use snapshot::NamedSnapshots;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// The facilities of one server.
#[derive(Debug)]
pub struct Control {
    /// Where chance comes from.
    pub random: Arc<Random>,
    /// Rules that disturb commands.
    pub faults: Faults,
    /// The last commands.
    pub log: CommandLog,
    /// Snapshots that clients have taken.
    pub snapshots: NamedSnapshots,
    /// Number of the server in this process.
    number: u64,
    in_use: Arc<InUse>,
}

/// Which facilities every request has to do with: one bit each.
#[derive(Debug, Default)]
struct InUse(AtomicU8);

impl InUse {
    const FAULTS: u8 = 1;
    const LOG: u8 = 2;

    fn set(&self, facility: u8, is_on: bool) {
        match is_on {
            true => self.0.fetch_or(facility, Ordering::Relaxed),
            false => self.0.fetch_and(!facility, Ordering::Relaxed),
        };
    }

    fn has(&self, facility: u8) -> bool {
        self.0.load(Ordering::Relaxed) & facility != 0
    }
}

impl Control {
    /// Nothing watched, nothing kept.
    pub fn new(seed: Option<u64>) -> Control {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let in_use = Arc::new(InUse::default());
        let random = Arc::new(Random::new(seed));
        Control {
            faults: Faults::new(in_use.clone(), random.clone()),
            log: CommandLog::new(in_use.clone()),
            snapshots: NamedSnapshots::default(),
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            random,
            in_use,
        }
    }

    /// Whether requests have to be watched: all that one pays when they have not.
    #[inline]
    pub fn is_watching(&self) -> bool {
        self.in_use.0.load(Ordering::Relaxed) != 0
    }
}

/// Whether a message may change data.
pub fn writes(header: &Header) -> bool {
    header.info2 & info2::WRITE != 0
}
