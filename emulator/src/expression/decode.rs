//! From msgpack to the tree, with the checks that a server makes while it builds an expression (expressions §5).
//!
//! Every failure is [`ResultCode::PARAMETER`].

use super::arithmetic::{FloatPair, FloatUnary, Fold, IntFold, IntPair, IntUnary};
use super::call::{Call, Segment, System};
use super::constant;
use super::kind::Type;
use super::node::{Comparison, Cond, Constant, Let, LoopPart, MapPart, MetadataOp, Node, Shape};
use super::regex::PosixRegex;
use super::{MAX_DEPTH, MAX_NODES, Uses};
use crate::geo;
use aerospike_wire::cdt;
use aerospike_wire::exp::{self, op};
use aerospike_wire::msgpack::{Malformed, Reader, Token};
use aerospike_wire::{ResultCode, exp::loop_variable};
use std::collections::HashMap;

/// The longest bin name in bytes.
const MAX_BIN_NAME: usize = 15;

/// An expression is malformed or ill-typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bad;

impl From<Malformed> for Bad {
    fn from(_: Malformed) -> Bad {
        Bad
    }
}

impl From<Bad> for ResultCode {
    fn from(_: Bad) -> ResultCode {
        ResultCode::PARAMETER
    }
}

/// A decoded part with its static type.
pub(super) struct Typed {
    pub node: Node,
    pub kind: Type,
}

impl Typed {
    fn new(node: Node, kind: Type) -> Result<Typed, Bad> {
        Ok(Typed { node, kind })
    }
}

/// What the parts of one expression, nested path expressions included, may use up together.
pub(super) struct Budget {
    /// Nodes left.
    pub nodes: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { nodes: MAX_NODES }
    }
}

/// A whole expression, decoded.
pub(super) struct Decoded {
    pub root: Typed,
    /// How many variables are visible at once, at most.
    pub slots: usize,
    pub uses: Uses,
}

/// Decodes exactly one expression that stands `depth` levels below the outermost one.
pub(super) fn decode(bytes: &[u8], depth: usize, budget: &mut Budget) -> Result<Decoded, Bad> {
    let mut decoder = Decoder {
        reader: Reader::new(bytes),
        bytes,
        budget,
        scope: Vec::new(),
        variables: HashMap::new(),
        slots: 0,
        uses: Uses::default(),
    };
    let root = decoder.expression(depth)?;
    if !decoder.reader.is_empty() {
        return Err(Bad);
    }
    Ok(Decoded { root, slots: decoder.slots, uses: decoder.uses })
}

struct Decoder<'a, 'b> {
    reader: Reader<'a>,
    bytes: &'a [u8],
    budget: &'b mut Budget,
    /// Variables that are visible here, in order of definition; the position is the slot.
    scope: Vec<&'a [u8]>,
    /// Their slots and types.
    variables: HashMap<&'a [u8], (usize, Type)>,
    slots: usize,
    uses: Uses,
}

impl<'a> Decoder<'a, '_> {
    /// Any expression.
    fn expression(&mut self, depth: usize) -> Result<Typed, Bad> {
        if depth > MAX_DEPTH {
            return Err(Bad);
        }
        self.budget.nodes = self.budget.nodes.checked_sub(1).ok_or(Bad)?;
        match self.reader.peek()? {
            Token::List(0) => Err(Bad),
            Token::List(count) => {
                self.reader.list()?;
                let id = self.reader.int()?;
                self.operation(id, count - 1, depth)
            }
            _ => {
                let constant = constant::decode(self.reader.element()?)?;
                let kind = constant.kind();
                // An extension means something as a side of a comparison only.
                if kind == Type::Extension { Err(Bad) } else { Typed::new(Node::Constant(constant), kind) }
            }
        }
    }

    /// An expression of a type.
    fn typed(&mut self, depth: usize, kind: Type) -> Result<Node, Bad> {
        let child = self.expression(depth + 1)?;
        if child.kind == kind { Ok(child.node) } else { Err(Bad) }
    }

    fn pair(&mut self, depth: usize, a: Type, b: Type) -> Result<Box<[Node; 2]>, Bad> {
        Ok(Box::new([self.typed(depth, a)?, self.typed(depth, b)?]))
    }

    fn all(&mut self, count: u32, depth: usize, kind: Type) -> Result<Box<[Node]>, Bad> {
        // An argument takes at least a byte, which bounds what a false count can reserve.
        let mut nodes = Vec::with_capacity((count as usize).min(self.reader.rest().len()));
        for _ in 0..count {
            nodes.push(self.typed(depth, kind)?);
        }
        Ok(nodes.into())
    }

    /// The arguments of an op whose id has been read.
    fn operation(&mut self, id: i64, count: u32, depth: usize) -> Result<Typed, Bad> {
        match id {
            op::UNKNOWN if count == 0 => Typed::new(Node::Unknown, Type::Bool),
            op::EQ..=op::LE if count == 2 => self.comparison(id, depth),
            op::REGEX if count == 3 => self.regex(depth),
            op::GEO if count == 2 => {
                Typed::new(Node::Geo(Box::new([self.shape(depth)?, self.shape(depth)?])), Type::Bool)
            }
            op::IN_LIST if count == 2 => {
                let needle = self.comparand(depth)?.node;
                Typed::new(Node::InList(Box::new([needle, self.typed(depth, Type::List)?])), Type::Bool)
            }
            op::AND..=op::EXCLUSIVE => self.logic(id, count, depth),
            op::ADD..=op::TO_FLOAT | op::MIN | op::MAX => self.number(id, count, depth),
            op::INT_AND..=op::INT_RSCAN => self.integer(id, count, depth),
            op::DIGEST_MODULO..=op::RECORD_SIZE => self.metadata(id, count),
            op::KEY..=op::BIN_TYPE | op::LOOP_VARIABLE => self.access(id, count),
            op::RESULT_REMOVE if count == 0 => Typed::new(Node::Remove, Type::Remove),
            op::MAP_KEYS | op::MAP_VALUES if count == 1 => {
                let part = if id == op::MAP_KEYS { MapPart::Keys } else { MapPart::Values };
                let map = self.expression(depth + 1)?.node;
                Typed::new(Node::MapPart(part, Box::new(map)), Type::List)
            }
            op::COND if count >= 3 && count % 2 == 1 => self.cond(count, depth),
            op::VAR if count == 1 => self.variable(),
            op::LET if count >= 3 && count % 2 == 1 => self.definitions(count, depth),
            op::QUOTE if count == 1 => {
                let list = constant::list(self.reader.element()?)?;
                Typed::new(Node::Constant(list), Type::List)
            }
            op::CALL if count == 4 => self.call(depth),
            _ => Err(Bad),
        }
    }

    /// A side of a comparison, where an extension may stand too.
    fn comparand(&mut self, depth: usize) -> Result<Typed, Bad> {
        if let Token::Ext(..) = self.reader.peek()? {
            let bytes = self.reader.element()?;
            return Typed::new(Node::Constant(Constant::Extension(bytes.into())), Type::Extension);
        }
        self.expression(depth + 1)
    }

    #[inline(never)]
    fn comparison(&mut self, id: i64, depth: usize) -> Result<Typed, Bad> {
        let comparison = match id {
            op::EQ => Comparison::Eq,
            op::NE => Comparison::Ne,
            op::GT => Comparison::Gt,
            op::GE => Comparison::Ge,
            op::LT => Comparison::Lt,
            _ => Comparison::Le,
        };
        let left = self.comparand(depth)?;
        let right = self.comparand(depth)?;
        if left.kind != right.kind || matches!(left.kind, Type::GeoJson | Type::Hll) {
            return Err(Bad);
        }
        Typed::new(Node::Compare(comparison, Box::new([left.node, right.node])), Type::Bool)
    }

    #[inline(never)]
    fn regex(&mut self, depth: usize) -> Result<Typed, Bad> {
        let flags = self.reader.int()?;
        let pattern = self.reader.raw()?;
        let regex = PosixRegex::new(pattern, flags).map_err(|_| Bad)?;
        let subject = self.typed(depth, Type::String)?;
        Typed::new(Node::Regex(Box::new((regex, subject))), Type::Bool)
    }

    fn shape(&mut self, depth: usize) -> Result<Shape, Bad> {
        match self.typed(depth, Type::GeoJson)? {
            Node::Constant(Constant::Bytes(_, data)) => {
                geo::geometry(&data).map(Shape::Constant).map_err(|_| Bad)
            }
            node => Ok(Shape::Of(node)),
        }
    }

    #[inline(never)]
    fn logic(&mut self, id: i64, count: u32, depth: usize) -> Result<Typed, Bad> {
        let node = match (id, count) {
            (op::NOT, 1) => Node::Not(Box::new(self.typed(depth, Type::Bool)?)),
            (op::NOT, _) | (_, 0 | 1) => return Err(Bad),
            (op::AND, _) => Node::And(self.all(count, depth, Type::Bool)?),
            (op::OR, _) => Node::Or(self.all(count, depth, Type::Bool)?),
            _ => Node::Exclusive(self.all(count, depth, Type::Bool)?),
        };
        Typed::new(node, Type::Bool)
    }

    /// Arithmetic, on integers or floats.
    #[inline(never)]
    fn number(&mut self, id: i64, count: u32, depth: usize) -> Result<Typed, Bad> {
        let fold = match id {
            op::ADD => Fold::Add,
            op::SUB => Fold::Sub,
            op::MUL => Fold::Mul,
            op::DIV => Fold::Div,
            op::MIN => Fold::Min,
            op::MAX => Fold::Max,
            _ => return self.fixed_number(id, count, depth),
        };
        if count == 0 {
            return Err(Bad);
        }
        // The first argument's type is wanted of the others too.
        let mut nodes = Vec::with_capacity((count as usize).min(self.reader.rest().len()));
        let first = self.expression(depth + 1)?;
        nodes.push(first.node);
        for _ in 1..count {
            nodes.push(self.typed(depth, first.kind)?);
        }
        match first.kind {
            Type::Int => Typed::new(Node::IntFold(fold, nodes.into()), Type::Int),
            Type::Float => Typed::new(Node::FloatFold(fold, nodes.into()), Type::Float),
            _ => Err(Bad),
        }
    }

    /// Arithmetic with a fixed number of arguments.
    fn fixed_number(&mut self, id: i64, count: u32, depth: usize) -> Result<Typed, Bad> {
        use Type::{Float, Int};
        match (id, count) {
            (op::POW, 2) => {
                Typed::new(Node::FloatPair(FloatPair::Pow, self.pair(depth, Float, Float)?), Float)
            }
            (op::LOG, 2) => {
                Typed::new(Node::FloatPair(FloatPair::Log, self.pair(depth, Float, Float)?), Float)
            }
            (op::MOD, 2) => Typed::new(Node::IntPair(IntPair::Mod, self.pair(depth, Int, Int)?), Int),
            (op::ABS, 1) => {
                let number = self.expression(depth + 1)?;
                let node = Box::new(number.node);
                match number.kind {
                    Int => Typed::new(Node::IntUnary(IntUnary::Abs, node), Int),
                    Float => Typed::new(Node::FloatUnary(FloatUnary::Abs, node), Float),
                    _ => Err(Bad),
                }
            }
            (op::FLOOR | op::CEIL, 1) => {
                let operation = if id == op::FLOOR { FloatUnary::Floor } else { FloatUnary::Ceil };
                Typed::new(Node::FloatUnary(operation, Box::new(self.typed(depth, Float)?)), Float)
            }
            (op::TO_INT, 1) => Typed::new(Node::ToInt(Box::new(self.typed(depth, Float)?)), Int),
            (op::TO_FLOAT, 1) => Typed::new(Node::ToFloat(Box::new(self.typed(depth, Int)?)), Float),
            _ => Err(Bad),
        }
    }

    /// Bit operations on integers.
    #[inline(never)]
    fn integer(&mut self, id: i64, count: u32, depth: usize) -> Result<Typed, Bad> {
        let node = match (id, count) {
            (op::INT_AND, 1..) => Node::IntBits(IntFold::And, self.all(count, depth, Type::Int)?),
            (op::INT_OR, 1..) => Node::IntBits(IntFold::Or, self.all(count, depth, Type::Int)?),
            (op::INT_XOR, 1..) => Node::IntBits(IntFold::Xor, self.all(count, depth, Type::Int)?),
            (op::INT_NOT, 1) => Node::IntUnary(IntUnary::Not, Box::new(self.typed(depth, Type::Int)?)),
            (op::INT_COUNT, 1) => Node::IntUnary(IntUnary::Count, Box::new(self.typed(depth, Type::Int)?)),
            (op::INT_LSHIFT..=op::INT_ARSHIFT, 2) => {
                let shift = match id {
                    op::INT_LSHIFT => IntPair::LeftShift,
                    op::INT_RSHIFT => IntPair::RightShift,
                    _ => IntPair::ArithmeticRightShift,
                };
                Node::IntPair(shift, self.pair(depth, Type::Int, Type::Int)?)
            }
            (op::INT_LSCAN | op::INT_RSCAN, 2) => {
                let scan = if id == op::INT_LSCAN { IntPair::LeftScan } else { IntPair::RightScan };
                Node::IntPair(scan, self.pair(depth, Type::Int, Type::Bool)?)
            }
            _ => return Err(Bad),
        };
        Typed::new(node, Type::Int)
    }

    #[inline(never)]
    fn metadata(&mut self, id: i64, count: u32) -> Result<Typed, Bad> {
        if id == op::DIGEST_MODULO {
            let Token::Int(modulus) = self.argument_of_one(count)?.peek()? else { return Err(Bad) };
            self.reader.skip(1)?;
            // The server keeps 32 bits of it.
            let modulus = modulus as i32;
            self.uses.digest = true;
            return if modulus == 0 { Err(Bad) } else { Typed::new(Node::DigestModulo(modulus), Type::Int) };
        }
        if count != 0 {
            return Err(Bad);
        }
        let (operation, kind) = match id {
            op::DEVICE_SIZE => (MetadataOp::DeviceSize, Type::Int),
            op::LAST_UPDATE => (MetadataOp::LastUpdate, Type::Int),
            op::SINCE_UPDATE => (MetadataOp::SinceUpdate, Type::Int),
            op::VOID_TIME => (MetadataOp::VoidTime, Type::Int),
            op::TTL => (MetadataOp::Ttl, Type::Int),
            op::SET_NAME => (MetadataOp::SetName, Type::String),
            op::KEY_EXISTS => (MetadataOp::KeyExists, Type::Bool),
            op::IS_TOMBSTONE => (MetadataOp::IsTombstone, Type::Bool),
            op::MEMORY_SIZE => (MetadataOp::MemorySize, Type::Int),
            op::RECORD_SIZE => (MetadataOp::RecordSize, Type::Int),
            _ => return Err(Bad),
        };
        self.uses.metadata = true;
        Typed::new(Node::Metadata(operation), kind)
    }

    fn argument_of_one(&self, count: u32) -> Result<&Reader<'a>, Bad> {
        if count == 1 { Ok(&self.reader) } else { Err(Bad) }
    }

    /// Key, bins and loop variables: ops whose arguments are literals.
    #[inline(never)]
    fn access(&mut self, id: i64, count: u32) -> Result<Typed, Bad> {
        match (id, count) {
            (op::KEY, 1) => {
                let kind = self.kind()?;
                if !matches!(kind, Type::Int | Type::String | Type::Blob) {
                    return Err(Bad);
                }
                self.uses.key = true;
                Typed::new(Node::Key(kind), kind)
            }
            (op::BIN, 2) => {
                let kind = self.kind()?;
                let name = self.bin_name()?;
                if kind == Type::End { Err(Bad) } else { Typed::new(Node::Bin(kind, name), kind) }
            }
            (op::BIN_TYPE, 1) => Typed::new(Node::BinType(self.bin_name()?), Type::Int),
            (op::LOOP_VARIABLE, 2) => {
                let kind = self.kind()?;
                let part = match self.reader.int()? {
                    loop_variable::KEY => LoopPart::Key,
                    loop_variable::VALUE => LoopPart::Value,
                    loop_variable::INDEX if kind == Type::Int => LoopPart::Index,
                    _ => return Err(Bad),
                };
                Typed::new(Node::LoopVariable(kind, part), kind)
            }
            _ => Err(Bad),
        }
    }

    fn kind(&mut self) -> Result<Type, Bad> {
        Type::from_id(self.reader.int()?).ok_or(Bad)
    }

    fn bin_name(&mut self) -> Result<Box<[u8]>, Bad> {
        let name = self.reader.raw()?;
        self.uses.bins = true;
        if name.len() > MAX_BIN_NAME { Err(Bad) } else { Ok(name.into()) }
    }

    #[inline(never)]
    fn cond(&mut self, count: u32, depth: usize) -> Result<Typed, Bad> {
        let mut cases = Vec::with_capacity((count as usize / 2).min(self.reader.rest().len()));
        // All actions are of one type; a plain unknown fits any.
        let mut kind = None;
        let mut action = |decoder: &mut Self| -> Result<Node, Bad> {
            let action = decoder.expression(depth + 1)?;
            match action.node {
                Node::Unknown => {}
                _ if *kind.get_or_insert(action.kind) != action.kind => return Err(Bad),
                _ => {}
            }
            Ok(action.node)
        };
        for _ in 0..count / 2 {
            let condition = self.typed(depth, Type::Bool)?;
            cases.push((condition, action(self)?));
        }
        let default = action(self)?;
        let node = Node::Cond(Box::new(Cond { cases: cases.into(), default }));
        Typed::new(node, kind.unwrap_or(Type::Bool))
    }

    #[inline(never)]
    fn definitions(&mut self, count: u32, depth: usize) -> Result<Typed, Bad> {
        let first_slot = self.scope.len();
        let mut definitions = Vec::with_capacity((count as usize / 2).min(self.reader.rest().len()));
        for _ in 0..count / 2 {
            let name = self.reader.raw()?;
            if !is_variable_name(name) || self.variables.contains_key(name) {
                return Err(Bad);
            }
            let definition = self.expression(depth + 1)?;
            definitions.push(definition.node);
            self.variables.insert(name, (self.scope.len(), definition.kind));
            self.scope.push(name);
        }
        self.slots = self.slots.max(self.scope.len());
        let body = self.expression(depth + 1)?;
        for name in self.scope.drain(first_slot..) {
            self.variables.remove(name);
        }
        let node = Let { first_slot, definitions: definitions.into(), body: body.node };
        Typed::new(Node::Let(Box::new(node)), body.kind)
    }

    fn variable(&mut self) -> Result<Typed, Bad> {
        let name = self.reader.raw()?;
        let (slot, kind) = *self.variables.get(name).ok_or(Bad)?;
        Typed::new(Node::Variable(slot), kind)
    }

    #[inline(never)]
    fn call(&mut self, depth: usize) -> Result<Typed, Bad> {
        let kind = self.kind()?;
        let system = self.reader.int()?;
        let modify = system & exp::system::MODIFY != 0;
        let system = match system & !exp::system::MODIFY {
            exp::system::CDT => System::Cdt,
            exp::system::BITS => System::Bits,
            exp::system::HLL => System::Hll,
            _ => return Err(Bad),
        };
        if kind == Type::End {
            return Err(Bad);
        }
        let (operation, inner_depth) = self.call_operation(system, depth)?;
        let target = self.expression(depth + 1)?;
        let fits = match target.kind {
            Type::Nil => true,
            Type::List | Type::Map => system == System::Cdt,
            Type::Blob => system == System::Bits,
            Type::Hll => system == System::Hll,
            _ => false,
        };
        if !fits {
            return Err(Bad);
        }
        // A call on nil stays nil for its surroundings, whatever it yields.
        let seen_as = if target.kind == Type::Nil { Type::Nil } else { kind };
        let call = Call { kind, system, modify, operation, target: target.node, inner_depth };
        Typed::new(Node::Call(Box::new(call)), seen_as)
    }

    /// The op of a call: the bytes of a bin operation in which lists stand for expressions, except in contexts
    /// and path operations. Comes with the depth of expressions in the path, if there is one.
    fn call_operation(&mut self, system: System, depth: usize) -> Result<(Box<[Segment]>, usize), Bad> {
        let start = self.reader.position();
        let mut count = self.reader.list()?;
        if count == 0 {
            return Err(Bad);
        }
        if system == System::Cdt {
            match self.reader.peek()? {
                Token::Int(SELECT) => {
                    self.reader.skip(1)?;
                    let pairs = self.reader.clone().list().unwrap_or(0) / 2;
                    self.reader.skip(u64::from(count) - 1)?;
                    let whole = Segment::Literal(self.bytes[start..self.reader.position()].into());
                    // Every level of the path takes stack when an expression inside is evaluated.
                    return Ok((Box::new([whole]), depth + pairs as usize + 1));
                }
                Token::Int(CONTEXT) if count == 3 => {
                    self.reader.skip(2)?;
                    count = self.reader.list()?;
                }
                Token::Int(CONTEXT) => return Err(Bad),
                _ => {}
            }
        }
        let mut segments = Vec::new();
        let mut literal_from = start;
        for _ in 0..count {
            if !matches!(self.reader.peek()?, Token::List(_)) {
                self.reader.skip(1)?;
                continue;
            }
            segments.push(Segment::Literal(self.bytes[literal_from..self.reader.position()].into()));
            segments.push(Segment::Argument(self.expression(depth + 1)?.node));
            literal_from = self.reader.position();
        }
        segments.push(Segment::Literal(self.bytes[literal_from..self.reader.position()].into()));
        Ok((segments.into(), 0))
    }
}

/// Op id that puts a context in front of a list or map operation.
const CONTEXT: i64 = cdt::CONTEXT as i64;
/// Op id of path operations.
const SELECT: i64 = cdt::SELECT as i64;

/// A letter or underscore, then letters, digits and underscores.
fn is_variable_name(name: &[u8]) -> bool {
    matches!(name.first(), Some(b'a'..=b'z' | b'A'..=b'Z' | b'_'))
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}
