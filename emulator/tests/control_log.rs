//! The command log.

mod support;

use aerospike_emulator::control::log::Question;
use aerospike_emulator::control::{Kind, Pattern};
use aerospike_wire::bits::info1;
use aerospike_wire::{Header, Value};
use std::time::{Duration, Instant};
use support::{Client, batch, get, increment, put, row, start};

fn of(kind: Kind) -> Question {
    Question { pattern: Pattern::kind(kind), ..Question::default() }
}

#[test]
fn commands_are_kept_with_what_they_were() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    client.call(&put("before", "a", Value::Int(1)));
    emulator.log().start(100);
    client.call(&put("k", "a", Value::Int(1)));
    client.call(&increment("k", "a", 1));
    client.call(&get("k"));
    client.call(&get("missing"));
    client.info("node\n");
    let entries = emulator.log().entries(&Question::default());
    let told: Vec<_> = entries.iter().map(|entry| (entry.kind.name(), entry.code)).collect();
    assert_eq!(told, [("put", 0), ("add", 0), ("get", 0), ("get", 2)]);
    assert_eq!(entries[1].operations, [("add", "a".to_owned())]);
    assert_eq!((&entries[0].namespace[..], &entries[0].set[..]), (&b"test"[..], &b"set"[..]));
    assert_eq!(entries[0].digest, Some(support::digest("k")));
    assert_eq!(entries[0].bytes, 30);
    assert_eq!(emulator.log().count(&of(Kind::Info)), 1);
    let missing = Question { code: Some(2), ..Question::default() };
    assert_eq!(emulator.log().count(&missing), 1);
    emulator.log().stop();
    client.call(&get("k"));
    assert_eq!(emulator.log().count(&of(Kind::Get)), 2);
}

#[test]
fn a_ring_forgets_the_oldest() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    emulator.log().start(3);
    for n in 0..5 {
        client.call(&put("k", "a", Value::Int(n)));
    }
    let numbers: Vec<_> = emulator.log().entries(&Question::default()).iter().map(|e| e.number).collect();
    assert_eq!(numbers, [3, 4, 5]);
    let after = Question { after: 4, ..Question::default() };
    assert_eq!(emulator.log().count(&after), 1);
}

#[test]
fn rows_of_a_batch_and_faults() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    client.call(&put("a", "a", Value::Int(1)));
    emulator.log().start(100);
    client.info("emulator-fault:add;kind=get;key=b;action=key-busy\n");
    let read = Header { info1: info1::READ | info1::GET_ALL, ..Header::default() };
    client.send(&batch(
        aerospike_wire::batch::batch_flags::RESPOND_ALL_KEYS,
        &[row(0, "a", read, &[]), row(1, "b", read, &[])],
    ));
    client.rows();
    let entries = emulator.log().entries(&Question::default());
    let told: Vec<_> = entries.iter().map(|e| (e.kind.name(), e.in_batch, e.code)).collect();
    assert_eq!(told, [("batch", false, 0), ("get", true, 0), ("get", true, 14)]);
    assert_eq!(entries[0].faults, ["key-busy"]);
}

#[test]
fn waiting_for_a_command() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    let mut other = Client::connect(&emulator);
    emulator.log().start(100);
    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        other.call(&put("k", "a", Value::Int(1)));
    });
    let found = client.info("emulator-log:wait;kind=put;key=k;timeout=10s\n");
    assert!(found.contains("\"kind\":\"put\""), "{found}");
    writer.join().unwrap();
    let start = Instant::now();
    let answer = client.info("emulator-log:wait;kind=delete;timeout=50ms\n");
    assert!(answer.contains("ERROR:4:no such command has come within 0.05 s"), "{answer}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_stop_does_not_wait_for_those_who_wait() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    emulator.log().start(100);
    let waiting = std::thread::spawn(move || client.try_info("emulator-log:wait;kind=put;timeout=300s\n"));
    std::thread::sleep(Duration::from_millis(100));
    let start = Instant::now();
    emulator.stop();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let _ = waiting.join().unwrap();
}

#[test]
fn through_info_commands() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    assert!(client.info("emulator-log:wait;kind=put\n").contains("the log is off"));
    client.info("emulator-log:start;capacity=10\n");
    client.call(&put("k", "a", Value::Int(1)));
    client.call(&get("k"));
    assert_eq!(client.info("emulator-log:count;kind=get\n"), "emulator-log:count;kind=get\t1\n");
    let last = client.info("emulator-log:last=1\n");
    assert!(last.contains("\"kind\":\"get\"") && !last.contains("\"kind\":\"put\""), "{last}");
    assert!(client.info("emulator-log:status\n").contains("{\"last\":2,\"on\":true}"));
    assert!(client.info("emulator-log:clear\n").ends_with("\tok\n"));
    assert!(client.info("emulator-log\n").ends_with("\t[]\n"));
    client.info("emulator-log:stop\n");
    client.call(&get("k"));
    assert!(client.info("emulator-log:count\n").ends_with("\t0\n"));
}
