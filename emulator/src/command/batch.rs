//! Batches: many commands on one record each, in one frame (wire §25).

use super::{At, Ending, Origin, Reply, Request, calls_function, run};
use crate::expression::Expression;
use crate::security::enforce;
use crate::server::{FrameSink, Gone, Server};
use crate::store::Namespace;
use aerospike_wire::batch::{batch_flags, row_flags};
use aerospike_wire::bits::{info1, info2, info3};
use aerospike_wire::message::{MESSAGE_HEADER_SIZE, ParseError, take_field};
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use aerospike_wire::time::{TTL_DEFAULT, TTL_DONT_UPDATE};
use aerospike_wire::{Digest, Header, Message, ResultCode, field};
use bytes::{BufMut, BytesMut};
use std::sync::atomic::Ordering::Relaxed;

/// Bytes of rows that share a frame (wire §25.3); a larger row has one of its own.
const FRAME_BODY: usize = 131_040;
/// A batch of more rows than this runs beside the network thread.
const INLINE_ROWS: usize = 256;
/// A batch of more bytes than this runs beside the network thread.
const INLINE_BYTES: usize = 64 * 1024;

/// Whether a batch is so small that it may run on the network thread, and calls no function.
pub fn runs_inline(server: &Server, body: &[u8]) -> bool {
    if body.len() > INLINE_BYTES {
        return false;
    }
    Batch::parse(body).is_none_or(|batch| {
        batch.count as usize <= INLINE_ROWS && (server.udfs.is_empty() || !batch.calls_function(server))
    })
}

/// Where the frames of a batch's reply go.
pub trait Frames {
    /// Takes one whole frame.
    ///
    /// # Errors
    /// [`Gone`] when nobody waits for it.
    fn frame(&mut self, frame: BytesMut) -> Result<(), Gone>;
}

impl Frames for &mut BytesMut {
    fn frame(&mut self, frame: BytesMut) -> Result<(), Gone> {
        self.put_slice(&frame);
        Ok(())
    }
}

impl Frames for &FrameSink {
    fn frame(&mut self, frame: BytesMut) -> Result<(), Gone> {
        self.send(frame)
    }
}

/// Runs a batch and hands over the frames of its reply.
pub(super) fn answer(at: At<'_>, header: Header, body: &[u8], frames: impl Frames) {
    let server = at.server;
    server.batches.initiate.fetch_add(1, Relaxed);
    let mut output = Output::new(frames);
    let end = match (at.watch.and_then(|watch| watch.verdict.code), Batch::parse(body)) {
        (Some(code), _) => Err(code),
        (None, None) => Err(ResultCode::PARAMETER),
        (None, Some(batch)) => batch.run(at, header, &mut output),
    };
    let (code, counter) = match end {
        Ok(code) => (code, &server.batches.complete),
        Err(code) => (code, &server.batches.error),
    };
    counter.fetch_add(1, Relaxed);
    if let Some(watch) = at.watch {
        watch.ended(code);
    }
    output.finish(code);
}

/// One row of a batch, as far as it tells what it is about.
pub struct RowView<'a> {
    /// The record's namespace.
    pub namespace: &'a [u8],
    /// The record's set; empty for none.
    pub set: &'a [u8],
    /// The record.
    pub digest: Digest,
    /// What is to be done with it.
    pub message: Message<'a>,
}

/// Visits the rows of a batch with their positions, as far as they can be read.
pub fn rows<'a>(server: &'a Server, body: &'a [u8], mut visit: impl FnMut(u32, RowView<'a>)) {
    let (Some(batch), Ok(parent)) = (Batch::parse(body), Header::parse(body)) else { return };
    let (mut rest, mut shared) = (batch.rows, None);
    for position in 0..batch.count {
        let (Ok(row), Some(shared)) = (Row::parse(&mut rest, server, &parent, &mut shared), &shared) else {
            return;
        };
        visit(
            position,
            RowView {
                namespace: shared.namespace.name().as_bytes(),
                set: shared.set,
                digest: shared.digest.unwrap_or(row.digest),
                message: shared.message,
            },
        );
    }
}

/// A batch whose parent was read; the rows are not.
struct Batch<'a> {
    /// How many rows there should be.
    count: u32,
    flags: u8,
    rows: &'a [u8],
    /// The packed filter for rows that have none of their own.
    filter: Option<&'a [u8]>,
}

impl<'a> Batch<'a> {
    /// Finds rows and filter among the parent's fields; ops are not looked at.
    ///
    /// Rows are read as far as the frame goes, whatever the size of their field says (wire §25.4): the Java client
    /// counts a filter in front of the field into its size.
    fn parse(body: &'a [u8]) -> Option<Batch<'a>> {
        let header = Header::parse(body).ok()?;
        let mut rest = &body[MESSAGE_HEADER_SIZE..];
        let (mut rows, mut filter) = (None, None);
        for _ in 0..header.n_fields {
            if let [_, _, _, _, field::BATCH | field::BATCH_WITH_SET, payload @ ..] = rest {
                rows = rows.or(Some(payload));
            }
            let (field, behind) = match take_field(rest) {
                Err(ParseError::Truncated) if rows.is_some() => break,
                taken => taken.ok()?,
            };
            rest = behind;
            if field.id == field::FILTER {
                filter = filter.or(Some(field.data));
            }
        }
        let (count, rest) = rows?.split_first_chunk()?;
        let (flags, rows) = rest.split_first()?;
        Some(Batch { count: u32::from_be_bytes(*count), flags: *flags, rows, filter })
    }

    /// Whether a row calls a function, as far as the rows can be read.
    fn calls_function(&self, server: &Server) -> bool {
        let (mut rest, mut shared) = (self.rows, None);
        let parent = Header::default();
        for _ in 0..self.count {
            if Row::parse(&mut rest, server, &parent, &mut shared).is_err() {
                return false;
            }
            if shared.as_ref().is_some_and(|shared| calls_function(&shared.message)) {
                return true;
            }
        }
        false
    }

    /// Runs all rows. Returns the code of the end mark, as an error when the batch itself is malformed.
    fn run(
        &self,
        at: At<'_>,
        parent: Header,
        output: &mut Output<impl Frames>,
    ) -> Result<ResultCode, ResultCode> {
        let server = at.server;
        let most = server.settings.batch_max_requests.load(Relaxed);
        if self.count == 0 {
            return Err(ResultCode::PARAMETER);
        }
        if most != 0 && self.count > most {
            return Err(ResultCode::BATCH_MAX_REQUESTS);
        }
        let filter = self.filter.map(Expression::decode_filter).transpose()?;
        output.policy = match self.flags {
            flags if flags & batch_flags::RESPOND_ALL_KEYS != 0 => ErrorPolicy::InRows,
            flags if flags & batch_flags::SEND_UNTIL_ERROR != 0 => ErrorPolicy::ReturnUntil,
            _ => ErrorPolicy::Hide,
        };
        let mut rest = self.rows;
        let mut shared: Option<Shared<'_>> = None;
        for position in 0..self.count {
            let row = match Row::parse(&mut rest, server, &parent, &mut shared) {
                Ok(row) => row,
                Err(Malformed) => {
                    output.drop_rows();
                    return Err(ResultCode::PARAMETER);
                }
            };
            let shared = shared.as_mut().ok_or(ResultCode::PARAMETER)?;
            Self::run_row((at, position), filter.as_ref(), row, shared, output);
            if output.gone {
                break;
            }
        }
        Ok(output.error)
    }

    fn run_row(
        (at, position): (At<'_>, u32),
        filter: Option<&Expression>,
        row: Row,
        shared: &mut Shared<'_>,
        output: &mut Output<impl Frames>,
    ) {
        let At { server, node, caller, watch } = at;
        let request = Request {
            server,
            namespace: shared.namespace,
            set: shared.set,
            digest: shared.digest.unwrap_or(row.digest),
            message: shared.message,
            origin: Origin::Batch,
            batch_filter: filter,
        };
        let header = shared.message.header;
        let reads = header.info2 & info2::WRITE == 0;
        let start = output.begin_row();
        let reply = Reply::row(&mut output.frame, row.index, reads);
        let namespace = shared.namespace.name().as_bytes();
        let fault = || watch.and_then(|watch| watch.code_of_row(position)).map_or(Ok(()), Err);
        let permitted = enforce::record(server, caller, namespace, shared.set, &shared.message);
        let partition = request.digest.partition();
        let admitted = permitted.and_then(|()| fault()).and_then(|()| match node.is_particular() {
            true => node.admit(shared.namespace, partition, &header, true),
            false => Ok(()),
        });
        let ending = match admitted {
            Ok(()) => run(&request, reply),
            Err(code) => {
                let ending = Ending::bare(code);
                reply.finish(ending);
                ending
            }
        };
        if let Some(watch) = watch {
            watch.row_ended(namespace, shared.set, request.digest, &request.message, ending.code);
        }
        output.end_row(start, ending.code);
        // A row that creates its record with the TTL "don't update" leaves the default to the rows that
        // repeat it (wire §25.2).
        if header.ttl == TTL_DONT_UPDATE && !reads && ending.code.is_ok() && ending.generation == 1 {
            shared.message = shared.message.replace_header(Header { ttl: TTL_DEFAULT, ..header });
        }
    }
}

/// A row's own part.
struct Row {
    index: u32,
    digest: Digest,
}

/// What a full row hands on to the rows that repeat it.
struct Shared<'a> {
    namespace: &'a Namespace,
    set: &'a [u8],
    /// A digest among the row's fields; it wins over the row's own.
    digest: Option<Digest>,
    message: Message<'a>,
    /// A row with a key cannot be repeated.
    has_key: bool,
}

/// A row that cannot be read; the rows behind it are lost.
struct Malformed;

impl Row {
    /// Takes a row off the front of `rest`; a full one replaces `shared`.
    fn parse<'a>(
        rest: &mut &'a [u8],
        server: &'a Server,
        parent: &Header,
        shared: &mut Option<Shared<'a>>,
    ) -> Result<Row, Malformed> {
        let index = u32::from_be_bytes(take(rest)?);
        let digest = Digest(take(rest)?);
        let [flags] = take(rest)?;
        if flags & row_flags::REPEAT != 0 {
            return match shared {
                Some(shared) if !shared.has_key => Ok(Row { index, digest }),
                _ => Err(Malformed),
            };
        }
        let header = parse_header(rest, flags, parent)?;
        let (message, behind) = Message::with_header(header, rest).map_err(|_| Malformed)?;
        *rest = behind;
        let name =
            message.fields().next().filter(|first| first.id == field::NAMESPACE).ok_or(Malformed)?.data;
        *shared = Some(Shared {
            namespace: server.store.namespace(name).ok_or(Malformed)?,
            set: message.field(field::SET).unwrap_or_default(),
            digest: match message.field(field::DIGEST) {
                Some(digest) => Some(Digest::from_slice(digest).ok_or(Malformed)?),
                None => None,
            },
            message,
            has_key: message.field(field::KEY).is_some(),
        });
        Ok(Row { index, digest })
    }
}

fn parse_header(rest: &mut &[u8], flags: u8, parent: &Header) -> Result<Header, Malformed> {
    let [row_info1] = take(rest)?;
    let mut header = Header {
        info1: row_info1 & !(info1::COMPRESS_RESPONSE | info1::XDR | info1::BATCH),
        info3: parent.info3 & (info3::SC_READ_TYPE | info3::SC_READ_RELAX),
        timeout: parent.timeout,
        ..Header::default()
    };
    if flags & row_flags::INFO != 0 {
        [header.info2, header.info3] = take(rest)?;
    }
    if flags & row_flags::INFO4 != 0 {
        [header.info4] = take(rest)?;
    }
    if flags & row_flags::GENERATION != 0 {
        header.generation = u16::from_be_bytes(take(rest)?) as u32;
    }
    if flags & row_flags::TTL != 0 {
        header.ttl = u32::from_be_bytes(take(rest)?);
    }
    // Old clients send the namespace without counting it.
    header.n_fields = u16::from_be_bytes(take(rest)?).max(1);
    header.n_ops = u16::from_be_bytes(take(rest)?);
    Ok(header)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (taken, behind) = rest.split_first_chunk().ok_or(Malformed)?;
    *rest = behind;
    Ok(*taken)
}

/// What an error in a row does to the reply (wire §25.4).
#[derive(Clone, Copy, PartialEq, Eq)]
enum ErrorPolicy {
    /// The row tells it; the others go on.
    InRows,
    /// The frame with the error is the last one with rows; the end mark tells the error.
    ReturnUntil,
    /// The frame with the error is not sent, nor any behind it; the end mark tells the error.
    Hide,
}

/// The frames of a reply under construction.
struct Output<F> {
    frames: F,
    /// The frame that rows are packed into, its header space included.
    frame: BytesMut,
    policy: ErrorPolicy,
    /// The code for the end mark.
    error: ResultCode,
    /// Whether the present frame holds an error that the policy minds.
    failing: bool,
    /// Whether rows still run but are not sent any more.
    muted: bool,
    /// Whether the client has gone.
    gone: bool,
}

impl<F: Frames> Output<F> {
    fn new(frames: F) -> Output<F> {
        let mut output = Output {
            frames,
            frame: BytesMut::new(),
            policy: ErrorPolicy::InRows,
            error: ResultCode::OK,
            failing: false,
            muted: false,
            gone: false,
        };
        output.frame.put_bytes(0, HEADER_SIZE);
        output
    }

    fn begin_row(&self) -> usize {
        self.frame.len()
    }

    /// Takes note of a row that was appended from `start` on, and sends the frame before it if both do not fit
    /// into one.
    fn end_row(&mut self, start: usize, code: ResultCode) {
        if self.frame.len() - HEADER_SIZE > FRAME_BODY && start > HEADER_SIZE {
            let row = self.frame.split_off(start);
            self.send_rows();
            self.frame.put_slice(&row);
        }
        let minds = self.policy != ErrorPolicy::InRows
            && !matches!(code, ResultCode::OK | ResultCode::NOT_FOUND | ResultCode::FILTERED_OUT);
        if minds {
            self.failing = true;
            // Only errors in frames that are sent are told, unless none is sent.
            if self.policy == ErrorPolicy::Hide || !self.muted {
                self.error = code;
            }
        }
    }

    /// Sends the rows packed so far, or drops them if an error hides them; begins a new frame.
    fn send_rows(&mut self) {
        let hidden = self.muted || (self.failing && self.policy == ErrorPolicy::Hide);
        if !hidden && self.frame.len() > HEADER_SIZE {
            let size = self.frame.len() - HEADER_SIZE;
            let proto = ProtoHeader { frame_type: FrameType::Message, size };
            self.frame[..HEADER_SIZE].copy_from_slice(&proto.to_bytes());
            let frame = self.frame.split();
            self.gone |= self.frames.frame(frame).is_err();
            self.frame.put_bytes(0, HEADER_SIZE);
        } else {
            self.frame.truncate(HEADER_SIZE);
        }
        self.muted |= self.failing;
    }

    /// Drops the rows of the present frame.
    fn drop_rows(&mut self) {
        self.frame.truncate(HEADER_SIZE);
    }

    /// Sends what is left, then the end mark.
    fn finish(mut self, code: ResultCode) {
        self.send_rows();
        let mut last = BytesMut::with_capacity(HEADER_SIZE + MESSAGE_HEADER_SIZE);
        last.put_slice(&ProtoHeader { frame_type: FrameType::Message, size: MESSAGE_HEADER_SIZE }.to_bytes());
        last.put_slice(&Header { info3: info3::LAST, result: code.0, ..Header::default() }.to_bytes());
        if !self.gone {
            // A client that has gone misses nothing.
            let _ = self.frames.frame(last);
        }
    }
}
