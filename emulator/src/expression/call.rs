//! Calls into lists and maps, bits and HyperLogLogs (expressions §17).

use super::kind::Type;
use super::node::Node;
use super::path::ElementExpressions;
use crate::collection::{self, Outcome, bits, hll};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ResultCode};

/// A call on a value.
#[derive(Debug)]
pub(super) struct Call {
    /// The type that the result must have.
    pub kind: Type,
    pub system: System,
    /// Whether the op changes its value; the result then is the changed value.
    pub modify: bool,
    /// The op's bytes, as a bin operation holds them, in pieces.
    pub operation: Box<[Segment]>,
    /// The value that is called on: a bin, a constant, another call.
    pub target: Node,
    /// How deep expressions stand that a path operation holds.
    pub inner_depth: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum System {
    Cdt,
    Bits,
    Hll,
}

#[derive(Debug)]
pub(super) enum Segment {
    Literal(Box<[u8]>),
    /// An argument that has to be evaluated.
    Argument(Node),
}

impl Call {
    /// Reads a value with an op.
    pub fn read(&self, bin: Particle<'_>, op: &[u8]) -> Result<Option<ParticleBuf>, ResultCode> {
        match self.system {
            System::Cdt => collection::read(bin, op, &ElementExpressions::inside(self.inner_depth)),
            System::Bits => bits::read(bin, op),
            System::Hll => hll::read(bin, op),
        }
    }

    /// Changes a value, or makes one from nothing, with an op.
    pub fn modify(&self, bin: Option<Particle<'_>>, op: &[u8]) -> Result<Outcome, ResultCode> {
        match self.system {
            System::Cdt => collection::modify(bin, op, &ElementExpressions::inside(self.inner_depth)),
            System::Bits => bits::modify(bin, op),
            System::Hll => hll::modify(bin, op),
        }
    }
}
