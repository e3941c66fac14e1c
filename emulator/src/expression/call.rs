//! Calls into lists, maps, bits and HyperLogLogs (expressions §17).

use super::kind::Type;
use super::node::Node;
use super::path::PathOperation;

/// A call on a value.
#[derive(Debug)]
pub(super) struct Call {
    /// The type that the result must have.
    pub kind: Type,
    pub system: System,
    /// Whether the op changes its value; the result then is the changed value.
    pub modify: bool,
    pub operation: Operation,
    /// The value that is called on: a bin, a constant, another call.
    pub target: Node,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum System {
    Cdt,
    Bits,
    Hll,
}

/// The op's bytes, as a bin operation holds them.
#[derive(Debug)]
pub(super) enum Operation {
    /// Literal bytes between arguments that have to be evaluated.
    Template(Box<[Segment]>),
    /// A path operation; `None` if it is malformed, which makes the call unknown.
    Path(Option<PathOperation>),
}

#[derive(Debug)]
pub(super) enum Segment {
    Literal(Box<[u8]>),
    Argument(Node),
}
