//! The protocol's msgpack flavour (wire §9).
//!
//! It differs from plain msgpack in what strings carry: the first payload byte of a string or bin is a particle
//! type (3 string, 4 blob, 23 GeoJSON …), and an extension element of length 0 in front of a list's or map's
//! elements tells the container's order. String and bin headers mean the same.
//!
//! [`Reader`] borrows and never allocates; it neither recurses nor trusts a count. The `put_*` functions write
//! shortest forms.

/// The bytes are not msgpack, or end too early.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("malformed msgpack")]
pub struct Malformed;

/// One element, or the head of a container whose elements follow.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Token<'a> {
    /// `c0`.
    Nil,
    /// `c2`, `c3`.
    Bool(bool),
    /// An integer that fits in i64.
    Int(i64),
    /// An unsigned integer above `i64::MAX`.
    Uint(u64),
    /// `ca`.
    Float32(f32),
    /// `cb`.
    Float64(f64),
    /// A string or bin with its payload, particle type byte included.
    Raw(&'a [u8]),
    /// A list of this many elements, order marker included.
    List(u32),
    /// A map of this many pairs, order marker included.
    Map(u32),
    /// An extension: type and payload.
    Ext(u8, &'a [u8]),
}

/// Extension type of wildcard and infinity, legal in comparison arguments only (`d4 ff 00`, `d4 ff 01`).
pub const EXT_COMPARE: u8 = 0xff;

/// Reads elements from the front of a slice.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// How many bytes have been read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Whether all bytes have been read.
    pub fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// The bytes not read yet.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let taken = self.bytes[self.at..].get(..count).ok_or(Malformed)?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let taken = self.bytes[self.at..].first_chunk().ok_or(Malformed)?;
        self.at += N;
        Ok(*taken)
    }

    fn length(&mut self, width: usize) -> Result<usize, Malformed> {
        Ok(match width {
            1 => u8::from_be_bytes(self.array()?) as usize,
            2 => u16::from_be_bytes(self.array()?) as usize,
            _ => u32::from_be_bytes(self.array()?) as usize,
        })
    }

    /// Reads one element; of a list or map only the head.
    ///
    /// # Errors
    /// [`Malformed`] at the end of the bytes, for an element that runs past it, and for the unused byte `c1`.
    #[inline]
    pub fn token(&mut self) -> Result<Token<'a>, Malformed> {
        let [head] = self.array()?;
        Ok(match head {
            0x00..=0x7f => Token::Int(head as i64),
            0x80..=0x8f => Token::Map((head & 0x0f) as u32),
            0x90..=0x9f => Token::List((head & 0x0f) as u32),
            0xa0..=0xbf => Token::Raw(self.take((head & 0x1f) as usize)?),
            0xc0 => Token::Nil,
            0xc1 => return Err(Malformed),
            0xc2 | 0xc3 => Token::Bool(head == 0xc3),
            0xc4..=0xc6 => {
                let size = self.length(1 << (head - 0xc4))?;
                Token::Raw(self.take(size)?)
            }
            0xc7..=0xc9 => {
                let size = self.length(1 << (head - 0xc7))?;
                let [kind] = self.array()?;
                Token::Ext(kind, self.take(size)?)
            }
            0xca => Token::Float32(f32::from_be_bytes(self.array()?)),
            0xcb => Token::Float64(f64::from_be_bytes(self.array()?)),
            0xcc => Token::Int(u8::from_be_bytes(self.array()?) as i64),
            0xcd => Token::Int(u16::from_be_bytes(self.array()?) as i64),
            0xce => Token::Int(u32::from_be_bytes(self.array()?) as i64),
            0xcf => {
                let value = u64::from_be_bytes(self.array()?);
                i64::try_from(value).map_or(Token::Uint(value), Token::Int)
            }
            0xd0 => Token::Int(i8::from_be_bytes(self.array()?) as i64),
            0xd1 => Token::Int(i16::from_be_bytes(self.array()?) as i64),
            0xd2 => Token::Int(i32::from_be_bytes(self.array()?) as i64),
            0xd3 => Token::Int(i64::from_be_bytes(self.array()?)),
            0xd4..=0xd8 => {
                let [kind] = self.array()?;
                Token::Ext(kind, self.take(1 << (head - 0xd4))?)
            }
            0xd9..=0xdb => {
                let size = self.length(1 << (head - 0xd9))?;
                Token::Raw(self.take(size)?)
            }
            0xdc => Token::List(u16::from_be_bytes(self.array()?) as u32),
            0xdd => Token::List(u32::from_be_bytes(self.array()?)),
            0xde => Token::Map(u16::from_be_bytes(self.array()?) as u32),
            0xdf => Token::Map(u32::from_be_bytes(self.array()?)),
            0xe0..=0xff => Token::Int(head as i8 as i64),
        })
    }

    /// Reads one element without moving on.
    ///
    /// # Errors
    /// As [`Reader::token`].
    pub fn peek(&self) -> Result<Token<'a>, Malformed> {
        self.clone().token()
    }

    /// Reads one whole element, nested ones included, and returns its bytes.
    ///
    /// # Errors
    /// As [`Reader::token`], at any depth.
    pub fn element(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.at;
        self.skip(1)?;
        Ok(&self.bytes[start..self.at])
    }

    /// Passes over `count` whole elements. Deep nesting costs no stack.
    ///
    /// # Errors
    /// As [`Reader::token`], at any depth.
    pub fn skip(&mut self, count: u64) -> Result<(), Malformed> {
        let mut left = count;
        while left > 0 {
            left -= 1;
            match self.token()? {
                Token::List(elements) => left += elements as u64,
                Token::Map(pairs) => left += 2 * pairs as u64,
                _ => {}
            }
            // Every element takes at least one byte: a count beyond that can be refused at once.
            if left > (self.bytes.len() - self.at) as u64 {
                return Err(Malformed);
            }
        }
        Ok(())
    }

    /// Reads an integer; an unsigned one above `i64::MAX` wraps.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn int(&mut self) -> Result<i64, Malformed> {
        match self.token()? {
            Token::Int(value) => Ok(value),
            Token::Uint(value) => Ok(value as i64),
            _ => Err(Malformed),
        }
    }

    /// Reads a string or bin; its payload, particle type byte included.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn raw(&mut self) -> Result<&'a [u8], Malformed> {
        match self.token()? {
            Token::Raw(bytes) => Ok(bytes),
            _ => Err(Malformed),
        }
    }

    /// Reads a list's head; how many elements follow.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn list(&mut self) -> Result<u32, Malformed> {
        match self.token()? {
            Token::List(count) => Ok(count),
            _ => Err(Malformed),
        }
    }

    /// Reads a map's head; how many pairs follow.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn map(&mut self) -> Result<u32, Malformed> {
        match self.token()? {
            Token::Map(count) => Ok(count),
            _ => Err(Malformed),
        }
    }
}

/// Appends nil.
pub fn put_nil(out: &mut Vec<u8>) {
    out.push(0xc0);
}

/// Appends a bool.
pub fn put_bool(out: &mut Vec<u8>, value: bool) {
    out.push(0xc2 | value as u8);
}

/// Appends an integer in its shortest form; a non-negative one in an unsigned form.
pub fn put_int(out: &mut Vec<u8>, value: i64) {
    if value >= 0 {
        return put_uint(out, value as u64);
    }
    if value >= -32 {
        out.push(value as u8);
    } else if let Ok(value) = i8::try_from(value) {
        out.extend_from_slice(&[0xd0, value as u8]);
    } else if let Ok(value) = i16::try_from(value) {
        out.push(0xd1);
        out.extend_from_slice(&value.to_be_bytes());
    } else if let Ok(value) = i32::try_from(value) {
        out.push(0xd2);
        out.extend_from_slice(&value.to_be_bytes());
    } else {
        out.push(0xd3);
        out.extend_from_slice(&value.to_be_bytes());
    }
}

/// Appends an unsigned integer in its shortest form.
pub fn put_uint(out: &mut Vec<u8>, value: u64) {
    if value < 0x80 {
        out.push(value as u8);
    } else if let Ok(value) = u8::try_from(value) {
        out.extend_from_slice(&[0xcc, value]);
    } else if let Ok(value) = u16::try_from(value) {
        out.push(0xcd);
        out.extend_from_slice(&value.to_be_bytes());
    } else if let Ok(value) = u32::try_from(value) {
        out.push(0xce);
        out.extend_from_slice(&value.to_be_bytes());
    } else {
        out.push(0xcf);
        out.extend_from_slice(&value.to_be_bytes());
    }
}

/// Appends a double.
pub fn put_float64(out: &mut Vec<u8>, value: f64) {
    out.push(0xcb);
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends a single-precision float.
pub fn put_float32(out: &mut Vec<u8>, value: f32) {
    out.push(0xca);
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends the head of a string of this many payload bytes.
pub fn put_raw_head(out: &mut Vec<u8>, size: usize) {
    if size < 32 {
        out.push(0xa0 | size as u8);
    } else if let Ok(size) = u8::try_from(size) {
        out.extend_from_slice(&[0xd9, size]);
    } else if let Ok(size) = u16::try_from(size) {
        out.push(0xda);
        out.extend_from_slice(&size.to_be_bytes());
    } else {
        out.push(0xdb);
        out.extend_from_slice(&(size as u32).to_be_bytes());
    }
}

/// Appends a string as it is, without a particle type byte: names, patterns.
pub fn put_raw(out: &mut Vec<u8>, payload: &[u8]) {
    put_raw_head(out, payload.len());
    out.extend_from_slice(payload);
}

/// Appends a string with its particle type byte in front: values.
pub fn put_typed_raw(out: &mut Vec<u8>, particle_type: u8, payload: &[u8]) {
    put_raw_head(out, payload.len() + 1);
    out.push(particle_type);
    out.extend_from_slice(payload);
}

/// Appends the head of a list of this many elements, order marker included.
pub fn put_list_head(out: &mut Vec<u8>, count: u32) {
    if count < 16 {
        out.push(0x90 | count as u8);
    } else if let Ok(count) = u16::try_from(count) {
        out.push(0xdc);
        out.extend_from_slice(&count.to_be_bytes());
    } else {
        out.push(0xdd);
        out.extend_from_slice(&count.to_be_bytes());
    }
}

/// Appends the head of a map of this many pairs, order marker included.
pub fn put_map_head(out: &mut Vec<u8>, count: u32) {
    if count < 16 {
        out.push(0x80 | count as u8);
    } else if let Ok(count) = u16::try_from(count) {
        out.push(0xde);
        out.extend_from_slice(&count.to_be_bytes());
    } else {
        out.push(0xdf);
        out.extend_from_slice(&count.to_be_bytes());
    }
}

/// Appends an extension.
pub fn put_ext(out: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    match payload.len() {
        1 => out.push(0xd4),
        2 => out.push(0xd5),
        4 => out.push(0xd6),
        8 => out.push(0xd7),
        16 => out.push(0xd8),
        size if size < 256 => out.extend_from_slice(&[0xc7, size as u8]),
        size if size < 65536 => {
            out.push(0xc8);
            out.extend_from_slice(&(size as u16).to_be_bytes());
        }
        size => {
            out.push(0xc9);
            out.extend_from_slice(&(size as u32).to_be_bytes());
        }
    }
    out.push(kind);
    out.extend_from_slice(payload);
}

/// Appends a token in its shortest form.
pub fn put_token(out: &mut Vec<u8>, token: Token<'_>) {
    match token {
        Token::Nil => put_nil(out),
        Token::Bool(value) => put_bool(out, value),
        Token::Int(value) => put_int(out, value),
        Token::Uint(value) => put_uint(out, value),
        Token::Float32(value) => put_float32(out, value),
        Token::Float64(value) => put_float64(out, value),
        Token::Raw(payload) => put_raw(out, payload),
        Token::List(count) => put_list_head(out, count),
        Token::Map(count) => put_map_head(out, count),
        Token::Ext(kind, payload) => put_ext(out, kind, payload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shortest_integers() {
        let rows: [(i64, &[u8]); 9] = [
            (0, &[0]),
            (127, &[0x7f]),
            (128, &[0xcc, 0x80]),
            (256, &[0xcd, 1, 0]),
            (65536, &[0xce, 0, 1, 0, 0]),
            (-1, &[0xff]),
            (-32, &[0xe0]),
            (-33, &[0xd0, 0xdf]),
            (-129, &[0xd1, 0xff, 0x7f]),
        ];
        for (value, bytes) in rows {
            let mut out = Vec::new();
            put_int(&mut out, value);
            assert_eq!(out, bytes);
        }
    }

    #[test]
    fn a_huge_count_is_refused_at_once() {
        assert_eq!(Reader::new(&[0xdd, 0xff, 0xff, 0xff, 0xff, 1]).element(), Err(Malformed));
        assert_eq!(Reader::new(&[0xdf, 0xff, 0xff, 0xff, 0xff, 1]).element(), Err(Malformed));
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let mut bytes = vec![0x91; 1_000_000];
        bytes.push(0xc0);
        assert_eq!(Reader::new(&bytes).element().unwrap().len(), bytes.len());
    }

    proptest! {
        #[test]
        fn integers_survive(value in any::<i64>()) {
            let mut out = Vec::new();
            put_int(&mut out, value);
            prop_assert_eq!(Reader::new(&out).int(), Ok(value));
        }

        #[test]
        fn unsigned_integers_survive(value in any::<u64>()) {
            let mut out = Vec::new();
            put_uint(&mut out, value);
            prop_assert_eq!(Reader::new(&out).int(), Ok(value as i64));
        }

        #[test]
        fn tokens_survive(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut reader = Reader::new(&bytes);
            while let Ok(token) = reader.token() {
                let mut out = Vec::new();
                put_token(&mut out, token);
                let again = Reader::new(&out).token().unwrap();
                // Compared as text, for a NaN equals itself there.
                prop_assert_eq!(format!("{token:?}"), format!("{again:?}"));
            }
        }

        #[test]
        fn skipping_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(element) = Reader::new(&bytes).element() {
                prop_assert!(bytes.starts_with(element));
            }
        }
    }
}
