//! Indexes on the value of an expression (query §2.2, expressions §22).

use super::definition::{KeyType, Part};
use super::describe;
use crate::expression::{Evaluation, Expression, Metadata, RecordView, Type};
use crate::store::Record;
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Digest, Particle};
use std::sync::Arc;

/// Why an expression cannot be indexed; the texts are those of the info protocol.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ExpressionError {
    /// It does not build, or depends on more than bins and digest, or on neither.
    #[error("bad 'exp'")]
    Bad,
    /// Its value is of another type than the index.
    #[error("bad 'exp' - expression type '{got}' does not match expected type '{wanted}'")]
    Type {
        /// The expression's type.
        got: &'static str,
        /// The type of the index.
        wanted: &'static str,
    },
}

/// An expression that was checked for being indexed. Two are equal when their packed forms are.
#[derive(Clone, Debug)]
pub struct IndexExpression {
    packed: Box<[u8]>,
    expression: Arc<Expression>,
}

impl PartialEq for IndexExpression {
    fn eq(&self, other: &Self) -> bool {
        self.packed == other.packed
    }
}

impl Eq for IndexExpression {}

impl IndexExpression {
    /// Builds a packed expression for an index of a type on a part of its value.
    ///
    /// # Errors
    /// As [`ExpressionError`] tells.
    pub fn parse(packed: &[u8], key_type: KeyType, part: Part) -> Result<IndexExpression, ExpressionError> {
        let expression = Expression::decode(packed).map_err(|_| ExpressionError::Bad)?;
        let uses = expression.uses();
        if uses.metadata || uses.key || !(uses.bins || uses.digest) {
            return Err(ExpressionError::Bad);
        }
        let wanted = match (part, key_type) {
            (Part::List, _) => Type::List,
            (Part::MapKeys | Part::MapValues, _) => Type::Map,
            (Part::Default, KeyType::Numeric) => Type::Int,
            (Part::Default, KeyType::String) => Type::String,
            (Part::Default, KeyType::Blob) => Type::Blob,
            (Part::Default, KeyType::Geo) => Type::GeoJson,
        };
        let got = expression.kind();
        if got != wanted {
            return Err(ExpressionError::Type { got: got.name(), wanted: wanted.name() });
        }
        Ok(IndexExpression { packed: packed.into(), expression: Arc::new(expression) })
    }

    /// The packed form.
    pub fn as_bytes(&self) -> &[u8] {
        &self.packed
    }

    /// The form in which `sindex-list` shows it.
    pub fn text(&self) -> String {
        describe::expression(&self.packed)
    }

    /// The expression's value for a record; `None` when it cannot be told.
    pub fn value(&self, record: &Record) -> Option<ParticleBuf> {
        match self.expression.evaluate(&Indexed(record)) {
            Evaluation::Value(value) => Some(value),
            Evaluation::Unknown | Evaluation::Nil => None,
        }
    }
}

/// What an indexed expression may see of a record: its digest and its bins. Whatever else could change without a
/// write, and no index would hear of it.
struct Indexed<'a>(&'a Record);

impl Metadata for Indexed<'_> {
    fn digest(&self) -> &Digest {
        &self.0.header().digest
    }

    fn set_name(&self) -> &[u8] {
        &[]
    }

    fn void_time(&self) -> u32 {
        0
    }

    fn last_update(&self) -> u64 {
        0
    }

    fn now(&self) -> u64 {
        0
    }

    fn record_size(&self) -> u64 {
        0
    }

    fn key_exists(&self) -> bool {
        false
    }
}

impl RecordView for Indexed<'_> {
    fn bin(&self, name: &[u8]) -> Option<Particle<'_>> {
        self.0.bin(name)
    }

    fn key(&self) -> Option<Particle<'_>> {
        None
    }
}
