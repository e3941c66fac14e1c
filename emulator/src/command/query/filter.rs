//! The filter expression of a query: built once, asked for each record (query §5.7, expressions §19).

use crate::command::expression::StoredRecord;
use crate::expression::Expression;
use crate::store::{Namespace, Record};
use aerospike_wire::ResultCode;

/// What a filter says of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The record counts.
    Passes,
    /// It does not, and its metadata alone told so.
    FilteredByMetadata,
    /// It does not.
    FilteredByBins,
}

/// A filter that was built.
#[derive(Debug)]
pub struct Filter {
    expression: Expression,
    /// Whether metadata may decide before bins are read.
    looks_at_metadata: bool,
}

impl Filter {
    /// Builds a packed filter.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`] for one that does not build or is not boolean.
    pub fn build(packed: &[u8]) -> Result<Filter, ResultCode> {
        let expression = Expression::decode_filter(packed)?;
        let uses = expression.uses();
        Ok(Filter { looks_at_metadata: uses.metadata || uses.digest, expression })
    }

    /// Asks the filter.
    pub fn verdict(&self, namespace: &Namespace, record: &Record) -> Verdict {
        let view = StoredRecord::new(namespace, record);
        if self.looks_at_metadata {
            match self.expression.metadata_verdict(&view) {
                Some(true) => return Verdict::Passes,
                Some(false) => return Verdict::FilteredByMetadata,
                None => {}
            }
        }
        if self.expression.matches(&view) { Verdict::Passes } else { Verdict::FilteredByBins }
    }
}
