//! Expressions: filters, expression reads and writes, conditions of path operations.
//!
//! An expression arrives as msgpack, is decoded once into a typed tree ([`Expression::decode`]) and then evaluated
//! against as many records as needed. What a server refuses while it builds an expression is refused by decoding;
//! whatever goes wrong later makes a part of the expression *unknown*, and that follows three-valued logic
//! (expressions §6).
//!
//! | module | subject |
//! |---|---|
//! | `decode`, `constant`, `kind`, `node` | from msgpack to the tree |
//! | `eval`, `value`, `arithmetic`, `compare`, `regex` | from the tree to a value |
//! | `call` | calls into lists and maps, bits and HyperLogLogs |
//! | [`path`] | conditions and new values in path operations |
//! | [`operation`] | the ops EXP_READ and EXP_MODIFY |
//! | [`view`] | what an expression sees of a record |
//!
//! # Limits
//! Trees are at most [`MAX_DEPTH`] levels deep and have at most [`MAX_NODES`] nodes, those of path expressions
//! inside included; a larger expression is malformed. A server bounds the memory of its built form at 1 MiB and
//! has no documented depth (200 levels work). The depth here keeps decoding, evaluating and dropping within half of
//! the stack that threads have by default (2 MiB), in unoptimised builds too.

mod arithmetic;
mod call;
mod compare;
mod constant;
mod decode;
mod eval;
mod kind;
mod node;
pub mod operation;
pub mod path;
mod regex;
mod value;
pub mod view;

#[cfg(test)]
mod tests;

pub use kind::Type;
pub use path::ElementExpressions;
pub use view::{Metadata, RecordView};

use aerospike_wire::ResultCode;
use aerospike_wire::particle::ParticleBuf;
use decode::{Budget, Decoded};
use eval::{Evaluator, Source};
use std::fmt;
use value::Value;

/// How deep expressions may nest. Levels of a path count for the expressions inside it.
pub const MAX_DEPTH: usize = 256;

/// How many nodes an expression may have.
pub const MAX_NODES: usize = 43_690;

/// What an expression looks at, expressions inside its path operations not counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Uses {
    /// Bins.
    pub bins: bool,
    /// The stored key.
    pub key: bool,
    /// Metadata other than the digest.
    pub metadata: bool,
    /// The digest.
    pub digest: bool,
}

/// A decoded expression. It can be evaluated any number of times, from several threads at once.
pub struct Expression {
    decoded: Decoded,
}

/// What an expression yields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Evaluation {
    /// No answer: a bin is missing, a type does not fit, a call failed.
    Unknown,
    /// Nil.
    Nil,
    /// A value.
    Value(ParticleBuf),
}

impl Expression {
    /// Decodes an expression of any type.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`] if the bytes are not exactly one well-formed, well-typed expression within the
    /// limits (expressions §5).
    pub fn decode(bytes: &[u8]) -> Result<Expression, ResultCode> {
        let decoded = decode::decode(bytes, 0, &mut Budget::default())?;
        Ok(Expression { decoded })
    }

    /// Decodes a filter: an expression that yields a bool.
    ///
    /// # Errors
    /// As [`Expression::decode`], and for an expression of another type.
    pub fn decode_filter(bytes: &[u8]) -> Result<Expression, ResultCode> {
        let expression = Expression::decode(bytes)?;
        if expression.kind() == Type::Bool { Ok(expression) } else { Err(ResultCode::PARAMETER) }
    }

    /// The type that the expression was declared to yield.
    pub fn kind(&self) -> Type {
        self.decoded.root.kind
    }

    /// What the expression looks at.
    pub fn uses(&self) -> Uses {
        self.decoded.uses
    }

    /// Evaluates a filter; `None` is unknown, which filters out like `false`.
    pub fn test(&self, record: &dyn RecordView) -> Option<bool> {
        self.truth(Source::Record(record))
    }

    /// Whether a filter lets a record through.
    pub fn matches(&self, record: &dyn RecordView) -> bool {
        self.test(record) == Some(true)
    }

    /// Evaluates a filter without bins and key; `None` if they are needed to tell, or the filter is unknown
    /// whatever they hold. An answer is the one that [`Expression::test`] gives (expressions §6).
    pub fn metadata_verdict(&self, metadata: &dyn Metadata) -> Option<bool> {
        self.truth(Source::Metadata(metadata))
    }

    /// Evaluates an expression of any type.
    pub fn evaluate(&self, record: &dyn RecordView) -> Evaluation {
        match self.value(Source::Record(record)) {
            None | Some(Value::Remove) => Evaluation::Unknown,
            Some(value) => value.into_particle().map_or(Evaluation::Nil, Evaluation::Value),
        }
    }

    fn truth(&self, source: Source<'_>) -> Option<bool> {
        match self.value(source)? {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    fn value<'a>(&'a self, source: Source<'a>) -> Option<Value<'a>> {
        Evaluator::new(source, self.decoded.slots).value(&self.decoded.root.node)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decoded.root.node.fmt(f)
    }
}
