//! The body of one message: what parses can be written again and parses to the same.

use aerospike_wire::message::FrameBuilder;
use aerospike_wire::proto::HEADER_SIZE;
use aerospike_wire::{Header, Message, Value};
use bytes::BytesMut;

/// Runs one input.
pub fn run(body: &[u8]) {
    let Ok(message) = Message::parse(body) else { return };
    assert_eq!(Header::parse(&message.header.to_bytes()), Ok(message.header));
    let mut out = BytesMut::new();
    let mut frame = FrameBuilder::begin(&mut out, message.header);
    for field in message.fields() {
        assert!(message.field(field.id).is_some());
        frame.field(field.id, field.data);
    }
    for op in message.ops() {
        frame.op(op.code, op.name, op.particle());
        let _ = Value::from_particle(op.particle());
    }
    frame.finish();
    let written = Message::parse(&out[HEADER_SIZE..]).expect("what was written parses");
    assert_eq!(written.header, message.header);
    assert!(written.fields().eq(message.fields()));
    // Writing leaves out the timestamps that ops may carry, and the flag that announces them.
    let essence = |message: Message<'_>| -> Vec<_> {
        message.ops().map(|op| (op.code, op.kind, op.name.to_vec(), op.data.to_vec())).collect()
    };
    assert_eq!(essence(written), essence(message));
}
