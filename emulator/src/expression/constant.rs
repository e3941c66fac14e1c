//! Constants (expressions §2).
//!
//! Lists and maps are kept byte for byte, but for one bit of the outermost order marker.

use super::decode::Bad;
use super::node::Constant;
use crate::geo;
use aerospike_wire::ParticleType;
use aerospike_wire::msgpack::{self, Reader, Token};

/// Flag of an order marker that asks for a persisted index.
const PERSIST_INDEX: u8 = 0x10;

/// A constant from its one msgpack element, which must not be a list.
pub(super) fn decode(element: &[u8]) -> Result<Constant, Bad> {
    Ok(match Reader::new(element).token()? {
        Token::Nil => Constant::Nil,
        Token::Bool(value) => Constant::Bool(value),
        Token::Int(value) => Constant::Int(value),
        Token::Uint(value) => Constant::Int(value as i64),
        Token::Float32(value) => Constant::Float(value.into()),
        Token::Float64(value) => Constant::Float(value),
        Token::Raw([kind, payload @ ..]) => match ParticleType(*kind) {
            kind @ (ParticleType::STRING | ParticleType::BLOB | ParticleType::HLL) => {
                Constant::Bytes(kind, payload.into())
            }
            ParticleType::GEOJSON => {
                Constant::Bytes(ParticleType::GEOJSON, geo::particle(payload).map_err(|_| Bad)?.into())
            }
            _ => return Err(Bad),
        },
        Token::Map(_) => Constant::Bytes(ParticleType::MAP, without_persist_flag(element)?.into()),
        Token::Ext(..) => Constant::Extension(element.into()),
        Token::Raw([]) | Token::List(_) => return Err(Bad),
    })
}

/// A quoted list; nothing else can be quoted.
pub(super) fn list(element: &[u8]) -> Result<Constant, Bad> {
    match Reader::new(element).token()? {
        Token::List(_) => Ok(Constant::Bytes(ParticleType::LIST, without_persist_flag(element)?.into())),
        _ => Err(Bad),
    }
}

/// The container with the persisted-index bit of its own marker cleared; a marker without flags goes too.
fn without_persist_flag(element: &[u8]) -> Result<Vec<u8>, Bad> {
    let mut reader = Reader::new(element);
    let head = reader.token()?;
    let (count, is_map) = match head {
        Token::List(count) => (count, false),
        Token::Map(count) => (count, true),
        _ => return Err(Bad),
    };
    let flags = match reader.peek() {
        Ok(Token::Ext(flags, [])) if count > 0 && flags & PERSIST_INDEX != 0 => flags & !PERSIST_INDEX,
        _ => return Ok(element.to_vec()),
    };
    reader.skip(1 + is_map as u64)?;
    let mut out = Vec::with_capacity(element.len());
    let put_head = if is_map { msgpack::put_map_head } else { msgpack::put_list_head };
    put_head(&mut out, count - (flags == 0) as u32);
    if flags != 0 {
        msgpack::put_ext(&mut out, flags, &[]);
        if is_map {
            msgpack::put_nil(&mut out);
        }
    }
    out.extend_from_slice(reader.rest());
    Ok(out)
}
