//! Indexes beside a plain model: whatever eight writers, expiry, truncation and the making and dropping of indexes
//! leave behind, an index answers what a scan with the same predicate answers.

mod support;

use aerospike_emulator::Emulator;
use aerospike_emulator::geo;
use aerospike_wire::bits::info2;
use aerospike_wire::value::{ListOrder, MapOrder};
use aerospike_wire::{Digest, Header, ParticleType, ResultCode, Value, field, op};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::query::Query;
use support::*;

const WRITERS: u64 = 8;
const STEPS: usize = 1200;
/// Few keys, so that writers meet.
const KEYS: u64 = 400;

/// Numbers that are random enough, and the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }
}

fn text(value: impl Into<String>) -> Value {
    Value::String(value.into())
}

fn scalar(random: &mut Random) -> Value {
    match random.below(8) {
        0 => Value::Float(random.below(20) as f64),
        1 => Value::Bool(true),
        2 => text(format!("s{}", random.below(12))),
        3 => Value::Blob(vec![random.below(6) as u8; random.below(3) as usize]),
        4 => Value::Nil,
        _ => Value::Int(random.below(20) as i64 - 4),
    }
}

fn list(random: &mut Random) -> Value {
    let count = random.below(6);
    Value::List((0..count).map(|_| scalar(random)).collect(), ListOrder::Unordered)
}

fn map(random: &mut Random) -> Value {
    let count = random.below(5);
    let mut entries: Vec<(Value, Value)> = Vec::new();
    for _ in 0..count {
        let key = match random.below(2) {
            0 => Value::Int(random.below(8) as i64),
            _ => text(format!("k{}", random.below(8))),
        };
        if entries.iter().all(|(other, _)| *other != key) {
            let value = scalar(random);
            entries.push((key, value));
        }
    }
    Value::Map(entries, MapOrder::Unordered)
}

fn geojson(random: &mut Random) -> Value {
    let degree = |random: &mut Random| random.below(2000) as f64 / 100.0;
    let (lng, lat) = (degree(random), degree(random));
    Value::GeoJson(match random.below(3) {
        0 => format!(
            r#"{{"type":"AeroCircle","coordinates":[[{lng},{lat}],{}]}}"#,
            1000 + random.below(400_000)
        ),
        _ => format!(r#"{{"type":"Point","coordinates":[{lng},{lat}]}}"#),
    })
}

/// A value for each bin that an index is on, now and then one of another type.
fn bins(random: &mut Random) -> Vec<(&'static str, Value)> {
    let mut bins = Vec::new();
    for bin in ["n", "s", "b", "l", "m", "d", "g"] {
        let value = match (bin, random.below(10)) {
            (_, 0) => continue,
            ("g", _) => geojson(random),
            (_, 1) => scalar(random),
            ("n", _) => Value::Int(random.below(60) as i64 - 10),
            ("s", _) => text(format!("s{}", random.below(12))),
            ("b", _) => Value::Blob(vec![random.below(6) as u8; random.below(3) as usize]),
            ("l", _) => list(random),
            ("m", _) => map(random),
            _ => Value::Map(vec![(text("l"), list(random))], MapOrder::Unordered),
        };
        if value != Value::Nil {
            bins.push((bin, value));
        }
    }
    bins.push(("always", Value::Int(1)));
    bins
}

type Bins = BTreeMap<String, Value>;
/// The keys that a record should have in an index, each once.
type Keys = fn(&Bins) -> Vec<Value>;

/// A query, and the predicate that says which values it must find.
type Question = (Query, Box<dyn Fn(&Value) -> bool>);

/// An index and its model.
struct Indexed {
    name: &'static str,
    definition: &'static str,
    keys: Keys,
    /// A query for one value or a range of them, and which keys match it.
    ask: fn(&mut Random) -> Question,
}

fn ints(value: Option<&Value>) -> Vec<Value> {
    value.into_iter().filter(|value| matches!(value, Value::Int(_))).cloned().collect()
}

fn elements(value: Option<&Value>) -> Vec<Value> {
    match value {
        Some(Value::List(items, _)) => items.clone(),
        _ => Vec::new(),
    }
}

fn entries(value: Option<&Value>) -> Vec<(Value, Value)> {
    match value {
        Some(Value::Map(entries, _)) => entries.clone(),
        _ => Vec::new(),
    }
}

fn between(bin: &'static str, random: &mut Random) -> Question {
    let low = random.below(60) as i64 - 12;
    let high = low + random.below(15) as i64;
    let matches = move |key: &Value| matches!(key, Value::Int(number) if (low..=high).contains(number));
    (Query::between(bin, low, high), Box::new(matches))
}

fn string(bin: &'static str, value: String) -> Question {
    let query = Query::equal(bin, ParticleType::STRING, value.as_bytes());
    (query, Box::new(move |key| *key == Value::String(value.clone())))
}

/// Path `d`, key `l`, element 0.
const CONTEXT: [u8; 7] = [0x94, 0x22, 0xa2, 0x03, b'l', 0x10, 0x00];
/// `add(bin_int("n"), 100)`.
const SUM: [u8; 8] = [0x93, 20, 0x93, 81, 2, 0xa1, b'n', 100];

const INDEXES: [Indexed; 10] = [
    Indexed {
        name: "n",
        definition: "set=set;bin=n;type=numeric",
        keys: |bins| ints(bins.get("n")),
        ask: |random| between("n", random),
    },
    Indexed {
        name: "everywhere",
        definition: "bin=always;type=numeric",
        keys: |bins| ints(bins.get("always")),
        ask: |_| (Query::between("always", 0, 3).without(field::SET), Box::new(|_| true)),
    },
    Indexed {
        name: "s",
        definition: "set=set;bin=s;type=string",
        keys: |bins| {
            bins.get("s").filter(|value| matches!(value, Value::String(_))).cloned().into_iter().collect()
        },
        ask: |random| string("s", format!("s{}", random.below(12))),
    },
    Indexed {
        name: "b",
        definition: "set=set;bin=b;type=blob",
        keys: |bins| {
            bins.get("b").filter(|value| matches!(value, Value::Blob(_))).cloned().into_iter().collect()
        },
        ask: |random| {
            let value = vec![random.below(6) as u8; random.below(3) as usize];
            (
                Query::equal("b", ParticleType::BLOB, &value),
                Box::new(move |key| *key == Value::Blob(value.clone())),
            )
        },
    },
    Indexed {
        name: "l",
        definition: "set=set;bin=l;type=numeric;indextype=list",
        keys: |bins| elements(bins.get("l")),
        ask: |random| {
            let (query, matches) = between("l", random);
            (query.with(field::INDEX_TYPE, &[1]), matches)
        },
    },
    Indexed {
        name: "mk",
        definition: "set=set;bin=m;type=string;indextype=mapkeys",
        keys: |bins| entries(bins.get("m")).into_iter().map(|(key, _)| key).collect(),
        ask: |random| {
            let (query, matches) = string("m", format!("k{}", random.below(8)));
            (query.with(field::INDEX_TYPE, &[2]), matches)
        },
    },
    Indexed {
        name: "mv",
        definition: "set=set;bin=m;type=numeric;indextype=mapvalues",
        keys: |bins| entries(bins.get("m")).into_iter().map(|(_, value)| value).collect(),
        ask: |random| {
            let (query, matches) = between("m", random);
            (query.with(field::INDEX_TYPE, &[3]), matches)
        },
    },
    Indexed {
        name: "inside",
        definition: "set=set;bin=d;type=numeric;context=lCKiA2wQAA==",
        keys: |bins| {
            let inner = entries(bins.get("d")).into_iter().find(|(key, _)| *key == text("l"));
            let first = inner.and_then(|(_, list)| elements(Some(&list)).first().cloned());
            ints(first.as_ref())
        },
        ask: |random| {
            let (query, matches) = between("d", random);
            (query.with(field::INDEX_CONTEXT, &CONTEXT), matches)
        },
    },
    Indexed {
        name: "sum",
        definition: "set=set;type=numeric;exp=kxSTUQKhbmQ=",
        keys: |bins| match bins.get("n") {
            Some(Value::Int(number)) => vec![Value::Int(number + 100)],
            _ => Vec::new(),
        },
        ask: |random| {
            let low = 85 + random.below(70) as i64;
            let high = low + random.below(15) as i64;
            let matches =
                move |key: &Value| matches!(key, Value::Int(number) if (low..=high).contains(number));
            (Query::between("", low, high).with(field::INDEX_EXPRESSION, &SUM), Box::new(matches))
        },
    },
    Indexed {
        name: "g",
        definition: "set=set;bin=g;type=geo2dsphere",
        keys: |bins| {
            bins.get("g").filter(|value| matches!(value, Value::GeoJson(_))).cloned().into_iter().collect()
        },
        ask: |random| {
            let Value::GeoJson(value) = geojson(random) else { panic!("no GeoJSON") };
            let asked = geo::parse(value.as_bytes()).expect("valid");
            let matches = move |key: &Value| match key {
                Value::GeoJson(text) => asked.matches(&geo::parse(text.as_bytes()).expect("valid")),
                _ => false,
            };
            (Query::equal("g", ParticleType::GEOJSON, value.as_bytes()), Box::new(matches))
        },
    },
];

fn create(client: &mut Client, index: &Indexed) {
    let reply =
        client.info(&format!("sindex-create:namespace=test;indexname={};{}\n", index.name, index.definition));
    assert!(reply.ends_with("\tok\n"), "{reply}");
}

/// One writer's work.
fn work(emulator: &Emulator, seed: u64, steps: usize) {
    let mut client = Client::connect(emulator);
    let mut random = Random(seed);
    for _ in 0..steps {
        let key = format!("k{}", random.below(KEYS));
        let write = Header { info2: info2::WRITE, ..Header::default() };
        let request = match random.below(12) {
            0..=5 => {
                let bins = bins(&mut random);
                let ops: Vec<_> =
                    bins.iter().map(|(name, value)| (op::WRITE, *name, value.clone())).collect();
                // Some of them live for few seconds; the clock moves.
                let ttl = if random.below(4) == 0 { 1 + random.below(4) as u32 } else { u32::MAX };
                frame(Header { ttl, ..write }, &key, &ops)
            }
            6 | 7 => frame(write, &key, &[(op::INCR, "n", Value::Int(1))]),
            8 => {
                let bin: &str = random.pick::<&str>(&["n", "s", "l", "m", "g"]);
                frame(write, &key, &[(op::WRITE, bin, Value::Nil)])
            }
            9 => frame(
                write,
                &key,
                &[(op::WRITE, "d", Value::Map(vec![(text("l"), list(&mut random))], MapOrder::Unordered))],
            ),
            _ => frame(Header { info2: info2::WRITE | info2::DELETE, ..write }, &key, &[]),
        };
        // Whether it succeeds depends on who came before.
        client.call(&request);
    }
}

/// What happens beside the writers: indexes come and go, sets are truncated, time passes.
fn trouble(emulator: &Emulator, done: &AtomicBool) {
    let mut client = Client::connect(emulator);
    let mut random = Random(99);
    while !done.load(Ordering::Relaxed) {
        match random.below(6) {
            0 => emulator.clock().advance(Duration::from_millis(900)).unwrap(),
            1 => {
                emulator.server().store.namespace(b"test").expect("there").reap();
            }
            2 if random.below(4) == 0 => {
                client.info("truncate:namespace=test;set=set\n");
            }
            _ => {
                let index = random.pick(&INDEXES);
                if random.below(3) == 0 {
                    client.info(&format!("sindex-delete:namespace=test;indexname={}\n", index.name));
                } else {
                    create(&mut client, index);
                }
            }
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}

/// Runs all writers at once.
fn write_all(emulator: &Emulator, seed: u64, steps: usize) {
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || work(emulator, seed + writer, steps));
        }
    });
}

#[test]
fn every_index_answers_as_a_scan_does() {
    let emulator = start(|config| config.namespaces[0].allow_ttl_without_nsup = true);
    let mut client = Client::connect(&emulator);
    for index in INDEXES.iter().step_by(2) {
        create(&mut client, index);
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| trouble(&emulator, &done));
        write_all(&emulator, 0, STEPS);
        done.store(true, Ordering::Relaxed);
    });
    INDEXES.iter().for_each(|index| create(&mut client, index));
    // Whatever the last truncation has left: enough to compare.
    write_all(&emulator, WRITERS, STEPS / 4);
    // What has expired is out of the indexes only once it is collected.
    emulator.clock().freeze();
    emulator.server().store.namespace(b"test").expect("there").reap();

    let records: BTreeMap<Digest, Bins> = client
        .records(&Query::scan())
        .into_iter()
        .map(|record| (record.digest, record.bins.into_iter().collect()))
        .collect();
    assert!(records.len() > 50, "{} records are left to compare", records.len());
    let mut random = Random(5);
    let mut matched = 0;
    for index in &INDEXES {
        for _ in 0..60 {
            let (query, matches) = (index.ask)(&mut random);
            let found = client.records(&query);
            let expected: BTreeSet<Digest> = records
                .iter()
                .filter(|(_, bins)| (index.keys)(bins).iter().any(&matches))
                .map(|(digest, _)| *digest)
                .collect();
            let digests: BTreeSet<Digest> = found.iter().map(|record| record.digest).collect();
            assert_eq!(digests, expected, "{}: {query:?}", index.name);
            assert_eq!(found.len(), digests.len(), "{}: a record came twice", index.name);
            matched += found.len();
        }
        if let "n" | "s" | "b" | "everywhere" | "inside" | "sum" = index.name {
            let entries: usize = records.values().map(|bins| (index.keys)(bins).len()).sum();
            let stat = client.info(&format!("sindex-stat:namespace=test;indexname={}\n", index.name));
            assert!(
                stat.contains(&format!("entries={entries};")),
                "{}: {entries} expected: {stat}",
                index.name
            );
        }
    }
    assert!(matched > 1000, "the queries matched {matched} records");
    // And nothing is left behind once all records are gone.
    client.info("truncate-namespace:namespace=test\n");
    for index in &INDEXES {
        let stat = client.info(&format!("sindex-stat:namespace=test;indexname={}\n", index.name));
        assert!(stat.contains("entries=0;"), "{}: {stat}", index.name);
    }
    assert_eq!(client.query_code(&Query::scan()), ResultCode::OK);
}
