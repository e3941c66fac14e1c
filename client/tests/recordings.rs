//! Replies of a real server, and requests of other clients: codecs that only agree with each other could both be
//! wrong.
//!
//! `recordings.txt` holds a choice. `AEROSPIKE_RECORDINGS` may name a directory of recordings (`*.rec.gz`), which
//! are then read as well.

use aerospike_client_core::batch::row_index;
use aerospike_client_core::key::{KeyRef, UserKeyRef};
use aerospike_client_core::reply::{Expect, Inbox};
use aerospike_client_core::request::Writer;
use aerospike_wire::proto::{FrameType, HEADER_SIZE};
use aerospike_wire::{Digest, Message, Value, field};
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

struct Exchange {
    request: Vec<u8>,
    replies: Vec<Vec<u8>>,
}

impl Exchange {
    fn message(&self) -> Option<Message<'_>> {
        Message::parse(&self.request[HEADER_SIZE..]).ok()
    }

    fn is_batch(&self) -> bool {
        self.message().is_some_and(|message| message.header.info1 & 8 != 0)
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().map(|c| (c as char).to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The choice that lies beside this file.
fn chosen() -> Vec<Exchange> {
    include_str!("recordings.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut frames = line.split(' ').skip(1).map(hex);
            Exchange { request: frames.next().unwrap(), replies: frames.collect() }
        })
        .collect()
}

/// Whole recordings, where there are any: one JSON array per line, `[exchange, connection, event, time, bytes]`.
fn further() -> Vec<Exchange> {
    let Some(directory) = std::env::var_os("AEROSPIKE_RECORDINGS") else { return Vec::new() };
    let mut exchanges = Vec::new();
    for entry in std::fs::read_dir(Path::new(&directory)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "gz") {
            continue;
        }
        let mut text = String::new();
        let file = std::fs::File::open(&path).unwrap();
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
        let mut open: HashMap<String, Exchange> = HashMap::new();
        for line in text.lines().skip(1) {
            let parts: Vec<&str> = line.trim_matches(['[', ']']).split(',').map(|part| part.trim()).collect();
            let [number, _, event, _, bytes] = parts[..] else { continue };
            let bytes = bytes.trim_matches('"');
            // Record messages only.
            if bytes.get(2..4) != Some("03") {
                continue;
            }
            match event {
                "\"send\"" => {
                    open.insert(number.into(), Exchange { request: hex(bytes), replies: Vec::new() });
                }
                "\"recv\"" => {
                    if let Some(exchange) = open.get_mut(number) {
                        exchange.replies.push(hex(bytes));
                    }
                }
                _ => {}
            }
        }
        exchanges.extend(open.into_values().filter(|exchange| !exchange.replies.is_empty()));
    }
    exchanges
}

fn all() -> Vec<Exchange> {
    let mut all = chosen();
    assert!(all.len() > 50);
    all.extend(further());
    all
}

/// Feeds the reply in pieces; a complete inbox.
fn receive(exchange: &Exchange, expect: Expect, piece: usize) -> Inbox {
    let mut inbox = Inbox::default();
    inbox.expect(expect);
    let bytes = exchange.replies.concat();
    let mut complete = false;
    let mut at = 0;
    while at < bytes.len() {
        assert!(!complete, "complete before its end");
        let space = inbox.space();
        let count = piece.min(space.len()).min(bytes.len() - at);
        space[..count].copy_from_slice(&bytes[at..at + count]);
        complete = inbox.filled(count).unwrap();
        at += count;
    }
    assert!(complete, "not complete at its end");
    inbox
}

fn check_values(message: &Message<'_>) {
    for op in message.ops() {
        let value = Value::from_particle(op.particle())
            .unwrap_or_else(|error| panic!("{error}: type {} {:02x?}", op.kind.0, op.data));
        // Compared as text, for a NaN equals itself there. The bytes may differ: cells of GeoJSON, short floats.
        let again = Value::from_particle(value.to_particle().as_particle()).unwrap();
        assert_eq!(format!("{again:?}"), format!("{value:?}"));
    }
}

#[test]
fn replies_of_a_real_server() {
    let mut counts = [0, 0];
    for exchange in all() {
        let Some(request) = exchange.message() else { continue };
        if exchange.is_batch() {
            for piece in [7, usize::MAX] {
                let inbox = receive(&exchange, Expect::Rows, piece);
                for row in inbox.rows() {
                    assert!(row_index(&row, usize::MAX).is_some());
                    check_values(&row);
                }
            }
            counts[0] += 1;
        } else if request.field(field::DIGEST).is_some() {
            let inbox = receive(&exchange, Expect::Frame(FrameType::Message), 7);
            check_values(&inbox.message().unwrap());
            counts[1] += 1;
        }
    }
    assert!(counts[0] >= 20 && counts[1] >= 40, "{counts:?}");
}

/// Other clients' requests, taken apart and written anew.
#[test]
fn requests_of_other_clients() {
    let (mut count, mut keys) = (0, [0, 0]);
    for exchange in all() {
        let Some(message) = exchange.message() else { continue };
        let namespace = message.field(field::NAMESPACE).and_then(|name| std::str::from_utf8(name).ok());
        let digest = message.field(field::DIGEST).and_then(Digest::from_slice);
        let (Some(namespace), Some(digest)) = (namespace, digest) else { continue };
        let set = std::str::from_utf8(message.field(field::SET).unwrap_or_default()).unwrap();
        let user_key = message.field(field::KEY).and_then(user_key);
        // Some recorded requests carry a wrong key on purpose; other clients hash the rest.
        keys[usize::from(user_key.is_some_and(|key| key.digest(set.as_bytes()) == digest))] +=
            user_key.is_some() as usize;
        let key = KeyRef { namespace, set, user_key, digest };
        let mut out = Vec::new();
        let mut frame = Writer::begin(&mut out, message.header);
        frame.record(&key, true);
        frame.filter(message.field(field::FILTER));
        for op in message.ops() {
            frame
                .op::<aerospike_client_core::Error>(op.code, op.name, |out| {
                    out.extend_from_slice(op.data);
                    Ok(op.kind)
                })
                .unwrap();
        }
        frame.finish().unwrap();
        let ids: Vec<u8> = message.fields().map(|field| field.id).collect();
        let own = [field::NAMESPACE, field::SET, field::DIGEST, field::KEY, field::FILTER];
        // Clients differ in which fields they send, and in their order; the same choice gives the same bytes.
        let odd = message.ops().any(|op| op.flags != 0) || exchange.request[HEADER_SIZE] != 22;
        let plain =
            !odd && ids.iter().all(|id| own.contains(id)) && !ids.contains(&field::SET) | !set.is_empty();
        let again = Message::parse(&out[HEADER_SIZE..]).unwrap();
        assert!(
            again
                .ops()
                .map(|op| (op.name, op.particle()))
                .eq(message.ops().map(|op| (op.name, op.particle())))
        );
        if plain && again.fields().map(|field| field.id).eq(ids.iter().copied()) {
            assert_eq!(out, exchange.request);
            count += 1;
        }
    }
    assert!(count >= 20, "{count}");
    assert!(keys[1] > 0 && keys[1] > 4 * keys[0], "{keys:?}");
}

fn user_key(payload: &[u8]) -> Option<UserKeyRef<'_>> {
    match payload.split_first()? {
        (1, bytes) => Some(UserKeyRef::Int(i64::from_be_bytes(bytes.try_into().ok()?))),
        (3, bytes) => Some(UserKeyRef::String(bytes)),
        (4, bytes) => Some(UserKeyRef::Blob(bytes)),
        _ => None,
    }
}
