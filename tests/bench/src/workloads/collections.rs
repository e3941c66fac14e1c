//! Operations inside lists and maps of 10, 1,000 and 10,000 elements.

use super::{NAMESPACE, Random, Reply, SET, Sink, Workload, digest, write};
use aerospike_wire::bits::{info1, info2};
use aerospike_wire::cdt::{list, map, return_type};
use aerospike_wire::message::FrameBuilder;
use aerospike_wire::msgpack::{put_int, put_list_head, put_map_head, put_uint};
use aerospike_wire::{Header, Particle, ParticleType, op};
use bytes::BytesMut;

/// How many records hold a collection; appends spread over them, so that a list grows little in a run.
const RECORDS: u64 = 500;
/// Elements that a range of ranks returns.
const RANGE: i64 = 10;

pub const WORKLOADS: &[Workload] = &[
    workload("list append, 10", fill_lists::<10>, list_append),
    workload("list append, 1,000", fill_lists::<1000>, list_append),
    workload("list append, 10,000", fill_lists::<10_000>, list_append),
    workload("list get by index, 10", fill_lists::<10>, list_get::<10>),
    workload("list get by index, 1,000", fill_lists::<1000>, list_get::<1000>),
    workload("list get by index, 10,000", fill_lists::<10_000>, list_get::<10_000>),
    workload("list rank range, 10", fill_lists::<10>, list_rank_range::<10>),
    workload("list rank range, 1,000", fill_lists::<1000>, list_rank_range::<1000>),
    workload("list rank range, 10,000", fill_lists::<10_000>, list_rank_range::<10_000>),
    workload("map put, 10", fill_maps::<10>, map_put::<10>),
    workload("map put, 1,000", fill_maps::<1000>, map_put::<1000>),
    workload("map put, 10,000", fill_maps::<10_000>, map_put::<10_000>),
    workload("map get by key, 10", fill_maps::<10>, map_get::<10>),
    workload("map get by key, 1,000", fill_maps::<1000>, map_get::<1000>),
    workload("map get by key, 10,000", fill_maps::<10_000>, map_get::<10_000>),
];

const fn workload(
    name: &'static str,
    fill: fn(Sink<'_>),
    request: fn(&mut BytesMut, &mut Random),
) -> Workload {
    Workload { name, records_per_operation: 1, connections: &[16], fill, request, reply: Reply::OneFrame }
}

/// Unordered lists of numbers in no order.
fn fill_lists<const SIZE: u64>(send: Sink<'_>) {
    let mut random = Random(1);
    let mut value = Vec::new();
    put_list_head(&mut value, SIZE as u32);
    (0..SIZE).for_each(|_| put_uint(&mut value, random.below(SIZE)));
    fill(send, Particle::new(ParticleType::LIST, &value));
}

/// Maps ordered by key, from numbers to numbers.
fn fill_maps<const SIZE: u64>(send: Sink<'_>) {
    let mut value = Vec::new();
    put_map_head(&mut value, SIZE as u32 + 1);
    // The marker of a map that is ordered by key: an extension of no length, and nil.
    value.extend_from_slice(&[0xc7, 0, 1, 0xc0]);
    for key in 0..SIZE {
        put_uint(&mut value, key);
        put_uint(&mut value, key * 7 % SIZE);
    }
    fill(send, Particle::new(ParticleType::MAP, &value));
}

fn fill(send: Sink<'_>, value: Particle<'_>) {
    let mut out = BytesMut::new();
    for number in 0..RECORDS {
        out.clear();
        let mut frame = FrameBuilder::begin(&mut out, write());
        frame.record(NAMESPACE, SET, &digest(number));
        frame.op(op::WRITE, b"value", value);
        frame.finish();
        send(&out);
    }
}

fn list_append(out: &mut BytesMut, random: &mut Random) {
    let value = random.below(1000) as i64;
    request(out, random, op::CDT_MODIFY, list::APPEND, &[value]);
}

fn list_get<const SIZE: u64>(out: &mut BytesMut, random: &mut Random) {
    let index = random.below(SIZE) as i64;
    request(out, random, op::CDT_READ, list::GET_BY_INDEX, &[return_type::VALUE as i64, index]);
}

fn list_rank_range<const SIZE: u64>(out: &mut BytesMut, random: &mut Random) {
    let rank = random.below(SIZE) as i64;
    request(out, random, op::CDT_READ, list::GET_BY_RANK_RANGE, &[return_type::VALUE as i64, rank, RANGE]);
}

fn map_put<const SIZE: u64>(out: &mut BytesMut, random: &mut Random) {
    let (key, value) = (random.below(SIZE) as i64, random.below(SIZE) as i64);
    request(out, random, op::CDT_MODIFY, map::PUT, &[key, value]);
}

fn map_get<const SIZE: u64>(out: &mut BytesMut, random: &mut Random) {
    let key = random.below(SIZE) as i64;
    request(out, random, op::CDT_READ, map::GET_BY_KEY, &[return_type::VALUE as i64, key]);
}

/// A command of one list or map operation whose arguments are numbers.
fn request(out: &mut BytesMut, random: &mut Random, code: u8, id: u64, arguments: &[i64]) {
    let mut payload = Vec::new();
    put_list_head(&mut payload, arguments.len() as u32 + 1);
    put_uint(&mut payload, id);
    arguments.iter().for_each(|argument| put_int(&mut payload, *argument));
    let header = match code {
        op::CDT_READ => Header { info1: info1::READ, ..Header::default() },
        _ => Header { info2: info2::WRITE, ..Header::default() },
    };
    let mut frame = FrameBuilder::begin(out, header);
    frame.record(NAMESPACE, SET, &digest(random.below(RECORDS)));
    frame.op(code, b"value", Particle::new(ParticleType::BLOB, &payload));
    frame.finish();
}
