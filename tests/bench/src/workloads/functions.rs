//! Calls of a function in Lua: a counter, on many records and on one.

use super::queries::info;
use super::{NAMESPACE, Reply, SET, Sink, Workload, digest, put, write};
use aerospike_wire::message::FrameBuilder;
use aerospike_wire::{field, msgpack};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;

/// How many records are counted in.
const COUNTERS: u64 = 1000;

const MODULE: &str = "function count(r, by) r.n = (r.n or 0) + by aerospike:update(r) return r.n end";

pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "UDF counter",
        records_per_operation: 1,
        connections: &[1, 16],
        fill,
        request: |out, random| count(out, random.below(COUNTERS)),
        reply: Reply::OneFrame,
    },
    Workload {
        name: "UDF counter, one record",
        records_per_operation: 1,
        connections: &[16],
        fill,
        request: |out, _| count(out, 0),
        reply: Reply::OneFrame,
    },
];

fn fill(send: Sink<'_>) {
    let mut out = BytesMut::new();
    let content = STANDARD.encode(MODULE);
    let length = content.len();
    info(
        &mut out,
        &format!("udf-put:filename=bench.lua;content={content};content-len={length};udf-type=LUA;"),
    );
    send(&out);
    for number in 0..COUNTERS {
        out.clear();
        put(&mut out, number);
        send(&out);
    }
}

fn count(out: &mut BytesMut, number: u64) {
    let mut arguments = Vec::new();
    msgpack::put_list_head(&mut arguments, 1);
    msgpack::put_int(&mut arguments, 1);
    let mut frame = FrameBuilder::begin(out, write());
    frame.record(NAMESPACE, SET, &digest(number));
    frame.field(field::UDF_MODULE, b"bench");
    frame.field(field::UDF_FUNCTION, b"count");
    frame.field(field::UDF_ARGUMENTS, &arguments);
    frame.finish();
}
