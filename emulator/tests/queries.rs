//! Scans and index queries over the wire: the reference's vectors, cursors, projections, jobs, back-pressure.

mod support;

use aerospike_emulator::Emulator;
use aerospike_wire::bits::{info1, info2, info3};
use aerospike_wire::value::{ListOrder, MapOrder};
use aerospike_wire::{Digest, Header, PARTITIONS, ParticleType, ResultCode, Value, field, op};
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};
use support::query::{Found, Query};
use support::*;

const OK: ResultCode = ResultCode::OK;
const BAD: ResultCode = ResultCode::PARAMETER;
const UNSUPPORTED: ResultCode = ResultCode::UNSUPPORTED_FEATURE;
const NONE: [i64; 0] = [];
const NO_INDEX: ResultCode = ResultCode::INDEX_NOT_FOUND;

fn text(value: &str) -> Value {
    Value::String(value.into())
}

fn write(client: &mut Client, key: &str, bins: &[(&str, Value)]) {
    let ops: Vec<_> = bins.iter().map(|(name, value)| (op::WRITE, *name, value.clone())).collect();
    let header = Header { info2: info2::WRITE, ..Header::default() };
    assert_eq!(client.call(&frame(header, key, &ops)).code(), OK);
}

fn create(client: &mut Client, definition: &str) {
    let command = format!("sindex-create:namespace=test;{definition}\n");
    let reply = client.info(&command);
    assert!(reply.ends_with("\tok\n"), "{reply}");
}

/// Set-up A of query §16: six records, six indexes.
fn six() -> (Emulator, Client) {
    let emulator = community();
    let mut client = Client::connect(&emulator);
    for index in [
        "set=set;indexname=qn;bin=n;type=numeric",
        "set=set;indexname=qs;bin=s;type=string",
        "set=set;indexname=qb;bin=b;type=blob",
        "set=set;indexname=ql;bin=l;type=numeric;indextype=list",
        "set=set;indexname=qlm;bin=m;type=string;indextype=mapkeys",
        "set=set;indexname=qmv;bin=m;type=numeric;indextype=mapvalues",
    ] {
        create(&mut client, index);
    }
    for i in 0..6i64 {
        let list = vec![Value::Int(i), Value::Int(i + 1), text(&format!("x{i}"))];
        let map = vec![(Value::Int(i), text("z")), (text(&format!("k{i}")), Value::Int(10 * i))];
        let bins = [
            ("n", Value::Int(i)),
            ("s", text(&format!("v{}", i % 2))),
            ("b", Value::Blob(if i % 2 == 0 { vec![9] } else { vec![1, 2] })),
            ("l", Value::List(list, ListOrder::Unordered)),
            ("m", Value::Map(map, MapOrder::Unordered)),
        ];
        write(&mut client, &format!("k{i}"), &bins);
    }
    (emulator, client)
}

fn numbers(records: &[Found]) -> Vec<i64> {
    let mut numbers: Vec<_> = records
        .iter()
        .filter_map(|record| record.bins.iter().find(|(name, _)| name == "n"))
        .map(|(_, value)| match value {
            Value::Int(number) => *number,
            other => panic!("{other:?}"),
        })
        .collect();
    numbers.sort_unstable();
    numbers
}

/// The vectors of query §16 that ask for something.
#[test]
fn vectors_of_index_queries() {
    let (_emulator, mut client) = six();
    let mut ask = |query: &Query| numbers(&client.records(query));
    assert_eq!(ask(&Query::scan()), [0, 1, 2, 3, 4, 5]);
    assert_eq!(ask(&Query::between("n", 1, 3)), [1, 2, 3]);
    assert_eq!(ask(&Query::between("n", i64::MIN, i64::MAX)), [0, 1, 2, 3, 4, 5]);
    assert_eq!(ask(&Query::between("", 1, 3).with(field::INDEX_NAME, b"qn")), [1, 2, 3]);
    let unset = Query::between("", 1, 3).with(field::INDEX_NAME, b"qn").without(field::SET);
    assert_eq!(ask(&unset), [1, 2, 3]);
    assert_eq!(ask(&Query::equal("s", ParticleType::STRING, b"v1")), [1, 3, 5]);
    assert_eq!(ask(&Query::equal("b", ParticleType::BLOB, &[1, 2])), [1, 3, 5]);
    assert_eq!(ask(&Query::equal("s", ParticleType::STRING, &[b'v'; 2047])), NONE);
    // An index by name is asked whatever its type: a number is no string.
    let named = Query::equal("", ParticleType::STRING, b"v1").with(field::INDEX_NAME, b"qn");
    assert_eq!(ask(&named), NONE);
    // Strings and blobs of equal bytes are the same to an index.
    let named = Query::equal("", ParticleType::BLOB, b"v1").with(field::INDEX_NAME, b"qs");
    assert_eq!(ask(&named), [1, 3, 5]);
    // Each record once, however many of its elements match.
    assert_eq!(ask(&Query::between("l", 2, 4).with(field::INDEX_TYPE, &[1])), [1, 2, 3, 4]);
    assert_eq!(ask(&Query::equal("m", ParticleType::STRING, b"k3").with(field::INDEX_TYPE, &[2])), [3]);
    assert_eq!(ask(&Query::between("m", 20, 40).with(field::INDEX_TYPE, &[3])), [2, 3, 4]);
    assert_eq!(ask(&Query::scan().with(field::SET, b"zz")), NONE);
    assert_eq!(ask(&Query::scan().max(3)).len(), 3);
    assert_eq!(ask(&Query::scan().read(&["zz"])), NONE);
}

/// The vectors of query §16 that are refused, each with its code.
#[test]
fn vectors_of_refused_queries() {
    let (_emulator, mut client) = six();
    let scan = Query::scan;
    let number = || Query::between("n", 1, 3);
    let rows: Vec<(Query, ResultCode)> = vec![
        (scan().header(|header| header.info3 = 0), UNSUPPORTED),
        (scan().without(field::PARTITION_IDS), UNSUPPORTED),
        (scan().with(field::SET, &[b's'; 64]), BAD),
        (scan().partitions([]), BAD),
        (scan().partitions([7, 7]), BAD),
        (scan().partitions([4096]), BAD),
        (Query::between("n", 3, 1), BAD),
        (number().with(field::INDEX_NAME, b"qn"), BAD),
        (Query::between("", 1, 3).with(field::INDEX_NAME, b"none"), NO_INDEX),
        (Query::between("", 1, 3), BAD),
        (number().without(field::SET), NO_INDEX),
        (Query::equal("s", ParticleType::STRING, &[b'v'; 2048]), BAD),
        (Query::between("l", 2, 4), NO_INDEX),
        (number().with(field::INDEX_TYPE, &[9]), NO_INDEX),
        (number().with(field::INDEX_TYPE, &[]), BAD),
        (number().with(field::INDEX_CONTEXT, &[0x92, 0x10]), BAD),
        (number().with(field::INDEX_CONTEXT, &[0x92, 0x10, 0x00]), NO_INDEX),
        (scan().with(field::MAX_RECORDS, &[0, 0, 0, 1]), BAD),
        (scan().with(field::SOCKET_TIMEOUT, &[1]), BAD),
        (scan().with(field::RECORDS_PER_SECOND, &[1]), BAD),
        (
            scan()
                .with(field::RECORDS_PER_SECOND, &[0; 4])
                .header(|header| header.info1 |= info1::SHORT_QUERY),
            BAD,
        ),
        (scan().ops(&[(op::WRITE, "n", Value::Int(1))]), BAD),
        (scan().read(&["sixteen-letters!"]), BAD),
        (scan().read(&["n"]).with(field::QUERY_BINS, &[1, 1, b'n']), BAD),
        (scan().with(field::FILTER, &[0x93, 1]), BAD),
        (scan().with(field::FILTER, &[]), BAD),
        // A where clause with a cursor needs the value of that cursor.
        (number().without(field::PARTITION_IDS).resume(&[(digest("k0"), None)]), BAD),
        (number().with(field::BVALS, &[0; 8]), BAD),
        (scan().with(field::UDF_MODULE, b"m"), BAD),
        (scan().with(field::UDF_MODULE, b"m").with(field::UDF_OP, &[3]), BAD),
        // Of two faults the earlier check counts (query §5.7).
        (number().with(field::INDEX_TYPE, &[9]).with(field::FILTER, &[]), NO_INDEX),
        (scan().without(field::PARTITION_IDS).with(field::FILTER, &[]), UNSUPPORTED),
        (Query::between("n", 3, 1).header(|header| header.info3 = 0), UNSUPPORTED),
    ];
    for (query, code) in &rows {
        assert_eq!(client.query_code(query), *code, "{query:?}");
    }
    let mut unknown = scan();
    unknown.namespace = b"zz".to_vec();
    assert_eq!(client.query_code(&unknown), ResultCode::NAMESPACE);
    // The connection is as good as before.
    assert_eq!(client.records(&scan()).len(), 6);
}

/// query §6: fields and their order, with and without a stored key.
#[test]
fn shape_of_a_record() {
    let (_emulator, mut client) = six();
    let records = client.records(&Query::between("n", 2, 2));
    assert_eq!(records[0].fields, [field::NAMESPACE, field::DIGEST, field::SET, field::BVALS]);
    assert_eq!(records[0].bval, Some(2));
    assert_eq!(records[0].digest, digest("k2"));
    assert_eq!((records[0].header.generation, records[0].header.info1), (1, 0));
    let bare = client.records(&Query::between("n", 2, 2).header(|header| header.info1 |= info1::GET_NO_BINS));
    assert_eq!((bare[0].header.info1, bare[0].bins.len()), (info1::GET_NO_BINS, 0));
    let string = client.records(&Query::equal("s", ParticleType::STRING, b"v1"));
    assert!(string.iter().all(|record| record.bval.is_some_and(|bval| bval == string[0].bval.unwrap())));
    let scanned = client.records(&Query::scan().read(&["s", "none", "s"]));
    assert!(scanned.iter().all(|record| record.bins.len() == 2 && record.bval.is_none()));
    let all = Query::scan().read(&["none"]).header(|header| header.info2 |= info2::RESPOND_ALL_OPS);
    assert!(client.records(&all).iter().all(|record| record.bins == [("none".to_string(), Value::Nil)]));
    let listed = client.records(&Query::scan().with(field::QUERY_BINS, &[2, 1, b'n', 2, b'z', b'z']));
    assert!(listed.len() == 6 && listed.iter().all(|record| record.bins.len() == 1));
}

/// Records that lie in one partition, so that their order tells.
fn in_partition(partition: usize, count: usize) -> Vec<String> {
    let keys = (0..).map(|number| format!("p{number}"));
    keys.filter(|key| digest(key).partition() == partition).take(count).collect()
}

/// query §7: a scan comes by descending digest, an index query by value, then digest; both resume behind a cursor.
#[test]
fn order_and_cursors_within_a_partition() {
    let emulator = community();
    let mut client = Client::connect(&emulator);
    create(&mut client, "set=set;indexname=n;bin=n;type=numeric");
    let keys = in_partition(9, 12);
    for (number, key) in keys.iter().enumerate() {
        write(&mut client, key, &[("n", Value::Int(number as i64 % 4 - 2))]);
    }
    let partition = || Query::scan().partitions([9]);
    let scanned: Vec<_> = client.records(&partition()).iter().map(|record| record.digest).collect();
    let mut expected: Vec<_> = keys.iter().map(|key| digest(key)).collect();
    expected.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(scanned, expected);
    for (at, digest) in expected.iter().enumerate() {
        let resumed = Query::scan().without(field::PARTITION_IDS).resume(&[(*digest, None)]);
        let rest: Vec<_> = client.records(&resumed).iter().map(|record| record.digest).collect();
        assert_eq!(rest, expected[at + 1..]);
    }
    let order = |records: Vec<Found>| -> Vec<(i64, Digest)> {
        records.iter().map(|record| (record.bval.unwrap(), record.digest)).collect()
    };
    let asked = order(client.records(&Query::between("n", -2, 1).partitions([9])));
    let mut sorted = asked.clone();
    sorted.sort_unstable();
    assert_eq!((asked.len(), &asked), (12, &sorted));
    for (at, (bval, digest)) in sorted.iter().enumerate() {
        let resumed =
            Query::between("n", -2, 1).without(field::PARTITION_IDS).resume(&[(*digest, Some(*bval))]);
        assert_eq!(order(client.records(&resumed)), sorted[at + 1..]);
    }
    // A cursor in front of the range starts it over, one behind it ends it (query §7).
    let resume =
        |bval| Query::between("n", -2, 1).without(field::PARTITION_IDS).resume(&[(sorted[0].1, Some(bval))]);
    assert_eq!(client.records(&resume(-3)).len(), 12);
    assert_eq!(client.records(&resume(2)).len(), 0);
}

/// The records of one page, and the cursors for the next.
struct Pages {
    untouched: BTreeSet<u16>,
    cursors: HashMap<u16, (Digest, Option<i64>)>,
}

impl Pages {
    fn new() -> Pages {
        Pages { untouched: (0..PARTITIONS as u16).collect(), cursors: HashMap::new() }
    }

    fn next(&mut self, client: &mut Client, query: &Query, size: u64) -> Vec<Found> {
        let mut query = query.clone().without(field::PARTITION_IDS).max(size);
        if !self.untouched.is_empty() {
            query = query.partitions(self.untouched.iter().copied());
        }
        if !self.cursors.is_empty() {
            query = query.resume(&self.cursors.values().copied().collect::<Vec<_>>());
        }
        let records = client.records(&query);
        for record in &records {
            let partition = record.digest.partition() as u16;
            self.untouched.remove(&partition);
            self.cursors.insert(partition, (record.digest, record.bval));
        }
        records
    }
}

/// A page neither repeats nor loses a record that was there throughout, while others come and go.
#[test]
fn pages_are_exact_beside_writers() {
    const STABLE: i64 = 600;
    let emulator = community();
    let mut client = Client::connect(&emulator);
    create(&mut client, "set=set;indexname=n;bin=n;type=numeric");
    let stable: BTreeSet<Digest> = (0..STABLE)
        .map(|number| {
            let key = format!("stable{number}");
            write(&mut client, &key, &[("n", Value::Int(number)), ("v", Value::Int(0))]);
            digest(&key)
        })
        .collect();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let (emulator, done) = (&emulator, &done);
            scope.spawn(move || {
                let mut client = Client::connect(emulator);
                let mut turn = 0i64;
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    turn += 1;
                    let key = format!("moving{writer}-{}", turn % 200);
                    write(&mut client, &key, &[("n", Value::Int(turn * 7 % STABLE))]);
                    if turn % 3 == 0 {
                        let header = Header { info2: info2::WRITE | info2::DELETE, ..Header::default() };
                        client.call(&frame(header, &format!("moving{writer}-{}", turn % 117), &[]));
                    }
                    // Stable records are written to as well; their indexed value stays.
                    write(&mut client, &format!("stable{}", turn % STABLE), &[("v", Value::Int(turn))]);
                }
            });
        }
        for query in [Query::scan(), Query::between("n", 0, STABLE)] {
            for size in [1000, 97, 40] {
                let (mut pages, mut seen) = (Pages::new(), Vec::new());
                loop {
                    let page = pages.next(&mut client, &query, size);
                    seen.extend(
                        page.iter().map(|record| record.digest).filter(|digest| stable.contains(digest)),
                    );
                    if (page.len() as u64) < size {
                        break;
                    }
                }
                let once: BTreeSet<_> = seen.iter().copied().collect();
                assert_eq!(seen.len(), once.len(), "a record came twice");
                assert_eq!(once, stable, "a record is missing");
            }
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

/// Background operations change each record of the set once, and the job tells how it went (query §10, §12).
#[test]
fn background_operations() {
    let (_emulator, mut client) = six();
    let increment = |bin: &'static str| Query::background(&[(op::INCR, bin, Value::Int(1))]);
    let with_id = |query: Query, id: u64| query.with(field::QUERY_ID, &id.to_be_bytes());
    assert_eq!(client.query(&with_id(increment("cnt"), 5001)), (vec![], OK));
    let job = wait_for(&mut client, 5001);
    assert!(job.contains("status=done(ok)") && job.contains("job-type=background-ops"), "{job}");
    assert!(job.contains("recs-succeeded=6:recs-failed=0") && job.contains(":rps=10000:"), "{job}");
    for record in client.records(&Query::scan()) {
        assert_eq!(record.header.generation, 2);
        assert!(record.bins.contains(&("cnt".into(), Value::Int(1))));
    }
    // A failure of a record is counted and changes nothing of it.
    assert_eq!(client.query_code(&with_id(increment("s"), 5002)), OK);
    assert!(wait_for(&mut client, 5002).contains("recs-succeeded=0:recs-failed=6"));
    // Through an index on the very bin that changes, each record once.
    let mut by_index = with_id(increment("n"), 5003);
    by_index
        .fields
        .extend(Query::between("n", 0, 100).fields.into_iter().filter(|(id, _)| *id == field::INDEX_RANGE));
    assert_eq!(client.query_code(&by_index), OK);
    assert!(wait_for(&mut client, 5003).contains("sindex-name=qn"));
    assert_eq!(numbers(&client.records(&Query::scan())), [1, 2, 3, 4, 5, 6]);
    assert_eq!(numbers(&client.records(&Query::between("n", 6, 9))), [6]);

    let refused = [
        (Query::background(&[(op::READ, "n", Value::Nil)]), BAD),
        (Query::background(&[]), BAD),
        (increment("n").header(|header| header.info1 = info1::READ), BAD),
        (increment("n").header(|header| header.info1 = info1::SHORT_QUERY), BAD),
        (increment("n").with(field::SET, b"zz"), ResultCode::NOT_FOUND),
        (increment("n").with(field::RECORDS_PER_SECOND, &10_001u32.to_be_bytes()), BAD),
        (with_id(increment("n"), 5001), BAD),
        (increment("n").with(field::FILTER, &[1]), BAD),
    ];
    for (query, code) in &refused {
        assert_eq!(client.query_code(query), *code, "{query:?}");
    }
    assert_eq!(numbers(&client.records(&Query::scan())), [1, 2, 3, 4, 5, 6]);
}

/// Waits until a job has ended; its line.
fn wait_for(client: &mut Client, id: u64) -> String {
    let start = Instant::now();
    loop {
        let line = client.info(&format!("query-show:id={id}\n"));
        if line.contains("status=done") {
            return line;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{line}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A job can be seen and aborted while it runs; a second one of its id is refused (query §12).
#[test]
fn abort_of_a_slow_scan() {
    let (emulator, mut client) = six();
    let slow = Query::scan()
        .with(field::QUERY_ID, &77u64.to_be_bytes())
        .with(field::RECORDS_PER_SECOND, &2u32.to_be_bytes());
    let mut other = Client::connect(&emulator);
    other.send(&slow.frame());
    let start = Instant::now();
    let line = loop {
        let line = client.info("query-show:trid=77\n");
        if line.contains("status=active(ok)") {
            break line;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{line}");
    };
    assert!(line.contains("job-type=basic") && line.contains("n-pids-requested=4096"), "{line}");
    assert_eq!(client.query_code(&slow), BAD);
    assert_eq!(client.info("query-abort:id=77\n"), "query-abort:id=77\tok\n");
    let (records, code) = other.found();
    assert_eq!(code, ResultCode::QUERY_ABORT);
    assert!(records.len() < 6);
    assert!(client.info("query-show:id=77\n").contains("status=done(user-aborted)"));
    assert!(client.info("query-abort:id=77\n").ends_with("ERROR:2:id not active\n"));
    assert!(client.info("query-show:id=78\n").ends_with("ERROR:2:job not found\n"));
    assert!(client.info("query-abort-all:\n").ends_with("number-of-queries-killed:0\n"));
}

/// As many jobs run as `query-threads-limit` allows; one more is refused (query §8).
#[test]
fn too_many_jobs() {
    let (emulator, mut client) = six();
    assert!(client.info("set-config:context=service;query-threads-limit=1\n").ends_with("ok\n"));
    let slow = Query::scan().with(field::RECORDS_PER_SECOND, &1u32.to_be_bytes());
    let mut other = Client::connect(&emulator);
    other.send(&slow.frame());
    let start = Instant::now();
    while !client.info("query-show\n").contains("status=active(ok)") {
        assert!(start.elapsed() < Duration::from_secs(10), "the job does not begin");
    }
    assert_eq!(client.query_code(&Query::scan()), ResultCode::FORBIDDEN);
    assert!(client.info("query-abort-all:\n").ends_with("number-of-queries-killed:1\n"));
    assert_eq!(other.found().1, ResultCode::QUERY_ABORT);
    assert_eq!(client.records(&Query::scan()).len(), 6);
}

/// A short query that is out of time says so and keeps the connection (query §5.5).
#[test]
fn short_queries() {
    let (_emulator, mut client) = six();
    let short = |query: Query| query.header(|header| header.info1 |= info1::SHORT_QUERY);
    assert_eq!(client.records(&short(Query::scan())).len(), 6);
    assert_eq!(numbers(&client.records(&short(Query::between("n", 4, 9)))), [4, 5]);
    assert!(!client.info("query-show\n").contains("short"));
}

/// A stop ends jobs of every kind at once.
#[test]
fn a_stop_waits_for_no_job() {
    let (emulator, mut client) = six();
    let mut slow = Query::background(&[(op::TOUCH, "", Value::Nil)]);
    slow = slow.with(field::RECORDS_PER_SECOND, &1u32.to_be_bytes());
    assert_eq!(client.query_code(&slow), OK);
    let start = Instant::now();
    emulator.stop();
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

/// A client that does not read holds its own query up: the server neither buffers the set nor keeps a lock.
#[test]
fn a_slow_reader_holds_nobody_up() {
    const RECORDS: usize = 400;
    let emulator = community();
    let mut client = Client::connect(&emulator);
    let big = Value::Blob(vec![7; 100_000]);
    for number in 0..RECORDS {
        write(&mut client, &format!("big{number}"), &[("b", big.clone())]);
    }
    let mut slow = Client::connect(&emulator);
    slow.send(&Query::scan().with(field::QUERY_ID, &9u64.to_be_bytes()).frame());
    std::thread::sleep(Duration::from_millis(300));
    // Most of the 40 MB are still to be sent: the job is under way, and every record can be written.
    assert!(client.info("query-show:id=9\n").contains("status=active(ok)"));
    for number in 0..RECORDS {
        write(&mut client, &format!("big{number}"), &[("b", Value::Int(1))]);
    }
    assert!(client.info("query-show:id=9\n").contains("status=active(ok)"));
    let (records, code) = slow.found();
    assert_eq!((records.len(), code), (RECORDS, OK));
}

/// A client that disconnects ends its query.
#[test]
fn a_client_that_leaves_ends_its_query() {
    let emulator = community();
    let mut client = Client::connect(&emulator);
    for number in 0..200 {
        write(&mut client, &format!("big{number}"), &[("b", Value::Blob(vec![7; 200_000]))]);
    }
    let mut leaving = Client::connect(&emulator);
    leaving.send(&Query::scan().with(field::QUERY_ID, &9u64.to_be_bytes()).frame());
    std::thread::sleep(Duration::from_millis(50));
    drop(leaving);
    assert!(wait_for(&mut client, 9).contains("status=done(abandoned-response-error)"));
}

/// An index made in the background is refused until it can be read, and exact from then on (query §2.4).
#[test]
fn an_index_built_in_the_background() {
    let emulator = start(|config| config.sindex_build = "background".into());
    let mut client = Client::connect(&emulator);
    for number in 0..2000 {
        write(&mut client, &format!("k{number}"), &[("n", Value::Int(number))]);
    }
    create(&mut client, "set=set;indexname=n;bin=n;type=numeric");
    let start = Instant::now();
    while !client.info("sindex-stat:namespace=test;indexname=n\n").contains("load_pct=100;") {
        let code = client.query_code(&Query::between("n", 0, 5));
        assert!(code == OK || code == ResultCode::INDEX_NOT_READABLE, "{code}");
        assert!(start.elapsed() < Duration::from_secs(10));
    }
    assert_eq!(client.records(&Query::between("n", 500, 999)).len(), 500);
    assert!(client.info("sindex-stat:namespace=test;indexname=n\n").contains("entries=2000;"));
    assert!(client.info("sindex-list:namespace=test\n").ends_with("state=RW\n"));
}

/// A set index changes neither the records of a scan nor their order (query §2.3).
#[test]
fn a_set_index_changes_nothing_but_speed() {
    let (_emulator, mut client) = six();
    let order = |records: Vec<Found>| records.iter().map(|record| record.digest).collect::<Vec<_>>();
    for number in 0..50 {
        write(&mut client, &in_partition(9, 50)[number], &[("n", Value::Int(0))]);
    }
    let before = order(client.records(&Query::scan()));
    let page = order(client.records(&Query::scan().partitions([9]).max(20)));
    let rest = Query::scan().without(field::PARTITION_IDS).resume(&[(page[19], None)]);
    let behind = order(client.records(&rest));
    create(&mut client, "set=set;indexname=sx;indextype=set");
    assert_eq!(order(client.records(&Query::scan())), before);
    assert_eq!(order(client.records(&Query::scan().partitions([9]).max(20))), page);
    assert_eq!(order(client.records(&rest)), behind);
    assert!(
        client.info("sets/test/set\n").contains("sindexes=6")
            && client.info("sets/test/set\n").contains("enable-index=true")
    );
    let header = Header { info2: info2::WRITE | info2::DELETE, ..Header::default() };
    client.call(&frame(header, "k3", &[]));
    write(&mut client, "new", &[("n", Value::Int(9))]);
    let after = client.records(&Query::scan());
    assert!(after.iter().any(|record| record.digest == digest("new")));
    assert!(!after.iter().any(|record| record.digest == digest("k3")));
    assert_eq!(
        client.info("sindex-delete:namespace=test;indexname=sx\n").trim_end().rsplit('\t').next(),
        Some("ok")
    );
    assert!(client.info("sets/test/set\n").contains("enable-index=false"));
}

/// What is removed by other ways than a delete leaves the indexes as well.
#[test]
fn expiry_and_truncation_leave_the_indexes() {
    let (emulator, mut client) = six();
    let entries = |client: &mut Client| client.info("sindex-stat:namespace=test;indexname=qn\n");
    let header = Header { info2: info2::WRITE, ttl: 100, ..Header::default() };
    for key in ["k0", "k1"] {
        assert_eq!(client.call(&frame(header, key, &[(op::TOUCH, "", Value::Nil)])).code(), OK);
    }
    emulator.clock().advance(Duration::from_secs(200)).unwrap();
    assert_eq!(numbers(&client.records(&Query::between("n", 0, 9))), [2, 3, 4, 5]);
    emulator.server().store.namespace(b"test").unwrap().reap();
    assert!(entries(&mut client).contains("entries=4;"));
    assert!(client.info("truncate:namespace=test;set=set\n").ends_with("ok\n"));
    assert_eq!(client.records(&Query::between("n", 0, 9)).len(), 0);
    assert!(entries(&mut client).contains("entries=0;"));
    assert_eq!(
        client.query_code(&Query::between("n", 0, 9).header(|h| h.info3 |= info3::PARTITION_DONE)),
        OK
    );
}

/// Commands that look at every record run beside the network thread, and answer as ever.
#[test]
fn commands_over_many_records() {
    const RECORDS: usize = 21_000;
    let emulator = community();
    let mut client = Client::connect(&emulator);
    for chunk in (0..RECORDS).collect::<Vec<_>>().chunks(500) {
        let frames: Vec<u8> = chunk
            .iter()
            .flat_map(|number| put(&format!("k{number}"), "n", Value::Int(*number as i64)))
            .collect();
        client.send(&frames);
        chunk.iter().for_each(|_| assert_eq!(client.reply().code(), OK));
    }
    create(&mut client, "set=set;indexname=n;bin=n;type=numeric");
    assert_eq!(client.records(&Query::between("n", 10_000, 10_999)).len(), 1000);
    assert_eq!(client.info("truncate:namespace=test;set=set\n"), "truncate:namespace=test;set=set\tok\n");
    assert_eq!(client.records(&Query::between("n", 0, i64::MAX)).len(), 0);
}
