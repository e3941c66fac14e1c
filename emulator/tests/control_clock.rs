//! The clock: what depends on it follows when it is moved.

#[path = "support/admin.rs"]
mod admin;
mod support;

use aerospike_wire::bits::info2;
use aerospike_wire::{Header, ResultCode, Value, op};
use std::time::Duration;
use support::{Client, get, put, start};

fn put_for(key: &str, ttl: u32) -> Vec<u8> {
    let header = Header { info2: info2::WRITE, ttl, ..Header::default() };
    support::frame(header, key, &[(op::WRITE, "n", Value::Int(1))])
}

#[test]
fn an_advance_is_complete_when_it_returns() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    client.info("sindex-create:namespace=test;indexname=i;bin=n;type=numeric\n");
    for index in 0..200 {
        assert_eq!(client.call(&put_for(&format!("k{index}"), 60)).code(), ResultCode::OK);
    }
    assert_eq!(client.call(&put("stays", "n", Value::Int(1))).code(), ResultCode::OK);
    let entries = |client: &mut Client| client.info("sindex-stat:namespace=test;indexname=i\n");
    assert!(entries(&mut client).contains("entries=201;"), "{}", entries(&mut client));
    emulator.clock().advance(Duration::from_secs(61)).unwrap();
    assert!(entries(&mut client).contains("entries=1;"), "{}", entries(&mut client));
    assert_eq!(client.call(&get("k7")).code(), ResultCode::NOT_FOUND);
    assert_eq!(client.call(&get("stays")).code(), ResultCode::OK);
}

#[test]
fn clients_are_told_what_is_left_by_their_own_clock() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    client.call(&put_for("k", 1000));
    let before = client.call(&get("k")).header.ttl;
    emulator.clock().advance(Duration::from_secs(400)).unwrap();
    let after = client.call(&get("k")).header.ttl;
    assert!((399..=401).contains(&(before - after)), "{before} {after}");
}

#[test]
fn through_an_info_command() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    client.call(&put_for("k", 60));
    let answer = client.info("emulator-clock:freeze\n");
    assert!(answer.contains("\"frozen\":true"), "{answer}");
    let told = client.info("emulator-clock:advance=2m\n");
    assert!(told.starts_with("emulator-clock:advance=2m\t{"), "{told}");
    assert_eq!(client.call(&get("k")).code(), ResultCode::NOT_FOUND);
    assert!(client.info("emulator-clock:set=2000000000\n").contains("\"unix_ms\":2000000000000"));
    assert!(client.info("emulator-clock:reset\n").contains("\"frozen\":false,\"offset_ms\":0"));
    for (bad, text) in [
        ("advance=-1", "'-1' is no span of time"),
        ("advance=1;freeze", "one at a time"),
        ("advance=1000000d", "the clock goes from 2010-01-01"),
        ("set=0", "the clock goes from 2010-01-01"),
        ("set=x", "'set' takes seconds since 1970, not 'x'"),
        ("fly", "unknown argument 'fly'"),
    ] {
        let answer = client.info(&format!("emulator-clock:{bad}\n"));
        assert!(answer.contains("\tERROR:4:") && answer.contains(text), "{answer}");
    }
    assert!(client.info("emulator-clock\n").contains("\"offset_ms\":0"));
}

#[test]
fn with_security_only_who_may_control_the_service_controls_the_emulator() {
    use aerospike_emulator::config::{Secret, SecurityConfig, UserConfig};
    let user = |name: &str, role: &str| UserConfig {
        name: name.into(),
        password: Secret(name.into()),
        roles: vec![role.into()],
        ..UserConfig::default()
    };
    let emulator = start(|config| {
        let users = vec![user("ops", "sys-admin"), user("ann", "read-write")];
        config.security = Some(SecurityConfig { users, ..SecurityConfig::default() });
    });
    let mut client = Client::connect(&emulator);
    client.login("ann", "ann").unwrap();
    assert!(client.info("emulator-clock:advance=1\n").contains("ERROR:81:role violation"));
    let ctl = |arguments: &[&str]| {
        let address = emulator.address().to_string();
        let arguments = [&["aerospike-emulator", "ctl", &address][..], arguments].concat();
        aerospike_emulator::cli::run(arguments.into_iter().map(Into::into))
    };
    assert_eq!(ctl(&["--user", "ops", "--password", "ops", "clock", "advance=3600"]), 0);
    assert_eq!(ctl(&["--user", "ann", "--password", "ann", "clock", "advance=3600"]), 1);
    assert_eq!(ctl(&["--user", "ann", "--password", "bob", "clock"]), 1);
    assert_eq!(ctl(&["clock", "advance=3600"]), 1);
    let ahead = emulator.clock().now().duration_since(std::time::SystemTime::now()).unwrap();
    assert!((3590..=3600).contains(&ahead.as_secs()), "{ahead:?}");
}
