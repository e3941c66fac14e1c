//! Snapshots: taken beside writers, restored with everything that hangs on the records.

#[path = "support/admin.rs"]
mod admin;
mod support;

use aerospike_emulator::config::SecurityConfig;
use aerospike_wire::admin::{command, field};
use aerospike_wire::bits::info2;
use aerospike_wire::{Header, ResultCode, Value, op};
use base64::Engine;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::query::Query;
use support::{Client, get, put, start};

fn remove(key: &str) -> Vec<u8> {
    support::frame(Header { info2: info2::WRITE | info2::DELETE, ..Header::default() }, key, &[])
}

#[test]
fn everything_is_as_it_was() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    client.info("sindex-create:namespace=test;indexname=kept;bin=n;type=numeric\n");
    for n in 0..300 {
        client.call(&put(&format!("k{n}"), "n", Value::Int(n)));
    }
    let lua = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let module = |name: &str, text: &str| {
        let content = lua(text);
        format!("udf-put:filename={name};content={content};content-len={};udf-type=LUA;\n", content.len())
    };
    client.info(&module("a.lua", "function f(r) return 1 end"));
    let snapshot = emulator.snapshot();

    client.info(&module("a.lua", "function f(r) return 2 end"));
    client.info(&module("b.lua", "function f(r) return 3 end"));
    client.info("sindex-create:namespace=test;indexname=new;bin=m;type=numeric\n");
    client.info("sindex-delete:namespace=test;indexname=kept\n");
    client.call(&put("k1", "n", Value::Int(1000)));
    client.call(&remove("k2"));
    client.call(&put("fresh", "n", Value::Int(5)));
    client.info("truncate:namespace=bar;set=none\n");

    assert_eq!(emulator.restore(&snapshot), Ok(3));
    assert_eq!(client.call(&get("k1")).bin("n"), Some(&Value::Int(1)));
    assert_eq!(client.call(&get("k1")).header.generation, 1);
    assert_eq!(client.call(&get("k2")).bin("n"), Some(&Value::Int(2)));
    assert_eq!(client.call(&get("fresh")).code(), ResultCode::NOT_FOUND);
    let list = client.info("udf-list\n");
    assert!(list.contains("filename=a.lua") && !list.contains("b.lua"), "{list}");
    let content = client.info("udf-get:filename=a.lua\n");
    assert!(content.contains(&lua("function f(r) return 1 end")), "{content}");
    let indexes = client.info("sindex-list:namespace=test\n");
    assert!(indexes.contains("indexname=kept") && !indexes.contains("indexname=new"), "{indexes}");
    let found = client.records(&Query::between("n", 0, 2));
    assert_eq!(found.len(), 3);
    assert!(client.info("sets/test\n").contains("objects=300:"));
    assert_eq!(emulator.restore(&snapshot), Ok(0));
}

#[test]
fn indexes_follow_in_both_directions() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    client.info("sindex-create:namespace=test;indexname=i;bin=n;type=numeric\n");
    let entries = |client: &mut Client| {
        let text = client.info("sindex-stat:namespace=test;indexname=i\n");
        text.split('\t').nth(1).unwrap().split(';').next().unwrap().to_owned()
    };
    for n in 0..100 {
        client.call(&put(&format!("k{n}"), "n", Value::Int(n)));
    }
    let full = emulator.snapshot();
    emulator.truncate(None, None).unwrap();
    let empty = emulator.snapshot();
    assert_eq!(entries(&mut client), "entries=0");
    assert_eq!(emulator.restore(&full), Ok(100));
    assert_eq!(entries(&mut client), "entries=100");
    assert_eq!(client.records(&Query::between("n", 10, 19)).len(), 10);
    assert_eq!(emulator.restore(&empty), Ok(100));
    assert_eq!(entries(&mut client), "entries=0");
    assert!(client.records(&Query::between("n", 10, 19)).is_empty());
}

/// A writer raises `a`, then `b`: no moment has `b` ahead of `a`.
#[test]
fn a_snapshot_is_of_one_moment() {
    let emulator = start(|_| {});
    let stop = AtomicBool::new(false);
    let value = |client: &mut Client, key: &str| match client.call(&get(key)).bin("n") {
        Some(Value::Int(n)) => *n,
        _ => 0,
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = Client::connect(&emulator);
            for n in 1.. {
                client.call(&put("a", "n", Value::Int(n)));
                client.call(&put("b", "n", Value::Int(n)));
                if stop.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        let snapshots: Vec<_> = (0..50)
            .map(|_| {
                std::thread::sleep(Duration::from_millis(2));
                emulator.snapshot()
            })
            .collect();
        stop.store(true, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(100));
        let mut client = Client::connect(&emulator);
        for snapshot in snapshots {
            emulator.restore(&snapshot).unwrap();
            let (a, b) = (value(&mut client, "a"), value(&mut client, "b"));
            assert!(a == b || a == b + 1, "{a} {b}");
        }
    });
}

#[test]
fn truncation_is_undone() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    client.call(&put("k", "n", Value::Int(1)));
    let snapshot = emulator.snapshot();
    client.info("truncate:namespace=test;set=set\n");
    let mark = |client: &mut Client| client.info("sets/test\n").contains("truncate_lut=0:");
    assert!(!mark(&mut client));
    emulator.restore(&snapshot).unwrap();
    assert!(mark(&mut client), "{}", client.info("sets/test\n"));
    assert_eq!(client.call(&get("k")).code(), ResultCode::OK);
}

#[test]
fn users_and_roles_are_restored() {
    let emulator = start(|config| config.security = Some(SecurityConfig::default()));
    let mut admin = Client::connect(&emulator);
    admin.login("admin", "admin").unwrap();
    let hash = admin::hash("x");
    let create = |client: &mut Client, name: &str| {
        let roles = admin::roles(&["read-write"]);
        let fields =
            [(field::USER, name.as_bytes()), (field::PASSWORD, &hash[..]), (field::ROLES, &roles[..])];
        client.code(command::CREATE_USER, &fields)
    };
    assert_eq!(create(&mut admin, "ann"), ResultCode::OK);
    let snapshot = emulator.snapshot();
    assert_eq!(create(&mut admin, "ben"), ResultCode::OK);
    assert_eq!(admin.code(command::DROP_USER, &[(field::USER, b"ann")]), ResultCode::OK);
    let mut ben = Client::connect(&emulator);
    ben.login("ben", "x").unwrap();
    assert_eq!(ben.call(&put("k", "n", Value::Int(1))).code(), ResultCode::OK);
    emulator.restore(&snapshot).unwrap();
    assert_eq!(ben.call(&get("k")).code(), ResultCode::SEC_NOT_AUTHENTICATED);
    let mut ann = Client::connect(&emulator);
    ann.login("ann", "x").unwrap();
    assert_eq!(ann.call(&get("k")).code(), ResultCode::NOT_FOUND);
}

#[test]
fn differences_between_two() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    for key in ["same", "changed", "removed"] {
        client.call(&put(key, "n", Value::Int(1)));
    }
    let before = emulator.snapshot();
    client.call(&put("changed", "n", Value::Int(2)));
    client.call(&put("added", "n", Value::Int(3)));
    client.call(&remove("removed"));
    let differences = before.differences(&emulator.snapshot(), emulator.server()).unwrap();
    let mut told: Vec<_> =
        differences.iter().map(|found| (found.before.is_some(), found.after.is_some())).collect();
    told.sort_unstable();
    assert_eq!(told, [(false, true), (true, false), (true, true)]);
    let other = start(|_| {});
    assert!(other.restore(&before).is_err());
    // A write back to what was there is no difference but for the generation.
    emulator.restore(&before).unwrap();
    assert!(before.differences(&emulator.snapshot(), emulator.server()).unwrap().is_empty());
}

#[test]
fn through_info_commands() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    client.call(&put("k", "n", Value::Int(1)));
    assert!(client.info("emulator-snapshot:take\n").ends_with("\tok\n"));
    client.call(&support::frame(
        Header { info2: info2::WRITE, ..Header::default() },
        "k",
        &[(op::WRITE, "n", Value::Int(2))],
    ));
    let diff = client.info("emulator-snapshot:diff\n");
    assert!(diff.contains(r#""after":{"bins":{"n":2},"generation":2"#), "{diff}");
    assert!(client.info("emulator-snapshot:take=two\n").ends_with("\tok\n"));
    assert!(client.info("emulator-snapshot\n").ends_with("\t[\"default\",\"two\"]\n"));
    assert!(client.info("emulator-snapshot:restore\n").ends_with("\t1\n"));
    assert_eq!(client.call(&get("k")).bin("n"), Some(&Value::Int(1)));
    assert!(client.info("emulator-snapshot:restore=two\n").ends_with("\t1\n"));
    assert_eq!(client.call(&get("k")).bin("n"), Some(&Value::Int(2)));
    assert!(client.info("emulator-snapshot:drop=two\n").ends_with("\tok\n"));
    for bad in ["restore=two", "drop=two", "diff=two", "take;restore", "fly"] {
        let answer = client.info(&format!("emulator-snapshot:{bad}\n"));
        assert!(answer.contains("\tERROR:4:"), "{answer}");
    }
}
