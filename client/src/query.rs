//! Queries over a namespace, a set or an index (query §5–§7).
//!
//! A query is split by partition: each node is asked for those that it owns. [`QueryRun`] keeps the books: how far
//! each partition has been read, and what a round left open. A partition that was not read to its end, because its
//! node failed or a limit was reached, is resumed behind its last record.

use crate::batch::{BatchStep, Part};
use crate::cluster::View;
use crate::error::{Error, ErrorKind, Result};
use crate::policy::Policy;
use crate::reply::Inbox;
use crate::request::Writer;
use crate::retry::{Execution, Step, is_transient};
use aerospike_wire::bits::{info1, info2, info3};
use aerospike_wire::{Digest, Header, Message, PARTITIONS, ParticleType, ResultCode, field};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The condition of an index query (query §5.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Where {
    /// The indexed bin.
    pub bin: String,
    /// Which part of a collection is indexed: 0 the bin itself, 1 list, 2 map keys, 3 map values.
    pub index_type: u8,
    /// Type of the bounds.
    pub kind: ParticleType,
    /// Lower bound, included.
    pub begin: Vec<u8>,
    /// Upper bound, included; the same as the lower one where only equality is known.
    pub end: Vec<u8>,
}

/// A function that a background query calls with each record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Function {
    /// Module name without its extension.
    pub module: String,
    /// Function name.
    pub name: String,
    /// Arguments as a msgpack list.
    pub arguments: Vec<u8>,
}

/// What is asked for.
#[derive(Clone, Default, Debug)]
pub struct Statement {
    /// Namespace name.
    pub namespace: String,
    /// Set name; empty: the whole namespace.
    pub set: String,
    /// Encoded read ops; none: all bins.
    pub ops: Vec<u8>,
    /// How many.
    pub n_ops: usize,
    /// Condition on an index.
    pub condition: Option<Where>,
    /// Packed filter expression.
    pub filter: Option<Vec<u8>>,
}

/// How long a query is expected to take (python-api §5.2 `expected_duration`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Duration {
    /// Any time.
    #[default]
    Long,
    /// Few records; the server spends no more than the total timeout on it.
    Short,
    /// As long, with reads that may miss what a migration moves.
    LongRelaxed,
}

/// What a query obeys besides [`Policy`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct QueryPolicy {
    /// What every command obeys. The socket timeout bounds silences, not the whole.
    pub base: Policy,
    /// Most records; 0: all.
    pub max_records: u64,
    /// Most records in a second on each node; 0: no limit.
    pub records_per_second: u32,
    /// How many nodes are asked at the same time; 0: all.
    pub max_concurrent_nodes: usize,
    /// How long it is expected to take.
    pub duration: Duration,
    /// Return metadata without bins.
    pub no_bins: bool,
}

impl Default for QueryPolicy {
    fn default() -> QueryPolicy {
        QueryPolicy {
            base: Policy { total_timeout: std::time::Duration::ZERO, max_retries: 5, ..Policy::default() },
            max_records: 0,
            records_per_second: 0,
            max_concurrent_nodes: 0,
            duration: Duration::Long,
            no_bins: false,
        }
    }
}

/// How far a partition has been read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cursor {
    /// To its end.
    pub done: bool,
    /// Up to this record.
    pub digest: Option<Digest>,
    /// And this index value, in queries with a condition.
    pub value: Option<i64>,
}

/// Some partitions and how far each has been read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Partitions {
    begin: u16,
    cursors: Vec<Cursor>,
}

impl Partitions {
    /// Partitions from `begin` on; `None` when some lie beyond the last one.
    pub fn range(begin: usize, count: usize) -> Option<Partitions> {
        let inside = begin.checked_add(count).is_some_and(|end| end <= PARTITIONS);
        inside.then(|| Partitions { begin: begin as u16, cursors: vec![Cursor::default(); count] })
    }

    /// All partitions.
    pub fn all() -> Partitions {
        Partitions { begin: 0, cursors: vec![Cursor::default(); PARTITIONS] }
    }

    /// The first partition's number.
    pub fn begin(&self) -> usize {
        self.begin as usize
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.cursors.len()
    }

    /// Whether all have been read to their ends.
    pub fn is_done(&self) -> bool {
        self.cursors.iter().all(|cursor| cursor.done)
    }

    /// Forgets what has been read.
    pub fn reset(&mut self) {
        self.cursors.fill(Cursor::default());
    }

    fn cursor(&mut self, partition: usize) -> Option<&mut Cursor> {
        self.cursors.get_mut(partition.checked_sub(self.begin as usize)?)
    }

    fn get(&self, partition: usize) -> Cursor {
        let at = partition.checked_sub(self.begin as usize);
        at.and_then(|at| self.cursors.get(at)).copied().unwrap_or_default()
    }
}

/// A number for a query that no other query of this process has, and hardly one of another process.
pub fn query_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let random = RandomState::new().hash_one(NEXT.fetch_add(1, Ordering::Relaxed));
    random.max(1)
}

/// The books of a running query.
#[derive(Debug)]
pub struct QueryRun {
    run: Execution,
    statement: Arc<Statement>,
    policy: QueryPolicy,
    partitions: Partitions,
    /// Records that have come.
    received: u64,
    /// Parts of the present round with the most records that each may return, and how many came.
    limits: Vec<(u32, u64, u64)>,
    /// Partitions that their nodes said they do not have, in the present round.
    gone: Vec<u32>,
    last: Option<ErrorKind>,
    slept: bool,
}

impl QueryRun {
    /// A run that starts now, where `partitions` were left.
    pub fn new(statement: Statement, policy: &QueryPolicy, partitions: Partitions, now: Instant) -> QueryRun {
        QueryRun {
            run: Execution::new(&policy.base, false, now),
            statement: Arc::new(statement),
            policy: *policy,
            partitions,
            received: 0,
            limits: Vec::new(),
            gone: Vec::new(),
            last: None,
            slept: true,
        }
    }

    /// The retry loop that the rounds follow.
    pub fn run(&self) -> &Execution {
        &self.run
    }

    /// The policy.
    pub fn policy(&self) -> &QueryPolicy {
        &self.policy
    }

    /// The namespace asked for.
    pub fn namespace(&self) -> &str {
        &self.statement.namespace
    }

    /// How far the partitions have been read.
    pub fn partitions(&self) -> &Partitions {
        &self.partitions
    }

    /// What comes next.
    pub fn next(&mut self, view: &View, racks: &[u32], now: Instant) -> BatchStep {
        if let Some(kind) = self.last.take() {
            match self.run.failed(kind, now) {
                Step::Done(result) => return BatchStep::Done(result),
                Step::Sleep(until) => {
                    self.slept = false;
                    return BatchStep::Sleep(until);
                }
                _ => {}
            }
        }
        if !std::mem::replace(&mut self.slept, true) {
            self.run.slept(now);
        }
        match self.split(view, racks) {
            Ok(parts) if parts.is_empty() => BatchStep::Done(Ok(())),
            Ok(parts) => {
                self.run.sending();
                BatchStep::Round(parts)
            }
            Err(kind) => BatchStep::Done(Err(self.run.error(kind))),
        }
    }

    /// Assigns every partition that is not read to its end to a node, and each part its share of the limit.
    fn split(&mut self, view: &View, racks: &[u32]) -> Result<Vec<Part>, ErrorKind> {
        self.limits.clear();
        self.gone.clear();
        let left = match self.policy.max_records {
            0 => u64::MAX,
            most if most <= self.received => return Ok(Vec::new()),
            most => most - self.received,
        };
        let mut parts: Vec<Part> = Vec::new();
        let open = self.partitions.cursors.iter().enumerate().filter(|(_, cursor)| !cursor.done);
        for partition in open.map(|(at, _)| self.partitions.begin as usize + at) {
            let node = view.locate(
                &self.statement.namespace,
                partition,
                self.policy.base.replica,
                false,
                self.run.attempt(),
                racks,
            )?;
            match parts.iter_mut().find(|part| Arc::ptr_eq(&part.node, node)) {
                Some(part) => part.rows.push(partition as u32),
                None => parts.push(Part { node: node.clone(), rows: vec![partition as u32] }),
            }
        }
        if self.policy.max_records > 0 {
            // Each node returns at most its share; what one lacks, another gives in the next round.
            parts.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            let count = parts.len().max(1) as u64;
            for (at, part) in parts.iter().enumerate() {
                let share = left / count + u64::from((at as u64) < left % count);
                self.limits.push((part.rows[0], share.max(1), 0));
            }
        }
        Ok(parts)
    }

    fn limit(&self, part: &Part) -> Option<(u64, u64)> {
        let first = *part.rows.first()?;
        self.limits.iter().find(|(row, ..)| *row == first).map(|(_, most, came)| (*most, *came))
    }

    /// Encodes the request of a part.
    ///
    /// # Errors
    /// An invalid argument when the frame is longer than a server accepts.
    pub fn encode(&self, part: &Part, out: &mut Vec<u8>) -> Result<()> {
        let statement = &self.statement;
        let mut header = Header { info1: info1::READ, info3: info3::PARTITION_DONE, ..Header::default() };
        match self.policy.duration {
            Duration::Long => {}
            Duration::Short => {
                header.info1 |= info1::SHORT_QUERY;
                header.timeout = self.policy.base.server_timeout();
            }
            Duration::LongRelaxed => header.info2 |= info2::RELAX_AP_LONG_QUERY,
        }
        if self.policy.no_bins {
            header.info1 |= info1::GET_NO_BINS;
        }
        let mut frame = Writer::begin(out, header);
        put_statement(&mut frame, statement);
        frame.field(field::QUERY_ID, &query_id().to_be_bytes());
        let silence = u32::try_from(self.policy.base.socket_timeout.as_millis()).unwrap_or(u32::MAX);
        frame.field(field::SOCKET_TIMEOUT, &silence.to_be_bytes());
        if self.policy.records_per_second > 0 {
            frame.field(field::RECORDS_PER_SECOND, &self.policy.records_per_second.to_be_bytes());
        }
        if let Some((most, _)) = self.limit(part) {
            frame.field(field::MAX_RECORDS, &most.to_be_bytes());
        }
        let (mut fresh, mut begun, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for partition in &part.rows {
            let cursor = self.partitions.get(*partition as usize);
            match cursor.digest {
                None => fresh.extend_from_slice(&(*partition as u16).to_le_bytes()),
                Some(digest) => {
                    begun.extend_from_slice(&digest.0);
                    values.extend_from_slice(&cursor.value.unwrap_or_default().to_le_bytes());
                }
            }
        }
        if !fresh.is_empty() {
            frame.field(field::PARTITION_IDS, &fresh);
        }
        if !begun.is_empty() {
            frame.field(field::DIGESTS, &begun);
            if statement.condition.is_some() {
                frame.field(field::BVALS, &values);
            }
        }
        if !self.policy.no_bins && statement.n_ops > 0 {
            frame.ops(|out| {
                out.extend_from_slice(&statement.ops);
                Ok::<_, Error>(statement.n_ops)
            })?;
        }
        frame.finish()
    }

    /// Takes note of the rows that have come for a part; call it before they are discarded.
    pub fn rows(&mut self, part: &Part, inbox: &Inbox) {
        let mut count = 0;
        for row in inbox.rows() {
            if row.header.info3 & info3::PARTITION_DONE != 0 {
                if row.header.result != 0 {
                    // The node does not have it any more; the next round asks another.
                    self.gone.push(row.header.generation);
                    self.last = Some(ErrorKind::Server(ResultCode(row.header.result)));
                }
                continue;
            }
            let Some(digest) = row.field(field::DIGEST).and_then(Digest::from_slice) else { continue };
            count += 1;
            let value =
                row.field(field::BVALS).and_then(|value| value.try_into().ok()).map(i64::from_le_bytes);
            if let Some(cursor) = self.partitions.cursor(digest.partition()) {
                *cursor = Cursor { done: false, digest: Some(digest), value };
            }
        }
        self.received += count;
        let first = part.rows.first().copied();
        if let Some((.., came)) = self.limits.iter_mut().find(|(row, ..)| Some(*row) == first) {
            *came += count;
        }
    }

    /// A part's reply is complete, and [`QueryRun::rows`] has seen all of it.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn done(&mut self, part: &Part, inbox: &Inbox) -> Result<()> {
        let code = inbox.result();
        if !code.is_ok() {
            if is_transient(code) && code != ResultCode::TIMEOUT {
                self.last = Some(ErrorKind::Server(code));
                return Ok(());
            }
            let error = self.run.error(ErrorKind::Server(code));
            return Err(Error { node: Some(part.node.address().clone()), ..error });
        }
        // A node that returned less than it might has nothing left.
        if self.limit(part).is_none_or(|(most, came)| came < most) {
            for partition in part.rows.iter().filter(|partition| !self.gone.contains(partition)) {
                if let Some(cursor) = self.partitions.cursor(*partition as usize) {
                    cursor.done = true;
                }
            }
        }
        Ok(())
    }

    /// A part failed: its partitions stay open for the next round.
    pub fn failed(&mut self, kind: ErrorKind) {
        self.last = Some(kind);
    }
}

/// Whether a row of a reply is a record.
pub fn is_record(row: &Message<'_>) -> bool {
    row.header.info3 & info3::PARTITION_DONE == 0
}

/// Fields that tell what is asked for.
fn put_statement(frame: &mut Writer<'_>, statement: &Statement) {
    frame.field(field::NAMESPACE, statement.namespace.as_bytes());
    if !statement.set.is_empty() {
        frame.field(field::SET, statement.set.as_bytes());
    }
    if let Some(condition) = &statement.condition {
        if condition.index_type != 0 {
            frame.field(field::INDEX_TYPE, &[condition.index_type]);
        }
        frame.field(field::INDEX_RANGE, &range(condition));
    }
    frame.filter(statement.filter.as_deref());
}

fn range(condition: &Where) -> Vec<u8> {
    let mut out = vec![1, condition.bin.len().min(u8::MAX as usize) as u8];
    out.extend_from_slice(condition.bin.as_bytes());
    out.push(condition.kind.0);
    for bound in [&condition.begin, &condition.end] {
        out.extend_from_slice(&(bound.len() as u32).to_be_bytes());
        out.extend_from_slice(bound);
    }
    out
}

/// What a background query does to each record.
#[derive(Clone, Debug)]
pub enum Action {
    /// Writing ops, encoded, and how many.
    Ops(Vec<u8>, usize),
    /// A function.
    Function(Function),
}

/// The request that starts a background query on a node (query §10); the statement's own ops do not count.
///
/// # Errors
/// An invalid argument when the frame is longer than a server accepts.
pub fn background(
    statement: &Statement,
    action: &Action,
    id: u64,
    records_per_second: u32,
    ttl: u32,
) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut frame = Writer::begin(&mut out, Header { info2: info2::WRITE, ttl, ..Header::default() });
    put_statement(&mut frame, statement);
    frame.field(field::QUERY_ID, &id.to_be_bytes());
    if records_per_second > 0 {
        frame.field(field::RECORDS_PER_SECOND, &records_per_second.to_be_bytes());
    }
    match action {
        Action::Ops(ops, count) => frame.ops(|out| {
            out.extend_from_slice(ops);
            Ok::<_, Error>(*count)
        })?,
        Action::Function(function) => {
            put_function(&mut frame, function);
            frame.field(field::UDF_OP, &[2]);
        }
    }
    frame.finish()?;
    Ok(out)
}

/// Fields that name a function and its arguments.
pub fn put_function(frame: &mut Writer<'_>, function: &Function) {
    frame.field(field::UDF_MODULE, function.module.as_bytes());
    frame.field(field::UDF_FUNCTION, function.name.as_bytes());
    frame.field(field::UDF_ARGUMENTS, &function.arguments);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Node;
    use crate::reply::Expect;
    use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};

    fn run(policy: &QueryPolicy, partitions: Partitions) -> QueryRun {
        let condition = Where {
            bin: "n".into(),
            index_type: 1,
            kind: ParticleType::INTEGER,
            begin: 1i64.to_be_bytes().to_vec(),
            end: 9i64.to_be_bytes().to_vec(),
        };
        let statement = Statement {
            namespace: "test".into(),
            set: "s".into(),
            condition: Some(condition),
            ..Statement::default()
        };
        QueryRun::new(statement, policy, partitions, Instant::now())
    }

    fn part(rows: &[u32]) -> Part {
        Part { node: Node::for_test("A"), rows: rows.to_vec() }
    }

    fn digest(partition: u16, last: u8) -> Digest {
        let mut digest = [0; 20];
        digest[..2].copy_from_slice(&partition.to_le_bytes());
        digest[19] = last;
        Digest(digest)
    }

    /// A reply of these records and a last message with this code.
    fn reply(records: &[(Digest, i64)], gone: &[u32], code: u8) -> Inbox {
        let mut body = Vec::new();
        for (digest, value) in records {
            let header = Header { n_fields: 2, ..Header::default() };
            body.extend_from_slice(&header.to_bytes());
            crate::request::put_field(&mut body, field::DIGEST, &digest.0);
            crate::request::put_field(&mut body, field::BVALS, &value.to_le_bytes());
        }
        for partition in gone {
            let header = Header {
                info3: info3::PARTITION_DONE,
                result: 11,
                generation: *partition,
                ..Header::default()
            };
            body.extend_from_slice(&header.to_bytes());
        }
        body.extend_from_slice(&Header { info3: info3::LAST, result: code, ..Header::default() }.to_bytes());
        let mut bytes = ProtoHeader { frame_type: FrameType::Message, size: body.len() }.to_bytes().to_vec();
        bytes.extend_from_slice(&body);
        feed(&bytes)
    }

    fn feed(bytes: &[u8]) -> Inbox {
        let mut inbox = Inbox::default();
        inbox.expect(Expect::Query);
        inbox.space()[..bytes.len()].copy_from_slice(bytes);
        assert!(inbox.filled(bytes.len()).unwrap());
        inbox
    }

    fn fields(run: &QueryRun, part: &Part) -> Vec<(u8, Vec<u8>)> {
        let mut out = Vec::new();
        run.encode(part, &mut out).unwrap();
        let message = Message::parse(&out[HEADER_SIZE..]).unwrap();
        assert_eq!(message.header.info3, info3::PARTITION_DONE);
        message.fields().map(|field| (field.id, field.data.to_vec())).collect()
    }

    fn field_of(fields: &[(u8, Vec<u8>)], id: u8) -> Option<&[u8]> {
        fields.iter().find(|(found, _)| *found == id).map(|(_, data)| &data[..])
    }

    #[test]
    fn a_request_names_its_partitions_and_condition() {
        let run = run(&QueryPolicy::default(), Partitions::all());
        let fields = fields(&run, &part(&[3, 4095]));
        assert_eq!(field_of(&fields, field::PARTITION_IDS), Some(&[3, 0, 0xff, 0x0f][..]));
        assert_eq!(field_of(&fields, field::INDEX_TYPE), Some(&[1][..]));
        let range =
            [&[1, 1, b'n', 1, 0, 0, 0, 8][..], &1i64.to_be_bytes(), &[0, 0, 0, 8], &9i64.to_be_bytes()];
        assert_eq!(field_of(&fields, field::INDEX_RANGE), Some(&range.concat()[..]));
        assert_eq!(field_of(&fields, field::MAX_RECORDS), None);
        assert_eq!(field_of(&fields, field::RECORDS_PER_SECOND), None);
    }

    #[test]
    fn what_was_not_read_to_its_end_is_resumed() {
        let mut run = run(&QueryPolicy::default(), Partitions::range(3, 2).unwrap());
        let both = part(&[3, 4]);
        run.rows(&both, &reply(&[(digest(3, 1), 5), (digest(3, 2), 6)], &[], 0));
        let fields = fields(&run, &both);
        assert_eq!(field_of(&fields, field::PARTITION_IDS), Some(&[4, 0][..]));
        assert_eq!(field_of(&fields, field::DIGESTS), Some(&digest(3, 2).0[..]));
        assert_eq!(field_of(&fields, field::BVALS), Some(&6i64.to_le_bytes()[..]));
        run.done(&both, &reply(&[], &[], 0)).unwrap();
        assert!(run.partitions().is_done());
    }

    #[test]
    fn a_partition_that_moved_stays_open() {
        let mut run = run(&QueryPolicy::default(), Partitions::range(3, 2).unwrap());
        let (both, answer) = (part(&[3, 4]), reply(&[(digest(3, 1), 5)], &[4], 0));
        run.rows(&both, &answer);
        run.done(&both, &answer).unwrap();
        assert!(run.partitions().get(3).done && !run.partitions().get(4).done);
        assert!(run.last.is_some());
    }

    #[test]
    fn pages_end_where_the_next_begins() {
        let policy = QueryPolicy { max_records: 2, ..QueryPolicy::default() };
        let mut run = run(&policy, Partitions::range(3, 1).unwrap());
        let one = part(&[3]);
        run.limits = vec![(3, 2, 0)];
        assert_eq!(field_of(&fields(&run, &one), field::MAX_RECORDS), Some(&2u64.to_be_bytes()[..]));
        let answer = reply(&[(digest(3, 1), 5), (digest(3, 2), 6)], &[], 0);
        run.rows(&one, &answer);
        run.done(&one, &answer).unwrap();
        assert!(!run.partitions().is_done(), "there may be more");
        assert!(matches!(run.next(&View::default(), &[], Instant::now()), BatchStep::Done(Ok(()))));
        let left = run.partitions().clone();
        let mut run = super::tests::run(&policy, left);
        run.limits = vec![(3, 2, 0)];
        let answer = reply(&[], &[], 0);
        run.rows(&one, &answer);
        run.done(&one, &answer).unwrap();
        assert!(run.partitions().is_done());
    }

    #[test]
    fn refusals() {
        let mut run = run(&QueryPolicy::default(), Partitions::all());
        let error = run.done(&part(&[1]), &reply(&[], &[], 201)).unwrap_err();
        assert_eq!(error.result_code(), Some(ResultCode::INDEX_NOT_FOUND));
        // A refusal may come without the bit that marks the last message (query §6).
        let mut bytes = ProtoHeader { frame_type: FrameType::Message, size: 22 }.to_bytes().to_vec();
        bytes.extend_from_slice(&Header { result: 4, ..Header::default() }.to_bytes());
        assert_eq!(feed(&bytes).result(), ResultCode::PARAMETER);
    }

    #[test]
    fn ranges_of_partitions() {
        assert!(Partitions::range(4095, 1).is_some() && Partitions::range(4095, 2).is_none());
        assert!(Partitions::range(usize::MAX, 2).is_none());
        assert_eq!(Partitions::all().count(), PARTITIONS);
        assert!(Partitions::range(0, 0).unwrap().is_done());
    }
}
