//! Batches as the reference tells them (wire §25).

mod support;

use aerospike_emulator::config::Edition;
use aerospike_wire::bits::{info1, info2};
use aerospike_wire::{Header, ResultCode, Value, op};
use support::*;

const RESPOND_ALL: u8 = 0x05;

fn read_all() -> Header {
    Header { info1: info1::READ | info1::GET_ALL, ..Header::default() }
}

fn write() -> Header {
    Header { info2: info2::WRITE, ..Header::default() }
}

fn indexes(rows: &[Reply]) -> Vec<u32> {
    rows.iter().map(|row| row.header.timeout).collect()
}

#[test]
fn reads_answer_in_order_and_missing_records_are_rows() {
    let emulator = community();
    let mut client = Client::connect(&emulator);
    client.call(&put("a", "x", Value::Int(1)));
    client.call(&put("c", "x", Value::Int(3)));
    let rows = [row(7, "a", read_all(), &[]), repeat(8, "b"), repeat(9, "c")];
    client.send(&batch(1, &rows));
    let (rows, end) = client.rows();
    assert_eq!((indexes(&rows), end), (vec![7, 8, 9], ResultCode::OK));
    let codes: Vec<_> = rows.iter().map(Reply::code).collect();
    assert_eq!(codes, [ResultCode::OK, ResultCode::NOT_FOUND, ResultCode::OK]);
    assert_eq!(rows[2].bin("x"), Some(&Value::Int(3)));
}

#[test]
fn a_key_may_come_twice_and_rows_see_those_before_them() {
    let emulator = community();
    let mut client = Client::connect(&emulator);
    let add = |index| row(index, "k", write(), &[(op::INCR, "n", Value::Int(1))]);
    client.send(&batch(RESPOND_ALL, &[add(0), repeat(1, "k"), row(2, "k", read_all(), &[]), add(3)]));
    let (rows, end) = client.rows();
    let generations: Vec<_> = rows.iter().map(|row| row.header.generation).collect();
    assert_eq!((generations, end), (vec![1, 2, 2, 3], ResultCode::OK));
    assert_eq!(rows[2].bin("n"), Some(&Value::Int(2)));
}

/// wire §25.4: what an error in a row does under each parent flag. All rows run under each.
#[test]
fn errors_in_rows() {
    for (flags, indexes_sent, end_code) in [
        (0x01, vec![], ResultCode::RECORD_EXISTS),
        (0x05, vec![0, 1, 2], ResultCode::OK),
        (0x0d, vec![0, 1, 2], ResultCode::OK),
        (0x09, vec![0, 1, 2], ResultCode::RECORD_EXISTS),
    ] {
        let emulator = community();
        let mut client = Client::connect(&emulator);
        client.call(&put("there", "x", Value::Int(1)));
        let create = Header { info2: info2::WRITE | info2::CREATE_ONLY, ..Header::default() };
        let set = [(op::WRITE, "x", Value::Int(5))];
        client.send(&batch(
            flags,
            &[row(0, "new1", create, &set), row(1, "there", create, &set), row(2, "new2", create, &set)],
        ));
        let (rows, end) = client.rows();
        assert_eq!((indexes(&rows), end), (indexes_sent, end_code), "flags {flags:#x}");
        for key in ["new1", "new2"] {
            assert_eq!(client.call(&get(key)).bin("x"), Some(&Value::Int(5)), "flags {flags:#x}");
        }
    }
}

#[test]
fn malformed_batches_answer_an_end_mark_alone() {
    let emulator = community();
    let mut client = Client::connect(&emulator);
    let good = row(0, "k", read_all(), &[]);
    let truncated = good[..good.len() - 1].to_vec();
    let mut unknown_namespace = good.clone();
    let at = good.windows(4).position(|bytes| bytes == b"test").unwrap();
    unknown_namespace[at..at + 4].copy_from_slice(b"nope");
    let cases: [(&str, Vec<u8>, ResultCode); 7] = [
        ("no rows", batch_of(0, 1, &[]), ResultCode::PARAMETER),
        ("repeat first", batch(1, &[repeat(0, "k")]), ResultCode::PARAMETER),
        (
            "fewer rows than counted",
            batch_of(2, RESPOND_ALL, std::slice::from_ref(&good)),
            ResultCode::PARAMETER,
        ),
        ("truncated row", batch(1, &[truncated]), ResultCode::PARAMETER),
        ("unknown namespace", batch(RESPOND_ALL, &[unknown_namespace]), ResultCode::PARAMETER),
        ("four billion rows", batch_of(u32::MAX, 1, std::slice::from_ref(&good)), ResultCode::PARAMETER),
        ("extra bytes", batch_of(1, 1, &[good.clone(), vec![1, 2, 3]]), ResultCode::OK),
    ];
    for (name, frame, code) in cases {
        client.send(&frame);
        let (rows, end) = client.rows();
        assert_eq!(end, code, "{name}");
        assert_eq!(rows.len(), (code == ResultCode::OK) as usize, "{name}");
    }
}

/// wire §25.4: rows are read on beyond their field. The Java client, with a filter, says that it is longer.
#[test]
fn rows_are_read_whatever_the_size_of_their_field() {
    let emulator = community();
    let mut client = Client::connect(&emulator);
    client.call(&put("k", "x", Value::Int(1)));
    let size = 30..34;
    for difference in [1_000_000, -7] {
        let mut frame = batch(RESPOND_ALL, &[row(0, "k", read_all(), &[]), repeat(1, "none")]);
        let real = i32::from_be_bytes(frame[size.clone()].try_into().unwrap());
        frame[size.clone()].copy_from_slice(&(real + difference).to_be_bytes());
        client.send(&frame);
        let (rows, end) = client.rows();
        let codes: Vec<_> = rows.iter().map(Reply::code).collect();
        assert_eq!(
            (codes, end),
            (vec![ResultCode::OK, ResultCode::NOT_FOUND], ResultCode::OK),
            "{difference}"
        );
    }
}

#[test]
fn a_row_before_a_malformed_one_has_run() {
    let emulator = community();
    let mut client = Client::connect(&emulator);
    let good = row(0, "k", write(), &[(op::WRITE, "x", Value::Int(5))]);
    client.send(&batch_of(2, RESPOND_ALL, &[good]));
    assert_eq!(client.rows(), (vec![], ResultCode::PARAMETER));
    assert_eq!(client.call(&get("k")).bin("x"), Some(&Value::Int(5)));
}

#[test]
fn more_rows_than_allowed_are_refused() {
    let emulator = start(|config| config.batch_max_requests = 3);
    let mut client = Client::connect(&emulator);
    let rows: Vec<_> = (0..4).map(|index| row(index, "k", read_all(), &[])).collect();
    client.send(&batch(1, &rows));
    assert_eq!(client.rows(), (vec![], ResultCode::BATCH_MAX_REQUESTS));
    client.send(&batch(1, &rows[..3]));
    assert_eq!(client.rows().0.len(), 3);
}

/// Rows of 1 KiB: 5,000 of them do not fit into one frame, nor run on a network thread.
#[test]
fn a_large_batch_comes_in_many_frames_while_others_go_on() {
    let emulator = community();
    let mut client = Client::connect(&emulator);
    client.call(&put("k", "x", Value::Blob(vec![7; 1024])));
    let mut rows = vec![row(0, "k", read_all(), &[])];
    rows.extend((1..5000).map(|index| repeat(index, "k")));
    client.send(&batch(1, &rows));
    let mut other = Client::connect(&emulator);
    assert_eq!(other.call(&get("k")).code(), ResultCode::OK);
    let (rows, end) = client.rows();
    assert_eq!((rows.len(), end), (5000, ResultCode::OK));
    assert_eq!(indexes(&rows), (0..5000).collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row.bin("x") == Some(&Value::Blob(vec![7; 1024]))));
}

#[test]
fn compressed_batches_and_replies() {
    use aerospike_wire::proto::{FrameType, ProtoHeader};
    use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
    use std::io::{Read, Write};

    let emulator = start(|config| config.edition = Edition::Enterprise);
    let mut client = Client::connect(&emulator);
    client.call(&put("k", "x", Value::Blob(vec![7; 1024])));
    let mut frame = get("k");
    frame[8 + 1] |= info1::COMPRESS_RESPONSE;
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&frame).unwrap();
    let deflated = encoder.finish().unwrap();
    let head = ProtoHeader { frame_type: FrameType::Compressed, size: 8 + deflated.len() };
    client.send(&[&head.to_bytes()[..], &(frame.len() as u64).to_be_bytes(), &deflated].concat());

    let (frame_type, body) = client.receive().unwrap();
    assert_eq!(frame_type, FrameType::Compressed);
    let mut inflated = Vec::new();
    ZlibDecoder::new(&body[8..]).read_to_end(&mut inflated).unwrap();
    assert_eq!(u64::from_be_bytes(body[..8].try_into().unwrap()), inflated.len() as u64);
    let plain = {
        client.send(&get("k"));
        client.receive().unwrap().1
    };
    assert_eq!(inflated[8..], plain);
}
