//! Multi-record transactions as the reference tells them (transactions §4 to §14), told frame by frame.

mod support;

use aerospike_emulator::Emulator;
use aerospike_emulator::config::{Edition, NamespaceConfig};
use aerospike_wire::bits::{info1, info2, info3, info4};
use aerospike_wire::message::FrameBuilder;
use aerospike_wire::msgpack;
use aerospike_wire::{Digest, Header, Particle, ParticleType, ResultCode, Value, field, op};
use bytes::BytesMut;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;
use support::query::Query;
use support::{Client, Reply, frame, frame_with, start};

const READ: Header = header(info1::READ | info1::GET_ALL, 0, 0);
const WRITE: Header = header(0, info2::WRITE, 0);
const DURABLE_DELETE: Header = header(0, info2::WRITE | info2::DELETE | info2::DURABLE_DELETE, 0);
const MONITORS: &[u8] = b"<ERO~MRT";

const fn header(info1: u8, info2: u8, info4: u8) -> Header {
    Header {
        info1,
        info2,
        info3: 0,
        info4,
        result: 0,
        generation: 0,
        ttl: 0,
        timeout: 0,
        n_fields: 0,
        n_ops: 0,
    }
}

/// A server whose namespace `test` is strongly consistent, as `bar` is not.
fn strong() -> Emulator {
    start(|config| {
        config.edition = Edition::Enterprise;
        config.namespaces[0] =
            NamespaceConfig { strong_consistency: true, nsup_period: 1, ..NamespaceConfig::new("test") };
    })
}

/// One side of a transaction, as the official clients play it.
struct Txn {
    id: u64,
    timeout: u32,
    deadline: Option<Vec<u8>>,
    /// Versions to verify at commit.
    reads: BTreeMap<String, Vec<u8>>,
    /// Keys to roll.
    writes: Vec<String>,
}

impl Txn {
    fn new(id: u64) -> Txn {
        Txn { id, timeout: 0, deadline: None, reads: BTreeMap::new(), writes: Vec::new() }
    }

    fn monitor(&self) -> Digest {
        Digest::of(MONITORS, ParticleType::INTEGER.0, &self.id.to_be_bytes())
    }

    fn fields(&self, key: &str, writes: bool) -> Vec<(u8, Vec<u8>)> {
        let mut fields = vec![(field::MRT_ID, self.id.to_le_bytes().to_vec())];
        fields.extend(self.reads.get(key).map(|version| (field::RECORD_VERSION, version.clone())));
        fields.extend(
            self.deadline.iter().filter(|_| writes).map(|bytes| (field::MRT_DEADLINE, bytes.clone())),
        );
        fields
    }

    fn get(&mut self, client: &mut Client, key: &str) -> Reply {
        let reply = client.call(&frame_with(READ, key, &self.fields(key, false), &[]));
        if let Some(version) = reply.field(field::RECORD_VERSION) {
            self.reads.insert(key.into(), version.into());
        }
        reply
    }

    /// Announces keys to the monitor; its reply.
    fn announce(&mut self, client: &mut Client, keys: &[Digest]) -> Reply {
        let mut payload = Vec::new();
        msgpack::put_list_head(&mut payload, 4);
        msgpack::put_int(&mut payload, 2);
        msgpack::put_list_head(&mut payload, keys.len() as u32);
        keys.iter().for_each(|key| msgpack::put_typed_raw(&mut payload, ParticleType::BLOB.0, &key.0));
        msgpack::put_int(&mut payload, 1);
        msgpack::put_int(&mut payload, 0x0d);
        let id = (self.id as i64).to_be_bytes();
        let first =
            self.deadline.is_none().then_some((op::WRITE, &b"id"[..], ParticleType::INTEGER, &id[..]));
        let list = (op::CDT_MODIFY, &b"keyds"[..], ParticleType::BLOB, &payload[..]);
        let reply =
            self.to_monitor(client, Header { ttl: self.timeout, ..WRITE }, first.into_iter().chain([list]));
        if let Some(deadline) = reply.field(field::MRT_DEADLINE) {
            self.deadline = Some(deadline.into());
        }
        reply
    }

    fn to_monitor<'a>(
        &self,
        client: &mut Client,
        header: Header,
        ops: impl IntoIterator<Item = (u8, &'a [u8], ParticleType, &'a [u8])>,
    ) -> Reply {
        let mut out = BytesMut::new();
        let mut frame = FrameBuilder::begin(&mut out, header);
        frame.record(b"test", MONITORS, &self.monitor().0);
        ops.into_iter().for_each(|(code, name, kind, data)| frame.op(code, name, Particle::new(kind, data)));
        frame.finish();
        client.call(&out)
    }

    fn write(&mut self, client: &mut Client, header: Header, key: &str, value: Option<i64>) -> Reply {
        if !self.writes.iter().any(|written| written == key) {
            let reply = self.announce(client, &[support::digest(key)]);
            if !reply.code().is_ok() {
                return reply;
            }
        }
        let ops: Vec<_> = value.map(|value| (op::WRITE, "n", Value::Int(value))).into_iter().collect();
        let reply = client.call(&frame_with(header, key, &self.fields(key, true), &ops));
        match reply.field(field::RECORD_VERSION) {
            Some(version) => {
                self.reads.insert(key.into(), version.into());
            }
            None if reply.code().is_ok() => {
                self.reads.remove(key);
                self.writes.push(key.into());
            }
            None => {}
        }
        reply
    }

    fn put(&mut self, client: &mut Client, key: &str, value: i64) -> Reply {
        self.write(client, WRITE, key, Some(value))
    }

    fn delete(&mut self, client: &mut Client, key: &str) -> Reply {
        self.write(client, DURABLE_DELETE, key, None)
    }

    /// The first verification that fails ends the transaction.
    fn verify(&mut self, client: &mut Client) -> ResultCode {
        let header = Header { info3: info3::SC_READ_TYPE, ..header(0x21, 0, info4::MRT_VERIFY_READ) };
        let codes = self.reads.iter().map(|(key, version)| {
            let fields = [(field::RECORD_VERSION, version.clone())];
            client.call(&frame_with(header, key, &fields, &[])).code()
        });
        codes.into_iter().find(|code| !code.is_ok()).unwrap_or(ResultCode::OK)
    }

    fn mark(&self, client: &mut Client) -> ResultCode {
        self.to_monitor(client, WRITE, [(op::WRITE, &b"fwd"[..], ParticleType::BOOL, &[1][..])]).code()
    }

    fn roll(&self, client: &mut Client, bit: u8) -> Vec<ResultCode> {
        let header = header(0, info2::WRITE | info2::DURABLE_DELETE, bit);
        let id = [(field::MRT_ID, self.id.to_le_bytes().to_vec())];
        self.writes.iter().map(|key| client.call(&frame_with(header, key, &id, &[])).code()).collect()
    }

    fn close(&self, client: &mut Client) -> ResultCode {
        self.to_monitor(client, DURABLE_DELETE, []).code()
    }

    fn commit(&mut self, client: &mut Client) -> ResultCode {
        let code = self.verify(client);
        if !code.is_ok() {
            self.abort(client);
            return code;
        }
        if self.deadline.is_some() {
            assert_eq!(self.mark(client), ResultCode::OK);
            assert!(self.roll(client, info4::MRT_ROLL_FORWARD).iter().all(|code| code.is_ok()));
            assert_eq!(self.close(client), ResultCode::OK);
        }
        ResultCode::OK
    }

    fn abort(&mut self, client: &mut Client) {
        assert!(self.roll(client, info4::MRT_ROLL_BACK).iter().all(|code| code.is_ok()));
        if self.deadline.is_some() {
            assert_eq!(self.close(client), ResultCode::OK);
        }
    }
}

fn put(client: &mut Client, key: &str, value: i64) -> Reply {
    client.call(&support::put(key, "n", Value::Int(value)))
}

/// Generation and value, or the code.
fn seen(reply: Reply) -> Result<(u32, i64), ResultCode> {
    match (reply.code(), reply.bin("n")) {
        (ResultCode::OK, Some(Value::Int(value))) => Ok((reply.header.generation, *value)),
        (code, _) => Err(code),
    }
}

fn get(client: &mut Client, key: &str) -> Result<(u32, i64), ResultCode> {
    seen(client.call(&support::get(key)))
}

/// transactions §13, and §16: 1, 5, 6, 27.
#[test]
fn generations_count_through_a_roll_either_way() {
    let emulator = strong();
    let client = &mut Client::connect(&emulator);
    for (key, commits, after) in [("committed", true, Ok((3, 2))), ("aborted", false, Ok((3, 1)))] {
        put(client, key, 1);
        let mut txn = Txn::new(7);
        assert_eq!(txn.put(client, key, 2).code(), ResultCode::OK);
        assert_eq!(seen(txn.get(client, key)), Ok((2, 2)), "inside");
        assert_eq!(get(client, key), Ok((1, 1)), "outside");
        if commits {
            assert_eq!(txn.commit(client), ResultCode::OK)
        } else {
            txn.abort(client)
        }
        assert_eq!(get(client, key), after);
    }
    for (key, writes, commits, after) in [
        ("one write", 1, true, Ok((2, 1))),
        ("two writes", 2, true, Ok((3, 2))),
        ("aborted new", 1, false, Err(ResultCode::NOT_FOUND)),
    ] {
        let mut txn = Txn::new(8);
        (1..=writes).for_each(|value| {
            txn.put(client, key, value);
            assert_eq!(seen(txn.get(client, key)), Ok((value as u32, value)), "{key}");
        });
        assert_eq!(get(client, key), Err(ResultCode::NOT_FOUND), "{key}: not there before the commit");
        if commits {
            assert_eq!(txn.commit(client), ResultCode::OK)
        } else {
            txn.abort(client)
        }
        assert_eq!(get(client, key), after, "{key}");
    }
}

/// transactions §7: whom a lock stops.
#[test]
fn a_lock_stops_all_writes_and_the_reads_of_other_transactions() {
    let emulator = strong();
    let client = &mut Client::connect(&emulator);
    put(client, "k", 1);
    let (mut mine, mut other) = (Txn::new(1), Txn::new(2));
    mine.put(client, "k", 2);
    let create_only = Header { info2: info2::WRITE | info2::CREATE_ONLY, ..WRITE };
    let update_only = Header { info3: info3::UPDATE_ONLY, ..WRITE };
    for header in [WRITE, create_only, update_only] {
        let reply = client.call(&frame(header, "k", &[(op::WRITE, "n", Value::Int(3))]));
        assert_eq!(reply.code(), ResultCode::MRT_BLOCKED);
    }
    assert_eq!(client.call(&frame(DURABLE_DELETE, "k", &[])).code(), ResultCode::MRT_BLOCKED);
    for reply in [other.put(client, "k", 3), other.get(client, "k"), other.delete(client, "k")] {
        assert_eq!((reply.code(), reply.field(field::RECORD_VERSION)), (ResultCode::MRT_BLOCKED, None));
    }
    assert_eq!(get(client, "k"), Ok((1, 1)));
    mine.put(client, "new", 1);
    assert_eq!(put(client, "new", 9).code(), ResultCode::MRT_BLOCKED, "one that is to be created");
    let statistics = client.info("namespace/test\n");
    for line in ["mrt_provisionals=2", "mrt_monitors=2", "fail_mrt_blocked=8"] {
        assert!(statistics.contains(&format!(";{line};")), "{line}");
    }
    other.abort(client);
    assert_eq!(mine.commit(client), ResultCode::OK);
    assert_eq!(put(client, "k", 9).code(), ResultCode::OK);
    assert!(client.info("namespace/test\n").contains(";mrt_provisionals=0;"));
}

/// transactions §2, §7: a reply has a version where the client has to verify, and only there.
#[test]
fn versions_tell_what_to_verify() {
    let emulator = strong();
    let client = &mut Client::connect(&emulator);
    put(client, "k", 1);
    let version = |reply: &Reply| reply.field(field::RECORD_VERSION).map(<[u8]>::to_vec);
    let mut txn = Txn::new(3);
    let read = txn.get(client, "k");
    let first = version(&read).expect("a version of a record that was read");
    assert_eq!((first.len(), &first[5..]), (7, &[1, 0][..]), "the generation is in the last two bytes");
    assert_eq!(read.bin("n"), Some(&Value::Int(1)), "bins come behind it");
    assert_eq!(version(&txn.get(client, "none")), Some(vec![0; 7]), "of a missing record");
    assert_eq!(version(&client.call(&support::get("k"))), None, "outside");

    let create_only = Header { info2: info2::WRITE | info2::CREATE_ONLY, ..WRITE };
    let refused = txn.write(client, create_only, "k", Some(2));
    assert_eq!((refused.code(), version(&refused)), (ResultCode::RECORD_EXISTS, Some(first)));
    let update_only = Header { info3: info3::UPDATE_ONLY, ..WRITE };
    let refused = txn.write(client, update_only, "none", Some(2));
    assert_eq!((refused.code(), version(&refused)), (ResultCode::NOT_FOUND, Some(vec![0; 7])));
    let written = txn.put(client, "k", 2);
    assert_eq!((written.code(), version(&written)), (ResultCode::OK, None), "a lock needs no version");
    let refused = txn.write(client, create_only, "k", Some(2));
    assert_eq!((refused.code(), version(&refused)), (ResultCode::RECORD_EXISTS, None), "locked already");
    assert_eq!(version(&txn.get(client, "k")), None);
    assert_eq!(txn.commit(client), ResultCode::OK);
}

/// transactions §16: 28 to 30.
#[test]
fn what_changed_since_it_was_read_ends_a_transaction() {
    let emulator = strong();
    let client = &mut Client::connect(&emulator);
    for key in ["read", "written"] {
        put(client, key, 1);
    }
    let mut txn = Txn::new(4);
    txn.get(client, "read");
    txn.put(client, "written", 2);
    txn.put(client, "created", 2);
    assert_eq!(put(client, "read", 5).code(), ResultCode::OK, "a read locks nothing");
    assert_eq!(txn.get(client, "read").code(), ResultCode::MRT_VERSION_MISMATCH);
    assert_eq!(txn.put(client, "read", 6).code(), ResultCode::MRT_VERSION_MISMATCH);
    assert_eq!(txn.commit(client), ResultCode::MRT_VERSION_MISMATCH);
    assert_eq!(get(client, "read"), Ok((2, 5)));
    assert_eq!(get(client, "written"), Ok((3, 1)));
    assert_eq!(get(client, "created"), Err(ResultCode::NOT_FOUND));

    // Two that only read do not mind each other; one that finds a lock at commit does.
    let (mut first, mut second) = (Txn::new(5), Txn::new(6));
    for txn in [&mut first, &mut second] {
        assert_eq!(seen(txn.get(client, "read")), Ok((2, 5)));
    }
    assert_eq!(first.commit(client), ResultCode::OK);
    let mut third = Txn::new(9);
    third.put(client, "read", 7);
    assert_eq!(second.commit(client), ResultCode::MRT_BLOCKED);
    third.abort(client);
}

/// transactions §16: 8 to 10, 34; §19: a tombstone keeps the generation.
#[test]
fn deletes_are_durable_and_leave_tombstones() {
    let emulator = strong();
    let client = &mut Client::connect(&emulator);
    let plain_delete = Header { info2: info2::WRITE | info2::DELETE, ..WRITE };
    put(client, "k", 1);
    let mut txn = Txn::new(5);
    assert_eq!(txn.write(client, plain_delete, "k", None).code(), ResultCode::FORBIDDEN);
    client.info("set-config:context=namespace;namespace=test;strong-consistency-allow-expunge=true\n");
    put(client, "expunged", 1);
    let mut expunging = Txn::new(50);
    assert_eq!(expunging.write(client, plain_delete, "expunged", None).code(), ResultCode::OK);
    expunging.abort(client);
    client.info("set-config:context=namespace;namespace=test;strong-consistency-allow-expunge=false\n");
    assert_eq!(txn.delete(client, "k").code(), ResultCode::OK);
    assert_eq!(txn.delete(client, "k").code(), ResultCode::NOT_FOUND);
    assert_eq!(seen(txn.get(client, "k")), Err(ResultCode::NOT_FOUND));
    assert_eq!(get(client, "k"), Ok((1, 1)));
    txn.abort(client);
    assert_eq!(get(client, "k"), Ok((3, 1)));

    let mut txn = Txn::new(6);
    txn.delete(client, "k");
    assert_eq!(txn.commit(client), ResultCode::OK);
    assert_eq!(get(client, "k"), Err(ResultCode::NOT_FOUND));
    assert!(client.info("namespace/test\n").contains(";tombstones=1;"));
    assert_eq!(client.call(&frame(DURABLE_DELETE, "k", &[])).code(), ResultCode::NOT_FOUND);
    put(client, "k", 2);
    assert_eq!(get(client, "k"), Ok((6, 2)), "generations go on where they were");
    assert!(client.info("namespace/test\n").contains(";tombstones=0;"));

    client.call(&frame(DURABLE_DELETE, "k", &[]));
    emulator.clock().advance(Duration::from_secs(2 * 86_400)).unwrap();
    assert!(client.info("namespace/test\n").contains(";tombstones=0;"), "old ones are collected");
    put(client, "k", 3);
    assert_eq!(get(client, "k"), Ok((1, 3)));
}

/// transactions §7 and §16: 17.
#[test]
fn a_write_that_is_only_to_lock_does_so_once() {
    let emulator = strong();
    let client = &mut Client::connect(&emulator);
    let header = Header { info4: info4::MRT_ON_LOCKING_ONLY, ..WRITE };
    let mut txn = Txn::new(5);
    assert_eq!(txn.write(client, header, "k", Some(1)).code(), ResultCode::OK);
    assert_eq!(txn.write(client, header, "k", Some(2)).code(), ResultCode::MRT_ALREADY_LOCKED);
    assert_eq!(seen(txn.get(client, "k")), Ok((1, 1)));
    assert_eq!(get(client, "k"), Err(ResultCode::NOT_FOUND));
}

/// A commit that comes a moment late is a commit all the same, as the tests of Spring's data access expect.
#[test]
fn a_late_commit() {
    let emulator = strong();
    let client = &mut Client::connect(&emulator);
    let mut txn = Txn { timeout: 2, ..Txn::new(5) };
    txn.put(client, "k", 2);
    emulator.clock().advance(Duration::from_secs(3)).unwrap();
    assert!(txn.announce(client, &[support::digest("other")]).code().is_ok());
    assert_eq!(txn.put(client, "other", 1).code(), ResultCode::MRT_EXPIRED);
    assert_eq!(txn.commit(client), ResultCode::OK);
    assert_eq!(get(client, "k"), Ok((2, 2)));
}

/// transactions §9, §11 and §16: 22, 23; what a real server needs seconds for, a moved clock does at once.
#[test]
fn the_server_ends_a_transaction_whose_time_is_over() {
    let emulator = strong();
    let client = &mut Client::connect(&emulator);
    put(client, "k", 1);
    let later = |seconds| emulator.clock().advance(Duration::from_secs(seconds)).unwrap();

    let mut txn = Txn { timeout: 2, ..Txn::new(5) };
    txn.put(client, "k", 2);
    later(1);
    assert_eq!(txn.put(client, "k", 3).code(), ResultCode::OK);
    later(2);
    assert_eq!(
        txn.put(client, "k", 5).code(),
        ResultCode::MRT_EXPIRED,
        "no more writes, but the lock is held"
    );
    assert_eq!(put(client, "k", 4).code(), ResultCode::MRT_BLOCKED);
    later(2);
    assert_eq!(get(client, "k"), Ok((4, 1)));
    assert_eq!(put(client, "k", 4).code(), ResultCode::OK, "the lock is gone");
    assert_eq!(txn.put(client, "k", 5).code(), ResultCode::MRT_EXPIRED);
    assert_eq!(txn.put(client, "other", 5).code(), ResultCode::MRT_EXPIRED);
    assert_eq!(txn.mark(client), ResultCode::MRT_EXPIRED);
    txn.abort(client);

    // Ten seconds are the default. A transaction that is marked is rolled forward, whatever becomes of its client.
    let mut txn = Txn::new(6);
    txn.put(client, "k", 6);
    assert_eq!(txn.mark(client), ResultCode::OK);
    assert_eq!(txn.mark(client), ResultCode::MRT_COMMITTED);
    assert_eq!(txn.announce(client, &[support::digest("late")]).code(), ResultCode::MRT_COMMITTED);
    assert_eq!(txn.roll(client, info4::MRT_ROLL_BACK), [ResultCode::MRT_COMMITTED], "a commit stands");
    later(11);
    assert_eq!(get(client, "k"), Ok((5, 4)));
    later(2);
    assert_eq!(get(client, "k"), Ok((7, 6)));
    let statistics = client.info("namespace/test\n");
    for line in
        ["mrt_monitor_roll_forward_success=1", "mrt_monitor_roll_back_success=1", "mrt_provisionals=0"]
    {
        assert!(statistics.contains(&format!(";{line};")), "{line}");
    }
}

/// transactions §4, §8, §10 and §16: 15, 16, 24.
#[test]
fn monitors_are_records_to_clients() {
    let emulator = strong();
    let client = &mut Client::connect(&emulator);
    let mut txn = Txn::new(0x1122);
    let digests: Vec<_> = (0..4097).map(|n: u32| support::digest(&n.to_string())).collect();
    assert_eq!(txn.announce(client, &digests).code(), ResultCode::MRT_TOO_MANY_WRITES);
    let reply = txn.announce(client, &digests[..4096]);
    assert_eq!((reply.code(), reply.bin("keyds")), (ResultCode::OK, Some(&Value::Int(4096))));
    assert_eq!(reply.field(field::MRT_DEADLINE).map(<[u8]>::len), Some(4));
    assert_eq!(txn.announce(client, &digests[4096..]).code(), ResultCode::MRT_TOO_MANY_WRITES);
    assert_eq!(txn.announce(client, &digests[..2]).bin("keyds"), Some(&Value::Int(4096)), "known ones");
    txn.deadline = None;
    assert_eq!(txn.announce(client, &digests[..1]).code(), ResultCode::MRT_MONITOR_EXISTS);
    assert_eq!(txn.close(client), ResultCode::OK);
    assert_eq!(txn.close(client), ResultCode::NOT_FOUND);
    txn.deadline = Some(vec![0; 4]);
    assert_eq!(txn.announce(client, &digests[..1]).code(), ResultCode::MRT_EXPIRED);

    let mut txn = Txn::new(0x33);
    txn.put(client, "k", 1);
    let shown = txn.to_monitor(client, READ, []);
    assert_eq!(shown.bin("id"), Some(&Value::Int(0x33)));
    let Some(Value::List(keys, _)) = shown.bin("keyds") else { panic!("{shown:?}") };
    assert_eq!(keys, &[Value::Blob(support::digest("k").0.to_vec())]);
    assert_eq!(
        txn.to_monitor(client, WRITE, [(op::INCR, &b"id"[..], ParticleType::INTEGER, &[0; 8][..])]).code(),
        ResultCode::PARAMETER,
        "nothing but what a monitor is for"
    );
    assert_eq!(txn.close(client), ResultCode::OK);
    assert_eq!(txn.mark(client), ResultCode::MRT_EXPIRED, "somebody has removed it");
    assert_eq!(txn.roll(client, info4::MRT_ROLL_BACK), [ResultCode::OK]);
    assert_eq!(txn.roll(client, info4::MRT_ROLL_BACK), [ResultCode::OK], "nothing left to roll");
}

/// transactions §12.
#[test]
fn indexes_queries_and_truncation_see_what_is_committed() {
    let emulator = strong();
    let client = &mut Client::connect(&emulator);
    client.info("sindex-create:namespace=test;indexname=i;bin=n;type=numeric\n");
    put(client, "old", 1);
    let mut txn = Txn::new(5);
    txn.put(client, "old", 7);
    txn.put(client, "new", 7);
    let count = |client: &mut Client| client.records(&Query::between("n", 7, 7)).len();
    assert_eq!(count(client), 0);
    assert_eq!(txn.commit(client), ResultCode::OK);
    assert_eq!(count(client), 2);

    let mut txn = Txn::new(6);
    txn.put(client, "old", 8);
    client.info("truncate:namespace=test;set=set\n");
    assert_eq!(get(client, "new"), Err(ResultCode::NOT_FOUND));
    assert_eq!(get(client, "old"), Ok((3, 7)), "a locked record is left out");
    txn.abort(client);

    let mut txn = Txn::new(7);
    txn.put(client, "old", 9);
    let snapshot = emulator.snapshot();
    txn.put(client, "old", 10);
    emulator.restore(&snapshot).unwrap();
    assert_eq!(put(client, "old", 11).code(), ResultCode::OK, "to restore ends what is open");
    assert_eq!(txn.mark(client), ResultCode::MRT_EXPIRED);
    assert_eq!(get(client, "old"), Ok((6, 11)));
}

/// transactions §15.
#[test]
fn settings_are_those_of_strong_namespaces() {
    let emulator = strong();
    let client = &mut Client::connect(&emulator);
    let mut set = |namespace: &str, line: &str| {
        client.info(&format!("set-config:context=namespace;namespace={namespace};{line}\n"))
    };
    assert!(set("bar", "mrt-duration=20").ends_with("\tERROR:4:invalid set-config parameter\n"));
    assert!(set("test", "mrt-duration=121").contains("ERROR:4"));
    assert!(set("test", "mrt-duration=20").ends_with("\tok\n"));
    assert!(set("test", "disable-mrt-writes=true").ends_with("\tok\n"));
    let mut txn = Txn::new(5);
    assert_eq!(txn.put(client, "k", 1).code(), ResultCode::FORBIDDEN);
    assert!(client.info("get-config:context=namespace;namespace=test\n").contains(";mrt-duration=20;"));
}

/// transactions §14, verified for Community; for other editions without strong consistency it is not.
#[test]
fn where_there_is_no_strong_consistency() {
    let community = start(|config| config.edition = Edition::Community);
    let enterprise = start(|config| config.edition = Edition::Enterprise);
    for (emulator, code) in
        [(community, ResultCode::ENTERPRISE_ONLY), (enterprise, ResultCode::UNSUPPORTED_FEATURE)]
    {
        let client = &mut Client::connect(&emulator);
        let is_community = code == ResultCode::ENTERPRISE_ONLY;
        let mut txn = Txn::new(5);
        assert_eq!(txn.get(client, "k").code(), code);
        // Community Edition takes the monitor for a record like any other.
        assert_eq!(txn.put(client, "k", 1).code(), code);
        assert_eq!(txn.deadline, None);
        assert_eq!(get(client, "k"), Err(ResultCode::NOT_FOUND));
        let shown = txn.to_monitor(client, READ, []).code();
        assert_eq!(shown, if is_community { ResultCode::OK } else { ResultCode::UNSUPPORTED_FEATURE });
        txn.writes.push("k".into());
        assert_eq!(txn.roll(client, info4::MRT_ROLL_FORWARD), [code]);
        let verify = header(0x21, 0, info4::MRT_VERIFY_READ);
        assert_eq!(client.call(&frame(verify, "k", &[])).code(), code);
    }
}

/// Fields of wrong sizes and steps without their transaction.
#[test]
fn malformed_requests_are_refused() {
    let emulator = strong();
    let client = &mut Client::connect(&emulator);
    put(client, "k", 1);
    for fields in [
        vec![(field::MRT_ID, vec![1; 4])],
        vec![(field::MRT_ID, vec![0; 8])],
        vec![(field::MRT_ID, vec![1; 8]), (field::RECORD_VERSION, vec![0; 6])],
    ] {
        assert_eq!(client.call(&frame_with(READ, "k", &fields, &[])).code(), ResultCode::PARAMETER);
    }
    let verify = header(0x21, 0, info4::MRT_VERIFY_READ);
    assert_eq!(client.call(&frame(verify, "k", &[])).code(), ResultCode::PARAMETER);
    let roll = header(0, info2::WRITE, info4::MRT_ROLL_FORWARD);
    assert_eq!(client.call(&frame(roll, "k", &[])).code(), ResultCode::PARAMETER);
    let txn = Txn::new(9);
    for payload in [&b"\x94\x01\xb5\x04"[..], b"\x94\x02\xdd\xff\xff\xff\xff", b"", b"\x94\x05\xc0\x01\x0d"] {
        let ops = [
            (op::WRITE, &b"id"[..], ParticleType::INTEGER, &[0, 0, 0, 0, 0, 0, 0, 9][..]),
            (op::CDT_MODIFY, &b"keyds"[..], ParticleType::BLOB, payload),
        ];
        assert_eq!(txn.to_monitor(client, WRITE, ops).code(), ResultCode::PARAMETER);
    }
}

/// Money moves between accounts on many connections at once. None is made and none is lost, whatever is blocked, refused or
/// given up half-way.
#[test]
fn transfers_from_all_sides_keep_the_sum() {
    const ACCOUNTS: u64 = 6;
    const CLIENTS: u64 = 6;
    const TRANSFERS: u64 = 150;
    let emulator = strong();
    let name = |account: u64| format!("account {account}");
    let client = &mut Client::connect(&emulator);
    (0..ACCOUNTS).for_each(|account| assert!(put(client, &name(account), 100).code().is_ok()));
    let transfer = |client: &mut Client, id: u64| -> Option<()> {
        let (from, to) = (name(id % ACCOUNTS), name((id / 7 + id % 5 + 1) % ACCOUNTS));
        let mut txn = Txn::new(id);
        let done = (|| {
            let (_, there) = seen(txn.get(client, &from)).ok()?;
            txn.put(client, &from, there - 1).code().is_ok().then_some(())?;
            // Read behind the first write: the accounts may be the same one.
            let (_, here) = seen(txn.get(client, &to)).ok()?;
            txn.put(client, &to, here + 1).code().is_ok().then_some(())
        })();
        if done.is_none() || id.is_multiple_of(11) {
            txn.abort(client);
            return None;
        }
        txn.commit(client).is_ok().then_some(())
    };
    let committed: usize = std::thread::scope(|scope| {
        let clients: Vec<_> = (1..=CLIENTS)
            .map(|number| {
                let (emulator, transfer) = (&emulator, &transfer);
                scope.spawn(move || {
                    let client = &mut Client::connect(emulator);
                    let ids = (0..TRANSFERS).map(|n| number * 10_000 + n);
                    ids.filter(|id| transfer(client, *id).is_some()).count()
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    assert!(committed > 100, "{committed} of {}", CLIENTS * TRANSFERS);
    let sum: i64 = (0..ACCOUNTS).map(|account| get(client, &name(account)).unwrap().1).sum();
    assert_eq!(sum, 100 * ACCOUNTS as i64);
    assert!(client.info("namespace/test\n").contains(";mrt_provisionals=0;"));
}

/// What a step of the model test does, to one of a few keys, by one of a few transactions.
#[derive(Clone, Copy, Debug)]
enum Step {
    PlainGet,
    PlainPut,
    Get(usize),
    Put(usize),
    Delete(usize),
    Commit(usize),
    Abort(usize),
}

fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let by = 0..3usize;
    let step = prop_oneof![
        2 => Just(Step::PlainGet),
        1 => Just(Step::PlainPut),
        3 => by.clone().prop_map(Step::Get),
        4 => by.clone().prop_map(Step::Put),
        1 => by.clone().prop_map(Step::Delete),
        1 => by.clone().prop_map(Step::Commit),
        1 => by.prop_map(Step::Abort),
    ];
    prop::collection::vec((0..4usize, step), 1..60)
}

/// What a transaction of the model has done: what it saw of records when it read them first, what it wrote.
#[derive(Clone, Default)]
struct Model {
    seen: BTreeMap<usize, u32>,
    written: BTreeMap<usize, Option<i64>>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Isolation, against a model that counts the changes of each committed record: who reads sees what is committed or
    /// what it wrote itself, one writes at a time, and a commit succeeds exactly if nothing read has changed or is locked.
    #[test]
    fn isolation_is_that_of_a_plain_model(steps in steps()) {
        const CODES: [ResultCode; 4] =
            [ResultCode::OK, ResultCode::NOT_FOUND, ResultCode::MRT_BLOCKED, ResultCode::MRT_VERSION_MISMATCH];
        let [ok, missing, blocked, mismatch] = CODES;
        let emulator = strong();
        let client = &mut Client::connect(&emulator);
        let mut committed = [None::<i64>; 4];
        let mut changes = [0u32; 4];
        let mut txns: Vec<Txn> = (1..4).map(Txn::new).collect();
        let mut models = vec![Model::default(); 3];
        let mut next_id = 10;
        for (value, (key, step)) in steps.into_iter().enumerate() {
            let (name, value) = (key.to_string(), value as i64);
            let holder = models.iter().position(|model| model.written.contains_key(&key));
            let changed = |model: &Model| model.seen.get(&key).is_some_and(|seen| *seen != changes[key]);
            match step {
                Step::PlainGet => {
                    prop_assert_eq!(get(client, &name).map(|(_, value)| value).ok(), committed[key]);
                }
                Step::PlainPut => {
                    let code = put(client, &name, value).code();
                    prop_assert_eq!(code, if holder.is_some() { blocked } else { ok });
                    if holder.is_none() {
                        committed[key] = Some(value);
                        changes[key] += 1;
                    }
                }
                Step::Get(by) => {
                    let model = &mut models[by];
                    let own = model.written.get(&key).copied();
                    let expected = match (holder, own) {
                        (_, Some(own)) => own.ok_or(missing),
                        (Some(_), None) => Err(blocked),
                        (None, None) if changed(model) => Err(mismatch),
                        (None, None) => {
                            model.seen.insert(key, changes[key]);
                            committed[key].ok_or(missing)
                        }
                    };
                    prop_assert_eq!(seen(txns[by].get(client, &name)).map(|(_, value)| value), expected);
                }
                Step::Put(by) | Step::Delete(by) => {
                    let model = &mut models[by];
                    let deletes = matches!(step, Step::Delete(_));
                    let own = model.written.get(&key).copied();
                    let exists = own.unwrap_or(committed[key]).is_some();
                    let expected = match holder {
                        Some(holder) if holder != by => blocked,
                        None if changed(model) => mismatch,
                        _ if deletes && !exists => {
                            // It has judged by the record without locking it.
                            if own.is_none() {
                                model.seen.insert(key, changes[key]);
                            }
                            missing
                        }
                        _ => {
                            model.seen.remove(&key);
                            model.written.insert(key, (!deletes).then_some(value));
                            ok
                        }
                    };
                    let reply = match deletes {
                        true => txns[by].delete(client, &name),
                        false => txns[by].put(client, &name, value),
                    };
                    prop_assert_eq!(reply.code(), expected);
                }
                Step::Commit(by) | Step::Abort(by) => {
                    let model = std::mem::take(&mut models[by]);
                    let stale = model.seen.iter().any(|(key, seen)| {
                        *seen != changes[*key] || models.iter().any(|other| other.written.contains_key(key))
                    });
                    let commits = matches!(step, Step::Commit(_));
                    if commits {
                        prop_assert_eq!(txns[by].commit(client).is_ok(), !stale);
                    } else {
                        txns[by].abort(client);
                    }
                    for (key, written) in model.written {
                        if commits && !stale {
                            // What comes and goes within one transaction was never there.
                            changes[key] += (committed[key].is_some() || written.is_some()) as u32;
                            committed[key] = written;
                        } else if committed[key].is_some() {
                            // A roll back counts the generation on.
                            changes[key] += 1;
                        }
                    }
                    txns[by] = Txn::new(next_id);
                    next_id += 1;
                }
            }
        }
    }
}
