//! Replies: frames collected from whatever pieces a socket gives, then read in place.

use crate::error::{Error, ErrorKind};
use aerospike_wire::admin::{self, AdminHeader};
use aerospike_wire::bits::info3;
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use aerospike_wire::{Header, Message, ResultCode, message, time};
use std::ops::Range;

/// How much an empty inbox can take in one read: more than most records need.
const INITIAL: usize = 16 * 1024;
/// A buffer that a large reply made longer than this is given back to the system afterwards.
const KEEP: usize = 1024 * 1024;

/// When a reply is complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expect {
    /// After one frame of this type.
    Frame(FrameType),
    /// After the message frame that holds the row with the LAST bit.
    Rows,
    /// As [`Expect::Rows`], or after the message that refuses the request, which has no such bit (query §6).
    Query,
    /// After the admin frame that holds the record with a result code: the end's, or an error's (security §9).
    Records,
}

/// One row of a reply of several records.
#[derive(Clone, Debug)]
struct Row {
    header: Header,
    /// Where the row's fields and ops lie in the inbox.
    body: Range<usize>,
}

/// Collects the bytes of one reply.
///
/// The transport reads into [`Inbox::space`] and tells how much with [`Inbox::filled`], until that says the reply
/// is complete. The buffer grows with what really arrives, never with what a header announces.
#[derive(Debug)]
pub struct Inbox {
    bytes: Vec<u8>,
    filled: usize,
    expect: Expect,
    /// Start of the frame that is not complete yet.
    frame_at: usize,
    rows: Vec<Row>,
    /// Bodies of admin records, headers included.
    records: Vec<Range<usize>>,
    trailer: Option<Header>,
}

impl Default for Inbox {
    fn default() -> Inbox {
        Inbox::EMPTY
    }
}

impl Inbox {
    /// Nothing read, nothing allocated.
    pub const EMPTY: Inbox = Inbox {
        bytes: Vec::new(),
        filled: 0,
        expect: Expect::Frame(FrameType::Message),
        frame_at: 0,
        rows: Vec::new(),
        records: Vec::new(),
        trailer: None,
    };

    /// Forgets the former reply and expects a new one.
    pub fn expect(&mut self, expect: Expect) {
        if self.bytes.len() > KEEP {
            self.bytes = Vec::new();
        }
        self.filled = 0;
        self.frame_at = 0;
        self.rows.clear();
        self.records.clear();
        self.trailer = None;
        self.expect = expect;
    }

    /// Where the next bytes go; never empty.
    pub fn space(&mut self) -> &mut [u8] {
        if self.filled == self.bytes.len() {
            let size = (self.bytes.len() * 2).max(INITIAL);
            self.bytes.resize(size, 0);
        }
        &mut self.bytes[self.filled..]
    }

    /// Whether any byte of the reply has come.
    pub fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Takes note of bytes read into [`Inbox::space`]; whether the reply is complete.
    ///
    /// # Errors
    /// A malformed reply when the bytes are not the protocol; the connection must then be closed.
    pub fn filled(&mut self, count: usize) -> Result<bool, ErrorKind> {
        self.filled = (self.filled + count).min(self.bytes.len());
        loop {
            let pending = &self.bytes[self.frame_at..self.filled];
            let Some(head) = pending.first_chunk::<HEADER_SIZE>() else { return Ok(false) };
            let proto = ProtoHeader::parse(*head).map_err(malformed)?;
            let end = self.frame_at + HEADER_SIZE + proto.size;
            if self.filled < end {
                return Ok(false);
            }
            match self.expect {
                Expect::Frame(kind) if kind == proto.frame_type && end == self.filled => return Ok(true),
                Expect::Rows | Expect::Query if proto.frame_type == FrameType::Message => {
                    self.take_rows(self.frame_at + HEADER_SIZE..end)?;
                    self.frame_at = end;
                    if self.trailer.is_some() {
                        return if end == self.filled {
                            Ok(true)
                        } else {
                            Err(malformed("bytes after the reply"))
                        };
                    }
                }
                Expect::Records if proto.frame_type == FrameType::Admin => {
                    self.take_records(self.frame_at + HEADER_SIZE..end)?;
                    self.frame_at = end;
                    if self.trailer.is_some() {
                        return if end == self.filled {
                            Ok(true)
                        } else {
                            Err(malformed("bytes after the reply"))
                        };
                    }
                }
                Expect::Frame(kind) if kind == proto.frame_type => {
                    return Err(malformed("bytes after the reply"));
                }
                _ => return Err(malformed(format!("unexpected frame of type {:?}", proto.frame_type))),
            }
        }
    }

    fn take_rows(&mut self, frame: Range<usize>) -> Result<(), ErrorKind> {
        let mut rest = &self.bytes[frame.clone()];
        while !rest.is_empty() && self.trailer.is_none() {
            let (row, behind) = Message::parse_prefix(rest).map_err(malformed)?;
            let refused = self.expect == Expect::Query
                && row.header.result != 0
                && row.header.info3 & info3::PARTITION_DONE == 0;
            if row.header.info3 & info3::LAST != 0 || refused {
                self.trailer = Some(row.header);
            } else {
                let start = frame.end - rest.len() + message::MESSAGE_HEADER_SIZE;
                self.rows.push(Row { header: row.header, body: start..frame.end - behind.len() });
            }
            rest = behind;
        }
        Ok(())
    }

    fn take_records(&mut self, frame: Range<usize>) -> Result<(), ErrorKind> {
        let mut at = frame.start;
        while at < frame.end && self.trailer.is_none() {
            let cut_off = || malformed("an admin record is cut off");
            let (header, mut rest) = AdminHeader::parse(&self.bytes[at..frame.end]).ok_or_else(cut_off)?;
            if header.result != 0 {
                self.trailer = Some(Header { result: header.result, ..Header::default() });
            } else {
                for _ in 0..header.n_fields {
                    (.., rest) = admin::take_field(rest).ok_or_else(cut_off)?;
                }
                self.records.push(at..frame.end - rest.len());
            }
            at = frame.end - rest.len();
        }
        Ok(())
    }

    /// Forgets the rows that have come so far, and their bytes: for those who take them while more is coming.
    pub fn discard_rows(&mut self) {
        if self.frame_at > 0 {
            self.bytes.copy_within(self.frame_at..self.filled, 0);
            self.filled -= self.frame_at;
            self.frame_at = 0;
        }
        self.rows.clear();
    }

    /// The bodies of a complete reply of admin records, without the end's.
    pub fn records(&self) -> impl Iterator<Item = &[u8]> {
        self.records.iter().map(|record| &self.bytes[record.clone()])
    }

    /// The body of a complete reply of one frame.
    pub fn body(&self) -> &[u8] {
        self.bytes.get(HEADER_SIZE..self.filled).unwrap_or_default()
    }

    /// The complete reply as one message.
    ///
    /// # Errors
    /// A malformed reply.
    pub fn message(&self) -> Result<Message<'_>, Error> {
        Message::parse(self.body()).map_err(|error| malformed(error).into())
    }

    /// The result code of a complete reply: the message's, or the trailer's.
    pub fn result(&self) -> ResultCode {
        match self.expect {
            Expect::Rows | Expect::Query | Expect::Records => {
                ResultCode(self.trailer.map_or(0, |header| header.result))
            }
            Expect::Frame(FrameType::Message) => ResultCode(self.body().get(5).copied().unwrap_or(0)),
            Expect::Frame(FrameType::Admin) => ResultCode(self.body().get(1).copied().unwrap_or(0)),
            Expect::Frame(_) => ResultCode::OK,
        }
    }

    /// The rows of a complete reply, without the trailer.
    pub fn rows(&self) -> impl Iterator<Item = Message<'_>> {
        // The rows were parsed when their frame came, so none is left out here.
        self.rows.iter().filter_map(|row| {
            Message::with_header(row.header, &self.bytes[row.body.clone()]).map(|(message, _)| message).ok()
        })
    }

    /// How many rows a complete reply has, without the trailer.
    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }
}

fn malformed(what: impl ToString) -> ErrorKind {
    ErrorKind::Malformed(what.to_string())
}

/// Seconds that a record still has, from the void time in a reply (wire §19): rounded down, at least 1, and
/// `u32::MAX` for a record that never expires.
pub fn ttl_seconds(void_time: u32, unix_now: u64) -> u32 {
    if void_time == 0 {
        return u32::MAX;
    }
    let now = unix_now.saturating_sub(time::EPOCH_UNIX_SECONDS);
    u32::try_from((void_time as u64).saturating_sub(now)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerospike_wire::Value;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text
            .bytes()
            .filter(u8::is_ascii_hexdigit)
            .map(|c| (c as char).to_digit(16).unwrap() as u8)
            .collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    /// Feeds bytes in pieces; whether and after how many bytes the reply was complete.
    fn feed(inbox: &mut Inbox, bytes: &[u8], piece: usize) -> Result<Option<usize>, ErrorKind> {
        let mut at = 0;
        while at < bytes.len() {
            let space = inbox.space();
            let count = piece.min(bytes.len() - at).min(space.len());
            space[..count].copy_from_slice(&bytes[at..at + count]);
            at += count;
            if inbox.filled(count)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// wire §28.2.
    const GET: &str = "02 03 000000000032  16 00 00 00 00 00 00000001 00000000 00000000 0000 0002
        0000000d 01 01 00 01 61 0000000000000007  00000007 01 03 00 01 62 6869";

    /// wire §28.4, both frames.
    const BATCH: &str = "02 03 000000000056
        16 00 00 00 00 00 00000002 00000000 00000000 0000 0003
           0000000d 01 01 00 01 61 0000000000000008
           00000007 01 03 00 01 62 6869
           0000000a 01 14 00 01 6c 91 a3 03 6869
        16 00 00 00 00 02 00000000 00000000 00000001 0000 0000
        02 03 000000000016
        16 00 00 01 00 00 00000000 00000000 00000000 0000 0000";

    #[test]
    fn a_record_in_pieces_of_any_size() {
        let bytes = hex(GET);
        for piece in 1..=bytes.len() {
            let mut inbox = Inbox::default();
            assert_eq!(feed(&mut inbox, &bytes, piece), Ok(Some(bytes.len())));
            let message = inbox.message().unwrap();
            let bins: Vec<_> = message.ops().map(|op| Value::from_particle(op.particle()).unwrap()).collect();
            assert_eq!(bins, [Value::Int(7), Value::String("hi".into())]);
            assert_eq!(message.header.generation, 1);
        }
    }

    #[test]
    fn batch_rows_in_pieces_of_any_size() {
        let bytes = hex(BATCH);
        for piece in 1..=bytes.len() {
            let mut inbox = Inbox::default();
            inbox.expect(Expect::Rows);
            assert_eq!(feed(&mut inbox, &bytes, piece), Ok(Some(bytes.len())));
            let rows: Vec<_> =
                inbox.rows().map(|row| (row.header.timeout, row.header.result, row.ops().count())).collect();
            assert_eq!(rows, [(0, 0, 3), (1, 2, 0)]);
            assert_eq!(inbox.result(), ResultCode::OK);
        }
    }

    #[test]
    fn an_inbox_is_reusable() {
        let mut inbox = Inbox::default();
        inbox.expect(Expect::Rows);
        feed(&mut inbox, &hex(BATCH), 100).unwrap();
        inbox.expect(Expect::Frame(FrameType::Message));
        assert_eq!(feed(&mut inbox, &hex(GET), 7), Ok(Some(hex(GET).len())));
        assert_eq!((inbox.n_rows(), inbox.message().unwrap().ops().count()), (0, 2));
    }

    #[test]
    fn bytes_that_nobody_asked_for_are_an_error() {
        let mut twice = hex(GET);
        twice.extend(hex(GET));
        assert!(feed(&mut Inbox::default(), &twice, twice.len()).is_err());
        let mut inbox = Inbox::default();
        inbox.expect(Expect::Frame(FrameType::Info));
        assert!(feed(&mut inbox, &hex(GET), 100).is_err());
        assert!(feed(&mut Inbox::default(), &[3, 3, 0, 0, 0, 0, 0, 0], 8).is_err());
    }

    #[test]
    fn announced_sizes_allocate_nothing() {
        let mut inbox = Inbox::default();
        assert_eq!(feed(&mut inbox, &[2, 3, 0, 0, 7, 0xff, 0xff, 0xff], 8), Ok(None));
        assert!(inbox.space().len() <= INITIAL);
    }

    #[test]
    fn times_to_live() {
        let now = time::EPOCH_UNIX_SECONDS + 1_000;
        assert_eq!(ttl_seconds(0, now), u32::MAX);
        assert_eq!(ttl_seconds(1_100, now), 100);
        assert_eq!(ttl_seconds(1_000, now), 1);
        assert_eq!(ttl_seconds(900, now), 1);
    }
}
