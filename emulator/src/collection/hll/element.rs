//! Elements and their hashes (hll §B6).

use aerospike_wire::ResultCode;
use aerospike_wire::msgpack::{Reader, Token, put_token};

/// The 128-bit hash of an element, in halves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hash {
    /// The first eight bytes: register index and minhash come from here.
    pub low: u64,
    /// The last eight bytes: the rank comes from here.
    pub high: u64,
}

/// A list of elements, checked.
#[derive(Clone, Copy)]
pub struct Elements<'a> {
    /// Behind the list's head.
    reader: Reader<'a>,
    count: u32,
}

impl<'a> Elements<'a> {
    /// Reads a list.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`] if it is no list, or empty, or has a list or map among its elements.
    pub fn parse(list: &'a [u8]) -> Result<Elements<'a>, ResultCode> {
        let mut reader = Reader::new(list);
        let Ok(Token::List(count @ 1..)) = reader.token() else { return Err(ResultCode::PARAMETER) };
        let mut elements = reader;
        for _ in 0..count {
            match elements.token() {
                Err(_) | Ok(Token::List(_) | Token::Map(_)) => return Err(ResultCode::PARAMETER),
                Ok(_) => {}
            }
        }
        Ok(Elements { reader, count })
    }

    /// The hash of every element, in order.
    pub fn hashes(&self) -> impl Iterator<Item = Hash> {
        let mut reader = self.reader;
        let mut shortest = Vec::new();
        (0..self.count).map_while(move |_| {
            let start = reader.rest();
            let token = reader.token().ok()?;
            let sent = &start[..start.len() - reader.rest().len()];
            if is_final(sent, token) {
                return Some(hash(sent));
            }
            shortest.clear();
            put_token(&mut shortest, token);
            Some(hash(&shortest))
        })
    }
}

/// Whether an element is hashed as it was sent rather than in its shortest form.
fn is_final(sent: &[u8], token: Token<'_>) -> bool {
    match token {
        // A bin becomes a string only where a shorter header results.
        Token::Raw(payload) => match sent.first() {
            Some(0xc4) => payload.len() > 31,
            Some(0xc5) => payload.len() > 0xff,
            Some(0xc6) => payload.len() > 0xffff,
            _ => false,
        },
        Token::Int(_) | Token::Uint(_) | Token::Ext(..) => false,
        _ => true,
    }
}

/// MurmurHash3, the 128-bit variant for 64-bit machines, seed 0.
fn hash(bytes: &[u8]) -> Hash {
    let (low, high) = mur3::murmurhash3_x64_128(bytes, 0);
    Hash { low, high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerospike_wire::msgpack::{put_float64, put_int, put_typed_raw, put_uint};

    fn hashed(elements: &[&[u8]]) -> Vec<Hash> {
        let mut list = vec![0x90 | elements.len() as u8];
        elements.iter().for_each(|element| list.extend_from_slice(element));
        Elements::parse(&list).unwrap().hashes().collect()
    }

    fn one(put: impl FnOnce(&mut Vec<u8>)) -> Hash {
        let mut element = Vec::new();
        put(&mut element);
        hashed(&[&element])[0]
    }

    #[test]
    fn vectors() {
        for (got, low, high) in [
            (one(|out| put_int(out, 1)), 0x7ace5c908374fe16, 0x778867e4430e6785),
            (one(|out| put_int(out, -1)), 0x47da3778a4e290ec, 0xfa2f17143880ce2e),
            (one(|out| put_int(out, 128)), 0xf228ad94c61674ae, 0xa0a9fa69003ca7af),
            (one(|out| put_typed_raw(out, 3, b"a")), 0x8d15ae180c40a275, 0x0e22c7dd0fe0da88),
            (one(|out| put_typed_raw(out, 4, b"a")), 0x581a1037836e6649, 0x078224a93516558a),
            (one(|out| put_float64(out, 1.5)), 0x930947b00dc1962f, 0x1d00a0f3d08e2090),
            (one(|out| out.push(0xc3)), 0x94643385ec3286f1, 0x2e91e4bb150999e0),
            (one(|out| out.push(0xc0)), 0xa594120685752897, 0x226746528055443e),
            (one(|out| put_typed_raw(out, 3, b"")), 0x1f8613b13c14535c, 0xcecc99c97811e6af),
            (one(|out| put_int(out, i64::MAX)), 0x82abbf77f95f99c3, 0x8635f89ef60e1518),
        ] {
            assert_eq!(got, Hash { low, high });
        }
    }

    #[test]
    fn elements_are_hashed_in_their_shortest_form() {
        let same = |a: &[u8], b: &[u8]| assert_eq!(hashed(&[a]), hashed(&[b]), "{a:02x?} {b:02x?}");
        let differ = |a: &[u8], b: &[u8]| assert_ne!(hashed(&[a]), hashed(&[b]), "{a:02x?} {b:02x?}");
        same(&[0xd3, 0, 0, 0, 0, 0, 0, 0, 5], &[5]);
        same(&[0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], &[0xff]);
        same(&[0xd1, 0, 0x80], &[0xcc, 0x80]);
        same(&[0xd9, 2, 3, 0x61], &[0xa2, 3, 0x61]);
        same(&[0xc4, 2, 3, 0x61], &[0xa2, 3, 0x61]);
        same(&[0xc7, 1, 0xff, 0], &[0xd4, 0xff, 0]);
        let payload = [3; 32];
        differ(&[&[0xc4, 32][..], &payload].concat(), &[&[0xd9, 32][..], &payload].concat());
        same(&[&[0xc5, 0, 32][..], &payload].concat(), &[&[0xd9, 32][..], &payload].concat());
        same(&[&[0xc6, 0, 0, 0, 32][..], &payload].concat(), &[&[0xd9, 32][..], &payload].concat());
        let payload = [3; 256];
        differ(&[&[0xc5, 1, 0][..], &payload].concat(), &[&[0xda, 1, 0][..], &payload].concat());
        same(&[&[0xc6, 0, 0, 1, 0][..], &payload].concat(), &[&[0xda, 1, 0][..], &payload].concat());
        differ(&[0xca, 0x3f, 0xc0, 0, 0], &[0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]);
        let mut greatest = Vec::new();
        put_uint(&mut greatest, u64::MAX);
        differ(&greatest, &[0xff]);
    }

    #[test]
    fn what_is_no_element() {
        for list in [
            &[0x90][..],
            &[0x91, 0x90],
            &[0x92, 1, 0x80],
            &[0x92, 1],
            &[0x91, 0xc1],
            &[0x81, 1, 1],
            &[1],
            &[],
        ] {
            assert_eq!(Elements::parse(list).err(), Some(ResultCode::PARAMETER), "{list:02x?}");
        }
    }
}
