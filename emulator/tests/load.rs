//! Many clients, rude clients, and the end of a server.

mod support;

use aerospike_wire::proto::{FrameType, ProtoHeader};
use aerospike_wire::{ResultCode, Value};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::*;

/// Every write counts: generation and counter are exact, on one record and on a thousand.
#[test]
fn sixty_four_writers_lose_nothing() {
    const WRITERS: usize = 64;
    const WRITES: usize = 200;
    let emulator = community();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let emulator = &emulator;
            scope.spawn(move || {
                let mut client = Client::connect(emulator);
                for write in 0..WRITES {
                    assert_eq!(client.call(&increment("one", "n", 1)).code(), ResultCode::OK);
                    let key = format!("k{}", (writer * WRITES + write) % 1000);
                    assert_eq!(client.call(&increment(&key, "n", 1)).code(), ResultCode::OK);
                }
            });
        }
    });
    let mut client = Client::connect(&emulator);
    let one = client.call(&get("one"));
    assert_eq!(one.bin("n"), Some(&Value::Int((WRITERS * WRITES) as i64)));
    assert_eq!(one.header.generation as usize, WRITERS * WRITES);
    let mut sum = 0;
    for key in 0..1000 {
        let reply = client.call(&get(&format!("k{key}")));
        let Some(Value::Int(count)) = reply.bin("n") else { panic!("{reply:?}") };
        assert_eq!(reply.header.generation as i64, *count);
        sum += count;
    }
    assert_eq!(sum as usize, WRITERS * WRITES);
}

/// As many connections as the system lets this process have, client and server sides included.
#[test]
fn idle_connections_hold_nobody_up() {
    let limit = descriptor_limit();
    let count = 5000.min((limit.saturating_sub(500)) / 2);
    let emulator = community();
    let idle: Vec<_> = (0..count).map(|_| Client::connect(&emulator)).collect();
    let mut busy = Client::connect(&emulator);
    for _ in 0..2000 {
        assert_eq!(busy.call(&increment("k", "n", 1)).code(), ResultCode::OK);
    }
    for mut client in idle.into_iter().step_by(97) {
        assert_eq!(client.call(&get("k")).bin("n"), Some(&Value::Int(2000)));
    }
}

fn descriptor_limit() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    line.split_whitespace().nth(3).and_then(|soft| soft.parse().ok()).unwrap_or(1024)
}

/// A client that asks for 64 MiB of replies and takes none must not make the server hold them, nor wait.
#[test]
fn a_client_that_does_not_read_is_left_waiting_alone() {
    let emulator = community();
    let mut client = Client::connect(&emulator);
    client.call(&put("big", "x", Value::Blob(vec![1; 1_000_000])));
    let mut rude = Client::connect(&emulator);
    rude.socket.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut rows = vec![row(0, "big", read_header(), &[])];
    rows.extend((1..64).map(|index| repeat(index, "big")));
    rude.send(&batch(1, &rows));
    for _ in 0..64 {
        use std::io::Write;
        // The server stops reading from it at some point.
        if rude.socket.write_all(&get("big")).is_err() {
            break;
        }
    }
    let start = Instant::now();
    for _ in 0..200 {
        assert_eq!(client.call(&increment("k", "n", 1)).code(), ResultCode::OK);
    }
    assert!(start.elapsed() < Duration::from_secs(5), "others wait for it: {:?}", start.elapsed());
}

fn read_header() -> aerospike_wire::Header {
    use aerospike_wire::bits::info1;
    aerospike_wire::Header { info1: info1::READ | info1::GET_ALL, ..Default::default() }
}

#[test]
fn a_write_counts_though_its_client_vanishes() {
    let emulator = community();
    for _ in 0..50 {
        let mut client = Client::connect(&emulator);
        client.send(&increment("k", "n", 1));
        // Half of a further request goes with it.
        client.send(&increment("k", "n", 1)[..40]);
    }
    let mut client = Client::connect(&emulator);
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let reply = client.call(&get("k"));
        if reply.bin("n") == Some(&Value::Int(50)) {
            break;
        }
        assert!(Instant::now() < deadline, "{reply:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn connections_beyond_the_limit_are_closed_at_once() {
    let emulator = start(|config| config.proto_fd_max = 10);
    let mut kept: Vec<_> = (0..10).map(|_| Client::connect(&emulator)).collect();
    for client in &mut kept {
        assert_eq!(client.info("status\n"), "status\tok\n");
    }
    assert!(Client::connect(&emulator).is_closed());
    drop(kept.pop());
    let deadline = Instant::now() + Duration::from_secs(10);
    while Client::connect(&emulator).try_info("status\n").is_none() {
        assert!(Instant::now() < deadline, "a freed place is not given to another");
    }
}

#[test]
fn idle_connections_are_reaped_when_told_so() {
    let emulator = start(|config| config.proto_fd_idle_ms = 300);
    let mut idle = Client::connect(&emulator);
    let mut half = Client::connect(&emulator);
    half.send(&get("k")[..20]);
    let mut busy = Client::connect(&emulator);
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(1500) {
        assert_eq!(busy.info("status\n"), "status\tok\n");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(idle.is_closed() && half.is_closed());
    assert_eq!(busy.info("status\n"), "status\tok\n");
}

#[test]
fn a_full_namespace_takes_no_more_writes_but_deletes() {
    let emulator = start(|config| config.namespaces[0].data_size = 1_000_000);
    let mut client = Client::connect(&emulator);
    let full = (0..100).find(|index| {
        let code = client.call(&put(&format!("k{index}"), "x", Value::Blob(vec![0; 50_000]))).code();
        assert!(code == ResultCode::OK || code == ResultCode::OUT_OF_SPACE, "{code}");
        code == ResultCode::OUT_OF_SPACE
    });
    // 70 % of a million bytes, in records of 50,000.
    assert_eq!(full, Some(14));
    assert_eq!(client.call(&get("k0")).code(), ResultCode::OK);
    for key in ["k0", "k1"] {
        let delete = aerospike_wire::Header { info2: 0x03, ..Default::default() };
        assert_eq!(client.call(&frame(delete, key, &[])).code(), ResultCode::OK);
    }
    assert_eq!(client.call(&put("k0", "x", Value::Int(1))).code(), ResultCode::OK);
}

#[test]
fn a_stop_finishes_what_is_under_way_and_closes_all() {
    let emulator = community();
    let mut idle = Client::connect(&emulator);
    idle.info("status\n");
    let mut busy = Client::connect(&emulator);
    busy.call(&put("k", "x", Value::Blob(vec![7; 1024])));
    let mut rows = vec![row(0, "k", read_header(), &[])];
    rows.extend((1..5000).map(|index| repeat(index, "k")));
    busy.send(&batch(1, &rows));
    // The first frame proves that the batch is under way.
    let first = busy.receive().expect("a first frame");
    assert_eq!(first.0, FrameType::Message);
    let address = emulator.address();
    let stopped = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            emulator.stop();
            stopped.store(true, Ordering::Release);
        });
        let (rows, end) = busy.rows();
        assert!(rows.len() > 4000 && end == ResultCode::OK, "{} rows, {end}", rows.len());
        assert!(idle.is_closed());
    });
    assert!(stopped.load(Ordering::Acquire));
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn many_servers_live_side_by_side() {
    let emulators: Vec<_> = (0..20).map(|_| community()).collect();
    for (index, emulator) in emulators.iter().enumerate() {
        let mut client = Client::connect(emulator);
        client.call(&put("k", "n", Value::Int(index as i64)));
    }
    for (index, emulator) in emulators.iter().enumerate() {
        assert_eq!(Client::connect(emulator).call(&get("k")).bin("n"), Some(&Value::Int(index as i64)));
    }
}

/// Whatever bytes arrive, the server lives and others are served.
#[test]
fn noise_hurts_nobody() {
    let emulator = start(|_| {});
    let mut bystander = Client::connect(&emulator);
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let seeds = [get("k"), put("k", "x", Value::Int(1)), batch(5, &[row(0, "k", read_header(), &[])])];
    for round in 0..3000 {
        let mut client = Client::connect(&emulator);
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..1 + random() % 4 {
            // Bytes behind the frame's size, so that the frame itself completes.
            let at = 8 + random() as usize % (bytes.len() - 8);
            bytes[at] = random() as u8;
        }
        if random() % 8 == 0 {
            let size = random() as usize % 64;
            let head = ProtoHeader { frame_type: FrameType::Compressed, size };
            bytes = head.to_bytes().to_vec();
            bytes.extend((0..size).map(|_| random() as u8));
        }
        client.send(&bytes);
        if round % 10 == 0 {
            assert_eq!(bystander.call(&increment("alive", "n", 1)).code(), ResultCode::OK);
        }
    }
}
