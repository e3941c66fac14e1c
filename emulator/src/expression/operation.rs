//! The ops EXP_READ and EXP_MODIFY (expressions §20, §21): an expression whose value is returned or written.

use super::{Evaluation, Expression, RecordView};
use crate::collection::visible;
use aerospike_wire::ResultCode;
use aerospike_wire::exp::flags;
use aerospike_wire::msgpack::Reader;
use aerospike_wire::particle::ParticleBuf;

/// An EXP_READ op, decoded.
#[derive(Debug)]
pub struct ExpRead {
    expression: Expression,
    flags: u64,
}

/// An EXP_MODIFY op, decoded.
#[derive(Debug)]
pub struct ExpModify {
    expression: Expression,
    flags: u64,
}

/// What an EXP_MODIFY op makes of its bin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BinChange {
    /// It stays as it is; a missing one stays missing.
    None,
    /// It takes a value.
    Set(ParticleBuf),
    /// It is removed.
    Delete,
}

impl ExpRead {
    /// Decodes the value of an op: `[expression]` or `[expression, flags]`.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`] for a malformed value or expression, and for unknown flags.
    pub fn decode(value: &[u8]) -> Result<ExpRead, ResultCode> {
        let (expression, flags) = decode(value, flags::EVAL_NO_FAIL)?;
        Ok(ExpRead { expression, flags })
    }

    /// The result for a record; `None` for nil, and for unknown where the flags allow it.
    ///
    /// # Errors
    /// [`ResultCode::OP_NOT_APPLICABLE`] if the expression is unknown.
    pub fn run(&self, record: &dyn RecordView) -> Result<Option<ParticleBuf>, ResultCode> {
        match self.expression.evaluate(record) {
            Evaluation::Value(value) => Ok(Some(visible(value))),
            Evaluation::Nil => Ok(None),
            Evaluation::Unknown if self.flags & flags::EVAL_NO_FAIL != 0 => Ok(None),
            Evaluation::Unknown => Err(ResultCode::OP_NOT_APPLICABLE),
        }
    }
}

impl ExpModify {
    /// Decodes the value of an op: `[expression]` or `[expression, flags]`.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`] for a malformed value or expression, and for unknown flags.
    pub fn decode(value: &[u8]) -> Result<ExpModify, ResultCode> {
        let known = flags::CREATE_ONLY
            | flags::UPDATE_ONLY
            | flags::ALLOW_DELETE
            | flags::POLICY_NO_FAIL
            | flags::EVAL_NO_FAIL;
        let (expression, flags) = decode(value, known)?;
        Ok(ExpModify { expression, flags })
    }

    /// What becomes of the bin named `bin`.
    ///
    /// # Errors
    /// * [`ResultCode::BIN_EXISTS`], [`ResultCode::BIN_NOT_FOUND`] against the flags;
    /// * [`ResultCode::OP_NOT_APPLICABLE`] if the expression is unknown, or nil would delete the bin and no flags
    ///   are set.
    pub fn run(&self, record: &dyn RecordView, bin: &[u8]) -> Result<BinChange, ResultCode> {
        let set = |flag: u64| self.flags & flag != 0;
        let exists = record.bin(bin).is_some();
        let refused = match exists {
            true if set(flags::CREATE_ONLY) => Some(ResultCode::BIN_EXISTS),
            false if set(flags::UPDATE_ONLY) => Some(ResultCode::BIN_NOT_FOUND),
            _ => None,
        };
        if let Some(code) = refused {
            return if set(flags::POLICY_NO_FAIL) { Ok(BinChange::None) } else { Err(code) };
        }
        match self.expression.evaluate(record) {
            Evaluation::Value(value) => Ok(BinChange::Set(value)),
            Evaluation::Unknown if set(flags::EVAL_NO_FAIL) => Ok(BinChange::None),
            Evaluation::Unknown => Err(ResultCode::OP_NOT_APPLICABLE),
            Evaluation::Nil if !exists => Ok(BinChange::None),
            Evaluation::Nil if set(flags::ALLOW_DELETE) => Ok(BinChange::Delete),
            // Any flag keeps the bin without a failure, not only the one that is meant to.
            Evaluation::Nil if self.flags != 0 => Ok(BinChange::None),
            Evaluation::Nil => Err(ResultCode::OP_NOT_APPLICABLE),
        }
    }
}

fn decode(value: &[u8], known: u64) -> Result<(Expression, u64), ResultCode> {
    let malformed = |_| ResultCode::PARAMETER;
    let mut reader = Reader::new(value);
    let count = reader.list().map_err(malformed)?;
    if !(1..=2).contains(&count) {
        return Err(ResultCode::PARAMETER);
    }
    let expression = Expression::decode(reader.element().map_err(malformed)?)?;
    // Flags that are missing or no integer count as none, and what follows them is not looked at.
    let flags = if count == 2 { reader.int().unwrap_or(0) as u64 } else { 0 };
    if flags & !known != 0 { Err(ResultCode::PARAMETER) } else { Ok((expression, flags)) }
}
