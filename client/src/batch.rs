//! Many keys in one command (wire §25): rows split by the node that serves them, equal neighbours sent as
//! REPEAT rows, results brought back into the order asked for.
//!
//! A batch runs in rounds. In each round every unanswered row is assigned to a node; what a round could not settle
//! is assigned anew in the next, perhaps to other nodes. [`BatchRun`] keeps the books; transports carry the frames.

use crate::cluster::{Node, View};
use crate::error::{Error, ErrorKind, Result};
use crate::key::UserKeyRef;
use crate::policy::{BatchPolicy, Policy, WritePolicy};
use crate::reply::Inbox;
use crate::request::{WriteBits, put_field, put_key_field};
use crate::retry::{Execution, Step};
use aerospike_wire::batch::{batch_flags, row_flags};
use aerospike_wire::bits::{info1, info2};
use aerospike_wire::message::MESSAGE_HEADER_SIZE;
use aerospike_wire::proto::{FrameType, HEADER_SIZE, MAX_BODY_SIZE, ProtoHeader};
use aerospike_wire::{Digest, Header, Message, ResultCode, field};
use std::sync::Arc;
use std::time::Instant;

/// What is done to a record; rows that do the same share one.
#[derive(Clone, Debug, Default)]
pub struct Body {
    info1: u8,
    info2: u8,
    info3: u8,
    generation: u32,
    ttl: u32,
    /// Encoded fields besides namespace, set and key.
    fields: Vec<u8>,
    n_fields: u16,
    ops: Vec<u8>,
    n_ops: u16,
    send_key: bool,
}

impl Body {
    /// A read: `info1` tells what is read besides [`info1::READ`], `ops` which bins.
    ///
    /// # Errors
    /// An invalid argument for more ops than can be counted.
    pub fn read(policy: &Policy, info1_bits: u8, info2_bits: u8, ops: Vec<u8>, n_ops: usize) -> Result<Body> {
        let consistency = if policy.read_mode_ap_all { info1::CONSISTENCY_LEVEL_ALL } else { 0 };
        Ok(Body {
            info1: info1::READ | info1_bits | consistency,
            info2: info2_bits,
            ttl: policy.read_touch_ttl_percent as u32,
            ops,
            n_ops: count(n_ops)?,
            ..Body::default()
        })
    }

    /// A write; `info1` is [`info1::READ`] if any op reads.
    ///
    /// # Errors
    /// An invalid argument for more ops than can be counted.
    pub fn write(
        policy: &WritePolicy,
        info1_bits: u8,
        info2_bits: u8,
        ops: Vec<u8>,
        n_ops: usize,
    ) -> Result<Body> {
        let bits = WriteBits::of(policy);
        Ok(Body {
            info1: info1_bits,
            info2: bits.info2 | info2_bits,
            info3: bits.info3,
            generation: bits.generation,
            ttl: policy.ttl,
            ops,
            n_ops: count(n_ops)?,
            send_key: policy.send_key,
            ..Body::default()
        })
    }

    /// A delete.
    pub fn remove(policy: &WritePolicy) -> Body {
        let bits = WriteBits::of(policy);
        Body {
            info2: bits.info2 | info2::DELETE,
            info3: bits.info3,
            generation: bits.generation,
            send_key: policy.send_key,
            ..Body::default()
        }
    }

    /// Adds a field behind namespace, set and key.
    pub fn field(&mut self, id: u8, data: &[u8]) {
        put_field(&mut self.fields, id, data);
        self.n_fields += 1;
    }

    fn is_write(&self) -> bool {
        self.info2 & info2::WRITE != 0
    }
}

fn count(n_ops: usize) -> Result<u16> {
    u16::try_from(n_ops).map_err(|_| {
        ErrorKind::InvalidArgument(format!("{n_ops} operations exceed the limit of 32768")).into()
    })
}

#[derive(Clone, Debug)]
struct Row {
    digest: Digest,
    place: u32,
    body: u32,
    /// Encoded KEY field in [`Batch::keys`].
    key: (u32, u32),
}

/// The rows of a batch, in the order asked for.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    places: Vec<(String, String)>,
    bodies: Vec<Body>,
    rows: Vec<Row>,
    keys: Vec<u8>,
    filter: Option<Vec<u8>>,
}

impl Batch {
    /// A batch without rows, for about this many.
    pub fn with_capacity(rows: usize) -> Batch {
        Batch { rows: Vec::with_capacity(rows), ..Batch::default() }
    }

    /// The filter for all rows.
    pub fn filter(&mut self, filter: Option<Vec<u8>>) {
        self.filter = filter;
    }

    /// Adds what rows may do; its number for [`Batch::row`].
    pub fn body(&mut self, body: Body) -> u32 {
        self.bodies.push(body);
        self.bodies.len() as u32 - 1
    }

    /// Adds a namespace and set, or finds them; their number for [`Batch::row`].
    pub fn place(&mut self, namespace: &str, set: &str) -> u32 {
        let known = self.places.iter().rposition(|(n, s)| n == namespace && s == set);
        known.unwrap_or_else(|| {
            self.places.push((namespace.to_owned(), set.to_owned()));
            self.places.len() - 1
        }) as u32
    }

    /// Adds a row. Numbers that [`Batch::body`] and [`Batch::place`] did not give are a caller's mistake; such a
    /// row is answered as unroutable.
    pub fn row(&mut self, digest: Digest, user_key: Option<UserKeyRef<'_>>, place: u32, body: u32) {
        let start = self.keys.len() as u32;
        let sends = self.bodies.get(body as usize).is_some_and(|body| body.send_key);
        if let Some(user_key) = user_key.filter(|_| sends) {
            put_key_field(&mut self.keys, &user_key);
        }
        self.rows.push(Row { digest, place, body, key: (start, self.keys.len() as u32) });
    }

    /// Namespace and set of the first row.
    pub fn first_place(&self) -> Option<(&str, &str)> {
        self.rows.first().map(|row| self.place_of(row))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether any row writes.
    pub fn is_write(&self) -> bool {
        self.bodies.iter().any(Body::is_write)
    }

    /// Encodes the request for some of the rows.
    ///
    /// # Errors
    /// An invalid argument when the frame is longer than a server accepts.
    pub fn encode(&self, rows: &[u32], policy: &BatchPolicy, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        out.resize(HEADER_SIZE + MESSAGE_HEADER_SIZE, 0);
        if let Some(filter) = &self.filter {
            put_field(out, field::FILTER, filter);
        }
        let field_at = out.len();
        out.extend_from_slice(&[0, 0, 0, 0, field::BATCH]);
        out.extend_from_slice(&(rows.len() as u32).to_be_bytes());
        let flag = |on: bool, flag: u8| if on { flag } else { 0 };
        out.push(
            flag(policy.allow_inline, batch_flags::INLINE)
                | flag(policy.allow_inline_ssd, batch_flags::INLINE_SSD)
                | flag(policy.respond_all_keys, batch_flags::RESPOND_ALL_KEYS),
        );
        let mut previous: Option<&Row> = None;
        for index in rows {
            let Some(row) = self.rows.get(*index as usize) else { continue };
            out.extend_from_slice(&index.to_be_bytes());
            out.extend_from_slice(&row.digest.0);
            // A KEY field forbids that the next row repeats this one.
            let same = |other: &Row| {
                other.place == row.place
                    && other.body == row.body
                    && row.key.0 == row.key.1
                    && other.key.0 == other.key.1
            };
            if previous.is_some_and(same) {
                out.push(row_flags::REPEAT);
            } else {
                self.put_full_row(row, out);
            }
            previous = Some(row);
        }
        let size = out.len() - HEADER_SIZE;
        if size > MAX_BODY_SIZE {
            let text = format!("a batch of {size} bytes exceeds the limit of {MAX_BODY_SIZE}");
            return Err(ErrorKind::InvalidArgument(text).into());
        }
        let field_size = (out.len() - field_at - 4) as u32;
        out[field_at..field_at + 4].copy_from_slice(&field_size.to_be_bytes());
        let proto = ProtoHeader { frame_type: FrameType::Message, size };
        let header = Header {
            info1: info1::BATCH,
            timeout: policy.base.server_timeout(),
            n_fields: 1 + self.filter.is_some() as u16,
            ..Header::default()
        };
        out[..HEADER_SIZE].copy_from_slice(&proto.to_bytes());
        out[HEADER_SIZE..HEADER_SIZE + MESSAGE_HEADER_SIZE].copy_from_slice(&header.to_bytes());
        Ok(())
    }

    /// A row's header, fields and ops, behind its digest.
    fn put_full_row(&self, row: &Row, out: &mut Vec<u8>) {
        let nothing = Body::default();
        let body = self.bodies.get(row.body as usize).unwrap_or(&nothing);
        let (namespace, set) = self.place_of(row);
        let key = self.keys.get(row.key.0 as usize..row.key.1 as usize).unwrap_or_default();
        let generation = if body.is_write() { row_flags::GENERATION } else { 0 };
        out.push(row_flags::INFO | row_flags::TTL | generation);
        out.extend_from_slice(&[body.info1, body.info2, body.info3]);
        if generation != 0 {
            // Sixteen bits travel here; a greater number cannot be any record's.
            out.extend_from_slice(&(body.generation.min(u16::MAX as u32) as u16).to_be_bytes());
        }
        out.extend_from_slice(&body.ttl.to_be_bytes());
        let n_fields = 1 + !set.is_empty() as u16 + !key.is_empty() as u16 + body.n_fields;
        out.extend_from_slice(&n_fields.to_be_bytes());
        out.extend_from_slice(&body.n_ops.to_be_bytes());
        put_field(out, field::NAMESPACE, namespace.as_bytes());
        if !set.is_empty() {
            put_field(out, field::SET, set.as_bytes());
        }
        out.extend_from_slice(key);
        out.extend_from_slice(&body.fields);
        out.extend_from_slice(&body.ops);
    }

    fn place_of(&self, row: &Row) -> (&str, &str) {
        self.places.get(row.place as usize).map_or(("", ""), |(namespace, set)| (namespace, set))
    }
}

/// What became of a row that no reply answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RowFailure {
    /// A result code, or -1 for a failure of the client's.
    pub code: i32,
    /// Whether the row's write may have happened.
    pub in_doubt: bool,
}

/// A part of a round: the rows that one node is asked for.
#[derive(Clone, Debug)]
pub struct Part {
    /// The node.
    pub node: Arc<Node>,
    /// The rows' numbers.
    pub rows: Vec<u32>,
}

/// What comes next in a batch.
#[derive(Debug)]
pub enum BatchStep {
    /// Send these; [`BatchRun::done`] or [`BatchRun::failed`] for each, then [`BatchRun::next`].
    Round(Vec<Part>),
    /// Do nothing until then, then [`BatchRun::next`].
    Sleep(Instant),
    /// Every row is settled, or the batch failed as a whole.
    Done(Result<()>),
}

/// The books of a running batch.
#[derive(Debug)]
pub struct BatchRun {
    run: Execution,
    policy: BatchPolicy,
    open: Vec<u32>,
    /// Rows that the present round leaves open.
    left: Vec<u32>,
    failures: Vec<(u32, RowFailure)>,
    answered: bool,
    /// Why the last part that failed did.
    last: Option<ErrorKind>,
    slept: bool,
}

impl BatchRun {
    /// A run that starts now.
    pub fn new(batch: &Batch, policy: &BatchPolicy, now: Instant) -> BatchRun {
        BatchRun {
            run: Execution::new(&policy.base, batch.is_write(), now),
            policy: *policy,
            open: (0..batch.len() as u32).collect(),
            left: Vec::new(),
            failures: Vec::new(),
            answered: false,
            last: None,
            slept: true,
        }
    }

    /// The retry loop that the rounds follow.
    pub fn run(&self) -> &Execution {
        &self.run
    }

    /// The policy.
    pub fn policy(&self) -> &BatchPolicy {
        &self.policy
    }

    /// What comes next.
    pub fn next(&mut self, batch: &Batch, view: &View, racks: &[u32], now: Instant) -> BatchStep {
        loop {
            if let Some(kind) = self.last.take() {
                let step = self.run.failed(kind.clone(), now);
                if let Step::Done(result) = step {
                    return BatchStep::Done(self.give_up(kind, result));
                }
                self.open = std::mem::take(&mut self.left);
                if let Step::Sleep(until) = step {
                    self.slept = false;
                    return BatchStep::Sleep(until);
                }
            }
            if !std::mem::replace(&mut self.slept, true) {
                self.run.slept(now);
            }
            let parts = match self.split(batch, view, racks) {
                Ok(parts) => parts,
                Err(kind) => return BatchStep::Done(Err(self.run.error(kind))),
            };
            self.open.clear();
            if !parts.is_empty() {
                self.run.sending();
                return BatchStep::Round(parts);
            }
            if self.last.is_none() {
                return BatchStep::Done(Ok(()));
            }
        }
    }

    /// Assigns every open row to a node; rows that nobody serves are left for the next round.
    fn split(&mut self, batch: &Batch, view: &View, racks: &[u32]) -> Result<Vec<Part>, ErrorKind> {
        let mut parts: Vec<Part> = Vec::new();
        let (attempt, replica) = (self.run.attempt(), self.policy.base.replica);
        let mut unknown = Vec::new();
        for index in &self.open {
            let Some(row) = batch.rows.get(*index as usize) else { continue };
            let (namespace, _) = batch.place_of(row);
            let write = batch.bodies.get(row.body as usize).is_some_and(Body::is_write);
            match view.locate(namespace, row.digest.partition(), replica, write, attempt, racks) {
                Ok(node) => match parts.iter_mut().find(|part| Arc::ptr_eq(&part.node, node)) {
                    Some(part) => part.rows.push(*index),
                    None => parts.push(Part { node: node.clone(), rows: vec![*index] }),
                },
                Err(error) if view.has_namespace(namespace) => {
                    self.last = Some(error);
                    self.left.push(*index);
                }
                // No retry makes a namespace known.
                Err(error) => unknown.push((*index, error)),
            }
        }
        if parts.is_empty() && self.left.is_empty() && !self.answered {
            // Nothing of the batch can be asked for at all.
            if let Some((_, error)) = unknown.pop() {
                return Err(error);
            }
        }
        let failure = RowFailure { code: ResultCode::UNAVAILABLE.0 as i32, in_doubt: false };
        self.failures.extend(unknown.into_iter().map(|(index, _)| (index, failure)));
        Ok(parts)
    }

    /// A part's reply is complete: its rows are settled, those it does not answer with the trailer's code.
    ///
    /// # Errors
    /// The server's refusal of the part as a whole.
    pub fn done(&mut self, part: &Part, reply: &Inbox) -> Result<()> {
        let code = reply.result();
        if crate::retry::is_transient(code) && reply.n_rows() == 0 {
            self.failed(part, ErrorKind::Server(code));
            return Ok(());
        }
        if !code.is_ok() && self.policy.respond_all_keys && reply.n_rows() == 0 {
            return Err(Error {
                node: Some(part.node.address().clone()),
                ..self.run.error(ErrorKind::Server(code))
            });
        }
        self.answered = true;
        if reply.n_rows() < part.rows.len() {
            let missing = if code.is_ok() { -1 } else { code.0 as i32 };
            let failure = RowFailure { code: missing, in_doubt: self.run.rows_in_doubt() };
            let mut seen: Vec<u32> = reply.rows().map(|row| row.header.timeout).collect();
            seen.sort_unstable();
            let unseen = part.rows.iter().filter(|index| seen.binary_search(index).is_err());
            self.failures.extend(unseen.map(|index| (*index, failure)));
        }
        Ok(())
    }

    /// A part failed: its rows stay open for the next round.
    pub fn failed(&mut self, part: &Part, kind: ErrorKind) {
        self.left.extend_from_slice(&part.rows);
        self.last = Some(kind);
    }

    /// No further round: what is left is settled as failed, or the batch as a whole if nothing was answered.
    fn give_up(&mut self, kind: ErrorKind, result: Result<()>) -> Result<()> {
        if !self.answered {
            return result;
        }
        let code = match kind {
            ErrorKind::Server(code) => code.0 as i32,
            ErrorKind::Timeout { .. } => ResultCode::TIMEOUT.0 as i32,
            ErrorKind::InvalidNode(_) => ResultCode::UNAVAILABLE.0 as i32,
            _ => -1,
        };
        let failure = RowFailure { code, in_doubt: self.run.rows_in_doubt() };
        self.failures.extend(self.left.drain(..).map(|index| (index, failure)));
        Ok(())
    }

    /// The rows that no reply answers.
    pub fn failures(&self) -> &[(u32, RowFailure)] {
        &self.failures
    }
}

/// The row number that a reply's row answers, if it is one of the batch.
pub fn row_index(row: &Message<'_>, rows: usize) -> Option<usize> {
    Some(row.header.timeout as usize).filter(|index| *index < rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Key, UserKey};
    use crate::request::put_op;
    use aerospike_wire::{ParticleType, op};

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text
            .bytes()
            .filter(u8::is_ascii_hexdigit)
            .map(|c| (c as char).to_digit(16).unwrap() as u8)
            .collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    fn batch_of(body: Body, keys: &[(&str, &str, &str)]) -> Batch {
        let mut batch = Batch::with_capacity(keys.len());
        let body = batch.body(body);
        for (namespace, set, key) in keys {
            let key = Key::new(*namespace, *set, UserKey::String((*key).into()));
            let place = batch.place(namespace, set);
            batch.row(key.digest, key.as_ref().user_key, place, body);
        }
        batch
    }

    fn read_all() -> Body {
        Body::read(&Policy::default(), info1::GET_ALL, 0, Vec::new(), 0).unwrap()
    }

    /// wire §28.4, byte for byte.
    #[test]
    fn batch_request_of_the_reference() {
        let batch = batch_of(read_all(), &[("test", "demo", "k1"), ("test", "demo", "k2")]);
        let mut out = Vec::new();
        batch.encode(&[0, 1], &BatchPolicy::default(), &mut out).unwrap();
        let expected = concat!(
            "02 03 00000000006f 16 08 00 00 00 00 00000000 00000000 000003e8 0001 0000",
            "00000055 29 00000002 05",
            "00000000 b747f5854d0b33259928d0cfab7fad81d6abfbf6 0a 03 00 00 00000000 0002 0000",
            "00000005 00 74657374  00000005 01 64656d6f",
            "00000001 a933ee0e8f82c106697150d15e504f08b2b2e01d 01"
        );
        assert_eq!(out, hex(expected));
    }

    fn flags_of(batch: &Batch, rows: &[u32]) -> Vec<u8> {
        let mut out = Vec::new();
        batch.encode(rows, &BatchPolicy::default(), &mut out).unwrap();
        // Rows start behind the digest of a known row.
        rows.iter()
            .map(|index| {
                let digest = batch.rows[*index as usize].digest.0;
                let at = out.windows(20).position(|window| window == digest).unwrap();
                out[at + 20]
            })
            .collect()
    }

    #[test]
    fn rows_repeat_only_what_is_the_same() {
        let keys = [("test", "s", "a"), ("test", "s", "b"), ("test", "t", "c"), ("test", "s", "d")];
        let batch = batch_of(read_all(), &keys);
        assert_eq!(flags_of(&batch, &[0, 1, 2, 3]), [0x0a, 0x01, 0x0a, 0x0a]);
        assert_eq!(flags_of(&batch, &[0, 1, 3]), [0x0a, 0x01, 0x01]);
        let policy = WritePolicy { send_key: true, ..WritePolicy::default() };
        let mut ops = Vec::new();
        put_op::<Error>(&mut ops, op::INCR, b"a", |out| {
            out.extend_from_slice(&1i64.to_be_bytes());
            Ok(ParticleType::INTEGER)
        })
        .unwrap();
        let batch = batch_of(Body::write(&policy, 0, 0, ops, 1).unwrap(), &keys);
        assert_eq!(flags_of(&batch, &[0, 1]), [0x0e, 0x0e], "a key field must not be repeated");
        let batch = batch_of(Body::remove(&WritePolicy::default()), &keys);
        assert_eq!(flags_of(&batch, &[0, 1]), [0x0e, 0x01]);
    }

    fn reply(bytes: &[u8]) -> Inbox {
        let mut inbox = Inbox::default();
        inbox.expect(crate::reply::Expect::Rows);
        inbox.space()[..bytes.len()].copy_from_slice(bytes);
        assert!(inbox.filled(bytes.len()).unwrap());
        inbox
    }

    fn trailer(code: u8) -> Inbox {
        reply(&hex(&format!(
            "02 03 000000000016 16 00 00 01 00 {code:02x} 00000000 00000000 00000000 0000 0000"
        )))
    }

    fn part(rows: &[u32]) -> Part {
        Part { node: Node::for_test("A"), rows: rows.to_vec() }
    }

    fn started(respond_all_keys: bool) -> (Batch, BatchRun, Instant) {
        let batch = batch_of(read_all(), &[("test", "s", "a"), ("test", "s", "b")]);
        let now = Instant::now();
        let policy = BatchPolicy { respond_all_keys, ..BatchPolicy::default() };
        let run = BatchRun::new(&batch, &policy, now);
        (batch, run, now)
    }

    #[test]
    fn a_refused_batch_is_an_error() {
        let (_, mut run, _) = started(true);
        let error = run.done(&part(&[0, 1]), &trailer(151)).unwrap_err();
        assert_eq!(error.result_code(), Some(ResultCode::BATCH_MAX_REQUESTS));
    }

    #[test]
    fn without_respond_all_keys_the_code_is_every_rows() {
        let (_, mut run, _) = started(false);
        run.done(&part(&[0, 1]), &trailer(12)).unwrap();
        let codes: Vec<_> = run.failures().iter().map(|(index, failure)| (*index, failure.code)).collect();
        assert_eq!(codes, [(0, 12), (1, 12)]);
    }

    #[test]
    fn rows_of_unknown_namespaces() {
        let (batch, mut run, now) = started(true);
        let BatchStep::Done(Err(error)) = run.next(&batch, &View::default(), &[], now) else { panic!() };
        assert!(error.to_string().starts_with("Invalid node: namespace 'test'"), "{error}");
    }

    #[test]
    fn what_is_left_when_the_rounds_end() {
        let batch = batch_of(read_all(), &[("test", "s", "a"), ("test", "s", "b")]);
        let now = Instant::now();
        let base = Policy { max_retries: 0, ..Policy::default() };
        let mut run = BatchRun::new(&batch, &BatchPolicy { base, ..BatchPolicy::default() }, now);
        let answer = concat!(
            "02 03 00000000002c 16 00 00 00 00 02 00000000 00000000 00000000 0000 0000",
            "16 00 00 01 00 00 00000000 00000000 00000000 0000 0000"
        );
        run.done(&part(&[0]), &reply(&hex(answer))).unwrap();
        run.failed(&part(&[1]), ErrorKind::Timeout { limit: std::time::Duration::ZERO, attempts: 1 });
        assert!(matches!(run.next(&batch, &View::default(), &[], now), BatchStep::Done(Ok(()))));
        assert_eq!(run.failures(), [(1, RowFailure { code: 9, in_doubt: false })]);
    }
}
