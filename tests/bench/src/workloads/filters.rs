//! Reads through a filter of three clauses, which half of the records pass.

use super::{NAMESPACE, RECORDS, Random, Reply, SET, Sink, Workload, batch, digest, read_all, write};
use aerospike_wire::message::FrameBuilder;
use aerospike_wire::msgpack::{put_int, put_list_head, put_raw, put_typed_raw};
use aerospike_wire::{Particle, ParticleType, exp, field, op};
use bytes::BytesMut;

pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "get, no filter",
        records_per_operation: 1,
        connections: &[16],
        fill,
        request: |out, random| get(out, random, None),
        reply: Reply::OneFrame,
    },
    Workload {
        name: "get, filter of 3 clauses",
        records_per_operation: 1,
        connections: &[16],
        fill,
        request: |out, random| get(out, random, Some(&filter())),
        reply: Reply::OneFrame,
    },
    Workload {
        name: "batch of 100, filter of 3 clauses",
        records_per_operation: 100,
        connections: &[8],
        fill,
        request: |out, random| {
            let digests = (0..100u32).map(|_| digest(random.below(RECORDS)));
            batch::request(out, digests, Some(&filter()));
        },
        reply: Reply::UntilLast,
    },
];

/// A number from 0 to 99 and a word.
fn fill(send: Sink<'_>) {
    let mut out = BytesMut::new();
    for number in 0..RECORDS {
        out.clear();
        let mut frame = FrameBuilder::begin(&mut out, write());
        frame.record(NAMESPACE, SET, &digest(number));
        let value = (number % 100).to_be_bytes();
        frame.op(op::WRITE, b"number", Particle::new(ParticleType::INTEGER, &value));
        frame.op(op::WRITE, b"word", Particle::new(ParticleType::STRING, b"yes"));
        frame.finish();
        send(&out);
    }
}

fn get(out: &mut BytesMut, random: &mut Random, filter: Option<&[u8]>) {
    let mut frame = FrameBuilder::begin(out, read_all());
    frame.record(NAMESPACE, SET, &digest(random.below(RECORDS)));
    if let Some(filter) = filter {
        frame.field(field::FILTER, filter);
    }
    frame.finish();
}

/// `number >= 10 and number < 60 and word == "yes"`
fn filter() -> Vec<u8> {
    let mut out = Vec::new();
    put_list_head(&mut out, 4);
    put_int(&mut out, exp::op::AND);
    for (comparison, limit) in [(exp::op::GE, 10), (exp::op::LT, 60)] {
        put_list_head(&mut out, 3);
        put_int(&mut out, comparison);
        put_bin(&mut out, exp::kind::INT, "number");
        put_int(&mut out, limit);
    }
    put_list_head(&mut out, 3);
    put_int(&mut out, exp::op::EQ);
    put_bin(&mut out, exp::kind::STRING, "word");
    put_typed_raw(&mut out, ParticleType::STRING.0, b"yes");
    out
}

fn put_bin(out: &mut Vec<u8>, kind: i64, name: &str) {
    put_list_head(out, 3);
    put_int(out, exp::op::BIN);
    put_int(out, kind);
    put_raw(out, name.as_bytes());
}
