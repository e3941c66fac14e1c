//! Between elements of a container and values of a bin (cdt §1.6, §2.1).

use aerospike_wire::msgpack::{self, Reader, Token};
use aerospike_wire::particle::geojson_text;
use aerospike_wire::{Particle, ParticleType};

use aerospike_wire::particle::ParticleBuf;

/// A single element as the value of a reply: what an operation returns that returns one element.
///
/// A float32 becomes a double, an unsigned integer the signed one of the same bits. The first byte of a string
/// tells its type; one that names none makes a blob. Nil becomes the null value. Lists and maps keep their bytes,
/// except for the index bit.
pub fn element_to_particle(element: &[u8]) -> ParticleBuf {
    let null = ParticleBuf::new(ParticleType::NULL, Vec::new());
    match Reader::new(element).token() {
        Ok(Token::Bool(value)) => ParticleBuf::bool(value),
        Ok(Token::Int(value)) => ParticleBuf::integer(value),
        Ok(Token::Uint(value)) => ParticleBuf::integer(value as i64),
        Ok(Token::Float32(value)) => ParticleBuf::float(value as f64),
        Ok(Token::Float64(value)) => ParticleBuf::float(value),
        // An empty one has no type byte (a real server ends here, cdt §15).
        Ok(Token::Raw([])) => ParticleBuf::new(ParticleType::BLOB, Vec::new()),
        Ok(Token::Raw([kind, payload @ ..])) => raw_to_particle(ParticleType(*kind), payload),
        Ok(Token::List(_)) => ParticleBuf::new(ParticleType::LIST, element.to_vec()),
        Ok(Token::Map(_)) => ParticleBuf::new(ParticleType::MAP, element.to_vec()),
        Ok(Token::Nil | Token::Ext(..)) | Err(_) => null,
    }
}

fn raw_to_particle(kind: ParticleType, payload: &[u8]) -> ParticleBuf {
    match kind {
        ParticleType::GEOJSON => {
            // Flags and number of cells; there are none.
            let mut data = vec![0; 3];
            data.extend_from_slice(payload);
            ParticleBuf::new(kind, data)
        }
        ParticleType::STRING | ParticleType::JAVA_BLOB | ParticleType::PYTHON_BLOB | ParticleType::HLL => {
            ParticleBuf::new(kind, payload.to_vec())
        }
        _ => ParticleBuf::new(ParticleType::BLOB, payload.to_vec()),
    }
}

/// Appends a bin's value as an element.
///
/// A null value becomes nil, as does one whose bytes do not fit its type.
pub fn particle_to_element(particle: Particle<'_>, out: &mut Vec<u8>) {
    match particle.kind {
        ParticleType::INTEGER => match particle.as_integer() {
            Some(value) => msgpack::put_int(out, value),
            None => msgpack::put_nil(out),
        },
        ParticleType::FLOAT => match particle.as_float() {
            Some(value) => msgpack::put_float64(out, value),
            None => msgpack::put_nil(out),
        },
        ParticleType::BOOL => msgpack::put_bool(out, particle.data.first().is_some_and(|byte| *byte != 0)),
        ParticleType::GEOJSON => {
            let text = geojson_text(particle.data).unwrap_or(particle.data);
            msgpack::put_typed_raw(out, ParticleType::GEOJSON.0, text);
        }
        ParticleType::LIST | ParticleType::MAP => out.extend_from_slice(particle.data),
        ParticleType::NULL => msgpack::put_nil(out),
        kind => msgpack::put_typed_raw(out, kind.0, particle.data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_as_values() {
        let rows: [(&[u8], ParticleType, &[u8]); 13] = [
            (&[0xc0], ParticleType::NULL, &[]),
            (&[0xc3], ParticleType::BOOL, &[1]),
            (&[0xff], ParticleType::INTEGER, &[0xff; 8]),
            (&[0xcf, 255, 255, 255, 255, 255, 255, 255, 255], ParticleType::INTEGER, &[0xff; 8]),
            (&[0xca, 0x3f, 0xc0, 0, 0], ParticleType::FLOAT, &[0x3f, 0xf8, 0, 0, 0, 0, 0, 0]),
            (&[0xa2, 3, 0x61], ParticleType::STRING, b"a"),
            (&[0xa2, 4, 0x61], ParticleType::BLOB, b"a"),
            (&[0xa3, 23, 0x7b, 0x7d], ParticleType::GEOJSON, &[0, 0, 0, 0x7b, 0x7d]),
            (&[0xa2, 9, 0x61], ParticleType::PYTHON_BLOB, b"a"),
            (&[0xa2, 0x61, 0x62], ParticleType::BLOB, b"b"),
            (&[0xa0], ParticleType::BLOB, &[]),
            (&[0x92, 0xc7, 0, 1, 1], ParticleType::LIST, &[0x92, 0xc7, 0, 1, 1]),
            (&[0x80], ParticleType::MAP, &[0x80]),
        ];
        for (element, kind, data) in rows {
            assert_eq!(element_to_particle(element), ParticleBuf::new(kind, data.to_vec()), "{element:x?}");
        }
    }

    #[test]
    fn values_as_elements() {
        let rows: [(ParticleBuf, &[u8]); 7] = [
            (ParticleBuf::integer(-1), &[0xff]),
            (ParticleBuf::float(1.5), &[0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]),
            (ParticleBuf::bool(false), &[0xc2]),
            (ParticleBuf::new(ParticleType::STRING, b"a".to_vec()), &[0xa2, 3, 0x61]),
            (
                ParticleBuf::new(ParticleType::GEOJSON, b"\0\0\x01\0\0\0\0\0\0\0\0{}".to_vec()),
                &[0xa3, 23, 0x7b, 0x7d],
            ),
            (ParticleBuf::new(ParticleType::LIST, vec![0x91, 1]), &[0x91, 1]),
            (ParticleBuf::new(ParticleType::NULL, vec![]), &[0xc0]),
        ];
        for (particle, element) in rows {
            let mut out = Vec::new();
            particle_to_element(particle.as_particle(), &mut out);
            assert_eq!(out, element);
        }
    }
}
