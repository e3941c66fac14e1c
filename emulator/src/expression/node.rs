//! The tree that an expression is decoded into.

use super::arithmetic::{FloatPair, FloatUnary, Fold, IntFold, IntPair, IntUnary};
use super::call::Call;
use super::kind::Type;
use super::regex::PosixRegex;
use super::value::{Data, Value};
use crate::geo::Geometry;
use aerospike_wire::ParticleType;

/// An expression or a part of one. Its type has been checked: where a rule wants an integer, the node yields an
/// integer or nothing, except below a call on nil (expressions §17).
#[derive(Debug)]
pub(super) enum Node {
    Unknown,
    Constant(Constant),
    Compare(Comparison, Box<[Node; 2]>),
    Regex(Box<(PosixRegex, Node)>),
    Geo(Box<[Shape; 2]>),
    InList(Box<[Node; 2]>),
    And(Box<[Node]>),
    Or(Box<[Node]>),
    Exclusive(Box<[Node]>),
    Not(Box<Node>),
    IntFold(Fold, Box<[Node]>),
    FloatFold(Fold, Box<[Node]>),
    IntBits(IntFold, Box<[Node]>),
    IntPair(IntPair, Box<[Node; 2]>),
    IntUnary(IntUnary, Box<Node>),
    FloatPair(FloatPair, Box<[Node; 2]>),
    FloatUnary(FloatUnary, Box<Node>),
    ToInt(Box<Node>),
    ToFloat(Box<Node>),
    DigestModulo(i32),
    Metadata(MetadataOp),
    Key(Type),
    Bin(Type, Box<[u8]>),
    BinType(Box<[u8]>),
    Remove,
    MapPart(MapPart, Box<Node>),
    LoopVariable(Type, LoopPart),
    Cond(Box<Cond>),
    Let(Box<Let>),
    /// The slot that holds the variable's value.
    Variable(usize),
    Call(Box<Call>),
}

/// Cases of a conditional, in order, and what holds if none applies.
#[derive(Debug)]
pub(super) struct Cond {
    /// Condition and action.
    pub cases: Box<[(Node, Node)]>,
    pub default: Node,
}

/// Definitions and the expression that may use them.
#[derive(Debug)]
pub(super) struct Let {
    /// Slot of the first definition; the others follow.
    pub first_slot: usize,
    pub definitions: Box<[Node]>,
    pub body: Node,
}

/// A side of a geographic comparison; constants are parsed once.
#[derive(Debug)]
pub(super) enum Shape {
    Constant(Geometry),
    Of(Node),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum MetadataOp {
    DeviceSize,
    MemorySize,
    RecordSize,
    LastUpdate,
    SinceUpdate,
    VoidTime,
    Ttl,
    SetName,
    KeyExists,
    IsTombstone,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum MapPart {
    Keys,
    Values,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LoopPart {
    Key,
    Value,
    Index,
}

/// A constant, owned by the tree.
#[derive(Debug)]
pub(super) enum Constant {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A string, blob, HLL, GeoJSON, list or map: the payload of its particle.
    Bytes(ParticleType, Box<[u8]>),
    /// A msgpack extension.
    Extension(Box<[u8]>),
}

impl Constant {
    pub fn kind(&self) -> Type {
        self.value().kind()
    }

    pub fn value(&self) -> Value<'_> {
        match self {
            Constant::Nil => Value::Nil,
            Constant::Bool(value) => Value::Bool(*value),
            Constant::Int(value) => Value::Int(*value),
            Constant::Float(value) => Value::Float(*value),
            Constant::Extension(bytes) => Value::Extension(Data::Borrowed(bytes)),
            Constant::Bytes(kind, bytes) => {
                let data = Data::Borrowed(bytes);
                match *kind {
                    ParticleType::STRING => Value::String(data),
                    ParticleType::HLL => Value::Hll(data),
                    ParticleType::GEOJSON => Value::GeoJson(data),
                    ParticleType::LIST => Value::List(data),
                    ParticleType::MAP => Value::Map(data),
                    _ => Value::Blob(data),
                }
            }
        }
    }
}
