//! Secondary indexes: made and dropped by name, kept up to date by every change of a record, asked by queries.
//!
//! An index proposes, the record decides: a query looks the proposed records up and tests each against its
//! predicate again, so that a hash collision, a covering's spare area or a write in between never shows.
//!
//! A namespace without an index pays one atomic load for each change.

mod build;
mod call_names;
mod context;
mod definition;
mod describe;
mod expression;
mod geo;
mod hash;
mod predicate;
mod registry;
#[cfg(test)]
mod tests;
mod tree;
mod value;

pub use context::{Context, InvalidContext};
pub use definition::{Definition, KeyType, Part, Source};
pub use expression::{ExpressionError, IndexExpression};
pub use predicate::{Predicate, PredicateError};
pub use registry::{CreateError, Index, Indexes, Statistics};
pub use tree::{Entry, GROUP, GROUPS, Key, KeyRange};
