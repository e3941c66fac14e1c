//! Compressed messages: a zlib stream around a whole frame (wire §26). Enterprise Edition only.

use aerospike_wire::ResultCode;
use aerospike_wire::proto::{FrameType, HEADER_SIZE, MAX_BODY_SIZE, ProtoHeader};
use bytes::{BufMut, BytesMut};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use std::borrow::Cow;
use std::io::{Read, Write};

/// Shorter frames are not worth compressing.
const WORTH: usize = 128;

/// The body of the message that a frame is, or holds compressed.
///
/// # Errors
/// As [`inflate`].
pub fn message_body(frame_type: FrameType, body: &[u8]) -> Result<Cow<'_, [u8]>, ResultCode> {
    match frame_type {
        FrameType::Compressed => inflate(body).map(Cow::Owned),
        _ => Ok(Cow::Borrowed(body)),
    }
}

/// Takes the message frame out of a compressed body; returns the message's body.
///
/// The result grows with what is really inflated, up to the longest body that a frame may have.
///
/// # Errors
/// [`ResultCode::PARAMETER`] unless the body holds exactly one message frame of the size announced.
pub fn inflate(body: &[u8]) -> Result<Vec<u8>, ResultCode> {
    let (size, deflated) = body.split_first_chunk().ok_or(ResultCode::PARAMETER)?;
    let size = u64::from_be_bytes(*size);
    if size < HEADER_SIZE as u64 || size > (HEADER_SIZE + MAX_BODY_SIZE) as u64 {
        return Err(ResultCode::PARAMETER);
    }
    let mut frame = Vec::new();
    let mut decoder = ZlibDecoder::new(deflated).take(size + 1);
    decoder.read_to_end(&mut frame).map_err(|_| ResultCode::PARAMETER)?;
    let head = frame.first_chunk().and_then(|head| ProtoHeader::parse(*head).ok());
    let fits = head
        .is_some_and(|head| head.frame_type == FrameType::Message && head.size + HEADER_SIZE == frame.len());
    if frame.len() as u64 != size || !fits {
        return Err(ResultCode::PARAMETER);
    }
    frame.drain(..HEADER_SIZE);
    Ok(frame)
}

/// Compresses the message frames in `out` from `start` on, each on its own, where that makes them shorter.
pub fn deflate(out: &mut BytesMut, start: usize) {
    let plain = out.split_off(start);
    let mut rest = &plain[..];
    while let Some(head) = rest.first_chunk() {
        let Ok(head) = ProtoHeader::parse(*head) else { break };
        let (frame, behind) = rest.split_at(rest.len().min(HEADER_SIZE + head.size));
        rest = behind;
        match deflate_frame(frame) {
            Some(packed) if packed.len() + 2 * HEADER_SIZE < frame.len() => {
                let size = packed.len() + 8;
                out.put_slice(&ProtoHeader { frame_type: FrameType::Compressed, size }.to_bytes());
                out.put_u64(frame.len() as u64);
                out.put_slice(&packed);
            }
            _ => out.put_slice(frame),
        }
    }
    out.put_slice(rest);
}

fn deflate_frame(frame: &[u8]) -> Option<Vec<u8>> {
    if frame.len() < WORTH {
        return None;
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(frame).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &[u8]) -> BytesMut {
        let mut out = BytesMut::new();
        out.put_slice(&ProtoHeader { frame_type: FrameType::Message, size: body.len() }.to_bytes());
        out.put_slice(body);
        out
    }

    #[test]
    fn what_is_deflated_can_be_inflated() {
        let body = vec![7; 5000];
        let mut out = BytesMut::from(&b"before"[..]);
        out.unsplit(frame(&body));
        out.unsplit(frame(b"short"));
        deflate(&mut out, 6);
        assert!(out.len() < 200);
        let head = ProtoHeader::parse(*out[6..].first_chunk().unwrap()).unwrap();
        assert_eq!(head.frame_type, FrameType::Compressed);
        assert_eq!(inflate(&out[14..14 + head.size]).unwrap(), body);
        assert_eq!(&out[14 + head.size..], &frame(b"short")[..]);
    }

    #[test]
    fn false_sizes_are_refused() {
        let mut out = frame(&[1; 1000]);
        deflate(&mut out, 0);
        let good = out[8..].to_vec();
        let with_size = |size: u64| {
            let mut body = good.clone();
            body[..8].copy_from_slice(&size.to_be_bytes());
            inflate(&body)
        };
        assert!(with_size(1008).is_ok());
        for size in [0, 7, 1007, 1009, u64::MAX, 1 << 40] {
            assert_eq!(with_size(size), Err(ResultCode::PARAMETER), "{size}");
        }
        assert_eq!(inflate(&good[..good.len() - 5]), Err(ResultCode::PARAMETER));
        assert_eq!(inflate(&[]), Err(ResultCode::PARAMETER));
    }
}
