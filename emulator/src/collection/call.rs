//! The list `[id, args…]` in which bit and HyperLogLog operations travel.

use aerospike_wire::msgpack::{Reader, Token};
use aerospike_wire::result::ResultCode;

/// An operation's id, with its arguments still to be read.
///
/// Every method fails with [`ResultCode::PARAMETER`] where the bytes are not what it reads.
pub struct Call<'a> {
    /// Which operation.
    pub id: i64,
    reader: Reader<'a>,
    left: u32,
}

impl<'a> Call<'a> {
    /// Reads the list's head and the id.
    pub fn parse(op: &'a [u8]) -> Result<Call<'a>, ResultCode> {
        let mut reader = Reader::new(op);
        let Ok(Token::List(count @ 1..)) = reader.token() else { return Err(ResultCode::PARAMETER) };
        let Ok(Token::Int(id)) = reader.token() else { return Err(ResultCode::PARAMETER) };
        Ok(Call { id, reader, left: count - 1 })
    }

    /// How many arguments have not been read yet.
    pub fn left(&self) -> u32 {
        self.left
    }

    fn token(&mut self) -> Result<Token<'a>, ResultCode> {
        self.left = self.left.checked_sub(1).ok_or(ResultCode::PARAMETER)?;
        self.reader.token().map_err(|_| ResultCode::PARAMETER)
    }

    /// Reads an integer between two bounds, both included.
    pub fn int(&mut self, least: i64, most: i64) -> Result<i64, ResultCode> {
        match self.token()? {
            Token::Int(value) if (least..=most).contains(&value) => Ok(value),
            _ => Err(ResultCode::PARAMETER),
        }
    }

    /// Reads a length or a count up to a bound; never negative.
    pub fn size(&mut self, least: i64, most: i64) -> Result<usize, ResultCode> {
        usize::try_from(self.int(least, most)?).map_err(|_| ResultCode::PARAMETER)
    }

    /// Reads any integer as 64 bits; a negative one in two's complement.
    pub fn word(&mut self) -> Result<u64, ResultCode> {
        match self.token()? {
            Token::Int(value) => Ok(value as u64),
            Token::Uint(value) => Ok(value),
            _ => Err(ResultCode::PARAMETER),
        }
    }

    /// Reads flags, all of which must be among the allowed ones; without an argument left there are none.
    pub fn flags(&mut self, allowed: u64) -> Result<u64, ResultCode> {
        if self.left == 0 {
            return Ok(0);
        }
        match self.token()? {
            Token::Int(value) if value as u64 & !allowed == 0 => Ok(value as u64),
            _ => Err(ResultCode::PARAMETER),
        }
    }

    /// Reads a truth value; integers are none.
    pub fn bool(&mut self) -> Result<bool, ResultCode> {
        match self.token()? {
            Token::Bool(value) => Ok(value),
            _ => Err(ResultCode::PARAMETER),
        }
    }

    /// Reads a string or bin, whatever its particle type byte says; its bytes behind that one.
    pub fn bytes(&mut self) -> Result<&'a [u8], ResultCode> {
        match self.token()? {
            Token::Raw([_, bytes @ ..]) => Ok(bytes),
            _ => Err(ResultCode::PARAMETER),
        }
    }

    /// Reads a whole element, nested ones included; its bytes.
    pub fn element(&mut self) -> Result<&'a [u8], ResultCode> {
        self.left = self.left.checked_sub(1).ok_or(ResultCode::PARAMETER)?;
        self.reader.element().map_err(|_| ResultCode::PARAMETER)
    }

    /// Checks that all arguments have been read and nothing follows them.
    pub fn end(self) -> Result<(), ResultCode> {
        if self.left == 0 && self.reader.is_empty() { Ok(()) } else { Err(ResultCode::PARAMETER) }
    }
}
