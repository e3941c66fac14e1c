//! Path operations: many elements of nested lists and maps at once (cdt §10, expressions §18).
//!
//! `[254, [type, value, …], mode]` selects, `[254, [type, value, …], mode, expression]` changes what it selects.
//! Conditions and the new value are expressions that see one element through loop variables, and nothing of the
//! record. They are decoded once and evaluated for every element.
//!
//! Walking recurses once for each level of the path, at most [`MAX_LEVELS`] deep.

mod container;
mod layout;
mod modify;
mod select;

use super::decode::{Budget, Decoded};
use super::eval::{Evaluator, Source};
use super::seam::Outcome;
use super::value::Value;
use super::view::Element;
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ParticleType, ResultCode};
use container::{Container, Kind};

/// Op id of path operations (cdt §10).
pub(super) const SELECT: i64 = 254;

/// Most pairs in a path.
const MAX_LEVELS: usize = 64;

/// Most bytes that an operation may make: no record can hold more (cdt §14).
const MAX_OUTPUT: usize = 8 << 20;

/// A path operation, decoded and checked.
#[derive(Debug)]
pub struct PathOperation {
    levels: Box<[Level]>,
    mode: Mode,
    /// Unknown conditions and values leave elements out instead of failing.
    no_fail: bool,
}

/// What becomes of the selected elements.
#[derive(Debug)]
enum Mode {
    /// The container with only the selected branches.
    Tree,
    /// A list of values, keys, or both.
    Leaves(Leaves),
    /// Each is replaced by the value of an expression.
    Modify(Box<Inner>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Leaves {
    Values,
    Keys,
    KeysAndValues,
}

/// Which children of a container are selected.
#[derive(Debug)]
struct Level {
    selector: Selector,
    /// The kind of container that the selector is for; `None` for either.
    wants: Option<Kind>,
    /// Whether bits are set that elsewhere ask for containers to be created.
    create_bits: bool,
    /// An additional condition.
    and: Option<Condition>,
}

#[derive(Debug)]
enum Selector {
    Index(i64),
    Rank(i64),
    Key(Box<[u8]>),
    Value(Box<[u8]>),
    Keys(Box<[Box<[u8]>]>),
    Where(Condition),
}

#[derive(Debug)]
enum Condition {
    True,
    Expression(Inner),
}

/// An expression inside a path.
struct Inner(Decoded);

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.root.node.fmt(f)
    }
}

impl Inner {
    fn value<'a>(&'a self, element: Element<'a>) -> Option<Value<'a>> {
        Evaluator::new(Source::Element(element), self.0.slots).value(&self.0.root.node)
    }
}

impl PathOperation {
    /// Decodes an operation of its own, as a list or map operation carries it.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`] for a malformed operation, path or expression.
    pub fn parse(op: &[u8]) -> Result<PathOperation, ResultCode> {
        PathOperation::decode(op, 0, &mut Budget::default())
    }

    /// Decodes an operation inside an expression, `depth` levels below the outermost one.
    pub(super) fn decode(op: &[u8], depth: usize, budget: &mut Budget) -> Result<PathOperation, ResultCode> {
        layout::decode(op, depth, budget)
    }

    /// Whether an op is a path operation, as far as its first bytes tell.
    pub fn is_path(op: &[u8]) -> bool {
        let mut reader = aerospike_wire::msgpack::Reader::new(op);
        matches!(reader.list(), Ok(1..)) && reader.int() == Ok(SELECT)
    }

    /// Selects from a list or map.
    ///
    /// # Errors
    /// [`ResultCode::INCOMPATIBLE_TYPE`] if the value is neither list nor map, or keys are wanted of a list;
    /// [`ResultCode::PARAMETER`] for an operation that modifies, a path that does not fit the value, and an
    /// unknown condition.
    pub fn read(&self, bin: Particle<'_>) -> Result<ParticleBuf, ResultCode> {
        container(bin)?;
        let kind = match self.mode {
            Mode::Tree => bin.kind,
            Mode::Leaves(_) => ParticleType::LIST,
            Mode::Modify(_) => return Err(ResultCode::PARAMETER),
        };
        Ok(ParticleBuf::new(kind, select::select(self, bin.data)?))
    }

    /// Changes a list or map; an operation that only selects returns what it finds.
    ///
    /// # Errors
    /// As [`PathOperation::read`]; [`ResultCode::SERVER`] if a new value is unknown,
    /// [`ResultCode::INCOMPATIBLE_TYPE`] if it holds a wildcard or infinity.
    pub fn modify(&self, bin: Particle<'_>) -> Result<Outcome, ResultCode> {
        container(bin)?;
        let Mode::Modify(value) = &self.mode else {
            return Ok(Outcome { result: Some(self.read(bin)?), change: None });
        };
        let change = modify::modify(self, value, bin.data)?;
        Ok(Outcome { result: None, change: change.map(|data| ParticleBuf::new(bin.kind, data)) })
    }
}

fn container(bin: Particle<'_>) -> Result<(), ResultCode> {
    match bin.kind {
        ParticleType::LIST | ParticleType::MAP => Ok(()),
        _ => Err(ResultCode::INCOMPATIBLE_TYPE),
    }
}

impl PathOperation {
    /// Positions of the selected children of a container, ascending.
    fn chosen(&self, container: &Container<'_>, depth: usize) -> Result<Vec<usize>, ResultCode> {
        let level = &self.levels[depth];
        let is_last = depth + 1 == self.levels.len();
        let wants_keys = matches!(self.mode, Mode::Leaves(Leaves::Keys | Leaves::KeysAndValues));
        let unmarked_empty = container.children.is_empty() && container.marker.is_none();
        if is_last && wants_keys && container.kind == Kind::List && !unmarked_empty {
            return if self.no_fail { Ok(Vec::new()) } else { Err(ResultCode::INCOMPATIBLE_TYPE) };
        }
        if container.children.is_empty() {
            return Ok(Vec::new());
        }
        if level.wants.is_some_and(|kind| kind != container.kind)
            || (level.create_bits && container.kind == Kind::Map)
        {
            return Err(ResultCode::PARAMETER);
        }
        let mut chosen = self.selected(container, &level.selector)?;
        if let Some(condition) = &level.and {
            // Behind an index or a rank an unknown condition does not fail.
            let no_fail = self.no_fail || matches!(level.selector, Selector::Index(_) | Selector::Rank(_));
            let mut kept = Vec::with_capacity(chosen.len());
            for position in chosen {
                if condition.holds(container, position, no_fail)? {
                    kept.push(position);
                }
            }
            chosen = kept;
        }
        Ok(chosen)
    }

    fn selected(&self, container: &Container<'_>, selector: &Selector) -> Result<Vec<usize>, ResultCode> {
        let all = 0..container.children.len();
        let one = |position: Option<usize>| Ok(position.into_iter().collect());
        match selector {
            Selector::Index(index) => one(container.position(*index)),
            Selector::Rank(rank) => one(container.position(*rank).map(|rank| container.by_rank(rank))),
            Selector::Key(_) | Selector::Keys(_) if container.kind == Kind::List => {
                if self.no_fail {
                    Ok(Vec::new())
                } else {
                    Err(ResultCode::PARAMETER)
                }
            }
            Selector::Key(key) => Ok(all.filter(|&position| container.has_key(position, key)).collect()),
            Selector::Keys(keys) => {
                Ok(all.filter(|&position| keys.iter().any(|key| container.has_key(position, key))).collect())
            }
            Selector::Value(value) => Ok(all
                .filter(|&position| container::equal(container.children[position].value, value))
                .collect()),
            Selector::Where(condition) => {
                let mut chosen = Vec::new();
                for position in all {
                    if condition.holds(container, position, self.no_fail)? {
                        chosen.push(position);
                    }
                }
                Ok(chosen)
            }
        }
    }
}

impl Condition {
    /// Whether the condition holds for a child; what is not a bool does not.
    fn holds(&self, container: &Container<'_>, position: usize, no_fail: bool) -> Result<bool, ResultCode> {
        let Condition::Expression(expression) = self else { return Ok(true) };
        match expression.value(container.element(position)) {
            Some(value) => Ok(matches!(value, Value::Bool(true))),
            None if no_fail => Ok(false),
            None => Err(ResultCode::PARAMETER),
        }
    }
}
