//! Evaluation (expressions §6 to §17).
//!
//! `None` is unknown, here and in all helpers. The recursion is as deep as the tree, whose depth is bounded when
//! it is decoded; helpers are kept out of [`Evaluator::value`] so that a level takes little stack.

use super::arithmetic::{self, Fold};
use super::call::{Call, Segment};
use super::compare::{self, Maps};
use super::kind::Type;
use super::node::{Comparison, Cond, Let, LoopPart, MapPart, MetadataOp, Node, Shape};
use super::value::{Data, Value};
use super::view::{Metadata, RecordView};
use crate::collection::path::Item;
use crate::geo::{self, Geometry};
use aerospike_wire::msgpack::{self, Reader, Token};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::time::EPOCH_UNIX_SECONDS;
use std::borrow::Cow;
use std::cmp::Ordering;

/// What is known during an evaluation.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// A record with its bins.
    Record(&'a dyn RecordView),
    /// A record whose bins and key are not looked at.
    Metadata(&'a dyn Metadata),
    /// An element of a list or map, and nothing of the record.
    Element(&'a Item<'a>),
}

/// Evaluates one tree once.
pub(super) struct Evaluator<'a> {
    source: Source<'a>,
    /// Values of the variables that are visible.
    slots: Vec<Option<Value<'a>>>,
    /// How many more bytes calls may make.
    left: usize,
}

/// How many bytes the calls of one evaluation may make together. Calls on the results of calls could otherwise
/// double a value with every few bytes of expression; no stored value exceeds 8 MiB.
const MAX_MADE: usize = 32 << 20;

impl<'a> Evaluator<'a> {
    pub fn new(source: Source<'a>, slots: usize) -> Evaluator<'a> {
        Evaluator { source, slots: vec![None; slots], left: MAX_MADE }
    }

    /// The value of a node.
    pub fn value(&mut self, node: &'a Node) -> Option<Value<'a>> {
        match node {
            Node::Unknown => None,
            Node::Constant(constant) => Some(constant.value()),
            Node::Compare(..)
            | Node::Regex(_)
            | Node::Geo(_)
            | Node::InList(_)
            | Node::And(_)
            | Node::Or(_)
            | Node::Exclusive(_)
            | Node::Not(_) => self.truth(node).map(Value::Bool),
            Node::IntFold(..)
            | Node::IntBits(..)
            | Node::IntPair(..)
            | Node::IntUnary(..)
            | Node::ToInt(_) => self.integer(node).map(Value::Int),
            Node::FloatFold(..) | Node::FloatPair(..) | Node::FloatUnary(..) | Node::ToFloat(_) => {
                self.float(node).map(Value::Float)
            }
            Node::DigestModulo(_) | Node::Metadata(_) | Node::Key(_) | Node::Bin(..) | Node::BinType(_) => {
                self.access(node)
            }
            Node::Remove => Some(Value::Remove),
            Node::MapPart(part, map) => self.map_part(*part, map),
            Node::LoopVariable(kind, part) => self.loop_variable(*kind, *part),
            Node::Cond(cond) => self.cond(cond),
            Node::Let(definitions) => self.definitions(definitions),
            Node::Variable(slot) => self.slots.get(*slot)?.clone(),
            Node::Call(call) => self.call(call),
        }
    }

    fn bool(&mut self, node: &'a Node) -> Option<bool> {
        match self.value(node)? {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    fn int(&mut self, node: &'a Node) -> Option<i64> {
        match self.value(node)? {
            Value::Int(value) => Some(value),
            _ => None,
        }
    }

    fn number(&mut self, node: &'a Node) -> Option<f64> {
        match self.value(node)? {
            Value::Float(value) => Some(value),
            _ => None,
        }
    }

    /// Nodes that yield a bool.
    #[inline(never)]
    fn truth(&mut self, node: &'a Node) -> Option<bool> {
        match node {
            Node::Compare(comparison, sides) => self.compare(*comparison, sides),
            Node::Regex(parts) => match self.value(&parts.1)? {
                Value::String(subject) => Some(parts.0.is_match(&subject)),
                _ => None,
            },
            Node::Geo(sides) => {
                let a = self.geometry(&sides[0])?;
                Some(a.matches(&*self.geometry(&sides[1])?))
            }
            Node::InList(sides) => self.in_list(sides),
            Node::And(nodes) => self.until(nodes, false),
            Node::Or(nodes) => self.until(nodes, true),
            Node::Exclusive(nodes) => {
                let mut seen = false;
                for node in nodes {
                    let value = self.bool(node)?;
                    if value && seen {
                        return Some(false);
                    }
                    seen |= value;
                }
                Some(seen)
            }
            Node::Not(node) => self.bool(node).map(|value| !value),
            _ => None,
        }
    }

    /// And, or: `decisive` as soon as one node is, else unknown if one is, else the opposite.
    fn until(&mut self, nodes: &'a [Node], decisive: bool) -> Option<bool> {
        let mut unknown = false;
        for node in nodes {
            match self.bool(node) {
                Some(value) if value == decisive => return Some(decisive),
                Some(_) => {}
                None => unknown = true,
            }
        }
        if unknown { None } else { Some(!decisive) }
    }

    fn compare(&mut self, comparison: Comparison, sides: &'a [Node; 2]) -> Option<bool> {
        let (a, b) = (self.value(&sides[0])?, self.value(&sides[1])?);
        let order = match (&a, &b) {
            (Value::Nil, Value::Nil) => Some(Ordering::Equal),
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            // No order with a NaN, and that is known.
            (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
            (Value::String(a), Value::String(b)) | (Value::Blob(a), Value::Blob(b)) => Some((**a).cmp(&**b)),
            (Value::List(a), Value::List(b))
            | (Value::Map(a), Value::Map(b))
            | (Value::Extension(a), Value::Extension(b)) => {
                Some(compare::compare(a, b, Maps::MustBeOrdered)?)
            }
            // Two removals, or a call on nil against nil: the server has no answer (expressions §26).
            _ => return None,
        };
        Some(match comparison {
            Comparison::Eq => order == Some(Ordering::Equal),
            Comparison::Ne => order != Some(Ordering::Equal),
            Comparison::Gt => order == Some(Ordering::Greater),
            Comparison::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            Comparison::Lt => order == Some(Ordering::Less),
            Comparison::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        })
    }

    fn geometry(&mut self, side: &'a Shape) -> Option<Cow<'a, Geometry>> {
        match side {
            Shape::Constant(geometry) => Some(Cow::Borrowed(geometry)),
            Shape::Of(node) => match self.value(node)? {
                Value::GeoJson(data) => geo::geometry(&data).ok().map(Cow::Owned),
                _ => None,
            },
        }
    }

    fn in_list(&mut self, sides: &'a [Node; 2]) -> Option<bool> {
        let (needle, list) = (self.value(&sides[0])?, self.value(&sides[1])?);
        let Value::List(list) = list else { return None };
        let mut element = Vec::new();
        if !needle.put_element(&mut element) {
            return None;
        }
        let mut reader = Reader::new(&list);
        let count = reader.list().ok()?;
        let marked = skip_marker(&mut reader, count, 1)?;
        for _ in marked as u32..count {
            if compare::compare(&element, reader.element().ok()?, Maps::AsStored)?.is_eq() {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Nodes that yield an integer.
    #[inline(never)]
    fn integer(&mut self, node: &'a Node) -> Option<i64> {
        match node {
            Node::IntFold(fold, nodes) => {
                let (first, rest) = nodes.split_first()?;
                let first = self.int(first)?;
                let Some((second, rest)) = rest.split_first() else { return fold.int_alone(first) };
                if *fold == Fold::Div {
                    let mut divisor = self.int(second)?;
                    for node in rest {
                        divisor = fold.int_step(divisor, self.int(node)?);
                    }
                    return arithmetic::int_div(first, divisor);
                }
                let mut result = fold.int_step(first, self.int(second)?);
                for node in rest {
                    result = fold.int_step(result, self.int(node)?);
                }
                Some(result)
            }
            Node::IntBits(fold, nodes) => {
                let (first, rest) = nodes.split_first()?;
                let mut result = self.int(first)?;
                for node in rest {
                    result = fold.step(result, self.int(node)?);
                }
                Some(result)
            }
            Node::IntPair(operation, sides) => {
                let x = self.int(&sides[0])?;
                let y = match self.value(&sides[1])? {
                    Value::Int(y) => y,
                    Value::Bool(y) => y.into(),
                    _ => return None,
                };
                operation.apply(x, y)
            }
            Node::IntUnary(operation, node) => Some(operation.apply(self.int(node)?)),
            Node::ToInt(node) => Some(arithmetic::to_int(self.number(node)?)),
            _ => None,
        }
    }

    /// Nodes that yield a float.
    #[inline(never)]
    fn float(&mut self, node: &'a Node) -> Option<f64> {
        match node {
            Node::FloatFold(fold, nodes) => {
                let (first, rest) = nodes.split_first()?;
                let first = self.number(first)?;
                let Some((second, rest)) = rest.split_first() else { return Some(fold.float_alone(first)) };
                if *fold == Fold::Div {
                    let mut divisor = self.number(second)?;
                    for node in rest {
                        divisor = fold.float_step(divisor, self.number(node)?);
                    }
                    return Some(arithmetic::float_div(first, divisor));
                }
                let mut result = fold.float_step(first, self.number(second)?);
                for node in rest {
                    result = fold.float_step(result, self.number(node)?);
                }
                Some(result)
            }
            Node::FloatPair(operation, sides) => {
                let x = self.number(&sides[0])?;
                Some(operation.apply(x, self.number(&sides[1])?))
            }
            Node::FloatUnary(operation, node) => Some(operation.apply(self.number(node)?)),
            Node::ToFloat(node) => Some(self.int(node)? as f64),
            _ => None,
        }
    }

    /// Nodes that look at the record.
    #[inline(never)]
    fn access(&mut self, node: &'a Node) -> Option<Value<'a>> {
        let (metadata, record): (&'a dyn Metadata, _) = match self.source {
            Source::Record(record) => (record, Some(record)),
            Source::Metadata(metadata) => (metadata, None),
            Source::Element(_) => return None,
        };
        match node {
            Node::DigestModulo(modulus) => {
                let [.., a, b, c, d] = metadata.digest().0;
                let digest = i64::from(u32::from_le_bytes([a, b, c, d]));
                Some(Value::Int(digest.checked_rem((*modulus).into())?))
            }
            Node::Metadata(operation) => Some(metadata_value(*operation, metadata)),
            Node::Key(kind) => Value::from_particle(record?.key()?).filter(|key| key.kind() == *kind),
            Node::Bin(kind, name) => {
                Value::from_particle(record?.bin(name)?).filter(|value| value.kind() == *kind)
            }
            Node::BinType(name) => Some(Value::Int(record?.bin(name).map_or(0, |bin| bin.kind.0.into()))),
            _ => None,
        }
    }

    fn map_part(&mut self, part: MapPart, map: &'a Node) -> Option<Value<'a>> {
        let Value::Map(map) = self.value(map)? else { return None };
        let mut reader = Reader::new(&map);
        let pairs = reader.map().ok()?;
        let marked = skip_marker(&mut reader, pairs, 2)?;
        self.left = self.left.checked_sub(map.len())?;
        let mut out = Vec::with_capacity(map.len());
        msgpack::put_list_head(&mut out, pairs - marked as u32);
        for _ in marked as u32..pairs {
            let (key, value) = (reader.element().ok()?, reader.element().ok()?);
            out.extend_from_slice(if part == MapPart::Keys { key } else { value });
        }
        Some(Value::List(out.into()))
    }

    fn loop_variable(&self, kind: Type, part: LoopPart) -> Option<Value<'a>> {
        let Source::Element(element) = self.source else { return None };
        let value = match part {
            LoopPart::Key => Value::from_element(element.key?)?,
            LoopPart::Value => Value::from_element(element.value)?,
            LoopPart::Index => Value::Int(element.index?.into()),
        };
        if value.kind() == kind { Some(value) } else { None }
    }

    #[inline(never)]
    fn cond(&mut self, cond: &'a Cond) -> Option<Value<'a>> {
        for (condition, action) in &cond.cases {
            if self.bool(condition)? {
                return self.value(action);
            }
        }
        self.value(&cond.default)
    }

    #[inline(never)]
    fn definitions(&mut self, definitions: &'a Let) -> Option<Value<'a>> {
        for (slot, definition) in (definitions.first_slot..).zip(&definitions.definitions) {
            let value = self.value(definition);
            *self.slots.get_mut(slot)? = value;
        }
        self.value(&definitions.body)
    }

    #[inline(never)]
    fn call(&mut self, call: &'a Call) -> Option<Value<'a>> {
        let target = self.value(&call.target)?;
        let op = self.operation(&call.operation)?;
        let result = self.apply(call, target, &op)?;
        if result.kind() == call.kind { Some(result) } else { None }
    }

    /// The op of a call with its arguments filled in.
    fn operation(&mut self, segments: &'a [Segment]) -> Option<Data<'a>> {
        if let [Segment::Literal(whole)] = segments {
            return Some(Data::Borrowed(whole));
        }
        let mut op = Vec::new();
        for segment in segments {
            match segment {
                Segment::Literal(bytes) => op.extend_from_slice(bytes),
                Segment::Argument(node) => {
                    if !self.value(node)?.put_element(&mut op) || op.len() > self.left {
                        return None;
                    }
                }
            }
        }
        Some(op.into())
    }

    /// A value that a call has made.
    fn made(&mut self, value: ParticleBuf) -> Option<Value<'a>> {
        self.left = self.left.checked_sub(value.data.len())?;
        Value::from_particle_buf(value)
    }

    fn apply(&mut self, call: &Call, target: Value<'a>, op: &[u8]) -> Option<Value<'a>> {
        let mut buffer = [0; 8];
        let bin = target.as_particle(&mut buffer);
        if call.modify {
            return match call.modify(bin, op).ok()?.change {
                Some(changed) => self.made(changed),
                None => Some(target.clone()),
            };
        }
        // A read of nothing is not even looked at (cdt §1.5).
        let Some(bin) = bin else { return Some(Value::Nil) };
        match call.read(bin, op).ok()? {
            Some(result) => self.made(result),
            None => Some(Value::Nil),
        }
    }
}

/// Passes over the order marker of a container whose head has been read; `width` is 2 in a map. Returns whether
/// there was one.
fn skip_marker(reader: &mut Reader<'_>, count: u32, width: u64) -> Option<bool> {
    if count == 0 {
        return Some(false);
    }
    let marked = match reader.peek().ok()? {
        // Any extension as a first key is taken for one, a first element only without payload.
        Token::Ext(_, payload) => width == 2 || payload.is_empty(),
        _ => false,
    };
    if marked {
        reader.skip(width).ok()?;
    }
    Some(marked)
}

fn metadata_value<'a>(operation: MetadataOp, metadata: &'a dyn Metadata) -> Value<'a> {
    const NANOS_PER_MILLI: i64 = 1_000_000;
    let unix_millis = |millis: u64| (millis as i64).wrapping_add(EPOCH_UNIX_SECONDS as i64 * 1000);
    let never = metadata.void_time() == 0;
    let void_time = i64::from(metadata.void_time());
    match operation {
        MetadataOp::DeviceSize => Value::Int(0),
        MetadataOp::MemorySize | MetadataOp::RecordSize => Value::Int(metadata.record_size() as i64),
        MetadataOp::LastUpdate => {
            Value::Int(unix_millis(metadata.last_update()).wrapping_mul(NANOS_PER_MILLI))
        }
        MetadataOp::SinceUpdate => Value::Int(metadata.now().saturating_sub(metadata.last_update()) as i64),
        MetadataOp::VoidTime | MetadataOp::Ttl if never => Value::Int(-1),
        MetadataOp::VoidTime => {
            Value::Int(unix_millis(void_time as u64 * 1000).wrapping_mul(NANOS_PER_MILLI))
        }
        MetadataOp::Ttl => Value::Int(void_time - (metadata.now() / 1000) as i64),
        MetadataOp::SetName => Value::String(Data::Borrowed(metadata.set_name())),
        MetadataOp::KeyExists => Value::Bool(metadata.key_exists()),
        MetadataOp::IsTombstone => Value::Bool(metadata.is_tombstone()),
    }
}
