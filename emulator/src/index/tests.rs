//! Building beside writers, straight on the store.

use super::definition::{Definition, KeyType, Part, Source};
use super::predicate::Predicate;
use super::registry::CreateError;
use super::tree::GROUPS;
use crate::config::NamespaceConfig;
use crate::control::Clock;
use crate::store::{Namespace, Record, RecordHeader};
use aerospike_wire::message::op_header;
use aerospike_wire::{Digest, PARTITIONS, ParticleType, op};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn namespace() -> Arc<Namespace> {
    Arc::new(Namespace::new(&NamespaceConfig::new("test"), Arc::new(Clock::new())))
}

fn on(bin: &[u8]) -> Definition {
    let source = Source::Bin { name: bin.into(), context: None };
    Definition { set: None, source, key_type: KeyType::Numeric, part: Part::Default }
}

fn digest(number: u64) -> Digest {
    Digest::of(b"set", ParticleType::INTEGER.0, &number.to_be_bytes())
}

fn put(namespace: &Namespace, digest: Digest, value: i64) {
    let mut payload = op_header(op::READ, ParticleType::INTEGER, 1, 8).to_vec();
    payload.push(b'n');
    payload.extend_from_slice(&value.to_be_bytes());
    let header = RecordHeader {
        digest,
        generation: 1,
        set: 0,
        void_time: 0,
        n_bins: 1,
        key_size: 0,
        storage_size: 64,
        value_indexes: 0,
        last_update: 1,
    };
    let mut partition = namespace.partition(&digest).write();
    let position = partition.position(&digest);
    namespace.put(&mut partition, position, Record::new(header, &payload));
}

fn remove(namespace: &Namespace, digest: Digest) {
    let mut partition = namespace.partition(&digest).write();
    if let Ok(at) = partition.position(&digest) {
        namespace.remove(&mut partition, at);
    }
}

/// What the index holds and what it should hold.
fn contents(namespace: &Namespace, name: &[u8]) -> [BTreeSet<(i64, Digest)>; 2] {
    let index = namespace.indexes.by_name(name).expect("the index");
    let everything = Predicate::between(i64::MIN, i64::MAX).expect("a range");
    let mut indexed = BTreeSet::new();
    for group in 0..GROUPS {
        index.visit(group, everything.ranges(), None, |entry| {
            indexed.insert((KeyType::Numeric.bval_of(entry.key), entry.digest));
        });
    }
    let mut stored = BTreeSet::new();
    for partition in namespace.partitions() {
        for record in partition.read().records() {
            let value = record.bin(b"n").and_then(|bin| bin.as_integer()).expect("a number");
            stored.insert((value, record.header().digest));
        }
    }
    [indexed, stored]
}

/// Each change comes before the builder has looked at its partition, or is followed: nothing falls in between.
#[test]
fn building_beside_writers_loses_nothing() {
    const RECORDS: u64 = 6000;
    let namespace = namespace();
    (0..RECORDS).for_each(|number| put(&namespace, digest(number), 0));
    for round in 0..12 {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for writer in 0..3u64 {
                let (namespace, done) = (&namespace, &done);
                scope.spawn(move || {
                    let mut step = writer;
                    while !done.load(Ordering::Relaxed) {
                        step = step.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(2 * writer + 1);
                        let digest = digest((step >> 33) % RECORDS);
                        match step >> 60 {
                            0..3 => remove(namespace, digest),
                            _ => put(namespace, digest, (step >> 20) as i64),
                        }
                    }
                });
            }
            namespace.create_index(b"n", on(b"n")).expect("created");
            done.store(true, Ordering::Relaxed);
        });
        let [indexed, stored] = contents(&namespace, b"n");
        assert_eq!(indexed.len(), stored.len(), "round {round}");
        assert_eq!(indexed, stored, "round {round}");
        assert!(namespace.indexes.remove(b"n").is_some());
    }
}

/// query §2.1: names, definitions, the limit, and the slot that a dropped index leaves.
#[test]
fn names_definitions_and_slots() {
    let namespace = namespace();
    let names = || {
        let all = namespace.indexes.all();
        all.iter().map(|index| String::from_utf8_lossy(&index.name()).into_owned()).collect::<Vec<_>>()
    };
    let create =
        |name: &str, bin: &str| namespace.create_index(name.as_bytes(), on(bin.as_bytes())).map(|_| ());
    for name in ["a", "b", "c"] {
        create(name, name).expect("new");
    }
    create("a", "a").expect("the same");
    assert_eq!(create("a", "b"), Err(CreateError::NameTaken));
    create("b2", "b").expect("renamed");
    assert_eq!(names(), ["a", "b2", "c"]);
    assert!(namespace.indexes.by_name(b"b").is_none());
    assert!(namespace.indexes.remove(b"b2").is_some());
    assert!(namespace.indexes.remove(b"b2").is_none());
    create("d", "d").expect("new");
    assert_eq!(names(), ["a", "d", "c"]);
    let set = namespace.sets.find_or_create(b"s").expect("a set").id;
    namespace.create_index(b"sx", Definition::membership(set)).expect("new");
    for number in 3..256 {
        create(&format!("i{number}"), &format!("b{number}")).expect("new");
    }
    assert_eq!(create("more", "more"), Err(CreateError::TooMany));
    create("a2", "a").expect("renamed at the limit");
    assert_eq!(names().last().map(String::as_str), Some("sx"));
}

/// A namespace without an index looks at none; one that had an index again does not.
#[test]
fn a_dropped_index_is_followed_no_more() {
    let namespace = namespace();
    let index = namespace.create_index(b"n", on(b"n")).expect("created");
    put(&namespace, digest(1), 7);
    assert_eq!(index.statistics().entries, 1);
    namespace.indexes.remove(b"n");
    put(&namespace, digest(2), 7);
    assert_eq!(index.statistics().entries, 1);
    assert!(index.is_readable() && index.is_dropped());
    assert_eq!(index.statistics().load_pct, 100);
    assert_eq!(namespace.partitions().len(), PARTITIONS);
}
