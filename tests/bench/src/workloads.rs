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

/// How many records the point workloads touch.
const RECORDS: u64 = 100_000;
/// Bytes in the one bin of each of them.
const VALUE_SIZE: usize = 100;
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

/// Reads and writes of one record of 100 bytes.
const POINT: &[Workload] = &[
    Workload {
        name: "get",
        records_per_operation: 1,
        connections: &[1, 16, 64],
        fill: fill_records,
        request: get,
        reply: Reply::OneFrame,
    },
    Workload {
        name: "put",
        records_per_operation: 1,
        connections: &[1, 16, 64],
        fill: fill_records,
        request: |out, random| put(out, random.below(RECORDS)),
        reply: Reply::OneFrame,
    },
];

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

fn fill_records(send: Sink<'_>) {
    let mut frame = BytesMut::new();
    for number in 0..RECORDS {
        frame.clear();
        put(&mut frame, number);
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
    let mut frame = FrameBuilder::begin(out, read_all());
    frame.record(NAMESPACE, SET, &digest(random.below(RECORDS)));
    frame.finish();
}

fn put(out: &mut BytesMut, number: u64) {
    let mut frame = FrameBuilder::begin(out, write());
    frame.record(NAMESPACE, SET, &digest(number));
    frame.op(op::WRITE, b"value", Particle::new(ParticleType::STRING, &[b'v'; VALUE_SIZE]));
    frame.finish();
}

/// Twenty bytes, spread as evenly as those of real digests.
fn digest(number: u64) -> [u8; 20] {
    let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut digest = [0; 20];
    for part in digest.chunks_mut(8) {
        random.next();
        part.copy_from_slice(&random.next().to_le_bytes()[..part.len()]);
    }
    digest
}

/// A quick source of numbers that are random enough to pick records by; the same in each run.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// 64 bits (SplitMix64).
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `limit` - 1.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((self.next() as u128 * limit as u128) >> 64) as u64
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
