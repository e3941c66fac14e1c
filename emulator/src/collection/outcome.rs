//! What a modify operation comes to.

use aerospike_wire::particle::ParticleBuf;

/// What a modify operation answers, and what it makes of the bin.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// The operation's result; `None` if it has nothing to return (a null result when the client wants one
    /// for every op, wire §15).
    pub result: Option<ParticleBuf>,
    /// The bin's new value; `None` leaves the bin as it is, a missing one missing.
    pub change: Option<ParticleBuf>,
}

impl Outcome {
    /// Nothing returned, nothing changed: what a no-fail flag makes of a failure.
    pub fn nothing() -> Outcome {
        Outcome::default()
    }

    /// A new value, nothing returned.
    pub fn changed(value: ParticleBuf) -> Outcome {
        Outcome { result: None, change: Some(value) }
    }
}
