//! A query's reply: records gathered in frames of bounded size, sent as the client takes them (query §6).

use crate::command::{Ending, OffloadedFrames, Reply};
use crate::server::Gone;
use aerospike_wire::ResultCode;
use aerospike_wire::bits::info3;
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use bytes::{BufMut, BytesMut};
use std::net::SocketAddr;
use std::time::Instant;

/// A frame is sent when its body has passed this size. The protocol allows more (query §6); a smaller frame stays
/// in the processor's cache until the socket has taken it.
const FRAME_BODY: usize = 128 * 1024;
/// Room for the record that passes the limit, in the common case.
const SLACK: usize = 8 * 1024;

/// Takes a query's messages, sends them in frames.
pub struct Output {
    frames: OffloadedFrames,
    /// A frame under construction, its header still empty; or nothing.
    frame: BytesMut,
    /// Bytes sent so far.
    pub sent: u64,
    flushed: Instant,
}

impl Output {
    /// An empty reply.
    pub fn new(frames: OffloadedFrames) -> Output {
        Output { frames, frame: BytesMut::new(), sent: 0, flushed: Instant::now() }
    }

    /// Appends a message that `write` writes. It is taken back if `write` says so by returning `false`.
    ///
    /// # Errors
    /// [`Gone`] when the client has disconnected.
    pub fn message(&mut self, write: impl FnOnce(&mut BytesMut) -> bool) -> Result<(), Gone> {
        if self.frame.is_empty() {
            self.open();
        }
        let start = self.frame.len();
        if !write(&mut self.frame) {
            self.frame.truncate(start);
        }
        if self.frame.len() >= FRAME_BODY { self.flush() } else { Ok(()) }
    }

    /// Sends what there is.
    ///
    /// # Errors
    /// [`Gone`] when the client has disconnected.
    pub fn flush(&mut self) -> Result<(), Gone> {
        self.flushed = Instant::now();
        if self.frame.len() <= HEADER_SIZE {
            return Ok(());
        }
        let mut frame = std::mem::take(&mut self.frame);
        close(&mut frame);
        self.sent += frame.len() as u64;
        if frame.len() >= FRAME_BODY {
            // More of the same is to be expected.
            self.frame.reserve(FRAME_BODY + SLACK);
        }
        self.frames.send(frame)
    }

    /// The client's address.
    pub fn client(&self) -> SocketAddr {
        self.frames.client()
    }

    /// When the client was sent something last.
    pub fn flushed(&self) -> Instant {
        self.flushed
    }

    /// Ends the reply: in a frame of its own, or in that of the last records.
    ///
    /// # Errors
    /// [`Gone`] when the client has disconnected.
    pub fn finish(&mut self, code: ResultCode, own_frame: bool) -> Result<(), Gone> {
        if own_frame && self.frames.compresses() {
            // Frames are compressed one by one.
            self.flush()?;
        }
        if own_frame && self.frame.len() > HEADER_SIZE {
            let mut out = std::mem::take(&mut self.frame);
            close(&mut out);
            return self.end(out, code, info3::LAST);
        }
        if self.frame.is_empty() {
            self.open();
        }
        let mut last = Reply::record(&mut self.frame);
        last.set_info3(info3::LAST);
        last.finish(Ending::bare(code));
        self.flush()
    }

    /// Refuses the request: a lone message without the end mark.
    ///
    /// # Errors
    /// [`Gone`] when the client has disconnected.
    pub fn refuse(&mut self, code: ResultCode) -> Result<(), Gone> {
        self.end(BytesMut::new(), code, 0)
    }

    /// Sends what is in `out` and a frame that has nothing but a result code behind it.
    fn end(&mut self, mut out: BytesMut, code: ResultCode, bits: u8) -> Result<(), Gone> {
        let mut reply = Reply::frame(&mut out);
        reply.set_info3(bits);
        reply.finish(Ending::bare(code));
        self.sent += out.len() as u64;
        self.frames.send(out)
    }

    fn open(&mut self) {
        self.frame.put_bytes(0, HEADER_SIZE);
    }
}

/// Writes the frame's header into its place.
fn close(frame: &mut BytesMut) {
    let proto = ProtoHeader { frame_type: FrameType::Message, size: frame.len() - HEADER_SIZE };
    frame[..HEADER_SIZE].copy_from_slice(&proto.to_bytes());
}
