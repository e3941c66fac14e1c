//! The workloads: one entry each in the tables that [`all`] joins.
//!
//! To add one: write a function that appends one request frame, say how its reply ends, and what the server must
//! hold before. All else (floor, rounds, CPU, report) follows.

mod batch;
mod collections;
mod filters;
mod functions;
pub mod queries;

use aerospike_wire::bits::{info1, info2};
use aerospike_wire::message::FrameBuilder;
use aerospike_wire::{Header, Particle, ParticleType, op};
use bytes::BytesMut;
use std::ops::Range;

/// How many records the point workloads touch.
pub const RECORDS: u64 = 100_000;
/// Bytes in the one bin of each of them.
pub const VALUE_SIZE: usize = 100;
const NAMESPACE: &[u8] = b"test";
const SET: &[u8] = b"bench";

/// Takes the frames that fill a server, one by one.
pub type Sink<'a> = &'a mut dyn FnMut(&BytesMut);

/// What a load consists of.
pub struct Workload {
    /// Short; stands in the report.
    pub name: &'static str,
    /// How many records one operation handles, so that throughput can be told in records.
    pub records_per_operation: u64,
    /// Connections, one request under way on each.
    pub connections: &'static [usize],
    /// Appends the frames that fill the server; each must succeed.
    pub fill: fn(Sink<'_>),
    /// Appends one request frame.
    pub request: fn(&mut BytesMut, &mut Random),
    /// Where its reply ends.
    pub reply: Reply,
}

/// Where a reply ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reply {
    /// With its first frame.
    OneFrame,
    /// With the frame whose last record carries the LAST bit: batches and queries.
    UntilLast,
}

/// Connections of the point workloads.
const POINT_CONNECTIONS: &[usize] = &[1, 16, 64, 256];

/// Reads and writes of one record.
const POINT: &[Workload] = &[
    point("get", fill_records::<VALUE_SIZE>, get),
    point("put", fill_records::<VALUE_SIZE>, |out, random| {
        put_sized::<VALUE_SIZE>(out, random.below(RECORDS));
    }),
    point("get and put", fill_records::<VALUE_SIZE>, get_or_put::<VALUE_SIZE>),
    point("get, 1 KiB", fill_records::<1024>, get),
    point("put, 1 KiB", fill_records::<1024>, |out, random| put_sized::<1024>(out, random.below(RECORDS))),
    point("get and put, 1 KiB", fill_records::<1024>, get_or_put::<1024>),
    Workload {
        name: "operate: add, read back",
        records_per_operation: 1,
        connections: &[16],
        fill: |send| {
            let mut frame = BytesMut::new();
            for number in 0..RECORDS {
                frame.clear();
                operate(&mut frame, number);
                send(&frame);
            }
        },
        request: |out, random| operate(out, random.below(RECORDS)),
        reply: Reply::OneFrame,
    },
];

const fn point(name: &'static str, fill: fn(Sink<'_>), request: fn(&mut BytesMut, &mut Random)) -> Workload {
    let (connections, reply) = (POINT_CONNECTIONS, Reply::OneFrame);
    Workload { name, records_per_operation: 1, connections, fill, request, reply }
}

/// All workloads in the order measured.
pub fn all() -> impl Iterator<Item = &'static Workload> {
    [
        POINT,
        batch::WORKLOADS,
        collections::WORKLOADS,
        filters::WORKLOADS,
        queries::WORKLOADS,
        functions::WORKLOADS,
    ]
    .into_iter()
    .flatten()
}

fn fill_records<const SIZE: usize>(send: Sink<'_>) {
    fill_many::<SIZE>(send, 0..RECORDS);
}

/// Writes records of these numbers.
pub fn fill_many<const SIZE: usize>(send: Sink<'_>, numbers: Range<u64>) {
    let mut frame = BytesMut::new();
    for number in numbers {
        frame.clear();
        put_sized::<SIZE>(&mut frame, number);
        send(&frame);
    }
}

/// The header of a request for all bins.
fn read_all() -> Header {
    Header { info1: info1::READ | info1::GET_ALL, ..Header::default() }
}

/// The header of a write.
fn write() -> Header {
    Header { info2: info2::WRITE, ..Header::default() }
}

fn get(out: &mut BytesMut, random: &mut Random) {
    get_one(out, random.below(RECORDS));
}

/// Asks for the record of a number.
pub fn get_one(out: &mut BytesMut, number: u64) {
    let mut frame = FrameBuilder::begin(out, read_all());
    frame.record(NAMESPACE, SET, &digest(number));
    frame.finish();
}

/// Writes the record of a number.
pub fn put(out: &mut BytesMut, number: u64) {
    put_sized::<VALUE_SIZE>(out, number);
}

fn put_sized<const SIZE: usize>(out: &mut BytesMut, number: u64) {
    let mut frame = FrameBuilder::begin(out, write());
    frame.record(NAMESPACE, SET, &digest(number));
    frame.op(op::WRITE, b"value", Particle::new(ParticleType::STRING, &[b'v'; SIZE]));
    frame.finish();
}

fn get_or_put<const SIZE: usize>(out: &mut BytesMut, random: &mut Random) {
    match random.bits() & 1 {
        0 => get(out, random),
        _ => put_sized::<SIZE>(out, random.below(RECORDS)),
    }
}

fn operate(out: &mut BytesMut, number: u64) {
    let header = Header { info1: info1::READ, info2: info2::WRITE, ..Header::default() };
    let mut frame = FrameBuilder::begin(out, header);
    frame.record(NAMESPACE, SET, &digest(number));
    frame.op(op::INCR, b"number", Particle::new(ParticleType::INTEGER, &1u64.to_be_bytes()));
    frame.op(op::READ, b"number", Particle::new(ParticleType::NULL, &[]));
    frame.finish();
}

/// Twenty bytes, spread as evenly as those of real digests.
fn digest(number: u64) -> [u8; 20] {
    let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut digest = [0; 20];
    for part in digest.chunks_mut(8) {
        random.bits();
        part.copy_from_slice(&random.bits().to_le_bytes()[..part.len()]);
    }
    digest
}

/// A quick source of numbers that are random enough to pick records by; the same in each run.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// 64 bits (SplitMix64).
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `limit` - 1.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((self.bits() as u128 * limit as u128) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerospike_wire::Message;
    use aerospike_wire::proto::HEADER_SIZE;
    use std::collections::HashSet;

    #[test]
    fn requests_are_whole_frames() {
        for workload in all() {
            let mut out = BytesMut::new();
            (workload.request)(&mut out, &mut Random(1));
            Message::parse(&out[HEADER_SIZE..]).unwrap();
        }
    }

    #[test]
    fn digests_differ() {
        let digests: HashSet<_> = (0..RECORDS).map(digest).collect();
        assert_eq!(digests.len() as u64, RECORDS);
    }
}
