//! Taking an operation apart: id and arguments (cdt §1.1, §1.4, §1.5).

use std::borrow::Cow;

use aerospike_wire::ResultCode;
use aerospike_wire::msgpack::{Reader, Token};

use super::canonical::{canonical_element, canonical_key};

/// What every malformed operation comes to.
pub(crate) const MALFORMED: ResultCode = ResultCode::PARAMETER;

/// An operation's id and, not looked at yet, its arguments.
#[derive(Clone, Copy)]
pub(crate) struct Operation<'a> {
    /// An id of [`aerospike_wire::cdt`]; what is none of them comes as it is.
    pub(crate) id: u64,
    arguments: Reader<'a>,
    count: u32,
    /// A context with wildcard or infinity leads to the container: values cannot be stored there (cdt §15).
    pub(crate) no_values: bool,
}

impl<'a> Operation<'a> {
    /// Reads the array's head and the id. What follows the array is ignored.
    ///
    /// # Errors
    /// PARAMETER if there is no id.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Operation<'a>, ResultCode> {
        if let [0, low, arguments @ ..] = bytes {
            return Operation::parse_obsolete(*low, arguments);
        }
        let mut reader = Reader::new(bytes);
        let count = reader.list().map_err(|_| MALFORMED)?.checked_sub(1).ok_or(MALFORMED)?;
        let id = reader.int().map_err(|_| MALFORMED)? as u64;
        Ok(Operation { id, arguments: reader, count, no_values: false })
    }

    /// The old form: the id in two bytes, the first of which is 0, then an array of the arguments, if any.
    fn parse_obsolete(id: u8, arguments: &'a [u8]) -> Result<Operation<'a>, ResultCode> {
        let mut reader = Reader::new(arguments);
        let count = if arguments.is_empty() { 0 } else { reader.list().map_err(|_| MALFORMED)? };
        Ok(Operation { id: id as u64, arguments: reader, count, no_values: false })
    }

    /// Whether this is an operation on maps; wrappers and unknown ids may be either.
    pub(crate) fn is_for_maps(&self) -> bool {
        self.id >= aerospike_wire::cdt::FIRST_MAP_ID
    }

    /// How many arguments there are.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The arguments, of which there must be `least` to `most`.
    ///
    /// # Errors
    /// PARAMETER for any other number.
    pub(crate) fn arguments(&self, least: u32, most: u32) -> Result<Arguments<'a>, ResultCode> {
        if !(least..=most).contains(&self.count) {
            return Err(MALFORMED);
        }
        Ok(Arguments { reader: self.arguments, left: self.count, no_values: self.no_values })
    }
}

/// Arguments being read one by one.
pub(crate) struct Arguments<'a> {
    reader: Reader<'a>,
    left: u32,
    no_values: bool,
}

impl<'a> Arguments<'a> {
    /// An argument to compare with, or one that is looked at later.
    pub(crate) fn element(&mut self) -> Result<&'a [u8], ResultCode> {
        self.left = self.left.checked_sub(1).ok_or(MALFORMED)?;
        self.reader.element().map_err(|_| MALFORMED)
    }

    /// What follows the arguments read so far: the operation inside a wrapper.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }

    /// As [`Arguments::element`], if there is one more.
    pub(crate) fn optional_element(&mut self) -> Result<Option<&'a [u8]>, ResultCode> {
        if self.left == 0 { Ok(None) } else { self.element().map(Some) }
    }

    /// An index, a rank, a position.
    pub(crate) fn int(&mut self) -> Result<i64, ResultCode> {
        Reader::new(self.element()?).int().map_err(|_| MALFORMED)
    }

    /// Flags or a return type.
    pub(crate) fn word(&mut self) -> Result<u64, ResultCode> {
        self.int().map(|word| word as u64)
    }

    /// Flags that may be left out.
    pub(crate) fn flags(&mut self) -> Result<u64, ResultCode> {
        if self.left == 0 { Ok(0) } else { self.word() }
    }

    /// A count, which may be left out: everything to the end.
    pub(crate) fn number(&mut self) -> Result<u64, ResultCode> {
        if self.left == 0 { Ok(TO_THE_END) } else { self.word() }
    }

    /// A list or map of which the elements are looked at later.
    pub(crate) fn list(&mut self) -> Result<&'a [u8], ResultCode> {
        let element = self.element()?;
        Reader::new(element).list().map_err(|_| MALFORMED)?;
        Ok(element)
    }

    /// A value to store.
    pub(crate) fn value(&mut self) -> Result<Cow<'a, [u8]>, ResultCode> {
        let value = canonical_element(self.element()?).map_err(|_| MALFORMED)?;
        if self.no_values { Err(MALFORMED) } else { Ok(value) }
    }

    /// A list of values to store.
    pub(crate) fn values(&mut self) -> Result<Cow<'a, [u8]>, ResultCode> {
        let values = self.value()?;
        match Reader::new(&values).token() {
            Ok(Token::List(_)) => Ok(values),
            _ => Err(MALFORMED),
        }
    }

    /// A map of entries to store.
    pub(crate) fn entries(&mut self) -> Result<Cow<'a, [u8]>, ResultCode> {
        let entries = self.value()?;
        match Reader::new(&entries).token() {
            Ok(Token::Map(_)) => Ok(entries),
            _ => Err(MALFORMED),
        }
    }

    /// The key of an entry to store.
    pub(crate) fn key(&mut self) -> Result<Cow<'a, [u8]>, ResultCode> {
        canonical_key(self.element()?).map_err(|_| MALFORMED)
    }
}

/// The count that stands for one that is left out (cdt §5).
pub(crate) const TO_THE_END: u64 = u32::MAX as u64;
