//! Batches of reads.

use super::{NAMESPACE, RECORDS, Reply, SET, VALUE_SIZE, Workload, digest, fill_records};
use aerospike_wire::bits::info1;
use aerospike_wire::message::{FrameBuilder, put_field};
use aerospike_wire::{Header, field};
use bytes::{BufMut, BytesMut};

/// Row flags: the info bits follow; or all is as in the row before.
const INFO: u8 = 0x02;
const REPEAT: u8 = 0x01;

pub const WORKLOADS: &[Workload] =
    &[batch::<10>("batch of 10"), batch::<100>("batch of 100"), batch::<1000>("batch of 1,000")];

const fn batch<const ROWS: u32>(name: &'static str) -> Workload {
    Workload {
        name,
        records_per_operation: ROWS as u64,
        connections: &[8],
        fill: fill_records::<VALUE_SIZE>,
        request: |out, random| {
            let digests = (0..ROWS).map(|_| digest(random.below(RECORDS)));
            request(out, digests, None);
        },
        reply: Reply::UntilLast,
    }
}

/// A batch that reads all bins of some records, through a filter if there is one.
pub fn request(out: &mut BytesMut, digests: impl ExactSizeIterator<Item = [u8; 20]>, filter: Option<&[u8]>) {
    let mut rows = BytesMut::new();
    rows.put_u32(digests.len() as u32);
    // Rows run in order, and errors are told in rows.
    rows.put_u8(0x05);
    for (index, digest) in digests.enumerate() {
        rows.put_u32(index as u32);
        rows.put_slice(&digest);
        if index > 0 {
            rows.put_u8(REPEAT);
            continue;
        }
        rows.put_slice(&[INFO, info1::READ | info1::GET_ALL, 0, 0]);
        rows.put_u16(2);
        rows.put_u16(0);
        put_field(&mut rows, field::NAMESPACE, NAMESPACE);
        put_field(&mut rows, field::SET, SET);
    }
    let mut frame = FrameBuilder::begin(out, Header { info1: info1::BATCH, ..Header::default() });
    frame.field(field::BATCH, &rows);
    if let Some(filter) = filter {
        frame.field(field::FILTER, filter);
    }
    frame.finish();
}
