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
        if frame.len() >= FRAME_BODY {
            // More of the same is to be expected.
            self.frame.reserve(FRAME_BODY + SLACK);
        }
        self.send(frame)
    }

    /// The client's address.
    pub fn client(&self) -> SocketAddr {
        self.frames.client()
    }

    /// When the client was sent something last.
    pub fn flushed(&self) -> Instant {
        self.flushed
    }

    /// Prepares the end of the reply: in a frame of its own, or in that of the last records. It is sent by
    /// [`Output::send`].
    ///
    /// # Errors
    /// [`Gone`] when the client has disconnected.
    pub fn end(&mut self, code: ResultCode, own_frame: bool) -> Result<BytesMut, Gone> {
        if own_frame && self.frames.compresses() {
            // Frames are compressed one by one.
            self.flush()?;
        }
        if own_frame {
            let mut out = std::mem::take(&mut self.frame);
            if out.len() > HEADER_SIZE {
                close(&mut out)
            } else {
                out.clear()
            }
            let mut last = Reply::frame(&mut out);
            last.set_info3(info3::LAST);
            last.finish(Ending::bare(code));
            return Ok(out);
        }
        if self.frame.is_empty() {
            self.open();
        }
        let mut last = Reply::record(&mut self.frame);
        last.set_info3(info3::LAST);
        last.finish(Ending::bare(code));
        let mut out = std::mem::take(&mut self.frame);
        close(&mut out);
        Ok(out)
    }

    /// Refuses the request: a lone message without the end mark.
    ///
    /// # Errors
    /// [`Gone`] when the client has disconnected.
    pub fn refuse(&mut self, code: ResultCode) -> Result<(), Gone> {
        let mut out = BytesMut::new();
        Reply::frame(&mut out).finish(Ending::bare(code));
        self.send(out)
    }

    /// Sends whole frames.
    ///
    /// # Errors
    /// [`Gone`] when the client has disconnected.
    pub fn send(&mut self, frames: BytesMut) -> Result<(), Gone> {
        self.sent += frames.len() as u64;
        self.frames.send(frames)
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
