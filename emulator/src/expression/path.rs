//! Expressions inside path operations (cdt §10, expressions §18).
//!
//! Conditions and new values see one element of a list or map through loop variables, and nothing of the record.

use super::MAX_DEPTH;
use super::decode::{self, Budget, Decoded};
use super::eval::{Evaluator, Source};
use super::value::Value;
use crate::collection::PathExpressions;
use crate::collection::path::{Item, Transformed};
use aerospike_wire::ResultCode;
use std::cell::RefCell;

/// Decodes and evaluates the expressions of one path operation.
pub struct ElementExpressions {
    /// How deep the operation lies inside another expression.
    depth: usize,
    budget: RefCell<Budget>,
}

impl ElementExpressions {
    /// For an operation on a bin.
    pub fn new() -> ElementExpressions {
        ElementExpressions::inside(0)
    }

    /// For an operation that an expression calls, `depth` levels below the outermost one.
    pub(super) fn inside(depth: usize) -> ElementExpressions {
        ElementExpressions { depth: depth.min(MAX_DEPTH), budget: RefCell::default() }
    }
}

impl Default for ElementExpressions {
    fn default() -> ElementExpressions {
        ElementExpressions::new()
    }
}

/// An expression inside a path.
pub struct ElementExpression(Decoded);

impl ElementExpression {
    fn value<'a>(&'a self, item: &'a Item<'a>) -> Option<Value<'a>> {
        Evaluator::new(Source::Element(item), self.0.slots).value(&self.0.root.node)
    }
}

impl PathExpressions for ElementExpressions {
    type Expression = ElementExpression;

    fn build(&self, packed: &[u8]) -> Result<ElementExpression, ResultCode> {
        Ok(ElementExpression(decode::decode(packed, self.depth, &mut self.budget.borrow_mut())?))
    }

    fn test(&self, expression: &ElementExpression, item: &Item<'_>) -> Option<bool> {
        // What is no bool selects nothing.
        Some(matches!(expression.value(item)?, Value::Bool(true)))
    }

    fn transform(&self, expression: &ElementExpression, item: &Item<'_>) -> Transformed {
        let mut element = Vec::new();
        match expression.value(item) {
            Some(Value::Remove) => Transformed::Removed,
            Some(value) if value.put_element(&mut element) => Transformed::Value(element),
            _ => Transformed::Unknown,
        }
    }
}
