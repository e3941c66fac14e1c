//! Distributions of records over their times to live and sizes, collected every `nsup-hist-period` (info §22).

use super::namespace::stored_bytes;
use super::{Namespace, Record, SetId};
use std::collections::HashMap;
use std::sync::atomic::Ordering;

/// Buckets of the distribution over times to live.
const TTL_BUCKETS: usize = 100;
/// Buckets of the linear distribution over sizes.
const SIZE_BUCKETS: usize = 1024;
/// Buckets of the logarithmic distribution over sizes; the first holds sizes below 2.
const LOG_BUCKETS: usize = 64;

/// What one collection found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Histograms {
    /// Of all records.
    pub namespace: Histogram,
    /// Of the records of each set that has some.
    pub sets: HashMap<SetId, Histogram>,
}

/// Distributions of some records.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Histogram {
    ttls: Vec<u64>,
    ttl_width: u64,
    sizes: Vec<u64>,
    size_width: u64,
    log_sizes: Vec<u64>,
}

/// How wide the buckets of a collection are, and when it is.
#[derive(Clone, Copy)]
struct Scale {
    now: u32,
    ttl_width: u64,
    size_width: u64,
}

impl Histogram {
    fn new(scale: &Scale) -> Histogram {
        Histogram {
            ttls: vec![0; TTL_BUCKETS],
            ttl_width: scale.ttl_width,
            sizes: vec![0; SIZE_BUCKETS],
            size_width: scale.size_width,
            log_sizes: vec![0; LOG_BUCKETS],
        }
    }

    fn add(&mut self, record: &Record, scale: &Scale) {
        let header = record.header();
        if header.void_time > scale.now {
            let ttl = (header.void_time - scale.now) as u64;
            bump(&mut self.ttls, ttl / scale.ttl_width);
        }
        let size = stored_bytes(header.storage_size).max(0) as u64;
        bump(&mut self.sizes, size / scale.size_width);
        bump(&mut self.log_sizes, size.max(1).ilog2() as u64);
    }

    /// `units=seconds:hist-width=…:bucket-width=…:buckets=…` over times to live.
    pub fn ttl(&self) -> String {
        linear("seconds", self.ttl_width, &self.ttls)
    }

    /// As [`Histogram::ttl`], over sizes in bytes.
    pub fn size_linear(&self) -> String {
        linear("bytes", self.size_width, &self.sizes)
    }

    /// `units=bytes:[64-128)=…`: the buckets that have records.
    pub fn size(&self) -> String {
        let buckets = self.log_sizes.iter().enumerate().filter(|(_, count)| **count > 0);
        let text = |(exponent, count): (usize, &u64)| {
            let low = if exponent == 0 { 0 } else { 1u128 << exponent };
            format!(":[{low}-{})={count}", 1u128 << (exponent + 1))
        };
        format!("units=bytes{}", buckets.map(text).collect::<String>())
    }
}

/// What lies beyond the last bucket counts there.
fn bump(buckets: &mut [u64], at: u64) {
    let at = (at as usize).min(buckets.len().saturating_sub(1));
    if let Some(bucket) = buckets.get_mut(at) {
        *bucket += 1;
    }
}

fn linear(units: &str, width: u64, buckets: &[u64]) -> String {
    let counts: Vec<_> = buckets.iter().map(u64::to_string).collect();
    let total = width * buckets.len() as u64;
    format!("units={units}:hist-width={total}:bucket-width={width}:buckets={}", counts.join(","))
}

impl Namespace {
    /// Collects the distributions of all records.
    pub fn collect_histograms(&self) {
        let now = self.clock.now_seconds();
        let records = || self.partitions().iter().map(|partition| partition.read().clone());
        let longest = records().flat_map(|p| p.records().map(|r| r.header().void_time).max()).max();
        let longest = longest.unwrap_or(0).saturating_sub(now) as u64;
        let largest = self.settings.max_record_size.load(Ordering::Relaxed) as u64;
        let scale = Scale {
            now,
            ttl_width: longest.div_ceil(TTL_BUCKETS as u64).max(1),
            size_width: largest.div_ceil(SIZE_BUCKETS as u64).max(1),
        };
        let mut found = Histograms { namespace: Histogram::new(&scale), sets: HashMap::new() };
        for partition in records() {
            for record in partition.records() {
                found.namespace.add(record, &scale);
                let set = record.header().set;
                if set != super::NO_SET {
                    found.sets.entry(set).or_insert_with(|| Histogram::new(&scale)).add(record, &scale);
                }
            }
        }
        *self.histograms.lock() = Some(found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::RecordHeader;
    use aerospike_wire::Digest;

    fn record(ttl: u32, size: u32, now: u32) -> Record {
        let header = RecordHeader {
            digest: Digest([0; 20]),
            generation: 1,
            set: 1,
            void_time: if ttl == 0 { 0 } else { now + ttl },
            n_bins: 0,
            key_size: 0,
            storage_size: size,
            value_indexes: 0,
            last_update: 0,
        };
        Record::new(header, &[])
    }

    /// info §22: the form of each distribution.
    #[test]
    fn forms_of_the_reference() {
        let scale = Scale { now: 1000, ttl_width: 7, size_width: 1024 };
        let mut histogram = Histogram::new(&scale);
        for _ in 0..500 {
            histogram.add(&record(0, 70, scale.now), &scale);
        }
        histogram.add(&record(700, 1000, scale.now), &scale);
        assert_eq!(histogram.size(), "units=bytes:[64-128)=500:[512-1024)=1");
        let linear = histogram.size_linear();
        assert!(
            linear.starts_with("units=bytes:hist-width=1048576:bucket-width=1024:buckets=501,0,"),
            "{linear}"
        );
        let ttl = histogram.ttl();
        assert!(ttl.starts_with("units=seconds:hist-width=700:bucket-width=7:buckets=0,0,"), "{ttl}");
        assert!(ttl.ends_with(",1"), "{ttl}");
        assert_eq!(ttl.split(',').count(), 100);
    }
}
