//! Faults: which commands they strike, and what then becomes of them.

mod support;

use aerospike_emulator::Emulator;
use aerospike_emulator::control::fault::ReplyFault;
use aerospike_emulator::control::{Action, Fault, Kind, Pattern};
use aerospike_wire::bits::info1;
use aerospike_wire::{Header, ResultCode, Value};
use std::io::Read;
use std::time::{Duration, Instant};
use support::{Client, batch, get, put, row, start};

const OK: ResultCode = ResultCode::OK;

fn add(client: &mut Client, rule: &str) -> u64 {
    let answer = client.info(&format!("emulator-fault:add;{rule}\n"));
    let number = answer.split('\t').nth(1).and_then(|text| text.trim().parse().ok());
    number.unwrap_or_else(|| panic!("{answer}"))
}

fn reads(client: &mut Client, count: usize) -> Vec<ResultCode> {
    (0..count).map(|_| client.call(&get("k")).code()).collect()
}

fn server() -> (Emulator, Client) {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    assert_eq!(client.call(&put("k", "a", Value::Int(1))).code(), OK);
    (emulator, client)
}

#[test]
fn a_result_code_instead_of_the_command() {
    let (emulator, mut client) = server();
    let fault = Fault::new(Pattern::kind(Kind::Put), Action::Code(ResultCode::DEVICE_OVERLOAD)).times(1);
    let id = emulator.faults().add(fault);
    assert_eq!(client.call(&put("k", "a", Value::Int(2))).code(), ResultCode::DEVICE_OVERLOAD);
    assert_eq!(client.call(&get("k")).bin("a"), Some(&Value::Int(1)), "it was not run");
    assert_eq!(client.call(&put("k", "a", Value::Int(2))).code(), OK);
    assert_eq!(emulator.faults().counts(id), Some((2, 1)));
    assert!(emulator.faults().remove(id) && !emulator.faults().remove(id));
    assert!(!emulator.faults().is_any());
}

#[test]
fn occurrences_and_chance() {
    let (_emulator, mut client) = server();
    let hit = ResultCode::KEY_BUSY;
    add(&mut client, "kind=get;action=key-busy;nth=3");
    assert_eq!(reads(&mut client, 5), [OK, OK, hit, OK, OK]);
    client.info("emulator-fault:clear\n");
    add(&mut client, "kind=read;action=code;code=14;skip=1;times=2");
    assert_eq!(reads(&mut client, 5), [OK, hit, hit, OK, OK]);
    client.info("emulator-fault:clear\n");
    let mut rounds = Vec::new();
    for _ in 0..2 {
        add(&mut client, "kind=get;action=key-busy;probability=0.5;seed=7");
        rounds.push(reads(&mut client, 40));
        client.info("emulator-fault:clear\n");
    }
    assert_eq!(rounds[0], rounds[1], "a seed repeats itself");
    let hits = rounds[0].iter().filter(|code| **code == hit).count();
    assert!((8..32).contains(&hits), "{hits}");
    add(&mut client, "action=key-busy;expires=100ms");
    std::thread::sleep(Duration::from_millis(120));
    assert_eq!(reads(&mut client, 1), [OK]);
}

#[test]
fn patterns_by_namespace_set_key_and_kind() {
    let (emulator, mut client) = server();
    for (pattern, strikes) in [
        ("key=k", true),
        ("key=other", false),
        ("set=set", true),
        ("set=other", false),
        ("namespace=test", true),
        ("namespace=bar", false),
        ("kind=write", false),
        ("kind=read,put", true),
        ("kind=batch", false),
        ("user=ann", false),
        ("digest=0000000000000000000000000000000000000000", false),
        ("in-batch=true", false),
        ("", true),
    ] {
        add(&mut client, &format!("action=unavailable;{pattern}"));
        let expected = if strikes { ResultCode::UNAVAILABLE } else { OK };
        assert_eq!(reads(&mut client, 1), [expected], "{pattern}");
        emulator.faults().clear();
    }
    let node = format!("{};", client.info("node\n").trim().split('\t').nth(1).unwrap());
    add(&mut client, &format!("action=unavailable;node={node}"));
    assert_eq!(reads(&mut client, 1), [ResultCode::UNAVAILABLE]);
}

#[test]
fn rows_of_a_batch() {
    let (_emulator, mut client) = server();
    client.call(&put("b", "a", Value::Int(2)));
    let read = Header { info1: info1::READ | info1::GET_ALL, ..Header::default() };
    let request = batch(
        aerospike_wire::batch::batch_flags::RESPOND_ALL_KEYS,
        &[row(0, "k", read, &[]), row(1, "b", read, &[])],
    );
    add(&mut client, "kind=get;key=b;action=key-busy");
    client.send(&request);
    let (rows, end) = client.rows();
    let codes: Vec<_> = rows.iter().map(|row| row.code()).collect();
    assert_eq!((codes, end), (vec![OK, ResultCode::KEY_BUSY], OK));
    client.info("emulator-fault:clear\n");
    add(&mut client, "kind=batch;action=device-overload");
    client.send(&request);
    let (rows, end) = client.rows();
    assert_eq!((rows.len(), end), (0, ResultCode::DEVICE_OVERLOAD));
}

#[test]
fn a_delay_holds_up_one_connection() {
    let (emulator, mut client) = server();
    let mut other = Client::connect(&emulator);
    add(&mut other, "key=k;kind=get;action=delay;delay=400ms");
    let start = Instant::now();
    client.send(&get("k"));
    assert_eq!(other.call(&put("other", "a", Value::Int(1))).code(), OK);
    assert!(start.elapsed() < Duration::from_millis(300), "{:?}", start.elapsed());
    assert_eq!(client.reply().code(), OK);
    assert!(start.elapsed() >= Duration::from_millis(400));
    // Requests that came behind it are answered in order.
    client.send(&[get("k"), put("k", "a", Value::Int(5)), get("k")].concat());
    assert_eq!(client.reply().bin("a"), Some(&Value::Int(1)));
    assert_eq!(client.reply().code(), OK);
    assert_eq!(client.reply().bin("a"), Some(&Value::Int(5)));
}

#[test]
fn a_reply_is_dropped_but_the_write_is_done() {
    let (emulator, mut client) = server();
    add(&mut client, "kind=put;action=drop-reply;times=1");
    client.socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    client.send(&put("k", "a", Value::Int(9)));
    assert!(!client.is_closed());
    let mut other = Client::connect(&emulator);
    assert_eq!(other.call(&get("k")).bin("a"), Some(&Value::Int(9)));
    // The connection lives on: the next reply is that of the next request.
    client.socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(client.call(&get("k")).bin("a"), Some(&Value::Int(9)));
}

#[test]
fn connections_are_closed_before_and_after() {
    let (emulator, mut client) = server();
    for (action, value) in [("close-before", 1), ("close-after", 2)] {
        let mut victim = Client::connect(&emulator);
        add(&mut client, &format!("kind=put;action={action};times=1"));
        victim.send(&put("k", "a", Value::Int(2)));
        assert!(victim.is_closed(), "{action}");
        assert_eq!(client.call(&get("k")).bin("a"), Some(&Value::Int(value)), "{action}");
    }
}

#[test]
fn frames_are_cut_and_stalled() {
    let (emulator, mut client) = server();
    let whole = {
        client.send(&get("k"));
        let (_, body) = client.receive().unwrap();
        body.len() + 8
    };
    add(&mut client, "kind=get;action=truncate;bytes=11;times=1");
    let mut victim = Client::connect(&emulator);
    victim.send(&get("k"));
    let mut bytes = Vec::new();
    victim.socket.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len(), 11);
    let stall = Action::Reply(ReplyFault::Stall(5, Duration::from_millis(300)));
    emulator.faults().add(Fault::new(Pattern::kind(Kind::Get), stall));
    let start = Instant::now();
    client.send(&get("k"));
    client.socket.read_exact(&mut [0; 5]).unwrap();
    assert!(start.elapsed() < Duration::from_millis(250));
    client.socket.read_exact(&mut vec![0; whole - 5]).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert_eq!(client.call(&put("k", "a", Value::Int(5))).code(), OK);
}

#[test]
fn connections_are_refused() {
    let (emulator, mut client) = server();
    add(&mut client, "action=refuse;times=1");
    let mut refused = Client::connect(&emulator);
    assert!(refused.is_closed());
    let mut next = Client::connect(&emulator);
    assert_eq!(next.call(&get("k")).code(), OK);
    assert_eq!(client.call(&get("k")).code(), OK, "those that are open stay so");
}

#[test]
fn queries_and_info_requests() {
    let (_emulator, mut client) = server();
    add(&mut client, "kind=info;action=close-before;times=1");
    assert_eq!(client.try_info("node\n"), None);
    let (emulator, mut client) = server();
    add(&mut client, "kind=info;action=close-before");
    let rules = client.info("emulator-fault\n");
    assert!(rules.contains("\"action\":\"close-before\""), "{rules}");
    client.info("emulator-fault:clear\n");
    add(&mut client, "kind=scan;action=unavailable");
    let mut scanner = Client::connect(&emulator);
    scanner.send(&support::query::Query::scan().frame());
    assert_eq!(scanner.reply().code(), ResultCode::UNAVAILABLE);
}

#[test]
fn what_is_wrong_with_a_rule_is_told() {
    let (emulator, mut client) = server();
    for (bad, text) in [
        ("add", "'action=…' is missing"),
        ("add;action=fly", "there is no action 'fly'"),
        ("add;action=delay", "'delay=…' is missing"),
        ("add;action=code", "'code=…' is missing"),
        ("add;action=code;code=256", "'code' takes a result code"),
        ("add;action=key-busy;kind=fly", "there is no kind 'fly'"),
        ("add;action=key-busy;kind=info", "cannot be given a result code"),
        ("add;action=key-busy;nth=0", "'nth' counts from 1"),
        ("add;action=key-busy;probability=2", "'probability' takes a share"),
        ("add;action=key-busy;digest=12", "'12' is no digest"),
        ("add;action=key-busy;sett=x", "unknown argument 'sett'"),
        ("remove=7", "there is no rule 7"),
    ] {
        let answer = client.info(&format!("emulator-fault:{bad}\n"));
        assert!(answer.contains("\tERROR:4:") && answer.contains(text), "{answer}");
    }
    assert!(!emulator.faults().is_any());
}

#[test]
fn a_long_batch_is_looked_at_beside_the_network_thread() {
    let (_emulator, mut client) = server();
    let read = Header { info1: info1::READ | info1::GET_ALL, ..Header::default() };
    let mut rows = vec![row(0, "k", read, &[])];
    rows.extend((1..5000).map(|index| support::repeat(index, if index % 2 == 0 { "k" } else { "b" })));
    let request = batch(aerospike_wire::batch::batch_flags::RESPOND_ALL_KEYS, &rows);
    assert!(request.len() > 64 * 1024);
    add(&mut client, "kind=get;key=b;action=key-busy");
    add(&mut client, "kind=batch;action=delay;delay=50ms");
    client.info("emulator-log:start\n");
    let start = Instant::now();
    client.send(&request);
    let (rows, end) = client.rows();
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert_eq!((rows.len(), end), (5000, OK));
    let busy = rows.iter().filter(|row| row.code() == ResultCode::KEY_BUSY).count();
    assert_eq!(busy, 2500);
    assert!(client.info("emulator-log:count;code=14\n").ends_with("\t2500\n"));
}

#[test]
fn a_wait_among_other_info_commands_holds_up_nobody() {
    let emulator = start(|config| config.service_threads = 1);
    let mut waiting = Client::connect(&emulator);
    let mut client = Client::connect(&emulator);
    client.info("emulator-log:start\n");
    let wait = "node\nemulator-log:wait;kind=put;timeout=20s\n";
    let mut frame = vec![2, 1, 0, 0, 0, 0, 0, wait.len() as u8];
    frame.extend_from_slice(wait.as_bytes());
    waiting.send(&frame);
    let start = Instant::now();
    assert_eq!(client.call(&put("k", "a", Value::Int(1))).code(), OK);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let (_, told) = waiting.receive().unwrap();
    assert!(String::from_utf8_lossy(&told).contains("\"kind\":\"put\""));
}
