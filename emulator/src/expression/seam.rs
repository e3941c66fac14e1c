//! Where expressions meet the rooms for lists and maps, bits, HyperLogLogs and geometry.

use super::call::System;
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ResultCode};

/// Temporary.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// The operation's result.
    pub result: Option<ParticleBuf>,
    /// The bin's new value.
    pub change: Option<ParticleBuf>,
}

/// Reads a value with an operation of its system.
pub(super) fn read(_: System, _: Particle<'_>, _: &[u8]) -> Result<Option<ParticleBuf>, ResultCode> {
    Err(ResultCode::UNSUPPORTED_FEATURE)
}

/// Changes a value, or makes one from nothing, with an operation of its system.
pub(super) fn modify(_: System, _: Option<Particle<'_>>, _: &[u8]) -> Result<Outcome, ResultCode> {
    Err(ResultCode::UNSUPPORTED_FEATURE)
}

/// The payload of a GeoJSON particle from its text; `None` if the text is not valid GeoJSON.
pub(super) fn geojson_particle(text: &[u8]) -> Option<Vec<u8>> {
    Some([&[0; 3], text].concat())
}

/// Whether one of two GeoJSON particles is a region and the other a point inside; `None` if either is malformed.
pub(super) fn geo_within(_: &[u8], _: &[u8]) -> Option<bool> {
    None
}
