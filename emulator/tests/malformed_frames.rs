//! What arrives broken (wire §3): the reply or the close that the reference tells, and no harm to others.

mod support;

use aerospike_wire::ResultCode;
use aerospike_wire::proto::{FrameType, MAX_BODY_SIZE, ProtoHeader};
use aerospike_wire::{Header, Value};
use std::io::Write;
use support::*;

fn message(body: &[u8]) -> Vec<u8> {
    let head = ProtoHeader { frame_type: FrameType::Message, size: body.len() };
    [&head.to_bytes()[..], body].concat()
}

#[test]
fn broken_frame_headers_close_the_connection() {
    let emulator = community();
    let frames: [&[u8]; 8] = [
        &[1, 3, 0, 0, 0, 0, 0, 0],
        &[0, 3, 0, 0, 0, 0, 0, 0],
        &[0, 1, 0, 0, 0, 0, 0, 0],
        &[2, 0, 0, 0, 0, 0, 0, 0],
        &[2, 6, 0, 0, 0, 0, 0, 0],
        &[2, 3, 0, 0, 0x08, 0, 0, 1],
        &[2, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        // The greeting of a TLS client.
        &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01],
    ];
    let mut bystander = Client::connect(&emulator);
    for frame in frames {
        let mut client = Client::connect(&emulator);
        client.send(frame);
        assert!(client.is_closed(), "{frame:02x?}");
    }
    assert_eq!(bystander.call(&put("k", "a", Value::Int(1))).code(), ResultCode::OK);
}

#[test]
fn broken_messages_get_an_error_and_the_connection_lives() {
    let emulator = community();
    let mut client = Client::connect(&emulator);
    let good = get("k")[8..].to_vec();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut body = good.clone();
        change(&mut body);
        message(&body)
    };
    let rows: [(&str, Vec<u8>, ResultCode); 9] = [
        ("empty body", message(&[]), ResultCode::PARAMETER),
        ("short header", message(&[22; 21]), ResultCode::PARAMETER),
        ("header size is ignored", with(&|body| body[0] = 0), ResultCode::NOT_FOUND),
        ("more fields than present", with(&|body| body[19] = 9), ResultCode::PARAMETER),
        ("more ops than present", with(&|body| body[21] = 1), ResultCode::PARAMETER),
        ("trailing bytes", with(&|body| body.push(0)), ResultCode::PARAMETER),
        ("field of size 0", with(&|body| body[25] = 0), ResultCode::PARAMETER),
        ("field past the end", with(&|body| body[22] = 1), ResultCode::PARAMETER),
        (
            "compressed frame",
            [&[2, 4, 0, 0, 0, 0, 0, 3], &[1u8, 2, 3][..]].concat(),
            ResultCode::ENTERPRISE_ONLY,
        ),
    ];
    for (name, frame, code) in rows {
        let reply = client.call(&frame);
        assert_eq!(reply.code(), code, "{name}");
        let silent = Header { result: code.0, ..Header::default() };
        assert_eq!((reply.header, reply.bins.len()), (silent, 0), "{name}");
    }
    assert_eq!(client.call(&put("k", "a", Value::Int(1))).code(), ResultCode::OK);
}

#[test]
fn frames_may_arrive_byte_by_byte_and_back_to_back() {
    let emulator = community();
    let mut client = Client::connect(&emulator);
    for byte in put("k", "a", Value::Int(1)) {
        client.send(&[byte]);
    }
    assert_eq!(client.reply().code(), ResultCode::OK);
    let many: Vec<u8> = (0..500).flat_map(|_| increment("k", "a", 1)).collect();
    client.send(&many);
    for generation in 2..=501 {
        assert_eq!(client.reply().header.generation, generation);
    }
    assert_eq!(client.call(&get("k")).bin("a"), Some(&Value::Int(501)));
}

#[test]
fn kinds_of_frames_may_mix_on_one_connection() {
    let emulator = community();
    let mut client = Client::connect(&emulator);
    let info = b"\x02\x01\x00\x00\x00\x00\x00\x07status\n";
    let admin = b"\x02\x02\x00\x00\x00\x00\x00\x01\x00";
    client.send(&[&info[..], &get("k"), &admin[..], &get("k"), &info[..]].concat());
    let types: Vec<_> = (0..5).map(|_| client.receive().unwrap().0).collect();
    use FrameType::*;
    assert_eq!(types, [Info, Message, Admin, Message, Info]);
}

#[test]
fn a_huge_frame_that_never_comes_costs_nothing() {
    let emulator = community();
    let mut waiting: Vec<_> = (0..200)
        .map(|_| {
            let mut client = Client::connect(&emulator);
            let head = ProtoHeader { frame_type: FrameType::Message, size: MAX_BODY_SIZE };
            client.send(&head.to_bytes());
            client.send(&[22; 100]);
            client
        })
        .collect();
    let mut client = Client::connect(&emulator);
    assert_eq!(client.call(&put("k", "a", Value::Int(1))).code(), ResultCode::OK);
    // Room for 200 bodies of 128 MiB would be 25 GiB; what really came was a few kilobytes.
    assert!(resident_mib() < 500, "{} MiB", resident_mib());
    assert!(waiting[0].socket.write_all(&[0; 10]).is_ok());
}

fn resident_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or(0) / 1024
}
