//! A stream of frames, as either end of a connection reads it: every header is refused or survives being written
//! again, and no body makes the parser leave its bounds.

use aerospike_wire::Message;
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};

/// Runs one input.
pub fn run(mut stream: &[u8]) {
    while let Some(head) = stream.first_chunk::<HEADER_SIZE>() {
        let Ok(header) = ProtoHeader::parse(*head) else { return };
        assert_eq!(ProtoHeader::parse(header.to_bytes()), Ok(header));
        let Some(body) = stream.get(HEADER_SIZE..HEADER_SIZE + header.size) else { return };
        stream = &stream[HEADER_SIZE + header.size..];
        if header.frame_type == FrameType::Message {
            records(body);
        }
    }
}

/// A reply's body may hold several records, one after another.
fn records(mut body: &[u8]) {
    while let Ok((message, rest)) = Message::parse_prefix(body) {
        assert!(rest.len() < body.len());
        assert_eq!(message.fields().count(), message.header.n_fields as usize);
        assert_eq!(message.ops().count(), message.n_ops());
        body = rest;
    }
}
