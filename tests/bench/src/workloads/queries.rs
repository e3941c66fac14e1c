//! Scans and index queries.

use super::{
    NAMESPACE, RECORDS, Random, Reply, SET, Sink, VALUE_SIZE, Workload, digest, fill_records, write,
};
use aerospike_wire::bits::{info1, info3};
use aerospike_wire::message::FrameBuilder;
use aerospike_wire::proto::{FrameType, ProtoHeader};
use aerospike_wire::{Header, PARTITIONS, Particle, ParticleType, field, op};
use bytes::{BufMut, BytesMut};

/// Over 1 and 8 connections.
pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "scan of 100,000",
        records_per_operation: RECORDS,
        connections: &[1, 8],
        fill: fill_records::<VALUE_SIZE>,
        request: |out, _| scan(out),
        reply: Reply::UntilLast,
    },
    Workload {
        name: "query, 100 of 100,000",
        records_per_operation: 100,
        connections: &[1, 8],
        fill: |send| fill(send, RECORDS),
        request: |out, random| between(out, random.below(RECORDS - 100) as i64, 100),
        reply: Reply::UntilLast,
    },
    Workload {
        name: "geo query, 100 of 100,000",
        records_per_operation: 100,
        connections: &[1, 8],
        fill: fill_points,
        request: |out, random| within(out, 1.0 + 8.0 * share(random), 1.0 + 8.0 * share(random)),
        reply: Reply::UntilLast,
    },
];

/// Sides in degrees of the square at longitude and latitude 0 in which all points lie.
const SQUARE: f64 = 10.0;
/// Metres within which a thousandth of the square lies.
const RADIUS: f64 = 19_840.0;

/// From 0 to 1.
fn share(random: &mut Random) -> f64 {
    (random.bits() >> 11) as f64 / (1u64 << 53) as f64
}

/// Appends an info request.
pub fn info(out: &mut BytesMut, command: &str) {
    out.put_slice(&ProtoHeader { frame_type: FrameType::Info, size: command.len() + 1 }.to_bytes());
    out.put_slice(command.as_bytes());
    out.put_u8(b'\n');
}

/// Makes the index on the bin `number`.
pub fn create_index(out: &mut BytesMut) {
    info(out, "sindex-create:namespace=test;set=bench;indexname=number;bin=number;type=numeric");
}

/// Records of a number and some bytes, and an index on the numbers.
pub fn fill(send: Sink<'_>, count: u64) {
    let mut out = BytesMut::new();
    create_index(&mut out);
    send(&out);
    fill_numbers(send, count);
}

/// Records of a number and some bytes.
pub fn fill_numbers(send: Sink<'_>, count: u64) {
    let mut out = BytesMut::new();
    for number in 0..count {
        out.clear();
        let mut frame = FrameBuilder::begin(&mut out, write());
        frame.record(NAMESPACE, SET, &digest(number));
        frame.op(op::WRITE, b"number", Particle::new(ParticleType::INTEGER, &number.to_be_bytes()));
        frame.op(op::WRITE, b"value", Particle::new(ParticleType::STRING, &[b'v'; VALUE_SIZE]));
        frame.finish();
        send(&out);
    }
}

fn fill_points(send: Sink<'_>) {
    let mut out = BytesMut::new();
    info(&mut out, "sindex-create:namespace=test;set=bench;indexname=place;bin=place;type=geo2dsphere");
    send(&out);
    let mut random = Random(7);
    for number in 0..RECORDS {
        out.clear();
        let (lng, lat) = (SQUARE * share(&mut random), SQUARE * share(&mut random));
        let point = format!("\0\0\0{{\"type\":\"Point\",\"coordinates\":[{lng:.9},{lat:.9}]}}");
        let mut frame = FrameBuilder::begin(&mut out, write());
        frame.record(NAMESPACE, SET, &digest(number));
        frame.op(op::WRITE, b"place", Particle::new(ParticleType::GEOJSON, point.as_bytes()));
        frame.finish();
        send(&out);
    }
}

/// Asks for all records.
pub fn scan(out: &mut BytesMut) {
    query(out, None);
}

/// Asks for so many numbers from one on.
pub fn between(out: &mut BytesMut, from: i64, count: i64) {
    let mut range = vec![1, 6];
    range.extend_from_slice(b"number");
    range.push(ParticleType::INTEGER.0);
    for end in [from, from + count - 1] {
        range.extend_from_slice(&8u32.to_be_bytes());
        range.extend_from_slice(&end.to_be_bytes());
    }
    query(out, Some(&range));
}

/// Asks for the points around a place.
fn within(out: &mut BytesMut, lng: f64, lat: f64) {
    let circle = format!("{{\"type\":\"AeroCircle\",\"coordinates\":[[{lng:.9},{lat:.9}],{RADIUS}]}}");
    let mut range = vec![1, 5];
    range.extend_from_slice(b"place");
    range.push(ParticleType::GEOJSON.0);
    for _ in 0..2 {
        range.extend_from_slice(&(circle.len() as u32).to_be_bytes());
        range.extend_from_slice(circle.as_bytes());
    }
    query(out, Some(&range));
}

fn query(out: &mut BytesMut, range: Option<&[u8]>) {
    let header =
        Header { info1: info1::READ | info1::GET_ALL, info3: info3::PARTITION_DONE, ..Header::default() };
    let partitions: Vec<u8> = (0..PARTITIONS as u16).flat_map(u16::to_le_bytes).collect();
    let mut frame = FrameBuilder::begin(out, header);
    frame.field(field::NAMESPACE, NAMESPACE);
    frame.field(field::SET, SET);
    frame.field(field::PARTITION_IDS, &partitions);
    if let Some(range) = range {
        frame.field(field::INDEX_RANGE, range);
    }
    frame.finish();
}
